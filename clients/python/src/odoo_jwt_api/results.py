"""What the methods of the client return."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from .errors import NetworkError

Record = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page of records, or of groups.

    ``total`` and ``total_pages`` are None with a cursor or with ``count="none"``; ``next_cursor`` is None on the last
    page. ``errors`` lists the values that could not be read.
    """

    records: list[Record]
    page: int | None = None
    page_size: int | None = None
    total: int | None = None
    total_pages: int | None = None
    next_cursor: str | None = None
    errors: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class One:
    """One record; ``etag`` is its version, for ``update`` and ``delete``."""

    record: Record
    etag: str | None
    errors: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Download:
    """A file."""

    content: bytes
    media_type: str
    filename: str | None
    etag: str | None


def read_json(response: httpx.Response) -> Any:
    """Return the value of a JSON response.

    :raise NetworkError: if it is a page, of a network that wants a login of its own
    """
    try:
        return response.json()
    except ValueError:  # a text of another encoding too
        raise bad_response(response) from None


def bad_response(response: httpx.Response) -> NetworkError:
    """Return the error for a response with something else than was asked for."""
    message = "The response is not that of the API."
    return NetworkError(message, "bad_response", response.status_code, uncertain=True)


def read_page(response: httpx.Response) -> Page:
    body = read_json(response)
    names = ("page", "page_size", "total", "total_pages", "next_cursor")
    return Page(
        body["data"], **{name: body.get(name) for name in names}, errors=body.get("errors", [])
    )


def read_one(response: httpx.Response) -> One:
    body = read_json(response)
    return One(body["data"], response.headers.get("ETag"), body.get("errors", []))


def read_file(response: httpx.Response) -> Download:
    headers = response.headers
    return Download(
        response.content,
        headers.get("Content-Type", "application/octet-stream"),
        _filename(headers.get("Content-Disposition", "")),
        headers.get("ETag"),
    )


def _filename(disposition: str) -> str | None:
    """Return the file name of a ``Content-Disposition`` (RFC 6266)."""
    if found := re.search(r"filename\*=UTF-8''([^;]+)", disposition, re.IGNORECASE):
        return unquote(found[1])
    found = re.search(r'filename="?([^";]+)"?', disposition, re.IGNORECASE)
    return found[1] if found else None
