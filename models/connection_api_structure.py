# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models, tools
from odoo.tools import SQL
from odoo.tools.sql import TableKind, table_kind

from ..engine.faults import caught_searching
from ..tools import explain


class ConnectionApiStructure(models.AbstractModel):
    """Answer questions about the tables and columns of Odoo's models, from caches."""

    _name = "connection.api.structure"
    _description = "Structure of Models"

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _has_table(self, model_name):
        """Return whether the model has a table; other models are computed or are database views."""
        model = self.env[model_name]
        if type(model)._table_query is not None:
            return False
        kind = table_kind(self.env.cr, model._table)
        return kind not in (None, TableKind.View, TableKind.Materialized)

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _document_fields(self, model_name):
        """Return the names of the stored fields that reference a record by model name and id."""
        return tuple(
            name
            for name, field in self.env[model_name]._fields.items()
            if field.type == "many2one_reference" and field.store
        )

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _view_columns(self, model_name):
        """Return the columns of a model without a table in order; None if its query fails.

        Some reports have fields without a column, for an aggregate of their own.
        """
        if self._has_table(model_name):
            return None
        cr, failures = self.env.cr, []
        with caught_searching(self.env, failures.append), cr.savepoint(flush=False):
            cr.execute(SQL("%s LIMIT 0", self._whole_view(model_name)), log_exceptions=False)
            return tuple(column.name for column in cr.description)
        return None

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _moving_columns(self, model_name):
        """Return the columns of a model without a table that depend on the current time or on chance.

        PostgreSQL's plan has the expressions. Its catalog says which functions in them return
        different values: volatile ones, and stable ones without arguments, such as ``now()``.
        """
        columns = self._view_columns(model_name)
        if columns is None:
            return frozenset()
        query = SQL("EXPLAIN (VERBOSE, FORMAT JSON) %s", self._whole_view(model_name))
        [[[found]]] = self.env.execute_query(query)
        sources = [list(explain.expressions(found["Plan"], n)) for n in range(len(columns))]
        called = set().union(*(explain.calls(part) for parts in sources for part in parts))
        moving = {
            name
            for [name] in self.env.execute_query(
                SQL(
                    "SELECT proname FROM pg_proc WHERE proname = ANY(%s)"
                    " AND (provolatile = 'v' OR (provolatile = 's' AND pronargs = 0))",
                    sorted(called),
                )
            )
        }
        return frozenset(
            name
            for name, parts in zip(columns, sources, strict=True)
            if any(explain.reads_clock(part) or moving & explain.calls(part) for part in parts)
        )

    @api.model
    def _whole_view(self, model_name):
        return SQL("SELECT * FROM %s AS source", self.env[model_name].sudo()._table_sql)
