# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import logging
import os
import secrets
import time
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, config

from ..engine.transaction import separate_transaction_at_any_time
from ..tools import keys, tokens
from ..tools.errors import ApiError, _

_logger = logging.getLogger(__name__)

#: Environment variables for the operator's own key: the path of a file, or the key itself.
KEY_FILE_VARIABLE, KEY_VARIABLE = "JWT_AUTH_API_KEY_FILE", "JWT_AUTH_API_KEY"
_GIVEN = "operator"
_KEEPER_BYTES = 32


class JwtSigningKey(models.Model):
    """Store the keys that sign this database's access tokens.

    The private part of a key is in the file or environment variable that the operator sets
    (:data:`KEY_FILE_VARIABLE`, :data:`KEY_VARIABLE`), or else in this table, sealed with a *keeper*,
    a secret file in Odoo's data folder: a database dump alone cannot sign. A machine with another
    data folder cannot unseal the keys of other machines and creates its own. Each machine verifies
    with the public parts of all keys, so any number of machines can serve one database.

    Odoo does not manage the table (``_auto = False``, as with ``res.users.apikeys``), so ``sealed``
    is not a field that the ORM or RPC could read. Each row has the identity of the database that it
    was created in and is ignored in any other: a copied database creates its own keys and ends the
    sessions that were copied.

    A key is first *next* (published, so that verifiers know it in advance), then *active* (signs),
    then *retiring* (verifies until the last token that it signed has expired).
    """

    _name = "jwt.signing.key"
    _description = "JWT Signing Key"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "kid"
    _order = "id desc"

    kid = fields.Char("Key ID", readonly=True)
    algorithm = fields.Char(readonly=True)
    state = fields.Selection(
        [("next", "Next"), ("active", "Active"), ("retiring", "Retiring")], readonly=True
    )
    keeper = fields.Char(
        "Encrypted for",
        readonly=True,
        help="The data folder of Odoo for which the private key is encrypted; “operator” if the key is"
        " set in Odoo's environment.",
    )
    create_date = fields.Datetime("Created on", readonly=True)
    retired_at = fields.Datetime(readonly=True)

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE TABLE IF NOT EXISTS %(table)s (
                    id serial PRIMARY KEY,
                    kid varchar NOT NULL UNIQUE,
                    algorithm varchar NOT NULL,
                    state varchar NOT NULL,
                    identity varchar NOT NULL,
                    keeper varchar NOT NULL,
                    public bytea NOT NULL,
                    sealed bytea,
                    create_date timestamp without time zone DEFAULT (now() AT TIME ZONE 'utc'),
                    retired_at timestamp without time zone
                )
                """,
                table=self._sql_table,
            )
        )

    @property
    def _sql_table(self):
        return SQL.identifier(self._table)

    # --- buttons -------------------------------------------------------------------------

    def action_rotate(self):
        """Sign with the next key from now on; the current one verifies until its tokens expire."""
        self._check_system()
        self._check_own()
        self._rotate()

    def action_replace(self):
        """Delete all keys, in an emergency: access tokens become invalid; a refresh issues new ones."""
        self._check_system()
        self._check_own()
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE identity = %s", self._sql_table, self._identity())
        )
        self.env["jwt.security.event"]._record("keys_replaced", user_id=self.env.uid)
        self.env["jwt.cache.version"]._change()

    def _check_system(self):
        """Check that the user is a system administrator: no access right allows writing the table.

        :raise AccessError:
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only administrators can change the signing keys."))

    def _check_own(self):
        """Check that the keys are this database's own.

        :raise UserError: if the operator sets the key: only the operator can change it
        """
        variable = next(filter(os.environ.get, (KEY_FILE_VARIABLE, KEY_VARIABLE)), None)
        if variable:
            raise UserError(
                self.env._(
                    "The signing key is set in Odoo's environment (%(variable)s) and cannot be changed"
                    " here. Set another key there and restart Odoo: all access tokens become invalid."
                    " Devices get a new one with their refresh token.",
                    variable=variable,
                )
            )

    @api.model
    def _rotate(self):
        """Rotate the keys of all machines; for the scheduled action and the button."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s SET
                    state = CASE state WHEN 'next' THEN 'active' ELSE 'retiring' END,
                    retired_at = CASE state WHEN 'active' THEN now() AT TIME ZONE 'utc' END
                 WHERE identity = %s AND keeper <> %s AND state IN ('next', 'active')
                """,
                self._sql_table,
                self._identity(),
                _GIVEN,
            )
        )
        if not self.env.cr.rowcount:  # the operator sets the key
            return
        _logger.info("The signing keys of database %s were rotated.", self.env.cr.dbname)
        self.env["jwt.cache.version"]._change()

    @api.autovacuum
    def _gc_keys(self):
        """Delete keys that no valid token needs."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE state = 'retiring'"
                " AND retired_at < (now() AT TIME ZONE 'utc') - make_interval(secs => %s)",
                self._sql_table,
                self._overlap() + 24 * 3600,
            )
        )

    # --- loading -------------------------------------------------------------------------

    def _identity(self):
        """Return the identity of this database: its uuid, which Odoo renews in a copy, and its name.

        :rtype: str
        """
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"{uuid}/{self.env.cr.dbname}"

    def _overlap(self):
        """Return the seconds that a retired key still verifies: the lifetime of a token that it signed."""
        return (
            self.env["ir.config_parameter"]._jwt_setting("access_token_seconds")
            + tokens.CLOCK_SKEW_SECONDS
        )

    @api.model
    def _issuer(self):
        """Return the keys and names that this database signs and verifies with.

        They are loaded once per process and version (see ``jwt.cache.version``). This costs one SQL
        statement if the transaction has not read the version yet. Missing keys are created.

        :rtype: tokens.Issuer
        :raise ApiError: ``server_error`` if the key material cannot be used
        :raise ConcurrencyError: after creating keys if the transaction had already written something
            and was rolled back; Odoo runs the request again
        """
        version = self.env["jwt.cache.version"]._current()
        known = self._last_known()
        if known is None or known.version != version:
            known = self.env.registry.jwt_auth_api_issuer = self._load_issuer(version)
        return known

    def _last_known(self):
        """Return the last result of :meth:`_issuer` in this process, or None, without a query.

        It may be outdated: confirm what you verify with it by calling :meth:`_issuer`.
        """
        return getattr(self.env.registry, "jwt_auth_api_issuer", None)

    @api.model
    def _prepare(self):
        """Create missing keys now, while the request holds no locks.

        Call it at the start of every request that signs. It makes no query if this process has loaded
        keys before.
        """
        if self._last_known() is None:
            self._issuer()

    def _load_issuer(self, version):
        try:
            return self._read_issuer(version)
        except (OSError, keys.BadKey) as exc:
            _logger.error("Access tokens can be neither signed nor verified: %s", exc)
            raise ApiError(
                "server_error",
                _(
                    "The server's signing key cannot be used. See the server's log for the solution."
                ),
            ) from exc

    def _read_issuer(self, version):
        """
        :raise OSError: if a file cannot be read or written
        :raise keys.BadKey: if a file or variable does not contain a valid key
        """
        identity = self._identity()
        given = _given_key()
        keeper = None if given else _keeper()
        keeper_name = keys.keeper_id(keeper) if keeper else _GIVEN
        rows = self._load(identity)
        if {"active", "next"} - {row.state for row in rows if row.keeper == keeper_name}:
            rows = self._make(identity, keeper, keeper_name, given)
        if given:
            signing, verifying = given, [given]
        else:
            verifying = [keys.load_public(row.public, row.until) for row in rows if row.public]
            own = next(row for row in rows if row.keeper == keeper_name and row.state == "active")
            signing = keys.load_private(keys.unseal(own.sealed, keeper, own.kid))
        return tokens.Issuer(
            issuer=f"urn:odoo:{identity.partition('/')[0]}",
            audience=identity,
            signing=signing,
            keys={key.kid: key for key in [*verifying, signing]},
            version=version,
        )

    def _load(self, identity):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kid, state, keeper, public, sealed,
                       extract(epoch FROM (retired_at AT TIME ZONE 'utc'))
                  FROM %s WHERE identity = %s ORDER BY id
                """,
                self._sql_table,
                identity,
            )
        )
        overlap = self._overlap()
        return [
            _Row(
                kid,
                state,
                keeper,
                bytes(public),
                bytes(sealed or b""),
                float(retired) + overlap if retired is not None else None,
            )
            for kid, state, keeper, public, sealed, retired in rows
        ]

    def _make(self, identity, keeper, keeper_name, given):
        """Create the missing keys, only once even if several workers need them at the same time.

        The rows are committed separately: a token that this request signs must be valid in the next
        one, even if this one is rolled back. (While the addon is being installed, its table is not
        committed yet, and the installing transaction is the only one.)

        New keys of a copied database end all sessions, whose rows the request may have locked. So a
        request that has written something is rolled back first, and runs again.

        :return: as :meth:`_load`; the request's own snapshot may be too old to see the rows
        :raise ConcurrencyError: see :meth:`_issuer`
        """
        arguments = (identity, keeper, keeper_name, given)
        if not self.env.registry.ready:
            return self._make_here(*arguments)
        with separate_transaction_at_any_time(self.env) as env:
            return env[self._name]._make_here(*arguments)

    def _make_here(self, identity, keeper, keeper_name, given):
        self.env.cr.execute(SQL("LOCK TABLE %s IN EXCLUSIVE MODE", self._sql_table))
        rows = self._load(identity)
        if not rows:
            self._leave_original()
        missing = {"active", "next"} - {row.state for row in rows if row.keeper == keeper_name}
        if not missing:  # another worker has just created them
            return rows
        for state in sorted(missing):
            if given:
                self._insert(identity, state, keeper_name, given, f"{state}:{identity}", None)
            else:
                private = keys.generate()
                key = keys.load_private(private)
                sealed = keys.seal(private, keeper, key.kid)
                self._insert(identity, state, keeper_name, key, key.kid, sealed)
        self.env["jwt.cache.version"]._change()
        _logger.info("Created signing keys for database %s.", self.env.cr.dbname)
        return self._load(identity)

    def _leave_original(self):
        """End all sessions if this database is a copy: it has keys, but only of another database."""
        self.env.cr.execute(SQL("DELETE FROM %s RETURNING id", self._sql_table))
        if self.env.cr.rowcount:
            _logger.info(
                "This database was copied or renamed: creating new keys and ending all API sessions."
            )
            self.env["jwt.session"]._revoke_everything("copy")

    def _insert(self, identity, state, keeper_name, key, kid, sealed):
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (kid, algorithm, state, identity, keeper, public, sealed)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                self._sql_table,
                kid,
                key.algorithm,
                state,
                identity,
                keeper_name,
                keys.public_bytes(key) if sealed else b"",
                sealed,
            )
        )

    def _jwks(self):
        """Return the public keys for other verifiers (RFC 7517); a secret (HS256) has none.

        :rtype: dict
        """
        now = time.time()
        known = self._issuer().keys.values()
        return keys.jwk_set(key for key in known if key.until is None or key.until > now)


