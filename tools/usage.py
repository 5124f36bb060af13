# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Write the requests that a connection opens as code: one of each kind, ready to be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .descriptions import ActionDescription, FieldDescription, ModelDescription
from .openapi_models import changed_values, example_values
from .openapi_shared import NO_RECORD
from .samples import TOKEN, Sample, samples


@dataclass(frozen=True)
class Usage:
    """A request that a connection opens.

    :ivar kind: ``list``, ``read``, ``create``, ``change``, ``delete``, ``action``, ``report``, ``file``,
        ``store`` or ``link``
    :ivar name: the name of an action, a report or the field of a file; otherwise empty
    """

    kind: str
    name: str
    method: str
    path: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class _Request:
    """A request to write as code.

    :ivar file: the name of the file that the response is; empty if it is JSON
    :ivar upload: the name of the file that is sent as the body
    """

    kind: str
    name: str
    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    file: str = ""
    upload: str = ""


def usages(model: ModelDescription, origin: str, record_id: int = 1) -> tuple[Usage, ...]:
    """Return a request of each kind that a model is open for.

    Those that change or delete a record, or call an action, name :data:`NO_RECORD`.

    :param origin: such as ``https://odoo.example.com``
    :param record_id: the record to read
    """
    return tuple(
        Usage(
            each.kind,
            each.name,
            each.method,
            each.path,
            samples(
                each.method,
                f"{origin}{each.path}",
                {"Authorization": f"Bearer {TOKEN}"},
                each.body,
                each.params,
                each.file,
                each.upload,
            ),
        )
        for each in _requests(model, record_id)
    )


def _requests(model: ModelDescription, record_id: int) -> Iterator[_Request]:
    path, record, changed = model.path, f"{model.path}/{record_id}", f"{model.path}/{NO_RECORD}"
    fields = model.short_fields
    named = {"fields": ",".join(fields)} if fields else {}
    shown = {"fields": fields} if fields else {}
    if "GET" in model.methods:
        yield _Request("list", "", "GET", path, {**named, "limit": "10"})
        yield _Request("read", "", "GET", record, named)
    if "POST" in model.methods:
        values = example_values(model)
        yield _Request("create", "", "POST", path, body={"values": values, **shown})
    if "PUT" in model.methods:
        values = changed_values(model)
        yield _Request("change", "", "PUT", changed, body={"values": values, **shown})
    if "DELETE" in model.methods:
        yield _Request("delete", "", "DELETE", changed)
    for action in model.actions:
        called = f"{path if action.is_for_model else changed}/{action.name}"
        yield _Request("action", action.name, "POST", called, body=_call(action))
    for report in model.reports:
        printed = f"{record}/report/{report.name}"
        yield _Request("report", report.name, "GET", printed, file=f"{report.name}.pdf")
    if "GET" in model.methods and (readable := _file(model.readable)):
        path = f"{record}/{readable.name}"
        yield _Request("file", readable.name, "GET", path, file=readable.file_name)
        yield _Request("link", readable.name, "POST", f"{path}/link")
    if "PUT" in model.methods and (writable := _file(model.writable)):
        path = f"{changed}/{writable.name}"
        yield _Request("store", writable.name, "PUT", path, upload=writable.file_name)


def _file(fields: list[FieldDescription]) -> FieldDescription | None:
    """Return the first file of some fields: one that people enter, before those computed from it."""
    files = [each for each in fields if each.is_file]
    return min(files, key=lambda each: not each.is_writable, default=None)


def _call(action: ActionDescription) -> dict[str, Any]:
    needed = {name: None for name, is_required in action.arguments if is_required}
    return {"kwargs": needed} if needed else {}
