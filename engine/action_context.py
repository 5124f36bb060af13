# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check the context that a client sends with an action, and return the one it needs next.

Odoo's buttons pass to a wizard through the context which records it is about, values for it, and keys of
their own. A client may send:

- ``active_model``, ``active_id`` and ``active_ids``: records that the caller may see.
- ``default_…``: values that the caller may write to a new record of the action's model.
- The keys that the connection lists for the action.

Everything else is rejected. No connection can list a key that decides who the caller is or which companies
are active (:mod:`~..tools.contexts`).
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..tools import contexts
from ..tools.contexts import DEFAULT, RECORDS
from ..tools.errors import ApiError, Problems, _
from ..tools.queries import MAX_ID
from .gathered import no_records
from .protected import UNREACHABLE

#: Key of the context; its value is a :class:`Defaults`.
KEY = "jwt_auth_api_defaults"
WINDOW = "ir.actions.act_window"


@dataclass(frozen=True)
class Defaults:
    """The default values that a client sent, for new records of one model only.

    Odoo itself applies ``default_name`` to every record that is created meanwhile, of any model.
    """

    model: str
    values: Mapping[str, Any]


def load(policy, sent, listed):
    """Check the context that a client sends.

    :param sent: the context of the request
    :param listed: the keys that the connection lists
    :return: what to add to the context, and a :class:`~.gathered.Gathered`
    :raise ApiError: for everything that is not allowed
    """
    problems, context = Problems(), {}
    given = {key: value for key, value in sent.items() if key.startswith(DEFAULT)}
    for key, value in sent.items():
        if key in listed:
            context[key] = value
        elif key not in RECORDS and key not in given:
            problems.add("bad_value", _('"context" must not contain %(key)s here.'), key=key[:128])
    problems.raise_if_any()
    values, gathered = policy.values.load_defaults(
        {key[len(DEFAULT) :]: given[key] for key in given}
    )
    if values:
        loaded = {f"{DEFAULT}{name}": value for name, value in values.items()}
        context |= {**loaded, KEY: Defaults(policy.name, loaded)}
    context |= _records(policy, sent, gathered)
    return context, gathered


def _records(policy, sent, gathered):
    """Return the ``active_…`` keys of a context, after a check that the caller may see the records."""
    active = {key: sent[key] for key in RECORDS if sent.get(key) not in (None, False)}
    if not active:
        return {}
    name = active.get("active_model")
    if name is None:
        raise ApiError("bad_value", _('"context" must contain "active_model".'))
    ids = {key: _ids(key, active[key]) for key in active if key != "active_model"}
    if not isinstance(name, str) or not _is_known(policy, name):
        raise ApiError("bad_value", _('"context": unknown "active_model".'))
    related = policy.related(name)
    for key, wanted in ids.items():
        if missing := set(wanted) - related.records.shown(wanted):
            raise no_records(key, missing)
    gathered.named.add(name)
    return {"active_model": name, **{key: _single(key, value) for key, value in ids.items()}}


def _ids(key, value):
    given = value if key == "active_ids" and isinstance(value, list) else [value]
    ids = [int(each) if type(each) is float and each.is_integer() else each for each in given]
    if not all(type(each) is int and 1 <= each <= MAX_ID for each in ids):
        raise ApiError("bad_value", _('"context": %(key)s must hold record ids.'), key=key)
    return ids


def _single(key, ids):
    return ids if key == "active_ids" else ids[0]


def _is_known(policy, name):
    """Return whether the caller may read a model, through the API or in Odoo."""
    env = policy.caller.env
    if name not in env or name in UNREACHABLE or env[name]._abstract:
        return False
    return env[name].has_access("read") or policy.related(name).lifts("read")


# --- use by Odoo's code -----------------------------------------------------------------------


def own_defaults(model):
    """Return a model without the default values that a client sent for another model."""
    sent = model.env.context.get(KEY)
    if sent is None or sent.model == model._name:
        return model
    context = {
        key: value
        for key, value in model.env.context.items()
        if key not in sent.values or value is not sent.values[key]
    }
    return model.with_env(model.env(context=context))


def overridden(records, names):
    """Return records without the mark on default values that Odoo's own code has replaced."""
    sent = records.env.context.get(KEY)
    if sent is None or sent.values.keys().isdisjoint(names):
        return records
    rest = {key: value for key, value in sent.values.items() if key not in names}
    context = {**records.env.context, KEY: Defaults(sent.model, rest)}
    return records.with_env(records.env(context=context))


# --- results of actions --------------------------------------------------------------------------


def complete_actions(policy, ids, value):
    """Complete the window actions in a result with what a client needs for the next request.

    :param ids: the ids of the records that the action was called on
    :param value: the result of the action, as JSON
    :return: the completed result
    """
    if isinstance(value, list):
        return [complete_actions(policy, ids, item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: complete_actions(policy, ids, item) for key, item in value.items()}
    if value.get("type") == WINDOW:
        views = [
            view[1] for view in value.get("views") or () if isinstance(view, list) and view[1:]
        ]
        value |= {
            "res_id": value.get("res_id") or None,
            "view_mode": value.get("view_mode") or ",".join(map(str, views)) or "list,form",
            "context": _to_send_back(policy, ids, value),
        }
    return value


def _to_send_back(policy, ids, action):
    """Return the part of a window action's context that the caller may send to its model."""
    name, env = action.get("res_model"), policy.caller.env
    if not isinstance(name, str) or name not in env or name in UNREACHABLE:
        return {}
    target = policy.related(name)
    if target.connection is None or not target.includes_caller():
        return {}
    # as in the web client: the records of the button, unless the action names others
    here = {"active_model": policy.name}
    if ids:
        here |= {"active_id": ids[0], "active_ids": list(ids)}
    given = action.get("context") or {}
    if isinstance(given, str):
        given = contexts.read(given, {**here, "uid": env.uid})
    if "active_model" not in given:
        given = {**here, **given}
    return {key: value for key, value in given.items() if _is_sendable(target, key)}


def _is_sendable(target, key):
    if key in RECORDS or key in target.connection.listed_keys():
        return True
    if key.startswith(DEFAULT):
        with contextlib.suppress(ApiError):
            return bool(target.values.writable(key[len(DEFAULT) :]))
    return False
