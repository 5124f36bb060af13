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

from ..engine.transaction import apart_at_any_time
from ..tools import keys, tokens
from ..tools.errors import ApiError, _

_logger = logging.getLogger(__name__)

#: Key material of the operator's own: the path of a file, or the material itself.
KEY_FILE_VARIABLE, KEY_VARIABLE = "JWT_AUTH_API_KEY_FILE", "JWT_AUTH_API_KEY"
_GIVEN = "operator"
_KEEPER_BYTES = 32


class JwtSigningKey(models.Model):
    """The keys that sign this database's access tokens.

    Where the private part is: in the file or the environment variable that the operator gives
    (:data:`KEY_FILE_VARIABLE`, :data:`KEY_VARIABLE`); else in this table, sealed with a *keeper*,
    a secret file in Odoo's data folder. A dump of the database opens nothing. A machine that has
    another data folder cannot unseal the others' keys and makes its own; each verifies by the
    public parts of all, so that any number of machines serve one database.

    The table is not Odoo's (``_auto = False``, as ``res.users.apikeys`` does it), so that
    ``sealed`` is no field that the ORM or RPC could read. Rows carry the identity of the database
    they were made in and count in no other: a copy makes its own keys and ends the sessions that
    came along.

    A key is *next* (published, so that verifiers know it in advance), then *active* (signs), then
    *retiring* (verifies until the last token it signed has expired).
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
        readonly=True, help="Which data folder its private part is sealed for, or the operator."
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
        """Sign with the next key from now on; the present one verifies until its tokens expire."""
        self._check_system()
        self._check_own()
        self._rotate()

    def action_replace(self):
        """Emergency: forget every key at once. All access tokens die; refreshing gives new ones."""
        self._check_system()
        self._check_own()
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE identity = %s", self._sql_table, self._identity())
        )
        self.env["jwt.security.event"]._record("keys_replaced", user_id=self.env.uid)
        self.env["jwt.cache.version"]._change()

    def _check_system(self):
        """
        :raise AccessError: for anybody but an administrator; nobody has the right to write the table
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only an administrator changes the signing keys."))

    def _check_own(self):
        """
        :raise UserError: where the operator gave the key: only they can change it
        """
        variable = next(filter(os.environ.get, (KEY_FILE_VARIABLE, KEY_VARIABLE)), None)
        if variable:
            raise UserError(
                self.env._(
                    "The signing key comes from Odoo's environment (%(variable)s), so that it cannot be"
                    " changed here. Give Odoo another key there and restart it: that ends all access"
                    " tokens. Devices get a new one with their refresh token.",
                    variable=variable,
                )
            )

    @api.model
    def _rotate(self):
        """For the scheduled action and the button; every machine's keys move on."""
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
        if not self.env.cr.rowcount:  # the operator gave the key
            return
        _logger.info("The signing keys of database %s were rotated.", self.env.cr.dbname)
        self.env["jwt.cache.version"]._change()

    @api.autovacuum
    def _gc_keys(self):
        """Delete keys that no token needs any more."""
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
        """What tells this database from every other: its uuid, which a duplicate renews, and its name.

        :rtype: str
        """
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"{uuid}/{self.env.cr.dbname}"

    def _overlap(self):
        """Seconds that a retired key still verifies: as long as a token it signed may live."""
        return (
            self.env["ir.config_parameter"]._jwt_setting("access_token_seconds")
            + tokens.CLOCK_SKEW_SECONDS
        )

    @api.model
    def _issuer(self):
        """Return the keys and names that this database signs and verifies with.

        They are loaded once per process and version (see ``jwt.cache.version``), which costs a
        statement where this transaction has not asked for the version yet. Makes missing keys.

        :rtype: tokens.Issuer
        :raise ApiError: ``server_error`` when the key material cannot be used
        :raise ConcurrencyError: after making keys for a transaction that had written already and is
            rolled back; Odoo runs the request again
        """
        version = self.env["jwt.cache.version"]._current()
        known = self._last_known()
        if known is None or known.version != version:
            known = self.env.registry.jwt_auth_api_issuer = self._load_issuer(version)
        return known

    def _last_known(self):
        """Return what :meth:`_issuer` returned last in this process, or None: no query.

        It may be outdated. What is verified with it has to be confirmed with :meth:`_issuer`.
        """
        return getattr(self.env.registry, "jwt_auth_api_issuer", None)

    @api.model
    def _prepare(self):
        """Make missing keys now, while the request holds no lock: at the start of what signs.

        No query where this process has found them before.
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
                _("The server's signing key cannot be used. The server's log names the remedy."),
            ) from exc

    def _read_issuer(self, version):
        """
        :raise OSError: when a file cannot be read or written
        :raise keys.BadKey: when it holds no key
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
        """Make the missing keys, once, however many workers ask at the same time.

        The rows are committed on their own: a token signed by this request must verify in the
        next, whatever becomes of this one. (While the addon is being installed its table is not
        committed yet, and the installing transaction is the only one there is.)

        New keys of a copied database end all sessions, whose rows the request may have locked. So a
        request that has written something is rolled back first, and runs again.

        :return: as :meth:`_load`; the request's own snapshot may be too old to see the rows
        :raise ConcurrencyError: see :meth:`_issuer`
        """
        arguments = (identity, keeper, keeper_name, given)
        if not self.env.registry.ready:
            return self._make_here(*arguments)
        with apart_at_any_time(self.env) as env:
            return env[self._name]._make_here(*arguments)

    def _make_here(self, identity, keeper, keeper_name, given):
        self.env.cr.execute(SQL("LOCK TABLE %s IN EXCLUSIVE MODE", self._sql_table))
        rows = self._load(identity)
        if not rows:
            self._leave_original()
        missing = {"active", "next"} - {row.state for row in rows if row.keeper == keeper_name}
        if not missing:  # another worker has just made them
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
        _logger.info("Made signing keys for database %s.", self.env.cr.dbname)
        return self._load(identity)

    def _leave_original(self):
        """This database has no keys of its own: if it has others', it is a copy of another one."""
        self.env.cr.execute(SQL("DELETE FROM %s RETURNING id", self._sql_table))
        if self.env.cr.rowcount:
            _logger.info("This database was copied or renamed: new keys, all API sessions end.")
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
        """The public keys for verifiers elsewhere (RFC 7517); a secret (HS256) has none.

        :rtype: dict
        """
        now = time.time()
        known = self._issuer().keys.values()
        return keys.jwk_set(key for key in known if key.until is None or key.until > now)


class _Row:
    """A row of the table; ``until`` are Unix seconds."""

    __slots__ = ("keeper", "kid", "public", "sealed", "state", "until")

    def __init__(self, kid, state, keeper, public, sealed, until):
        self.kid, self.state, self.keeper = kid, state, keeper
        self.public, self.sealed, self.until = public, sealed, until


def _given_key():
    """The operator's own key, or None.

    :raise keys.BadKey: when it is given but cannot be used: better no login than another key
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
        raise keys.BadKey(
            f"{source}: {exc} Give a key that can be used, and restart Odoo."
        ) from exc


def _keeper():
    """The 32 bytes that seal keys for this data folder; made when there are none yet.

    Outside of the filestore, which Odoo's own backups contain. ``O_EXCL`` decides between two
    processes that make it at the same time.

    :raise OSError: when it cannot be read or made
    :raise keys.BadKey: when it does not hold 32 bytes
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
            f"the file {path} does not hold {_KEEPER_BYTES} bytes. Restore it from a backup of"
            " Odoo's data folder, or delete it: new signing keys are made then."
        )
    return keeper
