# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import math
from dataclasses import dataclass

from odoo import api, fields, models

from ..engine.bucket import Bucket
from ..engine.transaction import apart
from ..tools.errors import _
from .jwt_throttle import too_many_requests

#: A connection's limit is a number of requests in this time.
WINDOW_SECONDS = 60
_BUCKET = Bucket("connection_api_rate_limit", level="requests", since="last_request")


@dataclass(frozen=True)
class Allowance:
    """How many requests a user may still make, told with every answer of a limited connection."""

    limit: int
    #: Requests that are free now.
    remaining: int
    #: Seconds until all of them are free.
    reset: int
    #: Seconds until one is free, 0 when this request was granted.
    wait: int

    @property
    def headers(self):
        return [
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset)),
        ]

    def refusal(self):
        """
        :rtype: ApiError | None
        """
        if not self.wait:
            return None
        return too_many_requests(
            self.wait, _("Too many requests. Try again in %(seconds)s seconds.")
        )


class ConnectionApiRateLimit(models.Model):
    """How much of a connection's limit each user has used, and each session of its rotations.

    Counted for all workers and machines.
    So many requests at once, then one more every so many seconds: a minute's requests never come
    back all together, as they would when a new minute begins.
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

        Written and committed on a cursor of its own: reads run on read-only ones, and the count
        stays whatever the answer is. What the request's own transaction has read so far is let go:
        nothing may be written before. A request that is refused counts nowhere, so that a client
        that does not wait is let in again as soon as one that does.

        :param limit: requests a minute; a changed one begins a new count, because the old one may
            be more than it ever gives back
        :rtype: Allowance
        """
        if self.env.cr.readonly:
            self.env.cr.rollback()
        key = f"{connection_id}:{self.env.uid}:{limit}"
        with apart(self.env) as env:
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

        :param limit: rotations a minute, as above
        :return: seconds to wait, 0 when it is granted
        :rtype: int
        """
        return _BUCKET.take(
            self.env.cr, f"rotation:{sid}:{limit}", limit, WINDOW_SECONDS / limit
        ).wait

    @api.autovacuum
    def _gc_usage(self):
        _BUCKET.purge(self.env.cr)
