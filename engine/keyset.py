# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read pages by a cursor: a condition on the sort values instead of an offset (keyset pagination)."""

from dataclasses import dataclass
from typing import Any

from odoo.models import regex_order
from odoo.tools import SQL, Query, hmac

from ..tools import cursors
from ..tools.errors import ApiError, _
from .count import count_whole
from .faults import Faults
from .records import with_archived
from .relations import stored_names
from .serialize import dump


@dataclass(frozen=True)
class _Term:
    """One expression of an ORDER BY clause."""

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

    # A value is compared as an untyped literal, which PostgreSQL converts to the type of the column. In a
    # view that may differ from the type of the field.

    def same(self, text):
        if text is None:
            return SQL("%s IS NULL", self.sql)
        return SQL("%s = %s", self.sql, text)

    def behind(self, text):
        """Return the condition for rows sorted after a value, None if there cannot be any."""
        if text is None:
            return SQL("%s IS NOT NULL", self.sql) if self.nulls_first else None
        if self.has_rest(text):
            return SQL("(%s OR %s IS NULL)", self.later(text), self.sql)
        return self.later(text)

    def later(self, text):
        """Return the condition for rows with a value that is sorted after a value."""
        return SQL("%s %s %s", self.sql, SQL("<" if self.descending else ">"), text)

    def has_rest(self, text):
        """Return whether rows without a value may be sorted after a value."""
        return text is not None and self.nullable and not self.nulls_first

    def not_before(self, text):
        """Return a simple bound that an index can use, None if there is none."""
        if text is None:
            return None
        return SQL("%s %s %s", self.sql, SQL("<=" if self.descending else ">="), text)


