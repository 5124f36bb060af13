# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The addon's `tools/` without Odoo, for tests."""

from __future__ import annotations

import sys
import types

from .bootstrap import ROOT
from .setup import ADDON


def importable() -> None:
    """Let a test import `jwt_auth_api.tools`, whatever the checkout's folder is called.

    The addon's own `__init__.py` would import its controllers and models, and `odoo` with them.
    """
    package = types.ModuleType(ADDON)
    package.__path__ = [str(ROOT)]
    sys.modules[ADDON] = package
