# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The route type ``jwt_api``: decode the body of a request, and make a response of any result or error.

Odoo's own types return errors in HTML (``http``) or with a traceback (``json2``) and are selected
too late for a 404, 405 or 415 (``odoo/http.py``). This one accepts every request, returns only JSON,
and returns the response to a JSON-RPC 2.0 envelope in an envelope.
"""

import json
import logging
import math
import re
import threading
import time
from http import HTTPStatus
from urllib.parse import urlsplit

import psycopg2
import werkzeug.exceptions
from werkzeug.datastructures import MultiDict

from odoo.exceptions import RedirectWarning, UserError
from odoo.http import Dispatcher, HttpDispatcher, Response, db_filter, request, route
from odoo.service.db import list_dbs

from ..models.ir_http import (
    CONSISTENCY_HEADER,
    OVERRIDE_HEADER,
    cut_headers,
    overriding_method,
)
from ..tools import errors, forms, parameters, parsing, problem
from ..tools.errors import ApiError, Refused, _
from ..tools.names import is_empty
from ..tools.stages import Stages
from ..tools.text import language_tag, parse_json
from .usage import Usage

_logger = logging.getLogger(__name__)

JSON_RPC = "2.0"
#: The members of a JSON-RPC request. No body of this API has keys with these names.
_JSON_RPC_MEMBERS = frozenset(["jsonrpc", "method", "id", "params"])
#: The longest body of a refused request that is searched for an envelope: decoding it must not cost much, because
#: it may come from anybody.
_MAX_REFUSED_BYTES = 256 * 1024
#: The most lists and objects in it: these cost most.
_MAX_REFUSED_LISTS = 10_000
#: The longest body of a GET that is searched for parameters.
_MAX_UNREAD_BYTES = 1 << 20
#: Request headers of this API, in addition to those that browsers always allow.
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Accept, Accept-Language, refreshToken, X-Client-Type,"
    " X-Requested-With, X-Odoo-Database, X-Odoo-Company, X-Odoo-Consistency,"
    " If-Match, If-None-Match, Idempotency-Key"
)
_EXPOSED_HEADERS = (
    "WWW-Authenticate, Retry-After, Allow, ETag, Idempotency-Replayed, X-Token-Expires-In,"
    " RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Location, Content-Language,"
    " Content-Disposition, Content-Range, Accept-Ranges"
)
_RESOURCE_PATHS = "/api/v1/"
#: The page that explains each error.
_DOCUMENTS = "/api/docs"
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
#: Names of headers (RFC 9110, section 5.6.2), separated by commas.
_HEADER_NAMES = re.compile(
    r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*"
)
_MAX_HEADER_NAMES = 2000
#: Values of ``Content-Encoding`` that leave a body as it is.
_PLAIN_CODINGS = frozenset(["", "identity"])
_PREFLIGHT_SECONDS = 600
#: Keys that the form of any write may have; parsing refuses those that are for another method.
_FORM_KEYS = parameters.KEYS["POST"] | parameters.KEYS["PUT"]
#: The methods that only read.
READS = frozenset(["GET", "HEAD", "OPTIONS"])
#: The values of :data:`~..models.ir_http.CONSISTENCY_HEADER`.
STRONG, EVENTUAL = "strong", "eventual"
#: The methods that a rule without methods allows.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class ApiDispatcher(Dispatcher):
    """Dispatch the requests of routes of type ``jwt_api``.

    An endpoint gets its path parameters; the body is in :attr:`body`, the query string in werkzeug's
    ``httprequest.args``. It returns a JSON value, or a :class:`odoo.http.Response`, which
    :meth:`answer` makes if it needs a status or a header.
    """

    routing_type = "jwt_api"
    mimetypes = ("application/json", "application/json-rpc")

    def __init__(self, request):
        super().__init__(request)
        # Odoo rewinds files before it runs a request again: it would parse a form for that, without
        # the limits of this API, and write its files to disk
        request.httprequest.files = MultiDict()
        self._body = {}
        self._form_is_unread = False
        self._envelope = None
        #: Whether the endpoint has returned, so that only the commit can still fail.
        self._is_executed = False
        #: Whether the body may still contain an envelope that was not read.
        self.may_be_envelope = True
        self.usage = Usage(request)
        #: Headers that the response gets, whatever makes it.
        self.headers = {}
        self.stages = Stages(
            time.time() - getattr(threading.current_thread(), "perf_t0", time.time())
        )

    @property
    def body(self):
        """The decoded body, or the ``params`` of an envelope; an empty dict if there is none.

        A form is decoded when this is read for the first time: it costs more than JSON, so controllers
        check first whether the caller may send it.

        :raise ApiError: for a form: as :meth:`read_form`, and ``bad_json``
        """
        if self._form_is_unread:
            self._body = forms.read(self.read_form(), _FORM_KEYS)
            self._form_is_unread = False
        return self._body

    @classmethod
    def is_compatible_with(cls, request):
        """Return True, because Odoo's own 415 is HTML; :meth:`_decode` checks the media type."""
        return True

    def pre_dispatch(self, rule, args):
        # as in _authenticate, which is not called without a database
        self.request.session.can_save = False
        if self.request.httprequest.method == "OPTIONS":
            werkzeug.exceptions.abort(self._preflight(rule))
        return super().pre_dispatch(rule, args)

    def dispatch(self, endpoint, args):
        self.stages.mark("auth")
        self._is_executed = False
        if not self.request.db:
            raise _no_database(self.request.httprequest)
        if overriding_method():  # a valid one has already replaced POST
            raise ApiError(
                "bad_request",
                _("%(header)s must be PUT, PATCH or DELETE."),
                header=OVERRIDE_HEADER,
            )
        routing, method = endpoint.routing, self.request.httprequest.method
        consistency = self.request.httprequest.headers.get(CONSISTENCY_HEADER, EVENTUAL)
        if consistency not in (STRONG, EVENTUAL):
            raise ApiError(
                "bad_parameter",
                _("%(header)s must be strong or eventual."),
                header=CONSISTENCY_HEADER,
            )
        if routing.get("json_body", True) and method not in routing.get("raw_body", ()):
            self._decode(reads_forms=method in routing.get("forms", ()))
        self.stages.mark("parse")
        self.request.params = dict(args)
        try:
            result = self.request.registry["ir.http"]._dispatch(endpoint)
        except Refused as error:  # returned, so that Odoo commits what was written before it
            result = self.refuse(error)
        except ApiError as error:
            error.complete()
            raise
        response = result if isinstance(result, Response) else self.answer(result)
        self.usage.log_on_commit(response)
        self._is_executed = True
        return response

    def answer(self, value, status=HTTPStatus.OK, headers=()):
        """Return a JSON response, in an envelope if the request was in one."""
        self.stages.mark("work")
        self.usage.answered(value, status)
        if self._envelope is not None:
            value, status = {**self._envelope, "result": value}, HTTPStatus.OK
        language = _content_language(self.request.env.context.get("lang"))
        return self._response(value, status, [*language, *headers])

    def handle_error(self, exc):
        """Return the JSON response for any exception; called outside of the transaction.

        An exception in here would become an HTML page. Nothing is committed afterwards, so catching
        every exception hides none from Odoo's retry.
        """
        try:
            return self._answer_error(exc)
        except Exception:
            _logger.exception("The response to an error is neither translated nor logged.")
            return self._refusal(errors.from_exception(exc))

    def _answer_error(self, exc):
        if self.request.env and getattr(exc, "pgcode", None):
            self.request.env.cr.rollback()  # so that the response can read what it needs
        if isinstance(exc, RedirectWarning):  # a UserError with a button, which is useless here
            error = errors.from_exception(UserError(exc.args[0]))
        else:
            error = errors.from_exception(exc)
        if self._is_executed and self.request.httprequest.method not in READS:
            error = errors.of_commit(exc) or error
        if error.code < 500 and not isinstance(exc, werkzeug.exceptions.HTTPException):
            exc.loglevel = logging.INFO  # a mistake of the client is not worth a warning
        response = self.refuse(error)
        self.usage.log_now(response)
        return response

    def refuse(self, error):
        """Return the response for an error."""
        self._look_for_envelope()
        self.usage.refused(error)
        lang = self._error_env().context.get("lang") if self.request.env else None
        headers = [*self._common_headers(), *_content_language(lang)]
        return self._refusal(error, self._translate, headers)

    def _refusal(self, error, translate=str, headers=()):
        """Return the response for an error, without access to the database."""
        headers = [*error.headers, *headers]
        if self._envelope is None:
            headers.append(("Vary", "Accept"))
            if self._wants_problem():
                body = problem.body(error, self._documents(), translate)
                return self._response(body, error.code, headers, problem.PROBLEM_TYPE)
        body = error.body(translate, with_fields=self._is_resource_path())
        status = error.code
        if self._envelope is not None:
            described = {"code": status, "message": body["message"], "data": body}
            body, status = {**self._envelope, "error": described}, HTTPStatus.OK
        return self._response(body, status, headers)

    def _wants_problem(self):
        http = self.request.httprequest
        is_named = problem.may_name(http.headers.get("Accept", ""))
        return is_named and problem.is_wanted(http.accept_mimetypes)

    def _documents(self):
        """Return the address of the page about errors; a path if the Host header is no name of a host."""
        http = self.request.httprequest
        host = http.environ.get("HTTP_HOST", "")
        return f"{http.scheme}://{host}{_DOCUMENTS}" if _HOST.fullmatch(host) else _DOCUMENTS

    def post_dispatch(self, response):
        result = super().post_dispatch(response)
        for name, value in self._common_headers():
            if name == "Vary":  # the endpoint may have set another header
                value = ", ".join(dict.fromkeys([*response.headers.getlist(name), value]))
            response.headers[name] = value
        response.headers.update(self.headers)
        if timing := self._server_timing():
            response.headers["Server-Timing"] = timing
        return result

    def _is_resource_path(self):
        """Return whether errors name their fields here: the bodies of the older routes are fixed."""
        return f"{self.request.httprequest.path}/".startswith(_RESOURCE_PATHS)

    def _server_timing(self):
        """Return the value of ``Server-Timing``, None if the caller may not know it."""
        if not self.request.db or not self._may_know_cost():
            return None
        self.stages.mark("response")
        thread = threading.current_thread()
        return self.stages.header(thread.query_time, thread.query_count)

    def _may_know_cost(self):
        """Return whether the caller may know what the request cost, which reveals how much a filter hides."""
        env = self.request.env
        if hasattr(self.request, "jwt") and env.user._is_system():
            return True
        return env["ir.config_parameter"]._jwt_setting("server_timing") == "everybody"

    # --- bodies --------------------------------------------------------------------------

    def read_body(self, limit=None):
        """Return the whole body, also of a chunked request.

        werkzeug silently cuts off a chunked body at its limit, so this reads one byte more to notice it.

        :param int limit: bytes; the route's own limit unless given
        :raise werkzeug.exceptions.HTTPException: for a body that is too long or ends early
        :raise ApiError: ``bad_request`` for a transfer coding other than ``chunked``;
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

    def read_form(self):
        """Return the parts of a form; they stay in memory.

        :rtype: list[forms.Part]
        :raise ApiError: as :meth:`read_body` and :func:`~..tools.forms.parse`
        """
        return forms.parse(self.read_body(), self.request.httprequest.mimetype_params)

    def _decode(self, limit=None, reads_forms=False, most_lists=None):
        """Decode the body for :attr:`body`; a form is only received, and decoded later.

        :param int most_lists: a body with more lists and objects is not decoded
        :raise ApiError: ``unsupported_media_type``, ``bad_json``, ``bad_value``, ``bad_request``
        """
        self.may_be_envelope = False
        http = self.request.httprequest
        if http.method in ("GET", "HEAD"):
            return
        data = self.read_body(limit)
        self._form_is_unread = reads_forms and http.mimetype == forms.FORM_TYPE
        if self._form_is_unread or not data:
            return
        if http.mimetype not in self.mimetypes:
            raise ApiError("unsupported_media_type", errors.NOT_JSON)
        if most_lists is not None and data.count(b"[") + data.count(b"{") > most_lists:
            return
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
                    "bad_json", _('The "params" of the JSON-RPC request must be an object.')
                )
        self._body = value

    def unread_body(self):
        """Return the JSON object in the body of a GET, which has no meaning (RFC 9110, section 9.3.1).

        Errors use it to say that a parameter belongs in the query string. It is an empty dict for every
        other method, and for a body that is not a JSON object.
        """
        http = self.request.httprequest
        has_body = http.content_length or "Transfer-Encoding" in http.headers
        if http.method not in ("GET", "HEAD") or not has_body:
            return {}
        try:
            value = _json(self.read_body(_MAX_UNREAD_BYTES))
        except (ApiError, werkzeug.exceptions.HTTPException):
            return {}
        if isinstance(value, dict) and _is_envelope(value):
            value = value.get("params")
        return value if isinstance(value, dict) else {}

    def _look_for_envelope(self):
        """Read the envelope of a request that was refused before its body was read.

        Its error is then returned in an envelope too.
        """
        if self.may_be_envelope:
            try:
                self._decode(_MAX_REFUSED_BYTES, most_lists=_MAX_REFUSED_LISTS)
            except (ApiError, werkzeug.exceptions.HTTPException):
                return

    # --- headers -------------------------------------------------------------------------

    @staticmethod
    def _response(value, status, headers, content_type=errors.JSON_TYPE):
        response = Response(errors.dump_json(value), status=status, content_type=content_type)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.extend(headers)
        return response

    def _translate(self, source):
        if not self.request.env:
            return source
        return self._error_env()._(source)  # pylint: disable=gettext-variable

    def _error_env(self):
        """Return the environment with the language for errors: the client's, else the call's."""
        env, lang = self.request.env, getattr(self.request, "accepted_language", None)
        return env(context={**env.context, "lang": lang}) if lang else env

    def allowed_origins(self):
        """Return the origins whose pages may use this API from a browser; a change applies at once."""
        if not self.request.db or not self.request.env:
            return frozenset()
        return self.request.env["ir.config_parameter"]._jwt_setting("cors_origins")

    def _common_headers(self):
        """Return the headers of every response, including errors."""
        return [*self._cors(), *self.usage.headers]

    def _cors(self):
        """Return the headers that let pages of an allowed origin read the response, including errors."""
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

        Libraries, for instance for tracing or caching, add their own headers; none gives any rights.
        """
        asked = self.request.httprequest.headers.get("Access-Control-Request-Headers", "").strip()
        if len(asked) <= _MAX_HEADER_NAMES and _HEADER_NAMES.fullmatch(asked):
            return f"{_ALLOWED_HEADERS}, {asked}"
        return _ALLOWED_HEADERS


