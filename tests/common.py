# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests share: users, connections, tokens and how to read an answer."""

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import SQL
from odoo.tools.misc import file_path

from ..tools import tokens
from . import statements

JSON_TYPE = "application/json; charset=utf-8"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/130.0.0.0 Safari/537.36"
)
APP = "stock-app/2.1"
#: The package of the addon's controllers, without those of addons for tests and examples.
OUR_CONTROLLERS = "odoo.addons.jwt_auth_api."
#: What stands for the variable parts of a route's path, by name.
PARTS = {"model": "res.partner", "record_id": "1", "session_id": "1"}
#: What no client may ever read: a traceback, a path, a class, SQL.
LEAK = re.compile(r"Traceback|File \"|psycopg2|\bodoo\.|/addons/|/usr/|werkzeug|SELECT |INSERT ")
NO_TRACKING = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "no_reset_password": True,
    "tracking_disable": True,
}


def leave_out_missing_asset(env):
    """Some distributions ship mail without this library: the client's complaint fails a tour."""
    path = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    try:
        file_path(path)
    except FileNotFoundError:
        if env["ir.module.module"]._get("mail").state == "installed":
            env["ir.asset"].create(
                {
                    "name": "left out",
                    "bundle": "web.assets_backend",
                    "directive": "remove",
                    "path": path,
                }
            )


@dataclass(frozen=True)
class Opened:
    """A session made without a login: its record, access token and first refresh token."""

    session: Any
    access: str
    refresh: str


@dataclass(frozen=True)
class Route:
    """A path below `/api` and the methods that it takes; one that takes none answers for what is not there."""

    path: str
    methods: frozenset[str]
    raw: frozenset[str]

    @property
    def writes(self):
        """The methods whose body is read as JSON."""
        return sorted(self.methods - {"GET"} - self.raw)


