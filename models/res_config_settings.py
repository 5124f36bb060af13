# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    jwt_access_token_seconds = fields.Integer(
        "Access Token (seconds)", config_parameter="jwt_auth_api.access_token_seconds", default=900
    )
    jwt_refresh_token_seconds = fields.Integer(
        "Session (seconds)", config_parameter="jwt_auth_api.refresh_token_seconds", default=2592000
    )
    jwt_refresh_idle_seconds = fields.Integer(
        "Idle Session (seconds)", config_parameter="jwt_auth_api.refresh_idle_seconds", default=1209600
    )
    jwt_refresh_grace_seconds = fields.Integer(
        "Refresh Grace (seconds)", config_parameter="jwt_auth_api.refresh_grace_seconds", default=10
    )
    jwt_cors_origins = fields.Char(
        "Allowed Origins", config_parameter="jwt_auth_api.cors_origins"
    )
