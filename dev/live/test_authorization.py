"""Who gets which response: every route of the routing map, for every kind of caller, under every kind of connection.

The expected responses are in `authorization.md`. After a change that is meant to change them, write the file anew and
review the difference: `dev/test live -k authorization --rewrite`.
"""

import base64
import difflib
import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest
from jwt_auth_api.tools import keys, tokens
from lib import changes, image, matrix, verdict
from lib.client import SECRETS, Device
from lib.matrix import Caller, Target

TABLE = Path(__file__).with_name("authorization.md")
VIEW = """
    <t t-name="dev_matrix.contact"><html><body><main>
        <div class="article" t-att-data-oe-model="docs._name" t-att-data-oe-id="docs.id">Contact</div>
    </main></body></html></t>
"""
#: Who has a session, and who has not.
WITH_SESSION = [
    "portal user",
    "internal user",
    "other company",
    "manager of the API",
    "administrator",
]
WITHOUT = [
    *("no token", "session of the web client", "forged token", "expired token", "revoked session"),
    *("archived user", "second factor pending", "passkey token", "refresh token", "API key"),
    *("signature of a link", "token of another database"),
]
METHODS = dict.fromkeys(("is_get", "is_post", "is_put", "is_delete"), True)
SHUT = dict.fromkeys(METHODS, False)
TOKEN_ERRORS = ("missing_token", "invalid_token")
FILE = f"/api/v1/{matrix.MODEL}/{{}}/{matrix.FILE}"
LISTS = ("action_ids", "report_ids")


@pytest.fixture(scope="module")
def opened(connect, admin):
    """The connection with all that can be opened."""
    view = admin.create(
        "ir.ui.view", {"name": "Matrix", "type": "qweb", "key": "dev_matrix.contact", "arch": VIEW}
    )
    report = admin.create(
        "ir.actions.report",
        {
            "name": "Matrix",
            "model": matrix.MODEL,
            "report_type": "qweb-pdf",
            "report_name": matrix.REPORT,
            # rendered once
            "attachment": "'matrix.pdf'",
            "attachment_use": True,
        },
    )
    yield connect(
        matrix.MODEL, "GET POST PUT DELETE", actions=[matrix.ACTION], reports=[matrix.REPORT]
    )
    admin.unlink("ir.actions.report", report)
    admin.unlink("ir.ui.view", view)


@pytest.fixture(scope="module")
def make_record(admin):
    """A contact of the first company."""
    company = admin.search("res.company", [], order="id", limit=1)[0]

    def make():
        values = {
            "name": "Matrix",
            "company_id": company,
            "company_name": "Matrix Inc",
            "image_1920": image.BASE64,
        }
        return admin.create(matrix.MODEL, values)

    yield make
    domain = [["name", "in", ["Matrix", "Matrix Inc", "Matrix, created"]]]
    admin.unlink(matrix.MODEL, admin.search(matrix.MODEL, domain, context={"active_test": False}))


