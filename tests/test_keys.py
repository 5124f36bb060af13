# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
import os
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import jwt

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import config

from ..tools import keys, tokens
from ..tools.errors import ApiError
from .common import ApiCase

KEYS_LOG = "odoo.addons.jwt_auth_api.models.jwt_signing_key"
JWKS = "/api/.well-known/jwks.json"


@tagged("post_install", "-at_install")
class TestKeys(ApiCase):
    """Where the signing keys are, who may use them, and how they change."""

    def setUp(self):
        super().setUp()
        self.keys = self.env["jwt.signing.key"].sudo()
        self.addCleanup(self._forget)

    def _forget(self):
        """Let the next request load the keys as a process that has just started."""
        self.registry.jwt_auth_api_issuer = None

    def _states(self):
        self.env.invalidate_all()
        return {key.kid: key.state for key in self.keys.search([])}

    def _kid(self, token):
        return jwt.get_unverified_header(token)["kid"]

    def test_published_keys_verify_a_token(self):
        """RFC 7517, for anybody: public members only; the next key stands there in advance."""
        token = self._open(self.user).access
        response = self._call("GET", JWKS, headers={"Origin": "https://elsewhere.example"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/json")
        self.assertEqual(response.headers["Cache-Control"], "public, max-age=300")
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], "*")
        self.assertIn("X-Odoo-Database", response.headers["Vary"])
        published = {jwk["kid"]: jwk for jwk in response.json()["keys"]}
        self.assertEqual(published.keys(), self._states().keys())
        for jwk in published.values():
            self.assertEqual(jwk.keys(), {"kty", "crv", "x", "use", "alg", "kid"})
        issuer = self._issuer()
        claims = jwt.decode(
            token,
            jwt.PyJWK(published[self._kid(token)]).key,
            algorithms=["EdDSA"],
            audience=issuer.audience,
            issuer=issuer.issuer,
        )
        self.assertEqual(claims["sub"], str(self.user.id))

    def test_rotation_overlaps(self):
        """What the old key signed stays good until it expires; the key published before signs now."""
        opened = self._open(self.user)
        old = self._kid(opened.access)
        [upcoming] = [kid for kid, state in self._states().items() if state == "next"]
        self.keys.with_user(self.admin).action_rotate()
        fresh = self._open(self.user)
        self.assertEqual(self._kid(fresh.access), upcoming)
        self.assertTrue(self._is_open(opened.access))
        self.assertTrue(self._is_open(fresh.access))
        states = self._states()
        self.assertEqual((states[old], states[upcoming]), ("retiring", "active"))
        self.assertEqual(sorted(states.values()), ["active", "next", "retiring"])
        published = {jwk["kid"] for jwk in self._call("GET", JWKS).json()["keys"]}
        self.assertEqual(published, states.keys())

    def test_retired_key_ends_with_its_last_token(self):
        """After the life of an access token it verifies nothing, and the vacuum takes it away."""
        opened = self._open(self.user)
        self.keys._rotate()
        self._issuer()  # a test's read-only cursor cannot make keys beside itself
        self.env.cr.execute(
            "UPDATE jwt_signing_key SET retired_at = retired_at - interval '16 minutes'"
            " WHERE state = 'retiring'"
        )
        self._forget()
        self.assertFalse(self._is_open(opened.access))
        self.assertEqual(len(self._call("GET", JWKS).json()["keys"]), 2)
        self.env.cr.execute(
            "UPDATE jwt_signing_key SET retired_at = retired_at - interval '2 days'"
        )
        self.keys._gc_keys()
        self.assertEqual(sorted(self._states().values()), ["active", "next"])

    def test_replacing_kills_every_access_token(self):
        """In an emergency all keys go; refreshing gives a token of the new one."""
        opened = self._open(self.user)
        before = self._states().keys()
        self.keys.with_user(self.admin).action_replace()
        event = self.env["jwt.security.event"].search([("event", "=", "keys_replaced")])
        self.assertEqual(event.user_id, self.admin)
        self._issuer()  # a test's read-only cursor cannot make keys beside itself
        self.assertFalse(self._is_open(opened.access))
        body = self.assertAnswer(
            self._post("/api/update/access-token", {"refreshToken": opened.refresh})
        )
        self.assertTrue(self._is_open(body["access_token"]))
        self.assertFalse(before & self._states().keys())
        self.assertFalse(self._state(opened))

    def test_keys_are_the_administrators(self):
        """Nobody else sees, rotates or replaces them."""
        before = self._states()
        own = self.env["jwt.signing.key"].with_user(self.user)
        for action in (own.action_rotate, own.action_replace, lambda: own.search([])):
            with self.assertRaises(AccessError):
                action()
        self.assertEqual(self._states(), before)

    def test_private_part_is_sealed_and_no_field(self):
        """Not in clear in the table, not readable through the ORM, not even for an administrator."""
        self.env.cr.execute("SELECT kid, sealed FROM jwt_signing_key")
        for _kid, sealed in self.env.cr.fetchall():
            self.assertEqual(len(bytes(sealed)), 12 + 32 + 16)
        issuer = self._issuer()
        raw = issuer.signing.private.private_bytes_raw()
        self.env.cr.execute("SELECT t::text FROM jwt_signing_key t")
        dump = " ".join(row for [row] in self.env.cr.fetchall())
        self.assertNotIn(raw.hex(), dump)
        own = self.env["jwt.signing.key"].with_user(self.admin)
        self.assertFalse({"sealed", "public", "identity"} & own._fields.keys())
        for name in ("sealed", "public", "identity"):
            with self.assertRaises(ValueError):
                own.search_read([], [name])

    def test_another_machine_makes_its_own_key(self):
        """With another data folder nothing can be unsealed; both machines verify both keys."""
        opened = self._open(self.user)
        with patch("odoo.addons.jwt_auth_api.models.jwt_signing_key._keeper", lambda: b"m" * 32):
            self._forget()
            elsewhere = self._open(self.user)
            self.assertNotEqual(self._kid(elsewhere.access), self._kid(opened.access))
            self.assertTrue(self._is_open(opened.access))
        self._forget()
        self.assertTrue(self._is_open(elsewhere.access))
        self.assertEqual(self._kid(self._open(self.user).access), self._kid(opened.access))

    def test_operators_own_key(self):
        """A secret from the environment signs with HS256, is published nowhere and stands nowhere."""
        secret = "an operator's secret of some length"
        opened = self._open(self.user)
        with patch.dict(os.environ, {"JWT_AUTH_API_KEY": secret}):
            self._forget()
            given = self._open(self.user)
            self.assertEqual(jwt.get_unverified_header(given.access)["alg"], "HS256")
            self.assertTrue(self._is_open(given.access))
            self.assertFalse(self._is_open(opened.access), "one key, one algorithm")
            self.assertEqual(self._call("GET", JWKS).json(), {"keys": []})
            self.env.cr.execute("SELECT t::text FROM jwt_signing_key t")
            self.assertNotIn(secret.encode().hex(), str(self.env.cr.fetchall()))
        self._forget()
        self.assertFalse(self._is_open(given.access))

    def test_operators_own_key_is_not_changed_here(self):
        """The buttons say so, name the place, and neither change nor record anything."""
        events = self.env["jwt.security.event"].sudo()
        own = self.keys.with_user(self.admin)
        for variable in ("JWT_AUTH_API_KEY", "JWT_AUTH_API_KEY_FILE"):
            with patch.dict(os.environ, {variable: "an operator's secret of some length"}):
                before = self._states()
                for action in (own.action_rotate, own.action_replace):
                    with self.subTest(action=action.__name__, variable=variable):
                        with self.assertRaises(UserError) as caught:
                            action()
                        self.assertIn(variable, str(caught.exception))
                        self.assertNotIn("secret of some", str(caught.exception))
                with self.assertRaises(AccessError):
                    self.keys.with_user(self.user).action_rotate()
                self.assertEqual(self._states(), before)
        self.assertFalse(events.search([("event", "=", "keys_replaced")]))

    def test_rotation_that_rotates_nothing_is_not_logged(self):
        """The scheduled action runs beside an operator's key, too."""
        self.env.cr.execute("UPDATE jwt_signing_key SET keeper = 'operator'")
        logger = "odoo.addons.jwt_auth_api.models.jwt_signing_key"
        # the number: Odoo gives the name INFO to a higher level of its own
        with self.assertNoLogs(logger, logging.INFO):
            self.keys._rotate()

    def test_unfit_key_of_the_operator_is_not_passed_over(self):
        """Better no login than one signed by another key."""
        with patch.dict(os.environ, {"JWT_AUTH_API_KEY": "short"}):
            self._forget()
            with self.assertLogs(KEYS_LOG, "ERROR") as log, self.assertRaises(ApiError) as refused:
                self._issuer()
        self.assertEqual(refused.exception.code, 500)
        self.assertIn("JWT_AUTH_API_KEY", log.output[0])
        self.assertIn("32 bytes", log.output[0])

    def test_key_material_that_cannot_be_used_is_a_server_error(self):
        """An outage is a 500, never a missing right, and the log names the file and the remedy."""
        opened = self._open(self.user)
        with tempfile.TemporaryDirectory() as folder:
            empty = Path(folder) / "key.pem"
            empty.touch()
            broken = (
                (patch.dict(os.environ, {"JWT_AUTH_API_KEY_FILE": f"{folder}/none"}), "none"),
                (patch.dict(os.environ, {"JWT_AUTH_API_KEY_FILE": str(empty)}), "key.pem"),
                (patch.dict(config.options, {"data_dir": self._data_folder(folder)}), "keeper"),
            )
            for how, name in broken:
                self._forget()
                with self.subTest(name), how, self.assertLogs(KEYS_LOG, "ERROR") as log:
                    for response in (
                        self._call("GET", "/api/me", opened.access),
                        self._post("/api/revoke/token", token=opened.access),
                        self._call("GET", JWKS),
                    ):
                        self.assertError(response, 500, "server_error")
                self.assertIn(f"/{name}", log.output[0])
        self._forget()
        self.assertTrue(self._is_open(opened.access))

    def _data_folder(self, folder):
        """Return a data folder whose keeper was cut off."""
        keeper = Path(folder) / "data" / "jwt_auth_api" / "keeper"
        keeper.parent.mkdir(parents=True)
        keeper.write_bytes(b"short")
        return str(keeper.parent.parent)

    def test_public_key_is_no_secret_for_hs256(self):
        """Key confusion: a token signed with HS256 and the public key's bytes or JWK."""
        opened = self._open(self.user)
        issuer = self._issuer()
        claims = tokens.verify(opened.access, issuer, time.time())
        raw = keys.public_bytes(issuer.signing)
        confused = tokens.Issuer(
            issuer.issuer,
            issuer.audience,
            keys.Key(issuer.signing.kid, "HS256", raw, raw),
            {},
        )
        self.assertFalse(self._is_open(tokens.sign(claims, confused)))
