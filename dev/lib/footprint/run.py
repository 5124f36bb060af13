# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The work of one process, inside of Odoo: it goes over its models and writes down what it found."""

from __future__ import annotations

import json
import logging
import random
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from werkzeug.exceptions import HTTPException

from odoo.exceptions import UserError

from .. import models
from . import engine, judge, watch, world
from .attempts import Attempt, Attempts
from .judge import Finding, Judge, Opened, Tables
from .reads import Reads

#: Where writes change the registry (new columns) an attempt takes seconds: so many of them for each caller.
HEAVY = 5
#: Of each kind of finding one is told in full, with this much of its values.
SHOWN = 300


@dataclass(frozen=True)
class Task(models.Task):
    """What one process shall do with each of its models."""

    most: int = 60
    variants: tuple[str, ...] = ("defaults", "closed", "filter", "list")
    few: int = 20
    #: Only these fields are tried.
    fields: tuple[str, ...] = ()
    #: Without the grant: the self-test shows what is found then.
    superuser: bool = False
    seed: str = "footprint"


@dataclass
class Counts:
    """What came of the attempts at one model."""

    tried: int = 0
    accepted: int = 0
    refused: int = 0
    #: Exceptions that are no refusals, by type and by whose code they come from.
    odd: dict[str, int] = field(default_factory=dict)
    findings: int = 0
    #: Attempts that were not made: see HEAVY.
    left_out: int = 0
    seconds: float = 0


def main(env: Any, task: Task) -> None:
    """Do the task; *env* is that of `odoo shell`."""
    logging.disable(logging.CRITICAL)  # refusals by the thousand
    watch.install()
    names = task.wanted(env, engine.UNREACHABLE)
    registry = env.registry
    if task.superuser:
        engine.use_superuser_mode(registry)
    env.cr.rollback()
    with Path(task.out).open("w") as out, closing(registry.cursor()) as cr:
        runner = Runner(registry, cr, task, out)
        for number, name in enumerate(names, 1):
            if not task.claim(name):
                continue
            counts = runner.safely(name)
            odd = f", {sum(counts.odd.values())} odd" if counts.odd else ""
            print(
                f"{number}/{len(names)} {name}: {counts.tried} tried, {counts.accepted} accepted,"
                f" {counts.refused} refused{odd}, {counts.findings} findings, {counts.seconds:.1f} s",
                flush=True,
            )


def prepare(env: Any) -> None:
    """Make the callers and the triggers, once per database."""
    world.people(env)
    watch.arm(env.cr)
    env.cr.commit()


