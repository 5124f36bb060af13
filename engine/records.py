# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which records: the part of a policy that reads a client's domain and knows the connection's filter."""

import contextlib
import json
import re
from collections.abc import Set

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tools import SQL

from ..tools import domains, filters, values
from ..tools.errors import ApiError, _
from .faults import BrokenFilterError, caught, caught_searching
from .protected import UNREACHABLE

_DATE_PARTS = frozenset(
    "year_number quarter_number month_number iso_week_number day_of_year day_of_month day_of_week"
    " hour_number minute_number second_number".split()
)
_PROPERTY_PATH = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
#: How much of a condition an error tells.
_SHOWN = 200
#: Fields without a column whose search is not a model's own matter.
_OWN_SEARCH = frozenset(["id", "display_name"])
_POSITIVE = {"!=": "=", "not in": "in"} | {
    f"not {operator}": operator for operator in domains.LIKE if f"not {operator}" in domains.LIKE
}


class RecordPolicy:
    """The records that one caller may reach; see :class:`~.policy.Policy`."""

    def domain(self, node):
        """Odoo's domain for a client's, every condition checked, within the connection's own filter.

        :param node: a tree of :mod:`~..tools.domains`
        :rtype: odoo.fields.Domain
        :raise ApiError: ``bad_domain``, ``unknown_field``, ``access_denied``
        """
        return self._domain(node) & self.scope()

    def find(self, domain, offset=0, limit=None, order=None, *, archived=False):
        """Search the records that the client sees, as Odoo does.

        Odoo hides archived records unless a condition names ``active``. It looks for that in the
        domain as it was asked: an optimized one may have lost it, or have gained it.

        :param domain: a :meth:`domain`
        :param bool archived: show archived records whatever the domain says
        :rtype: odoo.tools.Query
        """
        return with_archived(self.search, archived)._search(domain, offset, limit, order)

    @contextlib.contextmanager
    def searching(self, asked=domains.TRUE, order="", grouped=None):
        """Take what a client's parameters make Odoo's code or PostgreSQL raise for the client's mistake.

        :param asked: the tree of the domain
        :param order: Odoo's order
        :param grouped: for groups, a function that returns the error of the one that fails, or None
        :raise ApiError: ``bad_domain`` with the condition, ``bad_parameter`` with the field; what the
            parameters have not caused is raised as it is
        """

        def on_fault(exc):
            if self._fails(domains.TRUE):
                raise exc
            if condition := self._failing(asked):
                raise _not_searched(condition, exc) from exc
            for term in filter(None, order.split(", ")):
                if self._fails(domains.TRUE, term):
                    raise not_sorted(term.split()[0]) from exc
            if grouped and (error := grouped()):
                raise error from exc
            if not self._fails(asked):
                raise exc
            raise ApiError(
                "bad_domain", _("The domain asks something that Odoo cannot search.")
            ) from exc

        with caught_searching(self.caller.env, on_fault):
            yield

    @contextlib.contextmanager
    def _reading(self, condition):
        """As :meth:`searching`, while one condition is made of a client's."""

        def on_fault(exc):
            below = self._failing(condition) if condition.operator in domains.NESTED else None
            raise _not_searched(below or condition, exc) from exc

        with caught_searching(self.caller.env, on_fault):
            yield

    def _failing(self, node):
        """Find the first condition that fails on its own, where a search has failed."""
        for condition in domains.conditions(node):
            if not self._fails(condition):
                continue
            if len(condition.path) == 1 and condition.operator in domains.NESTED:
                below = self.reading(self.readable(condition.path[0]).comodel_name)
                return below._failing(condition.value) or condition
            return condition
        return None

    def _fails(self, node, order=None):
        """Return whether a domain cannot be searched, or sorted; PostgreSQL is asked for its plan alone."""

        def plan():
            query = self.search._search(self._domain(node), order=order)
            if not query.is_empty():
                self.caller.env.cr.execute(SQL("EXPLAIN %s", query.select()), log_exceptions=False)

        return self.fails(plan)

    def fails(self, call):
        """Return whether Odoo's code or PostgreSQL fails with what a function asks; it writes nothing."""
        env, found = self.caller.env, []
        with caught_searching(env, found.append), env.cr.savepoint(flush=False):
            call()
        return bool(found)

    def is_reachable(self):
        """Return whether the caller may search the model, by the connection or in Odoo."""
        return _is_reachable(self.search)

    def search_and_fetch(
        self, domain, names, offset=0, limit=None, order=None, *, archived=False, shows=False
    ):
        """Search records that the client sees and read fields of them, as ``search_fetch`` of Odoo does.

        That is one statement. A model with a ``search_fetch`` of its own decides itself what is
        read, and may leave in the context what its computed fields need.

        :param domain: a :meth:`domain`
        :param archived: as for :meth:`find`
        :param bool shows: show archived records that relations lead to
        :return: the records, in the environment that reads their values, and the query that found
            them; None where the model has found them in its own way
        """
        model = with_archived(self.model, shows)
        if type(model).search_fetch is BaseModel.search_fetch:
            query = self.find(domain, offset, limit, order, archived=archived)
            return fetch_query(model, query, names), query
        search = with_archived(self.search, archived)
        found = search.search_fetch(_as_list(domain), [], offset, limit, order)
        records = model.browse(found._ids).with_context(**_added_context(search, found))
        if self.elevated and records:
            fetch_query(records, records._as_query(), names)
        elif records:
            records.fetch(names)
        return records, None

    def fetch_found(self, query, names, domain, order, *, archived=False):
        """As :meth:`search_and_fetch`, for those of the records that a query finds.

        :param query: a :meth:`find` of the domain, narrowed
        """
        model = with_archived(self.model, archived)
        if type(model).search_fetch is BaseModel.search_fetch:
            return fetch_query(model, query, names)
        search = with_archived(self.search, archived)
        context = _added_context(search, search.search_fetch(_as_list(domain), [], 0, 1, order))
        records = model.browse(query).with_context(**context)
        if self.elevated and records:
            fetch_query(records, records._as_query(), names)
        elif records:
            records.fetch(names)
        return records

    def scope(self):
        """The connection's record filter for this caller; it sees all fields, as a record rule does.

        Evaluated once a request, not kept: it may name what the user is now (``user.partner_id``).

        :rtype: odoo.fields.Domain
        """
        if self._scope is None:
            self._scope = self._evaluate_scope()
        return self._scope

    def _evaluate_scope(self):
        """
        :raise BrokenFilterError: for a filter that Odoo cannot evaluate, or cannot search by
        """

        def on_fault(exc):
            raise BrokenFilterError(self.name) from exc

        with caught(self.caller.env, on_fault):
            return self._searched_filter()

    def _searched_filter(self):
        domain = self._filter()
        if domain.is_true():
            return domain
        everything = self.everything()
        domain = domain.optimize_full(everything)
        if self.elevated and all(map(self._is_column, domain.iter_conditions())):
            return domain
        # on its own, for it sees archived records of other models whatever the request is about
        return Domain("id", "in", everything._search(domain))

    def _is_column(self, condition):
        """Return whether a condition may stand beside those of the client.

        One on ``active`` may not: Odoo would take it for the client's wish to see archived records.
        """
        name = condition.field_expr
        found = self.model._fields.get(name)
        return (
            bool(found and found.store and found.column_type)
            and "any" not in condition.operator
            and name != self.model._active_name
        )

    def _filter(self):
        """
        :raise ValueError: for a filter that cannot be evaluated; it is nobody's mistake but the
            administrator's, so nothing may take it for an answer
        """
        if self.connection is None or not self.connection.domain:
            return Domain.TRUE
        return scope_domain(self.caller.env, self.connection.domain)

    def is_filtered(self):
        return self.connection is not None and bool(self.connection.domain)

    def everything(self):
        """The model as a record filter sees it: all records and fields, as Odoo evaluates a record rule."""
        return self.caller.sudo().with_context(active_test=False)

    def shows_all(self):
        """Whether neither filter nor record rules nor access rights keep a record from the caller."""
        if not self.scope().is_true():
            return False
        if self.elevated:
            return True
        rules = self.caller.env["ir.rule"]
        return self.caller.has_access("read") and rules._compute_domain(self.name, "read").is_true()

    def inside(self, ids):
        """Return those of the ids that are, by now, within the connection's record filter.

        :rtype: set
        """
        domain = self._filter()
        if not ids or domain.is_true():
            return set(ids)
        return set(self.everything()._search(Domain("id", "in", list(ids)) & domain))

    def check_inside(self, ids):
        """Check that records are, by now, within the connection's record filter, or deleted.

        :raise ApiError: ``access_denied``; nothing of the request stays written
        """
        outside = set(ids) - self.inside(ids)
        if outside and self.everything().browse(outside).exists():
            raise ApiError(
                "access_denied",
                _("A record of %(model)s would not be among those that are open."),
                model=self.name,
            )

    def shown(self, ids, mode="read"):
        """Return those of the ids that exist and that the caller may see, or reach in a mode that is open.

        Without a connection that lifts the mode these are the records that the caller sees in Odoo.
        A record filter counts in either case.

        :rtype: set
        """
        if not ids:
            return set()
        if self.lifts("read"):
            model = self.search.with_context(active_test=False)
        elif self.lifts(mode):
            model = self.everything()
        else:
            model = self.caller.with_context(active_test=False)
        if not _is_reachable(model):
            return self._shown_models(ids) if self.name == "ir.model" else set()
        return set(model._search(Domain("id", "in", list(ids)) & self.scope()))

    def _shown_models(self, ids):
        """Return which of the ids are of models that the caller reaches, here or in Odoo (``ir.model``)."""
        env = self.caller.env
        found = self.everything().browse(ids).exists()
        return {
            model.id
            for model in found
            if model.model in env
            and model.model not in UNREACHABLE
            and (env[model.model].has_access("read") or self.related(model.model).lifts("read"))
        }

    def changeable(self, ids):
        """Return those of the ids that the caller may change, by the connection or in Odoo.

        :rtype: set
        """
        shown = self.shown(ids, "write")
        if self.lifts("write"):
            return shown
        return set(self.caller.browse(shown)._filtered_access("write")._ids)

    def _domain(self, node):
        match node:
            case domains.Every(children):
                return Domain.AND([self._domain(child) for child in children])
            case domains.Either(children):
                return Domain.OR([self._domain(child) for child in children])
            case domains.Not(child):
                return ~self._domain(child)
        with self._reading(node):
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
        if _is_file(found) and not _asks_existence(condition):
            raise ApiError(
                "bad_domain",
                _("%(field)s is a file: a condition can only ask whether there is one."),
                field=name,
            )
        path = ".".join(condition.path)
        field_type = "integer" if rest and found.type != "properties" else found.type
        if field_type == "properties":
            return Domain(path, condition.operator, self._property_value(found, condition))
        value = values.load_condition(field_type, path, condition.operator, condition.value)
        return Domain(path, condition.operator, value)

    def _property_value(self, found, condition):
        """The right side of a condition on a property, which Odoo compares as it is stored.

        Only a moment has two forms. Whether the property is one is asked where the value looks like it.
        """
        value, path = condition.value, ".".join(condition.path)
        known = found.definition_record and _PROPERTY_PATH.fullmatch(path)
        if not known or not values.is_moment(value):
            return _plain(value)
        if self.everything().get_property_definition(path).get("type") != "datetime":
            return _plain(value)
        return values.load_condition("datetime", path, condition.operator, value)

    def _check_searchable(self, found):
        """
        :raise ApiError: ``bad_domain`` for a field that cannot be searched, or whose search looks at
            fields that the caller may not see
        """
        limited = self.connection is not None and self.connection.read_fields
        own = found.name in _OWN_SEARCH or found.related
        derived = not own and (not found.store or bool(found.search))
        if not found._description_searchable or (limited and derived):
            raise _unsearchable(found.name)

    def _by_name(self, condition):
        """A search by name looks at whatever the model goes by (e-mail, reference …): at those the caller may see.

        Where nothing is lifted, that is Odoo's own matter.

        :raise ApiError: ``bad_domain`` when there is none
        """
        limited = self.connection is not None and self.connection.read_fields
        if not limited and not self.elevated:
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
        if not below.is_reachable():
            return Domain.FALSE
        ids = list(below.find(start & below.scope(), archived=True))
        if found.relational and below.name == self.name:  # its own field is the way
            return Domain(found.name, condition.operator, ids)
        below.readable(below.caller._parent_name)
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
        if below.elevated == self.elevated:
            return Domain(found.name, operator, inner)
        if not below.is_reachable():
            return Domain(operator == "not any")
        # within a relation Odoo looks for `active` in the optimized domain
        inner = inner.optimize_full(below.search)
        query = below.find(inner, archived=found.type == "many2one")
        if found.base_field.store:
            return Domain(found.name, operator, query)
        # the search of a field that is computed is Odoo's code: not all of it takes a query
        return Domain(found.name, "in" if operator == "any" else "not in", list(query))

    def fetch(self, ids, names, order=""):
        """Those of the ids that this policy shows, in ``order`` or as they come, with these fields read.

        One statement, for following a relation.
        """
        records = self.model.browse(ids)
        scope = self.scope()
        shows_all = self.elevated and scope.is_true()
        plain = type(records)._search is BaseModel._search and not reads_itself(records)
        if not order and shows_all and plain:
            records.fetch(names)
            return records
        if not records or not self.is_reachable():
            return records.browse()
        domain = Domain("id", "in", list(ids)) & scope
        found, _query = self.search_and_fetch(domain, names, order=order or "id", archived=True)
        if order:
            return found
        known = set(found._ids)
        return found.browse([key for key in ids if key in known])


