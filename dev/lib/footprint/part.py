# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The footprint from outside of Odoo: databases, a process per core, and what is told at the end."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import apps, database
from ..bootstrap import ROOT, bound, say, stop_on
from ..report import Result
from ..setup import Setup

BEGIN = "from:"
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
    """Try every model of the demo database, a few dozen times each."""
    return _run(setup, words, "footprint", database.demo_template(setup), SHORT)


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Try every model of a database with all community apps, some hundred times each."""
    return _run(setup, words, "footprint_soak", apps.template(setup), LONG)


def _run(
    setup: Setup, words: Sequence[str], name: str, template: str, most: tuple[int, int]
) -> Result:
    """*words* are names of models (`sale.*`), or `from:sale.order` to go on where a run was ended."""
    processes = min(2, os.cpu_count() or 1)
    models = [word for word in words if not word.startswith(BEGIN)]
    begin = next((word[len(BEGIN) :] for word in words if word.startswith(BEGIN)), "")
    log = setup.work / "log" / f"{name}.log"
    log.unlink(missing_ok=True)
    databases = [setup.database(f"test_{name}_{number}") for number in range(processes)]
    first, *others = databases
    database.copy(setup, template, first)
    say("… the addon, the callers and the triggers")
    database.install(setup, first, log)
    database.shell(setup, first, log, _script("run.prepare(env)"))
    for other in others:
        database.copy(setup, first, other)
    files = [log.with_name(f"{name}-{number}.jsonl") for number in range(processes)]
    tasks = [
        f"run.main(env, run.Task(out={str(path)!r}, models={tuple(models)!r}, begin={begin!r},"
        f" part={number}, parts={processes}, most={most[0]}, few={most[1]}))"
        for number, path in enumerate(files)
    ]
    with ThreadPoolExecutor(processes) as pool:
        codes = list(pool.map(lambda pair: _process(setup, log, *pair), zip(databases, tasks)))
    for code in codes:
        stop_on(code, log, "A process of the footprint")
    for each in databases:
        database.drop(setup, each)
    return report(files)


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
        counts.update({key: entry[key] for key in ("tried", "accepted", "refused")})
        odd.update(entry["odd"])
        if entry["findings"]:
            result.failed += 1
        else:
            result.passed += 1
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))
    result.problems += [_told(*item) for item in ordered[:TOLD]]
    if len(ordered) > TOLD:
        result.problems.append(f"and {len(ordered) - TOLD} kinds more: {', '.join(map(str, files))}")
    kinds = Counter(kind for kind, _what in groups)
    result.notes += [
        ", ".join(f"{count} {what}" for what, count in counts.items()),
        f"exceptions that are no refusals: {_listed(odd) or 'none'}",
        f"kinds of findings: {_listed(kinds) or 'none'}",
    ]
    return result


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
