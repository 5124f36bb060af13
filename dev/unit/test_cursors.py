"""A cursor comes back as it was made, and nothing else is one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import cursors
from jwt_auth_api.tools.errors import ApiError

KEY, BINDING = b"key", "res.partner name asc, id desc"
positions = st.lists(st.none() | st.text(), min_size=1, max_size=5)


def refused(text, terms=1, binding=BINDING, key=KEY):
    with pytest.raises(ApiError) as caught:
        cursors.decode(text, terms, binding, key)
    assert (caught.value.error, caught.value.code) == ("bad_parameter", 400)


@given(positions)
def test_comes_back(position):
    text = cursors.encode(position, 7, BINDING, KEY)
    assert text.isascii()
    assert "=" not in text
    assert cursors.decode(text, len(position), BINDING, KEY) == tuple(position)


@given(positions, st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_bit_passes(position, place, flip):
    raw = bytearray(base64.urlsafe_b64decode(cursors.encode(position, 7, BINDING, KEY) + "=="))
    raw[place % len(raw)] ^= flip
    refused(base64.urlsafe_b64encode(raw).decode().rstrip("="), len(position))


def test_belongs_to_one_request():
    text = cursors.encode(["7"], 7, BINDING, KEY)
    refused(text, binding="res.partner id desc")
    refused(text, key=b"another")
    refused(text, terms=2)


@given(st.lists(st.text("xyz", min_size=8), min_size=1, max_size=3))
def test_is_sealed(position):
    """What a row is sorted by may be something that the client has not asked for."""
    raw = base64.urlsafe_b64decode(cursors.encode(position, 7, BINDING, KEY) + "==")
    assert not any(text.encode() in raw for text in position)
    assert cursors.encode(position, 7, BINDING, KEY) != cursors.encode(position, 7, BINDING, KEY)


@given(st.text(min_size=1001), st.none() | st.text())
def test_long_values_are_marked(text, other):
    """A URL has no room for them: the row is named, with a digest of its values."""
    position = [text, other, "7"]
    made = cursors.encode(position, 7, BINDING, KEY)
    assert len(made) < 300
    mark = cursors.decode(made, 3, BINDING, KEY)
    assert mark == cursors.Mark.of(7, position)
    assert mark != cursors.Mark.of(7, [text + "x", other, "7"])
    refused(made, terms=3, binding="another")


@given(st.text('𝒳ä\0"', min_size=1, max_size=1000))
def test_what_is_no_mark_fits_into_a_url(text):
    assert len(cursors.encode([text], 7, BINDING, KEY)) < 8192


def test_padding():
    text = cursors.encode(["7"], 7, BINDING, KEY)
    refused(text + "=")
    refused(text + "==")


@given(st.text())
def test_any_text(text):
    refused(text)


@pytest.mark.parametrize("text", ["", "A", "%%%", "AAAA" * 4000, "ü", "\0", "e30", "=" * 8])
def test_odd_text(text):
    refused(text)
