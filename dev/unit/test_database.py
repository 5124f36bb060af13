# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/lib/database.py: databases of the development set-up."""

import time
from types import SimpleNamespace

import pytest
from lib import database
from psycopg2.errors import InsufficientPrivilege


@pytest.mark.parametrize("refusals", [0, 3, 7])
def test_drop_waits_for_autovacuum(refusals, monkeypatch, tmp_path):
    """PostgreSQL refuses to interrupt it; a database that stays busy is an error."""
    calls, waited = [], []

    def rows(_setup, _name, query):
        calls.append(query)
        if len(calls) <= refusals:
            raise InsufficientPrivilege("permission denied to terminate process")

    monkeypatch.setattr(database, "rows", rows)
    monkeypatch.setattr(time, "sleep", waited.append)
    setup = SimpleNamespace(work=tmp_path)
    if refusals == 7:
        with pytest.raises(InsufficientPrivilege):
            database.drop(setup, "jwt_x")
    else:
        database.drop(setup, "jwt_x")
    assert len(calls) == min(refusals + 1, 7)
    assert len(waited) == min(refusals, 6)
