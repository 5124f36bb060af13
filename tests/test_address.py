# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config, mute_logger

from .common import ApiCase
from .test_request_log import real_commits


@tagged("post_install", "-at_install")
class TestAddress(ApiCase):
    """A client has one address, however the server or a proxy spells it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", 1)  # ten forged tokens per address
        parameters.set_param("base.login_cooldown_duration", 45)

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(config.options, {"proxy_mode": True}))

    def _from(self, address, method, path, token=None, **options):
        headers = {"X-Forwarded-Host": "127.0.0.1", "X-Forwarded-For": address}
        return self._call(method, path, token, headers=headers, **options)

    def _login(self, address, password):
        body = {"login": self.user.login, "password": password}
        return self._from(address, "POST", "/api/login", json=body)

    def _forged(self, address):
        body = {"refreshToken": "rubbish"}
        return self._from(address, "POST", "/api/update/access-token", json=body)

    def _use_up(self, addresses):
        for address in addresses:
            self.assertInvalidToken(self._forged(address), "invalid_refresh_token")

    def test_ports_share_a_bucket(self):
        """A proxy that adds the client's port sends another one for each connection."""
        self._use_up(f"192.0.2.1:{4000 + number}" for number in range(10))
        for address in ("192.0.2.1:5000", "192.0.2.1", "::ffff:192.0.2.1"):
            self.assertError(self._forged(address), 429, "too_many_requests")

    def test_mapped_addresses_have_a_bucket_each(self):
        """A server that listens on IPv6 sees all IPv4 clients in one /64."""
        self._use_up(["::ffff:192.0.2.1"] * 10)
        self.assertError(self._forged("::ffff:192.0.2.1"), 429, "too_many_requests")
        self.assertInvalidToken(self._forged("::ffff:192.0.2.2"), "invalid_refresh_token")

    def test_hosts_of_a_network_share_a_bucket(self):
        """The /64 of an IPv6 address counts, with a port or a zone too."""
        self._use_up(["[2001:db8::1%25eth0]:4711", "2001:db8::2"] * 5)
        self.assertError(self._forged("2001:DB8::3"), 429, "too_many_requests")
        self.assertInvalidToken(self._forged("2001:db8:0:1::1"), "invalid_refresh_token")

    @mute_logger("odoo.addons.base.models.res_users")
    def test_odoos_own_count_takes_the_same_address(self):
        """Odoo counts failed logins by the address of the request."""
        self.assertError(self._login("192.0.2.1:4000", "wrong"), 401, "invalid_credentials")
        self.assertEqual(list(self.registry._login_failures), ["192.0.2.1"])
        self.assertError(self._login("::ffff:192.0.2.1", "wrong"), 429, "too_many_requests")

    def test_everything_keeps_the_same_address(self):
        """The session, Odoo's list of devices, the event and the log of requests."""
        self._connect("res.partner", log_requests=True)
        spelled = '"[::ffff:192.0.2.7]:4711"'
        answer = self.assertAnswer(self._login(spelled, f"{self.user.login}-password"))
        path = "/api/send_request?model=res.partner&fields=[]"
        with real_commits():
            self.assertAnswer(self._from(spelled, "GET", path, answer["token"]))
        session = self._sessions(self.user)
        devices = self.env["res.device.log"].search([("session_identifier", "=", session.sid)])
        event = self.env["jwt.security.event"].search([("event", "=", "login")], limit=1)
        log = self.env["connection.api.log"].search([], limit=1)
        for record in (session, devices, event, log):
            with self.subTest(model=record._name):
                self.assertEqual(record.ip_address, "192.0.2.7")

    def test_what_is_no_address_is_no_error(self):
        """A name is kept, anything else is left out."""
        for sent, kept in (("unknown", "unknown"), ("<script>", ""), ("192.0.2.1\x01", "")):
            with self.subTest(sent=sent):
                self.assertAnswer(self._login(sent, f"{self.user.login}-password"))
                self.assertEqual(self._sessions(self.user)[-1].ip_address or "", kept)
