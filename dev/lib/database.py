# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Databases: built once as templates without the addon, copied in a second, the addon installed on the copy."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.errors import InsufficientPrivilege

from .bootstrap import ROOT, Stop, bound, digest, home, locked, say, stop_on, stream
from .setup import ADDON, Setup

TEST_MODULES = ("contacts", "product")
DEMO_MODULES = ("contacts", "sale", "stock")
# what the flows of dev/live work with, beside those
FLOW_MODULES = ("calendar", "hr_holidays", "project")
DEMO_SCRIPT = Path(__file__).with_name("demo.py")


def dev_addons(setup: Setup) -> tuple[str, str]:
    """Odoo's option for an addons path with those of dev/addons on it, which nobody but the tests installs."""
    path = (*setup.odoo.addons, setup.work / "addons", ROOT / "dev" / "addons")
    return "--addons-path", ",".join(map(str, path))


def manifest() -> dict[str, Any]:
    """The addon's manifest."""
    path = ROOT / "__manifest__.py"
    if not path.exists():
        raise Stop(f"There is no addon in {ROOT} yet: __manifest__.py is missing.")
    return dict(ast.literal_eval(path.read_text()))


def addon_depends() -> list[str]:
    """The modules that the addon's manifest names."""
    return list(manifest().get("depends", ["base"]))


def connect(setup: Setup, name: str) -> Any:
    connection = psycopg2.connect(**setup.postgres.dsn(name))
    connection.autocommit = True
    return connection


def rows(
    setup: Setup,
    name: str,
    query: str,
    params: Sequence[object] | Mapping[str, object] = (),
) -> list[tuple[Any, ...]]:
    """What *query* gives in database *name*, on a connection of its own."""
    with contextlib.closing(connect(setup, name)) as connection, connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []


def exists(setup: Setup, name: str) -> bool:
    return bool(rows(setup, "postgres", "SELECT 1 FROM pg_database WHERE datname = %s", [name]))


def drop(setup: Setup, name: str) -> None:
    _drop(setup, name)
    shutil.rmtree(_filestore(setup.work / "data", name), ignore_errors=True)


