# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Reads follow what a browser accepts; a write changes the user's own language, or the one that it names."""

from odoo.tests import tagged

from .common import ApiCase

FRENCH = {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.5"}


@tagged("post_install", "-at_install")
class TestLanguageOfAWrite(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("fr_FR", "fr_BE"):
            cls.env["res.lang"]._activate_lang(code)
        cls._connect("res.country")
        cls._connect("res.partner")
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "QX"})
        cls.country.with_context(lang="fr_FR").name = "Pays du test"
        cls.access = cls._open(cls.admin).access
        cls.path = f"/api/v1/res.country/{cls.country.id}"

    def _put(self, values, headers=None, path=None, **params):
        params = {"fields": ["name"], **params}
        body = {"values": values, "fields": params.pop("fields")}
        return self._call(
            "PUT", path or self.path, self.access, json=body, headers=headers, params=params
        )

    def _names(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return tuple(
            self.country.with_context(lang=code).name for code in ("en_US", "fr_FR", "fr_BE")
        )

    def test_what_a_browser_accepts_changes_no_translation(self):
        """The user's own language is written, and answered."""
        response = self._put({"name": "Renamed"}, FRENCH)
        self.assertEqual(self.assertAnswer(response)["data"]["name"], "Renamed")
        self.assertEqual(response.headers["Content-Language"], "en-US")
        self.assertEqual(self._names()[:2], ("Renamed", "Pays du test"))
        self.admin.lang = "fr_FR"
        response = self._put({"name": "Nommé"}, {"Accept-Language": "en"})
        self.assertAnswer(response)
        self.assertEqual(response.headers["Content-Language"], "fr-FR")
        self.assertEqual(self._names()[:2], ("Renamed", "Nommé"))

    def test_reads_follow_what_the_client_accepts(self):
        for headers, params, language, name in (
            (FRENCH, {}, "fr-FR", "Pays du test"),
            ({}, {}, "en-US", "Testland"),
            ({}, {"lang": "fr_FR"}, "fr-FR", "Pays du test"),
            (FRENCH, {"lang": "en"}, "en-US", "Testland"),
            ({"Content-Language": "fr"}, {}, "en-US", "Testland"),  # of a body that a GET has not
        ):
            with self.subTest(headers=headers, params=params):
                response = self._call(
                    "GET",
                    self.path,
                    self.access,
                    headers=headers,
                    params={"fields": '["name"]', **params},
                )
                self.assertEqual(self.assertAnswer(response)["data"]["name"], name)
                self.assertEqual(response.headers["Content-Language"], language)

    def test_a_write_names_its_language(self):
        """By ``Content-Language`` (RFC 9110) or ``lang``, which wins; other languages stay."""
        for number, (headers, params, tag, at) in enumerate(
            (
                ({"Content-Language": "fr-FR"}, {}, "fr-FR", 1),
                ({"Content-Language": "fr"}, {}, "fr-FR", None),
                ({}, {"lang": "fr_BE"}, "fr-BE", 2),
                ({"Content-Language": "en"}, {"lang": "fr-BE"}, "fr-BE", 2),
                ({"Content-Language": "en-US", **FRENCH}, {}, "en-US", 0),
            )
        ):
            with self.subTest(headers=headers, params=params):
                before = self._names()
                name = f"Name {number}"
                response = self._put({"name": name}, headers, **params)
                self.assertEqual(self.assertAnswer(response)["data"]["name"], name)
                language = response.headers["Content-Language"]
                if at is None:  # some French
                    self.assertIn(language, ("fr-FR", "fr-BE"))
                else:
                    self.assertEqual(language, tag)
                    after = self._names()
                    self.assertEqual(after[at], name)
                    self.assertEqual(after[1 - min(at, 1)], before[1 - min(at, 1)])

    def test_a_text_of_another_language_is_a_change_of_the_named_one(self):
        """What is read in French is no change for whoever names no language, and one in English."""
        english, french, _belgian = self._names()
        for headers, params in (({"Content-Language": "en-US"}, {}), ({}, {"lang": "en_US"})):
            with self.subTest(headers=headers, params=params):
                self.assertAnswer(self._put({"name": french}, FRENCH))
                self.assertEqual(self._names()[0], english)
                self.assertAnswer(self._put({"name": french}, {**FRENCH, **headers}, **params))
                self.assertEqual(self._names()[:2], (french, french))
                self.assertAnswer(self._put({"name": english}, {"Content-Language": "en-US"}))

    def test_ones_own_language_among_several(self):
        self.admin.lang = "fr_BE"
        response = self._put({"name": "Belge"}, {"Content-Language": "fr"})
        self.assertAnswer(response)
        self.assertEqual(self._names()[1:], ("Pays du test", "Belge"))

    def test_a_language_that_is_not_installed_is_refused(self):
        """What is meant for one language goes to no other."""
        for headers, params in (
            ({"Content-Language": "de"}, {}),
            ({"Content-Language": "fr-CA"}, {}),
            ({"Content-Language": "fr, en"}, {}),
            ({"Content-Language": "*"}, {}),
            ({}, {"lang": "de_DE"}),
            ({}, {"lang": "\x00"}),
        ):
            with self.subTest(headers=headers, params=params):
                response = self._put({"name": "Never"}, headers, **params)
                self.assertError(response, 400, "bad_parameter")
        response = self._call("GET", self.path, self.access, params={"lang": "xx"})
        self.assertError(response, 400, "bad_parameter")
        self.assertEqual(self._names()[:2], ("Testland", "Pays du test"))

    def test_creation(self):
        """Its first language is that of the write, whatever the browser accepts."""
        body = {"values": {"name": "New", "code": "QZ"}, "fields": ["name"]}
        response = self._post("/api/v1/res.country", body, self.access, headers=FRENCH)
        self.assertEqual(self.assertAnswer(response, 201)["data"]["name"], "New")
        self.assertEqual(response.headers["Content-Language"], "en-US")
        made = self.env["res.country"].browse(response.json()["data"]["id"])
        self.assertEqual(made.with_context(lang="en_US").name, "New")

    def test_what_was_read_in_another_language_is_sent_back(self):
        """It is unchanged for its client, and does not get into the language of the write."""
        params = {"fields": '["name", "code"]'}
        response = self._call("GET", self.path, self.access, headers=FRENCH, params=params)
        row = self.assertAnswer(response)["data"]
        self.assertEqual(row["name"], "Pays du test")
        self.assertAnswer(self._put({**row, "code": "QY"}, FRENCH))
        self.assertEqual(self._names()[:2], ("Testland", "Pays du test"))
        self.assertEqual(self.country.code, "QY")

    def test_errors_are_told_in_what_the_client_accepts(self):
        response = self._put({"nope": 1}, FRENCH)
        self.assertError(response, 400, "unknown_field")
        self.assertEqual(response.headers["Content-Language"], "fr-FR")

    def test_idempotency_key_of_another_language(self):
        body = {"values": {"name": "Once", "code": "QW"}}
        key = {"Idempotency-Key": "language"}
        self.assertAnswer(self._post("/api/v1/res.country", body, self.access, headers=key), 201)
        headers = {**key, "Content-Language": "fr-FR"}
        response = self._post("/api/v1/res.country", body, self.access, headers=headers)
        self.assertError(response, 422, "idempotency_key_reused")


@tagged("post_install", "-at_install")
class TestTranslatedErrors(ApiCase):
    """People read errors and labels in their language; codes are the same in all of them."""

    LANGUAGES = (
        ("fr_FR", "fr", "modèle"),
        ("es_ES", "es", "modelo"),
        ("de_DE", "de", "Modell"),
        ("it_IT", "it", "modello"),
        ("pt_BR", "pt-BR", "modelo"),
        ("nl_NL", "nl", "model"),
        ("ar_001", "ar", "نموذج"),
        ("zh_CN", "zh-CN", "模型"),
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code, _accepted, _word in cls.LANGUAGES:
            cls.env["res.lang"]._activate_lang(code)
        cls.access = cls._open(cls.user).access

    def test_message(self):
        plain = self._unknown_model("en")
        for code, accepted, word in self.LANGUAGES:
            with self.subTest(language=code):
                message = self._unknown_model(accepted)
                self.assertIn(word, message.lower() if code != "de_DE" else message)
                self.assertIn("no.such.model", message)
                self.assertNotEqual(message, plain)

    def _unknown_model(self, accepted):
        response = self._call(
            "GET", "/api/v1/no.such.model", self.access, headers={"Accept-Language": accepted}
        )
        return self.assertError(response, 404, "model_not_found")["message"]

    def test_labels(self):
        """Terms of views and fields are loaded together with a language."""
        module = self.env["ir.module.module"].search([("name", "=", "jwt_auth_api")])
        module._update_translations([code for code, _accepted, _word in self.LANGUAGES])
        field = self.env["ir.model.fields"]._get("connection.api", "read_field_ids")
        labels = {
            field.with_context(lang=code).field_description for code, _a, _w in self.LANGUAGES
        }
        self.assertNotIn(field.with_context(lang="en_US").field_description, labels)
        self.assertEqual(len(labels), len(self.LANGUAGES))
