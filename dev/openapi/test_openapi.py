# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The OpenAPI document: linters accept it, generators make working clients of it, other tools import it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from lib import npm
from lib.client import Device

GENERATED = Path(__file__).with_name("generated")
#: What openapi-python-client needs to know: these types of files are bytes.
PYTHON = """
post_hooks: []
content_type_overrides:
  application/pdf: application/octet-stream
  image/*: application/octet-stream
"""
TSC = "--strict --noUncheckedIndexedAccess --target es2022 --types node --skipLibCheck".split()
#: schemathesis sends this many requests to each operation.
EXAMPLES = 10
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


class Folder:
    """A folder with the document, the tools and what they make."""

    def __init__(self, path, document):
        self.path = path
        (path / "openapi.json").write_text(json.dumps(document))
        (path / "package.json").write_text('{"type": "module"}')

    def run(self, *words, timeout=240):
        """Run a program, and return its output.

        :raise AssertionError: if it fails
        """
        done = subprocess.run(
            list(map(str, words)), cwd=self.path, capture_output=True, text=True, timeout=timeout
        )
        assert not done.returncode, (done.stdout + done.stderr)[-4000:]
        return done.stdout + done.stderr

    def start(self, *words):
        """Start a program, whose output goes to a file; the caller waits for it."""
        with (self.path / "output.txt").open("w") as output:
            return subprocess.Popen(
                list(map(str, words)), cwd=self.path, stdout=output, stderr=subprocess.STDOUT
            )

    def npx(self, program, *words):
        return self.run("node_modules/.bin/" + program, *words)


@pytest.fixture(scope="module")
def device(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module")
def document(device):
    answer = device.call("GET", "/api/openapi.json")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "/api/v1/sale.order/{id}/action_confirm" in found["paths"]
    return found


@pytest.fixture(scope="module")
def folder(document, tmp_path_factory):
    return Folder(tmp_path_factory.mktemp("openapi"), document)


@pytest.fixture(scope="module")
def tools(folder):
    """The same folder, with the npm packages."""
    if not npm.is_there():
        pytest.skip(npm.MISSING)
    (folder.path / "node_modules").symlink_to(npm.packages(npm.PINNED / "openapi"))
    return folder


@pytest.fixture(scope="module", autouse=True)
def schemathesis(folder, device, server):
    """Generated requests, which are sent while the other tests of this file run: they take the longest."""
    # not what ends the session or logs in, nor what changes records that other tests need
    left_out = "/api/(revoke|update|login|sessions)|/schema$"
    process = folder.start(
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", f"--url={server.url}"),
        *("-H", f"Authorization: Bearer {device.access}", f"--max-examples={EXAMPLES}"),
        *("--phases=fuzzing", "--mode=all", "--workers=2", "--generation-deterministic"),
        f"--checks={CHECKS}",
        *(f"--exclude-path-regex={left_out}", "--exclude-method=DELETE", "--no-color"),
        "--suppress-health-check=all",
    )
    yield process
    process.kill()
    process.wait()


# --- linters -----------------------------------------------------------------------------------


def test_redocly(tools):
    assert "valid" in tools.npx("redocly", "lint", "--format=summary", "openapi.json")


def test_spectral(tools):
    (tools.path / "spectral.yaml").write_text('extends: ["spectral:oas"]')
    said = tools.npx(
        *("spectral", "lint", "-r", "spectral.yaml", "--fail-severity=hint", "openapi.json")
    )
    assert "No results" in said


# --- generators --------------------------------------------------------------------------------


def test_openapi_typescript_and_openapi_fetch(tools, server):
    shutil.copy(GENERATED / "openapi-fetch.ts", tools.path)
    tools.npx("openapi-typescript", "openapi.json", "-o", "api.d.ts")
    tools.npx("tsc", *TSC, "--module", "nodenext", "openapi-fetch.ts")
    assert "works" in tools.run("node", "openapi-fetch.js", server.url)


def test_types_refuse_mistakes(tools):
    """A field that does not exist and a value of a wrong type are errors of the compiler."""
    source = (GENERATED / "openapi-fetch.ts").read_text()
    for right, wrong in (
        ('name: "Typed"', "name: 7"),
        ('city: "Rome"', 'town: "Rome"'),
        ('fields: ["name", "child_ids"]', 'fields: ["nmae"]'),
    ):
        assert right in source
        (tools.path / "wrong.ts").write_text(source.replace(right, wrong))
        if not (tools.path / "api.d.ts").exists():
            tools.npx("openapi-typescript", "openapi.json", "-o", "api.d.ts")
        with pytest.raises(AssertionError, match=r"wrong\.ts"):
            tools.npx("tsc", *TSC, "--module", "nodenext", "--noEmit", "wrong.ts")


def test_hey_api(tools, server):
    shutil.copy(GENERATED / "hey-api.ts", tools.path)
    generate = ["openapi-ts", "-i", "openapi.json", "-o", "hey", "-c", "@hey-api/client-fetch"]
    tools.npx(*generate, "--no-log-file")
    for path in (tools.path / "hey").rglob("*.ts"):  # node needs the endings of the files
        text = re.sub(r"(from '\.[^']*?)(?:\.js)?'", r"\1.js'", path.read_text())
        for name in ("client", "core"):
            text = text.replace(f"from './{name}.js'", f"from './{name}/index.js'")
        path.write_text(text)
    tools.npx("tsc", *TSC, "--module", "nodenext", "hey-api.ts")
    assert "works" in tools.run("node", "hey-api.js", server.url)


def test_openapi_python_client(folder, server):
    (folder.path / "config.yaml").write_text(PYTHON)
    generate = ["generate", "--path", "openapi.json", "--config", "config.yaml", "--meta", "none"]
    said = folder.run(
        *(sys.executable, "-m", "openapi_python_client", *generate, "--output-path", "odoo_api")
    )
    assert "WARNING" not in said
    shutil.copy(GENERATED / "python_client.py", folder.path)
    folder.run(sys.executable, "-m", "mypy", "--disable-error-code=import-untyped", "odoo_api")
    folder.run(
        *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "python_client.py")
    )
    assert "works" in folder.run(sys.executable, "python_client.py", server.url)