class _Row:
    """Hold a row of the table; ``until`` is in Unix seconds."""

    __slots__ = ("keeper", "kid", "public", "sealed", "state", "until")

    def __init__(self, kid, state, keeper, public, sealed, until):
        self.kid, self.state, self.keeper = kid, state, keeper
        self.public, self.sealed, self.until = public, sealed, until


def _given_key():
    """Return the operator's own key, or None.

    :raise OSError: if its file cannot be read
    :raise keys.BadKey: if the key cannot be used: Odoo must not sign with another key instead
    """
    if path := os.environ.get(KEY_FILE_VARIABLE):
        source, material = f"the file {path} of {KEY_FILE_VARIABLE}", Path(path).read_bytes()
    elif text := os.environ.get(KEY_VARIABLE):
        source, material = f"the environment variable {KEY_VARIABLE}", text.encode()
    else:
        return None
    try:
        return keys.load_given(material)
    except keys.BadKey as exc:
        raise keys.BadKey(f"{source}: {exc} Set a valid key, and restart Odoo.") from exc


def _keeper():
    """Return the 32 bytes that seal keys for this data folder, and create them if they do not exist.

    The file is outside of the filestore, because Odoo's own backups contain the filestore. If two
    processes create it at the same time, the first one wins.

    :raise OSError: if the file cannot be read or created
    :raise keys.BadKey: if the file does not contain 32 bytes
    """
    path = Path(config["data_dir"]) / "jwt_auth_api" / "keeper"
    try:
        return _checked_keeper(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"keeper.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEEPER_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)  # atomic: the first one wins, whole
    fresh.unlink()
    return _checked_keeper(path)


def _checked_keeper(path):
    keeper = path.read_bytes()
    if len(keeper) != _KEEPER_BYTES:
        raise keys.BadKey(
            f"the file {path} does not contain {_KEEPER_BYTES} bytes. Restore it from a backup of"
            " Odoo's data folder, or delete it: new signing keys are created then."
        )
    return keeper
