# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What differs from Odoo's RPC on purpose: short, and each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .found import Difference


@dataclass(frozen=True)
class Rule:
    """Differences that are meant; an empty pattern fits all of them."""

    reason: str
    #: Patterns: of the kind, in the words, of `model.field`, of the caller.
    kind: str
    words: str = ""
    where: str = ""
    caller: str = ""

    def fits(self, difference: Difference) -> bool:
        where = f"{difference.model}.{difference.field}"
        return bool(
            re.fullmatch(self.kind, difference.kind)
            and re.search(self.words, difference.what)
            and (not self.where or re.fullmatch(self.where, where))
            and (not self.caller or difference.caller == self.caller)
        )


RULES = (
    Rule(
        "tokens, keys and throttles are never reachable, nor what leads to them",
        "fields",
        "never reachable",
    ),
    Rule(
        "a field that opens something is shown only where a connection's list names it",
        "fields",
        "opens something",
    ),
    Rule(
        "with rights lifted, a name is looked for in names that the caller may see",
        "domain.*",
        r" name |display_name|many2one path|cannot be searched",
        caller="admin",
    ),
    Rule(
        "with rights lifted, a name is looked for in names that the caller may see",
        "domain.*",
        where=r".*display_name.*",
        caller="admin",
    ),
    Rule(
        "with rights lifted, a model with a search of its own shows what its code and the connections add up to",
        "(domain|order|groups|visibility|paging|cursor).*",
        where=r"(mail\.message|mail\.activity|mail\.compose\.message|hr\.leave\.type)\..*",
        caller="admin",
    ),
    Rule(
        "a computed relation is searched by ids, so that its own search need not know every operator",
        "domain: answered",
        r"what Odoo refuses: UserError \[\w+2many \(not stored\) (path|any|not any)",
    ),
    Rule(
        "a hierarchy begins with records that the caller sees, and tells nothing of others",
        "domain.*",
        r"(child|parent)_of",
    ),
    Rule(
        "a condition on a file asks whether there is one, nothing else",
        "domain: refused",
        "is a file",
    ),
    Rule(
        "a cursor goes by columns that nobody is kept from; without one Odoo's own order is there",
        "cursor: refused",
        "a cursor is refused: .*(many2one|property)",
    ),
    Rule(
        "no cursor is sorted by a value that a view computes from the current time",
        "cursor: refused",
        "a cursor is refused: .*: its value changes over time",
    ),
    Rule(
        "a cursor goes by the columns of the employee; Odoo lists by those of the public one",
        "cursor",
        "is elsewhere",
        r"hr\.employee\.(create|write)_date",
    ),
    Rule(
        "what leads to records of a model that is closed to the caller is refused, as in `search_read`",
        "expand: refused",
        "You are not allowed to access",
        r"(mail\.message|discuss\.channel)\..*|.*\.message_ids",
    ),
    Rule(
        "with rights lifted, a relation has the records that connections show",
        "value|expand",
        ", and records of which the caller sees nothing without connections",
        caller="admin",
    ),
    Rule(
        "a relation that is expanded without a limit has at most a thousand records",
        "expand: refused",
        "Set a … for it",
    ),
    Rule(
        "only fields with a column sort",
        "order: refused",
        r"sorted by .*\[[^\]]*(\(not stored\)|json|binary|serialized|properties|properties_definition)",
    ),
    Rule(
        "only fields with a column sort",
        "groups: refused",
        r"sorted by .*\[[^\]]*\(not stored\)",
    ),
    Rule(
        "values that are no single word or number make no groups",
        "groups: refused",
        r"grouped by .*\[(json|binary|serialized|properties|properties_definition)",
    ),
    Rule(
        "the name of a record that a list leads to is shown to whom may see that record",
        "groups: a hidden name",
        "many2many.*: Odoo refuses to read the record",
    ),
    Rule(
        "groups of relations come by their ids where no order is asked for",
        "groups: another order",
        r"^by [^;]*many2(one|many)(?!.*desc)",
    ),
    Rule(
        "`raw` is base64, as every other binary",
        "value|expand",
        where=r"ir\.attachment\.raw",
    ),
    Rule(
        "a new list of a one2many writes what it changes, and takes out before it puts in",
        "write: answered",
        "change: one2many",
    ),
    Rule(
        "with rights lifted, a write is refused by no access right and no record rule",
        "write: answered: lifted",
        "what Odoo refuses: AccessError",
    ),
    Rule(
        "with rights lifted, a new list takes out what the caller sees in the old one",
        "write: lifted",
        "^change: many2many",
    ),
    Rule(
        "a change that deletes its own record has nothing to answer",
        "write: refused",
        "^change: one2many: 404 not_found",
    ),
    Rule(
        "a record that is pointed at has to be one that the caller may see",
        "write: refused",
        "there is no record",
    ),
)


def reason(difference: Difference) -> str:
    """Return why a difference is meant; an empty text where it is none of those."""
    return next((rule.reason for rule in RULES if rule.fits(difference)), "")
