# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What an administrator opened for one model, as an immutable value."""

import dataclasses
from collections.abc import Mapping

#: The switches of the form and the HTTP method that each of them opens.
TOGGLES = {"is_get": "GET", "is_post": "POST", "is_put": "PUT", "is_delete": "DELETE"}
#: The switches that are useless for a model without a table.
WRITES = ("is_post", "is_put", "is_delete")
#: The names of a list of fields that opens none, since an empty one means all: no field has an empty name.
NO_FIELDS = frozenset([""])


@dataclasses.dataclass(frozen=True)
class Connection:
    """Hold what an administrator opened for one model; not a record, so that it can be cached.

    Empty ``groups``, ``read_fields`` and ``write_fields`` mean no restriction.
    """

    id: int
    methods: tuple[str, ...]
    max_limit: int
    as_user: bool = False
    groups: frozenset[int] = frozenset()
    #: The text of a domain, evaluated for each caller.
    domain: str = ""
    read_fields: frozenset[str] = frozenset()
    write_fields: frozenset[str] = frozenset()
    #: Names of methods.
    actions: frozenset[str] = frozenset()
    superuser_actions: frozenset[str] = frozenset()
    #: The context keys that a client may send, by action.
    context_keys: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    #: Technical names of reports (``sale.report_saleorder``).
    reports: frozenset[str] = frozenset()
    #: Requests per minute and user; 0 for no limit.
    rate_limit: int = 0
    log_requests: bool = False

    def opens_anything(self):
        """Return whether the connection opens a method, an action or a report."""
        return bool(self.methods or self.actions or self.reports)

    def listed_keys(self):
        """Return the context keys that a client may send with at least one of the actions."""
        return frozenset().union(*self.context_keys.values())


@dataclasses.dataclass(frozen=True)
class Titles:
    """Hold what a connection calls the model, its actions and reports, in one language."""

    model: str
    #: Name of a method → what it does, as the administrator wrote it.
    actions: Mapping[str, str]
    #: Technical name of a report → its title.
    reports: Mapping[str, str]
