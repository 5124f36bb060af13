"""A request in, a frozen dataclass or an ApiError with a true code out; every mistake told at once."""

import json
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import domains, names, parameters, parsing, queries
from jwt_auth_api.tools.errors import CODES, ApiError, Problems, SeveralErrors, dump_json
from werkzeug.datastructures import MultiDict

GOOD = {"model": "res.partner", "fields": '["name"]'}
BIG = "9" * 5000
#: The form of values on resource paths.
TYPED = queries.Form(nulls=True, relations="object")


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


def parsed(max_limit=1000, **params):
    return parsing.parse_get({**GOOD, **params}, max_limit)


def refused_list(max_limit=1000, **params):
    return refused(parsing.parse_get, {**GOOD, **params}, max_limit)


def refused_write(body, **params):
    return refused(parsing.parse_update, {"model": "x", "id": "1", **params}, body, 1000)


def test_defaults():
    assert parsed() == queries.ListQuery(queries.Selection(("name",)))
    assert parsed().limit == 20


def test_all_that_a_list_takes():
    params = {
        **GOOD,
        "domain": "[('active','=',True)]",
        "expand": '{"bank_ids": ["acc_number"], "country_id": []}',
        "offset": "3",
        "limit": "50",
        "order": "name , date DESC,id asc",
        "count": "estimated",
        "archived": "1",
        "nulls": "true",
    }
    found = parsing.parse_get(params, 1000)
    below = {"bank_ids": queries.Selection(("acc_number",)), "country_id": queries.Selection()}
    assert found == queries.ListQuery(
        queries.Selection(("name", "bank_ids", "country_id"), below),
        domains.Condition(("active",), "=", True),
        (
            queries.OrderTerm("name"),
            queries.OrderTerm("date", descending=True),
            queries.OrderTerm("id"),
        ),
        page=3,
        limit=50,
        count="estimated",
        archived=True,
        form=queries.Form(nulls=True),
    )
    with pytest.raises(FrozenInstanceError):
        found.page = 1


def test_one_record():
    below = {"country_id": queries.Selection(("code",))}
    selection = queries.Selection(("name", "country_id"), below)
    assert parsed(id="7", expand='{"country_id": ["code"]}') == queries.OneQuery(7, selection)
    params = {"fields": GOOD["fields"]}
    assert parsing.parse_get(params, 5, record_id=7, page_name="page") == queries.OneQuery(
        7, queries.Selection(("name",)), limit=5, form=TYPED
    )


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
    if name == "id" and text == "1.0":
        return
    error = refused_list(**{name: text})
    assert error.error == "bad_parameter"
    assert f'"{name}"' in error.message()
    if name == "id":
        assert refused(parsing.parse_delete, {name: text}, 9).error == "bad_parameter"
        assert refused_write({"values": {}}, id=text).error == "bad_parameter"


@pytest.mark.parametrize(
    ("name", "largest"), [("offset", queries.MAX_PAGE), ("limit", 1000), ("id", 2**31 - 1)]
)
def test_numbers_have_limits(name, largest):
    """Page 0, a negative page and an id beyond PostgreSQL's integer are told, not tried."""
    for good in (1, 2, largest):
        assert parsed(**{name: str(good)})
    for bad in (0, -1, largest + 1, 2**31, 2**63, 10**17, 10**18, 10**30):
        if name == "offset" and bad == 2**31 <= largest:
            continue
        error = refused_list(**{name: str(bad)})
        assert error.error == "bad_parameter"
        assert str(largest) in error.message()


@pytest.mark.parametrize("text", [" 1", "1 ", "\t1\n", "001", "1"])
def test_blanks_and_zeros_around_a_number(text):
    """Harmless, and clients send them."""
    assert parsed(offset=text).page == 1


@pytest.mark.parametrize(("max_limit", "limit"), [(1, 1), (5, 5), (20, 20), (21, 20), (1000, 20)])
def test_default_page_obeys_the_connection(max_limit, limit):
    assert parsed(max_limit).limit == limit
    assert parsed(max_limit, limit=str(max_limit)).limit == max_limit
    refused_list(max_limit, limit=str(max_limit + 1))


@given(st.integers(1, queries.MAX_PAGE), st.integers(1, 1000))
def test_offset_fits_a_bigint(page, limit):
    found = parsed(offset=str(page), limit=str(limit))
    assert (found.page - 1) * found.limit < 2**63


# --- fields and expand -----------------------------------------------------------------------

NO_FIELDS = """
    null true false 0 1.5 "name" {} {"name":1} [1] [null] [true] ["a",1] [["a"]] [{}] ["a",{}] ["a\\u0000"] ["\\ud800"]
    [ [name] name ("a") [NaN] NaN ["a"]x ['a',1] [b'a'] ['a'+'b'] {'a'}
""".split()
NO_FIELDS += ["", " ", "\x00", "[" * 100_000, f"[{BIG}]", '["a"' * 9]


@pytest.mark.parametrize("text", NO_FIELDS, ids=lambda text: ascii(text[:12]))
def test_fields_is_a_json_list_of_names(text):
    error = refused_list(fields=text)
    assert error.error == "bad_parameter"
    assert '"fields"' in error.message()


@pytest.mark.parametrize(
    "value", [True, 0, "name", "", [1], [None], [["a"]], ["a\0"], ["\ud800"], "[1]"], ids=ascii
)
def test_fields_of_a_body(value):
    error = refused_write({"values": {}, "fields": value})
    assert error.error == "bad_parameter"
    assert '"fields"' in error.message()


def test_fields_is_required_of_a_list_alone():
    assert '"fields"' in refused(parsing.parse_get, {"model": "x"}, 1000).message()
    assert parsing.parse_create({}, {"values": {}}, 9).selection == queries.Selection()
    chosen = parsing.parse_get({}, 9, default_fields=["a", "b"]).selection
    assert chosen == queries.Selection(("a", "b"))


def test_names_are_told_once_and_in_order():
    assert parsing.parse_get({"fields": '["b","a","b","id"]'}, 9).selection.fields == (
        "b",
        "a",
        "id",
    )


NO_EXPAND = """
    true 0 "x" ["a"] {"a":1} {"a":"b"} {"a":{"x":1}} {"a":[1]} {"a":[null]} {"a":[["b"]]}
    {"a":["\\u0000"]} { {a:[]} {1:[]} {"a":[NaN]} NaN
""".split()
NO_EXPAND += ['{"a":' * 100_000, f'{{"a":[{BIG}]}}']


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
    assert parsing.parse_model({"model": "res.partner"}) == "res.partner"


