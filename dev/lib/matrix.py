# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The authorization matrix: what each route of the API takes, and the table of who got which response."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from .image import PNG

#: The model that is opened, its binary field, and a method and a report that the connection lists.
MODEL, FILE, ACTION, REPORT = "res.partner", "image_1920", "create_company", "dev_matrix.contact"


@dataclass
class Caller:
    """Somebody with tokens, right or wrong ones, and what they name in a request.

    :ivar token: what is sent as access token
    :ivar refresh: what is sent as refresh token
    :ivar spare: the id of another session of the same user
    :ivar link: the signature of a link to the file of the record, made when everything was open
    """

    name: str
    login: str = ""
    password: str = ""
    token: str = ""
    refresh: str = ""
    cookie: str = ""
    spare: int = 0
    link: str = ""

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**headers, **({"Cookie": self.cookie} if self.cookie else {})}


@dataclass(frozen=True)
class Target:
    """What exists: a record, one that may be deleted, and a session of somebody else."""

    record: int
    victim: int
    session: int
    new: str = "Matrix, created"


@dataclass(frozen=True)
class Asked:
    """One request: the values of the variable parts of its path, its parameters and its body."""

    parts: dict[str, object] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None

    def path(self, template: str) -> str:
        parts = {"model": MODEL, **self.parts}
        for name, value in parts.items():
            template = template.replace(f"<{name}>", str(value))
        return template

    def options(self) -> dict[str, Any]:
        params = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in self.params.items()
        }
        options: dict[str, Any] = {"params": params} if params else {}
        if self.content is not None:
            options["content"] = self.content
        elif self.body is not None:
            options["json"] = self.body
        return options


def _values(target: Target) -> dict[str, Any]:
    return {"values": {"comment": "Matrix"}, "fields": ["name"]}


def _records(target: Target) -> dict[str, Any]:
    return {
        "records": [{"id": target.record, "values": {"comment": "Matrix"}}],
        "fields": ["name"],
    }


Build = Callable[[Caller, Target], Asked]


def _on(target: Target, **parts: object) -> dict[str, object]:
    return {"record_id": target.record, **parts}


_SEND, _V1 = "/api/send_request", "/api/v1/<model>"
_ONE = f"{_V1}/<record_id>"
#: Requests of records: their answers depend on the connection of the model.
OF_MODEL: dict[str, Build] = {
    f"GET {_SEND}": lambda c, t: Asked(
        params={"model": MODEL, "fields": ["name"], "domain": [["id", "=", t.record]]}
    ),
    f"POST {_SEND}": lambda c, t: Asked(
        params={"model": MODEL}, body={"values": {"name": t.new}, "fields": ["name"]}
    ),
    f"PUT {_SEND}": lambda c, t: Asked(params={"model": MODEL, "id": t.record}, body=_values(t)),
    f"DELETE {_SEND}": lambda c, t: Asked(params={"model": MODEL, "id": t.victim}),
    f"GET {_V1}": lambda c, t: Asked(
        params={"fields": ["name"], "domain": [["id", "=", t.record]]}
    ),
    f"POST {_V1}": lambda c, t: Asked(body={"values": {"name": t.new}, "fields": ["name"]}),
    f"PUT {_V1}": lambda c, t: Asked(body=_records(t)),
    f"PATCH {_V1}": lambda c, t: Asked(body=_records(t)),
    f"DELETE {_V1}": lambda c, t: Asked(params={"ids": [t.victim]}),
    f"GET {_ONE}": lambda c, t: Asked(_on(t), params={"fields": ["name"]}),
    f"PUT {_ONE}": lambda c, t: Asked(_on(t), body=_values(t)),
    f"PATCH {_ONE}": lambda c, t: Asked(_on(t), body=_values(t)),
    f"DELETE {_ONE}": lambda c, t: Asked({"record_id": t.victim}),
    f"POST {_V1}/<action>": lambda c, t: Asked({"action": ACTION}, body={"ids": [t.victim]}),
    f"GET {_V1}/schema": lambda c, t: Asked(),
    f"POST {_V1}/schema": lambda c, t: Asked(body={}),
    f"GET {_V1}/groups": lambda c, t: Asked(params={"domain": [["id", "=", t.record]]}),
    f"POST {_V1}/groups": lambda c, t: Asked(body={}),
    f"GET {_ONE}/<name>": lambda c, t: Asked(_on(t, name=FILE)),
    f"POST {_ONE}/<name>": lambda c, t: Asked({"record_id": t.victim, "name": ACTION}, body={}),
    f"PUT {_ONE}/<name>": lambda c, t: Asked(_on(t, name=FILE), content=PNG),
    f"POST {_ONE}/<field>/link": lambda c, t: Asked(_on(t, field=FILE)),
    f"GET {_ONE}/<field>/file": lambda c, t: Asked(
        _on(t, field=FILE), params={"signature": c.link} if c.link else {}
    ),
    f"GET {_ONE}/report/<name>": lambda c, t: Asked(_on(t, name=REPORT)),
    "GET /api/v1": lambda c, t: Asked(),
}
#: Requests whose answers depend on the setting *document_access*.
OF_DOCUMENTS: dict[str, Build] = {
    "GET /api/openapi.json": lambda c, t: Asked(),
    "GET /api/docs": lambda c, t: Asked(),
    "GET /api/docs/<model>": lambda c, t: Asked(),
}


