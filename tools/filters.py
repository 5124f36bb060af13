# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Parse and evaluate the record filter of a connection: a domain in Python notation, without executing code.

Odoo evaluates the domains of record rules as code, but only administrators write those. A filter is
written by whoever manages connections and evaluated for every caller, so code in it would run with the
rights of all callers. A filter may contain lists, tuples, text, numbers, ``True``, ``False``, ``None``,
``uid``, ``company_id``, ``company_ids``, fields of ``user`` and the sum of two lists, as in
``[('company_id', 'in', company_ids + [False])]``.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Names that stand for values of the caller, as in a record rule.
NAMES: Final = ("user", "uid", "company_id", "company_ids")


class FilterError(ValueError):
    """A text that is not a valid filter; :attr:`part` is the part that is not accepted."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> ast.expr:
    """Parse a filter into a tree of accepted expressions.

    :raise FilterError: for any other expression
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as exc:
        raise exc if isinstance(exc, FilterError) else FilterError(text[:64]) from None
    if not isinstance(tree, ast.List | ast.BinOp):
        raise FilterError(text[:64])
    return tree


def _check(node: ast.expr) -> None:
    """Check that an expression is accepted.

    :raise FilterError: for any other expression
    """
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                _check(item)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            _check(left)
            _check(right)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            pass
        case ast.Constant(value=str() | int() | float() | None):  # a bool is an int
            pass
        case ast.Name(id=name) if name in NAMES:
            pass
        case ast.Attribute() if (_path(node) or [""])[0] == "user":
            pass
        case _:
            raise FilterError(ast.unparse(node)[:64])


def _path(node: ast.expr) -> list[str]:
    """Return the steps of a path: ``user.partner_id.id`` is ``["user", "partner_id", "id"]``; empty for no path."""
    steps: list[str] = []
    while isinstance(node, ast.Attribute):
        steps.insert(0, node.attr)
        node = node.value
    return [node.id, *steps] if isinstance(node, ast.Name) else []


def paths(node: ast.AST) -> frozenset[tuple[str, ...]]:
    """Return the names that a filter uses, each with its fields: ``("user", "partner_id", "id")``."""
    if isinstance(node, ast.expr) and (path := _path(node)):
        return frozenset([tuple(path)])
    return frozenset().union(*(paths(child) for child in ast.iter_child_nodes(node)))


def words(node: ast.AST) -> frozenset[str]:
    """Return the words of a filter as it is evaluated, however they are spelled: of texts, and the steps of paths."""
    found = {step for path in paths(node) for step in path}
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.update(re.findall(r"\w+", each.value))
    return frozenset(found)


def evaluate(
    tree: ast.expr, names: Mapping[str, Any], read_field: Callable[[Any, str], Any] = getattr
) -> Any:
    """Evaluate a filter to a domain in list form, for one caller.

    :param tree: the result of :func:`parse`
    :param names: a value for each of :data:`NAMES`
    :param read_field: a function that returns the value of a field of a record
    :raise FilterError: for a sum of anything but lists
    """
    match node := tree:
        case ast.List(elts=items):
            return [evaluate(item, names, read_field) for item in items]
        case ast.Tuple(elts=items):
            return tuple(evaluate(item, names, read_field) for item in items)
        case ast.BinOp(left=left, right=right):
            both = evaluate(left, names, read_field), evaluate(right, names, read_field)
            if not all(isinstance(side, list) for side in both):
                raise FilterError(ast.unparse(node)[:64])
            return operator.add(*both)
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.Attribute(value=value, attr=name):
            return read_field(evaluate(value, names, read_field), name)
    raise FilterError(ast.unparse(node)[:64])
