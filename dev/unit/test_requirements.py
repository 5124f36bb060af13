# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/requirements.txt: it pins all that is installed, and has all that is asked for."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from lib.bootstrap import REQUIREMENTS, ROOT, home
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

COMPILE = "compile it again: see dev/requirements.in"


def read(path):
    """The requirements of a file, without comments and what is not for this Python."""
    lines = [line.partition(" #")[0].strip() for line in path.read_text().splitlines()]
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [each for each in wanted if not each.marker or each.marker.evaluate()]


@pytest.fixture(scope="module")
def pinned():
    """The version of each package, by its name."""
    found = {}
    for requirement in read(REQUIREMENTS):
        [specifier] = requirement.specifier
        assert specifier.operator == "=="
        found[canonicalize_name(requirement.name)] = specifier.version
    return found


@pytest.mark.parametrize("path", ["requirements.txt", "dev/requirements.in"])
def test_what_is_asked_for_is_pinned(pinned, path):
    """Each requirement has a version that fits it."""
    for requirement in read(ROOT / path):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in dev/requirements.txt: {COMPILE}"
        assert version in requirement.specifier, f"{requirement}, pinned is {version}: {COMPILE}"


def test_what_is_installed_is_pinned(pinned):
    """No package of the environment of dev/ came along with another one unpinned."""
    assert (home() / "venv").resolve() in Path(sys.prefix).resolve().parents
    installed = {
        canonicalize_name(each.metadata["Name"]): each.version
        for each in metadata.distributions(path=[str(Path(pytest.__file__).parents[1])])
    }
    # venv brings it
    installed.pop("pip")
    assert installed == pinned, COMPILE


def test_nothing_is_missing(pinned):
    """What a package needs is installed, unless it is left out on purpose."""
    text = (ROOT / "dev" / "requirements-left-out.txt").read_text()
    left_out = set(re.findall(r"^(\w\S*)", text, re.MULTILINE))
    missing = {
        (name, needed.name)
        for name in pinned
        for needed in map(Requirement, metadata.requires(name) or [])
        if not needed.marker or needed.marker.evaluate({"extra": ""})
        if canonicalize_name(needed.name) not in pinned
        if canonicalize_name(needed.name) not in left_out
    }
    assert not missing, COMPILE
