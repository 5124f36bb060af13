# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Odoo's values in the form of the API, by the type of the field: the one place that knows both formats."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any

import pytz

_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")
_FORM = "%Y-%m-%d %H:%M:%S"
#: Periods of which the API tells the first day, where Odoo tells the moment it begins.
_DAYS = frozenset(["day", "week", "month", "quarter", "year"])


def value(kind: str, given: Any) -> Any:
    """Return what the API answers for a value that Odoo's `read` gave."""
    if isinstance(given, float) and not math.isfinite(given):
        return False
    if kind in ("binary", "image") and isinstance(given, list | dict):
        return _data(given)
    if not given:
        return False if given == "" and kind in ("binary", "image") else given
    if kind == "datetime":
        return moment(given)
    if kind == "date":
        # the column of an SQL view may be a timestamp; Odoo writes the year 1 as such
        return given.split(" ")[0].rjust(10, "0")
    if kind in ("properties", "properties_definition"):
        return [_property(item) for item in given]
    return given


def moment(text: str) -> str:
    """Return Odoo's text of a datetime as the API tells it."""
    return _DATETIME.sub(r"\1T\2Z", text)


def _data(given: Any) -> Any:
    """Return what a field of type binary holds for Odoo's web client, moments as the API tells them."""
    if isinstance(given, dict):
        return {key: _data(each) for key, each in given.items()}
    if isinstance(given, list):
        return [_data(each) for each in given]
    if isinstance(given, str) and _DATETIME.fullmatch(given):
        return moment(given)
    return None if isinstance(given, float) and not math.isfinite(given) else given


def _property(item: dict[str, Any]) -> dict[str, Any]:
    kind = str(item.get("type"))
    return {
        key: value(kind, each) if key in ("value", "default") else each
        for key, each in item.items()
    }


def group(kind: str, granularity: str, given: Any, zone: str) -> Any:
    """Return what the API answers for the value of a group.

    Odoo gives `[value, label]` of a date and of a relation.
    """
    if given is None:
        return False
    if kind in ("date", "datetime") and isinstance(given, list):
        given = given[0]
        if kind == "datetime":
            if granularity in _DAYS:
                start = datetime.strptime(given, _FORM).replace(tzinfo=timezone.utc)
                return start.astimezone(pytz.timezone(zone)).date().isoformat()
            return moment(given)
        return given[:10]
    return value(kind, given)


def aggregate(kind: str, function: str, given: Any) -> Any:
    """Return what the API answers for an aggregate."""
    if given is None:
        return False
    return value(kind if function in ("min", "max", "sum") else "integer", given)
