# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/bench: requests per second, p50 and SQL statements, each scenario beside what it is compared with.

The scenarios take turns for some rounds and the median counts: these machines are noisy, only ratios of one
run carry over. The load comes from `wrk`, which costs little of the two cores that the server needs, too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import httpx

from . import database
from .bootstrap import Stop, bound, say
from .server import Server, serving
from .setup import Setup

PARTNERS = 10_000
ROUTES = "jwt_auth_api_bench"
FLOOR, PUBLIC, LOGIN = "auth=none, nothing", "auth=public, nothing", "login"
CONNECTIONS = 4

SEED = f"""
have = env["res.partner"].search_count([])
env["res.partner"].create([
    {{"name": f"Bench {{i:05}}", "email": f"bench{{i}}@example.com"}} for i in range(max(0, {PARTNERS} - have))
])
connection = env["connection.api"].with_context(active_test=False)
model = env["ir.model"]._get_id("res.partner")
found = connection.search([("model_id", "=", model)]) or connection.create({{"model_id": model}})
found.write({{"active": True, "is_get": True, "is_post": True, "is_put": True, "is_delete": True}})
env["ir.config_parameter"].set_param("jwt_auth_api.access_token_seconds", 86400)
env["ir.config_parameter"].set_param("jwt_auth_api.refresh_grace_seconds", 86400)
env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
key = env["res.users.apikeys"].with_user(2).sudo()._generate("rpc", "bench", None)
env.cr.commit()
env.cr.execute("ANALYZE res_partner")
env.cr.commit()
print("KEY=" + key)
"""


@dataclass
class Scenario:
    """One request, sent again and again. ``base`` names the scenario that it is compared with."""

    name: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    base: str = ""
    rates: list[float] = field(default_factory=list)
    p50s: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def p50(self) -> float:
        return statistics.median(self.p50s)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dev/bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each scenario runs (3)")
    parser.add_argument("--seconds", type=int, default=4, help="how long each time (4)")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text")
    chosen_by = parser.parse_args(arguments)
    if not shutil.which("wrk"):
        raise Stop("dev/bench needs wrk: sudo apt-get install wrk")
    with Setup() as setup:
        name = setup.database("bench")
        logs = setup.work / "log"
        say("… a database with 10,000 partners")
        database.make_demo(setup, name, logs / "bench-install.log")
        options = database.dev_addons(setup)
        database.odoo(setup, name, logs / "bench-install.log", "-i", ROUTES, *options)
        key = re.search(r"KEY=(\w+)", database.shell(setup, name, logs / "bench-shell.log", SEED))
        assert key, "the seed printed no API key"
        log = logs / "bench.log"
        log.unlink(missing_ok=True)
        with serving(setup, name, log, workers=2, options=options) as server:
            scenarios = _scenarios(server, key[1])
            chosen = [s for s in scenarios if chosen_by.only in s.name or s.name == FLOOR]
            _run(server, chosen, logs, chosen_by.rounds, chosen_by.seconds)
        _report(chosen)
        database.drop(setup, name)
    return 0


def _scenarios(server: Server, key: str) -> list[Scenario]:
    login = httpx.post(
        f"{server.url}/api/login",
        json={"login": "admin", "password": "admin"},
        headers={"X-Client-Type": "app"},
        timeout=60,
    ).json()
    ours = {"Authorization": f"Bearer {login['token']}"}
    odoos = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}

    def listing(**params: object) -> str:
        return "/api/send_request?" + urlencode({"model": "res.partner", **params})

    def json2(method: str, **body: object) -> tuple[str, str, dict[str, str], str]:
        return f"/json/2/res.partner/{method}", "POST", odoos, json.dumps(body)

    def token(
        path: str, headers: dict[str, str] | None = None, **body: object
    ) -> tuple[str, str, dict[str, str], str]:
        sent = {"Content-Type": "application/json", "X-Client-Type": "app", **(headers or {})}
        return path, "POST", sent, json.dumps(body)

    fields = '["name","email"]'
    read = {"domain": [], "fields": ["name", "email"], "order": "id desc"}
    web = {"domain": [], "specification": {"name": {}, "email": {}}, "order": "id desc"}
    web20 = "JSON-2 web_search_read 20 (counts)"
    return [
        Scenario(FLOOR, "/bench/none"),
        Scenario(PUBLIC, "/bench/public"),
        Scenario("auth=jwt, nothing", "/bench/jwt", headers=ours, base=PUBLIC),
        Scenario("auth=bearer (API key), nothing", "/bench/bearer", headers=odoos, base=PUBLIC),
        Scenario(web20, *json2("web_search_read", limit=20, **web)),
        Scenario("GET list 20 (counts)", listing(fields=fields), headers=ours, base=web20),
        Scenario("JSON-2 search_read 20", *json2("search_read", limit=20, **read)),
        Scenario(
            "GET list 20, page not full",
            listing(fields=fields, domain='[["id","<",16]]'),
            headers=ours,
            base="JSON-2 search_read 20",
        ),
        Scenario("GET one record", listing(fields=fields, id=2), headers=ours),
        Scenario("JSON-2 web_search_read 500", *json2("web_search_read", limit=500, **web)),
        Scenario(
            "GET list 500 (counts)",
            listing(fields=fields, limit=500),
            headers=ours,
            base="JSON-2 web_search_read 500",
        ),
        Scenario(LOGIN, *token("/api/login", login="admin", password="admin")),
        Scenario(
            "refresh (app)",
            *token("/api/update/access-token", refreshToken=login["refreshToken"]),
            base=LOGIN,
        ),
        Scenario(
            "rotate (the same parent, in its grace)",
            *token("/api/update/refresh-token", ours, refreshToken=login["refreshToken"]),
            base=LOGIN,
        ),
    ]


