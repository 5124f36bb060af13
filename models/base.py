# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models
from odoo.fields import NO_ACCESS

from ..engine import action_context, grants


class Base(models.AbstractModel):
    """Make Odoo's access checks respect the grant of a request, on every model.

    Without a grant, each method is Odoo's own.
    """

    _inherit = "base"

    # --- access rights and record rules --------------------------------------------------

    def _check_access(self, operation):
        grant = grants.active(self.env)
        if grant is None:
            return super()._check_access(operation)
        if operation == "read" and grant.reads(self._name):
            return None
        if not any(self._ids):  # the model in general, or new records
            if grant.allows_model(self._name, operation):
                return None
            own = self.with_env(grants.plain(self.env))
            result = super(Base, own)._check_access(operation)
            error = result and result[1]
            return result and (self, lambda: grant.explain(error(), self._name, operation))
        allowed = grant.allowed(self, operation)
        rest = self.browse(key for key in self._ids if key not in allowed)
        if not rest:
            return None
        # the caller's own rights decide about records that the grant does not open
        own = rest.with_env(grants.plain(self.env))
        result = super(Base, own)._check_access(operation)
        closed = grant.outside(rest, operation) if operation in ("write", "unlink") else set()
        forbidden = closed.union(result[0]._ids) if result else closed
        if not forbidden:
            return None
        records = self.browse(key for key in rest._ids if key in forbidden)
        error = result[1] if result else self.env["ir.rule"]._make_access_error
        arguments = () if result else (operation, records)
        return records, lambda: grant.explain(error(*arguments), self._name, operation)

    # Some models add a check in Python, by overriding `_check_access`: for instance, they check the
    # document that a message or an activity belongs to. That check must see what the connections
    # open, and not that Odoo's code may read everything.

    @api.private
    def check_access(self, operation):
        return super(Base, self._judged(operation)).check_access(operation)

    def has_access(self, operation):
        return super(Base, self._judged(operation)).has_access(operation)

    def _filtered_access(self, operation):
        judged = self._judged(operation)
        if judged is self:
            return super()._filtered_access(operation)
        return super(Base, judged)._filtered_access(operation).with_env(self.env)

    def _judged(self, operation):
        """Return the records in the environment for the model's own check in Python."""
        if self.env.su or type(self)._check_access is self.pool["base"]._check_access:
            return self
        grant = grants.active(self.env)
        if grant is None or (operation == "read" and grant.reads(self._name)):
            return self
        if operation in ("write", "unlink") and not grant.opens(self._name, operation):
            return self.with_env(grants.plain(self.env))
        return self.with_env(grant.strict.env(self.env))

    def with_context(self, ctx=None, /, **overrides):
        """Keep the grant when Odoo's code replaces the whole context."""
        if not ctx:
            records = (
                super().with_context(**overrides)
                if ctx is None
                else super().with_context(ctx, **overrides)
            )
            if action_context.KEY in self.env.context:
                return action_context.overridden(records, overrides)
            return records
        records = super().with_context(ctx, **overrides)
        if grants.KEY in self.env.context and grants.KEY not in ctx:
            ticket = self.env.context[grants.KEY]
            records = records.with_env(
                records.env(context={**records.env.context, grants.KEY: ticket})
            )
        return records

    # --- fields --------------------------------------------------------------------------

    @api.model
    def _has_field_access(self, field, operation):
        # a shortcut with Odoo's own result: this is called for every value that is read
        if not field.groups or self.env.su:
            return True
        if super()._has_field_access(field, operation):
            return True
        grant = grants.active(self.env)
        if grant is None or field.groups == NO_ACCESS:
            return False
        name = field.model_name  # attachments ask about fields of other models
        if operation == "read":
            return grant.reads(name) or grant.opens(name, "read")
        return grant.writes_fields(name)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe the fields without the grant: Odoo caches by user what it derives from this."""
        own = self.with_env(grants.plain(self.env))
        return super(Base, own).fields_get(allfields, attributes)

    @api.model
    def default_get(self, fields):
        """Ignore default values of the client in the context for records of other models."""
        return super(Base, action_context.own_defaults(self)).default_get(fields)

    # --- records that a request creates and writes ---------------------------------------

    def _parent_store_create(self):
        """Record new records in the grant: ``_create`` (``odoo/orm/models.py``) calls this first."""
        if grant := grants.active(self.env):
            grant.created[self._name].update(self._ids)
        return super()._parent_store_create()

    def write(self, vals):
        grant = grants.active(self.env)
        if grant and not grant.lists(self, vals):
            self.with_env(grants.plain(self.env)).check_access("write")
        return super().write(vals)
