# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from .common import ApiCase

HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@tagged("post_install", "-at_install")
class TestRateLimit(ApiCase):
    """So many requests a minute and user; dev/live shows that all workers share the count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner", "GET POST", rate_limit=3)
        cls._connect("res.country")
        cls.access = cls._open(cls.user).access
        cls.partner = cls.env["res.partner"].create({"name": "Counted"})

    def _get(self, token=None, model="res.partner", **params):
        return self._send("GET", model, token or self.access, fields=[], limit=1, **params)

    def _remaining(self, response):
        self.assertEqual(response.headers["RateLimit-Limit"], "3")
        self.assertLessEqual(int(response.headers["RateLimit-Reset"]), 60)
        return int(response.headers["RateLimit-Remaining"])

    def _use_up(self):
        for _time in range(3):
            self.assertAnswer(self._get())

    def test_hidden_relation_counts_nowhere(self):
        """The limit of the model behind it would tell that there is such a field."""
        name = self.env["ir.model.fields"]._get("res.partner", "name")
        self._connect("res.partner", "GET", read_field_ids=name.ids)
        self._connect("res.country", "GET", rate_limit=1)
        partner = str(self.user.partner_id.id)
        for field in ("country_id", "no_such_id") * 2:
            response = self._send(
                "GET",
                "res.partner",
                self.access,
                id=partner,
                fields=["name"],
                expand={field: ["code"]},
            )
            self.assertError(response, 400, "unknown_field")

    def test_over_the_limit_is_a_429(self):
        """The fourth request in a minute waits; another user and another connection do not."""
        self.assertEqual([self._remaining(self._get()) for _time in range(3)], [2, 1, 0])
        response = self._get()
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 21))
        self.assertEqual(self._remaining(response), 0)
        self.assertGreater(int(response.headers["RateLimit-Reset"]), 40)
        self.assertEqual(self._remaining(self._get(self._open(self.victim).access)), 2)
        self.assertAnswer(self._get(model="res.country"))

    def test_both_spellings_count_together(self):
        """One connection, one count, whatever the address."""
        path = "/api/v1/res.partner"
        self.assertEqual(self._remaining(self._get()), 2)
        self.assertEqual(self._remaining(self._call("GET", path, self.access)), 1)
        one = self._call("GET", f"{path}/{self.partner.id}", self.access)
        self.assertEqual(self._remaining(one), 0)
        self.assertError(self._call("GET", path, self.access), 429, "too_many_requests")
        self.assertError(self._get(), 429, "too_many_requests")

    def test_answer_without_a_body_has_the_headers(self):
        """A 304 was asked for like any other."""
        path = f"/api/v1/res.partner/{self.partner.id}"
        tag = self._call("GET", path, self.access).headers["ETag"]
        response = self._call("GET", path, self.access, headers={"If-None-Match": tag})
        self.assertEqual((response.status_code, self._remaining(response)), (304, 1))

    def test_refused_request_writes_nothing(self):
        """Whatever it asks for; it is counted before it is looked at."""
        self._use_up()
        before = self.env["res.partner"].search_count([])
        response = self._send("POST", "res.partner", self.access, {"values": {"name": "New"}})
        self.assertError(response, 429, "too_many_requests")
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_comes_back_one_by_one(self):
        """A third of a minute gives one request back, not all of them; a refused one costs nothing."""
        self._use_up()
        for _time in range(3):
            self.assertError(self._get(), 429, "too_many_requests")
        self.env.cr.execute(
            "UPDATE connection_api_rate_limit SET last_request = last_request - interval '21 seconds'"
        )
        self.assertEqual(self._remaining(self._get()), 0)
        self.assertError(self._get(), 429, "too_many_requests")

    def test_clock_that_is_moved_back(self):
        """What was counted while it was a day ahead blocks nobody for that day, and is not forgotten."""
        self._use_up()
        for days in (1, 400):
            self._add_to_time(f"{days} days")
            for _time in range(2):
                response = self._get()
                self.assertAnswer(response)
                self.assertEqual(self._remaining(response), 0)
                response = self._get()
                self.assertError(response, 429, "too_many_requests")
                self.assertIn(int(response.headers["Retry-After"]), range(1, 21))
                self._add_to_time("-21 seconds")

    def test_clock_that_is_moved_back_a_little(self):
        """A transaction that waited for the row looks the same: the wait is longer, and is told."""
        self._use_up()
        self._add_to_time("30 seconds")
        response = self._get()
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(31, 51))

    def test_clock_that_is_moved_back_while_there_is_room(self):
        """The count is kept, and decreases from now on."""
        for _time in range(2):
            self.assertAnswer(self._get())
        self._add_to_time("1 day")
        for _time in range(2):
            response = self._get()
            self.assertAnswer(response)
            self.assertEqual(self._remaining(response), 0)
            self._add_to_time("-21 seconds")

    def _add_to_time(self, interval):
        """Change the time of the last request, as if the clock had been moved in the other direction."""
        self.env.cr.execute(
            "UPDATE connection_api_rate_limit SET last_request = last_request + %s::interval",
            [interval],
        )

    def test_errors_count_and_tell(self):
        """Of a limited connection every answer has the headers, errors too."""
        refused = [
            (self._send("GET", "res.partner", self.access, fields=["nope"]), 400, "unknown_field"),
            (self._send("PUT", "res.partner", self.access, {}, id=1), 405, "method_not_allowed"),
            (self._send("GET", "res.partner", self.access, fields=[], id=2**31), 400, None),
        ]
        for response, status, code in refused:
            body = self.assertAnswer(response, status)
            self.assertErrorBody(body, code or body["error"])
            self._remaining(response)
        # under test all of a request is rolled back with an error, its count too
        self.assertAnswer(self._get())

    def test_no_limit_costs_nothing(self):
        """Neither a header nor a row."""
        self.env.cr.execute("DELETE FROM connection_api_rate_limit")
        response = self._get(model="res.country")
        self.assertAnswer(response)
        for name in HEADERS:
            self.assertNotIn(name, response.headers)
        self.assertInvalidToken(self._get("eyJ.eyJ.x"))
        self.env.cr.execute("SELECT count(*) FROM connection_api_rate_limit")
        self.assertEqual(self.env.cr.fetchall(), [(0,)])

    def test_changed_limit_begins_anew(self):
        """It counts at once, and what was used of a higher one is no debt."""
        self._use_up()
        self.connection.rate_limit = 1
        self.env.flush_all()
        self.assertEqual(self._get().headers["RateLimit-Remaining"], "0")
        response = self._get()
        self.assertError(response, 429, "too_many_requests")
        self.assertLessEqual(int(response.headers["Retry-After"]), 60)
        self.connection.rate_limit = 0
        self.env.flush_all()
        self.assertNotIn("RateLimit-Limit", self._get().headers)

    def test_in_an_envelope(self):
        """The headers are HTTP's, the error is JSON-RPC's."""
        self._use_up()
        body = {"jsonrpc": "2.0", "id": 5, "params": {"values": {"name": "New"}}}
        response = self._send("POST", "res.partner", self.access, body)
        answer = self.assertAnswer(response)
        self.assertEqual((answer["id"], answer["error"]["code"]), (5, 429))
        self.assertErrorBody(answer["error"]["data"], "too_many_requests")
        self.assertEqual(self._remaining(response), 0)
        self.assertIn("Retry-After", response.headers)

    def test_pages_of_other_origins_may_read_it(self):
        """The headers are exposed, on a 429 too."""
        self._set(cors_origins="https://app.example.com")
        self.env.flush_all()
        self._use_up()
        response = self._call(
            "GET",
            "/api/send_request",
            self.access,
            params={"model": "res.partner", "fields": "[]"},
            headers={"Origin": "https://app.example.com"},
        )
        self.assertError(response, 429, "too_many_requests")
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        self.assertLessEqual({"Retry-After", *HEADERS}, set(exposed))

    def test_old_counts_go(self):
        """After a day without a request."""
        usage = self.env["connection.api.rate.limit"]
        self.env.cr.execute("DELETE FROM connection_api_rate_limit")
        usage._take(1, 10), usage._take(2, 10)
        self.env.cr.execute(
            "UPDATE connection_api_rate_limit SET last_request = last_request - interval '25 hours'"
            " WHERE key LIKE '1:%'"
        )
        usage._gc_usage()
        self.env.cr.execute("SELECT key FROM connection_api_rate_limit")
        self.assertEqual(self.env.cr.fetchall(), [(f"2:{self.env.uid}:10",)])
