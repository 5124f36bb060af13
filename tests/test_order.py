# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import random

from odoo.tests import tagged

from .read_case import ReadCase


@tagged("post_install", "-at_install")
class TestOrder(ReadCase):
    """``order``; every type of field is sorted in ``jwt_auth_api_test``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        countries = cls.env["res.country"].create(
            [
                {"name": name, "code": f"Q{code}"}
                for name, code in zip(("Cz", "Az", "Bz", "By"), "1234", strict=True)
            ]
        )
        for country, name in zip(countries, ("Wa", "Yy", "Xz", "Xx"), strict=True):
            country.with_context(lang="fr_FR").name = name
        cls.countries = countries
        dice = random.Random(3)
        parents = cls.env["res.partner"].create(
            [{"name": name, "ref": "ORDER"} for name in ("Same", "Same", "Other", "other", "Éther")]
        )
        cls.partners = parents | cls.env["res.partner"].create(
            [
                {
                    "name": dice.choice(["x", "X", "x y", "xy", "é", "z"]),
                    "ref": "ORDER",
                    "parent_id": dice.choice([False, *parents.ids]),
                    "country_id": dice.choice([False, *countries.ids]),
                    "color": dice.choice([False, 1, 2]),
                    "partner_latitude": dice.choice([0, 1.5, -1.5]),
                    "is_company": dice.choice([True, False]),
                    "active": dice.random() > 0.1,
                }
                for _partner in range(40)
            ]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE res_partner SET is_company = NULL WHERE id IN %s", [tuple(cls.partners[:9].ids)]
        )
        cls.env.invalidate_all()

    def _sorted(self, model, domain, order, **context):
        model = self.env[model].with_user(self.user).sudo().with_context(lang="en_US", **context)
        return model.search(domain, order=order).ids

    def test_newest_first_without_an_order(self):
        """And whatever is equal is told apart by its id, newest first."""
        domain = [["ref", "=", "ORDER"]]
        found = self._ids(self._get(domain=domain, limit=1000))
        self.assertEqual(found, sorted(found, reverse=True))
        for order, full in (
            ("ref", "ref, id desc"),
            ("ref desc", "ref desc, id desc"),
            ("ref,id", "ref, id"),
            ("  ref   ASC ,  id   Desc ", "ref asc, id desc"),
            ("ref, ref desc", "ref, id desc"),
            ("", "id desc"),
            (" ", "id desc"),
        ):
            with self.subTest(order=order):
                found = self._ids(self._get(domain=domain, limit=1000, order=order))
                self.assertEqual(found, self._sorted("res.partner", domain, full))

    def test_order_is_odoos_own(self):
        """Random orders of contacts: a many2one by the order of its model, NULL where Odoo puts it."""
        names = "name ref parent_id country_id color partner_latitude is_company type id".split()
        names += ["create_date", "active", "state_id", "industry_id"]
        domain, dice = [["ref", "=", "ORDER"]], random.Random(5)
        orders = [[(name, way)] for name in names for way in ("asc", "desc")]
        orders += [
            [
                (name, dice.choice(["asc", "desc"]))
                for name in dice.sample(names, dice.randint(2, 5))
            ]
            for _order in range(40)
        ]
        for terms in orders:
            order = ", ".join(map(" ".join, terms))
            full = order if "id" in dict(terms) else f"{order}, id desc"
            expected = self._sorted("res.partner", domain, full)
            with self.subTest(order=order):
                found = self._ids(self._get(domain=domain, limit=1000, order=order))
                self.assertEqual(found, expected)
                pages = self._walk(
                    "res.partner",
                    self.access,
                    [dice.choice([4, 11, 30])],
                    fields=[],
                    domain=domain,
                    order=order,
                )
                found = [row["id"] for body in pages for row in body["data"]]
                self.assertEqual(found, expected)

    def test_inherited_fields(self):
        """Users are sorted by the name of their contact, for administrators and as the user alike."""
        for run_as in ("sudo", "user"):
            self._connect("res.users", "GET", run_as=run_as)
            for user in (self.user, self.admin):
                token = self._open(user).access
                for order in ("name", "name desc", "email, login desc", "partner_id desc, login"):
                    model = self.env["res.users"].with_user(user)
                    if run_as == "sudo" and user == self.admin:
                        model = model.sudo()
                    expected = model.search([], order=f"{order}, id desc").ids
                    with self.subTest(run_as=run_as, user=user.login, order=order):
                        response = self._get("res.users", token, order=order, limit=1000)
                        self.assertEqual(self._ids(response), expected)
                        pages = self._walk("res.users", token, [2], fields=["name"], order=order)
                        found = [row["id"] for body in pages for row in body["data"]]
                        self.assertEqual(found, expected)

    def test_translated_names_in_the_users_language(self):
        """Of the records themselves, and of those that a many2one sorts by."""
        domain = [["id", "in", self.countries.ids]]
        english = self._ids(self._get("res.country", domain=domain, order="name"))
        self.user.lang = "fr_FR"
        french = self._ids(self._get("res.country", domain=domain, order="name"))
        one, two, three, four = self.countries.ids
        self.assertEqual(english, [two, four, three, one])
        self.assertEqual(french, [one, four, three, two])
        domain = [["ref", "=", "ORDER"], ["country_id", "in", self.countries.ids]]
        found = self._ids(self._get(domain=domain, order="country_id", limit=1000))
        expected = self._sorted("res.partner", domain, "country_id, id desc")
        self.assertNotEqual(found, expected)
        model = self.env["res.partner"].with_user(self.user).sudo().with_context(lang="fr_FR")
        self.assertEqual(found, model.search(domain, order="country_id, id desc").ids)

    def test_mistakes(self):
        """Names that are none, words that are none, what does not sort, too much of it."""
        unknown = ["nope", "name, nope desc", "__class__", "country_id.name", "name:count", "id.id"]
        for order in unknown:
            with self.subTest(order=order):
                self.assertError(self._get(order=order), 400, "unknown_field")
        bad = [
            "name descending",
            "name nulls first",
            "name;",
            "(name)",
            "name asc asc",
            ",",
            "name,",
        ]
        bad += [
            "child_ids",
            "category_id",
            "image_1920",
            "display_name",
            "commercial_company_name.x",
        ]
        bad += ["name DESC; DROP TABLE x", "1", "na me", "name\x00", "\ud800", "[]", '{"a": 1}']
        for order in bad:
            with self.subTest(order=order):
                response = self._get(order=order.encode("utf-8", "surrogatepass").decode("latin-1"))
                self.assertEqual(response.status_code, 400, response.text)
                self.assertIn(response.json()["error"], ("bad_parameter", "unknown_field"))
        many = ", ".join(sorted(self.env["res.partner"].fields_get(attributes=["type"]))[:11])
        self.assertError(self._get(order=many), 400, "bad_parameter")
