"""A page of another origin works with the API as the guide says: CORS, cookie and entity tags in a real browser."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lib import documents


def script_of_the_guide(url):
    """The guide's own JavaScript."""
    blocks = documents.read(documents.GUIDE_SPA).blocks
    [script] = [each.text for each in blocks if each.section == "Log in" and each.language == "js"]
    return script.replace("https://odoo.example.com", url)


LOGIN = """
async (credentials) => {
    const answer = await fetch(URL_ + "/api/login", {
        method: "POST", credentials: "include", headers: {"Content-Type": "application/json"},
        body: JSON.stringify(credentials),
    });
    return [answer.status, await answer.json()];
}
"""
CALL = """
async ([path, options]) => {
    const answer = await call(URL_ + path, options);
    return {status: answer.status, tag: answer.headers.get("ETag"), body: await answer.json().catch(() => null)};
}
"""


@pytest.fixture(scope="module")
def app(server, admin):
    """The port of a web server whose one page holds the guide's script; of its two names one is allowed."""
    script = f"const URL_ = {server.url!r};\n{script_of_the_guide(server.url)}"
    content = f"<!DOCTYPE html><title>App</title><script>{script}</script>".encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{pages.server_port}"
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", origin)
        yield pages.server_port
        pages.shutdown()


@pytest.fixture
def spa(page, app):
    """The page under the allowed name: another origin than the server's, of the same site."""
    page.goto(f"http://127.0.0.1:{app}/")
    return page


def log_in(page):
    status, body = page.evaluate(LOGIN, {"login": "demo", "password": "demo"})
    assert status == 200, body
    return body


def call(page, path, **options):
    return page.evaluate(CALL, [path, options])


def test_page_refreshes_and_calls(spa):
    """No token in the page's hands but the short one: the cookie alone brings it, and rotates."""
    log_in(spa)
    [cookie] = spa.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("refreshToken", True, "Lax")
    assert "refreshToken" not in spa.evaluate("document.cookie")
    answer = call(spa, "/api/me")
    assert (answer["status"], answer["body"]["data"]["login"]) == (200, "demo")
    [rotated] = spa.context.cookies()
    assert rotated["value"] != cookie["value"]
    # a new page of the same browser, which has no token yet
    spa.reload()
    assert call(spa, "/api/me")["status"] == 200


def test_tabs_refresh_together(spa, app):
    """Tabs that wake up at once: the grace and the Web Lock keep all of them logged in."""
    log_in(spa)
    tabs = [spa.context.new_page() for _number in range(4)]
    for tab in tabs:
        tab.goto(f"http://127.0.0.1:{app}/")
    for tab in tabs:
        tab.evaluate(
            "() => { window.done = call(URL_ + '/api/me').then(answer => answer.status); }"
        )
    assert [tab.evaluate("() => window.done") for tab in tabs] == [200] * 4
    assert call(spa, "/api/me")["status"] == 200


def test_page_reads_writes_and_uploads(spa):
    """Preflights, exposed headers and bodies of every kind that the data routes take."""
    log_in(spa)
    headers = {"Content-Type": "application/json"}
    body = '{"values": {"name": "Page"}, "fields": ["name"]}'
    made = call(spa, "/api/v1/res.partner", method="POST", headers=headers, body=body)
    assert made["status"] == 201, made
    path = f"/api/v1/res.partner/{made['body']['data']['id']}"
    read = call(spa, f'{path}?fields=["name"]', headers={"Accept-Language": "*"})
    assert read["tag"]
    change = '{"values": {"name": "Page 2"}}'
    guarded = {"method": "PATCH", "headers": {**headers, "If-Match": read["tag"]}, "body": change}
    assert call(spa, path, **guarded)["status"] == 200
    assert call(spa, path, **guarded)["status"] == 412
    uploaded = spa.evaluate(
        """async (path) => {
            const canvas = new OffscreenCanvas(8, 8);
            canvas.getContext("2d").fillRect(0, 0, 8, 8);
            const blob = await canvas.convertToBlob();
            const stored = await call(URL_ + path, {method: "PUT", body: blob});
            const loaded = await call(URL_ + path);
            return [stored.status, loaded.status, loaded.headers.get("ETag") !== null, (await loaded.blob()).type];
        }""",
        f"{path}/image_1920",
    )
    assert uploaded == [200, 200, True, "image/png"]
    assert call(spa, path, method="DELETE")["status"] == 200
    assert call(spa, path)["status"] == 404  # an error can be read as well


def test_page_of_another_site_gets_nothing(spa, app):
    """Neither the answer nor the cookie, although the user of the same browser is logged in."""
    log_in(spa)
    spa.goto(f"http://localhost:{app}/")
    refused = spa.evaluate(
        "() => fetch(URL_ + '/api/update/access-token', {method: 'POST', credentials: 'include'})"
        ".then(answer => answer.status, () => 'blocked')"
    )
    assert refused == "blocked"
