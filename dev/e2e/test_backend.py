"""An administrator opens models in the web client, with few clicks."""

import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

#: The fields that an app for salespeople shows, and those of them that it changes.
FIELDS = "name, partner_id, date_order, amount_total, state"
WRITTEN = "partner_id, date_order"
APP = ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']"
EXPOSURE = ".o_form_view:not(.modal *) [name=exposure]"
FILTER = ".o_api_filter_text input"
SEARCH = ".modal .o_field_api_fields .o_api_search"
NOTHING = ".o_api_summary[data-column={}]:has-text('No field is selected')"
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


def log_in(page):
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=60_000)


@pytest.fixture
def hand(page):
    """The administrator's, in the menu of apps."""
    log_in(page)
    page.click(".o_navbar_apps_menu button")
    page.wait_for_selector(APP)
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
    """Four clicks, and internal users can read the contacts over the API."""
    closed("res.partner")
    started = time.monotonic()
    hand.click(APP)
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.choose("contact", "res.partner")
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(f"{EXPOSURE}:has-text('res.partner')")
    assert time.monotonic() - started < 60
    assert hand.clicks <= 4
    domain = [["model", "=", "res.partner"]]
    [connection] = admin.read("connection.api", domain, [*METHODS, "group_ids", "audience"])
    assert [connection[method] for method in METHODS] == [True, False, False, False]
    assert connection["group_ids"]

    # as if the connection had been opened in the list, also when the page is reloaded
    for _ in range(2):
        assert urlsplit(hand.page.url).path == f"/odoo/jwt-api-connections/{connection['id']}"
        hand.page.wait_for_selector(".o_breadcrumb :text-is('Connections')")
        expect(hand.page.locator(".o_breadcrumb")).to_have_text(
            re.compile(r"^\s*Connections\s*Contact\s*$")
        )
        hand.page.reload()
    hand.page.click(".o_breadcrumb .o_back_button")
    hand.page.wait_for_selector(".o_list_view .o_data_row:has-text('res.partner')")
    assert urlsplit(hand.page.url).path == "/odoo/jwt-api-connections"


def test_sales_orders_with_everything_in_twelve_clicks(hand, closed, admin):
    """A group, a filter, five fields to read, two to write, an action and a report, to create and to change.

    From the menu of apps, without knowledge of Odoo's code; who presses Enter has typed, not clicked.
    """
    closed("sale.order")
    hand.click(APP)
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.type("sale.order")
    hand.press("Enter")
    hand.click(".modal [name=group_ids] input")
    hand.choose("own doc", "Own Documents Only")
    hand.click(".modal [name=is_post] input")
    hand.click(".modal [name=is_put] input")
    hand.click(".modal .o_radio_item:has-text('A filter of your own') label")
    hand.page.wait_for_selector(f".modal {FILTER}:focus")
    hand.type("[('user_id', '=', uid)]")
    hand.page.wait_for_selector(".modal th[data-column=write_field_ids]")
    hand.click(".modal .o_api_clear")
    hand.page.wait_for_selector(
        ".modal .o_api_summary.text-danger[data-column=read_field_ids]"
        " + .o_api_summary.text-danger[data-column=write_field_ids]"
    )
    hand.page.wait_for_selector(".modal .o_field_api_fields .o_api_search:focus")
    hand.type(FIELDS)
    hand.press("Enter")
    hand.type(WRITTEN)
    hand.click(".modal .o_api_write_found")
    hand.page.wait_for_selector(".o_api_summary:has-text('5 of')")
    hand.page.wait_for_selector(".o_api_summary:has-text('2 of')")
    hand.click(".modal .o_api_methods [data-name=action_confirm] input")
    hand.click(".modal [name=report_ids] label:has-text('sale.report_saleorder)')")
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(f"{EXPOSURE}:has-text('sale.order')")
    assert hand.clicks <= 12

    [connection] = admin.read("connection.api", [["model", "=", "sale.order"]], [])
    assert [connection[method] for method in METHODS] == [True, True, True, False]
    assert connection["domain"] == "[('user_id', '=', uid)]"

    def names(model, listed, field):
        return {
            each[field] for each in admin.read(model, [["id", "in", connection[listed]]], [field])
        }

    assert names("ir.model.fields", "read_field_ids", "name") == set(FIELDS.split(", "))
    assert names("ir.model.fields", "write_field_ids", "name") == set(WRITTEN.split(", "))
    assert names("res.groups", "group_ids", "name") == {"User: Own Documents Only"}
    assert names("connection.api.action", "action_ids", "name") == {"action_confirm"}
    assert names("ir.actions.report", "report_ids", "report_name") == {"sale.report_saleorder"}


