# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Update databases of earlier releases: each release's own code creates and uses one, the current code updates it.

The code of each release is in dev/releases, packed by `dev/pack`, so that no history of the repository is needed.
"""

from __future__ import annotations

import io
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import database, log
from .bootstrap import ROOT, Stop, say
from .client import Device
from .fixtures import Admin
from .predecessors import FINGERPRINT, fingerprint_of_fresh
from .pytests import fresh_log
from .report import Result
from .server import serving
from .setup import ADDON, Setup

PACKED = ROOT / "dev" / "releases"
#: The commit of each release whose databases may be in use. The tables changed while the version was 19.0.1.0.0: the
#: first commit is the one that its changelog describes, ``-last`` is the last one with this version.
RELEASES = {
    "19.0.1.0.0": "73725baf1dc744704f8afcabbd4630cab9a25c6d",  # pragma: allowlist secret
    "19.0.1.0.0-last": "7d6b302c3da64c473f6cf6f874c3bcee4d9f3099",  # pragma: allowlist secret
}
#: The files that Odoo needs, without tests and documents.
PATHS = (
    *("__init__.py", "__manifest__.py", "hooks.py", "LICENSE"),
    *("controllers", "data", "engine", "migrations", "models", "security", "tools", "views"),
    *("static/description/icon.png", "static/lib", "static/src"),
)
PASSWORD = "upgrade-password-1"
#: Before and after the update, each of these must have the same response: parameters of GET /api/send_request.
READS: tuple[dict[str, Any], ...] = (
    {"model": "res.partner", "fields": ["name"], "order": "id"},
    {"model": "res.partner", "fields": ["name", "email"], "order": "id desc", "limit": 3},
    {"model": "res.partner", "fields": ["name", "phone"]},
    {"model": "res.partner", "fields": ["name"], "domain": [["vat", "!=", False]]},
    {"model": "res.partner", "fields": ["name"], "limit": 6},
    {"model": "res.country", "fields": ["code", "name"], "order": "code", "limit": 4},
    {"model": "res.currency", "fields": ["name"]},
    {"model": "res.users", "fields": ["login"]},
    {"model": "jwt.session", "fields": ["id"]},
)


def pack_missing() -> None:
    """Pack the code of the releases that are not packed yet; this needs the history of the repository."""
    for name, commit in RELEASES.items():
        path = PACKED / f"{name}.tar.xz"
        if not path.exists():
            path.write_bytes(lzma.compress(tarred(commit), preset=9 | lzma.PRESET_EXTREME))
            say(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def has_history(commit: str) -> bool:
    """Return whether this repository has a commit; a shallow clone has only the last one."""
    command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return bool(shutil.which("git")) and not subprocess.call(
        command, cwd=ROOT, stderr=subprocess.DEVNULL
    )


def tarred(commit: str) -> bytes:
    """Return a tar file of the code at a commit."""
    listed = _git("ls-tree", "-r", "--name-only", commit, *PATHS).decode().splitlines()
    there = [path for path in PATHS if any(f"{name}/".startswith(f"{path}/") for name in listed)]
    return _git("archive", "--format=tar", f"--prefix={ADDON}/", commit, *there)


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True)
    if done.returncode:
        raise Stop(f"git {words[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout


def contents(tar: bytes) -> dict[str, bytes]:
    """Return the files of a tar file."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {
            member.name: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member))
        }


def unpacked(name: str) -> bytes:
    """Return the tar file of a release."""
    return lzma.decompress((PACKED / f"{name}.tar.xz").read_bytes())


def updates(setup: Setup) -> Result:
    """Update a used database of each release. Its sessions, connections and settings must not change."""
    result = Result()
    fresh = fingerprint_of_fresh(setup)
    for name in RELEASES:
        database_name = setup.database(f"test_install_from_{name.replace('.', '')}")
        database.copy(setup, database.template(setup, database.addon_depends()), database_name)
        _Update(setup, result, name, database_name).run(fresh)
        database.drop(setup, database_name)
    return result