def with_archived(model, archived):
    """Return the model in an environment that shows archived records, if they are asked for."""
    return model.with_context(active_test=False) if archived else model


def _not_searched(condition, exc):
    """The error for a condition that Odoo's code fails with; with Odoo's own sentence where it has one."""
    value = "…" if condition.operator in domains.NESTED else _plain(condition.value)
    text = json.dumps([".".join(condition.path), condition.operator, value], ensure_ascii=False)
    if isinstance(exc, UserError):
        return ApiError(
            "bad_domain",
            _("%(reason)s Odoo cannot search by %(condition)s."),
            condition=text[:_SHOWN],
            reason=str(exc.args[0]).rstrip(" .") + ".",
        )
    return ApiError(
        "bad_domain", _("Odoo cannot search by %(condition)s."), condition=text[:_SHOWN]
    )


def reads_itself(model):
    """Return whether a model decides in its own code what of its records is read.

    Where it does, each value comes from there; no statement of ours takes its place.
    """
    return (
        type(model).search_fetch is not BaseModel.search_fetch
        or type(model)._fetch_query is not BaseModel._fetch_query
    )


def fetch_query(model, query, names):
    """Return the records of a query, with these fields read in the environment of the model."""
    if query.is_empty():
        return model.browse()
    return model._fetch_query(query, model._determine_fields_to_fetch(names))


