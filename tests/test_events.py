# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ApiCase

LOGGER = "odoo.addons.jwt_auth_api.models.jwt_security_event"


@tagged("post_install", "-at_install")
class TestEvents(ApiCase):
    """What an administrator finds in the list of security events, and in the log."""

    def setUp(self):
        super().setUp()
        self.events = self.env["jwt.security.event"].sudo()
        self.events.search([]).unlink()

    def _recorded(self):
        self.env.invalidate_all()
        return [(event.event, event.user_id) for event in self.events.search([], order="id")]

    def _login(self, login, password):
        return self._post("/api/login", {"login": login, "password": password})

    def test_name(self):
        """An event goes by what the list says of it, in breadcrumbs too."""
        event = self.events.create({"event": "login_failed"})
        self.assertEqual(event.display_name, "Wrong login or password")

    def test_login_failure_and_throttle(self):
        """Each with login and address, on a line of the log too, and never with the password."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", "1")
        self.env.flush_all()
        password = f"{self.user.login}-password"
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            body = self.assertAnswer(self._login(self.user.login, password))
            self.assertError(self._login("nobody", "hunter2"), 401, "invalid_credentials")
            for _time in range(3):
                self.assertError(self._login("nobody", "hunter2"), 429, "too_many_requests")
        # what is recorded apart from a refused request is rolled back with it here: dev/live sees it
        self.assertEqual(self._recorded(), [("login", self.user)])
        told = "\n".join(logs.output)
        for event in ("login: ", "login_failed: ", "throttled: "):
            self.assertIn(event, told)
        self.assertIn("'nobody', from 127.0.0.1", told)
        for secret in (password, "hunter2", body["token"], body["refreshToken"]):
            self.assertNotIn(secret, told)
            self.assertNotIn(secret, str(self.events.search_read([])))

    def test_reuse_is_recorded_and_told_to_the_user(self):
        """Once, however often the stolen token comes back; the mail is Odoo's own."""
        opened = self._open(self.user)
        self.user.email = "user@example.com"
        self.env.flush_all()
        users = self.env["res.users"]
        told = []
        if hasattr(users, "_notify_security_setting_update"):
            tell = patch.object(
                type(users),
                "_notify_security_setting_update",
                lambda user, *texts, **options: told.append((user.id, texts[0])),
            )
            self.startPatcher(tell)
        body = {"refreshToken": opened.refresh}
        self.assertAnswer(self._post("/api/update/refresh-token", body, opened.access))
        self._age(opened.refresh, 11)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            for _time in range(2):
                response = self._post("/api/update/access-token", body)
                self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertEqual(len(logs.output), 1)
        self.assertIn("reuse: user", logs.output[0])
        self.assertEqual(self._recorded(), [("login", self.user), ("reuse", self.user)])
        if hasattr(users, "_notify_security_setting_update"):
            self.assertEqual(told, [(self.user.id, "Security Update: API session ended")])

    def test_ends_are_recorded(self):
        """With their cause and the number of sessions."""
        self._open(self.user), self._open(self.user)
        self.user.password = "another password"
        self.env.flush_all()
        event = self.events.search([("event", "=", "revoked")])
        self.assertEqual(
            (event.user_id, event.detail), (self.user, "Password, login or user changed (2)")
        )

    def test_list_is_the_managers_to_read_and_nobodys_to_change(self):
        """Not even an administrator rewrites history."""
        event = self.events._record("login", user_id=self.user.id)
        own = event.with_user(self.admin)
        self.assertEqual(own.event, "login")
        for change in (lambda: own.write({"event": "reuse"}), own.unlink, lambda: own.create({})):
            with self.assertRaises(AccessError):
                change()
        with self.assertRaises(AccessError):
            event.with_user(self.user).read(["event"])

    def test_old_events_go(self):
        """After ninety days, in batches."""
        old, young = self.events._record("login"), self.events._record("login")
        self.env.flush_all()
        limit = fields.Datetime.now() - timedelta(days=91)
        self.env.cr.execute(
            "UPDATE jwt_security_event SET create_date = %s WHERE id = %s", [limit, old.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.events._gc_events(batch=1), (1, True))
        self.assertEqual(self.events._gc_events(), (0, False))
        self.assertEqual(self.events.search([]), young)
