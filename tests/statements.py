# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Record the SQL statements that requests of the tests run on the addon's own tables, to ask for their plans."""

import re
from contextlib import contextmanager
from threading import local
from unittest.mock import patch

from odoo.http import request
from odoo.sql_db import Cursor
from odoo.tools import SQL

_TABLE = re.compile(r"\b(?:jwt|connection_api)_\w+")
_PLANNED = re.compile(
    r"\s*(?:EXPLAIN \(FORMAT JSON\)\s+)?((?:SELECT|INSERT|UPDATE|DELETE|WITH)\b.*)", re.DOTALL
)
#: Statement → its parameters at the first time, and the path of the request, of the whole process.
RECORDED: dict[str, tuple[object, str]] = {}
_chosen = local()


@contextmanager
def recording(what):
    """Record the statements that this thread runs within the context, although they belong to no request.

    :param str what: stands for the path of the request
    """
    before, _chosen.what = _what(), what
    try:
        yield
    finally:
        _chosen.what = before


def patcher():
    """Return a patch of Odoo's cursor that records what requests below ``/api`` run."""
    return _told(_record)


@contextmanager
def listed():
    """Yield a list of the statements that are run within the context, with their parameters."""
    seen = []
    with _told(lambda code, params: seen.append((code, params))):
        yield seen


def _told(function):
    """Return a patch of Odoo's cursor that calls a function with each statement and its parameters."""
    execute = Cursor.execute

    def tell(cursor, query, params=None, *args, **options):
        if isinstance(query, SQL):
            function(query.code, query.params)
        elif isinstance(query, str):
            function(query, params)
        return execute(cursor, query, params, *args, **options)

    return patch.object(Cursor, "execute", tell)


def _record(code, params):
    if not ("jwt_" in code or "connection_api" in code):  # cheaper than what follows
        return
    if code in RECORDED or not (what := _what() or _path()):
        return
    if _TABLE.search(code) and _PLANNED.match(code):
        RECORDED[code] = (params, what)


def _what():
    return getattr(_chosen, "what", "")


def _path():
    """Return the path of the request of this thread, if it is one of the API."""
    if not request:
        return ""
    path = request.httprequest.path
    return path if path.startswith("/api") else ""


def planned(code):
    """Return the statement itself, without the EXPLAIN that the addon may have asked for."""
    return _PLANNED.match(code)[1]
