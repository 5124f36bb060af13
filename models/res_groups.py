# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models

from ..engine import grants


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        if not {"user_ids", "implied_ids", "implied_by_ids"}.isdisjoint(vals):
            grants.check_groups_given(self.env)
        return super().write(vals)

    def unlink(self):
        """Disable the connections that listed only these groups."""
        result = super().unlink()
        self.env["connection.api"]._close_what_lost_a_limit()
        return result
