# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A model with a field of every type that Odoo 19 has, and its related models."""

import json
from datetime import date, datetime

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.translate import html_translate


class ApiTestTag(models.Model):
    _name = "api.test.tag"
    _description = "API Test Tag"

    name = fields.Char(required=True)


class ApiTestFolder(models.Model):
    _name = "api.test.folder"
    _description = "API Test Folder"

    name = fields.Char(required=True)
    properties_definition = fields.PropertiesDefinition()
    record_ids = fields.One2many("api.test.record", "folder_id")
    total_ids = fields.One2many("api.test.total", "folder_id")
    name_length = fields.Integer(compute="_compute_name_length")
    positive_record_ids = fields.One2many(
        "api.test.record", "folder_id", domain=[("integer", ">", 0)]
    )

    @api.depends("name")
    def _compute_name_length(self):
        for folder in self:
            folder.name_length = len(folder.name)


class ApiTestDrawer(models.Model):
    """A model that inherits another one by delegation."""

    _name = "api.test.drawer"
    _description = "API Test Drawer"
    _inherits = {"api.test.folder": "folder_id"}

    folder_id = fields.Many2one("api.test.folder", required=True, ondelete="cascade")
    color = fields.Char()


class ApiTestNote(models.Model):
    _name = "api.test.note"
    _description = "API Test Note"
    _inherit = "properties.base.definition.mixin"

    name = fields.Char()


class ApiTestLine(models.Model):
    _name = "api.test.line"
    _description = "API Test Line"

    record_id = fields.Many2one("api.test.record")
    name = fields.Char(required=True)
    quantity = fields.Integer()
    record_binary = fields.Binary(related="record_id.binary", readonly=False)
    folder_name = fields.Char("Folder's Name", related="record_id.folder_id.name", readonly=False)


