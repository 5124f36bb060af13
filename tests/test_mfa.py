# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import time
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.auth_totp.models.totp import hotp

from ..tools import tokens
from .common import APP, BROWSER, ApiCase

MFA = "/api/login/mfa"
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

    def _amr(self, body):
        return tokens.verify(body["token"], self._issuer(), time.time()).amr

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
        self.assertEqual(self._amr(body), ("apikey",))
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
        looks = "0123456789abcdef0123456789abcdef01234567"  # pragma: allowlist secret
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

    # --- the second step -----------------------------------------------------------------

    def _code(self, offset=0):
        """The code of the user's app, some 30-second steps from now."""
        key = base64.b32decode(SECRET)
        return f"{hotp(key, int(time.time() / 30) + offset):06}"

    def _first_step(self, **options):
        response = self._login(f"{self.user.login}-password", **options)
        body = self.assertAnswer(response, 401)
        self.assertEqual(
            list(body), ["success", "error", "message", "mfa_token", "mfa_type", "expires_in"]
        )
        self.assertEqual((body["mfa_type"], body["expires_in"]), ("totp", 300))
        return body["mfa_token"]

    def _second_step(self, mfa_token, code, **options):
        return self._post(MFA, {"mfa_token": mfa_token, "code": code}, **options)

    def test_code_finishes_the_login(self):
        """The answer is the login's; a browser gets its cookie now and not before."""
        response = self._second_step(self._first_step(), self._code())
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["token", "refreshToken", "user_id"])
        self.assertEqual(response.headers["X-Token-Expires-In"], "900")
        self.assertEqual(body["user_id"], self.user.id)
        self.assertTrue(self._is_open(body["token"]))
        self.assertEqual(self._amr(body), ("pwd", "otp", "mfa"))
        response = self._second_step(self._first_step(agent=BROWSER), self._code(1), agent=BROWSER)
        self.assertEqual(self.assertAnswer(response)["user_id"], self.user.id)
        self.assertCookie(response, longest=14 * 86400)

    def test_spaces_and_numbers_are_codes_too(self):
        """People type the code as their app shows it, and clients send numbers."""
        code = self._code()
        token = self._first_step()
        self.assertAnswer(self._second_step(token, f"{code[:3]} {code[3:]}"))
        self.assertAnswer(self._second_step(self._first_step(), int(self._code(1))))

    def test_mfa_token_and_code_count_once(self):
        """Neither the token nor the code opens a second session."""
        token, code = self._first_step(), self._code()
        self.assertAnswer(self._second_step(token, code))
        self.assertError(self._second_step(token, self._code(1)), 401, "invalid_mfa_token")
        self.assertError(self._second_step(self._first_step(), code), 401, "invalid_code")
        self.assertEqual(len(self._sessions(self.user)), 1)

    def test_five_wrong_codes_are_enough(self):
        """The sixth is refused though it is right; Odoo's own hourly limit has counted them, and the answer
        says when it ends."""
        token = self._first_step()
        wrong = "000000" if self._code() != "000000" else "111111"
        for _time in range(5):
            self.assertError(self._second_step(token, wrong), 401, "invalid_code")
        self.assertError(self._second_step(token, self._code()), 401, "invalid_mfa_token")
        limits = self.env["auth.totp.rate.limit.log"].sudo()
        self.assertEqual(limits.search_count([("user_id", "=", self.user.id)]), 5)
        self._age_limit(minutes=50)
        token = self._first_step()
        for _time in range(3):
            response = self._second_step(token, self._code())
            self.assertError(response, 429, "too_many_requests")
            self.assertAlmostEqual(int(response.headers["Retry-After"]), 600, delta=5)
        self.assertEqual(limits.search_count([("user_id", "=", self.user.id)]), 5)
        self.assertFalse(self._sessions(self.user))
        self._age_limit(minutes=11)
        self.assertAnswer(self._second_step(token, self._code()))

    def _age_limit(self, minutes):
        """Let Odoo have counted the codes of the user that much earlier."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE auth_totp_rate_limit_log SET create_date = create_date - make_interval(mins => %s)"
            " WHERE user_id = %s",
            [minutes, self.user.id],
        )
        self.env.invalidate_all()

    def test_mfa_token_dies_with_time_and_with_the_password(self):
        """Five minutes, and not beyond a change of the password."""
        token = self._first_step()
        self.env.cr.execute(
            "UPDATE jwt_login_challenge SET expires_at = now() - interval '1 second'"
        )
        self.assertError(self._second_step(token, self._code()), 401, "invalid_mfa_token")
        token = self._first_step()
        self.user.password = f"{self.user.login}-password"
        self.env.flush_all()
        self.assertError(self._second_step(token, self._code()), 401, "invalid_mfa_token")

    def test_forged_mfa_tokens(self):
        """A wrong secret costs the challenge nothing; other tokens and rubbish are no MFA tokens."""
        token = self._first_step()
        forged = token[:-1] + ("A" if token[-1] != "A" else "B")
        refresh = self._open(self.victim).refresh
        for text in (forged, refresh, "m1" + refresh[2:], "", "x" * 100):
            response = self._second_step(text, self._code())
            self.assertError(response, 401, "invalid_mfa_token")
        for body in ({}, {"mfa_token": token}, {"mfa_token": 1, "code": "1"}, {"code": "1"}):
            self.assertError(self._post(MFA, body), 400, "bad_value")
        for code in ("", "abc", "١٢٣٤٥٦", "12345678901"):
            self.assertError(self._second_step(token, code), 401, "invalid_code")
        self.assertAnswer(self._second_step(token, self._code()))

    def test_mfa_token_opens_nothing_else(self):
        """It is neither an access token nor a refresh token."""
        token = self._first_step()
        self.assertFalse(self._is_open(token))
        response = self._post("/api/update/access-token", {"refreshToken": token})
        self.assertInvalidToken(response, "invalid_refresh_token")

    def test_enabling_a_second_factor_ends_older_sessions(self):
        """What was opened with a password alone does not outlive it."""
        opened = self._open(self.victim)
        self.assertTrue(self._is_open(opened.access))
        self.victim.sudo().totp_secret = SECRET
        self.env.flush_all()
        self.assertFalse(self._is_open(opened.access))

    def test_mail_server_that_is_down_is_a_503(self):
        """No missing right and no failure of ours: the client is told to come back, and can."""
        if "auth_totp_mail" not in self.env.registry._init_modules:
            self.skipTest("auth_totp_mail is not installed")
        self.env["ir.config_parameter"].set_param("auth_totp.policy", "all_required")
        self.victim.email = "victim@example.com"
        self.env.flush_all()
        login = {"login": self.victim.login, "password": f"{self.victim.login}-password"}
        server, mail = self.env["ir.mail_server"], self.env["mail.mail"]
        for model, method, failure in (
            (server, "_connect__", OSError("secret.example is down")),
            (mail, "_send", SMTPServerDisconnected("secret.example is gone")),
        ):
            with (
                self.subTest(method),
                patch.object(type(model), method, side_effect=failure),
                self.assertLogs("odoo.addons.jwt_auth_api.models.jwt_login_challenge", "ERROR"),
            ):
                response = self._post("/api/login", login)
            self.assertError(response, 503, "unavailable")
            self.assertNotIn("secret", response.text)
            self.assertGreater(int(response.headers["Retry-After"]), 0)

    def _mailed_first_step(self):
        """A login of a user whose code comes by mail: the ``mfa_token``."""
        login = {"login": self.victim.login, "password": f"{self.victim.login}-password"}
        users = type(self.env["res.users"])
        with patch.object(
            users, "_send_totp_mail_code", lambda user: user._totp_rate_limit("send_email")
        ):
            body = self.assertAnswer(self._post("/api/login", login), 401)
        self.assertEqual((body["error"], body["mfa_type"]), ("mfa_required", "totp_mail"))
        return body["mfa_token"]

    def _mail_codes(self):
        if "auth_totp_mail" not in self.env.registry._init_modules:
            self.skipTest("auth_totp_mail is not installed")
        self.env["ir.config_parameter"].set_param("auth_totp.policy", "all_required")
        self.victim.email = "victim@example.com"
        self.env.flush_all()

    def test_mailed_code_opens_one_session(self):
        """However many logins have begun: the first to bring it ends the others; a new login has its own."""
        self._mail_codes()
        begun = [self._mailed_first_step() for _time in range(3)]
        self.env.invalidate_all()
        code = self.victim._get_totp_mail_code()[0]
        self.assertAnswer(self._second_step(begun[1], code))
        for token in begun:
            self.assertError(self._second_step(token, code), 401, "invalid_mfa_token")
        self.assertEqual(len(self._sessions(self.victim)), 1)
        self.env.cr.execute(  # what a later login does; a test's transaction has one time
            "UPDATE res_users_log SET create_date = create_date - interval '1 minute'"
        )
        self.env.invalidate_all()
        token = self._mailed_first_step()
        self.assertError(self._second_step(token, code), 401, "invalid_code")
        self.env.invalidate_all()
        self.assertAnswer(self._second_step(token, self.victim._get_totp_mail_code()[0]))

    def test_code_of_an_app_leaves_other_logins(self):
        """Each of them brings a code of its own."""
        first, second = self._first_step(), self._first_step()
        self.assertAnswer(self._second_step(first, self._code()))
        self.assertAnswer(self._second_step(second, self._code(1)))

    def test_too_many_mails(self):
        """Odoo sends five codes an hour; the answer says when there is another one."""
        self._mail_codes()
        for _time in range(5):
            self._mailed_first_step()
        self.env.cr.execute(
            "UPDATE auth_totp_rate_limit_log SET create_date = create_date - interval '50 minutes'"
        )
        self.env.invalidate_all()
        login = {"login": self.victim.login, "password": f"{self.victim.login}-password"}
        response = self._post("/api/login", login)
        self.assertError(response, 429, "too_many_requests")
        self.assertAlmostEqual(int(response.headers["Retry-After"]), 600, delta=5)

    def test_mailed_code(self):
        """Policy "all users": the code comes by mail with the first step and finishes the second."""
        if "auth_totp_mail" not in self.env.registry._init_modules:
            self.skipTest("auth_totp_mail is not installed")
        self.env["ir.config_parameter"].set_param("auth_totp.policy", "all_required")
        self.victim.email = "victim@example.com"
        self.env.flush_all()
        login = {"login": self.victim.login, "password": f"{self.victim.login}-password"}
        sent = []
        users = type(self.env["res.users"])
        with patch.object(users, "_send_totp_mail_code", lambda user: sent.append(user.id)):
            body = self.assertAnswer(self._post("/api/login", login), 401)
        self.assertEqual((body["error"], body["mfa_type"]), ("mfa_required", "totp_mail"))
        self.assertEqual(sent, [self.victim.id])
        self.env.invalidate_all()
        code = self.victim._get_totp_mail_code()[0]
        body = self.assertAnswer(self._second_step(body["mfa_token"], code))
        self.assertEqual(body["user_id"], self.victim.id)
