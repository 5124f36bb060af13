# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which of Odoo's modules make up "all community apps that install", decided by rule as far as one goes."""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from . import database
from .setup import Setup

#: Beginnings of names: tests, countries and themes bring hardly a model of their own, but many hours.
LEFT_OUT = ("test_", "l10n_", "theme_")
#: One country, so that what the apps do with a chart of accounts is there.
TAKEN_IN = frozenset(["l10n_us"])
#: What installs and yet does not belong here, each with its reason.
EXCEPTIONS = {
    "account_test": "its reports run Python code on the data, and it is made for developers",
    "cloud_storage_migration": "it moves files away from the database",
    "transifex": "it reads configuration files of Odoo's translators",
}


def template(setup: Setup) -> str:
    """Build a database with all apps and demo data, once; some four minutes, and 400 MB."""
    modules = installable(setup.odoo.path / "odoo" / "addons")
    title = f"a database with all {len(modules)} community apps and demo data (once, some minutes)"
    wanted = {*modules, *database.addon_depends()}
    return database.template(setup, wanted, demo=True, title=title)


def installable(addons: Path) -> list[str]:
    """Name the modules under *addons* to be installed together: all that the rules above leave."""
    manifests = {path.parent.name: _manifest(path) for path in addons.glob("*/__manifest__.py")}

    @cache
    def usable(name: str) -> bool:
        manifest = manifests.get(name)
        if name == "base":
            return True
        if manifest is None or not manifest.get("installable", True) or name in EXCEPTIONS:
            return False
        if name.startswith(LEFT_OUT) and name not in TAKEN_IN:
            return False
        needs = manifest.get("external_dependencies", {}).get("python", [])
        return all(map(_is_there, needs)) and all(map(usable, manifest.get("depends", [])))

    return sorted(filter(usable, manifests))


def _manifest(path: Path) -> dict[str, Any]:
    return dict(ast.literal_eval(path.read_text()))


def _is_there(distribution: str) -> bool:
    """Whether a Python package is installed, by the name of its distribution or of its module, as Odoo asks."""
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return importlib.util.find_spec(distribution.replace("-", "_")) is not None
    return True
