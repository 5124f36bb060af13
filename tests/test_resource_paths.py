# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""``/api/v1/<model>`` and ``/api/v1/<model>/<id>``: the same engine in another spelling."""

import json
from unittest.mock import patch

from odoo.tests import tagged

from .common import ApiCase

MODEL = "res.partner"
PATH = f"/api/v1/{MODEL}"
PAGE = ["success", "count", "page", "page_size", "total", "total_pages", "data"]


@tagged("post_install", "-at_install")
class TestResourcePaths(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect(MODEL)
        cls.partners = cls.env[MODEL].create(
            [{"name": f"Path {number}", "ref": "PATH"} for number in range(5)]
        )
        cls.record = cls.partners[0]
        cls.domain = [["ref", "=", "PATH"]]
        cls.access = cls._open(cls.user).access

    def _ask(self, method, path=PATH, body=None, token=None, headers=None, **params):
        params = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        options = {} if body is None else {"json": body}
        token = token or self.access
        return self._call(method, path, token, headers=headers, params=params, **options)

    def _one(self, record=None):
        return f"{PATH}/{(record or self.record).id}"

    # --- reading -------------------------------------------------------------------------

    def test_list(self):
        """The same list as on the other path, with ``page`` in place of ``offset``."""
        for page in (1, 2, 3, 4):
            response = self._ask("GET", page=page, limit=2, domain=self.domain, fields=["name"])
            body = self.assertAnswer(response)
            self.assertEqual(list(body), PAGE)
            other = self._send(
                "GET",
                MODEL,
                self.access,
                offset=page,
                limit=2,
                domain=self.domain,
                fields=["name"],
            )
            self.assertEqual(self.assertAnswer(other), body)

    def test_one_record(self):
        """``data`` is the object."""
        response = self._ask("GET", self._one(), fields=["name"])
        body = self.assertAnswer(response)
        expected = {"id": self.record.id, "name": "Path 0"}
        self.assertEqual(body, {"success": True, "count": 1, "data": expected})
        self.record.active = False
        self.assertAnswer(self._ask("GET", self._one(), fields=["name"]))

    def test_fields_may_be_left_out(self):
        """Then it is the name, or all that the connection lists and the caller may see."""
        row = self.assertAnswer(self._ask("GET", self._one()))["data"]
        self.assertEqual(row, {"id": self.record.id, "display_name": "Path 0"})
        [*_others, row] = self.assertAnswer(self._ask("GET", domain=self.domain))["data"]
        self.assertEqual(row, {"id": self.record.id, "display_name": "Path 0"})
        row = self.assertAnswer(self._ask("PATCH", self._one(), {"values": {"color": 3}}))["data"]
        self.assertEqual(row, {"id": self.record.id, "display_name": "Path 0"})
        fields = self.env["ir.model.fields"]
        listed = [fields._get(MODEL, name).id for name in ("ref", "name", "id")]
        self._connect(MODEL, read_field_ids=[(6, 0, listed)])
        row = self.assertAnswer(self._ask("GET", self._one()))["data"]
        self.assertEqual(row, {"id": self.record.id, "name": "Path 0", "ref": "PATH"})
        row = self.assertAnswer(self._ask("GET", self._one(), expand={}))["data"]
        self.assertEqual(row, {"id": self.record.id, "name": "Path 0", "ref": "PATH"})

    def test_listed_fields_that_the_caller_may_not_see(self):
        """Are left out where nobody asked for them, and unknown where somebody did."""
        fields = self.env["ir.model.fields"]
        listed = [fields._get(MODEL, name).id for name in ("ref", "name")]
        self._connect(MODEL, read_field_ids=[(6, 0, listed)])
        field = self.registry[MODEL]._fields["ref"]
        self.patch(field, "groups", "base.group_system")
        row = self.assertAnswer(self._ask("GET", self._one()))["data"]
        self.assertEqual(row, {"id": self.record.id, "name": "Path 0"})
        self.assertError(self._ask("GET", self._one(), fields=["ref"]), 400, "unknown_field")
        self._connect(MODEL, read_field_ids=[(6, 0, listed[:1])])
        row = self.assertAnswer(self._ask("GET", self._one()))["data"]
        self.assertEqual(row, {"id": self.record.id})
        self._connect(MODEL)
        self.patch(self.registry[MODEL]._fields["name"], "groups", "base.group_system")
        with patch.object(self.registry[MODEL], "_rec_name", "name"):
            row = self.assertAnswer(self._ask("GET", self._one()))["data"]
        self.assertEqual(row, {"id": self.record.id})
        self._connect(MODEL, read_field_ids=[(6, 0, listed)])
        token = self._open(self.admin).access
        row = self.assertAnswer(self._ask("GET", self._one(), token=token))["data"]
        self.assertEqual(row, {"id": self.record.id, "name": "Path 0", "ref": "PATH"})

    def test_all_that_a_read_offers(self):
        """Cursors, groups, expansions and orders work here as well."""
        body = self.assertAnswer(
            self._ask("GET", cursor="", limit=3, domain=self.domain, order="name")
        )
        rest = self._ask(
            "GET", cursor=body["next_cursor"], limit=3, domain=self.domain, order="name"
        )
        names = [row["display_name"] for row in body["data"] + self.assertAnswer(rest)["data"]]
        self.assertEqual(names, self.partners.mapped("name"))
        body = self.assertAnswer(self._ask("GET", groupby=["ref"], domain=self.domain))
        self.assertEqual(body["data"], [{"ref": "PATH", "id:count": 5}])
        other = self._send(
            "GET",
            MODEL,
            self.access,
            cursor=rest.json().get("next_cursor", ""),
            limit=3,
            domain=self.domain,
            order="name",
            fields=["name"],
        )
        self.assertAnswer(other)
        body = self.assertAnswer(
            self._ask("GET", self._one(), fields=[], expand={"child_ids": []}, nulls=1)
        )
        self.assertEqual(body["data"], {"id": self.record.id, "child_ids": []})

    # --- lists ---------------------------------------------------------------------------

    def _raw(self, method, query, path=PATH, **options):
        return self._call(method, f"{path}?{query}", self.access, **options)

    def test_fields_as_text_and_repeated(self):
        """A list is JSON, names with commas, or the parameter several times."""
        row = {"id": self.record.id, "name": "Path 0", "ref": "PATH"}
        for query in (
            'fields=["name","ref"]',
            "fields=name,ref",
            "fields=name, ref",
            "fields=name&fields=ref",
            'fields=name&fields=["ref"]&fields=name',
        ):
            with self.subTest(query):
                body = self.assertAnswer(self._raw("GET", query, self._one()))
                self.assertEqual(body["data"], row)
                self.assertEqual(list(body["data"]), list(row))
        for fields in (["name", "ref"], "name,ref", '["name", "ref"]'):
            body = {"values": {"color": 1}, "fields": fields}
            self.assertEqual(self.assertAnswer(self._ask("PUT", self._one(), body))["data"], row)
        for query in ("fields=name,nothing", "fields=name&fields=nothing"):
            body = self.assertError(self._raw("GET", query), 400, "unknown_field")
            self.assertIn("nothing", body["message"])
        for query in ("fields=[name", "fields=name&fields={}&fields=[1]", "limit=1&limit=2"):
            self.assertError(self._raw("GET", query), 400, "bad_parameter")

    def test_groups_as_text_and_repeated(self):
        domain = json.dumps(self.domain)
        for query in (
            "groupby=ref,is_company&aggregates=id:count,color:sum",
            "groupby=ref&groupby=is_company&aggregates=id:count&aggregates=color:sum",
        ):
            body = self.assertAnswer(self._raw("GET", f"{query}&domain={domain}"))
            row = {"ref": "PATH", "is_company": False, "id:count": 5, "color:sum": 0}
            self.assertEqual(body["data"], [row])

    def test_ids_as_text_and_repeated(self):
        ids = self.partners.ids
        for few, query in (
            (ids[:2], f"ids={ids[0]},{ids[1]}"),
            (ids[2:4], f"ids={ids[2]}&ids={ids[3]}"),
            (ids[4:], f"ids={ids[4]}"),
        ):
            body = self.assertAnswer(self._raw("DELETE", query))
            self.assertEqual(body, {"deleted_ids": few})
            self.env.invalidate_all()
            self.assertFalse(self.env[MODEL].browse(few).exists())
        for query in ("ids=1,x", "ids=", "ids=1&ids=x"):
            self.assertError(self._raw("DELETE", query), 400, "bad_parameter")

    def test_relations_by_their_names_alone(self):
        """They have the default fields of their model: the name, or what its connection lists."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 3})
        self.record.write({"parent_id": self.partners[1].id, "category_id": tag.ids})
        parent = {"id": self.partners[1].id, "display_name": "Path 1"}
        row = {"id": self.record.id, "parent_id": parent}
        row["category_id"] = [{"id": tag.id, "display_name": "Tag"}]
        expand = "expand=parent_id,category_id"
        for query in (expand, "expand=parent_id&expand=category_id"):
            body = self.assertAnswer(self._raw("GET", f"{query}&fields=[]", self._one()))
            self.assertEqual(body["data"], row)
        for expand in ("parent_id,category_id", ["parent_id", "category_id"]):
            body = {"values": {}, "fields": ["id"], "expand": expand}
            self.assertEqual(self.assertAnswer(self._ask("PUT", self._one(), body))["data"], row)
        fields = self.env["ir.model.fields"]
        listed = [fields._get("res.partner.category", name).id for name in ("color", "name")]
        self._connect("res.partner.category", "GET", read_field_ids=[(6, 0, listed)])
        row["category_id"] = [{"id": tag.id, "color": 3, "name": "Tag"}]
        body = self.assertAnswer(self._raw("GET", f"{query}&fields=[]", self._one()))
        self.assertEqual(body["data"], row)
        nested = {"parent_id": {"expand": "child_ids"}, "child_ids": {"expand": ["category_id"]}}
        self.assertError(self._ask("GET", self._one(), expand=nested), 400, "bad_parameter")
        nested = {"child_ids": {"expand": ["category_id"], "limit": 1}}
        [child] = self.assertAnswer(self._ask("GET", self._one(self.partners[1]), expand=nested))[
            "data"
        ]["child_ids"]
        expected = {"id": self.record.id, "display_name": "Path 1, Path 0"}
        self.assertEqual(child, {**expected, "category_id": row["category_id"]})

    def test_relations_by_their_names_within_the_policy(self):
        """What is not open is not opened by leaving out its fields."""
        self._connect("res.partner.category", "POST")
        response = self._raw("GET", "expand=category_id")
        self.assertError(response, 403, "access_denied")
        for name in ("nothing", "name"):
            response = self._raw("GET", f"expand={name}")
            self.assertEqual(response.status_code, 400, response.text)
        country = self.env["res.country"].create({"name": "Path", "code": "q7"})
        self.record.country_id = country
        self.patch(self.registry["res.country"]._fields["name"], "groups", "base.group_system")
        body = self.assertAnswer(self._raw("GET", "expand=country_id&fields=[]", self._one()))
        self.assertEqual(body["data"]["country_id"], {"id": country.id})

    def test_head(self):
        """As GET, without a body."""
        for path in (PATH, self._one()):
            response = self._ask("HEAD", path)
            self.assertEqual((response.status_code, response.content), (200, b""))
            self.assertEqual("ETag" in response.headers, path != PATH)

    def test_parameters_of_the_other_spelling(self):
        """``offset`` would be taken for a number of rows: it is a mistake here, and ``page`` has limits."""
        self.assertError(self._ask("GET", offset=2), 400, "bad_parameter")
        for page in ("0", "-1", "x", "1.5", ""):
            self.assertError(self._ask("GET", page=page), 400, "bad_parameter")
        self.assertError(self._ask("GET", page=1, cursor=""), 400, "bad_parameter")

    # --- writing -------------------------------------------------------------------------

    def test_write(self):
        """POST creates, PUT and PATCH change, DELETE deletes; ``data`` is an object."""
        body = {"values": {"name": "Made", "ref": "MADE"}, "fields": ["name"]}
        response = self._ask("POST", PATH, body)
        row = self.assertAnswer(response, 201)["data"]
        self.assertEqual(row["name"], "Made")
        self.assertIn("ETag", response.headers)
        record = self.env[MODEL].browse(row["id"])
        for method in ("PUT", "PATCH"):
            body = {"values": {"name": method}, "fields": ["name", "ref"]}
            row = self.assertAnswer(self._ask(method, self._one(record), body))["data"]
            self.assertEqual(row, {"id": record.id, "name": method, "ref": "MADE"})
        deleted = self.assertAnswer(self._ask("DELETE", self._one(record)))
        self.assertEqual(deleted, {"deleted_id": record.id})
        self.env.invalidate_all()
        self.assertFalse(record.exists())

    def test_several(self):
        """A list on the path of the model, as in the other spelling."""
        values = [{"name": "Made 1"}, {"name": "Made 2"}]
        body = self.assertAnswer(self._ask("POST", PATH, {"values": values}), 201)
        self.assertEqual([row["display_name"] for row in body["data"]], ["Made 1", "Made 2"])
        ids = [row["id"] for row in body["data"]]
        items = [{"id": key, "values": {"ref": "MADE"}} for key in ids]
        for method in ("PUT", "PATCH"):
            body = self.assertAnswer(self._ask(method, PATH, {"records": items, "fields": ["ref"]}))
            self.assertEqual(body["data"], [{"id": key, "ref": "MADE"} for key in ids])
        self.assertAnswer(self._ask("PUT", PATH, {"values": {"ref": "X"}}, id=ids[0]))
        response = self._ask("PATCH", self._one(), {"records": items})
        self.assertError(response, 400, "bad_value")
        self.assertEqual(
            self.assertAnswer(self._ask("DELETE", PATH, ids=ids)), {"deleted_ids": ids}
        )
        self.assertError(self._ask("DELETE", PATH), 400, "bad_parameter")
        self.env.invalidate_all()
        self.assertFalse(self.env[MODEL].browse(ids).exists())

    # --- what is not there ---------------------------------------------------------------

    def test_models_that_are_not_there(self):
        """One answer for a model that is not installed and one that is not open, for each method."""
        self.env["connection.api"].search([("model", "=", "res.bank")]).unlink()
        for model in (
            "res.bank",
            "no.such.model",
            "res_partner",
            "RES.PARTNER",
            "jwt.session",
            "%00",
            " ",
        ):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                for path in (f"/api/v1/{model}", f"/api/v1/{model}/1"):
                    if method == "POST" and path.endswith("/1"):
                        continue
                    with self.subTest(method=method, path=path):
                        body = {"values": {}} if method in ("POST", "PUT", "PATCH") else None
                        response = self._ask(method, path, body)
                        self.assertError(response, 404, "model_not_found")

    def test_ids_that_are_none(self):
        """Beyond the column, of nothing, of something that is not shown: 404 for each method."""
        gone = self.env[MODEL].create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        for record_id in (0, gone_id, 2**31 - 1, 2**31, 2**63, 10**30, "9" * 400):
            for method in ("GET", "PUT", "PATCH", "DELETE"):
                with self.subTest(method=method, record_id=str(record_id)[:20]):
                    body = {"values": {"ref": "BAD"}} if method[0] == "P" else None
                    response = self._ask(method, f"{PATH}/{record_id}", body)
                    self.assertError(response, 404, "not_found")
        self._connect(MODEL, domain="[('ref', '!=', 'PATH')]")
        for method in ("GET", "PUT", "DELETE"):
            body = {"values": {"ref": "BAD"}} if method == "PUT" else None
            self.assertError(self._ask(method, self._one(), body), 404, "not_found")
        self.assertTrue(self.record.exists())

    def test_paths_that_are_none(self):
        """JSON, whatever they are: 404, or 405 where another method has a place."""
        for path in (
            f"{PATH}/-1",
            f"{PATH}/1.5",
            f"{PATH}/abc",
            f"{PATH}/%31%00",
            f"{PATH}/1/2/3/4",
            f"{PATH}/../{MODEL}/x",
            "/api/v1//1",
            "/api/v2/res.partner",
        ):
            with self.subTest(path=path):
                response = self._ask("GET", path)
                self.assertIn(response.status_code, (404, 405), response.text)
                code = "not_found" if response.status_code == 404 else "method_not_allowed"
                if path.endswith("//1"):  # werkzeug merges the slashes
                    continue
                self.assertError(response, response.status_code, code)
                self.assertEqual("Allow" in response.headers, response.status_code == 405)

    def test_methods_that_are_not_open(self):
        """405 with those that are: of the connection, and of the path."""
        self._connect(MODEL, "GET PUT")
        for method, path in (("POST", PATH), ("DELETE", self._one()), ("DELETE", PATH)):
            with self.subTest(method=method, path=path):
                response = self._ask(method, path, {"values": {}} if method == "POST" else None)
                self.assertError(response, 405, "method_not_allowed")
                self.assertEqual(response.headers["Allow"], "GET, PUT, PATCH")
        self.assertAnswer(self._ask("PATCH", self._one(), {"values": {"color": 1}}))
        self._connect(MODEL)
        response = self._ask("POST", self._one(), {"values": {}})
        self.assertError(response, 405, "method_not_allowed")
        self.assertEqual(response.headers["Allow"], "GET, PUT, PATCH, DELETE")
        self.assertTrue(self.record.exists())

    # --- who ------------------------------------------------------------------------------

    def test_needs_a_token(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for path in (PATH, self._one()):
                if (method, path) == ("POST", self._one()):
                    continue
                with self.subTest(method=method, path=path):
                    self.assertMissingToken(self._call(method, path))
        self.assertTrue(self.record.exists())

    # --- envelopes and pages of other origins --------------------------------------------

    def test_json_rpc(self):
        """An envelope is answered in one, on both spellings, for results, lists and errors."""

        def wrap(params):
            return {"jsonrpc": "2.0", "id": 7, "method": "call", "params": params}

        legacy = f"/api/send_request?model={MODEL}"
        spellings = [(PATH, f"{PATH}/%s"), (legacy, f"{legacy}&id=%s")]
        for record, (path, spelling) in zip(self.partners[:2], spellings, strict=True):
            one = spelling % record.id
            with self.subTest(path=path):
                values = {"values": {"name": "Wrapped"}, "fields": ["name"]}
                body = self.assertAnswer(self._call("POST", path, self.access, json=wrap(values)))
                self.assertEqual(list(body), ["jsonrpc", "id", "result"])
                self.assertEqual((body["jsonrpc"], body["id"]), ("2.0", 7))
                self.assertEqual(list(body["result"]), ["success", "count", "data"])
                self.assertEqual(body["result"]["data"]["name"], "Wrapped")
                many = wrap({"values": [{"name": "Wrapped 2"}, {"name": "Wrapped 3"}]})
                body = self.assertAnswer(self._call("POST", path, self.access, json=many))
                self.assertEqual(body["result"]["count"], 2)
                bad = wrap({"values": {"nope": 1}})
                body = self.assertAnswer(self._call("PUT", one, self.access, json=bad))
                self.assertEqual(list(body), ["jsonrpc", "id", "error"])
                self.assertEqual(body["error"]["code"], 400)
                data = body["error"]["data"]
                named = list(data.pop("fields", {}))
                self.assertEqual(named, ["nope"] if path.startswith("/api/v1/") else [])
                self.assertErrorBody(data, "unknown_field")
                stale = {"If-Match": '"x"'}
                changed = wrap({"values": {"ref": "BAD"}})
                response = self._call("PUT", one, self.access, headers=stale, json=changed)
                self.assertEqual(self.assertAnswer(response)["error"]["code"], 412)
                response = self._call("DELETE", one, self.access, json=wrap({}))
                deleted = self.assertAnswer(response)["result"]
                self.assertEqual(deleted, {"deleted_id": record.id})
                self.env.invalidate_all()
                self.assertFalse(record.exists())

    def test_preflight(self):
        """A page of a listed origin may ask with all methods and headers; another one may not."""
        self._set(cors_origins="https://shop.example")
        methods = {PATH: "GET, PATCH, POST, PUT", self._one(): "GET, PATCH, PUT"}
        for path, some in methods.items():
            for origin in ("https://shop.example", "https://evil.example"):
                with self.subTest(path=path, origin=origin):
                    headers = {
                        "Origin": origin,
                        "Access-Control-Request-Method": "PATCH",
                        "Access-Control-Request-Headers": "authorization, if-match",
                    }
                    response = self._call("OPTIONS", path, headers=headers)
                    self.assertEqual((response.status_code, response.content), (204, b""))
                    allowed = response.headers.get("Access-Control-Allow-Methods", "")
                    if "evil" in origin:
                        self.assertNotIn("Access-Control-Allow-Origin", response.headers)
                        self.assertEqual(allowed, "")
                        continue
                    self.assertEqual(response.headers["Access-Control-Allow-Origin"], origin)
                    self.assertLessEqual(set(some.split(", ")), set(allowed.split(", ")))
                    sent = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
                    for name in ("authorization", "if-match", "if-none-match", "idempotency-key"):
                        self.assertIn(name, sent)
        response = self._ask("GET", self._one(), headers={"Origin": "https://shop.example"})
        self.assertAnswer(response)
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        self.assertIn("ETag", exposed)
