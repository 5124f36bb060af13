# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Leaky buckets in PostgreSQL: one count for all workers and servers, exact under parallel requests."""

import math
from dataclasses import dataclass

from odoo.tools import SQL

from .transaction import separate_transaction

_NOW = SQL("(now() AT TIME ZONE 'utc')")
#: A row may be in the future for as long as a transaction waited for it. If it is further, the clock was moved back.
_TOLERANCE = SQL("interval '1 minute'")


@dataclass(frozen=True)
class Taken:
    """The result of one attempt: how full the bucket is, and how many seconds to wait (0: granted)."""

    level: float
    wait: int


@dataclass(frozen=True)
class Bucket:
    """A table with one bucket per key.

    A bucket holds a number of drops and leaks one drop per interval. The table is UNLOGGED: writes do not
    wait for the disk, and a crash of PostgreSQL empties it.

    :param table: the name of the table, which has the columns ``id``, ``key`` and the following two
    :param level: the column with the number of drops
    :param since: the column with the time of the last drop
    """

    table: str
    level: str
    since: str

    def make_table(self, cr):
        """Create the table if it does not exist."""
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
        """Add one drop to the bucket of ``key`` if it has room for it; otherwise change nothing.

        After the clock was moved back, the bucket keeps its level and leaks from now on. A full one has room for
        this drop, so that every caller that commits what is granted stores the new time.

        This is one statement, so that parallel attempts are counted exactly. Run it in a READ COMMITTED
        transaction that is committed at once, because others wait for the row.

        :param size: the number of drops that the bucket holds
        :param seconds: the number of seconds in which one drop leaks
        :rtype: Taken
        """
        names = self._names()
        moved_back = SQL(
            "t.%(since)s >= %(now)s + %(tolerance)s", now=_NOW, tolerance=_TOLERANCE, **names
        )
        # a transaction that waited for the row has an older now() than the row: time must not run backwards
        now = SQL(
            "CASE WHEN %(moved_back)s THEN %(now)s ELSE greatest(%(now)s, t.%(since)s) END",
            moved_back=moved_back,
            now=_NOW,
            **names,
        )
        left = SQL(
            "CASE WHEN %(moved_back)s THEN least(t.%(level)s, %(size)s - 1)"
            " ELSE greatest(0, t.%(level)s - extract(epoch FROM %(now)s - t.%(since)s) / %(seconds)s) END",
            moved_back=moved_back,
            now=now,
            size=size,
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
        cr.execute(
            SQL(
                "SELECT %(left)s, extract(epoch FROM greatest(t.%(since)s, %(now)s) - %(now)s)"
                " FROM %(table)s AS t WHERE key = %(key)s",
                left=left,
                now=_NOW,
                key=key,
                **names,
            )
        )
        level, ahead = map(float, cr.fetchone())
        return Taken(level, max(1, math.ceil((level + 1 - size) * seconds + ahead)))

    def purge(self, env, batch=10_000):
        """Delete the buckets that have not been used for a day.

        The table is read by ranges of ids, each in a transaction of its own. An index of the times would be
        written by each request that is counted, for a purge that runs once a day.
        """
        last = 0
        while last is not None:
            with separate_transaction(env) as beside:
                last = self._purge_behind(beside.cr, last, batch)

    def _purge_behind(self, cr, first, batch):
        """Delete the unused ones of the next buckets.

        :param first: the id after which they begin
        :return: the id of the last one that was looked at; None if there are no more
        """
        cr.execute(
            SQL(
                "SELECT max(id) FROM (SELECT id FROM %s WHERE id > %s ORDER BY id LIMIT %s) AS next",
                SQL.identifier(self.table),
                first,
                batch,
            )
        )
        [last] = cr.fetchone()
        if last is not None:
            cr.execute(
                SQL(
                    "DELETE FROM %(table)s WHERE id > %(first)s AND id <= %(last)s"
                    " AND %(since)s < %(now)s - interval '1 day'",
                    now=_NOW,
                    first=first,
                    last=last,
                    **self._names(),
                )
            )
        return last

    def _names(self):
        return {name: SQL.identifier(getattr(self, name)) for name in ("table", "level", "since")}
