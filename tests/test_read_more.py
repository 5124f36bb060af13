# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What reads offer beyond a page of records: order, counts, cursors, nested relations, groups."""

import base64
import json
import random
from datetime import datetime
from unittest.mock import patch

from odoo.tests import tagged

from ..engine import relations
from ..engine.groups import read_groups
from ..engine.page import read_page
from ..tools import queries
from .common import ApiCase

PAGES = ["success", "count", "page", "page_size"]


class ReadCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.models = ("res.partner", "res.partner.bank", "res.partner.category", "res.country")
        for model in cls.models:
            cls._connect(model)
        cls.access = cls._open(cls.user).access

    def _get(self, model="res.partner", token=None, **params):
        params.setdefault("fields", ["name"])
        return self._send("GET", model, token or self.access, **params)

    def _ids(self, response):
        return [row["id"] for row in self.assertAnswer(response)["data"]]

    def _page(self, model, user=None, **params):
        """A page without HTTP around it: the answer, and how many statements it took."""
        params = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in {"fields": ["name"], **params}.items()
        }
        self.env.flush_all()
        connections = self.env["connection.api"].with_user(user or self.user)
        for _again in range(2):  # the first fills what is cached for the registry
            self.env.invalidate_all()
            with self._statements() as statements:
                policy = connections._resolve(model, "GET")
                asked = queries.parse_get(params, 1000)
                read = read_groups if isinstance(asked, queries.GroupQuery) else read_page
                answer = read(policy, asked)
        return answer, statements


