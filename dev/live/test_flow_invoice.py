"""A book-keeper's app: an invoice is posted, then paid by the wizard that registers payments."""

import pytest

FIELDS = ["name", "state", "payment_state", "amount_total", "amount_residual"]
REGISTER = "account.payment.register"


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    """Invoices with their lines, and the wizard."""
    actions = ["action_post", "action_register_payment"]
    connect("account.move", "GET POST PUT", run_as="user", actions=actions)
    connect("account.move.line", "GET POST PUT", run_as="user")
    connect("account.payment", "GET", run_as="user")
    keys = {"action_create_payments": "dont_redirect_to_payments"}
    connect(REGISTER, "GET POST", run_as="user", actions=keys)


@pytest.fixture(scope="module")
def keeper(make_user, ref, log_in):
    """Somebody who writes invoices and registers payments."""
    return log_in(make_user(group_ids=[[6, 0, [ref("account.group_account_invoice")]]]))


@pytest.fixture
def invoice(admin, keeper):
    """A posted invoice over 100."""
    values = {
        "move_type": "out_invoice",
        "partner_id": admin.create("res.partner", {"name": "Payer"}),
        "invoice_date": "2026-01-15",
        "invoice_line_ids": [
            [0, 0, {"name": "Work", "quantity": 2, "price_unit": 50.0, "tax_ids": []}]
        ],
    }
    answer = keeper.v1("POST", "account.move", {"values": values, "fields": FIELDS})
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert (made["state"], made["amount_total"]) == ("draft", 100.0)
    keeper.press(f"account.move/{made['id']}/action_post")
    return made["id"]


def read(keeper, invoice):
    answer = keeper.v1("GET", f"account.move/{invoice}", fields=FIELDS)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def payments(server, invoice):
    """Amount and user of the payments that settle an invoice."""
    query = """
        SELECT payment.amount::float, payment.create_uid FROM account_payment payment
        JOIN account_move__account_payment link ON link.payment_id = payment.id
        WHERE link.invoice_id = %s ORDER BY payment.id
    """
    return [(row["amount"], row["create_uid"]) for row in server.sql(query, [invoice])]


def test_from_invoice_to_payment(server, keeper, invoice):
    """The button says for which lines; the wizard knows the amount, and answers the payment."""
    action = keeper.press(f"account.move/{invoice}/action_register_payment")
    assert (action["res_model"], action["view_mode"]) == (REGISTER, "form")
    context = action["context"]
    assert context.keys() == {"active_model", "active_ids"}
    assert context["active_model"] == "account.move.line"
    payment = keeper.answer_wizard(action, "action_create_payments")
    assert payment["res_model"] == "account.payment"
    assert payments(server, invoice) == [(100.0, keeper.user_id)]
    answer = keeper.v1("GET", f"account.payment/{payment['res_id']}", fields=["amount"])
    assert answer.json()["data"]["amount"] == 100.0
    found = read(keeper, invoice)
    assert found["payment_state"] in ("paid", "in_payment")
    assert found["amount_residual"] == 0.0


def test_in_two_parts(server, keeper, invoice):
    """Thirty now, the rest later; a key that the connection lists says that no window is wanted."""
    path = f"account.move/{invoice}/action_register_payment"
    action = keeper.press(path)
    action["context"]["dont_redirect_to_payments"] = True
    assert keeper.answer_wizard(action, "action_create_payments", amount=30.0) is True
    found = read(keeper, invoice)
    assert (found["payment_state"], found["amount_residual"]) == ("partial", 70.0)
    keeper.answer_wizard(keeper.press(path), "action_create_payments")
    assert read(keeper, invoice)["amount_residual"] == 0.0
    assert payments(server, invoice) == [(30.0, keeper.user_id), (70.0, keeper.user_id)]


def test_whom_it_does_not_concern(server, keeper, invoice, make_user, ref, log_in):
    """Somebody without rights in accounting pays nothing, whatever the context says."""
    action = keeper.press(f"account.move/{invoice}/action_register_payment")
    other = log_in(make_user(group_ids=[[6, 0, [ref("base.group_user")]]]))
    answers = [
        other.v1("POST", f"account.move/{invoice}/action_register_payment", {}),
        other.v1("POST", REGISTER, {"values": {}, "fields": [], "context": action["context"]}),
    ]
    assert {answer.status_code for answer in answers} <= {400, 403, 404}, answers
    assert payments(server, invoice) == []


def test_draft(keeper, invoice):
    """What Odoo refuses is a 422 with its words."""
    body = {"values": {"move_type": "out_invoice"}, "fields": ["state"]}
    draft = keeper.v1("POST", "account.move", body).json()["data"]["id"]
    answer = keeper.v1("POST", f"account.move/{draft}/action_register_payment", {})
    assert (answer.status_code, answer.json()["error"]) == (422, "validation_error"), answer.text
