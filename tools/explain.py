# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find the expressions of a query's columns in PostgreSQL's plan: ``EXPLAIN (VERBOSE, FORMAT JSON)``."""

import re
from collections.abc import Iterator
from typing import Any

#: Keywords that read the clock and are written without parentheses, unlike function calls.
_CLOCK = re.compile(r"\b(?:CURRENT_(?:DATE|TIME|TIMESTAMP)|LOCALTIME(?:STAMP)?)\b")
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\(")


def calls(expression: str) -> set[str]:
    """Return the names of the functions that an expression calls."""
    return set(_CALL.findall(expression))


def reads_clock(expression: str) -> bool:
    """Return whether an expression contains an SQL keyword for the current time."""
    return bool(_CLOCK.search(expression))


def expressions(plan: dict[str, Any], index: int) -> Iterator[str]:
    """Yield the expressions that the value of a column is computed from.

    If the plan does not show which of them belong to the column, all expressions of the node's children are
    yielded. Filters and joins are ignored, because they only decide whether there is a row.

    :param plan: the plan of a whole query, from the JSON
    :param index: the position of the column
    """
    output, children = plan.get("Output"), plan.get("Plans", ())
    if output is None or plan["Node Type"] == "Subquery Scan":
        for child in children:
            if child["Parent Relationship"] in ("InitPlan", "SubPlan"):
                yield from _all(child)
            else:
                yield from expressions(child, index)
        return
    yield output[index]
    for child in children:
        yield from _all(child)


def _all(plan: dict[str, Any]) -> Iterator[str]:
    yield from plan.get("Output", ())
    for child in plan.get("Plans", ()):
        yield from _all(child)
