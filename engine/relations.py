# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read the records of a relation, as far as the policy of their model shows them."""

from collections import Counter
from itertools import chain

from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..tools.errors import ApiError, _
from ..tools.values import X2MANY
from .records import reads_itself

#: Maximum number of records on one level of a response; more is a mistake of the client or an attack.
MAX_EXPANDED = 50_000


def cached_ids(records, field):
    """Return the cached ids of a relation: one id or None per record, or a tuple including archived records."""
    cache = field._get_cache(records.env)
    return [cache[key] for key in records._ids]


def related_records(column, records, faults):
    """Return the related ids of each record, and all related records with the fields of the response read."""
    if (inverse := plain_inverse(column, records)) is not None:
        return _one2many(column, records, inverse)
    return _linked(column, records, faults)


def hidden_by(field, comodel, records):
    """Return the name of the ``active`` field if a relation hides archived records, else None."""
    tested = field.type in X2MANY and field.store  # Odoo filters computed relations itself
    shows = not tested or not field.context.get(
        "active_test", records.env.context.get("active_test", True)
    )
    return None if shows else comodel._active_name


def plain_inverse(column, records):
    """Return the many2one by which one statement can read a one2many; None if Odoo has to read it."""
    field = records._fields[column.name]
    if column.kind != "one2many" or not field.store:
        return None
    comodel = records.env[field.comodel_name]
    inverse = comodel._fields.get(field.inverse_name or "")
    if inverse is None or not inverse.store or inverse.type != "many2one":
        return None
    if reads_itself(records) or reads_itself(comodel):
        return None
    if column.plan is not None:
        comodel = column.plan.policy.caller
    return inverse if comodel._has_field_access(inverse, "read") else None


def stored_names(plan):
    """Return the names of the fields that the statement for the records reads: all that need no own statement."""
    model = plan.policy.model
    return [column.name for column in plan.columns if plain_inverse(column, model) is None]


def _one2many(column, records, inverse):
    """Read the records of a one2many, as far as the policy of their model shows them.

    :return: the ids for each record, and all of them as records
    """
    plan, field = column.plan, records._fields[column.name]
    policy = plan.policy
    if not policy.records.is_reachable():
        return [() for _record in records], policy.model
    related, lines = read_one2many(
        policy.search,
        records,
        field,
        inverse,
        policy.records.scope(),
        plan.order,
        plan.limit,
        stored_names(plan),
        most=MAX_EXPANDED,
        reads=policy.model,
    )
    return related, lines


def read_one2many(
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
    """Read what ``One2many.read`` finds together with more fields, in one statement.

    :param model: the related model in the environment that searches
    :param reads: the model in the environment that reads the values, if it is another one
    :return: the ids for each record, and all of them as records
    :raise ApiError: ``bad_parameter`` for more than ``most`` records
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
    lines = reads._fetch_query(query, reads._determine_fields_to_fetch([inverse.name, *names]))
    if most:
        check_size(len(lines))
    for key, parent in zip(lines._ids, cached_ids(lines, inverse), strict=True):
        related[parent].append(key)
    return list(related.values()), lines


def _with_id(order):
    """Return an order made deterministic by the id, so that a limit cuts off the end of the same list."""
    names = [part.split()[0] for part in order.split(",")]
    return order if "id" in names else f"{order}, id"


def _first_of_each(model, query, inverse, order, limit):
    """Build the query of the first ``limit`` rows of each parent, in the order of the query."""
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


def _linked(column, records, faults):
    """Read the records of any other relation, by the ids that the records hold; return as :func:`_one2many`."""
    plan, field = column.plan, records._fields[column.name]
    policy = plan.policy
    related = _related_ids(field, records, faults)
    ids = list(dict.fromkeys(key for keys in related for key in keys))
    check_size(len(ids))
    # `active` is read together with the fields of the response
    active = hidden_by(field, policy.model, records)
    names = [] if plan.limit else stored_names(plan)
    visible = policy.records.fetch(ids, [*names, *([active] if active else [])], plan.order)
    if active and visible:
        visible = visible.filtered(active)
    shown = set(visible._ids)
    related = [[key for key in keys if key in shown] for keys in related]
    if plan.order:
        rank = {key: place for place, key in enumerate(visible._ids)}
        related = [sorted(keys, key=rank.__getitem__) for keys in related]
    if plan.limit:  # cut before anything more is read
        related = [keys[: plan.limit] for keys in related]
        visible = visible.browse(dict.fromkeys(key for keys in related for key in keys))
        visible.fetch(stored_names(plan))
    return related, visible


def _related_ids(field, records, faults):
    """Return the ids of each record's relation, including archived records if the relation is stored.

    A computed relation is computed without archived records, because the same code may compute other
    fields too.
    """

    def stored(part):
        part.mapped(field.name)
        return [
            keys if isinstance(keys, tuple) else (keys,) if keys else ()
            for keys in cached_ids(part, field)
        ]

    def computed(part):
        return [tuple(record[field.name].ids) for record in part]

    if field.store:
        related = faults.values(records.with_context(active_test=False), field.name, stored)
    else:
        related = faults.values(records, field.name, computed)
    return [keys or () for keys in related]


def count_times(column, records, related, times):
    """Count how often each related record appears in the response: once for each record that leads to it.

    :return: as ``times`` of :func:`.serialize.dump`; None for a last level, which does not need it
    :raise ApiError: ``bad_parameter`` if the level has too many records
    """
    if times is None:
        check_size(sum(map(len, related)))
    else:
        pairs = zip(records._ids, related, strict=True)
        check_size(sum(times[record_id] * len(keys) for record_id, keys in pairs))
    deeper = any(nested.plan is not None for nested in column.plan.columns)
    if not deeper or (times is None and column.kind == "one2many"):
        return None
    if times is None:
        return Counter(chain.from_iterable(related))
    counts = Counter()
    for record_id, keys in zip(records._ids, related, strict=True):
        for key in keys:
            counts[key] += times[record_id]
    return counts


def check_size(number):
    """Check the number of records on one level of a response.

    :raise ApiError: ``bad_parameter``
    """
    if number > MAX_EXPANDED:
        raise ApiError(
            "bad_parameter",
            _('"expand" returns more than %(most)s records. Request fewer, or set a "limit".'),
            at=["expand"],
            most=MAX_EXPANDED,
        )
