# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Clients that work while something fails, and remember what the server has acknowledged."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import struct
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .. import load
from ..client import SECRETS

T = TypeVar("T")
PASSWORD = "a password of clients"
#: The prefix of their logins.
LOGINS = "faulty"
#: For how many seconds a client repeats a failed request.
PATIENCE = 150
#: Records of one request.
BULK = 5
LINES = 2
#: After these statuses, a person would try again when the Python client has given up.
PASSING = (0, 409, 429, 502, 503, 504)
#: Operation → how often it is chosen.
WEIGHTS = {"one": 4, "bulk": 2, "order": 2, "file": 3, "rotate": 3, "read": 3, "leave": 2}


class App:
    """Work as the app of one user on one device.

    It creates contacts with two addresses each, several contacts at once, orders with lines that it confirms,
    and files; it replaces its refresh token, logs out and in again. It repeats what fails with the same
    ``Idempotency-Key``.

    :ivar refused: errors after which the app did not repeat the request
    """

    def __init__(self, url: str, meter: load.Meter, number: int, prefix: str) -> None:
        self.url, self.meter, self.number = url, meter, number
        self.login, self.prefix = f"{LOGINS}{number}", f"{prefix}-{number}"
        self.client = load.client(url, meter, max_retry_delay=5)
        self.count = 0
        self.ones: dict[str, int] = {}
        self.bulks: dict[str, list[int]] = {}
        self.orders: dict[str, int] = {}
        self.files: dict[int, bytes] = {}
        self.ended: dict[str, str] = {}
        self.thrown_out = 0
        self.refused: list[str] = []
        #: The statuses that the current fault allows.
        self.tolerated: tuple[int, ...] = ()

    async def log_in(self) -> None:
        await self.surely("log in", lambda: load.log_in(self.client, self.login, PASSWORD))

    async def run(self, over: asyncio.Event) -> None:
        """Work until the event, and complete what has begun."""
        while not over.is_set():
            [name] = random.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))
            try:
                await getattr(self, name)()
            except Exception as exc:  # noqa: BLE001 - whatever a user would see is judged at the end
                self.refused.append(f"{name}: {type(exc).__name__} {exc}")
                await asyncio.sleep(0.2)

    async def surely(self, what: str, action: Callable[[], Awaitable[T]]) -> T:
        """Repeat an action until it is acknowledged."""
        from odoo_jwt_api import ApiError, LoggedOutError

        load.OPERATION.set(what)
        end, is_out = time.monotonic() + PATIENCE, False
        while True:
            try:
                if is_out:
                    await load.log_in(self.client, self.login, PASSWORD)
                    is_out = False
                return await action()
            except LoggedOutError:
                self.thrown_out += 1
                is_out = True
            except ApiError as error:
                passing = error.status in (*PASSING, *self.tolerated)
                if not passing or time.monotonic() > end:
                    raise
            await asyncio.sleep(random.uniform(0.1, 0.5))

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix} {kind} {self.count}"

    # --- what it does ----------------------------------------------------------------------

    async def one(self) -> None:
        name, key = self.name("one"), uuid.uuid4().hex
        values = {
            "name": name,
            "child_ids": [[0, 0, {"name": f"{name}/{n}"}] for n in range(LINES)],
        }
        done = await self.surely(
            "create",
            lambda: self.client.create("res.partner", values, fields=["name"], idempotency_key=key),
        )
        self.ones[name] = done.record["id"]

    async def bulk(self) -> None:
        name, key = self.name("bulk"), uuid.uuid4().hex
        values = [{"name": f"{name}/{n}"} for n in range(BULK)]
        done = await self.surely(
            "create several",
            lambda: self.client.create_many(
                "res.partner", values, fields=["name"], idempotency_key=key
            ),
        )
        self.bulks[name] = [record["id"] for record in done]

    async def order(self) -> None:
        if not self.ones:
            return await self.one()
        name, key = self.name("order"), uuid.uuid4().hex
        line = {"name": name, "display_type": "line_note"}
        values = {
            "partner_id": random.choice(list(self.ones.values())),
            "client_order_ref": name,
            "order_line": [[0, 0, line]] * LINES,
        }
        done = await self.surely(
            "create an order",
            lambda: self.client.create(
                "sale.order", values, fields=["client_order_ref"], idempotency_key=key
            ),
        )
        self.orders[name] = done.record["id"]
        return None

    async def file(self) -> None:
        if not self.ones:
            return await self.one()
        owner, content = random.choice(list(self.ones.values())), _picture()
        await self.surely(
            "upload",
            lambda: self.client.upload("res.partner", owner, "image_1920", content, "image/png"),
        )
        self.files[owner] = content
        return None

    async def rotate(self) -> None:
        await self.surely("rotate", self.client.rotate_refresh_token)

    async def read(self) -> None:
        await self.surely(
            "list", lambda: self.client.list("res.partner", fields=["name"], limit=10)
        )

    async def leave(self) -> None:
        """Log out and in again; keep the refresh token, which is tried at the end."""
        access = await self.surely("log out", self.client.access_token)
        refresh = self.client._core.store.load()
        headers = {"Authorization": f"Bearer {access}", "refreshToken": refresh}
        await self.surely("log out", lambda: self._end(headers))
        self.client._core.access = None
        self.client._core.store.save(None)
        self.ended[session_of(access)] = refresh
        await self.log_in()

    async def _end(self, headers: dict[str, str]) -> None:
        """Send a log-out; it may find that the session has already ended."""
        from odoo_jwt_api import ApiError, NetworkError

        path = f"{self.url}/api/revoke/token"
        try:
            answer = await self.client._http.post(path, headers=headers, json={})
        except Exception as exc:
            raise NetworkError(str(exc), "network") from exc
        if answer.status_code not in (200, 401):
            raise ApiError(answer.text[:200], "unavailable", answer.status_code)

    # --- at the end ------------------------------------------------------------------------

    async def check(self) -> list[str]:
        """Return what is not as the server has acknowledged it."""
        wrong = []
        for owner, content in self.files.items():
            found = await self.client.download("res.partner", owner, "image_1920")
            if found.content != content:
                wrong.append(f"the file of contact {owner} is another one")
        for sid, refresh in self.ended.items():
            headers = {"refreshToken": refresh}
            path = f"{self.url}/api/update/access-token"
            answer = await self.client._http.post(path, headers=headers, json={})
            if answer.status_code not in (401, 429):
                wrong.append(f"the ended session {sid} goes on: {answer.status_code}")
        await self.client.rotate_refresh_token()
        await self.client.me()
        return wrong

    async def session(self) -> str:
        return session_of(await self.client.access_token())

    async def close(self) -> None:
        await self.client.close()


def session_of(access: str) -> str:
    """Return the session of an access token."""
    SECRETS.add(access)
    part = access.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return str(claims["sid"])


def _picture() -> bytes:
    """Return a unique PNG: 48 × 48 random points."""
    size = 48
    rows = b"".join(b"\0" + random.randbytes(3 * size) for _row in range(size))
    head = struct.pack(">2I5B", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
