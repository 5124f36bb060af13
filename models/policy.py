# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""One object decides: may this caller do this to these fields of these records?

``fields``, ``expand``, ``domain`` and ``values`` all ask it; nothing of a request reaches the ORM
before it has said yes. The rules it keeps, whatever a connection opens:

- ``sudo`` lifts access rights and record rules, never a field's own ``groups=``;
- on a model that decides who may do what, ``sudo`` counts for administrators alone;
- another model is reached (``expand``, a dotted path, x2many commands) only as far as its own
  connection allows; one that has none is read with the caller's own rights and never written.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo.fields import Command, Domain

from ..tools import domain as domains
from ..tools import values
from ..tools.errors import ApiError, Problems, _

#: Never reachable, whoever asks: tokens, keys, throttles. This addon's own, and Odoo's.
UNREACHABLE = frozenset(
    [
        "jwt.login.throttle",
        "jwt.mfa.challenge",
        "jwt.refresh.token",
        "jwt.security.event",
        "jwt.session",
        "jwt.signing.key",
        "auth.passkey.key",
        "auth_totp.device",
        "auth.totp.rate.limit.log",
        "res.users.apikeys",
    ]
)
#: Models that decide who may do what, or that hold code or secrets: users, groups, access rights,
#: record rules, parameters, server actions, crons, views, mail servers … ``sudo`` is for
#: administrators there. A name that ends with a dot stands for all that begin with it.
PROTECTED = (
    "base.automation",
    "base.",
    "change.password.",
    "connection.api",
    "fetchmail.server",
    "google.",
    "iap.",
    "ir.",
    "mail.template",
    "microsoft.",
    "payment.provider",
    "res.config",
    "res.config.",
    "res.device",
    "res.device.",
    "res.groups",
    "res.groups.",
    "res.users",
    "res.users.",
)
_PROTECTED_NAMES = frozenset(name for name in PROTECTED if not name.endswith("."))
_PROTECTED_PREFIXES = tuple(name for name in PROTECTED if name.endswith("."))

#: What Odoo keeps itself; a value for it would be lost without a word.
_MAGIC = frozenset(["id", "create_uid", "create_date", "write_uid", "write_date", "display_name"])
_DATE_PARTS = frozenset(
    "year_number quarter_number month_number iso_week_number day_of_year day_of_month day_of_week"
    " hour_number minute_number second_number".split()
)
#: Records within records within one write.
MAX_NESTED_COMMANDS = 10
_METHOD_OF_COMMAND = {"create": "POST", "update": "PUT", "delete": "DELETE"}


def is_protected(model_name):
    return model_name in _PROTECTED_NAMES or model_name.startswith(_PROTECTED_PREFIXES)


@dataclass(frozen=True)
class Column:
    """One field of an answer; ``below`` is the plan of an expanded relation."""

    name: str
    kind: str
    below: Any = None


@dataclass(frozen=True)
class Plan:
    """A selection that has been allowed."""

    policy: Any
    columns: tuple[Column, ...] = ()

    @property
    def names(self):
        return [column.name for column in self.columns]


@dataclass
class _References:
    """Ids that values point to, by model: they are looked for once, together.

    ``depth`` counts the x2many commands that stand inside of each other right now.
    """

    found: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    depth: int = 0

    def add(self, model_name, field_name, ids):
        self.found[model_name][field_name].update(ids)


