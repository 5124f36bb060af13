# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import write
from ..tools import parsing
from .write_case import MODEL, WriteCase


@tagged("post_install", "-at_install")
class TestBulk(WriteCase):
    # --- create --------------------------------------------------------------------------

    def test_create(self):
        """201; ``data`` has the records in the order they were sent, and no tag belongs to several."""
        values = [{"name": f"New {number}", "ref": "NEW"} for number in (3, 1, 2)]
        response = self._create(values, fields=["name", "email"], expand={"parent_id": ["name"]})
        body = self.assertAnswer(response, 201)
        self.assertEqual(list(body), ["success", "count", "data"])
        self.assertEqual(body["count"], 3)
        self.assertEqual([row["name"] for row in body["data"]], ["New 3", "New 1", "New 2"])
        self.assertNotIn("ETag", response.headers)
        for row in body["data"]:
            self.assertEqual(list(row), ["id", "name", "email", "parent_id"])
            self.assertEqual((row["email"], row["parent_id"]), (False, None))
            self.assertEqual(self.env[MODEL].browse(row["id"]).name, row["name"])
        self.assertEqual(self._count(ref="NEW"), 3)

    def test_list_of_one(self):
        """Whoever sends a list gets one."""
        body = self.assertAnswer(self._create([{"name": "Single", "ref": "NEW"}]), 201)
        [row] = body["data"]
        self.assertEqual(list(row), ["id"])
        body = self.assertAnswer(self._update([{"id": row["id"], "values": {"ref": "X"}}]))
        self.assertEqual(body, {"success": True, "count": 1, "data": [{"id": row["id"]}]})
        self.assertEqual(self.assertAnswer(self._delete([row["id"]])), {"deleted_ids": [row["id"]]})

    def test_nulls(self):
        """The answer of a write takes ``nulls``, too."""
        response = self._send(
            "POST", MODEL, self.access, {"values": [{"name": "N"}], "fields": ["email"]}, nulls=1
        )
        [row] = self.assertAnswer(response, 201)["data"]
        self.assertIsNone(row["email"])

    def test_create_with_lines(self):
        """Each record gets its own."""
        values = [
            {"name": f"N{number}", "bank_ids": [[0, 0, {"acc_number": f"BULK-{number}"}]]}
            for number in range(3)
        ]
        body = self.assertAnswer(self._create(values, expand={"bank_ids": ["acc_number"]}), 201)
        found = [[bank["acc_number"] for bank in row["bank_ids"]] for row in body["data"]]
        self.assertEqual(found, [["BULK-0"], ["BULK-1"], ["BULK-2"]])

    def test_mixed_fields(self):
        """Records need not have the same fields."""
        values = [
            {"name": "A", "ref": "MIX"},
            {"name": "B", "ref": "MIX", "color": 5},
            {"name": "C"},
        ]
        body = self.assertAnswer(self._create(values, fields=["ref", "color"]), 201)
        found = [(row["ref"], row["color"]) for row in body["data"]]
        self.assertEqual(found, [("MIX", 0), ("MIX", 5), (False, 0)])

    def test_bodies_that_are_none(self):
        """What is no object, nothing at all, and more than the connection allows."""
        for values in ([], [1], [None], [[]], [{"name": "New"}, "x"], ["name"], {}, None, 5, "x"):
            with self.subTest(values=values):
                response = self._create(values)
                if values == {}:  # an object all the same: Odoo refuses it
                    self.assertError(response, 422, "validation_error")
                else:
                    self.assertError(response, 400, "bad_value")
        self.assertEqual(self._count(name="New"), 0)

    def test_at_most_one_page(self):
        """As many as one GET may ask for."""
        self._connect(MODEL, max_limit=3)
        for number, status in ((3, 201), (4, 400)):
            response = self._create([{"name": "New", "ref": "MOST"}] * number)
            self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(self._count(ref="MOST"), 3)
        self.assertError(self._update(self._items({"ref": "MOST"})), 400, "bad_value")
        self.assertError(self._delete(self.partners.ids), 400, "bad_parameter")
        self.assertEqual(self._count(ref="BULK"), 4)
        self.assertAnswer(self._update(self._items({"ref": "LESS"}, self.partners[:3])))
        self.assertAnswer(self._delete(self.partners[:3].ids))

    # --- update --------------------------------------------------------------------------

    def test_update(self):
        """Each its own values; ``data`` in the order they were sent, as they are after all of it."""
        one, two, three, _four = self.partners
        items = [
            {"id": three.id, "values": {"name": "Third", "parent_id": one.id}},
            {"id": one.id, "values": {"name": "First"}},
            {"id": two.id, "values": {}},
        ]
        response = self._update(items, fields=["name", "parent_id"])
        body = self.assertAnswer(response)
        self.assertEqual(
            body["data"],
            [
                {"id": three.id, "name": "Third", "parent_id": [one.id, "First"]},
                {"id": one.id, "name": "First", "parent_id": False},
                {"id": two.id, "name": "Bulk 1", "parent_id": False},
            ],
        )
        self.assertNotIn("ETag", response.headers)
        self.env.invalidate_all()
        self.assertEqual(self.partners.mapped("name"), ["First", "Bulk 1", "Third", "Bulk 3"])

    def test_update_of_archived_records(self):
        self.partners[0].active = False
        body = self.assertAnswer(self._update(self._items({"active": True}), fields=["active"]))
        self.assertEqual({row["active"] for row in body["data"]}, {True})

    def test_update_bodies_that_are_none(self):
        """No list, no id, an id twice, an id of nothing, both spellings at once."""
        record = self.partners[0]
        bad = [
            {},
            None,
            5,
            [],
            [1],
            [None],
            [{"id": record.id}],
            [{"values": {"ref": "BAD"}}],
            [{"id": str(record.id), "values": {"ref": "BAD"}}],
            [{"id": 0, "values": {"ref": "BAD"}}],
            [{"id": True, "values": {"ref": "BAD"}}],
            [{"id": 2**31, "values": {"ref": "BAD"}}],
            [{"id": record.id, "values": ["ref"]}],
            [{"id": record.id, "values": {"ref": "BAD"}}, {"id": record.id, "values": {}}],
        ]
        for records in bad:
            with self.subTest(records=records):
                self.assertError(self._update(records), 400, "bad_value")
        items = self._items({"ref": "BAD"})
        self.assertError(self._update(items, values={"ref": "BAD"}), 400, "bad_value")
        response = self._send("PUT", MODEL, self.access, {"records": items}, id=record.id)
        self.assertError(response, 400, "bad_value")
        self.assertEqual(self._count(ref="BAD"), 0)

    def test_same_values_are_one_write(self):
        """And records that get others have theirs."""
        items = self._items({"ref": "SAME"})
        items[2]["values"] = {"ref": "OTHER"}
        plain, calls = self.registry[MODEL].write, []

        def write(records, values):
            if "ref" in values:
                calls.append((records.ids, values["ref"]))
            return plain(records, values)

        with patch.object(self.registry[MODEL], "write", write):
            self.assertAnswer(self._update(items))
        one, two, three, four = self.partners.ids
        self.assertEqual(calls, [([one, two, four], "SAME"), ([three], "OTHER")])

    # --- delete --------------------------------------------------------------------------

    def test_delete(self):
        """In the order asked for; an id twice is one record."""
        one, two, _three, _four = self.partners.ids
        body = self.assertAnswer(self._delete([two, one, two]))
        self.assertEqual(body, {"deleted_ids": [two, one]})
        self.env.invalidate_all()
        self.assertEqual(self.partners.exists(), self.partners[2:])

    def test_delete_of_what_are_no_ids(self):
        for ids in (
            [],
            [0],
            [-1],
            ["1"],
            [True],
            [1.5],
            [2**31],
            [None],
            {},
            5,
            "x",
            "[1",
            "",
            [[1]],
        ):
            with self.subTest(ids=ids):
                self.assertError(self._delete(ids), 400, "bad_parameter")

    def test_one_record_and_several_are_not_deleted_at_once(self):
        """An id beside the others would be deleted alone."""
        first, second = self.partners[:2]
        for path, params in (("/api/send_request", {"model": MODEL}), (f"/api/v1/{MODEL}", {})):
            for ids in ([second.id], [first.id]):
                with self.subTest(path=path, ids=ids):
                    params |= {"id": first.id, "ids": json.dumps(ids)}
                    response = self._call("DELETE", path, self.access, params=params)
                    body = self.assertError(response, 400, "bad_parameter")
                    self.assertIn('"ids"', body["message"])
        self.env.invalidate_all()
        self.assertEqual((first + second).exists(), first + second)

    # --- all or nothing ------------------------------------------------------------------

    def test_an_id_that_is_not_there(self):
        """Wherever it stands: 404, and the others stay as they were."""
        gone = self.env[MODEL].create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        for place in range(3):
            items = self._items({"ref": "BAD"}, self.partners[:2])
            items.insert(place, {"id": gone_id, "values": {"ref": "BAD"}})
            self.assertError(self._update(items), 404, "not_found")
            ids = self.partners[:2].ids
            ids.insert(place, gone_id)
            self.assertError(self._delete(ids), 404, "not_found")
        self.assertEqual((self._count(ref="BULK"), self._count(ref="BAD")), (4, 0))

    def test_every_error_of_odoo(self):
        """With its true status, in Odoo's words, wherever it comes from; the first and the last are not written."""
        state = {"name": "Twice", "code": "TW", "country_id": self.country.id}
        self.env["res.country.state"].create(state)
        parent, child = self.partners[:2]
        child.parent_id = parent
        cases = [
            # Odoo's own checks and those of the database
            ("unique", "res.country.state", state, 422, "validation_error", "unique"),
            ("required", "res.country.state", {"name": "x"}, 422, "validation_error", ""),
            ("check", MODEL, {"name": False}, 422, "validation_error", ""),
            (
                "no record",
                MODEL,
                {"name": "x", "parent_id": 2**31 - 1},
                422,
                "validation_error",
                "",
            ),
            ("field", MODEL, {"name": "x", "nope": 1}, 400, "unknown_field", "nope"),
            ("type", MODEL, {"name": "x", "color": "red"}, 400, "bad_value", "color"),
            ("choice", MODEL, {"name": "x", "type": "nope"}, 400, "bad_value", "type"),
        ]
        for name, model, bad, status, code, words in cases:
            good = {"name": "BAD"}
            if model != MODEL:
                good |= {"country_id": self.country.id}
            with self.subTest(case=name), mute_logger("odoo.sql_db"):
                values = [{**good, "code": "B1"}, bad, {**good, "code": "B2"}]
                if model == MODEL:
                    values = [good, bad, good]
                response = self._create(values, model)
                self.assertIn(words, self.assertError(response, status, code)["message"])
                self.assertEqual(self._count(model, name="BAD"), 0)
        items = self._items({"ref": "BAD"}, self.partners[2:])
        items.insert(1, {"id": parent.id, "values": {"parent_id": child.id}})
        body = self.assertError(self._update(items), 422, "validation_error")
        self.assertIn("recursive", body["message"].lower())
        self.assertEqual(self._count(ref="BAD"), 0)
        # a user's contact cannot be deleted
        ids = [self.partners[2].id, self.victim.partner_id.id, self.partners[3].id]
        body = self.assertError(self._delete(ids), 422, "validation_error")
        self.assertIn(self.victim.name, body["message"])
        self.assertEqual(self._count(ref="BULK"), 4)

    def test_errors_that_a_model_raises_on_its_way(self):
        """After some of the records have been written; a lost race is run again and then told."""
        plain = self.registry[MODEL].write
        errors = [
            (ValidationError("Not so."), 422, "validation_error", "Not so."),
            (UserError("Not here."), 422, "validation_error", "Not here."),
            (AccessError("Not you."), 403, "access_denied", "Not you."),
            (ZeroDivisionError("secret"), 500, "server_error", ""),
        ]
        items = [
            {"id": partner.id, "values": {"ref": f"BAD-{place}"}}
            for place, partner in enumerate(self.partners)
        ]
        for error, status, code, words in errors:

            def write(records, values, error=error):
                plain(records, values)
                records.env.flush_all()
                if values.get("ref") == "BAD-2":
                    raise error
                return True

            with (
                self.subTest(error=error),
                patch.object(self.registry[MODEL], "write", write),
                mute_logger("odoo.http"),
            ):
                body = self.assertError(self._update(items), status, code)
                self.assertIn(words, body["message"])
                self.assertNotIn("secret", body["message"])
            self.assertEqual(self._count(ref="BULK"), 4)

    # --- statements ----------------------------------------------------------------------

    def _measure(self, do):
        """How many statements it takes, when it is done for the second time."""
        for _again in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            with self._statements() as statements:
                do()
                self.env.flush_all()
        return len(statements)

    def test_statements(self):
        """A hundred records at once take far fewer statements than one by one, and not more with their number."""
        policy = self.env["connection.api"].with_user(self.user)._resolve(MODEL, "POST")

        def create(number):
            body = {"values": [{"name": f"N{place}", "color": 3} for place in range(number)]}
            return lambda: write.create(policy, parsing.parse_create({}, body, 1000))

        single = self._measure(create(1))
        self.assertLess(self._measure(create(100)), 10 * single)
        self.assertLess(self._measure(create(100)), self._measure(create(20)) * 2)
        records = self.env[MODEL].create([{"name": f"U{place}"} for place in range(50)])

        def update(number):
            body = {
                "records": [
                    {"id": record.id, "values": {"color": 4}} for record in records[:number]
                ],
                "fields": ["name", "color"],
            }
            return lambda: write.update(policy, parsing.parse_update({}, body, 1000))

        self.assertEqual(self._measure(update(5)), self._measure(update(50)))
