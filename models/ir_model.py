# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models
from odoo.fields import Domain


class IrModel(models.Model):
    """Find the model to open: by both names, business models first."""

    _inherit = "ir.model"

    @api.depends_context("formatted_display_name", "technical_names")
    def _compute_display_name(self):
        """Show the technical name beside the name, where a view asks for ``technical_names``."""
        result = super()._compute_display_name()
        if self.env.context.get("technical_names"):
            formatted = self.env.context.get("formatted_display_name")
            for model in self.filtered("model"):
                technical = f"\t--{model.model}--" if formatted else f" ({model.model})"
                model.display_name = f"{model.name}{technical}"
        return result

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Return business models first, where a view asks for ``business_first``.

        The model whose name or technical name is exactly the text comes before all others.
        """
        if not self.env.context.get("business_first"):
            return super().name_search(name, domain, operator, limit)
        found = self.search_fetch(
            Domain("display_name", operator, name) & Domain(domain or Domain.TRUE),
            ["name", "model"],
        )
        business, text = self._jwt_business_models(), (name or "").strip().lower()
        ordered = found.sorted(
            lambda model: (
                text not in (model.model, model.name.lower()),
                model.model not in business,
                model.name.lower(),
                model.model,
            )
        )[:limit]
        return [(model.id, model.display_name) for model in ordered]

    @api.model
    def _jwt_business_models(self):
        """Return the names of the models that Odoo's menus open, apart from those of the settings.

        :rtype: set
        """
        menus = self.env["ir.ui.menu"].sudo().with_context(**{"ir.ui.menu.full_list": True})
        settings = self.env.ref("base.menu_administration").ids
        found = menus.search(
            [("action", "=like", "ir.actions.act_window,%"), "!", ("id", "child_of", settings)]
        )
        return {menu.action.res_model for menu in found if menu.action}
