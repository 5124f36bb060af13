# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""doc/dependencies.md has each dependency with its licence, and no other; lib.supply counts the results of an audit."""

import ast
import json
import re
import sys

import pytest
from lib import database, supply
from lib.bootstrap import ROOT
from lib.report import Result
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: The packages of modules that have other names, at run time.
PACKAGES = {"jwt": "PyJWT", "markupsafe": "MarkupSafe", "werkzeug": "Werkzeug"}
ROOMS = ("controllers", "engine", "hooks.py", "migrations", "models", "tools")
#: What a licence of an npm package may be: it restricts neither the use nor the addon.
FREE = re.compile(
    r"MIT|ISC|0BSD|BSD|Apache|BlueOak|Unlicense|Python-2|CC-BY|CC0|Zlib|MPL|SEE LICENSE|not named"
)


def imported():
    """Return the third-party modules that the addon imports."""
    files = [
        path
        for room in ROOMS
        for path in ([ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py")))
    ]
    names = set()
    for path in files:
        tree = ast.parse(path.read_text())
        for node in tree.body.copy():
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                tree.body.remove(node)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


def test_run_time():
    """Each package that the addon imports or the manifest names has a row, with the licence that it names itself."""
    rows = supply.rows("At run time")
    assert {PACKAGES.get(name, name) for name in imported()} == rows.keys()
    required = database.manifest()["external_dependencies"]["python"]
    required += [
        line
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert {Requirement(line).name for line in required} <= rows.keys()
    for name in ("PyJWT", "passlib", "cryptography", "Werkzeug", "MarkupSafe"):
        assert rows[name][0] == supply.licence(name)


def test_python_packages():
    """Each requirement of dev/ has a row, with a reason and the licence that the package names."""
    rows = supply.rows("Python, for Odoo itself") | supply.rows("Python, for development")
    direct = {name for name, needed_by in supply.pinned().items() if not needed_by}
    assert rows.keys() == direct
    named = {
        canonicalize_name(line.partition("==")[0].partition("<")[0])
        for line in (ROOT / "dev" / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    assert named <= rows.keys()
    wrong = {
        name: (cells[0], found)
        for name, cells in rows.items()
        if (found := supply.licence(name)) != cells[0]
    }
    assert not wrong
    assert all(len(cells) == 2 and cells[1] for cells in rows.values())


def test_python_packages_of_others():
    """The table is what `dev/test soak supply` writes."""
    rows = supply.rows("Python, required by others")
    assert rows
    table = supply.indirect({name: cells[0] for name, cells in rows.items()})
    assert table in supply.DOCUMENT.read_text()
    assert "?" not in {cells[0] for cells in rows.values()}


def test_npm_packages():
    rows = supply.rows("npm")
    assert {name: cells[0] for name, cells in rows.items()} == supply.of_npm()
    assert {text for text in supply.licences_of_npm() if not FREE.search(text)} == set()


def test_packages_of_debian():
    rows = supply.rows("Debian")
    assert rows.keys() == supply.of_debian()
    assert {"odoo-19", "haproxy", "pgbouncer", "php-curl"} <= rows.keys()


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], (1, 0, 0)),
        ([{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}], (0, 1, 0)),
        ([{"name": "a", "skip_reason": "Dependency not found"}], (0, 0, 1)),
        ([], (0, 0, 1)),
        (None, (0, 0, 1)),
    ],
)
def test_audit_that_asks_nobody_passes_nothing(answer, counts):
    """pip-audit skips a package without data, and ends with 0."""
    result = Result()
    text = "" if answer is None else json.dumps({"dependencies": answer})
    supply.read_audit(text, result, "x.log")
    assert (result.passed, result.failed, result.skipped) == counts
    assert bool(result.notes) == bool(counts[2])


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ({"vulnerabilities": {}}, (1, 0, 0)),
        ({"vulnerabilities": {"left": {"severity": "high"}}}, (0, 1, 0)),
        ({"error": {"summary": "405 Method Not Allowed"}}, (0, 0, 1)),
    ],
)
def test_npm_audit_that_asks_nobody_passes_nothing(answer, counts):
    result = Result()
    supply.read_npm_audit(json.dumps(answer), result, "npm", "x.log")
    assert (result.passed, result.failed, result.skipped) == counts
