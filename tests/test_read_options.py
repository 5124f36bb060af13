# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from .read_case import ReadCase


@tagged("post_install", "-at_install")
class TestOptions(ReadCase):
    """``archived`` and ``nulls``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parent = cls.env["res.partner"].create({"name": "Parent", "ref": "OPTIONS"})
        cls.child = cls.env["res.partner"].create(
            {"name": "Child", "ref": "OPTIONS", "active": False}
        )

    def test_page_without_records_refuses_nothing(self):
        """A field that cannot be read of any record is empty where there is none, as in Odoo's `search_read`."""
        self._connect("res.partner", run_as="user")
        token = self._open(self.portal).access
        asked = {"fields": ["bank_ids"], "token": token}
        self.assertFalse(self.env["res.partner.bank"].with_user(self.portal).has_access("read"))
        own = [["id", "=", self.portal.partner_id.id]]
        self.assertError(self._get(domain=own, **asked), 403, "access_denied")
        self.assertEqual(self._ids(self._get(domain=[["id", "=", 0]], **asked)), [])

    def test_archived(self):
        domain = [["ref", "=", "OPTIONS"]]
        for value in ("0", "", "false", "False"):
            self.assertEqual(self._ids(self._get(domain=domain, archived=value)), self.parent.ids)
        for value in ("1", "true", " TRUE "):
            found = self._ids(self._get(domain=domain, archived=value))
            self.assertEqual(found, [self.child.id, self.parent.id])
        for value in ("2", "yes", "null"):
            response = self._get(domain=domain, archived=value)
            self.assertError(response, 400, "bad_parameter")
            self.assertError(self._get(domain=domain, nulls=value), 400, "bad_parameter")

    def test_archived_in_any_idiom(self):
        """Whether archived records are asked for is Odoo's to say, however the domain says it."""
        self.env["res.partner"].create({"name": "Other", "ref": "OPTIONS", "active": False})
        archived = self.env["res.partner.category"].create({"name": "Old", "active": False})
        (self.parent + self.child).category_id = archived
        idioms = [
            [["active", "in", [True, False]]],
            ["|", ["active", "=", True], ["active", "=", False]],
            ["|", ["active", "=", False], ["id", "=", self.parent.id]],
            [["active", "=?", False]],
            [["active", "=?", None]],
            [["active", "!=", True]],
            [["active", "not in", [True]]],
            [["active", "in", [True]]],
            [["active", "in", []]],
            ["!", ["active", "=", False]],
            ["&", ["active", "=", False], ["active", "=", True]],
            [["category_id.active", "in", [True, False]]],
            [["category_id.active", "=?", False]],
            [["category_id", "any", [["active", "=", False]]]],
            [["category_id", "any", [["active", "in", [True, False]]]]],
            [["category_id", "any", [["name", "=", "Old"]]]],
            [["category_id.name", "=", "Old"]],
            [["child_ids.active", "in", [True, False]]],
        ]
        seen = set()
        for run_as in ("sudo", "user"):
            self._connect("res.partner", run_as=run_as)
            for idiom in idioms:
                domain = [["ref", "=", "OPTIONS"], *idiom]
                found = self.env["res.partner"].with_user(self.user).search(domain, order="id desc")
                with self.subTest(run_as=run_as, domain=domain):
                    body = self.assertList(self._get(domain=domain), total=len(found))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)
                    body = self.assertAnswer(self._get(domain=domain, cursor="", count="exact"))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)
                    self.assertEqual(body["total"], len(found))
                    groups = self._send(
                        "GET", "res.partner", self.access, domain=domain, groupby=["ref"]
                    )
                    counts = [row["id:count"] for row in self.assertList(groups)["data"]]
                    self.assertEqual(sum(counts), len(found))
                seen.add(len(found))
        self.assertEqual(seen, {0, 1, 2, 3})

    def test_archived_by_a_field_that_searches_by_it(self):
        """A condition that Odoo makes of a computed field is not the client's wish to see archived records."""
        templates = self.env["mail.template"].create(
            [
                {"name": "OPTIONS", "active": active, "description": description}
                for active in (True, False)
                for description in (False, "For somebody")
            ]
        )
        self._connect("mail.template", "GET", run_as="user")
        access = self._open(self.admin).access
        for operator in ("=", "=?", "!=", "in"):
            for category in ("hidden_template", "base_template", "custom_template"):
                value = [category] if operator == "in" else category
                domain = [["name", "=", "OPTIONS"], ["template_category", operator, value]]
                found = templates.with_user(self.admin).search(domain, order="id desc")
                with self.subTest(domain=domain):
                    response = self._send(
                        "GET", "mail.template", access, fields=["name"], domain=domain
                    )
                    body = self.assertList(response, total=len(found))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)

    def test_archived_beside_a_filter_that_names_active(self):
        """A connection's filter is no wish of the client's: like a record rule, it asks for no archived records."""
        domain = [["ref", "=", "OPTIONS"]]
        for run_as in ("sudo", "user"):
            for text in (
                "[('active', 'in', [True, False])]",
                "['|', ('active', '=', False), ('id', '>', 0)]",
            ):
                self._connect("res.partner", run_as=run_as, domain=text)
                with self.subTest(run_as=run_as, filter=text):
                    self.assertEqual(self._ids(self._get(domain=domain)), self.parent.ids)
                    found = self._ids(self._get(domain=domain, archived=1))
                    self.assertEqual(found, [self.child.id, self.parent.id])
                    found = self._ids(self._get(domain=[*domain, ["active", "=", False]]))
                    self.assertEqual(found, self.child.ids)

    def test_nulls(self):
        """On every level; booleans and numbers stay what they are."""
        self.child.write({"active": True, "parent_id": self.parent.id})
        expand = {"child_ids": {"fields": ["email", "user_id", "active", "employee"]}}
        response = self._get(
            id=self.parent.id,
            fields=["email", "is_company", "color"],
            expand=expand,
            nulls=1,
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(
            row,
            {
                "id": self.parent.id,
                "email": None,
                "is_company": False,
                "color": 0,
                "child_ids": [
                    {
                        "id": self.child.id,
                        "email": None,
                        "user_id": None,
                        "active": True,
                        "employee": False,
                    }
                ],
            },
        )
        names = ["email", "parent_id", "is_company", "partner_latitude", "image_128", "category_id"]
        response = self._get(id=self.parent.id, fields=names, nulls=1)
        [row] = self.assertList(response)["data"]
        self.assertEqual(list(row.values()), [self.parent.id, None, None, False, 0.0, None, []])
        response = self._get(id=self.parent.id, fields=names)
        [row] = self.assertList(response)["data"]
        self.assertEqual(list(row.values()), [self.parent.id, False, False, False, 0.0, False, []])
