# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Copy, rename, neutralize, move and restore a database, and compare which tokens are valid with the document."""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from PIL import Image

from . import database, log
from .bootstrap import ROOT
from .client import Device
from .cluster import Machine
from .fixtures import Admin
from .pytests import fresh_log
from .report import Result
from .setup import Setup

OPERATIONS = ROOT / "doc" / "operations.md"
PASSWORD = "a password of moved users"
#: The columns of the table in doc/operations.md.
SHOWN = ("access token", "refresh token", "signed link", "API key")


def _pixel() -> str:
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


class Credentials:
    """Hold one credential of each kind, of one user."""

    def __init__(self, device: Device, link: str, key: str) -> None:
        self.device, self.link, self.key = device, link, key

    def accepted(self, url: str) -> dict[str, str]:
        """Return which of the credentials a server accepts."""
        device = Device(url)
        device.access, device.refresh = self.device.access, self.device.refresh
        statuses = {
            "access token": device.call("GET", "/api/me").status_code,
            "signed link": httpx.get(url + self.link, timeout=60).status_code,
            "API key": Device(url).login("mover", self.key).status_code,
            "refresh token": device.renew().status_code,
        }
        words = {200: "valid", 401: "refused", 404: "refused"}
        return {name: words.get(status, str(status)) for name, status in statuses.items()}


def documented() -> dict[str, dict[str, str]]:
    """Return the table of doc/operations.md: what happens, and which credentials are valid afterwards."""
    lines = OPERATIONS.read_text().splitlines()
    start = next(
        number
        for number, line in enumerate(lines)
        if line.startswith("| ") and all(name in line for name in SHOWN)
    )
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("| "):
            break
        what, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[what] = dict(zip(SHOWN, cells, strict=False))
    return found


def moves(setup: Setup) -> Result:
    """Run each case, and compare the outcome with the document."""
    result = Result()
    expected = documented()
    with contextlib.ExitStack() as stack:
        scene = _Scene(setup, stack)
        cases: dict[str, Callable[[], dict[str, str]]] = {
            "Odoo is restarted": scene.restarted,
            "The database is copied: in the copy": scene.copied,
            "The database is renamed": scene.renamed,
            "The database is neutralized": scene.neutralized,
            "The database is moved to another data folder, without `keeper`": scene.moved,
            "The same, with `keeper`": scene.moved_with_keeper,
            "An older dump is restored: what was issued before the dump": scene.restored,
        }
        found: dict[str, dict[str, str]] = {}
        for case, job in cases.items():
            found[case] = job()
        found["An older dump is restored: what was issued since"] = scene.since
    for case in sorted({*found, *expected}):
        said, is_so = expected.get(case), found.get(case)
        result.check(said != is_so and f"{case}: the document says {said}, it is {is_so}")
    complaints = scene.complaints()
    result.check(complaints and f"moving databases: {'; '.join(complaints)}")
    return result


