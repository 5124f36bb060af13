# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from ..engine.protected import UNREACHABLE
from ..tools.errors import ApiError
from ..tools.queries import ListQuery, Selection, WriteRequest
from .policy_case import PolicyCase

#: The errors of a write for a field that is closed to the caller.
CLOSED = frozenset(["unknown_field", "access_denied"])


@tagged("post_install", "-at_install")
class TestOpenModels(PolicyCase):
    """``GET /api/v1``: what is open to the caller, and nothing else."""

    def _models(self, token, **options):
        body = self.assertAnswer(self._call("GET", "/api/v1", token, **options))
        self.assertEqual(body["count"], len(body["data"]))
        return {entry["model"]: entry for entry in body["data"]}

    def test_lists_open_models(self):
        self.assertEqual(self._models(self.access), {})
        self._connect("res.partner", "GET PUT")
        self._connect("res.country", "GET")
        self._connect("res.bank", "")  # opens nothing
        self._connect("res.currency", "GET", active=False)
        models = self._models(self.access)
        self.assertEqual(list(models), ["res.country", "res.partner"])
        self.assertEqual(
            models["res.partner"],
            {
                "model": "res.partner",
                "name": "Contact",
                "methods": ["GET", "PUT"],
                "actions": [],
                "reports": [],
                "links": {
                    "records": "/api/v1/res.partner",
                    "schema": "/api/v1/res.partner/schema",
                },
            },
        )

    def test_groups_of_a_connection(self):
        group = self.env.ref("base.group_system")
        self._connect("res.partner", group_ids=[(6, 0, group.ids)])
        self.assertEqual(self._models(self.access), {})
        self.assertEqual(self._models(self.portal_access), {})
        self.assertEqual(list(self._models(self.admin_access)), ["res.partner"])

    def test_actions_and_reports(self):
        report = self.env["ir.actions.report"].search(
            [("model", "=", "ir.module.module"), ("report_type", "=", "qweb-pdf")], limit=1
        )
        report = report or self.env["ir.actions.report"].create(
            {
                "name": "Guide",
                "model": "ir.module.module",
                "report_name": "base.report_irmodulereference",
            }
        )
        self._connect(
            "ir.module.module",
            "",
            action_ids=[(0, 0, {"name": "button_upgrade", "description": "Upgrade it."})],
            report_ids=[(6, 0, report.ids)],
        )
        [entry] = self._models(self.access).values()
        self.assertEqual(entry["methods"], [])
        self.assertEqual(
            entry["actions"], [{"name": "button_upgrade", "description": "Upgrade it."}]
        )
        self.assertEqual(entry["reports"], [{"name": report.report_name, "title": report.name}])

    def test_a_change_counts_at_once(self):
        connection = self._connect("res.partner", "GET")
        self.assertIn("res.partner", self._models(self.access))
        connection.active = False
        self.assertEqual(self._models(self.access), {})

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.model"]._get("res.country").with_context(lang="fr_FR").name = "Pays"
        self._connect("res.country", "GET")
        models = self._models(self.access, headers={"Accept-Language": "fr"})
        self.assertEqual(models["res.country"]["name"], "Pays")
        self.assertEqual(self._models(self.access)["res.country"]["name"], "Country")

    def test_needs_a_token_and_takes_no_parameters(self):
        self.assertError(self._call("GET", "/api/v1"), 401, "missing_token")
        response = self._call("GET", "/api/v1", self.access, params={"model": "res.partner"})
        self.assertError(response, 400, "bad_parameter")
        self.assertError(self._post("/api/v1", {}, self.access), 405, "method_not_allowed")

    def test_statements(self):
        """The number of statements does not depend on the number of open models, once they are cached."""
        counts = []
        for model in ("res.partner", "res.country", "res.bank", "res.currency"):
            self._connect(model, "GET")
            self._models(self.access)
            with self._statements() as seen:
                self._models(self.access)
            counts.append(len(seen))
        self.assertEqual(len(set(counts)), 1, counts)


