# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The parts of the suite. Each takes the set-up and what follows its name on the command line, and gives a Result."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import database, log, report
from .bootstrap import ROOT, Stop, bound
from .report import Result
from .server import free_port
from .setup import ADDON, Setup

# Odoo's own tests of the addon run beside these and without demo data
TEST_MODULES = ("contacts", "product")
DEMO_MODULES = ("contacts", "sale")
NEIGHBOURS = ("account", "sale", "stock", "website")


def odoo(setup: Setup, words: list[str]) -> Result:
    """The addon's Odoo tests, on a fresh installation; *words* may be one filter as `--test-tags` takes it."""
    result = Result()
    name = setup.database("odoo")
    path = _fresh(setup, "odoo")
    database.copy(setup, database.template(setup, {*TEST_MODULES, *database.addon_depends()}, demo=False), name)
    tags = ",".join(words) or f"/{ADDON}"
    code = database.odoo(setup, name, path, "-i", ADDON, "--test-tags", tags, "--http-port", free_port())
    result.passed, result.failed, result.skipped = log.counted(path)
    tests = f"{log.OURS}.tests"
    for entry in log.complaints(path):
        if entry.logger.startswith(tests) and result.failed:
            result.problems.append(str(entry))
        elif entry.ours or entry.logger in ("odoo.modules.loading", "odoo.registry"):
            result.check(f"the log holds {entry}")
    if code and not result.failed:
        result.check(f"Odoo ended with exit code {code}")
    if not result.passed and not result.failed:
        result.check(f"no test matches {tags}")
    result.notes.append(f"log: {path}")
    return result


def _fresh(setup: Setup, name: str) -> Path:
    path = setup.work / "log" / f"{name}.log"
    path.unlink(missing_ok=True)
    return path


PARTS = {"odoo": odoo}