def _refresh(caller: Caller) -> dict[str, str]:
    return {"refreshToken": caller.refresh} if caller.refresh else {}


#: What an authenticator could have sent, for a passkey that nobody has.
CREDENTIAL = {
    "id": "bm9uZQ",
    "rawId": "bm9uZQ",
    "type": "public-key",
    "response": {
        "clientDataJSON": "bm9uZQ",
        "authenticatorData": "bm9uZQ",
        "signature": "bm9uZQ",
        "userHandle": "bm9uZQ",
    },
}
#: Requests about the caller. The last ones end sessions.
OF_ACCOUNT: dict[str, Build] = {
    "GET /api": lambda c, t: Asked(),
    "POST /api": lambda c, t: Asked(body={}),
    "GET /api/<path>": lambda c, t: Asked({"path": "nothing"}),
    "POST /api/<path>": lambda c, t: Asked({"path": "nothing"}, body={}),
    "GET /api/.well-known/jwks.json": lambda c, t: Asked(),
    "GET /api/me": lambda c, t: Asked(),
    "GET /api/sessions": lambda c, t: Asked(),
    "POST /api/login": lambda c, t: Asked(body={"login": c.login, "password": c.password}),
    "POST /api/login/mfa": lambda c, t: Asked(
        body={"mfa_token": c.token or "none", "code": "000000"}
    ),
    "POST /api/login/passkey/options": lambda c, t: Asked(body={}),
    "POST /api/login/passkey": lambda c, t: Asked(
        body={"passkey_token": c.token or "none", "credential": CREDENTIAL}
    ),
    "POST /api/update/access-token": lambda c, t: Asked(body=_refresh(c)),
    "POST /api/update/refresh-token": lambda c, t: Asked(body=_refresh(c)),
    "DELETE /api/sessions/<session_id> (somebody else's)": lambda c, t: Asked(
        {"session_id": t.session}
    ),
    "DELETE /api/sessions/<session_id> (an own one)": lambda c, t: Asked(
        {"session_id": c.spare or t.session}
    ),
    "POST /api/revoke/token": lambda c, t: Asked(body={}),
}
ALL = {**OF_MODEL, **OF_DOCUMENTS, **OF_ACCOUNT}


def route_of(name: str) -> str:
    """Return method and path of a request's name, without what it says about the request."""
    return name.partition(" (")[0]


def outcome(answer: httpx.Response) -> str:
    """Return what a cell of the table says: the status, the code of an error, and what was visible."""
    status = str(answer.status_code)
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return status
    body = answer.json()
    if answer.status_code >= 400:
        return f"{status} {body['error']}"
    path = answer.request.url.path
    if path == "/api/v1":
        listed = MODEL in {each["model"] for each in body["data"]}
        return f"{status}, {'listed' if listed else 'not listed'}"
    if path == "/api/openapi.json":
        shown = f"/api/v1/{MODEL}" in body["paths"]
        return f"{status}, {'with' if shown else 'without'} the model"
    if path.endswith("/groups"):
        seen = sum(group["id:count"] for group in body["data"])
        return f"{status}, {seen} seen"
    is_page = answer.request.method == "GET" and "total" in body
    return f"{status}, {body['count']} seen" if is_page else status


# --- the table -------------------------------------------------------------------------------


def table(columns: list[str], rows: Iterable[tuple[str, list[str]]], first: str) -> str:
    """Return a table in Markdown, with the names of rows that are equal in one row."""
    merged: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, cells in rows:
        merged[tuple(cells)].append(name)
    lines = [[first, *columns], ["---"] * (len(columns) + 1)]
    lines += [
        ["<br>".join(f"`{name}`" for name in names), *cells] for cells, names in merged.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def columns(names: list[str], of: Callable[[str], list[str]]) -> list[tuple[str, list[str]]]:
    """Return columns, with the names of those that are equal in one heading."""
    merged: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        merged[tuple(of(name))].append(name)
    return [(", ".join(same), list(cells)) for cells, same in merged.items()]


def section(
    title: str, names: list[str], requests: list[str], cells: dict[tuple[str, str], str]
) -> str:
    """Return a section: one row for each request, one column for each caller, equal ones together.

    :param cells: what a request of a caller got, by both
    """
    found = columns(names, lambda caller: [cells[request, caller] for request in requests])
    rows = [
        (request, [column[number] for _heading, column in found])
        for number, request in enumerate(requests)
    ]
    return f"{title}\n\n{table([heading for heading, _column in found], rows, 'request')}\n"
