# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Install, update and uninstall the addon, alone and beside other apps: no warning, and nothing left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx

from . import apps, archive, database, log, measured, moves, predecessors, releases
from .bootstrap import say
from .client import Device, together
from .fixtures import Admin
from .pytests import fresh_log
from .report import Result
from .server import Server, serving
from .setup import ADDON, Setup

NEIGHBOURS = ("account", "sale", "stock", "website")
#: Installed after the addon, each on a database of its own, in the long form; then all of them.
AFTERWARDS = (
    "auth_totp",
    "auth_passkey",
    "auth_oauth",
    "auth_ldap",
    "auth_signup",
    "auth_password_policy",
    "mail",
    "portal",
    "website",
    "sale_management",
    "account",
    "stock",
    "hr",
    "project",
    "point_of_sale",
)
#: Names that must be the same after an uninstallation.
SCHEMA = """
    SELECT 'column', table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
    UNION SELECT 'index', tablename, indexname FROM pg_indexes WHERE schemaname = 'public'
    UNION SELECT 'constraint', conrelid::regclass::text, conname FROM pg_constraint WHERE conrelid > 0
    UNION SELECT 'sequence', sequencename, '' FROM pg_sequences WHERE schemaname = 'public'
    UNION SELECT 'view', viewname, '' FROM pg_views WHERE schemaname = 'public'
    UNION SELECT 'function', proname, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION SELECT 'trigger', tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION SELECT 'extension', extname, '' FROM pg_extension
    UNION SELECT 'parameter', key, '' FROM ir_config_parameter
    UNION SELECT 'xmlid', module, model FROM ir_model_data WHERE module = 'jwt_auth_api'
"""
#: Tables to which Odoo itself adds rows when somebody logs in, or when modules change.
ODOOS_OWN = frozenset(["ir_cron_trigger", "res_device_log", "res_users_log"])
#: Steps, and the options of Odoo for each.
STEPS: dict[str, tuple[str, ...]] = {
    "install": ("-i", ADDON, "--no-http"),
    "update": ("-u", ADDON, "--no-http"),
    "uninstall": ("module", "uninstall", ADDON),
    "install again": ("-i", ADDON, "--no-http"),
}
Rows = dict[str, set[object]]


def install(setup: Setup, words: list[str]) -> Result:
    """Install, update and uninstall what an admin downloads: no warning, and nothing left behind.

    With `base` alone, beside larger applications, in a running server, and in place of earlier releases and of modules
    that use the same names.
    """
    result = Result()
    conf = _downloaded(setup, "install")
    steps = ("install", "update", "uninstall")
    places: dict[str, Callable[[], Result]] = {
        "base": lambda: beside(setup, "base", _template(setup, ()), conf, steps),
        "neighbours": lambda: beside(
            setup, "neighbours", _template(setup, NEIGHBOURS), conf, steps
        ),
        "running": lambda: _while_it_runs(setup),
        "moves": lambda: moves.moves(setup),
        "predecessors": lambda: predecessors.moves(setup),
        "releases": lambda: releases.updates(setup),
    }
    for place, job in places.items():
        if not words or place in words:
            result.add(job())
    return result


def _template(setup: Setup, modules: tuple[str, ...]) -> str:
    return database.template(setup, (*modules, *database.addon_depends()))


def _downloaded(setup: Setup, part: str) -> Path:
    """Write a configuration of Odoo with the addon as it is downloaded, if that can be packed here."""
    if not archive.is_clone():
        return setup.conf
    addons, conf = setup.work / f"downloaded-{part}", setup.work / f"downloaded-{part}.conf"
    shutil.rmtree(addons, ignore_errors=True)
    archive.unpack(addons / ADDON)
    conf.touch(0o600)
    conf.write_text(setup.conf.read_text().replace(str(setup.work / "addons"), str(addons)))
    return conf


def beside(
    setup: Setup,
    place: str,
    template: str,
    conf: Path,
    steps: Iterable[str],
    *,
    only_ours: bool = False,
) -> Result:
    """Run the steps on a copy of a database.

    :param only_ours: ignore warnings that do not name the addon
    """
    result = Result()
    name = setup.database(f"test_install_{place}")
    database.copy(setup, template, name)
    before, schema = contents(setup, name), _schema(setup, name)
    for step in steps:
        problem = _step(setup, name, f"{place}-{step}", STEPS[step], conf, only_ours=only_ours)
        expected = "uninstalled" if step == "uninstall" else "installed"
        state = _state(setup, name)
        problem = problem or ("" if state == expected else f"the module's state is {state}")
        result.check(problem and f"{step} beside {place}: {problem}")
        if step == "uninstall":
            left = _left(setup, name, before, schema)
            result.check(left and f"uninstalled beside {place}, but left: {left}")
    database.drop(setup, name)
    return result


