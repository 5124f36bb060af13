"""The JavaScript client logs in with a passkey that Odoo's own routes have registered in Chromium."""

from urllib.parse import urlsplit

import pytest

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
#: What the preferences of a user do in Odoo's web client.
REGISTER = """async () => {
    const rpc = async (path, params) => {
        const body = JSON.stringify({jsonrpc: "2.0", method: "call", params});
        const headers = {"Content-Type": "application/json"};
        const {result, error} = await (await fetch(path, {method: "POST", headers, body})).json();
        if (error) throw new Error(error.data.message);
        return result;
    };
    const call = (model, method, args, kwargs = {}) =>
        rpc(`/web/dataset/call_kw/${model}/${method}`, {model, method, args, kwargs});
    const session = await rpc("/web/session/authenticate", {db: "%s", login: "demo", password: "demo"});
    let action = await call("res.users", "action_create_passkey", [[session.uid]]);
    if (action.res_model === "res.users.identitycheck") {
        const context = {password: "demo"};
        action = await call(action.res_model, "run_check", [[action.res_id]], {context});
    }
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(action.context.registration);
    const credential = await navigator.credentials.create({publicKey});
    const [wizard] = await call(action.res_model, "create", [[{name: "Phone"}]]);
    await call(action.res_model, "make_key", [[wizard], credential.toJSON()]);
    await rpc("/web/session/destroy", {});
    return session.uid;
}"""
#: What browsers before 2025 lack.
OLD_BROWSER = """() => {
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
}"""
CLIENT = """async () => {
    const {createClient} = await import("/jwt_auth_api/static/client/odoo-jwt-api.js");
    window.odoo = createClient();
}"""
LOG_IN = "() => odoo.logInWithPasskey().catch((error) => ({error: error.code || error.name}))"


@pytest.fixture(scope="module")
def base_url(server, admin):
    """The address of the server by a name: no passkey is for an IP address."""
    [module] = admin.search("ir.module.module", [["name", "=", "auth_passkey"]])
    admin.call("ir.module.module", "button_immediate_install", [module])
    url = f"http://localhost:{urlsplit(server.url).port}"
    before = admin.call("ir.config_parameter", "get_param", "web.base.url")
    admin.call("ir.config_parameter", "set_param", "web.base.url", url)
    yield url
    admin.call("ir.config_parameter", "set_param", "web.base.url", before)


@pytest.fixture
def authenticator(page, base_url):
    """Chromium's emulated authenticator, as a function that sends it a command."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    ids = {"authenticatorId": added["authenticatorId"]}
    return lambda command, **options: devtools.send(f"WebAuthn.{command}", {**ids, **options})


@pytest.fixture
def user_id(server, page, base_url, authenticator):
    """The user `demo`, who has registered a passkey and logged out of Odoo's web client."""
    page.goto(f"{base_url}/web/health")
    user_id = page.evaluate(REGISTER % server.db)
    page.context.clear_cookies()
    [credential] = authenticator("getCredentials")["credentials"]
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)
    yield user_id
    server.sql("DELETE FROM auth_passkey_key")


@pytest.mark.parametrize("browser", ["new", "old"])
def test_log_in(server, page, user_id, browser):
    """The page is logged in, stays so after a reload, and the session says how."""
    if browser == "old":
        page.evaluate(OLD_BROWSER)
    page.evaluate(CLIENT)
    state = page.evaluate(LOG_IN)
    assert (state["status"], state["userId"]) == ("logged-in", user_id)
    assert page.evaluate("async () => (await odoo.me()).login") == "demo"
    [session] = server.sql("SELECT login_method FROM jwt_session ORDER BY id DESC LIMIT 1")
    assert session["login_method"] == "passkey"
    [key] = server.sql("SELECT sign_count FROM auth_passkey_key")
    assert key["sign_count"] > 0
    page.reload()
    page.evaluate(CLIENT)
    assert page.evaluate("() => odoo.restore()")["userId"] == user_id


def test_passkey_that_odoo_does_not_know(server, page, user_id):
    """The user has deleted it in Odoo, and it is still on the device."""
    server.sql("DELETE FROM auth_passkey_key")
    page.evaluate(CLIENT)
    assert page.evaluate(LOG_IN) == {"error": "invalid_passkey"}
    assert page.evaluate("() => odoo.authState.status") == "unknown"


def test_person_who_declines(page, user_id, authenticator):
    """The error is the browser's own; nobody is logged in, and the next attempt works."""
    page.evaluate(CLIENT)
    authenticator("setUserVerified", isUserVerified=False)
    assert page.evaluate(LOG_IN) == {"error": "NotAllowedError"}
    authenticator("setUserVerified", isUserVerified=True)
    assert page.evaluate(LOG_IN)["status"] == "logged-in"
