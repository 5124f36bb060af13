# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Domains of every operator and type of field, made of values that records have."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import normal
from .asker import Asker
from .found import Difference, as_request, shown, told, unequal_outcome

#: The most records that one domain may find.
MOST = 1000
TEXTS = frozenset(["char", "text", "html", "selection"])
NUMBERS = frozenset(["integer", "float", "monetary", "many2one_reference"])
#: Idioms of clients that want archived records: Odoo looks for `active` in what they send.
ARCHIVED: tuple[Any, ...] = (
    [["active", "in", [True, False]]],
    ["|", ["active", "=", True], ["active", "=", False]],
    ["|", ["active", "=", False], ["active", "!=", False]],
    [["active", "=?", False]],
    [["active", "=", False]],
    [["active", "!=", True]],
    ["!", ["active", "=", True]],
    [["active", "in", []]],
    [["active", "not in", []]],
    ["&", ["active", "in", [True, False]], ["id", ">", 0]],
)


@dataclass(frozen=True)
class Condition:
    """One condition; `odoo` is its value where Odoo's form is another one."""

    kind: str
    path: str
    operator: str
    value: Any
    odoo: Any = None

    @property
    def label(self) -> str:
        return f"{self.kind} {self.operator} {_shape(self.value)}"

    def ours(self) -> list[Any]:
        return [self.path, self.operator, self.value]

    def theirs(self) -> list[Any]:
        return [self.path, self.operator, self.value if self.odoo is None else self.odoo]


