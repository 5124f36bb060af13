# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
import time
from dataclasses import dataclass

from werkzeug.routing import BaseConverter

from odoo import SUPERUSER_ID, api, models
from odoo.http import STORED_SESSION_BYTES, get_default_session, request, root

from odoo.addons.base.models.ir_http import SignedIntConverter

from ..engine.transaction import reads_replica
from ..tools import address, tokens
from ..tools.errors import ApiError, _, unauthorized

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_COMPANY = r" *[0-9]{1,9}(?:\.0{1,9})? *"
_COMPANIES = re.compile(rf"{_COMPANY}(?:,{_COMPANY}){{0,99}}")
#: More digits than any id has.
_LONGEST_ID = 20
#: Maximum length of ``Accept-Language``; browsers send less than 200 characters.
_MAX_LANGUAGES = 1000
#: Maximum length of ``User-Agent``; browsers send less than 300 characters.
_MAX_AGENT = 512
COMPANY_HEADER = "X-Odoo-Company"
#: With the value ``strong``, a read runs on the primary of PostgreSQL and shows all that is committed.
CONSISTENCY_HEADER = "X-Odoo-Consistency"
#: The parameter of a link to a file that holds its signature.
SIGNATURE = "signature"
#: For clients whose proxy blocks PUT, PATCH and DELETE.
OVERRIDE_HEADER = "X-HTTP-Method-Override"
#: Its allowed values, and the methods that they stand for: PATCH equals PUT in this API.
OVERRIDING_METHODS = {"PUT": "PUT", "PATCH": "PUT", "DELETE": "DELETE"}


def dead_link():
    """Return the error for a link to a file that is not valid, or no longer."""
    return ApiError("not_found", _("This link has expired or is not valid. Request a new one."))


def cut_headers(http):
    """Cut overlong headers before they are parsed: clients can send them without a login.

    Parsing 20,000 languages takes up to a second, and Odoo's parser of user agents takes quadratic
    time for a sequence of spaces. Control characters must not reach logs and lists.
    """
    if len(http.headers.get("Accept-Language", "")) > _MAX_LANGUAGES:
        del http.environ["HTTP_ACCEPT_LANGUAGE"]
    if agent := http.environ.get("HTTP_USER_AGENT"):
        http.environ["HTTP_USER_AGENT"] = "".join(filter(str.isprintable, agent[:_MAX_AGENT]))


def overriding_method():
    """Return the method in the override header of a POST, in upper case; empty if there is none."""
    http = request.httprequest
    named = http.headers.get(OVERRIDE_HEADER, "").strip().upper() if http.method == "POST" else ""
    return "" if named == "POST" else named


@dataclass(frozen=True)
class WebClient:
    """Hold what identifies a session of Odoo's web client, and who sent the request."""

    sid: str
    user_agent: str
    address: str


class AnyPath(BaseConverter):
    """Match any rest of a path, including doubled slashes and line breaks, after all other rules.

    ``<path:x>`` does not match a rest that begins with a slash: Odoo would respond in HTML.
    """

    part_isolating = False
    regex = r"[\s\S]*"
    weight = 1000


class RecordId(SignedIntConverter):
    """Match an id as Odoo's ``int`` does, without an exception for a number that is too long.

    Python refuses to parse more than 4300 digits: Odoo would respond in HTML, before a route is found.
    Digits of other scripts, which Python accepts, do not match.
    """

    regex = r"-?[0-9]+(?:\.0+)?"  # some languages write 2.0

    def to_python(self, value):
        return super().to_python(value.partition(".")[0]) if len(value) < _LONGEST_ID else 0


