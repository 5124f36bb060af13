"""Tokens and sessions, seen by several clients at once on several workers."""

import re
import statistics
import time
from contextlib import closing

import pytest
from lib import database
from lib.client import COOKIE, Device, cookies, together


def session_rows(server, user):
    return server.sql("SELECT * FROM jwt_session WHERE user_id = %s ORDER BY id", [user.id])


def token_rows(server, user):
    query = "SELECT t.* FROM jwt_refresh_token t JOIN jwt_session s ON s.id = t.session_id WHERE s.user_id = %s"
    return server.sql(query, [user.id])


def dead(device):
    """Each of its tokens is refused, on every worker, with the challenge of RFC 6750."""
    assert device.statuses() == {401}
    challenge = device.get().headers["WWW-Authenticate"]
    assert re.fullmatch(r'Bearer realm="\w+", error="invalid_token"', challenge)
    answer = device.renew()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_refresh_token")
    assert device.rotate().status_code == 401
    return True


def alive(device):
    assert device.statuses() == {200}
    answer = device.renew()
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token"}
    if device.kind == "browser":
        device.cookie = cookies(answer)[COOKIE].value
    return True


def no_retry(text):
    """Odoo retries a lost race after up to two seconds; here nobody may lose one."""
    for sign in ("could not serialize", "tries left", "deadlock", "Traceback", " ERROR "):
        assert sign not in text
    return True


def test_calls_are_answered_by_both_workers(server, device, log_of):
    """What "on every worker" in the other tests rests on."""
    text = log_of()
    assert device.statuses(40) == {200}
    pids = set(
        re.findall(r"^\S+ \S+ (\d+) INFO .* werkzeug: .*GET /api/send_request", text(), re.M)
    )
    assert len(pids) == 2


# --- parallel refreshes ----------------------------------------------------------------------


def timed(call):
    def run(_number):
        began = time.monotonic()
        answer = call()
        return answer, time.monotonic() - began

    return run


def show_p95(what, timings):
    print(f"{what}: p95 {statistics.quantiles(timings, n=20)[-1] * 1000:.0f} ms")


def test_parallel_refreshes_of_one_cookie(server, user, log_in, parameter, log_of):
    """Fifty tabs wake up together: all go on, all with the same new cookie."""
    browser = log_in(user, "browser")
    text = log_of()
    with parameter("refresh_grace_seconds", 300):  # on a busy machine fifty answers take a while
        answers, timings = zip(*together(50, timed(browser.renew)), strict=True)
    show_p95("50 parallel refreshes of one cookie", timings)
    assert {answer.status_code for answer in answers} == {200}
    successors = {cookies(answer)[COOKIE].value for answer in answers}
    assert len(successors) == 1
    assert browser.cookie not in successors
    assert no_retry(text())
    rows = token_rows(server, user)
    assert len(rows) == 2
    assert [row["consumed_at"] is not None for row in sorted(rows, key=lambda row: row["id"])] == [
        True,
        False,
    ]
    assert {row["parent_id"] for row in rows} == {None, min(row["id"] for row in rows)}
    for answer in answers[:3]:
        tab = Device(server.url)
        tab.access = answer.json()["access_token"]
        assert tab.get().status_code == 200
    browser.cookie = successors.pop()
    assert alive(browser)


def test_parallel_rotations_of_one_token(server, user, device, parameter, log_of):
    text = log_of()
    with parameter("refresh_grace_seconds", 300):
        answers, timings = zip(*together(50, timed(device.rotate)), strict=True)
    show_p95("50 parallel rotations of one token", timings)
    assert {answer.status_code for answer in answers} == {200}
    [successor] = {answer.json()["refreshToken"] for answer in answers}
    assert no_retry(text())
    assert len(token_rows(server, user)) == 2
    device.refresh = successor
    assert alive(device)
    assert session_rows(server, user)[0]["revoked_at"] is None


