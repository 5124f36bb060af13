# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Catch exceptions of the code of Odoo's models.

A field that cannot be read affects only its own value (:class:`Faults`). Database errors, lost races and
denied access are not caught: Odoo runs the request again, or it fails.
"""

import contextlib
import logging
from collections import defaultdict

from psycopg2 import DataError, ProgrammingError
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from odoo.exceptions import AccessDenied, AccessError, LockError, RedirectWarning, UserError

from ..tools.errors import from_exception

_logger = logging.getLogger(__name__)

#: Exceptions that Python code raises itself, without those of psycopg2 and HTTP.
RAISED_BY_CODE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    StopIteration,
    SyntaxError,  # the base of lxml's error for malformed XML
    TypeError,
    ValueError,
    RedirectWarning,
    UserError,
)
#: Errors of PostgreSQL about a statement or a value in it, not about a lost race or a connection.
RAISED_BY_SQL = (DataError, ProgrammingError)
#: Those of RAISED_BY_CODE that make the whole request fail.
_FOR_THE_REQUEST = (AccessDenied, AccessError, LockError)


class BrokenFilterError(Exception):
    """The record filter of a connection cannot be evaluated, which is a mistake of the administrator."""


@contextlib.contextmanager
def caught(env, on_fault):
    """Catch an exception of Odoo's code inside the block and pass it to a function.

    :param on_fault: the function; if it returns, the block ends without an error
    :raise Exception: unchanged, for denied access and in an aborted transaction
    """
    try:
        yield
    except RAISED_BY_CODE as exc:
        if is_aborted(env) or isinstance(exc, _FOR_THE_REQUEST):
            raise
        on_fault(exc)


@contextlib.contextmanager
def caught_searching(env, on_fault):
    """Catch as :func:`caught` does, for a search: errors of PostgreSQL about the statement as well.

    An aborted transaction is rolled back first, so that ``on_fault`` can read; it has to raise then. Nothing
    is lost by that, because the error ends the request.
    """
    try:
        with caught(env, on_fault):
            yield
    except RAISED_BY_SQL as exc:
        if is_aborted(env):
            env.cr.rollback()
        on_fault(exc)


def is_aborted(env):
    """Return whether the transaction is aborted, so that PostgreSQL executes no more of its statements."""
    return env.cr.connection.info.transaction_status == TRANSACTION_STATUS_INERROR


class Faults:
    """Collect the values of one response that cannot be read, by field and cause."""

    def __init__(self):
        self._ids = defaultdict(dict)
        self._causes = {}

    def values(self, records, name, read):
        """Read one value of each record; a value that cannot be read is False and is collected.

        Records are read together if that works, otherwise one half after the other, because some code fails
        only with several records.

        :param name: the name of the field
        :param read: a function from records to a list with one value of each
        :return: the list of values
        """
        result = []

        def on_fault(exc):
            if len(records) > 1:
                middle = len(records) // 2
                result.extend(self.values(records[:middle], name, read))
                result.extend(self.values(records[middle:], name, read))
            else:
                result.append(False)
                self._collect(records, name, exc)

        with caught(records.env, on_fault):
            result = read(records)
        return result

    def together(self, records, name, read, instead):
        """Read values of all records at once; a failure is collected for each of them.

        :param instead: the result in case of a failure
        """
        result = [instead]

        def on_fault(exc):
            for record in records:
                self._collect(record, name, exc)

        with caught(records.env, on_fault):
            result = [read()]
        return result[0]

    def _collect(self, record, name, exc):
        if isinstance(exc, RedirectWarning):  # a UserError with a button, which no client can use
            exc = UserError(exc.args[0])
        known = from_exception(exc)
        message = known.message()
        if known.code >= 500:  # no details for the client
            message = record.env._("This value cannot be read. The server log has the reason.")
        key = (record._name, name, known.error, message)
        self._causes.setdefault(key, exc)
        self._ids[key][record.id] = None

    def unread(self, records):
        """Yield the record id and the field name of each value of these records that could not be read."""
        for (model, name, _error, _message), ids in self._ids.items():
            if model == records._name:
                for record_id in ids:
                    yield record_id, name

    def report(self):
        """Return the ``errors`` for the response, empty if all values could be read, and log their causes.

        :return: ``{"errors": [{"model": "sale.order", "ids": [7], "field": "tax_totals",
            "error": "server_error", "message": "…"}]}``
        """
        entries = []
        for key, ids in self._ids.items():
            model, name, error, message = key
            _logger.warning("%s.%s cannot be read", model, name, exc_info=self._causes[key])
            entry = {"model": model, "ids": list(ids), "field": name}
            entries.append({**entry, "error": error, "message": message})
        return {"errors": entries} if entries else {}
