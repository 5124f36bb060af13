# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase

KEY = "7f9c2b1e-0c1d-4f5a-9d3e-5b8a6c7d8e9f"


@tagged("post_install", "-at_install")
class TestIdempotency(ApiCase):
    """A request that is sent again with its key is done once; dev/live sends twenty at the same time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner")
        cls._connect("res.country")
        cls.access = cls._open(cls.user).access

    def _create(self, name="Once", key=KEY, token=None, body=None, company=None, **params):
        query = {"model": "res.partner", **params}
        headers = {} if key is None else {"Idempotency-Key": key}
        if company:
            headers["X-Odoo-Company"] = str(company)
        body = body or {"values": {"name": name}, "fields": ["name"]}
        token = token or self.access
        return self._call(
            "POST", "/api/send_request", token, params=query, json=body, headers=headers
        )

    def _count(self, name="Once"):
        self.env.invalidate_all()
        return self.env["res.partner"].search_count([("name", "=", name)])

    def _claims(self):
        self.env.cr.execute("SELECT user_id, key FROM connection_api_idempotency ORDER BY id")
        return self.env.cr.fetchall()

    def assertReplayed(self, response, first):
        self.assertAnswer(response, first.status_code)
        self.assertEqual(response.headers["Idempotency-Replayed"], "true")
        self.assertEqual(response.content, first.content)

    def test_second_request_gets_the_first_answer(self):
        """Byte for byte, and creates nothing; the record may have changed meanwhile."""
        first = self._create()
        body = self.assertAnswer(first, 201)
        self.assertNotIn("Idempotency-Replayed", first.headers)
        self.env["res.partner"].browse(body["data"]["id"]).name = "Renamed"
        self.env.flush_all()
        for _time in range(2):
            self.assertReplayed(self._create(), first)
        self.assertEqual(self._count() + self._count("Renamed"), 1)
        self.assertEqual(self._claims(), [(self.user.id, KEY)])

    def test_same_request_in_another_spelling(self):
        """The order of keys does not count, nor what makes no difference in JSON."""
        first = self._create()
        again = {"fields": ["name"], "values": {"name": "Once"}}
        self.assertReplayed(self._create(body=again), first)
        self.assertEqual(self._count(), 1)

    def test_resource_path_and_many_records(self):
        """The answer comes again with its entity tag; the other spelling is another request."""
        path = "/api/v1/res.partner"
        one, many = {"name": "Once"}, [{"name": "Once"}, {"name": "Once"}]
        for key, values, records in (("one", one, 1), ("many", many, 3)):
            headers = {"Idempotency-Key": key}
            send = self._post
            first = send(path, {"values": values}, self.access, headers=headers)
            again = send(path, {"values": values}, self.access, headers=headers)
            self.assertReplayed(again, first)
            self.assertEqual(again.headers.get("ETag"), first.headers.get("ETag"))
            self.assertEqual(self._count(), records)
        self.assertIn("ETag", send(path, {"values": one}, self.access, headers={}).headers)
        body = {"values": many}
        response = self._create(key="many", body=body)
        self.assertError(response, 422, "idempotency_key_reused")

    def test_action(self):
        """Called once; its result comes again."""
        self.connection.action_ids = [(0, 0, {"name": "create_company"})]
        partner = self.env["res.partner"].create({"name": "Asked"})
        self.env.flush_all()
        path, headers = f"/api/v1/res.partner/{partner.id}/create_company", {"Idempotency-Key": KEY}

        def make(record):
            return record.create({"name": "Once"})

        with patch.object(self.registry["res.partner"], "create_company", make):
            first = self._post(path, {}, self.access, headers=headers)
            self.assertReplayed(self._post(path, {}, self.access, headers=headers), first)
        [made] = self.assertAnswer(first)["result"]
        self.assertEqual(self.env["res.partner"].search([("name", "=", "Once")]).ids, [made])
        other = self._post(path, {"kwargs": {"x": 1}}, self.access, headers=headers)
        self.assertError(other, 422, "idempotency_key_reused")

    def test_without_a_key(self):
        """Two requests are two records, and nothing is kept."""
        for _time in range(2):
            self.assertAnswer(self._create(key=None), 201)
        self.assertEqual((self._count(), self._claims()), (2, []))

    def test_key_of_another_request_is_a_422(self):
        """Another body, another model: neither is done, and the first answer is not given away."""
        self.assertAnswer(self._create(), 201)
        for options in (
            {"name": "Twice"},
            {"model": "res.country"},
            {"lang": "en_US"},
            {"company": self.user.company_id.id},
            {"body": {"values": {"name": "Once"}, "fields": []}},
        ):
            with self.subTest(options):
                self.assertError(self._create(**options), 422, "idempotency_key_reused")
        self.assertEqual((self._count(), self._count("Twice")), (1, 0))

    def test_keys_are_the_users_own(self):
        """The same key of another user is another key: a record of its own, no sight of the first one."""
        first = self.assertAnswer(self._create(), 201)
        response = self._create(token=self._open(self.victim).access)
        second = self.assertAnswer(response, 201)
        self.assertNotIn("Idempotency-Replayed", response.headers)
        self.assertNotEqual(first["data"]["id"], second["data"]["id"])
        self.assertEqual(self._claims(), [(self.user.id, KEY), (self.victim.id, KEY)])

    def test_replay_needs_a_token_and_an_open_connection(self):
        """What was answered once is not for whoever knows the key."""
        self.assertAnswer(self._create(), 201)
        self.assertInvalidToken(self._create(token="a.b.c"))
        self.connection.is_post = False
        self.env.flush_all()
        self.assertError(self._create(), 405, "method_not_allowed")
        self.connection.active = False
        self.env.flush_all()
        self.assertError(self._create(), 404, "model_not_found")

    def test_replay_shows_no_record_that_is_hidden_by_now(self):
        """Of a record outside of the filter only the id is left, of a related one nothing."""
        tags = self.env["res.partner.category"].create([{"name": "kept"}, {"name": "hidden"}])
        tag = self._connect("res.partner.category")
        values = {"name": "Once", "category_id": [[6, 0, tags.ids]]}
        body = {"values": values, "fields": ["name"], "expand": {"category_id": ["name"]}}
        first = self._create(body=body)
        record = self.assertAnswer(first, 201)["data"]
        self.assertEqual(len(record["category_id"]), 2)
        self.assertReplayed(self._create(body=body), first)
        tag.domain = "[('name', '!=', 'hidden')]"
        self.env.flush_all()
        data = self.assertAnswer(self._create(body=body), 201)["data"]
        self.assertEqual(data, {**record, "category_id": [{"id": tags[0].id, "name": "kept"}]})
        self.connection.domain = "[('name', '!=', 'Once')]"
        self.env.flush_all()
        data = self.assertAnswer(self._create(body=body), 201)["data"]
        self.assertEqual(data, {"id": record["id"]})
        self.env["res.partner"].browse(record["id"]).unlink()
        self.connection.domain = False
        tag.domain = False
        self.env.flush_all()
        self.assertReplayed(self._create(body=body), first)

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_failure_frees_the_key(self):
        """Nothing stays of a request that failed: the same key does it, with a better body."""
        for values, status in (({"name": False}, 422), ({"nope": 1}, 400)):
            self.assertAnswer(self._create(body={"values": values}), status)
            self.assertEqual(self._claims(), [])
        broken = patch.object(self.registry["res.partner"], "create", lambda *args: 1 / 0)
        with broken:
            self.assertError(self._create(), 500, "server_error")
        self.assertAnswer(self._create(), 201)
        self.assertEqual(self._count(), 1)

    def test_key_expires_after_a_day(self):
        """Then it is a new key, for any request."""
        first = self._create()
        for hours, name in (("23 hours 59 minutes", "Once"), ("24 hours", "Later")):
            self.env.cr.execute(
                "UPDATE connection_api_idempotency"
                " SET claimed_at = (now() AT TIME ZONE 'utc') - %s::interval",
                [hours],
            )
            response = self._create(name)
            if name == "Once":
                self.assertReplayed(response, first)
            else:
                self.assertAnswer(response, 201)
                self.assertNotIn("Idempotency-Replayed", response.headers)
        self.assertReplayed(self._create("Later"), response)
        self.assertEqual((self._count("Later"), len(self._claims())), (1, 1))

    def test_keys_that_are_none(self):
        """1 to 255 printable ASCII characters."""
        for key in ("", "x" * 256, "sch\xfcssel", "a\tb", "\x7f"):
            with self.subTest(key):
                response = self._create(key=key.encode("latin-1"))
                self.assertError(response, 400, "bad_parameter")
        self.assertEqual((self._count(), self._claims()), (0, []))
        for key in ("x" * 255, '"quoted"', "null", "a b", "~"):
            with self.subTest(key):
                self.assertAnswer(self._create(key=key), 201)

    def test_in_an_envelope(self):
        """A client numbers its envelopes anew; each answer is in its own request's."""
        params = {"values": {"name": "Once"}, "fields": ["name"]}
        answers = []
        for number in (1, 2):
            body = {"jsonrpc": "2.0", "id": number, "params": params}
            response = self._create(body=body)
            answer = self.assertAnswer(response)
            self.assertEqual(answer["id"], number)
            answers.append(answer["result"])
        self.assertEqual(response.headers["Idempotency-Replayed"], "true")
        self.assertEqual(answers[0], answers[1])
        plain = self._create()
        self.assertEqual(self.assertAnswer(plain, 201), answers[0])
        self.assertEqual(self._count(), 1)

    def test_other_methods_take_no_notice(self):
        """They are idempotent by themselves."""
        partner = self.env["res.partner"].create({"name": "Changed"})
        for name in ("One", "Two"):
            response = self._call(
                "PUT",
                "/api/send_request",
                self.access,
                params={"model": "res.partner", "id": partner.id},
                json={"values": {"name": name}},
                headers={"Idempotency-Key": KEY},
            )
            self.assertAnswer(response)
        self.assertEqual((self._count("Two"), self._claims()), (1, []))

    def test_pages_of_other_origins_may_read_it(self):
        self._set(cors_origins="https://app.example.com")
        self.env.flush_all()
        headers = {"Origin": "https://app.example.com"}
        response = self._call("GET", "/api/me", self.access, headers=headers)
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        self.assertIn("Idempotency-Replayed", exposed)
        response = self._call("OPTIONS", "/api/send_request", headers=headers)
        self.assertIn("Idempotency-Key", response.headers["Access-Control-Allow-Headers"])

    # --- the store -----------------------------------------------------------------------

    def test_who_comes_second_begins_anew(self):
        """A claim that fails because another one was committed is tried again, without Odoo's retry."""
        keys = self.registry["connection.api.idempotency"]
        plain, failures = keys._claim, [1, 1]

        def fail(records, *args):
            if failures:
                failures.pop()
                raise SerializationFailure
            return plain(records, *args)

        with (
            patch.object(keys, "_claim", fail),
            patch("odoo.service.model.time.sleep", side_effect=AssertionError("it slept")),
        ):
            self.assertAnswer(self._create(), 201)
        self.assertEqual((failures, self._count()), ([], 1))

    def test_null_is_an_answer(self):
        """As is everything that JSON has: an action may give it."""
        once = self.env["connection.api.idempotency"]._once
        for number, value in enumerate((None, False, 0, "", [], "\x00\ud800", {"a": [1.5, None]})):
            with self.subTest(value):
                self.assertEqual(once(f"k{number}", "f", lambda v=value: v), (value, False))
                self.assertEqual(once(f"k{number}", "f", self.fail), (value, True))

    def test_broken_off(self):
        """A claim without an answer, left by code that commits by itself and then fails, is told as it is."""
        self.assertAnswer(self._create(), 201)
        self.env.cr.execute("UPDATE connection_api_idempotency SET answer = NULL")
        self.assertError(self._create(), 409, "conflict")
        self.assertEqual(self._count(), 1)

    def test_old_keys_go(self):
        """After a day, in batches."""
        keys = self.env["connection.api.idempotency"]
        for key in ("a", "b", "c"):
            keys._once(key, "f", lambda: 1)
        self.env.cr.execute(
            "UPDATE connection_api_idempotency SET claimed_at = claimed_at - interval '25 hours'"
            " WHERE key IN ('a', 'b')"
        )
        self.assertEqual(keys._gc_keys(batch=1), (1, True))
        self.assertEqual(keys._gc_keys(batch=5), (1, False))
        self.assertEqual([key for _user, key in self._claims()], ["c"])

    def test_deleted_user_takes_the_keys_along(self):
        gone = self._new_user("api-gone", "base.group_user")
        self.env["connection.api.idempotency"].with_user(gone)._once(KEY, "f", lambda: 1)
        self.assertEqual(len(self._claims()), 1)
        gone.unlink()
        self.env.flush_all()
        self.assertEqual(self._claims(), [])
