# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check the commands of a one2many or many2many, and convert them to Odoo's form."""

from odoo.fields import Command

from ..tools.errors import ApiError, _
from . import membership

#: Nesting depth of commands within one write.
MAX_NESTED_COMMANDS = 10
_METHOD_OF_COMMAND = {"create": "POST", "update": "PUT", "delete": "DELETE"}


class Commands:
    """Load the commands that a client sends for relations, for one policy."""

    def __init__(self, policy):
        self._policy = policy

    def load(self, field, commands, gathered, record_id):
        """Check the commands of a relation and convert them to those that change it."""
        if field.type == "one2many" and not self._has_rows(field):
            self._check_unchanged(field, commands, record_id)
            return []
        replaces = field.type == "one2many" and field.store and record_id is not None
        self._read_own(field, commands, gathered)
        loaded = []
        for index, command in enumerate(commands):
            differences = None
            if replaces and command.kind in ("set", "clear"):
                differences = self._differences(field, command.ids, record_id)
            path = f"{gathered.at(field.name)}[{index}]"
            allowed = self._command(field, command, path, gathered, record_id, differences)
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
        everyone = set(self._policy.values.current(record_id, field)._ids)
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

    def _command(self, field, command, path, gathered, record_id, differences):
        """Check one command and convert it to Odoo's form.

        :param path: where the request has the command
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
            membership.check_links(self._policy, field, command, gathered, record_id, hidden)
        if need := self._need_of_command(field, command):
            gathered.refer(self._policy, record_id, field, related_policy.name, command.ids, need)
        if command.kind in ("create", "update"):
            gathered.changed[related_policy.name].update(command.ids)
            with gathered.within(path):
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
        nested = related_policy.values.load(command.values, gathered, record_id)
        gathered.depth -= 1
        return nested
