# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Measure the requests whose cost must not grow: time, buffers of PostgreSQL and SQL statements."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from .. import database
from ..bootstrap import Stop
from ..server import Server
from ..setup import Setup

PATH = "/api/v1/res.partner"
#: How often each request is sent in a round; the rounds of all requests take turns.
TIMES, ROUNDS = 20, 5
#: PostgreSQL's processes report their counts when the next transaction ends, at most once a second.
FLUSH_SECONDS = 1.1
#: Sessions that are opened to be logged out: two of the requests after each round are log-outs, too.
LOGOUTS = (TIMES + 3) * ROUNDS + 10
_LOGGED = re.compile(rb'" 2\d\d - (\d+) [\d.]+ [\d.]+')
_OPEN = """
import json
user = env["res.users"].browse(2)
env["jwt.signing.key"]._prepare()
opened = [env["jwt.session"]._open(user, "app", "test", "127.0.0.1") for _time in range({number})]
env.cr.commit()
print("TOKENS=" + json.dumps([[access, str(refresh)] for _session, access, refresh in opened]))
"""


@dataclass
class Cost:
    """Hold what a request costs each time; the properties are the medians."""

    milliseconds: list[float] = field(default_factory=list)
    buffers: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def blocks(self) -> float:
        return statistics.median(self.buffers)

    @property
    def sql(self) -> int:
        return int(statistics.median(self.statements))


class Work:
    """Send the requests to a server with one worker process."""

    def __init__(self, setup: Setup, server: Server, deep: int) -> None:
        """Open sessions, and read the cursors of pages that are far from the first.

        :param deep: the number of records before a page that is far from the first
        """
        self._setup, self._server = setup, server
        self._http = httpx.Client(base_url=server.url, timeout=120)
        log = setup.work / "log" / "growth-shell.log"
        script = _OPEN.format(number=LOGOUTS + 2)
        printed = database.shell(setup, server.db, log, script)
        tokens = json.loads(printed.rpartition("TOKENS=")[2])
        (self._access, self._refresh), (self._other, self._rotated), *doomed = tokens
        self._doomed: Iterator[list[str]] = iter(doomed)
        self._deep = {order: self._cursor(order, deep) for order in ("id desc", "name")}

    def close(self) -> None:
        self._http.close()

    def all(self) -> dict[str, Callable[[], httpx.Response]]:
        """Return the requests by their names in the table."""
        by_id, by_name = self._deep["id desc"], self._deep["name"]
        return {
            "authenticated call": lambda: self._get("/bench/jwt"),
            "first page of a cursor": lambda: self._page("id desc", ""),
            "page of a cursor behind 90% of the records": lambda: self._page("id desc", by_id),
            "the same, sorted by name": lambda: self._page("name", by_name),
            "estimated count": lambda: self._get(PATH, limit=1, fields="name", count="estimated"),
            "one record": lambda: self._get(f"{PATH}/1", fields="name"),
            "one more log row": lambda: self._get("/api/v1/res.country/1", fields="code"),
            "refresh": self._do_refresh,
            "rotate": self._rotate,
            "POST repeated with its Idempotency-Key": self._repeat,
            "log out": self._log_out,
        }

    def measure(self) -> dict[str, Cost]:
        """Send all requests in rounds."""
        found = {name: Cost() for name in self.all()}
        for _time in range(3):  # the worker fills its caches
            for send in self.all().values():
                self._checked(send())
        for _round in range(ROUNDS):
            for name, send in self.all().items():
                self._round(found[name], send)
        return found

    def _round(self, cost: Cost, send: Callable[[], httpx.Response]) -> None:
        self._flush(send)
        before, position = self._blocks(), self._server.log_path.stat().st_size
        for _time in range(TIMES):
            started = time.perf_counter()
            answer = send()
            cost.milliseconds.append((time.perf_counter() - started) * 1000)
            self._checked(answer)
        self._flush(send)
        cost.buffers.append((self._blocks() - before) / (TIMES + 1))
        with self._server.log_path.open("rb") as log:
            log.seek(position)
            cost.statements += [int(count) for count in _LOGGED.findall(log.read())][:TIMES]

    def _flush(self, send: Callable[[], httpx.Response]) -> None:
        """Make PostgreSQL's processes report what they have read so far, with one more request."""
        time.sleep(FLUSH_SECONDS)
        self._checked(send())

    def _blocks(self) -> int:
        """Return the buffers that have been read in the database so far, from the cache or not."""
        query = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s"
        [(count,)] = database.rows(self._setup, "postgres", query, [self._server.db])
        return int(count)

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code >= 300:
            raise Stop(f"{answer.request.url} returned {answer.status_code}: {answer.text[:300]}")
        return answer

    # --- requests --------------------------------------------------------------------------

    def _get(self, path: str, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._access}"}
        return self._http.get(path, params=params, headers=headers)

    def _page(self, order: str, cursor: str, limit: int = 20) -> httpx.Response:
        return self._get(PATH, order=order, cursor=cursor, limit=limit, fields="name", count="none")

    def _cursor(self, order: str, deep: int) -> str:
        """Return the cursor behind a number of records."""
        cursor, step = "", min(1000, deep)
        for _page in range(deep // step):
            cursor = self._checked(self._page(order, cursor, step)).json()["next_cursor"]
        return cursor

    def _post(self, path: str, body: object, access: str = "", **headers: str) -> httpx.Response:
        sent = {"X-Client-Type": "app", **headers}
        if access:
            sent["Authorization"] = f"Bearer {access}"
        return self._http.post(path, json=body, headers=sent)

    def _do_refresh(self) -> httpx.Response:
        return self._post("/api/update/access-token", {"refreshToken": self._refresh})

    def _rotate(self) -> httpx.Response:
        body = {"refreshToken": self._rotated}
        answer = self._checked(self._post("/api/update/refresh-token", body, self._other))
        self._rotated = answer.json()["refreshToken"]
        return answer

    def _repeat(self) -> httpx.Response:
        body = {"values": {"name": "Grown"}}
        return self._post(PATH, body, self._access, **{"Idempotency-Key": "grown"})

    def _log_out(self) -> httpx.Response:
        access, _refresh = next(self._doomed)
        return self._post("/api/revoke/token", {}, access)
