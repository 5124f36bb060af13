"""Which argument an exception is about, and which exceptions are about none."""

import datetime

import pytest
from jwt_auth_api.tools import blame, signatures


class Called:
    """Methods that fail in different ways."""

    total = None

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


def blamed(method, *args, **kwargs):
    """What is said of the exception that a call ends with."""
    function = getattr(Called, method)
    with pytest.raises(blame.MISTAKES) as caught:
        function(Called(), *args, **kwargs)
    return blame.arguments_at_fault(
        caught.value, signatures.arguments_by_name(function, args, kwargs), function
    )


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


class Posting:
    """A method with an override that passes on what it does not know, as those of Odoo's addons do."""

    def post(self, *, body="", recipients=None, parts=None, kind=None, **kwargs):
        if kind == "closed":
            raise ValueError("not here")
        if parts:
            is_wrong = not all(isinstance(part, list) for part in parts)
            if is_wrong:
                raise ValueError("another form")
        if recipients and not all(isinstance(each, int) for each in recipients):
            raise ValueError(f"wrong ids: {recipients!r}")
        self._check(kwargs.keys() - {"known"})
        self._note(body, **kwargs)

    def _check(self, unknown):
        if "forbidden" in unknown:
            raise ValueError(f"not supported: {', '.join(unknown)}")

    def _note(self, body, *, known=None):
        self._size(body, known)

    def _size(self, body):
        return len(body)


class Overriding(Posting):
    def post(self, *args, body="", **kwargs):
        return super().post(*args, body=body, **kwargs)


class Forwarding(Posting):
    def post(self, *args, **kwargs):
        return super().post(*args, **kwargs)


def judged(model, args=(), **kwargs):
    """Both that can be said of the exception of a call with overrides: what does not fit, and whose fault."""
    method = model.post
    with pytest.raises(blame.MISTAKES) as caught:
        method(model(), *args, **kwargs)
    arguments = signatures.arguments_by_name(method, args, kwargs)
    free = signatures.undeclared(signatures.overrides(model, "post"), kwargs)
    exc = caught.value
    return signatures.mismatch_of_override(exc, method, args, kwargs), blame.arguments_at_fault(
        exc, arguments, method, free
    )


def test_argument_of_a_made_up_name():
    """An exception names it, however deep; or a function below does not take it."""
    for model in (Posting, Overriding, Forwarding):
        assert judged(model, body="x", forbidden=1) == (None, ["forbidden"])
        assert judged(model, body="x", nope=1) == (None, ["nope"])
        assert judged(model, bodi="x") == (None, ["bodi"])


def test_call_that_does_not_fit_by_itself():
    """A mistake of the program, although the failing line holds what was sent."""
    assert judged(Overriding, body="a long text", known=["a list"]) == (None, [])


def test_argument_at_fault_among_others():
    """The one that a method checks, not all that it was given."""
    for recipients in (["x"], [1.5], ["body"], "x"):
        assert judged(Posting, body="x", recipients=recipients)[1] == ["recipients"]
        assert judged(Overriding, body="x", recipients=recipients)[1] == ["recipients"]
    assert judged(Posting, body="x", recipients=["long"], subject="long")[1] == ["recipients"]
    assert judged(Posting, body="x", kind="closed")[1] == ["kind"]
    assert judged(Posting, body="x", parts=["x"])[1] == ["parts"]


def test_values_that_are_the_same_by_chance():
    assert blamed("uses", options={"steps": ["divide"]}, day=0, limit=0) == ["limit"]
    assert blamed("uses", options={"steps": ["check"]}, day=["noon"], limit=2000) == ["limit"]


class Browsed:
    def __init__(self, *ids):
        self._ids = ids

    def ensure_one(self):
        raise ValueError(f"Expected singleton: {self._ids}")

    def read(self, author=None, others=None):
        Browsed(*(author or (1, 2))).ensure_one()

    def look(self, author=None, others=None):
        Browsed(*author).find()

    def find(self):
        return set(self._ids)


