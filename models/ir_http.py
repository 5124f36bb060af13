# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
import time

from werkzeug.routing import BaseConverter

from odoo import api, models
from odoo.http import get_default_session, request, root

from odoo.addons.base.models.ir_http import SignedIntConverter

from ..tools import address, tokens
from ..tools.errors import ApiError, _, unauthorized

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_COMPANY = r" *[0-9]{1,9}(?:\.0{1,9})? *"
_COMPANIES = re.compile(rf"{_COMPANY}(?:,{_COMPANY}){{0,99}}")
#: Longer than any id, in digits.
_LONGEST_ID = 20
#: Length of an ``Accept-Language``; browsers send less than 200 characters.
_MAX_LANGUAGES = 1000
#: Length of a ``User-Agent``; browsers send less than 300 characters.
_MAX_AGENT = 512
COMPANY_HEADER = "X-Odoo-Company"
#: For clients whose proxy lets no other method than POST pass.
OVERRIDE_HEADER = "X-HTTP-Method-Override"
#: What it may say, and the method that it makes of a POST: PATCH equals PUT in this API.
OVERRIDING_METHODS = {"PUT": "PUT", "PATCH": "PUT", "DELETE": "DELETE"}


def cut_headers(http):
    """Cut headers that no client sends so, before they are parsed; nobody has to be logged in to send them.

    A list of 20,000 languages costs up to a second, and Odoo's parser of user agents takes time in the
    square of a row of spaces. Control characters are for no log and no list.
    """
    if len(http.headers.get("Accept-Language", "")) > _MAX_LANGUAGES:
        del http.environ["HTTP_ACCEPT_LANGUAGE"]
    if agent := http.environ.get("HTTP_USER_AGENT"):
        http.environ["HTTP_USER_AGENT"] = "".join(filter(str.isprintable, agent[:_MAX_AGENT]))


def overriding_method():
    """Return the method that a POST says it stands for, in upper case; empty for none."""
    http = request.httprequest
    named = http.headers.get(OVERRIDE_HEADER, "").strip().upper() if http.method == "POST" else ""
    return "" if named == "POST" else named


class AnyPath(BaseConverter):
    """All that is left of a path, doubled slashes and line breaks included; every other rule comes first.

    ``<path:x>`` leaves out what begins with a slash, which is answered in HTML then.
    """

    part_isolating = False
    regex = r"[\s\S]*"
    weight = 1000


class RecordId(SignedIntConverter):
    """Odoo's ``int``, without an exception for what Python does not read as a number.

    It refuses more than 4300 digits, which would end in HTML before any route is found. Digits of
    other scripts, which it does read, are none here.
    """

    regex = r"-?[0-9]+(?:\.0+)?"  # some languages write 2.0

    def to_python(self, value):
        return super().to_python(value.partition(".")[0]) if len(value) < _LONGEST_ID else 0


