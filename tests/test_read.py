# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import json
from datetime import datetime

from odoo.tests import tagged

from ..engine.page import read_page
from ..tools import parsing
from .common import ApiCase

PATH = "/api/send_request"


@tagged("post_install", "-at_install")
class TestRead(ApiCase):
    """``GET /api/send_request``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("res.partner", "res.partner.bank", "res.partner.category", "res.country"):
            cls._connect(model)
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "qz"})
        partners = cls.env["res.partner"]
        cls.partners = partners.create(
            [{"name": f"Reader {number:02}", "ref": "READ"} for number in range(25)]
        )
        cls.category = cls.env["res.partner.category"].create({"name": "Readers"})
        cls.rich, cls.poor = cls.partners[3], cls.partners[4]
        cls.rich.write({"country_id": cls.country.id, "category_id": [(6, 0, cls.category.ids)]})
        cls.banks = cls.env["res.partner.bank"].create(
            [{"acc_number": f"ACC-{number}", "partner_id": cls.rich.id} for number in (1, 2)]
        )
        cls.env["res.partner.bank"].create(
            {"acc_number": "ACC-9", "partner_id": cls.partners[5].id}
        )
        cls.access = cls._open(cls.user).access

    def _get(self, model="res.partner", **params):
        params.setdefault("fields", ["name"])
        return self._send("GET", model, self.access, **params)

    def _mine(self, **params):
        return self._get(domain=[["ref", "=", "READ"]], **params)

    def _row(self, record, *names, **params):
        body = self.assertList(self._get(record._name, id=record.id, fields=list(names), **params))
        [row] = body["data"]
        return row

    # --- the envelope --------------------------------------------------------------------

    def test_first_page(self):
        """20 records, newest first, in the envelope; ``id`` is always there."""
        body = self.assertList(
            self._mine(), page=1, page_size=20, total=25, total_pages=2, count=20
        )
        newest = self.partners.sorted("id", reverse=True)[:20]
        expected = [{"id": partner.id, "name": partner.name} for partner in newest]
        self.assertEqual(body["data"], expected)

    def test_pages(self):
        """``offset`` is the page number; the pages tile the table; past the end it is empty."""
        seen = []
        for page, count in ((1, 10), (2, 10), (3, 5), (4, 0), (10**9, 0)):
            with self.subTest(page=page):
                body = self.assertList(
                    self._mine(offset=page, limit=10),
                    page=page,
                    page_size=10,
                    count=count,
                    total=25,
                    total_pages=3,
                )
                seen += [row["id"] for row in body["data"]]
        self.assertEqual(seen, sorted(self.partners.ids, reverse=True))

    def test_total_whatever_the_page_size(self):
        """``total`` and ``total_pages`` are right for a page of one, a full one and none."""
        for limit, pages in ((1, 25), (5, 5), (24, 2), (25, 1), (26, 1), (1000, 1)):
            with self.subTest(limit=limit):
                self.assertList(self._mine(limit=limit), total=25, total_pages=pages)
        nothing = self._get(domain=[["ref", "=", "NOBODY"]])
        self.assertList(nothing, total=0, total_pages=0, count=0, data=[])

    def test_one_record(self):
        """``id`` gives the list envelope with one element."""
        body = self.assertList(
            self._get(id=self.rich.id), count=1, page=1, page_size=20, total=1, total_pages=1
        )
        self.assertEqual(body["data"], [{"id": self.rich.id, "name": "Reader 03"}])
        one = self._get(id=self.rich.id, limit=1)
        self.assertList(one, count=1, page_size=1, total=1, total_pages=1)

    def test_one_record_that_is_not_there(self):
        """404 for an id that never was, was deleted, or that the domain leaves out."""
        gone = self.env["res.partner"].create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        for params in ({"id": gone_id}, {"id": 2**31 - 1}):
            with self.subTest(**params):
                self.assertError(self._get(**params), 404, "not_found")
        outside = self._get(id=self.rich.id, domain=[["ref", "=", "OTHER"]])
        self.assertError(outside, 404, "not_found")

    def test_fields(self):
        """Exactly the fields asked for, ``id`` first and once, doubles once; none is allowed."""
        for asked, keys in (
            (["name", "email"], ["id", "name", "email"]),
            (["id", "name", "name"], ["id", "name"]),
            ([], ["id"]),
        ):
            with self.subTest(fields=asked):
                [row] = self.assertList(self._get(id=self.rich.id, fields=asked))["data"]
                self.assertEqual(list(row), keys)

    def test_head(self):
        """HEAD is GET without the body."""
        params = {"model": "res.partner", "fields": '["name"]'}
        response = self._call("HEAD", PATH, self.access, params=params)
        self.assertEqual((response.status_code, response.content), (200, b""))

    # --- mistakes ------------------------------------------------------------------------

    def test_mistakes_of_the_parameters_are_a_400(self):
        """A number that is none, JSON that is none, names that are none."""
        cases = [
            {"fields": "name"},
            {"fields": '{"name": 1}'},
            {"fields": "[1]"},
            {"fields": "null"},
            {"fields": '["name", null]'},
            {"fields": "[NaN]"},
            *(
                {name: value}
                for name in ("offset", "limit", "id")
                for value in ("x", "1.5", "", "0")
            ),
            *(
                {name: value}
                for name in ("offset", "limit", "id")
                for value in ("-1", "1e3", "９x")
            ),
            {"limit": "1001"},
            {"offset": str(10**9 + 1)},
            {"id": str(2**31)},
            {"id": "9" * 30},
            {"expand": "[1]"},
            {"expand": '"bank_ids"'},
            {"expand": '{"bank_ids": "acc_number"}'},
            {"expand": '{"bank_ids": 1}'},
            {"expand": "{"},
            {"expand": '{"name": ["id"]}'},
        ]
        for params in cases:
            with self.subTest(**params):
                self.assertError(self._get(**params), 400, "bad_parameter")
        missing = self._call("GET", PATH, self.access, params={"model": "res.partner"})
        self.assertError(missing, 400, "bad_parameter")
        for params in ({"fields": "[]"}, {"fields": "[]", "model": ""}):
            nameless = self._call("GET", PATH, self.access, params=params)
            self.assertError(nameless, 400, "bad_parameter")

    def test_b09_numbers_at_the_edges(self):
        """limit=0 divides nothing by zero, offset=0 is no negative OFFSET, x is no number."""
        for name in ("limit", "offset"):
            for value in ("0", "-1", "x", " ", "1;DROP"):
                with self.subTest(name=name, value=value):
                    self.assertError(self._get(**{name: value}), 400, "bad_parameter")

    def test_unknown_fields_are_a_400(self):
        """In the list, in an expansion, in a domain; all mistakes are told at once."""
        for params in (
            {"fields": ["name", "nope"]},
            {"fields": ["country_id.code"]},
            {"fields": ["__class__"]},
            {"fields": [""]},
            {"expand": {"nope": ["name"]}},
            {"expand": {"bank_ids": ["nope"]}},
            {"domain": [["nope", "=", 1]]},
            {"domain": [["country_id.nope", "=", 1]]},
        ):
            with self.subTest(**params):
                self.assertError(self._get(**params), 400, "unknown_field")
        body = self.assertError(self._get(fields=["nope", "neither"]), 400, "unknown_field")
        self.assertIn("nope", body["message"])
        self.assertIn("neither", body["message"])

    # --- domains -------------------------------------------------------------------------

    def _found(self, domain, **params):
        body = self.assertList(self._get(domain=domain, limit=1000, **params))
        return self.env["res.partner"].browse(sorted(row["id"] for row in body["data"]))

    def test_b10_domain_as_json_and_as_python_literal(self):
        """true/false/null and True/False/None, brackets and parentheses, and/or/not."""
        self.poor.email = "poor@example.com"
        everyone, poor, rich = self.partners, self.poor, self.rich
        two, others = (rich.id, poor.id), (everyone - poor).ids
        cases = [
            ("[]", None),
            ("", None),
            ('[["ref","=","READ"]]', everyone),
            ('[["ref","=","READ"],["active","=",true]]', everyone),
            ('[["ref","=","READ"],["active","!=",false]]', everyone),
            ('[["ref","=","READ"],["email","!=",null]]', poor),
            ("[('ref','=','READ'),('active','=',True)]", everyone),
            ("[('ref','=','READ'),('email','!=',None)]", poor),
            ("[['ref','=','READ'],('email','!=',False)]", poor),
            (f"[('ref', '=', 'READ'), ('id', 'in', {two})]", rich | poor),
            ("(('ref','=','READ'),('name','=like','Reader 03'))", rich),
            (
                f"['&',('ref','=','READ'),'|',('id','=',{two[0]}),('id','=',{two[1]})]",
                rich | poor,
            ),
            ("['!',('ref','!=','READ')]", everyone),
            ('[["ref","=","READ"],["country_id.code","=","QZ"]]', rich),
            ('[["ref","=","READ"],["bank_ids","any",[["acc_number","=","ACC-1"]]]]', rich),
            (f'[["ref","=","READ"],["country_id","=",{self.country.id}]]', rich),
            (f'[["ref","=","READ"],["category_id","in",{self.category.ids}]]', rich),
            ('[["ref","=","READ"],["name","ilike","reader 03"]]', rich),
            (f'[["ref","=","READ"],["id","not in",{others}]]', poor),
        ]
        for domain, expected in cases:
            with self.subTest(domain=domain):
                found = self._found(domain)
                if expected is None:
                    self.assertGreater(len(found), len(everyone))
                else:
                    self.assertEqual(found, expected.sorted("id"))

    def test_domain_is_never_evaluated(self):
        """Code in a domain is a 400 and does not run."""
        cases = [
            "[('id', '=', uid)]",
            "[('id', '=', 1 + 1)]",
            "__import__('os').system('true')",
            "[('name', '=', open('/etc/hostname').read())]",
            "[('id', 'in', [x for x in range(3)])]",
            "lambda: 1",
            "[('create_date', '<', context_today())]",
            "{}",
            "1",
            "true",
            "null",
            '"[]"',
            "[(",
            "[" * 5000,
            "[('name','=','\\x00')]",
            "[('name','=',b'x')]",
            "[('name','=',{1})]",
            "[['name','=',NaN]]",
        ]
        for domain in cases:
            with self.subTest(domain=domain[:40]):
                self.assertError(self._get(domain=domain), 400, "bad_domain")

    def test_bad_domains_are_a_400(self):
        """Shapes, operators and values that Odoo cannot search are no 500."""
        cases = [
            [["name", "=", "x"], "|"],
            ["|", ["name", "=", "x"]],
            ["?", ["name", "=", "x"]],
            [["name", "="]],
            [["name", "=", "x", "y"]],
            [[1, "=", 2]],
            [["name", "matches", "x"]],
            [["name", ["="], "x"]],
            [["name", None, "x"]],
            [["name", "=", {"a": 1}]],
            [["name", "in", "x"]],
            [["name", "in", [["x"]]]],
            [["name.upper", "=", "x"]],
            [["name..x", "=", "x"]],
            [["id", "=", "x"]],
            [["id", "=", 10**30]],
            [["color", "=", "red"]],
            [["country_id", "any", 5]],
            [["name", "any", []]],
            [["create_date", "=", "yesterday-ish"]],
            [["create_date", "=", "2026-13-45T99:00:00Z"]],
            [["create_date.month_name", "=", 1]],
            [["active", "=", "perhaps"]],
        ]
        for domain in cases:
            with self.subTest(domain=domain):
                response = self._get(domain=domain)
                self.assertEqual(response.status_code, 400, response.text)
                self.assertIn(response.json()["error"], ("bad_domain", "unknown_field"))

    def test_s04_any_with_an_exclamation_mark_has_no_way_in(self):
        """``any!`` bypasses record rules; no spelling of it reaches Odoo."""
        inner = [["acc_number", "=", "ACC-1"]]
        for operator in ("any!", "ANY!", "Any!", "not any!", "NOT ANY!", "any! ", "ANY", "aNy!"):
            with self.subTest(operator=operator):
                response = self._get(domain=[["bank_ids", operator, inner]])
                self.assertError(response, 400, "bad_domain")

    def test_datetimes_of_a_domain(self):
        """ISO with Z or an offset, Odoo's own form and a date are compared as the moments they are."""
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2026-11-23 20:43:00' WHERE id = %s",
            [self.rich.id],
        )
        self.env.invalidate_all()
        for text, found in (
            ("2026-11-23T20:43:00Z", True),
            ("2026-11-23T21:43:00+01:00", True),
            ("2026-11-23 20:43:00", True),
            ("2026-11-23T20:43:00", True),
            ("2026-11-23T20:44:00Z", False),
            ("2026-11-23T20:43:00+01:00", True),
            ("2026-11-24", False),
        ):
            with self.subTest(text=text):
                domain = [["id", "=", self.rich.id], ["create_date", ">=", text]]
                self.assertEqual(bool(self._found(domain)), found)

    # --- values --------------------------------------------------------------------------

    def test_relations_that_are_not_expanded(self):
        """A many2one is [id, name], an x2many a list of ids; empty ones are false and []."""
        names = ("country_id", "bank_ids", "category_id")
        self.assertEqual(
            self._row(self.rich, *names),
            {
                "id": self.rich.id,
                "country_id": [self.country.id, "Testland"],
                "bank_ids": self.rich.bank_ids.ids,
                "category_id": self.category.ids,
            },
        )
        self.assertEqual(
            self._row(self.poor, *names),
            {"id": self.poor.id, "country_id": False, "bank_ids": [], "category_id": []},
        )

    def test_empty_values_are_false(self):
        """As Odoo gives them."""
        row = self._row(
            self.poor, "email", "vat", "comment", "partner_latitude", "color", "image_1920"
        )
        self.assertEqual(
            row,
            {
                "id": self.poor.id,
                "email": False,
                "vat": False,
                "comment": False,
                "partner_latitude": 0.0,
                "color": 0,
                "image_1920": False,
            },
        )

    def test_dates_and_datetimes(self):
        """``2026-11-23`` and ``2026-11-23T20:43:00Z``, whatever the microseconds."""
        self._connect("res.currency.rate")
        rate = self.env["res.currency.rate"].create(
            {"name": "2026-11-23", "rate": 2, "currency_id": self.env.ref("base.VEF").id}
        )
        self.env.cr.execute(
            "UPDATE res_currency_rate SET create_date = '2026-11-23 20:43:00.987' WHERE id = %s",
            [rate.id],
        )
        self.env.invalidate_all()
        row = self._row(rate, "name", "create_date")
        self.assertEqual(
            row, {"id": rate.id, "name": "2026-11-23", "create_date": "2026-11-23T20:43:00Z"}
        )

    def test_binary_is_base64(self):
        """And nothing like ``b'…'``."""
        self._connect("ir.attachment")
        attachment = self.env["ir.attachment"].create({"name": "a.bin", "raw": bytes(range(256))})
        token = self._open(self.admin).access
        response = self._send("GET", "ir.attachment", token, id=attachment.id, fields=["datas"])
        [row] = self.assertList(response)["data"]
        self.assertEqual(base64.b64decode(row["datas"], validate=True), bytes(range(256)))

    def test_every_readable_field_of_a_partner_can_be_answered(self):
        """Asking for all fields that the caller may see is a 200 of valid JSON."""
        partners = self.env["res.partner"].with_user(self.user)
        names = list(partners.fields_get(attributes=["type"]))
        for name in list(names):  # a model that only administrators read: Odoo's own read fails
            comodel = partners._fields[name].comodel_name
            if comodel and not self.env[comodel].with_user(self.user).has_access("read"):
                names.remove(name)
                response = self._send("GET", "res.partner", self.access, fields=[name])
                self.assertError(response, 400, "unknown_field")
        response = self._call(
            "GET",
            PATH,
            self.access,
            params={"model": "res.partner", "id": self.rich.id, "fields": json.dumps(names)},
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(row.keys(), set(names))

    # --- expand --------------------------------------------------------------------------

    def test_expanded_x2many_is_a_list_of_objects(self):
        """Each object has the fields asked for and its id; the order is the relation's."""
        row = self._row(self.rich, "name", expand={"bank_ids": ["acc_number"]})
        expected = [{"id": bank.id, "acc_number": bank.acc_number} for bank in self.rich.bank_ids]
        self.assertEqual(len(expected), 2)
        self.assertEqual(row, {"id": self.rich.id, "name": "Reader 03", "bank_ids": expected})
        self.assertEqual(self._row(self.poor, expand={"bank_ids": ["acc_number"]})["bank_ids"], [])

    def test_b04_expanded_many2one_is_an_object_or_null(self):
        """An object with its id, null when empty, never [id, name]."""
        expand = {"country_id": ["code"]}
        row = self._row(self.rich, "name", expand=expand)
        self.assertEqual(row["country_id"], {"id": self.country.id, "code": "QZ"})
        self.assertIsNone(self._row(self.poor, "name", expand=expand)["country_id"])

    def test_expand_with_no_fields_is_the_id_alone(self):
        """An empty list below ``expand`` is allowed."""
        row = self._row(self.rich, expand={"country_id": [], "bank_ids": []})
        self.assertEqual(row["country_id"], {"id": self.country.id})
        self.assertEqual(row["bank_ids"], [{"id": bank} for bank in self.rich.bank_ids.ids])

    def test_expand_of_a_list(self):
        """Each record of a page gets its own related records."""
        body = self.assertList(self._mine(limit=1000, expand={"bank_ids": ["acc_number"]}))
        by_id = {
            row["id"]: [bank["acc_number"] for bank in row["bank_ids"]] for row in body["data"]
        }
        self.assertEqual(by_id[self.partners[5].id], ["ACC-9"])
        self.assertEqual(sorted(by_id[self.rich.id]), ["ACC-1", "ACC-2"])
        self.assertEqual(by_id[self.poor.id], [])

    # --- holes of earlier ones -----------------------------------------------------------

    def test_s18_page_size_is_capped(self):
        """More than the connection's ``max_limit`` is a 400, not a table."""
        self.assertError(self._get(limit=1001), 400, "bad_parameter")
        self._connect("res.partner", max_limit=7)
        self.assertError(self._mine(limit=8), 400, "bad_parameter")
        self.assertList(self._mine(limit=7), count=7, page_size=7, total=25)
        self.assertList(self._mine(), count=7, page_size=7, total=25, total_pages=4)

    def test_b08_count_is_the_number_of_records(self):
        """Not of the keys of the one record."""
        body = self.assertList(self._get(id=self.rich.id, fields=["name", "email", "ref"]))
        self.assertEqual((body["count"], len(body["data"])), (1, 1))

    def test_b11_pages_neither_repeat_nor_skip(self):
        """Records of one second have an order of their own; archived ones are reached by asking."""
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2026-01-01' WHERE ref = 'READ'",
        )
        self.env.invalidate_all()
        seen = []
        for page in range(1, 10):
            body = self.assertList(self._mine(offset=page, limit=3))
            seen += [row["id"] for row in body["data"]]
        self.assertEqual(seen, sorted(self.partners.ids, reverse=True))
        self.poor.active = False
        self.assertList(self._mine(), total=24)
        self.assertEqual(self._found([["ref", "=", "READ"], ["active", "=", False]]), self.poor)
        self.assertEqual(self._row(self.poor, "active"), {"id": self.poor.id, "active": False})

    def test_b15_nothing_is_counted_twice(self):
        """One count at most, none when the page itself tells the total."""
        for params, expected in (({"limit": 100}, 0), ({"limit": 5}, 1), ({"id": self.rich.id}, 0)):
            with self.subTest(**params):
                with self._statements() as statements:
                    self.assertList(self._mine(**params))
                counts = [sql for sql in statements if "COUNT(" in sql]
                self.assertEqual(len(counts), expected, counts)

    def test_queries_do_not_grow_with_the_page(self):
        """The number of SQL queries is the same for five records and for fifty."""
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Many {number}",
                    "ref": "MANY",
                    "country_id": self.country.id,
                    "category_id": [(6, 0, self.category.ids)],
                    "bank_ids": [(0, 0, {"acc_number": f"MANY-{number}"})],
                }
                for number in range(50)
            ]
        )
        self.assertEqual(len(partners.bank_ids), 50)
        self.env.flush_all()
        connections = self.env["connection.api"].with_user(self.user)

        def statements(limit):
            params = {
                "fields": '["name", "category_id", "parent_id"]',
                "expand": '{"bank_ids": ["acc_number"], "country_id": ["code"]}',
                "domain": '[["ref", "=", "MANY"]]',
                "limit": str(limit),
            }
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            policy = connections._resolve("res.partner", "GET")
            answer = read_page(policy, parsing.parse_get(params, 1000))
            self.assertEqual(answer["count"], limit)
            return self.env.cr.sql_log_count - before

        statements(5)  # fill the caches of the registry
        self.assertEqual(statements(5), statements(49))

    def test_reading_changes_nothing(self):
        """A read runs on the read-only cursor and leaves the write date alone."""
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = '2026-01-01' WHERE id = %s", [self.rich.id]
        )
        self.env.invalidate_all()
        self.assertList(self._get(id=self.rich.id))
        self.env.invalidate_all()
        self.assertEqual(self.rich.write_date, datetime(2026, 1, 1))
