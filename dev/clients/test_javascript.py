"""The JavaScript client: its types, the copy that Odoo serves, and its own tests in Node.js."""

import os

import pytest
from lib.bootstrap import ROOT

PACKAGE = ROOT / "clients" / "js"
SERVED = ROOT / "static" / "client" / "odoo-jwt-api.js"
BANNER = """\
/* odoo-jwt-api, bundled from clients/js of the repository. License: LGPL-3. Do not edit: see CONTRIBUTING.md. */"""
EXPORTS = """
import {readFileSync} from "node:fs";
for (const entry of Object.values(JSON.parse(readFileSync("package.json", "utf8")).exports)) {
    const types = readFileSync(entry.types, "utf8");
    const typed = [...types.matchAll(/^export (?:class|function) (\\w+)/gm)].map((found) => found[1]);
    const real = Object.keys(await import(entry.default));
    if (!real.length || String(typed.sort()) !== String(real.sort())) {
        throw new Error(`${entry.default} exports ${real}; ${entry.types} has ${typed}`);
    }
}
"""


def test_types(javascript):
    """The modules and what a TypeScript app writes agree with the types, strictly."""
    assert not javascript.run("tsc", "--project", ".")


def test_exports(javascript):
    """The types name each function and class that the package exports, and no other."""
    assert not javascript.run("--input-type=module", "--eval", EXPORTS)


def test_served_copy(javascript, tmp_path):
    """The file that Odoo serves is the package in one piece."""
    bundle = tmp_path / SERVED.name
    options = ["--bundle", "--format=esm", "--charset=utf8", "--log-level=error"]
    assert not javascript.run(
        "esbuild", "src/index.js", *options, f"--banner:js={BANNER}", f"--outfile={bundle}"
    )
    same = SERVED.exists() and SERVED.read_text() == bundle.read_text()
    if not same:
        kept = javascript.folder.parent / bundle.name
        kept.write_text(bundle.read_text())
        pytest.fail(f"it is not what the package says: cp {kept} {SERVED.relative_to(ROOT)}")


@pytest.mark.parametrize("name", sorted(path.name for path in PACKAGE.glob("test/*.test.js")))
def test_in_node(javascript, server, name):
    """The package's own tests, without a network or against the server."""
    env = {"PATH": os.environ["PATH"], "ODOO_URL": server.url}
    failed = javascript.run("--test", f"test/{name}", **env)
    assert not failed, failed