class Policy:
    """What one caller may do with one model.

    :param caller: the model, empty, in the caller's own environment
    :param connection: its :class:`~.connection_api.Connection`, or None when it has none
    :param lookup: model name → connection or None
    """

    def __init__(self, caller, connection, lookup):
        self.caller = caller.sudo(False)
        self.connection = connection
        self._lookup = lookup
        self._related = {}
        elevated = connection is not None and (
            not is_protected(caller._name) or self.caller.env.user._is_system()
        )
        #: The model in the environment its operations run in.
        self.model = self.caller.sudo() if elevated else self.caller

    @property
    def name(self):
        return self.caller._name

    def allows(self, method):
        """Whether the model's own connection opens an HTTP method."""
        return self.connection is not None and method in self.connection.methods

    def related(self, comodel_name):
        """The policy of a model that a relation leads to.

        :raise ApiError: ``access_denied`` for a model that is never reachable
        """
        policy = self._related.get(comodel_name)
        if policy is None:
            if comodel_name in UNREACHABLE:
                raise ApiError("access_denied", _("This relation cannot be followed."))
            policy = Policy(self.caller.env[comodel_name], self._lookup(comodel_name), self._lookup)
            policy._related = self._related
            self._related[comodel_name] = policy
        return policy

    def reading(self, comodel_name):
        """As :meth:`related`, for reading through a relation.

        :raise ApiError: ``access_denied`` when the model's connection does not open GET
        """
        policy = self.related(comodel_name)
        if policy.connection is not None and not policy.allows("GET"):
            raise ApiError(
                "access_denied",
                _("%(model)s may not be read through this API."),
                model=comodel_name,
            )
        return policy

    # --- fields ------------------------------------------------------------------------

    def readable(self, name, error="unknown_field"):
        """The field, if there is one of that name and the caller may see it in Odoo.

        :raise ApiError: the same for both, so that nobody can list what is hidden
        """
        found = self.model._fields.get(name)
        if found is None or not self.caller._has_field_access(found, "read"):
            raise ApiError(
                error, _("Unknown field %(field)s on %(model)s."), field=name[:128], model=self.name
            )
        return found

    def plan(self, selection):
        """Allow what is to be answered.

        :param selection: :class:`~..tools.query.Selection`
        :rtype: Plan
        :raise ApiError: with everything that is not allowed
        """
        problems = Problems()
        plan = self._plan(selection, problems)
        problems.raise_if_any()
        return plan

    def _plan(self, selection, problems):
        columns = []
        for name in selection.fields:
            try:
                found = self.readable(name)
                below = selection.expand.get(name)
                if below is not None:
                    if not found.relational:
                        raise ApiError(
                            "bad_parameter", _("%(field)s is not a relation."), field=name
                        )
                    below = self.reading(found.comodel_name)._plan(below, problems)
            except ApiError as exc:
                problems.catch(exc)
                continue
            if name != "id":
                columns.append(Column(name, found.type, below))
        return Plan(self, tuple(columns))

    # --- records -----------------------------------------------------------------------

    def domain(self, node):
        """Odoo's domain for a client's, every condition checked.

        :param node: a tree of :mod:`~..tools.domain`
        :rtype: odoo.fields.Domain
        :raise ApiError: ``bad_domain``, ``unknown_field``, ``access_denied``
        """
        domain = self._domain(node)
        try:
            return domain.optimize_full(self.model)
        except (ValueError, TypeError, KeyError, NotImplementedError) as exc:
            raise ApiError(
                "bad_domain", _("The domain asks something that Odoo cannot search.")
            ) from exc

    def _domain(self, node):
        match node:
            case domains.Every(children):
                return Domain.AND([self._domain(child) for child in children])
            case domains.Either(children):
                return Domain.OR([self._domain(child) for child in children])
            case domains.Not(child):
                return ~self._domain(child)
        return self._condition(node)

    def _condition(self, condition):
        name, *rest = condition.path
        found = self.readable(name)
        if found.relational and rest:
            inner = domains.Condition(tuple(rest), condition.operator, condition.value)
            return self._any(found, "any", inner)
        if condition.operator in domains.NESTED:
            if not found.relational or rest:
                raise ApiError("bad_domain", _("%(field)s is not a relation."), field=name)
            return self._any(found, condition.operator, condition.value)
        if rest and not (
            found.type == "properties"
            or (found.type in ("date", "datetime") and len(rest) == 1 and rest[0] in _DATE_PARTS)
        ):
            raise ApiError("bad_domain", _("%(field)s has no fields of its own."), field=name)
        if not found._description_searchable:
            raise ApiError("bad_domain", _("%(field)s cannot be searched."), field=name)
        path = ".".join(condition.path)
        field_type = "integer" if rest and found.type != "properties" else found.type
        if field_type == "properties":
            return Domain(path, condition.operator, _plain(condition.value))
        value = values.load_condition(field_type, path, condition.operator, condition.value)
        return Domain(path, condition.operator, value)

    def _any(self, found, operator, node):
        """A condition on related records sees exactly the records that the related policy shows."""
        below = self.reading(found.comodel_name)
        inner = below._domain(node)
        if below.model.env.su == self.model.env.su:
            return Domain(found.name, operator, inner)
        if not below.model.has_access("read"):
            return Domain(operator == "not any")
        model = (
            below.model.with_context(active_test=False) if found.type == "many2one" else below.model
        )
        return Domain(found.name, operator, model._search(inner))

    def visible(self, ids):
        """Those of the ids that this policy shows, for following a relation."""
        records = self.model.browse(ids)
        if records.env.su:
            return records
        if not records.has_access("read"):
            return records.browse()
        return records._filtered_access("read")

    # --- values ------------------------------------------------------------------------

    def writing(self, request):
        """Allow a write: what ``create`` and ``write`` take, and what is to be answered.

        :param request: :class:`~..tools.query.WriteRequest`
        :return: the values for Odoo, and the :class:`Plan` of the answer
        :raise ApiError: with everything that is not allowed
        """
        problems, references = Problems(), _References()
        plan = self._plan(request.selection, problems)
        loaded = self._values(request.values, problems, references)
        problems.raise_if_any()
        self._check_references(references)
        return loaded, plan

    def _values(self, given, problems, references):
        loaded = {}
        for name, value in given.items():
            try:
                found = self._writable(name)
                loaded[name] = self._value(found, value, problems, references)
            except ApiError as exc:
                problems.catch(exc)
        return loaded

    def _writable(self, name):
        found = self.model._fields.get(name)
        if found is None or not self.caller._has_field_access(found, "write"):
            raise ApiError(
                "unknown_field",
                _("Unknown field %(field)s on %(model)s."),
                field=name[:128],
                model=self.name,
            )
        computed = found.compute and found.readonly and not found.inverse
        if name in _MAGIC or computed or (not found.store and not found.inverse):
            raise ApiError(
                "bad_value", _("Odoo keeps %(field)s itself; it cannot be written."), field=name
            )
        if found.related:
            self._check_related_write(found)
        return found

    def _check_related_write(self, found):
        """A related field writes another model: one that is open for PUT, or a part of this one."""
        model_name = self.name
        for step in found.related.split(".")[:-1]:
            model_name = self.model.env[model_name]._fields[step].comodel_name
        target = self.related(model_name)
        if found.inherited:
            allowed = not is_protected(model_name) or not self.model.env.su or target.model.env.su
        else:
            allowed = self._may_write_through(target, "PUT")
        if not allowed:
            raise ApiError(
                "access_denied", _("%(field)s cannot be written here."), field=found.name
            )

    def _may_write_through(self, target, method):
        """Whether a write here may go on to another model: never with more rights than its own policy gives."""
        return target.allows(method) and (target.model.env.su or not self.model.env.su)

    def _value(self, found, value, problems, references):
        loaded = values.load(found.type, found.name, value)
        if found.type in values.X2MANY:
            return [self._command(found, command, problems, references) for command in loaded]
        if found.type == "many2one" and loaded:
            references.add(found.comodel_name, found.name, [loaded])
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
                references.add(choice, found.name, [int(loaded.partition(",")[2])])
        return loaded

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
        if command.kind != "unlink":
            references.add(below.name, found.name, command.ids)
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

    def _nested_values(self, found, command, problems, references):
        """
        :raise ApiError: ``bad_value`` below a depth at which Python's stack, and Odoo's, come to their end
        """
        if references.depth >= MAX_NESTED_COMMANDS:
            raise ApiError(
                "bad_value", _("%(field)s: commands are nested too deeply."), field=found.name
            )
        references.depth += 1
        nested = self._values(command.values, problems, references)
        references.depth -= 1
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
                    problems.add(
                        "validation_error",
                        _("%(field)s: there is no record %(ids)s."),
                        field=name,
                        ids=", ".join(map(str, gone)),
                    )
        problems.raise_if_any()


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
