"""What both clients do, without input and output: tokens, retries and requests as generators.

A *flow* yields steps (:class:`Send`, :class:`Sleep`, :class:`Renew`) and gets their results; ``client.py`` executes the
steps with threads in mind, ``aio.py`` with asyncio.
"""

from __future__ import annotations

import base64
import json
import random
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from .errors import (
    REDIRECTED,
    ApiError,
    LoggedOutError,
    NetworkError,
    RequestTimeoutError,
    error_of,
    lost,
)
from .results import bad_response, read_json
from .stores import MemoryStore, SturdyStore, TokenStore

T = TypeVar("T")

#: A token is replaced this many seconds before it expires, or in the last tenth of its time.
MARGIN = 60.0
#: The longest wait before the first retry, in seconds; each further one may be twice as long.
FIRST_WAIT = 0.5
#: A refresh whose response is lost may be repeated for ten seconds; so no try may take longer than that.
REFRESH_TIMEOUT = 8.0
#: In place of a time limit: that of the httpx client.
CLIENTS_OWN = object()


@dataclass(frozen=True)
class Send:
    """One HTTP request. *repeatable*: executing it twice is the same as once."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    files: Mapping[str, Any] | None = None
    timeout: Any = CLIENTS_OWN
    repeatable: bool = True
    retries: int | None = None
    retry_timeouts: bool = False


@dataclass(frozen=True)
class Sleep:
    seconds: float


@dataclass(frozen=True)
class Renew:
    """Replace the access token *stale*, one caller at a time."""

    stale: Access | None


@dataclass(frozen=True)
class Access:
    """An access token; its times are this machine's, by the lifetime that the server says."""

    token: str
    user_id: int
    renew_at: float
    expires_at: float

    @classmethod
    def of(cls, token: str, seconds: str | None) -> Access:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        lifetime = float(seconds or claims["exp"] - claims["iat"])
        now = time.monotonic()
        margin = min(MARGIN, lifetime / 10)
        return cls(token, claims["user_id"], now + lifetime - margin, now + lifetime)


@dataclass(frozen=True)
class Tokens:
    """What a login or a refresh returns; *refresh* is None if the old one stays."""

    access: Access
    refresh: str | None

    @classmethod
    def of(cls, response: httpx.Response) -> Tokens:
        """Read the tokens.

        :raise NetworkError: if the response is something else, from something in between
        """
        value = read_json(response)
        try:
            token = value.get("token") or value["access_token"]
            access = Access.of(token, response.headers.get("X-Token-Expires-In"))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise bad_response(response) from None
        return cls(access, value.get("refreshToken"))


Step = Send | Sleep | Renew
Flow = Generator[Step, Any, T]
Reader = Callable[[httpx.Response], T]


