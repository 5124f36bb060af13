"""The JavaScript client in Chromium, on two origins: Odoo's own, with the file that it serves, and another one."""

import json

import pytest
from lib import browser
from lib.bootstrap import ROOT
from lib.chromium import options as options_of_chromium
from lib.pages import serving_folder

PAGE = "/test/page.html"
TABS = 10
#: At most so many refreshes of all tabs together. A tab does not wait long for the tokens of another one, so
#: that a slow machine may send more than one.
FEW = 3


@pytest.fixture(scope="module")
def app(server, admin):
    """The origin of the app's pages, which Odoo allows."""
    with serving_folder(ROOT / "clients" / "js") as port:
        origins = f"http://127.0.0.1:{port},http://app.shop.example:{port}"
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", origins)
        yield port


@pytest.fixture
def spa(page, app):
    """The first tab of the app, whose origin is another one than Odoo's, of the same site."""
    page.goto(f"http://127.0.0.1:{app}{PAGE}")
    return page


@pytest.fixture
def odoo_page(page, server):
    """A page that Odoo serves, with the client that Odoo serves."""
    page.goto(f"{server.url}/web/health")
    return page


@pytest.fixture
def blocked_page(chromium, app, tmp_path):
    """A page of a browser whose user has blocked cookies, and with them whatever else a page stores."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=browser.path(), args=options_of_chromium()
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{app}{PAGE}")
    yield page
    context.close()


def start(tab, server, **options):
    """Create the client of a tab as `odoo`, with the states that it has told of in `states`."""
    given = {"url": server.url, **options}
    script = """async ([path, options, local]) => {
        const {createClient} = await import(path);
        if (local) options.storage = localStorage;
        window.odoo = createClient(options);
        window.states = [];
        odoo.onAuthStateChange((state) => states.push(`${state.status} ${state.reason}`));
    }"""
    own = tab.url.startswith(server.url)
    path = "/jwt_auth_api/static/client/odoo-jwt-api.js" if own else "/src/index.js"
    tab.evaluate(script, [path, given, options.pop("mode", None) == "app"])
    return tab


def log_in(tab, login="demo"):
    state = tab.evaluate("(login) => odoo.logIn(login, login)", login)
    assert state["status"] == "logged-in"
    return state["userId"]


def more_tabs(tab, server, count, **options):
    """Open the same page in other tabs of the same browser."""
    tabs = [tab.context.new_page() for _number in range(count)]
    for each in tabs:
        each.goto(tab.url)
        start(each, server, **options)
    return tabs


def refreshes(tabs):
    """Count the refreshes that the tabs send from now on."""
    seen = []
    for tab in tabs:
        tab.on("request", lambda request: seen.append(request) if is_refresh(request) else None)
    return seen


def is_refresh(request):
    return request.method == "POST" and request.url.endswith("/api/update/access-token")


def at_once(tabs, script):
    """Let all tabs run *script* at the same time; return what they say."""
    for tab in tabs:
        tab.evaluate(
            "(script) => { window.running = eval(script)(); window.running.catch(() => {}); }",
            script,
        )
    return [tab.evaluate("() => running.catch((error) => error.code)") for tab in tabs]


def living_sessions(server, login="demo"):
    where = "user_id = (SELECT id FROM res_users WHERE login = %s) AND revoked_at IS NULL"
    return server.count("jwt_session", where, [login])


#: The redirect of the log-in to another place.
AWAY = {"Location": "/web/health"}
ME = "async () => (await odoo.me()).login"
#: As if a quarter of an hour had passed: the server refuses the token of the next call.
EXPIRED = """async () => {
    const send = window.fetch;
    let first = true;
    window.fetch = (url, init) => {
        if (url.endsWith("/api/me") && first) {
            first = false;
            init.headers.Authorization = "Bearer expired";
        }
        return send(url, init);
    };
    return (await odoo.me()).login;
}"""

#: Waits until the queue has sent everything.
EMPTIED = """async () => {
    while ((await odoo.queue.entries()).length) await new Promise((resolve) => setTimeout(resolve, 50));
}"""


def test_redirect_is_not_followed(odoo_page, server):
    """A browser hides where it leads, so the error says what to check."""
    sent = []
    odoo_page.route("**/api/login", lambda route: route.fulfill(status=307, headers=AWAY))
    odoo_page.context.on("request", lambda request: sent.append(request.url))
    start(odoo_page, server, url="")
    script = """() => odoo.logIn("demo", "demo").catch((error) => [error.name, error.code, error.message])"""
    name, code, message = odoo_page.evaluate(script)
    assert (name, code) == ("NetworkError", "redirected")
    assert "http:// in place of https://" in message
    assert [url for url in sent if "/api/" in url] == [f"{server.url}/api/login"]


@pytest.mark.parametrize("place", ["spa", "odoo_page"])
def test_ten_tabs_begin_at_once(request, server, place):
    """A refresh serves all of them, nobody is logged out, and no script can read a refresh token."""
    first = start(request.getfixturevalue(place), server)
    log_in(first)
    tabs = more_tabs(first, server, TABS - 1)
    seen = refreshes(tabs)
    assert at_once(tabs, ME) == ["demo"] * (TABS - 1)
    assert 1 <= len(seen) <= FEW, [each.url for each in seen]
    stored = first.evaluate("() => JSON.stringify(localStorage) + document.cookie")
    assert "v1." not in stored
    assert "eyJ" not in stored


def test_ten_tabs_find_their_token_expired(spa, server):
    """They refresh together, and all of them stay logged in."""
    log_in(start(spa, server))
    tabs = [spa, *more_tabs(spa, server, TABS - 1)]
    at_once(tabs, ME)
    seen = refreshes(tabs)
    assert at_once(tabs, EXPIRED) == ["demo"] * TABS
    assert 1 <= len(seen) < TABS
    assert at_once(tabs, ME) == ["demo"] * TABS


def test_log_out_is_seen_in_all_tabs(spa, server):
    """The other tabs stop at once, without a request; the session has ended on the server."""
    before = living_sessions(server)
    log_in(start(spa, server))
    tabs = more_tabs(spa, server, 2)
    at_once(tabs, ME)
    assert living_sessions(server) == before + 1
    spa.evaluate("() => odoo.logOut()")
    for tab in tabs:
        tab.wait_for_function("() => states.at(-1) === 'logged-out other-tab'")
    assert at_once([spa, *tabs], ME) == ["logged_out"] * 3
    assert living_sessions(server) == before
    # and after a reload
    tabs[0].reload()
    assert (
        start(tabs[0], server).evaluate("async () => (await odoo.restore()).status") == "logged-out"
    )


def test_log_out_of_a_page_without_a_token(spa, server):
    """A tab that has just been opened logs out all the same: the cookie is enough."""
    before = living_sessions(server)
    log_in(start(spa, server))
    [tab] = more_tabs(spa, server, 1)
    tab.evaluate("() => odoo.logOut()")
    spa.wait_for_function("() => states.at(-1) === 'logged-out other-tab'")
    assert living_sessions(server) == before


def test_log_in_is_seen_in_all_tabs(spa, server):
    """A tab with the page of the log-in goes on as the user who has logged in elsewhere."""
    [tab] = more_tabs(start(spa, server), server, 1)
    assert tab.evaluate("async () => (await odoo.restore()).status") == "logged-out"
    log_in(spa)
    tab.wait_for_function("() => states.at(-1) === 'logged-in other-tab'")
    assert tab.evaluate(ME) == "demo"


def test_another_user_logs_in(spa, server):
    """A tab of the first user learns it; what it had begun is not done as the second one."""
    demo = log_in(start(spa, server))
    [tab] = more_tabs(spa, server, 1)
    tab.evaluate(ME)
    portal = log_in(spa, "portal")
    tab.wait_for_function(f"() => odoo.authState.userId === {portal}")
    begun = f"() => odoo.create('res.partner', {{name: 'x'}}, {{userId: {demo}}}).catch((error) => error.code)"
    assert tab.evaluate(begun) == "user_changed"
    assert tab.evaluate(ME) == "portal"


def test_reload_keeps_the_session(spa, server):
    """The cookie alone brings a new token."""
    log_in(start(spa, server))
    spa.reload()
    state = start(spa, server).evaluate("() => odoo.restore()")
    assert (state["status"], state["reason"]) == ("logged-in", "refresh")
    assert spa.evaluate(ME) == "demo"


def test_queue_waits_for_the_network(spa, server):
    """What is written offline survives a reload, and is written once, in order, when the network is back."""
    log_in(start(spa, server))
    name = "Written in a tunnel"
    spa.context.set_offline(True)
    spa.evaluate(
        """async (name) => {
            const id = await odoo.queue.create("res.partner", {name});
            await odoo.queue.update("res.partner", id, {ref: "T-1"});
            await odoo.queue.replay();
        }""",
        name,
    )
    assert server.count("res_partner", "name = %s", [name]) == 0
    assert spa.evaluate("async () => (await odoo.queue.entries()).length") == 2
    spa.context.set_offline(False)
    spa.reload()
    start(spa, server).evaluate("() => odoo.restore()")
    spa.evaluate(EMPTIED)
    assert server.sql("SELECT ref FROM res_partner WHERE name = %s", [name]) == [{"ref": "T-1"}]


def test_network_that_comes_back(spa, server):
    """The queue needs no reload for it, and one of two tabs sends."""
    log_in(start(spa, server))
    [tab] = more_tabs(spa, server, 1)
    tab.evaluate(ME)
    spa.context.set_offline(True)
    for number, each in enumerate([spa, tab]):
        each.evaluate(f"() => odoo.queue.create('res.partner', {{name: 'Offline tab {number}'}})")
    spa.context.set_offline(False)
    for each in (spa, tab):
        each.evaluate(EMPTIED)
    assert server.count("res_partner", "name LIKE 'Offline tab %%'") == 2


def test_insecure_page(page, app, server):
    """Without https there are no Web Locks and no cookie: an app's tokens in a storage work, in ten tabs too."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"http://app.shop.example:{app}{PAGE}")
    assert page.evaluate("() => [isSecureContext, navigator.locks === undefined]") == [False, True]
    address = server.url.replace("127.0.0.1", "odoo.shop.example")
    options = {"url": address, "mode": "app"}
    log_in(start(page, server, **options))
    tabs = more_tabs(page, server, TABS - 1, **options)
    seen = refreshes(tabs)
    assert at_once(tabs, ME) == ["demo"] * (TABS - 1)
    assert 1 <= len(seen) <= FEW
    assert not said
    page.evaluate("() => odoo.logOut()")
    for tab in tabs:
        tab.wait_for_function("() => states.at(-1) === 'logged-out other-tab'")


