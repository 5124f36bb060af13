# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a connection accepts, and that it closes when it loses what it was limited to."""

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..engine.connection import NO_FIELDS
from ..engine.records import scope_domain
from .common import NO_TRACKING

LISTS_LOG = "odoo.addons.jwt_auth_api.models.connection_api"


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
class TestConnectionViews(ConnectionCase):
    """What the screens offer."""

    def test_connection_cannot_be_duplicated(self):
        """There is one of a model, so that *Duplicate* could only fail."""
        views = self.connections.get_views([(False, "list"), (False, "form")])["views"]
        for kind in ("list", "form"):
            self.assertRegex(views[kind]["arch"], rf'^<{kind}[^>]* duplicate="False"')


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
                self.assertNotSaved("filter is invalid at", domain=code)
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
        self.assertNotSaved("filter is invalid at", domain="[('name', '=', user.api_key_ids.ids)]")

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
        self.assertNotSaved("is not a field of Contact", read_field_ids=country)
        self.assertNotSaved("is not a field of Contact", write_field_ids=country)
        for name in ("id", "create_uid", "write_date", "display_name", "commercial_partner_id"):
            with self.subTest(name):
                self.assertNotSaved(
                    "maintained by Odoo and cannot be written",
                    write_field_ids=self._fields(f"name {name}"),
                )

    def test_reports(self):
        """PDFs of the model alone; one that is changed later on is no longer offered."""
        values = {"name": "Card", "model": "res.partner", "report_name": "test.card"}
        report = self.env["ir.actions.report"].create({**values, "report_type": "qweb-pdf"})
        html = self.env["ir.actions.report"].create({**values, "report_type": "qweb-html"})
        other = self.env["ir.actions.report"].create({**values, "model": "res.country"})
        self.assertNotSaved("is not a PDF report", report_ids=html.ids)
        self.assertNotSaved("is not a PDF report", report_ids=other.ids)
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
                self.assertNotSaved(
                    "a method of every model", action_ids=[Command.create({"name": name})]
                )
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
            {
                "name": "x",
                "model_id": model.id,
                "group_id": cls.env.ref("base.group_user").id,
                **dict.fromkeys(["perm_read", "perm_create", "perm_write", "perm_unlink"], True),
            }
        )
        cls.model = model

    def _field(self, name, **values):
        values = {"name": name, "model_id": self.model.id, "ttype": "char", **values}
        return self.env["ir.model.fields"].create(values)

    def assertClosed(self, connection, model="x_tour"):
        self.assertIsNone(self._found(model))
        self.assertFalse(connection.active)
        with (
            self.assertRaisesRegex(ValidationError, "Make a new selection"),
            self.env.cr.savepoint(),
        ):
            connection.action_unarchive()
        self.assertIsNone(self._found(model))

    def test_last_group(self):
        """One group of two narrows the connection, the last one closes it."""
        second = self.env["res.groups"].create({"name": "Pilots"})
        connection = self._connect("x_tour", group_ids=(self.group + second).ids)
        self.assertEqual(self._found("x_tour").groups, {self.group.id, second.id})
        second.unlink()
        self.assertEqual(self._found("x_tour").groups, {self.group.id})
        with self.assertLogs(LISTS_LOG, "WARNING") as log:
            self.group.unlink()
        self.assertIn("x_tour is archived: all of its group_ids were deleted", log.output[0])
        self.assertClosed(connection)

    def test_last_field(self):
        """The same for the fields that may be read, and for those that may be written."""
        for name in ("read_field_ids", "write_field_ids"):
            with self.subTest(name):
                first, last = self._field("x_one"), self._field("x_two")
                listed = {name: (first + last).ids}
                connection = self._connect("x_tour", is_put=True, **listed)
                first.unlink()
                self.assertTrue(self._found("x_tour"))
                with self.assertLogs(LISTS_LOG, "WARNING"):
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
        with self.assertLogs(LISTS_LOG, "WARNING"):
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

    def test_emptied_in_the_form(self):
        """The form says whether its selection of fields counts: then an empty one is refused."""
        field = self._field("x_one")
        for name, flag in (
            ("read_field_ids", "is_read_limited"),
            ("write_field_ids", "is_write_limited"),
        ):
            with self.subTest(name):
                connection = self._connect("x_tour", is_put=True, **{name: field.ids})
                self.assertTrue(connection[flag])
                refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
                with refused, self.env.cr.savepoint():
                    connection.write({name: False, flag: True})
                self.assertEqual(connection[name], field)
                connection.write({flag: False})
                self.assertTrue(connection[flag], "what is listed limits")
                connection.write({name: False, flag: False})
                self.assertTrue(self._found("x_tour"))
                with refused, self.env.cr.savepoint():
                    connection.write({flag: True})
                connection.unlink()
                with refused, self.env.cr.savepoint():
                    self._connect("x_tour", is_put=True, **{flag: True})

    def test_last_field_removed_by_a_change_alone(self):
        """A stale form sends the removal without the flag: all fields are open only if somebody says so."""
        field = self._field("x_one")
        for name, flag in (
            ("read_field_ids", "is_read_limited"),
            ("write_field_ids", "is_write_limited"),
        ):
            for values in (
                {name: [Command.unlink(field.id)]},
                {name: [Command.clear()]},
                {name: []},
                {name: False},
            ):
                with self.subTest(values=values):
                    connection = self._connect("x_tour", is_put=True, **{name: field.ids})
                    if values[name] == []:  # no command: nothing changes
                        connection.write(values)
                    else:
                        refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
                        with refused, self.env.cr.savepoint():
                            connection.web_save(values, {})
                    self.assertEqual((connection[name], connection[flag]), (field, True))
                    connection.write({**values, flag: False, name: False})
                    self.assertEqual((bool(connection[name]), connection[flag]), (False, False))
                    connection.write({name: False})
                    self.assertFalse(connection[flag], "it was open before")

    def test_lost_limit_survives_an_empty_write(self):
        """Only a choice, or the flag, makes up for what was deleted; no write of nothing does."""
        for name, flag in (
            ("group_ids", "is_for_groups"),
            ("read_field_ids", "is_read_limited"),
            ("write_field_ids", "is_write_limited"),
        ):
            last = self._field("x_one") if name != "group_ids" else self.group
            connection = self._connect("x_tour", is_put=True, **{name: last.ids})
            with mute_logger(LISTS_LOG):
                last.unlink()
            for value in ([], False, [Command.clear()], [Command.set([])]):
                with self.subTest(name, value=value):
                    refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
                    with refused, self.env.cr.savepoint():
                        connection.write({name: value})
                    self.assertTrue(connection[flag])
                    self.assertClosed(connection)
            connection.write({flag: False, "active": True})
            self.assertTrue(self._found("x_tour"))

    def test_copy_keeps_the_limits(self):
        """A copy for another model is limited as its original is, and one that lost a limit has none."""
        other = self.env["ir.model"].create({"name": "Stop", "model": "x_stop"})
        values = {"model_id": other.id, "active": True, "run_as": "user"}
        connection = self._connect("x_tour", group_ids=self.group.ids)
        copied = connection.copy(values)
        self.assertTrue(copied.is_for_groups)
        self.assertEqual(self._found("x_stop").groups, set(self.group.ids))
        copied.unlink()
        with mute_logger(LISTS_LOG):
            self.group.unlink()
        refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
        with refused, self.env.cr.savepoint():
            connection.copy(values)
        self.assertIsNone(self._found("x_stop"))
        connection.write({"group_ids": self.manager.group_ids[:1].ids})
        field = self._field("x_one")
        connection.write({"read_field_ids": field.ids, "active": True})
        with mute_logger(LISTS_LOG):
            field.unlink()
        with refused, self.env.cr.savepoint():
            connection.copy(values)
        self.assertIsNone(self._found("x_stop"))

    def test_writable_fields_are_chosen_before_writing_is_opened(self):
        """Where nothing is written, no field has to be selected; none is open until somebody chooses."""
        field = self._field("x_one")
        connection = self._connect("x_tour", is_write_limited=True)
        self.assertTrue(connection.is_write_limited)
        self.assertIn("read", connection.exposure)
        found = self._found("x_tour")
        self.assertEqual((found.methods, found.write_fields), (("GET",), NO_FIELDS))
        for switch in ("is_post", "is_put"):
            with self.subTest(switch):
                draft = self.connections.new({switch: True}, origin=connection)
                self.assertIn("nothing is selected in Writable Fields", draft.exposure)
                refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
                with refused, self.env.cr.savepoint():
                    connection.write({switch: True})
                self.assertEqual(self._found("x_tour").methods, ("GET",))
        connection.write({"is_put": True, "write_field_ids": field.ids})
        self.assertEqual(self._found("x_tour").write_fields, {"x_one"})
        connection.write({"is_put": False, "write_field_ids": False})
        self.assertEqual(self._found("x_tour").write_fields, NO_FIELDS)
        connection.write({"is_put": True, "is_write_limited": False})
        self.assertEqual(self._found("x_tour").write_fields, frozenset())

    def test_lost_writable_field_of_a_connection_that_only_reads(self):
        """It stays open, because it limits nothing; writing cannot be switched on without a choice."""
        last = self._field("x_one")
        connection = self._connect("x_tour", write_field_ids=last.ids)
        last.unlink()
        self.assertTrue(connection.active)
        self.assertEqual(self._found("x_tour").write_fields, NO_FIELDS)
        refused = self.assertRaisesRegex(ValidationError, "nothing is selected")
        with refused, self.env.cr.savepoint():
            connection.write({"is_post": True})

    def test_lost_list_is_opened_on_purpose(self):
        """A connection that lost its last field opens all fields if somebody says so in the form."""
        last = self._field("x_one")
        connection = self._connect("x_tour", read_field_ids=last.ids)
        with mute_logger(LISTS_LOG):
            last.unlink()
        self.assertClosed(connection)
        draft = self.connections.new({"is_read_limited": False, "active": True}, origin=connection)
        self.assertIn("every field", draft.exposure)
        connection.write({"is_read_limited": False, "active": True})
        self.assertEqual(self._found("x_tour").read_fields, frozenset())

    def test_mended(self):
        """With another group it can be activated again."""
        connection = self._connect("x_tour", group_ids=self.group.ids)
        with mute_logger(LISTS_LOG):
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


