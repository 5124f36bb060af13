# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The forms of values: null and objects on resource paths, Odoo's own on ``/api/send_request``."""

import json
from unittest.mock import patch

from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase

MODEL = "res.partner"
EMPTY = ["email", "parent_id", "website", "type", "image_1920", "partner_latitude", "is_company"]
EMPTY += ["category_id", "color", "child_ids"]
KEY = {"Idempotency-Key": "forms"}


class FormsCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (MODEL, "res.country"):
            cls._connect(model)
        cls.country = cls.env["res.country"].create({"name": "Formland", "code": "q6"})
        cls.parent = cls.env[MODEL].create({"name": "Parent", "ref": "FORMS", "type": False})
        cls.child = cls.env[MODEL].create(
            {"name": "Child", "ref": "FORMS", "parent_id": cls.parent.id, "type": "other"}
        )
        cls.child.country_id = cls.country  # of another type: the parent's address stays empty
        cls.link = {"id": cls.country.id, "display_name": "Formland"}
        cls.access = cls._open(cls.user).access

    def _row(self, record, **params):
        response = self._v1("GET", f"{MODEL}/{record.id}", self.access, **params)
        return self.assertAnswer(response)["data"]

    def _put(self, record, values, **params):
        body = {"values": values, "fields": ["country_id", "email"]}
        return self._v1("PUT", f"{MODEL}/{record.id}", self.access, body, **params)


