# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Node.js, the npm packages that the JavaScript client is checked with, and rtlcss, which Odoo runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from . import debian
from .bootstrap import ROOT, Stop, digest, home, locked, stop_on, stream

MISSING = "no Node.js 20 with npm here, so the JavaScript client was not tested: apt-get install nodejs npm"
#: What is installed: package.json, and package-lock.json with the version of every package.
PINNED = ROOT / "dev" / "npm"
#: rtlcss alone: Odoo calls it for the styles of languages that are written from right to left.
RTLCSS = PINNED / "rtlcss"
UNMIRRORED = (
    "rtlcss is missing (it needs Node.js 20 and npm): Arabic and Hebrew screens are not mirrored"
)


def is_there() -> bool:
    """Return whether there are a Node.js that is new enough, and npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return int(version.lstrip("v").partition(".")[0] or 0) >= 20


def ensure() -> None:
    """Install both if need be, where that may be done."""
    if not is_there():
        debian.install("nodejs")
        debian.install("npm")


def packages(pinned: Path = PINNED) -> Path:
    """Return the folder `node_modules` with the packages of *pinned*, installed if it is not there yet.

    Each lock file has a folder of its own, which all checkouts share. No package runs a script of its own.
    """
    folder = _folder(pinned)
    if not (folder / "complete").exists():
        with locked("npm"):
            if not (folder / "complete").exists():
                _install(pinned, folder)
    return folder / "node_modules"


def programs(pinned: Path) -> Path:
    """Return the folder of the programs of *pinned*, whether they are installed or not."""
    return _folder(pinned) / "node_modules" / ".bin"


def mirroring() -> str:
    """Install rtlcss, if that is possible; return what is missing otherwise."""
    if not is_there():
        return UNMIRRORED
    try:
        packages(RTLCSS)
    except Stop as stop:
        return f"{UNMIRRORED}. {stop}"
    return ""


def _folder(pinned: Path) -> Path:
    return home() / "npm" / digest((pinned / "package-lock.json").read_text())


def _install(pinned: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(pinned / name, folder)
    log = home() / "log" / "npm.log"
    log.unlink(missing_ok=True)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command += [f"--cache={home() / 'npm' / 'cache'}"]
    names = ", ".join(json.loads((pinned / "package.json").read_text())["dependencies"])
    code = stream(f"npm packages: {names}", command, log, cwd=folder)
    stop_on(code, log, "Installing the npm packages", network=True)
    (folder / "complete").touch()
