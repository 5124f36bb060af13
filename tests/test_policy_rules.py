# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a connection does not open, nobody gets: through no parameter, command, tag, cursor or message."""

import base64
import json
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import protected
from ..tools import queries
from ..tools.errors import ApiError
from .common import ApiCase

#: The filter of most tests: the caller's own records, as an administrator would write it.
OWN = "[('user_id', '=', uid)]"


class PolicyCase(ApiCase):
    """``user`` has three contacts, ``victim`` one; nothing is open but what a test opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.victim_access = cls._open(cls.victim).access
        cls.portal_access = cls._open(cls.portal).access
        cls.admin_access = cls._open(cls.admin).access
        cls.env["connection.api"].search([]).unlink()
        partners = cls.env["res.partner"]
        cls.mine = partners.create(
            [
                {"name": "Mine A", "user_id": cls.user.id, "ref": "A", "city": "Rome"},
                {"name": "Mine B", "user_id": cls.user.id, "ref": "B", "city": "Oslo"},
                {"name": "Mine C", "user_id": cls.user.id, "active": False},
            ]
        )
        cls.theirs = partners.create(
            {
                "name": "Theirs",
                "user_id": cls.victim.id,
                "ref": "SECRET",
                "email": "secret@example.com",
                "city": "Rome",
                "bank_ids": [(0, 0, {"acc_number": "THEIRS-1"})],
                "child_ids": [(0, 0, {"name": "Their child", "user_id": cls.victim.id})],
            }
        )
        cls.known = cls.mine | cls.theirs
        cls.theirs_bank = cls.theirs.bank_ids
        cls.mine_bank = cls.env["res.partner.bank"].create(
            {"acc_number": "MINE-1", "partner_id": cls.mine[0].id}
        )

    def _get(self, token, model="res.partner", **params):
        return self._send("GET", model, token, **{"fields": [], **params})

    def _put(self, token, record, values, **body):
        body = {"values": values, **body}
        return self._send("PUT", record._name, token, body, id=str(record.id))

    def _create(self, token, model, values, **body):
        return self._send("POST", model, token, {"values": values, **body})

    def _ids(self, response):
        return {row["id"] for row in self.assertAnswer(response)["data"]}

    def _one(self, token, record, *names, **params):
        response = self._get(token, record._name, id=str(record.id), fields=list(names), **params)
        [row] = self.assertList(response)["data"]
        return row

    def assertUnchanged(self, record, **expected):
        self.env.invalidate_all()
        self.assertEqual({name: record[name] for name in expected}, expected)

    def assertNothingNew(self, model, *domains):
        self.env.invalidate_all()
        for domain in domains:
            found = self.env[model].with_context(active_test=False).search(domain)
            self.assertFalse(found, domain)

    @classmethod
    def _fields(cls, model, *names):
        found = [cls.env["ir.model.fields"]._get(model, name).id for name in names]
        return [(6, 0, found)]

    @contextmanager
    def _hide(self, model, *names, groups="base.group_system"):
        """As if another addon had given the fields groups of their own."""
        fields = [self.env[model]._fields[name] for name in names]
        before = [field.groups for field in fields]
        try:
            for field in fields:
                field.groups = groups
            yield
        finally:
            for field, value in zip(fields, before, strict=True):
                field.groups = value


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
                modes = name in self.env and self.env["connection.api"]._protected_modes(name)
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


@tagged("post_install", "-at_install")
class TestRecordFilter(PolicyCase):
    """``domain`` of a connection: nothing outside is read, changed, taken, or made."""

    def setUp(self):
        super().setUp()
        self.opened = self._connect("res.partner", domain=OWN)

    def test_reads(self):
        """List, total, one, groups, cursor, each count: the caller's own alone."""
        for run_as in ("sudo", "user"):
            self._connect("res.partner", domain=OWN, run_as=run_as)
            with self.subTest(run_as=run_as):
                body = self.assertList(self._get(self.access), total=2)
                self.assertEqual({row["id"] for row in body["data"]}, set(self.mine[:2].ids))
                self.assertList(self._get(self.access, limit=1), total=2)
                self.assertList(self._get(self.access, limit=1, count="estimated"), total=2)
                self.assertList(self._get(self.access, archived="1"), total=3)
                self.assertList(self._get(self.access, domain=[["ref", "=", "SECRET"]]), total=0)
                self.assertList(
                    self._get(self.access, domain=["|", ["id", ">", 0], ["id", "<", 0]]), total=2
                )
                response = self._get(self.access, id=str(self.theirs.id))
                missing = self._get(self.access, id="2000000000")
                self.assertError(response, 404, "not_found")
                self.assertEqual(
                    response.text.replace(str(self.theirs.id), "?"),
                    missing.text.replace("2000000000", "?"),
                )
                self.assertEqual(
                    self._ids(self._get(self.access, cursor="", count="exact")),
                    set(self.mine[:2].ids),
                )
                body = self.assertAnswer(
                    self._get(self.access, groupby=["city"], aggregates=["id:count"])
                )
                self.assertEqual(
                    {row["city"]: row["id:count"] for row in body["data"]}, {"Rome": 1, "Oslo": 1}
                )
        self.assertList(self._get(self.victim_access), total=2)

    def test_archived_records_of_a_filter(self):
        """``archived=1`` adds archived records within the filter, and none that it leaves out."""
        self._connect("res.partner", domain="[('user_id', '=', uid), ('active', '=', True)]")
        self.assertList(self._get(self.access, archived="1"), total=2)
        self.assertList(
            self._get(self.access, archived="1", domain=[["active", "=", False]]), total=0
        )
        response = self._get(self.access, id=str(self.mine[2].id))
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.mine[0], {"active": False})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine[0], active=True)
        # a filter sees archived records of other models, too, with or without the parameter
        tag = self.env["res.partner.category"].create({"name": "Old", "active": False})
        self.mine[0].category_id = tag
        self._connect("res.partner", domain="[('category_id.name', '=', 'Old')]")
        for archived in ("0", "1"):
            with self.subTest(archived=archived):
                found = self._ids(self._get(self.access, archived=archived, limit=1000))
                self.assertIn(self.mine[0].id, found)

    def test_writes(self):
        """Changing, deleting, creating and moving outside: refused, nothing written, no trace."""
        response = self._put(self.access, self.theirs, {"name": "Taken"})
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.theirs, {"user_id": self.user.id})
        self.assertError(response, 404, "not_found")
        response = self._send("DELETE", "res.partner", self.access, id=str(self.theirs.id))
        self.assertError(response, 404, "not_found")
        for ids in ([self.mine[0].id, self.theirs.id], [self.theirs.id, self.mine[0].id]):
            response = self._send("DELETE", "res.partner", self.access, ids=ids)
            self.assertError(response, 404, "not_found")
        records = [
            {"id": self.mine[0].id, "values": {"city": "Bern"}},
            {"id": self.theirs.id, "values": {"city": "Bern"}},
        ]
        response = self._send("PUT", "res.partner", self.access, {"records": records})
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.mine[0], {"user_id": self.victim.id})
        self.assertError(response, 403, "access_denied")
        records[1] = {"id": self.mine[1].id, "values": {"user_id": False}}
        response = self._send("PUT", "res.partner", self.access, {"records": records})
        self.assertError(response, 403, "access_denied")
        values = [
            {"name": "Outside", "user_id": self.user.id},
            {"name": "Outside", "user_id": self.victim.id},
        ]
        for given in (values, values[1], {"name": "Outside"}):
            response = self._create(self.access, "res.partner", given)
            self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.theirs, name="Theirs", user_id=self.victim)
        self.assertUnchanged(self.mine[0], city="Rome", user_id=self.user)
        self.assertUnchanged(self.mine[1], user_id=self.user)
        self.assertNothingNew("res.partner", [("name", "=", "Outside")])

    def test_moving_outside_through_a_computed_field(self):
        """The filter is asked of what is in the database after the write."""
        self._connect("res.partner", domain="[('commercial_company_name', '=', False)]")
        response = self._put(self.access, self.mine[0], {"is_company": True})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine[0], is_company=False)
        self._connect("res.partner", domain="[('email_normalized', '!=', 'a@example.com')]")
        if "email_normalized" in self.env["res.partner"]._fields:
            response = self._put(self.access, self.mine[0], {"email": "A@Example.com"})
            self.assertError(response, 403, "access_denied")

    def test_relations_into_the_model(self):
        """expand, dotted paths and names see what the list sees."""
        self._connect("res.partner.bank")
        bank = self.theirs_bank
        row = self._one(self.access, bank, expand={"partner_id": ["ref"]})
        self.assertIsNone(row["partner_id"])
        for condition in (
            ["partner_id.ref", "=", "SECRET"],
            ["partner_id.user_id.login", "=", self.victim.login],
            ["partner_id", "any", [["ref", "=", "SECRET"]]],
            ["partner_id", "ilike", "Theirs"],
            ["partner_id", "ilike", "secret@example"],
            ["partner_id", "=", "Theirs"],
            ["partner_id", "in", ["Theirs", "x"]],
            ["partner_id", "child_of", "Theirs"],
            ["partner_id", "child_of", [self.theirs.id]],
            ["partner_id", "parent_of", "Their child"],
            ["partner_id.display_name", "ilike", "Theirs"],
        ):
            with self.subTest(condition=condition):
                domain = [["id", "in", [bank.id, self.mine_bank.id]], condition]
                self.assertList(self._get(self.access, "res.partner.bank", domain=domain), total=0)
        for condition in (
            ["partner_id", "ilike", "Mine A"],
            ["partner_id", "=", "Mine A"],
            ["partner_id", "in", ["Mine A", 0]],
            ["partner_id", "child_of", "Mine A"],
            ["partner_id", "child_of", self.mine[0].id],
            ["partner_id", "parent_of", [self.mine[0].id]],
        ):
            with self.subTest(condition=condition):
                response = self._get(self.access, "res.partner.bank", domain=[condition])
                self.assertEqual(self._ids(response), {self.mine_bank.id})
        negative = [["id", "in", [bank.id]], ["partner_id", "not ilike", "Theirs"]]
        self.assertList(self._get(self.access, "res.partner.bank", domain=negative), total=1)

    def test_hierarchy_begins_at_what_is_visible(self):
        """``parent_of`` of a record outside does not tell whose child it is."""
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": self.mine[0].id, "user_id": self.victim.id}
        )
        for name in ("id", "parent_id"):
            domain = [[name, "parent_of", [child.id]]]
            with self.subTest(domain=domain):
                self.assertList(self._get(self.access, domain=domain), total=0)
        domain = [["id", "child_of", self.mine[0].id]]
        self.assertEqual(self._ids(self._get(self.access, domain=domain)), {self.mine[0].id})

    def test_expand_of_own_children(self):
        """Records below a record that is open are not open for that."""
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": self.mine[0].id, "user_id": self.victim.id}
        )
        for spec in (["name"], {"fields": ["name"], "order": "name", "limit": 5}):
            row = self._one(self.access, self.mine[0], expand={"child_ids": spec})
            self.assertEqual(row["child_ids"], [])
        response = self._get(self.access, domain=[["child_ids.name", "=", child.name]])
        self.assertList(response, total=0)
        domain = [["id", "=", self.mine[0].id], ["child_ids", "not any", [["id", "=", child.id]]]]
        self.assertList(self._get(self.access, domain=domain), total=1)

    def test_commands_stay_inside(self):
        """create, update, delete, link, set and unlink through a relation into the model."""
        mine, theirs = self.mine[0], self.theirs
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": mine.id, "user_id": self.victim.id}
        )
        mine_child = self.env["res.partner"].create(
            {"name": "My child", "parent_id": mine.id, "user_id": self.user.id}
        )
        outside = {"name": "Outside", "user_id": self.victim.id}
        inside = {"name": "Inside", "user_id": self.user.id}
        steal = {"user_id": self.user.id}
        attacks = {
            "create": [[0, 0, outside]],
            "create below": [[0, 0, {**inside, "child_ids": [[0, 0, outside]]}]],
            "create below the updated": [[1, mine_child.id, {"child_ids": [[0, 0, outside]]}]],
            "create below another": [[1, self.mine[1].id, {"child_ids": [[0, 0, outside]]}]],
            "update": [[1, child.id, {"name": "Outside"}]],
            "update of another's": [[1, theirs.id, {"name": "Outside"}]],
            "take by an update": [[1, theirs.id, steal]],
            "move out": [[1, mine_child.id, {"user_id": self.victim.id}]],
            "delete": [[2, child.id]],
            "delete another's": [[2, theirs.id]],
            "delete below": [[1, mine_child.id, {"child_ids": [[2, theirs.id]]}]],
            "link": [[4, theirs.id]],
            "set": [[6, 0, [theirs.id, child.id, mine_child.id]]],
            "unlink": [[3, child.id]],
            "clear": [[5]],
            "leave out": [mine_child.id],
        }
        before = self.env["res.partner"].with_context(active_test=False).search([])
        for name, commands in attacks.items():
            with self.subTest(attack=name, method="PUT"):
                response = self._put(self.access, mine, {"child_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
                self.assertAnswer(response, response.status_code)
            if name in ("unlink", "clear", "leave out", "move out"):
                continue
            with self.subTest(attack=name, method="POST"):
                values = {**inside, "name": "Parent", "child_ids": commands}
                response = self._create(self.access, "res.partner", values)
                self.assertIn(response.status_code, (403, 422), response.text)
                self.assertAnswer(response, response.status_code)
        self.assertUnchanged(theirs, name="Theirs", user_id=self.victim, parent_id=theirs.browse())
        self.assertUnchanged(child, name="Hidden child", parent_id=mine, user_id=self.victim)
        self.assertUnchanged(mine_child, user_id=self.user, parent_id=mine)
        after = self.env["res.partner"].with_context(active_test=False).search([])
        self.assertEqual(before, after)
        for commands in (
            [[0, 0, inside]],
            [[1, mine_child.id, {"name": "Renamed"}]],
            [[4, self.mine[1].id]],
            [child.id, mine_child.id, self.mine[1].id],
        ):
            with self.subTest(commands=commands):
                self.assertAnswer(self._put(self.access, mine, {"child_ids": commands}))

    def test_a_link_that_tells_nothing(self):
        """To link a record outside is answered like one that does not exist."""
        answers = [
            self._put(self.access, self.mine[0], {"child_ids": [[4, record_id]]})
            for record_id in (self.theirs.id, 2000000000)
        ]
        for response in answers:
            self.assertError(response, 422, "validation_error")
        texts = {
            response.text.replace(str(record_id), "?")
            for response, record_id in zip(answers, (self.theirs.id, 2000000000), strict=True)
        }
        self.assertEqual(len(texts), 1)

    def test_values_point_inside(self):
        """A many2one or reference of another model points to no record outside, and so tells no name."""
        self._connect("res.partner.bank")
        values = {"acc_number": "NEW", "partner_id": self.theirs.id}
        answers = [
            self._create(self.access, "res.partner.bank", values, fields=["partner_id"]),
            self._put(self.access, self.mine_bank, {"partner_id": self.theirs.id}),
        ]
        for response in answers:
            body = self.assertError(response, 422, "validation_error")
            self.assertNotIn("Theirs", body["message"])
        self.assertNothingNew("res.partner.bank", [("acc_number", "=", "NEW")])
        self.assertUnchanged(self.mine_bank, partner_id=self.mine[0])
        # what is there already may be sent back
        row = self._one(self.access, self.theirs_bank, "partner_id", "acc_number")
        row.pop("id")
        self.assertAnswer(self._put(self.access, self.theirs_bank, row))
        response = self._put(self.access, self.mine_bank, {"partner_id": self.mine[1].id})
        self.assertAnswer(response)

    def test_commands_from_another_model(self):
        """Two models, each with its filter: a write on one does not get out of the other's."""
        self._connect("res.partner.category")
        tag = self.env["res.partner.category"].create(
            {"name": "Tag", "partner_ids": [(6, 0, (self.mine[0] | self.theirs).ids)]}
        )
        for commands in (
            [[1, self.theirs.id, {"name": "Taken"}]],
            [[2, self.theirs.id]],
            [[0, 0, {"name": "Outside", "user_id": self.victim.id}]],
            [[0, 0, {"name": "Outside", "active": False}]],
            [[4, self.theirs.child_ids.id]],
            [[1, self.mine[0].id, {"child_ids": [[1, self.theirs.id, {"user_id": self.user.id}]]}]],
        ):
            with self.subTest(commands=commands):
                response = self._put(self.access, tag, {"partner_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(self.theirs, name="Theirs", user_id=self.victim)
        self.assertNothingNew("res.partner", [("name", "=", "Outside")])
        row = self._one(self.access, tag, expand={"partner_ids": ["name"]})
        self.assertEqual([found["id"] for found in row["partner_ids"]], self.mine[0].ids)
        unchanged = {"partner_ids": tag.partner_ids.ids, "name": "Renamed"}
        self.assertAnswer(self._put(self.access, tag, unchanged))

    def test_filter_that_fails_shuts(self):
        """500, nothing shown and nothing written; the sentence tells nothing of the filter."""
        for text in (
            "[('user_id', '=', nobody)]",
            "[('no_such_field', '=', 1)]",
            "[('user_id', '=', user.no_such_field)]",
            "[('user_id', 'no such operator', 1)]",
            "((",
            "7",
        ):
            # the form refuses it, but a module may be gone since
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE connection_api SET domain = %s WHERE id = %s", [text, self.opened.id]
            )
            self.assertEqual(self.env.cr.rowcount, 1)
            self.env.registry.clear_cache("stable")
            self.env.invalidate_all()
            asks = [
                lambda: self._get(self.access),
                lambda: self._get(self.access, archived="1"),
                lambda: self._get(self.access, domain=[["name", "=", "Theirs"]]),
                lambda: self._get(self.access, cursor=""),
                lambda: self._get(self.access, groupby=["city"]),
                lambda: self._get(self.access, id=str(self.mine[0].id)),
                lambda: self._put(self.access, self.mine[0], {"city": "Bern"}),
                lambda: self._create(self.access, "res.partner", {"name": "Failed"}),
                lambda: self._send("DELETE", "res.partner", self.access, id=str(self.mine[0].id)),
            ]
            for number, ask in enumerate(asks):
                with self.subTest(filter=text, ask=number), mute_logger("odoo.http"):
                    self.assertError(ask(), 500, "server_error")
        self.assertTrue(self.mine[0].exists())
        self.assertUnchanged(self.mine[0], city="Rome")
        self.assertNothingNew("res.partner", [("name", "=", "Failed")])

    def test_what_a_filter_may_name(self):
        """user, uid, company_id and company_ids are the caller's."""
        company = self.env.company
        self.mine[1].company_id = company
        for text in (
            "[('user_id', '=', user.id)]",
            "[('user_id', 'in', user.ids), ('company_id', 'in', [False, company_id])]",
            "[('user_id', '=', uid), ('company_id', 'in', [False] + company_ids)]",
        ):
            with self.subTest(filter=text):
                self._connect("res.partner", domain=text)
                self.assertList(self._get(self.access), total=2)
                self.assertList(self._get(self.victim_access), total=2)
                self.assertList(self._get(self.portal_access), total=0)

    def test_filter_on_a_field_that_the_caller_cannot_read(self):
        """It counts all the same, as a record rule does, and the field stays unknown."""
        for run_as in ("sudo", "user"):
            self._connect("res.partner", domain="[('ref', 'in', ['A', 'B'])]", run_as=run_as)
            with self.subTest(run_as=run_as), self._hide("res.partner", "ref"):
                found = self._ids(self._get(self.access))
                self.assertEqual(found, set(self.mine[:2].ids))
                response = self._get(self.access, domain=[["ref", "=", "A"]])
                self.assertError(response, 400, "unknown_field")
                response = self._put(self.access, self.theirs, {"city": "Bern"})
                self.assertError(response, 404, "not_found")

    def test_related_fields_write_inside(self):
        """A related field of another model writes no record outside of this one's filter."""
        company = self.env["res.company"].create({"name": "Filtered Co"})
        self._connect("res.company")
        response = self._put(self.admin_access, company, {"email": "x@example.com"})
        self.assertError(response, 403, "access_denied")
        response = self._create(
            self.admin_access,
            "res.company",
            {"name": "New Co", "partner_id": self.theirs.id, "email": "x@example.com"},
        )
        self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(self.theirs, email="secret@example.com")
        self.assertUnchanged(company, email=False)
        company.partner_id.user_id = self.admin
        self.assertAnswer(self._put(self.admin_access, company, {"email": "x@example.com"}))
        self.assertUnchanged(company, email="x@example.com")

    def test_group_names_of_hidden_records(self):
        """Groups of a many2many name only what the related connection shows."""
        self._connect("res.partner.category", domain="[('name', '=', 'Shown')]")
        shown, hidden = self.env["res.partner.category"].create(
            [{"name": "Shown"}, {"name": "Hidden"}]
        )
        self.mine[0].category_id = shown | hidden
        body = self.assertAnswer(self._get(self.access, groupby=["category_id"]))
        named = {
            row["category_id"][0]: row["category_id"][1]
            for row in body["data"]
            if row["category_id"]
        }
        self.assertEqual(named, {shown.id: "Shown", hidden.id: False})

    def test_changes_of_the_caller_count(self):
        """The filter is evaluated for the caller as they are now."""
        self._connect("res.partner", domain="[('city', '=', user.partner_id.city)]")
        self.user.partner_id.city = "Rome"
        self.assertIn(self.theirs.id, self._ids(self._get(self.access, limit=1000)))
        self.user.partner_id.city = "Oslo"
        found = self._ids(self._get(self.access, limit=1000))
        self.assertNotIn(self.theirs.id, found)
        self.assertIn(self.mine[1].id, found)


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
        for values in (
            {"name": "x"},
            {"city": "Bern", "name": "x"},
            {"email": "x@example.com"},
            {"child_ids": [[0, 0, {"name": "New child"}]]},
            {"child_ids": [[1, self.theirs.child_ids.id, {"name": "x"}]]},
        ):
            with self.subTest(values=values):
                self.assertError(self._put(self.access, self.mine[0], values), 400, "unknown_field")
                response = self._create(self.access, "res.partner", values)
                self.assertError(response, 400, "unknown_field")
        self.assertUnchanged(self.mine[0], name="Mine A", city="Rome", comment="<p>x</p>")
        self.assertNothingNew("res.partner", [("name", "=", "New child")])
        self._connect("res.partner.bank")
        for values in ({"email": "x@example.com"}, {"name": "x"}):
            bank = {"acc_number": "x", "partner_id": self.mine[0].id}
            tag = self.env["res.partner.category"].create({"name": "t"})
            self._connect("res.partner.category")
            response = self._put(self.access, tag, {"partner_ids": [[1, self.mine[0].id, values]]})
            self.assertError(response, 400, "unknown_field")
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


@tagged("post_install", "-at_install")
class TestOtherModels(PolicyCase):
    """What a connection does not open of other models, whichever way leads there."""

    def setUp(self):
        super().setUp()
        self._connect("res.partner")

    def test_unconnected_models_are_read_with_own_rights(self):
        """Portal users see no banks: not by path, by name, by expand, by group or by order."""
        bank = self.theirs_bank
        bank.bank_id = self.env["res.bank"].create({"name": "Hidden Bank", "bic": "HIDDENXX"})
        partner = ["id", "=", self.theirs.id]
        for condition in (
            ["bank_ids.acc_number", "=", "THEIRS-1"],
            ["bank_ids", "any", [["acc_number", "=", "THEIRS-1"]]],
            ["bank_ids", "ilike", "THEIRS"],
            ["bank_ids", "=", "THEIRS-1"],
            ["bank_ids", "in", ["THEIRS-1"]],
            ["bank_ids.bank_id.bic", "=", "HIDDENXX"],
            ["bank_ids.bank_id", "ilike", "Hidden"],
            ["user_id", "ilike", self.victim.login],
            ["user_id", "=", self.victim.login],
            ["user_id.login", "=", self.victim.login],
        ):
            with self.subTest(condition=condition):
                response = self._get(self.portal_access, domain=[partner, condition])
                self.assertList(response, total=0)
        self.assertList(self._get(self.access, domain=[["bank_ids", "ilike", "THEIRS"]]), total=1)
        row = self._one(
            self.portal_access,
            self.theirs,
            expand={"bank_ids": ["acc_number"], "user_id": ["login"]},
        )
        self.assertEqual((row["bank_ids"], row["user_id"]), ([], None))
        for params in (
            {"order": "user_id"},
            {"order": "user_id", "cursor": ""},
            {"groupby": ["user_id"], "order": "user_id"},
        ):
            with self.subTest(**params):
                response = self._get(self.portal_access, **params)
                self.assertError(response, 400, "bad_parameter")

    def test_order_by_what_is_visible(self):
        """Sorting by a relation works where the caller sees all of it."""
        for token in (self.access, self.portal_access):
            for order in ("country_id", "country_id desc, name", "parent_id"):
                self.assertAnswer(self._get(token, order=order))
        self._connect("res.partner", run_as="user")
        self.assertAnswer(self._get(self.access, order="user_id"))

    def test_statistics_tell_nothing_of_hidden_records(self):
        """An estimate is made of all rows: where some are hidden, they are counted."""
        asked = []
        path = "odoo.addons.jwt_auth_api.engine.count._estimate"
        for values, estimates in (
            ({}, 1),
            ({"domain": OWN}, 0),
            ({"run_as": "user"}, 0),
        ):
            self._connect("res.partner", **values)
            asked.clear()
            with patch(path, side_effect=lambda *_args: asked.append(1) or 10**6):
                response = self._get(self.access, limit=1, count="estimated")
            total = self.assertAnswer(response)["total"]
            with self.subTest(**values):
                self.assertEqual(len(asked), estimates)
                self.assertEqual(total == 10**6, bool(estimates))

    def test_commands_on_rights_are_no_links(self):
        """Who is in a company, a group … is a user's matter, from the other side as well."""
        self._connect("res.company")
        company = self.env["res.company"].create({"name": "Entered Co"})
        company.with_context(active_test=False).user_ids = self.victim  # not its creator
        users, partner_of_admin = company.user_ids, self.admin.partner_id
        for token, me in ((self.access, self.user), (self.portal_access, self.portal)):
            for commands in ([[4, me.id]], [[6, 0, me.ids]], me.ids):
                with self.subTest(user=me.login, commands=commands):
                    response = self._put(token, company, {"user_ids": commands})
                    self.assertError(response, 403, "access_denied")
                    response = self._create(
                        token, "res.company", {"name": "New Co", "user_ids": commands}
                    )
                    self.assertError(response, 403, "access_denied")
            partner = me.partner_id
            for commands in ([[4, self.admin.id]], [[6, 0, self.admin.ids]], [[3, me.id]], [[5]]):
                response = self._put(token, partner, {"user_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(company, user_ids=users)
        self.assertUnchanged(self.admin, partner_id=partner_of_admin)
        self.assertNothingNew("res.company", [("name", "=", "New Co")])
        # an administrator may do it
        self.assertAnswer(self._put(self.admin_access, company, {"user_ids": [[4, self.user.id]]}))
        self.assertIn(self.user, company.user_ids)

    def test_nothing_is_taken_from_unconnected_models(self):
        """To link through a one2many changes what is linked: only what the caller sees can be."""
        partner = self.portal.partner_id
        for commands in ([[4, self.theirs_bank.id]], [[6, 0, self.theirs_bank.ids]]):
            with self.subTest(commands=commands):
                response = self._put(self.portal_access, partner, {"bank_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(self.theirs_bank, partner_id=self.theirs)
        self.assertAnswer(
            self._put(self.access, self.mine[0], {"bank_ids": [[4, self.theirs_bank.id]]})
        )
        self.assertUnchanged(self.theirs_bank, partner_id=self.mine[0])

    def test_leaving_out_deletes_nothing_hidden(self):
        """A list of those that are seen, where the others would be deleted: refused, none is."""
        self._connect("res.partner.bank", domain="[('acc_number', 'like', 'MINE')]")
        hidden = self.theirs_bank.copy({"acc_number": "HIDDEN", "partner_id": self.mine[0].id})
        for commands in ([[6, 0, self.mine_bank.ids]], self.mine_bank.ids, [[5]], False):
            with self.subTest(commands=commands):
                response = self._put(self.access, self.mine[0], {"bank_ids": commands})
                self.assertError(response, 403, "access_denied")
        self.env.invalidate_all()
        self.assertEqual((hidden | self.mine_bank).exists(), hidden | self.mine_bank)
        self.assertTrue(
            hidden.active
        )  # a bank account in use is archived in place of being deleted
        self.assertAnswer(
            self._put(self.access, self.mine[0], {"bank_ids": [[2, self.mine_bank.id]]})
        )
        self.assertFalse(self.mine_bank.exists().active)

    def test_inherited_fields_of_users(self):
        """A user is a contact as well: neither side writes what the other keeps."""
        self._connect("res.users")
        emails = {user: user.email for user in (self.victim, self.admin)}
        partner = self.user.partner_id
        for token, me in ((self.access, self.user), (self.portal_access, self.portal)):
            for record, values in (
                (self.victim, {"email": "x@example.com"}),
                (self.admin, {"email": "x@example.com", "name": "x"}),
                (me, {"partner_id": self.admin.partner_id.id}),
                (me, {"company_id": 1, "company_ids": [[5]]}),
                (me, {"group_ids": [[4, self.env.ref("base.group_system").id]]}),
            ):
                with self.subTest(user=me.login, values=values):
                    response = self._put(token, record, values)
                    self.assertIn(response.status_code, (403, 404), response.text)
            response = self._create(
                token, "res.users", {"login": "api-new", "partner_id": self.theirs.id}
            )
            self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.victim, email=emails[self.victim])
        self.assertUnchanged(self.admin, name="api-admin", email=emails[self.admin])
        self.assertUnchanged(self.user, partner_id=partner)
        self.assertNothingNew("res.users", [("login", "=", "api-new")])

    def test_delegation_takes_no_record(self):
        """A value that makes another record a part of this one is a write of that record."""
        connections = self.env["connection.api"].with_user(self.portal)
        found = [
            (name, parent, field)
            for name, model in self.env.items()
            if model._inherits and not model._abstract and not connections._protected_modes(name)
            for parent, field in model._inherits.items()
        ]
        for name, parent, field in found:
            with self.subTest(model=name):
                self._connect(name)
                self.env["connection.api"].search([("model", "=", parent)]).unlink()
                policy = connections._resolve(name, "PUT")
                request = queries.parse_update(
                    {"id": "1"}, {"values": {field: 7}, "fields": []}, 1000
                )
                with self.assertRaisesRegex(ApiError, "cannot be written here"):
                    policy.values.writing(request)

    def test_what_odoo_keeps_is_not_written(self):
        """Ids and the log of who wrote when: 400, and nothing else of the request is done."""
        for name, value in (
            ("id", 7),
            ("create_uid", self.victim.id),
            ("write_uid", self.victim.id),
            ("create_date", "2020-01-01"),
            ("write_date", "2020-01-01"),
            ("display_name", "x"),
        ):
            with self.subTest(name=name):
                values = {"city": "Bern", name: value}
                self.assertError(self._put(self.access, self.theirs, values), 400, "bad_value")
                values = {"name": "Forged", name: value}
                self.assertError(self._create(self.access, "res.partner", values), 400, "bad_value")
        self.assertUnchanged(self.theirs, city="Rome")
        self.assertNothingNew("res.partner", [("name", "=", "Forged")])

    def test_errors_of_other_models_tell_nothing(self):
        """What is hidden and what is not there are answered alike, also below a relation."""
        for name in ("api_key_ids", "totp_secret", "nope"):
            response = self._get(self.access, expand={"user_id": [name]})
            body = self.assertError(response, 400, "unknown_field")
            self.assertEqual(body["message"], f"Unknown field {name} on res.users.")


@tagged("post_install", "-at_install")
class TestAllOrNothing(PolicyCase):
    """One bad record among many, and nothing is written; a tag of an old version, and nothing is."""

    def setUp(self):
        super().setUp()
        self._connect("res.partner", domain=OWN)
        self._connect("res.partner.bank")

    def _bad_values(self):
        return {
            "validation": ({"parent_id": 0}, 400),
            "recursion": (None, 422),
            "unknown field": ({"nope": 1}, 400),
            "hidden type": ({"name": 7}, 400),
            "outside": ({"user_id": self.victim.id}, 403),
            "no such user": ({"user_id": 2000000000}, 422),
            "no name": ({"name": False, "type": "contact"}, 422),
        }

    def test_create(self):
        """Neither the records before nor those behind the bad one are made."""
        good = {"name": "Bulk", "user_id": self.user.id}
        for name, (bad, status) in self._bad_values().items():
            if bad is None:
                continue
            for place in range(3):
                values = [dict(good) for _number in range(3)]
                values[place].update(bad)
                with self.subTest(bad=name, place=place), mute_logger("odoo.sql_db"):
                    response = self._create(self.access, "res.partner", values)
                    self.assertAnswer(response, status)
        self.assertNothingNew(
            "res.partner", [("user_id", "=", self.user.id), ("name", "=", "Bulk")]
        )
        response = self._create(self.access, "res.partner", [good, good], fields=["name"])
        self.assertEqual(self.assertAnswer(response, 201)["count"], 2)

    def test_update(self):
        """Each record keeps what it had."""
        third = self.mine[0].copy({"name": "Mine D", "city": "Rome", "user_id": self.user.id})
        records = self.mine[0] | self.mine[1] | third
        cities = records.mapped("city")
        child = self.mine[0].copy({"parent_id": self.mine[0].id, "user_id": self.user.id})
        for name, (bad, status) in self._bad_values().items():
            for place in range(3):
                items = [{"id": record.id, "values": {"city": "Bulk"}} for record in records]
                if bad is None:
                    items[place] = {"id": self.mine[0].id, "values": {"parent_id": child.id}}
                    if place:
                        items[0] = {"id": child.id, "values": {"city": "Bulk"}}
                else:
                    items[place]["values"].update(bad)
                with self.subTest(bad=name, place=place), mute_logger("odoo.sql_db"):
                    response = self._send("PUT", "res.partner", self.access, {"records": items})
                    self.assertAnswer(response, status)
        for place, missing in enumerate((self.theirs.id, 2000000000, self.theirs.id)):
            items = [{"id": record.id, "values": {"city": "Bulk"}} for record in records]
            items[place]["id"] = missing
            response = self._send("PUT", "res.partner", self.access, {"records": items})
            self.assertError(response, 404, "not_found")
        self.env.invalidate_all()
        self.assertEqual(records.mapped("city"), cities)
        self.assertNotEqual(child.city, "Bulk")

    def test_delete(self):
        """The bad one may be missing, outside, or needed by others."""
        needed = self.mine[1]
        self.env["res.users"].create({"login": "api-needs", "name": "n", "partner_id": needed.id})
        needed.user_id = self.user
        last = self.mine[0].copy({"name": "Last", "user_id": self.user.id})
        for bad, status in ((2000000000, 404), (self.theirs.id, 404), (needed.id, 422)):
            for place in range(3):
                ids = [self.mine[0].id, last.id]
                ids.insert(place, bad)
                with self.subTest(bad=bad, place=place), mute_logger("odoo.sql_db"):
                    response = self._send("DELETE", "res.partner", self.access, ids=ids)
                    self.assertAnswer(response, status)
        self.env.invalidate_all()
        self.assertEqual((self.mine | last).exists(), self.mine | last)
        ids = [self.mine[0].id, last.id]
        response = self._send("DELETE", "res.partner", self.access, ids=ids)
        self.assertEqual(self.assertAnswer(response), {"deleted_ids": ids})

    # --- If-Match ------------------------------------------------------------------------

    def _tag(self, record, *names):
        response = self._get(self.admin_access, record._name, id=str(record.id), fields=list(names))
        self.assertEqual(response.status_code, 200, response.text)
        return response.headers["ETag"]

    def _match(self, method, record, tag, **params):
        query = {"model": record._name, "id": str(record.id), **params}
        options = {"json": {"values": {"city": "Bern"}}} if method == "PUT" else {}
        return self._call(
            method,
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params=query,
            **options,
        )

    def test_if_match(self):
        """Only the record's own version, in any of its spellings, opens a PUT or a DELETE."""
        self._connect("res.partner")
        record = self.mine[0]
        current = self._tag(record)
        version = current.strip('"').partition(".")[0]
        refused = (
            '"0000000000000000.0000000000000000"',
            '""',
            '"."',
            "",
            version,
            current.strip('"'),
            f"W/{version}",
            f'"{version[:-1]}.x"',
            f'"x.{version}"',
            f'"{version.upper()}x"',
            self._tag(self.mine[1]),
            self._tag(self.mine_bank),
            '"*"',
        )
        for tag in refused:
            for method in ("PUT", "DELETE"):
                with self.subTest(tag=tag, method=method):
                    response = self._match(method, record, tag)
                    self.assertError(response, 412, "precondition_failed")
        self.assertUnchanged(record, city="Rome")
        accepted = (
            "*",
            lambda: self._tag(record, "name"),
            lambda: f"W/{self._tag(record)}",
            lambda: f'"x", {self._tag(record)}, "y"',
        )
        for tag in accepted:
            with self.subTest(tag=tag):
                tag = tag() if callable(tag) else tag
                self.assertAnswer(self._match("PUT", record, tag))
        self.assertUnchanged(record, city="Bern")

    def test_stale_tag(self):
        """A tag is good until the record is written, and the answer of a write brings the next."""
        record = self.mine[0]
        stale = self._tag_of(record)
        with patch(
            "odoo.addons.jwt_auth_api.engine.version._version_rows", return_value=[("other",)]
        ):
            for method in ("PUT", "DELETE"):
                self.assertError(self._match(method, record, stale), 412, "precondition_failed")
        self.assertUnchanged(record, city="Rome")
        self.assertAnswer(self._match("PUT", record, stale))

    def _tag_of(self, record):
        response = self._get(self.access, record._name, id=str(record.id))
        self.assertAnswer(response)
        return response.headers["ETag"]

    def test_if_match_tells_nothing_of_hidden_records(self):
        """A record outside, one that is gone: 404 with any tag, as without one."""
        gone = self.mine[0].copy()
        tag = self._tag_of(self.mine[0])
        gone.unlink()
        for record in (self.theirs, gone):
            for method in ("PUT", "DELETE"):
                for sent in (tag, "*", '"x"'):
                    with self.subTest(record=record, method=method, tag=sent):
                        response = self._match(method, record, sent)
                        self.assertError(response, 404, "not_found")

    def test_if_match_is_for_one_record(self):
        """With several records it is refused, not passed over."""
        tag = self._tag_of(self.mine[0])
        body = {"records": [{"id": record.id, "values": {"city": "x"}} for record in self.mine[:2]]}
        params = {"model": "res.partner"}
        response = self._call(
            "PUT",
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params=params,
            json=body,
        )
        self.assertError(response, 400, "bad_request")
        response = self._call(
            "DELETE",
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params={**params, "ids": json.dumps(self.mine[:2].ids)},
        )
        self.assertError(response, 400, "bad_request")
        self.assertUnchanged(self.mine[0], city="Rome")
        self.assertTrue(self.mine[1].exists())
