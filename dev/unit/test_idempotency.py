"""A key is what HTTP can carry; two requests are the same when they ask for the same."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools.errors import ApiError
from jwt_auth_api.tools.idempotency import fingerprint, parse_key
from jwt_auth_api.tools.text import MAX_DEPTH, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PARAMS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3)


@given(st.text())
def test_key_is_taken_as_it_is_or_refused(text):
    good = 1 <= len(text) <= 255 and all(" " <= character <= "~" for character in text)
    if good:
        assert parse_key(text) == text
    else:
        with pytest.raises(ApiError) as caught:
            parse_key(text)
        assert caught.value.error == "bad_parameter"


@pytest.mark.parametrize("text", ["", "x" * 256, "a\n", "\n", "ü", "a\x00", "\x7f", "x" * 10**6])
def test_what_is_no_key(text):
    with pytest.raises(ApiError):
        parse_key(text)


@pytest.mark.parametrize("text", ["x", "x" * 255, " ", "~", '"8e03978e"', "null"])
def test_what_is_one(text):
    assert parse_key(text) == text


@given(PARAMS, JSON)
def test_fingerprint_is_of_what_is_asked_for(params, body):
    """Order and spelling do not count; any other value does."""
    found = fingerprint("POST", "/api/x", params, body)
    assert re.fullmatch("[0-9a-f]{64}", found)
    again = json.loads(json.dumps(body, indent=1))
    assert fingerprint("POST", "/api/x", list(reversed(params)), again) == found
    for other in (
        ("PUT", "/api/x", params, body),
        ("POST", "/api/y", params, body),
        ("POST", "/api/x", [*params, ("model", "x")], body),
        ("POST", "/api/x", params, [body]),
        ("POST", "/api/x", params, body, "3"),
    ):
        assert fingerprint(*other) != found


def test_order_of_keys():
    first, second = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert fingerprint("POST", "/", [], first) == fingerprint("POST", "/", [], second)
    assert fingerprint("POST", "/", [], [1, 2]) != fingerprint("POST", "/", [], [2, 1])
    assert fingerprint("POST", "/", [], 1) != fingerprint("POST", "/", [], "1")


def test_lone_surrogate_and_depth():
    """Every body that can be read has a fingerprint."""
    assert fingerprint("POST", "/", [], "\ud800")
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert fingerprint("POST", "/", [], parse_json(deepest))
