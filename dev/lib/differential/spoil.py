# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Answers made wrong, one kind after the other, for the self-test: a harness that sees none of them is blind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import engine

Spoiler = Callable[[Mapping[str, str], Any], None]


def _value(params: Mapping[str, str], answer: Any) -> None:
    for row in answer["data"] if "order" not in params else ():
        if isinstance(row.get("name"), str):
            row["name"] += "!"


def _record(params: Mapping[str, str], answer: Any) -> None:
    if "limit" in params and not {"domain", "order", "groupby"} & params.keys():
        del answer["data"][1:2]


def _expand(params: Mapping[str, str], answer: Any) -> None:
    for row in answer["data"] if "expand" in params else ():
        for value in row.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    item["display_name"] = "!"


def _domain(params: Mapping[str, str], answer: Any) -> None:
    if "domain" in params and "expand" not in params:
        del answer["data"][:1]


def _order(params: Mapping[str, str], answer: Any) -> None:
    if "order" in params and not {"domain", "cursor", "offset"} & params.keys():
        answer["data"].reverse()


def _page(params: Mapping[str, str], answer: Any) -> None:
    if params.get("offset") == "2":
        answer["data"].reverse()


def _cursor(params: Mapping[str, str], answer: Any) -> None:
    if params.get("cursor"):
        del answer["data"][:1]


def _group(params: Mapping[str, str], answer: Any) -> None:
    for row in answer["data"] if "groupby" in params else ():
        row["id:count"] += 1


READS: dict[str, Spoiler] = {
    "value": _value,
    "record": _record,
    "expand": _expand,
    "domain": _domain,
    "order": _order,
    "page": _page,
    "cursor": _cursor,
    "group": _group,
}


@contextmanager
def spoiled(what: str) -> Iterator[None]:
    """Make the addon's answers wrong in one way, in this process."""
    get, change, create, send = engine.get, engine.change, engine.create, engine.Wire.get
    wire: Any = engine.Wire

    def spoiled_get(env: Any, model_name: str, params: Mapping[str, str]) -> Any:
        answer = get(env, model_name, params)
        if what in READS:
            READS[what](params, answer)
        return answer

    def spoiled_change(env: Any, model_name: str, record_id: int, values: Any) -> Any:
        if what == "write" or (what == "unchanged" and len(values) > 1):
            values = {name: _other(value) for name, value in values.items()}
        return change(env, model_name, record_id, values)

    def spoiled_create(env: Any, model_name: str, values: Any) -> Any:
        if what == "create":
            values = {name: _other(value) for name, value in values.items()}
        return create(env, model_name, values)

    def spoiled_send(self: Any, model_name: str, params: Mapping[str, str]) -> tuple[int, Any]:
        status, body = send(self, model_name, params)
        return status, {} if what == "wire" else body

    engine.get, engine.change, engine.create = spoiled_get, spoiled_change, spoiled_create
    wire.get = spoiled_send
    try:
        yield
    finally:
        engine.get, engine.change, engine.create, wire.get = get, change, create, send


def _other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value
