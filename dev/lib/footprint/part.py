# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The footprint from outside of Odoo: databases, a process per core, and what is told at the end."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import apps, database
from ..report import Result, listed
from ..setup import Setup
from ..shells import Shells

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
TITLE = "the addon, the callers and the triggers"


def short(setup: Setup, words: Sequence[str]) -> Result:
    """Try every model of the demo database some dozen times, and show that the harness can fail."""
    result = Result()
    shells = Shells(setup, "footprint", "footprint")
    with shells.databases(database.demo_template(setup), TITLE) as databases:
        if list(words) != [SELF]:
            result.add(_run(shells, words, databases, SHORT))
        if not words or list(words) == [SELF]:
            result.add(_self_test(shells, databases[0]))
    return result


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Try every model of a database with all community apps, some hundred times each."""
    shells = Shells(setup, "footprint", "footprint_soak")
    with shells.databases(apps.template(setup), TITLE) as databases:
        return _run(shells, words, databases, LONG)


def _run(
    shells: Shells, words: Sequence[str], databases: Sequence[str], most: tuple[int, int]
) -> Result:
    return report(shells.over_models(databases, words, f"most={most[0]}, few={most[1]}"))


def _self_test(shells: Shells, name: str) -> Result:
    """Switch the grant off: the holes that superuser mode has must be found, or the harness sees nothing."""
    out = shells.log.with_name("footprint-self.jsonl")
    fields = tuple(field for field, _table in HOLES)
    call = (
        f"run.main(env, run.Task(out={str(out)!r}, models=('res.partner', 'sale.order'), most=500,"
        f" few=500, fields={fields!r}, superuser=True, variants=('defaults', 'closed')))"
    )
    shells.run([name], [call], "The self-test of the footprint")
    entries = map(json.loads, out.read_text().splitlines())
    found = [entry["finding"] for entry in entries if "finding" in entry]
    result = Result()
    for field, what in HOLES:
        seen = any(each["key"][2] == field and what in each["what"] for each in found)
        result.check(
            "" if seen else f"as superuser, {field} made no {what!r}: the harness is blind"
        )
    return result


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
    result.tell([_told(*item) for item in ordered], files)
    kinds = Counter(kind for kind, _what in groups)
    result.notes += [
        ", ".join(f"{count} {what}" for what, count in counts.items()),
        f"exceptions that are no refusals: {listed(odd) or 'none'}",
        f"kinds of findings: {listed(kinds) or 'none'}",
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
