"""Entity tags and cursors on several workers: one word for one state, and no update is lost."""

import pytest
from lib.client import as_query, together

MODEL = "res.partner"


@pytest.fixture(scope="module", autouse=True)
def connection(connect):
    connect(MODEL, "GET POST PUT DELETE")


@pytest.fixture
def partner(admin):
    partner_id = admin.create(MODEL, {"name": "Before", "color": 0})
    yield partner_id
    admin.unlink(MODEL, admin.search(MODEL, [["id", "=", partner_id]]))


def read(device, partner):
    answer = device.v1("GET", f"{MODEL}/{partner}", fields=["color"])
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["color"], answer.headers["etag"]


def test_same_tag_on_every_worker(device, partner):
    """While nothing is written; then another one, on all of them."""
    tags = set(together(20, lambda _number: read(device, partner)[1]))
    assert len(tags) == 1
    device.v1("PATCH", f"{MODEL}/{partner}", {"values": {"ref": "x"}})
    others = set(together(20, lambda _number: read(device, partner)[1]))
    assert len(others) == 1
    assert not tags & others


def test_not_modified_on_every_worker(device, partner):
    _color, tag = read(device, partner)
    headers = {"If-None-Match": tag}
    answers = together(
        20,
        lambda _number: device.v1("GET", f"{MODEL}/{partner}", fields=["color"], headers=headers),
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(304, b"")}


def test_one_of_many_deletes(server, device, partner):
    """Of twelve that have seen the same state one deletes; the others are told so."""
    _color, tag = read(device, partner)
    path, headers = f"{MODEL}/{partner}", {"If-Match": tag}
    answers = together(12, lambda _number: device.v1("DELETE", path, headers=headers))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) == 1, statuses
    assert set(statuses) <= {200, 404, 409, 412}
    assert server.sql("SELECT id FROM res_partner WHERE id = %s", [partner]) == []


def test_no_update_is_lost(server, device, partner):
    """Clients that read, add one and write with the tag, again after a 412: the sum is right."""

    def add(_number):
        for _again in range(60):
            color, tag = read(device, partner)
            body = {"values": {"color": color + 1}}
            answer = device.v1("PATCH", f"{MODEL}/{partner}", body, headers={"If-Match": tag})
            if answer.status_code == 200:
                return True
            assert answer.status_code in (409, 412), answer.text
        return False

    done = together(8, add)
    assert sum(done) >= 4
    rows = server.sql("SELECT color FROM res_partner WHERE id = %s", [partner])
    assert rows[0]["color"] == sum(done)


def test_a_tag_outlives_what_does_not_touch_the_record(server, device, partner):
    """Other records and a vacuum that freezes all rows."""
    _color, tag = read(device, partner)
    made = device.v1("POST", MODEL, {"values": {"name": "Other"}}).json()["data"]["id"]
    device.v1("DELETE", f"{MODEL}/{made}")
    server.sql("VACUUM FREEZE res_partner")
    assert read(device, partner)[1] == tag
    body = {"values": {"color": 7}}
    answer = device.v1("PATCH", f"{MODEL}/{partner}", body, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text


def test_a_cursor_is_good_on_every_worker(device, partner):
    params = {"model": MODEL, "fields": ["name"], "order": "name", "limit": 2}
    first = device.call("GET", "/api/send_request", params=as_query({**params, "cursor": ""}))
    cursor = first.json()["next_cursor"]
    answers = together(
        16,
        lambda _number: device.call(
            "GET", "/api/send_request", params=as_query({**params, "cursor": cursor})
        ),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.json()["data"]) for answer in answers}) == 1
