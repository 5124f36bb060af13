# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models


class ResDeviceLog(models.Model):
    _inherit = "res.device.log"

    @api.depends("session_identifier")
    def _compute_display_name(self):
        """Name the device of an API session as *JWT API → Sessions* does.

        Odoo knows no more of an app than the platform and browser that it finds in the user agent.
        """
        result = super()._compute_display_name()
        domain = [("sid", "in", self.mapped("session_identifier"))]
        names = {
            session.sid: session.device for session in self.env["jwt.session"].sudo().search(domain)
        }
        for device in self:
            device.display_name = names.get(device.session_identifier) or device.display_name
        return result

    @api.autovacuum
    def __update_revoked(self):
        """List living API sessions again: Odoo marks whatever has no session file after some idle days.

        The method and its class are named as Odoo's, so that this extends it.
        """
        result = super().__update_revoked()
        self.env["jwt.session"]._list_living_devices()
        return result
