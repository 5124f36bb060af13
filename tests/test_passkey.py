# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import copy
import hashlib
import json
import time
from unittest.mock import patch

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from odoo.http import root
from odoo.tests import tagged

from ..tools import tokens
from .common import APP, BROWSER, ApiCase

OPTIONS, LOGIN = "/api/login/passkey/options", "/api/login/passkey"
ORIGIN, HOST = "https://odoo.example.com", "odoo.example.com"
DAY = 24 * 3600


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """A passkey in software: an ES256 key that signs challenges for one host (WebAuthn, 6.3.3)."""

    def __init__(self, env, user, number):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id, self.counter = b64(bytes([number]) * 16), 0
        point = self.private.public_key().public_numbers()
        numbers = {-2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, **numbers})  # COSE: EC2, ES256, P-256
        user.with_user(user).sudo().write(  # a passkey is its creator's
            {
                "auth_passkey_key_ids": [
                    (0, 0, {"name": f"Key {number}", "credential_identifier": self.id})
                ]
            }
        )
        env.flush_all()
        # as auth_passkey stores it, past the ORM
        env.cr.execute(
            "UPDATE auth_passkey_key SET public_key = %s WHERE credential_identifier = %s",
            [base64.urlsafe_b64encode(public).decode(), self.id],
        )

    def answer(self, challenge, *, origin=ORIGIN, host=HOST, flags=0x05, kind="webauthn.get"):
        """What ``navigator.credentials.get`` gives; ``flags`` 5: the user is there and verified."""
        self.counter += 1
        client = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
        client = json.dumps(client).encode()
        data = hashlib.sha256(host.encode()).digest() + bytes([flags])
        data += self.counter.to_bytes(4, "big")
        signature = self.private.sign(
            data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(b"2"),
            },
        }


