# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.npm: what Odoo mirrors styles with is there, or the commands say that it is not."""

import json

import pytest
from lib import npm, setup
from lib.bootstrap import Stop


def test_odoo_finds_rtlcss(tmp_path, monkeypatch):
    """The script that starts Odoo has the folder of rtlcss on its PATH, before it is installed."""
    monkeypatch.setenv("JWT_AUTH_API_HOME", str(tmp_path))
    folder = npm.programs(npm.RTLCSS)
    assert folder.parts[-2:] == ("node_modules", ".bin")
    assert folder.is_relative_to(tmp_path)
    assert not folder.exists()
    assert f'PATH={folder}:"$PATH"' in setup.start_script({})


@pytest.mark.parametrize("is_there", [True, False])
def test_without_rtlcss_a_sentence_says_so(monkeypatch, is_there):
    """Neither a machine without Node.js nor one without a network stops the command."""

    def fail(_):
        raise Stop("The package archive cannot be reached.")

    monkeypatch.setattr(npm, "is_there", lambda: is_there)
    monkeypatch.setattr(npm, "packages", fail)
    missing = npm.mirroring()
    assert missing.startswith(npm.UNMIRRORED)
    assert missing.endswith("cannot be reached.") is is_there


def test_every_package_is_pinned():
    """package.json names exact versions, and the lock file has the same ones."""
    for folder in (npm.PINNED, npm.PINNED / "openapi", npm.RTLCSS):
        named = json.loads((folder / "package.json").read_text())["dependencies"]
        locked = json.loads((folder / "package-lock.json").read_text())["packages"]
        assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named
