# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import ipaddress
import math
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, hmac

from ..tools.errors import ApiError, _
from .transaction import read_committed

#: One address may fail for that many different logins before it has to wait: an office behind one
#: address is many people.
ADDRESS_FACTOR = 10
#: Challenges for passkeys that one address gets at once; then one a second.
OFFERS = 100
_NOW = SQL("(now() AT TIME ZONE 'utc')")


def too_many_requests(seconds, message=None):
    return ApiError(
        "too_many_requests",
        message or _("Too many requests from this address. Try again in %(seconds)s seconds."),
        seconds=seconds,
        headers=[("Retry-After", str(seconds))],
    )


class JwtLoginThrottle(models.Model):
    """Failed logins, counted in PostgreSQL for all workers and machines.

    Odoo counts per process and address (``res.users._assert_can_auth``): N workers give an
    attacker N times the tries. The same two parameters rule here: so many failures
    (``base.login_cooldown_after``), then one more every so many seconds
    (``base.login_cooldown_duration``), per login and address, and ten times as many per address.
    """

    _name = "jwt.login.throttle"
    _description = "JWT Login Throttle"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "key"

    key = fields.Char(readonly=True)
    failures = fields.Float(readonly=True)
    last_failure = fields.Datetime(readonly=True)

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE UNLOGGED TABLE IF NOT EXISTS %(table)s (
                    id bigserial PRIMARY KEY,
                    key varchar NOT NULL UNIQUE,
                    failures double precision NOT NULL,
                    last_failure timestamp without time zone NOT NULL
                )
                """,
                table=SQL.identifier(self._table),
            )
        )

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
        with self.env.registry.cursor() as cr:
            read_committed(cr)
            throttle = api.Environment(cr, SUPERUSER_ID, {})[self._name]
            wait = throttle._take_one(source, limit * ADDRESS_FACTOR, duration)
            wait = wait or throttle._take_one(pair, limit, duration)
            if wait:
                cr.rollback()
            return wait

    @api.model
    def _limits(self):
        """Odoo's two parameters: failures, and seconds until one more is free."""
        parameters = self.env["ir.config_parameter"].sudo()
        return (
            int(parameters.get_param("base.login_cooldown_after", 5)),
            int(parameters.get_param("base.login_cooldown_duration", 60)),
        )

    @api.model
    def _refuse(self, error, address, *, apart=False):
        """What to answer a token that is none: ``error``, or 429 when the address sent too many.

        Only such tokens are counted, and only their sender is told to wait: a genuine token is
        found before anything is counted, so that nobody, behind the same address either, is kept
        out by what others send. (It cannot be guessed anyway; this is for whoever tries, and for
        the administrator, who sees it.)

        :param ApiError error: what it is answered with otherwise
        :param bool apart: count on a cursor of its own, for a caller who has to raise the answer;
            otherwise the caller *returns* it and the request's transaction, which begins here, counts
        :rtype: ApiError
        """
        limit, duration = self._limits()
        if limit <= 0 or duration <= 0:
            return error
        with contextlib.ExitStack() as stack:
            cr = stack.enter_context(self.env.registry.cursor()) if apart else self.env.cr
            read_committed(cr)
            throttle = api.Environment(cr, SUPERUSER_ID, {})[self._name]
            key = throttle._key("token", address)
            seconds = throttle._take_one(key, limit * ADDRESS_FACTOR, duration)
        if not seconds:
            return error
        self._note(None, address, apart=apart)
        return too_many_requests(seconds)

    @api.model
    def _take_offer(self, address):
        """Take one of the challenges that an address gets, in the transaction of the request.

        :return: seconds to wait, 0 when there is one
        :rtype: int
        """
        return self._take_one(self._key("offer", address), OFFERS, 1)

    def _take_one(self, key, limit, duration):
        """A bucket that holds ``limit`` failures and loses one every ``duration`` seconds.

        One statement, so that parallel tries are counted exactly.
        """
        left = SQL(
            "greatest(0, t.failures - extract(epoch FROM %(now)s - t.last_failure) / %(duration)s)",
            now=_NOW,
            duration=duration,
        )
        table = SQL.identifier(self._table)
        granted = self.env.execute_query(
            SQL(
                """
                INSERT INTO %(table)s AS t (key, failures, last_failure) VALUES (%(key)s, 1, %(now)s)
                ON CONFLICT (key) DO UPDATE SET failures = %(left)s + 1, last_failure = %(now)s
                      WHERE %(left)s + 1 <= %(limit)s
                  RETURNING t.id
                """,
                table=table,
                key=key,
                now=_NOW,
                left=left,
                limit=limit,
            )
        )
        if granted:
            return 0
        [[level]] = self.env.execute_query(
            SQL("SELECT %s FROM %s AS t WHERE key = %s", left, table, key)
        )
        return max(1, math.ceil((float(level) + 1 - limit) * duration))

    @api.model
    def _note(self, login, address, *, apart=True):
        """Record a refused try, the first one a minute: who floods the login must not flood the list."""
        events = self.env["jwt.security.event"].sudo()
        recent = fields.Datetime.now() - timedelta(minutes=1)
        domain = [
            ("event", "=", "throttled"),
            ("ip_address", "=", address),
            ("create_date", ">", recent),
        ]
        if not events.search_count(domain, limit=1):
            events._record("throttled", login=login, ip_address=address, apart=apart)

    @api.model
    def _succeeded(self, login, address):
        """The password was right: forget this login's failures from this address, nobody else's.

        The try taken from the address is given back. The rows are locked in the order of
        :meth:`_take`, so that the two cannot wait for each other.
        """
        pair, source = self._keys(login, address)
        table = SQL.identifier(self._table)
        with self.env.registry.cursor() as cr:
            read_committed(cr)
            cr.execute(
                SQL(
                    "UPDATE %s SET failures = greatest(0, failures - 1) WHERE key = %s",
                    table,
                    source,
                )
            )
            cr.execute(SQL("DELETE FROM %s WHERE key = %s", table, pair))

    def _keys(self, login, address):
        return self._key(("login", login), address), self._key("logins", address)

    def _key(self, what, address):
        """A keyed digest: neither a login nor an address stands in the table.

        An IPv6 address counts by its /64, which is what one customer has.
        """
        try:
            ip = ipaddress.ip_address(address)
            network = ipaddress.ip_network((ip, 64 if ip.version == 6 else 32), strict=False)
        except ValueError:
            network = address
        return hmac(self.env(su=True), "jwt_auth_api-throttle", (what, str(network)))

    @api.autovacuum
    def _gc_throttle(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE last_failure < (now() AT TIME ZONE 'utc') - interval '1 day'",
                SQL.identifier(self._table),
            )
        )
