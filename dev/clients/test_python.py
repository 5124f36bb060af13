"""The Python client, with threads and with asyncio: against the server, and against failures that are made here."""

import asyncio
import base64
import inspect
import json
import os
import re
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate

import httpx
import pytest
from lib.bootstrap import ROOT
from lib.image import PNG

sys.path.insert(0, str(ROOT / "clients" / "python" / "src"))

import odoo_jwt_api
from odoo_jwt_api import (
    ApiError,
    AsyncClient,
    Client,
    FileStore,
    LoggedOutError,
    MfaRequiredError,
    NetworkError,
    RequestTimeoutError,
    StoreError,
)

URL = "https://odoo.example.com"
REFRESH = "/api/update/access-token"
PARTNERS = "/api/v1/res.partner"


class Blocking:
    """An AsyncClient whose methods wait, so that one test is for both clients.

    Its loop has a thread of its own: the browser of other tests has one in this thread.
    """

    def __init__(self, loop, client):
        self._loop, self._client = loop, client

    def __getattr__(self, name):
        found = getattr(self._client, name)
        return self._waiting(found) if callable(found) else found

    def _waiting(self, method):
        def call(*args, **options):
            result = method(*args, **options)
            waiting = result if inspect.isawaitable(result) else collected(result)
            return asyncio.run_coroutine_threadsafe(waiting, self._loop).result()

        return call


async def collected(generator):
    return [each async for each in generator]


@pytest.fixture(params=["threads", "asyncio"])
def make(request):
    """A function that makes a client of one of the two kinds."""
    made = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def new(url=URL, handler=None, follow_redirects=False, **options):
        kind = Client if request.param == "threads" else AsyncClient
        http = httpx.Client if kind is Client else httpx.AsyncClient
        if handler:
            transport = httpx.MockTransport(handler)
            options["http"] = http(transport=transport, follow_redirects=follow_redirects)
        client = kind(url, **options)
        made.append(client if kind is Client else Blocking(loop, client))
        return made[-1]

    yield new
    for client in made:
        client.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def odoo(make, server):
    client = make(server.url)
    client.log_in("demo", "demo")
    return client


# --- against the server -------------------------------------------------------------------------


def test_who_is_logged_in(odoo):
    assert odoo.me()["login"] == "demo"
    assert odoo.me()["id"] == odoo.user_id
    assert [each["current"] for each in odoo.sessions()].count(True) == 1


def test_a_contact_from_its_creation_to_its_end(odoo, server):
    """Create, read, change with the version, file, delete; each with its effect in the database."""
    name = f"Python {uuid.uuid4().hex}"
    ada = odoo.create("res.partner", {"name": name}, fields=["name"])
    record_id = ada.record["id"]
    assert server.count("res_partner", "name = %s", [name]) == 1
    assert odoo.list("res.partner", fields=["name"], domain=[["name", "=", name]]).total == 1
    changed = odoo.update("res.partner", record_id, {"ref": "P-1"}, etag=ada.etag, fields=["ref"])
    assert changed.record == {"id": record_id, "ref": "P-1"}
    with pytest.raises(ApiError) as caught:
        odoo.update("res.partner", record_id, {"ref": "P-2"}, etag=ada.etag)
    assert (caught.value.code, caught.value.status) == ("precondition_failed", 412)
    odoo.upload("res.partner", record_id, "image_1920", PNG, "image/png")
    photo = odoo.download("res.partner", record_id, "image_1920")
    assert (photo.content, photo.media_type) == (PNG, "image/png")
    assert photo.filename.endswith(".png")
    assert httpx.get(odoo.link("res.partner", record_id, "image_1920")).content == PNG
    odoo.delete("res.partner", record_id)
    assert server.count("res_partner", "name = %s", [name]) == 0
    with pytest.raises(ApiError) as caught:
        odoo.get("res.partner", record_id)
    assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_several_at_once(odoo):
    made = odoo.create_many("res.partner", [{"name": "P 1"}, {"name": "P 2"}], fields=["name"])
    assert [each["name"] for each in made] == ["P 1", "P 2"]
    ids = [each["id"] for each in made]
    changed = odoo.update_many("res.partner", {key: {"ref": "B"} for key in ids}, fields=["ref"])
    assert [each["ref"] for each in changed] == ["B", "B"]
    odoo.delete_many("res.partner", ids)
    assert odoo.list("res.partner", domain=[["id", "in", ids]]).records == []


