# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Keys of Odoo's context: which a connection can list for clients, and a context that is kept as text."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping
from typing import Any, Final

#: What an action is about. A client may always send them; they are checked as ids are.
RECORDS: Final = ("active_model", "active_id", "active_ids")
#: Values for new records, checked as values are.
DEFAULT: Final = "default_"
#: No connection lists these: whose request it is and for which companies, what other parts of a
#: request decide (language, time zone), and how Odoo's ORM or an installation works.
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
#: Their meaning is fixed, or nobody but Odoo's own code is meant to use them.
_RESERVED: Final = (DEFAULT, "active_", "bin_size_", "bypass_", "jwt_")
_ALTHOUGH: Final = "active_test"


def is_listable(name: str) -> bool:
    """Return whether a connection can list a key of the context for one of its actions."""
    if name == _ALTHOUGH:
        return True
    plain = _LISTABLE.fullmatch(name) and not name.startswith(_RESERVED)
    return bool(plain) and name not in NEVER


def split(text: str) -> list[str]:
    """Return the names in a list that somebody has typed."""
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", text)))


def read(text: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the text of a context is plain data; nothing is executed.

    :param names: values for the names in it, such as ``active_id``
    """
    try:
        tree = ast.parse(text.strip() or "{}", mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    found = {}
    if isinstance(tree, ast.Dict):
        for key, node in zip(tree.keys, tree.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                with contextlib.suppress(ValueError):
                    found[key.value] = _value(node, names)
    return found


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
