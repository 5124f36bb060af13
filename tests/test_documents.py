# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
import re

from odoo.tests import tagged

from ..controllers import dispatcher
from ..tools import openapi, openapi_shared
from .common import JSON_TYPE
from .policy_case import PolicyCase

#: Routes without operations: they answer for what is not there.
NOTHING = {"/api", "/api/nothing"}


@tagged("post_install", "-at_install")
class TestDocument(PolicyCase):
    """``GET /api/openapi.json``: what the caller may use, for whom the setting allows it."""

    def _ask(self, token=None, path="/api/openapi.json", **headers):
        return self._call("GET", path, token, headers=headers)

    def _document(self, token=None, **headers):
        response = self._ask(token, **headers)
        self.assertEqual(response.status_code, 200, response.text[:500])
        self.assertEqual(response.headers["Content-Type"], JSON_TYPE)
        self.assertNotIn("Set-Cookie", response.headers)
        return response.json()

    def _models(self, document):
        found = {path.split("/")[3] for path in document["paths"] if path.startswith("/api/v1/")}
        return {name for name in found if name}

    # --- who may read it -------------------------------------------------------------------

    def test_users(self):
        """By default, every user who can log in, and nobody else."""
        self._document(self.access)
        self._document(self.portal_access)
        response = self._ask()
        self.assertError(response, 401, "missing_token")
        self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        self.assertError(self._ask("nonsense"), 401, "invalid_token")

    def test_managers(self):
        self._set(document_access="managers")
        self._document(self.admin_access)
        self.assertError(self._ask(self.access), 403, "access_denied")
        self.assertError(self._ask(), 401, "missing_token")
        self.user.group_ids |= self.env.ref("jwt_auth_api.group_manager")
        self._document(self.access)

    def test_everybody(self):
        """Without a token, the document has only what is open to every user."""
        self._connect("res.partner", "GET")
        group = self.env.ref("base.group_public") + self.env.ref("base.group_user")
        self._connect("res.country", "GET", group_ids=[(6, 0, group.ids)])
        self._set(document_access="everybody")
        self.assertEqual(self._models(self._document()), {"res.partner"})
        self.assertEqual(self._models(self._document(self.access)), {"res.partner", "res.country"})
        self.assertError(self._ask("nonsense"), 401, "invalid_token")

    # --- what it has -----------------------------------------------------------------------

    def test_is_filtered(self):
        """No closed model, no closed field, no secret."""
        self._connect(
            "res.partner", "GET", read_field_ids=self._fields("res.partner", "name", "ref")
        )
        admins = self.env.ref("base.group_system")
        self._connect("res.country", "GET", group_ids=[(6, 0, admins.ids)])
        with self._hide("res.partner", "ref"):
            document = self._document(self.access)
            fields = document["components"]["schemas"]["ResPartner"]["properties"]
            self.assertEqual(set(fields), {"id", "name"})
            self.assertNotIn("res.country", json.dumps(document))
            document = self._document(self.admin_access)
            self.assertIn("ref", document["components"]["schemas"]["ResPartner"]["properties"])
            self.assertIn("/api/v1/res.country", document["paths"])

    def test_what_code_computes_for_a_user_is_not_shared(self):
        self._connect("res.partner", "GET")
        lang = self._document(self.access)["components"]["schemas"]["ResPartner"]["properties"]
        self.assertNotIn("enum", lang["lang"])
        self.assertIn("enum", lang["type"])

    def test_changes_count_at_once(self):
        connection = self._connect("res.partner", "GET")
        self.assertNotIn("post", self._document(self.access)["paths"]["/api/v1/res.partner"])
        connection.is_post = True
        self.assertIn("post", self._document(self.access)["paths"]["/api/v1/res.partner"])
        connection.active = False
        self.assertEqual(self._models(self._document(self.access)), set())

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        field = self.env["ir.model.fields"]._get("res.partner", "city").with_context(lang="fr_FR")
        field.field_description = "Ville"
        self._connect("res.partner", "GET")

        def label(**headers):
            response = self._ask(self.access, **headers)
            schema = response.json()["components"]["schemas"]["ResPartner"]
            return schema["properties"]["city"]["description"], response.headers["Content-Language"]

        self.assertEqual(label(**{"Accept-Language": "fr"}), ("Ville", "fr-FR"))
        self.assertEqual(label(), ("City", "en-US"))

    def test_every_route(self):
        """The document has the paths and methods of the routing map."""
        self._connect(
            "res.partner",
            action_ids=[(0, 0, {"name": "create_company"})],
        )
        report = self.env["ir.actions.report"].create(
            {"name": "Sheet", "model": "res.partner", "report_name": "base.sheet"}
        )
        self.env["connection.api"].search([]).report_ids = report
        known = {
            (method, re.sub(r"((image|avatar)_\d+|create_company|base\.sheet)", "nothing", path))
            for method, path, _found in openapi.operations(self._document(self.access))
        }
        known = {
            (method, re.sub(r"\{\w+\}", "1", path.replace("{model}", "res.partner")))
            for method, path in known
        }
        routes = {
            (method, route.path)
            for route in self._routes()
            for method in route.methods
            if route.path not in NOTHING
        }
        # actions that are called as a path of the document
        routes -= {("POST", f"/api/v1/res.partner/{name}") for name in ("schema", "groups")}
        self.assertEqual(known, routes)

    def test_every_header(self):
        """Each header that pages of other origins may read or send is described."""
        exposed = {name.strip() for name in dispatcher._EXPOSED_HEADERS.split(",")}
        self.assertEqual(set(openapi_shared.HEADERS), exposed)
        allowed = {name.strip() for name in dispatcher._ALLOWED_HEADERS.split(",")}
        general = {"Authorization", "Content-Type", "Accept", "X-Requested-With", "refreshToken"}
        described = set(openapi_shared.HEADER_PARAMETERS) - {"Content-Language", "Range"}
        self.assertEqual(described, allowed - general)

    def test_cookie_of_the_profile(self):
        def cookie():
            schemes = self._document(self.access)["components"]["securitySchemes"]
            return schemes["refreshCookie"]["name"]

        self.assertEqual(cookie(), "refreshToken")
        self._set(profile="strict")
        self.assertEqual(cookie(), "__Host-refreshToken")

    def test_server(self):
        """The address is the one that the client uses."""
        [server] = self._document(self.access)["servers"]
        self.assertEqual(server["url"], self.base_url())

    # --- what it costs ---------------------------------------------------------------------

    def test_entity_tag(self):
        connection = self._connect("res.partner", "GET")
        response = self._ask(self.access)
        tag = response.headers["ETag"]
        self.assertEqual(response.headers["Cache-Control"], "private, no-cache")
        self.assertIn("Authorization", response.headers["Vary"])
        again = self._ask(self.access, **{"If-None-Match": tag})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(again.headers["ETag"], tag)
        connection.is_delete = True
        changed = self._ask(self.access, **{"If-None-Match": tag})
        self.assertEqual(changed.status_code, 200)
        self.assertNotEqual(changed.headers["ETag"], tag)

    def test_is_made_once(self):
        """Users of the same groups share one document; another one costs its own statements alone."""
        for model in ("res.partner", "res.country", "res.currency", "res.users"):
            self._connect(model)
        other = self._new_user("api-other", "base.group_user,base.group_partner_manager")
        self.assertEqual(self._document(self.access), self._document(self._open(other).access))
        documents = self.env["connection.api.document"]
        kept = documents._kept_documents()
        before = len(kept)
        self._document(self._open(other).access)
        self.assertEqual(len(kept), before)
        with self._statements() as seen:
            self._document(self.access)
        self.assertLess(len(seen), 8, seen)

    def test_parameters_are_refused(self):
        response = self._call("GET", "/api/openapi.json", self.access, params={"model": "x"})
        self.assertError(response, 400, "bad_parameter")
