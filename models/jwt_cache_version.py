# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import tokens


class JwtCacheVersion(models.Model):
    """Hold the version of the data that workers cache: connections, settings and signing keys.

    Odoo clears its caches before a change is committed. Until then, and as long as its snapshot is
    older, a thread of the same process can fill them again with the old state, permanently. This addon
    therefore caches its data by this version. The version changes in the same transaction as the data,
    and each request reads it in its own snapshot: on every thread, worker, machine and replica, a
    request uses cached data that is exactly as old as the data that it sees.

    It is one row in a table that Odoo does not manage (``_auto = False``), so that the ORM never
    writes to it.
    """

    _name = "jwt.cache.version"
    _description = "API Cache Version"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "version"

    version = fields.Char(readonly=True)

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE TABLE IF NOT EXISTS %(table)s (
                    id integer PRIMARY KEY CHECK (id = 1),
                    version varchar NOT NULL
                )
                """,
                table=SQL.identifier(self._table),
            )
        )
        self._change()

    @api.model
    def _current(self):
        """Return the version in the snapshot of this transaction, read once.

        :return: a text; None if somebody has emptied the table, until the next change
        """
        cache = self.env.cr.cache
        if self._name not in cache:
            self.env.cr.execute(SQL("SELECT version FROM %s", SQL.identifier(self._table)))
            self._remember(*(self.env.cr.fetchone() or [None]))
        return cache[self._name]

    @api.model
    def _remember(self, version):
        """Store the version that another statement of this transaction has read."""
        self.env.cr.cache[self._name] = version

    @api.model
    def _change(self):
        """Change the version, in the transaction that changes the cached data."""
        version = tokens.random_id()
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (id, version) VALUES (1, %s)"
                " ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version",
                SQL.identifier(self._table),
                version,
            )
        )
        self._remember(version)
