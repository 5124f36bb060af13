# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.errors import ApiError, _, dump_json

_OLDEST = SQL("(now() AT TIME ZONE 'utc' - interval '24 hours')")
#: Two are enough: whoever loses a race finds the winner's answer. More would mean that somebody
#: deletes rows; then Odoo's own retry may go on.
_TRIES = 3


class ConnectionApiIdempotency(models.Model):
    """The answers of requests that carried an ``Idempotency-Key``, for 24 hours.

    Claim, records and answer are one transaction: a request that fails leaves no claim, and one
    that is answered cannot be done twice.
    """

    _name = "connection.api.idempotency"
    _description = "API Idempotency Key"
    _allow_sudo_commands = False
    _log_access = False
    _rec_name = "key"

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    answer = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    claimed_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.Constraint("UNIQUE(user_id, key)", "This key has been used.")

    @api.model
    def _once(self, key, fingerprint, make):
        """What ``make()`` gives, which is called at most once for a key of the current user.

        Nothing may be written before: a request that comes while another one with its key is at
        work waits for it, and then begins its transaction anew, to see what that one has done.
        Odoo's own retry would do the same, after a sleep of up to two seconds.

        :param fingerprint: what is asked for, see :func:`~..tools.idempotency.fingerprint`
        :param make: gives a JSON value, or raises: then the key is free again
        :return: the value, and whether it was made for an earlier request
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
        """What an earlier request with this key was answered, as text; None when there was none."""
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
                _("This Idempotency-Key was used for another request. Take a new one."),
            )
        if answer is None:  # code that commits on its own, and then failed
            raise ApiError(
                "conflict",
                _("A request with this Idempotency-Key was broken off. Look what it has done."),
            )
        return answer

    def _claim(self, key, fingerprint):
        """Take a key of which :meth:`_find` found nothing: what else is there has expired.

        The unique index lets one through. Who comes second waits for the first one's transaction,
        and fails when that is committed, because its own does not see it (REPEATABLE READ).

        :return: the row's id
        :raise SerializationFailure: somebody else was first
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
