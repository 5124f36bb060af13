# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import ast
import base64
import hashlib
import hmac
import inspect
import json
import time
from dataclasses import replace
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from odoo.exceptions import AccessError
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..hooks import post_init_hook
from ..tools import keys, tokens
from .common import ApiCase

ROOT = Path(__file__).resolve().parents[1]
MODELS = (
    "connection.api",
    "jwt.login.throttle",
    "jwt.refresh.token",
    "jwt.session",
    "jwt.signing.key",
)
#: What Odoo answers over RPC to who may not; any other error would be a mistake of the test.
DENIED = "odoo.exceptions.AccessError"
#: … and what it answers for a field that is none.
UNKNOWN = "builtins.ValueError"


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


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


@tagged("post_install", "-at_install")
class TestStore(ApiCase):
    """What may be read and written of the addon's own tables over Odoo's RPC, and where keys are."""

    def _rpc(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            "/web/dataset/call_kw",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def assertDenied(self, model, method, *args, answer=DENIED, **kwargs):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self._rpc(model, method, *args, **kwargs)
        self.assertEqual(caught.exception.args[0], answer, f"{model}.{method}{args}")

    def test_s01_nobody_but_a_manager_sees_the_addons_models(self):
        """Read, write, create and unlink of each: refused to internal and portal users."""
        opened = self._open(self.victim)
        connection = self._connect("res.partner", "GET")
        records = {"connection.api": connection, "jwt.session": opened.session}
        for user in (self.user, self.portal):
            self.authenticate(user.login, None)
            for model in MODELS:
                ids = records.get(model, self.env[model]).ids or [1]
                for method, args in (
                    ("search_read", []),
                    ("search_count", [[]]),
                    ("read", [ids]),
                    ("write", [ids, {"is_post": True}]),
                    ("create", [{}]),
                    ("unlink", [ids]),
                    ("copy", [ids]),
                ):
                    with self.subTest(user=user.login, model=model, method=method):
                        self.assertDenied(model, method, *args)
        self.env.invalidate_all()
        self.assertTrue(connection.exists() and opened.session.exists())
        self.assertFalse(connection.is_post)

    def test_s01_model_access_names_a_group_everywhere(self):
        """An access line without a group would apply to everybody."""
        rows = self.env["ir.model.access"].search(
            [("model_id.model", "in", [*MODELS, *self._own_models()])]
        )
        self.assertLessEqual(set(MODELS), set(rows.mapped("model_id.model")))
        self.assertEqual(rows.filtered(lambda row: not row.group_id), rows.browse())
        allowed = self.env.ref("jwt_auth_api.group_manager") | self.env.ref("base.group_system")
        self.assertLessEqual(rows.group_id, allowed)

    def _own_models(self):
        own = [
            name
            for name, model in self.env.registry.items()
            if getattr(model, "_original_module", "") == "jwt_auth_api" and not model._abstract
        ]
        self.assertLessEqual(set(MODELS), set(own))
        return own

    def test_manager_opens_models_and_sees_sessions(self):
        """The group alone is enough; nothing of a session can be made, changed or read beyond its face."""
        opened = self._open(self.victim)
        manager = self._new_user("api-manager", "jwt_auth_api.group_manager")
        self.authenticate(manager.login, None)
        model_id = self.env["ir.model"]._get_id("res.bank")
        connection = self._rpc("connection.api", "create", {"model_id": model_id, "is_get": True})
        self.assertTrue(self._rpc("connection.api", "write", [connection], {"is_get": False}))
        [row] = self._rpc("jwt.session", "read", opened.session.ids, ["user_id", "state"])
        self.assertEqual((row["user_id"][0], row["state"]), (self.victim.id, "active"))
        self.assertTrue(self._rpc("connection.api", "unlink", [connection]))

    def test_administrator_writes_no_session_and_no_token(self):
        """Not even an administrator makes or changes one over RPC: only the button ends it."""
        opened = self._open(self.victim)
        token = self.env["jwt.refresh.token"].search([("session_id", "=", opened.session.id)])
        self.authenticate(self.admin.login, None)
        writes = [
            ("jwt.session", opened.session, {"user_id": self.admin.id}),
            ("jwt.session", opened.session, {"revoked_at": False}),
            (
                "jwt.session",
                opened.session,
                {"token_ids": [[0, 0, {"selector": "x", "token_hash": "x"}]]},
            ),
            ("jwt.refresh.token", token, {"consumed_at": False}),
            ("jwt.refresh.token", token, {"token_hash": "x"}),
        ]
        for model, record, values in writes:
            with self.subTest(model=model, values=values):
                self.assertDenied(model, "write", record.ids, values)
                self.assertDenied(model, "create", values)
        for model, record in (("jwt.session", opened.session), ("jwt.refresh.token", token)):
            self.assertDenied(model, "unlink", record.ids)
        self.assertDenied("jwt.signing.key", "create", {"kid": "x", "state": "active"})
        self.assertDenied("jwt.signing.key", "write", [1], {"kid": "x"})
        self.assertDenied("jwt.signing.key", "unlink", [1])
        self.assertTrue(self._is_open(opened.access))
        self._rpc("jwt.session", "action_revoke", opened.session.ids)
        self.assertEqual(self._state(opened), "admin")

    def test_administrator_reads_no_secret(self):
        """``sid``, ``stamp``, ``selector``, ``token_hash`` and the keys cannot be read, searched or ordered by."""
        opened = self._open(self.victim)
        token = self.env["jwt.refresh.token"].search([("session_id", "=", opened.session.id)])
        secrets = [
            (opened.session, ("sid", "stamp"), DENIED),
            (token, ("selector", "token_hash"), DENIED),
            (self.env["jwt.signing.key"].browse(1), ("secret", "identity"), UNKNOWN),
        ]
        self.authenticate(self.admin.login, None)
        for record, names, answer in secrets:
            model, ids = record._name, record.ids
            visible = self._rpc(model, "fields_get")
            for name in names:
                asks = [
                    ("read", ids, [name]),
                    ("search_read", [], [name]),
                    ("search_count", [[name, "!=", False]]),
                    ("search", [], 0, 1, f"{name} asc"),
                    ("formatted_read_group", [], [name], ["__count"]),
                ]
                for method, *args in asks:
                    with self.subTest(model=model, name=name, method=method):
                        self.assertNotIn(name, visible)
                        self.assertDenied(model, method, *args, answer=answer)
        session, hashed = opened.session.ids, "token_ids.token_hash"
        self.assertDenied("jwt.session", "search_count", [[hashed, "!=", False]])
        self.assertDenied("jwt.session", "export_data", session, ["token_ids/token_hash"])

    def test_s08_no_key_can_be_read_anywhere(self):
        """Keys stand in no field, no parameter and no file of the addon, and differ per database."""
        issuer = self._issuer()
        secrets = [issuer.signing.private.private_bytes_raw()]
        self.env.cr.execute("SELECT sealed FROM jwt_signing_key")
        secrets += [bytes(sealed) for (sealed,) in self.env.cr.fetchall()]
        self.assertEqual(len(secrets), 3)
        self.assertNotIn("sealed", self.env["jwt.signing.key"]._fields)
        spelled = [
            spelling
            for secret in secrets
            for spelling in (
                secret.hex(),
                base64.b64encode(secret).decode().rstrip("="),
                b64(secret),
            )
        ]
        values = " ".join(
            self.env["ir.config_parameter"].search([]).mapped(lambda row: row.value or "")
        )
        for spelling in spelled:
            self.assertNotIn(spelling, values)
        database_secret = self.env["ir.config_parameter"].get_param("database.secret")
        self.assertNotIn(database_secret.encode(), secrets)
        for folder in ("", "controllers", "data", "models", "security", "static", "tools", "views"):
            for path in (ROOT / folder).iterdir():
                content = path.read_bytes() if path.is_file() else b""
                for spelling in (*secrets, *(text.encode() for text in spelled)):
                    self.assertNotIn(spelling, content)
        for text in (repr(issuer), str(issuer), repr(issuer.keys), f"{issuer}"):
            for spelling in spelled:
                self.assertNotIn(spelling, text)

    def test_b12_installing_writes_no_file_and_names_its_libraries(self):
        """The manifest declares PyJWT; the hook works where the code directory cannot be written."""
        manifest = ast.literal_eval((ROOT / "__manifest__.py").read_text())
        python = manifest["external_dependencies"]["python"]
        self.assertTrue([name for name in python if name.startswith("PyJWT")])
        before = {path: path.stat().st_mtime_ns for path in ROOT.iterdir() if path.is_file()}
        self.env.cr.execute("DELETE FROM jwt_signing_key")
        self.registry.jwt_auth_api_issuer = None
        post_init_hook(self.env)
        self.env.cr.execute("SELECT count(*) FROM jwt_signing_key")
        self.assertEqual(self.env.cr.fetchone(), (2,))
        after = {path: path.stat().st_mtime_ns for path in ROOT.iterdir() if path.is_file()}
        self.assertEqual(after, before)

    def test_public_methods_are_buttons(self):
        """Every public method is a remote endpoint: what mints, rotates or revokes is private."""
        plain = set(dir(self.registry["base"]))
        for model in MODELS:
            public = {
                name
                for name, _method in inspect.getmembers(self.registry[model], callable)
                if not name.startswith("_") and name not in plain
            }
            with self.subTest(model=model):
                self.assertFalse([name for name in public if not name.startswith("action_")])
        own = [name for name in dir(self.registry["res.users"]) if "jwt" in name]
        self.assertTrue(own)
        self.assertFalse([name for name in own if not name.startswith(("_", "action_", "jwt_"))])

    def test_private_methods_are_no_endpoints(self):
        """Neither minting nor keys can be called over RPC, by nobody."""
        self.authenticate(self.admin.login, None)
        for model, method, args in (
            ("jwt.session", "_open", [self.admin.id, "app", "x", "x"]),
            ("jwt.session", "_revoke_everything", ["admin"]),
            ("jwt.signing.key", "_issuer", []),
            ("jwt.signing.key", "_load", []),
            ("connection.api", "_resolve", ["res.users", "GET"]),
            ("res.users", "_jwt_session_stamp", [self.victim.ids]),
        ):
            with self.subTest(model=model, method=method):
                self.assertDenied(model, method, *args)

    def test_button_ends_only_what_its_user_may_end(self):
        """A user without the group cannot end the victim's session through the button."""
        opened = self._open(self.victim)
        with self.assertRaises(AccessError):
            opened.session.with_user(self.user).action_revoke()
        self.authenticate(self.user.login, None)
        self.assertDenied("jwt.session", "action_revoke", opened.session.ids)
        self.assertTrue(self._is_open(opened.access))
