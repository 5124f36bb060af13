"""A client's domain becomes a tree or a `bad_domain`; nothing else comes out, whatever goes in."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jwt_auth_api.tools import domains
from jwt_auth_api.tools.domains import Condition, Either, Every, Not
from jwt_auth_api.tools.errors import ApiError, dump_json

names = st.from_regex(r"[a-z_]{1,8}(\.[a-z_]{1,8}){0,2}", fullmatch=True)
numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
scalars = numbers | texts | st.booleans()
plain_operators = st.sampled_from(["=", "!=", "=?", "<", ">", "<=", ">=", "child_of", "parent_of"])
flat_conditions = (
    st.tuples(names, plain_operators, scalars)
    # a pattern may not end within an escape
    | st.tuples(
        names,
        st.sampled_from(sorted(domains.LIKE)),
        texts.filter(lambda text: not text.endswith("\\")),
    )
    | st.tuples(names, st.sampled_from(["in", "not in"]), st.lists(scalars, max_size=4))
)


def prefixed(children):
    """Odoo's prefix notation: every operator stands before as many domains as it takes."""
    return (
        st.builds(lambda a: ["!", *a], children)
        | st.builds(lambda op, a, b: [op, *a, *b], st.sampled_from("&|"), children, children)
        | st.builds(
            lambda name, op, a: [(name, op, a)],
            names,
            st.sampled_from(["any", "not any"]),
            children,
        )
    )


any_domain = st.recursive(flat_conditions.map(lambda term: [term]), prefixed, max_leaves=12)


def refused(text):
    """As `bad_domain` whose answer is JSON and shows nothing of Python."""
    with pytest.raises(ApiError) as caught:
        domains.parse(text)
    assert (caught.value.error, caught.value.code) == ("bad_domain", 400)
    assert dump_json(caught.value.body())
    assert "object at" not in caught.value.message()
    return caught.value.message()


def parse_or_refuse(text):
    try:
        node = domains.parse(text)
    except ApiError as exc:
        outcome = exc
    else:
        check_tree(node)
        return node
    assert outcome.error == "bad_domain"
    assert dump_json(outcome.body())
    return None


def check_tree(node, depth=1):
    """Only what the tree is documented to hold, and no deeper than a policy can walk."""
    assert depth <= domains.MAX_DEPTH
    match node:
        case Condition():
            assert node.operator in domains.OPERATORS
            assert node.path
            assert all(isinstance(name, str) and name for name in node.path)
            depth += len(node.path) - 1
            assert depth <= domains.MAX_DEPTH
            if node.operator in domains.NESTED:
                check_tree(node.value, depth + 1)
            else:
                values = node.value if isinstance(node.value, tuple) else (node.value,)
                for value in values:
                    assert value is None or isinstance(value, str | int | float)
        case Not(child):
            check_tree(child, depth + 1)
        case Every(children) | Either(children):
            for child in children:
                check_tree(child, depth + 1)
        case _:
            pytest.fail(f"{node!r} is no node")


@given(st.text(max_size=200))
def test_any_text(text):
    parse_or_refuse(text)


@given(st.text("[]()'\",&|!anyN=0x_.\\ -{}:1", max_size=60))
@example("[('\\d', '=', 1)]")
@example("[('a', '=', 0or 1)]")
@example("[('a', 'in', {1})]")
@example("[(" + "0x" + "f" * 6000 + ", 1, 2)]")
@example("[('a', 0x" + "f" * 6000 + ", 2)]")
@example("[('a', '=', 0x" + "f" * 6000 + ")]")
@example("[('a', {'b': 0x" + "f" * 6000 + "}, 2)]")
@example("[('a', '=', 1e999)]")
@example("[('a', '=', b'x')]")
@example("[('a', '=', ...)]")
@example("[('a', '=', 1+2j)]")
@example("[('a', '=', open('/etc/passwd').read())]")
@example("__import__('os').system('true')")
@example("[('a', '=', {[]: 1})]")
def test_text_that_looks_like_a_domain(text):
    parse_or_refuse(text)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from("&|!"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=15,
)


@given(json_values)
def test_any_json(value):
    parse_or_refuse(json.dumps(value))


@given(json_values)
def test_any_python_literal(value):
    parse_or_refuse(repr(value))


