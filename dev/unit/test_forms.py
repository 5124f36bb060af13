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
from werkzeug.sansio import multipart

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


MANY_PARAMETERS = b'Content-Disposition: form-data; name="values"' + b"; a=b" * 400_000
#: What follows a boundary, up to the blank line.
LONG_HEADERS = {
    "parameters": b"\r\n" + MANY_PARAMETERS,
    "continued parameters": b'\r\nContent-Disposition: form-data; name="a"'
    + b"".join(b"; b*%d=c" % number for number in range(10_000)),
    "continued lines": b'\r\nContent-Disposition: form-data; name="a"' + b";\r\n a=b" * 10_000,
    "another header": b'\r\nContent-Disposition: form-data; name="a"\r\nX: ' + b"x" * 10_000,
    "many headers": b'\r\nContent-Disposition: form-data; name="a"' + b"\r\nX: x" * 10_000,
    "a blank line first": b"\r\n\r\n" + MANY_PARAMETERS,
    "spaces first": b" " * 10_000 + b"\r\n" + MANY_PARAMETERS,
    "line feeds": b"\n" + MANY_PARAMETERS + b"\n",
}


@pytest.fixture
def parsed(monkeypatch):
    """The headers that werkzeug parses, which takes quadratic time."""
    headers, parse = [], multipart.parse_options_header
    monkeypatch.setattr(
        multipart,
        "parse_options_header",
        lambda value: headers.append(value) or parse(value[:10_000]),
    )
    return headers


@pytest.mark.parametrize("headers", LONG_HEADERS.values(), ids=LONG_HEADERS)
def test_long_headers_of_a_part_are_not_parsed(headers, parsed):
    part = b"--x1" + headers + b"\r\n\r\n1\r\n--x1--\r\n"
    assert refused(forms.parse, part, BOUNDARY) == "bad_request"
    assert parsed == []
    first = form(('name="first"', b"1"), end=False)
    assert refused(forms.parse, first + part, BOUNDARY) == "bad_request"
    assert parsed == ['form-data; name="first"']


def test_headers_of_a_part_have_a_limit(parsed):
    """The limit is about the headers alone: a line of the file may be longer."""
    kept = len(b'Content-Disposition: form-data; name="a"\r\nX: \r\n\r\n')
    for length, is_accepted in ((8192, True), (8193, False)):
        text = form((f'name="a"\r\nX: {"x" * (length - kept)}', b"x" * 100_000))
        if is_accepted:
            assert forms.parse(text, BOUNDARY) == [Part("a", b"x" * 100_000)]
        else:
            assert refused(forms.parse, text, BOUNDARY) == "bad_request"
    assert len(parsed) == 1


def test_errors_cut_the_name_of_a_part():
    name = "n" * 5000
    two = form((f'name="{name}"', b"1"), (f'name="{name}"', b"2"))
    twice = [Part("values", json.dumps({name: 1}).encode()), Part(name, b"1", "f")]
    for call, args in ((forms.parse, (two, BOUNDARY)), (forms.read, (twice, KEYS))):
        with pytest.raises(ApiError) as caught:
            call(*args)
        assert caught.value.error == "bad_value"
        assert list(caught.value.fields()) == ["n" * 128]
        assert len(caught.value.message()) < 200


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