def _step(
    setup: Setup, name: str, label: str, options: Sequence[str], conf: Path, *, only_ours: bool
) -> str:
    """Run Odoo for a step, and return its warnings and errors."""
    path = fresh_log(setup, f"install-{label.replace(' ', '-')}")
    if options[0] == "module":
        command = [setup.odoo_bin, *options[:2], "-c", conf, "-d", name, *options[2:]]
        code = database.run(command, path)
    else:
        code = database.odoo(setup, name, path, "-c", conf, *options)
    found = [
        str(entry)
        for entry in log.complaints(path)
        if not only_ours or ADDON in entry.logger or ADDON in entry.text.replace(name, "")
    ]
    if code:
        found.append(f"exit code {code}")
    return f"{'; '.join(found)} (log: {path})" if found else ""


def _state(setup: Setup, name: str) -> str:
    query = "SELECT state FROM ir_module_module WHERE name = %s"
    [(state,)] = database.rows(setup, name, query, [ADDON])
    return str(state)


def contents(setup: Setup, name: str) -> Rows:
    """Return the ids of the rows of each table; whole rows of a table without ids."""
    query = """
        SELECT t.table_name, c.column_name IS NOT NULL
          FROM information_schema.tables t
          LEFT JOIN information_schema.columns c
            ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_name = 'id'
         WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    """
    return {
        table: {
            row
            for (row,) in database.rows(
                setup, name, f'SELECT {"id" if has_id else "t::text"} FROM "{table}" t'
            )
        }
        for table, has_id in database.rows(setup, name, query)
    }


def _schema(setup: Setup, name: str) -> set[tuple[str, ...]]:
    return set(database.rows(setup, name, SCHEMA))


def _left(setup: Setup, name: str, before: Rows, schema: set[tuple[str, ...]]) -> str:
    """Return what is not as it was before the addon was installed."""
    found = [" ".join(row) for row in sorted(_schema(setup, name) ^ schema)]
    after = contents(setup, name)
    for table in sorted({*before, *after}):
        if table in ODOOS_OWN or table.startswith("orm_signaling_"):
            continue
        was, now = before.get(table, set()), after.get(table, set())
        if changed := [
            f"{len(rows)} {what}"
            for rows, what in ((now - was, "more"), (was - now, "less"))
            if rows
        ]:
            found.append(f"rows of {table}: {' and '.join(changed)}")
    return "; ".join(found)


def _while_it_runs(setup: Setup) -> Result:
    """Use the addon, uninstall it in a running server, use Odoo on each worker, install the addon again, and log in."""
    result = Result()
    name = setup.database("test_install_running")
    database.copy(setup, _template(setup, ()), name)
    before, schema = contents(setup, name), _schema(setup, name)
    path = fresh_log(setup, "install-running")
    database.install(setup, name, path)
    with serving(setup, name, path) as server:
        admin = Admin(server)
        device = _use(admin, server)
        query = "SELECT sid FROM jwt_session"
        identifiers = [sid for (sid,) in database.rows(setup, name, query)]
        _press(admin, "button_immediate_uninstall")
        answers = set(together(12, lambda _number: _statuses(server, device)))
        result.check(answers != {(200, 404, 404, 404)} and f"uninstalled, workers return {answers}")
        left = _left(setup, name, before, schema)
        query = "SELECT count(*) FROM res_device_log WHERE session_identifier = ANY(%s)"
        [(devices,)] = database.rows(setup, name, query, [identifiers])
        if devices or not identifiers:
            left += f"; {devices} of {len(identifiers)} devices of sessions"
        result.check(left and f"uninstalled after use, but left: {left}")
        _press(Admin(server), "button_immediate_install")
        ended = device.statuses(6)
        result.check(ended != {401} and f"an old token after installing again: {ended}")
        again = Device(server.url)
        statuses = {again.login("admin", "admin").status_code, *_me(again)}
        result.check(statuses != {200} and f"logging in after installing again: {statuses}")
    complaints = [str(each) for each in log.complaints(path)]
    tracebacks = "Traceback" in path.read_text(errors="replace")
    found = "; ".join(complaints) or ("a traceback" if tracebacks else "")
    result.check(found and f"uninstalled and installed while it runs: {found} (log: {path})")
    database.drop(setup, name)
    return result


def _press(admin: Admin, button: str) -> None:
    ids = admin.search("ir.module.module", [["name", "=", ADDON]])
    admin.call("ir.module.module", button, ids)


