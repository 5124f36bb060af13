"""The clients of clients/: against a real server with two workers, in Node.js, Chromium and Python."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import npm
from lib.bootstrap import ROOT
from lib.chromium import chromium, page  # noqa: F401
from lib.fixtures import admin, http, server  # noqa: F401
from lib.pages import serving_folder


class JavaScript:
    """A copy of the package outside the repository, with the packages that it is checked with."""

    def __init__(self, folder):
        self.folder, self.modules = folder / "js", npm.packages()
        own = shutil.ignore_patterns("node_modules")
        shutil.copytree(ROOT / "clients" / "js", self.folder, ignore=own)
        (self.folder / "node_modules").symlink_to(self.modules)

    def run(self, *words, **env):
        """Run a program of a package, or node; return what it says if it fails."""
        command = (
            ["node", *words]
            if words[0].startswith("-")
            else [self.modules / ".bin" / words[0], *words[1:]]
        )
        done = subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            **({"env": env} if env else {}),
        )
        return done.returncode and (done.stdout + done.stderr)


@pytest.fixture(scope="session")
def javascript(tmp_path_factory):
    if not npm.is_there():
        pytest.skip(npm.MISSING)
    return JavaScript(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def app_of(javascript, request):
    """Bundle and serve an app of dev/clients/apps; `with app_of("refine.jsx") as url` gives its address."""
    odoo, manager = (request.getfixturevalue(name) for name in ("server", "admin"))
    apps = javascript.folder / "apps"
    shutil.copytree(Path(__file__).with_name("apps"), apps)

    @contextlib.contextmanager
    def serving_app(name):
        folder = apps / Path(name).stem
        folder.mkdir()
        shutil.copy(apps / "index.html", folder)
        options = ["--bundle", "--format=esm", "--jsx=automatic", "--log-level=error"]
        options += ['--define:process.env.NODE_ENV="production"', f"--outfile={folder / 'app.js'}"]
        failed = javascript.run("esbuild", f"apps/{name}", *options)
        assert not failed, failed
        with serving_folder(folder) as port:
            origin = f"http://127.0.0.1:{port}"
            manager.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", origin)
            yield f"{origin}/?odoo={odoo.url}"

    return serving_app