class ApiTestWizard(models.TransientModel):
    """A wizard that needs the context that its button on a record sets, as a backorder does."""

    _name = "api.test.wizard"
    _description = "API Test Wizard"

    record_ids = fields.Many2many("api.test.record")
    tag_id = fields.Many2one("api.test.tag")
    name = fields.Char()
    char = fields.Char()
    locked_by = fields.Char(groups="base.group_system")
    note = fields.Char(readonly=True, compute="_compute_note")

    @api.depends("record_ids")
    def _compute_note(self):
        for wizard in self:
            wizard.note = ", ".join(wizard.record_ids.mapped("name"))

    @api.model
    def default_get(self, fields):
        """Select the records that the wizard is opened for."""
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "api.test.record" and "record_ids" in fields:
            values.setdefault("record_ids", [(6, 0, self.env.context.get("active_ids", []))])
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name") == "for one model":
                vals["char"] = self.env.context["active_model"]
        return super().create(vals_list)

    def apply(self):
        """Write the text of the context to the records, create another one, and return an action for it."""
        records = self.record_ids
        if ids := self.env.context.get("only_ids"):
            records = records.browse(ids)
        records.write({"char": self.env.context["apply_text"]})
        made = records.create({"name": "Made by the wizard", "folder_id": records[:1].folder_id.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": "api.test.record",
            "res_id": made.id,
            "views": [(False, "form")],
            "context": "{'default_name': 'Next', 'active_test': False, 'of': active_id + 1}",
        }


class ApiTestRecord(models.Model):
    _name = "api.test.record"
    _description = "API Test Record"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)

    char = fields.Char()
    char_translated = fields.Char(translate=True)
    char_sized = fields.Char(size=8)
    char_company = fields.Char(company_dependent=True)
    char_indexed = fields.Char(index=True)
    text = fields.Text()
    text_translated = fields.Text(translate=True)
    html = fields.Html()
    html_raw = fields.Html(sanitize=False)

    integer = fields.Integer()
    integer_company = fields.Integer(company_dependent=True)
    float = fields.Float()
    float_digits = fields.Float(digits=(10, 3))
    float_numeric = fields.Float(digits=0)
    currency_id = fields.Many2one("res.currency")
    monetary = fields.Monetary()
    boolean = fields.Boolean()

    date = fields.Date()
    datetime = fields.Datetime()

    selection = fields.Selection([("a", "Aye"), ("b", "Bee")])
    reference = fields.Reference([("res.partner", "Contact"), ("api.test.tag", "Tag")])
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model")
    partner_id = fields.Many2one("res.partner")
    partner_company_id = fields.Many2one("res.partner", company_dependent=True)
    line_ids = fields.One2many("api.test.line", "record_id")
    tag_ids = fields.Many2many("api.test.tag")
    hasty_ids = fields.One2many("api.test.hasty", "record_id")

    binary = fields.Binary()
    binary_column = fields.Binary(attachment=False)
    image = fields.Image(max_width=8, max_height=8)

    json = fields.Json()
    folder_id = fields.Many2one("api.test.folder")
    properties = fields.Properties(definition="folder_id.properties_definition")

    related_char = fields.Char("Folder's", related="folder_id.name")
    related_written = fields.Char("Folder's, Written", related="folder_id.name", readonly=False)
    upper = fields.Char(compute="_compute_upper", inverse="_inverse_upper")
    length = fields.Integer(compute="_compute_length")
    length_stored = fields.Integer(compute="_compute_length_stored", store=True)

    # `create` and `write` consume these values, as Odoo does with the recurrence of an event
    tags_text = fields.Char("Tags as Text", compute="_compute_tags_text", readonly=False)
    shout = fields.Boolean("In Capitals", store=False)
    consumed_tag_id = fields.Many2one("api.test.tag", store=False)
    # these show fields that Odoo maintains; the first one is stored
    folder_label = fields.Char(related="folder_id.display_name", store=True, readonly=False)
    folder_date = fields.Datetime(related="folder_id.create_date", readonly=False)

    searched = fields.Char(search="_search_searched")
    code = fields.Char()
    even = fields.Integer()
    positive = fields.Integer()

    _code_uniq = models.Constraint("UNIQUE(code)", "This code is taken.")
    _positive_check = models.Constraint("CHECK(positive >= 0)", "Never below zero.")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._consumed(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._consumed(vals))

    def _consumed(self, vals):
        """Replace values of fields that have no column by those that they stand for."""
        vals = dict(vals)
        if "tags_text" in vals:
            names = (vals.pop("tags_text") or "").split()
            tags = self.env["api.test.tag"].create([{"name": name} for name in names])
            vals["tag_ids"] = [(6, 0, tags.ids)]
        if tag := vals.pop("consumed_tag_id", False):
            vals["tag_ids"] = [(4, tag)]
        if vals.pop("shout", False) and vals.get("char"):
            vals["char"] = vals["char"].upper()
        return vals

    def action_wizard(self):
        """Open the wizard with the context keys that it and its button need, and some others."""
        return {
            "type": "ir.actions.act_window",
            "name": "Apply",
            "res_model": "api.test.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": dict(
                self.env.context,
                default_record_ids=[(4, record.id) for record in self],
                default_locked_by="somebody",
                only_ids=self.ids,
                apply_text="Applied",
                secret_flag=True,
                search_default_mine=1,
            ),
        }

    def action_look(self, *args):
        """Return the context, and the default values that it gives to records of this and another model."""
        names = ["name", "char", "integer", "partner_id", "tag_ids", "color"]
        context = self.env.context
        tag = self.env["api.test.tag"]
        return {
            "context": {key: context[key] for key in sorted(context)},
            "own": self.default_get(names),
            "other": tag.default_get(["name"]),
            "chosen": tag.with_context(default_name="Chosen").default_get(["name"]),
            "superuser": tag.sudo().default_get(["name"]),
        }

    @api.depends("tag_ids.name")
    def _compute_tags_text(self):
        for record in self:
            record.tags_text = " ".join(record.tag_ids.mapped("name"))

    @api.depends("char")
    def _compute_upper(self):
        for record in self:
            record.upper = (record.char or "").upper()

    def _search_searched(self, operator, value):
        """Search another model, as the search of a stored field may (``analytic_distribution``)."""
        users = self.env["res.users"].sudo()._search([("login", operator, value)])
        return [("create_uid", "in", users)]

    def _inverse_upper(self):
        for record in self:
            record.char = (record.upper or "").lower()

    @api.depends("char")
    def _compute_length(self):
        for record in self:
            record.length = len(record.char or "")

    @api.depends("length")
    def _compute_length_stored(self):
        for record in self:
            record.length_stored = record.length

    @api.constrains("even")
    def _check_even(self):
        if self.filtered(lambda record: record.even % 2):
            raise ValidationError(self.env._("Even numbers only."))