def _use(admin: Admin, server: Server) -> Device:
    """Create what a used installation has: connections, sessions, logs, favourites, defaults."""
    [model] = admin.search("ir.model", [["model", "=", "res.partner"]])
    fields = admin.search("ir.model.fields", [["model", "=", "res.partner"], ["name", "=", "name"]])
    [group] = admin.search("ir.model.data", [["name", "=", "group_user"]])
    [row] = admin.read("ir.model.data", [["id", "=", group]], ["res_id"])
    admin.create(
        "connection.api",
        {
            "model_id": model,
            "is_get": True,
            "group_ids": [[6, 0, [row["res_id"]]]],
            "read_field_ids": [[6, 0, fields]],
            "log_requests": True,
            "rate_limit": 600,
        },
    )
    admin.create("ir.filters", {"name": "Mine", "model_id": "connection.api"})
    admin.create("ir.exports", {"name": "Mine", "resource": "connection.api"})
    admin.call("ir.default", "set", "connection.api", "max_limit", 7)
    admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", "https://localhost")
    for kind in ("browser", "app"):
        device = Device(server.url, kind)
        assert device.login("admin", "admin").status_code == 200
        assert device.renew().status_code == 200
    assert device.get(model="res.partner", fields=["name"]).status_code == 200
    assert Device(server.url).login("admin", "wrong").status_code == 401
    return device


def _statuses(server: Server, device: Device) -> tuple[int, ...]:
    """Return the statuses of a page of Odoo and of three requests of the API."""
    page = httpx.get(f"{server.url}/web/login", timeout=60).status_code
    login = httpx.post(f"{server.url}/api/login", json={}, timeout=60).status_code
    docs = httpx.get(f"{server.url}/api/docs", timeout=60).status_code
    return page, login, docs, device.call("GET", "/api/me").status_code


def _me(device: Device) -> set[int]:
    return set(together(8, lambda _number: device.call("GET", "/api/me").status_code))


def soak(setup: Setup, words: list[str]) -> Result:
    """Install the addon beside all apps, and some apps after it, and write the table."""
    result = Result()
    conf = _downloaded(setup, "soak")
    rows: list[tuple[str, int, str, int, str]] = []

    def note(what: str, count: int, steps: str, started: float, found: Result) -> None:
        result.add(found)
        outcome = "nothing" if not found.failed else "; ".join(found.problems)
        rows.append((what, count, steps, round(time.monotonic() - started), outcome))
        say(f"  {what}: {outcome}")

    every = apps.installable(setup.odoo.path / "odoo" / "addons")
    if not words or "all" in words:
        template, started = apps.template(setup), time.monotonic()
        found = beside(setup, "all", template, conf, STEPS, only_ours=True)
        note("all apps are there", len(every), ", ".join(STEPS), started, found)
    first = setup.database("test_install_first")
    database.copy(setup, _template(setup, ()), first)
    database.install(setup, first, fresh_log(setup, "install-first"))
    there = set(every)
    chosen = [module for module in AFTERWARDS if module in there and (not words or module in words)]
    for module in chosen:
        started = time.monotonic()
        found = _before(setup, module, [module], conf, first)
        note(f"`{module}` comes afterwards", 1, "install, uninstall", started, found)
    if not words or "afterwards" in words:
        started = time.monotonic()
        found = _before(setup, "every", every, conf, first)
        note("all apps come afterwards", len(every), "install, uninstall", started, found)
    database.drop(setup, first)
    if not words and not result.failed:
        _write_table(setup, rows)
    return result


def _before(setup: Setup, label: str, modules: Sequence[str], conf: Path, first: str) -> Result:
    """Install apps after the addon, use it, and uninstall it."""
    result = Result()
    name = setup.database(f"test_install_{label}")
    database.copy(setup, first, name)
    options: tuple[str, ...] = ("-i", ",".join(modules), "--no-http")
    problem = _step(setup, name, f"{label}-after", options, conf, only_ours=True)
    result.check(problem and f"installing {label} after the addon: {problem}")
    path = fresh_log(setup, f"install-{label}-used")
    with serving(setup, name, path, workers=0) as server:
        device = Device(server.url)
        statuses = {device.login("admin", "admin").status_code, *_me(device)}
    complaints = [str(entry) for entry in log.complaints(path) if entry.ours]
    problem = "; ".join(complaints) or ("" if statuses == {200} else f"log-in returns {statuses}")
    result.check(problem and f"{label} after the addon: {problem} (log: {path})")
    options = STEPS["uninstall"]
    problem = _step(setup, name, f"{label}-uninstall", options, conf, only_ours=True)
    left = [" ".join(row) for row in sorted(_schema(setup, name)) if _is_ours(row)]
    problem = problem or (f"left: {'; '.join(left)}" if left else "")
    result.check(problem and f"uninstalling the addon beside {label}: {problem}")
    database.drop(setup, name)
    return result


def _is_ours(row: tuple[Any, ...]) -> bool:
    return any(str(word).startswith(("jwt_", "connection_api", "jwt_auth_api.")) for word in row)


def _write_table(setup: Setup, rows: Iterable[Sequence[object]]) -> None:
    header = (
        "other apps",
        "modules",
        "the addon's steps",
        "seconds",
        "warnings of the addon, or left over",
    )
    text = measured.conditions(setup, "dev/test soak install")
    measured.write(measured.RELIABILITY, "install", f"{text}\n\n{measured.table(header, rows)}")
