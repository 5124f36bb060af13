# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import time
from unittest.mock import patch

from odoo.http import Controller, request, root, route
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import tokens
from .common import ApiCase

BASE = "/jwt_auth_api/test"


def _who():
    return {
        "uid": request.env.uid,
        "su": request.env.su,
        "tz": request.env.context.get("tz"),
        "session_uid": request.session.uid,
        "jwt_user": request.jwt.user_id,
        "session": [request.session.db, request.session.debug, request.session.context],
    }


class TestRoutes(Controller):
    """Routes as another addon has them. Odoo imports this package for a test run alone."""

    @route(f"{BASE}/http", type="http", auth="jwt", csrf=False)
    def http(self, **_params):
        return request.make_json_response(_who())

    @route(f"{BASE}/json2", type="json2", auth="jwt", methods=["POST"])
    def json2(self, **_params):
        return _who()

    @route(f"{BASE}/jsonrpc", type="jsonrpc", auth="jwt")
    def jsonrpc(self, **_params):
        return _who()

    @route(f"{BASE}/careless", type="http", auth="jwt", csrf=False, methods=["POST"])
    def careless(self, **_params):
        request.session["touched"] = True  # an endpoint that does not know better
        request.env.user.partner_id.sudo().ref = "JWT"
        return request.make_json_response({"done": True})


