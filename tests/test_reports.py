# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import tagged

from .common import ApiCase


@tagged("jwt_resources")
class TestReports(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner", "")
        cls.partner = cls.env["res.partner"].create({"name": "Printed/Ä"})
        cls.report = cls.env["ir.actions.report"].create(
            {
                "name": "Card",
                "model": "res.partner",
                "report_type": "qweb-pdf",
                "report_name": "jwt_auth_api.no_template",
                "print_report_name": "'Card of %s' % object.name",
            }
        )
        cls.connection.report_ids = cls.report
        cls.access = cls._open(cls.user).access

    def _get(self, name="jwt_auth_api.no_template", kind="pdf"):
        path = f"/api/v1/res.partner/{self.partner.id}/report/{name}"

        def render(reports, name, ids):
            return f"%PDF {name} {ids} {reports.env.uid}".encode(), kind

        model = self.registry["ir.actions.report"]
        with patch.object(model, "_render_qweb_pdf", render):
            return self._call("GET", path, self.access)

    def test_report(self):
        response = self._get()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIn(
            "filename*=UTF-8''Card%20of%20Printed", response.headers["Content-Disposition"]
        )
        wanted = f"%PDF jwt_auth_api.no_template [{self.partner.id}] {self.user.id}"
        self.assertEqual(response.text, wanted)

    def test_only_what_is_listed(self):
        self.assertError(self._get("base.other"), 404, "not_found")
        self.connection.domain = "[('name', '=', 'Another')]"
        self.assertError(self._get(), 404, "not_found")

    def test_server_without_pdf(self):
        self.assertError(self._get(kind="html"), 503, "unavailable")
