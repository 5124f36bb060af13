# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models

from ..engine import grants


class IrAttachment(models.Model):
    """Check access to attachments by the caller's own rights on the document that they belong to.

    Odoo returns the access tokens of attachments that its code reads. So neither what its code may
    read during an operation nor what connections open counts here. A file in a field of an open
    record is read with that record (``odoo/orm/fields_binary.py``).
    """

    _inherit = "ir.attachment"

    def _check_access(self, operation):
        grant = grants.active(self.env)
        if grant is None:
            return super()._check_access(operation)
        env = grants.plain(self.env) if operation == "read" else grant.strict.env(self.env)
        result = super(IrAttachment, self.with_env(env))._check_access(operation)
        return result and (result[0].with_env(self.env), result[1])

    @api.model
    def _search(self, domain, *args, **options):
        own = self.with_env(grants.plain(self.env))
        return super(IrAttachment, own)._search(domain, *args, **options)
