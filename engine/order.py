# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Build the order of a search, from fields that the caller may see, without revealing hidden records."""

import re

from odoo.fields import Domain
from odoo.models import BaseModel

from ..tools import queries
from ..tools.errors import ApiError, Problems, _, located

_PROPERTY = re.compile(r"[a-z0-9_]{1,512}")
#: Numeric field types.
NUMBERS = frozenset(["integer", "float", "monetary"])
#: Field types that records can be sorted by.
SORTABLE = NUMBERS | frozenset(
    "char text html selection boolean date datetime many2one many2one_reference reference".split()
)


class OrderBuilder:
    """Convert orders of a client to orders of Odoo, for one policy."""

    def __init__(self, policy):
        self._policy = policy

    def build(self, terms, keyset=False):
        """Build Odoo's order from a client's, ending with the id so that it is deterministic.

        :param terms: :class:`~..tools.queries.OrderTerm` s
        :param bool keyset: allow only values that a cursor can hold
        :return: the order, and the relations that it uses, for :meth:`check_open`
        :raise ApiError: ``unknown_field``, ``bad_parameter``
        """
        with located("order"):
            order, relations = self.build_given(terms, keyset)
        return order or "id desc", relations

    def build_given(self, terms, keyset):
        """Build the order as :meth:`build` does; it is empty if the client gives none."""
        problems, relations = Problems(), []
        for term in terms:
            try:
                relations += self._check_term(term.name, keyset)
            except ApiError as exc:
                problems.catch(exc)
        problems.raise_if_any()
        if terms and all(term.name != "id" for term in terms):
            terms = (*terms, queries.OrderTerm("id", descending=True))
        return ", ".join(map(str, terms)), relations

    def _check_term(self, path, keyset):
        """Check one term; a property is sorted by its stored value, if its field has a column."""
        holder = self._policy.properties_field(path)
        if holder is None:
            return self.check_sortable(self._policy.readable(path), keyset)
        property_name = path.partition(".")[2]
        if not (holder.store or holder.inherited) or not _PROPERTY.fullmatch(property_name):
            raise not_sorted(path)
        return []

    def check_sortable(self, field, keyset):
        """Check that records can be sorted by a field: one with a column, or a many2one.

        A many2one is sorted by the order of its own model, whose fields the caller has to see as well.

        :param bool keyset: allow no relation to hidden records, and no field without a column
        :return: the relations to models of which some records are hidden, as the path of field names and
            the policy
        :raise ApiError: ``bad_parameter``, or the code of the cause, always with the name of this field
        """
        if keyset and self._policy.is_moving(field):
            raise _moves(field.name)
        try:
            return list(self._sorted_by(field, keyset))
        except ApiError as exc:
            raise not_sorted(field.name, exc.error) from exc

    def _sorted_by(self, field, keyset, path=(), seen=()):
        """Yield the relations to models with hidden records that an order by a field uses, as path and policy.

        :raise ApiError: if records cannot be sorted by the field
        """
        real = field.store or field.inherited
        # Odoo has SQL for the order of some models by a computed field
        computed = path and not keyset
        sortable = field.type in SORTABLE and field._description_sortable(self._policy.model.env)
        if not sortable or not (real or computed) or (keyset and self._policy.is_moving(field)):
            raise not_sorted(field.name)
        if field.type != "many2one" or field in seen:
            return
        related_policy = self._policy.reading(field.comodel_name)
        path = (*path, field.name)
        # without elevation, Odoo itself decides whether hidden fields affect the order
        related = related_policy.records
        if not (related.shows_all() if self._policy.elevated else related.scope().is_true()):
            if keyset or not real:
                raise not_sorted(field.name)
            yield path, related_policy
        for part in (related_policy.model._order or "id").split(","):
            name = part.split()[0].split(".")[0]
            yield from related_policy.ordering._sorted_by(
                related_policy.readable(name), keyset, path, (*seen, field)
            )

    def check_open(self, domain, relations, archived=False):
        """Check that the relations which records are sorted by lead to no hidden record.

        The order would reveal its values. This takes one statement per relation, and only for models with
        hidden records.

        :param domain: as :meth:`.domain.DomainBuilder.build` returns it
        :param relations: as :meth:`build` returns them
        :raise ApiError: ``bad_parameter``
        """
        for path, related_policy in relations:
            *way, last = path
            related = related_policy.records
            closed = Domain(last, "!=", False)
            if related.is_reachable():
                closed &= Domain(last, "not in", related.find(related.scope(), archived=True))
            for name in reversed(way):
                closed = Domain(name, "any", closed)
            # some models remove hidden records only after applying the limit
            limit = 1 if type(self._policy.search)._search is BaseModel._search else None
            if list(self._policy.records.find(domain & closed, limit=limit, archived=archived)):
                raise not_sorted(path[0])


def not_sorted(name, error="bad_parameter"):
    """Return the error for a field that records cannot be sorted by."""
    return ApiError(
        error, _("Records cannot be sorted by %(field)s."), at=["order"], field=name[:128]
    )


def _moves(name):
    return ApiError(
        "bad_parameter",
        _("A cursor cannot sort by %(field)s: its value changes over time."),
        at=["order"],
        field=name[:128],
    )
