"""An app of react-admin with the providers of the JavaScript client, as a person uses it."""

import re
import uuid

import pytest
from lib.image import PNG
from playwright.sync_api import expect

#: What is asked of the server for one contact; the address of the list of contacts.
RECORD = re.compile(r"/api/v1/res\.partner/\d+\?")
LIST = re.compile(r"#/res\.partner(\?|$)")


@pytest.fixture(scope="module")
def address(app_of):
    with app_of("react-admin.jsx") as url:
        yield url


@pytest.fixture
def app(page, address):
    """The app, logged in; no script of it may fail."""
    failed = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(address)
    log_in(page)
    expect(page.get_by_role("button", name="Profile")).to_contain_text("Marc Demo")
    yield page
    assert not failed


@pytest.fixture
def name(admin):
    """The beginning of the names of seven contacts that nobody else uses."""
    name = f"Admin {uuid.uuid4().hex[:8]}"
    [belgium] = admin.search("res.country", [["code", "=", "BE"]])
    for number in range(7):
        values = {"name": f"{name} {number}", "color": number, "country_id": belgium}
        admin.create("res.partner", values)
    return name


def log_in(page, password="demo"):
    page.get_by_role("textbox", name="Username").fill("demo")
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def search(app, text):
    app.get_by_role("textbox", name="Search").fill(text)


def names(app, name):
    """The rows of the list, by the last character of their names."""
    return app.locator("tbody tr td:nth-child(2)", has_text=name)


def open_contact(app, name):
    search(app, name)
    # the form begins with what the list knows, and again with the record as it is
    with app.expect_response(RECORD):
        app.get_by_role("cell", name=name, exact=True).click()
    expect(app.get_by_role("textbox", name="Name")).to_have_value(name)


def row(server, name):
    [found] = server.sql("SELECT * FROM res_partner WHERE name = %s", [name])
    return found


def test_log_in_and_out(page, address, server):
    """A wrong password is told; the person's name is shown; a reload keeps the session, a log-out ends it."""
    page.goto(address)
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("password")
    log_in(page)
    profile = page.get_by_role("button", name="Profile")
    expect(profile).to_contain_text("Marc Demo")
    page.reload()
    expect(profile).to_contain_text("Marc Demo")
    where = "user_id = (SELECT id FROM res_users WHERE login = 'demo') AND revoked_at IS NULL"
    before = server.count("jwt_session", where)
    profile.click()
    page.get_by_role("menuitem", name="Logout").click()
    expect(page.get_by_role("textbox", name="Username")).to_be_visible()
    assert server.count("jwt_session", where) == before - 1
    page.reload()
    expect(page.get_by_role("textbox", name="Username")).to_be_visible()


def test_list(app, name):
    """It pages, sorts, filters, and shows the names of related records."""
    search(app, name)
    rows = names(app, name)
    expect(rows).to_have_text([f"{name} {number}" for number in range(5)])
    expect(app.get_by_role("cell", name="Belgium")).to_have_count(5)
    app.get_by_role("button", name="Go to page 2").click()
    expect(rows).to_have_text([f"{name} 5", f"{name} 6"])
    app.get_by_role("button", name=re.compile("Sort by color")).click()
    app.get_by_role("button", name=re.compile("Sort by color descending")).click()
    expect(rows).to_have_text([f"{name} {number}" for number in (6, 5, 4, 3, 2)])
    app.get_by_role("spinbutton", name="Color from").fill("5")
    expect(rows).to_have_text([f"{name} 6", f"{name} 5"])
    app.get_by_role("spinbutton", name="Color from").fill("99")
    expect(rows).to_have_count(0)