class _Update:
    """Use a database with a release, update it, and use it with the current code."""

    def __init__(self, setup: Setup, result: Result, release: str, db: str) -> None:
        self.setup, self.result, self.release, self.db = setup, result, release, db
        self.devices: dict[str, Device] = {}

    def run(self, fresh: frozenset[tuple[str, ...]]) -> None:
        with self._serving("before", self._old_addons(), "-i") as server:
            self._use(Admin(server), server.url)
            before = self._state()
            self._check_reads(before)
        with self._serving("after", self.setup.work / "addons", "-u") as server:
            for device in self.devices.values():
                device.url = server.url
            self._compare("what devices get", before, self._state())
            self._check_sessions()
            self._check_limits(Admin(server))
            there = set(database.rows(self.setup, self.db, FINGERPRINT))
        self._check(there - fresh, "left over")
        self._check(fresh - there, "missing")
        # warnings that the checks cause on purpose
        expected = ("reuse: user", "is archived: all of its group_ids were deleted")
        complaints = [
            str(each)
            for each in log.complaints(self.log_path)
            if not any(text in each.text for text in expected)
        ]
        self._check(complaints, "the log has")
        tracebacks = "Traceback" in self.log_path.read_text(errors="replace")
        self._check(tracebacks, "the log has a traceback")

    def _check(self, problem: object, what: str) -> None:
        found = sorted(problem) if isinstance(problem, (set, list)) else problem
        text = f"{what}: {found}" if problem else ""
        self.result.check(text and f"updating from {self.release}: {text} (log: {self.log_path})")

    def _compare(
        self, what: str, before: Mapping[str, object], after: Mapping[str, object]
    ) -> None:
        changed = [
            f"{key}: {before[key]} before, {after[key]} after"
            for key in before
            if before[key] != after[key]
        ]
        self._check(changed, what)

    def _old_addons(self) -> Path:
        folder = self.setup.work / "releases" / self.release
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(unpacked(self.release))) as archive:
            archive.extractall(folder)
        return folder

    def _serving(self, label: str, addons: Path, option: str) -> Any:
        """Install or update, and serve then: it is one start of Odoo less."""
        self.log_path = fresh_log(self.setup, f"install-{self.release}-{label}")
        path = ",".join(map(str, (*self.setup.odoo.addons, addons)))
        options = (option, ADDON, "--addons-path", path)
        return serving(self.setup, self.db, self.log_path, workers=0, options=options)

    def _use(self, admin: Admin, url: str) -> None:
        """Open models and log in, with what every release has."""
        partners = [
            admin.create("res.partner", {"name": f"Upgrade {number}", "phone": "1"})
            for number in range(8)
        ]
        self.group = admin.create("res.groups", {"name": "Upgrade"})
        self._make_users(admin)
        model = {
            row["model"]: row["id"]
            for row in admin.read("ir.model", [["model", "like", "res."]], ["model"])
        }
        fields = {
            row["name"]: row["id"]
            for row in admin.read("ir.model.fields", [["model", "=", "res.partner"]], ["name"])
        }
        limited = {
            "is_get": True,
            "is_put": True,
            "max_limit": 5,
            "domain": f"[('id', 'in', {partners})]",
            "group_ids": [[6, 0, [self.group]]],
            "read_field_ids": [[6, 0, [fields["name"], fields["email"]]]],
            "write_field_ids": [[6, 0, [fields["email"]]]],
            "run_as": "sudo",
            "rate_limit": 5000,
        }
        connections: dict[str, dict[str, object]] = {
            "res.partner": limited,
            "res.country": {"is_get": True, "run_as": "user"},
            "res.currency": {"is_get": True, "active": False},
        }
        for name, values in connections.items():
            admin.create("connection.api", {"model_id": model[name], **values})
        parameters = {
            "jwt_auth_api.cors_origins": "https://localhost:3000",
            "jwt_auth_api.access_token_seconds": "1200",
        }
        for key, value in parameters.items():
            admin.call("ir.config_parameter", "set_param", key, value)
        self._log_in(url)
        self.partner = partners[0]

    def _make_users(self, admin: Admin) -> None:
        [row] = admin.read("ir.model.data", [["name", "=", "group_user"]], ["res_id"])
        internal = row["res_id"]
        for login, groups in {"upgrade_in": [self.group], "upgrade_out": []}.items():
            values = {
                "name": login,
                "login": login,
                "password": PASSWORD,
                "group_ids": [[4, group] for group in (internal, *groups)],
            }
            context = {"no_reset_password": True}
            admin.call("res.users", "create", [values], context=context)

    def _log_in(self, url: str) -> None:
        kinds = {"app": "app", "browser": "browser", "rotated": "app", "ended": "app", "out": "app"}
        for name, kind in kinds.items():
            device = self.devices[name] = Device(url, kind)
            login = "upgrade_out" if name == "out" else "upgrade_in"
            answer = device.login(login, PASSWORD)
            assert answer.status_code == 200, answer.text
        wrong = Device(url).login("upgrade_out", "wrong-password")
        assert wrong.status_code in (401, 403), wrong.text
        rotated = self.devices["rotated"]
        answer = rotated.rotate()
        assert answer.status_code == 200, answer.text
        self.replaced, rotated.refresh = rotated.refresh, answer.json()["refreshToken"]
        assert self.devices["ended"].logout().status_code == 200

    def _state(self) -> dict[str, Sequence[object]]:
        """Return the responses to each device, and the rows that an update must not change."""
        state: dict[str, Sequence[object]] = {}
        for name, device in self.devices.items():
            for params in READS:
                answer = device.get(**params)
                found = answer.json().get("data") if answer.status_code == 200 else None
                state[f"{name} {params}"] = (answer.status_code, found)
        for table, columns in {
            "jwt_session": "id, user_id, sid, client_type, expires_at, revoked_at",
            "jwt_refresh_token": "id, session_id, token_hash",
            "jwt_signing_key": "kid, state, identity, keeper",
            "connection_api": "id, model, active, is_get, is_put, run_as, domain, max_limit, rate_limit",
            "ir_config_parameter": "key, value",
        }.items():
            where = "WHERE key ~ '^jwt_auth_api[.]'" if table[:2] == "ir" else ""
            query = f"SELECT {columns} FROM {table} {where} ORDER BY 1"
            state[table] = database.rows(self.setup, self.db, query)
        return state

    def _check_reads(self, state: Mapping[str, Sequence[object]]) -> None:
        """Check that each device gets the right responses before the update; others are not worth a comparison."""
        partners, wide, phone, _vat, _page, countries, *closed = READS
        expected = {
            "app": {200: [partners, wide, countries], 400: [phone], 404: closed},
            "ended": {401: list(READS)},
            "out": {200: [countries], 403: [partners], 404: closed},
        }
        wrong = [
            f"{name} {params}: {found}"
            for name, statuses in expected.items()
            for status, reads in statuses.items()
            for params in reads
            if (found := state[f"{name} {params}"])[0] != status
        ]
        self._check(wrong, "before the update")

    def _check_sessions(self) -> None:
        """Check that tokens from before the update are still valid, and that a used one ends its session."""
        for name, device in self.devices.items():
            expected = 401 if name == "ended" else 200
            renewed, rotated = device.renew(), device.rotate()
            self._check(renewed.status_code != expected and renewed.text, f"{name}: renewing")
            self._check(rotated.status_code != expected and rotated.text, f"{name}: rotating")
        # a used token comes back, long after it was replaced
        past = "UPDATE jwt_refresh_token SET {} = {} - interval '1 hour' WHERE {} IS NOT NULL"
        for column in self._times():
            database.rows(self.setup, self.db, past.replace("{}", column))
        reused = self.devices["rotated"].renew(self.replaced)
        self._check(reused.status_code != 401 and reused.text, "a used token")
        after = self.devices["rotated"].get(model="res.country", fields=["code"])
        self._check(after.status_code != 401 and after.text, "the session of a used token")

    def _times(self) -> list[str]:
        query = (
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'jwt_refresh_token'"
            " AND data_type = 'timestamp without time zone' AND column_name !~ 'expires'"
        )
        return [name for (name,) in database.rows(self.setup, self.db, query)]

    def _check_limits(self, admin: Admin) -> None:
        """Check that a connection obeys its lists, and is closed when the last entry of one is deleted."""
        device = self.devices["app"]
        path = f"res.partner/{self.partner}"
        written = device.v1("PATCH", path, {"values": {"email": "a@example.com"}})
        self._check(written.status_code != 200 and written.text, "writing a listed field")
        closed = device.v1("PATCH", path, {"values": {"name": "No"}})
        self._check(
            closed.status_code not in (400, 403, 422) and closed.text, "writing another field"
        )
        admin.unlink("res.groups", self.group)
        for name in ("app", "out"):
            answer = self.devices[name].get(model="res.partner", fields=["name"])
            self._check(
                answer.status_code < 400 and answer.text, f"{name}: the last group is deleted"
            )
