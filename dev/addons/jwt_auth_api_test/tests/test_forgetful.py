# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a refusal has written stays written, whatever the endpoint forgets."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase

REFRESH = "/api/test/forgetful/refresh"
LOG = "odoo.addons.jwt_auth_api.models.jwt_security_event"


@tagged("post_install", "-at_install")
class TestForgetfulEndpoint(ApiCase):
    def test_reuse_ends_the_session(self):
        """The session whose used refresh token came back ends, and its event stays."""
        opened = self._open(self.user)
        token = opened.refresh
        for _time in range(2):
            body = self.assertAnswer(
                self._post("/api/update/refresh-token", {"refreshToken": token}, opened.access)
            )
            token = body["refreshToken"]
        with mute_logger(LOG):
            response = self._post(REFRESH, {"refreshToken": opened.refresh})
        self.assertError(response, 401, "invalid_refresh_token")
        self.env.invalidate_all()
        self.assertEqual(opened.session.revoke_reason, "reuse")
        self.assertFalse(self._is_open(opened.access))
        self.assertError(self._post(REFRESH, {"refreshToken": token}), 401, "invalid_refresh_token")
        events = self.env["jwt.security.event"].search([("session_id", "=", opened.session.id)])
        self.assertIn("reuse", events.mapped("event"))

    def test_wrong_code_is_counted(self):
        """A second factor has five tries, and the sixth right code is one too many."""
        if "totp_secret" not in self.env["res.users"]._fields:
            self.skipTest("auth_totp is not installed")
        self.user.sudo().totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.env.flush_all()
        response = self._post("/api/test/forgetful/login", {"login": self.user.login})
        body = self.assertAnswer(response, 401)
        self.assertEqual(body["error"], "mfa_required")
        answer = {"mfa_token": body["mfa_token"], "code": "1"}
        self.assertError(self._post("/api/test/forgetful/code", answer), 401, "invalid_code")
        self.env.invalidate_all()
        challenge = self.env["jwt.login.challenge"].search([("user_id", "=", self.user.id)])
        self.assertEqual(challenge.tries, 1)
