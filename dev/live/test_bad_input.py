"""Whatever is wrong with a request: a 4xx with a sentence, as JSON, and nothing in the database has changed."""

import json

import pytest
from lib.client import JSON, LEAKS, Device, as_query

GOOD = {"model": "res.partner", "fields": ["name"]}
BIG = 10**400
DEEP = "[" * 5000


def q(**params):
    """A query like GOOD, with changes; None leaves a parameter out."""
    return as_query(
        {name: value for name, value in {**GOOD, **params}.items() if value is not None}
    )


#: (what, query, status, code)
READS = [
    ("no model", q(model=None), 400, "bad_parameter"),
    ("empty model", q(model=""), 400, "bad_parameter"),
    ("unknown model", q(model="no.such.model"), 404, "model_not_found"),
    ("model without a connection", q(model="res.currency"), 404, "model_not_found"),
    ("model that is never reachable", q(model="jwt.session"), 404, "model_not_found"),
    ("model of keys", q(model="jwt.signing.key"), 404, "model_not_found"),
    ("model in capitals", q(model="RES.PARTNER"), 404, "model_not_found"),
    ("a table's name", q(model="res_partner"), 404, "model_not_found"),
    ("model with NUL", q(model="res.partner\0"), 400, "bad_parameter"),
    ("model as SQL", q(model="res.partner'; DROP TABLE x; --"), 404, "model_not_found"),
    ("very long model", q(model="x" * 5000), 404, "model_not_found"),
    ("no fields", q(fields=None), 400, "bad_parameter"),
    ("empty fields", q(fields=""), 400, "bad_parameter"),
    ("fields no JSON", q(fields="name,email"), 400, "bad_parameter"),
    ("fields a string", q(fields='"name"'), 400, "bad_parameter"),
    ("fields an object", q(fields={"name": 1}), 400, "bad_parameter"),
    ("fields of numbers", q(fields=[1]), 400, "bad_parameter"),
    ("fields null", q(fields="null"), 400, "bad_parameter"),
    ("fields nested", q(fields=DEEP), 400, "bad_parameter"),
    ("fields unknown", q(fields=["nonsense"]), 400, "unknown_field"),
    ("fields one of two unknown", q(fields=["name", "nonsense"]), 400, "unknown_field"),
    ("fields dotted", q(fields=["country_id.code"]), 400, "unknown_field"),
    ("fields with NUL", q(fields=["name\0"]), 400, "bad_parameter"),
    ("fields surrogate", q(fields='["\\ud800"]'), 400, "bad_parameter"),
    ("fields dunder", q(fields=["__class__"]), 400, "unknown_field"),
    ("fields method", q(fields=["unlink"]), 400, "unknown_field"),
    ("page 0", q(offset=0), 400, "bad_parameter"),
    ("page -1", q(offset=-1), 400, "bad_parameter"),
    ("page x", q(offset="x"), 400, "bad_parameter"),
    ("page empty", q(offset=""), 400, "bad_parameter"),
    ("page 1.5", q(offset="1.5"), 400, "bad_parameter"),
    ("page huge", q(offset=BIG), 400, "bad_parameter"),
    ("page in other digits", q(offset="٣"), 400, "bad_parameter"),
    ("page true", q(offset="true"), 400, "bad_parameter"),
    ("limit 0", q(limit=0), 400, "bad_parameter"),
    ("limit -1", q(limit=-1), 400, "bad_parameter"),
    ("limit beyond the connection's", q(limit=1001), 400, "bad_parameter"),
    ("limit huge", q(limit=BIG), 400, "bad_parameter"),
    ("limit x", q(limit="x"), 400, "bad_parameter"),
    ("limit 1e3", q(limit="1e3"), 400, "bad_parameter"),
    ("limit NUL", q(limit="1\0"), 400, "bad_parameter"),
    ("id 0", q(id=0), 400, "bad_parameter"),
    ("id -1", q(id=-1), 400, "bad_parameter"),
    ("id x", q(id="x"), 400, "bad_parameter"),
    ("id list", q(id="[1]"), 400, "bad_parameter"),
    ("id beyond an integer", q(id=2**31), 400, "bad_parameter"),
    ("id of nobody", q(id=2**31 - 1), 404, "not_found"),
    ("domain no list", q(domain="active"), 400, "bad_domain"),
    ("domain a number", q(domain="1"), 400, "bad_domain"),
    ("domain an object", q(domain={"a": 1}), 400, "bad_domain"),
    ("domain of two", q(domain=[["name", "="]]), 400, "bad_domain"),
    ("domain code", q(domain="[('name','=',__import__('os').getcwd())]"), 400, "bad_domain"),
    ("domain call", q(domain="[('name','=',open('/etc/passwd').read())]"), 400, "bad_domain"),
    ("domain uid", q(domain="[('user_id','=',uid)]"), 400, "bad_domain"),
    ("domain unknown field", q(domain=[["nonsense", "=", 1]]), 400, "unknown_field"),
    ("domain unknown path", q(domain=[["country_id.nonsense", "=", 1]]), 400, "unknown_field"),
    ("domain operator", q(domain=[["name", "~", "x"]]), 400, "bad_domain"),
    ("domain any!", q(domain=[["child_ids", "any!", []]]), 400, "bad_domain"),
    ("domain ANY!", q(domain=[["child_ids", "ANY!", []]]), 400, "bad_domain"),
    ("domain not any!", q(domain=[["child_ids", "Not Any!", []]]), 400, "bad_domain"),
    ("domain inselect", q(domain=[["id", "inselect", ["SELECT 1", []]]]), 400, "bad_domain"),
    ("domain any of no relation", q(domain=[["name", "any", []]]), 400, "bad_domain"),
    ("domain path through no relation", q(domain=[["name.code", "=", "x"]]), 400, "bad_domain"),
    ("domain arity", q(domain=["|", ["name", "=", "x"]]), 400, "bad_domain"),
    ("domain connective", q(domain=["or", ["name", "=", "x"]]), 400, "bad_domain"),
    ("domain deep text", q(domain=DEEP), 400, "bad_domain"),
    ("domain deep tree", q(domain=[*("&|" * 100), *[["id", "=", 1]] * 201]), 400, "bad_domain"),
    ("domain long path", q(domain=[[".".join(["parent_id"] * 500), "=", 1]]), 400, "bad_domain"),
    ("domain wide", q(domain=[["id", "=", 1]] * 501), 400, "bad_domain"),
    ("domain NUL", q(domain=[["name", "=", "a\0b"]]), 400, "bad_domain"),
    ("domain surrogate", q(domain='[["name","=","\\ud800"]]'), 400, "bad_domain"),
    ("domain huge number", q(domain=f'[["id","=",{BIG}]]'), 400, "bad_domain"),
    (
        "domain huge hexadecimal operator",
        q(domain="[('id',0x" + "f" * 5000 + ",1)]"),
        400,
        "bad_domain",
    ),
    ("domain NaN", q(domain='[["partner_latitude","=",NaN]]'), 400, "bad_domain"),
    ("domain 1e999", q(domain='[["partner_latitude","=",1e999]]'), 400, "bad_domain"),
    ("domain text for a number", q(domain=[["id", "=", "x"]]), 400, "bad_domain"),
    ("domain list for less", q(domain=[["id", "<", [1]]]), 400, "bad_domain"),
    ("domain scalar for in", q(domain=[["id", "in", 1]]), 400, "bad_domain"),
    ("domain no date", q(domain=[["create_date", ">", "soon"]]), 400, "bad_domain"),
    (
        "domain impossible date",
        q(domain=[["create_date", ">", "2026-02-30T00:00:00Z"]]),
        400,
        "bad_domain",
    ),
    ("domain like on a number", q(domain=[["id", "like", 1]]), 400, "bad_domain"),
    ("domain child_of of no hierarchy", q(domain=[["name", "child_of", 1]]), 400, "bad_domain"),
    (
        "domain on what no index can search",
        q(domain=[["display_name.x", "=", 1]]),
        400,
        "bad_domain",
    ),
    ("expand no JSON", q(expand="country_id"), 400, "bad_parameter"),
    ("expand a list", q(expand=["country_id"]), 400, "bad_parameter"),
    ("expand no list below", q(expand={"country_id": "code"}), 400, "bad_parameter"),
    ("expand numbers below", q(expand={"country_id": [1]}), 400, "bad_parameter"),
    ("expand no relation", q(expand={"name": ["x"]}), 400, "bad_parameter"),
    ("expand unknown", q(expand={"nonsense": ["x"]}), 400, "unknown_field"),
    ("expand unknown below", q(expand={"country_id": ["nonsense"]}), 400, "unknown_field"),
    ("expand deep", q(expand='{"a":' * 3000), 400, "bad_parameter"),
]


