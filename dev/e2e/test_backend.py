"""An administrator opens models in the web client, with few clicks."""

import time

import pytest

#: The fields that an app for salespeople shows.
FIELDS = "name, partner_id, date_order, amount_total, state"
METHODS = ("is_get", "is_post", "is_put", "is_delete")


class Hand:
    """The mouse and the keyboard of a person: it counts the clicks."""

    def __init__(self, page):
        self.page = page
        self.clicks = 0

    def click(self, selector):
        self.page.click(selector)
        self.clicks += 1

    def type(self, text):
        self.page.keyboard.type(text)

    def press(self, key):
        self.page.keyboard.press(key)

    def choose(self, text, label):
        """Type into an autocomplete field that has the focus, and click what it finds."""
        self.type(text)
        self.click(f".o-autocomplete--dropdown-item:has-text('{label}') >> nth=0")


@pytest.fixture
def hand(page):
    """The administrator's, on the list of connections."""
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=60_000)
    page.goto("/odoo/jwt-api-connections")
    page.wait_for_selector(".o_list_view")
    return Hand(page)


@pytest.fixture
def closed(admin):
    """Return a function that removes the connection of a model; another one follows after the test."""
    removed = []

    def close(model):
        domain = [["model", "=", model]]
        for values in admin.read("connection.api", domain, ["model_id", *METHODS]):
            connection = values.pop("id")
            admin.unlink("connection.api", connection)
            removed.append(values | {"model_id": values["model_id"][0]})

    yield close
    for values in removed:
        made = admin.search("connection.api", [["model_id", "=", values["model_id"]]])
        admin.unlink("connection.api", made)
        admin.create("connection.api", values)


def test_contacts_in_under_a_minute(hand, closed, admin):
    """Three clicks, and internal users can read the contacts over the API."""
    closed("res.partner")
    started = time.monotonic()
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.choose("contact", "res.partner")
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(
        ".o_form_view:not(.modal *) [name=exposure]:has-text('res.partner')"
    )
    assert time.monotonic() - started < 60
    assert hand.clicks <= 3
    domain = [["model", "=", "res.partner"]]
    [connection] = admin.read("connection.api", domain, [*METHODS, "group_ids", "audience"])
    assert [connection[method] for method in METHODS] == [True, False, False, False]
    assert connection["group_ids"]


def test_sales_orders_with_everything_in_twelve_clicks(hand, closed, admin):
    """A group, a filter, five fields, an action and a report, without knowledge of Odoo's code."""
    closed("sale.order")
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.choose("sales order", "sale.order")
    hand.click(".modal [name=group_ids] input")
    hand.choose("own doc", "Own Documents Only")
    hand.click(".modal .o_radio_item:has-text('own records') label")
    hand.click(".modal th[data-column=read_field_ids] .o_api_none")
    hand.click(".modal .o_field_api_fields .o_api_search")
    hand.type(FIELDS)
    hand.press("Enter")
    hand.page.wait_for_selector(".o_api_summary:has-text('5 of')")
    hand.click(".modal .o_api_methods [data-name=action_confirm] input")
    hand.click(".modal [name=report_ids] label:has-text('sale.report_saleorder)')")
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(".o_form_view:not(.modal *) [name=exposure]:has-text('sale.order')")
    assert hand.clicks <= 12

    [connection] = admin.read("connection.api", [["model", "=", "sale.order"]], [])
    assert connection["domain"] == "[('user_id', '=', uid)]"

    def names(model, listed, field):
        return {
            each[field] for each in admin.read(model, [["id", "in", connection[listed]]], [field])
        }

    assert names("ir.model.fields", "read_field_ids", "name") == set(FIELDS.split(", "))
    assert names("res.groups", "group_ids", "name") == {"User: Own Documents Only"}
    assert names("connection.api.action", "action_ids", "name") == {"action_confirm"}
    assert names("ir.actions.report", "report_ids", "report_name") == {"sale.report_saleorder"}
