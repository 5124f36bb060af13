# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The console in the web client: its session, and previews as another user."""

import json
import re
import time
from datetime import datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlencode
from xmlrpc.client import Fault

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import STORED_SESSION_BYTES
from odoo.tests import JsonRpcException, new_test_user
from odoo.tools import mute_logger

from .common import BROWSER, NO_TRACKING, ApiCase, leave_out_missing_asset

CONSOLE = "connection.api.console"


class ConsoleCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.events = cls.env["jwt.security.event"].sudo()
        # a file would outlive the test
        cls.startClassPatcher(patch.object(http.FilesystemSessionStore, "vacuum", lambda *_: None))

    def authenticate(self, user, password, **kwargs):
        """List the session among the devices, as Odoo does outside of tests."""
        return super().authenticate(
            user, password, session_extra={"_trace_disable": False}, **kwargs
        )

    def _log_in(self, user, *, confirmed=True):
        """Log in to the web client; ``confirmed``: and confirm the identity."""
        session = self.authenticate(user.login, user.login)
        if confirmed:
            session["identity-check-last"] = time.time()
            http.root.session_store.save(session)
        return session

    def _rpc(self, method, *args, model=CONSOLE, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
            headers={"User-Agent": BROWSER},
        )

    def _with_key(self, user, method, **options):
        """Call a method with an API key, without a session of the web client."""
        self.authenticate(None, None)
        until = datetime.now() + timedelta(days=1)
        key = self.env["res.users.apikeys"].with_user(user)._generate("rpc", "test", until)
        self.env.flush_all()
        with mute_logger("odoo.http"):
            return self.url_open(
                f"/json/2/{CONSOLE}/{method}",
                headers={"Authorization": f"Bearer {key}"},
                json={"context": {}, **options},
            )

    def _open_console(self, user):
        self._log_in(user)
        action = self._rpc("action_open")
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        return action["infos"]["token"]

    def _of_console(self, user):
        self.env.invalidate_all()
        return self.env["jwt.session"].search(
            [("user_id", "=", user.id), ("client_type", "=", "console")], order="id"
        )

    def assertDenied(self, method, *args, model=CONSOLE, error="odoo.exceptions.AccessError"):
        with mute_logger("odoo.http", "odoo.sql_db"), self.assertRaises(JsonRpcException) as caught:
            self._rpc(method, *args, model=model)
        self.assertEqual(caught.exception.args[0], error)


