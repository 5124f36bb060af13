"""What a stolen database dump, and an administrator with Odoo's remote interface, do not find."""

import base64
import hashlib

import pytest
from lib.client import SECRETS
from lib.fixtures import Admin

HIDDEN = {
    "jwt.session": ["sid", "stamp"],
    "jwt.refresh.token": ["selector", "token_hash"],
    "jwt.signing.key": ["sealed", "public", "identity"],
}


def refused(call, *args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


@pytest.fixture(scope="module", autouse=True)
def odoo_logs_what_it_refuses(server):
    """Some of it with a traceback, when it comes through Odoo's own remote interface and not through ours."""
    server.expect("addons/web/controllers/dataset.py")


@pytest.fixture
def tables(server):
    """table.column → values, of every column of the addon's tables."""

    def read():
        names = server.sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND starts_with(table_name, 'jwt_')"
        )
        return {
            (row["table_name"], row["column_name"]): [
                found["value"]
                for found in server.sql(
                    f'SELECT "{row["column_name"]}"::text AS value FROM "{row["table_name"]}"'
                )
            ]
            for row in names
        }

    return read


def test_no_token_at_rest(server, user, log_in, tables):
    """Of refresh tokens the selector and a hash; of access tokens nothing but what names their session."""
    app, browser = log_in(user), log_in(user, "browser")
    app.refresh = app.rotate().json()["refreshToken"]
    columns = tables()
    assert ("jwt_refresh_token", "token_hash") in columns
    for token in (app.refresh, browser.cookie):
        _version, selector, secret = token.split(".")
        assert selector in columns["jwt_refresh_token", "selector"]
        assert (
            hashlib.sha256(secret.encode()).hexdigest()
            in columns["jwt_refresh_token", "token_hash"]
        )
        for place, values in columns.items():
            text = "\n".join(filter(None, values))
            assert secret not in text, place
            assert secret[:16] not in text, place
            assert secret[-16:] not in text, place
    for access in (app.access, browser.access):
        signature = access.rpartition(".")[2]
        for place, values in columns.items():
            assert signature not in "\n".join(filter(None, values)), place


def test_dump_gives_no_token(server, user, log_in):
    """What stands in the table, tried as a token."""
    device = log_in(user)
    row = server.sql(
        "SELECT t.selector, t.token_hash FROM jwt_refresh_token t"
        " JOIN jwt_session s ON s.id = t.session_id WHERE s.user_id = %s",
        [user.id],
    )[0]
    raw = base64.urlsafe_b64encode(bytes.fromhex(row["token_hash"])).rstrip(b"=").decode()
    for secret in (row["token_hash"], row["token_hash"][:43], raw):
        assert device.renew(f"v1.{row['selector']}.{secret}").status_code == 401
    assert device.renew().status_code == 200


@pytest.mark.parametrize("model", HIDDEN)
def test_hidden_fields_are_no_fields_to_an_administrator(server, admin, device, model):
    """Neither described, read, searched, sorted, grouped nor exported: a search is an oracle, too."""
    described = admin.call(model, "fields_get")
    records = admin.search(model, [])
    assert records
    for name in HIDDEN[model]:
        assert name not in described
        assert refused(admin.read, model, [], [name])
        assert refused(admin.call, model, "read", records[:1], [name])
        assert refused(admin.call, model, "web_read", records[:1], {name: {}})
        assert refused(admin.call, model, "web_search_read", [], {name: {}})
        assert refused(admin.search, model, [[name, "=like", "a%"]])
        assert refused(admin.call, model, "search_count", [[name, "!=", "x"]])
        assert refused(admin.search, model, [], order=f"{name} desc")
        assert refused(admin.call, model, "formatted_read_group", [], [name], ["__count"])
        assert refused(
            admin.call, model, "read_progress_bar", [], name, {"field": name, "colors": {}}
        )
        assert refused(admin.call, model, "export_data", records[:1], [name])
    found = admin.call(model, "search_read", [], limit=1)[0]
    assert not set(found) & set(HIDDEN[model])


def test_hidden_fields_through_relations(admin, device):
    """From a refresh token to its session and back."""
    assert refused(admin.search, "jwt.refresh.token", [["session_id.sid", "=like", "a%"]])
    assert refused(
        admin.search, "jwt.refresh.token", [["session_id", "any", [["stamp", "!=", False]]]]
    )
    assert refused(admin.search, "jwt.session", [["token_ids.token_hash", "=like", "0%"]])
    records = admin.search("jwt.session", [], limit=1)
    assert refused(
        admin.call,
        "jwt.session",
        "web_read",
        records,
        {"token_ids": {"fields": {"token_hash": {}}}},
    )
    assert refused(admin.call, "jwt.refresh.token", "export_data", [1], ["session_id/sid"])


