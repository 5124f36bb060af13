# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What fails in the code of Odoo's models, and how much of an answer it costs.

A field that cannot be read costs its own value and nothing else (:class:`Faults`). Errors of the database,
lost races and refused access are not caught here: Odoo runs the request again, or it ends.
"""

import contextlib
import logging
from collections import defaultdict

from psycopg2 import DataError, ProgrammingError
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from odoo.exceptions import AccessDenied, AccessError, LockError, RedirectWarning, UserError

from ..tools.errors import from_exception

_logger = logging.getLogger(__name__)

#: What code raises of itself. Neither psycopg2's errors nor those of HTTP belong to it.
RAISED_BY_CODE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    StopIteration,
    SyntaxError,  # lxml's error for XML that is not well-formed is one
    TypeError,
    ValueError,
    RedirectWarning,
    UserError,
)
#: What PostgreSQL raises about a statement or a value in it; never about a lost race or a connection.
RAISED_BY_SQL = (DataError, ProgrammingError)
#: Of the former, what the whole request has to hear of.
_FOR_THE_REQUEST = (AccessDenied, AccessError, LockError)


class BrokenFilterError(Exception):
    """The record filter of a connection cannot be evaluated: the administrator's mistake, never the client's."""


@contextlib.contextmanager
def caught(env, on_fault):
    """Call a function with an exception that code of Odoo has raised inside the block.

    :param on_fault: a function; when it returns, the block ends without an error
    :raise Exception: as it is, for refused access and where the transaction can do nothing more
    """
    try:
        yield
    except RAISED_BY_CODE as exc:
        if is_aborted(env) or isinstance(exc, _FOR_THE_REQUEST):
            raise
        on_fault(exc)


@contextlib.contextmanager
def caught_searching(env, on_fault):
    """As :func:`caught`, for a search: what PostgreSQL says of a statement, or of the values in it, counts as well.

    An aborted transaction is rolled back first, so that ``on_fault`` can read, and has to raise. Nothing is
    lost by that: the error would end the request.
    """
    try:
        with caught(env, on_fault):
            yield
    except RAISED_BY_SQL as exc:
        if is_aborted(env):
            env.cr.rollback()
        on_fault(exc)


def is_aborted(env):
    """Return whether PostgreSQL has refused a statement of the transaction, which can do nothing more."""
    return env.cr.connection.info.transaction_status == TRANSACTION_STATUS_INERROR


class Faults:
    """Values of one answer that cannot be read, by field and cause."""

    def __init__(self):
        self._ids = defaultdict(dict)
        self._causes = {}

    def values(self, records, name, read):
        """Read one value of each record; what cannot be read is noted, and False.

        Records are read together as long as that works, else one half after the other: some code
        fails with several records alone.

        :param name: of the field
        :param read: records → a list with one value of each
        """
        found = []

        def on_fault(exc):
            if len(records) > 1:
                middle = len(records) // 2
                found.extend(self.values(records[:middle], name, read))
                found.extend(self.values(records[middle:], name, read))
            else:
                found.append(False)
                self._note(records, name, exc)

        with caught(records.env, on_fault):
            found = read(records)
        return found

    def together(self, records, name, read, instead):
        """Read what belongs to all records at once; where that fails, it is noted for each of them.

        :param instead: what to return then
        """
        found = [instead]

        def on_fault(exc):
            for record in records:
                self._note(record, name, exc)

        with caught(records.env, on_fault):
            found = [read()]
        return found[0]

    def _note(self, record, name, exc):
        if isinstance(exc, RedirectWarning):  # a UserError with a button, which is of no use here
            exc = UserError(exc.args[0])
        known = from_exception(exc)
        message = known.message()
        if known.code >= 500:  # nothing of it is for the client
            message = record.env._("This value cannot be read. The server log has the reason.")
        key = (record._name, name, known.error, message)
        self._causes.setdefault(key, exc)
        self._ids[key][record.id] = None

    def unread(self, records):
        """Yield the id of each of these records and the name of its field that could not be read."""
        for (model, name, _error, _message), ids in self._ids.items():
            if model == records._name:
                for record_id in ids:
                    yield record_id, name

    def told(self):
        """Return what to add to the answer, nothing when all could be read; the log gets the causes.

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
