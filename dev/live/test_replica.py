"""A streaming replica of PostgreSQL: reads run there, and nothing that was ended goes on because it is behind."""

import asyncio
import contextlib
import os
import secrets

import pytest
from lib import cluster as clusters
from lib import load, log, measured, replication
from lib.client import JSON, Device, together
from lib.fixtures import CHECKS, Admin, LiveServer
from lib.image import PNG

STRONG = {"X-Odoo-Consistency": "strong"}
WRITERS = 6

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PGHOST") or os.environ.get("PGPORT")),
    reason="a replica needs a PostgreSQL of our own",
)


@pytest.fixture(scope="module")
def pair(server):
    with replication.running(server.setup, server.db) as pair:
        yield pair


@pytest.fixture(scope="module")
def machine(server, pair, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicated") / "machine"
    options = (*CHECKS, *pair.options)
    with clusters.Machine(server.setup, server.db, folder, options=options) as machine:
        yield machine
    assert not unexpected(machine)


def unexpected(machine):
    """What the log of a machine complains about, apart from servers of PostgreSQL that were killed."""
    killed = ("terminating connection", "server closed the connection", "OperationalError")
    return [
        entry
        for entry in log.complaints(machine.log_path)
        if entry.ours and not any(text in entry.text for text in killed)
    ]


@pytest.fixture(scope="module")
def boss(machine):
    """The administrator, whose web client reads from the replica, too."""
    return Admin(LiveServer(machine.setup, machine.db, machine.url, machine.log_path, None))


@pytest.fixture(scope="module")
def person(boss, pair):
    """A user of this database."""
    login, password = f"replica-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
    values = {"name": "Replica", "login": login, "password": password}
    user_id = boss.call("res.users", "create", [values], context={"no_reset_password": True})[0]
    pair.caught_up()
    return user_id, login, password


@pytest.fixture
def device(machine, person, pair):
    device = new_device(machine, person)
    pair.caught_up()
    return device


def new_device(machine, person):
    device = Device(machine.url)
    answer = device.login(*person[1:])
    assert answer.status_code == 200, answer.text
    return device


@contextlib.contextmanager
def behind(pair):
    """The replica shows nothing that is written meanwhile."""
    pair.hold()
    try:
        yield
    finally:
        pair.follow()


def partner(device, **values):
    body = {"values": {"name": f"replica {secrets.token_hex(4)}", **values}, "fields": ["name"]}
    answer = device.v1("POST", "res.partner", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


# --- what is read where ------------------------------------------------------------------------


def test_reads_run_on_the_replica_and_strong_ones_on_the_primary(device, pair):
    """A record that the replica does not have yet: each kind of read finds it only on the primary."""
    with behind(pair):
        new = partner(device)
        domain = f'[["id","=",{new}]]'
        one = f"/api/v1/res.partner/{new}?fields=name"
        page = f"/api/v1/res.partner?fields=name&domain={domain}"
        old = f"/api/send_request?model=res.partner&fields=[]&domain={domain}"
        assert device.call("GET", one).status_code == 404
        assert device.call("GET", one, headers=STRONG).status_code == 200
        for path in (page, old):
            for headers, count in (({}, 0), (STRONG, 1), ({"X-Odoo-Consistency": "eventual"}, 0)):
                assert device.call("GET", path, headers=headers).json()["count"] == count
        # the response to a write is of the primary
        answer = device.v1("PUT", f"res.partner/{new}", {"values": {"ref": "x"}, "fields": ["ref"]})
        assert answer.json()["data"]["ref"] == "x"
    assert device.call("GET", one).status_code == 200


def test_other_values_of_the_header_are_refused(device):
    for value in ("", "yes", "STRONG"):
        answer = device.call("GET", "/api/me", headers={"X-Odoo-Consistency": value})
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, JSON)
        assert answer.json()["error"] == "bad_parameter"


def test_rate_limit_is_counted_on_the_primary(device, pair, boss):
    model = boss.search("ir.model", [["model", "=", "res.currency"]])[0]
    connection = boss.create("connection.api", {"model_id": model, "is_get": True, "rate_limit": 5})
    pair.caught_up()
    with behind(pair):
        path = "/api/v1/res.currency?limit=1"
        statuses = [device.call("GET", path).status_code for _time in range(9)]
    assert statuses.count(200) in (5, 6)
    assert set(statuses) == {200, 429}
    boss.unlink("connection.api", connection)


# --- what has ended, and what has begun --------------------------------------------------------


def test_login_counts_at_once(machine, person, pair):
    with behind(pair):
        device = new_device(machine, person)
        assert device.statuses(6) == {200}
        assert device.call("GET", "/api/me").status_code == 200
        assert device.call("GET", "/api/sessions").json()["count"] >= 1


def test_log_out_counts_at_once(device, pair):
    with behind(pair):
        assert device.statuses(6) == {200}
        assert device.logout().status_code == 200
        assert device.statuses(6) == {401}
        assert device.call("GET", "/api/me").status_code == 401


def test_link_ends_with_its_session(device, pair):
    created = partner(device)
    path = f"/api/v1/res.partner/{created}/image_1920"
    answer = device.call("PUT", path, content=PNG, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.text
    pair.caught_up()
    link = device.call("POST", f"{path}/link", json={}).json()["data"]["url"]
    with behind(pair):
        assert device.call("GET", link, authorize=False).status_code == 200
        device.logout()
        assert device.call("GET", link, authorize=False).status_code == 404


def test_new_password_and_archived_user_count_at_once(machine, boss, pair):
    login, password = f"replica-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
    values = {"name": "Replica", "login": login, "password": password}
    user_id = boss.call("res.users", "create", [values], context={"no_reset_password": True})[0]
    person = user_id, login, password
    for change in ({"password": f"{password}-new"}, {"active": False}):
        device = new_device(machine, person)
        pair.caught_up()
        with behind(pair):
            assert device.statuses(4) == {200}
            boss.write("res.users", user_id, change)
            assert device.statuses(6) == {401}
        person = user_id, login, f"{password}-new"


def test_closed_connection_and_replaced_key_count_at_once(device, boss, pair):
    """Changes of what decides about access: until the replica has them, requests run on the primary."""
    model = boss.search("ir.model", [["model", "=", "res.lang"]])[0]
    connection = boss.create("connection.api", {"model_id": model, "is_get": True})
    pair.caught_up()
    with behind(pair):
        assert device.statuses(6, model="res.lang") == {200}
        boss.write("connection.api", connection, {"active": False})
        assert device.statuses(6, model="res.lang") == {404}
        boss.write("connection.api", connection, {"active": True})
        assert device.statuses(6, model="res.lang") == {200}
        key = boss.search("jwt.signing.key", [["state", "=", "active"]])
        boss.call("jwt.signing.key", "action_replace", key)
        assert device.statuses(6) == {401}
        device.access = device.renew().json()["access_token"]
        assert device.statuses(6) == {200}
    assert device.statuses(6, model="res.lang") == {200}
    boss.unlink("connection.api", connection)


# --- a server of PostgreSQL that fails ---------------------------------------------------------


def test_replica_that_dies_is_done_without(device, pair):
    """Reads run on the primary from then on: at most those that the replica was executing fail, with 503."""
    before = together(6, lambda _number: device.get().status_code)
    pair.replica.kill()
    answers = [device.get() for _time in range(20)]
    assert before == [200] * 6
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert [answer.status_code for answer in answers[-12:]] == [200] * 12
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["error"] == "unavailable"
            assert int(answer.headers["Retry-After"]) > 0
    measured.record(
        fault="the replica of PostgreSQL killed",
        times=1,
        requests=len(answers),
        failed=sum(answer.status_code == 503 for answer in answers),
        lost=0,
        doubled=0,
        ended=0,
    )
    pair.replica.start()
    pair.caught_up()


def test_promotion_loses_nothing_that_was_acknowledged(server, machine, person, pair, tmp_path):
    """With a synchronous replica: the primary dies under load, the replica takes its place."""
    pair.wait_for_replica()
    meter, prefix = load.Meter(), f"promoted {secrets.token_hex(4)}"
    writers = [load.Writer(machine.url, meter, f"{prefix}-{n}", retries=0) for n in range(WRITERS)]
    asyncio.run(until_the_primary_dies(writers, person, pair))
    pair.replica.promote()
    query = "SELECT name, count(*) FROM res_partner WHERE name LIKE %s GROUP BY name"
    there = dict(pair.replica.sql(pair.db, query, [f"{prefix}%"]))
    created = {name for writer in writers for name in writer.created}
    assert len(created) >= WRITERS
    assert created <= set(there)
    assert set(there.values()) == {1}
    # at most one more of each client, whose response was lost
    assert len(there) - len(created) <= WRITERS
    ended = "SELECT count(*) FROM jwt_session WHERE user_id = %s AND revoked_at IS NOT NULL"
    before = pair.replica.sql(pair.db, ended, [person[0]])
    new = pair.replica
    options = ("--db_host", str(new.folder), "--db_port", str(new.port))
    with clusters.Machine(
        server.setup, server.db, tmp_path / "after", workers=0, options=options
    ) as after:
        asyncio.run(go_on(writers, after))
    assert pair.replica.sql(pair.db, ended, [person[0]]) == before
    measured.record(
        fault=f"the primary of PostgreSQL killed while {WRITERS} clients write, the replica promoted",
        times=1,
        requests=len(meter.attempts),
        failed=len(meter.failures()),
        lost=0,
        doubled=0,
        ended=0,
    )


async def until_the_primary_dies(writers, person, pair):
    for writer in writers:
        await writer.log_in(*person[1:])

    async def die():
        await asyncio.sleep(3)
        await asyncio.to_thread(pair.primary.kill)
        await asyncio.sleep(1)

    await load.run_writers(writers, die())


async def go_on(writers, machine):
    """Each client goes on with the refresh token that it has."""
    for writer in writers:
        store = writer.client._core.store
        await writer.close()
        client = load.client(machine.url, load.Meter(), store=store)
        await client.me()
        await client.rotate_refresh_token()
        await client.close()
