# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged
from odoo.tools import mute_logger

from .policy_case import OWN, PolicyCase


@tagged("post_install", "-at_install")
class TestRecordFilter(PolicyCase):
    """``domain`` of a connection: nothing outside is read, changed, taken, or made."""

    def setUp(self):
        super().setUp()
        self.opened = self._connect("res.partner", domain=OWN)

    def test_reads(self):
        """List, total, one, groups, cursor, each count: the caller's own alone."""
        for run_as in ("sudo", "user"):
            self._connect("res.partner", domain=OWN, run_as=run_as)
            with self.subTest(run_as=run_as):
                body = self.assertList(self._get(self.access), total=2)
                self.assertEqual({row["id"] for row in body["data"]}, set(self.mine[:2].ids))
                self.assertList(self._get(self.access, limit=1), total=2)
                self.assertList(self._get(self.access, limit=1, count="estimated"), total=2)
                self.assertList(self._get(self.access, archived="1"), total=3)
                self.assertList(self._get(self.access, domain=[["ref", "=", "SECRET"]]), total=0)
                self.assertList(
                    self._get(self.access, domain=["|", ["id", ">", 0], ["id", "<", 0]]), total=2
                )
                response = self._get(self.access, id=str(self.theirs.id))
                missing = self._get(self.access, id="2000000000")
                self.assertError(response, 404, "not_found")
                self.assertEqual(
                    response.text.replace(str(self.theirs.id), "?"),
                    missing.text.replace("2000000000", "?"),
                )
                self.assertEqual(
                    self._ids(self._get(self.access, cursor="", count="exact")),
                    set(self.mine[:2].ids),
                )
                body = self.assertAnswer(
                    self._get(self.access, groupby=["city"], aggregates=["id:count"])
                )
                self.assertEqual(
                    {row["city"]: row["id:count"] for row in body["data"]}, {"Rome": 1, "Oslo": 1}
                )
        self.assertList(self._get(self.victim_access), total=2)

    def test_archived_records_of_a_filter(self):
        """``archived=1`` adds archived records within the filter, and none that it leaves out."""
        self._connect("res.partner", domain="[('user_id', '=', uid), ('active', '=', True)]")
        self.assertList(self._get(self.access, archived="1"), total=2)
        self.assertList(
            self._get(self.access, archived="1", domain=[["active", "=", False]]), total=0
        )
        response = self._get(self.access, id=str(self.mine[2].id))
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.mine[0], {"active": False})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine[0], active=True)
        # a filter sees archived records of other models, too, with or without the parameter
        tag = self.env["res.partner.category"].create({"name": "Old", "active": False})
        self.mine[0].category_id = tag
        self._connect("res.partner", domain="[('category_id.name', '=', 'Old')]")
        for archived in ("0", "1"):
            with self.subTest(archived=archived):
                found = self._ids(self._get(self.access, archived=archived, limit=1000))
                self.assertIn(self.mine[0].id, found)

    def test_writes(self):
        """Changing, deleting, creating and moving outside: refused, nothing written, no trace."""
        response = self._put(self.access, self.theirs, {"name": "Taken"})
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.theirs, {"user_id": self.user.id})
        self.assertError(response, 404, "not_found")
        response = self._send("DELETE", "res.partner", self.access, id=str(self.theirs.id))
        self.assertError(response, 404, "not_found")
        for ids in ([self.mine[0].id, self.theirs.id], [self.theirs.id, self.mine[0].id]):
            response = self._send("DELETE", "res.partner", self.access, ids=ids)
            self.assertError(response, 404, "not_found")
        records = [
            {"id": self.mine[0].id, "values": {"city": "Bern"}},
            {"id": self.theirs.id, "values": {"city": "Bern"}},
        ]
        response = self._send("PUT", "res.partner", self.access, {"records": records})
        self.assertError(response, 404, "not_found")
        response = self._put(self.access, self.mine[0], {"user_id": self.victim.id})
        self.assertError(response, 403, "access_denied")
        records[1] = {"id": self.mine[1].id, "values": {"user_id": False}}
        response = self._send("PUT", "res.partner", self.access, {"records": records})
        self.assertError(response, 403, "access_denied")
        values = [
            {"name": "Outside", "user_id": self.user.id},
            {"name": "Outside", "user_id": self.victim.id},
        ]
        for given in (values, values[1], {"name": "Outside"}):
            response = self._create(self.access, "res.partner", given)
            self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.theirs, name="Theirs", user_id=self.victim)
        self.assertUnchanged(self.mine[0], city="Rome", user_id=self.user)
        self.assertUnchanged(self.mine[1], user_id=self.user)
        self.assertNothingNew("res.partner", [("name", "=", "Outside")])

    def test_moving_outside_through_a_computed_field(self):
        """The filter is asked of what is in the database after the write."""
        self._connect("res.partner", domain="[('commercial_company_name', '=', False)]")
        response = self._put(self.access, self.mine[0], {"is_company": True})
        self.assertError(response, 403, "access_denied")
        self.assertUnchanged(self.mine[0], is_company=False)
        self._connect("res.partner", domain="[('email_normalized', '!=', 'a@example.com')]")
        if "email_normalized" in self.env["res.partner"]._fields:
            response = self._put(self.access, self.mine[0], {"email": "A@Example.com"})
            self.assertError(response, 403, "access_denied")

    def test_relations_into_the_model(self):
        """expand, dotted paths and names see what the list sees."""
        self._connect("res.partner.bank")
        bank = self.theirs_bank
        row = self._one(self.access, bank, expand={"partner_id": ["ref"]})
        self.assertIsNone(row["partner_id"])
        for condition in (
            ["partner_id.ref", "=", "SECRET"],
            ["partner_id.user_id.login", "=", self.victim.login],
            ["partner_id", "any", [["ref", "=", "SECRET"]]],
            ["partner_id", "ilike", "Theirs"],
            ["partner_id", "ilike", "secret@example"],
            ["partner_id", "=", "Theirs"],
            ["partner_id", "in", ["Theirs", "x"]],
            ["partner_id", "child_of", "Theirs"],
            ["partner_id", "child_of", [self.theirs.id]],
            ["partner_id", "parent_of", "Their child"],
            ["partner_id.display_name", "ilike", "Theirs"],
        ):
            with self.subTest(condition=condition):
                domain = [["id", "in", [bank.id, self.mine_bank.id]], condition]
                self.assertList(self._get(self.access, "res.partner.bank", domain=domain), total=0)
        for condition in (
            ["partner_id", "ilike", "Mine A"],
            ["partner_id", "=", "Mine A"],
            ["partner_id", "in", ["Mine A", 0]],
            ["partner_id", "child_of", "Mine A"],
            ["partner_id", "child_of", self.mine[0].id],
            ["partner_id", "parent_of", [self.mine[0].id]],
        ):
            with self.subTest(condition=condition):
                response = self._get(self.access, "res.partner.bank", domain=[condition])
                self.assertEqual(self._ids(response), {self.mine_bank.id})
        negative = [["id", "in", [bank.id]], ["partner_id", "not ilike", "Theirs"]]
        self.assertList(self._get(self.access, "res.partner.bank", domain=negative), total=1)

    def test_hierarchy_begins_at_what_is_visible(self):
        """``parent_of`` of a record outside does not tell whose child it is."""
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": self.mine[0].id, "user_id": self.victim.id}
        )
        for name in ("id", "parent_id"):
            domain = [[name, "parent_of", [child.id]]]
            with self.subTest(domain=domain):
                self.assertList(self._get(self.access, domain=domain), total=0)
        domain = [["id", "child_of", self.mine[0].id]]
        self.assertEqual(self._ids(self._get(self.access, domain=domain)), {self.mine[0].id})

    def test_expand_of_own_children(self):
        """Records below a record that is open are not open for that."""
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": self.mine[0].id, "user_id": self.victim.id}
        )
        for spec in (["name"], {"fields": ["name"], "order": "name", "limit": 5}):
            row = self._one(self.access, self.mine[0], expand={"child_ids": spec})
            self.assertEqual(row["child_ids"], [])
        response = self._get(self.access, domain=[["child_ids.name", "=", child.name]])
        self.assertList(response, total=0)
        domain = [["id", "=", self.mine[0].id], ["child_ids", "not any", [["id", "=", child.id]]]]
        self.assertList(self._get(self.access, domain=domain), total=1)

    def test_commands_stay_inside(self):
        """create, update, delete, link, set and unlink through a relation into the model."""
        mine, theirs = self.mine[0], self.theirs
        child = self.env["res.partner"].create(
            {"name": "Hidden child", "parent_id": mine.id, "user_id": self.victim.id}
        )
        mine_child = self.env["res.partner"].create(
            {"name": "My child", "parent_id": mine.id, "user_id": self.user.id}
        )
        outside = {"name": "Outside", "user_id": self.victim.id}
        inside = {"name": "Inside", "user_id": self.user.id}
        steal = {"user_id": self.user.id}
        attacks = {
            "create": [[0, 0, outside]],
            "create below": [[0, 0, {**inside, "child_ids": [[0, 0, outside]]}]],
            "create below the updated": [[1, mine_child.id, {"child_ids": [[0, 0, outside]]}]],
            "create below another": [[1, self.mine[1].id, {"child_ids": [[0, 0, outside]]}]],
            "update": [[1, child.id, {"name": "Outside"}]],
            "update of another's": [[1, theirs.id, {"name": "Outside"}]],
            "take by an update": [[1, theirs.id, steal]],
            "move out": [[1, mine_child.id, {"user_id": self.victim.id}]],
            "delete": [[2, child.id]],
            "delete another's": [[2, theirs.id]],
            "delete below": [[1, mine_child.id, {"child_ids": [[2, theirs.id]]}]],
            "link": [[4, theirs.id]],
            "set": [[6, 0, [theirs.id, child.id, mine_child.id]]],
            "unlink": [[3, child.id]],
            "clear": [[5]],
            "leave out": [mine_child.id],
        }
        before = self.env["res.partner"].with_context(active_test=False).search([])
        for name, commands in attacks.items():
            with self.subTest(attack=name, method="PUT"):
                response = self._put(self.access, mine, {"child_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
                self.assertAnswer(response, response.status_code)
            if name in ("unlink", "clear", "leave out", "move out"):
                continue
            with self.subTest(attack=name, method="POST"):
                values = {**inside, "name": "Parent", "child_ids": commands}
                response = self._create(self.access, "res.partner", values)
                self.assertIn(response.status_code, (403, 422), response.text)
                self.assertAnswer(response, response.status_code)
        self.assertUnchanged(theirs, name="Theirs", user_id=self.victim, parent_id=theirs.browse())
        self.assertUnchanged(child, name="Hidden child", parent_id=mine, user_id=self.victim)
        self.assertUnchanged(mine_child, user_id=self.user, parent_id=mine)
        after = self.env["res.partner"].with_context(active_test=False).search([])
        self.assertEqual(before, after)
        for commands in (
            [[0, 0, inside]],
            [[1, mine_child.id, {"name": "Renamed"}]],
            [[4, self.mine[1].id]],
            [child.id, mine_child.id, self.mine[1].id],
        ):
            with self.subTest(commands=commands):
                self.assertAnswer(self._put(self.access, mine, {"child_ids": commands}))

    def test_a_link_that_tells_nothing(self):
        """To link a record outside is answered like one that does not exist."""
        answers = [
            self._put(self.access, self.mine[0], {"child_ids": [[4, record_id]]})
            for record_id in (self.theirs.id, 2000000000)
        ]
        for response in answers:
            self.assertError(response, 422, "validation_error")
        texts = {
            response.text.replace(str(record_id), "?")
            for response, record_id in zip(answers, (self.theirs.id, 2000000000), strict=True)
        }
        self.assertEqual(len(texts), 1)

    def test_values_point_inside(self):
        """A many2one or reference of another model points to no record outside, and so tells no name."""
        self._connect("res.partner.bank")
        values = {"acc_number": "NEW", "partner_id": self.theirs.id}
        answers = [
            self._create(self.access, "res.partner.bank", values, fields=["partner_id"]),
            self._put(self.access, self.mine_bank, {"partner_id": self.theirs.id}),
        ]
        for response in answers:
            body = self.assertError(response, 422, "validation_error")
            self.assertNotIn("Theirs", body["message"])
        self.assertNothingNew("res.partner.bank", [("acc_number", "=", "NEW")])
        self.assertUnchanged(self.mine_bank, partner_id=self.mine[0])
        # what is there already may be sent back
        row = self._one(self.access, self.theirs_bank, "partner_id", "acc_number")
        row.pop("id")
        self.assertAnswer(self._put(self.access, self.theirs_bank, row))
        response = self._put(self.access, self.mine_bank, {"partner_id": self.mine[1].id})
        self.assertAnswer(response)

    def test_commands_from_another_model(self):
        """Two models, each with its filter: a write on one does not get out of the other's."""
        self._connect("res.partner.category")
        tag = self.env["res.partner.category"].create(
            {"name": "Tag", "partner_ids": [(6, 0, (self.mine[0] | self.theirs).ids)]}
        )
        for commands in (
            [[1, self.theirs.id, {"name": "Taken"}]],
            [[2, self.theirs.id]],
            [[0, 0, {"name": "Outside", "user_id": self.victim.id}]],
            [[0, 0, {"name": "Outside", "active": False}]],
            [[4, self.theirs.child_ids.id]],
            [[1, self.mine[0].id, {"child_ids": [[1, self.theirs.id, {"user_id": self.user.id}]]}]],
        ):
            with self.subTest(commands=commands):
                response = self._put(self.access, tag, {"partner_ids": commands})
                self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(self.theirs, name="Theirs", user_id=self.victim)
        self.assertNothingNew("res.partner", [("name", "=", "Outside")])
        row = self._one(self.access, tag, expand={"partner_ids": ["name"]})
        self.assertEqual([found["id"] for found in row["partner_ids"]], self.mine[0].ids)
        unchanged = {"partner_ids": tag.partner_ids.ids, "name": "Renamed"}
        self.assertAnswer(self._put(self.access, tag, unchanged))

    def test_filter_that_fails_shuts(self):
        """500, nothing shown and nothing written; the sentence tells nothing of the filter."""
        for text in (
            "[('user_id', '=', nobody)]",
            "[('no_such_field', '=', 1)]",
            "[('user_id', '=', user.no_such_field)]",
            "[('user_id', 'no such operator', 1)]",
            "((",
            "7",
        ):
            # the form refuses it, but a module may be gone since
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE connection_api SET domain = %s WHERE id = %s", [text, self.opened.id]
            )
            self.assertEqual(self.env.cr.rowcount, 1)
            self.env.registry.clear_cache("stable")
            self.env.invalidate_all()
            asks = [
                lambda: self._get(self.access),
                lambda: self._get(self.access, archived="1"),
                lambda: self._get(self.access, domain=[["name", "=", "Theirs"]]),
                lambda: self._get(self.access, cursor=""),
                lambda: self._get(self.access, groupby=["city"]),
                lambda: self._get(self.access, id=str(self.mine[0].id)),
                lambda: self._put(self.access, self.mine[0], {"city": "Bern"}),
                lambda: self._create(self.access, "res.partner", {"name": "Failed"}),
                lambda: self._send("DELETE", "res.partner", self.access, id=str(self.mine[0].id)),
            ]
            for number, ask in enumerate(asks):
                with self.subTest(filter=text, ask=number), mute_logger("odoo.http"):
                    self.assertError(ask(), 500, "server_error")
        self.assertTrue(self.mine[0].exists())
        self.assertUnchanged(self.mine[0], city="Rome")
        self.assertNothingNew("res.partner", [("name", "=", "Failed")])

    def test_what_a_filter_may_name(self):
        """user, uid, company_id and company_ids are the caller's."""
        company = self.env.company
        self.mine[1].company_id = company
        for text in (
            "[('user_id', '=', user.id)]",
            "[('user_id', 'in', user.ids), ('company_id', 'in', [False, company_id])]",
            "[('user_id', '=', uid), ('company_id', 'in', [False] + company_ids)]",
        ):
            with self.subTest(filter=text):
                self._connect("res.partner", domain=text)
                self.assertList(self._get(self.access), total=2)
                self.assertList(self._get(self.victim_access), total=2)
                self.assertList(self._get(self.portal_access), total=0)

    def test_filter_on_a_field_that_the_caller_cannot_read(self):
        """It counts all the same, as a record rule does, and the field stays unknown."""
        for run_as in ("sudo", "user"):
            self._connect("res.partner", domain="[('ref', 'in', ['A', 'B'])]", run_as=run_as)
            with self.subTest(run_as=run_as), self._hide("res.partner", "ref"):
                found = self._ids(self._get(self.access))
                self.assertEqual(found, set(self.mine[:2].ids))
                response = self._get(self.access, domain=[["ref", "=", "A"]])
                self.assertError(response, 400, "unknown_field")
                response = self._put(self.access, self.theirs, {"city": "Bern"})
                self.assertError(response, 404, "not_found")

    def test_related_fields_write_inside(self):
        """A related field of another model writes no record outside of this one's filter."""
        company = self.env["res.company"].create({"name": "Filtered Co"})
        self._connect("res.company")
        response = self._put(self.admin_access, company, {"email": "x@example.com"})
        self.assertError(response, 403, "access_denied")
        response = self._create(
            self.admin_access,
            "res.company",
            {"name": "New Co", "partner_id": self.theirs.id, "email": "x@example.com"},
        )
        self.assertIn(response.status_code, (403, 422), response.text)
        self.assertUnchanged(self.theirs, email="secret@example.com")
        self.assertUnchanged(company, email=False)
        company.partner_id.user_id = self.admin
        self.assertAnswer(self._put(self.admin_access, company, {"email": "x@example.com"}))
        self.assertUnchanged(company, email="x@example.com")

    def test_group_names_of_hidden_records(self):
        """Groups of a many2many name only what the related connection shows."""
        self._connect("res.partner.category", domain="[('name', '=', 'Shown')]")
        shown, hidden = self.env["res.partner.category"].create(
            [{"name": "Shown"}, {"name": "Hidden"}]
        )
        self.mine[0].category_id = shown | hidden
        body = self.assertAnswer(self._get(self.access, groupby=["category_id"]))
        named = {
            row["category_id"][0]: row["category_id"][1]
            for row in body["data"]
            if row["category_id"]
        }
        self.assertEqual(named, {shown.id: "Shown", hidden.id: False})

    def test_changes_of_the_caller_count(self):
        """The filter is evaluated for the caller as they are now."""
        self._connect("res.partner", domain="[('city', '=', user.partner_id.city)]")
        self.user.partner_id.city = "Rome"
        self.assertIn(self.theirs.id, self._ids(self._get(self.access, limit=1000)))
        self.user.partner_id.city = "Oslo"
        found = self._ids(self._get(self.access, limit=1000))
        self.assertNotIn(self.theirs.id, found)
        self.assertIn(self.mine[1].id, found)
