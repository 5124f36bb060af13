"""Pages of other origins: which may read an answer, and which may use a cookie."""

from email.utils import parsedate_to_datetime

import pytest
from lib.client import COOKIE, JSON, Device, cookies

ALLOWED = "https://app.example"
LISTED = f" {ALLOWED} , http://localhost:5173/ "
#: Origins that look like the allowed one.
FOREIGN = [
    "https://evil.example",
    "null",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example.evil",
]
FOREIGN += ["http://[", "https://", "://", "http://127.0.0.1@evil.example"]
FOREIGN += [
    "https://evil.app.example",
    "https://APP.example.evil",
    "*",
    "https://app.example, https://evil.example",
]
FOREIGN += [
    "https://app.exampl",
    "app.example",
    "https://app.example/",
    "file://",
    "https://app.example\\.evil",
]


@pytest.fixture(scope="module")
def user(make_user):
    """One for the whole file: nothing here ends more than one session."""
    return make_user()


@pytest.fixture(scope="module", autouse=True)
def listed(admin):
    """Read live: no restart."""
    key = "jwt_auth_api.cors_origins"
    before = admin.call("ir.config_parameter", "get_param", key)
    admin.call("ir.config_parameter", "set_param", key, LISTED)
    yield
    admin.call("ir.config_parameter", "set_param", key, before)


def cors(answer):
    return {name for name in answer.headers if name.startswith("access-control-")}


OURS = "authorization, content-type, refreshtoken, x-client-type, x-requested-with"


def preflight(server, path, origin, method="POST", asked=OURS):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if asked is not None:
        headers["Access-Control-Request-Headers"] = asked
    return Device(server.url).call("OPTIONS", path, headers=headers)


def listed_headers(answer, name):
    return {part.strip().lower() for part in answer.headers[name].split(",")}


@pytest.mark.parametrize("origin", [ALLOWED, "http://localhost:5173"])
def test_preflight_of_an_allowed_origin(server, routes, origin):
    """For every route, all that a browser needs to send the real request, cookies included."""
    for route in routes:
        if route.is_catch_all:
            continue
        answer = preflight(server, route.path, origin)
        methods = answer.headers["Access-Control-Allow-Methods"]
        assert (route.path, set(methods.split(", "))) == (route.path, route.allowed)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert set(OURS.split(", ")) <= listed_headers(answer, "Access-Control-Allow-Headers")
        assert listed_headers(answer, "Vary") == {"origin", "access-control-request-headers"}
        assert "set-cookie" not in answer.headers


#: What tracing, caching, downloads, proxies and frameworks add to requests.
ADDED = "baggage,sentry-trace,traceparent,tracestate,cache-control,pragma,range,if-range"
ADDED += (
    ",x-http-method-override,x-csrf-token,x-request-id,ngrok-skip-browser-warning,content-language"
)


@pytest.mark.parametrize(
    "asked",
    [ADDED, ADDED.replace(",", ", "), "x-a", "X-Request-ID", *ADDED.split(","), "!#$%&'*+.^_`|~"],
)
def test_preflight_reflects_the_headers_asked_for(server, asked):
    """A browser refuses the real request when one of them is missing."""
    for path in ("/api/login", "/api/send_request", "/api/v1/res.partner/1"):
        answer = preflight(server, path, ALLOWED, asked=asked)
        names = {name.strip().lower() for name in asked.split(",")}
        assert names <= listed_headers(answer, "Access-Control-Allow-Headers")
        assert listed_headers(answer, "Vary") == {"origin", "access-control-request-headers"}


