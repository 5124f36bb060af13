# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Writing under a policy: all of a request, or nothing.

Whatever is raised here rolls the whole request back (``odoo/service/model.py``, ``retrying``).
"""

from odoo.fields import Domain

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
    records = policy.model.create([write.values for write in writes])
    policy.check_inside(records._ids)
    for record, write in zip(records, writes, strict=True):
        _check_scopes(record, write.scopes, {})
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


# --- what commands reach -------------------------------------------------------------------------


def _before(record, write):
    """The records of each relation that leads to a filtered connection, as they are before the write.

    :raise ApiError: ``access_denied`` when a command changes one that is outside
    """
    for scope in write.scopes:
        scope.policy.check_inside(scope.touched)
    return {scope.path: set(_related(record, scope.path)) for scope in write.scopes}


def _check_scopes(record, scopes, before):
    """What a command created or changed has to be within the filter of its own connection.

    :raise ApiError: ``access_denied``
    """
    for scope in scopes:
        related = _related(record, scope.path)
        new = related - before.get(scope.path, set()) - scope.linked
        changed = record.env[scope.policy.name].sudo().browse(scope.touched).exists()._ids
        scope.policy.check_inside(new.union(changed))


def _related(record, path):
    records = record.sudo().with_context(active_test=False).mapped(".".join(path))
    return set(records._ids)


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
