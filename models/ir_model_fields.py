# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models


class IrModelFields(models.Model):
    _inherit = "ir.model.fields"

    def unlink(self):
        """Disable the connections that listed only these fields.

        This includes fields that a foreign key deletes with them, without a call of ``unlink``.
        """
        result = super().unlink()
        self.env["connection.api"]._close_what_lost_a_limit()
        return result
