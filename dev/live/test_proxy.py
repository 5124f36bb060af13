"""The reverse proxies of doc/operations.md, as they are shown there, before a real server."""

import base64
import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lib import database, proxies
from lib.client import JSON, SECRETS, cookies
from lib.image import PNG
from lib.server import free_port, serving

LIMIT = 10


@pytest.fixture(scope="module")
def odoo(server):
    """Odoo as the guide configures it."""
    log = server.log_path.with_name("proxied.log")
    log.unlink(missing_ok=True)
    gevent = free_port()
    options = ("--proxy-mode", "--gevent-port", str(gevent))
    with serving(server.setup, server.db, log, options=options) as running:
        yield {
            "127.0.0.1:8069": running.url.removeprefix("http://"),
            "127.0.0.1:8072": f"127.0.0.1:{gevent}",
        }
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def kind(request):
    if not proxies.program(request.param):
        pytest.skip(f"no {request.param} here: apt-get install {request.param}")
    return request.param


@pytest.fixture(scope="module")
def port(kind, odoo, tmp_path_factory):
    with proxies.RUN[kind](tmp_path_factory.mktemp(kind), odoo) as port:
        yield port


@pytest.fixture
def https(port):
    with proxies.client(port) as client:
        yield client


@pytest.fixture
def api(https, user):
    """A browser that has logged in."""
    answer = log_in(https, user)
    assert answer.status_code == 200, answer.text
    https.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return https


def log_in(client, user, **options):
    body = {"login": user.login, "password": user.password}
    headers = {"X-Client-Type": "browser", **options.pop("headers", {})}
    answer = client.post("/api/login", json=body, headers=headers, **options)
    if answer.status_code == 200:
        SECRETS.update((answer.json()["token"], answer.json()["refreshToken"]))
        cookies(answer)
    return answer


def is_error(answer, status, code):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, JSON), answer.text
    body = answer.json()
    assert (list(body), body["error"]) == (["success", "error", "message"], code)
    assert body["success"] is False
    return True


# --- what passes through -----------------------------------------------------------------------


def test_cookie_of_a_browser(https, user, server):
    """Secure, for this host alone, and good for a refresh of a page of this host."""
    answer = log_in(https, user)
    [(name, morsel)] = cookies(answer).items()
    assert (name, morsel["secure"], morsel["httponly"]) == ("refreshToken", True, True)
    assert (morsel["samesite"], morsel["domain"], morsel["path"]) == ("Lax", "", "/")
    assert answer.headers["Strict-Transport-Security"]
    own = f"https://{https.base_url.host}:{https.base_url.port}"
    for origin, status in ((own, 200), (own.replace("https:", "http:"), 403)):
        headers = {"Origin": origin, "Cookie": f"{name}={morsel.value}"}
        https.cookies.clear()
        answer = https.post("/api/update/access-token", headers=headers)
        assert answer.status_code == status, (origin, answer.text)
        if status == 200:
            [morsel] = cookies(answer).values()


def test_errors_of_the_api_pass(api):
    assert is_error(api.get("/api/v1/no.such.model"), 404, "model_not_found")
    assert is_error(api.get("/api/nothing"), 404, "not_found")
    assert is_error(api.post("/api/login", content=b"{"), 415, "unsupported_media_type")


def test_address_of_the_client(server, port, user):
    """What a client claims does not count, and no client pays for the failures of another."""
    with client_from(port, "127.0.0.2") as client:
        log_in(client, user, headers={"X-Forwarded-For": "203.0.113.7"})
    query = "SELECT ip_address FROM jwt_session WHERE user_id = %s"
    assert server.sql(query, [user.id]) == [{"ip_address": "127.0.0.2"}]


