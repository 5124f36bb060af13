# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What is read is what Odoo reads, where a model has code of its own for that."""

from odoo.models import BaseModel
from odoo.tests import tagged

from odoo.addons.jwt_auth_api.tests.common import ApiCase

TEAM, MEMBER, PERSON = "api.test.team", "api.test.member", "api.test.person"
MEETING, GUEST, ENTRY = "api.test.meeting", "api.test.guest", "api.test.entry"
REPORT, STOCK, SHELF = "api.test.report", "api.test.stock", "api.test.shelf"
MOMENT = "api.test.moment"


class ReadingCase(ApiCase):
    """The caller is a user without access to persons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caller, cls.other = cls.victim, cls.user
        cls.access = cls._open(cls.caller).access

    def _odoo(self, model, domain, names, **options):
        """What Odoo's own API answers, a many2one as in JSON."""
        self.env.invalidate_all()
        model = self.env[model].with_user(self.caller)
        rows = model.search_read(domain, names, order="id desc", **options)
        self.env.invalidate_all()
        return [
            {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in row.items()
            }
            for row in rows
        ]

    def _ways(self, model, names, token=None, **params):
        """The rows of a list in all ways to read one."""
        token = token or self.access
        params = {"fields": names, **params}
        ways = {
            "page": self.assertAnswer(self._send("GET", model, token, **params))["data"],
            "cursor": [
                row for body in self._walk(model, token, [2], **params) for row in body["data"]
            ],
        }
        self.assertTrue(ways["page"])
        return ways


