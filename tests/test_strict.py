# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from .common import APP, BROWSER, ApiCase

ACCESS, ROTATE = "/api/update/access-token", "/api/update/refresh-token"
COOKIE = "__Host-refreshToken"


@tagged("post_install", "-at_install")
class TestStrictProfile(ApiCase):
    """System parameter ``jwt_auth_api.profile`` = ``strict``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set(profile="strict")

    def _login(self, agent):
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        return self._post("/api/login", body, agent=agent)

    def assertHostCookie(self, response):
        """``__Host-`` (RFC 6265bis): Secure, Path=/, no Domain; and SameSite=Strict; its value."""
        self.assertIsNone(self._cookie(response), "the compatible cookie is not set as well")
        value, attributes = self._cookie(response, COOKIE)
        attributes.pop("expires", None)
        self.assertEqual(attributes.keys(), {"httponly", "secure", "samesite", "max-age", "path"})
        self.assertEqual((attributes["samesite"], attributes["path"]), ("Strict", "/"))
        self.assertNotIn(value, response.text)
        return value

    def test_browser_gets_the_token_in_the_cookie_alone(self):
        """The body says 1, at login and at rotation."""
        response = self._login(BROWSER)
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["token", "refreshToken", "user_id"])
        self.assertEqual(body["refreshToken"], 1)
        cookie = self.assertHostCookie(response)
        response = self._post(ACCESS, {}, agent=BROWSER, cookies={COOKIE: cookie})
        self.assertEqual(list(self.assertAnswer(response)), ["access_token"])
        rotated = self.assertHostCookie(response)
        self.assertNotEqual(rotated, cookie)
        response = self._post(ROTATE, {}, body["token"], agent=BROWSER, cookies={COOKIE: rotated})
        self.assertEqual(self.assertAnswer(response), {"status": "done", "refreshToken": 1})
        self.assertHostCookie(response)

    def test_every_refresh_rotates_for_apps_too(self):
        """The answer gains ``refreshToken``; the old one is reuse after the grace."""
        body = self.assertAnswer(self._login(APP))
        response = self._post(ACCESS, {"refreshToken": body["refreshToken"]})
        self.assertNoCookie(response)
        answer = self.assertAnswer(response)
        self.assertEqual(list(answer), ["access_token", "refreshToken"])
        self.assertNotEqual(answer["refreshToken"], body["refreshToken"])
        self._age(body["refreshToken"], 11)
        with self.assertLogs("odoo.addons.jwt_auth_api.models.jwt_security_event", "WARNING"):
            response = self._post(ACCESS, {"refreshToken": body["refreshToken"]})
        self.assertError(response, 400, "invalid_grant")
        self.assertEqual(self._sessions(self.user).revoke_reason, "reuse")
        self.assertFalse(self._is_open(answer["access_token"]))

    def test_other_cookie_counts_for_nothing(self):
        """A cookie without the prefix may have been planted by another host of the site."""
        opened = self._open(self.user, "browser")
        response = self._post(ACCESS, {}, agent=BROWSER, cookies={"refreshToken": opened.refresh})
        self.assertError(response, 400, "invalid_grant")
        self.assertFalse(self._state(opened))

    def test_refused_refresh_is_an_invalid_grant(self):
        """RFC 6749, section 5.2: 400, without a challenge."""
        response = self._post(ACCESS, {"refreshToken": "x"})
        self.assertError(response, 400, "invalid_grant")
        self.assertNotIn("WWW-Authenticate", response.headers)

    def test_log_out_clears_the_cookie(self):
        """The one of the profile."""
        opened = self._open(self.user, "browser")
        response = self._post("/api/revoke/token", {}, opened.access, agent=BROWSER)
        self.assertAnswer(response)
        value, attributes = self._cookie(response, COOKIE)
        self.assertEqual((value, attributes["max-age"]), ("", "0"))

    def test_profile_is_read_live(self):
        """The next request is compatible again."""
        self._set(profile="compatible")
        self.env.flush_all()
        response = self._login(BROWSER)
        self.assertIsInstance(self.assertAnswer(response)["refreshToken"], str)
        self.assertTrue(self._cookie(response))
