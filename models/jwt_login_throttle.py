# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import ipaddress
import math
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, hmac

from .transaction import read_committed

#: One address may fail for that many different logins before it has to wait: an office behind one
#: address is many people.
ADDRESS_FACTOR = 10
_NOW = SQL("(now() AT TIME ZONE 'utc')")


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
        parameters = self.env["ir.config_parameter"].sudo()
        limit = int(parameters.get_param("base.login_cooldown_after", 5))
        duration = int(parameters.get_param("base.login_cooldown_duration", 60))
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
            events._record("throttled", login=login, ip_address=address, apart=True)

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
        """Keyed digests: neither a login nor an address stands in the table.

        An IPv6 address counts by its /64, which is what one customer has.
        """
        try:
            ip = ipaddress.ip_address(address)
            network = ipaddress.ip_network((ip, 64 if ip.version == 6 else 32), strict=False)
        except ValueError:
            network = address
        env = self.env(su=True)
        return tuple(
            hmac(env, "jwt_auth_api-throttle", parts)
            for parts in ((login, str(network)), (str(network),))
        )

    @api.autovacuum
    def _gc_throttle(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE last_failure < (now() AT TIME ZONE 'utc') - interval '1 day'",
                SQL.identifier(self._table),
            )
        )
