# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models

from ..engine import grants


class IrUiMenu(models.Model):
    """Odoo caches which menus are visible, for all users with the same groups: a grant must not count."""

    _inherit = "ir.ui.menu"

    @api.model
    def _visible_menu_ids(self, debug=False):
        own = self.with_env(grants.plain(self.env))
        return super(IrUiMenu, own)._visible_menu_ids(debug)
