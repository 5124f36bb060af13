# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.errors import ApiError, _, dump_json

_OLDEST = SQL("(now() AT TIME ZONE 'utc' - interval '24 hours')")
#: Two are enough: the request that loses a race finds the winner's response. More are needed only
#: if somebody deletes rows at the same time; then Odoo's own retry takes over.
_TRIES = 3


class ConnectionApiIdempotency(models.Model):
    """Store the responses to requests that had an ``Idempotency-Key``, for 24 hours.

    Claim, records and response are written in one transaction: a request that fails leaves no claim,
    and one that succeeds cannot be executed twice.
    """

    _name = "connection.api.idempotency"
    _description = "API Idempotency Key"
    _allow_sudo_commands = False
    _log_access = False
    _rec_name = "key"

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    answer = fields.Text("Response", readonly=True, groups=fields.NO_ACCESS)
    claimed_at = fields.Datetime("Started on", required=True, readonly=True, index=True)

    _key_uniq = models.Constraint("UNIQUE(user_id, key)", "This key has been used.")

    @api.model
    def _once(self, key, fingerprint, make):
        """Return the result of ``make()``, called at most once for a key of the current user.

        Nothing may be written before. If another request with the same key is being processed, this
        one waits for it, then starts its transaction again to see what the other one wrote. Odoo's own
        retry would do the same, after a sleep of up to two seconds.

        :param fingerprint: identifies the request, see :func:`~..tools.idempotency.fingerprint`
        :param make: returns a JSON value; if it raises, the key is free again
        :return: the value, and whether it is the result of an earlier request
        :raise ApiError: ``idempotency_key_reused``; ``conflict``
        """
        for tries_left in reversed(range(_TRIES)):
            if text := self._find(key, fingerprint):
                return json.loads(text), True
            try:
                claim = self._claim(key, fingerprint)
                break
            except SerializationFailure:
                if not tries_left:
                    raise
                self.env.cr.rollback()
        value = make()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET answer = %s WHERE id = %s",
                SQL.identifier(self._table),
                dump_json(value).decode(),
                claim,
            )
        )
        return value, False

    def _find(self, key, fingerprint):
        """Return the response to an earlier request with this key, as text; None if there is none.

        :raise ApiError: ``idempotency_key_reused``; ``conflict``
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT fingerprint, answer FROM %s
                 WHERE user_id = %s AND key = %s AND claimed_at > %s
                """,
                SQL.identifier(self._table),
                self.env.uid,
                key,
                _OLDEST,
            )
        )
        row = self.env.cr.fetchone()
        if not row:
            return None
        known, answer = row
        if known != fingerprint:
            raise ApiError(
                "idempotency_key_reused",
                _("This Idempotency-Key was used for a different request. Use a new one."),
            )
        if answer is None:  # the model's code committed, and then failed
            raise ApiError(
                "conflict",
                _(
                    "An earlier request with this Idempotency-Key was interrupted. Check what it has"
                    " changed."
                ),
            )
        return answer

    def _claim(self, key, fingerprint):
        """Claim a key that :meth:`_find` did not find; a row that still exists has expired.

        The unique index allows one request at a time. The second one waits for the transaction of the
        first, and fails when that is committed, because its own snapshot does not show the row
        (REPEATABLE READ).

        :return: the row's id
        :raise SerializationFailure: when another request was first
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %s (user_id, key, fingerprint, claimed_at)
                VALUES (%s, %s, %s, now() AT TIME ZONE 'utc')
                ON CONFLICT (user_id, key) DO UPDATE
                   SET fingerprint = EXCLUDED.fingerprint, claimed_at = EXCLUDED.claimed_at,
                       answer = NULL
                RETURNING id
                """,
                SQL.identifier(self._table),
                self.env.uid,
                key,
                fingerprint,
            ),
            log_exceptions=False,
        )
        return self.env.cr.fetchone()[0]

    @api.autovacuum
    def _gc_keys(self, batch=10000):
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM %(table)s WHERE id IN
                    (SELECT id FROM %(table)s WHERE claimed_at <= %(oldest)s
                      ORDER BY claimed_at LIMIT %(batch)s)
                """,
                table=SQL.identifier(self._table),
                oldest=_OLDEST,
                batch=batch,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == batch
