# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Fields that lead into another model in ways that Odoo's own models rarely have: the filter there holds."""

import base64
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.engine.grants import Grant
from odoo.addons.jwt_auth_api.tests.common import ApiCase

RECORD, FOLDER, TAG, DRAWER = (
    "api.test.record",
    "api.test.folder",
    "api.test.tag",
    "api.test.drawer",
)
HASTY, WIZARD = "api.test.hasty", "api.test.wizard"
MISSING = "odoo.addons.jwt_auth_api.engine.missing"
OPEN = "[('name', 'not like', 'Locked')]"


@tagged("post_install", "-at_install")
class TestRules(ApiCase):
    """Two folders, one of which the connection's filter leaves out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.admin_access = cls._open(cls.admin).access
        cls.folder, cls.locked = cls.env[FOLDER].create([{"name": "Folder"}, {"name": "Locked"}])
        cls.record = cls.env[RECORD].create({"name": "Record", "folder_id": cls.folder.id})

    def _put(self, record, values, token=None, **body):
        body = {"values": values, **body}
        return self._send("PUT", record._name, token or self.access, body, id=str(record.id))

    def _create(self, model, values, token=None):
        return self._send("POST", model, token or self.access, {"values": values})

    @classmethod
    def _fields(cls, model, *names):
        return [(6, 0, [cls.env["ir.model.fields"]._get(model, name).id for name in names])]

    def test_related_field_writes_within_the_other_models_policy(self):
        """``related_written`` is the folder's name: PUT, its list of fields and its filter there."""
        self._connect(RECORD)
        inside = self.env[RECORD].create({"name": "r", "folder_id": self.locked.id})
        values = {"related_written": "Taken"}

        def refused(status, code):
            for response in (
                self._put(inside, values),
                self._put(self.record, {"folder_id": self.locked.id, **values}),
                self._create(RECORD, {"name": "n", "folder_id": self.locked.id, **values}),
            ):
                with self.subTest(status=status):
                    self.assertIn(response.status_code, (status, 422), response.text)
                    if response.status_code == status:
                        self.assertError(response, status, code)
            self.env.invalidate_all()
            self.assertEqual(self.locked.name, "Locked")

        self.env["connection.api"].search([("model", "=", FOLDER)]).unlink()
        refused(403, "access_denied")
        self._connect(FOLDER, "GET POST DELETE")
        refused(403, "access_denied")
        self._connect(FOLDER, write_field_ids=self._fields(FOLDER, "properties_definition"))
        refused(400, "bad_value")
        self._connect(FOLDER, domain=OPEN)
        refused(403, "access_denied")
        # what would bring a folder out of the filter, or into it
        response = self._put(self.record, {"related_written": "Locked now"})
        self.assertError(response, 403, "access_denied")
        self.assertAnswer(self._put(self.record, {"related_written": "Open"}))
        self.env.invalidate_all()
        self.assertEqual((self.folder.name, self.locked.name), ("Open", "Locked"))

    def test_what_users_see_of_themselves(self):
        """Fields of other groups that Odoo shows to oneself: on the own record alone, and nowhere else."""
        connection = self._connect("res.users", "GET", run_as="user")
        country = self.env.ref("base.be")
        for user in (self.user, self.victim):
            user.write(
                {
                    "api_test_private": "street",
                    "api_test_country_id": country.id,
                    "api_test_pin": "1",
                }
            )
        names = ["api_test_private", "api_test_country_id", "api_test_pin"]

        def get(user, **params):
            params = {"fields": ["name", *names], **params}
            return self._send("GET", "res.users", self.access, id=str(user.id), **params)

        [row] = self.assertList(get(self.user))["data"]
        pair = [country.id, country.name]
        expected = {"api_test_private": "street", "api_test_country_id": pair, "api_test_pin": "1"}
        self.assertEqual(row, {"id": self.user.id, "name": self.user.name, **expected})
        for response in (
            get(self.victim),
            get(self.user, fields=["api_test_hidden"]),
            get(self.user, domain=[["api_test_private", "=", "street"]]),
            get(self.user, fields=[], expand={"api_test_country_id": ["name"]}),
            self._send("GET", "res.users", self.access, fields=["api_test_private"]),
            self._send("GET", "res.users", self.access, fields=[], order="api_test_private"),
        ):
            self.assertError(response, 400, "unknown_field")
        connection.read_field_ids = self.env["ir.model.fields"]._get("res.users", "name")
        self.assertError(get(self.user), 400, "unknown_field")
        connection.write({"read_field_ids": False, "is_read_limited": False})
        connection.run_as = "sudo"
        self.assertAnswer(get(self.user, fields=["api_test_private"]))
        self.assertError(get(self.user, fields=["api_test_pin"]), 400, "unknown_field")

    @mute_logger("odoo.http", MISSING)
    def test_value_that_a_creation_takes_for_granted(self):
        """A 422 that names it, whatever Odoo's code ends with; below a command, too."""
        self._connect(HASTY)
        self._connect(RECORD)
        whole = {"url": "x", "code": "x", "folder_id": self.folder.id}
        before = self.env[HASTY].search_count([])
        for way, lacks, told in (
            ("key", "code", "code"),
            ("hidden", "code", "A required value is missing."),
            ("record", "folder_id", "folder_id"),
            ("required", "url", "url"),
            ("none", "url", "url"),
        ):
            values = {name: value for name, value in whole.items() if name != lacks}
            line = {"name": "n", "hasty_ids": [[0, 0, {**values, "way": way}]]}
            for model, sent in ((HASTY, {**values, "way": way}), (RECORD, line)):
                with self.subTest(way=way, model=model):
                    body = self.assertError(self._create(model, sent), 422, "validation_error")
                    self.assertIn(told, body["message"])
                    self.assertNotIn("inside", body["message"])
        self.assertError(self._create(HASTY, {**whole, "way": "mistake"}), 500, "server_error")
        self.assertEqual(self.env[HASTY].search_count([]), before)
        self.assertAnswer(self._create(HASTY, {**whole, "way": "key"}), 201)

    def test_new_list_leaves_links_to_what_the_caller_may_not_see(self):
        """By a filter or by a record rule, with or without a connection."""
        model = self.env["ir.model"]._get_id(TAG)
        for run_as, connected, domain in (
            ("sudo", True, OPEN),
            ("user", True, OPEN),
            ("sudo", False, False),
            ("user", True, False),
        ):
            self.env["connection.api"].search([("model", "in", [RECORD, TAG])]).unlink()
            connection = self._connect(RECORD, run_as=run_as)
            if connected:
                self._connect(TAG, run_as=run_as, domain=domain)
            if not domain:
                values = {"name": "open", "model_id": model, "domain_force": OPEN}
                self.env["ir.rule"].create(values)
            tags = self.env[TAG].create([{"name": name} for name in ("Locked", "one", "two")])
            hidden, one, two = tags
            for sent, expected in (
                (two.ids, hidden | two),
                ([{"id": two.id}], hidden | two),
                ([[6, 0, two.ids]], hidden | two),
                ([], hidden),
                ([[5]], hidden),
                (False, hidden),
                ([[3, one.id]], hidden),
                ([[3, hidden.id]], hidden | one),
                ([[6, 0, two.ids], [3, hidden.id]], hidden | two),
            ):
                record = self.env[RECORD].create({"name": "r", "tag_ids": (hidden | one).ids})
                with self.subTest(run_as=run_as, domain=domain, connected=connected, sent=sent):
                    self.assertAnswer(self._put(record, {"tag_ids": sent}))
                    self.env.invalidate_all()
                    self.assertEqual(record.tag_ids, expected)
            # and where the relation cannot be read, nothing tells of it
            connection.read_field_ids = self._fields(RECORD, "name")
            record = self.env[RECORD].create({"name": "r", "tag_ids": (hidden | one).ids})
            self.assertAnswer(self._put(record, {"tag_ids": two.ids}))
            self.env.invalidate_all()
            self.assertEqual(record.tag_ids, hidden | two)

    @mute_logger("odoo.http", MISSING)
    def test_code_that_finds_nothing_where_it_needs_a_value(self):
        """A 422 for a creation and for a change; the field has its name where one leads to what is empty."""
        self._connect(HASTY)
        whole = {"url": "x", "code": "x", "folder_id": self.folder.id}
        before = self.env[HASTY].search_count([])
        lacking = "A required value is missing."
        for way, lacks, told in (
            ("single", "folder_id", 'a value for "Folder" (folder_id)'),
            ("compared", "code", lacking),
            ("attribute", "code", lacking),
        ):
            values = {name: value for name, value in whole.items() if name != lacks}
            with self.subTest(way=way):
                response = self._create(HASTY, {**values, "way": way})
                body = self.assertError(response, 422, "validation_error")
                self.assertIn(told, body["message"])
        self.assertEqual(self.env[HASTY].search_count([]), before)
        record = self.env[HASTY].create(whole)
        for way in ("compared", "attribute"):
            with self.subTest(way=way, change=True):
                body = self.assertError(
                    self._put(record, {"way": way, "code": False}), 422, "validation_error"
                )
                self.assertEqual(body["message"], lacking)
            self.assertAnswer(self._put(record, {"way": way}))
            self.assertAnswer(self._put(record, {"way": False}))

    @mute_logger(MISSING)
    def test_wizard_without_the_context_that_it_needs(self):
        self._connect(WIZARD)
        body = {"values": {"name": "for one model"}}
        response = self._send("POST", WIZARD, self.access, body)
        told = self.assertError(response, 422, "validation_error")["message"]
        self.assertIn('needs active_model in its "context"', told)
        self.assertFalse(self.env[WIZARD].search_count([]))
        body["context"] = {"active_model": FOLDER}
        self.assertAnswer(self._send("POST", WIZARD, self.access, body), 201)

    def test_what_no_empty_value_explains(self):
        """A mistake of a model's code, a failed transaction and a mistake of this addon stay server errors."""
        self._connect(HASTY)
        record = self.env[HASTY].create({"url": "x", "code": "x"})

        def fails(grant, records, mode):
            return None.upper()

        def has_odoo_fail(grant, records, mode):
            return records.browse().ensure_one()

        with mute_logger("odoo.http"):
            for way in ("wrong type", "aborted"):
                with self.subTest(way=way):
                    response = self._create(HASTY, {"url": "x", "code": "x", "way": way})
                    self.assertError(response, 500, "server_error")
            for mistake in (fails, has_odoo_fail):
                with self.subTest(way=mistake), patch.object(Grant, "allowed", mistake):
                    response = self._put(record, {"code": "y"})
                    self.assertError(response, 500, "server_error")
        self.env.invalidate_all()
        self.assertEqual(record.code, "x")

    def test_log_keeps_what_was_missing(self):
        self._connect(HASTY)
        with self.assertLogs(MISSING, "WARNING") as log:
            self._create(HASTY, {"url": "x", "way": "compared"})
        [entry] = log.output
        self.assertIn(HASTY, entry)
        self.assertIn("TypeError: '<' not supported", entry)

    def test_what_create_and_write_consume(self):
        """Values for fields without a column reach the model, which does something with them."""
        self._connect(RECORD)
        self._connect(TAG, "GET POST")
        values = {"name": "n", "char": "loud", "shout": True, "tags_text": "red blue"}
        body = {"values": values, "fields": ["char", "shout", "tags_text"]}
        response = self._send("POST", RECORD, self.access, body)
        [made] = [self.assertAnswer(response, 201)["data"]]
        self.assertEqual(
            made, {"id": made["id"], "char": "LOUD", "shout": False, "tags_text": "red blue"}
        )
        record = self.env[RECORD].browse(made["id"])
        self.assertEqual(record.tag_ids.mapped("name"), ["red", "blue"])
        response = self._put(record, {"tags_text": "  green "}, fields=["tags_text"])
        self.assertEqual(self.assertAnswer(response)["data"]["tags_text"], "green")

    def test_what_is_consumed_obeys_the_policy(self):
        """The list of writable fields, the type of the field, and what it points at."""
        self._connect(TAG, "GET POST", domain=OPEN)
        connection = self._connect(RECORD)
        locked = self.env[TAG].create({"name": "Locked tag"})
        cases = [
            ({"tags_text": 5}, 400, "bad_value"),
            ({"consumed_tag_id": locked.id}, 422, "validation_error"),
            ({"consumed_tag_id": 2**31 - 1}, 422, "validation_error"),
        ]
        for values, status, code in cases:
            with self.subTest(values=values):
                self.assertError(self._put(self.record, values), status, code)
        connection.write_field_ids = self._fields(RECORD, "char")
        response = self._put(self.record, {"tags_text": "red"})
        self.assertError(response, 400, "bad_value")
        self.env.invalidate_all()
        self.assertFalse(self.record.tag_ids)

    def test_consumer_has_the_callers_rights(self):
        """What the model makes of such a value needs what it would need without it."""
        self._connect(RECORD)
        self._connect(TAG, "GET")
        tags = self.env["ir.model.access"].search([("model_id.model", "=", TAG)])
        tags.write({"perm_create": False})
        self.assertError(self._put(self.record, {"tags_text": "red"}), 403, "access_denied")
        self.env.invalidate_all()
        self.assertFalse(self.record.tag_ids)

    def test_field_that_shows_what_odoo_keeps(self):
        """With a column of its own it is written there; without one it is refused by its own name."""
        self._connect(RECORD)
        response = self._put(self.record, {"folder_label": "Label"}, fields=["folder_label"])
        self.assertEqual(self.assertAnswer(response)["data"]["folder_label"], "Label")
        self.env.invalidate_all()
        self.assertEqual((self.record.folder_label, self.folder.name), ("Label", "Folder"))
        response = self._put(self.record, {"folder_date": "2026-01-01T00:00:00Z"})
        self.assertIn("folder_date", self.assertError(response, 400, "bad_value")["message"])

    def test_file_of_another_models_record(self):
        """The bytes of a related field are written within the filter, as its value is."""
        self._connect("api.test.line")
        self._connect(RECORD, domain=OPEN)
        locked = self.env[RECORD].create({"name": "Locked record"})
        lines = self.env["api.test.line"].create(
            [
                {"name": "l", "record_id": locked.id},
                {"name": "l", "record_id": self.record.id},
            ]
        )
        for line, status in zip(lines, (403, 200), strict=True):
            with self.subTest(status=status):
                path = f"/api/v1/api.test.line/{line.id}/record_binary"
                response = self._call("PUT", path, self.access, data=b"bytes")
                self.assertAnswer(response, status)
                values = {"record_binary": base64.b64encode(b"bytes").decode()}
                self.assertAnswer(self._put(line, values), status)
        self.env.invalidate_all()
        self.assertFalse(locked.binary)
        self.assertEqual(base64.b64decode(self.record.binary), b"bytes")

    def test_related_field_of_two_steps(self):
        """What stands at the end of the path after the write is what is held to the filter before it."""
        self._connect("api.test.line")
        self._connect(FOLDER, domain=OPEN)
        inside = self.env[RECORD].create({"name": "r", "folder_id": self.locked.id})
        line = self.env["api.test.line"].create({"name": "l", "record_id": self.record.id})
        values = {"record_id": inside.id, "folder_name": "Taken"}
        for response in (
            self._put(line, values),
            self._create("api.test.line", {"name": "n", **values}),
        ):
            self.assertError(response, 403, "access_denied")
        self.env.invalidate_all()
        self.assertEqual((self.locked.name, line.record_id), ("Locked", self.record))
        self.assertAnswer(self._put(line, {"folder_name": "Renamed"}))
        self.env.invalidate_all()
        self.assertEqual(self.folder.name, "Renamed")

    def test_reference_points_inside(self):
        """To a record outside of its model's filter no value points that was not there."""
        self._connect(RECORD)
        self._connect(TAG, domain=OPEN)
        tag, locked = self.env[TAG].create([{"name": "Tag"}, {"name": "Locked tag"}])
        value = f"{TAG},{locked.id}"
        for field, points in (("reference", value), ("tag_ids", [[4, locked.id]])):
            with self.subTest(field=field):
                response = self._put(self.record, {field: points})
                self.assertError(response, 422, "validation_error")
                response = self._create(RECORD, {"name": "n", field: points})
                self.assertError(response, 422, "validation_error")
        self.env.invalidate_all()
        self.assertFalse(self.record.reference or self.record.tag_ids)
        self.record.write({"reference": value, "tag_ids": [(6, 0, locked.ids)]})
        response = self._put(self.record, {"reference": value, "tag_ids": locked.ids})
        self.assertAnswer(response)
        response = self._put(self.record, {"reference": f"{TAG},{tag.id}", "tag_ids": tag.ids})
        self.assertAnswer(response)

    def test_relation_with_a_domain_of_its_own(self):
        """What is created through it is held to the filter although the relation does not show it."""
        self._connect(FOLDER)
        self._connect(RECORD, domain=OPEN)
        for values in ({"name": "Locked new"}, {"name": "Locked new", "integer": 7}):
            for commands in (
                [[0, 0, values]],
                [[0, 0, {"name": "x"}], [0, 0, values]],
            ):
                with self.subTest(commands=commands):
                    response = self._put(self.folder, {"positive_record_ids": commands})
                    self.assertError(response, 403, "access_denied")
                    response = self._create(FOLDER, {"name": "f", "positive_record_ids": commands})
                    self.assertError(response, 403, "access_denied")
        self.assertFalse(self.env[RECORD].search([("name", "=", "Locked new")]))
        response = self._put(self.folder, {"positive_record_ids": [[0, 0, {"name": "x"}]]})
        self.assertAnswer(response)

    def test_sibling_that_is_hidden_opens_nothing(self):
        """A new record points only inside, although one beside it points outside already."""
        self._connect(FOLDER)
        self._connect(RECORD, domain=OPEN)
        self._connect(TAG, domain=OPEN)
        locked = self.env[TAG].create({"name": "Locked tag"})
        self.env[RECORD].create(
            {"name": "Locked", "folder_id": self.folder.id, "tag_ids": [(6, 0, locked.ids)]}
        )
        command = [0, 0, {"name": "x", "tag_ids": [[4, locked.id]]}]
        response = self._put(self.folder, {"record_ids": [command]})
        self.assertError(response, 422, "validation_error")

    def test_half_of_a_model_and_an_id(self):
        """The record that both lead to after the write is looked at, whichever of the two was sent."""
        self._connect(RECORD)
        self._connect("res.partner", domain="[('name', '=', 'Open')]")
        shown, hidden = self.env["res.partner"].create([{"name": "Open"}, {"name": "Hidden"}])
        self.record.write({"res_model": "res.partner", "res_id": shown.id})
        for partner in (hidden.id, 2000000000):
            response = self._put(self.record, {"res_id": partner})
            self.assertError(response, 422, "validation_error")
        self.assertAnswer(self._put(self.record, {"res_id": shown.id}))
        self.record.write({"res_model": False, "res_id": hidden.id})
        response = self._put(self.record, {"res_model": "res.partner"})
        self.assertError(response, 422, "validation_error")
        response = self._put(self.record, {"res_model": "ir.config_parameter", "res_id": 1})
        self.assertError(response, 422, "validation_error")

    def test_html_that_is_not_cleaned(self):
        """It may hold scripts: for own rights, or where the list of writable fields names it."""
        token = self._open(self.portal).access
        script = "<p><script>alert(1)</script></p>"
        self._connect(RECORD)
        response = self._put(self.record, {"html_raw": script}, token)
        self.assertError(response, 403, "access_denied")
        self.assertAnswer(self._put(self.record, {"html": script}, token))
        self.assertNotIn("script", self.record.html)
        self.assertAnswer(self._put(self.record, {"html_raw": script}))
        self._connect(RECORD, write_field_ids=self._fields(RECORD, "html_raw"))
        self.assertAnswer(self._put(self.record, {"html_raw": script}, token))

    def test_properties_of_a_hidden_folder(self):
        """What properties a folder defines is not told by writing them below it."""
        self._connect(RECORD)
        self._connect(FOLDER, domain=OPEN)
        self.locked.properties_definition = [{"name": "secret", "type": "char", "string": "S"}]
        for folder in (self.locked.id, 2000000000):
            for name in ("secret", "other"):
                values = {"folder_id": folder, "properties": {name: 1}}
                with self.subTest(folder=folder, name=name):
                    response = self._put(self.record, values)
                    self.assertError(response, 422, "validation_error")

    def test_nested_references(self):
        """Two lines with a reference into a filtered model: refused alike, never an error of the server."""
        self._connect(FOLDER)
        self._connect(RECORD)
        self._connect("res.partner", domain="[('name', '=', 'Open')]")
        shown, hidden = self.env["res.partner"].create([{"name": "Open"}, {"name": "Hidden"}])
        for partner, status in ((hidden.id, 422), (2000000000, 422), (shown.id, 200)):
            lines = [
                [0, 0, {"name": name, "reference": f"res.partner,{partner}"}]
                for name in ("first", "second")
            ]
            with self.subTest(partner=partner):
                response = self._put(self.folder, {"record_ids": lines})
                self.assertAnswer(response, status)
        lines = self.folder.record_ids - self.record
        self.assertEqual(lines.mapped("reference"), [shown, shown])

    def test_search_of_a_stored_field(self):
        """It may look at anything: not where a list says what may be looked at."""
        self._connect(RECORD, read_field_ids=self._fields(RECORD, "name", "searched"))
        response = self._send(
            "GET", RECORD, self.access, fields=["searched"], domain=[["searched", "=", "admin"]]
        )
        self.assertError(response, 400, "bad_domain")
        self._connect(RECORD)
        response = self._send(
            "GET", RECORD, self.access, fields=["searched"], domain=[["searched", "=", "admin"]]
        )
        self.assertAnswer(response)

    def test_delegation_takes_no_record(self):
        """A drawer is a folder and more: its own folder it writes, another it does not take."""
        self._connect(DRAWER)
        self.env["connection.api"].search([("model", "=", FOLDER)]).unlink()
        token = self._open(self.portal).access  # without rights of their own
        response = self._create(DRAWER, {"name": "Drawer", "color": "red"}, token)
        drawer = self.env[DRAWER].browse(self.assertAnswer(response, 201)["data"]["id"])
        self.assertAnswer(self._put(drawer, {"name": "Renamed"}, token))
        attack = {"folder_id": self.folder.id, "name": "Taken"}
        for opened, status in ((None, 403), ("GET POST", 403), ("PUT", 200)):
            if opened:
                self._connect(FOLDER, opened)
            with self.subTest(opened=opened):
                for response in (
                    self._put(drawer, {"folder_id": self.folder.id}, token),
                    self._create(DRAWER, attack, token),
                ):
                    if status == 403:
                        self.assertError(response, 403, "access_denied")
                    else:
                        self.assertIn(response.status_code, (200, 201), response.text)
            if status == 403:
                self.env.invalidate_all()
                self.assertEqual((self.folder.name, drawer.name), ("Folder", "Renamed"))
        self._connect(FOLDER, domain=OPEN)
        values = {"folder_id": self.locked.id, "name": "Taken"}
        for caller in (token, self.access):
            self.assertError(self._put(drawer, values, caller), 403, "access_denied")
        self.env.invalidate_all()
        self.assertEqual(self.locked.name, "Locked")

    def test_names_of_properties(self):
        """A property leads to any model: its name is told to whom Odoo tells it, under sudo as well."""
        parameter = self.env["ir.config_parameter"].search([], limit=1)
        self._connect(RECORD)
        self._connect(FOLDER)
        definition = {
            "name": "leak",
            "type": "many2one",
            "string": "Leak",
            "comodel": "ir.config_parameter",
            "default": parameter.id,
        }
        response = self._put(self.folder, {"properties_definition": [definition]})
        self.assertAnswer(response)
        response = self._put(self.record, {"properties": {"leak": parameter.id}})
        self.assertError(response, 422, "validation_error")  # whoever points has to see it
        response = self._put(self.record, {"properties": {"leak": parameter.id}}, self.admin_access)
        self.assertAnswer(response)
        for token, name in ((self.access, None), (self.admin_access, parameter.display_name)):
            answer = self._put(
                self.record, {}, token, fields=["properties"], expand={"folder_id": []}
            )
            [item] = self.assertAnswer(answer)["data"]["properties"]
            self.assertEqual(item["value"], [parameter.id, name])
            answer = self._put(self.folder, {}, token, fields=["properties_definition"])
            [item] = self.assertAnswer(answer)["data"]["properties_definition"]
            self.assertEqual(item["default"], [parameter.id, name])

    def test_name_that_is_hidden(self):
        """Where a record goes by a field that the caller may not see, it has no name for them."""
        self._connect(TAG)
        self.env[TAG].create({"name": "Hidden name"})
        field = self.env[TAG]._fields["name"]
        self.addCleanup(setattr, field, "groups", field.groups)
        field.groups = "base.group_system"
        for params in (
            {"fields": ["display_name"]},
            {"fields": [], "domain": [["display_name", "ilike", "Hidden"]]},
        ):
            with self.subTest(**params):
                response = self._send("GET", TAG, self.access, **params)
                self.assertError(response, 400, "unknown_field")
        self.assertList(self._send("GET", TAG, self.admin_access, fields=["display_name"]))
