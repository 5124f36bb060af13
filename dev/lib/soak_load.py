# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test soak load: many virtual users at once, for some minutes; what they get, and what it costs the server."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from statistics import quantiles
from typing import Any

from . import database, load, measured, processes
from .image import PNG
from .report import Result
from .server import Server, serving
from .setup import Setup

PASSWORD = "a password of virtual users"
#: Virtual users of one account, each with a session of its own.
DEVICES = 10
WORKERS = 5
#: Seconds that a user reads before the next request, from and to.
PAUSE = (2.0, 8.0)
TABLES = (
    "jwt_session",
    "jwt_refresh_token",
    "res_device_log",
    "jwt_security_event",
    "jwt_throttle",
    "connection_api_rate_limit",
    "connection_api_idempotency",
    "connection_api_log",
)
SEED = """
hashed = env["res.users"]._crypt_context().hash({password!r})
group = env.ref("base.group_user").id
users = env["res.users"].with_context(no_reset_password=True).create(
    [{{"name": f"Virtual {{n}}", "login": f"{prefix}{{n}}", "group_ids": [(6, 0, [group])]}} for n in range({accounts})]
)
env.flush_all()
env.cr.execute("UPDATE res_users SET password = %s WHERE id IN %s", [hashed, users._ids])
env.cr.commit()
"""
LIMITS = """
env["connection.api"].search([("model_id.model", "=", "res.partner")]).write(
    {"log_requests": True, "rate_limit": 600}
)
env.cr.commit()
"""
#: What is expected of a million users: requests of each in a day, and the part of them in the busiest hour.
A_DAY, BUSIEST = 20, 0.1
BUSY = 0.6


