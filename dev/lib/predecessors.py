# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Modules that use names of the addon, made anew from what is known of their tables, and the way from them to it."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from textwrap import dedent

from . import database, log
from .pytests import fresh_log
from .report import Result
from .setup import ADDON, Setup

#: The model that both have; neither has a rule of one connection per model.
CONNECTION = """
class ConnectionApi(models.Model):
    _name = "connection.api"
    _description = "Connection"
    _rec_name = "model_id"

    model_id = fields.Many2one("ir.model")
    is_get = fields.Boolean()
    is_post = fields.Boolean()
    is_put = fields.Boolean()
    is_delete = fields.Boolean()
    {more}
"""
#: Module → version, Python and access rights. The line without a group is what both have.
MODULES = {
    "jwt_auth_api": (
        "19.0.1.0.0",
        CONNECTION.format(more="active = fields.Boolean(default=True)")
        + """
class RefreshToken(models.Model):
    _name = "jwt.refresh_token"
    _description = "JWT Refresh Token"

    is_revoked = fields.Boolean()
    stored_token = fields.Char(required=True, index=True)
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
""",
        "access_connection,connection,model_connection_api,,1,1,1,1\n"
        "access_ir_model_user,ir_model_all,base.model_ir_model,base.group_user,1,0,0,0\n",
    ),
    "rest_api_odoo": (
        "19.0.1.0.0",
        CONNECTION.format(more="note = fields.Char(required=True, default='-')")
        + """
class ResUsers(models.Model):
    _inherit = "res.users"

    api_key = fields.Char()
""",
        "access_connection,connection,model_connection_api,,1,1,1,1\n",
    ),
}
VIEWS = """<odoo>
    <record id="connection_api_view_list" model="ir.ui.view">
        <field name="name">connection.api</field>
        <field name="model">connection.api</field>
        <field name="arch" type="xml"><list><field name="model_id"/><field name="is_get"/></list></field>
    </record>
    <record id="rest_api_root_action" model="ir.actions.act_window">
        <field name="name">Rest API</field>
        <field name="res_model">connection.api</field>
    </record>
    <menuitem id="rest_api_root" name="Rest API" action="rest_api_root_action"/>
    {more}
</odoo>
"""
#: It cannot be shown as long as the module is installed without its code.
VIEW_OF_USERS = """<record id="view_users_list" model="ir.ui.view">
        <field name="name">res.users</field>
        <field name="model">res.users</field>
        <field name="inherit_id" ref="base.view_users_tree"/>
        <field name="arch" type="xml"><field name="login" position="after"><field name="api_key"/></field></field>
    </record>"""
CONNECTIONS = """
    INSERT INTO connection_api (model_id, is_get, is_put)
    SELECT m.id, place = 1, place = 2 FROM ir_model m, (VALUES (1), (2)) AS twice (place)
     WHERE m.model = 'res.partner' ORDER BY place;
    INSERT INTO connection_api (model_id, is_get, is_post, is_delete)
    SELECT id, true, true, true FROM ir_model WHERE model IN ('res.country', 'res.users.apikeys');
    INSERT INTO connection_api (is_get) VALUES (true)
"""
KEPT = """
    SELECT model, run_as, active, coalesce(is_get, false), coalesce(is_post, false),
           coalesce(is_put, false), coalesce(is_delete, false), max_limit
      FROM connection_api ORDER BY model
"""
#: What a database has of the addon, and in the tables that others had.
FINGERPRINT = f"""
    SELECT 'column', table_name, column_name, udt_name, is_nullable FROM information_schema.columns
     WHERE table_name ~ '^(connection_api|jwt_)' OR table_name = 'res_users'
    UNION SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '' FROM pg_constraint
     WHERE conrelid > 0 AND conrelid::regclass::text ~ '^(connection_api|jwt_)'
    UNION SELECT 'index', tablename, indexname, '', '' FROM pg_indexes
     WHERE tablename ~ '^(connection_api|jwt_)'
    UNION SELECT 'xmlid', model, name, '', '' FROM ir_model_data WHERE module = '{ADDON}'
    UNION SELECT 'model', model, '', '', '' FROM ir_model WHERE model ~ '^(jwt|connection)[.]'
    UNION SELECT 'field', model, name, ttype, '' FROM ir_model_fields
     WHERE model ~ '^(jwt|connection)[.]'
    UNION SELECT 'access', m.model, a.name, a.perm_write::text, a.active::text
      FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id
     WHERE m.model ~ '^(jwt|connection)[.]' OR m.model = 'ir.model'
"""


def moves(setup: Setup) -> Result:
    """Move a database from each of them to the addon; it must be as one that never had another module."""
    result = Result()
    folder = setup.work / "predecessors"
    shutil.rmtree(folder, ignore_errors=True)
    for module in MODULES:
        _write(folder / module / module, module)
    fresh = fingerprint_of_fresh(setup)
    result.add(_from_earlier(setup, folder / "jwt_auth_api", fresh))
    result.add(_from_cybrosys(setup, folder / "rest_api_odoo", fresh))
    return result


@cache
def fingerprint_of_fresh(setup: Setup) -> frozenset[tuple[str, ...]]:
    """Return the fingerprint of a database that has never had another module, or another release."""
    name = setup.database("test_install_fresh")
    database.copy(setup, database.template(setup, ()), name)
    database.install(setup, name, fresh_log(setup, "install-fresh"))
    fresh = frozenset(database.rows(setup, name, FINGERPRINT))
    database.drop(setup, name)
    return fresh


