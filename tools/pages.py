"""Prepare the OpenAPI document for the documentation page: texts, samples and tables, without markup."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import problem, samples
from .errors import CODES
from .openapi import operations
from .openapi_shared import JSON, phrase

Json = dict[str, Any]
#: A text as pairs: whether it is code, and the text.
Inline = list[tuple[bool, str]]
#: What stands for the address of the server in a page, until it is known.
ORIGIN: Final = "https://origin.invalid"
#: Addresses that no language and no markup needs to quote.
_PLAIN: Final = re.compile(r"https?://[A-Za-z0-9._:\[\]-]{1,255}")
#: What stands for the variable part of a path in a sample.
_ANY_ID: Final = "1"
#: How many records a sample reads.
_FEW: Final = "5"


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation."""

    name: str
    place: str
    type: str
    is_required: bool
    text: Inline


@dataclass(frozen=True)
class Operation:
    """An operation as the page shows it.

    :ivar id: the anchor
    :ivar samples: empty for one whose body or response is not JSON
    :ivar sample_path: path and query of the samples, for the form to try it
    :ivar body: the body of the samples as JSON; empty without one
    """

    id: str
    method: str
    path: str
    summary: str
    text: list[Inline]
    parameters: list[Parameter]
    statuses: list[tuple[str, Inline]]
    samples: tuple[samples.Sample, ...]
    sample_path: str
    body: str


@dataclass(frozen=True)
class Field:
    """A field of a model as the page shows it."""

    name: str
    type: str
    text: list[Inline]
    is_readable: bool
    is_writable: bool
    is_required: bool


def with_origin(page: bytes, origin: str) -> bytes:
    """Return a page with the address of the server; without it, if it is not the name of a host."""
    known = origin if _PLAIN.fullmatch(origin) else "http://localhost"
    return page.replace(ORIGIN.encode(), known.encode())


def paragraphs(text: str) -> list[Inline]:
    """Return the paragraphs of a text, in which backticks enclose code."""
    return [_inline(part) for part in re.split(r"\n{2,}", text.strip()) if part]


def _inline(text: str) -> Inline:
    parts = re.split(r"`([^`]*)`", text)
    return [(bool(number % 2), part) for number, part in enumerate(parts) if part]


def tagged(document: Json, tag: str, origin: str) -> list[Operation]:
    """Return the operations with a tag, in the order of the document.

    ``PATCH``, which equals ``PUT``, is left out.

    :param origin: the address of the server, for the samples
    """
    found = operations(document)
    return [
        _operation(document, method, path, each, origin)
        for method, path, each in found
        if tag in each["tags"] and method != "PATCH"
    ]


def tags(document: Json) -> list[tuple[str, str]]:
    """Return the tags of the document, with their descriptions."""
    return [(each["name"], each["description"]) for each in document["tags"]]


def fields(document: Json, model: str) -> list[Field]:
    """Return the fields of a model, which the schemas of its operations have."""
    schemas = document["components"]["schemas"]
    read, create, update = ({}, {}, {})  # type: Json, Json, Json
    for _method, path, each in operations(document):
        if model not in each["tags"]:
            continue
        prefix = re.sub(r"^[a-z]+", "", each["operationId"])
        if each["operationId"].startswith("describe") and path.endswith("/schema"):
            read = schemas.get(prefix, {})
            create = schemas.get(f"{prefix}Create", {})
            update = schemas.get(f"{prefix}Update", {})
    parts = [part.get("properties", {}) for part in (read, create, update)]
    names = sorted(set().union(*parts))
    written = {**parts[2], **parts[1]}
    return [
        Field(
            name=name,
            type=_type(parts[0].get(name) or written[name]),
            text=paragraphs((parts[0].get(name) or written[name]).get("description", "")),
            is_readable=name in parts[0],
            is_writable=name in written,
            is_required=name in create.get("required", ()),
        )
        for name in names
    ]


def errors() -> list[tuple[str, int, str]]:
    """Return each error code with its status and its title."""
    return [
        (code, status, f"{problem.title(code)} ({phrase(status)})")
        for code, status in CODES.items()
    ]


# --- one operation -------------------------------------------------------------------------------


def _operation(document: Json, method: str, path: str, each: Json, origin: str) -> Operation:
    item = document["paths"][path]
    parameters = [
        _resolved(document, parameter)
        for parameter in (*item.get("parameters", ()), *each.get("parameters", ()))
    ]
    sample_path = re.sub(r"\{\w+\}", _ANY_ID, path)
    params = _sample_params(parameters)
    body = _sample_body(document, each)
    is_json = _is_json(document, each)
    headers = {} if each.get("security") == [] else {"Authorization": f"Bearer {samples.TOKEN}"}
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return Operation(
        id=each["operationId"],
        method=method,
        path=path,
        summary=each["summary"],
        text=paragraphs(each["description"]),
        parameters=[_parameter(parameter) for parameter in parameters],
        statuses=[
            (status, _inline(_resolved(document, answer)["description"]))
            for status, answer in each["responses"].items()
        ],
        samples=samples.samples(method, f"{origin}{sample_path}", headers, body, params)
        if is_json
        else (),
        sample_path=f"{sample_path}?{query}" if query else sample_path,
        body="" if body is None else _pretty(body),
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _resolved(document: Json, value: Json) -> Json:
    """Return a component in place of a reference to it."""
    if "$ref" not in value:
        return value
    _root, _components, kind, name = value["$ref"].split("/")
    return dict(document["components"][kind][name])


def _parameter(parameter: Json) -> Parameter:
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        type=_type(parameter["schema"]),
        is_required=bool(parameter.get("required")),
        text=_inline(parameter["description"]),
    )


def _sample_params(parameters: list[Json]) -> dict[str, str]:
    found = {}
    for parameter in parameters:
        if parameter["in"] != "query":
            continue
        example = parameter.get("example")
        if isinstance(example, list):
            example = ",".join(map(str, example))
        if parameter["name"] == "limit":
            example = _FEW
        if example is not None and parameter["name"] != "domain":
            found[parameter["name"]] = str(example)
    return found


def _sample_body(document: Json, each: Json) -> Any:
    """Return the body of a sample: the example of the document, or the smallest one; None without a body."""
    media: Json = each.get("requestBody", {}).get("content", {}).get(JSON)
    if not media:
        return None
    if "example" in media:
        return media["example"]
    schema = _resolved(document, media["schema"])
    return {name: _empty(schema["properties"][name]) for name in schema.get("required", ())}


def _empty(schema: Json) -> Any:
    return [] if schema.get("type") == "array" else ("" if schema.get("type") == "string" else {})


def _is_json(document: Json, each: Json) -> bool:
    """Return whether a sample can send and print JSON."""
    body: Mapping[str, Any] = each.get("requestBody", {}).get("content", {JSON: {}})
    done = [each["responses"][status] for status in each["responses"] if status in ("200", "201")]
    answers: list[Mapping[str, Any]] = [
        _resolved(document, answer).get("content", {}) for answer in done
    ]
    return JSON in body and all(JSON in answer for answer in answers)


def _type(schema: Json) -> str:
    """Return a type for people, such as ``text or null``."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    kinds = schema.get("type", "any JSON")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds:
        return f"list of {_type(schema.get('items', {}))}"
    words = [str(schema.get("format") or kind) if kind == "string" else kind for kind in kinds]
    return " or ".join({"string": "text", "byte": "base64"}.get(word, word) for word in words)
