# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models

from . import grant as grants


class IrAttachment(models.Model):
    """Attachments are as visible as the document that they belong to.

    That Odoo's own code may read any document does not count for them.
    """

    _inherit = "ir.attachment"

    def _check_access(self, operation):
        return super(IrAttachment, self._strictly())._check_access(operation)

    @api.model
    def _search(self, domain, *args, **options):
        return super(IrAttachment, self._strictly())._search(domain, *args, **options)

    def _strictly(self):
        grant = grants.active(self.env)
        if grant is None or not grant.lifts_reading:
            return self
        return self.with_env(grant.strict.env(self.env))