class Core:
    """The state of a client, and its flows."""

    def __init__(
        self,
        *,
        database: str | None,
        store: TokenStore | None,
        retries: int,
        max_retry_delay: float,
        language: str | None,
        company: int | str | None,
    ) -> None:
        self.store = SturdyStore(store or MemoryStore())
        self.retries, self.max_retry_delay = retries, max_retry_delay
        self.language, self.company = language, company
        self.headers = {"X-Client-Type": "app", "Accept": "application/json"}
        if database:
            self.headers["X-Odoo-Database"] = database
        self.access: Access | None = None

    # --- log in and out ------------------------------------------------------------------

    def log_in(self, path: str, body: Mapping[str, Any]) -> Flow[int]:
        """Log in; the flow returns the id of the user."""
        send = Send("POST", path, json=body, retries=0)
        tokens = yield from self.sending(send, Tokens.of)
        self.store.save(tokens.refresh)
        self.access = tokens.access
        return self.access.user_id

    def log_out(self, *, everywhere: bool) -> Flow[None]:
        """Forget the tokens, then tell the server."""
        access, refresh = self.access, self.store.load()
        self.access = None
        self.store.save(None)
        headers = {"Authorization": f"Bearer {access.token}"} if access else {}
        if refresh:
            headers["refreshToken"] = refresh
        if headers:
            body = {"all": True} if everywhere else {}
            try:
                yield from self.sending(
                    Send("POST", "/api/revoke/token", headers=headers, json=body), read_json
                )
            except ApiError as error:
                if not _refused(error):
                    raise

    def renew(self, stale: Access | None) -> Flow[None]:
        """Replace the access token; the caller holds the lock."""
        if self.access is not stale:
            return
        while True:
            token = self.store.load()
            if not token:
                self.access = None
                raise LoggedOutError
            try:
                tokens = yield from self._refresh("/api/update/access-token", token, Tokens.of)
            except ApiError as error:
                if not _refused(error):
                    raise
                # another process may have replaced it
                if self.store.load() not in (None, token):
                    continue
                self.access = None
                self.store.save(None)
                raise LoggedOutError("The session has ended. Log in again.") from error
            if tokens.refresh:
                self.store.save(tokens.refresh)
            self.access = tokens.access
            return

    def rotate(self) -> Flow[None]:
        """Replace the refresh token, once more if the server refuses the access token; the caller holds the lock."""
        try:
            yield from self._rotate()
        except ApiError as error:
            if error.code != "invalid_token":
                raise
            yield from self.renew(self.access)
            yield from self._rotate()

    def _rotate(self) -> Flow[None]:
        token = self.store.load()
        if not token or not self.access:
            raise LoggedOutError
        headers = {"Authorization": f"Bearer {self.access.token}"}
        path = "/api/update/refresh-token"
        self.store.save((yield from self._refresh(path, token, read_json, headers))["refreshToken"])

    def _refresh(
        self, path: str, token: str, read: Reader[T], headers: Mapping[str, str] | None = None
    ) -> Flow[T]:
        sent = {"refreshToken": token, **(headers or {})}
        send = Send(
            "POST", path, headers=sent, json={}, timeout=REFRESH_TIMEOUT, retry_timeouts=True
        )
        return (yield from self.sending(send, read))

    # --- requests ------------------------------------------------------------------------

    def call(self, send: Send, read: Reader[T], options: Mapping[str, Any]) -> Flow[T]:
        """Send a request as the user; once more with a new token if the server refuses the old one."""
        try:
            access = yield from self.current()
        except ApiError as error:
            # a refresh may have been executed, the call has not
            error.uncertain = False
            raise
        try:
            return (yield from self.sending(self._authorized(send, access, options), read))
        except ApiError as error:
            if error.code != "invalid_token":
                raise
            refused = error
        try:
            yield Renew(access)
            access = self._known()
        except ApiError as error:
            error.uncertain = refused.uncertain
            raise
        try:
            return (yield from self.sending(self._authorized(send, access, options), read))
        except ApiError as error:
            error.uncertain |= refused.uncertain
            raise

    def current(self) -> Flow[Access]:
        """Return an access token that is valid for a while."""
        access = self.access
        if access and time.monotonic() < access.renew_at:
            return access
        try:
            yield Renew(access)
        except ApiError as error:
            # the last minute of the old one is there for this
            passing = isinstance(error, NetworkError) or error.status in (429, 503)
            if not (passing and access and time.monotonic() < access.expires_at):
                raise
        return self._known()

    def _known(self) -> Access:
        if not self.access:
            raise LoggedOutError
        return self.access

    def _authorized(self, send: Send, access: Access, options: Mapping[str, Any]) -> Send:
        headers = {**send.headers, "Authorization": f"Bearer {access.token}"}
        company = options.get("company", self.company)
        if company is not None:
            headers["X-Odoo-Company"] = str(company)
        if self.language:
            headers["Accept-Language"] = self.language
        if options.get("etag"):
            headers["If-Match"] = options["etag"]
        timeout = options.get("timeout", send.timeout)
        return replace(send, headers=headers, timeout=timeout)

    def sending(self, send: Send, read: Reader[T]) -> Flow[T]:
        """Send a request, again if that is safe and may help, and read the response."""
        retries = self.retries if send.retries is None else send.retries
        unsure = False
        attempt = 0
        while True:
            try:
                response: httpx.Response = yield send
                if response.is_success:
                    return read(response)
                error = error_of(response, writes=send.method != "GET")
                if unsure and send.method == "DELETE" and error.code == "not_found":
                    # the try before has deleted it, only its response was lost
                    return read(httpx.Response(200, json={}))
            except httpx.RequestError as cause:
                error = lost(cause, writes=send.method != "GET")
            except NetworkError as not_json:
                error = not_json
                error.uncertain = send.method != "GET"
            # what an earlier try may have executed stays, whatever this one says
            error.uncertain |= unsure and not _is_proof(error, send)
            wait = self._wait(error, send, attempt) if attempt < retries else None
            if wait is None:
                raise error
            unsure = error.uncertain
            attempt += 1
            yield Sleep(wait)

    def _wait(self, error: ApiError, send: Send, attempt: int) -> float | None:
        """Return how long to wait before a retry, or None if there shall be none.

        429 and 503 say that nothing was executed. Without a response nobody knows.
        """
        if error.status not in (429, 503):
            timed_out = isinstance(error, RequestTimeoutError) and not send.retry_timeouts
            passing = isinstance(error, NetworkError) and error.code != REDIRECTED
            if timed_out or not send.repeatable or not passing:
                return None
        asked = error.retry_after or 0
        if asked > self.max_retry_delay:
            return None
        # spread, so that clients that failed together do not come back together
        own = FIRST_WAIT * float(2**attempt) * random.uniform(0.5, 1)  # noqa: S311 - nothing to guess
        return max(asked, own)


def path_of(*parts: str | int) -> str:
    """Return the path of a model, of a record or of a part of it."""
    return "/".join(["/api/v1", *(quote(str(part), safe="") for part in parts)])


def once(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the header that makes a POST safe to send twice."""
    return {"Idempotency-Key": options.get("idempotency_key") or uuid.uuid4().hex}


def creates_records(value: Any) -> bool:
    """Return whether values have a command that creates a record (``[0, 0, {…}]``): sent twice, it creates two."""
    match value:
        case [0, _, {}]:
            return True
        case Mapping():
            return any(map(creates_records, value.values()))
        case list() | tuple():
            return any(map(creates_records, value))
    return False


def _is_proof(error: ApiError, send: Send) -> bool:
    """Return whether an error proves that no earlier try has been executed: the key would have brought its response."""
    return "Idempotency-Key" in send.headers and bool(error.body) and error.status in (400, 422)


def _refused(error: ApiError) -> bool:
    """Return whether the server, not something in between, has refused the token."""
    return error.code in (
        "invalid_refresh_token",
        "invalid_grant",
        "invalid_token",
        "missing_token",
    )
