# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""List what the addon and its development depend on, with licences, and look for known vulnerabilities."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from . import measured, npm, proxies, source, versions
from .bootstrap import REQUIREMENTS, ROOT, home, locked, stop_on, stream
from .pytests import fresh_log
from .report import Result
from .setup import Setup

DOCUMENT = ROOT / "doc" / "dependencies.md"
#: The packages of pip-audit; it is not among those of dev/, as only `dev/test soak supply` needs it.
AUDIT = ROOT / "dev" / "requirements-audit.txt"
#: Lock files, by the folder that has them.
LOCKS = (npm.PINNED, npm.PINNED / "openapi", npm.RTLCSS)
#: The name of a licence in a package → its identifier of SPDX.
SPDX = {
    "APGL3": "AGPL-3.0-or-later",
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "Expat license": "MIT",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License (GPL)": "GPL",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Public Domain": "public domain",
    "Python Software Foundation License": "PSF-2.0",
}
#: Packages that name their licence only in their repository.
UNNAMED = {"detect-secrets": "Apache-2.0"}
#: Packages that only other versions of Python, or other systems, need.
UNINSTALLED = {
    "async-timeout": "Apache-2.0",
    "colorama": "BSD",
    "exceptiongroup": "MIT",
    "tomli": "MIT",
}
#: Calls that name a package of Debian, and which argument of them does.
_CALLS = {"install": 0, "ensure": 0, "runnable": 1}


def licence(package: str) -> str:
    """Return the licence that an installed Python package names.

    :return: a name or an expression of SPDX; "" if the package is not installed for this Python
    """
    try:
        found = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return ""
    # not found.get(): in Python 3.10 and 3.11 it is there, but not promised
    named = {key: found[key] for key in ("License-Expression", "License") if key in found}
    if expression := named.get("License-Expression"):
        return expression
    if package in UNNAMED:
        return UNNAMED[package]
    text = named.get("License", "").strip()
    text = SPDX.get(text, text)
    if re.fullmatch(r"[A-Z0-9][A-Za-z0-9.+-]*", text) and text != "LGPL":
        return text
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in found.get_all("Classifier") or []
        if each.startswith("License :: ")
    ]
    names = sorted({SPDX[each] for each in classifiers if each in SPDX})
    return " OR ".join(names) or text