class Domains(Asker):
    """Searches one model as one caller."""

    def differences(self) -> Iterator[Difference]:
        """Compare the records that each domain finds."""
        answered = []
        for condition in self._chosen():
            found = list(self._compare(condition.label, [condition.ours()], [condition.theirs()]))
            yield from found
            if not found and self._both:
                answered.append(condition)
        if "active" in self._reads.fields:
            for domain in ARCHIVED:
                yield from self._compare(f"archived idiom {json.dumps(domain)}", domain, domain)
        for label, ours, theirs in self._connected(answered):
            yield from self._compare(label, ours, theirs)

    def _chosen(self) -> list[Condition]:
        """At most so many: of each type and operator one, then others, by chance and the same each time."""
        by_label: dict[str, list[Condition]] = defaultdict(list)
        for name, field in sorted(self._reads.fields.items()):
            for condition in self._conditions(name, field):
                by_label[condition.label].append(condition)
        labels = sorted(by_label)
        self._random.shuffle(labels)
        found: list[Condition] = []
        while by_label and len(found) < self._most:
            for label in labels:
                some = by_label.get(label)
                if some:
                    found.append(some.pop(self._random.randrange(len(some))))
                else:
                    by_label.pop(label, None)
        return found[: self._most]

    def _connected(self, chosen: Sequence[Condition]) -> Iterator[tuple[str, Any, Any]]:
        """A few domains of several conditions, each connective once."""
        shapes: tuple[list[str], ...] = (["|"], ["&"], ["!"], ["|", "!"], ["!", "&"], [])
        for shape in shapes:
            if len(chosen) < 2:
                return
            first, second = self._random.sample(list(chosen), 2)
            some = [first] if shape == ["!"] else [first, second]
            label = (
                f"{' '.join(shape) or 'implicit and'}: {' / '.join(each.label for each in some)}"
            )
            yield (
                label,
                [*shape, *(each.ours() for each in some)],
                [*shape, *(each.theirs() for each in some)],
            )

    def _compare(self, label: str, ours: Any, theirs: Any) -> Iterator[Difference]:
        self.asked += 1
        # a Python literal now and then, as older clients send it
        text = repr(ours) if self.asked % 7 == 0 else json.dumps(ours)
        params = {
            "fields": ["id"],
            "domain": text,
            "order": "id",
            "limit": MOST,
            "count": "exact" if self.asked % 5 == 0 else "none",
        }
        found = self._ask.rpc_all(self._name, "search", theirs, order="id", limit=MOST)
        answer = self._ask.get(self._name, params)
        request = as_request(self._name, {"domain": text})
        field = ", ".join(str(term[0]) for term in ours if isinstance(term, list))
        if difference := unequal_outcome(answer, found):
            kind, what = difference
            what = f"{what} [{label}]" if kind != "server error" else what
            yield Difference(
                f"domain: {kind}", what, self._name, field, request, told(answer), told(found)
            )
        self._both = answer.given and found.given
        if not self._both:
            return
        ids = [row["id"] for row in answer.value["data"]]
        if ids != found.value:
            more, less = len(set(ids) - set(found.value)), len(set(found.value) - set(ids))
            what = f"{label}: {'more' * bool(more)}{' and ' * bool(more and less)}{'fewer' * bool(less)} records"
            yield Difference(
                "domain", what, self._name, field, request, shown(ids), shown(found.value)
            )
        elif len(ids) < MOST and answer.value.get("total", len(ids)) != len(ids):
            yield Difference("domain", "the total is not the number", self._name, field, request)

    # --- conditions ----------------------------------------------------------------------

    def _conditions(self, name: str, field: dict[str, Any]) -> Iterator[Condition]:
        kind = field["type"]
        seen = [row[name] for row in self._reads.rows if row.get(name) not in (None, False, "", [])]
        values = list({json.dumps(each): each for each in seen}.values())[:20]
        self._random.shuffle(values)
        stored = kind if field["store"] else f"{kind} (not stored)"
        if not field.get("searchable"):
            yield Condition(f"{kind} (not searchable)", name, "!=", False)
            return
        for operator, value, other in _by_kind(kind, values):
            yield Condition(stored, name, operator, value, other)
        if kind in ("date", "datetime"):
            yield from self._parts(name, stored, values)
        elif kind in ("many2one", "one2many", "many2many"):
            yield from self._related(name, stored, field, values)
        elif kind == "properties":
            yield from self._properties(name, values)
        if name == "id":
            yield from self._of_id(values)

    @staticmethod
    def _parts(name: str, kind: str, values: list[Any]) -> Iterator[Condition]:
        for value in values[:1]:
            year, month = int(value[:4]), int(value[5:7])
            yield Condition(f"{kind} part", f"{name}.year_number", "=", year)
            yield Condition(f"{kind} part", f"{name}.year_number", "in", [year, year + 1])
            yield Condition(f"{kind} part", f"{name}.month_number", "!=", month)
            yield Condition(f"{kind} part", f"{name}.day_of_week", ">=", 3)
            yield Condition(f"{kind} part", f"{name}.quarter_number", "=", False)

    def _related(
        self, name: str, kind: str, field: dict[str, Any], values: list[Any]
    ) -> Iterator[Condition]:
        pairs = [each for each in values if kind.startswith("many2one")]
        ids = [pair[0] for pair in pairs] or [key for each in values for key in each]
        label = pairs[0][1] if pairs and isinstance(pairs[0][1], str) else ""
        if not label and ids:
            label = self._name_of(field["relation"], ids[0])
        for key in ids[:1]:
            yield Condition(kind, name, "=", key)
            yield Condition(kind, name, "!=", key)
            yield Condition(kind, name, "in", ids[:3])
            yield Condition(kind, name, "in", [key, False])
            yield Condition(kind, name, "not in", ids[:2])
            yield Condition(kind, name, "=?", key)
            yield Condition(kind, name, "child_of", key)
            yield Condition(kind, name, "child_of", ids[:2])
            yield Condition(kind, name, "parent_of", key)
            yield Condition(kind, name, "any", [["id", "in", ids[:2]]])
            yield Condition(kind, name, "not any", [["id", "=", key]])
            yield Condition(f"{kind} path", f"{name}.id", "=", key)
            yield Condition(f"{kind} path", f"{name}.id", "not in", [key])
        yield Condition(kind, name, "any", [])
        yield Condition(kind, name, "not any", [])
        yield Condition(kind, name, "=?", False)
        if label:
            word = label.split()[0][:6]
            yield Condition(f"{kind} name", name, "=", label)
            yield Condition(f"{kind} name", name, "ilike", word)
            yield Condition(f"{kind} name", name, "not ilike", word)
            yield Condition(f"{kind} name", name, "in", [label])
            yield Condition(f"{kind} path", f"{name}.display_name", "ilike", word)
            yield Condition(kind, name, "any", [["display_name", "ilike", word]])
            yield Condition(kind, name, "not any", [["display_name", "ilike", word]])
        yield Condition(f"{kind} path", f"{name}.create_date", "!=", False)

    def _name_of(self, model_name: str, key: int) -> str:
        answer = self._ask.rpc(model_name, "read", [key], ["display_name"])
        return answer.value[0]["display_name"] or "" if answer.given and answer.value else ""

    @staticmethod
    def _properties(name: str, values: list[Any]) -> Iterator[Condition]:
        yield Condition("properties", name, "=", False)
        yield Condition("properties", name, "!=", False)
        for item in {each["name"]: each for value in values for each in value}.values():
            kind, path, value = (
                f"property {item['type']}",
                f"{name}.{item['name']}",
                item.get("value"),
            )
            yield Condition(kind, path, "=", False)
            yield Condition(kind, path, "!=", False)
            if not value or item["type"] == "separator":
                continue
            if item["type"] == "many2one":
                value = value[0]
            if item["type"] in ("many2many", "tags"):
                first = value[0][0] if item["type"] == "many2many" else value[0]
                yield Condition(kind, path, "in", [first])
                yield Condition(kind, path, "not in", [first])
                continue
            given = normal.moment(value) if item["type"] == "datetime" else value
            yield Condition(kind, path, "=", given, value)
            yield Condition(kind, path, "!=", given, value)
            yield Condition(kind, path, "in", [given], [value])
            if item["type"] not in ("many2one", "boolean", "selection"):
                yield Condition(kind, path, "<=", given, value)
                yield Condition(kind, path, ">", given, value)
            if item["type"] in ("char", "many2one"):
                yield Condition(kind, path, "ilike", "a")

    def _of_id(self, values: list[Any]) -> Iterator[Condition]:
        for key in values[:1]:
            yield Condition("id", "id", "in", values[:3])
            yield Condition("id", "id", "child_of", key)
            yield Condition("id", "id", "parent_of", [key])
            yield Condition("id", "id", "in", [key, 2**31 - 1])


