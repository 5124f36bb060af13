# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Databases of three sizes: rows made by SQL, as those of an installation that has been used for years."""

from __future__ import annotations

from dataclasses import dataclass

from .. import database
from ..setup import Setup

#: Sessions of each of the other users.
PER_USER = 100
#: Rows that each purge finds to delete: as many as one batch of sessions, or of other tables.
OLD_SESSIONS, OLD_ROWS = 1_000, 10_000


@dataclass(frozen=True)
class Size:
    """Hold the numbers of rows in a database."""

    records: int
    #: Of the user whose requests are measured.
    sessions: int
    #: Of all users; each session has two, as after a rotation.
    tokens: int
    #: In the request log. There are as many security events, and a tenth as many counts of requests and of failures.
    log: int
    #: Idempotency keys of the user whose requests are measured.
    keys: int
    #: Models that are open.
    connections: int

    @property
    def others(self) -> int:
        """Return the number of sessions of other users."""
        return max(self.tokens // 2 - self.sessions, 0)


SIZES = (
    Size(1_000, 1, 10, 100, 10, 5),
    Size(100_000, 100, 250_000, 50_000, 500, 50),
    Size(2_000_000, 10_000, 5_000_000, 1_000_000, 10_000, 500),
)
SMALL_SIZES = (
    Size(1_000, 1, 10, 100, 10, 5),
    Size(5_000, 10, 5_000, 2_000, 50, 10),
    Size(20_000, 100, 20_000, 10_000, 500, 50),
)
_USERS = """
    INSERT INTO res_users ({columns}, login)
    SELECT {columns}, 'grown' || n FROM (SELECT * FROM res_users WHERE id = 2) AS t,
           generate_series(1 + (SELECT count(*) FROM res_users WHERE login LIKE 'grown%%'), %(users)s) AS n
"""
_PARTNERS = """
    INSERT INTO res_partner ({columns}, name, complete_name, email)
    SELECT {columns}, 'Grown ' || lpad(n::text, 8, '0'), 'Grown ' || lpad(n::text, 8, '0'), 'x@example.com'
      FROM (SELECT * FROM res_partner WHERE id = (SELECT partner_id FROM res_users WHERE id = 2)) AS t,
           generate_series(1 + (SELECT count(*) FROM res_partner), %(records)s) AS n
"""
_SESSIONS = """
    INSERT INTO jwt_session (user_id, sid, stamp, client_type, user_agent, ip_address, last_ip_address,
                             last_used_at, expires_at, create_date, write_date)
    SELECT {user}, substr(md5(i::text || {seed}) || md5({seed} || i), 1, 42), 'stamp', 'app', 'test', '192.0.2.1',
           '192.0.2.1', now() - i %% 1000000 * interval '1 second', now() + interval '60 days',
           now() - interval '20 days', now()
      FROM generate_series(1, %(number)s) AS i
"""
_DEVICES = """
    INSERT INTO res_device_log (session_identifier, platform, browser, ip_address, device_type, user_id,
                                first_activity, last_activity, revoked)
    SELECT sid, 'linux', 'app', '192.0.2.1', 'computer', user_id, create_date, last_used_at, FALSE
      FROM jwt_session s WHERE id > %(after)s
"""
_TOKENS = """
    INSERT INTO jwt_refresh_token (session_id, selector, token_hash, consumed_at, create_date, write_date)
    SELECT s.id, s.sid || kind, md5(s.sid || kind), CASE kind WHEN 'a' THEN now() END, now(), now()
      FROM jwt_session s, unnest(ARRAY['a', 'b']) AS kind WHERE s.id > %(after)s
"""
_LOG = """
    INSERT INTO connection_api_log (requested_at, user_id, method, model, operation, status, result, error_count,
                                    duration_ms, response_bytes, ip_address)
    SELECT now() - i %% 2000000 * interval '1 second', 2, 'GET', 'res.partner', 'read', 200, 'success', 0, 5, 999,
           '192.0.2.1' FROM generate_series(1, %(number)s) AS i
"""
_EVENTS = """
    INSERT INTO jwt_security_event (create_date, event, user_id, ip_address)
    SELECT now() - i %% 5000000 * interval '1 second', 'login', 2, '192.0.2.1'
      FROM generate_series(1, %(number)s) AS i
"""
_KEYS = """
    INSERT INTO connection_api_idempotency (user_id, key, fingerprint, answer, claimed_at)
    SELECT 2, 'grown' || i || {seed}, 'fingerprint', '{{}}', now() - interval '1 hour'
      FROM generate_series(1, %(number)s) AS i
"""
_BUCKETS = """
    INSERT INTO {table} (key, {level}, {since})
    SELECT 'grown' || i || {seed}, 1, now() - interval '1 hour' FROM generate_series(1, %(number)s) AS i
"""
BUCKETS = {
    "connection_api_rate_limit": ("requests", "last_request"),
    "jwt_throttle": ("failures", "last_failure"),
}
TABLES = (
    "res_partner",
    "res_users",
    "jwt_session",
    "jwt_refresh_token",
    "res_device_log",
    "connection_api_log",
    "jwt_security_event",
    "connection_api_idempotency",
    *BUCKETS,
)
_OPEN = """
open_now = env["connection.api"].with_context(active_test=False).search([])
names = [name for name in sorted(env.registry) if not env[name]._abstract and not env[name]._transient]
models = env["ir.model"].search([("model", "in", names), ("id", "not in", open_now.model_id.ids)])
for model in models:
    if len(open_now) >= {connections}:
        break
    try:
        with env.cr.savepoint():
            open_now += env["connection.api"].create({{"model_id": model.id, "is_get": True}})
    except Exception:
        continue
missing = range({connections} - len(open_now))
made = env["ir.model"].create([{{"name": f"Grown {{n}}", "model": f"x_grown_{{n}}"}} for n in missing])
open_now += env["connection.api"].create([{{"model_id": model.id, "is_get": True}} for model in made])
env.cr.commit()
print("OPEN=%d" % len(open_now))
"""


class Filler:
    """Fills one database from each size to the next."""

    def __init__(self, setup: Setup, name: str) -> None:
        self._setup, self._name = setup, name
        self._log = setup.work / "log" / "growth-shell.log"
        self._size = Size(0, 0, 0, 0, 0, 0)

    def rows(self, query: str, **params: object) -> list[tuple[object, ...]]:
        return database.rows(self._setup, self._name, query, params)

    def fill(self, size: Size) -> int:
        """Make the database as large as *size*; return the number of models that are open."""
        old, self._size = self._size, size
        users = max(size.others // PER_USER, 1)
        self.rows(_USERS.format(columns=self._columns("res_users", "login")), users=users)
        columns = self._columns("res_partner", "name", "complete_name", "email")
        self.rows(_PARTNERS.format(columns=columns), records=size.records)
        [(first,)] = self.rows("SELECT coalesce(max(id), 0) FROM jwt_session")
        ids = "(SELECT array_agg(id) FROM res_users WHERE login LIKE 'grown%%')"
        seed = f"'{size.records}'"
        self.rows(_SESSIONS.format(user="2", seed=seed), number=size.sessions - old.sessions)
        self.rows(
            f"WITH ids AS MATERIALIZED (SELECT {ids} AS own)"
            + _SESSIONS.format(
                user="(SELECT own[1 + i %% array_length(own, 1)] FROM ids)", seed=f"'x' || {seed}"
            ).replace("INSERT", " INSERT", 1),
            number=size.others - old.others,
        )
        for query in (_DEVICES, _TOKENS):
            self.rows(query, after=first)
        for query in (_LOG, _EVENTS):
            self.rows(query, number=size.log - old.log)
        self.rows(_KEYS.format(seed=seed), number=size.keys - old.keys)
        for table, (level, since) in BUCKETS.items():
            query = _BUCKETS.format(table=table, level=level, since=since, seed=seed)
            self.rows(query, number=(size.log - old.log) // 10)
        script = _OPEN.format(connections=size.connections)
        printed = database.shell(self._setup, self._name, self._log, script)
        self.settle()
        return int(printed.rpartition("OPEN=")[2])

    def _columns(self, table: str, *different: str) -> str:
        """Return the columns that are copied with a row: other apps require some of them."""
        query = "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
        query += " WHERE table_name = %(table)s AND column_name <> ALL(%(different)s)"
        [(names,)] = self.rows(query, table=table, different=["id", *different])
        return str(names)

    def age(self) -> None:
        """Add the rows that the next purge deletes: the same number for every size."""
        [(first,)] = self.rows("SELECT coalesce(max(id), 0) FROM jwt_session")
        self.rows(_SESSIONS.format(user="2", seed="md5(random()::text)"), number=OLD_SESSIONS)
        for query in (_DEVICES, _TOKENS):
            self.rows(query, after=first)
        self.rows(
            "UPDATE jwt_session SET revoked_at = now() - interval '8 days' WHERE id > %(after)s",
            after=first,
        )
        for query, table, column in (
            (_LOG, "connection_api_log", "requested_at"),
            (_EVENTS, "jwt_security_event", "create_date"),
            (_KEYS.format(seed="random()"), "connection_api_idempotency", "claimed_at"),
        ):
            [(first,)] = self.rows(f"SELECT coalesce(max(id), 0) FROM {table}")
            self.rows(query, number=OLD_ROWS)
            self.rows(
                f"UPDATE {table} SET {column} = now() - interval '99 days' WHERE id > %(after)s",
                after=first,
            )

    def settle(self) -> None:
        """Update the statistics, so that PostgreSQL does nothing else while requests are measured."""
        for table in TABLES:
            self.rows(f"VACUUM ANALYZE {table}")
