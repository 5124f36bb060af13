# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check keys of Odoo's context, and parse a context that is stored as text."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping
from typing import Any, Final

#: The records that an action is about. A client may always send these keys; they are checked as ids.
RECORDS: Final = ("active_model", "active_id", "active_ids")
#: Prefix of default values for new records, which are checked as values.
DEFAULT: Final = "default_"
#: Keys that no connection can list: they decide who the user is and which companies are active, are set
#: by other parts of a request (language, time zone), or change how Odoo's ORM or an installation works.
NEVER: Final = frozenset(
    """
    active_domain allowed_company_ids bin_size check_translations company delay_translations
    edit_translations filter_function_reset_sudo force_company guest import_compat import_file
    install_filename install_mode install_module install_xmlid lang mode module noupdate
    prefetch_fields prefetch_langs skip_res_field_check studio su sudo tz uid
    update_custom_fields
    """.split()
)
_LISTABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Prefixes of keys that have a fixed meaning or are for Odoo's own code only.
_RESERVED: Final = (DEFAULT, "active_", "bin_size_", "bypass_", "jwt_")
#: A key that can be listed although its prefix is reserved.
_ALLOWED: Final = "active_test"


def is_listable(name: str) -> bool:
    """Return whether a connection can list a key of the context for one of its actions."""
    if name == _ALLOWED:
        return True
    plain = _LISTABLE.fullmatch(name) and not name.startswith(_RESERVED)
    return bool(plain) and name not in NEVER


def split(text: str) -> list[str]:
    """Return the names in a list that a person has typed."""
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", text)))


def read(text: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a context whose values are plain data, without executing code.

    :param text: the context as Odoo stores it
    :param names: values for the names in the text, such as ``active_id``
    """
    try:
        tree = ast.parse(text.strip() or "{}", mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    context = {}
    if isinstance(tree, ast.Dict):
        for key, node in zip(tree.keys, tree.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                with contextlib.suppress(ValueError):
                    context[key.value] = _value(node, names)
    return context


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):  # a bool is an int
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, names) for item in items]
        case ast.Name(id=name) if name in names:
            return names[name]
    raise ValueError(ast.dump(node)[:64])
