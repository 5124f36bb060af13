# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""wkhtmltopdf, with which Odoo makes the PDF of a report, and cairo, with which it draws the barcodes in one."""

from __future__ import annotations

import ctypes.util
import shutil

from . import debian

MISSING = "no wkhtmltopdf here, so no report was made: apt-get install wkhtmltopdf"
NO_BARCODES = "no cairo here, so no barcode was drawn: apt-get install libcairo2"


def path() -> str | None:
    return shutil.which("wkhtmltopdf")


def ensure() -> None:
    """Install both if need be, where that may be done."""
    if not path():
        debian.install("wkhtmltopdf")
    if not draws_barcodes():
        debian.install("libcairo2")


def draws_barcodes() -> bool:
    """Return whether the library is there that rlPyCairo draws with."""
    return ctypes.util.find_library("cairo") is not None
