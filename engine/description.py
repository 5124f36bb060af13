# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Describe what a connection opens for one caller, by asking the policy about every field.

A field that the policy lets the caller neither read nor write is in no description.
"""

import contextlib
import inspect

from psycopg2.errors import ReadOnlySqlTransaction

from odoo.exceptions import AccessError
from odoo.fields import Command, Image
from odoo.service.model import get_public_method

from ..tools import domains
from ..tools.descriptions import (
    ActionDescription,
    FieldDescription,
    ModelDescription,
    ReportDescription,
)
from ..tools.errors import ApiError
from ..tools.values import DUMPERS, X2MANY
from .faults import RAISED_BY_CODE, BrokenFilterError, Faults, caught
from .policy import Policy
from .protected import UNREACHABLE
from .serialize import names_of

#: Field types without a relation whose default value is described.
_WITH_DEFAULT = frozenset(
    "boolean char date datetime float html integer monetary selection text".split()
)


class Describer:
    """Describe one model to one caller.

    :param caller: the model as an empty recordset in the caller's own environment
    :param connection: its :class:`~.connection.Connection`, which is open to the caller
    :param titles: :class:`~.connection.Titles`
    """

    def __init__(self, caller, connection, titles):
        self._env = caller.env
        self._connection = connection
        self._titles = titles
        self._reading = Policy(caller, connection, "read")
        self._writing = Policy(caller, connection, "write")
        self._model = self._reading.caller

    def summary(self):
        """Return the description without fields, which needs no further SQL.

        :rtype: ModelDescription
        """
        return self._model_description({})

    def rights(self):
        """Return the description as far as it depends only on the groups and the language of the caller.

        :rtype: ModelDescription
        """
        return self._model_description(self._fields())

    def whole(self):
        """Return the description with default values, and with what the caller may search and sort by.

        :rtype: ModelDescription
        """
        fields = self._fields(self._default_values())
        return self._model_description(fields)

    def _model_description(self, fields):
        opened = self._connection
        is_read = "GET" in opened.methods
        return ModelDescription(
            name=self._model._name,
            title=self._titles.model,
            methods=opened.methods,
            actions=tuple(self._actions()),
            reports=tuple(
                ReportDescription(name, self._titles.reports.get(name, name))
                for name in sorted(opened.reports)
            ),
            max_limit=opened.max_limit,
            rate_limit=opened.rate_limit,
            fields=fields,
            default_fields=tuple(self._reading.default_fields()) if fields and is_read else (),
            is_wizard=self._model.is_transient(),
        )

    # --- actions -------------------------------------------------------------------------

    def _actions(self):
        for name in sorted(self._connection.actions):
            try:
                method = get_public_method(self._model, name)
            except (AccessError, AttributeError):
                continue  # a method of an addon that is no longer installed
            _self, *parameters = inspect.signature(method).parameters.values()
            yield ActionDescription(
                name=name,
                description=self._titles.actions.get(name) or None,
                arguments=tuple(
                    (each.name, each.default is each.empty)
                    for each in parameters
                    if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
                ),
                is_for_model=hasattr(method, "_api_model"),
                context_keys=tuple(sorted(self._connection.context_keys[name])),
            )

    # --- fields --------------------------------------------------------------------------

    def _fields(self, defaults=None):
        """Return the descriptions of the fields by name.

        :param defaults: the default values by name; None to leave out what depends on the user
        """
        described = {}
        for name in sorted(self._model._fields):
            is_readable, is_writable = self._is_readable(name), self._is_writable(name)
            if is_readable or is_writable:
                field = self._model._fields[name]
                described[name] = self._field(field, is_readable, is_writable, defaults)
        return described

    def _is_readable(self, name):
        return "GET" in self._connection.methods and self._reading.visible(name) is not None

    def _is_writable(self, name):
        opens = not {"POST", "PUT"}.isdisjoint(self._connection.methods)
        return opens and _accepts(self._writing.values.writable, name) and self._has_rows(name)

    def _has_rows(self, name):
        """Return whether a one2many leads to a table: the rows of a view cannot change."""
        field = self._model._fields[name]
        tables = self._env["connection.api.structure"]
        return field.type != "one2many" or tables._has_table(field.comodel_name)

    def _field(self, field, is_readable, is_writable, defaults):
        is_chosen = is_readable and defaults is not None
        return FieldDescription(
            name=field.name,
            type=field.type,
            label=field._description_string(self._env),
            help=field._description_help(self._env) or None,
            is_required=bool(field.required),
            is_readable=is_readable,
            is_writable=is_writable,
            is_readonly=bool(field.readonly),
            is_optional=self._is_optional(field),
            is_stored=bool(field.base_field.store),
            is_file=_is_file(field),
            is_image=isinstance(field.base_field, Image),
            is_searchable=is_chosen and self._is_searchable(field.name),
            is_sortable=is_chosen and self._is_sortable(field),
            relation=field.comodel_name,
            selection=self._selection(field, is_for_all=defaults is None),
            is_fixed=isinstance(getattr(field, "selection", None), list),
            size=getattr(field, "size", None) or None,
            digits=self._digits(field),
            currency_field=self._currency(field),
            default=(defaults or {}).get(field.name),
        )

    def _is_optional(self, field):
        """Return whether a new record gets a value of the field without being sent one."""
        base = field.base_field
        if not field.required or base.default or base.compute or field.type == "boolean":
            return True
        # the record that a model delegates to is created with it
        return field.name in self._model._inherits.values()

    def _is_searchable(self, name):
        condition = domains.Condition((name,), "=", False)
        return _accepts(self._reading.domains.tree, condition)

    def _is_sortable(self, field):
        try:
            return _accepts(self._reading.ordering.check_sortable, field, keyset=False)
        except BrokenFilterError:
            return False  # of a related model: a list that is not sorted by it does not use it

    def _selection(self, field, *, is_for_all):
        """Return the values of a selection with their labels in the caller's language.

        A reference names only models that the caller may read, so that nobody can list the installed ones.

        :param is_for_all: leave out values that the code of a model computes for a user
        """
        if field.type not in ("selection", "reference"):
            return None
        if is_for_all and not isinstance(field.selection, list):
            return None
        found = []
        with contextlib.suppress(AccessError), caught(self._env, lambda exc: None):
            found = field._description_selection(self._env) or []
        if field.type == "reference":
            found = [(name, label) for name, label in found if self._may_see(name)]
        return tuple((str(value), str(label)) for value, label in found)

    def _may_see(self, model_name):
        if model_name not in self._env or model_name in UNREACHABLE:
            return False
        return self._reading.related(model_name).allows("GET") or self._env[model_name].has_access(
            "read"
        )

    def _digits(self, field):
        digits = field.get_digits(self._env) if field.type == "float" else None
        return tuple(digits) if digits else None

    def _currency(self, field):
        if field.type != "monetary":
            return None
        name = field.get_currency_field(self._model)
        return name if name and self._is_readable(name) else None

    # --- default values ------------------------------------------------------------------

    def _default_values(self):
        """Return the default values of the writable fields as JSON, by name.

        Odoo computes them with the caller's own rights. A value that names a record which the caller does
        not see is left out.
        """
        if "POST" not in self._connection.methods:
            return {}
        names = [name for name in sorted(self._model._fields) if self._is_writable(name)]
        found = read_only(self._env, lambda: self._model.default_get(names)) or {}
        fields = {name: self._model._fields[name] for name in names if name in found}
        links = {name: _links(field, found[name]) for name, field in fields.items()}
        shown = self._shown_records(fields, links)
        defaults = {}
        for name, field in fields.items():
            names_of_records = shown.get(field.comodel_name, {})
            if field.relational:
                if links[name] is not None and names_of_records.keys() >= set(links[name]):
                    defaults[name] = _link_value(field, links[name], names_of_records)
            elif field.type in _WITH_DEFAULT:
                value = DUMPERS.get(field.type, lambda given: given)(found[name])
                is_empty = value is False and field.type != "boolean"
                defaults[name] = None if is_empty else value
        return defaults

    def _shown_records(self, fields, links):
        """Return the names of those records in default values that the caller sees, by model and id.

        :param links: the ids in each default value, by the name of its field
        """
        wanted = {}
        for name, ids in links.items():
            if ids:
                wanted.setdefault(fields[name].comodel_name, set()).update(ids)
        shown = {}
        for model_name, ids in wanted.items():
            related = self._reading.related(model_name)
            visible = related.records.shown(ids)
            shown[model_name] = names_of(related.caller.sudo().browse(sorted(visible)), Faults())
        return shown


def read_only(env, call):
    """Return the result of a function that runs code of Odoo's models, and discard all that it writes.

    PostgreSQL refuses to write in a subtransaction that is read-only.

    :return: None if the function tries to write, or if the code of a model fails
    """
    with contextlib.closing(env.cr.savepoint()):
        try:
            env.cr.execute("SET TRANSACTION READ ONLY")
            result = call()
            env.flush_all()
        except (*RAISED_BY_CODE, ReadOnlySqlTransaction):
            return None
    return result


def _accepts(check, *args, **kwargs):
    """Return whether a check of the policy raises no error."""
    try:
        check(*args, **kwargs)
    except ApiError:
        return False
    return True


def _is_file(field):
    """Return whether a binary field holds a file, and not data of Odoo's web client."""
    base = field.base_field
    return field.type == "binary" and bool(
        base.store or isinstance(base, Image) or base.model_name == "ir.attachment"
    )


def _links(field, value):
    """Return the ids in the default value of a relation; None for a value of another form."""
    if not field.relational:
        return None
    if field.type == "many2one":
        return [value] if type(value) is int else None
    ids = []
    for command in value or ():
        if command[0] == Command.SET:
            ids += command[2]
        elif command[0] == Command.LINK:
            ids.append(command[1])
        else:
            return None
    return ids


def _link_value(field, ids, names):
    """Return the default value of a relation in the form of a response."""
    if field.type in X2MANY:
        return ids
    return {"id": ids[0], "display_name": names[ids[0]] or None}
