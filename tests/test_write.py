# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
from datetime import datetime
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import write
from .common import ApiCase
from .resource_case import PNG
from .test_refresh import raise_sql_state

ONE = ["success", "count", "data"]


@tagged("post_install", "-at_install")
class TestWrite(ApiCase):
    """``POST``, ``PUT`` and ``DELETE /api/send_request``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("res.partner", "res.partner.bank", "res.country.state", "res.currency.rate"):
            cls._connect(model)
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "qz"})
        cls.partner = cls.env["res.partner"].create({"name": "Before", "ref": "WRITE"})
        cls.access = cls._open(cls.user).access

    def _create(self, values, model="res.partner", **body):
        return self._send("POST", model, self.access, {"values": values, **body})

    def _write(self, values, record=None, **body):
        record = record or self.partner
        return self._send(
            "PUT", record._name, self.access, {"values": values, **body}, id=str(record.id)
        )

    def _delete(self, record):
        return self._send("DELETE", record._name, self.access, id=str(record.id))

    def _one(self, response, status=200):
        body = self.assertAnswer(response, status)
        self.assertEqual(list(body), ONE)
        self.assertEqual((body["success"], body["count"]), (True, 1))
        self.env.invalidate_all()
        return body["data"]

    def _count(self, model="res.partner", **criteria):
        self.env.invalidate_all()
        domain = [(name, "=", value) for name, value in criteria.items()]
        return self.env[model].with_context(active_test=False).search_count(domain)

    # --- where a new record is found -----------------------------------------------------

    def test_location_of_a_new_record(self):
        """A GET of it gives the record, on either kind of path."""
        body = {"values": {"name": "Located"}, "fields": ["name"]}
        for path, found in (
            ("/api/send_request?model=res.partner", lambda data: data[0]),
            ("/api/v1/res.partner", lambda data: data),
        ):
            with self.subTest(path=path):
                response = self._post(path, body, self.access)
                record_id = self.assertAnswer(response, 201)["data"]["id"]
                location = response.headers["Location"]
                self.assertTrue(location.startswith(path), location)
                read = self.assertAnswer(self._call("GET", location, self.access))
                self.assertEqual(found(read["data"])["id"], record_id)

    def test_location_of_a_repetition(self):
        """The first record's."""
        headers = {"Idempotency-Key": "where"}
        body = {"values": {"name": "Located once"}}
        path = "/api/v1/res.partner"
        first, again = (self._post(path, body, self.access, headers=headers) for _time in range(2))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(first.headers["Location"], again.headers["Location"])

    def test_no_location(self):
        """Of several records there is none of all, and an envelope's 200 is no 201."""
        for values in ([{"name": "One"}, {"name": "Two"}], [{"name": "One of a list"}]):
            response = self._create(values)
            self.assertAnswer(response, 201)
            self.assertNotIn("Location", response.headers)
        envelope = {"params": {"values": {"name": "Enveloped"}}}
        response = self._send("POST", "res.partner", self.access, envelope)
        self.assertAnswer(response)
        self.assertNotIn("Location", response.headers)
        self.assertNotIn("Location", self._write({"name": "Changed"}).headers)

    # --- the envelopes -------------------------------------------------------------------

    def test_create(self):
        """201 with the new record: its id and the fields asked for."""
        response = self._create(
            {"name": "Created", "country_id": self.country.id},
            fields=["name", "country_id"],
            expand={"bank_ids": ["acc_number"]},
        )
        data = self._one(response, 201)
        record = self.env["res.partner"].browse(data["id"])
        self.assertEqual(
            data,
            {
                "id": record.id,
                "name": "Created",
                "country_id": [self.country.id, "Testland"],
                "bank_ids": [],
            },
        )
        self.assertEqual((record.name, record.country_id), ("Created", self.country))
        self.assertEqual(record.create_uid, self.user)

    def test_create_without_fields(self):
        """``fields`` and ``expand`` may be left out: the answer is the id alone."""
        data = self._one(self._create({"name": "Bare"}), 201)
        self.assertEqual(list(data), ["id"])
        self.assertEqual(self.env["res.partner"].browse(data["id"]).name, "Bare")

    def test_update(self):
        """200 with the record as it is after the change, in the same shape."""
        response = self._write(
            {"name": "After", "country_id": self.country.id},
            fields=["name"],
            expand={"country_id": ["code"]},
        )
        self.assertEqual(
            self._one(response),
            {
                "id": self.partner.id,
                "name": "After",
                "country_id": {"id": self.country.id, "code": "QZ"},
            },
        )
        self.assertEqual((self.partner.name, self.partner.ref), ("After", "WRITE"))
        self.assertEqual(self.partner.write_uid, self.user)

    def test_update_of_an_archived_record(self):
        """An id is enough to reach it, and to bring it back."""
        self.partner.active = False
        data = self._one(self._write({"active": True}, fields=["active"]))
        self.assertEqual(data, {"id": self.partner.id, "active": True})

    def test_update_of_nothing(self):
        """No values is no change, and no error."""
        self.assertEqual(
            self._one(self._write({}, fields=["name"])), {"id": self.partner.id, "name": "Before"}
        )

    def test_delete(self):
        """200 with exactly ``{"deleted_id": …}``; the second time it is a 404."""
        other = self.env["res.partner"].create({"name": "Other"})
        response = self._delete(self.partner)
        self.assertEqual(self.assertAnswer(response), {"deleted_id": self.partner.id})
        self.assertFalse(self.partner.exists())
        self.assertTrue(other.exists())
        self.assertError(self._delete(self.partner), 404, "not_found")
        self.assertError(self._write({"name": "Ghost"}), 404, "not_found")

    def test_id_is_required(self):
        """PUT and DELETE without a good ``id`` are a 400 and touch nothing."""
        for method in ("PUT", "DELETE"):
            for params in ({}, *({"id": value} for value in ("", "x", "0", "-1", "1,2", "[1]"))):
                with self.subTest(method=method, **params):
                    response = self._send(
                        method, "res.partner", self.access, {"values": {"name": "x"}}, **params
                    )
                    self.assertError(response, 400, "bad_parameter")
        self.assertTrue(self.partner.exists())
        self.assertEqual(self._count(name="x"), 0)

    # --- values --------------------------------------------------------------------------

    def test_datetimes_in_all_accepted_forms(self):
        """ISO with Z, with an offset, without either, and Odoo's own form: all the same moment."""
        if "product.pricelist.item" not in self.env:
            self.skipTest("needs a model with a datetime that may be written: product")
        self._connect("product.pricelist")
        self._connect("product.pricelist.item")
        pricelist = self.env["product.pricelist"].create({"name": "Dated"})
        item = self.env["product.pricelist.item"].create({"pricelist_id": pricelist.id})
        for text in (
            "2026-11-23T20:43:00Z",
            "2026-11-23T20:43:00z",
            "2026-11-23T21:43:00+01:00",
            "2026-11-23T15:13:00-05:30",
            "2026-11-23T20:43:00",
            "2026-11-23 20:43:00",
            "2026-11-23T20:43:00+00:00",
        ):
            with self.subTest(text=text):
                data = self._one(self._write({"date_start": text}, item, fields=["date_start"]))
                self.assertEqual(data["date_start"], "2026-11-23T20:43:00Z")
                self.assertEqual(item.date_start, datetime(2026, 11, 23, 20, 43))
        for text in ("yesterday", "2026-11-23T25:00:00Z", "23/11/2026", 1764000000, True, ["x"]):
            with self.subTest(text=text):
                self.assertError(self._write({"date_start": text}, item), 400, "bad_value")
        data = self._one(self._write({"date_start": False}, item, fields=["date_start"]))
        self.assertEqual(data["date_start"], False)

    def test_what_was_answered_can_be_sent_back(self):
        """Every value is accepted in the form in which it was answered."""
        category = self.env["res.partner.category"].create({"name": "Back"})
        self.partner.write(
            {
                "country_id": self.country.id,
                "category_id": [(6, 0, category.ids)],
                "partner_latitude": 1.5,
                "comment": "<p>hi</p>",
                "email": False,
                "image_1920": base64.b64encode(PNG),
            }
        )
        names = ["name", "country_id", "category_id", "partner_latitude", "comment", "email"]
        names += ["image_1920", "active", "color"]
        response = self._send("GET", "res.partner", self.access, id=self.partner.id, fields=names)
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["country_id"], [self.country.id, "Testland"])
        values = {name: row[name] for name in names}
        self.assertEqual(self._one(self._write(values, fields=names)), row)
        copy = self._one(self._create(values, fields=names), 201)
        self.assertEqual({**copy, "id": row["id"]}, row)

    def test_date_values(self):
        """A date is ``2026-11-23``."""
        currency = self.env["res.currency"].create({"name": "QZZ", "symbol": "q"})
        values = {"name": "2026-11-23", "rate": 2, "currency_id": currency.id}
        token = self._open(self.admin).access  # rates are for administrators in Odoo
        body = {"values": values, "fields": ["name", "rate"]}
        data = self._one(self._send("POST", "res.currency.rate", token, body), 201)
        self.assertEqual((data["name"], data["rate"]), ("2026-11-23", 2.0))

    def test_values_of_the_wrong_type_are_a_400(self):
        """They never reach the database, and the record stays as it was."""
        cases = [
            {"name": 5},
            {"name": ["x"]},
            {"name": {"a": 1}},
            {"name": "a\x00b"},
            {"color": "red"},
            {"color": 1.5},
            {"color": 2**31},
            {"color": True},
            {"partner_latitude": "x"},
            {"active": "yes"},
            {"country_id": "Belgium"},
            {"country_id": -1},
            {"country_id": {"id": "1"}},
            {"country_id": {"code": "BE"}},
            {"country_id": [1, "a", "b"]},
            {"category_id": 5},
            {"category_id": [[9, 0, 0]]},
            {"category_id": [["x"]]},
            {"category_id": [{"name": "x"}]},
            {"category_id": [[6, 0, ["x"]]]},
            {"type": "no-such-choice"},
            {"image_1920": "not base64!"},
            {"create_date": "2026-01-01"},
            {"id": 5},
            {"display_name": "x"},
        ]
        for values in cases:
            for respond in (self._write, self._create):
                with self.subTest(values=values, respond=respond.__name__):
                    self.assertError(respond({"ref": "BAD", **values}), 400, "bad_value")
        self.assertEqual(self._count(ref="BAD"), 0)

    def test_bodies_that_are_none_are_a_400(self):
        """No values, values that are no object, a selection that is none."""
        for method in ("POST", "PUT"):
            params = {"model": "res.partner"}
            if method == "PUT":
                params["id"] = str(self.partner.id)
            for body in ({}, {"values": None}, {"values": "x"}, {"values": 1}):
                with self.subTest(method=method, body=body):
                    response = self._call(
                        method, "/api/send_request", self.access, params=params, json=body
                    )
                    self.assertError(response, 400, "bad_value")
            for body in ({"fields": "name"}, {"expand": [1]}, {"fields": [1]}):
                with self.subTest(method=method, body=body):
                    response = self._call(
                        method,
                        "/api/send_request",
                        self.access,
                        params=params,
                        json={"values": {"name": "x"}, **body},
                    )
                    self.assertError(response, 400, "bad_parameter")
            for data in ("{", "[]", "1", "null", '""', "", "NaN", '{"values": NaN}', "\xff"):
                with self.subTest(method=method, data=data):
                    response = self._call(
                        method,
                        "/api/send_request",
                        self.access,
                        params=params,
                        data=data.encode("latin-1"),
                        headers={"Content-Type": "application/json"},
                    )
                    error = self.assertAnswer(response, 400)["error"]
                    is_body = data not in ("", "null", '""')
                    self.assertEqual(error, "bad_json" if is_body else "bad_value")
        self.assertEqual(self._count(name="x"), 0)

    def test_x2many_ids_replace_what_is_there(self):
        """A list of ids is the whole relation; Odoo's link commands work, too."""
        tags = self.env["res.partner.category"].create([{"name": "A"}, {"name": "B"}])
        for value, expected in (
            (tags.ids, tags),
            ([tags[0].id], tags[0]),
            ([[4, tags[1].id]], tags),
            ([[3, tags[0].id]], tags[1]),
            ([[5]], tags.browse()),
            ([[6, 0, tags.ids]], tags),
            ([], tags.browse()),
        ):
            with self.subTest(value=value):
                self.assertAnswer(self._write({"category_id": value}))
                self.env.invalidate_all()
                self.assertEqual(self.partner.category_id.sorted("id"), expected)

    def test_x2many_commands_write_a_connected_model(self):
        """Create, update and delete below a record, when that model is open for them."""
        data = self._one(
            self._write(
                {"bank_ids": [[0, 0, {"acc_number": "NEW-1"}]]}, expand={"bank_ids": ["acc_number"]}
            )
        )
        [bank] = data["bank_ids"]
        self.assertEqual(bank["acc_number"], "NEW-1")
        self._one(self._write({"bank_ids": [[1, bank["id"], {"acc_number": "NEW-2"}]]}))
        self.assertEqual(self.partner.bank_ids.acc_number, "NEW-2")
        self._one(self._write({"bank_ids": [[2, bank["id"]]]}))
        self.assertFalse(self.partner.bank_ids)

    def test_ids_that_are_no_records_are_a_422(self):
        """A many2one or a list that points to nothing is no database error."""
        for values in (
            {"country_id": 2**31 - 1},
            {"category_id": [2**31 - 1]},
            {"category_id": [[4, 2**31 - 1]]},
            {"parent_id": 2**31 - 1},
        ):
            with self.subTest(values=values):
                self.assertError(self._write({"ref": "BAD", **values}), 422, "validation_error")
        self.assertEqual(self.partner.ref, "WRITE")

    # --- what Odoo refuses ---------------------------------------------------------------

    def test_validation_error_is_a_422_with_odoos_message(self):
        """ValidationError: the message is Odoo's own, the record stays."""
        child = self.env["res.partner"].create({"name": "Child", "parent_id": self.partner.id})
        body = self.assertError(
            self._write({"parent_id": child.id, "ref": "BAD"}), 422, "validation_error"
        )
        self.assertIn("recursive", body["message"].lower())
        self.assertEqual(self._count(ref="BAD"), 0)

    def test_user_error_is_a_422_with_odoos_message(self):
        """UserError: the message is Odoo's own, the record stays."""
        response = self._delete(self.victim.partner_id)
        body = self.assertError(response, 422, "validation_error")
        self.assertIn(self.victim.name, body["message"])
        self.assertTrue(self.victim.partner_id.exists())

    @mute_logger("odoo.sql_db")
    def test_missing_required_value_is_a_422(self):
        """It names the field in Odoo's words, not the column or the constraint."""
        values = {"name": "Codeless", "country_id": self.country.id}
        body = self.assertError(self._create(values, "res.country.state"), 422, "validation_error")
        self.assertIn("State Code", body["message"])
        self.assertNotIn("res_country_state_", body["message"])
        self.assertEqual(self._count("res.country.state", name="Codeless"), 0)

    @mute_logger("odoo.sql_db")
    def test_foreign_key_is_a_422(self):
        """Deleting what another record needs: refused, and both stay."""
        state = self.env["res.country.state"].create(
            {"name": "Needed", "code": "ND", "country_id": self.country.id}
        )
        self.partner.state_id = state
        body = self.assertError(self._delete(state), 422, "validation_error")
        self.assertNotIn("fkey", body["message"])
        self.assertTrue(state.exists())
        self.assertEqual(self.partner.state_id, state)

    @mute_logger("odoo.sql_db")
    def test_s17_text_of_the_database_is_not_shown(self):
        """Where Odoo has no words for a constraint and shows PostgreSQL's, ours are shown."""
        for code in ("23001", "23503", "23505", "23514", "23P01", "22003", "42P01"):

            def fail(records, values, code=code):
                raise_sql_state(records.env.cr, code)

            with (
                self.subTest(code=code),
                patch.object(self.registry["res.partner"], "write", fail),
                mute_logger("odoo.http"),
            ):
                response = self._write({"name": "Bad"})
                self.assertNotIn("race", response.text)
                self.assertNotIn("PL/pgSQL", response.text)
                if code.startswith("23"):
                    self.assertError(response, 422, "validation_error")
        self.assertEqual(self._count(name="Bad"), 0)

    @mute_logger("odoo.sql_db")
    def test_unique_is_a_422_with_odoos_message(self):
        """The constraint's own sentence, and the first record alone."""
        values = {"name": "Once", "code": "ON", "country_id": self.country.id}
        self._one(self._create(values, "res.country.state"), 201)
        body = self.assertError(
            self._create({**values, "name": "Twice"}, "res.country.state"), 422, "validation_error"
        )
        self.assertIn("unique", body["message"])
        self.assertEqual(self._count("res.country.state", code="ON", country_id=self.country.id), 1)

    @mute_logger("odoo.sql_db")
    def test_check_constraint_is_a_422(self):
        """A constraint of the database, in the words of the model."""
        body = self.assertError(self._write({"name": False}), 422, "validation_error")
        self.assertNotIn("res_partner_check", body["message"])
        self.assertEqual(self._count(ref="WRITE", name="Before"), 1)

    @mute_logger("odoo.sql_db")
    def test_value_too_large_for_its_column_is_a_400(self):
        """What PostgreSQL cannot keep is the client's mistake."""
        response = self._write({"partner_latitude": 1e300, "ref": "BAD"})
        self.assertIn(response.status_code, (200, 400))
        if response.status_code == 400:
            self.assertError(response, 400, "bad_value")
            self.assertEqual(self._count(ref="BAD"), 0)

    def test_access_error_is_a_403(self):
        """Where the caller's own rights count, Odoo's refusal is a 403 and nothing is written."""
        self._connect("res.users")
        for respond in (
            lambda: self._write({"name": "Mine now"}, self.victim),
            lambda: self._create({"name": "New", "login": "api-new"}, "res.users"),
            lambda: self._delete(self.victim),
        ):
            with self.subTest():
                self.assertError(respond(), 403, "access_denied")
        self.assertEqual(self._count("res.users", login="api-new"), 0)
        self.assertEqual(self._count("res.users", name="api-victim"), 1)

    def test_lost_update_is_a_409(self):
        """When Odoo's retries are used up; nothing is written."""
        plain = self.registry["res.partner"].write

        def lose(records, values):
            plain(records, values)
            raise_sql_state(records.env.cr, "40001")

        with (
            patch.object(self.registry["res.partner"], "write", lose),
            patch("odoo.service.model.time.sleep"),
            mute_logger("odoo.sql_db", "odoo.http"),
        ):
            self.assertError(self._write({"name": "Lost"}), 409, "conflict")
        self.assertEqual(self._count(name="Lost"), 0)

    # --- all or nothing ------------------------------------------------------------------

    def test_b02_nothing_is_written_when_the_answer_is_an_error(self):
        """An unknown field in ``fields`` or ``expand`` refuses the write before it happens."""
        for selection in (
            {"fields": ["name", "nope"]},
            {"expand": {"nope": ["name"]}},
            {"expand": {"country_id": ["nope"]}},
            {"fields": ["name"], "expand": {"name": ["id"]}},
        ):
            for respond in (self._write, self._create):
                with self.subTest(respond=respond.__name__, **selection):
                    response = respond({"name": "Half", "ref": "BAD"}, **selection)
                    self.assertAnswer(response, 400)
        for respond in (self._write, self._create):
            response = respond({"name": "Half", "ref": "BAD", "nope": 1})
            self.assertError(response, 400, "unknown_field")
        self.assertEqual(self._count(ref="BAD"), 0)

    def test_b02_error_while_answering_rolls_the_write_back(self):
        """What fails after the write takes the write with it."""
        for respond in (self._write, self._create):
            with (
                self.subTest(respond=respond.__name__),
                patch.object(write, "dump", side_effect=ZeroDivisionError("secret")),
                mute_logger("odoo.http"),
            ):
                response = respond({"name": "Half", "ref": "BAD"}, fields=["name"])
                body = self.assertError(response, 500, "server_error")
                self.assertNotIn("secret", body["message"])
        self.assertEqual(self._count(ref="BAD"), 0)

    def test_b02_failing_command_rolls_everything_back(self):
        """The record, its lines and the write itself are one transaction."""
        twice = [[0, 0, {"acc_number": "SAME"}], [0, 0, {"acc_number": "SAME"}]]
        with mute_logger("odoo.sql_db"):
            response = self._create({"name": "Half", "ref": "BAD", "bank_ids": twice})
        self.assertError(response, 422, "validation_error")
        self.assertEqual(self._count(ref="BAD"), 0)
        self.assertEqual(self._count("res.partner.bank", acc_number="SAME"), 0)

    def test_b03_lost_race_is_run_again(self):
        """A serialization failure reaches Odoo's retry: one 201, one record."""
        plain, races = self.registry["res.partner"].create, ["40001", "40001"]

        def race(model, values):
            created = plain(model, values)
            if races:
                raise_sql_state(model.env.cr, races.pop())
            return created

        with (
            patch.object(self.registry["res.partner"], "create", race),
            patch("odoo.service.model.time.sleep"),
            mute_logger("odoo.sql_db"),
        ):
            self._one(self._create({"name": "Raced", "ref": "RACE"}), 201)
        self.assertEqual(races, [])
        self.assertEqual(self._count(ref="RACE"), 1)
