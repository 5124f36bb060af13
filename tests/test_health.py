# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The health check finds what is not safe or right, and nothing in a database where all is well."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import config, mute_logger

from ..engine import health
from .common import NO_TRACKING


@tagged("post_install", "-at_install")
class TestHealth(TransactionCase):
    """A database where all is well; each test spoils one thing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.env["connection.api"].search([]).unlink()
        cls.env["jwt.session"].sudo().search([]).unlink()
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param("web.base.url", "https://odoo.example.com")
        cls.parameters.set_param("jwt_auth_api.cors_origins", "https://app.example.com")

    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(health, "version", lambda _name: "2.10.1"))

    def _titles(self, **options):
        env = self.env(user=self.manager)
        return [each.title for each in health.findings(env, **{"is_forwarded": False, **options})]

    def assertFinds(self, words, **options):
        titles = self._titles(**options)
        self.assertEqual(len(titles), 1, titles)
        self.assertIn(words, titles[0])

    def _connect(self, name="res.country", **values):
        model_id = self.env["ir.model"]._get_id(name)
        return self.env["connection.api"].create(
            {"model_id": model_id, "is_get": True, "run_as": "sudo", **values}
        )

    def test_all_is_well(self):
        self._connect(group_ids=self.env.ref("base.group_user").ids)
        self.assertEqual(self._titles(), [])

    def test_address(self):
        """Plain HTTP, except on one's own machine."""
        self.parameters.set_param("web.base.url", "http://odoo.example.com")
        self.assertFinds("http://odoo.example.com, is not HTTPS")
        self.parameters.set_param("web.base.url", "http://localhost:8069")
        self.assertEqual(self._titles(), [])

    def test_proxy(self):
        """A request that a proxy has passed on, while Odoo does not know of it."""
        with patch.dict(config.options, {"proxy_mode": False}):
            self.assertFinds("proxy_mode is off", is_forwarded=True)
            self.assertEqual(self._titles(is_forwarded=False), [])
        with patch.dict(config.options, {"proxy_mode": True}):
            self.assertEqual(self._titles(is_forwarded=True), [])

    def test_connections(self):
        """Dangerous ones, by name, with what is dangerous."""
        connection = self._connect(is_put=True)
        self.assertFinds("Country (res.country): No group is selected")
        connection.run_as = "user"
        self.assertEqual(self._titles(), [])
        connection.write({"run_as": "sudo", "active": False})
        self.assertEqual(self._titles(), [])

    def test_profile(self):
        """Browsers with the compatible profile."""
        self.env["jwt.session"]._open(self.manager, "browser", "test", "127.0.0.1")
        self.assertFinds("the profile is Compatible")
        self.parameters.set_param("jwt_auth_api.profile", "strict")
        self.assertEqual(self._titles(), [])

    @mute_logger("odoo.addons.jwt_auth_api.tools.settings")
    def test_settings(self):
        """A wildcard and other values that are ignored; origins of plain HTTP."""
        self.parameters.set_param("jwt_auth_api.cors_origins", "*")
        self.assertFinds("jwt_auth_api.cors_origins")
        self.parameters.set_param("jwt_auth_api.cors_origins", "http://app.example.com")
        self.assertFinds("http://app.example.com")
        self.parameters.set_param("jwt_auth_api.cors_origins", "http://localhost:3000")
        self.assertEqual(self._titles(), [])

    def test_pyjwt(self):
        with patch.object(health, "version", lambda _name: "2.7.0"):
            self.assertFinds("PyJWT 2.7.0 is old")

    def test_reports(self):
        """Reports that are open where no PDF can be created."""
        report = self.env["ir.actions.report"].create(
            {"name": "Card", "model": "res.country", "report_name": "base.card"}
        )
        internal = self.env.ref("base.group_user").ids
        self._connect(report_ids=[Command.set(report.ids)], group_ids=internal)
        reports = self.env.registry["ir.actions.report"]
        with patch.object(reports, "get_wkhtmltopdf_state", lambda self: "install"):
            self.assertFinds("cannot create PDF")
        with patch.object(reports, "get_wkhtmltopdf_state", lambda self: "ok"):
            self.assertEqual(self._titles(), [])

    def test_list(self):
        """Managers see the findings, each with what they may open; others see nothing."""
        connection = self._connect(is_put=True)
        self.parameters.set_param("web.base.url", "http://odoo.example.com")
        check = self.env.ref("jwt_auth_api.connection_api_finding_check")
        action = check.with_user(self.manager).run()
        found = self.env[action["res_model"]].with_user(self.manager).search(action["domain"])
        self.assertEqual(found.mapped("severity"), ["danger", "danger"])
        address, danger = found
        self.assertFalse(address.has_link, "only administrators change system parameters")
        self.assertTrue(address.with_user(self.env.ref("base.user_admin")).has_link)
        self.assertTrue(danger.has_link)
        opened = danger.action_open()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("connection.api", connection.id))
        employee = new_test_user(self.env, "api-employee", "base.group_user", NO_TRACKING)
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            self.env["connection.api.finding"].with_user(employee).action_check()

    def test_findings_come_from_the_check_alone(self):
        """Managers neither create nor change nor delete one: its action could be any."""
        self._connect(is_put=True)
        own = self.env["connection.api.finding"].with_user(self.manager)
        found = own.search(own.action_check()["domain"])
        self.assertTrue(found)
        values = {"severity": "danger", "name": "Mine", "action": "base.action_res_users"}
        for attempt in (
            lambda: own.create(values),
            lambda: found.write({"action": values["action"]}),
            found.unlink,
        ):
            with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
                attempt()
