# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Models that have no table: they can be read, and nothing of them can be written."""

from odoo.exceptions import UserError
from odoo.models import BaseModel
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase

VIEW, TOTAL, FOLDER = "api.test.view", "api.test.total", "api.test.folder"


@tagged("post_install", "-at_install")
class TestViews(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.env[FOLDER].create({"name": "Folder"})
        cls.tag = cls.env["api.test.tag"].create({"name": "Tag"})
        for model in (VIEW, TOTAL, FOLDER):
            cls._connect(model)
        cls.access = cls._open(cls.user).access

    def test_reading(self):
        for model, record in ((VIEW, self.tag), (TOTAL, self.folder)):
            response = self._send("GET", model, self.access, fields=["name"], id=str(record.id))
            [row] = self.assertList(response)["data"]
            self.assertEqual(row, {"id": record.id, "name": record.name})

    def test_every_way_to_write_is_a_405(self):
        """Also for a connection whose switches were on before the addon knew."""
        connections = self.env["connection.api"].search([("model", "in", [VIEW, TOTAL])])
        self.env.cr.execute(
            "UPDATE connection_api SET is_post = TRUE, is_put = TRUE, is_delete = TRUE"
            " WHERE id IN %s",
            [connections._ids],
        )
        self.env.registry.clear_cache("stable")
        body = {"values": {"name": "new"}, "fields": []}
        for model, record in ((VIEW, self.tag), (TOTAL, self.folder)):
            record_id = str(record.id)
            path = f"/api/v1/{model}"
            answers = [
                self._send("POST", model, self.access, body),
                self._send("PUT", model, self.access, body, id=record_id),
                self._send("DELETE", model, self.access, id=record_id),
                self._post(path, {"values": {"name": "new"}}, self.access),
                self._call("PATCH", f"{path}/{record_id}", self.access, json=body),
                self._call("DELETE", f"{path}/{record_id}", self.access),
            ]
            for response in answers:
                with self.subTest(model=model, method=response.request.method):
                    self.assertError(response, 405, "method_not_allowed")
                    self.assertEqual(response.headers["Allow"], "GET")
        self.env.invalidate_all()
        self.assertEqual(self.tag.name, "Tag")
        self.assertEqual(self.folder.name, "Folder")

    def test_form_offers_reading_alone(self):
        connections = self.env["connection.api"].search([("model", "in", [VIEW, TOTAL])])
        self.assertEqual(connections.mapped("is_view"), [True, True])
        self.assertTrue(all(connections.mapped("is_get")))
        for name in ("is_post", "is_put", "is_delete"):
            self.assertEqual(connections.mapped(name), [False, False])
            connections.write({name: True})
            self.assertEqual(connections.mapped(name), [False, False])
        self.assertIn("cannot be written", connections[0].exposure)
        self.assertNotIn("create", connections[0].exposure)
        with Form(connections[0]) as form:
            self.assertTrue(form._get_modifier("is_put", "invisible"))
            self.assertFalse(form._get_modifier("is_get", "invisible"))
        folder = self.env["connection.api"].search([("model", "=", FOLDER)])
        self.assertFalse(folder.is_view)
        with Form(folder) as form:
            self.assertFalse(form._get_modifier("is_put", "invisible"))

    def test_model_that_is_chosen_in_the_form(self):
        self.env["connection.api"].search([("model", "=", VIEW)]).unlink()
        form = Form(self.env["connection.api"])
        form.is_put = True
        form.model_id = self.env["ir.model"]._get(VIEW)
        self.assertFalse(form.is_put)

    def test_records_of_a_relation(self):
        """They are read and expanded, sent back unchanged, and changed by no command."""
        ids = self.folder.total_ids.ids
        self.assertEqual(ids, [self.folder.id])
        record_id = str(self.folder.id)
        expand = {"total_ids": ["name"]}
        response = self._send(
            "GET", FOLDER, self.access, fields=["total_ids"], expand=expand, id=record_id
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["total_ids"], [{"id": self.folder.id, "name": "Folder"}])

        def put(value):
            body = {"values": {"total_ids": value, "name": "Folder"}, "fields": ["total_ids"]}
            return self._send("PUT", FOLDER, self.access, body, id=record_id)

        self.assertEqual(self.assertAnswer(put(ids))["data"]["total_ids"], ids)
        changed = ([], [ids[0] + 1], [[0, 0, {"name": "x"}]], [[1, ids[0], {"name": "x"}]])
        for value in (*changed, [[2, ids[0]]], [[3, ids[0]]], [[4, ids[0]]], [[5]], [[6, 0, []]]):
            with self.subTest(value=value):
                self.assertError(put(value), 403, "access_denied")

    def test_field_that_the_view_lacks(self):
        """Some reports have fields for their sums alone: for a client there is none."""
        self.assertTrue(self.env[VIEW]._fields["lacking"].store)
        structure = self.env["connection.api.structure"]
        self.assertEqual(structure._view_columns(TOTAL), ("id", "folder_id", "name"))
        self.assertIsNone(structure._view_columns(FOLDER))
        for params in (
            {"fields": ["lacking"]},
            {"fields": ["name"], "domain": [["lacking", "=", 1]]},
            {"fields": ["name"], "order": "lacking"},
            {"groupby": ["lacking"]},
            {"groupby": ["name"], "aggregates": ["lacking:sum"]},
        ):
            with self.subTest(params=params):
                response = self._send("GET", VIEW, self.access, **params)
                self.assertError(response, 400, "unknown_field")

    @mute_logger("odoo.sql_db")
    def test_aggregate_that_the_model_makes_itself(self):
        """Some of them are the purpose of their report: its own code has SQL for the aggregate."""
        to_sql = BaseModel._read_group_select

        def with_its_own(self, spec, query):
            return SQL("SUM(7)") if spec == "lacking:sum" else to_sql(self, spec, query)

        self.patch(self.env.registry[VIEW], "_read_group_select", with_its_own)
        params = {"groupby": ["name"], "domain": [["id", "=", self.tag.id]]}
        response = self._send(
            "GET", VIEW, self.access, aggregates=["lacking:sum"], order="lacking:sum", **params
        )
        self.assertEqual(self.assertList(response)["data"], [{"name": "Tag", "lacking:sum": 7}])
        for aggregates in (["lacking:avg"], ["id:count", "lacking:min"]):
            with self.subTest(aggregates=aggregates):
                response = self._send("GET", VIEW, self.access, aggregates=aggregates, **params)
                body = self.assertError(response, 400, "bad_parameter")
                self.assertIn(f"no aggregate {aggregates[-1]}.", body["message"])
        for more in ({"fields": ["lacking"]}, {"groupby": ["lacking"]}):
            response = self._send("GET", VIEW, self.access, **more)
            self.assertError(response, 400, "unknown_field")
        listed = self.env["ir.model.fields"]._get(VIEW, "name")
        self.env["connection.api"].search([("model", "=", VIEW)]).read_field_ids = listed
        response = self._send("GET", VIEW, self.access, aggregates=["lacking:sum"], **params)
        self.assertError(response, 400, "unknown_field")

    @mute_logger("odoo.addons.jwt_auth_api.engine.faults")
    def test_expanding_what_cannot_be_searched(self):
        """Some models let nobody search for their records: the page stays, and says so."""

        def search(self, *args, **options):
            raise UserError("Look at the folder instead.")

        self.patch(self.env.registry[TOTAL], "_search", search)
        response = self._send(
            "GET",
            FOLDER,
            self.access,
            fields=["name", "total_ids"],
            expand={"total_ids": ["name"]},
            id=str(self.folder.id),
        )
        answer = self.assertAnswer(response)
        self.assertEqual(
            answer["data"], [{"id": self.folder.id, "name": "Folder", "total_ids": []}]
        )
        [entry] = answer["errors"]
        self.assertEqual(entry["field"], "total_ids")
        self.assertEqual(entry["message"], "Look at the folder instead.")
