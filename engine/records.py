# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find the records that one caller may access: the record filter, searches and look-ups within it."""

from collections.abc import Set

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.models import BaseModel

from ..tools import filters
from ..tools.errors import ApiError, _
from .faults import BrokenFilterError, caught
from .protected import UNREACHABLE
from .version import fetch_with_xmin, has_row


class Records:
    """Find records within the policy of one caller."""

    def __init__(self, policy):
        self._policy = policy
        self._scope = None

    def find(self, domain, offset=0, limit=None, order=None, *, archived=False):
        """Search the records that the client sees, as Odoo does.

        Odoo hides archived records unless a condition names ``active``. It looks for that condition in the
        original domain, because optimizing a domain can remove or add it.

        :param domain: as :meth:`.domain.DomainBuilder.build` returns it
        :param bool archived: include archived records, whatever the domain says
        :rtype: odoo.tools.Query
        """
        return with_archived(self._policy.search, archived)._search(domain, offset, limit, order)

    def is_reachable(self):
        """Return whether the caller may search the model, through the connection or in Odoo."""
        return _is_reachable(self._policy.search)

    def search_and_fetch(
        self, domain, names, offset=0, limit=None, order=None, *, archived=False, shows=False
    ):
        """Search the records that the client sees and read fields of them, as Odoo's ``search_fetch`` does.

        This takes one statement. A model that overrides ``search_fetch`` decides itself what is read, and
        may add to the context what its computed fields need.

        :param domain: as for :meth:`find`
        :param archived: as for :meth:`find`
        :param bool shows: show archived records that relations lead to
        :return: the records, in the environment that reads their values, and the query that found them;
            None instead of the query for a model that overrides ``search_fetch``
        """
        model = with_archived(self._policy.model, shows)
        if type(model).search_fetch is BaseModel.search_fetch:
            query = self.find(domain, offset, limit, order, archived=archived)
            return fetch_query(model, query, names), query
        search = with_archived(self._policy.search, archived)
        found = search.search_fetch(_as_list(domain), [], offset, limit, order)
        records = model.browse(found._ids).with_context(**_added_context(search, found))
        if self._policy.elevated and records:
            fetch_query(records, records._as_query(), names)
        elif records:
            records.fetch(names)
        return records, None

    def fetch_one(self, domain, names, *, shows=False):
        """Search one record that the client sees, archived or not, and read fields of it.

        :param domain: as for :meth:`find`
        :param shows: as for :meth:`search_and_fetch`
        :return: the record and, if the same statement can read it, ``xmin`` of its row for
            :func:`~.version.version_of`; an empty recordset if there is no record
        """
        model = with_archived(self._policy.model, shows)
        if has_row(model) and not reads_itself(model):
            query = self.find(domain, limit=1, order="id", archived=True)
            return fetch_with_xmin(model, query, names)
        record, _query = self.search_and_fetch(
            domain, names, limit=1, order="id", archived=True, shows=shows
        )
        return record, None

    def fetch_found(self, query, names, domain, order, *, archived=False):
        """Read fields of the records that a query finds, as :meth:`search_and_fetch` does.

        :param query: the query of :meth:`find` for the domain, with further conditions
        """
        model = with_archived(self._policy.model, archived)
        if type(model).search_fetch is BaseModel.search_fetch:
            return fetch_query(model, query, names)
        search = with_archived(self._policy.search, archived)
        context = _added_context(search, search.search_fetch(_as_list(domain), [], 0, 1, order))
        records = model.browse(query).with_context(**context)
        if self._policy.elevated and records:
            fetch_query(records, records._as_query(), names)
        elif records:
            records.fetch(names)
        return records

    def scope(self):
        """Return the connection's record filter for this caller; it sees all fields, as a record rule does.

        The filter is evaluated once per request and not cached beyond it, because it may depend on the
        current user (``user.partner_id``).

        :rtype: odoo.fields.Domain
        """
        if self._scope is None:
            self._scope = self._evaluate_scope()
        return self._scope

    def _evaluate_scope(self):
        """Evaluate the record filter.

        :raise BrokenFilterError: for a filter that Odoo cannot evaluate or search by
        """

        def on_fault(exc):
            raise BrokenFilterError(self._policy.name) from exc

        with caught(self._policy.caller.env, on_fault):
            return self._searched_filter()

    def _searched_filter(self):
        domain = self._filter()
        if domain.is_true():
            return domain
        everything = self.everything()
        domain = domain.optimize_full(everything)
        if self._policy.elevated and all(map(self._is_column, domain.iter_conditions())):
            return domain
        # a separate subquery: a filter always includes archived records of other models
        return Domain("id", "in", everything._search(domain))

    def _is_column(self, condition):
        """Return whether a condition of the filter can be merged with those of the client.

        One on ``active`` cannot: Odoo would conclude that the client asks for archived records.
        """
        name = condition.field_expr
        field = self._policy.model._fields.get(name)
        return (
            bool(field and field.store and field.column_type)
            and "any" not in condition.operator
            and name != self._policy.model._active_name
        )

    def _filter(self):
        """Return the record filter as it is written.

        :raise ValueError: for a filter that cannot be evaluated, which is the administrator's mistake and
            never the client's
        """
        if self._policy.connection is None or not self._policy.connection.domain:
            return Domain.TRUE
        return scope_domain(self._policy.caller.env, self._policy.connection.domain)

    def is_filtered(self):
        return self._policy.connection is not None and bool(self._policy.connection.domain)

    def everything(self):
        """Return the model in the environment of a record filter: all records and fields, as for a record rule."""
        return self._policy.caller.sudo().with_context(active_test=False)

    def shows_all(self):
        """Return whether neither filter nor record rules nor access rights hide a record from the caller."""
        if not self.scope().is_true():
            return False
        if self._policy.elevated:
            return True
        rules = self._policy.caller.env["ir.rule"]
        return (
            self._policy.caller.has_access("read")
            and rules._compute_domain(self._policy.name, "read").is_true()
        )

    def inside(self, ids):
        """Return those of the ids that are within the connection's record filter now.

        :rtype: set
        """
        domain = self._filter()
        if not ids or domain.is_true():
            return set(ids)
        return set(self.everything()._search(Domain("id", "in", list(ids)) & domain))

    def check_inside(self, ids):
        """Check that records are within the connection's record filter now, or deleted.

        :raise ApiError: ``access_denied``, which rolls the request back
        """
        outside = set(ids) - self.inside(ids)
        if outside and self.everything().browse(outside).exists():
            raise ApiError(
                "access_denied",
                _("A record of %(model)s would be outside the record filter of its connection."),
                model=self._policy.name,
            )

    def shown(self, ids, mode="read"):
        """Return those of the ids that exist and that the caller may see, or access in a mode that is open.

        If no connection lifts the mode, these are the records that the caller sees in Odoo. A record filter
        applies in either case.

        :rtype: set
        """
        if not ids:
            return set()
        if self._policy.lifts("read"):
            model = self._policy.search.with_context(active_test=False)
        elif self._policy.lifts(mode):
            model = self.everything()
        else:
            model = self._policy.caller.with_context(active_test=False)
        if not _is_reachable(model):
            return self._shown_models(ids) if self._policy.name == "ir.model" else set()
        return set(model._search(Domain("id", "in", list(ids)) & self.scope()))

    def _shown_models(self, ids):
        """Return those ids of ``ir.model`` records whose model the caller may read, through the API or in Odoo."""
        env = self._policy.caller.env
        models = self.everything().browse(ids).exists()
        return {
            model.id
            for model in models
            if model.model in env
            and model.model not in UNREACHABLE
            and (
                env[model.model].has_access("read")
                or self._policy.related(model.model).lifts("read")
            )
        }

    def changeable(self, ids):
        """Return those of the ids that the caller may change, through the connection or in Odoo.

        :rtype: set
        """
        shown = self.shown(ids, "write")
        if self._policy.lifts("write"):
            return shown
        return set(self._policy.caller.browse(shown)._filtered_access("write")._ids)

    def fetch(self, ids, names, order=""):
        """Return the visible records of the ids, with these fields read by one statement.

        :param order: Odoo's order; empty keeps the order of the ids
        """
        records = self._policy.model.browse(ids)
        scope = self.scope()
        shows_all = self._policy.elevated and scope.is_true()
        plain = type(records)._search is BaseModel._search and not reads_itself(records)
        if not order and shows_all and plain:
            records.fetch(names)
            return records
        if not records or not self.is_reachable():
            return records.browse()
        domain = Domain("id", "in", list(ids)) & scope
        visible, _query = self.search_and_fetch(domain, names, order=order or "id", archived=True)
        if order:
            return visible
        known = set(visible._ids)
        return visible.browse([key for key in ids if key in known])


