# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine.protected import UNREACHABLE
from .common import ApiCase

OWN = (
    "connection.api",
    "jwt.session",
    "jwt.refresh.token",
    "jwt.signing.key",
    "jwt.throttle",
    "connection.api.idempotency",
    "connection.api.log",
    "connection.api.rate.limit",
)


@tagged("post_install", "-at_install")
class TestReachable(ApiCase):
    """Which models a connection opens, and for which methods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.admin_access = cls._open(cls.admin).access

    def _ask(self, method, model, token=None, **params):
        body = None if method in ("GET", "DELETE") else {"values": {"name": "x"}}
        params = {"fields": [], "id": "1", **params}
        if method == "POST":  # names no record
            del params["id"]
        return self._send(method, model, token or self.access, body, **params)

    def test_unknown_and_unconnected_models_answer_the_same(self):
        """404, byte for byte but for the name: nobody can list what is installed."""
        self._connect("res.partner", active=False)
        shut = [
            "res.partner",
            "res.country.group",
            "ir.ui.menu",
            "base",
            "no.such.model",
            "x" * 20,
            "RES.PARTNER",
            "res.partner ",
            "__class__",
            "_name",
            "mail.thread",
        ]
        for method in ("GET", "POST", "PUT", "DELETE"):
            answers = set()
            for model in shut:
                with self.subTest(method=method, model=model):
                    response = self._ask(method, model)
                    body = self.assertError(response, 404, "model_not_found")
                    self.assertNotIn("Allow", response.headers)
                    answers.add(body["message"].replace(model, "?"))
            self.assertEqual(len(answers), 1)

    def test_s17_installed_models_cannot_be_listed(self):
        """Also with bad parameters: the model is looked at before the fields are."""
        self.env["connection.api"].search([("model", "=", "res.partner")]).unlink()
        for params in (
            {"fields": "rubbish"},
            {"fields": ["nope"]},
            {"domain": "x"},
            {"limit": "x"},
        ):
            with self.subTest(**params):
                existing, unknown = (
                    self._ask("GET", model, **params) for model in ("res.partner", "no.such.model")
                )
                self.assertError(existing, 404, "model_not_found")
                self.assertEqual(
                    existing.text.replace("res.partner", "?"),
                    unknown.text.replace("no.such.model", "?"),
                )

    def test_method_that_is_not_open_is_a_405(self):
        """With ``Allow``, for each of the four toggles; nothing is read or written."""
        partner = self.env["res.partner"].create({"name": "Still here"})
        methods = ["GET", "POST", "PUT", "DELETE"]
        for opened in methods:
            self._connect("res.partner", opened)
            for method in methods:
                with self.subTest(opened=opened, method=method):
                    if method == opened == "DELETE":
                        continue
                    response = self._ask(method, "res.partner", id=str(partner.id))
                    if method == opened:
                        self.assertAnswer(response, 201 if method == "POST" else 200)
                        partner.name = "Still here"
                    else:
                        self.assertError(response, 405, "method_not_allowed")
                        self.assertEqual(response.headers["Allow"], opened)
        self._connect("res.partner", "GET DELETE")
        response = self._ask("PUT", "res.partner")
        self.assertEqual(response.headers["Allow"], "GET, DELETE")
        self.env.invalidate_all()
        self.assertEqual(partner.name, "Still here")

    def test_head_needs_get(self):
        """HEAD is no way around a connection without GET."""
        self._connect("res.partner", "POST")
        params = {"model": "res.partner", "fields": "[]"}
        response = self._call("HEAD", "/api/send_request", self.access, params=params)
        self.assertEqual(response.status_code, 405)

    def test_changes_of_a_connection_count_at_once(self):
        """Opening, shutting and deleting are seen by the next request."""
        connection = self._connect("res.partner", "GET")
        self.assertEqual(self._ask("GET", "res.partner").status_code, 200)
        connection.is_get = False
        self.assertError(self._ask("GET", "res.partner"), 405, "method_not_allowed")
        connection.write({"is_get": True, "active": False})
        self.assertError(self._ask("GET", "res.partner"), 404, "model_not_found")
        connection.active = True
        self.assertEqual(self._ask("GET", "res.partner").status_code, 200)
        connection.unlink()
        self.assertError(self._ask("GET", "res.partner"), 404, "model_not_found")

    def test_one_connection_per_model(self):
        """A second one is refused, an archived one counts, too."""
        self._connect("res.partner", active=False)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["connection.api"].create(
                {"model_id": self.env["ir.model"]._get_id("res.partner")}
            )

    def test_token_tables_are_never_reachable(self):
        """No connection can be made for them, and one that is there all the same opens nothing."""
        for model in sorted(UNREACHABLE & set(self.env.registry)):
            with self.subTest(model=model):
                with self.assertRaises(ValidationError), self.env.cr.savepoint():
                    self._connect(model)
                self._force_connection(model)
                for method in ("GET", "POST", "PUT", "DELETE"):
                    response = self._ask(method, model, self.admin_access)
                    self.assertError(response, 404, "model_not_found")

    def _force_connection(self, model):
        self.env.cr.execute(
            "INSERT INTO connection_api"
            " (model_id, model, active, is_get, is_post, is_put, is_delete, max_limit, run_as)"
            " VALUES (%s, %s, true, true, true, true, true, 1000, 'sudo')",
            [self.env["ir.model"]._get_id(model), model],
        )
        self.env.invalidate_all()
        self.registry.clear_all_caches()

    def test_abstract_models_cannot_be_opened(self):
        """There is nothing to read in them."""
        for model in ("base", "ir.http", "ir.qweb"):
            with (
                self.subTest(model=model),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                self._connect(model)


@tagged("post_install", "-at_install")
class TestPolicy(ApiCase):
    """What ``sudo`` lifts and what it never does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("res.partner", "res.users", "res.groups", "ir.config_parameter"):
            cls._connect(model)
        cls.env["connection.api"].search([("model", "=", "res.partner.bank")]).unlink()
        cls.access = cls._open(cls.user).access
        cls.portal_access = cls._open(cls.portal).access
        cls.admin_access = cls._open(cls.admin).access
        cls.partner = cls.env["res.partner"].create({"name": "Policy", "ref": "POLICY"})
        cls.bank = cls.env["res.partner.bank"].create(
            {"acc_number": "POL-1", "partner_id": cls.partner.id}
        )

    def _get(self, token, model="res.partner", **params):
        return self._send("GET", model, token, **{"fields": ["id"], **params})

    def _put(self, token, record, values):
        return self._send("PUT", record._name, token, {"values": values}, id=str(record.id))

    def _hide(self, name, model="res.partner", groups="base.group_system"):
        """Give a field ``groups=`` for the time of a test."""
        return patch.object(self.registry[model]._fields[name], "groups", groups)

    # --- the documented default ----------------------------------------------------------

    def test_s02_operations_run_with_sudo(self):
        """The documented default: a portal user reads and writes what is open, whatever the rules say."""
        portal = self.env["res.partner"].with_user(self.portal)
        self.assertFalse(portal.search([("id", "=", self.partner.id)]))
        self.assertList(self._get(self.portal_access, id=self.partner.id), count=1)
        self.assertAnswer(self._put(self.portal_access, self.partner, {"ref": "PORTAL"}))
        self.env.invalidate_all()
        self.assertEqual(self.partner.ref, "PORTAL")

    # --- a field's own groups ------------------------------------------------------------

    def test_field_of_other_groups_is_not_readable(self):
        """It is unknown, in words that are those for a field that does not exist."""
        asks = [
            {"fields": ["ref"]},
            {"fields": ["name", "ref"]},
            {"fields": [], "expand": {"child_ids": ["ref"]}},
            {"fields": [], "expand": {"parent_id": ["ref"]}},
        ]
        with self._hide("ref"):
            for params in asks:
                with self.subTest(**params):
                    body = self.assertError(self._get(self.access, **params), 400, "unknown_field")
                    unknown = json.loads(json.dumps(params).replace("ref", "nope"))
                    response = self._get(self.access, **unknown)
                    self.assertEqual(
                        body["message"].replace("ref", "nope"), response.json()["message"]
                    )
            self.assertList(self._get(self.admin_access, fields=["ref"], id=self.partner.id))

    def test_s04_field_of_other_groups_is_not_searchable(self):
        """No spelling of a domain makes ``total`` an oracle for it."""
        domains = [
            [["ref", "=", "POLICY"]],
            [["ref", "!=", False]],
            [["ref", "=like", "P%"]],
            ["!", ["ref", "=", "x"]],
            ["|", ["id", "=", 0], ["ref", "=", "POLICY"]],
            [["parent_id.ref", "=", "x"]],
            [["child_ids.ref", "=", "x"]],
            [["child_ids.parent_id.ref", "=", "POLICY"]],
            [["child_ids", "any", [["ref", "=", "x"]]]],
            [["child_ids", "not any", [["parent_id", "any", [["ref", "=", "x"]]]]]],
        ]
        with self._hide("ref"):
            for domain in domains:
                with self.subTest(domain=domain):
                    body = self.assertError(
                        self._get(self.access, domain=domain), 400, "unknown_field"
                    )
                    self.assertNotIn("total", body)
            self.assertList(self._get(self.admin_access, domain=domains[0]), total=1)

    def test_field_of_other_groups_is_not_writable(self):
        """Neither on a new record nor on an old one, nor through a command."""
        with self._hide("ref"):
            for values in ({"ref": "X"}, {"child_ids": [[0, 0, {"name": "c", "ref": "X"}]]}):
                with self.subTest(values=values):
                    response = self._put(self.access, self.partner, values)
                    self.assertError(response, 400, "unknown_field")
                    response = self._send(
                        "POST", "res.partner", self.access, {"values": {"name": "n", **values}}
                    )
                    self.assertError(response, 400, "unknown_field")
        self.env.invalidate_all()
        self.assertEqual(self.partner.ref, "POLICY")
        self.assertFalse(self.env["res.partner"].search([("ref", "=", "X")]))

    def test_secrets_that_nobody_may_see(self):
        """``NO_ACCESS`` fields are unknown to administrators, too."""
        found = [
            (model, name)
            for model in ("res.users", "res.partner")
            for name, field in self.env[model]._fields.items()
            if field.groups == "."
        ]
        if "totp_secret" in self.env["res.users"]._fields:
            self.assertIn(("res.users", "totp_secret"), found)
        for model, name in found:
            for params in ({"fields": [name]}, {"domain": [[name, "!=", False]]}):
                with self.subTest(model=model, **params):
                    response = self._get(self.admin_access, model, **params)
                    self.assertError(response, 400, "unknown_field")

    def test_password_is_never_answered(self):
        """Not even its hash, not even to its owner; it cannot be searched either."""
        for params in ({"fields": ["password"]}, {"domain": [["password", "=like", "$pbkdf2%"]]}):
            with self.subTest(**params):
                response = self._get(self.admin_access, "res.users", **params)
                self.assertError(response, 400, "unknown_field")
        self._connect(
            "res.users",
            read_field_ids=[self.env["ir.model.fields"]._get("res.users", "password").id],
        )
        response = self._get(self.admin_access, "res.users", fields=["password"], id=self.user.id)
        [row] = self.assertList(response)["data"]
        self.assertFalse(row["password"])

    # --- protected models ----------------------------------------------------------------

    def test_s01_nobody_publishes_or_becomes_what_they_are_not(self):
        """A connection for users or groups does not let a user or a portal user promote anybody."""
        system = self.env.ref("base.group_system")
        for token in (self.access, self.portal_access):
            me = self.user if token == self.access else self.portal
            attacks = [
                (me, {"group_ids": [[4, system.id]]}),
                (me, {"login": "api-taken"}),
                (self.admin, {"password": "taken"}),
                (self.victim, {"password": "taken"}),
                (system, {"user_ids": [[4, me.id]]}),
                (system, {"implied_by_ids": [[4, self.env.ref("base.group_user").id]]}),
            ]
            for record, values in attacks:
                with self.subTest(user=me.login, record=record, values=values):
                    response = self._put(token, record, values)
                    self.assertIn(response.status_code, (400, 403, 404), response.text)
        self.env.invalidate_all()
        self.assertFalse(
            (self.user | self.portal).filtered(lambda user: user.has_group("base.group_system"))
        )
        self.assertEqual(self.admin.login, "api-admin")

    def test_protected_models_use_the_callers_own_rights(self):
        """``sudo`` counts for administrators alone where it is decided who may do what."""
        parameter = self.env["ir.config_parameter"].search([], limit=1)
        for token in (self.access, self.portal_access):
            response = self._get(token, "ir.config_parameter", fields=["value"])
            self.assertError(response, 403, "access_denied")
            response = self._put(token, parameter, {"value": "x"})
            self.assertIn(response.status_code, (403, 404))
            self.assertAnswer(response, response.status_code)
        response = self._get(self.admin_access, "ir.config_parameter", fields=["value"])
        self.assertList(response)
        own = self._get(self.portal_access, "res.users", fields=["name"], limit=1000)
        visible = self.env["res.users"].with_user(self.portal).search([])
        self.assertEqual({row["id"] for row in self.assertList(own)["data"]}, set(visible.ids))
        self.assertNotIn(self.victim, visible)

    # --- other models through a relation -------------------------------------------------

    def test_s03_expand_reaches_only_connected_models(self):
        """A model without a connection is read with the caller's own rights: sudo does not reach it."""
        response = self._get(
            self.portal_access, id=self.partner.id, expand={"bank_ids": ["acc_number"]}
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["bank_ids"], [])
        self._connect("res.partner.bank", "GET")
        response = self._get(
            self.portal_access, id=self.partner.id, expand={"bank_ids": ["acc_number"]}
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["bank_ids"], [{"id": self.bank.id, "acc_number": "POL-1"}])
        self._connect("res.partner.bank", "POST")
        response = self._get(
            self.portal_access, id=self.partner.id, expand={"bank_ids": ["acc_number"]}
        )
        self.assertError(response, 403, "access_denied")

    def test_s03_expand_shows_no_protected_field(self):
        """``user_ids`` → ``totp_secret`` and its like are unknown, to administrators too."""
        names = [
            name for name, field in self.env["res.users"]._fields.items() if field.groups == "."
        ]
        partner = self.victim.partner_id
        for name in names:
            for token in (self.access, self.admin_access):
                with self.subTest(name=name):
                    response = self._get(token, id=partner.id, expand={"user_ids": [name]})
                    self.assertError(response, 400, "unknown_field")
        response = self._get(self.portal_access, id=partner.id, expand={"user_ids": ["login"]})
        self.assertEqual(self.assertList(response)["data"][0]["user_ids"], [])

    def test_s03_expand_of_a_many2one_that_is_not_visible_is_null(self):
        """A related record that the caller may not see is not there."""
        self.env["connection.api"].search([("model", "=", "res.users")]).unlink()
        self.partner.user_id = self.victim
        response = self._get(self.portal_access, id=self.partner.id, expand={"user_id": ["login"]})
        self.assertIsNone(self.assertList(response)["data"][0]["user_id"])

    def test_s04_dotted_paths_see_what_the_caller_sees(self):
        """A condition on records of an unconnected model cannot test what the caller may not read."""
        domains = [
            [["bank_ids.acc_number", "=", "POL-1"]],
            [["bank_ids", "any", [["acc_number", "=", "POL-1"]]]],
            [["bank_ids.acc_number", "=like", "POL%"]],
            [["user_ids.login", "=", self.victim.login]],
            [["user_ids", "any", [["login", "=", self.victim.login]]]],
        ]
        for domain in domains:
            with self.subTest(domain=domain):
                self.assertList(self._get(self.portal_access, domain=domain), total=0)
        negative = [
            ["id", "=", self.partner.id],
            ["bank_ids", "not any", [["acc_number", "=", "POL-1"]]],
        ]
        self.assertList(self._get(self.portal_access, domain=negative), total=1)
        self._connect("res.partner.bank", "GET")
        self.assertList(self._get(self.portal_access, domain=domains[0]), total=1)

    def test_s04_unreachable_models_end_every_path(self):
        """Sessions, tokens and API keys are reached by no relation."""
        users = self.env["res.users"]._fields
        names = [
            n for n, field in users.items() if getattr(field, "comodel_name", None) in UNREACHABLE
        ]
        self.assertIn("api_key_ids", names)
        for name in names:
            for params in (
                {"expand": {name: ["id"]}},
                {"domain": [[f"{name}.id", "!=", 0]]},
                {"domain": [[name, "any", [["id", "!=", 0]]]]},
            ):
                with self.subTest(**params):
                    response = self._get(self.admin_access, "res.users", **params)
                    self.assertIn(response.status_code, (400, 403), response.text)
                    self.assertAnswer(response, response.status_code)
            response = self._put(self.admin_access, self.victim, {name: [[0, 0, {"name": "x"}]]})
            self.assertIn(response.status_code, (400, 403), response.text)

    def test_s05_commands_reach_a_model_as_far_as_its_connection(self):
        """create needs POST there, update PUT, delete DELETE; without a connection none works."""
        commands = {
            "POST": [0, 0, {"acc_number": "POL-2"}],
            "PUT": [1, self.bank.id, {"acc_number": "POL-3"}],
            "DELETE": [2, self.bank.id],
        }
        for opened in (None, "GET", "POST", "PUT", "DELETE"):
            if opened:
                self._connect("res.partner.bank", opened)
            for method, command in commands.items():
                if method == opened:
                    continue
                with self.subTest(opened=opened, command=command):
                    response = self._put(self.access, self.partner, {"bank_ids": [command]})
                    self.assertError(response, 403, "access_denied")
        self.env.invalidate_all()
        self.assertEqual(self.partner.bank_ids, self.bank)
        self.assertEqual(self.bank.acc_number, "POL-1")
        self._connect("res.partner.bank", "PUT")
        self.assertAnswer(self._put(self.access, self.partner, {"bank_ids": [commands["PUT"]]}))
        self.env.invalidate_all()
        self.assertEqual(self.bank.acc_number, "POL-3")

    def test_s05_removing_that_deletes_needs_delete(self):
        """Clearing a relation whose records die with it is a deletion of them."""
        self._connect("res.partner.bank", "GET POST PUT")
        for value in ([[3, self.bank.id]], [[5]], [[6, 0, []]], [], False):
            with self.subTest(value=value):
                response = self._put(self.access, self.partner, {"bank_ids": value})
                self.assertError(response, 403, "access_denied")
        self.assertTrue(self.bank.exists())

    def test_s05_commands_on_users_promote_nobody(self):
        """A connection for partners and users is no way to write users under sudo."""
        system = self.env.ref("base.group_system")
        partner = self.user.partner_id
        for command in (
            [1, self.user.id, {"group_ids": [[4, system.id]]}],
            [1, self.admin.id, {"password": "taken"}],
            [0, 0, {"name": "n", "login": "api-evil", "group_ids": [[6, 0, system.ids]]}],
            [2, self.user.id],
        ):
            with self.subTest(command=command):
                response = self._put(self.access, partner, {"user_ids": [command]})
                self.assertIn(response.status_code, (400, 403), response.text)
        self.env.invalidate_all()
        self.assertFalse(self.user.has_group("base.group_system"))
        self.assertFalse(self.env["res.users"].search([("login", "=", "api-evil")]))

    def test_related_fields_write_no_other_model(self):
        """A related field writes another model: only one that is open for PUT."""
        self._connect("res.company", "GET")
        company = self.env["res.company"].create({"name": "Policy Co"})
        self._connect("res.partner", "GET")
        response = self._put(self.admin_access, company, {"email": "x@example.com"})
        self.assertError(response, 405, "method_not_allowed")
        self._connect("res.company", "GET PUT")
        field = self.env["res.company"]._fields["email"]
        self.assertEqual(field.related, "partner_id.email")
        response = self._put(self.admin_access, company, {"email": "x@example.com"})
        self.assertError(response, 403, "access_denied")
        self.env.invalidate_all()
        self.assertFalse(company.email)
        self._connect("res.partner", "GET PUT")
        response = self._put(self.access, company, {"email": "x@example.com"})
        self.assertError(response, 403, "access_denied")  # companies are for administrators
        self.assertAnswer(self._put(self.admin_access, company, {"email": "x@example.com"}))
        self.env.invalidate_all()
        self.assertEqual(company.email, "x@example.com")

    def test_connections_themselves_are_protected(self):
        """A connection for connections does not let a user open more models."""
        self._connect("connection.api")
        values = {"model_id": self.env["ir.model"]._get_id("res.bank"), "is_get": True}
        for token in (self.access, self.portal_access):
            response = self._send("POST", "connection.api", token, {"values": values})
            self.assertError(response, 403, "access_denied")
        self.assertFalse(self.env["connection.api"].search([("model", "=", "res.bank")]))
