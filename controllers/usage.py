# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import time
from dataclasses import dataclass, field
from typing import Any

_OPERATIONS = {
    "GET": "read",
    "HEAD": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}
_MAX_ID = 2**31 - 1


class Usage:
    """Count one request for the connections that it uses, and log it.

    The dispatcher keeps it while Odoo retries the request, so that it is counted once and logged
    once. A controller calls :meth:`use` before anything can refuse the request, so that refused
    requests are counted and logged too.
    """

    def __init__(self, request):
        self._request = request
        self._started = time.monotonic()
        self._entry = None
        self._allowances = {}

    def use(self, connection, model):
        """Count this request for the connection of its model, and log it when there is a response.

        Call it before anything is written. If Odoo retries the request, it is still counted once.

        :param connection: :class:`~..models.connection_api.Connection`, or None
        :raise ApiError: ``too_many_requests``
        """
        if not connection or not (connection.rate_limit or connection.log_requests):
            return
        if self._entry is None:
            self._entry = _Entry.begin(self._request, connection, model, self._started)
        self._entry.check()

    def use_expanded(self, connections):
        """Count this request for the rate limits of the connections that its response expands.

        As :meth:`use`, before anything is written.

        :param connections: of :meth:`~..engine.policy.Policy.expanded`
        :raise ApiError: ``too_many_requests``
        """
        for connection in connections:
            own = self._entry and self._entry.connection.id == connection.id
            if own or not connection.rate_limit:
                continue
            if connection.id not in self._allowances:
                limits = self._request.env["connection.api.rate.limit"]
                self._allowances[connection.id] = limits._take(connection.id, connection.rate_limit)
            if refusal := self._allowances[connection.id].refusal():
                raise refusal

    @property
    def headers(self):
        """The headers that tell the rate limit of the request's own connection."""
        return self._entry.headers if self._entry else []

    def answered(self, value, status):
        """Store the result of a JSON response; Odoo may still retry the request and make another."""
        if self._entry:
            self._entry.answered(value, status)

    def refused(self, error):
        """Store the result of an error."""
        if self._entry:
            self._entry.refused(error)

    def log_on_commit(self, response):
        """Log the request if and when its transaction is committed."""
        if self._entry:
            self._entry.log_on_commit(response)

    def log_now(self, response):
        """Log a request whose transaction has failed."""
        if self._entry and self._request.env:
            self._entry.log_now(response)


@dataclass
class _Entry:
    """The entry of one request in the log of a connection, and its place under the rate limit."""

    request: Any
    connection: Any
    model: str
    operation: str
    record_id: int | None = None
    record_count: int = 0
    #: The status of the JSON response inside an envelope; 0 before there is a response.
    status: int = 0
    error: str | None = None
    allowance: Any = None
    started: float = field(default_factory=time.monotonic)
    written: bool = False

    @classmethod
    def begin(cls, request, connection, model, started):
        """Count the request; :meth:`check` refuses it if it is over the limit."""
        http, path = request.httprequest, request.params
        usage = cls(
            request=request,
            connection=connection,
            model=model,
            operation=_operation(http.method, _name_of(path)),
            record_id=_known_id(path.get("record_id", http.args.get("id"))),
            started=started,
        )
        if connection.rate_limit:
            usage.allowance = request.env["connection.api.rate.limit"]._take(
                connection.id, connection.rate_limit
            )
        return usage

    def check(self):
        """
        :raise ApiError: ``too_many_requests``
        """
        if self.allowance and (refusal := self.allowance.refusal()):
            raise refusal

    @property
    def headers(self):
        return self.allowance.headers if self.allowance else []

    def answered(self, value, status):
        """Store the result of a JSON response; Odoo may still retry the request and make another."""
        self.status, self.error = int(status), None
        match value:
            case {"deleted_id": int() as record_id} | {"data": {"id": int() as record_id}}:
                self.record_id, self.record_count = record_id, 1
            case {"deleted_ids": [*rows]} | {"data": [*rows]}:
                self.record_count = len(rows)

    def refused(self, error):
        """Store the result of an error."""
        self.status, self.error, self.record_count = error.code, error.error, 0

    def log_on_commit(self, response):
        """Log the request when its transaction is committed, and only then."""
        if self.connection.log_requests:
            self.request.env.cr.postcommit.add(lambda: self._log(response))

    def log_now(self, response):
        """Log a request whose transaction has failed, after rolling it back.

        Otherwise this process would wait for its own locks.
        """
        if self.connection.log_requests:
            self.request.env.cr.rollback()
            self._log(response)

    def _log(self, response):
        if self.written:
            return
        self.written = True
        http = self.request.httprequest
        self.request.env["connection.api.log"]._record(
            user_id=self.request.env.uid,
            method=http.method,
            model=self.model,
            operation=self.operation,
            record_id=self.record_id,
            record_count=self.record_count,
            # the HTTP status of a response in an envelope is 200
            status=response.status_code if response.status_code != 200 else self.status or 200,
            error=self.error,
            duration_ms=round((time.monotonic() - self.started) * 1000),
            response_bytes=0 if http.method == "HEAD" else _length(response),
            ip_address=http.remote_addr,
        )


def _name_of(path):
    """Return the name of what a path is about: an action, a field, a report, or a link to a field."""
    if field := path.get("field"):
        return f"link {field}"
    return path.get("action") or path.get("name")


def _operation(method, name):
    """Return the name of an action; otherwise the verb of the method, with the name of a field or report."""
    verb = _OPERATIONS.get(method, "")
    if not name:
        return verb
    return name if method == "POST" else f"{verb} {name}"


def _known_id(value):
    """Return the id that the client sent, or None if it cannot be one; its record may not exist."""
    text = "" if value is None else str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_ID))):
        return None
    return int(text) if int(text) <= _MAX_ID else None


def _length(response):
    """Return the number of bytes of the body; a streamed file has a content length."""
    if response.is_sequence:
        return sum(map(len, response.response))
    return response.content_length or 0
