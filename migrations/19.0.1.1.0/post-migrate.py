# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

from odoo.addons.jwt_auth_api.models.connection_api import LIMITING_LISTS


def migrate(cr, version):
    """Record which connections are limited to groups or fields; the first states of 19.0.1.0.0 did not.

    Without the record, a connection would be open to everybody, or with all fields, after the last entry
    of a list is deleted.
    """
    connections = api.Environment(cr, SUPERUSER_ID, {})["connection.api"]
    for name, flag in LIMITING_LISTS.items():
        field = connections._fields[name]
        cr.execute(
            SQL(
                """
                UPDATE connection_api c SET %(flag)s = TRUE
                 WHERE %(flag)s IS NOT TRUE
                   AND EXISTS (SELECT 1 FROM %(relation)s r WHERE r.%(column)s = c.id)
                """,
                flag=SQL.identifier(flag),
                relation=SQL.identifier(field.relation),
                column=SQL.identifier(field.column1),
            )
        )