def test_parallel_refreshes_and_a_logout(server, user, log_in, log_of):
    """Whoever comes first: afterwards nothing of the session lives, and nothing failed."""
    browser = log_in(user, "browser")
    text = log_of()
    answers = together(20, lambda number: browser.logout() if number == 7 else browser.renew())
    assert {answer.status_code for answer in answers} <= {200, 401}
    assert answers[7].status_code == 200
    assert no_retry(text())
    for answer in answers:
        if COOKIE in cookies(answer) and cookies(answer)[COOKIE].value:
            browser.cookie = cookies(answer)[COOKIE].value
            browser.access = answer.json()["access_token"]
            assert dead(browser)
            break
    assert dead(browser)
    assert session_rows(server, user)[0]["revoke_reason"] == "logout"


def test_parallel_logins_of_one_user(server, user, log_of):
    """They are independent of each other: no lost race, one session each."""
    text = log_of()
    devices = [Device(server.url, "browser" if number % 2 else "app") for number in range(10)]
    answers = together(10, lambda number: devices[number].login(user.login, user.password))
    assert {answer.status_code for answer in answers} == {200}
    assert no_retry(text())
    assert len({device.access for device in devices}) == 10
    assert len({device.refresh for device in devices}) == 10
    assert len(session_rows(server, user)) == 10
    assert all(device.get().status_code == 200 for device in devices)


