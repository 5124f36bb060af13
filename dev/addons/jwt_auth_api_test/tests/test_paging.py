# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Order and cursors over a field of every type: always as Odoo sorts, nothing missed, nothing twice."""

import random
from datetime import date, datetime, timedelta
from itertools import permutations

from odoo.tests import tagged

from odoo.addons.jwt_auth_api.tests.common import ApiCase

MODEL = "api.test.record"
#: View → its columns, most of which may be empty.
VIEWS = {
    "api.test.report": ("name", "day", "moment", "number", "word", "share", "kind"),
    "api.test.moment": ("name", "entry_id"),
}
ROWS = 61
SORTABLE = [
    "id",
    "name",
    "active",
    "char",
    "char_translated",
    "char_company",
    "text",
    "text_translated",
    "html",
    "integer",
    "integer_company",
    "float",
    "float_digits",
    "float_numeric",
    "monetary",
    "currency_id",
    "boolean",
    "date",
    "datetime",
    "create_date",
    "selection",
    "reference",
    "res_model",
    "res_id",
    "partner_id",
    "partner_company_id",
    "folder_id",
    "length_stored",
]
UNSORTABLE = [
    "display_name",
    "line_ids",
    "tag_ids",
    "binary",
    "binary_column",
    "image",
    "json",
    "properties",
    "upper",
    "length",
]


