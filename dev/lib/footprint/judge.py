# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Whether a row may have changed: opened, the caller's own right, or Odoo's own doing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from odoo.api import Environment

from . import engine, world
from .excused import EXCUSED, Excuse
from .watch import FOREIGN_KEYS, LOG_ACCESS, WATCH, Change

OPERATIONS = {"insert": "create", "update": "write", "delete": "unlink"}
#: What decides who somebody is: on a user's partner it takes, beside the grant, the right to write that user.
IDENTITY = frozenset(["email", "parent_id", "company_id"])
#: Of these, what Odoo lets everybody change of themselves.
PREFERENCES = frozenset(["email"])


@dataclass(frozen=True)
class Opened:
    """What connections open in one run: the model, and models whose connection opens less."""

    model: str
    verbs: frozenset[str] = frozenset(["GET", "POST", "PUT", "DELETE"])
    #: Models with a connection that does not let the caller write.
    closed: frozenset[str] = frozenset()
    #: The connection's filter; None for all records.
    ids: frozenset[int] | None = None
    #: Its list of writable fields; empty for all.
    listed: frozenset[str] = frozenset()
    #: The text of the filter.
    domain: str = ""
    name: str = "defaults"


@dataclass
class Tables:
    """Which models and which relations keep their rows in a table."""

    models: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    relations: dict[str, list[tuple[str, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    #: (table, column) → the other table, for columns of which the database says what a deletion does.
    cascades: dict[tuple[str, str], str] = field(default_factory=dict)
    nulls: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, env: Environment) -> Tables:
        """Read them from the registry, and the foreign keys from the database."""
        found = cls()
        env.cr.execute(FOREIGN_KEYS)
        for table, column, other, kind in env.cr.fetchall():
            (found.cascades if kind == "c" else found.nulls)[table.strip('"'), column] = (
                other.strip('"')
            )
        for name, model in env.registry.items():
            if model._abstract:
                continue
            found.models[model._table].append(name)
            for each in model._fields.values():
                if each.type == "many2many" and each.store and each.relation:
                    known = (name, each.name, each.column1)
                    found.relations[each.relation].append(known)
        return found


@dataclass(frozen=True)
class Finding:
    """One thing that should not be: told once for each kind of it."""

    kind: str
    model: str
    caller: str
    verb: str
    values: Any
    record: int | None
    what: str
    row: str
    site: tuple[str, ...] = ()
    variant: str = "defaults"
    key: tuple[str, ...] = ()


class Judge:
    """Judges the changes of one attempt, in two steps: new rows while they are there, others after the rollback."""

    def __init__(self, tables: Tables, opened: Opened, uid: int) -> None:
        self._tables, self._opened, self._uid = tables, opened, uid
        self._known: dict[Any, bool] = {}

    def after(self, cr: Any, changes: list[Change]) -> list[tuple[Change, str]]:
        """Judge rows that came, before they are rolled back."""
        self._begin(cr, changes)
        return self._bad([change for change in changes if change.op == "insert"])

    def before(self, cr: Any, changes: list[Change]) -> list[tuple[Change, str]]:
        """Judge rows that changed or went, when everything is again as it was."""
        self._begin(cr, changes)
        return self._bad([change for change in changes if change.op != "insert"])

    def _begin(self, cr: Any, changes: list[Change]) -> None:
        self._env, self._root = world.plain(cr, self._uid), world.root(cr)
        self._known.clear()
        self._changes = changes
        self._gone = {(each.table, each.id) for each in changes if each.op == "delete"}

    def _bad(self, changes: list[Change]) -> list[tuple[Change, str]]:
        return [(change, why) for change in changes if (why := self._problem(change))]

    def _problem(self, change: Change) -> str:
        names = self._tables.models.get(change.table)
        if self._is_cascade(change, names or ()):
            return ""
        if not names:
            return "" if self._is_relation_fine(change) else "relation"
        by_orm = any(WATCH.sites(name, change.id, change.op) for name in names)
        if not by_orm and change.table in self._tables.relations:
            # a model whose table is that of a many2many: its rows came or went by that field
            return "" if self._is_relation_fine(change) else "relation"
        columns = self._explicit(change, names)
        if change.op == "update" and not columns:
            return ""
        return min((self._model_problem(change, name, columns) for name in names), key=len)

    def _is_cascade(self, change: Change, names: Iterable[str]) -> bool:
        """Deleted by the database with what it belongs to, or a link to that which the database emptied."""
        if change.op == "insert" or any(WATCH.sites(name, change.id, change.op) for name in names):
            return False
        if change.op == "delete":
            return any(self._is_gone(change, key, self._tables.cascades) for key in change.row)
        computed = {
            key
            for name in names
            for key in change.columns
            if (found := self._env[name]._fields.get(key)) and found.compute
        }
        columns = change.columns - LOG_ACCESS - computed
        return bool(columns) and all(
            self._is_gone(change, key, self._tables.nulls) for key in columns
        )

    def _is_gone(self, change: Change, column: str, keys: dict[tuple[str, str], str]) -> bool:
        """Whether the row that a column pointed to was deleted as well."""
        other, key = keys.get((change.table, column)), change.row[column]
        return other is not None and (other, key) in self._gone

    def _explicit(self, change: Change, names: list[str]) -> frozenset[str]:
        """The columns that somebody wrote: not those that Odoo keeps, nor those that follow from others."""
        columns = change.columns - LOG_ACCESS - {"parent_path"}
        written: set[str] = set()
        derived: set[str] = set()
        for name in names:
            fields = self._env[name]._fields
            for event in WATCH.sites(name, change.id, "update"):
                written |= event.fields
            derived |= {key for key in columns if key in fields and fields[key].compute}
        return frozenset(columns - (derived - written))

    def _model_problem(self, change: Change, name: str, columns: frozenset[str]) -> str:
        operation = OPERATIONS[change.op]
        if self._may(name, change.id, operation):
            return self._identity_problem(change, name, columns)
        if any(self._is_excused(change, name, columns, e) for e in EXCUSED.get(change.table, ())):
            return ""
        return "" if self._is_computed_line(change, name) else "row"

    def _is_computed_line(self, change: Change, name: str) -> bool:
        """Whether Odoo computed the lines of a record that may be written, and this is one of them."""
        if not any(event.su for event in WATCH.sites(name, change.id, change.op)):
            return False
        for key, link in self._env[name]._fields.items():
            owner_id = change.row.get(key)
            if link.type != "many2one" or not link.store or not owner_id:
                continue
            owner = self._env[link.comodel_name]
            lines = (each for each in owner._fields.values() if each.type == "one2many")
            if any(
                (each.comodel_name, each.inverse_name) == (name, key) and each.compute
                for each in lines
            ) and (self._came(owner._name, owner_id) or self._may(owner._name, owner_id, "write")):
                return True
        return False

    def _identity_problem(self, change: Change, name: str, columns: frozenset[str]) -> str:
        """Who somebody is: theirs to say as far as Odoo's preferences go, or for whom may write that user."""
        if name != "res.partner" or change.op != "update":
            return ""
        users = self._root["res.users"].search([("partner_id", "=", change.id)])
        named = columns & (IDENTITY - PREFERENCES if self._uid in users._ids else IDENTITY)
        if not named or not users or self._own("res.partner", change.id, "write"):
            return ""
        others = [key for key in users._ids if not self._own("res.users", key, "write")]
        return "identity" if others else ""

    def _may(self, name: str, record_id: int | None, operation: str) -> bool:
        key = (name, record_id, operation)
        if key not in self._known:
            self._known[key] = self._is_open(name, record_id, operation) or self._own(*key)
        return self._known[key]

    def _own(self, name: str, record_id: int | None, operation: str) -> bool:
        return record_id in world.allowed(self._env, name, [record_id], operation)

    def _is_open(self, name: str, record_id: int | None, operation: str) -> bool:
        """Whether a connection opened the record, itself or as a part of one that it opened."""
        opened, verb = self._opened, world.VERBS[operation]
        if not may_lift(self._root, name, verb) or verb not in opened.verbs:
            return False
        if name == opened.model:
            return self._is_inside(record_id)
        if name in opened.closed or name not in parents(self._root, opened.model):
            return False
        for path in _paths(self._root, opened.model, name):
            rows = self._root[opened.model].search([(path, "=", record_id)])
            if any(map(self._is_inside, rows._ids)):
                return True
        return False

    def _is_inside(self, record_id: int | None) -> bool:
        """Whether the filter shows it, or the attempt made it."""
        if not self._opened.domain:
            return True
        if self._opened.ids is not None and record_id in self._opened.ids:
            return True
        return any(
            change.op == "insert" and change.id == record_id and change.table == self._table()
            for change in self._changes
        )

    def _table(self) -> str:
        return str(self._root[self._opened.model]._table)

    def _is_relation_fine(self, change: Change) -> bool:
        """A row of a many2many: of a record that may be written, by the side that has the field."""
        sides = self._tables.relations.get(change.table, ())
        if any(self._env[name]._fields[field_name].compute for name, field_name, _column in sides):
            return True
        for name, field_name, column in sides:
            record_id = change.row.get(column)
            if self._came(name, record_id):
                return True
            listed = self._opened.listed if name == self._opened.model else ()
            if (not listed or field_name in listed) and self._may(name, record_id, "write"):
                return True
        return change.table in EXCUSED

    def _came(self, name: str, record_id: int | None) -> bool:
        """Whether the attempt made the record, which is judged by itself."""
        table = self._root[name]._table
        return any(
            change.table == table and change.id == record_id and change.op != "update"
            for change in self._changes
        )

    def _is_excused(
        self, change: Change, name: str, columns: frozenset[str], excuse: Excuse
    ) -> bool:
        if change.op not in excuse.ops:
            return False
        if excuse.columns and change.op == "update" and not columns <= excuse.columns:
            return False
        events = WATCH.sites(name, change.id, change.op)
        if not (excuse.sql or excuse.as_caller or any(event.su for event in events)):
            return False
        return excuse.owner is None or self._is_owner_fine(change, excuse.owner)

    def _is_owner_fine(self, change: Change, owner: tuple[str, str]) -> bool:
        """Whether the document that the row belongs to, before and after, may be written or was judged itself."""
        rows = [row for row in (change.old, change.new) if row is not None]
        return all(self._is_document_fine(row, owner) for row in rows)

    def _is_document_fine(self, row: dict[str, Any], owner: tuple[str, str]) -> bool:
        model_key, id_key = owner
        name = model_key[1:] if model_key.startswith(":") else row.get(model_key)
        record_id = row.get(id_key)
        if not name or not record_id or name not in self._env:
            return False
        return self._came(name, record_id) or self._may(name, record_id, "write")


def parents(env: Environment, model_name: str) -> frozenset[str]:
    """The models that a model delegates to, at any distance."""
    found: set[str] = set()
    for name in env[model_name]._inherits:
        found |= {name} | parents(env, name)
    return frozenset(found)


def _paths(env: Environment, model_name: str, parent: str, before: str = "") -> list[str]:
    """The paths of fields that lead from a model to what it delegates to."""
    found = []
    for name, field_name in env[model_name]._inherits.items():
        if name == parent:
            found.append(before + field_name)
        found += _paths(env, name, parent, f"{before}{field_name}.")
    return found


# --- the rule of the addon: where a grant is for administrators alone -------------------------------

_ADMINISTRATORS = ("base.group_system", "base.group_erp_manager")
_RULED: dict[tuple[str, str], bool] = {}
_PERMISSIONS = {
    "GET": "perm_read",
    "POST": "perm_create",
    "PUT": "perm_write",
    "DELETE": "perm_unlink",
}


def may_lift(env: Environment, model_name: str, verb: str) -> bool:
    """Tell whether the rules of the addon, computed here by other code, let a grant open a model for everybody."""
    key = (model_name, verb)
    if key not in _RULED:
        _RULED[key] = engine.lifts(env, model_name, verb) and not administrators_only(env, *key)
    return _RULED[key]


def administrators_only(env: Environment, model_name: str, verb: str) -> bool:
    """Compute the rules (a), (b), (c): rights of administrators alone, templates and code, wizards."""
    model = env[model_name]
    if model._transient:
        return True
    mixins = {"mail.render.mixin", "mail.composer.mixin"}
    if any(getattr(cls, "_name", None) in mixins for cls in type(model).mro()):
        return True
    domain = [("model_id.model", "=", model_name), (_PERMISSIONS[verb], "=", True)]
    rights = env["ir.model.access"].search([*domain, ("active", "=", True)])
    admins = {env.ref(name).id for name in _ADMINISTRATORS}
    return not any(not right.group_id or right.group_id.id not in admins for right in rights)
