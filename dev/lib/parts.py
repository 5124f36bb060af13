# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The parts of the suite. Each takes the set-up and what follows its name on the command line, and gives a Result."""

from __future__ import annotations

import re
from pathlib import Path

from . import (
    browser,
    cluster,
    database,
    installation,
    log,
    npm,
    soak_load,
    soak_memory,
    supply,
    translations,
    versions,
)
from .bootstrap import ROOT, Stop
from .checks import check
from .differential import part as differentials
from .faults import part as faults
from .footprint import part as footprints
from .lint import lint
from .malice import part as malice
from .pytests import fresh_log, pytest
from .report import Result
from .server import free_port
from .setup import ADDON, Setup

# a model with every type of field, and the tests of it; never shipped
TYPES = "jwt_auth_api_test"
# the addon of the guide for authors
EXAMPLE = "jwt_auth_api_example"


def odoo(setup: Setup, words: list[str]) -> Result:
    """The addon's Odoo tests, on a fresh installation; *words* may be one filter as `--test-tags` takes it."""
    result = Result()
    name = setup.database("test_odoo")
    path = fresh_log(setup, "odoo")
    database.copy(setup, database.test_template(setup), name)
    modules = f"{ADDON},{TYPES},{EXAMPLE}"
    tags = ",".join(words) or ",".join(f"/{module}" for module in modules.split(","))
    options = ["-i", modules, *database.dev_addons(setup), "--test-tags", tags]
    code = database.odoo(setup, name, path, *options, "--http-port", free_port())
    result.passed, result.failed, result.skipped = log.counted(path)
    result.notes += log.skips(path)
    for entry in log.complaints(path):
        if "Chrome executable not found" in entry.text:  # the tours were skipped
            if browser.MISSING not in result.notes:
                result.notes.append(browser.MISSING)
        elif re.match(rf"{log.OURS}(_test|_example)?\.tests", entry.logger) and result.failed:
            result.problems.append(str(entry))
        elif entry.ours or entry.logger in ("odoo.modules.loading", "odoo.registry"):
            result.check(f"the log holds {entry}")
    if code and not result.failed:
        result.check(f"Odoo ended with exit code {code}")
    if not result.passed and not result.failed:
        result.check(f"no test matches {tags}")
    if not words:
        result.check(_stale_pot(setup, name))
    result.notes.append(f"log: {path}")
    database.drop(setup, name)
    return result


def _stale_pot(setup: Setup, name: str) -> str:
    """What is wrong with the addon's template of translations; only Odoo can make it, so it is compared here."""
    new, kept = setup.work / f"{ADDON}.pot", ROOT / "i18n" / f"{ADDON}.pot"
    options = ["i18n", "export", "-d", name, "-l", "pot", "-o", new, ADDON]
    log_path = fresh_log(setup, "pot")
    if code := database.run([setup.odoo_bin, *options], log_path):
        return f"exporting the translations ended with exit code {code} (log: {log_path})"
    translations.drop_terms_of_tests(new)
    if kept.exists() and _terms(kept) == _terms(new):
        return ""
    return f"i18n/{ADDON}.pot is not what the code says: cp {new} i18n/"


def _terms(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if "-Date: " not in line]


def install(setup: Setup, words: list[str]) -> Result:
    """Install, update and uninstall what an admin downloads, alone, beside apps, and from earlier releases."""
    return installation.install(setup, words)


def unit(setup: Setup, words: list[str]) -> Result:
    """The tests of `tools/`, without Odoo."""
    return pytest(setup, "unit", words)


def live(setup: Setup, words: list[str]) -> Result:
    """Black-box tests over HTTP against a server with two workers."""
    database.live_template(setup)  # here, where its progress is seen
    return pytest(setup, "live", words)


def e2e(setup: Setup, words: list[str]) -> Result:
    """What needs a browser; skipped with a sentence where there is none."""
    if not list((ROOT / "dev" / "e2e").glob("test_*.py")):
        return Result(notes=["there are no tests in dev/e2e"])
    if not browser.path():
        return Result(skipped=1, notes=[browser.MISSING])
    if npm.is_there():
        npm.packages(npm.RTLCSS)
    database.demo_template(setup)
    return pytest(setup, "e2e", words)


def clients(setup: Setup, words: list[str]) -> Result:
    """The clients in clients/, against a server; what lacks Node.js or a browser is skipped with a sentence."""
    if npm.is_there():
        npm.packages()  # here, where its progress is seen
    database.demo_template(setup)
    return pytest(setup, "clients", words)


def openapi(setup: Setup, words: list[str]) -> Result:
    """The OpenAPI document and its page: linters, generated clients, importers, generated requests."""
    if npm.is_there():
        npm.packages(npm.PINNED / "openapi")
    database.demo_template(setup)
    return pytest(setup, "openapi", words)


def footprint(setup: Setup, words: list[str]) -> Result:
    """What every model of the demo database lets limited callers change: only what was open to them."""
    return footprints.short(setup, words)


def differential(setup: Setup, words: list[str]) -> Result:
    """What twenty models of the demo database answer, compared with Odoo's own RPC."""
    return differentials.short(setup, words)


def soak(setup: Setup, words: list[str]) -> Result:
    """The long form of a part, for a night or before a release: `dev/test soak footprint`."""
    if not words or words[0] not in SOAKS:
        raise Stop(f"There is no long form of that: dev/test soak [{' | '.join(SOAKS)}] [filter …]")
    return SOAKS[words[0]](setup, words[1:])


#: What runs for long, each with the set-up and the rest of the command line; none of it is part of the plain suite.
SOAKS = {
    "footprint": footprints.soak,
    "differential": differentials.soak,
    "cluster": cluster.soak,
    "load": soak_load.soak,
    "memory": soak_memory.soak,
    "malice": malice.soak,
    "supply": supply.soak,
    "install": installation.soak,
    "versions": versions.soak,
    "faults": faults.soak,
}
PARTS = {
    "check": check,
    "unit": unit,
    "odoo": odoo,
    "install": install,
    "lint": lint,
    "live": live,
    "e2e": e2e,
    "clients": clients,
    "openapi": openapi,
    "footprint": footprint,
    "differential": differential,
    "soak": soak,
}
# these need neither Odoo nor PostgreSQL
LIGHT = {"check", "unit"}
