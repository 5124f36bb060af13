"""A client's domain, read into a tree. It is data: nothing is evaluated, nothing reaches Odoo as it came.

Accepted are Odoo's own prefix notation as JSON (``[["active", "=", true]]``) or as a Python
literal (``[('active', '=', True)]``). The policy walks the tree and builds Odoo's ``Domain`` of
it, condition by condition, so that an operator such as ``any!`` (which bypasses record rules,
``odoo/orm/domains.py``) or a field the caller may not see has no way in.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .errors import ApiError, _
from .text import reject_constant, storable

Scalar: TypeAlias = "str | int | float | bool | None"

LIKE: Final = frozenset(
    ["like", "not like", "ilike", "not ilike", "=like", "not =like", "=ilike", "not =ilike"]
)
SETS: Final = frozenset(["in", "not in"])
NESTED: Final = frozenset(["any", "not any"])
OPERATORS: Final = (
    frozenset(["=", "!=", "=?", "<", ">", "<=", ">=", "child_of", "parent_of"])
    | LIKE
    | SETS
    | NESTED
)
#: Spellings that Odoo accepts with a warning in its log.
_ALIASES: Final = {"<>": "!=", "==": "="}
#: Deep enough for any screen, far from Python's recursion limit.
MAX_DEPTH: Final = 32
MAX_CONDITIONS: Final = 500


@dataclass(frozen=True)
class Condition:
    """``path`` is the dotted field name, split; ``value`` a scalar, a tuple of scalars or a Node."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True)
class Every:
    """All of them hold; without children: always true."""

    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Either:
    """One of them holds; without children: never true."""

    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Not:
    child: Node


Node: TypeAlias = "Condition | Every | Either | Not"
TRUE: Final = Every()


def parse(text: str) -> Node:
    """The tree of a domain in its text form.

    :raise ApiError: ``bad_domain``, with what is wrong and where
    """
    return build(_literal(text))


def _literal(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise ApiError(
            "bad_domain",
            _("The domain is neither JSON nor a Python list of conditions."),
        ) from None


def build(terms: Any) -> Node:
    """The tree of a domain in its list form, implicit "and" included.

    :raise ApiError: ``bad_domain``
    """
    return _Builder().domain(terms, 0)


class _Builder:
    def __init__(self) -> None:
        self._conditions = 0

    def domain(self, terms: Any, depth: int) -> Node:
        if isinstance(terms, bool) or not isinstance(terms, list | tuple):
            raise ApiError("bad_domain", _("A domain is a list of conditions."))
        if depth > MAX_DEPTH:
            raise ApiError("bad_domain", _("The domain is nested too deeply."))
        stack: list[Node] = []
        for term in reversed(terms):
            if isinstance(term, str):
                stack.append(self._operator(term, stack))
            else:
                stack.append(self._condition(term, depth))
        stack.reverse()
        return stack[0] if len(stack) == 1 else Every(tuple(stack))

    @staticmethod
    def _operator(term: str, stack: list[Node]) -> Node:
        arity = {"&": 2, "|": 2, "!": 1}.get(term)
        if arity is None:
            raise ApiError("bad_domain", _('"%(term)s" is not one of & | !.'), term=term[:64])
        if len(stack) < arity:
            raise ApiError(
                "bad_domain", _('"%(term)s" stands before too few conditions.'), term=term
            )
        operands = [stack.pop() for _operand in range(arity)]
        match term:
            case "!":
                return Not(operands[0])
            case "&":
                return Every(tuple(operands))
            case _:
                return Either(tuple(operands))

    def _condition(self, term: Any, depth: int) -> Node:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise ApiError("bad_domain", _("The domain has too many conditions."))
        if not isinstance(term, list | tuple) or len(term) != 3:
            raise ApiError("bad_domain", _("A condition is [field, operator, value]."))
        name, operator, value = term
        if operator == "=" and _is_one(value) and type(name) is int and name in (0, 1):
            return TRUE if name == 1 else Either()
        if not isinstance(name, str) or not all(name.split(".")):
            raise ApiError("bad_domain", _("A condition begins with the name of a field."))
        if isinstance(operator, str):
            operator = _ALIASES.get(operator, operator)
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise ApiError(
                "bad_domain",
                _('Unknown operator "%(operator)s" at "%(field)s".'),
                operator=str(operator)[:64],
                field=name,
            )
        return Condition(
            tuple(name.split(".")), operator, self._value(name, operator, value, depth)
        )

    def _value(self, name: str, operator: str, value: Any, depth: int) -> Any:
        if operator in NESTED:
            return self.domain(value, depth + 1)
        if isinstance(value, list | tuple):
            if operator in SETS or operator in ("=", "!=", "child_of", "parent_of"):
                return tuple(self._scalar(name, item) for item in value)
        elif operator not in SETS:
            scalar = self._scalar(name, value)
            if operator not in LIKE or isinstance(scalar, str):
                return scalar
        raise ApiError(
            "bad_domain",
            _('The value at "%(field)s" does not fit the operator "%(operator)s".'),
            field=name,
            operator=operator,
        )

    @staticmethod
    def _scalar(name: str, value: Any) -> Scalar:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
            return value
        if isinstance(value, str) and storable(value):
            return value
        raise ApiError(
            "bad_domain",
            _('The value at "%(field)s" is not text, number, true or false.'),
            field=name,
        )


def _is_one(value: Any) -> bool:
    return type(value) is int and value == 1


def conditions(node: Node) -> Sequence[Condition]:
    """All conditions of the tree, the nested ones of ``any`` left alone."""
    match node:
        case Condition():
            return [node]
        case Not(child):
            return conditions(child)
        case Every(children) | Either(children):
            return [found for child in children for found in conditions(child)]
