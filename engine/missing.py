# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Name the value that a write lacks, or that Odoo's own code cannot work with.

Some models take a value for granted in their ``create`` and ``write``, and end without it with a
``KeyError``, or with a ``TypeError`` when they compare nothing with a date. That is a mistake of the
request, as far as the exception shows it. Everything else passes: errors of the database, mistakes of
this addon, and mistakes of Odoo's code that no empty value explains.
"""

import contextlib
import logging
from collections.abc import Mapping

from odoo.fields import Command
from odoo.models import BaseModel

from ..tools import blame
from ..tools.contexts import RECORDS
from ..tools.errors import ApiError, _
from .faults import is_aborted

_logger = logging.getLogger(__name__)
_OURS = __name__.removesuffix(".engine.missing")


@contextlib.contextmanager
def named(policy, gathered, created=(), context=()):
    """Turn an exception about a value of a write into a response that says so; the log keeps it.

    :param gathered: of the values (:class:`~.values.Gathered`)
    :param created: the values of the records to create
    :param context: what the client sent as the context of a wizard
    :raise ApiError: ``validation_error`` for a value that is missing, ``bad_value`` for data that the
        inverse of a field does not take
    """
    try:
        yield
    except blame.MISTAKES as exc:
        if is_aborted(policy.working.env) or not blame.is_of_others(exc, _OURS):
            raise
        refusal = _bad_data(exc, gathered) or _refusal(policy, exc, created, context)
        if refusal is None:
            raise
        _logger.warning("The values of a write to %s: %s", policy.name, refusal, exc_info=exc)
        raise refusal from exc


def _bad_data(exc, gathered):
    """Return the error for data that a field without a column was given, where its inverse fails; else None."""
    for inverse, name in gathered.inverses.items():
        if blame.is_within(exc, inverse):
            return ApiError(
                "bad_value", _("%(field)s: Odoo does not accept this value."), field=name
            )
    return None


def _refusal(policy, exc, created, context):
    """Return the error for what a write lacks; None where the exception does not show that it lacks something."""
    if lacking := _lacking(exc, [each for vals in created for each in _created(policy, vals)]):
        return _lacks_fields(*lacking)
    key = exc.args[0] if isinstance(exc, KeyError) and exc.args else None
    is_wizard = created and policy.working.is_transient()
    if is_wizard and _is_for_context(policy, key) and key not in context:
        return ApiError(
            "validation_error",
            _('A new record of %(model)s needs %(key)s in its "context".'),
            model=policy.name,
            key=key,
        )
    if blame.is_about_nothing(exc):
        return ApiError("validation_error", _("A required value is missing."))
    return None


def _is_for_context(policy, key):
    """Return whether a client may send a key in the context of a wizard."""
    return isinstance(key, str) and (key in RECORDS or key in policy.connection.listed_keys())


def _created(policy, values):
    """Yield the records that values create, as pairs of policy and values; those of commands, too."""
    yield policy, values
    for name, value in values.items():
        field = policy.model._fields[name]
        if field.type not in ("one2many", "many2many") or not isinstance(value, list):
            continue
        related_policy = policy.related(field.comodel_name)
        for command in value:
            if command[0] == Command.CREATE and isinstance(command[2], Mapping):
                yield from _created(related_policy, command[2])


def _lacking(exc, created):
    """Return the policy of a model, and those of its fields for lack of whose values a creation failed.

    They are the field that a ``KeyError`` names, or the fields that lead to the model of its empty
    record; otherwise those that are required, or lead to the model of an empty record that was taken
    for one.
    """
    key = exc.args[0] if isinstance(exc, KeyError) and exc.args else None
    if isinstance(key, str):
        wanted = [lambda field: field.name == key]
    elif isinstance(key, BaseModel):
        wanted = [lambda field: _leads_to(field, key)]
    else:
        taken = blame.empty_record(exc)
        wanted = [
            # what is computed may have been computed well
            lambda field: _is_needed(field) and not field.compute,
            lambda field: taken is not None and _leads_to(field, taken) and not field.default,
            _is_needed,
        ]
    for is_wanted in wanted:
        for policy, values in created:
            fields = policy.model._fields.values()
            names = [each.name for each in fields if is_wanted(each) and not values.get(each.name)]
            if names and not (isinstance(key, str) and key in values):
                return policy, names
    return None


def _leads_to(field, records):
    return field.store and field.comodel_name == records._name


def _is_needed(field):
    kept = field.compute and field.readonly
    return field.required and field.store and not field.default and not kept


def _lacks_fields(policy, names):
    """Name what the caller may write; what is hidden from them has no name."""
    shown = []
    for name in names:
        with contextlib.suppress(ApiError):
            shown.append(policy.values.writable(name).name)
    if not shown:
        return ApiError("validation_error", _("A required value is missing."))
    return ApiError(
        "validation_error",
        _("A new record of %(model)s needs a value for %(fields)s."),
        model=policy.name,
        fields=", ".join(sorted(shown)),
    )
