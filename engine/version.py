# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Compute the version of a record, for entity tags and ``If-Match``."""

from odoo.tools import SQL

from ..tools import etag


def version_of(record, lock=False):
    """Return a text that changes whenever the record is written, by whomever.

    It is derived from PostgreSQL's ``xmin`` of the row, the transaction that wrote it last, and from those
    of the records that it delegates to (``_inherits``).

    :param bool lock: lock the row until this transaction ends; after a parallel write, Odoo runs the
        request again, which then sees the new version
    """
    rows = _version_rows(record, lock)
    return etag.digest(repr((record._name, record.id, rows)).encode()) if rows else "0"


def _version_rows(record, lock):
    """Return ``xmin`` of the row of a record, and of the records that it delegates to."""
    if not record._auto or record._abstract:  # a view has no row of its own
        return []
    query = SQL(
        "SELECT xmin::text FROM %s WHERE id = %s%s",
        SQL.identifier(record._table),
        record.id,
        SQL(" FOR NO KEY UPDATE") if lock else SQL(),
    )
    everything = record.sudo()  # the link to a parent may be hidden, such as that of an employee
    return [
        record.env.execute_query(query),
        *(_version_rows(everything[name], lock) for name in record._inherits.values()),
    ]
