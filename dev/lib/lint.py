# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Core's own checks of third-party addons: the module test_lint, and its pylint plugins on this addon alone."""

from __future__ import annotations

import os
import subprocess
import sys

from . import database, log
from .bootstrap import ROOT, bound
from .pytests import fresh_log
from .report import Result
from .server import free_port
from .setup import ADDON, Setup

# those that look at addons; the others test the checkers themselves, or take minutes over all of Odoo
CLASSES = (
    "ManifestLinter",
    "PotLinter",
    "RoutesLinter",
    "TestConflictMarkers",
    "TestDocstring",
    "TestDunderinit",
    "TestIndex",
    "TestJsTranslations",
    "TestLintOverrideSignatures",
    "TestNaming",
    "TestTestHoles",
)
# what test_lint's own test_pylint enables
PYLINT = [
    *(
        "-m",
        "pylint",
        "--disable=all,unknown-option-value",
        "--reports=n",
        "--score=n",
        f"--rcfile={os.devnull}",
    ),
    "--enable=used-before-assignment,undefined-variable,eval-used,unreachable,function-redefined,sql-injection,"
    "gettext-variable,gettext-placeholders,gettext-repr,missing-gettext,raise-unlink-override",
    "--load-plugins=_pylint_path_setup,_odoo_checker_sql_injection,_odoo_checker_gettext,"
    "_odoo_checker_unlink_override",
    "--ignore=dev,clients",
]


def lint(setup: Setup, words: list[str]) -> Result:
    """Count test_lint's tests; a failure that does not name this addon is Odoo's own and only noted."""
    result = Result()
    result.check(_pylint(setup))
    name = setup.database("test_lint")
    path = fresh_log(setup, "lint")
    database.copy(setup, database.test_template(setup), name)
    tags = ",".join(f"/test_lint:{word}" for word in words or CLASSES)
    modules = f"{ADDON},test_lint"
    database.odoo(setup, name, path, "-i", modules, "--test-tags", tags, "--http-port", free_port())
    passed, _failed, skipped = log.counted(path)
    result.passed += passed
    result.skipped += skipped
    result.notes += log.skips(path)
    if not passed:
        result.check("no test of test_lint passed")
    for entry in log.complaints(path):
        if ADDON in entry.text.replace(name, ""):
            result.check(str(entry))
        else:
            result.notes.append(f"not ours: {str(entry).splitlines()[0][:120]}")
    result.notes.append(f"log: {path}")
    database.drop(setup, name)
    return result


def _pylint(setup: Setup) -> str:
    plugins = setup.odoo.path / "odoo" / "addons" / "test_lint" / "tests"
    addon = setup.work / "addons" / ADDON
    env = {
        **os.environ,
        "PYTHONPATH": f"{plugins}:{setup.odoo.path}",
        "ADDONS_PATH": ":".join(map(str, (*setup.odoo.addons, addon.parent))),
        "PYLINTHOME": str(setup.work / "pylint"),
    }
    done = subprocess.run(
        bound([sys.executable, *PYLINT, addon]),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return f"Odoo's pylint checkers say\n{done.stdout}{done.stderr}" if done.returncode else ""
