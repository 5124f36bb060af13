# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Virtual users: clients that work at the same time with the Python client, and a record of each of their requests."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from . import proxies
from .bootstrap import ROOT
from .client import LEAKS, SECRETS

#: What the user of the present task is doing.
OPERATION = contextvars.ContextVar("operation", default="")
#: Time between two rotations of a writer; a session is allowed 60 a minute.
ROTATION_SECONDS = 1
#: Shared: httpx would load the certificates anew for each client.
_TLS = proxies.insecure()


@dataclass(frozen=True)
class Attempt:
    """One request as it was sent; a request that was sent again is several."""

    operation: str
    method: str
    path: str
    #: 0 if there was no response.
    status: int
    #: The code of the error in the body, or the name of the exception.
    error: str
    retry_after: str
    seconds: float

    @property
    def failed(self) -> bool:
        return not 200 <= self.status < 400


@dataclass
class Meter:
    """All requests of a run."""

    attempts: list[Attempt] = field(default_factory=list)
    #: Bodies of errors that reveal something about the server.
    leaks: list[str] = field(default_factory=list)

    def failures(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.failed]

    def statuses(self) -> Counter[str]:
        """Return how often each status and error code was returned."""
        return Counter(f"{each.status} {each.error}".strip() for each in self.attempts)


class _Metered(httpx.AsyncBaseTransport):
    """Record each request; connect to this machine, whatever the name of the server is."""

    def __init__(self, meter: Meter, address: str | None) -> None:
        self._meter = meter
        limits = httpx.Limits(max_connections=4, max_keepalive_connections=4)
        self._inner = httpx.AsyncHTTPTransport(verify=_TLS, limits=limits, local_address=address)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method, path, started = request.method, request.url.path, time.monotonic()
        if request.url.host == proxies.HOST:
            request.extensions["sni_hostname"] = proxies.HOST
            request.url = request.url.copy_with(host="127.0.0.1")
        status, error, wait = 0, "", ""
        try:
            response = await self._inner.handle_async_request(request)
            await response.aread()
            status, wait = response.status_code, response.headers.get("Retry-After", "")
            error = _error_of(response)
            if error and LEAKS.search(response.text):
                self._meter.leaks.append(response.text[:500])
        except httpx.TransportError as exc:
            error = type(exc).__name__
            raise
        finally:
            seconds = time.monotonic() - started
            attempt = Attempt(OPERATION.get(), method, path, status, error, wait, seconds)
            self._meter.attempts.append(attempt)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _error_of(response: httpx.Response) -> str:
    if response.status_code < 400:
        return ""
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return str(response.headers.get("Content-Type"))


def client(url: str, meter: Meter, address: str | None = None, **options: Any) -> Any:
    """Return a client (``odoo_jwt_api.AsyncClient``) whose requests are recorded.

    :param address: the local IP address that it sends from; proxies limit the requests of each address
    """
    source = str(ROOT / "clients" / "python" / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    from odoo_jwt_api import AsyncClient

    http = httpx.AsyncClient(transport=_Metered(meter, address), timeout=60)
    return AsyncClient(url, http=http, **options)


async def log_in(client: Any, login: str, password: str) -> None:
    """Log in, and remember the tokens as secrets that may stand in no log."""
    await client.log_in(login, password)
    SECRETS.update((await client.access_token(), client._core.store.load()))


class Writer:
    """A client that creates and changes contacts without a pause, retrying as the guides say.

    :ivar sent: the names that it has tried to create
    :ivar created: name → id of those whose creation was acknowledged
    :ivar failed: errors that remained after the retries
    """

    def __init__(
        self, url: str, meter: Meter, prefix: str, *, address: str | None = None, retries: int = 6
    ) -> None:
        self.client = client(url, meter, address, retries=retries)
        self.prefix = prefix
        self.sent: list[str] = []
        self.created: dict[str, int] = {}
        self.failed: list[str] = []
        self._rotated_at = time.monotonic()

    async def log_in(self, login: str, password: str) -> None:
        await log_in(self.client, login, password)

    async def run(self, over: asyncio.Event) -> None:
        while not over.is_set():
            try:
                await self._turn(f"{self.prefix}-{len(self.sent)}")
            except Exception as exc:  # noqa: BLE001 - whatever a user would see is told by the test
                self.failed.append(f"{type(exc).__name__} {exc}")
                await asyncio.sleep(0.1)

    async def _turn(self, name: str) -> None:
        self.sent.append(name)
        one = await self.client.create("res.partner", {"name": name}, fields=["name"])
        self.created[name] = one.record["id"]
        await self.client.update("res.partner", one.record["id"], {"ref": name}, fields=["ref"])
        await self.client.get("res.partner", one.record["id"], fields=["name", "ref"])
        if time.monotonic() - self._rotated_at >= ROTATION_SECONDS:
            self._rotated_at = time.monotonic()
            await self.client.rotate_refresh_token()

    async def close(self) -> None:
        await self.client.close()


async def run_writers(writers: Sequence[Writer], meanwhile: Any) -> None:
    """Let writers work until *meanwhile*, a coroutine, has ended."""
    over = asyncio.Event()
    tasks = [asyncio.create_task(writer.run(over)) for writer in writers]
    try:
        await meanwhile
    finally:
        over.set()
        await asyncio.gather(*tasks)
