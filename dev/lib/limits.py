# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The limits of the API: what the table in doc/reference.md says, what the code says, and a request beyond each."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .bootstrap import ROOT

MODEL = "res.partner"


@dataclass(frozen=True)
class Limit:
    """A row of the table that the addon's own code decides about.

    :ivar name: as the table begins the row
    :ivar place: the file and the name of the constant
    :ivar build: takes a number or length, and returns method, path and options of a request
    :ivar refused: the status and the code of the request beyond the limit
    :ivar within: whether a request at the limit is sent too: it needs what nobody has, or takes too long
    """

    name: str
    place: str
    build: Callable[[int], tuple[str, str, dict[str, Any]]]
    refused: tuple[int, str]
    within: bool = True


def _get(**params: Any) -> tuple[str, str, dict[str, Any]]:
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in {"fields": ["name"], "limit": "1", **params}.items()
    }
    return "GET", f"/api/v1/{MODEL}", {"params": texts}


def _post(path: str, body: Any, **headers: str) -> tuple[str, str, dict[str, Any]]:
    return "POST", path, {"json": body, "headers": headers}


def _padded(size: int) -> tuple[str, str, dict[str, Any]]:
    """A body of a size for the log-in."""
    start, end = b'{"login": "x", "password": "', b'"}'
    content = start + b"x" * (size - len(start) - len(end)) + end
    return (
        "POST",
        "/api/login",
        {"content": content, "headers": {"Content-Type": "application/json"}},
    )


def _nested(depth: int, make: Callable[[Any], Any], inner: Any) -> Any:
    for _level in range(depth):
        inner = make(inner)
    return inner


def _form(parts: list[tuple[str, str, int]]) -> tuple[str, str, dict[str, Any]]:
    """A form; each part has a name, content, and so many characters more in its headers."""
    text = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{" " * more}\r\n\r\n{content}\r\n'
        for name, content, more in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    return "POST", f"/api/v1/{MODEL}", {"content": f"{text}--x--\r\n".encode(), "headers": headers}


