# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test: which parts run, side by side where they do not disturb each other, and what is said at the end."""

from __future__ import annotations

import contextlib
import os
import platform
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from . import browser, database, debian, npm, pdf, report
from .bootstrap import Stop, locked, say
from .parts import LIGHT, PARTS
from .report import Result
from .setup import Setup

# Two lanes for two cores. What tests concurrency, or how a server does under load, has the machine to itself.
TOGETHER = (("check", "odoo", "template"), ("install", "lint"))
# `soak` is asked for by name.
ALONE = ("live", "e2e", "clients", "openapi", "footprint", "differential")
#: CI has all that a test needs, so that a test that is skipped there fails the run, unless this is given.
ALLOW_SKIPS = "--allow-skips"


def main(words: list[str]) -> int:
    may_skip = ALLOW_SKIPS in words or not os.environ.get("CI")
    words = [word for word in words if word != ALLOW_SKIPS]
    if words and words[0] not in PARTS:
        raise Stop(f"There is no part {words[0]!r}: dev/test [{' | '.join(PARTS)}] [filter …]")
    results: dict[str, Result] = {}
    setup = Setup()
    with contextlib.ExitStack() as stack:
        if words and words[0] in LIGHT:
            setup.prepare()
        else:
            stack.enter_context(setup)
            say(f"Odoo {setup.odoo.version} on Python {platform.python_version()}")
            database.sweep(setup)
            browser.ensure()
            pdf.ensure()
            npm.ensure()
            debian.ensure("curl")
        if words:
            results[words[0]] = _timed(setup, words[0], words[1:])
        else:
            _all(setup, results)
    found = {name: results[name] for name in PARTS if name in results}
    return report.close(found, may_skip=may_skip)


def _all(setup: Setup, results: dict[str, Result]) -> None:
    def lane(names: tuple[str, ...]) -> None:
        for name in names:
            if name == "template":
                # for the parts that run alone
                database.demo_template(setup)
                database.live_template(setup)
            else:
                results[name] = _timed(setup, name, [])

    pool = ThreadPoolExecutor(max_workers=len(TOGETHER))
    try:
        for future in [pool.submit(lane, names) for names in TOGETHER]:
            future.result()
    finally:
        # after Ctrl-C nobody waits for the other lane
        pool.shutdown(wait=False, cancel_futures=True)
    lane(ALONE)


def _timed(setup: Setup, name: str, words: list[str]) -> Result:
    started = time.monotonic()
    say(f"… {name}")
    try:
        # each part has databases of its own, so that only the same part of the same checkout has to wait
        with locked(f"test-{setup.key}-{name}"):
            result = PARTS[name](setup, words)
    except Stop as stop:
        result = Result(failed=1, problems=[str(stop)])
    except Exception:  # noqa: BLE001 - told below and counted, so that the other parts still run
        result = Result(failed=1, problems=[traceback.format_exc()])
    result.seconds = time.monotonic() - started
    skipped = f", {result.skipped} skipped" if result.skipped else ""
    # not alone on its line: that is for the sum
    counts = f"{result.passed} passed, {result.failed} failed{skipped}"
    say(f"= {name}: {counts} in {result.seconds:.0f} s")
    return result
