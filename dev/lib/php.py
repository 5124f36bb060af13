# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""PHP with its curl extension, to run the samples in it."""

from __future__ import annotations

import functools
import shutil
import subprocess

from . import debian
from .bootstrap import home

MISSING = "no PHP here, so its samples were not run: apt-get install php-cli php-curl"
#: The packages without files that depend on those of the distribution's version.
_PACKAGES = ("php-cli", "php-curl")


@functools.cache
def command() -> tuple[str, ...] | None:
    """Return PHP, the machine's own or unpacked from the distribution's packages; None without curl in it."""
    if not shutil.which("php"):
        for package in _PACKAGES:
            debian.install(package)
    own = shutil.which("php")
    if own and _has_curl((own,)):
        return (own,)
    return _unpacked()


def _unpacked() -> tuple[str, ...] | None:
    folder = home() / "php"
    names = [name for package in _PACKAGES for name in debian.dependencies(package, "php")]
    packages = [name for name in names if name.endswith(("-cli", "-curl"))]
    program = debian.unpacked(folder, packages, "usr/bin/php[0-9]*[0-9]")
    curl = next(iter(folder.glob("usr/lib/php/*/curl.so")), None)
    if not program or not curl:
        return None
    # without the configuration of the machine, which names extensions that are not there
    found = (str(program), "-n", "-d", f"extension={curl}")
    return found if _has_curl(found) else None


def _has_curl(words: tuple[str, ...]) -> bool:
    """Return whether PHP runs, and has the extension; a package without its libraries is as good as none."""
    code = "exit(function_exists('curl_init') ? 0 : 1);"
    done = subprocess.run([*words, "-r", code], capture_output=True)
    return not done.returncode