def test_emptied_selection_is_not_saved(hand, closed, admin):
    """Who unticks the last field opens nothing; all fields are open only for who says so."""
    closed("res.partner")
    hand.click(APP)
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.choose("contact", "res.partner")
    hand.click(".modal .o_api_none")
    hand.page.wait_for_selector(
        ".modal [role=alert].o_api_summary:has-text('No field is selected')"
    )
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(".o_notification:has-text('Missing required fields')")
    hand.click(".modal .o_api_all")
    hand.page.wait_for_selector(".modal .o_api_summary:has-text('All fields (')")
    hand.click(".modal [data-name=email] input:checked")
    hand.click(".modal-footer button:has-text('Open the Model')")
    hand.page.wait_for_selector(f"{EXPOSURE}:has-text('res.partner')")
    listed = admin.read("connection.api", [["model", "=", "res.partner"]], ["read_field_ids"])
    read = admin.read("ir.model.fields", [["id", "in", listed[0]["read_field_ids"]]], ["name"])
    choices = admin.call("connection.api.choices", "get_field_choices", "res.partner")
    usual = {field["name"] for field in choices if not field["is_secret"]}
    assert {field["name"] for field in read} == usual - {"email"}


@pytest.fixture
def wizard(hand, closed):
    """The page that opens a model, for contacts."""
    closed("res.partner")
    hand.click(APP)
    hand.click("button:has-text('Open a Model')")
    hand.page.wait_for_selector(".modal [name=model_id] input:focus")
    hand.choose("contact", "res.partner")
    hand.page.wait_for_selector(".modal .o_api_summary")
    return hand.page


def summary(page, column="read_field_ids"):
    return page.inner_text(f".o_api_summary[data-column={column}]")


def search(page, text, selector=SEARCH):
    page.click(selector)
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_cleared_selection_is_cleared_for_writing_too(wizard, admin):
    """Who clears before clients may write begins with nothing when they may."""
    wizard.click(".modal .o_api_clear")
    search(wizard, "name, email, phone, city, zip")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('5 of')")
    wizard.wait_for_timeout(600)  # the selection becomes a change of the record
    expect(wizard.locator(".modal .o_api_summary"), "one column is shown").to_have_count(1)
    wizard.click(".modal [name=is_post] input")
    wizard.click(".modal [name=is_put] input")
    wizard.wait_for_selector(f".modal {NOTHING.format('write_field_ids')}")
    wizard.wait_for_timeout(600)
    assert summary(wizard).startswith("Read: 5 of")
    wizard.click(".modal-footer button:has-text('Open the Model')")
    wizard.wait_for_selector(".o_notification:has-text('Missing required fields')")
    wizard.click(SEARCH)
    wizard.keyboard.type("email, city")
    wizard.click(".modal .o_api_write_found")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('2 of')")
    wizard.click(".modal-footer button:has-text('Open the Model')")
    wizard.wait_for_selector(f"{EXPOSURE}:has-text('res.partner')")
    domain = [["model", "=", "res.partner"]]
    [connection] = admin.read("connection.api", domain, ["read_field_ids", "write_field_ids"])
    for name, listed in (("read_field_ids", 5), ("write_field_ids", 2)):
        assert len(connection[name]) == listed, name


def test_cleared_selection_of_readers_can_be_opened(wizard, admin):
    """A list of writable fields that clients do not use keeps nobody from reading."""
    wizard.click(".modal .o_api_clear")
    search(wizard, "name, email")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('2 of')")
    wizard.click(".modal-footer button:has-text('Open the Model')")
    wizard.wait_for_selector(f"{EXPOSURE}:has-text('res.partner')")
    domain = [["model", "=", "res.partner"]]
    lists = ["read_field_ids", "write_field_ids", "is_write_limited"]
    [connection] = admin.read("connection.api", domain, lists)
    assert len(connection["read_field_ids"]) == 2
    assert connection["write_field_ids"] == []
    assert connection["is_write_limited"], "who switches writing on later does not open all fields"