@pytest.mark.parametrize("asked", [None, "", ",", "a b", "x-a;q=1", "x-\u00e9", "x" * 3000])
def test_preflight_without_names_is_told_ours(server, asked):
    """What is no list of header names comes back in no header."""
    asked = asked if asked is None else asked.encode()
    answer = preflight(server, "/api/login", ALLOWED, asked=asked)
    allowed = listed_headers(answer, "Access-Control-Allow-Headers")
    assert set(OURS.split(", ")) | {"idempotency-key", "if-match"} <= allowed
    assert not allowed & {"", "a b", "x-a;q=1", "x-\u00e9", "x" * 3000}
    assert answer.status_code == 204


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_preflight_of_another_origin_is_told_no_header(server, origin):
    headers = {"Access-Control-Request-Headers": ADDED, "Access-Control-Request-Method": "POST"}
    if origin:
        headers["Origin"] = origin
    answer = Device(server.url).call("OPTIONS", "/api/login", headers=headers)
    assert cors(answer) == set()
    assert listed_headers(answer, "Vary") == {"origin", "access-control-request-headers"}


@pytest.mark.parametrize("origin", FOREIGN)
def test_preflight_of_another_origin(server, routes, origin):
    """Not one header: neither reflected, nor `*`, nor `null`."""
    for route in routes:
        answer = preflight(server, route.path, origin)
        assert (route.path, answer.status_code) == (route.path, 204)
        assert cors(answer) == set()
        assert "Origin" in answer.headers["Vary"]


EXPOSED = {"www-authenticate", "retry-after", "etag", "location", "content-language", "allow"}
EXPOSED |= {"content-disposition", "content-range", "accept-ranges", "x-token-expires-in"}


def answers(device, origin):
    """One of each kind: right, refused, unknown, forbidden method, wrong login."""
    headers = {"Origin": origin} if origin else {}
    good = {"model": "res.country", "fields": '["code"]', "limit": 1}
    return [
        device.call("GET", "/api/send_request", params=good, headers=headers),
        device.call("GET", "/api/send_request", params=good, headers=headers, authorize=False),
        device.call(
            "GET",
            "/api/send_request",
            params=good,
            headers={**headers, "Authorization": "Bearer x"},
        ),
        device.call("GET", "/api/send_request", params={}, headers=headers),
        device.call("GET", "/api/nothing", headers=headers),
        device.call("GET", "/api/login", headers=headers),
        device.call("POST", "/api/login", headers=headers, content=b"x"),
        device.call(
            "POST",
            "/api/login",
            headers=headers,
            json={"login": "nobody", "password": "wrong pass"},
        ),
        device.call(
            "POST", "/api/update/access-token", headers=headers, json={"refreshToken": "x"}
        ),
    ]


def test_errors_can_be_read_too(server, device):
    """Else a page sees "network error" in place of 401; what it may read besides the body is exposed."""
    found = answers(device, ALLOWED)
    assert [answer.status_code for answer in found] == [200, 401, 401, 400, 404, 405, 415, 401, 401]
    for answer in found:
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert listed_headers(answer, "Access-Control-Expose-Headers") >= EXPOSED
        assert "Origin" in answer.headers["Vary"]
        assert answer.headers.get_list("Access-Control-Allow-Origin") == [ALLOWED]


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_other_origins_read_nothing(device, origin):
    """The answers are the same, but for the headers that would let a page see them; caches tell them apart."""
    for answer in answers(device, origin):
        assert cors(answer) == set()
        assert "Origin" in answer.headers["Vary"]
        assert answer.headers["Content-Type"] == JSON


def test_list_counts_from_the_next_request_on(server, admin, device):
    headers = {"Origin": "https://new.example"}
    assert all(
        cors(device.call("GET", "/api/nothing", headers=headers)) == set() for _time in range(4)
    )
    admin.call(
        "ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", "https://new.example"
    )
    try:
        found = [device.call("GET", "/api/nothing", headers=headers) for _time in range(8)]
        assert all(
            answer.headers["Access-Control-Allow-Origin"] == "https://new.example"
            for answer in found
        )
    finally:
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", LISTED)
    assert all(
        cors(device.call("GET", "/api/nothing", headers=headers)) == set() for _time in range(8)
    )