def test_iterate(odoo):
    records = list(odoo.iterate("res.partner", fields=["name"], order="name", limit=7))
    total = odoo.list("res.partner", limit=1).total
    assert len(records) == len({each["id"] for each in records}) == total


def test_empty_values_and_references(odoo):
    """An empty value is None, a many2one an object; `relations` asks for ids."""
    made = odoo.create("res.partner", {"name": "Typed", "country_id": 233})
    key, fields = made.record["id"], ["country_id", "email"]
    record = odoo.get("res.partner", key, fields=fields).record
    assert record["email"] is None
    assert record["country_id"]["id"] == 233
    assert odoo.get("res.partner", key, fields=fields, relations="id").record["country_id"] == 233


def test_action_and_wrong_field(odoo):
    [product] = odoo.list("product.product", domain=[["sale_ok", "=", True]], limit=1).records
    [partner] = odoo.list("res.partner", limit=1).records
    line = [0, 0, {"product_id": product["id"]}]
    order = odoo.create("sale.order", {"partner_id": partner["id"], "order_line": [line]})
    assert odoo.action("sale.order", order.record["id"], "action_confirm") is True
    with pytest.raises(ApiError) as caught:
        odoo.create("res.partner", {"nmae": "x"})
    assert (caught.value.code, caught.value.status) == ("unknown_field", 400)


def test_rotation_with_an_access_token_that_is_refused(make, server):
    """The key was replaced, or a clock was moved: a new access token, and the rotation once more."""
    client = make(server.url)
    client.log_in("demo", "demo")
    core = client._core
    refused = core.access.token[:-8] + "AAAAAAAA"
    core.access = replace(core.access, token=refused)
    before = core.store.load()
    client.rotate_refresh_token()
    assert core.store.load() != before
    assert core.access.token != refused
    assert client.me()["login"] == "demo"


def test_file_together_with_values(odoo):
    """The record and its photo in one request, which is executed once."""
    files = {"image_1920": ("photo.png", PNG, "image/png")}
    made = odoo.create("res.partner", {"name": "Photo"}, files=files, fields=["name"])
    assert made.record["name"] == "Photo"
    assert odoo.download("res.partner", made.record["id"], "image_1920").content == PNG
    with pytest.raises(ApiError) as caught:
        odoo.update("res.partner", made.record["id"], {}, files={"image_1920": PNG}, etag='"x"')
    assert caught.value.status == 412