@pytest.mark.parametrize("params", [{}, {"model": ""}, {"Model": "x"}])
def test_model_is_required(params):
    error = refused(parsing.parse_model, params)
    assert (error.error, '"model"' in error.message()) == ("bad_parameter", True)


@pytest.mark.parametrize("name", ["res.partner\0", "\0", "\ud800", "a\udfffb"], ids=ascii)
def test_model_that_cannot_be_looked_for(name):
    """PostgreSQL's driver raises on NUL, UTF-8 on a lone surrogate: neither may reach it."""
    assert refused(parsing.parse_model, {"model": name}).error == "bad_parameter"


@pytest.mark.parametrize(
    "body",
    [{}, {"values": None}, {"values": []}, {"values": [1]}, {"values": "x"}, {"values": [{}] * 10}],
)
def test_values_is_an_object_or_some(body):
    error = refused(parsing.parse_create, {}, body, 9)
    assert (error.error, '"values"' in error.message()) == ("bad_value", True)


def test_id_is_required_where_it_is_needed():
    for call in (
        lambda: parsing.parse_delete({}, 9),
        lambda: parsing.parse_update({}, {"values": {}}, 9),
    ):
        assert '"id" is missing' in refused(call).message()
    assert parsing.parse_delete({"id": "7"}, 9) == queries.DeleteRequest((7,))
    assert parsing.parse_delete({}, 9, record_id=7) == queries.DeleteRequest((7,))
    body = {"values": {"a": 1}}
    assert parsing.parse_update({"id": "7"}, body, 9).items == ((7, {"a": 1}),)
    assert parsing.parse_update({}, body, 9, record_id=7).items == ((7, {"a": 1}),)
    assert parsing.parse_create({}, body, 9).items == ((None, {"a": 1}),)


# --- several ---------------------------------------------------------------------------------


def test_several_at_once():
    created = parsing.parse_create({}, {"values": [{"a": 1}, {}]}, 9)
    assert (created.items, created.many) == (((None, {"a": 1}), (None, {})), True)
    records = [{"id": 2, "values": {"a": 1}}, {"id": 1, "values": {}}]
    updated = parsing.parse_update({}, {"records": records}, 9)
    assert (updated.items, updated.many) == (((2, {"a": 1}), (1, {})), True)
    assert parsing.parse_delete({"ids": "[2, 1, 2]"}, 9) == queries.DeleteRequest((2, 1), many=True)


@pytest.mark.parametrize(
    "records",
    [
        None,
        {},
        [],
        [1],
        [{"id": 1}],
        [{"values": {}}],
        [{"id": "1", "values": {}}],
        [{"id": True, "values": {}}],
        [{"id": 0, "values": {}}],
        [{"id": 2**31, "values": {}}],
        [{"id": 1, "values": []}],
        [{"id": 1, "values": {}}] * 2,
        [{"id": number, "values": {}} for number in range(1, 11)],
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_records_of_an_update(records):
    assert refused(parsing.parse_update, {}, {"records": records}, 9).error == "bad_value"


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fields", "fields"),
        ("expand", "expand"),
        ("feilds", "fields"),
        ("vals", "values"),
        ("Id", "id"),
        ("domain", "domain"),
        ("filter", "domain"),
        ("context", "context"),
        ("records", "records"),
    ],
)
def test_a_key_within_records_does_not_vanish(name, meant, strict):
    """Each record has an id and values; what is answered is said beside them."""
    item = {"id": 1, "values": {}, name: ["name"]}
    error = refused(parsing.parse_update, {}, {"records": [item]}, 9, strict=strict)
    assert error.error == "bad_value"
    assert f'"{name}"' in error.message()
    assert f'"{meant}"' in error.message()
    own = {"id": 1, "values": {}, "device": "x", name: None}
    if not strict:
        assert parsing.parse_update({}, {"records": [own]}, 9).items == ((1, {}),)


def test_records_exclude_an_id():
    body = {"records": [{"id": 1, "values": {}}]}
    assert refused(parsing.parse_update, {"id": "1"}, body, 9).error == "bad_value"
    assert refused(parsing.parse_update, {}, body, 9, record_id=1).error == "bad_value"
    assert refused(parsing.parse_update, {}, {**body, "values": {}}, 9).error == "bad_value"


@pytest.mark.parametrize(
    "ids", ["", "1", "[]", "{}", '["1"]', "[0]", "[1.5]", "[true]", "[2147483648]"]
)
def test_ids_of_a_delete(ids):
    assert refused(parsing.parse_delete, {"ids": ids}, 9).error == "bad_parameter"
    too_many = json.dumps(list(range(1, 11)))
    assert refused(parsing.parse_delete, {"ids": too_many}, 9).error == "bad_parameter"


@pytest.mark.parametrize("strict", [False, True])
def test_delete_names_one_record_or_several(strict):
    """A record that is named beside another one is never silently left out."""
    for ids in ("[56]", "[55]", "[]", "x"):
        params = {"id": "55", "ids": ids}
        error = refused(parsing.parse_delete, params, 9, strict=strict)
        assert (error.error, error.at) == ("bad_parameter", ("ids",))
        assert 'cannot be used with the "id"' in error.message()
    params = MultiDict([("id", "55"), ("ids", ""), ("ids", "[56]")])
    assert refused(parsing.parse_delete, params, 9, strict=strict).error == "bad_parameter"
    assert parsing.parse_delete({"id": "55", "ids": " "}, 9, strict=strict).ids == (55,)


# --- order, count, cursor, flags -------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  "])
def test_no_order(text):
    assert parsed(order=text).order == ()


@pytest.mark.parametrize(
    "text",
    [
        ",",
        "name,",
        "name up",
        "name asc desc",
        "name;drop",
        "name nulls first",
        "näme",
        "a b c",
        "\0",
        "\ud800",
    ],
)
def test_order_is_names_and_directions(text):
    error = refused_list(order=text)
    assert error.error == "bad_parameter"
    assert '"order"' in error.message()


def test_order_has_an_end():
    assert len(parsed(order=",".join("abcdefghij")).order) == 10
    refused_list(order=",".join("abcdefghijk"))
    assert parsed(order="a, a desc").order == (queries.OrderTerm("a"),)


def test_cursor_goes_without_pages_and_totals():
    found = parsed(cursor="")
    assert (found.cursor, found.count) == ("", "none")
    assert parsed(cursor="x", count="exact").count == "exact"
    assert parsed().cursor is None
    assert refused_list(cursor="", offset="1").error == "bad_parameter"