def test_throttle_counts_by_the_clients_address(server, port, user, parameter):
    wrong = user.__class__(user.id, user.login, "wrong guess")
    server.sql("DELETE FROM jwt_throttle")
    network = f"127.{port >> 8}.{port & 255}"  # each worker of Odoo counts failures of its own too
    try:
        with (
            parameter("base.login_cooldown_after", str(LIMIT)),
            parameter("base.login_cooldown_duration", "3600"),
            client_from(port, f"{network}.2") as attacker,
            client_from(port, f"{network}.3") as owner,
        ):
            for number in range(LIMIT):
                claimed = {"X-Forwarded-For": f"203.0.113.{number}"}
                assert log_in(attacker, wrong, headers=claimed).status_code == 401
            assert is_error(log_in(attacker, user), 429, "too_many_requests")
            assert log_in(owner, user).status_code == 200
    finally:
        server.sql("DELETE FROM jwt_throttle")


def client_from(port, address):
    return proxies.client(port, address)


def test_connections_are_kept(port):
    """The workers close theirs after each response; the client does not notice."""
    connection = local_connection(port)
    for _time in range(3):
        connection.request("GET", "/api/.well-known/jwks.json", headers={"Host": proxies.HOST})
        answer = connection.getresponse()
        assert (answer.status, answer.version) == (200, 11)
        assert json.loads(answer.read())["keys"]
        used = connection.sock
        assert used is not None
    connection.close()


