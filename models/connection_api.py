# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import dataclasses
from collections.abc import Mapping

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.sql import TableKind, table_kind

from ..engine.faults import caught_searching
from ..engine.policy import MODE_OF_METHOD, Policy
from ..engine.protected import UNREACHABLE
from ..engine.values import is_set_by_odoo
from ..tools import contexts, explain
from ..tools.errors import ApiError, _

#: The switches of the form and the HTTP method that each of them opens.
TOGGLES = {"is_get": "GET", "is_post": "POST", "is_put": "PUT", "is_delete": "DELETE"}
#: The switches that are useless for a model without a table.
WRITES = ("is_post", "is_put", "is_delete")


@dataclasses.dataclass(frozen=True)
class Connection:
    """Hold what an administrator opened for one model; not a record, so that it can be cached.

    Empty ``groups``, ``read_fields`` and ``write_fields`` mean no restriction.
    """

    id: int
    methods: tuple[str, ...]
    max_limit: int
    as_user: bool = False
    groups: frozenset[int] = frozenset()
    #: The text of a domain, evaluated for each caller.
    domain: str = ""
    read_fields: frozenset[str] = frozenset()
    write_fields: frozenset[str] = frozenset()
    #: Names of methods.
    actions: frozenset[str] = frozenset()
    superuser_actions: frozenset[str] = frozenset()
    #: The context keys that a client may send, by action.
    context_keys: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    #: Technical names of reports (``sale.report_saleorder``).
    reports: frozenset[str] = frozenset()
    #: Requests per minute and user; 0 for no limit.
    rate_limit: int = 0
    log_requests: bool = False

    def listed_keys(self):
        """Return the context keys that a client may send with at least one of the actions."""
        return frozenset().union(*self.context_keys.values())


