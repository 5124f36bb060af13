"""A request, read: from parameters and bodies to frozen dataclasses. No field is known here.

What can be wrong with the form of a request is told here, everything at once; what the fields and
the caller allow is the policy's matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from . import domains, names
from .errors import ApiError, Problems, _
from .text import literal, storable, storable_json, whole

DEFAULT_LIMIT: Final = 20
#: PostgreSQL's ``integer``, the type of every id.
MAX_ID: Final = 2**31 - 1
#: Far beyond any table, and page * limit still fits a bigint.
MAX_PAGE: Final = 10**9
MAX_EXPAND_DEPTH: Final = 5
MAX_ORDER_TERMS: Final = 10
MAX_GROUPS: Final = 8
#: How the records of a list are counted.
COUNTS: Final = ("exact", "estimated", "none")
#: What may be made of the values of a group; Odoo knows more, which answer with records.
AGGREGATORS: Final = frozenset(
    ["count", "count_distinct", "sum", "avg", "min", "max", "bool_and", "bool_or"]
)
GRANULARITIES: Final = frozenset(["hour", "day", "week", "month", "quarter", "year"])
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_ORDER: Final = re.compile(r"\s*([A-Za-z0-9_:.]+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)
_FLAGS: Final = {"1": True, "true": True, "0": False, "false": False, "": False}

#: All that a query string may say, per method; ``CALL`` is an action, ``FILE`` a file or a report.
#: What is not declared here cannot be read.
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    method: frozenset(declared.split())
    for method, declared in {
        "GET": (
            "model fields id domain expand order offset page limit cursor count archived nulls"
            " groupby aggregates lang"
        ),
        "POST": "model id ids nulls lang",  # the ids to refuse them
        "PUT": "model id nulls lang",
        "DELETE": "model id ids lang",
        "CALL": "lang",
        "FILE": "lang",
    }.items()
}
#: The same of bodies.
KEYS: Final[Mapping[str, frozenset[str]]] = {
    method: frozenset(declared.split())
    for method, declared in {
        "POST": "values fields expand context",
        "PUT": "values records fields expand",
        "DELETE": "",
        "CALL": "args kwargs ids context",
        "login": "login password",
        "login_mfa": "mfa_token code",
        "login_passkey": "passkey_token credential",
        "refresh": "user_id refreshToken",
        "log_out": "all refreshToken",
    }.items()
}
_RECORD_KEYS: Final = frozenset(["id", "values"])
#: What clients of the documented route send with every method; a write takes it from the body.
_PASSED_OVER: Final = frozenset(["fields", "expand"])
#: The same of the body of a DELETE: values mean no other record.
_PASSED_OVER_BY_DELETE: Final = frozenset(["values"])
#: What counts somewhere in a request about records. Where it does not count it is refused.
_ANYWHERE: Final = frozenset().union(*PARAMETERS.values()) | KEYS["POST"] | KEYS["PUT"]


@dataclass(frozen=True)
class OrderTerm:
    """``name desc``; of groups the name is that of a group or an aggregate (``id:count``)."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.name} desc" if self.descending else f"{self.name} asc"


@dataclass(frozen=True)
class Selection:
    """What of a record is answered: names in order, and per relation the same one level down.

    ``order`` and ``limit`` belong to a relation: how its records are sorted, and how many of them
    each record answers at the most.
    """

    fields: tuple[str, ...] = ()
    expand: Mapping[str, Selection] = field(default_factory=dict)
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None

    def without(self, names: Collection[str]) -> Selection:
        """Return the same without some fields."""
        return replace(self, fields=tuple(name for name in self.fields if name not in names))


@dataclass(frozen=True)
class ListQuery:
    """``GET``: a page of records.

    With a ``cursor`` (empty for the first page) there are no page numbers.
    """

    selection: Selection
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    count: str = "exact"
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class OneQuery:
    """``GET`` of one record, archived or not; the domain has to hold, too.

    ``archived`` is for the records that its relations lead to.
    """

    record_id: int
    selection: Selection
    domain: domains.Node = domains.TRUE
    limit: int = DEFAULT_LIMIT
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class Aggregate:
    """``amount_total:sum``"""

    field: str
    function: str

    def __str__(self) -> str:
        return f"{self.field}:{self.function}"


