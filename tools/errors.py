"""Define all errors of the API: the table of codes, one exception, and the conversion of other exceptions.

The form is the same everywhere under ``/api/``::

    {"success": false, "error": "<machine_code>", "message": "<one sentence for a person>"}

On resource paths, a 400 or 422 also has ``fields``: the sentences by the field or parameter that they are about.

The codes are stable identifiers for programs and are never translated. ``doc/errors.md`` has a heading for
each code, and a test compares it with :data:`CODES`.
"""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg2
from psycopg2.pool import PoolError
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

JSON_TYPE: Final = "application/json; charset=utf-8"

#: Error code → HTTP status.
CODES: Final[dict[str, int]] = {
    # 400: the request is invalid; it fails again if it is repeated unchanged
    "bad_request": 400,
    "bad_json": 400,
    "bad_parameter": 400,
    "bad_domain": 400,
    "bad_value": 400,
    "unknown_field": 400,
    "no_database": 400,
    "invalid_grant": 400,
    # 401: the caller is not authenticated
    "missing_token": 401,
    "invalid_token": 401,
    "invalid_credentials": 401,
    "invalid_refresh_token": 401,
    "mfa_required": 401,
    "invalid_mfa_token": 401,
    "invalid_code": 401,
    "invalid_passkey": 401,
    # 403: the caller is authenticated, but not allowed
    "access_denied": 403,
    "foreign_origin": 403,
    # 404, 405
    "not_found": 404,
    "model_not_found": 404,
    "method_not_allowed": 405,
    # the state of the server or the content of the request does not allow it
    "conflict": 409,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "validation_error": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    # the server fails
    "server_error": 500,
    "outcome_unknown": 502,
    "unavailable": 503,
}


def _(source: str) -> str:
    """Mark a message for translation; the dispatcher translates it to the caller's language."""
    return source


#: The message for a body that is not declared as JSON.
NOT_JSON: Final = _('Send the body as JSON, with the header "Content-Type: application/json".')
#: HTTP status → code and message, for exceptions of werkzeug and Odoo without a message for people.
_BY_STATUS: Final[dict[int, tuple[str, str]]] = {
    400: ("bad_request", _("The request could not be understood.")),
    401: ("missing_token", _("Log in first.")),
    403: ("access_denied", _("You are not allowed to do this.")),
    404: ("not_found", _("There is nothing at this address.")),
    405: ("method_not_allowed", _("This HTTP method is not allowed here.")),
    409: ("conflict", _("Somebody else changed the same data at the same time. Try again.")),
    413: ("payload_too_large", _("The request is larger than this server accepts.")),
    415: ("unsupported_media_type", NOT_JSON),
    416: ("range_not_satisfiable", _("The requested range is beyond the end of the file.")),
    422: ("validation_error", _("The server rejected these values.")),
    429: ("too_many_requests", _("Too many requests. Wait a little and try again.")),
    503: ("unavailable", _("The server cannot answer right now. Try again later.")),
}
_REALM: Final = 'Bearer realm="odoo"'
#: Maximum number of problems that one response reports.
MAX_PROBLEMS: Final = 100
#: Maximum number of problems whose messages are completed.
_MAX_COMPLETED: Final = 10
#: ``Retry-After`` of a server that is overloaded or cannot access its database.
RETRY_SECONDS: Final = 5
#: Statuses of errors that name their fields.
_WITH_FIELDS: Final = frozenset([400, 422])
#: The attribute of an exception that holds the fields it is about (:func:`note_fields`).
_NOTE: Final = "jwt_fields"
#: The database is not available: all connections are in use, or it is down or stopping.
_UNREACHABLE: Final = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError)
#: Errors of a disk that is full, over a quota, read-only or broken.
_NO_DISK: Final = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
_SERVER_ERROR: Final = _(
    "An internal error occurred. Administrators find the details in the server log."
)


