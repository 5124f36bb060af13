# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models

from ..engine import health


class ConnectionApiFinding(models.TransientModel):  # pylint: disable=no-wizard-in-models
    """List what the health check finds, each time that it is opened."""

    _name = "connection.api.finding"
    _description = "Finding of the Health Check"
    _order = "id"

    severity = fields.Selection(
        [("danger", "Dangerous"), ("warning", "To do")], readonly=True, required=True
    )
    name = fields.Text("Finding", readonly=True, required=True)
    remedy = fields.Text(readonly=True)
    record = fields.Reference(
        lambda self: [(name, name) for name in ("connection.api", "ir.config_parameter")],
        readonly=True,
    )
    action = fields.Char(readonly=True)
    has_link = fields.Boolean(compute="_compute_has_link")

    @api.depends("record", "action")
    @api.depends_context("uid")
    def _compute_has_link(self):
        """Compute whether the current user may open what the finding is about."""
        is_administrator = self.env.user._is_system()
        for finding in self:
            is_connection = bool(finding.record) and finding.record._name == "connection.api"
            linked = bool(finding.record or finding.action)
            finding.has_link = is_connection or (linked and is_administrator)

    @api.model
    def action_check(self):
        """Check the whole, and show the findings, which nobody else can create."""
        self.check_access("read")
        found = health.findings(self.env, is_forwarded=self.env["ir.http"]._jwt_is_forwarded())
        rows = self.sudo().create(
            [
                {
                    "severity": each.severity,
                    "name": each.title,
                    "remedy": each.remedy,
                    "record": each.record and f"{each.record._name},{each.record.id}",
                    "action": each.action,
                }
                for each in found
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "jwt_auth_api.connection_api_finding_action"
        )
        return {**action, "domain": [("id", "in", rows.ids)]}

    def action_open(self):
        """Open what the finding is about, if there is something to open."""
        self.ensure_one()
        if not self.has_link:
            return False
        if self.action:
            return self.env["ir.actions.act_window"]._for_xml_id(self.action)
        return self.record.get_formview_action()
