# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models

from .transaction import after_commit

#: Parameters that this addon reads on every use, and the identity of the database.
_OURS = ("jwt_auth_api.", "base.login_cooldown_", "database.uuid")


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        parameters._jwt_changed(parameters.mapped("key"))
        return parameters

    def write(self, vals):
        names = self.mapped("key")
        result = super().write(vals)
        self._jwt_changed([*names, *self.mapped("key")])
        return result

    def unlink(self):
        names = self.mapped("key")
        result = super().unlink()
        self._jwt_changed(names)
        return result

    @api.model
    def _jwt_changed(self, names):
        """Let a changed setting of the API count on every thread from the commit on.

        Odoo clears its cache of parameters before the commit, after which another thread can fill it
        with the old value again.
        """
        if not any(name.startswith(_OURS) for name in names):
            return
        self.env["jwt.cache.version"]._change()
        after_commit(self.env.cr, lambda: self.env.registry.clear_cache("stable"))
