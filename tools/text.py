"""Check that PostgreSQL can store text and numbers, and parse JSON and Python literals."""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import math
import threading
import warnings
from array import array
from typing import Any, Final, NoReturn

#: Maximum nesting of JSON values, because Odoo copies and compares them recursively.
_MAX_JSON_DEPTH: Final = 64
#: Maximum nesting of JSON. Python's own maximum depends on its version.
MAX_DEPTH: Final = 200
#: Far above any id; floats up to this size are exact.
_MAX_WHOLE: Final = 2**53
_parsing: Final = threading.Lock()
#: Brackets as signed bytes: 1 opens a list or an object, -1 closes it.
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[{]}"))


def storable(text: str) -> bool:
    """Return whether PostgreSQL can store a text: it has no NUL (0x00) and no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable_json(value: Any, depth: int = 1) -> bool:
    """Return whether PostgreSQL can store all texts and numbers of a JSON value, and Odoo can handle its depth."""
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
    """Reject NaN and infinity, as ``parse_constant`` of :func:`json.loads`, which accepts them otherwise.

    :raise ValueError: always
    """
    raise ValueError(f"{name} is not JSON")


def parse_json(text: str | bytes) -> Any:
    """Parse JSON that a client sends.

    :raise ValueError: for what is not JSON; ``json.JSONDecodeError`` says where
    :raise RecursionError: for JSON that is nested deeper than :data:`MAX_DEPTH`
    """
    if isinstance(text, bytes):  # as json.loads decodes it
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    value = json.loads(text, parse_constant=reject_constant)
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise RecursionError("nested too deeply")
    return value


def _depth(text: str) -> int:
    """Return how deeply valid JSON is nested.

    It counts brackets, because a walk over the values would take up to five times as long.
    """
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    outside_strings = "".join(text.split('"')[::2]).encode()
    steps = outside_strings.translate(_STEPS, _NO_BRACKETS)
    # this removes one level: in a large body, most lists and objects have no others inside
    outer = steps.replace(b"\x01\xff", b"")
    return bool(steps) + max(itertools.accumulate(array("b", outer)), default=0)


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
    """Parse JSON or, if that fails, a Python literal, without evaluating code.

    :raise ValueError: for text that is neither
    """
    with contextlib.suppress(ValueError, RecursionError):
        return parse_json(text)
    try:
        # Python's parser warns about some odd literals, which must not let clients write to the server log.
        # Warning filters are global to the process, hence the lock.
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError("neither JSON nor a Python literal") from None


#: Script in Odoo's language codes → script in RFC 5646.
_SCRIPTS: Final = {"latin": "Latn", "cyrl": "Cyrl", "cyrillic": "Cyrl"}


def language_tag(code: str) -> str:
    """Return the RFC 5646 tag of an Odoo language code: ``sr-Latn-RS`` for ``sr_RS@latin``."""
    name, _at, script = code.partition("@")
    language, _line, region = name.partition("_")
    return "-".join(filter(None, [language, _SCRIPTS.get(script.lower(), ""), region]))