def levels(number):
    """Return values with commands within commands: three levels of JSON for each."""
    values = {"name": "x"}
    for _level in range(number):
        values = {"name": "x", "child_ids": [[0, 0, values]]}
    return values


#: (what, body, status, code), sent as POST and as PUT
WRITES = [
    ("no body", b"", 400, "bad_value"),
    ("no JSON", b"{", 400, "bad_json"),
    ("only blanks", b"   ", 400, "bad_json"),
    ("a list", b"[]", 400, "bad_json"),
    ("null", b"null", 400, "bad_value"),
    ("an empty string", b'""', 400, "bad_value"),
    ("a string", b'"x"', 400, "bad_json"),
    ("NaN", b'{"values": {"partner_latitude": NaN}}', 400, "bad_json"),
    ("deep", b'{"values":' + b'{"a":' * 20000, 400, "bad_json"),
    ("bytes that are no text", b"\xff\xfe\xfd", 400, "bad_json"),
    ("UTF-8 broken", b'{"values": {"name": "\xc3("}}', 400, "bad_json"),
    ("huge number", b'{"values": {"color": ' + b"9" * 5000 + b"}}", 400, "bad_json"),
    ("two objects", b'{"values": {}} {}', 400, "bad_json"),
    ("no values", {}, 400, "bad_value"),
    ("values null", {"values": None}, 400, "bad_value"),
    ("values a string", {"values": "x"}, 400, "bad_value"),
    ("unknown field", {"values": {"nonsense": 1}}, 400, "unknown_field"),
    ("unknown empty field", {"values": {"": 1}}, 400, "unknown_field"),
    ("unknown field with NUL", {"values": {"name\0": 1}}, 400, "unknown_field"),
    ("Odoo's own field", {"values": {"create_uid": 987654}}, 400, "bad_value"),
    ("the id", {"values": {"id": 1}}, 400, "bad_value"),
    ("computed field", {"values": {"display_name": "x"}}, 400, "bad_value"),
    ("text a number", {"values": {"name": 5}}, 400, "bad_value"),
    ("text a list", {"values": {"name": ["x"]}}, 400, "bad_value"),
    ("text with NUL", {"values": {"name": "a\0b"}}, 400, "bad_value"),
    ("text surrogate", b'{"values": {"name": "\\ud800"}}', 400, "bad_value"),
    ("number a text", {"values": {"color": "5"}}, 400, "bad_value"),
    ("number too large", {"values": {"color": 2**31}}, 400, "bad_value"),
    ("number very large", {"values": {"color": BIG}}, 400, "bad_value"),
    ("number true", {"values": {"color": True}}, 400, "bad_value"),
    ("float infinite", b'{"values": {"partner_latitude": 1e999}}', 400, "bad_value"),
    ("boolean a text", {"values": {"active": "yes"}}, 400, "bad_value"),
    ("selection unknown", {"values": {"type": "nonsense"}}, 400, "bad_value"),
    ("many2one a text", {"values": {"country_id": "Belgium"}}, 400, "bad_value"),
    ("many2one of nobody", {"values": {"country_id": 2**31 - 1}}, 422, "validation_error"),
    ("many2one true", {"values": {"country_id": True}}, 400, "bad_value"),
    ("many2one huge", {"values": {"country_id": BIG}}, 400, "bad_value"),
    ("x2many a text", {"values": {"child_ids": "x"}}, 400, "bad_value"),
    ("x2many bad command", {"values": {"child_ids": [[9, 0, 0]]}}, 400, "bad_value"),
    ("x2many bad create", {"values": {"child_ids": [[0, 0, []]]}}, 400, "bad_value"),
    (
        "x2many bad field below",
        {"values": {"child_ids": [[0, 0, {"nonsense": 1}]]}},
        400,
        "unknown_field",
    ),
    ("x2many bad value below", {"values": {"child_ids": [[0, 0, {"name": 1}]]}}, 400, "bad_value"),
    ("x2many of nobody", {"values": {"category_id": [2**31 - 1]}}, 422, "validation_error"),
    ("x2many many levels", {"values": levels(60)}, 400, "bad_value"),
    ("x2many too many levels of JSON", {"values": levels(150)}, 400, "bad_json"),
    ("binary no base64", {"values": {"image_1920": "é"}}, 400, "bad_value"),
    ("fields unknown", {"values": {"name": "x"}, "fields": ["nonsense"]}, 400, "unknown_field"),
    ("fields no list", {"values": {"name": "x"}, "fields": "name"}, 400, "bad_parameter"),
    ("fields of numbers", {"values": {"name": "x"}, "fields": [1]}, 400, "bad_parameter"),
    ("fields text", {"values": {"name": "x"}, "fields": "name"}, 400, "bad_parameter"),
    ("expand no object", {"values": {"name": "x"}, "expand": [1]}, 400, "bad_parameter"),
    ("key misspelled", {"values": {"name": "x"}, "feilds": ["name"]}, 400, "bad_value"),
    ("expand unknown", {"values": {"name": "x"}, "expand": {"nonsense": []}}, 400, "unknown_field"),
    ("expand no relation", {"values": {"name": "x"}, "expand": {"name": []}}, 400, "bad_parameter"),
    (
        "a good value and a bad field",
        {"values": {"name": "x", "nonsense": 1}},
        400,
        "unknown_field",
    ),
]
#: (what, body, status, code), sent to /api/login
LOGINS = [
    ("no body", b"", 400, "bad_value"),
    ("no JSON", b"login=admin&password=admin", 400, "bad_json"),
    ("a list", b'["admin", "admin"]', 400, "bad_json"),
    ("nothing", {}, 400, "bad_value"),
    ("no password", {"login": "admin"}, 400, "bad_value"),
    ("no login", {"password": "admin"}, 400, "bad_value"),
    ("empty password", {"login": "admin", "password": ""}, 400, "bad_value"),
    ("password null", {"login": "admin", "password": None}, 400, "bad_value"),
    ("password a number", {"login": "admin", "password": 1}, 400, "bad_value"),
    ("password true", {"login": "admin", "password": True}, 400, "bad_value"),
    ("login an object", {"login": {"a": 1}, "password": "admin"}, 400, "bad_value"),
    ("login a list", {"login": ["admin"], "password": "admin"}, 400, "bad_value"),
    ("login with NUL", {"login": "admin\0", "password": "admin"}, 400, "bad_value"),
    ("password with NUL", {"login": "admin", "password": "admin\0"}, 400, "bad_value"),
    ("login surrogate", b'{"login": "\\ud800", "password": "x"}', 400, "bad_value"),
    ("password very long", {"login": "admin", "password": "x" * 5000}, 400, "bad_value"),
    ("unknown login", {"login": "nobody at all", "password": "admin"}, 401, "invalid_credentials"),
    ("wrong password", {"login": "admin", "password": "wrong"}, 401, "invalid_credentials"),
    ("OdooBot", {"login": "__system__", "password": "admin"}, 401, "invalid_credentials"),
    ("a wildcard", {"login": "adm%", "password": "admin"}, 401, "invalid_credentials"),
    ("SQL", {"login": "' OR 1=1 --", "password": "admin"}, 401, "invalid_credentials"),
]
#: (what, body, status, code), sent to /api/login/mfa
SECOND_STEPS = [
    ("no body", b"", 400, "bad_value"),
    ("nothing", {}, 400, "bad_value"),
    ("no code", {"mfa_token": "x"}, 400, "bad_value"),
    ("no token", {"code": "123456"}, 400, "bad_value"),
    ("token a number", {"mfa_token": 5, "code": "123456"}, 400, "bad_value"),
    ("token null", {"mfa_token": None, "code": "123456"}, 400, "bad_value"),
    ("code null", {"mfa_token": "x", "code": None}, 400, "bad_value"),
    ("code true", {"mfa_token": "x", "code": True}, 400, "bad_value"),
    ("code a list", {"mfa_token": "x", "code": ["1"]}, 400, "bad_value"),
    ("code a fraction", {"mfa_token": "x", "code": 1.5}, 400, "bad_value"),
    ("code very long", {"mfa_token": "x", "code": "1" * 1000}, 400, "bad_value"),
    ("code a huge number", {"mfa_token": "x", "code": BIG}, 400, "bad_value"),
    ("token garbage", {"mfa_token": "garbage", "code": "123456"}, 401, "invalid_mfa_token"),
    ("token empty", {"mfa_token": "", "code": "123456"}, 401, "invalid_mfa_token"),
    ("token with NUL", {"mfa_token": "v1.\0", "code": "123456"}, 401, "invalid_mfa_token"),
    ("token surrogate", b'{"mfa_token": "\\ud800", "code": "1"}', 401, "invalid_mfa_token"),
    ("token very long", {"mfa_token": "v1." + "A" * 50000, "code": 1}, 401, "invalid_mfa_token"),
    (
        "token unknown",
        {"mfa_token": f"v1.{'A' * 22}.{'B' * 43}", "code": -1},
        401,
        "invalid_mfa_token",
    ),
]
#: (what, headers, body, status, code), sent to both refresh endpoints
REFRESHES = [
    ("nothing", {}, {}, 401, "invalid_refresh_token"),
    ("empty", {"refreshToken": ""}, {}, 401, "invalid_refresh_token"),
    ("garbage", {"refreshToken": "garbage"}, {}, 401, "invalid_refresh_token"),
    ("garbage in the body", {}, {"refreshToken": "garbage"}, 401, "invalid_refresh_token"),
    ("NUL in the body", {}, {"refreshToken": "v1.\0"}, 401, "invalid_refresh_token"),
    ("surrogate in the body", {}, b'{"refreshToken": "\\ud800"}', 401, "invalid_refresh_token"),
    ("very long", {}, {"refreshToken": "v1." + "A" * 50000}, 401, "invalid_refresh_token"),
    ("unknown", {}, {"refreshToken": f"v1.{'A' * 22}.{'B' * 43}"}, 401, "invalid_refresh_token"),
    ("a number", {}, {"refreshToken": 5}, 400, "bad_value"),
    ("a list", {}, {"refreshToken": ["v1"]}, 400, "bad_value"),
    ("true", {}, {"refreshToken": True}, 400, "bad_value"),
    ("no JSON", {}, b"{", 400, "bad_json"),
]


