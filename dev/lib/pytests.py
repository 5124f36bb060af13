# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Running pytest on a folder of dev/ and counting by its own report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from . import report
from .bootstrap import ROOT, bound
from .report import Result
from .setup import Setup


def pytest(
    setup: Setup,
    name: str,
    words: list[str],
    *,
    label: str = "",
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run pytest on dev/*name*; its output is the person's to read when something fails.

    *label* is what it is called in its files where the same folder runs twice.
    """
    label = label or name
    junit = setup.work / "log" / f"{label}.xml"
    junit.unlink(missing_ok=True)
    path = fresh_log(setup, f"pytest-{label}")
    command = [sys.executable, "-m", "pytest", f"dev/{name}", f"--junitxml={junit}", "--color=no"]
    command += ["--durations=10", "-o", f"cache_dir={setup.work / 'pytest'}", *words]
    env = {
        **os.environ,
        **(env or {}),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(setup.work / "hypothesis"),
        "JWT_AUTH_API_PART": name,
    }
    with path.open("w") as out:
        code = subprocess.call(
            bound(command), cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    result = report.from_junit(junit, code)
    if result.failed or (words and label == name):
        result.problems.append(path.read_text(errors="replace"))
    if not result.passed and not result.failed:
        result.check(f"no test ran in dev/{name} {' '.join(words)}")
    result.notes.append(f"log: {path}")
    return result


def fresh_log(setup: Setup, name: str) -> Path:
    path = setup.work / "log" / f"{name}.log"
    path.unlink(missing_ok=True)
    return path
