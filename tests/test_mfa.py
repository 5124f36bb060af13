# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta

from odoo.tests import tagged

from .common import APP, BROWSER, ApiCase

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@tagged("post_install", "-at_install")
class TestSecondFactor(ApiCase):
    """Users with a second factor, who exist where ``auth_totp`` is installed."""

    def setUp(self):
        super().setUp()
        if "totp_secret" not in self.env["res.users"]._fields:
            self.skipTest("auth_totp is not installed")
        self.user.sudo().totp_secret = SECRET
        self.env.flush_all()

    def _login(self, password, **options):
        return self._post("/api/login", {"login": self.user.login, "password": password}, **options)

    def test_s06_password_alone_opens_nothing(self):
        """A right password is a 401 that says why: no token, no cookie, no session."""
        for agent in (APP, BROWSER):
            with self.subTest(agent=agent):
                response = self._login(f"{self.user.login}-password", agent=agent)
                body = self.assertAnswer(response, 401)
                self.assertEqual(body["error"], "mfa_required")
                self.assertIs(body["success"], False)
                self.assertNoCookie(response)
                self.assertFalse(body.keys() & {"token", "refreshToken", "user_id", "access_token"})
        self.assertFalse(self._sessions(self.user))

    def test_wrong_password_does_not_tell_of_the_second_factor(self):
        """Who does not know the password learns nothing about the account."""
        self.assertError(self._login("wrong"), 401, "invalid_credentials")

    def test_api_key_stands_for_the_password(self):
        """As for Odoo's non-interactive logins; another user's key does not."""
        until = datetime.now() + timedelta(days=1)
        keys = self.env["res.users.apikeys"]
        own = keys.with_user(self.user)._generate("rpc", "test", until)
        body = self.assertAnswer(self._login(own))
        self.assertEqual(body["user_id"], self.user.id)
        self.assertTrue(self._is_open(body["token"]))
        foreign = keys.with_user(self.victim)._generate("rpc", "test", until)
        self.assertError(self._login(foreign), 401, "invalid_credentials")
        self.assertError(self._login("0" * 40), 401, "invalid_credentials")
        self.assertEqual(len(self._sessions(self.user)), 1)

    def test_api_key_works_without_a_second_factor_too(self):
        """An account without one logs in with its key as with its password."""
        self.user.sudo().totp_secret = False
        self.env.flush_all()
        until = datetime.now() + timedelta(days=1)
        key = self.env["res.users.apikeys"].with_user(self.user)._generate("rpc", "test", until)
        for password in (key, f"{self.user.login}-password"):
            self.assertEqual(self.assertAnswer(self._login(password))["user_id"], self.user.id)

    def test_password_that_looks_like_an_api_key(self):
        """It is still a password: it opens an account that has no second factor, and no other."""
        looks = "0123456789abcdef0123456789abcdef01234567"
        self.user.password = looks
        self.env.flush_all()
        response = self._login(looks)
        self.assertIn(
            self.assertAnswer(response, 401)["error"], ("mfa_required", "invalid_credentials")
        )
        self.assertFalse(self._sessions(self.user).filtered(lambda session: not session.revoked_at))
        self.victim.password = looks
        self.env.flush_all()
        response = self._post("/api/login", {"login": self.victim.login, "password": looks})
        self.assertEqual(self.assertAnswer(response)["user_id"], self.victim.id)
