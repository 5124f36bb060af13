# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a connection opens, on several workers at once: no lost update, and no old policy anywhere."""

import pytest
from lib.client import Device, as_query, together


@pytest.fixture(scope="module")
def api(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module")
def opened(connect):
    return connect("res.partner", "GET POST PUT DELETE")


@pytest.fixture
def partner(admin, opened):
    partner_id = admin.create("res.partner", {"name": "Before", "ref": "policies"})
    yield partner_id
    found = admin.search("res.partner", [["id", "=", partner_id]], context={"active_test": False})
    admin.unlink("res.partner", found)


def send(device, method, partner_id, tag=None, **options):
    params = as_query({"model": "res.partner", "id": partner_id, **options.pop("params", {})})
    headers = {"If-Match": tag} if tag else {}
    return device.call(method, "/api/send_request", params=params, headers=headers, **options)


def tag_of(device, partner_id):
    answer = send(device, "GET", partner_id, params={"fields": ["name"]})
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


@pytest.mark.parametrize("turn", range(3))
def test_one_of_many_writes_with_a_tag_wins(server, api, partner, log_of, turn):
    """Whoever read the same version: one PUT is done, the others are told that the record has changed."""
    text, tag = log_of(), tag_of(api, partner)
    names = [f"Turn {turn} writer {number}" for number in range(8)]
    answers = together(
        8,
        lambda number: send(
            api, "PUT", partner, tag, json={"values": {"name": names[number]}, "fields": ["name"]}
        ),
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(200) == 1, codes
    assert set(codes) <= {200, 409, 412}, codes
    [done] = [answer for answer in answers if answer.status_code == 200]
    [row] = server.sql("SELECT name FROM res_partner WHERE id = %s", [partner])
    assert row["name"] == done.json()["data"]["name"]
    # the answer of the one that won has the tag for the next write; the old one is good for nothing
    assert done.headers["ETag"].partition(".")[0] == tag_of(api, partner).partition(".")[0]
    body = {"values": {"name": "Next"}}
    assert send(api, "PUT", partner, tag, json=body).status_code == 412
    assert send(api, "DELETE", partner, tag).status_code == 412
    assert send(api, "PUT", partner, done.headers["ETag"], json=body).status_code == 200
    assert "Traceback" not in text()


def test_a_write_and_a_deletion_with_one_tag(server, api, partner, log_of):
    """Either the record is gone, or it was written: never both."""
    text, tag = log_of(), tag_of(api, partner)
    body = {"values": {"name": "Written"}}
    answers = together(
        6,
        lambda number: (
            send(api, "DELETE", partner, tag)
            if number % 2
            else send(api, "PUT", partner, tag, json=body)
        ),
    )
    codes = [answer.status_code for answer in answers]
    assert codes.count(200) == 1, codes
    assert set(codes) <= {200, 404, 409, 412}, codes
    [done] = [answer for answer in answers if answer.status_code == 200]
    gone = "deleted_id" in done.json()
    assert server.count("res_partner", "id = %s", [partner]) == (not gone)
    assert "Traceback" not in text()


def test_tag_of_a_version_that_was_written_elsewhere(admin, api, partner):
    """A write in Odoo itself counts, and so does one that changes nothing but another field."""
    for values in ({"name": "In Odoo"}, {"ref": "policies 2"}):
        tag = tag_of(api, partner)
        admin.write("res.partner", partner, values)
        answer = send(api, "PUT", partner, tag, json={"values": {"city": "Bern"}})
        assert (answer.status_code, answer.json()["error"]) == (412, "precondition_failed")
        assert send(api, "DELETE", partner, tag).status_code == 412


def answers_everywhere(device, **params):
    """Statuses and codes of many calls, so many at once that every worker takes some."""
    query = as_query({"model": "res.partner", "fields": ["name"], **params})
    answers = together(12, lambda _number: device.call("GET", "/api/send_request", params=query))
    return {
        (answer.status_code, answer.json().get("error"), answer.json().get("total"))
        for answer in answers
    }


def test_change_of_a_connection_counts_on_every_worker(admin, api, opened, partner, ref):
    """Each setting, with the next request of each worker, and back again."""
    domain = [["ref", "=", "policies"]]
    shown = {(200, None, 1)}
    model, system = "connection.api", ref("base.group_system")
    name = admin.search("ir.model.fields", [["model", "=", "res.partner"], ["name", "=", "name"]])
    outsiders = admin.create("res.groups", {"name": "Nobody"})
    changes = [
        ({"is_get": False}, {"is_get": True}, {(405, "method_not_allowed", None)}),
        ({"active": False}, {"active": True}, {(404, "model_not_found", None)}),
        (
            {"group_ids": [[6, 0, [outsiders]]]},
            {"group_ids": [[6, 0, [system]]]},
            {(403, "access_denied", None)},
        ),
        ({"domain": "[('ref', '!=', 'policies')]"}, {"domain": False}, {(200, None, 0)}),
        (
            {"read_field_ids": [[6, 0, name]]},
            {"read_field_ids": [[5]], "is_read_limited": False},
            {(400, "unknown_field", None)},
        ),
    ]
    assert answers_everywhere(api, domain=domain) == shown
    for shut, reopened, expected in changes:
        admin.write(model, opened, shut)
        assert answers_everywhere(api, domain=domain) == expected, shut
        admin.write(model, opened, reopened)
        assert answers_everywhere(api, domain=domain) == shown, reopened
    admin.write(model, opened, {"group_ids": [[5]]})
    admin.unlink("res.groups", outsiders)


def test_membership_of_a_group_counts_at_once(admin, opened, partner, make_user, log_in):
    """Who joins or leaves a group of the connection does so for the next request of each worker."""
    group = admin.create("res.groups", {"name": "API"})
    admin.write("connection.api", opened, {"group_ids": [[6, 0, [group]]]})
    try:
        user = make_user()
        device = log_in(user)
        domain = [["ref", "=", "policies"]]
        refused, shown = {(403, "access_denied", None)}, {(200, None, 1)}
        assert answers_everywhere(device, domain=domain) == refused
        admin.write("res.users", user.id, {"group_ids": [[4, group]]})
        assert answers_everywhere(device, domain=domain) == shown
        admin.write("res.users", user.id, {"group_ids": [[3, group]]})
        assert answers_everywhere(device, domain=domain) == refused
    finally:
        admin.write("connection.api", opened, {"group_ids": [[5]]})


def test_bulk_that_fails_leaves_nothing(server, admin, api, opened, partner):
    """The tenth of twenty is bad: no row of the others is there, for no other transaction either."""
    values = [{"name": "Bulk of policies"} for _number in range(20)]
    values[10] = {"name": False, "type": "contact"}
    params = as_query({"model": "res.partner"})
    answer = api.call("POST", "/api/send_request", params=params, json={"values": values})
    assert (answer.status_code, answer.json()["error"]) == (422, "validation_error")
    assert server.count("res_partner", "name = 'Bulk of policies'") == 0
    ids = [admin.create("res.partner", {"name": f"Bulk {number}"}) for number in range(3)]
    try:
        records = [{"id": key, "values": {"name": "Bulk of policies"}} for key in ids]
        records.insert(1, {"id": 2_000_000_000, "values": {"name": "Bulk of policies"}})
        answer = api.call("PUT", "/api/send_request", params=params, json={"records": records})
        assert answer.status_code == 404
        params = as_query({"model": "res.partner", "ids": [*ids, 2_000_000_000]})
        answer = api.call("DELETE", "/api/send_request", params=params)
        assert answer.status_code == 404
        rows = server.sql("SELECT name FROM res_partner WHERE id = ANY(%s) ORDER BY id", [ids])
        assert [row["name"] for row in rows] == ["Bulk 0", "Bulk 1", "Bulk 2"]
    finally:
        admin.unlink("res.partner", ids)
