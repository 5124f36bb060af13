"""A request in, a frozen dataclass or an ApiError with a true code out; every mistake told at once."""

import json
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import domain, query
from jwt_auth_api.tools.errors import CODES, ApiError, SeveralErrors, dump_json

GOOD = {"model": "res.partner", "fields": '["name"]'}
BIG = "9" * 5000


def refused(call, *args, **kwargs):
    """The error, which is a client's (4xx), has a known code and can be sent."""
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    error = caught.value
    assert error.code == CODES[error.error]
    assert 400 <= error.code < 500
    assert json.loads(dump_json(error.body()))["error"] == error.error
    assert "object at" not in error.message()
    assert "Traceback" not in error.message()
    return error


def refused_list(max_limit=1000, **params):
    return refused(query.parse_list, {**GOOD, **params}, max_limit)


def refused_write(body, **params):
    return refused(query.parse_write, {**GOOD, "id": "1", **params}, body, with_id=True)


def test_defaults():
    assert query.parse_list(GOOD, 1000) == query.ListQuery(query.Selection(("name",)))
    assert query.parse_list(GOOD, 1000).limit == 20


def test_all_that_a_list_takes():
    params = {
        **GOOD,
        "domain": "[('active','=',True)]",
        "expand": '{"bank_ids": ["acc_number"], "country_id": []}',
        "offset": "3",
        "limit": "50",
        "id": "7",
    }
    found = query.parse_list(params, 1000)
    below = {"bank_ids": query.Selection(("acc_number",)), "country_id": query.Selection()}
    assert found == query.ListQuery(
        query.Selection(("name", "bank_ids", "country_id"), below),
        domain.Condition(("active",), "=", True),
        page=3,
        limit=50,
        record_id=7,
    )
    with pytest.raises(FrozenInstanceError):
        found.page = 1


# --- numbers ---------------------------------------------------------------------------------

NO_NUMBERS = [
    "",
    " ",
    "x",
    "٣",
    "１",
    "²",
    "Ⅷ",
    "+1",
    "1.0",
    "1e3",
    "1_000",
    "0x10",
    "--1",
    "1 2",
    "1,2",
    "[1]",
    '"1"',
]
NO_NUMBERS += ["null", "true", "NaN", "inf", "1\x00", "\x00", "-", "½", "1-", "১", BIG, "-" + BIG]


@pytest.mark.parametrize("name", ["offset", "limit", "id"])
@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: ascii(text[:9]))
def test_numbers_are_ascii_digits(name, text):
    error = refused_list(**{name: text})
    assert error.error == "bad_parameter"
    assert f'"{name}"' in error.message()
    if name == "id":
        assert refused(query.parse_id, {name: text}).error == "bad_parameter"
        assert refused_write({"values": {}}, id=text).error == "bad_parameter"


@pytest.mark.parametrize(
    ("name", "largest"), [("offset", query.MAX_PAGE), ("limit", 1000), ("id", 2**31 - 1)]
)
def test_numbers_have_limits(name, largest):
    """Page 0, a negative page and an id beyond PostgreSQL's integer are told, not tried."""
    for good in (1, 2, largest):
        assert query.parse_list({**GOOD, name: str(good)}, 1000)
    for bad in (0, -1, largest + 1, 2**31, 2**63, 10**17, 10**18, 10**30):
        if name == "offset" and bad == 2**31 <= largest:
            continue
        error = refused_list(**{name: str(bad)})
        assert error.error == "bad_parameter"
        assert str(largest) in error.message()


@pytest.mark.parametrize("text", [" 1", "1 ", "\t1\n", "001", "1"])
def test_blanks_and_zeros_around_a_number(text):
    """Harmless, and clients send them."""
    assert query.parse_list({**GOOD, "offset": text}, 1000).page == 1


@pytest.mark.parametrize(("max_limit", "limit"), [(1, 1), (5, 5), (20, 20), (21, 20), (1000, 20)])
def test_default_page_obeys_the_connection(max_limit, limit):
    assert query.parse_list(GOOD, max_limit).limit == limit
    assert query.parse_list({**GOOD, "limit": str(max_limit)}, max_limit).limit == max_limit
    refused_list(max_limit, limit=str(max_limit + 1))


@given(st.integers(1, query.MAX_PAGE), st.integers(1, 1000))
def test_offset_fits_a_bigint(page, limit):
    found = query.parse_list({**GOOD, "offset": str(page), "limit": str(limit)}, 1000)
    assert (found.page - 1) * found.limit < 2**63


# --- fields and expand -----------------------------------------------------------------------

NO_FIELDS = """
    null true false 0 1.5 "name" {} {"name":1} [1] [null] [true] ["a",1] [["a"]] [{}] ["a",{}] ["a\\u0000"] ["\\ud800"]
    [ [name] name ['name'] ["a",] [NaN] NaN ["a"]x
""".split()
NO_FIELDS += ["", " ", "\x00", "[" * 100_000, f"[{BIG}]", '["a"' * 9]


@pytest.mark.parametrize("text", NO_FIELDS, ids=lambda text: ascii(text[:12]))
def test_fields_is_a_json_list_of_names(text):
    error = refused_list(fields=text)
    assert error.error == "bad_parameter"
    assert '"fields"' in error.message()


