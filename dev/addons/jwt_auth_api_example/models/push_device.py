# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PushDevice(models.Model):
    """A device that gets push messages. It is forgotten when its API session ends."""

    _name = "push.device"
    _description = "Device for Push Messages"

    user_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.uid,
    )
    session_id = fields.Many2one(
        "jwt.session", readonly=True, index=True, ondelete="cascade", groups="base.group_system"
    )
    platform = fields.Selection([("apns", "Apple"), ("fcm", "Google")], required=True)
    token = fields.Char(required=True, groups=fields.NO_ACCESS)

    _token_uniq = models.UniqueIndex("(token)")

    @api.constrains("token")
    def _check_token(self):
        for device in self.sudo():
            if len(device.token) < 8:
                raise ValidationError(self.env._("This is not a push token."))

    @api.model
    def _remember(self, platform, token, session):
        """Store the push token of the caller's device; a token belongs to the last one who sent it."""
        devices = self.sudo()
        devices.search([("token", "=", token)]).unlink()
        values = {"platform": platform, "token": token, "session_id": session}
        return devices.create({**values, "user_id": self.env.uid}).with_env(self.env)

    @api.model
    def _tokens_of(self, users):
        """Return the push tokens of users, of devices that are still logged in: for the code that sends."""
        domain = [("user_id", "in", users.ids), ("session_id.state", "=", "active")]
        return self.sudo().search(domain).mapped("token")
