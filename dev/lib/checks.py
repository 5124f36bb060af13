# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/check: the linters and the unit tests, side by side, each of them one test in the count."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lxml import etree

from . import archive, leaks, oldest
from .bootstrap import ROOT, bound
from .pytests import pytest
from .report import Result
from .setup import ADDON, Setup

# ruff finds the others by their ending
SCRIPTS = sorted(
    str(path) for path in (ROOT / "dev").iterdir() if path.is_file() and not path.suffix
)
PYTHON_CLIENT = "clients/python/src"
PYLINT_ODOO = [
    "pylint",
    "--rcfile=pyproject.toml",
    "--load-plugins=pylint_odoo",
    "--disable=all",
    "--enable=odoolint",
    "--disable=manifest-required-author",  # it asks for the OCA
    "--disable=no-wizard-in-models",  # models/ holds all models
    # the sentences of errors are marked with a _ of ours and translated where the answer is made
    "--disable=prefer-env-translation",
    # comments in the code also name the checkers that dev/lib/lint.py loads
    "--disable=unknown-option-value",
    "--ignore=dev,clients",
    "--score=n",
    "--valid-odoo-versions=19.0",
]


def check(setup: Setup, words: list[str]) -> Result:
    """All checks, or those whose names are in *words*."""
    addon = setup.work / "addons" / ADDON  # under its own name, which need not be the checkout's
    commands: dict[str, list[object]] = {
        "pylint-odoo": [*PYLINT_ODOO, addon],
        "mypy": [*"mypy --strict --explicit-package-bases tools dev/lib".split(), PYTHON_CLIENT],
        "ruff": [*"ruff check --quiet --output-format=concise .".split(), *SCRIPTS],
        "ruff format": [*"ruff format --check --quiet --output-format=concise .".split(), *SCRIPTS],
        "README": ["docutils", "--halt=warning", "README.rst", os.devnull],
    }
    jobs: dict[str, Callable[[], str]] = {"xml": _xml, "secrets": _secrets}
    for name, command in commands.items():
        jobs[name] = functools.partial(_command, setup, command)
    chosen = {name: job for name, job in jobs.items() if not words or name.split()[0] in words}
    result = Result()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        tests = [] if words else [pool.submit(pytest, setup, "unit", [])]
        tests += [] if words else [pool.submit(_oldest, setup)]
        outcomes = {name: pool.submit(job) for name, job in chosen.items()}
        for name, outcome in outcomes.items():
            output = outcome.result()
            result.check(output and f"{name} says\n{output}")
        for test in tests:
            result.add(test.result())
    return result


def _command(setup: Setup, words: list[object]) -> str:
    """What the checker says if it objects; caches go to the checkout's work folder, not into the repository."""
    env = {
        **os.environ,
        "MYPYPATH": os.pathsep.join([PYTHON_CLIENT, "dev"]),
        "MYPY_CACHE_DIR": str(setup.work / "mypy"),
        "RUFF_CACHE_DIR": str(setup.work / "ruff"),
        "PYLINTHOME": str(setup.work / "pylint"),
        "NO_COLOR": "1",
    }
    command = bound([sys.executable, "-m", *words])
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if not done.returncode:
        return ""
    return (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def _oldest(setup: Setup) -> Result:
    return oldest.tests(setup, "oldest", oldest.oldest())[0]


def _secrets() -> str:
    """Return where a secret is about to be committed."""
    return "\n".join(leaks.found(leaks.files())) if archive.is_clone() else ""


def _xml() -> str:
    """The XML files are well-formed; what Odoo makes of them is seen at installation."""
    problems = []
    for path in sorted(ROOT.rglob("*.xml")):
        if ".git" in path.parts:
            continue
        try:
            etree.parse(path)
        except etree.XMLSyntaxError as error:
            problems.append(f"{path.relative_to(ROOT)}: {error}")
    return "\n".join(problems)