def named(table):
    return {"argvalues": [row[1:] for row in table], "ids": [row[0] for row in table]}


@pytest.fixture(scope="module")
def row_counts(server):
    """The number of rows of each table of the database."""
    tables = [
        row["tablename"]
        for row in server.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
    ]
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) FROM \"{name}\"" for name in tables
    )

    def count():
        return {row["name"]: row["count"] for row in server.sql(query)}

    return count


@pytest.fixture(scope="module")
def api(server):
    """The administrator's device: nothing that is refused here is refused for lack of rights."""
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module", autouse=True)
def nothing_changed(api, row_counts):
    """No table has gained or lost a row through all of these requests, but for the notes about failed logins."""
    before = row_counts()
    assert before["res_partner"] > 20
    yield
    after = row_counts()
    assert after.pop("jwt_security_event") >= before.pop("jwt_security_event")
    assert after == before


def refused(answer, status, code, *, by_odoo=False):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, JSON), answer.text
    body = answer.json()
    fields = ["fields"] if "fields" in body and "/api/v1/" in str(answer.url) else []
    assert list(body) == ["success", "error", "message", *fields]
    assert (body["success"], body["error"]) == (False, code), body["message"]
    assert by_odoo or body["message"].endswith((".", "?"))
    assert not LEAKS.search(body["message"]), body["message"]
    assert len(body["message"]) < 1000
    assert "set-cookie" not in answer.headers
    return True


