"""HTTP itself: methods, paths, bodies, sizes, and that nothing of an Odoo session comes into play."""

import gzip
import json
import re

import pytest
from lib.client import JSON, SECRETS, Device, as_query, raw

GOOD = as_query({"model": "res.partner", "fields": ["name"], "limit": 1})


@pytest.fixture(scope="module")
def api(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


def is_error(answer, status, code):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, JSON), answer.text
    body = answer.json()
    assert list(body) == ["success", "error", "message"]
    assert body["error"] == code, body
    return True


# --- the token's place, and what a write may hold ----------------------------------------------


@pytest.mark.parametrize("name", ["access_token", "token", "Authorization", "bearer", "jwt"])
def test_token_only_in_the_header(server, name):
    """In an address it would stand in logs and histories."""
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    token = device.access
    SECRETS.discard(token)  # this test puts it into the log itself
    for options in (
        {"params": {**GOOD, name: token}},
        {"params": {**GOOD, name: f"Bearer {token}"}},
        {"params": GOOD, "headers": {"Cookie": f"{name}={token}"}},
    ):
        answer = device.call("GET", "/api/send_request", authorize=False, **options)
        assert is_error(answer, 401, "missing_token")
    for options in ({"json": {name: token}}, {"data": {name: token}}):
        answer = device.call("POST", "/api/send_request", params=GOOD, authorize=False, **options)
        assert is_error(answer, 401, "missing_token")
    assert device.get().status_code == 200  # it is a good one
    assert device.logout().status_code == 200


def test_nested_commands_up_to_the_limit(api, admin):
    """Ten levels are written; that the eleventh is refused is no accident of the stack."""
    values = {"name": "Level 10"}
    for level in reversed(range(10)):
        values = {"name": f"Level {level}", "child_ids": [[0, 0, values]]}
    send = {"method": "POST", "path": "/api/send_request", "params": {"model": "res.partner"}}
    too_deep = {"name": "Level -1", "child_ids": [[0, 0, values]]}
    assert is_error(api.call(**send, json={"values": too_deep}), 400, "bad_value")
    answer = api.call(**send, json={"values": values})
    assert answer.status_code == 201
    made = admin.search("res.partner", [["id", "child_of", answer.json()["data"]["id"]]])
    assert len(made) == 11
    for partner in sorted(made, reverse=True):
        admin.unlink("res.partner", partner)


# --- methods ---------------------------------------------------------------------------------


def test_head_is_get_without_a_body(api):
    get = api.call("GET", "/api/send_request", params=GOOD)
    head = api.call("HEAD", "/api/send_request", params=GOOD)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == get.headers[name]
    refused = api.call("HEAD", "/api/send_request", params=GOOD, authorize=False)
    assert (refused.status_code, refused.content) == (401, b"")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="odoo"'


def test_options_answers_and_does_nothing(server, api, routes):
    """Not even with everything that a login needs: an OPTIONS has no effect and needs no token."""
    before = server.count("jwt_session")
    for route in routes:
        for body in ({"login": "admin", "password": "admin"}, {"all": True}):
            answer = api.call("OPTIONS", route.path, json=body)
            assert (route.path, answer.status_code, answer.content) == (route.path, 204, b"")
            assert "set-cookie" not in answer.headers
            if not route.is_catch_all:
                assert set(answer.headers["Allow"].split(", ")) == route.allowed
    assert server.count("jwt_session") == before
    assert api.get().status_code == 200


def test_head_of_routes_without_a_get(api, routes):
    """405 with `Allow`, and no body. (`test_routes.py` sends the other methods that a route does not take.)"""
    for route in routes:
        if not route.is_catch_all and "GET" not in route.methods:
            answer = api.call("HEAD", route.path)
            if route.expects_id:
                assert (route.path, answer.status_code, answer.content) == (route.path, 404, b"")
                continue
            assert (route.path, answer.status_code, answer.content) == (route.path, 405, b"")
            assert set(answer.headers["Allow"].split(", ")) == route.methods


def test_patch_on_the_data_route(api):
    """Unknown there, with or without a token."""
    for authorize in (True, False):
        answer = api.call("PATCH", "/api/send_request", params=GOOD, json={}, authorize=authorize)
        assert is_error(answer, 405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST", "PUT", "DELETE"}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO", "get", "G\u00cbT"])
