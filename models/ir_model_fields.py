# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models


class IrModelFields(models.Model):
    _inherit = "ir.model.fields"

    def unlink(self):
        """A connection that listed these fields alone opens nothing afterwards.

        Also for fields that go with them by a foreign key, which no ``unlink`` hears of.
        """
        result = super().unlink()
        self.env["connection.api"]._close_what_lost_a_limit()
        return result
