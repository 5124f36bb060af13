# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Where Odoo's code comes from: ODOO_PATH, or Debian's package unpacked in a folder of ours.

Odoo is not on PyPI. Debian keeps it as `odoo-19`; apt itself finds, checks (signature and hash) and downloads
it, on any machine of the Debian family, with a source list and a state folder of our own: nothing is installed
system-wide and root is not needed. The archive is the one that this machine's apt uses already; where that knows none
of Debian's (Ubuntu), JWT_AUTH_API_DEBIAN names one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .bootstrap import Stop, digest, home, locked, say, stop_on, stream

PACKAGE = "odoo-19"
# what the package's symlinks point to: fonts and the three JavaScript libraries
FILES = (
    "fonts-font-awesome",
    "fonts-font-awesome-legacy",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
#: The environment variable with the address of a Debian archive.
ARCHIVE = "JWT_AUTH_API_DEBIAN"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Odoo:
    """An Odoo to run: *path* goes into PYTHONPATH, *addons* into the addons path, *version* names the code."""

    path: Path
    addons: tuple[Path, ...]
    version: str


def find() -> Odoo:
    """The Odoo to run with, downloaded if there is none yet."""
    given = os.environ.get("ODOO_PATH")
    if given:
        return _given(Path(given).expanduser().absolute())
    return _unpacked(_current() or _download())


def _given(path: Path) -> Odoo:
    if (path / "release.py").exists():
        path = path.parent
    release = path / "odoo" / "release.py"
    if not release.exists():
        raise Stop(
            f"ODOO_PATH={path} holds no odoo package: give the folder with odoo/release.py in it."
        )
    info = re.search(r"^version_info = \((\d+), (\d+)", release.read_text(), re.M)
    if not info or info.groups() != ("19", "0"):
        found = ".".join(info.groups()) if info else "unknown"
        raise Stop(f"The addon is for Odoo 19.0; the Odoo at ODOO_PATH={path} is {found}.")
    addons = path / "addons"
    return Odoo(
        path,
        (addons,) if (addons / "web").is_dir() else (),
        "19.0-" + digest(path, release.stat().st_mtime),
    )


def _unpacked(tree: Path) -> Odoo:
    return Odoo(tree / "usr/lib/python3/dist-packages", (), tree.name)


def _current() -> Path | None:
    trees = sorted((home() / "odoo").glob("19.*"), key=lambda tree: tree.stat().st_mtime)
    return trees[-1] if trees else None


def _download() -> Path:
    with locked("odoo"):
        tree = _current()
        if tree:
            return tree
        for tool in ("apt-get", "dpkg-deb"):
            if not shutil.which(tool):
                raise Stop(
                    f"{tool} is missing, so Odoo cannot be fetched here: set ODOO_PATH to an Odoo 19.0."
                )
        (home() / "odoo").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home() / "odoo", prefix="new-") as work:
            return _fetch(Path(work))


def _fetch(work: Path) -> Path:
    """Download and unpack in *work*; the finished tree is renamed into place, so that it is whole or not there."""
    log = home() / "log" / "odoo-download.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    for name in ("lists/partial", "cache/archives/partial", "debs", "tree"):
        (work / name).mkdir(parents=True)
    machine = _machine(work, log)
    source = work / "sid.list"
    archive, keyring = _archive(machine), _keyring(work, log, machine)
    source.write_text(f"deb [signed-by={keyring}] {archive} sid main\n")
    apt = [
        "apt-get",
        *("-o", f"Dir::Etc::sourcelist={source}", "-o", "Dir::Etc::sourceparts=/dev/null"),
        *("-o", f"Dir::State::lists={work / 'lists'}", "-o", f"Dir::Cache={work / 'cache'}"),
        # root's apt would hand the download to a user who may not write here
        *(
            "-o",
            "APT::Sandbox::User=root",
            "-o",
            "Acquire::Languages=none",
            "-o",
            "Acquire::Retries=3",
        ),
    ]
    debs = work / "debs"
    stop_on(
        stream("Debian's list of packages", [*apt, "update", "--error-on=any"], log),
        log,
        "Reading Debian's archive",
        network=True,
    )
    # Debian moves files between packages: what the archive does not have today is not asked for
    madison = subprocess.run(
        ["apt-cache", *apt[1:], "madison", *FILES], capture_output=True, text=True
    ).stdout
    known = sorted({line.split("|")[0].strip() for line in madison.splitlines()} & set(FILES))
    code = stream(
        f"{PACKAGE} and its fonts (125 MB)", [*apt, "download", PACKAGE, *known], log, cwd=debs
    )
    remedy = "Or set ODOO_PATH to an Odoo 19.0 of your own."
    stop_on(code, log, f"Downloading {PACKAGE}", remedy, network=True)
    say("… unpacking Odoo (1.2 GB)")
    for deb in sorted(debs.iterdir()):
        with log.open("ab") as out:
            code = subprocess.call(["dpkg-deb", "-x", deb, work / "tree"], stdout=out, stderr=out)
        stop_on(code, log, f"Unpacking {deb.name}", "Is the disk full?")
    _mend_links(work / "tree")
    version = next(debs.glob(f"{PACKAGE}_*")).name.split("_")[1].replace("%3a", ":")
    tree = home() / "odoo" / version
    (work / "tree").rename(tree)
    return tree


