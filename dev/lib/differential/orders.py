# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Orders by each field, and pages by offset and by cursor: nothing is missed, nothing comes twice, and they end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from odoo.models import BaseModel

from .asker import Asker
from .found import Difference, as_request, shown, told, unequal_outcome, without_values

#: The most records that a walk goes over, and its pages.
MOST, PAGES = 400, 4


class Orders(Asker):
    """Sorts one model as one caller."""

    def differences(self) -> Iterator[Difference]:
        """Compare each order with Odoo's, then walk it page by page; two at once, at the end."""
        answered = []
        for order, kind in self._orders():
            yield from self._compare(order, kind)
            if self._both:
                answered.append((order, kind))
        if len(answered) > 1:
            (first, one), (second, two) = self._random.sample(answered, 2)
            yield from self._compare(f"{first}, {second}", f"{one} and {two}")

    def _compare(self, order: str, kind: str) -> Iterator[Difference]:
        self.asked += 1
        theirs = order if _ends_with_id(order) else f"{order}, id desc"
        found = self._ask.rpc_all(self._name, "search", [], order=theirs, limit=MOST)
        params = {"fields": ["id"], "order": order, "limit": MOST, "count": "none"}
        answer = self._ask.get(self._name, params)
        request = as_request(self._name, {"order": order})
        name = order.split()[0]
        self._both = answer.given and found.given
        if difference := unequal_outcome(answer, found):
            words = f"{difference[1]} [{kind}]"
            yield Difference(
                f"order: {difference[0]}",
                words,
                self._name,
                name,
                request,
                told(answer),
                told(found),
            )
        if not found.given:
            return
        if answer.given:
            ids = [row["id"] for row in answer.value["data"]]
            if ids != found.value:
                yield Difference(
                    "order",
                    f"by {kind}",
                    self._name,
                    name,
                    request,
                    shown(ids),
                    shown(found.value),
                )
                return
            if self.asked % 3 == 0:
                yield from self._pages(order, theirs, kind, len(ids))
        expected = found.value
        if self._ask.registry[self._name]._search is not BaseModel._search:
            # what such a model cuts off it may leave out afterwards
            everything = self._ask.rpc_all(self._name, "search", [], order=theirs)
            expected = (everything.value or [])[:MOST]
        yield from self._walk(order, kind, expected, is_plain=answer.given)

    def _orders(self) -> list[tuple[str, str]]:
        """Fields of each type first, then others, in either direction, and two at once."""
        by_kind: dict[str, list[str]] = {}
        for name, field in sorted(self._reads.fields.items()):
            if field.get("sortable"):
                stored = "" if field["store"] else " (not stored)"
                by_kind.setdefault(f"{field['type']}{stored}", []).append(name)
        found = [(f"{path} asc", f"property {kind}") for path, kind in self._properties()]
        for kind, name in self._in_turn(by_kind):
            found.append((f"{name} {self._random.choice(['asc', 'desc'])}", kind))
        return found[: self._most]

    def _properties(self) -> list[tuple[str, str]]:
        """Properties that a record has, each with its type."""
        return list(
            {
                f"{name}.{item['name']}": item["type"]
                for name, field in sorted(self._reads.fields.items())
                for row in (self._reads.rows if field["type"] == "properties" else ())
                for item in row.get(name) or ()
                if item["type"] != "separator"
            }.items()
        )[:3]

    def _pages(self, order: str, theirs: str, kind: str, number: int) -> Iterator[Difference]:
        size = max(1, -(-number // PAGES))
        for page in range(1, PAGES + 1):
            params = {"fields": ["id"], "order": order, "limit": size, "offset": str(page)}
            answer = self._ask.get(self._name, {**params, "count": "none"})
            found = self._ask.rpc_all(
                self._name, "search", [], order=theirs, limit=size, offset=size * (page - 1)
            )
            ids = [row["id"] for row in answer.value["data"]] if answer.given else None
            if ids != found.value:
                request = as_request(self._name, params)
                what = f"a page of an order by {kind}"
                yield Difference(
                    "paging", what, self._name, "", request, shown(ids), shown(found.value)
                )
                return

    def _walk(
        self, order: str, kind: str, expected: list[int], *, is_plain: bool
    ) -> Iterator[Difference]:
        """Go from cursor to cursor; one that is refused is refused at once."""
        size = min(len(expected) // PAGES + 1, 100)
        ids: list[int] = []
        cursor: str | None = ""
        name = order.split()[0]
        request = as_request(self._name, {"order": order, "limit": size, "cursor": ""})
        for number in range(PAGES + 2):
            params: dict[str, Any] = {
                "fields": ["id"],
                "order": order,
                "limit": size,
                "cursor": cursor,
            }
            answer = self._ask.get(self._name, params)
            if not answer.given:
                unique = len(set(expected)) == len(expected)
                if answer.status >= 500 or number or (is_plain and unique):
                    what = f"{'a later page' if number else 'a cursor'} is refused: {kind}"
                    what += f": {without_values(answer.error)}"
                    kind_ = "cursor: server error" if answer.status >= 500 else "cursor: refused"
                    yield Difference(kind_, what, self._name, name, request, told(answer))
                return
            ids += [row["id"] for row in answer.value["data"]]
            cursor = answer.value.get("next_cursor")
            if cursor is None or len(ids) >= MOST:
                break
        if cursor is not None and len(expected) < MOST:
            yield Difference(
                "cursor", f"never ends: by {kind}", self._name, name, request, shown(ids)
            )
        elif ids[:MOST] != expected[: len(ids)] or len(ids) < min(len(expected), MOST):
            what = "comes twice" if len(set(ids)) < len(ids) else "is missed"
            what = what if len(ids) != len(expected) or what == "comes twice" else "is elsewhere"
            yield Difference(
                "cursor",
                f"something {what}: by {kind}",
                self._name,
                name,
                request,
                shown(ids),
                shown(expected),
            )


def _ends_with_id(order: str) -> bool:
    return any(part.split()[0] == "id" for part in order.split(","))
