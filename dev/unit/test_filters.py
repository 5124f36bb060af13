"""A connection's filter is read as data: what is not on the list is not there, whatever it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import filters

NAMES = {"user": "someone", "uid": 7, "company_id": 1, "company_ids": [1, 2]}


def follow(value, name):
    return f"{value}.{name}"


def evaluate(text):
    return filters.evaluate(filters.parse(text), NAMES, follow)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        (" [ ('a', '=', uid) ] ", [("a", "=", 7)]),
        ('["|", ["a", "=", -1.5], ["b", "!=", None]]', ["|", ["a", "=", -1.5], ["b", "!=", None]]),
        ("[('c', 'in', company_ids + [False])]", [("c", "in", [1, 2, False])]),
        ("[('c', '=', user.partner_id.id)]", [("c", "=", "someone.partner_id.id")]),
        ("[('a', '=', 1)] + [('b', '=', company_id)]", [("a", "=", 1), ("b", "=", 1)]),
    ],
)
def test_evaluates(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "uid",
        "'a'",
        "('a', '=', 1)",
        "[a]",
        "[user()]",
        "[user.write({})]",
        "[user['a']]",
        "[uid.real]",
        "[company_ids.append]",
        "[[].append]",
        "[''.join]",
        "[x for x in company_ids]",
        "[lambda: 1]",
        "[{}]",
        "[{1: 2}]",
        "[*company_ids]",
        "[f'{uid}']",
        "[b'a']",
        "[1j]",
        "[...]",
        "[1 if uid else 2]",
        "[uid and 1]",
        "[uid * 9]",
        "[1 < 2]",
        "[(x := 1)]",
        "[await user]",
        "[__import__]",
        "[True.real]",
        "import os",
        "[]; []",
        "[\x00]",
        "[" * 3000,
        "[" + "-" * 5000 + "1]",
        "[company_ids" + "+[1]" * 50000 + "]",
    ],
)
def test_refuses(text):
    with pytest.raises(filters.FilterError):
        filters.parse(text)


def test_adds_lists_alone():
    for text in ("[uid + 1]", "['a' + 'b']", "[company_ids + 1]", "[('a',) + ('b',)]"):
        with pytest.raises(filters.FilterError):
            evaluate(text)


def test_paths():
    tree = filters.parse("[('a', '=', user.partner_id.id), ('b', 'in', company_ids + [user.id])]")
    assert filters.paths(tree) == {
        ("user", "partner_id", "id"),
        ("user", "id"),
        ("company_ids",),
    }
    assert filters.paths(filters.parse("[('a', '=', user), ('b', '=', user.id)]")) == {
        ("user",),
        ("user", "id"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "[('access_token', '=', user.barcode)]",
        "[('access_tok' 'en', '=', user.barcode)]",
        "[('acc\\x65ss_token', '=', user.barcode)]",
        "[('any_ids', 'any', [('x.access_token', '=', user.barcode)])]",
        "[('access_token', '=', user.\uff42arcode)]",
    ],
)
def test_words_however_they_are_spelled(text):
    assert {"access_token", "user", "barcode"} <= filters.words(filters.parse(text))


@given(st.text() | st.text(alphabet="[]()'user.idcompany_ids+-,=1 {}:*").map("[{}]".format))
def test_any_text_is_a_filter_or_an_error(text):
    outcome = None
    try:
        outcome = evaluate(text)
    except filters.FilterError as exc:
        outcome = exc
    assert isinstance(outcome, list | filters.FilterError)
    assert len(getattr(outcome, "part", "")) <= 64
