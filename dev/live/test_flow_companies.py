"""Two companies: `X-Odoo-Company` says for which of them a request works."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    connect("sale.order", "GET POST PUT", run_as="user")
    connect("sale.order.line", "GET POST PUT", run_as="user")
    connect("res.partner", "GET PUT")


@pytest.fixture(scope="module")
def companies(admin):
    return [admin.create("res.company", {"name": f"Flow Company {name}"}) for name in "ABC"]


@pytest.fixture(scope="module")
def seller(make_user, ref, log_in, companies):
    """Works for A and B, not for C."""
    groups = [[6, 0, [ref("sales_team.group_sale_salesman_all_leads")]]]
    a, b, _c = companies
    return log_in(make_user(group_ids=groups, company_id=a, company_ids=[[6, 0, [a, b]]]))


@pytest.fixture(scope="module")
def customer(admin):
    return admin.create("res.partner", {"name": "Of both"})


def company(company_id):
    return {"X-Odoo-Company": str(company_id)}


def new_order(seller, customer, **options):
    body = {"values": {"partner_id": customer}, "fields": ["company_id"]}
    return seller.v1("POST", "sale.order", body, **options)


def test_a_new_order_is_the_companys(server, seller, customer, companies):
    a, b, _c = companies
    for headers, expected in (({}, a), (company(a), a), (company(b), b)):
        answer = new_order(seller, customer, headers=headers)
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        assert data["company_id"]["id"] == expected
        query = "SELECT company_id FROM sale_order WHERE id = %s"
        assert server.sql(query, [data["id"]]) == [{"company_id": expected}]


def test_a_company_of_others(server, seller, customer, companies):
    """403, and nothing is written for it."""
    before = server.count("sale_order")
    for wrong in (companies[2], 999_999_999):
        answer = new_order(seller, customer, headers=company(wrong))
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied"), answer.text
        answer = seller.v1("GET", "sale.order", fields=["name"], headers=company(wrong))
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied"), answer.text
    assert server.count("sale_order") == before


def test_a_header_that_is_no_company(seller):
    for wrong in ("x", "-1", "1.5", "A, B", "0"):
        answer = seller.v1("GET", "sale.order", fields=["name"], headers=company(wrong))
        assert answer.status_code in (400, 403), (wrong, answer.text)
        assert answer.json()["success"] is False


def test_each_company_sees_its_own(seller, customer, companies):
    a, b, _c = companies
    ids = {
        one: new_order(seller, customer, headers=company(one)).json()["data"]["id"]
        for one in (a, b)
    }
    domain = [["id", "in", list(ids.values())]]
    for one, other in ((a, b), (b, a)):
        answer = seller.v1(
            "GET", "sale.order", fields=["name"], domain=domain, headers=company(one)
        )
        assert [row["id"] for row in answer.json()["data"]] == [ids[one]]
        assert answer.json()["total"] == 1
        answer = seller.v1("GET", f"sale.order/{ids[other]}", fields=["name"], headers=company(one))
        assert answer.status_code == 404, answer.text


def test_company_dependent_values(server, seller, customer, companies):
    """One field of one record, another value for each company."""
    a, b, _c = companies
    for one, barcode in ((a, "flow-A"), (b, "flow-B")):
        body = {"values": {"barcode": barcode}, "fields": ["barcode"]}
        answer = seller.v1("PUT", f"res.partner/{customer}", body, headers=company(one))
        assert answer.status_code == 200, answer.text
    for one, barcode in ((a, "flow-A"), (b, "flow-B")):
        answer = seller.v1(
            "GET", f"res.partner/{customer}", fields=["barcode"], headers=company(one)
        )
        assert answer.json()["data"]["barcode"] == barcode
    [row] = server.sql("SELECT barcode FROM res_partner WHERE id = %s", [customer])
    assert row["barcode"] == {str(a): "flow-A", str(b): "flow-B"}
