# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
import secrets

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.tools import SQL

from ..tools import tokens
from .transaction import read_committed

_logger = logging.getLogger(__name__)

SIGNING, PEPPER = "signing", "pepper"


class JwtSigningKey(models.Model):
    """The keys of this database: one signs access tokens, one derives refresh tokens.

    The table is not Odoo's (``_auto = False``, as ``res.users.apikeys`` does it), so that the
    column ``secret`` is no field: neither an administrator nor a server action can read it
    through the ORM or RPC. A key carries the identity of the database it was made in and is not
    used in any other: a copy makes its own and refuses every token of the original.
    """

    _name = "jwt.signing.key"
    _description = "JWT Signing Key"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "kid"

    kid = fields.Char("Key", readonly=True)
    purpose = fields.Selection(
        [(SIGNING, "Signs access tokens"), (PEPPER, "Derives refresh tokens")], readonly=True
    )
    create_date = fields.Datetime("Created on", readonly=True)

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE TABLE IF NOT EXISTS %(table)s (
                    id serial PRIMARY KEY,
                    kid varchar NOT NULL UNIQUE,
                    purpose varchar NOT NULL,
                    identity varchar NOT NULL,
                    secret bytea NOT NULL,
                    create_date timestamp without time zone DEFAULT (now() AT TIME ZONE 'utc')
                )
                """,
                table=SQL.identifier(self._table),
            )
        )

    def _identity(self):
        """What tells this database from every other: its uuid, which a duplicate renews, and its name.

        :rtype: str
        """
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"{uuid}/{self.env.cr.dbname}"

    @tools.ormcache(cache="stable")
    def _issuer(self):
        """The keys and names that this database signs and verifies with, loaded once per worker.

        Makes them when there are none yet, or when those there belong to another database (this
        one is a copy): then every session that came along is ended, too.

        :rtype: tokens.Issuer
        """
        rows = self._load()
        if not {SIGNING, PEPPER} <= rows.keys():
            rows = self._generate()
        key = tokens.load_key(rows[SIGNING])
        identity = self._identity()
        return tokens.Issuer(
            issuer=f"urn:odoo:{identity.partition('/')[0]}",
            audience=identity,
            signing=key.kid,
            keys={key.kid: key},
            pepper=rows[PEPPER],
        )

    def _load(self):
        return {
            purpose: bytes(secret)
            for purpose, secret in self.env.execute_query(
                SQL(
                    "SELECT purpose, secret FROM %s WHERE identity = %s ORDER BY id",
                    SQL.identifier(self._table),
                    self._identity(),
                )
            )
        }

    def _generate(self):
        """Make this database's keys, once, however many workers ask at the same time.

        The rows are committed on their own: a token signed by this request must verify in the
        next, whatever becomes of this one. (While the addon is being installed its table is not
        committed yet, and the installing transaction is the only one there is.)

        :return: as :meth:`_load`; the request's own snapshot may be too old to see the rows
        """
        if not self.env.registry.ready:
            return self._generate_here()
        with self.env.registry.cursor() as cr:
            read_committed(cr)
            return api.Environment(cr, SUPERUSER_ID, {})[self._name]._generate_here()

    def _generate_here(self):
        table = SQL.identifier(self._table)
        self.env.cr.execute(SQL("LOCK TABLE %s IN EXCLUSIVE MODE", table))
        if rows := self._load():
            return rows
        identity = self._identity()
        self.env.cr.execute(SQL("DELETE FROM %s RETURNING id", table))
        if self.env.cr.rowcount:
            _logger.info("This database was copied or renamed: new keys, all API sessions end.")
            self.env["jwt.session"]._revoke_everything("copy")
        private = tokens.generate_private_key()
        for kid, purpose, secret in (
            (tokens.load_key(private).kid, SIGNING, private),
            (tokens.random_id(), PEPPER, secrets.token_bytes(32)),
        ):
            self.env.cr.execute(
                SQL(
                    "INSERT INTO %s (kid, purpose, identity, secret) VALUES (%s, %s, %s, %s)",
                    table,
                    kid,
                    purpose,
                    identity,
                    secret,
                )
            )
        _logger.info("Made a signing key for database %s.", self.env.cr.dbname)
        return self._load()
