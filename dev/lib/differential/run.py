# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The work of one process, inside of Odoo: it goes over its models and writes down what differs."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from .. import models
from ..footprint import watch
from . import engine, intended, spoil, world
from .ask import OURS, THEIRS, Asking, Log
from .domains import Domains
from .found import Difference, as_request, lies_between, shown
from .groups import Groups
from .orders import Orders
from .reads import Reads
from .writes import Writes


@dataclass(frozen=True)
class Task(models.Task):
    """What one process shall do with each of its models."""

    #: Records of a page.
    records: int = 60
    #: Of so many reads one goes over HTTP, too.
    every: int = 25
    #: Domains, orders, groupings of one model and caller.
    domains: int = 60
    orders: int = 12
    groups: int = 12
    writes: int = 5
    parts: tuple[str, ...] = ("reads", "domains", "orders", "groups", "writes")
    seed: str = "differential"


@dataclass
class Counts:
    """What was compared on one model."""

    asked: int = 0
    values: int = 0
    domains: int = 0
    orders: int = 0
    groups: int = 0
    writes: int = 0
    on_wire: int = 0
    differences: int = 0
    #: Differences on purpose, by reason.
    intended: dict[str, int] = field(default_factory=dict)
    seconds: float = 0


def main(env: Any, task: Task) -> None:
    """Do the task; *env* is that of `odoo shell`."""
    watch.install()
    log = Log()
    logging.root.handlers[:] = [log]
    registry = env.registry
    names = task.wanted(env, engine.UNREACHABLE)
    env.cr.rollback()
    with Path(task.out).open("w") as out, closing(registry.cursor()) as cr:
        for run_as in ("user", "sudo"):
            runner = Runner(registry, cr, task, out, log, run_as)
            for number, name in enumerate(names, 1):
                if not task.claim(f"{run_as} {name}"):
                    continue
                counts = runner.safely(name)
                print(
                    f"{run_as} {number}/{len(names)} {name}: {counts.asked} asked, {counts.values} values,"
                    f" {counts.differences} differences, {counts.seconds:.1f} s",
                    flush=True,
                )


def spoiled(env: Any, out: str, kinds: tuple[str, ...]) -> None:
    """Compare one model with answers that are wrong, one kind after the other."""
    watch.install()
    log = Log()
    logging.root.handlers[:] = [log]
    registry = env.registry
    env.cr.rollback()
    task = Task(out, records=8, domains=3, orders=3, groups=1, writes=4, every=3)
    with Path(out).open("w") as file, closing(registry.cursor()) as cr:
        runner = Runner(registry, cr, task, file, log, "sudo")
        for kind in kinds:
            runner.mark = {"spoiled": kind}
            with spoil.spoiled(kind):
                runner.safely("res.partner.category")


def prepare(env: Any) -> None:
    """Make the callers and the data, once per database."""
    world.prepare(env)
    watch.arm(env.cr)
    env.cr.commit()


class Runner:
    """Compares one model after the other, for the callers whose connections have the same rights."""

    def __init__(
        self, registry: Any, cr: Any, task: Task, out: TextIO, log: Log, run_as: str
    ) -> None:
        self._registry, self._cr, self._task, self._out, self._log = registry, cr, task, out, log
        engine.open_all(world.root(cr), run_as)
        cr.commit()
        self._callers = world.callers(cr, run_as)
        cr.rollback()
        self._wires = {each.login: engine.Wire(registry, each.uid) for each in self._callers}
        self._told: set[Difference] = set()
        #: What is written beside each entry.
        self.mark: dict[str, str] = {}

    def safely(self, name: str) -> Counts:
        """Compare one model; where that fails for a mistake of the harness, say so and go on."""
        self._counts = Counts()
        started = time.monotonic()
        for caller in self._callers:
            asking = Asking(
                self._registry,
                self._cr,
                caller,
                self._log,
                self._task.every,
                wire=self._wires[caller.login],
            )
            try:
                for difference in self._differences(asking, name):
                    self._tell(replace(difference, caller=caller.name))
            except Exception:  # noqa: BLE001 - one model of hundreds must not end the run
                text = traceback.format_exc()
                last = text.strip().splitlines()[-1]
                self._tell(Difference("harness", last[:200], name, "", text[-1500:]))
            asking.fresh()
            self._counts.asked += asking.asked
        self._counts.seconds = time.monotonic() - started
        self._write({"model": name, **asdict(self._counts)})
        return self._counts

    def _differences(self, asking: Asking, name: str) -> Iterator[Difference]:
        reads = Reads(asking, name, self._task.records)
        yield from reads.open()
        if reads.fields and "reads" in self._task.parts:
            yield from reads.pages()
            yield from reads.expanded()
        self._counts.values += reads.values
        for part, kind, most in (
            ("domains", Domains, self._task.domains),
            ("orders", Orders, self._task.orders),
            ("groups", Groups, self._task.groups),
            ("writes", Writes, self._task.writes),
        ):
            if reads.fields and part in self._task.parts:
                asker = kind(asking, name, reads, most, self._task.seed)
                yield from asker.differences()
                asked = getattr(self._counts, part)
                setattr(self._counts, part, asked + asker.asked)
        yield from self._wire(asking)
        yield from self._logged(name)

    def _wire(self, asking: Asking) -> Iterator[Difference]:
        """Compare what went over HTTP with what the engine answered in this process."""
        for name, params, answer, status, body, later in asking.on_wire:
            self._counts.on_wire += 1
            if answer.given and later.given:
                data = (each.get("data") for each in (body, answer.value, later.value))
                expected = status == 200 and lies_between(*data)
            else:
                expected = status == answer.status
            if not expected:
                request = as_request(name, params)
                yield Difference(
                    "wire",
                    "HTTP answers something else",
                    name,
                    "",
                    request,
                    f"{status} {shown(body)}",
                    shown(answer.value or answer.error),
                )
        asking.on_wire.clear()

    def _logged(self, name: str) -> Iterator[Difference]:
        """What the addon's side logs as an error, unless Odoo's own answer does the same."""
        theirs = set(self._log.taken(THEIRS))
        for text in self._log.taken(OURS):
            if text not in theirs:
                yield Difference("log", text, name)

    def _tell(self, difference: Difference) -> None:
        if reason := intended.reason(difference):
            self._counts.intended[reason] = self._counts.intended.get(reason, 0) + 1
            return
        self._counts.differences += 1
        if self.mark or difference not in self._told:
            self._told.add(difference)
            self._write({"difference": asdict(difference)})

    def _write(self, entry: dict[str, Any]) -> None:
        self._out.write(json.dumps({**entry, **self.mark}, default=str) + "\n")
        self._out.flush()
