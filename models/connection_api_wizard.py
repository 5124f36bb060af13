# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..engine import choices
from ..engine.connection import TOGGLES, WRITES
from ..engine.protected import UNREACHABLE
from ..engine.values import is_set_by_odoo

#: Fields of a connection that have the same name and meaning here.
_SAME = (*TOGGLES, "run_as", "domain")
_SAME_LISTS = ("read_field_ids", "write_field_ids", "report_ids")
_LIMITS = ("is_read_limited", "is_write_limited")
#: Fields that clients usually need, whether a form shows them or not.
_USUAL = ("display_name", "create_date", "write_date")
_OWNERS = ("res.users", "res.partner")
#: Names of fields that usually tell whose record it is, best first.
_USUAL_OWNERS = ("user_id", "employee_user_id", "partner_id", "create_uid")


class ConnectionApiWizard(models.TransientModel):
    """Open a model to API clients on one page, with safe proposals for everything."""

    _name = "connection.api.wizard"
    _description = "Open a Model"

    model_id = fields.Many2one(
        "ir.model",
        required=True,
        ondelete="cascade",
        domain=[
            ("abstract", "=", False),
            ("transient", "=", False),
            ("model", "not in", sorted(UNREACHABLE)),
        ],
    )
    model = fields.Char("Technical Name", related="model_id.model")
    connection_id = fields.Many2one("connection.api", compute="_compute_connection")
    is_open = fields.Boolean(compute="_compute_connection")
    is_view = fields.Boolean(compute="_compute_connection")
    group_ids = fields.Many2many(
        "res.groups",
        string="Groups",
        help="Only members of these groups may use the connection. Empty: all internal users.",
    )
    with_portal = fields.Boolean(
        "Portal Users",
        help="Customers with a portal account may use the connection too. Often everybody can sign up"
        " for one.",
    )
    is_get = fields.Boolean("Read")
    is_post = fields.Boolean("Create")
    is_put = fields.Boolean("Change")
    is_delete = fields.Boolean("Delete")
    run_as = fields.Selection(
        lambda self: self.env["connection.api"]._fields["run_as"]._description_selection(self.env),
        "Access Rights",
        help="Ignored: access rights and record rules of this model do not apply to what the connection"
        " opens. The user's own: users can do no more than in Odoo.",
    )
    records = fields.Selection(
        [
            ("all", "All records"),
            ("own", "Only the user's own records"),
            ("companies", "Records of the user's companies"),
            ("archived", "The filter of the archived connection"),
            ("custom", "A filter of your own"),
        ],
    )
    record_choices = fields.Json(compute="_compute_choices")
    has_reports = fields.Boolean(compute="_compute_choices")
    owner_field_id = fields.Many2one(
        "ir.model.fields",
        "Owner",
        ondelete="cascade",
        domain=f"[('model_id', '=', model_id), ('ttype', '=', 'many2one'), ('relation', 'in', {_OWNERS})]",
        help="The field that says whose record it is.",
    )
    domain = fields.Char("Filter", compute="_compute_domain", store=True, readonly=False)
    read_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_wizard_read_field_rel",
        string="Readable Fields",
    )
    write_field_ids = fields.Many2many(
        "ir.model.fields",
        "connection_api_wizard_write_field_rel",
        string="Writable Fields",
    )
    is_read_limited = fields.Boolean(help="Only the selected fields can be read, not all.")
    is_write_limited = fields.Boolean(help="Only the selected fields can be written, not all.")
    action_names = fields.Json("Actions")
    report_ids = fields.Many2many(
        "ir.actions.report",
        string="Reports",
        domain="[('model', '=', model), ('report_type', '=', 'qweb-pdf')]",
    )
    exposure = fields.Text(compute="_compute_exposure")
    exposure_danger = fields.Text(compute="_compute_exposure")
    exposure_warning = fields.Text(compute="_compute_exposure")

    @api.depends("model_id")
    def _compute_connection(self):
        """Find the connection that the model already has, archived or not."""
        connections = self.env["connection.api"].with_context(active_test=False)
        for wizard in self:
            found = connections.search([("model_id", "=", wizard.model_id.id)], limit=1)
            wizard.connection_id = found
            wizard.is_open = found.active and bool(found)
            wizard.is_view = wizard.model in self.env and not self.env[
                "connection.api.structure"
            ]._has_table(wizard.model)

    @api.onchange("model_id")
    def _onchange_model(self):
        self.update(self._proposal())

    @api.model_create_multi
    def create(self, vals_list):
        """Propose what is not given."""
        self.check_access("create")
        return super().create(
            [
                {**self.new({"model_id": vals.get("model_id")})._proposal(), **vals}
                for vals in vals_list
            ]
        )

    def _proposal(self):
        """Return the values that are proposed: internal users may read what the form of the model shows.

        If the model has an archived connection, what was selected there is proposed.
        """
        proposal = self._nothing()
        if self.model in self.env:
            readable, writable = self._fields_of_form()
            proposal |= {
                "owner_field_id": self._usual_owner().id,
                "read_field_ids": [Command.set(readable.ids)],
                "write_field_ids": [Command.set(writable.ids)],
                **dict.fromkeys(_LIMITS, True),
            }
        if (archived := self.connection_id) and not self.is_open:
            proposal |= self._proposal_of(archived)
        return proposal

    def _nothing(self):
        return {
            "is_get": True,
            **dict.fromkeys(WRITES, False),
            "run_as": self.env["connection.api"].default_get(["run_as"])["run_as"],
            "with_portal": False,
            "records": "all",
            "owner_field_id": False,
            "action_names": [],
            **dict.fromkeys(_LIMITS, False),
            **{name: [Command.clear()] for name in ("group_ids", *_SAME_LISTS)},
        }

    def _proposal_of(self, archived):
        """Return what was selected in an archived connection; a list that is empty proposes nothing."""
        portal = self.env.ref("base.group_portal")
        internal = self.env.ref("base.group_user")
        return {
            **{name: archived[name] for name in (*TOGGLES, "run_as")},
            "records": "archived" if archived._record_filter().text else "all",
            "group_ids": [Command.set((archived.group_ids - portal - internal).ids)],
            "with_portal": portal in archived.group_ids,
            "action_names": archived.action_ids.mapped("name"),
            "report_ids": [Command.set(archived.report_ids.ids)],
            **{
                name: [Command.set(archived[name].ids)]
                for name in ("read_field_ids", "write_field_ids")
                if archived[name]
            },
        }

    def _fields_of_form(self):
        """Return the fields that the form of the model shows and lets people edit, without secrets."""
        model = self.env[self.model]
        shown, editable = choices.shown(model)
        shown += _USUAL
        secrets = self.env["connection.api.protection"]._secret_fields(self.model)
        known = self.env["ir.model.fields"].search([("model", "=", self.model)])
        readable = known.filtered(lambda field: field.name in shown and field.name not in secrets)
        writable = readable.filtered(
            lambda field: field.name in editable and not is_set_by_odoo(model._fields[field.name])
        )
        return readable, writable

    def _usual_owner(self):
        """Return the field that most likely says whose record it is."""
        candidates = self.env["ir.model.fields"].search(
            [
                ("model", "=", self.model),
                ("ttype", "=", "many2one"),
                ("relation", "in", _OWNERS),
                ("store", "=", True),
                ("name", "!=", "write_uid"),
            ]
        )
        order = {name: place for place, name in enumerate(_USUAL_OWNERS)}
        others = order["partner_id"] - 0.5  # before the contact, after the users
        return candidates.sorted(
            lambda field: (
                order.get(field.name, others if field.relation == "res.users" else len(order)),
                field.name,
            )
        )[:1]

    @api.depends("model_id")
    def _compute_choices(self):
        """Compute which quick choices of records make sense for the model, and whether it has reports."""
        reports = self.env["ir.actions.report"]
        for wizard in self:
            wizard.record_choices = [
                name
                for name, makes_sense in (
                    ("all", True),
                    ("own", bool(wizard.model in self.env and wizard._usual_owner())),
                    ("companies", bool(wizard._company_field())),
                    ("archived", bool(wizard.connection_id._record_filter().text)),
                    ("custom", True),
                )
                if makes_sense
            ]
            wizard.has_reports = bool(
                reports.search_count(
                    [("model", "=", wizard.model), ("report_type", "=", "qweb-pdf")], limit=1
                )
            )

    def _company_field(self):
        """Return the field of the model that says which company a record belongs to, if it has one."""
        model = self.env.get(self.model or "")
        names = ("company_id", "company_ids") if model is not None else ()
        for name in names:
            field = model._fields.get(name)
            if field is not None and field.comodel_name == "res.company":
                return field
        return None

    @api.depends("model_id", "records", "owner_field_id")
    def _compute_domain(self):
        """Write the filter of a quick choice; a filter of one's own begins with the last one."""
        for wizard in self:
            if wizard.records == "own":
                owner = wizard.owner_field_id
                whose = "uid" if owner.relation == "res.users" else "user.partner_id.id"
                wizard.domain = f"[('{owner.name}', '=', {whose})]" if owner else False
            elif wizard.records == "companies":
                field = wizard._company_field()
                own = f"('{field.name}', 'in', company_ids)" if field else ""
                shared = f"'|', ('{field.name}', '=', False), " if not field.required else ""
                wizard.domain = f"[{shared}{own}]"
            elif wizard.records == "archived":
                wizard.domain = wizard.connection_id.domain
            else:
                wizard.domain = wizard.records == "custom" and wizard.domain

    @api.depends(
        "model_id",
        "group_ids",
        "with_portal",
        "action_names",
        *_SAME_LISTS,
        *_LIMITS,
        *_SAME,
    )
    def _compute_exposure(self):
        """Compute what the connection would open, in words, and the warnings."""
        for wizard in self:
            wizard.exposure = wizard.exposure_danger = wizard.exposure_warning = False
            if wizard.model in self.env and not wizard.is_open:
                listed = [Command.create({"name": name}) for name in wizard.action_names or []]
                connection = self.env["connection.api"].new(
                    {**wizard._connection_values(), "action_ids": listed}
                )
                wizard.exposure = connection.exposure
                wizard.exposure_danger = connection.exposure_danger
                wizard.exposure_warning = connection.exposure_warning

    def action_open(self):
        """Create the connection, or update the archived one and open it again; show its form.

        :raise UserError: if the model is already open
        """
        self.ensure_one()
        if self.is_open:
            return self.action_show()
        if not any(self[toggle] for toggle in TOGGLES) and not (
            self.action_names or self.report_ids
        ):
            raise UserError(self.env._("Select at least one thing that clients may do."))
        connection = self.connection_id
        values = {**self._connection_values(), "action_ids": self._action_commands()}
        if connection:
            connection.write({**values, "active": True})
        else:
            connection = self.env["connection.api"].create(values)
        return self._show(connection)

    def action_show(self):
        """Show the form of the connection that the model already has."""
        return self._show(self.connection_id)

    @staticmethod
    def _show(connection):
        return {
            "type": "ir.actions.client",
            "tag": "jwt_auth_api.show_connection",
            "params": {"connection_id": connection.id},
        }

    def _connection_values(self):
        """Return the values of the connection.

        Users are named explicitly: a connection without groups is open to everybody.
        """
        groups = self.group_ids or self.env.ref("base.group_user")
        if self.with_portal:
            groups |= self.env.ref("base.group_portal")
        writes = {} if not self.is_view else dict.fromkeys(WRITES, False)
        return {
            "model_id": self.model_id.id,
            **{name: self[name] for name in _SAME},
            **writes,
            "group_ids": [Command.set(groups.ids)],
            **{name: [Command.set(self[name].ids)] for name in _SAME_LISTS},
            **{name: self[name] for name in _LIMITS},
        }

    def _action_commands(self):
        """Return the commands that list the selected methods; those of an archived connection stay."""
        names = self.action_names or []
        kept = self.connection_id.action_ids.filtered(lambda action: action.name in names)
        gone = self.connection_id.action_ids - kept
        new = [name for name in names if name not in kept.mapped("name")]
        described = (
            {each["name"]: each for each in choices.methods(self.env[self.model])} if new else {}
        )
        return [
            *(Command.delete(action.id) for action in gone),
            *(
                Command.create(
                    {"name": name, "description": described.get(name, {}).get("description", "")}
                )
                for name in new
            ),
        ]
