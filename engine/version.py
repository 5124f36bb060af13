# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Compute the version of a record, for entity tags and ``If-Match``."""

from odoo.tools import SQL

from ..tools import etag


def version_of(record, lock=False, xmin=None):
    """Return a text that changes whenever the record is written, by whomever.

    It is derived from PostgreSQL's ``xmin`` of the row, the transaction that wrote it last, and from those
    of the records that it delegates to (``_inherits``).

    :param bool lock: lock the row until this transaction ends; after a parallel write, Odoo runs the
        request again, which then sees the new version
    :param xmin: ``xmin`` of the record's row, if :func:`fetch_with_xmin` has read it
    """
    rows = _version_rows(record, lock, xmin)
    return etag.digest(repr((record._name, record.id, rows)).encode()) if rows else "0"


def fetch_with_xmin(model, query, names):
    """Read fields of the record that a query finds together with ``xmin`` of its row: one statement for both.

    The values are read as by Odoo's ``_fetch_query`` (``odoo/orm/models.py``), which cannot read ``xmin``, in
    a context without ``bin_size``. Nothing else is read: a model's code may compute other values if more is in
    the cache.

    :param query: finds one record at most
    :return: the record in the environment of the model, and ``xmin``; an empty recordset and None if there
        is no record
    """
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
    return record, xmin


def has_row(model):
    """Return whether the records of a model are rows of a table: they are not for a view or a query."""
    return model._auto and not model._abstract and model._table_query is None


def _version_rows(record, lock, xmin=None):
    """Return ``xmin`` of the row of a record, and of the records that it delegates to."""
    if not has_row(record):
        return []
    if xmin is None:
        _id, xmin = _xmin(record, SQL("%s", record.id), lock) or (None, None)
    parents = filter(None, (_parent(record, name, lock) for name in record._inherits.values()))
    return [xmin, *(_version_rows(parent, lock, own) for parent, own in parents)]


def _parent(record, name, lock):
    """Return the record that a record delegates to, and ``xmin`` of its row; None if there is none.

    The link may be hidden, such as that of an employee. So it is read by SQL, if it is a column: Odoo would keep
    it in the cache, with more of the row.

    :param name: the field of the link
    """
    field = record._fields[name]
    parent = record.env[field.comodel_name]
    if not has_row(parent):
        return None
    if field.store and field.column_type:
        link = SQL(
            "(SELECT %s FROM %s WHERE id = %s)",
            SQL.identifier(name),
            SQL.identifier(record._table),
            record.id,
        )
    else:
        link = SQL("%s", record.sudo()[name].id or None)
    found = _xmin(parent, link, lock)
    return found and (parent.browse(found[0]), found[1])


def _xmin(model, record_id, lock):
    """Return the id and ``xmin`` of a row; None if there is no such row."""
    query = SQL(
        "SELECT id, xmin::text FROM %s WHERE id = %s%s",
        SQL.identifier(model._table),
        record_id,
        SQL(" FOR NO KEY UPDATE") if lock else SQL(),
    )
    return next(iter(model.env.execute_query(query)), None)
