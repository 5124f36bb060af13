# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Convert a client's domain to one of Odoo's, with every condition checked by the policy."""

import contextlib
import json
import re

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tools import SQL

from ..tools import domains, values
from ..tools.errors import ApiError, _, located
from .faults import caught_searching
from .order import not_sorted

_DATE_PARTS = frozenset(
    "year_number quarter_number month_number iso_week_number day_of_year day_of_month day_of_week"
    " hour_number minute_number second_number".split()
)
_PROPERTY_PATH = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
#: Maximum length of a condition in an error message.
_SHOWN = 200
#: Fields without a column that every model searches in the same, checked way.
_OWN_SEARCH = frozenset(["id", "display_name"])
_POSITIVE = {"!=": "=", "not in": "in"} | {
    f"not {operator}": operator for operator in domains.LIKE if f"not {operator}" in domains.LIKE
}


class DomainBuilder:
    """Convert domains of a client to domains of Odoo, for one policy."""

    def __init__(self, policy):
        self._policy = policy

    def build(self, node):
        """Build Odoo's domain from a client's, within the record filter of the connection.

        :param node: a tree of :mod:`~..tools.domains`
        :rtype: odoo.fields.Domain
        :raise ApiError: ``bad_domain``, ``unknown_field``, ``access_denied``
        """
        return self.tree(node) & self._policy.records.scope()

    @contextlib.contextmanager
    def searching(self, asked=domains.TRUE, order="", grouped=None):
        """Convert errors of Odoo or PostgreSQL that the client's parameters cause to a 400.

        :param asked: the tree of the domain
        :param order: Odoo's order
        :param grouped: for groups, a function that returns the error for the group that fails, or None
        :raise ApiError: ``bad_domain`` with the condition, or ``bad_parameter`` with the field; an error
            that the parameters do not cause is raised unchanged
        """

        def on_fault(exc):
            if self._fails(domains.TRUE):
                raise exc
            if condition := self.failing(asked):
                raise _not_searched(condition, exc) from exc
            for term in filter(None, order.split(", ")):
                if self._fails(domains.TRUE, term):
                    raise not_sorted(term.split()[0]) from exc
            if grouped and (error := grouped()):
                raise error from exc
            if not self._fails(asked):
                raise exc
            raise ApiError(
                "bad_domain", _("Odoo cannot search by this domain."), at=["domain"]
            ) from exc

        with caught_searching(self._policy.caller.env, on_fault):
            yield

    @contextlib.contextmanager
    def _reading(self, condition):
        """Convert errors as :meth:`searching` does, while one condition is converted."""

        def on_fault(exc):
            nested = self.failing(condition) if condition.operator in domains.NESTED else None
            raise _not_searched(nested or condition, exc) from exc

        with caught_searching(self._policy.caller.env, on_fault):
            yield

    def failing(self, node):
        """Return the first condition that fails on its own, after a search has failed."""
        for condition in domains.conditions(node):
            if not self._fails(condition):
                continue
            if len(condition.path) == 1 and condition.operator in domains.NESTED:
                related_policy = self._policy.reading(
                    self._policy.readable(condition.path[0]).comodel_name
                )
                return related_policy.domains.failing(condition.value) or condition
            return condition
        return None

    def _fails(self, node, order=None):
        """Return whether a search by a domain or an order fails; PostgreSQL only plans the query."""

        def plan():
            query = self._policy.search._search(self.tree(node), order=order)
            if not query.is_empty():
                self._policy.caller.env.cr.execute(
                    SQL("EXPLAIN %s", query.select()), log_exceptions=False
                )

        return self.fails(plan)

    def fails(self, call):
        """Return whether a function that only reads fails in Odoo's code or in PostgreSQL."""
        env, faults = self._policy.caller.env, []
        with caught_searching(env, faults.append), env.cr.savepoint(flush=False):
            call()
        return bool(faults)

    def tree(self, node):
        """Build the domain of a tree, without the record filter of the connection."""
        match node:
            case domains.Every(children):
                return Domain.AND([self.tree(child) for child in children])
            case domains.Either(children):
                return Domain.OR([self.tree(child) for child in children])
            case domains.Not(child):
                return ~self.tree(child)
        with located(node.parameter), self._reading(node):
            if isinstance(node, domains.Search):
                return self._search(node)
            return self._condition(node)

    def _condition(self, condition):
        """Build the domain of one condition."""
        name, *rest = condition.path
        field = self._policy.readable(name)
        if field.relational and rest:
            inner = domains.Condition(tuple(rest), condition.operator, condition.value)
            return self._any(field, "any", inner)
        if condition.operator in domains.NESTED:
            if not field.relational or rest:
                raise ApiError("bad_domain", _("%(field)s is not a relation."), field=name)
            return self._any(field, condition.operator, condition.value)
        if rest and not (
            field.type == "properties"
            or (field.type in ("date", "datetime") and len(rest) == 1 and rest[0] in _DATE_PARTS)
        ):
            raise ApiError("bad_domain", _("%(field)s has no subfields."), field=name)
        self._check_searchable(field)
        if not rest and condition.operator in domains.HIERARCHIES:
            return self._hierarchy(field, condition)
        if not rest and field.name == "display_name":
            return self.by_name(condition)
        if field.relational and _holds_text(condition.value):
            return self._by_related_name(field, condition)
        if _is_file(field) and not _asks_existence(condition):
            raise ApiError(
                "bad_domain",
                _("%(field)s is a file. A condition can only check whether it is empty."),
                field=name,
            )
        path = ".".join(condition.path)
        field_type = "integer" if rest and field.type != "properties" else field.type
        if field_type == "properties":
            return Domain(path, condition.operator, self._property_value(field, condition))
        value = values.load_condition(field_type, path, condition.operator, condition.value)
        return Domain(path, condition.operator, value)

    def _property_value(self, field, condition):
        """Return the right side of a condition on a property, which Odoo compares with the stored text.

        Only a datetime has two forms, so the type of the property is looked up only for such a value.
        """
        value, path = condition.value, ".".join(condition.path)
        known = field.definition_record and _PROPERTY_PATH.fullmatch(path)
        if not known or not values.is_moment(value):
            return _plain(value)
        if (
            self._policy.records.everything().get_property_definition(path).get("type")
            != "datetime"
        ):
            return _plain(value)
        return values.load_condition("datetime", path, condition.operator, value)

    def _check_searchable(self, field):
        """Check that a client may search by a field.

        :raise ApiError: ``bad_domain`` for a field that cannot be searched, or whose search uses fields
            that the caller may not see
        """
        limited = self._is_limited()
        own = field.name in _OWN_SEARCH or field.related
        derived = not own and (not field.store or bool(field.search))
        if not field._description_searchable or (limited and derived):
            raise _unsearchable(field.name)

    def _is_limited(self):
        """Return whether the connection lists the fields that clients may read."""
        return self._policy.connection is not None and bool(self._policy.connection.read_fields)

    def _search(self, search):
        """Build the domain of the parameter ``search``.

        Some models search by more than the fields of :meth:`by_name` (a product by its reference). What
        this finds for the caller in Odoo is found here too, unless the connection limits the fields.

        :raise ApiError: ``bad_parameter`` for a model without a name that the caller may search
        """
        names, model = self._searched_names(), self._policy.model
        if (
            self._is_limited() and model._rec_name
        ):  # the list may lack a field that contains the name
            names.append(model._rec_name)
        has_own = type(model)._search_display_name is not BaseModel._search_display_name
        choices = []
        if names or has_own:  # without both, Odoo would find all records
            with contextlib.suppress(ApiError):
                choices.append(self.by_name(search, names))
        if has_own and self._policy.elevated and not self._is_limited():
            caller = self._policy.caller.with_context(active_test=False)
            if caller.has_access("read"):
                found = caller._search(Domain("display_name", search.operator, search.value))
                choices.append(Domain("id", "in", found))
        if not choices:
            raise ApiError(
                "bad_parameter",
                _('"search": records of %(model)s cannot be searched by name.'),
                model=self._policy.name,
            )
        return Domain.OR(choices)

    def _searched_names(self):
        """Return the paths of the fields in which Odoo searches a name."""
        model = self._policy.model
        return list(model._rec_names_search or filter(None, [model._rec_name]))

    def by_name(self, condition, names=None):
        """Build the domain of a search by name.

        A model is searched by several fields (e-mail, reference …). Only those that the caller may see are
        used, unless the connection neither lifts rights nor limits fields: then Odoo decides.

        :param names: paths of fields to search, None for those that Odoo searches
        :raise ApiError: ``bad_domain`` if the caller may see none of the fields
        """
        if not self._is_limited() and not self._policy.elevated:
            value = values.load_condition(
                "char", "display_name", condition.operator, condition.value
            )
            return Domain("display_name", condition.operator, value)
        positive = _POSITIVE.get(condition.operator, condition.operator)
        choices = []
        for path in dict.fromkeys(self._searched_names() if names is None else names):
            with contextlib.suppress(ApiError):
                choices.append(
                    self.tree(domains.Condition(tuple(path.split(".")), positive, condition.value))
                )
        if not choices:
            raise _unsearchable("display_name")
        domain = Domain.OR(choices)
        return domain if positive == condition.operator else ~domain

    def _by_related_name(self, field, condition):
        """Build the condition for text in place of an id: the visible related records of that name."""
        positive = _POSITIVE.get(condition.operator, condition.operator)
        operator = "any" if positive == condition.operator else "not any"
        given = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        texts = tuple(item for item in given if isinstance(item, str))
        if positive in domains.LIKE:
            return self._by_name_of(field, operator, positive, texts[0])
        if positive not in ("=", "=?", "in"):
            raise _unsearchable(field.name)
        domain = self._by_name_of(field, operator, "in", texts)
        others = tuple(item for item in given if not isinstance(item, str))
        if others:
            value = values.load_condition(field.type, field.name, "in", others)
            if operator == "any":
                return domain | Domain(field.name, "in", value)
            return domain & Domain(field.name, "not in", value)
        return domain

    def _by_name_of(self, field, any_operator, operator, value):
        name = domains.Condition(("display_name",), operator, value)
        return self._related(field, any_operator, lambda policy: policy.domains.by_name(name))

    def _hierarchy(self, field, condition):
        """Build a ``child_of`` or ``parent_of`` condition, starting from records that the caller may see.

        The parent field has to be visible too.

        :raise ApiError: ``bad_domain`` for a field that has no hierarchy, ``unknown_field`` for a hidden
            parent field
        """
        if not field.relational and field.name != "id":
            raise _unsearchable(field.name)
        related_policy = (
            self._policy.reading(field.comodel_name) if field.relational else self._policy
        )
        given = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        start = Domain("id", "in", [item for item in given if type(item) is int])
        for text in given:
            if isinstance(text, str):
                start |= related_policy.domains.by_name(
                    domains.Condition(("display_name",), "ilike", text)
                )
        if not related_policy.records.is_reachable():
            return Domain.FALSE
        related = related_policy.records
        ids = list(related.find(start & related.scope(), archived=True))
        # a field that leads to its own model is itself the hierarchy
        if field.relational and related_policy.name == self._policy.name:
            return Domain(field.name, condition.operator, ids)
        related_policy.readable(related_policy.caller._parent_name)
        if field.relational:
            return self._any(
                field, "any", domains.Condition(("id",), condition.operator, tuple(ids))
            )
        return Domain("id", condition.operator, ids)

    def _any(self, field, operator, node):
        return self._related(field, operator, lambda policy: policy.domains.tree(node))

    def _related(self, field, operator, condition):
        """Build a condition on related records that considers exactly those that their policy shows."""
        if not field._description_searchable:
            raise _unsearchable(field.name)
        related_policy = self._policy.reading(field.comodel_name)
        inner = condition(related_policy) & related_policy.records.scope()
        if related_policy.elevated == self._policy.elevated:
            return Domain(field.name, operator, inner)
        if not related_policy.records.is_reachable():
            return Domain(operator == "not any")
        # for a relation, Odoo looks for `active` in the optimized domain
        inner = inner.optimize_full(related_policy.search)
        query = related_policy.records.find(inner, archived=field.type == "many2one")
        if field.base_field.store:
            return Domain(field.name, operator, query)
        # not every search method of a computed field accepts a query
        return Domain(field.name, "in" if operator == "any" else "not in", list(query))