class TestConsoleSession(ConsoleCase):
    """How the console gets an access token, and when it ends."""

    def test_token_is_ones_own(self):
        """It is an access token of the API, of the user, from the console."""
        token = self._open_console(self.manager)
        me = self.assertAnswer(self._call("GET", "/api/me", token))
        self.assertEqual(me["data"]["id"], self.manager.id)
        session = self._of_console(self.manager)
        self.assertEqual((session.state, session.login_method), ("active", "web"))
        self.assertEqual(session.device, "Console in Chrome on Linux")
        [event] = self.events.search([("session_id", "=", session.id)])
        self.assertEqual((event.event, event.user_id), ("console", self.manager))
        self.assertEqual(event.ip_address, "127.0.0.1")

    def test_no_refresh_token(self):
        """Nothing renews the session: it ends with its access token."""
        token = self._open_console(self.manager)
        session = self._of_console(self.manager)
        self.assertFalse(session.token_ids)
        path = "/api/update/refresh-token"
        self.assertEqual(self._post(path, {}, token).status_code, 401)
        self.assertEqual(self._post("/api/update/access-token", {}, token).status_code, 401)
        seconds = (session.expires_at - session.create_date).total_seconds()
        self.assertAlmostEqual(seconds, 900, delta=5)

    def test_life_is_limited(self):
        """It follows the setting of access tokens where that is shorter, and is never longer than 15 minutes."""
        for setting, expected in ((60, 60), (86400, 900)):
            self._set(access_token_seconds=str(setting))
            self._log_in(self.manager)
            infos = self._rpc("action_open")["infos"]
            with self.subTest(setting):
                self.assertEqual(infos["seconds"], expected)
                session = self._of_console(self.manager)[-1]
                lasts = (session.expires_at - session.create_date).total_seconds()
                self.assertAlmostEqual(lasts, expected, delta=5)

    def test_identity_is_checked(self):
        """Who only has the cookie gets Odoo's dialog and no token; the password opens the session."""
        self._log_in(self.manager, confirmed=False)
        action = self._rpc("action_open")
        self.assertEqual(action["res_model"], "res.users.identitycheck")
        self.assertNotIn("infos", action)
        self.assertFalse(self._of_console(self.manager))

        wizard = [action["res_id"]]
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._rpc(
                "run_check",
                wizard,
                model="res.users.identitycheck",
                context={"password": "wrong"},
            )
        self.assertFalse(self._of_console(self.manager))

        action = self._rpc(
            "run_check",
            wizard,
            model="res.users.identitycheck",
            context={"password": self.manager.login},
        )
        token = action["infos"]["token"]
        self.assertTrue(self._is_open(token))

    def test_old_confirmation_does_not_count(self):
        session = self._log_in(self.manager, confirmed=False)
        session["identity-check-last"] = time.time() - 11 * 60
        http.root.session_store.save(session)
        self.assertEqual(self._rpc("action_open")["res_model"], "res.users.identitycheck")
        self.assertFalse(self._of_console(self.manager))

    def test_console_is_the_managers(self):
        """Neither an employee nor a portal user opens one, even after the identity check."""
        for user in (self.user, self.portal):
            user.sudo().password = user.login
            self.env.flush_all()
            self._log_in(user)
            with self.subTest(user.login):
                self.assertDenied("action_open")
                self.assertFalse(self._of_console(user))

    def test_needs_the_web_client(self):
        """Neither code without a request nor an API key opens one."""
        console = self.env[CONSOLE].with_user(self.manager)
        with self.assertRaises(AccessError):
            console.action_open()
        with mute_logger("odoo.http"), self.assertRaises(Fault) as caught:
            self.xmlrpc_object.execute_kw(
                self.env.cr.dbname, self.manager.id, self.manager.login, CONSOLE, "action_open", []
            )
        self.assertEqual(caught.exception.faultCode, 4, "an AccessError")
        self.assertIn("only in Odoo's web client", caught.exception.faultString)
        response = self._with_key(self.manager, "action_open")
        self.assertEqual(response.status_code, 403)
        self.assertIn("only in Odoo's web client", response.text)
        self.assertFalse(self._of_console(self.manager))

    def test_private_methods_are_no_endpoints(self):
        self._log_in(self.manager)
        self.assertDenied("_open_confirmed")
        self.assertDenied("_open_console", self.admin.id, model="jwt.session")
        self.assertFalse(self._of_console(self.manager))

    def test_second_factor(self):
        """The web client has asked for it already: such a user opens the console as others do."""
        if "totp_secret" not in self.manager._fields:
            self.skipTest("no auth_totp")
        token = self._open_console(self.manager)
        self.assertTrue(self._is_open(token))
        self.manager.sudo().totp_secret = "AAAABBBBCCCCDDDD"
        self.env.flush_all()
        self.assertFalse(self._is_open(token), "a new second factor ends the session")

    def test_log_out_ends_it(self):
        """Of the web session that opened it, and of no other."""
        other = self._open_console(self.manager)
        token = self._open_console(self.manager)
        with mute_logger("odoo.http", "odoo.sql_db"):
            self.url_open("/web/session/logout", allow_redirects=False)
        self.assertFalse(self._is_open(token))
        self.assertTrue(self._is_open(other))
        self.assertEqual(self._of_console(self.manager)[-1].revoke_reason, "web")

    def test_log_out_revokes_the_device(self):
        """A console that was being opened finds it revoked; the devices of other sessions stay."""
        self._open_console(self.manager)
        self._open_console(self.manager)
        other, session = self._of_console(self.manager)
        with mute_logger("odoo.http", "odoo.sql_db"):
            self.url_open("/web/session/logout", allow_redirects=False)
        logs = self.env["res.device.log"].sudo()
        for web_sid, revoked in ((session.sudo().web_sid, True), (other.sudo().web_sid, False)):
            found = logs.search([("session_identifier", "=", web_sid)])
            self.assertEqual(set(found.mapped("revoked")), {revoked})

    def test_needs_a_session_that_has_not_ended(self):
        """Nothing opens for a session whose device is revoked, or that has none."""
        logs = self.env["res.device.log"].sudo()
        for change in (lambda found: found.write({"revoked": True}), lambda found: found.unlink()):
            web = self._log_in(self.manager)
            self._rpc("has_group", self.manager.id, "base.group_user", model="res.users")
            found = logs.search([("session_identifier", "=", web.sid[:STORED_SESSION_BYTES])])
            self.assertEqual(len(found), 1)
            change(found)
            self.env.flush_all()
            self.assertDenied("action_open")
        self.assertFalse(self._of_console(self.manager))

    def test_revoked_device_ends_it(self):
        """The device of the web client as well as that of the console."""
        for is_of_console in (True, False):
            token = self._open_console(self.manager)
            session = self._of_console(self.manager)[-1]
            sid = session.sudo().sid if is_of_console else session.sudo().web_sid
            with self.subTest(is_of_console=is_of_console):
                device = self.env["res.device"].sudo().search([("session_identifier", "=", sid)])
                self.assertTrue(device)
                with (
                    patch.object(
                        http.FilesystemSessionStore, "delete_from_identifiers", lambda *_: None
                    ),
                    patch.object(
                        type(device),
                        "_compute_is_current",
                        lambda found: found.update({"is_current": False}),
                    ),
                ):
                    device._revoke()
                self.env.flush_all()
                self.assertFalse(self._is_open(token))
                self.assertEqual(self._of_console(self.manager)[-1].revoke_reason, "device")

    def test_in_the_device_list(self):
        self._open_console(self.manager)
        devices = self.env["res.device"].with_user(self.manager).search([])
        self.assertIn("Console in Chrome on Linux", devices.mapped("display_name"))

    def test_new_password_ends_it(self):
        token = self._open_console(self.manager)
        self.manager.sudo().password = "another-password"
        self.env.flush_all()
        self.assertFalse(self._is_open(token))

    def test_one_for_each_session_of_the_web_client(self):
        """A console that is opened again replaces the one before it."""
        first = self._open_console(self.manager)
        second = self._rpc("action_open")["infos"]["token"]
        self.assertFalse(self._is_open(first))
        self.assertTrue(self._is_open(second))
        self.assertEqual(
            self._of_console(self.manager).mapped("revoke_reason"), ["replaced", False]
        )

    def test_does_not_push_out_devices(self):
        """It ends no session of a device, and does not count among them."""
        self._set(max_sessions="1")
        phone = self._open(self.manager)
        token = self._open_console(self.manager)
        self.assertTrue(self._is_open(phone.access))
        credentials = {"login": self.manager.login, "password": self.manager.login}
        self.assertAnswer(self._post("/api/login", credentials))
        self.assertFalse(self._is_open(phone.access))
        self.assertTrue(self._is_open(token))

    def test_samples(self):
        """A request as code, with a variable in place of the token."""
        self._log_in(self.manager)
        base = "https://odoo.example.com"
        found = self._rpc(
            "action_samples", "GET", f"{base}/api/v1/res.partner", [["fields", "name"]], []
        )
        texts = {sample["language"]: sample["text"] for sample in found}
        self.assertEqual(texts.keys(), {"curl", "javascript", "python", "dart", "php"})
        self.assertIn("$TOKEN", texts["curl"])
        self.assertIn(f"{base}/api/login", found[0]["login"])
        self.assertNotIn("/api/v1/api", json.dumps(found))

    def test_samples_are_the_managers(self):
        self._log_in(self.user)
        self.assertDenied("action_samples", "GET", "https://odoo.example.com/api/v1/res.partner")


