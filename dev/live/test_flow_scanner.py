"""A warehouse scanner: what lies where, by location and barcode. It reads and can do nothing else."""

import pytest

BARCODE = "4006381333931"
FIELDS = ["quantity", "reserved_quantity", "location_id"]


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    for model in ("stock.quant", "stock.location", "product.product"):
        connect(model, "GET", run_as="user")


@pytest.fixture(scope="module")
def scanner(make_user, ref, log_in):
    return log_in(make_user(group_ids=[[6, 0, [ref("stock.group_stock_user")]]]))


@pytest.fixture(scope="module")
def shelves(server, admin, ref):
    """Two shelves of the warehouse with the scanned product, and another product on the first."""
    stock = ref("stock.stock_location_stock")
    shelf, other = (
        admin.create("stock.location", {"name": name, "location_id": stock})
        for name in ("S1", "S2")
    )
    scanned = admin.create(
        "product.product", {"name": "Scanned", "barcode": BARCODE, "is_storable": True}
    )
    another = admin.create("product.product", {"name": "Another", "is_storable": True})
    for product, place, number in ((scanned, shelf, 5), (scanned, other, 7), (another, shelf, 9)):
        quant = {"product_id": product, "location_id": place, "inventory_quantity": number}
        quants = [admin.call("stock.quant", "create", quant, context={"inventory_mode": True})]
        admin.call("stock.quant", "action_apply_inventory", quants)
    return {"stock": stock, "shelf": shelf, "other": other, "scanned": scanned, "another": another}


def quants(scanner, *domain, **params):
    params = {
        "fields": FIELDS,
        "expand": {"product_id": ["name", "barcode"]},
        "order": "id",
        **params,
    }
    answer = scanner.v1("GET", "stock.quant", domain=list(domain), **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_scan_a_shelf(scanner, shelves):
    body = quants(scanner, ["location_id", "=", shelves["shelf"]])
    assert [(row["product_id"]["name"], row["quantity"]) for row in body["data"]] == [
        ("Scanned", 5.0),
        ("Another", 9.0),
    ]
    assert {row["location_id"]["id"] for row in body["data"]} == {shelves["shelf"]}


def test_scan_a_product(scanner, shelves):
    """Where does it lie, in the whole warehouse?"""
    body = quants(
        scanner,
        ["product_id.barcode", "=", BARCODE],
        ["location_id", "child_of", shelves["stock"]],
        order="quantity desc",
    )
    assert [(row["location_id"]["id"], row["quantity"]) for row in body["data"]] == [
        (shelves["other"], 7.0),
        (shelves["shelf"], 5.0),
    ]
    assert {row["product_id"]["barcode"] for row in body["data"]} == {BARCODE}
    assert body["total"] == 2


def test_how_many_are_there(scanner, shelves):
    domain = [["product_id.barcode", "=", BARCODE], ["location_id.usage", "=", "internal"]]
    aggregates = ["quantity:sum", "id:count"]
    answer = scanner.v1(
        "GET", "stock.quant", domain=domain, groupby=["product_id"], aggregates=aggregates
    )
    assert answer.status_code == 200, answer.text
    [row] = answer.json()["data"]
    assert row["product_id"]["id"] == shelves["scanned"]
    assert (row["quantity:sum"], row["id:count"]) == (12.0, 2)


def test_an_unknown_barcode(scanner, shelves):
    assert quants(scanner, ["product_id.barcode", "=", "0000000000000"])["total"] == 0


def test_read_only(server, scanner, shelves):
    """405 with what is open, whatever the path, and nothing moves."""
    state = "SELECT id, quantity, location_id, xmin::text FROM stock_quant ORDER BY id"
    before = server.sql(state)
    values = {"product_id": shelves["scanned"], "location_id": shelves["shelf"], "quantity": 1000}
    quant = before[-1]["id"]
    body = {"values": values}
    answers = [
        scanner.v1("POST", "stock.quant", body),
        scanner.v1("PUT", f"stock.quant/{quant}", body),
        scanner.v1("PATCH", f"stock.quant/{quant}", body),
        scanner.v1("DELETE", f"stock.quant/{quant}"),
    ]
    for method in ("POST", "PUT", "DELETE"):
        path = f"/api/send_request?model=stock.quant&id={quant}"
        answers.append(scanner.call(method, path, json=body))
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed"), (
            answer.text
        )
        assert answer.headers["Allow"].split(", ")[0] == "GET"
        assert not {"POST", "PUT", "DELETE"} & set(answer.headers["Allow"].split(", "))
    assert scanner.v1("POST", f"stock.quant/{quant}/action_apply_inventory", {}).status_code in (
        403,
        404,
        405,
    )
    assert server.sql(state) == before
