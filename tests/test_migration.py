# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Updates from earlier releases."""

import importlib.util

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL
from odoo.tools.misc import file_path


def _load(version):
    path = file_path(f"jwt_auth_api/migrations/{version}/pre-migrate.py")
    spec = importlib.util.spec_from_file_location("pre_migrate", path)
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
