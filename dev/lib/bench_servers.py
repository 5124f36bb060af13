# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Compare configurations of the server: one request of dev/bench, sent to a server with each."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import proxies
from .bootstrap import say
from .measured import table
from .scenario import Scenario
from .server import Server, serving
from .setup import Setup


@dataclass(frozen=True)
class Configuration:
    """Describe a way to run the server.

    :ivar name: the options that differ, for the table
    :ivar connection: of the client to nginx, ``keep-alive`` or ``close``; empty for a client of Odoo itself
    """

    name: str
    workers: int = 2
    options: tuple[str, ...] = ()
    connection: str = ""


def configurations(db: str) -> tuple[Configuration, ...]:
    """Return the configurations; the others are compared with the first one."""
    return (
        Configuration("`workers = 2`, `db_name`"),
        Configuration("`workers = 2`, `dbfilter`", options=("--db-filter", f"^{db}$")),
        Configuration("`workers = 0` (threads)", workers=0),
        Configuration("`workers = 1`", workers=1),
        Configuration("`workers = 5`", workers=5),
        Configuration("`limit_request = 100`", options=("--limit-request", "100")),
        Configuration("nginx and TLS, keep-alive", connection="keep-alive"),
        Configuration("nginx and TLS, a new connection for each request", connection="close"),
    )


def measure(
    setup: Setup,
    db: str,
    folder: Path,
    options: tuple[str, ...],
    rounds: int,
    choose: Callable[[Server], Scenario],
    load: Callable[[Server, Scenario], None],
) -> str:
    """Return a table of the requests per second and the median time of each configuration.

    :param choose: the request that is sent
    :param load: sends the request again and again
    """
    found: dict[Configuration, list[Scenario]] = {each: [] for each in configurations(db)}
    for number in range(1, rounds + 1):
        for configuration, scenarios in found.items():
            say(f"… round {number} of {rounds}: {configuration.name}")
            with _served(setup, db, folder, options, configuration) as (server, entry):
                scenario = choose(server)
                if configuration.connection:
                    headers = {"Host": proxies.HOST, "Connection": configuration.connection}
                    scenario = replace(scenario, headers={**scenario.headers, **headers})
                load(entry, scenario)
                scenarios.append(scenario)
    return table(["configuration", "requests per second", "median ms"], _rows(found))


def _rows(found: dict[Configuration, list[Scenario]]) -> Iterator[Sequence[str]]:
    rates = {each: max(s.rate for s in scenarios) for each, scenarios in found.items()}
    first = next(iter(rates.values()))
    for configuration, scenarios in found.items():
        p50 = min(scenario.p50 for scenario in scenarios)
        yield configuration.name, f"{rates[configuration] / first:.2f} ×", f"{p50:.1f}"


@contextlib.contextmanager
def _served(
    setup: Setup, db: str, folder: Path, options: tuple[str, ...], configuration: Configuration
) -> Iterator[tuple[Server, Server]]:
    """Run a server; yield it, and the server that requests are sent to: nginx, if there is one."""
    behind = ("--proxy-mode",) if configuration.connection else ()
    more = (*options, *configuration.options, *behind)
    log = folder / "bench.log"
    with serving(setup, db, log, workers=configuration.workers, options=more) as server:
        if not configuration.connection:
            yield server, server
            return
        place = folder / "bench-nginx"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        changes = {
            "127.0.0.1:8069": server.url.partition("//")[2],
            "rate=50r/s": "rate=100000r/s",
        }
        with proxies.nginx(place, changes) as port:
            yield server, replace(server, url=f"https://127.0.0.1:{port}")
