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

    @api.model
    @tools.ormcache()
    def _jwt_parent_paths(self):
        """Return the ``parent_path`` of all companies by id.

        Odoo empties the cache when a company is created or deleted, and does not let its parent change.

        :rtype: dict
        """
        companies = self.sudo().with_context(active_test=False).search_fetch([], ["parent_path"])
        return dict(zip(companies._ids, companies.mapped("parent_path"), strict=True))

    def _jwt_prefetch_parent_paths(self):
        """Fill the record cache with the one column of companies that hierarchical record rules need.

        Otherwise Odoo reads all their columns for each request, which is most of the cost of a small list
        with the caller's own rights.
        """
        paths = self._jwt_parent_paths()
        known = self.browse(key for key in self._ids if key in paths)
        self._fields["parent_path"]._insert_cache(known, [paths[key] for key in known._ids])

    def write(self, vals):
        if "partner_id" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)
