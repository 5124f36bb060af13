# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.leaks: a secret that is committed fails `dev/check`; the passwords of tests and examples do not."""

import base64
import secrets

import pytest
from lib import archive, checks, leaks
from lib.setup import Setup

#: Made here, so that this file has none of them. The last is a password as a generator makes one.
PLANTED = {
    "AWS Access Key": 'key = "AKIA' + "ABCDEFGHIJKLMNOP" + '"',
    "GitHub Token": "token: ghp_" + "xK7" * 12,
    "Private Key": "-----BEGIN " + "PRIVATE KEY-----",
    "Slack Token": "xoxb-" + "123456789012-" * 2 + "xK7" * 8,
    "Hex High Entropy String": f'"{secrets.token_hex(32)}"',
    "Base64 High Entropy String": f'"{base64.b64encode(secrets.token_bytes(48)).decode()}"',
    "Secret Keyword": 'db_password = "' + "Kx7" * 5 + '"',
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_secret_is_found(tmp_path, kind):
    """With its place and kind, and without the secret: the output of CI is read by many."""
    path = tmp_path / "settings.py"
    path.write_text(f"first = 1\n{PLANTED[kind]}\n")
    found = leaks.found([path])
    assert f"{path}:2: {kind}" in found
    assert not any(PLANTED[kind] in line for line in found)


@pytest.mark.parametrize(
    "line",
    [
        'json={"login": "admin", "password": "admin"}',
        'password = "another password 1"',
        'password="a-wrong-password"',
        'host = "192.0.2.1"',
        'kid = "AKIA' + "ABCDEFGHIJKLMNOP" + '"  # pragma: allowlist secret',
    ],
)
def test_what_is_no_secret(tmp_path, line):
    """Passwords of tests are words. What looks like a secret and is none says so in its line."""
    path = tmp_path / "test_login.py"
    path.write_text(f"{line}\n")
    assert leaks.found([path]) == []


@pytest.mark.skipif(not archive.is_clone(), reason="this is no clone of the repository")
def test_planted_secret_fails_the_check(monkeypatch, tmp_path):
    """Among the files of the repository, those too that are not committed yet."""
    assert leaks.ROOT / "dev" / "lib" / "leaks.py" in leaks.files()
    path = tmp_path / "settings.py"
    path.write_text(PLANTED["AWS Access Key"])
    monkeypatch.setattr(leaks, "files", lambda: [path])
    result = checks.check(Setup(), ["secrets"])
    assert (result.passed, result.failed) == (0, 1)
    assert "AWS Access Key" in result.problems[0]