def _as_list(domain):
    """Return a domain as Odoo's RPC brings it to the methods of a model: lists and tuples."""
    terms = []
    for term in domain:
        if not isinstance(term, str):
            name, operator, value = term
            if isinstance(value, Domain):
                value = _as_list(value)
            elif isinstance(value, Set):
                value = list(value)
            term = (name, operator, value)
        terms.append(term)
    return terms


def _added_context(model, found):
    """Return what the context of found records has that the model's had not."""
    known = model.env.context
    return {key: value for key, value in found.env.context.items() if key not in known}


def _is_reachable(model):
    """Return whether the model can be searched; some let pass whom they give no access (employees)."""
    if model.has_access("read"):
        return True
    if type(model)._search is BaseModel._search:
        return False
    try:
        model._search(Domain.FALSE)
    except UserError:
        return False
    return True


def not_sorted(name, error="bad_parameter"):
    return ApiError(error, _("Records cannot be sorted by %(field)s."), field=name[:128])


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


def _is_file(found):
    """Return whether the content of a field stands in no column: Odoo would pass over the condition."""
    in_column = found.store and found.column_type
    return found.type == "binary" and not in_column and bool(found.store or found.related)


def _asks_existence(condition):
    value = condition.value
    items = value if isinstance(value, tuple) else (value,)
    empty = bool(items) and all(item is None or item is False for item in items)
    return empty and condition.operator in ("=", "!=", "in", "not in")


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _holds_text(value):
    return any(isinstance(item, str) for item in (value if isinstance(value, tuple) else (value,)))


def no_record(policy, record_id):
    return ApiError(
        "not_found",
        _("There is no record %(id)s of %(model)s."),
        id=record_id,
        model=policy.name,
    )