class TestConsoleTour(ConsoleCase):
    def test_tour(self):
        """A request is built, sent, copied as code, previewed as another user, and sent with a body."""
        leave_out_missing_asset(self.env)
        self.env["connection.api"].search([]).unlink()
        self._connect("res.partner", "GET POST", run_as="user", domain="[('create_uid', '=', uid)]")
        partners = self.env["res.partner"]
        partners.with_user(self.admin).create({"name": "Console Person"})
        # a tour logs in with the login for a password
        self.admin.sudo().password = self.admin.login
        self.env.flush_all()
        self.start_tour("/odoo", "jwt_auth_api_console", login=self.admin.login)
        made = partners.search([("name", "=", "Made in the console")])
        self.assertEqual(made.create_uid, self.admin)
        session = self._of_console(self.admin)
        self.assertEqual(session.mapped("revoke_reason"), ["logout"])
        events = self.events.search([("event", "in", ["console", "previewed"])], order="id")
        self.assertEqual(events.mapped("event"), ["console", "previewed"])


class TestPreview(ConsoleCase):
    """What another user would get: read only, for administrators."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin.sudo().password = cls.admin.login
        cls.connection = cls._connect(
            "res.partner", "GET", run_as="user", domain="[('id', '!=', user.partner_id.id)]"
        )
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.victim.lang = "fr_FR"

    def _preview(self, user, model="res.partner", record_id=None, **params):
        query = urlencode(params)
        return self._rpc("action_preview", user.id, model, record_id, query)

    def test_equals_the_response_to_that_user(self):
        """Lists, groups, single records and errors, to the byte, whoever the user is."""
        self._log_in(self.admin)
        record = self.env.ref("base.main_partner")
        cases = [
            (None, {}),
            (None, {"fields": "name,email,country_id", "limit": "3", "order": "name"}),
            (None, {"groupby": "country_id", "aggregates": "id:count"}),
            (None, {"cursor": "", "limit": "2", "fields": "name"}),
            (None, {"domain": '[["name","ilike","a"]]', "relations": "id", "nulls": "0"}),
            (record.id, {"fields": "name", "expand": '{"child_ids": ["name"]}'}),
            (2**40, {}),
            (0, {}),
            (None, {"fields": "nope"}),
            (None, {"limit": "-1", "nope": "1"}),
            (None, {"domain": "["}),
        ]
        for user in (self.user, self.portal, self.victim, self.admin):
            token = self._open(user).access
            for record_id, params in cases:
                path = "/api/v1/res.partner" + (f"/{record_id}" if record_id is not None else "")
                with self.subTest(user=user.login, path=path, params=params):
                    # requests would send a language of its own
                    expected = self._call(
                        "GET", path, token, params=params, headers={"Accept-Language": None}
                    )
                    found = self._preview(user, record_id=record_id, **params)
                    self.assertEqual(found["status"], expected.status_code)
                    # a cursor is encrypted anew each time
                    shown, other = (
                        re.sub(r'"next_cursor":"[^"]+"', "", text)
                        for text in (found["text"], expected.text)
                    )
                    self.assertEqual(shown, other)

    def test_closed_models(self):
        """A model that is not open is an error as for that user; so is one of another group."""
        self._log_in(self.admin)
        self.connection.group_ids = self.env.ref("base.group_system")
        self.env.flush_all()
        for model, status in (("res.partner", 403), ("res.users", 404), ("no.such.model", 404)):
            token = self._open(self.user).access
            expected = self._call("GET", f"/api/v1/{model}", token)
            found = self._preview(self.user, model)
            with self.subTest(model):
                self.assertEqual((found["status"], expected.status_code), (status, status))
                self.assertEqual(found["text"], expected.text)

    def test_administrators_alone(self):
        """Not managers of connections, nor anybody else, in the web client or with an API key."""
        self.user.sudo().password = self.user.login
        self.portal.sudo().password = self.portal.login
        self.env.flush_all()
        before = self.events.search_count([])
        for user in (self.manager, self.user, self.portal):
            self._log_in(user)
            with self.subTest(user.login):
                self.assertDenied("action_preview", self.admin.id, "res.partner")
                self.assertDenied("_preview", self.admin.id, "res.partner", None, "")
        options = {"user_id": self.user.id, "model_name": "res.partner"}
        response = self._with_key(self.admin, "action_preview", **options)
        self.assertEqual(response.status_code, 403)
        self.assertIn("only in Odoo's web client", response.text)
        with mute_logger("odoo.http"), self.assertRaises(Fault) as caught:
            self.xmlrpc_object.execute_kw(
                self.env.cr.dbname,
                self.admin.id,
                self.admin.login,
                CONSOLE,
                "action_preview",
                [self.user.id, "res.partner"],
            )
        self.assertEqual(caught.exception.faultCode, 4, "an AccessError")
        self.assertEqual(self.events.search_count([]), before)

    def test_superuser_code_is_no_administrator(self):
        with self.assertRaises(AccessError):
            self.env[CONSOLE].with_user(self.manager).sudo().action_preview(2, "res.partner")

    def test_users_who_cannot_log_in(self):
        """An archived user, the superuser, the public user, and nobody."""
        self._log_in(self.admin)
        self.victim.active = False
        self.env.flush_all()
        public = self.env.ref("base.public_user")
        public.sudo().active = True
        self.env.flush_all()
        for user_id in (self.victim.id, 1, public.id, 2**31 - 1):
            with self.subTest(user_id):
                self.assertDenied(
                    "action_preview", user_id, "res.partner", error="odoo.exceptions.UserError"
                )

    def test_values_of_other_types(self):
        """What no path can contain is a bad request, and what is no id is no user."""
        self._log_in(self.admin)
        for model, record_id, query in (
            (["res.partner"], None, ""),
            ({}, 1, ""),
            ("res.partner", [1], ""),
            ("res.partner", "1", ""),
            ("res.partner", 1.5, ""),
            ("res.partner", False, ""),
            ("res.partner", None, ["limit=1"]),
            ("res.partner", None, None),
        ):
            with self.subTest(model=model, record_id=record_id, query=query):
                found = self._rpc("action_preview", self.user.id, model, record_id, query)
                self.assertEqual(found["status"], 400)
                self.assertEqual(json.loads(found["text"])["error"], "bad_request")
        for user_id in ([self.user.id], str(self.user.id), True, None, {}):
            with self.subTest(user_id=user_id):
                self.assertDenied(
                    "action_preview", user_id, "res.partner", error="odoo.exceptions.UserError"
                )

    def test_is_recorded(self):
        """Who read what as whom, also if it was refused; no value of the request."""
        self._log_in(self.admin)
        sessions = self._sessions(self.user)
        self._preview(self.user, domain='[["name","=","secret"]]')
        self._preview(self.user, "no.such.model")
        events = self.events.search([("event", "=", "previewed")], order="id")
        self.assertEqual(events.user_id, self.admin)
        self.assertEqual(events.mapped("ip_address"), ["127.0.0.1"] * 2)
        name = f"{self.user.login} ({self.user.id})"
        self.assertEqual(
            events.mapped("detail"), [f"res.partner, {name}", f"no.such.model, {name}"]
        )
        self.assertEqual(self._sessions(self.user), sessions, "no session was opened")

    def test_never_writes(self):
        """Code of a model that writes while it is read is stopped by PostgreSQL, and the write is not there."""
        self._log_in(self.admin)
        partners = self.registry["res.partner"]
        plain = partners._search

        def write_too(records, *args, **kwargs):
            records.env.cr.execute("UPDATE res_country SET name = name")
            return plain(records, *args, **kwargs)

        with patch.object(partners, "_search", write_too):
            self.assertDenied(
                "action_preview",
                self.user.id,
                "res.partner",
                error="odoo.exceptions.UserError",
            )
        self.assertEqual(self._preview(self.user)["status"], 200)

    def test_costs(self):
        self._log_in(self.admin)
        found = self._preview(self.user)
        self.assertGreater(found["statements"], 0)
        self.assertGreaterEqual(found["milliseconds"], 0)
