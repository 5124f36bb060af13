"""Media types: what is sent in a header is one, whatever is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import media_types


@pytest.mark.parametrize(
    "stored",
    [
        "image/png",
        "application/vnd.oasis.opendocument.text",
        "image/svg+xml",
        "text/plain;charset=utf-8",
        'video/webm ; codecs="vp9, opus"; x=1',
    ],
)
def test_types_stay_as_they_are(stored):
    assert media_types.sendable(stored) == stored


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "text",
        "text/",
        "/plain",
        "text/plain\n",
        "text/plain\r\nX-Injected: 1",
        "text/plain; a\n=b",
        'text/plain; a="b\n"',
        'text/plain; a="\x00"',
        "text/plain;",
        "text/plain, text/html",
        "text/é",
        " text/plain",
    ],
)
def test_what_is_none(stored):
    assert media_types.sendable(stored) == "application/octet-stream"


@given(st.one_of(st.text(), st.from_regex(r"\Aa/b;[\s\S]*")))
def test_any_text_can_be_sent(stored):
    sent = media_types.sendable(stored)
    assert sent.isascii()
    assert sent.replace("\t", " ").isprintable()
