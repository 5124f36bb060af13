"""Values on their way out (:func:`dump`) and in (:func:`load`), by the type of their field.

=================  ================================================================
type               in JSON
=================  ================================================================
date               ``"2026-11-23"``
datetime           ``"2026-11-23T20:43:00Z"`` (in: with any offset, or Odoo's own form, UTC)
binary, image      base64 text
many2one           ``[id, "display name"]`` (in: the id alone, too)
one2many, many2m.  a list of ids (in: ids, which replace what is there, or Odoo's commands)
reference          ``"res.partner,7"``
others             as they are; an empty value is ``false``, as Odoo gives it
=================  ================================================================
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from .errors import ApiError, _
from .query import MAX_ID
from .text import storable

X2MANY: Final = frozenset(["one2many", "many2many"])
RELATIONAL: Final = X2MANY | {"many2one"}
_TEXT: Final = frozenset(["char", "text", "html"])
_MAX_INTEGER: Final = 2**31 - 1
#: Levels of a JSON value, far from Python's recursion limit.
_MAX_JSON_DEPTH: Final = 64
_REFERENCE: Final = re.compile(r"[a-z0-9_.]+,([0-9]{1,10})")
# Not `fromisoformat`: what it takes differs between Python 3.10 and 3.11.
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATETIME: Final = re.compile(
    _DATE.pattern
    + r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
    + r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?)?"
)
_TIME: Final = re.compile(_DATE.pattern + ".")


# --- out -------------------------------------------------------------------------------------


def _dump_date(value: Any) -> Any:
    return value.isoformat() if value else False


def dump_datetime(value: Any) -> Any:
    return value.isoformat(timespec="seconds") + "Z" if value else False


def _dump_binary(value: Any) -> Any:
    if not value:
        return False
    if isinstance(value, str):
        return value
    raw = bytes(value)
    return (raw if raw.isascii() else base64.b64encode(raw)).decode()


def _dump_float(value: Any) -> Any:
    """JSON has no NaN and no infinity; PostgreSQL has."""
    return value if math.isfinite(value) else False


DUMPERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "date": _dump_date,
    "datetime": dump_datetime,
    "binary": _dump_binary,
    "image": _dump_binary,
    "float": _dump_float,
    "monetary": _dump_float,
}


# --- in --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """One x2many command (``odoo.fields.Command``): ``kind`` is its word, ``ids`` whom it touches."""

    kind: str
    ids: tuple[int, ...] = ()
    values: Mapping[str, Any] | None = None


_COMMANDS: Final = {
    0: "create",
    1: "update",
    2: "delete",
    3: "unlink",
    4: "link",
    5: "clear",
    6: "set",
}


def load(field_type: str, name: str, value: Any) -> Any:
    """What Odoo's ``create`` and ``write`` take, of what a client sent.

    x2many values come out as a list of :class:`Command`, whose ``values`` are not yet loaded:
    they belong to another model.

    :raise ApiError: ``bad_value`` when the value cannot be one of this type
    """
    if field_type in X2MANY:
        return _load_x2many(name, value)
    if value is None or value is False:
        return False
    try:
        return _LOADERS.get(field_type, _load_json)(value)
    except (ValueError, TypeError, OverflowError):
        raise ApiError(
            "bad_value",
            _('The value of "%(name)s" is not of type %(type)s.'),
            name=name,
            type=field_type,
        ) from None


def _load_text(value: Any) -> str:
    if not isinstance(value, str) or not storable(value):
        raise ValueError
    return value


def _load_integer(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not -_MAX_INTEGER - 1 <= value <= _MAX_INTEGER:
        raise ValueError
    return value


def _load_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _load_boolean(value: Any) -> bool:
    if value not in (0, 1):
        raise ValueError
    return bool(value)


def _load_date(value: Any) -> str:
    match = _DATE.fullmatch(_load_text(value))
    if not match:
        raise ValueError
    return date(*map(int, match.groups())).isoformat()


def _load_datetime(value: Any) -> str:
    """UTC in Odoo's own form; a time without an offset is UTC already."""
    match = _DATETIME.fullmatch(_load_text(value))
    if not match:
        raise ValueError
    *numbers, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    moment = datetime(year, month, day, hour, minute, second)
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset >= timedelta(days=1):
            raise ValueError
        moment = moment - offset if sign == "+" else moment + offset
    return moment.isoformat(" ")


