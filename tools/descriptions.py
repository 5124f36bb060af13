"""Describe what a connection opens for one caller, as frozen dataclasses.

The discovery routes return them as JSON. The OpenAPI document, the documentation page and the samples are
made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

#: Path of the discovery of models.
ROOT: Final = "/api/v1"
#: At most this many fields are named in a sample.
MOST_FIELDS: Final = 5
#: Types whose values are too long to be read at a glance.
_LONG: Final = frozenset(["binary", "html", "one2many", "many2many", "properties", "json"])


@dataclass(frozen=True)
class FieldDescription:
    """A field that the caller may read or write.

    :ivar is_readable: whether GET returns it
    :ivar is_writable: whether POST and PUT take it
    :ivar is_optional: whether a new record gets a value without being sent one
    :ivar is_stored: whether its value is in a column, so that reading it cannot fail
    :ivar is_file: whether it has a path of its own that returns its bytes
    :ivar is_searchable: whether a domain accepts it; None if that was not asked for
    :ivar is_sortable: whether an order accepts it; None if that was not asked for
    :ivar relation: the model that a relation leads to
    :ivar selection: the values of a selection with their labels
    :ivar is_fixed: whether the selection is the same for all users
    :ivar default: the value that a new record gets without being sent one
    """

    name: str
    type: str
    label: str
    help: str | None = None
    is_required: bool = False
    is_readable: bool = True
    is_writable: bool = False
    is_readonly: bool = False
    is_optional: bool = True
    is_stored: bool = True
    is_file: bool = False
    is_image: bool = False
    is_searchable: bool | None = None
    is_sortable: bool | None = None
    relation: str | None = None
    selection: tuple[tuple[str, str], ...] | None = None
    is_fixed: bool = True
    size: int | None = None
    digits: tuple[int, int] | None = None
    currency_field: str | None = None
    default: Any = None

    @property
    def file_name(self) -> str:
        """Return a name for the file in the field."""
        return f"{self.name}.{'png' if self.is_image else 'bin'}"

    def as_json(self) -> dict[str, Any]:
        """Return the description as the discovery returns it, without what does not apply to the field."""
        found: dict[str, Any] = {
            "type": self.type,
            "label": self.label,
            "help": self.help,
            "required": self.is_required,
            "readable": self.is_readable,
            "writable": self.is_writable,
            "readonly": self.is_readonly,
            "stored": self.is_stored,
            "searchable": bool(self.is_searchable),
            "sortable": bool(self.is_sortable),
            "default": self.default,
        }
        if self.selection is not None:
            found["selection"] = [{"value": value, "label": text} for value, text in self.selection]
        if self.digits is not None:
            found["digits"] = list(self.digits)
        for name in ("relation", "size", "currency_field"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        return found


@dataclass(frozen=True)
class ActionDescription:
    """A method that clients may call.

    :ivar arguments: the names of its arguments, and whether each is required
    :ivar is_for_model: whether it is called without records
    :ivar context_keys: the keys of Odoo's context that a client may send with it
    """

    name: str
    description: str | None = None
    arguments: tuple[tuple[str, bool], ...] = ()
    is_for_model: bool = False
    context_keys: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "description": self.description}


@dataclass(frozen=True)
class ReportDescription:
    """A PDF that clients may download for a record."""

    name: str
    title: str

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "title": self.title}


@dataclass(frozen=True)
class ModelDescription:
    """What a connection opens for one caller.

    :ivar name: the technical name, such as ``res.partner``
    :ivar title: the name for people, such as ``Contact``
    :ivar methods: the open HTTP methods
    :ivar fields: in the order of their names
    :ivar default_fields: the fields of a response if the request names none
    :ivar is_wizard: whether a new record takes a ``context``
    """

    name: str
    title: str
    methods: tuple[str, ...] = ()
    actions: tuple[ActionDescription, ...] = ()
    reports: tuple[ReportDescription, ...] = ()
    max_limit: int = 0
    rate_limit: int = 0
    fields: Mapping[str, FieldDescription] = field(default_factory=dict)
    default_fields: tuple[str, ...] = ()
    is_wizard: bool = False

    @property
    def path(self) -> str:
        """Return the path of the model's records."""
        return f"{ROOT}/{quote(self.name)}"

    @property
    def readable(self) -> list[FieldDescription]:
        return [each for each in self.fields.values() if each.is_readable]

    @property
    def writable(self) -> list[FieldDescription]:
        return [each for each in self.fields.values() if each.is_writable]

    @property
    def short_fields(self) -> list[str]:
        """Return a few fields to read: the name, then those that people enter, none of them long."""
        short = [each for each in self.readable if each.type not in _LONG and each.name != "id"]
        named = {each.name for each in short}
        usual = [name for name in ("name", "display_name") if name in named][:1]
        entered = [each.name for each in short if each.is_writable and each.is_stored]
        names = [*usual, *entered, *(each.name for each in short)]
        return list(dict.fromkeys(names))[:MOST_FIELDS]

    def summary(self) -> dict[str, Any]:
        """Return the entry of the model in the list of open models."""
        return {
            "model": self.name,
            "name": self.title,
            "methods": list(self.methods),
            "actions": [action.as_json() for action in self.actions],
            "reports": [report.as_json() for report in self.reports],
            "links": {"records": self.path, "schema": f"{self.path}/schema"},
        }

    def as_json(self) -> dict[str, Any]:
        """Return the whole description, as the path of the schema returns it."""
        return {
            **self.summary(),
            "max_limit": self.max_limit,
            "fields": {name: each.as_json() for name, each in self.fields.items()},
        }
