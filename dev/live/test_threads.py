# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Many threads of one process (Odoo without ``--workers``).

Odoo clears its caches before a change is committed, so that a parallel thread may fill them with what was. What
an administrator closed stays closed all the same, for every thread and process.
"""

import contextlib
import threading
import time

import jwt
import pytest
from lib import database
from lib.client import Device, together
from lib.fixtures import CHECKS, Admin, LiveServer
from lib.server import serving

#: Each race is tried so often; without its remedy it was lost in one of ten tries, and more.
TURNS = 8


@contextlib.contextmanager
def another(server, name, *options, workers=0):
    """A further server on the live database, whose log holds no traceback and no complaint at its end."""
    log = server.log_path.with_name(f"{name}.log")
    log.unlink(missing_ok=True)
    with serving(
        server.setup, server.db, log, workers=workers, options=(*CHECKS, *options)
    ) as running:
        live = LiveServer(server.setup, server.db, running.url, log, running.process)
        yield live
    assert not live.unexpected()


@pytest.fixture(scope="module")
def threaded(server):
    with another(server, "threads") as live:
        yield live


@pytest.fixture(scope="module")
def boss(threaded):
    return Admin(threaded)


@contextlib.contextmanager
def busy(call, threads=4):
    """Call again and again on several threads while the context lasts; a list of what the calls returned."""
    over, found = threading.Event(), []

    def run():
        while not over.is_set():
            found.append(call())

    running = [threading.Thread(target=run) for _number in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield found
    finally:
        over.set()
        for thread in running:
            thread.join()


@contextlib.contextmanager
def slow_commits(server, table):
    """Let transactions with a new row of a table take a third of a second to commit.

    A cache that was cleared before the commit is filled again in that time, with what was.
    """
    server.sql(
        f"""
        CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit()
        """
    )
    try:
        yield
    finally:
        server.sql("DROP FUNCTION slow_commit CASCADE")


def test_closed_connection_is_closed(threaded, boss, user, log_in):
    """While others read: after the administrator's answer nobody reads any more."""
    device = log_in(user, url=threaded.url)
    values = {"is_get": True, "model_id": boss.search("ir.model", [["model", "=", "res.lang"]])[0]}
    connection = boss.create("connection.api", values)
    try:
        for _turn in range(TURNS):
            with busy(lambda: device.get("res.lang").status_code) as statuses:
                time.sleep(0.1)
                boss.write("connection.api", connection, {"active": False})
                time.sleep(0.1)
            assert set(statuses) <= {200, 404}
            assert device.statuses(8, model="res.lang") == {404}
            boss.write("connection.api", connection, {"active": True})
            assert device.statuses(8, model="res.lang") == {200}
    finally:
        boss.unlink("connection.api", connection)


def test_replaced_keys_sign_nothing(threaded, boss, user, log_in):
    """While others refresh: after *Replace Now* no token of an old key is issued or accepted."""
    device = log_in(user, url=threaded.url)
    for _turn in range(TURNS):
        key = boss.search("jwt.signing.key", [["state", "=", "active"]])
        before = device.access
        with busy(device.renew) as answers, slow_commits(threaded, "jwt_security_event"):
            time.sleep(0.05)
            boss.call("jwt.signing.key", "action_replace", key)
            time.sleep(0.05)
        assert {answer.status_code for answer in answers} == {200}
        device.access = before
        assert device.statuses(4) == {401}
        for answer in together(4, lambda _number: device.renew()):
            device.access = answer.json()["access_token"]
            assert device.get().status_code == 200


def test_new_password_ends_sessions_of_the_old_one(threaded, boss, make_user):
    """A login with the old password in the moment of the change: its session ends with all others."""
    for _turn in range(TURNS // 2):
        user = make_user()
        devices = [Device(threaded.url) for _number in range(5)]
        for device in devices[:2]:
            assert device.login(user.login, user.password).status_code == 200

        def call(number, user=user, devices=devices):
            if number:
                return devices[number].login(user.login, user.password).status_code
            time.sleep(0.15)
            boss.write("res.users", user.id, {"password": f"{user.password}-new"})
            return 200

        assert set(together(5, call)) <= {200, 401}
        for device in devices:
            if device.access:
                assert device.statuses(3) == {401}
                assert device.renew().status_code == 401
        alive = "user_id = %s AND revoked_at IS NULL"
        assert threaded.count("jwt_session", alive, [user.id]) == 0
        assert Device(threaded.url).login(user.login, f"{user.password}-new").status_code == 200


def test_setting_counts_at_once(threaded, boss, user, log_in):
    """While others refresh: a shorter life of the tokens is that of every token from then on."""
    device = log_in(user, url=threaded.url)
    try:
        for turn in range(TURNS):
            seconds = 600 + turn
            with busy(device.renew):
                time.sleep(0.05)
                boss.call(
                    "ir.config_parameter",
                    "set_param",
                    "jwt_auth_api.access_token_seconds",
                    str(seconds),
                )
                time.sleep(0.05)
            for answer in together(4, lambda _number: device.renew()):
                assert life(answer.json()["access_token"]) == seconds
    finally:
        boss.call("ir.config_parameter", "set_param", "jwt_auth_api.access_token_seconds", "900")


def life(token):
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["exp"] - claims["iat"]


def test_full_connection_pool_is_503(server, user, log_in):
    """All connections in use: clients are told to come back, not that they lack rights."""
    with another(server, "pool", "--db_maxconn", "2") as small:
        device = log_in(user, url=small.url)
        answers = together(12, lambda _number: device.login(user.login, user.password))
        assert {answer.status_code for answer in answers} <= {200, 503}
        refused = [answer for answer in answers if answer.status_code == 503]
        assert refused
        for answer in refused:
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
            assert answer.json()["error"] == "unavailable"
            assert int(answer.headers["retry-after"]) > 0
        assert device.get().status_code == 200
        small.expect("The Connection Pool Is Full")
        small.expect("A callback after the commit failed: PoolError")


def test_database_that_does_not_answer_is_503(server, threaded, user, log_in):
    """A statement timeout while the caller is looked up: 503 with Retry-After."""
    device = log_in(user, url=threaded.url)
    with contextlib.closing(database.connect(server.setup, server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE jwt_session IN ACCESS EXCLUSIVE MODE")
            answers, over = [], time.monotonic() + 30
            waiting = threading.Thread(target=lambda: answers.append(device.get()))
            waiting.start()
            cancel = (
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND wait_event_type = 'Lock'"
            )
            while not answers and time.monotonic() < over:
                server.sql(cancel, [server.db])
                time.sleep(0.05)
            waiting.join()
    [answer] = answers
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert device.get().status_code == 200
    threaded.expect("QueryCanceled")
