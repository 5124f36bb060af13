"""The console ends with the session of the web client, also if both happen at once on two workers."""

import contextlib
import threading
import time

import httpx
import pytest
from lib import database
from lib.client import SECRETS, together
from lib.fixtures import Admin


@pytest.fixture
def web_client(server, make_user, ref):
    """`web_client()` is a new session of a manager of connections who has opened a console, and its token."""
    groups = [ref("base.group_user"), ref("jwt_auth_api.group_manager")]
    user = make_user(group_ids=[[6, 0, groups]])

    def log_in():
        client = Admin(server, user.login, user.password)
        asked = client.call("connection.api.console", "action_open")
        confirmed = client.call(
            "res.users.identitycheck",
            "run_check",
            [asked["res_id"]],
            context={"password": user.password},
        )
        return client, remember(confirmed["infos"]["token"])

    return log_in


def remember(token):
    SECRETS.add(token)
    return token


def open_console(client):
    """Return the new token, or None if there is none: the session has ended."""
    try:
        return remember(client.call("connection.api.console", "action_open")["infos"]["token"])
    except AssertionError:
        return None


def log_out(client, _other, _sid):
    client._rpc("/web/session/destroy")


def revoke_device(_client, other, sid):
    devices = other.search("res.device", [["session_identifier", "=", sid]])
    assert devices
    other.call("res.device", "revoke", devices)


def revoke_all_devices(_client, other, _sid):
    [session] = [other._rpc("/web/session/get_session_info")]
    other.call("res.users", "action_revoke_all_devices", [session["uid"]])


def statuses(server, token):
    """Return the statuses of several calls with a token, which reach both workers."""
    headers = {"Authorization": f"Bearer {token}"}
    return {httpx.get(f"{server.url}/api/me", headers=headers).status_code for _ in range(6)}


def web_sid(server):
    return server.sql("SELECT web_sid FROM jwt_session WHERE web_sid IS NOT NULL ORDER BY id DESC")[
        0
    ]["web_sid"]


@contextlib.contextmanager
def events_wait(server):
    """Hold up whoever records an event, until the block ends: after the session was inserted."""
    with contextlib.closing(database.connect(server.setup, server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE jwt_security_event IN SHARE MODE")
            yield
        connection.rollback()


def waiting(server, number):
    """Wait until this many transactions wait for a lock, two seconds at most."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    end = time.monotonic() + 2
    while server.sql(query, [server.db])[0]["count"] < number and time.monotonic() < end:
        time.sleep(0.02)


@pytest.mark.parametrize("end", [log_out, revoke_device, revoke_all_devices])
def test_console_that_is_being_opened_ends_with_the_session(server, web_client, end):
    """The session ends while a console that was opened in it is not committed yet."""
    other, _token = web_client()
    client, first = web_client()
    sid, opened = web_sid(server), []
    opener = threading.Thread(target=lambda: opened.append(open_console(client)))
    ender = threading.Thread(target=end, args=(client, other, sid))
    with events_wait(server):
        opener.start()
        waiting(server, 1)
        ender.start()
        waiting(server, 2)
    opener.join()
    ender.join()
    assert all(opened)
    for token in (first, *opened):
        assert statuses(server, token) == {401}
    assert server.count("jwt_session", "web_sid = %s AND revoked_at IS NULL", [sid]) == 0
    assert server.count("res_device_log", "session_identifier = %s AND NOT revoked", [sid]) == 0


def test_parallel_consoles_end_with_a_log_out(server, web_client):
    """Whoever is first, no token that any of them returned is valid afterwards."""
    for _turn in range(4):
        client, first = web_client()
        sid = web_sid(server)

        def call(number, client=client, sid=sid):
            return log_out(client, None, sid) if number == 0 else open_console(client)

        tokens = [token for token in together(4, call) if token]
        for token in (first, *tokens):
            assert statuses(server, token) == {401}
        assert server.count("jwt_session", "web_sid = %s AND revoked_at IS NULL", [sid]) == 0