_BAD = 400, "bad_parameter"
_CONDITION = ["name", "=", "nothing"]
LIMITS = (
    Limit(
        "Body of a login, a refresh or a log-out",
        "controllers/auth.py MAX_BODY_BYTES",
        _padded,
        (413, "payload_too_large"),
    ),
    Limit(
        "Login, password",
        "controllers/auth.py MAX_CREDENTIAL_LENGTH",
        lambda length: _post("/api/login", {"login": "x" * length, "password": "x"}),
        (400, "bad_value"),
    ),
    Limit(
        "Access token",
        "tools/tokens.py MAX_LENGTH",
        lambda length: ("GET", "/api/me", {"headers": {"Authorization": "Bearer " + "x" * length}}),
        (401, "invalid_token"),
        within=False,
    ),
    Limit(
        "`Idempotency-Key`",
        "tools/idempotency.py MAX_KEY_LENGTH",
        lambda length: _post(
            f"/api/v1/{MODEL}", {"values": {}}, **{"Idempotency-Key": "k" * length}
        ),
        _BAD,
    ),
    Limit(
        "`cursor`",
        "tools/cursors.py _MAX_LENGTH",
        lambda length: _get(cursor="A" * length),
        _BAD,
        within=False,
    ),
    Limit("Page number", "tools/queries.py MAX_PAGE", lambda number: _get(page=str(number)), _BAD),
    Limit(
        "Id in a parameter",
        "tools/queries.py MAX_ID",
        lambda number: ("DELETE", f"/api/send_request?model={MODEL}&id={number}", {}),
        _BAD,
    ),
    Limit(
        "Id in a path",
        "tools/queries.py MAX_ID",
        lambda number: ("GET", f"/api/v1/{MODEL}/{number}", {}),
        (404, "not_found"),
        within=False,
    ),
    Limit(
        "Conditions of a `domain`",
        "tools/domains.py MAX_CONDITIONS",
        lambda number: _get(domain=[_CONDITION] * number),
        (400, "bad_domain"),
    ),
    Limit(
        "Depth of a `domain`",
        "tools/domains.py MAX_DEPTH",
        lambda depth: _get(domain=[[".".join(["parent_id"] * (depth - 1) + ["name"]), "=", "x"]]),
        (400, "bad_domain"),
    ),
    Limit(
        "`any` within `any`",
        "tools/domains.py MAX_NESTED",
        lambda depth: _get(
            domain=_nested(depth, lambda inner: [["parent_id", "any", inner]], [_CONDITION])
        ),
        (400, "bad_domain"),
    ),
    Limit(
        "Depth of `expand`",
        "tools/queries.py MAX_EXPAND_DEPTH",
        lambda depth: _get(
            expand=_nested(depth, lambda inner: {"parent_id": {"expand": inner}}, None)
        ),
        _BAD,
    ),
    Limit(
        "Relations in `expand`, on all levels",
        "tools/queries.py MAX_EXPAND_RELATIONS",
        lambda number: _get(expand={f"field{each}": ["name"] for each in range(number)}),
        _BAD,
        within=False,
    ),
    Limit(
        "Fields in `order`",
        "tools/queries.py MAX_ORDER_TERMS",
        lambda number: _get(order=", ".join(_FIELDS[:number])),
        _BAD,
    ),
    Limit(
        "Names in `groupby`, in `aggregates`",
        "tools/queries.py MAX_GROUPS",
        lambda number: _get(groupby=["name"], aggregates=_AGGREGATES[:number], fields=""),
        _BAD,
    ),
    Limit(
        "Depth of a body",
        "tools/text.py MAX_DEPTH",
        lambda depth: _post(
            f"/api/v1/{MODEL}/open_commercial_entity",
            {"args": _nested(depth - 1, lambda inner: [inner], 1)},
        ),
        (400, "bad_json"),
        within=False,  # another limit is lower
    ),
    Limit(
        "Depth of a JSON value, of `args`, `kwargs`, `context`",
        "tools/text.py _MAX_JSON_DEPTH",
        lambda depth: _post(
            f"/api/v1/{MODEL}/open_commercial_entity",
            {"args": _nested(depth - 1, lambda inner: [inner], 1)},
        ),
        (400, "bad_value"),
        within=False,
    ),
    Limit(
        "Commands within commands",
        "engine/commands.py MAX_NESTED_COMMANDS",
        lambda depth: _post(
            f"/api/v1/{MODEL}",
            {
                "values": _nested(
                    depth, lambda inner: {"name": "x", "child_ids": [[0, 0, inner]]}, {"nothing": 1}
                )
            },
        ),
        (400, "bad_value"),
        within=False,
    ),
    Limit(
        "Parts of a form",
        "tools/forms.py MAX_PARTS",
        lambda number: _form([(f"part{each}", "1", 0) for each in range(number)]),
        (400, "bad_request"),
    ),
    Limit(
        "Headers of a part of a form",
        "tools/forms.py _MAX_HEADERS",
        lambda length: _form([("values", "{}", length)]),
        (400, "bad_request"),
        within=False,
    ),
)
_FIELDS: list[str] = [
    *(
        "name",
        "email",
        "phone",
        "city",
        "zip",
        "street",
        "street2",
        "ref",
        "vat",
        "website",
        "color",
    ),
]
_AGGREGATES: list[str] = [
    *("id:count", "id:sum", "id:avg", "id:min", "id:max", "color:sum", "color:avg", "color:min"),
    "color:max",
]
#: Begins a row that a test of its own exceeds.
ENVELOPE = "Envelope of a request that is refused before its body is read"
ENVELOPE_LISTS = "Lists and objects in such an envelope"
#: Rows that others decide about, or that other tests of `dev/live` and `tests/` exceed.
OF_OTHERS: dict[str, str] = {
    ENVELOPE: "test_limits.py",
    ENVELOPE_LISTS: "test_limits.py",
    "Body": "test_transport.py",
    "URL": "test_transport.py",
    "Header": "Odoo's HTTP server",
    "Headers": "Odoo's HTTP server",
    "Page size (`limit`)": "test_parsing.py",
    "Records in one write, `ids`": "test_parsing.py",
    "Records of one relation in `expand`": "tests/test_expand.py",
    "Unknown names that one response lists": "test_parsing.py",
    "Sessions of one user": "tests/test_sessions.py",
    "New refresh tokens of one session in a minute": "test_sessions.py",
    "Failed logins": "test_login.py",
    "Requests in a minute": "test_access.py",
    "Time of one request": "Odoo's options",
}
#: Constants of rows that are in :data:`OF_OTHERS`.
CONSTANTS = {
    ENVELOPE: "controllers/dispatcher.py _MAX_REFUSED_BYTES",
    ENVELOPE_LISTS: "controllers/dispatcher.py _MAX_REFUSED_LISTS",
    "Records of one relation in `expand`": "engine/relations.py MAX_EXPANDED",
    "Unknown names that one response lists": "tools/names.py _MAX_UNKNOWN",
}


def constant(place: str) -> int:
    """Return the number that a module assigns to a name: `tools/queries.py MAX_ID`."""
    path, name = place.split()
    for node in ast.parse((ROOT / path).read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value
            text = ast.unparse(node.value)
            assert re.fullmatch(r"[\d\s*<+-]+", text), text
            return int(eval(text))
    raise AssertionError(f"{path} has no {name}")


def rows() -> dict[str, tuple[str, str]]:
    """Return the table of doc/reference.md: what is limited → the limit, and what is beyond it."""
    section = (ROOT / "doc" / "reference.md").read_text().partition("\n## Limits\n")[2]
    lines = section.partition("\n## ")[0].splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][2:]
    return {row[0]: (row[1], row[2]) for row in cells}


def numbers(text: str) -> set[int]:
    """Return the numbers of a cell, in bytes where it says KiB."""
    factor = 1024 if "KiB" in text else 1
    return {int(found) * factor for found in re.findall(r"\d+", text)}
