# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test: which parts run, side by side where they do not disturb each other, and what is said at the end."""

from __future__ import annotations

import time

from . import parts, report
from .bootstrap import Stop, say
from .report import Result
from .setup import Setup


def main(words: list[str]) -> int:
    names = [words[0]] if words else list(parts.PARTS)
    if names[0] not in parts.PARTS:
        raise Stop(f"There is no part {names[0]!r}: dev/test [{' | '.join(parts.PARTS)}] [filter …]")
    results: dict[str, Result] = {}
    with Setup() as setup:
        for name in names:
            results[name] = _timed(setup, name, words[1:])
    return report.close(results)


def _timed(setup: Setup, name: str, words: list[str]) -> Result:
    started = time.monotonic()
    say(f"… {name}")
    try:
        result = parts.PARTS[name](setup, words)
    except Stop as stop:
        result = Result(failed=1, problems=[str(stop)])
    result.seconds = time.monotonic() - started
    say(f"  {name}: {result.passed} passed, {result.failed} failed in {result.seconds:.0f} s")
    return result
