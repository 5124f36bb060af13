# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import ast
import base64
import inspect
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..hooks import post_init_hook
from .common import ApiCase
from .security_case import b64

ROOT = Path(__file__).resolve().parents[1]
MODELS = (
    "connection.api",
    "jwt.throttle",
    "jwt.refresh.token",
    "jwt.session",
    "jwt.signing.key",
)
#: What Odoo answers over RPC to who may not; any other error would be a mistake of the test.
DENIED = "odoo.exceptions.AccessError"
#: … and what it answers for a field that is none.
UNKNOWN = "builtins.ValueError"


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
