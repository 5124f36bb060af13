"""Black-box tests: a real server with two workers, HTTP in, and SQL to see what happened."""

import contextlib
import itertools
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import addon, fixtures
from lib import routes as routing
from lib.client import SECRETS, Device

admin, http, server = fixtures.admin, fixtures.http, fixtures.server
# the registries of parameters and keys, for the tests that try all of them
addon.importable()

# Odoo drops a connection on which nothing comes for two seconds; fifty clients on a busy machine take longer
os.environ.setdefault("ODOO_HTTP_SOCKET_TIMEOUT", "10")

_number = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="write the expected responses anew, to be reviewed"
    )


@dataclass(frozen=True)
class User:
    id: int
    login: str
    password: str


@pytest.fixture(scope="session", autouse=True)
def no_cooldown(admin):
    """Many tests log in wrongly on purpose, all from one address; the throttle's own test has its own server."""
    admin.call("ir.config_parameter", "set_param", "base.login_cooldown_after", "0")


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_in_the_log(request, server, no_cooldown):
    """After the whole run: no password, access token or refresh token of it stands in the server's log."""
    yield
    text = server.log_path.read_text(errors="replace")
    assert "POST /" in text  # it is the log of the requests
    assert len(SECRETS) > 2 or request.config.getoption("keyword")  # a selection may need none
    for secret in filter(lambda text: len(text) >= 8, SECRETS):
        # the last segment of a token is what makes it one
        assert secret.rpartition(".")[2] not in text


@pytest.fixture(scope="session")
def routes(server):
    """All routes of the API, those that answer for what is not there too."""
    routes = routing.read(server)
    paths = {route.path for route in routes}
    assert {"/api", "/api/login", "/api/me", "/api/send_request", "/api/v1/res.partner"} <= paths
    return routes


@pytest.fixture(scope="session")
def make_user(admin):
    """A new internal user each time it is called."""

    def make(**values):
        number = next(_number)
        login, password = f"live{number}-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
        SECRETS.add(password)
        values = {"name": f"Live {number}", "login": login, "password": password, **values}
        user_id = admin.call("res.users", "create", [values], context={"no_reset_password": True})
        return User(user_id[0], login, password)

    return make


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture(scope="session")
def log_in(server):
    """`log_in(user)` is a device of the user that has logged in."""

    def log_in(user, kind="app", url=None):
        device = Device(url or server.url, kind)
        answer = device.login(user.login, user.password)
        assert answer.status_code == 200, answer.text
        return device

    return log_in


@pytest.fixture
def device(user, log_in):
    return log_in(user)


@pytest.fixture(scope="session")
def ref(admin):
    """`ref("base.group_portal")` is the id of what a module's data made."""

    def ref(xmlid):
        module, name = xmlid.split(".")
        domain = [["module", "=", module], ["name", "=", name]]
        return admin.read("ir.model.data", domain, ["res_id"])[0]["res_id"]

    return ref


@pytest.fixture(scope="module")
def connect(admin):
    """`connect("sale.order", "GET POST", run_as="user", actions=["action_confirm"])` opens a model for a file's tests.

    `actions={"process": "some_ids"}` lists keys of the context with them. Afterwards the connections are as before.
    """
    model, ours, theirs = "connection.api", [], []

    def connect(name, methods, *, actions=(), reports=(), **values):
        before = admin.search(model, [["model", "=", name]], context={"active_test": False})
        for connection in before:
            [copy] = admin.call(model, "copy_data", [connection])
            domain = [["connection_id", "=", connection]]
            fields = ["name", "description", "as_superuser", "context_keys"]
            copied = admin.read("connection.api.action", domain, fields)
            for action in copied:
                del action["id"]
            theirs.append({**copy, "action_ids": [[0, 0, action] for action in copied]})
        admin.unlink(model, before)
        reports = admin.search("ir.actions.report", [["report_name", "in", list(reports)]])
        toggles = {f"is_{method.lower()}": True for method in methods.split()}
        keys = actions if isinstance(actions, dict) else dict.fromkeys(actions, False)
        connection = admin.create(
            model,
            {
                "model_id": admin.search("ir.model", [["model", "=", name]])[0],
                "action_ids": [
                    [0, 0, {"name": action, "context_keys": keys[action]}] for action in keys
                ],
                "report_ids": [[6, 0, reports]],
                **toggles,
                **values,
            },
        )
        ours.append(connection)
        return connection

    yield connect
    admin.unlink(model, ours)
    for values in theirs:
        admin.create(model, values)


@pytest.fixture
def parameter(admin):
    """`with parameter("refresh_grace_seconds", 0):` sets a system parameter of the addon for a while."""

    @contextlib.contextmanager
    def parameter(name, value):
        key = name if "." in name else f"jwt_auth_api.{name}"
        before = admin.call("ir.config_parameter", "get_param", key)
        admin.call("ir.config_parameter", "set_param", key, value)
        try:
            yield
        finally:
            admin.call("ir.config_parameter", "set_param", key, before)

    return parameter


@pytest.fixture
def log_of(server):
    """`text = log_of(); …; text()` is what the server wrote to its log in between."""

    def begin():
        start = server.log_path.stat().st_size

        def text():
            with server.log_path.open("rb") as log:
                log.seek(start)
                return log.read().decode(errors="replace")

        return text

    return begin