@pytest.mark.parametrize("value", ["", " ", ",", "*", "null", ",,null,*"])
def test_lists_that_allow_nobody(server, admin, device, value):
    """No wildcard, and no `null`, whatever an administrator writes; the log names what is ignored."""
    server.expect("cors_origins: ignoring")
    admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", value)
    try:
        for origin in ("https://evil.example", "null", "*", ""):
            for _time in range(3):
                answer = device.call("GET", "/api/nothing", headers={"Origin": origin})
                assert cors(answer) == set()
    finally:
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", LISTED)


# --- the cookie ------------------------------------------------------------------------------


@pytest.fixture
def browser(user, log_in):
    """One that a test may log out."""
    return log_in(user, "browser")


@pytest.fixture(scope="module")
def page(user, log_in):
    """One that goes on: a test that uses it leaves it logged in, see :func:`goes_on`."""
    return log_in(user, "browser")


def goes_on(page):
    """Nothing was rotated, nothing ended; the browser has its next tokens."""
    answer = page.renew()
    assert answer.status_code == 200
    page.cookie, page.access = cookies(answer)[COOKIE].value, answer.json()["access_token"]
    return True


def test_cookie_as_promised(user, server):
    """HttpOnly, Secure, SameSite=Lax, for this host alone; not longer than the token lives."""
    answer = Device(server.url, "browser").login(user.login, user.password)
    [header] = answer.headers.get_list("set-cookie")
    cookie = cookies(answer)[COOKIE]
    assert cookie.value == answer.json()["refreshToken"]
    attributes = {part.strip() for part in header.split(";")[1:]}
    expires = parsedate_to_datetime(cookie["expires"]) - parsedate_to_datetime(
        answer.headers["Date"]
    )
    assert abs(expires.total_seconds() - int(cookie["max-age"])) <= 2
    assert {part for part in attributes if not part.startswith(("Max-Age=", "Expires="))} == {
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Path=/",
    }
    assert 0 < int(cookie["max-age"]) <= 2592000
    app = Device(server.url, "app").login(user.login, user.password)
    assert "set-cookie" not in app.headers


@pytest.mark.parametrize(
    ("agent", "declared", "cookie"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", None, True),
        ("curl/8.5", None, False),
        ("", None, False),
        ("curl/8.5", "browser", True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "app", False),
        ("curl/8.5", "BROWSER", True),
        ("curl/8.5", "nonsense", False),
    ],
)
def test_who_is_a_browser(user, http, agent, declared, cookie):
    headers = {"User-Agent": agent, **({"X-Client-Type": declared} if declared else {})}
    answer = http.post(
        "/api/login", json={"login": user.login, "password": user.password}, headers=headers
    )
    assert (COOKIE in cookies(answer)) == cookie


def test_rotation_of_the_cookie(browser):
    """Both endpoints rotate it, in the cookie alone: no script of a page gets to see the new one."""
    seen = {browser.cookie}
    for call in (browser.renew, browser.rotate, browser.renew):
        answer = call()
        assert answer.status_code == 200
        assert len(answer.headers.get_list("set-cookie")) == 1
        browser.cookie = cookies(answer)[COOKIE].value
        assert browser.cookie not in seen
        assert browser.cookie not in answer.text
        seen.add(browser.cookie)
        if "status" in answer.json():
            assert answer.json() == {"status": "done", "refreshToken": 1}
        else:
            assert set(answer.json()) == {"access_token"}


@pytest.mark.parametrize("kind", ["app", "nonsense", ""])
@pytest.mark.parametrize("agent", ["curl/8.5", ""])
def test_no_header_gets_the_cookie_out(page, kind, agent):
    """A script in the page can set headers; it gets no token into a body with that."""
    headers = {"X-Client-Type": kind, "User-Agent": agent}
    answer = page.rotate(headers=headers)
    assert answer.json() == {"status": "done", "refreshToken": 1}
    page.cookie = cookies(answer)[COOKIE].value


