# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
from datetime import timedelta

from odoo import api, fields, models

from ..engine.transaction import separate_transaction

_logger = logging.getLogger(__name__)

KEEP_DAYS = 90
#: Events that the server logs as a warning; all others are logged as information.
ALARMS = frozenset(["reuse"])


class JwtSecurityEvent(models.Model):
    """Record security events: logins, failures, stolen tokens and ended sessions.

    Each event is also one line of the server's log. Neither ever contains a token or a password.
    """

    _name = "jwt.security.event"
    _description = "API Security Event"
    _allow_sudo_commands = False
    _rec_name = "event"
    _order = "id desc"

    create_date = fields.Datetime("Date", readonly=True, index=True)
    event = fields.Selection(
        [
            ("login", "Logged in"),
            ("console", "Console opened"),
            ("previewed", "Read as another user"),
            ("login_failed", "Wrong login or password"),
            ("mfa_required", "Second factor requested"),
            ("mfa_failed", "Wrong second factor"),
            ("throttled", "Too many attempts"),
            ("reuse", "Refresh token reused"),
            ("repeated", "Refresh repeated from another address"),
            ("revoked", "Sessions ended"),
            ("keys_replaced", "Signing keys replaced"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="set null"
    )
    login = fields.Char(
        "Login Name",
        readonly=True,
        help="The login name as it was sent; there may be no such user.",
    )
    ip_address = fields.Char("IP Address", readonly=True)
    session_id = fields.Many2one(
        "jwt.session", readonly=True, index="btree_not_null", ondelete="set null"
    )
    session_ip_address = fields.Char(
        "Address of the Session",
        readonly=True,
        help="The address from which the session was last used before this event.",
    )
    detail = fields.Char(readonly=True)

    @api.depends("event")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["event"]._description_selection(self.env))
        for event in self:
            event.display_name = labels.get(event.event, "")

    @api.model
    def _record(self, event, *, separately=False, **values):
        """Record an event in this transaction, or separately if the request ends with an error.

        :param bool separately: commit immediately, in a separate transaction; nothing may be written
            before
        :param values: the other fields, by name
        """
        values = {"event": event, **{name: value or False for name, value in values.items()}}
        values["login"] = (values.get("login") or "")[:128] or False
        _logger.log(
            logging.WARNING if event in ALARMS else logging.INFO,
            "%s: user %s, login %r, from %s, %s%s",
            event,
            values.get("user_id") or None,
            values["login"],
            values.get("ip_address") or None,
            values.get("detail") or None,
            self._session_in_words(values),
        )
        if not separately:
            return self.sudo().create(values)
        with separate_transaction(self.env) as env:
            env[self._name].create(values)
        return None

    @staticmethod
    def _session_in_words(values):
        if not values.get("session_id"):
            return ""
        address = values.get("session_ip_address")
        used = f" (last used from {address})" if address else ""
        return f", session {values['session_id']}{used}"

    @api.autovacuum
    def _gc_events(self, batch=10000):
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        old = self.sudo().search(
            [("create_date", "<", limit)], limit=batch, order="create_date, id"
        )
        old.unlink()
        return len(old), len(old) == batch
