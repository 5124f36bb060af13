# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from contextlib import contextmanager
from datetime import date, datetime
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase


@tagged("jwt_resources")
class TestActions(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner", "GET")
        cls.partner = cls.env["res.partner"].create({"name": "Called", "email": "c@example.com"})
        cls.access = cls._open(cls.user).access
        cls._list("address_get", "find_or_create", "open_commercial_entity", "unlink_later")

    @classmethod
    def _list(cls, *names):
        model = type(cls.env["res.partner"])
        cls.called = []

        def unlink_later(records, *args, **kwargs):
            cls.called.append((records.ids, records.env.uid, records.env.su, args, kwargs))
            return cls.answer

        cls.answer = None
        cls.addClassCleanup(patch.stopall)
        patch.object(model, "unlink_later", unlink_later, create=True).start()
        cls.env["connection.api.action"].create(
            [{"connection_id": cls.connection.id, "name": name} for name in names]
        )

    def _act(self, action, body=None, record=None, token=None):
        path = f"/api/v1/res.partner/{(record or self.partner).id}/{action}"
        return self._post(path, body, token or self.access)

    def _result(self, response):
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["success", "result"])
        self.assertIs(body["success"], True)
        return body["result"]

    def test_recordset_method(self):
        """Arguments in their places and by their names; the caller's user, never in superuser mode."""
        self.assertEqual(
            self._result(self._act("address_get", {"args": [["contact"]]})),
            {"contact": self.partner.id},
        )
        self._act("unlink_later", {"args": [1], "kwargs": {"two": [2]}})
        self.assertEqual(
            self.called[-1], ([self.partner.id], self.user.id, False, (1,), {"two": [2]})
        )

    def test_whole_numbers(self):
        """JSON does not tell 2 from 2.0, at any depth; Odoo takes no id that is a float."""
        big = 2.0**60
        body = {"args": [2.0, [{"a": [3.0, True]}]], "kwargs": {"b": {"c": -4.0}, "d": [1.5, big]}}
        self._result(self._act("unlink_later", body))
        called = self.called[-1][3:]
        expected = ((2, [{"a": [3, True]}]), {"b": {"c": -4}, "d": [1.5, big]})
        self.assertEqual(repr(called), repr(expected))

    def test_runs_as_the_user(self):
        """Without ``sudo`` where the connection runs as the user."""
        self.connection.run_as = "user"
        self._act("unlink_later")
        self.assertEqual(self.called[-1][:3], ([self.partner.id], self.user.id, False))

    def test_model_method(self):
        """``@api.model`` has no record; what it returns are ids."""
        path = "/api/v1/res.partner/find_or_create"
        body = {"args": ["Nora <nora@example.com>"]}
        [new] = self._result(self._post(path, body, self.access))
        self.assertEqual(self.env["res.partner"].browse(new).email, "nora@example.com")
        self.assertError(self._act("find_or_create", body), 400, "bad_parameter")

    def test_several_records(self):
        """The ids of the body, all of them or none."""
        other = self.partner.copy()
        ids = [other.id, self.partner.id]
        path = "/api/v1/res.partner/unlink_later"
        self._result(self._post(path, {"ids": ids}, self.access))
        self.assertEqual(self.called[-1][0], ids)
        count = len(self.called)
        response = self._post(path, {"ids": [*ids, 2**31 - 1]}, self.access)
        self.assertError(response, 404, "not_found")
        self.assertEqual(len(self.called), count)

    def test_ids_for_one_record_are_refused(self):
        """They would vanish beside the id of the path."""
        self.called.clear()
        for ids in ([3], [self.partner.id]):
            body = self.assertError(self._act("unlink_later", {"ids": ids}), 400, "bad_value")
            self.assertIn('"ids"', body["message"])
        self.assertEqual(self.called, [])
        for ids in (None, [], {}):
            self._result(self._act("unlink_later", {"ids": ids}))
        self.assertEqual([ids for ids, *_rest in self.called], [[self.partner.id]] * 3)

    def test_window_action_is_answered_with_its_data(self):
        action = self._result(self._act("open_commercial_entity"))
        self.assertEqual(action["type"], "ir.actions.act_window")
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", self.partner.id))

    def test_results(self):
        """All that Python has and JSON can say."""
        cases = [
            (None, None),
            (True, True),
            (self.partner, [self.partner.id]),
            ({1: (2, {"3"})}, {"1": [2, ["3"]]}),
            (datetime(2026, 1, 2, 3, 4, 5, 6), "2026-01-02T03:04:05Z"),
            (date(2026, 1, 2), "2026-01-02"),
            (b"\xff\x00", "/wA="),
            (float("nan"), None),
            ({"records": self.partner}, {"records": [self.partner.id]}),
        ]
        for result, expected in cases:
            with self.subTest(result=result):
                type(self).answer = result
                self.assertEqual(self._result(self._act("unlink_later")), expected)

    def test_result_that_json_cannot_say_keeps_nothing(self):
        def write_and_return(records):
            records.name = "Written"
            return object()

        with patch.object(type(self.partner), "unlink_later", write_and_return):
            self.assertError(self._act("unlink_later"), 422, "validation_error")
        self.env.invalidate_all()
        self.assertEqual(self.partner.name, "Called")

    def test_only_what_is_listed_is_called(self):
        """Neither other public methods nor private ones, even when the database lists them."""
        for name in ("copy", "unlink", "write", "action_archive", "_write", "__class__", "no_such"):
            with self.subTest(name=name):
                self.assertError(self._act(name), 404, "not_found")
        self.env.cr.execute(
            "UPDATE connection_api_action SET name = '_compute_display_name' WHERE name = 'address_get'"
            " AND connection_id = %s",
            [self.connection.id],
        )
        self.registry.clear_all_caches()
        self.addCleanup(self.registry.clear_all_caches)
        self.assertError(self._act("_compute_display_name"), 404, "not_found")
        self.assertTrue(self.partner.exists())

    def test_records_outside_of_the_filter_are_not_there(self):
        self.connection.domain = "[('email', '!=', 'c@example.com')]"
        count = len(self.called)
        self.assertError(self._act("unlink_later"), 404, "not_found")
        self.assertEqual(len(self.called), count)

    def test_groups_of_the_connection(self):
        self.connection.group_ids = self.env.ref("base.group_system")
        self.assertError(self._act("unlink_later"), 403, "access_denied")
        self.assertAnswer(self._act("unlink_later", token=self._open(self.admin).access))

    def test_arguments(self):
        """Those that the method does not take are told, by their name, before it is called."""
        cases = [
            ({"args": {"a": 1}}, "args"),
            ({"kwargs": [1]}, "kwargs"),
            ({"args": [1, 2, 3]}, "The maximum is 1."),
            ({"kwargs": {"nope": 1}}, '"nope"'),
            ({"args": [[]], "kwargs": {"adr_pref": []}}, '"adr_pref" twice'),
        ]
        for body, told in cases:
            with self.subTest(body=body):
                answer = self.assertError(self._act("address_get", body), 400, "bad_value")
                self.assertIn(told, answer["message"])
        path = "/api/v1/res.partner/find_or_create"
        answer = self.assertError(self._post(path, {}, self.access), 400, "bad_value")
        self.assertIn('needs the argument "email"', answer["message"])

    @contextmanager
    def _failing(self, method):
        with patch.object(type(self.partner), "unlink_later", method):
            yield
        self.env.invalidate_all()
        self.assertEqual(self.partner.name, "Called", "something stays written")

    def test_value_that_the_method_fails_with(self):
        """What a method raises about an argument is a 400 that names it, whatever it raises."""

        def fail(records, kind=None, day=None, amounts=(), data=None):
            records.name = "Half done"
            records.search([(kind, "=", 1)] if kind else [])
            records.write({"color": sum(amounts)})
            self.env["res.partner"].browse(data["ids"] if data else ())
            return fields.Date.to_date(day).year

        cases = [
            ({"kind": "no_such_field"}, "kind"),
            ({"day": "31.12.2026"}, "day"),
            ({"day": 5}, "day"),
            ({"amounts": ["1"]}, "amounts"),
            ({"amounts": 1}, "amounts"),
            ({"data": {"id": 1}}, "data"),
            ({"data": "x"}, "data"),
        ]
        for kwargs, name in cases:
            with self.subTest(kwargs=kwargs), self._failing(fail):
                answer = self.assertError(
                    self._act("unlink_later", {"kwargs": kwargs}), 400, "bad_value"
                )
                self.assertIn(f"value of {name}.", answer["message"])
                self.assertNotRegex(answer["message"], "Error|no_such_field|31.12")

    @contextmanager
    def _overridden(self):
        """A method like ``message_post``: an override passes on what it does not know."""

        def check(names):
            if "forbidden" in names:
                raise ValueError(f"not supported: {', '.join(names)}")

        def note(body, *, known=None):
            return note()

        def unlink_later(records, *, body="", ids=None, **kwargs):
            records.name = "Half done"
            if ids and not all(type(each) is int for each in ids):
                raise ValueError("another form")
            check(kwargs.keys())
            return note(body, **kwargs)

        def override(below):
            def unlink_later(records, *args, body="", **kwargs):
                return below(records, *args, body=body, **kwargs)

            return unlink_later

        below = unlink_later
        model = type(self.partner)
        with (
            patch.object(model, "unlink_later", override(below)),
            patch.object(model.__mro__[1], "unlink_later", below, create=True),
        ):
            yield
        self.env.invalidate_all()
        self.assertEqual(self.partner.name, "Called", "something stays written")

    def test_arguments_that_an_override_passes_on(self):
        """What the overridden method does not take is told as well, by its name."""
        cases = [
            ({"args": ["x"]}, "The maximum is 0."),
            ({"kwargs": {"body": "x", "forbidden": 1}}, "value of forbidden."),
            ({"kwargs": {"body": "x", "nope": "y"}}, "value of nope."),
            ({"kwargs": {"bodi": "x"}}, "value of bodi."),
            ({"kwargs": {"body": "x", "ids": ["x"]}}, "value of ids."),
            ({"kwargs": {"body": "x", "ids": "x"}}, "value of ids."),
        ]
        for body, told in cases:
            with self.subTest(body=body), self._overridden():
                answer = self.assertError(self._act("unlink_later", body), 400, "bad_value")
                self.assertIn(told, answer["message"])

    def test_value_that_is_no_id(self):
        """A many2one as it is answered, or a text, where the method takes an id."""

        def look(records, body="", parent=1):
            records.name = "Half done"
            return records.browse(parent).name

        for parent in ([self.partner.id, "Called"], [1, 2], "abc"):
            body = {"kwargs": {"body": "x", "parent": parent}}
            with self.subTest(parent=parent), self._failing(look):
                answer = self.assertError(self._act("unlink_later", body), 400, "bad_value")
                self.assertIn("value of parent.", answer["message"])

    def test_value_that_the_database_refuses(self):
        """PostgreSQL's message names a value, not its argument; without a name it is a 400, too."""

        def look(records, body="", parent=1, divisor=1):
            records.name = "Half done"
            records.flush_recordset()
            query = "SELECT 1 / %s FROM res_partner WHERE id = %s"
            records.env.cr.execute(query, [divisor, parent])

        cases = [
            ({"body": "x", "parent": "abc"}, "unlink_later does not accept the value of parent."),
            ({"body": "x", "divisor": 0}, "A value does not fit its field."),
        ]
        for kwargs, told in cases:
            with (
                self.subTest(kwargs=kwargs),
                self._failing(look),
                mute_logger("odoo.sql_db", "odoo.http"),
            ):
                body = {"kwargs": kwargs}
                answer = self.assertError(self._act("unlink_later", body), 400, "bad_value")
                self.assertEqual(answer["message"], told)

    def test_call_that_does_not_fit_by_itself(self):
        """A method that calls another one with wrong arguments is a 500, whatever was sent."""
        body = {"kwargs": {"body": "a long text", "known": ["a list"]}}
        with self._overridden(), mute_logger("odoo.http"):
            self.assertError(self._act("unlink_later", body), 500, "server_error")

    def test_mistake_of_the_method(self):
        """A mistake in the method itself is a 500, whatever was sent with the call."""

        def fail(records, data=None):
            records.name = "Half done"
            return records.env.context["no_such_key"]

        body = {"kwargs": {"data": {"day": "2026-12-31"}}}
        for sent in ({}, body):
            with self.subTest(sent=sent), self._failing(fail), mute_logger("odoo.http"):
                self.assertError(self._act("unlink_later", sent), 500, "server_error")

    def test_number_of_records(self):
        """A method for one record that is called for none or for two."""

        def one(records, *args):
            records.ensure_one()

        def another(records):
            records.search([], limit=2).ensure_one()

        path = "/api/v1/res.partner/unlink_later"
        two = {"ids": [self.partner.id, self.partner.copy().id]}
        for body in ({}, two):
            with self.subTest(body=body), self._failing(one):
                answer = self.assertError(self._post(path, body, self.access), 400, "bad_value")
                self.assertIn('"ids"', answer["message"])
        with self._failing(another), mute_logger("odoo.http"):
            self.assertError(self._act("unlink_later"), 500, "server_error")

    def test_odoos_errors(self):
        """A refusal of the method's is told in its own words and keeps nothing."""

        def refuse(records):
            records.name = "Half done"
            raise UserError(records.env._("Not on a Sunday."))

        with patch.object(type(self.partner), "unlink_later", refuse):
            body = self.assertError(self._act("unlink_later"), 422, "validation_error")
        self.assertEqual(body["message"], "Not on a Sunday.")
        self.env.invalidate_all()
        self.assertEqual(self.partner.name, "Called")

    def test_other_methods(self):
        """An action is called by POST alone."""
        path = f"/api/v1/res.partner/{self.partner.id}/address_get"
        self.assertError(self._call("DELETE", path, self.access), 405, "method_not_allowed")
        response = self._call("GET", path, self.access)
        self.assertError(response, 405, "method_not_allowed")
        self.assertEqual(response.headers["Allow"], "POST")
        self.assertMissingToken(self._call("POST", path))
