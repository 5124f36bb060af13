"""Which argument an exception is about, and which exceptions are about none."""

import datetime

import pytest
from jwt_auth_api.tools import blame


class Called:
    """What a method of a model may look like."""

    total = None

    def takes(self, one, two=2, /, three=3, *, four=4):
        pass

    def collects(self, *args, **kwargs):
        pass

    def uses(self, day=None, amounts=(), options=None, limit=0):
        for step in options["steps"]:
            getattr(self, step)(day, amounts, limit)

    def parse(self, day, amounts, limit):
        return datetime.date.fromisoformat(day)

    def add(self, day, amounts, limit):
        return sum(float(amount) for amount in amounts)

    def look_up(self, day, amounts, limit):
        return {"key": 1}[day]

    def divide(self, day, amounts, limit):
        return 1 / limit

    def call(self, day, amounts, limit):
        return day.strftime("%Y")

    def check(self, day, amounts, limit):
        if limit > 5:
            raise ValueError("too many")
        raise ValueError(f"not like {day!r}")

    def stumble(self, day, amounts, limit):
        return self.total + 1

    def miss(self, day, amounts, limit):
        return self.__dict__["missing"]

    def lacks(self, day, amounts, limit):
        return self.nothing

    def checks(self, first=None, second=None):
        if first != second:
            raise ValueError("first has another form")

    def refuses(self, first=None, second=None):
        if first != second:
            raise ValueError("they differ")


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        ((1,), {}, None),
        ((1, 2, 3), {"four": 4}, None),
        ((1,), {"three": 3}, None),
        ((), {}, ("missing", "one")),
        ((1, 2, 3, 4), {}, ("many", "3")),
        ((1,), {"five": 5}, ("unknown", "five")),
        ((1,), {"two": 5}, ("unknown", "two")),
        ((1, 2, 3), {"three": 3}, ("twice", "three")),
    ],
)
def test_what_does_not_fit(args, kwargs, expected):
    assert blame.misfit(Called.takes, args, kwargs) == expected


def test_whatever_is_collected_fits():
    assert blame.misfit(Called.collects, (1, 2), {"any": 1}) is None


def test_names():
    assert blame.named(Called.takes, (1, 2), {"four": 4}) == {"one": 1, "two": 2, "four": 4}
    assert blame.named(Called.collects, (1, 2), {"any": 1}) == {"args": (1, 2), "any": 1}


def blamed(method, *args, **kwargs):
    """What is said of the exception that a call ends with."""
    function = getattr(Called, method)
    with pytest.raises(blame.MISTAKES) as caught:
        function(Called(), *args, **kwargs)
    return blame.about(caught.value, blame.named(function, args, kwargs), function)


@pytest.mark.parametrize(
    ("step", "sent", "expected"),
    [
        ("parse", {"day": "2026-31-12"}, "day"),
        ("parse", {"day": 5}, "day"),
        ("add", {"amounts": ["1.5", "a lot"]}, "amounts"),
        ("add", {"amounts": 7}, "amounts"),
        ("look_up", {"day": "nope"}, "day"),
        ("divide", {"limit": 0}, "limit"),
        ("call", {"day": "2026-12-31"}, "day"),
        ("check", {"day": "noon"}, "day"),
        ("check", {"day": "noon", "limit": 2000}, "limit"),
    ],
)
def test_wrong_argument(step, sent, expected):
    assert expected in blamed("uses", options={"steps": [step]}, **sent)


def test_what_an_argument_lacks():
    assert blamed("uses", options={}) == ["options"]
    assert blamed("uses", options=None) == ["options"]
    assert blamed("uses", options={"steps": 5}) == ["options"]
    assert blamed("uses", options={"steps": ["no_such"]}) == ["options"]


@pytest.mark.parametrize("step", ["stumble", "miss", "lacks"])
def test_mistake_of_the_program(step):
    """The code at fault does not work with what the client sent, although it is at hand there."""
    sent = {"day": "2026-12-31", "amounts": [1, 2], "limit": 1000}
    assert blamed("uses", options={"steps": [step]}, **sent) == []
    assert blamed(step, **sent) == []


def test_check_of_the_methods_own():
    """Where a method itself refuses: the argument that it speaks of, or all of them."""
    assert blamed("checks", "a", "b") == ["first"]
    assert blamed("refuses", "a", "b") == ["first", "second"]
