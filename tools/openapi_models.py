"""Build the schemas of one model for the OpenAPI document: to read, to create and to change records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .descriptions import FieldDescription, ModelDescription
from .openapi_shared import ID, TEXT, Json, a_list, an_object, ref
from .values import X2MANY

#: Model name → name of the schema of its records, for the models that the caller may read.
Schemas = Mapping[str, str]

#: Longer selections, such as all time zones, are not listed: generated code would be long, and names in it alike.
MAX_CHOICES: Final = 100
_REFERENCE: Final = r"^[a-z0-9_.]+,[0-9]+$"
_BASE64: Final[Json] = {**TEXT, "contentEncoding": "base64", "format": "byte"}
_PLAIN: Final[Mapping[str, Json]] = {
    "char": TEXT,
    "text": TEXT,
    "html": TEXT,
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "monetary": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {**TEXT, "format": "date"},
    "datetime": {**TEXT, "format": "date-time"},
    "selection": TEXT,
    "reference": {**TEXT, "pattern": _REFERENCE},
    "many2one_reference": {"type": "integer"},
    "binary": _BASE64,
    "properties": a_list(ref("Property")),
    "properties_definition": a_list(ref("Property")),
}
#: Types whose stored value is never empty.
_NEVER_EMPTY: Final = frozenset(["integer", "float", "monetary"])


def read_schema(model: ModelDescription, schemas: Schemas) -> Json:
    """Return the schema of a record in a response: all fields, of which a request selects some."""
    properties = {each.name: _described(each, _read(each, schemas)) for each in model.readable}
    return an_object(properties, ("id",) if "id" in properties else (), description=model.title)


def write_schema(model: ModelDescription, *, creates: bool) -> Json:
    """Return the schema of the values of a record to create or to change."""
    fields = [each for each in model.writable if each.name != "id"]
    required = tuple(each.name for each in fields if creates and not each.is_optional)
    properties = {
        each.name: _described(each, _write(each, is_needed=each.name in required), is_written=True)
        for each in fields
    }
    return an_object(properties, required, description=model.title, additionalProperties=False)


def example_values(model: ModelDescription) -> Json:
    """Return values of a record to create: what it needs, and its name."""
    names = [each.name for each in model.writable if not each.is_optional]
    if not names and (usual := [name for name in ("name", "display_name") if name in model.fields]):
        names = [name for name in usual if model.fields[name].is_writable]
    return {name: _example(model.fields[name]) for name in names}


def changed_values(model: ModelDescription) -> Json:
    """Return one value of a record to change: the name, or the first text that can be written."""
    texts = [each.name for each in model.writable if each.type in ("char", "text")]
    name = "name" if "name" in texts else next(iter(texts), None)
    return {name: _example(model.fields[name])} if name else example_values(model)


def example_line(model: ModelDescription, parent: str) -> Json:
    """Return values of a record to create through a relation.

    :param parent: the model with the relation, to which the new record leads by itself
    """
    values = {
        name: value
        for name, value in example_values(model).items()
        if model.fields[name].relation != parent
    }
    return values or changed_values(model)


def _example(field: FieldDescription) -> Any:
    examples: Json = {
        "char": "Example",
        "text": "Example",
        "html": "<p>Example</p>",
        "integer": 1,
        "float": 1.0,
        "monetary": 1.0,
        "boolean": True,
        "date": "2026-11-26",
        "datetime": "2026-11-26T08:00:00Z",
        "many2one": 1,
        "many2one_reference": 1,
        "reference": "res.partner,1",
        "one2many": [],
        "many2many": [],
        "binary": "RXhhbXBsZQ==",
    }
    if field.selection:
        first = field.selection[0][0]
        return f"{first},1" if field.type == "reference" else first
    value = examples.get(field.type)
    return value[: field.size] if field.size and isinstance(value, str) else value


def _described(field: FieldDescription, schema: Json, *, is_written: bool = False) -> Json:
    """Return a schema with the label, the help and what else is known of a field.

    There is no ``title``: generators would make class names of it, in the language of the reader.
    """
    parts = [field.label, field.help or ""]
    if _is_enumerated(field):
        choices = field.selection or ()
        parts.append(", ".join(f"`{value}`: {label}" for value, label in choices))
    elif field.relation:
        parts.append(f"Records of `{field.relation}`.")
    if is_written and field.type in X2MANY:
        parts.append(
            "Written as a list of ids, which replaces all, or as commands: `[[0, 0, {…}]]` creates a record,"
            " `[[1, 7, {…}]]` changes record 7, `[[2, 7]]` deletes it."
            if field.type == "one2many"
            else "Written as a list of ids, which replaces all, or as commands: `[[4, 7]]` adds record 7,"
            " `[[3, 7]]` removes it."
        )
    found = {**schema, "description": "\n\n".join(filter(None, parts))}
    if not field.is_writable:
        found["readOnly"] = True
    return found


# --- responses ---------------------------------------------------------------------------------


def _read(field: FieldDescription, schemas: Schemas) -> Json:
    if field.name == "id":
        return dict(ID)
    if field.type == "many2one":
        return {"anyOf": [ref("Link"), *_related(field, schemas), {"type": "null"}]}
    if field.type in X2MANY:
        related = _related(field, schemas) or [ref("Record")]
        return a_list({"anyOf": [ID, *related]})
    if field.type not in _PLAIN or (field.type == "binary" and not field.is_file):
        return {}  # data of Odoo's web client: any JSON
    schema = _plain(field)
    is_full = field.type == "boolean" or (field.type in _NEVER_EMPTY and field.is_stored)
    return schema if is_full else _or_null(schema)


def _related(field: FieldDescription, schemas: Schemas) -> list[Json]:
    """Return the schema of the records of a relation, if the caller may read its model."""
    name = schemas.get(field.relation or "")
    return [ref(name)] if name else []


def _plain(field: FieldDescription) -> Json:
    schema = dict(_PLAIN[field.type])
    if _is_enumerated(field):
        schema["enum"] = [value for value, _label in field.selection or ()]
    if field.size and field.type == "char":
        schema["maxLength"] = field.size
    return schema


def _is_enumerated(field: FieldDescription) -> bool:
    """Return whether the schema lists the values of a field."""
    number = len(field.selection or ())
    return field.type == "selection" and field.is_fixed and 0 < number <= MAX_CHOICES


def _or_null(schema: Json) -> Json:
    """Return a schema that also allows null."""
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


# --- requests ----------------------------------------------------------------------------------


def _write(field: FieldDescription, *, is_needed: bool) -> Json:
    """Return the schema of a value that a write takes.

    :param is_needed: whether the value must not be empty
    """
    empty: list[Json] = [] if is_needed else [{"type": "null"}]
    if field.type == "many2one":
        return {"anyOf": [ID, ref("Link"), *empty]}
    if field.type in X2MANY:
        return a_list({"anyOf": [ID, ref("Record"), ref("Command")]})
    if field.type == "properties":
        values: Json = {"type": "object", "additionalProperties": True}
        return {"anyOf": [a_list(ref("Property")), values, {"type": "null"}]}
    if field.type not in _PLAIN or (field.type == "binary" and not field.is_file):
        return {}
    schema = _plain(field)
    return schema if is_needed or field.type == "boolean" else _or_null(schema)
