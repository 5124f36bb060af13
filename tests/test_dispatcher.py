# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import gzip
import json
from unittest.mock import patch

import werkzeug.sansio.request
from werkzeug.datastructures import LanguageAccept

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools._vendor.useragents import UserAgentParser

from ..controllers.auth import MAX_BODY_BYTES
from ..engine import reading, write
from .common import ApiCase
from .test_refresh import raise_sql_state

#: A path that a POST alone has: an action, or a record whose id is no number.
ACTION = "/api/v1/res.partner/nothing"
#: Requests that may send files beside their values, as a form (``multipart/form-data``).
TAKE_FORMS = [
    ("POST", "/api/v1/res.partner"),
    ("PUT", "/api/v1/res.partner/1"),
    ("PATCH", "/api/v1/res.partner/1"),
]


@tagged("post_install", "-at_install")
class TestDispatcher(ApiCase):
    """How a request becomes a body and how anything becomes an answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect("res.partner")
        cls.partner = cls.env["res.partner"].create({"name": "Enveloped"})
        cls.opened = cls._open(cls.user)
        # without those that answer for what is not there
        cls.routes = [route for route in cls._routes() if route.methods]
        cls.writes = [(method, route.path) for route in cls.routes for method in route.writes]

    # --- JSON, always --------------------------------------------------------------------

    def test_unknown_paths_are_a_404(self):
        """Of every method, below /api and /api itself; with and without a token."""
        for path in ("/api", "/api/", "/api/nope", "/api/login/x/y", "/api/send_request/1"):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                with self.subTest(path=path, method=method):
                    response = self._call(method, path, self.opened.access)
                    self.assertError(response, 404, "not_found")

    def test_methods_that_nobody_offers_are_json_too(self):
        """Of HTTP, of WebDAV and made up: 405 where another method is open, 404 elsewhere."""
        for method in ("TRACE", "PROPFIND", "LOCK", "FOO"):
            with self.subTest(method=method):
                response = self._call(method, "/api/login")
                self.assertError(response, 405, "method_not_allowed")
                self.assertEqual(response.headers["Allow"], "POST")
                self.assertError(self._call(method, "/api/nothing"), 404, "not_found")
                self.assertError(self._call(method, "/api//nothing"), 404, "not_found")

    def test_wrong_methods_are_a_405(self):
        """With the methods that are open in ``Allow``."""
        for route in self.routes:
            others = {"GET", "PUT", "PATCH", "DELETE"} - route.methods
            if route.path == ACTION:  # where these methods expect the id of a record
                for method in others:
                    response = self._call(method, route.path, self.opened.access)
                    self.assertError(response, 404, "not_found")
                continue
            if not route.path.startswith("/api/v1/"):  # there a POST may be meant for an action
                others |= {"POST"} - route.methods
            for method in others:
                with self.subTest(path=route.path, method=method):
                    response = self._call(method, route.path, self.opened.access)
                    self.assertError(response, 405, "method_not_allowed")
                    self.assertEqual(set(response.headers["Allow"].split(", ")), route.methods)

    def test_wrong_media_types_are_a_415(self):
        """A body that is not JSON by its own words is not looked into."""
        body = json.dumps({"login": self.user.login, "password": f"{self.user.login}-password"})
        for mimetype in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "",
        ):
            for method, path in self.writes:
                is_form = mimetype.startswith("multipart/")
                if is_form and (method, path) in TAKE_FORMS:
                    continue
                with self.subTest(mimetype=mimetype, method=method, path=path):
                    response = self._call(
                        method,
                        path,
                        self.opened.access,
                        data=body,
                        headers={"Content-Type": mimetype},
                    )
                    self.assertError(response, 415, "unsupported_media_type")
        for mimetype in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
            response = self._call(
                "POST", "/api/login", data=body, headers={"Content-Type": mimetype}
            )
            self.assertAnswer(response)

    def test_compressed_bodies_are_a_415(self):
        """Nothing is unpacked, which is said whatever the body is for; an empty one has nothing in it."""
        login = {"login": self.user.login, "password": f"{self.user.login}-password"}
        plain, packed = json.dumps(login).encode(), gzip.compress(json.dumps(login).encode())
        headers = {"Content-Type": "application/json"}
        for coding in ("gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "x"):
            for method, path in self.writes:
                for body in (packed, plain):
                    with self.subTest(coding=coding, method=method, path=path):
                        response = self._call(
                            method,
                            path,
                            self.opened.access,
                            data=body,
                            headers={**headers, "Content-Encoding": coding},
                        )
                        message = self.assertError(response, 415, "unsupported_media_type")[
                            "message"
                        ]
                        self.assertIn("Content-Encoding", message)
                        self.assertEqual(response.headers["Accept-Encoding"], "identity")
        for coding in ("identity", "", "Identity, identity"):
            sent = {**headers, "Content-Encoding": coding}
            self.assertAnswer(self._call("POST", "/api/login", data=plain, headers=sent))
        sent = {"Content-Encoding": "gzip"}
        response = self._call(
            "POST", "/api/revoke/token", self._open(self.user).access, headers=sent
        )
        self.assertEqual(self.assertAnswer(response)["logged_out"], 1)

    def test_compressed_upload_is_a_415(self):
        """Its bytes would be stored as they came, and served without the coding."""
        self._connect("ir.attachment")
        admin = self._open(self.env.ref("base.user_admin"))
        attachment = self.env["ir.attachment"].create({"name": "x", "raw": b"before"})
        response = self._call(
            "PUT",
            f"/api/v1/ir.attachment/{attachment.id}/raw",
            admin.access,
            data=gzip.compress(b"after"),
            headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"},
        )
        self.assertError(response, 415, "unsupported_media_type")
        attachment.invalidate_recordset()
        self.assertEqual(attachment.raw, b"before")

    def test_bad_bodies_are_a_400(self):
        """Not JSON, not an object, nested beyond reason, not text: never a 500."""
        bodies = [
            b"{",
            b"[]",
            b"1",
            b"0",
            b"false",
            b'"x"',
            b'" "',
            b"nope",
            b"\xff\xfe",
            b"[" * 50000,
            b"{" * 9,
        ]
        bodies += [
            b'{"login": NaN}',
            b'{"a":' * 9000 + b"1" + b"}" * 9000,
            b'{"login": "\\ud800"}x',
        ]
        for body in bodies:
            for path in ("/api/login", "/api/send_request?model=res.partner"):
                with self.subTest(body=body[:12], path=path):
                    response = self._call(
                        "POST",
                        path,
                        self.opened.access,
                        data=body,
                        headers={"Content-Type": "application/json"},
                    )
                    self.assertError(response, 400, "bad_json")

    def test_null_and_an_empty_text_are_no_body(self):
        """Some clients send them where they have none; in every method and in an envelope."""
        partner = self.env["res.partner"].create({"name": "Sent without a body"})
        address = f"/api/send_request?model=res.partner&id={partner.id}"
        json_type = {"Content-Type": "application/json"}
        for body in (b"null", b'""', b" null\n", b"\xef\xbb\xbfnull"):
            for method, path in (
                ("POST", "/api/login"),
                ("POST", "/api/send_request?model=res.partner"),
                ("PUT", address),
                ("PATCH", f"/api/v1/res.partner/{partner.id}"),
            ):
                with self.subTest(body=body, method=method, path=path):
                    response = self._call(
                        method, path, self.opened.access, data=body, headers=json_type
                    )
                    self.assertError(response, 400, "bad_value")
        response = self._post("/api/login", {"params": ""})
        self.assertRpcError(response, 400, "bad_value", None)
        for body in ("null", '""'):
            other = self.env["res.partner"].create({"name": "Deleted"})
            path = f"/api/v1/res.partner/{other.id}"
            for method in ("GET", "DELETE"):
                response = self._call(
                    method, path, self.opened.access, data=body, headers=json_type
                )
                self.assertAnswer(response)
            self.assertFalse(other.exists())
        response = self._call(
            "POST", "/api/revoke/token", self.opened.access, data="null", headers=json_type
        )
        self.assertEqual(self.assertAnswer(response)["logged_out"], 1)

    def test_oversized_login_is_a_413(self):
        """A login's body holds two short strings."""
        response = self._post("/api/login", {"login": "x" * 70000, "password": "x"})
        self.assertError(response, 413, "payload_too_large")

    def test_s17_no_exception_leaves_the_server(self):
        """Whatever is raised below: our JSON, the right status, no trace of the inside."""
        secret = "/home/secret/odoo.py SELECT password"
        cases = [
            (ValueError(secret), 500, "server_error"),
            (KeyError(secret), 500, "server_error"),
            (RecursionError(secret), 500, "server_error"),
            (AssertionError(secret), 500, "server_error"),
            (UserError("For a person."), 422, "validation_error"),
            (AccessError("Not you."), 403, "access_denied"),
            (MissingError("Gone."), 404, "not_found"),
        ]
        for exc, status, code in cases:
            failing = patch.object(reading, "read_page", side_effect=exc)
            with self.subTest(exc=type(exc).__name__), failing, mute_logger("odoo.http"):
                response = self._send("GET", "res.partner", self.opened.access, fields=[])
                body = self.assertError(response, status, code)
                self.assertNotIn("secret", response.text)
                if status < 500:
                    self.assertEqual(body["message"], exc.args[0])

    def test_s17_database_errors_keep_their_text(self):
        """PostgreSQL's words, with names of tables and columns, stay in the log."""
        for state, status in (("22003", 400), ("42P01", 500), ("57014", 503), ("XX000", 500)):

            def fail(policy, *_args, state=state):
                raise_sql_state(policy.model.env.cr, state)

            failing = patch.object(reading, "read_page", fail)
            with self.subTest(state=state), failing, mute_logger("odoo.http", "odoo.sql_db"):
                response = self._send("GET", "res.partner", self.opened.access, fields=[])
                self.assertAnswer(response, status)
                self.assertErrorBody(response.json(), response.json()["error"])
                self.assertNotIn("race", response.text)

    # --- JSON-RPC envelopes --------------------------------------------------------------

    def _rpc(self, path, params, token=None, *, method="POST", envelope_id=7, **options):
        body = {"jsonrpc": "2.0", "method": "call", "id": envelope_id, "params": params}
        return self._call(method, path, token, json=body, **options)

    def assertResult(self, response, envelope_id=7):
        body = self.assertAnswer(response)
        self.assertEqual(body.keys(), {"jsonrpc", "id", "result"})
        self.assertEqual((body["jsonrpc"], body["id"]), ("2.0", envelope_id))
        return body["result"]

    def assertRpcError(self, response, status, code, envelope_id=7):
        """HTTP 200; the status is in ``error.code``, the documented error in ``error.data``."""
        body = self.assertAnswer(response)
        self.assertEqual(body.keys(), {"jsonrpc", "id", "error"})
        self.assertEqual((body["jsonrpc"], body["id"]), ("2.0", envelope_id))
        error = body["error"]
        self.assertEqual(error.keys(), {"code", "message", "data"})
        self.assertEqual(error["code"], status)
        self.assertErrorBody(error["data"], code)
        self.assertEqual(error["message"], error["data"]["message"])
        self.assertNoCookie(response)
        return error

    def test_envelope_of_a_login(self):
        """The credentials are in ``params``, the answer in ``result``, the cookie as ever."""
        credentials = {"login": self.user.login, "password": f"{self.user.login}-password"}
        for envelope_id in (7, "seven", 1.5, None):
            with self.subTest(id=envelope_id):
                response = self._rpc(
                    "/api/login",
                    credentials,
                    envelope_id=envelope_id,
                    headers={"X-Client-Type": "browser"},
                )
                result = self.assertResult(response, envelope_id)
                self.assertEqual(list(result), ["token", "refreshToken", "user_id"])
                self.assertEqual(self._cookie(response)[0], result["refreshToken"])
        response = self._rpc("/api/login", {**credentials, "password": "wrong"})
        self.assertRpcError(response, 401, "invalid_credentials")
        self.assertRpcError(self._rpc("/api/login", {}), 400, "bad_value")

    def test_envelope_of_the_token_routes(self):
        """Refreshing, rotating and revoking answer in an envelope, errors included."""
        opened = self._open(self.user)
        access = self._rpc("/api/update/access-token", {"refreshToken": opened.refresh})
        self.assertEqual(list(self.assertResult(access)), ["access_token"])
        body = {"refreshToken": opened.refresh}
        rotated = self._rpc("/api/update/refresh-token", body, opened.access)
        self.assertEqual(list(self.assertResult(rotated)), ["status", "refreshToken"])
        for path in ("/api/update/access-token", "/api/update/refresh-token"):
            response = self._rpc(path, {"refreshToken": "rubbish"}, opened.access)
            self.assertRpcError(response, 401, "invalid_refresh_token")
        revoked = self._rpc("/api/revoke/token", {}, opened.access)
        self.assertEqual(self.assertResult(revoked), {"status": "success", "logged_out": 1})

    def test_envelope_of_a_token_that_is_no_good(self):
        """Also when the request is refused before its body is read: expired, missing, logged out."""
        path = "/api/send_request?model=res.partner"
        expired = self._expired(self.opened)
        for token, code in (
            (expired, "invalid_token"),
            ("rubbish", "invalid_token"),
            (None, "missing_token"),
        ):
            with self.subTest(token=str(token)[:10]):
                response = self._rpc(path, {"values": {"name": "Enveloped too"}}, token)
                self.assertRpcError(response, 401, code)
                self.assertTrue(response.headers["WWW-Authenticate"].startswith("Bearer"))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Enveloped too")]))

    def test_envelope_of_send_request(self):
        """Creating, changing and deleting answer in an envelope with HTTP 200."""
        path = "/api/send_request?model=res.partner"
        params = {"values": {"name": "Enveloped too"}, "fields": ["name"]}
        created = self.assertResult(self._rpc(path, params, self.opened.access))
        self.assertEqual(list(created), ["success", "count", "data"])
        path += f"&id={created['data']['id']}"
        params = {"values": {"name": "Renamed"}, "fields": ["name"]}
        changed = self.assertResult(self._rpc(path, params, self.opened.access, method="PUT"))
        self.assertEqual(changed["data"]["name"], "Renamed")
        deleted = self.assertResult(self._rpc(path, {}, self.opened.access, method="DELETE"))
        self.assertEqual(deleted, {"deleted_id": created["data"]["id"]})
        for method, status, code in (("DELETE", 404, "not_found"), ("PUT", 404, "not_found")):
            response = self._rpc(path, {"values": {}}, self.opened.access, method=method)
            self.assertRpcError(response, status, code)

    def test_envelope_of_errors(self):
        """Each status travels in ``error.code``."""
        path = "/api/send_request?model=res.partner"
        unknown = self._rpc("/api/send_request?model=no.such", {"values": {}}, self.opened.access)
        self.assertRpcError(unknown, 404, "model_not_found")
        response = self._rpc(path, {"values": {"nope": 1}}, self.opened.access)
        self.assertRpcError(response, 400, "unknown_field")
        response = self._rpc(path, {"values": {"parent_id": 2**31 - 1}}, self.opened.access)
        self.assertRpcError(response, 422, "validation_error")
        self.assertRpcError(self._rpc("/api/nope", {}), 404, "not_found")
        self.assertRpcError(self._rpc("/api/login", {}, method="PUT"), 405, "method_not_allowed")
        self.assertRpcError(self._rpc("/api/login", [1]), 400, "bad_json")
        failing = patch.object(write, "create", side_effect=KeyError)
        with failing, mute_logger("odoo.http"):
            response = self._rpc(path, {"values": {}}, self.opened.access)
        self.assertRpcError(response, 500, "server_error")

    def test_params_alone_are_an_envelope(self):
        """As Odoo's own JSON routes take them: clients leave ``"jsonrpc"`` out and read ``result``."""
        credentials = {"login": self.user.login, "password": f"{self.user.login}-password"}
        for rest in ({}, {"id": 7}, {"method": "call", "id": 7}, {"jsonrpc": None, "method": None}):
            with self.subTest(rest=rest):
                response = self._post("/api/login", {**rest, "params": credentials})
                result = self.assertResult(response, rest.get("id"))
                self.assertEqual(list(result), ["token", "refreshToken", "user_id"])
        path = "/api/send_request?model=res.partner"
        params = {"values": {"name": "Enveloped alone"}, "fields": ["name"]}
        created = self.assertResult(self._post(path, {"params": params}, self.opened.access), None)
        self.assertEqual(created["data"]["name"], "Enveloped alone")
        response = self._post(path, {"params": {"values": {"nope": 1}}}, self.opened.access)
        self.assertRpcError(response, 400, "unknown_field", None)
        for token, code in ((None, "missing_token"), ("rubbish", "invalid_token")):
            response = self._post(path, {"params": params}, token)
            self.assertRpcError(response, 401, code, None)

    def test_params_that_were_not_given(self):
        """Null, ``{}`` and ``[]`` are none, with ``"jsonrpc"`` and without."""
        for empty in (None, {}, []):
            for rest in ({}, {"jsonrpc": "2.0"}):
                with self.subTest(params=empty, rest=rest):
                    response = self._post("/api/login", {**rest, "params": empty})
                    self.assertRpcError(response, 400, "bad_value", None)
        self.assertRpcError(self._post("/api/login", {"jsonrpc": "2.0"}), 400, "bad_value", None)
        for wrong in ([1], "x", 1, False):
            with self.subTest(params=wrong):
                response = self._post("/api/login", {"params": wrong})
                self.assertRpcError(response, 400, "bad_json", None)

    def test_what_stands_beside_the_params_does_not_vanish(self):
        """What counts within them alone is refused, in the envelope; an app's own names and nothing pass."""
        path = "/api/send_request?model=res.partner"
        params, before = {"values": {"name": "Beside"}}, self.env["res.partner"].search_count([])
        envelope = {"jsonrpc": "2.0", "id": 7, "params": params}
        for name in ("fields", "feilds", "domain", "filter", "context", "kwargs", "record_id"):
            with self.subTest(name=name):
                response = self._post(path, {**envelope, name: ["name"]}, self.opened.access)
                self.assertRpcError(response, 400, "bad_value")
                self.assertIn(f'"{name}"', response.json()["error"]["message"])
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        opened = self._open(self.user, "browser")
        body = {"jsonrpc": "2.0", "params": {}, "refreshToken": "rubbish"}
        cookies = {"refreshToken": opened.refresh}
        response = self._post("/api/update/access-token", body, cookies=cookies)
        self.assertRpcError(response, 400, "bad_value", None)
        own = {"fields": None, "context": {}, "device": "x", "db": "y", "_": 1}
        created = self._post(path, {**envelope, **own}, self.opened.access)
        self.assertEqual(self.assertResult(created)["count"], 1)

    def test_body_without_envelope_is_answered_without(self):
        """Another key beside ``params``, or another version, and it is a body as any other."""
        for body in (
            {"jsonrpc": "1.0", "params": {}},
            {"params": {}, "values": {}},
            {"id": 7},
            {"method": "call"},
        ):
            with self.subTest(body=body):
                self.assertError(self._post("/api/login", body), 400, "bad_value")

    def test_file_is_no_envelope(self):
        """The bytes of an upload are not looked into, when it is refused either."""
        path = f"/api/v1/res.partner/{self.partner.id}/image_1920"
        body = {"jsonrpc": "2.0", "params": {}}
        for token, code in ((None, "missing_token"), ("rubbish", "invalid_token")):
            response = self._call("PUT", path, token, json=body)
            self.assertEqual(self.assertAnswer(response, 401)["error"], code)
        path = f"/api/v1/res.partner/{self.partner.id}/name"
        response = self._call("PUT", path, self.opened.access, json=body)
        self.assertError(response, 400, "bad_parameter")

    def test_ids_that_are_none(self):
        """What JSON cannot say is not reflected, and a boolean is no id: both are null."""
        for text in ("1e999", "-1e999", "true", "false", "[1]", '{"a": 1}'):
            with self.subTest(id=text):
                response = self._call(
                    "POST",
                    "/api/login",
                    data=f'{{"jsonrpc": "2.0", "id": {text}, "params": {{}}}}',
                    headers={"Content-Type": "application/json"},
                )
                self.assertRpcError(response, 400, "bad_value", None)

    # --- bodies in chunks ----------------------------------------------------------------

    def _chunked(self, method, path, chunks, token=None, mimetype="application/json"):
        """Send a body without ``Content-Length``."""
        headers = {"Content-Type": mimetype} if mimetype else {}
        return self._call(method, path, token, data=iter(chunks), headers=headers)

    def test_chunked_login_beyond_the_limit(self):
        """413, as with ``Content-Length``; not what is wrong with the part that was read."""
        self.assertEqual(MAX_BODY_BYTES, 65536)
        for size, status, code in (
            (MAX_BODY_BYTES, 400, "bad_value"),
            (MAX_BODY_BYTES + 1, 413, "payload_too_large"),
            (2 * MAX_BODY_BYTES, 413, "payload_too_large"),
        ):
            with self.subTest(size=size):
                body = b'{"pad": "%s"}' % (b"x" * (size - 11))
                self.assertEqual(len(body), size)
                response = self._chunked("POST", "/api/login", [body[:9], body[9:]])
                self.assertError(response, status, code)
                response = self._call(
                    "POST", "/api/login", data=body, headers={"Content-Type": "application/json"}
                )
                self.assertError(response, status, code)

    def test_chunked_upload_beyond_the_limit(self):
        """413, and the file stays what it was; one of just the size is stored whole."""
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 100_000)
        attachment = self.env["ir.attachment"].create({"name": "Kept", "raw": b"before"})
        self._connect("ir.attachment")
        admin = self._open(self.admin)
        path = f"/api/v1/ir.attachment/{attachment.id}/raw"
        for size in (100_001, 300_000):
            response = self._chunked("PUT", path, [b"x" * size], admin.access, "text/plain")
            self.assertError(response, 413, "payload_too_large")
            attachment.invalidate_recordset()
            self.assertEqual(attachment.raw, b"before")
        response = self._chunked("PUT", path, [b"x" * 50_000] * 2, admin.access, "text/plain")
        self.assertAnswer(response)
        attachment.invalidate_recordset()
        self.assertEqual(attachment.raw, b"x" * 100_000)

    def test_empty_chunked_body_is_no_body(self):
        """Whatever its type: nothing is not JSON, and it is not a form either."""
        opened = self._open(self.user)
        for mimetype in ("application/json", "text/plain", ""):
            with self.subTest(mimetype=mimetype):
                response = self._chunked("POST", "/api/login", [], None, mimetype)
                self.assertError(response, 400, "bad_value")
                response = self._chunked(
                    "POST", "/api/update/refresh-token", [], opened.access, mimetype
                )
                self.assertInvalidToken(response, "invalid_refresh_token")
        response = self._chunked("POST", "/api/revoke/token", [], opened.access, "")
        self.assertEqual(self.assertAnswer(response), {"status": "success", "logged_out": 1})

    def test_chunked_envelope(self):
        """Refused before it is read too: the client gets an answer in its own form."""
        body = b'{"jsonrpc": "2.0", "id": 7, "params": {}}'
        for path, status, code in (
            ("/api/login", 400, "bad_value"),
            ("/api/send_request?model=res.partner", 401, "missing_token"),
            ("/api/nope", 404, "not_found"),
        ):
            with self.subTest(path=path):
                response = self._chunked("POST", path, [body[:20], body[20:]])
                self.assertRpcError(response, status, code)

    def test_other_transfer_codings_are_refused(self):
        """Nothing could be read, and nothing is no empty body."""
        response = self._call(
            "POST", "/api/revoke/token", self.opened.access, headers={"Transfer-Encoding": "gzip"}
        )
        self.assertError(response, 400, "bad_request")
        self.assertTrue(self._is_open(self.opened.access))

    def test_long_lists_of_languages_are_not_parsed(self):
        """Neither by Odoo nor by us, with and without a token; what browsers send is."""
        self.env["res.lang"]._activate_lang("fr_FR")
        parse = patch.object(werkzeug.sansio.request, "parse_accept_header")
        for header, parsed in (
            ("fr," + "de-DE;q=0.5," * 70, True),
            ("fr," * 20_000, False),
            ("fr;" * 20_000, False),
            ("fr" + "-x" * 500, False),
        ):
            for path, token in (
                ("/api/me", self.opened.access),
                ("/api/me", None),
                ("/api/login", None),
                ("/api/nope", None),
            ):
                with self.subTest(header=header[:12], path=path), parse as parser:
                    parser.return_value = LanguageAccept([("fr", 1)])
                    self._call("GET", path, token, headers={"Accept-Language": header})
                    seen = {call.args[0] for call in parser.call_args_list}
                    self.assertEqual(seen, {header if parsed else None})
        headers = {"Accept-Language": "fr" + ",fr" * 20_000}
        response = self._call("GET", "/api/me", self.opened.access, headers=headers)
        self.assertAnswer(response)

    def test_user_agents_are_cut_before_they_are_parsed(self):
        """Odoo's parser takes time in the square of a row of spaces; and control characters are for no log."""
        seen = []
        parse = UserAgentParser.__call__

        def watch(parser, text):
            seen.append(text)
            return parse(parser, text)

        agent = "x\x1b[31m" + " " * 20_000 + "x"
        token = "v1." + "A" * 86 + "." + "B" * 43
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        with patch.object(UserAgentParser, "__call__", watch):
            self._post("/api/update/access-token", {"refreshToken": token}, agent=agent)
            self.assertAnswer(self._post("/api/login", body, agent=agent))
        self.assertTrue(seen)
        self.assertFalse([text for text in seen if len(text) > 512 or not text.isprintable()])
        session = self.env["jwt.session"].sudo().search([("user_id", "=", self.user.id)], limit=1)
        self.assertTrue(session.user_agent.isprintable())

    # --- routes --------------------------------------------------------------------------

    def test_b16_routes_are_of_no_deprecated_type(self):
        """Each of the addon's routes is of its own type, keeps no session, and writes only where it says."""
        rules = [
            rule
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if rule.rule.startswith("/api") and "jwt" in str(rule.endpoint.routing["type"])
        ]
        self.assertLessEqual({"/api/login", "/api/send_request"}, {rule.rule for rule in rules})
        for rule in rules:
            with self.subTest(rule=rule.rule):
                routing = rule.endpoint.routing
                self.assertEqual(routing["type"], "jwt_api")
                self.assertIs(routing["save_session"], False)
                self.assertIn("readonly", routing)
                nothing = routing["methods"] is None  # any method, to answer that it is not open
                self.assertEqual(nothing, rule.endpoint.__name__.startswith("nothing_here"))

    def test_s18_data_route_takes_no_endless_pages(self):
        """A page, a domain and an expansion each have a limit."""
        for params in (
            {"limit": "1000000"},
            {"domain": json.dumps([["name", "=", "x"]] * 501)},
            {"domain": "[" * 200 + "]" * 200},
        ):
            with self.subTest(params=list(params)):
                response = self._call(
                    "GET",
                    "/api/send_request",
                    self.opened.access,
                    params={"model": "res.partner", "fields": "[]", **params},
                )
                self.assertIn(response.json()["error"], ("bad_parameter", "bad_domain"))
                self.assertAnswer(response, 400)
