# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/lib/bootstrap.py: Pythons that are too old can read it, so that they say so in a sentence."""

import ast

from lib.bootstrap import ROOT

CODE = (ROOT / "dev" / "lib" / "bootstrap.py").read_text()
#: What may be subscripted when an annotation is evaluated: names of `typing` as of Python 3.6.
GENERIC = {"Callable", "Iterable", "Iterator", "List", "Mapping", "Optional"}


def annotations(tree):
    """Return everything in a module that says a type."""
    for node in ast.walk(tree):
        found = [getattr(node, name, None) for name in ("annotation", "returns")]
        yield from (each for each in found if isinstance(each, ast.AST))


def test_its_annotations_are_those_of_old_pythons():
    """Python evaluates them while it reads the module; mypy, which checks for 3.10, accepts newer ones."""
    found = list(annotations(ast.parse(CODE)))
    assert found
    for node in (node for annotation in found for node in ast.walk(annotation)):
        assert not isinstance(node, ast.BinOp), ast.unparse(node)
        if isinstance(node, ast.Subscript):
            assert ast.unparse(node.value) in GENERIC, ast.unparse(node)


def test_its_syntax_is_that_of_old_pythons():
    # the oldest that Python 3.13 still knows
    ast.parse(CODE, feature_version=(3, 7))
    assert "from __future__" not in CODE
