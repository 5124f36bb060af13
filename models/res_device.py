# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models
from odoo.fields import Domain


class ResDevice(models.Model):
    _inherit = "res.device"

    def _revoke(self):
        """End the API sessions of the revoked devices as well, including those of the console.

        Odoo deletes the files of the sessions before it updates the devices. They are updated here first,
        so that a lost race against a console that is being opened is run again with the files in place.
        """
        identifiers = self.mapped("session_identifier")
        self.env["res.device.log"]._jwt_end(identifiers)
        result = super()._revoke()
        devices = Domain("sid", "in", identifiers) | Domain("web_sid", "in", identifiers)
        self.env["jwt.session"]._revoke(devices, "device")
        return result
