# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/bench: requests per second, p50, CPU and SQL statements, each scenario beside what it is compared with.

The scenarios take turns for some rounds and the median counts: these machines are noisy, only ratios of one
run carry over. The load comes from `wrk`, which costs little of the two cores that the server needs, too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx

from . import bench_records, bench_servers, database, measured, processes, profiled
from .bootstrap import Stop, bound, say
from .scenario import Scenario
from .server import Server, serving
from .setup import Setup

ROUTES = "jwt_auth_api_bench"
#: A parent that was used up some minutes ago is reuse, which ends its session.
IN_GRACE = """
UPDATE jwt_refresh_token SET consumed_at = now() AT TIME ZONE 'utc' WHERE consumed_at IS NOT NULL
"""
FLOOR, PUBLIC, LOGIN = "auth=none, nothing", "auth=public, nothing", "login"
EMPTY = "auth=jwt, nothing"
LIST = "GET list 20, count=none"
METHODS = ("GET", "POST", "PUT", "DELETE")
CONNECTIONS, WORKERS = 4, 2
#: What `dev/bench --profile` profiles.
PROFILED = (
    FLOOR,
    EMPTY,
    LIST,
    "JSON-2 search_read 20",
    "GET one record",
    "GET one record, 304",
    "JSON-2 read one",
    "POST create",
    "JSON-2 create",
    "POST create 100",
    "JSON-2 create 100",
    "refresh (app)",
)

SEED = """
env["ir.config_parameter"].set_param("jwt_auth_api.access_token_seconds", 86400)
env["ir.config_parameter"].set_param("jwt_auth_api.refresh_grace_seconds", 300)
env["ir.config_parameter"].set_param("jwt_auth_api.max_rotations", 0)
# the logins of one scenario would end the session of the others
env["ir.config_parameter"].set_param("jwt_auth_api.max_sessions", 0)
env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
key = env["res.users.apikeys"].with_user(2).sudo()._generate("rpc", "bench", None)
env.cr.commit()
print("KEY=" + key)
"""


#: Of the one thread of wrk, so that a number is never sent twice at a time.
NUMBERED = """
local sent = 0
function request()
  local n, m = tostring(%(first)d + sent %% %(span)d), tostring(%(moment)d + sent)
  sent = sent + 1
  return wrk.format(nil, (path:gsub("{n}", n)), nil, (body:gsub("{n}", n):gsub("{m}", m)))
end
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dev/bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each scenario runs (3)")
    parser.add_argument("--seconds", type=int, default=4, help="how long each time (4)")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text")
    parser.add_argument(
        "--run-as",
        choices=["sudo", "user", "both"],
        default="sudo",
        help="the connections' policy: as they are made (sudo), with access rights and rules (user)",
    )
    parser.add_argument(
        "--profile", action="store_true", help="say where the time of some requests goes, instead"
    )
    parser.add_argument(
        "--configurations",
        action="store_true",
        help="compare configurations of the server, instead",
    )
    parser.add_argument(
        "--write", action="store_true", help="write the result into doc/performance.md"
    )
    chosen_by = parser.parse_args(arguments)
    words = " ".join(sys.argv[1:] if arguments is None else arguments)
    command = f"dev/bench {words}".strip()
    if not shutil.which("wrk"):
        raise Stop("dev/bench needs wrk: sudo apt-get install wrk")
    with Setup() as setup:
        name = setup.database("bench")
        logs = setup.work / "log"
        say(f"… a database with {bench_records.PARTNERS} partners")
        database.make_demo(setup, name, logs / "bench-install.log")
        options = database.dev_addons(setup)
        database.odoo(setup, name, logs / "bench-install.log", "-i", ROUTES, *options)
        key = re.search(r"KEY=(\w+)", database.shell(setup, name, logs / "bench-shell.log", SEED))
        assert key, "the seed printed no API key"
        database.shell(setup, name, logs / "bench-shell.log", bench_records.SEED)
        log = logs / "bench.log"
        log.unlink(missing_ok=True)
        place, text = _measured(setup, name, key[1], chosen_by, options)
        if chosen_by.write:
            said = measured.conditions(setup, command)
            measured.write(measured.PERFORMANCE, place, f"{said}\n\n{text}")
        database.drop(setup, name)
    return 0


def _measured(
    setup: Setup, name: str, key: str, by: argparse.Namespace, options: tuple[str, ...]
) -> tuple[str, str]:
    """Measure what the options say; return the name of its place in the document, and its table."""
    logs = setup.work / "log"
    log = logs / "bench.log"
    if by.configurations:

        def choose(server: Server) -> Scenario:
            [found] = [s for s in _choose(setup, server, key, LIST, by.seconds) if s.name == LIST]
            return found

        load = partial(_load, folder=logs, seconds=by.seconds)
        text = bench_servers.measure(setup, name, logs, options, by.rounds, choose, load)
        say(text)
        return "configurations", text
    results: dict[str, list[Scenario]] = {}
    for run_as in ("sudo", "user") if by.run_as == "both" else (by.run_as,):
        database.rows(setup, name, bench_records.RUN_AS, [run_as])
        with serving(setup, name, log, workers=WORKERS, options=options) as server:
            chosen = _choose(setup, server, key, by.only, by.seconds)
            if by.profile:
                text = _profile(setup, server, chosen, logs, by.seconds)
                say(text)
                return "profile", text
            _run(server, chosen, logs, by.rounds, by.seconds)
        say(f"\nrun_as={run_as}")
        _report(chosen)
        results[run_as] = chosen
    return "bench", _table(results)


def _profile(
    setup: Setup, server: Server, scenarios: list[Scenario], folder: Path, seconds: int
) -> str:
    """Return a table of the milliseconds that a worker spends on one request, by whose code runs."""
    profiler = profiled.Profiler.of(setup)
    rows = []
    for scenario in (scenario for scenario in scenarios if scenario.name in PROFILED):
        say(f"… {scenario.name}")
        _warm(server, scenario, iter(scenario.numbers()))
        load = partial(_load, server, scenario, folder, seconds)
        samples = profiler.samples(server, folder, seconds, load)
        rows.append([scenario.name, *_milliseconds(samples, scenario.rate)])
    return measured.table(["request", "ms", *profiled.PARTS], rows)


def _milliseconds(samples: Counter[str], rate: float) -> list[str]:
    """Return how long a worker works for one request, in total and by part."""
    per_sample = WORKERS * 1000 / rate / samples.total()
    found = [samples[part] * per_sample for part in profiled.PARTS]
    return [f"{milliseconds:.2f}" for milliseconds in (sum(found), *found)]


def _table(results: Mapping[str, Sequence[Scenario]]) -> str:
    """Return a table of the ratios, and of what Odoo's server allows at most."""
    by_name = {
        run_as: {scenario.name: scenario for scenario in scenarios}
        for run_as, scenarios in results.items()
    }
    first = next(iter(by_name.values()))
    rows = []
    for name, scenario in first.items():
        if scenario.base not in first:
            continue
        row = [name, scenario.base]
        for found in by_name.values():
            ours, base = found[name], found[scenario.base]
            row.append(f"{ours.rate / base.rate:.2f} ({base.cpu / ours.cpu:.2f})")
        limit = (found[EMPTY].rate / found[scenario.base].rate for found in by_name.values())
        row.append(
            f"{max(limit):.2f}" if EMPTY in first and name.partition(" ")[0] in METHODS else ""
        )
        statements = [first[scenario.base].queries, *(s[name].queries for s in by_name.values())]
        rows.append([*row, ", ".join(map(str, statements))])
    head = ["request", "compared with", *(f"`{run_as}`" for run_as in results)]
    return measured.table([*head, "at most", "SQL statements"], rows)