@pytest.mark.parametrize("name", ["archived", "nulls"])
def test_flags(name):
    for text, value in {"1": True, "true": True, "True": True, "0": False, "": False}.items():
        found = parsed(**{name: text})
        assert getattr(found.form if name == "nulls" else found, name) is value
    for text in ("2", "yes", "null", "١"):
        assert refused_list(**{name: text}).error == "bad_parameter"


# --- lists -----------------------------------------------------------------------------------


def on_path(*params, **more):
    """What a resource path reads; several parameters of one name are pairs."""
    given = MultiDict([*params, *more.items()])
    return parsing.parse_get(given, 1000, page_name="page", default_fields=["display_name"])


@pytest.mark.parametrize(
    "params",
    [
        [("fields", '["name", "email"]')],
        [("fields", "('name', 'email')")],
        [("fields", "'name', 'email'")],
        [("fields", "name,email")],
        [("fields", " name , email,")],
        [("fields", "name"), ("fields", "email")],
        [("fields", '["name"]'), ("fields", "email"), ("fields", "name")],
        [("fields", "name"), ("fields", ""), ("fields", "name,email")],
    ],
    ids=str,
)
def test_fields_of_a_resource_path(params):
    assert on_path(*params).selection == queries.Selection(("name", "email"))
    [text, *more] = [text for _name, text in params]
    if not more and "'name'," not in text:
        body = {"values": {}, "fields": text}
        found = parsing.parse_update({}, body, 9, record_id=7, strict=True)
        assert found.selection == queries.Selection(("name", "email"))


@pytest.mark.parametrize("text", ["", " ", "null", "None", "{}", ","])
def test_fields_that_are_not_given(text):
    assert on_path(fields=text).selection == queries.Selection(("display_name",))


def test_no_fields():
    assert on_path(fields="[]").selection == queries.Selection(())
    assert on_path(("fields", "[]"), ("fields", "name")).selection.fields == ("name",)


@pytest.mark.parametrize(
    "params",
    [
        [("groupby", "country_id,create_date:month"), ("aggregates", "id:count,color:sum")],
        [
            ("groupby", "country_id"),
            ("aggregates", "id:count"),
            ("groupby", "create_date:month"),
            ("aggregates", "color:sum"),
        ],
        [
            ("groupby", '["country_id", "create_date:month"]'),
            ("aggregates", '["id:count", "color:sum"]'),
        ],
    ],
    ids=str,
)
def test_groups_of_a_resource_path(params):
    found = on_path(*params)
    assert list(map(str, found.groups)) == ["country_id", "create_date:month"]
    assert list(map(str, found.aggregates)) == ["id:count", "color:sum"]


@pytest.mark.parametrize(
    "params",
    [
        [("ids", "[1, 2]")],
        [("ids", "1,2")],
        [("ids", " 1 , 2.0 ")],
        [("ids", "1"), ("ids", "2")],
        [("ids", "1"), ("ids", "[2]"), ("ids", "1")],
    ],
    ids=str,
)
def test_ids_of_a_resource_path(params):
    found = parsing.parse_delete(MultiDict(params), 9, strict=True)
    assert found == queries.DeleteRequest((1, 2), many=True)


@pytest.mark.parametrize(
    "text", ["", "x", "1,x", "0", "-1", "1;2", "1 2", "[1,", '{"a": 1}', "null"]
)
def test_ids_that_are_none(text):
    error = refused(parsing.parse_delete, MultiDict([("ids", text)]), 9, strict=True)
    assert error.error == "bad_parameter"
    assert '"ids"' in error.message()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([("expand", "parent_id,child_ids")], {"parent_id": ..., "child_ids": ...}),
        ([("expand", "parent_id"), ("expand", "child_ids")], {"parent_id": ..., "child_ids": ...}),
        ([("expand", '["parent_id"]')], {"parent_id": ...}),
        ([("expand", '{"parent_id": null}')], {"parent_id": ...}),
        ([("expand", '{"parent_id": {}}')], {"parent_id": ...}),
        ([("expand", '{"parent_id": []}')], {"parent_id": queries.Selection()}),
        ([("expand", '{"parent_id": {"fields": []}}')], {"parent_id": queries.Selection()}),
        (
            [("expand", '{"parent_id": ["name"]}')],
            {"parent_id": queries.Selection(("name",))},
        ),
        (
            [("expand", '{"parent_id": {"limit": 2, "expand": ["bank_ids"]}}')],
            {
                "parent_id": queries.Selection(
                    ("bank_ids",), {"bank_ids": queries.Selection(usual=True)}, limit=2, usual=True
                )
            },
        ),
    ],
    ids=str,
)
def test_expand_of_a_resource_path(params, expected):
    """A relation that is named alone has the default fields of its model."""
    usual = queries.Selection(usual=True)
    expected = {name: usual if each is ... else each for name, each in expected.items()}
    assert on_path(*params).selection.expand == expected
    if len(params) == 1:
        body = {"values": {}, "expand": params[0][1]}
        assert parsing.parse_create({}, body, 9, strict=True).selection.expand == expected


@pytest.mark.parametrize(
    "params",
    [
        [("fields", "[name]")],
        [("fields", '["name"')],
        [("fields", '[["name"]]')],
        [("fields", '{"name": 1}')],
        [("fields", "[1]")],
        [("fields", "name"), ("fields", '{"email": 1}')],
        [("expand", '{"parent_id": []}'), ("expand", "child_ids")],
        [("expand", "[1]")],
        [("groupby", "a,b,c,d,e,f,g,h,i")],
        [("order", "name"), ("order", "id")],
        [("limit", "1"), ("limit", "2")],
        [("domain", "[]"), ("domain", '[["id", "=", 1]]')],
        [("search", "a"), ("search", "b")],
    ],
    ids=str,
)
def test_lists_that_are_none(params):
    with pytest.raises(ApiError) as caught:
        on_path(*params)
    assert (caught.value.code, caught.value.error) == (400, "bad_parameter")
    assert f'"{params[0][0]}"' in caught.value.message()


