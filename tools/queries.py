"""What a request asks for: frozen dataclasses, made by :mod:`.parsing`. No field is known here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from . import domains

DEFAULT_LIMIT: Final = 20
#: PostgreSQL's ``integer``, the type of every id.
MAX_ID: Final = 2**31 - 1
#: Far beyond any table, and page * limit still fits a bigint.
MAX_PAGE: Final = 10**9
MAX_EXPAND_DEPTH: Final = 5
MAX_ORDER_TERMS: Final = 10
MAX_GROUPS: Final = 8
#: How the records of a list are counted.
COUNTS: Final = ("exact", "estimated", "none")
#: What may be made of the values of a group; Odoo knows more, which answer with records.
AGGREGATORS: Final = frozenset(
    ["count", "count_distinct", "sum", "avg", "min", "max", "bool_and", "bool_or"]
)
GRANULARITIES: Final = frozenset(["hour", "day", "week", "month", "quarter", "year"])


@dataclass(frozen=True)
class OrderTerm:
    """``name desc``; of groups the name is that of a group or an aggregate (``id:count``)."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.name} desc" if self.descending else f"{self.name} asc"


@dataclass(frozen=True)
class Selection:
    """What of a record is answered: names in order, and per relation the same one level down.

    ``order`` and ``limit`` belong to a relation: how its records are sorted, and how many of them
    each record answers at the most.
    """

    fields: tuple[str, ...] = ()
    expand: Mapping[str, Selection] = field(default_factory=dict)
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None

    def without(self, names: Collection[str]) -> Selection:
        """Return the same without some fields."""
        return replace(self, fields=tuple(name for name in self.fields if name not in names))


@dataclass(frozen=True)
class ListQuery:
    """``GET``: a page of records.

    With a ``cursor`` (empty for the first page) there are no page numbers.
    """

    selection: Selection
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    count: str = "exact"
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class OneQuery:
    """``GET`` of one record, archived or not; the domain has to hold, too.

    ``archived`` is for the records that its relations lead to.
    """

    record_id: int
    selection: Selection
    domain: domains.Node = domains.TRUE
    limit: int = DEFAULT_LIMIT
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class Aggregate:
    """``amount_total:sum``"""

    field: str
    function: str

    def __str__(self) -> str:
        return f"{self.field}:{self.function}"


@dataclass(frozen=True)
class Group:
    """``country_id`` or, of a date, ``create_date:month``."""

    field: str
    granularity: str = ""

    def __str__(self) -> str:
        return f"{self.field}:{self.granularity}" if self.granularity else self.field


@dataclass(frozen=True)
class GroupQuery:
    """``GET`` with ``groupby`` or ``aggregates``: groups of records in place of records.

    Without aggregates the records of each group are counted.
    """

    groups: tuple[Group, ...]
    aggregates: tuple[Aggregate, ...]
    domain: domains.Node = domains.TRUE
    order: tuple[OrderTerm, ...] = ()
    page: int = 1
    limit: int = DEFAULT_LIMIT
    count: str = "exact"
    archived: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class WriteRequest:
    """``POST`` and ``PUT``: what to write, and what to answer.

    :ivar items: ``(id, values)`` per record, the id None for one to create
    :ivar many: whether the client sent a list, and gets one
    """

    items: tuple[tuple[int | None, Mapping[str, Any]], ...]
    selection: Selection
    many: bool = False
    nulls: bool = False
    #: What the client sends of Odoo's context, to create a wizard.
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DeleteRequest:
    ids: tuple[int, ...]
    many: bool = False


@dataclass(frozen=True)
class CallRequest:
    """``POST`` of an action: the arguments of a method, and for which records it is called."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
