# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The models that a harness goes over: named on the command line, and shared by its processes."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Task:
    """What one process shall do; processes that share a folder of `claims` share the models."""

    out: str
    #: Names of models or patterns (`sale.*`); empty for all.
    models: tuple[str, ...] = ()
    #: The model to go on at, where a run was ended.
    begin: str = ""
    claims: str = ""

    def wanted(self, env: Any, unreachable: Collection[str]) -> list[str]:
        """The models of the task, in the order of their names."""
        names = sorted(
            name
            for name, model in env.registry.items()
            if not model._abstract and name not in unreachable
        )
        if self.models:
            names = [name for name in names if any(fnmatch.fnmatch(name, m) for m in self.models)]
        return [name for name in names if name >= self.begin]

    def claim(self, name: str) -> bool:
        """Take a model, if no other process has."""
        if not self.claims:
            return True
        try:
            (Path(self.claims) / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
