"""An app of refine with the data provider of the JavaScript client: its hooks read and write."""

import uuid

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def address(app_of):
    with app_of("refine.jsx") as url:
        yield url


@pytest.fixture
def app(page, address):
    """The app, logged in; no script of it may fail."""
    failed = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="Log in").click()
    yield page
    assert not failed


@pytest.fixture
def name(admin):
    """The beginning of the names of seven contacts that nobody else uses."""
    name = f"Refine {uuid.uuid4().hex[:8]}"
    for number in range(7):
        admin.create("res.partner", {"name": f"{name} {number}", "color": number})
    return name


def row(server, name):
    [found] = server.sql("SELECT * FROM res_partner WHERE name = %s", [name])
    return found


def test_list(app, name):
    """`useList` filters, sorts, pages and counts."""
    rows = app.locator("li")
    app.get_by_label("Search").fill(name)
    expect(rows).to_have_text([f"{name} {number}" for number in range(5)])
    expect(app.get_by_role("status")).to_have_text("7 contacts")
    app.get_by_role("button", name="Sort").click()
    expect(rows).to_have_text([f"{name} {number}" for number in (6, 5, 4, 3, 2)])
    app.get_by_role("button", name="Next").click()
    expect(rows).to_have_text([f"{name} 1", f"{name} 0"])


def test_one_record(app, name, server):
    """`useOne`, `useSelect`, `useUpdate` and `useDelete`, each with its effect in the database."""
    app.get_by_label("Search").fill(name)
    app.get_by_role("button", name=f"{name} 1").click()
    expect(app.get_by_role("heading")).to_have_text(f"{name} 1")
    app.get_by_label("E-mail").fill("zoe@example.com")
    app.get_by_label("Country").select_option("Belgium")
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("status")).to_have_text("Saved.")
    found = row(server, f"{name} 1")
    [belgium] = server.sql("SELECT id FROM res_country WHERE code = 'BE'")
    assert (found["email"], found["country_id"]) == ("zoe@example.com", belgium["id"])
    # the record is read again, its many2one as the id that the select wants
    expect(app.get_by_label("Country")).to_have_value(str(belgium["id"]))
    app.get_by_role("button", name="Delete").click()
    expect(app.get_by_label("Search")).to_be_visible()
    assert server.count("res_partner", "name = %s", [f"{name} 1"]) == 0


def test_create(app, name, server):
    """`useCreate` returns the new record, which is opened."""
    app.get_by_label("New contact").fill(f"{name} new")
    app.get_by_role("button", name="Create").click()
    expect(app.get_by_role("heading")).to_have_text(f"{name} new")
    assert row(server, f"{name} new")["active"] is True


def test_session_that_ends(app, name, admin):
    """The error is the client's, and the app learns it."""
    expect(app.locator("li").first).to_be_visible()
    sessions = admin.search("jwt.session", [["state", "=", "active"]])
    admin.call("jwt.session", "action_revoke", sessions)
    app.get_by_label("Search").fill(name)
    expect(app.get_by_role("button", name="Log in")).to_be_visible()