def _by_kind(kind: str, values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Operators and values, and the value for Odoo where that is another one."""
    yield "=", False, None
    yield "!=", False, None
    if kind in ("one2many", "many2many", "properties", "properties_definition"):
        return
    yield "in", [False], None
    yield "not in", [False], None
    yield "=?", False, None
    yield "in", [], None
    if kind in TEXTS or kind == "reference":
        yield from _texts(values)
    elif kind in NUMBERS:
        yield from _numbers(values)
    elif kind == "boolean":
        yield "=", True, None
        yield "!=", True, None
        yield "in", [True, False], None
        yield "not in", [True], None
    elif kind in ("date", "datetime"):
        yield from _moments(kind, values)


def _texts(values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    for value in values[:1]:
        part = value[1:5] or value
        for operator in ("=", "!=", "=?", "<", ">="):
            yield operator, value, None
        for operator in ("ilike", "not ilike", "like", "not like"):
            yield operator, part, None
        for operator in ("=like", "=ilike", "not =like", "not =ilike"):
            yield operator, f"{value[:2]}%", None
        yield "in", [*values[:2], False], None
        yield "not in", values[:2], None
    yield "ilike", "", None
    yield "not ilike", "", None


def _numbers(values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    for value in values[:1]:
        for operator in ("=", "!=", "<", ">", "<=", ">=", "=?"):
            yield operator, value, None
        yield "in", values[:3], None
        yield "in", [value, False], None
        yield "not in", values[:2], None
    yield "=", 0, None
    yield "!=", 0, None
    yield ">", 0, None


def _moments(kind: str, values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    yield ">", "today", None
    yield "<=", "-7d", None
    yield ">=", "=monday -1w", None
    for value in values[:1]:
        given = normal.value(kind, value)
        for operator in ("=", "!=", "<", ">", "<=", ">="):
            yield operator, given, normal_odoo(kind, value)
        yield "in", [given], [normal_odoo(kind, value)]
        yield "not in", [given, False], [normal_odoo(kind, value), False]
        yield "<=", value[:10], None
        yield ">", value[:10], None
        yield "ilike", value[:7], None


def normal_odoo(kind: str, value: str) -> str:
    """Return a value of a record as Odoo's own clients send it."""
    return value[:10] if kind == "date" else value


def _shape(value: Any) -> str:
    """Return what a value is, without the value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            return f"[[{value[0][0]} {value[0][1]}]]"
        return f"[{', '.join(sorted({_shape(each) for each in value}))}]"
    if isinstance(value, str):
        return "empty text" if not value else "text"
    return "number"
