# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Transactions beside the request's own, and the isolation level where parallel requests meet.

A cursor of its own must never wait for a lock that the same request holds: PostgreSQL sees two
sessions, one of which is idle, and finds no deadlock. Hence the three rules that this module is for:

- :func:`apart` is called before the request has written or locked anything, or after its commit
  (:func:`after_commit`). At log level DEBUG, :func:`apart` checks it and logs an error.
- Each such transaction has a lock timeout, after which Odoo's retry rolls the request back.
- ``doc/architecture.md`` lists which locks are taken in which order.
"""

import contextlib
import logging

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError
from odoo.sql_db import Cursor

_logger = logging.getLogger(__name__)

#: How long a transaction apart waits for a lock. Others hold these rows for milliseconds; whoever
#: waits longer waits for something that may never end.
_LOCK_TIMEOUT = "4s"
_READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"


def read_committed(cr):
    """Begin a transaction on ``cr`` that waits for a parallel change instead of failing on it.

    Odoo's cursors are REPEATABLE READ (``odoo/sql_db.py``): two requests that update one row make
    the second fail, and Odoo's retry sleeps up to two seconds before it runs it again. What the
    transaction did before is rolled back, so call this before any write.

    The cursor of Odoo's tests is a savepoint in one long transaction: there the level cannot
    change, and nothing runs in parallel. ``dev/live`` shows what happens outside of tests.
    """
    if isinstance(cr, Cursor):
        cr.rollback()
        cr.execute(_READ_COMMITTED)


@contextlib.contextmanager
def apart(env):
    """Open a READ COMMITTED transaction beside the request's own; commit it at the end.

    Call it while the request holds no lock: before its first write, or after its commit.

    :param env: the request's environment
    :return: an environment of the superuser on the new cursor
    :raise psycopg2.errors.LockNotAvailable: after :data:`_LOCK_TIMEOUT`; Odoo's retry rolls
        the request back, which frees what it held, and runs it again
    """
    with _another(env) as beside:
        if _is_parallel(beside) and _logger.isEnabledFor(logging.DEBUG) and _has_written(env.cr):
            _logger.error("A transaction apart was opened after a write.", stack_info=True)
        yield beside


@contextlib.contextmanager
def apart_at_any_time(env):
    """Open a transaction as :func:`apart` does, for what is rare and may be called at any time.

    A request that has written or locked something is rolled back first, and has to run again.

    :raise ConcurrencyError: at the end, when the request was rolled back: Odoo runs it again
    """
    with _another(env) as beside:
        rolled_back = _is_parallel(beside) and _has_written(env.cr)
        if rolled_back:
            env.cr.rollback()
        yield beside
    if rolled_back:
        raise ConcurrencyError("The request was rolled back, and runs again.")


@contextlib.contextmanager
def _another(env):
    """Open the transaction of :func:`apart`, whatever the request has done."""
    with env.registry.cursor() as cr:
        if isinstance(cr, Cursor):
            cr.execute(_READ_COMMITTED + "; SET LOCAL lock_timeout = %s", [_LOCK_TIMEOUT])
        yield api.Environment(cr, SUPERUSER_ID, {})


def _is_parallel(beside):
    """Return whether a transaction is one of its own: Odoo's tests share one with the request."""
    return isinstance(beside.cr, Cursor)


def _has_written(cr):
    """Return whether the transaction of ``cr`` has written or locked a row.

    PostgreSQL gives a transaction its number with the first of either.

    :rtype: bool
    """
    cr.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    return cr.fetchone()[0]


def after_commit(cr, function):
    """Call ``function()`` when the transaction of ``cr`` is committed, and only then.

    A database error is logged: the response is made already, and stays. The cursor of Odoo's tests
    never commits, so there the call is made at once.
    """

    def run():
        try:
            function()
        except psycopg2.Error as exc:
            _logger.error("What follows a commit failed: %s", exc.pgcode or type(exc).__name__)

    if isinstance(cr, Cursor):
        cr.postcommit.add(run)
    else:
        function()
