# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read pages and single records under a policy.

The number of SQL statements depends on the request, never on the number of records: one for a page, one
per expanded relation and level (a many2many takes a second one, for the pairs), one for the names of a
many2one, one for a total that the page itself does not determine.
"""

from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..tools.errors import located
from .count import totals
from .faults import Faults
from .keyset import read_cursor_page
from .policy import Column, Plan
from .records import no_record, with_archived
from .relations import stored_names
from .serialize import dump
from .version import version_of


def read_page(policy, query):
    """Read a page of records.

    :param query: :class:`~..tools.queries.ListQuery`
    :return: ``{"success": True, "count": 1, "page": 1, "page_size": 20, "total": 1,
        "total_pages": 1, "data": [{"id": 7, …}]}``; for a cursor, without ``page`` and with
        ``next_cursor`` unless this is the last page; without totals for ``count=none``
    :raise ApiError: for everything that is not allowed
    """
    plan = policy.plan(query.selection)
    domain = policy.domains.build(query.domain)
    order, relations = policy.ordering.build(query.order, keyset=query.cursor is not None)
    if query.cursor is not None:
        with policy.domains.searching(query.domain, order):
            return read_cursor_page(policy, query, plan, domain, order)
    offset = (query.page - 1) * query.limit
    with policy.domains.searching(query.domain, order):
        policy.ordering.check_open(domain, relations, archived=query.archived)
        records, matches = policy.records.search_and_fetch(
            domain,
            stored_names(plan),
            offset,
            query.limit,
            order,
            archived=query.archived,
            shows=query.archived,
        )
        total = totals(policy, domain, query, matches, offset, len(records))
    faults = Faults()
    return {
        "success": True,
        "count": len(records),
        "page": query.page,
        "page_size": query.limit,
        **total,
        "data": dump(plan, records, faults, query.form),
        **faults.report(),
    }


def read_one(policy, query):
    """Read one record, archived or not.

    :param query: :class:`~..tools.queries.OneQuery`
    :return: ``{"id": 7, …}``, the ``errors`` of values that cannot be read (:meth:`.faults.Faults.report`),
        and the record's version
    :raise ApiError: ``not_found``, also for a record that the policy does not show
    """
    own = policy.own_fields(query.selection, query.record_id)
    plan = policy.plan(query.selection.without(own))
    domain = policy.domains.build(query.domain) & Domain("id", "=", query.record_id)
    names = stored_names(plan)
    with policy.domains.searching(query.domain):
        record, xmin = policy.records.fetch_one(domain, names, shows=query.archived)
    if not record:
        raise no_record(policy, query.record_id)
    # as Odoo reads one record: what a model's own search adds to the context is for pages
    record = with_archived(policy.model, query.archived).browse(record._ids)
    faults = Faults()
    [row] = dump(plan, record, faults, query.form)
    if own:
        row |= _own_values(policy, query.record_id, own, faults, query.form)
    return row, faults.report(), version_of(record, xmin=xmin)


def _own_values(policy, record_id, names, faults, form):
    """Read the fields of :meth:`~.policy.Policy.own_fields`, if Odoo's ``read`` allows them.

    :raise ApiError: ``unknown_field`` if it does not
    """
    record = policy.caller.browse(record_id)
    try:
        record.read(names)
    except AccessError:
        with located("fields"):
            policy.readable(names[0])
        raise
    # as superuser, as Odoo's `read` does for what users may see of themselves only
    columns = tuple(Column(name, record._fields[name].type) for name in names)
    [row] = dump(Plan(policy, columns), record.sudo(), faults, form)
    return row
