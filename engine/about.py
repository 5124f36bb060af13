# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find the fields of a request that an exception of Odoo or PostgreSQL is about.

Constraints in Python name their fields with ``@api.constrains``; the traceback shows which one failed, or that
the code of a field did, such as that of an image.
Constraints of the database name their table and themselves; PostgreSQL knows their columns. The exception
stays what it is: the names are noted on it for the response (:func:`~..tools.errors.note_fields`).

Only fields that the client sent, or that the caller may write, are named.
"""

import contextlib

from psycopg2 import IntegrityError
from psycopg2.errors import NotNullViolation

from odoo.exceptions import UserError
from odoo.fields import Field
from odoo.tools import SQL

from ..tools import blame
from ..tools.errors import note_fields
from . import missing


@contextlib.contextmanager
def noted(policy, gathered, *, explains=False):
    """Note on an exception of the block which fields it is about.

    :param gathered: the :class:`~.gathered.Gathered` of the values that the block writes
    :param explains: whether an error of the addon replaces Odoo's message about a missing value, which has
        several lines and names one field
    """
    try:
        yield
    except IntegrityError as exc:
        policy.working.env.cr.rollback()  # nothing is lost: the error ends the request
        if explains and isinstance(exc, NotNullViolation):
            places = _of_table(policy, exc, gathered.places)
            if error := missing.null_columns(places, exc.diag.column_name):
                raise error from exc
        note_fields(exc, _of_database(policy, exc, gathered.places))
        raise
    except UserError as exc:
        note_fields(exc, _of_python(exc, gathered.places))
        raise


def _of_database(policy, exc, places):
    """Return the paths of the fields of a constraint of the database."""
    diag = exc.diag
    places = _of_table(policy, exc, places)
    if isinstance(exc, NotNullViolation):
        name = diag.column_name
        lacking = [place for place in places if not place.given.get(name)]
        return _paths([(place, name) for place in lacking if _may_name(place, name)])
    return _about(places, _columns(policy.working.env, diag))


def _of_table(policy, exc, places):
    pool, table = policy.model.pool, exc.diag.table_name
    return [place for place in places if pool[place.policy.name]._table == table]


def _columns(env, diag):
    """Return the columns that a constraint or an index of the database depends on, also in expressions."""
    rows = env.execute_query(
        SQL(
            """
            WITH dependent AS (
                SELECT 'pg_constraint'::regclass AS kind, oid AS id
                  FROM pg_constraint
                 WHERE conname = %(name)s AND conrelid = to_regclass(quote_ident(%(table)s))
                 UNION
                SELECT 'pg_class'::regclass, indexrelid
                  FROM pg_index
                  JOIN pg_class ON pg_class.oid = indexrelid
                 WHERE relname = %(name)s AND indrelid = to_regclass(quote_ident(%(table)s))
            )
            SELECT DISTINCT attname
              FROM dependent
              JOIN pg_depend ON classid = kind AND objid = id AND refclassid = 'pg_class'::regclass
              JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
             WHERE attrelid = to_regclass(quote_ident(%(table)s))
            """,
            name=diag.constraint_name,
            table=diag.table_name,
        )
    )
    return [name for (name,) in rows]


def _of_python(exc, places):
    """Return the paths of the fields whose own code, or whose constraint in Python, raised an exception."""
    field = blame.owner_of_code(exc)
    if isinstance(field, Field):
        return _about(_of_model(places, field.model_name), [field.name])
    for failed in blame.failed_constraints(exc):
        if found := _of_model(places, failed.records._name):
            return _about(_of_record(found, failed), failed.names)
    return []


def _of_model(places, name):
    return [place for place in places if place.policy.name == name]


def _of_record(places, failed):
    """Return those of the places that have the record on which a constraint failed, if it is known."""
    if failed.record_id is None:
        return places
    if own := [place for place in places if place.record_id == failed.record_id]:
        return own
    new = [place for place in places if place.record_id is None]
    ids = failed.records._ids
    # Odoo validates all new records of a creation together, in their order
    return [new[ids.index(failed.record_id)]] if len(new) == len(ids) else new


def _about(places, names):
    """Return the paths of the fields of a constraint: those that were sent, or else those that may be named."""
    fields = [(place, name) for place in places for name in names]
    sent = [(place, name) for place, name in fields if name in place.given]
    return _paths(sent or [(place, name) for place, name in fields if _may_name(place, name)])


def _may_name(place, name):
    return name in place.given or place.policy.values.may_write(name)


def _paths(fields):
    """Return the paths of fields; without the place if it could be one of several."""
    places = {place.path for place, _name in fields}
    if len(places) > 1:
        return sorted({name for _place, name in fields})
    return sorted({place.at(name) for place, name in fields})
