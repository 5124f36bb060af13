"""What text and numbers a client may send: PostgreSQL cannot keep everything that JSON can say."""

from __future__ import annotations

import ast
import contextlib
import json
import math
import threading
import warnings
from typing import Any, Final, NoReturn

#: The deepest that JSON may be nested: Odoo copies and compares such values by recursion.
_MAX_JSON_DEPTH: Final = 64
#: Far beyond any id, and a float of this size is still exact.
_MAX_WHOLE: Final = 2**53
_parsing: Final = threading.Lock()


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


def whole(value: Any) -> Any:
    """Return a number without a fraction as an integer: JSON libraries of some languages write ``2.0``.

    Anything else is returned as it is.
    """
    if isinstance(value, float) and abs(value) <= _MAX_WHOLE and value.is_integer():
        return int(value)
    return value


def whole_json(value: Any) -> Any:
    """Return a JSON value with :func:`whole` applied to all numbers in it."""
    if isinstance(value, dict):
        return {name: whole_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole_json(item) for item in value]
    return whole(value)


def literal(text: str) -> Any:
    """Parse JSON or, where that fails, a Python literal. Nothing is evaluated.

    :raise ValueError: for text that is neither
    """
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text, parse_constant=reject_constant)
    try:
        # Python's parser warns of some odd literals: no client writes into the server's log. The
        # filters are the whole process's, hence the lock.
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError("neither JSON nor a Python literal") from None


#: Scripts, as Odoo's codes of languages name them and as RFC 5646 does.
_SCRIPTS: Final = {"latin": "Latn", "cyrl": "Cyrl", "cyrillic": "Cyrl"}


def language_tag(code: str) -> str:
    """Return the tag of RFC 5646 for a language's code in Odoo: ``sr-Latn-RS`` for ``sr_RS@latin``."""
    name, _at, script = code.partition("@")
    language, _line, region = name.partition("_")
    return "-".join(filter(None, [language, _SCRIPTS.get(script.lower(), ""), region]))
