# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a run of dev/test says at its end, and the exit code that goes with it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: Kinds of problems that are told in full.
TOLD = 60


@dataclass
class Result:
    """The outcome of one part; every problem is told, the counts are what the closing line sums up."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0

    def check(self, problem: str | Collection[object] | Literal[0, False] | None) -> None:
        """Count one more test: passed when there is no problem.

        :param problem: a sentence; whatever is false, as in ``left and f"left: {left}"``, is none
        """
        if problem:
            self.failed += 1
            self.problems.append(str(problem))
        else:
            self.passed += 1

    def tell(self, kinds: Sequence[str], files: Sequence[Path]) -> None:
        """Add each kind of problem that a harness has found; a report that nobody reads to its end is of no use."""
        self.problems += kinds[:TOLD]
        if len(kinds) > TOLD:
            more = len(kinds) - TOLD
            self.problems.append(f"and {more} kinds more: {', '.join(map(str, files))}")

    def add(self, other: Result) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.problems += other.problems
        self.notes += other.notes


def listed(counts: Counter[str]) -> str:
    """Return what was counted as a list for people."""
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def from_junit(path: Path, code: int) -> Result:
    """What pytest counted, by its own report; a pytest that died has failed, whatever it had counted until then."""
    result = Result()
    if path.exists():
        for suite in ElementTree.parse(path).getroot().iter("testsuite"):
            count = {
                key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
            }
            failed = count["failures"] + count["errors"]
            result.failed += failed
            result.skipped += count["skipped"]
            result.passed += max(0, count["tests"] - failed - count["skipped"])
            for case in suite.iter("testcase"):
                for skipped in case.iter("skipped"):
                    result.notes.append(f"skipped {case.get('name')}: {skipped.get('message')}")
    if code not in (0, 1, 5) or (code and not result.failed and code != 5):
        result.check(f"pytest ended with exit code {code}")
    return result


def close(parts: dict[str, Result], *, may_skip: bool = True) -> int:
    """Print the parts and the closing line; return the exit code. No test at all is a failure.

    *may_skip* says whether the run succeeds although a test was skipped.
    """
    total = Result()
    print()
    for name, part in parts.items():
        for problem in part.problems:
            print(f"--- {name}: {problem}")
    print("\nPart        passed  failed  skipped  seconds")
    for name, part in parts.items():
        print(f"{name:10}  {part.passed:6}  {part.failed:6}  {part.skipped:7}  {part.seconds:7.1f}")
        for note in part.notes:
            print(f"            {note}")
        total.add(part)
    if not total.passed and not total.failed:
        print("\nNo test ran, which is a failure.")
        total.failed = 1
    if total.skipped and not may_skip:
        print("\nOn CI a skipped test is a failure; dev/test --allow-skips lets it pass.")
        total.failed += total.skipped
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"\n{total.passed} passed, {total.failed} failed{skipped}", flush=True)
    return 1 if total.failed else 0
