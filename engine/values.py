# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Load the values of a write: what may be written, and which records the values name."""

import base64
import contextlib

from odoo.exceptions import UserError
from odoo.models import BaseModel

from ..tools import values
from ..tools.errors import ApiError, _, note_fields
from ..tools.forms import Upload
from . import properties
from .commands import Commands
from .faults import caught
from .gathered import Gathered, Place, no_records
from .membership import check_self_assignment
from .protected import UNREACHABLE
from .uploads import with_file_names

#: Maximum number of options in a message.
_MAX_OPTIONS = 20
#: Fields that Odoo sets itself; it would ignore a value for them.
MAGIC = frozenset(["id", "create_uid", "create_date", "write_uid", "write_date", "display_name"])


def is_set_by_odoo(field):
    """Return whether Odoo sets a field itself and would ignore a value for it.

    A field without a column and without an inverse that is not read-only is handled by the model's own
    ``create`` and ``write``: the recurrence of an event, for example.
    """
    if field.name in MAGIC:
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


class ValueLoader:
    """Load the values that a client sends, for one policy."""

    def __init__(self, policy):
        self._policy = policy
        self._commands = Commands(policy)

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
        for index, (record_id, given) in enumerate(request.items):
            with gathered.within(_path_of(request, index)):
                given = with_file_names(self._policy, given)
                writes.append(self.load(given, gathered, record_id))
            if gathered.problems:
                break
        gathered.check(self._policy)
        return writes, gathered, plan

    def load_defaults(self, given):
        """Build the default values of new records (``default_…``), checked as :meth:`load_request` does.

        :return: the values, and a :class:`Gathered`
        """
        gathered = Gathered()
        loaded = self.load(given, gathered)
        for name, value in loaded.items():
            field = self._policy.model._fields[name]
            if field.type == "many2one_reference" and value and not loaded.get(field.model_field):
                gathered.problems.catch(no_records(name, [value]))
        gathered.check(self._policy)
        return loaded, gathered

    def load_file(self, field, data):
        """Build the values for the bytes of one writable field, checked as :meth:`load_request` does.

        :return: the values, and a :class:`Gathered`
        """
        gathered = Gathered()
        self._name_target(field, gathered)
        gathered.note_inverse(field)
        loaded = {field.name: self.binary(field, data)}
        gathered.places.append(Place("", self._policy, loaded, None))
        if data and not is_raw(field):
            try:
                self._check_image(field, loaded[field.name])
            except UserError as exc:
                note_fields(exc, [field.name])
                raise
        return loaded, gathered

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

    def load(self, given, gathered, record_id=None):
        """Build the values of one record, and add what they name and their errors to ``gathered``.

        :param record_id: None for a record to create
        """
        loaded, unchanged = {}, []
        gathered.places.append(Place(gathered.path, self._policy, given, record_id))
        for name, value in given.items():
            try:
                self._check_objects(name, value, gathered)
                if self._is_own(name, value, gathered, record_id):
                    unchanged.append(name)
                else:
                    self._load(name, value, loaded, gathered, record_id)
            except ApiError as exc:
                gathered.problems.catch(exc, gathered.at(name[:128]))
            except UserError as exc:
                note_fields(exc, [gathered.at(name)])
                raise
        for name in self._written_though_unchanged(unchanged, loaded):
            with contextlib.suppress(ApiError):  # a field that may not be written stays out
                self._load(name, given[name], loaded, gathered, record_id)
        self._refer_to_documents(loaded, gathered, record_id)
        for name in loaded:
            field = self._policy.model._fields[name]
            if field.type == "properties" and loaded[name]:
                try:
                    loaded[name] = properties.load(self._policy, field, loaded, record_id, gathered)
                except ApiError as exc:
                    gathered.problems.catch(exc, gathered.at(name))
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
        return self._policy.visible(name) is not None or self.may_write(name)

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
                gathered.refer(self._policy, record_id, field, model_name, [value])

    def writable(self, name):
        """Return a field that exists, that the connection lists and that the caller may write.

        :raise ApiError: ``unknown_field``, also for a field that the caller may neither read nor write;
            ``bad_value``, ``access_denied``
        """
        field = self._policy.model._fields.get(name)
        if (
            field is None
            or field.comodel_name in UNREACHABLE
            or not self._policy.is_listed(name, "write_fields")
            or not self._policy.caller._has_field_access(field, "write")
            or self._policy.is_unlisted_secret(field, "write_fields")
        ):
            if self._policy.shows(name):
                raise ApiError("bad_value", _("%(field)s cannot be written here."), field=name)
            raise self._policy.unknown(name, self.may_write)
        try:
            self._check_open(field)
        except ApiError as exc:
            # the reason would reveal that a hidden field exists; every model has the magic ones
            if name in MAGIC or self._policy.shows(name):
                raise
            raise self._policy.unknown(name, self.may_write) from exc
        return field

    def _check_open(self, field):
        """Check that a field that the connection opens can be written, and on the model that it belongs to.

        :raise ApiError: ``bad_value``, ``access_denied``, ``unknown_field``
        """
        if is_set_by_odoo(field):
            raise ApiError(
                "bad_value", _("%(field)s is set by Odoo and cannot be written."), field=field.name
            )
        if self._is_written_elsewhere(field):
            self._check_related_write(field)
        self._check_markup(field)

    def may_write(self, name):
        """Return whether the caller may write a field, and so may learn that it exists."""
        with contextlib.suppress(ApiError):
            return bool(self.writable(name))
        return False

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
        if isinstance(value, Upload) and field.type != "binary":
            raise ApiError("bad_value", _("%(field)s is not a file."), field=field.name)
        loaded = values.load(
            field.type, field.name, value, getattr(field, "size", None), field.comodel_name
        )
        return base64.b64decode(loaded) if loaded and is_raw(field) else loaded

    def _value(self, field, value, gathered, record_id):
        """Convert a value for its field, and add the references that it makes."""
        loaded = self._typed(field, value, gathered)
        if field.type in values.X2MANY:
            return self._commands.load(field, loaded, gathered, record_id)
        if field.type == "many2one" and loaded:
            delegates = self._policy.caller._inherits.get(field.comodel_name) == field.name
            need = "change" if delegates else "read"
            gathered.refer(self._policy, record_id, field, field.comodel_name, [loaded], need)
            check_self_assignment(self._policy, field, loaded, record_id)
        elif field.type in ("selection", "reference") and loaded:
            choice = loaded.partition(",")[0] if field.type == "reference" else loaded
            if choice not in field.get_values(self._policy.model.env):
                raise self._no_option(field, choice)
            if field.type == "reference":
                ids = [int(loaded.partition(",")[2])]
                gathered.refer(self._policy, record_id, field, choice, ids)
        elif field.type == "binary" and loaded and isinstance(loaded, str):
            self._check_image(field, loaded)
        elif field.type == "properties_definition" and loaded:
            properties.check_definition(self._policy, field, loaded)
        return loaded

    def _no_option(self, field, choice):
        """Return the error for a value that is not an option of a selection, with the options that the caller has.

        Those of a reference are models, which nobody can list.
        """
        env, options = self._policy.caller.env, []
        if field.type == "selection":
            with caught(env, lambda exc: None):
                options = [str(option) for option in field.get_values(env)]
        if not options:
            return ApiError(
                "bad_value",
                _('"%(value)s" is not an option of %(field)s.'),
                value=choice[:128],
                field=field.name,
            )
        shown = options[:_MAX_OPTIONS] + ["…"] * (len(options) > _MAX_OPTIONS)
        return ApiError(
            "bad_value",
            _('"%(value)s" is not an option of %(field)s. Options: %(options)s.'),
            value=choice[:128],
            field=field.name,
            options=", ".join(shown),
        )

    def _check_image(self, field, value):
        """Check that only administrators write SVG, which Odoo checks on creation but not on a change.

        :raise UserError:
        """
        if not field.attachment:
            field.convert_to_column(value, self._policy.caller)


def _path_of(request, index):
    """Return the path of the values of one item of a :class:`~..tools.queries.WriteRequest`."""
    if not request.many:
        return ""
    return f"{'values' if request.items[index][0] is None else 'records'}[{index}]"
