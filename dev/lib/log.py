# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Reading Odoo's log: what it complained of, and what its test run counted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (\w+) (\S+) ([\w.]+): (.*)$")
SKIPPED = re.compile(r"^\S+ \S+ \d+ INFO \S+ odoo\.addons\.[\w.]+: (skipped .*)$", re.M)
TESTS = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database")
OURS = "odoo.addons.jwt_auth_api"


@dataclass(frozen=True)
class Entry:
    level: str
    logger: str
    text: str

    def __str__(self) -> str:
        return f"{self.level} {self.logger}: {self.text}"

    @property
    def ours(self) -> bool:
        """Ours to answer for: our loggers, and Python's own warnings, which name a file of ours in the first line."""
        return f"{self.logger}.".startswith(f"{OURS}.") or (
            "jwt_auth_api" in self.text and self.logger == "py.warnings"
        )


def entries(path: Path) -> list[Entry]:
    """Each log line with its continuation lines (a traceback, a query) joined to it."""
    found: list[Entry] = []
    for line in path.read_text(errors="replace").splitlines():
        if match := LINE.match(line):
            level, _database, logger, text = match.groups()
            found.append(Entry(level, logger, text.rstrip()))
        elif found:
            last = found[-1]
            found[-1] = Entry(last.level, last.logger, f"{last.text}\n{line}")
    return found


def complaints(path: Path) -> list[Entry]:
    return [entry for entry in entries(path) if entry.level in ("WARNING", "ERROR", "CRITICAL")]


def counted(path: Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of the test run that *path* is the log of; (0, 0, 0) if it has no result line."""
    text = path.read_text(errors="replace")
    found = TESTS.findall(text)
    if not found:
        return 0, 0, 0
    failures, errors, run = map(int, found[-1])
    skipped = len(SKIPPED.findall(text))
    failed = failures + errors
    # a test with several failing subTests counts each of them
    return max(0, run - failed - skipped), failed, skipped


def skips(path: Path) -> list[str]:
    """Which tests of the test run that *path* is the log of were skipped, and why."""
    return SKIPPED.findall(path.read_text(errors="replace"))
