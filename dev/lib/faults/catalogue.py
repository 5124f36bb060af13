# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Declare the faults: functions that make something fail once while clients work."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from .. import load
from ..fixtures import Admin
from ..server import free_port
from .stage import GATES, Needs, Stage, until
from .work import App, session_of

#: The moments at which a write is caught: while PostgreSQL executes it, and while it commits.
MOMENTS = ("statement", "commit")


@dataclass
class Scene:
    """Hold the servers, the clients, and the requests that these have sent."""

    stage: Stage
    apps: Sequence[App]
    meter: load.Meter
    #: How often the fault has happened before.
    number: int = 0
    #: The duration of a fault that lasts, such as a lock, in seconds.
    seconds: float = 60

    async def answered(self, status: int, times: int, *, operation: str = "") -> None:
        """Wait until clients have received a number of further responses with a status."""
        before = len(self.meter.attempts)

        def count() -> bool:
            new = self.meter.attempts[before:]
            found = [
                a for a in new if a.status == status and (operation or a.operation) == a.operation
            ]
            return len(found) >= times

        await until(count, f"{times} responses {status} {operation}")

    async def works(self) -> None:
        """Wait until writes and reads succeed again."""
        await self.answered(201, 2)
        await self.answered(200, 2)


Break = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Describe a fault that can be repeated."""

    name: str
    #: Its description in the table.
    text: str
    break_: Break
    #: How often it happens in the long form.
    times: int = 3
    #: The statuses that are allowed besides 503.
    statuses: tuple[int, ...] = ()
    needs: Callable[[Stage], Needs] = field(default=lambda _stage: Needs())
    #: The name of a small file system that it needs.
    disk: str = ""
    #: Whether the clocks of the servers are moved.
    clock: bool = False


# --- processes of Odoo -----------------------------------------------------------------------------


async def kill_at_gate(scene: Scene, gate: str) -> None:
    """Kill the workers while one of them executes a write, in turn in the statement and in the commit."""
    stage = scene.stage
    with stage.closed(gate, MOMENTS[scene.number % 2]) as waiting:
        await until(waiting, f"a write at {gate}")
        await stage.kill(stage.workers())
    await scene.works()


async def kill_any(scene: Scene) -> None:
    """Kill one worker, whatever it does; every third time all of them."""
    await asyncio.sleep(random.uniform(0, 0.5))
    pids = scene.stage.workers()
    await scene.stage.kill(
        pids if scene.number % 3 == 2 else random.sample(pids, min(1, len(pids)))
    )
    await scene.answered(200, 2)


async def kill_server(scene: Scene) -> None:
    """Kill the process of a server with threads."""
    await asyncio.sleep(random.uniform(0, 0.5))
    await scene.stage.kill(scene.stage.workers())
    await scene.works()


async def reload(scene: Scene) -> None:
    """Reload Odoo (SIGHUP)."""
    scene.stage.machine.server.process.send_signal(signal.SIGHUP)
    await logged(scene, b"WorkerHTTP", b"exiting")
    await scene.works()


async def new_registry(scene: Scene) -> None:
    """Make each worker load the models and fields again, as after an installation."""
    scene.stage.sql("INSERT INTO orm_signaling_registry DEFAULT VALUES")
    await logged(scene, b"Reloading the model registry")
    await scene.works()


async def logged(scene: Scene, *words: bytes) -> None:
    """Wait until the log has each word once for each worker."""
    path, number = scene.stage.machine.log_path, scene.stage.machine.workers
    size = path.stat().st_size

    def found() -> bool:
        text = path.read_bytes()[size:]
        return all(text.count(word) >= number for word in words)

    await until(found, f"{words} in the log")


# --- PostgreSQL ------------------------------------------------------------------------------------


async def restart(scene: Scene, mode: str) -> None:
    """Restart PostgreSQL."""
    await asyncio.sleep(random.uniform(0, 0.5))
    await scene.stage.restart_database(mode)
    await scene.works()


async def no_connections(scene: Scene) -> None:
    """Take all connections that PostgreSQL allows."""
    stage = scene.stage
    with contextlib.suppress(psycopg2.errors.DuplicateObject):
        stage.sql("CREATE ROLE greedy LOGIN")
    before = len(scene.meter.failures())
    with taken(stage) as take:
        take()
        stage.disconnect()

        def refused() -> bool:
            take()
            return len(scene.meter.failures()) >= before + 6

        await until(refused, "requests that are refused")
    await scene.works()


@contextlib.contextmanager
def taken(stage: Stage) -> Iterator[Callable[[], None]]:
    """Return a function that takes all free connections, and end them afterwards."""
    with contextlib.ExitStack() as stack:

        def take() -> None:
            with contextlib.suppress(psycopg2.OperationalError):
                while True:
                    stack.enter_context(stage.connection("greedy"))

        yield take


async def small_pool(scene: Scene) -> None:
    """Send more requests at once than Odoo has connections (`db_maxconn`)."""
    http = scene.apps[0].client._http

    async def ask() -> None:
        load.OPERATION.set("keys")
        await http.get(f"{scene.stage.url}/api/.well-known/jwks.json")

    before = len(scene.meter.failures())
    while len(scene.meter.failures()) < before + 10:
        await asyncio.gather(*(ask() for _time in range(4)), return_exceptions=True)
    await scene.works()


async def statement_timeout(scene: Scene) -> None:
    """Make PostgreSQL end statements that take too long (`statement_timeout`)."""
    stage = scene.stage
    stage.setting("statement_timeout", "400ms")
    # the setting does not limit commits
    for gate in ("create", "upload", "rotation", "repeat"):
        with stage.closed(gate, "statement") as waiting:
            await until(waiting, f"a write at {gate}")
            await scene.answered(503, 1)
    stage.setting("statement_timeout", None)
    await scene.works()


async def lock(scene: Scene) -> None:
    """Lock a table that clients write to."""
    with scene.stage.connection() as connection:
        connection.cursor().execute("LOCK TABLE res_partner IN SHARE ROW EXCLUSIVE MODE")
        await until(scene.stage.blocked, "writes that wait")
        await asyncio.sleep(scene.seconds)
    await scene.works()


async def lock_timeout(scene: Scene) -> None:
    """Lock a table while PostgreSQL ends statements that wait for a lock (`lock_timeout`)."""
    stage = scene.stage
    stage.setting("lock_timeout", "200ms")
    with stage.connection() as connection:
        connection.cursor().execute("LOCK TABLE res_partner IN SHARE ROW EXCLUSIVE MODE")
        await scene.answered(409, 2)
    stage.setting("lock_timeout", None)
    await scene.works()


async def conflicts(scene: Scene) -> None:
    """Change a record from outside while all clients change it, too, with `If-Match`."""
    stage = scene.stage
    others = [App(app.url, scene.meter, app.number, app.prefix) for app in scene.apps]
    for app in others:
        await app.log_in()
    first = others[0]
    name = f"{first.prefix}shared {scene.number}"
    one = await first.client.create("res.partner", {"name": name, "color": 0}, fields=["name"])
    shared, over = one.record["id"], asyncio.Event()
    counts = [asyncio.create_task(add_up(app, shared, over)) for app in others]
    for _time in range(10):
        with stage.connection() as connection:
            change = "UPDATE res_partner SET ref = %s WHERE id = %s"
            connection.cursor().execute(change, [str(time.time()), shared])
            await until(stage.blocked, "a change that waits")
            connection.commit()
    over.set()
    total = sum(await asyncio.gather(*counts))
    [(found,)] = stage.sql("SELECT color FROM res_partner WHERE id = %s", [shared])
    assert found == total, f"{total} changes were acknowledged, {found} are there"
    for app in others:
        await app.client.log_out()
        await app.close()
    await scene.works()


async def add_up(app: App, record: int, over: asyncio.Event) -> int:
    """Add one to a number until the event; return how many of these changes were acknowledged."""
    from odoo_jwt_api import ApiError

    count = 0
    while not over.is_set():
        load.OPERATION.set("add")
        one = await app.client.get("res.partner", record, fields=["color"])
        try:
            values = {"color": one.record["color"] + 1}
            await app.client.update("res.partner", record, values, fields=["color"], etag=one.etag)
            count += 1
        except ApiError as error:
            if error.status not in (409, 412):
                raise
    return count


async def tables_full(scene: Scene) -> None:
    """Fill the disk of PostgreSQL's tables."""
    disk, before = scene.stage.disks["tables"], len(scene.meter.failures())

    def refused() -> bool:
        disk.fill()
        return len(scene.meter.failures()) >= before + 5

    with disk.full():
        await until(refused, "writes that are refused")
    await scene.works()


