# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What may be written: the part of a policy that allows values, commands and what they point to."""

import base64
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo.fields import Command

from ..tools import values
from ..tools.errors import ApiError, Problems, _
from .guarded import UNREACHABLE, is_protected

#: What Odoo keeps itself; a value for it would be lost without a word.
_MAGIC = frozenset(["id", "create_uid", "create_date", "write_uid", "write_date", "display_name"])
#: Records within records within one write.
MAX_NESTED_COMMANDS = 10
_METHOD_OF_COMMAND = {"create": "POST", "update": "PUT", "delete": "DELETE"}


def is_kept_by_odoo(field):
    """Whether a value for the field would be lost without a word."""
    computed = field.compute and field.readonly
    return field.name in _MAGIC or (not field.inverse and bool(computed or not field.store))


def is_raw(found):
    """Whether a binary field holds the bytes themselves, where all others of Odoo hold base64."""
    return found.name == "raw" and found.model_name == "ir.attachment"


@dataclass
class _References:
    """Ids that values point to, by model: they are looked for once, together.

    ``path`` names the relations whose commands stand inside of each other right now, from the
    record of ``root`` (a model and an id; None for the one that is written), ``depth`` says how many.
    """

    found: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    root: tuple[str, int] | None = None
    path: tuple[str, ...] = ()
    depth: int = 0
    scopes: dict = field(default_factory=dict)

    def add(self, model_name, field_name, ids):
        self.found[model_name][field_name].update(ids)

    def scope(self, policy, *names):
        """What is known of the records at the end of a path, to be added to."""
        path = (*self.path, *names)
        scope = Scope(self.root, path, policy, fresh=bool(self.path))
        return self.scopes.setdefault((self.root, path), scope)


@dataclass
class Scope:
    """What a write does to records of a related model, for :mod:`.writer` to hold it to their policy.

    :ivar root: model and id of the record that ``path`` begins at; None for the one that is written
    :ivar touched: changed or deleted by a command
    :ivar pointed: to be related; it counts if it was not before
    :ivar removed: taken out of the relation by name
    :ivar kept: the only ones to stay in it; None for all
    :ivar owned: who is related is kept in the related records: to join or to leave changes them
    :ivar closed: nobody may join or leave
    :ivar through: the write changes whatever is at the end of the path, as related fields do
    :ivar fresh: the record that points is yet to be created
    :ivar start: the id that the first relation of such a path leads to after the write, if it changes
    """

    root: tuple[str, int] | None
    path: tuple[str, ...]
    policy: Any
    touched: set = field(default_factory=set)
    pointed: set = field(default_factory=set)
    removed: set = field(default_factory=set)
    kept: set | None = None
    owned: bool = False
    closed: bool = False
    through: bool = False
    fresh: bool = False
    start: int | None = None


@dataclass(frozen=True)
class Write:
    """Values that have been allowed, as Odoo takes them."""

    values: dict
    scopes: tuple[Scope, ...] = ()