def read_cursor_page(policy, query, plan, domain, order):
    """Read the page after a cursor, by a condition on the sort values instead of an offset.

    Every page costs the same, and rows inserted or deleted on earlier pages do not shift it.
    """
    model = with_archived(policy.search, query.archived)
    searched = policy.records.find(domain, archived=query.archived)
    matches = _unread(model, searched)

    def again():
        """Return the query as it was before it got an order and a limit."""
        if matches is searched:
            return policy.records.find(domain, archived=query.archived)
        return searched

    records, after = policy.model.browse(), None
    if not matches.is_empty():

        def fetch(matches):
            return policy.records.fetch_found(
                matches, stored_names(plan), domain, order, archived=query.archived
            )

        def rest():
            return _unread(model, again())

        seal = _Seal.of(policy, model, query, order)
        records, after = _read(model, query, order, seal, matches, fetch, rest)
    answer = {"success": True, "count": len(records), "page_size": query.limit}
    if query.count != "none":
        whole = not query.cursor and not after
        total = len(records)
        if not whole:
            total = count_whole(policy, again(), query.count)
        answer |= {"total": total, "total_pages": -(-total // query.limit)}
    if after:
        answer["next_cursor"] = after
    faults = Faults()
    answer["data"] = dump(plan, records, faults, query.form)
    return answer | faults.report()


@dataclass(frozen=True)
class _Seal:
    """Encrypts the positions of one request's cursors, so that they fit no other."""

    binding: str
    key: bytes

    @classmethod
    def of(cls, policy, model, query, order):
        env = model.env
        # None stands for the user's own company: to look that up would cost a statement
        companies = env.context.get("allowed_company_ids")
        binding = (policy.name, order, query.domain, query.archived, env.lang, companies, env.uid)
        key = hmac(env(su=True), "jwt_auth_api-cursor", policy.name).encode()
        return cls(repr(binding), key)


def _read(model, query, order, seal, matches, fetch, rest):
    """Read the records of a page, and one more to see whether it is the last.

    Rows without a first sort value that are sorted behind all others are read by a statement of their own, once
    no others are left.

    :param matches: the query that finds the records
    :param fetch: reads the records of a query
    :param rest: returns another query as ``matches``
    :return: the records, and the cursor behind them; None on the last page
    """
    terms = _sort(model, matches, order, query.limit + 1)
    has_rest = False
    if query.cursor:
        position = cursors.decode(query.cursor, len(terms), seal.binding, seal.key)
        if isinstance(position, cursors.Mark):
            position = _recall(model, terms, matches, position)
        has_rest = terms[0].has_rest(position[0])
        matches.add_where(_behind(terms, position))
    elif not _has_key(model):
        _check_ids(model, matches)
    records = fetch(matches)
    if has_rest and len(records) <= query.limit:
        behind = rest()
        terms_behind = _sort(model, behind, order, query.limit + 1 - len(records))
        behind.add_where(terms_behind[0].same(None))
        if len(records) < query.limit:  # otherwise the last record of the page is none of them
            matches, terms = behind, terms_behind
        records += fetch(behind)
    if len(records) <= query.limit:
        return records, None
    records = records[: query.limit]
    last = records._ids[-1]
    position = _position(model, terms, matches, last)
    return records, cursors.encode(position, last, seal.binding, seal.key)


def _unread(model, searched):
    """Return a query that can be sorted and limited: some models return ids in place of SQL."""
    if not searched._ids:
        return searched
    query = Query(model.env, model._table, model._table_sql)
    query.add_where(SQL("%s IN %s", SQL.identifier(model._table, "id"), searched._ids))
    return query


def _sort(model, matches, order, limit):
    """Sort and limit a query.

    :return: the terms of its order
    """
    terms = _terms(model, matches, order)
    matches.order = SQL(", ").join(term.order() for term in terms)
    matches.limit = limit
    return terms


def _behind(terms, position):
    """Build the condition for rows after a position: a later first value, or the same and a later second one …

    Rows without a first value that are sorted after all values are left out (:meth:`_Term.has_rest`): with them,
    PostgreSQL would read all rows before the position, too.
    """
    same, choices = [], []
    for term, text in zip(terms, position, strict=True):
        is_first = not same
        behind = term.later(text) if is_first and term.has_rest(text) else term.behind(text)
        if behind is not None:
            choices.append(SQL(" AND ").join([*same, behind]))
        same.append(term.same(text))
    choice = SQL("(%s)", SQL(" OR ").join(SQL("(%s)", part) for part in choices or [SQL("FALSE")]))
    bound = terms[0].not_before(position[0])
    return SQL("%s AND %s", bound, choice) if bound else choice


def _position(model, terms, query, record_id):
    """Return the sort values of a row as PostgreSQL's text, which keeps every digit.

    :return: None for a row that no longer exists
    :raise ApiError: ``bad_parameter`` if several rows have this id
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
    """Return whether the table guarantees unique ids, which views do not."""
    return model._auto and model._table_query is None


def _check_ids(model, matches):
    """Check that the records of a query have unique ids, before the first page of a cursor.

    :raise ApiError: ``bad_parameter``
    """
    order, limit = matches.order, matches.limit
    matches.order = matches.limit = None
    rows = model.env.execute_query(
        SQL(
            "SELECT 1 FROM (%s) AS found GROUP BY id HAVING COUNT(*) > 1 OR id IS NULL LIMIT 1",
            matches.select(),
        )
    )
    matches.order, matches.limit = order, limit
    if rows:
        raise _no_cursor(model)


def _no_cursor(model):
    return ApiError(
        "bad_parameter",
        _('Several records of %(model)s have the same id. Read them without a "cursor".'),
        at=["cursor"],
        model=model._name,
    )


def _recall(model, terms, query, mark):
    """Return the position of the row that a mark names.

    :raise ApiError: ``bad_parameter`` if the row no longer exists or its sort values have changed
    """
    position = _position(model, terms, query, mark.record_id)
    if position is None or cursors.Mark.of(mark.record_id, position) != mark:
        raise cursors.refused()
    return position


def _terms(model, query, order, alias=None, reverse=False, outer=False, seen=()):
    """Build the terms of an order; a many2one is replaced by the order of its model, as in Odoo.

    This follows ``BaseModel._order_field_to_sql`` (``odoo/orm/models.py``), which returns SQL only.
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
                _comodel, joined = field.join(model, alias, query)
                terms += _terms(
                    comodel, query, comodel._order, joined, descending, True, (*seen, field)
                )
                continue
        if field.type == "boolean":
            sql = SQL("COALESCE(%s, FALSE)", sql)
        # an old table may lack the constraint of `required`; an id is never empty
        nullable = field.type != "boolean" and (outer or name != "id")
        is_id = name == "id" and not outer
        terms.append(_Term(sql, descending, nulls_first, nullable, is_id))
    return terms
