# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""``search``: Odoo's search by name, within the policy, on resource paths."""

from unittest.mock import patch

from odoo.tests import tagged

from ..engine.protected import UNREACHABLE
from .common import ApiCase

MODEL = "res.partner"
#: Every so manieth model is tried: to try all takes minutes.
STEP = 3


@tagged("post_install", "-at_install")
class TestSearch(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect(MODEL)
        partners = cls.env[MODEL]
        cls.company = partners.create({"name": "Zyzzyva Ltd.", "ref": "SEARCH", "is_company": True})
        cls.child = partners.create({"name": "Ada", "ref": "SEARCH", "parent_id": cls.company.id})
        cls.mail = partners.create({"name": "Mail", "ref": "SEARCH", "email": "x@zyzzyva.example"})
        cls.gone = partners.create({"name": "Zyzzyva Old", "ref": "SEARCH", "active": False})
        cls.other = partners.create({"name": "Other", "ref": "SEARCH", "comment": "zyzzyva"})
        cls.access = cls._open(cls.user).access

    def _ask(self, search="zyzzyva", model=MODEL, token=None, **params):
        return self._v1("GET", model, token or self.access, search=search, **params)

    def _found(self, *args, **params):
        rows = self.assertAnswer(self._ask(*args, **params))["data"]
        return self.env[MODEL].browse(row["id"] for row in rows)

    def _list(self, model, *names, which="read_field_ids", **values):
        fields = self.env["ir.model.fields"]
        ids = [fields._get(model, name).id for name in names]
        return self._connect(model, **{which: [(6, 0, ids)]}, **values)

    # --- as a part of a list -------------------------------------------------------------

    def test_finds_what_odoo_finds(self):
        """By the name and by what else Odoo searches a contact; newest first, as any list."""
        for run_as in ("sudo", "user"):
            self._connect(MODEL, run_as=run_as)
            for text in (
                "zyzzyva",
                "ZYZZYVA",
                " Zyzzyva ",
                "Zyzzyva Ltd., Ada",
                "x@zyz",
                "%",
                "no one",
            ):
                with self.subTest(run_as=run_as, text=text):
                    found = (
                        self.env[MODEL].with_user(self.user).name_search(text.strip(), limit=None)
                    )
                    expected = sorted([record_id for record_id, _name in found], reverse=True)
                    self.assertEqual(self._found(text, limit=1000).ids, expected)
            self.assertEqual(self._found(), self.mail + self.child + self.company)

    def test_without_a_text(self):
        """It is as if it had not been sent."""
        expected = self.assertAnswer(self._v1("GET", MODEL, self.access))
        for text in ("", "  "):
            self.assertEqual(self.assertAnswer(self._ask(text)), expected)

    def test_beside_other_conditions(self):
        """A domain, archived records, an order, pages and their total."""
        self.assertEqual(self._found(domain=[["is_company", "=", True]]), self.company)
        domain = ["|", ["id", "=", self.other.id], ["id", "=", self.mail.id]]
        self.assertEqual(self._found(domain=domain), self.mail)
        expected = self.gone + self.mail + self.child + self.company
        self.assertEqual(self._found(archived=1), expected)
        self.assertEqual(self._found(domain=[["active", "=", False]]), self.gone)
        expected = self.child + self.mail + self.company
        self.assertEqual(self._found(order="name"), expected)
        body = self.assertAnswer(self._ask(limit=2, page=2, order="name"))
        self.assertEqual((body["total"], body["total_pages"], body["count"]), (3, 2, 1))
        for count in ("exact", "estimated"):
            self.assertEqual(self.assertAnswer(self._ask(limit=1, count=count))["total"], 3)
        path = f"{MODEL}/{self.company.id}"
        self.assertAnswer(self._v1("GET", path, self.access, search="zyzzyva"))
        response = self._v1("GET", path, self.access, search="ada")
        self.assertError(response, 404, "not_found")

    def test_cursor(self):
        """A cursor belongs to its search."""
        first = self.assertAnswer(self._ask(cursor="", limit=2))
        self.assertEqual([row["id"] for row in first["data"]], (self.mail + self.child).ids)
        cursor = first["next_cursor"]
        self.assertEqual(self._found(cursor=cursor, limit=2), self.company)
        for search in ("zyzzyv", ""):
            response = self._ask(search, cursor=cursor, limit=2)
            self.assertError(response, 400, "bad_parameter")

    def test_groups(self):
        body = self.assertAnswer(self._ask(groupby="is_company"))
        rows = [{"is_company": False, "id:count": 2}, {"is_company": True, "id:count": 1}]
        self.assertEqual(body["data"], rows)
        body = self.assertAnswer(self._ask(aggregates="id:count", archived=1))
        self.assertEqual(body["data"], [{"id:count": 4}])

    # --- within the policy ---------------------------------------------------------------

    def test_record_filter(self):
        self._connect(MODEL, domain="[('is_company', '=', True)]")
        self.assertEqual(self._found(), self.company)

    def test_fields_that_the_connection_does_not_list_are_not_searched(self):
        """Else a client could find out their values, letter by letter."""
        for run_as in ("sudo", "user"):
            self._list(MODEL, "name", "email", run_as=run_as)
            self.assertEqual(self._found(), self.mail + self.company)
            self._list(MODEL, "complete_name", run_as=run_as)
            self.assertEqual(self._found(), self.child + self.company)
            self._list(MODEL, "name", "ref", run_as=run_as)
            self.assertEqual(self._found(), self.company)
            self.assertEqual(len(self._found("search")), 4)
            self._list(MODEL, "name", run_as=run_as)
            self.assertFalse(self._found("search"))

    def test_products(self):
        """By reference and barcode too, as the caller finds them in Odoo; with a list, by its fields alone."""
        model = "product.product"
        product = self.env[model].create(
            {"name": "Desk", "default_code": "ZYZ-1", "barcode": "4711000"}
        )
        archived = self.env[model].create({"name": "Old", "default_code": "ZYZ-2", "active": False})
        texts = ("desk", "zyz-1", "4711000")

        def found(token=None, **params):
            return [
                [
                    row["id"]
                    for row in self.assertAnswer(self._ask(text, model, token, **params))["data"]
                ]
                for text in texts
            ]

        for run_as in ("sudo", "user"):
            self._connect(model, "GET", run_as=run_as)
            self.assertEqual(found(), [product.ids] * 3)
            rows = self.assertAnswer(self._ask("zyz", model, archived=1, order="id"))["data"]
            self.assertEqual([row["id"] for row in rows], (product + archived).ids)
            self._list(model, "name", run_as=run_as)
            self.assertEqual(found(), [product.ids, [], []])
            self._list(model, "name", "default_code", run_as=run_as)
            self.assertEqual(found()[0], product.ids)
            self.assertEqual(found()[2], [])
        self._connect(model, "GET")
        self.assertEqual(found(self._open(self.portal).access), [product.ids, [], []])

    def test_nothing_to_search(self):
        """A 400 that says so, not all records."""
        for run_as in ("sudo", "user"):
            self._list(MODEL, "comment", "display_name", run_as=run_as)
            body = self.assertError(self._ask(), 400, "bad_parameter")
            self.assertIn('"search"', body["message"])
            self.assertEqual(body["fields"], {"search": [body["message"]]})
        model = "ir.model.access"
        for run_as in ("sudo", "user"):
            self._connect(model, "GET", run_as=run_as)
            access = self._open(self.admin).access
            with (
                patch.object(self.registry[model], "_rec_name", None),
                patch.object(self.registry[model], "_rec_names_search", None),
            ):
                response = self._ask("a", model, access)
            self.assertError(response, 400, "bad_parameter")

    def test_fields_that_the_caller_may_not_see_are_not_searched(self):
        """A group of the field in Odoo, which no connection lifts."""
        self.patch(self.registry[MODEL]._fields["email"], "groups", "base.group_system")
        self.assertEqual(self._found(), self.child + self.company)
        access = self._open(self.admin).access
        self.assertEqual(self._found(token=access), self.mail + self.child + self.company)

    def test_names_of_related_records(self):
        """A model that is searched by a relation: only as far as the related model is open."""
        bank = self.env["res.partner.bank"]
        account = bank.create({"acc_number": "1234", "partner_id": self.company.id})
        with patch.object(self.registry["res.partner.bank"], "_rec_names_search", ["partner_id"]):
            self._connect("res.partner.bank", "GET")
            rows = self.assertAnswer(self._ask(model="res.partner.bank"))["data"]
            self.assertEqual([row["id"] for row in rows], account.ids)
            self._connect(MODEL, domain="[('is_company', '=', False)]")
            rows = self.assertAnswer(self._ask(model="res.partner.bank"))["data"]
            self.assertEqual(rows, [])
            self._connect(MODEL, "POST")
            response = self._ask(model="res.partner.bank")
            self.assertError(response, 400, "bad_parameter")

    def test_documented_route_has_no_search(self):
        """There it is another name for a domain, as ever."""
        response = self._send("GET", MODEL, self.access, fields=["name"], search="zyzzyva")
        body = self.assertError(response, 400, "bad_parameter")
        self.assertIn('"domain"', body["message"])

    # --- every model ---------------------------------------------------------------------

    def test_every_model(self):
        """Records of the name, or a 400 that says that there is no name to search."""
        access, tried, refused = self._open(self.admin).access, 0, 0
        names = [
            name
            for name, model in sorted(self.env.registry.items())
            if not model._abstract and not model._transient and name not in UNREACHABLE
        ]
        for name in names[::STEP]:
            for run_as in ("sudo", "user"):
                with self.subTest(model=name, run_as=run_as), self.env.cr.savepoint():
                    self._connect(name, "GET", run_as=run_as)
                    response = self._ask("a", name, access, limit=1)
                    if response.status_code == 200:
                        tried += 1
                    elif response.status_code != 403:
                        # Odoo's own search fails for a name that is not stored
                        self.assertIn(response.json()["error"], ("bad_parameter", "bad_domain"))
                        self.assertError(response, 400, response.json()["error"])
                        refused += 1
        self.assertGreater(tried, 20)
        self.assertLess(refused, tried)
