# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Properties of records: the names of linked records in a response; types and links in a write."""

from collections import defaultdict

from ..tools.errors import ApiError, _
from ..tools.values import dump_link, load_properties
from . import grants
from .protected import UNREACHABLE


def with_names(rows, records, form, *keys):
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
    names = {name: _visible_names(env, name, ids, form) for name, ids in wanted.items()}
    for item, key in links:
        found = [
            dump_link(record_id, names[item.get("comodel")][record_id], form)
            for record_id in _linked(item[key])
            if record_id in names[item.get("comodel")]
        ]
        item[key] = found if item["type"] == "many2many" else (found or [False])[0]
    return rows


def load(policy, field, loaded, record_id, gathered):
    """Convert properties to the types of their definition, which the same values may select.

    Odoo would store a value of any other type and not show it, or fail.

    :param record_id: None for a record to create
    :raise ApiError: ``bad_value``
    """
    definition = _definition(policy, field, loaded, record_id)
    if definition is None:
        return False  # another check reports the missing record or folder
    settled = load_properties(field.name, loaded[field.name], definition)
    for item in definition:
        if item.get("comodel") and (ids := settled.get(item["name"])):
            ids = ids if isinstance(ids, list) else [ids]
            gathered.refer(policy, record_id, field, item["comodel"], ids)
    return settled


def check_definition(policy, field, loaded):
    """Check a definition as Odoo does, which would otherwise fail in the middle of the write.

    :raise ApiError: ``bad_value``
    """
    try:
        field.convert_to_cache(loaded, policy.model)
    except (ValueError, TypeError) as exc:
        raise ApiError(
            "bad_value",
            _("%(field)s: Odoo does not accept this definition."),
            field=field.name,
        ) from exc


def _definition(policy, field, loaded, record_id):
    """Return the definition of the properties that a record has after the write; None without the record."""
    name = field.definition_record
    if loaded.get(name) or not record_id:
        # a default, or computed from other values
        scalars = {
            key: value for key, value in loaded.items() if not isinstance(value, list | dict)
        }
        folder = policy.working.new(scalars)[name]._origin
        there = _is_folder_shown(policy, field, folder, record_id)
    elif name in loaded:
        return []
    else:
        record = policy.records.fetch([record_id], []).exists()
        folder, there = record.with_env(policy.working.env)[name], bool(record)
    # as Odoo reads it (odoo/orm/fields_properties.py): whoever may see the record may see its properties
    return (folder.sudo()[field.definition_record_field] or []) if there else None


def _is_folder_shown(policy, field, folder, record_id):
    """Return whether the caller may see the record that holds a definition, or the record already links to it."""
    related_policy = policy.related(folder._name)
    if not folder or folder.id in related_policy.records.shown(folder.ids):
        return True
    if not _is_holder_computed(policy, field):
        known = record_id and policy.records.shown([record_id], "write")
        link = policy.model._fields[field.definition_record]
        return bool(known and folder <= policy.values.current(record_id, link))
    return folder.exists() == folder


def _is_holder_computed(policy, field):
    """Return whether Odoo computes which record holds a definition of properties, so that nobody can choose it."""
    link = policy.model._fields[field.definition_record]
    return bool(link.compute and link.readonly)


def _linked(value):
    return [key for key in (value if isinstance(value, list) else [value]) if type(key) is int]


def _visible_names(env, model_name, ids, form):
    """Return the names of existing records by id, None for a record that the caller may not see.

    No name is read for a form without names.
    """
    if model_name not in env:
        return {}
    there = env[model_name].browse(ids).exists()
    names = dict.fromkeys(there._ids)
    if model_name not in UNREACHABLE and form.relations != "id":
        for record in there._filtered_access("read"):
            names[record.id] = record.display_name
    return names
