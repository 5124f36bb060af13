# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check that the code that a document names exists: files, classes, models, methods, functions."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

#: The packages of the addon.
PACKAGES = ("controllers", "engine", "models", "tools")
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

    def __init__(self, root: Path) -> None:
        self.root = root
        files = {
            path
            for path in root.rglob("*")
            if path.is_file() and not {".git", "__pycache__"} & set(path.parts)
        }
        self.file_names = {path.name for path in files}
        self.folders = {path.name for path in root.iterdir() if path.is_dir()}
        self.members: dict[str, set[str]] = {}
        self.bases: dict[str, set[str]] = {}
        #: How the names of our own models begin.
        self.prefixes: set[str] = set()
        #: All names in the code, and the words of its texts, but for comments, docstrings and unit tests.
        self.words = set(dir(builtins))
        for path in files:
            if path.suffix == ".py":
                self._read(path)
            elif path.suffix in (".xml", ".csv"):
                self.words.update(re.findall(r"\w+", path.read_text()))

    def _read(self, path: Path) -> None:
        tree = ast.parse(path.read_text())
        self.words.update(_words(tree))
        if path.parent.name != "unit":
            self.words.update(_words_of_texts(tree))
        owners = [path.name, path.relative_to(self.root).as_posix()]
        if path.parent.name in (*PACKAGES, "lib"):
            owners.append(path.stem)
        self._add(tree, owners)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self._add(node, [node.name, *models(node, "_name", "_inherit"), *owners])
                bases = {ast.unparse(base) for base in node.bases}
                self.bases.setdefault(node.name, set()).update(bases)
                if path.parent.name == "models":
                    self.prefixes |= {name.split(".")[0] for name in models(node, "_name")}

    def _add(self, tree: ast.Module | ast.ClassDef, owners: list[str]) -> None:
        names = set(_defined(tree))
        for owner in owners:
            self.members.setdefault(owner, set()).update(names)

    def has(self, owner: str, name: str) -> bool:
        """Return whether an owner, or a base class of it, has a name."""
        bases = self.bases.get(owner, set()) & self.members.keys()
        return name in self.members.get(owner, ()) or any(self.has(base, name) for base in bases)

    def has_path(self, text: str) -> bool:
        """Return whether a file or folder exists: by its path, or a file by its name alone."""
        return (self.root / text).exists() or text in self.file_names

    def is_own_path(self, text: str) -> bool:
        """Return whether a text is the path of something of ours; `odoo/…` and `addons/…` are Odoo's."""
        if not _PATH.fullmatch(text):
            return False
        first, slash, _rest = text.partition("/")
        return first in self.folders if slash else bool(_SUFFIX.fullmatch(text))

    def problem(self, text: str) -> str:
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

    def _dotted_problem(self, text: str, owner: str, name: str) -> str:
        if owner in self.members:
            return "" if self.has(owner, name) else f"{owner} has no {name}"
        if text.split(".")[0] in self.prefixes:
            return f"there is no model {text}"
        unknown = [word for word in text.split(".") if word[:1].isupper() or word[:1] == "_"]
        unknown = [word for word in unknown if word not in self.words]
        return f"no code says {unknown[0]}" if unknown else ""

    def misplaced(self, text: str) -> Iterator[str]:
        """Yield what is wrong with the places of names that a text tells."""
        for pattern in _PLACES:
            for match in pattern.finditer(text):
                file, name = match["file"], match["name"].rpartition(".")[2]
                if self.is_own_path(file) and not self.has(file, name):
                    yield f"{file} has no {name}"


def models(node: ast.ClassDef, *attributes: str) -> list[str]:
    """Return the names of the Odoo models that a class defines (`_name`) or extends (`_inherit`)."""
    return [
        str(item.value.value)
        for item in node.body
        if isinstance(item, ast.Assign)
        and ast.unparse(item.targets[0]) in attributes
        and isinstance(item.value, ast.Constant)
    ]


def _defined(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Yield what a module or a class defines, and the attributes of `self` in its methods."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
    if isinstance(tree, ast.ClassDef):
        for part in ast.walk(tree):
            if isinstance(part, ast.Attribute) and ast.unparse(part) == f"self.{part.attr}":
                yield part.attr


def _words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for name in ("id", "attr", "name", "arg"):
            if isinstance(value := getattr(node, name, None), str):
                yield value


def _words_of_texts(tree: ast.Module) -> Iterator[str]:
    nodes = list(ast.walk(tree))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\w+", "" if id(node) in docstrings else node.value)


def prose(text: str) -> str:
    """Return a text with its blocks of code emptied; lines keep their numbers."""
    return re.sub(
        r"^```.*?^```", lambda match: "\n" * match[0].count("\n"), text, flags=re.M | re.S
    )


def named(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each name in backticks, but what is called Odoo's: "Odoo's `name`"."""
    text = prose(text)
    for match in re.finditer(r"(Odoo's\s+(?:own\s+)?)?`([^`]+)`", text):
        if not match[1]:
            yield text.count("\n", 0, match.start()) + 1, " ".join(match[2].split())
