# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
import time
from functools import partialmethod
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo.tests import tagged
from odoo.tests.test_cursor import TestCursor
from odoo.tools import mute_logger

from ..controllers import dispatcher
from ..controllers.dispatcher import ApiDispatcher
from ..tools import tokens
from ..tools.errors import ApiError
from .common import JSON_TYPE, LEAK, ApiCase
from .test_refresh import raise_sql_state

LINK = "/api/v1/res.partner/1/nothing/file"
SECRET = "/home/secret/odoo.py SELECT password"
#: Where a request can fail: of ``ir.http`` and of the dispatcher.
STAGES = ["_match", "_authenticate", "_pre_dispatch", "_dispatch", "_post_dispatch"]
STEPS = ["pre_dispatch", "dispatch", "post_dispatch", "_decode"]
#: What the response to an error needs beside the error.
HELPERS = ["_translate", "_common_headers", "allowed_origins", "_look_for_envelope", "refuse"]
MUTED = ["odoo.http", "odoo.sql_db", "werkzeug", dispatcher.__name__]


def _raise(exc):
    raise exc


def _raising(kind, *arguments):
    """Return a function that raises a new exception each time: one that is raised again keeps all its frames."""

    def fail(*_args, **_kwargs):
        raise kind(*arguments)

    return fail


def _raise_state(cr, pgcode):
    raise_sql_state(cr, pgcode)


