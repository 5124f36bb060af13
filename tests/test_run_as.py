# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from odoo.tests import tagged

from ..engine import protected
from .policy_case import PolicyCase


@tagged("post_install", "-at_install")
class TestRunAs(PolicyCase):
    """The caller's own rights, or those of the connection; and for whom it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["ir.rule"].create(
            {
                "name": "own contacts",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[('ref', '!=', 'SECRET')]",
            }
        )

    def test_new_connection_runs_as_the_profile_says(self):
        """``compatible``: sudo, as documented; ``strict``: the user."""
        self.assertEqual(self._connect("res.partner").run_as, "sudo")
        self._set(profile="strict")
        self.assertEqual(self._connect("res.partner").run_as, "user")

    def test_record_rules(self):
        """Under ``user`` the rules hold for every method; under ``sudo`` they do not."""
        asks = {"list": {}, "one": {"id": str(self.theirs.id)}, "archived": {"archived": "1"}}
        for run_as, seen in (("user", False), ("sudo", True)):
            self._connect("res.partner", run_as=run_as)
            for name, params in asks.items():
                with self.subTest(run_as=run_as, ask=name):
                    response = self._get(self.access, limit=1000, **params)
                    if name == "one" and not seen:
                        self.assertError(response, 404, "not_found")
                    else:
                        self.assertEqual(self.theirs.id in self._ids(response), seen)
            response = self._get(self.access, domain=[["ref", "=", "SECRET"]])
            self.assertList(response, total=int(seen))
            body = self.assertAnswer(
                self._get(
                    self.access,
                    groupby=["city"],
                    aggregates=["id:count"],
                    domain=[["id", "in", self.known.ids]],
                )
            )
            romans = [row["id:count"] for row in body["data"] if row["city"] == "Rome"]
            self.assertEqual(romans, [1 + seen])
        self._connect("res.partner", run_as="user")
        self.assertError(self._put(self.access, self.theirs, {"name": "Taken"}), 404, "not_found")
        response = self._send("DELETE", "res.partner", self.access, id=str(self.theirs.id))
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.mine[0], {"ref": "SECRET"})
        self.assertError(response, 403, "access_denied")
        response = self._create(self.access, "res.partner", {"name": "n", "ref": "SECRET"})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.theirs, name="Theirs")
        self.assertUnchanged(self.mine[0], ref="A")
        self.assertNothingNew("res.partner", [("name", "=", "n")])
        self._connect("res.partner", run_as="sudo")
        self.assertAnswer(self._put(self.access, self.theirs, {"city": "Bern"}))

    def test_access_rights(self):
        """Under ``user`` a portal user neither reads banks nor writes contacts, whatever is open."""
        for run_as in ("user", "sudo"):
            self._connect("res.partner.bank", run_as=run_as)
            self._connect("res.partner", run_as=run_as)
            responses = [
                self._get(self.portal_access, "res.partner.bank", fields=["acc_number"]),
                self._put(self.portal_access, self.portal.partner_id, {"ref": run_as}),
                self._create(self.portal_access, "res.partner", {"name": f"By {run_as}"}),
            ]
            for number, response in enumerate(responses):
                with self.subTest(run_as=run_as, number=number):
                    if run_as == "user":
                        self.assertError(response, 403, "access_denied")
                    else:
                        self.assertIn(response.status_code, (200, 201))
        self.assertUnchanged(self.portal.partner_id, ref="sudo")
        self.assertNothingNew("res.partner", [("name", "=", "By user")])

    def test_companies(self):
        """Under ``user`` only the caller's companies; the header narrows them and never widens."""
        other = self.env["res.company"].create({"name": "Other Co"})
        first = self.env.company
        partner = self.theirs.copy({"name": "Of Other Co", "company_id": other.id, "ref": "O"})
        domain = [["id", "=", partner.id]]
        self._connect("res.partner", run_as="user")
        self.assertList(self._get(self.access, domain=domain), total=0)
        self.assertError(self._put(self.access, partner, {"city": "x"}), 404, "not_found")
        response = self._create(self.access, "res.partner", {"name": "n", "company_id": other.id})
        self.assertError(response, 422, "validation_error")  # a company that they do not see
        params = {"model": "res.partner", "fields": "[]", "domain": json.dumps(domain)}

        def ask(company):
            headers = {"X-Odoo-Company": str(company.id)}
            return self._call(
                "GET", "/api/send_request", self.access, params=params, headers=headers
            )

        self.assertError(ask(other), 403, "access_denied")
        self.user.company_ids += other
        self.assertList(ask(other), total=1)
        self.assertList(ask(first), total=0)
        self.user.company_ids -= other
        self._connect("res.partner", run_as="sudo", domain="[('company_id', '=', company_id)]")
        self.assertList(self._get(self.access, domain=domain), total=0)
        self.assertError(self._put(self.access, partner, {"city": "x"}), 404, "not_found")
        self.assertUnchanged(partner, city="Rome")

    def test_order_of_answers(self):
        """404 before 405 before 403; the body is looked at after all of them."""
        group = self.env.ref("base.group_system")
        self._connect("res.partner", "GET", group_ids=[(6, 0, group.ids)])
        for body in ({"values": {"name": "x"}}, {"values": 7}):
            response = self._send("POST", "res.bank", self.access, body)
            self.assertError(response, 404, "model_not_found")
            response = self._send("POST", "res.partner", self.access, body)
            self.assertError(response, 405, "method_not_allowed")
        for params in ({"fields": ["nope"]}, {"fields": "rubbish"}, {"id": "1"}):
            self.assertError(self._get(self.access, **params), 403, "access_denied")

    def test_groups_admit_their_users_alone(self):
        """Every method is 403 for others, members by implication included for those it is for."""
        group = self.env["res.groups"].create({"name": "API"})
        above = self.env["res.groups"].create(
            {"name": "Above", "implied_by_ids": [], "implied_ids": [(6, 0, group.ids)]}
        )
        self._connect("res.partner", group_ids=[(6, 0, group.ids)])

        def answers():
            return [
                self._get(self.access),
                self._get(self.access, id=str(self.mine[0].id)),
                self._get(self.access, cursor=""),
                self._get(self.access, groupby=["city"]),
                self._put(self.access, self.mine[0], {"city": "Bern"}),
                self._create(self.access, "res.partner", {"name": "For members"}),
                self._send("DELETE", "res.partner", self.access, id=str(self.mine[1].id)),
            ]

        for response in answers():
            self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine[0], city="Rome")
        self.assertTrue(self.mine[1].exists())
        self.assertNothingNew("res.partner", [("name", "=", "For members")])
        self.user.group_ids += above
        self.assertEqual([answer.status_code for answer in answers()], [200] * 5 + [201, 200])

    def test_groups_count_through_relations(self):
        """A related connection whose groups leave the caller out is not open: for nothing."""
        self._connect("res.partner")
        self._connect("res.partner.bank", group_ids=[(6, 0, self.env.ref("base.group_system").ids)])
        partner = self.mine[0]
        for params in (
            {"expand": {"bank_ids": ["acc_number"]}},
            {"expand": {"parent_id": {"fields": [], "expand": {"bank_ids": []}}}},
            {"domain": [["bank_ids.acc_number", "=", "MINE-1"]]},
            {"domain": [["bank_ids", "any", [["acc_number", "=", "MINE-1"]]]]},
            {"domain": [["bank_ids", "ilike", "MINE"]]},
            {"domain": [["bank_ids", "in", ["MINE-1"]]]},
            {"domain": [["child_ids.bank_ids.acc_number", "=", "MINE-1"]]},
        ):
            with self.subTest(**params):
                response = self._get(self.access, id=str(partner.id), **params)
                self.assertError(response, 403, "access_denied")
        for command in (
            [0, 0, {"acc_number": "NEW"}],
            [1, self.mine_bank.id, {"acc_number": "CHANGED"}],
            [2, self.mine_bank.id],
        ):
            with self.subTest(command=command):
                response = self._put(self.access, partner, {"bank_ids": [command]})
                self.assertError(response, 403, "access_denied")
                response = self._create(
                    self.access, "res.partner", {"name": "n", "bank_ids": [command]}
                )
                self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine_bank, acc_number="MINE-1")
        self.assertNothingNew("res.partner.bank", [("acc_number", "=", "NEW")])
        # an expand in the answer of a write as well, and then nothing is written
        response = self._put(self.access, partner, {"city": "Bern"}, expand={"bank_ids": []})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(partner, city="Rome")

    def test_put_without_get_answers_what_it_writes(self):
        """A connection that is not for reading is not read by a PUT of nothing."""
        self._connect("res.partner", "PUT POST DELETE")
        for values, body in (
            ({}, {"fields": ["email"]}),
            ({"city": "Bern"}, {"fields": ["city", "email"]}),
            ({"city": "Bern"}, {"fields": [], "expand": {"child_ids": ["name"]}}),
            ({"city": "Bern"}, {"fields": ["display_name"]}),
        ):
            with self.subTest(values=values, **body):
                response = self._put(self.access, self.theirs, values, **body)
                self.assertError(response, 403, "access_denied")
        records = [
            {"id": self.theirs.id, "values": {"city": "Bern"}},
            {"id": self.mine[0].id, "values": {"ref": "x"}},
        ]
        response = self._send(
            "PUT", "res.partner", self.access, {"records": records, "fields": ["city"]}
        )
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.theirs, city="Rome")
        response = self._put(self.access, self.theirs, {"city": "Bern"}, fields=["city"])
        data = self.assertAnswer(response)["data"]
        self.assertEqual(data, {"id": self.theirs.id, "city": "Bern"})
        path = f"/api/v1/res.partner/{self.theirs.id}"
        response = self._call("PUT", path, self.access, json={"values": {"city": "Rome"}})
        self.assertEqual(self.assertAnswer(response)["data"], {"id": self.theirs.id})
        # what the caller has just created is theirs to see
        response = self._create(self.access, "res.partner", {"name": "n"}, fields=["name"])
        self.assertEqual(self.assertAnswer(response, 201)["data"]["name"], "n")

    def test_protected_and_unreachable_models(self):
        """All of this addon's own, and those of Odoo that hold keys or say who may log in."""
        own = self.env["ir.model"].search([("model", "like", "%.%")])
        own = {name for name in own.mapped("model") if name.startswith(("jwt.", "connection."))}
        self.assertIn("jwt.session", own)
        for name in {*own, "auth.oauth.provider", "res.company.ldap", "certificate.key"}:
            with self.subTest(model=name):
                listed = name in protected.UNREACHABLE or protected.is_listed(name)
                modes = name in self.env and self.env["connection.api.protection"]._protected_modes(
                    name
                )
                self.assertTrue(listed or len(modes) == 4)
        self._connect("connection.api.action")
        values = {"connection_id": self._connect("res.partner").id, "name": "create"}
        for token in (self.access, self.portal_access):
            response = self._create(token, "connection.api.action", values)
            self.assertError(response, 403, "access_denied")
        self.assertFalse(self.env["connection.api.action"].search([]))

    def test_fields_that_lead_to_secrets_are_unknown(self):
        """Nobody sees even which sessions or API keys a user has."""
        self._connect("res.users")
        fields = self.env["res.users"]._fields
        names = [
            name
            for name, field in fields.items()
            if getattr(field, "comodel_name", None) in protected.UNREACHABLE
        ]
        self.assertIn("api_key_ids", names)
        for name in names:
            for params in ({"fields": [name]}, {"domain": [[name, "!=", False]]}):
                with self.subTest(**params):
                    response = self._get(self.admin_access, "res.users", **params)
                    self.assertError(response, 400, "unknown_field")
            response = self._put(self.admin_access, self.victim, {name: [[5]]})
            self.assertError(response, 400, "unknown_field")