async def wal_full(scene: Scene) -> None:
    """Fill the disk of PostgreSQL's log of changes: it stops, and is started again when there is room."""
    stage = scene.stage
    with stage.disks["wal"].full():
        with contextlib.suppress(psycopg2.Error):
            for _time in range(200):
                stage.sql("SELECT pg_logical_emit_message(true, 'fault', repeat('x', 1000000))")
                stage.sql("SELECT pg_switch_wal()")
                await asyncio.sleep(0)
        await scene.answered(503, 3)
    await asyncio.to_thread(stage.database.stop)
    await asyncio.to_thread(stage.database.start)
    await scene.works()


# --- files -----------------------------------------------------------------------------------------


async def files_full(scene: Scene) -> None:
    """Fill the disk of Odoo's files."""
    with scene.stage.disks["files"].full():
        await scene.answered(503, 3, operation="upload")
    await scene.works()
    await scene.answered(200, 3, operation="upload")


async def files_read_only(scene: Scene) -> None:
    """Make the disk of Odoo's files read-only."""
    with scene.stage.disks["files"].read_only():
        await scene.answered(503, 3, operation="upload")
    await scene.works()
    await scene.answered(200, 3, operation="upload")


async def keeper_lost(scene: Scene) -> None:
    """Delete the file that encrypts the signing keys, and restart the workers."""
    stage = scene.stage
    keeper = stage.data / "jwt_auth_api" / "keeper"
    keeper.unlink()
    await stage.kill(stage.workers())
    await until(keeper.exists, "a new file")
    await scene.answered(200, 5, operation="rotate")
    await scene.works()


