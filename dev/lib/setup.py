# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""All that a command works with: Odoo, PostgreSQL and the folder where this checkout's work is."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from . import npm, postgres, source
from .bootstrap import ROOT, digest, home

ADDON = "jwt_auth_api"


class Setup:
    """Use as a context: PostgreSQL runs until its end.

    `key` names this checkout, so that two of them have their own databases; `work` is its folder (addons path,
    filestore, logs, configuration), outside the repository.
    """

    def __init__(self) -> None:
        self.key = digest(ROOT)
        self.work = home() / "checkout" / self.key
        self.conf = self.work / "odoo.conf"
        self.odoo_bin = self.work / "odoo"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Setup:
        self.prepare()
        self.odoo = source.find()
        self.postgres = self._stack.enter_context(postgres.running())
        self._write_conf()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepare(self) -> None:
        """Make the folder alone: enough for what needs no Odoo."""
        for name in ("addons", "data", "log"):
            (self.work / name).mkdir(parents=True, exist_ok=True)
        self._link_addon()

    def database(self, name: str) -> str:
        """The full name of this checkout's database *name*."""
        return f"jwt_{self.key}_{name}"

    def _link_addon(self) -> None:
        """The repository's root is the addon, under whatever name it was checked out."""
        link = self.work / "addons" / ADDON
        if link.is_symlink() and link.readlink() == ROOT:
            return
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
        (self.work / "checkout").write_text(f"{ROOT}\n")

    def _write_conf(self) -> None:
        """Write what every Odoo process here shares, and the script that starts one with it (dev/odoo runs it too)."""
        server = self.postgres
        options = {
            "addons_path": ",".join(map(str, (*self.odoo.addons, self.work / "addons"))),
            "data_dir": self.work / "data",
            "db_host": server.host or False,
            "db_port": server.port,
            "db_user": server.user,
            "list_db": False,
            "http_interface": "127.0.0.1",
        }
        if server.password:
            options["db_password"] = server.password
        lines = [f"{key} = {value}" for key, value in options.items()]
        _write(self.conf, "\n".join(["[options]", *lines, ""]), 0o600)
        # a file, because Odoo starts its websocket process by the name of the script it was started with
        start = self.work / "start.py"
        _write(start, "import odoo.cli\n\nodoo.cli.main()\n", 0o644)
        env = {"ODOO_RC": self.conf, "PYTHONPATH": self.odoo.path}
        _write(self.odoo_bin, start_script(env, start), 0o755)


def start_script(env: Mapping[str, object], *words: object) -> str:
    """Return a shell script that runs Python with *env* and *words*, and rtlcss on its PATH.

    Odoo calls rtlcss for languages that are written from right to left. Its folder need not exist.
    """
    path = f'PATH={shlex.quote(str(npm.programs(npm.RTLCSS)))}:"$PATH"'
    settings = [f"{key}={shlex.quote(str(value))}" for key, value in env.items()]
    command = [shlex.quote(str(word)) for word in (sys.executable, *words)]
    return f'#!/bin/sh\nexec env {" ".join([path, *settings, *command])} "$@"\n'


def _write(path: Path, text: str, mode: int) -> None:
    """Replace *path* in one step, for other commands of this checkout may read it now."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(text)
    new.chmod(mode)
    new.replace(path)
