"""A contact sync of 10,000 partners beside a client that creates and deletes: nothing missed, nothing twice."""

import threading

import pytest

ROWS = 10_000
TAG = "sync"
#: Names that sort in another order than their ids, many of them the same, some empty.
SEED = """
    INSERT INTO res_partner (name, complete_name, ref, active, autopost_bills, create_date, write_date, color, type)
    SELECT name, name, %s, TRUE, 'ask', now(), now(), (n * 7) %% 3,
           CASE WHEN name IS NULL THEN 'other' ELSE 'contact' END
      FROM (SELECT n, CASE WHEN n %% 50 = 0 THEN NULL ELSE md5((n / 3)::text) END AS name
              FROM generate_series(1, %s) AS n) AS rows
"""


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    connect("res.partner", "GET POST PUT DELETE", max_limit=2000)


@pytest.fixture
def contacts(server):
    """The ids of all that has to be synced; none of them is there afterwards."""
    server.sql(SEED, [TAG, ROWS])
    ids = {row["id"] for row in server.sql("SELECT id FROM res_partner WHERE ref = %s", [TAG])}
    server.sql("ANALYZE res_partner")
    assert len(ids) == ROWS
    yield ids
    server.sql("DELETE FROM res_partner WHERE ref LIKE %s", [f"{TAG}%"])


def pages(device, *, path="/api/v1/res.partner", **params):
    """The pages of one sync, one after the other, until there is no next cursor."""
    params = {
        "fields": ["name"],
        "domain": [["ref", "=", TAG]],
        "limit": 500,
        "count": "none",
        **params,
    }
    cursor = ""
    while cursor is not None:
        answer = device.get("res.partner", **params, cursor=cursor)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["count"] == len(body["data"])
        yield body
        cursor = body.get("next_cursor")


class Noise:
    """Another client that creates and deletes contacts of the same kind until it is told to stop."""

    def __init__(self, device, deletable):
        self.created, self.deleted, self.failed = [], [], []
        self._device, self._deletable = device, list(deletable)
        self._stop, self._did = threading.Event(), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        number = 0
        while not self._stop.is_set():
            number += 1
            values = [
                {"name": f"{name} {number}", "ref": TAG}
                for name in ("0 first", "7 between", "zz last")
            ]
            answer = self._device.v1("POST", "res.partner", {"values": values})
            if answer.status_code != 201:
                self.failed.append(answer.text)
                return
            self.created += [row["id"] for row in answer.json()["data"]]
            gone = [self._deletable.pop() for _times in range(min(3, len(self._deletable)))]
            if gone:
                answer = self._device.v1("DELETE", "res.partner", ids=gone)
                if answer.status_code != 200:
                    self.failed.append(answer.text)
                    return
                self.deleted += gone
            self._did.release()

    def wait(self):
        """Until it has done something more."""
        assert self._did.acquire(timeout=30), self.failed

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        assert not self.failed, self.failed


@pytest.mark.parametrize(
    "order", ["", "id", "name, id", "name desc", "color desc, name, id desc", "write_date"]
)
def test_sync_beside_another_client(device, log_in, make_user, contacts, order):
    """Whatever it is sorted by: all that was there the whole time comes, each of it once."""
    deletable = sorted(contacts)[:: len(contacts) // 600]
    other = log_in(make_user())
    seen = []
    with Noise(other, deletable) as noise:
        params = {"order": order} if order else {}
        for body in pages(device, **params):
            assert "total" not in body
            noise.wait()
            seen += [row["id"] for row in body["data"]]
    assert len(noise.created) > 30, "nothing happened meanwhile"
    assert len(noise.deleted) > 30
    assert len(seen) == len(set(seen)), "something came twice"
    stayed = contacts - set(noise.deleted)
    assert not stayed - set(seen), "something was missed"
    assert not set(seen) - contacts - set(noise.created), "something came from nowhere"


def test_order_is_kept_from_page_to_page(server, device, contacts):
    """The pages together are what one long query gives."""
    seen = [row["id"] for body in pages(device, order="color desc, id") for row in body["data"]]
    rows = server.sql("SELECT id FROM res_partner WHERE ref = %s ORDER BY color DESC, id", [TAG])
    assert seen == [row["id"] for row in rows]


def test_last_page(device, contacts):
    """The end is told: no cursor, and no empty page after a full one."""
    sizes = [(len(body["data"]), "next_cursor" in body) for body in pages(device, limit=2000)]
    assert sizes == [(2000, True)] * 4 + [(2000, False)]


def test_tampered_cursor(device, contacts):
    """A cursor is the server's word: a changed one, or one of another list, is a 400."""
    body = next(pages(device))
    cursor = body["next_cursor"]
    params = {"fields": ["name"], "limit": 500, "domain": [["ref", "=", TAG]]}
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"
    for changed, extra in (
        (cursor[:-2], {}),
        (cursor[:middle] + other + cursor[middle + 1 :], {}),
        ("x", {}),
        ("null", {}),
        (cursor, {"order": "name"}),
        (cursor, {"domain": [["ref", "!=", TAG]]}),
    ):
        answer = device.get("res.partner", **{**params, **extra}, cursor=changed)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_parameter"), (
            changed,
            extra,
        )
