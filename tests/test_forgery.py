# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from odoo.tests import tagged

from ..tools import keys, tokens
from .common import ApiCase
from .security_case import b64


@tagged("post_install", "-at_install")
class TestForgery(ApiCase):
    """Access tokens that are not ours, or no longer: each is a 401, never a 500."""

    def setUp(self):
        super().setUp()
        self.opened = self._open(self.user)
        self.key = self._issuer().signing
        self.header = self._part(0)
        self.payload = self._part(1)

    def _part(self, number):
        segment = self.opened.access.split(".")[number]
        return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))

    def _signed(self, header=(), **payload):
        """A token with our own signature, and some claims or headers changed; ``...`` removes one."""
        claims = {
            name: value for name, value in {**self.payload, **payload}.items() if value is not ...
        }
        merged = {
            name: value
            for name, value in {**self.header, **dict(header)}.items()
            if value is not ...
        }
        message = f"{b64(merged)}.{b64(claims)}"
        return f"{message}.{b64(self.key.private.sign(message.encode()))}"

    def assertRefused(self, token):
        response = self._send("GET", "res.partner", token, fields=[])
        self.assertInvalidToken(response)

    def test_signing_by_hand_is_what_the_server_does(self):
        """The other tests of this class fail for the reason they name: unchanged, the token is good."""
        self.assertTrue(self._is_open(self._signed()))
        self.assertEqual(self.header["typ"], "at+jwt")
        claims = {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "stp", "auth_time"}
        self.assertEqual(set(self.payload), claims | {"user_id", "client_id"})

    def test_token_without_the_login_in_it_is_good(self):
        """A session may be older than ``auth_time`` and ``amr``; what is in them has its form."""
        missing = {"auth_time": ..., "amr": ..., "user_id": ..., "client_id": ...}
        self.assertTrue(self._is_open(self._signed(**missing)))
        for claims in ({"auth_time": "now"}, {"auth_time": 1.5}, {"amr": "pwd"}, {"amr": [1]}):
            self.assertRefused(self._signed(**claims))

    def test_algorithms(self):
        """None, another one, and HS256 keyed with what everybody knows of the public key."""
        raw, pem = (
            self.key.public.public_bytes(encoding, form)
            for encoding, form in (
                (serialization.Encoding.Raw, serialization.PublicFormat.Raw),
                (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            )
        )
        payload = b64(self.payload)
        for algorithm in ("none", "None", "NONE", "nOnE", ""):
            head = b64({**self.header, "alg": algorithm})
            for signature in ("", b64(b""), self.opened.access.split(".")[2]):
                with self.subTest(algorithm=algorithm, signature=signature[:5]):
                    self.assertRefused(f"{head}.{payload}.{signature}")
        for secret in (raw, pem, b64(raw).encode(), self.key.kid.encode(), b"", b"secret"):
            for algorithm in ("HS256", "HS384", "HS512"):
                head = b64({**self.header, "alg": algorithm})
                digest = getattr(hashlib, f"sha{algorithm[2:]}")
                message = f"{head}.{payload}"
                signature = hmac.new(secret, message.encode(), digest).digest()
                with self.subTest(algorithm=algorithm, secret=secret[:10]):
                    self.assertRefused(f"{message}.{b64(signature)}")
        for algorithm in ("HS256", "RS256", "ES256", "Ed448", "eddsa", None, 5, ["EdDSA"], {}):
            with self.subTest(algorithm=algorithm):
                self.assertRefused(self._signed({"alg": algorithm}))
        self.assertRefused(self._signed({"alg": ...}))
        self.assertTrue(self._is_open(self._signed({"alg": "Ed25519"})), "RFC 9864's name")

    def test_keys(self):
        """The key is ours, chosen by ``kid``; nothing in the token brings one along."""
        attacker = Ed25519PrivateKey.generate()
        public = attacker.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(public)}
        for extra in (
            {},
            {"jwk": jwk},
            {"jku": "http://127.0.0.1:9/"},
            {"x5u": "http://127.0.0.1:9/"},
        ):
            headers = {**self.header, **extra}
            with self.subTest(extra=extra):
                self.assertRefused(jwt.encode(self.payload, attacker, "EdDSA", headers=headers))
        for kid in (
            ...,
            None,
            "",
            "nope",
            5,
            True,
            ["a"],
            [self.key.kid],
            {"a": 1},
            "' OR 1=1--",
            "../../etc/passwd",
            self.key.kid.upper(),
            "\x00",
        ):
            with self.subTest(kid=kid):
                self.assertRefused(self._signed({"kid": kid}))

    def test_headers(self):
        """``typ`` is exact, ``crit`` is refused even with a right signature."""
        for typ in (..., None, "JWT", "jwt", "AT+JWT", "application/at+jwt", "", 1, ["at+jwt"]):
            with self.subTest(typ=typ):
                self.assertRefused(self._signed({"typ": typ}))
        for crit in (["x"], ["exp"], [], None, "b64"):
            with self.subTest(crit=crit):
                self.assertRefused(self._signed({"crit": crit}))
        self.assertRefused(self._signed({"b64": False, "crit": ["b64"]}))

    def test_claims(self):
        """Each claim missing, and of a wrong type, with a right signature."""
        now = int(time.time())
        wrong = {
            "iss": ["urn:odoo:other", [], None, 1, [self.payload["iss"]]],
            "aud": ["other", None, 1, [self.payload["aud"]], [self.payload["aud"], "x"]],
            "sub": [
                self.user.id,
                None,
                "",
                "0",
                "-2",
                "+2",
                "1e1",
                " 2",
                "x",
                "9" * 30,
                ["2"],
                True,
            ],
            "iat": [None, "x", str(now), now + 3600, 9e99, 1.5, [now], True],
            "exp": [None, "x", str(now + 900), now - 1, now, 0, -1, 9e99, [1], {"a": 1}, True],
            "jti": [None, "", 5, ["x"]],
            "sid": [None, "", 5, ["x"], "someone-elses"],
            "stp": [None, "", 5, ["x"], "0" * 32],
        }
        for name, values in wrong.items():
            for value in (..., *values):
                with self.subTest(name=name, value=value):
                    self.assertRefused(self._signed(**{name: value}))
        self.assertRefused(self._signed(nbf=now - 10))

    def test_other_users(self):
        """The subject is the session's own user: not the victim, not the superuser, not the public."""
        public = self.env.ref("base.public_user")
        for user_id in (1, public.id, self.victim.id, self.admin.id, 2**31 - 1, 2**31, 2**63):
            with self.subTest(user_id=user_id):
                self.assertRefused(self._signed(sub=str(user_id)))
        theirs = self._open(self.victim)
        stamp, sid = (
            json.loads(base64.urlsafe_b64decode(theirs.access.split(".")[1] + "=="))[name]
            for name in ("stp", "sid")
        )
        self.assertRefused(self._signed(sid=sid))
        self.assertRefused(self._signed(stp=stamp))
        self.assertRefused(self._signed(stp=stamp, sid=sid))
        self.assertNotEqual(stamp, self.payload["stp"])

    def test_spellings(self):
        """One token has one spelling: no padding, no whitespace, no other form, no giant."""
        access = self.opened.access
        head, payload, signature = access.split(".")
        deep = b64(("[" * 1000 + "]" * 1000).encode())
        bad = [
            f"{access}=",
            f"{access}==",
            f"{head}=.{payload}.{signature}",
            f"{head}.{payload}",
            f"{head}.{payload}.",
            f".{payload}.{signature}",
            f"{access}.x",
            f"{access}.",
            "..",
            ".",
            "a.b.c",
            access.replace("_", "/").replace("-", "+") + "~",
            f"{head}.{payload}.{signature[:-1]}",
            f"{head}.{payload}.{signature}A",
            f"{head}.{payload}.{'A' * len(signature)}",
            f"{head}.{b64(self.payload | {'sub': '1'})}.{signature}",
            f"{deep}.{payload}.{signature}",
            f"{b64(b'nope')}.{payload}.{signature}",
            f"{b64([])}.{payload}.{signature}",
            f"{b64(5)}.{payload}.{signature}",
            f"{b64(bytes(range(128, 200)))}.{payload}.{signature}",
            json.dumps({"payload": payload, "protected": head, "signature": signature}).replace(
                " ", ""
            ),
            "x" * 5000,
            f"{head}.{'A' * 30000}.{signature}",
        ]
        for token in bad:
            with self.subTest(token=token[:30], length=len(token)):
                self.assertRefused(token)

    def test_payloads(self):
        """A right signature over what is no object of claims."""
        for payload in (b"", b"nope", b"[]", b"null", b"5", b"\xff", b"[" * 1000, b'{"iss": NaN}'):
            message = f"{b64(self.header)}.{b64(payload) or 'AA'}"
            with self.subTest(payload=payload[:10]):
                self.assertRefused(f"{message}.{b64(self.key.private.sign(message.encode()))}")

    def test_giants_are_no_500(self):
        """As long as the server reads a header, and a megabyte past it."""
        self.assertRefused("x" * 60000)
        issuer = self._issuer()
        for giant in ("x" * 2**20, f"{self.opened.access}{'A' * 2**20}", "a." * 2**19):
            with self.assertRaises(tokens.InvalidToken):
                tokens.verify(giant, issuer, time.time())

    def test_every_flipped_character_is_noticed(self):
        """No character of a token can be exchanged."""
        access, issuer = self.opened.access, self._issuer()
        for place in range(0, len(access), 7):
            other = "A" if access[place] != "A" else "B"
            with self.assertRaises(tokens.InvalidToken):
                tokens.verify(access[:place] + other + access[place + 1 :], issuer, time.time())

    def test_s07_token_of_another_database_is_refused(self):
        """Same server, same key material even: issuer and audience name the database."""
        issuer = self._issuer()
        claims = tokens.verify(self.opened.access, issuer, time.time())
        self.assertIn(self.env.cr.dbname, issuer.audience)
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(issuer.issuer, f"urn:odoo:{uuid}")
        self.assertTrue(self._is_open(tokens.sign(claims, issuer)))
        for other in (
            replace(issuer, issuer="urn:odoo:another"),
            replace(issuer, audience=f"{uuid}/another"),
        ):
            self.assertRefused(tokens.sign(claims, other))
        key = keys.load_private(keys.generate())
        self.assertRefused(tokens.sign(claims, replace(issuer, signing=key, keys={key.kid: key})))

    def test_s09_claims_say_what_a_token_is_for(self):
        """A pending or other JWT of the same key does not open the data route."""
        for typ in ("mfa+jwt", "rt+jwt", "JWT"):
            self.assertRefused(self._signed({"typ": typ}))
            response = self._post("/api/revoke/token", {}, self._signed({"typ": typ}))
            self.assertInvalidToken(response)
        self.assertFalse(self._state(self.opened))

    def test_token_says_nothing_of_the_user(self):
        """Ids and opaque strings: no login, name, group or part of the password's hash."""
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", [self.user.id])
        [hashed] = self.env.cr.fetchone()
        text = json.dumps(self.payload)
        for secret in (
            self.user.login,
            self.user.email,
            hashed,
            hashlib.md5(hashed.encode()).hexdigest(),
        ):
            self.assertNotIn(secret, text)
