"""A copy of the database: its own keys, no token of the original; made once, however many ask at once."""

import contextlib

import jwt
import pytest
from lib import database
from lib.client import JSON, Device, together
from lib.fixtures import CHECKS
from lib.server import serving


@pytest.fixture
def copied(server):
    """A function that copies the live database by PostgreSQL's own means and serves the copy.

    PostgreSQL copies what nobody is connected to: the server's idle connections are closed, it opens new ones.
    """
    setup = server.setup
    with contextlib.ExitStack() as stack:

        def copy(prepare="", workers=2):
            name = f"{server.db}_copy"
            database.drop(setup, name)
            stack.callback(database.drop, setup, name)
            admit = f'ALTER DATABASE "{server.db}" ALLOW_CONNECTIONS'
            database.rows(setup, "postgres", f"{admit} false")
            try:
                kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
                database.rows(setup, "postgres", kill, [server.db])
                database.rows(setup, "postgres", f'CREATE DATABASE "{name}" TEMPLATE "{server.db}"')
            finally:
                database.rows(setup, "postgres", f"{admit} true")
            if prepare:
                database.rows(setup, name, prepare)
            log = server.log_path.with_name("copy.log")
            log.unlink(missing_ok=True)
            copied = serving(setup, name, log, workers=workers, options=CHECKS)
            return stack.enter_context(copied)

        yield copy


def keys(server, name):
    query = "SELECT state, kid, identity FROM jwt_signing_key ORDER BY state"
    return database.rows(server.setup, name, query)


def refused(device):
    assert device.statuses() == {401}
    assert device.renew().status_code == 401
    assert device.rotate().status_code == 401
    return True


def works(device):
    assert device.statuses() == {200}
    assert device.renew().status_code == 200
    return True


def at(device, url):
    """The same tokens, shown to another server."""
    moved = Device(url, device.kind)
    moved.access, moved.refresh, moved.user_id = device.access, device.refresh, device.user_id
    return moved


def test_tokens_are_bound_to_their_database(server, user, log_in, copied):
    """The copy has all rows of the original, keys and sessions included, and takes none of its tokens."""
    device = log_in(user)
    original_keys = keys(server, server.db)
    copy = copied()
    assert refused(at(device, copy.url))
    states = database.rows(
        server.setup, copy.db, "SELECT DISTINCT revoked_at IS NOT NULL FROM jwt_session"
    )
    assert states == [(True,)]

    there = log_in(user, url=copy.url)
    assert works(there)
    assert refused(at(there, server.url))

    # and the original is as it was
    assert works(device)
    assert works(log_in(user))
    assert keys(server, server.db) == original_keys
    assert not {row[1] for row in original_keys} & {row[1] for row in keys(server, copy.db)}
    assert "Traceback" not in copy.log_path.read_text(errors="replace")


@pytest.mark.parametrize("workers", [2, 0], ids=["workers", "threads"])
def test_first_request_of_a_copy_is_a_refresh(server, user, log_in, copied, workers):
    """It writes the session, whose use lies back, and keys are missing: it must not wait for itself.

    Browser login with an old cookie does the same in the other order.
    """
    device, browser = log_in(user), log_in(user, "browser")
    past = "UPDATE jwt_session SET last_used_at = last_used_at - interval '5 minutes'"
    copy = copied(past, workers)
    for moved in (at(device, copy.url), at(browser, copy.url)):
        moved.cookie = browser.cookie
        assert moved.renew(timeout=20).status_code == 401
        assert moved.rotate(timeout=20).status_code == 401
    delete = "DELETE FROM jwt_signing_key; UPDATE jwt_cache_version SET version = 'by hand'"
    database.rows(server.setup, copy.db, delete)
    again = Device(copy.url, "browser")
    headers = {"Cookie": f"refreshToken={browser.cookie}"}
    answer = again.login(user.login, user.password, headers=headers, timeout=20)
    assert answer.status_code == 200
    assert works(again)
    assert "Traceback" not in copy.log_path.read_text(errors="replace")
    assert " ERROR " not in copy.log_path.read_text(errors="replace")