class ConnectionApi(models.Model):
    """Open a model to API clients, and define which records, fields and methods they reach."""

    _name = "connection.api"
    _description = "API Connection"
    _allow_sudo_commands = False
    _rec_name = "model_id"
    _order = "model"

    model_id = fields.Many2one(
        "ir.model",
        required=True,
        ondelete="cascade",
        domain=[("abstract", "=", False), ("model", "not in", sorted(UNREACHABLE))],
    )
    model = fields.Char("Technical Name", related="model_id.model", store=True, index=True)
    active = fields.Boolean(default=True)
    is_get = fields.Boolean("GET", help="Clients may read records.")
    is_post = fields.Boolean("POST", help="Clients may create records.")
    is_put = fields.Boolean("PUT", help="Clients may change records.")
    is_delete = fields.Boolean("DELETE", help="Clients may delete records.")
    is_view = fields.Boolean(compute="_compute_is_view")
    max_limit = fields.Integer(
        "Largest Page",
        default=1000,
        required=True,
        help="The maximum number of records that one request may read or write.",
    )
    run_as = fields.Selection(
        [("sudo", "Ignored for this model"), ("user", "The user's own")],
        "Access Rights",
        default=lambda self: self.env["jwt.session"]._profile().run_as,
        required=True,
        help="Ignored: access rights and record rules of this model do not apply to what the connection"
        " opens. Those of other models that a change affects still apply. The user's own: users can"
        " do no more than in Odoo. In both cases, fields that Odoo restricts to other groups stay"
        " closed.",
    )
    group_ids = fields.Many2many(
        "res.groups",
        string="Groups",
        help="Only members of these groups may use it. Empty: every user who can log in.",
    )
    domain = fields.Char(
        "Records",
        help="Clients can read, change or delete only records that match this filter, and can create"
        " no others. As in a record rule, user, company_id and company_ids are those of the caller.",
    )
    read_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_read_field_rel",
        string="Readable Fields",
        domain="[('model_id', '=', model_id)]",
        help="Empty: all fields that the user may see in Odoo.",
    )
    write_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_write_field_rel",
        string="Writable Fields",
        domain="[('model_id', '=', model_id), ('readonly', '=', False)]",
        help="Empty: all fields that the user may write in Odoo.",
    )
    action_ids = fields.One2many("connection.api.action", "connection_id", string="Actions")
    report_ids = fields.Many2many(
        "ir.actions.report",
        string="Reports",
        domain="[('model', '=', model), ('report_type', '=', 'qweb-pdf')]",
        help="PDF reports that clients may download for a record.",
    )
    rate_limit = fields.Integer(
        "Requests per Minute",
        help="The rate limit of each user, counted across all workers. 0: no limit.",
    )
    log_requests = fields.Boolean(
        help="Log the user, the operation and the result of each request, without values or secrets."
    )
    _model_uniq = models.Constraint("UNIQUE(model_id)", "This model already has a connection.")
    _max_limit_positive = models.Constraint(
        "CHECK(max_limit > 0)", "The largest page must be at least 1."
    )
    _rate_limit_positive = models.Constraint(
        "CHECK(rate_limit >= 0)", "The requests per minute must be at least 0; 0 means no limit."
    )

    def _init_column(self, column_name):
        """Keep connections of older versions as they were, in profile ``strict`` too."""
        if column_name == "run_as":
            self.env.cr.execute("UPDATE connection_api SET run_as = 'sudo' WHERE run_as IS NULL")
            return None
        return super()._init_column(column_name)

    @api.depends("model")
    def _compute_is_view(self):
        for connection in self:
            known = connection.model in self.env
            connection.is_view = known and not self._has_table(connection.model)

    def _switch_off_writes(self):
        """Switch off the methods that write for models without a table: they cannot be written."""
        writes = dict.fromkeys(WRITES, False)
        views = self.filtered(lambda found: found.is_view and any(found[name] for name in writes))
        if views:
            views.write(writes)

    @api.constrains("model_id")
    def _check_model(self):
        for connection in self:
            model = self.env.get(connection.model)
            if connection.model in UNREACHABLE or model is None or model._abstract:
                raise ValidationError(
                    self.env._("%(model)s cannot be opened.", model=connection.model_id.name)
                )

    @api.onchange("model_id")
    def _onchange_model(self):
        """Clear what was selected for another model."""
        others = (self.read_field_ids | self.write_field_ids).model_id - self.model_id
        if others or self._origin.model_id != self.model_id:
            self.domain = False
            if self.is_view:
                self.is_post = self.is_put = self.is_delete = False
            self.read_field_ids = self.write_field_ids = False
            self.action_ids = self.report_ids = False

    @api.constrains("model_id", "read_field_ids", "write_field_ids", "report_ids", "action_ids")
    def _check_lists(self):
        """Check that listed fields, reports and actions belong to the model and are usable.

        :raise ValidationError:
        """
        for connection in self:
            listed = connection.sudo()
            model, name = self.env[connection.model], connection.model_id.name
            for field in listed.read_field_ids | listed.write_field_ids:
                if field.model_id != listed.model_id:
                    raise ValidationError(
                        self.env._(
                            "%(field)s is not a field of %(model)s.",
                            field=field.display_name,
                            model=name,
                        )
                    )
            for field in listed.write_field_ids:
                if (found := model._fields.get(field.name)) is None or is_set_by_odoo(found):
                    raise ValidationError(
                        self.env._(
                            "%(field)s of %(model)s is maintained by Odoo and cannot be written.",
                            field=field.field_description,
                            model=name,
                        )
                    )
            for report in listed.report_ids:
                if (report.model, report.report_type) != (connection.model, "qweb-pdf"):
                    raise ValidationError(
                        self.env._(
                            "%(report)s is not a PDF report of %(model)s.",
                            report=report.display_name,
                            model=name,
                        )
                    )
            connection.action_ids._check_method()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._switch_off_writes()
        records._check_opener()
        self.env["jwt.cache.version"]._change()
        return records

    def write(self, vals):
        """
        :raise AccessError: as :meth:`_check_opener`
        """
        result = super().write(vals)
        self._switch_off_writes()
        self._check_opener()
        self.env["jwt.cache.version"]._change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["jwt.cache.version"]._change()
        return result

    # --- deciding ------------------------------------------------------------------------

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

    @api.model
    def _connection(self, model_name):
        """Return the active connection of a model.

        :rtype: Connection | None
        """
        return self._connection_of(model_name, self.env["jwt.cache.version"]._current())

    @api.model
    @tools.ormcache("model_name", "version", cache="stable")
    def _connection_of(self, model_name, version):
        """Return the same as :meth:`_connection`, cached by the version of ``jwt.cache.version``."""
        found = self.sudo().search([("model", "=", model_name)], limit=1)
        if not found or found._lost_limits() or model_name in UNREACHABLE:
            return None
        return Connection(
            id=found.id,
            methods=tuple(
                method
                for toggle, method in TOGGLES.items()
                if found[toggle] and (toggle not in WRITES or self._has_table(model_name))
            ),
            max_limit=found.max_limit,
            as_user=found.run_as == "user",
            groups=frozenset(found.group_ids._ids),
            domain=(found.domain or "").strip(),
            read_fields=frozenset(found.read_field_ids.mapped("name")),
            write_fields=frozenset(found.write_field_ids.mapped("name")),
            actions=frozenset(found.action_ids.mapped("name")),
            superuser_actions=frozenset(found.action_ids.filtered("as_superuser").mapped("name")),
            context_keys={
                action.name: frozenset(contexts.split(action.context_keys or ""))
                for action in found.action_ids
            },
            reports=frozenset(
                found.report_ids.filtered(
                    lambda report: report.model == model_name and report.report_type == "qweb-pdf"
                ).mapped("report_name")
            ),
            rate_limit=found.rate_limit,
            log_requests=found.log_requests,
        )

    @api.model
    def _known(self, model_name):
        """Return the same as :meth:`_connection`, for a name that a client sent.

        Only names of models are cached, so that clients cannot fill the cache with other names.
        """
        return self._connection(model_name) if model_name in self.env else None

    @api.model
    def _resolve(self, model_name, method=None, mode=None):
        """Return the policy for a model that is open to the caller, for an HTTP method.

        :param method: None for actions and reports, which have their own permission
        :param mode: the access mode of a report; None for an action
        :rtype: Policy
        :raise ApiError: ``model_not_found``, the same for a model that is not installed and one
            that has no connection; ``method_not_allowed``; ``access_denied`` if the connection is
            not open to the caller
        """
        connection = self._known(model_name)
        if connection is None:
            raise ApiError(
                "model_not_found", _("There is no model %(model)s here."), model=model_name[:128]
            )
        method = {"HEAD": "GET", "PATCH": "PUT"}.get(method, method)
        if method and method not in connection.methods:
            raise ApiError(
                "method_not_allowed",
                _("%(model)s is not open for %(method)s."),
                method=method,
                model=model_name,
                headers=[("Allow", ", ".join(connection.methods))],
            )
        mode = MODE_OF_METHOD[method] if method else mode
        policy = Policy(self.env[model_name], connection, mode)
        if not policy.includes_caller():
            raise ApiError("access_denied", _("%(model)s is not open to you."), model=model_name)
        return policy
