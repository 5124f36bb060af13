# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Add the names of linked records to properties."""

from collections import defaultdict

from . import grants
from .protected import UNREACHABLE


def with_names(rows, records, *keys):
    """Add the names of linked records to properties, for callers who may see those records in Odoo.

    A developer chose the model of a many2one, but the model of a property was chosen by whoever wrote its
    definition. Odoo's own method (``Properties._add_display_name``) reads a cache that elevated code has
    filled.
    """
    env = grants.plain(records.sudo(False).env)
    links = [
        (item, key)
        for properties in rows
        for item in properties
        for key in keys
        if item.get("type") in ("many2one", "many2many") and item.get(key)
    ]
    wanted = defaultdict(set)
    for item, key in links:
        wanted[item.get("comodel")].update(_linked(item[key]))
    names = {name: _visible_names(env, name, ids) for name, ids in wanted.items()}
    for item, key in links:
        pairs = [
            [record_id, names[item.get("comodel")][record_id]]
            for record_id in _linked(item[key])
            if record_id in names[item.get("comodel")]
        ]
        item[key] = pairs if item["type"] == "many2many" else (pairs or [False])[0]
    return rows


def _linked(value):
    return [key for key in (value if isinstance(value, list) else [value]) if type(key) is int]


def _visible_names(env, model_name, ids):
    """Return the names of existing records by id, None for a record that the caller may not see."""
    if model_name not in env:
        return {}
    there = env[model_name].browse(ids).exists()
    names = dict.fromkeys(there._ids)
    if model_name not in UNREACHABLE:
        for record in there._filtered_access("read"):
            names[record.id] = record.display_name
    return names
