# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.source: the archive that Odoo comes from is this machine's or a person's choice, never ours."""

import re

import pytest
from lib import source
from lib.bootstrap import ROOT, Stop

#: The files that fetch something, or tell a tool what to fetch.
FILES = [
    *(path for path in (ROOT / "dev").iterdir() if path.is_file()),
    *(ROOT / "dev" / "lib").rglob("*.py"),
    *(ROOT / ".ci").iterdir(),
    *ROOT.glob("*.toml"),
    *ROOT.glob("requirements*.txt"),
]
HOST = re.compile(
    r"(?:https?|ftp)://(?!127\.0\.0\.1|localhost|\{|MIRROR/)\S+|\b(?!example\.)[\w-]+\.(?:com|io|net|org)\b"
)
#: Stands for apt-get: lists archives as `$LISTS` has them, and updates them.
APT = """#!/bin/sh
case "$*" in
    *indextargets*"Origin: Debian Label: Debian") sed -n 's/^Debian //p' "$LISTS" ;;
    *indextargets*) sed 's/^[^ ]* //' "$LISTS" ;;
    *update) echo "$UPDATED" | tee "$LISTS" ;;
esac
"""


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """What the fake apt-get has lists of, as a file."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(APT)
    program.chmod(0o755)
    lists = tmp_path / "lists"
    lists.touch()
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("LISTS", str(lists))
    monkeypatch.setenv("UPDATED", "Debian http://updated.test/debian/")
    monkeypatch.delenv(source.ARCHIVE, raising=False)
    return lists


def archive(tmp_path):
    return source._archive(source._machine(tmp_path, tmp_path / "log"))


def test_no_archive_is_written_here():
    """No host of a package archive stands in the files that fetch packages."""
    assert len(FILES) > 30
    found = {
        str(path.relative_to(ROOT)): hosts
        for path in FILES
        if (hosts := HOST.findall(path.read_text()))
    }
    assert not found


@pytest.mark.parametrize(
    "text", ["http://deb.archive.test/debian", "files.archive.org", "ftp://archive/x"]
)
def test_hosts_are_found(text):
    """The expression sees what it is for."""
    assert HOST.search(f'ARCHIVE = "{text}"')


def test_archive_of_this_machine(lists, tmp_path):
    """The one that apt uses already, and not that of the security updates."""
    lists.write_text("Other http://other.test/\nDebian http://ours.test/debian/\n")
    assert archive(tmp_path) == "http://ours.test/debian/"


def test_archive_of_a_machine_without_lists(lists, tmp_path):
    """A fresh container has no lists yet: they are fetched, into a folder of ours."""
    assert archive(tmp_path) == "http://updated.test/debian/"
    assert source._machine(tmp_path, tmp_path / "log") == []


def test_machine_without_a_network(lists, tmp_path, monkeypatch):
    """What apt-get said of its archives is told, not that Debian's is unknown."""
    monkeypatch.setenv("UPDATED", "")
    with pytest.raises(Stop, match="Reading this machine's package archives failed"):
        archive(tmp_path)


def test_archive_that_is_named(lists, tmp_path, monkeypatch):
    """The variable's archive, whatever apt knows."""
    for known in ("Ubuntu http://other.test/\n", "Debian http://ours.test/debian/\n"):
        lists.write_text(known)
        monkeypatch.setenv(source.ARCHIVE, "http://named.test/debian")
        assert archive(tmp_path) == "http://named.test/debian"


def test_no_archive(lists, tmp_path):
    """Where apt knows none of Debian's, the error says how to name one."""
    lists.write_text("Ubuntu http://other.test/\n")
    with pytest.raises(
        Stop, match=r"JWT_AUTH_API_DEBIAN=http://MIRROR/debian dev/.* or set ODOO_PATH"
    ):
        archive(tmp_path)