def test_methods_that_nobody_knows(server, method):
    """A 4xx or 501 of whoever reads it first; never a 500 of ours, never a traceback."""
    head, body = raw(
        server.url, f"{method} /api/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    if head:
        assert re.match(r"HTTP/1\.[01] (4\d\d|501) ", head), head
    assert b"Traceback" not in body
    assert b"/odoo/" not in body


# --- paths -----------------------------------------------------------------------------------

UNKNOWN = [
    "/api",
    "/api/",
    "/api/nothing",
    "/api/login/x",
    "/api/v9/res.partner",
    "/api/send_request/x",
    "/api/%00",
]
UNKNOWN += [
    "/api/login.json",
    "/api/Login",
    "/api/%2e%2e/web",
    "/api/../../etc/passwd",
    "/api/%ff",
    "/api/" + "x" * 3000,
]
UNKNOWN += [
    "/api/<script>",
    "/api/web/session/get_session_info",
    "/api/🦊",
    "/api/login%20",
    "/api/login;x=1",
]


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: path[:20])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_unknown_paths(api, path, method):
    """JSON where Odoo would answer in HTML; what was asked for does not come back in it."""
    answer = api.call(method, path, **({} if method == "GET" else {"json": {"a": 1}}))
    if ".." in path:  # the client resolves it: it is no path of ours
        assert answer.status_code in (303, 404, 405)
        return
    assert is_error(answer, 404, "not_found")
    assert "script" not in answer.text


@pytest.mark.parametrize(
    "path", ["/api//login", "/api///login", "/api/login//", "/api//", "/api/%0alogin"]
)
def test_doubled_slashes(api, path):
    """404 as JSON; no redirect, on which a client would lose the body."""
    for method in ("GET", "POST", "DELETE"):
        assert is_error(api.call(method, path, authorize=False), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/login/", "//api/login", "/api/./login", "/en/api/login", "/en_US/api/login"]
)
def test_other_spellings_are_the_route_or_nothing(server, path):
    """Odoo is generous with slashes and languages; whatever a spelling leads to asks for the password."""
    wrong = json.dumps({"login": "admin", "password": "wrong password"}).encode()
    head = f"POST {path} HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(wrong)}\r\n\r\n"
    status, body = raw(server.url, head.encode() + wrong)
    assert re.match(r"HTTP/1\.[01] (401|404|30\d) ", status), status
    assert b'"token"' not in body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_trailing_slash(api, method):
    """The same route, the same checks."""
    answer = api.call(method, "/api/send_request/", params=GOOD, authorize=False)
    assert is_error(answer, 401, "missing_token")


def test_encoded_path_is_the_same_path(api):
    answer = api.call("GET", "/%61pi/send%5Frequest", params=GOOD)
    assert answer.status_code == 200
    assert is_error(
        api.call("GET", "/%61pi/send%5Frequest", params=GOOD, authorize=False), 401, "missing_token"
    )


