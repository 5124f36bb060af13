# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The documents: the files, classes, methods and functions that they name exist."""

import ast
import re

import pytest
from lib import documents
from lib.bootstrap import ROOT
from lib.named_code import PACKAGES, Code, models, named, prose

ARCHITECTURE = ROOT / "doc" / "architecture.md"
#: The documents that describe the repository as it is; the changelog tells what has been.
DESCRIPTIONS = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")])
    if path.name != "CHANGELOG.md"
]


@pytest.fixture(scope="module")
def code():
    return Code(ROOT)


def is_about_code(text):
    """Return whether a document is for those who change the code: it names modules by their path."""
    return any(
        re.fullmatch(rf"({'|'.join(PACKAGES)})/\w+\.py", each) for _line, each in named(text)
    )


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.name)
def test_names_of_the_documents(path, code):
    text = path.read_text()
    wrong = [
        f"line {line}: `{each}`: {problem}"
        for line, each in named(text)
        if (problem := code.problem(each))
        and (is_about_code(text) or code.is_own_path(each.split()[0]))
    ]
    wrong += code.misplaced(prose(text))
    assert not wrong, f"{path.name}\n" + "\n".join(wrong)


def test_documents_about_the_code():
    """Some are; the check has something to look at."""
    text = ARCHITECTURE.read_text()
    assert is_about_code(text)
    assert is_about_code((ROOT / "doc" / "security.md").read_text())
    assert len(set(named(text))) > 100


@pytest.mark.parametrize("package", PACKAGES)
def test_each_module_has_a_row(package):
    """The table of a package has all of its modules, and no other."""
    rows = documents.read(ARCHITECTURE).table(f"{package}/")
    assert set(rows) == {
        path.name for path in (ROOT / package).glob("*.py") if path.name != "__init__.py"
    }


def test_each_cache_has_a_row():
    """The table of caches has every function whose results are cached."""
    text = " ".join(" ".join(row) for row in documents.read(ARCHITECTURE).tables["Caches"])
    cached = [
        f"{models(owner, '_name', '_inherit')[0]}.{node.name}"
        if isinstance(owner, ast.ClassDef)
        else f"{path.stem}.{node.name}"
        for package in PACKAGES
        for path in (ROOT / package).glob("*.py")
        for owner in ast.walk(ast.parse(path.read_text()))
        if isinstance(owner, (ast.Module, ast.ClassDef))
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
        if any("cache(" in ast.unparse(each) for each in node.decorator_list)
    ]
    assert len(cached) > 10
    assert not [name for name in cached if name not in text.split() and f"{name}," not in text]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tools/errors.py", ""),
        ("errors.py", ""),
        ("tools/mistakes.py", "there is no tools/mistakes.py"),
        ("mistakes.py", "there is no mistakes.py"),
        ("dev/test live -k name", ""),
        ("dev/tests live", "there is no dev/tests"),
        ("odoo/http.py", ""),
        ("Problems.raise_if_any", ""),
        ("Problems.raise_all", "Problems has no raise_all"),
        ("jwt.session._open", ""),
        ("jwt.session._shut", "jwt.session has no _shut"),
        ("jwt.sessions._open", "there is no model jwt.sessions._open"),
        ("jwt.session", ""),
        ("jwt.sessions", "there is no model jwt.sessions"),
        ("Problem.add", "no code says Problem"),
        ("RefreshToken.matches", ""),
        ("errors.from_exception(…)", ""),
        ("errors._from_nothing", "errors has no _from_nothing"),
        ("_from_status", ""),
        ("_from_nothing_at_all", "no code says _from_nothing_at_all"),
        ("NotAClassOfOurs", "no code says NotAClassOfOurs"),
        ("MAX_PROBLEMS", ""),
        ("MAX_OF_NOTHING", "no code says MAX_OF_NOTHING"),
        ("a sentence", ""),
    ],
)
def test_what_is_wrong_is_told(text, problem, code):
    assert code.problem(text) == problem


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("`from_exception` in `tools/errors.py`, `Policy.readable` in `policy.py`", []),
        ("`from_exception` in `tools/text.py`", ["tools/text.py has no from_exception"]),
        ("| `auth.py` `_set_cookie` | `auth.py` `_forget` |", ["auth.py has no _forget"]),
        ("`retrying` in `odoo/service/model.py`", []),
    ],
)
def test_place_of_a_name(text, problems, code):
    assert list(code.misplaced(text)) == problems


def test_which_names_are_looked_at():
    """Those of tables and sentences; neither Odoo's nor those of a block."""
    text = "Odoo's `a_b` and\nOdoo's own\n`c_d`, `e_f`\n```sh\n`g_h`\n```\n| `i_j`\n"
    assert list(named(text)) == [(3, "e_f"), (7, "i_j")]