def test_session_of_a_file(make, server, tmp_path):
    """A second run goes on without a password; logging out ends the session and removes the token."""
    path = tmp_path / "token"
    make(server.url, store=FileStore(path)).log_in("demo", "demo")
    assert path.stat().st_mode & 0o777 == 0o600
    again = make(server.url, store=FileStore(path))
    assert again.me()["login"] == "demo"
    before = path.read_text()
    again.rotate_refresh_token()
    assert path.read_text() != before
    token = again.access_token()
    again.log_out()
    assert not path.exists()
    answer = httpx.get(f"{server.url}/api/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    with pytest.raises(LoggedOutError):
        make(server.url, store=FileStore(path)).me()


def test_token_file_is_always_a_new_one(tmp_path):
    """What somebody has put beside it is neither written to nor used, and no file is left over."""
    path, victim = tmp_path / "token", tmp_path / "victim"
    victim.write_text("of somebody else")
    beside = tmp_path / f"token.{os.getpid()}"
    beside.symlink_to(victim)
    FileStore(path).save("v1.secret")
    assert victim.read_text() == "of somebody else"
    assert not path.is_symlink()
    beside.unlink()
    beside.write_text("")
    beside.chmod(0o644)
    path.chmod(0o644)
    FileStore(path).save("v1.next")
    assert path.stat().st_mode & 0o777 == 0o600
    assert FileStore(path).load() == "v1.next"
    assert {each.name for each in tmp_path.iterdir()} == {"token", "victim", beside.name}


def test_token_file_that_cannot_be_replaced(tmp_path):
    """The new token is not left in another file."""
    folder = tmp_path / "token"
    folder.mkdir()
    with pytest.raises(OSError, match="token"):
        FileStore(folder).save("v1.secret")
    assert list(tmp_path.rglob("*")) == [folder]


def test_wrong_password(make, server):
    with pytest.raises(ApiError) as caught:
        make(server.url).log_in("demo", "wrong")
    assert (caught.value.code, caught.value.status) == ("invalid_credentials", 401)


# --- against failures ---------------------------------------------------------------------------


def token(seconds=900, shift=0):
    now = int(time.time()) + shift
    claims = {"user_id": 7, "iat": now, "exp": now + seconds, "jti": uuid.uuid4().hex}
    return f"e.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"


class Fake:
    """A server: *answers* has what it says in turn for `method path`, the last one for ever."""

    def __init__(self, **answers):
        self.requests, self.answers, self.accepted = [], {}, set()
        self.lock = threading.Lock()

    def says(self, place, *answers):
        self.answers[place] = list(answers)

    def __call__(self, request):
        with self.lock:
            return self._answer(request)

    def _answer(self, request):
        self.requests.append(request)
        place = f"{request.method} {request.url.path}"
        if request.url.path.startswith("/api/v1"):
            sent = request.headers["Authorization"].removeprefix("Bearer ")
            if sent not in self.accepted:
                return refused(401, "invalid_token")
        if place in self.answers:
            answers = self.answers[place]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if request.url.path == "/api/login":
            return answered({"token": self.token(), "refreshToken": "v1.0", "user_id": 7})
        if request.url.path == REFRESH:
            return answered({"access_token": self.token()})
        return answered({"success": True, "data": []})

    def token(self):
        self.accepted.add(found := token())
        return found

    def sent(self, path):
        return [each for each in self.requests if each.url.path == path]


def answered(value, status=200, **headers):
    return httpx.Response(status, json=value, headers=headers)


def refused(status, error, headers=None, **more):
    body = {"success": False, "error": error, "message": f"It is {error}.", **more}
    return httpx.Response(status, json=body, headers=headers)


LOST = httpx.ReadError("connection reset")


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def client(make, fake):
    made = make(handler=fake)
    made.log_in("demo", "demo")
    fake.requests.clear()
    return made


def test_create_is_repeated_with_its_key(client, fake):
    made = answered({"success": True, "data": {"id": 3}}, 201, ETag='"1"')
    fake.says(f"POST {PARTNERS}", LOST, refused(503, "unavailable"), made)
    result = client.create("res.partner", {"name": "Ada"})
    assert (result.record, result.etag) == ({"id": 3}, '"1"')
    keys = [each.headers["Idempotency-Key"] for each in fake.requests]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_retry_after(client, fake):
    fake.says(
        f"GET {PARTNERS}",
        refused(429, "too_many_requests", {"Retry-After": "1"}),
        answered({"data": []}),
    )
    started = time.monotonic()
    client.list("res.partner")
    assert time.monotonic() - started >= 1


def test_long_retry_after(client, fake):
    fake.says(f"GET {PARTNERS}", refused(429, "too_many_requests", {"Retry-After": "3600"}))
    with pytest.raises(ApiError) as caught:
        client.list("res.partner")
    assert (caught.value.status, caught.value.retry_after) == (429, 3600)
    assert len(fake.requests) == 1


def test_guarded_update_is_sent_once(client, fake):
    fake.says(f"PATCH {PARTNERS}/3", LOST)
    with pytest.raises(NetworkError) as caught:
        client.update("res.partner", 3, {}, etag='"1"')
    assert (caught.value.code, caught.value.uncertain) == ("network_error", True)
    assert len(fake.requests) == 1


def test_delete_whose_response_was_lost(client, fake):
    fake.says(f"DELETE {PARTNERS}/3", LOST, refused(404, "not_found"))
    client.delete("res.partner", 3)
    assert len(fake.requests) == 2


def test_delete_of_nothing(client, fake):
    fake.says(f"DELETE {PARTNERS}/3", refused(404, "not_found"))
    with pytest.raises(ApiError) as caught:
        client.delete("res.partner", 3)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("follows", [False, True])
def test_redirect_is_never_followed(make, fake, follows, status):
    """No token goes along, not even with an httpx client that follows redirects otherwise."""
    client = make(handler=fake, follow_redirects=follows)
    client.log_in("demo", "demo")
    answer = httpx.Response(status, headers={"Location": f"https://evil.example{PARTNERS}"})
    rotation, revocation = "/api/update/refresh-token", "/api/revoke/token"
    for place in (f"GET {PARTNERS}", f"POST {PARTNERS}", f"POST {rotation}", f"POST {revocation}"):
        fake.says(place, answer)
    for method, *args in [
        ("list", "res.partner"),
        ("create", "res.partner", {}),
        ("rotate_refresh_token",),
        ("log_out",),
    ]:
        with pytest.raises(NetworkError, match="http:// in place of https://") as caught:
            getattr(client, method)(*args)
        assert (caught.value.code, caught.value.status) == ("redirected", status)
        assert not caught.value.uncertain
    assert {each.url.host for each in fake.requests} == {"odoo.example.com"}
    # each of them was sent once, after the login: to send it again would not help
    assert len(fake.requests) == 5


@pytest.mark.parametrize(
    "name", [".evil.example", "@evil.example", "//evil.example", "https://evil.example"]
)
def test_no_name_leads_to_another_server(client, fake, name):
    client.list(name)
    client.download(name, 3, name)
    assert {each.url.host for each in fake.requests} == {"odoo.example.com"}
    assert all(each.url.raw_path.startswith(b"/api/v1/") for each in fake.requests)


def test_refusal_names_fields(client, fake):
    fields = {"email": ["It is not an address."]}
    fake.says(f"POST {PARTNERS}", refused(422, "validation_error", fields=fields))
    with pytest.raises(ApiError) as caught:
        client.create("res.partner", {})
    assert (caught.value.fields, caught.value.message) == (fields, "It is validation_error.")
    assert len(fake.requests) == 1


def test_timeout(client, fake):
    fake.says(f"GET {PARTNERS}", httpx.ReadTimeout("slow"))
    with pytest.raises(RequestTimeoutError) as caught:
        client.list("res.partner")
    assert (caught.value.code, caught.value.status) == ("timeout", 0)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (200, NetworkError, "bad_response"),
        (502, NetworkError, "http_502"),
        (403, ApiError, "http_403"),
    ],
)
def test_page_of_a_proxy(make, fake, status, kind, code):
    client = make(handler=fake, retries=0)
    client.log_in("demo", "demo")
    fake.says(f"GET {PARTNERS}", httpx.Response(status, text="<h1>Sorry</h1>"))
    with pytest.raises(ApiError) as caught:
        client.list("res.partner")
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.status) == (code, status)


