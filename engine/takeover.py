# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Take over the tables of other modules that use names of this addon.

Two modules did: an earlier module of the same name, and ``rest_api_odoo`` of Cybrosys. What they opened is
kept as connections. Tokens and keys that they stored in plain text are deleted. The functions run before
Odoo updates the tables, so they use SQL.
"""

import logging

from odoo.tools import SQL, sql

from .protected import UNREACHABLE

_logger = logging.getLogger(__name__)

#: The columns of ``connection_api`` that other modules have, too, and their PostgreSQL types.
_CONNECTION_COLUMNS = {
    "model_id": "int4",
    "is_get": "bool",
    "is_post": "bool",
    "is_put": "bool",
    "is_delete": "bool",
    "active": "bool",
}
#: The module that owns ``res_users.api_key``.
REST_API_ODOO = "rest_api_odoo"


def take_over(cr):
    """Prepare the tables of a module that had the name of this addon, or another one."""
    _drop_plain_tokens(cr)
    # a variant of rest_api_odoo signs its tokens with this secret
    cr.execute("DELETE FROM ir_config_parameter WHERE key = 'rest_api.jwt_secret'")
    if sql.table_exists(cr, "connection_api"):
        _replace_columns(cr)
        _delete_unusable(cr)


def take_over_from_others(cr):
    """Prepare the tables of modules with other names: they checked the user's own access rights."""
    take_over(cr)
    if sql.table_exists(cr, "connection_api") and not sql.column_exists(
        cr, "connection_api", "run_as"
    ):
        sql.create_column(cr, "connection_api", "run_as", "varchar")
        cr.execute("UPDATE connection_api SET run_as = 'user'")
    # such a line can let every user open a model; an update of its module does not activate it again
    cr.execute(
        """
        UPDATE ir_model_access SET active = FALSE
         WHERE model_id IN (SELECT id FROM ir_model
                             WHERE model IN ('connection.api', 'jwt.refresh.token'))
        """
    )
    _empty_api_keys(cr)


def forget_model(cr, model):
    """Drop the table of a model that no longer exists, and what Odoo knows of the model."""
    cr.execute(
        """
        DELETE FROM ir_model_data d USING ir_model m
         WHERE m.model = %s AND (
               d.model = 'ir.model' AND d.res_id = m.id
            OR d.model = 'ir.model.fields'
               AND d.res_id IN (SELECT id FROM ir_model_fields WHERE model_id = m.id)
            OR d.model = 'ir.model.access'
               AND d.res_id IN (SELECT id FROM ir_model_access WHERE model_id = m.id)
            OR d.model = 'ir.model.constraint'
               AND d.res_id IN (SELECT id FROM ir_model_constraint WHERE model = m.id))
        """,
        [model],
    )
    # fields, access rights and constraints go with it (ON DELETE CASCADE)
    cr.execute("DELETE FROM ir_model WHERE model = %s", [model])
    table = SQL.identifier(model.replace(".", "_"))
    cr.execute(SQL("DROP TABLE IF EXISTS %s CASCADE", table))


def _drop_plain_tokens(cr):
    """Drop a table of refresh tokens in plain text. Their users have to log in again."""
    table = "jwt_refresh_token"
    if sql.table_exists(cr, table) and not sql.column_exists(cr, table, "session_id"):
        _logger.info("The refresh tokens of another module are deleted")
        forget_model(cr, "jwt.refresh_token")
        cr.execute(SQL("DROP TABLE IF EXISTS %s CASCADE", SQL.identifier(table)))


def _replace_columns(cr):
    """Empty columns of another type: a method counts as closed, and a connection as archived."""
    columns = sql.table_columns(cr, "connection_api")
    for name, wanted in _CONNECTION_COLUMNS.items():
        if name in columns and columns[name]["udt_name"] != wanted:
            _logger.warning(
                "The column %s of connection_api is emptied because its type is %s",
                name,
                columns[name]["udt_name"],
            )
            cr.execute(
                SQL(
                    "ALTER TABLE connection_api DROP COLUMN %(name)s CASCADE, ADD COLUMN %(name)s %(type)s",
                    name=SQL.identifier(name),
                    type=SQL(wanted),
                )
            )
    if "model_id" not in columns:
        sql.create_column(cr, "connection_api", "model_id", "int4")


def _delete_unusable(cr):
    """Delete connections of models that cannot be opened, and all but the first of each model."""
    has_active = sql.column_exists(cr, "connection_api", "active")
    cr.execute(
        SQL(
            """
            WITH ranked AS (
                SELECT c.id, m.model, m.abstract,
                       row_number() OVER (PARTITION BY m.id ORDER BY %(first)s c.id) AS place
                  FROM connection_api c LEFT JOIN ir_model m ON m.id = c.model_id)
            DELETE FROM connection_api c USING ranked r
             WHERE c.id = r.id
               AND (r.model IS NULL OR r.abstract OR r.place > 1 OR r.model IN %(unreachable)s)
            RETURNING c.id, r.model
            """,
            first=SQL("c.active IS TRUE DESC,") if has_active else SQL(),
            unreachable=tuple(UNREACHABLE),
        )
    )
    for key, model in cr.fetchall():
        _logger.warning(
            "The connection %s (%s) is deleted: its model cannot be opened, or has another connection",
            key,
            model or "no model",
        )


def _empty_api_keys(cr):
    """Delete the API keys that ``rest_api_odoo`` stored in plain text.

    Columns with this name that belong to other modules are left as they are.
    """
    if not sql.column_exists(cr, "res_users", "api_key"):
        return
    cr.execute(
        "SELECT module FROM ir_model_data WHERE name = 'field_res_users__api_key' AND model = 'ir.model.fields'"
    )
    owners = {module for (module,) in cr.fetchall()}
    if owners <= {REST_API_ODOO}:
        cr.execute("UPDATE res_users SET api_key = NULL WHERE api_key IS NOT NULL")
        _logger.info("%s API keys in plain text are deleted", cr.rowcount)
