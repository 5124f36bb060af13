# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/releases has the code of every released version; `dev/test install releases` updates its databases."""

import ast
import re

import pytest
from lib import releases
from lib.bootstrap import ROOT


def test_every_released_version_is_there():
    """Each version of the changelog, and no file without a commit."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = set(re.findall(r"^## \[(\d[\d.]*)\]", changelog, re.MULTILINE))
    assert released
    assert released <= set(releases.RELEASES), "pack it: see CONTRIBUTING.md"
    packed = {path.name.removesuffix(".tar.xz") for path in releases.PACKED.iterdir()}
    assert packed == set(releases.RELEASES)


@pytest.mark.parametrize("name", releases.RELEASES)
def test_what_is_packed(name):
    """The release's own code, as its commit has it; a shallow clone, as on CI, does not have that commit."""
    files = releases.contents(releases.unpacked(name))
    manifest = ast.literal_eval(files["jwt_auth_api/__manifest__.py"].decode())
    assert manifest["version"] == name.partition("-")[0]
    assert all(path.startswith("jwt_auth_api/") for path in files)
    assert {f"jwt_auth_api/{path}" for path in manifest["data"]} <= set(files)
    assert (releases.PACKED / f"{name}.tar.xz").stat().st_size < 200_000
    commit = releases.RELEASES[name]
    if releases.has_history(commit):
        assert files == releases.contents(releases.tarred(commit))