class User:
    """One virtual user on one device."""

    def __init__(
        self, url: str, meter: load.Meter, number: int, pause: tuple[float, float] = PAUSE
    ) -> None:
        self.url, self.meter, self.pause = url, meter, pause
        self.login = f"virtual{number // DEVICES}"
        self.own: list[int] = []
        self.problems: list[str] = []
        self.client = load.client(url, meter)

    async def run(self, until: float, delay: float) -> None:
        await asyncio.sleep(delay)
        await self.do("log in", self.log_in)
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(*self.pause))
            [(name, action)] = random.choices(
                list(self.mix().items()), weights=[each[0] for each in WEIGHTS.values()]
            )
            await self.do(name, action)
        await self.do("log out", self.client.log_out)
        await self.client.close()

    async def do(self, name: str, action: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        load.OPERATION.set(name)
        try:
            await action()
        except Exception as exc:  # noqa: BLE001 - whatever a user would see is told at the end
            self.problems.append(f"{name}: {type(exc).__name__} {exc}")

    def mix(self) -> dict[str, Callable[[], Coroutine[Any, Any, Any]]]:
        return {name: getattr(self, each[1]) for name, each in WEIGHTS.items()}

    async def log_in(self) -> None:
        await load.log_in(self.client, self.login, PASSWORD)

    async def list(self) -> None:
        await self.client.list("res.partner", fields=["name", "email"], limit=20)

    async def expand(self) -> None:
        expand = {"country_id": ["code"], "child_ids": ["name"]}
        await self.client.list("res.partner", fields=["name"], expand=expand, limit=20)

    async def cursor(self) -> None:
        pages = 0
        async for _page in self.client.pages("res.partner", fields=["name"], limit=20):
            pages += 1
            if pages == 3:
                return

    async def create(self) -> None:
        values = {"name": f"{self.login} {random.random()}"}
        one = await self.client.create("res.partner", values, fields=["name"])
        self.own.append(one.record["id"])

    async def update(self) -> None:
        if not self.own:
            return await self.create()
        values = {"comment": f"<p>{random.random()}</p>"}
        await self.client.update("res.partner", random.choice(self.own), values, fields=["comment"])
        return None

    async def file(self) -> None:
        if not self.own:
            return await self.create()
        path = f"/api/v1/res.partner/{self.own[-1]}/image_1920"
        headers = {"Authorization": f"Bearer {await self.client.access_token()}"}
        http = self.client._http
        sent = {**headers, "Content-Type": "image/png"}
        answer = await http.put(self.url + path, content=PNG, headers=sent)
        answer.raise_for_status()
        answer = await http.get(self.url + path, headers=headers)
        answer.raise_for_status()
        assert answer.content == PNG
        return None

    async def refresh(self) -> None:
        await self.client.rotate_refresh_token()

    async def again(self) -> None:
        await self.client.log_out()
        await self.log_in()


#: Operation → how often it is chosen, and the method that does it.
WEIGHTS = {
    "list": (30, "list"),
    "expand": (15, "expand"),
    "cursor, three pages": (10, "cursor"),
    "create": (12, "create"),
    "update": (15, "update"),
    "file, stored and read": (6, "file"),
    "refresh": (10, "refresh"),
    "log out and in": (2, "again"),
}


class Watch:
    """What the server needs while the users work."""

    def __init__(self, setup: Setup, server: Server) -> None:
        self.setup, self.server = setup, server
        self.connections = 0
        self.sizes = self.table_sizes()
        self.memory, self.cpu, self.begun, self.requests = [0], 0.0, False, 0

    def processes(self) -> tuple[list[int], float]:
        """Return the memory of each worker (PSS, in MB), and the seconds of CPU of all processes."""
        pids = processes.children(self.server.process.pid)
        memory = sorted(int(processes.megabytes(pid)) for pid in pids)
        return memory, sum(map(processes.cpu_seconds, pids))

    def table_sizes(self) -> dict[str, tuple[int, int]]:
        """Table → rows and kilobytes."""
        query = "SELECT pg_total_relation_size('{0}'::regclass) / 1024, count(*) FROM {0}"
        found = {}
        for name in TABLES:
            [(size, rows)] = database.rows(self.setup, self.server.db, query.format(name))
            found[name] = (rows, size)
        return found

    def begin(self, requests: int) -> None:
        """Measure from here on, when all users have logged in and the workers have filled their caches."""
        self.memory, self.cpu = self.processes()
        self.requests, self.begun = requests, True

    async def look(self, meter: load.Meter, ramp: float, until: float) -> None:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        while time.monotonic() < until:
            [(count,)] = await asyncio.to_thread(
                database.rows, self.setup, self.server.db, query, [self.server.db]
            )
            self.connections = max(self.connections, count - 1)
            if not self.begun and time.monotonic() > ramp:
                self.begin(len(meter.attempts))
            await asyncio.sleep(2)


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Let virtual users work, check what they got, and write the tables of doc/performance.md."""
    parser = argparse.ArgumentParser(prog="dev/test soak load")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--users", type=int, default=200)
    chosen = parser.parse_args(list(words))
    name, log_path = setup.database("test_load"), setup.work / "log" / "load.log"
    busy = os.getloadavg()[0]
    log_path.unlink(missing_ok=True)
    database.make_demo(setup, name, log_path.with_name("load-install.log"))
    accounts = -(-chosen.users // DEVICES)
    seed = SEED.format(password=PASSWORD, accounts=accounts, prefix="virtual")
    database.shell(setup, name, log_path.with_name("load-shell.log"), seed + LIMITS)
    meter = load.Meter()
    with serving(setup, name, log_path, workers=WORKERS) as server:
        users = [User(server.url, meter, number) for number in range(chosen.users)]
        watch = Watch(setup, server)
        asyncio.run(work(users, meter, watch, chosen.minutes * 60))
        result = judge(users, meter)
        text = _text(meter, watch, chosen.users, chosen.minutes)
    database.drop(setup, name)
    words = [f"--minutes {chosen.minutes:g}"] if chosen.minutes != 5 else []
    words += [f"--users {chosen.users}"] if chosen.users != 200 else []
    command = " ".join(["dev/test soak load", *words])
    before = f"Before the run, the load of the machine was {busy:.1f}."
    text = f"{measured.conditions(setup, command)} {before}\n\n{text}"
    if result.failed:
        result.notes.append(text)
    else:
        measured.write(measured.PERFORMANCE, "load", text)
    return result


async def work(
    users: Sequence[User], meter: load.Meter, watch: Watch | None, seconds: float
) -> None:
    """Let users log in one after the other, and then work at the same time."""
    started = time.monotonic()
    until = started + seconds
    # a login hashes a password: all of them at once would be another test
    ramp = min(seconds / 3, 0.6 * len(users))
    tasks = [
        asyncio.create_task(user.run(until, ramp * number / len(users)))
        for number, user in enumerate(users)
    ]
    if watch:
        await watch.look(meter, started + ramp, until)
    await asyncio.gather(*tasks)


def judge(users: Sequence[User], meter: load.Meter) -> Result:
    """No failure that was not meant: 401 and 429 are told, and repeated by the client."""
    result = Result()
    wrong = {
        f"{attempt.operation}: {attempt.method} {attempt.path} {attempt.status} {attempt.error}"
        for attempt in meter.failures()
        if attempt.status not in (401, 429)
    }
    for text in sorted(wrong)[:20]:
        result.check(text)
    for problem in sorted({problem for user in users for problem in user.problems})[:20]:
        result.check(problem)
    result.check("" if meter.attempts else "nothing was sent")
    return result


def _text(meter: load.Meter, watch: Watch, users: int, minutes: float) -> str:
    by_operation: dict[str, list[float]] = defaultdict(list)
    for attempt in meter.attempts:
        by_operation[attempt.operation].append(attempt.seconds * 1000)
    lines = [
        [name, len(times), *(f"{_percentile(times, part):.0f}" for part in (50, 95, 99))]
        for name, times in sorted(by_operation.items())
    ]
    requests = len(meter.attempts)
    refused = {
        status: sum(each.status == status for each in meter.attempts) for status in (401, 429)
    }
    memory, cpu = watch.processes()
    spent = (cpu - watch.cpu) / (requests - watch.requests)
    tables = [
        [f"`{name}`", *watch.sizes[name], *after] for name, after in watch.table_sizes().items()
    ]
    return "\n\n".join(
        [
            f"{users} virtual users for {minutes:g} minutes, {WORKERS} workers; the users share the machine with the"
            f" server. {requests} requests, {requests / minutes / 60:.0f} a second: {refused[401]} were 401,"
            f" {refused[429]} were 429, none failed otherwise.",
            measured.table(["what", "requests", "p50 ms", "p95 ms", "p99 ms"], lines),
            f"Memory of the processes (PSS, MB) after the log-ins: {_listed(watch.memory)}; at the end:"
            f" {_listed(memory)}. At most {watch.connections} connections to PostgreSQL. {spent * 1000:.1f} ms of"
            " CPU of Odoo for each request.",
            measured.table(["table", "rows before", "kB before", "rows after", "kB after"], tables),
            _million(spent, watch.sizes, watch.table_sizes()),
        ]
    )


def _million(
    spent: float, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> str:
    """Return what a million users would need, by these figures."""

    def kilobytes(table: str) -> float:
        """Return the size of one row with its indexes."""
        (rows, size), (more_rows, more) = before[table], after[table]
        return (more - size) / max(more_rows - rows, 1)

    peak = 1e6 * A_DAY * BUSIEST / 3600
    cores = peak * spent / BUSY
    session = kilobytes("jwt_session") + kilobytes("res_device_log")
    gigabytes = 1e6 * (session + 2 * kilobytes("jwt_refresh_token")) / 2**20
    return (
        f"By these figures, a million users who send {A_DAY} requests a day, {BUSIEST:.0%} of them in the busiest hour,"
        f" are {peak:.0f} requests a second. With processors that are {BUSY:.0%} busy, these need {cores:.0f} cores for"
        f" Odoo. A session of each, with its device and two refresh tokens, takes about {gigabytes:.1f} GB in"
        " PostgreSQL."
    )


def _percentile(times: Sequence[float], part: int) -> float:
    return quantiles(times, n=100)[part - 1] if len(times) > 1 else times[0]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
