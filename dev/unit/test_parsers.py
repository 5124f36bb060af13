"""Every function of `tools/` that takes what a client sends: a result or a client's error, whatever it is."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import errors
from lib import measured
from lib.client import LEAKS
from lib.malice import parsers

CASES = Counter()


@pytest.fixture(scope="module", autouse=True)
def counted():
    """The long run says how many cases there were."""
    yield
    measured.record(cases=CASES.total())


def test_every_public_function_is_tried_or_excused():
    """A new parser fails until it is in the list."""
    functions = parsers.public_functions()
    assert set(parsers.PARSERS) <= functions
    unknown = {name for name in functions - set(parsers.PARSERS) if not parsers.excused(name)}
    assert not unknown
    excuses = {name for name in parsers.NO_PARSERS if "." in name}
    assert excuses <= functions
    assert not excuses & set(parsers.PARSERS)


@pytest.mark.parametrize("name", parsers.PARSERS)
@given(data=st.data())
def test_anything_is_parsed_or_refused(name, data):
    value = data.draw(parsers.PARSERS[name].given)
    CASES[name] += 1
    assert parsers.violation(name, value, LEAKS) is None


@pytest.mark.parametrize(("value", "is_leak"), [(["odoo."], False), (["odoo"], True)])
def test_own_words_are_no_leak(monkeypatch, value, is_leak):
    """A message may repeat what the client sent, and nothing else of the kind."""

    def refuse(value):
        raise errors.ApiError("bad_parameter", 'Unknown parameter "odoo.".')

    parser = replace(parsers.PARSERS["names.check"], call=refuse)
    monkeypatch.setitem(parsers.PARSERS, "names.check", parser)
    assert bool(parsers.violation("names.check", value, LEAKS)) == is_leak


@pytest.mark.parametrize("name", parsers.PARSERS)
def test_large_texts_are_parsed_or_refused(name):
    """No recursion error, no memory error, nothing that tells of the server."""
    for value in parsers.PARSERS[name].large(parsers.SMALL):
        assert parsers.violation(name, value, LEAKS) is None, str(value)[:80]
