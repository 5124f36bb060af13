"""The numbers that an administrator sets as system parameters: ``jwt_auth_api.<name>``, and two of Odoo's own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from .profiles import COMPATIBLE, PROFILES

_logger = logging.getLogger(__name__)

_DAY: Final = 24 * 3600
_YEARS: Final = 10 * 365


class Number(NamedTuple):
    """A setting: its default, and the smallest and the largest value that make sense."""

    default: int
    least: int
    most: int


#: Durations in seconds.
DURATIONS: Final[Mapping[str, Number]] = {
    "access_token_seconds": Number(900, 1, 30 * _DAY),
    "refresh_token_seconds": Number(30 * _DAY, 60, _YEARS * _DAY),
    "refresh_idle_seconds": Number(14 * _DAY, 60, _YEARS * _DAY),
    "refresh_grace_seconds": Number(10, 0, 300),
}
#: What is counted, 0 for no limit: living sessions of one user, and new refresh tokens of one session
#: in a minute.
LIMITS: Final[Mapping[str, Number]] = {
    "max_sessions": Number(50, 0, 10_000),
    "max_rotations": Number(60, 0, 6_000),
}
NUMBERS: Final[Mapping[str, Number]] = {
    **DURATIONS,
    **LIMITS,
    "log_days": Number(30, 1, _YEARS),
}
#: Odoo's own parameters for failed logins, with the defaults that Odoo takes where they are not set.
COOLDOWN_AFTER: Final = "base.login_cooldown_after"
COOLDOWN_DURATION: Final = "base.login_cooldown_duration"
COOLDOWN: Final[Mapping[str, Number]] = {
    COOLDOWN_AFTER: Number(5, 0, 10_000),
    COOLDOWN_DURATION: Number(60, 0, 365 * _DAY),
}
_KNOWN: Final = {**NUMBERS, **COOLDOWN}
PROFILE: Final = "jwt_auth_api.profile"


def parameter(name: str) -> str:
    """The key of the system parameter."""
    return name if name in COOLDOWN else f"jwt_auth_api.{name}"


def value(name: str, text: str | None) -> int:
    """The number that counts for what a parameter holds.

    What is no number counts as the default, a number out of bounds as the nearest one within.

    :param name: a key of :data:`NUMBERS` or of :data:`COOLDOWN`
    :param text: the parameter's value; empty or None when it is not set
    """
    setting = _KNOWN[name]
    try:
        return min(max(int(text), setting.least), setting.most) if text else setting.default
    except ValueError:
        return setting.default


def profile(text: str | None) -> str:
    """The profile that counts for what its parameter holds; an unknown one is not strict."""
    found = (text or "").strip().lower()
    return found if found in PROFILES else COMPATIBLE.name


@lru_cache(maxsize=256)
def read(name: str, text: str | None) -> int:
    """As :func:`value`; a text that does not count is logged once per process and text."""
    number = value(name, text)
    if is_ignored(text, number):
        _logger.error("%s is %.40r: using %s.", parameter(name), text, number)
    return number


@lru_cache(maxsize=16)
def read_profile(text: str | None) -> str:
    """As :func:`profile`; a text that does not count is logged once per process and text."""
    found = profile(text)
    if is_ignored(text, found):
        _logger.error("%s is %.40r: using %s.", PROFILE, text, found)
    return found


def is_ignored(text: str | None, counting: int | str) -> bool:
    """Whether a parameter holds something else than what counts for it."""
    return bool(text) and str(text).strip().lower() != str(counting)