# --- other tools -------------------------------------------------------------------------------


def imported(tools, script):
    """Return what a script in JavaScript writes to result.json; `text` in it is the document."""
    before = "import fs from 'node:fs'; const text = fs.readFileSync('openapi.json', 'utf8');\n"
    (tools.path / "script.mjs").write_text(before + script)
    tools.run("node", "script.mjs")
    return json.loads((tools.path / "result.json").read_text())


def requests_of(item, key):
    """Yield all requests of an imported collection, however deep its folders are."""
    for each in item.get(key, []):
        if each.get("items") or each.get("item"):
            yield from requests_of(each, key)
        else:
            yield each


def test_postman(tools, document):
    collection = imported(
        tools,
        """
        import converter from 'openapi-to-postmanv2';
        converter.convertV2({type: 'string', data: text}, {}, (error, result) => {
            if (error || !result.result) throw error ?? new Error(result.reason);
            fs.writeFileSync('result.json', JSON.stringify(result.output[0].data));
        });
        """,
    )
    requests = list(requests_of(collection, "item"))
    assert len(requests) == sum(
        len(set(item) - {"parameters"}) for item in document["paths"].values()
    )
    names = {each["name"] for each in requests}
    assert {"Log in", "List records", "Create a record"} <= names
    assert collection["auth"]["type"] == "bearer"


def test_bruno(tools):
    collection = imported(
        tools,
        """
        import { openApiToBruno } from '@usebruno/converters';
        fs.writeFileSync('result.json', JSON.stringify(await openApiToBruno(JSON.parse(text))));
        """,
    )
    names = {each["name"] for each in requests_of(collection, "items")}
    assert {"Log in", "List records", "Create a record"} <= names


def test_insomnia(tools):
    """Insomnia's published importer knows OpenAPI up to 3.0: it reads 3.1, but no type that is a list."""
    result = imported(
        tools,
        """
        import importers from 'insomnia-importers';
        const found = await importers.convert(text.replace('"openapi": "3.1.1"', '"openapi": "3.0.3"'));
        fs.writeFileSync('result.json', JSON.stringify(found));
        """,
    )
    names = {each.get("name") for each in result["data"]["resources"]}
    assert {"Log in", "List records", "Create a record"} <= names


def test_schemathesis(folder, schemathesis, server):
    """No response has a status, a type or a body that the document does not promise."""
    failed = schemathesis.wait(timeout=240)
    said = (folder.path / "output.txt").read_text()
    assert not failed, said[-4000:]
    assert re.search(r"([0-9]{3,}) generated, \1 passed", said), said[-3000:]
    assert httpx.get(f"{server.url}/api/v1").status_code == 401
