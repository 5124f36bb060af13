"""Convert values to JSON (:data:`DUMPERS`) and from JSON (:func:`load`), by the type of their field.

=================  ================================================================
type               in JSON
=================  ================================================================
date               ``"2026-11-23"``
datetime           ``"2026-11-23T20:43:00Z"`` (input: with any offset, or in Odoo's form, UTC)
binary, image      base64 text
many2one           as :class:`~.queries.Form` says: ``[id, "display name"]``, an object or the id
                   (input: any of them)
one2many, many2m.  a list of ids (input: ids, which replace the current ones, or Odoo's commands)
reference          ``"res.partner,7"``
properties         ``[{"name": "size", "type": "selection", …, "value": "m"}, …]``
                   (input: also ``{"size": "m"}``), each value by its own type
others             unchanged; an empty value is ``false``, as in Odoo, or null
=================  ================================================================

Every value of a response is accepted as input, and then changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from . import domains
from .errors import ApiError, _
from .queries import MAX_ID, PLAIN, Form
from .text import storable, storable_json, whole

X2MANY: Final = frozenset(["one2many", "many2many"])
RELATIONAL: Final = X2MANY | {"many2one"}
_TEXT: Final = frozenset(["char", "text", "html"])
_NUMBERS: Final = frozenset(["integer", "float", "monetary", "boolean", "many2one_reference"])
#: Keys of a property that hold values of its type.
_OF_PROPERTIES: Final = ("value", "default")
#: Types of properties whose value is a list.
_LISTS: Final = frozenset(["many2many", "tags"])
_MAX_INTEGER: Final = 2**31 - 1
#: Odoo rounds by multiplying with powers of ten, which overflows for much larger numbers.
_MAX_FLOAT: Final = 1e100
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_PROPERTY: Final = re.compile(r"[a-z0-9_]{1,512}")
_REFERENCE: Final = re.compile(r"([a-z0-9_.]+),([0-9]{1,10})(?:\.0+)?")
# Not `fromisoformat`, which accepts different texts in Python 3.10 and 3.11.
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATETIME: Final = re.compile(
    _DATE.pattern
    + r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
    + r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?)?"
)
_DATETIME_IN_ODOO: Final = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9:]{8})$")
_TIME: Final = re.compile(_DATE.pattern + ".")


# --- out -------------------------------------------------------------------------------------


def _dump_date(value: Any) -> Any:
    """Convert a date; some views have a datetime in the column of a date field, or the other way round."""
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if value else False


def dump_datetime(value: Any) -> Any:
    """Convert a datetime, or a date in the column of a datetime field."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    return value.isoformat(timespec="seconds") + "Z" if value else False


def _dump_binary(value: Any) -> Any:
    """Convert a file to base64; some binary fields of Odoo hold JSON data for its web client instead."""
    if value is None or value is False:
        return False
    if isinstance(value, str):
        return value or False
    if not isinstance(value, bytes | bytearray | memoryview):
        return dump_json(value)
    raw = bytes(value)
    return (raw if raw.isascii() else base64.b64encode(raw)).decode() or False


def dump_json(value: Any) -> Any:
    """Convert the value of a field of any other type.

    :raise TypeError: for a value that cannot be represented as JSON
    """
    return dump_result(value, _refuse)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} cannot be represented as JSON")


def _dump_float(value: Any) -> Any:
    """Convert a float; NaN and infinity, which JSON does not have, become False."""
    return value if math.isfinite(value) else False


def dump_link(record_id: int, name: Any, form: Form) -> Any:
    """Convert a link to a record: a many2one that is not expanded."""
    if form.relations == "id":
        return record_id
    if form.relations == "object":
        return {"id": record_id, "display_name": None if name is False and form.nulls else name}
    return [record_id, name]


def dump_properties(value: Any, form: Form = PLAIN) -> list[dict[str, Any]]:
    """Convert definitions of properties, with or without values, that ``convert_to_read`` returned."""
    return [_dump_property(item, form) for item in value or ()]


def _dump_property(item: Mapping[str, Any], form: Form) -> dict[str, Any]:
    dumped = dict(item)
    for key in _OF_PROPERTIES:
        if key in item:
            dumped[key] = _dump_property_value(item.get("type"), item[key], form)
    return dumped


def _dump_property_value(kind: Any, value: Any, form: Form) -> Any:
    if value and kind == "datetime":
        # Odoo stores the text of a datetime in its own form
        value = re.sub(_DATETIME_IN_ODOO, r"\1T\2Z", value) if isinstance(value, str) else False
    elif isinstance(value, float):
        value = _dump_float(value)
    if value is False and form.nulls and kind != "boolean":
        return [] if kind in _LISTS else None
    return value


DUMPERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "date": _dump_date,
    "datetime": dump_datetime,
    "binary": _dump_binary,
    "image": _dump_binary,
    "float": _dump_float,
    "monetary": _dump_float,
    "json": dump_json,
}


def dump_result(value: Any, records: Callable[[Any], Any], leave_out: Collection[str] = ()) -> Any:
    """Convert the result of a method to JSON.

    :param records: a function that converts objects of other types, such as records
    :param leave_out: keys of dictionaries to remove
    :raise TypeError: for a value that cannot be represented as JSON
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return dump_datetime(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return _dump_binary(value)
    if isinstance(value, Mapping):
        return {
            _key(key): dump_result(item, records, leave_out)
            for key, item in value.items()
            if key not in leave_out
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [dump_result(item, records, leave_out) for item in value]
    return records(value)


def _key(key: Any) -> str:
    """Convert the key of a dictionary to text, which JSON requires."""
    if isinstance(key, str | int):
        return str(key)
    raise TypeError(type(key))


# --- in --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """One x2many command (``odoo.fields.Command``): ``kind`` is its name, ``ids`` are the records it affects."""

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


def load(
    field_type: str,
    name: str,
    value: Any,
    size: int | None = None,
    relation: str | None = None,
) -> Any:
    """Convert a value of a client to the form that Odoo's ``create`` and ``write`` take.

    x2many values become a list of :class:`Command`, whose ``values`` are not converted yet, because they
    belong to another model. Properties are returned by name, and :func:`load_properties` converts them by
    their definition.

    :param name: the name of the field, for errors
    :param size: the maximum length of a text; Odoo would truncate a longer one silently
    :param relation: the model of a many2one, for errors
    :raise ApiError: ``bad_value`` if the value does not have this type
    """
    if field_type in X2MANY:
        return _load_x2many(name, value)
    if value is None or value is False:
        return False
    try:
        loaded = _LOADERS.get(field_type, _load_json)(value)
    except (ValueError, TypeError, OverflowError):
        if field_type == "many2one" and relation:
            raise ApiError(
                "bad_value",
                _('The value of "%(name)s" must be the id of a %(model)s record.'),
                name=name,
                model=relation,
            ) from None
        raise _wrong_type(name, field_type) from None
    if size and isinstance(loaded, str) and len(loaded) > size:
        raise ApiError(
            "bad_value",
            _('The value of "%(name)s" is longer than %(size)s characters.'),
            name=name,
            size=size,
        )
    return loaded


def _wrong_type(name: str, field_type: str) -> ApiError:
    if example := _EXAMPLES.get(field_type):
        return ApiError(
            "bad_value",
            _('The value of "%(name)s" is not of type %(type)s. Send it as %(example)s.'),
            name=name,
            type=field_type,
            example=example,
        )
    return ApiError(
        "bad_value",
        _('The value of "%(name)s" is not of type %(type)s.'),
        name=name,
        type=field_type,
    )


def is_same(field_type: str, given: Any, answered: Any) -> bool:
    """Return whether a value of a client equals the current one, in any accepted form.

    :param given: the value of the client
    :param answered: the current value, as :mod:`~..engine.serialize` returns it without ``expand``, with
        ids as many2one values
    """
    if isinstance(answered, str) and field_type == "many2one":  # the ids of some models are text
        return bool(_linked(given) == answered)
    if isinstance(answered, str) and given == answered:
        return True
    if isinstance(answered, dict | list) or field_type == "json":
        if _is_same_json(given, answered):
            return True
        if isinstance(answered, dict) or field_type == "json":  # has no other form
            return given is None and answered is False
    with contextlib.suppress(ApiError):
        one, other = load(field_type, "", given), load(field_type, "", answered)
        return _are_same_loaded(field_type, one, other, given, answered)
    return False


def _are_same_loaded(field_type: str, one: Any, other: Any, given: Any, answered: Any) -> bool:
    """Compare the values of :func:`is_same` as :func:`load` returned them."""
    if field_type in X2MANY:
        empties = bool(given) and one == [Command("clear")]  # a command, not a value of a response
        return not empties and _members(one) is not None and _members(one) == _members(other)
    if field_type == "properties":
        return _are_same_properties(one, other, answered)
    if isinstance(one, dict | list):
        return _is_same_json(one, other)
    if field_type in _NUMBERS:
        return bool((one or 0) == (other or 0))
    return bool(one == other) and isinstance(one, str) == isinstance(other, str)


def _is_same_json(one: Any, other: Any) -> bool:
    """Compare JSON values, among which 1 and true differ, unlike in Python."""
    try:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return False


def _are_same_properties(one: Any, other: Any, definitions: Any) -> bool:
    """Compare the values of properties, which :func:`load` returned, by the types in their definitions."""
    kinds = {item["name"]: item.get("type") for item in definitions or ()}
    return _is_same_json(_comparable_properties(one, kinds), _comparable_properties(other, kinds))


def _comparable_properties(properties: Any, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of properties with one form for links and one for empty values.

    :param properties: as :func:`load` returns them
    :param kinds: name → type
    """
    return {
        name: _comparable_property(kinds.get(name), value)
        for name, value in (properties or {}).items()
    }


