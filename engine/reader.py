# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Reading under a policy: pages, single records, groups, and records as JSON values.

The number of SQL statements depends on what is asked, never on how many records there are: one
for a page, one per expanded relation and level (a many2many takes a second one, for the pairs),
one for the names of a many2one, one for a total that the page does not tell.
"""

import base64
import functools
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timezone
from itertools import chain
from typing import Any

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.models import BaseModel, regex_order
from odoo.tools import SQL, Query, hmac

from ..tools import cursors, etag
from ..tools.errors import ApiError, _
from ..tools.values import DUMPERS, X2MANY, dump_json, dump_properties
from . import grants
from .faults import Faults
from .policy import Column, Plan, no_aggregate, not_grouped
from .protected import UNREACHABLE
from .records import not_sorted, reads_itself, with_archived
from .values import is_raw

#: One level of an answer; more is a mistake of the client's, or an attack.
MAX_EXPANDED = 50_000
#: Types whose value is made of the cached one alone, whatever the record.
_AS_CACHED = frozenset(
    "binary boolean char date datetime float html integer monetary selection text".split()
)
#: How many of what matches an estimate may be before it is worth to count instead.
_COUNT_BELOW = 1000


def page(policy, query):
    """A page of records.

    :param query: :class:`~..tools.queries.ListQuery`
    :return: ``{"success": True, "count": 1, "page": 1, "page_size": 20, "total": 1,
        "total_pages": 1, "data": [{"id": 7, …}]}``; without ``page`` and with ``next_cursor``
        (unless this is the end) for a cursor; without total for ``count=none``
    :raise ApiError: with everything that is not allowed
    """
    plan = policy.plan(query.selection)
    domain = policy.domain(query.domain)
    order, relations = policy.order(query.order, keyset=query.cursor is not None)
    if query.cursor is not None:
        with policy.searching(query.domain, order):
            return _cursor_page(policy, query, plan, domain, order)
    offset = (query.page - 1) * query.limit
    with policy.searching(query.domain, order):
        policy.check_open(domain, relations, archived=query.archived)
        records, found = policy.search_and_fetch(
            domain,
            _stored(plan),
            offset,
            query.limit,
            order,
            archived=query.archived,
            shows=query.archived,
        )
        total = _total(policy, domain, query, found, offset, len(records))
    faults = Faults()
    return {
        "success": True,
        "count": len(records),
        "page": query.page,
        "page_size": query.limit,
        **total,
        "data": dump(plan, records, faults, query.nulls),
        **faults.told(),
    }


def one(policy, query):
    """One record, archived or not.

    :param query: :class:`~..tools.queries.OneQuery`
    :return: ``{"id": 7, …}``, what to say of values that cannot be read (:meth:`.faults.Faults.told`),
        and the record's version
    :raise ApiError: ``not_found``, also for a record that the policy does not show
    """
    own = policy.own(query.selection, query.record_id)
    plan = policy.plan(query.selection.without(own))
    domain = policy.domain(query.domain) & Domain("id", "=", query.record_id)
    names = _stored(plan)
    with policy.searching(query.domain):
        record, _found = policy.search_and_fetch(
            domain, names, limit=1, order="id", archived=True, shows=query.archived
        )
    if not record:
        raise no_record(policy, query.record_id)
    # as Odoo reads one: what a model's own search adds to the context is about the page
    record = with_archived(policy.model, query.archived).browse(record._ids)
    faults = Faults()
    [row] = dump(plan, record, faults, query.nulls)
    if own:
        row |= _own_values(policy, query.record_id, own, faults, query.nulls)
    return row, faults.told(), version(record)


def _own_values(policy, record_id, names, faults, nulls):
    """The values of fields of :meth:`~.policy.Policy.own`: Odoo's ``read`` decides whether it shows them.

    :raise ApiError: ``unknown_field`` where it does not
    """
    record = policy.caller.browse(record_id)
    try:
        record.read(names)
    except AccessError:
        policy.readable(names[0])
        raise
    # as superuser, as that one reads what users see of themselves alone
    columns = tuple(Column(name, record._fields[name].type) for name in names)
    [row] = dump(Plan(policy, columns), record.sudo(), faults, nulls)
    return row


def no_record(policy, record_id):
    return ApiError(
        "not_found",
        _("There is no record %(id)s of %(model)s."),
        id=record_id,
        model=policy.name,
    )


# --- how many ----------------------------------------------------------------------------------


def _total(policy, domain, query, found, offset, count):
    """``total`` and ``total_pages``; what the page itself tells is not counted."""
    if query.count == "none":
        return {}
    total = offset + count
    page_tells = count < query.limit and (count or not offset)
    if not page_tells:
        if found is not None and type(policy.search)._search is BaseModel._search:
            found.order = found.limit = found.offset = None
            total = _count(policy, found, query.count)
        else:  # where the limit has gone to is the model's own matter
            found = policy.find(domain, archived=query.archived)
            total = _count_whole(policy, found, query.count)
    return {"total": total, "total_pages": -(-total // query.limit)}


def _count(policy, found, kind):
    """PostgreSQL's statistics are of all records: they tell nothing to whom some are closed."""
    if found.is_empty():
        return 0
    if kind == "estimated" and policy.shows_all():
        total = _estimate(policy.model.env, found)
        if total > _COUNT_BELOW:
            return total
    [[total]] = policy.caller.env.execute_query(found.select("COUNT(*)"))
    return total


