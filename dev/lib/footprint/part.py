# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The footprint from outside of Odoo: databases, a process per core, and what is told at the end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from .. import apps, database
from ..bootstrap import ROOT, bound, say, stop_on
from ..report import Result
from ..setup import Setup

BEGIN = "from:"
SELF = "self"
#: What superuser mode lets a portal or an internal user do: the field that is written, and what follows.
HOLES = (
    ("ref_company_ids", "update res_company"),
    ("bank_ids", "update res_partner_bank"),
    ("order_line", "update sale_order_line (order_id"),
    ("message_ids", "update mail_message (res_id)"),
    ("message_ids", "update mail_message (res_id emptied)"),
)
#: How many attempts each caller has at a model: with the defaults, and with each further variant.
SHORT, LONG = (40, 10), (250, 60)
#: A report that nobody reads to its end is of no use.
TOLD = 60
_SCRIPT = """
import sys
sys.path.insert(0, {dev!r})
from lib.footprint import run
{call}
"""


def short(setup: Setup, words: Sequence[str]) -> Result:
    """Try every model of the demo database some dozen times, and show that the harness can fail."""
    result = Result()
    with _databases(setup, "footprint", database.demo_template(setup)) as databases:
        if list(words) != [SELF]:
            result.add(_run(setup, words, "footprint", databases, SHORT))
        if not words or list(words) == [SELF]:
            result.add(_self_test(setup, databases[0]))
    return result


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Try every model of a database with all community apps, some hundred times each."""
    with _databases(setup, "footprint_soak", apps.template(setup)) as databases:
        return _run(setup, words, "footprint_soak", databases, LONG)


@contextlib.contextmanager
def _databases(setup: Setup, name: str, template: str) -> Iterator[list[str]]:
    """A database per process, with the addon, the callers and the triggers; gone with the context."""
    log = _log(setup, name)
    log.unlink(missing_ok=True)
    names = [
        setup.database(f"test_{name}_{number}") for number in range(min(2, os.cpu_count() or 1))
    ]
    first, *others = names
    database.copy(setup, template, first)
    say("… the addon, the callers and the triggers")
    database.install(setup, first, log)
    database.shell(setup, first, log, _script("run.prepare(env)"))
    for other in others:
        database.copy(setup, first, other)
    try:
        yield names
    finally:
        for each in names:
            database.drop(setup, each)


def _log(setup: Setup, name: str) -> Path:
    return setup.work / "log" / f"{name}.log"


def _run(
    setup: Setup, words: Sequence[str], name: str, databases: Sequence[str], most: tuple[int, int]
) -> Result:
    """*words* are names of models (`sale.*`), or `from:sale.order` to go on where a run was ended."""
    models = tuple(word for word in words if not word.startswith(BEGIN))
    begin = next((word[len(BEGIN) :] for word in words if word.startswith(BEGIN)), "")
    log = _log(setup, name)
    files = [log.with_name(f"{name}-{number}.jsonl") for number in range(len(databases))]
    with tempfile.TemporaryDirectory() as claims:
        tasks = [
            f"run.main(env, run.Task(out={str(path)!r}, models={models!r}, begin={begin!r},"
            f" claims={claims!r}, most={most[0]}, few={most[1]}))"
            for path in files
        ]
        with ThreadPoolExecutor(len(databases)) as pool:
            codes = list(pool.map(partial(_process, setup, log), databases, tasks))
    for code in codes:
        stop_on(code, log, "A process of the footprint")
    return report(files)


def _self_test(setup: Setup, name: str) -> Result:
    """Switch the grant off: the holes that superuser mode has must be found, or the harness sees nothing."""
    log = _log(setup, "footprint")
    out = log.with_name("footprint-self.jsonl")
    fields = tuple(field for field, _table in HOLES)
    call = (
        f"run.main(env, run.Task(out={str(out)!r}, models=('res.partner', 'sale.order'), most=500,"
        f" few=500, fields={fields!r}, superuser=True, variants=('defaults', 'closed')))"
    )
    stop_on(_process(setup, log, name, call), log, "The self-test of the footprint")
    entries = map(json.loads, out.read_text().splitlines())
    found = [entry["finding"] for entry in entries if "finding" in entry]
    result = Result()
    for field, what in HOLES:
        seen = any(each["key"][2] == field and what in each["what"] for each in found)
        result.check(
            "" if seen else f"as superuser, {field} made no {what!r}: the harness is blind"
        )
    return result


def _script(call: str) -> str:
    return _SCRIPT.format(dev=str(ROOT / "dev"), call=call)


def _process(setup: Setup, log: Path, name: str, call: str) -> int:
    """Run one task in a process of its own; a line is said every hundred models."""
    command = bound([setup.odoo_bin, "shell", "-d", name, "--no-http"])
    with log.open("a") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
        )
        process.stdin.write(_script(call))
        process.stdin.close()
        for number, line in enumerate(process.stdout):
            out.write(line)
            out.flush()
            if number % 50 == 49:
                say(f"  {line.strip()}")
        return process.wait()


def report(files: Sequence[Path]) -> Result:
    """Make a result of what the processes wrote: a passed test per model without a finding."""
    result, counts, odd = Result(), Counter[str](), Counter[str]()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in (line for path in files for line in path.read_text().splitlines()):
        entry = json.loads(line)
        if found := entry.get("finding"):
            groups[found["kind"], _kind(found)].append(found)
            continue
        counts.update({key: entry[key] for key in ("tried", "accepted", "refused", "left_out")})
        odd.update(entry["odd"])
        if entry["findings"]:
            result.failed += 1
        else:
            result.passed += 1
    ordered = sorted(groups.items(), key=lambda item: (_rank(item[0][0]), -len(item[1])))
    result.problems += [_told(*item) for item in ordered[:TOLD]]
    if len(ordered) > TOLD:
        result.problems.append(
            f"and {len(ordered) - TOLD} kinds more: {', '.join(map(str, files))}"
        )
    kinds = Counter(kind for kind, _what in groups)
    result.notes += [
        ", ".join(f"{count} {what}" for what, count in counts.items()),
        f"exceptions that are no refusals: {_listed(odd) or 'none'}",
        f"kinds of findings: {_listed(kinds) or 'none'}",
    ]
    return result


def _rank(kind: str) -> tuple[int, str]:
    """What changed comes before what should not be open at all, and that before what was pointed to."""
    last = ("administrators only", "pointing")
    return (last.index(kind) + 1 if kind in last else 0, kind)


def _kind(found: dict[str, Any]) -> str:
    """What makes two findings one: the table and columns; on models that no grant may open, the model."""
    return str(found["model"] if found["kind"] == "administrators only" else found["what"])


def _told(key: tuple[str, str], found: list[dict[str, Any]]) -> str:
    one = found[0]
    models = sorted({each["model"] for each in found})
    callers = ", ".join(sorted({each["caller"].removeprefix("footprint_") for each in found}))
    lines = [
        f"{key[0]}: {key[1]} ({len(found)} times; {callers})",
        f"    {one['verb']} {one['model']}/{one['record'] or ''} {one['values']} [{one['variant']}]",
        f"    → {one['row']}",
        *(f"    at {site}" for site in one["site"]),
    ]
    if len(models) > 1:
        lines.append(f"    also of {', '.join(models[:8])}")
    return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
