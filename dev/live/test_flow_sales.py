"""A salesperson's phone app: my quotations, a new one with lines, a change, the confirmation, the PDF."""

import pytest
from lib import pdf
from lib.client import together

FIELDS = ["name", "state", "date_order", "amount_total", "partner_id"]
LINES = {"fields": ["product_id", "product_uom_qty", "price_unit"], "order": "id"}
REPORT = "sale.report_saleorder"


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    """What the app may do: its own orders with their lines, and what it needs to read for that."""
    order = {"run_as": "user", "actions": ["action_confirm"], "reports": [REPORT]}
    connect("sale.order", "GET POST PUT", **order)
    connect("sale.order.line", "GET POST PUT DELETE", run_as="user")
    connect("product.product", "GET", run_as="user")
    connect("res.partner", "GET", run_as="user")


@pytest.fixture(scope="module")
def make_seller(make_user, ref):
    """A salesperson, who sees the own documents only."""
    return lambda: make_user(group_ids=[[6, 0, [ref("sales_team.group_sale_salesman")]]])


@pytest.fixture(scope="module")
def seller(make_seller, log_in):
    return log_in(make_seller())


@pytest.fixture(scope="module")
def colleague(make_seller, log_in):
    return log_in(make_seller())


@pytest.fixture(scope="module")
def catalogue(admin):
    """Two products and a customer."""
    products = [
        admin.create(
            "product.product", {"name": f"Flow {n}", "list_price": price, "taxes_id": [[5]]}
        )
        for n, price in enumerate((10.0, 2.5))
    ]
    return {
        "products": products,
        "customer": admin.create("res.partner", {"name": "Flow Customer"}),
    }


@pytest.fixture
def order(seller, catalogue):
    """A new quotation of the seller, as the app makes one."""
    answer = seller.v1("POST", "sale.order", {"values": quotation(catalogue), "fields": FIELDS})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def quotation(catalogue, *quantities):
    quantities = quantities or (3, 4)
    pairs = zip(catalogue["products"], quantities, strict=False)
    lines = [
        [0, 0, {"product_id": product, "product_uom_qty": number}] for product, number in pairs
    ]
    return {"partner_id": catalogue["customer"], "order_line": lines}


def assert_error(answer, status, code):
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text


def state(server, order):
    return server.sql("SELECT state FROM sale_order WHERE id = %s", [order["id"]])[0]["state"]


def test_create(server, seller, order, catalogue):
    """The order is the seller's own, with its lines, its prices and its total."""
    assert order["state"] == "draft"
    assert order["amount_total"] == 40.0
    assert order["partner_id"] == {"id": catalogue["customer"], "display_name": "Flow Customer"}
    [row] = server.sql("SELECT user_id, create_uid FROM sale_order WHERE id = %s", [order["id"]])
    assert (row["user_id"], row["create_uid"]) == (seller.user_id, seller.user_id)
    lines = "SELECT product_id, product_uom_qty::int AS n FROM sale_order_line WHERE order_id = %s ORDER BY id"
    assert [(row["product_id"], row["n"]) for row in server.sql(lines, [order["id"]])] == [
        (catalogue["products"][0], 3),
        (catalogue["products"][1], 4),
    ]


