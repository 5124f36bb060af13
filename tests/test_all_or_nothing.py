# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .policy_case import OWN, PolicyCase


@tagged("post_install", "-at_install")
class TestAllOrNothing(PolicyCase):
    """One bad record among many, and nothing is written; a tag of an old version, and nothing is."""

    def setUp(self):
        super().setUp()
        self._connect("res.partner", domain=OWN)
        self._connect("res.partner.bank")

    def _bad_values(self):
        return {
            "validation": ({"parent_id": 0}, 400),
            "recursion": (None, 422),
            "unknown field": ({"nope": 1}, 400),
            "hidden type": ({"name": 7}, 400),
            "outside": ({"user_id": self.victim.id}, 403),
            "no such user": ({"user_id": 2000000000}, 422),
            "no name": ({"name": False, "type": "contact"}, 422),
        }

    def test_create(self):
        """Neither the records before nor those behind the bad one are made."""
        good = {"name": "Bulk", "user_id": self.user.id}
        for name, (bad, status) in self._bad_values().items():
            if bad is None:
                continue
            for place in range(3):
                values = [dict(good) for _number in range(3)]
                values[place].update(bad)
                with self.subTest(bad=name, place=place), mute_logger("odoo.sql_db"):
                    response = self._create(self.access, "res.partner", values)
                    self.assertAnswer(response, status)
        self.assertNothingNew(
            "res.partner", [("user_id", "=", self.user.id), ("name", "=", "Bulk")]
        )
        response = self._create(self.access, "res.partner", [good, good], fields=["name"])
        self.assertEqual(self.assertAnswer(response, 201)["count"], 2)

    def test_update(self):
        """Each record keeps what it had."""
        third = self.mine[0].copy({"name": "Mine D", "city": "Rome", "user_id": self.user.id})
        records = self.mine[0] | self.mine[1] | third
        cities = records.mapped("city")
        child = self.mine[0].copy({"parent_id": self.mine[0].id, "user_id": self.user.id})
        for name, (bad, status) in self._bad_values().items():
            for place in range(3):
                items = [{"id": record.id, "values": {"city": "Bulk"}} for record in records]
                if bad is None:
                    items[place] = {"id": self.mine[0].id, "values": {"parent_id": child.id}}
                    if place:
                        items[0] = {"id": child.id, "values": {"city": "Bulk"}}
                else:
                    items[place]["values"].update(bad)
                with self.subTest(bad=name, place=place), mute_logger("odoo.sql_db"):
                    response = self._send("PUT", "res.partner", self.access, {"records": items})
                    self.assertAnswer(response, status)
        for place, missing in enumerate((self.theirs.id, 2000000000, self.theirs.id)):
            items = [{"id": record.id, "values": {"city": "Bulk"}} for record in records]
            items[place]["id"] = missing
            response = self._send("PUT", "res.partner", self.access, {"records": items})
            self.assertError(response, 404, "not_found")
        self.env.invalidate_all()
        self.assertEqual(records.mapped("city"), cities)
        self.assertNotEqual(child.city, "Bulk")

    def test_delete(self):
        """The bad one may be missing, outside, or needed by others."""
        needed = self.mine[1]
        self.env["res.users"].create({"login": "api-needs", "name": "n", "partner_id": needed.id})
        needed.user_id = self.user
        last = self.mine[0].copy({"name": "Last", "user_id": self.user.id})
        for bad, status in ((2000000000, 404), (self.theirs.id, 404), (needed.id, 422)):
            for place in range(3):
                ids = [self.mine[0].id, last.id]
                ids.insert(place, bad)
                with self.subTest(bad=bad, place=place), mute_logger("odoo.sql_db"):
                    response = self._send("DELETE", "res.partner", self.access, ids=ids)
                    self.assertAnswer(response, status)
        self.env.invalidate_all()
        self.assertEqual((self.mine | last).exists(), self.mine | last)
        ids = [self.mine[0].id, last.id]
        response = self._send("DELETE", "res.partner", self.access, ids=ids)
        self.assertEqual(self.assertAnswer(response), {"deleted_ids": ids})

    # --- If-Match ------------------------------------------------------------------------

    def _tag(self, record, *names):
        response = self._get(self.admin_access, record._name, id=str(record.id), fields=list(names))
        self.assertEqual(response.status_code, 200, response.text)
        return response.headers["ETag"]

    def _match(self, method, record, tag, **params):
        query = {"model": record._name, "id": str(record.id), **params}
        options = {"json": {"values": {"city": "Bern"}}} if method == "PUT" else {}
        return self._call(
            method,
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params=query,
            **options,
        )

    def test_if_match(self):
        """Only the record's own version, in any of its spellings, opens a PUT or a DELETE."""
        self._connect("res.partner")
        record = self.mine[0]
        current = self._tag(record)
        version = current.strip('"').partition(".")[0]
        refused = (
            '"0000000000000000.0000000000000000"',
            '""',
            '"."',
            "",
            version,
            current.strip('"'),
            f"W/{version}",
            f'"{version[:-1]}.x"',
            f'"x.{version}"',
            f'"{version.upper()}x"',
            self._tag(self.mine[1]),
            self._tag(self.mine_bank),
            '"*"',
        )
        for tag in refused:
            for method in ("PUT", "DELETE"):
                with self.subTest(tag=tag, method=method):
                    response = self._match(method, record, tag)
                    self.assertError(response, 412, "precondition_failed")
        self.assertUnchanged(record, city="Rome")
        accepted = (
            "*",
            lambda: self._tag(record, "name"),
            lambda: f"W/{self._tag(record)}",
            lambda: f'"x", {self._tag(record)}, "y"',
        )
        for tag in accepted:
            with self.subTest(tag=tag):
                tag = tag() if callable(tag) else tag
                self.assertAnswer(self._match("PUT", record, tag))
        self.assertUnchanged(record, city="Bern")

    def test_stale_tag(self):
        """A tag is good until the record is written, and the answer of a write brings the next."""
        record = self.mine[0]
        stale = self._tag_of(record)
        with patch(
            "odoo.addons.jwt_auth_api.engine.version._version_rows", return_value=[("other",)]
        ):
            for method in ("PUT", "DELETE"):
                self.assertError(self._match(method, record, stale), 412, "precondition_failed")
        self.assertUnchanged(record, city="Rome")
        self.assertAnswer(self._match("PUT", record, stale))

    def _tag_of(self, record):
        response = self._get(self.access, record._name, id=str(record.id))
        self.assertAnswer(response)
        return response.headers["ETag"]

    def test_if_match_tells_nothing_of_hidden_records(self):
        """A record outside, one that is gone: 404 with any tag, as without one."""
        gone = self.mine[0].copy()
        tag = self._tag_of(self.mine[0])
        gone.unlink()
        for record in (self.theirs, gone):
            for method in ("PUT", "DELETE"):
                for sent in (tag, "*", '"x"'):
                    with self.subTest(record=record, method=method, tag=sent):
                        response = self._match(method, record, sent)
                        self.assertError(response, 404, "not_found")

    def test_if_match_is_for_one_record(self):
        """With several records it is refused, not passed over."""
        tag = self._tag_of(self.mine[0])
        body = {"records": [{"id": record.id, "values": {"city": "x"}} for record in self.mine[:2]]}
        params = {"model": "res.partner"}
        response = self._call(
            "PUT",
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params=params,
            json=body,
        )
        self.assertError(response, 400, "bad_request")
        response = self._call(
            "DELETE",
            "/api/send_request",
            self.access,
            headers={"If-Match": tag},
            params={**params, "ids": json.dumps(self.mine[:2].ids)},
        )
        self.assertError(response, 400, "bad_request")
        self.assertUnchanged(self.mine[0], city="Rome")
        self.assertTrue(self.mine[1].exists())
