# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A client of the API for the black-box tests: one device with its tokens, over connections of its own."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

T = TypeVar("T")
JSON = "application/json; charset=utf-8"
COOKIE = "refreshToken"
#: Everything that may never stand in a log: passwords, access and refresh tokens of this run.
SECRETS: set[str] = set()
#: What tells of the server's inside.
LEAKS = re.compile(
    r"Traceback|/odoo/|\.py\b|psycopg|SELECT |INSERT |UPDATE |<class|object at 0x|odoo\.|werkzeug"
)
#: Shared: httpx would load the certificates anew for each connection, in each of fifty threads.
_TLS = ssl.create_default_context()


#: Odoo with two workers keeps 16 connections waiting; the system may reset the seventeenth.
AT_ONCE = 14


def together(times: int, call: Callable[[int], T]) -> list[T]:
    """The results of `call(0)`, `call(1)`, …, begun at the same moment, so that no worker is ever without one."""
    threads = min(times, AT_ONCE)
    barrier = threading.Barrier(threads)

    def run(number: int) -> T:
        if number < threads:
            barrier.wait()
        return call(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(times)))


def cookies(answer: httpx.Response) -> dict[str, Any]:
    """name → morsel of all Set-Cookie headers; a name that is set twice is a failure."""
    found: dict[str, Any] = {}
    for header in answer.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(header).items():
            assert name not in found, f"{name} is set twice"
            found[name] = morsel
    for morsel in found.values():
        if morsel.value:
            SECRETS.add(morsel.value)
    return found


class Device:
    """One login: *access* and *refresh* as the server gave them, *cookie* as a browser keeps it.

    Each call is a connection of its own, so that any worker may answer it.
    """

    def __init__(self, url: str, kind: str = "app") -> None:
        self.url, self.kind = url, kind
        self.access = self.refresh = self.cookie = ""
        self.user_id = 0

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        authorize: bool = True,
        **options: Any,
    ) -> httpx.Response:
        sent = {"X-Client-Type": self.kind, "User-Agent": "dev-live/1.0", **(headers or {})}
        if authorize and self.access and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.access}"
        options = {"timeout": 120, "verify": _TLS, **options}
        answer = httpx.request(method, self.url + path, headers=sent, **options)
        if answer.headers.get("content-type") == JSON and answer.content:
            _remember(answer.json())
        return answer

    def login(self, login: str, password: str, **options: Any) -> httpx.Response:
        if password != login:
            SECRETS.add(password)
        body = {"login": login, "password": password}
        answer = self.call("POST", "/api/login", json=body, authorize=False, **options)
        if answer.status_code == 200:
            found = answer.json()
            self.access, self.refresh = found["token"], found["refreshToken"]
            self.user_id = found["user_id"]
            if self.kind == "browser":
                self.cookie = cookies(answer)[COOKIE].value
        return answer

    def renew(self, token: str | None = None, **options: Any) -> httpx.Response:
        """POST /api/update/access-token, a browser with its cookie, an app with the header."""
        return self._send_refresh("/api/update/access-token", token, authorize=False, **options)

    def rotate(self, token: str | None = None, **options: Any) -> httpx.Response:
        """POST /api/update/refresh-token."""
        return self._send_refresh("/api/update/refresh-token", token, **options)

    def _send_refresh(self, path: str, token: str | None, **options: Any) -> httpx.Response:
        if self.kind == "browser":
            headers = {"Cookie": f"{COOKIE}={token or self.cookie}"}
        else:
            headers = {COOKIE: token or self.refresh}
        headers.update(options.pop("headers", {}))
        return self.call("POST", path, headers=headers, json=options.pop("json", {}), **options)

    def logout(self, **body: Any) -> httpx.Response:
        return self.call("POST", "/api/revoke/token", json=body)

    def get(self, model: str = "res.country", **params: Any) -> httpx.Response:
        params = {"model": model, "fields": ["code"], "limit": 1, **params}
        return self.call("GET", "/api/send_request", params=as_query(params))

    def v1(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """`v1("GET", "sale.order/7", fields=["name"])`: a resource path; what is no option is a parameter."""
        sent: dict[str, Any] = {
            key: options.pop(key) for key in ("headers", "content") if key in options
        }
        if body is not None:
            sent["json"] = body
        return self.call(method, f"/api/v1/{path}", params=as_query(options), **sent)

    def press(self, path: str, **body: Any) -> Any:
        """Call an action, as a button does; what it returns."""
        answer = self.v1("POST", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def answer_wizard(self, action: dict[str, Any], button: str, **values: Any) -> Any:
        """Create the wizard that a window action asks for, and press one of its buttons: two calls."""
        model, context = action["res_model"], action["context"]
        answer = self.v1("POST", model, {"values": values, "fields": [], "context": context})
        assert answer.status_code == 201, answer.text
        return self.press(f"{model}/{answer.json()['data']['id']}/{button}", context=context)

    def statuses(self, times: int = 20, **params: Any) -> set[int]:
        """Of many calls, four at a time, so that every worker has answered some."""
        with ThreadPoolExecutor(4) as pool:
            return set(pool.map(lambda _: self.get(**params).status_code, range(times)))


def raw(url: str, data: bytes) -> tuple[str, bytes]:
    """The head and the body of what the server answers to bytes that no library would send."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 80), 60) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return head.decode(), body


def as_query(params: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in params.items()
    }


def _remember(answer: Any) -> None:
    """Tokens in an answer are secrets from now on."""
    values: Iterable[Any] = answer.values() if isinstance(answer, dict) else ()
    for value in values:
        if isinstance(value, str) and value.startswith(("v1.", "eyJ")) and "." in value:
            SECRETS.add(value)
        elif isinstance(value, dict):
            _remember(value)
