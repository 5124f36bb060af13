# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Descriptions of models whose code writes, fails or leads elsewhere."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase

DESCRIBED, FILE, TAG = "api.test.described", "api.test.file", "api.test.tag"


@tagged("post_install", "-at_install")
class TestDescribed(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.tag = cls.env[TAG].search([], order="id", limit=1) or cls.env[TAG].create(
            {"name": "First"}
        )

    def _fields(self, model, **headers):
        response = self._call("GET", f"/api/v1/{model}/schema", self.access, headers=headers)
        return self.assertAnswer(response)["data"]["fields"]

    def test_default_values_write_nothing(self):
        """Code that writes is stopped by PostgreSQL, and its model has no default values then."""
        self._connect(DESCRIBED)
        count = self.env[TAG].search_count([])
        with mute_logger("odoo.sql_db"):
            fields = self._fields(DESCRIBED)
        self.assertEqual({field["default"] for field in fields.values()}, {None})
        self.env.invalidate_all()
        self.assertEqual(self.env[TAG].search_count([]), count)

    def test_action_with_the_name_of_the_path(self):
        connection = self._connect(DESCRIBED, "GET")
        path = f"/api/v1/{DESCRIBED}/schema"
        self.assertError(self._post(path, {}, self.access), 404, "not_found")
        self.env["connection.api.action"].create(
            {"connection_id": connection.id, "name": "schema", "description": "A text."}
        )
        body = self.assertAnswer(self._post(path, {}, self.access))
        self.assertEqual(body, {"success": True, "result": "the action"})
        data = self.assertAnswer(self._call("GET", path, self.access))["data"]
        self.assertEqual(data["actions"], [{"name": "schema", "description": "A text."}])

    def test_file_with_the_name_of_the_path(self):
        self._connect(FILE)
        record = self.env[FILE].create({"schema": b"aGVsbG8="})
        response = self._call("GET", f"/api/v1/{FILE}/{record.id}/schema", self.access)
        self.assertEqual((response.status_code, response.content), (200, b"hello"))

    def test_default_values(self):
        """In the form of an answer; the name of a record only if the caller sees it."""
        self._connect(FILE)
        fields = self._fields(FILE)
        shown = {name: field["default"] for name, field in fields.items()}
        self.assertEqual(
            {name: value for name, value in shown.items() if value is not None},
            {
                "name": "A file",
                "day": "2026-11-26",
                "moment": "2026-11-26T08:00:00Z",
                "tag_id": {"id": self.tag.id, "display_name": self.tag.display_name},
                "tag_ids": [self.tag.id],
            },
        )
        self._connect(TAG, "GET", domain=f"[('id', '!=', {self.tag.id})]")
        shown = {name: field["default"] for name, field in self._fields(FILE).items()}
        self.assertEqual((shown["tag_id"], shown["tag_ids"]), (None, None))
        self.assertEqual(shown["name"], "A file")

    def test_currency(self):
        """The field with the currency of an amount is named if the caller may read it."""
        self._connect(FILE)
        self.assertEqual(self._fields(FILE)["amount"]["currency_field"], "currency_id")
        fields = self.env["ir.model.fields"]
        self._connect(FILE, read_field_ids=[(6, 0, fields._get(FILE, "amount").ids)])
        self.assertNotIn("currency_field", self._fields(FILE)["amount"])

    def test_default_values_need_post(self):
        self._connect(FILE, "GET PUT")
        self.assertEqual({field["default"] for field in self._fields(FILE).values()}, {None})

    def test_selections(self):
        """A reference names only models that the caller may read; code that fails gives no values."""
        self._connect(FILE)
        fields = self._fields(FILE)
        self.assertEqual(fields["model_name"]["selection"], [{"value": TAG, "label": "Tag"}])
        uid = str(self.user.id)
        self.assertEqual(fields["chosen"]["selection"], [{"value": "uid", "label": uid}])
        self.assertEqual(fields["failing"]["selection"], [])
        self.access = self._open(self.admin).access
        names = [item["value"] for item in self._fields(FILE)["model_name"]["selection"]]
        self.assertEqual(names, [TAG, "ir.cron"])
