"""Whether arguments fit the signature of a method, before and after it is called."""

import pytest
from jwt_auth_api.tools import signatures


class Called:
    """Signatures that a method of a model may have."""

    def takes(self, one, two=2, /, three=3, *, four=4):
        pass

    def collects(self, *args, **kwargs):
        pass


class Posting:
    def post(self, *, body="", recipients=None, **kwargs):
        pass

    def _check(self, unknown):
        pass


class Overriding(Posting):
    """An override that passes on what it does not know, as those of Odoo's addons do."""

    def post(self, *args, body="", **kwargs):
        return super().post(*args, body=body, **kwargs)


class Forwarding(Posting):
    def post(self, *args, **kwargs):
        return super().post(*args, **kwargs)


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
    assert signatures.mismatch(Called.takes, args, kwargs) == expected


def test_whatever_is_collected_fits():
    assert signatures.mismatch(Called.collects, (1, 2), {"any": 1}) is None


def test_names():
    assert signatures.arguments_by_name(Called.takes, (1, 2), {"four": 4}) == {
        "one": 1,
        "two": 2,
        "four": 4,
    }
    assert signatures.arguments_by_name(Called.collects, (1, 2), {"any": 1}) == {
        "args": (1, 2),
        "any": 1,
    }


def test_overrides():
    assert signatures.overrides(Overriding, "post") == [Overriding.post, Posting.post]
    assert signatures.overrides(Overriding, "_check") == [Posting._check]
    assert signatures.overrides(Overriding, "no_such") == []


def test_arguments_that_no_override_declares():
    functions = signatures.overrides(Overriding, "post")
    sent = {"body": 1, "recipients": 2, "known": 3, "nope": 4}
    assert signatures.undeclared(functions, sent) == {"known", "nope"}


@pytest.mark.parametrize(("model", "kwargs"), [(Overriding, {}), (Forwarding, {"body": "y"})])
def test_call_that_an_override_passes_on(model, kwargs):
    """The overridden method accepts fewer arguments than the one that is called."""
    with pytest.raises(TypeError) as caught:
        model().post("x", **kwargs)
    found = signatures.mismatch_of_override(caught.value, model.post, ["x"], kwargs)
    assert found == ("many", "0")


@pytest.mark.parametrize(
    ("text", "args", "kwargs", "expected"),
    [
        ("Model.post() takes from 2 to 3 positional arguments but 4 were given", "abc", {}, "many"),
        ("post() got an unexpected keyword argument 'a b'", "", {"a b": 1}, "unknown"),
        (
            "post() got an unexpected keyword argument 'a'. Did you mean 'b'?",
            "",
            {"a": 1},
            "unknown",
        ),
        ("post() got multiple values for argument 'a'", "x", {}, "twice"),
        ("post() missing 2 required positional arguments: 'a' and 'b'", "", {}, "missing"),
        ("post() missing 1 required keyword-only argument: 'a'", "", {}, "missing"),
        # nothing that the client sent
        ("post() takes 3 positional arguments but 4 were given", "ab", {}, None),
        ("post() got an unexpected keyword argument 'a'", "a", {"b": "a"}, None),
        ("post() got multiple values for argument 'a'", "", {"b": 1}, None),
        ("post() missing 1 required positional argument: 'a'", "", {"a": 1}, None),
        # another function
        ("Model._post() takes 1 positional argument but 2 were given", "ab", {}, None),
        ("post.<locals>.each() missing 1 required positional argument: 'a'", "", {}, None),
        ("post() argument must be a string", "ab", {}, None),
    ],
)
def test_words_for_a_call_that_does_not_fit(text, args, kwargs, expected):
    found = signatures.mismatch_of_override(TypeError(text), Posting.post, args, kwargs)
    assert (found and found[0]) == expected
    assert signatures.mismatch_of_override(ValueError(text), Posting.post, args, kwargs) is None
