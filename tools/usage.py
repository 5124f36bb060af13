# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Write the requests that a connection opens as code: one of each kind, ready to be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .descriptions import ActionDescription, ModelDescription
from .openapi_models import example_values
from .samples import TOKEN, Sample, samples

#: At most this many fields are named in a request.
MOST_FIELDS: Final = 5
#: Types whose values are too long to be read at a glance.
_LONG: Final = frozenset(["binary", "html", "one2many", "many2many", "properties", "json"])


@dataclass(frozen=True)
class Usage:
    """A request that a connection opens.

    :ivar kind: ``list``, ``read``, ``create``, ``change``, ``delete``, ``action`` or ``report``
    :ivar name: the name of an action or a report; otherwise empty
    """

    kind: str
    name: str
    method: str
    path: str
    samples: tuple[Sample, ...]


def usages(model: ModelDescription, origin: str, record_id: int = 1) -> tuple[Usage, ...]:
    """Return a request of each kind that a model is open for.

    :param origin: such as ``https://odoo.example.com``
    :param record_id: the record to read, to change and to delete
    """
    return tuple(
        Usage(
            kind,
            name,
            method,
            path,
            samples(
                method,
                f"{origin}{path}",
                {"Authorization": f"Bearer {TOKEN}"},
                body,
                params,
                f"{name}.pdf" if kind == "report" else "",
            ),
        )
        for kind, name, method, path, params, body in _requests(model, record_id)
    )


_Request = tuple[str, str, str, str, dict[str, str], Any]


def _requests(model: ModelDescription, record_id: int) -> Iterator[_Request]:
    record = f"{model.path}/{record_id}"
    fields = _short_fields(model)
    named = {"fields": ",".join(fields)} if fields else {}
    shown = {"fields": fields} if fields else {}
    if "GET" in model.methods:
        yield "list", "", "GET", model.path, {**named, "limit": "10"}, None
        yield "read", "", "GET", record, named, None
    if "POST" in model.methods:
        yield "create", "", "POST", model.path, {}, {"values": example_values(model), **shown}
    if "PUT" in model.methods:
        yield "change", "", "PUT", record, {}, {"values": _changed(model), **shown}
    if "DELETE" in model.methods:
        yield "delete", "", "DELETE", record, {}, None
    for action in model.actions:
        path = f"{model.path if action.is_for_model else record}/{action.name}"
        yield "action", action.name, "POST", path, {}, _call(action)
    for report in model.reports:
        yield "report", report.name, "GET", f"{record}/report/{report.name}", {}, None


def _short_fields(model: ModelDescription) -> list[str]:
    """Return a few fields to read: the name, then those that people enter."""
    short = [each for each in model.readable if each.type not in _LONG and each.name != "id"]
    usual = [each for each in short if each.name in ("name", "display_name")]
    entered = [each for each in short if each.is_writable and each.is_stored]
    names = [each.name for each in (*usual[::-1][:1], *entered, *short)]
    return list(dict.fromkeys(names))[:MOST_FIELDS]


def _changed(model: ModelDescription) -> dict[str, Any]:
    """Return one value to change: the name, or the first text that can be written."""
    texts = [each.name for each in model.writable if each.type in ("char", "text")]
    name = "name" if "name" in texts else next(iter(texts), None)
    return {name: "Example"} if name else example_values(model)


def _call(action: ActionDescription) -> dict[str, Any]:
    needed = {name: None for name, is_required in action.arguments if is_required}
    return {"kwargs": needed} if needed else {}
