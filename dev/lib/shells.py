# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Work inside of Odoo: databases of its own, a process of `odoo shell` per core, and what each of them says."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import database
from .bootstrap import ROOT, bound, say, stop_on
from .setup import ADDON, Setup

#: A word that names the model to begin with.
BEGIN = "from:"
_SCRIPT = """
import sys
sys.path.insert(0, {dev!r})
from lib.{package} import run
{call}
"""


class Shells:
    """Runs the module `run` of a package of dev/lib in `odoo shell`.

    *modules* are installed beside the addon, from dev/addons.
    """

    def __init__(
        self, setup: Setup, package: str, name: str, *, modules: Sequence[str] = ()
    ) -> None:
        self._setup, self._package, self.name = setup, package, name
        self._modules = [ADDON, *modules]
        self._options = database.dev_addons(setup) if modules else ()
        self.log = setup.work / "log" / f"{name}.log"

    @contextlib.contextmanager
    def databases(self, template: str, title: str) -> Iterator[list[str]]:
        """A database per process, with the addon and what `run.prepare` adds; gone with the context."""
        self.log.unlink(missing_ok=True)
        setup = self._setup
        cores = min(2, os.cpu_count() or 1)
        names = [setup.database(f"test_{self.name}_{number}") for number in range(cores)]
        first, *others = names
        database.copy(setup, template, first)
        say(f"… {title}")
        wanted = ",".join(self._modules)
        code = database.odoo(setup, first, self.log, "-i", wanted, *self._options, "--no-http")
        stop_on(code, self.log, f"odoo -i {wanted}")
        database.shell(setup, first, self.log, self.script("run.prepare(env)"), *self._options)
        for other in others:
            database.copy(setup, first, other)
        try:
            yield names
        finally:
            for each in names:
                database.drop(setup, each)

    def results(self, number: int) -> list[Path]:
        """The files that so many processes write down what they found in."""
        return [self.log.with_name(f"{self.name}-{index}.jsonl") for index in range(number)]

    def over_models(
        self, databases: Sequence[str], words: Sequence[str], options: str
    ) -> list[Path]:
        """Run `run.main` over the models that *words* name, or all; return the files of the processes.

        *words* are names and patterns (`sale.*`), or `from:sale.order` to go on where a run was ended.
        *options* are further arguments of `run.Task`.
        """
        models = tuple(word for word in words if not word.startswith(BEGIN))
        begin = next((word[len(BEGIN) :] for word in words if word.startswith(BEGIN)), "")
        files = self.results(len(databases))
        with tempfile.TemporaryDirectory() as claims:
            calls = [
                f"run.main(env, run.Task(out={str(path)!r}, models={models!r}, begin={begin!r},"
                f" claims={claims!r}, {options}))"
                for path in files
            ]
            self.run(databases, calls, f"A process of the {self._package}")
        return files

    def run(self, databases: Sequence[str], calls: Sequence[str], what: str) -> None:
        """Run one call per database, side by side; Stop when a process dies."""
        with ThreadPoolExecutor(len(databases)) as pool:
            codes = list(pool.map(self._process, databases, calls))
        for code in codes:
            stop_on(code, self.log, what)

    def script(self, call: str) -> str:
        return _SCRIPT.format(dev=str(ROOT / "dev"), package=self._package, call=call)

    def _process(self, name: str, call: str) -> int:
        """Run one call in a process of its own; a line is said every fifty models."""
        command = bound([self._setup.odoo_bin, "shell", "-d", name, "--no-http", *self._options])
        with self.log.open("a") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
            )
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(self.script(call))
            process.stdin.close()
            for number, line in enumerate(process.stdout):
                out.write(line)
                out.flush()
                if number % 50 == 49:
                    say(f"  {line.strip()}")
            return process.wait()