def _write(folder: Path, module: str) -> None:
    version, code, access = MODULES[module]
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"from odoo import fields, models\n{dedent(code)}")
    manifest = {"name": module, "version": version, "depends": ["base_setup"], "license": "LGPL-3"}
    manifest |= {"author": "others", "data": ["ir.model.access.csv", "views.xml"]}
    (folder / "__manifest__.py").write_text(repr(manifest))
    head = "id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink\n"
    (folder / "ir.model.access.csv").write_text(head + access)
    more = VIEW_OF_USERS if "api_key" in code else ""
    (folder / "views.xml").write_text(VIEWS.format(more=more))


def _begin(setup: Setup, folder: Path, *statements: str) -> str:
    """Return a database in which another module is installed and used."""
    module = folder.name
    name = setup.database(f"test_install_{module}")
    database.copy(setup, database.template(setup, ()), name)
    path = fresh_log(setup, f"install-{module}")
    options = ("-i", module, "--addons-path", _addons(setup, folder), "--no-http")
    if code := database.odoo(setup, name, path, *options):
        raise RuntimeError(f"{module}: exit code {code} (log: {path})")
    for statement in statements:
        database.rows(setup, name, statement)
    return name


def _addons(setup: Setup, *folders: Path) -> str:
    return ",".join(map(str, (*setup.odoo.addons, *folders)))


def _move(
    setup: Setup, result: Result, name: str, step: str, addons: str, *options: object
) -> None:
    """Run Odoo; its log may have no other warnings than those of what could not be kept."""
    path = fresh_log(setup, f"install-{step}")
    code = database.odoo(setup, name, path, *options, "--addons-path", addons, "--no-http")
    # the last two tell that rest_api_odoo is installed without its folder
    expected = ("engine.takeover", "hooks", "module_graph", "modules.loading")
    complaints = [str(each) for each in log.complaints(path) if not each.logger.endswith(expected)]
    result.check(code and f"{step}: exit code {code} (log: {path})")
    result.check(complaints and f"{step}: {'; '.join(complaints)} (log: {path})")


def _compare(
    setup: Setup, result: Result, name: str, run_as: str, fresh: frozenset[tuple[str, ...]]
) -> None:
    kept = database.rows(setup, name, KEPT)
    expected = [
        ("res.country", run_as, True, True, True, False, True, 1000),
        ("res.partner", run_as, True, True, False, False, False, 1000),
    ]
    result.check(kept != expected and f"{name}: the connections are {kept}")
    there = set(database.rows(setup, name, FINGERPRINT))
    result.check(there - fresh and f"{name}: left over: {sorted(there - fresh)}")
    result.check(fresh - there and f"{name}: missing: {sorted(fresh - there)}")
    answer = database.shell(
        setup,
        name,
        fresh_log(setup, "install-kept"),
        'print("OPEN", getattr(env["connection.api"]._connection("res.partner"), "methods", None))',
    )
    result.check("OPEN ('GET',)" not in answer and f"{name}: {answer}")
    database.drop(setup, name)


def _from_earlier(setup: Setup, folder: Path, fresh: frozenset[tuple[str, ...]]) -> Result:
    """Replace the folder of the earlier module, and update."""
    result = Result()
    token = "INSERT INTO jwt_refresh_token (user_id, stored_token) VALUES (2, 'eyJ.plain')"
    name = _begin(setup, folder, CONNECTIONS, "UPDATE connection_api SET active = true", token)
    ours = _addons(setup, setup.work / "addons")
    _move(setup, result, name, "from-earlier", ours, "-u", ADDON)
    tokens = database.rows(setup, name, "SELECT 1 FROM jwt_refresh_token")
    result.check(tokens and f"{name}: tokens are left")
    _compare(setup, result, name, "sudo", fresh)
    return result


def _from_cybrosys(setup: Setup, folder: Path, fresh: frozenset[tuple[str, ...]]) -> Result:
    """Install the addon where ``rest_api_odoo`` is installed without its folder, and uninstall that."""
    result = Result()
    required = "ALTER TABLE connection_api ALTER COLUMN note SET DEFAULT '-'"
    name = _begin(setup, folder, required, CONNECTIONS, "UPDATE res_users SET api_key = md5(login)")
    ours = _addons(setup, setup.work / "addons")
    _move(setup, result, name, "from-rest-api-odoo", ours, "-i", ADDON)
    keys = database.rows(setup, name, "SELECT 1 FROM res_users WHERE api_key IS NOT NULL")
    result.check(keys and f"{name}: API keys are left")
    access = """
        SELECT a.name FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id
         WHERE m.model = 'connection.api' AND a.active AND a.group_id IS NULL
    """
    result.check(database.rows(setup, name, access) and f"{name}: everybody may open models")
    path = fresh_log(setup, "install-uninstall-rest-api-odoo")
    command = [setup.odoo_bin, "module", "uninstall", "-d", name, folder.name]
    code = database.run(command, path)
    result.check(code and f"uninstalling {folder.name}: exit code {code} (log: {path})")
    _compare(setup, result, name, "user", fresh)
    return result
