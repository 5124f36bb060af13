"""Values out are always JSON; values in are what the column takes, or `bad_value`; what went out comes back in."""

import base64
import json
import math
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import values
from jwt_auth_api.tools.errors import ApiError, dump_json
from jwt_auth_api.tools.queries import Form
from jwt_auth_api.tools.text import language_tag
from jwt_auth_api.tools.values import Command, is_moment, load, load_condition

TYPES = sorted({*values.DUMPERS, *values._LOADERS, *values.X2MANY, "serialized"})

storable_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)


def refused(field_type, value):
    with pytest.raises(ApiError) as caught:
        load(field_type, "the_field", value)
    error = caught.value
    assert (error.error, error.code) == ("bad_value", 400)
    assert '"the_field"' in error.message()
    return json.loads(dump_json(error.body()))["message"]


def through_json(field_type, value):
    """What a client reads of a value, as its JSON library gives it back to it."""
    dumped = values.DUMPERS.get(field_type, lambda same: same)(value)
    return json.loads(dump_json(dumped))


# --- there and back --------------------------------------------------------------------------


@given(st.datetimes())
def test_date_of_another_column(moment):
    """Views keep a date as a moment, or a moment as a date."""
    assert through_json("date", moment) == moment.date().isoformat()
    assert through_json("datetime", moment.date()) == f"{moment.date().isoformat()}T00:00:00Z"


@given(storable_texts)
@pytest.mark.parametrize("field_type", ["char", "text", "html", "selection"])
def test_text_comes_back(field_type, value):
    assert load(field_type, "x", through_json(field_type, value)) == value


@given(st.integers(-(2**31), 2**31 - 1))
def test_integer_comes_back(value):
    assert load("integer", "x", through_json("integer", value)) == value


@given(st.floats(-1e100, 1e100))
@pytest.mark.parametrize("field_type", ["float", "monetary"])
def test_float_comes_back(field_type, value):
    assert load(field_type, "x", through_json(field_type, value)) == value


@given(st.booleans())
def test_boolean_comes_back(value):
    assert load("boolean", "x", through_json("boolean", value)) is value


@given(st.dates())
def test_date_comes_back(value):
    """In Odoo's own form, from the year 1 on."""
    assert load("date", "x", through_json("date", value)) == value.isoformat()


@given(st.datetimes())
def test_datetime_comes_back(value):
    """In Odoo's own form, UTC, to the second, with all four digits of the year: that is what Odoo parses."""
    loaded = load("datetime", "x", through_json("datetime", value))
    assert datetime.strptime(loaded, "%Y-%m-%d %H:%M:%S") == value.replace(microsecond=0)
    assert len(loaded) == 19


@given(st.binary())
@pytest.mark.parametrize("field_type", ["binary", "image"])
def test_binary_comes_back(field_type, value):
    """Odoo keeps base64 as bytes."""
    encoded = base64.b64encode(value)
    expected = encoded.decode() or False
    assert load(field_type, "x", through_json(field_type, encoded)) == expected


FORMS = [
    Form(nulls, relations) for nulls in (False, True) for relations in ("pair", "object", "id")
]


@given(st.integers(1, 2**31 - 1), storable_texts | st.none() | st.just(False))
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_many2one_comes_back(form, record_id, name):
    answered = json.loads(dump_json(values.dump_link(record_id, name, form)))
    assert load("many2one", "x", answered) == record_id
    assert values.is_same("many2one", answered, record_id)
    assert not values.is_same("many2one", answered, record_id % (2**31 - 1) + 1)


@pytest.mark.parametrize("value", ["DE", "7", 1.5, True, {"name": "x"}, [1, 2, 3], 0, 2**31])
def test_error_names_the_model_of_a_many2one(value):
    with pytest.raises(ApiError) as caught:
        values.load("many2one", "country_id", value, relation="res.country")
    assert caught.value.error == "bad_value"
    text = 'The value of "country_id" must be the id of a res.country record.'
    assert caught.value.message() == text


def test_forms_of_a_many2one():
    assert values.dump_link(7, "Ada", Form()) == [7, "Ada"]
    assert values.dump_link(7, "Ada", Form(relations="id")) == 7
    assert values.dump_link(7, "Ada", Form(relations="object")) == {"id": 7, "display_name": "Ada"}
    for nulls, name in ((True, None), (False, False)):
        answered = values.dump_link(7, False, Form(nulls, "object"))
        assert answered == {"id": 7, "display_name": name}