def encoded(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize(("params", "status", "code"), **named(READS))
def test_read(api, params, status, code):
    assert refused(api.call("GET", "/api/send_request", params=params), status, code)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(("body", "status", "code"), **named(WRITES))
def test_write(server, api, method, body, status, code):
    """What is wrong with the answer that is asked for is told before anything is written."""
    [partner] = server.sql("SELECT * FROM res_partner WHERE ref IS NULL ORDER BY id DESC LIMIT 1")
    params = {"model": "res.partner", **({"id": partner["id"]} if method == "PUT" else {})}
    headers = {"Content-Type": "application/json"}
    answer = api.call(
        method, "/api/send_request", params=params, content=encoded(body), headers=headers
    )
    assert refused(answer, status, code)
    assert server.sql("SELECT * FROM res_partner WHERE id = %s", [partner["id"]]) == [partner]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("record_id", "status", "code"),
    [
        (None, 400, "bad_parameter"),
        ("", 400, "bad_parameter"),
        ("0", 400, "bad_parameter"),
        ("x", 400, "bad_parameter"),
        ("[1]", 400, "bad_parameter"),
        ("1,2", 400, "bad_parameter"),
        ("2147483648", 400, "bad_parameter"),
        ("2147483647", 404, "not_found"),
    ],
)
def test_id_of_a_write(api, method, record_id, status, code):
    params = {"model": "res.partner", "id": record_id}
    params = {name: value for name, value in params.items() if value is not None}
    answer = api.call(method, "/api/send_request", params=params, json={"values": {"name": "x"}})
    assert refused(answer, status, code)