@pytest.mark.parametrize(
    "value", [None, True, 0, "name", {}, [1], [None], [["a"]], ["a\0"], ["\ud800"]], ids=ascii
)
def test_fields_of_a_body(value):
    error = refused_write({"values": {}, "fields": value})
    assert error.error == "bad_parameter"
    assert '"fields"' in error.message()


def test_fields_is_required_of_a_list_alone():
    assert '"fields"' in refused(query.parse_list, {"model": "x"}, 1000).message()
    assert query.parse_write({}, {"values": {}}, with_id=False).selection == query.Selection()


def test_names_are_told_once_and_in_order():
    assert query.parse_list({"fields": '["b","a","b","id"]'}, 9).selection.fields == (
        "b",
        "a",
        "id",
    )


NO_EXPAND = """
    null true 0 "x" [] ["a"] {"a":1} {"a":null} {"a":"b"} {"a":{}} {"a":[1]} {"a":[null]} {"a":[["b"]]}
    {"a":["\\u0000"]} { {a:[]} {'a':[]} {"a":[NaN]} NaN
""".split()
NO_EXPAND += ["", '{"a":' * 100_000, f'{{"a":[{BIG}]}}']


@pytest.mark.parametrize("text", NO_EXPAND, ids=lambda text: ascii(text[:12]))
def test_expand_is_a_json_object_of_lists(text):
    assert refused_list(expand=text).error == "bad_parameter"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("name", ["fields", "expand", "domain"])
def test_python_numbers_are_not_json(name, text):
    refused_list(**{name: text})
    refused_list(**{name: f'[["id","=",{text}]]'})


# --- models, values, ids ---------------------------------------------------------------------


def test_model():
    assert query.parse_model({"model": "res.partner"}) == "res.partner"


@pytest.mark.parametrize("params", [{}, {"model": ""}, {"Model": "x"}])
def test_model_is_required(params):
    error = refused(query.parse_model, params)
    assert (error.error, '"model"' in error.message()) == ("bad_parameter", True)


@pytest.mark.parametrize("name", ["res.partner\0", "\0", "\ud800", "a\udfffb"], ids=ascii)
def test_model_that_cannot_be_looked_for(name):
    """PostgreSQL's driver raises on NUL, UTF-8 on a lone surrogate: neither may reach it."""
    assert refused(query.parse_model, {"model": name}).error == "bad_parameter"


@pytest.mark.parametrize(
    "body", [{}, {"values": None}, {"values": []}, {"values": [{}]}, {"values": "x"}, {"values": 1}]
)
def test_values_is_an_object(body):
    error = refused(query.parse_write, GOOD, body, with_id=False)
    assert (error.error, '"values"' in error.message()) == ("bad_value", True)


def test_id_is_required_where_it_is_needed():
    for call in (
        lambda: query.parse_id({}),
        lambda: query.parse_write({}, {"values": {}}, with_id=True),
    ):
        assert '"id" is missing' in refused(call).message()
    assert query.parse_id({"id": "7"}) == 7
    assert query.parse_write({"id": "7"}, {"values": {"a": 1}}, with_id=True).record_id == 7
    assert query.parse_write({"id": "7"}, {"values": {"a": 1}}, with_id=False).record_id is None


# --- together --------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once():
    """With the first problem's code and a sentence for each."""
    error = refused_list(fields="x", expand="[]", domain="[[1]]", offset="0", limit="many", id="-")
    assert isinstance(error, SeveralErrors)
    message = error.message()
    for word in ('"fields"', '"expand"', "[field, operator, value]", '"offset"', '"limit"', '"id"'):
        assert word in message
    assert error.error == error.problems[0].error == "bad_parameter"
    assert len(error.problems) == 6


def test_everything_wrong_with_a_write_is_told_at_once():
    message = refused_write({"values": 1, "fields": 1, "expand": 1}, id="x").message()
    for word in ('"values"', '"fields"', '"expand"', '"id"'):
        assert word in message


def test_one_mistake_is_told_once():
    assert not isinstance(refused_list(fields="x"), SeveralErrors)
    assert not isinstance(refused_list(limit="x"), SeveralErrors)


words = st.sampled_from(
    [*NO_NUMBERS, *NO_FIELDS[:20], *NO_EXPAND[:12], "1", '["a"]', "{}", "[]"]
) | st.text(max_size=30)
names = st.sampled_from(
    ["model", "fields", "domain", "expand", "offset", "limit", "id", "order", "x"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(["values", "fields", "expand", "x"]), json_values)


@given(st.dictionaries(names, words), st.integers(1, 5000))
def test_any_parameters(params, max_limit):
    """A query within its limits, or a client's error."""
    try:
        found = query.parse_list(params, max_limit)
    except ApiError as exc:
        outcome = exc
    else:
        assert 1 <= found.limit <= max_limit
        assert 1 <= found.page <= query.MAX_PAGE
        assert found.record_id is None or 1 <= found.record_id <= query.MAX_ID
        assert all(isinstance(name, str) for name in found.selection.fields)
        return
    assert outcome.code == 400
    assert dump_json(outcome.body())


@given(st.dictionaries(names, words), bodies, st.booleans())
def test_any_body(params, body, with_id):
    try:
        found = query.parse_write(params, body, with_id=with_id)
    except ApiError as exc:
        outcome = exc
    else:
        assert isinstance(found.values, dict)
        assert (found.record_id is not None) == with_id
        return
    assert outcome.code == 400
    assert dump_json(outcome.body())
