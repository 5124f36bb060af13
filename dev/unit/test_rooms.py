# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The rooms of the addon: which of them may import which (doc/architecture.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Room → the rooms that it may import.
ROOMS = {
    "controllers": {"controllers", "engine", "models", "tools"},
    "models": {"models", "engine", "tools"},
    "engine": {"engine", "tools"},
    "tools": {"tools"},
}


def imported(path):
    """Yield the room of each import of the addon's own, and the names of all other modules."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((None, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            parts = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            yield parts[0] or node.names[0].name, ""
        elif isinstance(node, ast.ImportFrom):
            yield None, node.module


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_the_rooms_below_it(room):
    for path in (ROOT / room).glob("*.py"):
        for other, _module in imported(path):
            assert other is None or other in ROOMS[room], f"{path.name} imports {other}"


def test_tools_know_no_odoo():
    for path in (ROOT / "tools").glob("*.py"):
        assert not [name for _room, name in imported(path) if name and name.split(".")[0] == "odoo"]


@pytest.mark.parametrize("room", ["models", "engine"])
def test_request_is_read_in_controllers_alone(room):
    """Only the authentication of a request (``ir.http``) knows it as well."""
    for path in (ROOT / room).glob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == "odoo.http"
            for alias in node.names
        }
        assert "request" not in names or path.name == "ir_http.py", path.name


def test_models_hold_odoo_models_alone():
    """One file, one model: a class with a ``_name`` or an ``_inherit``, named as the file is."""
    for path in (ROOT / "models").glob("*.py"):
        if path.name == "__init__.py":
            continue
        classes = [
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.ClassDef)
            and any("models." in ast.unparse(base) for base in node.bases)
        ]
        assert len(classes) == 1, path.name