@given(any_domain)
def test_json_and_python_agree(terms):
    """The two spellings of one domain give one tree, and it is a tree."""
    spelled = {"json": json.dumps(terms), "python": repr(terms)}
    nodes = {name: domains.parse(text) for name, text in spelled.items()}
    assert nodes["json"] == nodes["python"]
    check_tree(nodes["json"])


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("[]", domains.TRUE),
        ("()", domains.TRUE),
        ('[["active","=",true]]', Condition(("active",), "=", True)),
        ("[('active','=',True)]", Condition(("active",), "=", True)),
        ("  [('active', '=', None)]\n", Condition(("active",), "=", None)),
        ('[["a","=",null]]', Condition(("a",), "=", None)),
        ('[["a.b.c","in",[1,2]]]', Condition(("a", "b", "c"), "in", (1, 2))),
        (
            '[["a","=",1],["b","=",2]]',
            Every((Condition(("a",), "=", 1), Condition(("b",), "=", 2))),
        ),
        (
            '["|",["a","=",1],["b","=",2]]',
            Either((Condition(("a",), "=", 1), Condition(("b",), "=", 2))),
        ),
        ('["!",["a","=",1]]', Not(Condition(("a",), "=", 1))),
        ("[(1,'=',1)]", domains.TRUE),
        ("[(0,'=',1)]", Either()),
        ('[["a","<>",1]]', Condition(("a",), "!=", 1)),
        ('[["a","==",1]]', Condition(("a",), "=", 1)),
        ('[["a","any",[["b","=",1]]]]', Condition(("a",), "any", Condition(("b",), "=", 1))),
        ('[["a","not any",[]]]', Condition(("a",), "not any", domains.TRUE)),
    ],
)
def test_documented_forms(text, node):
    assert domains.parse(text) == node


def test_implicit_and_binds_last():
    """["|", a, b, c] is (a or b) and c, as Odoo reads it."""
    a, b, c = (Condition((name,), "=", 1) for name in "abc")
    parsed = domains.parse('["|",["a","=",1],["b","=",1],["c","=",1]]')
    assert parsed == Every((Either((a, b)), c))
    parsed = domains.parse('["&","!",["a","=",1],"|",["b","=",1],["c","=",1]]')
    assert parsed == Every((Not(a), Either((b, c))))


# --- operators -------------------------------------------------------------------------------

BYPASSES = [
    "any!",
    "ANY!",
    "Any!",
    "aNy!",
    "not any!",
    "NOT ANY!",
    "Not Any!",
    "any !",
    " any!",
    "any!\n",
]


@pytest.mark.parametrize("operator", BYPASSES)
def test_operators_that_bypass_record_rules(operator):
    """Odoo lower-cases operators after it has looked for these (odoo/orm/domains.py)."""
    for value in ([], [["id", ">", 0]], 1):
        assert operator.strip()[:60] in refused(json.dumps([["child_ids", operator, value]]))
        refused(repr([("child_ids", operator, value)]))
        refused(json.dumps([["a", "any", [["child_ids", operator, value]]]]))


OTHER = "ANY,IN,Like,=LIKE,inselect,not inselect,sql,===,, =,= ,=\0,≠,&,!,custom,%,~,@>,is,is not,between,or 1=1 --"


@pytest.mark.parametrize("operator", OTHER.split(","))
def test_other_operators(operator):
    refused(json.dumps([["a", operator, 1]]))
    refused(repr([("a", operator, [1])]))


@pytest.mark.parametrize(
    "operator", [None, True, 0, 1.5, [], ["="], ["any!"], {}, {"=": 1}], ids=repr
)
def test_operator_is_text(operator):
    refused(json.dumps([["a", operator, 1]]))
    refused(repr([("a", operator, 1)]))


@given(st.text(max_size=12), scalars | st.lists(scalars, max_size=3))
def test_no_operator_beyond_the_list(operator, value):
    node = parse_or_refuse(json.dumps([["a", operator, value]]))
    if node is not None:
        assert operator in domains.OPERATORS | {"<>", "=="}


ARITY = """
    ["&"] ["|",["a","=",1]] ["!"] [["a","=",1],"&"] [["a","=",1],"!"] ["&","&",["a","=",1]] ["x"] ["and",["a","=",1]]
    ["&&"] ["!!",["a","=",1]] [""] ["&\\u0000"] [["&"]]
"""