@pytest.mark.parametrize("model", ["connection.api.idempotency", "connection.api.rate.limit"])
def test_administrator_reads_no_answers_of_others(admin, model):
    """What was answered to a user is kept for that user's own repetitions alone; counts are nobody's."""
    for fields in (["id"], ["display_name"], ["answer"], ["key"]):
        assert "read" in refused(admin.read, model, [], fields)
    assert refused(admin.search, model, [])


@pytest.mark.parametrize(
    "model",
    [
        *HIDDEN,
        "jwt.throttle",
        "connection.api.idempotency",
        "connection.api.log",
        "connection.api.rate.limit",
    ],
)
def test_administrator_makes_and_changes_nothing(server, admin, device, model):
    """Sessions and keys are made by logins; a button ends them, nobody edits them."""
    table = model.replace(".", "_")
    before = server.sql(f'SELECT * FROM "{table}" ORDER BY id')
    values = {
        "jwt.session": {"user_id": 2, "sid": "x", "stamp": "y", "client_type": "app"},
        "jwt.refresh.token": {"session_id": 1, "selector": "x", "token_hash": "y"},
        "jwt.signing.key": {"kid": "x", "state": "active"},
        "jwt.throttle": {"key": "x", "failures": 0},
        "connection.api.idempotency": {"user_id": 2, "key": "x", "fingerprint": "y"},
        "connection.api.log": {"user_id": 2, "status": 200},
        "connection.api.rate.limit": {"key": "x", "requests": 0},
    }[model]
    assert refused(admin.create, model, values)
    record_id = before[0]["id"] if before else 1
    assert refused(admin.write, model, record_id, values)
    assert refused(admin.unlink, model, record_id)
    assert refused(admin.call, model, "copy", [record_id])
    assert server.sql(f'SELECT * FROM "{table}" ORDER BY id') == before


PRIVATE = [
    ("jwt.session", "_open"),
    ("jwt.session", "_access_token"),
    ("jwt.session", "_refresh"),
    ("jwt.session", "_replace"),
    ("jwt.session", "_revoke"),
    ("jwt.session", "_revoke_everything"),
    ("jwt.signing.key", "_issuer"),
    ("jwt.signing.key", "_load"),
    ("jwt.signing.key", "_make"),
    ("jwt.signing.key", "_rotate"),
    ("jwt.login.challenge", "_open"),
    ("jwt.login.challenge", "_answer"),
    ("jwt.throttle", "_succeeded"),
    ("jwt.security.event", "_record"),
    ("res.users", "_jwt_login"),
    ("res.users", "_jwt_session_stamp"),
    ("connection.api", "_resolve"),
    ("connection.api", "_connection"),
    ("connection.api.idempotency", "_once"),
    ("connection.api.log", "_record"),
    ("connection.api.rate.limit", "_take"),
]


@pytest.mark.parametrize(("model", "method"), PRIVATE)
def test_private_methods_are_private(admin, model, method):
    """Every method without the underscore is a remote endpoint."""
    message = refused(admin.call, model, method, [2])
    assert "private" in message.lower()


def test_parameters_hold_no_key(server, admin):
    """System parameters are read by every administrator and stand in every backup."""
    keeper = server.setup.work / "data" / "jwt_auth_api" / "keeper"
    sealed = [bytes(row["sealed"]) for row in server.sql("SELECT sealed FROM jwt_signing_key")]
    assert len(sealed) >= 2
    shown = str(admin.read("ir.config_parameter", [], ["key", "value"])).lower()
    assert "database.uuid" in shown
    for secret in (*sealed, keeper.read_bytes()):
        plain, url_safe = base64.b64encode(secret), base64.urlsafe_b64encode(secret)
        for text in (secret.hex(), plain.decode(), url_safe.decode()):
            assert text.lower().rstrip("=") not in shown


@pytest.mark.parametrize("model", [*HIDDEN, "jwt.throttle"])
@pytest.mark.parametrize("login", ["demo", "portal"])
def test_other_users_see_nothing_of_it(server, device, model, login):
    somebody = Admin(server, login, login)
    assert refused(somebody.search, model, [])
    assert refused(somebody.call, model, "read", [1], ["id"])
    assert refused(somebody.call, model, "search_count", [["id", ">", 0]])
    assert refused(somebody.call, model, "name_search", "")


def test_no_button_for_others_sessions(server, user, device):
    """The Revoke button is no remote endpoint for people without access to the list."""
    [row] = server.sql("SELECT id FROM jwt_session WHERE user_id = %s", [user.id])
    demo = Admin(server, "demo", "demo")
    assert refused(demo.call, "jwt.session", "action_revoke", [row["id"]])
    assert device.statuses(4) == {200}


def test_login_records_hold_no_secret(server, user, device):
    """What Odoo keeps about logins and devices."""
    assert user.password in SECRETS
    for table in ("res_users_log", "ir_logging", "mail_message"):
        text = str(server.sql(f'SELECT * FROM "{table}"'))
        assert device.refresh not in text
        assert device.access not in text
        assert user.password not in text
