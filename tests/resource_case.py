# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests of actions, files and reports share."""

import base64

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
