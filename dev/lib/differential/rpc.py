# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Odoo's own RPC: what `/web/dataset/call_kw` and `/jsonrpc` answer, as JSON gives it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from odoo.service.model import call_kw
from odoo.tools.json import json_default


def call(env: Any, model_name: str, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a public method as a client of Odoo does, in the context of the environment."""
    kwargs["context"] = {**env.context, **kwargs.get("context", {})}
    return _as_json(call_kw(env[model_name], method, list(args), kwargs))


def page(env: Any, model_name: str, names: Sequence[str], limit: int, *, archived: bool) -> Any:
    """Return what `search_read` gives, the newest first.

    With archived records as `web_search_read` has it, which shows those that relations lead to as well.
    """
    if not archived:
        return call(env, model_name, "search_read", [], list(names), limit=limit, order="id desc")
    model = env[model_name].with_context(active_test=False)
    records = model.search_fetch([], list(names), limit=limit, order="id desc")
    return _as_json(records._read_format(fnames=list(names)))


def fields(env: Any, model_name: str) -> dict[str, dict[str, Any]]:
    """Return what Odoo tells this user about the fields of a model."""
    wanted = ["type", "relation", "store", "sortable", "groupable", "searchable", "readonly"]
    return dict(call(env, model_name, "fields_get", attributes=wanted))


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=json_default))