def _machine(work: Path, log: Path) -> list[str]:
    """The options with which apt has lists of what this machine's own archives hold.

    Where it has none (a fresh container), they are fetched into *work*.
    """
    if _targets([]) or (os.environ.get(ARCHIVE) and KEYRING.exists()):
        return []
    options = ["-o", f"Dir::State::lists={work / 'machine'}", "-o", f"Dir::Cache={work / 'cache'}"]
    (work / "machine" / "partial").mkdir(parents=True)
    command = ["apt-get", *options, "-o", "APT::Sandbox::User=root", "update"]
    stream("this machine's lists of packages", command, log)
    # apt-get ends with 0 although no archive answered
    stop_on(not _targets(options), log, "Reading this machine's package archives", network=True)
    return options


def _targets(options: list[str], *filters: str) -> list[str]:
    """The addresses of the archives whose lists apt has."""
    command = ["apt-get", *options, "indextargets", "--format", "$(REPO_URI)"]
    command += ["Created-By: Packages", *filters]
    return subprocess.run(command, capture_output=True, text=True).stdout.split()


def _archive(machine: list[str]) -> str:
    """The address of a Debian archive: the one that is named, or the one that this machine uses."""
    given = os.environ.get(ARCHIVE, "").strip()
    # Label: the archive of security updates is of the same origin, and has no Odoo
    found = [given] if given else _targets(machine, "Origin: Debian", "Label: Debian")
    if not found:
        raise Stop(
            f"Odoo comes from Debian's archive ({PACKAGE}), and apt knows no archive of Debian here: "
            f"name a mirror, {ARCHIVE}=http://MIRROR/debian dev/{Path(sys.argv[0]).name}, "
            "or set ODOO_PATH to an Odoo 19.0 of your own."
        )
    return found[0]


def _keyring(work: Path, log: Path, machine: list[str]) -> Path:
    """Debian's signing keys; where they are not installed (Ubuntu), from the machine's own archive."""
    if KEYRING.exists():
        return KEYRING
    folder = work / "keyring"
    folder.mkdir()
    command = ["apt-get", *machine, "-o", "APT::Sandbox::User=root"]
    command += ["download", "debian-archive-keyring"]
    code = stream("Debian's signing keys", command, log, cwd=folder)
    stop_on(
        code,
        log,
        "Fetching Debian's signing keys",
        "Install debian-archive-keyring, or set ODOO_PATH.",
        network=True,
    )
    for deb in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    return folder / KEYRING.relative_to("/")


def _mend_links(tree: Path) -> None:
    """Make the symlinks resolve within *tree*: absolute targets become relative.

    A font that its package no longer has costs an icon at most; a script would break every page.
    """
    missing = []
    for link in (path for path in tree.rglob("*") if path.is_symlink()):
        target = str(link.readlink())
        if target.startswith("/") and (tree / target[1:]).exists():
            link.unlink()
            link.symlink_to(os.path.relpath(tree / target[1:], link.parent))
        elif link.suffix == ".js" and not link.exists():
            missing.append(target)
    if missing:
        raise Stop(
            f"{PACKAGE} needs {', '.join(missing)}, which no package in FILES has: mend dev/lib/source.py."
        )