@given(st.lists(st.integers(1, 2**31 - 1)))
@pytest.mark.parametrize("field_type", sorted(values.X2MANY))
def test_x2many_comes_back(field_type, ids):
    assert load(field_type, "x", through_json(field_type, ids)) == [Command("set", tuple(ids))]


@pytest.mark.parametrize("field_type", TYPES)
def test_empty_comes_back(field_type):
    """False is what Odoo gives, null what `nulls` asks for; either empties the field."""
    expected = [Command("clear")] if field_type in values.X2MANY else False
    for empty in (False, None):
        assert load(field_type, "x", empty) == expected
    assert through_json(field_type, False) is False


# --- out -------------------------------------------------------------------------------------


@given(st.floats())
def test_every_float_is_json(value):
    """PostgreSQL has NaN and infinities, JSON has not."""
    for field_type in ("float", "monetary"):
        assert through_json(field_type, value) == (value if math.isfinite(value) else False)


@given(st.binary(min_size=1))
def test_every_binary_is_json(value):
    """A computed field may give bytes that are no base64: they are encoded, not fatal."""
    dumped = through_json("binary", value)
    if value.isascii():
        assert dumped == value.decode()
    else:
        assert base64.b64decode(dumped) == value
    assert through_json("image", memoryview(value)) == dumped


def test_documented_forms():
    assert through_json("date", date(2026, 11, 23)) == "2026-11-23"
    assert through_json("datetime", datetime(2026, 11, 23, 20, 43)) == "2026-11-23T20:43:00Z"
    assert (
        through_json("datetime", datetime(2026, 11, 23, 20, 43, 7, 999)) == "2026-11-23T20:43:07Z"
    )
    assert through_json("binary", b"") is False
    assert through_json("binary", "aGk=") == "aGk="


# --- in: dates and times ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T20:43:00Z", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43:00z", "2026-11-23 20:43:00"),
        ("2026-11-23 20:43:00", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43:00", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43", "2026-11-23 20:43:00"),
        ("2026-11-23", "2026-11-23 00:00:00"),
        ("2026-11-23T20:43:00+01:00", "2026-11-23 19:43:00"),
        ("2026-11-23T20:43:00+0100", "2026-11-23 19:43:00"),
        ("2026-11-23T20:43:00+01", "2026-11-23 19:43:00"),
        ("2026-11-23 20:43:00-05:30", "2026-11-24 02:13:00"),
        ("2026-11-23T20:43:00+00:00", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43:00.5Z", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43:00.123Z", "2026-11-23 20:43:00"),
        ("2026-11-23T20:43:00.123456789+02:00", "2026-11-23 18:43:00"),
        ("2024-02-29T23:59:59-00:01", "2024-03-01 00:00:59"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31 23:59:59"),
    ],
)
def test_datetimes_with_and_without_offset(text, expected):
    """The same on every Python: `fromisoformat` takes half of these on 3.10."""
    assert load("datetime", "x", text) == expected


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), st.integers(-14 * 60, 14 * 60))
def test_any_offset(moment, minutes):
    moment = moment.replace(microsecond=0)
    local = moment.replace(tzinfo=timezone.utc).astimezone(timezone(timedelta(minutes=minutes)))
    assert load("datetime", "x", local.isoformat()) == moment.isoformat(" ")


NO_DATETIMES = """
    today now 2026 2026-11 20261123 20261123T204300Z 2026-W47-1 2026-W47-1T00:00 2026-327 26-11-23
    2026-11-23T 2026-11-23Z
    2026-02-30 2025-02-29T00:00 2026-13-01 2026-00-01 2026-11-31T00:00:00Z 0000-01-01 10000-01-01 -001-01-01
    2026-11-23T24:00:00 2026-11-23T20:60 2026-11-23T20:43:60 2026-11-23T20:43:00+24:00 2026-11-23T20:43:00+1:00
    2026-11-23T20:43:00Z+01:00 2026-11-23T20:43:00ZZ 2026-11-23T20:43:00+01:60 2026-11-23T20 2026-11-23T20:43:00.Z
    2026-11-23T20.43.00 ٢٠٢٦-١١-٢٣ 2026-11-23T٢٠:43:00 1764000000 2026-11-23T20:43:00Europe/Berlin 23.11.2026 11/23/2026
""".split()
NO_DATETIMES += [
    "",
    " ",
    "2026-11-23 ",
    " 2026-11-23",
    "2026-11-23\n",
    "2026-11-23T20:43:00Z\n",
    "2026-11-23T20:43:00 Z",
]
NO_DATETIMES += [
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "2026-11-23\0",
    "2026-11-23x20:43:00",
]


