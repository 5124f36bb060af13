# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The records that a relation leads to, as far as the policy of their model shows them."""

from collections import Counter
from itertools import chain

from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..tools.errors import ApiError, _
from ..tools.values import X2MANY
from .records import reads_itself

#: One level of an answer; more is a mistake of the client's, or an attack.
MAX_EXPANDED = 50_000


def cached_ids(records, field):
    """Of a relation that has been read the ids: one or None, or a tuple with those of archived records."""
    cache = field._get_cache(records.env)
    return [cache[key] for key in records._ids]


def related_records(column, records, faults):
    """The ids that each record leads to, and all of them as records with what is answered of them."""
    if (inverse := plain_inverse(column, records)) is not None:
        return _one2many(column, records, inverse)
    return _linked(column, records, faults)


def hidden_by(field, comodel, records):
    """The field that tells archived records of a relation, where it does not show them; else None."""
    tested = field.type in X2MANY and field.store  # what is computed is told apart by Odoo
    shows = not tested or not field.context.get(
        "active_test", records.env.context.get("active_test", True)
    )
    return None if shows else comodel._active_name


def plain_inverse(column, records):
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
    if column.plan is not None:
        comodel = column.plan.policy.caller
    return inverse if comodel._has_field_access(inverse, "read") else None


def stored_names(plan):
    """What the statement of the records reads, all but the relations that are read by their inverse."""
    model = plan.policy.model
    return [column.name for column in plan.columns if plain_inverse(column, model) is None]


def _one2many(column, records, inverse):
    """The records of a one2many, as far as the policy of their model shows them.

    :return: ids per record, and all of them as records
    """
    plan, field = column.plan, records._fields[column.name]
    policy = plan.policy
    if not policy.records.is_reachable():
        return [() for _record in records], policy.model
    related, found = lines_of(
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
    return related, found


def lines_of(
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
        check_size(len(found))
    for key, parent in zip(found._ids, cached_ids(found, inverse), strict=True):
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


def _linked(column, records, faults):
    """As :func:`_one2many` for any other relation: by the ids that the records hold."""
    plan, field = column.plan, records._fields[column.name]
    policy = plan.policy
    related = _related_ids(field, records, faults)
    ids = list(dict.fromkeys(key for keys in related for key in keys))
    check_size(len(ids))
    # whether they are archived is read together with what is answered
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
    """The ids that each record holds in a relation; archived ones as well, if it is stored.

    Nothing is computed with archived records in view: the same code may compute other fields, too.
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
        found = faults.values(records.with_context(active_test=False), field.name, stored)
    else:
        found = faults.values(records, field.name, computed)
    return [keys or () for keys in found]


def count_times(column, records, related, times):
    """How often each related record stands in the answer: the same one below two others is there twice.

    :return: as ``times`` of :func:`dump`; for a last level, where nobody asks, None
    :raise ApiError: ``bad_parameter`` when it is too much
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
    found = Counter()
    for record_id, keys in zip(records._ids, related, strict=True):
        for key in keys:
            found[key] += times[record_id]
    return found


def check_size(number):
    if number > MAX_EXPANDED:
        raise ApiError(
            "bad_parameter",
            _('"expand" returns more than %(most)s records. Request fewer, or set a "limit".'),
            most=MAX_EXPANDED,
        )
