# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a transaction changed: rows by triggers in the scratch database, code by looking over the ORM's shoulder."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from odoo.models import BaseModel
from odoo.sql_db import Cursor

LOG = "footprint_log"
TRIGGERS = f"""
    CREATE UNLOGGED TABLE IF NOT EXISTS {LOG} (
        seq bigserial, tab text, old jsonb, new jsonb
    );
    CREATE OR REPLACE FUNCTION {LOG}_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;
        INSERT INTO {LOG} (tab, old, new) VALUES (
            TG_TABLE_NAME,
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END
        );
        RETURN NULL;
    END $$;
    DO $$
    DECLARE name text;
    BEGIN
        FOR name IN
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> '{LOG}'
               AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgname = '{LOG}')
        LOOP
            EXECUTE format('CREATE TRIGGER {LOG} AFTER INSERT OR UPDATE OR DELETE ON %I '
                           'FOR EACH ROW EXECUTE FUNCTION {LOG}_row()', name);
        END LOOP;
    END $$;
"""
#: Columns that follow the row they point to when that is deleted: table, column, other table, c(ascade) or n(ull).
FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, c.confdeltype
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND c.confdeltype IN ('c', 'n')
"""
#: Columns that say who touched a row, and nothing else.
LOG_ACCESS = frozenset(["write_date", "write_uid"])


@dataclass
class Change:
    """One row that is not what it was: `old` is None for a new one, `new` for one that is gone."""

    table: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @property
    def op(self) -> str:
        if self.old is None:
            return "insert"
        return "delete" if self.new is None else "update"

    @property
    def row(self) -> dict[str, Any]:
        row = self.new if self.old is None else self.old
        assert row is not None
        return row

    @property
    def id(self) -> int | None:
        return self.row.get("id")

    @property
    def columns(self) -> frozenset[str]:
        """The columns that differ; none for a row that came or went."""
        if self.old is None or self.new is None:
            return frozenset()
        return frozenset(key for key in self.new if self.new[key] != self.old.get(key))


@dataclass
class Event:
    """One call of the ORM that writes: of which records, with which fields, as whom, from where."""

    kind: str
    model: str
    ids: tuple[Any, ...]
    fields: frozenset[str]
    uid: int
    su: bool
    site: tuple[str, ...]


@dataclass
class Watch:
    """Everything that happened since `begin`."""

    events: list[Event] = field(default_factory=list)
    active: bool = False

    def begin(self) -> None:
        self.events.clear()
        self.active = True

    def end(self) -> None:
        self.active = False

    def note(self, kind: str, records: Any, ids: Any, names: Any) -> None:
        if self.active:
            env = records.env
            found = Event(
                kind, records._name, tuple(ids), frozenset(names), env.uid, env.su, _site()
            )
            self.events.append(found)

    def sites(self, model_name: str, record_id: int | None, kind: str) -> list[Event]:
        """The events that explain a row."""
        return [
            event
            for event in self.events
            if event.model == model_name and event.kind == kind and record_id in event.ids
        ]


WATCH = Watch()


def _site(most: int = 4) -> tuple[str, ...]:
    """The places of addons that led here, innermost first."""
    found: list[str] = []
    frame: FrameType | None = sys._getframe(3)
    while frame is not None and len(found) < most:
        path = frame.f_code.co_filename
        if "/addons/" in path and "/footprint/" not in path:
            found.append(
                f"{path.rpartition('/addons/')[2]}:{frame.f_lineno} {frame.f_code.co_name}"
            )
        frame = frame.f_back
    return tuple(found)


def install() -> None:
    """Look over the ORM's shoulder in this process, and let nothing out of it."""
    write, create, unlink, commit = (
        BaseModel.write,
        BaseModel._create,
        BaseModel.unlink,
        Cursor.commit,
    )

    def watched_write(self: Any, vals: Any) -> Any:
        WATCH.note("update", self, self._ids, vals)
        return write(self, vals)

    def watched_create(self: Any, data_list: Any) -> Any:
        records = create(self, data_list)
        names = {name for data in data_list for name in data["stored"]}
        WATCH.note("insert", records, records._ids, names)
        return records

    def watched_unlink(self: Any) -> Any:
        WATCH.note("delete", self, self._ids, ())
        return unlink(self)

    def watched_commit(self: Any) -> Any:
        if WATCH.active:
            raise RuntimeError("the code under test commits")
        return commit(self)

    def unreachable(*_args: object, **_kwargs: object) -> Any:
        raise OSError("the footprint lets nothing out of its process")

    BaseModel.write, BaseModel._create, BaseModel.unlink = (
        watched_write,
        watched_create,
        watched_unlink,
    )
    Cursor.commit = watched_commit
    socket.getaddrinfo = unreachable


def arm(cr: Any) -> None:
    """Put the triggers on every table that has none yet."""
    cr.execute(TRIGGERS)


def forget(cr: Any) -> None:
    """Empty the log; what was rolled back has left dead rows behind."""
    cr.execute(f"TRUNCATE {LOG}")


def changes(cr: Any) -> list[Change]:
    """The rows that the transaction changed, each once, from what it was to what it is."""
    cr.execute(f"SELECT tab, old, new FROM {LOG} ORDER BY seq")
    found: dict[Any, Change] = {}
    for table, old, new in cr.fetchall():
        row = new or old
        key = (table, row["id"] if "id" in row else str(sorted(row.items())))
        if known := found.get(key):
            known.new = new
        else:
            found[key] = Change(table, old, new)
    return [change for change in found.values() if _is_change(change)]


def links(change: Change, table: str, key: int) -> bool:
    """Tell whether a change made a row point to record *key* of a table, or changed that record."""
    if change.table == table and change.id == key:
        return True
    if change.new is None:
        return False
    names = change.columns if change.old is not None else change.new.keys() - {"id"}
    # what depends on the company is kept as an object of values
    values = [change.new[name] for name in names - LOG_ACCESS]
    return any(
        key == value or (isinstance(value, dict) and key in value.values()) for value in values
    )


def _is_change(change: Change) -> bool:
    if change.old is None and change.new is None:
        return False
    return change.op != "update" or bool(change.columns - LOG_ACCESS)
