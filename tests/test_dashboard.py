# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The dashboard, and what the request log, sessions and events offer to analyze."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import NO_TRACKING, ApiCase, leave_out_missing_asset


class TestDashboard(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "dashboard", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.log = cls.env["connection.api.log"].sudo()
        cls.log.search([]).unlink()
        cls.events = cls.env["jwt.security.event"].sudo()
        cls.events.search([]).unlink()
        cls.env["jwt.session"].sudo().search([]).unlink()
        cls.connections = cls.env["connection.api"].with_context(active_test=False)
        cls.connections.search([]).unlink()

    def _request(self, model, status, duration_ms, days_ago=0):
        self.log._record(
            user_id=self.manager.id, model=model, status=status, duration_ms=duration_ms
        )
        row = self.log.search([], limit=1)
        self.env.cr.execute(
            "UPDATE connection_api_log SET requested_at = requested_at - make_interval(days => %s)"
            " WHERE id = %s",
            [days_ago, row.id],
        )
        self.env.invalidate_all()
        return row

    def _figures(self, days=7, user=None):
        return (
            self.env["connection.api.dashboard"]
            .with_user(user or self.manager)
            .action_figures(days)
        )

    def test_result_of_a_request(self):
        """Each row tells whether it was an error, so that errors can be counted and grouped."""
        for status, result, count in (
            (200, "success", 0),
            (304, "success", 0),
            (400, "refused", 1),
            (499, "refused", 1),
            (500, "failed", 1),
        ):
            with self.subTest(status):
                row = self._request("res.partner", status, 1)
                self.assertEqual((row.result, row.error_count), (result, count))

    def test_requests(self):
        """Only those of the period count."""
        for status, duration in ((200, 12), (404, 20), (500, 30), (200, 1030)):
            self._request("res.partner", status, duration)
        self._request("res.country", 200, 400, days_ago=2)
        self._request("res.country", 200, 5000, days_ago=8)
        day, week, month = (self._figures(days) for days in (1, 7, 30))
        self.assertEqual([found["requests"] for found in (day, week, month)], [4, 5, 6])
        self.assertEqual((day["refused"], day["failed"]), (1, 1))
        self.assertEqual(day["p95"], 880)  # 30 + 85 % of the way to 1030
        partners = {
            "model": "res.partner",
            "name": self.env["ir.model"]._get("res.partner").name,
            "average": 273,
            "longest": 1030,
            "requests": 4,
            "errors": 2,
        }
        self.assertEqual(day["slowest"], [partners])
        self.assertEqual([row["model"] for row in week["slowest"]], ["res.country", "res.partner"])
        self.assertEqual(week["slowest"][1], partners)

    def test_nothing_yet(self):
        self.assertEqual(
            self._figures(),
            self._figures()
            | {
                "connections": 0,
                "logging": 0,
                "requests": 0,
                "refused": 0,
                "failed": 0,
                "p95": None,
                "slowest": [],
                "sessions": 0,
                "users": 0,
                "failed_logins": 0,
                "reused": 0,
            },
        )

    def test_model_that_is_gone(self):
        """A model of an uninstalled module goes by its technical name."""
        self._request("x_gone", 200, 1)
        self.assertEqual([row["name"] for row in self._figures()["slowest"]], ["x_gone"])

    def test_sessions_and_events(self):
        """Active sessions and their users; failures of logins; reused tokens."""
        sessions = self.env["jwt.session"]
        opened = [
            sessions._open(user, "app", "test", "127.0.0.1")[0]
            for user in (self.manager, self.manager, self.env.ref("base.user_admin"))
        ]
        for event in ("login_failed", "mfa_failed", "throttled", "reuse", "login", "revoked"):
            with mute_logger("odoo.addons.jwt_auth_api.models.jwt_security_event"):
                self.events._record(event)
        figures = self._figures()
        self.assertEqual((figures["sessions"], figures["users"]), (3, 2))
        self.assertEqual((figures["failed_logins"], figures["reused"]), (3, 1))
        opened[2].action_revoke()
        figures = self._figures()
        self.assertEqual((figures["sessions"], figures["users"]), (2, 1))

    def test_connections(self):
        for name, logs in (("res.partner", True), ("res.country", False)):
            self.connections.create(
                {"model_id": self.env["ir.model"]._get_id(name), "log_requests": logs}
            )
        figures = self._figures()
        self.assertEqual((figures["connections"], figures["logging"]), (2, 1))

    def test_periods(self):
        with self.assertRaises(UserError):
            self._figures(365)

    def test_figures_are_the_managers(self):
        """Neither an employee nor a portal user gets any."""
        for user in (self.user, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._figures(user=user)

    def test_empty_log_names_the_switch(self):
        """While no connection logs, the list says where to switch the log on."""
        action = self.env.ref("jwt_auth_api.connection_api_log_action")
        connection = self.connections.create(
            {"model_id": self.env["ir.model"]._get_id("res.partner")}
        )

        def help_of(user):
            return str(action.with_user(user)._get_action_dict()["help"])

        self.assertIn("Switch on Log Requests", help_of(self.manager))
        self.assertIn('name="jwt_auth_api.connection_api_action"', help_of(self.manager))
        connection.log_requests = True
        self.assertIn("No requests logged yet", help_of(self.manager))
        self.assertNotIn("Switch on", help_of(self.manager))

    def test_tour(self):
        """The figures in the browser lead to the rows that they count."""
        leave_out_missing_asset(self.env)
        self._request("res.partner", 200, 1)
        self._request("res.partner", 404, 1)
        self._request("res.partner", 200, 1, days_ago=20)
        self.events._record("login_failed", login="somebody")
        self.start_tour("/odoo", "jwt_auth_api_dashboard", login=self.manager.login)

    def test_graphs_and_pivots(self):
        """Requests, sessions and events can be analyzed with their measures."""
        self._request("res.partner", 404, 7)
        for name, measures in (
            ("connection.api.log", {"error_count", "duration_ms", "response_bytes"}),
            ("jwt.session", set()),
            ("jwt.security.event", set()),
        ):
            model = self.env[name].with_user(self.manager)
            views = model.get_views([(False, "graph"), (False, "pivot"), (False, "search")])
            with self.subTest(name):
                self.assertEqual(views["views"].keys(), {"graph", "pivot", "search"})
                fields = views["models"][name]["fields"]
                self.assertLessEqual(
                    measures, {key for key, field in fields.items() if field.get("aggregator")}
                )
        [(errors, duration)] = self.log.with_user(self.manager)._read_group(
            [], [], ["error_count:sum", "duration_ms:avg"]
        )
        self.assertEqual((errors, duration), (1, 7))
