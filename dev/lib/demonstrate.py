# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/run: a server to try the addon on."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from . import database, npm
from .bootstrap import ROOT, Stop, say
from .pages import serving_folder
from .server import check_port, free_port, serving
from .setup import Setup

WELCOME = """
The server runs at {url}   (database {db}; Ctrl-C stops it)

  administrator   admin  / admin
  internal user   demo   / demo
  portal user     portal / portal

Log in, read three contacts, create one; paste the lines in this order:

TOKEN=$(curl -s {url}/api/login -H 'Content-Type: application/json' -H 'X-Client-Type: app' \
-d '{{"login": "admin", "password": "admin"}}' | sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')

curl -s -G {url}/api/send_request -H "Authorization: Bearer $TOKEN" \
--data-urlencode model=res.partner --data-urlencode 'fields=["name","email"]' --data-urlencode limit=3; echo

curl -s '{url}/api/send_request?model=res.partner' -H "Authorization: Bearer $TOKEN" \
-H 'Content-Type: application/json' -d '{{"values": {{"name": "Ada"}}, "fields": ["name"]}}'; echo

{app}

Its log: {log}
"""
#: The demo app is a page of another origin than Odoo's, which the setting Allowed Origins has to name.
APP = "A small app that uses it (clients/demo):  {origin}/demo/?odoo={url}"
ALLOW = """
parameters = env["ir.config_parameter"].sudo()
origins = parameters.get_param("jwt_auth_api.cors_origins") or ""
allowed = [each for each in origins.split(",") if each]
parameters.set_param("jwt_auth_api.cors_origins", ",".join([*allowed, {origin!r}]))
env.cr.commit()
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev/run", description="Odoo 19 with jwt_auth_api and demo data, to try it."
    )
    parser.add_argument("--port", type=_port, default=8069, help="the port on 127.0.0.1 (8069)")
    parser.add_argument(
        "--db", help="the database, created if it does not exist (one of this checkout's own)"
    )
    parser.add_argument(
        "--app-port",
        type=_port,
        help="the port of the demo app (the next one, or any that is free)",
    )
    parser.add_argument("--reset", action="store_true", help="create the database again")
    options = parser.parse_args()
    if options.db and not re.fullmatch(r"[a-zA-Z0-9][\w.-]{0,58}", options.db):
        raise Stop(
            f"{options.db!r} is not a valid name of a database: use letters, digits, _ . and -"
        )
    check_port(options.port)
    with Setup() as setup:
        if missing := npm.mirroring():
            say(missing)
        name = options.db or setup.database("run")
        log = _log(setup, options.port)
        installing = _log(setup, options.port, "install")
        prepare(setup, name, installing, reset=options.reset)
        port = options.app_port or _next_port(options.port)
        _allow(setup, name, installing, origin := f"http://127.0.0.1:{port}")
        say("… the server")
        log.unlink(missing_ok=True)
        with (
            serving(setup, name, log, port=options.port, cron=1) as server,
            serving_folder(ROOT / "clients", port),
        ):
            app = APP.format(origin=origin, url=server.url)
            say(WELCOME.format(url=server.url, db=name, log=log, app=app))
            server.process.wait()
    raise Stop(f"The server ended by itself. Its log: {log}")


def _port(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number up to 65535")


def _next_port(port: int) -> int:
    """Return the port after *port*, or any other one if that is taken."""
    try:
        check_port(port + 1)
    except Stop:
        return free_port()
    return port + 1


def _allow(setup: Setup, name: str, log: Path, origin: str) -> None:
    """Let pages of *origin* use the API."""
    query = "SELECT value FROM ir_config_parameter WHERE key = 'jwt_auth_api.cors_origins'"
    allowed = ",".join(value or "" for (value,) in database.rows(setup, name, query))
    if origin not in allowed.split(","):
        database.shell(setup, name, log, ALLOW.format(origin=origin))


def _log(setup: Setup, port: int, *words: str) -> Path:
    """A log of its own for each port: servers of one checkout run side by side."""
    return setup.work / "log" / f"{'-'.join(('run', str(port), *words))}.log"


def prepare(setup: Setup, name: str, log: Path, *, reset: bool) -> None:
    """Make the database, or update it when the addon's code is not what it was made with."""
    stamp = setup.work / f"{name}.stamp"
    code = database.addon_stamp()
    if reset or not database.exists(setup, name):
        database.make_demo(setup, name, log)
    elif not stamp.exists() or stamp.read_text() != code:
        log.unlink(missing_ok=True)
        database.refresh_demo(setup, name, log)
    stamp.write_text(code)
