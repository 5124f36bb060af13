"""Every route below `/api`, as Odoo's routing map has it, with whatever a client can get wrong.

The response is JSON, all of it that JSON can say, and its status the true one.
"""

import json
import re

import pytest
from jwt_auth_api.tools import parameters
from lib import verdict
from lib.client import JSON, raw

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "FOO", "PROPFIND"]
DEEP = 9_000
BIG = b"1" + b"0" * 400

#: Bodies that are no JSON object.
NO_JSON = {
    "cut off": b'{"values": {"name": "x"',
    "blank": b"   ",
    "a list": b"[]",
    "a number": b"1e999",
    "a string": b'"x"',
    "two": b"{}{}",
    "a form": b"login=admin&password=admin",
    "HTML": b"<script>alert(1)</script>",
    "broken UTF-8": b'{"values": {"name": "\xc3("}}',
    "NaN": b'{"user_id": NaN}',
    "Infinity": b'{"user_id": Infinity}',
    "-Infinity": b'{"user_id": -Infinity}',
    "5000 digits": b'{"user_id": ' + b"9" * 5000 + b"}",
    "deep lists": b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a": ' * DEEP + b"1" + b"}" * DEEP,
    "open lists": b"[" * DEEP,
    "JSON-RPC cut off": b'{"jsonrpc": "2.0", "params": {',
    "JSON-RPC with NaN": b'{"jsonrpc": "2.0", "id": NaN, "params": {}}',
    "a batch": b'[{"jsonrpc": "2.0", "id": 1, "params": {}}]',
}
#: Values that stand in every key that a body of this API has.
VALUES = {
    "1e999": b"1e999",
    "-1e999": b"-1e999",
    "10**400": BIG,
    "1e308": b"1e308",
    "0.1": b"0.1",
    "true": b"true",
    "a list of lists": b"[[[]]]",
    "a list of infinity": b"[1e999]",
    "an object of infinity": b'{"a": -1e999}',
    "a surrogate": b'"\\ud800"',
    "NUL": b'"\\u0000"',
    "long": b'"' + b"x" * 3000 + b'"',
    "an object": b'{"": {"": null}}',
}
KEYS = sorted(frozenset().union(*parameters.KEYS.values()))
#: `id` of an envelope → what is reflected.
IDS = {
    b"1e999": None,
    b"-1e999": None,
    b"true": None,
    b"false": None,
    b"null": None,
    b"[1e999]": None,
    b'{"a": 1}': None,
    b"7": 7,
    b"-1.5": -1.5,
    b"1e308": 1e308,
    BIG: int(BIG),
    b'"seven"': "seven",
    b'"\\ud800"': "\ud800",
    b'"<script>"': "<script>",
}
#: Parameters that a query string may have, two that none has, and what no parameter takes.
QUERY = [*sorted(frozenset().union(*parameters.PARAMETERS.values())), "filter", "nothing"]
WRONG = [
    "1e999",
    "NaN",
    "-Infinity",
    "9" * 5000,
    "[" * 3000,
    '{"a":' * 3000,
    "%00",
    "%ff",
    "'",
    "\ud7ff",
]
WRONG += ["[1e999]", '{"a": 1e999}', "null", "true"]
#: Headers that are looked at, with what none of them takes.
HEADERS = {
    "Accept-Language": ["fr;q=nan", "fr;q=1e999", "\xff", "," * 5000, "fr," * 9000],
    "X-Odoo-Company": ["1e999", "9" * 5000, "-1", "\xff", "1,,2"],
    "X-Odoo-Consistency": ["", "\xff", "STRONG", "x" * 5000],
    "X-Odoo-Database": ["no-such-database", "\xff", "' OR 1=1", "../x"],
    "X-Client-Type": ["\xff", "x" * 5000],
    "X-HTTP-Method-Override": ["FOO", "\xff", "PATCH, PUT"],
    "Content-Language": ["\xff", "fr;q=nan", "x" * 5000],
    "refreshToken": ["\xff", "1e999", "x" * 5000, "v1.\xff.x"],
    "Authorization": [
        "",
        "Bearer",
        "Bearer \xff",
        "Basic x",
        "Bearer " + "x" * 9000,
        "Bearer a.b.c",
    ],
    "Cookie": ["session_id=x", "refreshToken=\xff", "=;=;", "refreshToken=" + "x" * 5000],
    "Idempotency-Key": ["", "\xff", "x" * 300],
    "If-Match": ["\xff", '"', "x" * 5000],
    "If-None-Match": ["\xff", '"'],
    "Range": ["bytes=-1", "bytes=9-1", "x=1-2", "bytes=1e999-"],
    "Origin": ["null", "\xff", "http://["],
    "User-Agent": ["", "\xff", "x" * 5000],
    "Accept": ["text/html", "*/*;q=nan"],
    "Content-Encoding": ["gzip"],
}
#: Parts of a path that are no model, no id, no name.
PATHS = ["9" * 5000, "-" + "9" * 5000, "-1", "0", "1e999", "NaN", "%00", "%ff", "%0a", "x" * 3000]
PATHS += ["%F0%9F%A6%8A", "%3Cscript%3E", "__class__", "%D9%A3", "1%2F2"]


