"""Build the OpenAPI 3.1 document of what one caller may use, from the descriptions of the open models."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import openapi_accounts as accounts
from .descriptions import ActionDescription, FieldDescription, ModelDescription
from .openapi_models import (
    changed_values,
    example_line,
    example_values,
    read_schema,
    write_schema,
)
from .openapi_shared import (
    BEARER,
    GENERAL_HEADERS,
    ID,
    INTEGER,
    JSON,
    LINKED,
    NO_RECORD,
    NOBODY,
    QUERY,
    READ_ID,
    SUCCESS,
    TEXT,
    UNTYPED,
    USUAL,
    WRITING,
    WRITTEN_ID,
    Json,
    a_list,
    an_object,
    answer,
    content,
    error_responses,
    errors,
    header,
    headers,
    many_of,
    one_of,
    page_of,
    parameters,
    query,
    ref,
    response_headers,
    returned_keys,
    security_schemes,
    shared_schemas,
)
from .parameters import PARAMETERS

VERSION: Final = "3.1.1"
_GENERIC: Final = "Any model"
#: The tags that are not models.
GENERAL_TAGS: Final = (accounts.ACCOUNTS, accounts.DISCOVERY, _GENERIC)
_BYTES: Final = "application/octet-stream"
_FORM: Final = "multipart/form-data"
_PDF: Final = "application/pdf"
#: What follows the name of a model in the names of its schemas.
_VARIANTS: Final = (
    "",
    "Field",
    "List",
    "One",
    "Many",
    "Create",
    "Update",
    "CreateBody",
    "UpdateBody",
)
_READ: Final = ref(READ_ID, "parameters")
_WRITTEN: Final = ref(WRITTEN_ID, "parameters")
_RECORD_ID: Final[Json] = {**ID, "description": "The id of the record."}
_WIZARD: Final = "The context of the action that opens the wizard: for new wizards only."
_BINARY: Final[Json] = {**TEXT, "format": "binary"}
_INTRODUCTION: Final = """\
Log in with `POST /api/login` and send the access token with every request: `Authorization: Bearer <token>`. After it
has expired, get a new one with `POST /api/update/access-token`.

The paths below `/api/v1` have one operation per model. An empty value is null, and a many2one is an object with `id`
and `display_name`; the parameters `nulls=0` and `relations=id` choose other forms, which these types do not describe.
`values` of a POST may also be a list, which creates several records and returns a list. `PATCH` is the same as `PUT`.
Behind a proxy that lets only GET and POST pass, send POST with `X-HTTP-Method-Override`.

A value that cannot be read is null, and `errors` names it.
"""


@dataclass(frozen=True)
class Server:
    """What the document tells of the server.

    :ivar version: of the addon
    :ivar cookie: the name of the cookie with a browser's refresh token
    """

    title: str
    version: str
    cookie: str


def document(models: Sequence[ModelDescription], server: Server) -> Json:
    """Return the document, without the ``servers``, which depend on the request.

    :param models: those that the caller may use, in the order of their names
    """
    names = Names([*shared_schemas(), *accounts.schemas()])
    prefixes = {model.name: names.schema(model.name) for model in models}
    creatable = {model.name: model for model in models if "POST" in model.methods}
    readable = {model.name: prefixes[model.name] for model in models if "GET" in model.methods}
    schemas: Json = {**shared_schemas(), **accounts.schemas()}
    paths: Json = accounts.paths()
    for model in models:
        part = _Model(model, prefixes[model.name], readable, creatable, names)
        schemas |= part.schemas()
        paths |= part.paths()
    paths["/api/send_request"] = _send_request()
    tags = [
        {"name": accounts.ACCOUNTS, "description": "Tokens, and the sessions of the user."},
        {"name": accounts.DISCOVERY, "description": "What is open to the user."},
        *({"name": model.name, "description": model.title} for model in models),
        {"name": _GENERIC, "description": "One path for all models, with untyped records."},
    ]
    return {
        "openapi": VERSION,
        "info": {
            "title": server.title,
            "version": server.version,
            "summary": "The API of this Odoo server, as far as you may use it.",
            "description": _INTRODUCTION,
            "contact": {"name": "The administrator of this server"},
            "license": {"name": "LGPL-3.0-only", "identifier": "LGPL-3.0-only"},
        },
        "tags": tags,
        "security": BEARER,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters(),
            "headers": headers(),
            "responses": error_responses(),
            "securitySchemes": security_schemes(server.cookie),
        },
    }


def with_server(data: bytes, origin: str) -> bytes:
    """Return a document with the address of the server.

    :param data: the JSON of a document of :func:`document`
    """
    servers = json.dumps([{"url": origin, "description": "This server"}])
    return b'{"servers":' + servers.encode() + b"," + data[1:]


class Names:
    """Give names to schemas and operations, each of them once.

    :param taken: names of schemas that are in use
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def schema(self, text: str) -> str:
        """Return a name such as ``ResPartner`` whose variants (``ResPartnerCreate``) are free, too."""
        return self.unique(pascal(text), _VARIANTS)

    def unique(self, name: str, variants: Sequence[str] = ("",)) -> str:
        number, free = 1, name
        while not self._taken.isdisjoint(f"{free}{each}" for each in variants):
            number += 1
            free = f"{name}{number}"
        self._taken.update(f"{free}{each}" for each in variants)
        return free