@pytest.mark.parametrize("text", NO_DATETIMES, ids=ascii)
def test_no_dates_and_datetimes(text):
    """On no Python; the moments outside of the years 1 to 9999 included."""
    refused("datetime", text)
    refused("date", text)


@pytest.mark.parametrize(
    "text", ["2026-11-23T20:43:00Z", "2026-11-23 00:00:00", "2026-11-23T00:00:00"]
)
def test_date_has_no_time(text):
    refused("date", text)


# --- in: the rest ----------------------------------------------------------------------------

#: What each type takes, beyond what comes out of it, and what it makes of it.
TAKEN = [
    ("integer", 7.0, 7),
    ("integer", -0.0, 0),
    ("integer", -(2**31), -(2**31)),
    ("float", 7, 7.0),
    ("float", -(10**100), -1e100),
    ("boolean", 1, True),
    ("boolean", 0, False),
    ("many2one", [7, "Ada"], 7),
    ("many2one", [7, None], 7),
    ("many2one", 7.0, 7),
    ("many2one", {"id": 7, "display_name": "Ada"}, 7),
    ("many2one", [7.0, "Ada"], 7),
    ("many2one_reference", 7.0, 7),
    ("reference", "res.partner,7.0", "res.partner,7"),
    ("binary", "aGk\r\n=\n", "aGk="),
    ("image", " aG\tk=\n", "aGk="),
    ("many2one_reference", 7, 7),
    ("many2one_reference", 0, False),
    ("reference", "res.partner,7", "res.partner,7"),
    ("json", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    ("json", [], []),
    ("properties", {"a": 1}, {"a": 1}),
    ("properties", {}, {}),
    ("properties", [], {}),
    ("properties", [{"name": "a", "type": "char", "value": "x"}, {"name": "b"}], {"a": "x"}),
    ("properties", [{"name": "a", "definition_changed": False, "value": None}], {"a": None}),
    ("properties", {"a_html": "<p/>", "b_html": None}, {"a_html": "<p/>", "b_html": None}),
    ("char", "", ""),
    ("char", "\U0001f600 ٣ \r\n\t\x01", "\U0001f600 ٣ \r\n\t\x01"),
]


@pytest.mark.parametrize(("field_type", "value", "expected"), TAKEN)
def test_taken(field_type, value, expected):
    loaded = load(field_type, "x", value)
    assert (loaded, type(loaded)) == (expected, type(expected))


REFUSED = {
    "char": [0, 1, 1.5, True, [], ["x"], {}, "a\0", "\0", "\ud800", "a\udfffb"],
    "selection": [0, 1, True, [], {}, "\0"],
    "html": [1, "<p>\0</p>"],
    "integer": [
        "1",
        "",
        "x",
        1.5,
        True,
        [],
        {},
        2**31,
        -(2**31) - 1,
        10**400,
        1e300,
        math.nan,
        math.inf,
        -math.inf,
    ],
    "float": ["1", "", True, [], {}, math.nan, math.inf, -math.inf, 10**400, 10**101, -1e300],
    "monetary": ["1.5", True, math.nan, math.inf, 10**400, 1.1e100],
    "boolean": ["true", "", 2, -1, 0.5, [], [0], {}, math.nan, 10**400],
    "date": [0, 1, 20261123, 1.5, True, [], {}, [2026, 11, 23]],
    "datetime": [0, 1764000000, 1.5, True, [], {}],
    "binary": [
        1,
        True,
        [],
        {},
        "é",
        "a",
        "abc",
        "@@@@",
        "aGk",
        "aGk=\u2028",
        "data:text/plain;base64,aGk=",
        "aGk=\0",
    ],
    "image": [1, "é"],
    "many2one": [
        0,
        -1,
        "1",
        "x",
        1.5,
        True,
        [],
        [1],
        [1, 2, 3],
        ["1", "x"],
        [0, "x"],
        {},
        {"id": "1"},
        {"code": "x"},
        2**31,
        math.nan,
    ],
    "many2one_reference": [-1, "1", True, 2**31],
    "reference": [
        1,
        True,
        "",
        "x",
        "a.b",
        "a.b,",
        ",1",
        "a.b,x",
        "a.b,-1",
        "a,1,2",
        "a.b, 1",
        "A.B,1",
        "a.b,1\n",
        "a.b,٣",
    ],
    "json": [
        "\0",
        "\ud800",
        {"\0": 1},
        {"a": ["\0"]},
        [[{"\ud800": 1}]],
        math.nan,
        [math.inf],
        {"a": -math.inf},
    ],
    "properties": [
        *({"a": "\0"}, {"": 1}, {"A": 1}, {"a.b": 1}, {"a\n": 1}, {"x" * 513: 1}, {"a_html": 5}),
        *(5, True, "x", [1], [[]], ["a"], [{"name": 5, "value": 1}], [{"name": ["a"], "value": 1}]),
        *([{"definition_changed": True}], [{"name": "a", "definition_deleted": 1, "value": 1}]),
        [{"name": "a_html", "value": ["x"]}],
    ],
    "properties_definition": [
        *(5, True, "x", {"a": 1}, [1], [[]], [{}], [{"name": "a"}], [{"type": "char"}]),
        *([{"name": 5, "type": "char"}], [{"name": "a", "type": ["char"]}]),
        *([{"name": "A b", "type": "char"}], [{"name": "a", "type": "char", "string": "\0"}]),
        [{"name": "a", "type": "integer", "default": "x"}],
        [{"name": "a", "type": "no such type", "default": "x"}],
        [{"name": "a", "type": "selection", "selection": [["s", "S"]], "default": "m"}],
        [{"name": "a", "type": "many2one", "comodel": "b", "domain": "[('a', '=', "}],
        [{"name": "a", "type": "many2one", "comodel": "b", "domain": "f()"}],
        [{"name": "a", "type": "many2one", "comodel": "b", "domain": [["a", "=", 1]]}],
    ],
    "serialized": ["\0", {"a": math.nan}],
}
REFUSED["reference"] += ["a.b,0", "a.b,2147483648", "a.b,9999999999", "a.b\0,1", [], {}, ["a.b", 1]]


@pytest.mark.parametrize(
    ("field_type", "value"),
    [
        (field_type, value)
        for field_type, refused_values in REFUSED.items()
        for value in refused_values
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_refused(field_type, value):
    """`True` is not 1, a string is no number, and nothing reaches a column that cannot hold it."""
    refused(field_type, value)


@pytest.mark.parametrize(
    "field_type", ["json", "properties", "properties_definition", "serialized"]
)
@pytest.mark.parametrize("depth", [600, 50_000])
def test_deep_json_is_refused(field_type, depth):
    """Python's own JSON reader and writer have a limit; whoever checks the value needs one, too."""
    for wrap in (lambda inner: [inner], lambda inner: {"a": inner}):
        value = 1
        for _level in range(depth):
            value = wrap(value)
        if field_type == "properties":
            value = {"a": value}
        elif field_type == "properties_definition":
            value = [{"name": "a", "type": "char", "string": value}]
        refused(field_type, value)


def test_json_may_be_deep_enough():
    for field_type in ("json", "serialized"):
        assert load(field_type, "x", [[[[[[[["deep enough"]]]]]]]])


@given(st.sampled_from(TYPES), json_values)
def test_any_value(field_type, value):
    """Loaded or refused; what is loaded can be stored."""
    try:
        loaded = load(field_type, "x", value)
    except ApiError as exc:
        outcome = exc
    else:
        if field_type not in values.X2MANY:
            text = json.dumps(loaded, allow_nan=False)
            assert "\\u0000" not in text.replace("\\\\", "")
            json.dumps(loaded, ensure_ascii=False).encode()
        return
    assert outcome.error == "bad_value"
    assert dump_json(outcome.body())


# --- x2many ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], [Command("set", ())]),
        ([3, 4], [Command("set", (3, 4))]),
        ([[0, 0, {"name": "x"}]], [Command("create", (), {"name": "x"})]),
        ([[0, False, {}]], [Command("create", (), {})]),
        ([[0, "virtual_1", {}]], [Command("create", (), {})]),
        ([[1, 7, {"name": "x"}]], [Command("update", (7,), {"name": "x"})]),
        ([[2, 7]], [Command("delete", (7,))]),
        ([[2, 7, 0]], [Command("delete", (7,))]),
        ([[3, 7, False]], [Command("unlink", (7,))]),
        ([[4, 7]], [Command("link", (7,))]),
        ([[5]], [Command("clear")]),
        ([[5, 0, 0]], [Command("clear")]),
        ([[6, 0, []]], [Command("set", ())]),
        ([[6, False, [1, 2]]], [Command("set", (1, 2))]),
        ([[4, 7], [0, 0, {}]], [Command("link", (7,)), Command("create", (), {})]),
        ([1.0, 2], [Command("set", (1, 2))]),
        ([[6.0, 0.0, [1.0, 2.0]]], [Command("set", (1, 2))]),
        ([[4.0, 7.0], [0.0, 0, {}]], [Command("link", (7,)), Command("create", (), {})]),
        ([[1, 7.0, {"a": 1}]], [Command("update", (7,), {"a": 1})]),
    ],
)
def test_commands(value, expected):
    assert load("one2many", "x", value) == load("many2many", "x", value) == expected


BAD_COMMANDS = """
    0 1 true "x" {} {"0":1} "[]" [null] [true] [false] ["1"] [1.5] [[]] [{}] [0] [-1] [2147483648] [1,"x"]
    [1,[4,2]]
    [[0]] [[0,0]] [[0,0,[]]] [[0,0,null]] [[0,0,"x"]] [[0,0,1]] [[0,0,{},1]] [[1]] [[1,7]] [[1,0,{}]] [[1,null,{}]]
    [[1,"7",{}]] [[1,7,[]]] [[1,true,{}]] [[1,[7],{}]] [[2]] [[2,0]] [[2,"7"]] [[2,null]] [[2,[7]]] [[3]] [[4]]
    [[4,true]]
    [[4,-1]] [[4,2147483648]] [[4,1.5]] [[6]] [[6,0]] [[6,0,7]] [[6,0,"x"]] [[6,0,[0]]] [[6,0,["1"]]] [[6,0,[true]]]
    [[6,0,[[1]]]] [[6,0,{}]] [[7]] [[-1,0,{}]] [["0",0,{}]] [[true,0,{}]] [[0.5,0,{}]] [[null,0,{}]] [[[0],0,{}]]
    [[99,1,1]]
""".split()


@pytest.mark.parametrize("text", BAD_COMMANDS)
@pytest.mark.parametrize("field_type", sorted(values.X2MANY))
def test_bad_commands(field_type, text):
    refused(field_type, json.loads(text))


# --- properties -----------------------------------------------------------------------------

DEFINITION = [
    {"name": "flag", "type": "boolean"},
    {"name": "count", "type": "integer"},
    {"name": "weight", "type": "float"},
    {"name": "note", "type": "char", "default": "none"},
    {"name": "rich_html", "type": "html"},
    {"name": "day", "type": "date"},
    {"name": "at", "type": "datetime", "default": "2026-11-23 20:43:00"},
    {"name": "size", "type": "selection", "selection": [["s", "Small"], ["m", "Medium"]]},
    {"name": "labels", "type": "tags", "tags": [["a", "A", 1], ["b", "B", 2]]},
    {"name": "owner", "type": "many2one", "comodel": "res.partner"},
    {"name": "others", "type": "many2many", "comodel": "res.partner"},
    {"name": "line", "type": "separator"},
]
#: property → (as Odoo gives it to be read, what goes out, what comes in)
PROPERTIES = {
    "flag": (True, True, True),
    "count": (-7, -7, -7),
    "weight": (1.5, 1.5, 1.5),
    "note": ("x", "x", "x"),
    "rich_html": ("<p>x</p>", "<p>x</p>", "<p>x</p>"),
    "day": ("2026-11-23", "2026-11-23", "2026-11-23"),
    "at": ("2026-11-23 20:43:00", "2026-11-23T20:43:00Z", "2026-11-23 20:43:00"),
    "size": ("m", "m", "m"),
    "labels": (["b", "a"], ["b", "a"], ["b", "a"]),
    "owner": ((7, "Ada"), [7, "Ada"], 7),
    "others": ([(7, "Ada"), (8, None)], [[7, "Ada"], [8, None]], [7, 8]),
    "line": (False, False, False),
}


def load_properties(given):
    return values.load_properties("props", load("properties", "props", given) or {}, DEFINITION)


@pytest.mark.parametrize("name", PROPERTIES)
def test_property_comes_back(name):
    """As a list of definitions with values, as it is answered, and as an object."""
    kept, out, loaded = PROPERTIES[name]
    [definition] = [item for item in DEFINITION if item["name"] == name]
    answered = json.loads(dump_json(values.dump_properties([{**definition, "value": kept}])))
    assert answered[0]["value"] == out
    assert load_properties(answered) == {name: loaded}
    assert load_properties({name: out}) == {name: loaded}
    for empty in (None, False):
        assert load_properties({name: empty}) == {name: False}


def linked(kept, form):
    """Links as engine/properties.py gives them."""
    if isinstance(kept, tuple):
        return values.dump_link(*kept, form)
    if isinstance(kept, list):
        return [linked(item, form) if isinstance(item, tuple) else item for item in kept]
    return kept


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("name", PROPERTIES)
def test_property_comes_back_in_each_form(name, form):
    """It is recognized as the current value, which is compared by ids."""
    kept, _out, loaded = PROPERTIES[name]
    [definition] = [item for item in DEFINITION if item["name"] == name]
    for value, expected in ((kept, loaded), (False, False)):

        def answer(form, value=value):
            item = {**definition, "value": linked(value, form)}
            return json.loads(dump_json(values.dump_properties([item], form)))

        answered = answer(form)
        assert load_properties(answered)[name] == expected or answered[0]["value"] == []
        current = answer(Form(relations="id"))
        assert values.is_same("properties", answered, current)
        assert values.is_same("properties", {name: answered[0]["value"]}, current)
    other = {"flag": False, "line": "x"}.get(name)
    assert not values.is_same("properties", {name: other}, answer(form, kept)) or not kept


def test_empty_values_of_properties():
    """Null where the client asks for it, a list where the values are lists; a flag stays one."""
    empty = [{**item, "value": False, "default": False} for item in DEFINITION]
    for key in ("value", "default"):
        found = {
            item["name"]: item[key] for item in values.dump_properties(empty, Form(nulls=True))
        }
        expected = {**dict.fromkeys(found), "flag": False, "labels": [], "others": []}
        assert found == expected
    assert values.dump_properties(empty) == empty
    broken = [{"name": "at", "type": "datetime", "value": 5}]
    assert values.dump_properties(broken, Form(nulls=True))[0]["value"] is None


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_definition_comes_back_in_each_form(form):
    """Among its values are links, as defaults of properties."""
    definition = [
        {**item, "default": linked(PROPERTIES[item["name"]][0], form)}
        for item in DEFINITION
        if item["name"] != "line"
    ]
    definition += [{**item, "name": f"{item['name']}2", "default": False} for item in definition]
    answered = json.loads(dump_json(values.dump_properties(definition, form)))
    by_ids = [
        {**item, "default": PROPERTIES[item["name"]][2]}
        for item in DEFINITION
        if item["name"] != "line"
    ]
    by_ids += [{**item, "name": f"{item['name']}2", "default": False} for item in by_ids]
    assert load("properties_definition", "x", answered) == by_ids
    assert values.is_same("properties_definition", answered, by_ids)
    changed = [{**answered[0], "string": "other"}, *answered[1:]]
    assert not values.is_same("properties_definition", changed, by_ids)
    changed = [
        {**item, "default": 9 if item["name"] == "owner" else item["default"]} for item in answered
    ]
    assert not values.is_same("properties_definition", changed, by_ids)


def test_definition_comes_back():
    answered = json.loads(dump_json(values.dump_properties(DEFINITION)))
    assert [item.get("default") for item in answered if "default" in item] == [
        "none",
        "2026-11-23T20:43:00Z",
    ]
    assert load("properties_definition", "x", answered) == DEFINITION
    assert load_properties(answered) == {}
    for nothing in (None, False, []):
        assert values.dump_properties(nothing) == []


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        *(("flag", value) for value in ("yes", 2, [])),
        *(("count", value) for value in ("7", 1.5, 2**31, True)),
        *(("weight", value) for value in ("7", [1.5], 1e300)),
        *(("note", value) for value in (5, ["x"])),
        *(("day", value) for value in ("2026-11-31", "2026-11-23T00:00:00Z", 5)),
        *(("at", value) for value in ("now", "2026-11-23T25:00:00Z", 5)),
        *(("size", value) for value in ("Medium", "l", 5, ["m"], {})),
        *(("labels", value) for value in ("a", ["c"], [["a"]], [{}], {"a": 1})),
        *(("owner", value) for value in ("7", 0, -1, [7], [7, "Ada", 1], True)),
        *(("others", value) for value in (7, ["7"], [0], [[7]], {})),
        ("line", "x"),
        ("no_such", 1),
    ],
)
def test_property_is_refused(name, bad):
    with pytest.raises(ApiError) as caught:
        load_properties({name: bad})
    assert caught.value.error == "bad_value"
    assert name in caught.value.message()


