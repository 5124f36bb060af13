# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a connection accepts, and that it closes when it loses what it was limited to."""

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.policy import scope_domain
from .common import NO_TRACKING

LIMITS_LOG = "odoo.addons.jwt_auth_api.models.connection_api_limits"


class ConnectionCase(TransactionCase):
    """A manager who administers nothing else, and connections of their own making."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.group = cls.env["res.groups"].create({"name": "Drivers"})
        cls.connections = cls.env["connection.api"].with_user(cls.manager)

    def _connect(self, model="res.partner", **values):
        self.env["connection.api"].with_context(active_test=False).search(
            [("model", "=", model)]
        ).unlink()
        values = {"model_id": self.env["ir.model"]._get_id(model), "is_get": True, **values}
        return self.connections.create(values)

    def _fields(self, names, model="res.partner"):
        fields = [self.env["ir.model.fields"]._get(model, name) for name in names.split()]
        return [Command.set([field.id for field in fields])]

    def _found(self, model="res.partner"):
        return self.env["connection.api"]._connection(model)


@tagged("post_install", "-at_install")
class TestConnectionChecks(ConnectionCase):
    """What makes no sense, or would open more than it says, is refused when it is saved."""

    def assertSaved(self, **values):
        with self.env.cr.savepoint():
            return self._connect(**values)

    def assertNotSaved(self, words, **values):
        with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
            self._connect(**values)

    def test_filter(self):
        """A domain of the model's own fields, with the names that record rules know."""
        for domain in (
            "[]",
            "[('name', '=', 'x')]",
            '[["active", "=", False]]',
            "[('user_id', '=', uid)]",
            "[('user_id', '=', user.id), '|', ('id', 'child_of', [user.partner_id.id]), (1, '=', 1)]",
            "[('company_id', 'in', company_ids + [False])]",
            "[('company_id', '=', company_id), ('category_id', 'in', user.partner_id.category_id.ids)]",
            "[('create_date', '>', '2026-01-01'), ('parent_id.country_id.code', 'in', ('DE', 'FR'))]",
            "[('child_ids', 'any', [('name', '=', user.name)])]",
            "[('color', '>', -1)]",
        ):
            with self.subTest(domain):
                self.assertSaved(domain=domain)

    def test_filter_that_is_none(self):
        """What is no domain of the model is told at once, not to the first client."""
        for domain in (
            "name",
            "[('name', '=')]",
            "[('name', '=', 'x'",
            "[('no_such_field', '=', 1)]",
            "[('parent_id.no_such_field', '=', 1)]",
            "[('name', 'resembles', 'x')]",
            "['|', ('name', '=', 'x')]",
            "[('user_id', '=', nobody)]",
            "[('user_id', '=', user)]",
            "[('user_id', '=', user.no_such_field)]",
            "[('user_id', '=', user.partner_id)]",
            "[('user_id', '=', company_ids + 1)]",
            "uid",
            "True",
            "[" * 500,
        ):
            with self.subTest(domain):
                self.assertNotSaved("filter", domain=domain)

    def test_filter_is_not_executed(self):
        """A manager who is no administrator cannot have code run with the callers' rights."""
        groups = self.env.ref("base.group_system").id
        give = f"user.write({{'group_ids': [(4, {groups})]}})"
        for code in (
            f"[('id', '=', {give})]",
            f"[('id', '=', user.sudo().env['res.users'].browse({self.manager.id}) and {give})]",
            "[('id', 'in', user.env['res.partner'].search([]).ids)]",
            "[('id', 'in', [x for x in company_ids])]",
            "[('id', '=', (lambda: 1)())]",
            "[('id', '=', user.write)]",
            "[('name', '=', user.partner_id.__class__)]",
            "[('name', '=', user._table)]",
            "[('name', '=', f'{user.id}')]",
        ):
            with self.subTest(code):
                self.assertNotSaved("not understood", domain=code)
                with self.assertRaises(ValueError):
                    scope_domain(self.connections.env, code)
        self.assertFalse(self.manager.has_group("base.group_system"))

    def test_filter_tells_no_secrets(self):
        """Not by fields that its author may not see, and not by what is never reachable."""
        for domain in (
            "[('user_ids.password', '=', 'x')]",
            "[('user_ids', 'any', [('password', '=', 'x')])]",
            "[('user_ids', 'ANY!', [('name', '=', 'x')])]",
            "[('user_ids.new_password', '=', 'x')]",
            "[('user_ids.api_key_ids.name', '=', 'x')]",
            "[('user_ids.api_key_ids', '!=', False)]",
        ):
            with self.subTest(domain), mute_logger("py.warnings"):
                self.assertNotSaved("filter", domain=domain)
        self.assertNotSaved("not understood", domain="[('name', '=', user.api_key_ids.ids)]")

    def test_filter_is_the_callers(self):
        """Computed with the caller's own values."""
        found = scope_domain(
            self.connections.env, "[('user_id', '=', uid), ('id', '=', user.partner_id.id)]"
        )
        expected = Domain("user_id", "=", self.manager.id)
        expected &= Domain("id", "=", self.manager.partner_id.id)
        self.assertEqual(found, expected)
        self.assertTrue(scope_domain(self.connections.env, "[]").is_true())

    def test_fields(self):
        """Fields of the model alone, and none to write that nobody can write."""
        self.assertSaved(
            read_field_ids=self._fields("name display_name create_uid"),
            write_field_ids=self._fields("name email category_id"),
        )
        country = self._fields("code", "res.country")
        self.assertNotSaved("is no field of Contact", read_field_ids=country)
        self.assertNotSaved("is no field of Contact", write_field_ids=country)
        for name in ("id", "create_uid", "write_date", "display_name", "commercial_partner_id"):
            with self.subTest(name):
                self.assertNotSaved(
                    "nobody can write it", write_field_ids=self._fields(f"name {name}")
                )

    def test_reports(self):
        """PDFs of the model alone; one that is changed later on is no longer offered."""
        values = {"name": "Card", "model": "res.partner", "report_name": "test.card"}
        report = self.env["ir.actions.report"].create({**values, "report_type": "qweb-pdf"})
        html = self.env["ir.actions.report"].create({**values, "report_type": "qweb-html"})
        other = self.env["ir.actions.report"].create({**values, "model": "res.country"})
        self.assertNotSaved("is no PDF report", report_ids=html.ids)
        self.assertNotSaved("is no PDF report", report_ids=other.ids)
        self.assertSaved(report_ids=report.ids)
        self.assertEqual(self._found().reports, {"test.card"})
        report.report_name = "test.card_new"
        self.assertEqual(self._found().reports, {"test.card_new"})
        report.model = "res.country"
        self.assertEqual(self._found().reports, set())
        report.model = "res.partner"
        self.assertEqual(self._found().reports, {"test.card_new"})
        report.unlink()
        self.assertEqual(self._found().reports, set())

    def test_actions(self):
        """Public methods of the model's own; what every model can do has its own switches."""
        partner = self.env.registry["res.partner"]
        own = next(
            name
            for name in dir(partner)
            if callable(getattr(partner, name))
            and not name.startswith("_")
            and not hasattr(self.env.registry["base"], name)
            and not hasattr(getattr(partner, name), "_api_private")
        )
        self.assertSaved(action_ids=[Command.create({"name": own})])
        self.assertEqual(self._found().actions, {own})
        refused = "read write create unlink copy search search_read web_save web_read export_data"
        for name in f"{refused} action_archive load sudo env".split():
            with self.subTest(name):
                self.assertNotSaved("Every model has", action_ids=[Command.create({"name": name})])
        for name in ("_compute_display_name", "no_such_method", "name", "__init__"):
            with self.subTest(name), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._connect(action_ids=[Command.create({"name": name})])

    def test_another_model(self):
        """What was chosen for one model does not go over to another."""
        country = self.env["ir.model"]._get_id("res.country")
        self.env["connection.api"].search([("model", "=", "res.country")]).unlink()
        for values in (
            {"read_field_ids": self._fields("name")},
            {"write_field_ids": self._fields("email")},
            {"domain": "[('email', '!=', False)]"},
        ):
            connection = self._connect(**values)
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                connection.model_id = country
        connection = self._connect()
        connection.model_id = country
        self.assertTrue(self._found("res.country"))
        self.assertFalse(self._found("res.partner"))

    def test_older_version(self):
        """A connection of a version without policies goes on as it was, in profile strict as well."""
        self.env["ir.config_parameter"].set_param("jwt_auth_api.profile", "strict")
        new = self._connect()
        self.assertEqual(new.run_as, "user")
        self.env.cr.execute("ALTER TABLE connection_api ALTER COLUMN run_as DROP NOT NULL")
        self.env.cr.execute("UPDATE connection_api SET run_as = NULL WHERE id = %s", new.ids)
        self.env["connection.api"]._init_column("run_as")
        new.invalidate_recordset()
        self.assertEqual(new.run_as, "sudo")

    @mute_logger("odoo.sql_db")
    def test_how_is_never_missing(self):
        """Neither ``sudo`` nor ``user`` is no answer."""
        connection = self._connect()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            connection.run_as = False
            connection.flush_recordset()


