# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which fields an error names when a constraint of Odoo or PostgreSQL refuses values."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase

MODEL = "api.test.ruled"
LATE = {"name": "Late", "start": "2026-05-02", "stop": "2026-05-01"}


@tagged("post_install", "-at_install")
class TestConstraints(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect(MODEL)
        cls.taken = cls.env[MODEL].create(
            {"name": "First", "email": "First@example.com", "start": "2026-05-01"}
        )
        cls.access = cls._open(cls.user).access

    def _refused(self, method, body, path="", status=422, code="validation_error"):
        """Return the fields that the error of a write names; nothing is written."""
        before = self.env[MODEL].search([]).read(["name", "email", "size"])
        with mute_logger("odoo.sql_db", "odoo.addons.jwt_auth_api.engine.missing"):
            response = self._call(method, f"/api/v1/{MODEL}{path}", self.access, json=body)
        body = self.assertError(response, status, code)
        self.env.invalidate_all()
        self.assertEqual(self.env[MODEL].search([]).read(["name", "email", "size"]), before)
        return body.get("fields")

    def _created(self, *values):
        return self._refused("POST", {"values": values[0] if len(values) == 1 else list(values)})

    def _changed(self, **values):
        return self._refused("PUT", {"values": values}, f"/{self.taken.id}")

    def test_constraint_in_python(self):
        """It names those of its fields that were sent."""
        said = {"start": ["It ends before it begins."], "stop": ["It ends before it begins."]}
        self.assertEqual(self._created(LATE), said)
        self.assertEqual(self._changed(stop="2026-04-01"), {"stop": said["stop"]})
        self.assertEqual(list(self._created({"name": "bad"})), ["name"])
        self.assertEqual(list(self._changed(name="bad")), ["name"])

    def test_record_among_several(self):
        """The code of the constraint tells which record it was looking at; otherwise it may be any of them."""
        fine = {"name": "Fine", "start": "2026-05-01"}
        self.assertEqual(
            list(self._created(fine, LATE, fine)), ["values[1].start", "values[1].stop"]
        )
        self.assertEqual(list(self._created(fine, {"name": "bad"})), ["name"])
        second = self.taken.copy({"email": False})
        self.env.flush_all()
        records = [
            {"id": second.id, "values": {"name": "Fine"}},
            {"id": self.taken.id, "values": {"stop": "2026-04-01"}},
        ]
        self.assertEqual(list(self._refused("PUT", {"records": records})), ["records[1].stop"])

    def test_records_within_a_record(self):
        """A command has its place in the list of its field."""
        children = [[0, 0, {"name": "Fine"}], [0, 0, LATE]]
        fields = self._created({"name": "Parent", "child_ids": children})
        self.assertEqual(list(fields), ["child_ids[1].start", "child_ids[1].stop"])
        fields = self._changed(child_ids=children)
        self.assertEqual(list(fields), ["child_ids[1].start", "child_ids[1].stop"])
        fields = self._created({"name": "P"}, {"name": "Q", "child_ids": children})
        self.assertEqual(
            list(fields), ["values[1].child_ids[1].start", "values[1].child_ids[1].stop"]
        )
        child = self.taken.copy({"email": False, "parent_id": self.taken.id})
        self.env.flush_all()
        fields = self._changed(child_ids=[[1, child.id, {"stop": "2026-04-01"}]])
        self.assertEqual(list(fields), ["child_ids[0].stop"])
        fields = self._changed(name="Changed", child_ids=[[1, child.id, {"size": -1}]])
        self.assertEqual(list(fields), ["child_ids[0].size"])

    def test_constraint_of_the_database(self):
        """Its columns are PostgreSQL's, of expressions too."""
        said = {"size": ["The operation cannot be completed: Never below zero."]}
        self.assertEqual(self._created({"name": "A", "size": -1}), said)
        self.assertEqual(self._changed(size=-1), said)
        same = {"name": "Second", "email": "first@EXAMPLE.com"}
        said = {"email": ["The operation cannot be completed: This address is taken."]}
        self.assertEqual(self._created(same), said)
        fields = self._created({"name": "Fine", "email": "a@example.com"}, same)
        self.assertEqual(list(fields), ["email"])
        fields = self._created({"name": "Fine"}, same)
        self.assertEqual(list(fields), ["values[1].email"])

    def test_required_value(self):
        """A missing value is named where it is missing."""
        self.assertEqual(list(self._created({"email": "x@example.com"})), ["name"])
        self.assertEqual(list(self._created({"name": None})), ["name"])
        self.assertEqual(list(self._changed(name=None)), ["name"])
        fields = self._created({"name": "Fine"}, {"email": "x@example.com"})
        self.assertEqual(list(fields), ["values[1].name"])
        fields = self._created({"name": "Parent", "child_ids": [[0, 0, {"size": 1}]]})
        self.assertEqual(list(fields), ["child_ids[0].name"])

    def test_hidden_fields_are_not_named(self):
        """Neither a field of other groups nor one that the connection does not list."""
        self.env[MODEL].create({"name": "One", "kind": "k", "inside": "i"})
        with_inside = self.env[MODEL].create({"name": "Two", "kind": "l", "inside": "i"})
        self.env.flush_all()
        body = {"values": {"kind": "k"}}
        self.assertEqual(list(self._refused("PUT", body, f"/{with_inside.id}")), ["kind"])
        fields = self.env["ir.model.fields"]
        listed = [fields._get(MODEL, name).id for name in ("email", "stop", "child_ids", "kind")]
        self.connection.read_field_ids = self.connection.write_field_ids = listed
        self.env.flush_all()
        self.assertIsNone(self._created({"email": "x@example.com"}))
        self.assertEqual(list(self._changed(stop="2026-04-01")), ["stop"])
        self.assertIsNone(self._changed(child_ids=[[0, 0, {"email": "x@example.com"}]]))
        self.connection.write_field_ids = [fields._get(MODEL, "child_ids").id]
        self.env.flush_all()
        for name, code in (("stop", "bad_value"), ("inside", "unknown_field")):
            body = {"values": {name: "2026-04-01"}}
            unknown = self._refused("PUT", body, f"/{self.taken.id}", 400, code)
            self.assertEqual(list(unknown), [name])

    def test_old_route_names_none(self):
        """Its bodies are fixed."""
        for body in ({"values": LATE}, {"values": {"size": -1, "name": "A"}}, {"values": {}}):
            with mute_logger("odoo.sql_db"):
                response = self._send("POST", MODEL, self.access, body)
            self.assertError(response, 422, "validation_error")
            self.assertNotIn("fields", response.json())