class _Scene:
    """Hold a database, a copy of its state before each case, and the folders of the machines."""

    #: The one that has the folder `home`.
    machine: Machine

    def __init__(self, setup: Setup, stack: contextlib.ExitStack) -> None:
        self.setup = setup
        self.name = setup.database("test_install_moves")
        self.kept = f"{self.name}_kept"
        self.folder = setup.work / "moves"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.since: dict[str, str] = {}
        self.logs: list[Path] = []
        for name in (self.name, self.kept, f"{self.name}_copy"):
            stack.callback(database.drop, setup, name)
        template = database.template(setup, database.addon_depends())
        database.copy(setup, template, self.name)
        database.install(setup, self.name, fresh_log(setup, "install-moves"))
        self.home = self.folder / "home"
        with self._serving(self.name, "home") as url:
            self._prepare(Admin(self.machine.server))
            self.credentials = self._log_in(url)
        database.rename(setup, self.name, self.kept)

    @contextlib.contextmanager
    def _serving(self, name: str, folder: str, *, keeper: bool = False) -> Iterator[str]:
        """Serve a database with a data folder of its own, which is made the first time."""
        place = self.folder / folder
        if not place.exists() or folder != "home":
            shutil.rmtree(place, ignore_errors=True)
            machine = Machine(self.setup, name, place, workers=0, files=False)
        else:
            machine = self.machine
            machine.db = name
        if folder == "home":
            self.machine = machine
        if keeper:
            shutil.copytree(self.home / "data" / "jwt_auth_api", place / "data" / "jwt_auth_api")
        self.logs.append(machine.log_path)
        machine.start()
        try:
            yield machine.url
        finally:
            machine.stop()

    def _prepare(self, admin: Admin) -> None:
        admin.call("ir.config_parameter", "set_param", "ir_attachment.location", "db")
        [model] = admin.search("ir.model", [["model", "=", "res.partner"]])
        admin.create("connection.api", {"model_id": model, "is_get": True})
        values = {"name": "Mover", "login": "mover", "password": PASSWORD, "image_1920": _pixel()}
        admin.call("res.users", "create", [values], context={"no_reset_password": True})
        log_path = fresh_log(self.setup, "install-moves-key")
        self.key = database.api_key(self.setup, self.name, log_path, "mover")

    def _log_in(self, url: str) -> Credentials:
        device = Device(url)
        answer = device.login("mover", PASSWORD)
        assert answer.status_code == 200, answer.text
        partner = device.call("GET", "/api/me").json()["data"]["partner_id"]
        made = device.v1("POST", f"res.partner/{partner}/image_1920/link")
        assert made.status_code == 200, made.text
        return Credentials(device, made.json()["data"]["url"], self.key)

    def _restore(self, name: str = "") -> str:
        """Restore the state before the cases, under a name."""
        name = name or self.name
        database.drop(self.setup, name)
        database.rows(self.setup, "postgres", f'CREATE DATABASE "{name}" TEMPLATE "{self.kept}"')
        return name

    def _accepted(self, name: str, folder: str = "home", **options: bool) -> dict[str, str]:
        with self._serving(name, folder, **options) as url:
            return self.credentials.accepted(url)

    def restarted(self) -> dict[str, str]:
        return self._accepted(self._restore())

    def copied(self) -> dict[str, str]:
        return self._accepted(self._restore(f"{self.name}_copy"))

    def renamed(self) -> dict[str, str]:
        other = f"{self.name}_copy"
        database.drop(self.setup, other)
        database.rename(self.setup, self._restore(), other)
        return self._accepted(other)

    def neutralized(self) -> dict[str, str]:
        path = fresh_log(self.setup, "install-moves-neutralize")
        self._restore()
        code = database.run([self.setup.odoo_bin, "neutralize", "-d", self.name], path)
        assert not code, f"odoo neutralize ended with {code} (log: {path})"
        return self._accepted(self.name)

    def moved(self) -> dict[str, str]:
        return self._accepted(self._restore(), "elsewhere")

    def moved_with_keeper(self) -> dict[str, str]:
        return self._accepted(self._restore(), "with-keeper", keeper=True)

    def restored(self) -> dict[str, str]:
        """Log in once more and log out the first device; then restore the state before that."""
        with self._serving(self._restore(), "home") as url:
            since = self._log_in(url)
            first = Device(url)
            first.access = self.credentials.device.access
            assert first.logout().status_code == 200
            # the first API key is older than the dump
            log_path = fresh_log(self.setup, "install-moves-key")
            since.key = database.api_key(self.setup, self.name, log_path, "mover")
            assert set(since.accepted(url).values()) == {"valid"}
        with self._serving(self._restore(), "home") as url:
            self.since = since.accepted(url)
            return self.credentials.accepted(url)

    def complaints(self) -> list[str]:
        """Return the warnings and errors of the logs."""
        return [str(entry) for path in dict.fromkeys(self.logs) for entry in log.complaints(path)]
