# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Models whose own code decides what can be read, in the ways of Odoo's addons."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL


class ApiTestTeam(models.Model):
    """A model whose relations are computed together with other fields."""

    _name = "api.test.team"
    _description = "API Test Team"

    name = fields.Char(required=True)
    person_ids = fields.One2many("api.test.person", "team_id")
    member_ids = fields.One2many("api.test.member", "team_id")
    found_ids = fields.Many2many("api.test.member", compute="_compute_found")
    found_count = fields.Integer(compute="_compute_found")
    newest_id = fields.Many2one("api.test.member", compute="_compute_found")
    asked_ids = fields.Many2many(
        "api.test.member", compute="_compute_asked_ids", search="_search_asked_ids"
    )

    @api.depends("name")
    def _compute_found(self):
        for team in self:
            team.found_ids = self.env["api.test.member"].search([("team_id", "=", team.id)])
            team.found_count = len(team.found_ids)
            team.newest_id = team.found_ids[-1:]

    @api.depends("member_ids")
    def _compute_asked_ids(self):
        for team in self:
            team.asked_ids = team.member_ids

    def _search_asked_ids(self, operator, value):
        """Compare ids whatever the operator is, as some of Odoo's models do (employee of a bank account)."""
        members = self.env["api.test.member"].search([("id", operator, value)])
        return [("id", "in", members.team_id.ids)]


class ApiTestMember(models.Model):
    _name = "api.test.member"
    _description = "API Test Member"
    _order = "sequence"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer()
    team_id = fields.Many2one("api.test.team")
    shelf_id = fields.Many2one("api.test.shelf")
    partner_id = fields.Many2one("res.partner")


class ApiTestShelf(models.Model):
    """A model sorted by a field without a column, for which it provides SQL (``account.account``)."""

    _name = "api.test.shelf"
    _description = "API Test Shelf"
    _order = "rank desc, name"

    name = fields.Char(required=True)
    rank = fields.Integer(compute="_compute_rank")

    @api.depends("name")
    def _compute_rank(self):
        for shelf in self:
            shelf.rank = len(shelf.name)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "rank":
            return SQL("LENGTH(%s)", super()._field_to_sql(alias, "name", query))
        return super()._field_to_sql(alias, field_expr, query)


class ApiTestPerson(models.Model):
    """A model of which internal users without access can read some fields (``hr.employee``)."""

    _name = "api.test.person"
    _description = "API Test Person"

    name = fields.Char(required=True)
    remark = fields.Char()
    remark_size = fields.Integer(compute="_compute_remark_size")
    team_id = fields.Many2one("api.test.team")
    friend_ids = fields.Many2many(
        "api.test.person", "api_test_person_friend", "person_id", "friend_id"
    )
    meeting_ids = fields.One2many("api.test.meeting", "person_id")

    @api.depends("remark")
    def _compute_remark_size(self):
        for person in self:
            person.remark_size = len(person.remark or "")

    def _sees_all(self):
        return self.browse().has_access("read")

    def _check_public(self, domain, names):
        names = {*names, *(part.field_expr for part in Domain(domain).iter_conditions())}
        if not self.env.user._is_internal():
            raise AccessError(self.env._("These records are not for you."))
        public = {"id", "name", "display_name", "team_id", "friend_ids", "create_date"}
        if private := sorted({name.split(".")[0] for name in names} - public):
            raise AccessError(self.env._("%(names)s are private.", names=", ".join(private)))

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, bypass_access=False, **kwargs):
        if bypass_access or self._sees_all():
            return super()._search(
                domain, offset, limit, order, bypass_access=bypass_access, **kwargs
            )
        self._check_public(domain, ())
        return super(ApiTestPerson, self.sudo())._search(domain, offset, limit, order, **kwargs)

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        if self._sees_all():
            return super().search_fetch(domain, field_names, offset, limit, order)
        self._check_public(domain, field_names or ())
        found = self.sudo().search_fetch(domain, field_names, offset, limit, order)
        return found.with_env(self.env)

    def fetch(self, field_names=None):
        if self._sees_all():
            return super().fetch(field_names)
        self._check_public([], field_names or ())
        return self.sudo().fetch(field_names)