# --- time ------------------------------------------------------------------------------------------

#: The offsets of the clock, one after the other.
OFFSETS = ("+1h", "+0", "-1h", "+0", "+1d", "+0", "-1d", "+0")


async def move_clock(scene: Scene, clock: str) -> None:
    """Move the clock by an hour and by a day, forward and back, while clients work and Odoo purges."""
    admin = Admin(scene.stage)
    [(purge,)] = scene.stage.sql(
        "SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'autovacuum_job'"
    )
    for offset in OFFSETS:
        scene.stage.clocks[clock].move(offset)
        await asyncio.to_thread(retried, admin.call, "ir.cron", "method_direct_trigger", [purge])
        for operation in ("create", "rotate", "upload", "log in"):
            await scene.answered(201 if operation == "create" else 200, 1, operation=operation)


def retried(call: Callable[..., Any], *words: object) -> None:
    """Call Odoo, and repeat the call if its worker is killed: after a jump of the clock it seems to be stuck."""
    for tries_left in reversed(range(5)):
        try:
            call(*words)
            return
        except httpx.TransportError:
            if not tries_left:
                raise


def with_clock(stage: Stage) -> Needs:
    """Let Odoo have a clock that can be moved."""
    return Needs(env=tuple(stage.clocks["odoo"].env.items()))


# --- other servers ---------------------------------------------------------------------------------


async def mail_down(scene: Scene) -> None:
    """Send mail to a port where nothing listens: a code cannot be mailed, a notice is sent later."""
    stage = scene.stage
    admin = Admin(stage)
    other = App(stage.url, scene.meter, 0, scene.apps[0].prefix)
    await other.log_in()
    stolen = other.client._core.store.load()
    for _time in range(2):
        await other.client.rotate_refresh_token()
    headers = {"refreshToken": stolen}
    path = f"{stage.url}/api/update/access-token"
    answer = await other.client._http.post(path, headers=headers, json={})
    assert answer.status_code == 401
    reason = "SELECT revoke_reason FROM jwt_session WHERE sid = %s"
    assert stage.sql(reason, [session_of(other.client._core.access.token)]) == [("reuse",)]
    await asyncio.to_thread(
        admin.call, "ir.config_parameter", "set_param", "auth_totp.policy", "all_required"
    )
    await scene.answered(503, 2, operation="log in")
    await asyncio.to_thread(
        admin.call, "ir.config_parameter", "set_param", "auth_totp.policy", False
    )
    await scene.answered(200, 2, operation="log in")
    await scene.works()
    await other.close()


