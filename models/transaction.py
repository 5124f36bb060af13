# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The isolation level of the few statements that several requests run on one row at once."""

from odoo.sql_db import Cursor


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
        cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
