# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""PgBouncer before the PostgreSQL of the tests, from the distribution's package."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from . import debian, postgres
from .bootstrap import Stop, bound, home
from .server import free_port
from .setup import Setup

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 40
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


def program() -> str | None:
    """Return the path of PgBouncer, or None if there is none."""
    folder = home() / "proxies" / "pgbouncer"
    return debian.runnable(folder, "pgbouncer", "usr/sbin/pgbouncer", "--version")


class Bouncer:
    """A running PgBouncer."""

    def __init__(self, folder: Path, port: int, user: str) -> None:
        self.folder, self.port, self.user = folder, port, user

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which Odoo connects through it."""
        return "--db_host", str(self.folder), "--db_port", str(self.port)

    def connect(self, db: str) -> Any:
        return psycopg2.connect(
            dbname=db, host=str(self.folder), port=self.port, user=self.user, password=""
        )


@contextlib.contextmanager
def running(setup: Setup, mode: str) -> Iterator[Bouncer]:
    """Run PgBouncer with a pool mode, *session* or *transaction*."""
    path, port, server = program(), free_port(), setup.postgres
    assert path
    folder = postgres.folder() / f"bouncer-{os.getpid()}-{port}"
    postgres.private(folder)
    words = {"host": server.host, "port": server.port, "user": server.user}
    line = " ".join(f"{key}={value}" for key, value in words.items() if value)
    conf = folder / "pgbouncer.ini"
    conf.write_text(CONFIGURATION.format(server=line, port=port, folder=folder, mode=mode))
    conf.chmod(0o644)
    user = [] if os.geteuid() else ["-u", "nobody"]
    with (folder / "out").open("ab") as out:
        process = subprocess.Popen(
            bound([path, *user, conf]), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    bouncer = Bouncer(folder, port, server.user)
    try:
        _wait(bouncer, process)
        yield bouncer
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(bouncer: Bouncer, process: subprocess.Popen[bytes]) -> None:
    for _time in range(100):
        if process.poll() is not None:
            break
        with contextlib.suppress(psycopg2.OperationalError):
            bouncer.connect("postgres").close()
            return
        time.sleep(0.1)
    raise Stop(f"PgBouncer did not start:\n{(bouncer.folder / 'out').read_text()}")