@tagged("post_install", "-at_install")
class TestFailingClosed(ConnectionCase):
    """A limit that loses what it names closes the connection: an empty list would open everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = cls.env["ir.model"].create({"name": "Tour", "model": "x_tour"})
        cls.env["ir.model.access"].create(
            {"name": "x", "model_id": model.id, "group_id": cls.env.ref("base.group_user").id}
        )
        cls.model = model

    def _field(self, name, **values):
        values = {"name": name, "model_id": self.model.id, "ttype": "char", **values}
        return self.env["ir.model.fields"].create(values)

    def assertClosed(self, connection, model="x_tour"):
        self.assertIsNone(self._found(model))
        self.assertFalse(connection.active)
        with self.assertRaisesRegex(ValidationError, "Choose again"), self.env.cr.savepoint():
            connection.action_unarchive()
        self.assertIsNone(self._found(model))

    def test_last_group(self):
        """One group of two narrows the connection, the last one closes it."""
        second = self.env["res.groups"].create({"name": "Pilots"})
        connection = self._connect("x_tour", group_ids=(self.group + second).ids)
        self.assertEqual(self._found("x_tour").groups, {self.group.id, second.id})
        second.unlink()
        self.assertEqual(self._found("x_tour").groups, {self.group.id})
        with self.assertLogs(LIMITS_LOG, "WARNING") as log:
            self.group.unlink()
        self.assertIn("x_tour is archived: all of its group_ids were deleted", log.output[0])
        self.assertClosed(connection)

    def test_last_field(self):
        """The same for the fields that may be read, and for those that may be written."""
        for name in ("read_field_ids", "write_field_ids"):
            with self.subTest(name):
                first, last = self._field("x_one"), self._field("x_two")
                connection = self._connect("x_tour", **{name: (first + last).ids})
                first.unlink()
                self.assertTrue(self._found("x_tour"))
                with self.assertLogs(LIMITS_LOG, "WARNING"):
                    last.unlink()
                self.assertClosed(connection)

    def test_field_that_goes_with_another(self):
        """A foreign key deletes a field that nobody unlinks."""
        base = self._field("x_partner_id", ttype="many2one", relation="res.partner")
        last = self._field("x_partner_name", related="x_partner_id.name", store=False)
        connection = self._connect("x_tour", read_field_ids=last.ids)
        self.env.cr.execute(
            "UPDATE ir_model_fields SET related_field_id = %s WHERE id = %s", [base.id, last.id]
        )
        with self.assertLogs(LIMITS_LOG, "WARNING"):
            base.with_context(_force_unlink=True).unlink()
        self.assertFalse(last.exists())
        self.assertClosed(connection)

    def test_past_the_orm(self):
        """Whoever deletes in the database closes the connection, too, though nobody hears of it."""
        connection = self._connect("x_tour", group_ids=self.group.ids)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM res_groups WHERE id = %s", self.group.ids)
        self.env.invalidate_all()
        self.env.registry.clear_cache("stable")
        self.assertIsNone(self._found("x_tour"))
        self.assertTrue(connection.active)

    def test_emptied_on_purpose(self):
        """Who empties the list of a connection opens it for everybody: that is what they see."""
        connection = self._connect("x_tour", group_ids=self.group.ids)
        connection.group_ids = False
        self.assertEqual(self._found("x_tour").groups, frozenset())
        self.group.unlink()
        self.assertTrue(connection.active)
        self.assertTrue(self._found("x_tour"))

    def test_mended(self):
        """With another group it can be activated again."""
        connection = self._connect("x_tour", group_ids=self.group.ids)
        with mute_logger(LIMITS_LOG):
            self.group.unlink()
        other = self.env["res.groups"].create({"name": "Pilots"})
        connection.write({"group_ids": other.ids, "active": True})
        self.assertEqual(self._found("x_tour").groups, {other.id})

    def test_renamed_field(self):
        """A list follows its fields."""
        field = self._field("x_one")
        self._connect("x_tour", read_field_ids=field.ids)
        self.assertEqual(self._found("x_tour").read_fields, {"x_one"})
        field.name = "x_uno"
        self.assertEqual(self._found("x_tour").read_fields, {"x_uno"})

    def test_model_goes(self):
        """A connection ends with its model, whatever it listed."""
        connection = self._connect("x_tour", read_field_ids=self._field("x_one").ids)
        self.model.with_context(_force_unlink=True).unlink()
        self.assertFalse(connection.exists())
