# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging

from odoo.tests import tagged

from .common import ApiCase

ACCESS, ROTATE = "/api/update/access-token", "/api/update/refresh-token"
MFA, REVOKE = "/api/login/mfa", "/api/revoke/token"


def forged(token):
    """The token with another secret: its selector is a real one."""
    return token[:-1] + ("A" if token[-1] != "A" else "B")


@tagged("post_install", "-at_install")
class TestTokenThrottle(ApiCase):
    """Tokens that are none: counted per address, and only their sender has to wait."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 1)  # ten per address
        parameters.set_param("base.login_cooldown_duration", 45)

    def _counted(self):
        self.env.cr.execute("SELECT round(coalesce(max(failures), 0)) FROM jwt_throttle")
        return int(self.env.cr.fetchone()[0])

    def _use_up(self):
        for number in range(10):
            response = self._post(ACCESS, {"refreshToken": f"rubbish {number}"})
            self.assertInvalidToken(response, "invalid_refresh_token")

    def assertThrottled(self, response):
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 46))

    def test_forged_tokens_are_counted_wherever_they_are_sent(self):
        """Refresh, rotation, second factor, log-out: together, and then each of them is a 429."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        token = forged(theirs.refresh)

        def send():
            yield self._post(ACCESS, {"refreshToken": token}), "invalid_refresh_token"
            yield self._post(ACCESS, headers={"refreshToken": token}), "invalid_refresh_token"
            yield self._post(ACCESS, cookies={"refreshToken": token}), "invalid_refresh_token"
            yield (
                self._post(ROTATE, {"refreshToken": token}, opened.access),
                "invalid_refresh_token",
            )
            yield self._post(MFA, {"mfa_token": "m1" + token[2:], "code": "1"}), "invalid_mfa_token"
            yield self._post(REVOKE, {}, forged(opened.access)[:-5] + "AAAAA"), "invalid_token"

        for response, code in send():
            self.assertEqual(self.assertAnswer(response, 401)["error"], code)
        self.assertEqual(self._counted(), 6)
        self.env.cr.execute("UPDATE jwt_throttle SET failures = 10")
        for response, _code in send():
            self.assertThrottled(response)
        self.assertFalse(self._state(theirs))
        self.assertFalse(self._state(opened))

    def test_clock_that_is_moved_back(self):
        """An address that used up its attempts while the clock was ahead waits no longer than others."""
        self._use_up()
        self.env.cr.execute(
            "UPDATE jwt_throttle SET last_failure = last_failure + interval '1 day'"
        )
        response = self._post(ACCESS, {"refreshToken": "rubbish"})
        self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertEqual(self._counted(), 10)
        self.assertThrottled(self._post(ACCESS, {"refreshToken": "rubbish"}))

    def test_genuine_tokens_are_served_however_many_others_come(self):
        """From the same address, too: an office must not be locked out by one of its machines."""
        opened = self._open(self.user)
        self._use_up()
        self.assertThrottled(self._post(ACCESS, {"refreshToken": "rubbish"}))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        self.assertAnswer(self._post(ROTATE, {"refreshToken": opened.refresh}, opened.access))
        self.assertTrue(self._is_open(opened.access))
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        self.assertAnswer(self._post("/api/login", body))
        self.assertAnswer(self._post(REVOKE, {}, opened.access))

    def test_only_what_is_no_token_is_counted(self):
        """Nothing sent, a session that has ended, a token of another user: no sign of guessing."""
        opened, theirs, ended = (self._open(user) for user in (self.user, self.victim, self.user))
        self.env["jwt.session"]._revoke([("id", "=", ended.session.id)], "logout")
        for response in (
            self._post(ACCESS),
            self._post(ACCESS, {"refreshToken": ended.refresh}),
            self._post(ACCESS, {"refreshToken": theirs.refresh, "user_id": self.user.id}),
            self._post(ROTATE, {"refreshToken": theirs.refresh}, opened.access),
        ):
            self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertMissingToken(self._post(REVOKE))
        self.assertAnswer(self._post(REVOKE, {}, ended.access))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        self.assertEqual(self._counted(), 0)

    def test_administrator_sees_it_once_a_minute(self):
        """With the address; a flood of tokens is no flood of the list."""
        self._use_up()
        events = self.env["jwt.security.event"].sudo()
        before = events.search([("event", "=", "throttled")])
        with self.assertLogs(
            "odoo.addons.jwt_auth_api.models.jwt_security_event", logging.INFO
        ) as logs:
            self.assertThrottled(self._post(ACCESS, {"refreshToken": "rubbish"}))
        self.assertEqual(len(logs.output), 1)
        self.assertIn("throttled: ", logs.output[0])
        self.assertIn("127.0.0.1", logs.output[0])
        self.assertFalse(before)

    def test_can_be_switched_off(self):
        """With Odoo's own parameter."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        self._use_up()
        response = self._post(ACCESS, {"refreshToken": "rubbish"})
        self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertEqual(self._counted(), 0)