@dataclass(frozen=True)
class Group:
    """``country_id`` or, of a date, ``create_date:month``."""

    field: str
    granularity: str = ""

    def __str__(self) -> str:
        return f"{self.field}:{self.granularity}" if self.granularity else self.field


@dataclass(frozen=True)
class GroupQuery:
    """``GET`` with ``groupby`` or ``aggregates``: groups of records in place of records.

    Without aggregates the records of each group are counted.
    """

    groups: tuple[Group, ...]
    aggregates: tuple[Aggregate, ...]
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    count: str = "exact"
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class WriteRequest:
    """``POST`` and ``PUT``: what to write, and what to answer.

    :ivar items: ``(id, values)`` per record, the id None for one to create
    :ivar many: whether the client sent a list, and gets one
    """

    items: tuple[tuple[int | None, Mapping[str, Any]], ...]
    selection: Selection
    many: bool = False
    nulls: bool = False
    #: What the client sends of Odoo's context, to create a wizard.
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DeleteRequest:
    ids: tuple[int, ...]
    many: bool = False


@dataclass(frozen=True)
class CallRequest:
    """``POST`` of an action: the arguments of a method, and for which records it is called."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def parse_model(params: Mapping[str, str], unread: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Return the name of the model.

    :param unread: as for :func:`parse_get`
    :raise ApiError: ``bad_parameter`` without a model name, or with one that PostgreSQL cannot be asked for
    """
    model = params.get("model", "")
    if not model:
        problems = Problems()
        problems.add("bad_parameter", _('The parameter "model" is missing.'))
        _check_unread(unread, problems)
        problems.raise_if_any()
    if not storable(model):
        raise ApiError("bad_parameter", _('The parameter "model" is not the name of a model.'))
    return model


def parse_get(
    params: Mapping[str, str],
    max_limit: int,
    *,
    record_id: int | None = None,
    page_name: str = "offset",
    default_fields: Sequence[str] | None = None,
    unread: Mapping[str, Any] = MappingProxyType({}),
) -> ListQuery | OneQuery | GroupQuery:
    """The query of a ``GET``.

    :param max_limit: largest page of this connection
    :param record_id: the id, where it stands in the path
    :param page_name: the parameter that holds the number of the page
    :param default_fields: what is answered when no ``fields`` are asked for; None requires them
    :param unread: the body of the request, which may not hold parameters
    :raise ApiError: with all that is wrong
    """
    problems = Problems()
    _check_unread(unread, problems)
    strict = page_name != "offset"
    params = _parameters(params, "GET", problems, strict=strict, page_name=page_name)
    if record_id is None and not strict:
        record_id = _integer(params, "id", 1, MAX_ID, problems)
    domain = _domain(params, problems)
    nulls = _flag(params, "nulls", problems)
    groups = _names(params, "groupby", problems), _names(params, "aggregates", problems)
    if record_id is not None:
        listed = {"groupby": groups[0], "aggregates": groups[1], "cursor": "cursor" in params}
        _check_no_list([name for name, is_given in listed.items() if is_given], problems)
    elif any(groups):
        return _groups(params, *groups, max_limit, domain, nulls, page_name, problems)
    selection = _top_selection(params, default_fields, problems)
    page, limit = _paging(params, max_limit, page_name, problems)
    archived = _flag(params, "archived", problems)
    if record_id is not None:
        problems.raise_if_any()
        return OneQuery(record_id, selection, domain, limit, archived, nulls)
    cursor = params.get("cursor")
    if cursor is not None and page_name in params:
        problems.add(
            "bad_parameter",
            _('"cursor" and "%(page)s" exclude each other.'),
            page=page_name,
        )
    # whoever reads with a cursor reads to the end, where nobody needs to be told again how many there are
    count = _choice(params, "count", COUNTS, "exact" if cursor is None else "none", problems)
    order = _order(params.get("order", ""), problems)
    problems.raise_if_any()
    return ListQuery(selection, domain, order, page, limit, cursor, count, archived, nulls)