def test_cleared_selection_in_the_form_of_a_connection(hand, admin):
    """There, too, writing begins with nothing; who discards it has changed nothing."""
    page = hand.page
    [field] = admin.search(
        "ir.model.fields", [["model", "=", "res.country"], ["name", "=", "code"]]
    )
    [connection] = admin.search("connection.api", [["model", "=", "res.country"]])
    before = admin.read("connection.api", [["id", "=", connection]], ["is_post", "is_put"])[0]
    lists = {
        "read_field_ids": [[6, 0, [field]]],
        "write_field_ids": [[6, 0, [field]]],
        "is_post": False,
        "is_put": False,
    }
    admin.write("connection.api", connection, lists)
    try:
        page.goto(f"/odoo/jwt-api-connections/{connection}")
        page.click(".o_api_clear")
        page.wait_for_selector(NOTHING.format("read_field_ids"))
        page.click("[name=is_put] input")
        page.wait_for_selector(NOTHING.format("write_field_ids"))
        page.click(".o_form_button_save")
        page.wait_for_selector(".o_notification:has-text('Missing required fields')")
        page.click(".o_form_button_cancel")
        [kept] = admin.read("connection.api", [["id", "=", connection]], ["write_field_ids"])
        assert kept["write_field_ids"] == [field]
    finally:
        emptied = {name: [[5, 0, 0]] for name in ("read_field_ids", "write_field_ids")}
        emptied |= {"is_read_limited": False, "is_write_limited": False}
        admin.write(
            "connection.api",
            connection,
            emptied | {"is_post": before["is_post"], "is_put": before["is_put"]},
        )


def test_names_that_are_not_found_stay_in_the_search(wizard):
    """What a search does not find is said and can be corrected; what it finds is selected."""
    missed = ".modal .o_field_api_fields .o_api_missed[role=alert]"
    wizard.click(".modal .o_api_clear")
    search(wizard, "name, nmae, email")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('2 of')")
    expect(wizard.locator(missed)).to_have_text("Not found: nmae")
    expect(wizard.locator(f"{SEARCH}:focus")).to_have_value("nmae")
    wizard.fill(SEARCH, "city, ziip, phone")
    expect(wizard.locator(missed), "it is about another text").to_have_count(0)
    wizard.click(".modal .o_api_read_found")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('4 of')")
    expect(wizard.locator(missed)).to_have_text("Not found: ziip")
    expect(wizard.locator(SEARCH)).to_have_value("ziip")

    methods = ".modal .o_field_api_methods"
    search(wizard, "create_company, creat_company", f"{methods} .o_api_search")
    wizard.wait_for_selector(f"{methods} .o_api_missed:has-text('Not found: creat_company')")
    expect(wizard.locator(f"{methods} .o_api_search")).to_have_value("creat_company")
    wizard.fill(f"{methods} .o_api_search", "")
    wizard.wait_for_selector(f"{methods} [data-name=create_company] input:checked")


def test_search_without_a_result_changes_nothing(wizard):
    """Enter leaves the rule "all fields" as it is, and so do the buttons that mean every field."""
    wizard.click(".modal .o_api_all")
    wizard.wait_for_selector(".modal .o_api_summary:has-text('All fields (')")
    before = summary(wizard)
    search(wizard, "nmae")
    wizard.wait_for_selector(".modal .o_api_missed:has-text('Not found: nmae')")
    wizard.wait_for_timeout(600)
    assert summary(wizard) == before
    expect(wizard.locator(SEARCH)).to_have_value("nmae")
    for text, is_disabled in (("email", True), ("", False)):
        wizard.fill(SEARCH, text)
        for button in (".o_api_all", ".o_api_none"):
            state = ":disabled" if is_disabled else ":enabled"
            wizard.wait_for_selector(f".modal {button}{state}")


def test_problem_of_a_filter_follows_its_text(wizard):
    """What is wrong is said while it is typed, and is gone once it is right."""
    problem = ".modal .o_field_domain_panel [role=alert]"
    wizard.click(".modal .o_radio_item:has-text('A filter of your own') label")
    wizard.wait_for_selector(f".modal {FILTER}:focus")
    wizard.keyboard.type("[('state', '=', 'draft'")
    wizard.keyboard.press("Tab")
    wizard.wait_for_selector(problem)
    first = wizard.inner_text(problem)
    wizard.fill(f".modal {FILTER}", "[('stat', '=', 'draft')]")
    wizard.wait_for_selector(f"{problem}:has-text('does not fit')")
    wizard.press(f".modal {FILTER}", "Tab")
    wizard.wait_for_timeout(1000)
    expect(wizard.locator(problem)).not_to_have_text(first)
    wizard.fill(f".modal {FILTER}", "[('active', '=', True)]")
    wizard.wait_for_selector(problem, state="detached")


