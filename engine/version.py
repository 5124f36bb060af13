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
    return _version(record, _version_rows(record, lock))


def fetch_with_version(model, query, names):
    """Read fields of the record that a query finds together with its version: one statement for both.

    The values are read as by Odoo's ``_fetch_query`` (``odoo/orm/models.py``), which cannot read ``xmin``.

    :param query: finds one record at most
    :return: the record in the environment of the model, and its version as :func:`version_of` returns it;
        an empty recordset and None if there is no record
    """
    # with the links to the records that it delegates to, which have versions, too
    links = [name for name in model._inherits.values() if name not in names]
    names = [
        *names,
        *filter(lambda name: model._has_field_access(model._fields[name], "read"), links),
    ]
    fields = [field for field in model._determine_fields_to_fetch(names) if field.name != "id"]
    columns = [field for field in fields if field.column_type]
    terms = [
        SQL.identifier(model._table, "id"),
        SQL("%s::text", SQL.identifier(model._table, "xmin")),
    ]
    terms += [model._field_to_sql(model._table, field.name, query) for field in columns]
    rows = [] if query.is_empty() else model.env.execute_query(query.select(*terms))
    if not rows:
        return model.browse(), None
    [(record_id, xmin, *values)] = rows
    record = model.browse([record_id])
    for field, value in zip(columns, values, strict=True):
        field._insert_cache(record, [value])
    for field in fields:
        if not field.column_type:
            field.read(record)
    return record, _version(record, [[(xmin,)], *_rows_of_parents(record)])


def has_row(model):
    """Return whether the records of a model are rows of a table: they are not for a view."""
    return model._auto and not model._abstract


def _version(record, rows):
    """Return the version of a record with these versions of its rows."""
    return etag.digest(repr((record._name, record.id, rows)).encode()) if rows else "0"


def _version_rows(record, lock):
    """Return ``xmin`` of the row of a record, and of the records that it delegates to."""
    if not has_row(record):
        return []
    query = SQL(
        "SELECT xmin::text FROM %s WHERE id = %s%s",
        SQL.identifier(record._table),
        record.id,
        SQL(" FOR NO KEY UPDATE") if lock else SQL(),
    )
    return [record.env.execute_query(query), *_rows_of_parents(record, lock)]


def _rows_of_parents(record, lock=False):
    """Return :func:`_version_rows` of each record that a record delegates to."""
    everything = record.sudo()  # the link to a parent may be hidden, such as that of an employee
    return [_version_rows(everything[name], lock) for name in record._inherits.values()]