@tagged("post_install", "-at_install")
class TestSchema(PolicyCase):
    """``GET /api/v1/<model>/schema``: the fields that the caller may read or write, and nothing else."""

    def _schema(self, token, model="res.partner", **headers):
        response = self._call("GET", f"/api/v1/{model}/schema", token, headers=headers)
        return self.assertAnswer(response)["data"]

    def test_fields(self):
        self._connect("res.partner", max_limit=7)
        data = self._schema(self.access)
        self.assertEqual((data["model"], data["name"]), ("res.partner", "Contact"))
        self.assertEqual(data["methods"], ["GET", "POST", "PUT", "DELETE"])
        self.assertEqual(data["max_limit"], 7)
        self.assertEqual(list(data["fields"]), sorted(data["fields"]))
        self.assertEqual(
            data["fields"]["email"],
            {
                "type": "char",
                "label": "Email",
                "help": None,
                "required": False,
                "readable": True,
                "writable": True,
                "readonly": False,
                "stored": True,
                "searchable": True,
                "sortable": True,
                "default": None,
            },
        )
        country = data["fields"]["country_id"]
        self.assertEqual((country["type"], country["relation"]), ("many2one", "res.country"))
        kinds = {item["value"]: item["label"] for item in data["fields"]["type"]["selection"]}
        self.assertEqual(kinds["invoice"], "Invoice")
        self.assertEqual(data["fields"]["type"]["default"], "contact")
        created = data["fields"]["create_date"]
        self.assertEqual((created["readable"], created["writable"]), (True, False))
        self.assertEqual(data["fields"]["image_1920"]["sortable"], False)

    def test_digits_and_size(self):
        self._connect("res.currency")
        self.assertEqual(
            self._schema(self.access, "res.currency")["fields"]["rounding"]["digits"], [12, 6]
        )
        self._connect("res.country")
        self.assertEqual(self._schema(self.access, "res.country")["fields"]["code"]["size"], 2)

    def test_lists_of_fields(self):
        """A field that is in neither list is not there."""
        self._connect(
            "res.partner",
            read_field_ids=self._fields("res.partner", "name", "city"),
            write_field_ids=self._fields("res.partner", "city", "comment"),
        )
        fields = self._schema(self.access)["fields"]
        rights = {name: (each["readable"], each["writable"]) for name, each in fields.items()}
        self.assertEqual(
            rights,
            {
                "id": (True, False),
                "name": (True, False),
                "city": (True, True),
                "comment": (False, True),
            },
        )

    def test_methods(self):
        """Nothing is readable without GET, and nothing writable without POST or PUT."""
        for methods, readable, writable in (
            ("GET", True, False),
            ("PUT", False, True),
            ("POST", False, True),
            ("GET DELETE", True, False),
        ):
            self._connect("res.partner", methods)
            name = self._schema(self.access)["fields"]["name"]
            self.assertEqual((name["readable"], name["writable"]), (readable, writable), methods)
            self.assertEqual(name["default"], None)
        self._connect("res.partner", "DELETE")
        self.assertEqual(self._schema(self.access)["fields"], {})

    def test_fields_of_other_groups_and_secrets(self):
        self._connect("res.partner")
        self._connect("res.users")
        with self._hide("res.partner", "ref"):
            self.assertNotIn("ref", self._schema(self.access)["fields"])
            self.assertIn("ref", self._schema(self.admin_access)["fields"])
        self.assertNotIn("signup_token", self._schema(self.admin_access)["fields"])
        self.assertNotIn("password", self._schema(self.access, "res.users")["fields"])

    def test_unknown_and_closed_models_answer_the_same(self):
        known = self._call("GET", "/api/v1/res.bank/schema", self.access)
        unknown = self._call("GET", "/api/v1/no.bank/schema", self.access)
        body = self.assertError(known, 404, "model_not_found")
        other = self.assertError(unknown, 404, "model_not_found")
        self.assertEqual(body["message"].replace("res.bank", "no.bank"), other["message"])
        group = self.env.ref("base.group_system")
        self._connect("res.bank", group_ids=[(6, 0, group.ids)])
        response = self._call("GET", "/api/v1/res.bank/schema", self.access)
        self.assertError(response, 403, "access_denied")

    def test_entity_tag(self):
        connection = self._connect("res.partner", "GET")
        path = "/api/v1/res.partner/schema"
        tag = self._call("GET", path, self.access).headers["ETag"]
        again = self._call("GET", path, self.access, headers={"If-None-Match": tag})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(again.headers["ETag"], tag)
        connection.is_put = True
        changed = self._call("GET", path, self.access, headers={"If-None-Match": tag})
        self.assertAnswer(changed)
        self.assertNotEqual(changed.headers["ETag"], tag)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        field = self.env["ir.model.fields"]._get("res.partner", "city").with_context(lang="fr_FR")
        field.field_description = "Ville"
        self._connect("res.partner", "GET")
        headers = {"Accept-Language": "fr"}
        self.assertEqual(self._schema(self.access, **headers)["fields"]["city"]["label"], "Ville")
        self.assertEqual(self._schema(self.access)["fields"]["city"]["label"], "City")

    def test_is_counted_and_logged(self):
        self._connect("res.partner", "GET", rate_limit=1, log_requests=True)
        path = "/api/v1/res.partner/schema"
        response = self._call("GET", path, self.access)
        self.assertAnswer(response)
        self.assertEqual(response.headers["RateLimit-Limit"], "1")
        self.assertError(self._call("GET", path, self.access), 429, "too_many_requests")

    def test_statements(self):
        """A description takes few statements, however many fields there are."""
        self._connect("res.partner")
        self._schema(self.access)
        with self._statements() as seen:
            fields = self._schema(self.access)["fields"]
        self.assertGreater(len(fields), 60)
        self.assertLess(len(seen), 30, seen)

    def test_every_model(self):
        """The names that are readable are those that GET returns, and the writable those that a write takes."""
        problems = []
        for name in sorted(self.env.registry):
            model = self.env[name]
            if model._abstract or name in UNREACHABLE:
                continue
            self._connect(name)
            for user in (self.user, self.portal):
                problems += self._differences(self.env(user=user.id), name)
        self.assertFalse(problems)

    def _differences(self, env, name):
        connections = env["connection.api"]
        policy = connections._resolve(name)
        described = env["connection.api.document"]._whole(policy).fields
        readable = {each for each in described if described[each].is_readable}
        writable = {each for each in described if described[each].is_writable}
        read, written = set(), set()
        if "GET" in policy.connection.methods:
            reading = connections._resolve(name, "GET")
            read = {each for each in env[name]._fields if _is_read(reading, each)}
        if "POST" in policy.connection.methods:
            writing = connections._resolve(name, "POST")
            written = {each for each in env[name]._fields if _is_written(writing, each)}
        found = [f"{name}.{each} read by {env.uid}" for each in readable ^ read]
        return found + [f"{name}.{each} written by {env.uid}" for each in writable ^ written]


def _is_read(policy, name):
    try:
        policy.plan(ListQuery(Selection((name,))).selection)
    except ApiError:
        return False
    return True


def _is_written(policy, name):
    """Return whether a write accepts a field, whatever it says about the value."""
    request = WriteRequest(((None, {name: None}),), Selection())
    try:
        policy.values.load_request(request)
    except ApiError as exc:
        return exc.error not in CLOSED and "cannot be written" not in str(exc.message())
    return True
