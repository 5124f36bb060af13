# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models

from .connection_api import TOGGLES
from .policy import is_protected


class ConnectionApi(models.Model):
    """What a connection means, in plain words, where it is set."""

    _inherit = "connection.api"

    exposure = fields.Char("In Plain Words", compute="_compute_exposure")
    exposure_warning = fields.Char(compute="_compute_exposure")

    @api.depends("model", "active", *TOGGLES)
    def _compute_exposure(self):
        """What the form says: what this connection opens, and what to think twice about."""
        for connection in self:
            connection.exposure = connection._exposure()
            connection.exposure_warning = connection._exposure_warning()

    def _exposure(self):
        """What this connection opens, in one sentence for an administrator.

        :rtype: str | bool
        """
        model = self.model_id.sudo()
        if not model:
            return False
        verbs = {
            "is_get": self.env._("read"),
            "is_post": self.env._("create"),
            "is_put": self.env._("change"),
            "is_delete": self.env._("delete"),
        }
        opened = [verb for toggle, verb in verbs.items() if self[toggle]]
        name = f"{model.name} ({model.model})"
        if not self.active:
            return self.env._("Nothing is open: an archived connection is not reachable.")
        if not opened:
            return self.env._("Nothing is open: requests to %(model)s are refused.", model=name)
        if is_protected(model.model):
            return self.env._(
                "Administrators may %(verbs)s records of %(model)s, whatever record rules say;"
                " everyone else only as far as their own access rights and record rules allow.",
                verbs=opened,
                model=name,
            )
        return self.env._(
            "Every user who can log in, portal users included, may %(verbs)s records of %(model)s,"
            " whatever their access rights and record rules say.",
            verbs=opened,
            model=name,
        )

    def _exposure_warning(self):
        """
        :rtype: str | bool
        """
        if not self.active or not any(self[toggle] for toggle in TOGGLES):
            return False
        if is_protected(self.model or ""):
            return self.env._(
                "This model decides who may do what, or holds code or secrets."
                " Open it only if you must."
            )
        if self.is_delete:
            return self.env._("Any of them can delete every record, and nothing brings it back.")
        if self.is_post or self.is_put:
            return self.env._("Any of them can write, even what they cannot see in Odoo.")
        return False
