# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""pytest fixtures of the tests that talk to a really running server (dev/live, dev/e2e)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import httpx
import psycopg2.extras
import pytest

from . import database, log
from .server import serving
from .setup import Setup

#: The server logs an error if a separate transaction could wait for its own request.
CHECKS = ("--log-handler", "odoo.addons.jwt_auth_api.engine.transaction:DEBUG")


class LiveServer:
    """The server under test, and a view into its database that does not pass through it."""

    def __init__(self, setup: Setup, db: str, url: str, log_path: Any, process: Any) -> None:
        self.setup, self.db, self.url, self.log_path, self.process = (
            setup,
            db,
            url,
            log_path,
            process,
        )
        self._expected: list[str] = []

    def expect(self, text: str) -> None:
        """A complaint of ours that holds *text* is what a test wants: it may stand in the log."""
        self._expected.append(text)

    def unexpected(self) -> list[log.Entry]:
        """The log's tracebacks, and complaints of ours, that no test has announced."""
        complaints = log.complaints(self.log_path)
        return [
            entry
            for entry in log.entries(self.log_path)
            if ("Traceback (most recent call last)" in entry.text)
            or (entry.ours and entry in complaints)
            if not any(text in entry.text for text in self._expected)
        ]

    def sql(self, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries; each call has a connection of its own and sees what is committed by then."""
        factory = psycopg2.extras.RealDictCursor
        with (
            contextlib.closing(database.connect(self.setup, self.db)) as connection,
            connection.cursor(cursor_factory=factory) as cursor,
        ):
            cursor.execute(query, params)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    def count(self, table: str, where: str = "TRUE", params: Sequence[object] = ()) -> int:
        return int(self.sql(f'SELECT count(*) FROM "{table}" WHERE {where}', params)[0]["count"])

    def odoo(self, script: str) -> str:
        """What *script* prints in `odoo shell` on this database (five seconds; it commits what shall stay)."""
        return database.shell(self.setup, self.db, self.log_path.with_suffix(".shell.log"), script)


class Serving(Protocol):
    """What serves a database at an address, whatever else it is."""

    @property
    def url(self) -> str: ...

    @property
    def db(self) -> str: ...


class Admin:
    """Odoo as its web client uses it, as the administrator: to arrange what a test needs, not what it tests."""

    def __init__(self, server: Serving, login: str = "admin", password: str = "admin") -> None:
        self._http = httpx.Client(base_url=server.url, timeout=60)
        self._rpc("/web/session/authenticate", db=server.db, login=login, password=password)

    def _rpc(self, path: str, **params: object) -> Any:
        body = self._http.post(
            path, json={"jsonrpc": "2.0", "method": "call", "params": params}
        ).json()
        if "error" in body:
            raise AssertionError(f"{path}: {body['error']['data']['message']}")
        return body.get("result")  # absent for None

    def call(self, model: str, method: str, *args: object, **kwargs: object) -> Any:
        return self._rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def create(self, model: str, values: dict[str, Any]) -> int:
        return int(self.call(model, "create", [values])[0])

    def write(self, model: str, ids: int | list[int], values: dict[str, Any]) -> None:
        self.call(model, "write", ids if isinstance(ids, list) else [ids], values)

    def unlink(self, model: str, ids: int | list[int]) -> None:
        self.call(model, "unlink", ids if isinstance(ids, list) else [ids])

    def search(self, model: str, domain: list[Any], **kwargs: Any) -> list[int]:
        return list(self.call(model, "search", domain, **kwargs))

    def read(
        self, model: str, domain: list[Any], fields: list[str], **kwargs: Any
    ) -> list[dict[str, Any]]:
        return list(self.call(model, "search_read", domain, fields, **kwargs))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """Two workers on a database with demo data, contacts, products, sales and the addon; dev/live has more apps.

    At the end the log may hold no traceback and no complaint of ours; that failure is counted as a test's error.
    """
    with Setup() as setup:
        part = os.environ.get("JWT_AUTH_API_PART", "live")
        name = setup.database(f"test_{part}")
        path = setup.work / "log" / f"{part}.log"
        path.unlink(missing_ok=True)
        template = database.live_template(setup) if part == "live" else ""
        database.make_demo(setup, name, path.with_name(f"{part}-install.log"), template)
        # another number shows that nothing depends on a process's memory
        workers = int(os.environ.get("JWT_AUTH_API_WORKERS", "2"))
        with serving(setup, name, path, workers=workers, options=CHECKS) as running:
            live = LiveServer(setup, name, running.url, path, running.process)
            yield live
        bad = live.unexpected()
        assert not bad, "the server's log holds\n" + "\n".join(map(str, bad))
        database.drop(setup, name)


@pytest.fixture(scope="session")
def admin(server: LiveServer) -> Admin:
    return Admin(server)


@pytest.fixture
def http(server: LiveServer) -> Iterator[httpx.Client]:
    """A client without a cookie from another test."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client
