"""The table of limits in doc/reference.md says what the code says."""

import pytest
from lib import limits

ROWS = limits.rows()


def row(name):
    [found] = [each for each in ROWS if each == name or each.startswith(f"{name} (")]
    return ROWS[found]


def test_every_row_has_a_request_or_another_test():
    names = {limit.name for limit in limits.LIMITS} | set(limits.OF_OTHERS)
    assert len(names) == len(ROWS)
    for name in names:
        assert row(name)


@pytest.mark.parametrize("limit", limits.LIMITS, ids=lambda limit: limit.name)
def test_number_and_error_are_those_of_the_code(limit):
    number, beyond = row(limit.name)
    status, code = limit.refused
    assert limits.constant(limit.place) in limits.numbers(number)
    assert beyond.startswith(f"{status} `{code}`")


@pytest.mark.parametrize("name", limits.CONSTANTS)
def test_number_is_that_of_the_code(name):
    assert limits.constant(limits.CONSTANTS[name]) in limits.numbers(row(name)[0])
