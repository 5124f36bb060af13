# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Requests as clients in the field send them: null for nothing, 2.0 for 2, a POST for a PUT, unknown names."""

import base64
import json

from odoo.tests import tagged

from .common import BROWSER, ApiCase
from .resource_case import PNG

OVERRIDE = "X-HTTP-Method-Override"


@tagged("post_install", "-at_install")
class TestRequestForms(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect("res.partner")
        cls._connect("res.partner.category")
        cls.partner = cls.env["res.partner"].create({"name": "Before", "ref": "FORMS"})
        cls.tags = cls.env["res.partner.category"].create([{"name": "One"}, {"name": "Two"}])
        cls.access = cls._open(cls.user).access
        cls.path = f"/api/v1/res.partner/{cls.partner.id}"

    def _put(self, body, **params):
        params = {"id": str(self.partner.id), **params}
        return self._send("PUT", "res.partner", self.access, body, **params)

    def _post_as(self, method, body=None, headers=None, path="/api/send_request", **params):
        headers = {OVERRIDE: method, **(headers or {})}
        return self._call(
            "POST", path, self.access, headers=headers, params=params, json=body or {}
        )

    def _changed(self):
        """The contact's name as it is in the database now."""
        self.env.invalidate_all()
        return self.partner.name

    def _count(self):
        return self.env["res.partner"].with_context(active_test=False).search_count([])

    # --- nothing, numbers, files ---------------------------------------------------------

    def test_null_and_empty_are_not_given(self):
        """In the body of a write, in an expansion, in the parameters of an envelope."""
        for nothing in (None, [], {}):
            with self.subTest(nothing=nothing):
                keys = {"fields": nothing, "expand": nothing, "records": nothing}
                body = {"values": {"name": f"After {nothing}"}, **keys}
                data = self.assertAnswer(self._put(body))["data"]
                self.assertEqual(data, {"id": self.partner.id})
                self.assertEqual(self._changed(), f"After {nothing}")
                params = {"fields": ["name"], "expand": json.dumps(nothing)}
                self.assertList(self._send("GET", "res.partner", self.access, **params))
                response = self._call("PUT", self.path, self.access, json=body)
                self.assertEqual(list(self.assertAnswer(response)["data"]), ["id", "display_name"])
                response = self._post("/api/revoke/token", {"jsonrpc": "2.0", "params": nothing})
                self.assertEqual(response.json()["error"]["data"]["error"], "missing_token")

    def test_nothing_in_the_bodies_of_sessions(self):
        """As a client's class has it: every key, most of them null."""
        for nothing in (None, [], {}):
            opened = self._open(self.user)
            headers = {"refreshToken": opened.refresh}
            body = {"user_id": nothing, "refreshToken": nothing}
            response = self._post("/api/update/access-token", body, headers=headers)
            self.assertEqual(list(self.assertAnswer(response)), ["access_token"])
            response = self._post("/api/revoke/token", {"all": nothing}, opened.access)
            self.assertEqual(self.assertAnswer(response)["logged_out"], 1)

    def test_python_literals(self):
        """``fields`` and ``expand`` as ``domain`` may be."""
        params = {
            "fields": "['name']",
            "expand": "{'category_id': ['name']}",
            "domain": "[('ref', '=', 'FORMS')]",
        }
        body = self.assertList(self._send("GET", "res.partner", self.access, **params), total=1)
        row = {"id": self.partner.id, "name": "Before", "category_id": []}
        self.assertEqual(body["data"], [row])

    def test_ids_with_a_fraction_of_zero(self):
        """Wherever an id may stand: parameters, values, commands, lists, domains and their paths."""
        one, two = (float(key) for key in self.tags.ids)
        data = self.assertAnswer(self._put({"values": {"category_id": [[6.0, 0.0, [one, two]]]}}))
        self.assertEqual(self.partner.category_id, self.tags)
        self.assertAnswer(self._put({"values": {"category_id": [one]}}))
        self.env.invalidate_all()
        self.assertEqual(self.partner.category_id, self.tags[0])
        self.assertAnswer(self._put({"values": {"category_id": [[4.0, two]]}}))
        self.env.invalidate_all()
        self.assertEqual(self.partner.category_id, self.tags)
        country = self.env.ref("base.be")
        parent = self.env["res.partner"].create({"name": "Parent"})
        values = {"country_id": float(country.id), "parent_id": [float(parent.id), "Parent"]}
        self.assertAnswer(self._put({"values": values}, id=f"{self.partner.id}.0"))
        self.env.invalidate_all()
        self.assertEqual(self.partner.country_id, country)
        for domain in (
            [["id", "=", float(self.partner.id)]],
            [["category_id.id", "in", [one]], ["ref", "=", "FORMS"]],
            [["country_id", "=", float(country.id)], ["ref", "=", "FORMS"]],
            [["id", "child_of", float(self.partner.id)]],
            [["category_id", "any", [["id", "in", [two]]]], [1.0, "=", 1.0]],
        ):
            with self.subTest(domain=domain):
                response = self._send("GET", "res.partner", self.access, fields=[], domain=domain)
                self.assertEqual(
                    self.assertList(response)["data"], [{"id": self.partner.id}], response.text
                )
        items = [{"id": float(self.partner.id), "values": {"name": "Listed"}}]
        self.assertAnswer(self._send("PUT", "res.partner", self.access, {"records": items}))
        self.assertEqual(self._changed(), "Listed")
        ids = [float(key) for key in self.tags.ids]
        response = self._send("DELETE", "res.partner.category", self.access, ids=ids)
        self.assertEqual(self.assertAnswer(response), {"deleted_ids": self.tags.ids})
        self.assertFalse(self.tags.exists())
        self.assertEqual(data["count"], 1)

    def test_ids_with_a_fraction_of_zero_in_a_path(self):
        """A client that puts its number into the path reaches the same record."""
        path = f"{self.path}.0"
        data = self.assertAnswer(self._call("GET", path, self.access))["data"]
        self.assertEqual(data["id"], self.partner.id)
        body = {"values": {"name": "By its path"}}
        self.assertAnswer(self._call("PUT", path, self.access, json=body))
        self.assertEqual(self._changed(), "By its path")
        self.assertError(self._call("POST", path, self.access, json={}), 405, "method_not_allowed")
        for other in (f"{self.path}.5", f"{self.path}.", f"{self.path}.0.0"):
            self.assertError(self._call("GET", other, self.access), 404, "not_found")

    def test_an_id_that_is_said_again(self):
        """As 97, 97.0 or "97", beside an id that is written otherwise; another id is refused."""
        number = self.partner.id
        for text in (f"{number}", f"{number}.0"):
            for again in (number, float(number), str(number), f"{number}.0"):
                with self.subTest(text=text, again=again):
                    body = {"id": again, "values": {"name": f"As {again!r}"}}
                    self.assertAnswer(self._put(body, id=text))
                    self.assertEqual(self._changed(), f"As {again!r}")
            body = {"id": number + 1, "values": {"name": "Other"}}
            self.assertError(self._put(body, id=text), 400, "bad_value")
        self.assertNotEqual(self._changed(), "Other")

    def test_base64_with_line_breaks(self):
        """As Android and Python's ``encodebytes`` write it, in a record and in a command."""
        text = base64.encodebytes(PNG).decode().replace("\n", "\r\n")
        self.assertIn("\n", text)
        child = {"name": "Child", "image_1920": text}
        body = {"values": {"image_1920": text, "child_ids": [[0, 0, child]]}}
        self.assertAnswer(self._put(body))
        self.env.invalidate_all()
        for record in (self.partner, self.partner.child_ids):
            self.assertEqual(base64.b64decode(record.image_1920)[:8], PNG[:8])

    # --- a POST that names a record ------------------------------------------------------

    def test_a_post_with_an_id_creates_nothing(self):
        """It would double the record that it is to change."""
        before = self._count()
        body = {"values": {"name": "Double"}}
        for params in ({"id": str(self.partner.id)}, {"ids": f"[{self.partner.id}]"}, {"Id": "1"}):
            response = self._send("POST", "res.partner", self.access, body, **params)
            self.assertError(response, 400, "bad_parameter")
        response = self._send("POST", "res.partner", self.access, {**body, "id": self.partner.id})
        self.assertError(response, 400, "bad_value")
        response = self._post(
            "/api/v1/res.partner", body, self.access, params={"id": self.partner.id}
        )
        self.assertError(response, 400, "bad_parameter")
        self.assertEqual((self._count(), self._changed()), (before, "Before"))

    def test_the_header_makes_it_the_method_that_it_names(self):
        """PUT and PATCH change, DELETE deletes, on both spellings of the path."""
        before = self._count()
        known = {"model": "res.partner", "id": self.partner.id}
        for method in ("PUT", "PATCH", "put"):
            body = {"values": {"name": f"By {method}"}, "fields": ["name"]}
            answer = self.assertAnswer(self._post_as(method, body, **known))
            self.assertEqual(answer["data"], {"id": self.partner.id, "name": f"By {method}"})
            self.assertEqual(self._changed(), f"By {method}")
            body["values"]["name"] = f"At its path by {method}"
            self.assertAnswer(self._post_as(method, body, path=self.path))
            self.assertEqual(self._changed(), f"At its path by {method}")
        other = self.env["res.partner"].create({"name": "Other"})
        answer = self.assertAnswer(self._post_as("DELETE", model="res.partner", id=other.id))
        self.assertEqual(answer, {"deleted_id": other.id})
        self.assertFalse(other.exists())
        self.assertEqual(self._count(), before)

    def test_the_overridden_method_is_checked_as_itself(self):
        """The connection's switches, If-Match, the log: nothing knows that it came as a POST."""
        known = {"model": "res.partner", "id": self.partner.id}
        body = {"values": {"name": "After"}}
        response = self._post_as("PUT", body, {"If-Match": '"nothing"'}, **known)
        self.assertError(response, 412, "precondition_failed")
        self._connect("res.partner", "GET POST", log_requests=True)
        for method in ("PUT", "PATCH", "DELETE"):
            response = self._post_as(method, body, **known)
            self.assertError(response, 405, "method_not_allowed")
            self.assertEqual(response.headers["Allow"], "GET, POST")
        self.assertEqual((self.partner.exists(), self._changed()), (self.partner, "Before"))
        self._connect("res.partner", "PUT", rate_limit=1)
        self.assertAnswer(self._post_as("PUT", body, **known))
        self.assertEqual(self._changed(), "After")
        self.assertError(self._post_as("PUT", body, **known), 429, "too_many_requests")
        response = self._call("POST", "/api/send_request", headers={OVERRIDE: "DELETE"})
        self.assertMissingToken(response)

    def test_no_other_method_is_overridden(self):
        """Only a POST stands for another method, and only for one that changes something."""
        before = self._count()
        body = {"values": {"name": "Double"}}
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "x", "PUT, DELETE"):
            response = self._post_as(method, body, model="res.partner")
            self.assertError(response, 400, "bad_request")
        self.assertEqual(self._count(), before)
        answer = self._post_as("POST", body, model="res.partner")
        self.assertAnswer(answer, 201)
        response = self._call(
            "GET",
            "/api/send_request",
            self.access,
            headers={OVERRIDE: "DELETE"},
            params={"model": "res.partner", "id": self.partner.id, "fields": "[]"},
        )
        self.assertList(response)
        self.assertTrue(self.partner.exists())

    def test_a_login_is_no_other_method(self):
        response = self._post("/api/login", {"login": "x"}, headers={OVERRIDE: "DELETE"})
        self.assertError(response, 405, "method_not_allowed")

    # --- what has another place ----------------------------------------------------------

    def test_a_key_that_names_a_record_creates_nothing(self):
        """However it is written; one that was not given passes, whatever its name is."""
        before, body = self._count(), {"values": {"name": "Double"}}
        for name in ("Id", "ID", "_id", "record_id", "recordId", "res_id", "pk", "Ids"):
            with self.subTest(name=name):
                given = {**body, name: self.partner.id}
                response = self._send("POST", "res.partner", self.access, given)
                answer = self.assertError(response, 400, "bad_value")
                self.assertIn(f'"{name}"', answer["message"])
        self.assertEqual(self._count(), before)
        given = {**body, "id": None, "Id": [], "domain": None, "limit": {}, "filter": None}
        self.assertAnswer(self._send("POST", "res.partner", self.access, given), 201)
        response = self._post("/api/v1/res.partner", {**given, "device": None}, self.access)
        self.assertAnswer(response, 201)
        self.assertEqual(self._count(), before + 2)

    def test_a_condition_in_the_body_of_a_write(self):
        """Nothing is changed or deleted as if it held."""
        for name in ("domian", "filter", "sort", "Model", "context", "language"):
            with self.subTest(name=name):
                body = {"values": {"name": "After"}, name: {"a": 1}}
                self.assertError(self._put(body), 400, "bad_value")
                params = {"id": self.partner.id}
                response = self._send("DELETE", "res.partner", self.access, {name: 1}, **params)
                answer = self.assertError(response, 400, "bad_value")
                self.assertIn(f'"{name}"', answer["message"])
        self.assertEqual((self.partner.exists(), self._changed()), (self.partner, "Before"))
        nothing = {"fields": [], "expand": None, "domian": None}
        response = self._send("DELETE", "res.partner", self.access, nothing, id=self.partner.id)
        self.assertEqual(self.assertAnswer(response), {"deleted_id": self.partner.id})
        self.assertFalse(self.partner.exists())

    def test_context_of_a_new_wizard(self):
        """On both spellings of the path; for any other model it is refused."""
        self._connect("base.language.export")
        access = self._open(self.env.ref("base.user_admin")).access
        body = {"values": {}, "fields": ["format"], "context": {"default_format": "csv"}}
        for response in (
            self._send("POST", "base.language.export", access, body),
            self._post("/api/v1/base.language.export", body, access),
        ):
            self.assertEqual(self.assertAnswer(response, 201)["data"]["format"], "csv")
        for wrong in ("csv", 1, [1], {"no_such_key": 1}):
            response = self._send(
                "POST", "base.language.export", access, {**body, "context": wrong}
            )
            self.assertError(response, 400, "bad_value")
        before = self._count()
        body = {"values": {"name": "Double"}, "context": {"default_ref": "x"}}
        for response in (
            self._send("POST", "res.partner", self.access, body),
            self._post("/api/v1/res.partner", body, self.access),
        ):
            answer = self.assertError(response, 400, "bad_value")
            self.assertIn('"context"', answer["message"])
        self.assertEqual(self._count(), before)
        for context in (None, {}, []):
            body["context"] = context
            self.assertAnswer(self._send("POST", "res.partner", self.access, body), 201)
        params = {"fields": ["name"], "context": "{}"}
        response = self._send("GET", "res.partner", self.access, **params)
        answer = self.assertError(response, 400, "bad_parameter")
        self.assertIn('"context"', answer["message"])

    def test_groups_beside_an_id(self):
        """One record is no list; an app that sends its page with every GET reads it all the same."""
        for name, value in {
            "groupby": '["name"]',
            "aggregates": '["id:count"]',
            "cursor": "",
        }.items():
            params = {"id": self.partner.id, "fields": ["name"], name: value}
            response = self._send("GET", "res.partner", self.access, **params)
            answer = self.assertError(response, 400, "bad_parameter")
            self.assertIn(f'"{name}"', answer["message"])
            response = self._call("GET", self.path, self.access, params={name: value})
            self.assertError(response, 400, "bad_parameter")
        params = {"order": "name", "limit": "5", "offset": "1", "count": "none"}
        params |= {"id": self.partner.id, "fields": ["name"]}
        self.assertList(self._send("GET", "res.partner", self.access, **params))

    def test_parameters_in_the_body_of_a_get(self):
        """They count nowhere; what holds none is passed over."""
        known = {"model": "res.partner", "fields": "[]"}
        routes = [
            ("/api/send_request", known),
            ("/api/send_request", {**known, "id": self.partner.id}),
            ("/api/v1/res.partner", {}),
            (self.path, {}),
        ]

        def get(path, params, **body):
            return self._call("GET", path, self.access, params=params, **body)

        for path, params in routes:
            with self.subTest(path=path, params=params):
                for body in (
                    {"domain": [["id", "=", 0]]},
                    {"limit": 1, "x": 2},
                    {"params": {"domain": [["id", "=", 0]]}},
                    {"jsonrpc": "2.0", "id": 1, "params": {"nulls": 1}},
                ):
                    answer = self.assertError(get(path, params, json=body), 400, "bad_parameter")
                    self.assertIn("URL", answer["message"])
                for body in ({}, None, [], "x", {"_": 1}, {"domain": [], "limit": None}):
                    self.assertAnswer(get(path, params, json=body))
                for data in (b"{", b"x=1", b'{"limit": NaN}'):
                    self.assertAnswer(get(path, params, data=data))
        body = {"model": "res.partner", "fields": ["name"]}
        answer = self.assertError(get("/api/send_request", {}, json=body), 400, "bad_parameter")
        self.assertIn("URL", answer["message"])
        chunks = get("/api/send_request", known, data=iter([b'{"limit', b'": 1}']))
        self.assertError(chunks, 400, "bad_parameter")
        response = self._call("HEAD", self.path, self.access, json={"limit": 1})
        self.assertEqual(response.status_code, 400)

    def test_the_documented_route_takes_no_patch(self):
        """PUT, or the header in a POST."""
        params = {"model": "res.partner", "id": self.partner.id}
        body = {"values": {"name": "After"}}
        response = self._call("PATCH", "/api/send_request", self.access, params=params, json=body)
        self.assertError(response, 405, "method_not_allowed")
        self.assertIn("PUT", response.headers["Allow"])
        self.assertEqual(self._changed(), "Before")

    # --- unknown names -------------------------------------------------------------------

    def test_a_filter_does_not_vanish(self):
        """What looks like a known parameter is refused, what an app sends for itself passes."""
        for name, value in {
            "domian": "[]",
            "filter": "[]",
            "fields[]": "name",
            "sort": "name",
            "page": "3",
            "Id": "5",
            "language": "fr_FR",
        }.items():
            with self.subTest(name=name):
                params = {"fields": ["name"], name: value}
                response = self._send("GET", "res.partner", self.access, **params)
                body = self.assertError(response, 400, "bad_parameter")
                self.assertIn(name, body["message"])
        params = {"fields": ["name"], "_": "123", "db": "x", "device": "y", "lng": "4.3"}
        self.assertList(self._send("GET", "res.partner", self.access, **params))
        response = self._call("GET", f"{self.path}?_=123", self.access)
        self.assertError(response, 400, "bad_parameter")

    def test_an_argument_does_not_vanish(self):
        """A key that looks like a known one, in a body of any kind; nothing is written."""
        body = {"values": {"name": "After"}, "feilds": ["name"]}
        self.assertError(self._put(body), 400, "bad_value")
        self.assertError(self._call("PUT", self.path, self.access, json=body), 400, "bad_value")
        self.assertEqual(self._changed(), "Before")
        body = {"values": {"name": "After"}, "device": "x"}
        response = self._call("PUT", self.path, self.access, json=body)
        self.assertError(response, 400, "bad_value")
        self.assertAnswer(self._put(body))
        self.assertEqual(self._changed(), "After")

    def test_keys_of_sessions(self):
        """A misspelled token would be passed over for the cookie's, a misspelled user for nobody."""
        opened = self._open(self.user)
        headers = {"refreshToken": opened.refresh}
        for body in ({"userId": 1}, {"refresh_token": "x"}, {"user-id": 1}):
            response = self._post("/api/update/access-token", body, headers=headers)
            self.assertError(response, 400, "bad_value")
        credentials = {"login": self.user.login, "password": f"{self.user.login}-password"}
        for body in ({**credentials, "Password": "x"}, {**credentials, "logins": "x"}):
            self.assertError(self._post("/api/login", body), 400, "bad_value")
        own = {"db": "x", "device": "y", "_": 1}
        self.assertAnswer(self._post("/api/login", {**credentials, **own}, agent=BROWSER))
        response = self._post("/api/update/access-token", own, headers=headers)
        self.assertEqual(list(self.assertAnswer(response)), ["access_token"])
