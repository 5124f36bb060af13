# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine.values import MAGIC
from ..tools.errors import ApiError
from .policy_case import PolicyCase

MODEL = "res.partner"
PATH = f"/api/v1/{MODEL}"


@tagged("post_install", "-at_install")
class TestErrorMessages(PolicyCase):
    """What an error says helps whoever wrote the request, and names nothing that the caller may not know."""

    def setUp(self):
        super().setUp()
        self.connection = self._connect(MODEL)
        self.record = f"{PATH}/{self.mine[0].id}"

    def _ask(self, path=PATH, token=None, **params):
        return self._call("GET", path, token or self.access, params=params)

    def _said(self, response, code, status=400):
        """The message of an error."""
        return self.assertError(response, status, code)["message"]

    def _write(self, values, method="POST", path=PATH):
        return self._call(method, path, self.access, json={"values": values})

    # --- parameters without effect --------------------------------------------------------

    def test_parameters_without_effect_on_one_record(self):
        for name, value in (
            ("limit", "3"),
            ("order", "name"),
            ("page", "1"),
            ("cursor", ""),
            ("count", "none"),
            ("groupby", "city"),
            ("aggregates", "id:count"),
        ):
            with self.subTest(name=name):
                body = self.assertError(
                    self._ask(self.record, **{name: value}), 400, "bad_parameter"
                )
                self.assertEqual(list(body["fields"]), [name])
        self.assertAnswer(self._ask(self.record, fields="name", expand="child_ids", archived="1"))
        self.assertAnswer(self._ask(self.record, limit="", groupby=""))

    def test_parameters_without_effect_on_groups(self):
        for path, params in ((PATH, {"groupby": "city"}), (f"{PATH}/groups", {})):
            for name, value in (("fields", "name"), ("expand", "child_ids"), ("cursor", "")):
                with self.subTest(path=path, name=name):
                    response = self._ask(path, **params, **{name: value})
                    body = self.assertError(response, 400, "bad_parameter")
                    self.assertEqual(list(body["fields"]), [name])
            self.assertAnswer(self._ask(path, **params, limit="1", count="none", search="Mine"))

    def test_documented_route_ignores_what_it_always_has(self):
        """Apps in the field send ``limit`` with an id, and ``fields`` with groups."""
        params = {"model": MODEL, "fields": '["name"]', "limit": "3", "order": "name"}
        answer = self.assertAnswer(
            self._ask("/api/send_request", id=self.mine[0].id, count="none", **params)
        )
        self.assertEqual((answer["page_size"], len(answer["data"])), (3, 1))
        del params["order"]
        self.assertAnswer(self._ask("/api/send_request", groupby='["city"]', **params))

    def test_link_takes_no_parameter(self):
        response = self._call("POST", f"{self.record}/image_1920/link?lang=en_US", self.access)
        self.assertIn('"lang"', self._said(response, "bad_parameter"))

    # --- fields ---------------------------------------------------------------------------

    def test_field_as_a_parameter(self):
        """The message shows the domain, with a value of the field's type."""
        for name, text, value in (
            ("name", "azure", "azure"),
            ("name", "7", "7"),
            ("color", "7", 7),
            ("color", "red", "red"),
            ("active", "False", False),
            ("country_id", "7", 7),
            ("country_id", "{7}", "{7}"),
            ("partner_latitude", "1.5", 1.5),
            ("partner_latitude", "1e999", "1e999"),
            ("partner_latitude", "NaN", "NaN"),
        ):
            with self.subTest(name=name, text=text):
                message = self._said(self._ask(**{name: text}), "bad_parameter")
                domain = message.partition("domain=")[2].removesuffix(".")
                self.assertEqual(json.loads(domain), [[name, "=", value]])
        domain = json.dumps([["name", "=", "Mine A"]])
        self.assertEqual(self.assertAnswer(self._ask(domain=domain))["count"], 1)

    def test_hidden_field_as_a_parameter(self):
        """As one that does not exist."""
        with self._hide(MODEL, "ref"):
            hidden = self._said(self._ask(ref="x"), "bad_parameter")
        self.assertEqual(hidden, 'Unknown parameter "ref".')
        unknown = self._said(self._ask(nothing="x"), "bad_parameter")
        self.assertEqual(unknown, 'Unknown parameter "nothing".')

    def test_similar_fields(self):
        """Wherever a field is named."""
        child = {"child_ids": [[0, 0, {"emial": "x"}]]}
        for response, meant in (
            (self._ask(fields="emial"), "email"),
            (self._ask(domain='[["emial", "=", 1]]'), "email"),
            (self._ask(domain='[["parent_id.emial", "=", 1]]'), "email"),
            (self._ask(order="emial"), "email"),
            (self._ask(groupby="emial"), "email"),
            (self._ask(aggregates="colour:sum"), "color"),
            (self._ask(expand="chlid_ids"), "child_ids"),
            (self._ask(expand='{"child_ids": ["emial"]}'), "email"),
            (self._write({"name": "New", "emial": "x"}), "email"),
            (self._write({"name": "New", **child}), "email"),
            (self._write({"emial": "x"}, "PUT", self.record), "email"),
            (self._ask(f"{self.record}/image_1902"), "image_1920"),
            (self._call("PUT", f"{self.record}/image_1902", self.access, data=b"x"), "image_1920"),
        ):
            with self.subTest(url=response.url, meant=meant):
                message = self._said(response, "unknown_field")
                self.assertIn(f'Did you mean "{meant}"?', message)
        self.assertNothingNew(MODEL, [("name", "=", "New")])
        self.assertNotIn("Did you mean", self._said(self._ask(fields="xyzxyz"), "unknown_field"))
        response = self._get(self.access, fields=["emial"])
        self.assertIn('Did you mean "email"?', self._said(response, "unknown_field"))

    def test_similar_fields_that_are_hidden(self):
        """Another field, or none: the hidden one is never named."""
        with self._hide(MODEL, "email"):
            for response in (
                self._ask(fields="emial"),
                self._ask(domain='[["emial", "=", 1]]'),
                self._write({"name": "New", "emial": "x"}),
            ):
                self.assertNotIn('"email"', self._said(response, "unknown_field"))
        self.connection.write_field_ids = self._fields(MODEL, "name", "city")
        self.assertNotIn('"email"', self._said(self._write({"emial": "x"}), "unknown_field"))
        self.assertIn('"name"', self._said(self._write({"nmae": "x"}), "unknown_field"))
        self.connection.read_field_ids = self._fields(MODEL, "name", "city")
        self.assertNotIn('"email"', self._said(self._ask(fields="emial"), "unknown_field"))

    def test_similar_fields_without_get(self):
        """A connection that is not read suggests only what may be written."""
        connection = self._connect(MODEL, "POST PUT")
        connection.write_field_ids = self._fields(MODEL, "name")
        self.assertNotIn("Did you mean", self._said(self._write({"emial": "x"}), "unknown_field"))
        self.assertIn('"name"', self._said(self._write({"nmae": "x"}), "unknown_field"))
        self.assertNothingNew(MODEL, [("name", "=", "New")])

    def test_readable_field_that_may_not_be_written(self):
        """The error says so; a field that may not be read either is unknown."""
        self.connection.write_field_ids = self._fields(MODEL, "name")
        self.connection.read_field_ids = self._fields(MODEL, "name", "city")
        for method, path in (("POST", PATH), ("PUT", self.record)):
            with self.subTest(method=method):
                body = self.assertError(
                    self._write({"name": "New", "city": "x"}, method, path), 400, "bad_value"
                )
                self.assertEqual(body["fields"], {"city": ["city cannot be written here."]})
                for name in ("ref", "nope"):
                    response = self._write({"name": "New", name: "x"}, method, path)
                    message = self._said(response, "unknown_field")
                    self.assertEqual(message, f"Unknown field {name} on {MODEL}.")
        self.assertNothingNew(MODEL, [("name", "=", "New")])
        self.assertUnchanged(self.mine[0], name="Mine A")

    def test_field_that_odoo_sets_and_nobody_may_read(self):
        """That Odoo sets it reveals that it exists."""
        self.connection.read_field_ids = self._fields(MODEL, "name")
        for method, path in (("POST", PATH), ("PUT", self.record)):
            for name in ("commercial_partner_id", "nope"):
                response = self._write({"name": "New", name: 1}, method, path)
                message = self._said(response, "unknown_field")
                self.assertIn(f"Unknown field {name} on {MODEL}.", message)
            response = self._write({"name": "New", "create_uid": 1}, method, path)
            self.assertIn("is set by Odoo", self._said(response, "bad_value"))
        self.assertNothingNew(MODEL, [("name", "=", "New")])
        self.assertUnchanged(self.mine[0], name="Mine A")

    def test_every_field_that_may_be_neither_read_nor_written(self):
        """The error of an invented name, whatever closes the field: its own model or that of a relation."""
        shown = "create_date"
        models = (MODEL, "res.users", "res.company", "ir.attachment", "res.partner.bank")
        refused = set()
        for methods, written in (
            ("GET POST PUT", ()),
            ("GET POST PUT", ["name"]),
            ("GET", ()),
        ):
            for name in models:
                self._connect(name, read_field_ids=self._fields(name, shown))
            self._connect(
                MODEL,
                methods,
                read_field_ids=self._fields(MODEL, shown),
                write_field_ids=self._fields(MODEL, *written),
            )
            for name in models:
                policy = self.env["connection.api"].with_user(self.user)._resolve(name)
                invented = self._refusal(policy, "x_invented")
                hidden = policy.model._fields.keys() - MAGIC - {shown}
                for field in sorted(hidden):
                    with self.subTest(model=name, field=field, methods=methods, written=written):
                        self.assertFalse(policy.shows(field))
                        if (found := self._refusal(policy, field)) is not None:
                            refused.add((name, field))
                            self.assertEqual(found, invented)
        for each in (
            (MODEL, "commercial_partner_id"),
            (MODEL, "email"),
            ("res.users", "email"),
            ("res.users", "commercial_partner_id"),
            ("res.users", "companies_count"),
        ):
            self.assertIn(each, refused)

    @staticmethod
    def _refusal(policy, name):
        """Return the error for a value of a field, without its name; None if it may be written."""
        try:
            policy.values.writable(name)
        except ApiError as exc:
            at = [each.replace(name, "?") for each in exc.at]
            return exc.error, exc.message().replace(name, "?"), at
        return None

    def test_readable_field_without_get(self):
        """Nothing may be read there, so a field of the list is unknown too."""
        connection = self._connect(MODEL, "POST PUT")
        connection.write_field_ids = self._fields(MODEL, "name")
        for method, path in (("POST", PATH), ("PUT", self.record)):
            for name in ("city", "nope"):
                response = self._write({"name": "New", name: "x"}, method, path)
                self.assertEqual(
                    self._said(response, "unknown_field"), f"Unknown field {name} on {MODEL}."
                )

    # --- values ---------------------------------------------------------------------------

    def test_option_that_is_none(self):
        message = self._said(self._write({"name": "New", "type": "x y"}), "bad_value")
        self.assertIn('"x y" is not an option of type. Options: contact, invoice,', message)
        message = self._said(self._write({"name": "New", "tz": "x"}), "bad_value")
        self.assertIn("…", message)
        self.assertLess(len(message), 600)
        self.assertNothingNew(MODEL, [("name", "=", "New")])

    def test_record_that_is_none(self):
        for value in ("DE", 1.5, {"name": "x"}, [1, 2, 3]):
            with self.subTest(value=value):
                message = self._said(self._write({"name": "New", "country_id": value}), "bad_value")
                self.assertIn("must be the id of a res.country record", message)

    @mute_logger("odoo.sql_db")
    def test_missing_values(self):
        """All of them, with their labels and names; the documented route has Odoo's own message."""
        self._connect("res.country")
        path, before = "/api/v1/res.country", self.env["res.country"].search_count([])
        response = self._call("POST", path, self.admin_access, json={"values": {"phone_code": 1}})
        body = self.assertError(response, 422, "validation_error")
        self.assertEqual(list(body["fields"]), ["code", "name"])
        for text in ('"Country Code" (code)', '"Country Name" (name)'):
            self.assertIn(text, body["message"])
        self.assertNotIn("\n", body["message"])
        country = self.env["res.country"].search([], limit=1)
        response = self._call(
            "PUT", f"{path}/{country.id}", self.admin_access, json={"values": {"name": None}}
        )
        body = self.assertError(response, 422, "validation_error")
        self.assertEqual(list(body["fields"]), ["name"])
        many = [{"name": "One"}, {"name": "Two"}]
        response = self._call("POST", path, self.admin_access, json={"values": many})
        body = self.assertError(response, 422, "validation_error")
        self.assertEqual(list(body["fields"]), ["code"])
        response = self._create(self.admin_access, "res.country", {"phone_code": 1})
        self.assertIn("\nModel: ", self._said(response, "validation_error", 422))
        self.assertEqual(self.env["res.country"].search_count([]), before)

    @mute_logger("odoo.sql_db")
    def test_missing_value_of_a_field_that_is_not_written(self):
        """It is not named."""
        self._connect("res.country", write_field_ids=self._fields("res.country", "name"))
        response = self._call(
            "POST", "/api/v1/res.country", self.admin_access, json={"values": {"name": "Nowhere"}}
        )
        message = self._said(response, "validation_error", 422)
        self.assertEqual(message, "A required value is missing.")

    # --- lists, domains, groups ------------------------------------------------------------

    def test_lists_in_brackets_without_quotes(self):
        message = self._said(self._ask(fields="[name,email]"), "bad_parameter")
        self.assertIn('fields=name,email or fields=["name", "email"]', message)
        response = self._ask("/api/send_request", model=MODEL, fields="[name,email]")
        message = self._said(response, "bad_parameter")
        self.assertIn('Send fields=["name", "email"].', message)
        for form in ("name,email", '["name", "email"]'):
            self.assertAnswer(self._ask(fields=form))

    def test_condition_without_a_list(self):
        for text in ('["name", "=", "Mine A"]', "('name', '=', 'Mine A')"):
            message = self._said(self._ask(domain=text), "bad_domain")
            self.assertIn('[["name", "=", "Mine A"]]', message)

    def test_dates_are_grouped_by_periods(self):
        for name in ("create_date", "create_date:month,write_date"):
            message = self._said(self._ask(groupby=name), "bad_parameter")
            field = name.rpartition(",")[2]
            forms = [f"{field}:{each}" for each in ("hour", "day", "week", "month")]
            self.assertIn(", ".join(forms), message)
        self.assertAnswer(self._ask(groupby="create_date:month"))
        message = self._said(self._ask(groupby="name:month"), "bad_parameter")
        self.assertIn("cannot be grouped by name:month", message)

    def test_records_are_named(self):
        response = self._call("PUT", PATH, self.access, json={"values": {"city": "x"}})
        self.assertIn('"records", such as [{"id": 7', self._said(response, "bad_parameter"))
        response = self._call("DELETE", PATH, self.access)
        self.assertIn("ids=1,2", self._said(response, "bad_parameter"))
        self.assertUnchanged(self.mine[0], city="Rome")

    # --- headers and bodies ----------------------------------------------------------------

    def test_token_without_a_scheme(self):
        for header in (self.access, f"Token {self.access}"):
            response = self._call("GET", PATH, headers={"Authorization": header})
            message = self.assertInvalidToken(response)["message"]
            self.assertIn('"Authorization: Bearer <token>"', message)
        message = self.assertInvalidToken(self._ask(token="rubbish"))["message"]
        self.assertIn("expired", message)

    def test_body_without_a_type(self):
        data = json.dumps({"values": {"name": "New"}})
        for headers in ({}, {"Content-Type": "text/plain"}):
            response = self._call("POST", PATH, self.access, data=data, headers=headers)
            message = self._said(response, "unsupported_media_type", 415)
            self.assertIn('"Content-Type: application/json"', message)
        self.assertNothingNew(MODEL, [("name", "=", "New")])

    def test_body_that_is_not_json(self):
        """The message says where."""
        headers = {"Content-Type": "application/json"}
        for data, place in (
            ('{"values": {"name": "New"}', "line 1, column 27"),
            ('{\n"values": {"name": New}}', "line 2, column 20"),
            ("{'values': {}}", "line 1, column 2"),
        ):
            response = self._call("POST", PATH, self.access, data=data, headers=headers)
            self.assertIn(place, self._said(response, "bad_json"))
        response = self._call("POST", PATH, self.access, data=b"\xff\xfe\xff", headers=headers)
        self._said(response, "bad_json")

    def test_empty_credentials(self):
        for body in (
            {"login": self.user.login, "password": ""},
            {"login": "", "password": "x"},
            {"login": self.user.login},
            {},
        ):
            response = self._post("/api/login", body)
            self.assertIn("not empty", self._said(response, "bad_value"))

    # --- paths -----------------------------------------------------------------------------

    def test_record_without_a_number(self):
        """A 404 that says what an id is, for every method but POST, which calls an action."""
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            for name in ("abc", "1.5", "address_get"):
                with self.subTest(method=method, name=name):
                    response = self._call(method, f"{PATH}/{name}", self.access)
                    message = self._said(response, "not_found", 404)
                    self.assertIn("The id of a record is a number", message)
                    self.assertNotIn("Allow", response.headers)
        self._said(self._call("POST", f"{PATH}/abc", self.access), "not_found", 404)
        self._said(self._call("GET", f"{PATH}/abc/image_1920", self.access), "not_found", 404)

    def _allowed(self, method, path):
        response = self._call(method, path, self.access)
        self.assertError(response, 405, "method_not_allowed")
        return response.headers["Allow"]

    def test_allow_has_what_path_and_connection_accept(self):
        self._connect(MODEL, "PUT")
        file, general = f"{self.record}/image_1920", f"/api/send_request?model={MODEL}&fields=[]"
        for method, path, expected in (
            ("GET", PATH, "PUT, PATCH"),
            ("POST", PATH, "PUT, PATCH"),
            ("DELETE", self.record, "PUT, PATCH"),
            ("GET", general, "PUT"),
            ("GET", file, "PUT"),
            ("POST", f"{file}/link", ""),
            ("GET", f"{PATH}/groups", ""),
        ):
            with self.subTest(method=method, path=path):
                self.assertEqual(self._allowed(method, path), expected)
        connection = self._connect(MODEL, "GET POST")
        for method, path, expected in (
            ("PUT", PATH, "GET, POST"),
            ("DELETE", self.record, "GET"),
            ("PUT", file, "GET"),
            ("DELETE", file, "GET, POST, PUT"),
            ("POST", self.record, "GET, PUT, PATCH, DELETE"),
        ):
            with self.subTest(method=method, path=path):
                self.assertEqual(self._allowed(method, path), expected)
        connection.write({"is_get": False, "action_ids": [(0, 0, {"name": "address_get"})]})
        self.assertEqual(self._allowed("GET", f"{self.record}/address_get"), "POST")
        self.assertEqual(self._allowed("GET", f"{self.record}/other"), "")
        connection.is_get = True
        self.assertEqual(self._allowed("GET", f"{self.record}/address_get"), "POST")
        connection.is_get = False
        connection.group_ids = self.env.ref("base.group_system")
        self.assertEqual(self._allowed("GET", f"{self.record}/address_get"), "")
