# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Odoo's own RPC: what `/web/dataset/call_kw` and `/jsonrpc` answer, as JSON gives it."""

from __future__ import annotations

import json
from typing import Any

from odoo.service.model import call_kw
from odoo.tools.json import json_default


def call(env: Any, model_name: str, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a public method as a client of Odoo does, in the context of the environment."""
    kwargs["context"] = {**env.context, **kwargs.get("context", {})}
    result = call_kw(env[model_name], method, list(args), kwargs)
    return json.loads(json.dumps(result, default=json_default))


def fields(env: Any, model_name: str) -> dict[str, dict[str, Any]]:
    """Return what Odoo tells this user about the fields of a model."""
    wanted = ["type", "relation", "store", "sortable", "groupable", "searchable", "readonly"]
    return dict(call(env, model_name, "fields_get", attributes=wanted))
