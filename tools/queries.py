"""Frozen dataclasses for requests, built by :mod:`.parsing` without knowledge of fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from . import domains

DEFAULT_LIMIT: Final = 20
#: Maximum of PostgreSQL's ``integer``, the type of every id.
MAX_ID: Final = 2**31 - 1
#: Far above the size of any table; page * limit still fits in a bigint.
MAX_PAGE: Final = 10**9
MAX_EXPAND_DEPTH: Final = 5
#: Maximum number of relations in ``expand``, on all levels: each is an SQL statement.
MAX_EXPAND_RELATIONS: Final = 100
MAX_ORDER_TERMS: Final = 10
MAX_GROUPS: Final = 8
#: Ways to count the records of a list.
COUNTS: Final = ("exact", "estimated", "none")
#: Allowed aggregates; further ones of Odoo return records.
AGGREGATORS: Final = frozenset(
    ["count", "count_distinct", "sum", "avg", "min", "max", "bool_and", "bool_or"]
)
#: Periods by which a datetime is grouped; a date is not grouped by the first of them.
GRANULARITIES: Final = ("hour", "day", "week", "month", "quarter", "year")
#: Forms of a many2one that a client may request on resource paths.
RELATIONS: Final = ("object", "id")


@dataclass(frozen=True)
class Form:
    """The form of the values in a response.

    :ivar nulls: an empty value that is not a boolean is None instead of Odoo's False
    :ivar relations: a many2one that is not expanded is a ``pair`` (``[7, "Italy"]``), an ``object``
        (``{"id": 7, "display_name": "Italy"}``) or an ``id`` (``7``)
    """

    nulls: bool = False
    relations: str = "pair"


#: The form of ``/api/send_request``, unless the request has ``nulls``.
PLAIN: Final = Form()


@dataclass(frozen=True)
class OrderTerm:
    """One term of an order, such as ``name desc``; for groups, the name of a group or an aggregate (``id:count``)."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.name} desc" if self.descending else f"{self.name} asc"


@dataclass(frozen=True)
class Selection:
    """The fields of a response in order, and the selection for each expanded relation.

    ``order`` and ``limit`` apply to a relation: the order of its records, and their maximum number for each
    record. If ``usual`` is set, the default fields of the model come before ``fields``.
    """

    fields: tuple[str, ...] = ()
    expand: Mapping[str, Selection] = field(default_factory=dict)
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None
    usual: bool = False

    def without(self, names: Collection[str]) -> Selection:
        """Return the selection without some fields."""
        return replace(self, fields=tuple(name for name in self.fields if name not in names))


@dataclass(frozen=True)
class ListQuery:
    """A ``GET`` request for a page of records.

    A ``cursor`` (empty for the first page) replaces the page number.
    """

    selection: Selection
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    count: str = "exact"
    archived: bool = False
    form: Form = PLAIN


@dataclass(frozen=True)
class OneQuery:
    """A ``GET`` request for one record, archived or not, that matches the domain.

    ``archived`` applies to the records of its relations.
    """

    record_id: int
    selection: Selection
    domain: domains.Node = domains.TRUE
    limit: int = DEFAULT_LIMIT
    archived: bool = False
    form: Form = PLAIN


@dataclass(frozen=True)
class Aggregate:
    """One aggregate, such as ``amount_total:sum``."""

    field: str
    function: str

    def __str__(self) -> str:
        return f"{self.field}:{self.function}"


@dataclass(frozen=True)
class Group:
    """One grouping, such as ``country_id`` or, for a date, ``create_date:month``."""

    field: str
    granularity: str = ""

    def __str__(self) -> str:
        return f"{self.field}:{self.granularity}" if self.granularity else self.field


@dataclass(frozen=True)
class GroupQuery:
    """A ``GET`` request with ``groupby`` or ``aggregates``, which returns groups instead of records.

    Without aggregates, the records of each group are counted.
    """

    groups: tuple[Group, ...]
    aggregates: tuple[Aggregate, ...]
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    count: str = "exact"
    archived: bool = False
    form: Form = PLAIN


@dataclass(frozen=True)
class WriteRequest:
    """A ``POST`` or ``PUT`` request: the values to write, and the fields of the response.

    :ivar items: ``(id, values)`` for each record; the id is None for a record to create
    :ivar many: whether the client sent a list, and so gets a list
    :ivar is_typed: whether it came on a resource path
    """

    items: tuple[tuple[int | None, Mapping[str, Any]], ...]
    selection: Selection
    many: bool = False
    form: Form = PLAIN
    #: The context that the client sends to create a wizard.
    context: Mapping[str, Any] = field(default_factory=dict)
    is_typed: bool = False


@dataclass(frozen=True)
class DeleteRequest:
    """A ``DELETE`` request."""

    ids: tuple[int, ...]
    many: bool = False


@dataclass(frozen=True)
class CallRequest:
    """A ``POST`` request for an action: the arguments of a method, and the records to call it on."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
