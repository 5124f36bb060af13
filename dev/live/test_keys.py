# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Signing keys on several workers: rotation reaches all of them, and a dump holds nothing secret."""

import httpx


def test_rotation_keeps_everybody_in(server, admin, device, log_in, user):
    """The old token is good on every worker, and so is one of the new key."""
    key = admin.search("jwt.signing.key", [["state", "=", "active"]])
    admin.call("jwt.signing.key", "action_rotate", key)
    assert device.statuses() == {200}
    assert log_in(user).statuses() == {200}
    published = httpx.get(f"{server.url}/api/.well-known/jwks.json", timeout=60).json()["keys"]
    assert len(published) >= 3
    assert all(not jwk.keys() & {"d", "k", "p", "q"} for jwk in published)


def test_replacing_puts_every_access_token_out_at_once(server, admin, device):
    """On every worker; the refresh token gives a token of the new key."""
    key = admin.search("jwt.signing.key", [["state", "=", "active"]])
    admin.call("jwt.signing.key", "action_replace", key)
    assert device.statuses() == {401}
    device.access = device.renew().json()["access_token"]
    assert device.statuses() == {200}


def test_a_dump_holds_nothing_secret(server, device, user):
    """Neither the signing key nor a token nor the password: every table, as text."""
    keeper = server.setup.work / "data" / "jwt_auth_api" / "keeper"
    assert len(keeper.read_bytes()) == 32
    assert keeper.stat().st_mode & 0o077 == 0
    tables = [
        row["table_name"]
        for row in server.sql(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
    ]
    ours = [name for name in tables if name.startswith(("jwt_", "connection_api", "ir_config"))]
    assert len(ours) >= 6
    text = "".join(str(server.sql(f'SELECT t::text FROM "{name}" t')) for name in ours)
    script = (
        "print('RAW=' + env['jwt.signing.key']._issuer().signing.private.private_bytes_raw().hex())"
    )
    raw = server.odoo(script).rpartition("RAW=")[2].strip()
    assert len(raw) == 64
    for secret in (raw, keeper.read_bytes().hex(), user.password, device.access, device.refresh):
        assert secret not in text
    assert device.refresh.rpartition(".")[2] not in text
