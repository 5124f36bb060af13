# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What administrators see and do in the web client, and what others cannot."""

from unittest.mock import patch

import polib
from lxml import etree

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import JsonRpcException, TransactionCase, new_test_user, tagged
from odoo.tools import file_open, mute_logger
from odoo.tools.translate import code_translations

from ..tools.settings import SETTINGS
from .common import BROWSER, NO_TRACKING, ApiCase, leave_out_missing_asset

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
OWN_MODELS = (
    "connection.api",
    "connection.api.action",
    "connection.api.finding",
    "connection.api.idempotency",
    "connection.api.log",
    "connection.api.rate.limit",
    "connection.api.wizard",
    "jwt.throttle",
    "jwt.refresh.token",
    "jwt.session",
    "jwt.signing.key",
)


class TestBackend(ApiCase):
    """Through the web client, as a manager who administers nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a tour logs in with the login for a password
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        leave_out_missing_asset(cls.env)

    def _login(self, user, agent):
        body = {"login": user.login, "password": f"{user.login}-password"}
        return self.assertAnswer(self._post("/api/login", body, agent=agent))["token"]

    def test_connection_tour(self):
        """A model is opened and half closed again in the browser; clients notice at once."""
        # where only administrators write, a manager of connections may not lift that
        self.env["ir.model.access"].create(
            {
                "name": "currencies for all",
                "model_id": self.env["ir.model"]._get_id("res.currency"),
                "group_id": self.env.ref("base.group_user").id,
                "perm_create": True,
            }
        )
        token = self._login(self.user, "test")
        self.assertError(
            self._send("GET", "res.currency", token, fields=["name"]), 404, "model_not_found"
        )

        self._connect("res.currency", "GET")

        self.start_tour("/odoo", "jwt_auth_api_connection", login=self.manager.login)

        connection = self.env["connection.api"].search([("model", "=", "res.currency")])
        self.assertTrue(connection.is_get)
        self.assertFalse(connection.is_post or connection.is_put or connection.is_delete)
        self.assertEqual(connection.group_ids, self.env.ref("jwt_auth_api.group_manager"))
        self.assertEqual(connection.domain, "[('id', '=', user.company_id.currency_id.id)]")
        self.assertEqual(connection.read_field_ids.mapped("name"), ["currency_unit_label"])
        self.assertEqual(connection.action_ids.mapped("name"), ["amount_to_text"])
        self.assertEqual(connection.run_as, "user")
        refused = self._send("GET", "res.currency", token, fields=["currency_unit_label"])
        self.assertError(refused, 403, "access_denied")
        token = self._open(self.manager).access
        own = self.manager.company_id.currency_id
        body = self.assertList(
            self._send("GET", "res.currency", token, fields=["currency_unit_label"]), total=1
        )
        self.assertEqual(
            body["data"], [{"id": own.id, "currency_unit_label": own.currency_unit_label}]
        )
        refused = self._send("POST", "res.currency", token, {"values": {}})
        self.assertError(refused, 405, "method_not_allowed")

    def test_wizard_tour(self):
        """A manager opens a model on one page: a filter with ``user``, a field, and a method."""
        self.start_tour("/odoo", "jwt_auth_api_wizard", login=self.manager.login)

        connection = self.env["connection.api"].search([("model", "=", "res.currency")])
        self.assertTrue(connection.is_get)
        self.assertFalse(connection.is_post or connection.is_put or connection.is_delete)
        self.assertEqual(connection.group_ids, self.env.ref("base.group_user"))
        self.assertEqual(connection.domain, "[('id', '=', user.company_id.currency_id.id)]")
        self.assertEqual(connection.read_field_ids.mapped("name"), ["currency_unit_label"])
        self.assertEqual(connection.action_ids.name, "amount_to_text")
        refused = self._send(
            "GET", "res.currency", self._open(self.portal).access, fields=["currency_unit_label"]
        )
        self.assertError(refused, 403, "access_denied")

    def test_sessions_tour(self):
        """A session revoked in the browser is dead for its device, by row and by selection."""
        self.env["jwt.session"].sudo()._revoke_everything("admin")
        phone = self._login(self.user, IPHONE)
        others = [self._login(self.victim, BROWSER), self._login(self.portal, "curl/8.5.0")]
        for token in (phone, *others):
            self.assertTrue(self._is_open(token))

        self.start_tour("/odoo", "jwt_auth_api_sessions", login=self.manager.login)

        for token in (phone, *others):
            self.assertFalse(self._is_open(token))

    def test_settings_tour(self):
        """The settings are found by what they are about; a duration is entered with a unit."""
        self.env["res.config.settings"].create({"jwt_access_token_seconds": 900}).set_values()
        self.start_tour("/odoo", "jwt_auth_api_settings", login=self.admin.login)
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(parameters._jwt_setting("access_token_seconds"), 7200)

    def test_settings_are_the_administrators(self):
        """The menu of the settings, which only they can save, is not shown to other managers."""
        menu = self.env.ref("jwt_auth_api.menu_settings")
        for user, is_visible in ((self.admin, True), (self.manager, False)):
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            self.assertEqual(menu.id in visible, is_visible, user.login)

    def test_rows_open(self):
        """Every list opens its rows, and a phone gets cards instead of a table."""
        for name in ("connection.api", "connection.api.log", "jwt.security.event", "jwt.session"):
            actions = self.env["ir.actions.act_window"].search([("res_model", "=", name)])
            lists = [each for each in actions if each.view_mode.startswith("list")]
            self.assertTrue(lists, name)
            for action in lists:
                self.assertEqual(action.mobile_view_mode, "kanban")
                modes = [(False, mode) for mode in ("list", "kanban", "form")]
                self.assertLessEqual({"kanban", "form"}, set(action.view_mode.split(",")), name)
                views = self.env[name].with_user(self.manager).get_views(modes)["views"]
                self.assertEqual(len(views), 3)
                for kind in ("kanban", "form"):
                    self.assertTrue(self.env["ir.ui.view"].default_view(name, kind), name)
        for name, field in (
            ("connection.api.log", "requested_at"),
            ("jwt.security.event", "create_date"),
        ):
            arch = etree.fromstring(
                self.env[name].get_views([(False, "list")])["views"]["list"]["arch"]
            )
            [shown] = arch.xpath(f"//field[@name='{field}']")
            self.assertIn("'show_seconds': true", shown.get("options"))

    def test_installation_ends_at_the_connections(self):
        """Odoo opens them when the addon has been installed, not the first app in the menu."""
        todo = self.env.ref("jwt_auth_api.open_connections")
        action = self.env.ref("jwt_auth_api.connection_api_action")
        self.assertEqual(todo.action_id.id, action.id)
        todo.write({"state": "open"})
        self.assertEqual(self.env["ir.module.module"].next()["res_model"], "connection.api")
        data = self.env["ir.model.data"].search([("name", "=", "open_connections")])
        self.assertTrue(data.noupdate, "an update does not open them again")

    def test_menu_is_the_managers(self):
        """Nobody else sees the application."""
        menu = self.env.ref("jwt_auth_api.menu_root")
        visible = {
            user.login: menu.id in self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for user in (self.admin, self.manager, self.user)
        }
        self.assertEqual(visible, {"api-admin": True, "api-manager": True, "api-user": False})

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_others_are_refused(self):
        """Neither an employee nor a portal user reads or changes anything of ours over RPC."""
        self._connect("res.country", "GET")
        session = self._open(self.victim).session
        calls = [("search_read", [[], ["id"]]), ("create", [[{}]])]
        for user in (self.user, self.portal):
            self.authenticate(user.login, f"{user.login}-password")
            for model in OWN_MODELS:
                for method, args in calls:
                    with self.subTest(user=user.login, model=model, method=method):
                        self.assertRefused(model, method, args)
            self.assertRefused("connection.api", "web_save", [[], {"is_get": True}, {}])
            self.assertRefused("jwt.session", "action_revoke", [session.ids])
        self.assertFalse(session.revoked_at)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model")
    def test_manager_only_revokes(self):
        """What the server keeps of sessions, keys and failures nobody edits, not an administrator."""
        session = self._open(self.victim).session
        calls = [("write", [{"create_uid": False}]), ("unlink", [])]
        for user in (self.manager, self.admin):
            for record in (session.with_user(user), session.token_ids.with_user(user)):
                for method, args in calls:
                    attempt = self.subTest(user=user.login, model=record._name, method=method)
                    with attempt, self.assertRaises(AccessError):
                        getattr(record, method)(*args)
            with self.assertRaises(AccessError):
                session.token_ids.with_user(user).read(["token_hash"])

    def test_manager_only_reads_what_there_is_to_choose(self):
        """Models, fields, groups and reports are listed for a manager, and stay as they are."""
        for model in ("ir.model", "ir.model.fields", "ir.actions.report", "res.groups"):
            choices = self.env[model].with_user(self.manager)
            with self.subTest(model):
                self.assertTrue(choices.search([], limit=1).display_name)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(choices.has_access(operation))

    def test_errors_speak_the_users_language(self):
        """A sentence marked in ``tools`` or ``models`` is translated when the answer is made."""
        self._connect("res.country", "GET")
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.lang = "fr_FR"
        token = self._open(self.user).access
        terms = {"Unknown field %(field)s on %(model)s.": "Champ %(field)s inconnu de %(model)s."}
        known = {("jwt_auth_api", "fr_FR"): terms}
        with patch.dict(code_translations.python_translations, known):
            response = self._send("GET", "res.country", token, fields=["nope"])
        body = self.assertError(response, 400, "unknown_field")
        self.assertEqual(body["message"], "Champ nope inconnu de res.country.")

    def assertRefused(self, model, method, args):
        with self.assertRaises(JsonRpcException) as caught:
            self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": {}},
            )
        self.assertIn("odoo.exceptions.AccessError", str(caught.exception))


@tagged("post_install", "-at_install")
class TestBackendTexts(TransactionCase):
    """What the screens say."""

    def test_device(self):
        """A session goes by what a person calls the device."""
        expected = {
            BROWSER: "Chrome on Linux",
            IPHONE: "Safari on iPhone",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0": (
                "Firefox on Windows"
            ),
            "curl/8.5.0": "curl",
            "axios/1.7.2": "axios",
            "stock-app/2.1 (Linux; Android 14)": "stock-app on Android",
            "x" * 200: "x" * 40,
            "": "App",
        }
        for agent, device in expected.items():
            with self.subTest(agent=agent):
                session = self.env["jwt.session"].new({"user_agent": agent, "client_type": "app"})
                self.assertEqual(session.device, device)

    def test_choices_are_translated(self):
        """Each selection field shows its labels in the user's language, the wizard's and settings' too."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["jwt_auth_api"], ["fr_FR"])
        with file_open("jwt_auth_api/i18n/fr.po") as file:
            terms = {entry.msgid: entry.msgstr for entry in polib.pofile(file.read())}
        checked = set()
        for name, model in self.env.registry.items():
            for field in model._fields.values():
                if field.type == "selection" and field._module == "jwt_auth_api":
                    checked.add(f"{name}.{field.name}")
                    english, french = (
                        self.env[name].with_context(lang=language).fields_get([field.name])
                        for language in ("en_US", "fr_FR")
                    )
                    self.assertEqual(
                        french[field.name]["selection"],
                        [
                            (key, terms.get(label))
                            for key, label in english[field.name]["selection"]
                        ],
                        f"{name}.{field.name}",
                    )
        wanted = {"connection.api.run_as", "res.config.settings.jwt_document_access"}
        wanted |= {f"connection.api.wizard.{name}" for name in ("run_as", "records")}
        self.assertLessEqual(wanted, checked)

    def test_settings(self):
        """Durations are kept in seconds; 0 is a value where it makes sense."""
        settings = self.env["res.config.settings"].create(
            {
                "jwt_access_token_seconds": 5400,
                "jwt_refresh_grace_seconds": 0,
                "jwt_max_sessions": 0,
                "jwt_cors_origins": " https://app.example.com, http://localhost:3000/ ",
            }
        )
        settings.set_values()
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(parameters._jwt_setting("access_token_seconds"), 5400)
        self.assertEqual(parameters._jwt_setting("refresh_grace_seconds"), 0)
        self.assertEqual(parameters._jwt_setting("max_sessions"), 0)
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.jwt_refresh_grace_seconds, 0)
        self.assertEqual(again.jwt_cors_origins, "https://app.example.com, http://localhost:3000/")

    def test_every_setting_is_in_the_settings(self):
        """Each has its field, with the label and the help of the registry, and the view shows both."""
        view = self.env.ref("jwt_auth_api.res_config_settings_view_form").arch
        shown = {
            field.get("name"): setting
            for setting in etree.fromstring(view).iter("setting")
            for field in setting.iter("field")
        }
        for name, setting in SETTINGS.items():
            field = self.env["res.config.settings"]._fields[f"jwt_{name}"]
            with self.subTest(name):
                self.assertEqual(field.config_parameter, setting.parameter)
                self.assertEqual((field.string, field.help), (setting.label, setting.help))
                self.assertEqual(shown[field.name].get("help"), setting.help)
                self.assertTrue(setting.label.startswith(shown[field.name].get("string")))

    def test_parameters_are_no_data(self):
        """A parameter that was deleted and made again would collide with a data record on update."""
        names = self.env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")])
        domain = [("model", "=", names._name), ("res_id", "in", names.ids)]
        self.assertGreaterEqual(len(names), 4)
        self.assertFalse(self.env["ir.model.data"].search(domain))

    def test_settings_that_make_no_sense(self):
        """A token that never lives and an origin that no browser sends are refused."""
        settings = self.env["res.config.settings"]
        for values in (
            {"jwt_access_token_seconds": 0},
            {"jwt_refresh_token_seconds": 59},
            {"jwt_refresh_idle_seconds": 0},
            {"jwt_refresh_grace_seconds": -1},
            {"jwt_max_sessions": -1},
            {"jwt_access_token_seconds": 30 * 24 * 3600 + 1},
            {"jwt_refresh_token_seconds": 2**31 - 1},
            {"jwt_refresh_idle_seconds": 2**31 - 1},
            {"jwt_refresh_grace_seconds": 301},
            {"jwt_max_sessions": 10001},
            {"jwt_max_rotations": 6001},
            {"jwt_log_days": 0},
            {"jwt_log_days": 3651},
            {"jwt_cors_origins": "*"},
            {"jwt_cors_origins": "null"},
            {"jwt_cors_origins": "file://"},
            {"jwt_cors_origins": "app.example.com"},
            {"jwt_cors_origins": "https://app.example.com/shop"},
            {"jwt_cors_origins": "https://app.example.com https://b.example.com"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                settings.create(values)

    def test_origins_of_apps(self):
        """A web view has a scheme of its own; what the settings take, the API takes."""
        origins = "capacitor://localhost, ionic://localhost, tauri://localhost, app://-"
        settings = self.env["res.config.settings"].create({"jwt_cors_origins": origins})
        settings.set_values()
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.jwt_cors_origins, origins)
        self.assertFalse(again.jwt_ignored)

    def test_parameters_that_do_not_count_are_told(self):
        """The settings show what counts instead, name what does not, and can be saved."""
        held = {
            "refresh_token_seconds": "99999999999999",
            "refresh_idle_seconds": "soon",
            "access_token_seconds": "0",
            "log_days": "999999",
            "max_rotations": "-1",
            "profile": "strikt",
            "cors_origins": "https://app.example.com,*",
        }
        parameters = self.env["ir.config_parameter"]
        for name, text in held.items():
            parameters.set_param(f"jwt_auth_api.{name}", text)
        settings = self.env["res.config.settings"].create({})
        told = settings.jwt_ignored
        for name, text in held.items():
            ignored = "*" if name == "cors_origins" else text
            self.assertIn(f"jwt_auth_api.{name} = {ignored}", told)
        values = {
            "jwt_refresh_token_seconds": 10 * 365 * 24 * 3600,
            "jwt_refresh_idle_seconds": 14 * 24 * 3600,
            "jwt_access_token_seconds": 1,
            "jwt_log_days": 3650,
            "jwt_max_rotations": 0,
            "jwt_profile": "compatible",
        }
        for name, value in values.items():
            self.assertEqual(settings[name], value, name)
        settings.set_values()
        for name, value in values.items():
            self.assertEqual(
                parameters.get_param(name.replace("jwt_", "jwt_auth_api.", 1)), str(value)
            )
        told = self.env["res.config.settings"].create({}).jwt_ignored
        self.assertEqual(told, "jwt_auth_api.cors_origins = *")
        with self.assertRaises(ValidationError):
            settings.create({"jwt_cors_origins": "https://app.example.com,*,https://"})
