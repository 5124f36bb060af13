"""The request of each method, for both clients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .core import Core, Flow, Send, creates_records, once, path_of
from .options import File, parameters
from .results import Download, One, Page, read_file, read_json, read_one, read_page

Options = Mapping[str, Any]


class Calls:
    """Each method returns the flow of a call."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def data(self, path: str, options: Options) -> Flow[Any]:
        return self._value(Send("GET", path), options, "data")

    def end_session(self, session_id: int, options: Options) -> Flow[Any]:
        return self._value(Send("DELETE", f"/api/sessions/{session_id}"), options, "deleted_id")

    def list(self, model: str, options: Options) -> Flow[Page]:
        send = Send("GET", path_of(model), parameters(options))
        return self._core.call(send, read_page, options)

    def get(self, model: str, record_id: int, options: Options) -> Flow[One]:
        send = Send("GET", path_of(model, record_id), parameters(options))
        return self._core.call(send, read_one, options)

    def create(self, model: str, values: Options, options: Options) -> Flow[One]:
        send = _writing("POST", path_of(model), {"values": values}, options)
        return self._core.call(send, read_one, options)

    def create_many(self, model: str, values: Sequence[Options], options: Options) -> Flow[Any]:
        send = _writing("POST", path_of(model), {"values": list(values)}, options)
        return self._value(send, options, "data")

    def update(self, model: str, record_id: int, values: Options, options: Options) -> Flow[One]:
        send = _writing("PATCH", path_of(model, record_id), {"values": values}, options)
        return self._core.call(send, read_one, options)

    def update_many(
        self, model: str, changes: Mapping[int, Options], options: Options
    ) -> Flow[Any]:
        records = [{"id": record_id, "values": values} for record_id, values in changes.items()]
        send = _writing("PATCH", path_of(model), {"records": records}, options)
        return self._value(send, options, "data")

    def delete(self, model: str, record_id: int, options: Options) -> Flow[Any]:
        send = Send("DELETE", path_of(model, record_id), parameters(options))
        return self._core.call(send, read_json, options)

    def delete_many(self, model: str, ids: Sequence[int], options: Options) -> Flow[Any]:
        params = {**parameters(options), "ids": json.dumps(list(ids))}
        return self._core.call(Send("DELETE", path_of(model), params), read_json, options)

    def action(
        self, model: str, records: int | Sequence[int] | None, name: str, options: Options
    ) -> Flow[Any]:
        body = {key: options[key] for key in ("args", "kwargs", "context") if key in options}
        if isinstance(records, int):
            path = path_of(model, records, name)
        else:
            path = path_of(model, name)
            if records is not None:
                body["ids"] = list(records)
        params = parameters(options, "args", "kwargs", "context")
        send = Send("POST", path, params, once(options), json=body)
        return self._value(send, options, "result")

    def upload(
        self,
        model: str,
        record_id: int,
        field: str,
        content: bytes,
        media_type: str,
        options: Options,
    ) -> Flow[One]:
        send = Send(
            "PUT",
            path_of(model, record_id, field),
            headers={"Content-Type": media_type},
            content=content,
            timeout=None,
            repeatable=not options.get("etag"),
        )
        return self._core.call(send, read_one, options)

    def link(self, model: str, record_id: int, field: str, options: Options) -> Flow[Any]:
        send = Send("POST", path_of(model, record_id, field, "link"), json={})
        return self._value(send, options, "data")

    def file(self, path: str, options: Options) -> Flow[Download]:
        send = Send("GET", path, parameters(options), {"Accept": "*/*"}, timeout=None)
        return self._core.call(send, read_file, options)

    def _value(self, send: Send, options: Options, key: str) -> Flow[Any]:
        return self._core.call(send, lambda response: read_json(response)[key], options)


def _writing(method: str, path: str, body: Options, options: Options) -> Send:
    """Return the request of a write.

    A change is sent once if it is guarded, because a second one would fail on account of the first, or if a second one
    would create records again.
    """
    asked = {key: options[key] for key in ("fields", "expand") if key in options}
    files = options.get("files")
    send = Send(
        method,
        path,
        parameters(options, "fields", "expand"),
        once(options) if method == "POST" else {},
        json={**body, **asked},
        repeatable=method == "POST" or not (options.get("etag") or creates_records(body)),
    )
    return replace(send, files=_form(send.json, files), json=None, timeout=None) if files else send


def _form(content: Options, files: Mapping[str, File]) -> dict[str, Any]:
    """Return a form with files and, as JSON, what else a body has."""
    parts = {name: (None, json.dumps(value)) for name, value in content.items()}
    return {**parts, **{name: _named(name, file) for name, file in files.items()}}


def _named(name: str, file: File) -> tuple[str, bytes, str]:
    return (name, file, "application/octet-stream") if isinstance(file, bytes) else file
