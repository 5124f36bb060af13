# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Decide what one caller may do to which fields of which records.

``fields``, ``expand``, ``domain`` and ``values`` are all checked by the policy before anything of a
request reaches the ORM. These rules apply whatever a connection opens:

- A connection lifts access rights and record rules (:mod:`.grants`), never a field's own ``groups=``.
- On a model that controls access, a connection lifts them for administrators only.
- A field that holds a secret, such as ``access_token``, is shown only if the connection lists it.
- ``domain``, ``order`` and ``groupby`` cannot use a field that ``fields`` cannot show.
- Another model is accessible (``expand``, a dotted path, x2many commands) only as far as its own
  connection allows. A model without a connection is read with the caller's own rights, and the
  values of a request cannot create, change or delete its records.
"""

import functools
from dataclasses import dataclass
from typing import Any

from ..tools import domains, names
from ..tools.errors import ApiError, Problems, UnknownField, _
from . import grants
from .domain import DomainBuilder
from .order import OrderBuilder, not_sorted
from .protected import UNREACHABLE
from .records import Records
from .values import ValueLoader


@dataclass(frozen=True)
class Column:
    """One field of a response; ``plan`` is set for an expanded relation."""

    name: str
    kind: str
    plan: Any = None


@dataclass(frozen=True)
class Plan:
    """A selection that the policy allows.

    ``order`` (in Odoo's form; empty for the default order of the relation) and ``limit`` are set for a
    relation only.
    """

    policy: Any
    columns: tuple[Column, ...] = ()
    order: str = ""
    limit: int | None = None

    @property
    def names(self):
        return [column.name for column in self.columns]


#: HTTP method → access mode of Odoo.
MODE_OF_METHOD = {method: mode for mode, method in grants.METHODS.items()}


class Policy:
    """Authorize one caller on one model.

    A policy has three environments, each for one purpose:

    - ``caller``: the caller's own rights, nothing lifted.
    - ``search``: what connections open is lifted, nothing else. It decides what the client sees.
    - ``model``: used inside an operation, where Odoo's own code may read further records it needs.

    For a connection that lifts nothing, all three are the same.

    :param caller: the model as an empty recordset in the caller's own environment
    :param connection: the :class:`~.connection_api.Connection` of the model, None if it has none
    :param mode: the access mode of the request, None for an action
    :param root: the policy of the request's own model, None if this is that policy
    """

    def __init__(self, caller, connection, mode="read", root=None):
        self.caller = caller.sudo(False).with_env(grants.plain(caller.env))
        self.connection = connection
        self.root = root or self
        self.records = Records(self)
        self.domains = DomainBuilder(self)
        self.values = ValueLoader(self)
        self.ordering = OrderBuilder(self)
        self._search = None
        if root is None:
            self._policies = {self.name: self}
            self.elevated = self.lifts_at_all() and not self.is_protected(mode or "write")
            self.grant = grants.Grant(self, mode)
        else:
            self.elevated = self.lifts("read")
        self.model = self.root.full_env[self.name] if self.elevated else self.caller

    @property
    def search(self):
        """Return the model in the environment that decides which records the client sees."""
        if self._search is None:
            self._search = self.strict if self.elevated else self.caller
            if not self.elevated:
                self._prefetch_company_tree()
        return self._search

    @property
    def working(self):
        """Return the model in the environment for writes, in which other models are lifted as far as they are open."""
        root = self.root
        return (root.full_env if root.elevated else root.strict_env)[self.name]

    @functools.cached_property
    def full_env(self):
        return self.grant.env(self.caller.env)

    @functools.cached_property
    def strict_env(self):
        return self.grant.strict.env(self.caller.env)

    @property
    def strict(self):
        """Return the model in the environment that lifts what connections open, and nothing else."""
        return self.root.strict_env[self.name]

    def lifts_at_all(self):
        return self.connection is not None and not self.connection.as_user

    def lifts(self, mode):
        """Return whether the connection lifts access rights and record rules for an access mode."""
        return (
            self.lifts_at_all()
            and self.allows(grants.METHODS[mode])
            and not self.is_protected(mode)
        )

    def is_protected(self, mode):
        """Return whether a mode is protected: for all but administrators, in a wizard for everybody."""
        modes = self.caller.env["connection.api.protection"]._protected_modes(self.name)
        return mode in modes and (self.caller._transient or not self.caller.env.user._is_system())

    def _prefetch_company_tree(self):
        rules = self.caller.env["ir.rule"]._compute_domain(self.name, "read")
        if any(rule.operator in domains.HIERARCHIES for rule in rules.iter_conditions()):
            self.caller.env.companies._jwt_prefetch_parent_paths()

    def check_mode(self, mode):
        """Check that the caller may create, write or delete at least some records of the model.

        :raise AccessError: before anything that the request names is looked up
        """
        self.working.check_access(mode)

    @property
    def name(self):
        return self.caller._name

    def includes_caller(self):
        """Return whether the caller is in a group of the connection; a connection without groups is for everybody."""
        groups = self.connection.groups
        return not groups or not groups.isdisjoint(self.caller.env.user._get_group_ids())

    def allows(self, method):
        """Return whether the model's own connection opens an HTTP method for this caller."""
        return (
            self.connection is not None
            and method in self.connection.methods
            and self.includes_caller()
        )

    def is_closed_to_reads(self):
        """Return whether the model has a connection that does not open GET for this caller."""
        return self.connection is not None and not self.allows("GET")

    def related(self, comodel_name):
        """Return the policy of a model that a relation leads to.

        :raise ApiError: ``access_denied`` for a model that the API never exposes
        """
        policies = self.root._policies
        policy = policies.get(comodel_name)
        if policy is None:
            if comodel_name in UNREACHABLE:
                raise ApiError("access_denied", _("This relation cannot be followed."))
            caller = self.caller.env[comodel_name]
            connection = caller.env["connection.api"]._connection(comodel_name)
            policies[comodel_name] = policy = Policy(caller, connection, root=self.root)
        return policy

    def reading(self, comodel_name):
        """Return the policy of :meth:`related`, for reading through a relation.

        :raise ApiError: ``access_denied`` when the model's connection does not open GET
        """
        policy = self.related(comodel_name)
        if policy.is_closed_to_reads():
            raise ApiError(
                "access_denied",
                _("%(model)s cannot be read through this API."),
                model=comodel_name,
            )
        return policy

    # --- fields ------------------------------------------------------------------------

    def readable(self, name, *, record=None, column=True):
        """Return a field as :meth:`visible` does.

        :raise ApiError: ``unknown_field``, the same for all causes, so that nobody can enumerate hidden fields
        """
        field = self.visible(name, record=record, column=column)
        if field is None:
            raise self.unknown(name, self._may_suggest)
        return field

    def visible(self, name, *, record=None, column=True):
        """Return a field that exists, that the connection lists and that the caller may see in Odoo.

        :param record: check access to the field on this record, rather than in general
        :param column: leave out a field that has no column in the view of its model
        :return: None for any other field
        """
        field = self.model._fields.get(name)
        if (
            field is None
            or field.comodel_name in UNREACHABLE
            or not self.is_listed(name, "read_fields")
            or not (self.caller if record is None else record)._has_field_access(field, "read")
            or self.is_unlisted_secret(field, "read_fields")
            or self._is_unreadable_relation(field)
            or (column and self._lacks_column(field))
            or (name == "display_name" and self._is_name_hidden())
        ):
            return None
        return field

    def shows(self, name):
        """Return whether the connection opens GET and the caller may see a field."""
        return self.allows("GET") and self.visible(name) is not None

    def unknown(self, name, may_suggest):
        """Return the error for a field that does not exist or that the caller may not know.

        :param may_suggest: a function that returns whether the message may name a field
        """

        def similar():
            return next(filter(may_suggest, names.similar(name, self.model._fields)), None)

        return UnknownField(name, self.name, similar)

    def _may_suggest(self, name):
        """Return whether an error about reading may name a field."""
        return not self.is_closed_to_reads() and self.visible(name) is not None

    def own_fields(self, selection, record_id):
        """Return the fields of a selection that Odoo shows the caller on this record but not in general.

        A user's own private address, for example: ``_has_field_access`` of users depends on the record.
        """
        record, found = self.caller.browse(record_id), []
        for name in selection.fields:
            field = self.caller._fields.get(name)
            hidden = field is not None and not self.caller._has_field_access(field, "read")
            if hidden and name not in selection.expand and self.visible(name, record=record):
                found.append(name)
        return found

    def default_fields(self):
        """Return the default fields of a response: those of the connection's list, or the name, as far as visible."""
        listed = self.connection.read_fields if self.connection else ()
        return [name for name in sorted(listed) or ["display_name"] if self.visible(name)]

    def _is_name_hidden(self):
        """Return whether the name of a record is a field that the caller may not see."""
        field = self.model._fields.get(self.model._rec_name or "")
        return field is not None and not self.caller._has_field_access(field, "read")

    def _is_unreadable_relation(self, field):
        """Return whether neither the caller nor Odoo's code on their behalf can read the model of a relation.

        Reading such a value would make the whole request fail.
        """
        name = field.comodel_name
        if not name or not self.elevated or self.caller.env[name].has_access("read"):
            return False
        grant = self.root.grant
        return not grant.reads(name) and not grant.opens(name, "read")

    def _lacks_column(self, field):
        """Return whether a stored field has no column in the view of its model."""
        columns = self._view_columns
        stored = field.store and field.column_type and field.name != "id"
        return bool(columns is not None and stored and field.name not in columns)

    def is_moving(self, field):
        """Return whether a view computes a field from the current time or at random, so that pages would overlap."""
        structure = self.caller.env["connection.api.structure"]
        return self._view_columns is not None and field.name in structure._moving_columns(self.name)

    @functools.cached_property
    def _view_columns(self):
        return self.caller.env["connection.api.structure"]._view_columns(self.name)

    def is_unlisted_secret(self, field, which):
        """Return whether a field holds a secret that the list of the connection does not name."""
        return field.name in self._secrets and field.name not in getattr(self.connection, which)

    @functools.cached_property
    def _secrets(self):
        """Return the names of the fields that the connection opens only if its list names them."""
        if not self.lifts_at_all():
            return frozenset()
        return self.caller.env["connection.api.protection"]._secret_fields(self.name)

    def is_listed(self, name, which):
        allowed = self.connection is not None and getattr(self.connection, which)
        return not allowed or name in allowed or (name == "id" and which == "read_fields")

    def plan(self, selection):
        """Build the plan of a response from a selection.

        :param selection: :class:`~..tools.queries.Selection`
        :rtype: Plan
        :raise ApiError: for everything that is not allowed
        """
        problems = Problems()
        plan = self.plan_into(selection, problems)
        problems.raise_if_any()
        return plan

    def plan_into(self, selection, problems):
        """Build the plan as :meth:`plan` does, and add errors to ``problems`` instead of raising them."""
        columns = []
        usual = self.default_fields() if selection.usual else ()
        for name in dict.fromkeys([*usual, *selection.fields]):
            nested, plan = selection.expand.get(name), None
            try:
                field = self.readable(name)
                if nested is not None:
                    if not field.relational:
                        raise ApiError(
                            "bad_parameter", _("%(field)s is not a relation."), field=name
                        )
                    related_policy = self.reading(field.comodel_name)
                    related_policy.check_page(name, nested.limit)
                    with problems.within("expand"):
                        plan = related_policy.plan_into(nested, problems)
            except ApiError as exc:
                problems.catch(exc, "fields" if nested is None else "expand")
                continue
            if name != "id":
                columns.append(Column(name, field.type, plan))
        order = ""
        try:
            order, relations = self.ordering.build_given(selection.order, keyset=False)
            if relations:  # the related records are not known before they are read
                raise not_sorted(relations[0][0][0])
        except ApiError as exc:
            problems.catch(exc, "expand")
        return Plan(self, tuple(columns), order, selection.limit)

    @property
    def max_limit(self):
        """Return the largest page of the connection, None without a connection."""
        return self.connection and self.connection.max_limit

    def check_page(self, field_name, number):
        """Check the number of related records that one record of a response may have.

        :param number: None for no limit
        :raise ApiError: ``bad_parameter`` if it exceeds the page size of the related model's connection
        """
        if number and self.max_limit and number > self.max_limit:
            raise ApiError(
                "bad_parameter",
                _('"expand" returns at most %(most)s records of %(field)s. Set a "limit" for it.'),
                at=["expand"],
                most=self.max_limit,
                field=field_name,
            )

    def expanded(self, selection):
        """Return the connections of the models that a selection expands, by model name.

        :param selection: :class:`~..tools.queries.Selection`, not yet checked
        """
        connections = {}
        for name, nested in selection.expand.items():
            # the read reports a hidden field; a rate limit here would reveal it
            field = self.visible(name)
            comodel = field and field.comodel_name
            if not comodel or comodel in UNREACHABLE:
                continue
            policy = self.related(comodel)
            if policy.connection is not None:
                connections[comodel] = policy.connection
            connections |= policy.expanded(nested)
        return connections

    def properties_field(self, path):
        """Return the properties field of a path such as ``properties.size``, None if the caller may not see it."""
        name, dot, _property_name = path.partition(".")
        field = self.model._fields.get(name)
        if not dot or field is None or field.type != "properties":
            return None
        return self.visible(name)