def test_list(seller, colleague, order, catalogue):
    """My quotations, newest first, with customer and lines; a colleague's are not there."""
    theirs = colleague.v1("POST", "sale.order", {"values": quotation(catalogue)}).json()["data"]
    answer = seller.v1(
        "GET",
        "sale.order",
        fields=FIELDS,
        domain=[["state", "=", "draft"], ["user_id", "=", seller.user_id]],
        order="date_order desc, id desc",
        expand={"partner_id": ["name"], "order_line": LINES},
        limit=5,
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = {row["id"]: row for row in body["data"]}
    assert order["id"] in found
    assert theirs["id"] not in found
    row = found[order["id"]]
    assert row["partner_id"] == {"id": catalogue["customer"], "name": "Flow Customer"}
    assert [line["product_uom_qty"] for line in row["order_line"]] == [3.0, 4.0]
    assert [line["price_unit"] for line in row["order_line"]] == [10.0, 2.5]
    dates = [row["date_order"] for row in body["data"]]
    assert dates == sorted(dates, reverse=True)


def test_change(server, seller, order):
    """Another quantity by a command on the line; the phone that read before that is told so."""
    path = f"sale.order/{order['id']}"
    before = seller.v1("GET", path, fields=["name"], expand={"order_line": LINES})
    line = before.json()["data"]["order_line"][0]
    change = {
        "values": {
            "order_line": [[1, line["id"], {"product_uom_qty": 10}]],
            "client_order_ref": "A",
        },
        "fields": ["amount_total"],
    }
    tag = before.headers["ETag"]
    answer = seller.v1("PATCH", path, change, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["amount_total"] == 110.0
    late = {"values": {"client_order_ref": "B"}}
    assert_error(
        seller.v1("PUT", path, late, headers={"If-Match": tag}), 412, "precondition_failed"
    )
    [row] = server.sql(
        "SELECT client_order_ref AS ref FROM sale_order WHERE id = %s", [order["id"]]
    )
    assert row["ref"] == "A"


def test_a_bad_line_makes_no_order(server, seller, catalogue):
    before = server.count("sale_order")
    values = quotation(catalogue)
    values["order_line"].append([0, 0, {"product_id": 2**31 - 1, "product_uom_qty": 1}])
    assert_error(seller.v1("POST", "sale.order", {"values": values}), 422, "validation_error")
    values["order_line"][-1] = [
        0,
        0,
        {"product_id": catalogue["products"][0], "product_uom_qty": "x"},
    ]
    assert_error(seller.v1("POST", "sale.order", {"values": values}), 400, "bad_value")
    assert server.count("sale_order") == before


def test_a_dead_spot(server, seller, catalogue):
    """Ten retries of one order at once, on both workers: one order, and each retry learns its number."""
    body = {"values": {**quotation(catalogue), "client_order_ref": "dead spot"}, "fields": ["name"]}
    headers = {"Idempotency-Key": f"phone-{catalogue['customer']}"}
    answers = together(10, lambda _n: seller.v1("POST", "sale.order", body, headers=headers))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    assert server.count("sale_order", "client_order_ref = 'dead spot'") == 1


def test_confirm(server, seller, order):
    answer = seller.v1(
        "POST", f"sale.order/{order['id']}/action_confirm", {"args": [], "kwargs": {}}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    assert state(server, order) == "sale"
    read = seller.v1("GET", f"sale.order/{order['id']}", fields=["state"]).json()
    assert read["data"] == {"id": order["id"], "state": "sale"}


def test_what_is_not_listed_cannot_be_called(server, seller, order):
    """Neither a public method that the connection does not name, nor a private one, nor the ORM's own."""
    for method in (
        "action_cancel",
        "_action_confirm",
        "unlink",
        "write",
        "copy",
        "sudo",
        "no_such",
    ):
        answer = seller.v1("POST", f"sale.order/{order['id']}/{method}", {})
        assert answer.status_code in (403, 404, 405), (method, answer.text)
        assert answer.json()["success"] is False
    assert state(server, order) == "draft"


def test_a_colleagues_order_is_out_of_reach(server, seller, colleague, order):
    """Not read, changed, confirmed nor printed."""
    path = f"sale.order/{order['id']}"
    for answer in (
        colleague.v1("GET", path, fields=["name"]),
        colleague.v1("PUT", path, {"values": {"client_order_ref": "stolen"}}),
        colleague.v1("POST", f"{path}/action_confirm", {}),
        colleague.v1("GET", f"{path}/report/{REPORT}"),
    ):
        assert_error(answer, 404, "not_found")
    assert state(server, order) == "draft"
    assert server.count("sale_order", "client_order_ref = 'stolen'") == 0


def test_delete_is_not_open(server, seller, order):
    answer = seller.v1("DELETE", f"sale.order/{order['id']}")
    assert_error(answer, 405, "method_not_allowed")
    assert "DELETE" not in answer.headers["Allow"]
    assert state(server, order) == "draft"


def test_pdf(server, seller, order, parameter):
    if not pdf.path():
        pytest.skip(pdf.MISSING)
    with parameter("report.url", server.url):  # where wkhtmltopdf finds the style sheets
        answer = seller.v1("GET", f"sale.order/{order['id']}/report/{REPORT}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 5000


def test_a_report_that_is_not_listed(seller, order):
    answer = seller.v1("GET", f"sale.order/{order['id']}/report/sale.report_saleorder_raw")
    assert_error(answer, 404, "not_found")
