# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Programs that come from the distribution, so that only root can bring them."""

from __future__ import annotations

import os
import shutil

from .bootstrap import home, stream


def install(package: str) -> None:
    """On CI as root; nobody else's machine is changed."""
    if not os.environ.get("CI") or os.geteuid() or not shutil.which("apt-get"):
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
