"""Several machines, each with a data folder of its own, behind the load balancer of doc/operations.md."""

import asyncio
import contextlib
import http.client
import json
import os
import secrets
import socket

import httpx
import pytest
from lib import cluster as clusters
from lib import database, load, measured, proxies
from lib.client import JSON, Device, together
from lib.fixtures import CHECKS, Admin, LiveServer
from lib.image import PNG
from lib.server import free_port

#: The clients that work when a machine is killed, how long, and how often that is done.
WRITERS = 8
KILLS = int(os.environ.get("JWT_AUTH_API_KILLS", "1"))

pytestmark = pytest.mark.skipif(
    not proxies.program("haproxy"), reason="no haproxy here: apt-get install haproxy"
)


@pytest.fixture(scope="module")
def cluster(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    with clusters.running(server.setup, server.db, folder, CHECKS) as running:
        yield running
        for machine in running.machines:
            assert not live(machine).unexpected()


def live(machine):
    """The server of a machine, with a view into its database and its log."""
    return LiveServer(
        machine.setup, machine.db, machine.url, machine.log_path, machine.server.process
    )


@pytest.fixture(scope="module")
def first(cluster):
    return cluster.machines[0]


@pytest.fixture(scope="module")
def second(cluster):
    return cluster.machines[1]


@pytest.fixture(scope="module")
def boss(first):
    """The administrator on the first machine."""
    return Admin(live(first))


@pytest.fixture(scope="module")
def other_boss(second):
    return Admin(live(second))


def at(device, machine):
    device.url = machine.url
    return device


# --- what the machines share -------------------------------------------------------------------


def test_session_is_that_of_all_machines(first, second, user, log_in):
    """Log in on one, use and refresh on the other, log out on the first: refused by every worker at once."""
    device = log_in(user, url=first.url)
    assert at(device, second).statuses(8) == {200}
    device.refresh = device.rotate().json()["refreshToken"]
    assert at(device, first).renew().status_code == 200
    assert device.logout().status_code == 200
    for machine in (second, first):
        assert at(device, machine).statuses(8) == {401}
        assert device.renew().status_code == 401


def test_parallel_rotations_on_two_machines_give_one_successor(first, second, user, log_in):
    device = log_in(user, url=first.url)

    def rotate(number):
        own = Device((first, second)[number % 2].url)
        own.access, own.refresh = device.access, device.refresh
        return own.rotate().json()["refreshToken"]

    assert len(set(together(8, rotate))) == 1


def test_keys_of_each_machine_are_known_to_all(first, second, boss, other_boss, user, log_in):
    """Each signs with a key of its own; a rotation or replacement by either counts for both at once."""
    keepers = {machine.folder / "data" / "jwt_auth_api" / "keeper" for machine in (first, second)}
    assert len({path.read_bytes() for path in keepers}) == 2
    before = log_in(user, url=second.url)
    for administrator in (boss, other_boss):
        key = administrator.search("jwt.signing.key", [["state", "=", "active"]])
        administrator.call("jwt.signing.key", "action_rotate", key)
        for issuer, verifier in ((first, second), (second, first)):
            assert at(log_in(user, url=issuer.url), verifier).statuses(8) == {200}
            assert at(before, verifier).statuses(8) == {200}
        published = [
            httpx.get(f"{machine.url}/api/.well-known/jwks.json", timeout=60).json()
            for machine in (first, second)
        ]
        assert sorted(published[0]["keys"], key=str) == sorted(published[1]["keys"], key=str)
    key = other_boss.search("jwt.signing.key", [["state", "=", "active"]])
    other_boss.call("jwt.signing.key", "action_replace", key)
    replaced = before.access
    for machine in (first, second):
        before.access = replaced
        assert at(before, machine).statuses(8) == {401}
        before.access = before.renew().json()["access_token"]
        assert before.statuses(8) == {200}


def test_closed_connection_is_closed_on_all(first, second, boss, user, log_in):
    device = log_in(user, url=second.url)
    values = {"is_get": True, "model_id": boss.search("ir.model", [["model", "=", "res.lang"]])[0]}
    connection = boss.create("connection.api", values)
    try:
        for is_open, status in ((True, 200), (False, 404), (True, 200)):
            boss.write("connection.api", connection, {"active": is_open})
            for machine in (first, second):
                assert at(device, machine).statuses(8, model="res.lang") == {status}
    finally:
        boss.unlink("connection.api", connection)


def test_failed_logins_are_counted_together(server, first, second, user, parameter):
    """Half of the failures on each machine: then both refuse the right password, too."""
    address = f"127.{first.port >> 8}.{first.port & 255}.7"
    headers = {"X-Forwarded-For": address}
    # Odoo's own count is that of one process
    with (
        parameter("base.login_cooldown_after", "6"),
        parameter("base.login_cooldown_duration", 999),
    ):
        for number in range(6):
            device = Device((first, second)[number % 2].url)
            assert device.login(user.login, "wrong guess", headers=headers).status_code == 401
        for machine in (first, second):
            answer = Device(machine.url).login(user.login, user.password, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (429, "too_many_requests")
    server.sql("DELETE FROM jwt_throttle")


def test_rate_limit_is_one_for_all(first, second, boss, connect, user, log_in):
    connect("res.currency", "GET", rate_limit=10)
    device = log_in(user, url=first.url)

    def read(number):
        own = Device((first, second)[number % 2].url)
        own.access = device.access
        return own.v1("GET", "res.currency", limit=1).status_code

    statuses = together(24, read)
    # one more for each six seconds that this took
    assert 10 <= statuses.count(200) <= 13
    assert set(statuses) == {200, 429}


def test_idempotency_key_counts_on_all(server, first, second, user, log_in):
    """The same request to both machines at the same time, and later again."""
    device = log_in(user, url=first.url)
    name = f"once {secrets.token_hex(6)}"

    def create(number):
        own = Device((first, second)[number % 2].url)
        own.access = device.access
        headers = {"Idempotency-Key": name}
        return own.v1("POST", "res.partner", {"values": {"name": name}}, headers=headers)

    answers = [*together(6, create), create(0), create(1)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert server.count("res_partner", "name = %s", [name]) == 1


def test_files_are_in_the_shared_folder(first, second, user, log_in):
    device = log_in(user, url=first.url)
    path = attach(device)
    for machine in (second, first):
        answer = at(device, machine).call("GET", path)
        assert (answer.status_code, answer.content) == (200, PNG)


def attach(device):
    """Create a contact with an image; return the path of the image."""
    created = device.v1("POST", "res.partner", {"values": {"name": "with an image"}})
    path = f"/api/v1/res.partner/{created.json()['data']['id']}/image_1920"
    answer = device.call("PUT", path, content=PNG, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.text
    return path


# --- what happens when they do not -------------------------------------------------------------


@pytest.fixture(scope="module")
def apart(server, tmp_path_factory):
    """A machine that does not share what it should: with files and with a key of its own."""
    key = {"JWT_AUTH_API_KEY": secrets.token_urlsafe(48)}
    folder = tmp_path_factory.mktemp("apart") / "machine"
    with clusters.Machine(
        server.setup, server.db, folder, workers=0, files=False, env=key
    ) as machine:
        yield machine
    server.sql("DELETE FROM jwt_signing_key WHERE keeper = 'operator'")


def test_files_of_another_folder_are_missing(first, apart, user, log_in):
    """An error for the operator to see, and never an empty file, or a 404 that clients would believe."""
    device = log_in(user, url=first.url)
    path = attach(device)
    device.access = at(device, apart).renew().json()["access_token"]
    assert is_error(device.call("GET", path), 500, "server_error")
    assert "FileNotFoundError" in apart.log_path.read_text()


def test_key_in_the_environment_of_one_machine_alone(first, apart, user, log_in):
    """Each refuses the tokens of the other; the refresh token gets a new one from either."""
    device = log_in(user, url=first.url)
    for machine in (apart, first):
        assert at(device, machine).get().status_code == 401
        device.access = device.renew().json()["access_token"]
        assert device.get().status_code == 200


# --- the load balancer -------------------------------------------------------------------------


def test_connections_are_kept(cluster):
    """One connection, whose requests go to both machines."""
    sizes = [machine.log_path.stat().st_size for machine in cluster.machines]
    with contextlib.closing(https_connection(cluster.port)) as connection:
        used = connection.sock
        for _time in range(6):
            connection.request("GET", "/api/.well-known/jwks.json")
            answer = connection.getresponse()
            assert (answer.status, connection.sock) == (200, used)
            assert json.loads(answer.read())["keys"]
    for machine, size in zip(cluster.machines, sizes, strict=True):
        assert b"GET /api/.well-known/jwks.json" in machine.log_path.read_bytes()[size:]


def https_connection(port):
    connection = http.client.HTTPSConnection(proxies.HOST, port, timeout=60)
    plain = socket.create_connection(("127.0.0.1", port), 60)
    connection.sock = proxies.insecure().wrap_socket(plain)
    return connection


def test_address_and_cookie_of_the_client(server, cluster, user):
    with proxies.client(cluster.port, "127.0.0.2") as https:
        headers = {"X-Client-Type": "browser", "X-Forwarded-For": "203.0.113.7"}
        body = {"login": user.login, "password": user.password}
        answer = https.post("/api/login", json=body, headers=headers)
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]
    query = "SELECT ip_address FROM jwt_session WHERE user_id = %s"
    assert server.sql(query, [user.id]) == [{"ip_address": "127.0.0.2"}]


def test_errors_of_the_load_balancer_are_json(tmp_path):
    """Refused before it is sent; no machine; a machine that does not answer; too many logins."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {"down": free_port(), "silent": silent.getsockname()[1]}
        for state, port in ports.items():
            folder = tmp_path / state
            folder.mkdir()
            changes = {f"{place}:8069": f"127.0.0.1:{port}" for place in clusters.PLACES}
            changes |= {"timeout server 150s": "timeout server 1s", "gt 40": "gt 10"}
            with proxies.haproxy(folder, changes) as own, proxies.client(own) as https:
                status = {"down": 503, "silent": 504}[state]
                for path in ("/api/v1/res.partner", "/api/login"):
                    assert is_error(https.get(path), status, "unavailable")
                if state == "down":
                    check_limits(https, own)


def test_slow_bodies_take_no_places_of_the_machines(cluster):
    """Clients that do not finish their requests keep nobody from Odoo: there are more of them than places."""
    with contextlib.ExitStack() as stack:
        for _number in range(60):
            slow = stack.enter_context(contextlib.closing(https_connection(cluster.port)))
            slow.putrequest("POST", "/api/nothing")
            slow.putheader("Content-Length", "1000")
            slow.endheaders(b"{")
        https = stack.enter_context(proxies.client(cluster.port))
        for _time in range(4):
            assert https.get("/api/.well-known/jwks.json").status_code == 200


def check_limits(https, port):
    assert https.get("/api/login").headers["Retry-After"] == "5"
    assert "json" not in https.get("/web").headers["Content-Type"]
    for path, size in (("/api/send_request", 200 << 20), ("/api/login", 1 << 20)):
        with contextlib.closing(https_connection(port)) as connection:
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
            answer = connection.getresponse()
            assert answer.status == 413
            assert json.loads(answer.read())["error"] == "payload_too_large"
    answers = [https.get("/api/login") for _time in range(15)]
    assert is_error(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == "1"


def is_error(answer, status, code):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, JSON), answer.text
    assert (answer.json()["success"], answer.json()["error"]) == (False, code)
    return True


# --- a machine that fails ----------------------------------------------------------------------


def test_killed_machine_loses_and_doubles_nothing(server, cluster, user):
    """Under load: the requests that it was executing fail, and are repeated as the guides say."""
    meter, prefix = load.Meter(), f"killed {secrets.token_hex(4)}"
    # from different addresses: together they may send more than HAProxy allows a single address
    writers = [
        load.Writer(cluster.url, meter, f"{prefix}-{n}", address=f"127.0.0.{10 + n}")
        for n in range(WRITERS)
    ]
    asyncio.run(kill_under_load(cluster, writers, user))
    assert [writer.failed for writer in writers] == [[]] * WRITERS
    sent = {name for writer in writers for name in writer.sent}
    created = {name: id_ for writer in writers for name, id_ in writer.created.items()}
    assert sent == set(created)
    rows = server.sql("SELECT id, name, ref FROM res_partner WHERE name LIKE %s", [f"{prefix}%"])
    assert {(row["name"], row["id"], row["ref"]) for row in rows} == {
        (name, id_, name) for name, id_ in created.items()
    }
    assert len(rows) == len(created)
    ended = "user_id = %s AND revoked_at IS NOT NULL"
    assert server.count("jwt_session", "user_id = %s", [user.id]) == WRITERS
    assert server.count("jwt_session", ended, [user.id]) == 0
    assert server.count("jwt_security_event", "user_id = %s AND event = 'reuse'", [user.id]) == 0
    failures = meter.failures()
    measured.record(
        fault=f"one of two machines killed while {WRITERS} clients write",
        times=KILLS,
        requests=len(meter.attempts),
        failed=len(failures),
        lost=0,
        doubled=0,
        ended=0,
    )
    assert {each.status for each in failures} <= {502, 0}, failures
    assert "GET" not in {each.method for each in failures}
    assert 1 <= len(failures) <= WRITERS * KILLS
    for each in failures:
        assert each.status == 0 or (each.error, each.retry_after) == ("unavailable", "1")


async def kill_under_load(cluster, writers, user):
    for writer in writers:
        await writer.log_in(user.login, user.password)
    await load.run_writers(writers, kill_in_turn(cluster))
    for writer in writers:
        await writer.client.rotate_refresh_token()
        await writer.client.me()
        await writer.close()


async def kill_in_turn(cluster):
    for number in range(KILLS):
        machine = cluster.machines[number % 2]
        await asyncio.sleep(3)
        with writes_held(machine):
            await asyncio.sleep(1)
            machine.kill()
        await asyncio.sleep(2)
        size = machine.log_path.stat().st_size
        await asyncio.to_thread(machine.start)
        await works_again(machine, size)


@contextlib.contextmanager
def writes_held(machine):
    """Let writes of contacts wait, so that a machine that is killed meanwhile is executing some."""
    with contextlib.closing(database.connect(machine.setup, machine.db)) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE res_partner IN SHARE ROW EXCLUSIVE MODE")
        yield


async def works_again(machine, size):
    """Wait until the load balancer gives requests to a machine that has been started again."""
    for _time in range(150):
        if b"/api/v1/res.partner" in machine.log_path.read_bytes()[size:]:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the machine gets no requests")
