"""PgBouncer between Odoo and PostgreSQL: session pooling works; why transaction pooling does not."""

import contextlib
import os
import secrets

import pytest
from lib import bouncer
from lib import cluster as clusters
from lib.client import Device, together
from lib.fixtures import CHECKS, LiveServer

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PGHOST")) or not bouncer.program(),
    reason="no pgbouncer here: apt-get install pgbouncer",
)


@pytest.fixture(scope="module")
def pooled(server):
    with bouncer.running(server.setup, "session") as running:
        yield running


def test_session_pooling(server, pooled, user, tmp_path):
    """Log in, write at the same time with one idempotency key, rotate at the same time, log out."""
    options = (*CHECKS, *pooled.options)
    with clusters.Machine(server.setup, server.db, tmp_path / "m", options=options) as machine:
        device = Device(machine.url)
        assert device.login(user.login, user.password).status_code == 200
        name = f"pooled {secrets.token_hex(6)}"
        body = {"values": {"name": name}, "fields": ["name"]}
        headers = {"Idempotency-Key": name}
        answers = together(
            8, lambda _number: device.v1("POST", "res.partner", body, headers=headers)
        )
        assert {answer.status_code for answer in answers} == {201}
        assert server.count("res_partner", "name = %s", [name]) == 1
        assert device.statuses(20) == {200}
        assert len(set(together(8, lambda _number: device.rotate().json()["refreshToken"]))) == 1
        assert device.logout().status_code == 200
        assert device.statuses(8) == {401}
        live = LiveServer(server.setup, server.db, machine.url, machine.log_path, None)
        assert not live.unexpected()


def hears(running, db):
    """Whether a connection hears what another one notifies, as Odoo's bus and scheduled actions do."""
    with (
        contextlib.closing(running.connect(db)) as listener,
        contextlib.closing(running.connect(db)) as other,
        contextlib.closing(running.connect(db)) as sender,
    ):
        for connection in (listener, other, sender):
            connection.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute("LISTEN pooled")
        other.autocommit = False
        other.cursor().execute("SELECT 1")  # has the server connection of the listener by now
        with sender.cursor() as cursor:
            cursor.execute("NOTIFY pooled")
        with contextlib.suppress(Exception):
            listener.cursor().execute("SELECT 1")
        return bool(listener.notifies)


def leaks(running, db):
    """Whether a setting of one connection reaches another one, as when Odoo loads modules."""
    with (
        contextlib.closing(running.connect(db)) as first,
        contextlib.closing(running.connect(db)) as second,
    ):
        for connection in (first, second):
            connection.autocommit = True
        with first.cursor() as cursor, second.cursor() as other:
            cursor.execute("SET SESSION lock_timeout = '15s'")
            other.execute("SHOW lock_timeout")
            return other.fetchone()[0] != "0"


def test_what_transaction_pooling_breaks(server, pooled):
    assert (hears(pooled, server.db), leaks(pooled, server.db)) == (True, False)
    with bouncer.running(server.setup, "transaction") as running:
        assert (hears(running, server.db), leaks(running, server.db)) == (False, True)