def test_expired_token_is_replaced_once(client, fake):
    fake.accepted.clear()
    client.list("res.partner")
    assert [each.url.path for each in fake.requests] == [PARTNERS, REFRESH, PARTNERS]
    assert fake.sent(REFRESH)[0].headers["refreshToken"] == "v1.0"


def test_no_loop(client, fake):
    fake.says(f"GET {PARTNERS}", refused(401, "invalid_token"))
    with pytest.raises(ApiError) as caught:
        client.list("res.partner")
    assert caught.value.code == "invalid_token"
    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_refresh_token"), (400, "invalid_grant")]
)
def test_session_has_ended(client, fake, status, error):
    fake.accepted.clear()
    fake.says(f"POST {REFRESH}", refused(status, error))
    for _time in range(2):
        with pytest.raises(LoggedOutError):
            client.list("res.partner")
    assert len(fake.sent(REFRESH)) == 1
    assert client.user_id is None


def test_each_new_refresh_token_is_stored(make, fake, tmp_path):
    """As with the profile strict; a second client finds it."""
    store = FileStore(tmp_path / "token")
    client = make(handler=fake, store=store)
    client.log_in("demo", "demo")
    fake.accepted.clear()
    fake.says(f"POST {REFRESH}", answered({"access_token": fake.token(), "refreshToken": "v1.1"}))
    fake.accepted.clear()
    with pytest.raises(ApiError):
        client.list("res.partner")
    assert store.load() == "v1.1"


