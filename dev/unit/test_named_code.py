# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The documents: the files, classes, methods and functions that they name exist."""

import ast
import builtins
import re
from collections import defaultdict
from pathlib import Path

import pytest
from lib import documents
from lib.bootstrap import ROOT

#: The packages of the addon.
ROOMS = ("controllers", "engine", "models", "tools")
ARCHITECTURE = ROOT / "doc" / "architecture.md"
#: The documents that describe the repository as it is; the changelog tells what has been.
DESCRIPTIONS = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")])
    if path.name != "CHANGELOG.md"
]
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
_SUFFIX = re.compile(r".+\.(cfg|css|csv|js|md|pot|py|rst|svg|toml|txt|xml)")
_DOTTED = re.compile(r"([\w.]+)\.(\w+)(\(.*\))?")
_NAME = re.compile(r"(\w+)(\(.*\))?")
#: A word that can only be code: `_name`, `a_name`, `A_NAME`, `AName`.
_CODE = re.compile(r"_\w+|\w+_\w+|[A-Z]\w*[a-z]\w*[A-Z]\w*")
#: A name and the file that it is in: "`name` in `file`", or "`file` `name`".
_PLACES = (
    re.compile(r"`(?P<name>[\w.]+)`\s+in\s+`(?P<file>[\w/]+\.py)`"),
    re.compile(r"`(?P<file>[\w/]+\.py)`\s+`(?P<name>[\w.]+)`"),
)


class Code:
    """What the repository has: files, and names by their owner (a class, a model, a module or a file)."""

    def __init__(self, root):
        self.root = root
        self.files = {
            path
            for path in root.rglob("*")
            if path.is_file() and not {".git", "__pycache__"} & set(path.parts)
        }
        self.file_names = {path.name for path in self.files}
        self.folders = {path.name for path in root.iterdir() if path.is_dir()}
        self.members = defaultdict(set)
        self.bases = defaultdict(set)
        #: How the names of our own models begin.
        self.prefixes = set()
        #: All words of the code, those of its texts included, but none of comments and docstrings.
        self.words = set(dir(builtins))
        for path in self.files:
            if path.suffix == ".py" and path.name != Path(__file__).name:
                self._read(path)
            elif path.suffix in (".xml", ".csv"):
                self.words.update(re.findall(r"\w+", path.read_text()))

    def _read(self, path):
        tree = ast.parse(path.read_text())
        self.words.update(_words(tree))
        owners = [path.name, path.relative_to(self.root).as_posix()]
        if path.parent.name in (*ROOMS, "lib"):
            owners.append(path.stem)
        self._add(tree, owners)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self._add(node, [node.name, *_models(node, "_name", "_inherit"), *owners])
                self.bases[node.name] |= {ast.unparse(base) for base in node.bases}
                if path.parent.name == "models":
                    self.prefixes |= {name.split(".")[0] for name in _models(node, "_name")}

    def _add(self, tree, owners):
        names = set(_defined(tree))
        for owner in owners:
            self.members[owner] |= names

    def has(self, owner, name):
        """Return whether an owner, or a base class of it, has a name."""
        return name in self.members[owner] or any(
            self.has(base, name) for base in self.bases[owner] & self.members.keys()
        )

    def has_path(self, text):
        """Return whether a file or folder exists: by its path, or a file by its name alone."""
        return (self.root / text).exists() or text in self.file_names

    def is_own_path(self, text):
        """Return whether a text is the path of something of ours; `odoo/…` and `addons/…` are Odoo's."""
        if not _PATH.fullmatch(text):
            return False
        first, slash, _rest = text.partition("/")
        return first in self.folders if slash else bool(_SUFFIX.fullmatch(text))

    def problem(self, text):
        """Return what is wrong with a text in backticks, empty for nothing."""
        first = text.split()[0] if text.strip() else ""
        if self.is_own_path(first):
            return "" if self.has_path(first) else f"there is no {first}"
        if text in self.members:
            return ""
        if match := _DOTTED.fullmatch(text):
            return self._dotted_problem(text, match[1], match[2])
        if (match := _NAME.fullmatch(text)) and _CODE.fullmatch(match[1]):
            return "" if match[1] in self.words else f"no code says {match[1]}"
        return ""

    def _dotted_problem(self, text, owner, name):
        if owner in self.members:
            return "" if self.has(owner, name) else f"{owner} has no {name}"
        if text.split(".")[0] in self.prefixes:
            return f"there is no model {text}"
        unknown = [word for word in text.split(".") if word[:1].isupper() or word[:1] == "_"]
        unknown = [word for word in unknown if word not in self.words]
        return f"no code says {unknown[0]}" if unknown else ""

    def misplaced(self, text):
        """Yield what is wrong with the places of names that a text tells."""
        for pattern in _PLACES:
            for match in pattern.finditer(text):
                file, name = match["file"], match["name"].rpartition(".")[2]
                if self.is_own_path(file) and not self.has(file, name):
                    yield f"{file} has no {name}"


def _models(node, *attributes):
    """Return the names of the Odoo models that a class defines (`_name`) or extends (`_inherit`)."""
    return [
        item.value.value
        for item in node.body
        if isinstance(item, ast.Assign)
        and ast.unparse(item.targets[0]) in attributes
        and isinstance(item.value, ast.Constant)
    ]


def _defined(tree):
    """Yield what a module or a class defines, and the attributes that a method sets on `self`."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
    if isinstance(tree, ast.ClassDef):
        for node in ast.walk(tree):
            is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if is_set and ast.unparse(node.value) == "self":
                yield node.attr


def _words(tree):
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        for name in ("id", "attr", "name", "arg"):
            if isinstance(value := getattr(node, name, None), str):
                yield value
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield from re.findall(r"\w+", node.value)


def prose(text):
    """Return a text with its blocks of code emptied; lines keep their numbers."""
    return re.sub(
        r"^```.*?^```", lambda match: "\n" * match[0].count("\n"), text, flags=re.M | re.S
    )


def named(text):
    """Yield the line and the text of each name in backticks, but what is called Odoo's: "Odoo's `name`"."""
    text = prose(text)
    for match in re.finditer(r"(Odoo's\s+(?:own\s+)?)?`([^`]+)`", text):
        if not match[1]:
            yield text.count("\n", 0, match.start()) + 1, " ".join(match[2].split())


@pytest.fixture(scope="module")
def code():
    return Code(ROOT)


def is_about_code(text):
    """Return whether a document is for those who change the code: it names modules by their path."""
    return any(re.fullmatch(rf"({'|'.join(ROOMS)})/\w+\.py", each) for _line, each in named(text))


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


@pytest.mark.parametrize("room", ROOMS)
def test_each_module_has_a_row(room):
    """The table of a room has all of its modules, and no other."""
    rows = documents.read(ARCHITECTURE).table(f"{room}/")
    assert set(rows) == {
        path.name for path in (ROOT / room).glob("*.py") if path.name != "__init__.py"
    }


def test_each_cache_has_a_row():
    """The table of caches has every function whose results are cached."""
    text = " ".join(" ".join(row) for row in documents.read(ARCHITECTURE).tables["Caches"])
    cached = [
        f"{_models(owner, '_name', '_inherit')[0]}.{node.name}"
        if isinstance(owner, ast.ClassDef)
        else f"{path.stem}.{node.name}"
        for room in ROOMS
        for path in (ROOT / room).glob("*.py")
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
