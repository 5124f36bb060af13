# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a client may send of Odoo's context, and wizards in two calls."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase

RECORD, TAG, WIZARD = "api.test.record", "api.test.tag", "api.test.wizard"
OPEN = "[('name', 'not like', 'Locked')]"
#: What decides who asks, for which companies, how Odoo works, or what a request says elsewhere.
NEVER = [
    "uid",
    "allowed_company_ids",
    "lang",
    "tz",
    "su",
    "install_mode",
    "module",
    "bin_size",
    "jwt_auth_api_grant",
    "jwt_auth_api_defaults",
    "_private",
    "default_name",
    "active_id",
    "Upper",
    "with space",
]


@tagged("post_install", "-at_install")
class TestContext(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.connection = cls._connect(RECORD, "GET PUT")
        cls.action = cls._action(cls.connection, "action_look", "my_flag, my_ids")
        cls.record, cls.locked = cls.env[RECORD].create([{"name": "Record"}, {"name": "Locked"}])

    @classmethod
    def _action(cls, connection, name, keys=False):
        values = {"connection_id": connection.id, "name": name, "context_keys": keys}
        return cls.env["connection.api.action"].create(values)

    def _act(self, context, record=None, name="action_look", token=None, **body):
        path = f"/api/v1/{RECORD}/{(record or self.record).id}/{name}"
        return self._post(path, {"context": context, **body}, token or self.access)

    def _seen(self, context):
        return self.assertAnswer(self._act(context))["result"]

    def assertRefused(self, context, told, status=400, code="bad_value"):
        message = self.assertError(self._act(context), status, code)["message"]
        self.assertIn(told, message)

    def test_listed_keys(self):
        """They reach the method, beside the caller's own context."""
        seen = self._seen({"my_flag": True, "my_ids": [1, 2]})["context"]
        self.assertIs(seen["my_flag"], True)
        self.assertEqual(seen["my_ids"], [1, 2])
        self.assertIn("lang", seen)

    def test_nothing_to_send(self):
        """Null and an empty object are no context."""
        for context in (None, {}):
            self.assertNotIn("my_flag", self._seen(context)["context"])

    def test_other_keys_are_refused(self):
        """Each by its name; nothing is called."""
        for key in ("other", "active_test", "my_flags", *NEVER[:6], *NEVER[8:11]):
            with self.subTest(key=key):
                self.assertRefused({key: 1, "my_flag": 1}, key)
        for context in ([], "x", 1, {"my_flag": "\x00"}):
            with self.subTest(context=context):
                if context:
                    self.assertRefused(context, '"context"')

    def test_keys_that_nobody_can_list(self):
        for key in NEVER:
            with self.subTest(key=key), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.action.context_keys = f"fine, {key}".replace("with space", "x-y")
        self.action.context_keys = "active_test"
        self.assertIs(self._seen({"active_test": False})["context"]["active_test"], False)

    def test_keys_of_another_action(self):
        self._action(self.connection, "action_wizard", "wizard_key")
        self.assertRefused({"wizard_key": 1}, "wizard_key")

    def test_records(self):
        """The records that an action is about are some that the caller sees."""
        self._connect(TAG, "GET", domain=OPEN)
        tag, locked = self.env[TAG].create([{"name": "Tag"}, {"name": "Locked tag"}])
        sent = {"active_model": TAG, "active_id": tag.id, "active_ids": [tag.id]}
        seen = self._seen(sent)["context"]
        self.assertEqual({key: seen[key] for key in sent}, sent)
        self.assertEqual(
            self._seen({**sent, "active_id": float(tag.id)})["context"]["active_id"], tag.id
        )
        for wrong in (locked.id, 2**31 - 1):
            for key, value in (("active_id", wrong), ("active_ids", [tag.id, wrong])):
                with self.subTest(key=key, wrong=wrong):
                    told = f"{key}: there is no record {wrong}."
                    self.assertRefused({**sent, key: value}, told, 422, "validation_error")
        for value in ("1", True, -1, 2**31, {"id": 1}, [[1]]):
            with self.subTest(value=value):
                self.assertRefused({**sent, "active_id": value}, "active_id")
                self.assertRefused({**sent, "active_ids": [value]}, "active_ids")

    def test_model_of_the_records(self):
        """A model that the caller does not reach is answered like one that is not there."""
        told = '"context": unknown "active_model".'
        for name in ("no.such.model", "jwt.session", "ir.config_parameter", "base", 5, ["x"]):
            with self.subTest(name=name):
                self.assertRefused({"active_model": name, "active_ids": [1]}, told)
                self.assertRefused({"active_model": name}, told)
        self.assertRefused({"active_ids": [1]}, '"active_model"')

    def test_defaults(self):
        """What the caller may write in a new record of the model, in the forms of values."""
        self._connect(TAG, "GET", domain=OPEN)
        tag, locked = self.env[TAG].create([{"name": "Tag"}, {"name": "Locked tag"}])
        own = self._seen(
            {"default_name": "Sent", "default_integer": 3.0, "default_tag_ids": [tag.id]}
        )
        self.assertEqual(own["own"], {"name": "Sent", "integer": 3, "tag_ids": [[6, 0, [tag.id]]]})
        self.assertRefused({"default_tag_ids": [locked.id]}, "tag_ids", 422, "validation_error")
        self.assertRefused(
            {"default_tag_ids": [[0, 0, {"name": "x"}]]}, "POST", 403, "access_denied"
        )
        self.assertRefused({"default_integer": "3"}, "integer")
        self.assertRefused({"default_length": 3}, "length")
        self.assertRefused({"default_id": 3}, "id")
        for name in ("no_such", "create_uid; x", ""):
            self.assertRefused({f"default_{name}": 3}, name, 400, "unknown_field")
        self.assertRefused({"default_res_id": 1}, "res_id", 422, "validation_error")

    def test_defaults_obey_the_list_of_fields(self):
        self.connection.write_field_ids = self.env["ir.model.fields"]._get(RECORD, "char")
        self.assertEqual(self._seen({"default_char": "x"})["own"], {"char": "x"})
        self.assertRefused({"default_integer": 1}, "integer", 400, "bad_value")

    def test_defaults_are_for_one_model(self):
        """Records of other models that are created on the way do not get them, as superuser neither."""
        seen = self._seen({"default_name": "Sent"})
        self.assertEqual(seen["own"], {"name": "Sent"})
        self.assertEqual((seen["other"], seen["superuser"]), ({}, {}))
        self.assertEqual(seen["chosen"], {"name": "Chosen"}, "Odoo's own code says so")

    def test_superuser_action(self):
        """The keys that count for every action, and those that its row lists."""
        self.action.as_superuser = True
        seen = self._seen({"my_flag": 1, "default_name": "Sent"})
        self.assertEqual((seen["own"], seen["superuser"]), ({"name": "Sent"}, {}))
        self.assertRefused({"other": 1}, "other")

    def test_ours_is_not_shown(self):
        seen = self._seen({"default_name": "Sent"})["context"]
        self.assertFalse([key for key in seen if key.startswith("jwt_")])

    def test_the_key_of_an_idempotent_call(self):
        """A repetition with another context is another request."""
        headers = {"Idempotency-Key": "context"}
        path = f"/api/v1/{RECORD}/{self.record.id}/action_look"
        first, second = (
            self._post(path, {"context": {"my_flag": flag}}, self.access, headers=headers)
            for flag in (1, 2)
        )
        self.assertAnswer(first)
        self.assertError(second, 422, "idempotency_key_reused")


@tagged("post_install", "-at_install")
class TestWizards(ApiCase):
    """A button answers a window action; its wizard is created, and the wizard's button pressed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        record = cls._connect(RECORD, "GET PUT POST")
        wizard = cls._connect(WIZARD, "POST")
        cls._connect(TAG, "GET", domain=OPEN)
        cls.button = cls.env["connection.api.action"].create(
            [
                {"connection_id": record.id, "name": "action_wizard"},
                {
                    "connection_id": wizard.id,
                    "name": "apply",
                    "context_keys": "only_ids apply_text",
                },
            ]
        )[1]
        cls.records = cls.env[RECORD].create([{"name": "One"}, {"name": "Two"}])

    def _press(self, model, name, record_id, **body):
        return self._post(f"/api/v1/{model}/{record_id}/{name}", body, self.access)

    def _opened(self):
        path = f"/api/v1/{RECORD}/action_wizard"
        response = self._post(path, {"ids": self.records.ids}, self.access)
        return self.assertAnswer(response)["result"]

    def _create(self, body, model=WIZARD):
        return self._post(f"/api/v1/{model}", body, self.access)

    def test_two_calls(self):
        action = self._opened()
        self.assertEqual(action["type"], "ir.actions.act_window")
        self.assertEqual((action["res_model"], action["res_id"]), (WIZARD, None))
        self.assertEqual(action["view_mode"], "form")
        ids = self.records.ids
        self.assertEqual(
            action["context"],
            {
                "active_model": RECORD,
                "active_id": ids[0],
                "active_ids": ids,
                "default_record_ids": [[4, ids[0]], [4, ids[1]]],
                "only_ids": ids,
                "apply_text": "Applied",
            },
        )
        body = {"values": {}, "fields": ["record_ids"], "context": action["context"]}
        wizard = self.assertAnswer(self._create({**body, "fields": []}), 201)["data"]["id"]
        self.assertEqual(self.env[WIZARD].browse(wizard).record_ids, self.records)
        response = self._press(WIZARD, "apply", wizard, context=action["context"])
        result = self.assertAnswer(response)["result"]
        self.env.invalidate_all()
        self.assertEqual(self.records.mapped("char"), ["Applied", "Applied"])
        made = self.env[RECORD].browse(result["res_id"])
        self.assertEqual((made.name, made.create_uid), ("Made by the wizard", self.user))
        self.assertEqual(result["view_mode"], "form")
        self.assertEqual(
            result["context"],
            {
                "active_model": WIZARD,
                "active_id": wizard,
                "active_ids": [wizard],
                "default_name": "Next",
            },
        )

    def test_records_instead_of_values(self):
        """A wizard that looks for its records in the context."""
        context = {"active_model": RECORD, "active_ids": self.records[1].ids}
        body = {"values": {"name": "n"}, "fields": ["name"], "context": context}
        data = self.assertAnswer(self._create(body), 201)["data"]
        wizard = self.env[WIZARD].browse(data["id"])
        self.assertEqual(wizard.record_ids, self.records[1])
        self.assertEqual(data["name"], "n")

    def test_context_of_a_wizard_is_checked(self):
        locked = self.env[TAG].create({"name": "Locked tag"})
        before = self.env[WIZARD].search_count([])
        for context, status, code in (
            ({"default_tag_id": locked.id}, 422, "validation_error"),
            ({"default_locked_by": "me"}, 400, "unknown_field"),
            ({"default_note": "me"}, 400, "unknown_field"),
            ({"secret_flag": True}, 400, "bad_value"),
            ({"uid": 1}, 400, "bad_value"),
            ({"active_model": TAG, "active_ids": [locked.id]}, 422, "validation_error"),
            ("x", 400, "bad_value"),
        ):
            with self.subTest(context=context):
                self.assertError(self._create({"values": {}, "context": context}), status, code)
        self.assertEqual(self.env[WIZARD].search_count([]), before)

    def test_context_is_for_wizards(self):
        body = {"values": {"name": "x"}, "context": {"default_char": "x"}}
        response = self._create(body, RECORD)
        self.assertIn('"context"', self.assertError(response, 400, "bad_value")["message"])

    @mute_logger("odoo.sql_db")
    def test_context_that_the_button_fails_with(self):
        """A key that it needs, or a value that is none for it: a 400, and nothing is written."""
        body = {"values": {"record_ids": self.records.ids}, "fields": []}
        wizard = self.assertAnswer(self._create(body), 201)["data"]["id"]
        for context, told in (
            ({}, "apply needs apply_text"),
            ({"only_ids": []}, "apply needs apply_text"),
            ({"only_ids": ["x"], "apply_text": "y"}, "context"),
            ({"only_ids": 5.5, "apply_text": "y"}, "context"),
            ({"only_ids": "x", "apply_text": "y"}, "context"),
            ({"only_ids": "active_id", "apply_text": "y"}, "context"),
            ({"only_ids": f"[{self.records.ids[0]}]", "apply_text": "y"}, "context"),
            ({"only_ids": {"id": 1}, "apply_text": "y"}, "context"),
            ({"only_ids": True, "apply_text": "y"}, "context"),
            ({"only_ids": [{"id": 1}], "apply_text": "y"}, "context"),
            ({"only_ids": [[1]], "apply_text": "y"}, "context"),
        ):
            with self.subTest(context=context):
                response = self._press(WIZARD, "apply", wizard, context=context)
                message = self.assertError(response, 400, "bad_value")["message"]
                self.assertIn(told, message)
        self.env.invalidate_all()
        self.assertEqual(self.records.mapped("char"), [False, False])

    def test_nothing_to_send_without_a_connection(self):
        self.env["connection.api"].search([("model", "=", WIZARD)]).unlink()
        action = self._opened()
        self.assertEqual((action["res_model"], action["context"]), (WIZARD, {}))

    def test_wizards_keep_the_callers_rights(self):
        """What the context names is open as far as it is for the caller, no further."""
        rights = self.env["ir.model.access"].search([("model_id.model", "=", WIZARD)])
        rights.write({"perm_create": False})
        response = self._create({"values": {}, "context": self._opened()["context"]})
        self.assertError(response, 403, "access_denied")
