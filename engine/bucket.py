# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Leaky buckets in PostgreSQL: one count for all workers and machines, exact under parallel requests."""

import math
from dataclasses import dataclass

from odoo.tools import SQL

_NOW = SQL("(now() AT TIME ZONE 'utc')")


@dataclass(frozen=True)
class Taken:
    """What became of one try: how full its bucket is now, and how many seconds to wait (0: granted)."""

    level: float
    wait: int


@dataclass(frozen=True)
class Bucket:
    """A table with one bucket a key: it holds so many drops and loses one every so many seconds.

    The table is UNLOGGED: a crash of PostgreSQL empties it, and no disk is waited for.

    :param table: its name; it has the columns ``id``, ``key`` and the two that are named here
    """

    table: str
    level: str
    since: str

    def make_table(self, cr):
        cr.execute(
            SQL(
                """
                CREATE UNLOGGED TABLE IF NOT EXISTS %(table)s (
                    id bigserial PRIMARY KEY,
                    key varchar NOT NULL UNIQUE,
                    %(level)s double precision NOT NULL,
                    %(since)s timestamp without time zone NOT NULL
                )
                """,
                **self._names(),
            )
        )

    def take(self, cr, key, size, seconds):
        """Put one drop into the bucket of ``key``, if it holds one more; else nothing is changed.

        One statement, so that parallel tries are counted exactly. Run it in a READ COMMITTED
        transaction that is committed at once: others wait for the row.

        :param size: how many drops the bucket holds
        :param seconds: how long one takes to leak
        :rtype: Taken
        """
        names = self._names()
        # whoever waited for the row has an older now() than it holds: time never runs backwards
        now = SQL("greatest(%s, t.%s)", _NOW, names["since"])
        left = SQL(
            "greatest(0, t.%(level)s - extract(epoch FROM %(now)s - t.%(since)s) / %(seconds)s)",
            now=now,
            seconds=seconds,
            **names,
        )
        cr.execute(
            SQL(
                """
                INSERT INTO %(table)s AS t (key, %(level)s, %(since)s) VALUES (%(key)s, 1, %(begin)s)
                ON CONFLICT (key) DO UPDATE SET %(level)s = %(left)s + 1, %(since)s = %(now)s
                      WHERE %(left)s + 1 <= %(size)s
                  RETURNING t.%(level)s
                """,
                key=key,
                begin=_NOW,
                now=now,
                left=left,
                size=size,
                **names,
            )
        )
        if granted := cr.fetchone():
            return Taken(float(granted[0]), 0)
        cr.execute(SQL("SELECT %s FROM %s AS t WHERE key = %s", left, names["table"], key))
        [level] = cr.fetchone()
        return Taken(float(level), max(1, math.ceil((float(level) + 1 - size) * seconds)))

    def purge(self, cr):
        """Forget the buckets of which nothing was asked for a day."""
        cr.execute(
            SQL(
                "DELETE FROM %(table)s WHERE %(since)s < %(now)s - interval '1 day'",
                now=_NOW,
                **self._names(),
            )
        )

    def _names(self):
        return {name: SQL.identifier(getattr(self, name)) for name in ("table", "level", "since")}
