# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class JwtRefreshToken(models.Model):
    """Store the current refresh token of a session, and the previous one.

    Only the hash of a token's secret is stored. If a genuine token is sent again after its successor
    was used, one of them was stolen (RFC 9700, 4.14.2). Such an old token proves that it is genuine
    by itself (:class:`~..tools.tokens.RefreshToken`), so its row is deleted. Rows of tokens that older
    releases issued are kept until their session is purged.
    """

    _name = "jwt.refresh.token"
    _description = "JWT Refresh Token"
    _allow_sudo_commands = False
    _rec_name = "create_date"
    _order = "id desc"

    session_id = fields.Many2one(
        "jwt.session", required=True, readonly=True, index=True, ondelete="cascade"
    )
    parent_id = fields.Many2one(
        "jwt.refresh.token", string="Successor of", readonly=True, ondelete="set null"
    )
    selector = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    consumed_at = fields.Datetime(
        readonly=True, help="When its successor was issued for the first time."
    )

    _selector_uniq = models.UniqueIndex("(selector)")
    _parent_uniq = models.UniqueIndex("(parent_id) WHERE parent_id IS NOT NULL")
