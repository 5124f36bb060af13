"""Every error a client can see: one table of codes, one exception, one translation into an answer.

The shape is the same everywhere under ``/api/``::

    {"success": false, "error": "<machine_code>", "message": "<one sentence for a person>"}

The codes are stable words that clients switch on; they are never translated. ``doc/errors.md``
has a heading for each, and a test compares it with :data:`CODES`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import psycopg2
from psycopg2.pool import PoolError
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

JSON_TYPE: Final = "application/json; charset=utf-8"

#: Machine code -> HTTP status.
CODES: Final[dict[str, int]] = {
    # 400: the request itself is wrong; sending it again unchanged cannot help
    "bad_request": 400,
    "bad_json": 400,
    "bad_parameter": 400,
    "bad_domain": 400,
    "bad_value": 400,
    "unknown_field": 400,
    "no_database": 400,
    "invalid_grant": 400,
    # 401: who are you?
    "missing_token": 401,
    "invalid_token": 401,
    "invalid_credentials": 401,
    "invalid_refresh_token": 401,
    "mfa_required": 401,
    "invalid_mfa_token": 401,
    "invalid_code": 401,
    "invalid_passkey": 401,
    # 403: we know who you are, and no
    "access_denied": 403,
    "foreign_origin": 403,
    # 404, 405
    "not_found": 404,
    "model_not_found": 404,
    "method_not_allowed": 405,
    # what the moment forbids
    "conflict": 409,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "validation_error": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    # ours
    "server_error": 500,
    "unavailable": 503,
}


def _(source: str) -> str:
    """Mark a sentence for the catalogue; the dispatcher translates it for the caller's language."""
    return source


#: The sentence for a status that somebody else raised (werkzeug, Odoo) without one for a person.
_BY_STATUS: Final[dict[int, tuple[str, str]]] = {
    400: ("bad_request", _("The request could not be understood.")),
    401: ("missing_token", _("Log in first.")),
    403: ("access_denied", _("You are not allowed to do this.")),
    404: ("not_found", _("There is nothing at this address.")),
    405: ("method_not_allowed", _("This HTTP method is not allowed here.")),
    409: ("conflict", _("Somebody else changed the same data at the same time. Try again.")),
    413: ("payload_too_large", _("The request is larger than this server accepts.")),
    415: ("unsupported_media_type", _("Send the body as application/json.")),
    416: ("range_not_satisfiable", _("The requested range is beyond the end of the file.")),
    422: ("validation_error", _("The server refused these values.")),
    429: ("too_many_requests", _("Too many requests. Wait a little and try again.")),
    503: ("unavailable", _("The server cannot answer right now. Try again later.")),
}
_REALM: Final = 'Bearer realm="odoo"'
#: How many problems of one request are told.
MAX_PROBLEMS: Final = 100
#: What a client waits for before it asks a server again that is overloaded, or has no database.
RETRY_SECONDS: Final = 5
#: The database cannot be asked: all connections are in use, it is down, or it has just gone.
_UNREACHABLE: Final = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError)
_SERVER_ERROR: Final = _(
    "An internal error occurred. Administrators find the details in the server log."
)


