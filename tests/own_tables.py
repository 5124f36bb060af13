# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""List the addon's own tables that requests fill, and fill them as in an installation of some years."""

import inspect

from odoo.tools import SQL

from odoo.addons.base.models.ir_autovacuum import is_autovacuum

from . import statements

#: Models whose rows do not come from requests, with the reason why they stay few.
KEPT_SMALL = {
    "connection.api": "administrators make one for each model",
    "connection.api.action": "administrators list them in a connection",
    "jwt.cache.version": "one row",
    "jwt.signing.key": "three for each machine, rotated every three months",
}
#: Enough rows that the planner prefers an index.
ROWS, USERS = 20_000, 1_000


def own_models(env):
    """Return the names of the addon's own models that have a table, without the wizards, which Odoo empties."""
    return sorted(
        name
        for name, model in env.registry.items()
        if getattr(model, "_original_module", "") == "jwt_auth_api"
        and not model._abstract
        and not model._transient
    )


def filled_by_requests(env):
    """Return the names of the models of which clients can create rows."""
    return [name for name in own_models(env) if name not in KEPT_SMALL]


def purge(env):
    """Run the purges of the addon's own models once each, as Odoo does once a day."""
    for name in own_models(env):
        for attribute, function in inspect.getmembers(type(env[name]), is_autovacuum):
            with statements.recording(f"{name}.{attribute}"):
                function(env[name])


def grow(env, model_names):
    """Copy one row of each model some thousand times, for many users, and analyze the tables.

    Unique values and times differ in each copy. Times that may be empty are so in most copies.

    :raise AssertionError: if a model has no row yet
    """
    cr = env.cr
    env.flush_all()
    copy_row(cr, "res_users", {"login": "'grown' || n"}, USERS)
    cr.execute("SELECT array_agg(id) FROM res_users WHERE login LIKE 'grown%'")
    [users] = cr.fetchone()
    tables = [env[name]._table for name in model_names]
    # sessions come before their tokens
    for table in sorted(tables, key=lambda table: _parents(cr, table, tables)):
        copy_row(cr, table, _different(cr, table, tables, users), ROWS)
    for table in [*tables, "res_users"]:
        cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))


def _parents(cr, table, tables):
    return sum(other in tables and other != table for other in _references(cr, table).values())


def copy_row(cr, table, different, rows):
    """Copy the newest row of a table a number of times.

    :param different: the expressions of columns that are not copied, by name; ``n`` is the number of the copy
    """
    cr.execute(SQL("SELECT * FROM %s ORDER BY id DESC LIMIT 1", SQL.identifier(table)))
    assert cr.rowcount, f"nothing has made a row of {table} yet"
    names = [column.name for column in cr.description if column.name != "id"]
    values = [different.get(name) or f't."{name}"' for name in names]
    cr.execute(
        SQL(
            "INSERT INTO %(table)s (%(names)s) SELECT %(values)s"
            " FROM (SELECT * FROM %(table)s ORDER BY id DESC LIMIT 1) AS t, generate_series(1, %(rows)s) AS n",
            table=SQL.identifier(table),
            names=SQL(", ").join(map(SQL.identifier, names)),
            values=SQL(", ").join(map(SQL, values)),
            rows=rows,
        )
    )


def _different(cr, table, tables, users):
    """Return the expressions of the columns that are not copied as they are, by name."""
    unique, references = _unique(cr, table), _references(cr, table)
    cr.execute(
        "SELECT column_name, data_type, is_nullable = 'NO' FROM information_schema.columns"
        " WHERE table_name = %s AND column_name <> 'id'",
        [table],
    )
    found = {}
    for name, data_type, required in cr.fetchall():
        other = references.get(name)
        if other == "res_users":
            found[name] = f"(ARRAY{users})[1 + n %% {len(users)}]"
        elif other == table:
            found[name] = "NULL::integer"
        elif other in tables:
            found[name] = f"(SELECT max(id) FROM {other}) - n + 1"
        elif data_type.startswith("timestamp"):
            moment = f"(CASE WHEN t.\"{name}\" > now() AT TIME ZONE 'utc' THEN now() + n * interval '1 minute'"
            moment += " ELSE now() - n * interval '1 second' END) AT TIME ZONE 'utc'"
            found[name] = moment if required else f"CASE WHEN n %% 5 = 0 THEN {moment} END"
        elif name in unique and data_type in ("character varying", "text"):
            found[name] = f"md5('{name}' || n)"
    return found


def _unique(cr, table):
    """Return the names of the columns that are part of a unique index."""
    cr.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
        " AND a.attnum = ANY(i.indkey) WHERE i.indrelid = %s::regclass AND i.indisunique",
        [table],
    )
    return {name for (name,) in cr.fetchall()}


def _references(cr, table):
    """Return the table that each foreign key refers to, by the name of its column."""
    cr.execute(
        "SELECT a.attname, c.confrelid::regclass::text FROM pg_constraint c JOIN pg_attribute a"
        " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.conrelid = %s::regclass AND c.contype = 'f'",
        [table],
    )
    return dict(cr.fetchall())