@pytest.mark.parametrize("length", [1_000, 20_000])
def test_long_query(api, length):
    names = json.dumps(["name"] * (length // 8))
    assert api.call("GET", "/api/send_request", params={**GOOD, "fields": names}).status_code == 200


def test_query_that_is_too_long(server):
    """Refused by the server before it is ours, with no more than a status."""
    query = "x" * 200_000
    status, body = raw(
        server.url, f"GET /api/send_request?{query} HTTP/1.0\r\nHost: x\r\n\r\n".encode()
    )
    assert re.match(r"HTTP/1\.[01] 414 ", status), status
    assert b"Traceback" not in body


def test_query_given_twice(api):
    """One of the two, or a 400; never both."""
    pairs = [*GOOD.items(), ("model", "res.country"), ("limit", "1")]
    answer = api.call("GET", "/api/send_request", params=pairs)
    assert answer.status_code in (200, 400)


def test_unknown_parameters_are_left_alone(api):
    """A cache buster or a tracking parameter breaks nothing."""
    answer = api.call(
        "GET", "/api/send_request", params={**GOOD, "_": "1", "utm_source": "x", "self": "y"}
    )
    assert answer.status_code == 200


# --- bodies ----------------------------------------------------------------------------------


def send(api, path, content, content_type="application/json", **headers):
    headers = {"Content-Type": content_type, **headers} if content_type else headers
    return api.call(
        "POST", path, content=content, headers=headers, authorize=path == "/api/send_request"
    )


LOGIN = {"login": "admin", "password": "admin"}


@pytest.mark.parametrize("size", [64 * 1024 + 1, 10 * 2**20])
def test_large_body_of_a_login(api, size):
    """A login's body is small; a larger one is not even read."""
    content = json.dumps({**LOGIN, "pad": "x" * size}).encode()
    assert is_error(send(api, "/api/login", content), 413, "payload_too_large")


@pytest.mark.parametrize("number", [1, 2, 160])
def test_large_body_of_a_login_in_chunks(api, number):
    """Without a Content-Length, too: it is not told to be no JSON because its end was not read."""

    def chunks():
        yield json.dumps(LOGIN)[:-1].encode() + b', "pad": "'
        for _chunk in range(number):
            yield b"x" * 65536
        yield b'"}'

    try:
        answer = send(api, "/api/login", chunks())
    except OSError:
        assert number > 2  # the server closes the connection, and the client has still much to send
        return
    assert is_error(answer, 413, "payload_too_large")


def test_chunked_body(api):
    """A client that streams: its body is read as any other."""

    def chunks():
        yield b'{"login": "adm'
        yield b'in", "password": "admin"}'

    answer = send(api, "/api/login", chunks())
    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "refreshToken", "user_id"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_compressed_body(api, encoding):
    """Not unpacked (a bomb could be), and said so."""
    content = gzip.compress(json.dumps(LOGIN).encode())
    answer = send(api, "/api/login", content, **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "identity"


JSON_TYPES = [
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "APPLICATION/JSON",
]
JSON_TYPES += [
    "application/json-rpc",
    'application/json; charset="utf-8"',
    "application/json; odata=verbose",
]


@pytest.mark.parametrize("content_type", JSON_TYPES)
def test_json_types(api, content_type):
    assert send(api, "/api/login", json.dumps(LOGIN).encode(), content_type).status_code == 200


@pytest.mark.parametrize(
    "encoding",
    ["utf-16", "utf-16-le", "utf-32", "latin-1", "ascii", "utf-7", "nonsense", "", "rot13", "idna"],
)
def test_declared_charset(api, encoding):
    """JSON is UTF-8 (RFC 8259); whatever is declared, the answer is JSON and no 500."""
    content_type = f"application/json; charset={encoding}"
    try:
        content = json.dumps({"login": "\u00e4dmin", "password": "x"}, ensure_ascii=False).encode(
            encoding
        )
    except (LookupError, UnicodeError):
        content = json.dumps(LOGIN).encode()
    answer = send(api, "/api/login", content, content_type)
    assert answer.status_code in (200, 400, 401, 415)
    assert answer.headers["Content-Type"] == JSON


OTHER_TYPES = [
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "x",
    "",
]
OTHER_TYPES += [
    "text/html",
    "application/octet-stream",
    "application/xml",
    "application/jsonx",
    "application/json+x",
    "\xff",
    None,
]


def takes_forms(method, path):
    """Whether files may be sent beside the values of a record, as a form."""
    _model, *record = path.removeprefix("/api/v1/").split("/")
    return path.startswith("/api/v1/") and (
        (method == "POST" and not record) or (method in ("PUT", "PATCH") and len(record) == 1)
    )


@pytest.mark.parametrize("content_type", OTHER_TYPES)
def test_other_types(api, routes, content_type):
    """415 and nothing done: what a form of a foreign page can send is not what any route takes."""
    content = json.dumps({**LOGIN, "values": {"name": "x"}, "refreshToken": api.refresh}).encode()
    headers = {} if content_type is None else {"Content-Type": content_type.encode("latin-1")}
    for route in routes:
        for method in route.writes:
            answer = api.call(method, route.path, content=content, headers=headers, params=GOOD)
            if str(content_type).startswith("multipart/") and takes_forms(method, route.path):
                assert is_error(answer, 400, "bad_request"), (method, route.path)
                continue
            assert is_error(answer, 415, "unsupported_media_type"), (method, route.path)
            assert "set-cookie" not in answer.headers
    assert api.get().status_code == 200


@pytest.mark.parametrize("path", ["/api/login", "/api/send_request"])
def test_empty_body(api, path):
    """No body is an empty object: what is missing is told, as in `{}`."""
    params = {"model": "res.partner"}
    answer = api.call("POST", path, params=params, authorize=path == "/api/send_request")
    assert is_error(answer, 400, "bad_value")


def test_body_of_a_get_is_not_looked_at(api):
    answer = api.call(
        "GET",
        "/api/send_request",
        params=GOOD,
        content=b"{",
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nX: y",
        "Content-Length: 1_0",
        "Content-Length: +5",
        "Expect: nonsense",
    ],
)
def test_broken_framing(server, head):
    """A client that contradicts itself is refused, or dropped; nobody logs in and the worker lives."""
    fixed = "Host: x\r\nContent-Type: application/json\r\nConnection: close"
    request = f"POST /api/login HTTP/1.1\r\n{fixed}\r\n{head}\r\n\r\n"
    status, body = raw(server.url, request.encode() + b'{"a": 1}')
    assert not status or re.match(r"HTTP/1\.[01] 4\d\d ", status), status
    assert b"Traceback" not in body
    assert b"token" not in body


def test_json_rpc_envelope(api):
    """As Odoo's own clients send it: `params` is the body, the answer stands in `result`."""
    body = {"jsonrpc": "2.0", "method": "call", "id": 7, "params": LOGIN}
    answer = api.call("POST", "/api/login", json=body, authorize=False)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["jsonrpc"], found["id"], set(found)) == ("2.0", 7, {"jsonrpc", "id", "result"})
    assert set(found["result"]) == {"token", "refreshToken", "user_id"}


# --- headers of every answer -----------------------------------------------------------------


def test_answers_are_not_kept_by_anybody(api):
    """Tokens and records belong into no cache; JSON is not sniffed for HTML."""
    for answer in (
        api.call("POST", "/api/login", json=LOGIN, authorize=False),
        api.call("POST", "/api/login", json={}, authorize=False),
        api.renew(),
        api.get(),
        api.get("no.such.model"),
        api.call("GET", "/api/nothing"),
        api.call("GET", "/api/send_request", authorize=False),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == JSON


def test_host_header_changes_nothing(server, api):
    """Odoo takes the Host of an administrator's login for its own address; through the API nobody can set it."""
    before = server.sql("SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert (
        api.call("POST", "/api/login", json=LOGIN, headers=headers, authorize=False).status_code
        == 200
    )
    assert server.sql("SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'") == before


# --- no Odoo session -------------------------------------------------------------------------


@pytest.fixture
def session_files(server):
    """The session files of this database: how many there are now."""
    folder = server.setup.work / "data" / "sessions"

    def count():
        found = 0
        for path in folder.rglob("*"):
            try:
                found += path.is_file() and server.db in path.read_text(errors="replace")
            except OSError:  # another server of this checkout has just removed it
                continue
        return found

    return count


def test_web_login_page_makes_a_session(server, http, session_files):
    """What the next test counts can be counted."""
    before = session_files()
    answer = http.post(
        "/web/session/authenticate",
        json={"params": {"db": server.db, "login": "admin", "password": "admin"}},
    )
    assert "session_id" in answer.cookies
    assert session_files() > before


def test_api_makes_no_session(server, http, session_files):
    """Fifty calls, with and without a browser's session cookie: no file more, no cookie, no answer of another user."""
    http.post(
        "/web/session/authenticate",
        json={"params": {"db": server.db, "login": "admin", "password": "admin"}},
    )
    cookie = {"Cookie": f"session_id={http.cookies['session_id']}"}
    device = Device(server.url)
    before = session_files()
    assert device.login("demo", "demo").status_code == 200
    answers = [
        device.login("demo", "wrong"),
        device.call("GET", "/api/nothing"),
        device.renew(),
        device.rotate("x"),
    ]
    for number in range(23):
        headers = cookie if number % 2 else {}
        answers.append(device.call("GET", "/api/send_request", params=GOOD, headers=headers))
        answers.append(
            device.call("GET", "/api/send_request", params=GOOD, headers=headers, authorize=False)
        )
    assert len(answers) == 50
    assert {answer.status_code for answer in answers[4::2]} == {200}
    assert {answer.status_code for answer in answers[5::2]} == {401}
    assert not any("session_id" in answer.headers.get("set-cookie", "") for answer in answers)
    assert session_files() == before


def test_session_cookie_opens_nothing(server, admin, http):
    """A browser that is logged in as administrator, without a token: 401, and its session is untouched by it."""
    http.post(
        "/web/session/authenticate",
        json={"params": {"db": server.db, "login": "admin", "password": "admin"}},
    )
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = http.request(method, "/api/send_request", params={**GOOD, "id": 1})
        assert is_error(answer, 401, "missing_token")
    bad = http.get("/api/send_request", params=GOOD, headers={"Authorization": "Bearer x"})
    assert is_error(bad, 401, "invalid_token")
    answer = http.post("/web/session/get_session_info", json={"params": {}})
    assert answer.json()["result"]["username"] == "admin"


def test_token_decides_who_it_is_not_the_cookie(server, http):
    """The administrator's cookie beside the portal user's token: the portal user."""
    http.post(
        "/web/session/authenticate",
        json={"params": {"db": server.db, "login": "admin", "password": "admin"}},
    )
    portal = Device(server.url)
    assert portal.login("portal", "portal").status_code == 200
    headers = {"Authorization": f"Bearer {portal.access}"}
    answer = http.post(
        "/api/send_request",
        params={"model": "res.partner"},
        headers=headers,
        json={"values": {"name": "By portal"}, "fields": ["create_uid"]},
    )
    assert answer.status_code == 201
    record = answer.json()["data"]
    [row] = server.sql("SELECT create_uid FROM res_partner WHERE id = %s", [record["id"]])
    assert row["create_uid"] == portal.user_id
    server.sql("DELETE FROM res_partner WHERE id = %s", [record["id"]])
