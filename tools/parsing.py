"""Parse parameters and bodies of requests into :mod:`.queries`, without knowledge of fields.

All errors in the form of a request are reported at once. The policy checks what fields and caller allow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from .errors import ApiError, Problems, _
from .names import Declared, check_keys, is_empty
from .names import given as given_keys
from .parameters import GROUPING, KEYS, NO_EFFECT, ON_RESOURCE_PATHS, PARAMETERS
from .queries import (
    COUNTS,
    DEFAULT_LIMIT,
    MAX_ID,
    CallRequest,
    DeleteRequest,
    GroupQuery,
    ListQuery,
    OneQuery,
    WriteRequest,
)
from .reader import Reader, id_list
from .text import storable


def parse_model(params: Mapping[str, str], unread: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Return the name of the model.

    :param unread: as for :func:`parse_get`
    :raise ApiError: ``bad_parameter`` without a model name, or with one that PostgreSQL cannot store
    """
    model = params.get("model", "")
    if not model:
        reader = Reader({}, "GET")
        reader.problems.add("bad_parameter", _('The parameter "model" is missing.'), at=["model"])
        reader.check_unread(unread)
        reader.problems.raise_if_any()
    if not storable(model):
        raise ApiError(
            "bad_parameter", _('The parameter "model" is not a valid model name.'), at=["model"]
        )
    return model


def parse_get(
    params: Mapping[str, str],
    max_limit: int,
    *,
    record_id: int | None = None,
    page_name: str = "offset",
    default_fields: Sequence[str] | None = None,
    only_groups: bool = False,
    unread: Mapping[str, Any] = MappingProxyType({}),
    condition: Callable[[str, str], str] | None = None,
) -> ListQuery | OneQuery | GroupQuery:
    """Parse a ``GET`` request.

    :param max_limit: the largest page of the connection
    :param record_id: the id, if it is in the path
    :param page_name: the parameter for the page number; any but ``offset`` stands for a resource path
    :param default_fields: the fields of the response without ``fields``; None makes ``fields`` required
    :param only_groups: whether the path returns groups; without ``groupby``, of all records
    :param unread: the body of the request, which must not contain parameters
    :param condition: as for :func:`.names.check`
    :raise ApiError: for everything that is wrong
    """
    strict = page_name != "offset"
    reader = Reader(
        params,
        "LIST" if strict else "GET",
        strict=strict,
        page_name=page_name,
        unread=unread,
        condition=condition,
    )
    if record_id is None and not strict:
        record_id = reader.integer("id", 1, MAX_ID)
    domain = reader.conditions()
    form = reader.form()
    groups = reader.names("groupby"), reader.names("aggregates")
    not_given = [name for name, found in zip(GROUPING, groups, strict=True) if not found]
    if record_id is not None:
        reader.narrow("ONE", not_given)
    elif any(groups) or only_groups:
        reader.narrow("GROUPS", not_given)
        return reader.group_query(*groups, max_limit, domain, form)
    selection = reader.top_selection(default_fields)
    archived = reader.flag("archived")
    if record_id is not None:
        # the documented route returns a record as a page
        limit = min(DEFAULT_LIMIT, max_limit) if strict else reader.paging(max_limit)[1]
        reader.problems.raise_if_any()
        return OneQuery(record_id, selection, domain, limit, archived, form)
    page, limit = reader.paging(max_limit)
    cursor = reader.params.get("cursor")
    if cursor is not None and page_name in reader.params:
        reader.problems.add(
            "bad_parameter",
            _('"cursor" and "%(page)s" cannot be used together.'),
            at=["cursor", page_name],
            page=page_name,
        )
    # a client with a cursor reads all pages, and does not need the total on each of them
    count = reader.choice("count", COUNTS, "exact" if cursor is None else "none")
    order = reader.order(reader.params.get("order", ""))
    reader.problems.raise_if_any()
    return ListQuery(selection, domain, order, page, limit, cursor, count, archived, form)


def parse_create(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    max_records: int,
    default_fields: Sequence[str] = (),
    *,
    strict: bool = False,
) -> WriteRequest:
    """Parse a ``POST`` request, whose ``values`` is an object or a list of objects.

    :param strict: whether this is a resource path: reject all unknown names, not only those that are
        similar to known ones, and take its forms
    :raise ApiError: for everything that is wrong
    """
    reader = Reader(params, "POST", body, strict=strict)
    values = reader.body.get("values")
    many = isinstance(values, list)
    items: list[tuple[int | None, Mapping[str, Any]]] = []
    for item in values if isinstance(values, list) else [values]:
        items.append((None, reader.values(item)))
        if reader.problems:
            break
    reader.check_number("values", len(items), max_records)
    if "id" in reader.params or "ids" in reader.params:
        reader.problems.add(
            "bad_parameter",
            _(
                'POST creates a record and does not accept "id". To update a record, send PUT or the'
                " header X-HTTP-Method-Override: PUT."
            ),
            at=["id"],
        )
    context = reader.context()
    request = reader.write_request(items, many, default_fields)
    return replace(request, context=context)


