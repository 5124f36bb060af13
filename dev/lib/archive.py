# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What an admin downloads: the addon as `git archive` packs it, of the files as they are now."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from .bootstrap import ROOT, Stop


def is_clone() -> bool:
    """Whether the files here are git's; a copy of them without its folder cannot be packed."""
    return (ROOT / ".git").exists()


def unpack(folder: Path) -> None:
    """Unpack into *folder* what `git archive` would pack if everything here were committed."""
    with tempfile.TemporaryDirectory() as work:
        # an index and a store of objects of our own: nothing is written into the repository
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        objects = str(ROOT / _git(env, "rev-parse", "--git-path", "objects"))
        env |= {
            "GIT_INDEX_FILE": f"{work}/index",
            "GIT_OBJECT_DIRECTORY": f"{work}/objects",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
        }
        Path(work, "objects").mkdir()
        _git(env, "add", "--all")
        tree = _git(env, "write-tree")
        packed = Path(work, "archive.zip")
        _git(env, "archive", "--output", str(packed), tree)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)


def _git(env: dict[str, str], *words: str) -> str:
    if not shutil.which("git"):
        raise Stop("git is missing: apt-get install git")
    done = subprocess.run(["git", *words], cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise Stop(f"git {words[0]} in {ROOT} failed: {done.stderr.strip()}")
    return done.stdout.strip()
