# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What was answered can be sent back unchanged, and changes nothing."""

import base64
import contextlib

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase
from odoo.addons.jwt_auth_api.tests.resource_case import PNG
from odoo.addons.jwt_auth_api.tools.errors import ApiError

RECORD, TOUCHY, TAG = "api.test.record", "api.test.touchy", "api.test.tag"


@tagged("post_install", "-at_install")
class TestUnchanged(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (RECORD, TOUCHY, TAG, "res.partner"):
            cls._connect(model)
        cls.tags = cls.env[TAG].create([{"name": "one"}, {"name": "two"}])
        values = {"name": "Touchy", "product": 1, "tag_ids": cls.tags.ids}
        cls.touchy = cls.env[TOUCHY].create(values)
        cls.children = cls.env[TOUCHY].create(
            [{"name": f"Child {n}", "product": n, "parent_id": cls.touchy.id} for n in (1, 2)]
        )
        cls.access = cls._open(cls.user).access
        cls.env.flush_all()

    def _get(self, record, **params):
        response = self._send("GET", record._name, self.access, id=str(record.id), **params)
        return self.assertAnswer(response)["data"][0]

    def _put(self, record, values, **params):
        body = {"values": values}
        return self._send("PUT", record._name, self.access, body, id=str(record.id), **params)

    def _rows(self, *records):
        """The rows as they stand in the database, with the transaction that wrote each."""
        self.env.flush_all()
        found = []
        for each in records:
            self.env.cr.execute(
                f'SELECT xmin, * FROM "{each._table}" WHERE id IN %s ORDER BY id', [each._ids]
            )
            found.append(self.env.cr.fetchall())
        return found

    def _assert_changes_nothing(self, record, values, *others):
        before = self._rows(record, *others)
        self.assertAnswer(self._put(record, values))
        self.env.invalidate_all()
        self.assertEqual(self._rows(record, *others), before)

    @mute_logger("odoo.addons.jwt_auth_api.engine.missing")
    def test_data_of_a_binary_field_is_written_as_it_is_answered(self):
        data = {"kind": "a", "list": [1, {"b": None}], "empty": {}}
        response = self._put(self.touchy, {"options": data}, fields=["options"])
        self.assertAnswer(response)
        self.env.invalidate_all()
        self.assertEqual(self.touchy.options, data)
        self.assertEqual(self._get(self.touchy, fields=["options"])["options"], data)
        self._assert_changes_nothing(self.touchy, {"options": data})
        body = {"values": {"name": "made", "options": data}, "fields": ["options"]}
        made = self.assertAnswer(self._send("POST", TOUCHY, self.access, body), 201)["data"]
        self.assertEqual(made["options"], data)

    @mute_logger("odoo.addons.jwt_auth_api.engine.missing")
    def test_data_that_a_binary_field_does_not_take(self):
        """What its inverse fails on is a mistake of the value; other binary fields hold files alone."""
        self.touchy.options_text = '{"kind": "a"}'
        for value in ({"no": "kind"}, [1], "Zm9v"):
            with self.subTest(value=value):
                response = self._put(self.touchy, {"options": value})
                told = self.assertError(response, 400, "bad_value")["message"]
                self.assertIn("options", told)
        path = f"/api/v1/{TOUCHY}/{self.touchy.id}/options"
        response = self._call("PUT", path, self.access, data=b"a file")
        told = self.assertError(response, 400, "bad_value")["message"]
        self.assertEqual(told, "options: Odoo does not accept this value.")
        self._connect("ir.attachment")
        record = self.env[RECORD].create({"name": "r"})
        for model, values in (
            (RECORD, {"name": "r", "binary": {"a": 1}}),
            (RECORD, {"name": "r", "image": [1]}),
            ("ir.attachment", {"name": "a", "datas": {"a": 1}}),
            ("ir.attachment", {"name": "a", "raw": {"a": 1}}),
        ):
            with self.subTest(values=values):
                response = self._send("POST", model, self.access, {"values": values})
                self.assertError(response, 400, "bad_value")
        self.assertError(self._put(record, {"binary": {"a": 1}}), 400, "bad_value")
        self.env.invalidate_all()
        self.assertEqual(self.touchy.options_text, '{"kind": "a"}')
        self.assertFalse(record.binary)

    @mute_logger("odoo.addons.jwt_auth_api.engine.missing", "odoo.sql_db")
    def test_data_that_no_column_can_hold(self):
        """Some inverses store a list as it is: PostgreSQL refuses it, and nothing is written."""
        self._connect("ir.actions.client")
        action = self.env["ir.actions.client"].create({"name": "a", "tag": "a", "params": {"a": 1}})
        access = self._open(self.env.ref("base.user_admin")).access
        body = {"values": {"params": ["uid"], "name": "b"}}
        response = self._send("PUT", "ir.actions.client", access, body, id=str(action.id))
        told = self.assertError(response, 400, "bad_value")["message"]
        self.assertEqual(told, "params: Odoo does not accept this value.")
        self.env.invalidate_all()
        self.assertEqual((action.name, action.params), ("a", {"a": 1}))

    def test_an_image_without_a_column_holds_a_file(self):
        """JSON is no picture, and an empty object or list does not delete one."""
        picture = base64.b64encode(PNG)
        product = self.env["product.product"].create({"name": "p", "image_1920": picture})
        self._connect("product.product")
        for value in ({}, [], {"a": 1}, [1]):
            with self.subTest(value=value):
                response = self._put(product, {"image_1920": value})
                self.assertError(response, 400, "bad_value")
                self.env.invalidate_all()
                self.assertTrue(product.image_1920)

    def test_value_that_cannot_be_read_is_no_empty_one(self):
        """It is answered as empty; to empty it is a change all the same."""
        self._connect("api.test.fragile")
        record = self.env["api.test.fragile"].create({"name": "without a title"})
        with mute_logger("odoo.addons.jwt_auth_api.engine.faults"):
            answer = self._send(
                "GET", record._name, self.access, id=str(record.id), fields=["title"]
            ).json()
            self.assertEqual([entry["field"] for entry in answer["errors"]], ["title"])
            self.assertIs(answer["data"][0]["title"], False)
            self.assertAnswer(self._put(record, {"title": False}))
        self.env.invalidate_all()
        self.assertEqual(record.name, "emptied")

    # --- everything ----------------------------------------------------------------------

    def test_every_field_of_every_model(self):
        """All that a GET answers, in a PUT: as it is, and as lists of records."""
        self.env[RECORD].create(
            {
                "name": "Full",
                "char_translated": "text",
                "html": "<p>x</p>",
                "float": 0.1,
                "monetary": 7,
                "date": "2026-11-23",
                "datetime": "2026-11-23 20:43:00",
                "selection": "a",
                "reference": f"{TAG},{self.tags[0].id}",
                "res_model": "res.partner",
                "res_id": self.user.partner_id.id,
                "partner_id": self.user.partner_id.id,
                "tag_ids": self.tags.ids,
                "line_ids": [(0, 0, {"name": "line"})],
                "binary": b"aGk=",
                "json": {"a": [1, True, None]},
                "folder_id": self.env["api.test.folder"].create({"name": "F"}).id,
            }
        )
        for model in (RECORD, TOUCHY, "res.partner"):
            for record in self.env[model].search([], limit=20):
                with self.subTest(record=record):
                    fields = self._readable(model)
                    self._assert_changes_nothing(record, self._get(record, fields=fields))

    def _readable(self, model):
        policy = self.env(user=self.user)["connection.api"]._resolve(model, "GET")
        found = []
        for name in sorted(self.env[model]._fields):
            with contextlib.suppress(ApiError):
                found.append(policy.readable(name).name)
        return found

    def test_with_its_relations_expanded(self):
        """An expanded many2one counts as its id, a list of objects as their ids."""
        child = self.children[0]
        expand = {
            "parent_id": {"fields": ["name", "create_date"], "expand": {"tag_ids": ["name"]}},
            "create_uid": ["name"],
            "tag_ids": ["name"],
        }
        self._assert_changes_nothing(child, self._get(child, fields=["name"], expand=expand))
        expand = {"child_ids": {"fields": ["name", "price"], "expand": {"parent_id": ["name"]}}}
        row = self._get(self.touchy, fields=["tag_ids", "write_date"], expand=expand)
        self.assertEqual(len(row["child_ids"]), 2)
        self._assert_changes_nothing(self.touchy, row, self.children)

    # --- what Odoo keeps -----------------------------------------------------------------

    def test_kept_fields(self):
        """Their own value is ignored, another one a 400 that names the field; nothing is written then."""
        names = ["create_date", "write_date", "create_uid", "write_uid", "display_name"]
        row = self._get(self.touchy, fields=names)
        self.assertAnswer(self._put(self.touchy, {**row, "name": "After"}))
        self.env.invalidate_all()
        self.assertEqual(self.touchy.name, "After")
        row = self._get(self.touchy, fields=names)
        for name, value in {
            "id": self.touchy.id + 1,
            "create_date": "2020-01-01T00:00:00Z",
            "create_uid": self.victim.id,
            "display_name": "x",
            "write_date": False,
        }.items():
            with self.subTest(name=name):
                values = {**row, name: value, "name": "Never"}
                body = self.assertError(self._put(self.touchy, values), 400, "bad_value")
                self.assertIn(name, body["message"])
                self.env.invalidate_all()
                self.assertEqual(self.touchy.name, "After")
        response = self._send("POST", TOUCHY, self.access, {"values": row})
        self.assertError(response, 400, "bad_value")

    def test_what_is_not_read_is_not_compared(self):
        """Whoever could compare a value that they do not see could find it out by trying."""
        row = self._get(self.touchy, fields=["create_date"])
        self._connect(TOUCHY, "PUT")
        self.assertError(self._put(self.touchy, row), 400, "bad_value")
        name = self.env["ir.model.fields"]._get(TOUCHY, "name")
        self._connect(TOUCHY, "GET PUT", read_field_ids=[(6, 0, name.ids)])
        self.assertError(self._put(self.touchy, row), 400, "bad_value")
        self.assertAnswer(self._put(self.touchy, {"id": self.touchy.id, "name": "Touchy"}))

    def test_hidden_relations_are_unknown(self):
        """Whatever is sent for them: the answer tells neither that there is one nor what its records hold."""
        name = self.env["ir.model.fields"]._get(TOUCHY, "name")
        lists = {"read_field_ids": [(6, 0, name.ids)], "write_field_ids": [(6, 0, name.ids)]}
        self._connect(TOUCHY, **lists)
        for field in ("tag_ids", "child_ids", "no_such_ids"):
            for row in ({"id": self.tags[0].id, "x": 1}, {"id": self.tags[0].id, "name": "one"}):
                for method in ("PUT", "POST"):
                    with self.subTest(field=field, row=row, method=method):
                        values = {field: [row]}
                        if method == "PUT":
                            response = self._put(self.touchy, values)
                        else:
                            response = self._send("POST", TOUCHY, self.access, {"values": values})
                        body = self.assertError(response, 400, "unknown_field")
                        self.assertIn(field, body["message"])

    def test_fields_that_are_read_but_not_written(self):
        """They may be among the values as long as they are what they are."""
        name = self.env["ir.model.fields"]._get(TOUCHY, "name")
        self._connect(TOUCHY, write_field_ids=[(6, 0, name.ids)])
        row = self._get(self.touchy, fields=["name", "product"])
        self.assertAnswer(self._put(self.touchy, {**row, "name": "After"}))
        self.assertError(self._put(self.touchy, {**row, "product": 9}), 400, "bad_value")
        self.env.invalidate_all()
        self.assertEqual((self.touchy.name, self.touchy.product), ("After", 1))

    # --- what a write does besides -------------------------------------------------------

    def test_own_values_do_not_reach_write(self):
        """A toggle stays where it is, a locked record refuses nothing."""
        self._assert_changes_nothing(self.touchy, {"favorite": False, "name": "Touchy"})
        self.assertAnswer(self._put(self.touchy, {"favorite": True}))
        self.env.invalidate_all()
        self.assertEqual(self.touchy.flips, 1)
        self.touchy.locked = True
        self._assert_changes_nothing(self.touchy, {"favorite": True, "product": 1, "price": 10})
        response = self._put(self.touchy, {"favorite": True, "product": 2})
        self.assertError(response, 422, "validation_error")

    def test_own_value_that_would_be_computed_anew_is_kept(self):
        """A new product at the same price is sold at that price."""
        self.assertAnswer(self._put(self.touchy, {"product": 3, "price": 10}))
        self.env.invalidate_all()
        self.assertEqual((self.touchy.product, self.touchy.price), (3, 10))
        self.assertAnswer(self._put(self.touchy, {"product": 4}))
        self.env.invalidate_all()
        self.assertEqual(self.touchy.price, 40)

    def test_own_values_in_commands(self):
        """An update through a relation drops them too, and what Odoo keeps."""
        one, two = self.children
        rows = {
            row["id"]: row
            for row in self._get(
                self.touchy, fields=[], expand={"child_ids": ["name", "price", "create_date"]}
            )["child_ids"]
        }
        one.locked = True
        self.env.flush_all()
        commands = [[1, one.id, rows[one.id]], [1, float(two.id), {**rows[two.id], "name": "New"}]]
        before = self._rows(one)
        self.assertAnswer(self._put(self.touchy, {"child_ids": commands}))
        self.env.invalidate_all()
        self.assertEqual((two.name, two.price), ("New", 20))
        self.assertEqual(self._rows(one), before)
        commands = [[1, two.id, {**rows[two.id], "id": one.id}]]
        response = self._put(self.touchy, {"child_ids": commands})
        self.assertError(response, 400, "bad_value")

    def test_a_changed_object_is_told(self):
        """Its values would be lost: commands change records through a relation."""
        row = self._get(self.touchy, fields=[], expand={"child_ids": ["name"], "tag_ids": ["name"]})
        row["child_ids"][0]["name"] = "Changed"
        body = self.assertError(self._put(self.touchy, row), 400, "bad_value")
        self.assertIn('"name"', body["message"])
        body = self._put(self.touchy, {"tag_ids": [{"id": self.tags[0].id, "nope": 1}]})
        self.assertError(body, 400, "bad_value")
        values = {"name": "New", "tag_ids": [{"id": self.tags[0].id, "name": "two"}]}
        response = self._send("POST", TOUCHY, self.access, {"values": values})
        self.assertError(response, 400, "bad_value")
        values["tag_ids"][0]["name"] = "one"
        response = self._send("POST", TOUCHY, self.access, {"values": values})
        created = self.env[TOUCHY].browse(self.assertAnswer(response, 201)["data"]["id"])
        self.assertEqual(created.tag_ids, self.tags[0])

    def test_own_value_with_one_that_write_alone_knows(self):
        """That one gives the other a meaning: here, for the children as well."""
        self.assertAnswer(self._put(self.touchy, {"name": "Touchy", "for_children": True}))
        self.env.invalidate_all()
        self.assertEqual(set(self.children.mapped("name")), {"Touchy"})
        self._assert_changes_nothing(self.touchy, {"name": "Touchy", "for_children": False})

    def test_a_write_deletes_nothing_outside_the_filter(self):
        """Values for the model's own write may delete other records: those that the filter shows alone."""
        self._connect(TOUCHY, "GET PUT", domain=f"[('id', '=', {self.touchy.id})]")
        response = self._put(self.touchy, {"without_children": True})
        self.assertError(response, 403, "access_denied")
        self.assertTrue(all(child.exists() for child in self.children))
        family = (self.touchy | self.children).ids
        self._connect(TOUCHY, "GET PUT", domain=f"[('id', 'in', {family})]")
        self.assertAnswer(self._put(self.touchy, {"without_children": True}))
        self.assertFalse(self.children.exists())

    def test_hidden_records_stay_related(self):
        """Expanded they are null or absent; sent back so, nobody is taken away."""
        self._connect(TAG, domain=f"[('id', '=', {self.tags[0].id})]")
        row = self._get(self.touchy, fields=[], expand={"tag_ids": ["name"]})
        self.assertEqual([tag["id"] for tag in row["tag_ids"]], self.tags[0].ids)
        self._assert_changes_nothing(self.touchy, row)
        self.assertEqual(self.touchy.tag_ids, self.tags)

        self._connect("res.partner", domain="[('is_company', '=', True)]")
        person = self.victim.partner_id.id
        record = self.env[RECORD].create({"name": "Linked", "partner_id": person})
        self.env.flush_all()
        row = self._get(record, fields=[], expand={"partner_id": ["name"]})
        self.assertIs(row["partner_id"], None)
        self._assert_changes_nothing(record, row)
        self.assertEqual(record.partner_id.id, person)
        self.assertAnswer(self._put(record, {"partner_id": False}))
        self.env.invalidate_all()
        self.assertFalse(record.partner_id)

    def test_an_expanded_many2one_counts_as_its_id(self):
        other = self.children[1]
        values = {"parent_id": {"id": other.id, "name": "what it was called"}}
        self.assertAnswer(self._put(self.children[0], values))
        self.env.invalidate_all()
        self.assertEqual(self.children[0].parent_id, other)

    def test_right_to_write(self):
        """Whoever may not change a record is told so, whatever is sent."""
        self.env["ir.rule"].create(
            {
                "name": "read only",
                "model_id": self.env["ir.model"]._get_id(TOUCHY),
                "domain_force": "[('id', '=', 0)]",
                "perm_read": False,
            }
        )
        self._connect(TOUCHY, run_as="user")
        response = self._put(self.touchy, {"name": "Touchy"})
        self.assertError(response, 403, "access_denied")

    def test_html_of_one_language(self):
        """Written in French, the English of a page stays, and the other way round; Odoo would replace it."""
        self.env["res.lang"]._activate_lang("fr_FR")
        english, french = "<p>Hello</p><p>World</p>", "<p>Bonjour</p><p>Monde</p>"
        self.touchy.page = english
        terms = {"Hello": "Bonjour", "World": "Monde"}
        self.touchy.update_field_translations("page", {"fr_FR": terms})
        self.env.flush_all()

        def pages():
            self.env.flush_all()
            self.env.invalidate_all()
            return [str(self.touchy.with_context(lang=code).page) for code in ("en_US", "fr_FR")]

        self.assertEqual(pages(), [english, french])
        for lang, new in (("fr", "<div>Salut</div>"), ("en", "<p>Other</p><p>Words</p>")):
            self.assertAnswer(self._put(self.touchy, {"page": new}, lang=lang))
            expected = [english, new] if lang == "fr" else [new, "<div>Salut</div>"]
            self.assertEqual(pages(), expected)
