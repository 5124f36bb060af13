# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What connections of orders lift for a customer and for an employee without any app's rights, and what not."""

import httpx
import pytest


@pytest.fixture(scope="module", autouse=True)
def opened(connect, admin, ref):
    """Orders for everybody, as a new connection opens them; their lines for administrators, to read."""
    connect("sale.order", "GET POST PUT", actions=["action_confirm", "action_cancel"])
    system = [[6, 0, [ref("base.group_system")]]]
    connect("sale.order.line", "GET", group_ids=system)
    connect("res.partner", "GET")
    connect("product.product", "GET")


@pytest.fixture(scope="module")
def plain(make_user, log_in, ref):
    return log_in(make_user(group_ids=[[6, 0, [ref("base.group_user")]]]))


@pytest.fixture(scope="module")
def portal(make_user, log_in, ref):
    return log_in(make_user(group_ids=[[6, 0, [ref("base.group_portal")]]]))


@pytest.fixture(scope="module")
def things(admin):
    product = admin.create(
        "product.product", {"name": "Granted", "list_price": 5.0, "taxes_id": [[5]]}
    )
    return {"product": product, "customer": admin.create("res.partner", {"name": "Granted"})}


@pytest.fixture
def order(admin, things):
    """Somebody else's quotation, with one line."""
    line = [0, 0, {"product_id": things["product"], "product_uom_qty": 2}]
    return admin.create("sale.order", {"partner_id": things["customer"], "order_line": [line]})


def test_orders_and_their_lines(server, plain, portal, admin, things, order):
    """A one2many writes what it leads to: lines are for whom their own connection is."""
    [found] = admin.read("sale.order", [["id", "=", order]], ["order_line"])
    [line] = found["order_line"]
    other = admin.create("sale.order", {"partner_id": things["customer"]})
    before = server.sql("SELECT * FROM sale_order_line WHERE order_id = %s", [order])
    new = [0, 0, {"product_id": things["product"], "product_uom_qty": 1}]
    for device in (plain, portal):
        for commands in ([[4, line]], [[6, 0, [line]]], [[1, line, {"price_unit": 0}]], [new]):
            answer = device.v1("PUT", f"sale.order/{other}", {"values": {"order_line": commands}})
            assert answer.status_code in (403, 422), answer.text
        for commands in ([[2, line]], [[3, line]], [[5]], []):
            answer = device.v1("PUT", f"sale.order/{order}", {"values": {"order_line": commands}})
            assert answer.status_code in (403, 422), answer.text
    assert server.sql("SELECT * FROM sale_order_line WHERE order_id = %s", [order]) == before


def test_chatter_of_an_order(server, plain, portal, admin, order):
    """The messages of an order stay, whoever may write the order."""
    where = "model = 'sale.order' AND res_id = %s"
    before = server.count("mail_message", where, [order])
    assert before
    for device in (plain, portal):
        for value in ([], False, [[5]]):
            device.v1("PUT", f"sale.order/{order}", {"values": {"message_ids": value}})
        answer = device.v1("PUT", f"sale.order/{order}", {"values": {"client_order_ref": "mine"}})
        assert answer.status_code == 200, answer.text
    assert server.count("mail_message", where, [order]) >= before


def test_token_of_an_order(plain, portal, admin, order):
    """An access token signs its order: it is neither told nor chosen."""
    for device in (plain, portal):
        answer = device.v1("GET", f"sale.order/{order}", fields=["access_token"])
        assert answer.json()["error"] == "unknown_field", answer.text
        values = {"access_token": "chosen"}
        answer = device.v1("PUT", f"sale.order/{order}", {"values": values})
        assert answer.json()["error"] == "unknown_field", answer.text


def test_actions_ask_for_rights(admin, portal, order):
    """What confirms an order for a customer needs more than the customer may: the row of the action says so."""
    [found] = admin.read("connection.api", [["model", "=", "sale.order"]], ["action_ids"])
    answer = portal.v1("POST", f"sale.order/{order}/action_confirm", {})
    assert answer.status_code == 403, answer.text
    [row] = admin.read("sale.order", [["id", "=", order]], ["state"])
    assert row["state"] == "draft"
    domain = [["id", "in", found["action_ids"]], ["name", "=", "action_confirm"]]
    actions = admin.search("connection.api.action", domain)
    admin.write("connection.api.action", actions, {"as_superuser": True})
    try:
        answer = portal.v1("POST", f"sale.order/{order}/action_confirm", {})
        assert answer.status_code == 200, answer.text
    finally:
        admin.write("connection.api.action", actions, {"as_superuser": False})
    [row] = admin.read("sale.order", [["id", "=", order]], ["state"])
    assert row["state"] == "sale"


def test_orders_are_written_as_before(plain, things):
    """What is open works for a user without any right on orders: Odoo's code reads what it needs."""
    values = {"partner_id": things["customer"], "client_order_ref": "from an app"}
    answer = plain.v1("POST", "sale.order", {"values": values, "fields": ["name", "amount_total"]})
    assert answer.status_code == 201, answer.text
    order = answer.json()["data"]
    assert order["name"].startswith("S")
    answer = plain.v1("PUT", f"sale.order/{order['id']}", {"values": {"note": "<p>x</p>"}})
    assert answer.status_code == 200, answer.text


def test_limit_of_an_expanded_model(connect, plain):
    """The request is counted on a cursor of its own, and goes on with what it had been granted."""
    connect("res.partner.bank", "GET", rate_limit=2)
    codes = []
    for _turn in range(3):
        answer = plain.v1(
            "GET", "res.partner", fields=["name"], limit=5, expand={"bank_ids": ["acc_number"]}
        )
        codes.append(answer.status_code)
    assert codes == [200, 200, 429], answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert plain.v1("GET", "res.partner", fields=["name"], limit=5).status_code == 200


def test_context_of_a_call_opens_nothing(server, make_user):
    """Odoo's own RPC takes a context from its client: a grant is nothing that it can spell."""
    user = make_user()
    with httpx.Client(base_url=server.url) as client:
        params = {"db": server.db, "login": user.login, "password": user.password}
        assert client.post("/web/session/authenticate", json={"params": params}).status_code == 200
        for value in (True, {"uid": user.id, "models": ["ir.cron"]}, "<grant>", [1]):
            kwargs = {"context": {"jwt_auth_api_grant": value}}
            body = {"model": "ir.cron", "method": "search", "args": [[]], "kwargs": kwargs}
            answer = client.post("/web/dataset/call_kw", json={"params": body}).json()
            assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessError", answer
