"""What the documents list is what the code has, and their links lead somewhere."""

import ast
import re

import pytest
from jwt_auth_api.tools.errors import CODES
from jwt_auth_api.tools.parameters import KEYS, PARAMETERS
from jwt_auth_api.tools.stages import STAGES
from lib import documents
from lib.bootstrap import ROOT
from lib.parts import PARTS

DOCUMENTS = {document.path.name: document for document in documents.everything()}


@pytest.fixture(scope="module")
def reference():
    return documents.read(documents.REFERENCE)


def test_codes(reference):
    """The table of errors has every code under its status, and no other."""
    shown = {
        code: int(status)
        for status, row in reference.table("Errors").items()
        for code in re.findall(r"[a-z_]{6,}", row[1].partition(", with")[0])
    }
    assert shown == CODES


def test_stages(reference):
    """The table of `Server-Timing` has every stage in its order, and what happens in it."""
    rows = reference.table("Server timing")
    assert [(stage, row[1]) for stage, row in rows.items()] == list(STAGES.items())


def test_parameters(reference):
    """The table of parameters has all that a GET takes, and no other."""
    assert set(reference.table("Read records")) == PARAMETERS["GET"]


@pytest.mark.parametrize("method", KEYS)
def test_keys(method):
    """Each key that a body may have is named in the reference."""
    text = documents.REFERENCE.read_text()
    missing = {key for key in KEYS[method] if not re.search(rf"[`\"]{key}[`\"]", text)}
    assert not missing


def declared_routes():
    """Return the paths of all API routes in the controllers, with `<int:record_id>` as `<>`."""
    for path in (ROOT / "controllers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "api_route":
                given = ast.literal_eval(node.args[0])
                yield from map(without_names, given if isinstance(given, list) else [given])


def without_names(path):
    return re.sub(r"<[^>]*>", "<>", path)


def test_routes(reference):
    """The tables of routes have every route but those that answer for what is not there."""
    sections = ("Log in and sessions", "Records", "Resource paths")
    shown = {
        without_names(re.sub(r"^[A-Z]+ |\?.*", "", request))
        for section in sections
        for request in reference.table(section)
    }
    nothing = {"/api", "/api/<>"}
    assert shown == set(declared_routes()) - nothing


def own_tables():
    """Yield the tables of the addon's own models, without those of wizards."""
    for path in (ROOT / "models").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and "models.Model" in map(ast.unparse, node.bases):
                names = [
                    each.value.value
                    for each in node.body
                    if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "_name"
                ]
                yield from (name.replace(".", "_") for name in names)


def test_tables(reference):
    """Each table of the addon has a row that says what bounds it."""
    shown = {name for cell in reference.table("Tables") for name in cell.split(", ")}
    assert shown == set(own_tables())


def test_parts_of_the_suite():
    """The table of the suite's parts names all of them."""
    table = documents.read(documents.CONTRIBUTING).table("Run the tests")
    assert {name for name in table if name.isalnum() and name.islower()} == set(PARTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links(name):
    """Each link to a file of the repository, and to a heading in it, leads there."""
    document = DOCUMENTS[name]
    for link in document.links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _separator, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        assert target.is_file(), link
        if anchor:
            assert anchor in documents.read(target).anchors, link


def test_there_are_links():
    assert sum("#" in link for document in DOCUMENTS.values() for link in document.links) > 5
    assert any(link.endswith(".png") for link in DOCUMENTS["README.rst"].links)
    assert any(link.endswith(".png") for link in DOCUMENTS["index.html"].links)


def test_one_name():
    """The manifest, the README and the page of the app have one name."""
    manifest = ast.literal_eval((ROOT / "__manifest__.py").read_text().partition("\n")[2])
    assert manifest["name"] == "JWT Authentication & API Controllers"
    for name in ("README.rst", "index.html"):
        assert DOCUMENTS[name].headings[0] == manifest["name"]


EXAMPLE = ROOT / "dev" / "addons" / "jwt_auth_api_example"


def test_code_of_the_guide_for_authors():
    """Each block of the guide is a part of the example addon, which has its own tests."""
    sources = {
        path: _without_indentation(path.read_text())
        for pattern in ("*.py", "*.xml", "*.csv")
        for path in EXAMPLE.rglob(pattern)
    }
    blocks = documents.read(documents.GUIDE_ADDONS).blocks
    assert len(blocks) >= 9
    used = set()
    for block in blocks:
        found = {path for path, text in sources.items() if _without_indentation(block.text) in text}
        assert found, f"not in {EXAMPLE.name}:\n{block.text}"
        used |= found
    assert {path.suffix for path in used} == {".py", ".xml", ".csv"}


def _without_indentation(text):
    return "\n".join(line.strip() for line in text.strip().splitlines())
