# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Databases: built once as templates without the addon, copied in a second, the addon installed on the copy."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from .bootstrap import ROOT, Stop, bound, digest, home, locked, stop_on, stream
from .setup import ADDON, Setup


def addon_depends() -> list[str]:
    """The modules that the addon's manifest names."""
    manifest = ROOT / "__manifest__.py"
    if not manifest.exists():
        raise Stop(f"There is no addon in {ROOT} yet: __manifest__.py is missing.")
    return list(ast.literal_eval(manifest.read_text()).get("depends", ["base"]))


def connect(setup: Setup, name: str) -> Any:
    connection = psycopg2.connect(**setup.postgres.dsn(name))
    connection.autocommit = True
    return connection


def rows(setup: Setup, name: str, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """What *query* gives in database *name*, on a connection of its own."""
    with contextlib.closing(connect(setup, name)) as connection, connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []


def exists(setup: Setup, name: str) -> bool:
    return bool(rows(setup, "postgres", "SELECT 1 FROM pg_database WHERE datname = %s", [name]))


def drop(setup: Setup, name: str) -> None:
    rows(setup, "postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(_filestore(setup.work / "data", name), ignore_errors=True)


def drop_all(setup: Setup, prefix: str) -> None:
    """Drop this checkout's databases whose name begins with *prefix*: what a killed run left behind."""
    like = setup.database(prefix).replace("_", r"\_") + "%"
    for (name,) in rows(setup, "postgres", "SELECT datname FROM pg_database WHERE datname LIKE %s", [like]):
        drop(setup, name)


def create(setup: Setup, name: str) -> None:
    """An empty database, made as Odoo makes one, but without its tries at extensions that need not be there."""
    rows(setup, "postgres", f"""CREATE DATABASE "{name}" ENCODING 'unicode' LC_COLLATE 'C' TEMPLATE template0""")


def copy(setup: Setup, template: str, name: str) -> None:
    """Make *name* a copy of a template, filestore included (hard links: Odoo never writes into a stored file)."""
    drop(setup, name)
    version = int(rows(setup, "postgres", "SHOW server_version_num")[0][0])
    # copying files beats logging every page, for templates of this size and a throw-away cluster
    strategy = "STRATEGY FILE_COPY" if version >= 150000 else ""
    with locked(f"copy-{template}"):  # PostgreSQL refuses a template that somebody is connected to
        rows(setup, "postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
    stored = _filestore(home() / "templates", template)
    if stored.exists():
        shutil.copytree(stored, _filestore(setup.work / "data", name), copy_function=_link)


def template(setup: Setup, modules: Iterable[str], *, demo: bool) -> str:
    """The name of a database with *modules* (and demo data) and without the addon, built if there is none yet."""
    wanted = sorted({"base", *modules})
    name = f"jwt_tpl_{digest(setup.odoo.version, demo, *wanted)}"
    with locked(name):
        if exists(setup, name):
            return name
        building = f"{name}_new"
        rows(setup, "postgres", f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
        create(setup, building)
        store = home() / "templates"
        log = home() / "log" / f"{name}.log"
        log.unlink(missing_ok=True)
        options = ["-d", building, "-i", ",".join(wanted), "--data-dir", store, "--stop-after-init", "--no-http"]
        options += ["--max-cron-threads", "0", *(["--with-demo"] if demo else [])]
        title = f"a database with {', '.join(modules) or 'base'}{' and demo data' if demo else ''} (once, a minute or two)"
        stop_on(stream(title, [setup.odoo_bin, *options], log), log, "Building that database")
        rows(setup, "postgres", f'ALTER DATABASE "{building}" RENAME TO "{name}"')
        if _filestore(store, building).exists():
            shutil.rmtree(_filestore(store, name), ignore_errors=True)
            _filestore(store, building).rename(_filestore(store, name))
    return name


def odoo(setup: Setup, name: str, log: Path, *options: object) -> int:
    """Run Odoo to its end (`--stop-after-init`) on database *name*; its output goes to *log*."""
    command = [setup.odoo_bin, "-d", name, "--stop-after-init", "--max-cron-threads", "0", *options]
    with log.open("a") as out:
        return subprocess.call(bound(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def install(setup: Setup, name: str, log: Path, option: str = "-i") -> None:
    """Install (`-i`) or update (`-u`) the addon; Stop with the log's end if that fails."""
    stop_on(odoo(setup, name, log, option, ADDON, "--no-http"), log, f"odoo {option} {ADDON}")


def shell(setup: Setup, name: str, log: Path, script: str) -> str:
    """What *script* prints in `odoo shell`, where `env` may do everything; it commits what shall stay."""
    command = bound([setup.odoo_bin, "shell", "-d", name, "--no-http"])
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
    names = subprocess.run(
        ["find", ".", "-type", "f", "-not", "-path", "./.git/*", "-not", "-path", "./dev/*", "-not", "-name", "*.pyc"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")
    stats = [(name, os.stat(ROOT / name).st_mtime_ns) for name in sorted(filter(None, names))]
    return digest(*stats)


def _filestore(data: Path, name: str) -> Path:
    return data / "filestore" / name


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
