# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Models whose description is difficult: code that writes or fails, names that are paths of the API."""

from odoo import api, fields, models


class ApiTestDescribed(models.Model):
    """A model that writes when it is asked for default values, and an action with the name of a path."""

    _name = "api.test.described"
    _description = "API Test Described"

    name = fields.Char(required=True)
    schema_text = fields.Char(default="text")
    number = fields.Integer(default=lambda self: self._create_a_tag())
    tag_id = fields.Many2one("api.test.tag")

    @api.model
    def _create_a_tag(self):
        return self.env["api.test.tag"].create({"name": "made by a default value"}).id

    @api.model
    def schema(self):
        """Return a text: an action may be called as a path of the API is."""
        return "the action"


class ApiTestFile(models.Model):
    """A model with a file that is called as a path of the API is, and default values that lead elsewhere."""

    _name = "api.test.file"
    _description = "API Test File"

    name = fields.Char(default="A file", required=True)
    schema = fields.Binary()
    tag_id = fields.Many2one("api.test.tag", default=lambda self: self._first_tag(), required=True)
    tag_ids = fields.Many2many("api.test.tag", default=lambda self: self._first_tag())
    day = fields.Date(default="2026-11-26")
    moment = fields.Datetime(default="2026-11-26 08:00:00")
    model_name = fields.Reference([("api.test.tag", "Tag"), ("ir.cron", "Scheduled Action")])
    chosen = fields.Selection(selection="_choices")
    currency_id = fields.Many2one("res.currency")
    amount = fields.Monetary()
    failing = fields.Selection(selection="_no_choices")

    @api.model
    def _first_tag(self):
        return self.env["api.test.tag"].sudo().search([], order="id", limit=1)

    @api.model
    def _choices(self):
        return [("uid", str(self.env.uid))]

    @api.model
    def _no_choices(self):
        raise ValueError("no choices")
