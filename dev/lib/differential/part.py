# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The differential from outside of Odoo: databases, a process per core, and what is told at the end."""

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
#: The models of the plain run: each kind that the long one has found to be special.
SLICE = (
    "account.move",
    "account.move.line",
    "api.test.drawer",
    "api.test.folder",
    "api.test.line",
    "api.test.record",
    "ir.attachment",
    "ir.ui.view",
    "mail.message",
    "product.category",
    "product.product",
    "product.template",
    "report.stock.quantity",
    "res.company",
    "res.country.state",
    "res.partner",
    "res.users",
    "sale.order",
    "sale.report",
    "stock.quant",
)
#: Records of a page, domains, orders, groupings and writes of each model and caller.
SHORT = "records=12, domains=20, orders=4, groups=4, writes=2"
LONG = "records=40, domains=60, orders=12, groups=12, writes=5"
TITLE = "the addon and the callers"
#: A model with every type of field.
TYPES = "jwt_auth_api_test"
#: What is made wrong by the self-test, and the kind of difference that has to be found then.
SPOILED = {
    "value": "value",
    "record": "visibility",
    "expand": "expand",
    "domain": "domain",
    "order": "order",
    "page": "paging",
    "cursor": "cursor",
    "group": "groups",
    "write": "write",
    "create": "write",
    "unchanged": "write: unchanged",
    "wire": "wire",
}


def short(setup: Setup, words: Sequence[str]) -> Result:
    """Compare twenty models of the demo database, and show that the harness can fail."""
    result = Result()
    shells = Shells(setup, "differential", "differential", modules=[TYPES])
    with shells.databases(database.demo_template(setup), TITLE) as databases:
        if list(words) != [SELF]:
            result.add(_run(shells, words or SLICE, databases, SHORT))
        if not words or list(words) == [SELF]:
            result.add(_self_test(shells, databases[0]))
    return result


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Compare every model of a database with all community apps."""
    shells = Shells(setup, "differential", "differential_soak")
    with shells.databases(apps.template(setup), TITLE) as databases:
        return _run(shells, words, databases, LONG)


def _run(shells: Shells, words: Sequence[str], databases: Sequence[str], most: str) -> Result:
    return report(shells.over_models(databases, words, most))


def _self_test(shells: Shells, name: str) -> Result:
    """Make one answer after the other wrong: each has to be found, or the harness sees nothing."""
    out = shells.log.with_name("differential-self.jsonl")
    result = Result()
    call = f"run.spoiled(env, {str(out)!r}, {('', *SPOILED)!r})"
    shells.run([name], [call], "The self-test of the differential")
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in map(json.loads, out.read_text().splitlines()):
        if difference := entry.get("difference"):
            found[entry["spoiled"]].add((difference["kind"], difference["what"]))
    for what, kind in SPOILED.items():
        seen = any(each.startswith(kind) for each, _words in found[what] - found[""])
        result.check(
            "" if seen else f"a spoiled {what} made no difference of {kind!r}: the harness is blind"
        )
    return result


def report(files: Sequence[Path]) -> Result:
    """Make a result of what the processes wrote: a passed test per model without a difference."""
    result, counts, meant = Result(), Counter[str](), Counter[str]()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in (line for path in files for line in path.read_text().splitlines()):
        entry = json.loads(line)
        if found := entry.get("difference"):
            groups[found["kind"], found["what"]].append(found)
            continue
        names = ("asked", "values", "domains", "orders", "groups", "writes", "on_wire")
        counts.update({name: entry[name] for name in names})
        meant.update(entry["intended"])
        if entry["differences"]:
            result.failed += 1
        else:
            result.passed += 1
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))
    result.tell([_told(*item) for item in ordered], files)
    kinds = Counter(kind for kind, _what in groups)
    result.notes += [
        ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items()),
        f"kinds of differences: {listed(kinds) or 'none'}",
        *(f"{count} on purpose: {reason}" for reason, count in meant.most_common()),
    ]
    return result


def _told(key: tuple[str, str], found: list[dict[str, Any]]) -> str:
    one = found[0]
    callers = ", ".join(sorted({each["caller"] for each in found}))
    where = sorted({f"{each['model']}.{each['field']}".rstrip(".") for each in found})
    lines = [
        f"{key[0]}: {key[1]} ({len(found)} times; {callers})",
        f"    {one['request'] or one['model']}" + (f" [{one['field']}]" if one["field"] else ""),
    ]
    lines += [f"    {side}: {one[side]}" for side in ("ours", "theirs") if one[side]]
    if len(where) > 1:
        lines.append(f"    also of {', '.join(where[:8])}")
    return "\n".join(lines)