def _not_searched(condition, exc):
    """Return the error for a condition on which Odoo's code fails, with Odoo's own message if it has one."""
    value = "…" if condition.operator in domains.NESTED else _plain(condition.value)
    text = json.dumps([".".join(condition.path), condition.operator, value], ensure_ascii=False)
    if isinstance(exc, UserError):
        return ApiError(
            "bad_domain",
            _("%(reason)s Odoo cannot search by %(condition)s."),
            at=[condition.parameter],
            condition=text[:_SHOWN],
            reason=str(exc.args[0]).rstrip(" .") + ".",
        )
    return ApiError(
        "bad_domain",
        _("Odoo cannot search by %(condition)s."),
        at=[condition.parameter],
        condition=text[:_SHOWN],
    )


def _unsearchable(name):
    return ApiError("bad_domain", _("%(field)s cannot be searched."), field=name)


def _is_file(field):
    """Return whether a binary field has no column, so that Odoo would ignore a condition on its content."""
    in_column = field.store and field.column_type
    return field.type == "binary" and not in_column and bool(field.store or field.related)


def _asks_existence(condition):
    value = condition.value
    items = value if isinstance(value, tuple) else (value,)
    empty = bool(items) and all(item is None or item is False for item in items)
    return empty and condition.operator in ("=", "!=", "in", "not in")


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _holds_text(value):
    return any(isinstance(item, str) for item in (value if isinstance(value, tuple) else (value,)))