def pinned() -> dict[str, list[str]]:
    """Return the Python packages of dev/requirements.txt, and which packages require each; [] if dev/ itself does."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in REQUIREMENTS.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9][\w.-]*)==", line):
            name = match[1]
            found.setdefault(name, [])
        elif name and (match := re.match(r"    #(?: via|  ) +(\S.*)$", line)):
            found[name].append(match[1])
    return {
        package: [] if any(each.startswith("-r ") for each in needed_by) else sorted({*needed_by})
        for package, needed_by in found.items()
    }


def of_debian() -> set[str]:
    """Return the packages of Debian that dev/ unpacks or installs: those of Odoo, and what calls name."""
    names = {source.PACKAGE, *source.FILES, *proxies.PROGRAMS}
    for path in sorted((ROOT / "dev" / "lib").rglob("*.py")):
        names |= set(_named(ast.parse(path.read_text())))
    return names


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_PACKAGES":
            yield from ast.literal_eval(node.value)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        place = _CALLS.get(node.func.attr)
        if place is None or getattr(node.func.value, "id", "") != "debian":
            continue
        argument = node.args[place]
        if isinstance(argument, ast.Constant):
            yield str(argument.value)


def of_npm() -> dict[str, str]:
    """Return the npm packages that a package.json names, with their licences."""
    found = {versions.POSTGRES: "MIT"}
    for folder in LOCKS:
        named = json.loads((folder / "package.json").read_text())["dependencies"]
        locked_ones = _locked(folder)
        found.update({name: locked_ones[f"node_modules/{name}"] for name in named})
    return found


def licences_of_npm() -> set[str]:
    """Return the licences of all npm packages that are installed, named or not."""
    return {text for folder in LOCKS for text in _locked(folder).values()}


def _locked(folder: Path) -> dict[str, str]:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    return {
        path: str(package.get("license") or "not named")
        for path, package in packages.items()
        if path
    }


def indirect(known: Mapping[str, str]) -> str:
    """Return the table of the Python packages that others require.

    :param known: the licences that the table has: of packages that this Python does not need
    """
    rows = [
        (
            f"`{name}`",
            licence(name) or known.get(name, "?"),
            ", ".join(f"`{of}`" for of in needed_by),
        )
        for name, needed_by in pinned().items()
        if needed_by
    ]
    return measured.table(("package", "licence", "required by"), rows)


def rows(heading: str) -> dict[str, list[str]]:
    """Return the other cells of each row of the document below a heading, by the first one."""
    text = DOCUMENT.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def soak(setup: Setup, words: list[str]) -> Result:
    """Renew the table of packages, and look for known vulnerabilities.

    A package that cannot be checked is counted as skipped, not as passed.
    """
    known = {name: cells[0] for name, cells in rows("Python, required by others").items()}
    known = UNINSTALLED | {name: text for name, text in known.items() if text != "?"}
    measured.write(DOCUMENT, "indirect", indirect(known))
    result = Result()
    _audit_python(setup, result)
    if npm.is_there():
        for folder in LOCKS:
            _audit_npm(setup, folder, result)
    else:
        result.skipped += len(LOCKS)
        result.notes.append(npm.MISSING)
    measured.write(DOCUMENT, "audit", _told(setup, result))
    return result


def _told(setup: Setup, result: Result) -> str:
    """Return the text of the document about an audit."""
    counts = f"{result.passed} without a known vulnerability, {result.failed} with one"
    return (
        f"{measured.conditions(setup, 'dev/test soak supply')}\n\nPackages of PyPI, and lock files of npm: {counts},"
        f" {result.skipped} that could not be checked."
    )


def _audit_python(setup: Setup, result: Result) -> None:
    """Check the packages of dev/, which include the newest releases that the addon allows."""
    path = fresh_log(setup, "pip-audit")
    python = _auditor()
    command = [python, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "20", "-r", REQUIREMENTS]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    path.write_text(done.stderr + done.stdout)
    read_audit(done.stdout, result, str(path))


def read_audit(text: str, result: Result, log: str) -> None:
    """Count what pip-audit found: one test for each package.

    A package without data is skipped: pip-audit ends with 0 even if it cannot reach its database.
    """
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError):
        packages = []
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    for package in packages:
        if "skip_reason" not in package:
            found = ", ".join(each["id"] for each in package["vulns"])
            problem = f"{package['name']} {package['version']}: {found} (log: {log})"
            result.check(problem if found else "")
    if unknown or not packages:
        result.skipped += len(unknown) or 1
        result.notes.append(
            f"pip-audit could not check {len(unknown) or 'all'} packages, because it cannot reach its database"
            f" (log: {log})"
        )


def _auditor() -> Path:
    """Return the Python of an environment with pip-audit, which is made once for each machine."""
    folder = home() / "pip-audit"
    python = folder / "bin" / "python"
    with locked("pip-audit"):
        kept = folder / "requirements.txt"
        if not kept.exists() or kept.read_text() != AUDIT.read_text():
            log = home() / "log" / "pip-audit.log"
            code = stream("pip-audit", [sys.executable, "-m", "venv", "--clear", folder], log)
            stop_on(code, log, "Making a virtual environment")
            code = stream("pip-audit", [python, "-m", "pip", "install", "-r", AUDIT], log)
            stop_on(code, log, "Installing pip-audit", network=True)
            kept.write_text(AUDIT.read_text())
    return python


def _audit_npm(setup: Setup, folder: Path, result: Result) -> None:
    path = fresh_log(setup, f"npm-audit-{folder.name}")
    done = subprocess.run(
        ["npm", "audit", "--json", "--package-lock-only"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    path.write_text(done.stdout + done.stderr)
    read_npm_audit(done.stdout, result, folder.name, str(path))


def read_npm_audit(text: str, result: Result, name: str, log: str) -> None:
    """Count what npm found in one lock file as one test."""
    try:
        found = json.loads(text)["vulnerabilities"]
    except (ValueError, KeyError):
        result.skipped += 1
        result.notes.append(
            f"npm audit could not check {name}, because it cannot reach its database (log: {log})"
        )
        return
    vulnerable = [f"{package} ({each['severity']})" for package, each in found.items()]
    result.check(f"npm audit: {name}: {', '.join(vulnerable)} (log: {log})" if vulnerable else "")
