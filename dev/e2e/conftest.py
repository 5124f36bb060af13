"""What needs a browser: Chromium, driven by Playwright, against a real server with two workers."""

import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import browser
from lib.fixtures import admin, http, server  # noqa: F401


@pytest.fixture(scope="session")
def chromium():
    # Chromium has no sandbox for root; the other options keep it from calling home at every start
    options = ["--no-sandbox"] if not os.geteuid() else []
    options += ["--disable-quic", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser.path(), args=options)
        yield launched
        launched.close()


@pytest.fixture
def page(chromium, server):  # noqa: F811
    """A page without a cookie from another test; paths are relative to the server."""
    # Odoo's own: with workers, the web client's websocket needs a reverse proxy in front, and there is none here
    server.expect("Couldn't bind the websocket")
    context = chromium.new_context(base_url=server.url)
    yield context.new_page()
    context.close()