@tagged("post_install", "-at_install")
class ApiCase(HttpCase):
    """Two internal users (one of them the victim), a portal user, an administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(statements.patcher())
        cls.env = cls.env(context=dict(cls.env.context, **NO_TRACKING))
        cls.user = cls._new_user("api-user", "base.group_user,base.group_partner_manager")
        cls.victim = cls._new_user("api-victim", "base.group_user")
        cls.portal = cls._new_user("api-portal", "base.group_portal")
        cls.admin = cls._new_user("api-admin", "base.group_user,base.group_system")

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env, login, groups, context=NO_TRACKING, password=f"{login}-password", name=login
        )

    @classmethod
    def _connect(cls, model, methods="GET POST PUT DELETE", **values):
        """Open a model for some methods, and shut what another addon may have opened."""
        connections = cls.env["connection.api"].with_context(active_test=False)
        connections.search([("model", "=", model)]).unlink()
        toggles = {f"is_{method.lower()}": True for method in methods.split()}
        return connections.create(
            {"model_id": cls.env["ir.model"]._get_id(model), **toggles, **values}
        )

    @classmethod
    def _open(cls, user, client_type="app"):
        opened = cls.env["jwt.session"]._open(user, client_type, "test", "127.0.0.1")
        session, access, refresh = opened
        return Opened(session, access, str(refresh))

    @classmethod
    def _set(cls, **parameters):
        for name, value in parameters.items():
            cls.env["ir.config_parameter"].set_param(f"jwt_auth_api.{name}", value)

    @classmethod
    def _issuer(cls):
        return cls.env["jwt.signing.key"]._issuer()

    @classmethod
    def _routes(cls):
        """Return the addon's routes below `/api` in Odoo's routing map; those that share a path are one."""
        found = {}
        for rule in cls.env["ir.http"].routing_map().iter_rules():
            is_ours = rule.endpoint.func.__module__.startswith(OUR_CONTROLLERS)
            if is_ours and f"{rule.rule}/".startswith("/api/"):
                path = "".join(
                    PARTS.get(text, "nothing") if is_part else text.lstrip("|")
                    for is_part, text in rule._trace
                )
                methods = frozenset(rule.methods or ()) - {"OPTIONS", "HEAD"}
                raw = frozenset(rule.endpoint.routing.get("raw_body", ()))
                other = found.get(path, Route(path, frozenset(), frozenset()))
                found[path] = Route(path, methods | other.methods, raw | other.raw)
        return list(found.values())

    def setUp(self):
        super().setUp()
        # Odoo's own count of failed logins outlives a test
        failures = getattr(self.registry, "_login_failures", None) or {}
        failures.clear()
        self.addCleanup(lambda: getattr(self.registry, "_login_failures", {}).clear())

    # --- asking --------------------------------------------------------------------------

    def _call(self, method, path, token=None, *, headers=None, agent=APP, **options):
        """One request, as an app unless told otherwise; redirects are never followed."""
        sent = {"User-Agent": agent, **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return self.url_open(path, headers=sent, method=method, allow_redirects=False, **options)

    def _post(self, path, body=None, token=None, **options):
        return self._call("POST", path, token, json={} if body is None else body, **options)

    def _send(self, method, model, token, body=None, **params):
        """``/api/send_request``; parameters that are not text are sent as JSON."""
        query = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        options = {} if body is None else {"json": body}
        return self._call(
            method, "/api/send_request", token, params={"model": model, **query}, **options
        )

    def _v1(self, method, path, token, body=None, headers=None, **params):
        """``/api/v1/…``; parameters that are not text are sent as JSON."""
        query = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        options = {} if body is None else {"json": body}
        return self._call(
            method, f"/api/v1/{path}", token, headers=headers, params=query, **options
        )

    def _walk(self, model, token, limits=(20,), between=None, **params):
        """All pages of a cursor, one after the other, the sizes of ``limits`` in turn; their bodies.

        :param between: called with each body but the last, before the next page is asked for
        """
        pages, cursor = [], ""
        while cursor is not None:
            limit = limits[len(pages) % len(limits)]
            response = self._send("GET", model, token, cursor=cursor, limit=limit, **params)
            body = self.assertAnswer(response)
            self.assertLess(len(pages), 1000, "the cursor never ends")
            self.assertEqual(body["page_size"], limit)
            self.assertEqual(body["count"], len(body["data"]))
            self.assertNotIn("page", body)
            cursor = body.get("next_cursor")
            if cursor is not None:
                self.assertEqual(body["count"], limit)
                if between:
                    between(body)
            pages.append(body)
        return pages

    @staticmethod
    @contextmanager
    def _statements():
        """The SQL statements that are run in the meantime, as a list."""
        seen = []
        execute = Cursor.execute

        def record(cursor, query, *args, **options):
            seen.append(query.code if isinstance(query, SQL) else query)
            return execute(cursor, query, *args, **options)

        with patch.object(Cursor, "execute", record):
            yield seen

    def _is_open(self, token):
        """Whether an access token opens anything."""
        response = self._send("GET", "model.that.is.not.there", token, fields=[])
        self.assertIn(response.status_code, (401, 404))
        return response.status_code == 404

    def _expired(self, opened):
        """The session's access token as it is an hour after it was made."""
        return self._forge(opened, issued=time.time() - 3600, expires=time.time() - 2700)

    def _forge(self, opened, issued=None, expires=None):
        issuer = self._issuer()
        claims = tokens.verify(opened.access, issuer, time.time())
        changed = replace(
            claims,
            issued_at=int(issued or claims.issued_at),
            expires_at=int(expires or claims.expires_at),
        )
        return tokens.sign(changed, issuer)

    # --- reading answers -----------------------------------------------------------------

    def assertAnswer(self, response, status=200):
        """A JSON answer of that status, without a cookie of Odoo's; its body."""
        self.assertEqual(response.status_code, status, response.text[:2000])
        self.assertEqual(response.headers["Content-Type"], JSON_TYPE)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("session_id", response.headers.get("Set-Cookie", ""))
        return response.json()

    def assertError(self, response, status, code):
        """An error of exactly the documented shape, which tells nothing of the server; its body."""
        body = self.assertAnswer(response, status)
        named = {"fields"} if status in (400, 422) and "/api/v1" in response.url else set()
        self.assertErrorBody({key: body[key] for key in body if key not in named}, code)
        self.assertNotIn("Set-Cookie", response.headers)
        for sentences in body.get("fields", {}).values():
            for sentence in sentences:
                self.assertIn(sentence, body["message"])
        return body

    def assertErrorBody(self, body, code):
        self.assertEqual(list(body), ["success", "error", "message"])
        self.assertIs(body["success"], False)
        self.assertEqual(body["error"], code, body["message"])
        self.assertIsInstance(body["message"], str)
        self.assertTrue(body["message"])
        self.assertNotRegex(body["message"], LEAK)

    def assertInvalidToken(self, response, code="invalid_token"):
        """401 with the challenge of RFC 6750 for a token that is no good; its body."""
        body = self.assertError(response, 401, code)
        challenge = response.headers["WWW-Authenticate"]
        self.assertRegex(challenge, r'^Bearer .*error="invalid_token"')
        return body

    def assertMissingToken(self, response):
        """401 with a challenge that names no error, because nothing was sent; its body."""
        body = self.assertError(response, 401, "missing_token")
        challenge = response.headers["WWW-Authenticate"]
        self.assertRegex(challenge, r"^Bearer\b")
        self.assertNotIn("error", challenge)
        return body

    def assertList(self, response, **expected):
        """The list envelope, with exactly its keys; its body."""
        body = self.assertAnswer(response)
        self.assertEqual(
            list(body), ["success", "count", "page", "page_size", "total", "total_pages", "data"]
        )
        self.assertIs(body["success"], True)
        self.assertEqual(body["count"], len(body["data"]))
        self.assertEqual({name: body[name] for name in expected}, expected)
        return body

    # --- cookies -------------------------------------------------------------------------

    @staticmethod
    def _cookie(response, name="refreshToken"):
        """The cookie set by an answer: its value and its attributes by lower-case name, or None."""
        found = [
            header
            for header in response.raw.headers.getlist("Set-Cookie")
            if header.startswith(f"{name}=")
        ]
        if not found:
            return None
        [header] = found
        pair, *attributes = (part.strip() for part in header.split(";"))
        parsed = dict((attribute.partition("=")[::2]) for attribute in attributes)
        return pair.partition("=")[2], {key.lower(): value for key, value in parsed.items()}

    def assertCookie(self, response, longest):
        """The refresh token's cookie with exactly the documented attributes; its value."""
        cookie = self._cookie(response)
        self.assertTrue(cookie, "no cookie")
        value, attributes = cookie
        if expires := attributes.pop("expires", None):  # the same again, for old browsers
            until = parsedate_to_datetime(expires).timestamp()
            self.assertLess(until - time.time(), int(attributes["max-age"]) + 5)
        self.assertEqual(attributes.keys(), {"httponly", "secure", "samesite", "max-age", "path"})
        self.assertEqual(attributes["samesite"], "Lax")
        self.assertEqual(attributes["path"], "/")
        self.assertLessEqual(int(attributes["max-age"]), longest)
        self.assertGreater(int(attributes["max-age"]), longest - 60)
        return value

    def assertNoCookie(self, response):
        self.assertNotIn("Set-Cookie", response.headers)

    # --- looking into the database -------------------------------------------------------

    def _sessions(self, user):
        """The users' sessions as they stand in the database now."""
        self.env.invalidate_all()
        return self.env["jwt.session"].search([("user_id", "in", user.ids)], order="id")

    def _state(self, opened):
        """``revoke_reason`` of a session, False while it lives."""
        self.env.invalidate_all()
        return opened.session.revoke_reason

    def _age(self, refresh, seconds):
        """Let a refresh token have been used that many seconds earlier."""
        self.env.cr.execute(
            "UPDATE jwt_refresh_token SET consumed_at = consumed_at - make_interval(secs => %s)"
            " WHERE selector = %s AND consumed_at IS NOT NULL RETURNING id",
            [seconds, refresh.split(".")[1]],
        )
        self.assertTrue(self.env.cr.fetchone(), "the token has not been used")
