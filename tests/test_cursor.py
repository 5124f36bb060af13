# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import json

from odoo.tests import tagged

from .read_case import ReadCase


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