@pytest.mark.parametrize("field_type", ["char", "html"])
def test_text_has_its_size(field_type):
    assert load(field_type, "x", "12345678", size=8) == "12345678"
    assert load(field_type, "x", "\U0001f600" * 8, size=8)
    assert load(field_type, "x", "1" * 99, size=None)
    with pytest.raises(ApiError) as caught:
        load(field_type, "x", "123456789", size=8)
    assert caught.value.error == "bad_value"
    assert "8" in caught.value.message()


# --- in conditions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field_type", "operator", "value", "expected"),
    [
        ("datetime", ">=", "2026-11-23T20:43:00+01:00", "2026-11-23 19:43:00"),
        ("datetime", ">=", "2026-11-23 20:43:00+01:00", "2026-11-23 19:43:00"),
        ("datetime", ">=", "2026-11-23 20:43:00", "2026-11-23 20:43:00"),
        ("datetime", ">=", "2026-11-23", "2026-11-23"),
        ("datetime", ">=", "today -7d", "today -7d"),
        ("date", "<", "-1m", "-1m"),
        ("datetime", "in", ("2026-11-23T20:43:00Z", None), ["2026-11-23 20:43:00", False]),
        ("char", "=", None, False),
        ("char", "ilike", "x", "x"),
        ("integer", "ilike", "1", "1"),
        ("many2one", "=", "Ada", "Ada"),
        ("many2one", "in", (1, "Ada", False), [1, "Ada", False]),
        ("float", ">", 1, 1),
        ("boolean", "=", 1, 1),
        ("binary", "!=", False, False),
        ("json", "in", (28, "Azure"), [28, "Azure"]),
    ],
)
def test_condition_values(field_type, operator, value, expected):
    assert load_condition(field_type, "x", operator, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-25T10:00:00Z", True),
        ("2026-11-25 10:00:00", True),
        (("x", "2026-11-25T10:00:00+01:00"), True),
        ("2026-11-25", False),
        ("today", False),
        (("x", 1, None), False),
        (20261125, False),
    ],
)
def test_is_moment(value, expected):
    assert is_moment(value) is expected


