# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re

from odoo import api, models, tools
from odoo.tools import SQL, frozendict

from ..tools import settings

#: Prefixes of the parameters that this addon reads on every use, and the identity of the database.
_OURS = (settings.PREFIX, "base.login_cooldown_", "database.uuid")


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
        """Apply a changed setting of the API as soon as it is committed, on all threads and machines."""
        if any(name.startswith(_OURS) for name in names):
            self.flush_model(["key", "value"])
            self.env["jwt.cache.version"]._change()

    @api.model
    def _jwt_get(self, key):
        """Return a parameter that this addon reads on every use, as this transaction sees it.

        Odoo clears its own cache of parameters before the commit, so another thread can fill it with
        the old value again.

        :param str key: starts with one of ``_OURS``
        :return: the text; None if it is not set
        """
        return self._jwt_values(self.env["jwt.cache.version"]._current()).get(key)

    @api.model
    def _jwt_setting(self, name):
        """Return the value of a setting; a change applies from the next request on.

        :param name: a key of ``SETTINGS`` or ``COOLDOWN`` in ``tools/settings.py``
        :return: an integer, a text, or a set of origins
        """
        known = settings.SETTINGS.get(name) or settings.COOLDOWN[name]
        return settings.read(name, self._jwt_get(known.parameter) or "")

    @api.model
    @tools.ormcache("version", cache="stable")
    def _jwt_values(self, version):
        rows = self.env.execute_query(
            SQL(
                "SELECT key, value FROM ir_config_parameter WHERE key ~ %s",
                "^({})".format("|".join(map(re.escape, _OURS))),
            )
        )
        return frozendict(rows)
