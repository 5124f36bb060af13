# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
from datetime import timedelta

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.transaction import separate_transaction
from ..tools.text import storable

_logger = logging.getLogger(__name__)

#: Texts are cut off at this length: a client can send any name of an action.
MAX_LENGTH = 128


class ConnectionApiLog(models.Model):
    """Log the requests of connections with *Log Requests*: who did what, and the result.

    Values, domains, tokens and passwords are never logged.
    """

    _name = "connection.api.log"
    _description = "API Request"
    _allow_sudo_commands = False
    _log_access = False
    _rec_name = "operation"
    _order = "id desc"

    requested_at = fields.Datetime("Date", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="set null"
    )
    method = fields.Char("HTTP Method", readonly=True)
    model = fields.Char(readonly=True, index=True)
    operation = fields.Char(
        readonly=True, help="read, create, update, delete, or the name of an action."
    )
    record_id = fields.Integer(readonly=True, aggregator=None)
    record_count = fields.Integer(
        "Records",
        readonly=True,
        help="The number of records that were returned, created, changed or deleted.",
    )
    status = fields.Integer("Status Code", readonly=True, aggregator=None)
    result = fields.Selection(
        [("success", "Success"), ("refused", "Refused"), ("failed", "Server error")],
        readonly=True,
        help="Refused: a status code from 400 to 499. Server error: 500 or more.",
    )
    error = fields.Char("Error Code", readonly=True)
    error_count = fields.Integer(
        "Errors", readonly=True, help="1 for a request that was refused or failed, else 0."
    )
    duration_ms = fields.Integer("Milliseconds", readonly=True, aggregator="avg")
    response_bytes = fields.Integer("Bytes", readonly=True, aggregator="avg")
    ip_address = fields.Char("IP Address", readonly=True)

    @api.model
    def _record(self, **values):
        """Log one request and commit it immediately, on a separate cursor.

        Call it when the response is known and the transaction of the request has ended: otherwise it
        could wait for the row of a user that that transaction has locked. The commit does not wait for
        the disk: a crash of PostgreSQL may lose the last half second. An error of the database does
        not change the response.
        """
        given = {name: _short(value) for name, value in values.items()}
        given["result"] = _result(values["status"])
        given["error_count"] = int(given["result"] != "success")
        given["user_id"] = SQL(  # NULL if the request has deleted its own user
            "(SELECT id FROM res_users WHERE id = %s)", values["user_id"]
        )
        given["requested_at"] = SQL(
            "(now() AT TIME ZONE 'utc') - %s * interval '1 millisecond'", values["duration_ms"]
        )
        insert = SQL(
            "INSERT INTO %s (%s) VALUES (%s)",
            SQL.identifier(self._table),
            SQL(", ").join(map(SQL.identifier, given)),
            SQL(", ").join(SQL("%s", value) for value in given.values()),
        )
        try:
            with separate_transaction(self.env) as env:
                env.cr.execute("SET LOCAL synchronous_commit TO off")
                env.cr.execute(insert)
        except psycopg2.Error as exc:
            _logger.error("A request could not be logged: %s", exc.pgcode)

    @api.model
    def get_empty_list_help(self, help_message):
        """Say which switch is off if there are no requests because no connection logs them."""
        if self.env["connection.api"].search_count([("log_requests", "=", True)], limit=1):
            return super().get_empty_list_help(help_message)
        return Markup(
            '<p class="o_view_nocontent_smiling_face">{title}</p><p>{text}</p>'
            '<p><a type="action" name="jwt_auth_api.connection_api_action" class="btn btn-primary">'
            "{button}</a></p>"
        ).format(
            title=self.env._("No requests are logged"),
            text=self.env._("Switch on Log Requests in the connections that you want to follow."),
            button=self.env._("Open Connections"),
        )

    @api.model
    def _days(self):
        """Return for how many days the log is kept; a changed setting applies at once.

        :rtype: int
        """
        return self.env["ir.config_parameter"]._jwt_setting("log_days")

    @api.autovacuum
    def _gc_log(self, batch=10000):
        limit = fields.Datetime.now() - timedelta(days=self._days())
        old = self.sudo().search(
            [("requested_at", "<", limit)], limit=batch, order="requested_at, id"
        )
        old.unlink()
        return len(old), len(old) == batch


def _result(status):
    """Return the value of ``result`` for an HTTP status."""
    if status < 400:
        return "success"
    return "refused" if status < 500 else "failed"


def _short(value):
    """Return a text of the client cut to the column's length; None if PostgreSQL cannot store it."""
    if not isinstance(value, str):
        return value
    return value[:MAX_LENGTH] if storable(value) else None