def _comparable_property(kind: Any, value: Any) -> Any:
    if value is None or value == []:
        return False
    with contextlib.suppress(ValueError):
        if kind == "many2one" and value:
            return _load_link(value)
        if kind == "many2many" and isinstance(value, list):
            return [_load_link(item) for item in value]
    return value


def _members(commands: list[Command]) -> frozenset[int] | None:
    """Return the ids of a command that replaces a whole relation; None for other commands."""
    if len(commands) != 1 or commands[0].kind not in ("set", "clear"):
        return None
    return frozenset(commands[0].ids)


def _load_text(value: Any) -> str:
    if not isinstance(value, str) or not storable(value):
        raise ValueError
    return value


def _load_integer(value: Any) -> int:
    value = whole(value)
    if type(value) is not int or not -_MAX_INTEGER - 1 <= value <= _MAX_INTEGER:
        raise ValueError
    return value


def _load_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    if not abs(value) <= _MAX_FLOAT:  # also true for NaN
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
    """Convert a datetime to UTC in Odoo's form; a time without an offset is in UTC."""
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
    text = _BLANKS.sub("", _load_text(value))  # some encoders break lines
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    return text


def _load_id(value: Any) -> int:
    value = whole(value)
    if type(value) is not int or not 1 <= value <= MAX_ID:
        raise ValueError
    return value


def _load_link(value: Any) -> int:
    """Return the id of a link in any form that a response has, such as an object with an ``id``."""
    return _load_id(_linked(value))


def _linked(value: Any) -> Any:
    """Return the unchecked id of a link in any form."""
    if isinstance(value, dict):
        return value.get("id")
    return value[0] if isinstance(value, list) and len(value) == 2 else value


def load_id(name: str, value: Any) -> int:
    """Return the id of a record in a one2many or many2many, in any form that a response has.

    :raise ApiError: ``bad_value``
    """
    try:
        return _load_link(value)
    except (ValueError, TypeError, OverflowError):
        raise _bad_command(name) from None


def _load_id_or_nothing(value: Any) -> int | bool:
    """Convert an id or 0, which is the empty value of a ``many2one_reference``."""
    return False if value == 0 else _load_link(value)


def _load_reference(value: Any) -> str:
    match = _REFERENCE.fullmatch(_load_text(value))
    if not match:
        raise ValueError
    return f"{match[1]},{_load_id(int(match[2]))}"


def _load_json(value: Any) -> Any:
    if not storable_json(value):
        raise ValueError
    return value


def _load_properties(value: Any) -> dict[str, Any]:
    """Convert properties to values by name; reject changes of the definition, which belongs to another record."""
    if isinstance(value, list):
        if not all(isinstance(item, dict) for item in value):
            raise ValueError
        if any(item.get("definition_changed") or item.get("definition_deleted") for item in value):
            raise ValueError
        value = {
            item["name"]: item["value"] for item in value if item.get("name") and "value" in item
        }
    if not isinstance(value, dict) or not all(map(_PROPERTY.fullmatch, value)):
        raise ValueError
    if any(
        name.endswith("_html") and not isinstance(text or "", str) for name, text in value.items()
    ):
        raise ValueError
    return dict(_load_json(value))


def _load_definition(value: Any) -> list[Any]:
    """Check the form of a definition; Odoo checks the rest (``_validate_properties_definition``)."""
    if not isinstance(value, list) or not storable_json(value):
        raise ValueError
    return [_load_property_definition(item) for item in value]


