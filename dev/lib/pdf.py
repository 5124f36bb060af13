# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""wkhtmltopdf, with which Odoo makes the PDF of a report."""

from __future__ import annotations

import shutil

from . import debian

MISSING = "no wkhtmltopdf here, so no report was made: apt-get install wkhtmltopdf"


def path() -> str | None:
    return shutil.which("wkhtmltopdf")


def ensure() -> None:
    """Install it if need be, where that may be done."""
    if not path():
        debian.install("wkhtmltopdf")
