# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from datetime import datetime, timedelta
from unittest.mock import patch

from passlib.hash import pbkdf2_sha512

from odoo.http import root
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import settings
from ..tools.settings import COOLDOWN_AFTER as AFTER
from ..tools.settings import COOLDOWN_DURATION as DURATION
from .common import APP, BROWSER, ApiCase

DAY = 24 * 3600
PATH = "/api/login"


@tagged("post_install", "-at_install")
class TestLogin(ApiCase):
    """``POST /api/login``."""

    def _login(self, user=None, password=None, **options):
        login = (user or self.user).login
        return self._post(
            PATH, {"login": login, "password": password or f"{login}-password"}, **options
        )

    def _right(self, user=None):
        login = (user or self.user).login
        return {"login": login, "password": f"{login}-password"}

    # --- what it answers -----------------------------------------------------------------

    def test_answers_exactly_the_documented_keys(self):
        """An app gets both tokens and its user's id, both tokens work, and nothing else is set."""
        response = self._login()
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["token", "refreshToken", "user_id"])
        self.assertEqual(body["user_id"], self.user.id)
        self.assertNoCookie(response)
        self.assertTrue(self._is_open(body["token"]))
        refreshed = self._post("/api/update/access-token", {"refreshToken": body["refreshToken"]})
        self.assertEqual(list(self.assertAnswer(refreshed)), ["access_token"])
        session = self._sessions(self.user)
        self.assertEqual(len(session), 1)
        self.assertEqual(session.client_type, "app")
        self.assertEqual(session.user_agent, APP)
        self.assertFalse(self._sessions(self.victim))

    def test_browser_gets_the_cookie(self):
        """A browser gets the refresh token also as a cookie that no script can read."""
        response = self._login(agent=BROWSER)
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["token", "refreshToken", "user_id"])
        self.assertEqual(self.assertCookie(response, longest=14 * DAY), body["refreshToken"])
        self.assertEqual(self._sessions(self.user).client_type, "browser")

    def test_cookie_lives_no_longer_than_the_token(self):
        """The cookie ends with the session or, if that comes first, with the idle time."""
        for whole, idle, longest in [(3600, 7200, 3600), (7200, 3600, 3600)]:
            with self.subTest(whole=whole, idle=idle):
                self._set(refresh_token_seconds=whole, refresh_idle_seconds=idle)
                self.assertCookie(self._login(agent=BROWSER), longest)

    def test_client_type_header_wins_over_the_user_agent(self):
        """``X-Client-Type`` says what the client is; without it the User-Agent does."""
        cases = [
            (BROWSER, "app", False),
            (BROWSER, "APP", False),
            (APP, "browser", True),
            (BROWSER, "toaster", True),
            (APP, "toaster", False),
            ("", "browser", True),
        ]
        for agent, declared, cookie in cases:
            with self.subTest(agent=agent, declared=declared):
                response = self._login(agent=agent, headers={"X-Client-Type": declared})
                self.assertAnswer(response)
                self.assertEqual(self._cookie(response) is not None, cookie)

    def test_each_login_is_a_session_of_its_own(self):
        """A second device does not end the first one's session."""
        first = self.assertAnswer(self._login())
        second = self.assertAnswer(self._login())
        self.assertEqual(len(self._sessions(self.user)), 2)
        for body in (first, second):
            answer = self._post("/api/update/access-token", {"refreshToken": body["refreshToken"]})
            self.assertAnswer(answer)

    # --- refusing ------------------------------------------------------------------------

    def test_wrong_login_and_wrong_password_answer_the_same(self):
        """Who may not log in learns nothing: not whether the login exists, is archived or the system's."""
        self.victim.active = False
        refused = []
        for login, password in [
            (self.user.login, "wrong"),
            ("nobody-has-this-login", "wrong"),
            (self.victim.login, f"{self.victim.login}-password"),
            ("__system__", "wrong"),
            ("public", "public"),
            (self.user.login.upper() + " ", f"{self.user.login}-password"),
        ]:
            with self.subTest(login=login):
                self.registry._login_failures.clear()
                response = self._post(PATH, {"login": login, "password": password})
                self.assertError(response, 401, "invalid_credentials")
                refused.append(response.content)
        self.assertEqual(len(set(refused)), 1)
        self.assertFalse(self._sessions(self.user | self.victim))

    def test_credentials_that_are_no_strings_are_a_400(self):
        """Missing, empty, oversized and non-string credentials never reach the password check."""
        right = self._right()
        bodies = [
            {},
            {"login": right["login"]},
            {"password": right["password"]},
            *({**right, "login": value} for value in (None, 1, True, ["a"], {"a": 1}, "")),
            *({**right, "password": value} for value in (None, 1, True, ["a"], {"a": 1}, "")),
            {**right, "login": "a\x00b"},
            {**right, "password": "p" * 5000},
        ]
        users = self.registry["res.users"]
        with patch.object(users, "authenticate", side_effect=AssertionError) as authenticate:
            for body in bodies:
                with self.subTest(body=str(body)[:80]):
                    self.assertError(self._post(PATH, body), 400, "bad_value")
        authenticate.assert_not_called()
        self.assertError(self._call("POST", PATH), 400, "bad_value")

    def test_credentials_come_from_the_json_body_alone(self):
        """A query string, a form and a header log nobody in."""
        right = self._right()
        self.assertError(self._post(PATH, params=right), 400, "bad_value")
        self.assertError(self._call("POST", PATH, params=right), 400, "bad_value")
        self.assertError(self._call("POST", PATH, data=right), 415, "unsupported_media_type")
        text = self._call(
            "POST", PATH, data=json.dumps(right), headers={"Content-Type": "text/plain"}
        )
        self.assertError(text, 415, "unsupported_media_type")
        self.assertError(self._post(PATH, {}, headers=right), 400, "bad_value")
        self.assertFalse(self._sessions(self.user))

    def test_other_methods_log_nobody_in(self):
        """GET is a 405; OPTIONS answers the preflight and does not look at the body."""
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            with self.subTest(method=method):
                response = self._call(method, PATH, json=self._right())
                self.assertError(response, 405, "method_not_allowed")
                self.assertEqual(response.headers["Allow"], "POST")
        response = self._call("OPTIONS", PATH, json=self._right())
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertNoCookie(response)
        self.assertFalse(self._sessions(self.user))

    def test_refused_passwords_cost_the_same(self):
        """One hash, be the password wrong, the login unknown or archived, or there nothing to compare with."""
        self.victim.active = False
        self.env.cr.execute("UPDATE res_users SET password = NULL WHERE id = %s", [self.portal.id])
        if "totp_secret" in self.env["res.users"]._fields:
            self.admin.sudo().totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.env.flush_all()
        self.env["res.users"]._jwt_some_hash()  # made once per worker
        plain, hashed = pbkdf2_sha512._calc_checksum, []

        def count(handler, secret):
            hashed.append(secret)
            return plain(handler, secret)

        users = [self.user.login, "nobody-has-this-login", self.victim.login, "__system__"]
        users += [self.portal.login, self.admin.login]
        for password in ("wrong", "0123456789abcdef" * 2 + "01234567"):
            for login in users:
                with (
                    self.subTest(login=login, password=password),
                    patch.object(pbkdf2_sha512, "_calc_checksum", count),
                ):
                    hashed.clear()
                    self.registry._login_failures.clear()
                    response = self._post(PATH, {"login": login, "password": password})
                    self.assertError(response, 401, "invalid_credentials")
                    self.assertEqual(len(hashed), 1)

    # --- throttling ----------------------------------------------------------------------

    def test_throttled_login_is_a_429(self):
        """After the configured failures even the right password waits, and is told how long."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 3)
        parameters.set_param("base.login_cooldown_duration", 45)
        throttle = self.env["jwt.throttle"]
        for _failure in range(3):
            self.assertEqual(throttle._take(self.user.login, "127.0.0.1"), 0)
        response = self._login()
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 46))
        self.assertFalse(self._sessions(self.user))
        self.assertAnswer(self._login(self.victim))

    @mute_logger("odoo.addons.base.models.res_users")
    def test_odoos_own_count_is_a_429_too(self):
        """What Odoo counts in this process throttles in the documented form, not as a wrong password."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 3)
        parameters.set_param("base.login_cooldown_duration", 45)
        for _failure in range(3):
            self.assertError(self._login(password="wrong"), 401, "invalid_credentials")
        response = self._login()
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 46))
        self.assertFalse(self._sessions(self.user))

    def test_throttle_counts_per_login_and_address(self):
        """A success forgets the failures of that login and address, nobody else's."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        throttle = self.env["jwt.throttle"]
        for login, address in [("a", "10.0.0.1"), ("a", "10.0.0.1"), ("b", "10.0.0.1")]:
            self.assertEqual(throttle._take(login, address), 0)
        self.assertGreater(throttle._take("a", "10.0.0.1"), 0)
        self.assertEqual(throttle._take("a", "10.0.0.2"), 0, "another address")
        throttle._succeeded("b", "10.0.0.1")
        self.assertGreater(throttle._take("a", "10.0.0.1"), 0, "another login's success")
        throttle._succeeded("a", "10.0.0.1")
        self.assertEqual(throttle._take("a", "10.0.0.1"), 0)

    def test_throttle_counts_per_address(self):
        """Trying many logins from one address ends, too; an IPv6 address counts by its /64."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        throttle = self.env["jwt.throttle"]
        for number in range(20):
            self.assertEqual(throttle._take(f"login-{number}", f"2001:db8::{number + 1:x}"), 0)
        self.assertGreater(throttle._take("one more", "2001:db8::ffff"), 0)
        self.assertEqual(throttle._take("one more", "2001:db8:0:1::1"), 0)

    def test_throttle_grants_one_more_try_per_cooldown(self):
        """The count leaks: after a cooldown there is one try more, not all of them."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 3)
        parameters.set_param("base.login_cooldown_duration", 60)
        throttle = self.env["jwt.throttle"]
        for _failure in range(3):
            self.assertEqual(throttle._take("a", "10.0.0.1"), 0)
        self.assertIn(throttle._take("a", "10.0.0.1"), range(59, 61))
        self.env.cr.execute(
            "UPDATE jwt_throttle SET last_failure = last_failure - interval '61 seconds'"
        )
        self.assertEqual(throttle._take("a", "10.0.0.1"), 0)
        self.assertGreater(throttle._take("a", "10.0.0.1"), 0)

    def test_throttle_after_the_clock_was_moved_back(self):
        """Failures from the time when it was ahead are kept, and leak from now on."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 3)
        parameters.set_param("base.login_cooldown_duration", 60)
        throttle = self.env["jwt.throttle"]
        for _failure in range(3):
            self.assertEqual(throttle._take("a", "10.0.0.1"), 0)
        change = "UPDATE jwt_throttle SET last_failure = last_failure + %s::interval"
        self.env.cr.execute(change, ["1 day"])
        self.assertEqual(throttle._take("a", "10.0.0.1"), 0)
        self.assertIn(throttle._take("a", "10.0.0.1"), range(59, 61))
        self.env.cr.execute(change, ["-61 seconds"])
        self.assertEqual(throttle._take("a", "10.0.0.1"), 0)
        self.assertIn(throttle._take("a", "10.0.0.1"), range(58, 61))

    def test_throttle_can_be_switched_off(self):
        """``base.login_cooldown_after`` 0 means no limit, as in Odoo."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        for _try in range(30):
            self.assertEqual(self.env["jwt.throttle"]._take("a", "10.0.0.1"), 0)

    @mute_logger("odoo.addons.base.models.res_users")
    def test_parameters_of_the_throttle_that_make_no_sense(self):
        """They fail no login, count as the default or the nearest number, and the log names them."""
        parameters, users = self.env["ir.config_parameter"], self.env["res.users"]
        usual = {AFTER: "3", DURATION: "45"}
        for name, text, counts in (
            (AFTER, "many", 5),
            (AFTER, "2.5", 5),
            (DURATION, "a minute", 60),
            (DURATION, "9" * 30, 365 * 24 * 3600),
        ):
            with self.subTest(name=name, text=text):
                for each, value in {**usual, name: text}.items():
                    parameters.set_param(each, value)
                getattr(self.registry, "_login_failures", {}).clear()
                settings.read.cache_clear()
                with self.assertLogs("odoo.addons.jwt_auth_api.tools.settings", "ERROR") as logs:
                    self.assertAnswer(self._login())
                self.assertEqual(len(logs.output), 1)
                self.assertIn(f"{name}: ignoring {text!r}, using {counts}.", logs.output[0])
                self.assertError(self._login(password="wrong"), 401, "invalid_credentials")
                expected = {AFTER: 3, DURATION: 45, name: counts}
                self.assertEqual(
                    self.env["jwt.throttle"]._limits(), (expected[AFTER], expected[DURATION])
                )
                now = datetime.now()
                self.assertFalse(users._on_login_cooldown(expected[AFTER] - 1, now))
                self.assertTrue(users._on_login_cooldown(expected[AFTER], now))
                earlier = now - timedelta(seconds=expected[DURATION] + 1)
                self.assertFalse(users._on_login_cooldown(expected[AFTER], earlier))
                told = self.env["res.config.settings"].create({}).jwt_ignored
                self.assertEqual(told, f"{name} = {text}")

    # --- holes of earlier ones -----------------------------------------------------------

    def test_s10_tokens_of_one_second_differ(self):
        """No two tokens are alike, and the JSON answer never shows one as the other."""
        with patch("odoo.addons.jwt_auth_api.models.jwt_session.time.time", return_value=4e9):
            bodies = [self.assertAnswer(self._login()) for _login in range(2)]
        found = [body[key] for body in bodies for key in ("token", "refreshToken")]
        self.assertEqual(len(set(found)), 4)
        for body in bodies:
            self.assertEqual(body["token"].count("."), 2)
            self.assertTrue(body["refreshToken"].startswith("v1."))

    def test_s20_login_opens_no_web_session(self):
        """No session cookie, no session file, and a session cookie in the request is left alone."""
        with patch.object(type(root.session_store), "save", side_effect=AssertionError) as save:
            for agent in (APP, BROWSER):
                response = self._login(agent=agent)
                self.assertAnswer(response)
                self.assertIsNone(self._cookie(response, "session_id"))
        save.assert_not_called()
        self.authenticate(self.victim.login, None)
        before = dict(root.session_store.get(self.session.sid))
        response = self._login()
        self.assertEqual(self.assertAnswer(response)["user_id"], self.user.id)
        self.assertNoCookie(response)
        self.assertEqual(dict(root.session_store.get(self.session.sid)), before)

    def test_b06_login_on_another_device_keeps_the_first_refresh_token(self):
        """A login on device B leaves device A's refresh token as it is."""
        first = self.assertAnswer(self._login(agent=APP))["refreshToken"]
        self.assertAnswer(self._login(agent=BROWSER))
        self.assertAnswer(self._post("/api/update/access-token", {"refreshToken": first}))

    def test_b14_a_fault_of_the_server_is_no_wrong_password(self):
        """An error in the login is a 500 without details, not "wrong login or password"."""
        failing = patch.object(
            self.registry["jwt.session"], "_open", side_effect=NameError("secret")
        )
        with failing, mute_logger("odoo.http"):
            body = self.assertError(self._login(), 500, "server_error")
        self.assertNotIn("secret", body["message"])

    def test_host_header_does_not_become_the_base_url(self):
        """An administrator's login does not take ``web.base.url`` from the request."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("web.base.url.freeze", False)
        parameters.set_param("web.base.url", "https://example.com")
        self.assertAnswer(self._login(self.admin))
        self.env.invalidate_all()
        self.assertEqual(parameters.get_param("web.base.url"), "https://example.com")

    def test_no_credential_stays_in_the_log(self):
        """Neither a password nor a token is logged, whatever becomes of the login."""
        with self.assertLogs(level="DEBUG") as logs:
            body = self.assertAnswer(self._login())
            self._login(password="a-wrong-password")
        text = "\n".join(logs.output)
        for secret in (
            body["token"],
            body["refreshToken"],
            "api-user-password",
            "a-wrong-password",
        ):
            self.assertNotIn(secret, text)
