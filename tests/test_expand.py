# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import tagged

from ..engine import relations
from .read_case import ReadCase


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
