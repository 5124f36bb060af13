# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""One object decides: may this caller do this to these fields of these records?

``fields``, ``expand``, ``domain`` and ``values`` all ask it; nothing of a request reaches the ORM
before it has said yes. The rules it keeps, whatever a connection opens:

- ``sudo`` lifts access rights and record rules, never a field's own ``groups=``;
- on a model that decides who may do what, ``sudo`` counts for administrators alone;
- what ``fields`` cannot show, ``domain``, ``order`` and ``groupby`` cannot ask for;
- another model is reached (``expand``, a dotted path, x2many commands) only as far as its own
  connection allows; one that has none is read with the caller's own rights and never written.
"""

import base64
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo.fields import Command, Domain
from odoo.models import BaseModel

from ..tools import domain as domains
from ..tools import filter as filters
from ..tools import query as queries
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
    "connection.api.",
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
_NUMBERS = frozenset(["integer", "float", "monetary"])
_SORTABLE = _NUMBERS | frozenset(
    "char text html selection boolean date datetime many2one many2one_reference reference".split()
)
_GROUPABLE = _SORTABLE | {"many2many"}
#: Types that an aggregate is made of; of the others any column.
_AGGREGATED = {
    "sum": _NUMBERS,
    "avg": _NUMBERS,
    "min": _NUMBERS | {"date", "datetime"},
    "max": _NUMBERS | {"date", "datetime"},
    "bool_and": frozenset(["boolean"]),
    "bool_or": frozenset(["boolean"]),
}
#: Records within records within one write.
MAX_NESTED_COMMANDS = 10
_METHOD_OF_COMMAND = {"create": "POST", "update": "PUT", "delete": "DELETE"}


def is_kept_by_odoo(field):
    """Whether a value for the field would be lost without a word."""
    computed = field.compute and field.readonly
    return field.name in _MAGIC or (not field.inverse and bool(computed or not field.store))


def is_protected(model_name):
    return model_name in _PROTECTED_NAMES or model_name.startswith(_PROTECTED_PREFIXES)


def is_raw(found):
    """Whether a binary field holds the bytes themselves, where all others of Odoo hold base64."""
    return found.name == "raw" and found.model_name == "ir.attachment"


@dataclass(frozen=True)
class Column:
    """One field of an answer; ``below`` is the plan of an expanded relation."""

    name: str
    kind: str
    below: Any = None


@dataclass(frozen=True)
class Plan:
    """A selection that has been allowed.

    ``order`` (of Odoo, empty for the relation's own) and ``limit`` are those of a relation.
    """

    policy: Any
    columns: tuple[Column, ...] = ()
    order: str = ""
    limit: int | None = None

    @property
    def names(self):
        return [column.name for column in self.columns]


@dataclass
class _References:
    """Ids that values point to, by model: they are looked for once, together.

    ``path`` names the x2many fields whose commands stand inside of each other right now, and
    ``scopes`` the relations that lead to records of a connection with a record filter.
    """

    found: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    path: list = field(default_factory=list)
    scopes: dict = field(default_factory=dict)

    def add(self, model_name, field_name, ids):
        self.found[model_name][field_name].update(ids)


@dataclass
class Scope:
    """What x2many commands do to records whose connection has a filter, for :mod:`.writer` to hold them to it.

    ``touched`` are changed or deleted; ``linked`` are only pointed to, which needs nothing of them.
    """

    path: tuple[str, ...]
    policy: Any
    touched: set = field(default_factory=set)
    linked: set = field(default_factory=set)


@dataclass(frozen=True)
class Write:
    """Values that have been allowed, as Odoo takes them."""

    values: dict
    scopes: tuple[Scope, ...] = ()


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
        self._scope = None
        elevated = (
            connection is not None
            and not connection.as_user
            and (not is_protected(caller._name) or self.caller.env.user._is_system())
        )
        #: The model in the environment its operations run in.
        self.model = self.caller.sudo() if elevated else self.caller

    @property
    def name(self):
        return self.caller._name

    def admits(self):
        """Whether the connection is for this caller."""
        groups = self.connection.groups
        return not groups or not groups.isdisjoint(self.caller.env.user._get_group_ids())

    def allows(self, method):
        """Whether the model's own connection opens an HTTP method for this caller."""
        return self.connection is not None and method in self.connection.methods and self.admits()

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
        """The field, if there is one of that name, the connection lists it and the caller may see it in Odoo.

        :raise ApiError: the same for all three, so that nobody can list what is hidden
        """
        found = self.model._fields.get(name)
        if (
            found is None
            or not self._listed(name, "read_fields")
            or not self.caller._has_field_access(found, "read")
        ):
            raise ApiError(
                error, _("Unknown field %(field)s on %(model)s."), field=name[:128], model=self.name
            )
        return found

    def _listed(self, name, which):
        allowed = self.connection is not None and getattr(self.connection, which)
        return not allowed or name in allowed or (name == "id" and which == "read_fields")

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
        order = ""
        try:
            order = self._order(selection.order)
        except ApiError as exc:
            problems.catch(exc)
        return Plan(self, tuple(columns), order, selection.limit)

    # --- order and groups --------------------------------------------------------------

    def order(self, terms):
        """Odoo's order for a client's, ending with the id so that it leaves nothing to chance.

        :param terms: :class:`~..tools.query.OrderTerm` s
        :rtype: str
        :raise ApiError: ``unknown_field``, ``bad_parameter``
        """
        return self._order(terms) or "id desc"

    def _order(self, terms):
        problems = Problems()
        for term in terms:
            try:
                self._check_sortable(self.readable(term.name))
            except ApiError as exc:
                problems.catch(exc)
        problems.raise_if_any()
        if terms and all(term.name != "id" for term in terms):
            terms = (*terms, queries.OrderTerm("id", descending=True))
        return ", ".join(map(str, terms))

    def _check_sortable(self, found, seen=()):
        """Only what stands in a column sorts; a many2one sorts as its model does, by what the caller may see."""
        real = found.store or found.inherited
        if (
            not real
            or found.type not in _SORTABLE
            or not found._description_sortable(self.model.env)
        ):
            raise ApiError(
                "bad_parameter", _("Records cannot be sorted by %(field)s."), field=found.name
            )
        if found.type == "many2one" and found not in seen:
            below = self.reading(found.comodel_name)
            for part in (below.model._order or "id").split(","):
                name = part.split()[0].split(".")[0]
                below._check_sortable(below.readable(name), (*seen, found))

    def check_groups(self, query):
        """Allow groups and aggregates.

        :param query: :class:`~..tools.query.GroupQuery`
        :raise ApiError: with everything that is not allowed
        """
        problems = Problems()
        for group in query.groups:
            try:
                self._check_group(group)
            except ApiError as exc:
                problems.catch(exc)
        for aggregate in query.aggregates:
            try:
                self._check_aggregate(aggregate)
            except ApiError as exc:
                problems.catch(exc)
        problems.raise_if_any()

    def _check_group(self, group):
        found = self.readable(group.field)
        dated = found.type in ("date", "datetime")
        hours = group.granularity == "hour" and found.type == "date"
        groupable = found.type in _GROUPABLE and found._description_groupable(self.model.env)
        if not groupable or (group.granularity and not dated) or hours:
            raise ApiError(
                "bad_parameter", _("Records cannot be grouped by %(group)s."), group=str(group)
            )
        if found.relational:
            self.reading(found.comodel_name)

    def _check_aggregate(self, aggregate):
        found = self.readable(aggregate.field)
        kinds = _AGGREGATED.get(aggregate.function)
        real = (found.store or found.inherited) and found.column_type
        if not real or (kinds is not None and found.type not in kinds):
            raise ApiError(
                "bad_parameter", _("There is no %(aggregate)s."), aggregate=str(aggregate)
            )

    # --- records -----------------------------------------------------------------------

    def domain(self, node):
        """Odoo's domain for a client's, every condition checked, within the connection's own filter.

        :param node: a tree of :mod:`~..tools.domain`
        :rtype: odoo.fields.Domain
        :raise ApiError: ``bad_domain``, ``unknown_field``, ``access_denied``
        """
        domain, scope = self._domain(node), self.scope()
        try:
            return domain.optimize_full(self.model) & scope
        except (ValueError, TypeError, KeyError, NotImplementedError) as exc:
            raise ApiError(
                "bad_domain", _("The domain asks something that Odoo cannot search.")
            ) from exc

    def scope(self):
        """The connection's record filter for this caller; it sees all fields, as a record rule does.

        Evaluated once a request, not kept: it may name what the user is now (``user.partner_id``).

        :rtype: odoo.fields.Domain
        """
        if self._scope is None:
            self._scope = self._evaluate_scope()
        return self._scope

    def _evaluate_scope(self):
        if self.connection is None or not self.connection.domain:
            return Domain.TRUE
        domain = scope_domain(self.caller.env, self.connection.domain)
        if self.model.env.su:
            return domain
        return Domain("id", "in", self._everything()._search(domain))

    def _everything(self):
        return self.model.sudo().with_context(active_test=False)

    def check_inside(self, ids):
        """Refuse what is, by now, outside of the connection's record filter.

        :raise ApiError: ``access_denied``; nothing of the request stays written
        """
        if not ids or self.connection is None or not self.connection.domain:
            return
        domain = scope_domain(self.caller.env, self.connection.domain)
        inside = self._everything().search_count(Domain("id", "in", list(ids)) & domain)
        if inside != len(ids):
            raise ApiError(
                "access_denied",
                _("A record of %(model)s would not be among those that are open."),
                model=self.name,
            )

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
        self._check_searchable(found, condition)
        path = ".".join(condition.path)
        field_type = "integer" if rest and found.type != "properties" else found.type
        if field_type == "properties":
            return Domain(path, condition.operator, _plain(condition.value))
        value = values.load_condition(field_type, path, condition.operator, condition.value)
        return Domain(path, condition.operator, value)

    def _check_searchable(self, found, condition):
        """
        :raise ApiError: ``bad_domain`` for a field that cannot be searched, or whose search looks at
            fields that the caller may not see
        """
        limited = self.connection is not None and self.connection.read_fields
        derived = not found.store and not found.related and found.name != "display_name"
        if not found._description_searchable or (limited and derived and found.name != "id"):
            raise ApiError("bad_domain", _("%(field)s cannot be searched."), field=found.name)
        if found.name == "display_name":
            self._check_name_search(found)
        elif found.relational and _holds_text(condition.value):
            self.reading(found.comodel_name)._check_name_search(found)

    def _check_name_search(self, asked):
        """A search by name looks at whatever the model goes by: e-mail, reference, barcode …"""
        model = self.model
        limited = self.connection is not None and self.connection.read_fields
        if limited and type(model)._search_display_name is not BaseModel._search_display_name:
            raise ApiError("bad_domain", _("%(field)s cannot be searched."), field=asked.name)
        if limited or model.env.su:
            for name in model._rec_names_search or filter(None, [model._rec_name]):
                self.readable(name.split(".")[0])

    def _any(self, found, operator, node):
        """A condition on related records sees exactly the records that the related policy shows."""
        below = self.reading(found.comodel_name)
        inner = below._domain(node) & below.scope()
        if below.model.env.su == self.model.env.su:
            return Domain(found.name, operator, inner)
        if not below.model.has_access("read"):
            return Domain(operator == "not any")
        model = (
            below.model.with_context(active_test=False) if found.type == "many2one" else below.model
        )
        return Domain(found.name, operator, model._search(inner))

    def fetch(self, ids, names, order=""):
        """Those of the ids that this policy shows, in ``order`` or as they come, with these fields read.

        One statement, for following a relation.
        """
        records = self.model.browse(ids)
        scope = self.scope()
        if not order and self.model.env.su and scope.is_true():
            records.fetch(names)
            return records
        if not records or not self.model.has_access("read"):
            return records.browse()
        found = self.model.with_context(active_test=False).search_fetch(
            Domain("id", "in", list(ids)) & scope, names, order=order or "id"
        )
        found = found.with_env(self.model.env)
        if order:
            return found
        known = set(found._ids)
        return records.browse([key for key in ids if key in known])

    # --- values ------------------------------------------------------------------------

    def writing(self, request):
        """Allow a write: what ``create`` and ``write`` take, and what is to be answered.

        :param request: :class:`~..tools.query.WriteRequest`
        :return: a :class:`Write` per item of the request, and the :class:`Plan` of the answer
        :raise ApiError: with everything that is not allowed
        """
        problems = Problems()
        plan = self._plan(request.selection, problems)
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

    def _values(self, given, problems, references, record_id=None):
        """
        :param record_id: None for a record to create
        """
        loaded, properties = {}, []
        for name, value in given.items():
            try:
                found = self.writable(name)
                loaded[name] = self._value(found, value, problems, references)
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

    @staticmethod
    def _note_scope(found, below, command, method, references):
        if below.connection is None or not below.connection.domain:
            return
        path = (*references.path, found.name)
        scope = references.scopes.setdefault(path, Scope(path, below))
        (scope.touched if method else scope.linked).update(command.ids)

    def _nested_values(self, found, command, problems, references):
        """
        :raise ApiError: ``bad_value`` below a depth at which Python's stack, and Odoo's, come to their end
        """
        if len(references.path) >= MAX_NESTED_COMMANDS:
            raise ApiError(
                "bad_value", _("%(field)s: commands are nested too deeply."), field=found.name
            )
        references.path.append(found.name)
        record_id = command.ids[0] if command.kind == "update" else None
        nested = self._values(command.values, problems, references, record_id)
        references.path.pop()
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


def scope_domain(env, text):
    """The domain of a record filter for the caller, whose environment this is; nothing is executed.

    It may name what a record rule may (``ir.rule._eval_context``), and ``uid``. Not the time:
    domains have words for that themselves (``"today"``, ``"-7d"``).

    :rtype: odoo.fields.Domain
    :raise ValueError: for a text that is no filter, or none any more
    """
    names = {
        "user": env(context={}).user,
        "uid": env.uid,
        "company_id": env.company.id,
        "company_ids": env.companies.ids,
    }
    return Domain(filters.evaluate(filters.parse(text), names, _follow))


def _follow(record, name):
    """A field of the user, or of what it leads to; never a method.

    :raise ValueError: for anything else
    """
    if not isinstance(record, BaseModel) or (name not in record._fields and name != "ids"):
        raise filters.FilterError(name)
    return record.ids if name == "ids" else record[name]


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _holds_text(value):
    return any(isinstance(item, str) for item in (value if isinstance(value, tuple) else (value,)))
