# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Convert records to JSON values, column by column: a constant number of statements per level."""

import base64

from ..tools.queries import PLAIN
from ..tools.values import DUMPERS, X2MANY, dump_json, dump_link, dump_properties
from .properties import with_names
from .relations import (
    cached_ids,
    count_times,
    hidden_by,
    plain_inverse,
    read_one2many,
    related_records,
)
from .values import is_raw

#: Field types whose value depends on the cached value only, not on the record.
_AS_CACHED = frozenset(
    "binary boolean char date datetime float html integer monetary selection text".split()
)

#: Field types with no value that stands for "empty".
_NEVER_EMPTY = X2MANY | {"boolean"}


def dump(plan, records, faults, form=PLAIN, times=None):
    """Convert records to JSON values, column by column: a constant number of statements per level.

    Archived records in relations are included if the environment of the records shows them.

    :param faults: :class:`~.faults.Faults` collects values that cannot be read, which are then empty
    :param form: :class:`~..tools.queries.Form` of the values
    :param times: id → how often the record appears in the response, None for once each
    :return: a list of ``{"id": 7, "name": "…", …}``
    """
    if not records:  # read nothing, so that no access check can fail
        return []
    names, columns = ["id"], [records._ids]
    for column in plan.columns:
        if column.plan is None:
            values = _dump_column(column, records, faults, form)
        else:
            values = _dump_expanded(column, records, faults, form, times)
        if form.nulls and column.kind not in _NEVER_EMPTY:
            values = [None if value is False else value for value in values]
        names.append(column.name)
        columns.append(values)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _dump_column(column, records, faults, form):
    if column.kind == "many2one":
        return _dump_links(column.name, records, faults, form)
    values = faults.values(records, column.name, lambda part: _dump_values(column, part, form))
    if column.kind in X2MANY:
        return [value or [] for value in values]
    return values


def _dump_links(name, records, faults, form):
    """Convert a many2one as Odoo does (``Many2one.convert_to_read``): whoever sees the record sees the name."""
    field = records._fields[name]

    def ids(part):
        part.mapped(name)
        return cached_ids(part, field)

    linked = faults.values(records, name, ids)
    if form.relations == "id":
        return [key or False for key in linked]
    related = records.env[field.comodel_name].browse(dict.fromkeys(filter(None, linked)))
    names = names_of(related.sudo(), faults)
    links = {key: dump_link(key, name, form) for key, name in names.items()}
    return [links[key] if key else False for key in linked]


def names_of(records, faults):
    """Return the names of records by id, False for a name that cannot be read."""

    def names(part):
        part.fetch(["display_name"])  # only its dependencies, not all prefetched fields
        return part.mapped("display_name")

    return dict(zip(records._ids, faults.values(records, "display_name", names), strict=True))


def _dump_values(column, records, form):
    """Convert the values of a column that is not a many2one."""
    name, kind = column.name, column.kind
    field = records._fields[name]
    if kind == "one2many" and (inverse := plain_inverse(column, records)) is not None:
        related, _found = read_one2many(records.env[field.comodel_name], records, field, inverse)
        return related
    if kind in X2MANY and not field.store:
        return [record[name].ids for record in records]
    if kind in X2MANY:
        everything = records.with_context(active_test=False)
        related = everything.mapped(name)
        if active := hidden_by(field, related, records):
            related.fetch([active])  # not all prefetched fields
            related = related.filtered(active)
        shown = set(related._ids)
        return [[key for key in keys if key in shown] for keys in cached_ids(everything, field)]
    if is_raw(field):
        return [base64.b64encode(record[name] or b"").decode() or False for record in records]
    if dumper := DUMPERS.get(kind):
        return list(map(dumper, _plain(field, records)))
    if kind == "properties":
        values = [record[name] for record in records]
        found = field.convert_to_read_multi(values, records, use_display_name=False)
        named = with_names(found, records, form, "value", "default")
        return [dump_properties(value, form) for value in named]
    if kind == "properties_definition":
        found = [field.convert_to_read(record[name], record, False) or [] for record in records]
        named = with_names(found, records, form, "default")
        return [dump_properties(value, form) for value in named]
    if kind in ("reference", "many2one_reference"):
        return [field.convert_to_read(record[name], record) for record in records]
    found = _plain(field, records)
    return found if kind in _AS_CACHED else [dump_json(value) for value in found]


def _plain(field, records):
    """Return the values of a field that is not a relation.

    Values are taken from the cache directly if they are there, which is three times as fast: Odoo would
    check access to the field for every record, which the policy has already done.
    """
    if field.type not in _AS_CACHED:
        return records.mapped(field.name)
    if field.compute and field.store:
        field.recompute(records)  # pending from a write
    cache, convert = field._get_cache(records.env), field.convert_to_record
    try:
        return [convert(cache[key], records) for key in records._ids]
    except KeyError:  # not computed yet
        return records.mapped(field.name)


def _dump_expanded(column, records, faults, form, times):
    """Convert an expanded relation to an object or None (many2one), or to a list of objects, without hidden records."""
    plan = column.plan
    with plan.policy.domains.searching(order=plan.order):
        related, visible = faults.together(
            records,
            column.name,
            lambda: related_records(column, records, faults),
            instead=([()] * len(records), plan.policy.model.browse()),
        )
    if column.kind in X2MANY:
        plan.policy.check_page(column.name, max(map(len, related), default=0))
    _forget_granted(plan, visible)
    archived = records.env.context.get("active_test", True) is False
    visible = visible.with_context(active_test=False) if archived else visible
    times = count_times(column, records, related, times)
    by_id = dict(zip(visible._ids, dump(plan, visible, faults, form, times), strict=True))
    if column.kind == "many2one":
        return [by_id[keys[0]] if keys else None for keys in related]
    return [[by_id[key] for key in keys] for keys in related]


def _forget_granted(plan, records):
    """Invalidate values that were computed with a grant, if the caller's own rights apply to the records.

    The environments of a transaction share one cache, and a computed value may depend on records that the
    caller does not see.
    """
    if plan.policy.elevated or not plan.policy.root.elevated:
        return
    fields = [records._fields[column.name] for column in plan.columns]
    names = [field.name for field in fields if field.compute and not field.store]
    if names and records:
        records.invalidate_recordset(names, flush=False)
