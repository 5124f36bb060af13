# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import math
from dataclasses import dataclass

from odoo import api, fields, models

from ..engine.bucket import Bucket
from ..engine.transaction import separate_transaction
from ..tools.errors import _
from .jwt_throttle import too_many_requests

#: A connection's limit is a number of requests per this period.
WINDOW_SECONDS = 60
_BUCKET = Bucket("connection_api_rate_limit", level="requests", since="last_request")


@dataclass(frozen=True)
class Allowance:
    """Hold how many requests a user may still send; every response of a limited connection says it."""

    limit: int
    #: Requests that are available now.
    remaining: int
    #: Seconds until all of them are available.
    reset: int
    #: Seconds until one is available; 0 if this request was granted.
    wait: int

    @property
    def headers(self):
        return [
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset)),
        ]

    def refusal(self):
        """Return the error for a request that was not granted.

        :rtype: ApiError | None
        """
        if not self.wait:
            return None
        return too_many_requests(
            self.wait, _("Too many requests. Try again in %(seconds)s seconds.")
        )


class ConnectionApiRateLimit(models.Model):
    """Count the requests of each user of a connection, and the rotations of each session.

    Shared by all workers and machines. Requests become available again one by one, spread over the
    minute, and not all together when a new minute begins.
    """

    _name = "connection.api.rate.limit"
    _description = "API Rate Limit"
    _auto = False
    _allow_sudo_commands = False
    _rec_name = "key"

    key = fields.Char(readonly=True)
    requests = fields.Float(readonly=True)
    last_request = fields.Datetime(readonly=True)

    def init(self):
        _BUCKET.make_table(self.env.cr)

    @api.model
    def _take(self, connection_id, limit):
        """Count one request of the current user.

        The count is committed on a separate cursor: reads run on read-only cursors, and the count must
        stay whatever the response is. A read-only transaction of the request is rolled back first:
        nothing may be written before. A refused request is not counted, so a client that does not
        wait is not blocked longer than one that does.

        :param limit: requests per minute; a changed limit starts a new count, because the old count
            may be higher than the new limit allows
        :rtype: Allowance
        """
        if self.env.cr.readonly:
            self.env.cr.rollback()
        key = f"{connection_id}:{self.env.uid}:{limit}"
        with separate_transaction(self.env) as env:
            taken = _BUCKET.take(env.cr, key, limit, WINDOW_SECONDS / limit)
        return Allowance(
            limit=limit,
            remaining=max(0, math.floor(limit - taken.level)),
            reset=math.ceil(taken.level * WINDOW_SECONDS / limit),
            wait=taken.wait,
        )

    @api.model
    def _take_rotation(self, sid, limit):
        """Count one rotation of a session, in the transaction of the request.

        :param limit: rotations per minute
        :return: seconds to wait; 0 if the rotation is granted
        :rtype: int
        """
        return _BUCKET.take(
            self.env.cr, f"rotation:{sid}:{limit}", limit, WINDOW_SECONDS / limit
        ).wait

    @api.autovacuum
    def _gc_usage(self):
        _BUCKET.purge(self.env)
