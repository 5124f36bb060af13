# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""How records are decided, read and written, under the policy of one caller.

It imports ``odoo`` and ``tools``, never ``models`` and never the request.
"""
