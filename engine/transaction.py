# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Open transactions separate from the request's own, and set the isolation level for parallel requests.

A separate cursor must never wait for a lock that the same request holds: PostgreSQL sees two sessions, one
of which is idle, and detects no deadlock. Three rules prevent that:

- :func:`separate_transaction` is called before the request has written or locked anything, or after its commit
  (:func:`after_commit`). At log level DEBUG, :func:`separate_transaction` checks this and logs an error.
- Each separate transaction has a lock timeout, after which Odoo's retry rolls the request back.
- ``doc/architecture.md`` lists the order in which locks are taken.
"""

import contextlib
import logging

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError
from odoo.sql_db import Cursor
from odoo.tools import config

_logger = logging.getLogger(__name__)

#: How long a separate transaction waits for a lock. Others hold these rows for milliseconds, so a longer
#: wait may never end.
_LOCK_TIMEOUT = "4s"
_READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"


def read_committed(cr):
    """Begin a transaction on ``cr`` that waits for a parallel change instead of failing on it.

    Odoo's cursors are REPEATABLE READ (``odoo/sql_db.py``): if two requests update one row, the second one
    fails, and Odoo's retry sleeps up to two seconds before it runs it again. This rolls back what the
    transaction did before, so call it before any write.

    The cursor of Odoo's tests is a savepoint in one long transaction, whose isolation level cannot change
    and in which nothing runs in parallel. ``dev/live`` tests what happens on a server.
    """
    if isinstance(cr, Cursor):
        cr.rollback()
        cr.execute(_READ_COMMITTED)


def remember_now(cr, moment):
    """Set the timestamp of a transaction, so that Odoo does not read it again (``Cursor.now`` in ``odoo/sql_db.py``).

    :param moment: ``now() AT TIME ZONE 'utc'`` of the same transaction
    """
    if isinstance(cr, Cursor):
        cr._now = moment


@contextlib.contextmanager
def separate_transaction(env):
    """Open a separate READ COMMITTED transaction and commit it at the end of the block.

    Call it while the request holds no lock: before its first write, or after its commit.

    :param env: the request's environment
    :return: an environment of the superuser on the new cursor
    :raise psycopg2.errors.LockNotAvailable: after :data:`_LOCK_TIMEOUT`; Odoo's retry rolls
        the request back, which releases its locks, and runs it again
    """
    with _open(env) as beside:
        if _is_separate(beside) and _logger.isEnabledFor(logging.DEBUG) and _has_written(env.cr):
            _logger.error("A separate transaction was opened after a write.", stack_info=True)
        yield beside


@contextlib.contextmanager
def separate_transaction_at_any_time(env):
    """Open a separate transaction as :func:`separate_transaction` does, for rare changes at any time of a request.

    A request that has written or locked something is rolled back first, and Odoo runs it again.

    :raise ConcurrencyError: at the end of the block, if the request was rolled back
    """
    with _open(env) as beside:
        rolled_back = _is_separate(beside) and _has_written(env.cr)
        if rolled_back:
            env.cr.rollback()
        yield beside
    if rolled_back:
        raise ConcurrencyError("The request was rolled back and will run again.")


@contextlib.contextmanager
def separate_transaction_unless_written(env):
    """Open a separate transaction as :func:`separate_transaction` does, or go on in that of the request.

    The request's own is taken if it has written or locked something, which a separate one could wait for.
    Then a lost race runs the request again.

    :return: an environment on the cursor of that transaction
    """
    if _has_written(env.cr):
        yield env
    else:
        with separate_transaction(env) as beside:
            yield beside


def reads_replica(cr):
    """Return whether a cursor reads a replica of PostgreSQL, which may be behind the primary.

    Without a replica, Odoo's read-only cursors read the primary.

    :rtype: bool
    """
    return cr.readonly and bool(config["db_replica_host"] or config["db_replica_port"])


@contextlib.contextmanager
def on_primary(env):
    """Open a separate transaction on the primary that reads what is committed; nothing may be written in it.

    :return: ``env`` on the new cursor
    """
    with contextlib.closing(env.registry.cursor()) as cr:
        yield env(cr=cr)


@contextlib.contextmanager
def _open(env):
    """Open a separate transaction, whatever the request has done."""
    with env.registry.cursor() as cr:
        if isinstance(cr, Cursor):
            cr.execute(_READ_COMMITTED + "; SET LOCAL lock_timeout = %s", [_LOCK_TIMEOUT])
        yield api.Environment(cr, SUPERUSER_ID, {})


def _is_separate(beside):
    """Return whether a transaction is separate; in Odoo's tests it shares the one of the request."""
    return isinstance(beside.cr, Cursor)


def _has_written(cr):
    """Return whether the transaction of ``cr`` has written or locked a row.

    PostgreSQL assigns a transaction id on the first write or lock.

    :rtype: bool
    """
    cr.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    return cr.fetchone()[0]


def after_commit(cr, function):
    """Call ``function()`` after the transaction of ``cr`` has been committed.

    A database error is only logged, because the response is complete already. The cursor of Odoo's tests
    never commits, so ``function()`` is called at once there.
    """

    def run():
        try:
            function()
        except psycopg2.Error as exc:
            _logger.error(
                "A callback after the commit failed: %s", exc.pgcode or type(exc).__name__
            )

    if isinstance(cr, Cursor):
        cr.postcommit.add(run)
    else:
        function()
