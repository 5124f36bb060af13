# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Store the name of an uploaded file, where the model has a field for it."""

from ..tools.forms import Upload


def with_file_names(policy, given):
    """Return the values of a record, with the names of the files among them.

    :param given: the values as the client sent them; a name among them stays as it is
    """
    files = {name: each.file_name for name, each in given.items() if isinstance(each, Upload)}
    return {**file_names(policy, files), **given} if files else given


def file_names(policy, files):
    """Return the values for the fields that hold the names of files, as far as the caller may write them.

    :param files: name of a binary field → name of its file, which may be empty
    """
    pairs = [(_name_field(policy.model, name), text) for name, text in files.items() if text]
    return {field: text for field, text in pairs if field and policy.values.may_write(field)}


def _name_field(model, name):
    """Return the field that holds the name of a file, which Odoo's views pair with it; None without one."""
    paired = "name" if model._name == "ir.attachment" else f"{name}_filename"
    field = model._fields.get(paired)
    return paired if field is not None and field.type == "char" else None
