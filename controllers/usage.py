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


@dataclass
class Usage:
    """What one request does with one connection: counted once, and written down once.

    The dispatcher keeps it while Odoo runs the request again and again; a controller begins it
    before anything can refuse the request, so that refusals are counted and written down, too.
    """

    request: Any
    connection: Any
    model: str
    operation: str
    record_id: int | None = None
    record_count: int = 0
    #: The JSON answer's own status; 0 before there is one.
    status: int = 0
    error: str | None = None
    allowance: Any = None
    started: float = field(default_factory=time.monotonic)
    written: bool = False

    @classmethod
    def begin(cls, request, connection, model, started):
        """Take the request's place in the count; :meth:`check` says whether it had one."""
        http, path = request.httprequest, request.params
        usage = cls(
            request=request,
            connection=connection,
            model=model,
            operation=_operation(http.method, path.get("action") or path.get("name")),
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
        """A JSON answer was made; Odoo may still run the request again and make another."""
        self.status, self.error = int(status), None
        match value:
            case {"deleted_id": int() as record_id} | {"data": {"id": int() as record_id}}:
                self.record_id, self.record_count = record_id, 1
            case {"deleted_ids": [*rows]} | {"data": [*rows]}:
                self.record_count = len(rows)

    def refused(self, error):
        self.status, self.error, self.record_count = error.code, error.error, 0

    def log_on_commit(self, response):
        """Write the request down when its transaction is committed, and only then."""
        if self.connection.log_requests:
            self.request.env.cr.postcommit.add(lambda: self._log(response))

    def log_now(self, response):
        """Write the request down whose transaction has failed; it is rolled back before.

        What it has locked would be waited for, by the same process that holds it.
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
            # of a JSON answer in an envelope HTTP says 200
            status=response.status_code if response.status_code != 200 else self.status or 200,
            error=self.error,
            duration_ms=round((time.monotonic() - self.started) * 1000),
            response_bytes=0 if http.method == "HEAD" else _length(response),
            ip_address=http.remote_addr,
        )


def _operation(method, name):
    """An action goes by its own name, all else by a word for the method, and what it was used on."""
    verb = _OPERATIONS.get(method, "")
    if not name:
        return verb
    return name if method == "POST" else f"{verb} {name}"


def _known_id(value):
    """An id as the client sent it, or None: it is not checked yet whether it is one."""
    text = "" if value is None else str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_ID))):
        return None
    return int(text) if int(text) <= _MAX_ID else None


def _length(response):
    """Bytes of the body; a file that is streamed has told its length."""
    if response.is_sequence:
        return sum(map(len, response.response))
    return response.content_length or 0