def test_keys_missing_in_the_middle_of_a_request(server, user, copied):
    """Deleted by hand under a warm worker: the request that misses them is rolled back and runs again."""
    copy = copied("", 0)
    device = Device(copy.url)
    assert device.login(user.login, user.password).status_code == 200
    database.rows(
        server.setup,
        copy.db,
        "DELETE FROM jwt_signing_key; UPDATE jwt_cache_version SET version = 'by hand';"
        " UPDATE jwt_session SET last_used_at = last_used_at - interval '5 minutes'",
    )
    answer = device.renew(timeout=30)
    assert answer.status_code == 200
    device.access = answer.json()["access_token"]
    assert works(device)
    [row] = database.rows(
        server.setup,
        copy.db,
        "SELECT last_used_at > now() AT TIME ZONE 'utc' - interval '1 minute'"
        " FROM jwt_session WHERE revoked_at IS NULL",
    )
    assert row == (True,)
    assert "Traceback" not in copy.log_path.read_text(errors="replace")


@pytest.mark.parametrize("prepare", ["", "DELETE FROM jwt_signing_key"], ids=["copied", "deleted"])
def test_parallel_first_requests_make_one_key(server, user, copied, prepare):
    """Two workers find no key of this database at the same moment: they agree on one."""
    copy = copied(prepare)
    devices = [Device(copy.url) for _device in range(6)]
    answers = together(6, lambda number: devices[number].login(user.login, user.password))
    assert {answer.status_code for answer in answers} == {200}
    made = keys(server, copy.db)
    assert [state for state, _kid, _identity in made] == ["active", "next"]
    assert {identity.rpartition("/")[2] for _state, _kid, identity in made} == {copy.db}
    kid = made[0][1]
    assert {jwt.get_unverified_header(device.access)["kid"] for device in devices} == {kid}
    for device in devices:
        assert works(device)
    text = copy.log_path.read_text(errors="replace")
    assert text.count("Created signing keys") == 1
    assert "Traceback" not in text


def test_deleted_keys_end_the_access_tokens(server, user, log_in, copied):
    """After an administrator of the database deleted them all: nothing old verifies, a login makes new ones."""
    copy = copied()
    device = log_in(user, url=copy.url)
    database.rows(server.setup, copy.db, "DELETE FROM jwt_signing_key")
    log = server.log_path.with_name("copy-restarted.log")
    log.unlink(missing_ok=True)
    with serving(server.setup, copy.db, log) as restarted:
        moved = at(device, restarted.url)
        assert moved.statuses() == {401}
        assert works(log_in(user, url=restarted.url))


def test_database_that_does_not_answer(server, user, log_in, copied):
    """503 as JSON while nobody can connect, on every route; nobody has to log in again afterwards."""
    copy = copied()
    device = log_in(user, url=copy.url)
    admit = f'ALTER DATABASE "{copy.db}" ALLOW_CONNECTIONS'
    database.rows(server.setup, "postgres", f"{admit} false")
    try:
        kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        database.rows(server.setup, "postgres", kill, [copy.db])
        for method, path in (
            ("GET", "/api/me"),
            ("GET", "/api/send_request"),
            ("POST", "/api/login"),
            ("GET", "/api/.well-known/jwks.json"),
            ("PUT", "/api/nothing"),
            ("OPTIONS", "/api/login"),
        ):
            for _worker in range(4):
                answer = device.call(method, path)
                assert answer.status_code == 503, (method, path, answer.text)
                assert answer.headers["Content-Type"] == JSON
                assert int(answer.headers["Retry-After"]) > 0
                assert answer.json()["error"] == "unavailable"
    finally:
        database.rows(server.setup, "postgres", f"{admit} true")
    assert works(device)
