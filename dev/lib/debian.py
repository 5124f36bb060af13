# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Programs that come from the distribution: installed by root on CI, unpacked in our folder elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .bootstrap import home, locked, stream


def _is_ours() -> bool:
    """Return whether the machine is CI's, and may be changed; nobody else's is."""
    return bool(os.environ.get("CI")) and not os.geteuid()


def install(package: str) -> None:
    """On CI as root; nobody else's machine is changed."""
    if not _is_ours() or not shutil.which("apt-get"):
        return
    log = home() / "log" / f"{package}.log"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    stream("apt-get update", ["apt-get", "update"], log, env=env)
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    stream(package, command, log, env=env)


def ensure(program: str) -> None:
    """Install the package of a program's name where there is no such program, if that may be done."""
    if not shutil.which(program):
        install(program)


def unpacked(folder: Path, packages: Iterable[str], wanted: str) -> Path | None:
    """Return a file of packages that are unpacked in a folder, downloaded the first time.

    apt checks their signatures. What they depend on is neither downloaded nor installed.

    :param wanted: the pattern of the file's path in its package
    :return: None where there is no apt, and for packages of another layout
    """
    with locked(f"unpacked-{folder.name}"):
        if not any(folder.glob(wanted)):
            for package in packages:
                _unpack(package, folder)
    return next(iter(sorted(folder.glob(wanted))), None)


def _unpack(package: str, folder: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    folder.mkdir(parents=True, exist_ok=True)
    log = home() / "log" / f"{package}.log"
    fetch = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
    if stream(package, fetch, log, cwd=folder) and _is_ours():
        stream("apt-get update", ["apt-get", "update"], log)
        stream(package, fetch, log, cwd=folder)
    for deb in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
        deb.unlink()


def dependencies(package: str, pattern: str) -> list[str]:
    """Return the names of those packages that a package depends on and that contain a text.

    A package such as ``php-cli`` has no files: it depends on that of the distribution's version.
    """
    if not shutil.which("apt-cache"):
        return []
    done = subprocess.run(
        ["apt-cache", "depends", "--important", package], capture_output=True, text=True
    )
    names = [line.partition("Depends: ")[2].strip() for line in done.stdout.splitlines()]
    return [name for name in names if pattern in name]


def libraries_of(package: str) -> list[str]:
    """Return the packages with libraries that a package needs, also indirectly, and that are not installed."""
    found: list[str] = []
    waiting = [package]
    while waiting:
        for name in dependencies(waiting.pop(), "lib"):
            if name.startswith("lib") and name not in found and not _is_installed(name):
                found.append(name)
                waiting.append(name)
    return found


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True).stdout == "installed"


def runnable(folder: Path, package: str, place: str, version: str = "-v") -> str | None:
    """Return the path of a program: the machine's own, or that of a package that is unpacked in a folder.

    :param place: the path of the program in its package
    :param version: the option with which the program tells its version
    :return: None if there is no such program that runs
    """
    if own := shutil.which(Path(place).name):
        return own
    path = unpacked(folder, [package, *libraries_of(package)], place)
    if path:
        path = _with_libraries(folder, path)
    # a package of another layout, or without its libraries, is as good as none
    works = path and not subprocess.call(
        [path, version], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return str(path) if works else None


def _with_libraries(folder: Path, program: Path) -> Path:
    """Return a script that runs a program with the libraries that are unpacked beside it, if there are any."""
    found = sorted({str(library.parent) for library in folder.glob("usr/lib/**/*.so*")})
    if not found:
        return program
    script = folder / program.name
    words = f"LD_LIBRARY_PATH={':'.join(found)} {program}"
    new = script.with_suffix(f".{os.getpid()}")
    new.write_text(f'#!/bin/sh\nexec env {words} "$@"\n')
    new.chmod(0o755)
    new.replace(script)
    return script
