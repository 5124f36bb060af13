# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Values that cannot be read: each costs itself, never the answer."""

from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.engine.page import read_page
from odoo.addons.jwt_auth_api.engine.policy import Policy
from odoo.addons.jwt_auth_api.tests.common import ApiCase
from odoo.addons.jwt_auth_api.tools import parsing

MODEL, LOG = "api.test.fragile", "odoo.addons.jwt_auth_api.engine.faults"
NOT_READ = "This value cannot be read. The server log has the reason."


@tagged("post_install", "-at_install")
class TestFaults(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect(MODEL)
        cls._connect("res.partner")
        cls._connect("api.test.tag")
        cls.env["api.test.tag"].create({"name": "tag"})
        cls.access = cls._open(cls.user).access

    def _named(self, *names):
        return self.env[MODEL].create([{"name": name} for name in names])

    def _read(self, records, *names, **params):
        """Read those records in their order, and what the answer says of values that it lacks."""
        domain = [["id", "in", records.ids]]
        params = {"domain": domain, "order": "id", **params}
        response = self._send("GET", MODEL, self.access, fields=list(names), **params)
        answer = self.assertAnswer(response)
        return answer["data"], answer.get("errors")

    # --- data in fields of type binary -----------------------------------------------------

    def test_binary_field_that_holds_data(self):
        records = self._named("dictionary", "list", "numbers", "empty", "bytes", "nothing")
        rows, errors = self._read(records, "data")
        dictionary = {
            "at": "2026-11-25T10:00:00Z",
            "day": "2026-11-25",
            "empty": {},
            "pair": [1, False],
            "rate": None,
            "7": "seven",
        }
        views = [[False, "list"], [7, "form"]]
        expected = [dictionary, views, [1, 2, 3], {}, "Ynl0ZXM=", False]
        self.assertEqual([row["data"] for row in rows], expected)
        self.assertIsNone(errors)
        rows, _errors = self._read(records[-3:], "data", nulls="1")
        self.assertEqual([row["data"] for row in rows], [{}, "Ynl0ZXM=", None])

    def test_data_is_no_file(self):
        data, file = self._named("dictionary", "bytes")
        response = self._call("GET", f"/api/v1/{MODEL}/{data.id}/data", self.access)
        self.assertError(response, 400, "bad_parameter")
        response = self._call("GET", f"/api/v1/{MODEL}/{file.id}/data", self.access)
        self.assertEqual((response.status_code, response.content), (200, b"bytes"))

    @mute_logger(LOG)
    def test_data_that_is_no_json(self):
        records = self._named("empty", "broken", "list")
        rows, errors = self._read(records, "name", "data")
        self.assertEqual([row["name"] for row in rows], ["empty", "broken", "list"])
        self.assertEqual([row["data"] for row in rows], [{}, False, [[False, "list"], [7, "form"]]])
        self.assertEqual(
            errors,
            [
                {
                    "model": MODEL,
                    "ids": [records[1].id],
                    "field": "data",
                    "error": "server_error",
                    "message": NOT_READ,
                }
            ],
        )

    # --- code that fails -------------------------------------------------------------------

    def test_code_that_takes_one_record_alone(self):
        rows, errors = self._read(self._named("a", "bb", "ccc", "dddd", "eeeee"), "alone")
        self.assertEqual([row["alone"] for row in rows], [1, 2, 3, 4, 5])
        self.assertIsNone(errors)

    def test_code_that_fails_for_some_records(self):
        """The log has the cause, the client Odoo's own sentence where Odoo has one for a person."""
        records = self._named("a", "broken", "b", "broken")
        names = ("number", "partner_id", "tag_ids")
        with self.assertLogs(LOG, "WARNING") as log:
            rows, errors = self._read(records, *names)
        self.assertEqual(len(log.output), 3)
        self.assertIn("invalid literal for int", log.output[0])
        user, tag = self.user.partner_id, self.env["api.test.tag"].search([], limit=1)
        partner = [user.id, user.display_name]
        self.assertEqual([row["number"] for row in rows], [1, False, 1, False])
        self.assertEqual([row["partner_id"] for row in rows], [partner, False, partner, False])
        self.assertEqual([row["tag_ids"] for row in rows], [[tag.id], [], [tag.id], []])
        broken = {"model": MODEL, "ids": [records[1].id, records[3].id]}
        unread = {"error": "server_error", "message": NOT_READ}
        told = {"error": "validation_error", "message": "Choose a customer first."}
        self.assertEqual(
            errors,
            [
                {**broken, "field": "number", **unread},
                {**broken, "field": "partner_id", **told},
                {**broken, "field": "tag_ids", **unread},
            ],
        )

    @mute_logger(LOG)
    def test_every_way_to_read(self):
        """A cursor, one record, a resource path, expanded relations, and the answer of a write."""
        parent, broken = self._named("broken", "broken")
        broken.parent_id = parent
        record_id, path = str(broken.id), f"/api/v1/{MODEL}/{broken.id}"
        body = {"values": {"name": "broken"}, "fields": ["number"]}

        def get(**params):
            return self._call("GET", path, self.access, params=params)

        below = '{"parent_id": {"fields": ["number"]}}'
        answers = {
            "cursor": self._send("GET", MODEL, self.access, fields=["number"], cursor=""),
            "one": self._send("GET", MODEL, self.access, fields=["number"], id=record_id),
            "path": get(fields='["number"]'),
            "below": get(fields='["name"]', expand=below),
            "written": self._send("PUT", MODEL, self.access, body, id=record_id),
        }
        for way, response in answers.items():
            with self.subTest(way=way):
                [entry] = self.assertAnswer(response)["errors"]
                self.assertEqual((entry["model"], entry["field"]), (MODEL, "number"))
        answer = self.assertAnswer(
            get(fields='["name"]', expand='{"partner_id": ["name"], "tag_ids": ["name"]}')
        )
        self.assertIsNone(answer["data"]["partner_id"])
        self.assertEqual(answer["data"]["tag_ids"], [])
        self.assertEqual(
            [(entry["field"], entry["ids"]) for entry in answer["errors"]],
            [("partner_id", [broken.id]), ("tag_ids", [broken.id])],
        )

    @mute_logger(LOG)
    def test_created_record_is_there(self):
        values = {"values": {"name": "broken"}, "fields": ["number"]}
        answer = self.assertAnswer(self._send("POST", MODEL, self.access, values), 201)
        self.assertIs(answer["data"]["number"], False)
        self.assertEqual(answer["errors"][0]["ids"], [answer["data"]["id"]])
        self.assertTrue(self.env[MODEL].browse(answer["data"]["id"]).exists())

    @mute_logger(LOG)
    def test_answer_that_is_given_again(self):
        """A field that was closed in between is gone with what was said of it."""
        connection = self.env["connection.api"].search([("model", "=", MODEL)])
        fields = self.env["ir.model.fields"].search(
            [("model", "=", MODEL), ("name", "in", ["name", "number"])], order="name"
        )
        connection.read_field_ids = fields
        headers = {"Idempotency-Key": "once"}

        def create():
            body = {"values": {"name": "broken"}}
            response = self._post(f"/api/v1/{MODEL}", body, self.access, headers=headers)
            return self.assertAnswer(response, 201)

        first = create()
        self.assertEqual(len(first["errors"]), 1)
        self.assertEqual(create(), first)
        connection.read_field_ids = fields[0]
        again = create()
        self.assertEqual(again["data"], {"id": first["data"]["id"], "name": "broken"})
        self.assertNotIn("errors", again)

    @mute_logger(LOG)
    def test_name_that_cannot_be_read(self):
        """The id of a many2one stays, and so does a group."""
        parents = self._named("nameless", "named")
        children = self._named("a", "b")
        for child, parent in zip(children, parents, strict=True):
            child.parent_id = parent
        expected = [[parents[0].id, False], [parents[1].id, "NAMED"]]
        rows, errors = self._read(children, "parent_id")
        self.assertEqual([row["parent_id"] for row in rows], expected)
        unread = {"error": "server_error", "message": NOT_READ}
        entry = {"model": MODEL, "ids": [parents[0].id], "field": "display_name", **unread}
        self.assertEqual(errors, [entry])
        domain = [["id", "in", children.ids]]
        response = self._send("GET", MODEL, self.access, groupby=["parent_id"], domain=domain)
        answer = self.assertAnswer(response)
        self.assertEqual([row["parent_id"] for row in answer["data"]], expected)
        self.assertEqual(answer["errors"], [entry])

    # --- what is no matter of one value ----------------------------------------------------

    def test_refused_access_is_the_answer(self):
        records = self._named("a", "forbidden")
        response = self._send(
            "GET", MODEL, self.access, fields=["forbidden"], domain=[["id", "in", records.ids]]
        )
        self.assertError(response, 403, "access_denied")

    def test_errors_of_the_database_are_for_odoo(self):
        """A lost race is run again, a full pool is a 503: nothing may take them for a broken field."""
        self._named("a", "b")
        connection = self.env["connection.api"]._connection(MODEL)
        policy = Policy(self.env[MODEL].with_user(self.user), connection)
        asked = parsing.parse_get({"model": MODEL, "fields": '["number"]'}, 1000)
        lost = (
            psycopg2.errors.SerializationFailure,
            psycopg2.errors.DeadlockDetected,
            psycopg2.OperationalError,
            PoolError,
        )
        for error in lost:
            fails = patch.object(
                type(self.env[MODEL]), "_compute_number", autospec=True, side_effect=error
            )
            with self.subTest(error=error.__name__), fails, self.assertRaises(error):
                read_page(policy, asked)