@tagged("post_install", "-at_install")
class TestValueForms(FormsCase):
    # --- reading -------------------------------------------------------------------------

    def test_empty_values_are_null(self):
        """Booleans, numbers and lists stay what they are; ``nulls=0`` gives Odoo's false."""
        values = [None, None, None, None, None, 0.0, False, [], 0, [self.child.id]]
        row = self._row(self.parent, fields=EMPTY)
        self.assertEqual(row, {"id": self.parent.id, **dict(zip(EMPTY, values, strict=True))})
        values = [False if value is None else value for value in values]
        row = self._row(self.parent, fields=EMPTY, nulls="0")
        self.assertEqual(row, {"id": self.parent.id, **dict(zip(EMPTY, values, strict=True))})

    def test_many2one(self):
        """An object with the name, or the id alone; on every level, in lists and single records."""
        for params, link in (
            ({}, self.link),
            ({"relations": "object"}, self.link),
            ({"relations": "id"}, self.country.id),
            ({"relations": "id", "nulls": "0"}, self.country.id),
            ({"nulls": "0"}, self.link),
        ):
            with self.subTest(params):
                empty = False if "nulls" in params else None
                row = {"id": self.child.id, "country_id": link, "user_id": empty}
                params = {"fields": ["country_id", "user_id"], **params}
                self.assertEqual(self._row(self.child, **params), row)
                for more in ({}, {"cursor": ""}):
                    domain = [["id", "=", self.child.id]]
                    response = self._v1("GET", MODEL, self.access, domain=domain, **params, **more)
                    self.assertEqual(self.assertAnswer(response)["data"], [row])
                expand = {"child_ids": params.pop("fields")}
                nested = self._row(self.parent, fields=[], expand=expand, **params)
                self.assertEqual(nested, {"id": self.parent.id, "child_ids": [row]})

    def test_expanded_many2one(self):
        """The chosen fields, whatever form other relations have; null if there is none."""
        for params in ({}, {"relations": "id"}, {"nulls": "0"}):
            row = self._row(self.child, fields=[], expand={"country_id": ["code"]}, **params)
            self.assertEqual(row["country_id"], {"id": self.country.id, "code": "Q6"})
            row = self._row(self.parent, fields=[], expand={"country_id": ["code"]}, **params)
            self.assertIsNone(row["country_id"])

    def test_ids_alone_read_no_names(self):
        """No statement for the model of the relation."""
        with self._statements() as statements:
            self._row(self.child, fields=["country_id"], relations="id")
        self.assertFalse([each for each in statements if '"res_country"' in str(each)])
        with self._statements() as statements:
            self._row(self.child, fields=["country_id"])
        self.assertTrue([each for each in statements if '"res_country"' in str(each)])

    @mute_logger("odoo.addons.jwt_auth_api.engine.faults")
    def test_name_that_cannot_be_read(self):
        """It is null, and reported."""

        def compute(records):
            raise ValueError("broken")

        model = self.registry["res.country"]
        with patch.object(model, "_compute_display_name", compute):
            response = self._v1(
                "GET", f"{MODEL}/{self.child.id}", self.access, fields=["country_id"]
            )
        body = self.assertAnswer(response)
        self.assertEqual(body["data"]["country_id"], {**self.link, "display_name": None})
        self.assertEqual(body["errors"][0]["model"], "res.country")

    def test_groups(self):
        """Relations and empty values have the form that they have in records."""
        domain = [["ref", "=", "FORMS"]]
        for params, link, empty in (
            ({}, self.link, None),
            ({"relations": "id"}, self.country.id, None),
            ({"nulls": "0"}, self.link, False),
        ):
            response = self._v1(
                "GET", MODEL, self.access, domain=domain, groupby=["country_id"], **params
            )
            rows = self.assertAnswer(response)["data"]
            expected = [
                {"country_id": link, "id:count": 1},
                {"country_id": empty, "id:count": 1},
            ]
            self.assertEqual(rows, expected)
        response = self._v1("GET", MODEL, self.access, domain=domain, groupby=["id"])
        found = [row["id"] for row in self.assertAnswer(response)["data"]]
        self.assertIn({"id": self.child.id, "display_name": self.child.display_name}, found)

    def test_groups_of_a_many2many(self):
        """A tag whose connection does not show its name has none."""
        tags = self.env["res.partner.category"].create([{"name": "shown"}, {"name": "hidden"}])
        self.child.category_id = tags
        self._connect("res.partner.category", "GET", domain="[('name', '!=', 'hidden')]")
        domain = [["id", "=", self.child.id]]
        response = self._v1("GET", MODEL, self.access, domain=domain, groupby=["category_id"])
        found = [row["category_id"] for row in self.assertAnswer(response)["data"]]
        expected = [
            {"id": tags[0].id, "display_name": "shown"},
            {"id": tags[1].id, "display_name": None},
        ]
        self.assertCountEqual(found, expected)

    # --- writing -------------------------------------------------------------------------

    def test_answer_of_a_write(self):
        """POST and PUT, of one record and of several; the parameters are the same as for a read."""
        for params, link, empty in (
            ({}, self.link, None),
            ({"relations": "id"}, self.country.id, None),
            ({"nulls": "0"}, self.link, False),
        ):
            with self.subTest(params):
                values = {"name": "Made", "country_id": self.country.id}
                row = {"country_id": link, "email": empty}
                body = {"values": values, "fields": ["country_id", "email"]}
                response = self._v1("POST", MODEL, self.access, body, **params)
                made = self.assertAnswer(response, 201)["data"]
                self.assertEqual(made, {"id": made["id"], **row})
                record = self.env[MODEL].browse(made["id"])
                response = self._put(record, {"name": "Changed"}, **params)
                self.assertEqual(self.assertAnswer(response)["data"], made)
                body["values"] = [values, values]
                response = self._v1("POST", MODEL, self.access, body, **params)
                for each in self.assertAnswer(response, 201)["data"]:
                    self.assertEqual(each, {"id": each["id"], **row})
                item = {"id": record.id, "values": {"color": 1}}
                body = {"records": [item], "fields": ["country_id", "email"]}
                response = self._v1("PUT", MODEL, self.access, body, **params)
                self.assertEqual(self.assertAnswer(response)["data"], [made])

    def test_each_form_is_taken(self):
        """Object, pair, id; null and false empty the field."""
        link, pair = self.link, [self.country.id, "Formland"]
        other = {"id": self.country.id, "display_name": "Another Name", "code": "XX"}
        for value in (link, pair, self.country.id, float(self.country.id), other):
            for empty in (None, False):
                with self.subTest(value=value, empty=empty):
                    response = self._put(self.parent, {"country_id": value})
                    self.assertEqual(self.assertAnswer(response)["data"]["country_id"], link)
                    self.env.invalidate_all()
                    self.assertEqual(self.parent.country_id, self.country)
                    response = self._put(self.parent, {"country_id": empty})
                    self.assertIsNone(self.assertAnswer(response)["data"]["country_id"])
                    self.env.invalidate_all()
                    self.assertFalse(self.parent.country_id)
        for value in ({"display_name": "Formland"}, {"id": None}, {"id": "7"}, {}, []):
            with self.subTest(value=value):
                response = self._put(self.parent, {"country_id": value})
                self.assertError(response, 400, "bad_value")

    def test_what_was_answered_can_be_sent_back(self):
        """In every form, and nothing is written."""
        fields = [*EMPTY, "country_id", "user_id", "create_uid", "create_date", "display_name"]
        expand = {"child_ids": ["name", "country_id", "email"], "country_id": ["code", "name"]}
        for record in (self.parent, self.child):
            for params in (
                {},
                {"nulls": "0"},
                {"relations": "id"},
                {"relations": "id", "nulls": "0"},
                {"expand": expand},
                {"expand": expand, "relations": "id"},
            ):
                row = self._row(record, fields=fields, **params)
                with self.subTest(record=record.name, params=params):
                    with patch.object(BaseModel, "write", autospec=True) as write:
                        self.assertAnswer(self._put(record, row))
                        documented = self._send(
                            "PUT", MODEL, self.access, {"values": row}, id=str(record.id)
                        )
                        self.assertAnswer(documented)
                    written = [call.args for call in write.mock_calls]
                    self.assertEqual([each for each in written if each[0]._name == MODEL], [])

    def test_repeated_request(self):
        """The first answer again, in its form; in another form it is another request."""
        body = {"values": {"name": "Once", "country_id": self.link}}
        body["fields"] = ["country_id", "email"]
        body["expand"] = {"parent_id": ["name"]}
        first = self._v1("POST", MODEL, self.access, body, KEY)
        expected = {"country_id": self.link, "email": None, "parent_id": None}
        made = self.assertAnswer(first, 201)["data"]
        self.assertEqual(made, {"id": made["id"], **expected})
        again = self._v1("POST", MODEL, self.access, body, KEY)
        self.assertEqual((again.status_code, again.content), (201, first.content))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        other = self._v1("POST", MODEL, self.access, body, KEY, relations="id")
        self.assertError(other, 422, "idempotency_key_reused")
        names = self.env["ir.model.fields"]._get(MODEL, "name")
        names |= self.env["ir.model.fields"]._get(MODEL, "country_id")
        self._connect(MODEL, read_field_ids=[(6, 0, names.ids)])
        body = {"values": {"name": "Twice", "country_id": self.link}, "fields": ["country_id"]}
        key = {"Idempotency-Key": "again"}
        first = self._v1("POST", MODEL, self.access, body, key)
        made = self.assertAnswer(first, 201)["data"]
        self.assertEqual(made["country_id"], self.link)
        record = self.env[MODEL].browse(made["id"])
        self._connect(MODEL, domain=f"[('id', '!=', {record.id})]")
        again = self._v1("POST", MODEL, self.access, body, key)
        self.assertEqual(self.assertAnswer(again, 201)["data"], {"id": record.id})

    def test_entity_tag_is_that_of_the_form(self):
        """Another form is another representation, and each tag guards a write."""
        path = f"{MODEL}/{self.child.id}"
        tags = {
            self._v1("GET", path, self.access, fields=["country_id", "email"], **params).headers[
                "ETag"
            ]
            for params in ({}, {"relations": "id"}, {"nulls": "0"})
        }
        self.assertEqual(len(tags), 3)
        for tag in tags:
            response = self._v1(
                "PATCH", path, self.access, {"values": {"name": "Child"}}, {"If-Match": tag}
            )
            self.assertAnswer(response)


