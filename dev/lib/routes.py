# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The routes below `/api`, as Odoo's routing map has them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .fixtures import LiveServer

#: Prints the routes as JSON; the live server has no such page.
SCRIPT = """
import json
rules = env["ir.http"].routing_map().iter_rules()
print("ROUTES" + json.dumps([
    {
        "trace": rule._trace,
        "methods": sorted(set(rule.methods or []) - {"OPTIONS", "HEAD"}),
        "auth": rule.endpoint.routing["auth"],
        "raw": list(rule.endpoint.routing.get("raw_body", [])),
        "type": rule.endpoint.routing["type"],
    }
    for rule in rules
    if f"{rule.rule}/".startswith("/api/")
]))
"""
#: What stands for the variable parts of a path: nothing that there is, so that nothing is written.
PARTS = {"model": "res.partner", "record_id": str(2**31 - 1), "session_id": str(2**31 - 1)}


@dataclass(frozen=True)
class Route:
    """A path below `/api`: its parts (variable or not), and what its rules of Odoo take."""

    parts: tuple[tuple[bool, str], ...]
    methods: frozenset[str]
    raw: frozenset[str]
    needs_token: bool

    @property
    def path(self) -> str:
        return "".join(PARTS.get(text, "nothing") if var else text for var, text in self.parts)

    @property
    def template(self) -> str:
        """The path with the names of its variable parts: `/api/v1/<model>/<record_id>`."""
        return "".join(f"<{text}>" if var else text for var, text in self.parts)

    @property
    def is_catch_all(self) -> bool:
        return not self.methods

    @property
    def expects_id(self) -> bool:
        """Return whether methods other than POST expect the id of a record where the path has a name."""
        return self.path == f"/api/v1/{PARTS['model']}/nothing"

    @property
    def allowed(self) -> set[str]:
        """The methods that responses list."""
        return {*self.methods, *(["HEAD"] if "GET" in self.methods else [])}

    @property
    def writes(self) -> list[str]:
        """The methods whose body is read as JSON."""
        return sorted(self.methods - {"GET"} - self.raw, reverse=True)

    def variants(self, text: str) -> Iterator[str]:
        """The paths in which one variable part is that text."""
        for changed, (var, _name) in enumerate(self.parts):
            if var:
                yield "".join(
                    text if place == changed else PARTS.get(name, "nothing") if var else name
                    for place, (var, name) in enumerate(self.parts)
                )


def read(server: LiveServer) -> list[Route]:
    """Return the routes of a server; rules that share a path are one."""
    printed = re.search(r"ROUTES(\[.*\])", server.odoo(SCRIPT))
    assert printed
    rules = json.loads(printed.group(1))
    assert {rule["type"] for rule in rules} == {"jwt_api"}
    by_path = defaultdict(list)
    for rule in rules:
        parts = tuple((var, text.lstrip("|")) for var, text in rule["trace"])
        needs_token = rule["auth"] not in ("none", "jwt_link", "jwt_or_public")
        route = Route(parts, frozenset(rule["methods"]), frozenset(rule["raw"]), needs_token)
        by_path[route.path].append(route)
    return [_merged(same) for same in by_path.values()]


def _merged(same: list[Route]) -> Route:
    first = same[0]
    return Route(
        first.parts,
        frozenset().union(*(route.methods for route in same)),
        frozenset().union(*(route.raw for route in same)),
        first.needs_token and not first.is_catch_all,
    )
