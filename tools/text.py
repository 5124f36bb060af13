"""What text and numbers a client may send: PostgreSQL cannot keep everything that JSON can say."""

from __future__ import annotations

from typing import NoReturn


def storable(text: str) -> bool:
    """Whether PostgreSQL can keep it: no NUL (0x00), no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def reject_constant(name: str) -> NoReturn:
    """``parse_constant`` for :func:`json.loads`: Python's decoder takes NaN, JSON does not.

    :raise ValueError: always
    """
    raise ValueError(f"{name} is not JSON")
