# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

#: Lists that open everything when empty, and the flag that records that each was not empty.
LIMITING_LISTS = {
    "group_ids": "is_for_groups",
    "read_field_ids": "is_read_limited",
    "write_field_ids": "is_write_limited",
}


class ConnectionApi(models.Model):
    """Disable a connection whose last listed group or field is deleted.

    When a group or a field is deleted (by a user, with a module, by a foreign key), PostgreSQL
    removes it from these lists, and an empty list means everybody, or all fields. Each list
    therefore has a flag that only a write on the connection itself sets. A list that is empty while
    its flag is set has lost its last entry; :meth:`_connection` then does not return the connection.
    """

    _inherit = "connection.api"

    is_for_groups = fields.Boolean(readonly=True, copy=False)
    is_read_limited = fields.Boolean(readonly=True, copy=False)
    is_write_limited = fields.Boolean(readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections._keep_limits(LIMITING_LISTS)
        return connections

    def write(self, vals):
        """
        :raise ValidationError: when a connection that has lost a limit is activated
        """
        result = super().write(vals)
        self._keep_limits(LIMITING_LISTS.keys() & vals.keys())
        if vals.get("active"):
            for connection in self:
                if lost := connection._lost_limits():
                    raise ValidationError(
                        self.env._(
                            "%(lists)s of %(model)s is empty because all its entries were deleted."
                            " Make a new selection before you unarchive the connection.",
                            lists=connection._list_names(lost),
                            model=connection.model_id.name,
                        )
                    )
        return result

    def _keep_limits(self, names):
        for connection in self.sudo():
            flags = {LIMITING_LISTS[name]: bool(connection[name]) for name in names}
            changed = {flag: value for flag, value in flags.items() if connection[flag] != value}
            if changed:
                connection.write(changed)

    def _lost_limits(self):
        """Return the names of the lists that lost their last entry by its deletion."""
        connection = self.sudo()
        return [
            name
            for name, flag in LIMITING_LISTS.items()
            if connection[flag] and not connection[name]
        ]

    def _list_names(self, names):
        return [self._fields[name]._description_string(self.env) for name in names]

    @api.model
    def _close_what_lost_a_limit(self):
        """Archive the connections that lost a limit, so that an administrator notices it.

        Skipped while this addon is being uninstalled: its tables are dropped one by one.
        """
        if self.env["ir.module.module"].sudo()._get("jwt_auth_api").state == "to remove":
            return
        self.env["jwt.cache.version"]._change()
        lost = Domain.OR(
            Domain(flag, "=", True) & Domain(name, "=", False)
            for name, flag in LIMITING_LISTS.items()
        )
        connections = self.sudo().search(lost)
        for connection in connections:
            _logger.warning(
                "The connection of %s is archived: all of its %s were deleted",
                connection.model,
                " and ".join(connection._lost_limits()),
            )
        if connections:
            connections.write({"active": False})
