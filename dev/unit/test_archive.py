# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What an admin downloads is the addon, all of it and nothing else; `dev/test install` installs it."""

import ast
import re
import subprocess

import pytest
from lib import archive, documents
from lib.bootstrap import ROOT

pytestmark = pytest.mark.skipif(not archive.is_clone(), reason="this is no clone of the repository")

#: The files and rooms of an addon, by Odoo's names and ours.
SHIPPED = {
    *(
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.rst",
        "SECURITY.md",
        "requirements.txt",
    ),
    *("__init__.py", "__manifest__.py", "hooks.py"),
    *("controllers", "engine", "models", "tools", "tests"),
    *("data", "doc", "i18n", "migrations", "security", "static", "views"),
}
#: What only those need who change the addon or write apps.
KEPT_BACK = {".ci", ".gitattributes", ".gitignore", "clients", "dev", "pyproject.toml"}
#: But not these: the guide for clients leads to them.
DESCRIPTIONS = {"clients/js/README.md", "clients/python/README.md"}


@pytest.fixture(scope="module")
def addon(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    archive.unpack(folder)
    return folder


def kept():
    """The files of the repository, new ones too, but not those that git ignores or that are deleted."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {path for path in listed.splitlines() if (ROOT / path).exists()}


def test_what_is_in_it(addon):
    """Each file of an addon's rooms is there, and no other."""
    files = kept()
    undecided = {path.partition("/")[0] for path in files} - SHIPPED - KEPT_BACK
    assert not undecided, (
        f"{sorted(undecided)}: add it to SHIPPED here, or to KEPT_BACK and to .gitattributes"
    )
    packed = {str(path.relative_to(addon)) for path in addon.rglob("*") if path.is_file()}
    expected = {path for path in files if path.partition("/")[0] in SHIPPED}
    assert packed == expected | DESCRIPTIONS


def test_what_the_manifest_names(addon):
    """The manifest's data, assets and images are there."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    named = [path for paths in manifest["assets"].values() for path in paths]
    # ("remove", path) takes a file out of a bundle
    assets = [path if isinstance(path, str) else path[-1] for path in named]
    below = [path.removeprefix("jwt_auth_api/") for path in assets]
    for pattern in (*manifest["data"], *manifest["images"], *below):
        assert list(addon.glob(pattern)), pattern


def test_what_the_documents_link_to(addon):
    """Each link of a document that is in it leads to a file that is in it."""
    shipped = [
        each for each in documents.everything() if (addon / each.path.relative_to(ROOT)).exists()
    ]
    assert len(shipped) > 5
    for document in shipped:
        for link in document.links:
            path = link.partition("#")[0]
            target = (document.path.parent / path).resolve()
            if path and not re.match(r"[a-z]+:", link):
                assert (addon / target.relative_to(ROOT)).is_file(), (document.path.name, link)


def test_what_the_code_imports(addon):
    """Each module that another one imports relatively is there."""
    for path in addon.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                place = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                module = place.with_suffix(".py")
                for name in [] if module.exists() else [alias.name for alias in node.names]:
                    there = (place / f"{name}.py", place / name / "__init__.py")
                    init = (place / "__init__.py").read_text()
                    assert any(part.exists() for part in there) or name in init, (path, name)