@pytest.mark.parametrize("text", ARITY.split())
def test_arity_of_connectives(text):
    refused(text)


MALFORMED = """
    null true false 0 1 "x" {} {"a":1} [null] [1] [true] [{}] [[]] [["a"]] [["a","="]] [["a","=",1,2]]
    [[null,"=",1]] [[1,"=",2]] [[2,"=",1]] [[true,"=",1]] [[1,"=",true]] [[1,"=","1"]] [[1,"!=",1]]
    [["","=",1]] [[".","=",1]] [["a.","=",1]] [[".a","=",1]] [["a..b","=",1]] [[["a"],"=",1]] [[{},"=",1]]
    [["a","=",{}]] [["a","=",[[1]]]] [["a","=",[{}]]] [["a","in",1]] [["a","in","abc"]] [["a","in",null]]
    [["a","in",[[1]]]] [["a","<",[1]]] [["a","like",1]] [["a","ilike",null]] [["a","ilike",["x"]]]
    [["a","any",1]] [["a","any","x"]] [["a","any",null]] [["a","any",{}]] [["a","any",["b","=",1]]]
"""


@pytest.mark.parametrize("text", MALFORMED.split())
def test_malformed(text):
    refused(text)
    refused(repr(json.loads(text)))


@pytest.mark.parametrize(
    "text", ["", " ", "[", "[[", "nonsense", "[('a','=',x)]", "[(a,'=',1)]", "NaN", "[NaN]", "\x00"]
)
def test_neither_json_nor_python(text):
    refused(text)


@pytest.mark.parametrize("value", ["a\x00b", "\x00", "\ud800", "x\udfff"], ids=ascii)
def test_text_that_cannot_be_stored(value):
    """PostgreSQL's driver raises on NUL, UTF-8 on a lone surrogate."""
    for terms in ([["a", "=", value]], [["a", "in", ["x", value]]], [["a", "ilike", value]]):
        refused(json.dumps(terms))
        refused(repr(terms))


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", str(2**63), str(-(2**63) - 1), "9" * 400],
)
def test_numbers_that_no_column_holds(number):
    refused(f'[["a","=",{number}]]')
    refused(f'[["a","in",[1,{number}]]]')
    if number.lstrip("-").isdigit():
        refused(f"[('a','=',{hex(int(number))})]")


# --- limits ----------------------------------------------------------------------------------


def chain(connectives):
    """The deepest tree that a row of connectives makes: each stands before the next and a condition."""
    terms = [*connectives, ["a", "=", 1]]
    return terms + [["a", "=", 1]] * sum(term != "!" for term in connectives)


def test_long_rows_of_one_connective_are_flat():
    """Clients write '|' a hundred times; that is one Either, not a hundred levels."""
    node = domains.parse(json.dumps(chain("|" * 400)))
    assert isinstance(node, Either)
    assert len(node.children) == 401
    node = domains.parse(json.dumps(chain("&" * 400)))
    assert isinstance(node, Every)
    assert len(node.children) == 401


def test_negations_cancel():
    assert domains.parse(json.dumps(chain("!" * 400))) == Condition(("a",), "=", 1)
    assert domains.parse(json.dumps(chain("!" * 401))) == Not(Condition(("a",), "=", 1))


@pytest.mark.parametrize(
    "terms",
    [chain("&|" * 200), chain("!&!|" * 100), chain("|!" * 200)],
    ids=["and-or", "not-and-not-or", "or-not"],
)
def test_alternating_connectives_are_limited(terms):
    """Whoever walks the tree may do it by recursion."""
    assert "deep" in refused(json.dumps(terms))