def test_logins_that_delete_the_same_ended_sessions(server, user, log_of):
    """A session that another login is deleting is skipped: nobody waits for it, and nobody fails."""
    Device(server.url).login(user.login, user.password)
    [session] = session_rows(server, user)
    server.sql(
        "INSERT INTO jwt_session (user_id, sid, stamp, client_type, last_used_at, expires_at, revoked_at)"
        " SELECT user_id, sid || n, stamp, client_type, last_used_at, expires_at,"
        "        now() AT TIME ZONE 'utc' - make_interval(secs => n)"
        "   FROM jwt_session, generate_series(1, 1050) n WHERE id = %s",
        [session["id"]],
    )
    text = log_of()
    locked = "SELECT id FROM jwt_session WHERE user_id = %s ORDER BY revoked_at LIMIT 1 FOR UPDATE"
    with closing(database.connect(server.setup, server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(locked, [user.id])
            [kept] = cursor.fetchone()
            began = time.monotonic()
            answer = Device(server.url).login(user.login, user.password)
            assert answer.status_code == 200
            assert time.monotonic() - began < 3
            ended = [row["id"] for row in session_rows(server, user) if row["revoked_at"]]
            assert (len(ended), kept in ended) == (1001, True)
    server.sql(
        "UPDATE jwt_session SET revoked_at = now() AT TIME ZONE 'utc' WHERE user_id = %s"
        " AND revoked_at IS NULL",
        [user.id],
    )
    devices = [Device(server.url) for _number in range(8)]
    answers = together(8, lambda number: devices[number].login(user.login, user.password))
    assert {answer.status_code for answer in answers} == {200}
    assert all(device.get().status_code == 200 for device in devices)
    assert no_retry(text())


# --- reuse -----------------------------------------------------------------------------------

REUSE = "reuse: user"


def test_reuse_after_the_grace_ends_the_session(server, user, log_in, parameter, log_of):
    """A used token comes back: 401, and the end of its session has been committed with that answer."""
    server.expect(REUSE)
    thief, other = log_in(user), log_in(user)
    text = log_of()
    stolen = thief.refresh
    thief.refresh = thief.rotate().json()["refreshToken"]
    with parameter("refresh_grace_seconds", 0):
        answer = thief.rotate(stolen)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_refresh_token")
    ended, left = session_rows(server, user)
    assert ended["revoked_at"] is not None
    assert ended["revoke_reason"] == "reuse"
    assert left["revoked_at"] is None
    [line] = [line for line in text().splitlines() if REUSE in line]
    assert f"{REUSE} {user.id}," in line
    assert f"session {ended['id']} (last used from 127.0.0.1)" in line
    [event] = server.sql(
        "SELECT * FROM jwt_security_event WHERE session_id = %s AND event = 'reuse'", [ended["id"]]
    )
    assert (event["ip_address"], event["session_ip_address"]) == ("127.0.0.1", "127.0.0.1")
    assert dead(thief)
    assert alive(other)


def test_reuse_of_a_grandparent_ends_the_session_within_the_grace(server, user, device, parameter):
    """The grace is for the immediate parent of a token that nobody has used yet."""
    server.expect(REUSE)
    oldest = device.refresh
    with parameter("refresh_grace_seconds", 300):
        for _generation in range(2):
            device.refresh = device.rotate().json()["refreshToken"]
        assert device.renew(oldest).status_code == 401
    assert [row["revoke_reason"] for row in session_rows(server, user)] == ["reuse"]
    assert dead(device)


def test_reuse_of_a_generation_whose_row_is_gone(server, user, device, parameter):
    """Two rows are left of a session that rotates; the tokens before still end it, and forgeries do not."""
    server.expect(REUSE)
    oldest = device.refresh
    for _generation in range(5):
        device.refresh = device.rotate().json()["refreshToken"]
    assert len(token_rows(server, user)) == 2
    assert device.renew(oldest[:-1] + ("A" if oldest[-1] != "A" else "E")).status_code == 401
    assert alive(device)
    assert device.renew(oldest).status_code == 401
    assert [row["revoke_reason"] for row in session_rows(server, user)] == ["reuse"]
    assert dead(device)


def test_parallel_rotations_over_the_limit(server, user, device, parameter, log_of):
    """Whoever is refused has spent nothing: the token that it sent goes on a little later."""
    text = log_of()
    with parameter("max_rotations", 3):
        for _generation in range(3):
            device.refresh = device.rotate().json()["refreshToken"]
        answers = together(10, lambda _number: device.rotate())
        assert {answer.status_code for answer in answers} == {429}
        assert {0 < int(answer.headers["Retry-After"]) <= 20 for answer in answers} == {True}
    assert no_retry(text())
    assert [row["revoked_at"] for row in session_rows(server, user)] == [None]
    device.refresh = device.rotate().json()["refreshToken"]
    assert alive(device)


def test_parent_within_the_grace_gets_the_same_successor(server, user, device, parameter):
    """Asked for again and again; the clock of the grace does not start anew with that."""
    parent = device.refresh
    with parameter("refresh_grace_seconds", 300):
        successors = {device.rotate(parent).json()["refreshToken"] for _time in range(5)}
    assert len(successors) == 1
    [consumed] = [row["consumed_at"] for row in token_rows(server, user) if row["consumed_at"]]
    with parameter("refresh_grace_seconds", 300):
        assert device.rotate(parent).status_code == 200
    assert [row["consumed_at"] for row in token_rows(server, user) if row["consumed_at"]] == [
        consumed
    ]
    device.refresh = successors.pop()
    assert alive(device)


def test_forged_secret_ends_nothing(server, user, device):
    """The selector is no secret: who knows it can neither log in nor log anybody out."""
    version, selector, secret = device.refresh.split(".")
    for forged in (secret[::-1], secret[:-1] + ("A" if secret[-1] != "A" else "E"), "A" * 43):
        assert device.renew(f"{version}.{selector}.{forged}").status_code == 401
        assert device.rotate(f"{version}.{selector}.{forged}").status_code == 401
    assert alive(device)
    assert session_rows(server, user)[0]["revoked_at"] is None


def test_parallel_reuse_is_refused_everywhere(server, user, device, log_of, parameter):
    """Twenty thieves at once: no answer opens anything, no lost race."""
    server.expect(REUSE)
    stolen = device.refresh
    device.refresh = device.rotate().json()["refreshToken"]
    device.refresh = device.rotate().json()["refreshToken"]
    text = log_of()
    answers = together(20, lambda _number: device.renew(stolen))
    assert {answer.status_code for answer in answers} == {401}
    assert no_retry(text())
    assert dead(device)


# --- several devices and users ---------------------------------------------------------------


def test_tokens_of_two_users_do_not_mix(make_user, log_in):
    """A's access token with B's refresh token, and B's refresh token as A's: refused, and nobody is logged out."""
    one, two = log_in(make_user()), log_in(make_user())
    assert one.rotate(two.refresh).status_code == 401
    assert one.renew(json={"user_id": two.user_id}).status_code == 401
    assert one.renew(two.refresh, json={"user_id": one.user_id}).status_code == 401
    assert alive(one)
    assert alive(two)


def test_tokens_of_two_devices_do_not_mix(user, log_in):
    """One user and two sessions: an access token rotates the refresh token of its own session alone."""
    phone, tablet = log_in(user), log_in(user)
    assert phone.rotate(tablet.refresh).status_code == 401
    assert alive(phone)
    assert alive(tablet)


def test_one_kind_of_token_is_not_the_other(device):
    """Four crossings."""
    wrong = Device(device.url)
    wrong.access = device.refresh
    assert wrong.get().status_code == 401
    assert wrong.rotate(device.refresh).status_code == 401
    assert device.renew(device.access).status_code == 401
    assert device.rotate(device.access).status_code == 401
    assert alive(device)


# --- ending ----------------------------------------------------------------------------------


def end_by_logout(server, admin, user, device):
    answer = device.logout()
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "logged_out": 1})


