# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import hashlib
import re
import time
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import tokens
from .common import APP, BROWSER, ApiCase

DAY = 24 * 3600
ACCESS = "/api/update/access-token"
ROTATE = "/api/update/refresh-token"
REVOKE = "/api/revoke/token"
REFUSED = "invalid_refresh_token"
LOGGER = "odoo.addons.jwt_auth_api.models.jwt_security_event"


class RefreshCase(ApiCase):
    def _rotate(self, opened, refresh, **options):
        """An app's rotation; the successor."""
        response = self._post(ROTATE, {"refreshToken": refresh}, opened.access, **options)
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["status", "refreshToken"])
        self.assertEqual(body["status"], "done")
        return body["refreshToken"]

    def _refused(self, path, body, token=None, **options):
        """The 401 of a refresh token that is no good: always the same words."""
        response = self._post(path, body, token, **options)
        self.assertInvalidToken(response, REFUSED)
        return response

    def _tokens_of(self, opened):
        self.env.invalidate_all()
        return self.env["jwt.refresh.token"].search([("session_id", "=", opened.session.id)])


@tagged("post_install", "-at_install")
class TestUpdateAccessToken(RefreshCase):
    """``POST /api/update/access-token``."""

    def test_app_gets_a_new_access_token(self):
        """The answer is the new access token alone; the refresh token stays as it is."""
        opened = self._open(self.user)
        for body in ({"user_id": self.user.id}, {}):
            with self.subTest(body=body):
                response = self._post(ACCESS, {**body, "refreshToken": opened.refresh})
                answer = self.assertAnswer(response)
                self.assertEqual(list(answer), ["access_token"])
                self.assertNoCookie(response)
                self.assertNotEqual(answer["access_token"], opened.access)
                self.assertTrue(self._is_open(answer["access_token"]))
        self.assertEqual(len(self._tokens_of(opened)), 1)

    def test_needs_no_access_token(self):
        """It is there for when the access token has expired; one in the header does not matter."""
        opened = self._open(self.user)
        for token in (None, self._expired(opened), "rubbish"):
            self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}, token))

    def test_statements_have_no_joins(self):
        """To plan a join, PostgreSQL reads many pages where rows have just been changed or deleted."""
        opened = self._open(self.user)
        for path, token in ((ACCESS, None), (ROTATE, opened.access), (REVOKE, opened.access)):
            with self.subTest(path=path), self._statements() as seen:
                self.assertAnswer(self._post(path, {"refreshToken": opened.refresh}, token))
            own = [each for each in seen if "jwt_" in each]
            self.assertTrue(own)
            self.assertFalse([each for each in own if re.search(r"\bJOIN\b(?! LATERAL)", each)])

    def test_takes_the_token_from_cookie_header_or_body(self):
        """Each of the three places does."""
        opened = self._open(self.user)
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        self.assertAnswer(self._post(ACCESS, headers={"refreshToken": opened.refresh}))
        self.assertAnswer(self._post(ACCESS, cookies={"refreshToken": opened.refresh}))
        self._refused(ACCESS, {})
        in_query = self._post(ACCESS, params={"refreshToken": opened.refresh})
        self.assertInvalidToken(in_query, REFUSED)

    def test_what_is_explicit_wins_over_the_cookie(self):
        """The body and the header go before the cookie, also when they are wrong."""
        mine, theirs = self._open(self.user), self._open(self.victim)
        cases = [
            ({"refreshToken": mine.refresh}, {}),
            ({}, {"refreshToken": mine.refresh}),
            ({"refreshToken": mine.refresh}, {"refreshToken": theirs.refresh}),
        ]
        for body, headers in cases:
            with self.subTest(body=list(body), headers=list(headers)):
                response = self._post(
                    ACCESS, body, headers=headers, cookies={"refreshToken": theirs.refresh}
                )
                token = self.assertAnswer(response)["access_token"]
                self.assertEqual(self._claims(token).user_id, self.user.id)
                self.assertNoCookie(response)
        for options in (
            {"body": {"refreshToken": "rubbish"}},
            {"headers": {"refreshToken": "rubbish"}},
            {"body": {"refreshToken": "rubbish"}, "headers": {"refreshToken": mine.refresh}},
        ):
            with self.subTest(**options):
                response = self._post(ACCESS, cookies={"refreshToken": theirs.refresh}, **options)
                self.assertInvalidToken(response, REFUSED)

    def test_an_empty_token_was_not_sent(self):
        """In the body, the header and the cookie, for each way to use a refresh token."""
        for nothing in ("", None):
            for path, token in ((ACCESS, None), (ROTATE, "own"), (REVOKE, None)):
                for place in ("headers", "cookies"):
                    with self.subTest(nothing=nothing, path=path, place=place):
                        opened = self._open(self.user)
                        access = token and opened.access
                        options = {"headers": {}, place: {"refreshToken": opened.refresh}}
                        if place == "cookies":
                            options["headers"] = {"refreshToken": ""}
                        body = {"refreshToken": nothing}
                        self.assertAnswer(self._post(path, body, access, **options))
                        empty = {"refreshToken": ""}
                        response = self._post(path, body, access, headers=empty, cookies=empty)
                        if path == REVOKE:
                            self.assertEqual(self._state(opened), "logout")
                            self.assertMissingToken(response)
                        else:
                            self.assertInvalidToken(response, REFUSED)
                            self.assertIn("No refresh token", response.json()["message"])

    def _claims(self, token):
        return tokens.verify(token, self._issuer(), time.time())

    def test_user_id_must_be_the_tokens_own(self):
        """Another user's id is a 401 like any other and ends nothing; what is no id is a 400."""
        opened = self._open(self.user)
        for user_id in (self.victim.id, 2**31, str(self.victim.id), float(self.victim.id)):
            with self.subTest(user_id=user_id):
                self._refused(ACCESS, {"refreshToken": opened.refresh, "user_id": user_id})
        for user_id in ("2.0", " 2", "٣", "x", "9" * 11, 0, 0.0, -1, 1.5, True, [2]):
            with self.subTest(user_id=user_id):
                response = self._post(ACCESS, {"refreshToken": opened.refresh, "user_id": user_id})
                self.assertError(response, 400, "bad_value")
        self.assertFalse(self._state(opened))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))

    def test_user_id_as_other_languages_write_it(self):
        """5, 5.0 and "5" are one user; null is none."""
        opened = self._open(self.user)
        own = self.user.id
        for user_id in (own, float(own), str(own), None):
            with self.subTest(user_id=user_id):
                body = {"refreshToken": opened.refresh, "user_id": user_id}
                token = self.assertAnswer(self._post(ACCESS, body))["access_token"]
                self.assertEqual(self._claims(token).user_id, own)

    def test_header_tells_how_long_the_access_token_lasts(self):
        """Beside every access token, never longer than its session; pages of other origins can read it."""
        self._set(access_token_seconds=600, cors_origins="https://app.example.com")
        origin = {"Origin": "https://app.example.com"}
        login = {"login": self.user.login, "password": f"{self.user.login}-password"}
        opened = self._open(self.user)
        body = {"refreshToken": opened.refresh}
        for response, name in (
            (self._post("/api/login", login, headers=origin), "token"),
            (self._post(ACCESS, body, headers=origin), "access_token"),
        ):
            claims = self._claims(self.assertAnswer(response)[name])
            self.assertEqual(response.headers["X-Token-Expires-In"], "600")
            self.assertEqual(claims.expires_at - claims.issued_at, 600)
            self.assertEqual(claims.client, "app")
            exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
            self.assertIn("X-Token-Expires-In", exposed)
        self.assertNotIn("X-Token-Expires-In", self._post(ROTATE, body, opened.access).headers)
        opened = self._open(self.user, "browser")
        self.env.cr.execute(
            "UPDATE jwt_session SET expires_at = now() AT TIME ZONE 'utc' + interval '100 seconds'"
            " WHERE id = %s",
            [opened.session.id],
        )
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        claims = self._claims(self.assertAnswer(response)["access_token"])
        life = claims.expires_at - claims.issued_at
        self.assertEqual(response.headers["X-Token-Expires-In"], str(life))
        self.assertAlmostEqual(life, 95, delta=5)
        self.assertEqual(claims.client, "browser")

    def test_browser_cookie_is_rotated(self):
        """A browser's cookie is replaced by the same answer, whose body does not show it."""
        opened = self._open(self.user, "browser")
        response = self._post(ACCESS, cookies={"refreshToken": opened.refresh}, agent=BROWSER)
        self.assertEqual(list(self.assertAnswer(response)), ["access_token"])
        rotated = self.assertCookie(response, longest=14 * DAY)
        self.assertNotEqual(rotated, opened.refresh)
        self.assertNotIn(rotated, response.text)
        self.assertAnswer(self._post(ACCESS, cookies={"refreshToken": rotated}, agent=BROWSER))

    def test_refused_tokens_are_all_alike(self):
        """Unknown, malformed, truncated, padded, foreign: one answer, never a 500."""
        opened = self._open(self.user)
        version, selector, secret = opened.refresh.split(".")
        bad = [
            "rubbish",
            opened.access,
            opened.refresh[:-1],
            opened.refresh + "=",
            opened.refresh + "\n",
            opened.refresh.upper(),
            f"v2.{selector}.{secret}",
            f"{version}.{secret[:22]}.{secret}",
            f"{version}.{selector[:22]}.{secret}",
            f"{version}.{selector[:64]}.{secret}",
            f"{version}.{selector[:64]}{secret[:22]}.{secret}",
            f"{version}.{secret[:22]}{selector[22:]}.{secret}",
            str(tokens.RefreshToken.new()),
            str(tokens.RefreshToken.first("x" * 42, b"another key")),
            "v1..",
            "é" * 50,
            "a" * 50000,
        ]
        answers = set()
        for text in bad:
            with self.subTest(text=text[:30]):
                answers.add(self._refused(ACCESS, {"refreshToken": text}).content)
        self.assertEqual(len(answers), 1)
        for value in (2, True, [opened.refresh], {"a": 1}, 0):
            with self.subTest(value=value):
                response = self._post(ACCESS, {"refreshToken": value})
                self.assertError(response, 400, "bad_value")
        self.assertFalse(self._state(opened))

    def test_session_of_an_archived_or_deleted_user_is_not_refreshed(self):
        """The user is looked at with every refresh."""
        opened = self._open(self.user)
        self.env.cr.execute("UPDATE res_users SET active = false WHERE id = %s", [self.user.id])
        self.env.invalidate_all()
        self._refused(ACCESS, {"refreshToken": opened.refresh})

    def test_cookie_of_another_origin_is_refused(self):
        """A page of a foreign origin cannot spend the cookie; an allowed one and our own can."""
        self._set(cors_origins="https://app.example.com")
        foreign = [
            {"Origin": "https://evil.example.com"},
            {"Origin": "null"},
            {"Origin": "capacitor://localhost"},
            # a page that came over HTTP, where this request came over HTTPS
            {"Origin": self.base_url(), "X-Forwarded-Proto": "https"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ]
        opened = self._open(self.user, "browser")
        for headers in foreign:
            with self.subTest(headers=headers):
                response = self._post(
                    ACCESS, cookies={"refreshToken": opened.refresh}, headers=headers, agent=BROWSER
                )
                self.assertError(response, 403, "foreign_origin")
        self.assertEqual(len(self._tokens_of(opened)), 1, "nothing was rotated")
        self._set(cors_origins="https://app.example.com, capacitor://localhost")
        own = self.base_url()
        for headers in (
            {"Origin": "https://app.example.com"},
            {"Origin": "capacitor://localhost"},
            {"Origin": own},
            {"Origin": own.replace("http:", "https:")},  # a proxy speaks HTTPS with the browser
            {"Origin": own.replace("http:", "https:"), "X-Forwarded-Proto": "https"},
        ):
            with self.subTest(headers=headers):
                opened = self._open(self.user, "browser")
                response = self._post(
                    ACCESS, cookies={"refreshToken": opened.refresh}, headers=headers, agent=BROWSER
                )
                self.assertAnswer(response)
                self.assertCookie(response, longest=14 * DAY)


@tagged("post_install", "-at_install")
class TestUpdateRefreshToken(RefreshCase):
    """``POST /api/update/refresh-token`` and what becomes of used tokens."""

    def test_app_gets_the_token_itself(self):
        """An app's answer carries the successor; the token that was used is consumed."""
        opened = self._open(self.user)
        successor = self._rotate(opened, opened.refresh)
        self.assertNotEqual(successor, opened.refresh)
        self.assertEqual(len(self._tokens_of(opened)), 2)
        self.assertEqual(len(self._tokens_of(opened).filtered("consumed_at")), 1)
        self.assertAnswer(self._post(ACCESS, {"refreshToken": successor}))

    def test_browser_gets_it_in_the_cookie_only(self):
        """A browser's answer says 1; the successor is in the cookie alone."""
        opened = self._open(self.user, "browser")
        response = self._post(
            ROTATE, {}, opened.access, cookies={"refreshToken": opened.refresh}, agent=BROWSER
        )
        self.assertEqual(self.assertAnswer(response), {"status": "done", "refreshToken": 1})
        successor = self.assertCookie(response, longest=14 * DAY)
        self.assertAnswer(self._post(ACCESS, {"refreshToken": successor}))

    def test_browser_may_send_the_1_that_stands_for_its_cookie(self):
        """What a browser was answered as its refresh token is no wrong refresh token."""
        opened = self._open(self.user, "browser")
        response = self._post(
            ROTATE,
            {"refreshToken": 1},
            opened.access,
            cookies={"refreshToken": opened.refresh},
            agent=BROWSER,
        )
        self.assertEqual(self.assertAnswer(response), {"status": "done", "refreshToken": 1})

    def test_needs_the_access_token(self):
        """Without a live access token nothing is rotated."""
        opened = self._open(self.user)
        body = {"refreshToken": opened.refresh}
        self.assertMissingToken(self._post(ROTATE, body))
        self.assertInvalidToken(self._post(ROTATE, body, "rubbish"))
        self.assertInvalidToken(self._post(ROTATE, body, self._expired(opened)))
        self.assertEqual(len(self._tokens_of(opened)), 1)

    def test_both_tokens_are_of_one_session(self):
        """Two sessions of one user do not mix."""
        first, second = self._open(self.user), self._open(self.user)
        self._refused(ROTATE, {"refreshToken": second.refresh}, first.access)
        self.assertFalse(self._tokens_of(second).filtered("consumed_at"))
        self.assertFalse(self._state(first) or self._state(second))

    def test_s16_another_users_refresh_token_is_not_rotated(self):
        """Who holds the victim's refresh token cannot rotate it with an access token of their own."""
        mine, theirs = self._open(self.user), self._open(self.victim)
        for body in ({}, {"user_id": self.victim.id}):
            self._refused(ROTATE, {**body, "refreshToken": theirs.refresh}, mine.access)
        self.assertFalse(self._tokens_of(theirs).filtered("consumed_at"))
        self.assertFalse(self._state(theirs))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": theirs.refresh}))

    def test_s15_no_header_gets_a_browsers_token_into_a_body(self):
        """A script that claims to be an app still gets a browser's successor in the cookie alone."""
        liar = {"X-Client-Type": "app"}
        opened = self._open(self.user, "browser")
        response = self._post(
            ROTATE, {}, opened.access, cookies={"refreshToken": opened.refresh}, headers=liar
        )
        self.assertEqual(self.assertAnswer(response), {"status": "done", "refreshToken": 1})
        stolen = self.assertCookie(response, longest=14 * DAY)
        response = self._post(ROTATE, {"refreshToken": stolen}, opened.access, headers=liar)
        self.assertEqual(self.assertAnswer(response)["refreshToken"], 1)
        opened = self._open(self.user, "app")
        response = self._post(
            ROTATE, {}, opened.access, cookies={"refreshToken": opened.refresh}, headers=liar
        )
        self.assertEqual(self.assertAnswer(response)["refreshToken"], 1, "it came in a cookie")

    # --- grace and reuse -----------------------------------------------------------------

    def test_grace_gives_the_same_successor(self):
        """Two tabs that refresh at once, or a lost answer: both hold one live token."""
        opened = self._open(self.user)
        first = self._rotate(opened, opened.refresh)
        self.assertEqual(self._rotate(opened, opened.refresh), first)
        self._age(opened.refresh, 5)
        self.assertEqual(self._rotate(opened, opened.refresh), first)
        self.assertEqual(len(self._tokens_of(opened)), 2)
        self.assertFalse(self._state(opened))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))

    def test_grace_begins_at_the_first_use(self):
        """Repeating within the grace does not lengthen it."""
        opened = self._open(self.user)
        self._rotate(opened, opened.refresh)
        self._age(opened.refresh, 6)
        self._rotate(opened, opened.refresh)
        self._age(opened.refresh, 6)
        with mute_logger(LOGGER):
            self._refused(ROTATE, {"refreshToken": opened.refresh}, opened.access)

    def test_s14_reuse_after_the_grace_ends_the_family(self):
        """A consumed token that comes back ends the session, which survives the 401."""
        opened, other = self._open(self.user), self._open(self.user)
        successor = self._rotate(opened, opened.refresh)
        self._age(opened.refresh, 11)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self._refused(ROTATE, {"refreshToken": opened.refresh}, opened.access)
        self.assertEqual(len(logs.output), 1)
        self.assertNotIn(opened.refresh.split(".")[2], logs.output[0])
        self.assertEqual(self._state(opened), "reuse")
        self.assertTrue(opened.session.revoked_at)
        self._refused(ACCESS, {"refreshToken": successor})
        self.assertInvalidToken(self._send("GET", "res.partner", opened.access, fields=[]))
        self.assertFalse(self._state(other), "another session of the same user")
        self.assertTrue(self._is_open(other.access))

    # --- what is kept of old generations -------------------------------------------------

    def _generations(self, opened, count):
        """Rotate so often; all refresh tokens of the session, the oldest first."""
        refresh = [opened.refresh]
        for _time in range(count):
            refresh.append(self._rotate(opened, refresh[-1]))
        return refresh

    def test_rows_of_a_family_are_bounded(self):
        """However often it rotates, it keeps the token that counts and the one of the grace."""
        opened = self._open(self.user)
        refresh = self._generations(opened, 8)
        rows = self._tokens_of(opened).sorted("id")
        self.assertEqual([bool(row.consumed_at) for row in rows], [True, False])
        self.assertEqual(
            [row.sudo().selector for row in rows], [text.split(".")[1] for text in refresh[-2:]]
        )
        self.assertEqual(self._rotate(opened, refresh[-2]), refresh[-1], "the grace")
        self.assertFalse(self._state(opened))

    def test_old_generation_without_a_row_ends_the_family(self):
        """Each of them, wherever it is sent; the proof in the token is enough to know it."""
        for path, generation in ((ACCESS, 0), (ROTATE, 1), (ACCESS, 2)):
            with self.subTest(path=path, generation=generation):
                opened = self._open(self.user)
                refresh = self._generations(opened, 4)
                with self.assertLogs(LOGGER, "WARNING"):
                    self._refused(path, {"refreshToken": refresh[generation]}, opened.access)
                self.assertEqual(self._state(opened), "reuse")
                self._refused(ACCESS, {"refreshToken": refresh[-1]})
                self.assertFalse(self._is_open(opened.access))

    def test_forged_generation_ends_nothing(self):
        """Selectors of old, present and invented generations with secrets that are not theirs."""
        opened, other = self._open(self.user), self._open(self.user)
        refresh = self._generations(opened, 3)
        foreign = self._generations(other, 3)
        selectors = [text.split(".")[1] for text in refresh]
        invented = f"{selectors[0][:42]}{'A' * 44}"
        secrets = [text.split(".")[2] for text in (*refresh, foreign[0], foreign[-1])]
        for selector in (*selectors, invented):
            for secret in secrets:
                text = f"v1.{selector}.{secret}"
                if text not in refresh:
                    self._refused(ACCESS, {"refreshToken": text})
        self.assertFalse(self._state(opened) or self._state(other))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": refresh[-1]}))

    def test_old_generation_of_another_user_or_session_is_not_looked_at(self):
        """It is refused before it could end anything."""
        mine, theirs = self._open(self.user), self._open(self.victim)
        oldest = self._generations(theirs, 3)[0]
        self._refused(ROTATE, {"refreshToken": oldest}, mine.access)
        self._refused(ACCESS, {"refreshToken": oldest, "user_id": self.user.id})
        self.assertFalse(self._state(theirs))

    def test_old_generation_of_a_purged_session_is_refused(self):
        """It is genuine, so that it is not counted as forged."""
        opened = self._open(self.user)
        oldest = self._generations(opened, 3)[0]
        opened.session.sudo().unlink()
        self.env.flush_all()
        with patch.object(type(self.env["jwt.throttle"]), "_refusal") as counted:
            self._refused(ACCESS, {"refreshToken": oldest})
        counted.assert_not_called()

    def _as_of_an_older_release(self, opened):
        """Make the session's only refresh token one that has no proof; the token."""
        token = tokens.RefreshToken.new()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE jwt_refresh_token SET selector = %s, token_hash = %s WHERE session_id = %s",
            [token.selector, token.hash, opened.session.id],
        )
        self.env.invalidate_all()
        return str(token)

    def test_tokens_of_an_older_release_go_on(self):
        """They have no proof: their rows stay, and so does what they show."""
        for generation in (0, 1):
            with self.subTest(generation=generation):
                opened = self._open(self.user)
                oldest = self._as_of_an_older_release(opened)
                refresh = self._generations(replace(opened, refresh=oldest), 4)
                self.assertEqual(len(self._tokens_of(opened)), 3)
                self.assertFalse(self._state(opened))
                with mute_logger(LOGGER):
                    self._refused(ACCESS, {"refreshToken": refresh[generation]})
                self.assertEqual(self._state(opened), "reuse")

    def test_rotations_are_limited(self):
        """One too many is a 429 that says when, and leaves the token as good as it was."""
        self._set(max_rotations=5)
        opened, other = self._open(self.user), self._open(self.user)
        refresh = self._generations(opened, 5)[-1]
        for path in (ROTATE, ROTATE):
            response = self._post(path, {"refreshToken": refresh}, opened.access)
            self.assertError(response, 429, "too_many_requests")
            self.assertIn(int(response.headers["Retry-After"]), range(1, 13))
        self.assertFalse(self._state(opened))
        rows = self._tokens_of(opened).filtered(lambda row: not row.consumed_at)
        self.assertEqual(rows.sudo().selector, refresh.split(".")[1])
        self.assertAnswer(self._post(ACCESS, {"refreshToken": refresh}), 200)
        self._rotate(other, other.refresh)
        self._set(max_rotations=0)
        self._generations(replace(opened, refresh=refresh), 10)

    def test_rotations_after_the_clock_was_moved_back(self):
        """A session that used up its rotations while the clock was ahead goes on."""
        self._set(max_rotations=5)
        opened = self._open(self.user)
        refresh = self._generations(opened, 5)[-1]
        self.env.cr.execute(
            "UPDATE connection_api_rate_limit SET last_request = last_request + interval '1 day'"
        )
        refresh = self._rotate(opened, refresh)
        response = self._post(ROTATE, {"refreshToken": refresh}, opened.access)
        self.assertError(response, 429, "too_many_requests")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 13))

    def test_repetitions_in_the_grace_are_no_rotations(self):
        """Fifty tabs that refresh at once get one new token."""
        self._set(max_rotations=1)
        opened = self._open(self.user)
        successors = {self._rotate(opened, opened.refresh) for _time in range(10)}
        self.assertEqual(len(successors), 1)

    # --- an older dump -------------------------------------------------------------------

    def test_client_that_has_rotated_since_an_older_dump(self):
        """Its token is taken for a reused one, unless its session was ended first."""
        opened, ended = self._open(self.user), self._open(self.user)
        rotated = [self._rotate(each, each.refresh) for each in (opened, ended)]
        self.env.cr.execute(
            "DELETE FROM jwt_refresh_token WHERE parent_id IS NOT NULL;"
            " UPDATE jwt_refresh_token SET consumed_at = NULL"
        )
        self.env.invalidate_all()
        ended.session._revoke([("id", "=", ended.session.id)], "admin")
        with self.assertLogs(LOGGER, "WARNING"):
            self._refused(ACCESS, {"refreshToken": rotated[0]})
        with self.assertNoLogs(LOGGER, "WARNING"):
            self._refused(ACCESS, {"refreshToken": rotated[1]})
        self.assertEqual((self._state(opened), self._state(ended)), ("reuse", "admin"))
        events = self.env["jwt.security.event"].sudo().search([("event", "=", "reuse")])
        self.assertEqual(events.session_id, opened.session)

    # --- who uses a session --------------------------------------------------------------

    def _move(self, opened, address):
        """Let a session have been used last from another address."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE jwt_session SET last_ip_address = %s WHERE id = %s",
            [address, opened.session.id],
        )
        self.env.invalidate_all()

    def test_session_keeps_its_last_address_and_agent(self):
        """Those of the log-in stay; a refresh from another address is written at once."""
        opened = self._open(self.user)
        session = opened.session.sudo()
        self.assertEqual((session.last_ip_address, session.last_user_agent), ("127.0.0.1", "test"))
        self._move(opened, "192.0.2.7")
        body = {"refreshToken": opened.refresh}
        self.assertAnswer(self._post(ACCESS, body, agent="phone/3"))
        self.env.invalidate_all()
        self.assertEqual(
            (session.last_ip_address, session.last_user_agent), ("127.0.0.1", "phone/3")
        )
        self.assertEqual((session.ip_address, session.user_agent), ("127.0.0.1", "test"))
        self.assertAnswer(self._post(ACCESS, body, agent="phone/4"))
        self.env.invalidate_all()
        self.assertEqual(session.last_user_agent, "phone/3", "once a minute")

    def test_use_is_written_with_one_statement(self):
        """The address and the agent are written with the time of the last use."""
        opened = self._open(self.user)
        self._move(opened, "192.0.2.7")
        with self._statements() as seen:
            self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        written = [text for text in seen if "UPDATE jwt_session" in text]
        self.assertEqual(len(written), 1)
        with self._statements() as seen:
            self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))
        self.assertFalse([text for text in seen if "UPDATE jwt_session" in text])

    def test_language_of_the_response_takes_one_statement(self):
        """The company's, if the client names none: it is not worth the columns of user, company and contact."""
        opened = self._open(self.user)
        body = {"refreshToken": opened.refresh}
        self.assertAnswer(self._post(ACCESS, body))  # fill the caches
        company = self.env["res.users"].browse(SUPERUSER_ID).company_id
        self.env["res.lang"]._activate_lang("fr_FR")
        for lang in ("fr_FR", "en_US"):
            company.partner_id.lang = lang
            self.env.flush_all()
            self.env.invalidate_all()
            with self._statements() as seen:
                response = self._post(ACCESS, body)
            self.assertAnswer(response)
            self.assertEqual(response.headers["Content-Language"], lang.replace("_", "-"))
            read = [text for text in seen if "res_company" in text or "res_partner" in text]
            self.assertEqual(len(read), 1, seen)
            self.assertFalse([text for text in seen if text.startswith("SELECT version")], seen)

    def _last_event(self):
        return self.env["jwt.security.event"].sudo().search([], order="id desc", limit=1)

    def test_reuse_tells_who_sent_the_token_and_whose_it_was(self):
        """Both addresses, the device of the sender, and the session."""
        opened = self._open(self.user)
        oldest = self._generations(opened, 2)[0]
        self._move(opened, "192.0.2.7")
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self._refused(ACCESS, {"refreshToken": oldest}, agent="thief/1.0")
        event = self._last_event()
        self.assertEqual((event.event, event.user_id), ("reuse", self.user))
        self.assertEqual(event.session_id, opened.session)
        self.assertEqual(event.ip_address, "127.0.0.1")
        self.assertEqual(event.session_ip_address, "192.0.2.7")
        self.assertEqual(event.detail, "thief")
        [line] = logs.output
        told = f"from 127.0.0.1, thief, session {opened.session.id} (last used from 192.0.2.7)"
        self.assertIn(told, line)

    def test_repetition_from_another_address_leaves_an_event(self):
        """The grace serves it, since a phone changes networks; somebody should be able to see it."""
        opened = self._open(self.user)
        successor = self._rotate(opened, opened.refresh)
        before = self._last_event()
        self.assertEqual(self._rotate(opened, opened.refresh), successor)
        self.assertEqual(self._last_event(), before, "the same address")
        self._move(opened, "192.0.2.7")
        self.assertEqual(self._rotate(opened, opened.refresh), successor)
        event = self._last_event()
        self.assertEqual((event.event, event.user_id), ("repeated", self.user))
        self.assertEqual(event.session_id, opened.session)
        self.assertEqual((event.ip_address, event.session_ip_address), ("127.0.0.1", "192.0.2.7"))
        self.assertFalse(self._state(opened))
        self.assertEqual(opened.session.sudo().last_ip_address, "127.0.0.1")

    def test_log_out_tells_where_it_came_from(self):
        """The event of one session links to it and has both addresses."""
        opened = self._open(self.user)
        self._move(opened, "192.0.2.7")
        self.assertAnswer(self._post("/api/revoke/token", {}, opened.access))
        event = self._last_event()
        self.assertEqual((event.event, event.session_id), ("revoked", opened.session))
        self.assertEqual((event.ip_address, event.session_ip_address), ("127.0.0.1", "192.0.2.7"))

    def test_reuse_shows_at_the_access_token_call_too(self):
        """A consumed token does not quietly mint access tokens for the rest of its life."""
        opened = self._open(self.user)
        self._rotate(opened, opened.refresh)
        self._age(opened.refresh, 11)
        with mute_logger(LOGGER):
            self._refused(ACCESS, {"refreshToken": opened.refresh})
        self.assertEqual(self._state(opened), "reuse")
        self.assertFalse(self._is_open(opened.access))

    def test_grandparent_within_the_grace_is_reuse(self):
        """Only the immediate parent of the live token is spared."""
        opened = self._open(self.user)
        child = self._rotate(opened, opened.refresh)
        self._rotate(opened, child)
        with mute_logger(LOGGER):
            self._refused(ROTATE, {"refreshToken": opened.refresh}, opened.access)
        self.assertEqual(self._state(opened), "reuse")
        self.assertFalse(self._is_open(opened.access))

    def test_no_grace_when_it_is_switched_off(self):
        """``refresh_grace_seconds`` counts from the next request on."""
        opened = self._open(self.user)
        self._rotate(opened, opened.refresh)
        self._set(refresh_grace_seconds=0)
        with mute_logger(LOGGER):
            self._refused(ROTATE, {"refreshToken": opened.refresh}, opened.access)
        self.assertEqual(self._state(opened), "reuse")

    def test_forged_secret_ends_nothing(self):
        """A selector is no secret: who guesses at the rest logs nobody out, live or consumed."""
        opened = self._open(self.user)
        successor = self._rotate(opened, opened.refresh)
        self._age(opened.refresh, 60)
        for real in (opened.refresh, successor):
            forged = real[:-1] + ("A" if real[-1] != "A" else "B")
            self._refused(ACCESS, {"refreshToken": forged})
            self._refused(ROTATE, {"refreshToken": forged}, opened.access)
        self.assertFalse(self._state(opened))
        self.assertTrue(self._is_open(opened.access))
        self.assertAnswer(self._post(ACCESS, {"refreshToken": successor}))

    # --- lifetimes -----------------------------------------------------------------------

    def test_rotation_never_extends_the_life(self):
        """The absolute end is set at the login."""
        opened = self._open(self.user, "browser")
        # in a test, SQL's now() is the beginning of its transaction
        end = self.env.cr.now().replace(microsecond=0) + timedelta(hours=1)
        opened.session.sudo().expires_at = end
        response = self._post(
            ROTATE, {}, opened.access, cookies={"refreshToken": opened.refresh}, agent=BROWSER
        )
        self.assertAnswer(response)
        self.env.invalidate_all()
        self.assertEqual(opened.session.expires_at, end)
        successor = self.assertCookie(response, longest=3600)
        opened.session.sudo().expires_at = end - timedelta(hours=2)
        self._refused(ACCESS, {"refreshToken": successor})
        self.assertFalse(self._is_open(opened.access), "the session is over for all its tokens")

    def test_idle_session_is_not_refreshed(self):
        """Two weeks without a refresh end it; a refresh begins them anew."""
        opened = self._open(self.user)
        for days, alive in ((13, True), (13, True), (15, False)):
            opened.session.sudo().last_used_at -= timedelta(days=days)
            response = self._post(ACCESS, {"refreshToken": opened.refresh})
            with self.subTest(days=days):
                if alive:
                    self.assertAnswer(response)
                else:
                    self.assertInvalidToken(response, REFUSED)

    def test_settings_count_from_the_next_request_on(self):
        """The life of an access token is read live."""
        opened = self._open(self.user)
        self._set(access_token_seconds=77)
        response = self._post(ACCESS, {"refreshToken": opened.refresh})
        claims = tokens.verify(
            self.assertAnswer(response)["access_token"], self._issuer(), time.time()
        )
        self.assertEqual(claims.expires_at - claims.issued_at, 77)

    def test_token_tells_when_and_how_its_user_logged_in(self):
        """``auth_time``, ``amr`` and ``client_id`` are those of the login, whatever was refreshed since."""
        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        in_browser = self.assertAnswer(self._post("/api/login", body, agent=BROWSER))["token"]
        browser = tokens.verify(in_browser, self._issuer(), time.time())
        self.assertEqual(browser.client, "browser")
        self._sessions(self.user).unlink()
        body = self.assertAnswer(self._post("/api/login", body))
        first = tokens.verify(body["token"], self._issuer(), time.time())
        self.assertEqual(first.amr, ("pwd",))
        self.assertAlmostEqual(first.auth_time, first.issued_at, delta=60)
        session = self._sessions(self.user)
        self.env.cr.execute(
            "UPDATE jwt_session SET create_date = create_date - interval '3 hours' WHERE id = %s",
            [session.id],
        )
        refresh = {"refreshToken": body["refreshToken"]}
        token = self.assertAnswer(self._post(ACCESS, refresh))["access_token"]
        claims = tokens.verify(token, self._issuer(), time.time())
        self.assertEqual((claims.amr, claims.auth_time), (("pwd",), first.auth_time - 3 * 3600))
        self.assertEqual((first.client, claims.client), ("app", "app"))
        self.env.cr.execute(
            "UPDATE jwt_session SET login_method = NULL WHERE id = %s", [session.id]
        )
        token = self.assertAnswer(self._post(ACCESS, refresh))["access_token"]
        self.assertEqual(tokens.verify(token, self._issuer(), time.time()).amr, ())

    # --- holes of earlier ones -----------------------------------------------------------

    def test_s09_refresh_and_access_tokens_do_not_stand_for_each_other(self):
        """A refresh token opens nothing, an access token refreshes nothing."""
        opened = self._open(self.user)
        self.assertInvalidToken(self._send("GET", "res.partner", opened.refresh, fields=[]))
        self.assertInvalidToken(
            self._post(ROTATE, {"refreshToken": opened.refresh}, opened.refresh)
        )
        self.assertInvalidToken(self._post("/api/revoke/token", {}, opened.refresh))
        self._refused(ACCESS, {"refreshToken": opened.access})
        self._refused(ROTATE, {"refreshToken": opened.access}, opened.access)
        self.assertFalse(self._state(opened))

    def test_s11_only_a_hash_of_the_refresh_token_is_stored(self):
        """No column of the addon's tables holds a token's secret; what is stored opens nothing."""
        opened = self._open(self.user)
        successor = self._rotate(opened, opened.refresh)
        secrets = [opened.refresh.split(".")[2], successor.split(".")[2], opened.access]
        self.env.flush_all()
        for table in ("jwt_session", "jwt_refresh_token", "jwt_throttle", "jwt_signing_key"):
            self.env.cr.execute(f"SELECT t::text FROM {table} t")
            text = "\n".join(row for (row,) in self.env.cr.fetchall())
            for secret in secrets:
                self.assertNotIn(secret, text)
                self.assertNotIn(secret.encode().hex(), text)
        selector = opened.refresh.split(".")[1]
        stored = hashlib.sha256(secrets[0].encode()).hexdigest()
        self.env.cr.execute(
            "SELECT token_hash FROM jwt_refresh_token WHERE selector = %s", [selector]
        )
        self.assertEqual(self.env.cr.fetchall(), [(stored,)])
        self._refused(ACCESS, {"refreshToken": f"v1.{selector}.{stored[:43]}"})

    def test_b05_refresh_outlives_the_access_token(self):
        """An app that slept for hours needs no new login."""
        opened = self._open(self.user)
        self.assertInvalidToken(self._send("GET", "x", self._expired(opened), fields=[]))
        fresh = self._post(ACCESS, {"refreshToken": opened.refresh})
        fresh = self.assertAnswer(fresh)["access_token"]
        self.assertTrue(self._is_open(fresh))
        self._set(access_token_seconds=3600)
        claims = tokens.verify(opened.access, self._issuer(), time.time())
        life = opened.session.expires_at - opened.session.create_date
        self.assertGreater(life.total_seconds(), 10 * (claims.expires_at - claims.issued_at))

    def test_b13_many_sessions_of_one_user_refresh(self):
        """Several rows of one user are the normal case."""
        for opened in [self._open(self.user) for _session in range(3)]:
            self._rotate(opened, opened.refresh)
            self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}))

    def test_retried_request_sets_one_cookie(self):
        """A lost race inside the login leaves one cookie and one session."""
        sessions = self.registry["jwt.session"]
        plain, failures = sessions._open, ["40001"]

        def fail_once(self, *args):
            opened = plain(self, *args)
            if failures:
                raise_sql_state(self.env.cr, failures.pop())
            return opened

        body = {"login": self.user.login, "password": f"{self.user.login}-password"}
        with (
            patch.object(sessions, "_open", fail_once),
            patch("odoo.service.model.time.sleep"),
            mute_logger("odoo.sql_db"),
        ):
            response = self._post("/api/login", body, agent=BROWSER)
        refresh = self.assertAnswer(response)["refreshToken"]
        self.assertEqual(self.assertCookie(response, longest=14 * DAY), refresh)
        self.assertEqual(failures, [])
        self.assertEqual(len(self._sessions(self.user)), 1)

    def test_user_agent_is_of_the_login(self):
        """A refresh by another client does not rename the session."""
        opened = self._open(self.user)
        self.assertAnswer(self._post(ACCESS, {"refreshToken": opened.refresh}, agent=APP))
        self.assertEqual(self._sessions(self.user).user_agent, "test")


def raise_sql_state(cr, code):
    """Let PostgreSQL raise an error of that state, as it does when a race is lost."""
    cr.execute(f"DO $$ BEGIN RAISE EXCEPTION 'race' USING ERRCODE = '{code}'; END $$")
