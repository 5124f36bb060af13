# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

from ..engine.bucket import Bucket
from ..engine.transaction import apart
from ..tools import settings
from ..tools.address import network
from ..tools.errors import ApiError, Refused, _

#: One address may fail for that many different logins before it has to wait: an office behind one
#: address is many people.
ADDRESS_FACTOR = 10
#: Challenges for passkeys that one address gets at once; then one a second.
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
    """Failed logins, counted in PostgreSQL for all workers and machines.

    Odoo counts per process and address (``res.users._assert_can_auth``): N workers give an
    attacker N times the tries. The same two parameters rule here: so many failures
    (``base.login_cooldown_after``), then one more every so many seconds
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
        """Take one try, before the password is hashed; it counts as failed until :meth:`_succeeded`.

        Written and committed on a cursor of its own: the answer to a wrong password is an error,
        which rolls the request's transaction back. A try that is not granted counts nowhere: a
        client that hammers one login does not use up the tries of its whole address.

        :return: seconds to wait, 0 when the try is granted
        :rtype: int
        """
        limit, duration = self._limits()
        if limit <= 0 or duration <= 0:
            return 0
        pair, source = self._keys(login, address)
        with apart(self.env) as env:
            wait = _BUCKET.take(env.cr, source, limit * ADDRESS_FACTOR, duration).wait
            wait = wait or _BUCKET.take(env.cr, pair, limit, duration).wait
            if wait:
                env.cr.rollback()
            return wait

    @api.model
    def _limits(self):
        """Return Odoo's two parameters: failures, and seconds until one more is free."""
        parameters = self.env["ir.config_parameter"]
        names = (settings.COOLDOWN_AFTER, settings.COOLDOWN_DURATION)
        return tuple(map(parameters._jwt_setting, names))

    @api.model
    def _refusal(self, error, address):
        """Count an invalid token, and return the error that refuses it.

        Only invalid tokens are counted, and only their sender has to wait: a genuine token is found
        before anything is counted, so that nobody behind the same address is kept out by what others
        send. Tokens cannot be guessed; this limits whoever tries, and tells the administrator.

        The count is committed in a transaction apart: call this before anything is written.

        :param ApiError error: what to refuse the token with
        :return: ``error``, or ``too_many_requests`` when the address sent too many of them
        :rtype: Refused
        """
        limit, duration = self._limits()
        if limit <= 0 or duration <= 0:
            return Refused.of(error)
        key = self._key("token", address)
        with apart(self.env) as env:
            seconds = _BUCKET.take(env.cr, key, limit * ADDRESS_FACTOR, duration).wait
        if not seconds:
            return Refused.of(error)
        self._note(None, address)
        return Refused.of(too_many_requests(seconds))

    @api.model
    def _take_offer(self, address):
        """Take one of the challenges that an address gets, in the transaction of the request.

        :return: seconds to wait, 0 when there is one
        :rtype: int
        """
        return _BUCKET.take(self.env.cr, self._key("offer", address), OFFERS, 1).wait

    @api.model
    def _note(self, login, address):
        """Record a refused try, the first one a minute: who floods the login must not flood the list."""
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
        """The password was right: forget this login's failures from this address, nobody else's.

        The try taken from the address is given back. The rows are locked in the order of
        :meth:`_take`, so that the two cannot wait for each other. Called after the commit.
        """
        pair, source = self._keys(login, address)
        table = SQL.identifier(self._table)
        with apart(self.env) as env:
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
        """A keyed digest: neither a login nor an address stands in the table.

        An IPv6 address counts by its /64, which is what one customer has.
        """
        return hmac(self.env(su=True), "jwt_auth_api-throttle", (what, network(address)))

    @api.autovacuum
    def _gc_throttle(self):
        _BUCKET.purge(self.env.cr)
