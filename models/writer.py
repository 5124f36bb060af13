# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Writing under a policy: all of a request, or nothing.

Whatever is raised here rolls the whole request back (``odoo/service/model.py``, ``retrying``).
"""

from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import etag
from ..tools.errors import ApiError, _
from . import reader


def create(policy, request):
    """Create records and answer them.

    :param request: :class:`~..tools.query.WriteRequest`
    :return: the answer, and the version of the record where there is one alone
    :raise ApiError: with everything that is not allowed
    """
    writes, plan = policy.writing(request)
    before = [_before(policy.model, write) for write in writes]
    records = policy.model.create([write.values for write in writes])
    policy.check_inside(records._ids)
    for record, write, known in zip(records, writes, before, strict=True):
        _check_scopes(record, write.scopes, known)
    return _answer(plan, records, request)


def update(policy, request, if_match=None):
    """Change records and answer them, as they are after the change.

    :param request: :class:`~..tools.query.WriteRequest`
    :param if_match: the header ``If-Match``; for one record alone
    :return: as :func:`create`
    :raise ApiError: ``not_found``, ``precondition_failed``, and everything that is not allowed
    """
    writes, plan = policy.writing(request)
    records = find(policy, [record_id for record_id, _values in request.items])
    check_version(records, if_match)
    before = [_before(record, write) for record, write in zip(records, writes, strict=True)]
    for values, alike in _batches(records, writes):
        alike.write(values)
    policy.check_inside(records._ids)
    for record, write, known in zip(records, writes, before, strict=True):
        _check_scopes(record, write.scopes, known)
    return _answer(plan, records, request)


def store(policy, record, write):
    """Change one record that :func:`find` has found.

    :param write: :class:`~.policy.Write`
    """
    before = _before(record, write)
    record.write(write.values)
    policy.check_inside(record._ids)
    _check_scopes(record, write.scopes, before)


def delete(policy, request, if_match=None):
    """Delete records.

    :param request: :class:`~..tools.query.DeleteRequest`
    :return: ``{"deleted_id": 10}`` or ``{"deleted_ids": [1, 2]}``
    :raise ApiError: ``not_found`` when one of them is not there, ``precondition_failed``
    """
    records = find(policy, request.ids)
    check_version(records, if_match)
    records.unlink()
    return {"deleted_ids": list(request.ids)} if request.many else {"deleted_id": request.ids[0]}


def find(policy, ids):
    """The records of all the ids, archived or not, in this order.

    :raise ApiError: ``not_found`` for the first that the policy does not show
    """
    model = policy.model.with_context(active_test=False)
    found = set(model._search(Domain("id", "in", list(ids)) & policy.scope()))
    for record_id in ids:
        if record_id not in found:
            raise reader.no_record(policy, record_id)
    return policy.model.browse(ids)


def check_version(records, if_match):
    """
    :raise ApiError: ``precondition_failed`` when the record is not the one that the client has seen
    """
    if if_match is None:
        return
    if len(records) != 1:
        raise ApiError("bad_request", _('"If-Match" is for one record.'))
    if not etag.is_match(if_match, reader.version(records, lock=True)):
        raise ApiError(
            "precondition_failed",
            _("The record has been changed since you read it. Read it again."),
        )


def _batches(records, writes):
    """Records that get the same values are written together."""
    batches = {}
    for record, write in zip(records, writes, strict=True):
        if write.values:
            _values, ids = batches.setdefault(repr(write.values), (write.values, []))
            ids.append(record.id)
    return [(values, records.browse(ids)) for values, ids in batches.values()]


# --- what a write reaches ------------------------------------------------------------------------


def _before(record, write):
    """Who is at the end of each path before the write.

    :param record: empty when it is yet to be created
    :raise ApiError: ``access_denied`` when something is changed that is outside, ``validation_error``
        when a value points to what is not shown
    """
    return [_before_scope(record, scope) for scope in write.scopes]


def _before_scope(record, scope):
    policy, known = scope.policy, _related(record, scope)
    policy.check_inside(scope.touched)
    if scope.owned:  # to be taken out is a change, and may mean to be archived or deleted
        policy.check_inside(_removed(record, scope))
    if scope.through:
        policy.check_inside(known | _from_start(record, scope))
    pointed = scope.pointed if scope.fresh else scope.pointed - known
    policy.check_pointed(pointed, scope.owned, scope.path[-1])
    return known


def _check_scopes(record, scopes, before):
    """What a write created or changed in another model has to be within the filter of its connection.

    :raise ApiError: ``access_denied``
    """
    for scope, known in zip(scopes, before, strict=True):
        now = _related(record, scope)
        joined, left = now - known, known - now
        if scope.closed and (joined or left):
            raise ApiError(
                "access_denied",
                _("%(field)s cannot be written here."),
                field=scope.path[-1],
            )
        changed = scope.touched | (left | joined if scope.owned else joined - scope.pointed)
        if scope.through:
            changed |= now
        there = record.env[scope.policy.name].sudo().browse(changed).exists()._ids
        scope.policy.check_inside(there)


def _related(record, scope):
    """The ids at the end of a path, from the tables: without a field's own domain, archived ones included."""
    found = _follow(_begin(record, scope), scope.path)
    return set(found._ids) if found._name == scope.policy.name else set()


def _begin(record, scope):
    if scope.root is None:
        return record
    model_name, record_id = scope.root
    return record.env[model_name].browse(record_id)


def _removed(record, scope):
    """The ids that commands take out of a one2many; of all but some, those that Odoo sees in it."""
    if scope.kept is None or scope.fresh:
        return scope.removed
    return scope.removed.union(_begin(record, scope).sudo()[scope.path[0]]._ids) - scope.kept


def _from_start(record, scope):
    """Where a path ends that begins with a value of the write."""
    if scope.start is None:
        return set()
    first = record.env[scope.root[0]] if scope.root else record
    comodel = record.env[first._fields[scope.path[0]].comodel_name]
    return set(_follow(comodel.browse(scope.start), scope.path[1:])._ids)


def _follow(records, path):
    records = records.sudo().with_context(active_test=False)
    for name in path:
        field = records._fields[name]
        if field.type == "reference":
            return records[name] or records.browse()
        comodel = records.env[field.comodel_name]
        inverse = comodel._fields.get(getattr(field, "inverse_name", None) or "")
        owned = field.type == "one2many" and field.store
        if owned and inverse and inverse.store and inverse.type == "many2one":
            records = comodel.search(Domain(inverse.name, "in", records._ids))
        elif field.type == "many2many" and field.store:
            records.flush_recordset([name])
            query = SQL(
                "SELECT DISTINCT %s FROM %s WHERE %s = ANY(%s)",
                SQL.identifier(field.column2),
                SQL.identifier(field.relation),
                SQL.identifier(field.column1),
                list(records._ids),
            )
            records = comodel.browse(key for [key] in records.env.execute_query(query))
        else:
            records = records[name]
    return records


# --- answers -------------------------------------------------------------------------------------


def _answer(plan, records, request):
    _recompute(plan, records)
    data = reader.dump(plan, records, request.nulls)
    if request.many:
        return {"success": True, "count": len(data), "data": data}, None
    records.env.flush_all()  # the version is that of the row
    return {"success": True, "count": 1, "data": data[0]}, reader.version(records)


def _recompute(plan, records):
    """A computed value that was written through its inverse is what is computed of it now, not what was sent."""
    names = [
        name for name in plan.names if (found := records._fields[name]).inverse and not found.store
    ]
    if names:
        records.env.flush_all()
        records.invalidate_recordset(names, flush=False)
