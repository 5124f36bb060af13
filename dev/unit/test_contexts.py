"""Keys of Odoo's context, and a context that is kept as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import contexts

NAMES = {"active_id": 7, "active_ids": [7, 8], "uid": 2}


@pytest.mark.parametrize("name", ["skip_backorder", "ids2", "active_test", "company_id"])
def test_can_be_listed(name):
    assert contexts.is_listable(name)


@pytest.mark.parametrize(
    "name",
    [
        *("uid", "su", "lang", "tz", "allowed_company_ids", "install_mode", "bin_size"),
        *("default_x", "active_id", "active_domain", "jwt_auth_api_grant", "bypass_lock_check"),
        *("_x", "__x", "X", "2x", "a b", "a-b", "a.b", "ü", "", "x" * 65, "x\n"),
    ],
)
def test_cannot_be_listed(name):
    assert not contexts.is_listable(name)


def test_what_is_about_records_or_values_is_not_listed():
    """Their checks cannot be passed by."""
    for name in (*contexts.RECORDS, f"{contexts.DEFAULT}name"):
        assert not contexts.is_listable(name)


def test_split():
    assert contexts.split(" a, b;c\n d,,a ") == ["a", "b", "c", "d"]
    assert contexts.split("") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("{}", {}),
        (
            "{'a': 1, 'b': [True, None, 'x', -2.5], 'c': (4, active_id)}",
            {"a": 1, "b": [True, None, "x", -2.5], "c": [4, 7]},
        ),
        ("{'default_ids': active_ids, 'by': uid, 'z': nobody}", {"default_ids": [7, 8], "by": 2}),
        ("{'a': context.get('x'), 'b': 1}", {"b": 1}),
        ("{'a': active_id + 1, 'b': f(), 'c': [x for x in y], **z}", {}),
        ("{1: 2, a: 3}", {}),
        ("[1]", {}),
        ("{'a': ", {}),
        ("(" * 1000, {}),
        ("\x00", {}),
    ],
)
def test_read(text, expected):
    """What is plain data is read; nothing else is."""
    assert contexts.read(text, NAMES) == expected


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    assert isinstance(contexts.read(text, NAMES), dict)