def parse_update(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    max_records: int,
    *,
    record_id: int | None = None,
    default_fields: Sequence[str] = (),
    strict: bool = False,
) -> WriteRequest:
    """Parse a ``PUT`` request, with ``values`` for one ``id``, or ``records`` with an id and values each.

    :param strict: as for :func:`parse_create`
    :raise ApiError: for everything that is wrong
    """
    in_path = record_id is not None
    reader = Reader(params, "PUT", body, strict=strict, in_path=in_path)
    items: list[tuple[int | None, Mapping[str, Any]]] = []
    if not is_empty(reader.body.get("records")) or (
        "records" in reader.body and "values" not in reader.body
    ):
        if record_id is not None or "id" in reader.params or "values" in reader.body:
            reader.problems.add(
                "bad_value",
                _('"records" cannot be used together with "id" or "values".'),
                at=["records"],
            )
        items = reader.records(strict)
        reader.check_number("records", len(items), max_records)
        return reader.write_request(items, True, default_fields)
    if record_id is None:
        record_id = reader.required_id(
            _(
                'Name the records to change: send "records", such as [{"id": 7, "values": {…}}], or add'
                " the id of one record to the path."
            ),
            "records",
        )
    items = [(record_id, reader.values(reader.body.get("values")))]
    return reader.write_request(items, False, default_fields)


def parse_delete(
    params: Mapping[str, str],
    max_records: int,
    *,
    body: Mapping[str, Any] = MappingProxyType({}),
    record_id: int | None = None,
    strict: bool = False,
) -> DeleteRequest:
    """Parse a ``DELETE`` request, with ``id``, or ``ids`` as a JSON list.

    :param body: the body, which is not read and must not contain known keys
    :param strict: as for :func:`parse_create`
    :raise ApiError: ``bad_parameter``
    """
    in_path = record_id is not None
    reader = Reader(params, "DELETE", body, strict=strict, in_path=in_path)
    if record_id is not None:
        reader.problems.raise_if_any()
        return DeleteRequest((record_id,))
    if "ids" not in reader.params or "id" in reader.params:
        only_id = reader.required_id(
            _(
                'Name the records to delete: send "ids", such as ids=1,2, or add the id of one record'
                " to the path."
            ),
            "ids",
        )
        if any(text.strip() for text in reader.params.all_of("ids")):
            reader.problems.add("bad_parameter", NO_EFFECT["ONE"], name="ids")
        reader.problems.raise_if_any()
        return DeleteRequest((only_id,))
    ids = reader.ids()
    if ids is None or not 1 <= len(ids) <= max_records:
        reader.problems.add(
            "bad_parameter",
            _('"ids" must be a JSON list of 1 to %(most)s ids, such as [1, 2].'),
            at=["ids"],
            most=max_records,
        )
    reader.problems.raise_if_any()
    return DeleteRequest(tuple(dict.fromkeys(ids or ())), many=True)


def parse_call(
    body: Mapping[str, Any],
    max_records: int,
    params: Mapping[str, str] = MappingProxyType({}),
    *,
    in_path: bool = False,
) -> CallRequest:
    """Parse the body of an action: ``{"args": […], "kwargs": {…}, "context": {…}, "ids": […]}``.

    :param in_path: whether the path names the record, so that the body must not have ``ids``
    :raise ApiError: ``bad_value``, ``bad_parameter``
    """
    reader = Reader(params, "CALL", body, strict=True, in_path=in_path)
    given = given_keys(reader.body)
    args, kwargs = given.get("args", []), given.get("kwargs", {})
    ids = id_list(given.get("ids", []))
    if not isinstance(args, list):
        reader.problems.add("bad_value", _('"args" must be a list.'), at=["args"])
    if not isinstance(kwargs, dict):
        reader.problems.add("bad_value", _('"kwargs" must be an object.'), at=["kwargs"])
    if ids is None or len(ids) > max_records:
        reader.problems.add(
            "bad_value",
            _('"ids" must be a list of at most %(most)s ids.'),
            at=["ids"],
            most=max_records,
        )
    context = reader.context()
    reader.check_storable({"args": args, "kwargs": kwargs})
    reader.problems.raise_if_any()
    return CallRequest(tuple(args), kwargs, tuple(dict.fromkeys(ids or ())), context)


def check_no_parameters(
    params: Mapping[str, str], body: Mapping[str, Any] | None = None, *, kind: str = "FILE"
) -> None:
    """Check the parameters of a path that has none of its own: a file or a report.

    :param body: a body, which must have no keys
    :param kind: a key of :data:`PARAMETERS`
    :raise ApiError: ``bad_parameter``, ``bad_value``
    """
    Reader(params, kind, body, strict=True).problems.raise_if_any()


def parse_keys(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return the keys that a body gives.

    :param kind: a key of :data:`KEYS`
    :raise ApiError: ``bad_value`` for an unknown key that is similar to a known one
    """
    problems = Problems()
    check_keys(body, KEYS[kind], problems)
    problems.raise_if_any()
    return Declared(given_keys(body), KEYS[kind])


def check_envelope(envelope: Mapping[str, Any], members: Collection[str]) -> None:
    """Check that an envelope has no keys next to ``params`` that belong into it.

    :param members: the keys of an envelope
    :raise ApiError: ``bad_value`` for a key that is, or is similar to, a parameter or a key of a body
    """
    problems = Problems()
    within = frozenset().union(*PARAMETERS.values(), *KEYS.values()) - ON_RESOURCE_PATHS
    check_keys(envelope, members, problems, elsewhere=within)
    problems.raise_if_any()
