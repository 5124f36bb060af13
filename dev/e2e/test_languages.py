"""The web client in a language that is written from right to left: Odoo mirrors the styles with rtlcss."""

import httpx
import pytest
from lib import npm

ARABIC = """
env["res.lang"]._activate_lang("ar_001")
env["ir.module.module"]._load_module_terms(["jwt_auth_api"], ["ar_001"])
user = env.ref("base.user_admin").copy({"login": "arabic", "lang": "ar_001", "password": "arabic"})
user.action_id = False
env.cr.commit()
env.registry.clear_all_caches()  # the workers of the server know the languages already
env.registry.signal_changes()
"""


@pytest.fixture
def arabic(server, page):
    """The list of connections, for an administrator whose language is Arabic."""
    if not npm.is_there():
        pytest.skip(npm.UNMIRRORED)
    if not server.count("res_users", "login = 'arabic'"):
        server.odoo(ARABIC)
    page.goto("/web/login")
    page.fill("input[name=login]", "arabic")
    page.fill("input[name=password]", "arabic")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=120_000)
    page.goto("/odoo/jwt-api-connections")
    page.wait_for_selector(".o_list_view")
    return page


def test_arabic_has_mirrored_styles(arabic, server):
    """The page loads the mirrored bundle, in which the left is the right, and the menu is on the other side."""
    assert "o_rtl" in arabic.get_attribute("body", "class").split()
    [style] = arabic.eval_on_selector_all(
        "link[rel=stylesheet][href*='web.assets_web.']", "links => links.map(each => each.href)"
    )
    assert style.endswith(".rtl.min.css")
    response = httpx.get(style, timeout=60)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")
    assert "rtlcss" not in server.log_path.read_text(), "Odoo did not find the program"
    floating = arabic.evaluate("""() => {
        const element = document.createElement("div");
        element.className = "float-end";
        document.body.append(element);
        return getComputedStyle(element).float;
    }""")
    assert floating == "left"
    systray = arabic.locator(".o_menu_systray").bounding_box()
    assert systray["x"] < arabic.locator(".o_menu_brand").bounding_box()["x"]


def test_technical_names_are_read_from_left_to_right(arabic):
    """They begin where the other columns of an Arabic list begin: on the right."""
    cell = arabic.locator("td[name=model]").first
    style = cell.evaluate("""(each) => {
        const {direction, textAlign, unicodeBidi} = getComputedStyle(each);
        return {direction, textAlign, unicodeBidi};
    }""")
    assert style == {"direction": "ltr", "textAlign": "right", "unicodeBidi": "isolate"}
    other = arabic.locator("td[name=audience]").first
    assert other.evaluate("(each) => getComputedStyle(each).direction") == "rtl"