@tagged("post_install", "-at_install")
class TestAuthMethod(ApiCase):
    """``@route(auth="jwt")`` on another addon's controller, of each of Odoo's types."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry.clear_cache("routing")
        cls.user.tz = "Europe/Brussels"

    def setUp(self):
        super().setUp()
        self.opened = self._open(self.user)

    def _ask(self, kind, token=None, **options):
        options.setdefault("json", {"params": {}} if kind == "jsonrpc" else {})
        return self._call("POST", f"{BASE}/{kind}", token, **options)

    def _result(self, kind, response):
        self.assertEqual(response.status_code, 200, response.text)
        body = response.json()
        return body["result"] if kind == "jsonrpc" else body

    def assertRefused(self, kind, response, code):
        """401 and our JSON where the type can say so; JSON-RPC has its own form for every error."""
        self.assertNoCookie(response)
        if kind == "jsonrpc":
            self.assertEqual(response.status_code, 200)
            body = response.json()
            self.assertNotIn("result", body)
            self.assertIn("error", body)
        elif code == "missing_token":
            self.assertEqual(response.status_code, 401)
            self.assertErrorBody(response.json(), code)
            self.assertNotIn("error=", response.headers["WWW-Authenticate"])
        else:
            self.assertEqual(response.status_code, 401)
            self.assertErrorBody(response.json(), code)
            self.assertIn('error="invalid_token"', response.headers["WWW-Authenticate"])

    def test_access_token_stands_for_its_user(self):
        """The endpoint runs as the user, without sudo, in the user's time zone, with the claims at hand."""
        for kind in ("http", "json2", "jsonrpc"):
            with self.subTest(kind=kind):
                response = self._ask(kind, self.opened.access)
                self.assertEqual(
                    self._result(kind, response),
                    {
                        "uid": self.user.id,
                        "su": False,
                        "tz": "Europe/Brussels",
                        "session_uid": None,
                        "jwt_user": self.user.id,
                        "session": [self.env.cr.dbname, "", {"lang": "en_US"}],
                    },
                )
                self.assertNoCookie(response)

    def test_scheme(self):
        """Bearer in any case; the prefix is mandatory, other schemes are no token of ours (B1)."""
        for header in ("Bearer {}", "bearer {}", "BEARER {}", "bEaReR   {} "):
            with self.subTest(header=header):
                headers = {"Authorization": header.format(self.opened.access)}
                self._result("http", self._ask("http", headers=headers))
        for header in (
            "{}",
            "Token {}",
            "Bearer",
            "Bearer ",
            "Bearer{}",
            "Bearer {} x",
            "Basic {}",
        ):
            with self.subTest(header=header):
                headers = {"Authorization": header.format(self.opened.access)}
                self.assertRefused("http", self._ask("http", headers=headers), "invalid_token")

    def test_b01_bearer_prefix_is_taken_on_the_data_route(self):
        """As documented: ``Authorization: Bearer <token>``, the scheme in any case."""
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = {"Authorization": f"{scheme} {self.opened.access}"}
            response = self._call("GET", "/api/send_request?model=x&fields=[]", headers=headers)
            self.assertError(response, 404, "model_not_found")
        headers = {"Authorization": self.opened.access}
        response = self._call("GET", "/api/send_request?model=x&fields=[]", headers=headers)
        self.assertInvalidToken(response)

    def test_bad_tokens_are_refused(self):
        """Missing, malformed, expired, logged out."""
        gone = self._open(self.user)
        self.env["jwt.session"]._revoke([("id", "=", gone.session.id)], "logout")
        cases = [
            (None, "missing_token"),
            ("rubbish", "invalid_token"),
            (self._expired(self.opened), "invalid_token"),
            (gone.access, "invalid_token"),
            (self.opened.refresh, "invalid_token"),
        ]
        for kind in ("http", "json2", "jsonrpc"):
            muted = mute_logger("odoo.http")
            for token, code in cases:
                with self.subTest(kind=kind, token=str(token)[:20]), muted:
                    self.assertRefused(kind, self._ask(kind, token), code)

    def test_token_travels_in_the_header_alone(self):
        """A query string, a form and a cookie are no place for it."""
        access = self.opened.access
        asks = [
            {"params": {"access_token": access}},
            {"params": {"token": access}},
            {"data": {"access_token": access}, "json": None},
            {
                "cookies": {
                    "access_token": access,
                    "token": access,
                    "Authorization": f"Bearer {access}",
                }
            },
        ]
        for options in asks:
            with self.subTest(options=list(options)):
                self.assertRefused("http", self._ask("http", **options), "missing_token")
        for params in ({"access_token": access}, {"token": access}):
            response = self._call(
                "GET",
                "/api/send_request",
                params={"model": "res.partner", "fields": "[]", **params},
            )
            self.assertMissingToken(response)

    def test_another_users_session_cookie_is_ignored(self):
        """Token of one, session of another: the token's user, and the session stays as it was."""
        self.authenticate(self.victim.login, None, session_extra={"debug": "1"})
        before = dict(root.session_store.get(self.session.sid))
        for kind in ("http", "json2", "jsonrpc"):
            with self.subTest(kind=kind):
                response = self._ask(kind, self.opened.access)
                result = self._result(kind, response)
                self.assertEqual((result["uid"], result["session_uid"]), (self.user.id, None))
                self.assertEqual(result["session"], [self.env.cr.dbname, "", {"lang": "en_US"}])
                self.assertNoCookie(response)
        self.assertEqual(dict(root.session_store.get(self.session.sid)), before)

    def test_session_cookie_alone_opens_nothing(self):
        """No ambient authority: a browser's session is no token, not even an administrator's."""
        self.authenticate(self.admin.login, None)
        for kind in ("http", "json2", "jsonrpc"):
            with self.subTest(kind=kind), mute_logger("odoo.http"):
                self.assertRefused(kind, self._ask(kind), "missing_token")
                self.assertRefused(kind, self._ask(kind, "rubbish"), "invalid_token")
        self.assertMissingToken(self._send("GET", "res.partner", None, fields=[]))
        self.assertMissingToken(self._post("/api/revoke/token"))
        self.assertMissingToken(self._post("/api/update/refresh-token"))
        self.assertTrue(self.url_open("/web/session/check", json={"params": {}}).ok)

    def test_no_session_is_ever_made(self):
        """No Set-Cookie and no session file, even where the endpoint writes into the session."""
        with patch.object(type(root.session_store), "save", side_effect=AssertionError) as save:
            for kind in ("http", "json2", "jsonrpc", "careless"):
                with self.subTest(kind=kind), mute_logger("odoo.http"):
                    response = self._ask(kind, self.opened.access)
                    self._result(kind, response)
                    self.assertNoCookie(response)
                    self.assertNoCookie(self._ask(kind, "rubbish"))
                    self.assertNoCookie(self._ask(kind))
        save.assert_not_called()
        self.env.invalidate_all()
        self.assertEqual(self.user.partner_id.ref, "JWT")

    def test_other_routes_are_left_alone(self):
        """A web session works as ever beside the addon."""
        self.authenticate(self.user.login, None)
        info = self.make_jsonrpc_request("/web/session/get_session_info")
        self.assertEqual(info["uid"], self.user.id)

    def test_b07_preflight_of_the_data_route(self):
        """A page of an allowed origin may send every method and every header of this API."""
        self._set(cors_origins="https://app.example.com, https://other.example.com/")
        for offered in filter(lambda each: each.methods, self._routes()):
            for origin in ("https://app.example.com", "https://other.example.com"):
                with self.subTest(path=offered.path, origin=origin):
                    response = self._preflight(offered.path, origin)
                    self.assertEqual((response.status_code, response.content), (204, b""))
                    headers = response.headers
                    self.assertEqual(headers["Access-Control-Allow-Origin"], origin)
                    self.assertEqual(headers["Access-Control-Allow-Credentials"], "true")
                    listed = set(headers["Access-Control-Allow-Methods"].split(", "))
                    self.assertLessEqual(offered.methods, listed)
                    allowed = headers["Access-Control-Allow-Headers"].lower().split(", ")
                    for name in ("authorization", "content-type", "refreshtoken", "x-client-type"):
                        self.assertIn(name, allowed)
                    self.assertIn("Origin", headers["Vary"])
                    self.assertNoCookie(response)

    def _preflight(self, path, origin):
        return self._call(
            "OPTIONS",
            path,
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )

    def test_s19_no_origin_is_reflected_unasked(self):
        """Only listed origins get CORS headers, on errors too; ``Vary`` is always there."""
        allowed = "https://app.example.com"
        self._set(cors_origins=allowed)
        strangers = [
            "https://evil.example.com",
            "https://app.example.com.evil.com",
            "http://app.example.com",
            "https://APP.example.com",
            "null",
            "*",
        ]
        for origin in strangers:
            with self.subTest(origin=origin):
                answers = [
                    self._preflight("/api/send_request", origin),
                    self._send("GET", "x", self.opened.access, fields=[]),
                    self._call("GET", "/api/send_request", headers={"Origin": origin}),
                ]
                for response in answers:
                    self.assertFalse(
                        [
                            name
                            for name in response.headers
                            if name.lower().startswith("access-control")
                        ]
                    )
                self.assertIn("Origin", answers[-1].headers["Vary"])
        for token, status in ((None, 401), ("rubbish", 401), (self.opened.access, 400)):
            response = self._call("GET", "/api/send_request", token, headers={"Origin": allowed})
            self.assertEqual(response.status_code, status)
            self.assertEqual(response.headers["Access-Control-Allow-Origin"], allowed)
            self.assertIn("WWW-Authenticate", response.headers["Access-Control-Expose-Headers"])
            self.assertEqual(response.headers["Vary"].count("Origin"), 1)
        self._set(cors_origins="")
        response = self._call("GET", "/api/send_request", headers={"Origin": allowed})
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)

    def test_steady_state_costs_one_query(self):
        """An authenticated call asks the database once whether the session lives, and writes nothing."""
        self.assertTrue(self._is_open(self.opened.access))
        claims = self.env["jwt.session"]
        queries = []
        plain = self.env.cr.execute

        def counted(query, *args, **options):
            queries.append(str(query))
            return plain(query, *args, **options)

        checked = tokens.verify(self.opened.access, self._issuer(), time.time())
        claims._is_alive(checked)
        with patch.object(self.env.cr, "execute", counted):
            self.assertTrue(claims._is_alive(checked))
        self.assertEqual(len(queries), 1)

    def test_forged_token_takes_no_connection_to_the_primary(self):
        """With a replica, a token is verified on the primary, but only one with a right signature."""
        session, access = self.env["jwt.session"], self.opened.access
        head, _dot, signature = access.rpartition(".")
        forged = f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        asked = []

        def on_primary(env):
            asked.append(env)
            return contextlib.nullcontext(env)

        session._authenticate(access)  # the keys are known from here on
        with patch("odoo.addons.jwt_auth_api.models.jwt_session.on_primary", on_primary):
            for text in ("nonsense", forged):
                self.assertFalse(session._may_read_replica(text, tokens.verify))
            self.assertFalse(asked)
            self.assertTrue(session._may_read_replica(access, tokens.verify))
        self.assertEqual(len(asked), 1)
