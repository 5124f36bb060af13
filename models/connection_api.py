# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from dataclasses import dataclass

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.errors import ApiError, _
from ..tools.values import DUMPERS, X2MANY
from .policy import UNREACHABLE, Policy

#: The switches of the form, and the HTTP method each of them opens.
TOGGLES = {"is_get": "GET", "is_post": "POST", "is_put": "PUT", "is_delete": "DELETE"}


@dataclass(frozen=True)
class Connection:
    """What an administrator opened for one model; no record, so that it can be cached.

    Empty ``groups``, ``read_fields`` and ``write_fields`` stand for no restriction.
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
    #: Names of methods, and technical names of reports (``sale.report_saleorder``).
    actions: frozenset[str] = frozenset()
    reports: frozenset[str] = frozenset()
    #: Requests a minute and user, 0 for any number.
    rate_limit: int = 0
    log_requests: bool = False


class ConnectionApi(models.Model):
    """A model that ``/api/send_request`` reaches, and how far."""

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
    is_get = fields.Boolean("GET", help="Records may be read.")
    is_post = fields.Boolean("POST", help="Records may be created.")
    is_put = fields.Boolean("PUT", help="Records may be changed.")
    is_delete = fields.Boolean("DELETE", help="Records may be deleted.")
    max_limit = fields.Integer(
        "Largest Page", default=1000, required=True, help="Most records that one GET may ask for."
    )
    run_as = fields.Selection(
        [("sudo", "Everything the connection opens"), ("user", "The user's own access rights")],
        default=lambda self: "user" if self.env["jwt.session"]._is_strict() else "sudo",
        required=True,
        help="Without access rights and record rules, or only as far as the caller could do the"
        " same in Odoo. Fields for other groups stay closed either way.",
    )
    group_ids = fields.Many2many(
        "res.groups", string="Groups", help="Who may use it. Nobody chosen: whoever can log in."
    )
    domain = fields.Char(
        "Records",
        help="Only these records can be read, changed or deleted, and none can be created or moved"
        " outside. user, company_id and company_ids stand for the caller's, as in a record rule.",
    )
    read_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_read_field_rel",
        string="Readable Fields",
        domain="[('model_id', '=', model_id)]",
        help="Nothing chosen: all that the caller may see in Odoo.",
    )
    write_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_write_field_rel",
        string="Writable Fields",
        domain="[('model_id', '=', model_id), ('readonly', '=', False)]",
        help="Nothing chosen: all that the caller may write in Odoo.",
    )
    action_ids = fields.One2many("connection.api.action", "connection_id", string="Actions")
    report_ids = fields.Many2many(
        "ir.actions.report",
        string="Reports",
        domain="[('model', '=', model), ('report_type', '=', 'qweb-pdf')]",
        help="PDF reports that may be fetched for a record.",
    )
    rate_limit = fields.Integer(
        "Requests per Minute", help="Of one user, on all workers together. 0: any number."
    )
    log_requests = fields.Boolean(
        help="Keep who did what, with which result. Neither values nor secrets are kept."
    )
    _model_uniq = models.Constraint("UNIQUE(model_id)", "This model has a connection already.")
    _max_limit_positive = models.Constraint(
        "CHECK(max_limit > 0)", "The largest page has at least one record."
    )
    _rate_limit_positive = models.Constraint(
        "CHECK(rate_limit >= 0)", "A number of requests a minute, or 0 for any number."
    )

    @api.constrains("model_id")
    def _check_model(self):
        for connection in self:
            model = self.env.get(connection.model)
            if connection.model in UNREACHABLE or model is None or model._abstract:
                raise ValidationError(
                    self.env._("%(model)s cannot be opened.", model=connection.model_id.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache("stable")
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache("stable")
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache("stable")
        return result

    # --- deciding ------------------------------------------------------------------------

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _connection(self, model_name):
        """The active connection of a model.

        :rtype: Connection | None
        """
        found = self.sudo().search([("model", "=", model_name)], limit=1)
        if not found or model_name in UNREACHABLE:
            return None
        return Connection(
            id=found.id,
            methods=tuple(method for toggle, method in TOGGLES.items() if found[toggle]),
            max_limit=found.max_limit,
            as_user=found.run_as == "user",
            groups=frozenset(found.group_ids._ids),
            domain=(found.domain or "").strip(),
            read_fields=frozenset(found.read_field_ids.mapped("name")),
            write_fields=frozenset(found.write_field_ids.mapped("name")),
            actions=frozenset(found.action_ids.mapped("name")),
            reports=frozenset(found.report_ids.mapped("report_name")),
            rate_limit=found.rate_limit,
            log_requests=found.log_requests,
        )

    @api.model
    def _resolve(self, model_name, method):
        """The policy for a model that is open for an HTTP method.

        :rtype: Policy
        :raise ApiError: ``model_not_found``, the same for a model that is not installed and one
            that has no connection; ``method_not_allowed``
        """
        # only names of models go into the cache: a client cannot fill it with others
        connection = self._connection(model_name) if model_name in self.env else None
        if connection is None:
            raise ApiError(
                "model_not_found", _("There is no model %(model)s here."), model=model_name[:128]
            )
        method = "GET" if method == "HEAD" else method
        if method not in connection.methods:
            raise ApiError(
                "method_not_allowed",
                _("%(method)s is not open for %(model)s."),
                method=method,
                model=model_name,
                headers=[("Allow", ", ".join(connection.methods))],
            )
        return Policy(self.env[model_name], connection, self._connection)

    # --- doing ---------------------------------------------------------------------------

    @api.model
    def _api_list(self, policy, query):
        """A page of records, or the one that was asked for by its id.

        :param query: :class:`~..tools.query.ListQuery`
        :return: ``{"success": True, "count": 1, "page": 1, "page_size": 20, "total": 1,
            "total_pages": 1, "data": [{"id": 7, …}]}``
        :raise ApiError: ``not_found`` for an id that is not there
        """
        plan = policy.plan(query.selection)
        domain = policy.domain(query.domain)
        model, offset = policy.model, (query.page - 1) * query.limit
        if query.record_id:
            model, offset = model.with_context(active_test=False), 0
            domain &= Domain("id", "=", query.record_id)
        records = model.search_fetch(domain, plan.names, offset, query.limit, "id desc")
        if query.record_id and not records:
            raise self._no_record(policy, query.record_id)
        total = offset + len(records)
        page_tells = query.record_id or (len(records) < query.limit and (records or not offset))
        if not page_tells:
            total = model.search_count(domain)
        return {
            "success": True,
            "count": len(records),
            "page": 1 if query.record_id else query.page,
            "page_size": query.limit,
            "total": total,
            "total_pages": -(-total // query.limit),
            "data": self._dump(plan, records),
        }

    @api.model
    def _api_create(self, policy, write):
        """Create one record and answer it.

        :param write: :class:`~..tools.query.WriteRequest`
        """
        values, plan = policy.writing(write)
        return self._one(plan, policy.model.create(values))

    @api.model
    def _api_update(self, policy, write):
        """Change one record and answer it, as it is after the change.

        :raise ApiError: ``not_found``
        """
        values, plan = policy.writing(write)
        record = self._record(policy, write.record_id)
        if values:
            record.write(values)
        return self._one(plan, record)

    @api.model
    def _api_delete(self, policy, record_id):
        """
        :raise ApiError: ``not_found``
        """
        self._record(policy, record_id).unlink()
        return {"deleted_id": record_id}

    @api.model
    def _record(self, policy, record_id):
        model = policy.model.with_context(active_test=False)
        record = model.search([("id", "=", record_id)], limit=1)
        if not record:
            raise self._no_record(policy, record_id)
        return record.with_env(policy.model.env)

    @staticmethod
    def _no_record(policy, record_id):
        return ApiError(
            "not_found",
            _("There is no record %(id)s of %(model)s."),
            id=record_id,
            model=policy.name,
        )

    @api.model
    def _one(self, plan, record):
        [data] = self._dump(plan, record)
        return {"success": True, "count": 1, "data": data}

    # --- answering -----------------------------------------------------------------------

    @api.model
    def _dump(self, plan, records):
        """The records as JSON values, column by column: a constant number of queries per level.

        :return: a list of ``{"id": 7, "name": "…", …}``
        """
        rows = [{"id": record_id} for record_id in records._ids]
        for column in plan.columns:
            for row, value in zip(rows, self._dump_column(column, records), strict=True):
                row[column.name] = value
        return rows

    def _dump_column(self, column, records):
        if column.below is not None:
            return self._dump_expanded(column, records)
        name, kind = column.name, column.kind
        if kind in X2MANY:
            return [list(record[name]._ids) for record in records]
        if kind == "many2one":
            # as Odoo does (Many2one.convert_to_read): whoever may see the record may see the name
            related = [record[name].sudo() for record in records]
            return [[value.id, value.display_name] if value else False for value in related]
        if dumper := DUMPERS.get(kind):
            return [dumper(record[name]) for record in records]
        field = records._fields[name]
        if kind in ("reference", "many2one_reference", "properties", "properties_definition"):
            return [field.convert_to_read(record[name], record) for record in records]
        return records.mapped(name)

    def _dump_expanded(self, column, records):
        """A many2one is an object or None, an x2many a list of objects; what is not visible is not there."""
        below = column.below
        related = [record[column.name]._ids for record in records]
        ids = dict.fromkeys(record_id for record_ids in related for record_id in record_ids)
        visible = below.policy.visible(ids)
        visible.fetch(below.names)
        by_id = {row["id"]: row for row in self._dump(below, visible)}
        if column.kind == "many2one":
            return [by_id.get(record_ids[0]) if record_ids else None for record_ids in related]
        return [[by_id[key] for key in record_ids if key in by_id] for record_ids in related]