def test_phone(chromium, server, closed, admin):
    """On a phone the wizard begins with one tap, and a card opens its form."""
    closed("res.partner")
    context = chromium.new_context(
        base_url=server.url, viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    log_in(page)
    page.goto("/odoo/jwt-api-connections")
    page.tap("button:has-text('Open a Model') >> visible=true")
    page.tap(".modal [name=model_id] input")
    page.tap(".modal .o_kanban_record:has-text('res.partner') >> nth=0")
    page.tap(".modal button:has-text('Open the Model') >> visible=true")
    page.wait_for_selector(f"{EXPOSURE}:has-text('res.partner')", state="attached")
    page.tap(".o_back_button >> visible=true")
    page.tap(".o_kanban_record:has-text('res.country')")
    page.wait_for_selector(f"{EXPOSURE}:has-text('res.country')", state="attached")
    context.close()


def test_list_opens_its_rows(hand, admin):
    """A click on a row opens its form; a click on a switch in the row only switches."""
    domain = [["model", "=", "res.country"]]
    [country] = admin.read("connection.api", domain, ["is_delete"])
    assert not country["is_delete"]
    hand.click(APP)
    row = ".o_data_row:has-text('res.country')"
    for is_on in (True, False):
        with hand.page.expect_response("**/connection.api/web_save"):
            hand.click(f"{row} [name=is_delete] input")
        assert admin.read("connection.api", domain, ["is_delete"])[0]["is_delete"] == is_on
    assert urlsplit(hand.page.url).path == "/odoo/jwt-api-connections"
    hand.click(f"{row} [name=audience]")
    hand.page.wait_for_selector(f"{EXPOSURE}:has-text('res.country')")
    assert urlsplit(hand.page.url).path == f"/odoo/jwt-api-connections/{country['id']}"


def test_from_a_connection_to_its_documentation_and_its_console(hand, admin):
    """The page "Use it" leads to both, each for the model of the connection."""
    page = hand.page
    [connection] = admin.search("connection.api", [["model", "=", "sale.order"]])
    page.goto(f"/odoo/jwt-api-connections/{connection}")
    hand.click("a[name=usage]")
    with page.context.expect_page() as opened:
        hand.click(".o_api_usage [data-link=documentation]")
    opened.value.wait_for_selector("#closed")
    assert opened.value.url.endswith("/api/docs/sale.order")
    opened.value.close()
    hand.click(".o_api_usage [data-link=console]")
    hand.click(".o_jwt_console_start button")
    page.fill(".modal [name=password] input", "admin")
    hand.click(".modal button[name=run_check]")
    page.wait_for_function(
        "document.querySelector('.o_jwt_console_model input')?.value.includes('(sale.order)')"
    )


def test_console_keeps_its_model(hand):
    """The model that a link names is chosen, also when the page is loaded again, and so is another one."""
    page = hand.page
    page.evaluate(
        """() => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(
            "jwt_auth_api.connection_api_console_action",
            { additionalContext: { console_model: "res.country" } }
        )"""
    )
    for model in ("res.country", "res.country", "product.product", "product.product"):
        start_console(page)
        if page.inner_text(".o_jwt_console_url").split("?")[0] != f"GET /api/v1/{model}":
            page.click(".o_jwt_console_model .o_select_menu_toggler")
            page.click(f".o_select_menu_item:has-text('({model})')")
        page.wait_for_selector(f".o_jwt_console_url:has-text('/api/v1/{model}?')")
        page.wait_for_url(f"**/jwt-api-console?console_model={model}")
        page.reload()


def start_console(page):
    """Start the console; Odoo may ask for the password first."""
    page.click(".o_jwt_console_start button")
    password, send = ".modal [name=password] input", ".o_jwt_console_send"
    page.wait_for_selector(f"{password}, {send}")
    if page.is_visible(password):
        page.fill(password, "admin")
        page.click(".modal button[name=run_check]")
    page.wait_for_selector(send)
