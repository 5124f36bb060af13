# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Run an Odoo server on a PostgreSQL server of its own, and break both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg2

from .. import processes, replication
from ..cluster import Machine
from ..setup import Setup
from .clock import Clock
from .disks import Disk
from .work import LOGINS

T = TypeVar("T")
#: How many seconds to wait for something that the clients cause.
PATIENCE = 60
#: The function of the triggers: a write waits at its gate while the gate is closed.
GATE = """
CREATE OR REPLACE FUNCTION fault_gate() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::int); RETURN NULL; END';
"""
#: The number of a gate in the commit is that of the gate in the statement, plus this one.
COMMIT = 100
#: The tables on a small file system.
TABLES = (
    "res_partner",
    "sale_order",
    "ir_attachment",
    "mail_message",
    "connection_api_idempotency",
    "jwt_session",
    "jwt_refresh_token",
)
#: Name → the write that waits there.
GATES = {
    "create": "INSERT ON res_partner %s WHEN (position(' one ' in NEW.name) > 0)",
    "bulk": "INSERT ON res_partner %s WHEN (position(' bulk ' in NEW.name) > 0)",
    "order": "INSERT ON sale_order_line %s",
    "rotation": "INSERT ON jwt_refresh_token %s WHEN (NEW.parent_id IS NOT NULL)",
    "revoke": "UPDATE ON jwt_session %s WHEN (NEW.revoked_at IS NOT NULL)",
    "repeat": "INSERT OR UPDATE ON connection_api_idempotency %s",
    "upload": "INSERT OR UPDATE ON ir_attachment %s WHEN (NEW.res_field IS NOT NULL)",
}


@dataclass(frozen=True)
class Needs:
    """Hold how Odoo must be started for a fault."""

    workers: int = 2
    options: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


