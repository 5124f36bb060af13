# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A PostgreSQL server of its own for one test, and a streaming replica of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from . import postgres, processes
from .bootstrap import Stop
from .server import free_port
from .setup import Setup

#: As an operator sets it, but for fsync: no data here has to outlive a power cut.
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
fsync = off
wal_level = replica
max_wal_senders = 4
hot_standby = on
timezone = 'UTC'
"""


class Instance:
    """One PostgreSQL server; its folder is owned by the user that it runs as.

    :ivar env: more variables of its environment
    :ivar programs: the folder of its programs; those from PyPI unless given
    """

    def __init__(
        self, folder: Path, env: Mapping[str, str] | None = None, programs: Path | None = None
    ) -> None:
        self.env = env
        self.programs = programs or postgres.programs(postgres.folder())
        self.folder, self.port = folder, free_port()
        self.data = folder / "data"
        postgres.private(folder)

    def command(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs."""
        done = postgres.run(self.programs, program, *arguments, env=self.env)
        if done.returncode:
            raise Stop(f"{program} failed:\n{done.stdout[-2000:]}")

    def start(self) -> None:
        """Start the server; after :meth:`kill`, its last processes may need a moment to end."""
        options = f"-k {self.folder} -p {self.port}"
        words = ("-w", "-D", self.data, "-l", self.folder / "log", "-o", options)
        for _time in range(20):
            done = postgres.run(self.programs, "pg_ctl", "start", *words, env=self.env)
            if not done.returncode:
                return
            time.sleep(0.5)
        raise Stop(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; in the mode ``immediate`` it has to recover when it starts."""
        if (self.data / "postmaster.pid").exists():
            postgres.run(self.programs, "pg_ctl", "stop", "-m", mode, "-D", self.data, env=self.env)

    def kill(self) -> None:
        """End the server as a power cut does."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        for each in (pid, *processes.children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def promote(self) -> None:
        """Make a primary of the replica."""
        self.command("pg_ctl", "promote", "-w", "-D", self.data)

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which Odoo uses this server alone."""
        return "--db_host", str(self.folder), "--db_port", str(self.port)

    def dsn(self, db: str, user: str = postgres.ROLE) -> dict[str, Any]:
        return {"dbname": db, "host": str(self.folder), "port": self.port, "user": user}

    def sql(self, db: str, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query gives, asked by the superuser."""
        with (
            contextlib.closing(psycopg2.connect(**self.dsn(db, "postgres"))) as connection,
            connection.cursor() as cursor,
        ):
            connection.autocommit = True
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []


class Pair:
    """A primary with a copy of a database, and a replica that follows it."""

    def __init__(self, primary: Instance, replica: Instance, db: str) -> None:
        self.primary, self.replica, self.db = primary, replica, db

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which Odoo uses both."""
        first, second = self.primary, self.replica
        return (
            *first.options,
            *("--db_replica_host", str(second.folder), "--db_replica_port", str(second.port)),
        )

    def hold(self) -> None:
        """Let the replica stay as it is: it receives what is written, but does not show it."""
        self.replica.sql(self.db, "SELECT pg_wal_replay_pause()")
        while self.replica.sql(self.db, "SELECT pg_get_wal_replay_pause_state()") != [("paused",)]:
            time.sleep(0.02)

    def follow(self) -> None:
        """Let the replica go on, and wait until it shows all that has been written."""
        self.replica.sql(self.db, "SELECT pg_wal_replay_resume()")
        self.caught_up()

    def caught_up(self) -> None:
        [(place,)] = self.primary.sql(self.db, "SELECT pg_current_wal_lsn()")
        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        end = time.monotonic() + 30
        while self.replica.sql(self.db, query, [place]) != [(True,)]:
            if time.monotonic() > end:
                raise Stop("The replica does not follow.")
            time.sleep(0.02)

    def wait_for_replica(self, level: str = "on") -> None:
        """Let a commit wait until the replica has it (`synchronous_commit`)."""
        self.primary.sql(self.db, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.sql(self.db, f"ALTER SYSTEM SET synchronous_commit = '{level}'")
        self.primary.sql(self.db, "SELECT pg_reload_conf()")


@contextlib.contextmanager
def empty(
    folder: Path,
    *initdb: object,
    env: Mapping[str, str] | None = None,
    programs: Path | None = None,
    settings: str = SETTINGS,
) -> Iterator[Instance]:
    """Run a server without a database, with the role of the tests.

    :param initdb: more options for the program of this name
    :param env: as for :class:`Instance`
    :param programs: as for :class:`Instance`
    :param settings: lines for `postgresql.conf`
    """
    server = Instance(folder, env, programs)
    try:
        server.command(
            *("initdb", "-D", server.data, "-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", *initdb),
        )
        with (server.data / "postgresql.conf").open("a") as conf:
            conf.write(settings)
        server.start()
        server.sql("postgres", f"CREATE ROLE {postgres.ROLE} LOGIN CREATEDB")
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def alone(
    setup: Setup, db: str, folder: Path, *initdb: object, env: Mapping[str, str] | None = None
) -> Iterator[Instance]:
    """Run a server with a copy of a database of this checkout.

    :param initdb: as for :func:`empty`
    :param env: as for :class:`Instance`
    """
    with empty(folder, *initdb, env=env) as primary:
        primary.sql("postgres", f'CREATE DATABASE "{db}" OWNER {postgres.ROLE} TEMPLATE template0')
        _copy(setup, primary, db)
        yield primary


@contextlib.contextmanager
def running(setup: Setup, db: str) -> Iterator[Pair]:
    """Run a primary with a copy of a database of this checkout, and its replica."""
    with folder_of(setup, "replicated") as base, alone(setup, db, base / "a") as primary:
        replica = Instance(base / "b")
        try:
            primary.command(
                *("pg_basebackup", "-D", replica.data, "-h", primary.folder, "-p", primary.port),
                *("-U", "postgres", "-R", "-X", "stream", "-c", "fast"),
            )
            replica.start()
            yield Pair(primary, replica, db)
        finally:
            replica.stop()


@contextlib.contextmanager
def folder_of(setup: Setup, name: str) -> Iterator[Path]:
    """Make a folder of PostgreSQL's user, which is removed at the end."""
    base = postgres.folder() / f"{name}-{setup.key}-{os.getpid()}"
    postgres.private(base)
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _copy(setup: Setup, primary: Instance, db: str) -> None:
    """Copy a database from the server of all tests."""
    server, dump = setup.postgres, primary.folder / "dump"
    words = ("-h", server.host, "-p", server.port, "-U", server.user) if server.host else ()
    primary.command("pg_dump", "-Fd", "-Z0", "-j2", "-f", dump, *words, db)
    target = ("-h", primary.folder, "-p", primary.port, "-U", postgres.ROLE)
    primary.command("pg_restore", "-j2", "--no-owner", "-d", db, *target, dump)
    shutil.rmtree(dump)
