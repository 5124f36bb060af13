"""tools.text: JSON of clients is refused beyond a depth that does not depend on Python."""

import json

import pytest
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
    for value in ([[]] * 1000, [{"a": [1]}] * 1000, "[{" * 1000, {"[" * 1000: 1}):
        assert text.parse_json(json.dumps(value)) == value


@pytest.mark.parametrize("wrong", ["NaN", "[Infinity]", b'{"a": -Infinity}'])
def test_numbers_that_are_none(wrong):
    with pytest.raises(ValueError, match="is not JSON"):
        text.parse_json(wrong)