def _check_no_list(given: Sequence[str], problems: Problems) -> None:
    for name in given:
        problems.add(
            "bad_parameter",
            _('"%(name)s" is for several records: it does not go with the "id" of one.'),
            name=name,
        )


def _groups(
    params: Mapping[str, str],
    group_names: Sequence[str],
    aggregate_names: Sequence[str],
    max_limit: int,
    domain: domains.Node,
    nulls: bool,
    page_name: str,
    problems: Problems,
) -> GroupQuery:
    groups, aggregates = [], []
    for text in group_names:
        name, colon, granularity = text.partition(":")
        if not name or (colon and granularity not in GRANULARITIES):
            problems.add(
                "bad_parameter",
                _('"groupby": %(group)s is neither a field nor a date with hour, day … year.'),
                group=text[:128],
            )
        groups.append(Group(name, granularity))
    for text in aggregate_names:
        name, _colon, function = text.partition(":")
        if not name or function not in AGGREGATORS:
            problems.add(
                "bad_parameter",
                _('"aggregates": %(aggregate)s is not like "amount:sum" (%(functions)s).'),
                aggregate=text[:128],
                functions=", ".join(sorted(AGGREGATORS)),
            )
        aggregates.append(Aggregate(name, function))
    aggregates = aggregates or [Aggregate("id", "count")]
    for name in ("cursor", "expand"):
        if name in params:
            problems.add(
                "bad_parameter",
                _('"%(name)s" and "groupby" exclude each other.'),
                name=name,
            )
    page, limit = _paging(params, max_limit, page_name, problems)
    count = _choice(params, "count", COUNTS, "exact", problems)
    order = _order(params.get("order", ""), problems)
    known = {str(item) for item in (*groups, *aggregates)}
    for term in order:
        if term.name not in known:
            problems.add(
                "bad_parameter",
                _('"order": %(name)s is none of the groups and aggregates.'),
                name=term.name,
            )
    archived = _flag(params, "archived", problems)
    problems.raise_if_any()
    return GroupQuery(
        tuple(groups), tuple(aggregates), domain, order, page, limit, count, archived, nulls
    )


def parse_create(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    max_records: int,
    default_fields: Sequence[str] = (),
    *,
    strict: bool = False,
) -> WriteRequest:
    """The request of a ``POST``: ``values`` is an object, or a list of them.

    :param strict: refuse unknown names, and not only those that look like known ones
    :raise ApiError: with all that is wrong
    """
    problems = Problems()
    params, body = _both(params, body, "POST", problems, strict=strict)
    values = body.get("values")
    many = isinstance(values, list)
    items: list[tuple[int | None, Mapping[str, Any]]] = []
    for item in values if isinstance(values, list) else [values]:
        items.append((None, _values(item, problems)))
        if problems:
            break
    _check_number("values", len(items), max_records, problems)
    if "id" in params or "ids" in params:
        problems.add(
            "bad_parameter",
            _(
                'POST creates a record and takes no "id": send PUT, or the header'
                " X-HTTP-Method-Override: PUT."
            ),
        )
    context = _context(body, problems)
    found = _write(params, body, items, many, default_fields, problems)
    return replace(found, context=context)


def parse_update(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    max_records: int,
    *,
    record_id: int | None = None,
    default_fields: Sequence[str] = (),
    strict: bool = False,
) -> WriteRequest:
    """The request of a ``PUT``: ``values`` for the record of the ``id``, or ``records``, each with its own.

    :param strict: as for :func:`parse_create`
    :raise ApiError: with all that is wrong
    """
    problems = Problems()
    in_path = record_id is not None
    params, body = _both(params, body, "PUT", problems, strict=strict, in_path=in_path)
    items: list[tuple[int | None, Mapping[str, Any]]] = []
    if not names.is_empty(body.get("records")) or ("records" in body and "values" not in body):
        if record_id is not None or "id" in params or "values" in body:
            problems.add("bad_value", _('"records" excludes "id" and "values".'))
        items = _records(body["records"], problems, strict)
        _check_number("records", len(items), max_records, problems)
        return _write(params, body, items, True, default_fields, problems)
    if record_id is None:
        record_id = _required_id(params, problems)
    items = [(record_id, _values(body.get("values"), problems))]
    return _write(params, body, items, False, default_fields, problems)


