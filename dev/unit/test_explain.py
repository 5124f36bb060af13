# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The expressions of a column are read from PostgreSQL's plan: never too few of them."""

from jwt_auth_api.tools import explain

NOW, NAME = "(now() - t.create_date)", "t.name"


def node(kind, output=None, *below, relation="Outer"):
    found = {"Node Type": kind, "Parent Relationship": relation, "Plans": list(below)}
    return found if output is None else {**found, "Output": output}


def columns(found, number):
    return [list(explain.expressions(found, index)) for index in range(number)]


def test_each_column_has_its_own_expression():
    assert columns(node("Seq Scan", [NAME, NOW]), 2) == [[NAME], [NOW]]


def test_columns_of_a_union_are_told_apart():
    """A node without an output of its own, and a subquery, have the columns of what stands below."""
    parts = [
        node("Aggregate", [NAME, NOW], node("Seq Scan", ["t.create_date"]), relation="Subquery"),
        node("Seq Scan", ["u.name", "u.age"], relation="Member"),
    ]
    first = node("Subquery Scan", ["a.name", "a.age"], parts[0], relation="Member")
    union = node("Append", None, first, parts[1], relation="Subquery")
    assert columns(node("Subquery Scan", ["s.name", "s.age"], union), 2) == [
        [NAME, "t.create_date", "u.name"],
        [NOW, "t.create_date", "u.age"],
    ]


def test_what_stands_below_counts_for_all():
    """An aggregate, or a subquery in an expression, does not say which column it is for."""
    below = node("Sort", [NOW], node("Seq Scan", [NAME]))
    assert columns(node("Unique", ["x.name", "x.age"], below), 2) == [
        ["x.name", NOW, NAME],
        ["x.age", NOW, NAME],
    ]
    beside = node("Result", [NOW], relation="InitPlan")
    table = node("Seq Scan", [NAME], relation="Subquery")
    assert columns(node("Subquery Scan", ["s.name"], beside, table), 1) == [[NOW, NAME]]


def test_names_in_an_expression():
    assert explain.calls("(EXTRACT(epoch FROM (now() - to_char(c.x))) / '60'::numeric)") == {
        "now",
        "to_char",
    }
    for text in ("CURRENT_DATE", "(s.date <= (LOCALTIMESTAMP)::date)", "age(CURRENT_TIMESTAMP)"):
        assert explain.reads_clock(text)
    for text in ("t.current_date", "t.name", 't."CURRENT_DATE_X"'):
        assert not explain.reads_clock(text)