def test_lost_refresh_is_repeated_with_the_same_token(client, fake):
    fake.accepted.clear()
    found = fake.token()
    fake.says(f"POST {REFRESH}", LOST, httpx.ReadTimeout("slow"), answered({"access_token": found}))
    client.list("res.partner")
    assert [each.headers["refreshToken"] for each in fake.sent(REFRESH)] == ["v1.0"] * 3


class Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends before its end."""

    def __iter__(self):
        yield b'{"success": true, "da'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")

    async def __aiter__(self):
        for piece in self:
            yield piece


def test_body_that_is_cut_off(client, fake):
    made = answered({"success": True, "data": {"id": 3}}, 201)
    fake.says(f"POST {PARTNERS}", httpx.Response(201, stream=Cut()), made)
    assert client.create("res.partner", {}).record == {"id": 3}
    half = httpx.Response(200, text='{"success": true, "da')
    fake.says(f"GET {PARTNERS}", half, answered({"data": [{"id": 1}]}))
    assert client.list("res.partner").records == [{"id": 1}]
    fake.says(f"PATCH {PARTNERS}/3", half)
    with pytest.raises(NetworkError) as caught:
        client.update("res.partner", 3, {}, etag='"1"')
    assert (caught.value.code, caught.value.uncertain) == ("bad_response", True)
    broken = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Cut())
    fake.says(f"GET {PARTNERS}", broken, answered({"data": []}))
    assert client.list("res.partner").records == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(401, text="<h1>Proxy</h1>"),
        lambda: httpx.Response(401, json={"error": "unauthorized"}),
        lambda: httpx.Response(302, headers={"Location": "http://hotel.example"}),
        lambda: httpx.Response(200, json={"status": "ok"}),
        lambda: httpx.Response(200, json={"access_token": "x"}),
        lambda: refused(502, "unavailable"),
    ],
)
def test_what_is_in_between_logs_nobody_out(make, fake, answer):
    client = make(handler=fake, retries=0)
    client.log_in("demo", "demo")
    fake.accepted.clear()
    fake.says(f"POST {REFRESH}", answer())
    with pytest.raises(ApiError) as caught:
        client.list("res.partner")
    assert not isinstance(caught.value, LoggedOutError)
    fake.says(f"POST {REFRESH}", answered({"access_token": fake.token()}))
    client.list("res.partner")


@pytest.mark.parametrize("status", [502, 504])
def test_gateway_in_the_form_of_the_api(client, fake, status):
    made = answered({"success": True, "data": {"id": 3}}, 201)
    fake.says(f"POST {PARTNERS}", refused(status, "unavailable"), made)
    assert client.create("res.partner", {}).record == {"id": 3}


@pytest.mark.parametrize(
    ("last", "uncertain"),
    [
        (lambda: refused(503, "unavailable"), True),
        (lambda: refused(401, "invalid_token"), True),
        # an executed request would have got its response again
        (lambda: refused(422, "validation_error"), False),
    ],
)
def test_create_that_may_have_been_executed(make, fake, last, uncertain):
    client = make(handler=fake, retries=1)
    client.log_in("demo", "demo")
    fake.says(f"POST {PARTNERS}", LOST, last())
    fake.says(f"POST {REFRESH}", refused(401, "invalid_refresh_token"))
    with pytest.raises(ApiError) as caught:
        client.create("res.partner", {})
    assert caught.value.uncertain is uncertain


def test_call_that_was_not_sent(make, fake):
    """A refresh is lost: the call cannot have been executed."""
    client = make(handler=fake, retries=0)
    client.log_in("demo", "demo")
    fake.accepted.clear()
    fake.says(f"POST {REFRESH}", LOST)
    with pytest.raises(NetworkError) as caught:
        client.create("res.partner", {})
    assert caught.value.uncertain is False


def test_change_that_creates_records_is_sent_once(client, fake):
    values = {"child_ids": [(1, 5, {"bank_ids": [[0, 0, {"acc_number": "1"}]]})]}
    fake.says(f"PATCH {PARTNERS}/3", LOST)
    fake.says(f"PATCH {PARTNERS}", LOST)
    for change in (
        lambda: client.update("res.partner", 3, values),
        lambda: client.update_many("res.partner", {3: values}),
    ):
        fake.requests.clear()
        with pytest.raises(NetworkError):
            change()
        assert len(fake.requests) == 1
    fake.says(f"PATCH {PARTNERS}/3", LOST, answered({"success": True, "data": {"id": 3}}))
    client.update("res.partner", 3, {"category_id": [[6, 0, [1]]], "child_ids": [0, 1, 2]})


def test_pages_go_on_after_a_restart(make, fake):
    client = make(handler=fake, retries=0)
    client.log_in("demo", "demo")
    fake.says(f"GET {PARTNERS}", answered({"data": [{"id": 2}], "page_size": 1}))
    assert list(client.iterate("res.partner", cursor="c1")) == [{"id": 2}]
    assert fake.requests[-1].url.params["cursor"] == "c1"


@pytest.mark.parametrize("hours", [-1, 1])
def test_retry_after_is_of_the_servers_clock(make, fake, hours):
    client = make(handler=fake, retries=0)
    client.log_in("demo", "demo")
    now = time.time() + hours * 3600
    dates = {"Date": formatdate(now), "Retry-After": formatdate(now + 5)}
    fake.says(f"GET {PARTNERS}", refused(429, "too_many_requests", dates))
    with pytest.raises(ApiError) as caught:
        client.list("res.partner")
    assert caught.value.retry_after == 5


class BrokenStore:
    """A store that fails, or not."""

    def __init__(self):
        self.token, self.reads, self.writes = None, True, True

    def load(self):
        if not self.reads:
            raise RuntimeError("The keyring is locked.")
        return self.token

    def save(self, token):
        if token and not self.writes:
            raise OSError("No space left on device")
        self.token = token


def test_store_that_is_full(make, fake):
    """The session goes on, and the next run does not send a token that was used."""
    store = BrokenStore()
    client = make(handler=fake, store=store)
    client.log_in("demo", "demo")
    store.writes = False
    for number in (1, 2):
        fake.accepted.clear()
        new = {"access_token": fake.token(), "refreshToken": f"v1.{number}"}
        fake.says(f"POST {REFRESH}", answered(new))
        client.list("res.partner", timeout=number)
        fake.accepted.clear()
        fake.accepted.add(token())
    assert store.token is None
    assert [each.headers["refreshToken"] for each in fake.sent(REFRESH)] == ["v1.0", "v1.1"]


def test_store_that_is_locked(make, fake):
    store = BrokenStore()
    client = make(handler=fake, store=store)
    client.log_in("demo", "demo")
    fake.accepted.clear()
    store.reads = False
    with pytest.raises(StoreError) as caught:
        client.list("res.partner")
    assert caught.value.code == "storage_error"
    store.reads = True
    client.list("res.partner")


@pytest.mark.parametrize("hours", [-5, 5])
def test_clock_of_the_server(make, fake, hours):
    """A clock that is hours off causes no refresh; without the header, the token's own times count."""
    found = token(shift=hours * 3600)
    fake.accepted.add(found)
    fake.says("POST /api/login", answered({"token": found, "refreshToken": "v1.0", "user_id": 7}))
    client = make(handler=fake)
    client.log_in("demo", "demo")
    client.list("res.partner")
    assert not fake.sent(REFRESH)