def _records(
    given: Any, problems: Problems, strict: bool
) -> list[tuple[int | None, Mapping[str, Any]]]:
    items: list[tuple[int | None, Mapping[str, Any]]] = []
    if not isinstance(given, list):
        given = [None]
    seen: set[int] = set()
    for item in given:
        record_id = _id(item.get("id")) if isinstance(item, dict) else None
        if record_id is None:
            problems.add("bad_value", _('"records" is a list of {"id": 7, "values": {…}}.'))
            break
        if record_id in seen:
            problems.add("bad_value", _("Record %(id)s is there twice."), id=record_id)
            break
        seen.add(record_id)
        names.check_keys(item, _RECORD_KEYS, problems, elsewhere=_ANYWHERE, strict=strict)
        items.append((record_id, _values(item.get("values"), problems)))
        if problems:
            break
    return items


def _values(given: Any, problems: Problems) -> Mapping[str, Any]:
    if isinstance(given, dict):
        return given
    problems.add("bad_value", _('The body needs "values": an object of field names and values.'))
    return {}


def _check_number(name: str, number: int, most: int, problems: Problems) -> None:
    if not problems and not 1 <= number <= most:
        problems.add(
            "bad_value", _('"%(name)s" takes 1 to %(most)s records.'), name=name, most=most
        )


def _write(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    items: Sequence[tuple[int | None, Mapping[str, Any]]],
    many: bool,
    default_fields: Sequence[str],
    problems: Problems,
) -> WriteRequest:
    selection = _selection(
        _unquoted(body.get("fields")), _unquoted(body.get("expand")), problems, default_fields
    )
    nulls = _flag(params, "nulls", problems)
    problems.raise_if_any()
    return WriteRequest(tuple(items), selection, many, nulls)


def parse_delete(
    params: Mapping[str, str],
    max_records: int,
    *,
    body: Mapping[str, Any] = MappingProxyType({}),
    record_id: int | None = None,
    strict: bool = False,
) -> DeleteRequest:
    """The request of a ``DELETE``: ``id``, or ``ids`` as a JSON list.

    :param body: is not read; it must not seem to say anything
    :param strict: as for :func:`parse_create`
    :raise ApiError: ``bad_parameter``
    """
    problems = Problems()
    in_path = record_id is not None
    params, body = _both(params, body, "DELETE", problems, strict=strict, in_path=in_path)
    if record_id is not None:
        problems.raise_if_any()
        return DeleteRequest((record_id,))
    if "ids" not in params or "id" in params:
        found = _required_id(params, problems)
        problems.raise_if_any()
        return DeleteRequest((found,))
    ids = _id_list(_literal_param(params, "ids", problems, []))
    if ids is None or not 1 <= len(ids) <= max_records:
        problems.add(
            "bad_parameter",
            _('"ids" is a JSON list of 1 to %(most)s ids, such as [1, 2].'),
            most=max_records,
        )
    problems.raise_if_any()
    return DeleteRequest(tuple(dict.fromkeys(ids or ())), many=True)


def parse_call(
    body: Mapping[str, Any],
    max_records: int,
    params: Mapping[str, str] = MappingProxyType({}),
    *,
    in_path: bool = False,
) -> CallRequest:
    """``{"args": […], "kwargs": {…}, "context": {…}}``, and for an action of the model itself ``"ids"``.

    :param in_path: the path names the record, so that the body names none
    :raise ApiError: ``bad_value``, ``bad_parameter``
    """
    problems = Problems()
    _params, body = _both(params, body, "CALL", problems, strict=True, in_path=in_path)
    body = names.given(body)
    args, kwargs, ids = body.get("args", []), body.get("kwargs", {}), _id_list(body.get("ids", []))
    if not isinstance(args, list):
        problems.add("bad_value", _('"args" is a list.'))
    if not isinstance(kwargs, dict):
        problems.add("bad_value", _('"kwargs" is an object.'))
    if ids is None or len(ids) > max_records:
        problems.add("bad_value", _('"ids" is a list of at most %(most)s ids.'), most=max_records)
    context = _context(body, problems)
    _check_storable({"args": args, "kwargs": kwargs}, problems)
    problems.raise_if_any()
    return CallRequest(tuple(args), kwargs, tuple(dict.fromkeys(ids or ())), context)