class IrHttp(models.AbstractModel):
    """``@route(auth="jwt")``, for the routes of any addon.

    The caller's access token stands for its user; an Odoo session cookie in the same request
    counts for nothing, and none is ever made. On such a route ``request.jwt`` holds the checked
    :class:`~odoo.addons.jwt_auth_api.tools.tokens.Claims`.
    """

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "jwt_any_path": AnyPath, "jwt_id": RecordId}

    @classmethod
    def _match(cls, path_info):
        """Find the route of the method that a POST to this API stands for (``X-HTTP-Method-Override``).

        From here on the request has that method: its route, the connection's toggles, ``If-Match``,
        limits and the log know no other. The dispatcher refuses what stands for no method.
        """
        rule, args = super()._match(path_info)
        method = OVERRIDING_METHODS.get(overriding_method())
        if method is None or rule.endpoint.routing["type"] != "jwt_api":
            return rule, args
        cls._set_method(method)
        found = super()._match(path_info)
        if found[0].endpoint.routing["type"] == "jwt_api":
            return found
        cls._set_method("POST")  # a route of another addon's, which knows nothing of the header
        return rule, args

    @staticmethod
    def _set_method(method):
        request.httprequest.method = request.httprequest.environ["REQUEST_METHOD"] = method

    @classmethod
    def _authenticate(cls, endpoint):
        routing = endpoint.routing
        if routing["type"] == "jwt_api" or routing["auth"] == "jwt":
            cls._normalize_address()
            cls._forget_cookie_session()
        if routing["type"] == "jwt_api":
            method = request.httprequest.method
            # the bytes of a file are no envelope, whatever they look like
            request.dispatcher.may_be_envelope = method not in routing.get("raw_body", ())
            if method == "OPTIONS":
                return cls._authenticate_explicit("none")
        return super()._authenticate(endpoint)

    @staticmethod
    def _normalize_address():
        """Give each client one address, for whatever reads it later, Odoo's own code too.

        That is throttles, events, sessions and logs. Odoo reads the address in both places.
        """
        http = request.httprequest
        http.remote_addr = http.environ["REMOTE_ADDR"] = address.normalize(http.remote_addr)

    @classmethod
    def _authenticate_explicit(cls, auth):
        """Let exceptions through: Odoo's own method turns each but a few into a 403.

        So a database that cannot answer is a 503 and no missing right, and Odoo's retry sees a lost
        race. The request has no session of Odoo's here that could be checked.
        """
        if auth == "jwt":
            return cls._auth_method_jwt()
        return super()._authenticate_explicit(auth)

    @classmethod
    def _forget_cookie_session(cls):
        """Put an empty session that is never saved in place of a cookie's.

        So neither its user nor its context, debug mode or identity check can reach a call that
        another token authorises, and a cookie alone opens nothing (no CSRF). Odoo's retry reloads
        the session and authenticates again, which comes back here.
        """
        if not request.session.is_new:
            session = request.session = root.session_store.new()
            session.update(get_default_session(), db=request.db)  # what an endpoint may rely on
            session.context = {"lang": request.default_lang()}
        request.session.can_save = False
        lang = request.accepted_language = cls._accepted_language()
        request.env = api.Environment(request.env.cr, None, {"lang": lang} if lang else {})

    @classmethod
    def _auth_method_jwt(cls):
        """The caller's access token is signed by this database, has not expired, and its session
        and user live: two dictionary look-ups and one SQL statement.

        :raise ApiError: 401 with an RFC 6750 challenge
        """
        text = cls._bearer_token()
        try:
            claims = request.env["jwt.session"]._authenticate(text)
        except tokens.InvalidToken as exc:
            raise cls._invalid_token() from exc
        cls._enter(claims)

    @classmethod
    def _jwt_signed_claims(cls):
        """Return the claims of the caller's access token, which may have expired or be logged out.

        For log-out alone.

        :raise ApiError: ``missing_token``, ``invalid_token``
        """
        text = cls._bearer_token()
        try:
            issuer = request.env["jwt.signing.key"]._issuer()
            return tokens.verify(text, issuer, time.time(), allow_expired=True)
        except tokens.InvalidToken as exc:
            raise cls._invalid_token() from exc

    @classmethod
    def _bearer_token(cls):
        """Return the access token of the request, unchecked.

        :raise ApiError: ``missing_token``, ``invalid_token``
        """
        header = request.httprequest.headers.get("Authorization")
        if not header:
            raise unauthorized(
                "missing_token", _("Send an access token: Authorization: Bearer <token>.")
            )
        match = _BEARER.fullmatch(header)
        if not match:
            raise cls._invalid_token()
        return match.group(1)

    @classmethod
    def _enter(cls, claims):
        request.jwt = claims
        context = dict(request.env["res.users"]._jwt_context(claims.user_id))
        if lang := cls._language_of_call(context.get("lang")):
            context["lang"] = lang
        if COMPANY_HEADER in request.httprequest.headers:
            context["allowed_company_ids"] = cls._companies(request.env(user=claims.user_id).user)
        request.update_env(user=claims.user_id, context=context)

    @classmethod
    def _language_of_call(cls, own):
        """The language that a call reads or writes in; None for the user's own.

        What a browser accepts decides what is read. A write changes one language, so that one has to
        be named: by ``Content-Language`` or, on this API's own routes, by the parameter ``lang``.

        :param own: the user's own language
        :raise ApiError: ``bad_parameter`` for one that is not installed
        """
        http = request.httprequest
        reads = http.method in ("GET", "HEAD", "OPTIONS")
        named = None
        if request.dispatcher.routing_type == "jwt_api":
            named = http.args.get("lang")
        if not named and not reads:
            named = http.headers.get("Content-Language")
        if not named:
            return request.accepted_language if reads else None
        code = named.strip().replace("-", "_").lower()
        fitting = cls._installed_languages(code)
        if not fitting:
            raise ApiError(
                "bad_parameter",
                _("%(lang)s is no language that is installed here."),
                lang=ascii(named[:32])[1:-1],
            )
        return own if own in fitting else fitting[0]

    @staticmethod
    def _installed_languages(code):
        """Codes of the installed languages that a code in lower case stands for: ``fr`` for any French."""
        installed = [name for name, _label in request.env["res.lang"].sudo().get_installed()]
        return [
            name
            for name in installed
            if name.lower() == code or name.lower().startswith((f"{code}_", f"{code}@"))
        ]

    @classmethod
    def _accepted_language(cls):
        """The language that the client likes best of those installed; None without one, or for ``*``.

        ``fr`` stands for any French, ``fr-CA`` for that of Canada or, without it, for any.
        """
        cut_headers(request.httprequest)
        accepted = request.httprequest.accept_languages
        if not accepted:
            return None
        for wanted, quality in accepted:
            if wanted == "*":
                return None
            code = wanted.replace("-", "_").lower()
            fitting = cls._installed_languages(code) or cls._installed_languages(
                code.partition("_")[0]
            )
            if quality and fitting:
                return fitting[0]
        return None

    @staticmethod
    def _companies(user):
        """The companies that a call is about, the first of them for what it creates.

        :raise ApiError: ``bad_parameter``, or ``access_denied`` for one that is not the user's
        """
        text = request.httprequest.headers[COMPANY_HEADER]
        if not _COMPANIES.fullmatch(text):
            raise ApiError(
                "bad_parameter", _("X-Odoo-Company is the id of a company, or several: 3,5.")
            )
        ids = list(dict.fromkeys(int(part.partition(".")[0]) for part in text.split(",")))
        if not set(ids) <= set(user._get_company_ids()):
            raise ApiError("access_denied", _("You do not work in this company."))
        return ids

    @staticmethod
    def _invalid_token():
        return unauthorized(
            "invalid_token",
            _("The access token is not valid any more. Refresh it or log in again."),
            challenge="invalid_token",
        )