class Stage:
    """Hold both servers and the means to break them; use it as a context."""

    def __init__(self, setup: Setup, database: replication.Instance, db: str, folder: Path) -> None:
        self.setup, self.database, self.db, self.folder = setup, database, db, folder
        #: Name → a small file system, where they can be made.
        self.disks: dict[str, Disk] = {}
        #: The clocks of both servers, where they can be moved.
        self.clocks: dict[str, Clock] = {}
        self.needs: Needs | None = None
        self._machine: Machine | None = None
        self._number = 0
        # servers end with the thread that has started them
        self._starter = ThreadPoolExecutor(1)
        # what would refuse requests whatever fails
        self.sql("DELETE FROM ir_config_parameter WHERE key = 'jwt_auth_api.max_rotations'")
        self.sql(
            "INSERT INTO ir_config_parameter (key, value) VALUES ('jwt_auth_api.max_rotations', '0')"
        )
        # codes are mailed there
        self.sql(
            "UPDATE res_partner p SET email = u.login || '@example.com' FROM res_users u"
            " WHERE u.partner_id = p.id AND starts_with(u.login, %s)",
            [LOGINS],
        )
        self.sql(GATE)
        for number, (name, event) in enumerate(GATES.items()):
            each = "FOR EACH ROW"
            late = f"DEFERRABLE INITIALLY DEFERRED {each}"
            self.sql(
                f"CREATE TRIGGER fault_{name} AFTER {event % each}"
                f" EXECUTE FUNCTION fault_gate({number});"
                f"CREATE CONSTRAINT TRIGGER fault_{name}_late AFTER {event % late}"
                f" EXECUTE FUNCTION fault_gate({number + COMMIT})"
            )

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._starter.shutdown()
        for disk in self.disks.values():
            disk.release()

    # --- Odoo ------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        assert self._machine
        return self._machine

    @property
    def url(self) -> str:
        return self.machine.url

    @property
    def data(self) -> Path:
        return self.machine.folder / "data"

    @property
    def filestore(self) -> Path:
        return self.data / "filestore" / self.db

    def prepare(self, needs: Needs) -> None:
        """Start Odoo as a fault needs it, unless it already runs that way."""
        if self._machine and needs == self.needs:
            return
        self.end()
        self._number += 1
        self._machine = Machine(
            self.setup,
            self.db,
            self.folder / f"odoo-{self._number}",
            workers=needs.workers,
            files=False,
            options=(*self.database.options, *needs.options),
            env=dict(needs.env),
        )
        shared = self.folder / "filestore"
        shared.mkdir(exist_ok=True)
        (self.data / "filestore").symlink_to(shared)
        self.needs = needs
        self._starter.submit(self._machine.start).result()

    def end(self) -> None:
        """Kill Odoo; the requests of the clients have been judged before."""
        if self._machine:
            self._machine.kill()
            self._starter.submit(self._machine.stop).result()
            self._machine = None

    async def restart(self) -> None:
        """Start Odoo again after it was killed."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._starter, self.machine.start)

    def workers(self) -> list[int]:
        """Return the processes that answer requests; the server itself if it has threads."""
        master = self.machine.server.process.pid
        if not self.machine.workers:
            return [master]
        return processes.workers(master)

    async def kill(self, pids: Sequence[int]) -> None:
        """Kill processes of Odoo; if that was the server itself, start it again."""
        master = self.machine.server.process.pid
        if master in pids:
            self.machine.kill()
            await self.restart()
        else:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    # --- PostgreSQL --------------------------------------------------------------------------

    def sql(self, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query as the superuser; return its rows."""
        return self.database.sql(self.db, query, params)

    async def restart_database(self, mode: str) -> None:
        """Restart PostgreSQL; *mode* is that of ``pg_ctl stop``."""
        await asyncio.to_thread(self.database.stop, mode)
        await asyncio.to_thread(self.database.start)

    def setting(self, name: str, value: str | None) -> None:
        """Change a setting of Odoo's role for new connections, or reset it; Odoo connects anew."""
        change = f"SET {name} = '{value}'" if value is not None else f"RESET {name}"
        self.sql(f"ALTER ROLE {self.database.dsn('')['user']} {change}")
        self.disconnect()

    def disconnect(self) -> None:
        """End all connections of Odoo."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = %s",
            [self.database.dsn("")["user"], self.db],
        )

    @contextlib.contextmanager
    def connection(self, user: str = "postgres") -> Iterator[Any]:
        """Open a connection whose transaction is rolled back at the end."""
        with contextlib.closing(psycopg2.connect(**self.database.dsn(self.db, user))) as connection:
            yield connection

    @contextlib.contextmanager
    def closed(self, gate: str, moment: str) -> Iterator[Callable[[], bool]]:
        """Close a gate.

        :param moment: ``statement`` or ``commit``
        :return: a function that returns whether a write waits there
        """
        number = list(GATES).index(gate) + (COMMIT if moment == "commit" else 0)
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            yield lambda: self._waiting(number)

    def _waiting(self, number: int) -> bool:
        query = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        return bool(self.sql(query, [number]))

    def blocked(self) -> bool:
        """Return whether a statement waits for a lock."""
        return bool(self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def until(condition: Callable[[], T], what: str) -> T:
    """Wait until a condition is true; return its value."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        await asyncio.sleep(0.02)
    return found


@contextlib.contextmanager
def running(
    setup: Setup, db: str, folder: Path, *, disks: bool = False, clock: bool = False
) -> Iterator[Stage]:
    """Run PostgreSQL with a copy of a database, ready for Odoo.

    :param disks: whether its files, its log of changes and the files of Odoo are on small file systems
    :param clock: whether the clocks of both servers can be moved
    """
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(replication.folder_of(setup, "faults"))
        made: dict[str, Disk] = {}
        words: tuple[object, ...] = ()
        if disks:
            for name, megabytes in (("wal", 600), ("tables", 100)):
                (base / name).mkdir()
                made[name] = Disk(base / name, megabytes)
                made[name].own(base)
            words = ("--waldir", base / "wal" / "pg_wal")
        clocks: dict[str, Clock] = {}
        if clock:
            clocks = {name: Clock(base / f"clock-{name}") for name in ("odoo", "postgresql")}
        env = clocks["postgresql"].env if clock else None
        database = stack.enter_context(replication.alone(setup, db, base / "a", *words, env=env))
        stage = stack.enter_context(Stage(setup, database, db, folder))
        if disks:
            place = f"CREATE TABLESPACE small LOCATION '{base / 'tables'}'"
            database.sql(db, place)
            for table in TABLES:
                database.sql(db, f"ALTER TABLE {table} SET TABLESPACE small")
            (folder / "filestore").mkdir()
            made["files"] = Disk(folder / "filestore", 100)
        stage.disks, stage.clocks = made, clocks
        yield stage