@pytest.mark.parametrize("origin", FOREIGN)
def test_cookie_is_not_for_foreign_origins(page, origin):
    """Nothing is rotated, nothing ended."""
    for call in (page.renew, page.rotate):
        answer = call(headers={"Origin": origin})
        assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")
        assert "set-cookie" not in answer.headers
    assert goes_on(page)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_cookie_is_not_for_foreign_sites(page, site):
    """A browser that sends no Origin says so in this header."""
    answer = page.renew(headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")
    assert goes_on(page)


def test_cookie_is_for_our_own_pages_and_allowed_origins(server, page):
    for headers in (
        {"Origin": server.url, "Sec-Fetch-Site": "same-origin"},
        {"Origin": ALLOWED, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        answer = page.renew(headers=headers)
        assert answer.status_code == 200, headers
        page.cookie = cookies(answer)[COOKIE].value


FORMS = {
    "form": {"data": {"user_id": "2"}},
    "multipart": {"files": {"a": b"b"}},
    "text": {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    "text that is JSON": {
        "content": b'{"a": 1}',
        "headers": {"Content-Type": "text/plain;charset=UTF-8"},
    },
    "no type": {"content": b"{}"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["/api/update/access-token", "/api/update/refresh-token"])
def test_cookie_with_a_form(page, path, form):
    """What a page of any origin can send without asking first is refused, its own origin or not."""
    options = {**FORMS[form]}
    headers = {"Cookie": f"{COOKIE}={page.cookie}", **options.pop("headers", {})}
    answer = page.call("POST", path, headers=headers, **options)
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")
    assert "set-cookie" not in answer.headers
    assert goes_on(page)


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_bodyless_post_with_a_cookie(page, origin):
    """It needs no preflight: the origin decides."""
    headers = {"Cookie": f"{COOKIE}={page.cookie}", "Origin": origin}
    answer = page.call("POST", "/api/update/access-token", headers=headers, authorize=False)
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_cookie_with_another_method(page, method):
    """An image or a link of a foreign page refreshes nothing and logs nobody out."""
    for path in ("/api/update/access-token", "/api/update/refresh-token", "/api/revoke/token"):
        answer = page.call(method, path, headers={"Cookie": f"{COOKIE}={page.cookie}"})
        assert answer.status_code == 405
        assert "set-cookie" not in answer.headers
    assert goes_on(page)


def test_cookie_alone_opens_no_data(page):
    headers = {"Cookie": f"{COOKIE}={page.cookie}"}
    for method, path in (
        ("GET", "/api/send_request"),
        ("POST", "/api/update/refresh-token"),
    ):
        answer = page.call(
            method,
            path,
            headers=headers,
            authorize=False,
            **({"json": {}} if method == "POST" else {}),
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "missing_token")
    assert goes_on(page)


def test_cookie_alone_logs_out(user, log_in):
    """As a page does that was reloaded; a page of a foreign origin does not."""
    browser = log_in(user, "browser")
    headers = {"Cookie": f"{COOKIE}={browser.cookie}"}

    def log_out(origin):
        sent = {**headers, "Origin": origin}
        return browser.call("POST", "/api/revoke/token", headers=sent, authorize=False, json={})

    for origin in ("https://evil.example", "null", browser.url.replace("127.0.0.1", "localhost")):
        answer = log_out(origin)
        assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")
    assert browser.get().status_code == 200
    answer = log_out(ALLOWED)
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "logged_out": 1})
    assert cookies(answer)[COOKIE].value == ""
    assert browser.statuses() == {401}


def test_explicit_token_wins_over_the_cookie(user, log_in, page):
    """A wrong one is wrong: the cookie does not stand in for it."""
    app = log_in(user)
    for wrong in ("garbage", f"v1.{'A' * 22}.{'B' * 43}"):
        answer = page.renew(json={"refreshToken": wrong})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    answer = page.renew(json={"refreshToken": app.refresh})
    assert answer.status_code == 200
    fresh = Device(page.url)
    fresh.access = answer.json()["access_token"]
    assert app.logout().status_code == 200
    assert fresh.get().status_code == 401  # it was the app's session
    assert goes_on(page)


def test_logout_clears_the_cookie(browser):
    """Same name, path and attributes, no time left."""
    answer = browser.logout()
    cookie = cookies(answer)[COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/")
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
