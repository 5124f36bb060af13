# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Several Odoo servers on one database, each with a data folder and a configuration of its own, behind HAProxy."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import measured, proxies
from .bootstrap import Stop
from .pytests import pytest
from .report import Result
from .server import Server, free_port, serving
from .setup import Setup

#: How often a machine is killed in the long form.
KILLS = 20
#: The places of the machines in the configuration of doc/operations.md.
PLACES = ("192.0.2.1", "192.0.2.2")


class Machine:
    """One of the servers; use as a context. It can be ended like a machine that loses its power, and started again.

    :param files: whether it shares the filestore, as Odoo requires
    """

    def __init__(
        self,
        setup: Setup,
        db: str,
        folder: Path,
        *,
        workers: int = 2,
        files: bool = True,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.setup, self.db, self.folder, self.workers = setup, db, folder, workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "odoo.log"
        self.env = env
        self._options = ("-c", str(self._configure(files)), "--proxy-mode", *options)
        self._stack = contextlib.ExitStack()
        self._server: Server | None = None

    def _configure(self, files: bool) -> Path:
        """Make the data folder, and write the configuration that names it."""
        data = self.folder / "data"
        data.mkdir(parents=True)
        if files:
            (data / "filestore").symlink_to(self.setup.work / "data" / "filestore")
        conf = self.folder / "odoo.conf"
        conf.touch(0o600)
        text = self.setup.conf.read_text()
        conf.write_text(text.replace(str(self.setup.work / "data"), str(data)))
        return conf

    def __enter__(self) -> Machine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def server(self) -> Server:
        assert self._server
        return self._server

    def start(self) -> None:
        """Start the server and wait until it answers; it writes to the same log each time.

        It ends with the thread that has started it (see :func:`~.bootstrap.bound`).
        """
        self._server = self._stack.enter_context(
            serving(
                self.setup,
                self.db,
                self.log_path,
                port=self.port,
                workers=self.workers,
                options=self._options,
                env=self.env,
            )
        )

    def kill(self) -> None:
        """End all processes of the server at once, whatever they are doing."""
        os.killpg(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()

    def stop(self) -> None:
        """Stop the server as an operator does, so that running requests are completed."""
        self._stack.close()


class Cluster:
    """Two machines, and the port of the load balancer before them."""

    def __init__(self, machines: Sequence[Machine], port: int, folder: Path) -> None:
        self.machines, self.port, self.folder = machines, port, folder
        self.url = f"https://{proxies.HOST}:{port}"


@contextlib.contextmanager
def running(setup: Setup, db: str, folder: Path, options: Sequence[str] = ()) -> Iterator[Cluster]:
    """Run two machines behind HAProxy, as doc/operations.md configures it."""
    with contextlib.ExitStack() as stack:
        machines = [Machine(setup, db, folder / name, options=options) for name in ("a", "b")]
        changes = {
            f"{place}:8069": f"127.0.0.1:{machine.port}"
            for place, machine in zip(PLACES, machines, strict=True)
        }
        changes |= {f"{place}:8072": f"127.0.0.1:{free_port()}" for place in PLACES}
        for machine in machines:
            stack.enter_context(machine)
        port = stack.enter_context(proxies.haproxy(folder, changes))
        yield Cluster(machines, port, folder)


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Run the tests of several machines, end each of them in turn under load, and write the table of that."""
    if words and not words[0].isdigit():
        raise Stop("How often shall a machine be killed? dev/test soak cluster 20")
    kills = words[0] if words else str(KILLS)
    path = setup.work / "log" / "cluster.jsonl"
    path.unlink(missing_ok=True)
    env = {"JWT_AUTH_API_KILLS": kills, measured.RECORD: str(path)}
    result = pytest(setup, "live", ["-k", "test_cluster or test_replica"], label="cluster", env=env)
    if not result.failed:
        write_table(setup, measured.recorded(path), f"dev/test soak cluster {kills}")
    return result


def write_table(setup: Setup, rows: Sequence[Mapping[str, object]], command: str) -> None:
    """Write what the tests recorded into doc/reliability.md."""
    header = (
        "fault",
        "times",
        "requests",
        "failed, for the client to repeat",
        "lost",
        "doubled",
        "sessions ended",
    )
    names = ("fault", "times", "requests", "failed", "lost", "doubled", "ended")
    lines = [[row[name] for name in names] for row in rows]
    text = f"{measured.conditions(setup, command)}\n\n{measured.table(header, lines)}"
    measured.write(measured.RELIABILITY, "cluster", text)