@tagged("post_install", "-at_install")
class TestPasskey(ApiCase):
    """``/api/login/passkey``, where ``auth_passkey`` is installed."""

    def setUp(self):
        super().setUp()
        if "auth.passkey.key" not in self.env:
            self.skipTest("auth_passkey is not installed")
        self.env["ir.config_parameter"].set_param("web.base.url", ORIGIN)
        self.passkey = Authenticator(self.env, self.user, 1)

    def _options(self, **options):
        body = self.assertAnswer(self._post(OPTIONS, **options))
        self.assertEqual(list(body), ["passkey_token", "options", "expires_in"])
        return body["passkey_token"], body["options"]["challenge"]

    def _login(self, token, credential, **options):
        return self._post(LOGIN, {"passkey_token": token, "credential": credential}, **options)

    def _refused(self, token, credential):
        return self.assertError(self._login(token, credential), 401, "invalid_passkey")

    def _challenges(self):
        return self.env["jwt.login.challenge"].sudo().search([("passkey_challenge", "!=", False)])

    # --- what it answers -----------------------------------------------------------------

    def test_options_are_those_of_odoo(self):
        """For this host, with the user verified; each time another challenge, kept as it was made."""
        body = self.assertAnswer(self._post(OPTIONS))
        self.assertEqual(body["expires_in"], 300)
        options = body["options"]
        self.assertEqual((options["rpId"], options["userVerification"]), (HOST, "required"))
        self.assertEqual(self._challenges().passkey_challenge, options["challenge"])
        self.assertNotEqual(self._options()[1], options["challenge"])
        self.assertNotIn(body["passkey_token"].split(".")[2], str(self._challenges().read()))

    def test_passkey_opens_a_session(self):
        """The answer is the login's, and the access token tells how its user logged in."""
        token, challenge = self._options()
        response = self._login(token, self.passkey.answer(challenge))
        body = self.assertAnswer(response)
        self.assertEqual(list(body), ["token", "refreshToken", "user_id"])
        self.assertEqual(response.headers["X-Token-Expires-In"], "900")
        self.assertEqual(body["user_id"], self.user.id)
        self.assertNoCookie(response)
        self.assertTrue(self._is_open(body["token"]))
        claims = tokens.verify(body["token"], self._issuer(), time.time())
        self.assertEqual(claims.amr, ("pop", "user", "mfa"))
        session = self._sessions(self.user)
        self.assertEqual((session.login_method, session.client_type), ("passkey", "app"))
        self.assertFalse(self._challenges())
        self.env.invalidate_all()
        self.assertEqual(self.user.sudo().auth_passkey_key_ids.sign_count, 1)

    def test_browser_gets_its_cookie(self):
        """As at any login; no session cookie, and none that was there counts."""
        self.authenticate(self.victim.login, None)
        before = dict(root.session_store.get(self.session.sid))
        token, challenge = self._options(agent=BROWSER)
        response = self._login(token, self.passkey.answer(challenge), agent=BROWSER)
        self.assertEqual(self.assertAnswer(response)["user_id"], self.user.id)
        self.assertCookie(response, longest=14 * DAY)
        self.assertEqual(dict(root.session_store.get(self.session.sid)), before)

    def test_passkey_is_both_factors(self):
        """An account with a TOTP app logs in with its passkey alone, as in Odoo."""
        if "totp_secret" not in self.env["res.users"]._fields:
            self.skipTest("auth_totp is not installed")
        self.user.sudo().totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.env.flush_all()
        token, challenge = self._options()
        body = self.assertAnswer(self._login(token, self.passkey.answer(challenge)))
        self.assertEqual(body["user_id"], self.user.id)

    def test_two_logins_at_once_do_not_mix_their_challenges(self):
        """Each token has its own challenge, and each passkey is its own user's."""
        other = Authenticator(self.env, self.victim, 2)
        (one, first), (two, second) = self._options(), self._options()
        self.assertAnswer(self._login(two, other.answer(second)))
        body = self.assertAnswer(self._login(one, self.passkey.answer(first)))
        self.assertEqual(body["user_id"], self.user.id)
        self.assertEqual(len(self._sessions(self.victim)), 1)

    # --- what it refuses -----------------------------------------------------------------

    def test_challenge_counts_once(self):
        """Neither after a success nor after a failure; the same answer opens nothing twice."""
        token, challenge = self._options()
        credential = self.passkey.answer(challenge)
        self.assertAnswer(self._login(token, credential))
        self._refused(token, credential)
        token, challenge = self._options()
        self._refused(token, self.passkey.answer("AAAA"))
        self._refused(token, self.passkey.answer(challenge))
        token, _challenge = self._options()
        self._refused(token, credential)
        self.assertEqual(len(self._sessions(self.user)), 1)

    def test_challenge_dies_with_time(self):
        """Five minutes."""
        token, challenge = self._options()
        self.env.cr.execute(
            "UPDATE jwt_login_challenge SET expires_at = now() - interval '1 second'"
        )
        self._refused(token, self.passkey.answer(challenge))

    def test_wrong_answers(self):
        """Another page, another host, a user who was not verified, another key: one answer for all."""
        stranger = Authenticator(self.env, self.victim, 2)
        stranger.id = self.passkey.id
        unknown = copy.copy(self.passkey)
        unknown.id = b64(b"nobody's")
        refused = set()
        for passkey, changed in [
            (self.passkey, {"origin": "https://evil.example.com"}),
            (self.passkey, {"host": "evil.example.com"}),
            (self.passkey, {"flags": 0x01}),
            (self.passkey, {"flags": 0x04}),
            (self.passkey, {"kind": "webauthn.create"}),
            (stranger, {}),
            (unknown, {}),
        ]:
            with self.subTest(passkey=passkey.id, **changed):
                token, challenge = self._options()
                self.registry._login_failures.clear()
                response = self._login(token, passkey.answer(challenge, **changed))
                self.assertError(response, 401, "invalid_passkey")
                refused.add(response.content)
        self.user.active = False
        self.env.flush_all()
        token, challenge = self._options()
        self._refused(token, self.passkey.answer(challenge))
        self.assertEqual(len(refused), 1)
        self.assertFalse(self._sessions(self.user | self.victim))

    def test_forged_tokens_cost_the_challenge_nothing(self):
        """A wrong secret, other tokens and rubbish are no passkey tokens."""
        token, challenge = self._options()
        forged = token[:-1] + ("A" if token[-1] != "A" else "B")
        refresh = self._open(self.victim).refresh
        for text in (forged, refresh, "p1" + refresh[2:], "m1" + token[2:], "", "x" * 100):
            self._refused(text, self.passkey.answer(challenge))
        for path in ("/api/update/access-token", "/api/login/mfa"):
            body = {"refreshToken": token, "mfa_token": token, "code": "123456"}
            self.assertAnswer(self._post(path, body), 401)
        self.assertAnswer(self._login(token, self.passkey.answer(challenge)))

    def test_malformed_credentials_are_a_400(self):
        """Whatever Odoo's library would stumble over; the challenge is not used up by it."""
        token, challenge = self._options()
        right = self.passkey.answer(challenge)

        def spoilt(**changes):
            return {**right, "response": {**right["response"], **changes}}

        client = [b"", b"[]", b"{}", b"\xff", b'{"type": 1, "challenge": "AA", "origin": "x"}']
        client += [b'{"type":"webauthn.get","challenge":1,"origin":"x"}', b"[" * 5000]
        data = [b"", b"x" * 36, b"x" * 38, b"x" * 32 + b"\x45" + b"x" * 4, b"x" * 32 + b"\x85AAAA"]
        for credential in [
            None,
            1,
            "x",
            [],
            {},
            {**right, "id": 1},
            {**right, "id": "a\x00b"},
            {**right, "rawId": "AAAA"},
            {**right, "type": "password"},
            {**right, "response": []},
            *(spoilt(clientDataJSON=b64(raw)) for raw in client),
            *(spoilt(authenticatorData=b64(raw)) for raw in data),
            spoilt(signature=None),
            spoilt(signature="ÄÖ"),
            spoilt(signature="A"),
            spoilt(userHandle=7),
        ]:
            with self.subTest(credential=str(credential)[:80]):
                self.assertError(self._login(token, credential), 400, "bad_value")
        for body in ({}, {"credential": right}, {"passkey_token": 1, "credential": right}):
            self.assertError(self._post(LOGIN, body), 400, "bad_value")
        self.assertAnswer(self._login(token, right))

    def test_rubbish_for_a_signature(self):
        """It has the form, so that Odoo looks at it, and is no signature."""
        token, challenge = self._options()
        credential = self.passkey.answer(challenge)
        credential["response"]["signature"] = b64(b"no DER at all")
        self._refused(token, credential)

    def test_forms_and_other_methods_log_nobody_in(self):
        """JSON alone, which a page of another origin cannot send unasked."""
        token, challenge = self._options()
        body = {"passkey_token": token, "credential": self.passkey.answer(challenge)}
        plain = {"Content-Type": "text/plain"}
        response = self._call("POST", LOGIN, data=json.dumps(body), headers=plain)
        self.assertError(response, 415, "unsupported_media_type")
        for method in ("GET", "PUT", "DELETE"):
            for path in (LOGIN, OPTIONS):
                response = self._call(method, path, json=body)
                self.assertError(response, 405, "method_not_allowed")
        self.assertFalse(self._sessions(self.user))

    def test_not_found_where_passkeys_are_not_installed(self):
        """There is no hard dependency."""
        plain = type(self.env).__contains__
        missing = patch.object(
            type(self.env),
            "__contains__",
            lambda env, name: name != "auth.passkey.key" and plain(env, name),
        )
        with missing:
            for path in (OPTIONS, LOGIN):
                self.assertError(self._post(path), 404, "not_found")

    # --- limits and traces ---------------------------------------------------------------

    def test_failures_are_throttled(self):
        """Like passwords, by the same parameters: the right answer waits, too."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        for _failure in range(2):
            self.registry._login_failures.clear()
            token, _challenge = self._options()
            self._refused(token, self.passkey.answer("AAAA"))
        self.registry._login_failures.clear()
        token, challenge = self._options()
        response = self._login(token, self.passkey.answer(challenge))
        self.assertError(response, 429, "too_many_requests")
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertFalse(self._sessions(self.user))

    def test_challenges_are_limited_per_address(self):
        """Anybody may ask for one, so nobody may fill the table; the expired ones go on the way."""
        with patch("odoo.addons.jwt_auth_api.models.jwt_throttle.OFFERS", 3):
            for _time in range(3):
                self._options()
            response = self._post(OPTIONS)
            self.assertError(response, 429, "too_many_requests")
            self.assertEqual(response.headers["Retry-After"], "1")
        self.assertEqual(len(self._challenges()), 3)
        self.env.cr.execute("UPDATE jwt_login_challenge SET expires_at = now() - interval '1 day'")
        self.env.cr.execute("DELETE FROM jwt_throttle")
        self._options()
        self.env.invalidate_all()
        self.assertEqual(len(self._challenges()), 1)

    def test_what_happened_is_recorded(self):
        """One event each, without the token."""
        events = self.env["jwt.security.event"].sudo()
        events.search([]).unlink()
        token, _challenge = self._options()
        self._refused(token, self.passkey.answer("AAAA"))
        token, challenge = self._options()
        self.assertAnswer(self._login(token, self.passkey.answer(challenge), agent=APP))
        self.env.invalidate_all()
        found = events.search([], order="id")
        self.assertEqual(found.mapped("event"), ["login_failed", "login"])
        self.assertEqual(found[0].detail, "passkey")
        self.assertNotIn(token, str(found.read()))
