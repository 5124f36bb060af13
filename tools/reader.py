"""Read the parameters and the body of one request, and collect all problems in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from . import domains
from .errors import ApiError, Problems, _
from .names import Declared, check_keys, check_repeated, is_empty
from .names import check as check_names
from .names import given as given_keys
from .parameters import (
    ANYWHERE,
    EXAMPLES,
    EXPAND_KEYS,
    IGNORED,
    IGNORED_BY_DELETE,
    KEYS,
    LISTS,
    NO_EFFECT,
    ON_RESOURCE_PATHS,
    PARAMETERS,
    RECORD_KEYS,
    WITHOUT_EFFECT,
)
from .queries import (
    AGGREGATORS,
    COUNTS,
    DEFAULT_LIMIT,
    GRANULARITIES,
    MAX_EXPAND_DEPTH,
    MAX_EXPAND_RELATIONS,
    MAX_GROUPS,
    MAX_ID,
    MAX_ORDER_TERMS,
    MAX_PAGE,
    RELATIONS,
    Aggregate,
    Form,
    Group,
    GroupQuery,
    OrderTerm,
    Selection,
    WriteRequest,
)
from .text import literal, storable, storable_json, whole

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_ORDER: Final = re.compile(r"\s*([A-Za-z0-9_:.]+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)
_FLAGS: Final = {"1": True, "true": True, "0": False, "false": False}
_WORD: Final = re.compile(r"[A-Za-z0-9_:.]+")
#: Maximum length and number of a client's words in a message.
_MAX_WORD: Final = 64
_MAX_WORDS: Final = 5
#: First characters of JSON and of Python literals, which no list of names begins with.
_LITERAL: Final = tuple("[({\"'")


class Reader:
    """Read the parameters and the body of one request, and collect the problems in them.

    :ivar params: the parameters, which can only be read by their declared names
    :ivar body: the keys of the body, which can only be read by their declared names
    :ivar problems: at first unknown and repeated names; each method adds what it finds
    """

    def __init__(
        self,
        params: Mapping[str, str],
        kind: str,
        body: Mapping[str, Any] | None = None,
        *,
        strict: bool = False,
        page_name: str = "offset",
        in_path: bool = False,
        unread: Mapping[str, Any] = MappingProxyType({}),
        condition: Callable[[str, str], str] | None = None,
    ) -> None:
        """Check the names of parameters and keys.

        :param kind: a key of :data:`PARAMETERS`
        :param body: the body, None if it is not read
        :param strict: whether this is a resource path, which has the model and perhaps the id in the path:
            reject every unknown name, and take its forms
        :param page_name: the parameter for the page number
        :param in_path: whether the path names the record
        :param unread: the body of a GET, which must not contain parameters
        :param condition: as for :func:`.names.check`
        """
        self.problems = Problems()
        self.strict = strict
        self.page_name = page_name
        self._expanded_relations = 0
        self.check_unread(unread)
        self._check_body(params, body, kind, strict=strict, in_path=in_path)
        known = PARAMETERS[kind]
        known = known - {"model"} if strict else (known | IGNORED) - ON_RESOURCE_PATHS - {"page"}
        if in_path:
            known -= {"id", "ids"}
        check_names(
            params, known, self.problems, elsewhere=ANYWHERE, strict=strict, condition=condition
        )
        check_repeated(params, known - LISTS if strict else known, self.problems)
        self.params = Declared(params, PARAMETERS[kind])
        self.body = Declared(body or {}, KEYS.get(kind, frozenset()))

    def narrow(self, kind: str, not_given: Collection[str]) -> None:
        """Add a problem for each parameter that has no effect on a kind of request.

        From then on, only the parameters of this kind can be read.

        :param kind: ``GROUPS`` or ``ONE``
        :param not_given: parameters whose value stands for "not given"
        """
        allowed = PARAMETERS[kind]
        if not self.strict:
            allowed = allowed | WITHOUT_EFFECT[kind] | {"model", "id", self.page_name}
        for name in self.params:
            is_blank = self.strict and name != "cursor" and not self.params[name].strip()
            if name not in allowed and name not in not_given and not is_blank:
                self.problems.add("bad_parameter", NO_EFFECT[kind], name=name)
        self.params = self.params.within(allowed)

    def _check_body(
        self,
        params: Mapping[str, str],
        body: Mapping[str, Any] | None,
        kind: str,
        *,
        strict: bool,
        in_path: bool,
    ) -> None:
        """Add a problem for each unknown key of the body."""
        if body is None:
            return
        known, passed_over = KEYS[kind], set()
        if not strict:
            passed_over = {name for name in ("model", "id") if _says_again(name, body, params)}
            if kind == "DELETE":
                passed_over |= IGNORED_BY_DELETE
        known = (known | passed_over) - ({"ids"} if in_path else set())
        check_keys(body, known, self.problems, elsewhere=ANYWHERE, strict=strict)

    def conditions(self) -> domains.Node:
        """Parse ``domain`` and, on resource paths, ``search``: what a record has to match."""
        domain = self.domain()
        text = self.params.get("search", "").strip() if self.strict else ""
        if not text:
            return domain
        if not storable(text):
            self.problems.add(
                "bad_parameter", _('"search" contains text that cannot be stored.'), at=["search"]
            )
        return domains.Every((domain, domains.Search.of(text)))

    def domain(self) -> domains.Node:
        """Parse the parameter ``domain``."""
        if self.params.get("domain", "").strip():
            try:
                return domains.parse(self.params["domain"])
            except ApiError as exc:
                self.problems.catch(exc, "domain")
        return domains.TRUE

    def paging(self, max_limit: int) -> tuple[int, int]:
        """Return the page number and the page size."""
        page = self.integer(self.page_name, 1, MAX_PAGE) or 1
        limit = self.integer("limit", 1, max_limit)
        return page, limit or min(DEFAULT_LIMIT, max_limit)

    def order(self, text: Any) -> tuple[OrderTerm, ...]:
        """Parse an order such as ``name asc, id desc``; empty for the default order."""
        if not isinstance(text, str):
            self.problems.add(
                "bad_parameter",
                _('"order" must be text, such as "name asc, id desc".'),
                at=["order"],
            )
            return ()
        terms: dict[str, OrderTerm] = {}
        for part in text.split(",") if text.strip() else ():
            match = _ORDER.fullmatch(part)
            if not match:
                self.problems.add(
                    "bad_parameter",
                    _('"order": %(part)s does not have the form "name asc".'),
                    at=["order"],
                    part=part.strip()[:128] if storable(part) else "?",
                )
                break
            name, direction = match.groups()
            terms.setdefault(name, OrderTerm(name, (direction or "").lower() == "desc"))
        if len(terms) > MAX_ORDER_TERMS:
            self.problems.add(
                "bad_parameter",
                _('"order" must not name more than %(most)s fields.'),
                at=["order"],
                most=MAX_ORDER_TERMS,
            )
        return tuple(terms.values())

    def names(self, name: str) -> list[str]:
        """Parse a parameter that is a list of names."""
        found = self.listed(name)
        if is_empty(found):
            return []
        if isinstance(found, list) and len(found) <= MAX_GROUPS and all(map(_is_name, found)):
            return list(dict.fromkeys(found))
        self.problems.add(
            "bad_parameter",
            _('"%(name)s" must be a JSON list of at most %(most)s names.'),
            name=name,
            most=MAX_GROUPS,
        )
        return []

    def form(self) -> Form:
        """Parse the parameters for the form of values, which has other defaults on resource paths."""
        if not self.strict:
            return Form(nulls=self.flag("nulls"))
        return Form(self.flag("nulls", True), self.choice("relations", RELATIONS, RELATIONS[0]))

    def ids(self) -> list[int] | None:
        """Parse the parameter ``ids``; None if one of them is not an id."""
        found = self.listed("ids")
        if self.strict and isinstance(found, list):
            found = [_any_id(item) for item in found]
        return id_list(found)

    def flag(self, name: str, default: bool = False) -> bool:
        """Parse a parameter that is 0 or 1; an empty text is the default."""
        text = self.params.get(name, "").strip().lower()
        value = _FLAGS.get(text) if text else default
        if value is None:
            self.problems.add(
                "bad_parameter", _('The parameter "%(name)s" must be 0 or 1.'), name=name
            )
        return bool(value)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Parse a parameter that is one of several words."""
        value = str(self.params.get(name, default))
        if value not in choices:
            self.problems.add(
                "bad_parameter",
                _('The parameter "%(name)s" must be one of %(choices)s.'),
                name=name,
                choices=", ".join(choices),
            )
        return value

    def required_id(self, message: str, name: str) -> int:
        """Parse the parameter ``id``; 0 if it is missing or invalid.

        :param message: what a resource path says if it is missing
        :param name: the parameter or key that the message recommends
        """
        if "id" not in self.params:
            if self.strict:
                self.problems.add("bad_parameter", message, at=[name])
            else:
                self.problems.add("bad_parameter", _('The parameter "id" is missing.'), at=["id"])
        return self.integer("id", 1, MAX_ID) or 0

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Parse a parameter that is a whole number; None if it is missing or invalid."""
        if name not in self.params:
            return None
        value = _number(self.params[name], is_id=name == "id")
        if value is None or not low <= value <= high:
            self.problems.add(
                "bad_parameter",
                _('The parameter "%(name)s" must be a whole number from %(low)s to %(high)s.'),
                name=name,
                low=low,
                high=high,
            )
            return None
        return value

    def listed(self, name: str) -> Any:
        """Parse a parameter that is JSON or a Python literal, usually a list; None if it is not given.

        On resource paths ``a,b`` is the list ``["a", "b"]``, and a parameter that is given several times is
        the list of all.
        """
        texts = self.params.all_of(name) if self.strict else [self.params.get(name, "")]
        try:
            values = [self._parsed(text) for text in dict.fromkeys(texts) if text.strip()]
        except (ValueError, RecursionError):
            self._refuse_json(name, " ".join(texts))
            return None
        values = [value for value in values if value is not None]
        if all(isinstance(value, list) for value in values):
            return [item for value in values for item in value] if values else None
        if len(values) > 1:
            self.problems.add(
                "bad_parameter", _('The parameter "%(name)s" is given more than once.'), name=name
            )
        return values[0]

    def _refuse_json(self, name: str, text: str) -> None:
        """Add a problem for a list that cannot be parsed, with the forms that it may have."""
        plain, as_json = _forms(name, text)
        if self.strict:
            message = _(
                'The parameter "%(name)s" is not valid JSON. Send %(name)s=%(plain)s or'
                " %(name)s=%(json)s."
            )
        else:
            message = _('The parameter "%(name)s" is not valid JSON. Send %(name)s=%(json)s.')
        self.problems.add("bad_parameter", message, name=name, plain=plain, json=as_json)

    def _parsed(self, text: str) -> Any:
        """Parse text that is JSON, a Python literal or, on resource paths, a list of names.

        :raise ValueError: for text that is none of them
        """
        text = text.strip()
        if self.strict and not text.startswith(_LITERAL):
            return None if text in ("null", "None") else _split(text) or None
        return _as_json(literal(text))

    def given(self, value: Any) -> Any:
        """Parse a value of a body that is text, as in the query string of a GET."""
        if not isinstance(value, str):
            return value
        try:
            return self._parsed(value)
        except (ValueError, RecursionError):
            return value

    def top_selection(self, default_fields: Sequence[str] | None) -> Selection:
        """Parse the parameters ``fields`` and ``expand``; without ``default_fields``, ``fields`` is required."""
        fields = self.listed("fields")
        if default_fields is None and not self.problems and (fields is None or fields == {}):
            self.problems.add(
                "bad_parameter",
                _(
                    'The parameter "fields" is missing. It must be a JSON list of field names,'
                    ' such as ["name"].'
                ),
                at=["fields"],
            )
        expand = self.listed("expand")
        usual = () if fields == [] else default_fields or ()  # [] requests the id only
        return self.selection(fields, expand, usual)

    def selection(
        self,
        fields: Any,
        expand: Any,
        default_fields: Sequence[str] = (),
        depth: int = 1,
        order: Any = "",
        limit: Any = None,
    ) -> Selection:
        """Build a selection, of a request or of one relation in ``expand``."""
        columns: list[str] = []
        if is_empty(fields):
            columns = list(default_fields)
        elif isinstance(fields, list) and all(_is_name(name) for name in fields):
            columns = list(dict.fromkeys(fields))
        else:
            self.problems.add(
                "bad_parameter",
                _('"fields" must be a list of field names, such as ["name"].'),
                at=["fields"],
            )
        if limit is not None and _id(limit) is None:
            self.problems.add(
                "bad_parameter",
                _('"limit" within "expand" must be a whole number of at least 1.'),
                at=["expand"],
            )
            limit = None
        nested: dict[str, Selection] = {}
        if is_empty(expand):
            expand = {}
        if self.strict and isinstance(expand, list) and all(map(_is_name, expand)):
            expand = dict.fromkeys(expand)
        if not isinstance(expand, dict) or not all(map(_is_name, expand)):
            self.problems.add(
                "bad_parameter",
                _(
                    '"expand" must be an object of relations and their fields, such as'
                    ' {"country_id": ["code"]}.'
                ),
                at=["expand"],
            )
            expand = {}
        elif self._is_too_large(expand, depth):
            expand = {}
        for name, given in expand.items():
            with self.problems.within("expand"):
                nested[name] = self._expanded(name, given, depth + 1)
            if name not in columns:
                columns.append(name)
        return Selection(tuple(columns), nested, self.order(order), _id(limit))

    def _is_too_large(self, expand: Mapping[str, Any], depth: int) -> bool:
        """Add a problem if ``expand`` is too deep, or its levels have too many relations so far."""
        self._expanded_relations += len(expand)
        if not expand:
            return False
        if depth > MAX_EXPAND_DEPTH:
            self.problems.add("bad_parameter", _('"expand" is nested too deeply.'), at=["expand"])
            return True
        if self._expanded_relations > MAX_EXPAND_RELATIONS:
            self.problems.add(
                "bad_parameter",
                _('"expand" must not name more than %(most)s relations.'),
                at=["expand"],
                most=MAX_EXPAND_RELATIONS,
            )
            return True
        return False

    def _expanded(self, name: str, given: Any, depth: int) -> Selection:
        """Parse the value of a relation in ``expand``: a list of fields, or an object with options."""
        if given is None or isinstance(given, list):
            given = {"fields": given}
        # on resource paths [] requests the id only, as it does for the records themselves
        usual = self.strict and isinstance(given, dict) and given.get("fields") is None
        given = given_keys(given) if isinstance(given, dict) else None
        if given is None or not given.keys() <= EXPAND_KEYS:
            self.problems.add(
                "bad_parameter",
                _(
                    '"expand": the value of "%(name)s" must be a list of field names, or an object'
                    " with fields, expand, order or limit."
                ),
                name=name[:128] if storable(name) else "?",
            )
            return Selection()
        found = self.selection(
            given.get("fields"),
            given.get("expand"),
            depth=depth,
            order=given.get("order", ""),
            limit=given.get("limit"),
        )
        return replace(found, usual=usual)

    def group_query(
        self,
        group_names: Sequence[str],
        aggregate_names: Sequence[str],
        max_limit: int,
        domain: domains.Node,
        form: Form,
    ) -> GroupQuery:
        """Build the query for groups.

        :raise ApiError: for all problems of the request
        """
        groups, aggregates = [], []
        for text in group_names:
            name, colon, granularity = text.partition(":")
            if not name or (colon and granularity not in GRANULARITIES):
                self.problems.add(
                    "bad_parameter",
                    _(
                        '"groupby": %(group)s must be a field, or a date with hour, day, week, month,'
                        " quarter or year, such as create_date:month."
                    ),
                    at=["groupby"],
                    group=text[:128],
                )
            groups.append(Group(name, granularity))
        for text in aggregate_names:
            name, _colon, function = text.partition(":")
            if not name or function not in AGGREGATORS:
                self.problems.add(
                    "bad_parameter",
                    _(
                        '"aggregates": %(aggregate)s does not have the form "amount:sum" (%(functions)s).'
                    ),
                    at=["aggregates"],
                    aggregate=text[:128],
                    functions=", ".join(sorted(AGGREGATORS)),
                )
            aggregates.append(Aggregate(name, function))
        aggregates = aggregates or [Aggregate("id", "count")]
        page, limit = self.paging(max_limit)
        count = self.choice("count", COUNTS, "exact")
        order = self.order(self.params.get("order", ""))
        known = {str(item) for item in (*groups, *aggregates)}
        for term in order:
            if term.name not in known:
                self.problems.add(
                    "bad_parameter",
                    _('"order": %(name)s is not one of the groups or aggregates.'),
                    at=["order"],
                    name=term.name,
                )
        archived = self.flag("archived")
        self.problems.raise_if_any()
        return GroupQuery(
            tuple(groups), tuple(aggregates), domain, order, page, limit, count, archived, form
        )

    def write_request(
        self,
        items: Sequence[tuple[int | None, Mapping[str, Any]]],
        many: bool,
        default_fields: Sequence[str],
    ) -> WriteRequest:
        """Build the request of a write from its items.

        :raise ApiError: for all problems of the request
        """
        fields, expand = self.given(self.body.get("fields")), self.given(self.body.get("expand"))
        selection = self.selection(fields, expand, default_fields)
        form = self.form()
        self.problems.raise_if_any()
        return WriteRequest(tuple(items), selection, many, form, is_typed=self.strict)

    def records(self, strict: bool) -> list[tuple[int | None, Mapping[str, Any]]]:
        """Parse ``records`` of a body into pairs of id and values."""
        items: list[tuple[int | None, Mapping[str, Any]]] = []
        given = self.body["records"]
        if not isinstance(given, list):
            given = [None]
        seen: set[int] = set()
        for item in given:
            record_id = _id(item.get("id")) if isinstance(item, dict) else None
            if record_id is None:
                self.problems.add(
                    "bad_value",
                    _('"records" must be a list of {"id": 7, "values": {…}}.'),
                    at=["records"],
                )
                break
            if record_id in seen:
                self.problems.add(
                    "bad_value",
                    _("Record %(id)s is listed twice."),
                    at=["records"],
                    id=record_id,
                )
                break
            seen.add(record_id)
            check_keys(item, RECORD_KEYS, self.problems, elsewhere=ANYWHERE, strict=strict)
            items.append((record_id, self.values(item.get("values"))))
            if self.problems:
                break
        return items

    def values(self, given: Any) -> Mapping[str, Any]:
        """Check that the values of one record are an object."""
        if isinstance(given, dict):
            return given
        self.problems.add(
            "bad_value",
            _('The body must have "values", an object of field names and values.'),
            at=["values"],
        )
        return {}

    def context(self) -> Mapping[str, Any]:
        """Parse ``context`` of a body."""
        context = self.body.get("context")
        if is_empty(context):
            return {}
        if isinstance(context, dict):
            self.check_storable({"context": context})
            return context
        self.problems.add("bad_value", _('"context" must be an object.'), at=["context"])
        return {}

    def check_number(self, name: str, number: int, most: int) -> None:
        """Add a problem if the number of records is 0 or too large."""
        if not self.problems and not 1 <= number <= most:
            self.problems.add(
                "bad_value",
                _('"%(name)s" must contain 1 to %(most)s records.'),
                name=name,
                most=most,
            )

    def check_storable(self, given: Mapping[str, Any]) -> None:
        """Add a problem for each value that PostgreSQL cannot store."""
        for name, value in given.items():
            if not storable_json(value):
                self.problems.add(
                    "bad_value",
                    _(
                        '"%(name)s" contains text or a number that cannot be stored, or is nested too'
                        " deeply."
                    ),
                    name=name,
                )

    def check_unread(self, body: Mapping[str, Any]) -> None:
        """Add a problem for each parameter in the body of a GET, where it would be lost."""
        names = PARAMETERS["GET"] - (set() if self.strict else ON_RESOURCE_PATHS)
        for name in given_keys(body):
            if name in names:
                self.problems.add(
                    "bad_parameter",
                    _(
                        '"%(name)s" is in the body. Send the parameters of a GET request in its URL.'
                    ),
                    name=name,
                )


def _says_again(name: str, body: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    """Return whether a body repeats a parameter with the same value; the ids 7, 7.0 and "7" are the same."""
    if name not in params or name not in body:
        return False
    if name == "id":
        record_id = _any_id(body[name])
        return record_id is not None and record_id == _any_id(params[name])
    return bool(body[name] == params[name])


def _number(text: str, *, is_id: bool) -> int | None:
    """Parse a whole number, None for other text; an id may be written as ``5.0``."""
    text = text.strip()
    if is_id:
        text = re.sub(r"\.0+$", "", text)
    return int(text) if _INTEGER.fullmatch(text) else None


def _as_json(value: Any) -> Any:
    """Convert a Python literal to a JSON value.

    :raise ValueError: for a value that cannot be represented as JSON
    """
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(type(value))


def _forms(name: str, text: str) -> tuple[str, str]:
    """Return the two forms of a list, without and with JSON, with those names in it that a client has sent."""
    if name == "expand":
        return "country_id", '{"country_id": ["code"]}'
    words = [word for word in re.findall(_WORD, text) if len(word) <= _MAX_WORD][:_MAX_WORDS]
    if name == "ids":
        ids = [int(word) for word in words if word.isdecimal()] or [1, 2]
        return ",".join(map(str, ids)), json.dumps(ids)
    words = words or EXAMPLES[name]
    return ",".join(words), json.dumps(words)


def _split(text: str) -> list[str]:
    """Return the items of a list that commas separate."""
    return [item for item in map(str.strip, text.split(",")) if item]


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and storable(name)


def _id(value: Any) -> int | None:
    """Return an id, also one written as ``2.0``; None for any other value."""
    value = whole(value)
    return value if type(value) is int and 1 <= value <= MAX_ID else None


def _any_id(value: Any) -> int | None:
    """Return an id, also one that is text; None for any other value."""
    return _id(_number(value, is_id=True) if isinstance(value, str) else value)


def id_list(value: Any) -> list[int] | None:
    """Return the ids of a list; None for any other value."""
    ids = [_id(item) for item in value] if isinstance(value, list) else [None]
    valid = [record_id for record_id in ids if record_id is not None]
    return valid if len(valid) == len(ids) else None