class Walk:
    """Sends requests, and keeps what is wrong with the responses until the end of a test."""

    def __init__(self, server, user, log_in):
        self.server, self.user, self.log_in = server, user, log_in
        self.problems, self.sent = [], 0
        self.device = log_in(user)

    def send(self, method, path, *, token=True, status=None, code=None, **options):
        """One response; its status and code have to be those, or at least no failure of the server.

        In an envelope they are those of the error in it.
        """
        headers = {
            name: value.encode("latin-1") for name, value in options.pop("headers", {}).items()
        }
        answer = self.device.call(method, path, authorize=token, headers=headers, **options)
        self.sent += 1
        if "revoke" in path and answer.is_success:  # some of these requests log out, as they should
            self.device = self.log_in(self.user)
        problem = verdict.problem(answer, method, status, code)
        if problem:
            sent = {name: str(value)[:120] for name, value in options.items()}
            self.problems.append(f"{method} {path[:80]} {sent} {str(headers)[:120]}: {problem}")
        return answer

    def end(self):
        assert self.sent >= 20
        assert not self.problems, f"{len(self.problems)} problems:\n" + "\n".join(
            self.problems[:40]
        )


@pytest.fixture(scope="module")
def walker(make_user):
    return make_user()


@pytest.fixture(scope="module", autouse=True)
def connection(connect):
    connect("res.partner", "GET POST PUT DELETE")


@pytest.fixture
def walk(server, walker, log_in):
    """Afterwards nothing has been written, and nothing was wrong."""
    before = server.count("res_partner")
    walk = Walk(server, walker, log_in)
    yield walk
    walk.end()
    assert server.count("res_partner") == before


def as_json(content, **headers):
    return {"content": content, "headers": {"Content-Type": "application/json", **headers}}


def test_methods(walk, routes):
    """405 with `Allow` where others are open, 404 where none is; no token counts for that."""
    assert sum(route.expects_id for route in routes) == 1
    for route in routes:
        for method in set(METHODS) - route.methods:
            for body in ({}, as_json(b"{"), {"content": b"x"}):
                if route.is_catch_all or route.expects_id:
                    walk.send(method, route.path, status=404, code="not_found", **body)
                elif method != "POST":  # a POST may be meant for an action
                    answer = walk.send(
                        method, route.path, status=405, code="method_not_allowed", **body
                    )
                    assert set(answer.headers["Allow"].split(", ")) == route.methods


def test_missing_and_wrong_tokens(walk, routes):
    """401 before anything else is looked at."""
    for route in routes:
        if not route.needs_token:
            continue
        for method in route.methods:
            for body in ({}, as_json(b"{"), {"content": b"x"}):
                walk.send(method, route.path, token=False, status=401, code="missing_token", **body)
            wrong = {"Authorization": "Bearer a.b.c"}
            walk.send(method, route.path, status=401, code="invalid_token", headers=wrong)


def test_bodies_that_are_no_json(walk, routes):
    """400, told before what is missing; that of a GET is passed over."""
    for route in routes:
        for content in NO_JSON.values():
            for method in route.writes:
                walk.send(method, route.path, status=400, code="bad_json", **as_json(content))
            if route.is_catch_all:
                walk.send("POST", route.path, status=404, code="not_found", **as_json(content))
        for method in route.methods & {"GET"}:
            plain = walk.send(method, route.path)
            walk.send(method, route.path, status=plain.status_code, **as_json(b"{"))