def _choose(setup: Setup, server: Server, key: str, only: str, seconds: int) -> list[Scenario]:
    """The floor, what was asked for, and what that is compared with."""
    login, other = (_log_in(server) for _time in range(2))
    ours = {"Authorization": f"Bearer {login['token']}"}
    odoos = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    records = bench_records.scenarios(setup, server.db, server.url, ours, odoos, seconds)
    in_grace = partial(database.rows, setup, server.db, IN_GRACE)
    rotation = (other["token"], other["refreshToken"], in_grace)
    scenarios = [*_authentication(login["refreshToken"], ours, odoos, rotation), *records]
    asked = [s for s in scenarios if only in s.name]
    names = {FLOOR, EMPTY, *(s.name for s in asked), *(s.base for s in asked)}
    return [s for s in scenarios if s.name in names]


def _log_in(server: Server) -> dict[str, str]:
    return dict(
        httpx.post(
            f"{server.url}/api/login",
            json={"login": "admin", "password": "admin"},
            headers={"X-Client-Type": "app"},
            timeout=60,
        ).json()
    )


def _authentication(
    refresh: str,
    ours: dict[str, str],
    odoos: dict[str, str],
    rotation: tuple[str, str, Callable[[], object]],
) -> list[Scenario]:
    rotated, parent, in_grace = rotation
    rotates = {"Authorization": f"Bearer {rotated}"}

    def token(
        path: str, headers: dict[str, str] | None = None, **body: object
    ) -> tuple[str, str, dict[str, str], str]:
        sent = {"Content-Type": "application/json", "X-Client-Type": "app", **(headers or {})}
        return path, "POST", sent, json.dumps(body)

    return [
        Scenario(FLOOR, "/bench/none"),
        Scenario(PUBLIC, "/bench/public"),
        Scenario(EMPTY, "/bench/jwt", headers=ours, base=FLOOR),
        Scenario("auth=bearer (API key), nothing", "/bench/bearer", headers=odoos, base=PUBLIC),
        Scenario(LOGIN, *token("/api/login", login="admin", password="admin")),
        Scenario(
            "refresh (app)",
            *token("/api/update/access-token", refreshToken=refresh),
            base=FLOOR,
        ),
        Scenario(
            "rotate (the same parent, in its grace)",
            *token("/api/update/refresh-token", rotates, refreshToken=parent),
            base=LOGIN,
            before=in_grace,
        ),
    ]


