# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Call actions, and read and write files and reports of records, under a policy."""

import logging
import traceback
from dataclasses import replace

from psycopg2 import DataError

from odoo.exceptions import AccessError, MissingError
from odoo.models import BaseModel
from odoo.service.model import get_public_method
from odoo.tools.safe_eval import safe_eval, time

from ..tools import blame, contexts, media_types, signatures
from ..tools.errors import ApiError, _, located
from ..tools.text import whole_json
from ..tools.values import dump_result
from . import action_context, grants, uploads, write
from .version import version_of

#: Keys of the context that no response contains.
_OURS = frozenset([grants.KEY, action_context.KEY])
RECORDS = frozenset(contexts.RECORDS)
_logger = logging.getLogger(__name__)
#: Kind of a mismatch between arguments and method (:func:`~..tools.signatures.mismatch`) → message.
_MISMATCHES = {
    "missing": _('%(action)s needs the argument "%(name)s".'),
    "unknown": _('%(action)s has no argument "%(name)s".'),
    "twice": _('%(action)s got the argument "%(name)s" twice.'),
    "many": _("%(action)s: too many positional arguments. The maximum is %(name)s."),
}


def call(policy, name, request, record_id=None):
    """Call one of the public methods that the connection lists, on records or on the model.

    :param request: :class:`~..tools.queries.CallRequest`
    :return: the result of the method, as JSON: records as ids, an action of Odoo as its data
    :raise ApiError: ``not_found`` for a method that is not listed, does not exist or is not public;
        ``bad_value`` for arguments that it does not accept; ``validation_error`` for a result that cannot
        be represented as JSON, which rolls the request back
    """
    method = _method(policy, name)
    # JSON does not distinguish 2 from 2.0, but Odoo's code does
    request = replace(
        request, args=tuple(map(whole_json, request.args)), kwargs=whole_json(dict(request.kwargs))
    )
    ids = request.ids if record_id is None else (record_id,)
    if ids and hasattr(method, "_api_model"):
        raise ApiError(
            "bad_parameter", _("%(action)s must be called without records."), action=name
        )
    keys = policy.connection.context_keys[name]
    with located("context"):
        context, gathered = action_context.load(policy, request.context, keys)
    policy.grant.named |= gathered.named
    records = _callee(policy, name, ids, request, context)
    if mismatch := signatures.mismatch(method, request.args, request.kwargs):
        raise _mismatch_error(name, mismatch)
    try:
        with policy.grant.in_use():
            result = method(records, *request.args, **request.kwargs)
            records.env.flush_all()
            policy.grant.finish()
    except (*blame.MISTAKES, DataError) as exc:
        if refusal := _refusal(policy, exc, name, method, records, request):
            raise refusal from exc
        raise
    try:
        answer = dump_result(result, _records_as_ids, leave_out=_OURS)
        return action_context.complete_actions(policy, ids, answer)
    except (TypeError, RecursionError) as exc:
        raise ApiError(
            "validation_error",
            _("The result of %(action)s cannot be represented as JSON."),
            action=name,
        ) from exc


def _mismatch_error(name, mismatch):
    """Return the error for arguments that do not fit a method."""
    kind, argument = mismatch
    return ApiError("bad_value", _MISMATCHES[kind], action=name, name=argument[:128])


def _at_fault(exc, method, arguments, records, name, request):
    """Return the names of the arguments that caused an exception."""
    if isinstance(exc, DataError):
        return blame.quoted_arguments(exc.diag.message_primary or "", arguments)
    declared_by = signatures.overrides(type(records), name)
    return blame.arguments_at_fault(
        exc, arguments, method, signatures.undeclared(declared_by, request.kwargs)
    )


def _refusal(policy, exc, name, method, records, request):
    """Return the error for a method that fails because of what the client sent.

    :return: None if the method fails by itself, or if no argument can be identified as the cause
    """
    place = traceback.extract_tb(exc.__traceback__)[-1]
    keys = policy.connection.context_keys[name] | RECORDS
    arguments = signatures.arguments_by_name(method, request.args, request.kwargs)
    if request.context:
        arguments["context"] = request.context
    if place.name == "ensure_one" and str(exc) == f"Expected singleton: {records}":
        refusal = ApiError(
            "bad_value",
            _('"ids": %(action)s must be called for one record.'),
            at=["ids"],
            action=name,
        )
    elif (
        isinstance(exc, KeyError)
        and exc.args[0:1]
        and str(exc.args[0]) in keys - set(request.context)
    ):
        refusal = ApiError(
            "bad_value",
            _('%(action)s needs %(key)s in its "context".'),
            at=["context"],
            action=name,
            key=exc.args[0],
        )
    elif mismatch := signatures.mismatch_of_override(exc, method, request.args, request.kwargs):
        refusal = _mismatch_error(name, mismatch)
    elif found := _at_fault(exc, method, arguments, records, name, request):
        refusal = ApiError(
            "bad_value",
            _("%(action)s does not accept the value of %(names)s."),
            at=[each[:128] for each in found],
            action=name,
            names=", ".join(each[:128] for each in found),
        )
    else:
        return None
    # not its text, which contains what the client sent
    where = f"{place.filename}:{place.lineno}"
    _logger.info("%s of an argument of %s, in %s", type(exc).__name__, name, where)
    return refusal


