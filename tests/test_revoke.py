# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .common import BROWSER, ApiCase

ACCESS = "/api/update/access-token"
REVOKE = "/api/revoke/token"
DONE = {"status": "success", "logged_out": 1}


@tagged("post_install", "-at_install")
class TestRevoke(ApiCase):
    """``POST /api/revoke/token`` and everything else that ends a session."""

    def assertAlive(self, opened):
        self.assertFalse(self._state(opened))
        self.assertTrue(self._is_open(opened.access))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))

    def assertDead(self, opened, reason):
        self.assertEqual(self._state(opened), reason)
        self.assertFalse(self._is_open(opened.access))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")

    def test_ends_the_session_at_once(self):
        """Both tokens of the session are dead, the cookie is cleared; other sessions stay."""
        opened, other, theirs = map(self._open, (self.user, self.user, self.victim))
        response = self._post(REVOKE, {}, opened.access)
        self.assertEqual(self.assertAnswer(response), DONE)
        value, attributes = self._cookie(response)
        self.assertEqual((value, attributes["max-age"], attributes["path"]), ("", "0", "/"))
        self.assertDead(opened, "logout")
        self.assertAlive(other)
        self.assertAlive(theirs)

    def test_is_idempotent(self):
        """Logging out twice answers the same and does not move the end."""
        opened = self._open(self.user)
        self.assertEqual(self.assertAnswer(self._post(REVOKE, {}, opened.access)), DONE)
        self.env.invalidate_all()
        opened.session.sudo().revoked_at = ended = fields.Datetime.now() - timedelta(days=1)
        self.assertEqual(self.assertAnswer(self._post(REVOKE, {}, opened.access)), DONE)
        self.assertDead(opened, "logout")
        self.assertEqual(opened.session.revoked_at, ended)

    def test_expired_access_token_is_enough(self):
        """Logging out needs a right signature, not a live token; without a body, too."""
        opened = self._open(self.user)
        self.assertEqual(self.assertAnswer(self._call("POST", REVOKE, self._expired(opened))), DONE)
        self.assertDead(opened, "logout")

    def test_token_type_hint_does_no_harm(self):
        """RFC 7009 clients send it, and the token in the body as well; the caller's own session ends."""
        for hint in ("access_token", "refresh_token", "saml2", 7, None):
            opened, theirs = self._open(self.user), self._open(self.victim)
            body = {"token_type_hint": hint, "token": theirs.refresh}
            with self.subTest(hint=hint):
                self.assertEqual(self.assertAnswer(self._post(REVOKE, body, opened.access)), DONE)
                self.assertDead(opened, "logout")
                self.assertFalse(self._state(theirs))

    def test_refresh_token_alone_is_enough(self):
        """In the header, the body or the cookie, as RFC 7009 has it; other sessions stay."""
        other, theirs = self._open(self.user), self._open(self.victim)
        for place in ("body", "headers", "cookies"):
            with self.subTest(place=place):
                opened = self._open(self.user, "browser")
                sent = {"refreshToken": opened.refresh}
                options = {"agent": BROWSER, place: sent}
                response = self._post(REVOKE, **options)
                self.assertEqual(self.assertAnswer(response), DONE)
                value, attributes = self._cookie(response)
                self.assertEqual((value, attributes["max-age"]), ("", "0"))
                self.assertDead(opened, "logout")
                self.assertEqual(self.assertAnswer(self._post(REVOKE, **options)), DONE, "again")
                self.assertDead(opened, "logout")
        self.assertAlive(other)
        self.assertAlive(theirs)

    def test_old_refresh_token_ends_its_own_session_alone(self):
        """Whoever finds a used-up or idle one in a log ends no other session with ``all``."""
        other = self._open(self.user)
        for spoil in ("rotate", "idle"):
            with self.subTest(spoil):
                opened = self._open(self.user)
                if spoil == "rotate":
                    rotated = self._post(
                        "/api/update/refresh-token", {"refreshToken": opened.refresh}, opened.access
                    )
                    self.assertAnswer(rotated)
                else:
                    opened.session.sudo().last_used_at -= timedelta(days=20)
                    self.env.flush_all()
                body = {"refreshToken": opened.refresh, "all": True}
                self.assertEqual(self.assertAnswer(self._post(REVOKE, body)), DONE)
                self.assertDead(opened, "logout")
                self.assertAlive(other)
        body = {"refreshToken": self._open(self.user).refresh, "all": True}
        self.assertAnswer(self._post(REVOKE, body))
        self.assertDead(other, "logout_all")

    def test_old_refresh_token_is_enough(self):
        """One that was used up, with or without a row, and one of a session that is purged."""
        for generation in (0, 1, 2):
            opened = self._open(self.user)
            refresh = [opened.refresh]
            for _time in range(3):
                body = {"refreshToken": refresh[-1]}
                response = self._post("/api/update/refresh-token", body, opened.access)
                refresh.append(self.assertAnswer(response)["refreshToken"])
            body = {"refreshToken": refresh[generation]}
            self.assertEqual(self.assertAnswer(self._post(REVOKE, body)), DONE)
            self.assertDead(opened, "logout")
            opened.session.sudo().unlink()
            self.env.flush_all()
            self.assertEqual(self.assertAnswer(self._post(REVOKE, body)), DONE)

    def test_all_with_the_refresh_token_alone(self):
        """It ends every session of its user, while its own lives."""
        opened, other, theirs = map(self._open, (self.user, self.user, self.victim))
        body = {"all": True, "refreshToken": opened.refresh}
        self.assertEqual(self.assertAnswer(self._post(REVOKE, body)), DONE)
        self.assertDead(opened, "logout_all")
        self.assertDead(other, "logout_all")
        self.assertAlive(theirs)
        fresh = self._open(self.user)
        self.assertEqual(self.assertAnswer(self._post(REVOKE, body)), DONE)
        self.assertAlive(fresh)

    def test_forged_refresh_token_ends_nothing(self):
        """It is a 401, whatever else of it is right, and counts as forged."""
        opened, other = self._open(self.user), self._open(self.user)
        version, selector, secret = opened.refresh.split(".")
        foreign = other.refresh.split(".")
        before = self.env["jwt.throttle"].sudo().search_count([])
        for text in (
            f"{version}.{selector}.{foreign[2]}",
            f"{version}.{foreign[1]}.{secret}",
            f"{version}.{selector[:22]}.{secret}",
            "rubbish",
            opened.access,
        ):
            for everywhere in (False, True):
                with self.subTest(text=text[:30]):
                    body = {"refreshToken": text, "all": everywhere}
                    response = self._post(REVOKE, body)
                    self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertEqual(self.env["jwt.throttle"].sudo().search_count([]), before + 1)
        self.assertError(self._post(REVOKE, {"refreshToken": 5}), 400, "bad_value")
        self.assertAlive(opened)
        self.assertAlive(other)

    def test_cookie_of_a_foreign_page_logs_nobody_out(self):
        """As for a refresh; our own pages and allowed ones may."""
        self._set(cors_origins="https://app.example.com")
        opened = self._open(self.user, "browser")
        cookies = {"refreshToken": opened.refresh}
        for headers in (
            {"Origin": "https://evil.example.com"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            with self.subTest(headers=headers):
                response = self._post(REVOKE, cookies=cookies, headers=headers, agent=BROWSER)
                self.assertError(response, 403, "foreign_origin")
        self.assertFalse(self._state(opened))
        headers = {"Origin": "https://app.example.com"}
        response = self._post(REVOKE, cookies=cookies, headers=headers, agent=BROWSER)
        self.assertEqual(self.assertAnswer(response), DONE)
        self.assertDead(opened, "logout")

    def test_refresh_token_is_enough_where_the_access_token_is_none(self):
        """After *Replace Now* every access token is refused, and people still log out."""
        opened = self._open(self.user)
        body = {"refreshToken": opened.refresh}
        self.assertEqual(self.assertAnswer(self._post(REVOKE, body, "rubbish")), DONE)
        self.assertDead(opened, "logout")
        self.assertInvalidToken(self._post(REVOKE, {"refreshToken": "rubbish"}, "rubbish"))

    def test_both_tokens_end_what_they_are_of(self):
        """A page with the access token of one login and the cookie of another is out of both."""
        first, second, left = (self._open(self.user, "browser") for _time in range(3))
        cookies = {"refreshToken": second.refresh}
        response = self._post(REVOKE, {}, first.access, cookies=cookies, agent=BROWSER)
        self.assertEqual(self.assertAnswer(response), DONE)
        self.assertDead(first, "logout")
        self.assertDead(second, "logout")
        self.assertAlive(left)

    def test_needs_a_genuine_token(self):
        """A missing token, a forged one and a refresh token in its place log nobody out."""
        opened = self._open(self.user)
        self.assertMissingToken(self._post(REVOKE))
        for nothing in (None, ""):
            self.assertMissingToken(self._post(REVOKE, {"refreshToken": nothing}))
        head, payload, signature = opened.access.split(".")
        forged = ".".join((head, payload, signature[::-1]))
        for token in ("rubbish", forged, opened.refresh, f"{head}.{payload}."):
            with self.subTest(token=token[:20]):
                self.assertInvalidToken(self._post(REVOKE, {}, token))
        self.assertAlive(opened)

    def test_all_ends_every_session_of_the_user(self):
        """``{"all": true}`` ends the user's other sessions too, and nobody else's."""
        opened, other, theirs = map(self._open, (self.user, self.user, self.victim))
        self.assertEqual(self.assertAnswer(self._post(REVOKE, {"all": True}, opened.access)), DONE)
        self.assertDead(opened, "logout_all")
        self.assertDead(other, "logout_all")
        self.assertAlive(theirs)

    def test_all_is_true_or_false(self):
        """What is neither is a 400 and ends nothing; false is the default."""
        opened, other = self._open(self.user), self._open(self.user)
        for value in (1, "true", [1], {"a": 1}):
            with self.subTest(value=value):
                response = self._post(REVOKE, {"all": value}, opened.access)
                self.assertError(response, 400, "bad_value")
        self.assertAlive(opened)
        self.assertEqual(self.assertAnswer(self._post(REVOKE, {"all": False}, opened.access)), DONE)
        self.assertDead(opened, "logout")
        self.assertAlive(other)

    def test_a_session_that_has_ended_ends_no_others(self):
        """A stolen token of a session that was ended cannot log its user out everywhere."""
        opened, other = self._open(self.user), self._open(self.user)
        self.assertAnswer(self._post(REVOKE, {}, opened.access))
        self.assertEqual(self.assertAnswer(self._post(REVOKE, {"all": True}, opened.access)), DONE)
        self.assertAlive(other)

    def test_s16_revoke_touches_the_callers_session_alone(self):
        """Naming the victim's token or id in the body ends nothing of the victim's."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        body = {"refreshToken": theirs.refresh, "user_id": self.victim.id, "all": True}
        self.assertAnswer(self._post(REVOKE, body, opened.access))
        self.assertDead(opened, "logout_all")
        self.assertAlive(theirs)

    # --- what else ends sessions ---------------------------------------------------------

    def test_s12_archived_user_is_out(self):
        """Archiving ends the sessions; un-archiving does not bring them back."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        self.user.active = False
        self.assertDead(opened, "user")
        self.user.active = True
        self.assertDead(opened, "user")
        self.assertAlive(theirs)

    def test_s12_deleted_user_is_out(self):
        """Tokens of a user who is no more are refused, not a 500."""
        user = self._new_user("api-leaver", "base.group_user")
        opened = self._open(user)
        events = self.env["jwt.security.event"].sudo()
        login = events.search([("session_id", "=", opened.session.id)])
        self.assertTrue(login)
        user.unlink()
        self.assertFalse(login.user_id or login.session_id)
        self.assertInvalidToken(self._send("GET", "res.partner", opened.access, fields=[]))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")

    def test_s13_password_and_login_change_end_every_session(self):
        """Whoever changed the credentials is alone afterwards; a change back revives nothing."""
        for field, values in (
            ("password", ("another-one", "x")),
            ("login", ("renamed", "api-user")),
        ):
            with self.subTest(field=field):
                opened, theirs = self._open(self.user), self._open(self.victim)
                for value in values:
                    self.user.write({field: value})
                self.assertDead(opened, "user")
                self.assertAlive(theirs)

    def test_s13_second_factor_ends_every_session(self):
        """Sessions from before the second factor do not outlive its switching on."""
        if "totp_secret" not in self.user._fields:
            self.skipTest("auth_totp is not installed")
        opened = self._open(self.user)
        self.user.sudo().totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.env.flush_all()
        self.assertFalse(self._is_open(opened.access))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")

    def test_other_changes_of_the_user_end_nothing(self):
        """A new language or signature logs nobody out."""
        opened = self._open(self.user)
        self.user.write({"tz": "Europe/Brussels", "signature": "<p>me</p>", "name": "Renamed"})
        self.assertAlive(opened)

    def test_s13_rights_are_read_with_every_request(self):
        """Losing a group counts from the next request on: no right stands in the token."""
        self._connect("ir.config_parameter", "GET")
        token = self._open(self.admin).access
        self.assertList(self._send("GET", "ir.config_parameter", token, fields=["key"]))
        self.admin.group_ids -= self.env.ref("base.group_system")
        response = self._send("GET", "ir.config_parameter", token, fields=["key"])
        self.assertError(response, 403, "access_denied")

    def test_administrator_ends_a_session(self):
        """The backend's button ends what its user may see: a manager all, others their own."""
        opened, theirs = self._open(self.user), self._open(self.victim)
        (opened.session | theirs.session).with_user(self.admin).action_revoke()
        self.assertDead(opened, "admin")
        self.assertDead(theirs, "admin")

    def test_copied_database_ends_every_session(self):
        """A copy (another uuid) makes its own keys, and no token of the original opens it."""
        opened = self._open(self.user)
        kid = self._issuer().signing
        self.env["ir.config_parameter"].set_param("database.uuid", "00000000-copy")
        self.registry.clear_all_caches()
        self.assertNotEqual(self._issuer().signing, kid)
        self.assertFalse(self._is_open(opened.access))
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        self.assertInvalidToken(response, "invalid_refresh_token")
        self.assertEqual(self._state(opened), "copy")

    def test_neutralized_database_ends_every_session(self):
        """A copy for tests may keep uuid and name: the devices of the original's users stay out."""
        opened, theirs = map(self._open, (self.user, self.victim))
        self.env.flush_all()
        [query] = get_neutralization_queries(["jwt_auth_api"])
        self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertDead(opened, "copy")
        self.assertDead(theirs, "copy")

    def test_ended_sessions_are_purged_a_week_later(self):
        """The cleaning deletes what ended a week ago with its tokens, and nothing that lives."""
        old, fresh, live = (self._open(self.user) for _session in range(3))
        sessions = self.env["jwt.session"]
        for opened, days in ((old, 8), (fresh, 6)):
            opened.session.sudo().write(
                {
                    "revoked_at": fields.Datetime.now() - timedelta(days=days),
                    "revoke_reason": "logout",
                }
            )
        found = self.env["jwt.refresh.token"].search([("session_id", "=", old.session.id)])
        self.assertEqual(len(found), 1)
        sessions._gc_sessions()
        self.assertEqual(self._sessions(self.user), (fresh.session | live.session))
        self.assertFalse(found.exists())
