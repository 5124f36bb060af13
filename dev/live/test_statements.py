"""SQL statements of a request, beside the request of Odoo's JSON-2 API that does the same work."""

import re
import time

import httpx
import pytest
from lib import database
from lib.client import SECRETS, Device

MODEL, PATH = "res.partner", "/api/v1/res.partner"
FIELDS = ["name", "email"]
#: Statements that a request may take besides: to return 404 for what the caller does not see, where JSON-2 returns 403.
FURTHER = {("user", "unlink"): 1}
#: How often a request is sent.
REPEATS = 12
_LOGGED = re.compile(r'" 2\d\d - (\d+) [\d.]+ [\d.]+')


@pytest.fixture(scope="module")
def key(server):
    """An API key of the administrator, for JSON-2."""
    key = database.api_key(
        server.setup, server.db, server.log_path.with_suffix(".key.log"), "admin"
    )
    SECRETS.add(key)
    return key


@pytest.fixture
def statements(server, log_of):
    """`statements(send)` is how many SQL statements a request takes on a warm server, as its log says."""

    def statements(send):
        counts = []
        for number in range(REPEATS):  # both workers are warm after some
            text = log_of()
            answer = send(number)
            assert answer.status_code < 300, answer.text
            counts.append(_logged(text))
        return min(counts[REPEATS // 2 :])

    return statements


def _logged(text, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := _LOGGED.search(text()):
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError("the server has not logged the request")


@pytest.fixture(scope="module")
def jwt(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module")
def connection(connect):
    return connect(MODEL, "GET POST PUT DELETE")


def _ours(record_id, doomed, number):
    """Return the requests of this API, by what they do."""
    new = {"name": "New", "email": f"new{number}@example.com"}
    fields = {"fields": ",".join(FIELDS)}
    return {
        "search_read": ("GET", PATH, {"params": {**fields, "count": "none", "limit": 20}}),
        "web_search_read": ("GET", PATH, {"params": {**fields, "limit": 20}}),
        "read": ("GET", f"{PATH}/{record_id}", {"params": fields}),
        "create": ("POST", PATH, {"json": {"values": new}}),
        "create many": ("POST", PATH, {"json": {"values": [new] * 10}}),
        "write": ("PUT", f"{PATH}/{record_id}", {"json": {"values": {"email": new["email"]}}}),
        "unlink": ("DELETE", f"{PATH}/{doomed[number]}", {}),
    }


def _json2(record_id, doomed, number):
    """Return the methods and bodies of JSON-2 that do the same."""
    new = {"name": "New", "email": f"new{number}@example.com"}
    page = {"domain": [], "limit": 20, "order": "id desc"}
    specification = {name: {} for name in FIELDS}
    return {
        "search_read": ("search_read", {**page, "fields": FIELDS}),
        "web_search_read": ("web_search_read", {**page, "specification": specification}),
        "read": ("read", {"ids": [record_id], "fields": FIELDS}),
        "create": ("create", {"vals_list": [new]}),
        "create many": ("create", {"vals_list": [new] * 10}),
        "write": ("write", {"ids": [record_id], "vals": {"email": new["email"]}}),
        "unlink": ("unlink", {"ids": [doomed[number]]}),
    }


@pytest.mark.parametrize("run_as", ["sudo", "user"])
def test_no_request_takes_more_statements_than_one_of_json2(
    server, admin, connection, jwt, key, statements, run_as
):
    """Reading, creating, updating and deleting, with the caller's rights or those of the connection."""
    admin.write("connection.api", connection, {"run_as": run_as})
    record_id = admin.create(MODEL, {"name": "Counted", "email": "counted@example.com"})
    doomed = admin.call(MODEL, "create", [{"name": "Doomed"}] * 2 * REPEATS)
    headers = {"Authorization": f"bearer {key}"}
    found = {}
    for work in _ours(record_id, doomed, 0):

        def send(number, work=work):
            method, path, options = _ours(record_id, doomed, number)[work]
            return jwt.call(method, path, **options)

        def send_json2(number, work=work):
            method, body = _json2(record_id, doomed, REPEATS + number)[work]
            url = f"{server.url}/json/2/{MODEL}/{method}"
            return httpx.post(url, json=body, headers=headers, timeout=60)

        found[work] = (statements(send), statements(send_json2))
    more = {
        work: counts
        for work, counts in found.items()
        if counts[0] > counts[1] + FURTHER.get((run_as, work), 0)
    }
    assert not more, found