@tagged("post_install", "-at_install")
class TestFailures(ApiCase):
    """Whatever fails, and wherever: JSON with a true status, for every route below ``/api``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        claims = tokens.verify(cls.access, cls._issuer(), time.time())
        cls.link = cls.env["jwt.session"]._sign_link(claims, LINK, "sum", ())[0]
        cls.routes = [(route.path, min(route.methods or {"GET"})) for route in cls._routes()]

    def setUp(self):
        super().setUp()
        quiet = mute_logger(*MUTED)
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def assertFailure(self, response, status=500, code="server_error"):
        self.assertEqual(response.status_code, status, response.text[:500])
        self.assertEqual(response.headers["Content-Type"], JSON_TYPE)
        self.assertErrorBody(response.json(), code)
        self.assertNotRegex(response.text, LEAK)

    def _walk_routes(self, status, code):
        """Send a request to each route; it fails as told, unless it was refused before.

        :return: how many have failed
        """
        found = 0
        for path, method in self.routes:
            headers = {"Origin": "https://a.example"}
            with self.subTest(path=path, method=method):
                params = {"signature": self.link} if path == LINK else None
                response = self._call(method, path, self.access, headers=headers, params=params)
                if response.status_code in (400, 401, 404) and response.status_code != status:
                    self.assertFailure(response, response.status_code, response.json()["error"])
                else:
                    self.assertFailure(response, status, code)
                    found += 1
        return found

    def test_routes_are_all_there(self):
        """What the other tests of this class walk over."""
        paths = {path for path, _method in self.routes}
        self.assertLessEqual({"/api", "/api/login", "/api/me", "/api/send_request"}, paths)
        self.assertLessEqual({"/api/v1/res.partner/1/nothing", LINK}, paths)
        self.assertFalse([path for path in paths if set(path) & set("<>|")])

    def test_every_stage_of_every_route(self):
        """In Odoo's stages and in the dispatcher's own."""
        points = [(self.registry["ir.http"], name) for name in STAGES]
        points += [(ApiDispatcher, name) for name in STEPS]
        for owner, name in points:
            for kind in (ValueError, psycopg2.ProgrammingError):
                failing = patch.object(owner, name, side_effect=_raising(kind, SECRET))
                with self.subTest(point=name, exc=kind.__name__), failing:
                    self.assertTrue(self._walk_routes(500, "server_error"))

    def test_error_path_of_every_route(self):
        """The status of the first failure counts, whatever fails while it is told."""
        for name in HELPERS:
            failing = patch.object(ApiDispatcher, name, side_effect=_raising(ValueError, SECRET))
            for first, status, code in (
                (_raising(ValueError, SECRET), 500, "server_error"),
                (_raising(ApiError, "conflict", "Again."), 409, "conflict"),
            ):
                broken = patch.object(ApiDispatcher, "dispatch", side_effect=first)
                with self.subTest(helper=name, first=code), failing, broken:
                    self.assertEqual(self._walk_routes(status, code), len(self.routes))

    def test_envelope_of_the_error_path(self):
        """It is kept, since the client reads nothing else."""
        failing = patch.object(ApiDispatcher, "_translate", side_effect=ValueError(SECRET))
        with failing:
            response = self._post("/api/login", {"jsonrpc": "2.0", "id": 7, "params": {}})
        body = self.assertAnswer(response)
        self.assertEqual(body["id"], 7)
        self.assertErrorBody(body["error"]["data"], "bad_value")

    def test_lost_database(self):
        """503 while the database does not answer, with or without its list."""
        lost = psycopg2.OperationalError(SECRET)
        failing = patch.object(self.registry, "check_signaling", side_effect=lost)
        listing = patch.object(dispatcher, "list_dbs", side_effect=lost)
        with failing:
            self.assertEqual(self._walk_routes(503, "unavailable"), len(self.routes))
            with listing:
                response = self._call("GET", "/api/me", self.access)
                self.assertFailure(response, 503, "unavailable")

    def test_connection_that_is_lost_in_the_commit(self):
        """The changes may be stored, so it is no 503, after which clients repeat what must not be done twice."""
        self._connect("res.partner", "GET POST")
        refresh = self._open(self.user).refresh
        requests = (
            ("POST", "/api/v1/res.partner", {"values": {"name": "Lost"}}, 502, "outcome_unknown"),
            ("POST", "/api/update/access-token", {"refreshToken": refresh}, 502, "outcome_unknown"),
            ("GET", "/api/v1/res.partner?limit=1", None, 503, "unavailable"),
        )
        for kind in (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.DatabaseError):
            for method, path, body, status, code in requests:
                failing = patch.object(
                    TestCursor, "commit", lambda _cr, kind=kind: _raise(kind(SECRET))
                )
                with self.subTest(path=path, exception=kind), failing:
                    options = {"json": body} if body else {}
                    response = self._call(method, path, self.access, **options)
                    self.assertFailure(response, status, code)
                    self.assertEqual("Retry-After" in response.headers, status == 503)

    def test_commit_that_is_refused(self):
        """A disk that is full, or a statement that took too long: nothing is stored."""
        self._connect("res.partner", "POST")
        for pgcode in ("53100", "57014"):
            refused = partialmethod(_raise_state, pgcode)
            failing = patch.object(TestCursor, "commit", refused)
            with self.subTest(pgcode=pgcode), failing:
                values = {"values": {"name": "Refused"}}
                response = self._call("POST", "/api/v1/res.partner", self.access, json=values)
                self.assertFailure(response, 503, "unavailable")

    def test_outage_while_the_caller_is_looked_up(self):
        """An outage is no missing right: its true status, and 503 says when to come back."""
        for fail, status, code in (
            (lambda _self, _claims: _raise(PoolError(SECRET)), 503, "unavailable"),
            (lambda _self, _claims: _raise(psycopg2.OperationalError(SECRET)), 503, "unavailable"),
            (lambda self, _claims: raise_sql_state(self.env.cr, "57014"), 503, "unavailable"),
            (lambda self, _claims: raise_sql_state(self.env.cr, "53300"), 503, "unavailable"),
            (lambda _self, _claims: _raise(ValueError(SECRET)), 500, "server_error"),
            (lambda _self, _claims: _raise(RecursionError(SECRET)), 500, "server_error"),
        ):
            failing = patch.object(self.registry["jwt.session"], "_is_alive", fail)
            with self.subTest(code=code), failing:
                response = self._call("GET", "/api/me", self.access)
                self.assertFailure(response, status, code)
                if status == 503:
                    self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_lost_race_while_the_caller_is_looked_up(self):
        """Odoo runs the request again, as it does for one that is lost later."""
        session = self.registry["jwt.session"]
        look, tries = session._is_alive, []

        def lose_once(sessions, claims):
            tries.append(claims)
            if len(tries) == 1:
                raise_sql_state(sessions.env.cr, "40001")
            return look(sessions, claims)

        with patch.object(session, "_is_alive", lose_once), patch("time.sleep"):
            self.assertAnswer(self._call("GET", "/api/me", self.access))
        self.assertEqual(len(tries), 2)

    def test_other_pages_stay_as_they_are(self):
        """Odoo answers what is not below ``/api`` itself."""
        failing = patch.object(self.registry["ir.http"], "_match", side_effect=ValueError(SECRET))
        with failing:
            for path in ("/apix", "/web/health"):
                response = self._call("GET", path)
                self.assertEqual(response.status_code, 500)
                self.assertIn("text/html", response.headers["Content-Type"])

    def test_hosts_that_are_none(self):
        """A client's mistake is a 400, not a failure."""
        for host in ("x:99999", "x:y"):
            with self.subTest(host=host):
                response = self._call("GET", "/api/me", self.access, headers={"Host": host})
                self.assertFailure(response, 400, "bad_request")

    def test_numbers_that_python_does_not_read(self):
        """In a path: there is no such record."""
        self._connect("res.partner")
        for number in ("9" * 5000, "-" + "9" * 5000, "0" * 5000, "9" * 19, "2147483648"):
            for method, path in (
                ("GET", "/api/v1/res.partner/"),
                ("DELETE", "/api/v1/res.partner/"),
                ("DELETE", "/api/sessions/"),
            ):
                with self.subTest(number=number[:10], method=method, path=path):
                    response = self._call(method, path + number, self.access)
                    self.assertError(response, 404, "not_found")

    def test_digits_of_other_scripts_are_no_id(self):
        """Python reads them as a number: a record would be deleted that nobody has named."""
        self._connect("res.partner")
        partner = self.env["res.partner"].create({"name": "Still there"})
        digits = str(partner.id).translate({ord("0") + n: chr(0x660 + n) for n in range(10)})
        path = f"/api/v1/res.partner/{digits}"
        for method in ("GET", "PUT", "DELETE", "POST"):  # it could only be the name of an action
            with self.subTest(method=method):
                self.assertError(self._call(method, path, self.access), 404, "not_found")
        self.assertTrue(partner.exists())

    def test_allow_of_a_record(self):
        """A POST is for actions, and the id of a record is none."""
        for method in ("POST", "FOO"):
            response = self._call(method, "/api/v1/res.partner/1", self.access)
            self.assertError(response, 405, "method_not_allowed")
            self.assertEqual(response.headers["Allow"], "GET, PUT, PATCH, DELETE")

    def test_json_has_no_infinity(self):
        """Whatever a method returns: never a body that is no JSON."""
        broken = patch.object(ApiDispatcher, "dispatch", lambda self, *_: self.answer(float("inf")))
        with broken:
            response = self._call("GET", "/api/me", self.access)
        self.assertFailure(response)
        json.loads(response.text, parse_constant=self.fail)
