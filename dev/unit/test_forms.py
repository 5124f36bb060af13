"""Multipart forms: files and JSON, or a 400; nothing of them is lost or changed."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import forms
from jwt_auth_api.tools.errors import ApiError
from jwt_auth_api.tools.forms import Part

KEYS = {"values", "fields", "expand"}
BOUNDARY = {"boundary": "x1"}


def form(*parts, boundary="x1", end=True):
    """Encode parts: pairs of the rest of Content-Disposition and bytes."""
    text = b""
    for disposition, data in parts:
        head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
        text += head.encode() + data + b"\r\n"
    return text + (f"--{boundary}--\r\n".encode() if end else b"")


def refused(call, *args):
    with pytest.raises(ApiError) as caught:
        call(*args)
    return caught.value.error


@given(st.binary(), st.binary())
def test_bytes_stay_as_they_are(one, other):
    data = form(('name="a"; filename="a.bin"', one), ('name="b"; filename="b.bin"', other))
    if b"--x1" in one or b"--x1" in other:
        return
    assert forms.parse(data, BOUNDARY) == [Part("a", one, "a.bin"), Part("b", other, "b.bin")]


@given(st.binary(max_size=200))
def test_anything_is_a_form_or_a_400(data):
    for text in (data, b"--x1\r\n" + data, form(('name="a"', data), end=False)):
        with contextlib.suppress(ApiError):
            assert all(part.name for part in forms.parse(text, BOUNDARY))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--x",
        form(('name="a"', b"1"), end=False),
        form(('filename="a"', b"1")),
        form(('name="a"\r\nContent-Transfer-Encoding: base64', b"eA==")),
        form(('name="\xff"', b"1")).replace("\xff".encode(), b"\xff"),
    ],
)
def test_what_is_no_form(data):
    assert refused(forms.parse, data, BOUNDARY) == "bad_request"


@pytest.mark.parametrize(
    "parameters", [{}, {"boundary": ""}, {"boundary": "é"}, {"boundary": "x" * 71}]
)
def test_boundary_is_needed(parameters):
    assert refused(forms.parse, form(('name="a"', b"1")), parameters) == "bad_request"


def test_parts_have_an_end_and_a_name_each():
    many = [(f'name="a{number}"', b"") for number in range(forms.MAX_PARTS + 1)]
    assert len(forms.parse(form(*many[1:]), BOUNDARY)) == forms.MAX_PARTS
    assert refused(forms.parse, form(*many), BOUNDARY) == "bad_request"
    assert (
        refused(forms.parse, form(('name="a"', b"1"), ('name="a"', b"2")), BOUNDARY) == "bad_value"
    )


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a.png", "a.png"),
        ("C:\\\\fakepath\\\\a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("é à.png", "é à.png"),
        ("a\x01.png", ""),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("", ""),
    ],
)
def test_names_of_files(sent, name):
    [part] = forms.parse(form((f'name="a"; filename="{sent}"', b"1")), BOUNDARY)
    assert part.file_name == name


def test_body():
    """JSON by the names of keys, files among the values."""
    values = json.dumps({"name": "A"}).encode()
    parts = [
        Part("values", values),
        Part("fields", b'["name"]', "blob"),
        Part("photo", b"\x00\xff", "p.png"),
        Part("other", b"", ""),
    ]
    body = forms.read(parts, KEYS)
    assert body == {"values": {"name": "A", "photo": "AP8="}, "fields": ["name"]}
    assert base64.b64decode(body["values"]["photo"]) == b"\x00\xff"
    assert body["values"]["photo"].file_name == "p.png"
    assert json.loads(json.dumps(body)) == body
    assert forms.read([Part("photo", b"1", "p")], KEYS) == {"values": {"photo": "MQ=="}}
    assert forms.read([Part("values", b"null"), Part("p", b"1", "p")], KEYS)["values"] == {
        "p": "MQ=="
    }
    assert forms.read([Part("name", b"A")], KEYS) == {"name": "A"}
    assert forms.read([], KEYS) == {}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([Part("values", b"{")], "bad_json"),
        ([Part("values", b"[NaN]")], "bad_json"),
        ([Part("values", b"\xff")], "bad_json"),
        ([Part("values", b"[" * 100_000)], "bad_json"),
        ([Part("values", b"[{}]"), Part("photo", b"1", "p")], "bad_value"),
        ([Part("values", b'{"photo": "x"}'), Part("photo", b"1", "p")], "bad_value"),
    ],
)
def test_bodies_that_are_none(parts, code):
    assert refused(forms.read, parts, KEYS) == code


def test_only_file():
    part = Part("file", b"1", "f")
    assert forms.only_file([part]) is part
    for parts in ([], [part, part], [Part("file", b"1")], [Part("file", b"", "")]):
        assert refused(forms.only_file, parts) == "bad_value"
