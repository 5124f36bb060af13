"""Parse a client's domain into a tree, without evaluating code.

Odoo's prefix notation is accepted as JSON (``[["active", "=", true]]``) and as a Python literal
(``[('active', '=', True)]``). The policy walks the tree and builds Odoo's ``Domain`` from it, condition by
condition, so that an operator such as ``any!`` (which bypasses record rules, ``odoo/orm/domains.py``) or a
field that the caller may not see never reaches Odoo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from .errors import ApiError, _
from .text import literal, storable, whole

Scalar: TypeAlias = "str | int | float | bool | None"

LIKE: Final = frozenset(
    ["like", "not like", "ilike", "not ilike", "=like", "not =like", "=ilike", "not =ilike"]
)
SETS: Final = frozenset(["in", "not in"])
NESTED: Final = frozenset(["any", "not any"])
HIERARCHIES: Final = frozenset(["child_of", "parent_of"])
OPERATORS: Final = (
    frozenset(["=", "!=", "=?", "<", ">", "<=", ">="]) | LIKE | SETS | NESTED | HIERARCHIES
)
#: Connective → number of its operands.
CONNECTIVES: Final = {"&": 2, "|": 2, "!": 1}
#: Spellings that Odoo accepts with a warning in its log.
_ALIASES: Final = {"<>": "!=", "==": "="}
#: Maximum depth of a tree: connectives, ``any`` and the steps of a dotted path are one level each. It is
#: enough for any user interface, and far below Python's recursion limit.
MAX_DEPTH: Final = 32
MAX_CONDITIONS: Final = 500
#: Maximum nesting of ``any``: PostgreSQL plans each level twice, so that each level doubles the time.
MAX_NESTED: Final = 8
_MAX_INTEGER: Final = 2**63 - 1  # PostgreSQL's bigint
#: Maximum length of a client's text in an error message.
_SHOWN: Final = 64
#: Maximum length of a client's domain in an error message.
_MAX_DOMAIN: Final = 200


@dataclass(frozen=True)
class Condition:
    """A condition; ``path`` is the split field name, ``value`` a scalar, a tuple of scalars or a Node."""

    #: The parameter of a request that has the condition.
    parameter: ClassVar[str] = "domain"

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True)
class Search(Condition):
    """The condition that Odoo's search by name finds a record."""

    parameter: ClassVar[str] = "search"

    @classmethod
    def of(cls, text: str) -> Search:
        return cls(("display_name",), "ilike", text)


@dataclass(frozen=True)
class Every:
    """A conjunction of its children; without children it is always true."""

    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Either:
    """A disjunction of its children; without children it is always false."""

    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Not:
    """The negation of its child."""

    child: Node


Node: TypeAlias = "Condition | Every | Either | Not"
TRUE: Final = Every()


def parse(text: str) -> Node:
    """Parse the text of a domain into a tree.

    :raise ApiError: ``bad_domain``, whose message names the invalid part
    """
    try:
        terms = literal(text)
    except ValueError:
        raise ApiError(
            "bad_domain",
            _("The domain is neither JSON nor a Python list of conditions."),
        ) from None
    return build(terms)


def conditions(node: Node) -> Iterator[Condition]:
    """Yield the conditions of a tree in order, without those within ``any``."""
    if isinstance(node, Condition):
        yield node
        return
    for child in (node.child,) if isinstance(node, Not) else node.children:
        yield from conditions(child)


def build(terms: Any) -> Node:
    """Build the tree of a domain in its list form, with an implicit "and" between its terms.

    :raise ApiError: ``bad_domain``
    """
    return _Builder().domain(terms, 0)[0]


