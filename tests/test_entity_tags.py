# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..engine.page import read_one
from ..engine.records import reads_itself, with_archived
from ..engine.version import fetch_with_xmin, has_row, version_of
from ..tools import parsing
from .write_case import MODEL, WriteCase


@tagged("post_install", "-at_install")
class TestEntityTags(WriteCase):
    """``ETag``, ``If-None-Match`` and ``If-Match``; hidden records are in ``test_policy_rules``."""

    def _ask(self, method, record, headers=None, body=None, path="", token=None, **params):
        sent = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        if path:
            path = f"/api/v1/{record._name}/{record.id}"
        else:
            path = "/api/send_request"
            sent |= {"model": record._name, "id": str(record.id)}
        options = {} if body is None else {"json": body}
        token = token or self.access
        return self._call(method, path, token, headers=headers, params=sent, **options)

    def _tag(self, record, fields=("name",), **options):
        response = self._ask("GET", record, fields=list(fields), **options)
        self.assertAnswer(response)
        return response.headers["ETag"]

    def test_single_records_have_one(self):
        """Quoted and strong, the same while nothing changes; a list has none."""
        record = self.partners[0]
        for path in ("", "v1"):
            with self.subTest(path=path):
                tag = self._tag(record, path=path)
                self.assertRegex(tag, r'^"[0-9a-f]{16}\.[0-9a-f]{16}"$')
                self.assertEqual(self._tag(record, path=path), tag)
        response = self._send("GET", MODEL, self.access, fields=["name"])
        self.assertNotIn("ETag", response.headers)
        body = {"values": {"name": "New"}, "fields": ["name"]}
        response = self._send("POST", MODEL, self.access, body)
        row = self.assertAnswer(response, 201)["data"]
        version = self._tag(self.env[MODEL].browse(row["id"])).partition(".")[0]
        self.assertEqual(response.headers["ETag"].partition(".")[0], version)

    def test_not_modified(self):
        """304 without a body while the answer is the same; the tag, and CORS, are there all the same."""
        self._set(cors_origins="https://shop.example")
        record, origin = self.partners[0], {"Origin": "https://shop.example"}
        tag = self._tag(record)
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            for method in ("GET", "HEAD"):
                with self.subTest(known=known, method=method):
                    response = self._ask(
                        method, record, {"If-None-Match": known, **origin}, fields=["name"]
                    )
                    self.assertEqual((response.status_code, response.content), (304, b""))
                    self.assertEqual(response.headers["ETag"], tag)
                    self.assertEqual(
                        response.headers["Access-Control-Allow-Origin"], "https://shop.example"
                    )
                    exposed = response.headers["Access-Control-Expose-Headers"]
                    self.assertIn("ETag", exposed.split(", "))
                    self.assertNotIn("Set-Cookie", response.headers)
        for known in ('"x"', tag.replace(".", ""), tag[:-2] + '"', tag.strip('"'), ""):
            with self.subTest(known=known):
                response = self._ask("GET", record, {"If-None-Match": known}, fields=["name"])
                self.assertAnswer(response)

    def test_changes_with_what_is_answered(self):
        """Other fields, another value, another language, a related record, nulls: another tag."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.country.with_context(lang="fr_FR").name = "Bulkie"
        record = self.partners[0]
        record.country_id = self.country
        fields = ["name", "country_id"]
        seen = [self._tag(record, fields)]
        seen.append(self._tag(record, ["name"]))
        seen.append(self._tag(record, ["name", "email"]))
        seen.append(self._tag(record, ["name", "email"], nulls=1))
        seen.append(self._tag(record, fields, headers={"Accept-Language": "fr"}))
        seen.append(self._tag(record, fields, expand={"country_id": ["name"]}))
        self.country.name = "Bulkonia"
        self.env.flush_all()
        seen.append(self._tag(record, fields))
        self._ask("PUT", record, body={"values": {"ref": "elsewhere"}})
        seen.append(self._tag(record, fields))
        self.assertEqual(len(set(seen)), len(seen))
        known = {"If-None-Match": seen[0]}
        self.assertAnswer(self._ask("GET", record, known, fields=fields))

    def test_writes_answer_the_next_one(self):
        """The tag of a PUT's answer guards the next PUT; the one before does no more."""
        record = self.partners[0]
        tag = self._tag(record)
        for number in range(3):
            body = {"values": {"ref": f"V{number}"}, "fields": ["ref"]}
            response = self._ask("PUT", record, {"If-Match": tag}, body)
            self.assertAnswer(response)
            again = self._ask("PUT", record, {"If-Match": tag}, {"values": {"ref": "BAD"}})
            self.assertError(again, 412, "precondition_failed")
            self.assertNotEqual(response.headers["ETag"], tag)
            tag = response.headers["ETag"]
        self.assertEqual(self._count(ref="V2"), 1)
        stale = self._ask("DELETE", record, {"If-Match": '"x"'})
        self.assertError(stale, 412, "precondition_failed")
        self.assertAnswer(self._ask("DELETE", record, {"If-Match": tag}))
        self.assertFalse(record.exists())

    def test_any_fields_guard_any_write(self):
        """A tag got with one set of fields, on one spelling, is good on the other."""
        record = self.partners[0]
        self.env["res.lang"]._activate_lang("fr_FR")
        tags = [
            lambda: self._tag(record, []),
            lambda: self._tag(record, ["email"], nulls=1),
            lambda: self._tag(record, path="v1"),
            lambda: self._tag(record, headers={"Accept-Language": "fr"}),
            lambda: self._tag(record, expand={"bank_ids": []}),
        ]
        for number, tag in enumerate(tags):
            for path in ("", "v1"):
                with self.subTest(number=number, path=path):
                    body = {"values": {"ref": f"{number}{path}"}}
                    response = self._ask("PUT", record, {"If-Match": tag()}, body, path)
                    self.assertAnswer(response)
        self.assertEqual(self._count(ref="4v1"), 1)

    def test_a_changed_record_is_not_overwritten(self):
        """Whoever changed it, and whichever field: 412, and the other's change stays."""
        record = self.partners[0]
        for path in ("", "v1"):
            for method in ("PUT", "DELETE"):
                tag = self._tag(record)
                other = self._ask("PUT", record, None, {"values": {"ref": f"other {method}{path}"}})
                self.assertAnswer(other)
                body = {"values": {"name": "Mine"}} if method == "PUT" else None
                response = self._ask(method, record, {"If-Match": tag}, body, path)
                self.assertError(response, 412, "precondition_failed")
                self.assertEqual(self._count(ref=f"other {method}{path}", name="Bulk 0"), 1)

    def test_records_that_inherit(self):
        """A user is another one when its contact has been changed, too."""
        self._connect("res.users")
        token = self._open(self.admin).access
        tag = self._tag(self.victim, ["login"], token=token)
        self.assertEqual(self._tag(self.victim, ["login"], token=token), tag)
        partner = self.victim.partner_id
        change = {"values": {"ref": "changed"}}
        self.assertAnswer(self._ask("PUT", partner, None, change, token=token))
        changed = self._tag(self.victim, ["login"], token=token)
        self.assertNotEqual(changed, tag)
        body = {"values": {"email": "v@example.com"}}
        response = self._ask("PUT", self.victim, {"If-Match": tag}, body, token=token)
        self.assertError(response, 412, "precondition_failed")
        response = self._ask("PUT", self.victim, {"If-Match": changed}, body, token=token)
        self.assertAnswer(response)
        self.env.invalidate_all()
        self.assertEqual((partner.ref, partner.email), ("changed", "v@example.com"))

    def test_several_records(self):
        """``If-Match`` is for one record; with several it is refused, not passed over."""
        tag = self._tag(self.partners[0])
        headers = {"If-Match": tag}
        bodies = [("PUT", {"json": {"records": self._items({"ref": "BAD"})}}, {})]
        bodies.append(("DELETE", {}, {"ids": json.dumps(self.partners.ids)}))
        for method, options, params in bodies:
            with self.subTest(method=method):
                response = self._call(
                    method,
                    "/api/send_request",
                    self.access,
                    headers=headers,
                    params={"model": MODEL, **params},
                    **options,
                )
                self.assertError(response, 400, "bad_request")
        self.assertEqual(self._count(ref="BULK"), 4)

    def test_none_match_does_nothing_on_a_write(self):
        record = self.partners[0]
        tag = self._tag(record)
        response = self._ask("PUT", record, {"If-None-Match": tag}, {"values": {"ref": "written"}})
        self.assertAnswer(response)
        self.assertEqual(self._count(ref="written"), 1)

    def test_version_comes_with_the_row(self):
        """One statement reads a record and its version; each record that it delegates to takes one more."""
        users = self._connect("res.users")
        users.run_as = "sudo"
        for record, expected in ((self.partners[0], 1), (self.user, 2)):
            policy = self.env["connection.api"].with_user(self.user)._resolve(record._name, "GET")
            asked = parsing.parse_get(
                {"fields": '["create_date"]'}, 1000, record_id=record.id, page_name="page"
            )
            self.env.flush_all()
            for _again in range(2):  # the first fills what is cached for the registry
                self.env.invalidate_all()
                with self.subTest(model=record._name), self._statements() as statements:
                    _row, _faults, version = read_one(policy, asked)
            # a record rule may read the user's companies
            own = [each for each in statements if 'FROM "res_company"' not in each]
            self.assertEqual(len(own), expected, own)
            self.assertEqual(version, version_of(record))

    def test_every_model_reads_the_same_with_its_version(self):
        """Values as Odoo reads them, and the version of the row, of a record of every model that has a table."""
        self.env.flush_all()
        compared = set()
        for name in sorted(self.env.registry):
            model = with_archived(self.env[name].sudo(), True)
            if not has_row(model) or reads_itself(model):
                continue
            found = model.search([], limit=1, order="id")
            names = [
                each.name
                for each in model._fields.values()
                if each.store and each.column_type and each.name != "id"
            ]
            if not found or not names:
                continue
            with self.subTest(model=name):
                self.env.invalidate_all()
                expected = found.read(names, load=None)
                self.env.invalidate_all()
                query = model._search(Domain("id", "=", found.id), limit=1)
                record, xmin = fetch_with_xmin(model, query, names)
                with self._statements() as statements:
                    values = record.read(names, load=None)
                self.assertEqual(values, expected)
                self.assertEqual(version_of(record, xmin=xmin), version_of(found))
                read_again = [each for each in statements if f'FROM "{model._table}"' in each]
                self.assertFalse(read_again)
                compared.add(name)
        self.assertGreater(len(compared), 30)

    def test_version_reads_nothing_of_the_record(self):
        """What a caller may not read stays out of the cache, which the caller's environment shares."""
        user = self.user.with_user(self.user)
        for lock in (False, True):
            with self.subTest(lock=lock):
                self.env.flush_all()
                self.env.invalidate_all()
                version_of(user, lock)
                cached = [
                    name
                    for name, field in user._fields.items()
                    if user.id in field._get_cache(user.env)
                ]
                self.assertFalse(cached)

    def test_model_of_a_query(self):
        """Its records have no row; its table may have another one's name."""
        model = self.env["res.country.group"]
        query = SQL(
            "SELECT id, name, create_uid, create_date, write_uid, write_date FROM res_country_group"
        )
        with patch.object(type(model), "_table_query", query):
            self.assertFalse(has_row(model))
            self.assertEqual(version_of(model.search([], limit=1)), "0")

    def test_a_record_that_is_not_found_has_no_version(self):
        model = self.env[MODEL]
        for domain in (Domain.FALSE, Domain("id", "=", 2**31 - 1)):
            with self.subTest(domain=domain):
                found = fetch_with_xmin(model, model._search(domain, limit=1), ["name"])
                self.assertEqual(found, (model.browse(), None))
