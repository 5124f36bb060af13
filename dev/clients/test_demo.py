"""The demo app in clients/demo, as a person uses it: log in, list, search, edit, photo, two tabs, log out."""

import re

import pytest
from lib.bootstrap import ROOT
from lib.image import PNG
from lib.pages import serving_folder
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def address(server, admin):
    with serving_folder(ROOT / "clients") as port:
        origin = f"http://127.0.0.1:{port}"
        admin.call("ir.config_parameter", "set_param", "jwt_auth_api.cors_origins", origin)
        yield f"{origin}/demo/?odoo={server.url}"


@pytest.fixture
def app(page, address):
    """The app; no script of it may fail."""
    failed = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(address)
    yield page
    assert not failed


@pytest.fixture
def contact(admin):
    """A contact that nobody else uses."""
    key = admin.create("res.partner", {"name": "Zoe Demo", "email": "zoe@example.com"})
    yield key
    admin.unlink("res.partner", admin.search("res.partner", [["id", "=", key]]))


def log_in(app):
    app.get_by_label("E-mail or login").fill("demo")
    app.get_by_label("Password").fill("demo")
    app.get_by_role("button", name="Log in").click()
    expect(app.get_by_text("Marc Demo")).to_be_visible()


def open_contact(app, name="Zoe Demo"):
    app.get_by_label("Search").fill(name)
    app.get_by_role("link", name=re.compile(name)).click()
    expect(app.get_by_label("Name")).to_have_value(name)


def of(server, key, field):
    [row] = server.sql(f"SELECT {field} FROM res_partner WHERE id = %s", [key])
    return row[field]


def test_wrong_password(app):
    app.get_by_label("E-mail or login").fill("demo")
    app.get_by_label("Password").fill("wrong")
    app.get_by_role("button", name="Log in").click()
    expect(app.get_by_role("alert")).to_contain_text("password")
    expect(app.get_by_role("button", name="Log out")).to_be_hidden()


def test_list_grows_and_is_searched(app, server):
    log_in(app)
    rows = app.locator("li")
    expect(rows).to_have_count(20)
    app.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(40)
    app.get_by_label("Search").fill("azure interior")
    expect(rows).to_have_count(
        server.count("res_partner", "complete_name ILIKE '%%azure interior%%'")
    )


def test_edit(app, server, contact):
    log_in(app)
    open_contact(app)
    app.get_by_label("E-mail").fill("zoe.demo@example.com")
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("status")).to_have_text("Saved.")
    assert of(server, contact, "email") == "zoe.demo@example.com"
    # an emptied input is no value
    app.get_by_label("E-mail").fill("")
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("button", name="Save")).to_be_enabled()
    app.reload()
    expect(app.get_by_label("E-mail")).to_have_value("")
    assert of(server, contact, "email") is None


def test_somebody_else_has_changed_it(app, server, admin, contact):
    """The form says so, and the person decides."""
    log_in(app)
    open_contact(app)
    admin.write("res.partner", contact, {"phone": "1"})
    app.get_by_label("Phone").fill("2")
    app.get_by_role("button", name="Save", exact=True).click()
    expect(app.get_by_role("alert")).to_contain_text("changed")
    assert of(server, contact, "phone") == "1"
    app.get_by_role("button", name="Save mine all the same").click()
    expect(app.get_by_role("status")).to_have_text("Saved.")
    assert of(server, contact, "phone") == "2"


def test_photo(app, server, contact):
    log_in(app)
    open_contact(app)
    photo = {"name": "zoe.png", "mimeType": "image/png", "buffer": PNG}
    app.locator("input[type=file]").set_input_files(photo)
    expect(app.locator(".photo img")).to_be_visible()
    where = "res_model = 'res.partner' AND res_field = 'image_1920' AND res_id = %s"
    assert server.count("ir_attachment", where, [contact]) == 1
    # the photo has made another version, and the form knows it
    app.get_by_label("Phone").fill("3")
    app.get_by_role("button", name="Save", exact=True).click()
    expect(app.get_by_role("status")).to_have_text("Saved.")


def test_create_and_delete(app, server):
    log_in(app)
    app.get_by_role("link", name="New contact").click()
    app.get_by_label("Name").fill("Made in the demo")
    app.get_by_role("button", name="Save").click()
    expect(app).to_have_url(re.compile(r"#/contact/\d+"))
    assert server.count("res_partner", "name = 'Made in the demo'") == 1
    expect(app.get_by_label("Name")).to_have_value("Made in the demo")
    app.get_by_role("button", name="Delete").click()
    expect(app.get_by_role("link", name="New contact")).to_be_visible()
    assert server.count("res_partner", "name = 'Made in the demo'") == 0


def test_two_tabs(app, address):
    """The second tab is logged in with the first, and logged out with it."""
    log_in(app)
    second = app.context.new_page()
    second.goto(address)
    expect(second.get_by_text("Marc Demo")).to_be_visible()
    app.get_by_role("button", name="Log out").click()
    for tab in (app, second):
        expect(tab.get_by_role("heading", name="Log in")).to_be_visible()
        expect(tab.get_by_text("Marc Demo")).to_have_count(0)
    second.reload()
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()


def test_without_a_network(app, server, contact):
    """What is saved in a tunnel arrives behind it."""
    log_in(app)
    open_contact(app)
    app.context.set_offline(True)
    app.get_by_label("Phone").fill("4")
    app.get_by_role("button", name="Save", exact=True).click()
    expect(app.get_by_role("status")).to_contain_text("Saved on this device")
    assert of(server, contact, "phone") is None
    app.context.set_offline(False)
    expect(app.get_by_role("status")).to_contain_text("is sent")
    assert of(server, contact, "phone") == "4"


def test_start_without_a_network(app, server):
    """The app says so, and goes on by itself."""
    log_in(app)
    app.route(f"{server.url}/**", lambda route: route.abort())
    app.reload()
    expect(app.get_by_role("status")).to_have_text("There is no network.")
    app.unroute_all()
    expect(app.get_by_text("Marc Demo")).to_be_visible(timeout=15_000)
    expect(app.get_by_role("status")).to_be_hidden()


def test_create_whose_responses_are_lost(app, server):
    """The person saves again: there is one contact."""
    log_in(app)
    app.get_by_role("link", name="New contact").click()
    app.get_by_label("Name").fill("Made once")

    def lose(route):
        if route.request.method == "POST":
            route.fetch()
        route.abort()

    app.route("**/api/v1/res.partner", lose)
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("alert")).to_contain_text("cannot be reached", timeout=20_000)
    assert server.count("res_partner", "name = 'Made once'") == 1
    app.unroute_all()
    app.get_by_role("button", name="Save").click()
    expect(app).to_have_url(re.compile(r"#/contact/\d+"))
    assert server.count("res_partner", "name = 'Made once'") == 1


def test_session_that_ends(app, admin):
    """The administrator ends it: the app asks for the login, and says why."""
    log_in(app)
    admin.call(
        "jwt.session", "action_revoke", admin.search("jwt.session", [["state", "=", "active"]])
    )
    app.get_by_label("Search").fill("azure")
    expect(app.get_by_role("status")).to_contain_text("session has ended")
    expect(app.get_by_role("heading", name="Log in")).to_be_visible()
