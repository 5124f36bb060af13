"""tools.text: JSON of clients is refused beyond a depth that does not depend on Python."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import text

DEEPEST = text.MAX_DEPTH


def nested(depth):
    """Return lists and objects in turn, one in the other."""
    value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("encode", [str, str.encode], ids=["str", "bytes"])
def test_depth(encode):
    for depth in (0, 1, DEEPEST - 1, DEEPEST):
        value = nested(depth)
        assert text.parse_json(encode(json.dumps(value))) == value
    for depth in (DEEPEST + 1, 9_000, 100_000):
        with pytest.raises(RecursionError):
            text.parse_json(
                encode(
                    '{"a": [' * (depth // 2)
                    + "[" * (depth % 2)
                    + "]" * (depth % 2)
                    + "]}" * (depth // 2)
                )
            )


def test_depth_counts_and_not_the_number_of_brackets():
    for value in ([[]] * 1000, [{"a": [1]}] * 1000, "[{" * 1000, {"[" * 1000: 1}, '\\"[' * 1000):
        assert text.parse_json(json.dumps(value)) == value


def depth_of(value):
    """Return how deeply a value is nested, by its definition."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


@given(
    st.recursive(
        st.none() | st.integers() | st.text('[]{}"\\ é\ud800\x00'),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text('[]{}"\\'), inner, max_size=4)
            | inner.map(lambda value: [[value]])
        ),
    ),
    st.booleans(),
)
def test_depth_is_that_of_the_values(value, is_ascii):
    assert text._depth(json.dumps(value, ensure_ascii=is_ascii)) == depth_of(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(encoding):
    value = {"a": ["é嬢", "[" * 300]}
    assert text.parse_json(json.dumps(value, ensure_ascii=False).encode(encoding)) == value
    with pytest.raises(RecursionError):
        text.parse_json(json.dumps(nested(DEEPEST + 1)).encode(encoding))


@pytest.mark.parametrize("wrong", ["NaN", "[Infinity]", b'{"a": -Infinity}'])
def test_numbers_that_are_none(wrong):
    with pytest.raises(ValueError, match="is not JSON"):
        text.parse_json(wrong)
