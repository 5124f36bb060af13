# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Each value of each readable field, on pages, single records, archived ones and expanded relations."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from odoo.exceptions import AccessError

from . import engine, normal, rpc
from .ask import Answer, Asking
from .found import Difference, as_request, shown, told, unequal_outcome

#: Expanded relations of one request, records that it asks for, and fields of each relation.
TOGETHER, FEW, BELOW = 6, 6, 6
#: Reads some fields of what it stands for.
Read = Callable[[Sequence[str]], Answer]
X2MANY = ("one2many", "many2many")
#: Model and field → whether Odoo answers another value a second later; known for all callers.
_MOVING: dict[tuple[str, str], bool] = {}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")


class Reads:
    """Reads one model as one caller; what Odoo answered is kept for the questions that follow."""

    def __init__(self, asking: Asking, model_name: str, limit: int) -> None:
        self._ask, self._name, self._limit = asking, model_name, limit
        #: What Odoo tells of the fields that both sides show.
        self.fields: dict[str, dict[str, Any]] = {}
        #: Records as Odoo answered them, the newest first.
        self.rows: list[dict[str, Any]] = []
        #: Fields that one of the sides could not read: they are asked for once.
        self._unread: set[str] = set()
        #: Related model → field → what Odoo tells of it.
        self._known: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        #: Values that were compared.
        self.values = 0

    def open(self) -> Iterator[Difference]:
        """Compare whether the caller may read at all, and which fields there are."""
        theirs = self._ask.theirs(lambda env: rpc.fields(env, self._name))
        ours = self._ask.ours(lambda env: engine.readable(env, self._name))
        params = {"fields": ["id"], "limit": self._limit}
        page = self._ask.get(self._name, params)
        ids = self._ask.rpc_all(self._name, "search_read", [], ["id"], limit=1, order="id desc")
        if found := unequal_outcome(page, ids):
            yield Difference(
                *found, self._name, "", as_request(self._name, params), told(page), told(ids)
            )
        if not page.given or not ids.given or not theirs.given or not ours.given:
            return
        secrets = self._ask.ours(lambda env: engine.secrets(env, self._name)).value or ()
        for name in sorted(theirs.value.keys() - ours.value):
            what = "a field that Odoo shows is unknown"
            if theirs.value[name].get("relation") in engine.UNREACHABLE:
                what = "a relation to a model that is never reachable is unknown"
            elif self._is_own(name, theirs.value[name]["type"]) or self._is_unreadable(name):
                continue
            elif name in secrets:
                what = "a field that opens something is unknown where no list names it"
            yield Difference("fields", what, self._name, name, theirs=shown(theirs.value[name]))
        for name in sorted(ours.value - theirs.value.keys()):
            what = "a field that Odoo does not show is answered"
            yield Difference("fields", what, self._name, name)
        self.fields = {name: theirs.value[name] for name in ours.value & theirs.value.keys()}

    def _is_unreadable(self, name: str) -> bool:
        """Whether Odoo's own `read` fails with a field, as with one that the view of its model lacks."""
        return self._ask.rpc_all(self._name, "search_read", [], [name], limit=1).odd

    def _is_own(self, name: str, kind: str) -> bool:
        """Whether a field of users is answered of oneself alone, as Odoo reads it."""
        if self._name != "res.users":
            return False
        uid = self._ask.caller.uid
        ours = self._ask.get(self._name, {"fields": [name], "id": str(uid)})
        theirs = self._ask.rpc(self._name, "read", [uid], [name])
        if not ours.given or not theirs.given:
            return False
        return same(ours.value["data"][0][name], normal.value(kind, theirs.value[0][name]))

    def pages(self) -> Iterator[Difference]:
        """Compare the newest records, and archived ones with what archived records they lead to."""
        yield from self._page(sorted(self.fields), archived=False)
        names = sorted(self.fields.keys() - self._unread)
        yield from self._page(names, archived=True)
        yield from self._single(names)

    def _page(self, names: Sequence[str], *, archived: bool) -> Iterator[Difference]:
        limit = FEW * 2 if archived else self._limit
        params: dict[str, Any] = {"limit": limit, "archived": "1" if archived else "0"}
        extra = {"context": {"active_test": False}} if archived else {}
        found = self._ask.rpc_all(self._name, "search", [], limit=limit, order="id desc", **extra)
        if not found.given:
            return
        read = self._searching(limit, archived=archived)
        theirs = self._rows(names, read)
        ours, bad = self._by_halves(names, self._reader(params))
        yield from self._unreadable(bad, read, params)
        ids = [row["id"] for row in ours]
        if ids != found.value:
            what = "the records of a page differ" + (" (archived=1)" if archived else "")
            request = as_request(self._name, {"fields": ["id"], **params})
            yield Difference(
                "visibility", what, self._name, "", request, shown(ids), shown(found.value)
            )
        if len(set(ids)) != len(ids):
            return  # the id of a view is no key: rows with the same one are one record for Odoo's cache
        if not archived:
            self.rows = list(theirs.values())
        yield from self._compare(ours, theirs, params)

    def _single(self, names: Sequence[str]) -> Iterator[Difference]:
        """Compare one record that is read by its id, an archived one if there is one."""
        some = [row["id"] for row in self.rows[:1]]
        if "active" in self.fields:
            domain = [["active", "=", False]]
            found = self._ask.rpc_all(self._name, "search", domain, limit=1)
            some += found.value if found.given else []
        if some:
            read = self._reading(some[-1])
            theirs = self._rows(names, read)
            params = {"id": str(some[-1])}
            ours, bad = self._by_halves(names, self._reader(params))
            yield from self._unreadable(bad, read, params)
            yield from self._compare(ours, theirs, params)

    def _reader(self, params: dict[str, Any]) -> Read:
        return lambda some: self._ask.get(self._name, {"fields": list(some), **params})

    # --- what Odoo says ------------------------------------------------------------------

    def _searching(self, limit: int, *, archived: bool) -> Read:
        """Odoo's page, of the records that the caller may see without any connection."""
        return lambda some: self._ask.theirs(
            lambda env: {"data": rpc.page(env, self._name, some, limit, archived=archived)}
        )

    def _reading(self, key: int) -> Read:
        """Odoo's `read` of one record; nothing where the caller may see it by a connection alone."""

        def read(env: Any, names: Sequence[str]) -> Any:
            record = env[self._name].browse(key)
            if self._ask.caller.lifted and not record._filtered_access("read"):
                return {"data": []}
            return {"data": rpc.call(env, self._name, "read", [key], list(names))}

        return lambda some: self._ask.theirs(lambda env: read(env, some))

    def _rows(self, names: Sequence[str], read: Read) -> dict[int, dict[str, Any]]:
        """Return what Odoo gives, by id; without the fields that it cannot read."""
        rows, bad = self._by_halves(names, read)
        self._unread |= bad.keys()
        return {row["id"]: row for row in rows}

    def _by_halves(
        self, names: Sequence[str], read: Read
    ) -> tuple[list[dict[str, Any]], dict[str, Answer]]:
        """Read all fields at once or, where that fails, by halves; return the rows, and the fields that failed."""
        answer = read(names)
        if answer.given:
            return answer.value["data"], {}
        if len(names) <= 1:
            return [], dict.fromkeys(names, answer)
        half = len(names) // 2
        left, bad = self._by_halves(names[:half], read)
        right, more = self._by_halves(names[half:], read)
        merged = {row["id"]: dict(row) for row in left or right}
        for row in right:
            merged.setdefault(row["id"], {}).update(row)
        return list(merged.values()), {**bad, **more}

    # --- comparing -----------------------------------------------------------------------

    def _unreadable(
        self, bad: dict[str, Answer], read: Read, params: dict[str, Any]
    ) -> Iterator[Difference]:
        """Tell which fields the API does not answer although Odoo does, or how it fails."""
        self._unread |= bad.keys()
        for name, ours in bad.items():
            # alone, for beside others Odoo takes what their code has read with more rights
            answer = read([name])
            if found := unequal_outcome(ours, answer):
                request = as_request(self._name, {"fields": [name], **params})
                yield Difference(*found, self._name, name, request, told(ours), told(answer))

    def _compare(
        self,
        ours: list[dict[str, Any]],
        theirs: dict[int, dict[str, Any]],
        params: dict[str, Any],
    ) -> Iterator[Difference]:
        differing: dict[str, tuple[int, Any, Any]] = {}
        for row in ours:
            other = theirs.get(row["id"], {})
            for name in row.keys() & other.keys():
                self.values += 1
                expected = normal.value(self.fields[name]["type"], other[name])
                if not same(row[name], expected):
                    differing.setdefault(name, (row["id"], row[name], expected))
        for name, (key, value, expected) in differing.items():
            field = self.fields[name]
            archived = params.get("archived") == "1"
            if self._moves(self._name, key, name) or self._is_tie(field, value, expected):
                continue
            if not field["store"] and self._depends(key, name, value, archived=archived):
                continue
            stored = "" if field["store"] else ", not stored"
            alone = self._alone(key, name, value, params)
            more = self._more(field, value, expected)
            yield Difference(
                "value",
                f"{field['type']}{stored}{alone}{more}{' (archived=1)' if archived else ''}",
                self._name,
                name,
                as_request(self._name, {"fields": [name], **params}) + f" → id {key}",
                shown(value),
                shown(expected),
            )

    def _moves(self, model_name: str, key: int, name: str) -> bool:
        """Whether Odoo answers a value differently a second later."""
        if (model_name, name) not in _MOVING:
            first = self._ask.rpc(model_name, "read", [key], [name])
            time.sleep(1.1)
            second = self._ask.rpc(model_name, "read", [key], [name])
            _MOVING[model_name, name] = first.value != second.value
        return _MOVING[model_name, name]

    def _depends(self, key: int, name: str, value: Any, *, archived: bool) -> bool:
        """Whether Odoo itself answers this value, too, when other fields are read with it or none.

        The fields of one request share a cache: code that computes one of them with more rights may leave
        another one there, and a list that was read by the caller's rules changes what is made of it.
        """
        kind = self.fields[name]["type"]
        context = {"active_test": not archived}

        def gives_it(others: Sequence[str]) -> bool:
            names = [*others, name]
            answer = self._ask.rpc(self._name, "read", [key], names, context=context)
            rows = answer.value if answer.given else []
            return any(same(value, normal.value(kind, row[name])) for row in rows)

        computed = [other for other, field in self.fields.items() if not field["store"]]
        return gives_it([]) or any(gives_it([other]) for other in computed if other != name)

    def _more(self, field: dict[str, Any], ours: Any, theirs: Any) -> str:
        """Tell whether a list has those records of Odoo's, and others that the caller sees by connections alone."""
        if field["type"] not in X2MANY or not self._ask.caller.lifted:
            return ""
        visible = self._ask.theirs(lambda env: _visible(env, field["relation"], ours))
        if visible.given and [key for key in ours if key in visible.value] == theirs:
            return ", and records of which the caller sees nothing without connections"
        return ""

    def _is_tie(self, field: dict[str, Any], ours: Any, theirs: Any) -> bool:
        """Whether two lists differ in the order of records that sort alike, which is chance in Odoo."""
        if field.get("type") not in X2MANY or sorted(ours) != sorted(theirs):
            return False
        comodel = field["relation"]
        order = self._ask.registry[comodel]._order

        def ranked(env: Any) -> list[Any]:
            model = env[comodel].sudo().with_context(active_test=False)
            domain = [("id", "in", ours)]
            return [model.search(domain, order=f"{order}, id {way}").ids for way in ("asc", "desc")]

        answer = self._ask.theirs(ranked)
        if not answer.given:
            return False
        upwards, downwards = ({key: place for place, key in enumerate(ids)} for ids in answer.value)
        return all(
            one in upwards and (upwards[one] < upwards[other] or downwards[one] < downwards[other])
            for one, other in pairwise(ours)
            if other in upwards
        )

    def _alone(self, key: int, name: str, value: Any, params: dict[str, Any]) -> str:
        """Tell whether the API answers a value differently when nobody asks for others."""
        archived = params.get("archived", "0")
        answer = self._ask.get(self._name, {"fields": [name], "id": str(key), "archived": archived})
        if answer.given and answer.value["data"] and not same(answer.value["data"][0][name], value):
            return ", another one when it is asked for alone"
        return ""

    # --- relations -----------------------------------------------------------------------

    def expanded(self) -> Iterator[Difference]:
        """Compare what `expand` shows with what the related model's own `read` gives."""
        relations = [
            name
            for name, field in sorted(self.fields.items())
            if field.get("relation") and any(row.get(name) for row in self.rows)
        ]
        for start in range(0, len(relations), TOGETHER):
            yield from self._expand(relations[start : start + TOGETHER])

    def _expand(self, names: Sequence[str]) -> Iterator[Difference]:
        chosen = [row for row in self.rows if any(row.get(name) for name in names)][:FEW]
        ids = [row["id"] for row in chosen]
        below = {name: self._below(name) for name in names}
        params = {"fields": ["id"], "domain": [["id", "in", ids]], "expand": below}
        ours = self._ask.get(self._name, params)
        if not ours.given and len(names) > 1:
            half = len(names) // 2
            yield from self._expand(names[:half])
            yield from self._expand(names[half:])
            return
        if not ours.given:
            keys = {key for row in chosen for key in _linked(row.get(names[0]))}
            theirs = self._related(self.fields[names[0]]["relation"], keys, below[names[0]])
            # alone, for beside others Odoo takes what their code has read with more rights
            alone = self._ask.rpc(self._name, "read", ids, [names[0]])
            theirs = theirs if alone.given else alone
            if found := unequal_outcome(ours, theirs):
                kind = f"expand: {found[0]}"
                request = as_request(self._name, params)
                yield Difference(
                    kind, found[1], self._name, names[0], request, told(ours), told(theirs)
                )
            return
        answered = {row["id"]: row for row in ours.value["data"]}
        for name in names:
            yield from self._compare_expanded(name, chosen, answered, below[name], params)

    def _below(self, name: str) -> list[str]:
        """Return a few fields of the related model, others for each relation to it."""
        comodel = self.fields[name]["relation"]
        answer = self._ask.theirs(lambda env: rpc.fields(env, comodel))
        ours = self._ask.ours(lambda env: engine.readable(env, comodel))
        if not answer.given or not ours.given:
            return ["display_name"]
        names = [
            each
            for each in sorted(answer.value.keys() & ours.value)
            if answer.value[each]["type"] != "binary"
        ]
        start = sum(map(ord, self._name + name)) % max(1, len(names))
        self._known[comodel] = answer.value
        return ["display_name", *(names[start:] + names[:start])[:BELOW]]

    def _compare_expanded(
        self,
        name: str,
        chosen: list[dict[str, Any]],
        answered: dict[int, dict[str, Any]],
        names: list[str],
        params: dict[str, Any],
    ) -> Iterator[Difference]:
        field = self.fields[name]
        many = field["type"] in X2MANY
        led = {row["id"]: _linked(row.get(name)) for row in chosen}
        keys = {key for ids in led.values() for key in ids}
        answer = self._related(field["relation"], keys, names)
        if not answer.given:
            return
        related = answer.value
        request = as_request(self._name, {**params, "expand": {name: names}})
        for key, ids in led.items():
            if key not in answered:
                continue
            value = answered[key].get(name)
            items = value if isinstance(value, list) else [value] if value else []
            expected = [each for each in ids if each in related]
            given = [item["id"] for item in items]
            if given != expected and not self._is_same_list(field, given, expected):
                more = self._more(field, given, expected)
                what = f"{field['type']}: other records than Odoo shows{more}"
                ours, theirs = shown(given), shown(expected)
                yield Difference(
                    "expand", what, self._name, name, f"{request} → id {key}", ours, theirs
                )
                return
            if not many and not items and value is not None:
                yield Difference(
                    "expand", "nothing is not null", self._name, name, request, shown(value)
                )
            for item in items:
                for below in item.keys() & related[item["id"]].keys():
                    known = self._known[field["relation"]].get(below, {})
                    kind = str(known.get("type", ""))
                    theirs_value = normal.value(kind, related[item["id"]][below])
                    self.values += 1
                    if (
                        not same(item[below], theirs_value)
                        and not self._is_tie(known, item[below], theirs_value)
                        and not self._moves(field["relation"], item["id"], below)
                    ):
                        yield Difference(
                            "expand",
                            f"value: {kind}{self._more(known, item[below], theirs_value)}",
                            self._name,
                            f"{name}.{below}",
                            f"{request} → id {key}, {field['relation']}/{item['id']}",
                            shown(item[below]),
                            shown(theirs_value),
                        )
                        return

    def _is_same_list(self, field: dict[str, Any], ours: list[int], theirs: list[int]) -> bool:
        """Whether two lists of a relation are one: what code computes comes in an order of its own each time."""
        if not field["store"] and sorted(ours) == sorted(theirs):
            return True
        return self._is_tie(field, ours, theirs)

    def _related(self, comodel: str, ids: set[int], names: list[str]) -> Answer:
        """Return what Odoo reads of related records, by id: of those that it shows the caller."""

        def read(env: Any) -> Any:
            allowed = _visible(env, comodel, ids)
            rows = rpc.call(env, comodel, "read", allowed, names) if allowed else []
            # where one value of a record is missing, Odoo answers nothing of it
            found: dict[int, dict[str, Any]] = {key: {} for key in allowed}
            found.update((row["id"], row) for row in rows)
            if self._ask.caller.lifted:  # shown by the connection, not to be compared
                found = {**{key: {} for key in env[comodel].browse(ids).exists().ids}, **found}
            return found

        return self._ask.theirs(read)


def _visible(env: Any, model_name: str, ids: Collection[int]) -> list[int]:
    """Return those of the ids that Odoo shows, archived ones too."""
    model = env[model_name].with_context(active_test=False)
    try:  # some models let their records be searched and read without any access right
        return list(model.search([("id", "in", sorted(ids))]).ids)
    except AccessError:
        return []


def _linked(value: Any) -> list[int]:
    """Return the ids of a relation as Odoo's `read` gives it."""
    if not value:
        return []
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return [value[0]]
    return [key for key in value if isinstance(key, int)]


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are one: 1 and true are not, two moments of this minute are."""
    if ours == theirs:
        return isinstance(ours, bool) == isinstance(theirs, bool)
    return _is_now(ours) and _is_now(theirs)


def _is_now(text: Any) -> bool:
    """Whether a value is a datetime of just now: the two sides read the clock one after the other."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return False
    moment = datetime.fromisoformat(text.removesuffix("Z"))
    return abs(datetime.now(timezone.utc).replace(tzinfo=None) - moment) < timedelta(minutes=2)