class ApiError(HTTPException):
    """An answer that is an error, with a code of :data:`CODES` and one sentence for a person.

    It is an :class:`~werkzeug.exceptions.HTTPException`, because Odoo turns any other exception of
    an authentication method into a bare 403 (``addons/base/models/ir_http.py``,
    ``_authenticate_explicit``). Raised on a route of another type (``http``, ``json2``) it answers
    with the same JSON.

    :param error: a code of :data:`CODES`
    :param message: the sentence, with ``%(name)s`` placeholders for ``params``
    :param headers: further response headers, as ``(name, value)`` pairs
    :param extra: further keys of the body, where a code documents them
    """

    def __init__(
        self,
        error: str,
        message: str,
        /,
        *,
        headers: Iterable[tuple[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        self.error = error
        self.code = CODES[error]
        self.template = message
        self.params = params
        self.headers = list(headers)
        self.extra = dict(extra or {})
        super().__init__(self.message())

    def message(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, in the language of ``translate`` (source text → translated text)."""
        template = translate(self.template)
        return template % self.params if self.params else template

    def body(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        message = self.message(translate)
        return {"success": False, "error": self.error, "message": message, **self.extra}

    def get_response(self, environ: Any = None, scope: Any = None) -> Response:
        """The JSON answer, for routes whose dispatcher is not ours."""
        response = Response(dump_json(self.body()), status=self.code, content_type=JSON_TYPE)
        response.headers.extend(self.headers)
        return response

    @property
    def response(self) -> Response:
        return self.get_response()

    @response.setter
    def response(self, value: Any) -> None:
        """werkzeug's constructor assigns ``None``; the answer is always built from the code."""


class Refused(ApiError):
    """An error after which the writes of its request stand.

    Odoo rolls back a request that raises. Some refusals have to stay written: the end of a session
    whose used refresh token came back, a failed second factor. They raise this error;
    ``ApiDispatcher.dispatch`` catches it and returns its response, so that Odoo commits. An endpoint
    has nothing to remember.
    """

    @classmethod
    def of(cls, error: ApiError) -> Refused:
        """Return another error as one after which the writes stand."""
        return cls(
            error.error,
            error.template,
            headers=error.headers,
            extra=error.extra,
            **error.params,
        )


def unauthorized(error: str, message: str, *, challenge: str = "") -> ApiError:
    """Return a 401 with the challenge of RFC 6750, section 3.

    :param challenge: the ``error`` of the challenge; empty when the client sent no token at all
    """
    header = f'{_REALM}, error="{challenge}"' if challenge else _REALM
    return ApiError(error, message, headers=[("WWW-Authenticate", header)])


class Problems:
    """Collects what is wrong with a request, so that a client learns everything at once."""

    def __init__(self) -> None:
        self._found: list[ApiError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def is_full(self) -> bool:
        """Whether there are as many as a response tells: nobody has to look for more."""
        return len(self._found) >= MAX_PROBLEMS

    def add(self, error: str, message: str, /, **params: Any) -> None:
        self.catch(ApiError(error, message, **params))

    def catch(self, exc: ApiError) -> None:
        if not self.is_full:
            self._found.append(exc)

    def raise_if_any(self) -> None:
        """
        :raise ApiError: with the first problem's code and the sentences of all of them
        """
        if not self._found:
            return
        if len(self._found) == 1:
            raise self._found[0]
        raise SeveralErrors(self._found)


class SeveralErrors(ApiError):
    """Several problems of one request: the first one's code, everybody's sentence."""

    def __init__(self, problems: list[ApiError]) -> None:
        self.problems = problems
        super().__init__(problems[0].error, problems[0].template, **problems[0].params)

    def message(self, translate: Callable[[str], str] = str) -> str:
        return " ".join(problem.message(translate) for problem in self.problems)


def dump_json(value: Any) -> bytes:
    """JSON as UTF-8 bytes; a lone surrogate (only a client can bring one) is escaped, not fatal.

    :raise ValueError: for NaN and the infinities, which JSON does not have
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def from_exception(exc: BaseException) -> ApiError:
    """The answer for any exception; an unknown one tells the client nothing but that we failed.

    Odoo's own exceptions carry ``http_status`` (``odoo/exceptions.py``) and a message meant for
    people, which is kept. Database errors carry ``pgcode``: a lost race is a 409, a value that
    does not fit its column a 400; their text (SQL, constraint names) is never shown.
    """
    if isinstance(exc, ApiError):
        return exc
    pgcode = getattr(exc, "pgcode", None)
    if pgcode:
        return _from_pgcode(str(pgcode))
    if isinstance(exc, _UNREACHABLE):
        return unavailable()
    status = getattr(exc, "http_status", None)
    if isinstance(exc, HTTPException):
        known = _from_status(exc.code or 500)
        if isinstance(exc, RequestedRangeNotSatisfiable) and exc.length is not None:
            known.headers.append(("Content-Range", f"{exc.units} */{exc.length}"))
        return known
    if isinstance(status, int):
        known = _from_status(status)
        text = str(exc.args[0] or "") if exc.args else ""
        cause = exc.__cause__
        if getattr(cause, "pgcode", None) and str(cause).strip() in text:
            return _from_integrity(str(getattr(cause, "pgcode", "")))
        return ApiError(known.error, "%(text)s", text=text) if text else known
    return ApiError("server_error", _SERVER_ERROR)


def unavailable(message: str | None = None) -> ApiError:
    """Return a 503 that says when to try again (RFC 9110, section 15.6.4)."""
    headers = [("Retry-After", str(RETRY_SECONDS))]
    return ApiError("unavailable", message or _BY_STATUS[503][1], headers=headers)


def _from_status(status: int) -> ApiError:
    if status == 503:
        return unavailable()
    error, message = _BY_STATUS.get(status) or (
        _BY_STATUS[400] if 400 <= status < 500 else ("server_error", _SERVER_ERROR)
    )
    return ApiError(error, message)


def _from_integrity(pgcode: str) -> ApiError:
    """What Odoo found no words of its own for: it shows the database's text, we do not.

    PostgreSQL 18 reports ``ON DELETE RESTRICT`` as 23001, which Odoo does not know.
    """
    if pgcode in {"23001", "23503"}:
        return ApiError(
            "validation_error", _("Other records refer to this one. Archive it instead.")
        )
    return ApiError("validation_error", _("These values violate a database constraint."))


def _from_pgcode(pgcode: str) -> ApiError:
    """Class 40 is a lost race, 55P03 a lock not had; class 22 a value outside its column, 54000
    one that is too long for its index."""
    if pgcode.startswith("40") or pgcode == "55P03":
        return _from_status(409)
    if pgcode.startswith("22") or pgcode == "54000":
        return ApiError("bad_value", _("A value does not fit its field."))
    if pgcode.startswith(("08", "53", "57")):  # no connection, no resources, told to stop
        return _from_status(503)
    return ApiError("server_error", _SERVER_ERROR)
