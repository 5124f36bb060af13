# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Chromium, for the tours and dev/e2e. It comes from the distribution, so only root can bring it."""

from __future__ import annotations

import os
import shutil

from .bootstrap import home, stream

MISSING = "no Chromium here, so nothing that needs a browser ran: apt-get install chromium"


def path() -> str | None:
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


def ensure() -> str | None:
    """The browser's path; on CI as root it is installed if need be, nobody else's machine is changed."""
    if not path() and os.environ.get("CI") and not os.geteuid() and shutil.which("apt-get"):
        log = home() / "log" / "chromium.log"
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        stream("apt-get update", ["apt-get", "update"], log, env=env)
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        stream("Chromium", install, log, env=env)
    return path()
