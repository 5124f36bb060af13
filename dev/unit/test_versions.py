# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.versions: a part that fails with another Python or PostgreSQL is counted, even if it prints no counts."""

import platform
import sys

import pytest
from lib import database, oldest, versions
from lib.setup import Setup


@pytest.fixture
def setup(monkeypatch, tmp_path):
    monkeypatch.setenv("JWT_AUTH_API_HOME", str(tmp_path))
    made = Setup()
    made.prepare()
    return made


@pytest.mark.parametrize(
    ("said", "code", "counts"),
    [
        ("\n12 passed, 0 failed\n", 0, (12, 0, 0)),
        ("\n12 passed, 0 failed, 3 skipped\n", 0, (12, 0, 3)),
        ("= unit: 1 passed, 0 failed in 3 s\n\n9 passed, 2 failed\n", 1, (9, 2, 0)),
        ("\n9 passed, 0 failed\n", 1, (9, 1, 0)),
        ("", 2, (0, 1, 0)),
        ("", 0, (0, 1, 0)),
    ],
)
def test_counts(setup, monkeypatch, said, code, counts):
    """The counts are those of the last line; a command without it has failed."""
    (setup.work / "said").write_text(said)
    command = ["sh", "-c", f"cat {setup.work / 'said'}; exit {code}"]
    monkeypatch.setattr(versions, "bound", lambda words: command)
    outcome = versions._run(setup, "Python 3.x", sys.executable, [("unit",)], {})
    assert (outcome.passed, outcome.failed, outcome.skipped) == counts


def test_this_python_is_found():
    found = versions._pythons()
    minor = f"python3.{sys.version_info[1]}"
    assert versions._version(found[minor]).startswith(platform.python_version().rpartition(".")[0])


def test_oldest_releases_are_those_that_are_allowed():
    """PyJWT's is the manifest's; Odoo 19 names that of cryptography."""
    assert oldest.PACKAGE in str(database.manifest()["external_dependencies"]["python"])
    assert oldest.oldest() == ["PyJWT==2.7", "cryptography==3.4.8"]


def test_a_run_of_some_versions_replaces_their_rows(setup, monkeypatch):
    """The table has the rows of all runs; a version that fails has none, and then the table stays as it is."""
    failed, tables = {"python3.10": 1}, []

    def run(name):
        yield versions.Outcome(name, "`unit`", 2, failed.get(name, 0), 0, 1.4)

    names = ["python3.10", "postgresql13"]
    runs = {name: lambda name=name: run(name) for name in names}
    monkeypatch.setattr(versions, "_runs", lambda setup, result: runs)
    monkeypatch.setattr(versions, "_write_table", lambda setup, rows: tables.append(list(rows)))
    assert versions.soak(setup, []).failed == 1
    assert not tables
    failed.clear()
    assert versions.soak(setup, ["python3.10"]).failed == 0
    assert tables == [[[name, "`unit`", 2, 0, 0, 1] for name in names]]
