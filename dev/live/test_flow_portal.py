"""A customer's portal app with the customer's own rights: another customer's orders are nowhere.

Not by id, in a list, through a condition, an expanded relation, a total or the count of a group.
"""

import pytest

FIELDS = ["name", "amount_total"]


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    for model in ("sale.order", "sale.order.line", "res.partner"):
        connect(
            model,
            "GET",
            run_as="user",
            reports=["sale.report_saleorder"] if model == "sale.order" else (),
        )


@pytest.fixture(scope="module")
def make_customer(admin, make_user, ref, log_in):
    """A company with a portal user, and its confirmed order; the device and the order's id."""
    portal = [[6, 0, [ref("base.group_portal")]]]
    product = admin.create(
        "product.product", {"name": "Portal", "list_price": 7.0, "taxes_id": [[5]]}
    )

    def make(name, quantity):
        user = make_user(group_ids=portal, name=name)
        [partner] = admin.read("res.users", [["id", "=", user.id]], ["partner_id"])
        partner_id = partner["partner_id"][0]
        line = [0, 0, {"product_id": product, "product_uom_qty": quantity}]
        order = {
            "partner_id": partner_id,
            "order_line": [line],
            "client_order_ref": f"ref of {name}",
        }
        order_id = admin.create("sale.order", order)
        admin.call("sale.order", "action_confirm", [order_id])
        return {"device": log_in(user), "order": order_id, "partner": partner_id}

    return make


@pytest.fixture(scope="module")
def customer(make_customer):
    return make_customer("Customer", 2)


@pytest.fixture(scope="module")
def victim(make_customer):
    return make_customer("Victim", 1000)


def listed(customer, model="sale.order", **params):
    if "groupby" not in params:
        params = {"fields": FIELDS if model == "sale.order" else [], **params}
    answer = customer["device"].v1("GET", model, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_own_orders(customer, victim):
    body = listed(customer, expand={"order_line": ["product_uom_qty"], "partner_id": ["name"]})
    assert [row["id"] for row in body["data"]] == [customer["order"]]
    assert (body["total"], body["count"]) == (1, 1)
    [row] = body["data"]
    assert row["amount_total"] == 14.0
    assert [line["product_uom_qty"] for line in row["order_line"]] == [2.0]
    assert row["partner_id"] == {"id": customer["partner"], "name": "Customer"}


@pytest.mark.parametrize("count", ["exact", "estimated", "none"])
def test_not_in_a_list(customer, victim, count):
    """By its id, its name, its reference, anything that is true of it alone; no number gives it away."""
    for domain in (
        [["id", "=", victim["order"]]],
        [["id", "in", [victim["order"], customer["order"]]], ["id", "!=", customer["order"]]],
        [["client_order_ref", "=", "ref of Victim"]],
        [["amount_total", ">", 5000]],
        ["|", ["amount_total", "<", 0], ["partner_id", "=", victim["partner"]]],
        ["!", ["partner_id", "child_of", customer["partner"]]],
        [["partner_id.name", "=", "Victim"]],
        [["order_line.product_uom_qty", "=", 1000]],
        [["order_line", "any", [["product_uom_qty", ">", 999]]]],
    ):
        for extra in ({}, {"cursor": ""}, {"archived": "1"}):
            body = listed(customer, domain=domain, count=count, **extra)
            assert body["data"] == [], domain
            assert body.get("total", 0) == 0, domain
            assert "next_cursor" not in body


def test_not_by_id(customer, victim):
    device = customer["device"]
    for answer in (
        device.v1("GET", f"sale.order/{victim['order']}", fields=FIELDS),
        device.get("sale.order", id=str(victim["order"]), fields=FIELDS),
        device.v1("GET", f"sale.order/{victim['order']}/report/sale.report_saleorder"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), answer.text
    assert device.v1("GET", f"sale.order/{customer['order']}", fields=FIELDS).status_code == 200


def test_not_in_groups(customer, victim):
    """Counts and sums are of the own orders."""
    body = listed(customer, groupby=["state"], aggregates=["id:count", "amount_total:sum"])
    assert [(row["id:count"], row["amount_total:sum"]) for row in body["data"]] == [(1, 14.0)]
    body = listed(customer, groupby=["partner_id"], aggregates=["amount_total:max"])
    assert [row["partner_id"]["id"] for row in body["data"]] == [customer["partner"]]
    body = listed(
        customer,
        groupby=["state"],
        aggregates=["id:count"],
        domain=[["client_order_ref", "=", "ref of Victim"]],
    )
    assert body["data"] == []


def test_not_the_lines(customer, victim):
    body = listed(customer, "sale.order.line", fields=["product_uom_qty", "order_id"])
    assert [row["product_uom_qty"] for row in body["data"]] == [2.0]
    assert (
        listed(customer, "sale.order.line", domain=[["order_id", "=", victim["order"]]])["total"]
        == 0
    )
    assert (
        listed(customer, "sale.order.line", domain=[["order_id.amount_total", ">", 5000]])["total"]
        == 0
    )


def test_not_through_a_relation(customer, victim):
    """The victim's contact is not to be seen, and no path leads from what may be seen to the victim's order."""
    answer = customer["device"].v1("GET", f"res.partner/{victim['partner']}", fields=["name"])
    assert answer.status_code == 404, answer.text
    for domain in (
        [["id", "=", victim["partner"]]],
        [["name", "=", "Victim"]],
        [["sale_order_ids.client_order_ref", "=", "ref of Victim"]],
        [["sale_order_ids", "any", [["amount_total", ">", 5000]]]],
        [["user_id.sale_order_ids.client_order_ref", "=", "ref of Victim"]],
    ):
        answer = customer["device"].v1("GET", "res.partner", fields=["name"], domain=domain)
        if answer.status_code == 200:
            assert answer.json()["total"] == 0, domain
        else:
            assert answer.status_code in (400, 403), answer.text
    # the own order's way up and down again
    expand = {"partner_id": {"fields": ["name"], "expand": {"sale_order_ids": FIELDS}}}
    answer = customer["device"].v1("GET", "sale.order", fields=["name"], expand=expand)
    assert "ref of Victim" not in answer.text
    if answer.status_code == 200:
        [row] = answer.json()["data"]
        assert [order["id"] for order in row["partner_id"]["sale_order_ids"]] == [customer["order"]]


def test_not_to_be_sorted_by(customer, victim):
    """An order by what may not be read is refused, not obeyed."""
    for order in ("create_uid", "partner_id.name", "user_id.password"):
        answer = customer["device"].v1("GET", "sale.order", fields=FIELDS, order=order)
        if answer.status_code == 200:
            assert [row["id"] for row in answer.json()["data"]] == [customer["order"]]
        else:
            assert answer.status_code == 400, answer.text


def test_nothing_to_write(server, customer, victim):
    for order in (customer["order"], victim["order"]):
        for method in ("PUT", "PATCH", "DELETE"):
            body = None if method == "DELETE" else {"values": {"client_order_ref": "stolen"}}
            answer = customer["device"].v1(method, f"sale.order/{order}", body)
            assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
            assert "GET" in answer.headers["Allow"]
    assert server.count("sale_order", "client_order_ref = 'stolen'") == 0
    assert server.count("sale_order", "id IN (%s, %s)", [customer["order"], victim["order"]]) == 2