class ApiTestMeeting(models.Model):
    """A model in which only the owners of some records can see their values (``calendar.event``)."""

    _name = "api.test.meeting"
    _description = "API Test Meeting"

    name = fields.Char(required=True)
    private = fields.Boolean()
    user_id = fields.Many2one("res.users")
    person_id = fields.Many2one("api.test.person")
    note = fields.Char()
    guest_ids = fields.One2many("api.test.guest", "meeting_id")
    tag_ids = fields.Many2many("api.test.tag")

    def _fetch_query(self, query, fields):
        closed = [field for field in fields if field.name in ("note", "guest_ids", "tag_ids")]
        if self.env.su or not closed:
            return super()._fetch_query(query, fields)
        asked = [*fields, self._fields["private"], self._fields["user_id"]]
        found = super()._fetch_query(query, asked)
        others = found.filtered(lambda one: one.private and one.user_id != self.env.user)
        for field in closed if others else ():
            empty = field.convert_to_cache(False, others)
            self.env.cache.update(others, field, [empty] * len(others))
        return found

    @api.model
    def _read_group(self, domain, groupby=(), *args, **options):
        if "note" in groupby and not self.env.su:
            own = Domain("private", "=", False) | Domain("user_id", "=", self.env.uid)
            domain = Domain(domain) & own
        return super()._read_group(domain, groupby, *args, **options)


class ApiTestGuest(models.Model):
    _name = "api.test.guest"
    _description = "API Test Guest"

    name = fields.Char(required=True)
    meeting_id = fields.Many2one("api.test.meeting")


class ApiTestEntry(models.Model):
    """A model with a computed value that depends on the last search (``account.move.line``)."""

    _name = "api.test.entry"
    _description = "API Test Entry"

    name = fields.Char(required=True)
    amount = fields.Integer()
    balance = fields.Integer(compute="_compute_balance")
    moment_ids = fields.One2many("api.test.moment", "entry_id")

    @api.depends_context("entry_domain", "entry_order")
    def _compute_balance(self):
        """Sum the amounts of the records found, up to and including each record; 0 without a search."""
        context = self.env.context
        total, balances = 0, {}
        if context.get("entry_order"):
            found = super().search_fetch(
                list(context["entry_domain"]), ["amount"], order=context["entry_order"]
            )
            for entry in reversed(found):
                total += entry.amount
                balances[entry.id] = total
        for entry in self:
            entry.balance = balances.get(entry.id, 0)

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        order = order or self._order
        domain = tuple(
            tuple(tuple(part) if isinstance(part, list) else part for part in term)
            if isinstance(term, list | tuple)
            else term
            for term in domain
        )
        searching = self.with_context(entry_domain=domain, entry_order=order)
        return super(ApiTestEntry, searching).search_fetch(
            domain, field_names, offset, limit, order
        )


class ApiTestReport(models.Model):
    """A view whose columns have other types than its fields (``event.sale.report``)."""

    _name = "api.test.report"
    _description = "API Test Report"
    _auto = False
    _table_query = """
        SELECT id, name, create_date AS day, create_date::date AS moment, amount / 4.0 AS number,
               amount AS word, amount AS share, name AS kind
        FROM api_test_entry
    """

    name = fields.Char()
    day = fields.Date()
    moment = fields.Datetime()
    number = fields.Integer()
    word = fields.Char()
    share = fields.Float()
    kind = fields.Selection([("e", "E")])


class ApiTestStock(models.Model):
    """A view that has several rows with the same id (``report.stock.quantity``)."""

    _name = "api.test.stock"
    _description = "API Test Stock"
    _auto = False
    _table_query = "SELECT amount / 2 AS id, name, amount FROM api_test_entry"

    name = fields.Char()
    amount = fields.Integer()


class ApiTestMoment(models.Model):
    """A view with a value computed from the current time, and a link in a text column (``hr.leave.report``)."""

    _name = "api.test.moment"
    _description = "API Test Moment"
    _auto = False
    _table_query = """
        SELECT id, name, EXTRACT(EPOCH FROM NOW() - create_date) AS age, NULL::text AS member_id,
               id AS entry_id
        FROM api_test_entry
        UNION ALL
        SELECT -MIN(id), name, AVG(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP - create_date)), NULL, NULL
        FROM api_test_entry
        GROUP BY name
    """

    name = fields.Char()
    age = fields.Float()
    member_id = fields.Many2one("api.test.member")
    entry_id = fields.Many2one("api.test.entry")
