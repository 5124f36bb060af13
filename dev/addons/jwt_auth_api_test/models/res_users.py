# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class ResUsers(models.Model):
    """Fields that users can read only of themselves, as the private address of an employee."""

    _inherit = "res.users"

    api_test_private = fields.Char(groups="base.group_system")
    api_test_country_id = fields.Many2one("res.country", groups="base.group_system")
    api_test_pin = fields.Char(groups="base.group_system")
    api_test_hidden = fields.Char(groups="base.group_system")

    @property
    def SELF_READABLE_FIELDS(self):  # noqa: N802 - Odoo's name
        names = ["api_test_private", "api_test_country_id", "api_test_pin"]
        return super().SELF_READABLE_FIELDS + names