def _load_property_definition(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise ValueError
    if not _PROPERTY.fullmatch(_load_text(item.get("name"))):
        raise ValueError
    loaded = dict(item)
    if item.get("default"):
        loaded["default"] = _load_property(item, item["default"])
    elif item.get("default", False) in (None, []):
        loaded["default"] = False
    if item.get("domain"):
        try:
            domains.parse(
                _load_text(item["domain"])
            )  # Odoo would fail when it reads an invalid one
        except ApiError:
            raise ValueError from None
    return loaded


def _load_property(definition: Mapping[str, Any], value: Any) -> Any:
    """Convert the value of one property to the type in its definition."""
    if value is None or value is False:
        return False
    kind = definition["type"]
    if kind == "many2one":
        return _load_link(value)
    if kind == "many2many":
        links = value if isinstance(value, list) else [None]
        return [_load_link(item) for item in links]
    if kind in ("selection", "tags"):
        choices = [option[0] for option in definition.get(kind) or ()]
        chosen = value if kind == "tags" else [value]
        if not isinstance(chosen, list) or any(choice not in choices for choice in chosen):
            raise ValueError
        return value
    loader = _LOADERS.get("boolean" if kind == "separator" else kind)
    if loader is None:
        raise ValueError
    return loader(value)


#: Field type → a value as a client sends it, for errors.
_EXAMPLES: Final = {
    "date": '"2026-01-31"',
    "datetime": '"2026-01-31T12:00:00Z"',
    "boolean": "true",
    "integer": "7",
    "float": "7.5",
    "monetary": "7.5",
}
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
    "many2one": _load_link,
    "many2one_reference": _load_id_or_nothing,
    "reference": _load_reference,
    "json": _load_json,
    "properties": _load_properties,
    "properties_definition": _load_definition,
}


def load_properties(
    name: str, given: Mapping[str, Any], definition: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Convert the values of a properties field to the types in its definition.

    Odoo would store a value of any type, and not show one of a wrong type.

    :param name: the name of the field, for errors
    :param given: the values as :func:`load` returned them
    :raise ApiError: ``bad_value`` for a property that is not defined or has another type
    """
    by_name = {item["name"]: item for item in definition}
    loaded = {}
    for key, value in given.items():
        try:
            loaded[key] = _load_property(by_name[key], value)
        except KeyError:
            raise ApiError(
                "bad_value",
                _('"%(name)s" has no property "%(property)s".'),
                name=name,
                property=key,
            ) from None
        except (ValueError, TypeError, OverflowError):
            raise _wrong_type(f"{name}.{key}", by_name[key]["type"]) from None
    return loaded


def _load_x2many(name: str, value: Any) -> list[Command]:
    if value is None or value is False:
        return [Command("clear")]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = [load_id(name, item) if isinstance(item, dict) else item for item in value]
    if isinstance(value, list) and all(type(whole(item)) is int for item in value):
        return [Command("set", _ids(name, value))]
    if isinstance(value, list):
        return [_command(name, item) for item in value]
    raise _bad_command(name)


def _command(name: str, item: Any) -> Command:
    """Convert one x2many command."""
    if not isinstance(item, list) or not 1 <= len(item) <= 3:
        raise _bad_command(name)
    number, second, third = (*map(whole, item), None, None)[:3]
    kind = _COMMANDS.get(number) if type(number) is int else None
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
    loaded = tuple(map(whole, ids))
    if not all(type(item) is int and 1 <= item <= MAX_ID for item in loaded):
        raise _bad_command(name)
    return loaded


def _bad_command(name: str) -> ApiError:
    return ApiError(
        "bad_value",
        _('"%(name)s" must be a list of ids, or of commands such as [0, 0, {"name": "x"}].'),
        name=name,
    )


# --- in conditions ---------------------------------------------------------------------------


def load_condition(field_type: str, path: str, operator: str, value: Any) -> Any:
    """Convert the right side of a condition for the field on its left.

    A datetime with an offset becomes UTC in Odoo's form. Text that Odoo interprets itself (``"today"``,
    ``"-7d"``, a name instead of an id) stays unchanged.

    :param path: the left side of the condition, for errors
    :raise ApiError: ``bad_domain`` if field and value cannot be compared
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


def is_moment(value: Any) -> bool:
    """Return whether the right side of a condition is or contains a datetime."""
    items = value if isinstance(value, tuple) else (value,)
    return any(isinstance(item, str) and bool(_TIME.match(item)) for item in items)


def _comparable(field_type: str, value: Any) -> bool:
    if field_type == "json":  # its model searches by ids and names
        return isinstance(value, str | int | float)
    if field_type in ("integer", "many2one_reference"):
        return isinstance(value, int | float) and abs(value) < 2**63
    if field_type in ("float", "monetary"):
        return isinstance(value, int | float)
    if field_type in RELATIONAL:
        return isinstance(value, str) or (type(value) is int and abs(value) < 2**63)
    if field_type == "boolean":
        return value in (0, 1)
    return isinstance(value, str)
