# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import json
import time
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import tagged

from ..engine import resource
from ..tools import tokens
from .common import ApiCase
from .resource_case import PNG
from .test_request_log import real_commits

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MODEL = "res.partner"


@tagged("jwt_resources")
class TestLinks(ApiCase):
    """Links to files for those who cannot send a header: for one file, one user, some minutes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect(MODEL, "GET PUT")
        cls.partner, cls.other = cls.env[MODEL].create(
            [{"name": name, "image_1920": base64.b64encode(PNG)} for name in ("Linked", "Other")]
        )
        cls.opened = cls._open(cls.user)
        cls.path = f"/api/v1/{MODEL}/{cls.partner.id}/image_1920"

    def _link(self, path=None, token=None, **options):
        response = self._post(
            f"{path or self.path}/link", None, token or self.opened.access, **options
        )
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["success", "data"])
        self.assertEqual(list(body["data"]), ["url", "expires_in"])
        return body["data"]["url"]

    def _get(self, url, **options):
        """Ask as ``<img>`` does: without a token."""
        return self._call("GET", url, **options)

    def assertDead(self, url, **options):
        body = self.assertError(self._get(url, **options), 404, "not_found")
        self.assertEqual(
            body["message"], "This link has expired or is not valid. Request a new one."
        )

    def _signed(self, url, **changes):
        """The same link with something changed in it, rightly signed."""
        path, signature = url.split("?signature=")
        link = tokens.verify_link(signature, self._issuer(), time.time())
        changed = replace(link, **changes)
        return f"{path}?signature={tokens.sign_link(changed, self._issuer())}"

    def test_link(self):
        """It shows the file to whoever has it, and tells the browser to keep quiet about it."""
        self._set(link_seconds=120)
        response = self._post(f"{self.path}/link", None, self.opened.access)
        self.assertEqual(self.assertAnswer(response)["data"]["expires_in"], 120)
        url = response.json()["data"]["url"]
        self.assertTrue(url.startswith(f"{self.path}/file?signature="))
        response = self._get(url)
        self.assertEqual((response.status_code, response.content), (200, PNG))
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertTrue(response.headers["Content-Disposition"].startswith("inline"))
        private, max_age = response.headers["Cache-Control"].split(", ")
        self.assertEqual(private, "private")
        self.assertIn(int(max_age.removeprefix("max-age=")), range(100, 121))
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertTrue(response.headers["Content-Security-Policy"].startswith("sandbox"))
        self.assertNotIn("Set-Cookie", response.headers)
        response = self._get(url, headers={"If-None-Match": response.headers["ETag"]})
        self.assertEqual((response.status_code, response.content), (304, b""))
        response = self._get(url, headers={"Range": "bytes=1-3"})
        self.assertEqual((response.status_code, response.content), (206, PNG[1:4]))
        self.assertEqual(self._call("HEAD", url).status_code, 200)

    def test_nothing_else_is_asked(self):
        """Neither a token nor a cookie counts beside it: its user alone does."""
        url = self._link()
        victim = self._open(self.victim)
        self.authenticate(self.victim.login, f"{self.victim.login}-password")
        for token in ("rubbish", victim.access):
            self.assertEqual(self._call("GET", url, token).status_code, 200)
        uids, file = [], resource.file

        def spy(policy, *args):
            uids.append((policy.caller.env.uid, policy.caller.env.su))
            return file(policy, *args)

        with patch.object(resource, "file", spy):
            self.assertEqual(self._call("GET", url, victim.access).status_code, 200)
        self.assertEqual(uids, [(self.user.id, False)])

    def test_for_one_file(self):
        """Another record, field, model or path: refused, each with the same answer."""
        url = self._link()
        signed, _dot, proof = url.rpartition(".")
        self._connect("res.users")
        for other in (
            url.replace(f"/{self.partner.id}/", f"/{self.other.id}/"),
            url.replace("image_1920", "image_128"),
            url.replace(MODEL, "res.users"),
            url.replace(f"/{self.partner.id}/", f"/{self.partner.id}.0/"),
            url.replace(f"/{self.partner.id}/", f"/0{self.partner.id}/"),
            f"{signed}.{'B' if proof[0] == 'A' else 'A'}{proof[1:]}",
            url.split("?")[0],
            url.split("?")[0] + "?signature=",
            url.split("?")[0] + "?signature=" + "x" * 5000,
        ):
            with self.subTest(url=other):
                self.assertDead(other)
        self.assertError(self._get(f"{url}&domain=x"), 400, "bad_parameter")
        for method in ("POST", "PUT", "DELETE"):
            self.assertError(self._call(method, url, json={}), 405, "method_not_allowed")

    def test_no_access_token(self):
        """Neither stands for the other, in any place."""
        url = self._link()
        signature = url.split("?signature=")[1]
        for path in (self.path, "/api/me", f"/api/v1/{MODEL}"):
            self.assertInvalidToken(self._call("GET", path, signature))
            self.assertMissingToken(self._get(f"{path}?signature={signature}"))
        response = self._post("/api/update/access-token", {"refreshToken": signature})
        self.assertInvalidToken(response, "invalid_refresh_token")
        response = self._post("/api/revoke/token", {}, signature)
        self.assertInvalidToken(response)
        for token in (self.opened.access, self.opened.refresh):
            self.assertDead(f"{self.path}/file?signature={token}")
        head, payload = (
            json.loads(base64.urlsafe_b64decode(part + "==")) for part in signature.split(".")[:2]
        )
        access = json.loads(base64.urlsafe_b64decode(self.opened.access.split(".")[1] + "=="))
        self.assertEqual(head["typ"], "file-link+jwt")
        self.assertNotEqual(payload["aud"], access["aud"])

    def test_what_is_rightly_signed(self):
        """The helper of the other tests changes nothing by itself."""
        url = self._link()
        self.assertEqual(self._get(self._signed(url)).status_code, 200)
        self.assertDead(self._signed(url, expires_at=int(time.time())))
        self.assertDead(self._signed(url, user_id=self.victim.id))
        self.assertDead(self._signed(url, session="x" * 42))
        self.assertDead(self._signed(url, stamp="x"))
        self.assertDead(self._signed(url, version="x"))
        self.assertDead(self._signed(url, companies=(2**31 - 1,)))

    def test_expires(self):
        self._set(link_seconds=60)
        url, now = self._link(), time.time()
        clock = "odoo.addons.jwt_auth_api.models.jwt_session.time"
        with patch(clock, SimpleNamespace(time=lambda: now + 50)):
            self.assertEqual(self._get(url).status_code, 200)
        with patch(clock, SimpleNamespace(time=lambda: now + 61)):
            self.assertDead(url)

    def test_new_content(self):
        """A link shows what it was made for; other changes of the record do not matter."""
        url = self._link()
        self.partner.ref = "CHANGED"
        self.env.flush_all()
        self.assertEqual(self._get(url).status_code, 200)
        self.partner.image_1920 = base64.b64encode(PNG + b"x")
        self.env.flush_all()
        self.assertDead(url)
        self.partner.image_1920 = False
        self.env.flush_all()
        self.assertDead(url)
        self.partner.unlink()
        self.env.flush_all()
        self.assertDead(url)

    def test_dies_with_its_session(self):
        url = self._link()
        self.opened.session._revoke([("id", "=", self.opened.session.id)], "logout")
        self.assertDead(url)

    def test_dies_with_its_user(self):
        for values in ({"active": False}, {"password": "another-password-1"}):
            with self.subTest(values=values):
                self.user.active = True
                self.env.flush_all()
                opened = self._open(self.user)
                url = self._link(token=opened.access)
                self.assertEqual(self._get(url).status_code, 200)
                self.user.write(values)
                self.env.flush_all()
                self.assertDead(url)

    def test_policy_is_asked_again(self):
        """Method, list of fields, filter, group, connection: what is closed by now is closed for links.

        The response does not tell the holder of the link which of them it was.
        """
        url = self._link()
        name = self.env["ir.model.fields"]._get(MODEL, "name")
        for values in (
            {"is_get": False},
            {"read_field_ids": [name.id]},
            {"domain": "[('name', '=', 'x')]"},
            {"group_ids": [self.env.ref("base.group_system").id]},
            {"active": False},
        ):
            with self.subTest(values=values):
                before = {
                    key: [(6, 0, self.connection[key].ids)]
                    if key.endswith("_ids")
                    else self.connection[key]
                    for key in values
                }
                self.connection.write(values)
                self.env.flush_all()
                self.assertDead(url)
                self.assertError(self._get(f"{url}&domain=x"), 400, "bad_parameter")
                self.assertNotEqual(
                    self._post(f"{self.path}/link", None, self.opened.access).status_code, 200
                )
                self.connection.write({**before, "is_read_limited": False})
                self.env.flush_all()
                self.assertEqual(self._get(url).status_code, 200)

    def test_rights_are_checked_again(self):
        """A user who lost Odoo's own right to the model gets the same response."""
        self.connection.run_as = "user"
        self.env.flush_all()
        url = self._link()
        self.assertEqual(self._get(url).status_code, 200)
        access = self.env["ir.model.access"].search([("model_id.model", "=", MODEL)])
        access.active = False
        self.env.flush_all()
        self.assertDead(url)

    def test_rate_limit(self):
        """It counts for links as for downloads."""
        url = self._link()
        self.connection.rate_limit = 1
        self.env.flush_all()
        self.assertEqual(self._get(url).status_code, 200)
        self.assertError(self._get(url), 429, "too_many_requests")

    def test_who_gets_a_link(self):
        """Whoever may download the file, and nobody else."""
        self.assertMissingToken(self._post(f"{self.path}/link"))
        for path, status, code in (
            (f"/api/v1/{MODEL}/{self.partner.id}/name", 400, "bad_parameter"),
            (f"/api/v1/{MODEL}/{self.partner.id}/nope", 400, "unknown_field"),
            (f"/api/v1/{MODEL}/{2**31 - 1}/image_1920", 404, "not_found"),
            ("/api/v1/no.model/1/image_1920", 404, "model_not_found"),
        ):
            response = self._post(f"{path}/link", None, self.opened.access)
            self.assertError(response, status, code)
        response = self._post(f"{self.path}/link", {"seconds": 10**6}, self.opened.access)
        self.assertError(response, 400, "bad_value")
        response = self._post(f"{self.path}/link?lang=xx", None, self.opened.access)
        self.assertError(response, 400, "bad_parameter")

    def test_types_that_a_browser_executes(self):
        """They are saved, not shown, and cannot run where they are shown all the same."""
        self._connect("ir.attachment", "GET")
        access = self._open(self.admin).access
        for content, mimetype, shown in (
            (SVG, "image/svg+xml", False),
            (b"<html><script>alert(1)</script></html>", "text/html", False),
            (b"<x/>", "application/xhtml+xml", False),
            (b"%PDF-1.4", "application/pdf", False),
            (b"alert(1)", "text/javascript", False),
            (b"text", "text/plain", True),
            (PNG, "image/png", True),
        ):
            with self.subTest(mimetype=mimetype):
                attachment = self.env["ir.attachment"].create(
                    {"name": "file", "raw": content, "mimetype": mimetype}
                )
                # Odoo stores some types as text/plain, but not for everybody
                self.env.cr.execute(
                    "UPDATE ir_attachment SET mimetype = %s WHERE id = %s",
                    [mimetype, attachment.id],
                )
                self.env.invalidate_all()
                url = self._link(f"/api/v1/ir.attachment/{attachment.id}/raw", access)
                response = self._get(url)
                self.assertEqual((response.status_code, response.content), (200, content))
                kind = response.headers["Content-Disposition"].partition(";")[0]
                self.assertEqual(kind, "inline" if shown else "attachment")
                self.assertTrue(response.headers["Content-Security-Policy"].startswith("sandbox"))

    def test_companies_of_the_request(self):
        """A link shows the file in the companies in which it was requested."""
        company = self.env["res.company"].create({"name": "Second"})
        self.user.company_ids += company
        self.connection.run_as = "user"
        self.partner.company_id = company
        self.env.flush_all()
        header = {"X-Odoo-Company": str(company.id)}
        url = self._link(headers=header)
        own = str(self.user.company_id.id)
        for sent in ({}, {"X-Odoo-Company": own}, {"X-Odoo-Company": "x"}):
            self.assertEqual(self._get(url, headers=sent).status_code, 200)
        self.assertDead(self._signed(url, companies=(self.user.company_id.id,)), headers=header)
        self.user.company_ids -= company
        self.env.flush_all()
        self.assertDead(url)

    def test_request_log_has_no_signature(self):
        self.connection.log_requests = True
        self.env.flush_all()
        with real_commits():
            url = self._link()
            self.assertEqual(self._get(url).status_code, 200)
        signature = url.split("?signature=")[1]
        self.env.invalidate_all()
        entries = self.env["connection.api.log"].sudo().search([("model", "=", MODEL)])
        self.assertNotIn(signature, str(entries.read()))
        operations = entries.sorted("id").mapped("operation")
        self.assertEqual(operations, ["link image_1920", "read link image_1920"])
