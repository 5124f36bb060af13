# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The route type ``jwt_api``: how a request becomes a body and how anything becomes an answer.

Odoo's own types answer errors in HTML (``http``) or with a traceback (``json2``) and are chosen
too late for a 404, 405 or 415 (``odoo/http.py``). This one takes every request, answers JSON
alone, and answers a JSON-RPC 2.0 envelope in an envelope.
"""

import json
import logging
import math
import re
import time
from http import HTTPStatus
from urllib.parse import urlsplit

import psycopg2
import werkzeug.exceptions

from odoo.exceptions import RedirectWarning, UserError
from odoo.http import Dispatcher, HttpDispatcher, Response, db_filter, route
from odoo.service.db import list_dbs

from ..models.ir_http import (
    COMPANY_HEADER,
    OVERRIDE_HEADER,
    cut_headers,
    overriding_method,
)
from ..tools import errors, idempotency, parsing
from ..tools.errors import ApiError, Refused, _
from ..tools.names import is_empty
from ..tools.text import language_tag, reject_constant
from .usage import Usage

_logger = logging.getLogger(__name__)

JSON_RPC = "2.0"
#: The members of a JSON-RPC request. No body of this API has a key of these names.
_JSON_RPC_MEMBERS = frozenset(["jsonrpc", "method", "id", "params"])
#: An error is answered before the route's own limit is known; a longer body is not looked into
#: to find out whether it is an envelope.
_MAX_ENVELOPE_BYTES = 1 << 20
#: Request headers of this API beyond the ones that a browser always allows.
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Accept, Accept-Language, refreshToken, X-Client-Type,"
    " X-Requested-With, X-Odoo-Database, X-Odoo-Company, If-Match, If-None-Match, Idempotency-Key"
)
_EXPOSED_HEADERS = (
    "WWW-Authenticate, Retry-After, Allow, ETag, Idempotency-Replayed, X-Token-Expires-In,"
    " RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Location, Content-Language,"
    " Content-Disposition, Content-Range, Accept-Ranges"
)
#: Names of headers (RFC 9110, section 5.6.2), separated by commas.
_HEADER_NAMES = re.compile(
    r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*"
)
_MAX_HEADER_NAMES = 2000
#: Values of ``Content-Encoding`` that leave a body as it is.
_PLAIN_CODINGS = frozenset(["", "identity"])
_PREFLIGHT_SECONDS = 600
#: What a rule without methods allows, as far as anybody asks.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class ApiDispatcher(Dispatcher):
    """Give the endpoint its path parameters; the body is :attr:`body`, the query string werkzeug's.

    An endpoint returns a JSON value, or a :class:`odoo.http.Response`, made by :meth:`answer` when
    it needs a status or a header.
    """

    routing_type = "jwt_api"
    mimetypes = ("application/json", "application/json-rpc")

    def __init__(self, request):
        super().__init__(request)
        #: The decoded body, the ``params`` of an envelope; an empty dict when there is none.
        self.body = {}
        self._envelope = None
        #: Whether an error may still look for an envelope in the body.
        self.may_be_envelope = True
        self._usage = None
        self._allowances = {}
        #: Whether the answer was made for an earlier request with the same ``Idempotency-Key``.
        self.replayed = False
        self._started = time.monotonic()

    @classmethod
    def is_compatible_with(cls, request):
        """Always: Odoo's own 415 is HTML. :meth:`_decode` looks at the media type."""
        return True

    def pre_dispatch(self, rule, args):
        # as _authenticate says, which no database is asked for
        self.request.session.can_save = False
        if self.request.httprequest.method == "OPTIONS":
            werkzeug.exceptions.abort(self._preflight(rule))
        return super().pre_dispatch(rule, args)

    def dispatch(self, endpoint, args):
        if not self.request.db:
            raise _no_database(self.request.httprequest)
        if overriding_method():  # a known one has been put in place of POST
            raise ApiError(
                "bad_request", _("%(header)s is PUT, PATCH or DELETE."), header=OVERRIDE_HEADER
            )
        routing, method = endpoint.routing, self.request.httprequest.method
        if routing.get("json_body", True) and method not in routing.get("raw_body", ()):
            self._decode()
        self.request.params = dict(args)
        try:
            result = self.request.registry["ir.http"]._dispatch(endpoint)
        except Refused as error:  # returned, so that Odoo commits what was written before it
            result = self.refuse(error)
        response = result if isinstance(result, Response) else self.answer(result)
        if self._usage:
            self._usage.log_on_commit(response)
        return response

    def use(self, connection, model):
        """This request uses a connection: from here on it is counted, and logged when answered.

        Call it before anything can refuse the request, and before anything is written. Odoo may
        run the request again: it is counted once.

        :param connection: :class:`~..models.connection_api.Connection`; None for none
        :raise ApiError: ``too_many_requests``
        """
        if not connection or not (connection.rate_limit or connection.log_requests):
            return
        if self._usage is None:
            self._usage = Usage.begin(self.request, connection, model, self._started)
        self._usage.check()

    def use_expanded(self, connections):
        """Count this request for the limits of the connections that its answer expands.

        As :meth:`use`, before anything is written.

        :param connections: of :meth:`~..engine.policy.Policy.expanded`
        :raise ApiError: ``too_many_requests``
        """
        for connection in connections:
            own = self._usage and self._usage.connection.id == connection.id
            if own or not connection.rate_limit:
                continue
            if connection.id not in self._allowances:
                usage = self.request.env["connection.api.rate.limit"]
                self._allowances[connection.id] = usage._take(connection.id, connection.rate_limit)
            if refusal := self._allowances[connection.id].refusal():
                raise refusal

    def once(self, make):
        """What ``make()`` gives; for a repetition of a request with its ``Idempotency-Key``, what it gave.

        Call it before anything is written.

        :param make: gives a JSON value; whatever it raises frees the key
        :raise ApiError: ``bad_parameter``, ``idempotency_key_reused``
        """
        http = self.request.httprequest
        text = http.headers.get("Idempotency-Key")
        if text is None:
            return make()
        key = idempotency.parse_key(text)
        params, company = http.args.items(multi=True), http.headers.get(COMPANY_HEADER, "")
        if language := http.headers.get("Content-Language"):
            company = f"{company} {language}"
        asked = idempotency.fingerprint(http.method, http.path, params, self.body, company)
        keys = self.request.env["connection.api.idempotency"]
        value, self.replayed = keys._once(key, asked, make)
        return value

    def answer(self, value, status=HTTPStatus.OK, headers=()):
        """A JSON answer, in an envelope if the request came in one."""
        if self._usage:
            self._usage.answered(value, status)
        if self._envelope is not None:
            value, status = {**self._envelope, "result": value}, HTTPStatus.OK
        language = _content_language(self.request.env.context.get("lang"))
        return self._response(value, status, [*language, *headers])

    def handle_error(self, exc):
        """Return the JSON response for any exception; called outside of the transaction.

        Whatever fails in here would become a page in HTML. Nothing is committed after it, so that
        no exception of the ORM is hidden from Odoo's retry.
        """
        try:
            return self._answer_error(exc)
        except Exception:
            _logger.exception("The response to an error is neither translated nor logged.")
            return self._refusal(errors.from_exception(exc))

    def _answer_error(self, exc):
        if self.request.env and getattr(exc, "pgcode", None):
            self.request.env.cr.rollback()  # so that what the answer needs can be read
        if isinstance(exc, RedirectWarning):  # a UserError with a button, which is of no use here
            error = errors.from_exception(UserError(exc.args[0]))
        else:
            error = errors.from_exception(exc)
        if error.code < 500 and not isinstance(exc, werkzeug.exceptions.HTTPException):
            exc.loglevel = logging.INFO  # the client's mistake is no warning of the server's
        response = self.refuse(error)
        if self._usage and self.request.env:
            self._usage.log_now(response)
        return response

    def refuse(self, error):
        """Return the response for an error."""
        self._look_for_envelope()
        if self._usage:
            self._usage.refused(error)
        lang = self._error_env().context.get("lang") if self.request.env else None
        headers = [*self._common_headers(), *_content_language(lang)]
        return self._refusal(error, self._translate, headers)

    def _refusal(self, error, translate=str, headers=()):
        """Return the response for an error, with nothing looked up."""
        body = error.body(translate)
        status = error.code
        if self._envelope is not None:
            described = {"code": status, "message": body["message"], "data": body}
            body, status = {**self._envelope, "error": described}, HTTPStatus.OK
        return self._response(body, status, [*error.headers, *headers])

    def post_dispatch(self, response):
        result = super().post_dispatch(response)
        for name, value in self._common_headers():
            if name == "Vary":  # the endpoint may have named another header
                value = ", ".join([*response.headers.getlist(name), value])
            response.headers[name] = value
        if self.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return result

    # --- bodies --------------------------------------------------------------------------

    def read_body(self, limit=None):
        """Return the whole body, of a chunked request too.

        werkzeug cuts off a chunked body at its limit and says nothing, so it may read one byte more.

        :param int limit: bytes; the route's own limit unless given
        :raise werkzeug.exceptions.HTTPException: for a body that is too long or ends early
        :raise ApiError: ``bad_request`` for a transfer coding that HTTP servers need not know,
            ``unsupported_media_type`` for a content coding, such as gzip
        """
        http = self.request.httprequest
        if http.headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
            raise ApiError("bad_request", _("Send the body with Content-Length or in chunks."))
        allowed = http.max_content_length
        limit = allowed if limit is None else min(limit, allowed)
        if (http.content_length or 0) > limit:
            raise werkzeug.exceptions.RequestEntityTooLarge
        http.max_content_length = limit + 1
        try:
            data = http.get_data(cache=True)
        finally:
            http.max_content_length = allowed
        if len(data) > limit:
            raise werkzeug.exceptions.RequestEntityTooLarge
        if data and not _PLAIN_CODINGS.issuperset(_content_codings(http)):
            raise ApiError(
                "unsupported_media_type",
                _("Send the body uncompressed: no Content-Encoding is accepted."),
                headers=[("Accept-Encoding", "identity")],  # RFC 9110, section 15.5.16
            )
        return data

    def _decode(self, limit=None):
        """Read the body as JSON.

        :raise ApiError: ``unsupported_media_type``, ``bad_json``, ``bad_value``
        """
        self.may_be_envelope = False
        http = self.request.httprequest
        if http.method in ("GET", "HEAD"):
            return
        data = self.read_body(limit)
        if not data:
            return
        if http.mimetype not in self.mimetypes:
            raise ApiError("unsupported_media_type", _("Send the body as application/json."))
        value = _json(data)
        if _is_nothing(value):
            return
        if not isinstance(value, dict):
            raise ApiError("bad_json", _("The body is not a JSON object."))
        if _is_envelope(value):
            self._envelope = {"jsonrpc": JSON_RPC, "id": _plain_id(value.get("id"))}
            parsing.check_envelope(value, _JSON_RPC_MEMBERS)
            value = value.get("params")
            if is_empty(value) or _is_nothing(value):
                value = {}
            if not isinstance(value, dict):
                raise ApiError(
                    "bad_json", _('The "params" of a JSON-RPC request are an object here.')
                )
        self.body = value

    def unread_body(self):
        """Return the object in the body of a GET, which has no meaning (RFC 9110, section 9.3.1).

        Whoever finds a parameter there can tell the client. An empty dict stands for every other
        method and for a body that is no JSON object.
        """
        http = self.request.httprequest
        has_body = http.content_length or "Transfer-Encoding" in http.headers
        if http.method not in ("GET", "HEAD") or not has_body:
            return {}
        try:
            value = _json(self.read_body(_MAX_ENVELOPE_BYTES))
        except (ApiError, werkzeug.exceptions.HTTPException):
            return {}
        if isinstance(value, dict) and _is_envelope(value):
            value = value.get("params")
        return value if isinstance(value, dict) else {}

    def _look_for_envelope(self):
        """Whoever was refused before the body was read still gets an answer in its own form."""
        if self.may_be_envelope:
            try:
                self._decode(_MAX_ENVELOPE_BYTES)
            except (ApiError, werkzeug.exceptions.HTTPException):
                return

    # --- headers -------------------------------------------------------------------------

    @staticmethod
    def _response(value, status, headers):
        response = Response(errors.dump_json(value), status=status, content_type=errors.JSON_TYPE)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.extend(headers)
        return response

    def _translate(self, source):
        if not self.request.env:
            return source
        return self._error_env()._(source)  # pylint: disable=gettext-variable

    def _error_env(self):
        """The environment whose language an error is told in: what the client accepts, else the call's."""
        env, lang = self.request.env, getattr(self.request, "accepted_language", None)
        return env(context={**env.context, "lang": lang}) if lang else env

    def allowed_origins(self):
        """Origins whose pages may use this API from a browser; a system parameter, read live."""
        if not self.request.db or not self.request.env:
            return frozenset()
        return self.request.env["ir.config_parameter"]._jwt_setting("cors_origins")

    def _common_headers(self):
        """What stands in every answer, errors included."""
        return [*self._cors(), *(self._usage.headers if self._usage else ())]

    def _cors(self):
        """Headers that let a page of an allowed origin read the answer, errors included."""
        origin = self.request.httprequest.headers.get("Origin")
        headers = [("Vary", "Origin")]
        if origin and origin != "null" and origin in self.allowed_origins():
            headers += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", _EXPOSED_HEADERS),
            ]
        return headers

    def _preflight(self, rule):
        methods = ", ".join(sorted(set(rule.methods or _METHODS) - {"OPTIONS"}))
        headers = self._cors()
        if len(headers) > 1:
            headers += [
                ("Access-Control-Allow-Methods", methods),
                ("Access-Control-Allow-Headers", self._allowed_headers()),
                ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
            ]
        response = Response(status=HTTPStatus.NO_CONTENT, headers=[("Allow", methods), *headers])
        response.headers["Vary"] = "Origin, Access-Control-Request-Headers"
        return response

    def _allowed_headers(self):
        """Return the headers that a page of an allowed origin may send: ours and those it asks for.

        Libraries for tracing, caching and the like add their own, and none of them gives a right.
        """
        asked = self.request.httprequest.headers.get("Access-Control-Request-Headers", "").strip()
        if len(asked) <= _MAX_HEADER_NAMES and _HEADER_NAMES.fullmatch(asked):
            return f"{_ALLOWED_HEADERS}, {asked}"
        return _ALLOWED_HEADERS


