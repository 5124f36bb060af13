# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Authorize, read and write records under the policy of one caller.

This package imports ``odoo`` and ``tools``, never ``models`` or the request.
"""
