# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Load the values of a write: what may be written, and which records the values name."""

import base64
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo.fields import Command, Image
from odoo.models import BaseModel

from ..tools import values
from ..tools.errors import ApiError, Problems, _
from .protected import UNREACHABLE

#: Fields that Odoo sets itself; it would ignore a value for them.
_MAGIC = frozenset(["id", "create_uid", "create_date", "write_uid", "write_date", "display_name"])
#: Nesting depth of commands within one write.
MAX_NESTED_COMMANDS = 10
_METHOD_OF_COMMAND = {"create": "POST", "update": "PUT", "delete": "DELETE"}


def is_set_by_odoo(field):
    """Return whether Odoo sets a field itself and would ignore a value for it.

    A field without a column and without an inverse that is not read-only is handled by the model's own
    ``create`` and ``write``: the recurrence of an event, for example.
    """
    if field.name in _MAGIC:
        return True
    if field.inverse:
        return False
    return bool(
        (field.readonly and (field.compute or not field.store)) or _shows_field_of_odoo(field)
    )


def is_for_write_alone(field):
    """Return whether the model's own ``create`` and ``write`` handle the value of a field."""
    return not (field.store or field.inverse or field.readonly or field.related)


def _shows_field_of_odoo(field):
    """Return whether a related field has no column of its own and shows a field that Odoo sets."""
    return field.related and not field.store


def is_raw(field):
    """Return whether a binary field holds raw bytes; all others of Odoo hold base64."""
    return field.name == "raw" and field.model_name == "ir.attachment"


def _inverse_of_data(field):
    """Return the name of the inverse of a binary field without a column; None for other fields.

    Such a field may take data of Odoo's web client (``tax_totals``) in place of a file; only the code of
    its inverse knows. Attachments always hold files.
    """
    base = field.base_field
    while base.related:
        base = base.related_field
    inverse = base.inverse
    if base.type != "binary" or base.store or not inverse or isinstance(base, Image):
        return None
    if base.model_name == "ir.attachment":
        return None
    return inverse if isinstance(inverse, str) else inverse.__name__


@dataclass(frozen=True)
class Reference:
    """Records that a value names, and the access that the value requires to them.

    :ivar owner: the policy of the record that holds the value
    :ivar record_id: the id of that record, None for a new one
    :ivar need: ``read`` to link them; ``write`` or ``unlink`` for a command that does that; ``change``
        where a link makes them a part of the record (``_inherits``); ``join`` for members that are added
        or removed
    """

    owner: Any
    record_id: int | None
    field: Any
    model_name: str
    ids: frozenset[int]
    need: str = "read"

    def known(self):
        """Return the ids that the record holds already, if the caller may see them."""
        owner, record_id = self.owner, self.record_id
        if record_id is None or not owner.records.shown([record_id], "write"):
            return set()
        try:
            owner.readable(self.field.name)
        except ApiError:
            return set()
        current = owner.values.current(record_id, self.field)
        return set(current._ids) if current._name == self.model_name else set()

    def refusal(self, ids):
        """Return the error for ids to which the caller lacks the required access."""
        name = self.field.name
        if self.need in ("change", "join"):
            return ApiError("access_denied", _("%(field)s cannot be written here."), field=name)
        return no_records(name, ids)


@dataclass
class Gathered:
    """Collect what the values of a request name in other models, and the errors in them."""

    problems: Problems = field(default_factory=Problems)
    references: list[Reference] = field(default_factory=list)
    #: Models with records that the values create, change, link or unlink.
    named: set[str] = field(default_factory=set)
    #: Model name → ids of records that commands change.
    changed: dict = field(default_factory=lambda: defaultdict(set))
    depth: int = 0
    #: Name of an inverse that may take data in place of a file → name of its field.
    inverses: dict = field(default_factory=dict)
    #: The current values of records (:class:`~.unchanged.CurrentValues`), None if they are not needed.
    own: Any = None

    def note_inverse(self, field):
        """Remember the inverse of a field if it may take data in place of a file.

        :return: whether it may
        """
        inverse = _inverse_of_data(field)
        if inverse:
            self.inverses[inverse] = field.name
        return bool(inverse)

    def add(self, other):
        """Add what other values of the request name, which are checked already."""
        self.named |= other.named
        for name, ids in other.changed.items():
            self.changed[name] |= ids


