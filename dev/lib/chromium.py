# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Chromium and its pages as pytest fixtures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from . import browser
from .fixtures import LiveServer

#: Names that lead to this machine, but that no browser takes for a secure place as it does 127.0.0.1 and localhost.
INSECURE = "*.example"


def options() -> list[str]:
    """Return the options of Chromium's command line."""
    # it has no sandbox for root; the others keep it from calling home at every start
    alone = [] if os.geteuid() else ["--no-sandbox"]
    quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update"]
    return [*alone, *quiet, f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1"]


@contextlib.contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, which ends with the context."""
    chromium = playwright.chromium.launch(executable_path=browser.path(), args=options())
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, server: LiveServer) -> Iterator[Page]:
    """A page without a cookie from another test; paths are relative to the server."""
    # Odoo's own: with workers, the web client's websocket needs a reverse proxy in front, and there is none here
    server.expect("Couldn't bind the websocket")
    context = chromium.new_context(base_url=server.url)
    yield context.new_page()
    context.close()