def with_archived(model, archived):
    """Return the model in an environment that shows archived records, if requested."""
    return model.with_context(active_test=False) if archived else model


def reads_itself(model):
    """Return whether a model overrides how its records are read.

    If it does, all values are read by its own code and not by statements of this addon.
    """
    return (
        type(model).search_fetch is not BaseModel.search_fetch
        or type(model)._fetch_query is not BaseModel._fetch_query
    )


def fetch_query(model, query, names):
    """Return the records of a query with these fields read, in the environment of the model."""
    if query.is_empty():
        return model.browse()
    return model._fetch_query(query, model._determine_fields_to_fetch(names))


def _as_list(domain):
    """Return a domain as lists and tuples, the form in which Odoo's RPC passes it to methods."""
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


def _added_context(model, records):
    """Return the keys that a search has added to the context of the records that it found."""
    known = model.env.context
    return {key: value for key, value in records.env.context.items() if key not in known}


def _is_reachable(model):
    """Return whether the model can be searched; some models allow it without read access (employees)."""
    if model.has_access("read"):
        return True
    if type(model)._search is BaseModel._search:
        return False
    try:
        model._search(Domain.FALSE)
    except UserError:
        return False
    return True


def scope_domain(env, text):
    """Evaluate a record filter for the caller of an environment, without executing code.

    A filter may use the names of a record rule (``ir.rule._eval_context``) and ``uid``, but not the
    time: domains have their own words for it (``"today"``, ``"-7d"``).

    :rtype: odoo.fields.Domain
    :raise ValueError: for text that is not a filter, or that names something that no longer exists
    """
    names = {
        "user": env(context={}).user,
        "uid": env.uid,
        "company_id": env.company.id,
        "company_ids": env.companies.ids,
    }
    return Domain(filters.evaluate(filters.parse(text), names, _read_named_field))


def no_record(policy, record_id):
    """Return the error for a record that does not exist or that the caller may not see."""
    return ApiError(
        "not_found",
        _("There is no record %(id)s of %(model)s."),
        id=record_id,
        model=policy.name,
    )


def _read_named_field(record, name):
    """Return the value of a field of the user, or of a record it leads to; never call a method.

    :raise ValueError: for anything else
    """
    if not isinstance(record, BaseModel) or (name not in record._fields and name != "ids"):
        raise filters.FilterError(name)
    return record.ids if name == "ids" else record[name]
