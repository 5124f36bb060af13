"""Define all settings of the addon: system parameter, default, bounds, unit and help.

Odoo's Settings page, the hooks and the tests use :data:`SETTINGS`, and a test compares the table of the
documentation with it. Read a setting with ``ir.config_parameter._jwt_setting``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from . import origins
from .profiles import COMPATIBLE, PROFILES

_logger = logging.getLogger(__name__)

_DAY: Final = 24 * 3600
_YEARS: Final = 10 * 365
#: Prefix of the system parameters of the addon.
PREFIX: Final = "jwt_auth_api."
#: Who may read the documentation of the API.
READERS: Final = ("managers", "users", "everybody")
#: Who is told what a request cost.
TIMED: Final = ("administrators", "everybody")


@dataclass(frozen=True)
class Setting:
    """A setting whose value is a text."""

    name: str
    label: str
    help: str
    default: Any = ""
    #: Whether the installation stores the default in the system parameters, so that people find it there.
    is_written_out: bool = False

    @property
    def parameter(self) -> str:
        """Return the key of the system parameter."""
        return f"{PREFIX}{self.name}"

    def value(self, text: str) -> Any:
        """Convert the text of the parameter to a valid value, whatever the text is."""
        return text

    def ignored(self, text: str) -> str:
        """Return the invalid part of the text, empty if the text is valid."""
        counting = str(self.value(text))
        return text if text and text.strip().lower() != counting else ""


@dataclass(frozen=True)
class Number(Setting):
    """An integer; invalid text stands for the default, and a number out of bounds for the nearest bound."""

    default: int = 0
    least: int = 0
    most: int = 0
    #: The unit of a measure; empty for a number of things.
    unit: str = ""

    def value(self, text: str) -> int:
        try:
            return min(max(int(text), self.least), self.most) if text else self.default
        except ValueError:
            return self.default


@dataclass(frozen=True)
class OdooNumber(Number):
    """An integer in a system parameter of Odoo itself, whose key is the name."""

    @property
    def parameter(self) -> str:
        return self.name


@dataclass(frozen=True)
class Choice(Setting):
    """One of several words; any other one stands for the default."""

    default: str = ""
    choices: tuple[str, ...] = ()

    def value(self, text: str) -> str:
        word = text.strip().lower()
        return word if word in self.choices else self.default


@dataclass(frozen=True)
class Origins(Setting):
    """Origins of web pages, separated by commas; invalid entries are ignored."""

    def value(self, text: str) -> frozenset[str]:
        return origins.parse(text).allowed

    def ignored(self, text: str) -> str:
        return ", ".join(origins.parse(text).ignored)


def _seconds(name: str, label: str, text: str, default: int, least: int, most: int) -> Number:
    return Number(
        name, label, text, default, least=least, most=most, unit="seconds", is_written_out=True
    )


_ALL: Final = (
    _seconds(
        "access_token_seconds",
        "Access Token (seconds)",
        "How long an access token is valid before the client has to refresh it.",
        default=900,
        least=1,
        most=30 * _DAY,
    ),
    _seconds(
        "refresh_token_seconds",
        "Session (seconds)",
        (
            "How long a session lasts at most, however often the device refreshes it. Then the device has"
            " to log in again."
        ),
        default=30 * _DAY,
        least=60,
        most=_YEARS * _DAY,
    ),
    _seconds(
        "refresh_idle_seconds",
        "Unused Session (seconds)",
        "How long a device may stay unused before it has to log in again.",
        default=14 * _DAY,
        least=60,
        most=_YEARS * _DAY,
    ),
    _seconds(
        "refresh_grace_seconds",
        "Repeated Refresh (seconds)",
        (
            "How long a device that lost the response to a refresh may repeat it. After that, a used"
            " refresh token counts as stolen and ends the session."
        ),
        default=10,
        least=0,
        most=300,
    ),
    _seconds(
        "link_seconds",
        "File Link (seconds)",
        "How long a link to a file is valid, which needs no access token.",
        default=300,
        least=1,
        most=_DAY,
    ),
    Number(
        "max_sessions",
        "Sessions per User",
        (
            "A login beyond this number ends the least recently used session of the user."
            " 0: no limit."
        ),
        default=50,
        most=10_000,
        is_written_out=True,
    ),
    Number(
        "max_rotations",
        "Rotations per Minute",
        "How many new refresh tokens a session can get per minute. 0: no limit.",
        default=60,
        most=6_000,
        is_written_out=True,
    ),
    Choice(
        "profile",
        "Profile",
        (
            "Strict: a browser stores its refresh token in a cookie that no other host can set, and every"
            " refresh rotates the token, also for apps. Clients have to support this."
        ),
        default=COMPATIBLE.name,
        choices=tuple(PROFILES),
    ),
    Choice(
        "document_access",
        "Documentation",
        (
            "Who may read the documentation of the API (/api/docs and /api/openapi.json). It shows readers"
            " only what they may use; to everybody, what every user may use."
        ),
        default="users",
        choices=READERS,
    ),
    Choice(
        "server_timing",
        "Server Timing",
        (
            "Who gets the header Server-Timing, which says how long each stage of a request took. It tells how"
            " much is behind a filter: choose everybody for development only."
        ),
        default="administrators",
        choices=TIMED,
    ),
    Origins(
        "cors_origins",
        "Allowed Origins",
        (
            "Origins of web pages and apps that may use the API from a browser, separated by commas."
            " Pages of Odoo's own origin are always allowed."
        ),
    ),
    Number(
        "log_days",
        "Request Log (days)",
        "How many days the requests of connections with Log Requests are kept.",
        default=30,
        least=1,
        most=_YEARS,
        unit="days",
    ),
)
COOLDOWN_AFTER: Final = "base.login_cooldown_after"
COOLDOWN_DURATION: Final = "base.login_cooldown_duration"
_COOLDOWN: Final = (
    OdooNumber(
        COOLDOWN_AFTER,
        "Failed Logins",
        "How many logins may fail before the next one has to wait. 0: no limit.",
        default=5,
        most=10_000,
    ),
    OdooNumber(
        COOLDOWN_DURATION,
        "Wait after Failed Logins (seconds)",
        "How long the next login has to wait after too many failures. 0: no limit.",
        default=60,
        most=365 * _DAY,
        unit="seconds",
    ),
)
#: All settings, by name.
SETTINGS: Final[Mapping[str, Setting]] = {setting.name: setting for setting in _ALL}
#: Settings that are integers, by name.
NUMBERS: Final[Mapping[str, Number]] = {
    setting.name: setting for setting in _ALL if isinstance(setting, Number)
}
#: Odoo's own parameters that this addon reads, with Odoo's defaults, by name.
COOLDOWN: Final[Mapping[str, Number]] = {setting.name: setting for setting in _COOLDOWN}
#: Names of the settings that are durations.
DURATIONS: Final = tuple(name for name, number in NUMBERS.items() if number.unit == "seconds")


@lru_cache(maxsize=256)
def read(name: str, text: str) -> Any:
    """Return the value of a setting; an invalid text is logged once per process.

    :param name: a key of :data:`SETTINGS` or :data:`COOLDOWN`
    :param text: the text of the system parameter; empty if it is not set
    """
    setting = SETTINGS.get(name) or COOLDOWN[name]
    value = setting.value(text)
    if ignored := setting.ignored(text):
        used = "" if isinstance(value, frozenset) else f", using {value}"
        _logger.error("%s: ignoring %.80r%s.", setting.parameter, ignored, used)
    return value