@pytest.mark.parametrize(
    ("author", "expected"),
    [("abc", ["author"]), ([5, "Name"], ["author"]), ([7, 8], ["author"]), (None, [])],
)
def test_value_that_is_taken_for_ids(author, expected):
    """A text, or a many2one as it is answered, makes several records; records of its own a program's mistake."""
    with pytest.raises(ValueError, match="singleton") as caught:
        Browsed().read(author, "x")
    assert (
        blame.arguments_at_fault(caught.value, {"author": author, "others": "x"}, Browsed.read)
        == expected
    )


@pytest.mark.parametrize("author", [[[1]], [{"id": 1}], [1, [2]]])
def test_lists_and_objects_in_place_of_ids(author):
    """They cannot be looked up, wherever the code does that."""
    with pytest.raises(TypeError) as caught:
        Browsed().look(author, "x")
    assert blame.arguments_at_fault(
        caught.value, {"author": author, "others": "x"}, Browsed.look
    ) == ["author"]
    assert (
        blame.arguments_at_fault(caught.value, {"author": [1], "others": "x"}, Browsed.look) == []
    )


def test_code_without_a_source():
    scope = {}
    exec("def run(self, a=None, b=None):\n if a:\n  raise ValueError('c')", scope)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        scope["run"](None, 1, 2)
    assert blame.arguments_at_fault(caught.value, {"a": 1, "b": 2}, scope["run"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('invalid input syntax for type integer: "abc"', ["parent"]),
        ('invalid input syntax for type integer: "x y"', ["rows"]),
        ('value "99999999999" is out of range for type integer', ["big"]),
        # a text that is taken for a list of ids
        ('invalid input syntax for type integer: "b"', ["parent"]),
        ('invalid input syntax for type integer: "["', ["body"]),
        ("division by zero", []),
        ('the column "body" is another', []),
        ("", []),
    ],
)
def test_value_that_the_database_quotes(text, expected):
    sent = {"body": "x[]", "parent": "abc", "rows": [{"a": ["x y"]}], "big": 99999999999}
    assert blame.quoted_arguments(text, sent) == expected


# --- what is about a value that is not there -------------------------------------------------------

ADDON, ORM, OURS = "odoo.addons.sale.models.order", "odoo.orm.models", "odoo.addons.jwt_auth_api"


def code(module, text):
    """Return what some code of a module defines under the name ``f``."""
    found = {"__name__": module}
    exec(compile(text, module, "exec"), found)
    return found["f"]


def caught(function, *args):
    with pytest.raises(blame.MISTAKES) as info:
        function(*args)
    return info.value


class Records:
    """As far as code takes them for one record."""

    def __init__(self, *ids):
        self._ids = ids

    ensure_one = code(ORM, "def f(self):\n    raise ValueError('Expected singleton')")
    ensure_one.__code__ = ensure_one.__code__.replace(co_name="ensure_one")


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("def f(value):\n    return value < None", 1, True),
        ("def f(value):\n    return value + 'x'", False, True),
        ("def f(value):\n    return value.upper()", None, True),
        ("def f(value):\n    return value.upper()", False, True),
        ("def f(value):\n    return value.ensure_one()", Records(), True),
        ("def f(value):\n    return value.ensure_one()", Records(1, 2), False),
        ("def f(value):\n    return value.no_such_method()", "x", False),
        ("def f(value):\n    return value + 'x'", 1, False),
        ("def f(value):\n    return 1 / value", 0, False),
        ("def f(value):\n    return int(value)", "x", False),
        ("def f(value):\n    return {}[value]", None, False),
    ],
)
def test_what_is_not_there(text, value, expected):
    exc = caught(code(ADDON, text), value)
    assert blame.is_about_empty_value(exc) is expected
    if isinstance(value, Records):
        assert blame.empty_record(exc) is (value if expected else None)


