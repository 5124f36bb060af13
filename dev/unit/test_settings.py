# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.settings: whatever a system parameter holds, there is a number within its bounds."""

import logging
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import settings
from lib import documents

ALL = {**settings.NUMBERS, **settings.COOLDOWN}
names = st.sampled_from(sorted(ALL))


@given(names, st.text(max_size=30) | st.integers().map(str))
def test_any_text_is_a_number_within_bounds(name, text):
    """It never fails, and what it gives can be added to a date."""
    value = settings.read(name, text)
    number = ALL[name]
    assert number.least <= value <= number.most
    assert datetime(2026, 1, 1) + timedelta(days=value) if name == "log_days" else True
    if name in settings.DURATIONS:
        assert datetime(2026, 1, 1) + timedelta(seconds=value)
    if not text:
        assert value == number.default


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("text", ["99999999999999", "-5", "abc", "1.5", "1e9", "9" * 5000])
def test_what_does_not_count_is_told(name, text, caplog):
    """In the log, once, however often it is read; too large is the largest, not the default."""
    settings.read.cache_clear()
    with caplog.at_level(logging.ERROR):
        values = {settings.read(name, text) for _time in range(3)}
    [value], [record] = values, caplog.records
    number = ALL[name]
    assert value == {"99999999999999": number.most, "-5": number.least}.get(text, number.default)
    message = record.getMessage()
    assert number.parameter in message
    assert str(value) in message
    assert len(message) < 200


@pytest.mark.parametrize("name", ALL)
def test_default_makes_sense(name, caplog):
    number = ALL[name]
    for value in (number.default, number.least, number.most):
        assert settings.read(name, str(value)) == value
    assert not caplog.records


def test_profile(caplog):
    """A profile that does not exist is told, and is not strict."""
    for text, profile in (("", "compatible"), ("strict", "strict"), (" Strict", "strict")):
        assert settings.read("profile", text) == profile
    assert not caplog.records
    settings.read.cache_clear()
    with caplog.at_level(logging.ERROR):
        assert settings.read("profile", "strikt") == "compatible"
    assert "strikt" in caplog.text


def test_documentation_lists_every_setting():
    """One row for each setting in the reference, with its default, and for Odoo's own parameters."""
    table = documents.read(documents.REFERENCE).table("Settings")
    assert set(table) == {each.parameter for each in settings.SETTINGS.values()} | set(
        settings.COOLDOWN
    )
    for setting in settings.SETTINGS.values():
        assert table[setting.parameter][1] == str(setting.default)
