# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Every type of field over HTTP: what may be sent, what is answered, and what is refused.

What is answered can always be sent again, and nothing changes by it.
"""

import base64
import json
from datetime import date, datetime

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.jwt_auth_api.tests.common import ApiCase
from odoo.addons.jwt_auth_api.tests.resource_case import PNG

MODEL, FOLDER = "api.test.record", "api.test.folder"
PICTURE = base64.b64encode(PNG).decode()
#: Astral plane, combining marks, right to left with its controls, a zero-width joiner, a BOM in the middle.
UNICODE = "𝒳🏳️‍🌈 e\u0301 \u202eعربى\u202c \ufeff שלום \u2028 Straße"
LONG = "0123456789ä" * 20_000
MOMENT = "2026-11-23T20:43:00Z"
DEEP = 64


def nested(depth):
    """A list in a list in a list …, that many."""
    value = []
    for _level in range(depth - 1):
        value = [value]
    return value


#: field → pairs of what is sent and what is answered. Where they are the same, one value stands alone.
GOOD = {
    "char": ["x", " spaces stay ", "", UNICODE, LONG, "line\nbreak\ttab", "<b>&amp;</b>", "false"],
    "char_translated": ["x", "", UNICODE],
    "char_sized": ["12345678", "𝒳𝒳𝒳𝒳𝒳𝒳𝒳𝒳", ""],
    "char_company": ["x", UNICODE],
    "char_indexed": ["x", UNICODE],
    "text": ["x", "two\r\nlines", UNICODE, LONG],
    "text_translated": ["x", "two\nlines", UNICODE],
    "html": [
        "<p>hello</p>",
        ("<p onclick='x()'>hi<script>alert(1)</script></p>", "<p>hi</p>"),
        "<p>" + UNICODE.replace("\ufeff", "") + "</p>",
    ],
    "html_raw": ["<p onclick='x()'>hi</p>"],
    "integer": [0, 1, -1, 2**31 - 1, -(2**31), (7.0, 7)],
    "integer_company": [5, -5, 0],
    "float": [0.0, 1.5, -1e-9, 1e100, 0.1, (3, 3.0), 123456789.123456789],
    "float_digits": [1.5, (1.23456, 1.235), (1.0005, 1.001), (7, 7.0)],
    "float_numeric": [1.23456789012345, 1e15],
    "boolean": [True, False, (1, True), (0, False)],
    "date": ["2026-11-23", "0001-01-01", "9999-12-31", "2024-02-29"],
    "datetime": [
        MOMENT,
        ("2026-11-23T20:43:00z", MOMENT),
        ("2026-11-23 20:43:00", MOMENT),
        ("2026-11-23T20:43", MOMENT),
        ("2026-11-23T21:43:00+01:00", MOMENT),
        ("2026-11-23T15:13:00-0530", MOMENT),
        ("2026-11-23 22:43:00+02", MOMENT),
        ("2026-11-23T20:43:00.987Z", MOMENT),
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
    "selection": ["a", "b"],
    "res_model": ["res.partner"],
    "binary": [base64.b64encode(b"\x00\xff any bytes").decode(), PICTURE],
    "binary_column": [base64.b64encode(b"\x00\xff any bytes").decode(), PICTURE],
    "image": [PICTURE],
    "json": [
        {"a": [1, 2.5, None, True, False, "x", {}, []], "b": {"c": {}}},
        [1, [2, [3]]],
        "text",
        7,
        -1.5,
        True,
        UNICODE,
        {UNICODE: UNICODE},
        nested(DEEP),
        [2**64, 10**300],
        ({}, False),
        ([], False),
        ("", False),
        (0, False),
    ],
    "upper": ["ABC", ("abc", "ABC")],
}

#: field → what no such field can hold: 400 ``bad_value``.
BAD = {
    "char": [5, 1.5, True, ["x"], {"a": 1}, "a\x00b", "lone \ud800 surrogate", "\udfff"],
    "char_translated": [{"en_US": "x"}, 1],
    "char_sized": ["123456789", 1],
    "char_company": [{"1": "x"}, 1],
    "char_indexed": ["\x00"],
    "text": [5, ["x"], "a\x00b", "\ud800"],
    "text_translated": [1],
    "html": [5, ["<p/>"], "<p>\x00</p>", "\ud83c"],
    "integer": ["1", "x", 1.5, 2**31, -(2**31) - 1, 10**400, 1e300, True, [1], {}],
    "integer_company": ["1", 2**31],
    "float": ["1.5", 10**400, 1e101, -1e308, True, [1.5], {}],
    "float_digits": ["1", 1e308, -1e308, 10**309],
    "float_numeric": ["1", 10**309],
    "monetary": ["1", 1e308, 10**309, True, []],
    "boolean": ["true", "yes", "", 2, -1, [], [True], 0.5],
    "date": [
        *("2026-11-31", "2026-13-01", "23.11.2026", "2026-11-23T20:43:00Z", "today", "", "2026"),
        *(20261123, ["2026-11-23"], "10000-01-01", "0000-01-01", "2026-11-23\x00"),
    ],
    "datetime": [
        *("2026-11-23T25:00:00Z", "yesterday", "now", "", "2026-11-23T20:43:00+25:00", 1764000000),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", True, {}),
    ],
    "selection": ["c", "A", "Aye", 1, ["a"], "a\x00", "x" * 10_000],
    "reference": [
        "res.partner",
        "res.partner,0",
        "res.partner,-1",
        "res.partner,x",
        "res.users,1",
        5,
    ],
    "res_id": ["1", -1, 2**31, 1.5, True],
    "partner_id": ["1", 0, -1, 2**31, 1.5, [], [1, 2, 3], {}, {"id": "1"}, "Azure Interior", True],
    "partner_company_id": ["1", -1],
    "line_ids": [5, "x", [[9, 0, 0]], [["x"]], [{"name": "x"}], [[6, 0, ["x"]]], [[]], [True], [0]],
    "tag_ids": [5, {}, [[4, "x"]], [[4, 2**31]], [[6, 0, 5]], [[0, 0, []]], [[1, 1]], [None]],
    "binary": ["not base64!", "YQ", 5, ["YQ=="], "YQ==\x00", "ä"],
    "binary_column": ["not base64!", {}],
    "image": ["not base64!", 5],
    "json": ["\x00", {"a": "\ud800"}, {"\x00": 1}, nested(DEEP + 1), [[["\x00"]]]],
}

#: A property of each type.
DEFINITION = [
    {"name": name, "string": name.title(), "type": kind, **more}
    for name, kind, more in (
        ("flag", "boolean", {}),
        ("count", "integer", {}),
        ("weight", "float", {}),
        ("note", "char", {}),
        ("text", "text", {}),
        ("rich_html", "html", {}),
        ("day", "date", {}),
        ("at", "datetime", {"default": MOMENT}),
        ("size", "selection", {"selection": [["s", "Small"], ["m", "Medium"]]}),
        ("labels", "tags", {"tags": [["a", "A", 1], ["b", "B", 2]]}),
        ("owner", "many2one", {"comodel": "res.partner"}),
        ("others", "many2many", {"comodel": "res.partner"}),
        ("line", "separator", {}),
    )
]

#: What only Odoo can know to be wrong: 422 ``validation_error``.
REFUSED = {
    "reference": ["res.partner,2147483647"],
    "partner_id": [2**31 - 1, [2**31 - 1, "nobody"]],
    "partner_company_id": [2**31 - 1],
    "tag_ids": [[2**31 - 1], [[4, 2**31 - 1]], [[6, 0, [2**31 - 1]]]],
    "image": [base64.b64encode(b"no image at all").decode()],
    "binary_column": [base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()],
    "name": [False, None],
    "even": [3],
    "positive": [-1],
    "code": ["taken"],
}

#: Odoo keeps them; a value would be lost.
KEPT = [
    "folder_date",
    "length",
    "length_stored",
    "related_char",
    "id",
    "create_date",
    "write_uid",
    "display_name",
]


@tagged("post_install", "-at_install")
class TestTypes(ApiCase):
    """One model with a field of every type, through ``/api/send_request``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (MODEL, "api.test.folder", "api.test.line", "api.test.tag", "res.partner"):
            cls._connect(model)
        cls.partner = cls.env["res.partner"].create({"name": "Somebody"})
        cls.tags = cls.env["api.test.tag"].create([{"name": f"tag {n}"} for n in range(3)])
        cls.folder = cls.env["api.test.folder"].create({"name": "Folder"})
        cls.record = cls.env[MODEL].create({"name": "before", "char": "before", "integer": 77})
        cls.env[MODEL].create({"name": "taken", "code": "taken"})
        cls.access = cls._open(cls.user).access

    def _create(self, values, model=MODEL, **body):
        values = {"name": "new", **values}
        return self._send("POST", model, self.access, {"values": values, **body})

    def _write(self, record, values, **body):
        body = {"values": values, **body}
        return self._send("PUT", record._name, self.access, body, id=str(record.id))

    def _made(self, values, **body):
        """A new record of those values: the record, and the answer for the fields they name."""
        body.setdefault("fields", list(values))
        answer = self.assertAnswer(self._create(values, **body), 201)["data"]
        self.env.invalidate_all()
        return self.env[MODEL].browse(answer.pop("id")), answer

    def _raw(self, method, values, **params):
        """As a client that writes its own JSON: escapes that Python's encoder would refuse."""
        query = {"model": MODEL, **params}
        data = json.dumps({"values": values, "fields": []})
        headers = {"Content-Type": "application/json"}
        path = "/api/send_request"
        return self._call(method, path, self.access, params=query, data=data, headers=headers)

    def _count(self):
        self.env.invalidate_all()
        return self.env[MODEL].with_context(active_test=False).search_count([])

    def _assert_comes_back(self, name, sent, answered, **more):
        """Sent, answered as expected, read the same, and the answer sent again changes nothing."""
        record, answer = self._made({name: sent, **more}, fields=[name])
        self.assertEqual(answer[name], answered)
        self.assertIs(type(answer[name]), type(answered))
        response = self._send("GET", MODEL, self.access, fields=[name], id=str(record.id))
        [row] = self.assertList(response)["data"]
        self.assertEqual(row[name], answered)
        written = self.assertAnswer(self._write(record, {name: answered}, fields=[name]))
        self.assertEqual(written["data"][name], answered)
        _copy, again = self._made({name: answered, **more}, fields=[name])
        self.assertEqual(again[name], answered)
        return record

    # --- the table -----------------------------------------------------------------------

    def test_the_model_has_every_type(self):
        """Nothing that Odoo has is missing here."""
        have = {field.type for field in self.env[MODEL]._fields.values()}
        have |= {field.type for field in self.env["api.test.folder"]._fields.values()}
        # base_sparse_field registers one of its own where it is installed
        self.assertEqual(have, set(fields.Field._by_type__) - {"serialized"})

    def test_good_values(self):
        for name, values in GOOD.items():
            for value in values:
                sent, answered = value if isinstance(value, tuple) else (value, value)
                with self.subTest(field=name, sent=str(sent)[:60]):
                    self._assert_comes_back(name, sent, answered)

    def test_what_stands_in_the_database(self):
        """The values as Odoo's own code sees them, not only as they come back."""
        record, _answer = self._made(
            {
                "char": UNICODE,
                "datetime": "2026-11-23T21:43:00+01:00",
                "date": "2026-11-23",
                "binary": base64.b64encode(b"bytes").decode(),
                "float_digits": 1.23456,
                "json": {"a": [1]},
            }
        )
        self.assertEqual(record.char, UNICODE)
        self.assertEqual(record.datetime, datetime(2026, 11, 23, 20, 43))
        self.assertEqual(record.date, date(2026, 11, 23))
        self.assertEqual(record.binary, base64.b64encode(b"bytes"))
        self.assertEqual(record.float_digits, 1.235)
        self.assertEqual(record.json, {"a": [1]})
        self.assertEqual(record.create_uid, self.user)

    def test_bad_values(self):
        """A 400 for each, to create and to write; nothing is made and nothing changes."""
        before = self._count()
        for name, values in BAD.items():
            for value in values:
                for method, params in (("POST", {}), ("PUT", {"id": str(self.record.id)})):
                    with self.subTest(field=name, value=repr(value)[:60], method=method):
                        sent = {"name": "bad", "integer": 1, name: value}
                        self.assertError(self._raw(method, sent, **params), 400, "bad_value")
        self.assertEqual(self._count(), before)
        self.assertEqual((self.record.name, self.record.integer), ("before", 77))

    def test_numbers_that_json_does_not_have(self):
        """NaN and the infinities are no JSON, 1e999 is one and no number that a field can hold."""
        before = self._count()
        for name in ("integer", "float", "float_digits", "monetary", "json", "res_id", "char"):
            for number, code in (
                *(("NaN", "bad_json"), ("Infinity", "bad_json"), ("-Infinity", "bad_json")),
                *(("1e999", "bad_value"), ("-1e999", "bad_value")),
            ):
                with self.subTest(field=name, number=number):
                    response = self._call(
                        "POST",
                        "/api/send_request",
                        self.access,
                        params={"model": MODEL},
                        data=f'{{"values": {{"name": "x", "{name}": {number}}}}}',
                        headers={"Content-Type": "application/json"},
                    )
                    self.assertError(response, 400, code)
        self.assertEqual(self._count(), before)

    @mute_logger("odoo.sql_db")
    def test_refused_values(self):
        """What Odoo or the database refuses is a 422, in words; nothing is written."""
        before = self._count()
        for name, values in REFUSED.items():
            for value in values:
                for method, params in (("POST", {}), ("PUT", {"id": str(self.record.id)})):
                    with self.subTest(field=name, value=repr(value)[:60], method=method):
                        sent = {"name": "refused", "integer": 1, name: value}
                        response = self._raw(method, sent, **params)
                        self.assertError(response, 422, "validation_error")
        self.assertEqual(self._count(), before)
        self.assertEqual((self.record.name, self.record.integer), ("before", 77))

    @mute_logger("odoo.sql_db")
    def test_required_without_default(self):
        response = self._send("POST", MODEL, self.access, {"values": {"char": "x"}})
        self.assertError(response, 422, "validation_error")

    @mute_logger("odoo.sql_db")
    def test_a_text_too_long_for_its_index(self):
        """PostgreSQL cannot index any text, however well it keeps it: a 400, not our failure."""
        text = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(20_000))
        before = self._count()
        self.assertError(self._create({"char_indexed": text}), 400, "bad_value")
        self.assertEqual(self._count(), before)

    def test_kept_by_odoo(self):
        for name in KEPT:
            with self.subTest(field=name):
                self.assertError(self._write(self.record, {name: 2}), 400, "bad_value")

    def test_empty(self):
        """``false`` and ``null`` empty every field; what is answered then is accepted again."""
        kept = {*KEPT, "create_uid", "write_date"}
        needed = {"name", "active", "boolean", "folder_id", "related_written"}
        names = [name for name in self.env[MODEL]._fields if name not in kept | needed]
        self.assertGreater(len(names), 30)
        for empty in (False, None):
            with self.subTest(empty=empty):
                record, answer = self._made(dict.fromkeys(names, empty), fields=names)
                for name in names:
                    self.assertFalse(answer[name], name)
                again = self.assertAnswer(self._write(record, answer, fields=names))["data"]
                again.pop("id")
                self.assertEqual(again, answer)

    # --- references ----------------------------------------------------------------------

    def test_many2one(self):
        pair = [self.partner.id, "Somebody"]
        for name in ("partner_id", "partner_company_id"):
            for sent in (
                self.partner.id,
                pair,
                [self.partner.id, "another name"],
                [self.partner.id, False],
            ):
                with self.subTest(field=name, sent=sent):
                    record = self._assert_comes_back(name, sent, pair)
                    self.assertEqual(record[name], self.partner)

    def test_reference(self):
        for record in (self.partner, self.tags[0]):
            text = f"{record._name},{record.id}"
            with self.subTest(text=text):
                self.assertEqual(self._assert_comes_back("reference", text, text).reference, record)

    def test_many2one_reference(self):
        record = self._assert_comes_back(
            "res_id", self.partner.id, self.partner.id, res_model="res.partner"
        )
        self.assertEqual(record.res_id, self.partner.id)

    def test_x2many_ids(self):
        """A list of ids replaces what is there; the same list again changes nothing."""
        ids = self.tags.ids
        self._assert_comes_back("tag_ids", ids[:2], ids[:2])
        self._assert_comes_back("tag_ids", [], [])
        self._assert_comes_back("tag_ids", [ids[0], ids[0]], [ids[0]])

    def test_many2many_commands(self):
        """Each of the seven."""
        a, b, c = self.tags.ids
        record, answer = self._made({"tag_ids": [[0, 0, {"name": "made"}], [4, a], [4, b, 0]]})
        made = next(iter(set(answer["tag_ids"]) - {a, b}))
        self.assertEqual(sorted(answer["tag_ids"]), sorted([a, b, made]))
        for command, expected in (
            ([1, made, {"name": "renamed"}], [a, b, made]),
            ([3, a], [b, made]),
            ([3, b, 0], [made]),
            ([4, a], [a, made]),
            ([6, 0, [a, c]], [a, c]),
            ([6, False, [c]], [c]),
            ([5], []),
            ([4, made], [made]),
            ([2, made, 0], []),
            ([5, 0, 0], []),
        ):
            with self.subTest(command=command):
                body = self.assertAnswer(
                    self._write(record, {"tag_ids": [command]}, fields=["tag_ids"])
                )
                self.assertEqual(sorted(body["data"]["tag_ids"]), sorted(expected))
                self.env.invalidate_all()
                if command[0] == 1:
                    self.assertEqual(self.env["api.test.tag"].browse(made).name, "renamed")
        self.assertFalse(self.env["api.test.tag"].browse(made).exists())
        self.assertTrue(self.tags.exists())

    def test_one2many_commands(self):
        record, answer = self._made(
            {"line_ids": [[0, 0, {"name": "one", "quantity": 1}], [0, 0, {"name": "two"}]]}
        )
        one, two = answer["line_ids"]
        self.assertEqual(record.line_ids.mapped("name"), ["one", "two"])
        other = self.env["api.test.line"].create({"name": "other"})
        for command, expected in (
            ([1, one, {"quantity": 5}], [one, two]),
            ([4, other.id], [one, two, other.id]),
            ([3, two], [one, other.id]),
            ([6, 0, [two]], [two]),
            ([2, two], []),
            ([6, 0, [one]], [one]),
            ([5], []),
        ):
            with self.subTest(command=command):
                body = self.assertAnswer(
                    self._write(record, {"line_ids": [command]}, fields=["line_ids"])
                )
                self.assertEqual(sorted(body["data"]["line_ids"]), sorted(expected))
        self.env.invalidate_all()
        lines = self.env["api.test.line"]
        self.assertFalse(lines.browse(two).exists(), "command 2 deletes")
        self.assertEqual(lines.browse(one).quantity, 5)
        self.assertTrue(other.exists(), "what leaves the list is not deleted")

    @mute_logger("odoo.sql_db")
    def test_bad_values_below_commands(self):
        """The values of a line are checked like those of the record."""
        before = self._count()
        for values, status, code in (
            ({"name": 5}, 400, "bad_value"),
            ({"name": "x", "quantity": "many"}, 400, "bad_value"),
            ({"name": "x", "no_such_field": 1}, 400, "unknown_field"),
            ({"name": "\ud800"}, 400, "bad_value"),
            ({"quantity": 1}, 422, "validation_error"),
        ):
            with self.subTest(values=repr(values)):
                sent = {"name": "x", "line_ids": [[0, 0, values]]}
                self.assertError(self._raw("POST", sent), status, code)
        self.assertEqual(self._count(), before)

    # --- properties ----------------------------------------------------------------------

    def _folder(self):
        """A folder whose records have one property of each type."""
        names = {"name": "Defined", "properties_definition": DEFINITION}
        body = {"values": names, "fields": ["properties_definition"]}
        data = self.assertAnswer(self._send("POST", FOLDER, self.access, body), 201)["data"]
        return self.env[FOLDER].browse(data["id"]), data["properties_definition"]

    def _sent(self):
        """property → what is sent, what is answered, what Odoo keeps"""
        pair, partner_id = [self.partner.id, "Somebody"], self.partner.id
        link = {"id": partner_id, "display_name": "Somebody"}
        return {
            "flag": [(True, True, True)],
            "count": [(-7, -7, -7), (0, 0, 0)],
            "weight": [(1.5, 1.5, 1.5), (2, 2.0, 2.0)],
            "note": [(UNICODE, UNICODE, UNICODE)],
            "text": [("two\nlines", "two\nlines", "two\nlines")],
            "rich_html": [("<p>x<script>y()</script></p>", "<p>x</p>", "<p>x</p>")],
            "day": [("2026-11-23", "2026-11-23", "2026-11-23")],
            "at": [
                (text, MOMENT, "2026-11-23 20:43:00")
                for text in (MOMENT, "2026-11-23T21:43:00+01:00")
            ],
            "size": [("m", "m", "m")],
            "labels": [(["b", "a"], ["b", "a"], ["b", "a"]), ([], False, False)],
            "owner": [(each, pair, partner_id) for each in (partner_id, pair, link)],
            "others": [([each], [pair], [partner_id]) for each in (partner_id, pair, link)],
        }

    @staticmethod
    def _values(properties):
        return {item["name"]: item.get("value", False) for item in properties}

    def test_properties(self):
        """As an object of names and values, and as the list that is answered: Odoo keeps the same."""
        folder, definition = self._folder()
        for name, cases in self._sent().items():
            for sent, answered, kept in cases:
                with self.subTest(name=name, sent=sent):
                    record, answer = self._made(
                        {"folder_id": folder.id, "properties": {name: sent}}, fields=["properties"]
                    )
                    row = answer["properties"]
                    self.assertEqual(
                        [item["name"] for item in row], [item["name"] for item in definition]
                    )
                    self.assertEqual(self._values(row)[name], answered)
                    self.assertEqual(record.properties._values[name], kept)
                    again = self.assertAnswer(
                        self._write(record, {"properties": row}, fields=["properties"])
                    )
                    self.assertEqual(again["data"]["properties"], row)
                    self.env.invalidate_all()
                    self.assertEqual(record.properties._values[name], kept)
                    _copy, copied = self._made(
                        {"folder_id": folder.id, "properties": row}, fields=["properties"]
                    )
                    self.assertEqual(copied["properties"], row)

    def test_properties_together(self):
        """An object replaces all of them, as in Odoo; the folder may come with them."""
        folder, _definition = self._folder()
        sent = {name: cases[0][0] for name, cases in self._sent().items()}
        record, _answer = self._made({})
        values = {"properties": sent, "folder_id": folder.id}
        data = self.assertAnswer(self._write(record, values, fields=["properties"]))["data"]
        expected = {name: cases[0][1] for name, cases in self._sent().items()}
        self.assertEqual(self._values(data["properties"]), {**expected, "line": False})
        data = self.assertAnswer(
            self._write(record, {"properties": {"note": "x"}}, fields=["properties"])
        )
        filled = {
            name: value for name, value in self._values(data["data"]["properties"]).items() if value
        }
        self.assertEqual(filled, {"note": "x"})
        data = self.assertAnswer(self._write(record, {"properties": False}, fields=["properties"]))[
            "data"
        ]
        self.assertFalse(any(self._values(data["properties"]).values()))

    def test_bad_properties(self):
        """What has another type, or is not defined, is a 400; nothing is written, and no definition changes."""
        folder, definition = self._folder()
        record, _answer = self._made({"folder_id": folder.id, "properties": {"note": "before"}})
        before, kept = self._count(), dict(record.properties._values)
        bad = [
            *({"count": value} for value in ("7", 1.5, 2**31, True)),
            *({"at": value} for value in ("now", 5, "2026-11-23T25:00:00Z")),
            *({"size": value} for value in ("l", 5, ["m"])),
            *({"labels": value} for value in ("a", ["c"], {"a": 1})),
            *({"owner": value} for value in ("7", -1, {"id": "1"}, {"name": 1})),
            *({"others": value} for value in (7, ["7"])),
            *({"note": value} for value in (5, "\x00", "\ud800")),
            *({"rich_html": value} for value in (5, ["<p>"])),
            *(
                {"flag": "yes"},
                {"day": "2026-11-31"},
                {"weight": 1e300},
                {"no_such": 1},
                {"A B": 1},
            ),
            *(5, "x", [1], [[]], True, nested(DEEP + 1)),
            [{**definition[0], "string": "Renamed", "definition_changed": True}],
            [{**definition[0], "definition_deleted": True}],
        ]
        for value in bad:
            for method, params in (("POST", {}), ("PUT", {"id": str(record.id)})):
                with self.subTest(value=repr(value)[:80], method=method):
                    sent = {"name": "bad", "folder_id": folder.id, "properties": value}
                    self.assertError(self._raw(method, sent, **params), 400, "bad_value")
        for value in ({"owner": 2**31 - 1}, {"others": [self.partner.id, 2**31 - 1]}):
            with self.subTest(value=value):
                sent = {"name": "bad", "folder_id": folder.id, "properties": value}
                self.assertError(self._raw("POST", sent), 422, "validation_error")
        self.assertError(self._create({"properties": {"note": "no folder"}}), 400, "bad_value")
        self.assertEqual(self._count(), before)
        self.assertEqual(record.properties._values, kept)
        self.assertEqual(
            [item["string"] for item in folder.properties_definition],
            [item["string"] for item in definition],
        )

    def test_properties_without_a_folder(self):
        """Odoo 19 has models whose properties have one definition for all records, which is computed."""
        self._connect("api.test.note")
        note = self.env["api.test.note"].create({"name": "first"})
        note.properties_base_definition_id.properties_definition = [
            {"name": "at", "string": "At", "type": "datetime"}
        ]
        for respond in (
            lambda values: self._create(values, "api.test.note"),
            lambda values: self._write(note, values),
        ):
            response = respond({"properties": {"at": "2026-11-23T21:43:00+01:00"}})
            data = self.assertAnswer(response, response.status_code)["data"]
            self.env.invalidate_all()
            record = note.browse(data["id"])
            self.assertEqual(record.properties._values, {"at": "2026-11-23 20:43:00"})
            self.assertError(respond({"properties": {"no_such": 1}}), 400, "bad_value")

    def test_properties_below_commands(self):
        """They are loaded like those of the record itself."""
        folder, _definition = self._folder()
        record, _answer = self._made({"folder_id": folder.id})
        moved = {
            "record_ids": [[1, record.id, {"properties": {"at": MOMENT, "owner": self.partner.id}}]]
        }
        self.assertAnswer(self._write(folder, moved))
        self.env.invalidate_all()
        self.assertEqual(
            record.properties._values, {"at": "2026-11-23 20:43:00", "owner": self.partner.id}
        )
        for bad in ({"at": "now"}, {"owner": "x"}, {"no_such": 1}):
            with self.subTest(bad=bad):
                values = {"record_ids": [[1, record.id, {"properties": bad}]]}
                self.assertError(self._write(folder, values), 400, "bad_value")
                values = {
                    "record_ids": [[0, 0, {"name": "x", "folder_id": folder.id, "properties": bad}]]
                }
                self.assertError(self._write(folder, values), 400, "bad_value")

    def test_properties_cost_the_same_for_any_number(self):
        """Names of related records are read once, not once a record."""
        folder, _definition = self._folder()
        partners = self.env["res.partner"].create([{"name": f"p{n}"} for n in range(20)])
        records = self.env[MODEL].create(
            [
                {
                    "name": "many",
                    "folder_id": folder.id,
                    "properties": {"owner": partner.id, "note": "x"},
                }
                for partner in partners
            ]
        )
        counts = []
        for ids in (records.ids[:2], records.ids):
            self.env.flush_all()
            self.env.invalidate_all()
            params = {"fields": ["properties"], "domain": [["id", "in", ids]], "limit": 50}
            self._send("GET", MODEL, self.access, **params)  # warm
            before = self.env.cr.sql_log_count
            self.env.invalidate_all()
            data = self.assertList(self._send("GET", MODEL, self.access, **params))["data"]
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(
                len({self._values(row["properties"])["owner"][1] for row in data}), len(ids)
            )
        self.assertEqual(counts[0], counts[1])

    def test_definition(self):
        """It is answered with the moment of a default in our form, and accepted as it is answered."""
        folder, definition = self._folder()
        self.assertEqual(
            [item["name"] for item in definition], [item["name"] for item in DEFINITION]
        )
        defaults = {item["name"]: item["default"] for item in definition if item.get("default")}
        self.assertEqual(defaults, {"at": MOMENT})
        [kept] = [item for item in folder.properties_definition if item["name"] == "at"]
        self.assertEqual(kept["default"], "2026-11-23 20:43:00")
        values = {"properties_definition": definition}
        again = self.assertAnswer(self._write(folder, values, fields=list(values)))["data"]
        self.assertEqual(again["properties_definition"], definition)

    def test_bad_definition(self):
        folder, definition = self._folder()
        good = {"name": "x", "type": "char", "string": "X"}
        for bad in (
            *(5, "x", {"a": 1}, [1], [[]], [{}], [good, good], nested(DEEP + 1)),
            [{**good, "name": "A b"}],
            [{**good, "type": "no_such"}],
            [{**good, "no_such_key": 1}],
            [{**good, "string": "\x00"}],
            [{**good, "value": "x"}],
            [{**good, "type": "html"}],
            [{**good, "type": "integer", "default": "x"}],
            [{**good, "type": "many2one", "comodel": "no.such.model"}],
            [{**good, "type": "many2one", "comodel": ["res.partner"]}],
            [{**good, "type": "many2one", "comodel": "res.partner", "domain": "f("}],
            [{**good, "type": "selection", "selection": [["a"]]}],
            [{**good, "type": "selection", "selection": [[["a"], "b"]]}],
            [{**good, "type": "tags", "tags": [["a", "A", "red"]]}],
            [{**good, "selection": [["a", "A"]]}],
        ):
            with self.subTest(bad=repr(bad)[:80]):
                response = self._write(folder, {"properties_definition": bad})
                self.assertError(response, 400, "bad_value")
        self.env.invalidate_all()
        self.assertEqual(len(folder.properties_definition), len(definition))

    def test_one_statement_for_each_relation(self):
        """However many records there are, and however deep they lie."""
        folders = self.env[FOLDER].create(
            [
                {
                    "name": f"folder {number}",
                    "record_ids": [
                        (0, 0, {"name": "x", "line_ids": [(0, 0, {"name": "y"})] * number})
                        for _record in range(number)
                    ],
                }
                for number in range(1, 7)
            ]
        )
        lines = {"fields": ["name"], "expand": {"line_ids": ["name"]}}
        counts = []
        for ids in (folders.ids[:1], folders.ids):
            for expand in ({}, {"record_ids": ["name"]}, {"record_ids": lines}):
                params = {"fields": ["name"], "domain": [["id", "in", ids]], "expand": expand}
                self.env.flush_all()
                self._send("GET", FOLDER, self.access, **params)  # warm
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                data = self.assertList(self._send("GET", FOLDER, self.access, **params))["data"]
                counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual([counts[n] - counts[0] for n in range(6)], [0, 1, 2, 0, 1, 2])
        found = {
            row["name"]: [len(record["line_ids"]) for record in row["record_ids"]] for row in data
        }
        self.assertEqual(found["folder 3"], [3, 3, 3])

    # --- what depends on who asks ----------------------------------------------------------

    def test_monetary_is_answered_as_stored(self):
        """Rounded to the currency, already in the answer of the write."""
        yen = self.env["res.currency"].create({"name": "QZJ", "symbol": "q", "rounding": 1.0})
        cent = self.env["res.currency"].create({"name": "QZC", "symbol": "c", "rounding": 0.01})
        for currency, sent, stored in (
            (cent, 12.345, 12.35),
            (cent, 7, 7.0),
            (yen, 12.5, 13.0),
            (yen, -0.4, 0.0),
        ):
            with self.subTest(currency=currency.name, sent=sent):
                record = self._assert_comes_back("monetary", sent, stored, currency_id=currency.id)
                self.assertEqual(record.monetary, stored)
        self._assert_comes_back("monetary", 1.23456, 1.23456)  # no currency, nothing to round to

    def test_company_dependent(self):
        """A value belongs to the caller's company alone."""
        other = self.env["res.company"].create({"name": "Other"})
        record, _answer = self._made({"char_company": "mine"})
        self.assertEqual(record.with_company(self.user.company_id).char_company, "mine")
        self.assertFalse(record.with_company(other).char_company)
        self.user.write({"company_ids": [(4, other.id)], "company_id": other.id})
        answer = self.assertAnswer(
            self._write(record, {"char_company": "other"}, fields=["char_company"])
        )
        self.assertEqual(answer["data"]["char_company"], "other")
        self.env.invalidate_all()
        self.assertEqual(record.with_company(other).char_company, "other")
        self.assertEqual(
            record.with_company(self.env.ref("base.main_company")).char_company, "mine"
        )

    def test_translated(self):
        """It is read and written in the caller's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        record, _answer = self._made({"char_translated": "hello", "text_translated": "world"})
        self.user.lang = "fr_FR"
        values = {"char_translated": "bonjour", "text_translated": "monde"}
        answer = self.assertAnswer(self._write(record, values, fields=list(values)))["data"]
        self.assertEqual({**values, "id": record.id}, answer)
        self.env.invalidate_all()
        self.assertEqual(record.with_context(lang="en_US").char_translated, "hello")
        self.assertEqual(record.with_context(lang="fr_FR").char_translated, "bonjour")
        self.assertEqual(record.with_context(lang="fr_FR").text_translated, "monde")

    def test_datetime_is_utc_in_every_time_zone(self):
        """The user's time zone is for people; a program reads and writes moments."""
        for zone in ("Asia/Tokyo", "America/St_Johns"):
            self.user.tz = zone
            with self.subTest(zone=zone):
                self._assert_comes_back("datetime", MOMENT, MOMENT)

    def test_the_parts_of_a_moment_are_the_users(self):
        """In a condition a day and an hour are those where the user is; a moment is the same everywhere."""
        record, _answer = self._made({"name": "evening", "datetime": MOMENT})
        for zone, day, hour in (
            ("Asia/Tokyo", 24, 5),
            ("America/New_York", 23, 15),
            ("UTC", 23, 20),
        ):
            self.user.tz = zone
            for path, value in (("datetime.day_of_month", day), ("datetime.hour_number", hour)):
                with self.subTest(zone=zone, path=path):
                    domain = [["id", "=", record.id], [path, "=", value]]
                    response = self._send("GET", MODEL, self.access, fields=[], domain=domain)
                    self.assertList(response, total=1)
                    response = self._send(
                        "GET",
                        MODEL,
                        self.access,
                        fields=[],
                        domain=[*domain[:1], [path, "!=", value]],
                    )
                    self.assertList(response, total=0)
            for text, found in (
                (MOMENT, 1),
                ("2026-11-23T20:43:01Z", 0),
                ("2026-11-24T05:43:00+09:00", 1),
            ):
                with self.subTest(zone=zone, text=text):
                    domain = [["id", "=", record.id], ["datetime", ">=", text]]
                    response = self._send("GET", MODEL, self.access, fields=[], domain=domain)
                    self.assertList(response, total=found)

    # --- computed and related ----------------------------------------------------------------

    def test_computed_with_inverse(self):
        record, answer = self._made(
            {"upper": "ABC"}, fields=["upper", "char", "length", "length_stored"]
        )
        self.assertEqual(answer, {"upper": "ABC", "char": "abc", "length": 3, "length_stored": 3})
        self.assertEqual(record.char, "abc")

    def test_related(self):
        """Written where it lives, because that model is open for PUT."""
        folder = self.env["api.test.folder"].create({"name": "old"})
        record, answer = self._made(
            {"folder_id": folder.id}, fields=["related_char", "related_written"]
        )
        self.assertEqual(answer, {"related_char": "old", "related_written": "old"})
        self.assertAnswer(self._write(record, {"related_written": "new"}))
        self.env.invalidate_all()
        self.assertEqual(folder.name, "new")