@pytest.mark.parametrize(
    ("method", "model", "allow"),
    [
        ("POST", "res.country", "GET"),
        ("PUT", "res.country", "GET"),
        ("DELETE", "res.country", "GET"),
        ("DELETE", "sale.order", "GET, POST, PUT"),
    ],
)
def test_method_that_is_not_open(api, method, model, allow):
    """405 with what is open, before anything else of the request is looked at."""
    answer = api.call(
        method, "/api/send_request", params={"model": model, "id": "x"}, json={"values": 1}
    )
    assert refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": False, "is_company": True}, "a check of the database"),
        ({"name": "x", "parent_id": "self"}, "a rule of Odoo"),
    ],
)
def test_what_odoo_refuses(server, api, values, why):
    """422 with Odoo's own words, and not the database's."""
    partner_id = api.get("res.partner", fields=["name"]).json()["data"][0]["id"]
    values = {name: partner_id if value == "self" else value for name, value in values.items()}
    before = server.sql("SELECT * FROM res_partner WHERE id = %s", [partner_id])
    answer = api.call(
        "PUT",
        "/api/send_request",
        params={"model": "res.partner", "id": partner_id},
        json={"values": values},
    )
    assert refused(answer, 422, "validation_error", by_odoo=True)
    assert server.sql("SELECT * FROM res_partner WHERE id = %s", [partner_id]) == before


