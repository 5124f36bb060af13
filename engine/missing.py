# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Convert exceptions about a missing or unusable value of a write to a response that names it.

The ``create`` and ``write`` of some models assume that a value is there. Without it they raise a
``KeyError``, or a ``TypeError`` when they compare an empty value with a date. That is a mistake of the
request if the exception shows it. All other exceptions pass: database errors, errors of this addon, and
errors of Odoo's code that no empty value explains.
"""

import contextlib
import logging

from psycopg2.errors import CannotCoerce, DatatypeMismatch

from odoo.models import BaseModel

from ..tools import blame
from ..tools.contexts import RECORDS
from ..tools.errors import ApiError, _
from .faults import is_aborted

_logger = logging.getLogger(__name__)
#: Field types whose columns Odoo never leaves empty.
_NEVER_NULL = frozenset(["boolean", "float", "integer", "monetary"])
_OURS = __name__.removesuffix(".engine.missing")


@contextlib.contextmanager
def reported(policy, gathered, *, creates=False, context=()):
    """Convert and log an exception about a value of a write.

    :param gathered: the :class:`~.gathered.Gathered` of the values
    :param creates: whether the request creates records
    :param context: the context that the client sent for a wizard
    :raise ApiError: ``validation_error`` for a missing value, ``bad_value`` for data that the inverse of a
        field does not accept, or stores in a column that cannot hold it
    """
    try:
        yield
    except blame.MISTAKES as exc:
        if is_aborted(policy.working.env) or not blame.is_raised_outside(exc, _OURS):
            raise
        created = [place for place in gathered.places if creates and place.record_id is None]
        refusal = _bad_data(exc, gathered) or _refusal(policy, exc, created, context)
        if refusal is None:
            raise
        _logger.warning("The values of a write to %s: %s", policy.name, refusal, exc_info=exc)
        raise refusal from exc
    except (CannotCoerce, DatatypeMismatch) as exc:
        if not gathered.inverses:
            raise
        policy.working.env.cr.rollback()  # nothing is lost: the error ends the request
        refusal = _not_accepted(*gathered.inverses.values())
        _logger.warning("The values of a write to %s: %s", policy.name, refusal, exc_info=exc)
        raise refusal from exc


def _bad_data(exc, gathered):
    """Return the error for data on which the inverse of its field fails; else None."""
    for inverse, name in gathered.inverses.items():
        if blame.is_raised_in(exc, inverse):
            return _not_accepted(name)
    return None


def _not_accepted(*names):
    return ApiError(
        "bad_value",
        _("%(field)s: Odoo does not accept this value."),
        at=names,
        field=", ".join(names),
    )


def _refusal(policy, exc, created, context):
    """Return the error for a value that a write lacks; None if the exception has another cause."""
    if lacking := _lacking(exc, created):
        place, names = lacking
        return lacks_fields([place], names)
    key = exc.args[0] if isinstance(exc, KeyError) and exc.args else None
    is_wizard = created and policy.working.is_transient()
    if is_wizard and _is_for_context(policy, key) and key not in context:
        return ApiError(
            "validation_error",
            _('A new record of %(model)s needs %(key)s in its "context".'),
            at=["context"],
            model=policy.name,
            key=key,
        )
    if blame.is_about_empty_value(exc):
        return ApiError("validation_error", _("A required value is missing."))
    return None


def _is_for_context(policy, key):
    """Return whether a client may send a key in the context of a wizard."""
    return isinstance(key, str) and (key in RECORDS or key in policy.connection.listed_keys())


def _lacking(exc, created):
    """Return a new record and the names of its fields whose missing values made its creation fail.

    These are the field that a ``KeyError`` names, or the relations to the model of the record that it names.
    For other exceptions they are the required fields, or the relations to the model of an empty recordset
    that code used as a record.

    :param created: the :class:`~.gathered.Place` s of the new records
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
        for place in created:
            fields, values = place.policy.model._fields.values(), place.given
            names = [each.name for each in fields if is_wanted(each) and not values.get(each.name)]
            if names and not (isinstance(key, str) and key in values):
                return place, names
    return None


def _leads_to(field, records):
    return field.store and field.comodel_name == records._name


def _is_needed(field):
    kept = field.compute and field.readonly
    return field.required and field.store and not field.default and not kept


def lacks_fields(places, names):
    """Return the error for missing values; it names only fields that the caller may write.

    :param places: the :class:`~.gathered.Place` of the record that lacks them, or those of all that may
    """
    policy = places[0].policy
    shown = sorted(name for name in names if policy.values.may_write(name))
    if not shown:
        return ApiError("validation_error", _("A required value is missing."))
    fields = [policy.model._fields[name] for name in shown]
    labels = [
        f'"{field._description_string(policy.caller.env)}" ({field.name})' for field in fields
    ]
    return ApiError(
        "validation_error",
        _("A record of %(model)s needs a value for %(fields)s."),
        at=[places[0].at(name) for name in shown] if len(places) == 1 else shown,
        model=policy.name,
        fields=", ".join(labels),
    )


def null_columns(places, column):
    """Return the error for a column that PostgreSQL requires, and for all other values that a new record lacks.

    :param places: the :class:`~.gathered.Place` s with the table of the column
    :return: None if no value of the request is missing
    """
    lacking = [place for place in places if not place.given.get(column)]
    if not lacking:
        return None
    policy = lacking[0].policy
    names = {column} & policy.model._fields.keys()
    if len(lacking) == 1 and lacking[0].record_id is None:
        given, delegated = lacking[0].given, policy.model._inherits.values()
        names |= {
            field.name
            for field in policy.model._fields.values()
            if _is_needed(field)
            and not field.compute
            and field.type not in _NEVER_NULL
            and field.name not in delegated
            and not given.get(field.name)
        }
    return lacks_fields(lacking, names)