def test_values_that_no_key_takes(walk, routes):
    """Each key of a body, and all of them together: a 4xx, and in an envelope the same one."""
    for route in routes:
        for method in route.writes[:2]:
            for value in VALUES.values():
                whole = b"{%s}" % b", ".join(b'"%s": %s' % (key.encode(), value) for key in KEYS)
                plain = walk.send(method, route.path, **as_json(whole))
                wrapped = b'{"jsonrpc": "2.0", "id": 1, "params": %s}' % whole
                answer = walk.send(method, route.path, status=200, **as_json(wrapped))
                error = answer.json().get("error", {})
                if error.get("code", 200) != plain.status_code:
                    walk.problems.append(f"{route.path}: {plain.status_code}, then {error}")
            for number, key in enumerate(KEYS):
                for value in list(VALUES.values())[number % 6 :: 6]:
                    walk.send(method, route.path, **as_json(b'{"%s": %s}' % (key.encode(), value)))


def test_envelopes(walk, routes):
    """The id comes back when it is one, and null for what JSON cannot say or is no id."""
    for route in routes:
        for method in route.writes[:1] or (["POST"] if route.is_catch_all else []):
            plain = walk.send(method, route.path, **as_json(b"{}"))
            for text, expected in IDS.items():
                content = b'{"jsonrpc": "2.0", "id": %s, "params": {}}' % text
                answer = walk.send(method, route.path, status=200, **as_json(content))
                body = answer.json()
                code = body.get("error", {"code": plain.status_code})["code"]
                if (body.get("id", "missing"), code) != (expected, plain.status_code):
                    walk.problems.append(f"{method} {route.path} {text[:20]}: {answer.text[:200]}")
            for content in (b'{"params": {}}', b'{"params": null, "id": 1e999}', b'{"params": []}'):
                answer = walk.send(method, route.path, status=200, **as_json(content))
                assert answer.json()["id"] is None
            for params in (b"5", b'"x"', b"[1]", b"true"):
                answer = walk.send(
                    method, route.path, status=200, **as_json(b'{"params": %s}' % params)
                )
                code = 404 if route.is_catch_all else 400
                assert answer.json()["error"]["code"] == code
            if route.needs_token:
                content = b'{"params": {}, "id": 1e999}'
                answer = walk.send(method, route.path, token=False, status=200, **as_json(content))
                assert answer.json()["error"]["data"]["error"] == "missing_token"


def test_parameters_that_nothing_takes(walk, routes):
    """One after the other on the routes of data, all together on each route."""
    for route in routes:
        alone = "send_request" in route.path or route.path.startswith("/api/v1/res.partner")
        for method in sorted(route.methods):
            for wrong in WRONG:
                walk.send(method, route.path, params=dict.fromkeys(QUERY, wrong[:200]))
                for name in QUERY if alone and method == "GET" else ():
                    good = {"model": "res.partner", "fields": '["name"]', "limit": "1"}
                    walk.send(method, route.path, params={**good, name: wrong})


def test_headers_that_are_none(walk, routes):
    for route in routes:
        for method in sorted(route.methods)[-1:]:
            for name, values in HEADERS.items():
                for value in values:
                    body = {"json": {}} if method in route.writes else {}
                    walk.send(method, route.path, headers={name: value}, **body)


def test_paths_that_lead_nowhere(walk, routes):
    """A part that is no model, no id, no name."""
    for route in routes:
        for method in sorted(route.methods):
            for text in PATHS:
                for path in route.variants(text):
                    body = {"json": {}} if method in route.writes else {}
                    answer = walk.send(method, path, **body)
                    assert answer.status_code in (400, 404, 405), (method, path[:80], answer.text)


def test_hosts_that_are_none(server, routes):
    """400, although Odoo has not found the route then."""
    for text in ("KeyError: 'HTTP_HOST'", "ValueError: Port ", "ValueError: Invalid IPv6 URL"):
        server.expect(text)
    for route in routes:
        for host in (b"", b"Host: x:99999\r\n", b"Host: [\r\n", b"Host: x:y\r\n"):
            head, body = raw(
                server.url,
                b"GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (route.path.encode(), host),
            )
            assert re.match(r"HTTP/1\.[01] 400 ", head), (route.path, host, head)
            assert f"Content-Type: {JSON}" in head
            assert json.loads(body)["error"] == "bad_request"


@pytest.mark.parametrize("name", ["no-such-database", "postgres"])
def test_databases_that_are_not_served(walk, routes, name):
    """400 for each route, with a body that is an envelope, too."""
    headers = {"X-Odoo-Database": name}
    for route in routes:
        walk.send("GET", route.path, status=400, code="no_database", headers=headers)
        answer = walk.send("POST", route.path, status=200, **as_json(b'{"params": {}}', **headers))
        assert answer.json()["error"]["data"]["error"] == "no_database"