class ValuePolicy:
    """The values that one caller may write; see :class:`~.policy.Policy`."""

    def writing(self, request):
        """Allow a write: what ``create`` and ``write`` take, and what is to be answered.

        :param request: :class:`~..tools.query.WriteRequest`
        :return: a :class:`Write` per item of the request, and the :class:`Plan` of the answer
        :raise ApiError: with everything that is not allowed
        """
        problems = Problems()
        plan = self._plan(request.selection, problems)
        self._check_answer(request)
        writes, pointed = [], _References()
        for record_id, given in request.items:
            references = _References(found=pointed.found)
            loaded = self._values(given, problems, references, record_id)
            writes.append(Write(loaded, tuple(references.scopes.values())))
            if problems:
                break
        problems.raise_if_any()
        self._check_references(pointed)
        return writes, plan

    def writing_file(self, found, data):
        """As :meth:`writing`, for the bytes of one field that has been allowed.

        :rtype: Write
        """
        references = _References()
        if found.related and not found.inherited:
            self._note_through(found, {}, references)
        return Write({found.name: self.binary(found, data)}, tuple(references.scopes.values()))

    def _check_answer(self, request):
        """Where GET is not open, a PUT answers what it writes and nothing else.

        :raise ApiError: ``access_denied``
        """
        if self.allows("GET"):
            return
        for record_id, given in request.items:
            if record_id is not None and not {"id", *given}.issuperset(request.selection.fields):
                raise ApiError(
                    "access_denied",
                    _("%(model)s may not be read through this API."),
                    model=self.name,
                )

    def _values(self, given, problems, references, record_id=None):
        """
        :param record_id: None for a record to create
        """
        loaded, properties = {}, []
        for name, value in given.items():
            try:
                found = self.writable(name)
                loaded[name] = self._value(found, value, problems, references)
                if found.related and not found.inherited:
                    self._note_through(found, given, references)
                if found.type == "properties" and loaded[name]:
                    properties.append(found)
            except ApiError as exc:
                problems.catch(exc)
        for found in properties:
            try:
                loaded[found.name] = self._properties(found, loaded, record_id, references)
            except ApiError as exc:
                problems.catch(exc)
        return loaded

    def writable(self, name):
        """The field, if there is one of that name that the connection lists and the caller may write.

        :raise ApiError: ``unknown_field``, ``bad_value``, ``access_denied``
        """
        found = self.model._fields.get(name)
        if (
            found is None
            or found.comodel_name in UNREACHABLE
            or not self._listed(name, "write_fields")
            or not self.caller._has_field_access(found, "write")
        ):
            raise ApiError(
                "unknown_field",
                _("Unknown field %(field)s on %(model)s."),
                field=name[:128],
                model=self.name,
            )
        if is_kept_by_odoo(found):
            raise ApiError(
                "bad_value", _("Odoo keeps %(field)s itself; it cannot be written."), field=name
            )
        if found.related:
            self._check_related_write(found)
        return found

    def _check_related_write(self, found):
        """A related field writes another model: a field that is open there for PUT, or a part of this one."""
        target, name = self._target(found)
        if found.inherited:
            allowed = not is_protected(target.name) or not self.model.env.su or target.model.env.su
        else:
            allowed = self._may_write_through(target, "PUT")
        if not allowed:
            raise ApiError(
                "access_denied", _("%(field)s cannot be written here."), field=found.name
            )
        if not found.inherited:
            target.writable(name)

    def _target(self, found):
        """The policy of the model that a related field belongs to, and its name there."""
        model_name = self.name
        *steps, name = found.related.split(".")
        for step in steps:
            model_name = self.model.env[model_name]._fields[step].comodel_name
        return self.related(model_name), name

    def _note_through(self, found, given, references):
        target, _name = self._target(found)
        if target.is_filtered():
            steps = found.related.split(".")[:-1]
            scope = references.scope(target, *steps)
            scope.through = True
            if given.get(steps[0]):
                scope.start = values.load("many2one", steps[0], given[steps[0]])

    def is_filtered(self):
        return self.connection is not None and bool(self.connection.domain)

    def _may_write_through(self, target, method):
        """Whether a write here may go on to another model: never with more rights than its own policy gives."""
        return target.allows(method) and (target.model.env.su or not self.model.env.su)

    @staticmethod
    def binary(found, data):
        """Bytes as Odoo wants them in a field: in base64, except where it wants the bytes."""
        if not data:
            return False
        return data if is_raw(found) else base64.b64encode(data)

    def _value(self, found, value, problems, references):
        loaded = values.load(found.type, found.name, value, getattr(found, "size", None))
        if loaded and is_raw(found):
            return base64.b64decode(loaded)
        if found.type in values.X2MANY:
            return [self._command(found, command, problems, references) for command in loaded]
        if found.type == "many2one" and loaded:
            references.add(found.comodel_name, found.name, [loaded])
            self._note_pointed(found, loaded, references)
        elif found.type in ("selection", "reference") and loaded:
            choice = loaded.partition(",")[0] if found.type == "reference" else loaded
            if choice not in found.get_values(self.model.env):
                raise ApiError(
                    "bad_value",
                    _("%(value)s is not a choice of %(field)s."),
                    value=choice[:128],
                    field=found.name,
                )
            if found.type == "reference":
                record_id = int(loaded.partition(",")[2])
                references.add(choice, found.name, [record_id])
                if (target := self.related(choice)).is_filtered():
                    references.scope(target, found.name).pointed.add(record_id)
        elif found.type == "binary" and loaded and not found.attachment:
            found.convert_to_column(
                loaded, self.caller
            )  # sudo would lift Odoo's rule that SVG is for administrators
        elif found.type == "properties_definition" and loaded:
            self._check_definition(found, loaded)
        return loaded

    def _check_definition(self, found, loaded):
        """Odoo's own check, which it would else make in the middle of the write, as an error of the program.

        :raise ApiError: ``bad_value``
        """
        try:
            found.convert_to_cache(loaded, self.model)
        except (ValueError, TypeError) as exc:
            raise ApiError(
                "bad_value",
                _("%(field)s: Odoo does not take this definition."),
                field=found.name,
            ) from exc

    def _properties(self, found, loaded, record_id, references):
        """Properties as their definition wants them; it may come with the same values.

        Odoo would keep a value of any other type and not show it, or fail.

        :param record_id: None for a record to create
        :raise ApiError: ``bad_value``
        """
        definition = self._definition(found, loaded, record_id)
        if definition is None:
            return False  # the record or its folder is not there: others tell that
        settled = values.load_properties(found.name, loaded[found.name], definition)
        for item in definition:
            if item.get("comodel") and (ids := settled.get(item["name"])):
                ids = ids if isinstance(ids, list) else [ids]
                references.add(item["comodel"], f"{found.name}.{item['name']}", ids)
        return settled

    def _definition(self, found, loaded, record_id):
        """The definition of the properties that a record has after the write; None without the record."""
        name = found.definition_record
        if loaded.get(name) or not record_id:
            # a default, or computed of other values
            scalars = {
                key: value for key, value in loaded.items() if not isinstance(value, list | dict)
            }
            folder = self.model.sudo().new(scalars)[name]._origin
            there = folder.exists() == folder
        elif name in loaded:
            return []
        else:
            record = self.fetch([record_id], []).exists()
            folder, there = record.sudo()[name], bool(record)
        return (folder[found.definition_record_field] or []) if there else None

    def _note_pointed(self, found, record_id, references):
        """What a many2one points to; one that delegates makes the record a part of this one, to be written."""
        target = self.related(found.comodel_name)
        delegates = self.model._inherits.get(found.comodel_name) == found.name
        closed = delegates and self.model.env.su and not self._may_write_through(target, "PUT")
        if closed or target.is_filtered():
            scope = references.scope(target, found.name)
            scope.pointed.add(record_id)
            scope.closed |= closed

    def _command(self, found, command, problems, references):
        below = self.related(found.comodel_name)
        method = _METHOD_OF_COMMAND.get(command.kind)
        if method is None and command.kind != "link" and self._removal_deletes(found):
            method = "DELETE"
        if method and not self._may_write_through(below, method):
            raise ApiError(
                "access_denied",
                _("%(field)s: %(method)s is not open for %(model)s."),
                field=found.name,
                method=method,
                model=below.name,
            )
        if command.kind != "unlink" or found.type == "one2many":
            references.add(below.name, found.name, command.ids)
        self._note_scope(found, below, command, method, references)
        match command.kind:
            case "create" | "update":
                nested = below._nested_values(found, command, problems, references)
                return (
                    Command.update(command.ids[0], nested)
                    if command.kind == "update"
                    else Command.create(nested)
                )
            case "clear":
                return Command.clear()
            case "set":
                return Command.set(command.ids)
        return getattr(Command, command.kind)(command.ids[0])

    def _note_scope(self, found, below, command, method, references):
        owned = found.type == "one2many"
        lifted = self.model.env.su and not below.model.env.su
        relates = command.kind in ("link", "unlink", "clear", "set")
        # a relation that is kept in a model which decides over rights, or seen from its other side
        closed = (
            lifted
            and relates
            and is_protected(below.name)
            and (owned or bool(self.model.pool.field_inverses[found]))
            and not self.caller.env.user._is_system()
        )
        if not (below.is_filtered() or closed or (lifted and relates and owned)):
            return
        scope = references.scope(below, found.name)
        scope.owned, scope.closed = owned, scope.closed or closed
        if command.kind in ("set", "clear"):
            scope.kept = set(command.ids)
        if command.kind in ("link", "set"):
            scope.pointed.update(command.ids)
        elif command.kind == "unlink":
            scope.removed.update(command.ids)
        elif method:
            scope.touched.update(command.ids)

    def _nested_values(self, found, command, problems, references):
        """
        :raise ApiError: ``bad_value`` below a depth at which Python's stack, and Odoo's, come to their end
        """
        if references.depth >= MAX_NESTED_COMMANDS:
            raise ApiError(
                "bad_value", _("%(field)s: commands are nested too deeply."), field=found.name
            )
        before = references.root, references.path
        if command.kind == "update":
            references.root, references.path = (self.name, command.ids[0]), ()
        else:
            references.path = (*references.path, found.name)
        references.depth += 1
        record_id = command.ids[0] if command.kind == "update" else None
        nested = self._values(command.values, problems, references, record_id)
        references.depth -= 1
        references.root, references.path = before
        return nested

    def _removal_deletes(self, found):
        """Whether taking a record out of the relation deletes it (``One2many.write_real``)."""
        if found.type != "one2many" or not found.inverse_name:
            return False
        inverse = self.model.env[found.comodel_name]._fields[found.inverse_name]
        return getattr(inverse, "ondelete", None) == "cascade"

    def _check_references(self, references):
        """
        :raise ApiError: ``validation_error`` for an id that is no record
        """
        problems = Problems()
        for model_name, by_field in references.found.items():
            wanted = set().union(*by_field.values())
            missing = wanted - set(self.model.env[model_name].sudo().browse(wanted).exists()._ids)
            for name, ids in by_field.items():
                if gone := sorted(ids & missing):
                    problems.catch(no_records(name, gone))
        problems.raise_if_any()


def no_records(name, ids):
    return ApiError(
        "validation_error",
        _("%(field)s: there is no record %(ids)s."),
        field=name,
        ids=", ".join(map(str, sorted(ids))),
    )