def _run(
    server: Server, scenarios: list[Scenario], folder: Path, rounds: int, seconds: int
) -> None:
    for scenario in scenarios:
        numbers = iter(scenario.numbers())
        _warm(server, scenario, numbers)
        scenario.queries = _queries(server, scenario, numbers)
    for number in range(1, rounds + 1):
        say(f"… round {number} of {rounds}")
        for scenario in scenarios:
            _load(server, scenario, folder, seconds)


def _send(server: Server, scenario: Scenario, numbers: Iterator[int]) -> httpx.Response:
    number = str(next(numbers, 0)) if scenario.prepare else ""
    answer = httpx.request(
        scenario.method,
        server.url + scenario.path.replace("{n}", number),
        headers=scenario.headers,
        content=scenario.body.replace("{n}", number).replace("{m}", str(time.time_ns())) or None,
        timeout=60,
    )
    if answer.status_code != (scenario.status or answer.status_code) or answer.status_code >= 400:
        raise Stop(f"{scenario.name} answered {answer.status_code}: {answer.text[:300]}")
    return answer


def _warm(server: Server, scenario: Scenario, numbers: Iterator[int]) -> None:
    for _time in range(20):  # both workers, whichever takes it
        _send(server, scenario, numbers)


def _queries(server: Server, scenario: Scenario, numbers: Iterator[int]) -> int:
    """SQL statements of one warm request, as Odoo's own access log counts them."""
    before = server.log_path.stat().st_size
    _send(server, scenario, numbers)
    end = time.monotonic() + 10
    pattern = re.compile(rb'" [23]\d\d - (\d+) [\d.]+ [\d.]+')
    while time.monotonic() < end:
        with server.log_path.open("rb") as log:
            log.seek(before)
            if found := pattern.search(log.read()):
                return int(found[1])
        time.sleep(0.05)
    return -1


def _load(server: Server, scenario: Scenario, folder: Path, seconds: int) -> None:
    if scenario.before:
        scenario.before()
    script = folder / "bench.lua"
    lines = [f"wrk.method = {_lua(scenario.method)}", f"wrk.body = {_lua(scenario.body)}"]
    lines += [f"wrk.headers[ {_lua(k)} ] = {_lua(v)}" for k, v in scenario.headers.items()]
    if scenario.prepare:
        numbers = scenario.numbers()
        lines.append(
            NUMBERED
            % {"first": numbers.start, "span": len(numbers), "moment": time.time_ns() // 1000}
        )
        lines += [f"path = {_lua(scenario.path)}", f"body = {_lua(scenario.body)}"]
    script.write_text("\n".join(lines))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script]
    before = processor_seconds(server)
    out = subprocess.run(
        bound([*command, server.url + scenario.path]), capture_output=True, text=True, check=True
    ).stdout
    spent = processor_seconds(server) - before
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", out):
        raise Stop(f"{scenario.name}: {failed[0]}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    half = re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
    sent = re.search(r"(\d+) requests in", out)
    assert rate and half and sent, out
    scenario.cpus.append(spent * 1000 / int(sent[1]))
    scenario.rates.append(float(rate[1]))
    scenario.p50s.append(float(half[1]) * {"us": 0.001, "ms": 1, "s": 1000}[half[2]])


def processor_seconds(server: Server) -> float:
    """Return the processor time that the server's workers have used so far."""
    return sum(map(processes.cpu_seconds, processes.children(server.process.pid)))


def _lua(text: str) -> str:
    return "[==[" + text + "]==]"


def _report(scenarios: list[Scenario]) -> None:
    by_name = {scenario.name: scenario for scenario in scenarios}
    floor = by_name[FLOOR].rate
    head = f"{'req/s':>7}{'p50 ms':>8}{'CPU ms':>8}{'SQL':>5}{'of floor':>10}"
    say(f"\n{'scenario':42}{head}  against (req/s, CPU)")
    for scenario in scenarios:
        base = by_name.get(scenario.base)
        ratio = ""
        if base:
            more, less = scenario.rate / base.rate, base.cpu / scenario.cpu
            ratio = f"{more:.2f} x, {less:.2f} x {base.name}"
        say(
            f"{scenario.name:42}{scenario.rate:7.0f}{scenario.p50:8.2f}{scenario.cpu:8.2f}"
            f"{scenario.queries:5}{scenario.rate / floor:10.2f}  {ratio}"
        )
    say(
        f"\nThe floor is a bare route with auth=none; lists are of {bench_records.PARTNERS} partners. CPU is"
        " that of Odoo's workers: where other programs run as well, trust it more than the rates."
    )