@pytest.mark.parametrize(
    ("field_type", "value"),
    [
        ("char", 1),
        ("char", 1.5),
        ("selection", 1),
        ("date", 20261123),
        ("datetime", 1764000000),
        ("datetime", "2026-11-23T99:00:00"),
        ("datetime", "2026-11-23T20:43:00+99:00"),
        ("datetime", "0001-01-01T00:00:00+01:00"),
        ("integer", "1"),
        ("float", "1.5"),
        ("boolean", "true"),
        ("boolean", 2),
        ("many2one", 1.5),
        ("one2many", 1.0),
        ("binary", 1),
    ],
)
def test_condition_values_that_cannot_be_compared(field_type, value):
    for given_value in (value, (value,), (None, value)):
        with pytest.raises(ApiError) as caught:
            load_condition(field_type, "the.path", "in", given_value)
        assert caught.value.error == "bad_domain"
        assert '"the.path"' in caught.value.message()


# --- what is sent back ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field_type", "given_value", "answered"),
    [
        ("char", "x", "x"),
        ("char", None, False),
        ("html", "<p>x</p>", "<p>x</p>"),
        ("integer", 7.0, 7),
        ("integer", None, 0),
        ("float", 1, 1.0),
        ("boolean", 0, False),
        ("date", "2026-11-23", "2026-11-23"),
        ("datetime", "2026-11-23 20:43:00", "2026-11-23T20:43:00Z"),
        ("datetime", "2026-11-23T21:43:00+01:00", "2026-11-23T20:43:00Z"),
        ("many2one", 7, 7),
        ("many2one", [7, "another name"], 7),
        ("many2one", {"id": 7.0, "city": "x"}, 7),
        ("many2one", {"id": 7, "display_name": None}, 7),
        ("many2one", "40", "40"),
        ("many2one", ["40", "Assets"], "40"),
        ("many2one", {"id": "40", "display_name": "Assets"}, "40"),
        ("many2one", None, False),
        ("many2many", [2, 1], [1, 2]),
        ("many2many", [[6, 0, [1, 2]]], [1, 2]),
        ("many2many", [{"id": 1}, {"id": 2}], [1, 2]),
        ("one2many", None, []),
        ("one2many", [], []),
        ("reference", "res.partner,7.0", "res.partner,7"),
        ("binary", "aG\nk=", "aGk="),
        ("binary", "{'not': 'base64'}", "{'not': 'base64'}"),
        ("binary", {"amount": 1.5}, {"amount": 1.5}),
        ("json", {"a": [1, None]}, {"a": [1, None]}),
        ("json", None, False),
        ("properties", [{"name": "a", "value": 1}], [{"name": "a", "value": 1}]),
        ("properties", {"a": 1}, [{"name": "a", "type": "integer", "value": 1}]),
    ],
)
def test_the_same_in_another_form(field_type, given_value, answered):
    assert values.is_same(field_type, given_value, answered)


