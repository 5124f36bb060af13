# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re

from werkzeug.http import dump_cookie

from odoo.http import Controller, request

from ..models.jwt_login_challenge import CHALLENGE_SECONDS
from ..models.jwt_session import Sender
from ..tools import origins, parsing, passkeys, tokens
from ..tools.errors import ApiError, _
from ..tools.profiles import REFRESH_TOKEN
from ..tools.queries import MAX_ID
from ..tools.text import storable, whole
from ..tools.values import dump_datetime
from .dispatcher import api_route

#: The placeholder in a body for a refresh token that is in the cookie.
IN_COOKIE = 1
#: A login's body contains two short strings: the server need not read more.
MAX_BODY_BYTES = 64 * 1024
#: Longer passwords would only cost time to hash.
MAX_CREDENTIAL_LENGTH = 4096
#: This header says whether the client is a browser or an app; without it, the User-Agent does.
CLIENT_HEADER = "X-Client-Type"
EXPIRES_HEADER = "X-Token-Expires-In"
_DIGITS = re.compile(r"[0-9]{1,10}")
_WRITES = {"methods": ["POST"], "readonly": False, "max_content_length": MAX_BODY_BYTES}


class Auth(Controller):
    @api_route("/api/login", auth="none", **_WRITES)
    def login(self):
        """Log in: ``{"login", "password"}`` → ``{"token", "refreshToken", "user_id"}``.

        An account with a second factor gets 401 ``mfa_required`` with ``mfa_token``, ``mfa_type``
        (``totp`` | ``totp_mail``) and ``expires_in`` (seconds), for :meth:`login_mfa`.
        """
        login, password = self._credentials(parsing.parse_keys(request.dispatcher.body, "login"))
        users = request.env["res.users"]
        address = request.httprequest.remote_addr
        done = users._jwt_login(login, password, address)
        if done.incomplete:
            request.env["jwt.login.challenge"]._require(done.user)
        return self._logged_in(done.user, done.method, done.api_key)

    @api_route("/api/login/mfa", auth="none", **_WRITES)
    def login_mfa(self):
        """Complete a login with a second factor: ``{"mfa_token", "code"}`` → as :meth:`login`."""
        text, code = self._mfa_answer(parsing.parse_keys(request.dispatcher.body, "login_mfa"))
        address = request.httprequest.remote_addr
        user = request.env["jwt.login.challenge"]._answer(text, code, address)
        return self._logged_in(user, "code")

    @api_route("/api/login/passkey/options", auth="none", **_WRITES)
    def passkey_options(self):
        """Return the options for ``navigator.credentials.get``, and a token for :meth:`login_passkey`:
        ``{"passkey_token", "options", "expires_in"}``.

        Odoo creates the options (``addons/auth_passkey``) and stores their challenge in a session. Here
        it is stored in a row; the session of this request ends with the request.
        """
        self._check_passkeys()
        options = request.env["auth.passkey.key"]._start_auth()
        challenges, address = request.env["jwt.login.challenge"], request.httprequest.remote_addr
        token = challenges._offer_passkey(options["challenge"], address)
        return {"passkey_token": str(token), "options": options, "expires_in": CHALLENGE_SECONDS}

    @api_route("/api/login/passkey", auth="none", **_WRITES)
    def login_passkey(self):
        """Log in with a passkey: ``{"passkey_token", "credential"}`` → as :meth:`login`.

        ``credential`` is the result of ``navigator.credentials.get``.
        """
        self._check_passkeys()
        body = parsing.parse_keys(request.dispatcher.body, "login_passkey")
        address = request.httprequest.remote_addr
        text = body.get("passkey_token")
        if not isinstance(text, str):
            raise ApiError("bad_value", _('Send "passkey_token" as a string.'))
        assertion = passkeys.parse_assertion(body.get("credential"))
        users = request.env["res.users"]
        users._jwt_passkey_try(assertion, address)
        challenge = request.env["jwt.login.challenge"]._take_passkey(text, address)
        request.session["webauthn_challenge"] = challenge  # the session is never saved
        user = users._jwt_passkey_login(assertion, address)
        return self._logged_in(user, "passkey")

    @staticmethod
    def _check_passkeys():
        """
        :raise ApiError: ``not_found`` if Odoo's passkeys are not installed
        """
        if "auth.passkey.key" not in request.env:
            raise ApiError("not_found", _("Passkeys are not installed."))

    def _logged_in(self, user, method, api_key=None):
        """Open a session for an authenticated user, and return the response."""
        http, sessions = request.httprequest, request.env["jwt.session"]
        profile, browser = sessions._profile(), self._is_browser()
        if browser and (old := http.cookies.get(profile.cookie)):
            sessions._replace(old, http.remote_addr)
        client_type = "browser" if browser else "app"
        session, access, refresh = sessions._open(
            user, client_type, http.user_agent.string, http.remote_addr, method, api_key
        )
        in_body = IN_COOKIE if browser and profile.cookie_alone else str(refresh)
        response = request.dispatcher.answer(
            {"token": access, "refreshToken": in_body, "user_id": user.id},
            headers=_expires_in(session._access_seconds()),
        )
        if browser:
            self._set_cookie(response, profile, str(refresh), session._seconds_left())
        return response

    @api_route("/api/update/access-token", auth="none", **_WRITES)
    def update_access_token(self):
        """Refresh: ``{"user_id": 2}`` → ``{"access_token"}``; a refresh token from the cookie is rotated.

        In profile ``compatible``, a token that was sent explicitly is not rotated: its client could not
        read the successor in the cookie, so the next refresh would count as reuse.
        """
        body = parsing.parse_keys(request.dispatcher.body, "refresh")
        done, to_cookie = self._renew(body, user_id=self._user_id(body))
        answer = {"access_token": done.access_token}
        if done.refresh_token and not to_cookie:
            answer[REFRESH_TOKEN] = str(done.refresh_token)
        return self._renewed(done, to_cookie, answer, _expires_in(done.access_seconds))

    @api_route("/api/update/refresh-token", auth="jwt", **_WRITES)
    def update_refresh_token(self):
        """Rotate the refresh token → ``{"status": "done", "refreshToken"}``.

        An app gets the new token in ``refreshToken``; a browser gets 1, and the token in the cookie.
        """
        body = parsing.parse_keys(request.dispatcher.body, "refresh")
        claims = request.jwt
        done, to_cookie = self._renew(body, rotate=True, user_id=claims.user_id, sid=claims.session)
        in_body = IN_COOKIE if to_cookie else str(done.refresh_token)
        return self._renewed(done, to_cookie, {"status": "done", REFRESH_TOKEN: in_body})

    def _renew(self, body, *, user_id, sid=None, rotate=False):
        """Exchange the refresh token of the request for new tokens.

        :param bool rotate: rotate the refresh token, regardless of how it was sent and of the profile
        :return: a :class:`~..models.jwt_session.Refreshed`, and whether its refresh token goes into
            the cookie
        :raise ApiError: as ``jwt.session._refresh`` and :meth:`_refresh_token`
        """
        sessions, http = request.env["jwt.session"], request.httprequest
        profile = sessions._profile()
        refresh, from_cookie = self._refresh_token(profile, body)
        done = sessions._refresh(
            refresh,
            Sender(http.remote_addr, http.user_agent.string),
            rotate=rotate or from_cookie or profile.rotates_every_token,
            user_id=user_id,
            sid=sid,
        )
        return done, self._to_cookie(done.client_type, from_cookie)

    def _renewed(self, done, to_cookie, answer, headers=()):
        """Return the response for :meth:`_renew`, with the cookie if the refresh token goes there."""
        response = request.dispatcher.answer(answer, headers=headers)
        if done.refresh_token and to_cookie:
            profile = request.env["jwt.session"]._profile()
            self._set_cookie(response, profile, str(done.refresh_token), done.seconds_left)
        return response

    @api_route("/api/revoke/token", auth="none", **_WRITES)
    def revoke_token(self):
        """Log out; with ``{"all": true}``, on all devices.

        One token is enough: the access token, even an expired one, or the refresh token (RFC 7009).
        """
        body = parsing.parse_keys(request.dispatcher.body, "log_out")
        everywhere = body.get("all", False)
        if not isinstance(everywhere, bool):
            raise ApiError("bad_value", _('"all" must be true or false.'))
        sessions, address = request.env["jwt.session"], request.httprequest.remote_addr
        profile = sessions._profile()
        claims, error = self._signed_claims()
        text, from_cookie = self._sent_refresh_token(profile, body)
        if claims is None and from_cookie and text is not None:
            self._check_origin()
        try:
            sessions._log_out(claims, text, everywhere, address)
        except tokens.InvalidToken:
            if error.error == "missing_token" and text is None:
                raise error from None
            if error.error == "missing_token":
                error = profile.invalid_refresh_token()
            raise request.env["jwt.throttle"]._refusal(error, address) from None
        response = request.dispatcher.answer({"status": "success", "logged_out": 1})
        self._set_cookie(response, profile, "", 0)
        return response

    @api_route("/api/me", auth="jwt", methods=["GET"], readonly=True)
    def me(self):
        """Return the user's profile: ``{"success": true, "data": {"id", "login", "name", "email",
        "partner_id", "lang", "tz", "company_id": [1, "name"], "company_ids": [[1, "name"], …]}}``."""
        return {"success": True, "data": request.env.user._jwt_profile()}

    # from the primary: a login or a log-out is seen at once
    @api_route("/api/sessions", auth="jwt", methods=["GET"], readonly=False)
    def sessions(self):
        """Return the user's active sessions: ``{"success": true, "count": 1, "data": [{"id", "device",
        "client_type", "ip_address", "created_at", "last_used_at", "expires_at", "current"}]}``."""
        data = [
            {
                "id": session.id,
                "device": session.device,
                "client_type": session.client_type,
                "ip_address": session.ip_address,
                "created_at": dump_datetime(session.create_date),
                "last_used_at": dump_datetime(session.last_used_at),
                "expires_at": dump_datetime(session.expires_at),
                "current": session.sid == request.jwt.session,
            }
            for session in request.env["jwt.session"]._living(request.env.user)
        ]
        return {"success": True, "count": len(data), "data": data}

    @api_route("/api/sessions/<jwt_id:session_id>", auth="jwt", methods=["DELETE"], readonly=False)
    def end_session(self, session_id):
        """End one of the user's sessions: ``{"deleted_id": 7}``; 404 for a session of another user."""
        sessions, address = request.env["jwt.session"], request.httprequest.remote_addr
        known = 1 <= session_id <= MAX_ID
        if not known or not sessions._end_own(request.env.user, session_id, address):
            raise ApiError("not_found", _("You have no such session."))
        return {"deleted_id": session_id}

    # --- requests ------------------------------------------------------------------------

    @staticmethod
    def _credentials(body):
        """Return the login and password of a body.

        :raise ApiError: ``bad_value`` unless both are non-empty strings
        """
        credentials = [body.get("login"), body.get("password")]
        for value in credentials:
            if (
                not isinstance(value, str)
                or not 0 < len(value) <= MAX_CREDENTIAL_LENGTH
                or not storable(value)
            ):
                raise ApiError(
                    "bad_value", _('Send "login" and "password" as strings that are not empty.')
                )
        return credentials

    @staticmethod
    def _mfa_answer(body):
        """Return the ``mfa_token`` and the code of a body; the code may be sent as a number.

        :raise ApiError: ``bad_value`` unless both are there
        """
        text, code = body.get("mfa_token"), whole(body.get("code"))
        if type(code) is int:
            code = f"{code:06}"  # a number has lost its leading zeros
        if not isinstance(text, str) or not isinstance(code, str) or len(code) > 32:
            raise ApiError("bad_value", _('Send "mfa_token" and "code" as strings.'))
        return text, code

    @staticmethod
    def _user_id(body):
        """Return the ``user_id`` of a body, or None; 5.0 and "5" are accepted for 5.

        :raise ApiError: ``bad_value``
        """
        value = body.get("user_id")
        if value is None:
            return None
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int or value < 1:
            raise ApiError("bad_value", _('"user_id" must be the number that the login returned.'))
        return value

    def _refresh_token(self, profile, body):
        """Return the refresh token of the request, from the body, else the header, else the cookie.

        A token that was sent explicitly takes precedence over the cookie, even if it is invalid. An
        empty one counts as not sent, as does the placeholder ``1`` for the cookie.

        :return: the token as it was sent, and whether it is from the cookie
        :raise ApiError: ``invalid_refresh_token``, ``bad_value``, ``foreign_origin``
        """
        text, from_cookie = self._sent_refresh_token(profile, body)
        if text is None:
            raise profile.invalid_refresh_token(_("No refresh token was sent."))
        if from_cookie:
            self._check_origin()
        return text, from_cookie

    @staticmethod
    def _sent_refresh_token(profile, body):
        """Return the same as :meth:`_refresh_token`, without checking it.

        :return: the token, or None if none was sent, and whether it is from the cookie
        :raise ApiError: ``bad_value``
        """
        http = request.httprequest
        in_body = whole(body.get(REFRESH_TOKEN))
        if type(in_body) is int and in_body == IN_COOKIE:
            in_body = None
        if in_body is not None and not isinstance(in_body, str):
            raise ApiError("bad_value", _('"refreshToken" must be a string.'))
        if explicit := in_body or http.headers.get(REFRESH_TOKEN):
            return explicit, False
        return http.cookies.get(profile.cookie) or None, True

    @staticmethod
    def _signed_claims():
        """Return the claims of a correctly signed access token; it may be expired or logged out.

        :return: the claims and None, or None and the error: ``missing_token``, ``invalid_token``
        """
        try:
            return request.env["ir.http"]._jwt_signed_claims(), None
        except ApiError as error:
            if error.error not in ("missing_token", "invalid_token"):
                raise
            return None, error

    @staticmethod
    def _check_origin():
        """Check that the page that sent the cookie has our own or an allowed origin.

        Browsers send the cookie with requests of every page of the same site.

        :raise ApiError: ``foreign_origin``
        """
        http = request.httprequest
        headers, origin = http.headers, http.headers.get("Origin")
        if origin:
            # even a proxy that Odoo does not trust may say that the browser uses HTTPS
            forwarded = headers.get("X-Forwarded-Proto", "").lower()
            secure = http.scheme == "https" or "https" in forwarded
            own = origins.is_own(origin, http.host, secure=secure)
            allowed = own or origin in request.dispatcher.allowed_origins()
        else:
            allowed = headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        if not allowed:
            raise ApiError("foreign_origin", _("Pages of this origin may not use the cookie."))

    @staticmethod
    def _is_browser():
        declared = request.httprequest.headers.get(CLIENT_HEADER, "").strip().lower()
        if declared in ("browser", "app"):
            return declared == "browser"
        return bool(request.httprequest.user_agent.browser)

    def _to_cookie(self, client_type, from_cookie):
        """Return whether a new refresh token goes only into the cookie.

        It does for a session that a browser opened and for a token from a cookie, so that a script
        cannot get the token with a header.
        """
        return from_cookie or client_type == "browser" or self._is_browser()

    # --- responses -----------------------------------------------------------------------

    @staticmethod
    def _set_cookie(response, profile, value, seconds):
        """Set the cookie on the response itself: a retry of Odoo would repeat it in ``future_response``.

        ``Response.set_cookie`` would add an ``Expires`` a year ahead (``odoo/http.py``).
        """
        cookie = dump_cookie(
            profile.cookie,
            value,
            max_age=seconds,
            path="/",
            secure=True,
            httponly=True,
            samesite=profile.same_site,
        )
        response.headers.add("Set-Cookie", cookie)


def _expires_in(seconds):
    """Return the header with the seconds until the access token of the response expires."""
    return [(EXPIRES_HEADER, str(seconds))]
