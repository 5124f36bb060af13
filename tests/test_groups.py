# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import datetime

from odoo.tests import tagged

from .read_case import PAGES, ReadCase


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