def _count_whole(policy, found, kind):
    """As :func:`_count`, for a query without a limit that nothing has been fetched of.

    It has its ids by now where the model searches by reading.
    """
    return len(found._ids) if found._ids else _count(policy, found, kind)


def _estimate(env, found):
    """What PostgreSQL's planner expects: as right as its statistics, and free of charge for any table."""
    [[plan]] = env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", found.select()))
    return int(plan[0]["Plan"]["Plan Rows"])


# --- keyset ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Term:
    """One value by which rows are sorted, as PostgreSQL sees it."""

    sql: Any
    descending: bool
    nulls_first: bool
    nullable: bool
    is_id: bool = False

    def order(self):
        return SQL(
            "%s %s %s",
            self.sql,
            SQL("DESC" if self.descending else "ASC"),
            SQL("NULLS FIRST" if self.nulls_first else "NULLS LAST"),
        )

    # A value is compared as a literal without a type: PostgreSQL takes it for one of the column's own,
    # which in a view need not be that of the field.

    def same(self, text):
        if text is None:
            return SQL("%s IS NULL", self.sql)
        return SQL("%s = %s", self.sql, text)

    def behind(self, text):
        """What is sorted behind a value, or None where nothing can be."""
        if text is None:
            return SQL("%s IS NOT NULL", self.sql) if self.nulls_first else None
        operator = SQL("<" if self.descending else ">")
        behind = SQL("%s %s %s", self.sql, operator, text)
        if self.nullable and not self.nulls_first:
            return SQL("(%s OR %s IS NULL)", behind, self.sql)
        return behind

    def not_before(self, text):
        """A plain bound that an index can use; None where there is none."""
        if text is None or (self.nullable and not self.nulls_first):
            return None
        return SQL("%s %s %s", self.sql, SQL("<=" if self.descending else ">="), text)


