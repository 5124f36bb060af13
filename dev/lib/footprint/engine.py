# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The addon as the footprint sees it: the only place that imports it, so that a move costs one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from odoo.addons.jwt_auth_api.engine import protected, write
from odoo.addons.jwt_auth_api.engine.gathered import Gathered
from odoo.addons.jwt_auth_api.engine.page import read_page
from odoo.addons.jwt_auth_api.tools import parsing, queries
from odoo.addons.jwt_auth_api.tools.errors import ApiError

__all__ = [
    "OURS",
    "UNREACHABLE",
    "ApiError",
    "call",
    "get",
    "lifts",
    "use_superuser_mode",
]

#: Where the innermost frame of a mistake of ours is.
OURS = f"{Path(queries.__file__).parents[1]}/"
UNREACHABLE = protected.UNREACHABLE
_MOST = 1000


_MODES = {"GET": "read", "POST": "create", "PUT": "write", "DELETE": "unlink"}


def lifts(env: Any, model_name: str, verb: str) -> bool:
    """Tell whether a connection lifts the rights of callers who are no administrators on this model."""
    return _MODES[verb] not in env["connection.api.protection"]._protected_modes(model_name)


def use_superuser_mode(registry: Any) -> None:
    """Run what a connection opens in superuser mode, with no check of what is pointed at, in this process."""
    model = registry["connection.api"]
    resolve, check = model._resolve, Gathered.check

    def checked(self: Any, policy: Any) -> None:
        if hasattr(policy, "is_superuser_mode"):
            self.problems.raise_if_any()
        else:
            check(self, policy)

    def resolved(self: Any, model_name: str, method: str) -> Any:
        policy = resolve(self, model_name, method)
        if lifts(self.env, model_name, method):
            policy.model = policy.caller.sudo()
            policy.full_env = policy.strict_env = policy.model.env
            policy.is_superuser_mode = True
        return policy

    model._resolve, Gathered.check = resolved, checked


def call(env: Any, verb: str, model_name: str, record_id: int | None, values: Any) -> None:
    """Send one write through the engine, as the controller does."""
    policy = env["connection.api"]._resolve(model_name, verb)
    body = {"values": values, "fields": ["id"]}
    if verb == "POST":
        write.create(policy, parsing.parse_create({}, body, _MOST))
    elif verb == "PUT":
        write.update(policy, parsing.parse_update({}, body, _MOST, record_id=record_id))
    else:
        write.delete(policy, parsing.parse_delete({}, _MOST, record_id=record_id))


def get(env: Any, model_name: str, **params: str) -> list[dict[str, Any]]:
    """Read one page through the engine, with empty values as Odoo has them."""
    policy = env["connection.api"]._resolve(model_name, "GET")
    params = {"nulls": "0", **params}
    asked = parsing.parse_get(params, policy.connection.max_limit, page_name="page")
    found: list[dict[str, Any]] = read_page(policy, asked)["data"]
    return found