def test_record_that_others_need(server, api):
    """A foreign key: 422, the record is still there."""
    [row] = server.sql("SELECT partner_id FROM res_users WHERE login = 'demo'")
    answer = api.call(
        "DELETE", "/api/send_request", params={"model": "res.partner", "id": row["partner_id"]}
    )
    assert refused(answer, 422, "validation_error", by_odoo=True)
    assert server.count("res_partner", "id = %s", [row["partner_id"]]) == 1


@pytest.mark.parametrize(("body", "status", "code"), **named(LOGINS))
def test_login(api, body, status, code):
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/api/login", content=encoded(body), headers=headers, authorize=False)
    assert refused(answer, status, code)


def test_wrong_login_and_wrong_password_are_one_answer(api):
    """Nobody learns which logins exist; archived users do not show either."""
    bodies = [
        {"login": "nobody at all", "password": "x"},
        {"login": "admin", "password": "x"},
        {"login": "public", "password": "public"},
        {"login": "__system__", "password": "x"},
    ]
    answers = [api.call("POST", "/api/login", json=body, authorize=False) for body in bodies]
    assert len({answer.text for answer in answers}) == 1
    names = [sorted(name for name in answer.headers if name != "date") for answer in answers]
    assert all(name == names[0] for name in names)


@pytest.mark.parametrize("transport", ["query", "form", "cookie", "authorization", "multipart"])
def test_credentials_only_in_a_json_body(api, transport):
    """In an address or a form they would end up in logs, or be sent by a foreign page."""
    right = {"login": "admin", "password": "admin"}
    options = {
        "query": {"params": right},
        "form": {"data": right},
        "cookie": {"headers": {"Cookie": "login=admin; password=admin"}},
        "authorization": {"headers": {"Authorization": "Basic YWRtaW46YWRtaW4="}},
        "multipart": {"files": {"login": b"admin", "password": b"admin"}},
    }[transport]
    answer = api.call("POST", "/api/login", authorize=False, **options)
    if transport in ("form", "multipart"):
        assert refused(answer, 415, "unsupported_media_type")
    else:
        assert refused(answer, 400, "bad_value")


@pytest.mark.parametrize(("body", "status", "code"), **named(SECOND_STEPS))
def test_second_step(api, body, status, code):
    headers = {"Content-Type": "application/json"}
    answer = api.call(
        "POST", "/api/login/mfa", content=encoded(body), headers=headers, authorize=False
    )
    assert refused(answer, status, code)


