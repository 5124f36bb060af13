# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Groups by each field, with what is made of their records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from . import normal
from .ask import Asking
from .found import Difference, as_request, shown, told, unequal_outcome
from .reads import Reads, same

MOST = 1000
GRANULARITIES = ("day", "week", "month", "quarter", "year", "hour")
NUMBERS = frozenset(["integer", "float", "monetary"])
FUNCTIONS = {
    "integer": ("sum", "avg", "min", "max", "count_distinct"),
    "float": ("sum", "avg", "min", "max"),
    "monetary": ("sum", "min", "max"),
    "boolean": ("bool_and", "bool_or"),
    "date": ("min", "max"),
    "datetime": ("min", "max"),
    "many2one": ("count_distinct", "count"),
    "char": ("count", "count_distinct"),
}


class Groups:
    """Groups one model as one caller."""

    def __init__(self, asking: Asking, model_name: str, reads: Reads, most: int, seed: str) -> None:
        self._ask, self._name, self._reads, self._most = asking, model_name, reads, most
        self._random = random.Random(f"{seed} {model_name}")
        self.asked = 0
        #: Whether both sides answered the last grouping.
        self._both = False

    def differences(self) -> Iterator[Difference]:
        """Compare the groups of one field each, then of two at once, then of none."""
        answered = []
        for spec in self._specs():
            yield from self._compare([spec], ["id:count", *self._aggregates()])
            if self._both:
                answered.append(spec)
        if len(answered) > 1:
            yield from self._compare(self._random.sample(answered, 2), ["id:count"])
        yield from self._compare([], ["id:count", *self._aggregates()])

    def _specs(self) -> list[str]:
        """Fields of each type first, then others, dates by one period or the other."""
        by_kind: dict[str, list[str]] = {}
        for name, field in sorted(self._reads.fields.items()):
            if field.get("groupable"):
                by_kind.setdefault(field["type"], []).append(name)
        found: list[str] = []
        while any(by_kind.values()) and len(found) < self._most:
            for kind, names in by_kind.items():
                if names:
                    name = names.pop(self._random.randrange(len(names)))
                    found.append(self._spec(name, kind))
        return found[: self._most]

    def _spec(self, name: str, kind: str) -> str:
        if kind not in ("date", "datetime"):
            return name
        some = GRANULARITIES if kind == "datetime" else GRANULARITIES[:-1]
        return f"{name}:{self._random.choice(some)}"

    def _aggregates(self) -> list[str]:
        fields = [
            (name, field["type"])
            for name, field in sorted(self._reads.fields.items())
            if field["store"] and field["type"] in FUNCTIONS and name != "id"
        ]
        chosen = self._random.sample(fields, min(2, len(fields)))
        return [f"{name}:{self._random.choice(FUNCTIONS[kind])}" for name, kind in chosen]

    def _compare(self, specs: list[str], aggregates: list[str]) -> Iterator[Difference]:
        self.asked += 1
        params: dict[str, Any] = {"groupby": specs, "aggregates": aggregates, "limit": MOST}
        order = {}
        if len(specs) == 1 and self.asked % 2:
            # groups of the same name differ in their lowest id
            params["order"], order["order"] = f"{specs[0]} desc", f"{specs[0]} desc, id:min asc"
        found = self._ask.rpc_all(
            self._name, "formatted_read_group", [], specs, aggregates, limit=MOST, **order
        )
        answer = self._ask.get(self._name, params)
        request = as_request(self._name, params)
        kinds = " and ".join(self._kind(spec) for spec in specs) or "nothing"
        if difference := unequal_outcome(answer, found):
            kind, what = f"groups: {difference[0]}", f"{difference[1]} [{kinds}]"
            yield Difference(
                kind, what, self._name, ", ".join(specs), request, told(answer), told(found)
            )
        self._both = answer.given and found.given
        if not self._both:
            return
        expected = [self._normal(row, specs, aggregates) for row in found.value]
        ours = answer.value["data"]
        if len(ours) != len(expected) or not all(map(_same_rows, ours, expected)):
            ordered = sorted(map(shown, ours)) == sorted(map(shown, expected))
            first = next(
                (pair for pair in zip(ours, expected, strict=False) if not _same_rows(*pair)),
                (ours, expected),
            )
            what = f"by {kinds}" + (" desc" if order else "")
            what += "" if ordered else self._differing(*first)
            yield Difference(
                "groups: another order" if ordered else "groups",
                what,
                self._name,
                ", ".join(specs),
                request,
                shown(first[0]),
                shown(first[1]),
            )

    def _differing(self, ours: Any, theirs: Any) -> str:
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            return ": another number of groups"
        names = [name for name in ours if not same(ours[name], theirs.get(name))]
        return "".join(f"; {self._kind(name)}" for name in names[:2])

    def _kind(self, spec: str) -> str:
        name, _colon, more = spec.partition(":")
        field = self._reads.fields[name]
        stored = "" if field["store"] else " (not stored)"
        return f"{field['type']}{stored}{':' * bool(more)}{more}"

    def _normal(
        self, row: dict[str, Any], specs: list[str], aggregates: list[str]
    ) -> dict[str, Any]:
        found = {}
        for spec in specs:
            name, _colon, granularity = spec.partition(":")
            kind = self._reads.fields[name]["type"]
            found[spec] = normal.group(kind, granularity, row[spec], self._ask.caller.zone)
        for spec in aggregates:
            name, _colon, function = spec.partition(":")
            kind = self._reads.fields[name]["type"]
            found[spec] = normal.aggregate(kind, function, row[spec])
        return found


def _same_rows(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(
        same(ours[name], theirs[name]) or _nearly(ours[name], theirs[name]) for name in ours
    )


def _nearly(one: Any, other: Any) -> bool:
    """Whether two sums differ in the last digit alone: PostgreSQL adds in another order each time."""
    numbers = all(isinstance(each, float) for each in (one, other))
    return numbers and abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1)
