# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Create, update and delete records under a policy: a whole request, or nothing of it.

Any exception rolls the whole request back (``odoo/service/model.py``, ``retrying``).
"""

import contextlib

from odoo.fields import Domain

from ..tools import etag
from ..tools.errors import ApiError, _, located
from . import about, action_context, missing
from .faults import Faults
from .gathered import no_records
from .protected import UNREACHABLE
from .records import no_record, reads_itself
from .serialize import dump
from .unchanged import CurrentValues, readable_names
from .version import version_of


def create(policy, request):
    """Create records and return the response.

    :param request: :class:`~..tools.queries.WriteRequest`
    :return: the body of the response, and the version of the record; None for a list of records
    :raise ApiError: for everything that is not allowed
    """
    policy.check_mode("create")
    writes, gathered, plan = policy.values.load_request(request, CurrentValues())
    model = policy.working
    if request.context:
        keys = policy.connection.listed_keys()
        with located("context"):
            context, more = action_context.load(policy, request.context, keys)
        gathered.add(more)
        model = model.with_context(**context)
    with (
        about.noted(policy, gathered, explains=request.is_typed),
        _within_filters(policy, policy.working.browse(), gathered),
        missing.reported(policy, gathered, creates=True, context=request.context),
    ):
        records = model.create(writes)
        records.env.flush_all()
    return _answer(plan, records, request)


def update(policy, request, if_match=None, language=None):
    """Update records and return the response with their values after the change.

    :param request: :class:`~..tools.queries.WriteRequest`
    :param if_match: the header ``If-Match``, for one record only
    :param language: the language in which the client reads, so that text in it counts as unchanged
    :return: as :func:`create`
    :raise ApiError: ``not_found``, ``precondition_failed``, and everything that is not allowed
    """
    policy.check_mode("write")
    ids = [record_id for record_id, _values in request.items]
    names = dict.fromkeys(name for _id, values in request.items for name in values)
    visible = _visible(policy, ids, names)
    own = CurrentValues(language)
    own.load(policy, visible, names)
    writes, gathered, plan = policy.values.load_request(request, own)
    records = _all_of(policy, ids, visible)
    check_version(records, if_match)
    with (
        about.noted(policy, gathered, explains=request.is_typed),
        _within_filters(policy, records, gathered),
        missing.reported(policy, gathered),
    ):
        for values, alike in _batches(records, writes):
            if values:
                # Odoo would put terms of this language in place of those of the others
                alike.with_context(delay_translations=True).write(values)
            else:
                alike.check_access("write")
        records.env.flush_all()
    return _answer(plan, records, request)


def store(policy, record, values, gathered):
    """Write values to one record that :func:`find` returned.

    :param gathered: what the values name, as :meth:`~.values.ValueLoader.load_file` returns it
    """
    with (
        about.noted(policy, gathered),
        _within_filters(policy, record, gathered),
        missing.reported(policy, gathered),
    ):
        record.write(values)
        record.env.flush_all()


def delete(policy, request, if_match=None):
    """Delete records.

    :param request: :class:`~..tools.queries.DeleteRequest`
    :return: ``{"deleted_id": 10}`` or ``{"deleted_ids": [1, 2]}``
    :raise ApiError: ``not_found`` if one of them does not exist, ``precondition_failed``
    """
    records = find(policy, request.ids)
    check_version(records, if_match)
    grant = policy.grant
    grant.checked[policy.name].update(records._ids)
    with grant.in_use():
        records.unlink()
        grant.finish()
    return {"deleted_ids": list(request.ids)} if request.many else {"deleted_id": request.ids[0]}


def find(policy, ids):
    """Return the records of all the ids, archived or not, in this order.

    :raise ApiError: ``not_found`` for the first that the policy does not show
    """
    return _all_of(policy, ids, _visible(policy, ids))


def _visible(policy, ids, names=()):
    """Return those of the ids that the policy shows, archived or not, in this order.

    The same statement reads what Odoo reads of a record next, for what it checks, computes and tracks.

    :param names: names of fields whose current values are needed as well
    """
    domain = Domain("id", "in", list(ids)) & policy.records.scope()
    if reads_itself(policy.model):
        shown = set(policy.search.with_context(active_test=False)._search(domain))
    else:
        columns = _prefetched(policy.model, set(readable_names(policy, names)))
        found, _query = policy.records.search_and_fetch(domain, columns, archived=True, shows=True)
        shown = set(found._ids)
    return [record_id for record_id in ids if record_id in shown]


def _prefetched(model, names):
    """Return the names of the columns that Odoo reads together, and of further ones (``_fetch_field`` in Odoo)."""
    groups = {True, *(model._fields[name].prefetch for name in names)} - {False, None}
    return [
        name
        for name, field in model._fields.items()
        if field.store
        and field.column_type
        and (field.prefetch in groups or name in names)
        and model._has_field_access(field, "read")
    ]


def _all_of(policy, ids, visible):
    """Return the records of all the ids.

    :raise ApiError: ``not_found`` for the first that is not among those found
    """
    shown = set(visible)
    for record_id in ids:
        if record_id not in shown:
            raise no_record(policy, record_id)
    return policy.working.browse(ids)


def check_version(records, if_match):
    """Check that the record still has the version that the client names.

    :raise ApiError: ``precondition_failed`` if it has another one, ``bad_request`` for several records
    """
    if if_match is None:
        return
    if len(records) != 1:
        raise ApiError("bad_request", _('"If-Match" can only be used with one record.'))
    if not etag.is_match(if_match, version_of(records, lock=True)):
        raise ApiError(
            "precondition_failed",
            _("The record has been changed since you read it. Read it again."),
        )


def _batches(records, writes):
    """Return groups of records with the same values, which are written together."""
    batches = {}
    for record, write in zip(records, writes, strict=True):
        _values, ids = batches.setdefault(repr(write), (write, []))
        ids.append(record.id)
    return [(values, records.browse(ids)) for values, ids in batches.values()]


# --- what a write affects ------------------------------------------------------------------------


@contextlib.contextmanager
def _within_filters(policy, records, gathered):
    """Enforce the record filters of all affected models on the writes inside the block.

    :param records: the records to change, which are within their filter; none for a creation
    :raise ApiError: ``access_denied`` for a record that ends outside a filter, ``validation_error`` for a
        link by model name and id to a record that the caller does not see
    """
    grant, env = policy.grant, policy.working.env
    grant.checked[policy.name].update(records._ids)
    grant.named.update(gathered.named)
    changed = {policy.name: set(records._ids), **gathered.changed}
    before = _document_links(env, changed)
    with grant.in_use():
        yield
        env.flush_all()  # pending computations run with the same rights
        grant.finish()
    for name in {policy.name, *gathered.named}:
        changed.setdefault(name, set()).update(grant.created[name])
    for key, link in _document_links(env, changed).items():
        if link and link != before.get(key):
            _check_document_link(policy, key, *link)


def _document_links(env, changed):
    """Return the records that others link to by model name and id (``many2one_reference``).

    :param changed: model name → ids
    :return: ``{(model name, id, field name): (target model name, target id), …}``; None for no target
    """
    links = {}
    for name, ids in changed.items():
        fields = [
            env[name]._fields[each]
            for each in env["connection.api.structure"]._document_fields(name)
        ]
        for record in env[name].sudo().browse(ids).exists() if fields and ids else ():
            for field in fields:
                link = (record[field.model_field], record[field.name])
                links[name, record.id, field.name] = link if all(link) else None
    return links


def _check_document_link(policy, key, model_name, record_id):
    """Check that the caller may see the target of a link by model name and id.

    :raise ApiError: ``validation_error``, the same for a record that does not exist and for a hidden one
    """
    known = model_name in policy.caller.env and model_name not in UNREACHABLE
    if not known or not policy.related(model_name).records.shown([record_id]):
        raise no_records(key[2], [record_id])


# --- responses -----------------------------------------------------------------------------------


def _answer(plan, records, request):
    records = records.with_env(plan.policy.model.env)
    _recompute(plan, records)
    faults = Faults()
    data = dump(plan, records, faults, request.form)
    report = faults.report()
    if request.many:
        return {"success": True, "count": len(data), "data": data, **report}, None
    records.env.flush_all()  # the version is read from the row
    return {"success": True, "count": 1, "data": data[0], **report}, version_of(records)


def _recompute(plan, records):
    """Invalidate fields without a column, so that they are computed from what was written, not from what was sent."""
    names = [
        name
        for name in plan.names
        if not (field := records._fields[name]).store and (field.inverse or not field.readonly)
    ]
    if names:
        records.env.flush_all()
        records.invalidate_recordset(names, flush=False)
