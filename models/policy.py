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
import contextlib
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
        "connection.api.idempotency",
        "connection.api.log",
        "connection.api.usage",
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
    "auth.",
    "auth_totp.",
    "base.automation",
    "base.",
    "bus.bus",
    "certificate.",
    "change.password.",
    "connection.api",
    "connection.api.",
    "fetchmail.server",
    "google.",
    "iap.",
    "ir.",
    "mail.alias",
    "mail.alias.",
    "mail.ice.server",
    "mail.push",
    "mail.push.",
    "mail.template",
    "microsoft.",
    "payment.provider",
    "payment.token",
    "portal.wizard",
    "portal.wizard.",
    "res.company.ldap",
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
#: Fields without a column whose search is not a model's own matter.
_OWN_SEARCH = frozenset(["id", "display_name"])
_POSITIVE = {"!=": "=", "not in": "in"} | {
    f"not {operator}": operator for operator in domains.LIKE if f"not {operator}" in domains.LIKE
}
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
        self._policies = {}
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
        policy = self._policies.get(comodel_name)
        if policy is None:
            if comodel_name in UNREACHABLE:
                raise ApiError("access_denied", _("This relation cannot be followed."))
            policy = Policy(self.caller.env[comodel_name], self._lookup(comodel_name), self._lookup)
            policy._policies = self._policies
            self._policies[comodel_name] = policy
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
            or found.comodel_name in UNREACHABLE
            or not self._listed(name, "read_fields")
            or not self.caller._has_field_access(found, "read")
            or (name == "display_name" and self._is_name_hidden())
        ):
            raise ApiError(
                error, _("Unknown field %(field)s on %(model)s."), field=name[:128], model=self.name
            )
        return found

    def usual(self):
        """What is answered where nobody asked for fields: those of the list, or the name, if the caller may see it."""
        found = []
        for name in sorted(self.connection.read_fields) or ["display_name"]:
            with contextlib.suppress(ApiError):
                found.append(self.readable(name).name)
        return found

    def _is_name_hidden(self):
        """Whether a record goes by a field that the caller may not see: sudo would tell it all the same."""
        found = self.model._fields.get(self.model._rec_name or "")
        return found is not None and not self.caller._has_field_access(found, "read")

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
            # where Odoo itself would sort by what the caller may not see, it is for Odoo to say
            visible = below.shows_all() if self.model.env.su else below.scope().is_true()
            if not visible:
                raise ApiError(
                    "bad_parameter", _("Records cannot be sorted by %(field)s."), field=found.name
                )
            for part in (below.model._order or "id").split(","):
                name = part.split()[0].split(".")[0]
                below._check_sortable(below.readable(name), (*seen, found))

    def check_groups(self, query):
        """Allow groups and aggregates.

        :param query: :class:`~..tools.query.GroupQuery`
        :raise ApiError: with everything that is not allowed
        """
        problems = Problems()
        sorted_by = {term.name for term in query.order}
        for group in query.groups:
            try:
                self._check_group(group)
                if str(group) in sorted_by and not group.granularity:
                    self._check_sortable(self.readable(group.field))
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
        if not groupable or bool(group.granularity) != dated or hours:
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
        domain = self._filter()
        if domain.is_true():
            return domain
        everything = self._everything()
        domain = domain.optimize_full(everything)
        if self.model.env.su and all(map(self._is_column, domain.iter_conditions())):
            return domain
        # on its own, for it sees archived records of other models whatever the request is about
        return Domain("id", "in", everything._search(domain))

    def _is_column(self, condition):
        found = self.model._fields.get(condition.field_expr)
        return bool(found and found.store and found.column_type) and "any" not in condition.operator

    def _filter(self):
        """
        :raise ValueError: for a filter that cannot be evaluated; it is nobody's mistake but the
            administrator's, so nothing may take it for an answer
        """
        if self.connection is None or not self.connection.domain:
            return Domain.TRUE
        return scope_domain(self.caller.env, self.connection.domain)

    def _everything(self):
        return self.model.sudo().with_context(active_test=False)

    def shows_all(self):
        """Whether neither filter nor record rules nor access rights keep a record from the caller."""
        if not self.scope().is_true():
            return False
        if self.model.env.su:
            return True
        rules = self.model.env["ir.rule"]
        return self.model.has_access("read") and rules._compute_domain(self.name, "read").is_true()

    def inside(self, ids):
        """Those of the ids that are, by now, within the connection's record filter.

        :rtype: set
        """
        domain = self._filter()
        if not ids or domain.is_true():
            return set(ids)
        return set(self._everything()._search(Domain("id", "in", list(ids)) & domain))

    def check_inside(self, ids):
        """Refuse what is, by now, outside of the connection's record filter.

        :raise ApiError: ``access_denied``; nothing of the request stays written
        """
        if len(self.inside(ids)) != len(ids):
            raise ApiError(
                "access_denied",
                _("A record of %(model)s would not be among those that are open."),
                model=self.name,
            )

    def check_pointed(self, ids, owned, name):
        """Refuse to relate records outside of the filter; in a one2many, which changes them, any that are not shown.

        :raise ApiError: ``validation_error``, as for an id that is no record
        """
        seen = set(self.fetch(list(ids), ["id"])._ids) if owned and ids else self.inside(ids)
        if missing := set(ids) - seen:
            raise _no_records(name, missing)

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
        self._check_searchable(found)
        if not rest and condition.operator in domains.HIERARCHIES:
            return self._hierarchy(found, condition)
        if not rest and found.name == "display_name":
            return self._by_name(condition)
        if found.relational and _holds_text(condition.value):
            return self._by_related_name(found, condition)
        path = ".".join(condition.path)
        field_type = "integer" if rest and found.type != "properties" else found.type
        if field_type == "properties":
            return Domain(path, condition.operator, _plain(condition.value))
        value = values.load_condition(field_type, path, condition.operator, condition.value)
        return Domain(path, condition.operator, value)

    def _check_searchable(self, found):
        """
        :raise ApiError: ``bad_domain`` for a field that cannot be searched, or whose search looks at
            fields that the caller may not see
        """
        limited = self.connection is not None and self.connection.read_fields
        derived = not found.store and not found.related and found.name not in _OWN_SEARCH
        if not found._description_searchable or (limited and derived):
            raise _unsearchable(found.name)

    def _by_name(self, condition):
        """A search by name looks at whatever the model goes by (e-mail, reference …): at those the caller may see.

        Where nothing is lifted, that is Odoo's own matter.

        :raise ApiError: ``bad_domain`` when there is none
        """
        limited = self.connection is not None and self.connection.read_fields
        if not limited and not self.model.env.su:
            value = values.load_condition(
                "char", "display_name", condition.operator, condition.value
            )
            return Domain("display_name", condition.operator, value)
        positive = _POSITIVE.get(condition.operator, condition.operator)
        names = self.model._rec_names_search or filter(None, [self.model._rec_name])
        choices = []
        for path in names:
            with contextlib.suppress(ApiError):
                choices.append(
                    self._domain(
                        domains.Condition(tuple(path.split(".")), positive, condition.value)
                    )
                )
        if not choices:
            raise _unsearchable("display_name")
        found = Domain.OR(choices)
        return found if positive == condition.operator else ~found

    def _by_related_name(self, found, condition):
        """Text in place of an id: the related records of that name, as far as their policy shows them."""
        positive = _POSITIVE.get(condition.operator, condition.operator)
        operator = "any" if positive == condition.operator else "not any"
        given = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        texts = tuple(item for item in given if isinstance(item, str))
        if positive in domains.LIKE:
            return self._by_name_of(found, operator, positive, texts[0])
        if positive not in ("=", "=?", "in"):
            raise _unsearchable(found.name)
        domain = self._by_name_of(found, operator, "in", texts)
        others = tuple(item for item in given if not isinstance(item, str))
        if others:
            value = values.load_condition(found.type, found.name, "in", others)
            if operator == "any":
                return domain | Domain(found.name, "in", value)
            return domain & Domain(found.name, "not in", value)
        return domain

    def _by_name_of(self, found, any_operator, operator, value):
        name = domains.Condition(("display_name",), operator, value)
        return self._related(found, any_operator, lambda below: below._by_name(name))

    def _hierarchy(self, found, condition):
        """Records above or below those that the caller may see; the way there is for the caller to see, too.

        :raise ApiError: ``bad_domain`` for a field that has no hierarchy, ``unknown_field``
        """
        if not found.relational and found.name != "id":
            raise _unsearchable(found.name)
        below = self.reading(found.comodel_name) if found.relational else self
        given = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        start = Domain("id", "in", [item for item in given if type(item) is int])
        for text in given:
            if isinstance(text, str):
                start |= below._by_name(domains.Condition(("display_name",), "ilike", text))
        if not below.model.has_access("read"):
            return Domain.FALSE
        model = below.model.with_context(active_test=False)
        ids = list(model._search(start & below.scope()))
        if found.relational and below.name == self.name:  # its own field is the way
            return Domain(found.name, condition.operator, ids)
        below.readable(below.model._parent_name)
        if found.relational:
            return self._any(
                found, "any", domains.Condition(("id",), condition.operator, tuple(ids))
            )
        return Domain("id", condition.operator, ids)

    def _any(self, found, operator, node):
        return self._related(found, operator, lambda below: below._domain(node))

    def _related(self, found, operator, condition):
        """A condition on related records sees exactly the records that the related policy shows."""
        if not found._description_searchable:
            raise _unsearchable(found.name)
        below = self.reading(found.comodel_name)
        inner = condition(below) & below.scope()
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
                    problems.catch(_no_records(name, gone))
        problems.raise_if_any()


def _no_records(name, ids):
    return ApiError(
        "validation_error",
        _("%(field)s: there is no record %(ids)s."),
        field=name,
        ids=", ".join(map(str, sorted(ids))),
    )


def _unsearchable(name):
    return ApiError("bad_domain", _("%(field)s cannot be searched."), field=name)


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
