# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ApiTestRuled(models.Model):
    """A model with a constraint of every kind, some of them on a field that most users may not see."""

    _name = "api.test.ruled"
    _description = "API Test Ruled"

    name = fields.Char(required=True)
    email = fields.Char()
    kind = fields.Char()
    start = fields.Date()
    stop = fields.Date()
    inside = fields.Char(groups="base.group_system")
    size = fields.Integer()
    parent_id = fields.Many2one("api.test.ruled")
    child_ids = fields.One2many("api.test.ruled", "parent_id")

    _email_uniq = models.UniqueIndex("(lower(email)) WHERE kind IS NULL", "This address is taken.")
    _inside_uniq = models.Constraint("UNIQUE(kind, inside)", "There is one of this kind.")
    _size_check = models.Constraint("CHECK(size >= 0)", "Never below zero.")

    @api.constrains("start", "stop", "inside")
    def _check_days(self):
        for record in self:
            if record.start and record.stop and record.start > record.stop:
                raise ValidationError(self.env._("It ends before it begins."))

    @api.constrains("name")
    def _check_names(self):
        if "bad" in self.mapped("name"):
            raise ValidationError(self.env._("A bad name."))
