# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A picture of one pixel, which Odoo stores as it is."""

import base64

BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PNG = base64.b64decode(BASE64)