class UnroutedDispatcher(HttpDispatcher):
    """Extend Odoo's dispatcher for ``http``: return JSON for errors below ``/api`` before routing.

    Odoo starts every request with this dispatcher and switches to that of the route later. Until then,
    an invalid Host header and an unavailable or unknown database would return an HTML page.
    """

    routing_type = HttpDispatcher.routing_type

    def __init__(self, request):
        super().__init__(request)
        # Odoo creates the dispatcher of a route after the request has its registry
        self._is_routed = hasattr(request, "registry")
        if self._is_below_api():  # Odoo looks for the language of a session next
            cut_headers(request.httprequest)

    def handle_error(self, exc):
        if self._is_routed or not self._is_ours():
            return super().handle_error(exc)
        http = self.request.httprequest
        if not _names_host(http):
            exc = ApiError("bad_request", _("The Host header is missing or invalid."))
        elif not self.request.registry and isinstance(exc, werkzeug.exceptions.NotFound):
            exc = _no_database(http)
        return ApiDispatcher(self.request).handle_error(exc)

    def _is_below_api(self):
        return f"{self.request.httprequest.path}/".startswith("/api/")

    def _is_ours(self):
        """Return whether the path belongs to this API; without a database, every path below ``/api`` does."""
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
    """Return the error for a request without a database: unknown, not named, or unavailable.

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
        return ApiError("no_database", _("There is no database with this name."))
    return ApiError(
        "no_database", _("This server has several databases. Name one in X-Odoo-Database.")
    )


def _content_codings(http):
    header = http.headers.get("Content-Encoding", "")
    return [coding.strip().lower() for coding in header.split(",")]


def _content_language(lang):
    return [("Content-Language", language_tag(lang))] if lang else []


def api_route(path, **options):
    """Declare a route of this API: every response is JSON, and no session cookie is set.

    ``raw_body`` lists the methods whose body the endpoint reads itself, ``forms`` those that take
    ``multipart/form-data`` as well. An endpoint with ``json_body=False`` refuses every request, whatever its
    body is.

    Of a route with ``readonly=True``, the methods that only read run on Odoo's read-only cursor, which is
    that of a replica if there is one.
    """
    if options.get("readonly"):
        options["readonly"] = _may_be_readonly
    return route(path, type=ApiDispatcher.routing_type, save_session=False, **options)


def _may_be_readonly(_controller, rule, _args):
    """Return whether the present request runs on Odoo's read-only cursor."""
    http = request.httprequest
    return (
        http.method in READS
        and http.headers.get(CONSISTENCY_HEADER) != STRONG
        and request.registry["ir.http"]._jwt_may_read_replica(rule.endpoint.routing["auth"])
    )


