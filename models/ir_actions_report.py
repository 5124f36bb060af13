# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.depends_context("technical_names")
    def _compute_display_name(self):
        """Show the technical name beside the name, where a view asks for ``technical_names``."""
        result = super()._compute_display_name()
        if self.env.context.get("technical_names"):
            for report in self.filtered("report_name"):
                report.display_name = f"{report.name} ({report.report_name})"
        return result

    def write(self, vals):
        """Update the cached connections, which know their reports by name."""
        result = super().write(vals)
        self.env["jwt.cache.version"]._change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["jwt.cache.version"]._change()
        return result