class Runner:
    """Tries everything on one model after the other, each attempt in a transaction that is rolled back."""

    def __init__(self, registry: Any, cr: Any, task: Task, out: TextIO) -> None:
        self._registry, self._cr, self._task, self._out = registry, cr, task, out
        self._world = world.World(cr)
        self._tables = Tables.of(world.root(cr))
        self._heavy = 0
        self._told: set[tuple[str, ...]] = set()
        self._rollback()

    def safely(self, name: str) -> Counts:
        """Try one model; where that fails for a mistake of the harness, say so and go on."""
        try:
            return self.model(name)
        except Exception:  # noqa: BLE001 - one model of hundreds must not end the run
            self._rollback()
            text = traceback.format_exc()
            last = text.strip().splitlines()[-1]
            where = Finding(
                "harness", name, "", "", "", None, last, text[-1500:], key=("harness", name, last)
            )
            self._tell(where)
            self._write({"model": name, **asdict(self._counts)})
            return self._counts

    def model(self, name: str) -> Counts:
        """Try one model, with each variant of what is opened."""
        started = time.monotonic()
        self._counts = Counts()
        for opened in self._variants(name):
            self._open(opened)
            try:
                for login, uid in self._world.users.items():
                    self._caller(opened, login, uid)
            finally:
                self._close()
        self._counts.seconds = time.monotonic() - started
        self._write({"model": name, **asdict(self._counts)})
        return self._counts

    # --- what is open ----------------------------------------------------------------------------

    def _variants(self, name: str) -> Iterator[Opened]:
        env = world.root(self._cr)
        model, some = env[name], frozenset(self._task.variants)
        if "defaults" in some:
            yield Opened(name)
        closed = self._neighbours(model)
        if "closed" in some and closed:
            yield Opened(name, closed=closed, name="closed")
        ids = self._world.sample(self._cr, name)
        if "filter" in some and len(ids) > 1:
            half = frozenset(ids[::2])
            yield Opened(name, ids=half, domain=repr([("id", "in", sorted(half))]), name="filter")
        listed = [
            key
            for key, each in sorted(model._fields.items())
            if each.store and not each.compute and each.type in ("char", "text") and not each.groups
        ]
        if "list" in some and listed:
            yield Opened(name, listed=frozenset(listed[:1]), name="list")

    def _neighbours(self, model: Any) -> frozenset[str]:
        """Models that a write of this one may reach, by a one2many or by delegation either way."""
        found = {each.comodel_name for each in model._fields.values() if each.type == "one2many"}
        found |= judge.parents(model.env, model._name)
        return frozenset(
            name
            for name in found - engine.UNREACHABLE - {model._name}
            if name in model.env and not model.env[name]._abstract
        )

    def _open(self, opened: Opened) -> None:
        """Make the connections, as the superuser; the neighbours may be read, by administrators alone."""
        env = world.root(self._cr)
        models = env["ir.model"]
        verbs = {f"is_{verb.lower()}": True for verb in opened.verbs}
        fields = env["ir.model.fields"].search(
            [("model", "=", opened.model), ("name", "in", sorted(opened.listed))]
        )
        env["connection.api"].search([]).unlink()
        env["connection.api"].create(
            {
                "model_id": models._get_id(opened.model),
                "run_as": "sudo",
                "domain": opened.domain or False,
                "write_field_ids": [(6, 0, fields.ids)],
                **verbs,
            }
        )
        group = env.ref("base.group_system")
        for name in sorted(opened.closed):
            env["connection.api"].create(
                {
                    "model_id": models._get_id(name),
                    "run_as": "sudo",
                    "is_get": True,
                    "group_ids": [(6, 0, group.ids)],
                }
            )
        self._cr.flush()  # what is computed of a connection is no attempt's doing
        watch.forget(self._cr)
        self._cr.commit()
        self._fresh()

    def _close(self) -> None:
        self._rollback()
        world.root(self._cr)["connection.api"].search([]).unlink()
        self._cr.commit()
        self._fresh()

    def _rollback(self) -> None:
        self._cr.rollback()
        self._fresh()

    def _fresh(self) -> None:
        """Begin with empty caches, as a request does."""
        self._heavy += bool(self._registry.registry_invalidated)
        self._registry.reset_changes()
        self._cr.transaction = None

    # --- attempts --------------------------------------------------------------------------------

    def _caller(self, opened: Opened, login: str, uid: int) -> None:
        usual = opened.name == "defaults"
        seed = f"{self._task.seed} {opened.name}"
        attempts = Attempts(self._world, self._cr, opened.model, uid, seed)
        most = self._task.most if usual else self._task.few
        chosen = attempts.all(most, self._task.fields)
        self._rollback()
        self._heavy = 0
        for attempt in chosen:
            if self._heavy > HEAVY:
                self._counts.left_out += 1
                continue
            self._try(opened, login, uid, attempt)
        if usual and not self._task.fields:
            reads = Reads(opened, login, lambda *words: self._read(opened, login, uid, *words))
            fields = dict(world.root(self._cr)[opened.model]._fields)
            for finding in reads.findings(fields):
                self._tell(finding)

    def _try(self, opened: Opened, login: str, uid: int, attempt: Attempt) -> None:
        def send(env: Any) -> bool:
            engine.call(env, attempt.verb, attempt.model, attempt.record, attempt.values)
            self._cr.flush()
            return True

        told = self._attempt(opened, login, uid, attempt, send)
        try:
            if told:
                self._judge(opened, login, uid, attempt)
        finally:
            self._rollback()

    def _read(
        self, opened: Opened, login: str, uid: int, verb: str, read: Callable[[Any], Any], what: str
    ) -> Any:
        try:
            attempt = Attempt(verb, opened.model, None, None, what)
            return self._attempt(opened, login, uid, attempt, read)
        finally:
            self._rollback()

    def _attempt(
        self,
        opened: Opened,
        login: str,
        uid: int,
        attempt: Attempt,
        send: Callable[[Any], Any],
    ) -> Any:
        """Run *send* as a request would, and count what came of it; None when it was refused."""
        self._counts.tried += 1
        env = world.plain(self._cr, uid)
        env.transaction.default_env = env
        # what Odoo draws at random is the same in each run
        random.seed(f"{self._task.seed} {attempt}")
        watch.WATCH.begin()
        try:
            result = send(env)
        except (engine.ApiError, UserError, HTTPException):
            self._counts.refused += 1
            return None
        except Exception as error:  # noqa: BLE001 - of any kind, which is what is counted here
            self._odd(opened, login, attempt, error)
            return None
        finally:
            watch.WATCH.end()
        self._counts.accepted += 1
        return result

    def _odd(self, opened: Opened, login: str, attempt: Attempt, error: Exception) -> None:
        """Count an exception that is no refusal; one that comes from the addon's code is a finding."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = bool(frames) and frames[-1].filename.startswith(engine.OURS)
        # a database's refusal is Odoo's to translate, wherever it is raised
        ours = ours and not type(error).__module__.startswith("psycopg2")
        place = "ours" if ours else "Odoo's"
        kind = f"{type(error).__name__} in {place}"
        self._counts.odd[kind] = self._counts.odd.get(kind, 0) + 1
        if ours:
            last = frames[-1]
            where = f"{last.filename.rpartition('/')[2]}:{last.lineno} {last.name}"
            self._tell(
                self._finding(
                    opened, login, attempt, "exception", f"{type(error).__name__}: {error}", where
                )
            )

    # --- findings --------------------------------------------------------------------------------

    def _judge(self, opened: Opened, login: str, uid: int, attempt: Attempt) -> None:
        changes = watch.changes(self._cr)
        self._cr.transaction = None
        judging = Judge(self._tables, opened, uid)
        bad = judging.after(self._cr, changes)
        self._rollback()
        bad += judging.before(self._cr, changes)
        for change, why in bad:
            self._tell(self._row(opened, login, attempt, change, why))
        for finding in self._pointed(opened, login, uid, attempt, changes):
            self._tell(finding)
        # what the record has already may be sent back, and changes nothing
        if changes and opened.listed and not opened.listed.issuperset(attempt.values or ()):
            what = "a field that is not on the list was written"
            self._tell(self._finding(opened, login, attempt, "list", what, attempt.field))

    def _row(
        self, opened: Opened, login: str, attempt: Attempt, change: watch.Change, why: str
    ) -> Finding:
        old, new = change.old or {}, change.new or {}
        names = sorted(change.columns - watch.LOG_ACCESS)
        columns = ", ".join(name + " emptied" * _is_empty(new[name]) for name in names)
        values = [f"{name}: {old[name]!r:.40} → {new[name]!r:.40}" for name in names]
        row = f"{change.op} {change.table}/{change.id or change.row} {'; '.join(values)}"[:SHOWN]
        events = [
            event
            for name in self._tables.models.get(change.table, ())
            for event in watch.WATCH.sites(name, change.id, change.op)
        ]
        site = tuple(f"su={event.su} {' < '.join(event.site)}" for event in events[:2])
        what = f"{why}: {change.op} {change.table}" + (f" ({columns})" if columns else "")
        return self._finding(opened, login, attempt, why, what, row, site)

    def _pointed(
        self, opened: Opened, login: str, uid: int, attempt: Attempt, changes: list[watch.Change]
    ) -> Iterator[Finding]:
        """What a value pointed to has to be open, or the caller's to see."""
        env = world.plain(self._cr, uid)
        for name, _field, key in attempt.points:
            if name == opened.model and (opened.ids is None or key in opened.ids):
                continue
            if not any(watch.links(change, env[name]._table, key) for change in changes):
                continue  # it was accepted, and came to nothing
            if key not in world.allowed(env, name, [key], "read"):
                what = f"points to a hidden {name}"
                yield self._finding(opened, login, attempt, "pointing", what, f"{name}/{key}")

    def _finding(
        self,
        opened: Opened,
        login: str,
        attempt: Attempt,
        kind: str,
        what: str,
        row: str,
        site: tuple[str, ...] = (),
    ) -> Finding:
        ruled = kind in ("row", "relation") and not judge.may_lift(
            world.root(self._cr), opened.model, attempt.verb
        )
        kind = "administrators only" if ruled else kind
        return Finding(
            kind,
            opened.model,
            login,
            attempt.verb,
            json.dumps(attempt.values, default=str)[:SHOWN],
            attempt.record,
            what,
            row,
            site,
            opened.name,
            (kind, opened.model, attempt.field, what),
        )

    def _tell(self, finding: Finding) -> None:
        self._counts.findings += 1
        key = (*finding.key, finding.caller, finding.variant)
        if key not in self._told:
            self._told.add(key)
            self._write({"finding": asdict(finding)})

    def _write(self, entry: dict[str, Any]) -> None:
        self._out.write(json.dumps(entry, default=str) + "\n")
        self._out.flush()


def _is_empty(value: Any) -> bool:
    """Tell whether a column holds nothing; the id of a pair with a model's name is 0 then."""
    return value is None or (value == 0 and value is not False)
