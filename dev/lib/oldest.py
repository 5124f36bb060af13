# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The oldest PyJWT that the manifest allows: what refuses forged tokens may not lean on a newer one's checks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import database
from .bootstrap import home, locked, stop_on, stream
from .pytests import pytest
from .report import Result
from .setup import Setup

PACKAGE = "PyJWT"


def tests(setup: Setup) -> Result:
    """The unit tests of tokens and keys, once more with that release in front of the installed one."""
    folder, version = _installed()
    env = {"PYTHONPATH": str(folder)}
    shown = subprocess.run(
        [sys.executable, "-c", "import jwt; print(jwt.__version__)"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not shown.startswith(version):
        return Result(failed=1, problems=[f"{PACKAGE} {shown} was imported, not {version}"])
    return pytest(setup, "unit", ["-k", "tokens or keys"], label="unit-oldest", env=env)


def _installed() -> tuple[Path, str]:
    """Where it is, and its version; installed once a machine."""
    [version] = [
        requirement.partition(">=")[2]
        for requirement in database.manifest()["external_dependencies"]["python"]
        if requirement.startswith(f"{PACKAGE}>=")
    ]
    folder = home() / f"{PACKAGE}-{version}"
    with locked(folder.name):
        if not folder.exists():
            new, log = folder.with_name(f"{folder.name}.new"), home() / "log" / "oldest.log"
            shutil.rmtree(new, ignore_errors=True)
            wanted = f"{PACKAGE}=={version}"
            command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", new, wanted]
            stop_on(stream(wanted, command, log), log, f"Installing {wanted}")
            new.rename(folder)
    return folder, version
