# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import tagged

from ..models import jwt_session
from . import own_tables
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestGrowth(ApiCase):
    """Bounds of each table that requests fill: one test for each model, named after it."""

    def test_every_model_has_a_bound(self):
        """Each model has a test of its bound here, except those whose rows do not come from requests."""
        models = own_tables.own_models(self.env)
        self.assertLessEqual(own_tables.KEPT_SMALL.keys(), set(models))
        for name in models:
            test = f"test_{name.replace('.', '_')}_is_bounded"
            self.assertEqual(hasattr(self, test), name not in own_tables.KEPT_SMALL, test)

    def _ids(self, model):
        self.env.flush_all()
        self.env.cr.execute(f"SELECT id FROM {self.env[model]._table} ORDER BY id")
        return [row[0] for row in self.env.cr.fetchall()]

    def _set_back(self, model, column, ids, days):
        """Make rows of a model some days older."""
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {self.env[model]._table} SET {column} = {column} - make_interval(days => %s)"
            " WHERE id = ANY(%s)",
            [days, ids],
        )
        self.env.invalidate_all()

    def assertGoes(self, model, column, days):
        """Assert that the purges of the addon delete rows that are older, and no younger ones."""
        kept, *old = ids = self._ids(model)
        self.assertGreater(len(ids), 2, "too few rows to tell")
        self._set_back(model, column, ids, days - 1)
        own_tables.purge(self.env)
        self.assertEqual(self._ids(model), ids)
        self._set_back(model, column, old, 2)
        own_tables.purge(self.env)
        self.assertEqual(self._ids(model), [kept])

    def _clear(self, model):
        self.env.cr.execute(f"DELETE FROM {self.env[model]._table}")

    def test_jwt_session_is_bounded(self):
        """A user has limited numbers of active and of ended sessions; ended ones are deleted after a week."""
        self._set(max_sessions=2)
        self._clear("jwt.session")
        devices = self.env["res.device.log"].sudo()
        for _time in range(7):
            with patch.object(jwt_session, "MAX_ENDED", 3):
                opened = self._open(self.user)
                self.env["jwt.session"]._make_room(self.user.id)  # as after the commit
        sessions = self._sessions(self.user)
        self.assertEqual(len(sessions.filtered(lambda each: not each.revoked_at)), 2)
        self.assertEqual(len(sessions), 2 + 3 + 1)  # the one that this login has ended
        self.assertEqual(opened.session, sessions[-1])
        identifiers = sessions.mapped("sid")
        self.assertEqual(devices.search_count([("session_identifier", "in", identifiers)]), 6)
        self.assertEqual(devices.search_count([("user_id", "=", self.user.id)]), 6)
        sessions._revoke([("id", "in", sessions.ids)], "logout")
        self.assertGoes("jwt.session", "revoked_at", 7)
        self.assertEqual(devices.search_count([("user_id", "=", self.user.id)]), 1)

    def test_login_deletes_the_oldest_of_ended_sessions(self):
        """Those that ended last are kept, however many there are; each login deletes some."""
        self._clear("jwt.session")
        sessions = self.env["jwt.session"]
        opened = [self._open(self.user).session for _time in range(9)]
        for age, session in enumerate(opened, 1):
            sessions._revoke([("id", "=", session.id)], "logout")
            self._set_back("jwt.session", "revoked_at", session.ids, age)
        newest_first = [session.id for session in opened]
        with patch.object(jwt_session, "MAX_ENDED", 3):
            for left in (5, 3, 3):
                sessions._delete_ended(self.user.id, batch=4)
                self.assertEqual(self._ids("jwt.session"), newest_first[:left])

    def test_purge_of_sessions_fills_its_batches(self):
        """A session that has ended, expired and been unused counts once, so that the purge goes on."""
        self._clear("jwt.session")
        sessions = [self._open(self.user).session for _time in range(7)]
        ids = [session.id for session in sessions]
        for column in ("expires_at", "last_used_at"):
            self._set_back("jwt.session", column, ids, 1000)
            self._set_back("jwt.session", column, ids[:2], 1)  # found first by each of the columns
        sessions[0]._revoke([("id", "in", ids[:2])], "logout")
        self._set_back("jwt.session", "revoked_at", ids[:2], 1000)
        purge = self.env["jwt.session"]._gc_sessions
        self.assertEqual([purge(batch=3) for _time in range(3)], [(3, True), (3, True), (1, False)])
        self.assertEqual(self._ids("jwt.session"), [])

    def test_jwt_session_goes_when_it_is_over(self):
        """A session that has expired or has been unused for long is deleted, too."""
        self._clear("jwt.session")
        days = self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds") // 86400
        for _time in range(3):
            self._open(self.user)
        self.env.cr.execute("UPDATE jwt_session SET expires_at = now() AT TIME ZONE 'utc'")
        self.assertGoes("jwt.session", "expires_at", 7)
        for _time in range(3):
            self._open(self.user)
        self.env.cr.execute("UPDATE jwt_session SET expires_at = now() + interval '1 year'")
        self.assertGoes("jwt.session", "last_used_at", days + 7)

    def test_jwt_refresh_token_is_bounded(self):
        """A session has two refresh tokens, however often it is refreshed. They are deleted with it."""
        self._clear("jwt.session")
        opened = self._open(self.user)
        refresh = opened.refresh
        for _time in range(4):
            sent = {"refreshToken": refresh}
            response = self._post(
                "/api/update/refresh-token",
                sent,
                opened.access,
                headers={"X-Client-Type": "app"},
            )
            refresh = self.assertAnswer(response)["refreshToken"]
        self.assertEqual(len(self._ids("jwt.refresh.token")), 2)
        opened.session.sudo().unlink()
        self.assertEqual(self._ids("jwt.refresh.token"), [])

    def test_jwt_login_challenge_is_bounded(self):
        """Challenges are deleted when they have expired."""
        challenges = self.env["jwt.login.challenge"].sudo()
        for number in range(3):
            challenges.create(
                {
                    "passkey_challenge": "challenge",
                    "selector": str(number),
                    "token_hash": "hash",
                    "expires_at": "2100-01-01",
                }
            )
        self.env.cr.execute("UPDATE jwt_login_challenge SET expires_at = now() AT TIME ZONE 'utc'")
        ids = self._ids("jwt.login.challenge")
        self._set_back("jwt.login.challenge", "expires_at", ids[:1], -1)
        self._set_back("jwt.login.challenge", "expires_at", ids[1:], 1)
        self.assertEqual(challenges._gc_challenges(batch=1), (1, True))
        own_tables.purge(self.env)
        self.assertEqual(self._ids("jwt.login.challenge"), ids[:1])

    def test_jwt_throttle_is_bounded(self):
        """Two rows for each login and address, however often logins fail. They are deleted after a day."""
        self._clear("jwt.throttle")
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        for address in ("192.0.2.1", "192.0.2.2"):
            for _time in range(5):
                self.env["jwt.throttle"]._take("nobody", address)
        self.assertEqual(len(self._ids("jwt.throttle")), 4)
        self.assertGoes("jwt.throttle", "last_failure", 1)

    def test_jwt_security_event_is_bounded(self):
        """The throttle limits the events of failed logins. Events are deleted after ninety days."""
        self._clear("jwt.security.event")
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            for _time in range(5):
                self.env["jwt.throttle"]._note("nobody", address)
        self.assertEqual(len(self._ids("jwt.security.event")), 3)
        self.assertGoes("jwt.security.event", "create_date", 90)

    def test_connection_api_rate_limit_is_bounded(self):
        """One row for each user of a connection, however many requests they send. They are deleted after a day."""
        self._clear("connection.api.rate.limit")
        limits = self.env["connection.api.rate.limit"]
        for user in (self.user, self.victim, self.portal):
            for _time in range(5):
                limits.with_user(user)._take(1, 2)
        self.assertEqual(len(self._ids("connection.api.rate.limit")), 3)
        self.assertGoes("connection.api.rate.limit", "last_request", 1)

    def test_connection_api_idempotency_is_bounded(self):
        """One row for each key of a user, none for a failed request. They are deleted after a day."""
        self._connect("res.partner", "POST")
        access = self._open(self.user).access
        for number in (1, 2, 3, 1):
            headers, values = {"Idempotency-Key": str(number)}, {"name": str(number)}
            created = self._v1("POST", "res.partner", access, {"values": values}, headers)
            self.assertAnswer(created, 201)
        bad = self._v1(
            "POST", "res.partner", access, {"values": {"no": 1}}, {"Idempotency-Key": "4"}
        )
        self.assertEqual(bad.status_code, 400)
        self.assertEqual(len(self._ids("connection.api.idempotency")), 3)
        self.assertGoes("connection.api.idempotency", "claimed_at", 1)

    def test_connection_api_log_is_bounded(self):
        """One row for each request, with short texts. They are deleted after the days of the setting."""
        self._clear("connection.api.log")
        for _time in range(3):
            self.env["connection.api.log"]._record(
                status=200, user_id=self.user.id, duration_ms=1, operation="x" * 9999
            )
        log = self.env["connection.api.log"].sudo()
        self.assertEqual({len(row.operation) for row in log.search([])}, {128})
        self.assertGoes("connection.api.log", "requested_at", log._days())