def _context(body: Mapping[str, Any], problems: Problems) -> Mapping[str, Any]:
    context = body.get("context")
    if names.is_empty(context):
        return {}
    if isinstance(context, dict):
        _check_storable({"context": context}, problems)
        return context
    problems.add("bad_value", _('"context" is an object.'))
    return {}


def _check_storable(given: Mapping[str, Any], problems: Problems) -> None:
    for name, value in given.items():
        if not storable_json(value):
            problems.add(
                "bad_value",
                _(
                    '"%(name)s" holds text or a number that cannot be stored, or is nested too deeply.'
                ),
                name=name,
            )


def check_no_parameters(params: Mapping[str, str]) -> None:
    """Check the parameters of a path that takes none of its own: a file, a report.

    :raise ApiError: ``bad_parameter``
    """
    problems = Problems()
    _parameters(params, "FILE", problems, strict=True)
    problems.raise_if_any()


# --- names -----------------------------------------------------------------------------------


def parse_keys(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return the keys of a body of :data:`KEYS` that were given.

    :raise ApiError: ``bad_value`` for one that looks like a known one
    """
    problems = Problems()
    names.check_keys(body, KEYS[kind], problems)
    problems.raise_if_any()
    return names.Declared(names.given(body), KEYS[kind])


def check_envelope(envelope: Mapping[str, Any], members: Collection[str]) -> None:
    """Check that nothing stands beside the ``params`` of an envelope that counts within them alone.

    :param members: the keys that an envelope has
    :raise ApiError: ``bad_value`` for what looks like a parameter or a key of a body
    """
    problems = Problems()
    within = frozenset().union(*PARAMETERS.values(), *KEYS.values())
    names.check_keys(envelope, members, problems, elsewhere=within)
    problems.raise_if_any()


def _check_unread(body: Mapping[str, Any], problems: Problems) -> None:
    """Refuse parameters in the body of a GET, where they would vanish."""
    for name in names.given(body):
        if name in PARAMETERS["GET"]:
            problems.add(
                "bad_parameter",
                _('"%(name)s" is in the body: the parameters of a GET belong into its address.'),
                name=name,
            )


def _parameters(
    params: Mapping[str, str],
    method: str,
    problems: Problems,
    *,
    strict: bool,
    page_name: str = "offset",
    in_path: bool = False,
) -> Mapping[str, str]:
    """Return the parameters by their declared names; unknown and repeated ones are problems.

    :param strict: for a resource path: the model, and perhaps the id, are in the path
    """
    declared = PARAMETERS[method]
    known = declared - {"offset", "page"} | ({page_name} & declared)
    if not strict:
        known |= _PASSED_OVER
    else:
        known -= {"model"} | ({"id"} if method == "GET" else set())
    if in_path:
        known -= {"id", "ids"}
    names.check(params, known, problems, elsewhere=_ANYWHERE, strict=strict)
    names.check_repeated(params, known, problems)
    return names.Declared(params, declared)


def _both(
    params: Mapping[str, str],
    body: Mapping[str, Any],
    method: str,
    problems: Problems,
    *,
    strict: bool,
    in_path: bool = False,
) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    """As :func:`_parameters`, with the keys of the body."""
    known = KEYS[method]
    passed_over = set()
    if not strict:
        passed_over = {name for name in ("model", "id") if _says_again(name, body, params)}
        if method == "DELETE":
            passed_over |= _PASSED_OVER_BY_DELETE
    names.check_keys(
        body,
        (known | passed_over) - ({"ids"} if in_path else set()),
        problems,
        elsewhere=_ANYWHERE,
        strict=strict,
    )
    declared = _parameters(params, method, problems, strict=strict, in_path=in_path)
    return declared, names.Declared(body, known)


def _says_again(name: str, body: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    """Return whether a body repeats a parameter: the same model, or the same id (7, 7.0, "7")."""
    if name not in params or name not in body:
        return False
    if name == "id":
        record_id = _any_id(body[name])
        return record_id is not None and record_id == _any_id(params[name])
    return bool(body[name] == params[name])


# --- parameters ------------------------------------------------------------------------------


def _domain(params: Mapping[str, str], problems: Problems) -> domains.Node:
    if params.get("domain", "").strip():
        try:
            return domains.parse(params["domain"])
        except ApiError as exc:
            problems.catch(exc)
    return domains.TRUE


def _paging(
    params: Mapping[str, str], max_limit: int, page_name: str, problems: Problems
) -> tuple[int, int]:
    page = _integer(params, page_name, 1, MAX_PAGE, problems) or 1
    limit = _integer(params, "limit", 1, max_limit, problems)
    if page_name != "offset" and "offset" in params:
        problems.add("bad_parameter", _('The number of the page is called "page" here.'))
    return page, limit or min(DEFAULT_LIMIT, max_limit)


def _order(text: Any, problems: Problems) -> tuple[OrderTerm, ...]:
    """``name asc, id desc``; nothing for the order that is usual."""
    if not isinstance(text, str):
        problems.add("bad_parameter", _('"order" is text, such as "name asc, id desc".'))
        return ()
    terms: dict[str, OrderTerm] = {}
    for part in text.split(",") if text.strip() else ():
        match = _ORDER.fullmatch(part)
        if not match:
            problems.add(
                "bad_parameter",
                _('"order": %(part)s is not like "name asc".'),
                part=part.strip()[:128] if storable(part) else "?",
            )
            break
        name, direction = match.groups()
        terms.setdefault(name, OrderTerm(name, (direction or "").lower() == "desc"))
    if len(terms) > MAX_ORDER_TERMS:
        problems.add(
            "bad_parameter", _('"order" has at most %(most)s fields.'), most=MAX_ORDER_TERMS
        )
    return tuple(terms.values())


def _names(params: Mapping[str, str], name: str, problems: Problems) -> list[str]:
    found = _literal_param(params, name, problems, [])
    if names.is_empty(found):
        return []
    if isinstance(found, list) and len(found) <= MAX_GROUPS and all(map(_is_name, found)):
        return list(dict.fromkeys(found))
    problems.add(
        "bad_parameter",
        _('"%(name)s" is a JSON list of at most %(most)s names.'),
        name=name,
        most=MAX_GROUPS,
    )
    return []


def _flag(params: Mapping[str, str], name: str, problems: Problems) -> bool:
    value = _FLAGS.get(params.get(name, "").strip().lower())
    if value is None:
        problems.add("bad_parameter", _('The parameter "%(name)s" is 0 or 1.'), name=name)
    return bool(value)


def _choice(
    params: Mapping[str, str], name: str, choices: Sequence[str], default: str, problems: Problems
) -> str:
    value = params.get(name, default)
    if value not in choices:
        problems.add(
            "bad_parameter",
            _('The parameter "%(name)s" is one of %(choices)s.'),
            name=name,
            choices=", ".join(choices),
        )
    return value


def _required_id(params: Mapping[str, str], problems: Problems) -> int:
    if "id" not in params:
        problems.add("bad_parameter", _('The parameter "id" is missing.'))
    return _integer(params, "id", 1, MAX_ID, problems) or 0


def _integer(
    params: Mapping[str, str], name: str, low: int, high: int, problems: Problems
) -> int | None:
    if name not in params:
        return None
    value = _number(params[name], is_id=name == "id")
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


def _number(text: str, *, is_id: bool) -> int | None:
    """Return the whole number that a text is; of an id, ``5.0`` is one as well."""
    text = text.strip()
    if is_id:
        text = re.sub(r"\.0+$", "", text)
    return int(text) if _INTEGER.fullmatch(text) else None


def _literal_param(params: Mapping[str, str], name: str, problems: Problems, default: Any) -> Any:
    """The value of a parameter that is JSON or a Python literal; nothing and null are the default."""
    if not params.get(name, "").strip():
        return default
    try:
        found = _as_json(literal(params[name]))
    except (ValueError, RecursionError):
        problems.add("bad_parameter", _('The parameter "%(name)s" is not JSON.'), name=name)
        return default
    return default if found is None else found


def _as_json(value: Any) -> Any:
    """A literal as JSON would have it.

    :raise ValueError: for what JSON cannot say
    """
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(type(value))


def _unquoted(value: Any) -> Any:
    """What a body says as a text, as the query string of a GET does."""
    if not isinstance(value, str):
        return value
    try:
        return _as_json(literal(value))
    except (ValueError, RecursionError):
        return value


# --- what is answered ------------------------------------------------------------------------


def _top_selection(
    params: Mapping[str, str], default_fields: Sequence[str] | None, problems: Problems
) -> Selection:
    fields = _literal_param(params, "fields", problems, None)
    if default_fields is None and not problems and (fields is None or fields == {}):
        problems.add(
            "bad_parameter",
            _('The parameter "fields" is missing: a JSON list of field names, such as ["name"].'),
        )
    expand = _literal_param(params, "expand", problems, None)
    usual = () if fields == [] else default_fields or ()  # whoever asks for [] gets the id alone
    return _selection(fields, expand, problems, usual)


def _selection(
    fields: Any,
    expand: Any,
    problems: Problems,
    default_fields: Sequence[str] = (),
    depth: int = 1,
    order: Any = "",
    limit: Any = None,
) -> Selection:
    columns: list[str] = []
    if names.is_empty(fields):
        columns = list(default_fields)
    elif isinstance(fields, list) and all(_is_name(name) for name in fields):
        columns = list(dict.fromkeys(fields))
    else:
        problems.add("bad_parameter", _('"fields" is a list of field names, such as ["name"].'))
    if limit is not None and _id(limit) is None:
        problems.add("bad_parameter", _('"limit" within "expand" is a whole number from 1.'))
        limit = None
    nested: dict[str, Selection] = {}
    if names.is_empty(expand):
        expand = {}
    if not isinstance(expand, dict) or not all(map(_is_name, expand)):
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
        nested[name] = _expanded(name, below, problems, depth + 1)
        if name not in columns:
            columns.append(name)
    return Selection(tuple(columns), nested, _order(order, problems), _id(limit))


_EXPAND_KEYS: Final = frozenset(["fields", "expand", "order", "limit"])


def _expanded(name: str, below: Any, problems: Problems, depth: int) -> Selection:
    """A list of fields, or an object that says more."""
    if below is None or isinstance(below, list):
        below = {"fields": below}
    below = names.given(below) if isinstance(below, dict) else None
    if below is None or not below.keys() <= _EXPAND_KEYS:
        problems.add(
            "bad_parameter",
            _(
                '"expand" needs a list of field names at "%(name)s", or fields, expand, order, limit.'
            ),
            name=name[:128] if storable(name) else "?",
        )
        return Selection()
    return _selection(
        below.get("fields"),
        below.get("expand"),
        problems,
        depth=depth,
        order=below.get("order", ""),
        limit=below.get("limit"),
    )


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and storable(name)


def _id(value: Any) -> int | None:
    """Return an id, 2 for 2.0 as well; None for what is none."""
    value = whole(value)
    return value if type(value) is int and 1 <= value <= MAX_ID else None


def _any_id(value: Any) -> int | None:
    """Return an id, of a text as well; None for what is none."""
    return _id(_number(value, is_id=True) if isinstance(value, str) else value)


def _id_list(value: Any) -> list[int] | None:
    """Return the ids of a list; None where it is no list of ids."""
    ids = [_id(item) for item in value] if isinstance(value, list) else [None]
    found = [record_id for record_id in ids if record_id is not None]
    return found if len(found) == len(ids) else None