def without_mail(_stage: Stage) -> Needs:
    """Let Odoo send mail to a port where nothing listens."""
    return Needs(options=("--smtp", "127.0.0.1", "--smtp-port", str(free_port())))


# --- all of them -----------------------------------------------------------------------------------

_OPERATIONS = {
    "create": "a contact with addresses is created",
    "bulk": "several records are created at once",
    "order": "an order with lines is created",
    "rotation": "a refresh token is replaced",
    "revoke": "a session ends",
    "repeat": "an `Idempotency-Key` is claimed or its response stored",
    "upload": "a file is stored",
}
assert _OPERATIONS.keys() == GATES.keys()


def _threads(*options: str) -> Callable[[Stage], Needs]:
    return lambda _stage: Needs(0, options)


def _findable(_stage: Stage) -> Needs:
    """Let Odoo find the Python of its virtual environment: it starts itself by the name of the program."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Needs(env=(("PATH", path),))


ALL = [
    *(
        Fault(
            f"kill-{gate}",
            f"the workers killed while {text}: in turn in a statement and in the commit",
            functools.partial(kill_at_gate, gate=gate),
            times=6,
        )
        for gate, text in _OPERATIONS.items()
    ),
    Fault("kill-any", "one worker or all workers killed at any time", kill_any, times=20),
    Fault(
        "kill-threads",
        "the whole server killed at any time, with threads",
        kill_server,
        3,
        needs=_threads(),
    ),
    Fault("reload", "Odoo reloaded (SIGHUP)", reload, 2, needs=_findable),
    Fault("registry", "models and fields loaded anew by every worker", new_registry),
    *(
        Fault(
            f"restart-{mode}",
            f"PostgreSQL restarted ({mode})",
            functools.partial(restart, mode=mode),
            5,
        )
        for mode in ("fast", "immediate")
    ),
    Fault("connections", "all connections of PostgreSQL taken", no_connections),
    Fault(
        "pool",
        "more requests than connections (`db_maxconn`)",
        small_pool,
        needs=_threads("--db_maxconn", "3"),
    ),
    Fault("statement-timeout", "statements ended by `statement_timeout`", statement_timeout),
    Fault("lock", "a table locked for a minute", lock, 1),
    Fault("lock-timeout", "a table locked, with `lock_timeout`", lock_timeout, statuses=(409,)),
    Fault(
        "conflicts", "one record changed by all clients and from outside", conflicts, 3, (409, 412)
    ),
    Fault("tables-full", "the disk of PostgreSQL's tables full", tables_full, disk="tables"),
    Fault("wal-full", "the disk of PostgreSQL's log of changes full", wal_full, 2, disk="wal"),
    Fault("files-full", "the disk of Odoo's files full", files_full, disk="files"),
    Fault("files-read-only", "the disk of Odoo's files read-only", files_read_only, disk="files"),
    Fault("keeper", "the file `keeper` lost", keeper_lost, 4),
    Fault("mail", "the mail server down", mail_down, 2, (401,), needs=without_mail),
    Fault(
        "clock-odoo",
        "the clock of Odoo moved by an hour and by a day, forward and back; old rows and files purged",
        functools.partial(move_clock, clock="odoo"),
        1,
        (401,),
        needs=with_clock,
        clock=True,
    ),
    Fault(
        "clock-postgresql",
        "the clock of PostgreSQL moved in the same way",
        functools.partial(move_clock, clock="postgresql"),
        1,
        (401,),
        clock=True,
    ),
]
BY_NAME = {fault.name: fault for fault in ALL}
