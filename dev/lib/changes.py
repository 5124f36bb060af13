# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which tables of a database change: triggers count every row that a committed transaction writes.

PostgreSQL's own statistics would do, if they were not a second late and did not count what is rolled back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import database
from .setup import Setup

#: What a refused request may write: attempts are counted, and refusals are logged.
OF_REFUSALS = (
    "connection_api_log",
    "connection_api_rate_limit",
    "jwt_login_challenge",
    "jwt_security_event",
    "jwt_throttle",
    "auth_totp_rate_limit_log",
    "res_users_log",
)
_INSTALL = """
    CREATE UNLOGGED TABLE jwt_dev_changes (id bigserial PRIMARY KEY, place text, operation text);
    CREATE FUNCTION jwt_dev_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.jwt_dev_changes (place, operation) VALUES (TG_TABLE_NAME, TG_OP);
        RETURN NULL;
    END $$;
    DO $$
    DECLARE place name;
    BEGIN
        FOR place IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'jwt_dev_changes' AND tablename <> ALL(%s)
        LOOP
            EXECUTE format(
                'CREATE TRIGGER jwt_dev_note AFTER INSERT OR UPDATE OR DELETE ON public.%%I'
                ' FOR EACH ROW EXECUTE FUNCTION public.jwt_dev_note()', place
            );
        END LOOP;
    END $$;
"""
_REMOVE = """
    DROP FUNCTION IF EXISTS jwt_dev_note() CASCADE;
    DROP TABLE IF EXISTS jwt_dev_changes;
"""


class Changes:
    """The rows that were written since the last question."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def take(self) -> set[str]:
        """Return what has been committed since the last call, as `INSERT res_partner`."""
        with self._connection.cursor() as cursor:
            cursor.execute("DELETE FROM jwt_dev_changes RETURNING operation || ' ' || place")
            return {row[0] for row in cursor.fetchall()}


@contextlib.contextmanager
def watching(setup: Setup, name: str) -> Iterator[Changes]:
    """Watch all tables of a database, but those that a refused request may write to as well."""
    with contextlib.closing(database.connect(setup, name)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE)
            cursor.execute(_INSTALL, [list(OF_REFUSALS)])
        try:
            yield Changes(connection)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(_REMOVE)
