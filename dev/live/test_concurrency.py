"""Two workers write at once: Odoo's own retry is not in the way, and nothing half-done stays."""

import pytest
from lib.client import Device, as_query, together


@pytest.fixture(scope="module")
def api(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture
def partner(admin):
    partner_id = admin.create("res.partner", {"name": "Before"})
    yield partner_id
    admin.unlink("res.partner", admin.search("res.partner", [["id", "=", partner_id]]))


def put(api, partner_id, **values):
    params = as_query({"model": "res.partner", "id": partner_id})
    return api.call(
        "PUT", "/api/send_request", params=params, json={"values": values, "fields": list(values)}
    )


def test_parallel_writes_of_one_record(server, api, partner, log_of):
    """Each is done after the other, or told that it lost: 200 or 409, and the record is what one of them wrote."""
    text = log_of()
    for turn in range(5):
        names = [f"Turn {turn} writer {number}" for number in range(4)]
        answers = together(4, lambda number, names=names: put(api, partner, name=names[number]))
        assert {answer.status_code for answer in answers} <= {200, 409}
        done = [answer.json()["data"]["name"] for answer in answers if answer.status_code == 200]
        assert done
        assert (
            server.sql("SELECT name FROM res_partner WHERE id = %s", [partner])[0]["name"] in done
        )
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["error"] == "conflict"
    assert "Traceback" not in text()


def test_lost_race_is_retried(server, api, partner, log_of):
    """A transaction of somebody else holds the record and changes it: Odoo's retry runs the request again."""
    import contextlib
    import threading
    import time

    from lib import database

    with contextlib.closing(database.connect(server.setup, server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("UPDATE res_partner SET comment = 'held' WHERE id = %s", [partner])
            text, answers = log_of(), []
            writer = threading.Thread(
                target=lambda: answers.append(put(api, partner, name="After"))
            )
            writer.start()
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            end = time.monotonic() + 60
            while not server.sql(waiting, [server.db])[0]["count"] and time.monotonic() < end:
                time.sleep(0.05)
            connection.commit()
            writer.join()
    [answer] = answers
    assert (answer.status_code, answer.json()["data"]["name"]) == (200, "After")
    assert "tries left" in text()
    assert "Traceback" not in text()
    [row] = server.sql("SELECT name, comment FROM res_partner WHERE id = %s", [partner])
    assert (row["name"], row["comment"]) == ("After", "held")


def test_parallel_creates_all_stand(server, api, log_of):
    """One each; no two answers share a record."""
    text = log_of()
    params = as_query({"model": "res.partner"})
    body = {"values": {"name": "Parallel"}, "fields": ["name"]}
    answers = together(
        12, lambda _number: api.call("POST", "/api/send_request", params=params, json=body)
    )
    assert {answer.status_code for answer in answers} == {201}
    made = {answer.json()["data"]["id"] for answer in answers}
    assert len(made) == 12
    assert server.count("res_partner", "name = 'Parallel'") == 12
    assert "Traceback" not in text()
    gone = together(
        12,
        lambda number: api.call(
            "DELETE", "/api/send_request", params={**params, "id": str(sorted(made)[number])}
        ),
    )
    assert {answer.status_code for answer in gone} <= {200, 409}
    left = server.sql("SELECT id FROM res_partner WHERE name = 'Parallel'")
    for row in left:
        answer = api.call("DELETE", "/api/send_request", params={**params, "id": str(row["id"])})
        assert answer.status_code == 200


def test_parallel_deletes_of_one_record(server, admin, api, log_of):
    """Exactly one deletes it; to the others it is not there, or they lost the race."""
    partner_id = admin.create("res.partner", {"name": "Deleted once"})
    text = log_of()
    params = as_query({"model": "res.partner", "id": partner_id})
    answers = together(6, lambda _number: api.call("DELETE", "/api/send_request", params=params))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(200) == 1
    assert set(codes) <= {200, 404, 409}
    [done] = [answer for answer in answers if answer.status_code == 200]
    assert done.json() == {"deleted_id": partner_id}
    assert server.count("res_partner", "id = %s", [partner_id]) == 0
    assert "Traceback" not in text()


def test_failed_write_leaves_nothing(server, api, partner):
    """A create with a child that Odoo refuses: not even the parent stays, although it came first."""
    before = server.count("res_partner")
    params = as_query({"model": "res.partner"})
    bad_child = {"name": False, "type": "contact"}
    values = {"name": "Half", "child_ids": [[0, 0, {"name": "Good"}], [0, 0, bad_child]]}
    answer = api.call("POST", "/api/send_request", params=params, json={"values": values})
    assert (answer.status_code, answer.json()["error"]) == (422, "validation_error")
    assert server.count("res_partner") == before
    values = {"name": "Changed", "child_ids": [[0, 0, {"name": "Good"}], [0, 0, bad_child]]}
    assert put(api, partner, **values).status_code == 422
    assert server.count("res_partner") == before
    assert server.sql("SELECT name FROM res_partner WHERE id = %s", [partner]) == [
        {"name": "Before"}
    ]
