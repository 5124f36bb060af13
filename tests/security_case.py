# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests of forged tokens share."""

import base64
import json


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
