# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def write(self, vals):
        """Update the cached connections, which know their reports by name."""
        result = super().write(vals)
        self.env["jwt.cache.version"]._change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["jwt.cache.version"]._change()
        return result
