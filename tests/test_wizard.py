# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The wizard that opens a model: what it offers, what it proposes, and what it creates."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..engine import choices
from ..engine.protected import UNREACHABLE
from .common import NO_TRACKING


def _shown(action):
    """Return the id of the connection whose form an action of the wizard shows."""
    return action["params"]["connection_id"]


class WizardCase(TransactionCase):
    """A manager who administers nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.employee = new_test_user(cls.env, "api-employee", "base.group_user", NO_TRACKING)
        cls.internal = cls.env.ref("base.group_user")
        cls.portal = cls.env.ref("base.group_portal")

    def _model(self, name):
        return self.env["ir.model"]._get(name)

    def _wizard(self, name="res.partner", user=None, **values):
        self._forget(name)
        return self._again(name, user, **values)

    def _again(self, name, user=None, **values):
        wizards = self.env["connection.api.wizard"].with_user(user or self.manager)
        return wizards.create({"model_id": self._model(name).id, **values})

    def _forget(self, name):
        connections = self.env["connection.api"].with_context(active_test=False)
        connections.search([("model", "=", name)]).unlink()

    def _connection(self, name="res.partner"):
        connections = self.env["connection.api"].with_context(active_test=False)
        return connections.search([("model", "=", name)])

    def _fields(self, name, *names):
        return self.env["ir.model.fields"].concat(
            *(self.env["ir.model.fields"]._get(name, each) for each in names)
        )


@tagged("post_install", "-at_install")
class TestWizard(WizardCase):
    """From a choice to a connection."""

    def test_defaults_are_safe(self):
        """A model alone opens reading for internal users, and of its form's fields only."""
        wizard = self._wizard()
        action = wizard.action_open()
        connection = self._connection()
        self.assertEqual(_shown(action), connection.id)
        self.assertTrue(connection.is_get)
        self.assertFalse(connection.is_post or connection.is_put or connection.is_delete)
        self.assertEqual(connection.group_ids, self.internal)
        read = set(connection.read_field_ids.mapped("name"))
        self.assertLessEqual({"name", "email", "parent_id", "country_id", "write_date"}, read)
        self.assertFalse(read & {"create_uid", "message_ids", "tz_offset"})
        written = set(connection.write_field_ids.mapped("name"))
        self.assertIn("email", written)
        self.assertLessEqual(written, read)
        self.assertFalse(connection.domain or connection.action_ids or connection.report_ids)

    def test_access_rights_are_named_in_the_users_language(self):
        """The choices have the same names as those of the connection, translations included."""
        self.env["res.lang"]._activate_lang("fr_FR")
        choice = self.env.ref("jwt_auth_api.selection__connection_api__run_as__sudo")
        choice.with_context(lang="fr_FR").name = "Sans effet"
        wizards = self.env["connection.api.wizard"].with_user(self.manager)
        for language, name in (("fr_FR", "Sans effet"), ("en_US", "Ignored for this model")):
            shown = wizards.with_context(lang=language).fields_get(["run_as"], ["selection"])
            self.assertEqual(dict(shown["run_as"]["selection"])["sudo"], name)

    def test_everything_that_is_selected_is_opened(self):
        """Verbs, groups, fields, a filter, an action and a report come out as they went in."""
        group = self.env["res.groups"].create({"name": "Drivers"})
        report = self.env["ir.actions.report"].create(
            {"name": "Card", "model": "res.partner", "report_name": "base.card"}
        )
        name, email = self._fields("res.partner", "name", "email")
        wizard = self._wizard(
            group_ids=[Command.set(group.ids)],
            with_portal=True,
            is_put=True,
            is_delete=True,
            run_as="user",
            records="own",
            read_field_ids=[Command.set((name | email).ids)],
            write_field_ids=[Command.set(email.ids)],
            action_names=["create_company"],
            report_ids=[Command.set(report.ids)],
        )
        wizard.action_open()
        connection = self._connection()
        self.assertTrue(connection.is_get and connection.is_put and connection.is_delete)
        self.assertFalse(connection.is_post)
        self.assertEqual(connection.group_ids, group | self.portal)
        self.assertEqual(connection.run_as, "user")
        self.assertEqual(connection.domain, "[('user_id', '=', uid)]")
        self.assertEqual(connection.read_field_ids, name | email)
        self.assertEqual(connection.write_field_ids, email)
        self.assertEqual(connection.action_ids.name, "create_company")
        self.assertEqual(connection.report_ids, report)

    def test_quick_choices_of_records(self):
        """Each writes its filter, a valid one; a model without a company does not offer companies."""
        wizard = self._wizard()
        self.assertEqual(wizard.record_choices, ["all", "own", "companies", "custom"])
        expected = {
            "all": False,
            "own": "[('user_id', '=', uid)]",
            "companies": "['|', ('company_id', '=', False), ('company_id', 'in', company_ids)]",
        }
        for choice, domain in expected.items():
            wizard.records = choice
            self.assertEqual(wizard.domain, domain, choice)
        wizard.records = "custom"
        self.assertEqual(wizard.domain, expected["companies"], "a starting point")
        wizard.records = "own"
        wizard.owner_field_id = self._fields("res.partner", "parent_id")
        self.assertEqual(wizard.domain, "[('parent_id', '=', user.partner_id.id)]")
        wizard.action_open()
        self.assertEqual(self._connection().domain, wizard.domain)
        self.assertNotIn("companies", self._wizard("res.country").record_choices)

    def test_filter_of_ones_own_is_checked(self):
        """What no filter may contain is refused, and nothing is created."""
        wizard = self._wizard(records="custom", domain="[('user_id', '=', user.write)]")
        self.assertIn("user.write", wizard.exposure_danger)
        with self.assertRaises(ValidationError), self.cr.savepoint():
            wizard.action_open()
        self.assertFalse(self._connection())
        wizard.domain = "[('user_id', '=', user.id), ('create_uid', '=', uid)]"
        wizard.action_open()
        self.assertEqual(self._connection().domain, wizard.domain)

    def test_archived_connection_is_opened_again(self):
        """It is proposed, updated and unarchived; what the wizard does not ask for stays."""
        name, email = self._fields("res.partner", "name", "email")
        self._forget("res.partner")
        archived = self.env["connection.api"].create(
            {
                "model_id": self._model("res.partner").id,
                "active": False,
                "is_get": True,
                "is_put": True,
                "max_limit": 7,
                "domain": "[('user_id', '=', uid)]",
                "read_field_ids": [Command.set(name.ids)],
                "action_ids": [
                    Command.create({"name": "create_company", "context_keys": "no_reset"}),
                    Command.create({"name": "open_commercial_entity"}),
                ],
            }
        )
        kept = archived.action_ids.filtered(lambda action: action.name == "create_company")
        wizard = self._again("res.partner")
        self.assertEqual(wizard.connection_id, archived)
        self.assertFalse(wizard.is_open)
        self.assertTrue(wizard.is_put)
        self.assertEqual(wizard.read_field_ids, name)
        self.assertEqual((wizard.records, wizard.domain), ("archived", "[('user_id', '=', uid)]"))
        self.assertCountEqual(wizard.action_names, ["create_company", "open_commercial_entity"])
        wizard.action_names = ["create_company"]
        wizard.read_field_ids = email
        action = wizard.action_open()
        self.assertEqual(_shown(action), archived.id)
        self.assertTrue(archived.active)
        self.assertEqual(archived.max_limit, 7)
        self.assertEqual(archived.read_field_ids, email)
        self.assertEqual(archived.action_ids, kept)
        self.assertEqual(kept.context_keys, "no_reset")
        self.assertEqual(archived.group_ids, self.internal, "not everybody, as it was")

    def test_open_model_is_shown(self):
        """A model that is open keeps its connection as it is: the wizard leads to its form."""
        self._wizard().action_open()
        connection = self._connection()
        wizard = self._again("res.partner", is_delete=True)
        self.assertTrue(wizard.is_open)
        self.assertEqual(_shown(wizard.action_open()), connection.id)
        self.assertFalse(connection.is_delete)

    def test_who_may_open_what_stays(self):
        """A manager who is not a system administrator lifts no rights on models that give rights."""
        wizard = self._wizard("res.users", run_as="sudo")
        with self.assertRaises(AccessError), self.cr.savepoint():
            wizard.action_open()
        self.assertFalse(self._connection("res.users"))
        wizard.run_as = "user"
        wizard.action_open()
        self.assertEqual(self._connection("res.users").run_as, "user")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_managers(self):
        """An employee has neither the wizard nor what it chooses from."""
        with self.assertRaises(AccessError):
            self._again("res.partner", self.employee)
        offered = self.env["connection.api.choices"].with_user(self.employee)
        for method, args in (
            ("get_field_choices", ["res.partner"]),
            ("get_method_choices", ["res.partner"]),
            ("get_filter_preview", ["res.partner", "[]"]),
            ("get_usage", [_shown(self._wizard().action_open())]),
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(offered, method)(*args)

    def test_nothing_is_nothing(self):
        """A connection that opens nothing would be a mistake."""
        with self.assertRaises(UserError):
            self._wizard(is_get=False).action_open()
        self.assertFalse(self._connection())

    def test_emptied_selection_opens_nothing(self):
        """Who clears what is proposed selects something else, or all: an empty list would open all."""
        wizard = self._wizard(is_put=True)
        self.assertTrue(wizard.is_read_limited and wizard.is_write_limited)
        for name in ("read_field_ids", "write_field_ids"):
            with self.subTest(name):
                proposed = wizard[name]
                wizard[name] = False
                self.assertIn("Nothing is open", wizard.exposure)
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    wizard.action_open()
                self.assertFalse(self._connection())
                wizard[name] = proposed
        wizard.write({"read_field_ids": False, "is_read_limited": False})
        self.assertIn("They see every field", wizard.exposure)
        wizard.action_open()
        self.assertFalse(self._connection().read_field_ids)
        self.assertTrue(self._connection().write_field_ids)

    def test_form_without_fields_to_write(self):
        """A model whose form has nothing to write can be opened for reading, but not all for writing."""
        self.env["ir.ui.view"].create(
            {
                "name": "read-only",
                "model": "res.country",
                "arch": "<form><field name='name' readonly='1'/></form>",
                "priority": 0,
            }
        )
        wizard = self._wizard("res.country")
        self.assertFalse(wizard.write_field_ids)
        wizard.action_open()
        connection = self._connection("res.country")
        self.assertTrue(connection.is_write_limited)
        self.assertIn("read", connection.exposure)
        for switch in ("is_post", "is_put"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                connection[switch] = True
        self.assertEqual(self.env["connection.api"]._connection("res.country").methods, ("GET",))
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self._wizard("res.country", is_post=True).action_open()

    def test_secrets_are_not_proposed(self):
        """A form may show a field that opens something; it is not among the proposals."""
        view = self.env["ir.ui.view"].create(
            {
                "name": "with a secret",
                "model": "res.partner",
                "arch": "<form><field name='name'/><field name='signup_type'/></form>",
                "priority": 0,
            }
        )
        protection = self.env.registry["connection.api.protection"]
        self.patch(protection, "_secret_fields", lambda self, name: frozenset(["signup_type"]))
        self.assertTrue(view)
        proposed = self._wizard().read_field_ids.mapped("name")
        self.assertCountEqual(proposed, ["name", "display_name", "create_date", "write_date"])


@tagged("post_install", "-at_install")
class TestChoices(WizardCase):
    """What there is to choose from."""

    def _search(self, text, **options):
        models = self.env["ir.model"].with_user(self.manager)
        field = self.env["connection.api.wizard"]._fields["model_id"]
        found = models.with_context(business_first=True, technical_names=True).name_search(
            text, field.domain, **options
        )
        return [models.browse(model_id).model for model_id, _name in found]

    def test_models_are_found_by_both_names(self):
        """The one that is meant exactly comes first, then what the menus of business apps open."""
        self.assertEqual(self._search("res.partner")[0], "res.partner")
        self.assertEqual(self._search("Contact")[0], "res.partner")
        business = self.env["ir.model"]._jwt_business_models()
        self.assertIn("res.partner", business)
        self.assertNotIn("ir.rule", business, "it has a menu, but in the settings")
        found = self._search("", limit=None)
        ranks = [name not in business for name in found]
        self.assertEqual(ranks, sorted(ranks))
        self.assertLess(found.index("product.template"), found.index("ir.rule"))

    def test_no_model_that_cannot_be_opened(self):
        """Wizards, abstract models, and what no client ever reaches are not offered."""
        found = self._search("", limit=None)
        self.assertIn("ir.rule", found)
        self.assertFalse(UNREACHABLE.intersection(found))
        for name in found:
            model = self.env.get(name)
            self.assertFalse(model is not None and (model._abstract or model._transient), name)

    def test_technical_names_are_shown(self):
        """Beside the name, where a view asks for it; nowhere else."""
        model = self._model("res.partner").with_user(self.manager)
        self.assertEqual(model.display_name, "Contact")
        named = model.with_context(technical_names=True)
        self.assertEqual(named.display_name, "Contact (res.partner)")
        formatted = named.with_context(formatted_display_name=True)
        self.assertEqual(formatted.display_name, "Contact\t--res.partner--")
        report = self.env["ir.actions.report"].create(
            {"name": "Card", "model": "res.partner", "report_name": "base.card"}
        )
        self.assertEqual(report.display_name, "Card")
        self.assertEqual(report.with_context(technical_names=True).display_name, "Card (base.card)")

    def test_fields(self):
        """Each field of the model with label, type, and whether it can be written."""
        offered = self.env["connection.api.choices"].with_user(self.manager)
        found = {field["name"]: field for field in offered.get_field_choices("res.partner")}
        self.assertEqual(found.keys(), self.env["res.partner"]._fields.keys())
        self.assertEqual(found["parent_id"]["relation"], "res.partner")
        self.assertEqual(found["parent_id"]["type"], "many2one")
        self.assertTrue(found["email"]["is_writable"])
        self.assertFalse(found["create_date"]["is_writable"])
        self.assertFalse(found["email"]["is_secret"])

    def test_methods(self):
        """Those that an action may be, and no other: the engine's own rule decides."""
        found = choices.methods(self.env["res.partner"])
        names = [method["name"] for method in found]
        self.assertIn("create_company", names)
        self.assertFalse({"write", "search_read", "copy", "_compute_email"}.intersection(names))
        self.assertEqual(len(names), len(set(names)))
        self._forget("res.partner")
        connection = self.env["connection.api"].create(
            {
                "model_id": self._model("res.partner").id,
                "is_get": True,
                "action_ids": [Command.create({"name": name}) for name in names],
            }
        )
        self.assertEqual(len(connection.action_ids), len(names), "all of them can be listed")

    def test_methods_are_described(self):
        """A button's label, the parameters, and the first line of what the code says of it."""
        found = {method["name"]: method for method in choices.methods(self.env["res.currency"])}
        self.assertEqual(found["amount_to_text"]["signature"], "(amount)")
        self.assertEqual(found["round"]["description"].split()[0], "Return")
        modules = choices.methods(self.env["ir.module.module"])
        self.assertTrue(modules[0]["button"], "the buttons of the form come first")
        ranks = [not method["button"] for method in modules]
        self.assertEqual(ranks, sorted(ranks))

    def test_preview_of_a_filter(self):
        """It counts for the current user, with their own rights, and says what is wrong."""
        offered = self.env["connection.api.choices"].with_user(self.manager)
        mine = self.env["res.partner"].create({"name": "Mine", "user_id": self.manager.id})
        found = offered.get_filter_preview("res.partner", "[('user_id', '=', uid)]")
        self.assertEqual(found["count"], 1)
        self.assertEqual(self.env["res.partner"].search(found["domain"]), mine)
        self.assertFalse(found["problem"])
        wrong = offered.get_filter_preview("res.partner", "[('user_id', '=', user.write)]")
        self.assertIn("user.write", wrong["problem"])
        self.assertIsNone(wrong["count"])
        closed = offered.get_filter_preview("ir.config_parameter", "[('key', '=', 'x')]")
        self.assertIsNone(closed["count"], "a manager may not read them")

    def test_usage(self):
        """A connection shows requests for what it opens, with its own fields, in five languages."""
        action = self._wizard("res.country", is_put=True, run_as="user").action_open()
        offered = self.env["connection.api.choices"].with_user(self.manager)
        usage = offered.get_usage(_shown(action))
        self.assertEqual(usage["path"], "/api/v1/res.country")
        self.assertEqual(usage["documentation"], "/api/docs/res.country")
        self.assertEqual(usage["model"], "res.country")
        [change] = [each for each in usage["requests"] if each["kind"] == "change"]
        self.assertEqual(change["path"], f"/api/v1/res.country/{usage['no_record']}")
        self.assertFalse(self.env["res.country"].browse(usage["no_record"]).exists())
        self.assertEqual(usage["origin"], self.env["ir.config_parameter"].get_param("web.base.url"))
        self.assertEqual([each["kind"] for each in usage["requests"]], ["list", "read", "change"])
        for each in (*usage["requests"], {"samples": usage["login"]}):
            languages = [sample["language"] for sample in each["samples"]]
            self.assertEqual(languages, ["curl", "javascript", "python", "dart", "php"])
        connection = self._connection("res.country")
        connection.read_field_ids = self._fields("res.country", "code")
        [curl, *_others] = offered.get_usage(connection.id)["requests"][0]["samples"]
        self.assertIn("fields=code", curl["text"])
        connection.active = False
        self.assertFalse(offered.get_usage(connection.id)["requests"])

    def test_smart_buttons(self):
        """The form counts the logged requests of its model, its errors, and knows the last one."""
        self._wizard("res.country").action_open()
        connection = self._connection("res.country").with_user(self.manager)
        self.assertEqual((connection.request_count, connection.last_request_at), (0, False))
        log = self.env["connection.api.log"]
        log.create(
            [
                {"model": model, "requested_at": when, "status": status, "error_count": errors}
                for model, when, status, errors in (
                    ("res.country", "2026-11-01 10:00:00", 200, 0),
                    ("res.country", "2026-11-02 10:00:00", 404, 1),
                    ("res.partner", "2026-11-03 10:00:00", 500, 1),
                )
            ]
        )
        connection.invalidate_recordset()
        self.assertEqual((connection.request_count, connection.error_count), (2, 1))
        self.assertEqual(str(connection.last_request_at), "2026-11-02 10:00:00")
        shown = connection.action_show_requests()
        self.assertEqual(log.search_count(shown["domain"]), 2)
        errors = connection.with_context(only_errors=True).action_show_requests()
        self.assertTrue(errors["context"]["search_default_errors"])
