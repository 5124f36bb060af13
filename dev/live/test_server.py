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
