# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Chromium, for the tours and dev/e2e."""

from __future__ import annotations

import shutil

from . import debian

MISSING = "no Chromium here, so nothing that needs a browser ran: apt-get install chromium"


def path() -> str | None:
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


def ensure() -> None:
    """Install it if need be, where that may be done."""
    if not path():
        debian.install("chromium")