class ApiError(HTTPException):
    """An error response, with a code of :data:`CODES` and a message for people.

    It is an :class:`~werkzeug.exceptions.HTTPException`, because Odoo converts any other exception of an
    authentication method to a bare 403 (``addons/base/models/ir_http.py``, ``_authenticate_explicit``). On a
    route of another type (``http``, ``json2``) it returns the same JSON.

    :param error: a code of :data:`CODES`
    :param message: the message, with ``%(name)s`` placeholders for ``params``
    :param headers: further response headers, as ``(name, value)`` pairs
    :param extra: further keys of the body that are documented for the code
    :param at: the fields or parameters that the error is about, as paths in the request such as
        ``child_ids[0].email``; by default the ``field`` or ``name`` of ``params``, which the message shows too
    :param params: values for the placeholders
    """

    def __init__(
        self,
        error: str,
        message: str,
        /,
        *,
        headers: Iterable[tuple[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
        at: Sequence[str] | None = None,
        **params: Any,
    ) -> None:
        self.error = error
        self.code = CODES[error]
        self.template = message
        self.params = params
        self.headers = list(headers)
        self.extra = dict(extra or {})
        name = params.get("field", params.get("name"))
        self.at = tuple(at) if at is not None else (() if name is None else (str(name),))
        super().__init__(self.message())

    def message(self, translate: Callable[[str], str] = str) -> str:
        """Return the message, translated by ``translate`` (source text → translated text)."""
        template = translate(self.template)
        return template % self.params if self.params else template

    def locate(self, *at: str) -> None:
        """Replace the fields or parameters that the error is about, with the place where a request names them."""
        self.at = at

    def fields(self, translate: Callable[[str], str] = str) -> dict[str, list[str]]:
        """Return the messages by field or parameter, as :class:`ApiError` names them; empty for other errors."""
        return {path: [self.message(translate)] for path in self.at}

    def complete(self) -> None:
        """Add to the message what takes too long for an error that may be caught, before it becomes a response."""

    def body(
        self, translate: Callable[[str], str] = str, *, with_fields: bool = False
    ) -> dict[str, Any]:
        """Return the body of the response, with a translated message.

        :param with_fields: whether a 400 or 422 names its fields
        """
        message = self.message(translate)
        named = self.fields(translate) if with_fields and self.code in _WITH_FIELDS else {}
        fields = {"fields": named} if named else {}
        return {"success": False, "error": self.error, "message": message, **fields, **self.extra}

    def get_response(self, environ: Any = None, scope: Any = None) -> Response:
        """Return the JSON response, for routes with another dispatcher."""
        response = Response(dump_json(self.body()), status=self.code, content_type=JSON_TYPE)
        response.headers.extend(self.headers)
        return response

    @property
    def response(self) -> Response:
        return self.get_response()

    @response.setter
    def response(self, value: Any) -> None:
        """Ignore the ``None`` that werkzeug's constructor assigns; the response is always built from the code."""


class UnknownField(ApiError):
    """The error for a field that does not exist or that the caller may not know: the same for both.

    Its message suggests a field with a similar name, which is looked up only when the error becomes a
    response: the policy raises and catches many of these errors.

    :param similar: returns the name of a similar field that the caller may know, None if there is none
    """

    def __init__(self, field: str, model: str, similar: Callable[[], str | None]) -> None:
        super().__init__(
            "unknown_field",
            _("Unknown field %(field)s on %(model)s."),
            field=field[:128],
            model=model,
        )
        self._similar = similar

    def complete(self) -> None:
        if meant := self._similar():
            self.template = _('Unknown field %(field)s on %(model)s. Did you mean "%(meant)s"?')
            self.params = {**self.params, "meant": meant}


class Refused(ApiError):
    """An error response after which the writes of the request are committed.

    Odoo rolls back a request that raises an exception. Some writes have to persist: the end of a session
    after the reuse of a refresh token, a failed second factor. Raise this error for them;
    ``ApiDispatcher.dispatch`` catches it and returns its response, so that Odoo commits. Endpoints need no
    code for it.
    """

    @classmethod
    def of(cls, error: ApiError) -> Refused:
        """Convert an error to one after which the writes are committed."""
        return cls(
            error.error,
            error.template,
            headers=error.headers,
            extra=error.extra,
            at=error.at,
            **error.params,
        )


def unauthorized(error: str, message: str, *, challenge: str = "") -> ApiError:
    """Return a 401 with the challenge of RFC 6750, section 3.

    :param challenge: the ``error`` of the challenge; empty if the client sent no token
    """
    header = f'{_REALM}, error="{challenge}"' if challenge else _REALM
    return ApiError(error, message, headers=[("WWW-Authenticate", header)])


class Problems:
    """Collect all problems of a request, so that one response reports all of them."""

    def __init__(self) -> None:
        self._found: list[ApiError] = []
        self._at: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def is_full(self) -> bool:
        """Return whether a response reports no further problems."""
        return len(self._found) >= MAX_PROBLEMS

    def add(self, error: str, message: str, /, **params: Any) -> None:
        """Add a problem, with the parameters of :class:`ApiError`."""
        self.catch(ApiError(error, message, **params))

    def catch(self, exc: ApiError, *at: str) -> None:
        """Add an error that was raised.

        :param at: as for :meth:`ApiError.locate`; by default the error's own
        """
        if place := self._at or at:
            exc.locate(*place)
        if not self.is_full:
            self._found.append(exc)

    @contextlib.contextmanager
    def within(self, *at: str) -> Iterator[None]:
        """Locate all problems that the block adds at one parameter, whatever names its value contains."""
        outer = self._at
        self._at = outer or at
        try:
            yield
        finally:
            self._at = outer

    def raise_if_any(self) -> None:
        """Raise the problems, if there are any.

        :raise ApiError: with the code of the first problem and the messages of all
        """
        if not self._found:
            return
        if len(self._found) == 1:
            raise self._found[0]
        raise SeveralErrors(self._found)


class SeveralErrors(ApiError):
    """Several problems of one request: the code of the first one, and the messages of all."""

    def __init__(self, problems: list[ApiError]) -> None:
        self.problems = problems
        super().__init__(problems[0].error, problems[0].template, **problems[0].params)

    def message(self, translate: Callable[[str], str] = str) -> str:
        return " ".join(problem.message(translate) for problem in self.problems)

    def complete(self) -> None:
        for problem in self.problems[:_MAX_COMPLETED]:
            problem.complete()

    def locate(self, *at: str) -> None:
        for problem in self.problems:
            problem.locate(*at)

    def fields(self, translate: Callable[[str], str] = str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for problem in self.problems:
            for path, messages in problem.fields(translate).items():
                found.setdefault(path, []).extend(messages)
        return found


@contextlib.contextmanager
def located(*at: str) -> Iterator[None]:
    """Locate each error that the block raises at a field or parameter of the request."""
    try:
        yield
    except ApiError as exc:
        exc.locate(*at)
        raise


def note_fields(exc: BaseException, paths: Iterable[str]) -> None:
    """Note on an exception of Odoo or PostgreSQL which fields of the request it is about.

    The exception stays the one that Odoo handles; :func:`from_exception` reads the note.
    """
    setattr(exc, _NOTE, tuple(paths))


def _noted_fields(exc: BaseException) -> tuple[str, ...]:
    """Return the fields that :func:`note_fields` noted on an exception, or on the one that caused it."""
    for each in (exc, exc.__cause__):
        if found := getattr(each, _NOTE, ()):
            return tuple(found)
    return ()


def dump_json(value: Any) -> bytes:
    """Encode JSON as UTF-8; a lone surrogate, which only a client can send, is escaped.

    :raise ValueError: for NaN and the infinities, which JSON does not have
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def from_exception(exc: BaseException) -> ApiError:
    """Convert any exception to an error response; an unknown one reveals no details.

    Odoo's own exceptions have an ``http_status`` (``odoo/exceptions.py``) and a message for people, which is
    kept. Database errors have a ``pgcode``: a lost race is a 409, a value that does not fit its column a
    400. Their text (SQL, constraint names) is never shown.
    """
    if isinstance(exc, ApiError):
        return exc
    pgcode = getattr(exc, "pgcode", None)
    if pgcode:
        return _from_pgcode(str(pgcode))
    if _is_outage(exc):
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
            known = _from_integrity(str(getattr(cause, "pgcode", "")))
        elif text:
            known = ApiError(known.error, "%(text)s", text=text)
        known.locate(*_noted_fields(exc))
        return known
    if _is_of_image(exc):
        return ApiError("validation_error", _("The image is incomplete, damaged or too large."))
    return ApiError("server_error", _SERVER_ERROR)


def _is_outage(exc: BaseException) -> bool:
    """Return whether the database or a disk is not available.

    psycopg2 raises a plain ``DatabaseError`` for some ways to lose a connection.
    """
    if isinstance(exc, OSError):
        return exc.errno in _NO_DISK
    return isinstance(exc, _UNREACHABLE) or type(exc) is psycopg2.DatabaseError


def _is_lost_connection(exc: BaseException) -> bool:
    """Return whether the connection to PostgreSQL was lost, or never made."""
    if pgcode := getattr(exc, "pgcode", None):
        return str(pgcode).startswith(("08", "57P"))
    return _is_outage(exc) and not isinstance(exc, OSError)


def _is_of_image(exc: BaseException) -> bool:
    """Return whether Pillow cannot decode an image, for which Odoo does not always have an error of its own.

    An error of the operating system, such as a full disk, has an ``errno``.
    """
    frame = exc.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    module = frame.tb_frame.f_globals.get("__name__", "") if frame is not None else ""
    is_decoding = isinstance(exc, OSError | ValueError | SyntaxError) and not getattr(
        exc, "errno", None
    )
    is_own = type(exc).__module__.partition(".")[0] == "PIL"
    return module.partition(".")[0] == "PIL" and (is_decoding or is_own)


def unavailable(message: str | None = None) -> ApiError:
    """Return a 503 with ``Retry-After`` (RFC 9110, section 15.6.4)."""
    headers = [("Retry-After", str(RETRY_SECONDS))]
    return ApiError("unavailable", message or _BY_STATUS[503][1], headers=headers)


def of_commit(exc: BaseException) -> ApiError | None:
    """Return a 502 for an exception of the commit after which nobody knows whether the changes were stored.

    That is so if the connection was lost: PostgreSQL may have committed before. Clients must not take it for a
    503, after which they repeat the request. None for any other exception.
    """
    if not _is_lost_connection(exc):
        return None
    return ApiError(
        "outcome_unknown",
        _(
            "The connection to the database was lost while the changes were being stored. They may be stored."
        ),
    )


def _from_status(status: int) -> ApiError:
    if status == 503:
        return unavailable()
    error, message = _BY_STATUS.get(status) or (
        _BY_STATUS[400] if 400 <= status < 500 else ("server_error", _SERVER_ERROR)
    )
    return ApiError(error, message)


def _from_integrity(pgcode: str) -> ApiError:
    """Return the error for a violated constraint for which Odoo only has the database's text.

    That text is not shown. PostgreSQL 18 reports ``ON DELETE RESTRICT`` as 23001, which Odoo does not know.
    """
    if pgcode in {"23001", "23503"}:
        return ApiError(
            "validation_error", _("Other records refer to this one. Archive it instead.")
        )
    return ApiError("validation_error", _("These values violate a database constraint."))


def _from_pgcode(pgcode: str) -> ApiError:
    """Convert a PostgreSQL error code.

    Class 40 is a lost race and 55P03 a lock that is not available. Class 22 is a value that does not fit its
    column, and 54000 one that is too long for its index.
    """
    if pgcode.startswith("40") or pgcode == "55P03":
        return _from_status(409)
    if pgcode.startswith("22") or pgcode == "54000":
        return ApiError("bad_value", _("A value does not fit its field."))
    # no connection, no resources, shutting down, or an error of its disk
    if pgcode.startswith(("08", "53", "57", "58")):
        return _from_status(503)
    return ApiError("server_error", _SERVER_ERROR)