def test_edit(app, server, name):
    """What the form has changed is written, with a reference and a file; an emptied input is no value."""
    contact = f"{name} 1"
    open_contact(app, contact)
    app.get_by_role("textbox", name="Email").fill("zoe@example.com")
    app.get_by_role("combobox", name="Country").fill("Franc")
    app.get_by_role("option", name="France").click()
    photo = {"name": "zoe.png", "mimeType": "image/png", "buffer": PNG}
    app.locator("input[type=file]").set_input_files(photo)
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("alert")).to_contain_text("updated")
    found = row(server, contact)
    [country] = server.sql("SELECT code FROM res_country WHERE id = %s", [found["country_id"]])
    assert (found["email"], country["code"]) == ("zoe@example.com", "FR")
    where = "res_model = 'res.partner' AND res_field = 'image_1920' AND res_id = %s"
    assert server.count("ir_attachment", where, [found["id"]]) == 1
    open_contact(app, contact)
    expect(app.get_by_role("textbox", name="Email")).to_have_value("zoe@example.com")
    app.get_by_role("textbox", name="Email").fill("")
    app.get_by_role("button", name="Save").click()
    expect(app).to_have_url(LIST)
    assert row(server, contact)["email"] is None


def test_somebody_else_has_changed_it(app, server, admin, name):
    """The form is refused, and says why."""
    contact = f"{name} 2"
    open_contact(app, contact)
    admin.write("res.partner", row(server, contact)["id"], {"email": "first@example.com"})
    app.get_by_role("textbox", name="Email").fill("second@example.com")
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("alert")).to_contain_text("changed")
    assert row(server, contact)["email"] == "first@example.com"


def test_error_of_an_input(app, server, name):
    """What the server refuses is told beside the input that it is about."""
    open_contact(app, f"{name} 3")
    app.get_by_role("textbox", name="Name").fill("")
    app.get_by_role("button", name="Save").click()
    field = app.get_by_role("textbox", name="Name")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("name", re.IGNORECASE))
    assert server.count("res_partner", "name = %s", [f"{name} 3"]) == 1


def test_records_that_refer_to_it(app, admin, server, name):
    contact = f"{name} 4"
    admin.create("res.partner", {"name": "Child", "parent_id": row(server, contact)["id"]})
    open_contact(app, contact)
    expect(app.get_by_role("cell", name="Child", exact=True)).to_be_visible()


def test_create_and_delete(app, server, name):
    """The new record is opened; one of the list and one of the form are deleted."""
    app.get_by_role("link", name="Create").click()
    app.get_by_role("textbox", name="Name").fill(f"{name} new")
    app.get_by_role("button", name="Save").click()
    expect(app).to_have_url(re.compile(r"#/res\.partner/\d+$"))
    expect(app.get_by_role("textbox", name="Name")).to_have_value(f"{name} new")
    assert server.count("res_partner", "name = %s", [f"{name} new"]) == 1
    app.get_by_role("button", name="Delete").click()
    app.get_by_role("button", name="Confirm").click()
    expect(app).to_have_url(LIST)
    assert server.count("res_partner", "name = %s", [f"{name} new"]) == 0


def test_delete_in_the_list(app, server, name):
    """Several records are deleted with one request."""
    search(app, name)
    for number in (0, 1):
        app.get_by_role("row", name=f"{name} {number}").get_by_role("checkbox").check()
    with app.expect_response(lambda response: response.request.method == "DELETE") as deleted:
        app.get_by_role("button", name="Delete").click()
    assert deleted.value.status == 200
    assert server.count("res_partner", "name LIKE %s", [f"{name}%"]) == 5
    expect(names(app, name).first).to_have_text(f"{name} 2")


def test_guessed_pages(app):
    """What a connection does not open is not offered; react-admin guesses the rest from the records."""
    app.get_by_role("menuitem", name="Countries").click()
    expect(app.get_by_role("cell", name="Afghanistan")).to_be_visible()
    expect(app.get_by_role("link", name="Create")).to_have_count(0)


def test_session_that_ends(app, admin, name):
    """The app asks for the login again, and goes on where it was."""
    sessions = admin.search("jwt.session", [["state", "=", "active"]])
    admin.call("jwt.session", "action_revoke", sessions)
    search(app, name)
    expect(app.get_by_role("textbox", name="Username")).to_be_visible()
    log_in(app)
    expect(app.get_by_role("button", name="Profile")).to_contain_text("Marc Demo")