def _run(
    server: Server, scenarios: list[Scenario], folder: Path, rounds: int, seconds: int
) -> None:
    for scenario in scenarios:
        _warm(server, scenario)
        scenario.queries = _queries(server, scenario)
    for number in range(1, rounds + 1):
        say(f"… round {number} of {rounds}")
        for scenario in scenarios:
            _load(server, scenario, folder, seconds)


def _send(server: Server, scenario: Scenario) -> httpx.Response:
    answer = httpx.request(
        scenario.method,
        server.url + scenario.path,
        headers=scenario.headers,
        content=scenario.body or None,
        timeout=60,
    )
    if answer.status_code >= 300:
        raise Stop(f"{scenario.name} answered {answer.status_code}: {answer.text[:300]}")
    return answer


def _warm(server: Server, scenario: Scenario) -> None:
    for _time in range(20):  # both workers, whichever takes it
        _send(server, scenario)


def _queries(server: Server, scenario: Scenario) -> int:
    """SQL statements of one warm request, as Odoo's own access log counts them."""
    before = server.log_path.stat().st_size
    _send(server, scenario)
    end = time.monotonic() + 10
    pattern = re.compile(rb'" 2\d\d - (\d+) [\d.]+ [\d.]+')
    while time.monotonic() < end:
        with server.log_path.open("rb") as log:
            log.seek(before)
            if found := pattern.search(log.read()):
                return int(found[1])
        time.sleep(0.05)
    return -1


def _load(server: Server, scenario: Scenario, folder: Path, seconds: int) -> None:
    script = folder / "bench.lua"
    lines = [f"wrk.method = {_lua(scenario.method)}", f"wrk.body = {_lua(scenario.body)}"]
    lines += [f"wrk.headers[ {_lua(k)} ] = {_lua(v)}" for k, v in scenario.headers.items()]
    script.write_text("\n".join(lines))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script]
    out = subprocess.run(
        bound([*command, server.url + scenario.path]), capture_output=True, text=True, check=True
    ).stdout
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", out):
        raise Stop(f"{scenario.name}: {failed[0]}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    half = re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
    assert rate and half, out
    scenario.rates.append(float(rate[1]))
    scenario.p50s.append(float(half[1]) * {"us": 0.001, "ms": 1, "s": 1000}[half[2]])


def _lua(text: str) -> str:
    return "[==[" + text + "]==]"


def _report(scenarios: list[Scenario]) -> None:
    by_name = {scenario.name: scenario for scenario in scenarios}
    floor = by_name[FLOOR].rate
    say(f"\n{'scenario':38}{'req/s':>8}{'p50 ms':>9}{'SQL':>5}{'of floor':>10}  ratio")
    for scenario in scenarios:
        base = by_name.get(scenario.base)
        ratio = f"{scenario.rate / base.rate:.2f} x {base.name}" if base else ""
        say(
            f"{scenario.name:38}{scenario.rate:8.0f}{scenario.p50:9.2f}{scenario.queries:5}"
            f"{scenario.rate / floor:10.2f}  {ratio}"
        )
    say("\nThe floor is a bare route with auth=none; lists are of 10,000 partners.")
