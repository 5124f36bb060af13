# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read groups of records and their aggregates, under a policy."""

import functools
from datetime import timezone

from odoo.models import BaseModel
from odoo.tools import SQL

from ..tools.errors import ApiError, Problems, _, located
from ..tools.queries import GRANULARITIES
from ..tools.values import DUMPERS, dump_link
from .faults import Faults
from .order import NUMBERS, SORTABLE, not_sorted
from .records import with_archived
from .serialize import names_of

_GROUPABLE = SORTABLE | {"many2many"}
#: Aggregate → field types that it accepts; other aggregates accept any column.
_AGGREGATED = {
    "sum": NUMBERS,
    "avg": NUMBERS,
    "min": NUMBERS | {"date", "datetime"},
    "max": NUMBERS | {"date", "datetime"},
    "bool_and": frozenset(["boolean"]),
    "bool_or": frozenset(["boolean"]),
}


def read_groups(policy, query):
    """Read a page of groups and their aggregates.

    :param query: :class:`~..tools.queries.GroupQuery`
    :return: ``{"success": True, "count": 1, …, "data": [{"country_id": [7, "Italy"],
        "id:count": 12}]}``; a relation has the form of the query; a date is the first day (for hours, the
        first moment) of its period, in the user's time zone
    :raise ApiError: for everything that is not allowed
    """
    relations = check_groups(policy, query)
    domain, model = policy.domains.build(query.domain), with_archived(policy.search, query.archived)
    specs = [str(group) for group in query.groups]
    aggregates = [str(aggregate) for aggregate in query.aggregates]
    offset = (query.page - 1) * query.limit
    failing = functools.partial(_failing_group, policy, model, domain, query)
    with policy.domains.searching(query.domain, grouped=failing):
        policy.ordering.check_open(domain, relations, archived=query.archived)
        rows = model._read_group(
            domain,
            specs,
            aggregates,
            offset=offset,
            limit=query.limit,
            order=_group_order(query),
        )
    total = {}
    if query.count != "none":
        count = offset + len(rows)
        if len(rows) == query.limit or (offset and not rows):
            count = _count_groups(model, domain, specs)
        total = {"total": count, "total_pages": -(-count // query.limit)}
    columns, faults = [], Faults()
    for asked, values in zip(
        [*query.groups, *query.aggregates], zip(*rows, strict=True), strict=False
    ):
        kind = _kind(model, asked)
        field = model._fields[asked.field]
        dumped = _dump_groups(policy, field, kind, values, faults, query.form)
        if query.form.nulls and kind != "boolean":
            dumped = [None if value is False else value for value in dumped]
        columns.append(dumped)
    names = [*specs, *aggregates]
    return {
        "success": True,
        "count": len(rows),
        "page": query.page,
        "page_size": query.limit,
        **total,
        "data": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
        **faults.report(),
    }


def check_groups(policy, query):
    """Check groups and aggregates.

    :param query: :class:`~..tools.queries.GroupQuery`
    :return: the relations that groups are sorted by, for :meth:`~.order.OrderBuilder.check_open`
    :raise ApiError: for everything that is not allowed
    """
    problems, relations = Problems(), []
    sorted_by = {term.name for term in query.order}
    for group in query.groups:
        try:
            with located("groupby"):
                _check_group(policy, group)
            if str(group) in sorted_by and not group.granularity:
                relations += _check_sorted_group(policy, policy.readable(group.field))
        except ApiError as exc:
            problems.catch(exc)
    for aggregate in query.aggregates:
        try:
            with located("aggregates"):
                _check_aggregate(policy, aggregate)
        except ApiError as exc:
            problems.catch(exc)
    problems.raise_if_any()
    return relations


def _check_sorted_group(policy, field):
    """Check the order by a group: groups of a many2many are sorted by id, others as their records are."""
    return [] if field.type == "many2many" else policy.ordering.check_sortable(field, keyset=False)


def _check_group(policy, group):
    # grouping by a property is not allowed: each definition can give it another type
    field = policy.properties_field(group.field) or policy.readable(group.field)
    dated = field.type in ("date", "datetime")
    hours = group.granularity == "hour" and field.type == "date"
    if dated and (hours or not group.granularity):
        raise _lacks_granularity(field)
    groupable = field.type in _GROUPABLE and field._description_groupable(policy.model.env)
    if not groupable or bool(group.granularity) != dated:
        raise _not_grouped(group)
    if field.relational:
        policy.reading(field.comodel_name)


def _check_aggregate(policy, aggregate):
    # some reports have a field only for an aggregate, for which their own code builds SQL
    own = type(policy.model)._read_group_select is not BaseModel._read_group_select
    field = policy.readable(aggregate.field, column=not own)
    kinds = _AGGREGATED.get(aggregate.function)
    base = field.base_field  # of a model that delegates: the parent's field
    real = base.store and base.column_type
    if not real or (kinds is not None and field.type not in kinds):
        raise _no_aggregate(aggregate)


def _not_grouped(group):
    return ApiError(
        "bad_parameter",
        _("Records cannot be grouped by %(group)s."),
        at=["groupby"],
        group=str(group)[:128],
    )


def _lacks_granularity(field):
    granularities = GRANULARITIES if field.type == "datetime" else GRANULARITIES[1:]
    return ApiError(
        "bad_parameter",
        _("To group by %(field)s, add a granularity: %(forms)s."),
        at=["groupby"],
        field=field.name,
        forms=", ".join(f"{field.name}:{each}" for each in granularities),
    )


def _no_aggregate(aggregate):
    return ApiError(
        "bad_parameter",
        _("There is no aggregate %(aggregate)s."),
        at=["aggregates"],
        aggregate=str(aggregate)[:128],
    )


def _group_order(query):
    """Return the requested order, extended so that it is deterministic and pages do not overlap.

    Groups with the same name are ordered by their lowest id: a record has one value of a many2one.
    """
    if not query.order or not query.groups:
        return None  # the default: by the groups themselves, relations by id
    asked = {term.name for term in query.order}
    rest = [str(group) for group in query.groups if str(group) not in asked]
    return ", ".join([*map(str, query.order), *rest, *([] if "id:min" in asked else ["id:min"])])


def _failing_group(policy, model, domain, query):
    """Find the group, aggregate or order on which Odoo fails, after reading groups has failed.

    :return: the error for it; None if each of them works on its own
    """

    def fails(groups, aggregates=(), order=None):
        return policy.domains.fails(
            lambda: model._read_group(domain, groups, aggregates, limit=1, order=order)
        )

    specs = [str(group) for group in query.groups]
    for group in query.groups:
        if fails([str(group)]):
            return _not_grouped(group)
    for aggregate in query.aggregates:
        if fails([], [str(aggregate)]):
            return _no_aggregate(aggregate)
    for term in query.order if specs else ():
        if fails(specs, order=str(term)):
            return not_sorted(term.name)
    return None


def _count_groups(model, domain, specs):
    """Count the groups without fetching them, unless the model overrides how it groups."""
    if not specs:
        return 1
    if type(model)._read_group is not BaseModel._read_group:
        return len(model._read_group(domain, specs))
    matches = model._search(domain)
    if matches.is_empty():
        return 0
    terms = [model._read_group_groupby(model._table, spec, matches) for spec in specs]
    matches.groupby, matches.order = SQL(", ").join(terms), None
    [[count]] = model.env.execute_query(
        SQL("SELECT COUNT(*) FROM (%s) AS groups", matches.select(SQL("1")))
    )
    return count


def _kind(model, asked):
    """Return the type of the values of a group or an aggregate."""
    kind = model._fields[asked.field].type
    if str(asked) == "id":
        return "many2one"
    match getattr(asked, "granularity", None) or getattr(asked, "function", None):
        case "count" | "count_distinct":
            return "integer"
        case "avg":
            return "float"
        case "hour":
            return "hour"
        case "day" | "week" | "month" | "quarter" | "year":
            return "date"
    return kind


def _dump_groups(policy, field, kind, values, faults, form):
    """Convert a column of groups or aggregates to JSON values."""
    if kind in ("many2one", "many2many"):
        visible = _named(policy, field, values)
        ids = dict.fromkeys(key.id for key in values if key)
        shown = [key for key in ids if visible is None or key in visible]
        names = names_of(values[0].browse(shown).sudo(), faults)
        return [
            dump_link(key.id, names.get(key.id, False), form) if key else False for key in values
        ]
    if kind == "hour":
        return [_dump_hour(value, policy.model.env) for value in values]
    if kind == "date":
        values = [getattr(value, "date", lambda value=value: value)() for value in values]
    dumper = DUMPERS.get(kind, lambda value: value)
    return [False if value is None else dumper(value) for value in values]


def _dump_hour(value, env):
    """Convert a time of the user's time zone to UTC; if the clock is set back, the second of the two."""
    if value and env.context.get("tz"):
        value = env.tz.localize(value).astimezone(timezone.utc).replace(tzinfo=None)
    return DUMPERS["datetime"](value)


def _named(policy, field, values):
    """Return the ids of records whose names groups may show.

    A list shows only the ids of a many2many, so groups show the names of those records alone that the
    policy of their model shows.

    :return: ids; None for all, for a many2one
    """
    if field.type == "many2one":
        return None
    related_policy = policy.reading(field.comodel_name) if field.comodel_name else policy
    if related_policy.visible("display_name") is None:
        return ()
    return set(
        related_policy.records.fetch([key for record in values for key in record._ids], ["id"])._ids
    )