class ApiTestHasty(models.Model):
    """A model whose code assumes that values are set, in every way that Odoo's own models do."""

    _name = "api.test.hasty"
    _description = "API Test Hasty"

    code = fields.Char()
    url = fields.Char(required=True)
    inside = fields.Char(groups="base.group_system")
    folder_id = fields.Many2one("api.test.folder")
    way = fields.Char()
    record_id = fields.Many2one("api.test.record")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("way") == "key":
                vals["code"] = vals["code"].upper()
            elif vals.get("way") == "hidden":
                vals["inside"] += "!"
            elif vals.get("way") == "record":
                {self.env["api.test.folder"].browse(1): 1}[
                    self.env["api.test.folder"].browse(vals.get("folder_id"))
                ]
            elif vals.get("way") == "required" and not vals.get("url"):
                raise ValueError("no URL")
            elif vals.get("way") == "mistake":
                vals["code"].no_such_method()
            elif vals.get("way") == "none":
                {}[vals.get("url")]
            elif vals.get("way") == "single":
                self.env["api.test.folder"].browse(vals.get("folder_id")).ensure_one()
            elif vals.get("way") == "wrong type":
                vals["code"] += 1
        return super().create(vals_list)

    @api.constrains("way", "code")
    def _check_code(self):
        for record in self:
            if record.way == "compared":
                record.filtered(lambda each: each.code < "m")
            elif record.way == "attribute":
                (record.code or None).upper()
            elif record.way == "aborted":
                self._give_up()

    def _give_up(self):
        """Catch an error of PostgreSQL, and fail in the aborted transaction."""
        try:
            self.env.cr.execute("SELECT 1 / 0", log_exceptions=False)
        except errors.DivisionByZero:
            self.env["api.test.folder"].ensure_one()


