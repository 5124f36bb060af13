# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64

from odoo.tests import tagged

from .policy_case import PolicyCase


@tagged("post_install", "-at_install")
class TestFieldLists(PolicyCase):
    """``read_field_ids``, ``write_field_ids`` and a field's own groups: no way around them."""

    HIDDEN = ("email", "ref", "bank_ids", "user_id", "complete_name")

    def setUp(self):
        super().setUp()
        self._connect(
            "res.partner",
            read_field_ids=self._fields("res.partner", "name", "city", "child_ids", "parent_id"),
            write_field_ids=self._fields("res.partner", "city", "comment", "child_ids"),
        )

    def _attacks(self, name):
        """Every parameter that could name a field."""
        return [
            {"fields": [name]},
            {"fields": ["city", name]},
            {"order": name},
            {"order": f"city asc, {name} desc"},
            {"order": name, "cursor": ""},
            {"domain": [[name, "!=", False]]},
            {"domain": ["!", [name, "=", False]]},
            {"domain": [[f"parent_id.{name}", "!=", False]]},
            {"domain": [["child_ids", "any", [[name, "!=", False]]]]},
            {"domain": [["child_ids.parent_id", "any", [[name, "!=", False]]]]},
            {"groupby": [name]},
            {"groupby": ["city"], "aggregates": [f"{name}:count"]},
            {"aggregates": [f"{name}:count_distinct"]},
            {"expand": {"child_ids": [name]}},
            {"expand": {"child_ids": {"fields": ["name"], "order": name}}},
            {"expand": {"parent_id": {"fields": [], "expand": {"child_ids": [name]}}}},
        ]

    def test_a_field_that_is_not_listed_is_unknown(self):
        """The same answer as for one that does not exist, whatever names it."""
        for name in self.HIDDEN:
            for params, unknown in zip(self._attacks(name), self._attacks("nope"), strict=True):
                with self.subTest(**params):
                    response = self._get(self.access, **params)
                    body = self.assertError(response, 400, "unknown_field")
                    other = self._get(self.access, **unknown).json()
                    self.assertEqual(
                        body["message"].replace(name, "?"), other["message"].replace("nope", "?")
                    )
        for values in ({"city": "Bern"}, {}):
            response = self._put(self.access, self.mine[0], values, fields=["email"])
            self.assertError(response, 400, "unknown_field")
            response = self._put(self.access, self.mine[0], values, expand={"bank_ids": []})
            self.assertError(response, 400, "unknown_field")
        self.assertUnchanged(self.mine[0], city="Rome")
        for params in ({"fields": ["city"]}, {"order": "city"}, {"groupby": ["city"]}):
            self.assertAnswer(self._get(self.access, **params))

    def test_the_list_counts_through_relations(self):
        """Another model's paths, orders and expands end at the same fields."""
        self._connect("res.partner.bank")
        bank = [["id", "=", self.theirs_bank.id]]
        for name in self.HIDDEN:
            for params in (
                {"domain": [*bank, [f"partner_id.{name}", "!=", False]]},
                {"domain": [*bank, ["partner_id", "any", [[name, "!=", False]]]]},
                {"expand": {"partner_id": [name]}},
                {"expand": {"partner_id": {"fields": [], "expand": {"child_ids": [name]}}}},
            ):
                with self.subTest(**params):
                    response = self._get(self.access, "res.partner.bank", **params)
                    self.assertError(response, 400, "unknown_field")
        # sorts by `complete_name`, which is not listed
        for params in (
            {"order": "partner_id"},
            {"order": "partner_id desc, id", "cursor": ""},
            {"groupby": ["partner_id"], "order": "partner_id"},
        ):
            with self.subTest(**params):
                response = self._get(self.access, "res.partner.bank", **params)
                self.assertError(response, 400, "unknown_field")
        response = self._get(self.access, "res.partner", order="parent_id")
        self.assertError(response, 400, "unknown_field")

    def test_search_by_name_looks_at_listed_fields_alone(self):
        """Odoo finds a contact by its e-mail and reference, too: no oracle for them."""
        self._connect("res.partner.bank")
        bank = ["id", "=", self.theirs_bank.id]
        for text in ("secret@example.com", "SECRET", "secret@"):
            for condition in (
                ["partner_id", "ilike", text],
                ["partner_id", "like", text],
                ["partner_id", "=ilike", f"{text}%"],
                ["partner_id", "=", text],
                ["partner_id", "in", [text]],
                ["partner_id", "in", [0, text]],
                ["partner_id", "child_of", text],
                ["partner_id", "parent_of", [text]],
            ):
                with self.subTest(condition=condition):
                    response = self._get(self.access, "res.partner.bank", domain=[bank, condition])
                    self.assertIn(response.status_code, (200, 400), response.text)
                    self.assertFalse(response.json().get("total"))
        # `name` is listed, but none of those that Odoo looks at
        response = self._get(
            self.access, "res.partner.bank", domain=[["partner_id", "ilike", "Theirs"]]
        )
        self.assertError(response, 400, "bad_domain")
        self._connect(
            "res.partner",
            read_field_ids=self._fields("res.partner", "complete_name", "display_name", "email"),
        )
        for text, total in (("Theirs", 1), ("secret@", 1), ("SECRET", 1), ("S3CRET", 0)):
            domain = [bank, ["partner_id", "ilike", text]]
            # "SECRET" is the reference, but the e-mail has it in lower case
            response = self._get(self.access, "res.partner.bank", domain=domain)
            self.assertList(response, total=total)
        self.theirs.email = False
        domain = [bank, ["partner_id", "ilike", "SECRET"]]
        self.assertList(self._get(self.access, "res.partner.bank", domain=domain), total=0)
        domain = [["display_name", "ilike", "SECRET"]]
        self.assertList(self._get(self.access, domain=domain), total=0)
        domain = [["display_name", "ilike", "Their"]]
        self.assertList(self._get(self.access, domain=domain), total=2)

    def test_hierarchies_need_their_field(self):
        """``child_of`` walks along ``parent_id``: without it in the list there is no walking."""
        self._connect("res.partner.bank")
        self._connect("res.partner", read_field_ids=self._fields("res.partner", "name"))
        for model, name in (("res.partner", "id"), ("res.partner.bank", "partner_id")):
            for operator in ("child_of", "parent_of"):
                with self.subTest(model=model, operator=operator):
                    response = self._get(
                        self.access, model, domain=[[name, operator, [self.theirs.id]]]
                    )
                    self.assertError(response, 400, "unknown_field")

    def test_computed_fields_that_search_elsewhere(self):
        """A computed field may look at anything when it is searched: not under a list."""
        names = [
            name
            for name, field in self.env["res.partner"]._fields.items()
            if field.search and not field.related and name != "display_name"
        ]
        names.remove(
            "properties_base_definition_id"
        )  # unknown: only administrators read the other model
        self.assertTrue(names)
        for name in names:
            self._connect("res.partner", read_field_ids=self._fields("res.partner", name))
            with self.subTest(name=name):
                response = self._get(self.access, domain=[[name, "!=", False]])
                self.assertError(response, 400, "bad_domain")

    def test_display_name_is_a_field_like_others(self):
        """It is answered only where it is listed, although it is made of fields that are."""
        self._connect("res.partner", read_field_ids=self._fields("res.partner", "name", "city"))
        for params in ({"fields": ["display_name"]}, {"domain": [["display_name", "ilike", "x"]]}):
            self.assertError(self._get(self.access, **params), 400, "unknown_field")
        path = f"/api/v1/res.partner/{self.theirs.id}"
        data = self.assertAnswer(self._call("GET", path, self.access))["data"]
        self.assertEqual(data, {"id": self.theirs.id, "city": "Rome", "name": "Theirs"})

    def test_etags_tell_nothing(self):
        """What is not answered is not in the digest: a guess of a hidden value cannot be confirmed."""
        tags = set()
        for email in ("one@example.com", "two@example.com"):
            self.env.cr.execute(
                "UPDATE res_partner SET email = %s WHERE id = %s", [email, self.theirs.id]
            )
            self.env.invalidate_all()
            response = self._get(self.access, id=str(self.theirs.id), fields=["name"])
            self.assertAnswer(response)
            self.assertRegex(response.headers["ETag"], r'^"[0-9a-f]{16}\.[0-9a-f]{16}"$')
            tags.add(response.headers["ETag"].partition(".")[2])
        self.assertEqual(len(tags), 1)

    def test_written_but_not_readable(self):
        """What may be written is not answered for that, and what may be read is not written."""
        response = self._put(self.access, self.mine[0], {"comment": "<p>x</p>"})
        self.assertAnswer(response)
        self.assertUnchanged(self.mine[0], comment="<p>x</p>")
        response = self._put(self.access, self.mine[0], {"comment": "<p>y</p>"}, fields=["comment"])
        self.assertError(response, 400, "unknown_field")
        for values, code in (
            ({"name": "x"}, "bad_value"),
            ({"city": "Bern", "name": "x"}, "bad_value"),
            ({"email": "x@example.com"}, "unknown_field"),
            ({"child_ids": [[0, 0, {"name": "New child"}]]}, "bad_value"),
            ({"child_ids": [[1, self.theirs.child_ids.id, {"name": "x"}]]}, "bad_value"),
            ({"child_ids": [[0, 0, {"email": "x@example.com"}]]}, "unknown_field"),
        ):
            with self.subTest(values=values):
                self.assertError(self._put(self.access, self.mine[0], values), 400, code)
                response = self._create(self.access, "res.partner", values)
                self.assertError(response, 400, code)
        self.assertUnchanged(self.mine[0], name="Mine A", city="Rome", comment="<p>x</p>")
        self.assertNothingNew("res.partner", [("name", "=", "New child")])
        self._connect("res.partner.bank")
        for values, code in (
            ({"email": "x@example.com"}, "unknown_field"),
            ({"name": "x"}, "bad_value"),
        ):
            bank = {"acc_number": "x", "partner_id": self.mine[0].id}
            tag = self.env["res.partner.category"].create({"name": "t"})
            self._connect("res.partner.category")
            response = self._put(self.access, tag, {"partner_ids": [[1, self.mine[0].id, values]]})
            self.assertError(response, 400, code)
            self.assertTrue(bank)

    def test_related_fields_obey_the_list_of_their_model(self):
        """A company's e-mail is its contact's: not written where the contact's is not listed."""
        self._connect("res.company")
        company = self.env["res.company"].create({"name": "Listed Co"})
        response = self._put(self.admin_access, company, {"email": "x@example.com"})
        self.assertError(response, 400, "unknown_field")
        self.assertUnchanged(company, email=False)

    def test_groups_of_a_field(self):
        """A field for other groups is unknown under ``sudo`` too, through every parameter."""
        self._connect("res.partner")
        self._connect("res.partner.bank")
        for groups in ("base.group_system", "."):
            with self._hide("res.partner", "email", groups=groups):
                for params in self._attacks("email"):
                    with self.subTest(groups=groups, **params):
                        response = self._get(self.access, **params)
                        self.assertError(response, 400, "unknown_field")
                for condition in (
                    ["partner_id", "ilike", "secret@example"],
                    ["partner_id", "=", "secret@example.com"],
                    ["partner_id", "child_of", "secret@example"],
                    ["partner_id.display_name", "ilike", "secret@example"],
                ):
                    with self.subTest(groups=groups, condition=condition):
                        response = self._get(self.access, "res.partner.bank", domain=[condition])
                        self.assertList(response, total=0)
                response = self._put(self.access, self.mine[0], {"email": "x@example.com"})
                self.assertError(response, 400, "unknown_field")
        with self._hide("res.partner", "complete_name"):
            response = self._get(self.access, "res.partner.bank", order="partner_id")
            self.assertError(response, 400, "unknown_field")
            response = self._get(self.access, domain=[["display_name", "ilike", "Theirs"]])
            self.assertList(response, total=0)
        self.assertUnchanged(self.mine[0], email=False)

    def test_cursor_is_sealed(self):
        """It holds what the rows are sorted by, for nobody to read."""
        self._connect("res.partner")
        response = self._get(
            self.access, cursor="", order="email", limit=1, domain=[["email", "ilike", "secret@"]]
        )
        self.assertAnswer(response)
        response = self._get(self.access, cursor="", order="ref", limit=1)
        cursor = self.assertAnswer(response)["next_cursor"]
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        first = self.env["res.partner"].search([], order="ref, id desc", limit=1)
        self.assertTrue(first.ref)
        self.assertNotIn(f'"{first.ref}"'.encode(), raw)
        self.assertNotIn(f'"{first.id}"'.encode(), raw)
