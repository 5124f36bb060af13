# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The forms of values on resource paths: links and empty values inside properties, every type sent back."""

import contextlib
import itertools

from odoo.tests import tagged

from odoo.addons.jwt_auth_api.tests.common import ApiCase
from odoo.addons.jwt_auth_api.tools.errors import ApiError

RECORD, FOLDER, TAG, TOUCHY = (
    "api.test.record",
    "api.test.folder",
    "api.test.tag",
    "api.test.touchy",
)
FORMS = [
    {"nulls": nulls, "relations": relations}
    for nulls, relations in itertools.product(("1", "0"), ("object", "id"))
]


@tagged("post_install", "-at_install")
class TestValueForms(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (RECORD, FOLDER, TAG, TOUCHY, "res.partner"):
            cls._connect(model)
        cls.partner = cls.env["res.partner"].create({"name": "Somebody"})
        definition = [
            {"name": "flag", "type": "boolean", "string": "Flag"},
            {"name": "count", "type": "integer", "string": "Count"},
            {"name": "at", "type": "datetime", "string": "At", "default": "2026-11-23 20:43:00"},
            {"name": "labels", "type": "tags", "string": "Labels", "tags": [["a", "A", 1]]},
            {
                "name": "owner",
                "type": "many2one",
                "string": "Owner",
                "comodel": "res.partner",
                "default": cls.partner.id,
            },
            {"name": "others", "type": "many2many", "string": "Others", "comodel": "res.partner"},
        ]
        cls.folder = cls.env[FOLDER].create({"name": "F", "properties_definition": definition})
        full = {
            "flag": True,
            "count": 3,
            "at": "2026-11-25 10:00:00",
            "labels": ["a"],
            "owner": cls.partner.id,
            "others": cls.partner.ids,
        }
        nothing = dict.fromkeys(full, False)
        cls.full, cls.empty = cls.env[RECORD].create(
            [
                {"name": "r", "folder_id": cls.folder.id, "properties": values}
                for values in (full, nothing)
            ]
        )
        cls.access = cls._open(cls.user).access
        cls.env.flush_all()

    def _row(self, record, **params):
        response = self._v1("GET", f"{record._name}/{record.id}", self.access, **params)
        return self.assertAnswer(response)["data"]

    def _xmin(self, record):
        self.env.flush_all()
        self.env.cr.execute(f'SELECT xmin, * FROM "{record._table}" WHERE id = %s', [record.id])
        return self.env.cr.fetchall()

    def _values(self, record, **params):
        row = self._row(record, fields=["properties"], **params)
        return {item["name"]: item["value"] for item in row["properties"]}

    def test_properties(self):
        """A link has the form of a many2one; an empty value is null, where it is a list an empty one."""
        link = {"id": self.partner.id, "display_name": "Somebody"}
        found = self._values(self.full)
        self.assertEqual((found["owner"], found["others"]), (link, [link]))
        self.assertEqual(found["at"], "2026-11-25T10:00:00Z")
        found = self._values(self.full, relations="id")
        self.assertEqual((found["owner"], found["others"]), (self.partner.id, self.partner.ids))
        expected = {"flag": False, "count": None, "at": None, "labels": [], "owner": None}
        self.assertEqual(self._values(self.empty), {**expected, "others": []})
        found = self._values(self.empty, nulls="0")
        self.assertEqual(found, {**dict.fromkeys(expected, False), "others": []})
        pair = [self.partner.id, "Somebody"]
        response = self._send(
            "GET", RECORD, self.access, id=str(self.full.id), fields=["properties"]
        )
        [row] = self.assertAnswer(response)["data"]
        found = {item["name"]: item["value"] for item in row["properties"]}
        self.assertEqual((found["owner"], found["others"]), (pair, [pair]))

    def test_definitions(self):
        for params, link in (
            ({}, {"id": self.partner.id, "display_name": "Somebody"}),
            ({"relations": "id"}, self.partner.id),
        ):
            row = self._row(self.folder, fields=["properties_definition"], **params)
            found = {item["name"]: item.get("default") for item in row["properties_definition"]}
            self.assertEqual((found["owner"], found["at"]), (link, "2026-11-23T20:43:00Z"))

    def test_link_to_a_record_that_the_caller_may_not_see(self):
        """Its name is null; the link stays when it is sent back."""
        rule = {
            "name": "hides",
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "domain_force": f"[('id', '!=', {self.partner.id})]",
        }
        self.env["ir.rule"].create(rule)
        hidden = {"id": self.partner.id, "display_name": None}
        found = self._values(self.full)
        self.assertEqual((found["owner"], found["others"]), (hidden, [hidden]))
        values = {"properties": {**found, "count": 4}}
        self.assertAnswer(
            self._v1("PATCH", f"{RECORD}/{self.full.id}", self.access, {"values": values})
        )
        self.env.invalidate_all()
        self.assertEqual(self.full.properties._values["owner"], self.partner.id)
        self.assertEqual(self.full.properties._values["count"], 4)

    def test_what_was_answered_can_be_sent_back(self):
        """Every field of every model here, in each form: no row is written."""
        self.full.write(
            {"partner_id": self.partner.id, "reference": f"res.partner,{self.partner.id}"}
        )
        touchy = self.env[TOUCHY].create({"name": "Touchy", "product": 1})
        for record in (self.full, self.empty, self.folder, touchy, self.partner):
            for params in FORMS:
                with self.subTest(record=record, params=params):
                    before = self._xmin(record)
                    row = self._row(record, fields=self._readable(record._name), **params)
                    body = {"values": row, "fields": []}
                    path = f"{record._name}/{record.id}"
                    self.assertAnswer(self._v1("PUT", path, self.access, body))
                    self.assertAnswer(
                        self._send("PUT", record._name, self.access, body, id=str(record.id))
                    )
                    self.env.invalidate_all()
                    self.assertEqual(self._xmin(record), before)

    def test_each_form_changes_properties(self):
        """A changed property is written, and the others stay what they are."""
        other = self.env["res.partner"].create({"name": "Other"})
        for params in FORMS:
            with self.subTest(params):
                self.full.properties = {
                    "owner": self.partner.id,
                    "others": self.partner.ids,
                    "count": 3,
                }
                self.env.flush_all()
                row = self._row(self.full, fields=["properties"], **params)
                for item in row["properties"]:
                    if item["name"] == "owner":
                        whole = isinstance(item["value"], dict)
                        item["value"] = {**item["value"], "id": other.id} if whole else other.id
                self.assertAnswer(
                    self._v1("PUT", f"{RECORD}/{self.full.id}", self.access, {"values": row})
                )
                self.env.invalidate_all()
                kept = self.full.properties._values
                self.assertEqual(
                    (kept["owner"], kept["others"], kept["count"]),
                    (other.id, self.partner.ids, 3),
                )

    def _readable(self, model):
        policy = self.env(user=self.user)["connection.api"]._resolve(model, "GET")
        found = []
        for name in sorted(self.env[model]._fields):
            with contextlib.suppress(ApiError):
                found.append(policy.readable(name).name)
        return found
