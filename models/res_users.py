# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import AccessDenied
from odoo.fields import Domain

from ..engine import grants
from ..engine.transaction import after_commit, separate_transaction
from ..tools.errors import ApiError, Refused, _
from .jwt_login_challenge import invalid_passkey
from .jwt_throttle import too_many_requests

#: The format of Odoo's API keys (``API_KEY_SIZE``, ``addons/base/models/res_users.py``).
_API_KEY = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Login:
    """Hold the result of a correct login and password."""

    user: Any
    #: One of ``login_method`` of ``jwt.session``.
    method: str
    #: The ``res.users.apikeys`` that was sent in place of the password; empty if none was.
    api_key: Any
    #: Whether a second factor is still missing.
    incomplete: bool


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _jwt_login(self, login, password, address):
        """Authenticate a user by login and password, or by an API key in place of the password.

        Odoo checks the credentials. This adds a count of failures that all workers share, taken before
        the password is hashed, and gives an unknown login the same cost and response.
        ``base_location`` is not passed on: when an administrator logs in, Odoo would set
        ``web.base.url`` to the request's Host header.

        :param str address: the address of the client
        :rtype: Login
        :raise ApiError: ``too_many_requests``, ``invalid_credentials``
        """
        throttle, events = self.env["jwt.throttle"], self.env["jwt.security.event"]
        self._jwt_take_try(login, address, login=login)
        users = self.with_env(self.env(user=None, su=False))
        credential = {"type": "password", "login": login, "password": password}
        interactive = not _API_KEY.fullmatch(password)
        try:
            info = users.authenticate(credential, {"interactive": interactive})
        except AccessDenied:
            users._jwt_hash_for_nothing(login, password, interactive)
            events._record("login_failed", login=login, ip_address=address, separately=True)
            raise _invalid_credentials() from None
        user = users.browse(info["uid"])
        if user.id == SUPERUSER_ID or user.sudo()._is_public():
            raise _invalid_credentials()
        api_key = self.env["res.users.apikeys"]
        if info["auth_method"] == "apikey":
            api_key = api_key._jwt_find(user, password)
            if not api_key:  # removed at this moment
                raise _invalid_credentials()
        after_commit(self.env.cr, partial(throttle._succeeded, login, address))
        incomplete = not (api_key or info.get("mfa") == "skip" or not user._mfa_url())
        if incomplete:
            events._record("mfa_required", user_id=user.id, ip_address=address)
        return Login(user, "api_key" if api_key else "password", api_key, incomplete)

    @api.model
    def _jwt_take_try(self, name, address, *, login=None):
        """Count one login attempt of a name and an address, before anything is written.

        :param name: the login, or the name of a passkey
        :param login: the login for the security event
        :raise ApiError: ``too_many_requests``
        """
        self.env["jwt.signing.key"]._prepare()
        throttle = self.env["jwt.throttle"]
        if seconds := self._jwt_cooldown(address) or throttle._take(name, address):
            throttle._note(login, address)
            raise self._jwt_too_many(seconds)

    @api.model
    def _jwt_passkey_try(self, assertion, address):
        """Count one attempt with a passkey, before :meth:`_jwt_passkey_login`.

        :raise ApiError: ``too_many_requests``
        """
        self._jwt_take_try(_passkey_name(assertion), address)

    @api.model
    def _jwt_passkey_login(self, assertion, address):
        """Return the user whose passkey signed the challenge in the request's session.

        Odoo verifies the signature, that its origin is ``web.base.url``, and that the authenticator
        verified its user, which makes it two factors.

        :param passkeys.Assertion assertion:
        :raise Refused: ``invalid_passkey``, ``mfa_required``; the challenge stays used
        """
        throttle, events = self.env["jwt.throttle"], self.env["jwt.security.event"]
        # lock before the check: in READ COMMITTED, a change that commits after it would go unnoticed
        self.env.cr.execute(
            "SELECT 1 FROM auth_passkey_key k JOIN res_users u ON u.id = k.create_uid"
            " WHERE k.credential_identifier = %s FOR SHARE OF u",
            [assertion.id],
        )
        users = self.with_env(self.env(user=None, su=False))
        credential = {"type": "webauthn", "webauthn_response": assertion.text}
        try:
            info = users.authenticate(credential, {"interactive": True})
        except AccessDenied:
            events._record("login_failed", ip_address=address, detail="passkey")
            raise Refused.of(invalid_passkey()) from None
        user = users.browse(info["uid"])
        if user.id == SUPERUSER_ID or user.sudo()._is_public():
            raise Refused.of(invalid_passkey())
        after_commit(self.env.cr, partial(throttle._succeeded, _passkey_name(assertion), address))
        if info.get("mfa") != "skip" and user._mfa_url():
            events._record("mfa_required", user_id=user.id, ip_address=address)
            self.env["jwt.login.challenge"]._require(user)
        return user

    def _jwt_mfa_wait(self, limit_type):
        """Return the seconds until Odoo's own rate limit allows another try; 0 if it does now.

        Over the limit, Odoo would treat even a correct code as a wrong one (``_totp_rate_limit``).

        :param limit_type: ``code_check`` for codes, ``send_email`` for mails with a code
        """
        self.ensure_one()
        if "auth.totp.rate.limit.log" not in self.env:
            return 0
        from odoo.addons.auth_totp.models.res_users import TOTP_RATE_LIMITS

        limit, interval = TOTP_RATE_LIMITS[limit_type]
        now = datetime.now()
        begin = now - timedelta(seconds=interval)
        oldest = (
            self.env["auth.totp.rate.limit.log"]
            .sudo()
            .search(
                [
                    ("user_id", "=", self.id),
                    ("limit_type", "=", limit_type),
                    ("create_date", ">=", begin),
                ],
                order="create_date DESC",
                offset=limit - 1,
                limit=1,
            )
        )
        if not oldest:
            return 0
        return max(1, math.ceil((oldest.create_date - begin).total_seconds()))

    @staticmethod
    def _jwt_too_many(seconds):
        message = _("Too many failed logins. Try again in %(seconds)s seconds.")
        return too_many_requests(seconds, message)

    @api.model
    def _jwt_cooldown(self, address):
        """Return the seconds that the address must wait by Odoo's own count in this process, or 0.

        Otherwise :meth:`_assert_can_auth` would refuse it like a wrong password.
        """
        failures, last = getattr(self.env.registry, "_login_failures", {}).get(
            address, (0, datetime.min)
        )
        if not self.sudo()._on_login_cooldown(failures, last):
            return 0
        _limit, duration = self.env["jwt.throttle"]._limits()
        return max(1, duration - int((datetime.now() - last).total_seconds()))

    def _on_login_cooldown(self, failures, previous):
        """Handle invalid parameters as the throttle does: Odoo's own method would fail on every login."""
        try:
            return super()._on_login_cooldown(failures, previous)
        except (ValueError, OverflowError):
            limit, duration = self.env["jwt.throttle"]._limits()
            is_recent = datetime.now() - previous < timedelta(seconds=duration)
            return 0 < limit <= failures and is_recent

    @api.model
    def _jwt_hash_for_nothing(self, login, password, interactive):
        """Hash a refused password if Odoo had no hash to compare it with, so that the time reveals nothing.

        That is the case for an unknown login, a user without a password, and one who must use an API key.
        """
        domain, order = self._get_login_domain(login), self._get_login_order()
        user = self.sudo().search(domain, order=order, limit=1)
        if user and (interactive or not user._rpc_api_keys_only()):
            self.env.cr.execute(
                "SELECT password LIKE '$%%' FROM res_users WHERE id = %s", [user.id]
            )
            if self.env.cr.fetchone()[0]:
                return
        self._crypt_context().verify(password, self._jwt_some_hash())

    @api.model
    @tools.ormcache(cache="stable")
    def _jwt_some_hash(self):
        """Return a hash with the scheme and rounds of real ones, computed once per worker."""
        return self._crypt_context().hash("no user has this password")

    def _jwt_profile(self):
        """Return the user's profile, for the first screen of an app.

        :rtype: dict
        """
        self.ensure_one()
        user = self.sudo()
        context = self.context_get()
        return {
            "id": user.id,
            "login": user.login,
            "name": user.name,
            "email": user.email,
            "partner_id": user.partner_id.id,
            "lang": context.get("lang"),
            "tz": context.get("tz"),
            "company_id": [user.company_id.id, user.company_id.display_name],
            "company_ids": [[company.id, company.display_name] for company in user.company_ids],
        }

    @api.model
    @tools.ormcache("user_id")
    def _jwt_context(self, user_id):
        """Return the result of :meth:`context_get` for a user, cached."""
        return self.env(user=user_id, context={})["res.users"].context_get()

    def _jwt_lock(self):
        """Lock the user's row against changes until the end of this transaction.

        A parallel change of the password waits and then finds the session that was opened. If the
        change was first, this fails, and Odoo's retry checks the password again.

        :return: the version of the row, for :meth:`_jwt_session_stamp`
        :rtype: str
        """
        self.ensure_one()
        self.env.cr.execute("SELECT xmin::text FROM res_users WHERE id = %s FOR SHARE", [self.id])
        return self.env.cr.fetchone()[0]

    @tools.ormcache("self.id", "version")
    def _jwt_session_stamp(self, version):
        """Return the stamp in every token of this user, which differs after a change that must end them.

        It is Odoo's own session token for a fixed name: it depends on login, password, ``active`` and
        the second factor (``_get_session_token_fields``, extended by auth_totp and auth_passkey). It
        leaves out the token of an OAuth provider: this changes with each web login, which would end
        the API sessions.

        :param str version: the version of the user's row in this transaction's snapshot (``xmin``).
            Every such change changes it, so no caller gets an outdated stamp from the cache
        :return: 128 bits in hex, or False for a user who does not exist
        """
        self.ensure_one()
        values = self._session_token_get_values()
        if values:
            values = tuple(item for item in values if item[0] != "oauth_access_token")
        stamp = self._session_token_hash_compute(f"jwt_auth_api-{self.id}", values)
        return stamp and stamp[:32]

    def _action_revoke_all_devices(self):
        """End all API sessions of the user, including those that Odoo's device list does not show.

        Odoo does not find devices of other users that the caller may not see. Here, the right to change
        the user is sufficient.
        """
        result = super()._action_revoke_all_devices()
        if self.env.su or self == self.env.user or self.has_access("write"):
            self.env["jwt.session"]._revoke(Domain("user_id", "in", self.ids), "device")
        return result

    def write(self, vals):
        """End the API sessions permanently when a field of the session stamp changes.

        With the stamp alone, they would be valid again after the old values are restored (archive and
        unarchive).

        :raise AccessError: as :func:`~..engine.grants.check_groups_given`
        """
        if "group_ids" in vals:
            grants.check_groups_given(self.env)
        result = super().write(vals)
        if self and vals.keys() & (self._get_session_token_fields() - {"id", "oauth_access_token"}):
            self.flush_recordset()
            # the stamp is cached by the version of this row, which a change of passkeys does not touch
            self.env.cr.execute("UPDATE res_users SET active = active WHERE id IN %s", [self._ids])
            self.env["jwt.session"]._revoke(Domain("user_id", "in", self.ids), "user")
            after_commit(self.env.cr, partial(self._jwt_end_outdated, self.ids))
        return result

    def unlink(self):
        """Delete the sessions first, before PostgreSQL deletes them by the foreign key.

        Otherwise the check of an event that this transaction has written could still find a link to a
        deleted session.
        """
        self.env["jwt.session"].sudo().search([("user_id", "in", self.ids)]).unlink()
        return super().unlink()

    @api.model
    def _jwt_end_outdated(self, user_ids):
        """End sessions that a parallel login has opened with the old credentials.

        Call it after the commit of the change: the change itself could not see them.
        """
        sessions = self.env["jwt.session"]
        with separate_transaction(self.env) as env:
            env.cr.execute(
                "SELECT u.id, u.xmin::text, array_agg(DISTINCT s.stamp) FROM res_users u"
                " JOIN jwt_session s ON s.user_id = u.id AND s.revoked_at IS NULL"
                " WHERE u.id IN %s GROUP BY u.id",
                [tuple(user_ids)],
            )
            for user_id, version, stamps in env.cr.fetchall():
                current = env["res.users"].browse(user_id)._jwt_session_stamp(version)
                if outdated := [stamp for stamp in stamps if stamp != current]:
                    domain = Domain("user_id", "=", user_id) & Domain("stamp", "in", outdated)
                    env[sessions._name]._revoke(domain, "user")


def _passkey_name(assertion):
    return f"passkey {assertion.id}"


def _invalid_credentials():
    return ApiError("invalid_credentials", _("Wrong login or password."))
