# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What is tried on a model: each verb, with a value of every kind for every field, the same in each run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import image
from . import world
from .world import World

PLAIN: dict[str, Any] = {
    "char": "Footprint",
    "text": "Footprint",
    "html": "<p>Footprint</p>",
    "integer": 3,
    "float": 2.5,
    "monetary": 2.5,
    "date": "2031-02-03",
    "datetime": "2031-02-03T04:05:06Z",
    "binary": image.BASE64,
    "image": image.BASE64,
    "json": {"footprint": 1},
    "properties": {},
    "properties_definition": [],
}
#: Kept by Odoo, whatever is sent.
MAGIC = frozenset("id create_uid create_date write_uid write_date display_name".split())
#: Models that names and ids in two columns are made to point to.
POINTED = ("res.partner", "ir.attachment", "res.users")


@dataclass(frozen=True)
class Attempt:
    """One request: of which record, with which values."""

    verb: str
    model: str
    record: int | None
    values: dict[str, Any] | None
    #: What the request is about, for the report.
    field: str = ""
    #: Records that the values point to: of which model, by which field, which ids.
    points: tuple[tuple[str, str, int], ...] = ()


class Attempts:
    """Makes up what one caller tries on one model."""

    def __init__(self, the_world: World, cr: Any, model_name: str, uid: int, seed: str) -> None:
        self._world, self._cr, self._uid = the_world, cr, uid
        self._env = world.root(cr)
        self._model = self._env[model_name]
        self._random = random.Random(f"{seed} {model_name}")
        self._name = model_name

    def all(self, most: int, fields: tuple[str, ...] = ()) -> list[Attempt]:
        """At most *most*, those that reach other models before those that do not; of some *fields* alone."""
        groups = [
            list(self._deletes()),
            self._shuffled(self._puts(relational=True)),
            self._shuffled(self._puts(relational=False)),
            self._posts(),
        ]
        found: list[Attempt] = []
        shares = (most, most * 6 // 10, most * 2 // 10, most * 4 // 10)
        left = most
        for group, share in zip(groups, shares, strict=True):
            chosen = [attempt for attempt in group if not fields or attempt.field in fields]
            taken = chosen[: min(share, left)]
            left -= len(taken)
            found += taken
        return found

    def _shuffled(self, attempts: Iterator[Attempt]) -> list[Attempt]:
        """One of each field first, then the second of each: a short run sees all fields before it sees all values."""
        by_field: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            by_field.setdefault(attempt.field, []).append(attempt)
        names = sorted(by_field)
        self._random.shuffle(names)
        found = []
        while by_field:
            for name in list(names):
                if waiting := by_field.get(name):
                    found.append(waiting.pop(0))
                else:
                    by_field.pop(name, None)
                    names.remove(name)
        return found

    # --- verbs -----------------------------------------------------------------------------------

    def _records(self) -> tuple[int, ...]:
        return self._world.kinds(self._cr, self._name, self._uid).some

    def _deletes(self) -> Iterator[Attempt]:
        for record_id in self._records():
            yield Attempt("DELETE", self._name, record_id, None, "(delete)")

    def _puts(self, *, relational: bool) -> Iterator[Attempt]:
        ids = self._records()
        for field in self._fields():
            links = bool(field.relational or field.type in ("reference", "many2one_reference"))
            if links != relational:
                continue
            for number, record_id in enumerate(ids):
                record = self._model.browse(record_id)
                for value, points in self._values(field, record, few=number > 0 and not links):
                    values = self._paired(field, value)
                    yield Attempt("PUT", self._name, record_id, values, field.name, points)

    def _posts(self) -> list[Attempt]:
        base, points = self._base()
        found = [Attempt("POST", self._name, None, base, "(required)", points)]
        fields = [field for field in self._fields() if field.name not in base]
        self._random.shuffle(fields)
        fields.sort(key=lambda field: not field.relational)
        for field in fields:
            for value, more in self._values(field, self._model.browse(), few=True):
                values = {**base, **self._paired(field, value)}
                found.append(
                    Attempt("POST", self._name, None, values, field.name, (*points, *more))
                )
        return found

    # --- fields and values -----------------------------------------------------------------------

    def _fields(self) -> list[Any]:
        return [
            field
            for name, field in sorted(self._model._fields.items())
            if name not in MAGIC and (field.store or field.inverse)
        ]

    def _paired(self, field: Any, value: Any) -> dict[str, Any]:
        """An id in a column of its own means nothing without the name of the model."""
        if field.type == "many2one_reference" and isinstance(value, tuple):
            return {field.model_field: value[0], field.name: value[1]}
        return {field.name: value}

    def _base(self) -> tuple[dict[str, Any], tuple[tuple[str, str, int], ...]]:
        """Values for the fields that a new record needs, taken from an existing one where there is one."""
        return self._needed(self._name)

    def _needed(self, name: str) -> tuple[dict[str, Any], tuple[tuple[str, str, int], ...]]:
        model = self._env[name]
        fields = [
            field
            for key, field in sorted(model._fields.items())
            if field.required and key not in MAGIC and (field.store or field.inverse)
        ]
        names = [field.name for field in fields]
        defaults = world.asked(self._cr, lambda: model.default_get(names), {})
        sample = model.browse(self._world.sample(self._cr, name)[:1])
        values: dict[str, Any] = {}
        points: list[tuple[str, str, int]] = []
        for field in fields:
            if defaults.get(field.name):
                continue
            value = world.asked(self._cr, partial(self._required, field, sample), None)
            if value is None:
                continue
            values[field.name] = value
            if field.type == "many2one":
                points.append((field.comodel_name, field.name, value))
        return values, tuple(points)

    def _required(self, field: Any, sample: Any) -> Any:
        if field.type == "many2one":
            kinds = self._world.kinds(self._cr, field.comodel_name, self._uid)
            ids = sample[field.name]._ids or kinds.writable + kinds.read_only + kinds.hidden
            return ids[0] if ids else None
        if field.type == "selection":
            choices = [key for key in field.get_values(self._env) if key]
            return (sample[field.name] if sample else None) or (choices or [None])[0]
        if field.type in ("integer", "float", "monetary", "many2one_reference") and sample:
            return sample[field.name]
        if field.type == "char" and sample and ("model" in field.name or field.name == "lang"):
            return sample[field.name] or "Footprint"
        return True if field.type == "boolean" else PLAIN.get(field.type)

    def _values(self, field: Any, record: Any, *, few: bool) -> list[tuple[Any, tuple[Any, ...]]]:
        """Values for a field, each with what it points to."""
        found: list[tuple[Any, tuple[Any, ...]]] = world.asked(
            self._cr, lambda: list(self._some(field, record, few=few)), []
        )
        return found

    def _some(self, field: Any, record: Any, *, few: bool) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        if field.type in ("one2many", "many2many"):
            yield from self._commands(field, record, few=few)
        elif field.type == "many2one":
            yield from self._links(field, record, few=few)
        elif field.type == "reference":
            names = [name for name in field.get_values(self._env) if name in self._env]
            for name, key in self._examples(names[: 1 if few else 3]):
                yield f"{name},{key}", ((name, field.name, key),)
        elif field.type == "many2one_reference":
            for name, key in self._examples(POINTED[: 1 if few else 3]):
                yield (name, key), ((name, field.name, key),)
        else:
            yield from ((value, ()) for value in self._scalars(field, record, few=few))

    def _examples(self, names: Sequence[str]) -> Iterator[tuple[str, int]]:
        """A record of each model, one that the caller does not see if there is one."""
        for name in names:
            for key in self._world.kinds(self._cr, name, self._uid).some[:1]:
                yield name, key

    def _links(
        self, field: Any, record: Any, *, few: bool
    ) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        kinds = self._world.kinds(self._cr, field.comodel_name, self._uid)
        now = record[field.name]._ids if record else ()
        for key in [key for key in kinds.some if key not in now][: 2 if few else 3]:
            yield key, ((field.comodel_name, field.name, key),)
        if not few and now:
            yield False, ()

    def _scalars(self, field: Any, record: Any, *, few: bool) -> list[Any]:
        if field.type == "boolean":
            return [not record[field.name]] if record else [True]
        if field.type == "selection":
            now = record[field.name] if record else None
            choices = [key for key in field.get_values(self._env) if key and key != now]
            return choices[: 1 if few else 3]
        if field.type in ("char", "text") and "email" in field.name:
            return ["footprint@evil.example"]
        value = PLAIN.get(field.type)
        return [] if value is None else [value]

    def _commands(
        self, field: Any, record: Any, *, few: bool
    ) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """Every kind of x2many command: on what is linked now, and on what is somebody else's."""
        name = field.comodel_name
        kinds = self._world.kinds(self._cr, name, self._uid)
        now = record[field.name]._ids[:2] if record else ()
        others = [key for key in kinds.hidden[:1] + kinds.read_only[:1] if key not in now]
        change = self._change(name)
        for key in others[:1] if few else others:
            yield [[4, key]], ((name, field.name, key),)
            if not few:
                yield [[1, key, change]], ()
                yield [[6, 0, [key]]], ((name, field.name, key),)
                yield [[2, key]], ()
        for key in now[:1]:
            yield [[1, key, change]], ()
            yield [[2, key]], ()
            yield [[3, key]], ()
            yield [], ()
            yield [[5]], ()
        yield [[0, 0, self._line(field)]], ()

    def _line(self, field: Any) -> dict[str, Any]:
        values, _points = self._needed(field.comodel_name)
        values.pop(getattr(field, "inverse_name", None) or "", None)
        return values

    def _change(self, name: str) -> dict[str, Any]:
        """A value for one field of another model."""
        model = self._env[name]
        for key in (model._rec_name, "name", *sorted(model._fields)):
            field = model._fields.get(key or "")
            if field is None or field.name in MAGIC or not field.store or field.compute:
                continue
            if field.type in ("char", "text", "html"):
                return {field.name: PLAIN[field.type]}
        return {}
