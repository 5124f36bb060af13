"""A page logs in with a passkey as the guide says, with the authenticator that Chromium emulates."""

import base64
import secrets
from urllib.parse import urlsplit

import cbor2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lib import documents

SCRIPT = "async () => {%s return [response.status, await response.json()]; }"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}
#: As Odoo stores a passkey of its own: the public key past the ORM.
REGISTER = """
user = env["res.users"].search([("login", "=", "demo")])
key = {{"name": "Test", "credential_identifier": {identifier!r}}}
user.with_user(user).sudo().write({{"auth_passkey_key_ids": [(0, 0, key)]}})
env.flush_all()
env.cr.execute(
    "UPDATE auth_passkey_key SET public_key = %s WHERE credential_identifier = %s",
    [{public!r}, {identifier!r}],
)
env.cr.commit()
"""


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def cose(key):
    """Return a public key as an authenticator tells it: EC2, ES256, P-256."""
    point = key.public_key().public_numbers()
    numbers = {-2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    return base64.urlsafe_b64encode(cbor2.dumps({1: 2, 3: -7, -1: 1, **numbers})).decode()


@pytest.fixture
def base_url(server, admin):
    """The address of the server by a name: no passkey is for an IP address."""
    [module] = admin.search("ir.module.module", [["name", "=", "auth_passkey"]])
    admin.call("ir.module.module", "button_immediate_install", [module])
    url = f"http://localhost:{urlsplit(server.url).port}"
    before = admin.call("ir.config_parameter", "get_param", "web.base.url")
    admin.call("ir.config_parameter", "set_param", "web.base.url", url)
    yield url
    admin.call("ir.config_parameter", "set_param", "web.base.url", before)


@pytest.fixture
def passkey(server, page, base_url):
    """A passkey of the user `demo`, in Odoo and in the browser."""
    key, identifier = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
    server.odoo(REGISTER.format(identifier=b64(identifier), public=cose(key)))
    private = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    credential = {
        "credentialId": base64.b64encode(identifier).decode(),
        "isResidentCredential": True,
        "rpId": "localhost",
        "privateKey": base64.b64encode(private).decode(),
        "userHandle": base64.b64encode(b"demo").decode(),
        "signCount": 0,
    }
    ids = {"authenticatorId": added["authenticatorId"]}
    devtools.send("WebAuthn.addCredential", {**ids, "credential": credential})


def test_log_in_with_a_passkey(server, page, base_url, passkey):
    """The guide's own JavaScript logs in; the session says how."""
    [script] = [
        block.text
        for block in documents.read(documents.GUIDE).blocks
        if block.section == "Passkeys"
    ]
    page.goto(f"{base_url}/web/login")
    script = script.replace("https://odoo.example.com", base_url)
    status, body = page.evaluate(SCRIPT % script)
    assert status == 200, body
    assert list(body) == ["token", "refreshToken", "user_id"]
    [user] = server.sql("SELECT id FROM res_users WHERE login = 'demo'")
    assert body["user_id"] == user["id"]
    [session] = server.sql("SELECT login_method FROM jwt_session ORDER BY id DESC LIMIT 1")
    assert session["login_method"] == "passkey"