class IrHttp(models.AbstractModel):
    """Provide ``@route(auth="jwt")`` for the routes of any addon.

    The access token alone decides who the user is: an Odoo session cookie in the same request is
    ignored, and none is created. On such a route, ``request.jwt`` holds the verified
    :class:`~odoo.addons.jwt_auth_api.tools.tokens.Claims`.
    """

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "jwt_any_path": AnyPath, "jwt_id": RecordId}

    @classmethod
    def _match(cls, path_info):
        """Find the route for the method that a POST to this API overrides (``X-HTTP-Method-Override``).

        From here on the request has that method, for its route, the connection's methods,
        ``If-Match``, limits and the log. The dispatcher refuses invalid values.
        """
        rule, args = super()._match(path_info)
        method = OVERRIDING_METHODS.get(overriding_method())
        if method is None or rule.endpoint.routing["type"] != "jwt_api":
            return rule, args
        cls._set_method(method)
        found = super()._match(path_info)
        if found[0].endpoint.routing["type"] == "jwt_api":
            return found
        cls._set_method("POST")  # a route of another addon, which does not support the header
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
            # the bytes of a file are never an envelope, even if they look like one
            request.dispatcher.may_be_envelope = method not in routing.get("raw_body", ())
            if method == "OPTIONS":
                return cls._authenticate_explicit("none")
        return super()._authenticate(endpoint)

    @staticmethod
    def _normalize_address():
        """Normalize the client's address for all code that reads it later, including Odoo's own.

        Throttles, events, sessions and logs use it. Odoo reads it from both places.
        """
        http = request.httprequest
        http.remote_addr = http.environ["REMOTE_ADDR"] = address.normalize(http.remote_addr)

    @classmethod
    def _authenticate_explicit(cls, auth):
        """Authenticate without catching exceptions: Odoo's own method turns most of them into a 403.

        An unavailable database must be a 503 and not a missing right, and Odoo's retry must see a lost
        race. The session check that Odoo adds is not needed: the request has no Odoo session here.
        """
        if auth == "jwt":
            return cls._auth_method_jwt()
        if auth == "jwt_or_public":
            return cls._auth_method_jwt_or_public()
        if auth == "jwt_link":
            return cls._auth_method_jwt_link()
        return super()._authenticate_explicit(auth)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Set the company's language for a request without a language, as Odoo does, in one statement.

        Odoo reads the user, the company and its contact with all their columns for that (``get_lang``), which
        would be most of the cost of a refresh.
        """
        if rule.endpoint.routing["type"] == "jwt_api" and not request.env.context.get("lang"):
            request.update_context(lang=cls._company_language())
        return super()._pre_dispatch(rule, args)

    @staticmethod
    def _company_language():
        """Return the language of the company of the current user or, without one, of OdooBot.

        The same statement reads the version of the caches, which the endpoint needs next.

        :return: None if the company has no language; Odoo then chooses one
        """
        # no joins, as in `jwt.session._find`
        request.env.cr.execute(
            """
            SELECT (SELECT lang FROM res_partner WHERE id = (
                       SELECT partner_id FROM res_company WHERE id = (
                           SELECT company_id FROM res_users WHERE id = %s))),
                   (SELECT version FROM jwt_cache_version)
            """,
            [request.env.uid or SUPERUSER_ID],
        )
        lang, version = request.env.cr.fetchone()
        request.env["jwt.cache.version"]._remember(version)
        return lang

    @classmethod
    def _forget_cookie_session(cls):
        """Replace the session of the cookie with an empty one that is never saved.

        Its user, context, debug mode and identity check therefore cannot affect a call that a token
        authorizes, and a cookie alone gives no access (no CSRF). Odoo's retry reloads the session and
        authenticates again, which calls this again.
        """
        if not request.session.is_new:
            session = request.session = root.session_store.new()
            session.update(get_default_session(), db=request.db)  # endpoints may rely on these
            session.context = {"lang": request.default_lang()}
        request.session.can_save = False
        lang = request.accepted_language = cls._accepted_language()
        request.env = api.Environment(request.env.cr, None, {"lang": lang} if lang else {})

    @classmethod
    def _jwt_may_read_replica(cls, auth):
        """Return whether a request that only reads may run on a replica of PostgreSQL, if there is one.

        Odoo asks before the request is authenticated. The token is verified here if that is needed, and
        not again later.

        :param str auth: the authentication method of the route
        :rtype: bool
        """
        if not reads_replica(request.env.cr):
            return True
        http, verify = request.httprequest, tokens.verify
        match = _BEARER.fullmatch(http.headers.get("Authorization", ""))
        text = match.group(1) if match and auth in ("jwt", "jwt_or_public") else ""
        if auth == "jwt_link":
            text, verify = http.args.get(SIGNATURE, ""), tokens.verify_link
        return not text or request.env["jwt.session"]._may_read_replica(text, verify)

    @classmethod
    def _post_logout(cls):
        """End the session of the console together with that of the web client."""
        result = super()._post_logout()
        request.env["jwt.session"]._end_of_web(request.session.sid[:STORED_SESSION_BYTES])
        return result

    @classmethod
    def _jwt_is_forwarded(cls):
        """Return whether a reverse proxy has passed on the present request."""
        return bool(request) and "X-Forwarded-For" in request.httprequest.headers

    @classmethod
    def _jwt_web_client(cls):
        """Return what identifies the session of the web client that sent the request, and its sender.

        :return: None for a request that is not authorized by such a session, but by an API key
        :rtype: WebClient | None
        """
        if not request:  # XML-RPC
            return None
        session, http = request.session, request.httprequest
        if not session.can_save or not session.uid or session.uid != request.env.uid:
            return None
        cut_headers(http)
        return WebClient(
            session.sid[:STORED_SESSION_BYTES],
            http.user_agent.string,
            address.normalize(http.remote_addr),
        )

    @classmethod
    def _auth_method_jwt(cls):
        """Authenticate the caller by the access token: its signature, expiry, session and user.

        This costs two dictionary look-ups and one SQL statement.

        :raise ApiError: 401 with an RFC 6750 challenge
        """
        text = cls._bearer_token()
        try:
            claims = request.env["jwt.session"]._authenticate(text)
        except tokens.InvalidToken as exc:
            raise cls._invalid_token() from exc
        cls._enter(claims)

    @classmethod
    def _auth_method_jwt_or_public(cls):
        """Authenticate the caller if the request has an ``Authorization`` header, else as the public user.

        :raise ApiError: as :meth:`_auth_method_jwt`, for an invalid token
        """
        if "Authorization" in request.httprequest.headers:
            cls._auth_method_jwt()
        else:
            cls._auth_method_public()

    @classmethod
    def _auth_method_jwt_link(cls):
        """Authenticate the caller by the signature of a link to a file: it names this path, and a session.

        The headers ``Authorization`` and ``X-Odoo-Company`` are ignored here, as is a cookie: ``<img>``
        sends none of them.

        :raise ApiError: ``not_found``, the same for each cause
        """
        signature = request.httprequest.args.get(SIGNATURE, "")
        try:
            link = request.env["jwt.session"]._authenticate_link(signature)
        except tokens.InvalidToken as exc:
            raise dead_link() from exc
        user = request.env(user=link.user_id).user
        if link.path != request.httprequest.path or not {*link.companies} <= {
            *user._get_company_ids()
        }:
            raise dead_link()
        request.jwt_link = link  # not `jwt`, which holds the claims of an access token
        cls._run_as(link.user_id, link.companies)

    @classmethod
    def _jwt_signed_claims(cls):
        """Return the claims of the caller's access token, even if it has expired or is logged out.

        For the logout only.

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
        """Return the access token of the request, without verifying it.

        :raise ApiError: ``missing_token``, ``invalid_token``
        """
        header = request.httprequest.headers.get("Authorization")
        if not header:
            raise unauthorized(
                "missing_token", _("Send an access token: Authorization: Bearer <token>.")
            )
        match = _BEARER.fullmatch(header)
        if not match:
            raise unauthorized(
                "invalid_token",
                _(
                    "The Authorization header does not have the form"
                    ' "Authorization: Bearer <token>".'
                ),
                challenge="invalid_token",
            )
        return match.group(1)

    @classmethod
    def _enter(cls, claims):
        """Run the request as the user of verified claims, in the companies that the client names."""
        request.jwt = claims
        companies = ()
        if COMPANY_HEADER in request.httprequest.headers:
            companies = cls._companies(request.env(user=claims.user_id).user)
        cls._run_as(claims.user_id, companies)

    @classmethod
    def _run_as(cls, user_id, companies):
        """Run the request as a user.

        :param companies: ids of companies; empty for those of the user
        """
        context = dict(request.env["res.users"]._jwt_context(user_id))
        if lang := cls._language_of_call(context.get("lang")):
            context["lang"] = lang
        if companies:
            context["allowed_company_ids"] = list(companies)
        request.update_env(user=user_id, context=context)

    @classmethod
    def _language_of_call(cls, own):
        """Return the language that a call reads or writes in; None for the user's own.

        Reads use the client's ``Accept-Language``. A write changes one language, so the client has to
        name it: with ``Content-Language`` or, on this API's own routes, the parameter ``lang``.

        :param own: the user's own language
        :raise ApiError: ``bad_parameter`` for a language that is not installed
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
                _("The language %(lang)s is not installed."),
                lang=ascii(named[:32])[1:-1],
            )
        return own if own in fitting else fitting[0]

    @staticmethod
    def _installed_languages(code):
        """Return the installed languages that match a code in lower case: ``fr`` matches any French."""
        installed = [name for name, _label in request.env["res.lang"].sudo().get_installed()]
        return [
            name
            for name in installed
            if name.lower() == code or name.lower().startswith((f"{code}_", f"{code}@"))
        ]

    @classmethod
    def _accepted_language(cls):
        """Return the installed language that the client prefers; None without one, or for ``*``.

        ``fr`` matches any French; ``fr-CA`` matches Canadian French or, if not installed, any French.
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
        """Return the ids of the companies that a call uses; new records get the first one.

        :raise ApiError: ``bad_parameter``; ``access_denied`` for a company that the user has no access to
        """
        text = request.httprequest.headers[COMPANY_HEADER]
        if not _COMPANIES.fullmatch(text):
            raise ApiError(
                "bad_parameter",
                _("X-Odoo-Company must be the id of a company, or several ids: 3,5."),
            )
        ids = list(dict.fromkeys(int(part.partition(".")[0]) for part in text.split(",")))
        if not set(ids) <= set(user._get_company_ids()):
            raise ApiError("access_denied", _("You have no access to this company."))
        return ids

    @staticmethod
    def _invalid_token():
        return unauthorized(
            "invalid_token",
            _("The access token is invalid or has expired. Refresh it or log in again."),
            challenge="invalid_token",
        )