@pytest.mark.parametrize(
    ("field_type", "given_value", "answered"),
    [
        ("char", "", False),
        ("char", "x", "X"),
        ("char", 0, False),
        ("integer", "7", 7),
        ("integer", True, 1),
        ("boolean", "false", False),
        ("float", 1.000001, 1.0),
        ("many2one", 8, 7),
        ("many2one", [7], 7),
        ("many2one", {"id": 8, "display_name": "Ada"}, 7),
        ("many2one", {"id": None}, 7),
        ("many2one", "41", "40"),
        ("many2one", 40, "40"),
        ("many2one", {"id": "41"}, "40"),
        ("many2one", None, "40"),
        ("many2one", None, 7),
        ("many2many", [1], [1, 2]),
        ("many2many", [[4, 1]], [1, 2]),
        ("many2many", [[5], [4, 1], [4, 2]], [1, 2]),
        ("many2many", [[5]], []),
        ("json", {"a": True}, {"a": 1}),
        ("json", {}, False),
        ("binary", {"amount": 2}, {"amount": 1.5}),
        ("properties", {"a": True}, [{"name": "a", "type": "integer", "value": 1}]),
        ("properties", {}, [{"name": "a", "type": "integer", "value": 1}]),
        ("properties", {"a": None}, [{"name": "a", "type": "many2one", "value": 7}]),
        ("properties", {"a": {"id": 8}}, [{"name": "a", "type": "many2one", "value": 7}]),
        ("properties", {"a": [8, 7]}, [{"name": "a", "type": "many2many", "value": [7, 8]}]),
    ],
)
def test_not_the_same(field_type, given_value, answered):
    assert not values.is_same(field_type, given_value, answered)


@pytest.mark.parametrize(
    ("code", "tag"),
    [("fr_FR", "fr-FR"), ("eo", "eo"), ("sr@latin", "sr-Latn"), ("sr_RS@latin", "sr-Latn-RS")],
)
def test_language_tags(code, tag):
    assert language_tag(code) == tag


@pytest.mark.parametrize("items", [[{"name": "Kid"}], [0, 0, {"qty": 1}], [{}], [{"id": 0}]])
def test_list_of_objects_without_ids(items):
    """The message says what is accepted: a client has forgotten the brackets of a command."""
    with pytest.raises(ApiError, match="a list of ids, or of commands") as caught:
        values.load("one2many", "child_ids", items)
    assert caught.value.error == "bad_value"
