# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The addon as the differential sees it: the only place that imports it, so that a move costs one line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from werkzeug.test import Client

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import root
from odoo.service.model import retrying

from odoo.addons.jwt_auth_api.engine import faults, missing, protected, write
from odoo.addons.jwt_auth_api.engine.groups import read_groups
from odoo.addons.jwt_auth_api.engine.page import read_one, read_page
from odoo.addons.jwt_auth_api.tools import errors, parsing, queries

__all__ = [
    "MAX_LIMIT",
    "TOLD",
    "UNREACHABLE",
    "Wire",
    "change",
    "context",
    "create",
    "get",
    "open_all",
    "readable",
    "refusal",
    "secrets",
    "writable",
]

UNREACHABLE = protected.UNREACHABLE
#: The loggers of what an answer tells as well: values that cannot be read, or that are missing.
TOLD = frozenset([faults.__name__, missing.__name__])
MAX_LIMIT = 1000
_AGENT = "differential/1.0"


def context(env: Any, uid: int) -> dict[str, Any]:
    """Return the context of a request of this user."""
    return dict(env["res.users"]._jwt_context(uid))


def open_all(env: Any, run_as: str) -> None:
    """Open every model for every method, with the caller's own rights or as the default has it."""
    connections = env["connection.api"].with_context(active_test=False)
    connections.search([]).unlink()
    opened = {f"is_{verb}": True for verb in ("get", "post", "put", "delete")}
    connections.create(
        [
            {"model_id": env["ir.model"]._get_id(name), "run_as": run_as, **opened}
            for name, model in sorted(env.registry.items())
            if not model._abstract and name not in UNREACHABLE
        ]
    )


def get(env: Any, model_name: str, params: Mapping[str, str]) -> Any:
    """Answer a `GET` as the controller does, as JSON gives it."""
    policy = env["connection.api"]._resolve(model_name, "GET")
    asked = parsing.parse_get(params, policy.connection.max_limit)
    if isinstance(asked, queries.GroupQuery):
        return _as_json(read_groups(policy, asked))
    if isinstance(asked, queries.OneQuery):
        row, *_more = read_one(policy, asked)
        return _as_json({"data": [row]})
    return _as_json(read_page(policy, asked))


def create(env: Any, model_name: str, values: Any) -> Any:
    """Answer a `POST` of one record."""
    policy = env["connection.api"]._resolve(model_name, "POST")
    asked = parsing.parse_create({}, {"values": values, "fields": ["id"]}, MAX_LIMIT)
    return _as_json(write.create(policy, asked)[0])


def change(env: Any, model_name: str, record_id: int, values: Any) -> Any:
    """Answer a `PUT` of one record."""
    policy = env["connection.api"]._resolve(model_name, "PUT")
    body = {"values": values, "fields": ["id"]}
    asked = parsing.parse_update({}, body, MAX_LIMIT, record_id=record_id)
    return _as_json(write.update(policy, asked)[0])


def readable(env: Any, model_name: str) -> set[str]:
    """Return the names of the fields that the API knows for this caller."""
    policy = env["connection.api"]._resolve(model_name, "GET")
    return _known(policy, policy.readable)


def writable(env: Any, model_name: str) -> set[str]:
    """Return the names of the fields that the API writes for this caller."""
    policy = env["connection.api"]._resolve(model_name, "PUT")
    return _known(policy, policy.values.writable)


def secrets(env: Any, model_name: str) -> set[str]:
    """Return the names of fields that a connection opens only where a list names them."""
    return set(env["connection.api"]._resolve(model_name, "GET")._secrets)


def _known(policy: Any, check: Callable[[str], Any]) -> set[str]:
    found = set()
    for name in policy.model._fields:
        try:
            check(name)
        except errors.ApiError:
            continue
        found.add(name)
    return found


def refusal(error: BaseException) -> tuple[int, str, str]:
    """Return the status, the code and the sentence that a client gets for an exception."""
    known = errors.from_exception(error)
    return known.code, known.error, known.message()


def _as_json(value: Any) -> Any:
    return json.loads(errors.dump_json(value))


class Wire:
    """Sends requests through Odoo's whole HTTP stack, inside of this process, with an access token."""

    def __init__(self, registry: Any, uid: int) -> None:
        self._client = Client(root)
        self._uid, self._token = uid, ""
        self._registry = registry
        self._log_in()

    def get(self, model_name: str, params: Mapping[str, str]) -> tuple[int, Any]:
        """Return the status and the body of a `GET`; with a new token where the old one has expired."""
        for _time in range(2):
            response = self._client.get(
                "/api/send_request",
                query_string={"model": model_name, **params},
                headers={"Authorization": f"Bearer {self._token}", "User-Agent": _AGENT},
            )
            if response.status_code != 401:
                break
            self._log_in()
        # Odoo notes the address there, and takes it for that of a website where there is no request
        threading.current_thread().__dict__.pop("url", None)
        return response.status_code, json.loads(response.get_data())

    def _log_in(self) -> None:
        """Open a session without a password."""
        with self._registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            retrying(partial(self._open, env), env)

    def _open(self, env: Environment) -> None:
        user = env["res.users"].browse(self._uid)
        _session, self._token, _refresh = env["jwt.session"]._open(user, "app", _AGENT, "127.0.0.1")