class UnroutedDispatcher(HttpDispatcher):
    """Odoo's dispatcher for ``http``, which answers in JSON what fails below ``/api`` before routing.

    Odoo begins every request with it and takes that of the route later. Until then a Host header
    that is none, a database that does not answer or one that is not there would be a page in HTML.
    """

    routing_type = HttpDispatcher.routing_type

    def __init__(self, request):
        super().__init__(request)
        # the dispatcher of a route is made when the request knows its database
        self._is_routed = hasattr(request, "registry")
        if self._is_below_api():  # Odoo looks for the language of a session next
            cut_headers(request.httprequest)

    def handle_error(self, exc):
        if self._is_routed or not self._is_ours():
            return super().handle_error(exc)
        http = self.request.httprequest
        if not _names_host(http):
            exc = ApiError("bad_request", _("The Host header names no server."))
        elif not self.request.registry and isinstance(exc, werkzeug.exceptions.NotFound):
            exc = _no_database(http)
        return ApiDispatcher(self.request).handle_error(exc)

    def _is_below_api(self):
        return f"{self.request.httprequest.path}/".startswith("/api/")

    def _is_ours(self):
        """Return whether the path is one of this API, as far as anybody knows without a database."""
        registry = self.request.registry
        return self._is_below_api() and (not registry or "jwt.session" in registry)


