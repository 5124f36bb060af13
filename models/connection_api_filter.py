# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..engine.protected import UNREACHABLE
from ..engine.records import scope_domain
from ..tools import filters


class ConnectionApi(models.Model):
    """Validate the record filter of a connection."""

    _inherit = "connection.api"

    can_preview = fields.Boolean(compute="_compute_can_preview")

    @api.depends("domain", "model")
    @api.depends_context("uid")
    def _compute_can_preview(self):
        """Compute whether the web client can show the filter and count its records.

        It does so as the current user, and cannot evaluate ``user`` and the like.
        """
        for connection in self:
            model = self.env.get(connection.model or "")
            connection.can_preview = (
                model is not None and model.has_access("read") and not connection._filter_names()
            )

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        # Odoo checks constraints in superuser mode, but the author's own access must be checked
        for connection in self.sudo(False):
            if problem := connection._filter_problem():
                raise ValidationError(problem)

    def _filter_problem(self):
        """Return a message that says what is wrong with the filter; False if it is valid.

        :rtype: str | bool
        """
        model = self.env.get(self.model or "")
        text = (self.domain or "").strip()
        if model is None or not text:
            return False
        try:
            for path in filters.paths(filters.parse(text)):
                if path[0] == "user":
                    self._check_user_path(path)
            domain = scope_domain(self.env, text)
            self._check_filter_fields(model, domain)
            domain.validate(model.sudo())
        except filters.FilterError as exc:
            return self.env._(
                "The filter is invalid at “%(part)s”. Enter a domain such as [('user_id', '=', uid)]. It"
                " may use user and its fields, uid, company_id and company_ids.",
                part=exc.part,
            )
        except (ValueError, TypeError, KeyError, NotImplementedError, UserError) as exc:
            return self.env._(
                "The filter does not fit %(model)s: %(problem)s",
                model=model._description,
                problem=str(exc),
            )
        return False

    def _check_user_path(self, path):
        """
        :raise FilterError: unless the path leads through fields that the current user may see, to
            a value
        """
        model = self.env["res.users"]
        for step in path[1:]:
            field = model._fields.get(step) if model is not None else None
            plain = step == "ids" and model is not None
            if not plain and (field is None or not model._has_field_access(field, "read")):
                raise filters.FilterError(".".join(path))
            relational = field is not None and field.relational
            if relational and field.comodel_name in UNREACHABLE:
                raise filters.FilterError(".".join(path))
            model = self.env[field.comodel_name] if relational else None
        if len(path) == 1 or model is not None:  # a record, not a value
            raise filters.FilterError(".".join(path))

    def _check_filter_fields(self, model, domain):
        """Check that the filter uses only searchable fields that the current user may see.

        The records that match a filter reveal the values of its fields.

        :raise ValueError: for another field, or an unknown operator
        """
        for condition in domain.iter_conditions():
            here = model
            if condition.operator.endswith("!"):
                raise ValueError(self.env._("unknown operator %(name)s", name=condition.operator))
            for step in condition.field_expr.split("."):
                field = here._fields.get(step) if here is not None else None
                if field is None and here is None:
                    break  # part of a date, or a property
                if field is None or not here._has_field_access(field, "read"):
                    raise ValueError(self.env._("unknown field %(field)s", field=step))
                if field.comodel_name in UNREACHABLE:
                    raise ValueError(self.env._("%(field)s cannot be followed", field=step))
                if not field._description_searchable:  # Odoo would match every record
                    raise ValueError(self.env._("%(field)s cannot be searched", field=step))
                here = self.env[field.comodel_name] if field.relational else None
            if here is not None and condition.operator.startswith(("any", "not any")):
                self._check_filter_fields(here, Domain(condition.value))