def _drop(setup: Setup, name: str) -> None:
    """Drop a database, and wait for PostgreSQL's autovacuum, which only superusers may interrupt."""
    for seconds in (0.5, 1, 2, 4, 8, 16):
        try:
            rows(setup, "postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except InsufficientPrivilege:
            time.sleep(seconds)
    rows(setup, "postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def sweep(setup: Setup) -> None:
    """Drop what belongs to checkouts that are gone: CI has a new one each time."""
    for record in setup.work.parent.glob("*/checkout"):
        if Path(record.read_text().strip()).exists():
            continue
        like = rf"jwt\_{record.parent.name}\_%"
        query = "SELECT datname FROM pg_database WHERE datname LIKE %s"
        for (name,) in rows(setup, "postgres", query, [like]):
            drop(setup, name)
        shutil.rmtree(record.parent, ignore_errors=True)


def create(setup: Setup, name: str) -> None:
    """An empty database, made as Odoo makes one, but without its tries at extensions that need not be there."""
    rows(
        setup,
        "postgres",
        f"""CREATE DATABASE "{name}" ENCODING 'unicode' LC_COLLATE 'C' TEMPLATE template0""",
    )


def copy(setup: Setup, template: str, name: str) -> None:
    """Make *name* a copy of a template or of another database of this checkout, filestore included.

    The files are hard links: Odoo never writes into a stored one.
    """
    drop(setup, name)
    _copy(setup, template, name, setup.work / "data")


def _copy(setup: Setup, template: str, name: str, data: Path) -> None:
    version = int(rows(setup, "postgres", "SHOW server_version_num")[0][0])
    # copying files beats logging every page, for templates of this size and a throw-away cluster
    strategy = "STRATEGY FILE_COPY" if version >= 150000 else ""
    with locked(f"copy-{template}"):  # PostgreSQL refuses a template that somebody is connected to
        rows(setup, "postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
    stored = _filestore(home() / "templates", template)
    if stored.exists():
        shutil.copytree(stored, _filestore(data, name), copy_function=_link)


def rename(setup: Setup, name: str, new: str) -> None:
    rows(setup, "postgres", f'ALTER DATABASE "{name}" RENAME TO "{new}"')
    stored = _filestore(setup.work / "data", name)
    if stored.exists():
        stored.rename(_filestore(setup.work / "data", new))


def template(
    setup: Setup,
    modules: Iterable[str],
    *,
    demo: bool = False,
    assets: bool = False,
    title: str = "",
    parent: str = "",
) -> str:
    """The name of a database with *modules* and without the addon, built if there is none yet.

    It has all that *parent* has, another template, and so costs the difference. With *assets* the bundles of the web
    client are in it: Odoo makes them before the first HttpCase, in half a minute.
    """
    wanted = sorted({*modules} if parent else {"base", *modules})
    name = f"jwt_tpl_{digest(setup.odoo.version, demo, assets, *wanted, *filter(None, [parent]))}"
    with locked(name):
        if not exists(setup, name):
            title = title or (
                f"a database with {', '.join(wanted)}{' and demo data' if demo else ''}"
                " (once, a minute or two)"
            )
            options = ["-i", ",".join(wanted), *(["--with-demo"] if demo else [])]
            _build(setup, name, title, options, parent, assets)
    return name


def _build(
    setup: Setup, name: str, title: str, options: Sequence[str], parent: str, assets: bool
) -> None:
    """Build a template under another name, which it leaves when it is complete."""
    building, store = f"{name}_new", home() / "templates"
    _drop(setup, building)
    shutil.rmtree(_filestore(store, building), ignore_errors=True)
    if parent:
        _copy(setup, parent, building, store)
    else:
        create(setup, building)
    log = home() / "log" / f"{name}.log"
    log.unlink(missing_ok=True)
    command = [setup.odoo_bin, "-d", building, *options, "--data-dir", store]
    command += ["--stop-after-init", "--no-http", "--max-cron-threads", "0"]
    stop_on(stream(title, command, log), log, "Building that database")
    if assets:
        script = 'env["ir.qweb"]._pregenerate_assets_bundles(); env.cr.commit()'
        shell(setup, building, log, script, "--data-dir", store)
    rows(setup, "postgres", f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    if _filestore(store, building).exists():
        shutil.rmtree(_filestore(store, name), ignore_errors=True)
        _filestore(store, building).rename(_filestore(store, name))


def test_template(setup: Setup) -> str:
    """For the Odoo tests of the addon: they run beside TEST_MODULES and make their own data."""
    return template(setup, {*TEST_MODULES, *addon_depends()}, assets=True)


def demo_template(setup: Setup) -> str:
    return template(setup, {*DEMO_MODULES, *addon_depends()}, demo=True, assets=True)


def live_template(setup: Setup) -> str:
    """For dev/live: as demo_template, with the apps that its flows need besides."""
    parent = demo_template(setup)
    title = f"the same with {', '.join(FLOW_MODULES)} (once, a minute)"
    return template(setup, FLOW_MODULES, demo=True, assets=True, title=title, parent=parent)


def make_demo(setup: Setup, name: str, log: Path, template: str = "") -> None:
    """Make *name* anew: Odoo's demo data for DEMO_MODULES, the addon, and connections for a few models.

    *template* is another one with such data.
    """
    log.unlink(missing_ok=True)
    building = f"{name}_new"
    copy(setup, template or demo_template(setup), building)
    say("… the addon and its demo connections")
    install(setup, building, log)
    shell(setup, building, log, DEMO_SCRIPT.read_text())
    drop(setup, name)
    rename(setup, building, name)


def refresh_demo(setup: Setup, name: str, log: Path) -> None:
    """Bring an existing database up to the addon's code as it is now: install it or update it."""
    state = rows(setup, name, "SELECT state FROM ir_module_module WHERE name = %s", [ADDON])
    say("… updating the addon in the database")
    install(setup, name, log, "-u" if state == [("installed",)] else "-i")
    shell(setup, name, log, DEMO_SCRIPT.read_text())


def odoo(setup: Setup, name: str, log: Path, *options: object) -> int:
    """Run Odoo to its end (`--stop-after-init`) on database *name*; its output goes to *log*."""
    return run(
        [setup.odoo_bin, "-d", name, "--stop-after-init", "--max-cron-threads", "0", *options], log
    )


def run(command: Sequence[object], log: Path) -> int:
    """Run *command* with its output added to *log*; give its exit code."""
    with log.open("a") as out:
        return subprocess.call(bound(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def install(setup: Setup, name: str, log: Path, option: str = "-i") -> None:
    """Install (`-i`) or update (`-u`) the addon; Stop with the log's end if that fails."""
    stop_on(odoo(setup, name, log, option, ADDON, "--no-http"), log, f"odoo {option} {ADDON}")


def shell(setup: Setup, name: str, log: Path, script: str, *options: object) -> str:
    """What *script* prints in `odoo shell`, where `env` may do everything; it commits what shall stay."""
    command = bound([setup.odoo_bin, "shell", "-d", name, "--no-http", *options])
    with log.open("a") as out:
        done = subprocess.run(command, input=script, text=True, stdout=subprocess.PIPE, stderr=out)
    stop_on(done.returncode, log, "A script in odoo shell")
    return done.stdout


def api_key(setup: Setup, name: str, log: Path, login: str) -> str:
    """A new API key of the user *login*, as the user would make it in the preferences, good for a day."""
    script = f"""
import datetime
user = env["res.users"].search([("login", "=", {login!r})])
until = datetime.datetime.now() + datetime.timedelta(days=1)
print(env["res.users.apikeys"].with_user(user)._generate("rpc", "dev", until))
env.cr.commit()
"""
    return shell(setup, name, log, script).split()[-1]


def addon_stamp() -> str:
    """A name for the addon's code as it is now: what a database was last updated to."""
    skipped = {".git", "clients", "dev", "doc", "__pycache__"}
    files = [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and not skipped & set(path.relative_to(ROOT).parts)
    ]
    return digest(*((path, path.stat().st_mtime_ns) for path in files))


def _filestore(data: Path, name: str) -> Path:
    return data / "filestore" / name


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