def local_connection(port):
    """An HTTPS connection to this machine that asks for the name of the server."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(proxies.HOST, port, timeout=60)
    plain = socket.create_connection(("127.0.0.1", port), 60)
    connection.sock = context.wrap_socket(plain, server_hostname=proxies.HOST)
    return connection


def test_http_2(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), 60) as plain,
        context.wrap_socket(plain, server_hostname=proxies.HOST) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_files_and_ranges(api, server, user):
    path = f"/api/v1/res.partner/{partner_of(server, user)}/image_1920"
    answer = api.put(path, content=PNG, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.text
    answer = api.get(path)
    assert (answer.status_code, answer.content) == (200, PNG)
    answer = api.get(path, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, PNG[:4])


def test_entity_tags_of_compressed_responses(api, server, user):
    """A proxy that compresses makes a tag weak; it still guards a write."""
    path = f"/api/v1/res.partner/{partner_of(server, user)}"
    body = {"values": {"comment": "long enough to be compressed " * 100}, "fields": []}
    assert api.put(path, json=body).status_code == 200
    read = {"params": {"fields": '["comment"]'}}
    answer = api.get(path, headers={"Accept-Encoding": "gzip"}, **read)
    assert answer.headers["Content-Encoding"] == "gzip"
    tag = answer.headers["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}, **read).status_code == 304
    body = {"values": {"comment": "through a proxy"}, "fields": []}
    answer = api.put(path, json=body, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    answer = api.put(path, json=body, headers={"If-Match": tag})
    assert is_error(answer, 412, "precondition_failed")


def partner_of(server, user):
    return server.sql("SELECT partner_id FROM res_users WHERE id = %s", [user.id])[0]["partner_id"]


def test_websocket_of_the_web_client(port):
    connection = local_connection(port)
    headers = {
        "Host": f"{proxies.HOST}:{port}",
        "Origin": f"https://{proxies.HOST}:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    connection.request("GET", "/websocket", headers=headers)
    assert connection.getresponse().status == 101
    connection.close()


# --- what the proxy answers itself -------------------------------------------------------------


def test_body_that_is_too_large(port):
    """Refused when its length is known, before it is sent."""
    for path, size in (("/api/send_request", 200 * 1024 * 1024), ("/api/login", 1024 * 1024)):
        connection = local_connection(port)
        connection.putrequest("POST", path, skip_host=True)
        for name, value in (
            ("Host", proxies.HOST),
            ("Content-Type", "application/json"),
            ("Content-Length", str(size)),
        ):
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            connection.send(b" " * 100_000)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (413, JSON)
        body = json.loads(answer.read())
        assert (body["success"], body["error"]) == (False, "payload_too_large")
        connection.close()


def test_odoo_is_down(kind, tmp_path):
    nobody = f"127.0.0.1:{free_port()}"
    upstream = {"127.0.0.1:8069": nobody, "127.0.0.1:8072": nobody}
    with proxies.RUN[kind](tmp_path, upstream) as port, proxies.client(port) as client:
        for path in ("/api/v1/res.partner", "/api/login"):
            assert is_error(client.get(path), 502, "unavailable")
        answer = client.get("/web")
        assert answer.status_code == 502
        assert "json" not in answer.headers["Content-Type"]


def test_odoo_does_not_answer(kind, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        upstream = {"127.0.0.1:8069": place, "127.0.0.1:8072": place, "150s": "1s"}
        with proxies.RUN[kind](tmp_path, upstream) as port, proxies.client(port) as client:
            for path in ("/api/v1/res.partner", "/api/login"):
                assert is_error(client.get(path), 504, "unavailable")


# --- nginx alone -------------------------------------------------------------------------------

needs_nginx = pytest.mark.skipif(
    not proxies.program("nginx"), reason="no nginx here: apt-get install nginx"
)


@needs_nginx
def test_too_many_requests_of_one_address(odoo, tmp_path):
    with proxies.nginx(tmp_path, odoo) as port, proxies.client(port) as client:
        answers = [client.post("/api/login", json={}) for _time in range(40)]
    refused = [answer for answer in answers if answer.status_code != 400]
    assert 1 <= len(refused) <= 19
    for answer in refused:
        assert is_error(answer, 429, "too_many_requests")
        assert answer.headers["Retry-After"] == "1"


@needs_nginx
def test_plain_http_is_sent_to_https(odoo, tmp_path):
    with proxies.nginx(tmp_path, odoo):
        [plain] = re.findall(r"listen 127\.0\.0\.1:(\d+);", (tmp_path / "nginx.conf").read_text())
        headers = {"Host": proxies.HOST}
        answer = httpx.post(f"http://127.0.0.1:{plain}/api/login?a=1", headers=headers)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{proxies.HOST}/api/login?a=1"


# --- more than Odoo can do ---------------------------------------------------------------------


@pytest.fixture
def crowded(odoo, server, tmp_path):
    """nginx, which lets one request of the API into Odoo at a time."""
    if not proxies.program("nginx"):
        pytest.skip("no nginx here: apt-get install nginx")
    with proxies.nginx(tmp_path, {**odoo, "max_conns=100": "max_conns=1"}) as port:
        yield port


def test_requests_beyond_those_that_may_wait_are_refused(crowded, server, admin, connect, user):
    """They are told to come back, in the form of the API's errors; what waits is executed."""
    connect("res.partner.category", "GET PUT")
    record_id = admin.create("res.partner.category", {"name": "Locked"})
    path = f"/api/v1/res.partner.category/{record_id}"
    with (
        proxies.client(crowded) as first,
        proxies.client(crowded) as second,
        contextlib.closing(database.connect(server.setup, server.db)) as lock,
        ThreadPoolExecutor() as pool,
    ):
        token = log_in(first, user).json()["token"]
        for client in (first, second):
            client.headers["Authorization"] = f"Bearer {token}"
        lock.autocommit = False
        with lock.cursor() as cr:
            query = "SELECT id FROM res_partner_category WHERE id = %s FOR UPDATE"
            cr.execute(query, [record_id])
            waits = pool.submit(first.put, path, json={"values": {"name": "Done"}})
            waiting = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = %s AND wait_event_type = 'Lock'"
            )
            end = time.monotonic() + 60
            while not server.sql(waiting, [server.db])[0]["count"] and time.monotonic() < end:
                time.sleep(0.05)
            answer = second.get(path)
            assert is_error(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert not waits.done()
            lock.rollback()
        assert waits.result(60).status_code == 200
    [record] = admin.read("res.partner.category", [["id", "=", record_id]], ["name"])
    assert record["name"] == "Done"


def test_slow_bodies_take_no_places(crowded):
    """A client that does not finish its request keeps nobody from Odoo."""
    head = f"POST /api/nothing HTTP/1.1\r\nHost: {proxies.HOST}\r\nContent-Length: 1000\r\n\r\n{{"
    context = proxies.insecure()
    with contextlib.ExitStack() as stack:
        for _number in range(5):
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", crowded), 30))
            slow = stack.enter_context(context.wrap_socket(plain, server_hostname=proxies.HOST))
            slow.sendall(head.encode())
        client = stack.enter_context(proxies.client(crowded))
        for _time in range(5):
            assert client.get("/api/.well-known/jwks.json").status_code == 200