def pascal(text: str) -> str:
    """Return a name without separators: ``ResPartner`` for ``res.partner``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text))


class _Model:
    """The schemas and paths of one model.

    :param prefix: the name of the schema of its records
    :param readable: the schemas of all models that the caller may read
    :param creatable: all models of which the caller may create records
    """

    def __init__(
        self,
        model: ModelDescription,
        prefix: str,
        readable: Mapping[str, str],
        creatable: Mapping[str, ModelDescription],
        names: Names,
    ) -> None:
        self.model = model
        self.prefix = prefix
        self.readable = readable
        self.creatable = creatable
        self.names = names
        self.is_read = "GET" in model.methods and bool(model.readable)
        self.row = ref(prefix) if self.is_read else ref("Record")

    def schemas(self) -> Json:
        model, prefix = self.model, self.prefix
        found: Json = {}
        if self.is_read:
            found[prefix] = read_schema(model, self.readable)
            found[f"{prefix}Field"] = {**TEXT, "enum": [each.name for each in model.readable]}
            found[f"{prefix}List"] = page_of(self.row)
        if self.is_read or "POST" in model.methods or "PUT" in model.methods:
            found[f"{prefix}One"] = one_of(self.row)
        if "POST" in model.methods:
            found[f"{prefix}Create"] = write_schema(model, creates=True)
            found[f"{prefix}CreateBody"] = self._body("Create")
        if "PUT" in model.methods:
            found[f"{prefix}Many"] = many_of(self.row)
            found[f"{prefix}Update"] = write_schema(model, creates=False)
            found[f"{prefix}UpdateBody"] = self._body("Update")
        return found

    # --- paths -------------------------------------------------------------------------------

    def paths(self) -> Json:
        model, path = self.model, self.model.path
        found: Json = {
            path: self._collection(),
            f"{path}/schema": {"get": self._schema()},
            f"{path}/{{id}}": self._record(),
        }
        if self.is_read:
            found[f"{path}/groups"] = {"get": self._groups()}
        for field in model.fields.values():
            if field.is_file and (operations := self._file(field)):
                found[f"{path}/{{id}}/{field.name}"] = operations
                if field.is_readable:
                    found |= self._link(f"{path}/{{id}}/{field.name}", field)
        for action in model.actions:
            found.setdefault(f"{path}/{action.name}", {})["post"] = self._call_on_model(action)
            if not action.is_for_model:
                operation = self._call(action)
                found.setdefault(f"{path}/{{id}}/{action.name}", {})["post"] = operation
        for report in model.reports:
            found[f"{path}/{{id}}/report/{report.name}"] = {
                "get": self._print(report.name, report.title)
            }
        return {path: item for path, item in found.items() if item}

    def _operation(
        self,
        verb: str,
        summary: str,
        parameters: Sequence[Json],
        responses: Json,
        body: Json | None = None,
        *,
        text: str = "",
        is_optional: bool = False,
        general: Sequence[str] = GENERAL_HEADERS,
    ) -> Json:
        """Return an operation.

        :param verb: the beginning and the end of its name, such as ``list{}``
        :param general: headers that operations usually read
        """
        found: Json = {
            "operationId": self.names.unique(verb.format(self.prefix)),
            "tags": [self.model.name],
            "summary": summary,
            "description": text or f"{summary} ({self.model.title}).",
            "parameters": [*parameters, *map(header, general)],
            "responses": responses,
        }
        if body is not None:
            found["requestBody"] = {"required": not is_optional, "content": body}
        return found

    def _collection(self) -> Json:
        methods, found = self.model.methods, {}
        if self.is_read:
            found["get"] = self._list()
        if "POST" in methods:
            found["post"] = self._create()
        if "PUT" in methods:
            found["put"] = self._update_many("updateMany{}")
            found["patch"] = self._update_many("patchMany{}")
        if "DELETE" in methods:
            found["delete"] = self._delete_many()
        return found

    def _record(self) -> Json:
        methods, found = self.model.methods, {}
        if self.is_read:
            found["get"] = self._get()
        if "PUT" in methods:
            found["put"] = self._update("update{}")
            found["patch"] = self._update("patch{}")
        if "DELETE" in methods:
            found["delete"] = self._delete()
        return found

    # --- reading -----------------------------------------------------------------------------

    def _fields(self) -> Json:
        names = self.model.short_fields or ["id"]
        return query("fields", a_list(ref(f"{self.prefix}Field")), example=names)

    def _domain(self) -> Json:
        return query("domain", example='[["id", ">", 0]]')

    def _limit(self) -> Json:
        most = self.model.max_limit
        schema = {**QUERY["limit"][0], "maximum": most}
        schema["default"] = min(most, schema["default"])
        return query("limit", schema)

    def _parameters(self, names: Collection[str]) -> list[Json]:
        """Return the parameters of a request that reads, without those that change the types of values."""
        own = {"fields": self._fields, "domain": self._domain, "limit": self._limit}
        found = [name for name in QUERY if name in names and name not in UNTYPED]
        return [own[name]() if name in own else query(name) for name in found]

    def _list(self) -> Json:
        # those with groups have a path of their own
        return self._operation(
            "list{}",
            "List records",
            [
                *self._parameters(PARAMETERS["LIST"] - {"groupby", "aggregates"}),
                header("X-Odoo-Consistency"),
            ],
            {
                "200": answer("A page of records.", ref(f"{self.prefix}List")),
                **errors(*USUAL),
            },
            text="Returns a page of records, newest first unless `order` says otherwise.",
        )

    def _groups(self) -> Json:
        return self._operation(
            "group{}",
            "Group records",
            [*self._parameters(PARAMETERS["GROUPS"]), header("X-Odoo-Consistency")],
            {"200": answer("A page of groups.", ref("Groups")), **errors(*USUAL)},
            text="Returns groups of records and their aggregates. Without `groupby`, it is one group of all"
            " records.",
        )

    def _schema(self) -> Json:
        return self._operation(
            "describe{}",
            "Describe the fields",
            [query("lang"), header("If-None-Match")],
            {
                "200": answer(
                    "The fields that the caller may read or write.",
                    an_object({"success": {"type": "boolean"}, "data": ref("ModelDescription")}),
                    "ETag",
                ),
                **self._not_modified(),
                **errors(*USUAL),
            },
        )

    @staticmethod
    def _not_modified() -> Json:
        return {
            "304": {
                "description": "The client has the response already.",
                "headers": response_headers("ETag"),
            }
        }

    def _get(self) -> Json:
        return self._operation(
            "get{}",
            "Get one record",
            [
                _READ,
                *self._parameters(PARAMETERS["ONE"]),
                header("If-None-Match"),
                header("X-Odoo-Consistency"),
            ],
            {
                "200": answer("The record.", ref(f"{self.prefix}One"), "ETag"),
                **self._not_modified(),
                **errors(*USUAL),
            },
        )

    # --- writing -----------------------------------------------------------------------------

    def _returned(self) -> Json:
        """Return the keys of a body that say what the response returns."""
        fields = ref(f"{self.prefix}Field") if self.is_read else TEXT
        relations = [each for each in self.model.readable if each.relation]
        example = next(iter([*self._lines(), *relations]), None)
        text = f", such as `{json.dumps({example.name: ['display_name']})}`" if example else ""
        return returned_keys(fields, text)

    def _lines(self) -> list[FieldDescription]:
        """Return the relations through which records can be created: first those to a model named after this one,
        such as ``sale.order.line``."""
        found = [
            each
            for each in self.model.writable
            if each.type == "one2many" and each.relation in self.creatable
        ]
        return sorted(found, key=lambda each: not str(each.relation).startswith(self.model.name))

    def _values(self, variant: str) -> Json:
        """Return the schema of ``values``, with an example of a line."""
        text = "The values of the record, by the names of the fields."
        if lines := self._lines():
            values = example_line(self.creatable[str(lines[0].relation)], self.model.name)
            example = json.dumps({lines[0].name: [[0, 0, values]]})
            text += (
                f" Lines are written as commands: `{example}` creates one together with the record."
            )
        return {**ref(f"{self.prefix}{variant}"), "description": text}

    def _keys(self, variant: str) -> Json:
        """Return the keys of a body with the values of a record.

        :param variant: the schema of the values: ``Create`` or ``Update``
        """
        keys: Json = {"values": self._values(variant), **self._returned()}
        if self.model.is_wizard and variant == "Create":
            keys["context"] = {
                "type": "object",
                "additionalProperties": True,
                "description": _WIZARD,
            }
        return keys

    def _body(self, variant: str) -> Json:
        return an_object(self._keys(variant), ("values",), additionalProperties=False)

    def _create(self) -> Json:
        example = {"values": example_values(self.model)}
        return self._operation(
            "create{}",
            "Create a record",
            [query("lang"), header("Idempotency-Key"), header("Content-Language")],
            {
                "201": answer(
                    "The new record.",
                    ref(f"{self.prefix}One"),
                    "Location",
                    "ETag",
                    "Idempotency-Replayed",
                ),
                **errors(*USUAL, *WRITING),
            },
            self._bodies("Create", example=example),
        )

    def _bodies(self, variant: str, **more: Any) -> Json:
        """Return the forms of a body with the values of a record: JSON and, if there are files, a form."""
        found = content(ref(f"{self.prefix}{variant}Body"), **more)
        files = [each for each in self.model.writable if each.is_file]
        if files:
            keys = self._keys(variant)
            parts = keys | {each.name: {**_BINARY, "description": each.label} for each in files}
            encoding = {name: {"contentType": JSON} for name in keys}
            found |= content(an_object(parts, ()), _FORM, encoding=encoding)
        return found

    def _update(self, verb: str) -> Json:
        return self._operation(
            verb,
            "Change a record",
            [_WRITTEN, query("lang"), header("If-Match"), header("Content-Language")],
            {
                "200": answer("The changed record.", ref(f"{self.prefix}One"), "ETag"),
                **errors(*USUAL, *WRITING, 412),
            },
            self._bodies("Update", example={"values": changed_values(self.model)}),
            text="Changes the values that are sent, and no others.",
        )

    def _update_many(self, verb: str) -> Json:
        item = an_object({"id": _RECORD_ID, "values": self._values("Update")})
        records = a_list(
            item, minItems=1, maxItems=self.model.max_limit, description="The records to change."
        )
        example = {"records": [{"id": NO_RECORD, "values": changed_values(self.model)}]}
        body: Json = {"records": records, **self._returned()}
        return self._operation(
            verb,
            "Change several records",
            [query("lang"), header("Content-Language")],
            {
                "200": answer("The changed records.", ref(f"{self.prefix}Many")),
                **errors(*USUAL, *WRITING),
            },
            content(an_object(body, ("records",), additionalProperties=False), example=example),
            text="Changes all of the records, or none of them.",
        )

    def _delete(self) -> Json:
        return self._operation(
            "delete{}",
            "Delete a record",
            [_WRITTEN, query("lang"), header("If-Match")],
            {
                "200": answer("The record is deleted.", ref("Deleted")),
                **errors(*USUAL, *WRITING, 412),
            },
        )

    def _delete_many(self) -> Json:
        return self._operation(
            "deleteMany{}",
            "Delete several records",
            [query("ids", required=True, example=f"[{NO_RECORD}]"), query("lang")],
            {
                "200": answer("The records are deleted.", ref("DeletedMany")),
                **errors(*USUAL, *WRITING),
            },
            text="Deletes all of the records, or none of them.",
        )

    # --- files, reports and actions ----------------------------------------------------------

    def _file(self, field: FieldDescription) -> Json:
        name, found = f"{{}}{pascal(field.name)}", {}
        if field.is_readable:
            found["get"] = self._operation(
                f"download{name}",
                f"Get the file: {field.label}",
                [
                    _READ,
                    query("lang"),
                    *map(header, ("Range", "If-None-Match", "X-Odoo-Consistency")),
                ],
                self._bytes(field, *USUAL),
            )
        if field.is_writable and "PUT" in self.model.methods:
            found["put"] = self._operation(
                f"upload{name}",
                f"Store the file: {field.label}",
                [_WRITTEN, query("lang"), header("If-Match")],
                {
                    "200": answer("The file is stored.", one_of(ref("Record")), "ETag"),
                    **errors(*USUAL, *WRITING, 412),
                },
                {
                    **self._kinds(field),
                    **content(an_object({"file": {**_BINARY, "description": "The file."}}), _FORM),
                },
                text="Stores the body as it is, or the only file of a form. An empty body empties the field.",
                is_optional=True,
            )
        return found

    @staticmethod
    def _kinds(field: FieldDescription) -> Json:
        """Return the content of a file, by media type."""
        kinds = ["image/*", _BYTES] if field.is_image else [_BYTES]
        return {kind: {"schema": _BINARY} for kind in kinds}

    def _bytes(self, field: FieldDescription, *statuses: int) -> Json:
        """Return the responses to a download.

        :param statuses: of its errors
        """
        done = {
            "description": "The bytes of the file.",
            "headers": response_headers("ETag", "Accept-Ranges", "Content-Disposition"),
            "content": self._kinds(field),
        }
        part = {**done, "headers": response_headers("Content-Range"), "description": "A part."}
        return {"200": done, "206": part, **self._not_modified(), **errors(*statuses, 416)}

    def _link(self, path: str, field: FieldDescription) -> Json:
        """Return the path items of a link to a file: one that returns it, and the link itself."""
        name = f"{{}}{pascal(field.name)}"
        data = an_object({"url": TEXT, "expires_in": INTEGER})
        link = self._operation(
            f"link{name}",
            f"Get a link: {field.label}",
            [_READ],
            {
                "200": answer("The link.", an_object({"success": SUCCESS, "data": data})),
                **errors(*USUAL, 413, 415, 502),
            },
            text="Returns the path of the file for `<img>` and others that cannot send a header. It needs no"
            " access token, and expires after `expires_in` seconds.",
        )
        signature = query("signature", required=True, example="the signature of the link")
        linked = self._operation(
            f"open{name}",
            f"Open a link: {field.label}",
            [_READ, signature, header("Range"), header("If-None-Match")],
            self._bytes(field, *LINKED),
            general=("Accept-Language",),
        )
        return {
            f"{path}/link": {"post": link},
            f"{path}/file": {"get": {**linked, "security": NOBODY}},
        }

    def _print(self, name: str, title: str) -> Json:
        done = {
            "description": "The PDF.",
            "headers": response_headers("Content-Disposition"),
            "content": {_PDF: {"schema": _BINARY}},
        }
        return self._operation(
            f"print{{}}{pascal(name)}",
            f"Get the PDF: {title}",
            [_READ, query("lang")],
            {"200": done, **errors(*USUAL)},
        )

    def _call(self, action: ActionDescription) -> Json:
        return self._calling(f"call{{}}{pascal(action.name)}", action, {}, _WRITTEN)

    def _call_on_model(self, action: ActionDescription) -> Json:
        name = f"call{{}}{pascal(action.name)}"
        if action.is_for_model:
            return self._calling(name, action, {})
        ids = a_list(ID, description="The records.", maxItems=self.model.max_limit)
        return self._calling(f"{name}OnMany", action, {"ids": ids})

    def _calling(self, verb: str, action: ActionDescription, more: Json, *parameters: Json) -> Json:
        kwargs = {
            name: {"description": "Required, unless it is in `args`." if needed else "Optional."}
            for name, needed in action.arguments
        }
        body = {
            "args": a_list({}, description="Arguments by their position."),
            "kwargs": an_object(
                kwargs, (), additionalProperties=True, description="Arguments by their names."
            ),
            "context": {
                "type": "object",
                "additionalProperties": True,
                "description": "Keys of Odoo's context"
                + (f": {', '.join(action.context_keys)}." if action.context_keys else "."),
            },
            **more,
        }
        example: Json = {"example": {"ids": [NO_RECORD]}} if "ids" in more else {}
        return self._operation(
            verb,
            f"Call {action.name}",
            [*parameters, query("lang"), header("Idempotency-Key"), header("Content-Language")],
            {
                "200": answer("What the method returns.", ref("Called"), "Idempotency-Replayed"),
                **errors(*USUAL, *WRITING),
            },
            content(an_object(body, (), additionalProperties=False), **example),
            text=action.description or f"Calls the method `{action.name}`.",
            is_optional=True,
        )


# --- one path for all models -------------------------------------------------------------------


def _send_request() -> Json:
    """Return the path item of ``/api/send_request``."""
    row, names = ref("Record"), [each for each in QUERY if each != "page"]

    def parameter(name: str, method: str) -> Json:
        more: Json = {}
        if name == "model":
            more = {"required": True, "example": "res.partner"}
        elif name == "fields" and method == "GET":
            more = {"required": True, "example": ["name"]}
        elif name == "id" and method != "GET":
            more = {"example": NO_RECORD}
        return query(name, **more)

    def operation(name: str, method: str, summary: str, done: Json, *more: Json) -> Json:
        known = PARAMETERS[method] - {"page", "relations"}
        if method == "POST":
            known -= {"id", "ids"}
        if method == "GET":
            known -= {"search"}
        return {
            "operationId": name,
            "tags": [_GENERIC],
            "summary": summary,
            "description": f"{summary} of the model that the parameter `model` names.",
            "parameters": [
                *(parameter(each, method) for each in names if each in known),
                *more,
                *map(header, GENERAL_HEADERS),
            ],
            "responses": done,
        }

    anything: Json = {"type": "object", "additionalProperties": True}
    values = {**anything, "description": "The values of the record, by the names of the fields."}
    several = (
        "The values of the record, by the names of the fields; a list creates several records."
    )
    returned = returned_keys(TEXT, ', such as `{"parent_id": ["name"]}`')
    record = an_object({"id": _RECORD_ID, "values": values})
    context = {**anything, "description": _WIZARD}
    new = {"anyOf": [anything, a_list(anything)], "description": several}
    create = an_object({"values": new, **returned, "context": context}, ("values",))
    records = a_list(record, description="Several records to change, without the parameter `id`.")
    update = an_object({"values": values, "records": records, **returned}, ())
    one_or_many: Json = {"anyOf": [one_of(row), many_of(row)]}
    writing = errors(*USUAL, *WRITING)

    def body(schema: Json) -> Json:
        example = {"values": {"name": "Example"}}
        return {"requestBody": {"required": True, "content": content(schema, example=example)}}

    return {
        "get": operation(
            "readRecords",
            "GET",
            "Read records or groups",
            {
                "200": answer(
                    "A page of records or groups.",
                    {"anyOf": [page_of(row), ref("Groups")]},
                    "ETag",
                ),
                "304": {"description": "The client has the record already."},
                **errors(*USUAL),
            },
            header("If-None-Match"),
            header("X-Odoo-Consistency"),
        ),
        "post": {
            **operation(
                "createRecords",
                "POST",
                "Create records",
                {
                    "201": answer(
                        "The new records.",
                        one_or_many,
                        "Location",
                        "ETag",
                        "Idempotency-Replayed",
                    ),
                    **writing,
                },
                header("Idempotency-Key"),
                header("Content-Language"),
            ),
            **body(create),
        },
        "put": {
            **operation(
                "updateRecords",
                "PUT",
                "Change records",
                {
                    "200": answer("The changed records.", one_or_many, "ETag"),
                    **writing,
                    **errors(412),
                },
                header("If-Match"),
                header("Content-Language"),
            ),
            **body(update),
        },
        "delete": operation(
            "deleteRecords",
            "DELETE",
            "Delete records",
            {
                "200": answer(
                    "The records are deleted.",
                    {"anyOf": [ref("Deleted"), ref("DeletedMany")]},
                ),
                **writing,
                **errors(412),
            },
            header("If-Match"),
        ),
    }


def operations(found: Mapping[str, Any]) -> list[tuple[str, str, Json]]:
    """Return the method, the path and the operation of everything that a document has."""
    return [
        (method.upper(), path, operation)
        for path, item in found["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