@tagged("post_install", "-at_install")
class TestOrder(ReadCase):
    """``order``; every type of field is sorted in ``jwt_auth_api_test``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        countries = cls.env["res.country"].create(
            [
                {"name": name, "code": f"Q{code}"}
                for name, code in zip(("Cz", "Az", "Bz", "By"), "1234", strict=True)
            ]
        )
        for country, name in zip(countries, ("Wa", "Yy", "Xz", "Xx"), strict=True):
            country.with_context(lang="fr_FR").name = name
        cls.countries = countries
        dice = random.Random(3)
        parents = cls.env["res.partner"].create(
            [{"name": name, "ref": "ORDER"} for name in ("Same", "Same", "Other", "other", "Éther")]
        )
        cls.partners = parents | cls.env["res.partner"].create(
            [
                {
                    "name": dice.choice(["x", "X", "x y", "xy", "é", "z"]),
                    "ref": "ORDER",
                    "parent_id": dice.choice([False, *parents.ids]),
                    "country_id": dice.choice([False, *countries.ids]),
                    "color": dice.choice([False, 1, 2]),
                    "partner_latitude": dice.choice([0, 1.5, -1.5]),
                    "is_company": dice.choice([True, False]),
                    "active": dice.random() > 0.1,
                }
                for _partner in range(40)
            ]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE res_partner SET is_company = NULL WHERE id IN %s", [tuple(cls.partners[:9].ids)]
        )
        cls.env.invalidate_all()

    def _sorted(self, model, domain, order, **context):
        model = self.env[model].with_user(self.user).sudo().with_context(lang="en_US", **context)
        return model.search(domain, order=order).ids

    def test_newest_first_without_an_order(self):
        """And whatever is equal is told apart by its id, newest first."""
        domain = [["ref", "=", "ORDER"]]
        found = self._ids(self._get(domain=domain, limit=1000))
        self.assertEqual(found, sorted(found, reverse=True))
        for order, full in (
            ("ref", "ref, id desc"),
            ("ref desc", "ref desc, id desc"),
            ("ref,id", "ref, id"),
            ("  ref   ASC ,  id   Desc ", "ref asc, id desc"),
            ("ref, ref desc", "ref, id desc"),
            ("", "id desc"),
            (" ", "id desc"),
        ):
            with self.subTest(order=order):
                found = self._ids(self._get(domain=domain, limit=1000, order=order))
                self.assertEqual(found, self._sorted("res.partner", domain, full))

    def test_order_is_odoos_own(self):
        """Random orders of contacts: a many2one by the order of its model, NULL where Odoo puts it."""
        names = "name ref parent_id country_id color partner_latitude is_company type id".split()
        names += ["create_date", "active", "state_id", "industry_id"]
        domain, dice = [["ref", "=", "ORDER"]], random.Random(5)
        orders = [[(name, way)] for name in names for way in ("asc", "desc")]
        orders += [
            [
                (name, dice.choice(["asc", "desc"]))
                for name in dice.sample(names, dice.randint(2, 5))
            ]
            for _order in range(40)
        ]
        for terms in orders:
            order = ", ".join(map(" ".join, terms))
            full = order if "id" in dict(terms) else f"{order}, id desc"
            expected = self._sorted("res.partner", domain, full)
            with self.subTest(order=order):
                found = self._ids(self._get(domain=domain, limit=1000, order=order))
                self.assertEqual(found, expected)
                pages = self._walk(
                    "res.partner",
                    self.access,
                    [dice.choice([4, 11, 30])],
                    fields=[],
                    domain=domain,
                    order=order,
                )
                found = [row["id"] for body in pages for row in body["data"]]
                self.assertEqual(found, expected)

    def test_inherited_fields(self):
        """Users are sorted by the name of their contact, for administrators and as the user alike."""
        for run_as in ("sudo", "user"):
            self._connect("res.users", "GET", run_as=run_as)
            for user in (self.user, self.admin):
                token = self._open(user).access
                for order in ("name", "name desc", "email, login desc", "partner_id desc, login"):
                    model = self.env["res.users"].with_user(user)
                    if run_as == "sudo" and user == self.admin:
                        model = model.sudo()
                    expected = model.search([], order=f"{order}, id desc").ids
                    with self.subTest(run_as=run_as, user=user.login, order=order):
                        response = self._get("res.users", token, order=order, limit=1000)
                        self.assertEqual(self._ids(response), expected)
                        pages = self._walk("res.users", token, [2], fields=["name"], order=order)
                        found = [row["id"] for body in pages for row in body["data"]]
                        self.assertEqual(found, expected)

    def test_translated_names_in_the_users_language(self):
        """Of the records themselves, and of those that a many2one sorts by."""
        domain = [["id", "in", self.countries.ids]]
        english = self._ids(self._get("res.country", domain=domain, order="name"))
        self.user.lang = "fr_FR"
        french = self._ids(self._get("res.country", domain=domain, order="name"))
        one, two, three, four = self.countries.ids
        self.assertEqual(english, [two, four, three, one])
        self.assertEqual(french, [one, four, three, two])
        domain = [["ref", "=", "ORDER"], ["country_id", "in", self.countries.ids]]
        found = self._ids(self._get(domain=domain, order="country_id", limit=1000))
        expected = self._sorted("res.partner", domain, "country_id, id desc")
        self.assertNotEqual(found, expected)
        model = self.env["res.partner"].with_user(self.user).sudo().with_context(lang="fr_FR")
        self.assertEqual(found, model.search(domain, order="country_id, id desc").ids)

    def test_mistakes(self):
        """Names that are none, words that are none, what does not sort, too much of it."""
        unknown = ["nope", "name, nope desc", "__class__", "country_id.name", "name:count", "id.id"]
        for order in unknown:
            with self.subTest(order=order):
                self.assertError(self._get(order=order), 400, "unknown_field")
        bad = [
            "name descending",
            "name nulls first",
            "name;",
            "(name)",
            "name asc asc",
            ",",
            "name,",
        ]
        bad += [
            "child_ids",
            "category_id",
            "image_1920",
            "display_name",
            "commercial_company_name.x",
        ]
        bad += ["name DESC; DROP TABLE x", "1", "na me", "name\x00", "\ud800", "[]", '{"a": 1}']
        for order in bad:
            with self.subTest(order=order):
                response = self._get(order=order.encode("utf-8", "surrogatepass").decode("latin-1"))
                self.assertEqual(response.status_code, 400, response.text)
                self.assertIn(response.json()["error"], ("bad_parameter", "unknown_field"))
        many = ", ".join(sorted(self.env["res.partner"].fields_get(attributes=["type"]))[:11])
        self.assertError(self._get(order=many), 400, "bad_parameter")


@tagged("post_install", "-at_install")
class TestCount(ReadCase):
    """``count``"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Counted {number}", "ref": "COUNT"} for number in range(12)]
        )

    def _mine(self, **params):
        return self._get(domain=[["ref", "=", "COUNT"]], **params)

    def test_none(self):
        """No total, no number of pages."""
        body = self.assertAnswer(self._mine(count="none", limit=5))
        self.assertEqual(list(body), [*PAGES, "data"])
        self.assertEqual(body["count"], 5)

    def test_estimated_is_exact_while_there_are_few(self):
        body = self.assertList(self._mine(count="estimated", limit=5), total=12, total_pages=3)
        self.assertEqual(body["count"], 5)
        nothing = self._get(domain=[["id", "=", 0]], count="estimated")
        self.assertList(nothing, total=0, total_pages=0)

    def test_estimated_of_a_large_table(self):
        """The planner's statistics: the right order of magnitude, and no count."""
        self.env.cr.execute(
            "INSERT INTO res_partner_category (name, active, parent_path)"
            " SELECT jsonb_build_object('en_US', 'Category ' || n), TRUE, '' FROM generate_series(1, 5000) n"
        )
        self.env.cr.execute("ANALYZE res_partner_category")
        exact = self.env["res.partner.category"].search_count([])
        answer, statements = self._page("res.partner.category", count="estimated", limit=5)
        self.assertTrue(exact / 2 < answer["total"] < exact * 2, answer["total"])
        self.assertEqual(answer["total_pages"], -(-answer["total"] // 5))
        self.assertFalse([sql for sql in statements if "COUNT(" in sql])
        answer, statements = self._page("res.partner.category", limit=5)
        self.assertEqual(answer["total"], exact)

    def test_what_the_page_tells_is_not_counted(self):
        """No COUNT for a page that is not full, for an empty first one, for one record, for ``none``."""
        mine = {"domain": [["ref", "=", "COUNT"]]}
        cases = [
            ({"limit": 13}, 0, 12),
            ({"limit": 12}, 1, 12),
            ({"limit": 5}, 1, 12),
            ({"limit": 5, "offset": 3}, 0, 12),
            ({"limit": 5, "offset": 4}, 1, 12),
            ({"limit": 13, "count": "estimated"}, 0, 12),
            ({"limit": 5, "count": "none"}, 0, None),
            ({"domain": [["ref", "=", "NOBODY"]]}, 0, 0),
            ({"domain": [["id", "=", 0]]}, 0, 0),
            ({"limit": 5, "cursor": ""}, 0, None),
            ({"limit": 5, "cursor": "", "count": "exact"}, 1, 12),
            ({"limit": 12, "cursor": "", "count": "exact"}, 0, 12),
            ({"domain": [["ref", "=", "NOBODY"]], "cursor": "", "count": "exact"}, 0, 0),
        ]
        for params, counts, total in cases:
            with self.subTest(**params):
                answer, statements = self._page("res.partner", **{**mine, **params})
                self.assertEqual(answer.get("total"), total)
                self.assertEqual(len([sql for sql in statements if "COUNT(" in sql]), counts)
        with self._statements() as statements:
            self.assertList(self._get(id=self.partners[0].id), total=1)
        self.assertFalse([sql for sql in statements if "COUNT(" in sql])

    def test_mistakes(self):
        for value in ("", "yes", "EXACT", "0", "estimate", "exact,none"):
            with self.subTest(value=value):
                self.assertError(self._mine(count=value), 400, "bad_parameter")

    def test_models_that_search_in_their_own_way(self):
        """Their pages, totals and cursors are right as well, as the user and with ids alone."""
        partner = self.partners[0]
        values = {"res_model": "res.partner", "res_id": partner.id, "raw": b"x"}
        attachments = self.env["ir.attachment"].create(
            [{"name": f"a{number}", **values} for number in range(5)]
        )
        self.env["ir.attachment"].create({"name": "hidden", "raw": b"x"})  # its author's alone
        names = ["hidden", *attachments.mapped("name")]
        cases = [(attachments, [["name", "in", names]], "file_size")]
        if "product.product" in self.env:
            products = self.env["product.product"].create([{"name": f"P{n}"} for n in range(5)])
            cases.append((products, [["id", "in", products.ids]], "default_code"))
        if "mail.message" in self.env:
            for number in range(5):
                partner.message_post(body=f"Message {number}")
            about = [["model", "=", "res.partner"], ["res_id", "=", partner.id]]
            cases.append((self.env["mail.message"].search(about), about, "res_id"))
        for records, domain, order in cases:
            model, expected = records._name, sorted(records.ids, reverse=True)
            self._connect(model, "GET", run_as="user")
            self.assertGreaterEqual(len(expected), 5)
            for fields in ([], ["create_date"]):
                params = {"domain": domain, "fields": fields, "order": order}
                with self.subTest(model=model, fields=fields):
                    seen = []
                    for page in (1, 2, 3):
                        response = self._get(model, limit=2, offset=page, **params)
                        body = self.assertList(response, total=len(expected))
                        seen += [row["id"] for row in body["data"]]
                    self.assertEqual(seen, expected[:6])
                    pages = self._walk(model, self.access, [2], **params, count="exact")
                    found = [row["id"] for body in pages for row in body["data"]]
                    self.assertEqual(found, expected)
                    self.assertEqual({body["total"] for body in pages}, {len(expected)})


@tagged("post_install", "-at_install")
class TestCursor(ReadCase):
    """``cursor``: its form, its end and what it is bound to; the walks are in :class:`TestOrder`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Cursor {number % 3}", "ref": "CURSOR"} for number in range(12)]
        )
        cls.domain = [["ref", "=", "CURSOR"]]

    def _mine(self, **params):
        return self._get(domain=self.domain, **params)

    def _pages(self, limits, token=None, **params):
        params = {"fields": ["name"], "domain": self.domain, **params}
        return self._walk("res.partner", token or self.access, limits, **params)

    def test_first_page(self):
        """An empty cursor begins; the answer has a cursor in place of a page number, and no total."""
        body = self.assertAnswer(self._mine(cursor="", limit=5))
        self.assertEqual(list(body), ["success", "count", "page_size", "next_cursor", "data"])
        self.assertEqual(
            [row["id"] for row in body["data"]], sorted(self.partners.ids, reverse=True)[:5]
        )

    def test_the_end_is_told(self):
        """Also where the number of rows is a multiple of the limit: never an empty page behind a full one."""
        for limit, sizes in (
            (4, [4, 4, 4]),
            (5, [5, 5, 2]),
            (12, [12]),
            (13, [12]),
            (1, [1] * 12),
        ):
            with self.subTest(limit=limit):
                self.assertEqual([body["count"] for body in self._pages([limit])], sizes)
        [body] = self._pages([5], domain=[["ref", "=", "NOBODY"]])
        self.assertEqual(body, {"success": True, "count": 0, "page_size": 5, "data": []})

    def test_the_limit_may_change(self):
        pages = self._pages([1, 5, 2, 3])
        self.assertEqual([body["count"] for body in pages], [1, 5, 2, 3, 1])
        found = [row["id"] for body in pages for row in body["data"]]
        self.assertEqual(found, sorted(self.partners.ids, reverse=True))

    def test_totals_only_when_asked_for(self):
        """On each page the same one, whatever has been read before."""
        for count in ("exact", "estimated"):
            pages = self._pages([5], count=count)
            self.assertEqual([body["total"] for body in pages], [12, 12, 12])
            self.assertEqual([body["total_pages"] for body in pages], [3, 3, 3])

    def test_as_the_user_and_within_a_filter(self):
        """Record rules and the connection's filter hold on every page."""
        own = self.user.partner_id | self.victim.partner_id | self.portal.partner_id
        own.write({"ref": "CURSOR"})
        order = "name desc, id desc"
        for user in (self.user, self.portal):
            token = self._open(user).access
            for values in ({"run_as": "user"}, {"domain": "[('id', '!=', user.partner_id.id)]"}):
                connection = self._connect("res.partner", "GET", **values)
                model = self.env["res.partner"].with_user(user)
                domain = self.domain
                if connection.run_as == "sudo":
                    model, domain = model.sudo(), [*domain, ("id", "!=", user.partner_id.id)]
                expected = model.search(domain, order=order).ids
                with self.subTest(user=user.login, **values):
                    pages = self._pages([2, 3], token, order="name desc")
                    found = [row["id"] for body in pages for row in body["data"]]
                    self.assertEqual(found, expected)

    def test_a_cursor_is_good_for_its_own_request_alone(self):
        """Another order, domain, model, user, language or set of archived records is a 400."""
        cursor = self.assertAnswer(self._mine(cursor="", limit=5))["next_cursor"]
        self.assertAnswer(self._mine(cursor=cursor, limit=5))
        self.assertAnswer(self._mine(cursor=cursor, limit=7, fields=[], nulls=1, count="exact"))
        others = [
            self._mine(cursor=cursor, order="name"),
            self._mine(cursor=cursor, order="id"),
            self._mine(cursor=cursor, archived=1),
            self._get(cursor=cursor, domain=[["ref", "=", "OTHER"]]),
            self._get(cursor=cursor),
            self._get("res.country", cursor=cursor, domain=[]),
            self._mine(cursor=cursor, token=self._open(self.victim).access),
            self._call(
                "GET",
                "/api/send_request",
                self.access,
                headers={"Accept-Language": "fr"},
                params={
                    "model": "res.partner",
                    "fields": "[]",
                    "cursor": cursor,
                    "domain": json.dumps(self.domain),
                },
            ),
        ]
        for number, response in enumerate(others):
            with self.subTest(number=number):
                self.assertError(response, 400, "bad_parameter")
        self.user.lang = "fr_FR"
        self.assertError(self._mine(cursor=cursor), 400, "bad_parameter")

    def test_a_cursor_of_another_company_is_not_good(self):
        """A field may have another value, and so another order, in each company."""
        company = self.env["res.company"].create({"name": "Cursor Company"})
        self.user.company_ids += company
        cursor = self.assertAnswer(self._mine(cursor="", limit=5))["next_cursor"]
        params = {"model": "res.partner", "fields": "[]", "cursor": cursor}
        params["domain"] = json.dumps(self.domain)
        response = self._call(
            "GET",
            "/api/send_request",
            self.access,
            headers={"X-Odoo-Company": str(company.id)},
            params=params,
        )
        self.assertError(response, 400, "bad_parameter")

    def test_a_changed_cursor_is_a_400(self):
        """Every bit of it counts, and nothing that is no cursor is a 500."""
        cursor = self.assertAnswer(self._mine(cursor="", limit=5, order="name"))["next_cursor"]
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        changed = [
            base64.urlsafe_b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            .rstrip(b"=")
            .decode()
            for place in range(len(raw))
        ]
        changed += [cursor[:-1], cursor[:-4], cursor[1:], cursor + "A", cursor * 2, cursor[:20]]
        changed += ["x", "é", "0", "null", "[]", "A" * 9000, cursor + "==", "\x00", "../..", " "]
        for text in changed:
            with self.subTest(text=text[:60]):
                response = self._mine(cursor=text, order="name", limit=5)
                self.assertError(response, 400, "bad_parameter")

    def test_what_excludes_a_cursor(self):
        for params in ({"offset": 1}, {"groupby": ["ref"]}, {"aggregates": ["id:count"]}):
            with self.subTest(**params):
                self.assertError(self._mine(cursor="", **params), 400, "bad_parameter")

    def test_statements_of_a_page(self):
        """One for the page and one for its end's place; none for that when the id alone sorts."""
        for params, expected in (({}, 1), ({"order": "name"}, 2), ({"limit": 100}, 1)):
            with self.subTest(**params):
                params = {"limit": 5, "cursor": "", "domain": self.domain, **params}
                _answer, statements = self._page("res.partner", **params)
                self.assertEqual(len(statements), expected, statements)


@tagged("post_install", "-at_install")
class TestExpand(ReadCase):
    """Nested ``expand``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.country = cls.env["res.country"].create({"name": "Expandia", "code": "qe"})
        cls.industry = cls.env["res.partner.industry"].create({"name": "Expansion"})
        cls.tags = cls.env["res.partner.category"].create(
            [{"name": name} for name in ("b tag", "a tag", "c tag")]
        )
        cls.top = partners.create(
            {
                "name": "Top",
                "ref": "EXPAND",
                "country_id": cls.country.id,
                "category_id": [(6, 0, cls.tags.ids)],
            }
        )
        cls.lone = partners.create({"name": "Lone", "ref": "EXPAND"})
        cls.children = partners.create(
            [
                {
                    "name": f"Child {name}",
                    "parent_id": cls.top.id,
                    "bank_ids": [
                        (0, 0, {"acc_number": f"EXP-{name}-{number}"}) for number in (2, 1, 3)
                    ],
                }
                for name in "cab"
            ]
        )

    def _top(self, expand, fields=(), **params):
        response = self._get(id=self.top.id, fields=list(fields), expand=expand, **params)
        [row] = self.assertList(response)["data"]
        return row

    def test_object_in_place_of_a_list(self):
        """``fields`` alone says the same as a list; more names are a mistake."""
        short = self._top({"child_ids": ["name"]})
        self.assertEqual(short, self._top({"child_ids": {"fields": ["name"]}}))
        self.assertEqual(len(short["child_ids"]), 3)
        self.assertEqual(self._top({"child_ids": {}}), self._top({"child_ids": []}))
        for below in (
            {"field": ["name"]},
            {"fields": "name"},
            {"limit": 0},
            {"limit": "5"},
            {"limit": True},
        ):
            with self.subTest(below=below):
                response = self._get(expand={"child_ids": below})
                self.assertError(response, 400, "bad_parameter")
        for below in ({"order": 5}, {"order": "name up"}, {"order": "bank_ids"}, {"expand": [1]}):
            with self.subTest(below=below):
                response = self._get(expand={"child_ids": below})
                self.assertError(response, 400, "bad_parameter")
        response = self._get(expand={"child_ids": {"order": "nope"}})
        self.assertError(response, 400, "unknown_field")

    def test_five_levels_and_no_more(self):
        """Down and up again, each level with its own fields."""
        expand = {"bank_ids": ["acc_number"]}
        for name in ("child_ids", "parent_id", "child_ids", "parent_id"):
            expand = {name: {"fields": ["name"], "expand": expand}}
        row = self._get(id=self.children[0].id, fields=[], expand=expand)
        [row] = self.assertList(row)["data"]
        child = self.children[0]
        for name in ("parent_id", "child_ids", "parent_id", "child_ids"):
            row, child = row[name], child[name]
            if name == "child_ids":
                self.assertEqual([item["name"] for item in row], child.mapped("name"))
                row, child = row[0], child[0]
            self.assertEqual((row["id"], row["name"]), (child.id, child.name))
        self.assertEqual(
            row["bank_ids"],
            [{"id": bank.id, "acc_number": bank.acc_number} for bank in child.bank_ids],
        )
        response = self._get(expand={"parent_id": {"expand": expand}})
        self.assertError(response, 400, "bad_parameter")

    def test_order_per_level(self):
        """Of a one2many, a many2many and one more level down; without it the relation's own."""
        expand = {
            "child_ids": {
                "fields": ["name"],
                "order": "name desc",
                "expand": {"bank_ids": {"fields": ["acc_number"], "order": "acc_number"}},
            },
            "category_id": {"fields": ["name"], "order": "name desc"},
        }
        row = self._top(expand)
        self.assertEqual(
            [item["name"] for item in row["child_ids"]], ["Child c", "Child b", "Child a"]
        )
        for item in row["child_ids"]:
            letter = item["name"][-1]
            found = [bank["acc_number"] for bank in item["bank_ids"]]
            self.assertEqual(found, [f"EXP-{letter}-{number}" for number in (1, 2, 3)])
        self.assertEqual([item["name"] for item in row["category_id"]], ["c tag", "b tag", "a tag"])
        row = self._top({"child_ids": ["name"], "category_id": ["name"]})
        self.assertEqual([item["id"] for item in row["child_ids"]], self.top.child_ids.ids)
        self.assertEqual([item["id"] for item in row["category_id"]], self.top.category_id.ids)

    def test_limit_is_per_parent(self):
        """The first so many of each, in the order asked for or the relation's own."""
        expand = {
            "child_ids": {
                "fields": ["name"],
                "limit": 2,
                "order": "name",
                "expand": {
                    "bank_ids": {"fields": ["acc_number"], "limit": 1, "order": "acc_number desc"}
                },
            },
            "category_id": {"fields": ["name"], "limit": 2},
            "country_id": {"fields": ["code"], "limit": 1, "order": "code"},
        }
        row = self._top(expand)
        self.assertEqual([item["name"] for item in row["child_ids"]], ["Child a", "Child b"])
        self.assertEqual(
            [[bank["acc_number"] for bank in item["bank_ids"]] for item in row["child_ids"]],
            [["EXP-a-3"], ["EXP-b-3"]],
        )
        self.assertEqual([item["id"] for item in row["category_id"]], self.top.category_id.ids[:2])
        self.assertEqual(row["country_id"], {"id": self.country.id, "code": "QE"})
        response = self._get(
            domain=[["id", "in", self.children.ids]],
            fields=[],
            expand={"bank_ids": {"fields": [], "limit": 2}},
        )
        for row in self.assertList(response)["data"]:
            banks = self.env["res.partner"].browse(row["id"]).bank_ids
            self.assertEqual([bank["id"] for bank in row["bank_ids"]], banks.ids[:2])

    def test_nothing_to_expand(self):
        """A many2one that is empty is null, an x2many an empty list, with or without more levels."""
        deep = {
            "fields": ["name"],
            "expand": {"bank_ids": ["acc_number"]},
            "order": "name",
            "limit": 2,
        }
        response = self._get(
            id=self.lone.id,
            fields=[],
            expand={"parent_id": deep, "child_ids": deep, "category_id": ["name"]},
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(
            row, {"id": self.lone.id, "parent_id": None, "child_ids": [], "category_id": []}
        )

    def test_archived_relations(self):
        """Only with ``archived=1``, on every level; a many2one is there anyway."""
        child = self.children[1]
        child.bank_ids[0].active = False
        self.tags[0].active = False
        child.category_id = self.tags
        self.env.flush_all()
        plain = {"child_ids": {"fields": [], "expand": {"bank_ids": [], "category_id": []}}}
        several = {"limit": 9, "order": "id"}
        limited = {
            "child_ids": {"expand": {"bank_ids": several, "category_id": several}, **several}
        }
        for given in (plain, limited):
            for extra in ({"id": self.top.id}, {"domain": [["id", "=", self.top.id]]}):
                for archived, banks, tags in ((0, 2, 2), (1, 3, 3)):
                    with self.subTest(expand=given, archived=archived, **extra):
                        below = given["child_ids"]["expand"]["category_id"]
                        expand = {**given, "category_id": below}
                        response = self._get(fields=[], expand=expand, archived=archived, **extra)
                        [row] = self.assertList(response)["data"]
                        self.assertEqual(len(row["category_id"]), tags)
                        found = {item["id"]: item for item in row["child_ids"]}
                        self.assertEqual(len(found), 3)
                        self.assertEqual(len(found[child.id]["bank_ids"]), banks)
                        self.assertEqual(len(found[child.id]["category_id"]), tags)
        self.top.active = False
        response = self._get(id=child.id, fields=[], expand={"parent_id": ["name"]})
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["parent_id"], {"id": self.top.id, "name": "Top"})

    def test_filter_of_the_related_connection(self):
        """What the related model's own connection leaves out is not there, and takes no place of a limit."""
        self._connect("res.partner.bank", domain="[('acc_number', '!=', 'EXP-a-1')]")
        self._connect("res.partner.category", domain="[('name', '!=', 'a tag')]")
        child = self.children.filtered(lambda partner: partner.name == "Child a")
        for limit in ({}, {"limit": 2}):
            with self.subTest(limit=limit):
                response = self._get(
                    id=child.id,
                    fields=[],
                    expand={"bank_ids": {"fields": ["acc_number"], "order": "acc_number", **limit}},
                )
                [row] = self.assertList(response)["data"]
                found = [bank["acc_number"] for bank in row["bank_ids"]]
                self.assertEqual(found, ["EXP-a-2", "EXP-a-3"])
                row = self._top({"category_id": {"fields": ["name"], "order": "name", **limit}})
                found = [tag["name"] for tag in row["category_id"]]
                self.assertEqual(found, ["b tag", "c tag"])
        self._connect("res.country", domain="[('code', '!=', 'QE')]")
        self.assertIsNone(self._top({"country_id": ["code"]})["country_id"])

    # --- statements ----------------------------------------------------------------------

    def _many(self, number):
        return self.env["res.partner"].create(
            [
                {
                    "name": f"Many {place}",
                    "ref": "MANY",
                    "country_id": self.country.id,
                    "category_id": [(6, 0, self.tags.ids)],
                    "child_ids": [
                        (
                            0,
                            0,
                            {
                                "name": f"c{place}",
                                "bank_ids": [(0, 0, {"acc_number": f"M{place}"})],
                            },
                        )
                    ],
                }
                for place in range(number)
            ]
        )

    def test_one_statement_per_relation_and_level(self):
        """Whatever the size of the page; a many2many takes one more, for the pairs."""
        self._many(50)
        two_levels = {"child_ids": {"fields": ["name"], "expand": {"bank_ids": ["acc_number"]}}}
        cases = [
            ({"child_ids": ["name"]}, 2),
            ({"country_id": ["code"]}, 2),
            ({"category_id": ["name"]}, 3),
            ({"child_ids": {"fields": ["name"], "order": "name desc"}}, 2),
            ({"child_ids": {"fields": ["name"], "limit": 1}}, 2),
            ({"category_id": {"fields": ["name"], "order": "name desc"}}, 3),
            (two_levels, 3),
            ({**two_levels, "country_id": ["code"], "category_id": ["name"]}, 6),
        ]
        for expand, expected in cases:
            for limit in (5, 50):
                with self.subTest(expand=expand, limit=limit):
                    answer, statements = self._page(
                        "res.partner",
                        domain=[["ref", "=", "MANY"]],
                        expand=expand,
                        limit=limit,
                        count="none",
                    )
                    self.assertEqual(answer["count"], limit)
                    self.assertEqual(len(statements), expected, "\n".join(statements))

    def test_a_page_of_500_with_two_levels(self):
        """In eight statements, with names, a relation's ids and a total."""
        self._many(501).write({"industry_id": self.industry.id})
        answer, statements = self._page(
            "res.partner",
            domain=[["ref", "=", "MANY"]],
            fields=["name", "industry_id", "category_id", "create_date"],
            expand={
                "child_ids": {
                    "fields": ["name", "email"],
                    "expand": {"bank_ids": ["acc_number"], "country_id": ["code"]},
                }
            },
            limit=500,
        )
        self.assertEqual((answer["count"], answer["total"]), (500, 501))
        self.assertEqual({len(row["child_ids"]) for row in answer["data"]}, {1})
        # records and total, pairs and archived of the categories, names of industries,
        # children, their banks and their countries
        self.assertEqual(len(statements), 8, "\n".join(statements))

    def test_a_limit_reads_no_more_than_it_answers(self):
        """Parents with more children than one answer may have are no mistake where a limit is given."""
        with patch.object(relations, "MAX_EXPANDED", 4):
            self.assertEqual(len(self._top({"bank_ids": []})["bank_ids"]), 0)
            domain = [["id", "in", self.children.ids]]
            response = self._get(domain=domain, expand={"bank_ids": []})
            self.assertError(response, 400, "bad_parameter")
            response = self._get(domain=domain, expand={"bank_ids": {"limit": 1}})
            self.assertList(response, count=3)

    def test_at_most_so_many_records_on_a_level(self):
        """Counted as they stand in the answer: the same record below two others is there twice."""
        with patch.object(relations, "MAX_EXPANDED", 9):
            self.lone.category_id = self.tags
            domain = [["ref", "=", "EXPAND"]]
            response = self._get(domain=domain, expand={"category_id": []})
            self.assertList(response, count=2)
            up = {"category_id": {"expand": {"partner_ids": []}}}
            response = self._get(domain=domain, expand=up)
            self.assertError(response, 400, "bad_parameter")
            response = self._get(domain=[["id", "=", self.top.id]], expand=up)
            self.assertList(response, count=1)


@tagged("post_install", "-at_install")
class TestGroups(ReadCase):
    """``groupby`` and ``aggregates``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.countries = cls.env["res.country"].create(
            [{"name": "Grouponia", "code": "Q7"}, {"name": "Aggregatia", "code": "Q8"}]
        )
        cls.tags = cls.env["res.partner.category"].create([{"name": "x"}, {"name": "y"}])
        one, two = cls.countries.ids
        x, y = cls.tags.ids
        rows = [
            # country, colour, latitude, company, tags, created, active
            (one, 1, 1.5, True, [x], "2026-01-31 23:30:00", True),
            (one, 2, 2.5, False, [x, y], "2026-02-01 00:30:00", True),
            (one, 3, 0.0, True, [], "2026-02-28 12:00:00", True),
            (two, 4, -1.0, True, [y], "2026-12-31 22:59:00", True),
            (two, 5, 1.0, False, [], "2026-12-31 23:01:00", True),
            (False, 6, 0.5, False, [], "2027-01-01 10:00:00", True),
            (two, 7, 0.5, False, [x], "2027-01-01 10:30:00", False),
        ]
        cls.partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"Group {number}",
                    "ref": "GROUP",
                    "country_id": country,
                    "color": color,
                    "partner_latitude": latitude,
                    "is_company": company,
                    "category_id": [(6, 0, tags)],
                    "active": active,
                }
                for number, (country, color, latitude, company, tags, _date, active) in enumerate(
                    rows
                )
            ]
        )
        cls.env.flush_all()
        for partner, row in zip(cls.partners, rows, strict=True):
            cls.env.cr.execute(
                "UPDATE res_partner SET create_date = %s WHERE id = %s", [row[5], partner.id]
            )
        cls.env.invalidate_all()

    def _groups(self, *groups, aggregates=("id:count",), **params):
        params.setdefault("domain", [["ref", "=", "GROUP"]])
        body = self.assertAnswer(
            self._send(
                "GET",
                params.pop("model", "res.partner"),
                self.access,
                groupby=list(groups),
                aggregates=list(aggregates),
                **params,
            )
        )
        self.assertEqual(body["count"], len(body["data"]))
        return body

    def _table(self, *groups, **params):
        return [tuple(row.values()) for row in self._groups(*groups, **params)["data"]]

    def test_envelope(self):
        """The same as of a list; each row has its groups, then its aggregates."""
        body = self._groups("is_company")
        self.assertEqual(list(body), [*PAGES, "total", "total_pages", "data"])
        self.assertEqual(
            body["data"],
            [{"is_company": False, "id:count": 3}, {"is_company": True, "id:count": 3}],
        )
        self.assertEqual((body["page"], body["page_size"], body["total"]), (1, 20, 2))
        response = self._send(
            "GET",
            "res.partner",
            self.access,
            groupby=["is_company"],
            domain=[["ref", "=", "GROUP"]],
        )
        self.assertEqual(self.assertAnswer(response), body)

    def test_each_kind_of_group(self):
        one, two = self.countries
        x, y = self.tags
        self.assertEqual(
            self._table("country_id"),
            [([one.id, "Grouponia"], 3), ([two.id, "Aggregatia"], 2), (False, 1)],
        )
        self.assertEqual(
            self._table("country_id", order="country_id desc"),
            [(False, 1), ([one.id, "Grouponia"], 3), ([two.id, "Aggregatia"], 2)],
        )
        self.assertEqual(
            self._table("category_id"), [([x.id, "x"], 2), ([y.id, "y"], 2), (False, 3)]
        )
        self.assertEqual(self._table("type"), [("contact", 6)])
        self.assertEqual(self._table("ref"), [("GROUP", 6)])
        self.assertEqual(
            self._table("is_company", "color", order="color desc", limit=2),
            [(False, 6, 1), (False, 5, 1)],
        )
        self.assertEqual(self._table("email"), [(False, 6)])
        self.assertEqual(self._table("email", nulls=1), [(None, 6)])

    def test_each_aggregate(self):
        names = [
            "id:count",
            "country_id:count",
            "country_id:count_distinct",
            "color:sum",
            "color:avg",
        ]
        names += ["color:min", "color:max", "partner_latitude:sum", "is_company:bool_and"]
        names += ["is_company:bool_or", "create_date:min", "create_date:max", "name:count_distinct"]
        row = {}
        for few in (names[:8], names[8:]):
            [found] = self._groups(aggregates=few)["data"]
            self.assertEqual(list(found), few)
            row |= found
        self.assertEqual(
            row,
            {
                "id:count": 6,
                "country_id:count": 5,
                "country_id:count_distinct": 2,
                "color:sum": 21,
                "color:avg": 3.5,
                "color:min": 1,
                "color:max": 6,
                "partner_latitude:sum": 4.5,
                "is_company:bool_and": False,
                "is_company:bool_or": True,
                "create_date:min": "2026-01-31T23:30:00Z",
                "create_date:max": "2027-01-01T10:00:00Z",
                "name:count_distinct": 6,
            },
        )
        table = self._table(
            "country_id",
            aggregates=["color:sum", "is_company:bool_and"],
            order="color:sum desc",
            nulls=1,
        )
        one, two = self.countries
        self.assertEqual(
            table,
            [
                ([two.id, "Aggregatia"], 9, False),
                ([one.id, "Grouponia"], 6, False),
                (None, 6, False),
            ],
        )

    def test_dates_in_the_users_time_zone(self):
        """A period begins where the user's clock says; it is a date, an hour is a moment."""
        expected = {
            "UTC": {
                "hour": [
                    "2026-01-31T23:00:00Z",
                    "2026-02-01T00:00:00Z",
                    "2026-02-28T12:00:00Z",
                    "2026-12-31T22:00:00Z",
                    "2026-12-31T23:00:00Z",
                    "2027-01-01T10:00:00Z",
                ],
                "day": ["2026-01-31", "2026-02-01", "2026-02-28", "2026-12-31", "2027-01-01"],
                "month": ["2026-01-01", "2026-02-01", "2026-12-01", "2027-01-01"],
                "quarter": ["2026-01-01", "2026-10-01", "2027-01-01"],
                "year": ["2026-01-01", "2027-01-01"],
            },
            "Europe/Rome": {
                "hour": [
                    "2026-01-31T23:00:00Z",
                    "2026-02-01T00:00:00Z",
                    "2026-02-28T12:00:00Z",
                    "2026-12-31T22:00:00Z",
                    "2026-12-31T23:00:00Z",
                    "2027-01-01T10:00:00Z",
                ],
                "day": ["2026-02-01", "2026-02-28", "2026-12-31", "2027-01-01"],
                "month": ["2026-02-01", "2026-12-01", "2027-01-01"],
                "quarter": ["2026-01-01", "2026-10-01", "2027-01-01"],
                "year": ["2026-01-01", "2027-01-01"],
            },
            "Asia/Kolkata": {
                "hour": [
                    "2026-01-31T23:30:00Z",
                    "2026-02-01T00:30:00Z",
                    "2026-02-28T11:30:00Z",
                    "2026-12-31T22:30:00Z",
                    "2027-01-01T09:30:00Z",
                ],
                "day": ["2026-02-01", "2026-02-28", "2027-01-01"],
                "month": ["2026-02-01", "2027-01-01"],
                "quarter": ["2026-01-01", "2027-01-01"],
                "year": ["2026-01-01", "2027-01-01"],
            },
        }
        for zone, granularities in expected.items():
            self.user.tz = zone
            for granularity, periods in granularities.items():
                name = f"create_date:{granularity}"
                with self.subTest(zone=zone, granularity=granularity):
                    data = self._groups(name)["data"]
                    self.assertEqual([row[name] for row in data], periods)
                    self.assertEqual(sum(row["id:count"] for row in data), 6)
        data = self._groups("create_date:week", "is_company")["data"]
        for row in data:
            self.assertRegex(row["create_date:week"], r"^202[67]-[0-9]{2}-[0-9]{2}$")
            day = datetime.fromisoformat(row["create_date:week"])
            first = int(self.env["res.lang"]._get_data(code="en_US").week_start)
            self.assertEqual(day.isoweekday(), first)

    def test_dates(self):
        """Of a field without a time, and empty ones."""
        self._connect("res.currency.rate")
        currency = self.env["res.currency"].create({"name": "QQQ", "symbol": "Q"})
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": currency.id}
                for day, rate in (("2026-01-31", 1.0), ("2026-02-01", 2.0), ("2026-02-28", 4.0))
            ]
        )
        domain = [["currency_id", "=", currency.id]]
        self.user.tz = "Asia/Tokyo"
        self.assertEqual(
            self._table(
                "name:month", aggregates=["rate:sum"], model="res.currency.rate", domain=domain
            ),
            [("2026-01-01", 1.0), ("2026-02-01", 6.0)],
        )
        aggregates = ["name:min", "name:max", "rate:avg"]
        self.assertEqual(
            self._table(aggregates=aggregates, model="res.currency.rate", domain=domain),
            [("2026-01-31", "2026-02-28", 7 / 3)],
        )

    def test_an_hour_that_comes_twice(self):
        """When clocks go back, both are one hour of the clock, and it is a moment of it."""
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = CASE WHEN id = %s THEN '2026-10-25 00:30:00'::timestamp"
            " ELSE '2026-10-25 01:30:00'::timestamp END WHERE ref = 'GROUP'",
            [self.partners[0].id],
        )
        self.env.invalidate_all()
        self.user.tz = "Europe/Rome"
        [(hour, count)] = self._table("create_date:hour")
        self.assertIn(hour, ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"))
        self.assertEqual(count, 6)

    def test_order_and_pages(self):
        """Groups are sorted by what is asked for, and always by something, so that pages tile."""
        table = self._table("color", order="id:count desc, color desc")
        self.assertEqual([row[0] for row in table], [6, 5, 4, 3, 2, 1])
        for order in ("id:count", "id:count desc", "country_id", "is_company desc, id:count", ""):
            with self.subTest(order=order):
                params = {"order": order} if order else {}
                groups = ("country_id", "is_company", "color")
                everything = self._table(*groups, limit=1000, **params)
                seen = []
                for page in (1, 2, 3, 4, 5):
                    body = self._groups(*groups, limit=2, offset=page, **params)
                    self.assertEqual((body["total"], body["total_pages"]), (6, 3))
                    seen += [tuple(row.values()) for row in body["data"]]
                self.assertEqual(seen, everything)

    def test_groups_of_one_name_are_told_apart(self):
        """Two relations with the same name are two groups, on whichever page they stand."""
        parents = self.env["res.partner"].create([{"name": "Twin"} for _twin in range(6)])
        self.env["res.partner"].create(
            [{"name": "Below", "ref": "TWINS", "parent_id": parent.id} for parent in parents]
        )
        seen = []
        for page in range(1, 7):
            body = self._groups(
                "parent_id", order="parent_id", limit=1, offset=page, domain=[["ref", "=", "TWINS"]]
            )
            seen += [row["parent_id"][0] for row in body["data"]]
        self.assertEqual(sorted(seen), parents.ids)

    def test_groups_of_a_many2many_are_sorted_by_its_ids(self):
        names = [(tag.id, tag.name) for tag in self.tags.sorted("id")]
        for order, expected in (
            ("category_id", [*names, False]),
            ("category_id desc", [False, *reversed(names)]),
        ):
            with self.subTest(order=order):
                body = self._groups("category_id", order=order)
                found = [row["category_id"] and tuple(row["category_id"]) for row in body["data"]]
                self.assertEqual(found, expected)

    def test_totals(self):
        """As for a list: what the page tells is not counted, and groups are counted, not fetched."""
        params = {"groupby": ["color"], "domain": [["ref", "=", "GROUP"]]}
        for extra, total, expected in (
            ({}, 6, 1),
            ({"limit": 6}, 6, 2),
            ({"limit": 4, "offset": 2}, 6, 1),
            ({"limit": 4, "offset": 3}, 6, 2),
            ({"limit": 4, "count": "none"}, None, 1),
        ):
            with self.subTest(**extra):
                answer, statements = self._page("res.partner", **params, **extra)
                self.assertEqual(answer.get("total"), total)
                self.assertEqual(len(statements), expected, statements)
        self.assertIn("SELECT COUNT(*)", statements[-1] if expected == 2 else "SELECT COUNT(*)")

    def test_archived(self):
        self.assertEqual(self._table(aggregates=["color:sum"]), [(21,)])
        self.assertEqual(self._table(aggregates=["color:sum"], archived=1), [(28,)])

    def test_no_groups(self):
        """One row, also of nothing; there is no second page of it."""
        body = self._groups()
        self.assertEqual((body["data"], body["total"]), ([{"id:count": 6}], 1))
        for domain in ([["ref", "=", "NOBODY"]], [["id", "=", 0]], [["id", "in", []]]):
            with self.subTest(domain=domain):
                names = ["id:count", "color:sum", "create_date:max", "is_company:bool_or"]
                self.assertEqual(
                    self._table(aggregates=names, domain=domain), [(0, False, False, False)]
                )
                table = self._table(aggregates=names, domain=domain, nulls=1)
                self.assertEqual(table, [(0, None, None, False)])
        body = self._groups(offset=2)
        self.assertEqual((body["data"], body["total"], body["total_pages"]), ([], 1, 1))
        body = self._groups("color", domain=[["ref", "=", "NOBODY"]])
        self.assertEqual((body["data"], body["total"], body["total_pages"]), ([], 0, 0))

    def test_mistakes(self):
        bad = [
            {"groupby": "color"},
            {"groupby": "[1]"},
            {"groupby": '{"a": 1}'},
            {"groupby": ["color:month"]},
            {"groupby": ["create_date"]},
            {"groupby": ["create_date:decade"]},
            {"groupby": ["create_date:"]},
            {"groupby": ["display_name"]},
            {"groupby": ["image_1920"]},
            {"groupby": ["child_ids"]},
            {"groupby": [""]},
            {"groupby": [f"f{number}" for number in range(9)]},
            {"aggregates": ["color"]},
            {"aggregates": ["color:median"]},
            {"aggregates": ["color:array_agg"]},
            {"aggregates": ["id:recordset"]},
            {"aggregates": ["name:sum"]},
            {"aggregates": ["is_company:sum"]},
            {"aggregates": ["color:bool_or"]},
            {"aggregates": ["child_ids:count"]},
            {"aggregates": ["display_name:count"]},
            {"aggregates": ["__count"]},
            {"groupby": ["color"], "order": "name"},
            {"groupby": ["color"], "order": "id"},
            {"groupby": ["color"], "aggregates": ["id:count"], "order": "color:sum"},
            {"groupby": ["color"], "expand": {"bank_ids": []}},
            {"groupby": ["color"], "limit": 1001},
            {"groupby": ["color"], "offset": 0},
        ]
        for params in bad:
            with self.subTest(**params):
                self.assertError(
                    self._send("GET", "res.partner", self.access, **params), 400, "bad_parameter"
                )
        for params in ({"groupby": ["nope"]}, {"aggregates": ["nope:count"]}, {"groupby": ["a.b"]}):
            with self.subTest(**params):
                response = self._send("GET", "res.partner", self.access, **params)
                self.assertError(response, 400, "unknown_field")


@tagged("post_install", "-at_install")
class TestOptions(ReadCase):
    """``archived`` and ``nulls``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parent = cls.env["res.partner"].create({"name": "Parent", "ref": "OPTIONS"})
        cls.child = cls.env["res.partner"].create(
            {"name": "Child", "ref": "OPTIONS", "active": False}
        )

    def test_page_without_records_refuses_nothing(self):
        """A field that cannot be read of any record is empty where there is none, as in Odoo's `search_read`."""
        self._connect("res.partner", run_as="user")
        token = self._open(self.portal).access
        asked = {"fields": ["bank_ids"], "token": token}
        self.assertFalse(self.env["res.partner.bank"].with_user(self.portal).has_access("read"))
        own = [["id", "=", self.portal.partner_id.id]]
        self.assertError(self._get(domain=own, **asked), 403, "access_denied")
        self.assertEqual(self._ids(self._get(domain=[["id", "=", 0]], **asked)), [])

    def test_archived(self):
        domain = [["ref", "=", "OPTIONS"]]
        for value in ("0", "", "false", "False"):
            self.assertEqual(self._ids(self._get(domain=domain, archived=value)), self.parent.ids)
        for value in ("1", "true", " TRUE "):
            found = self._ids(self._get(domain=domain, archived=value))
            self.assertEqual(found, [self.child.id, self.parent.id])
        for value in ("2", "yes", "null"):
            response = self._get(domain=domain, archived=value)
            self.assertError(response, 400, "bad_parameter")
            self.assertError(self._get(domain=domain, nulls=value), 400, "bad_parameter")

    def test_archived_in_any_idiom(self):
        """Whether archived records are asked for is Odoo's to say, however the domain says it."""
        self.env["res.partner"].create({"name": "Other", "ref": "OPTIONS", "active": False})
        archived = self.env["res.partner.category"].create({"name": "Old", "active": False})
        (self.parent + self.child).category_id = archived
        idioms = [
            [["active", "in", [True, False]]],
            ["|", ["active", "=", True], ["active", "=", False]],
            ["|", ["active", "=", False], ["id", "=", self.parent.id]],
            [["active", "=?", False]],
            [["active", "=?", None]],
            [["active", "!=", True]],
            [["active", "not in", [True]]],
            [["active", "in", [True]]],
            [["active", "in", []]],
            ["!", ["active", "=", False]],
            ["&", ["active", "=", False], ["active", "=", True]],
            [["category_id.active", "in", [True, False]]],
            [["category_id.active", "=?", False]],
            [["category_id", "any", [["active", "=", False]]]],
            [["category_id", "any", [["active", "in", [True, False]]]]],
            [["category_id", "any", [["name", "=", "Old"]]]],
            [["category_id.name", "=", "Old"]],
            [["child_ids.active", "in", [True, False]]],
        ]
        seen = set()
        for run_as in ("sudo", "user"):
            self._connect("res.partner", run_as=run_as)
            for idiom in idioms:
                domain = [["ref", "=", "OPTIONS"], *idiom]
                found = self.env["res.partner"].with_user(self.user).search(domain, order="id desc")
                with self.subTest(run_as=run_as, domain=domain):
                    body = self.assertList(self._get(domain=domain), total=len(found))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)
                    body = self.assertAnswer(self._get(domain=domain, cursor="", count="exact"))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)
                    self.assertEqual(body["total"], len(found))
                    groups = self._send(
                        "GET", "res.partner", self.access, domain=domain, groupby=["ref"]
                    )
                    counts = [row["id:count"] for row in self.assertList(groups)["data"]]
                    self.assertEqual(sum(counts), len(found))
                seen.add(len(found))
        self.assertEqual(seen, {0, 1, 2, 3})

    def test_archived_by_a_field_that_searches_by_it(self):
        """A condition that Odoo makes of a computed field is not the client's wish to see archived records."""
        templates = self.env["mail.template"].create(
            [
                {"name": "OPTIONS", "active": active, "description": description}
                for active in (True, False)
                for description in (False, "For somebody")
            ]
        )
        self._connect("mail.template", "GET", run_as="user")
        access = self._open(self.admin).access
        for operator in ("=", "=?", "!=", "in"):
            for category in ("hidden_template", "base_template", "custom_template"):
                value = [category] if operator == "in" else category
                domain = [["name", "=", "OPTIONS"], ["template_category", operator, value]]
                found = templates.with_user(self.admin).search(domain, order="id desc")
                with self.subTest(domain=domain):
                    response = self._send(
                        "GET", "mail.template", access, fields=["name"], domain=domain
                    )
                    body = self.assertList(response, total=len(found))
                    self.assertEqual([row["id"] for row in body["data"]], found.ids)

    def test_archived_beside_a_filter_that_names_active(self):
        """A connection's filter is no wish of the client's: like a record rule, it asks for no archived records."""
        domain = [["ref", "=", "OPTIONS"]]
        for run_as in ("sudo", "user"):
            for text in (
                "[('active', 'in', [True, False])]",
                "['|', ('active', '=', False), ('id', '>', 0)]",
            ):
                self._connect("res.partner", run_as=run_as, domain=text)
                with self.subTest(run_as=run_as, filter=text):
                    self.assertEqual(self._ids(self._get(domain=domain)), self.parent.ids)
                    found = self._ids(self._get(domain=domain, archived=1))
                    self.assertEqual(found, [self.child.id, self.parent.id])
                    found = self._ids(self._get(domain=[*domain, ["active", "=", False]]))
                    self.assertEqual(found, self.child.ids)

    def test_nulls(self):
        """On every level; booleans and numbers stay what they are."""
        self.child.write({"active": True, "parent_id": self.parent.id})
        expand = {"child_ids": {"fields": ["email", "user_id", "active", "employee"]}}
        response = self._get(
            id=self.parent.id,
            fields=["email", "is_company", "color"],
            expand=expand,
            nulls=1,
        )
        [row] = self.assertList(response)["data"]
        self.assertEqual(
            row,
            {
                "id": self.parent.id,
                "email": None,
                "is_company": False,
                "color": 0,
                "child_ids": [
                    {
                        "id": self.child.id,
                        "email": None,
                        "user_id": None,
                        "active": True,
                        "employee": False,
                    }
                ],
            },
        )
        names = ["email", "parent_id", "is_company", "partner_latitude", "image_128", "category_id"]
        response = self._get(id=self.parent.id, fields=names, nulls=1)
        [row] = self.assertList(response)["data"]
        self.assertEqual(list(row.values()), [self.parent.id, None, None, False, 0.0, None, []])
        response = self._get(id=self.parent.id, fields=names)
        [row] = self.assertList(response)["data"]
        self.assertEqual(list(row.values()), [self.parent.id, False, False, False, 0.0, False, []])