def _load_binary(value: Any) -> str:
    text = _load_text(value)
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    return text


def _load_id(value: Any) -> int:
    if isinstance(value, list) and len(value) == 2:  # as it was answered: [id, "display name"]
        value = value[0]
    if type(value) is not int or not 1 <= value <= MAX_ID:
        raise ValueError
    return value


def _load_reference(value: Any) -> str:
    match = _REFERENCE.fullmatch(_load_text(value))
    if not match:
        raise ValueError
    _load_id(int(match[1]))
    return str(value)


def _load_json(value: Any) -> Any:
    if not _storable_json(value):
        raise ValueError
    return value


def _storable_json(value: Any, depth: int = 1) -> bool:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        if not all(map(storable, value)):
            return False
        value = list(value.values())
    if isinstance(value, list):
        return depth <= _MAX_JSON_DEPTH and all(_storable_json(item, depth + 1) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


_LOADERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "char": _load_text,
    "text": _load_text,
    "html": _load_text,
    "selection": _load_text,
    "integer": _load_integer,
    "float": _load_float,
    "monetary": _load_float,
    "boolean": _load_boolean,
    "date": _load_date,
    "datetime": _load_datetime,
    "binary": _load_binary,
    "image": _load_binary,
    "many2one": _load_id,
    "many2one_reference": _load_id,
    "reference": _load_reference,
    "json": _load_json,
    "properties": _load_json,
    "properties_definition": _load_json,
}


def _load_x2many(name: str, value: Any) -> list[Command]:
    if value is None or value is False:
        return [Command("clear")]
    if isinstance(value, list) and all(type(item) is int for item in value):
        return [Command("set", _ids(name, value))]
    if isinstance(value, list):
        return [_command(name, item) for item in value]
    raise _bad_command(name)


def _command(name: str, item: Any) -> Command:
    if not isinstance(item, list) or not 1 <= len(item) <= 3 or type(item[0]) is not int:
        raise _bad_command(name)
    number, second, third = (*item, None, None)[:3]
    kind = _COMMANDS.get(number)
    if kind is None:
        raise _bad_command(name)
    if kind in ("create", "update"):
        if not isinstance(third, dict):
            raise _bad_command(name)
        return Command(kind, _ids(name, [second]) if kind == "update" else (), third)
    if kind == "clear":
        return Command(kind)
    if kind == "set":
        if not isinstance(third, list):
            raise _bad_command(name)
        return Command(kind, _ids(name, third))
    return Command(kind, _ids(name, [second]))


def _ids(name: str, ids: list[Any]) -> tuple[int, ...]:
    if not all(type(item) is int and 1 <= item <= MAX_ID for item in ids):
        raise _bad_command(name)
    return tuple(ids)


def _bad_command(name: str) -> ApiError:
    return ApiError(
        "bad_value",
        _('"%(name)s" takes a list of ids, or of commands such as [0, 0, {"name": "x"}].'),
        name=name,
    )


# --- in conditions ---------------------------------------------------------------------------


def load_condition(field_type: str, path: str, operator: str, value: Any) -> Any:
    """The right side of a condition, fit for the field on its left.

    A datetime with an offset becomes UTC in Odoo's form. What Odoo reads itself (``"today"``,
    ``"-7d"``, a name in place of an id) is left as it is.

    :raise ApiError: ``bad_domain`` when the two cannot be compared
    """
    if isinstance(value, tuple):
        return [load_condition(field_type, path, operator, item) for item in value]
    if value is None:
        return False
    if isinstance(value, bool) or operator.endswith("like"):
        return value
    if _comparable(field_type, value):
        if field_type != "datetime" or not _TIME.match(value):
            return value
        with contextlib.suppress(ValueError, OverflowError):
            return _load_datetime(value)
    raise ApiError(
        "bad_domain",
        _('The value at "%(path)s" cannot be compared with a field of type %(type)s.'),
        path=path,
        type=field_type,
    )


def _comparable(field_type: str, value: Any) -> bool:
    if field_type in ("integer", "many2one_reference"):
        return isinstance(value, int | float) and abs(value) < 2**63
    if field_type in ("float", "monetary"):
        return isinstance(value, int | float)
    if field_type in RELATIONAL:
        return isinstance(value, str) or (type(value) is int and abs(value) < 2**63)
    if field_type == "boolean":
        return value in (0, 1)
    return isinstance(value, str)
