# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import tokens


class JwtCacheVersion(models.Model):
    """The version of what workers keep in memory: connections and signing keys.

    Odoo's caches are cleared before a change is committed. Until then, and as long as its snapshot is
    older, a thread of the same process can fill them again with the old state, for good. So what is
    cached here is cached by this version. It changes in the same transaction as what it stands for,
    and each request reads it in its own snapshot: no request can use what is older, or newer, than
    the data that it sees, on no thread, worker, machine or replica.

    One row, in a table that is not Odoo's (``_auto = False``), so that no write of the ORM marks it.
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

        :return: a text; None when somebody has emptied the table, until the next change
        """
        cache = self.env.cr.cache
        if self._name not in cache:
            self.env.cr.execute(SQL("SELECT version FROM %s", SQL.identifier(self._table)))
            self._remember(*(self.env.cr.fetchone() or [None]))
        return cache[self._name]

    @api.model
    def _remember(self, version):
        """Keep the version that another statement of this transaction has read."""
        self.env.cr.cache[self._name] = version

    @api.model
    def _change(self):
        """Change the version, with the transaction that changes what it stands for."""
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
