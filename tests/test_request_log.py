# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tests.test_cursor import TestCursor
from odoo.tools import mute_logger
from odoo.tools.misc import Callbacks

from .common import NO_TRACKING, ApiCase
from .test_refresh import raise_sql_state

SECRET = "the secret of the record"


@contextmanager
def real_commits():
    """Odoo's test cursor forgets what is to be done after a commit; a real one does it."""
    plain = TestCursor.commit

    def commit(cursor):
        after, cursor.postcommit = cursor.postcommit, Callbacks()
        plain(cursor)
        after.run()

    with patch.object(TestCursor, "commit", commit):
        yield


@tagged("post_install", "-at_install")
class TestRequestLog(ApiCase):
    """Who did what with a connection that keeps a log, and what came of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner", "GET POST PUT DELETE", log_requests=True)
        cls._connect("res.country", "GET")
        cls.access = cls._open(cls.user).access
        cls.partner = cls.env["res.partner"].create({"name": "Written down"})
        cls.log = cls.env["connection.api.log"].sudo()

    def setUp(self):
        super().setUp()
        self.log.search([]).unlink()
        patcher = real_commits()
        patcher.__enter__()
        self.addCleanup(patcher.__exit__, None, None, None)

    def _logged(self, *names):
        """The rows, oldest first, as tuples of these fields."""
        self.env.invalidate_all()
        return [tuple(row[name] for name in names) for row in self.log.search([], order="id")]

    def _to(self, method, body=None, **params):
        return self._send(method, "res.partner", self.access, body, **params)

    def test_what_is_written_down(self):
        """User, method, model, records, status, duration, size and address: one row a request."""
        lists = self._to("GET", fields=["name"], limit=2)
        one = self._to("GET", fields=["name"], id=self.partner.id)
        created = self._to("POST", {"values": {"name": "New"}})
        made = self.assertAnswer(created, 201)["data"]["id"]
        changed = self._to("PUT", {"values": {"name": "Newer"}}, id=made)
        deleted = self._to("DELETE", id=made)
        expected = [
            ("GET", "read", 0, 2, 200, len(lists.content)),
            ("GET", "read", self.partner.id, 1, 200, len(one.content)),
            ("POST", "create", made, 1, 201, len(created.content)),
            ("PUT", "update", made, 1, 200, len(changed.content)),
            ("DELETE", "delete", made, 1, 200, len(deleted.content)),
        ]
        names = ("method", "operation", "record_id", "record_count", "status", "response_bytes")
        self.assertEqual(self._logged(*names), expected)
        who = self._logged("user_id", "model", "error", "ip_address")
        self.assertEqual(set(who), {(self.user, "res.partner", False, "127.0.0.1")})
        for duration, when in self._logged("duration_ms", "requested_at"):
            self.assertGreaterEqual(duration, 0)
            self.assertTrue(when)

    def test_resource_paths(self):
        """The record stands in the path; a 304 is written down as one."""
        path = f"/api/v1/res.partner/{self.partner.id}"
        tag = self._call("GET", path, self.access).headers["ETag"]
        self._call("GET", path, self.access, headers={"If-None-Match": tag})
        self._call("GET", "/api/v1/res.partner?fields=[]&limit=2", self.access)
        many = [{"name": "One"}, {"name": "Two"}]
        created = self._post("/api/v1/res.partner", {"values": many}, self.access)
        made = [row["id"] for row in self.assertAnswer(created, 201)["data"]]
        self._call("DELETE", f"/api/v1/res.partner?ids={made}", self.access)
        self.assertEqual(
            self._logged("method", "operation", "record_id", "record_count", "status"),
            [
                ("GET", "read", self.partner.id, 1, 200),
                ("GET", "read", self.partner.id, 1, 304),
                ("GET", "read", 0, 2, 200),
                ("POST", "create", 0, 2, 201),
                ("DELETE", "delete", 0, 2, 200),
            ],
        )

    def test_actions_and_files(self):
        """An action goes by its name, a file by its field's; what is asked for in vain, too."""
        self.connection.action_ids = [(0, 0, {"name": "create_company"})]
        self.env.flush_all()
        path = f"/api/v1/res.partner/{self.partner.id}"
        self.assertAnswer(self._post(f"{path}/create_company", {}, self.access))
        self.assertError(self._post(f"{path}/{'x' * 200}", {}, self.access), 404, "not_found")
        image = self._call("GET", f"{path}/avatar_128", self.access)
        self.assertEqual(image.status_code, 200)
        here = (self.partner.id,)
        self.assertEqual(
            self._logged("method", "operation", "status", "record_id"),
            [
                ("POST", "create_company", 200, *here),
                ("POST", "x" * 128, 404, *here),
                ("GET", "read avatar_128", 200, *here),
            ],
        )
        self.assertEqual(self._logged("response_bytes")[-1], (len(image.content),))

    def test_who_is_kept_out_is_written_down(self):
        """A user without the connection's group, with their name."""
        self.connection.group_ids = self.env.ref("base.group_system")
        self.env.flush_all()
        self.assertError(self._to("GET", fields=[]), 403, "access_denied")
        self.assertEqual(
            self._logged("user_id", "status", "error"), [(self.user, 403, "access_denied")]
        )

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_refusals_are_written_down(self):
        """With the code that the client was answered, and the record that it named."""
        self.connection.is_put = False
        self.env.flush_all()
        missing = self.env["res.partner"].search([], order="id desc", limit=1).id + 1000
        for response, status, code in (
            (self._to("GET", fields=["nope"]), 400, "unknown_field"),
            (self._to("GET", fields=[], id=missing), 404, "not_found"),
            (self._to("PUT", {"values": {}}, id=self.partner.id), 405, "method_not_allowed"),
            (self._to("POST", {"values": {"name": False}}), 422, "validation_error"),
            (self._to("GET", fields=[], id="x"), 400, "bad_parameter"),
            (self._to("GET", fields=[], id="9" * 5000), 400, "bad_parameter"),
        ):
            self.assertError(response, status, code)
        self.assertEqual(
            self._logged("method", "record_id", "record_count", "status", "error"),
            [
                ("GET", 0, 0, 400, "unknown_field"),
                ("GET", missing, 0, 404, "not_found"),
                ("PUT", self.partner.id, 0, 405, "method_not_allowed"),
                ("POST", 0, 0, 422, "validation_error"),
                ("GET", 0, 0, 400, "bad_parameter"),
                ("GET", 0, 0, 400, "bad_parameter"),
            ],
        )

    def test_failures_of_ours_are_written_down(self):
        """A 500 is what an administrator looks for first."""
        broken = patch.object(self.registry["res.partner"], "create", lambda *args: 1 / 0)
        with broken, mute_logger("odoo.http"):
            self.assertError(self._to("POST", {"values": {"name": "x"}}), 500, "server_error")
        self.assertEqual(self._logged("status", "error"), [(500, "server_error")])

    def test_rate_limit_is_written_down(self):
        self.connection.rate_limit = 1
        self.env.flush_all()
        self.assertAnswer(self._to("GET", fields=[]))
        self.assertError(self._to("GET", fields=[]), 429, "too_many_requests")
        self.assertEqual(self._logged("status", "error")[1:], [(429, "too_many_requests")])

    def test_nobody_and_nothing_are_not_written_down(self):
        """Whoever is not logged in, a model that is not open, and a connection without a log."""
        self.assertMissingToken(self._call("GET", "/api/send_request?model=res.partner"))
        self.assertInvalidToken(self._send("GET", "res.partner", "a.b.c", fields=[]))
        self._send("GET", "no.such.model", self.access, fields=[])
        self.assertAnswer(self._send("GET", "res.country", self.access, fields=[]))
        self.assertEqual(self._logged("status"), [])

    def test_no_value_is_written_down(self):
        """Neither what was written, nor what was searched for, nor a token."""
        self.assertAnswer(self._to("POST", {"values": {"name": SECRET}}), 201)
        self.assertAnswer(self._to("GET", fields=["name"], domain=[["name", "=", SECRET]]))
        self.assertError(self._to("GET", fields=[], domain=SECRET), 400, "bad_domain")
        self.assertError(self._to("POST", {"values": {SECRET: 1}}), 400, "unknown_field")
        self.env.cr.execute("SELECT t::text FROM connection_api_log t")
        rows = [row for (row,) in self.env.cr.fetchall()]
        self.assertEqual(len(rows), 4)
        for row in rows:
            for text in (SECRET, self.access, self.access.rpartition(".")[2]):
                self.assertNotIn(text, row)

    def test_envelope_does_not_hide_the_status(self):
        """HTTP says 200 for all of them."""
        for values, status in (({"name": "x"}, 201), ({"nope": 1}, 400)):
            body = {"jsonrpc": "2.0", "id": 1, "params": {"values": values}}
            self.assertAnswer(self._to("POST", body))
            self.assertEqual(self._logged("status")[-1], (status,))

    def test_head_has_no_bytes(self):
        params = {"model": "res.partner", "fields": "[]"}
        response = self._call("HEAD", "/api/send_request", self.access, params=params)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self._logged("method", "response_bytes"), [("HEAD", 0)])

    @mute_logger("odoo.sql_db")
    def test_retried_request_is_written_down_once(self):
        """Whether it is done at last, or refused at last."""
        partners = self.registry["res.partner"]
        plain = partners.create
        for times, status, error in ((2, 201, False), (5, 409, "conflict")):
            failures = ["40001"] * times

            def fail(records, *args, failures=failures, **kwargs):
                if failures:
                    raise_sql_state(records.env.cr, failures.pop())
                return plain(records, *args, **kwargs)

            with patch.object(partners, "create", fail), patch("odoo.service.model.time.sleep"):
                self.assertAnswer(self._to("POST", {"values": {"name": "New"}}), status)
            self.assertEqual(failures, [])
            self.assertEqual(self._logged("status", "error")[-1], (status, error))
        self.assertEqual(len(self._logged("id")), 2)

    # --- the list ------------------------------------------------------------------------

    def _row(self, **values):
        given = {"user_id": self.user.id, "model": "res.partner", "status": 200, "duration_ms": 1}
        self.log._record(**{**given, **values})
        return self.log.search([], limit=1)

    def test_user_that_is_gone(self):
        """A user who deleted themselves, and one who is deleted later: the row stays."""
        self.assertFalse(self._row(user_id=2**31 - 1).user_id)
        gone = self._new_user("api-gone", "base.group_user")
        row = self._row(user_id=gone.id)
        self.assertEqual(row.user_id, gone)
        gone.unlink()
        self.env.invalidate_all()
        self.assertFalse(row.user_id)

    def test_texts_that_a_client_chose(self):
        """They are cut, and one that PostgreSQL cannot keep is left out."""
        row = self._row(operation="x" * 1000, error="\x00", model="\ud800")
        self.assertEqual((row.operation, row.error, row.model), ("x" * 128, False, False))

    def test_log_that_cannot_be_written(self):
        """Is an error of the server's log, and nothing for the client."""
        logger = "odoo.addons.jwt_auth_api.models.connection_api_log"
        with self.assertLogs(logger, "ERROR"), mute_logger("odoo.sql_db"):
            self.log._record(user_id=None, duration_ms=1, status=2**40)
        self.assertEqual(self._logged("status"), [])

    def test_list_is_the_managers_to_read_and_nobodys_to_change(self):
        """Not even an administrator rewrites history."""
        manager = new_test_user(
            self.env, "log-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        row = self._row()
        for user in (manager, self.admin):
            own = row.with_user(user)
            self.assertEqual(own.status, 200)
            for change in (lambda own=own: own.write({"status": 1}), own.unlink):
                with self.assertRaises(AccessError):
                    change()
            with self.assertRaises(AccessError):
                own.create({"status": 1})
        with self.assertRaises(AccessError):
            row.with_user(self.user).read(["status"])

    def test_old_requests_go(self):
        """After the days of the parameter, in batches; 30 when it says nothing that makes sense."""
        parameters = self.env["ir.config_parameter"]
        old, young = self._row(), self._row()
        self.env.cr.execute(
            "UPDATE connection_api_log SET requested_at = requested_at - interval '8 days'"
            " WHERE id = %s",
            [old.id],
        )
        self.env.invalidate_all()
        parameters.set_param("jwt_auth_api.log_days", False)
        self.assertEqual(self.log._gc_log(), (0, False))
        parameters.set_param("jwt_auth_api.log_days", "7")
        self.assertEqual(self.log._gc_log(batch=1), (1, True))
        self.assertEqual(self.log._gc_log(batch=1), (0, False))
        self.assertEqual(self.log.search([]), young)
        parameters.set_param("jwt_auth_api.log_days", "many")
        with self.assertLogs("odoo.addons.jwt_auth_api.tools.settings", "ERROR"):
            self.assertEqual(self.log._days(), 30)

    def test_days_are_a_setting(self):
        settings = self.env["res.config.settings"]
        self.assertEqual(settings.create({}).jwt_log_days, 30)
        settings.create({"jwt_log_days": 7}).set_values()
        self.assertEqual(self.log._days(), 7)
        with self.assertRaises(ValidationError):
            settings.create({"jwt_log_days": 0})
