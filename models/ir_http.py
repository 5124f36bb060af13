# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
import time

from werkzeug.routing import BaseConverter

from odoo import api, models
from odoo.http import get_default_session, request, root

from ..tools import tokens
from ..tools.errors import ApiError, _

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_REALM = 'Bearer realm="odoo"'


def unauthorized(error, message, *, challenge=""):
    """A 401 with the challenge of RFC 6750, section 3.

    :param challenge: the ``error`` of the challenge; none when the client sent no token at all
    """
    header = f'{_REALM}, error="{challenge}"' if challenge else _REALM
    return ApiError(error, message, headers=[("WWW-Authenticate", header)])


class AnyPath(BaseConverter):
    """All that is left of a path, doubled slashes and line breaks included; every other rule comes first.

    ``<path:x>`` leaves out what begins with a slash, which is answered in HTML then.
    """

    part_isolating = False
    regex = r"[\s\S]*"
    weight = 1000


class IrHttp(models.AbstractModel):
    """``@route(auth="jwt")``, for the routes of any addon.

    The caller's access token stands for its user; an Odoo session cookie in the same request
    counts for nothing, and none is ever made. On such a route ``request.jwt`` holds the checked
    :class:`~odoo.addons.jwt_auth_api.tools.tokens.Claims`.
    """

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "jwt_any_path": AnyPath}

    @classmethod
    def _authenticate(cls, endpoint):
        routing = endpoint.routing
        if routing["type"] == "jwt_api" or routing["auth"] in ("jwt", "jwt_signed"):
            cls._forget_cookie_session()
            if routing["type"] == "jwt_api" and request.httprequest.method == "OPTIONS":
                return cls._authenticate_explicit("none")
        return super()._authenticate(endpoint)

    @classmethod
    def _forget_cookie_session(cls):
        """Put an empty session that is never saved in place of the cookie's.

        So neither its user nor its context, debug mode or identity check can reach a call that
        another token authorises, and a cookie alone opens nothing (no CSRF). Odoo's retry reloads
        the session and authenticates again, which comes back here.
        """
        session = request.session = root.session_store.new()
        session.can_save = False
        session.update(get_default_session(), db=request.db)  # what an endpoint may rely on
        session.context = {"lang": request.default_lang()}
        request.env = api.Environment(request.env.cr, None, {})

    @classmethod
    def _auth_method_jwt(cls):
        """The caller's access token is signed by this database, has not expired, and its session
        and user live: two dictionary look-ups and one SQL statement.

        :raise ApiError: 401 with an RFC 6750 challenge
        """
        claims = cls._jwt_claims()
        if not request.env["jwt.session"]._is_alive(claims):
            raise cls._invalid_token()
        cls._enter(claims)

    @classmethod
    def _auth_method_jwt_signed(cls):
        """The caller's access token is signed by this database; it may be expired or logged out.

        For log-out alone. The request has no user.
        """
        request.jwt = cls._jwt_claims(allow_expired=True)
        cls._auth_method_none()

    @classmethod
    def _jwt_claims(cls, **options):
        header = request.httprequest.headers.get("Authorization")
        if not header:
            raise unauthorized(
                "missing_token", _("Send an access token: Authorization: Bearer <token>.")
            )
        match = _BEARER.fullmatch(header)
        if not match:
            raise cls._invalid_token()
        try:
            issuer = request.env["jwt.signing.key"]._issuer()
            return tokens.verify(match.group(1), issuer, time.time(), **options)
        except tokens.InvalidToken as exc:
            raise cls._invalid_token() from exc

    @classmethod
    def _enter(cls, claims):
        request.jwt = claims
        context = request.env(user=claims.user_id)["res.users"].context_get()
        request.update_env(user=claims.user_id, context=dict(context))

    @staticmethod
    def _invalid_token():
        return unauthorized(
            "invalid_token",
            _("The access token is not valid any more. Refresh it or log in again."),
            challenge="invalid_token",
        )
