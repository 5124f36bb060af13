# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Updates from earlier releases."""

import importlib.util

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, sql
from odoo.tools.misc import file_path

from ..engine import takeover

LOGGER = "odoo.addons.jwt_auth_api.engine.takeover"


def _load(version, stage="pre"):
    path = file_path(f"jwt_auth_api/migrations/{version}/{stage}-migrate.py")
    spec = importlib.util.spec_from_file_location(f"{stage}_migrate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@tagged("post_install", "-at_install")
class TestMigration(TransactionCase):
    def test_renamed_models_leave_nothing(self):
        """Neither tables nor what Odoo knows of a model: fields, access rights, constraints, external ids."""
        script = _load("19.0.1.1.0")
        for name in script.RENAMED:
            table = name.replace(".", "_")
            self.env.cr.execute(SQL("CREATE TABLE %s (id serial)", SQL.identifier(table)))
            self.env.cr.execute(
                'INSERT INTO ir_model (model, name, state, "order")'
                " VALUES (%s, jsonb_build_object('en_US', %s), 'base', 'id') RETURNING id",
                [name, name],
            )
            model = self.env["ir.model"].browse(self.env.cr.fetchone()[0])
            self.env.cr.execute(
                "INSERT INTO ir_model_fields (model, model_id, name, field_description, ttype, state)"
                " VALUES (%s, %s, 'key', jsonb_build_object('en_US', 'Key'), 'char', 'base') RETURNING id",
                [name, model.id],
            )
            field_id = self.env.cr.fetchone()[0]
            access = self.env["ir.model.access"].create({"name": name, "model_id": model.id})
            self.env["ir.model.data"].create(
                [
                    {
                        "module": "jwt_auth_api",
                        "name": f"{kind}_{table}_old",
                        "model": of,
                        "res_id": key,
                    }
                    for kind, of, key in (
                        ("model", "ir.model", model.id),
                        ("field", "ir.model.fields", field_id),
                        ("access", "ir.model.access", access.id),
                    )
                ]
            )
        self.env.flush_all()
        script.migrate(self.env.cr, "19.0.1.0.0")
        for name in script.RENAMED:
            table = name.replace(".", "_")
            for what in (
                SQL("SELECT 1 FROM pg_class WHERE relname = %s", table),
                SQL("SELECT 1 FROM ir_model WHERE model = %s", name),
                SQL("SELECT 1 FROM ir_model_fields WHERE model = %s", name),
                SQL("SELECT 1 FROM ir_model_access WHERE name = %s", name),
                SQL("SELECT 1 FROM ir_model_data WHERE name LIKE %s", f"%_{table}_old"),
            ):
                self.env.cr.execute(what)
                self.assertFalse(self.env.cr.fetchall(), what.code)
        script.migrate(self.env.cr, "19.0.1.0.0")  # a second time there is nothing to do

    def test_limits_of_earlier_connections_are_recorded(self):
        """A connection that loses its last group or field after the update is closed, not open to everybody."""
        fields = self.env["ir.model.fields"]._get_ids("res.partner")
        group = self.env["res.groups"].create({"name": "Few"})
        values = {
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "is_get": True,
            "is_put": True,
            "group_ids": [(6, 0, group.ids)],
            "read_field_ids": [(6, 0, [fields["name"], fields["email"]])],
            "write_field_ids": [(6, 0, [fields["email"]])],
        }
        open_model = {"model_id": self.env["ir.model"]._get_id("res.country"), "is_get": True}
        limited, unlimited = self.env["connection.api"].create([values, open_model])
        flags = ("is_for_groups", "is_read_limited", "is_write_limited")
        self.env.flush_all()
        for flag in flags:
            self.env.cr.execute(SQL("UPDATE connection_api SET %s = NULL", SQL.identifier(flag)))
        _load("19.0.1.1.0", "post").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        for flag in flags:
            self.assertTrue(limited[flag], flag)
            self.assertFalse(unlimited[flag], flag)
        with self.assertLogs("odoo.addons.jwt_auth_api.models.connection_api", "WARNING"):
            group.unlink()
        self.assertFalse(limited.active)


@tagged("post_install", "-at_install")
class TestTakeover(TransactionCase):
    """Tables of other modules that have the names of ours. ``dev/test install`` does the same with modules."""

    def setUp(self):
        super().setUp()
        self.cr = self.env.cr
        self.cr.execute("ALTER TABLE connection_api RENAME TO connection_api_ours")
        self.cr.execute("ALTER TABLE jwt_refresh_token RENAME TO jwt_refresh_token_ours")

    def _make_connections(self, columns="is_get bool, is_post bool, is_put bool, is_delete bool"):
        self.cr.execute(
            SQL(
                "CREATE TABLE connection_api (id serial PRIMARY KEY, model_id int4%s)",
                SQL(f", {columns}" if columns else ""),
            )
        )

    def _insert(self, model, **values):
        model_id = self.env["ir.model"]._get_id(model) if isinstance(model, str) else model
        values = {"model_id": model_id, **values}
        self.cr.execute(
            SQL(
                "INSERT INTO connection_api (%s) VALUES %s RETURNING id",
                SQL(", ").join(map(SQL.identifier, values)),
                tuple(values.values()),
            )
        )
        return self.cr.fetchone()[0]

    def _rows(self, *columns, table="connection_api"):
        self.cr.execute(
            SQL(
                "SELECT %s FROM %s ORDER BY id",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL.identifier(table),
            )
        )
        return self.cr.fetchall()

    def test_what_was_open_stays_open(self):
        self._make_connections()
        partner = self._insert("res.partner", is_get=True, is_put=True)
        country = self._insert("res.country")
        takeover.take_over(self.cr)
        self.assertEqual(
            self._rows("id", "is_get", "is_post", "is_put", "is_delete"),
            [(partner, True, None, True, None), (country, None, None, None, None)],
        )
        self.assertFalse(sql.column_exists(self.cr, "connection_api", "run_as"))

    def test_other_modules_keep_the_rights_of_the_user(self):
        self._make_connections()
        self._insert("res.partner", is_get=True)
        takeover.take_over_from_others(self.cr)
        self.assertEqual(self._rows("run_as"), [("user",)])

    def test_one_connection_for_each_model(self):
        """The first one decided; if it is archived, the first active one."""
        self._make_connections("is_get bool, active bool")
        self._insert("res.partner", is_get=True, active=False)
        kept = self._insert("res.partner", is_get=False, active=True)
        self._insert("res.partner", is_get=True, active=True)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            takeover.take_over(self.cr)
        self.assertEqual(len(logs.output), 2)
        self.assertEqual(self._rows("id", "is_get"), [(kept, False)])

    def test_one_connection_for_each_model_without_active(self):
        self._make_connections()
        kept = self._insert("res.partner", is_get=True)
        self._insert("res.partner", is_delete=True)
        with self.assertLogs(LOGGER, "WARNING"):
            takeover.take_over(self.cr)
        self.assertEqual(self._rows("id", "is_get", "is_delete"), [(kept, True, None)])

    def test_models_that_cannot_be_opened(self):
        """No model, a model that is gone, an abstract model, a model of secrets."""
        self._make_connections()
        self._insert(None, is_get=True)
        self._insert(2**31 - 1, is_get=True)
        self._insert("mail.thread" if "mail.thread" in self.env else "base", is_get=True)
        self._insert("jwt.session", is_get=True)
        self._insert("res.users.apikeys", is_get=True)
        kept = self._insert("res.partner", is_get=True)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            takeover.take_over(self.cr)
        self.assertEqual(len(logs.output), 5)
        self.assertEqual(self._rows("id"), [(kept,)])

    def test_columns_of_other_types_open_nothing(self):
        self._make_connections("is_get varchar, is_put bool, active varchar")
        kept = self._insert("res.partner", is_get="GET", is_put=True, active="false")
        with self.assertLogs(LOGGER, "WARNING") as logs:
            takeover.take_over(self.cr)
        self.assertEqual(len(logs.output), 2)
        self.assertEqual(self._rows("id", "is_get", "is_put", "active"), [(kept, None, True, None)])
        columns = sql.table_columns(self.cr, "connection_api")
        self.assertEqual({columns[name]["udt_name"] for name in ("is_get", "active")}, {"bool"})

    def test_models_by_name_are_no_models(self):
        self.cr.execute("CREATE TABLE connection_api (id serial, model_id varchar, is_get bool)")
        self.cr.execute("INSERT INTO connection_api (model_id) VALUES ('res.partner')")
        with self.assertLogs(LOGGER, "WARNING"):
            takeover.take_over(self.cr)
        self.assertEqual(self._rows("id"), [])

    def test_table_without_models(self):
        self.cr.execute("CREATE TABLE connection_api (id serial, is_get bool)")
        self.cr.execute("INSERT INTO connection_api (is_get) VALUES (true)")
        with self.assertLogs(LOGGER, "WARNING"):
            takeover.take_over(self.cr)
        self.assertEqual(self._rows("id", "model_id"), [])

    def test_own_tables_are_left_alone(self):
        for table in ("connection_api", "jwt_refresh_token"):
            self.cr.execute(
                SQL(
                    "ALTER TABLE %s RENAME TO %s",
                    SQL.identifier(f"{table}_ours"),
                    SQL.identifier(table),
                )
            )
        self.cr.execute(
            "INSERT INTO connection_api (model_id, max_limit, run_as) VALUES (%s, 7, 'sudo')",
            [self.env["ir.model"]._get_id("res.country.state")],
        )
        before = self._rows("id", "model_id", "max_limit", "run_as")
        takeover.take_over_from_others(self.cr)
        self.assertEqual(self._rows("id", "model_id", "max_limit", "run_as"), before)
        self.assertTrue(sql.column_exists(self.cr, "jwt_refresh_token", "token_hash"))

    def test_no_table_at_all(self):
        takeover.take_over_from_others(self.cr)
        self.assertFalse(sql.table_exists(self.cr, "connection_api"))

    def test_plain_tokens_are_gone(self):
        """Whatever they hang on, and the model that Odoo knew by its other name."""
        self.cr.execute(
            """
            CREATE TABLE jwt_refresh_token (id serial PRIMARY KEY, user_id int4, stored_token varchar NOT NULL);
            CREATE TABLE jwt_other (id serial, token_id int4 REFERENCES jwt_refresh_token);
            INSERT INTO jwt_refresh_token (user_id, stored_token) VALUES (2, 'eyJ');
            INSERT INTO jwt_other (token_id) SELECT id FROM jwt_refresh_token;
            INSERT INTO ir_model (model, name, state, "order")
            VALUES ('jwt.refresh_token', '{"en_US": "JWT Refresh Token"}', 'base', 'id')
            """
        )
        takeover.take_over(self.cr)
        self.assertFalse(sql.table_exists(self.cr, "jwt_refresh_token"))
        self.assertEqual(len(self._rows("id", table="jwt_other")), 1)
        self.cr.execute("SELECT 1 FROM ir_model WHERE model = 'jwt.refresh_token'")
        self.assertFalse(self.cr.fetchall())

    def test_access_rights_of_others_end(self):
        """A line without a group would let every user open a model."""
        access = self.env["ir.model.access"].create(
            {
                "name": "everybody",
                "model_id": self.env["ir.model"]._get_id("connection.api"),
                "perm_read": True,
                "perm_create": True,
            }
        )
        self.env.flush_all()
        takeover.take_over_from_others(self.cr)
        access.invalidate_recordset()
        self.assertFalse(access.active)

    def _give_api_keys(self, *modules):
        self.cr.execute("ALTER TABLE res_users ADD COLUMN IF NOT EXISTS api_key varchar")
        self.cr.execute("UPDATE res_users SET api_key = md5(login)")
        self.cr.execute(
            "DELETE FROM ir_model_data WHERE name = 'field_res_users__api_key' AND model = 'ir.model.fields'"
        )
        for module in modules:
            self.env["ir.model.data"].create(
                {
                    "module": module,
                    "name": "field_res_users__api_key",
                    "model": "ir.model.fields",
                    "res_id": self.env["ir.model.fields"]._get_ids("res.users")["login"],
                }
            )
        self.env.flush_all()

    def test_api_keys_are_gone(self):
        """Also when the module is gone and its column is left."""
        for owners in (["rest_api_odoo"], []):
            self._give_api_keys(*owners)
            takeover.take_over_from_others(self.cr)
            self.assertEqual(set(self._rows("api_key", table="res_users")), {(None,)})

    def test_api_keys_of_other_modules_stay(self):
        self._give_api_keys("some_other_module")
        before = self._rows("api_key", table="res_users")
        takeover.take_over_from_others(self.cr)
        self.assertEqual(self._rows("api_key", table="res_users"), before)

    def test_secret_of_a_variant_is_gone(self):
        parameters = self.env["ir.config_parameter"]
        for take_over in (takeover.take_over, takeover.take_over_from_others):
            parameters.set_param("rest_api.jwt_secret", "c2VjcmV0")
            take_over(self.cr)
            self.env.invalidate_all()
            self.assertFalse(parameters.search([("key", "=", "rest_api.jwt_secret")]))
