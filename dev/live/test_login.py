"""Failed logins, counted for all workers together; the server of its own has no failures in any process's memory."""

import contextlib
import re

import pytest
from lib.client import Device, together
from lib.server import serving

LIMIT = 10
#: Long enough that no failure is forgiven while a test runs.
COOLDOWN = 3600


@pytest.fixture
def throttled(server, parameter):
    """A second server on the same database, with the throttle as Odoo ships it."""
    log = server.log_path.with_name("throttled.log")
    log.unlink(missing_ok=True)
    try:
        with (
            parameter("base.login_cooldown_after", LIMIT),
            parameter("base.login_cooldown_duration", COOLDOWN),
            serving(server.setup, server.db, log) as second,
        ):
            server.sql("DELETE FROM jwt_throttle")
            yield second
    finally:
        server.sql("DELETE FROM jwt_throttle")
    assert "Traceback" not in log.read_text(errors="replace")


def wait_told(answer):
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_requests")
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= COOLDOWN
    assert str(seconds) in answer.json()["message"]
    assert "set-cookie" not in answer.headers
    return True


def levels(server):
    return sorted(row["failures"] for row in server.sql("SELECT failures FROM jwt_throttle"))


def test_exactly_the_configured_number_of_tries(server, throttled, make_user):
    """LIMIT + 2 wrong passwords at once: LIMIT are looked at, whichever worker gets them, and the rest has to wait."""
    victim = make_user()
    guesses = together(
        LIMIT + 2, lambda number: Device(throttled.url).login(victim.login, f"wrong guess {number}")
    )
    codes = sorted(answer.status_code for answer in guesses)
    assert codes == [401] * LIMIT + [429] * 2
    assert all(wait_told(answer) for answer in guesses if answer.status_code == 429)
    # although every one of these answers was an error, and rolled back
    assert [round(level) for level in levels(server)] == [LIMIT, LIMIT]
    for _time in range(4):  # either worker
        assert wait_told(Device(throttled.url).login(victim.login, victim.password))
    # and those that were not looked at count nowhere
    assert [round(level) for level in levels(server)] == [LIMIT, LIMIT]
    worker = re.findall(
        r" (\d+) INFO .* werkzeug: .*POST /api/login", throttled.log_path.read_text()
    )
    assert len(set(worker)) == 2


def test_another_login_is_not_affected(server, throttled, make_user):
    victim, other = make_user(), make_user()
    server.sql("DELETE FROM jwt_throttle")
    for number in range(LIMIT // 2):
        assert Device(throttled.url).login(victim.login, f"wrong guess {number}").status_code == 401
    assert Device(throttled.url).login(other.login, other.password).status_code == 200
    # neither forgiven nor added to: an attacker's own account does not reset the victim's count
    assert [round(level) for level in levels(server)] == [LIMIT // 2, LIMIT // 2]
    assert Device(throttled.url).login(victim.login, victim.password).status_code == 200
    assert [round(level) for level in levels(server)] == [LIMIT // 2]


def test_count_is_shared_and_outlives_a_restart(server, throttled, make_user, parameter):
    """Half of the tries before and half after: they stand in the database, not in a process."""
    victim = make_user()
    for number in range(LIMIT // 2):
        assert Device(throttled.url).login(victim.login, f"wrong guess {number}").status_code == 401
    log = throttled.log_path.with_name("throttled-restarted.log")
    log.unlink(missing_ok=True)
    with serving(server.setup, server.db, log) as restarted:
        for number in range(LIMIT // 2):
            assert Device(restarted.url).login(victim.login, f"another {number}").status_code == 401
        assert wait_told(Device(restarted.url).login(victim.login, victim.password))
    assert wait_told(Device(throttled.url).login(victim.login, victim.password))


def test_right_logins_in_parallel_are_not_counted(server, throttled, make_user):
    """As many as are allowed to fail, at once, again and again: each gives its try back, none loses a race."""
    user = make_user()
    for _round in range(2):
        answers = together(
            LIMIT, lambda _number: Device(throttled.url).login(user.login, user.password)
        )
        assert {answer.status_code for answer in answers} == {200}
    assert [round(level) for level in levels(server)] in ([0], [])
    text = throttled.log_path.read_text(errors="replace")
    for sign in ("could not serialize", "tries left", "deadlock", " ERROR "):
        assert sign not in text


def test_neither_login_nor_address_stands_in_the_table(server, throttled, make_user):
    victim = make_user()
    with contextlib.suppress(KeyError):
        Device(throttled.url).login(victim.login, "wrong guess")
    rows = server.sql("SELECT * FROM jwt_throttle")
    assert len(rows) == 2
    for row in rows:
        assert re.fullmatch(r"[0-9a-f]{64}", row["key"])


def test_cooldown_of_nothing_is_no_throttle(server, make_user, user):
    """The other tests rest on it: the parameter 0 switches the count off."""
    for number in range(LIMIT + 5):
        assert Device(server.url).login(user.login, f"wrong guess {number}").status_code == 401
    assert Device(server.url).login(user.login, user.password).status_code == 200
    assert server.count("jwt_throttle") == 0
