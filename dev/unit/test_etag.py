"""Entity tags: a version that guards writes, a digest that saves an answer."""

import pytest
from jwt_auth_api.tools import etag

TAG = etag.tag("v1", b"body")


def test_tag_is_of_version_and_body():
    assert TAG == etag.tag("v1", b"body") == f'"v1.{etag.digest(b"body")}"'
    assert len({TAG, etag.tag("v2", b"body"), etag.tag("v1", b"other")}) == 3


@pytest.mark.parametrize("header", [TAG, f"W/{TAG}", f'"a", {TAG}', "*", " * ", f'{TAG},"b"'])
def test_none_match_knows_the_answer(header):
    assert etag.is_none_match(header, TAG)


@pytest.mark.parametrize("header", ["", '""', '"v1"', '"v1.0"', TAG.strip('"'), "**", '"*"'])
def test_none_match_knows_another(header):
    assert not etag.is_none_match(header, TAG)


@pytest.mark.parametrize("header", [TAG, f"W/{TAG}", '"v1.other"', '"v1"', '"x.y", "v1.z"', "*"])
def test_match_looks_at_the_version(header):
    assert etag.is_match(header, "v1")


@pytest.mark.parametrize("header", ["", "v1", '"v2.x"', '"v1', '"v10.x"', '".v1"', "**"])
def test_match_refuses_another_version(header):
    assert not etag.is_match(header, "v1")