def test_insecure_page_rotates_in_turn(page, app, server, admin):
    """With the profile strict each refresh replaces the token: the lease keeps ten tabs in order."""
    admin.call("ir.config_parameter", "set_param", "jwt_auth_api.profile", "strict")
    try:
        page.goto(f"http://app.shop.example:{app}{PAGE}")
        address = server.url.replace("127.0.0.1", "odoo.shop.example")
        options = {"url": address, "mode": "app"}
        log_in(start(page, server, **options))
        tabs = [page, *more_tabs(page, server, TABS - 1, **options)]
        at_once(tabs, ME)
        assert at_once(tabs, EXPIRED) == ["demo"] * TABS
        assert at_once(tabs, ME) == ["demo"] * TABS
    finally:
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.profile", "compatible")


def test_insecure_page_in_the_mode_of_a_browser(page, app, server):
    """It says why nobody stays logged in."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"http://app.shop.example:{app}{PAGE}")
    start(page, server)
    assert [text for text in said if "without https" in text]


def test_blocked_storage(blocked_page, server):
    """There are no cookies, no `localStorage` and no Web Locks: the login lasts as long as its access token."""
    blocked = """async () => {
        const locks = await navigator.locks.request("x", () => "open").catch((error) => error.name);
        try { return [locks, localStorage.length] } catch (error) { return [locks, error.name] }
    }"""
    assert blocked_page.evaluate(blocked) == ["SecurityError", "SecurityError"]
    log_in(start(blocked_page, server))
    assert blocked_page.evaluate(ME) == "demo"
    write = """async () => {
        await odoo.queue.create("res.partner", {name: "Private window"});
        await odoo.queue.replay();
        return (await odoo.queue.entries()).length;
    }"""
    assert blocked_page.evaluate(write) == 0
    assert server.count("res_partner", "name = 'Private window'") == 1
    blocked_page.evaluate("() => odoo.logOut()")
    assert at_once([blocked_page], ME) == ["logged_out"]


def test_full_storage(spa, server):
    """The person logs in and stays so; only what has to be stored first is refused."""
    fill = """() => {
        for (let size = 2 ** 22; size >= 1; ) {
            try { localStorage.setItem(`filler ${size} ${Math.random()}`, "x".repeat(size)) } catch { size /= 2 }
        }
    }"""
    spa.evaluate(fill)
    log_in(start(spa, server))
    assert spa.evaluate(EXPIRED) == "demo"
    write = "() => odoo.queue.create('res.partner', {name: 'Full'}).catch((error) => error.code)"
    assert spa.evaluate(write) == "storage_error"
    spa.evaluate("() => localStorage.clear()")
    assert spa.evaluate(write).startswith("new:")
    spa.evaluate(EMPTIED)
    assert server.count("res_partner", "name = 'Full'") == 1
    spa.evaluate("() => odoo.logOut()")


def test_log_out_in_the_middle_of_a_write(spa, server):
    """One tab writes, another one logs out: the write is executed or refused, once."""
    log_in(start(spa, server))
    [tab] = more_tabs(spa, server, 1)
    tab.evaluate(ME)
    for number in range(5):
        begin = """(name) => {
            window.running = odoo.create("res.partner", {name});
            window.running.catch(() => {});
        }"""
        name = f"Between {number}"
        tab.evaluate(begin, name)
        spa.evaluate("() => odoo.logOut()")
        end = (
            "() => running.then(() => 1, (error) => (error.code === 'logged_out' ? 0 : error.code))"
        )
        executed = tab.evaluate(end)
        assert server.count("res_partner", "name = %s", [name]) == executed
        log_in(spa)
        tab.wait_for_function("() => odoo.authState.status === 'logged-in'")


def test_profile_strict(spa, server, admin):
    """The cookie has another name and is stricter; the client need not know."""
    admin.call("ir.config_parameter", "set_param", "jwt_auth_api.profile", "strict")
    try:
        log_in(start(spa, server))
        tabs = more_tabs(spa, server, 3)
        assert at_once(tabs, ME) == ["demo"] * 3
        assert "__Host-refreshToken" in {cookie["name"] for cookie in spa.context.cookies()}
        spa.evaluate("() => odoo.logOut()")
        assert spa.evaluate("async () => (await odoo.restore()).status") == "logged-out"
    finally:
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.profile", "compatible")
