# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import get_public_method

from ..engine import choices
from ..tools import contexts


class ConnectionApiAction(models.Model):
    """List a public method of a connection's model that clients may call."""

    _name = "connection.api.action"
    _description = "API Action"
    _allow_sudo_commands = False
    _order = "connection_id, name"

    connection_id = fields.Many2one("connection.api", required=True, index=True, ondelete="cascade")
    name = fields.Char(
        "Method", required=True, help="A public method of the model, such as action_confirm."
    )
    signature = fields.Char(
        "Parameters", compute="_compute_signature", help="The parameters that the method takes."
    )
    description = fields.Char(help="What the method does, for developers of clients.")
    context_keys = fields.Char(
        help="Keys of Odoo's context that a client may send with the method, separated by commas, such"
        " as button_validate_picking_ids. You need not list the keys for its records (active_model,"
        " active_id, active_ids) and for values of new records (default_…): these are always allowed"
        " and checked.",
    )
    as_superuser = fields.Boolean(
        "Superuser",
        help="If not set, the action runs with the access rights of the user who calls it, and may"
        " change the record that it is called on. If set, Odoo checks no access rights: everyone who"
        " may call the action can do everything that it does. Only system administrators can set"
        " this.",
    )

    _name_uniq = models.Constraint("UNIQUE(connection_id, name)", "This method is already listed.")

    @api.depends("name", "connection_id.model")
    def _compute_signature(self):
        for action in self:
            model = self.env.get(action.connection_id.model or "")
            is_known = model is not None and choices.is_callable(model, action.name or "_")
            action.signature = is_known and choices.signature(model, action.name)

    @api.constrains("name", "connection_id")
    def _check_method(self):
        """Check that an action is a public method that is specific to its model.

        Methods that every model has (``read``, ``write``, ``copy``, ``web_save`` …) are refused, even
        if the model overrides them: they would bypass the connection's HTTP methods, filter and lists
        of fields.

        :raise ValidationError:
        """
        for action in self:
            model = self.env[action.connection_id.model]
            if hasattr(type(self.env["base"]), action.name or ""):
                raise ValidationError(
                    self.env._(
                        "%(method)s is a method of every model: as an action, it would bypass the"
                        " limits of this connection.",
                        method=action.name,
                    )
                )
            try:
                get_public_method(model, action.name)
            except (AccessError, AttributeError) as exc:
                raise ValidationError(
                    self.env._(
                        "%(model)s has no public method %(method)s.",
                        model=model._description,
                        method=action.name,
                    )
                ) from exc

    @api.constrains("context_keys")
    def _check_context_keys(self):
        for action in self:
            for key in contexts.split(action.context_keys or ""):
                if not contexts.is_listable(key):
                    raise ValidationError(
                        self.env._(
                            "%(key)s cannot be a context key of %(method)s: clients must not set it.",
                            key=key,
                            method=action.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records.connection_id._check_opener()
        self.env["jwt.cache.version"]._change()
        return records

    def write(self, vals):
        """
        :raise AccessError: as :meth:`~.connection_api.ConnectionApi._check_opener`
        """
        result = super().write(vals)
        self.connection_id._check_opener()
        self.env["jwt.cache.version"]._change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["jwt.cache.version"]._change()
        return result
