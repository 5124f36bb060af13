"""A request, read: from parameters and bodies to frozen dataclasses. No field is known here.

What can be wrong with the form of a request is told here, everything at once; what the fields and
the caller allow is the policy's matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import domain as domains
from .errors import ApiError, Problems, _
from .text import reject_constant, storable

DEFAULT_LIMIT: Final = 20
#: PostgreSQL's ``integer``, the type of every id.
MAX_ID: Final = 2**31 - 1
#: Far beyond any table, and page * limit still fits a bigint.
MAX_PAGE: Final = 10**9
MAX_EXPAND_DEPTH: Final = 5
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Selection:
    """What of a record is answered: names in order, and per relation the same one level down."""

    fields: tuple[str, ...] = ()
    expand: Mapping[str, Selection] = field(default_factory=dict)


@dataclass(frozen=True)
class ListQuery:
    """``GET``: a page of records, or the one with ``record_id``."""

    selection: Selection
    domain: domains.Node = domains.TRUE
    page: int = 1
    limit: int = DEFAULT_LIMIT
    record_id: int | None = None


@dataclass(frozen=True)
class WriteRequest:
    """``POST`` (without ``record_id``) and ``PUT``: values to write and what to answer."""

    values: Mapping[str, Any]
    selection: Selection
    record_id: int | None = None


def parse_model(params: Mapping[str, str]) -> str:
    """
    :raise ApiError: ``bad_parameter`` without a model name, or with one that PostgreSQL cannot be asked for
    """
    model = params.get("model", "")
    if not model:
        raise ApiError("bad_parameter", _('The parameter "model" is missing.'))
    if not storable(model):
        raise ApiError("bad_parameter", _('The parameter "model" is not the name of a model.'))
    return model


def parse_list(params: Mapping[str, str], max_limit: int) -> ListQuery:
    """The query of a ``GET``.

    :param max_limit: largest page of this connection
    :raise ApiError: with all that is wrong
    """
    problems = Problems()
    if "fields" not in params:
        problems.add(
            "bad_parameter",
            _('The parameter "fields" is missing: a JSON list of field names, such as ["name"].'),
        )
    selection = _selection(
        _json_param(params, "fields", problems, []),
        _json_param(params, "expand", problems, {}),
        problems,
    )
    domain: domains.Node = domains.TRUE
    if params.get("domain", "").strip():
        try:
            domain = domains.parse(params["domain"])
        except ApiError as exc:
            problems.catch(exc)
    page = _integer(params, "offset", 1, MAX_PAGE, problems) or 1
    limit = _integer(params, "limit", 1, max_limit, problems)
    record_id = _integer(params, "id", 1, MAX_ID, problems)
    problems.raise_if_any()
    return ListQuery(selection, domain, page, limit or min(DEFAULT_LIMIT, max_limit), record_id)


def parse_write(
    params: Mapping[str, str], body: Mapping[str, Any], *, with_id: bool
) -> WriteRequest:
    """The request of a ``POST`` or, ``with_id``, of a ``PUT``.

    :raise ApiError: with all that is wrong
    """
    problems = Problems()
    record_id = _required_id(params, problems) if with_id else None
    values = body.get("values")
    if not isinstance(values, dict):
        problems.add(
            "bad_value", _('The body needs "values": an object of field names and values.')
        )
        values = {}
    selection = _selection(body.get("fields", []), body.get("expand", {}), problems)
    problems.raise_if_any()
    return WriteRequest(values, selection, record_id)


def parse_id(params: Mapping[str, str]) -> int:
    """
    :raise ApiError: ``bad_parameter`` when ``id`` is missing or is not an id
    """
    problems = Problems()
    record_id = _required_id(params, problems)
    problems.raise_if_any()
    return record_id


def _required_id(params: Mapping[str, str], problems: Problems) -> int:
    if "id" not in params:
        problems.add("bad_parameter", _('The parameter "id" is missing.'))
    return _integer(params, "id", 1, MAX_ID, problems) or 0


def _integer(
    params: Mapping[str, str], name: str, low: int, high: int, problems: Problems
) -> int | None:
    if name not in params:
        return None
    text = params[name].strip()
    value = int(text) if _INTEGER.fullmatch(text) else None
    if value is None or not low <= value <= high:
        problems.add(
            "bad_parameter",
            _('The parameter "%(name)s" is a whole number from %(low)s to %(high)s.'),
            name=name,
            low=low,
            high=high,
        )
        return None
    return value


def _json_param(params: Mapping[str, str], name: str, problems: Problems, default: Any) -> Any:
    if name not in params:
        return default
    try:
        return json.loads(params[name], parse_constant=reject_constant)
    except (ValueError, RecursionError):
        problems.add("bad_parameter", _('The parameter "%(name)s" is not JSON.'), name=name)
        return default


def _selection(fields: Any, expand: Any, problems: Problems, depth: int = 1) -> Selection:
    names: list[str] = []
    if isinstance(fields, list) and all(_is_name(name) for name in fields):
        names = list(dict.fromkeys(fields))
    else:
        problems.add("bad_parameter", _('"fields" is a list of field names, such as ["name"].'))
    nested: dict[str, Selection] = {}
    if not isinstance(expand, dict):
        problems.add(
            "bad_parameter",
            _(
                '"expand" is an object of relations and their fields, such as {"country_id": ["code"]}.'
            ),
        )
        expand = {}
    elif expand and depth > MAX_EXPAND_DEPTH:
        problems.add("bad_parameter", _('"expand" is nested too deeply.'))
        expand = {}
    for name, below in expand.items():
        if not isinstance(below, list):
            problems.add(
                "bad_parameter",
                _('"expand" needs a list of field names at "%(name)s".'),
                name=name,
            )
            continue
        nested[name] = _selection(below, {}, problems, depth + 1)
        if name not in names:
            names.append(name)
    return Selection(tuple(names), nested)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and storable(name)