def test_lists_of_the_documented_route():
    """As ever: JSON or a Python literal, given once; a relation without fields is its id alone."""
    for name, text in (
        ("fields", "name,email"),
        ("fields", "name"),
        ("expand", "child_ids"),
        ("expand", '["child_ids"]'),
        ("groupby", "name"),
        ("aggregates", "id:count"),
    ):
        assert refused_list(**{name: text}).error == "bad_parameter"
    for name in ("fields", "expand", "groupby", "aggregates"):
        twice = MultiDict([("model", "x"), ("fields", "[]"), (name, "[]"), (name, '["a"]')])
        assert "more than once" in refused(parsing.parse_get, twice, 9).message()
    for text in ("1", "1;2"):
        assert refused(parsing.parse_delete, {"ids": text}, 9).error == "bad_parameter"
    twice = MultiDict([("ids", "[1]"), ("ids", "[2]")])
    assert "more than once" in refused(parsing.parse_delete, twice, 9).message()
    assert parsing.parse_delete({"ids": "1,2"}, 9).ids == (1, 2)
    for empty in ("null", "[]", "{}"):
        found = parsed(expand=f'{{"parent_id": {empty}}}')
        assert found.selection.expand == {"parent_id": queries.Selection()}
    for name in ("fields", "expand"):
        error = refused_write({"values": {}, name: "parent_id"})
        assert error.error == "bad_parameter"


# --- search ----------------------------------------------------------------------------------


def test_search():
    """One more condition; nothing is searched without a text."""
    name = domains.Search.of("azure")
    assert (name.path, name.operator, name.value) == (("display_name",), "ilike", "azure")
    assert on_path(search=" azure ").domain == domains.Every((domains.TRUE, name))
    asked = domains.Condition(("active",), "=", True)
    found = on_path(search="azure", domain='[["active", "=", true]]')
    assert found.domain == domains.Every((asked, name))
    found = on_path(search="azure", groupby="country_id")
    assert found.domain == domains.Every((domains.TRUE, name))
    assert list(domains.conditions(found.domain)) == [name]
    assert found.domain != domains.Every((domains.TRUE, domains.Condition(*vars(name).values())))
    for text in ("", "  "):
        assert on_path(search=text).domain == domains.TRUE
    for text in ("a\0b", "\ud800"):
        with pytest.raises(ApiError) as caught:
            on_path(search=text)
        assert caught.value.error == "bad_parameter"


def test_search_is_for_resource_paths():
    """Elsewhere it is what other APIs call a domain."""
    assert 'Did you mean "domain"?' in refused_list(search="azure").message()
    for method in (parsing.parse_create, parsing.parse_update):
        with pytest.raises(ApiError):
            method({"search": "azure"}, {"values": {}}, 9, strict=True)
    error = refused(parsing.parse_get, {}, 9, page_name="page", unread={"search": "azure"})
    assert '"search"' in error.message()


# --- parameters without effect ----------------------------------------------------------------

EVERYTHING = {
    "fields": "name",
    "domain": "[]",
    "search": "a",
    "expand": "child_ids",
    "order": "id:count",
    "page": "1",
    "limit": "1",
    "cursor": "",
    "count": "none",
    "archived": "1",
    "nulls": "1",
    "relations": "id",
    "groupby": "city",
    "aggregates": "id:count",
    "lang": "fr_FR",
}


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize(
    ("kind", "more", "params"),
    [
        ("ONE", {"record_id": 7}, {}),
        ("GROUPS", {}, {"groupby": "city"}),
        ("GROUPS", {"only_groups": True}, {}),
    ],
    ids=["one", "grouped", "groups"],
)
def test_parameters_without_effect(name, kind, more, params):
    """Each kind of request takes what it reads, and names the rest."""
    path = {"page_name": "page", "default_fields": [], **more}
    given = {**params, name: EVERYTHING[name]}
    assert set(EVERYTHING) == parameters.PARAMETERS["LIST"]
    if name in parameters.PARAMETERS[kind]:
        assert parsing.parse_get(given, 9, **path)
        return
    error = refused(parsing.parse_get, given, 9, **path)
    assert error.error == "bad_parameter"
    assert error.at == (name,)


@pytest.mark.parametrize("name", [*EVERYTHING, "offset"])
def test_parameters_without_effect_on_the_documented_route(name):
    """As ever: those that say which records, or which groups, are refused; others are ignored."""
    texts = {**EVERYTHING, "offset": "1", "fields": '["a"]', "expand": '{"a": []}', "order": "id"}
    texts |= {"groupby": '["city"]', "aggregates": '["id:count"]'}
    for params, names_refused in (
        ({"id": "7"}, {"cursor", "groupby", "aggregates"}),
        ({"groupby": '["city"]'}, {"cursor", "expand"}),
    ):
        if name in ("page", "search", "relations") or (name == "order" and "id" not in params):
            continue
        given = {**GOOD, **params, name: texts[name]}
        if name in names_refused:
            assert refused(parsing.parse_get, given, 9).at == (name,)
        else:
            assert parsing.parse_get(given, 9)


def test_condition_for_a_field():
    """A field that is sent as a parameter gets the domain that was meant; known names come first."""

    def condition(name, text):
        return f'[["{name}", "=", "{text}"]]' if name in ("name", "limits", "sort") else ""

    path = {"page_name": "page", "default_fields": [], "condition": condition}
    message = refused(parsing.parse_get, {"name": "x"}, 9, **path).message()
    assert 'Unknown parameter "name".' in message
    assert 'domain=[["name", "=", "x"]]' in message
    for text in ("limits", "sort"):
        message = refused(parsing.parse_get, {text: "1"}, 9, **path).message()
        assert "Did you mean" in message
        assert "domain" not in message
    message = refused(parsing.parse_get, {"nothing": "1"}, 9, **path).message()
    assert message == 'Unknown parameter "nothing".'
    message = refused(parsing.parse_create, {}, {"values": {}, "nothing": 1}, 9, strict=True)
    assert message.message() == 'Unknown key "nothing".'


@pytest.mark.parametrize(
    ("name", "text", "forms"),
    [
        ("fields", "[name,email]", 'fields=name,email or fields=["name", "email"]'),
        ("fields", "[", 'fields=name,email or fields=["name", "email"]'),
        ("groupby", "[date:month", 'groupby=date:month or groupby=["date:month"]'),
        ("aggregates", "[", 'aggregates=id:count or aggregates=["id:count"]'),
        ("expand", "[a]", 'expand=country_id or expand={"country_id": ["code"]}'),
    ],
)
def test_lists_that_are_not_json(name, text, forms):
    """The message shows the forms of a list, with the names that were sent."""
    path = {"page_name": "page", "default_fields": []}
    assert forms in refused(parsing.parse_get, {name: text}, 9, **path).message()
    message = refused_list(**{name: text}).message()
    assert forms.partition(" or ")[2] in message
    assert forms.partition(" or ")[0] not in message


