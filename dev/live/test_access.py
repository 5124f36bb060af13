"""Two workers: one limit, one row of the log a request, whoever is asked."""

import contextlib
import threading
import time

import pytest
from lib import database
from lib.client import together

LIMIT = 3
TIMES = 12
TAGS = "res.partner.category"


@pytest.fixture(scope="module")
def connection(admin):
    """The connection of a model that nothing else here uses."""
    model = admin.search("ir.model", [["model", "=", TAGS]])[0]
    methods = {f"is_{method}": True for method in ("get", "post", "put", "delete")}
    made = admin.create("connection.api", {"model_id": model, **methods})
    yield made
    admin.unlink("connection.api", made)


@pytest.fixture
def using(admin, connection):
    """`with using(rate_limit=3):` sets values of the connection for a while."""

    @contextlib.contextmanager
    def using(**values):
        [before] = admin.read("connection.api", [["id", "=", connection]], list(values))
        admin.write("connection.api", connection, values)
        try:
            yield
        finally:
            del before["id"]
            admin.write("connection.api", connection, before)

    return using


def tags(device, method="GET", path=f"/api/v1/{TAGS}", **options):
    return device.call(method, path, **options)


def create(device, name):
    return tags(device, "POST", json={"values": {"name": name}, "fields": ["name"]})


def is_quiet(text):
    """Nothing in the server's log tells of a race: none was lost, so no retry slept."""
    for sign in ("could not serialize", "tries left", "deadlock", " ERROR ", "Traceback"):
        assert sign not in text
    return True


@contextlib.contextmanager
def holding(server, statement):
    """A transaction of somebody else that holds what *statement* locks; the server's requests wait."""
    with contextlib.closing(database.connect(server.setup, server.db)) as other:
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute(statement)
            yield other


def wait_for(server, waiting):
    """Until so many of the server's transactions wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    end = time.monotonic() + 60
    while server.sql(query, [server.db])[0]["count"] < waiting:
        assert time.monotonic() < end, "nothing waits"
        time.sleep(0.05)


# --- the rate limit --------------------------------------------------------------------------


def test_all_workers_share_the_limit(server, device, using, make_user, log_in, log_of):
    """Many reads at once: exactly the limit is let in, each with a number of its own; another user is not affected."""
    text = log_of()
    with using(rate_limit=LIMIT):
        answers = together(TIMES, lambda _number: tags(device))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] * LIMIT + [429] * (TIMES - LIMIT)
        left = [a.headers["RateLimit-Remaining"] for a in answers if a.status_code == 200]
        assert sorted(left) == [str(number) for number in range(LIMIT)]
        for answer in answers:
            if answer.status_code == 429:
                assert answer.json()["error"] == "too_many_requests"
                assert 1 <= int(answer.headers["Retry-After"]) <= 60 / LIMIT
        assert tags(log_in(make_user())).status_code == 200
    assert "RateLimit-Limit" not in tags(device).headers
    assert is_quiet(text())


def test_refused_requests_stay_counted(server, device, using):
    """Although an error rolls back all that the request itself did."""
    with using(rate_limit=LIMIT):
        answers = [tags(device, path=f"/api/v1/{TAGS}/999999") for _time in range(LIMIT)]
        assert {answer.status_code for answer in answers} == {404}
        assert [int(answer.headers["RateLimit-Remaining"]) for answer in answers] == [2, 1, 0]
        for _time in range(4):  # either worker
            assert tags(device).status_code == 429


# --- the log ---------------------------------------------------------------------------------


def logged(server, user_id):
    query = "SELECT * FROM connection_api_log WHERE user_id = %s ORDER BY id"
    return server.sql(query, [user_id])


def test_each_request_is_one_row(server, device, user, using, log_of):
    """It is there when the answer is; refused or done, read or written, from either worker."""
    text = log_of()
    with using(log_requests=True, rate_limit=2 * TIMES):
        assert tags(device).status_code == 200
        [row] = logged(server, user.id)
        assert (row["operation"], row["status"], row["error"]) == ("read", 200, None)
        made = together(TIMES, lambda number: create(device, f"Logged {number}"))
        assert {answer.status_code for answer in made} == {201}
        assert len(logged(server, user.id)) == 1 + TIMES
        missing = together(6, lambda _number: tags(device, path=f"/api/v1/{TAGS}/999999"))
        assert {answer.status_code for answer in missing} == {404}
    assert tags(device).status_code == 200
    rows = logged(server, user.id)[1:]
    assert [row["status"] for row in rows] == [201] * TIMES + [404] * 6
    ids = {answer.json()["data"]["id"] for answer in made}
    assert {row["record_id"] for row in rows[:TIMES]} == ids
    assert {(row["error"], row["record_id"]) for row in rows[TIMES:]} == {("not_found", 999999)}
    assert "Logged" not in str(rows)
    assert is_quiet(text())


def test_lost_race_is_one_row(server, admin, device, user, using, log_of):
    """Odoo runs the request again; what was done at last is written down, and counted as one request."""
    tag = admin.create(TAGS, {"name": "Before"})
    text = log_of()
    with using(log_requests=True, rate_limit=LIMIT):
        held = f"UPDATE res_partner_category SET color = 7 WHERE id = {tag}"
        with holding(server, held) as other:
            answers = []
            body = {"values": {"name": "After"}}
            path = f"/api/v1/{TAGS}/{tag}"
            writer = threading.Thread(
                target=lambda: answers.append(tags(device, "PUT", path, json=body))
            )
            writer.start()
            wait_for(server, 1)
            other.commit()
            writer.join()
    [answer] = answers
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (200, str(LIMIT - 1))
    assert "tries left" in text()
    [row] = logged(server, user.id)
    assert (row["method"], row["record_id"], row["status"]) == ("PUT", tag, 200)


def test_user_whom_the_request_has_locked(server, admin, make_user, log_in):
    """A refused change of one's own login holds one's row until it is rolled back; the log does not wait for that."""
    model = admin.search("ir.model", [["model", "=", "res.users"]])[0]
    system = admin.call("ir.model.data", "check_object_reference", "base", "group_system")[1]
    values = {"is_put": True, "log_requests": True, "domain": "[('login', 'not like', 'outside')]"}
    made = admin.create("connection.api", {"model_id": model, **values})
    user = make_user(group_ids=[[4, system]])
    try:
        device = log_in(user)
        body = {"values": {"login": f"outside-{user.login}"}}
        answer = device.call("PUT", f"/api/v1/res.users/{user.id}", json=body)
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    finally:
        admin.unlink("connection.api", made)
    [row] = logged(server, user.id)
    assert (row["status"], row["error"]) == (403, "access_denied")
    assert server.count("res_users", "login = %s", [user.login]) == 1


@pytest.fixture(autouse=True)
def _connected(connection):
    """Every test here needs it."""