class _Builder:
    """Build the tree from the last term to the first, as prefix notation requires, with the height of each node."""

    def __init__(self) -> None:
        self._conditions = 0
        self._nested = 0

    def domain(self, terms: Any, depth: int) -> tuple[Node, int]:
        """Build the node of a list of terms.

        :param depth: the depth of the list in the whole tree
        """
        if isinstance(terms, bool) or not isinstance(terms, list | tuple):
            raise ApiError("bad_domain", _("A domain must be a list of conditions."))
        if _is_condition(terms):
            raise ApiError(
                "bad_domain",
                _("A condition must be in a list: %(domain)s."),
                domain=_in_list(terms),
            )
        _check_depth(depth)
        stack: list[tuple[Node, int]] = []
        for term in reversed(terms):
            if isinstance(term, str):
                stack.append(self._connect(term, stack))
            else:
                stack.append(self._condition(term, depth))
        stack.reverse()
        return stack[0] if len(stack) == 1 else _join(Every, stack)

    @staticmethod
    def _connect(term: str, stack: list[tuple[Node, int]]) -> tuple[Node, int]:
        """Build the node of a connective from the operands on the stack."""
        arity = CONNECTIVES.get(term)
        if arity is None:
            raise ApiError(
                "bad_domain", _('"%(term)s" is not one of the operators & | !.'), term=term[:_SHOWN]
            )
        if len(stack) < arity:
            raise ApiError(
                "bad_domain", _('"%(term)s" is followed by too few conditions.'), term=term
            )
        operands = [stack.pop() for _operand in range(arity)]
        if term == "!":
            return _negate(*operands[0])
        return _join(Every if term == "&" else Either, operands)

    def _condition(self, term: Any, depth: int) -> tuple[Node, int]:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise ApiError("bad_domain", _("The domain has too many conditions."))
        if not isinstance(term, list | tuple) or len(term) != 3:
            raise ApiError("bad_domain", _("A condition must be [field, operator, value]."))
        name, operator, value = whole(term[0]), term[1], term[2]
        if operator == "=" and _is_one(value) and type(name) is int and name in (0, 1):
            return (TRUE if name == 1 else Either()), 1
        if not isinstance(name, str) or not all(name.split(".")):
            raise ApiError("bad_domain", _("A condition must begin with a field name."))
        if not isinstance(operator, str):
            raise ApiError("bad_domain", _("The operator of a condition must be text."))
        operator = _ALIASES.get(operator, operator)
        if operator not in OPERATORS:
            raise ApiError(
                "bad_domain",
                _('Unknown operator "%(operator)s" at "%(field)s".'),
                operator=operator[:_SHOWN],
                field=name[:_SHOWN],
            )
        path = tuple(name.split("."))
        height = len(path)
        _check_depth(depth + height)
        if operator in NESTED:
            self._nested += 1
            if self._nested > MAX_NESTED:
                raise _too_deep()
            value, below = self.domain(value, depth + height)
            self._nested -= 1
            return Condition(path, operator, value), _check_depth(height + below)
        return Condition(path, operator, self._value(name, operator, value)), height

    def _value(self, name: str, operator: str, value: Any) -> Any:
        """Check that a value fits its operator, and convert a list to a tuple."""
        if isinstance(value, list | tuple):
            if operator in SETS or operator in ("=", "!=", *HIERARCHIES):
                return tuple(self._scalar(name, item) for item in value)
        elif operator not in SETS:
            scalar = self._scalar(name, value)
            if operator not in LIKE or (
                isinstance(scalar, str) and not _ends_within_escape(operator, scalar)
            ):
                return scalar
        raise ApiError(
            "bad_domain",
            _('The value at "%(field)s" does not fit the operator "%(operator)s".'),
            field=name[:_SHOWN],
            operator=operator,
        )

    @staticmethod
    def _scalar(name: str, value: Any) -> Scalar:
        """Check a single value."""
        value = whole(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int) and abs(value) <= _MAX_INTEGER:
            return value
        if isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
            return value
        if isinstance(value, str) and storable(value):
            return value
        raise ApiError(
            "bad_domain",
            _('The value at "%(field)s" must be text, a number, true, false or null.'),
            field=name[:_SHOWN],
        )


def _is_condition(terms: Any) -> bool:
    """Return whether a domain is a condition without the list around it."""
    if len(terms) != 3 or not all(isinstance(term, str) for term in terms[:2]):
        return False
    operator = _ALIASES.get(terms[1], terms[1])
    return terms[0] not in CONNECTIVES and operator in OPERATORS


def _in_list(condition: Any) -> str:
    """Return the domain that has only one condition, as text for a message."""
    try:
        text = json.dumps([condition], ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # a Python literal that JSON does not have
        text = ""
    return text if 0 < len(text) <= _MAX_DOMAIN else '[["name", "=", "x"]]'


def _join(kind: type[Every | Either], operands: list[tuple[Node, int]]) -> tuple[Node, int]:
    """Join operands in one node; nested ones of the same connective are merged: ``| a | b c`` has three children."""
    children: list[Node] = []
    height = 0
    for node, its_height in operands:
        if isinstance(node, kind):
            children += node.children
            height = max(height, its_height - 1)
        else:
            children.append(node)
            height = max(height, its_height)
    return kind(tuple(children)), _check_depth(height + 1)


def _negate(node: Node, height: int) -> tuple[Node, int]:
    if isinstance(node, Not):
        return node.child, height - 1
    return Not(node), _check_depth(height + 1)


def _check_depth(depth: int) -> int:
    if depth > MAX_DEPTH:
        raise _too_deep()
    return depth


def _too_deep() -> ApiError:
    return ApiError("bad_domain", _("The domain is nested too deeply."))


def _ends_within_escape(operator: str, pattern: str) -> bool:
    """Return whether a pattern that is passed to PostgreSQL unchanged ends with an incomplete escape."""
    backslashes = len(pattern) - len(pattern.rstrip("\\"))
    return "=" in operator and backslashes % 2 == 1


def _is_one(value: Any) -> bool:
    return type(whole(value)) is int and value == 1