@pytest.mark.parametrize("text", ["[" + "a" * 10_000, "[" + "a," * 10_000, "[" * 100_000])
def test_message_about_a_long_list_is_short(text):
    path = {"page_name": "page", "default_fields": []}
    for name in ("fields", "groupby"):
        assert len(refused(parsing.parse_get, {name: text}, 9, **path).message()) < 400
    error = refused(parsing.parse_delete, {"ids": text}, 9, strict=True)
    assert "ids=1,2 or ids=[1, 2]" in error.message()


def test_records_that_are_not_named():
    """A resource path says how they are; the other route has its parameter."""
    body = {"values": {"name": "x"}}
    error = refused(parsing.parse_update, {}, body, 9, strict=True)
    assert (error.at, '"records"' in error.message()) == (("records",), True)
    error = refused(parsing.parse_delete, {}, 9, strict=True)
    assert (error.at, "ids=1,2" in error.message()) == (("ids",), True)
    for error in (refused(parsing.parse_update, {}, body, 9), refused(parsing.parse_delete, {}, 9)):
        assert error.message() == 'The parameter "id" is missing.'


def test_similar_names():
    """The most similar first; a name is not similar to itself."""
    fields = ["name", "email", "email_from", "phone"]
    assert names.similar("emial", fields)[0] == "email"
    assert names.similar("email", ["email", "emails"]) == ["emails"]
    assert names.similar("xyz", fields) == []
    assert names.similar("email" * 100, fields) == []
    assert names.similar("email.x", fields) == []


# --- the form of values ----------------------------------------------------------------------


def forms(**params):
    """The forms that a resource path gives a list, a record, groups and the answers of writes."""
    path = {"page_name": "page", "default_fields": []}
    values = {"values": {"name": "x"}}
    return {
        parsing.parse_get(params, 9, **path).form,
        parsing.parse_get(params, 9, record_id=7, **path).form,
        parsing.parse_get({"groupby": '["name"]', **params}, 9, **path).form,
        parsing.parse_create(params, values, 9, strict=True).form,
        parsing.parse_update(params, values, 9, record_id=7, strict=True).form,
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, TYPED),
        ({"nulls": ""}, TYPED),
        ({"nulls": "1", "relations": "object"}, TYPED),
        ({"nulls": "0"}, queries.Form(nulls=False, relations="object")),
        ({"relations": "id"}, queries.Form(nulls=True, relations="id")),
        ({"nulls": "false", "relations": "id"}, queries.Form(nulls=False, relations="id")),
    ],
)
def test_form_of_a_resource_path(params, expected):
    assert forms(**params) == {expected}


@pytest.mark.parametrize("text", ["", "pair", "ID", "ids", "objects", "1", "null"])
def test_relations_are_objects_or_ids(text):
    path = {"page_name": "page", "default_fields": []}
    error = refused(parsing.parse_get, {"relations": text}, 9, **path)
    assert error.error == "bad_parameter"
    assert "object, id" in error.message()


def test_form_of_the_documented_route():
    """No parameter but ``nulls`` changes it; ``relations`` is a name of an app's own."""
    values = {"values": {"name": "x"}}
    for text in ("id", "object", "nothing"):
        params = {"relations": text}
        assert parsed(**params).form == queries.PLAIN
        assert parsed(id="7", **params).form == queries.PLAIN
        assert parsing.parse_create({"model": "x", **params}, values, 9).form == queries.PLAIN
        found = parsing.parse_update({"model": "x", "id": "7", **params}, values, 9)
        assert found.form == queries.PLAIN
    assert parsed().form == queries.Form(nulls=False, relations="pair")
    assert parsing.parse_get(GOOD, 9, unread={"relations": "id"}).form == queries.PLAIN
    assert parsing.parse_create({"model": "x"}, {**values, "relations": "id"}, 9)


@pytest.mark.parametrize("text", ["", "some", "EXACT", "1"])
def test_count_is_one_of_three(text):
    assert "exact, estimated, none" in refused_list(count=text).message()


def test_page_is_called_page_on_a_resource_path():
    assert parsing.parse_get({"page": "3"}, 9, page_name="page", default_fields=[]).page == 3
    error = refused(parsing.parse_get, {"offset": "3"}, 9, page_name="page", default_fields=[])
    assert '"page"' in error.message()
    assert '"offset"' in refused_list(page="3").message()


# --- nested expand ---------------------------------------------------------------------------


def test_expand_within_expand():
    expand = {"a": {"fields": ["x"], "expand": {"b": ["y"]}, "order": "x desc", "limit": 5}}
    found = parsed(expand=json.dumps(expand)).selection.expand["a"]
    assert found == queries.Selection(
        ("x", "b"),
        {"b": queries.Selection(("y",))},
        (queries.OrderTerm("x", descending=True),),
        5,
    )


def test_expand_has_a_depth():
    def nested(depth):
        return {"a": {"expand": nested(depth - 1)}} if depth else {}

    assert parsed(expand=json.dumps(nested(queries.MAX_EXPAND_DEPTH)))
    error = refused_list(expand=json.dumps(nested(queries.MAX_EXPAND_DEPTH + 1)))
    assert "too deeply" in error.message()