def _json(data):
    """Return the decoded JSON of a body.

    :raise ApiError: ``bad_json``
    """
    try:
        return parse_json(data)
    except json.JSONDecodeError as exc:
        raise ApiError(
            "bad_json",
            _("The body is not JSON: %(reason)s (line %(line)s, column %(column)s)."),
            line=exc.lineno,
            column=exc.colno,
            reason=exc.msg,
        ) from None
    except RecursionError:
        raise ApiError("bad_json", _("The body is nested too deeply.")) from None
    except ValueError:
        raise ApiError("bad_json", _("The body is not JSON.")) from None


def _is_nothing(value):
    """Return whether a body counts as empty: some clients send null or an empty string."""
    return value is None or value == ""


def _is_envelope(body):
    """Return whether a body is a JSON-RPC request, with or without ``"jsonrpc"``.

    Odoo's own JSON routes accept ``{"params": {…}}`` without ``"jsonrpc"``, and clients send it.
    """
    version = body.get("jsonrpc")
    if version is None:
        return "params" in body and body.keys() <= _JSON_RPC_MEMBERS
    return version == JSON_RPC


def _plain_id(value):
    """Return the ``id`` of an envelope: a string, a number or null (JSON-RPC 2.0, section 4).

    ``1e999`` is read as infinity, which JSON cannot represent.
    """
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, str | int | float) else None
