# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What is answered: values of the model that was opened, and of others what Odoo itself gives this caller."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from odoo.exceptions import UserError

from . import engine, world
from .judge import Finding, Opened

#: Names of fields that open something: shown only where the connection's list names them.
SECRET = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|credentials?"
    r"|(api|access|private|secret|encryption|signing|auth|license)_?key)(_|$)",
    re.IGNORECASE,
)
SECRET_TYPES = frozenset(["char", "text", "binary", "json"])
#: Types whose values are compared as they are.
COMPARED = frozenset(["char", "text", "selection", "boolean", "integer"])
ROWS = 5
BELOW = 12


class Reads:
    """Reads one model as one caller, and compares."""

    def __init__(self, opened: Opened, login: str, attempt: Callable[..., Any]) -> None:
        #: *attempt* runs a function in a transaction of its own and tells what came of it.
        self._opened, self._login, self._attempt = opened, login, attempt

    def findings(self, fields: dict[str, Any]) -> Iterator[Finding]:
        """Read all fields, then each relation one level down."""
        names = sorted(name for name, field in fields.items() if field.type != "binary")
        shown = self._readable(names)
        hidden = self._attempt("GET", lambda env: self._hidden(env, shown), "groups") or ()
        for name in hidden:
            yield self._finding("groups", name, "is shown to who is in none of its groups", name)
        for name in shown:
            field = fields[name]
            if field.type in SECRET_TYPES and SECRET.search(name):
                yield self._finding("secret", name, "is shown without being listed", name)
        for name in shown:
            if fields[name].relational:
                yield from self._expanded(fields[name])

    def _readable(self, names: list[str]) -> list[str]:
        """Those of the names that are answered: all at once, or by halves where some are refused."""
        if not names:
            return []
        found = self._attempt("GET", lambda env: self._page(env, names), ", ".join(names[:3]))
        if found is not None:
            return names
        if len(names) == 1:
            return []
        half = len(names) // 2
        return self._readable(names[:half]) + self._readable(names[half:])

    def _hidden(self, env: Any, names: list[str]) -> list[str]:
        """Those that Odoo keeps from this caller by the groups of the field."""
        model = env[self._opened.model]
        return [name for name in names if not model._has_field_access(model._fields[name], "read")]

    def _page(self, env: Any, names: list[str], expand: Any = None) -> Any:
        params = {"fields": json.dumps(names), "limit": str(ROWS), "archived": "1"}
        if expand:
            params["expand"] = json.dumps(expand)
        return engine.get(env, self._opened.model, **params)

    def _expanded(self, field: Any) -> Iterator[Finding]:
        found = self._attempt("GET", lambda env: self._compare(env, field), f"expand {field.name}")
        yield from found or ()

    def _compare(self, env: Any, field: Any) -> list[Finding]:
        comodel = env[field.comodel_name]
        names = [
            name
            for name, each in sorted(comodel._fields.items())
            if each.store and each.type in COMPARED and comodel._has_field_access(each, "read")
        ][:BELOW]
        rows = self._page(env, ["id"], {field.name: ["display_name", *names]})
        below = [item for row in rows for item in self._items(row.get(field.name))]
        if field.comodel_name == self._opened.model:
            return []
        return list(self._differences(env, field, below, names))

    @staticmethod
    def _items(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [value]
        return [item for item in value or () if isinstance(item, dict)]

    def _differences(
        self, env: Any, field: Any, below: list[Any], names: list[str]
    ) -> Iterator[Finding]:
        ids = sorted({item["id"] for item in below})
        env.invalidate_all(flush=False)
        seen = world.allowed(env, field.comodel_name, ids, "read")
        for key in ids:
            if key not in seen:
                yield self._finding(
                    "expand", field.name, f"{field.comodel_name}/{key} is not the caller's", ""
                )
                return
        try:
            own = {row["id"]: row for row in env[field.comodel_name].browse(ids).read(names)}
        except UserError:
            yield self._finding("expand", field.name, "Odoo refuses to read it", "")
            return
        for item in below:
            for name in names:
                if item.get(name) != own[item["id"]][name]:
                    what = f"{name} of {field.comodel_name}/{item['id']} is not what Odoo answers"
                    yield self._finding("value", field.name, what, name)

    def _finding(self, kind: str, name: str, what: str, row: str) -> Finding:
        return Finding(
            f"read: {kind}",
            self._opened.model,
            self._login,
            "GET",
            name,
            None,
            what,
            row,
            variant=self._opened.name,
            key=(kind, self._opened.model, name),
        )
