# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the most expensive requests cost that a caller can make, as multiples of Odoo's `/web/health`.

The processor time of the workers counts, because what else the machine does changes little of it.
"""

from __future__ import annotations

import base64
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from .. import addon, database, measured
from ..bench import processor_seconds
from ..bootstrap import say
from ..client import Device
from ..fixtures import CHECKS
from ..pytests import fresh_log
from ..report import Result
from ..server import Server, serving
from ..setup import Setup

HEALTH = "/web/health"
#: An anonymous request may cost this many times as much as :data:`HEALTH`. Password hashes are excepted: they have to
#: be slow, and are throttled.
MOST = 10
#: Seconds of processor time that each request is sent for, in each round.
_SECONDS, _ROUNDS, _MOST_TIMES = 0.3, 3, 60

#: Each request is a connection of its own, so that both workers answer.
_CLIENT = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=120)


@dataclass
class Cost:
    """A request, and what it has cost: milliseconds of processor time of the workers."""

    caller: str
    name: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    throttled: bool = False
    status: int = 0
    found: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return statistics.median(self.found)


def _json(body: Any) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {
        "method": "POST",
        "headers": {"Content-Type": "application/json", "X-Client-Type": "app"},
        "content": content,
    }


def anonymous(token: str, database_name: str) -> Iterator[Cost]:
    """Yield what somebody without an account can send.

    :param token: a valid access token, of which parts are taken
    """
    who = "anonymous"

    def cost(name: str, path: str, **options: Any) -> Cost:
        return Cost(who, name, path, **options)

    def bearer(text: str) -> dict[str, dict[str, str]]:
        return {"headers": {"Authorization": f"Bearer {text}"}}

    head, payload, signature = token.split(".")
    # the smaller ones may be decoded, to find out whether the error has to come in an envelope
    one_mb, large = 1 << 20, b'{"a": [' + b"{}," * 349_000 + b"0]}"
    yield cost("Odoo's health check", HEALTH)
    yield cost("an address that is none", "/api/nothing")
    yield cost("no token", "/api/v1")
    yield cost("no token, a body of 1 MB", "/api/v1/res.partner", **_json(large))
    yield cost("an address that is none, a body of 1 MB", "/api/nothing", **_json(large))
    deep = b"[" * 150 + b"]" * 150 + b","
    for what, parts in (
        ("of objects", b"{}," * 87_000),
        ("of deep lists", deep * 860),
        ("of lists, as many as are read", deep * 66 + b"1," * 118_000),
        ("of objects, as many as are read", b'{"":0},' * 9_990 + b'"a",' * 48_000),
        ("of numbers", b"1," * 130_000),
        ("of texts", b'"a",' * 65_000),
    ):
        decoded = b'{"a": [' + parts + b"0]}"
        yield cost(f"no token, 255 KB {what}", "/api/v1/res.partner", **_json(decoded))
        yield cost(f"an address that is none, 255 KB {what}", "/api/nothing", **_json(decoded))
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    yield cost(
        "no token, a form of 1 MB",
        "/api/v1/res.partner",
        method="POST",
        headers=form,
        content=part + b"\r\n" * (one_mb // 2) + b"--x--",
    )
    yield cost("a token that is none", "/api/v1", **bearer("a.b.c"))
    yield cost("a token of 60,000 characters", "/api/v1", **bearer("a" * 60_000))
    unknown = base64.urlsafe_b64encode(b'{"alg":"EdDSA","typ":"at+jwt","kid":"none"}').decode()
    yield cost(
        "a token of an unknown key",
        "/api/v1",
        **bearer(f"{unknown.rstrip('=')}.{payload}.{signature}"),
    )
    yield cost(
        "a token with a forged signature", "/api/v1", **bearer(f"{head}.{payload}.{'A' * 85}A")
    )
    yield cost(
        "60 headers of 1,000 characters",
        "/api/v1",
        headers={f"X-{n}": "a" * 1000 for n in range(60)},
    )
    yield cost("60 KB of Accept-Language", "/api/v1", headers={"Accept-Language": "fr," * 20_000})
    yield cost("60 KB of cookies", "/api/v1", headers={"Cookie": "a=b; " * 12_000 + "c=d"})
    yield cost("60 KB of parameters", "/api/v1?" + "a=b&" * 14_000)
    yield cost("60 KB of path", "/api/v1/" + "a/" * 30_000)
    yield cost("60 KB of Accept", "/api/v1", headers={"Accept": "a/b;q=0.1," * 6_000})
    yield cost(
        "a preflight",
        "/api/v1/res.partner",
        method="OPTIONS",
        headers={
            "Origin": "capacitor://localhost",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization," * 140 + "a",
        },
    )
    yield cost("another database", "/api/v1", headers={"X-Odoo-Database": "none"})
    yield cost(
        "log in, 64 KB that are no credentials", "/api/login", **_json({"login": ["a"] * 12_000})
    )
    yield cost(
        "log in, 64 KB of keys", "/api/login", **_json({f"{n}logi": 1 for n in range(3_500)})
    )
    yield cost("log in, 64 KB, deep", "/api/login", **_json(b'{"a": [' + deep * 210 + b"0]}"))
    yield cost("log in, JSON without an end", "/api/login", **_json(b"[" * 60_000))
    yield cost(
        "second factor, no such login",
        "/api/login/mfa",
        **_json({"mfa_token": "m1.a.b", "code": "1"}),
    )
    right = f"m1.{'A' * 22}.{'A' * 43}"
    yield cost(
        "second factor, a well-formed token",
        "/api/login/mfa",
        **_json({"mfa_token": right, "code": "1"}),
    )
    yield cost("passkey, options", "/api/login/passkey/options", **_json({}))
    data = {
        "clientDataJSON": "a" * 8_000,
        "authenticatorData": "a" * 8_000,
        "signature": "a" * 8_000,
    }
    credential = {"id": "bm9uZQ", "rawId": "bm9uZQ", "type": "public-key", "response": data}
    yield cost(
        "passkey, a credential that is none",
        "/api/login/passkey",
        **_json({"passkey_token": "p1", "credential": credential}),
    )
    for kind, text in (
        ("that is none", "v1.a.b"),
        ("that is well-formed", f"v1.{'A' * 86}.{'A' * 43}"),
    ):
        yield cost(
            f"refresh, a token {kind}", "/api/update/access-token", **_json({"refreshToken": text})
        )
        yield cost(f"log out, a token {kind}", "/api/revoke/token", **_json({"refreshToken": text}))
    yield cost("keys", "/api/.well-known/jwks.json")
    yield cost(
        "link to a file, a signature that is none",
        "/api/v1/res.partner/1/image_1920/file?signature=a.b.c",
    )
    yield cost(
        "link to a file, a forged signature",
        f"/api/v1/res.partner/1/image_1920/file?signature={head}.{payload}.{'A' * 85}A",
    )
    yield cost("OpenAPI document, open to everybody", "/api/openapi.json")
    yield cost("documentation page, open to everybody", "/api/docs")
    yield cost("documentation of a model, open to everybody", "/api/docs/res.partner")
    yield cost("documentation of no model", "/api/docs/none")
    yield cost(
        "log in, a wrong password",
        "/api/login",
        throttled=True,
        **_json({"login": "admin", "password": "x"}),
    )
    yield cost(
        "log in, no such login",
        "/api/login",
        throttled=True,
        **_json({"login": "none", "password": "x"}),
    )


def of_users(token: str, who: str) -> Iterator[Cost]:
    """Yield what somebody with a session can send."""
    ours = {"Authorization": f"Bearer {token}"}

    def get(name: str, path: str, **params: Any) -> Cost:
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in params.items()
        }
        url = str(httpx.URL(path, params=texts)) if texts else path
        return Cost(who, name, url, headers=ours)

    def post(name: str, path: str, body: Any) -> Cost:
        options = _json(body)
        return Cost(who, name, path, **{**options, "headers": {**options["headers"], **ours}})

    path = "/api/v1/res.partner"
    yield get("the current user", "/api/me")
    yield get("20 records", path, fields="name,email")
    yield get(
        "1,000 records, all ways to expand",
        path,
        limit="1000",
        fields="name,email,phone",
        expand={
            "parent_id": {"expand": {"child_ids": {"fields": ["name"], "limit": 5}}},
            "country_id": ["name"],
            "category_id": ["name"],
            "bank_ids": ["acc_number"],
        },
    )
    yield get(
        "500 conditions on text",
        path,
        domain=["|"] * 499 + [["name", "ilike", str(n)] for n in range(500)],
        fields="name",
    )
    yield get("8 levels of any", path, domain=_any(8), fields="name")
    yield get("a search by name", path, search="a", fields="name", limit="1000")
    yield get("100 fields that are none", path, fields=[f"emial{n}" for n in range(100)])
    yield get(
        "groups and aggregates",
        path,
        groupby=["country_id", "create_date:month"],
        aggregates=["id:count", "color:sum"],
    )
    yield get("the schema of a model", f"{path}/schema")
    yield get("the OpenAPI document", "/api/openapi.json")
    yield post("a body of 1 MB that is refused", path, {"values": {"nothing": "a" * (1 << 20)}})
    yield post(
        "1,000 records of which the last is bad",
        path,
        {
            "values": [{"name": f"a{n}"} for n in range(999)] + [{"nothing": 1}],
        },
    )


def _any(depth: int) -> list[Any]:
    domain: list[Any] = [["name", "ilike", "a"]]
    for _level in range(depth):
        domain = [["parent_id", "any", domain]]
    return domain


SEED = """
env["ir.config_parameter"].set_param("jwt_auth_api.access_token_seconds", 86400)
env["ir.config_parameter"].set_param("jwt_auth_api.document_access", "everybody")
env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
env.cr.commit()
"""


def run(setup: Setup) -> Result:
    """Measure, write the table, and fail if an anonymous request costs too much."""
    addon.importable()
    name, result = setup.database("test_costs"), Result()
    path = fresh_log(setup, "costs")
    database.make_demo(setup, name, path.with_name("costs-install.log"))
    database.shell(setup, name, path.with_name("costs-shell.log"), SEED)
    with serving(setup, name, path, workers=2, options=CHECKS) as server:
        costs = measure(server, name)
        text = measured.conditions(setup, "dev/test soak malice costs")
        measured.write(measured.PERFORMANCE, "costs", f"{text}\n\n{table(costs)}")
    database.drop(setup, name)
    result.passed = len(costs)
    for each in too_expensive(costs):
        result.check(each)
    return result


def measure(server: Server, name: str) -> list[Cost]:
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    portal = Device(server.url)
    assert portal.login("portal", "portal").status_code == 200
    costs = [
        *anonymous(device.access, name),
        *of_users(portal.access, "portal user"),
        *of_users(device.access, "administrator"),
    ]
    for number in range(_ROUNDS):
        say(f"… round {number + 1} of {_ROUNDS}")
        for cost in costs:
            _load(server, cost)
    return costs


def _load(server: Server, cost: Cost) -> None:
    """Send a request until the workers have worked for a while, and note what one cost."""

    def send() -> int:
        answer = _CLIENT.request(
            cost.method, server.url + cost.path, headers=cost.headers, content=cost.content
        )
        _CLIENT.cookies.clear()
        return answer.status_code

    for _warm in range(4):  # both workers
        cost.status = send()
    before, spent, sent = processor_seconds(server), 0.0, 0
    while spent < _SECONDS and sent < _MOST_TIMES:
        for _each in range(5):
            send()
        sent += 5
        spent = processor_seconds(server) - before
    cost.found.append(spent * 1000 / sent)


def floor(costs: Sequence[Cost]) -> float:
    return next(cost.milliseconds for cost in costs if cost.path == HEALTH)


def too_expensive(costs: Sequence[Cost]) -> Iterator[str]:
    for cost in costs:
        times = cost.milliseconds / floor(costs)
        if cost.caller == "anonymous" and not cost.throttled and times > MOST:
            yield f"{cost.name} costs {times:.1f} times as much as {HEALTH}"


def table(costs: Sequence[Cost]) -> str:
    rows = [
        (
            cost.caller,
            cost.name + (" (throttled)" if cost.throttled else ""),
            cost.status,
            f"{cost.milliseconds:.2f}",
            f"{cost.milliseconds / floor(costs):.1f}",
        )
        for cost in sorted(
            costs, key=lambda cost: (cost.caller, cost.throttled, -cost.milliseconds)
        )
    ]
    return measured.table(("caller", "request", "status", "ms", f"× `{HEALTH}`"), rows)
