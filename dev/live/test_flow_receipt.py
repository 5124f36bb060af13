"""A warehouse's tablet: a delivery arrives in two parts. What is missing becomes a backorder."""

import json
import re

import pytest
from lib import documents, pdf

RECEIPT = "stock.report_picking"
BACKORDER = "stock.backorder.confirmation"


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    """Receipts with their moves, and the wizard that asks about a backorder."""
    actions = ["action_confirm", "button_validate"]
    connect("stock.picking", "GET POST PUT", run_as="user", actions=actions, reports=[RECEIPT])
    connect("stock.move", "GET POST PUT", run_as="user")
    keys = dict.fromkeys(["process", "process_cancel_backorder"], "button_validate_picking_ids")
    connect(BACKORDER, "POST", run_as="user", actions=keys)


@pytest.fixture(scope="module")
def keeper(make_user, ref, log_in):
    """Somebody who works in the warehouse."""
    return log_in(make_user(group_ids=[[6, 0, [ref("stock.group_stock_user")]]]))


@pytest.fixture
def product(admin):
    return admin.create("product.product", {"name": "Awaited", "is_storable": True})


@pytest.fixture
def receipt(keeper, ref, product):
    """A receipt of ten pieces, confirmed."""
    values = {
        "picking_type_id": ref("stock.picking_type_in"),
        "location_id": ref("stock.stock_location_suppliers"),
        "location_dest_id": ref("stock.stock_location_stock"),
        "move_ids": [[0, 0, {"product_id": product, "product_uom_qty": 10}]],
    }
    body = {"values": values, "fields": ["name", "move_ids"]}
    answer = keeper.v1("POST", "stock.picking", body)
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    keeper.press(f"stock.picking/{made['id']}/action_confirm")
    return made


def count(keeper, picking, quantity):
    """Count what has arrived."""
    [move] = keeper.v1("GET", f"stock.picking/{picking}", fields=["move_ids"]).json()["data"][
        "move_ids"
    ]
    body = {"values": {"quantity": quantity, "picked": True}, "fields": ["quantity"]}
    answer = keeper.v1("PATCH", f"stock.move/{move}", body)
    assert answer.status_code == 200, answer.text


def receive(keeper, picking, quantity):
    """Count what has arrived, and validate."""
    count(keeper, picking, quantity)
    return keeper.press(f"stock.picking/{picking}/button_validate")


def on_hand(server, product, ref):
    query = "SELECT quantity FROM stock_quant WHERE product_id = %s AND location_id = %s"
    rows = server.sql(query, [product, ref("stock.stock_location_stock")])
    return sum(row["quantity"] for row in rows)


def state(server, picking):
    return server.sql("SELECT state FROM stock_picking WHERE id = %s", [picking])[0]["state"]


def test_in_two_parts(server, keeper, receipt, product, ref):
    """Four arrive, then six: a backorder in between, and all ten lie in the stock."""
    action = receive(keeper, receipt["id"], 4)
    assert (action["res_model"], action["view_mode"], action["res_id"]) == (BACKORDER, "form", None)
    assert action["context"]["button_validate_picking_ids"] == [receipt["id"]]
    assert not {"uid", "lang", "tz", "allowed_company_ids"} & action["context"].keys()
    assert state(server, receipt["id"]) == "assigned"
    assert keeper.answer_wizard(action, "process") is True
    assert (state(server, receipt["id"]), on_hand(server, product, ref)) == ("done", 4)

    domain = [["backorder_id", "=", receipt["id"]]]
    moves = {"move_ids": ["product_uom_qty"]}
    answer = keeper.v1("GET", "stock.picking", domain=domain, fields=["state"], expand=moves)
    [rest] = answer.json()["data"]
    assert [move["product_uom_qty"] for move in rest["move_ids"]] == [6.0]
    assert receive(keeper, rest["id"], 6) is True
    assert (state(server, rest["id"]), on_hand(server, product, ref)) == ("done", 10)


def shown_calls(picking):
    """The calls of a wizard in the reference: path, body and what the response contains, of this transfer."""
    [block] = [
        each.text
        for each in documents.read(documents.REFERENCE).blocks
        if each.section == "Wizards"
    ]
    for call in re.sub(r"\b17\b", str(picking), block).strip().split("\n\n"):
        request, answer = call.split("\n→ ")
        path, body = re.fullmatch(r"POST /api/v1/(\S+) +(\{.*\})", request).groups()
        yield path, body, json.loads(answer.replace(", …", ""))


def contains(answer, shown):
    if isinstance(shown, dict):
        return all(key in answer and contains(answer[key], shown[key]) for key in shown)
    return answer == shown


def test_as_the_reference_shows(server, keeper, receipt, product, ref):
    """The two calls of a wizard, as they stand in the reference."""
    count(keeper, receipt["id"], 4)
    context = wizard = None
    for path, body, shown in shown_calls(receipt["id"]):
        if context:
            body = body.replace("<the context of the response>", json.dumps(context))
        if wizard:
            path = path.replace("/3/", f"/{wizard}/")
        answer = keeper.v1("POST", path, json.loads(body))
        assert answer.status_code in (200, 201), answer.text
        found = answer.json()
        if "data" in found:
            wizard, found["data"]["id"] = found["data"]["id"], 3
        assert contains(found, shown), (found, shown)
        context = context or found["result"]["context"]
    assert (state(server, receipt["id"]), on_hand(server, product, ref)) == ("done", 4)


def test_without_a_backorder(server, keeper, receipt, product, ref):
    """What is missing does not come any more."""
    action = receive(keeper, receipt["id"], 4)
    assert keeper.answer_wizard(action, "process_cancel_backorder") is True
    assert (state(server, receipt["id"]), on_hand(server, product, ref)) == ("done", 4)
    assert server.count("stock_picking", "backorder_id = %s", [receipt["id"]]) == 0


def test_what_the_context_cannot_say(server, keeper, receipt, product, ref):
    """Neither who asks, nor what no row lists, nor a transfer that is not there; nothing moves."""
    context = receive(keeper, receipt["id"], 4)["context"]
    answer = keeper.v1("POST", BACKORDER, {"values": {}, "fields": [], "context": context})
    path = f"{BACKORDER}/{answer.json()['data']['id']}/process"
    for more, status, code in (
        ({"uid": 1}, 400, "bad_value"),
        ({"skip_backorder": True}, 400, "bad_value"),
        ({"allowed_company_ids": [1]}, 400, "bad_value"),
        ({"active_model": "stock.picking", "active_id": 2**31 - 1}, 422, "validation_error"),
        ({"active_model": "res.users.apikeys", "active_id": 1}, 400, "bad_value"),
        ({"default_pick_ids": [[4, 2**31 - 1]]}, 422, "validation_error"),
    ):
        answer = keeper.v1("POST", path, {"context": {**context, **more}})
        assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    assert (state(server, receipt["id"]), on_hand(server, product, ref)) == ("assigned", 0)


def test_pdf_with_a_barcode(server, keeper, receipt, parameter):
    if not pdf.path() or not pdf.draws_barcodes():
        pytest.skip(pdf.NO_BARCODES if pdf.path() else pdf.MISSING)
    with parameter("report.url", server.url):  # where wkhtmltopdf finds the style sheets
        answer = keeper.v1("GET", f"stock.picking/{receipt['id']}/report/{RECEIPT}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