class ApiTestFragile(models.Model):
    """A model with fields whose code fails for records with certain names."""

    _name = "api.test.fragile"
    _description = "API Test Fragile"

    name = fields.Char(required=True)
    parent_id = fields.Many2one("api.test.fragile")

    day = fields.Date(compute="_compute_day", search="_search_day")
    picky = fields.Char(search="_search_picky")
    data = fields.Binary(compute="_compute_data")
    alone = fields.Integer(compute="_compute_alone")
    number = fields.Integer(compute="_compute_number")
    forbidden = fields.Char(compute="_compute_forbidden")
    partner_id = fields.Many2one("res.partner", compute="_compute_partner_id")
    tag_ids = fields.Many2many("api.test.tag", compute="_compute_tag_ids")
    title = fields.Char(compute="_compute_title", inverse="_inverse_title")

    @api.depends("name")
    def _compute_title(self):
        for record in self:
            if record.name == "without a title":
                raise ValueError(record.name)
            record.title = record.name.title()

    def _inverse_title(self):
        for record in self:
            record.name = record.title or "emptied"

    def _compute_day(self):
        self.day = date(2026, 11, 25)

    def _search_day(self, operator, value):
        return [("name", "!=", False)]

    def _search_picky(self, operator, value):
        """Fail in every way in which the searches of Odoo's own fields fail."""
        word = value if isinstance(value, str) else next(iter(value))
        if word == "asked":
            raise UserError(self.env._("Ask for something else."))
        if word == "refused":
            raise AccessError(self.env._("Not for you."))
        if word == "lost":
            raise errors.SerializationFailure
        if word == "unknown":
            return [("no_such_field", "=", 1)]
        if word == "sql":
            return Domain.custom(to_sql=lambda model, alias, query: SQL("1 = TRUE"))
        return [("name", "=", {"fine": "x"}[word])]

    @api.depends("name")
    def _compute_data(self):
        """Assign values as Odoo's own fields of this type do: base64, or data for the web client."""
        held = {
            "dictionary": {
                "at": datetime(2026, 11, 25, 10),
                "day": date(2026, 11, 25),
                "empty": {},
                "pair": (1, False),
                "rate": float("inf"),
                7: "seven",
            },
            "list": [(False, "list"), (7, "form")],
            "numbers": [1, 2, 3],
            "empty": {},
            "bytes": b"Ynl0ZXM=",
            "broken": {("no", "key"): 1},
        }
        for record in self:
            record.data = held.get(record.name, False)

    @api.depends("name")
    def _compute_alone(self):
        self.ensure_one()
        self.alone = len(self.name)

    @api.depends("name")
    def _compute_number(self):
        for record in self:
            record.number = int(record.name == "broken" and "no number") + 1

    @api.depends("name")
    def _compute_forbidden(self):
        for record in self:
            if record.name == "forbidden":
                raise AccessError(self.env._("Not for you."))
            record.forbidden = "open"

    @api.depends("name")
    def _compute_partner_id(self):
        for record in self:
            if record.name == "broken":
                raise UserError(self.env._("Choose a customer first."))
            record.partner_id = self.env.user.partner_id

    @api.depends("name")
    def _compute_tag_ids(self):
        for record in self:
            tags = self.env["api.test.tag"].search([], limit=1)
            record.tag_ids = {record.name: tags, "broken": None}[record.name][:1]

    @api.depends("name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.name.upper() if record.name != "nameless" else 1 / 0


class ApiTestTotal(models.Model):
    """A model computed by a query, as some of Odoo's reports are."""

    _name = "api.test.total"
    _description = "API Test Total"
    _auto = False
    _table_query = "SELECT id, id AS folder_id, name FROM api_test_folder"

    name = fields.Char(readonly=True)
    folder_id = fields.Many2one("api.test.folder", readonly=True)


class ApiTestView(models.Model):
    """A model on a database view, as other reports are."""

    _name = "api.test.view"
    _description = "API Test View"
    _auto = False

    name = fields.Char()
    lacking = fields.Float()

    def init(self):
        self.env.cr.execute(
            "CREATE OR REPLACE VIEW api_test_view AS"
            " SELECT id, name, create_uid, create_date, write_uid, write_date FROM api_test_tag"
        )


class ApiTestTouchy(models.Model):
    """A model whose ``write`` does more with a value than store it."""

    _name = "api.test.touchy"
    _description = "API Test Touchy"

    name = fields.Char(translate=True)
    page = fields.Html(translate=html_translate)
    locked = fields.Boolean()
    flips = fields.Integer()
    favorite = fields.Boolean(compute="_compute_favorite", readonly=False)
    product = fields.Integer()
    price = fields.Float(compute="_compute_price", store=True, readonly=False)
    parent_id = fields.Many2one("api.test.touchy")
    child_ids = fields.One2many("api.test.touchy", "parent_id")
    tag_ids = fields.Many2many("api.test.tag")
    for_children = fields.Boolean(store=False)
    without_children = fields.Boolean(store=False)
    options_text = fields.Char()
    options = fields.Binary(compute="_compute_options", inverse="_inverse_options")

    @api.depends("options_text")
    def _compute_options(self):
        """Assign data, as Odoo's own fields of this type do (``tax_totals``)."""
        for record in self:
            record.options = json.loads(record.options_text or "false")

    def _inverse_options(self):
        for record in self:
            record.options_text = json.dumps({**record.options, "kind": record.options["kind"]})

    @api.depends("flips")
    def _compute_favorite(self):
        for record in self:
            record.favorite = bool(record.flips % 2)

    @api.depends("product")
    def _compute_price(self):
        for record in self:
            record.price = 10 * record.product

    def write(self, vals):
        if any(self.mapped("locked")) and "locked" not in vals:
            raise UserError(self.env._("It is locked."))
        if vals.pop("without_children", False):
            self.child_ids.unlink()
        if vals.pop("for_children", False):
            self.child_ids.write(dict(vals))
        if "favorite" in vals:
            vals = {key: value for key, value in vals.items() if key != "favorite"}
            for record in self:
                super(ApiTestTouchy, record).write({"flips": record.flips + 1})
        return super().write(vals)