def _names_host(http):
    """Return whether the Host header can be read."""
    host = http.environ.get("HTTP_HOST")
    try:
        return bool(host) and urlsplit(f"//{host}").port is not False
    except ValueError:
        return False


def _no_database(http):
    """Return the error for a request without a database: it names none, or the one does not answer.

    :rtype: ApiError
    """
    try:
        served = db_filter(list_dbs(force=True))
    except psycopg2.Error:
        return errors.unavailable()
    named = http.headers.get("X-Odoo-Database")
    if (named or (served[0] if len(served) == 1 else None)) in served:
        return errors.unavailable()
    if named:
        return ApiError("no_database", _("There is no database of this name here."))
    return ApiError(
        "no_database", _("Several databases are served here: name one in X-Odoo-Database.")
    )


def _content_codings(http):
    header = http.headers.get("Content-Encoding", "")
    return [coding.strip().lower() for coding in header.split(",")]


def _content_language(lang):
    return [("Content-Language", language_tag(lang))] if lang else []


def api_route(path, **options):
    """``@route`` of this API: JSON whatever happens, and never a session cookie.

    ``raw_body`` lists the methods whose body is the endpoint's own to read. An endpoint with
    ``json_body=False`` refuses every request, whatever its body is.
    """
    return route(path, type=ApiDispatcher.routing_type, save_session=False, **options)


def _json(data):
    """Return what a body says.

    :raise ApiError: ``bad_json``
    """
    try:
        return json.loads(data, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        raise ApiError("bad_json", _("The body is not JSON.")) from None


def _is_nothing(value):
    """Return whether a body is what some clients send for none: null, or an empty text."""
    return value is None or value == ""


def _is_envelope(body):
    """Return whether a body is a JSON-RPC request, by its own word or because it is nothing else.

    Odoo's own JSON routes take ``{"params": {…}}`` without ``"jsonrpc"``, and clients send it.
    """
    version = body.get("jsonrpc")
    if version is None:
        return "params" in body and body.keys() <= _JSON_RPC_MEMBERS
    return version == JSON_RPC


def _plain_id(value):
    """Return the ``id`` of an envelope: a string, a number or null (JSON-RPC 2.0, section 4).

    ``1e999`` is read as infinity, which JSON cannot say.
    """
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, str | int | float) else None
