# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

#: The periods that the dashboard offers, in days.
PERIODS = (1, 7, 30)
#: Events of a login that was refused.
FAILED_LOGINS = ("login_failed", "mfa_failed", "throttled")
_SLOWEST = 5


class ConnectionApiDashboard(models.AbstractModel):
    """Compute the figures of the dashboard from the request log, the sessions and the security events."""

    _name = "connection.api.dashboard"
    _description = "API Dashboard"

    @api.model
    def action_figures(self, days):
        """Return the figures of the last days, for the dashboard in the web client.

        Only who may read the tables gets them: the managers of connections.

        :param int days: one of :data:`PERIODS`
        :rtype: dict
        """
        if days not in PERIODS:
            raise UserError(self.env._("There is no such period."))
        since = fields.Datetime.now() - timedelta(days=days)
        return {
            "since": fields.Datetime.to_string(since),
            **self._connections(),
            **self._requests(Domain("requested_at", ">=", since)),
            **self._sessions(),
            **self._events(Domain("create_date", ">=", since)),
        }

    def _connections(self):
        counts = dict(
            self.env["connection.api"]._read_group([], ["log_requests"], ["__count"]),
        )
        return {"connections": sum(counts.values()), "logging": counts.get(True, 0)}

    def _requests(self, domain):
        logs = self.env["connection.api.log"]
        counts = dict(logs._read_group(domain, ["result"], ["__count"]))
        return {
            "requests": sum(counts.values()),
            "refused": counts.get("refused", 0),
            "failed": counts.get("failed", 0),
            "p95": self._percentile(domain),
            "slowest": self._slowest(domain),
        }

    def _percentile(self, domain):
        """Return the milliseconds within which 95 of 100 requests are answered; None without requests."""
        query = self.env["connection.api.log"]._search(domain)
        duration = SQL.identifier(query.table, "duration_ms")
        percentile = SQL("percentile_cont(0.95) WITHIN GROUP (ORDER BY %s)", duration)
        [(value,)] = self.env.execute_query(query.select(percentile))
        return value and round(value)

    def _slowest(self, domain):
        """Return the models whose requests take longest on average."""
        rows = self.env["connection.api.log"]._read_group(
            domain,
            ["model"],
            ["duration_ms:avg", "duration_ms:max", "__count", "error_count:sum"],
            order="duration_ms:avg desc, model",
            limit=_SLOWEST,
        )
        models_by_name = self.env["ir.model"].search([("model", "in", [row[0] for row in rows])])
        titles = {model.model: model.name for model in models_by_name}
        return [
            {
                "model": model,
                "name": titles.get(model, model),
                "average": round(average or 0),
                "longest": longest,
                "requests": requests,
                "errors": errors,
            }
            for model, average, longest, requests, errors in rows
        ]

    def _sessions(self):
        [(sessions, users)] = self.env["jwt.session"]._read_group(
            [("state", "in", ["active"])], [], ["__count", "user_id:count_distinct"]
        )
        return {"sessions": sessions, "users": users}

    def _events(self, domain):
        counts = dict(self.env["jwt.security.event"]._read_group(domain, ["event"], ["__count"]))
        return {
            "failed_logins": sum(counts.get(event, 0) for event in FAILED_LOGINS),
            "reused": counts.get("reuse", 0),
        }
