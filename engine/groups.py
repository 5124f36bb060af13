# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Groups of records and their aggregates, read under a policy."""

import functools
from datetime import timezone

from odoo.models import BaseModel
from odoo.tools import SQL

from ..tools.errors import ApiError
from ..tools.values import DUMPERS
from .faults import Faults
from .policy import no_aggregate, not_grouped
from .records import not_sorted, with_archived
from .serialize import names_of


def read_groups(policy, query):
    """A page of groups and what is made of their records.

    :param query: :class:`~..tools.queries.GroupQuery`
    :return: ``{"success": True, "count": 1, …, "data": [{"country_id": [7, "Italy"],
        "id:count": 12}]}``; a date is the first day (moment) of its period, in the user's time zone
    :raise ApiError: with everything that is not allowed
    """
    relations = policy.check_groups(query)
    domain, model = policy.domain(query.domain), with_archived(policy.search, query.archived)
    specs = [str(group) for group in query.groups]
    aggregates = [str(aggregate) for aggregate in query.aggregates]
    offset = (query.page - 1) * query.limit
    failing = functools.partial(_failing_group, policy, model, domain, query)
    with policy.searching(query.domain, grouped=failing):
        policy.check_open(domain, relations, archived=query.archived)
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
        dumped = _dump_groups(policy, model._fields[asked.field], kind, values, faults)
        if query.nulls and kind != "boolean":
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
        **faults.told(),
    }


def _group_order(query):
    """The order asked for, and behind it whatever tells two groups apart, so that pages tile.

    Groups of equal names differ in their lowest id: a record has one value of a many2one.
    """
    if not query.order or not query.groups:
        return None  # by the groups themselves, the ids of relations
    asked = {term.name for term in query.order}
    rest = [str(group) for group in query.groups if str(group) not in asked]
    return ", ".join([*map(str, query.order), *rest, *([] if "id:min" in asked else ["id:min"])])


def _failing_group(policy, model, domain, query):
    """Find what Odoo cannot group by, compute or sort by, where groups have failed.

    :return: the error to answer; None where each of them works
    """

    def fails(groups, aggregates=(), order=None):
        return policy.fails(
            lambda: model._read_group(domain, groups, aggregates, limit=1, order=order)
        )

    specs = [str(group) for group in query.groups]
    for group in query.groups:
        if fails([str(group)]):
            return not_grouped(group)
    for aggregate in query.aggregates:
        if fails([], [str(aggregate)]):
            return no_aggregate(aggregate)
    for term in query.order if specs else ():
        if fails(specs, order=str(term)):
            return not_sorted(term.name)
    return None


def _count_groups(model, domain, specs):
    """How many groups there are, none of them fetched unless the model groups in its own way."""
    if not specs:
        return 1
    if type(model)._read_group is not BaseModel._read_group:
        return len(model._read_group(domain, specs))
    found = model._search(domain)
    if found.is_empty():
        return 0
    terms = [model._read_group_groupby(model._table, spec, found) for spec in specs]
    found.groupby, found.order = SQL(", ").join(terms), None
    [[count]] = model.env.execute_query(
        SQL("SELECT COUNT(*) FROM (%s) AS groups", found.select(SQL("1")))
    )
    return count


def _kind(model, asked):
    """The type of a group's values, or of an aggregate's."""
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


def _dump_groups(policy, field, kind, values, faults):
    """A column of groups or aggregates as JSON."""
    if kind in ("many2one", "many2many"):
        visible = _named(policy, field, values)
        ids = dict.fromkeys(key.id for key in values if key)
        shown = [key for key in ids if visible is None or key in visible]
        names = names_of(values[0].browse(shown).sudo(), faults)
        return [[key.id, names.get(key.id, False)] if key else False for key in values]
    if kind == "hour":
        return [_dump_hour(value, policy.model.env) for value in values]
    if kind == "date":
        values = [getattr(value, "date", lambda value=value: value)() for value in values]
    dumper = DUMPERS.get(kind, lambda value: value)
    return [False if value is None else dumper(value) for value in values]


def _dump_hour(value, env):
    """The moment of a time of the user's clock; where that is put back, the second of two."""
    if value and env.context.get("tz"):
        value = env.tz.localize(value).astimezone(timezone.utc).replace(tzinfo=None)
    return DUMPERS["datetime"](value)


def _named(policy, field, found):
    """Whose name a group may tell: of a many2many a list has only ids, so those that its model's policy shows.

    :return: ids; None for all, as of a many2one
    """
    if field.type == "many2one":
        return None
    below = policy.reading(field.comodel_name) if field.comodel_name else policy
    try:
        below.readable("display_name")
    except ApiError:
        return ()
    return set(below.fetch([key for record in found for key in record._ids], ["id"])._ids)
