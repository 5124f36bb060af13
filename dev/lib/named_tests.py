# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check that the tests that a document names exist: by room, module, class and function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: How a name begins → the folder of those tests.
ROOMS = {
    "tests": "tests",
    "unit": "dev/unit",
    "live": "dev/live",
    "e2e": "dev/e2e",
    "jwt_auth_api_test": "dev/addons/jwt_auth_api_test/tests",
}
_FULL = re.compile(rf"({'|'.join(ROOMS)})(\.\w+){{2,3}}")
_BARE = re.compile(r"(Test\w+\.)?test_\w+(\.py)?")


def written(root: Path) -> list[str]:
    """List the full names of all functions that the tests' modules define; twice defined is listed twice.

    A module that Odoo does not load, because its package does not import it, is left out.
    """
    names: list[str] = []
    for room, folder in ROOMS.items():
        package = root / folder / "__init__.py"
        loaded = _imported(package) if package.exists() else None
        for path in sorted((root / folder).glob("*.py")):
            if loaded is None or path.stem in loaded:
                tree = ast.parse(path.read_text())
                names += [f"{room}.{path.stem}.{name}" for name in _functions(tree)]
    return names


def _imported(package: Path) -> set[str]:
    imports = (
        node for node in ast.parse(package.read_text()).body if isinstance(node, ast.ImportFrom)
    )
    return {alias.name for node in imports for alias in node.names}


def _functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef) and not prefix:
            yield from _functions(node, f"{node.name}.")


def named(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the full name and the spelling of each test that a Markdown text names.

    The full name is empty where nothing before a short one says where it is.
    """
    place = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("|"):
            place = ""
        for spelled in re.findall(r"`([^`]+)`", line):
            if _FULL.fullmatch(spelled):
                place = spelled.rpartition(".")[0]
                yield number, spelled, spelled
            elif _BARE.fullmatch(spelled):
                yield number, f"{place}.{spelled}" if place else "", spelled


def problems(text: str, tests: list[str]) -> list[str]:
    """Say for each name in the text that is not exactly one of the tests what to do about it."""
    found = []
    for line, name, spelled in named(text):
        if tests.count(name) == 1:
            continue
        elsewhere = sorted(
            {test for test in tests if test.split(".")[-1] == spelled.split(".")[-1]}
        )
        if tests.count(name):
            remedy = "it is defined twice, so that only the second one runs: rename one of them"
        elif elsewhere:
            remedy = f"name the test that shows this demand by one of {', '.join(elsewhere)}"
        else:
            remedy = (
                "no test has that name: restore it, or name the test that shows this demand now"
            )
        said = f"`{spelled}`" + (f" ({name})" if name not in ("", spelled) else "")
        found.append(f"line {line}: {said} is not a test: {remedy}")
    return found
