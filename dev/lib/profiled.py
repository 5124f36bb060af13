# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Measure where the time of a request goes, with py-spy in the workers of a server under load.

A sample is what a worker does at one moment. It counts for the innermost code that is Odoo's or this addon's: libraries
work for whoever calls them. The time in which PostgreSQL works for a request counts as PostgreSQL's.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .bootstrap import Stop, bound
from .server import Server
from .setup import Setup

SAMPLES_PER_SECOND = 100
#: What a worker does, in the order of the table, which does not have the time between requests.
WAITING, SERVER, ODOO, DATABASE, OURS = (
    "waiting",
    "HTTP server",
    "Odoo",
    "PostgreSQL",
    "this addon",
)
PARTS = (SERVER, ODOO, DATABASE, OURS)


@dataclass(frozen=True)
class Profiler:
    """Take samples of the workers of a server, and say in whose code they were.

    :ivar addons: the folder of the addon's code, as the server names it
    :ivar odoo: the folders of Odoo's code
    """

    addons: str
    odoo: tuple[str, ...]

    @classmethod
    def of(cls, setup: Setup) -> Profiler:
        odoo = (setup.odoo.path / "odoo", *setup.odoo.addons)
        return cls(f"{setup.work / 'addons'}/", tuple(f"{path}/" for path in odoo))

    def samples(
        self, server: Server, folder: Path, seconds: int, load: Callable[[], object]
    ) -> Counter[str]:
        """Count the samples of all workers during a load, by what the workers did.

        :param seconds: how long the load takes
        """
        outs = [folder / f"profile-{pid}.txt" for pid in processes.workers(server.process.pid)]
        with contextlib.ExitStack() as stack:
            for out in outs:
                stack.enter_context(_spy(out, seconds))
            load()
        found: Counter[str] = Counter()
        for out in outs:
            found += self.counted(out.read_text())
        return found

    def counted(self, raw: str) -> Counter[str]:
        """Count the samples of the thread that serves requests, by what it did.

        :param raw: py-spy's raw format: a line for each stack, ``run (/a.py:1);read (/b.py:2) 17``
        """
        found: Counter[str] = Counter()
        for line in raw.splitlines():
            frames, _space, number = line.rpartition(" ")
            if work := self._work(frames.split(";")):
                found[work] += int(number)
        return found

    def _work(self, stack: Sequence[str]) -> str:
        """Return what a worker does; empty for a thread that serves no requests.

        :param stack: the outermost frame first
        """
        functions = {frame.partition(" (")[0].rpartition(".")[2] for frame in stack}
        if "process_work" not in functions:
            return WAITING if "_runloop" in functions else ""
        if "_serve_db" not in functions:
            return SERVER
        owners = (self._owner(frame.rpartition(" (")[2]) for frame in reversed(stack))
        return next(filter(None, owners), SERVER)

    def _owner(self, path: str) -> str:
        """Return whose code a file is; empty for a library's."""
        if path.startswith(self.addons):
            return OURS
        if "/odoo/sql_db.py:" in path:
            return DATABASE
        return ODOO if path.startswith(self.odoo) else ""


@contextlib.contextmanager
def _spy(out: Path, seconds: int) -> Iterator[None]:
    program = Path(sys.executable).with_name("py-spy")
    pid = out.stem.rpartition("-")[2]
    options = ["--pid", pid, "--duration", seconds, "--rate", SAMPLES_PER_SECOND, "--idle"]
    options += ["--full-filenames", "--format", "raw", "--output", out]
    out.unlink(missing_ok=True)
    process = subprocess.Popen(
        bound([program, "record", *options]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield
        said, _nothing = process.communicate(timeout=30)
    finally:
        process.kill()
    if process.returncode or not out.exists():
        raise Stop(f"py-spy could not watch a worker:\n{said}")
