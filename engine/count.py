# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""How many records match: counted, estimated by PostgreSQL, or told by the page itself."""

from odoo.models import BaseModel
from odoo.tools import SQL

#: How many of what matches an estimate may be before it is worth to count instead.
_COUNT_BELOW = 1000


def totals(policy, domain, query, found, offset, count):
    """``total`` and ``total_pages``; what the page itself tells is not counted."""
    if query.count == "none":
        return {}
    total = offset + count
    page_tells = count < query.limit and (count or not offset)
    if not page_tells:
        if found is not None and type(policy.search)._search is BaseModel._search:
            found.order = found.limit = found.offset = None
            total = count_records(policy, found, query.count)
        else:  # where the limit has gone to is the model's own matter
            found = policy.records.find(domain, archived=query.archived)
            total = count_whole(policy, found, query.count)
    return {"total": total, "total_pages": -(-total // query.limit)}


def count_records(policy, found, kind):
    """PostgreSQL's statistics are of all records: they tell nothing to whom some are closed."""
    if found.is_empty():
        return 0
    if kind == "estimated" and policy.records.shows_all():
        total = _estimate(policy.model.env, found)
        if total > _COUNT_BELOW:
            return total
    [[total]] = policy.caller.env.execute_query(found.select("COUNT(*)"))
    return total


def count_whole(policy, found, kind):
    """As :func:`count_records`, for a query without a limit that nothing has been fetched of.

    It has its ids by now where the model searches by reading.
    """
    return len(found._ids) if found._ids else count_records(policy, found, kind)


def _estimate(env, found):
    """What PostgreSQL's planner expects: as right as its statistics, and free of charge for any table."""
    [[plan]] = env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", found.select()))
    return int(plan[0]["Plan"]["Plan Rows"])
