# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find secrets that were committed by mistake: keys, tokens of services, and random passwords.

A value that only looks like a secret has the comment `pragma: allowlist secret` in its line.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core import scan
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

from .bootstrap import ROOT

#: Detectors that are not used: addresses of machines are no secrets.
LEFT_OUT = {"IPPublicDetector"}
#: Files that are not scanned: translations repeat texts of others, lock files have checksums.
SKIPPED = re.compile(r"\.(png|po|pot|svg|woff2?|xz|ico)$|(^|/)package-lock\.json$")
#: A random password: those of tests and examples are words.
RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\S{12,}")
FILTERS = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_sequential_string",
    "detect_secrets.filters.heuristic.is_potential_uuid",
)


def files() -> list[Path]:
    """Return the files of the repository, new ones too, but not those that git ignores."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if not SKIPPED.search(name)]


def found(paths: Iterable[Path]) -> list[str]:
    """Return where files seem to hold a secret, with its kind; never the secret itself."""
    kinds: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    plugins = [{"name": kind.__name__} for kind in kinds if kind.__name__ not in LEFT_OUT]
    filters = [{"path": path} for path in FILTERS]
    with transient_settings({"plugins_used": plugins, "filters_used": filters}):
        return [
            f"{path}:{secret.line_number}: {secret.type}"
            for path in paths
            if path.is_file()
            for secret in scan.scan_file(str(path))
            if secret.type != "Secret Keyword" or RANDOM.fullmatch(secret.secret_value or "")
        ]