def test_only_code_of_models_takes_a_value_for_granted():
    """What fails in the ORM was handed something wrong: a helper does what a model asks."""
    fails = "def f(value):\n    return value < 1"
    calls = "def f(other):\n    return other(None)"
    for module, expected in ((ORM, False), ("odoo.tools.float_utils", True), ("datetime", True)):
        exc = caught(code(ADDON, calls), code(module, fails))
        assert blame.is_about_empty_value(exc) is expected, module
    assert not blame.is_about_empty_value(caught(code("datetime", fails), None))


def test_own_code_and_that_of_others():
    def chain(*modules):
        """Return how a call ends that goes from the first module to the last one."""
        function = code(modules[-1], "def f():\n    return None < 1")
        for module in reversed(modules[:-1]):
            text = "def make(below):\n    def f():\n        return below()\n    return f"
            found = {"__name__": module}
            exec(compile(text, module, "exec"), found)
            function = found["make"](function)
        return caught(function)

    assert blame.is_raised_outside(chain(OURS, ADDON), OURS)
    assert blame.is_raised_outside(chain(OURS, f"{OURS}.engine.write", ADDON, ORM), OURS)
    assert blame.is_raised_outside(chain(OURS, f"{OURS}_test.models", ADDON), OURS)
    assert not blame.is_raised_outside(chain(OURS), OURS)
    assert not blame.is_raised_outside(chain(OURS, ADDON, f"{OURS}.models.base"), OURS)
    # an override that passes a call on has the name of what it calls
    passed_on = chain(OURS, ADDON, f"{OURS}.models.base", ADDON)
    assert blame.is_raised_outside(passed_on, OURS)


def test_own_code_that_calls_something_else_is_at_fault():
    below = code(ADDON, "def g(value):\n    return value < 1\nf = g")
    ours = code(OURS, "def h(below):\n    return below(None)\nf = h")
    exc = caught(code(ADDON, "def f(ours, below):\n    return ours(below)"), ours, below)
    assert not blame.is_raised_outside(exc, OURS)


# --- constraints -------------------------------------------------------------------------------

VALIDATE = "def _validate_fields(self, check):\n    check(self)\nf = _validate_fields"
EACH = "def f(self):\n    for record in self.each():\n        if record._ids == (7,):\n            raise ValueError"
ALL = "def f(self):\n    raise ValueError"


class Several(Records):
    def each(self):
        return [Several(key) for key in self._ids]


@pytest.mark.parametrize(
    ("text", "ids", "record_id"),
    [(EACH, (5, 7, 9), 7), (ALL, (5, 7), None), (ALL, (7,), 7)],
)
def test_constraint_and_the_record_on_which_it_failed(text, ids, record_id):
    check, records = code(ADDON, text), Several(*ids)
    check._constrains = ("start", "stop")
    exc = caught(code(ORM, VALIDATE), records, check)
    [failed] = blame.failed_constraints(exc)
    assert failed == blame.FailedConstraint(("start", "stop"), records, record_id)


def test_innermost_constraint_comes_first():
    """A constraint may write other records, whose constraint fails."""
    inner, validate = code(ADDON, ALL), code(ORM, VALIDATE)
    inner._constrains = ("inner",)
    make = code(
        ADDON, "def f(validate, other, inner):\n    return lambda self: validate(other, inner)"
    )
    outer = make(validate, Several(1), inner)
    outer._constrains = ("outer",)
    failed = list(blame.failed_constraints(caught(validate, Several(2), outer)))
    assert [each.names for each in failed] == [("inner",), ("outer",)]
    assert list(blame.failed_constraints(caught(inner, Several(1)))) == []


def test_owner_of_code():
    """Whoever a method belongs to, also when the helper that it calls fails."""
    helper = code("odoo.tools.image", "def f(value):\n    raise ValueError")
    method = code(ORM, "def f(self, helper):\n    return helper(self)")
    owner = object()
    assert blame.owner_of_code(caught(method, owner, helper)) is owner
    assert blame.owner_of_code(caught(helper, owner)) is None
    assert blame.owner_of_code(ValueError()) is None
