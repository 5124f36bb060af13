# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .common import BROWSER, ApiCase, Opened

ACCESS = "/api/update/access-token"


@tagged("post_install", "-at_install")
class TestSessions(ApiCase):
    """``/api/me``, ``/api/sessions`` and Odoo's own device list."""

    def _devices(self, user):
        self.env.invalidate_all()
        return self.env["res.device"].sudo().search([("user_id", "=", user.id)])

    def test_me_tells_who_the_caller_is(self):
        """Exactly the documented keys, of the caller and nobody else."""
        self.portal.write({"tz": "Asia/Tokyo"})
        self.env.flush_all()
        body = self.assertAnswer(self._call("GET", "/api/me", self._open(self.portal).access))
        company = self.portal.company_id
        self.assertEqual(
            body,
            {
                "success": True,
                "data": {
                    "id": self.portal.id,
                    "login": self.portal.login,
                    "name": self.portal.name,
                    "email": self.portal.email,
                    "partner_id": self.portal.partner_id.id,
                    "lang": "en_US",
                    "tz": "Asia/Tokyo",
                    "company_id": [company.id, company.display_name],
                    "company_ids": [[company.id, company.display_name]],
                },
            },
        )
        self.assertMissingToken(self._call("GET", "/api/me"))

    def test_one_login_more_than_allowed_ends_the_least_used_session(self):
        """The reason is recorded; other users' sessions and the used ones go on."""
        self._set(max_sessions=3)
        foreign = self._open(self.victim)
        first, second, third = (self._open(self.user) for _time in range(3))
        first.session.sudo().last_used_at -= timedelta(hours=1)
        second.session.sudo().last_used_at -= timedelta(hours=2)
        self.env.flush_all()
        self._log_in()
        self.assertEqual(self._state(second), "limit")
        self.assertFalse(self._is_open(second.access))
        for opened in (first, third, foreign):
            self.assertFalse(self._state(opened))
        event = self.env["jwt.security.event"].sudo().search([("event", "=", "revoked")], limit=1)
        self.assertEqual((event.user_id, event.detail), (self.user, "Session limit exceeded (1)"))
        self._set(max_sessions=1)
        self.assertTrue(self._is_open(self._log_in()))
        self.assertEqual([self._state(opened) for opened in (first, third)], ["limit", "limit"])
        living = [("user_id", "=", self.user.id), ("revoked_at", "=", False)]
        self.assertEqual(self.env["jwt.session"].sudo().search_count(living), 1)

    def test_ended_sessions_leave_room(self):
        """Only living sessions are counted; 0 is no limit."""
        self._set(max_sessions=2)
        kept, ended = self._open(self.user), self._open(self.user)
        self.env["jwt.session"]._revoke([("id", "=", ended.session.id)], "logout")
        self._log_in()
        self.assertFalse(self._state(kept))
        self._set(max_sessions=0)
        for _time in range(60):
            self._open(self.user)
        self._log_in()
        self.assertFalse(self._state(kept))

    def _log_in(self):
        """Log in over HTTP, to the commit: the access token."""
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        return self.assertAnswer(self._post("/api/login", body))["token"]

    def test_replaced_session_makes_its_own_room(self):
        """A browser at the limit that logs in again ends its own old session and no other."""
        self._set(max_sessions=2)
        other, old = self._open(self.user), self._open(self.user, "browser")
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        cookies = {"refreshToken": old.refresh}
        self.assertAnswer(self._post("/api/login", body, agent=BROWSER, cookies=cookies))
        self.assertEqual((self._state(old), self._state(other)), ("replaced", False))

    def test_list_shows_ones_own_living_sessions(self):
        """Device, address and times; the caller's own is marked; others' and ended ones are absent."""
        opened, other, ended = (self._open(self.user) for _time in range(3))
        self._open(self.victim)
        self.env["jwt.session"]._revoke([("id", "=", ended.session.id)], "logout")
        body = self.assertAnswer(self._call("GET", "/api/sessions", opened.access))
        self.assertEqual(list(body), ["success", "count", "data"])
        self.assertEqual(body["count"], 2)
        current = {row["id"]: row["current"] for row in body["data"]}
        self.assertEqual(current, {opened.session.id: True, other.session.id: False})
        row = body["data"][0]
        self.assertEqual(
            list(row),
            "id device client_type ip_address created_at last_used_at expires_at current".split(),
        )
        self.assertRegex(row["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertNotIn(opened.session.sudo().sid, str(body))

    def test_one_of_ones_own_can_be_ended(self):
        """The lost phone is logged out; twice is a 404, and so is somebody else's."""
        opened, lost, theirs = map(self._open, (self.user, self.user, self.victim))
        path = "/api/sessions/{}"
        body = self.assertAnswer(self._call("DELETE", path.format(lost.session.id), opened.access))
        self.assertEqual(body, {"deleted_id": lost.session.id})
        self.assertFalse(self._is_open(lost.access))
        for session_id in (lost.session.id, theirs.session.id, 2**31 - 1):
            response = self._call("DELETE", path.format(session_id), opened.access)
            self.assertError(response, 404, "not_found")
        self.assertTrue(self._is_open(opened.access))
        self.assertTrue(self._is_open(theirs.access))

    def test_ids_that_are_none(self):
        """They answer 404, whatever they look like; an id takes no other method."""
        token = self._open(self.user).access
        for session_id in ("0", "-1", "x", "1.5", "99999999999999999999", "1%00"):
            response = self._call("DELETE", f"/api/sessions/{session_id}", token)
            self.assertError(response, 404, "not_found")
        self.assertError(self._call("GET", "/api/sessions/1", token), 405, "method_not_allowed")

    def test_stands_in_odoos_device_list(self):
        """With platform, browser and address; portal users see theirs as well."""
        for user in (self.user, self.portal):
            session = self.env["jwt.session"]._open(user, "browser", BROWSER, "127.0.0.1")[0]
            [device] = self._devices(user)
            self.assertEqual(
                (device.platform, device.browser, device.ip_address, device.device_type),
                ("linux", "chrome", "127.0.0.1", "computer"),
            )
            self.assertEqual(device.session_identifier, session.sudo().sid)

    def test_revoking_the_device_ends_the_session(self):
        """The button of the user's preferences ends the one, not the other."""
        opened, other = self._open(self.user), self._open(self.user)
        devices = self._devices(self.user)
        device = devices.filtered(
            lambda found: found.session_identifier == opened.session.sudo().sid
        )
        device.with_user(self.user).sudo()._revoke()
        self.assertFalse(self._is_open(opened.access))
        self.assertEqual(self._state(opened), "device")
        self.assertInvalidToken(
            self._post(ACCESS, {"refreshToken": opened.refresh}), "invalid_refresh_token"
        )
        self.assertTrue(self._is_open(other.access))
        self.assertEqual(len(self._devices(self.user)), 1)

    def test_log_out_from_all_devices(self):
        """Odoo's button ends the API sessions too, of this user alone."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        self.user.with_user(self.user).sudo()._action_revoke_all_devices()
        self.assertFalse(self._is_open(opened.access))
        self.assertTrue(self._is_open(theirs.access))

    def _sleep(self, opened, days):
        """Let Odoo's vacuum find a session that was not used for some days."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE jwt_session SET last_used_at = last_used_at - make_interval(days => %s)"
            " WHERE id = %s",
            [days, opened.session.id],
        )
        self.env.cr.execute(
            "UPDATE res_device_log SET last_activity = last_activity - make_interval(days => %s)"
            " WHERE session_identifier = %s",
            [days, opened.session.sudo().sid],
        )
        self.env.invalidate_all()
        with patch.object(self.env.cr, "commit"):
            self.env["res.device.log"]._ResDeviceLog__update_revoked()

    def test_log_out_from_all_devices_ends_what_the_list_does_not_show(self):
        """A device that Odoo's vacuum, or anything else, took off the list is logged out as well."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        self.env.cr.execute("UPDATE res_device_log SET revoked = true")
        self.assertFalse(self._devices(self.user))
        self.user.with_user(self.user).sudo()._action_revoke_all_devices()
        self.assertEqual(self._state(opened), "device")
        self.assertFalse(self._is_open(opened.access))
        self.assertTrue(self._is_open(theirs.access))
        self.user.with_user(self.admin)._action_revoke_all_devices()
        self.victim.with_user(self.user)._action_revoke_all_devices()
        self.assertFalse(self._state(theirs), "others need the right to change the user")
        self.victim.with_user(self.admin)._action_revoke_all_devices()
        self.assertEqual(self._state(theirs), "device")

    def test_idle_session_stays_in_the_device_list_while_it_lives(self):
        """Odoo takes off what has no session file after a week; a session of ours lives for two."""
        opened, ended, dead = (self._open(self.user) for _time in range(3))
        self.env["jwt.session"]._revoke([("id", "=", ended.session.id)], "logout")
        self._sleep(opened, 8)
        self._sleep(dead, 15)
        listed = self._devices(self.user).mapped("session_identifier")
        self.assertEqual(listed, [opened.session.sudo().sid])

    def test_device_list_names_the_device_as_the_sessions_do(self):
        """Odoo's preferences show an app by its own name, and one without a platform as a phone."""
        phone, laptop = "stock-app/2.1", "axios/1.7.2 (Linux; x86_64)"
        names = {
            BROWSER: ("browser", "Chrome on Linux", "computer"),
            phone: ("app", "stock-app", "mobile"),
            laptop: ("app", "axios on Linux", "computer"),
            "stock-app/2.1 (Linux; Android 14)": ("app", "stock-app on Android", "mobile"),
        }
        for agent, (client_type, name, kind) in names.items():
            with self.subTest(agent=agent):
                session = self.env["jwt.session"]._open(self.user, client_type, agent, "127.0.0.1")[
                    0
                ]
                domain = [("session_identifier", "=", session.sudo().sid)]
                device = self.env["res.device"].with_user(self.user).search(domain)
                self.assertEqual((device.display_name, device.device_type), (name, kind))
                self.assertEqual(device.display_name, session.device)
        web = self.env["res.device.log"].create(
            {"session_identifier": "x" * 42, "platform": "linux", "browser": "firefox"}
        )
        self.assertEqual(web.display_name, "Linux Firefox")

    def _api_key(self, user, days=1):
        until = datetime.now() + timedelta(days=days)
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        key = keys._generate("rpc", "test", until)
        return key, keys.search([("user_id", "=", user.id)], order="id desc", limit=1)

    def _login_with(self, user, key, **options):
        """A log-in with an API key: its access token, refresh token and session."""
        response = self._post("/api/login", {"login": user.login, "password": key}, **options)
        body = self.assertAnswer(response)
        session = self._sessions(user)[-1]
        return Opened(session, body["token"], body["refreshToken"]), response

    def test_session_ends_with_the_api_key_that_opened_it(self):
        """A removed key takes its sessions along, access and refresh tokens, and nothing else."""
        key, record = self._api_key(self.user)
        other_key, other_record = self._api_key(self.user)
        password = self._open(self.user)
        opened, _response = self._login_with(self.user, key)
        other, _response = self._login_with(self.user, other_key)
        self.assertEqual(opened.session.api_key_id, record)
        self.assertEqual(other.session.api_key_id, other_record)
        self.assertEqual(opened.session.login_method, "api_key")
        record.with_user(self.user)._remove()
        self.assertFalse(self._is_open(opened.access))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")
        for left in (other, password):
            self.assertTrue(self._is_open(left.access))
            self.assertFalse(self._state(left))
        event = self.env["jwt.security.event"].sudo().search([("event", "=", "revoked")], limit=1)
        self.assertEqual((event.user_id, event.detail), (self.user, "API key removed (1)"))

    def test_session_ends_with_a_key_that_is_deleted_past_the_orm(self):
        """The foreign key ends it; Odoo's own vacuum deletes keys with SQL."""
        key, record = self._api_key(self.user)
        opened, _response = self._login_with(self.user, key)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM res_users_apikeys WHERE id = %s", [record.id])
        self.env.invalidate_all()
        self.assertFalse(self._is_open(opened.access))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertFalse(self._sessions(self.user))

    def test_session_expires_with_the_api_key_that_opened_it(self):
        """The key's last second is the session's and the cookie's; a longer key extends nothing."""
        key, record = self._api_key(self.user, days=1 / 24)
        opened, response = self._login_with(self.user, key, agent=BROWSER)
        self.assertEqual(opened.session.expires_at, record.expiration_date)
        self.assertCookie(response, longest=3600)
        self.env.cr.execute(
            "UPDATE jwt_session SET expires_at = now() AT TIME ZONE 'utc' WHERE id = %s",
            [opened.session.id],
        )
        self.assertFalse(self._is_open(opened.access))
        long_key, _record = self._api_key(self.user, days=80)
        opened, _response = self._login_with(self.user, long_key)
        life = opened.session.expires_at - opened.session.last_used_at
        self.assertEqual(life, timedelta(days=30))

    def test_keys_that_begin_alike_are_told_apart(self):
        """Odoo finds a key by its first eight characters; the hash decides, in whatever order they are found."""
        key, record = self._api_key(self.user)
        _other, other_record = self._api_key(self.user)
        both = [record.id, other_record.id]
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET index = %s WHERE id = ANY(%s)", [key[:8], both]
        )
        opened, _response = self._login_with(self.user, key)
        self.assertEqual(opened.session.api_key_id, record)
        self.env.cr.execute(
            "UPDATE res_users_apikeys k SET key = o.key FROM res_users_apikeys o"
            " WHERE k.id = ANY(%s) AND o.id = ANY(%s) AND k.id <> o.id",
            [both, both],
        )
        opened, _response = self._login_with(self.user, key)
        self.assertEqual(opened.session.api_key_id, other_record)

    def test_session_of_an_older_release_that_does_not_know_its_key_ends(self):
        """Nobody could end it with its key; others go on."""
        opened, kept = self._open(self.user), self._open(self.user)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE jwt_session SET login_method = 'api_key' WHERE id = %s", [opened.session.id]
        )
        self.env["jwt.session"]._end_without_key()
        self.assertEqual(self._state(opened), "api_key")
        self.assertFalse(self._state(kept))
        listed = self._devices(self.user).mapped("session_identifier")
        self.assertEqual(listed, [kept.session.sudo().sid])

    def test_ended_sessions_leave_the_device_list(self):
        """A log-out takes the device off the list."""
        opened = self._open(self.user)
        self.assertEqual(len(self._devices(self.user)), 1)
        self.assertAnswer(self._post("/api/revoke/token", {}, opened.access))
        self.assertFalse(self._devices(self.user))

    def test_use_shows_in_the_device_list(self):
        """A refresh, at most one a minute, moves the last activity and revives a sleeping device."""
        opened = self._open(self.user)
        self.env.cr.execute(
            "UPDATE jwt_session SET last_used_at = last_used_at - interval '8 days';"
            "UPDATE res_device_log SET last_activity = last_activity - interval '8 days', revoked = true"
        )
        self.assertFalse(self._devices(self.user))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        [device] = self._devices(self.user)
        self.assertGreaterEqual(device.last_activity, opened.session.create_date)

    def test_login_in_the_same_browser_replaces_the_session(self):
        """The cookie that a browser still has ends with the login that overwrites it."""
        old = self._open(self.user, "browser")
        bystander = self._open(self.user, "browser")
        login = {"login": self.user.login, "password": f"{self.user.login}-password"}
        response = self._post(
            "/api/login", login, agent=BROWSER, cookies={"refreshToken": old.refresh}
        )
        self.assertAnswer(response)
        self.assertEqual(self._state(old), "replaced")
        self.assertFalse(self._state(bystander))
        forged = bystander.refresh[:-1] + ("A" if bystander.refresh[-1] != "A" else "B")
        response = self._post("/api/login", login, agent=BROWSER, cookies={"refreshToken": forged})
        self.assertAnswer(response)
        self.assertFalse(self._state(bystander))

    def test_time_outs_of_odoo_shorten_a_session(self):
        """Where ``auth_timeout`` ends web sessions sooner, it does so with these; never later."""
        hour = 3600
        cases = [
            ({}, 30 * 24 * hour, 14 * 24 * hour),
            ({"lock_timeout": [(8 * hour, False)]}, 8 * hour, 14 * 24 * hour),
            ({"lock_timeout": [(90 * 24 * hour, True)]}, 30 * 24 * hour, 14 * 24 * hour),
            ({"lock_timeout_inactivity": [(hour, True), (2 * hour, False)]}, 30 * 24 * hour, hour),
        ]
        for limits, absolute, idle in cases:
            asked = patch.object(
                type(self.user),
                "_get_lock_timeouts",
                lambda user, limits=limits: limits,
                create=True,
            )
            with self.subTest(limits=limits), asked:
                opened = self._open(self.user)
                life = opened.session.expires_at - opened.session.last_used_at
                self.assertEqual(life.total_seconds(), absolute)
                self.assertEqual(opened.session._seconds_left(), min(absolute, idle))
                body = {"refreshToken": opened.refresh}
                self._rest(opened, idle - 60)
                self.assertAnswer(self._post(ACCESS, body))
                self._rest(opened, idle + 1)
                self.assertInvalidToken(self._post(ACCESS, body), "invalid_refresh_token")

    def _rest(self, opened, seconds):
        """Let a session have been used last that long ago."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE jwt_session SET last_used_at = now() AT TIME ZONE 'utc' - make_interval(secs => %s)"
            " WHERE id = %s",
            [seconds, opened.session.id],
        )
        self.env.invalidate_all()