def test_second_factor(make, fake):
    more = {"mfa_token": "m1", "mfa_type": "totp", "expires_in": 300}
    fake.says("POST /api/login", refused(401, "mfa_required", **more))
    done = answered({"token": fake.token(), "refreshToken": "v1.0", "user_id": 7})
    fake.says("POST /api/login/mfa", done)
    client = make(handler=fake)
    with pytest.raises(MfaRequiredError) as caught:
        client.log_in("demo", "demo")
    assert (caught.value.mfa_type, caught.value.expires_in) == ("totp", 300)
    assert client.log_in_with_code(caught.value.mfa_token, "012345") == 7
    assert json.loads(fake.requests[-1].content) == {"mfa_token": "m1", "code": "012345"}


def test_parameters(make, fake):
    client = make(handler=fake, database="shop", language="fr", company=3)
    client.log_in("demo", "demo")
    client.list(
        "res.partner",
        fields=["name"],
        domain=[["active", "=", True]],
        expand={"child_ids": ["name"]},
        archived=True,
        relations="id",
        page=2,
    )
    sent = fake.requests[-1]
    assert dict(sent.url.params) == {
        "fields": '["name"]',
        "domain": '[["active", "=", true]]',
        "expand": '{"child_ids": ["name"]}',
        "archived": "1",
        "relations": "id",
        "page": "2",
    }
    headers = [
        sent.headers[each] for each in ("X-Odoo-Database", "Accept-Language", "X-Odoo-Company")
    ]
    assert headers == ["shop", "fr", "3"]
    with pytest.raises(TypeError, match="domian"):
        client.list("res.partner", domian=[])


