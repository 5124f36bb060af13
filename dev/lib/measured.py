# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What long runs have measured, written into the documents that show it: with the date, the machine and the command."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import database
from .bootstrap import ROOT
from .setup import Setup

PERFORMANCE = ROOT / "doc" / "performance.md"
RELIABILITY = ROOT / "doc" / "reliability.md"
#: The environment variable with the path of the file that the tests of a long run write to.
RECORD = "JWT_AUTH_API_RECORD"


def record(**values: object) -> None:
    """Add what a test has measured to the file of the long run, if there is one."""
    if path := os.environ.get(RECORD):
        with Path(path).open("a") as out:
            out.write(json.dumps(values) + "\n")


def recorded(path: Path) -> list[dict[str, Any]]:
    """Return what the tests of a long run have recorded."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def conditions(setup: Setup, command: str) -> str:
    """Return the sentence that says when, where and with what something was measured."""
    version = database.rows(setup, "postgres", "SHOW server_version")[0][0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Made by `{command}` on {datetime.date.today():%Y-%m-%d}: {os.cpu_count()} cores,"
        f" {memory:.0f} GB of memory, Odoo {setup.odoo.version}, PostgreSQL {version.split()[0]},"
        f" Python {platform.python_version()}."
    )


def write(path: Path, name: str, text: str) -> None:
    """Replace what stands between the two comments with a name in a document."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = path.read_text().partition(begin)
    assert found, f"{path.name} has no place for {name}"
    _old, found, after = rest.partition(end)
    assert found, f"{path.name} does not end {name}"
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
