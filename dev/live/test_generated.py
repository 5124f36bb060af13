"""Requests that nobody wrote: every field read, and random conditions, orders and groups, on real data.

Whatever a client asks is answered or is the client's mistake, never a failure of the server.
"""

import json
import random
import re

import pytest
from lib.client import JSON, Device

#: Ordinary documents, what users and files are, views of the database, and models that let nobody search.
MODELS = """
    res.partner res.users res.company res.currency product.template product.product uom.uom crm.team
    sale.order sale.order.line sale.report account.move account.move.line account.account
    account.journal account.invoice.report account.code.mapping stock.picking stock.move stock.quant
    stock.warehouse mail.message mail.activity ir.attachment ir.model.fields ir.actions.act_window
""".split()
#: These say themselves that they are read through another model alone.
UNSEARCHABLE = {"account.code.mapping"}
CALLERS = ("admin", "demo", "portal")
OPERATORS = [
    *("=", "!=", "=?", "<", ">", "<=", ">=", "in", "not in", "like", "not like", "ilike", "=like"),
    *("not =ilike", "child_of", "parent_of", "any", "not any"),
]
ANY = [None, True, False, 0, 1, -1, 2.5, 10**15, "", "a", "%_\\", "today", "2026-11-25T10:00:00Z"]
FITTING = {
    "date": ["2026-11-25", "today", "-7d", "=monday"],
    "datetime": ["2026-11-25T10:00:00Z", "2026-11-25", "-1w", "now"],
    "integer": [0, 7, -(2**31), 2**62],
    "float": [0, 1.5, 1e300],
    "monetary": [0, 10.5],
    "many2one": [1, 2, "Azure"],
    "one2many": [1, "a"],
    "many2many": [1, "a"],
    "reference": ["res.partner,1"],
    "json": [28, "28", "a"],
}
PARTS = ("month_number", "day_of_week", "hour_number", "no_part")
FUNCTIONS = ("count", "count_distinct", "sum", "avg", "min", "max", "bool_or")


@pytest.fixture(scope="module")
def opened(connect):
    for model in MODELS:
        connect(model, "GET POST PUT DELETE")


@pytest.fixture(scope="module")
def devices(opened, server):
    devices = {}
    for login in CALLERS:
        devices[login] = Device(server.url)
        assert devices[login].login(login, login).status_code == 200
    return devices


@pytest.fixture(scope="module")
def fields(admin):
    """`fields(model)` is name → description of every field that an administrator sees."""
    known = {}

    def fields(model):
        if model not in known:
            attributes = ["type", "relation"]
            known[model] = admin.call(model, "fields_get", [], attributes)
        return known[model]

    return fields


def visible(device, model, names):
    """Return those of the fields that the caller may ask for; an answer names a hundred others at once."""
    answer = device.get(model, fields=names, limit=1)
    if answer.status_code != 400:
        return names
    hidden = set(re.findall(r"Unknown field (\w+) on", answer.json()["message"]))
    assert hidden, answer.text
    return visible(device, model, [name for name in names if name not in hidden])


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_read(model, devices, fields, server):
    """Each caller gets a page with all that the caller may see in Odoo; what cannot be read costs itself."""
    server.expect("cannot be read")
    for login, device in devices.items():
        names = visible(device, model, sorted(fields(model)))
        answer = device.get(model, fields=names, limit=80, archived="1")
        assert answer.headers["content-type"] == JSON
        if model in UNSEARCHABLE:
            assert answer.status_code == 422, answer.text
        elif login != "admin" and answer.status_code == 403:
            # the code of some fields reads what is closed to this user: the others are read
            parts = [names[start : start + 10] for start in range(0, len(names), 10)]
            statuses = [device.get(model, fields=part, limit=80).status_code for part in parts]
            assert set(statuses) <= {200, 403}, (login, statuses)
        else:
            assert answer.status_code == 200, (login, answer.text)
            assert all(set(names) <= set(row) for row in answer.json()["data"])


def condition(draw, model, fields):
    """One condition on a field of the model or, one step further, of another one; it may make no sense."""
    name, field = draw.choice(sorted(fields(model).items()))
    path, kind, relation = name, field["type"], field.get("relation")
    if relation in MODELS and draw.random() < 0.3:
        below, field = draw.choice(sorted(fields(relation).items()))
        path, kind, relation = f"{name}.{below}", field["type"], field.get("relation")
    if kind in ("date", "datetime") and draw.random() < 0.3:
        path += f".{draw.choice(PARTS)}"
    elif kind == "properties" and draw.random() < 0.7:
        path += draw.choice([".a", ".b.c", ".A"])
    operator = draw.choice(OPERATORS)
    values = FITTING[kind] if kind in FITTING and draw.random() < 0.7 else ANY
    value = draw.choice(values)
    if operator in ("in", "not in"):
        value = draw.choices(values, k=draw.randint(0, 3))
    elif operator in ("any", "not any"):
        inner = draw.choice(["id", "display_name", "create_date", "active"])
        value = [[inner, draw.choice(["=", "!=", "<", "ilike"]), draw.choice(ANY)]]
    return [path, operator, value]


def asked(draw, model, fields):
    """Parameters of a random request: a domain, an order, a cursor, or groups."""
    name, field = draw.choice(sorted(fields(model).items()))
    match draw.randrange(5):
        case 0:
            return {"order": f"{name} {draw.choice(['asc', 'desc'])}"}
        case 1:
            return {"order": name, "cursor": ""}
        case 2:
            dated = field["type"] in ("date", "datetime")
            group = f"{name}:{draw.choice(['hour', 'week', 'month'])}" if dated else name
            other = draw.choice(sorted(fields(model)))
            return {"groupby": [group], "aggregates": [f"{other}:{draw.choice(FUNCTIONS)}"]}
    conditions = [condition(draw, model, fields) for _each in range(draw.randint(1, 2))]
    prefix = draw.choice([[], ["!"], ["|"] if len(conditions) == 2 else []])
    return {"domain": [*prefix, *conditions]}


@pytest.mark.parametrize("model", MODELS)
def test_nothing_that_is_asked_fails(model, devices, fields, server):
    server.expect("cannot be read")
    draw = random.Random(model)
    for _request in range(25):
        params = asked(draw, model, fields)
        device = devices[draw.choice(CALLERS)]
        params = {"model": model, "limit": "3", **{key: as_text(params[key]) for key in params}}
        if "groupby" not in params:
            params["fields"] = '["id"]'
        answer = device.call("GET", "/api/send_request", params=params)
        assert answer.headers["content-type"] == JSON, params
        assert answer.status_code < 500, (params, answer.text)
        if answer.status_code == 400:
            assert answer.json()["error"] in ("bad_domain", "bad_parameter", "unknown_field")
        elif model not in UNSEARCHABLE:
            assert answer.status_code in (200, 403), (params, answer.text)


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)
