# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Convert exceptions about a missing or unusable value of a write to a response that names it.

The ``create`` and ``write`` of some models assume that a value is there. Without it they raise a
``KeyError``, or a ``TypeError`` when they compare an empty value with a date. That is a mistake of the
request if the exception shows it. All other exceptions pass: database errors, errors of this addon, and
errors of Odoo's code that no empty value explains.
"""

import contextlib
import logging
from collections.abc import Mapping

from psycopg2.errors import CannotCoerce, DatatypeMismatch

from odoo.fields import Command
from odoo.models import BaseModel

from ..tools import blame
from ..tools.contexts import RECORDS
from ..tools.errors import ApiError, _
from .faults import is_aborted

_logger = logging.getLogger(__name__)
_OURS = __name__.removesuffix(".engine.missing")


@contextlib.contextmanager
def reported(policy, gathered, created=(), context=()):
    """Convert and log an exception about a value of a write.

    :param gathered: the :class:`~.values.Gathered` of the values
    :param created: the values of the records to create
    :param context: the context that the client sent for a wizard
    :raise ApiError: ``validation_error`` for a missing value, ``bad_value`` for data that the inverse of a
        field does not accept, or stores in a column that cannot hold it
    """
    try:
        yield
    except blame.MISTAKES as exc:
        if is_aborted(policy.working.env) or not blame.is_raised_outside(exc, _OURS):
            raise
        refusal = _bad_data(exc, gathered) or _refusal(policy, exc, created, context)
        if refusal is None:
            raise
        _logger.warning("The values of a write to %s: %s", policy.name, refusal, exc_info=exc)
        raise refusal from exc
    except (CannotCoerce, DatatypeMismatch) as exc:
        if not gathered.inverses:
            raise
        policy.working.env.cr.rollback()  # nothing is lost: the error ends the request
        refusal = _not_accepted(", ".join(gathered.inverses.values()))
        _logger.warning("The values of a write to %s: %s", policy.name, refusal, exc_info=exc)
        raise refusal from exc


def _bad_data(exc, gathered):
    """Return the error for data on which the inverse of its field fails; else None."""
    for inverse, name in gathered.inverses.items():
        if blame.is_raised_in(exc, inverse):
            return _not_accepted(name)
    return None


def _not_accepted(names):
    return ApiError("bad_value", _("%(field)s: Odoo does not accept this value."), field=names)


def _refusal(policy, exc, created, context):
    """Return the error for a value that a write lacks; None if the exception has another cause."""
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
    if blame.is_about_empty_value(exc):
        return ApiError("validation_error", _("A required value is missing."))
    return None


def _is_for_context(policy, key):
    """Return whether a client may send a key in the context of a wizard."""
    return isinstance(key, str) and (key in RECORDS or key in policy.connection.listed_keys())


def _created(policy, values):
    """Yield the records that values and their commands create, as pairs of policy and values."""
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
    """Return a policy and the names of the fields of its model whose missing values made a creation fail.

    These are the field that a ``KeyError`` names, or the relations to the model of the record that it names.
    For other exceptions they are the required fields, or the relations to the model of an empty recordset
    that code used as a record.

    :return: None if no such value is missing
    """
    key = exc.args[0] if isinstance(exc, KeyError) and exc.args else None
    if isinstance(key, str):
        wanted = [lambda field: field.name == key]
    elif isinstance(key, BaseModel):
        wanted = [lambda field: _leads_to(field, key)]
    else:
        taken = blame.empty_record(exc)
        wanted = [
            # a computed field may have a value
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
    """Return the error for missing values; it names only fields that the caller may write."""
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
