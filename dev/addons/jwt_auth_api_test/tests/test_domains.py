# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Conditions that Odoo's code fails with: the client's mistake, told with the condition."""

import json
from unittest.mock import patch

from psycopg2.errors import SerializationFailure, UndefinedFunction

from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.jwt_auth_api.engine.groups import read_groups
from odoo.addons.jwt_auth_api.engine.page import read_page
from odoo.addons.jwt_auth_api.engine.policy import Policy
from odoo.addons.jwt_auth_api.tests.common import ApiCase
from odoo.addons.jwt_auth_api.tools import parsing

MODEL, RECORD = "api.test.fragile", "api.test.record"
MOMENTS = ["2026-11-25 09:59:59", "2026-11-25 10:00:00", "2026-11-25 10:00:01"]


@tagged("post_install", "-at_install")
class TestDomains(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (MODEL, RECORD, "res.partner"):
            cls._connect(model)
        definition = [
            {"name": "at", "string": "At", "type": "datetime"},
            {"name": "note", "string": "Note", "type": "char"},
            {"name": "rank", "string": "Rank", "type": "integer"},
            {"name": "owner", "string": "Owner", "type": "many2one", "comodel": "res.partner"},
        ]
        cls.folder = cls.env["api.test.folder"].create(
            {"name": "Folder", "properties_definition": definition}
        )
        cls.partner = cls.env["res.partner"].create({"name": "Owner"})
        cls.records = cls.env[RECORD].create(
            [
                {
                    "name": moment,
                    "folder_id": cls.folder.id,
                    "properties": {
                        "at": moment,
                        "note": f"{moment}Z",
                        "rank": rank,
                        "owner": cls.partner.id,
                    },
                }
                for moment, rank in zip(MOMENTS, (2, 10, 1), strict=True)
            ]
        )
        cls.env[MODEL].create({"name": "x"})
        cls.access = cls._open(cls.user).access

    def _ask(self, model, domain, **params):
        params = {"fields": ["id"], "order": "id", **params}
        if "groupby" in params:
            del params["fields"], params["order"]
        return self._send("GET", model, self.access, domain=domain, **params)

    def _assert_named(self, response, condition):
        self.assertError(response, 400, "bad_domain")
        self.assertIn(condition, response.json()["message"])

    # --- what Odoo cannot search ---------------------------------------------------------

    def test_condition_is_named(self):
        """Whether Odoo fails when it reads the domain or when it makes SQL of it."""
        cases = {
            '["properties", "=", false]': ["properties", "=", False],
            '["properties.at.x", "=", "y"]': ["properties.at.x", "=", "y"],
            '["properties.At", "=", "y"]': ["properties.At", "=", "y"],
        }
        for text, condition in cases.items():
            with self.subTest(condition=text):
                fine = ["name", "!=", "x"]
                self._assert_named(self._ask(RECORD, [fine, condition]), text)
                self._assert_named(self._ask(RECORD, ["|", condition, fine]), text)
                self._assert_named(self._ask(RECORD, ["!", condition]), text)
        self.assertList(self._ask(MODEL, [["picky", "=", "fine"]]), total=1)
        for text in ("index", "unknown"):
            response = self._ask(MODEL, [["picky", "=", text]])
            self._assert_named(response, f'["picky", "=", "{text}"]')

    @mute_logger("odoo.sql_db")
    def test_condition_that_postgresql_refuses(self):
        cases = {'["partner_id", "<", true]': RECORD, '["picky", "=", "sql"]': MODEL}
        for text, model in cases.items():
            for params in ({}, {"cursor": ""}, {"groupby": ["name"]}):
                with self.subTest(condition=text, params=params):
                    domain = [["name", "!=", "y"], json.loads(text)]
                    self._assert_named(self._ask(model, domain, **params), text)

    def test_every_way_to_ask(self):
        """One record, a cursor, groups, and conditions within conditions."""
        condition, text = ["day.month_number", "=", 11], '["day.month_number", "=", 11]'
        record_id = str(self.env[MODEL].search([], limit=1).id)
        for params in ({}, {"id": record_id}, {"cursor": ""}, {"groupby": ["name"]}):
            with self.subTest(params=params):
                self._assert_named(self._ask(MODEL, [condition], **params), text)
        self._assert_named(self._ask(MODEL, [["parent_id", "any", [condition]]]), text)
        path = ["parent_id.day.month_number", "=", 11]
        self._assert_named(self._ask(MODEL, [path]), '["parent_id.day.month_number", "=", 11]')

    def test_within_a_model_that_is_not_lifted(self):
        """Odoo fails when the related records are looked for, not when the whole domain is."""
        self.env["connection.api"].search([("model", "=", MODEL)]).run_as = "user"
        line = ["parent_id", "any", [["name", "=", "x"], ["picky", "=", "index"]]]
        self._assert_named(self._ask(MODEL, [line]), '["picky", "=", "index"]')

    def test_sentence_of_odoos(self):
        response = self._ask(MODEL, [["picky", "=", "asked"]])
        sentence = 'Ask for something else. Odoo cannot search by ["picky", "=", "asked"].'
        self._assert_named(response, sentence)

    def test_errors_that_are_no_condition(self):
        """Refused access is a 403, a lost race is for Odoo's retry."""
        self.assertError(self._ask(MODEL, [["picky", "=", "refused"]]), 403, "access_denied")
        connection = self.env["connection.api"]._connection(MODEL)
        policy = Policy(self.env[MODEL].with_user(self.user), connection)
        params = {"model": MODEL, "fields": "[]", "domain": '[["picky", "=", "lost"]]'}
        with self.assertRaises(SerializationFailure):
            read_page(policy, parsing.parse_get(params, 1000))

    def test_file(self):
        """Odoo passes over a condition on what a file holds: no filter may vanish."""
        self.records[0].binary = "eA=="
        domain = [["id", "in", self.records.ids]]
        for operator, value, found in (
            ("=", False, 2),
            ("!=", False, 1),
            ("in", [False], 2),
            ("not in", [None], 1),
        ):
            with self.subTest(operator=operator, value=value):
                condition = ["binary", operator, value]
                self.assertList(self._ask(RECORD, [*domain, condition]), total=found)
        for name in ("binary", "image"):
            for operator, value in (
                ("=", "eA=="),
                ("=", True),
                ("in", [False, "eA=="]),
                ("in", []),
                ("ilike", "e"),
                ("<", False),
                ("=?", False),
            ):
                with self.subTest(name=name, operator=operator, value=value):
                    response = self._ask(RECORD, [*domain, [name, operator, value]])
                    self.assertError(response, 400, "bad_domain")
        line = ["record_binary", "=", "eA=="]
        self._connect("api.test.line")
        self.assertError(self._ask("api.test.line", [line]), 400, "bad_domain")

    # --- properties ------------------------------------------------------------------------

    def _found(self, *conditions):
        domain = [["id", "in", self.records.ids], *conditions]
        data = self.assertAnswer(self._ask(RECORD, domain, fields=["name"]))["data"]
        return [MOMENTS.index(row["name"]) for row in data]

    def test_moment_of_a_property(self):
        """As it is answered, with any offset, or in Odoo's own form."""
        cases = (
            ("=", "2026-11-25T10:00:00Z", [1]),
            ("=", "2026-11-25T11:00:00+01:00", [1]),
            ("=", "2026-11-25 10:00:00", [1]),
            ("!=", "2026-11-25T10:00:00Z", [0, 2]),
            ("<", "2026-11-25T10:00:00Z", [0]),
            ("<=", "2026-11-25T10:00:00Z", [0, 1]),
            (">", "2026-11-25T10:00:00Z", [2]),
            (">=", "2026-11-25T11:00:00+01:00", [1, 2]),
            ("in", ["2026-11-25T10:00:00Z", "2026-11-25T10:00:01Z"], [1, 2]),
        )
        for operator, value, expected in cases:
            with self.subTest(operator=operator, value=value):
                self.assertEqual(self._found(["properties.at", operator, value]), expected)

    def test_answer_finds_its_record(self):
        for record in self.records:
            response = self._ask(RECORD, [["id", "=", record.id]], fields=["properties"])
            [row] = self.assertAnswer(response)["data"]
            at = next(item["value"] for item in row["properties"] if item["name"] == "at")
            self.assertEqual(self._found(["properties.at", "=", at]), [MOMENTS.index(record.name)])

    def test_name_in_place_of_an_id(self):
        """Odoo looks for no name within a property: it finds nothing, or the condition is named."""
        path, refused = "properties.owner", ("child_of", "parent_of", "any", "not any")
        self.assertEqual(self._found([path, "=", self.partner.id]), [0, 1, 2])
        for operator in ("=", "!=", "in", "not in", "ilike", "not ilike", "=like", "<", ">="):
            value = ["Owner"] if operator.endswith("in") else "Owner"
            with self.subTest(operator=operator):
                self.assertIn(self._found([path, operator, value]), ([], [0, 1, 2]))
        for operator in refused:
            value = [["id", "=", 1]] if "any" in operator else "Owner"
            with self.subTest(operator=operator):
                response = self._ask(RECORD, [[path, operator, value]])
                self.assertError(response, 400, "bad_domain")
                self.assertIn("properties", response.json()["message"])

    def test_text_that_looks_like_a_moment(self):
        """Only where the property is one."""
        self.assertEqual(self._found(["properties.note", "=", "2026-11-25 10:00:00Z"]), [1])
        self.assertEqual(self._found(["properties.none", "=", "2026-11-25 10:00:00Z"]), [])

    def test_order_by_a_property(self):
        """As Odoo sorts, on pages and by a cursor."""
        domain = [["id", "in", self.records.ids]]
        for direction in ("asc", "desc"):
            order = f"properties.rank {direction}"
            expected = self.env[RECORD].search(domain, order=f"{order}, id desc").ids
            with self.subTest(order=order):
                rows = self.assertAnswer(self._ask(RECORD, domain, order=order))["data"]
                self.assertEqual([row["id"] for row in rows], expected)
                for answers in self._walk(
                    RECORD, self.access, limits=(1, 2), domain=domain, order=order, fields=["id"]
                ):
                    self.assertTrue(answers)
        for order in ("properties", "properties.Rank", "properties.rank.x"):
            with self.subTest(order=order):
                self.assertError(self._ask(RECORD, domain, order=order), 400, "bad_parameter")

    # --- groups ------------------------------------------------------------------------------

    def test_groups_by_id(self):
        """Each group is a record with its name, as Odoo formats it."""
        domain = [["id", "in", self.records.ids]]
        answer = self.assertAnswer(self._ask(RECORD, domain, groupby=["id"]))
        expected = [
            {"id": [record.id, record.display_name], "id:count": 1} for record in self.records
        ]
        self.assertEqual(answer["data"], expected)
        self.env["connection.api"].search([("model", "=", RECORD)]).read_field_ids = self.env[
            "ir.model.fields"
        ].search([("model", "=", RECORD), ("name", "=", "integer")])
        answer = self.assertAnswer(self._ask(RECORD, [], groupby=["id"], limit="1"))
        self.assertIs(answer["data"][0]["id"][1], False)

    @mute_logger("odoo.sql_db")
    def test_groups_that_postgresql_refuses(self):
        """A computed field whose SQL is a number, which PostgreSQL takes for a place: the parameter is named."""
        to_sql, numbers = BaseModel._field_to_sql, []

        def with_a_number(self, alias, name, query=None):
            return SQL("%s", numbers[-1]) if name == "char" else to_sql(self, alias, name, query)

        self.patch(self.env.registry[RECORD], "_field_to_sql", with_a_number)
        for groups in (["char"], ["char", "text"], ["text", "char"]):
            for params in ({}, {"order": "id:count"}):
                with self.subTest(groups=groups, **params):
                    numbers.append(len(groups) + 1)  # the place of the first aggregate
                    response = self._ask(RECORD, [], groupby=groups, **params)
                    body = self.assertError(response, 400, "bad_parameter")
                    self.assertIn("grouped by char.", body["message"])

    @mute_logger("odoo.sql_db")
    def test_order_that_postgresql_refuses(self):
        """A link whose column holds a text cannot be followed, on a page, by a cursor and among groups."""
        model = "api.test.moment"
        self._connect(model)
        self._connect("api.test.member")
        entry = self.env["api.test.entry"].create({"name": "entry", "amount": 1})
        self.assertList(self._ask(model, []), total=2)
        for params in (
            {"order": "member_id desc"},
            {"order": "name, member_id"},
            {"order": "member_id", "cursor": ""},
            {"groupby": ["name", "member_id"], "order": "name, member_id desc"},
        ):
            with self.subTest(**params):
                if "groupby" in params:
                    response = self._send("GET", model, self.access, **params)
                else:
                    response = self._ask(model, [["name", "=", entry.name]], **params)
                body = self.assertError(response, 400, "bad_parameter")
                self.assertIn("sorted by member_id.", body["message"])
        response = self._send("GET", model, self.access, groupby=["member_id"])
        self.assertEqual(self.assertList(response)["data"], [{"member_id": False, "id:count": 2}])

    @mute_logger("odoo.sql_db")
    def test_order_of_expanded_records_that_postgresql_refuses(self):
        for name in ("api.test.entry", "api.test.moment", "api.test.member"):
            self._connect(name)
        self.env["api.test.entry"].create({"name": "entry", "amount": 1})
        for options in ({"order": "member_id"}, {"order": "member_id", "limit": 1}):
            with self.subTest(**options):
                expand = {"moment_ids": {"fields": ["name"], **options}}
                response = self._send(
                    "GET", "api.test.entry", self.access, fields=["name"], expand=expand
                )
                body = self.assertError(response, 400, "bad_parameter")
                self.assertIn("sorted by member_id.", body["message"])

    def test_failing_groups_that_nobody_asked_for(self):
        """What fails without the client's doing stays an error of the server; a lost race is for Odoo's retry."""
        connection = self.env["connection.api"]._connection(MODEL)
        policy = Policy(self.env[MODEL].with_user(self.user), connection)
        asked = parsing.parse_get({"model": MODEL, "groupby": '["name"]'}, 1000)
        kind = type(self.env[MODEL])
        for failure in (SerializationFailure, UndefinedFunction):
            calls = []

            def fail(*args, failure=failure, calls=calls, **options):
                calls.append(options)
                if len(calls) == 1:
                    raise failure
                return []

            with (
                self.subTest(failure=failure),
                patch.object(kind, "_read_group", fail),
                self.assertRaises(failure),
            ):
                read_groups(policy, asked)

    def test_groups_by_a_property(self):
        """There are none, which the response says."""
        for group in ("properties", "properties.rank", "properties.moment:month", "properties.no"):
            with self.subTest(group=group):
                response = self._ask(RECORD, [], groupby=[group])
                message = self.assertError(response, 400, "bad_parameter")["message"]
                self.assertEqual(message, f"Records cannot be grouped by {group}.")

    def test_properties_of_a_hidden_field(self):
        """Sorting and grouping by them is answered as for a field that does not exist."""
        connection = self.env["connection.api"].search([("model", "=", RECORD)])
        connection.read_field_ids = self.env["ir.model.fields"]._get(RECORD, "integer")
        for path in ("properties.rank", "nothing.rank", "integer.rank", "char.rank"):
            for params in ({"groupby": [path]}, {"order": path}):
                with self.subTest(path=path, params=list(params)):
                    response = self._ask(RECORD, [], **params)
                    message = self.assertError(response, 400, "unknown_field")["message"]
                    self.assertEqual(message, f"Unknown field {path} on {RECORD}.")

    def test_aggregate_of_what_the_parent_does_not_store(self):
        """A model that delegates has the computed fields of the other one as well."""
        self._connect("api.test.drawer")
        for aggregate in ("name_length:sum", "name_length:count"):
            response = self._ask("api.test.drawer", [], groupby=["color"], aggregates=[aggregate])
            self.assertError(response, 400, "bad_parameter")
        response = self._ask("api.test.drawer", [], groupby=["color"], aggregates=["name:count"])
        self.assertAnswer(response)
