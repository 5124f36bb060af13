# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The second step of a login against real workers: what a refused try leaves behind, and races."""

import base64
import hmac
import secrets
import struct
import time

import pytest
from lib.client import Device, together


def code_of(secret, step=0):
    """RFC 6238 with Odoo's parameters: SHA-1, 6 digits, 30 seconds."""
    counter = int(time.time() // 30) + step
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), "sha1").digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


@pytest.fixture
def two_factor(server, make_user):
    """A user with a TOTP app, and its secret."""
    user = make_user()
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    server.odoo(
        f"env['res.users'].browse({user.id}).sudo().totp_secret = {secret!r}\nenv.cr.commit()\n"
    )
    return user, secret


def first_step(server, user):
    answer = Device(server.url).login(user.login, user.password)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == "mfa_required"
    return answer.json()["mfa_token"]


def second_step(server, token, code):
    body = {"mfa_token": token, "code": code}
    return Device(server.url).call("POST", "/api/login/mfa", json=body)


def test_wrong_codes_stay_counted_although_they_are_refused(server, two_factor):
    """Each answer is an error, and each row of Odoo's hourly limit is there all the same."""
    user, secret = two_factor
    token = first_step(server, user)
    for expected in range(1, 6):
        answer = second_step(server, token, "000000")
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_code")
        counted = server.count("auth_totp_rate_limit_log", "user_id = %s", [user.id])
        assert counted == expected
    answer = second_step(server, token, code_of(secret))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_mfa_token")
    answer = second_step(server, first_step(server, user), code_of(secret))
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_requests")
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600, "Odoo's own limit holds for an hour"
    assert server.count("jwt_session", "user_id = %s", [user.id]) == 0
    failed = "event = 'mfa_failed' AND user_id = %s"
    assert server.count("jwt_security_event", failed, [user.id]) == 5


def test_one_code_opens_one_session_however_often_it_comes(server, two_factor, log_of):
    """Ten times at once, over two first steps: one login; the log shows no retry."""
    user, secret = two_factor
    tokens = [first_step(server, user), first_step(server, user)] * 5
    code, text = code_of(secret), log_of()
    answers = together(10, lambda number: second_step(server, tokens[number], code))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9
    assert server.count("jwt_session", "user_id = %s", [user.id]) == 1
    assert "could not serialize" not in text()


MAILED = """
from odoo.addons.jwt_auth_api.tools.errors import Refused
users = env["res.users"]
type(users)._send_totp_mail_code = lambda user: None
user = users.browse({id})
for _time in range(3):
    try:
        env["jwt.login.challenge"]._require(user)
    except Refused as error:
        print(error.extra["mfa_token"])
print(user._get_totp_mail_code()[0])
env.cr.commit()
"""


def test_one_mailed_code_opens_one_session(server, user, parameter, log_of):
    """Ten times at once, over three logins that have begun: one login, and nobody waits for somebody who waits."""
    with parameter("auth_totp.policy", "all_required"):
        *tokens, code = server.odoo(MAILED.format(id=user.id)).split()
        text = log_of()
        answers = together(9, lambda number: second_step(server, tokens[number % 3], code))
        statuses = sorted(answer.status_code for answer in answers)
        assert (statuses, server.count("jwt_session", "user_id = %s", [user.id])) == (
            [200] + [401] * 8,
            1,
        )
    for sign in ("could not serialize", "deadlock", "tries left"):
        assert sign not in text()
    assert server.count("jwt_login_challenge", "user_id = %s", [user.id]) == 0
