"""The server under test itself."""


def test_answers_and_has_demo_data(server, http):
    """Whatever else fails: the server is there, with two workers and Odoo's demo data."""
    answer = http.get("/web/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "pass"})
    assert server.count("res_partner") > 20
    assert server.count("product_template") > 10


def test_database_knows_the_addon(server, admin):
    """The administrator's remote interface and SQL see one database, with the addon and the demo connections."""
    expected = server.sql("SELECT state FROM ir_module_module WHERE name = 'jwt_auth_api'")
    assert expected == [{"state": "installed"}]
    assert len(admin.search("connection.api", [])) == server.count("connection_api", "active") > 0


def test_demo_connections_take_an_order_with_its_lines(server, admin, device):
    """What `dev/run` opens is enough to create an order with a line, and to change the line."""
    [product] = admin.search("product.product", [["sale_ok", "=", True]], limit=1)
    [customer] = admin.search("res.partner", [], limit=1)
    line = [0, 0, {"product_id": product, "product_uom_qty": 3}]
    body = {"values": {"partner_id": customer, "order_line": [line]}, "fields": ["order_line"]}
    answer = device.v1("POST", "sale.order", body)
    assert answer.status_code == 201, answer.text
    order = answer.json()["data"]
    [line_id] = order["order_line"]
    command = [1, line_id, {"product_uom_qty": 5}]
    answer = device.v1("PUT", f"sale.order/{order['id']}", {"values": {"order_line": [command]}})
    assert answer.status_code == 200, answer.text
    lines = "SELECT id, product_id, product_uom_qty::int AS number FROM sale_order_line WHERE order_id = %s"
    expected = [{"id": line_id, "product_id": product, "number": 5}]
    assert server.sql(lines, [order["id"]]) == expected
