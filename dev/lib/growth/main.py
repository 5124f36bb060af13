# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/bench growth: what requests and purges cost in databases of three sizes, as a table and as curves."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence

from .. import apps, bench, database, measured
from ..bootstrap import ROOT, say
from ..server import serving
from ..setup import Setup
from . import plots
from .fill import SIZES, SMALL_SIZES, Filler, Size
from .work import Cost, Work

PLOTS = ROOT / "doc" / "growth"
PICTURES = {
    "requests.svg": "Time of a request",
    "buffers.svg": "Buffers of PostgreSQL that a request reads",
    "purges.svg": "Time of a batch of a purge",
}
#: How many times as many buffers a request may read in the largest database: an index has more levels there.
FLAT = 2.0
_SETTINGS = """
for name, value in {
    "access_token_seconds": 86400, "max_rotations": 0, "max_sessions": 0, "refresh_grace_seconds": 300,
}.items():
    env["ir.config_parameter"].set_param("jwt_auth_api." + name, value)
env["connection.api"].search([("model_id.model", "=", "res.country")]).write({"log_requests": True})
env.cr.commit()
"""
#: Run each purge of the addon twice: with rows to delete, and without.
_PURGE = """
import inspect, json, time
from odoo.addons.base.models.ir_autovacuum import is_autovacuum
found = {}
for name, model in sorted(env.registry.items()):
    if getattr(model, "_original_module", "") == "jwt_auth_api" and not (
        model._abstract or model._transient
    ):
        for attribute, function in inspect.getmembers(model, is_autovacuum):
            for run in ("batch", "nothing"):
                started = time.perf_counter()
                function(env[name])
                env.cr.commit()
                found.setdefault(f"{name}.{attribute}", {})[run] = (time.perf_counter() - started) * 1000
print("PURGES=" + json.dumps(found))
"""


def main(words: Sequence[str]) -> int:
    """Run the command line.

    :return: how many requests read too many buffers in the largest database
    """
    parser = argparse.ArgumentParser(prog="dev/bench growth", description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="small sizes, and no document is written"
    )
    chosen = parser.parse_args(list(words))
    sizes = SMALL_SIZES if chosen.small else SIZES
    with Setup() as setup:
        name = setup.database("growth")
        logs = setup.work / "log"
        # all apps, so that there are models enough to be opened
        template = "" if chosen.small else apps.template(setup)
        database.make_demo(setup, name, logs / "growth-install.log", template)
        options = database.dev_addons(setup)
        database.odoo(setup, name, logs / "growth-install.log", "-i", bench.ROUTES, *options)
        database.shell(setup, name, logs / "growth-shell.log", _SETTINGS)
        filler, requests, purges = Filler(setup, name), [], []
        opened, loads = [], []
        for size in sizes:
            say(
                f"… {size.records:,} records, {size.tokens:,} refresh tokens, {size.log:,} log rows"
            )
            opened.append(filler.fill(size))
            say(f"  {opened[-1]} models are open")
            loads.append(os.getloadavg()[0])
            requests.append(_measure(setup, name, size))
            purges.append(_purge(setup, name, filler))
        text = f"{_sizes(sizes, opened, loads)}\n\n{_report(requests, purges)}"
        say(text)
        if not chosen.small:
            conditions = measured.conditions(setup, "dev/bench growth")
            pictures = "\n".join(f"![{title}](growth/{name})" for name, title in PICTURES.items())
            measured.write(measured.PERFORMANCE, "growth", f"{conditions}\n\n{text}\n\n{pictures}")
            _draw(requests, purges, sizes)
        database.drop(setup, name)
    for name in _growing(requests):
        say(f"Grows: {name}")
    return len(_growing(requests))


def _measure(setup: Setup, name: str, size: Size) -> dict[str, Cost]:
    log = setup.work / "log" / "growth.log"
    log.unlink(missing_ok=True)
    with serving(setup, name, log, workers=1, options=database.dev_addons(setup)) as server:
        work = Work(setup, server, size.records * 9 // 10)
        found = work.measure()
        work.close()
    return found


def _purge(setup: Setup, name: str, filler: Filler) -> dict[str, dict[str, float]]:
    filler.age()
    filler.settle()
    printed = database.shell(setup, name, setup.work / "log" / "growth-shell.log", _PURGE)
    filler.settle()
    return dict(json.loads(printed.rpartition("PURGES=")[2]))


def _report(
    requests: Sequence[Mapping[str, Cost]],
    purges: Sequence[Mapping[str, Mapping[str, float]]],
) -> str:
    header = ["request", "ms: small", "medium", "large", "×"]
    header += ["buffers: small", "medium", "large", "×", "SQL statements"]
    lines = []
    for name in requests[0]:
        costs = [each[name] for each in requests]
        ms, blocks = [cost.ms for cost in costs], [cost.blocks for cost in costs]
        statements = " to ".join(map(str, sorted({cost.sql for cost in costs})))
        line = [name, *(f"{each:.1f}" for each in ms), _ratio(ms)]
        lines.append([*line, *(f"{each:.0f}" for each in blocks), _ratio(blocks), statements])
    head = ["purge", "ms of a batch: small", "medium", "large", "×"]
    head += ["ms with nothing to delete: small", "medium", "large"]
    batches = []
    for name in purges[0]:
        times = [each[name]["batch"] for each in purges]
        nothing = [each[name]["nothing"] for each in purges]
        line = [f"`{name}`", *(f"{each:.0f}" for each in times), _ratio(times)]
        batches.append([*line, *(f"{each:.0f}" for each in nothing)])
    return f"{measured.table(header, lines)}\n\n{measured.table(head, batches)}"


def _growing(requests: Sequence[Mapping[str, Cost]]) -> list[str]:
    """Return the requests that read too many buffers in the largest database."""
    first, last = requests[0], requests[-1]
    return [name for name in first if last[name].blocks > FLAT * first[name].blocks]


def _sizes(sizes: Sequence[Size], opened: Sequence[int], loads: Sequence[float]) -> str:
    rows = [
        ("records of the model", [size.records for size in sizes]),
        ("sessions of the user", [size.sessions for size in sizes]),
        ("refresh tokens", [size.tokens for size in sizes]),
        ("rows of the request log", [size.log for size in sizes]),
        ("security events", [size.log for size in sizes]),
        ("idempotency keys of the user", [size.keys for size in sizes]),
        ("connections", opened),
    ]
    lines = [[name, *(f"{number:,}" for number in numbers)] for name, numbers in rows]
    lines.append(["load of the machine before the requests", *(f"{load:.1f}" for load in loads)])
    return measured.table(["what there is", "small", "medium", "large"], lines)


def _ratio(values: Sequence[float]) -> str:
    """Return the value of the largest database divided by that of the smallest."""
    return f"{max(values[-1], 1) / max(values[0], 1):.1f}"


def _draw(
    requests: Sequence[Mapping[str, Cost]],
    purges: Sequence[Mapping[str, Mapping[str, float]]],
    sizes: Sequence[Size],
) -> None:
    PLOTS.mkdir(exist_ok=True)
    at = [size.records for size in sizes]
    names = list(requests[0])
    times = {name: [each[name].ms for each in requests] for name in names}
    blocks = {name: [max(each[name].blocks, 1) for each in requests] for name in names}
    batches = {name: [each[name]["batch"] for each in purges] for name in purges[0]}
    for (name, title), unit, curves in zip(
        PICTURES.items(),
        ("milliseconds", "buffers of 8 kB", "milliseconds"),
        (times, blocks, batches),
        strict=True,
    ):
        plots.draw(PLOTS / name, title, unit, at, curves)
