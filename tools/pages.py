"""Prepare the OpenAPI document for the documentation page: texts, samples and tables, without markup."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

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
#: The endings of files by their media type.
_ENDINGS: Final = {"application/pdf": ".pdf", "image/*": ".png", "text/html": ".html"}
_BYTES: Final = "application/octet-stream"
#: Characters of a query string that are easier to read as they are, and that browsers send so.
_READABLE: Final = ",:[]"
#: How many records a sample reads.
_FEW: Final = "5"


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation, or a key of its body."""

    name: str
    place: str
    type: str
    is_required: bool
    text: Inline


@dataclass(frozen=True)
class Operation:
    """An operation as the page shows it.

    :ivar id: the anchor
    :ivar sample_path: path and query of the samples, for the form to try it
    :ivar body: the body of the samples as JSON; empty without one
    :ivar takes_file: whether the body is a file
    """

    id: str
    method: str
    path: str
    summary: str
    text: list[Inline]
    parameters: list[Parameter]
    keys: list[Parameter]
    statuses: list[tuple[str, Inline]]
    samples: tuple[samples.Sample, ...]
    sample_path: str
    body: str
    takes_file: bool


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
            text=paragraphs((written.get(name) or parts[0][name]).get("description", "")),
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
    sample_path = _sample_path(path, parameters)
    params = _sample_params(parameters)
    body = _sample_body(document, each)
    takes_file = _BYTES in each.get("requestBody", {}).get("content", {})
    headers = {} if each.get("security") == [] else {"Authorization": f"Bearer {samples.TOKEN}"}
    query = urlencode(params, safe=_READABLE, quote_via=quote)
    return Operation(
        id=each["operationId"],
        method=method,
        path=path,
        summary=each["summary"],
        text=paragraphs(each["description"]),
        parameters=[_parameter(parameter) for parameter in parameters],
        keys=_keys(document, each),
        statuses=[
            (status, _inline(_resolved(document, answer)["description"]))
            for status, answer in each["responses"].items()
        ],
        samples=samples.samples(
            method,
            f"{origin}{sample_path}",
            headers,
            body,
            params,
            _returned_file(document, path, each),
            f"{_last(path)}{_ending(each['requestBody'])}" if takes_file else "",
        ),
        sample_path=f"{sample_path}?{query}" if query else sample_path,
        body="" if body is None else _pretty(body),
        takes_file=takes_file,
    )


def _sample_path(path: str, parameters: list[Json]) -> str:
    """Return a path with the examples of its parameters."""
    examples = {each["name"]: each["example"] for each in parameters if each["in"] == "path"}
    return re.sub(r"\{(\w+)\}", lambda found: str(examples[found[1]]), path)


def _last(path: str) -> str:
    """Return what a path calls a file: its last part that is a name."""
    names = [part for part in path.split("/") if "{" not in part]
    return names[-2] if names[-1] == "file" else names[-1]


def _ending(described: Json) -> str:
    """Return the ending of the file that a body or a response is."""
    return next((_ENDINGS[kind] for kind in described["content"] if kind in _ENDINGS), ".bin")


def _returned_file(document: Json, path: str, each: Json) -> str:
    """Return the name of the file that the response is; an empty text if it is JSON."""
    done = next(
        each["responses"][status] for status in ("200", "201") if status in each["responses"]
    )
    answer = _resolved(document, done)
    return "" if JSON in answer["content"] else f"{_last(path)}{_ending(answer)}"


def _keys(document: Json, each: Json) -> list[Parameter]:
    """Return the keys of the body."""
    content = each.get("requestBody", {}).get("content", {})
    schema = _resolved(document, content.get(JSON, {}).get("schema", {}))
    needed = schema.get("required", ())
    return [
        Parameter(
            name=name,
            place="body",
            type=_type(key),
            is_required=name in needed,
            text=_inline(key["description"]),
        )
        for name, key in schema.get("properties", {}).items()
    ]


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
