"""What npm and pip install of the clients: all of it, nothing else, with types that work."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest
from lib.bootstrap import ROOT

CLIENTS = ROOT / "clients"
#: A program of somebody who uses the Python client; what is ignored in it must be an error, or mypy complains.
PROGRAM = """
import asyncio

from odoo_jwt_api import ApiError, AsyncClient, Client, FileStore, MfaRequiredError


def names(odoo: Client) -> list[str]:
    page = odoo.list("res.partner", fields=["name"], domain=[["active", "=", True]], limit=5)
    odoo.list("res.partner", domian=[])  # type: ignore[call-arg]
    odoo.update("res.partner", "7", {})  # type: ignore[arg-type]
    return [str(record["name"]) for record in page.records]


async def count() -> int:
    async with AsyncClient("https://odoo.example.com", store=FileStore("token")) as odoo:
        try:
            await odoo.log_in("demo", "demo")
        except MfaRequiredError as error:
            await odoo.log_in_with_code(error.mfa_token, "123456")
        except ApiError as error:
            print(error.code, error.fields.get("email", []), error.uncertain)
        return len([record async for record in odoo.iterate("res.partner", order="name")])


print(names(Client("https://odoo.example.com")), asyncio.run(count()))
"""


def run(*command, cwd=None):
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=240
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def test_licenses():
    """Each package has the license of the repository."""
    for name in ("js", "python"):
        assert (CLIENTS / name / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


# --- npm -----------------------------------------------------------------------------------------


def test_content_of_the_npm_package(javascript):
    """The sources with their types, and what people read; no test and nothing of the tools."""
    [packed] = json.loads(run("npm", "pack", "--dry-run", "--json", cwd=javascript.folder))
    sources = {f"src/{path.name}" for path in (CLIENTS / "js" / "src").iterdir()}
    assert {file["path"] for file in packed["files"]} == sources | {
        "LICENSE",
        "README.md",
        "package.json",
    }


def test_npm_package_is_published_well(javascript):
    """Each entry leads to a file of the package that is what it says (publint)."""
    assert not javascript.run("publint", "--strict", ".")


def test_types_of_the_npm_package(javascript):
    """TypeScript finds the types of each entry, in Node.js and with bundlers (arethetypeswrong)."""
    assert not javascript.run("attw", "--pack", ".", "--profile", "esm-only")


# --- pip -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the Python client, built from a copy without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    ours = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(CLIENTS / "python", folder / "python", ignore=ours)
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder]
    run(sys.executable, "-m", "pip", "wheel", *options, folder / "python")
    [built] = folder.glob("*.whl")
    return built


def test_content_of_the_wheel(wheel):
    """The modules, the mark that they are typed, and the license."""
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        [metadata] = [name for name in names if name.endswith("/METADATA")]
        text = file.read(metadata).decode()
    folder = CLIENTS / "python" / "src" / "odoo_jwt_api"
    modules = {f"odoo_jwt_api/{path.name}" for path in folder.glob("*.py")}
    assert {name for name in names if ".dist-info/" not in name} == {
        *modules,
        "odoo_jwt_api/py.typed",
    }
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert re.search(r"^License-Expression: LGPL-3.0-only$", text, re.MULTILINE)
    assert "Requires-Dist: httpx" in text
    assert "A Python client of the Odoo addon" in text


def test_types_of_the_wheel(wheel, tmp_path):
    """mypy finds the types of the installed package, strictly, and what is wrong in a program."""
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    options = ["--python", python, "install", "--no-deps", "--no-index", "--quiet"]
    run(sys.executable, "-m", "pip", *options, wheel)
    # httpx and the like are those of this Python
    [packages] = (environment / "lib").glob("python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python]
    run(*command, "program.py", cwd=tmp_path)
    (packages / "odoo_jwt_api" / "py.typed").unlink()
    with pytest.raises(AssertionError, match=r"py\.typed"):
        run(*command, "program.py", cwd=tmp_path)