@pytest.mark.parametrize(
    ("session_id", "status", "code"),
    [
        ("0", 404, "not_found"),
        ("-1", 404, "not_found"),
        ("2147483647", 404, "not_found"),
        ("2147483648", 404, "not_found"),
        ("9" * 30, 404, "not_found"),
        ("x", 404, "not_found"),
        ("1.5", 404, "not_found"),
        ("%00", 404, "not_found"),
    ],
)
def test_session_that_is_not_there(api, session_id, status, code):
    assert refused(api.call("DELETE", f"/api/sessions/{session_id}"), status, code)


@pytest.mark.parametrize("path", ["/api/update/access-token", "/api/update/refresh-token"])
@pytest.mark.parametrize(("headers", "body", "status", "code"), **named(REFRESHES))
def test_refresh(api, path, headers, body, status, code):
    headers = {"Content-Type": "application/json", **headers}
    assert refused(api.call("POST", path, content=encoded(body), headers=headers), status, code)


@pytest.mark.parametrize("user_id", ["2x", 2.5, True, [2], {"id": 2}, 0, -1, "x"], ids=repr)
def test_user_id_is_a_number(api, user_id):
    answer = api.call(
        "POST", "/api/update/access-token", json={"user_id": user_id, "refreshToken": "x"}
    )
    assert refused(answer, 400, "bad_value")


@pytest.mark.parametrize("everywhere", [1, 0, "true", [True], {"a": 1}], ids=repr)
def test_all_is_a_boolean(api, everywhere):
    """A client that says `"all": "false"` may not be logged out everywhere."""
    assert refused(
        api.call("POST", "/api/revoke/token", json={"all": everywhere}), 400, "bad_value"
    )


BEARERS = {
    "none": (None, "missing_token"),
    "empty": ("", "missing_token"),
    "scheme alone": ("Bearer", "invalid_token"),
    "token alone": ("{}", "invalid_token"),
    "Basic": ("Basic {}", "invalid_token"),
    "Token": ("Token {}", "invalid_token"),
    "two": ("Bearer {} {}", "invalid_token"),
    "comma": ("Bearer {}, Bearer {}", "invalid_token"),
    "quoted": ('Bearer "{}"', "invalid_token"),
    "padded": ("Bearer {}=", "invalid_token"),
    "cut": ("Bearer {:.100}", "invalid_token"),
    "garbage": ("Bearer garbage", "invalid_token"),
    "huge": ("Bearer " + "A" * 20000, "invalid_token"),
}


@pytest.mark.parametrize("name", BEARERS)
def test_authorization_header(api, name):
    """401 with the challenge of RFC 6750: an error code only for who has sent a token."""
    form, code = BEARERS[name]
    headers = (
        {"Authorization": form.replace("{}", api.access).replace("{:.100}", api.access[:100])}
        if form is not None
        else {}
    )
    answer = api.call("GET", "/api/send_request", params=q(), headers=headers, authorize=False)
    assert refused(answer, 401, code)
    expected = 'Bearer realm="odoo"' + (
        ', error="invalid_token"' if code == "invalid_token" else ""
    )
    assert answer.headers["WWW-Authenticate"] == expected


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme_in_any_case(api, scheme):
    headers = {"Authorization": f"{scheme} {api.access}"}
    assert api.call("GET", "/api/send_request", params=q(), headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"params": {"values": {"nonsense": 1}}}, "unknown_field"),
        ({"params": [1]}, "bad_json"),
        ({"params": []}, "bad_value"),
        ({"params": "x"}, "bad_json"),
        ({"params": ""}, "bad_value"),
        ({}, "bad_value"),
        ({"params": None}, "bad_value"),
    ],
)
@pytest.mark.parametrize("request_id", [1, "a", None, 1.5])
def test_errors_of_an_envelope(api, body, code, request_id):
    """Who speaks JSON-RPC is answered in it, HTTP 200, with the same error inside."""
    body = {"jsonrpc": "2.0", "id": request_id, **body}
    answer = api.call("POST", "/api/send_request", params={"model": "res.partner"}, json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON)
    found = answer.json()
    assert set(found) == {"jsonrpc", "id", "error"}
    assert (found["jsonrpc"], found["id"]) == ("2.0", request_id)
    assert set(found["error"]) == {"code", "message", "data"}
    assert found["error"]["data"]["error"] == code
    assert found["error"]["message"] == found["error"]["data"]["message"]
    assert not LEAKS.search(answer.text.replace("jsonrpc", ""))
