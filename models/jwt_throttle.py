# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

from ..engine.bucket import Bucket
from ..engine.transaction import separate_transaction
from ..tools import settings
from ..tools.address import network
from ..tools.errors import ApiError, Refused, _

#: An address may fail this many times as often as a login before it has to wait: many people in an
#: office share one address.
ADDRESS_FACTOR = 10
#: The number of passkey challenges that one address gets at once; then it gets one per second.
OFFERS = 100
_BUCKET = Bucket("jwt_throttle", level="failures", since="last_failure")


def too_many_requests(seconds, message=None):
    return ApiError(
        "too_many_requests",
        message or _("Too many requests from this address. Try again in %(seconds)s seconds."),
        seconds=seconds,
        headers=[("Retry-After", str(seconds))],
    )


class JwtThrottle(models.Model):
    """Count failed logins and invalid tokens in PostgreSQL, for all workers and machines.

    Odoo counts per process and address (``res.users._assert_can_auth``), so N workers give an
    attacker N times the attempts. The same two parameters apply here: a number of failures
    (``base.login_cooldown_after``), then one more attempt after each period
    (``base.login_cooldown_duration``), per login and address, and ten times as many per address.
    """

    _name = "jwt.throttle"
    _description = "API Throttle"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "key"

    key = fields.Char(readonly=True)
    failures = fields.Float(readonly=True)
    last_failure = fields.Datetime(readonly=True)

    def init(self):
        _BUCKET.make_table(self.env.cr)

    @api.model
    def _take(self, login, address):
        """Count one attempt before the password is hashed; it counts as failed until :meth:`_succeeded`.

        The count is committed on a separate cursor: a wrong password is an error, which rolls the
        request's transaction back. A refused attempt is not counted, so a client that keeps trying one
        login does not use up the attempts of its whole address.

        :return: seconds to wait; 0 if the attempt is granted
        :rtype: int
        """
        limit, duration = self._limits()
        if limit <= 0 or duration <= 0:
            return 0
        pair, source = self._keys(login, address)
        with separate_transaction(self.env) as env:
            wait = _BUCKET.take(env.cr, source, limit * ADDRESS_FACTOR, duration).wait
            wait = wait or _BUCKET.take(env.cr, pair, limit, duration).wait
            if wait:
                env.cr.rollback()
            return wait

    @api.model
    def _limits(self):
        """Return Odoo's two parameters: the failures, and the seconds until one more is allowed."""
        parameters = self.env["ir.config_parameter"]
        names = (settings.COOLDOWN_AFTER, settings.COOLDOWN_DURATION)
        return tuple(map(parameters._jwt_setting, names))

    @api.model
    def _refusal(self, error, address):
        """Count an invalid token, and return the error that refuses it.

        Only requests with invalid tokens are counted and have to wait. A genuine token is recognized
        before anything is counted, so invalid tokens of others never block a client behind the same
        address. Tokens cannot be guessed; this limits attempts and informs the administrator.

        The count is committed in a separate transaction: call this before anything is written.

        :param ApiError error: the error for the invalid token
        :return: ``error``, or ``too_many_requests`` if the address sent too many invalid tokens
        :rtype: Refused
        """
        limit, duration = self._limits()
        if limit <= 0 or duration <= 0:
            return Refused.of(error)
        key = self._key("token", address)
        with separate_transaction(self.env) as env:
            seconds = _BUCKET.take(env.cr, key, limit * ADDRESS_FACTOR, duration).wait
        if not seconds:
            return Refused.of(error)
        self._note(None, address)
        return Refused.of(too_many_requests(seconds))

    @api.model
    def _take_offer(self, address):
        """Count one passkey challenge of an address, in the transaction of the request.

        :return: seconds to wait; 0 if the challenge is granted
        :rtype: int
        """
        return _BUCKET.take(self.env.cr, self._key("offer", address), OFFERS, 1).wait

    @api.model
    def _note(self, login, address):
        """Record a refused attempt, at most one per minute and address, so that attacks do not flood
        the list of events."""
        events = self.env["jwt.security.event"].sudo()
        recent = fields.Datetime.now() - timedelta(minutes=1)
        domain = [
            ("event", "=", "throttled"),
            ("ip_address", "=", address),
            ("create_date", ">", recent),
        ]
        if not events.search_count(domain, limit=1):
            events._record("throttled", login=login, ip_address=address, separately=True)

    @api.model
    def _succeeded(self, login, address):
        """Reset the failures of a login from this address, after a correct password.

        The attempt that the address used is given back; its other failures stay. The rows are locked
        in the order of :meth:`_take`, so that no deadlock is possible. Call it after the commit.
        """
        pair, source = self._keys(login, address)
        table = SQL.identifier(self._table)
        with separate_transaction(self.env) as env:
            env.cr.execute(
                SQL(
                    "UPDATE %s SET failures = greatest(0, failures - 1) WHERE key = %s",
                    table,
                    source,
                )
            )
            env.cr.execute(SQL("DELETE FROM %s WHERE key = %s", table, pair))

    def _keys(self, login, address):
        return self._key(("login", login), address), self._key("logins", address)

    def _key(self, what, address):
        """Return a keyed digest, so that the table contains neither logins nor addresses.

        An IPv6 address is counted by its /64, the network of one customer.
        """
        return hmac(self.env(su=True), "jwt_auth_api-throttle", (what, network(address)))

    @api.autovacuum
    def _gc_throttle(self):
        _BUCKET.purge(self.env)