def test_threads_share_one_refresh(fake):
    client = Client(URL, http=httpx.Client(transport=httpx.MockTransport(fake)))
    client.log_in("demo", "demo")
    fake.accepted.clear()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: client.list("res.partner"), range(10)))
    assert len(fake.sent(REFRESH)) == 1
    client.close()


def test_tasks_share_one_refresh(fake):
    async def story():
        http = httpx.AsyncClient(transport=httpx.MockTransport(fake))
        async with AsyncClient(URL, http=http) as client:
            await client.log_in("demo", "demo")
            fake.accepted.clear()
            await asyncio.gather(*(client.list("res.partner") for _ in range(10)))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, story()).result()
    assert len(fake.sent(REFRESH)) == 1


def test_both_clients_have_the_same_methods():
    def shape(kind):
        return {
            name: str(inspect.signature(member)).replace("AsyncIterator", "Iterator")
            for name, member in vars(kind).items()
            if inspect.isfunction(member) and not name.startswith("_")
        }

    assert shape(Client) == shape(AsyncClient)
    assert set(odoo_jwt_api.__all__) <= set(vars(odoo_jwt_api))


def test_readme_has_all_methods():
    """Each public method stands in the table, and no other."""
    text = (ROOT / "clients" / "python" / "README.md").read_text()
    rows = [row for row in text.splitlines() if row.startswith("| `")]
    methods = {
        name
        for name, member in vars(Client).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    assert set(re.findall(r"`(\w+)\(", "\n".join(rows))) == methods