@tagged("post_install", "-at_install")
class TestPlainWords(ConnectionCase):
    """What the form says of a connection, before it is saved: as a manager who sees little else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.rule"].search([("model_id.model", "=", "res.country")]).unlink()

    def _shown(self, model="res.country", **values):
        connection = self.connections.new(
            {"model_id": self.env["ir.model"]._get_id(model), "run_as": "sudo", **values}
        )
        self.assertEqual(connection.is_risky, bool(connection.exposure_danger))
        risks = (connection.exposure_danger, connection.exposure_warning)
        return connection.exposure, "\n".join(risk for risk in risks if risk).split("\n")

    def _says(self, **values):
        return self._shown(**values)[0]

    def assertWarns(self, words, **values):
        self.assertIn(words, "\n".join(self._shown(**values)[1]))

    def assertSilent(self, words, **values):
        self.assertNotIn(words, "\n".join(self._shown(**values)[1]))

    def test_all_of_it(self):
        """A plain connection and one with everything, whole."""
        self.assertEqual(
            self._says(is_get=True),
            "Every user who can log in, including portal users, may read any record of"
            " Country (res.country), regardless of their access rights and record rules."
            " They see every field that Odoo shows them."
            " Limits: a page size of at most 1000.",
        )
        report = self.env["ir.actions.report"].create(
            {"name": "Card", "model": "res.partner", "report_name": "x.card"}
        )
        user = self.env.ref("base.group_user")
        self.assertEqual(
            self._says(
                model="res.partner",
                is_get=True,
                is_post=True,
                is_put=True,
                run_as="user",
                group_ids=(self.group + user).ids,
                domain="[('user_id', '=', uid)]",
                read_field_ids=self._fields("name email"),
                write_field_ids=self._fields("email"),
                action_ids=[Command.create({"name": "do_this"})],
                report_ids=report.ids,
                max_limit=50,
                rate_limit=60,
            ),
            f"Every member of Drivers or {user.full_name} may read, create, and change records"
            " of Contact (res.partner) that match the filter, within their own access rights"
            " and record rules. They see Email and Name, and may write Email."
            " They may call do_this and download the PDF Card."
            " Limits: a page size of at most 50 and a request rate of at most 60 per minute and user.",
        )

    def test_nothing_is_open(self):
        """Without a model nothing is said; what is shut does not warn."""
        self.assertFalse(self.connections.new({}).exposure)
        for values in ({}, {"is_get": True, "active": False}):
            text, warnings = self._shown(model="res.users", **values)
            self.assertTrue(text.startswith("Nothing is open"), text)
            self.assertEqual(warnings, [""])

    def test_lost_groups(self):
        """A connection that was archived because its groups are gone says so, until others are chosen."""
        connection = self._connect("res.country", group_ids=self.group.ids)
        with mute_logger(LISTS_LOG):
            self.group.unlink()
        self.assertIn("that was selected in Groups has been deleted", connection.exposure)
        connection.write({"group_ids": self.env.ref("base.group_user").ids, "active": True})
        self.assertIn("may read any record", connection.exposure)

    def test_actions_alone(self):
        """Actions and reports have no method to switch on."""
        text = self._says(action_ids=[Command.create({"name": "do_this"})])
        self.assertIn("may use any record of Country (res.country)", text)
        self.assertTrue(text.endswith("They may call do_this."), text)

    def test_many_fields(self):
        """Six names are told, more are counted."""
        names = "name code phone_code currency_id vat_label state_required zip_required"
        says = self._says(is_get=True, read_field_ids=self._fields(names, "res.country"))
        self.assertIn("They see 7 selected fields.", says)

    def test_harmless(self):
        """Whoever gets no more than in Odoo, and whoever gets little, is not warned about."""
        user = self.env.ref("base.group_user").ids
        name = self._fields("name", "res.country")
        for values in (
            {"model": "res.partner", "run_as": "user", "group_ids": user},
            {"model": "res.users", "run_as": "user", "group_ids": user},
            {"model": "res.partner", "run_as": "user"},
            {"model": "res.partner", "run_as": "user", "is_put": True, "is_delete": True},
            {"group_ids": user},
            {"group_ids": user, "is_put": True, "write_field_ids": name},
        ):
            with self.subTest(values):
                self.assertEqual(self._shown(is_get=True, **values)[1], [""])

    def test_protected(self):
        """Models that decide over rights: administrators alone have more than their own."""
        text, warnings = self._shown(model="res.users", is_get=True)
        self.assertIn("administrators regardless of record rules, everybody else only", text)
        self.assertEqual(len(warnings), 1)
        self.assertIn("controls what users may do", warnings[0])
        self.assertWarns(
            "controls what users may do", model="res.users", is_put=True, run_as="user"
        )

    def test_nobody_chosen(self):
        """Customers may come in, unless the filter gives each their own."""
        self.assertWarns("No group is selected", is_get=True)
        self.assertSilent("group", is_get=True, domain="[('create_uid', '=', uid)]")
        portal = self.env.ref("base.group_portal")
        self.assertWarns("customers with a portal account", is_get=True, group_ids=portal.ids)

    def test_audience(self):
        """The list names the groups, and says it when there is none."""
        connection = self._connect("res.country")
        self.assertEqual(connection.audience, "Every user who can log in")
        connection.group_ids = self.group.ids
        self.assertEqual(connection.audience, "Drivers")

        internal, portal = self.env.ref("base.group_user"), self.env.ref("base.group_portal")
        connection.group_ids = internal.ids
        self.assertEqual(connection.audience, "Internal users")
        for groups, words in (
            (internal, "Every internal user may"),
            (portal, "Every portal user may"),
            (internal | portal, "Every internal user and every portal user may"),
        ):
            self.assertIn(words, self._says(is_get=True, group_ids=groups.ids))

    def test_dangers(self):
        """The list marks what is dangerous, not what is only worth a thought."""
        internal = self.env.ref("base.group_user").ids
        portal = self.env.ref("base.group_portal").ids
        name = self._fields("name", "res.country")
        for is_risky, values in (
            (False, {"is_get": True}),  # portal users can read countries in Odoo
            (False, {"is_get": True, "group_ids": portal}),
            (True, {"is_get": True, "is_put": True, "write_field_ids": name}),
            (True, {"is_put": True, "group_ids": portal, "write_field_ids": name}),
            (False, {"is_get": True, "is_put": True, "group_ids": internal}),
            (True, {"is_delete": True, "group_ids": internal}),
            (False, {"is_delete": True, "run_as": "user"}),
            (False, {"is_delete": True, "group_ids": internal, "domain": "[('code', '=', 'X')]"}),
            (True, {"is_get": True, "domain": "[('nope', '=', 1)]"}),
            (True, {"is_get": True, "model": "res.partner"}),  # rules show them their own
            (True, {"is_get": True, "model": "res.users"}),
            (False, {"is_get": True, "model": "res.partner", "group_ids": internal}),
        ):
            with self.subTest(values):
                model_id = self.env["ir.model"]._get_id(values.get("model", "res.country"))
                given = {name: value for name, value in values.items() if name != "model"}
                connection = self.connections.new({"run_as": "sudo", "model_id": model_id, **given})
                self.assertEqual(connection.is_risky, is_risky)

    def test_parameters_of_an_action(self):
        """An action shows what its method takes; a name that is no method shows nothing."""
        connection = self._connect(
            "res.currency",
            run_as="user",
            action_ids=[Command.create({"name": "amount_to_text"})],
        )
        self.assertEqual(connection.action_ids.signature, "(amount)")
        for name in ("nope", "_compute_symbol", False):
            self.assertFalse(connection.action_ids.new({"name": name}).signature)

    def test_record_rules(self):
        """Rules count when they are for what is opened, and say something."""
        rule = self.env["ir.rule"].create(
            {
                "name": "x",
                "model_id": self.env["ir.model"]._get_id("res.country"),
                "domain_force": "[(1, '=', 1)]",
                "perm_write": False,
                "perm_create": False,
                "perm_unlink": False,
            }
        )
        self.assertSilent("record rules", is_get=True)
        rule.domain_force = "[('code', '!=', 'XX')]"
        self.assertWarns("clients can read records that their users cannot see", is_get=True)
        self.assertSilent("record rules", is_get=True, domain="[('code', '=', 'FR')]")
        self.assertSilent("record rules", is_put=True)
        rule.perm_write = True
        self.assertWarns("clients can write records", is_put=True, domain="[('code', '=', 'FR')]")
        self.assertSilent("record rules", is_put=True, domain="[('create_uid', '=', user.id)]")
        self.assertSilent("record rules", is_get=True, is_put=True, run_as="user")
        rule.active = False
        self.assertSilent("record rules", is_get=True, is_put=True)

    def test_rules_of_what_it_inherits(self):
        """A record that has another one as a part is under the rules of both."""
        self.assertSilent("record rules", is_get=True)
        inherits = {"res.partner": "x_partner_id"}
        with patch.object(type(self.env["res.country"]), "_inherits", inherits):
            self.assertWarns("record rules", is_get=True)

    def test_companies(self):
        """With several companies, the records of all; not when the filter looks at the company."""
        self.env["res.company"].create({"name": "Second"})
        self.assertWarns("records of all companies", model="res.partner", is_get=True)
        own = "[('company_id', 'in', company_ids)]"
        self.assertSilent("all companies", model="res.partner", is_get=True, domain=own)
        self.assertSilent("all companies", model="res.partner", is_get=True, run_as="user")
        self.assertSilent("all companies", model="res.country", is_get=True)

    def test_delete_and_write(self):
        """Everything deleted, every field written."""
        self.assertWarns("can permanently delete any record", is_delete=True)
        self.assertSilent("delete", is_delete=True, domain="[('code', '=', 'XX')]")
        self.assertWarns("can write every field", is_post=True)
        name = self._fields("name", "res.country")
        self.assertSilent("every field", is_post=True, write_field_ids=name)

    def test_secrets(self):
        """Fields that look like secrets are closed, so that a list which opens one is told of."""
        model_id = self.env["ir.model"]._get_id("res.country")
        names = ("x_api_key", "x_monkey", "x_secretary")
        self.env["ir.model.fields"].create(
            [{"name": name, "ttype": "char", "model_id": model_id} for name in names]
        )
        listed = self._fields("name x_api_key x_monkey x_secretary", "res.country")
        self.assertWarns(
            "open fields that look like keys or passwords: X Api Key.",
            is_get=True,
            read_field_ids=listed,
        )
        self.assertWarns(
            "open fields that look like keys or passwords: X Api Key.",
            is_put=True,
            write_field_ids=listed,
        )
        name = self._fields("name", "res.country")
        self.assertSilent("keys or passwords", is_get=True, read_field_ids=name)
        self.assertSilent("keys or passwords", is_get=True)

    def test_actions_and_reports(self):
        """They do what they do, whatever the lists of fields say."""
        actions = [Command.create({"name": "do_this"})]
        self.assertWarns("regardless of the writable fields: do_this.", action_ids=actions)
        self.assertSilent("Actions", action_ids=actions, run_as="user")
        report = self.env["ir.actions.report"].create(
            {"name": "Card", "model": "res.country", "report_name": "x.card"}
        )
        name = self._fields("name", "res.country")
        self.assertWarns(
            "A PDF report shows everything", report_ids=report.ids, read_field_ids=name
        )
        self.assertSilent("PDF", report_ids=report.ids)

    def test_filter_that_can_be_written(self):
        """Who writes what the filter looks at chooses within it."""
        values = {"is_put": True, "domain": "[('code', 'in', ('FR', 'DE'))]"}
        code, name = (self._fields(field, "res.country") for field in ("code", "name"))
        self.assertWarns(
            "filter uses code, which clients can write", **values, write_field_ids=code
        )
        self.assertSilent("filter uses", **values, write_field_ids=name)

    def test_filter_that_does_not_work(self):
        """Said while it is typed; nothing else breaks on it."""
        for domain in ("[('nope', '=', 1)]", "[(", "[('code', '=', user.write)]", "[1]"):
            text, warnings = self._shown(is_get=True, is_put=True, domain=domain)
            self.assertIn("that match the filter", text)
            self.assertIn("filter", warnings[0])
            self.assertIn("No group is selected", warnings[1])

    def test_in_the_users_language(self):
        """Every sentence is translated as a whole, and its lists in the user's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        connection = self.connections.with_context(lang="fr_FR").new(
            {
                "model_id": self.env["ir.model"]._get_id("res.country"),
                "is_get": True,
                "is_put": True,
                "run_as": "user",
            }
        )
        self.assertIn("lire et modifier", connection.exposure)

    def test_every_model(self):
        """Whatever is opened, there is something to say."""
        for model in self.env.values():
            if not model._abstract and not model._transient:
                with self.subTest(model._name):
                    self.assertTrue(self._says(model=model._name, is_get=True, is_put=True))
