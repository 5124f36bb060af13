"""What text and numbers a client may send: PostgreSQL cannot keep everything that JSON can say."""

from __future__ import annotations

import math
from typing import Any, Final, NoReturn

#: The deepest that JSON may be nested: Odoo copies and compares such values by recursion.
_MAX_JSON_DEPTH: Final = 64


def storable(text: str) -> bool:
    """Whether PostgreSQL can keep it: no NUL (0x00), no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable_json(value: Any, depth: int = 1) -> bool:
    """Whether PostgreSQL can keep all texts and numbers of a JSON value, and Odoo its depth."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        if not all(map(storable, value)):
            return False
        value = list(value.values())
    if isinstance(value, list):
        return depth <= _MAX_JSON_DEPTH and all(storable_json(item, depth + 1) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


def reject_constant(name: str) -> NoReturn:
    """``parse_constant`` for :func:`json.loads`: Python's decoder takes NaN, JSON does not.

    :raise ValueError: always
    """
    raise ValueError(f"{name} is not JSON")