@pytest.fixture(scope="module")
def administrator(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module")
def target(make_record, administrator, opened):
    return Target(make_record(), make_record(), _session(administrator))


def _session(device):
    """The id of the session of a device."""
    rows = device.call("GET", "/api/sessions").json()["data"]
    return next(row["id"] for row in rows if row["current"])


@pytest.fixture(scope="module")
def log_in_as(log_in, target):
    """`log_in_as(name, user)` is a caller with a session, a spare one, and a link to the file if the user gets one."""

    def log_in_as(name, user):
        device, spare = log_in(user), log_in(user)
        link = device.call("POST", FILE.format(target.record) + "/link")
        assert link.status_code == 200, link.text
        signature = link.json()["data"]["url"].partition("signature=")[2]
        return Caller(
            name,
            user.login,
            user.password,
            device.access,
            device.refresh,
            "",
            _session(spare),
            signature,
        )

    return log_in_as


@pytest.fixture(scope="module")
def callers(server, admin, ref, make_user, log_in_as, target):
    """All callers, by name."""
    other = admin.create("res.company", {"name": f"Another company {secrets.token_hex(3)}"})
    users = {
        "portal user": make_user(group_ids=[[6, 0, [ref("base.group_portal")]]]),
        "internal user": make_user(),
        "other company": make_user(company_id=other, company_ids=[[6, 0, [other]]]),
        "manager of the API": make_user(
            group_ids=[[4, ref("base.group_user")], [4, ref("jwt_auth_api.group_manager")]]
        ),
        "administrator": make_user(group_ids=[[4, ref("base.group_system")]]),
    }
    found = [log_in_as(name, users[name]) for name in WITH_SESSION]
    found += _without_session(server, admin, make_user, log_in_as, target, found[1])
    callers = {caller.name: caller for caller in found}
    assert list(callers) == [*WITH_SESSION, *WITHOUT]
    key = "jwt_auth_api.link_seconds"
    before = admin.call("ir.config_parameter", "get_param", key)
    admin.call("ir.config_parameter", "set_param", key, "3600")
    yield callers
    admin.call("ir.config_parameter", "set_param", key, before)


def _without_session(server, admin, make_user, log_in_as, target, valid):
    """Yield those whose tokens are none; they have the links that they got before, too."""
    yield Caller("no token", "nobody", "nothing")
    cookie = f"session_id={admin._http.cookies['session_id']}"
    yield Caller("session of the web client", "nobody", "nothing", cookie=cookie)
    head, payload, signature = valid.token.split(".")
    forged = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    yield Caller("forged token", valid.login, forged, forged, link=valid.link[:-40] + "A" * 40)

    old = "jwt_auth_api.access_token_seconds"
    before = admin.call("ir.config_parameter", "get_param", old)
    admin.call("ir.config_parameter", "set_param", old, "1")
    expired = Device(server.url)
    assert expired.login(valid.login, valid.password).status_code == 200
    admin.call("ir.config_parameter", "set_param", old, before)
    time.sleep(1.1)
    yield Caller("expired token", valid.login, expired.access, expired.access, expired.refresh)

    revoked = Device(server.url)
    assert revoked.login(valid.login, valid.password).status_code == 200
    link = revoked.call("POST", FILE.format(target.record) + "/link").json()["data"]["url"]
    assert revoked.logout().status_code == 200
    token, link = revoked.access, link.partition("signature=")[2]
    yield Caller("revoked session", valid.login, token, token, revoked.refresh, link=link)
    archived = log_in_as("archived user", user := make_user())
    admin.write("res.users", user.id, {"active": False})
    yield archived

    user = make_user()
    printed = server.odoo(f"""
import datetime
users = env["res.users"]
users.browse({user.id}).sudo().totp_secret = {base64.b32encode(b"x" * 20).decode()!r}
valid = users.search([("login", "=", {valid.login!r})])
until = datetime.datetime.now() + datetime.timedelta(days=1)
print("KEY", env["res.users.apikeys"].with_user(valid)._generate("rpc", "matrix", until))
env.cr.commit()
""")
    key = printed.split()[printed.split().index("KEY") + 1]
    SECRETS.add(key)
    answer = Device(server.url).login(user.login, user.password)
    assert answer.json()["error"] == "mfa_required"
    yield Caller("second factor pending", user.login, user.password, answer.json()["mfa_token"])
    answer = Device(server.url).call("POST", "/api/login/passkey/options", json={})
    token = answer.json().get("passkey_token", "p1.none")
    yield Caller("passkey token", valid.login, token, token)
    yield Caller("refresh token", valid.login, valid.refresh, valid.refresh, valid.token)
    yield Caller("API key", valid.login, key, key)
    yield Caller("signature of a link", valid.login, valid.link, valid.link)
    yield _of_another_database(valid)


def _of_another_database(valid):
    """The same user and session, signed by the keys of a database that issues for itself."""
    key = keys.load_private(keys.generate())
    issuer = tokens.Issuer("urn:odoo:another", "another", key, {key.kid: key})
    now = int(time.time())
    claims = tokens.Claims(2, "s" * 42, "stamp", "id", now, now + 900)
    token = tokens.sign(claims, issuer)
    refresh = str(tokens.RefreshToken.first("s" * 42, b"k" * 32))
    link = tokens.sign_link(tokens.Link(2, "s" * 42, "stamp", "/", "v", now + 900), issuer)
    return Caller("token of another database", valid.login, token, token, refresh, link=link)


@pytest.fixture(scope="module")
def policies(admin, opened, ref):
    """Name → what the connection is changed to for it, and back."""
    fields = [["model", "=", matrix.MODEL], ["name", "in", ["name", "ref"]]]
    names = admin.search("ir.model.fields", fields)
    group = ref("jwt_auth_api.group_manager")
    only = {"read_field_ids": [[6, 0, names]], "write_field_ids": [[6, 0, names]]}
    none = {
        "read_field_ids": [[5]],
        "write_field_ids": [[5]],
        "is_read_limited": False,
        "is_write_limited": False,
    }
    lists = admin.read("connection.api", [["id", "=", opened]], list(LISTS))[0]
    reports = [[6, 0, lists["report_ids"]]]
    action = [[0, 0, {"name": matrix.ACTION}]]
    closed = {"action_ids": [[2, each] for each in lists["action_ids"]], "report_ids": [[5]]}
    return {
        "no connection": ({"active": False}, {"active": True}),
        "open to every user, run_as sudo": ({"run_as": "sudo"}, {}),
        "open to every user, run_as user": ({"run_as": "user"}, {"run_as": "sudo"}),
        TO_A_GROUP: (
            {"group_ids": [[6, 0, [group]]]},
            {"group_ids": [[5]]},
        ),
        "a record filter without this record, run_as sudo": (
            {"domain": "[('ref', '=', 'matrix')]"},
            {"domain": False},
        ),
        "only the fields name and ref, run_as sudo": (only, none),
        "GET alone, no action and no report, run_as sudo": (
            {**SHUT, "is_get": True, **closed},
            {**METHODS, "action_ids": action, "report_ids": reports},
        ),
        "POST alone, run_as sudo": ({**SHUT, "is_post": True}, METHODS),
        "an action and a report alone, run_as sudo": (SHUT, METHODS),
    }


class Matrix:
    """Sends the requests, keeps what is wrong with the responses, and what the cells say."""

    def __init__(self, server, callers, target, make_record, changes):
        self.url, self.callers, self.target = server.url, callers, target
        self.make_record, self.changes = make_record, changes
        self.problems = []

    def send(self, name, caller):
        """One request of a caller: the text of its cell."""
        route = matrix.route_of(name)
        method, template = route.split(" ")
        asked = matrix.ALL[name](caller, self.target)
        headers = {"X-Client-Type": "app", **caller.headers}
        device = Device(self.url)
        self.changes.take()
        answer = device.call(method, asked.path(template), headers=headers, **asked.options())
        self._judge(f"{caller.name}: {name}", method, answer)
        if answer.status_code < 300:
            self._renew(method, template, caller, answer)
        return matrix.outcome(answer)

    def _judge(self, what, method, answer):
        kind = answer.headers.get("Content-Type", "")
        is_file = answer.status_code == 200 and kind in ("image/png", "application/pdf")
        problem = None if is_file else verdict.problem(answer, method)
        if answer.status_code >= 400 and (written := self.changes.take()):
            problem = f"{answer.status_code}, but {sorted(written)}"
        token_asked = answer.status_code == 401 and answer.json()["error"] in TOKEN_ERRORS
        if token_asked and not answer.headers.get("WWW-Authenticate", "").startswith("Bearer"):
            problem = "no WWW-Authenticate"
        if problem:
            self.problems.append(f"{what}: {problem}")

    def _renew(self, method, template, caller, answer):
        """Make anew what a request has used up."""
        if "<model>" in template or "send_request" in template:
            if method == "DELETE" or answer.request.url.path.endswith(matrix.ACTION):
                self.target = replace(self.target, victim=self.make_record())
        elif template == "/api/update/refresh-token":
            caller.refresh = answer.json()["refreshToken"]

    def cells(self, requests, names):
        return {
            (request, name): self.send(request, self.callers[name])
            for name in names
            for request in requests
        }


@pytest.fixture(scope="module")
def sent(server, callers, target, make_record):
    with changes.watching(server.setup, server.db) as watched:
        yield Matrix(server, callers, target, make_record, watched)


def test_every_route_is_in_the_table(routes):
    """A new route fails until the matrix has a request of it."""
    wanted = {
        f"{method} {route.template}"
        for route in routes
        for method in (["GET", "POST"] if route.is_catch_all else route.methods)
    }
    assert {matrix.route_of(name) for name in matrix.ALL} == wanted


@pytest.mark.timeout(900)
def test_everybody_gets_the_response_of_the_table(
    sent, admin, opened, policies, parameter, request
):
    def under(change, back, requests, names):
        admin.write("connection.api", opened, change)
        cells = sent.cells(requests, names)
        admin.write("connection.api", opened, back)
        return cells

    models, names = list(matrix.OF_MODEL), [*WITH_SESSION, *WITHOUT]
    parts = [HEAD, "## Requests of records\n"]
    without = []
    for title, (change, back) in policies.items():
        shown = names if len(without) < 2 else WITH_SESSION
        cells = under(change, back, models, shown)
        parts.append(matrix.section(f"### {title}", WITH_SESSION, models, cells))
        if shown == names:
            without.append({key: cells[key] for key in cells if key[1] in WITHOUT})
    closed, open_ = without
    assert closed == open_, "whoever has no session learns something about a connection"
    title = "## Requests of records without a session, with no connection and with an open one"
    parts.append(matrix.section(title, WITHOUT, models, closed))

    documents, nothing = list(matrix.OF_DOCUMENTS), ({}, {})
    for access, title in DOCUMENTATION.items():
        with parameter("document_access", access.split()[0]):
            cells = under(*policies.get(title, nothing), documents, names)
        title = f"## The documentation, document_access = {access}"
        parts.append(matrix.section(title, names, documents, cells))
    account = list(matrix.OF_ACCOUNT)
    cells = sent.cells(account, names)
    parts.append(matrix.section("## Requests of the caller", names, account, cells))
    _compare("\n".join(parts), rewrite=request.config.getoption("--rewrite"))
    assert not sent.problems, "\n".join(sent.problems[:40])


#: The setting → the connection that it is tried with.
TO_A_GROUP = "open to the group JWT API / Manager, run_as sudo"
DOCUMENTATION = {
    "managers": "",
    "users": "",
    "everybody": "",
    f"everybody ({TO_A_GROUP})": TO_A_GROUP,
}
HEAD = """# Who gets which response

Made by `dev/test live -k authorization --rewrite`, and compared by `dev/live/test_authorization.py`: every route of the
routing map, for every kind of caller, under every kind of connection. The record is a contact of another company than
that of *other company*. *n seen* is how many records a page or a group shows. Callers and requests with the same
responses share a column or a row.
"""


def _compare(text, *, rewrite):
    if rewrite:
        TABLE.write_text(text)
    difference = difflib.unified_diff(
        TABLE.read_text().splitlines(), text.splitlines(), lineterm="", n=2
    )
    found = "\n".join(difference)
    assert not found, f"Not as in {TABLE.name}:\n{found[:8000]}"
