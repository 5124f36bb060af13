# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Run the tests of tokens with other releases of PyJWT and cryptography, such as the oldest that are allowed.

The addon must refuse forged tokens without the checks that newer releases have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import database
from .bootstrap import digest, home, locked, stop_on, stream
from .pytests import pytest
from .report import Result
from .setup import Setup

PACKAGE = "PyJWT"
#: The oldest that Odoo 19 itself works with: its requirements name it for Python 3.10 and 3.11.
OLDEST_CRYPTOGRAPHY = "cryptography==3.4.8"
MODULES = {"PyJWT": "jwt", "cryptography": "cryptography"}


def oldest() -> list[str]:
    """Return the oldest releases that are allowed: the manifest names that of PyJWT."""
    [version] = [
        requirement.partition(">=")[2]
        for requirement in database.manifest()["external_dependencies"]["python"]
        if requirement.startswith(f"{PACKAGE}>=")
    ]
    return [f"{PACKAGE}=={version}", OLDEST_CRYPTOGRAPHY]


def newest() -> list[str]:
    """Return requirements for the newest releases of the package index."""
    return [PACKAGE, "cryptography"]


def tests(setup: Setup, name: str, requirements: Sequence[str]) -> tuple[Result, str]:
    """Run the unit tests of tokens and keys with other releases in place of the installed ones.

    :return: their result, and the names and versions of the releases
    """
    folder = _installed(requirements)
    env = {"PYTHONPATH": str(folder)}
    shown = []
    for requirement in requirements:
        package, _equals, version = requirement.partition("==")
        module = MODULES[package]
        found = subprocess.run(
            [sys.executable, "-c", f"import {module} as m; print(m.__version__, m.__file__)"],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        ).stdout.split()
        shown.append(f"{package} {' '.join(found[:1])}")
        if not found or not found[0].startswith(version) or str(folder) not in found[1]:
            problem = f"{package} {' '.join(found)} was imported, not {version or 'the newest'}"
            return Result(failed=1, problems=[problem]), ", ".join(shown)
    result = pytest(setup, "unit", ["-k", "tokens or keys"], label=f"unit-{name}", env=env)
    return result, ", ".join(shown)


def _installed(requirements: Sequence[str]) -> Path:
    """Return a folder with packages. Pinned ones are installed once for each machine, the newest each time."""
    pinned = all("==" in requirement for requirement in requirements)
    name = digest(*sys.version_info[:2], *requirements) if pinned else "newest"
    folder = home() / "oldest" / name
    with locked("oldest"):
        if not folder.exists() or not pinned:
            new, log = folder.with_name(f"{folder.name}.new"), home() / "log" / "oldest.log"
            shutil.rmtree(new, ignore_errors=True)
            title = ", ".join(requirements)
            command = [sys.executable, "-m", "pip", "install", "--no-deps", "--upgrade"]
            command += ["--target", str(new), *requirements]
            stop_on(stream(title, command, log), log, f"Installing {title}", network=True)
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
    return folder
