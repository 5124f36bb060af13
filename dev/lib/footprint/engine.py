# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The addon as the footprint sees it: the only place that imports it, so that a move costs one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from odoo.addons.jwt_auth_api.models import guarded, reader, writer
from odoo.addons.jwt_auth_api.tools import query
from odoo.addons.jwt_auth_api.tools.errors import ApiError

__all__ = [
    "OURS",
    "UNREACHABLE",
    "ApiError",
    "administrators_only",
    "call",
    "get",
    "lifts",
    "use_superuser_mode",
]

#: Where the innermost frame of a mistake of ours is.
OURS = f"{Path(query.__file__).parents[1]}/"
UNREACHABLE = guarded.UNREACHABLE
_MOST = 1000


def lifts(model_name: str, _verb: str) -> bool:
    """Tell whether a connection lifts the rights of callers who are no administrators on this model."""
    return not guarded.is_protected(model_name)


#: The addon's own answer to "is a grant on this model for administrators alone?", called with the
#: environment, the model and the verb; None as long as the addon has no such function.
administrators_only = None


def use_superuser_mode(registry: Any) -> None:
    """Do as the addon did before it had a grant: what `sudo` opens runs as superuser, in this process."""
    model = registry["connection.api"]
    resolve = model._resolve

    def resolved(self: Any, model_name: str, method: str | None = None) -> Any:
        policy = resolve(self, model_name, method)
        if lifts(model_name, method or ""):
            policy.model = policy.caller.sudo()
        return policy

    model._resolve = resolved


def call(env: Any, verb: str, model_name: str, record_id: int | None, values: Any) -> None:
    """Send one write through the engine, as the controller does."""
    policy = env["connection.api"]._resolve(model_name, verb)
    body = {"values": values, "fields": ["id"]}
    if verb == "POST":
        writer.create(policy, query.parse_create({}, body, _MOST))
    elif verb == "PUT":
        writer.update(policy, query.parse_update({}, body, _MOST, record_id=record_id))
    else:
        writer.delete(policy, query.parse_delete({}, _MOST, record_id=record_id))


def get(env: Any, model_name: str, **params: str) -> list[dict[str, Any]]:
    """Read one page through the engine."""
    policy = env["connection.api"]._resolve(model_name, "GET")
    asked = query.parse_get(params, policy.connection.max_limit, page_name="page")
    return reader.page(policy, asked)["data"]