def test_expand_has_a_breadth():
    """However they are spread over the levels: each relation is an SQL statement."""

    def expand(number):
        below = {f"b{each}": ["x"] for each in range(number // 2)}
        return {
            "a": {"expand": below},
            **{f"c{each}": ["x"] for each in range(number - number // 2 - 1)},
        }

    most = queries.MAX_EXPAND_RELATIONS
    assert parsed(expand=json.dumps(expand(most)))
    error = refused_list(expand=json.dumps(expand(most + 1)))
    assert (error.error, list(error.fields())) == ("bad_parameter", ["expand"])
    assert str(most) in error.message()
    with pytest.raises(ApiError):
        parsing.parse_create({}, {"values": {}, "fields": [], "expand": expand(most + 1)}, 9)


@pytest.mark.parametrize(
    "below",
    [
        {"fields": 1},
        {"limit": 0},
        {"limit": "5"},
        {"limit": True},
        {"order": 1},
        {"order": "a b"},
        {"expand": [1]},
        {"x": 1},
    ],
    ids=ascii,
)
def test_bad_levels(below):
    assert refused_list(expand=json.dumps({"a": below})).error == "bad_parameter"


# --- groups ----------------------------------------------------------------------------------


def test_groups():
    params = {
        "groupby": '["country_id", "date:month"]',
        "aggregates": '["id:count"]',
        "order": "id:count desc",
    }
    assert parsing.parse_get(params, 50) == queries.GroupQuery(
        (queries.Group("country_id"), queries.Group("date", "month")),
        (queries.Aggregate("id", "count"),),
        order=(queries.OrderTerm("id:count", descending=True),),
    )
    assert parsing.parse_get({"aggregates": '["id:count"]'}, 50).groups == ()


@pytest.mark.parametrize(
    "params",
    [
        {"groupby": "x"},
        {"groupby": '["a:decade"]'},
        {"groupby": '["a:"]'},
        {"groupby": '[":day"]'},
        {"groupby": "[1]"},
        {"groupby": '["a"]', "aggregates": '["a"]'},
        {"aggregates": '["a:array_agg"]'},
        {"aggregates": '["a:recordset"]'},
        {"aggregates": '["a:sum); DROP"]'},
        {"aggregates": '[":sum"]'},
        {"groupby": '["a"]', "order": "b"},
        {"groupby": '["a"]', "cursor": ""},
        {"groupby": '["a"]', "expand": '{"b": []}'},
        {"groupby": json.dumps([f"a{number}" for number in range(9)])},
    ],
    ids=ascii,
)
def test_bad_groups(params):
    assert refused(parsing.parse_get, params, 50).error == "bad_parameter"


# --- calls -----------------------------------------------------------------------------------


def test_calls():
    assert parsing.parse_call({}, 9) == queries.CallRequest()
    body = {"args": [1], "kwargs": {"a": 2}, "ids": [3, 3]}
    assert parsing.parse_call(body, 9) == queries.CallRequest((1,), {"a": 2}, (3,))
    for bad in (
        {"args": {"a": 1}},
        {"kwargs": [1]},
        {"ids": 1},
        {"ids": ["1"]},
        {"ids": list(range(1, 11))},
        {"context": "active_id"},
        {"context": '{"active_id": 1}'},
        {"context": ""},
        {"context": False},
        {"context": 0},
        {"context": [1]},
        {"args": ["a\x00"]},
        {"args": [{"\ud800": 1}]},
        {"kwargs": {"a": [float("inf")]}},
        {"kwargs": {"a": json.loads("[" * 100 + "]" * 100)}},
    ):
        error = refused(parsing.parse_call, bad, 9)
        assert error.error == "bad_value"
        assert f'"{next(iter(bad))}"' in error.message()
    for nothing in (None, {}, []):
        assert parsing.parse_call({"context": nothing}, 9).context == {}


# --- together --------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once():
    """With the first problem's code and a sentence for each."""
    error = refused_list(fields="x", expand="[1]", domain="[[1]]", offset="0", limit="many", id="-")
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
parameter_names = st.sampled_from(
    sorted({*frozenset().union(*parameters.PARAMETERS.values()), "x"})
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(
    st.sampled_from(sorted({*frozenset().union(*parameters.KEYS.values()), "x"})),
    json_values,
)


@given(st.dictionaries(parameter_names, words), st.integers(1, 5000))
def test_any_parameters(params, max_limit):
    """A query within its limits, or a client's error."""
    try:
        found = parsing.parse_get(params, max_limit)
    except ApiError as exc:
        outcome = exc
    else:
        assert 1 <= found.limit <= max_limit
        if isinstance(found, queries.OneQuery):
            assert 1 <= found.record_id <= queries.MAX_ID
        else:
            assert 1 <= found.page <= queries.MAX_PAGE
        return
    assert outcome.code == 400
    assert dump_json(outcome.body())


@given(st.dictionaries(parameter_names, words), bodies, st.booleans())
def test_any_body(params, body, with_id):
    try:
        found = (parsing.parse_update if with_id else parsing.parse_create)(params, body, 9)
        parsing.parse_call(body, 9)
    except ApiError as exc:
        outcome = exc
    else:
        assert 1 <= len(found.items) <= 9
        for record_id, values in found.items:
            assert isinstance(values, dict)
            assert (record_id is not None) == with_id
        return
    assert outcome.code == 400
    assert dump_json(outcome.body())


# --- nothing given, and how languages write it ------------------------------------------------


def test_nothing_is_not_given():
    """Null, ``{}`` and ``[]`` are what an optional key has that was not given."""
    for nothing in (None, [], {}):
        body = {"values": {"a": 1}, "records": nothing, "fields": nothing, "expand": nothing}
        found = parsing.parse_update({"id": "7"}, body, 9, default_fields=["b"])
        assert (found.items, found.selection.fields) == (((7, {"a": 1}),), ("b",))
        body = {"args": nothing, "kwargs": nothing, "ids": nothing}
        assert parsing.parse_call(body, 9) == queries.CallRequest()
        below = {"fields": nothing, "expand": nothing, "order": nothing, "limit": nothing}
        found = parsed(expand=json.dumps({"a": below, "b": nothing})).selection
        assert found.expand == {"a": queries.Selection(), "b": queries.Selection()}
        assert parsed(expand=json.dumps(nothing)) == parsed()
        assert parsed(groupby=json.dumps(nothing), aggregates=json.dumps(nothing)) == parsed()
    assert parsed(expand="") == parsed()


def test_python_literals_are_as_good_as_json():
    assert parsed(fields="['name', 'email']").selection.fields == ("name", "email")
    assert parsed(fields="('name',)").selection.fields == ("name",)
    found = parsed(expand="{'bank_ids': ('acc_number',), 'country_id': {'fields': None}}")
    assert found.selection.expand["bank_ids"].fields == ("acc_number",)
    assert parsing.parse_get({"groupby": "['a']", "aggregates": "['id:count']"}, 9).groups
    assert parsing.parse_delete({"ids": "(1, 2)"}, 9).ids == (1, 2)
    body = {"values": {}, "fields": "['name']", "expand": "{'a': ['b']}"}
    assert parsing.parse_create({}, body, 9).selection.fields == ("name", "a")


def test_an_id_may_have_a_fraction_of_zero():
    assert parsed(id="5.0").record_id == 5
    assert parsing.parse_delete({"ids": "[1.0, 2]"}, 9).ids == (1, 2)
    assert parsing.parse_update({}, {"records": [{"id": 2.0, "values": {}}]}, 9).items == ((2, {}),)
    assert parsing.parse_call({"ids": [3.0]}, 9).ids == (3,)
    assert parsed(expand='{"a": {"limit": 2.0}}').selection.expand["a"].limit == 2
    assert domains.parse('["|", ["id", "=", 2.0], ["a.id", "in", [3.0, 0.5]]]') == domains.parse(
        '["|", ["id", "=", 2], ["a.id", "in", [3, 0.5]]]'
    )
    for bad in ("5.5", "5.", "5.0.0", ".0"):
        refused_list(id=bad)


# --- unknown names ---------------------------------------------------------------------------

#: What a request may not say, for it would be lost: the name, and what it is probably.
ALIKE = {
    "domian": "domain",
    "Domain": "domain",
    "filter": "domain",
    "filters[name]": "domain",
    "where": "domain",
    "Id": "id",
    "record_id": "id",
    "fields[]": "fields",
    "fields[0]": "fields",
    "feilds": "fields",
    "field": "fields",
    "sort": "order",
    "order_by": "order",
    "$orderby": "order",
    "ordre": "order",
    "page": "offset",
    "limits": "limit",
    "limt": "limit",
    "per_page": "limit",
    "group_by": "groupby",
    "agregates": "aggregates",
    "archive": "archived",
    "modle": "model",
    "Lang": "lang",
    "langs": "lang",
    "language": "lang",
    "contxt": "context",
    "Context": "context",
}
#: What apps send for themselves.
OWN = """
    _ t ts v db device device_id deviceId app app_version version platform os tz timezone token key
    api_key session_id uid user company cache nocache debug source ref name email state type mode code note
    mount modal date data_source callback method format fcm_token
    lng lat lon lan contact content locale
""".split()


@pytest.mark.parametrize("name", ALIKE)
def test_a_parameter_that_looks_like_a_known_one_is_refused(name):
    error = refused_list(**{name: "1"})
    assert error.error == "bad_parameter"
    assert f'"{name}"' in error.message()
    assert f'"{ALIKE[name]}"' in error.message()


@pytest.mark.parametrize("name", OWN)
def test_a_parameter_of_an_apps_own_passes_on_the_documented_route(name):
    assert parsed(**{name: "1"}) == parsed()
    assert parsing.parse_create({name: "1"}, {"values": {}, name: 1}, 9).items == ((None, {}),)
    strict = {"page_name": "page", "default_fields": ["a"]}
    assert f'"{name}"' in refused(parsing.parse_get, {name: "1"}, 9, **strict).message()
    for parse in (parsing.parse_create, parsing.parse_update):
        assert refused(parse, {name: "1"}, {"values": {}}, 9, strict=True)
        assert refused(parse, {}, {"values": {}, name: 1}, 9, strict=True)
    assert refused(parsing.parse_call, {name: 1}, 9).error == "bad_value"
    assert refused(parsing.parse_call, {}, 9, {name: "1"}).error == "bad_parameter"
    assert refused(parsing.check_no_parameters, {name: "1"})


@pytest.mark.parametrize(
    ("name", "meant"),
    [("feilds", "fields"), ("value", "values"), ("Values", "values"), ("expands", "expand")],
)
def test_a_key_that_looks_like_a_known_one_is_refused(name, meant):
    error = refused(parsing.parse_create, {}, {"values": {}, name: 1}, 9)
    assert error.error == "bad_value"
    assert f'"{name}"' in error.message()
    assert f'"{meant}"' in error.message()
    assert f'"{meant}"' in refused_write({"values": {}, name: 1}).message()


def test_arguments_do_not_vanish():
    assert '"args"' in refused(parsing.parse_call, {"arg": [1]}, 9).message()
    assert '"kwargs"' in refused(parsing.parse_call, {"kwarg": {"a": 1}}, 9).message()
    items = [{"id": 1, "values": {}, "value": {"a": 1}}]
    assert '"values"' in refused(parsing.parse_update, {}, {"records": items}, 9).message()


def test_what_counts_elsewhere_is_refused_here():
    """A condition that does not hold for a write would be lost."""
    for name in ("domain", "limit", "filter"):
        assert refused_write({"values": {}}, **{name: "[]"}).error == "bad_parameter"
        assert refused(parsing.parse_delete, {"id": "1", name: "[]"}, 9).error == "bad_parameter"
    for name in ("domain", "page", "ids"):
        assert refused_write({"values": {}, name: [1]}).error == "bad_value"
        assert refused(parsing.parse_delete, {"id": "1"}, 9, body={name: [1]}).error == "bad_value"


#: Keys of a body that look like a known one, wherever that one counts.
ALIKE_KEYS = {
    **dict.fromkeys(["Id", "ID", "_id", "record_id", "recordId", "res_id", "pk"], "id"),
    **dict.fromkeys(["Ids", "record_ids"], "ids"),
    **dict.fromkeys(["domian", "filter", "where"], "domain"),
    **dict.fromkeys(["Model", "modle"], "model"),
    "language": "lang",
    "sort": "order",
    "per_page": "limit",
}


@pytest.mark.parametrize("name", ALIKE_KEYS)
def test_a_key_that_looks_like_one_of_another_place_is_refused(name):
    """It would be passed over: a record that was to be changed would be created."""
    meant = f'"{ALIKE_KEYS[name]}"'
    for error in (
        refused(parsing.parse_create, {}, {"values": {}, name: 5}, 9),
        refused_write({"values": {}, name: 5}),
        refused(parsing.parse_delete, {"id": "1"}, 9, body={name: 5}),
        refused(parsing.parse_create, {}, {"values": {}, name: 5}, 9, strict=True),
    ):
        assert error.error == "bad_value"
        assert f'"{name}"' in error.message()
        assert meant in error.message()


@pytest.mark.parametrize("nothing", [None, [], {}], ids=ascii)
@pytest.mark.parametrize(
    "name", ["domain", "limit", "id", "Id", "filter", "feilds", "context", "x"]
)
def test_a_key_that_was_not_given_is_not_refused(name, nothing):
    """Whatever its name is: a client's class has every key, most of them null."""
    for strict in (False, True):
        body = {"values": {"a": 1}, name: nothing}
        assert parsing.parse_create({}, body, 9, strict=strict).items == ((None, {"a": 1}),)
        found = parsing.parse_update({}, body, 9, record_id=7, strict=strict)
        assert found.items == ((7, {"a": 1}),)
        found = parsing.parse_delete({}, 9, body={name: nothing}, record_id=7, strict=strict)
        assert found.ids == (7,)
        items = [{"id": 1, "values": {}, "order": nothing, "value": nothing}]
        assert parsing.parse_update({}, {"records": items}, 9, strict=strict).items == ((1, {}),)
    assert parsing.parse_call({name: nothing}, 9, in_path=True) == queries.CallRequest()
    assert not parsing.parse_keys({name: nothing, "Login": nothing}, "login")
    below = {"fields": ["b"], "field": nothing}
    assert parsed(expand=json.dumps({"a": below})).selection.expand["a"].fields == ("b",)


def test_a_deletion_passes_over_what_every_request_of_an_app_has():
    body = {"fields": [], "expand": None, "values": {"a": 1}}
    assert parsing.parse_delete({"id": "7"}, 9, body=body).ids == (7,)
    assert refused(parsing.parse_delete, {}, 9, body=body, record_id=7, strict=True)
    assert refused(parsing.parse_delete, {"id": "7"}, 9, body={"records": [{"id": 8}]})
    assert (
        refused(parsing.parse_delete, {"id": "7"}, 9, body={"fields": ["a"]}).error == "bad_value"
    )


def test_an_action_on_one_record_takes_no_other_ids():
    error = refused(parsing.parse_call, {"ids": [3]}, 9, in_path=True)
    assert (error.error, '"ids"' in error.message()) == ("bad_value", True)
    assert parsing.parse_call({"ids": [3]}, 9).ids == (3,)


def test_context_counts_for_a_creation_alone():
    context = {"default_name": "x"}
    for strict in (False, True):
        found = parsing.parse_create({}, {"values": {}, "context": context}, 9, strict=strict)
        assert found.context == context
        error = refused(parsing.parse_create, {}, {"values": {}, "context": 1}, 9, strict=strict)
        assert (error.error, '"context"' in error.message()) == ("bad_value", True)
    for error in (
        refused_write({"values": {}, "context": context}),
        refused(parsing.parse_delete, {"id": "1"}, 9, body={"context": context}),
    ):
        assert (error.error, '"context"' in error.message()) == ("bad_value", True)
    for error in (
        refused_list(context="{}"),
        refused(parsing.parse_create, {"context": "{}"}, {"values": {}}, 9),
        refused_write({"values": {}}, context="{}"),
    ):
        assert (error.error, '"context"' in error.message()) == ("bad_parameter", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("groupby", '["a"]'), ("aggregates", '["a:sum"]'), ("cursor", ""), ("cursor", "x")],
)
def test_what_is_for_a_list_does_not_go_with_an_id(name, value):
    in_path = {"record_id": 7, "page_name": "page", "default_fields": []}
    for error in (
        refused_list(id="7", **{name: value}),
        refused(parsing.parse_get, {name: value}, 9, **in_path),
    ):
        assert error.error == "bad_parameter"
        assert f'"{name}"' in error.message()
        assert '"id"' in error.message()


def test_an_app_sends_its_page_with_an_id_too():
    params = {"order": "name", "limit": "5", "offset": "2", "count": "none", "groupby": "[]"}
    assert parsed(id="7", **params) == queries.OneQuery(7, queries.Selection(("name",)), limit=5)


def test_parameters_in_the_body_of_a_get_are_refused():
    for unread in ({"domain": [["a", "=", 1]]}, {"limit": 5, "x": 1}, {"page": 2}):
        error = refused(parsing.parse_get, GOOD, 9, unread=unread)
        assert error.error == "bad_parameter"
        assert f'"{next(iter(unread))}"' in error.message()
        assert "URL" in error.message()
    message = refused(parsing.parse_model, {}, {"model": "x"}).message()
    assert '"model" is missing' in message
    assert "URL" in message
    for unread in ({}, {"x": 1}, {"domain": [], "fields": None}):
        assert parsing.parse_get(GOOD, 1000, unread=unread) == parsed()


def test_a_selection_may_stand_in_the_query_string_of_any_method():
    """Clients send it with every request of the documented route; a write answers what its body asks for."""
    params = {"fields": '["a"]', "expand": "{}"}
    assert parsing.parse_create(params, {"values": {}, "fields": ["b"]}, 9).selection.fields == (
        "b",
    )
    assert parsing.parse_update({**params, "id": "1"}, {"values": {}}, 9).items == ((1, {}),)
    assert parsing.parse_delete({**params, "id": "1"}, 9).ids == (1,)
    assert refused(parsing.parse_update, params, {"values": {}}, 9, record_id=1, strict=True)


def test_a_body_may_say_again_what_the_query_string_says():
    body = {"values": {}, "model": "res.partner"}
    params = {"model": "res.partner"}
    for text in ("7", " 7 ", "7.0", "007"):
        for again in (7, 7.0, "7", "7.0"):
            given_twice = ({**params, "id": text}, {**body, "id": again}, 9)
            assert parsing.parse_update(*given_twice).items == ((7, {}),)
        for other in (8, 7.5, "8", "x", "7.5", True, [7], BIG, 2**31):
            error = refused(parsing.parse_update, {**params, "id": text}, {**body, "id": other}, 9)
            assert (error.error, '"id"' in error.message()) == ("bad_value", True)
    assert refused(parsing.parse_delete, {"id": "x"}, 9, body={"id": "x"})
    assert refused(parsing.parse_create, {"model": "x"}, {"values": {}, "id": 8}, 9)


@pytest.mark.parametrize("name", ["id", "ids"])
def test_a_creation_names_no_record(name):
    error = refused(parsing.parse_create, {name: "7"}, {"values": {"a": 1}}, 9)
    assert error.error == "bad_parameter"
    assert "X-HTTP-Method-Override" in error.message()


def test_a_parameter_is_there_once():
    twice = MultiDict([("fields", '["a"]'), ("domain", "[]"), ("domain", '[["a","=",1]]')])
    assert '"domain"' in refused(parsing.parse_get, twice, 9).message()
    same = MultiDict([("fields", '["a"]'), ("fields", '["a"]'), ("_", "1"), ("_", "2")])
    assert parsing.parse_get(same, 9).selection.fields == ("a",)


def test_whoever_reads_a_parameter_has_to_declare_it():
    """So a new parameter is known where unknown ones are refused."""
    declared = names.Declared({"a": 1, "b": 2}, {"a"})
    assert (dict(declared), declared.get("a"), "a" in declared) == ({"a": 1}, 1, True)
    for read in (lambda: declared["b"], lambda: declared.get("b"), lambda: "b" in declared):
        with pytest.raises(AssertionError):
            read()


@pytest.mark.parametrize("strict", [True, False])
def test_unknown_names_have_an_end(strict):
    """Each is compared with all known ones, so a body of 100,000 is refused before that."""
    problems = Problems()
    names.check((f"x{number}" for number in range(100)), ["domain"], problems, strict=strict)
    assert problems.is_full == strict
    problems = Problems()
    names.check((f"x{number}" for number in range(101)), ["domain"], problems, strict=strict)
    with pytest.raises(ApiError) as refused:
        problems.raise_if_any()
    assert refused.value.message() == "The request has too many unknown names."