def end_by_refresh_token_alone(server, admin, user, device):
    """As a page does that was reloaded, or an app that has lost its access token."""
    headers = {COOKIE: device.refresh}
    answer = device.call("POST", "/api/revoke/token", headers=headers, authorize=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "logged_out": 1})


def end_by_revoke_button(server, admin, user, device):
    [row, *_others] = session_rows(server, user)
    admin.call("jwt.session", "action_revoke", [row["id"]])


def end_by_logout_everywhere(server, admin, user, device):
    assert device.logout(all=True).status_code == 200


def end_by_password(server, admin, user, device):
    admin.write("res.users", user.id, {"password": "another password 1"})


def end_by_login(server, admin, user, device):
    admin.write("res.users", user.id, {"login": user.login + "-renamed"})


def end_by_log_out_from_all_devices(server, admin, user, device):
    """The button of the preferences, behind which Odoo asks for the password first."""
    server.odoo(
        f"env['res.users'].browse({user.id})._action_revoke_all_devices()\nenv.cr.commit()\n"
    )


def end_by_own_request(server, admin, user, device):
    [own] = [row for row in device.call("GET", "/api/sessions").json()["data"] if row["current"]]
    answer = device.call("DELETE", f"/api/sessions/{own['id']}")
    assert (answer.status_code, answer.json()) == (200, {"deleted_id": own["id"]})


def end_by_other_device(server, admin, user, device):
    """From the list of the user's other sessions."""
    other = Device(server.url)
    other.login(user.login, user.password)
    first = min(row["id"] for row in other.call("GET", "/api/sessions").json()["data"])
    assert other.call("DELETE", f"/api/sessions/{first}").status_code == 200


def end_by_archive(server, admin, user, device):
    admin.write("res.users", user.id, {"active": False})


def end_by_deletion(server, admin, user, device):
    admin.unlink("res.users", user.id)


@pytest.mark.parametrize(
    "end",
    [
        end_by_logout,
        end_by_refresh_token_alone,
        end_by_revoke_button,
        end_by_own_request,
        end_by_other_device,
    ],
)
def test_one_session_ends_at_once_on_every_worker(server, admin, make_user, log_in, end):
    user, other_user = make_user(), make_user()
    device, tablet, stranger = log_in(user), log_in(user, "browser"), log_in(other_user)
    assert {client.get().status_code for client in (device, tablet, stranger)} == {200}
    end(server, admin, user, device)
    assert dead(device)
    assert alive(tablet)
    assert alive(stranger)
    assert alive(log_in(user))


