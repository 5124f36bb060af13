# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from .common import ApiCase


@tagged("jwt_resources")
class TestLanguagesAndCompanies(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls._connect("res.country", "GET")
        cls._connect("res.partner", run_as="user")
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "QX"})
        cls.country.with_context(lang="fr_FR").name = "Pays du test"
        cls.access = cls._open(cls.user).access
        cls.other = cls.env["res.company"].create({"name": "Second Company"})
        cls.foreign = cls.env["res.company"].create({"name": "Foreign Company"})
        cls.user.company_ids += cls.other

    def _name(self, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/api/v1/res.country/{self.country.id}?fields=[%22name%22]"
        return self.assertAnswer(self._call("GET", path, self.access, headers=headers))["data"][
            "name"
        ]

    def test_language_is_the_users_own_or_the_one_asked_for(self):
        self.assertEqual(self._name(), "Testland")
        for header in ("fr", "fr-FR", "fr-CA", "de, fr;q=0.5", "fr;q=0.8, en;q=0.7"):
            with self.subTest(header=header):
                self.assertEqual(self._name(Accept_Language=header), "Pays du test")
        self.user.lang = "fr_FR"
        self.assertEqual(self._name(), "Pays du test")
        for header in ("*", "de", "xx-YY", ";;;", "", "fr;q=0", "\x7f"):
            with self.subTest(header=header):
                self.assertEqual(self._name(Accept_Language=header), "Pays du test")
        self.assertEqual(self._name(Accept_Language="en-US,en;q=0.9"), "Testland")

    def _create(self, company=None):
        headers = {} if company is None else {"X-Odoo-Company": str(company)}
        body = {"values": {"name": "Made"}, "fields": ["company_id"]}
        return self._call("POST", "/api/v1/res.partner", self.access, json=body, headers=headers)

    def test_company_of_the_call(self):
        """Record rules, defaults and ``company_id`` of a filter are those of the companies named."""
        self.connection = self.env["connection.api"].search([("model", "=", "res.partner")])
        self.connection.domain = "[('company_id', 'in', [False, company_id])]"
        partners = self.env["res.partner"].create(
            [
                {"name": "C", "ref": "C", "company_id": c.id}
                for c in (self.user.company_id, self.other)
            ]
        )
        self.env.flush_all()
        path = "/api/v1/res.partner?fields=[%22id%22]&domain=[[%22ref%22,%22=%22,%22C%22]]"
        for company, expected in zip(partners.company_id, partners, strict=True):
            headers = {"X-Odoo-Company": str(company.id)}
            body = self.assertAnswer(self._call("GET", path, self.access, headers=headers))
            self.assertEqual(body["data"], [{"id": expected.id}])
        both = f"{self.other.id}, {self.user.company_id.id}"
        for written in (both, f"{self.other.id}.0,{self.user.company_id.id}.0"):
            headers = {"X-Odoo-Company": written}
            body = self.assertAnswer(self._call("GET", path, self.access, headers=headers))
            self.assertEqual(body["data"], [{"id": partners[1].id}])

    def test_company_that_is_not_the_users(self):
        for company in (self.foreign.id, f"{self.other.id},{self.foreign.id}", 999_999_999, 0):
            with self.subTest(company=company):
                self.assertError(self._create(company), 403, "access_denied")
        self.other.active = False
        self.assertError(self._create(self.other.id), 403, "access_denied")

    def test_company_that_is_no_id(self):
        for company in ("", "x", "-1", "1;2", "1,", "9" * 12, "1.5", "1.", ".0"):
            with self.subTest(company=company):
                self.assertError(self._create(company), 400, "bad_parameter")
