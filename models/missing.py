# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which value a creation lacks, where Odoo's own code fails on that before PostgreSQL can say so.

Some models take a value for granted in their ``create``, and end with a ``KeyError`` without it.
"""

import contextlib
from collections.abc import Mapping

from odoo.fields import Command
from odoo.models import BaseModel

from ..tools import blame
from ..tools.errors import ApiError, _


@contextlib.contextmanager
def named(policy, writes):
    """Answer what a creation lacks with its name.

    :param writes: the values of the records to create
    :raise ApiError: ``validation_error``; a mistake of Odoo's own code passes
    """
    try:
        yield
    except blame.MISTAKES as exc:
        if lacking := _lacking(exc, [each for vals in writes for each in _created(policy, vals)]):
            below, names = lacking
            raise _refusal(below, names) from exc
        raise


def _created(policy, values):
    """Yield the records that values create, as pairs of policy and values; those of commands, too."""
    yield policy, values
    for name, value in values.items():
        field = policy.model._fields[name]
        if field.type not in ("one2many", "many2many") or not isinstance(value, list):
            continue
        below = policy.related(field.comodel_name)
        for command in value:
            if command[0] == Command.CREATE and isinstance(command[2], Mapping):
                yield from _created(below, command[2])


def _lacking(exc, created):
    """Return the policy of a model, and those of its fields for lack of whose values a creation failed.

    They are the field that a ``KeyError`` names, or the fields that lead to the model of its empty
    record; otherwise those that are required.
    """
    key = exc.args[0] if isinstance(exc, KeyError) and exc.args else None
    if isinstance(key, str):
        wanted = [lambda field: field.name == key]
    elif isinstance(key, BaseModel):
        wanted = [lambda field: field.store and field.comodel_name == key._name]
    else:
        # what is computed may have been computed well
        wanted = [lambda field: _is_needed(field) and not field.compute, _is_needed]
    for is_wanted in wanted:
        for policy, values in created:
            fields = policy.model._fields.values()
            names = [each.name for each in fields if is_wanted(each) and not values.get(each.name)]
            if names and not (isinstance(key, str) and key in values):
                return policy, names
    return None


def _is_needed(field):
    kept = field.compute and field.readonly
    return field.required and field.store and not field.default and not kept


def _refusal(policy, names):
    """Name what the caller may write; what is hidden from them has no name."""
    shown = []
    for name in names:
        with contextlib.suppress(ApiError):
            shown.append(policy.writable(name).name)
    if not shown:
        return ApiError("validation_error", _("A required value is missing."))
    return ApiError(
        "validation_error",
        _("A new record of %(model)s needs a value for %(fields)s."),
        model=policy.name,
        fields=", ".join(sorted(shown)),
    )