@pytest.mark.parametrize(
    "end",
    [
        end_by_logout_everywhere,
        end_by_password,
        end_by_login,
        end_by_archive,
        end_by_deletion,
        end_by_log_out_from_all_devices,
    ],
)
def test_all_sessions_of_a_user_end_at_once_on_every_worker(server, admin, make_user, log_in, end):
    user, other_user = make_user(), make_user()
    device, tablet, stranger = log_in(user), log_in(user, "browser"), log_in(other_user)
    assert {client.statuses(8) == {200} for client in (device, tablet, stranger)} == {True}
    end(server, admin, user, device)
    assert dead(device)
    assert dead(tablet)
    assert alive(stranger)


def test_sessions_of_others_are_not_there(make_user, log_in):
    """Neither seen nor ended: 404, as for one that never was."""
    one, two = log_in(make_user()), log_in(make_user())
    own = {row["id"] for row in one.call("GET", "/api/sessions").json()["data"]}
    foreign = {row["id"] for row in two.call("GET", "/api/sessions").json()["data"]}
    assert own
    assert not own & foreign
    for session_id in own:
        assert two.call("DELETE", f"/api/sessions/{session_id}").status_code == 404
    assert alive(one)


def test_unarchived_user_has_to_log_in_again(server, admin, user, log_in):
    """The session stamp has its old value then; the sessions stay ended all the same."""
    device = log_in(user)
    admin.write("res.users", user.id, {"active": False})
    assert device.statuses() == {401}
    assert Device(server.url).login(user.login, user.password).status_code == 401
    admin.write("res.users", user.id, {"active": True})
    assert dead(device)
    assert alive(log_in(user))


def test_password_set_back_does_not_revive(admin, user, log_in):
    device = log_in(user)
    for password in ("another password 1", user.password):
        admin.write("res.users", user.id, {"password": password})
    assert dead(device)
    assert alive(log_in(user))


def test_logout_is_idempotent(server, user, device, parameter):
    """Again, with the token that is dead now, and with an expired one; no other session is touched."""
    for _time in range(3):
        answer = device.logout()
        assert (answer.status_code, answer.json()) == (200, {"status": "success", "logged_out": 1})
    assert len(session_rows(server, user)) == 1
    [row] = session_rows(server, user)
    assert row["revoke_reason"] == "logout"


def test_dead_token_ends_no_other_session(user, log_in):
    """`all` with a token whose session has ended: a stolen old token may not log the user out."""
    old, new = log_in(user), log_in(user)
    assert old.logout().status_code == 200
    assert old.logout(all=True).status_code == 200
    assert alive(new)


def test_expired_access_token_logs_out(server, user, log_in, parameter):
    with parameter("access_token_seconds", 1):
        device = log_in(user)
    time.sleep(2)
    assert device.statuses(4) == {401}
    assert device.logout().status_code == 200
    assert session_rows(server, user)[0]["revoke_reason"] == "logout"
    assert device.renew().status_code == 401


def test_rights_are_read_anew_with_every_call(admin, make_user, log_in):
    """Nothing about rights stands in the token: what the user may do changes with the next call."""
    connection = admin.search("connection.api", [["model", "=", "res.groups"]])
    if not connection:
        model = admin.search("ir.model", [["model", "=", "res.groups"]])[0]
        connection = [admin.create("connection.api", {"model_id": model, "is_get": True})]
    user = make_user()
    device = log_in(user)
    assert device.statuses(8, model="res.groups", fields=["name"]) == {200}
    admin.write("connection.api", connection, {"is_get": False})
    assert device.statuses(model="res.groups", fields=["name"]) == {405}
    admin.unlink("connection.api", connection)
    assert device.statuses(model="res.groups", fields=["name"]) == {404}
