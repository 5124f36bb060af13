# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find what an administrator can open of a model: its methods, and what its form shows."""

import inspect

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

#: Values of a view's attribute that always apply; other expressions depend on the record.
_ALWAYS = frozenset(["1", "True", "true"])


def methods(model):
    """Return the methods of a model that an action may call, with what people need to choose.

    The buttons of the form come first, then what the model defines itself, then what it inherits from
    mixins such as ``mail.thread``.

    :return: a list of dictionaries: ``name``, ``signature``, ``description`` (the first line of the
        docstring) and ``button`` (the label of the form's button, if there is one)
    """
    base, cls = type(model.env["base"]), type(model)
    buttons = {
        node.get("name"): node.get("string") or ""
        for node in _own_nodes(model, "button")
        if node.get("type") == "object"
    }
    mixins = [
        mixin for mixin in model.env.registry.values() if mixin._abstract and issubclass(cls, mixin)
    ]
    found = [
        {
            "name": name,
            "signature": signature(model, name),
            "description": _description(cls, name),
            "button": buttons.get(name, ""),
            "is_inherited": any(hasattr(mixin, name) for mixin in mixins),
        }
        for name in dir(cls)
        if not hasattr(base, name) and is_callable(model, name)
    ]
    return sorted(found, key=lambda each: (not each["button"], each["is_inherited"], each["name"]))


def is_callable(model, name):
    """Return whether clients could call a method of the model: it exists and is public."""
    try:
        return inspect.isfunction(get_public_method(model, name))
    except (AccessError, AttributeError):
        return False


def signature(model, name):
    """Return the parameters of a method without ``self``, as text: ``(values, force=False)``."""
    parameters = list(inspect.signature(getattr(type(model), name)).parameters.values())[1:]
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(plain))


def _description(cls, name):
    """Return the first line of the docstring of a method or of one that it overrides."""
    for each in cls.mro():
        if name in vars(each) and (text := inspect.cleandoc(vars(each)[name].__doc__ or "")):
            return text.splitlines()[0]
    return ""


def shown(model):
    """Return which fields the form of a model shows, and which of them can be edited there.

    :return: two lists of names, in the order of the form
    """
    visible = {}
    for node in _own_nodes(model, "field"):
        name = node.get("name")
        if node.get("invisible") in _ALWAYS or node.get("column_invisible") in _ALWAYS:
            continue
        readonly = node.get("readonly")
        field = model._fields.get(name)
        if field is not None:
            fixed = readonly in _ALWAYS or (readonly is None and field.readonly)
            visible[name] = visible.get(name, False) or not fixed
    return list(visible), [name for name, is_editable in visible.items() if is_editable]


def _own_nodes(model, tag):
    """Return the elements of the model's form that belong to the model, not to a list inside of it.

    The form of a model that has none is what Odoo makes up: its fields.
    """
    arch, _view = model.sudo()._get_view(view_type="form")
    return [node for node in arch.iter(tag) if next(node.iterancestors("field"), None) is None]