@tagged("post_install", "-at_install")
class TestPaging(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls._connect(MODEL)
        cls._connect("res.partner", "GET")  # all of them, so that their names may sort
        dice = random.Random(20261123)
        partners = cls.env["res.partner"].create(
            [{"name": name} for name in ("Same", "Same", "same", "Äther", "zebra", "A b", "Ab")]
        )
        folders = cls.env["api.test.folder"].create([{"name": name} for name in "ab"])
        currencies = cls.env["res.currency"].search([], limit=3)
        words = [
            False,
            "",
            "a",
            "A",
            "ä",
            "b",
            "B b",
            "Bb",
            "_",
            "'",
            "%",
            "é\u0301",
            "z" * 300,
            "a ",
        ]

        def some(values):
            return dice.choice(values)

        values = []
        for number in range(ROWS):
            partner = some([False, *partners.ids])
            values.append(
                {
                    "name": some(words[2:]),
                    "char": some(words),
                    "char_translated": some(words),
                    "char_company": some(words),
                    "text": some(words),
                    "text_translated": some(words),
                    "html": some([False, "<p>a</p>", "<p>b</p>"]),
                    "integer": some([False, 0, 1, -1, 2**31 - 1, -(2**31)]),
                    "integer_company": some([False, 0, 3, -3]),
                    "float": some([0.0, 0.1, 0.1 + 0.2, 0.3, 1e-300, -1e100, 1 / 3]),
                    "float_digits": some([0.001, 0.002, -1.5]),
                    "float_numeric": some([0.1234567890123, 1e15, -7]),
                    "currency_id": some([False, *currencies.ids]),
                    "monetary": some([0, 0.01, 0.02, 1e9]),
                    "boolean": some([True, False]),
                    "date": some(
                        [False, "0001-01-01", "2024-02-29", date(2026, 11, number % 5 + 1)]
                    ),
                    "datetime": some([False, datetime(2026, 11, 23, 20, 43, number % 3)]),
                    "selection": some([False, "a", "b"]),
                    "reference": partner and f"res.partner,{partner}",
                    "res_model": partner and "res.partner",
                    "res_id": partner,
                    "partner_id": some([False, *partners.ids]),
                    "partner_company_id": some([False, *partners.ids]),
                    "folder_id": some([False, *folders.ids]),
                    "code": f"PAGING-{number}",
                }
            )
        cls.records = cls.env[MODEL].create(values)
        for record in cls.records:
            french = record.with_context(lang="fr_FR")
            if some([True, False]) and record.char_translated:
                french.char_translated = some(words[2:])
        cls.env.flush_all()
        # what the ORM would not write: NULL in booleans, numbers that are none, microseconds
        cls._sql("boolean = NULL", 0, 9)
        cls._sql("float = NULL, integer = NULL, monetary = NULL, name = name", 5, 14)
        cls._sql("float = 'NaN'", 14, 17)
        cls._sql("float = 'Infinity'", 17, 19)
        cls._sql("float = '-Infinity'", 19, 20)
        for number in range(20, 40):
            moment = datetime(2026, 11, 23, 20, 43) + timedelta(microseconds=number // 3)
            cls._sql(
                f"datetime = '{moment.isoformat()}', create_date = '{moment.isoformat()}'", number
            )
        cls._sql("active = FALSE", 40, 44)
        cls.env.invalidate_all()
        cls.access = cls._open(cls.user).access

    @classmethod
    def _sql(cls, assignments, first, last=None):
        ids = tuple(cls.records[first : last or first + 1].ids)
        cls.env.cr.execute(f"UPDATE api_test_record SET {assignments} WHERE id IN %s", [ids])

    def _sorted(self, order, lang="en_US", **context):
        """The ids as Odoo itself sorts them."""
        model = self.env[MODEL].with_user(self.user).sudo().with_context(lang=lang, **context)
        return model.search([("code", "=like", "PAGING-%")], order=order).ids

    def _orders(self, number):
        """Random orders of one to four fields: what a client sends, and what Odoo is asked for."""
        dice = random.Random(number)
        for name in SORTABLE:
            for direction in ("asc", "desc"):
                yield self._order([(name, direction)])
        for _order in range(number):
            names = dice.sample(SORTABLE, dice.randint(1, 4))
            yield self._order([(name, dice.choice(["asc", "desc", ""])) for name in names])

    @staticmethod
    def _order(terms):
        sent = ", ".join(f"{name} {direction}".strip() for name, direction in terms)
        tie = "" if any(name == "id" for name, _direction in terms) else ", id desc"
        return sent, sent + tie

    def _get(self, **params):
        params = {"fields": ["name"], "domain": [["code", "=like", "PAGING-%"]], **params}
        return self._send("GET", MODEL, self.access, **params)

    def test_order_is_odoos_own(self):
        """For every sortable type, and for many random orders of several."""
        for sent, order in self._orders(60):
            with self.subTest(order=sent):
                body = self.assertList(self._get(order=sent, limit=1000))
                self.assertEqual([row["id"] for row in body["data"]], self._sorted(order))

    def test_order_by_language(self):
        """Translated texts are sorted as the user reads them."""
        self.user.lang = "fr_FR"
        for name in ("char_translated", "text_translated"):
            body = self.assertList(self._get(order=name, limit=1000))
            found = [row["id"] for row in body["data"]]
            self.assertEqual(found, self._sorted(f"{name}, id desc", "fr_FR"))
        found = self._sorted("char_translated, id desc", "fr_FR")
        self.assertNotEqual(found, self._sorted("char_translated, id desc"))

    def test_what_does_not_sort(self):
        """What stands in no column, and what has no order, is a 400."""
        for name in UNSORTABLE:
            for order in (name, f"name, {name} desc"):
                for params in ({}, {"cursor": ""}):
                    with self.subTest(order=order, **params):
                        self.assertError(self._get(order=order, **params), 400, "bad_parameter")

    def test_cursor_gives_the_whole_list(self):
        """Whatever the order and the sizes of the pages: nothing missed, nothing twice, and in order."""
        dice = random.Random(7)
        for sent, order in self._orders(30):
            limits = [dice.choice([1, 2, 3, 7, 19, 20, 57]) for _page in range(5)]
            with self.subTest(order=sent, limits=limits):
                pages = self._walk(MODEL, self.access, limits, **self._paging(order=sent))
                found = [row["id"] for body in pages for row in body["data"]]
                self.assertEqual(found, self._sorted(order))

    @staticmethod
    def _paging(**params):
        return {"fields": ["name"], "domain": [["code", "=like", "PAGING-%"]], **params}

    def test_cursor_by_language_and_with_archived(self):
        self.user.lang = "fr_FR"
        params = self._paging(order="char_translated desc", archived=1)
        pages = self._walk(MODEL, self.access, [7], **params)
        found = [row["id"] for body in pages for row in body["data"]]
        order = "char_translated desc, id desc"
        self.assertEqual(found, self._sorted(order, "fr_FR", active_test=False))
        self.assertEqual(len(found), ROWS)

    def test_cursor_while_rows_come_and_go(self):
        """The rows that nobody touches come once each, whatever is created, deleted or changed around them."""
        dice = random.Random(11)
        for sent, order in self._orders(12):
            if "create_date" in sent or "active" in sent:
                continue
            with self.subTest(order=sent), self.env.cr.savepoint() as savepoint:
                touched, moved = set(), set()

                def disturb(body, touched=touched, moved=moved):
                    seen = [row["id"] for row in body["data"]]
                    last = self.env[MODEL].browse(seen[-1])
                    match dice.randrange(4):
                        case 0:  # the very row that the cursor stands on
                            touched.add(last.id)
                            last.unlink()
                        case 1:
                            moved.add(last.id)  # perhaps to where it is met again
                            last.write({"name": "changed", "integer": 5, "date": False, "float": 9})
                        case 2:
                            victim = dice.choice(
                                self.env[MODEL].search([("code", "=like", "PAGING-%")])
                            )
                            touched.add(victim.id)
                            victim.unlink()
                    copied = dice.choice(self.env[MODEL].search([("code", "=like", "PAGING-%")]))
                    twin = copied.copy({"code": f"PAGING-NEW-{len(touched)}-{seen[-1]}"})
                    touched.add(twin.id)
                    self.env.flush_all()

                expected = self._sorted(order)
                pages = self._walk(MODEL, self.access, [5, 9], disturb, **self._paging(order=sent))
                found = [row["id"] for body in pages for row in body["data"]]
                found = [key for key in found if key not in moved]
                self.assertEqual(len(found), len(set(found)))
                touched |= moved
                untouched = [key for key in expected if key not in touched]
                self.assertEqual([key for key in found if key not in touched], untouched)
                self.assertGreater(len(touched), 5)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_cursor_behind_a_very_long_text(self):
        """Which no URL has room for: it goes on while that row is as it was, and says so when it is not."""
        some = self.records[1:40:4]
        for number, record in enumerate(some):
            record.text = f"long {number % 3} " + "äx" * 40_000
        self.env.flush_all()
        for order in ("text", "text desc, char"):
            full = f"{order}, id desc"
            pages = self._walk(MODEL, self.access, [1, 4], **self._paging(order=order))
            found = [row["id"] for body in pages for row in body["data"]]
            self.assertEqual(found, self._sorted(full))
        body = self._get(order="text desc", limit=20, cursor="").json()
        place = next(n for n, row in enumerate(body["data"]) if row["id"] in some.ids)
        body = self._get(order="text desc", limit=place + 1, cursor="").json()
        cursor, last = body["next_cursor"], self.env[MODEL].browse(body["data"][-1]["id"])
        self.assertIn(last, some)
        self.assertLess(len(cursor), 300)
        self.assertAnswer(self._get(order="text desc", cursor=cursor))
        last.text += "!"
        self.env.flush_all()
        response = self._get(order="text desc", cursor=cursor)
        self.assertError(response, 400, "bad_parameter")
        last.unlink()
        response = self._get(order="text desc", cursor=cursor)
        self.assertError(response, 400, "bad_parameter")


@tagged("post_install", "-at_install")
class TestPagingOfViews(ApiCase):
    """Cursors over views, which have no key: every order of columns that may be empty, with every limit."""

    ROWS = 6

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in VIEWS:
            cls._connect(model, "GET")
        cls.env.cr.execute("DELETE FROM api_test_entry")
        cls.env["api.test.entry"].create(
            [{"name": "ab"[number % 2], "amount": number} for number in range(cls.ROWS)]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE api_test_entry SET amount = NULL, create_date = NULL WHERE amount IN (1, 2)"
        )
        cls.env.invalidate_all()
        cls.access = cls._open(cls.user).access

    @staticmethod
    def _orders(names):
        """Return orders of one and of two columns."""
        one = [f"{name}{way}" for name in names for way in ("", " desc")]
        return one + [f"{first}, {second} desc" for first, second in permutations(names, 2)]

    def test_cursor_gives_the_whole_list(self):
        """Also where a page ends with the last row that has a value."""
        for model, names in VIEWS.items():
            for order in self._orders(names):
                params = {"fields": ["name"], "order": order}
                body = self.assertAnswer(self._send("GET", model, self.access, limit=100, **params))
                listed = [row["id"] for row in body["data"]]
                self.assertGreaterEqual(len(listed), self.ROWS)
                for limit in range(1, len(listed) + 2):
                    with self.subTest(model=model, order=order, limit=limit):
                        pages = self._walk(model, self.access, [limit], **params)
                        found = [row["id"] for body in pages for row in body["data"]]
                        self.assertEqual(found, listed)
