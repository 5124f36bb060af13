# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A real Odoo server with several worker processes, on a database of ours."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .bootstrap import Stop, bound
from .setup import Setup


@dataclass(frozen=True)
class Server:
    url: str
    db: str
    log_path: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """Stop when somebody listens on *port* already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Stop(
                f"Port {port} is taken on 127.0.0.1 (another Odoo?); choose one: --port {free_port()}"
            ) from None


@contextlib.contextmanager
def serving(
    setup: Setup,
    db: str,
    log: Path,
    *,
    port: int = 0,
    workers: int = 2,
    cron: int = 0,
    options: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A server that answers, with *workers* processes; it ends with the context, its log stays."""
    port = port or free_port()
    command = [
        setup.odoo_bin,
        "-d",
        db,
        "--no-database-list",
        "--http-interface",
        "127.0.0.1",
        "--http-port",
        port,
    ]
    command += [
        "--gevent-port",
        free_port(),
        "--workers",
        workers,
        "--max-cron-threads",
        cron,
        *options,
    ]
    with log.open("ab") as out:
        # a session of its own: a terminal's Ctrl-C reaches the master alone, through us, and once
        process = subprocess.Popen(
            bound(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    server = Server(f"http://127.0.0.1:{port}", db, log, process)
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(server: Server, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{server.url}/web/health", timeout=30) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.2)
    tail = "\n".join(
        "    " + line for line in server.log_path.read_text(errors="replace").splitlines()[-8:]
    )
    raise Stop(
        f"The server did not start. Its log's end:\n{tail}\n  The whole log: {server.log_path}"
    )