@tagged("post_install", "-at_install")
class TestDocumentedForms(FormsCase):
    """``/api/send_request`` answers byte for byte as documented, whatever resource paths do."""

    def assertBytes(self, response, expected, status=200):
        self.assertEqual(response.status_code, status, response.text)
        text = json.dumps(expected, separators=(",", ":"), ensure_ascii=False)
        self.assertEqual(response.content.decode(), text)

    def _get(self, **params):
        return self._send("GET", MODEL, self.access, **{"fields": EMPTY, **params})

    def test_read(self):
        values = [False, False, False, False, False, 0.0, False, [], 0, [self.child.id]]
        row = {"id": self.parent.id, **dict(zip(EMPTY, values, strict=True))}
        pages = {"count": 1, "page": 1, "page_size": 20, "total": 1, "total_pages": 1}
        answer = {"success": True, **pages, "data": [row]}
        self.assertBytes(self._get(id=str(self.parent.id)), answer)
        domain = [["id", "=", self.parent.id]]
        self.assertBytes(self._get(domain=domain), answer)
        pair = [self.country.id, "Formland"]
        row = {"id": self.child.id, "country_id": pair, "user_id": False}
        domain = [["id", "=", self.child.id]]
        for more in ({}, {"relations": "id"}, {"relations": "object"}):
            response = self._get(domain=domain, fields=["country_id", "user_id"], **more)
            self.assertBytes(response, {**answer, "data": [row]})
        response = self._get(domain=domain, fields=["country_id", "user_id"], nulls="1")
        self.assertBytes(response, {**answer, "data": [{**row, "user_id": None}]})
        groups = self._send("GET", MODEL, self.access, domain=domain, groupby=["country_id"])
        found = [{"country_id": pair, "id:count": 1}]
        self.assertBytes(groups, {**answer, "data": found})

    def test_write(self):
        pair = [self.country.id, "Formland"]
        row = {"country_id": pair, "user_id": False}
        for value in (self.country.id, pair, self.link):
            body = {"values": {"country_id": value}, "fields": ["country_id", "user_id"]}
            response = self._send("PUT", MODEL, self.access, body, id=str(self.parent.id))
            answer = {"success": True, "count": 1, "data": {"id": self.parent.id, **row}}
            self.assertBytes(response, answer)
            body["values"]["name"] = "Made"
            response = self._send("POST", MODEL, self.access, body, relations="id")
            made = {"id": response.json()["data"]["id"], **row}
            self.assertBytes(response, {"success": True, "count": 1, "data": made}, 201)
