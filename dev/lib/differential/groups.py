# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Groups by each field, with what is made of their records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from . import normal
from .ask import Answer
from .asker import Asker
from .found import Difference, as_request, lies_between, shown, told, unequal_outcome
from .reads import same

MOST = 1000
Row = dict[str, Any]
#: A group as Odoo answers it before the addon does, and after.
Span = tuple[Row, Row]
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


class Groups(Asker):
    """Groups one model as one caller."""

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
        return [self._spec(name, kind) for kind, name in self._in_turn(by_kind)]

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
        order = ""
        if len(specs) == 1 and self.asked % 2:
            # groups of the same name differ in their lowest id
            params["order"], order = f"{specs[0]} desc", f"{specs[0]} desc, id:min asc"
        found = self._theirs(specs, aggregates, order)
        answer = self._ask.get(self._name, params)
        request = as_request(self._name, params)
        kinds = " and ".join(self._kind(spec) for spec in specs) or "nothing"
        if difference := unequal_outcome(answer, found):
            kind, what = f"groups: {difference[0]}", f"{difference[1]} [{kinds}]"
            yield Difference(
                kind, what, self._name, ", ".join(specs), request, told(answer), told(found)
            )
        self._both = answer.given and found.given
        if self._both and not _are_same(answer.value["data"], found.value):
            # a value that changes with the time lies between what Odoo answers before and after
            later = self._theirs(specs, aggregates, order)
            spans = _spans(found.value, later.value if later.given else ())
            words = f"by {kinds}" + (" desc" if order else "")
            yield from self._unequal(specs, words, request, answer.value["data"], spans)

    def _unequal(
        self, specs: list[str], words: str, request: str, ours: list[Row], spans: list[Span]
    ) -> Iterator[Difference]:
        """Tell what is not Odoo's in groups that are not the same ones in the same order."""
        if hidden := self._hide_names(specs, ours, spans):
            yield Difference("groups: a hidden name", hidden, self._name, ", ".join(specs), request)
        if len(ours) == min(len(spans), MOST) and all(map(_lies_within, ours, spans)):
            return
        by_key = {_key(before, specs): (before, after) for before, after in spans}
        pairs: list[tuple[Any, Span | None]] = [(row, by_key.get(_key(row, specs))) for row in ours]
        differing = [(row, span) for row, span in pairs if not span or not _lies_within(row, span)]
        ordered = not differing and len(ours) == min(len(spans), MOST)
        first, span = (differing or (pairs if ordered else [(ours, None)]))[0]
        yield Difference(
            "groups: another order" if ordered else "groups",
            words if ordered else words + self._differing(first, span and span[0]),
            self._name,
            ", ".join(specs),
            request,
            shown(first),
            shown(spans[0][0] if ordered else span and span[0]),
        )

    def _theirs(self, specs: list[str], aggregates: list[str], order: str) -> Answer:
        """Ask Odoo for groups; for all of them where the order is Odoo's own, which may begin with others."""
        options = {"order": order, "limit": MOST} if order else {}
        answer = self._ask.rpc_all(
            self._name, "formatted_read_group", [], specs, aggregates, **options
        )
        if not answer.given:
            return answer
        return Answer([self._normal(row, specs, aggregates) for row in answer.value])

    def _hide_names(self, specs: list[str], ours: list[Row], spans: list[Span]) -> str:
        """Take away the names of related records that Odoo lets the caller see in groups alone.

        :return: what to say of it, nothing where there are none
        """
        hidden = []
        for spec in specs:
            field = self._reads.fields[spec.partition(":")[0]]
            unnamed = {
                row[spec][0]
                for row in ours
                if field.get("relation") and row[spec] and not row[spec][1]
            }
            for key in unnamed:
                answer = self._ask.rpc(field["relation"], "read", [key], ["display_name"])
                if answer.status != 403:
                    continue
                hidden.append(spec)
                for row in (each for span in spans for each in span):
                    if row[spec] and row[spec][0] == key:
                        row[spec] = [key, False]
        return f"{self._kind(hidden[0])}: Odoo refuses to read the record" if hidden else ""

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


def _are_same(ours: list[Row], theirs: list[Row]) -> bool:
    return len(ours) == len(theirs) and all(
        _lies_within(one, (other, other)) for one, other in zip(ours, theirs, strict=True)
    )


def _spans(before: list[Row], after: Sequence[Row]) -> list[Span]:
    """Pair what Odoo answered before the addon did, and after."""
    after = after if len(after) == len(before) else before
    return list(zip(before, after, strict=True))


def _key(row: Row, specs: list[str]) -> str:
    """What makes two rows one group: of a relation the id alone."""
    values = [row[spec] for spec in specs]
    return json.dumps([each[0] if isinstance(each, list) else each for each in values])


def _lies_within(ours: Row, span: Span) -> bool:
    before, after = span
    return ours.keys() == before.keys() and all(
        same(ours[name], before[name]) or lies_between(ours[name], before[name], after.get(name))
        for name in ours
    )
