# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Writes: the rows that a creation or a change leaves, compared with those of Odoo's `create` and `write`."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from ..footprint import watch
from . import engine, normal, rpc
from .ask import Answer, Asking
from .asker import Asker
from .found import Difference, shown, told, unequal_outcome
from .reads import Reads

X2MANY = ("one2many", "many2many")
#: Models that refuse every creation in their own way.
REFUSED = frozenset(["website.visitor"])
#: Types that are not made up here: their values depend on other records' definitions.
LEFT_OUT = frozenset(["properties", "properties_definition", "json"])
FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f'
"""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00(:00)?|Z)?")
#: Rows of one transaction, canonical: how often each is there.
Rows = Counter[tuple[str, str, str]]


class Keys:
    """Which columns lead to rows of which table."""

    def __init__(self, registry: Any, cr: Any) -> None:
        cr.execute(FOREIGN_KEYS)
        self._tables = {(table, column): other for table, column, other in cr.fetchall()}
        self._models = {name: model._table for name, model in registry.items()}

    def leads_to(self, table: str, row: dict[str, Any], column: str) -> set[tuple[str, Any]]:
        """Return the row that a column of a row leads to, if it does."""
        other = self._tables.get((table, column))
        if column == "res_id":
            other = self._models.get(row.get("res_model") or row.get("model") or "")
        return {(other, row[column])} if other else set()


class Writes(Asker):
    """Writes to one model as one caller; nothing of it stays."""

    def __init__(self, asking: Asking, model_name: str, reads: Reads, most: int, seed: str) -> None:
        super().__init__(asking, model_name, reads, most, seed)
        self._seed = f"{seed} {model_name}"
        self._model_fields = asking.registry[model_name]._fields

    def differences(self) -> Iterator[Difference]:
        """Compare a few changes, two creations, and what comes of sending back what was answered."""
        self._keys = Keys(self._ask.registry, self._ask.cr)
        watch.forget(self._ask.cr)
        self._ask.cr.commit()
        writable = self._ask.ours(lambda env: engine.writable(env, self._name)).value or set()
        names = [
            name
            for name, field in sorted(self._reads.fields.items())
            if name in writable and not field["readonly"] and field["type"] not in LEFT_OUT
        ]
        row = self._first("write")
        if row:
            yield from self._changes(row, names)
            if self._has_rows():
                yield from self._unchanged(row["id"])
        if self._may("create"):
            yield from self._creations(names)

    def _may(self, mode: str) -> bool:
        return bool(self._ask.theirs(lambda env: env[self._name].has_access(mode)).value)

    def _has_rows(self) -> bool:
        """Whether the records are rows of a table, and no query's: only such can be written."""
        table = self._ask.registry[self._name]._table
        self._ask.cr.execute("SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", [table])
        return bool(self._ask.cr.fetchall() == [("r",)])

    def _first(self, mode: str) -> dict[str, Any] | None:
        """The newest record that the caller may write in Odoo."""
        ids = [row["id"] for row in self._reads.rows]
        answer = self._ask.theirs(
            lambda env: env[self._name].browse(ids)._filtered_access(mode)._ids
        )
        allowed = set(answer.value or ())
        return next((row for row in self._reads.rows if row["id"] in allowed), None)

    # --- what is written -----------------------------------------------------------------

    def _changes(self, row: dict[str, Any], names: list[str]) -> Iterator[Difference]:
        """One field each, with the value that another record has."""
        by_kind: dict[str, list[tuple[str, Any]]] = {}
        for name in names:
            values = [each[name] for each in self._reads.rows if name in each]
            kind = self._reads.fields[name]["type"]
            # an empty file is one thing for Odoo's RPC as text, another as false
            others = [
                each for each in values if each != row.get(name) and (each or kind != "binary")
            ]
            if others:
                by_kind.setdefault(kind, []).append((name, self._random.choice(others)))
        for _kind, (name, value) in list(self._in_turn(by_kind)):
            ours, theirs = self._both_forms({name: value})
            yield from self._compare(
                f"change: {self._reads.fields[name]['type']}",
                name,
                f"PUT {self._name}/{row['id']} {shown(ours)}",
                self._change(row["id"], ours),
                self._rpc("write", [row["id"]], theirs),
            )

    def _change(self, key: int, values: dict[str, Any]) -> Callable[[Any], Any]:
        """A change by the API; each call has values of its own, which Odoo may change."""
        return lambda env: engine.change(env, self._name, key, deepcopy(values))

    def _rpc(self, method: str, *args: Any) -> Callable[[Any], Any]:
        return lambda env: rpc.call(env, self._name, method, *deepcopy(args))

    def _creations(self, names: list[str]) -> Iterator[Difference]:
        """With nothing; with what a copy of a record has, under another name."""
        choices: list[dict[str, Any]] = [{}]
        for row in self._reads.rows[:1]:
            copied = {
                name: row[name]
                for name in names
                if name in row
                and self._model_fields[name].copy
                and self._model_fields[name].store
                and self._reads.fields[name]["type"] not in X2MANY
            }
            for name, value in copied.items():
                if (
                    self._reads.fields[name]["type"] == "char"
                    and value
                    and name in ("name", "code")
                ):
                    size = self._model_fields[name].size or 0
                    copied[name] = f"{value} 2"[-size:]
            choices.append(copied)
        yield from self._lacking()
        for values in choices:
            ours, theirs = self._both_forms(values)
            yield from self._compare(
                "create" if values else "create with nothing",
                "",
                f"POST {self._name} {json.dumps(ours)[:1500]}",
                self._create(ours),
                self._rpc("create", [theirs]),
            )

    def _lacking(self) -> Iterator[Difference]:
        """A creation with nothing: what is missing is told, whatever Odoo's code ends with."""
        answer = self._ask.ours(self._create({}))
        if answer.status >= 500 and self._name not in REFUSED:
            what = "a server error where a required value is missing"
            request = f"POST {self._name} {{}}"
            yield Difference("write: lacking", what, self._name, "", request, told(answer))

    def _create(self, values: dict[str, Any]) -> Callable[[Any], Any]:
        return lambda env: engine.create(env, self._name, deepcopy(values))

    def _unchanged(self, key: int) -> Iterator[Difference]:
        """All that is answered of a record, sent back: nothing changes."""
        names = sorted(self._reads.fields)
        answer = self._ask.get(self._name, {"fields": names, "id": str(key)})
        if not answer.given:
            return  # told with the reads
        sent = answer.value["data"][0]
        self.asked += 1
        request = f"PUT {self._name}/{key} with all that GET {self._name}/{key} answers"
        what = self._rows(self._ask.ours, self._change(key, sent))
        if not what.given:
            # what is computed of the moment is another value by now
            again = self._ask.get(self._name, {"fields": names, "id": str(key)}).value["data"][0]
            sent = {name: value for name, value in sent.items() if value == again[name]}
            what = self._rows(self._ask.ours, self._change(key, sent))
        if not what.given:
            yield self._not_taken(request, what)
            sent = {name: sent[name] for name in self._sendable(sent)}
            what = self._rows(self._ask.ours, self._change(key, sent))
            if not what.given:
                yield self._not_taken(f"{request} and is writable", what)
        if what.given and what.value:
            changed = sorted({f"{op} {table}" for table, op, _row in what.value})
            yield Difference(
                "write: unchanged",
                f"changes {', '.join(changed)}"[:150],
                self._name,
                "",
                request,
                shown("; ".join(row for _table, _op, row in what.value)),
            )

    def _not_taken(self, request: str, what: Answer) -> Difference:
        words = (unequal_outcome(what, Answer({})) or ("", ""))[1]
        return Difference("write: unchanged", words, self._name, "", request, told(what))

    def _sendable(self, sent: dict[str, Any]) -> set[str]:
        writable = self._ask.ours(lambda env: engine.writable(env, self._name)).value or set()
        return writable & sent.keys()

    def _both_forms(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same values as the API answers them, and as Odoo's own clients send them."""
        ours, theirs = {}, {}
        for name, value in values.items():
            kind = self._reads.fields[name]["type"]
            ours[name] = normal.value(kind, value)
            theirs[name] = value
            if kind == "many2one" and value:
                theirs[name] = value[0]
            elif kind in X2MANY:
                theirs[name] = [[6, 0, value or []]]
        return ours, theirs

    # --- what comes of it ----------------------------------------------------------------

    def _compare(
        self,
        what: str,
        name: str,
        request: str,
        ours: Callable[[Any], Any],
        theirs: Callable[[Any], Any],
    ) -> Iterator[Difference]:
        self.asked += 1
        answer = self._rows(self._ask.ours, ours)
        expected = self._rows(self._ask.theirs, theirs)
        found = self._unequal(answer, expected, lambda: self._rows(self._ask.theirs, theirs))
        is_wizard = self._ask.registry[self._name]._transient  # where nobody is lifted
        if found and self._ask.caller.lifted and not is_wizard:
            # what the connections lift is lifted for what they write, too
            lifted = partial(self._ask.theirs, all_records=True)
            again = partial(self._rows, lifted, theirs)
            if not self._unequal(answer, again(), again):
                found = (f"{found[0]}: lifted", *found[1:])
        if found:
            kind, words, mine, yours = found
            yield Difference(kind, f"{what}: {words}"[:160], self._name, name, request, mine, yours)

    def _unequal(
        self, answer: Answer, expected: Answer, again: Callable[[], Answer]
    ) -> tuple[str, str, str, str] | None:
        """Return the kind and the words of a difference, and what either side wrote; None for none of it."""
        if found := unequal_outcome(answer, expected):
            return (
                f"write: {found[0]}",
                found[1],
                told(answer) if not answer.given else "written",
                told(expected) if not expected.given else "written",
            )
        if not answer.given or not expected.given or answer.value == expected.value:
            return None
        # what differs from one run of Odoo to the next is chance
        other = again()
        chance = _differing(expected.value, other.value) if other.given else set()
        columns = _differing(expected.value, answer.value) - chance
        if not columns:
            return None
        more, less = answer.value - expected.value, expected.value - answer.value
        return "write", ", ".join(sorted(columns)), _told(more, columns), _told(less, columns)

    def _rows(
        self, ask: Callable[[Callable[[Any], Any]], Answer], call: Callable[[Any], Any]
    ) -> Answer:
        """What a write changes in the database; nothing of it stays."""

        def written(env: Any) -> Any:
            random.seed(self._seed)
            watch.WATCH.begin()
            try:
                call(env)
                env.cr.flush()
                return _canonical(watch.changes(env.cr), self._keys)
            finally:
                watch.WATCH.end()

        return ask(written)


def _told(rows: Rows, columns: set[str]) -> str:
    """The rows, as far as they differ; whole rows where one side lacks some."""
    found = []
    for table, op, row in rows:
        values = _columns(row)
        if table not in columns:
            values = {name: values[name] for name in values if f"{table}.{name}" in columns}
        if values:
            found.append(f"{op} {table} {row.partition('{')[0]}{json.dumps(values, default=str)}")
    return shown("; ".join(found))


def _canonical(changes: list[watch.Change], keys: Keys) -> Rows:
    """The changes without ids of new rows and without moments of now."""
    new = {(change.table, change.id) for change in changes if change.op == "insert"}
    found: Rows = Counter()
    for change in changes:
        row = change.new or change.old or {}
        names = change.columns if change.op == "update" else row.keys() - {"id"}
        kept = {
            name: "new" if keys.leads_to(change.table, row, name) & new else _plain(row[name])
            for name in sorted(names - watch.LOG_ACCESS - {"create_date", "create_uid"})
        }
        key = "" if change.op == "insert" else f"{change.id} "
        if kept or change.op != "update":
            found[change.table, change.op, key + json.dumps(kept, default=str)] += 1
    return found


def _plain(value: Any) -> Any:
    """Return a value without moments of now, in the middle of a text as well (a label, a reference)."""
    return _TIMESTAMP.sub(_moment, value) if isinstance(value, str) else value


def _moment(match: re.Match[str]) -> str:
    try:
        moment = datetime.fromisoformat(match[0][:19].replace(" ", "T"))
    except ValueError:  # digits that are no moment
        return match[0]
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    return "now" if abs(now - moment) < timedelta(minutes=2) else match[0]


def _differing(one: Rows, other: Rows) -> set[str]:
    """Tables and columns in which two sets of rows differ; a table alone where rows are missing."""
    found: set[str] = set()
    left, right = one - other, other - one
    for table in {key[0] for key in (*left, *right)}:
        mine, yours = (
            [row for name, _op, row in rows.elements() if name == table] for rows in (left, right)
        )
        if len(mine) != len(yours):
            found.add(table)
            continue
        # by column, for nothing tells which row of one side is which of the other
        values, others = _by_column(mine), _by_column(yours)
        found |= {
            f"{table}.{name}"
            for name in values.keys() | others.keys()
            if values.get(name) != others.get(name)
        }
    return found


def _by_column(rows: list[str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name, value in _columns(row).items():
            found.setdefault(name, Counter())[json.dumps(value)] += 1
    return found


def _columns(row: str) -> dict[str, Any]:
    return dict(json.loads(row[row.index("{") :]))