def test_nesting_is_limited():
    """By `any`, by a dotted path and by both together."""
    path = "a.b.c.d"  # seven levels of four steps, and the condition's own four
    terms = [[path, "=", 1]]
    for _level in range(domains.MAX_DEPTH // 4 - 1):
        terms = [[path, "any", terms]]
    check_tree(domains.parse(json.dumps(terms)))
    assert "deep" in refused(json.dumps([["a", "any", terms]]))
    assert "deep" in refused(json.dumps(terms).replace(path, f"{path}.e"))
    check_tree(domains.parse(json.dumps([[".".join("a" * domains.MAX_DEPTH), "=", 1]])))
    for length in (domains.MAX_DEPTH + 1, 20_000):
        assert "deep" in refused(json.dumps([[".".join("a" * length), "=", 1]]))


@pytest.mark.parametrize(
    "opening",
    ["[", "(", "{", "-", "not ", "lambda:", "'a' 'b' + ", '[["a","any",', "[('a','any',", "~"],
)
@pytest.mark.parametrize("times", [50, 1000, 60_000])
def test_nesting_of_the_text_is_limited(opening, times):
    refused(opening * times)
    refused(opening * times + "1" + "]" * times)


def test_number_of_conditions_is_limited():
    """Together, nested ones included; the limit itself is allowed."""
    one = ["a", "=", 1]
    assert domains.parse(json.dumps([one] * domains.MAX_CONDITIONS))
    refused(json.dumps([one] * (domains.MAX_CONDITIONS + 1)))
    half = [one] * (domains.MAX_CONDITIONS // 2)
    refused(json.dumps([["b", "any", half], ["b", "any", half]]))
    refused(json.dumps([one] * 100_000))


def test_client_writes_no_warning(recwarn):
    """Python's parser warns of odd literals, in the server's log; a client may not fill that."""
    for text in (r"[('\d','=',1)]", "[('a','=',0or 1)]", "[('a','=',1if 1else 2)]"):
        parse_or_refuse(text)
    assert not recwarn.list


def test_messages_are_sentences():
    """Of bounded length, whatever the client sent, and they name the place."""
    for terms in (
        [["x" * 5000, "bad", 1]],
        [["a", "y" * 5000, 1]],
        ["z" * 5000],
        [["x" * 5000, "=", {}]],
    ):
        message = refused(json.dumps(terms))
        assert message.endswith(".")
        assert len(message) < 300
    assert '"login"' in refused('[["login","~",1]]')


def test_conditions_in_their_order():
    text = '["|", ["a", "=", 1], "!", ["b", "any", [["c", "=", 2]]], ["d.e", "=", 3]]'
    found = [".".join(condition.path) for condition in domains.conditions(domains.parse(text))]
    assert found == ["a", "b", "d.e"]
    assert list(domains.conditions(domains.parse("[]"))) == []


def test_pattern_that_ends_with_a_backslash():
    """PostgreSQL refuses it where Odoo adds nothing to it."""
    for operator in ("=like", "not =like", "=ilike", "not =ilike"):
        for pattern in ("\\", "a\\", "a\\\\\\"):
            with pytest.raises(ApiError) as caught:
                domains.build([["name", operator, pattern]])
            assert caught.value.error == "bad_domain"
            assert '"name"' in caught.value.message()
        assert domains.build([["name", operator, "a\\\\"]]).value == "a\\\\"
    assert domains.build([["name", "ilike", "\\"]]).value == "\\"


@pytest.mark.parametrize("levels", [8, 9])
def test_conditions_within_conditions(levels):
    """Each level doubles what PostgreSQL plans."""
    terms = [["color", "=", 1]]
    for _level in range(levels):
        terms = ["|", ["name", "=", "x"], ["child_ids", "any", terms]]
    if levels <= domains.MAX_NESTED:
        domains.build(terms)
        domains.build([*terms, *terms])  # beside each other they do not count
    else:
        with pytest.raises(ApiError) as refused:
            domains.build(terms)
        assert refused.value.error == "bad_domain"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('["name", "=", "Zoë"]', '[["name", "=", "Zoë"]]'),
        ("('name', '==', 'x')", '[["name", "==", "x"]]'),
        ('["id", "in", [1, 2]]', '[["id", "in", [1, 2]]]'),
        ("('name', '=', b'x')", '[["name", "=", "x"]]'),
        (json.dumps(["name", "=", "x" * 500]), '[["name", "=", "x"]]'),
        ('[["child_ids", "any", ["name", "=", "y"]]]', '[["name", "=", "y"]]'),
    ],
)
def test_condition_without_a_list(text, shown):
    """The message shows the list that is missing."""
    assert f"in a list: {shown}." in refused(text)


@pytest.mark.parametrize("text", ['["|", "=", "x"]', '["a", "b"]', '["a", "nope", "c"]'])
def test_list_that_is_no_condition(text):
    assert "in a list" not in refused(text)
