"""Build what all operations of the OpenAPI document share: parameters, headers, errors, security.

Parameters, error codes and limits come from the registries with which requests are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from .errors import CODES
from .queries import (
    AGGREGATORS,
    COUNTS,
    DEFAULT_LIMIT,
    GRANULARITIES,
    MAX_ID,
    MAX_PAGE,
    RELATIONS,
)

Json = dict[str, Any]

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
TEXT: Final[Json] = {"type": "string"}
INTEGER: Final[Json] = {"type": "integer"}
ID: Final[Json] = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
#: The id in the examples of requests that write: no record has it, so that none is changed by mistake.
NO_RECORD: Final = MAX_ID
SUCCESS: Final[Json] = {"type": "boolean", "const": True}
NULL: Final[Json] = {"type": "null"}


def ref(name: str, kind: str = "schemas") -> Json:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def an_object(properties: Json, required: tuple[str, ...] | None = None, **more: Any) -> Json:
    """Return the schema of an object.

    :param required: the required keys; None for all
    """
    names = list(properties) if required is None else list(required)
    found: Json = {"type": "object", "properties": properties, **more}
    return {**found, "required": names} if names else found


def a_list(items: Json, **more: Any) -> Json:
    return {"type": "array", "items": items, **more}


def content(schema: Json, media_type: str = JSON, **more: Any) -> Json:
    return {media_type: {"schema": schema, **more}}


# --- parameters --------------------------------------------------------------------------------

#: Parameter of a query string → its schema and its meaning. A test compares the names with ``PARAMETERS``.
QUERY: Final[Mapping[str, tuple[Json, str]]] = {
    "model": (TEXT, "Technical name of the model, such as `res.partner`."),
    "fields": (
        a_list(TEXT),
        "Names of the fields to return, separated by commas or as a JSON list. `id` is always returned.",
    ),
    "id": (ID, "The id of one record."),
    "ids": (TEXT, "Ids of records, as a JSON list such as `[1, 2]`."),
    "domain": (
        TEXT,
        'Odoo domain, as JSON or as a Python literal: `[["active", "=", true]]`. It is never evaluated'
        " as code.",
    ),
    "search": (TEXT, "Returns the records whose name contains the text, as Odoo's search by name."),
    "expand": (
        TEXT,
        "Returns related records as objects: names of relations separated by commas, or a JSON object"
        ' such as `{"country_id": ["code"]}` or `{"child_ids": {"fields": ["name"], "order": "name",'
        ' "limit": 5}}`.',
    ),
    "order": (TEXT, "Such as `name, id desc`. Default: newest first."),
    "offset": ({**INTEGER, "minimum": 1, "maximum": MAX_PAGE}, "Page number, from 1."),
    "page": ({**INTEGER, "minimum": 1, "maximum": MAX_PAGE}, "Page number, from 1."),
    "limit": ({**INTEGER, "minimum": 1, "default": DEFAULT_LIMIT}, "Page size."),
    "cursor": (
        TEXT,
        "Pages that stay stable while records come and go. Send it empty for the first page, then the"
        " `next_cursor` of the previous response. Replaces the page number.",
    ),
    "count": (
        {**TEXT, "enum": list(COUNTS), "default": "exact"},
        "Whether the response has `total` and `total_pages`. With `estimated`, a large `total` may be an"
        " estimate. With a `cursor`, the default is `none`.",
    ),
    "archived": (
        {"type": "integer", "enum": [0, 1], "default": 0},
        "`1`: includes archived records, also in related records.",
    ),
    "nulls": (
        {"type": "integer", "enum": [0, 1]},
        "`1`: empty values are null; `0`: they are `false`, as in Odoo.",
    ),
    "relations": (
        {**TEXT, "enum": list(RELATIONS), "default": RELATIONS[0]},
        'Form of a many2one: `object` for `{"id": 7, "display_name": "…"}`, `id` for `7`.',
    ),
    "groupby": (
        a_list(TEXT),
        "Fields to group by, separated by commas or as a JSON list. A date needs a granularity: "
        + ", ".join(f"`create_date:{name}`" for name in GRANULARITIES)
        + ".",
    ),
    "aggregates": (
        a_list(TEXT),
        "What to compute for each group, such as `id:count` or `amount_total:sum`. Functions: "
        + ", ".join(f"`{name}`" for name in sorted(AGGREGATORS))
        + ". Default: `id:count`.",
    ),
    "lang": (TEXT, "Language of the request, such as `fr_FR`."),
    "signature": (TEXT, "The signature of a link to a file."),
}
#: Parameters of a list that change the types of its values. Typed operations leave them at their defaults;
#: those of ``/api/send_request`` have them.
UNTYPED: Final = frozenset(["nulls", "relations"])
#: Parameter that is a header → its schema and its meaning.
HEADER_PARAMETERS: Final[Mapping[str, tuple[Json, str]]] = {
    "Accept-Language": (TEXT, "Language of labels, names and messages, such as `fr`."),
    "Content-Language": (TEXT, "Language that a write changes. Default: the user's own."),
    "X-Odoo-Company": (
        {**TEXT, "pattern": "^[0-9]{1,9}(,[0-9]{1,9})*$"},
        "Ids of the user's companies for which the request is executed.",
    ),
    "X-Odoo-Consistency": (
        {**TEXT, "enum": ["strong", "eventual"]},
        "`strong`: the response shows all that was written before, even on a server with a replica of its"
        " database. Default: `eventual`.",
    ),
    "X-Odoo-Database": (TEXT, "Name of the database, on a server with several."),
    "Idempotency-Key": (
        {**TEXT, "minLength": 1, "maxLength": 255},
        "Executes the request once: if it is sent again within 24 hours, the response is the first one.",
    ),
    "If-Match": (
        TEXT,
        "The `ETag` of the record: the response is 412 if the record has changed since.",
    ),
    "If-None-Match": (
        TEXT,
        "The `ETag` of an earlier response: the response is 304 if it is still the same.",
    ),
    "Range": (TEXT, "Part of the file, such as `bytes=0-1023`."),
    "X-Client-Type": (
        {**TEXT, "enum": ["app", "browser"]},
        "`browser`: the refresh token is in a cookie. `app`: it is in the body. Without it, the"
        " `User-Agent` decides.",
    ),
}


def query(name: str, schema: Json | None = None, **more: Any) -> Json:
    """Return a parameter of the query string.

    :param schema: replaces the general one
    """
    general, text = QUERY[name]
    found: Json = {"name": name, "in": "query", "description": text, "schema": schema or general}
    if found["schema"].get("type") == "array":
        found |= {"style": "form", "explode": False}
    return {**found, **more}


def in_path(name: str, text: str, schema: Json, **more: Any) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": schema,
        **more,
    }


def component_of(name: str) -> str:
    """Return the name of the component of a header: its name without hyphens."""
    return name.replace("-", "")


def header(name: str) -> Json:
    """Return a reference to the parameter of a header."""
    return ref(component_of(name), "parameters")


def parameters() -> Json:
    """Return the components of parameters: all headers, and the ids of records."""
    found: Json = {
        component_of(name): {"name": name, "in": "header", "description": text, "schema": schema}
        for name, (schema, text) in HEADER_PARAMETERS.items()
    }
    return {
        **found,
        READ_ID: in_path("id", "The id of the record.", ID, example=1),
        WRITTEN_ID: in_path("id", "The id of the record.", ID, example=NO_RECORD),
    }


#: The parameter with the id of the record that is read, and that of the record that is written.
READ_ID: Final = "RecordId"
WRITTEN_ID: Final = "WrittenRecordId"
#: Of every request of a user for records.
GENERAL_HEADERS: Final = ("Accept-Language", "X-Odoo-Company")


# --- headers of responses ----------------------------------------------------------------------

#: Header of a response → its schema and its meaning.
HEADERS: Final[Mapping[str, tuple[Json, str]]] = {
    "ETag": (TEXT, "Version of the response, for `If-None-Match` and `If-Match`."),
    "Location": (TEXT, "Path of the new record."),
    "X-Token-Expires-In": (INTEGER, "Seconds until the access token of the response expires."),
    "Retry-After": (INTEGER, "Seconds to wait before the request is sent again."),
    "RateLimit-Limit": (INTEGER, "Requests per minute that the connection allows each user."),
    "RateLimit-Remaining": (INTEGER, "Requests that are left."),
    "RateLimit-Reset": (INTEGER, "Seconds until all requests are available again."),
    "Content-Language": (TEXT, "Language of the response."),
    "WWW-Authenticate": (TEXT, "Challenge of RFC 6750."),
    "Allow": (TEXT, "Methods that the path accepts."),
    "Idempotency-Replayed": (TEXT, "`true`: the response is that of an earlier request."),
    "Content-Disposition": (TEXT, "Name of the file."),
    "Content-Range": (TEXT, "Part of the file that the response has."),
    "Accept-Ranges": (TEXT, "`bytes`: parts of the file can be requested."),
}
_RATE_LIMIT: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def response_headers(*names: str) -> Json:
    """Return references to headers; those of a rate limit are on every response for records."""
    return {name: ref(component_of(name), "headers") for name in names}


def headers() -> Json:
    return {
        component_of(name): {"description": text, "schema": schema}
        for name, (schema, text) in HEADERS.items()
    }


def answer(text: str, schema: Json, *names: str, example: Any = None) -> Json:
    """Return a successful response with a JSON body.

    :param names: its headers, besides those of every response for records
    """
    more = {} if example is None else {"example": example}
    return {
        "description": text,
        "headers": response_headers("Content-Language", *names, *_RATE_LIMIT),
        "content": content(schema, **more),
    }


# --- bodies ------------------------------------------------------------------------------------


def returned_keys(field: Json, example: str) -> Json:
    """Return the keys of a body that say what the response returns.

    :param field: the schema of the name of a field
    :param example: such as ``, such as `{"country_id": ["code"]}```
    """
    return {
        "fields": a_list(
            field,
            description="The names of the fields that the response returns. `id` is always returned.",
        ),
        "expand": {
            "type": "object",
            "additionalProperties": True,
            "description": "The relations whose records the response returns as objects, with their"
            f" fields{example}.",
        },
    }


# --- errors ------------------------------------------------------------------------------------

_SPECIAL_HEADERS: Final = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After", *_RATE_LIMIT),
    503: ("Retry-After",),
}
_PHRASES: Final = {
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
#: Errors of every request with a token for records.
USUAL: Final = (400, 401, 403, 404, 405, 429, 500, 503)
#: Errors of a link to a file, whose holder gets the same one for each cause, without a token.
LINKED: Final = (400, 404, 405, 429, 500, 503)
#: Errors of every request that writes, in addition.
WRITING: Final = (409, 413, 415, 422, 502)


def error_name(status: int) -> str:
    """Return the name of the component with the errors of a status, such as ``NotFound``."""
    return phrase(status).replace(" ", "")


def phrase(status: int) -> str:
    return _PHRASES.get(status) or HTTPStatus(status).phrase


def errors(*statuses: int) -> Json:
    """Return references to the responses of errors, by status."""
    return {str(status): ref(error_name(status), "responses") for status in sorted(set(statuses))}


def error_responses() -> Json:
    """Return the components of errors: one response for each status of ``CODES``."""
    codes: dict[int, list[str]] = {}
    for code, status in CODES.items():
        codes.setdefault(status, []).append(code)
    return {error_name(status): _error_response(status, codes[status]) for status in sorted(codes)}


def _error_response(status: int, codes: list[str]) -> Json:
    listed = ", ".join(f"`{code}`" for code in codes)
    names = ("Content-Language", *_SPECIAL_HEADERS.get(status, ()))
    schema, problem = ref("ApiError"), ref("ProblemDetails")
    if status == 401:  # the response to a login that lacks the second factor
        schema = {"anyOf": [ref("MfaRequired"), ref("ApiError")]}
    return {
        "description": f"{phrase(status)}: {listed}.",
        "headers": response_headers(*names),
        "content": {**content(schema), **content(problem, PROBLEM)},
    }


_NAMED_PROBLEMS: Final[Json] = {
    "type": "object",
    "additionalProperties": a_list(TEXT),
    "description": "The problems by the name of the field or parameter that they are about.",
}


def shared_schemas() -> Json:
    """Return the schemas that do not depend on a model."""
    code = ref("ErrorCode")
    mfa: Json = {
        "mfa_token": TEXT,
        "mfa_type": {**TEXT, "enum": ["totp", "totp_mail"]},
        "expires_in": INTEGER,
    }
    failed: Json = {
        "success": {"type": "boolean", "const": False},
        "error": code,
        "message": {
            **TEXT,
            "description": "A sentence for a person, in the language of the caller.",
        },
    }
    return {
        "ErrorCode": {
            **TEXT,
            "enum": list(CODES),
            "description": "A stable code for programs. It is never translated.",
        },
        "ApiError": an_object({**failed, "fields": _NAMED_PROBLEMS}, tuple(failed)),
        "MfaRequired": an_object(
            {**failed, "error": {**TEXT, "const": "mfa_required"}, **mfa},
            description="The account has a second factor: send `mfa_token` and the code.",
        ),
        "ProblemDetails": an_object(
            {
                "type": {**TEXT, "format": "uri-reference"},
                "title": TEXT,
                "status": INTEGER,
                "detail": TEXT,
                "code": code,
                "fields": _NAMED_PROBLEMS,
            },
            ("type", "title", "status", "detail", "code"),
            description="An error of RFC 9457, for requests with `Accept: application/problem+json`.",
        ),
        "Link": an_object(
            {"id": ID, "display_name": {"type": ["string", "null"]}},
            ("id",),
            additionalProperties=True,
            description="A record that a many2one leads to; with `expand`, its requested fields.",
        ),
        "Record": an_object(
            {"id": ID}, additionalProperties=True, description="A record with its requested fields."
        ),
        "Command": a_list(
            {},
            minItems=1,
            maxItems=3,
            description=(
                "A command of Odoo: `[0, 0, {…}]` creates a record, `[1, 7, {…}]` changes record 7,"
                " `[2, 7]` deletes it, `[3, 7]` removes it, `[4, 7]` adds it, `[5]` removes all,"
                " `[6, 0, [7, 8]]` replaces all."
            ),
        ),
        "Property": an_object(
            {"name": TEXT, "type": TEXT, "string": TEXT, "value": {}},
            ("name", "type"),
            additionalProperties=True,
            description="A property with its definition and its value.",
        ),
        "ValueError": an_object(
            {
                "model": TEXT,
                "ids": a_list(ID),
                "field": TEXT,
                "error": code,
                "message": TEXT,
            },
            description="A value that could not be read and is empty in the response.",
        ),
        "Groups": page_of(
            {
                "type": "object",
                "additionalProperties": True,
                "description": "The groups and aggregates of the request, by their names.",
            }
        ),
        "Deleted": an_object({"deleted_id": ID}),
        "DeletedMany": an_object({"deleted_ids": a_list(ID)}),
        "Called": an_object(
            {"success": SUCCESS, "result": {}},
            description="What the method returns: records as their ids, an action of Odoo as its data.",
        ),
    }


def page_of(row: Json) -> Json:
    """Return the schema of a page of rows."""
    return an_object(
        {
            "success": SUCCESS,
            "count": INTEGER,
            "page": INTEGER,
            "page_size": INTEGER,
            "total": INTEGER,
            "total_pages": INTEGER,
            "next_cursor": TEXT,
            "data": a_list(row),
            "errors": a_list(ref("ValueError")),
        },
        ("success", "count", "page_size", "data"),
    )


def one_of(row: Json) -> Json:
    """Return the schema of a response with one record."""
    return an_object(
        {
            "success": SUCCESS,
            "count": INTEGER,
            "data": row,
            "errors": a_list(ref("ValueError")),
        },
        ("success", "count", "data"),
    )


def many_of(row: Json) -> Json:
    """Return the schema of a response with all records that a request has written."""
    return one_of(a_list(row))


# --- security ----------------------------------------------------------------------------------

#: The access token.
BEARER: Final[list[Json]] = [{"bearer": []}]
#: The refresh token, in a header or in the cookie of a browser.
REFRESH: Final[list[Json]] = [{"refreshHeader": []}, {"refreshCookie": []}]
NOBODY: Final[list[Json]] = []


def security_schemes(cookie: str) -> Json:
    """Return the ways to authenticate.

    :param cookie: the name of the cookie with a browser's refresh token
    """
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a login.",
        },
        "refreshHeader": {
            "type": "apiKey",
            "in": "header",
            "name": "refreshToken",
            "description": "The refresh token of an app.",
        },
        "refreshCookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The refresh token of a browser.",
        },
    }