@tagged("post_install", "-at_install")
class TestComputedRelations(ReadingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team, _other = cls.env[TEAM].create([{"name": "Team"}, {"name": "Empty"}])
        values = [{"name": str(n), "team_id": cls.team.id, "active": n != 2} for n in range(3)]
        cls.members = cls.env[MEMBER].create(values)

    def test_search_of_a_model_with_other_rights(self):
        """A relation that searches by its own code is given ids, whatever the rights of its model are lifted to."""
        for ways in (("sudo", "sudo"), ("user", "sudo"), ("sudo", "user"), ("user", "user")):
            for model, run_as in zip((TEAM, MEMBER), ways, strict=True):
                self._connect(model, "GET", run_as=run_as)
            for condition, found in (
                (["asked_ids.name", "=", "1"], self.team.ids),
                (["asked_ids.name", "=", "none"], []),
                (["asked_ids.create_date", "!=", False], self.team.ids),
                (["asked_ids", "any", [["name", "in", ["0", "1"]]]], self.team.ids),
                (["asked_ids", "ilike", "1"], self.team.ids),
                (["asked_ids", "in", self.members.ids], self.team.ids),
            ):
                with self.subTest(ways=ways, condition=condition):
                    response = self._send(
                        "GET", TEAM, self.access, fields=["name"], domain=[condition]
                    )
                    rows = self.assertList(response)["data"]
                    self.assertEqual([row["id"] for row in rows], found)

    def test_values_beside_them(self):
        """Whatever is asked for together, each value is what it is alone; archived records count for none."""
        names = ["found_ids", "found_count", "newest_id", "member_ids"]
        expected = self._odoo(TEAM, [], names)
        self.assertEqual(expected[-1]["found_count"], 2)
        for run_as in ("sudo", "user"):
            self._connect(TEAM, run_as=run_as)
            for asked in (names, names[::-1], *([name] for name in names)):
                wanted = [{name: row[name] for name in ["id", *asked]} for row in expected]
                for way, rows in self._ways(TEAM, asked).items():
                    with self.subTest(run_as=run_as, fields=asked, way=way):
                        self.assertEqual(rows, wanted)

    def test_expanded(self):
        self._connect(TEAM)
        [_empty, row] = self._odoo(TEAM, [], ["found_ids", "found_count", "newest_id"])
        expand = {"found_ids": ["name"], "newest_id": ["active"]}
        response = self._send(
            "GET", TEAM, self.access, id=str(self.team.id), fields=["name"], expand=expand
        )
        [found] = self.assertList(response)["data"]
        self.assertEqual([item["id"] for item in found["found_ids"]], row["found_ids"])
        self.assertEqual(found["newest_id"], {"id": row["newest_id"][0], "active": True})

    def test_archived(self):
        """With ``archived=1`` they are computed with archived records, as the whole answer is."""
        self._connect(TEAM)
        params = {"id": str(self.team.id), "fields": ["found_ids", "found_count"], "archived": 1}
        [row] = self.assertList(self._send("GET", TEAM, self.access, **params))["data"]
        self.assertEqual(row["found_count"], 3)
        self.assertEqual(row["found_ids"], self.members.ids)


@tagged("post_install", "-at_install")
class TestOwnReading(ReadingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env[TEAM].create({"name": "Team"})
        cls.persons = cls.env[PERSON].create(
            [{"name": n, "remark": f"secret {n}", "team_id": cls.team.id} for n in ("A", "B", "C")]
        )
        cls.persons[0].friend_ids = cls.persons[1:]
        cls.meetings = cls.env[MEETING].create(
            [
                {
                    "name": f"{'Private' if private else 'Open'} of {user.name}",
                    "private": private,
                    "user_id": user.id,
                    "person_id": cls.persons[0].id,
                    "note": "note",
                    "guest_ids": [(0, 0, {"name": "guest"})],
                    "tag_ids": [(0, 0, {"name": "tag"})],
                }
                for private in (True, False)
                for user in (cls.caller, cls.other)
            ]
        )
        cls.entries = cls.env[ENTRY].create([{"name": "e", "amount": 1 + n} for n in range(5)])

    def test_public_fields(self):
        """Who has no access to the model reads what its own code gives, by list, cursor and id."""
        self._connect(PERSON, run_as="user")
        names = ["name", "team_id", "friend_ids", "display_name"]
        expected = self._odoo(PERSON, [], names)
        self.assertEqual(len(expected), 3)
        for way, rows in self._ways(PERSON, names).items():
            with self.subTest(way=way):
                self.assertEqual(rows, expected)
        for row in expected:
            response = self._send("GET", PERSON, self.access, id=str(row["id"]), fields=names)
            self.assertEqual(self.assertList(response)["data"], [row])
        response = self._send("GET", PERSON, self.access, fields=["name"], limit=1)
        self.assertList(response, total=3)
        response = self._send("GET", PERSON, self.access, fields=["name"], limit=1, order="name")
        self.assertEqual(self.assertList(response, total=3)["data"][0]["name"], "A")

    def test_private_fields(self):
        """What that code refuses is refused, in every way to read it or to ask for it."""
        self._connect(PERSON, run_as="user")
        self._connect(MEETING, run_as="user")
        one = str(self.persons[0].id)
        for name in ("remark", "remark_size", "meeting_ids"):
            params = [{}, {"cursor": ""}, {"id": one}]
            for extra in params:
                with self.subTest(field=name, **extra):
                    response = self._send("GET", PERSON, self.access, fields=[name], **extra)
                    self.assertError(response, 403, "access_denied")
                    self.assertNotIn("secret A", response.text)
            with self.subTest(expanded=name):
                expand = {"person_id": [name]}
                response = self._send("GET", MEETING, self.access, fields=[], expand=expand)
                self.assertError(response, 403, "access_denied")
        domain = [["remark", "=", "secret A"]]
        for extra in ({}, {"cursor": ""}, {"id": one}):
            response = self._send(
                "GET", PERSON, self.access, fields=["name"], domain=domain, **extra
            )
            self.assertError(response, 403, "access_denied")
        portal = self._open(self.portal).access
        for extra in ({}, {"cursor": ""}, {"id": one}):
            response = self._send("GET", PERSON, portal, fields=["name"], **extra)
            self.assertError(response, 403, "access_denied")

    def test_closed_model_expanded(self):
        """The way there may be a many2one, a one2many or a many2many, with a connection or without."""
        self._connect(TEAM, run_as="user")
        self._connect(MEETING, run_as="user")
        for connected in (False, True):
            if connected:
                self._connect(PERSON, run_as="user")
            with self.subTest(connected=connected):
                expand = {"person_ids": {"fields": ["name"], "expand": {"friend_ids": ["name"]}}}
                response = self._send("GET", TEAM, self.access, fields=[], expand=expand)
                [row] = self.assertList(response)["data"]
                found = {item["name"]: item["friend_ids"] for item in row["person_ids"]}
                friends = [{"id": person.id, "name": person.name} for person in self.persons[1:]]
                self.assertEqual(found, {"A": friends, "B": [], "C": []})
                expand = {"person_id": ["name"]}
                response = self._send("GET", MEETING, self.access, fields=[], expand=expand)
                names = {row["person_id"]["name"] for row in self.assertList(response)["data"]}
                self.assertEqual(names, {"A"})
                domain = [["person_id.name", "=", "A"]]
                response = self._send("GET", MEETING, self.access, fields=[], domain=domain)
                self.assertList(response, total=4)
        portal = self._open(self.portal).access
        self._connect(TEAM)
        expand = {"person_ids": {"fields": ["name"]}}
        self.env["connection.api"].search([("model", "=", PERSON)]).unlink()
        response = self._send("GET", TEAM, portal, fields=[], expand=expand)
        [row] = self.assertList(response)["data"]
        self.assertEqual(row["person_ids"], [])

    def test_lifted(self):
        """Where the connection lifts the rights, the model's code sees a caller with access."""
        self._connect(PERSON)
        for way, rows in self._ways(PERSON, ["remark", "remark_size"]).items():
            with self.subTest(way=way):
                self.assertEqual(rows[-1]["remark"], "secret A")
                self.assertEqual(rows[-1]["remark_size"], 8)

    def test_values_of_the_owner(self):
        """Values that the model's own code empties for others are empty, whatever way leads to them."""
        names = ["name", "note", "guest_ids", "tag_ids"]
        expected = self._odoo(MEETING, [], names)
        closed = [row["name"] for row in expected if not row["note"]]
        self.assertEqual(closed, [f"Private of {self.other.name}"])
        for run_as in ("sudo", "user"):
            for model in (MEETING, PERSON, GUEST):
                self._connect(model, run_as=run_as)
            for way, rows in self._ways(MEETING, names).items():
                with self.subTest(run_as=run_as, way=way):
                    self.assertEqual(rows, expected)
            for row in expected:
                with self.subTest(run_as=run_as, one=row["name"]):
                    params = {"id": str(row["id"]), "fields": names}
                    response = self._send("GET", MEETING, self.access, **params)
                    self.assertEqual(self.assertList(response)["data"], [row])
                    params["fields"] = ["name", "note"]
                    params["expand"] = {"guest_ids": ["name"], "tag_ids": ["name"]}
                    response = self._send("GET", MEETING, self.access, **params)
                    [found] = self.assertList(response)["data"]
                    for name in ("guest_ids", "tag_ids"):
                        self.assertEqual([item["id"] for item in found[name]], row[name])
        self._connect(PERSON)
        expand = {"meeting_ids": {"fields": names}}
        response = self._send("GET", PERSON, self.access, fields=[], expand=expand)
        found = [
            row for person in self.assertList(response)["data"] for row in person["meeting_ids"]
        ]
        self.assertEqual(sorted(found, key=lambda row: -row["id"]), expected)

    def test_groups(self):
        """Groups that the model's own code leaves out are not counted, either."""
        for meeting in self.meetings:
            meeting.note = f"note of {meeting.name}"
        for run_as in ("sudo", "user"):
            self._connect(MEETING, run_as=run_as)
            with self.subTest(run_as=run_as):
                response = self._send("GET", MEETING, self.access, groupby=["note"])
                body = self.assertList(response, total=3)
                self.assertNotIn(f"Private of {self.other.name}", response.text)
                response = self._send("GET", MEETING, self.access, groupby=["note"], limit=1)
                self.assertEqual(self.assertList(response, total=3)["data"], body["data"][:1])

    def test_what_was_searched_for(self):
        """A value that depends on the domain and the order of the list is that of this list."""
        domain = [["amount", ">", 1]]
        expected = self._odoo(ENTRY, domain, ["balance"])
        self.assertEqual([row["balance"] for row in expected], [14, 9, 5, 2])
        for run_as in ("sudo", "user"):
            self._connect(ENTRY, run_as=run_as)
            for way, rows in self._ways(ENTRY, ["balance"], domain=domain).items():
                with self.subTest(run_as=run_as, way=way):
                    self.assertEqual(rows, expected)
            response = self._send(
                "GET", ENTRY, self.access, fields=["balance"], domain=domain, limit=2, offset=2
            )
            self.assertEqual(self.assertList(response, total=4)["data"], expected[2:])

    def test_statements(self):
        """Their number does not depend on the number of records."""
        self.env[PERSON].create(
            [{"name": str(n), "team_id": self.team.id} for n in range(30)]
        ).friend_ids = self.persons
        for run_as in ("sudo", "user"):
            for model in (PERSON, ENTRY, MEETING):
                self._connect(model, run_as=run_as)
            for model, names in ((PERSON, ["name", "team_id", "friend_ids"]), (ENTRY, ["balance"])):
                for extra in ({}, {"cursor": ""}):

                    def number(limit, model=model, names=names, extra=extra):
                        self.env.flush_all()
                        self.env.invalidate_all()
                        with self._statements() as statements:
                            self._send(
                                "GET", model, self.access, fields=names, limit=limit, **extra
                            )
                        return len(statements)

                    with self.subTest(run_as=run_as, model=model, **extra):
                        number(2)
                        self.assertEqual(number(2), number(4))


@tagged("post_install", "-at_install")
class TestViews(ReadingCase):
    """Views of the database: what their columns are is theirs to say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entries = cls.env[ENTRY].create(
            [{"name": "ebc"[n % 3], "amount": 1 + n % 7} for n in range(17)]
        )
        cls.env.flush_all()
        for number, entry in enumerate(cls.entries):
            moment = f"2026-11-{23 + number % 2} 10:00:0{number % 4}.00000{number % 9}"
            cls.env.cr.execute(
                "UPDATE api_test_entry SET create_date = %s WHERE id = %s", [moment, entry.id]
            )
        cls.env.invalidate_all()

    def test_cursor_by_any_column(self):
        """A cursor ends and gives the whole list, whatever type the column has in place of the field's."""
        for run_as in ("sudo", "user"):
            self._connect(REPORT, "GET", run_as=run_as)
            for name in ("day", "moment", "number", "word", "share", "kind", "name", "id"):
                for order in (name, f"{name} desc", f"kind, {name} desc"):
                    params = {"fields": ["name"], "order": order}
                    response = self._send("GET", REPORT, self.access, limit=100, **params)
                    listed = [row["id"] for row in self.assertList(response, total=17)["data"]]
                    with self.subTest(run_as=run_as, order=order):
                        pages = self._walk(REPORT, self.access, [2, 3], **params)
                        found = [row["id"] for body in pages for row in body["data"]]
                        self.assertEqual(found, listed)

    def test_dates(self):
        """A date is answered as a date, a moment as a moment, whatever the column holds."""
        self._connect(REPORT, "GET")
        response = self._send("GET", REPORT, self.access, fields=["day", "moment"], order="id")
        rows = self.assertList(response)["data"]
        self.assertEqual(
            rows[:2],
            [
                {
                    "id": entry.id,
                    "day": f"2026-11-{day}",
                    "moment": f"2026-11-{day}T00:00:00Z",
                }
                for entry, day in zip(self.entries[:2], (23, 24), strict=True)
            ],
        )

    def test_cursor_without_a_key(self):
        """Where some records have the same id a cursor is refused, at the first page; pages go on working."""
        self._connect(STOCK, "GET")
        for order in ("", "amount", "name desc", "id"):
            with self.subTest(order=order):
                params = {"fields": ["amount"], **({"order": order} if order else {})}
                response = self._send("GET", STOCK, self.access, cursor="", limit=2, **params)
                self.assertError(response, 400, "bad_parameter")
                response = self._send("GET", STOCK, self.access, limit=2, **params)
                self.assertList(response, total=17)
        # within a domain each of them may have its own
        domain = [["amount", "in", [2, 4, 6]]]
        self.entries.filtered(lambda entry: entry.amount in (2, 4, 6))[3:].unlink()
        pages = self._walk(STOCK, self.access, [1], fields=["amount"], domain=domain)
        self.assertEqual([row["id"] for body in pages for row in body["data"]], [3, 2, 1])

    def test_cursor_while_ids_become_equal(self):
        """A page that ends at a record whose id another has by now is no end of a page."""
        self._connect(STOCK, "GET")
        self.entries[3:].unlink()
        for number, entry in enumerate(self.entries[:3]):
            entry.amount = 2 * number + 2
        self.env.flush_all()
        params = {"fields": ["amount"], "limit": 1, "order": "amount"}
        body = self.assertAnswer(self._send("GET", STOCK, self.access, cursor="", **params))
        self.entries[2].amount = 5  # its id is that of the second one
        self.env.flush_all()
        cursor = body["next_cursor"]
        response = self._send("GET", STOCK, self.access, cursor=cursor, **params)
        self.assertError(response, 400, "bad_parameter")

    def test_cursor_by_a_value_that_changes_with_the_clock(self):
        """It is refused at the first page; pages by it and a cursor by other columns go on working."""
        for run_as in ("sudo", "user"):
            self._connect(MOMENT, "GET", run_as=run_as)
            for order in ("age", "age desc", "name, age"):
                with self.subTest(run_as=run_as, order=order):
                    params = {"fields": ["name"], "order": order}
                    response = self._send("GET", MOMENT, self.access, cursor="", **params)
                    body = self.assertError(response, 400, "bad_parameter")
                    self.assertIn("cursor cannot sort by age", body["message"])
                    response = self._send("GET", MOMENT, self.access, limit=3, **params)
                    self.assertList(response, total=20)
            for order in ("name", "id"):
                with self.subTest(run_as=run_as, order=order):
                    pages = self._walk(MOMENT, self.access, [3], fields=["name"], order=order)
                    found = [row["id"] for body in pages for row in body["data"]]
                    listed = self.env[MOMENT].search([], order=f"{order}, id desc").ids
                    self.assertEqual(found, listed)


@tagged("post_install", "-at_install")
class TestSearchByReading(ReadingCase):
    """Models that look at each record that they find, as messages do: one search is a long way to go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = cls.env[MEMBER].create([{"name": str(number)} for number in range(7)])
        cls._connect(MEMBER, "GET")

    def setUp(self):
        super().setUp()
        search, self.searched = BaseModel._search, []

        def by_reading(model, domain, *args, **options):
            self.searched.append(domain)
            found = search(model, domain, *args, **options)
            return model.browse(found)._as_query()

        self.patch(self.env.registry[MEMBER], "_search", by_reading)

    def test_cursor_with_a_total(self):
        """Every page has it from its one search."""
        params = {"fields": ["name"], "limit": 3, "count": "exact", "order": "name"}
        cursor, names = "", []
        for _page in range(3):
            self.searched.clear()
            response = self._send("GET", MEMBER, self.access, cursor=cursor, **params)
            answer = self.assertAnswer(response)
            names += [row["name"] for row in answer["data"]]
            self.assertEqual((answer["total"], len(self.searched)), (7, 1))
            cursor = answer.get("next_cursor")
        self.assertIsNone(cursor)
        self.assertEqual(names, self.members.mapped("name"))

    def test_totals(self):
        """Some give their records in the order of their ids, whether or not anybody asked for one."""
        for params in ({"fields": ["name"]}, {"groupby": ["name"]}):
            for offset in (1, 2):
                with self.subTest(offset=offset, **params):
                    response = self._send(
                        "GET", MEMBER, self.access, limit=3, offset=offset, **params
                    )
                    self.assertList(response, total=7)


@tagged("post_install", "-at_install")
class TestOrderByRelations(ReadingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shelves = cls.env[SHELF].create([{"name": name} for name in ("b", "ccc", "a", "dd")])
        elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.partners = cls.env["res.partner"].create([{"name": name} for name in ("Z", "M", "A")])
        cls.hidden = cls.env["res.partner"].create({"name": "K", "company_id": elsewhere.id})
        cls.members = cls.env[MEMBER].create(
            [
                {
                    "name": str(n),
                    "shelf_id": shelves[n % 4].id if n else False,
                    "partner_id": cls.partners[n % 3].id,
                }
                for n in range(9)
            ]
        )

    def _sorted(self, order, caller=None):
        model = self.env[MEMBER].with_user(caller or self.caller)
        return model.search([], order=f"{order}, id desc").ids

    def _ids(self, **params):
        response = self._send("GET", MEMBER, self.access, fields=["name"], **params)
        return [row["id"] for row in self.assertList(response)["data"]]

    def _refused(self, name, code="bad_parameter", **params):
        response = self._send("GET", MEMBER, self.access, **params)
        body = self.assertError(response, 400, code)
        self.assertIn(f"by {name}.", body["message"])

    def test_by_what_has_no_column(self):
        """A relation sorts as its model does, by a computed field too if Odoo has SQL for it; no cursor holds that."""
        for run_as in ("sudo", "user"):
            self._connect(MEMBER, "GET", run_as=run_as)
            for order in ("shelf_id", "shelf_id desc"):
                with self.subTest(run_as=run_as, order=order):
                    self.assertEqual(self._ids(order=order), self._sorted(order))
            self._refused("shelf_id", fields=["name"], order="shelf_id", cursor="")
            groups = self._send(
                "GET", MEMBER, self.access, groupby=["shelf_id"], order="shelf_id desc"
            )
            rows = self.assertList(groups)["data"]
            self.assertEqual(
                [row["shelf_id"] and row["shelf_id"][1] for row in rows][:2], ["b", "a"]
            )

    def test_by_what_is_hidden(self):
        """The field of the order is told, not the one of its model that the caller may not see."""
        self._connect(MEMBER, "GET")
        listed = [(6, 0, [self.env["ir.model.fields"]._get(SHELF, "name").id])]
        self._connect(SHELF, "GET", read_field_ids=listed)
        for extra in ({"fields": ["name"]}, {"fields": ["name"], "cursor": ""}):
            self._refused("shelf_id", "unknown_field", order="shelf_id", **extra)

    def test_where_some_are_closed(self):
        """With lifted rights it sorts as long as no record found leads to one that the caller may not see."""
        self._connect(MEMBER, "GET")
        self.env["connection.api"].search([("model", "=", "res.partner")]).unlink()
        for order in ("partner_id", "partner_id desc"):
            self.assertEqual(self._ids(order=order), self._sorted(order))
        self._refused("partner_id", fields=["name"], order="partner_id", cursor="")
        group = {"groupby": ["partner_id"], "order": "partner_id"}
        response = self._send("GET", MEMBER, self.access, **group)
        names = [row["partner_id"][1] for row in self.assertList(response)["data"]]
        self.assertEqual(names, ["A", "M", "Z"])
        self.members[4].partner_id = self.hidden
        for limit in (1, 20):
            self._refused("partner_id", fields=["name"], order="name, partner_id", limit=limit)
        self._refused("partner_id", **group)
        domain = [["id", "!=", self.members[4].id]]
        found = self._ids(order="partner_id", domain=domain)
        self.assertEqual(found, [key for key in self._sorted("partner_id") if key in found])
        self.assertEqual(len(found), 8)
        self._connect(MEMBER, "GET", run_as="user")  # where nothing is lifted it is for Odoo to say
        self.assertEqual(self._ids(order="partner_id"), self._sorted("partner_id"))

    def test_where_a_model_takes_records_away_after_the_limit(self):
        """Each record that is found is looked at: the first one may be none that the caller sees."""
        self._connect(MEMBER, "GET")
        unseen, seen = self.members[:2]
        (unseen | seen).partner_id = self.hidden
        seen.sequence = 1
        self.env.flush_all()
        search = BaseModel._search

        def after_the_limit(model, domain, *args, **options):
            found = search(model, domain, *args, **options)
            return model.browse([key for key in found if key != unseen.id])._as_query()

        self.patch(self.env.registry[MEMBER], "_search", after_the_limit)
        self._refused("partner_id", fields=["name"], order="partner_id")
        self._refused("partner_id", groupby=["partner_id"], order="partner_id")
        found = self._ids(order="partner_id", domain=[["id", "!=", seen.id]])
        self.assertEqual(set(found), set(self.members[2:].ids))

    def test_ties_in_relations(self):
        """A limit cuts off the end of the list that is answered without one."""
        teams = self.env[TEAM].create([{"name": "One"}, {"name": "Two"}])
        members = self.env[MEMBER].create(
            [{"name": str(n), "sequence": n % 2, "team_id": teams[n % 3 % 2].id} for n in range(60)]
        )
        self.env.flush_all()
        for member in members[::7]:  # where they stand in the table is not by their ids any more
            self.env.cr.execute("UPDATE api_test_member SET name = 'x' WHERE id = %s", [member.id])
        self._connect(TEAM, "GET")
        expected = {
            team.id: members.filtered(lambda one, team=team: one.team_id == team)
            .sorted(lambda one: (one.sequence, one.id))
            .ids
            for team in teams
        }
        response = self._send("GET", TEAM, self.access, fields=["member_ids"])
        rows = {row["id"]: row["member_ids"] for row in self.assertList(response)["data"]}
        self.assertEqual(rows, expected)
        for limit in (None, 1, 2, 7, 25):
            below = {"fields": ["name"]} | ({"limit": limit} if limit else {})
            expand = {"member_ids": below}
            response = self._send("GET", TEAM, self.access, fields=["name"], expand=expand)
            for row in self.assertList(response)["data"]:
                with self.subTest(limit=limit):
                    found = [item["id"] for item in row["member_ids"]]
                    self.assertEqual(found, expected[row["id"]][:limit])


@tagged("post_install", "-at_install")
class TestParents(ReadingCase):
    def test_record_whose_link_to_its_parent_is_hidden(self):
        """It is read by its id, with a version: ``hr.employee`` and ``hr.job`` hide what they delegate to."""
        drawer = self.env["api.test.drawer"].create({"name": "Drawer", "color": "red"})
        link = self.env["api.test.drawer"]._fields["folder_id"]
        self.patch(link, "groups", "base.group_system")
        for run_as in ("sudo", "user"):
            self._connect("api.test.drawer", run_as=run_as)
            with self.subTest(run_as=run_as):
                response = self._send(
                    "GET", "api.test.drawer", self.access, id=str(drawer.id), fields=["color"]
                )
                self.assertEqual(
                    self.assertList(response)["data"], [{"id": drawer.id, "color": "red"}]
                )
                self.assertTrue(response.headers["ETag"])
                hidden = self._send(
                    "GET", "api.test.drawer", self.access, id=str(drawer.id), fields=["folder_id"]
                )
                self.assertError(hidden, 400, "unknown_field")
