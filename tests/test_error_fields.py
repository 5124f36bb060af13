# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import reading
from .common import ApiCase

MODEL, MAX = "res.partner", 2**31 - 1


@tagged("post_install", "-at_install")
class TestErrorFields(ApiCase):
    """A 400 or 422 on a resource path names what it is about; whoever asks gets a problem of RFC 9457."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect(MODEL)
        cls.partner = cls.env[MODEL].create({"name": "Named", "ref": "ERROR-FIELDS"})
        cls.access = cls._open(cls.user).access
        cls.path = f"/api/v1/{MODEL}"

    def _fields(self, response, status=400, code="bad_parameter"):
        return self.assertError(response, status, code).get("fields")

    def _get(self, path="", **params):
        params = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        return self._call("GET", f"{self.path}{path}", self.access, params=params)

    def test_parameters(self):
        """By the name of the parameter, whatever its value names."""
        for params, name, code in (
            ({"fields": ["nope"]}, "fields", "unknown_field"),
            ({"fields": {"a": 1}}, "fields", "bad_parameter"),
            ({"expand": {"nope": ["name"]}}, "expand", "unknown_field"),
            ({"expand": {"child_ids": ["nope"]}}, "expand", "unknown_field"),
            ({"expand": {"child_ids": {"order": "nope"}}}, "expand", "unknown_field"),
            ({"expand": {"child_ids": {"order": "1 2 3"}}}, "expand", "bad_parameter"),
            ({"expand": {"child_ids": {"limit": -1}}}, "expand", "bad_parameter"),
            ({"expand": {"name": ["name"]}}, "expand", "bad_parameter"),
            ({"domain": "[["}, "domain", "bad_domain"),
            ({"domain": [["nope", "=", 1]]}, "domain", "unknown_field"),
            ({"domain": [["name", "child_of", "x"]]}, "domain", "bad_domain"),
            ({"order": "nope"}, "order", "unknown_field"),
            ({"order": "child_ids"}, "order", "bad_parameter"),
            ({"order": "a b c"}, "order", "bad_parameter"),
            ({"page": "0"}, "page", "bad_parameter"),
            ({"limit": "100000"}, "limit", "bad_parameter"),
            ({"count": "some"}, "count", "bad_parameter"),
            ({"archived": "maybe"}, "archived", "bad_parameter"),
            ({"cursor": "x"}, "cursor", "bad_parameter"),
            ({"groupby": ["nope"]}, "groupby", "unknown_field"),
            ({"groupby": ["child_ids"]}, "groupby", "bad_parameter"),
            ({"aggregates": ["name:sum"]}, "aggregates", "bad_parameter"),
            ({"aggregates": ["nope:sum"]}, "aggregates", "unknown_field"),
            ({"filter": "x"}, "filter", "bad_parameter"),
            ({"relations": "x"}, "relations", "bad_parameter"),
            ({"fields": "name,nope"}, "fields", "unknown_field"),
            ({"expand": "nope"}, "expand", "unknown_field"),
            ({"search": "\x00"}, "search", "bad_parameter"),
        ):
            with self.subTest(params=params):
                response = self._get(**params)
                fields = self._fields(response, 400, code)
                self.assertEqual(fields, {name: [response.json()["message"]]})

    def test_several_at_once(self):
        """Each with its own sentence."""
        response = self._get(order="nope,never", limit="0", domain="[[")
        body = response.json()
        self.assertEqual(list(body["fields"]), ["domain", "limit"])
        body = self._get(fields=["one", "two", "name"]).json()
        self.assertEqual(len(body["fields"]["fields"]), 2)
        self.assertEqual(" ".join(body["fields"]["fields"]), body["message"])
        body = self._get(order="nope,never").json()
        self.assertEqual(len(body["fields"]["order"]), 2)

    def test_values(self):
        """By the path of the field in the request."""
        path = f"/{self.partner.id}"
        child = {"nope": 1}
        for method, place, body, name, status, code in (
            ("POST", "", {"values": {"nope": 1}}, "nope", 400, "unknown_field"),
            ("PUT", path, {"values": {"nope": 1}}, "nope", 400, "unknown_field"),
            ("PUT", path, {"values": {"color": "x"}}, "color", 400, "bad_value"),
            ("PUT", path, {"values": {"type": "x"}}, "type", 400, "bad_value"),
            (
                "PUT",
                path,
                {"values": {"create_date": "2020-01-01"}},
                "create_date",
                400,
                "bad_value",
            ),
            ("PUT", path, {"values": {"parent_id": MAX}}, "parent_id", 422, "validation_error"),
            ("PUT", path, {"values": {"child_ids": "x"}}, "child_ids", 400, "bad_value"),
            (
                "PUT",
                path,
                {"values": {"image_1920": "eA=="}},
                "image_1920",
                422,
                "validation_error",
            ),
            (
                "POST",
                "",
                {"values": {"name": "A", "child_ids": [[0, 0, {"name": "B"}], [0, 0, child]]}},
                "child_ids[1].nope",
                400,
                "unknown_field",
            ),
            (
                "POST",
                "",
                {"values": {"name": "A", "child_ids": [[0, 0, {"name": "B", "parent_id": MAX}]]}},
                "child_ids[0].parent_id",
                422,
                "validation_error",
            ),
            (
                "POST",
                "",
                {"values": [{"name": "A"}, {"name": "B", "color": "x"}]},
                "values[1].color",
                400,
                "bad_value",
            ),
            (
                "PUT",
                "",
                {"records": [{"id": self.partner.id, "values": {"color": "x"}}]},
                "records[0].color",
                400,
                "bad_value",
            ),
            ("POST", "", {"values": 7}, "values", 400, "bad_value"),
            ("POST", "", {}, "values", 400, "bad_value"),
            ("POST", "", {"valeus": {"name": "A"}}, "valeus", 400, "bad_value"),
            ("PUT", "", {"records": 7}, "records", 400, "bad_value"),
            (
                "POST",
                "",
                {"values": {"name": "A"}, "fields": ["nope"]},
                "fields",
                400,
                "unknown_field",
            ),
        ):
            with self.subTest(body=body):
                response = self._call(method, f"{self.path}{place}", self.access, json=body)
                self.assertIn(name, self._fields(response, status, code) or ())
        self.env.invalidate_all()
        self.assertEqual(self.env[MODEL].search_count([("name", "in", ("A", "B"))]), 0)

    def test_files_and_actions(self):
        path = f"{self.path}/{self.partner.id}"
        response = self._call("PUT", f"{path}/nope", self.access, data=b"x")
        self.assertEqual(list(self._fields(response, 400, "unknown_field")), ["nope"])
        response = self._call("PUT", f"{path}/image_1920", self.access, data=b"no image")
        self.assertEqual(list(self._fields(response, 422, "validation_error")), ["image_1920"])
        self.env["connection.api.action"].create(
            {"connection_id": self.connection.id, "name": "address_get"}
        )
        response = self._call("POST", f"{path}/address_get", self.access, json={"args": 1})
        self.assertEqual(list(self._fields(response, 400, "bad_value")), ["args"])
        body = {"kwargs": {"amount": 1}}
        response = self._call("POST", f"{path}/address_get", self.access, json=body)
        self.assertEqual(list(self._fields(response, 400, "bad_value")), ["amount"])

    def test_hidden_fields_look_like_unknown_ones(self):
        """The name that the client sent, and no other."""
        name = self.env["ir.model.fields"]._get(MODEL, "name")
        self.connection.read_field_ids = self.connection.write_field_ids = name
        path = f"{self.path}/{self.partner.id}"
        for field in ("ref", "nope"):
            response = self._call("PUT", path, self.access, json={"values": {field: "x"}})
            sentence = f"Unknown field {field} on {MODEL}."
            self.assertEqual(self._fields(response, 400, "unknown_field"), {field: [sentence]})

    def test_sentences_are_translated(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        headers = {"Accept-Language": "fr"}
        response = self._call("GET", self.path, self.access, params={"page": "0"}, headers=headers)
        body = self.assertError(response, 400, "bad_parameter")
        self.assertEqual(body["fields"], {"page": [body["message"]]})

    # --- problems of RFC 9457 -------------------------------------------------------------

    def assertProblem(self, response, status, code):
        """A problem of RFC 9457; its body."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIn("Accept", response.headers["Vary"].split(", "))
        body = response.json()
        self.assertEqual(list(body)[:5], ["type", "title", "status", "detail", "code"])
        self.assertEqual((body["status"], body["code"]), (status, code))
        self.assertEqual(body["type"], f"{self.base_url()}/api/docs#error-{code}")
        return body

    def _ask(self, method, path, token=None, headers=None, **options):
        headers = {"Accept": "application/problem+json", **(headers or {})}
        return self._call(method, path, token, headers=headers, **options)

    def test_problems(self):
        """On every path, with the headers of the error as ever."""
        for method, path, status, code, header in (
            ("GET", "/api/nope", 404, "not_found", None),
            ("GET", "/api//nope", 404, "not_found", None),
            ("GET", "/api/login", 405, "method_not_allowed", "Allow"),
            ("GET", self.path, 401, "missing_token", "WWW-Authenticate"),
            ("POST", "/api/login", 400, "bad_value", None),
            ("POST", "/api/update/access-token", 401, "invalid_refresh_token", "WWW-Authenticate"),
        ):
            with self.subTest(method=method, path=path):
                response = self._ask(method, path)
                self.assertProblem(response, status, code)
                self.assertTrue(header is None or response.headers[header])
        response = self._ask("GET", self.path, self.access, params={"limit": "x"})
        body = self.assertProblem(response, 400, "bad_parameter")
        self.assertEqual(body["fields"], {"limit": [body["detail"]]})
        response = self._ask("POST", "/api/login", data="x" * 70000)
        self.assertProblem(response, 413, "payload_too_large")
        response = self._ask("GET", self.path, "rubbish")
        self.assertProblem(response, 401, "invalid_token")
        self.assertIn('error="invalid_token"', response.headers["WWW-Authenticate"])
        with patch.object(reading, "read_page", side_effect=KeyError), mute_logger("odoo.http"):
            self.assertProblem(self._ask("GET", self.path, self.access), 500, "server_error")
        down = psycopg2.OperationalError()
        with patch.object(reading, "read_page", side_effect=down), mute_logger("odoo.http"):
            response = self._ask("GET", self.path, self.access)
        self.assertProblem(response, 503, "unavailable")
        self.assertTrue(response.headers["Retry-After"])
        self.connection.rate_limit = 1
        self.env.flush_all()
        self._ask("GET", self.path, self.access)
        response = self._ask("GET", self.path, self.access)
        self.assertProblem(response, 429, "too_many_requests")
        self.assertTrue(response.headers["Retry-After"])

    def test_problem_of_a_refused_refresh(self):
        """An error after which its writes are committed is a problem too."""
        opened = self._open(self.user)
        old = {"refreshToken": opened.refresh}
        rotated = self._post("/api/update/refresh-token", old, opened.access).json()["refreshToken"]
        self._post("/api/update/access-token", {"refreshToken": rotated})
        self._age(opened.refresh, 60)
        with mute_logger("odoo.addons.jwt_auth_api.models.jwt_security_event"):
            response = self._ask("POST", "/api/update/access-token", json=old)
        self.assertProblem(response, 401, "invalid_refresh_token")
        self.assertEqual(self._state(opened), "reuse")

    def test_json_for_all_others(self):
        """Nobody gets a problem who did not name its type; a success and an envelope are as ever."""
        for accept in ("*/*", "application/json", "application/*", "x" * 2000, ";;,q=", ""):
            response = self._ask("GET", "/api/nope", headers={"Accept": accept})
            self.assertError(response, 404, "not_found")
            self.assertIn("Accept", response.headers["Vary"].split(", "))
        response = self._ask("GET", f"{self.path}/{self.partner.id}", self.access)
        self.assertAnswer(response)
        envelope = {"jsonrpc": "2.0", "id": 7, "params": {}}
        response = self._ask("POST", "/api/login", json=envelope)
        self.assertEqual(self.assertAnswer(response)["error"]["code"], 400)

    # --- where nothing is named --------------------------------------------------------------

    def test_other_errors_and_routes_name_none(self):
        """An error that is about no field has no such key; the bodies of the older routes are fixed."""
        missing = self._call("GET", f"{self.path}/{MAX}", self.access)
        self.assertNotIn("fields", self.assertError(missing, 404, "not_found"))
        response = self._call(
            "POST", self.path, self.access, data="{", headers={"Content-Type": "application/json"}
        )
        self.assertNotIn("fields", self.assertError(response, 400, "bad_json"))
        for response in (
            self._send("GET", MODEL, self.access, fields=["nope"]),
            self._send("POST", MODEL, self.access, {"values": {"nope": 1}}),
            self._send("PUT", MODEL, self.access, {"values": {"color": "x"}}, id="1"),
            self._post("/api/login", {"login": 7}),
        ):
            self.assertEqual(response.status_code, 400)
            self.assertEqual(list(response.json()), ["success", "error", "message"])
