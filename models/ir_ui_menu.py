# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models

from ..engine import grants


class IrUiMenu(models.Model):
    """Compute visible menus without a grant: Odoo caches them for all users with the same groups."""

    _inherit = "ir.ui.menu"

    @api.model
    def _visible_menu_ids(self, debug=False):
        own = self.with_env(grants.plain(self.env))
        return super(IrUiMenu, own)._visible_menu_ids(debug)
