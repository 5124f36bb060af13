# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ..engine.connection import NO_FIELDS, TOGGLES, WRITES, Connection
from ..engine.exposure import Exposure
from ..engine.policy import MODE_OF_METHOD, Policy
from ..engine.protected import UNREACHABLE
from ..engine.record_filter import RecordFilter
from ..engine.values import is_set_by_odoo
from ..tools import contexts
from ..tools.errors import ApiError, _

_logger = logging.getLogger(__name__)

#: Lists that open everything when empty, and the flag that records that each was not empty.
#:
#: When a group or a field is deleted (by a user, with a module, by a foreign key), PostgreSQL removes it
#: from these lists, and an empty list means everybody, or all fields. Only a write on the connection itself
#: sets the flags. A list that is empty while its flag is set has lost its last entry: then
#: :meth:`ConnectionApi._connection` does not return the connection. An entry in a list sets the flag; only a
#: flag that is written as False is reset, and the one of the groups when somebody removes the last of them.
LIMITING_LISTS = {
    "group_ids": "is_for_groups",
    "read_field_ids": "is_read_limited",
    "write_field_ids": "is_write_limited",
}
#: The switches without which a list limits nothing: a connection that writes nothing may have none of its
#: writable fields selected.
_USED_WITH = {"write_field_ids": ("is_post", "is_put")}


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
    is_for_groups = fields.Boolean(readonly=True)
    is_read_limited = fields.Boolean()
    is_write_limited = fields.Boolean()
    exposure = fields.Text("Summary", compute="_compute_exposure")
    exposure_danger = fields.Text("Dangers", compute="_compute_exposure")
    exposure_warning = fields.Text("Warnings", compute="_compute_exposure")
    is_risky = fields.Boolean(compute="_compute_exposure")
    audience = fields.Char("Open to", compute="_compute_exposure")
    has_reports = fields.Boolean(compute="_compute_has_reports")
    request_count = fields.Integer("Requests", compute="_compute_requests")
    error_count = fields.Integer("Errors", compute="_compute_requests")
    last_request_at = fields.Datetime("Last used", compute="_compute_requests")

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
            connection.is_view = known and not self.env["connection.api.structure"]._has_table(
                connection.model
            )

    @api.depends("model")
    def _compute_has_reports(self):
        reports = self.env["ir.actions.report"]
        for connection in self:
            domain = [("model", "=", connection.model), ("report_type", "=", "qweb-pdf")]
            connection.has_reports = bool(reports.search_count(domain, limit=1))

    @api.depends("model")
    def _compute_requests(self):
        """Compute from the request log how often the connection is used, and when it was used last."""
        found = self.env["connection.api.log"]._read_group(
            [("model", "in", self.mapped("model"))],
            ["model"],
            ["__count", "error_count:sum", "requested_at:max"],
        )
        counts = {model: values for model, *values in found}
        for connection in self:
            count, errors, last = counts.get(connection.model, (0, 0, False))
            connection.request_count = count
            connection.error_count = errors
            connection.last_request_at = last

    def action_show_requests(self):
        """Show the logged requests of the model; only the errors if the context says so."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "jwt_auth_api.connection_api_log_action"
        )
        errors = self.env.context.get("only_errors")
        return {
            **action,
            "domain": [("model", "=", self.model)],
            "context": {"search_default_errors": 1} if errors else {},
        }

    @api.depends(
        "model",
        "active",
        "run_as",
        "domain",
        "is_view",
        "max_limit",
        "rate_limit",
        "action_ids.name",
        "action_ids.as_superuser",
        "report_ids",
        *TOGGLES,
        *LIMITING_LISTS,
        *LIMITING_LISTS.values(),
    )
    def _compute_exposure(self):
        """Compute the summary and the warnings that the form shows."""
        for connection in self:
            exposure = Exposure(connection)
            connection.exposure = exposure.summary()
            connection.exposure_danger = "\n".join(exposure.dangers()) or False
            connection.exposure_warning = "\n".join(exposure.warnings()) or False
            connection.is_risky = bool(connection.exposure_danger)
            connection.audience = exposure.audience()

    def _record_filter(self):
        return RecordFilter(self.env, self.model, self.domain)

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

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        # Odoo checks constraints in superuser mode, but the author's own access must be checked
        for connection in self.sudo(False):
            if problem := connection._record_filter().problem():
                raise ValidationError(problem)

    @api.onchange("model_id")
    def _onchange_model(self):
        """Clear what was selected for another model."""
        others = (self.read_field_ids | self.write_field_ids).model_id - self.model_id
        if others or self._origin.model_id != self.model_id:
            self.domain = False
            if self.is_view:
                self.is_post = self.is_put = self.is_delete = False
            self.read_field_ids = self.write_field_ids = False
            self.is_read_limited = self.is_write_limited = False
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
        records._keep_limits(LIMITING_LISTS)
        records._switch_off_writes()
        records._check_opener()
        self.env["jwt.cache.version"]._change()
        return records

    def write(self, vals):
        """
        :raise AccessError: as :meth:`_check_opener`
        :raise ValidationError: when a connection that has lost a limit is activated, and as
            :meth:`_keep_limits`
        """
        narrowed = self.filtered(lambda connection: connection.sudo().group_ids)
        result = super().write(vals)
        if "group_ids" in vals and "is_for_groups" not in vals:
            # who removes the last group in the form opens the connection for everybody
            opened = narrowed.filtered(lambda connection: not connection.sudo().group_ids)
            super(ConnectionApi, opened).write({"is_for_groups": False})
        self._keep_limits(
            name
            for name, flag in LIMITING_LISTS.items()
            if not vals.keys().isdisjoint([name, flag, *_USED_WITH.get(name, ())])
        )
        if vals.get("active"):
            self._check_limits()
        self._switch_off_writes()
        self._check_opener()
        self.env["jwt.cache.version"]._change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["jwt.cache.version"]._change()
        return result

    # --- lists that lost their last entry -------------------------------------------------

    def _check_limits(self):
        for connection in self:
            if lost := connection._lost_limits():
                raise ValidationError(
                    self.env._(
                        "%(model)s: everything that was selected in %(lists)s has been deleted."
                        " Make a new selection before you unarchive the connection.",
                        lists=connection._list_names(lost),
                        model=connection.model_id.name,
                    )
                )

    def _keep_limits(self, names):
        """Set the flags of the lists that were written and are not empty.

        :raise ValidationError: if a list is empty although its flag, as it was before or as it was written,
            says that it limits the connection
        """
        names = set(names)
        for connection in self.sudo():
            if empty := [name for name in connection._lost_limits() if name in names]:
                raise ValidationError(
                    self.env._(
                        "%(model)s: nothing is selected in %(lists)s. Select at least one, or all.",
                        lists=connection._list_names(empty),
                        model=connection.model_id.name,
                    )
                )
            flags = [LIMITING_LISTS[name] for name in names if connection[name]]
            if changed := [flag for flag in flags if not connection[flag]]:
                connection.write(dict.fromkeys(changed, True))

    def _lost_limits(self):
        """Return the names of the lists that lost their last entry by its deletion."""
        connection = self.sudo()
        return [
            name
            for name, flag in LIMITING_LISTS.items()
            if connection[flag] and not connection[name] and self._is_used(name)
        ]

    def _is_used(self, name):
        """Return whether a list limits something that is switched on."""
        switches = _USED_WITH.get(name, ())
        return not switches or any(self[switch] for switch in switches)

    def _lost_lists(self):
        """Return the lists of :meth:`_lost_limits` that are still empty in the form, and still limit."""
        return [
            name
            for name in self._origin._lost_limits()
            if self[LIMITING_LISTS[name]] and not self[name] and self._is_used(name)
        ]

    def _unselected_lists(self):
        """Return the lists of fields of which nothing is selected in the form, instead of all."""
        return [
            name
            for name in ("read_field_ids", "write_field_ids")
            if self[LIMITING_LISTS[name]] and not self[name] and self._is_used(name)
        ]

    def _list_names(self, names):
        return [self._fields[name]._description_string(self.env) for name in names]

    @api.model
    def _close_what_lost_a_limit(self):
        """Archive the connections that lost a limit, so that an administrator notices it.

        Skipped while this addon is being uninstalled: its tables are dropped one by one.
        """
        if self.env["ir.module.module"].sudo()._get("jwt_auth_api").state == "to remove":
            return
        self.env["jwt.cache.version"]._change()
        lost = Domain.OR(
            Domain(flag, "=", True) & Domain(name, "=", False)
            for name, flag in LIMITING_LISTS.items()
        )
        connections = self.sudo().search(lost).filtered(lambda found: found._lost_limits())
        for connection in connections:
            _logger.warning(
                "The connection of %s is archived: all of its %s were deleted",
                connection.model,
                " and ".join(connection._lost_limits()),
            )
        if connections:
            connections.write({"active": False})

    # --- who may open what ---------------------------------------------------------------

    def _check_opener(self):
        """Check that only a system administrator opens what gives administrators' rights.

        Every manager of connections may archive one, because an archived connection opens nothing.

        :raise AccessError: for a manager of connections who is not a system administrator
        """
        if self.env.su or self.env.user._is_system():
            return
        for connection in self.filtered("active"):
            if connection.action_ids.filtered("as_superuser"):
                raise AccessError(
                    self.env._(
                        "Only system administrators can change this connection, because an action of"
                        " %(model)s runs with superuser rights. You can archive it.",
                        model=connection.model_id.name,
                    )
                )
            if connection._lifts_protected_modes():
                raise AccessError(
                    self.env._(
                        "Only system administrators can open %(model)s with access rights ignored. Set"
                        " Access Rights to The user's own.",
                        model=connection.model_id.name,
                    )
                )
            record_filter = connection._record_filter()
            if names := record_filter.protected_models() or record_filter.secrets():
                raise AccessError(
                    self.env._(
                        "Only system administrators can use %(models)s in a filter.",
                        models=sorted(names),
                    )
                )

    def _lifts_protected_modes(self):
        protected = self.env["connection.api.protection"]._protected_modes(self.model)
        opened = {MODE_OF_METHOD[method] for toggle, method in TOGGLES.items() if self[toggle]}
        if self.action_ids:
            opened.add("write")
        if self.report_ids:
            opened.add("read")
        return self.run_as != "user" and not protected.isdisjoint(opened)

    # --- deciding ------------------------------------------------------------------------

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
        has_table = self.env["connection.api.structure"]._has_table(model_name)
        written = found.write_field_ids
        is_unwritable = found.is_write_limited and not written
        return Connection(
            id=found.id,
            methods=tuple(
                method
                for toggle, method in TOGGLES.items()
                if found[toggle] and (toggle not in WRITES or has_table)
            ),
            max_limit=found.max_limit,
            as_user=found.run_as == "user",
            groups=frozenset(found.group_ids._ids),
            domain=(found.domain or "").strip(),
            read_fields=frozenset(found.read_field_ids.mapped("name")),
            write_fields=NO_FIELDS if is_unwritable else frozenset(written.mapped("name")),
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
