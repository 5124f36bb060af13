# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Count the records that match: exactly, by PostgreSQL's estimate, or from the page itself."""

from odoo.models import BaseModel
from odoo.tools import SQL

#: An estimate below this number is replaced by an exact count.
_COUNT_BELOW = 1000


def totals(policy, domain, query, matches, offset, count):
    """Return ``total`` and ``total_pages``, without a count if the page itself determines them."""
    if query.count == "none":
        return {}
    total = offset + count
    page_tells = count < query.limit and (count or not offset)
    if not page_tells:
        if matches is not None and type(policy.search)._search is BaseModel._search:
            matches.order = matches.limit = matches.offset = None
            total = count_records(policy, matches, query.count)
        else:  # a model that overrides the search may have applied the limit anywhere
            matches = policy.records.find(domain, archived=query.archived)
            total = count_whole(policy, matches, query.count)
    return {"total": total, "total_pages": -(-total // query.limit)}


def count_records(policy, matches, kind):
    """Count the records of a query; the estimate, which covers all records, only for callers who see all."""
    if matches.is_empty():
        return 0
    if kind == "estimated" and policy.records.shows_all():
        total = _estimate(policy.model.env, matches)
        if total > _COUNT_BELOW:
            return total
    [[total]] = policy.caller.env.execute_query(matches.select("COUNT(*)"))
    return total


def count_whole(policy, matches, kind):
    """Count as :func:`count_records` does, for a query without a limit that has not been executed.

    The query of a model that searches by reading already has its ids.
    """
    return len(matches._ids) if matches._ids else count_records(policy, matches, kind)


def _estimate(env, matches):
    """Return the number of rows that PostgreSQL's planner expects, as accurate as its statistics."""
    [[plan]] = env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", matches.select()))
    return int(plan[0]["Plan"]["Plan Rows"])
