"""The browser and the web client under test work at all."""


def test_administrator_logs_in_to_the_web_client(page):
    """Odoo's own login leads to the web client, with this addon's assets in its bundles."""
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_web_client .o_main_navbar", timeout=60_000)