class ValueLoader:
    """Load the values that a client sends, for one policy."""

    def __init__(self, policy):
        self._policy = policy

    def load_request(self, request, own=None):
        """Build the values for ``create`` or ``write``, and the plan of the response.

        :param request: :class:`~..tools.queries.WriteRequest`
        :param own: :class:`~.unchanged.CurrentValues`, the current values of the records
        :return: the values of each item of the request, a :class:`Gathered`, and the
            :class:`~.policy.Plan` of the response
        :raise ApiError: for everything that is not allowed
        """
        gathered = Gathered(own=own)
        plan = self._policy.plan_into(request.selection, gathered.problems)
        self._check_answer(request)
        writes = []
        for record_id, given in request.items:
            writes.append(self._values(given, gathered, record_id))
            if gathered.problems:
                break
        self._check_gathered(gathered)
        return writes, gathered, plan

    def load_defaults(self, given):
        """Build the default values of new records (``default_…``), checked as :meth:`load_request` does.

        :return: the values, and a :class:`Gathered`
        """
        gathered = Gathered()
        loaded = self._values(given, gathered)
        for name, value in loaded.items():
            field = self._policy.model._fields[name]
            if field.type == "many2one_reference" and value and not loaded.get(field.model_field):
                gathered.problems.catch(no_records(name, [value]))
        self._check_gathered(gathered)
        return loaded, gathered

    def load_file(self, field, data):
        """Build the values for the bytes of one writable field, checked as :meth:`load_request` does.

        :return: the values, and a :class:`Gathered`
        """
        gathered = Gathered()
        self._name_target(field, gathered)
        gathered.note_inverse(field)
        value = self.binary(field, data)
        if value and not is_raw(field):
            self._check_image(field, value)
        return {field.name: value}, gathered

    def _check_answer(self, request):
        """Check that a write returns only what it writes if GET is not open.

        :raise ApiError: ``access_denied``
        """
        if self._policy.allows("GET"):
            return
        for record_id, given in request.items:
            written = {"id", *given}
            if record_id is not None:  # a relation holds more than what was added
                fields = self._policy.model._fields
                written -= {name for name in given if name in fields and fields[name].relational}
                written |= {
                    name for name in given if name in fields and fields[name].type == "many2one"
                }
            if not written.issuperset(request.selection.fields):
                raise ApiError(
                    "access_denied",
                    _("%(model)s cannot be read through this API."),
                    model=self._policy.name,
                )

    def _values(self, given, gathered, record_id=None):
        """Build the values of one record, and add what they name and their errors to ``gathered``.

        :param record_id: None for a record to create
        """
        loaded, unchanged = {}, []
        for name, value in given.items():
            try:
                self._check_objects(name, value, gathered)
                if self._is_own(name, value, gathered, record_id):
                    unchanged.append(name)
                else:
                    self._load(name, value, loaded, gathered, record_id)
            except ApiError as exc:
                gathered.problems.catch(exc)
        for name in self._written_though_unchanged(unchanged, loaded):
            with contextlib.suppress(ApiError):  # a field that may not be written stays out
                self._load(name, given[name], loaded, gathered, record_id)
        self._refer_to_documents(loaded, gathered, record_id)
        for name in loaded:
            field = self._policy.model._fields[name]
            if field.type == "properties" and loaded[name]:
                try:
                    loaded[name] = self._properties(field, loaded, record_id, gathered)
                except ApiError as exc:
                    gathered.problems.catch(exc)
        return loaded

    def _load(self, name, value, loaded, gathered, record_id):
        field = self.writable(name)
        value = self._value(field, value, gathered, record_id)
        if value == [] and field.type in values.X2MANY:
            return  # nothing changes
        loaded[name] = value
        self._name_target(field, gathered)

    def _is_own(self, name, value, gathered, record_id):
        """Return whether a value is the current one of the record, as far as the caller may see it."""
        own = gathered.own
        return bool(own and record_id and own.has(self._policy, record_id, name, value))

    def _written_though_unchanged(self, unchanged, loaded):
        """Return those of the unchanged fields that have to be written together with the changed ones.

        Odoo may recompute them from the changed ones: a client that sends a new product and the same price
        wants that price. And a value for the model's own ``write`` may affect how all others are written:
        the name of an event is written to all events of its series.
        """
        if not unchanged:
            return []
        fields = self._policy.model._fields
        if any(is_for_write_alone(fields[name]) for name in loaded):
            return unchanged
        dependent = {
            dependent
            for name in loaded
            for dependent in self._policy.model.pool.get_dependent_fields(fields[name])
        }
        return [name for name in unchanged if fields[name] in dependent]

    def _check_objects(self, name, value, gathered):
        """Check that records sent as objects, in the form that ``expand`` returns, have their current values.

        Only their ids are used; other changes would be lost.

        :raise ApiError: ``bad_value``
        """
        field = self._policy.model._fields.get(name)
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        if field is None or field.type not in values.X2MANY or not rows or not gathered.own:
            return
        if not self._is_known(name):
            return  # loading it reports an unknown field
        related_policy = self._policy.related(field.comodel_name)
        rows = [(values.load_id(field.name, row), row) for row in rows]
        names = {name: None for _id, row in rows for name in row if name != "id"}
        if names:
            gathered.own.load_visible(
                related_policy, [record_id for record_id, _row in rows], names
            )
        for record_id, row in rows:
            for name, value in row.items():
                related_policy.values._check_objects(name, value, gathered)
                if name != "id" and not gathered.own.has(related_policy, record_id, name, value):
                    raise ApiError(
                        "bad_value",
                        _(
                            '"%(name)s" of record %(id)s differs from its current value. To change it'
                            ' through %(field)s, send the command [1, %(id)s, {"%(name)s": …}].'
                        ),
                        name=name[:128],
                        id=record_id,
                        field=field.name,
                    )

    def _is_known(self, name):
        """Return whether the caller may read or write a field, and so may learn that it exists."""
        for allow in (self._policy.readable, self.writable):
            with contextlib.suppress(ApiError):
                return bool(allow(name))
        return False

    def _refer_to_documents(self, loaded, gathered, record_id):
        """Add the references that values make by a model name and an id (``res_model``, ``res_id``).

        If one of the two is missing in the values, :mod:`.write` checks the record after the write.
        """
        for name, value in loaded.items():
            field = self._policy.model._fields[name]
            if field.type != "many2one_reference" or not value:
                continue
            model_name = loaded.get(field.model_field)
            if isinstance(model_name, str) and model_name in self._policy.caller.env:
                self._refer(gathered, record_id, field, model_name, [value])

    def writable(self, name):
        """Return a field that exists, that the connection lists and that the caller may write.

        :raise ApiError: ``unknown_field``, ``bad_value``, ``access_denied``
        """
        field = self._policy.model._fields.get(name)
        if (
            field is None
            or field.comodel_name in UNREACHABLE
            or not self._policy.is_listed(name, "write_fields")
            or not self._policy.caller._has_field_access(field, "write")
            or self._policy.is_unlisted_secret(field, "write_fields")
        ):
            raise ApiError(
                "unknown_field",
                _("Unknown field %(field)s on %(model)s."),
                field=name[:128],
                model=self._policy.name,
            )
        if is_set_by_odoo(field):
            raise ApiError(
                "bad_value", _("%(field)s is set by Odoo and cannot be written."), field=name
            )
        if self._is_written_elsewhere(field):
            self._check_related_write(field)
        self._check_markup(field)
        return field

    def _check_markup(self, field):
        """Check that the caller may write unsanitized HTML, which may contain scripts that run for its readers.

        :raise ApiError: ``access_denied``
        """
        if field.type != "html" or field.base_field.sanitize or not self._policy.lifts_at_all():
            return
        listed = field.name in self._policy.connection.write_fields
        if not listed and not self._policy.caller.has_access("write"):
            raise ApiError(
                "access_denied",
                _(
                    "%(field)s may contain scripts. The connection of %(model)s must list it as a"
                    " writable field."
                ),
                field=field.name,
                model=self._policy.name,
            )

    def _check_related_write(self, field):
        """Check that a related field may be written on the model that it belongs to.

        A model that this one delegates to (``_inherits``) counts as a part of it, unless it has a connection.
        """
        target, name = self._target(field)
        if is_set_by_odoo(target.caller._fields[name]):
            raise ApiError(
                "bad_value",
                _("%(field)s is set by Odoo and cannot be written."),
                field=field.name,
            )
        if target is self._policy:  # another field of the same model
            self.writable(name)
            return
        if field.inherited:
            # Odoo writes some of them with `sudo()`, for example an alias
            allowed = (
                not self._policy.lifts_at_all()
                or not target.is_protected("write")
                or target.caller.has_access("write")
            )
        else:
            allowed = target.allows("PUT")
        if not allowed:
            raise ApiError(
                "access_denied", _("%(field)s cannot be written here."), field=field.name
            )
        if target.connection is not None:
            target.values.writable(name)

    def _target(self, field):
        """Return the policy of the model that a related field belongs to, and the field's name there."""
        model_name = self._policy.name
        *steps, name = field.related.split(".")
        for step in steps:
            model_name = self._policy.model.env[model_name]._fields[step].comodel_name
        return self._policy.related(model_name), name

    @staticmethod
    def _is_written_elsewhere(field):
        """Return whether a value is written to another field, which a related field without an inverse only shows."""
        return bool(field.related and (field.inverse or field.inherited))

    def _name_target(self, field, gathered):
        if self._is_written_elsewhere(field):
            gathered.named.add(self._target(field)[0].name)

    def current(self, record_id, field):
        """Return the records that a relation of a record leads to now, archived ones included."""
        model = self._policy.records.everything() if field.store else self._policy.caller.sudo()
        record = model.browse(record_id).exists()
        value = record[field.name]
        if field.type == "many2one_reference":
            model_name = record[field.model_field]
            known = value and model_name in record.env
            return record.env[model_name].browse(value) if known else record.browse()
        # a reference may be empty
        return value if isinstance(value, BaseModel) else record.browse()

    @staticmethod
    def binary(field, data):
        """Return bytes in the form that a binary field takes: base64, except for a raw one."""
        if not data:
            return False
        return data if is_raw(field) else base64.b64encode(data)

    @staticmethod
    def _typed(field, value, gathered):
        """Convert a value to the type of its field.

        :raise ApiError: ``bad_value``
        """
        if gathered.note_inverse(field) and isinstance(value, dict | list):
            return values.load("json", field.name, value)
        loaded = values.load(field.type, field.name, value, getattr(field, "size", None))
        return base64.b64decode(loaded) if loaded and is_raw(field) else loaded

    def _value(self, field, value, gathered, record_id):
        """Convert a value for its field, and add the references that it makes."""
        loaded = self._typed(field, value, gathered)
        if field.type in values.X2MANY:
            return self._commands(field, loaded, gathered, record_id)
        if field.type == "many2one" and loaded:
            delegates = self._policy.caller._inherits.get(field.comodel_name) == field.name
            need = "change" if delegates else "read"
            self._refer(gathered, record_id, field, field.comodel_name, [loaded], need)
            self._check_self_assignment(field, loaded, record_id)
        elif field.type in ("selection", "reference") and loaded:
            choice = loaded.partition(",")[0] if field.type == "reference" else loaded
            if choice not in field.get_values(self._policy.model.env):
                raise ApiError(
                    "bad_value",
                    _("%(value)s is not an option of %(field)s."),
                    value=choice[:128],
                    field=field.name,
                )
            if field.type == "reference":
                ids = [int(loaded.partition(",")[2])]
                self._refer(gathered, record_id, field, choice, ids)
        elif field.type == "binary" and loaded and isinstance(loaded, str):
            self._check_image(field, loaded)
        elif field.type == "properties_definition" and loaded:
            self._check_definition(field, loaded)
        return loaded

    def _check_self_assignment(self, field, value, record_id):
        """Check that callers do not make themselves the contact of a record to gain access to others.

        Record rules of other models follow such links: the customer of an order sees its lines.

        :raise ApiError: ``access_denied``
        """
        env = self._policy.caller.env
        if (
            field.comodel_name != "res.partner"
            or record_id is None
            or not self._policy.lifts("write")
        ):
            return
        if field.name not in env["connection.api.protection"]._followed_words():
            return
        partner = self._policy.records.everything().env["res.partner"].browse(value).exists()
        family = partner.commercial_partner_id
        if not family or family != env.user.partner_id.commercial_partner_id:
            return
        if self.current(record_id, field).commercial_partner_id != family:
            self._check_members(field, record_id)

    def _check_image(self, field, value):
        """Check that only administrators write SVG, which Odoo checks on creation but not on a change.

        :raise UserError:
        """
        if not field.attachment:
            field.convert_to_column(value, self._policy.caller)

    def _is_folder_shown(self, field, folder, record_id):
        """Return whether the caller may see the record that holds a definition, or the record already links to it."""
        related_policy = self._policy.related(folder._name)
        if not folder or folder.id in related_policy.records.shown(folder.ids):
            return True
        if not _is_holder_computed(self._policy, field):
            known = record_id and self._policy.records.shown([record_id], "write")
            link = self._policy.model._fields[field.definition_record]
            return bool(known and folder <= self.current(record_id, link))
        return folder.exists() == folder

    def _refer(self, gathered, record_id, field, model_name, ids, need="read"):
        """Add a :class:`Reference` of a value to records of another model."""
        related_policy = self._policy.related(model_name)
        if ids:
            reference = Reference(
                self._policy, record_id, field, related_policy.name, frozenset(ids), need
            )
            gathered.references.append(reference)

    def _check_definition(self, field, loaded):
        """Check a definition as Odoo does, which would otherwise fail in the middle of the write.

        :raise ApiError: ``bad_value``
        """
        try:
            field.convert_to_cache(loaded, self._policy.model)
        except (ValueError, TypeError) as exc:
            raise ApiError(
                "bad_value",
                _("%(field)s: Odoo does not accept this definition."),
                field=field.name,
            ) from exc

    def _properties(self, field, loaded, record_id, gathered):
        """Convert properties to the types of their definition, which the same values may select.

        Odoo would store a value of any other type and not show it, or fail.

        :param record_id: None for a record to create
        :raise ApiError: ``bad_value``
        """
        definition = self._definition(field, loaded, record_id)
        if definition is None:
            return False  # another check reports the missing record or folder
        settled = values.load_properties(field.name, loaded[field.name], definition)
        for item in definition:
            if item.get("comodel") and (ids := settled.get(item["name"])):
                ids = ids if isinstance(ids, list) else [ids]
                self._refer(gathered, record_id, field, item["comodel"], ids)
        return settled

    def _definition(self, field, loaded, record_id):
        """Return the definition of the properties that a record has after the write; None without the record."""
        name = field.definition_record
        if loaded.get(name) or not record_id:
            # a default, or computed from other values
            scalars = {
                key: value for key, value in loaded.items() if not isinstance(value, list | dict)
            }
            folder = self._policy.working.new(scalars)[name]._origin
            there = self._is_folder_shown(field, folder, record_id)
        elif name in loaded:
            return []
        else:
            record = self._policy.records.fetch([record_id], []).exists()
            folder, there = record.with_env(self._policy.working.env)[name], bool(record)
        # as Odoo reads it (odoo/orm/fields_properties.py): whoever may see the record may see its properties
        return (folder.sudo()[field.definition_record_field] or []) if there else None

    def _commands(self, field, commands, gathered, record_id):
        """Check the commands of a relation and convert them to those that change it."""
        if field.type == "one2many" and not self._has_rows(field):
            self._check_unchanged(field, commands, record_id)
            return []
        replaces = field.type == "one2many" and field.store and record_id is not None
        self._read_own(field, commands, gathered)
        loaded = []
        for command in commands:
            differences = None
            if replaces and command.kind in ("set", "clear"):
                differences = self._differences(field, command.ids, record_id)
            allowed = self._command(field, command, gathered, record_id, differences)
            if command.kind == "update" and not allowed[2]:
                continue  # none of its values changes the record
            loaded += [allowed] if differences is None else differences
        return loaded

    def _has_rows(self, field):
        """Return whether the model of a relation has a table, so that its records can be written."""
        return self._policy.caller.env["connection.api.structure"]._has_table(field.comodel_name)

    def _check_unchanged(self, field, commands, record_id):
        """Check that commands leave a relation as it is.

        :raise ApiError: ``access_denied`` for commands that change it
        """
        for command in commands:
            replaces = record_id is not None and command.kind in ("set", "clear")
            if not replaces or self._differences(field, command.ids, record_id):
                raise ApiError(
                    "access_denied", _("%(field)s cannot be written here."), field=field.name
                )

    def _read_own(self, field, commands, gathered):
        """Load the current values of all records that commands update, together."""
        updates = [command for command in commands if command.kind == "update"]
        if updates and gathered.own:
            names = {name: None for command in updates for name in command.values}
            related_policy = self._policy.related(field.comodel_name)
            gathered.own.load_visible(
                related_policy, [command.ids[0] for command in updates], names
            )

    def _differences(self, field, ids, record_id):
        """Return commands for the records that a new list of a one2many adds and removes.

        Odoo itself would also write the records that stay. Records that Odoo does not show in the relation
        are not removed from it.
        """
        if not self._policy.records.shown([record_id], "write"):
            return []  # looking up the record reports that it does not exist
        everyone = set(self.current(record_id, field)._ids)
        shown = self._policy.working.browse(record_id)[field.name]._ids
        return [
            *(Command.unlink(key) for key in shown if key not in ids),
            *(Command.link(key) for key in ids if key not in everyone),
        ]

    def _removal_deletes(self, field):
        """Return whether removing a record from the relation deletes it (``One2many.write_real``)."""
        if field.type != "one2many" or not field.inverse_name:
            return False
        inverse = self._policy.model.env[field.comodel_name]._fields[field.inverse_name]
        return getattr(inverse, "ondelete", None) == "cascade"

    def _command(self, field, command, gathered, record_id, differences):
        """Check one command and convert it to Odoo's form.

        :param differences: the commands that replace a ``set`` or ``clear`` of a one2many, else None
        """
        related_policy = self._policy.related(field.comodel_name)
        method = _METHOD_OF_COMMAND.get(command.kind)
        kinds = {each[0] for each in differences or ()}
        removes = command.kind == "unlink" or Command.UNLINK in kinds
        if removes and self._removal_deletes(field):
            method = "DELETE"
        if method and not related_policy.allows(method):
            raise ApiError(
                "access_denied",
                _("%(field)s: %(method)s is not allowed for %(model)s."),
                field=field.name,
                method=method,
                model=related_policy.name,
            )
        gathered.named.add(related_policy.name)
        hidden = self._hidden_links(field, command, record_id)
        if field.type == "many2many":
            self._check_membership(field, command, gathered, record_id, hidden)
        if need := self._need_of_command(field, command):
            self._refer(gathered, record_id, field, related_policy.name, command.ids, need)
        if command.kind in ("create", "update"):
            gathered.changed[related_policy.name].update(command.ids)
            nested = self._nested(field, related_policy, command, gathered)
            return Command.update(command.ids[0], nested) if command.ids else Command.create(nested)
        if command.kind in ("clear", "set"):
            ids = [*command.ids, *hidden]
            return Command.set(ids) if ids else Command.clear()
        if command.kind == "unlink" and command.ids[0] in hidden:
            # the link stays, but the record is written as for any other id, or its version would tell
            return Command.link(command.ids[0])
        return getattr(Command, command.kind)(command.ids[0])

    @staticmethod
    def _need_of_command(field, command):
        """Return the access that a command requires to the records it names (:attr:`Reference.need`)."""
        match command.kind:
            case "link" | "set":
                return "read"
            case "update":
                return "write"
            case "delete":
                return "unlink"
            case "unlink" if field.type == "one2many":
                return "write"
        return None

    def _hidden_links(self, field, command, record_id):
        """Return the ids that a new list of a many2many keeps: those of records that the caller may not see."""
        replaces = command.kind in ("set", "clear", "unlink") and record_id is not None
        if field.type != "many2many" or not field.base_field.store or not replaces:
            return ()
        related_policy = self._policy.related(field.comodel_name)
        if related_policy.records.shows_all() or not self._policy.records.shown(
            [record_id], "write"
        ):
            return ()
        linked = self._policy.working.browse(record_id)[field.name]._ids
        shown = related_policy.records.shown(linked)
        return tuple(key for key in linked if key not in shown)

    def _check_membership(self, field, command, gathered, record_id, hidden):
        """Check a many2many whose links grant access, such as the members of a channel.

        It requires write access to the linked records as well: a caller who may change a contact may not
        make it a member of a private channel.

        :param hidden: the ids of :meth:`_hidden_links`
        :raise ApiError: ``access_denied``, see :meth:`_check_members`
        """
        kind = self._policy.caller.env["connection.api.protection"]._membership(
            self._policy.name, field.name
        )
        if not kind or command.kind not in ("link", "unlink", "set", "clear"):
            return
        if not self._policy.lifts("create" if record_id is None else "write"):
            return  # the caller's own rights apply: Odoo decides
        ids = set(command.ids)
        if command.kind in ("set", "clear") and record_id:
            ids ^= set(self.current(record_id, field)._ids)
            ids -= set(hidden)
        if not ids:
            return
        if kind == "members":
            self._check_members(field, record_id)
            return
        self._refer(gathered, record_id, field, field.comodel_name, ids, "join")

    def _check_members(self, field, record_id):
        """Check that the caller may decide who sees a record.

        They may for a new record, with write access of their own, and for a field that the connection lists.

        :raise ApiError: ``access_denied``
        """
        if record_id is None or field.name in self._policy.connection.write_fields:
            return
        if not self._policy.caller.browse(record_id)._filtered_access("write"):
            raise ApiError(
                "access_denied",
                _(
                    "%(field)s decides who can see a record. The connection of %(model)s must list it"
                    " as a writable field."
                ),
                field=field.name,
                model=self._policy.name,
            )

    def _nested(self, field, related_policy, command, gathered):
        """Build the values of a nested ``create`` or ``update`` command.

        :raise ApiError: ``bad_value`` beyond the depth that Python's and Odoo's recursion allow
        """
        if gathered.depth >= MAX_NESTED_COMMANDS:
            raise ApiError(
                "bad_value", _("%(field)s: commands are nested too deeply."), field=field.name
            )
        gathered.depth += 1
        record_id = command.ids[0] if command.kind == "update" else None
        nested = related_policy.values._values(command.values, gathered, record_id)
        gathered.depth -= 1
        return nested

    def _check_gathered(self, gathered):
        """Check that the caller has the required access to the records that the values name.

        :raise ApiError: ``validation_error`` for ids of records that do not exist or that the caller may not
            see, with the same message; ``access_denied`` for records that would have to be changed
        """
        problems = gathered.problems
        problems.raise_if_any()
        wanted = defaultdict(set)
        for reference in gathered.references:
            wanted[reference.model_name, reference.need].update(reference.ids)
        open_ids = {}
        for (model_name, need), ids in wanted.items():
            related_policy = self._policy.related(model_name)
            changes = need in ("change", "join")
            open_ids[model_name, need] = (
                related_policy.records.changeable(ids)
                if changes
                else related_policy.records.shown(ids, need)
            )
        for reference in gathered.references:
            missing = reference.ids - open_ids[reference.model_name, reference.need]
            if missing and reference.need != "join":
                missing -= reference.known()
            if missing:
                problems.catch(reference.refusal(missing))
        problems.raise_if_any()


def _is_holder_computed(policy, field):
    """Return whether Odoo computes which record holds a definition of properties, so that nobody can choose it."""
    link = policy.model._fields[field.definition_record]
    return bool(link.compute and link.readonly)


def no_records(name, ids):
    """Return the error for ids of records that do not exist or that the caller may not see."""
    return ApiError(
        "validation_error",
        _("%(field)s: there is no record %(ids)s."),
        field=name,
        ids=", ".join(map(str, sorted(ids))),
    )