def _cursor_page(policy, query, plan, domain, order):
    """The page behind a cursor: a condition on the sorted values in place of an offset.

    It costs the same wherever it is, and rows that come and go before it move nothing.
    """
    model = with_archived(policy.search, query.archived)
    searched = policy.find(domain, archived=query.archived)
    found = _unread(model, searched)
    env = model.env
    # where no company is asked for it is the user's own: to look that up would cost a statement
    companies = env.context.get("allowed_company_ids")
    binding = repr((policy.name, order, query.domain, query.archived, env.lang, companies, env.uid))
    key = hmac(model.env(su=True), "jwt_auth_api-cursor", policy.name).encode()
    records, after = policy.model.browse(), None
    if not found.is_empty():
        terms = _terms(model, found, order)
        found.order = SQL(", ").join(term.order() for term in terms)
        found.limit = query.limit + 1
        if query.cursor:
            position = cursors.decode(query.cursor, len(terms), binding, key)
            if isinstance(position, cursors.Mark):
                position = _recall(model, terms, found, position)
            found.add_where(_behind(terms, position))
        elif not _has_key(model):
            _check_ids(model, found)
        records = policy.fetch_found(found, _stored(plan), domain, order, archived=query.archived)
        if len(records) > query.limit:
            records = records[: query.limit]
            last = records._ids[-1]
            position = _position(model, terms, found, last)
            after = cursors.encode(position, last, binding, key)
    answer = {"success": True, "count": len(records), "page_size": query.limit}
    if query.count != "none":
        whole = not query.cursor and not after
        total = len(records)
        if not whole:
            if found is searched:  # sorted and cut by now
                searched = policy.find(domain, archived=query.archived)
            total = _count_whole(policy, searched, query.count)
        answer |= {"total": total, "total_pages": -(-total // query.limit)}
    if after:
        answer["next_cursor"] = after
    faults = Faults()
    answer["data"] = dump(plan, records, faults, query.nulls)
    return answer | faults.told()


def _unread(model, found):
    """A query that can still be sorted and cut: some models search by reading, and give the ids they found."""
    if not found._ids:
        return found
    query = Query(model.env, model._table, model._table_sql)
    query.add_where(SQL("%s IN %s", SQL.identifier(model._table, "id"), found._ids))
    return query


def _behind(terms, position):
    """Rows sorted behind a position: behind in the first value, or the same there and behind in the next …"""
    same, choices = [], []
    for term, text in zip(terms, position, strict=True):
        if (behind := term.behind(text)) is not None:
            choices.append(SQL(" AND ").join([*same, behind]))
        same.append(term.same(text))
    choice = SQL("(%s)", SQL(" OR ").join(SQL("(%s)", part) for part in choices or [SQL("FALSE")]))
    bound = terms[0].not_before(position[0])
    return SQL("%s AND %s", bound, choice) if bound else choice


def _position(model, terms, query, record_id):
    """By what a row is sorted, exactly: as text from PostgreSQL, which keeps every digit.

    :return: None for a row that is gone
    :raise ApiError: ``bad_parameter`` for one of several rows with this id
    """
    has_key = _has_key(model)
    if has_key and all(term.is_id for term in terms):
        return [str(record_id) for _term in terms]
    where = SQL("%s = %s", SQL.identifier(model._table, "id"), record_id)
    if not has_key and query.where_clause:
        where = SQL("%s AND (%s)", where, query.where_clause)
    columns = SQL(", ").join(SQL("(%s)::text", term.sql) for term in terms)
    rows = model.env.execute_query(
        SQL("SELECT %s FROM %s WHERE %s", columns, query.from_clause, where)
    )
    if len(rows) > 1:
        raise _no_cursor(model)
    return rows[0] if rows else None


def _has_key(model):
    """Return whether the table sees to it that no two records have the same id: views do not."""
    return model._auto and model._table_query is None


def _check_ids(model, found):
    """Check that a cursor can tell the records of a query apart, before the first page.

    :raise ApiError: ``bad_parameter``
    """
    order, limit = found.order, found.limit
    found.order = found.limit = None
    rows = model.env.execute_query(
        SQL(
            "SELECT 1 FROM (%s) AS found GROUP BY id HAVING COUNT(*) > 1 OR id IS NULL LIMIT 1",
            found.select(),
        )
    )
    found.order, found.limit = order, limit
    if rows:
        raise _no_cursor(model)


def _no_cursor(model):
    return ApiError(
        "bad_parameter",
        _('Some records of %(model)s have the same id: read them without a "cursor".'),
        model=model._name,
    )


def _recall(model, terms, query, mark):
    """
    :raise ApiError: ``bad_parameter`` when the row has gone or is sorted elsewhere now
    """
    position = _position(model, terms, query, mark.record_id)
    if position is None or cursors.Mark.of(mark.record_id, position) != mark:
        raise cursors.refused()
    return position


def _terms(model, query, order, alias=None, reverse=False, outer=False, seen=()):
    """The terms of an order, a many2one taken apart into those of its model as Odoo sorts by it.

    Follows ``BaseModel._order_field_to_sql`` (``odoo/orm/models.py``), which gives SQL alone.
    """
    alias = alias or model._table
    terms = []
    for part in order.split(","):
        match = regex_order.match(part.strip())
        name, nulls = match["field"], (match["nulls"] or "").upper()
        descending = ((match["direction"] or "").upper() == "DESC") != reverse
        nulls_first = descending if not nulls else (nulls == "NULLS FIRST") != reverse
        field = model._fields[name]
        expression = name
        if field.type == "properties":
            expression = f"{name}.{match['property']}"
        sql = model._field_to_sql(alias, expression, query)
        if field.type == "many2one":
            if field in seen:
                continue
            comodel = model.env[field.comodel_name]
            if match["property"] != "id" and comodel._order != "id":
                if nulls:  # FALSE comes before TRUE
                    empty = "(%s IS NOT NULL)" if nulls_first else "(%s IS NULL)"
                    terms.append(_Term(SQL(empty, sql), False, False, False))
                _comodel, below = field.join(model, alias, query)
                terms += _terms(
                    comodel, query, comodel._order, below, descending, True, (*seen, field)
                )
                continue
        if field.type == "boolean":
            sql = SQL("COALESCE(%s, FALSE)", sql)
        # `required` is a promise that an old table may not keep; an id is never empty
        nullable = field.type != "boolean" and (outer or name != "id")
        is_id = name == "id" and not outer
        terms.append(_Term(sql, descending, nulls_first, nullable, is_id))
    return terms


# --- groups ------------------------------------------------------------------------------------


def groups(policy, query):
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
        names = _names(values[0].browse(shown).sudo(), faults)
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


# --- records as JSON values --------------------------------------------------------------------


def dump(plan, records, faults, nulls=False, times=None):
    """The records as JSON values, column by column: a constant number of statements per level.

    Archived records that relations lead to are there when the records' environment shows them.

    :param faults: :class:`~.faults.Faults`, for values that cannot be read: those are empty
    :param bool nulls: an empty value that is no boolean is None, not Odoo's False
    :param times: id → how often the record stands in the answer, when that is not once each
    :return: a list of ``{"id": 7, "name": "…", …}``
    """
    if not records:  # nothing is read, so that nobody is refused what nobody is shown
        return []
    names, columns = ["id"], [records._ids]
    for column in plan.columns:
        if column.below is None:
            values = _dump_column(column, records, faults)
        else:
            values = _dump_expanded(column, records, faults, nulls, times)
        if nulls and column.kind != "boolean":
            values = [None if value is False else value for value in values]
        names.append(column.name)
        columns.append(values)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _dump_column(column, records, faults):
    if column.kind == "many2one":
        return _dump_links(column.name, records, faults)
    values = faults.values(records, column.name, lambda part: _dump_values(column, part))
    if column.kind in X2MANY:
        return [value or [] for value in values]
    return values


def _dump_links(name, records, faults):
    """A many2one as Odoo answers it (``Many2one.convert_to_read``): whoever may see the record may see the name."""
    field = records._fields[name]

    def ids(part):
        part.mapped(name)
        return _cached(part, field)

    found = faults.values(records, name, ids)
    related = records.env[field.comodel_name].browse(dict.fromkeys(filter(None, found)))
    names = _names(related.sudo(), faults)
    return [[key, names[key]] if key else False for key in found]


def _names(records, faults):
    """id → name of records, False for one that has none to be read."""

    def names(part):
        part.fetch(["display_name"])  # what it is made of, in place of all that is usually read
        return part.mapped("display_name")

    return dict(zip(records._ids, faults.values(records, "display_name", names), strict=True))


def _dump_values(column, records):
    name, kind = column.name, column.kind
    field = records._fields[name]
    if kind == "one2many" and (inverse := _inverse(column, records)) is not None:
        related, _found = _lines(records.env[field.comodel_name], records, field, inverse)
        return related
    if kind in X2MANY and not field.store:
        return [record[name].ids for record in records]
    if kind in X2MANY:
        everything = records.with_context(active_test=False)
        related = everything.mapped(name)
        if active := _hides(field, related, records):
            related.fetch([active])  # in place of all that is usually read
            related = related.filtered(active)
        shown = set(related._ids)
        return [[key for key in keys if key in shown] for keys in _cached(everything, field)]
    if is_raw(field):
        return [base64.b64encode(record[name] or b"").decode() or False for record in records]
    if dumper := DUMPERS.get(kind):
        return list(map(dumper, _plain(field, records)))
    if kind == "properties":
        values = [record[name] for record in records]
        found = field.convert_to_read_multi(values, records, use_display_name=False)
        return [dump_properties(value) for value in _with_names(found, records, "value", "default")]
    if kind == "properties_definition":
        found = [field.convert_to_read(record[name], record, False) or [] for record in records]
        return [dump_properties(value) for value in _with_names(found, records, "default")]
    if kind in ("reference", "many2one_reference"):
        return [field.convert_to_read(record[name], record) for record in records]
    found = _plain(field, records)
    return found if kind in _AS_CACHED else [dump_json(value) for value in found]


def _plain(field, records):
    """The values of a field that is no relation.

    Taken from the cache at once where they are there, which is three times as fast as one by one: Odoo
    looks up the access to the field for every record. The policy has done that.
    """
    if field.type not in _AS_CACHED:
        return records.mapped(field.name)
    if field.compute and field.store:
        field.recompute(records)  # what a write left to be computed
    cache, convert = field._get_cache(records.env), field.convert_to_record
    try:
        return [convert(cache[key], records) for key in records._ids]
    except KeyError:  # computed by nobody yet
        return records.mapped(field.name)


def _cached(records, field):
    """Of a relation that has been read the ids: one or None, or a tuple with those of archived records."""
    cache = field._get_cache(records.env)
    return [cache[key] for key in records._ids]


def _with_names(found, records, *keys):
    """Properties, with the names of the records they lead to: for whom may see those in Odoo.

    A developer chose where a many2one leads; where a property does, who wrote the definition. Odoo's
    own way (``Properties._add_display_name``) asks a cache that elevated code has filled.
    """
    env = grants.plain(records.sudo(False).env)
    links = [
        (item, key)
        for properties in found
        for item in properties
        for key in keys
        if item.get("type") in ("many2one", "many2many") and item.get(key)
    ]
    wanted = defaultdict(set)
    for item, key in links:
        wanted[item.get("comodel")].update(_linked(item[key]))
    names = {name: _visible_names(env, name, ids) for name, ids in wanted.items()}
    for item, key in links:
        pairs = [
            [record_id, names[item.get("comodel")][record_id]]
            for record_id in _linked(item[key])
            if record_id in names[item.get("comodel")]
        ]
        item[key] = pairs if item["type"] == "many2many" else (pairs or [False])[0]
    return found


def _linked(value):
    return [key for key in (value if isinstance(value, list) else [value]) if type(key) is int]


def _visible_names(env, model_name, ids):
    """id → name of those that exist, None where it is not for the caller."""
    if model_name not in env:
        return {}
    there = env[model_name].browse(ids).exists()
    names = dict.fromkeys(there._ids)
    if model_name not in UNREACHABLE:
        for record in there._filtered_access("read"):
            names[record.id] = record.display_name
    return names


def narrow(plan, rows):
    """Return rows that were answered earlier, without what the plan does not allow by now.

    :param rows: as :func:`dump` gave them
    """
    below = {column.name: column.below for column in plan.columns}
    narrowed = []
    for row in rows:
        kept = {name: value for name, value in row.items() if name == "id" or name in below}
        for name, deeper in below.items():
            if deeper is None or not kept.get(name):
                continue
            value = kept[name]
            if isinstance(value, dict):
                [kept[name]] = narrow(deeper, [value])
            else:
                kept[name] = narrow(deeper, value)
        narrowed.append(kept)
    return narrowed


def narrow_faults(plan, answer):
    """Return what an earlier answer said of values that cannot be read, without fields that are closed by now."""
    found = [entry for entry in answer.get("errors", ()) if _answers(plan, entry)]
    return {"errors": found} if found else {}


def _answers(plan, entry):
    model = plan.policy.model
    for column in plan.columns:
        names_of = model._fields[column.name].comodel_name
        if (plan.policy.name, column.name) == (entry["model"], entry["field"]):
            return True
        if (names_of, "display_name") == (entry["model"], entry["field"]):
            return True
        if column.below is not None and _answers(column.below, entry):
            return True
    return False


# --- relations ---------------------------------------------------------------------------------


def _dump_expanded(column, records, faults, nulls, times):
    """A many2one is an object or None, an x2many a list of objects; what is not visible is not there."""
    below = column.below
    with below.policy.searching(order=below.order):
        related, visible = faults.together(
            records,
            column.name,
            lambda: _related(column, records, faults),
            instead=([()] * len(records), below.policy.model.browse()),
        )
    if column.kind in X2MANY:
        below.policy.check_page(column.name, max(map(len, related), default=0))
    _forget_granted(below, visible)
    archived = records.env.context.get("active_test", True) is False
    visible = visible.with_context(active_test=False) if archived else visible
    times = _count_times(column, records, related, times)
    by_id = dict(zip(visible._ids, dump(below, visible, faults, nulls, times), strict=True))
    if column.kind == "many2one":
        return [by_id[keys[0]] if keys else None for keys in related]
    return [[by_id[key] for key in keys] for keys in related]


def _related(column, records, faults):
    """The ids that each record leads to, and all of them as records with what is answered of them."""
    if (inverse := _inverse(column, records)) is not None:
        return _one2many(column, records, inverse)
    return _followed(column, records, faults)


def _forget_granted(plan, records):
    """Forget what was computed for the records with a grant, where the caller's own rights decide.

    The environments of a transaction share one cache, and a computed value may be made of what the
    caller does not see.
    """
    if plan.policy.elevated or not plan.policy.root.elevated:
        return
    fields = [records._fields[column.name] for column in plan.columns]
    names = [field.name for field in fields if field.compute and not field.store]
    if names and records:
        records.invalidate_recordset(names, flush=False)


def _hides(field, comodel, records):
    """The field that tells archived records of a relation, where it does not show them; else None."""
    tested = field.type in X2MANY and field.store  # what is computed is told apart by Odoo
    shows = not tested or not field.context.get(
        "active_test", records.env.context.get("active_test", True)
    )
    return None if shows else comodel._active_name


def _inverse(column, records):
    """The many2one that a one2many is read by, in one statement; None where it is not a plain one."""
    field = records._fields[column.name]
    if column.kind != "one2many" or not field.store:
        return None
    comodel = records.env[field.comodel_name]
    inverse = comodel._fields.get(field.inverse_name or "")
    if inverse is None or not inverse.store or inverse.type != "many2one":
        return None
    if reads_itself(records) or reads_itself(comodel):
        return None
    if column.below is not None:
        comodel = column.below.policy.caller
    return inverse if comodel._has_field_access(inverse, "read") else None


def _stored(plan):
    """What the statement of the records reads, all but the relations that are read by their inverse."""
    model = plan.policy.model
    return [column.name for column in plan.columns if _inverse(column, model) is None]


def _one2many(column, records, inverse):
    """The records of a one2many, as far as the policy of their model shows them.

    :return: ids per record, and all of them as records
    """
    below, field = column.below, records._fields[column.name]
    policy = below.policy
    if not policy.is_reachable():
        return [() for _record in records], policy.model
    related, found = _lines(
        policy.search,
        records,
        field,
        inverse,
        policy.scope(),
        below.order,
        below.limit,
        _stored(below),
        most=MAX_EXPANDED,
        reads=policy.model,
    )
    return related, found


def _lines(
    model,
    records,
    field,
    inverse,
    scope=Domain.TRUE,
    order="",
    limit=None,
    names=(),
    *,
    most=None,
    reads=None,
):
    """What ``One2many.read`` finds, with more fields of it; without a record for each of thousands of ids.

    :param reads: the model in the environment that reads the values, where that is another one
    :raise ApiError: ``bad_parameter`` for more than ``most`` of them
    """
    active_test = records.env.context.get("active_test", True)
    model = model.with_context(**{"active_test": active_test, **field.context})
    domain = field.get_comodel_domain(records) & Domain(inverse.name, "in", records._ids)
    order = _with_id(order or model._order)
    query = model._search(domain & scope, order=order)
    related = {record_id: [] for record_id in records._ids}
    reads = model if reads is None else reads
    if query.is_empty():
        return list(related.values()), reads.browse()
    if limit is not None:
        query = _first_of_each(model, query, inverse, order, limit)
    if most:
        query.limit = most + 1
    found = reads._fetch_query(query, reads._determine_fields_to_fetch([inverse.name, *names]))
    if most:
        _check_size(len(found))
    for key, parent in zip(found._ids, _cached(found, inverse), strict=True):
        related[parent].append(key)
    return list(related.values()), found


def _with_id(order):
    """Return an order that leaves nothing to chance: what a limit cuts off is the end of the whole list."""
    names = [part.split()[0] for part in order.split(",")]
    return order if "id" in names else f"{order}, id"


def _first_of_each(model, query, inverse, order, limit):
    """The rows of a query that are among the first so many of their parent, in its order."""
    parent = model._field_to_sql(model._table, inverse.name, query)
    place = SQL("ROW_NUMBER() OVER (PARTITION BY %s ORDER BY %s)", parent, query.order)
    query.order = None
    ranked = query.select(
        SQL("%s AS id", SQL.identifier(model._table, "id")), SQL("%s AS place", place)
    )
    first = Query(model.env, model._table, model._table_sql)
    first.add_where(
        SQL(
            "%s IN (SELECT ranked.id FROM (%s) AS ranked WHERE ranked.place <= %s)",
            SQL.identifier(model._table, "id"),
            ranked,
            limit,
        )
    )
    first.order = model._order_to_sql(order, first)
    return first


def _followed(column, records, faults):
    """As :func:`_one2many` for any other relation: by the ids that the records hold."""
    below, field = column.below, records._fields[column.name]
    policy = below.policy
    related = _related_ids(field, records, faults)
    ids = list(dict.fromkeys(key for keys in related for key in keys))
    _check_size(len(ids))
    # whether they are archived is read together with what is answered
    active = _hides(field, policy.model, records)
    names = [] if below.limit else _stored(below)
    visible = policy.fetch(ids, [*names, *([active] if active else [])], below.order)
    if active and visible:
        visible = visible.filtered(active)
    shown = set(visible._ids)
    related = [[key for key in keys if key in shown] for keys in related]
    if below.order:
        rank = {key: place for place, key in enumerate(visible._ids)}
        related = [sorted(keys, key=rank.__getitem__) for keys in related]
    if below.limit:  # cut before anything more is read
        related = [keys[: below.limit] for keys in related]
        visible = visible.browse(dict.fromkeys(key for keys in related for key in keys))
        visible.fetch(_stored(below))
    return related, visible


def _related_ids(field, records, faults):
    """The ids that each record holds in a relation; archived ones as well, if it is stored.

    Nothing is computed with archived records in view: the same code may compute other fields, too.
    """

    def stored(part):
        part.mapped(field.name)
        return [
            keys if isinstance(keys, tuple) else (keys,) if keys else ()
            for keys in _cached(part, field)
        ]

    def computed(part):
        return [tuple(record[field.name].ids) for record in part]

    if field.store:
        found = faults.values(records.with_context(active_test=False), field.name, stored)
    else:
        found = faults.values(records, field.name, computed)
    return [keys or () for keys in found]


def _count_times(column, records, related, times):
    """How often each related record stands in the answer: the same one below two others is there twice.

    :return: as ``times`` of :func:`dump`; for a last level, where nobody asks, None
    :raise ApiError: ``bad_parameter`` when it is too much
    """
    if times is None:
        _check_size(sum(map(len, related)))
    else:
        pairs = zip(records._ids, related, strict=True)
        _check_size(sum(times[record_id] * len(keys) for record_id, keys in pairs))
    deeper = any(below.below is not None for below in column.below.columns)
    if not deeper or (times is None and column.kind == "one2many"):
        return None
    if times is None:
        return Counter(chain.from_iterable(related))
    found = Counter()
    for record_id, keys in zip(records._ids, related, strict=True):
        for key in keys:
            found[key] += times[record_id]
    return found


def _check_size(number):
    if number > MAX_EXPANDED:
        raise ApiError(
            "bad_parameter",
            _('"expand" finds more than %(most)s records: ask for fewer, or give a "limit".'),
            most=MAX_EXPANDED,
        )


# --- versions ----------------------------------------------------------------------------------


def version(record, lock=False):
    """A word that changes whenever the record is written, by whomever.

    PostgreSQL's ``xmin`` of its row: the transaction that wrote it last. Those of the records that
    it delegates to (``_inherits``) count as well.

    :param bool lock: keep it from being written by anybody else until this transaction ends; who
        was faster makes Odoo run the request again, which then sees the new version
    """
    rows = _version_rows(record, lock)
    return etag.digest(repr((record._name, record.id, rows)).encode()) if rows else "0"


def _version_rows(record, lock):
    if not record._auto or record._abstract:  # a view has no row of its own
        return []
    query = SQL(
        "SELECT xmin::text FROM %s WHERE id = %s%s",
        SQL.identifier(record._table),
        record.id,
        SQL(" FOR NO KEY UPDATE") if lock else SQL(),
    )
    everything = record.sudo()  # the link to a parent may be hidden, as that of an employee is
    return [
        record.env.execute_query(query),
        *(_version_rows(everything[name], lock) for name in record._inherits.values()),
    ]
