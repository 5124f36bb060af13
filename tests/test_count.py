# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from .read_case import PAGES, ReadCase


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
