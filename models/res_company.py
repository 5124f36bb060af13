# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models, tools


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    @tools.ormcache()
    def _jwt_contacts(self):
        """Return the ids of the contacts of all companies.

        Odoo empties the cache when a company is created. Contacts of deleted companies may stay in it,
        which does no harm.

        :rtype: frozenset
        """
        companies = self.sudo().with_context(active_test=False).search_fetch([], ["partner_id"])
        return frozenset(companies.partner_id._ids)

    def write(self, vals):
        if "partner_id" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)
