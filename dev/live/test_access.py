"""Two workers: one limit, one row of the log a request, one record a key, whoever is asked."""

import contextlib
import threading
import time

import pytest
from lib import database
from lib.client import Device, together

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


def create(device, name, key=None, **options):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"values": {"name": name}, "fields": ["name"]}
    return tags(device, "POST", headers=headers, json=body, **options)


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


# --- the idempotency key ---------------------------------------------------------------------


def test_twenty_at_the_same_time_create_one(server, device, log_of):
    """Twenty equal answers, one of them not a replay; nobody lost a race that Odoo had to repeat."""
    text = log_of()
    for turn in range(3):
        name = f"Only one, turn {turn}"
        answers = together(20, lambda _number, name=name: create(device, name, key=name))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["ETag"] for answer in answers}) == 1
        first = [a for a in answers if "Idempotency-Replayed" not in a.headers]
        assert len(first) == 1
        assert server.count("res_partner_category", "name->>'en_US' = %s", [name]) == 1
    assert is_quiet(text())


def test_second_waits_for_the_first(server, device, log_of):
    """While the first is at work, it stands still; then it has the answer at once, and another body its 422."""
    text, answers = log_of(), {}

    def send(number):
        answers[number] = create(device, "Slow", key="slow")

    with holding(server, "LOCK TABLE res_partner_category IN SHARE MODE") as other:
        threads = [threading.Thread(target=send, args=[number]) for number in range(2)]
        for thread in threads:
            thread.start()
        wait_for(server, 2)
        other.rollback()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers.values()} == {201}
    assert answers[0].content == answers[1].content
    replayed = ["Idempotency-Replayed" in answer.headers for answer in answers.values()]
    assert sorted(replayed) == [False, True]
    assert server.count("res_partner_category", "name->>'en_US' = 'Slow'") == 1
    other_body = create(device, "Fast", key="slow")
    assert (other_body.status_code, other_body.json()["error"]) == (422, "idempotency_key_reused")
    assert is_quiet(text())


def test_second_takes_over_when_the_first_fails(server, admin, device):
    """Nothing of a failed request stays: not its key either, for whoever waits for it or comes later."""
    model = admin.search("ir.model", [["model", "=", "res.country.group"]])[0]
    made = admin.create("connection.api", {"model_id": model, "is_post": True})
    body = {"values": {"name": "Group", "code": "TAKEN-OVER"}}
    answers = []

    def send():
        headers = {"Idempotency-Key": "group"}
        answers.append(device.call("POST", "/api/v1/res.country.group", headers=headers, json=body))

    taken = "INSERT INTO res_country_group (name, code) VALUES ('{\"en_US\": \"x\"}', 'TAKEN-OVER')"
    try:
        with holding(server, taken) as other:
            threads = [threading.Thread(target=send) for _number in range(2)]
            for thread in threads:
                thread.start()
            wait_for(server, 2)
            other.commit()
            for thread in threads:
                thread.join()
        assert {answer.status_code for answer in answers} == {422}
        assert {answer.json()["error"] for answer in answers} == {"validation_error"}
        claims = ("connection_api_idempotency", "key = 'group'")
        assert server.count(*claims) == 0
        server.sql("DELETE FROM res_country_group WHERE code = 'TAKEN-OVER'")
        send()
        assert answers[-1].status_code == 201
        assert "Idempotency-Replayed" not in answers[-1].headers
        assert server.count("res_country_group", "code = 'TAKEN-OVER'") == 1
        assert server.count(*claims) == 1
    finally:
        admin.unlink("connection.api", made)
        server.sql("DELETE FROM res_country_group WHERE code = 'TAKEN-OVER'")


def test_many_keys_at_once(server, device, make_user, log_in, log_of):
    """They are not in each other's way: other keys, and another user's same keys."""
    text, second = log_of(), log_in(make_user())
    devices = [device, second]
    answers = together(
        20, lambda number: create(devices[number % 2], f"Many {number // 2}", key=f"m{number // 2}")
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 20
    assert not any("Idempotency-Replayed" in answer.headers for answer in answers)
    assert is_quiet(text())


@pytest.mark.parametrize("key", ["", "x" * 256, "sch\u00fcssel", "a\tb"])
def test_what_is_no_key(server, device, connection, key):
    answer = tags(
        device,
        "POST",
        headers={"Idempotency-Key": key.encode("utf-8")},
        json={"values": {"name": "No key"}},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_parameter")
    assert server.count("res_partner_category", "name->>'en_US' = 'No key'") == 0


@pytest.fixture(autouse=True)
def _connected(connection):
    """Every test here needs it."""


def test_key_is_bound_to_a_living_session(server, device):
    """The answer of a key is not for whoever has logged out."""
    assert create(device, "Bound", key="bound").status_code == 201
    device_copy = Device(server.url)
    device_copy.access = device.access
    assert device.logout().status_code == 200
    assert create(device_copy, "Bound", key="bound").status_code == 401
