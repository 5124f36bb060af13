# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, consteq, hmac

from ..engine.transaction import (
    after_commit,
    on_primary,
    read_committed,
    reads_replica,
    remember_now,
    separate_transaction,
    separate_transaction_unless_written,
)
from ..tools import profiles, tokens
from ..tools.address import network
from ..tools.errors import Refused, _
from .jwt_throttle import too_many_requests

_logger = logging.getLogger(__name__)

#: The ended sessions that are kept of each user; older ones are deleted before their week is over.
MAX_ENDED = 1000
#: The longest life of a session of the console, even if access tokens last longer.
MAX_CONSOLE_SECONDS = 900


@dataclass(frozen=True)
class Sender:
    """Hold the address and user agent of a request."""

    address: str | None
    user_agent: str | None


@dataclass(frozen=True)
class Refreshed:
    """Hold the result of a refresh."""

    user_id: int
    access_token: str
    #: Seconds until the access token expires.
    access_seconds: int
    #: The successor, if one was requested.
    refresh_token: tokens.RefreshToken | None
    #: Seconds until the refresh token expires if it is not used.
    seconds_left: int
    client_type: str


class JwtSession(models.Model):
    """Store the session that one login opened on one device, with its family of refresh tokens.

    When it ends, its access and refresh tokens are invalid on every worker from the next request on.
    """

    _name = "jwt.session"
    _description = "API Session"
    _allow_sudo_commands = False
    _rec_name = "device"
    _rec_names_search = ["user_id", "user_agent", "ip_address", "last_ip_address"]
    _order = "last_used_at desc, id desc"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    sid = fields.Char("Session", required=True, readonly=True, groups=fields.NO_ACCESS)
    stamp = fields.Char("Security Stamp", required=True, readonly=True, groups=fields.NO_ACCESS)
    client_type = fields.Selection(
        [("app", "App"), ("browser", "Browser"), ("console", "Console")],
        required=True,
        readonly=True,
        help="A browser stores its refresh token in a cookie that scripts cannot read. The console in"
        " Odoo has no refresh token.",
    )
    login_method = fields.Selection(
        [
            ("password", "Password"),
            ("code", "Password and code"),
            ("passkey", "Passkey"),
            ("api_key", "API key"),
            ("web", "Session of the web client"),
        ],
        "Logged in with",
        readonly=True,
    )
    # the ORM does not manage the table of API keys: `init` creates the foreign key
    api_key_id = fields.Many2one(
        "res.users.apikeys",
        "API Key",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The session ends when this key is removed or expires.",
    )
    # as in `session_identifier` of `res.device.log`
    web_sid = fields.Char(
        "Session of the Web Client", readonly=True, groups=fields.NO_ACCESS, index="btree_not_null"
    )
    user_agent = fields.Char(readonly=True, help="The user agent at the login.")
    device = fields.Char(compute="_compute_device")
    ip_address = fields.Char("IP Address", readonly=True, help="The address at the login.")
    last_ip_address = fields.Char(
        "Last IP Address", readonly=True, help="The address at the last refresh."
    )
    last_user_agent = fields.Char(readonly=True, help="The user agent at the last refresh.")
    create_date = fields.Datetime("Created on", readonly=True)
    last_used_at = fields.Datetime(
        required=True,
        readonly=True,
        index=True,
        help="When it was last refreshed, accurate to the minute.",
    )
    expires_at = fields.Datetime(
        required=True,
        readonly=True,
        index=True,
        help="Set at the login. Refreshing does not extend it.",
    )
    revoked_at = fields.Datetime(readonly=True, index="btree_not_null")
    revoke_reason = fields.Selection(
        [
            ("logout", "Logged out"),
            ("logout_all", "Logged out everywhere"),
            ("admin", "Revoked by an administrator"),
            ("reuse", "Refresh token reused"),
            ("user", "Password, login or user changed"),
            ("device", "Device revoked by the user"),
            ("replaced", "Logged in again in the same browser"),
            ("copy", "The database was copied"),
            ("limit", "Session limit exceeded"),
            ("api_key", "API key removed"),
            ("web", "Session of the web client ended"),
        ],
        readonly=True,
    )
    state = fields.Selection(
        [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
        search="_search_state",
    )
    token_ids = fields.One2many("jwt.refresh.token", "session_id", string="Refresh Tokens")

    _sid_uniq = models.UniqueIndex("(sid)")
    _living_idx = models.Index("(user_id, last_used_at, id) WHERE revoked_at IS NULL")
    _ended_idx = models.Index("(user_id, revoked_at) WHERE revoked_at IS NOT NULL")

    def init(self):
        """Create the foreign key that deletes the sessions of an API key together with the key."""
        self.pool.add_foreign_key(
            self._table, "api_key_id", "res_users_apikeys", "id", "cascade", self, "jwt_auth_api"
        )
        self._end_without_key()

    def _end_without_key(self):
        """End sessions that an older release opened without storing their API key.

        Removing the key could not end them.
        """
        self.env.cr.execute(
            """
            WITH ended AS (
                UPDATE jwt_session SET revoked_at = now() AT TIME ZONE 'utc', revoke_reason = 'api_key'
                 WHERE login_method = 'api_key' AND api_key_id IS NULL AND revoked_at IS NULL
                RETURNING sid
            )
            UPDATE res_device_log SET revoked = true FROM ended WHERE session_identifier = ended.sid
            """
        )

    # --- the backend ---------------------------------------------------------------------

    @api.depends("user_agent", "client_type")
    def _compute_device(self):
        client_types = dict(self._fields["client_type"]._description_selection(self.env))
        for session in self:
            name = self.env["res.device.log"]._jwt_name(session.user_agent)
            if name and session.client_type == "console":
                name = self.env._("Console in %(browser)s", browser=name)
            session.device = name or client_types.get(session.client_type)

    @api.depends("revoked_at", "expires_at", "last_used_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        idle = timedelta(
            seconds=self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds")
        )
        for session in self:
            if session.revoked_at:
                session.state = "revoked"
            elif session.expires_at <= now or session.last_used_at <= now - idle:
                session.state = "expired"
            else:
                session.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        idle = now - timedelta(
            seconds=self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds")
        )
        live = Domain("expires_at", ">", now) & Domain("last_used_at", ">", idle)
        open_ = Domain("revoked_at", "=", False)
        domains = {"active": open_ & live, "expired": open_ & ~live, "revoked": ~open_}
        return Domain.OR(domains[state] for state in value if state in domains)

    def action_revoke(self):
        """End these sessions, if the user may see them; for the button in the backend."""
        self.check_access("read")
        if not self.env.user.has_group("jwt_auth_api.group_manager"):
            self = self.filtered(lambda session: session.user_id == self.env.user)
        self._revoke(Domain("id", "in", self.ids), "admin")

    # --- opening and finding -------------------------------------------------------------

    @api.model
    def _open(self, user, client_type, user_agent, ip_address, method=None, api_key=None):
        """Open a session for a user who has just been authenticated.

        :param method: how the user was authenticated, one of ``login_method``
        :param api_key: the ``res.users.apikeys`` that was sent in place of the password, if any
        :return: the session, its access token and its first refresh token
        """
        until = fields.Datetime.now() + timedelta(seconds=self._lifetimes(user)[0])
        if api_key and api_key.expiration_date:
            until = min(until, api_key.expiration_date)
        session = self._begin(
            user,
            client_type,
            user_agent,
            ip_address,
            until,
            login_method=method,
            api_key_id=api_key.id if api_key else False,
        )
        refresh = tokens.RefreshToken.first(session.sid, self._proof_key(session.sid))
        self.env["jwt.refresh.token"].sudo().create(
            {"session_id": session.id, "selector": refresh.selector, "token_hash": refresh.hash}
        )
        access = self._access_token(user.id, session, session._access_seconds())
        after_commit(self.env.cr, partial(self._make_room, user.id))
        return session, access, refresh

    @api.model
    def _open_console(self, user, web_sid, user_agent, ip_address):
        """Open a session for the console in the web client, whose user has confirmed their identity.

        It lasts as long as one access token and has no refresh token. It ends with the session of the
        web client, which can have one such session at a time.

        :param str web_sid: what identifies the session of the web client
        :return: the session and its access token; None if the session of the web client has ended
        """
        if not self.env["res.device.log"]._jwt_hold(web_sid):
            return None
        seconds = min(
            MAX_CONSOLE_SECONDS,
            self.env["ir.config_parameter"]._jwt_setting("access_token_seconds"),
            *self._lifetimes(user),
        )
        until = fields.Datetime.now() + timedelta(seconds=seconds)
        session = self._begin(
            user,
            "console",
            user_agent,
            ip_address,
            until,
            login_method="web",
            web_sid=web_sid,
        )
        others = Domain("web_sid", "=", web_sid) & Domain("id", "!=", session.id)
        self._revoke(others, "replaced", ip_address)
        return session, self._access_token(user.id, session, session._access_seconds())

    def _begin(self, user, client_type, user_agent, ip_address, until, **values):
        """Create a session, show it in Odoo's device list and record the event.

        :param until: when the session expires
        :param values: the other fields, by name
        """
        user_version = user._jwt_lock()
        agent = _storable_agent(user_agent)
        session = self.sudo().create(
            {
                "user_id": user.id,
                # the length of Odoo's session ids
                "sid": tokens.random_secret()[: tokens.SESSION_LENGTH],
                "stamp": user._jwt_session_stamp(user_version),
                "client_type": client_type,
                "user_agent": agent,
                "last_user_agent": agent,
                "ip_address": ip_address,
                "last_ip_address": ip_address,
                "last_used_at": fields.Datetime.now(),
                "expires_at": until,
                **values,
            }
        )
        self.env["res.device.log"]._jwt_list(session)
        self.env["jwt.security.event"]._record(
            "console" if client_type == "console" else "login",
            user_id=user.id,
            session_id=session.id,
            ip_address=ip_address,
            detail=session.device,
        )
        return session

    @api.model
    def _make_room(self, user_id):
        """End the least recently used sessions of a user who has more than allowed.

        Also delete the oldest ended ones, so that a client that logs in again and again does not fill this table.
        (The security event of each login is kept, see ``KEEP_DAYS``.) Call it after the commit of a login, when it
        sees the sessions of parallel logins.
        """
        limit = self.env["ir.config_parameter"]._jwt_setting("max_sessions")
        with separate_transaction(self.env) as env:
            env[self._name]._delete_ended(user_id)
            if limit <= 0:
                return
            # skip sessions that another transaction has locked: the next login ends them
            env.cr.execute(
                "SELECT id FROM jwt_session WHERE id IN ("
                " SELECT id FROM jwt_session WHERE user_id = %s AND revoked_at IS NULL"
                " AND web_sid IS NULL AND expires_at > now() AT TIME ZONE 'utc'"
                " ORDER BY last_used_at DESC, id DESC OFFSET %s"
                ") FOR UPDATE SKIP LOCKED",
                [user_id, limit],
            )
            if surplus := [row[0] for row in env.cr.fetchall()]:
                env[self._name]._revoke(Domain("id", "in", surplus), "limit")

    @api.model
    def _delete_ended(self, user_id, batch=100):
        """Delete the oldest of a user's ended sessions, if there are more than :data:`MAX_ENDED`.

        Those that a parallel login deletes are locked, and skipped here.
        """
        ended = SQL("FROM jwt_session WHERE user_id = %s AND revoked_at IS NOT NULL", user_id)
        self.env.cr.execute(
            SQL(
                "SELECT id FROM jwt_session WHERE id IN ("
                " SELECT id %(ended)s ORDER BY revoked_at LIMIT ("
                "  SELECT count(*) FROM ("
                "   SELECT 1 %(ended)s ORDER BY revoked_at DESC OFFSET %(kept)s LIMIT %(batch)s"
                "  ) AS surplus)"
                ") FOR UPDATE SKIP LOCKED",
                ended=ended,
                kept=MAX_ENDED,
                batch=batch,
            )
        )
        self.browse(row[0] for row in self.env.cr.fetchall()).unlink()

    def _seconds_left(self):
        """Return the seconds until the refresh token of a new session expires if it is not used.

        :rtype: int
        """
        return min(self._life(), self._lifetimes(self.user_id)[1])

    def _access_seconds(self):
        """Return the seconds until the access token of a new session expires.

        :rtype: int
        """
        return min(
            self._life(), self.env["ir.config_parameter"]._jwt_setting("access_token_seconds")
        )

    def _life(self):
        return int((self.expires_at - self.last_used_at).total_seconds())

    @api.model
    def _lifetimes(self, user):
        """Return the seconds that a session of a user may last, and may stay unused.

        Odoo's own time-outs (``addons/auth_timeout``) end only web sessions. If they are shorter, they
        apply here too.
        """
        absolute = self.env["ir.config_parameter"]._jwt_setting("refresh_token_seconds")
        idle = self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds")
        if hasattr(user, "_get_lock_timeouts"):
            limits = user.sudo()._get_lock_timeouts()
            absolute = min([absolute, *(s for s, _mfa in limits.get("lock_timeout", ()))])
            idle = min([idle, *(s for s, _mfa in limits.get("lock_timeout_inactivity", ()))])
        return absolute, idle

    @api.model
    def _replace(self, refresh, address=None):
        """End the previous session of a browser that logs in again.

        :param str refresh: the refresh token in the cookie
        :param str address: the address of the client
        """
        try:
            row = self._find(tokens.RefreshToken.parse(refresh))
        except tokens.InvalidToken:
            return
        if row:
            self._revoke(Domain("id", "=", row.session_id), "replaced", address)

    @api.model
    def _profile(self):
        """Return the current profile; a change applies from the next request on.

        :rtype: profiles.Profile
        """
        return profiles.PROFILES[self.env["ir.config_parameter"]._jwt_setting("profile")]

    @api.model
    def _access_token(self, user_id, session, seconds):
        """Sign an access token.

        :param session: a session, or its row as :meth:`_find` returns it
        :param int seconds: the lifetime
        """
        now = int(time.time())
        claims = tokens.Claims(
            user_id,
            session.sid,
            session.stamp,
            tokens.random_id(),
            now,
            now + seconds,
            # the time of the login, not of the last refresh
            int(session.create_date.replace(tzinfo=timezone.utc).timestamp()),
            tokens.METHODS.get(session.login_method, ()),
            session.client_type,
        )
        return tokens.sign(claims, self.env["jwt.signing.key"]._issuer())

    @api.model
    def _authenticate(self, text):
        """Return the claims of an access token with an active session and user.

        :param str text: the token
        :rtype: tokens.Claims
        :raise tokens.InvalidToken:
        """
        return self._verified(text, tokens.verify)

    @api.model
    def _authenticate_link(self, signature):
        """Return the link of a signature whose session and user are active.

        :rtype: tokens.Link
        :raise tokens.InvalidToken:
        """
        return self._verified(signature, tokens.verify_link)

    @api.model
    def _sign_link(self, claims, path, version, companies):
        """Sign a link to a file, for the session of an access token.

        :param tokens.Claims claims: of the access token
        :param path: the path of the link
        :param version: the checksum of the file
        :param companies: ids of companies, as in :class:`~..tools.tokens.Link`
        :return: the signature, and the seconds until it expires
        """
        seconds = self.env["ir.config_parameter"]._jwt_setting("link_seconds")
        expires_at = int(time.time()) + seconds
        link = tokens.Link(
            claims.user_id, claims.session, claims.stamp, path, version, expires_at, companies
        )
        return tokens.sign_link(link, self.env["jwt.signing.key"]._issuer()), seconds

    def _verified(self, text, verify):
        """Return what a token holds that has an active session and user, with one SQL statement.

        The signature is verified first, with the keys that this process has cached. The statement also
        reads the version of the keys; if it has changed, the token is verified again.

        :param str text: the token
        :param verify: a function as :func:`~..tools.tokens.verify`
        :raise tokens.InvalidToken:
        """
        if reads_replica(self.env.cr):
            return self._verified_on_primary(text, verify)[0]
        keys, now = self.env["jwt.signing.key"], time.time()
        issuer = keys._last_known() or keys._issuer()
        try:
            claims = verify(text, issuer, now)
        except tokens.UnknownKey:  # another process may have created the key
            issuer = keys._issuer()
            claims = verify(text, issuer, now)
        if not self._is_alive(claims):
            raise tokens.InvalidToken("the session or its user has ended")
        current = keys._issuer()
        return claims if current is issuer else verify(text, current, now)

    def _verified_on_primary(self, text, verify):
        """Verify a token as :meth:`_verified`, on the primary, once per transaction of the replica.

        The replica may not know yet that the session has ended, or that it has begun. A token with a wrong
        signature never takes a connection to the primary.

        :return: what the token holds, and the version of the caches on the primary
        :raise tokens.InvalidToken:
        """
        known = self.env.cr.cache.setdefault(self._name, {})
        if text not in known:
            if issuer := self.env["jwt.signing.key"]._last_known():
                # another process may have created the key
                with contextlib.suppress(tokens.UnknownKey):
                    verify(text, issuer, time.time())
            with on_primary(self.env) as env:
                found = env[self._name]._verified(text, verify)
                known[text] = found, env["jwt.cache.version"]._current()
        return known[text]

    @api.model
    def _may_read_replica(self, text, verify):
        """Return whether the request with a token may run on the replica that this transaction reads.

        It may not if the replica lacks a change of a connection, a setting or a key: that takes effect
        with the next request.

        :param str text: the token
        :param verify: as in :meth:`_verified`
        :rtype: bool
        """
        try:
            _found, version = self._verified_on_primary(text, verify)
        except tokens.InvalidToken:
            return False  # the primary refuses it
        return version == self.env["jwt.cache.version"]._current()

    @api.model
    def _is_alive(self, claims):
        """Return whether the session and the user of a verified token are still active.

        The one SQL statement also reads the version of the caches, and the time that Odoo asks for before a
        write.

        :param claims: :class:`~..tools.tokens.Claims`, or a :class:`~..tools.tokens.Link`
        :rtype: bool
        """
        # search by `sid` only: with the user in the condition, PostgreSQL plans longer and may scan all
        # sessions of the user
        self.env.cr.execute(
            """
            SELECT s.user_id,
                   (SELECT u.xmin::text FROM res_users u WHERE u.id = s.user_id AND u.active),
                   (SELECT version FROM jwt_cache_version),
                   now() AT TIME ZONE 'utc'
              FROM jwt_session s
             WHERE s.sid = %s AND s.revoked_at IS NULL AND s.expires_at > now() AT TIME ZONE 'utc'
            """,
            [claims.session],
        )
        row = self.env.cr.fetchone()
        if row is None:
            return False
        user_id, user_version, version, moment = row
        remember_now(self.env.cr, moment)
        self.env["jwt.cache.version"]._remember(version)
        if user_id != claims.user_id or user_version is None:
            return False
        stamp = self.env["res.users"].browse(user_id)._jwt_session_stamp(user_version)
        return bool(stamp) and consteq(stamp, claims.stamp)

    # --- refreshing ----------------------------------------------------------------------

    @api.model
    def _refresh(self, refresh, sender, *, rotate, user_id=None, sid=None):
        """Return a new access token for a refresh token and, with ``rotate``, its successor.

        This begins one short READ COMMITTED transaction: parallel refreshes wait for each other and
        get the same successor. A used token returns that successor again within the grace period.
        Later, or if the successor has been used too, it is reuse, and the session ends.

        :param str refresh: the refresh token as the client sent it
        :param Sender sender: who sent it
        :param bool rotate: whether to issue a successor
        :param user_id: refuse a token of another user, and do not use it up
        :param sid: refuse a token of another session, and do not use it up
        :rtype: Refreshed
        :raise Refused: ``invalid_refresh_token`` (``invalid_grant`` in profile ``strict``), where the
            end of a session whose token was reused is committed; ``too_many_requests`` if the address
            sent too many invalid tokens
        :raise ApiError: ``too_many_requests`` for too many rotations, with nothing written
        """
        self.env["jwt.signing.key"]._prepare()
        read_committed(self.env.cr)
        try:
            token = tokens.RefreshToken.parse(refresh)
            row = self._find(token)
        except tokens.InvalidToken:
            invalid = self._profile().invalid_refresh_token()
            raise self.env["jwt.throttle"]._refusal(invalid, sender.address) from None
        if row is None or (user_id and row.user_id != user_id) or (sid and row.sid != sid):
            raise self._refused_refresh()
        idle = self._idle_limit(row)
        if not idle:
            raise self._refused_refresh()
        follower = None
        if row.consumed or rotate:
            follower = self._claim_successor(token, row, sender)
            if follower is None:
                raise self._refused_refresh()
        if row.idle_seconds > 60 or sender.address != row.last_ip_address:
            self._touch(row, sender)
        left = int(row.seconds_left)
        access_seconds = min(
            left, self.env["ir.config_parameter"]._jwt_setting("access_token_seconds")
        )
        return Refreshed(
            row.user_id,
            self._access_token(row.user_id, row, access_seconds),
            access_seconds,
            follower if rotate else None,
            min(left, idle),
            row.client_type,
        )

    def _refused_refresh(self):
        """Return the error for a refresh token that is not accepted; what was written before it stays.

        The profile is read here, after :meth:`_find` has read the version of the caches: before, it
        would cost every refresh a statement.
        """
        return Refused.of(self._profile().invalid_refresh_token())

    def _idle_limit(self, row):
        """Return the seconds that the session of a refresh token may stay unused.

        :return: 0 if the session is over: it was unused for too long, or its user has changed
        """
        user = self.env["res.users"].browse(row.user_id)
        stamp, limit = user._jwt_session_stamp(row.user_version), self._lifetimes(user)[1]
        is_current = bool(stamp) and consteq(stamp, row.stamp)
        return limit if is_current and row.idle_seconds < limit else 0

    def _touch(self, row, sender):
        """Store the last use of the session and its device: once a minute, and for each new address."""
        self.env.cr.execute(
            SQL(
                "UPDATE jwt_session SET last_used_at = now() AT TIME ZONE 'utc',"
                " last_ip_address = %s, last_user_agent = %s WHERE id = %s",
                sender.address,
                _storable_agent(sender.user_agent),
                row.session_id,
            )
        )
        self.env.cr.execute(
            "UPDATE res_device_log SET last_activity = now() AT TIME ZONE 'utc', revoked = false"
            " WHERE session_identifier = %s",
            [row.sid],
        )

    def _find(self, refresh):
        """Return the row of a genuine refresh token; None if its session or user is not active.

        An existing selector with a wrong secret is an invalid token and does not end the session,
        because a selector is not secret. A genuine token without a row is an old one (see
        :meth:`_claim_successor`).

        :raise tokens.InvalidToken: if there is no such token
        """
        sid = refresh.session
        by_selector = SQL(
            "s.id = (SELECT session_id FROM jwt_refresh_token WHERE selector = %s)",
            refresh.selector,
        )
        # LATERAL with LIMIT: to plan a join, PostgreSQL reads the ends of the indexes, where rows that
        # have just been deleted or changed make it read many pages
        self.env.cr.execute(
            SQL(
                """
                SELECT t.id, t.token_hash, t.id IS NULL OR t.consumed_at IS NOT NULL AS consumed,
                       s.id AS session_id, s.sid, s.user_id, s.stamp, s.client_type,
                       s.create_date, s.login_method, u.version AS user_version,
                       COALESCE(s.last_ip_address, s.ip_address) AS last_ip_address,
                       u.active AND s.revoked_at IS NULL
                           AND s.expires_at > now() AT TIME ZONE 'utc' AS alive,
                       extract(epoch FROM s.expires_at - (now() AT TIME ZONE 'utc')) AS seconds_left,
                       extract(epoch FROM (now() AT TIME ZONE 'utc') - s.last_used_at) AS idle_seconds,
                       (SELECT version FROM jwt_cache_version) AS cache_version
                  FROM jwt_session s
                 CROSS JOIN LATERAL (
                       SELECT xmin::text AS version, active FROM res_users WHERE id = s.user_id LIMIT 1
                 ) u
                  LEFT JOIN LATERAL (
                       SELECT id, token_hash, consumed_at FROM jwt_refresh_token
                        WHERE selector = %s AND session_id = s.id LIMIT 1
                 ) t ON TRUE
                 WHERE %s
                """,
                refresh.selector,
                SQL("s.sid = %s", sid) if sid else by_selector,
            )
        )
        values = self.env.cr.dictfetchone()
        if values and values["id"]:
            genuine = refresh.matches(values["token_hash"])
        else:
            genuine = bool(sid) and refresh.is_proven(self._proof_key(sid))
        if not genuine:
            raise tokens.InvalidToken("no such refresh token")
        if values is None:
            return None  # the session has been purged
        self.env["jwt.cache.version"]._remember(values.pop("cache_version"))
        del values["token_hash"]
        return _Row(**values) if values.pop("alive") else None

    @api.model
    def _proof_key(self, sid):
        """Return the key with which the refresh tokens of a session prove that they are genuine.

        Somebody who has read the database can compute it: that is enough to end the session, but not
        to use it.

        :rtype: bytes
        """
        return hmac(self.env(su=True), "jwt_auth_api-refresh", sid).encode()

    def _claim_successor(self, refresh, row, sender):
        """Return the successor of a genuine token, or None if the token is reused: the session ends.

        The successor is new or, within the grace period, the one that exists already. A new one makes
        the row of the token before the previous one superfluous: if that token is sent again, its
        successor has been used, so that it ends the session with or without a row.

        :raise ApiError: ``too_many_requests``
        """
        self.env.cr.execute(
            "UPDATE jwt_refresh_token SET consumed_at = now() AT TIME ZONE 'utc'"
            " WHERE id = %s AND consumed_at IS NULL RETURNING parent_id",
            [row.id],
        )
        if claimed := self.env.cr.fetchone():
            self._limit_rotations(row)
            child = refresh.successor(row.sid, self._proof_key(row.sid))
            self.env.cr.execute(
                SQL(
                    "INSERT INTO jwt_refresh_token"
                    " (session_id, parent_id, selector, token_hash, create_date, write_date)"
                    " VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'utc', now() AT TIME ZONE 'utc')",
                    row.session_id,
                    row.id,
                    child.selector,
                    child.hash,
                )
            )
            if claimed[0]:
                self.env.cr.execute(  # tokens of older releases cannot prove that they are genuine
                    "DELETE FROM jwt_refresh_token WHERE id = %s AND starts_with(selector, %s)",
                    [claimed[0], row.sid],
                )
            return child
        self.env.cr.execute(
            SQL(
                """
                SELECT child.selector, COALESCE(s.last_ip_address, s.ip_address)
                  FROM jwt_refresh_token parent
                  JOIN jwt_refresh_token child ON child.parent_id = parent.id
                  JOIN jwt_session s ON s.id = child.session_id
                 WHERE parent.id = %s AND child.consumed_at IS NULL
                   AND parent.consumed_at > (now() AT TIME ZONE 'utc') - make_interval(secs => %s)
                """,
                row.id,
                self.env["ir.config_parameter"]._jwt_setting("refresh_grace_seconds"),
            )
        )
        if found := self.env.cr.fetchone():
            selector, last_address = found
            if network(sender.address or "") != network(last_address or ""):
                self._record_sender("repeated", row, sender, last_address)
            return refresh.again(selector, self._proof_key(row.sid))
        self._end_reused(row, sender)
        return None

    def _limit_rotations(self, row):
        """
        :raise ApiError: ``too_many_requests``; its rollback makes the token unused again
        """
        limit = self.env["ir.config_parameter"]._jwt_setting("max_rotations")
        if limit <= 0:
            return
        if seconds := self.env["connection.api.rate.limit"]._take_rotation(row.sid, limit):
            message = _("This session refreshes too often. Try again in %(seconds)s seconds.")
            raise too_many_requests(seconds, message)

    def _record_sender(self, event, row, sender, last_address):
        """Record who sent a refresh token, with the session and its last address."""
        self.env["jwt.security.event"]._record(
            event,
            user_id=row.user_id,
            session_id=row.session_id,
            ip_address=sender.address,
            session_ip_address=last_address,
            detail=self.env["res.device.log"]._jwt_name(sender.user_agent),
        )

    def _end_reused(self, row, sender):
        """End a session whose refresh token was reused: either the thief or the owner sent it.

        See RFC 9700, section 4.14.2. If ``mail`` is installed, Odoo's security mail informs the user.
        """
        if not self._revoke(Domain("id", "=", row.session_id), "reuse"):
            return
        self._record_sender("reuse", row, sender, row.last_ip_address)
        user = self.env["res.users"].sudo().browse(row.user_id)
        if hasattr(user, "_notify_security_setting_update"):
            user._notify_security_setting_update(
                self.env._("Security Update: API session ended"),
                self.env._(
                    "A used refresh token of one of your devices was sent again. Somebody may have"
                    " copied it, so the session was ended. Log in again. If you do not know the cause,"
                    " change your password."
                ),
            )

    # --- ending --------------------------------------------------------------------------

    @api.model
    def _log_out(self, claims, refresh, everywhere, address=None):
        """End the session of an access token or a refresh token, or both if one user has both tokens.

        A session that has already ended stays as it is, and ends no others.

        :param tokens.Claims claims: correctly signed, perhaps expired; or None
        :param str refresh: a refresh token as it was sent; or None
        :param bool everywhere: end all sessions of the user; ignored for a refresh token that is used
            or has expired
        :param str address: the address of the client
        :raise tokens.InvalidToken: if neither token is genuine, with nothing written
        """
        read_committed(self.env.cr)
        try:
            row = self._find(tokens.RefreshToken.parse(refresh or ""))
        except tokens.InvalidToken:
            if claims is None:
                raise
            row = None
        if row and not claims and (row.consumed or not self._idle_limit(row)):
            everywhere = False  # an old token, perhaps from a log, ends only its own session
        user_id = claims.user_id if claims else row and row.user_id
        ids = [row.session_id] if row and row.user_id == user_id else []
        own = Domain("id", "in", ids)
        if claims:
            own |= Domain("sid", "=", claims.session) & Domain("user_id", "=", user_id)
        ended = self._revoke(own, "logout_all" if everywhere else "logout", address)
        if everywhere and ended:
            self._revoke(Domain("user_id", "=", user_id), "logout_all", address)

    @api.model
    def _living(self, user):
        """Return the active sessions of a user, the most recently used first."""
        living = Domain("user_id", "=", user.id) & Domain("state", "in", ["active"])
        return self.sudo().search(living)

    @api.model
    def _end_own(self, user, session_id, address=None):
        """End an active session of this user.

        :param str address: the address of the client
        :return: whether the user had such a session
        :rtype: bool
        """
        read_committed(self.env.cr)
        domain = Domain("user_id", "=", user.id) & Domain("id", "=", session_id)
        return bool(self._revoke(domain, "logout", address))

    @api.model
    def _end_of_web(self, web_sid):
        """End the session of the console that belongs to a session of the web client, and its devices.

        A console that is being opened in parallel is either committed before, so that it ends here, or
        finds that the devices are revoked. This waits for it in a separate transaction, which does not
        fail on a parallel change and can write while Odoo's log-out has a read-only cursor.
        """
        devices = Domain("session_identifier", "=", web_sid) & Domain("revoked", "=", False)
        own = Domain("web_sid", "=", web_sid)
        is_open = own & Domain("revoked_at", "=", False)
        if not (
            self.env["res.device.log"].sudo().search_count(devices, limit=1)
            or self.sudo().search_count(is_open, limit=1)
        ):
            return  # nobody had logged in
        # the request has written if it has revoked the device of its own session
        with separate_transaction_unless_written(self.env) as env:
            env["res.device.log"]._jwt_end([web_sid])
            env[self._name]._revoke(own, "web")

    @api.model
    def _revoke(self, domain, reason, address=None):
        """End the sessions of ``domain`` that have not ended yet.

        :param str address: the address of the client, if a client requested it
        :return: the number of sessions that were ended
        :rtype: int
        """
        query = self.sudo()._search(Domain(domain) & Domain("revoked_at", "=", False))
        self.env.cr.execute(
            SQL(
                "UPDATE jwt_session SET revoked_at = now() AT TIME ZONE 'utc', revoke_reason = %s"
                " WHERE revoked_at IS NULL AND id IN %s RETURNING sid, user_id, id,"
                " COALESCE(last_ip_address, ip_address)",
                reason,
                query.subselect(),
            )
        )
        ended = self.env.cr.fetchall()
        self.invalidate_model(["revoked_at", "revoke_reason", "state"])
        if ended:
            self.env.cr.execute(
                "UPDATE res_device_log SET revoked = true WHERE session_identifier IN %s",
                [tuple(row[0] for row in ended)],
            )
            if reason != "reuse":
                self._record_end(ended, reason, address)
        return len(ended)

    def _record_end(self, ended, reason, address):
        """Record one event for each user, linked to the session if only one of the user's ended."""
        words = dict(self._fields["revoke_reason"].selection)[reason]
        sessions = defaultdict(list)
        for _sid, user_id, session_id, last_address in ended:
            sessions[user_id].append((session_id, last_address))
        for user_id, own in sessions.items():
            session_id, last_address = own[0] if len(own) == 1 else (None, None)
            self.env["jwt.security.event"]._record(
                "revoked",
                user_id=user_id,
                session_id=session_id,
                ip_address=address,
                session_ip_address=last_address,
                detail=f"{words} ({len(own)})",
            )

    @api.model
    def _revoke_everything(self, reason):
        return self._revoke(Domain.TRUE, reason)

    @api.autovacuum
    def _gc_sessions(self, batch=1000):
        """Delete sessions, their tokens and their devices a week after the sessions ended.

        Each condition is a search of its own, which reads only the oldest rows of an index: together, they
        would read all sessions for each batch.
        """
        limit = fields.Datetime.now() - timedelta(days=7)
        idle = limit - timedelta(
            seconds=self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds")
        )
        ended = self.sudo().browse()
        for name, until in (("revoked_at", limit), ("expires_at", limit), ("last_used_at", idle)):
            left = batch - len(ended)
            others = Domain(name, "<", until) & Domain("id", "not in", ended.ids)
            ended |= ended.search(others, limit=left, order=name)
            if len(ended) == batch:
                break
        ended.unlink()
        return len(ended), len(ended) == batch

    def unlink(self):
        """Delete the devices of the sessions as well: Odoo keeps them forever."""
        devices = Domain("session_identifier", "in", self.sudo().mapped("sid"))
        self.env["res.device.log"].sudo().search(devices).unlink()
        return super().unlink()


def _storable_agent(text):
    return (text or "").replace("\x00", "")[:256]


@dataclass(frozen=True)
class _Row:
    """Hold the row of a refresh token with values of its session."""

    #: None for an old token, whose row is deleted.
    id: int | None
    consumed: bool
    session_id: int
    sid: str
    user_id: int
    stamp: str
    client_type: str
    create_date: datetime
    login_method: str | None
    last_ip_address: str | None
    user_version: str
    seconds_left: float
    idle_seconds: float
