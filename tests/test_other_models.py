# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import tagged

from ..tools import parsing
from ..tools.errors import ApiError
from .policy_case import OWN, PolicyCase


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
        protection = self.env["connection.api.protection"]
        found = [
            (name, parent, field)
            for name, model in self.env.items()
            if model._inherits and not model._abstract and not protection._protected_modes(name)
            for parent, field in model._inherits.items()
        ]
        for name, parent, field in found:
            with self.subTest(model=name):
                self._connect(name)
                self.env["connection.api"].search([("model", "=", parent)]).unlink()
                policy = connections._resolve(name, "PUT")
                request = parsing.parse_update(
                    {"id": "1"}, {"values": {field: 7}, "fields": []}, 1000
                )
                with self.assertRaisesRegex(ApiError, "cannot be written here"):
                    policy.values.load_request(request)

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
