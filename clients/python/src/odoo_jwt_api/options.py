"""The options of the methods, and how they are written into a URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

#: A file: its bytes, or its name, its bytes and its media type.
File = bytes | tuple[str, bytes, str]
Expand = Sequence[str] | Mapping[str, Any]


class CallOptions(TypedDict, total=False):
    """Options of every call. ``timeout`` is in seconds; None: no limit."""

    timeout: float | None
    company: int | str


class ReadOptions(CallOptions, total=False):
    """What a response with records contains, and in which form."""

    fields: Sequence[str]
    expand: Expand
    relations: Literal["object", "id"]
    nulls: bool
    lang: str


class PageOptions(ReadOptions, total=False):
    """Which records, in which order.

    ``cursor``: the one that the page before has returned, empty for the first page. ``pages`` and ``iterate`` go on
    from there.
    """

    domain: Sequence[Any]
    search: str
    order: str
    limit: int
    count: Literal["exact", "estimated", "none"]
    archived: bool
    cursor: str


class ListOptions(PageOptions, total=False):
    """The number of the page, and groups."""

    page: int
    groupby: Sequence[str]
    aggregates: Sequence[str]


class CreateOptions(ReadOptions, total=False):
    """``idempotency_key``: one of your own, for a request that is repeated after a restart."""

    idempotency_key: str


class CreateOneOptions(CreateOptions, total=False):
    """``files``: files by the names of their binary fields."""

    files: Mapping[str, File]


class UpdateOptions(ReadOptions, total=False):
    """``etag``: the version that was read; if the record has changed since, it is ``precondition_failed``.

    ``files``: files by the names of their binary fields.
    """

    etag: str | None
    files: Mapping[str, File]


class DeleteOptions(CallOptions, total=False):
    """``etag`` as for an update."""

    etag: str | None


class ActionOptions(CallOptions, total=False):
    """The arguments of an action, and keys of Odoo's context."""

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    context: Mapping[str, Any]
    lang: str
    idempotency_key: str


def _flag(value: object) -> str:
    return "1" if value else "0"


def _names_or_json(value: Any) -> str:
    return json.dumps(value) if isinstance(value, Mapping) else ",".join(value)


#: How each option is written; what is not here is no parameter.
_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "aggregates": json.dumps,
    "archived": _flag,
    "count": str,
    "cursor": str,
    "domain": json.dumps,
    "expand": _names_or_json,
    "fields": json.dumps,
    "groupby": json.dumps,
    "lang": str,
    "limit": str,
    "nulls": _flag,
    "order": str,
    "page": str,
    "relations": str,
    "search": str,
}
_OF_THE_CALL = {"company", "etag", "files", "idempotency_key", "timeout"}


def parameters(options: Mapping[str, Any], *without: str) -> dict[str, str]:
    """Return the parameters of a call.

    :param without: options that belong elsewhere in this call
    :raise TypeError: for a name that nobody knows: a condition must not get lost
    """
    chosen = {
        name: value
        for name, value in options.items()
        if name not in _OF_THE_CALL and name not in without
    }
    if unknown := chosen.keys() - _WRITERS.keys():
        raise TypeError(f"There is no option {', '.join(sorted(unknown))}.")
    return {name: _WRITERS[name](value) for name, value in chosen.items()}