def _callee(policy, name, ids, request, context):
    """Return the records of an action, in the environment in which it runs.

    Odoo's own code may read more than the caller only if the client sends nothing that selects what is
    read: with a domain or a field name among the arguments, the result would reveal it.

    :raise ApiError: ``not_found``
    """
    records = write.find(policy, ids) if ids else policy.working
    sent = [*request.args, *request.kwargs.values()]
    sent += [context[key] for key in context.keys() - RECORDS - {action_context.KEY}]
    if name in policy.connection.superuser_actions:
        records = policy.caller.sudo().browse(ids)
    else:
        if policy.elevated:
            policy.grant.call_on(ids)
        if not ids or not all(map(_is_number, sent)):
            records = policy.strict.browse(ids)
    return records.with_context(**context) if context else records


def _is_number(value):
    """Return whether an argument selects nothing to read: a number, a flag, ids."""
    items = value if isinstance(value, list) else [value]
    return all(item is None or isinstance(item, bool | int | float) for item in items)


def check_listed(policy, name):
    """Check that the connection lists an action, before an earlier response of it is repeated.

    :raise ApiError: ``not_found``
    """
    _method(policy, name)


def is_action(policy, name):
    """Return whether a name is an action that the connection lists, and not a field."""
    return name in policy.connection.actions and name not in policy.model._fields


def _method(policy, name):
    """Return the public method of an action that the connection lists.

    :raise ApiError: ``not_found``
    """
    refused = ApiError(
        "not_found",
        _("There is no action %(action)s of %(model)s."),
        action=name[:128],
        model=policy.name,
    )
    if name not in policy.connection.actions:
        raise refused
    try:
        return get_public_method(policy.model, name)
    except (AccessError, AttributeError) as exc:
        raise refused from exc


def _records_as_ids(value):
    if isinstance(value, BaseModel):
        return list(value._ids)
    raise TypeError(type(value))


def file(policy, record_id, name):
    """Return the stream of a binary field.

    :rtype: odoo.http.Stream
    :raise ApiError: ``unknown_field``; ``bad_parameter`` for a field that is not a file; ``not_found`` for a
        record that does not exist or a field that is empty
    """
    field = _binary(policy.readable(name))
    record = write.find(policy, [record_id])
    if not field.store and not isinstance(record[name] or b"", bytes | str):
        raise _no_file(name)  # it holds data of Odoo's web client
    empty = ApiError("not_found", _("%(field)s is empty."), field=name)
    # the name of the record could be hidden from the caller
    title = f"{policy.name.replace('.', '_')}-{record_id}-{name}"
    try:
        stream = policy.model.env["ir.binary"]._get_stream_from(record, field.name, filename=title)
    except MissingError:
        raise empty from None
    if stream.type == "url" or not stream.size:
        raise empty
    stream.mimetype = media_types.sendable(stream.mimetype)
    return stream


def checksum(stream):
    """Return a text that changes with the content of a stream that :func:`file` returned."""
    return str(stream.etag)


def store_file(policy, record_id, name, data, file_name="", if_match=None):
    """Replace the content of a binary field.

    :param bytes data: the content; empty to clear the field
    :param file_name: the name of the file, empty if it is not known
    :return: the new version of the record
    :raise ApiError: as :func:`file`, and ``precondition_failed``
    """
    field = _binary(policy.values.writable(name))
    record = write.find(policy, [record_id])
    write.check_version(record, if_match)
    values, gathered = policy.values.load_file(field, data)
    values |= uploads.file_names(policy, {name: file_name})
    write.store(policy, record, values, gathered)
    record.env.flush_all()
    return version_of(record)


def _binary(field):
    if field.type != "binary":
        raise _no_file(field.name)
    return field


def _no_file(name):
    return ApiError("bad_parameter", _("%(field)s is not a file."), field=name)


def report(policy, record_id, name):
    """Render a PDF report that the connection lists.

    :param name: technical name, such as ``sale.report_saleorder``
    :return: the bytes and the name of the file
    :raise ApiError: ``not_found``, ``unavailable``
    """
    if name not in policy.connection.reports:
        raise ApiError(
            "not_found",
            _("There is no report %(report)s of %(model)s."),
            report=name[:128],
            model=policy.name,
        )
    record = write.find(policy, [record_id])
    reports = record.env["ir.actions.report"]
    content, kind = reports._render_qweb_pdf(name, [record_id])
    if kind != "pdf":
        raise ApiError("unavailable", _("This server cannot create PDF reports."))
    return content, f"{_report_title(reports._get_report(name), record)}.pdf"


def _report_title(report, record):
    """Return the file name that the web client uses (``addons/web/controllers/report.py``)."""
    if report.print_report_name:
        return safe_eval(report.print_report_name, {"object": record, "time": time})
    return report.name
