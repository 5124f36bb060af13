# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from lxml import html

from odoo.tests import tagged

from ..tools.errors import CODES
from ..tools.openapi_shared import NO_RECORD
from .policy_case import PolicyCase

PAGE = "/api/docs"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#: An open model, a closed one, and one that does not exist.
MODELS = ("res.partner", "res.bank", "no.bank")


@tagged("post_install", "-at_install")
class TestDocumentationPage(PolicyCase):
    """``GET /api/docs``: the document as a page, for those who may read it."""

    def _page(self, token=None, path=PAGE, **headers):
        response = self._call("GET", path, token, headers=headers)
        self.assertEqual(response.status_code, 200, response.text[:500])
        self.assertEqual(response.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertNotIn("Set-Cookie", response.headers)
        return html.fromstring(response.text)

    def _models(self, page):
        return [link.get("href") for link in page.xpath("//*[@class='models']//a")]

    def test_without_a_token(self):
        """What is the same for everybody: how to log in, the routes without a model, the errors."""
        self._connect("res.partner")
        page = self._page()
        self.assertEqual(self._models(page), [])
        self.assertNotIn("res.partner", page.get_element_by_id("models").text_content())
        self.assertTrue(page.get_element_by_id("log-in").xpath(".//*[@type='password']"))
        self.assertIn("/api/login", page.get_element_by_id("login").text_content())
        for code in CODES:
            self.assertIn(code, page.get_element_by_id(f"error-{code}").text_content())

    def test_with_a_token(self):
        self._connect("res.partner", "GET")
        self._connect("res.country", group_ids=[(6, 0, self.env.ref("base.group_system").ids)])
        self.assertEqual(self._models(self._page(self.access)), ["/api/docs/res.partner"])
        both = ["/api/docs/res.country", "/api/docs/res.partner"]
        self.assertEqual(self._models(self._page(self.admin_access)), both)

    def test_setting(self):
        self._connect("res.partner", "GET")
        self._set(document_access="everybody")
        self.assertEqual(self._models(self._page()), ["/api/docs/res.partner"])
        self._page(path=f"{PAGE}/res.partner")
        self._set(document_access="managers")
        self.assertEqual(self._models(self._page(self.access)), [])
        self.assertEqual(self._models(self._page(self.admin_access)), ["/api/docs/res.partner"])
        response = self._call("GET", f"{PAGE}/res.partner", self.access)
        self.assertError(response, 403, "access_denied")

    def test_page_of_a_model(self):
        self._connect("res.partner", "GET POST", read_field_ids=self._fields("res.partner", "name"))
        page = self._page(self.access, f"{PAGE}/res.partner")
        operations = [each.get("id") for each in page.xpath("//details[@class='operation']")]
        self.assertIn("listResPartner", operations)
        self.assertNotIn("deleteResPartner", operations)
        name = page.get_element_by_id("field-name").xpath("./td")
        self.assertEqual([name[2].text_content(), name[3].text_content()], ["✓", "✓"])
        email = page.get_element_by_id("field-email").xpath("./td")
        self.assertEqual([email[2].text_content().strip(), email[3].text_content()], ["", "✓"])
        tabs = page.get_element_by_id("listResPartner").xpath(".//*[@class='tabs']/label")
        self.assertEqual(
            [tab.text_content() for tab in tabs], ["curl", "JavaScript", "Python", "Dart", "PHP"]
        )

    def test_closed_and_unknown_models_answer_the_same(self):
        self._connect("res.bank", group_ids=[(6, 0, self.env.ref("base.group_system").ids)])
        closed = self._call("GET", f"{PAGE}/res.bank", self.access)
        unknown = self._call("GET", f"{PAGE}/no.bank", self.access)
        body = self.assertError(closed, 404, "model_not_found")
        other = self.assertError(unknown, 404, "model_not_found")
        self.assertEqual(body["message"].replace("res.bank", "no.bank"), other["message"])
        self.assertError(self._call("GET", f"{PAGE}/res.bank"), 401, "missing_token")
        self.assertError(self._call("GET", PAGE, "nonsense"), 401, "invalid_token")

    def test_browser_without_a_token_may_log_in(self):
        """The page of a model is a form to log in, the same for all models, whether there are such or not."""
        self._connect("res.partner")
        agent = {"Accept": BROWSER}
        found = [self._call("GET", f"{PAGE}/{name}", headers=agent) for name in MODELS]
        for response in found:
            self.assertEqual(response.status_code, 200, response.text[:500])
            self.assertEqual(response.headers["Content-Type"], "text/html; charset=utf-8")
            self.assertIn("Accept", response.headers["Vary"].split(", "))
            self.assertNotIn("res.partner", response.text)
        self.assertEqual(len({response.text for response in found}), 1)
        page = html.fromstring(found[0].text)
        self.assertTrue(page.get_element_by_id("log-in").xpath(".//*[@type='password']"))
        self.assertFalse(page.xpath("//details"))
        again = {**agent, "If-None-Match": found[0].headers["ETag"]}
        self.assertEqual(self._call("GET", f"{PAGE}/no.bank", headers=again).status_code, 304)

    def test_others_without_a_token_may_not_log_in(self):
        """A program gets the error, and so does a token that is wrong or may not read."""
        self._connect("res.partner")
        path = f"{PAGE}/res.partner"
        for accept in (
            "*/*",
            "application/json",
            f"application/json, {BROWSER}",
            f"{BROWSER},{'x' * 999}",
        ):
            response = self._call("GET", path, headers={"Accept": accept})
            self.assertMissingToken(response)
        response = self._call("GET", path, "nonsense", headers={"Accept": BROWSER})
        self.assertError(response, 401, "invalid_token")
        self._set(document_access="managers")
        response = self._call("GET", path, self.access, headers={"Accept": BROWSER})
        self.assertError(response, 403, "access_denied")
        self.assertMissingToken(self._call("GET", path))

    def test_browser_may_log_in_where_everybody_may_read(self):
        """A model that is not open to everybody may be open to whoever logs in."""
        self._connect("res.partner")
        self._connect("res.bank", group_ids=[(6, 0, self.env.ref("base.group_system").ids)])
        self._set(document_access="everybody")
        page = self._page(path=f"{PAGE}/res.partner", Accept=BROWSER)
        self.assertTrue(page.xpath("//details[@id='listResPartner']"))
        agent = {"Accept": BROWSER}
        closed, unknown = (
            self._call("GET", f"{PAGE}/{name}", headers=agent) for name in MODELS[1:]
        )
        self.assertEqual((closed.status_code, closed.text), (200, unknown.text))
        self.assertTrue(html.fromstring(closed.text).get_element_by_id("closed") is not None)
        self.assertError(self._call("GET", f"{PAGE}/res.bank"), 404, "model_not_found")
        response = self._call("GET", f"{PAGE}/res.bank", self.access, headers=agent)
        self.assertError(response, 404, "model_not_found")

    def test_samples_of_files_and_keys(self):
        """Files and reports have samples and a form to send them, bodies a table of their keys."""
        report = self.env["ir.actions.report"].search([("model", "=", "res.partner")], limit=1)
        self._connect("res.partner", "GET POST PUT", report_ids=[(6, 0, report.ids)])
        page = self._page(self.access, f"{PAGE}/res.partner")
        operations = {each.get("id"): each for each in page.xpath("//details[@class='operation']")}
        for name, operation in operations.items():
            self.assertEqual(len(operation.xpath(".//pre")), 5, name)
            self.assertEqual(len(operation.xpath(".//form[@class='try']")), 1, name)
        self.assertIn(
            str(NO_RECORD), page.get_element_by_id("operations").xpath("./p")[0].text_content()
        )
        files = [
            name for name, operation in operations.items() if operation.xpath(".//*[@type='file']")
        ]
        self.assertIn("uploadResPartnerImage1920", files)
        self.assertTrue(all(name.startswith("upload") for name in files), files)
        keys = operations["createResPartner"].xpath(".//table[.//th='Body']//td[1]")
        self.assertEqual(
            [key.text_content().strip() for key in keys], ["values *", "fields", "expand"]
        )
        self.assertIn('{"child_ids": [[0, 0, ', operations["createResPartner"].text_content())

    def test_texts_are_escaped(self):
        """Labels, help texts and descriptions are text, whatever is in them."""
        nasty = "<script>alert(1)</script><b>`x`"
        self.env["ir.model"]._get("res.partner").name = nasty
        field = self.env["ir.model.fields"]._get("res.partner", "city")
        field.field_description = nasty
        self._connect(
            "res.partner", action_ids=[(0, 0, {"name": "create_company", "description": nasty})]
        )
        for path in (PAGE, f"{PAGE}/res.partner"):
            page = self._page(self.access, path)
            scripts = [script.get("src") for script in page.xpath("//script")]
            folder = "/jwt_auth_api/static/documents"
            self.assertEqual(scripts, [f"{folder}/theme.js", f"{folder}/page.js"])
            self.assertIn("<script>alert(1)</script>", page.text_content())

    def test_is_made_once(self):
        """Without a token, a page costs next to nothing, and its address is that of the request."""
        self._page()
        with self._statements() as seen:
            page = self._page()
        self.assertLess(len(seen), 8, seen)
        start = page.get_element_by_id("start").text_content()
        self.assertIn(f"{self.base_url()}/api/login", start)
        self.assertNotIn("origin.invalid", page.text_content())

    def test_policy_of_its_content(self):
        """Nothing but the addon's own files, and nothing inline."""
        response = self._call("GET", PAGE)
        policy = response.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("script-src 'self';", policy)
        self.assertNotIn("unsafe", policy)
        page = html.fromstring(response.text)
        for element in page.iter():
            self.assertFalse({"style", "onclick", "onload"} & set(element.attrib), element.tag)
        self.assertFalse([each for each in page.xpath("//script") if each.text])
        self.assertFalse(page.xpath("//style"))
        for each in page.xpath("//script | //link"):
            path = each.get("src") or each.get("href")
            self.assertTrue(path.startswith("/jwt_auth_api/static/"), path)
            self.assertEqual(self.url_open(path).status_code, 200)

    def test_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        page = self._page(**{"Accept-Language": "ar"})
        self.assertEqual((page.get("lang"), page.get("dir")), ("ar-001", "rtl"))
        page = self._page()
        self.assertEqual((page.get("lang"), page.get("dir")), ("en-US", "ltr"))

    def test_entity_tag(self):
        tag = self._call("GET", PAGE, self.access).headers["ETag"]
        again = self._call("GET", PAGE, self.access, headers={"If-None-Match": tag})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self._connect("res.partner", "GET")
        changed = self._call("GET", PAGE, self.access, headers={"If-None-Match": tag})
        self.assertEqual(changed.status_code, 200)
