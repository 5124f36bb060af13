# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The documentation page: its samples work when they are pasted, and a browser logs in and tries requests."""

import re
import shutil
import subprocess
import sys

import pytest
from lib import php
from lib.client import Device
from lxml import html

PATH = "/api/docs"
#: Operations whose samples read, and one that writes.
READ = ("listResPartner", "getResPartner", "describeResPartner", "groupResPartner")
WRITE = "createResPartner"
COMMANDS = {
    "curl": ["sh", "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
    "python": [sys.executable, "-c"],
    "php": [*(php.command() or ["php"]), "-r"],
}


@pytest.fixture(scope="module")
def device(server):
    device = Device(server.url)
    assert device.login("admin", "admin").status_code == 200
    return device


@pytest.fixture(scope="module")
def pages(device):
    answers = [device.call("GET", path) for path in (PATH, f"{PATH}/res.partner")]
    assert [answer.status_code for answer in answers] == [200, 200]
    return [html.fromstring(answer.text) for answer in answers]


def sample(element, language):
    [code] = element.xpath(f".//pre[contains(@class, 'panel-{language}')]")
    return code.text_content()


@pytest.mark.parametrize("language", COMMANDS)
def test_samples(pages, language, server):
    """After the login of the page, each request of a model gets its answer.

    Dart is not run: the distribution has no package of it. dev/unit checks its quotes and brackets.
    """
    command = COMMANDS[language]
    if not shutil.which(command[0]):
        pytest.skip(php.MISSING if language == "php" else "there is no node")
    start, model = pages
    log_in = sample(start.get_element_by_id("start"), language).removeprefix("<?php\n")
    for name in (*READ, WRITE):
        code = f"{log_in}\n{sample(model.get_element_by_id(name), language)}\n"
        before = server.count("res_partner")
        done = subprocess.run([*command, code], capture_output=True, text=True, timeout=60)
        assert not done.returncode, done.stderr
        assert "success" in done.stdout, (name, done.stdout, done.stderr)
        assert not re.search(r"\berror\b['\"]?:", done.stdout), (name, done.stdout)
        assert server.count("res_partner") == before + (name == WRITE)


def test_browser(page, server):
    """Log in, open a model, choose a language, send a request, log out: no message of the browser."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url + PATH)
    assert page.locator(".models a").count() == 0
    page.fill("#log-in [name=login]", "admin")
    page.fill("#log-in [name=password]", "wrong")
    page.click("#log-in button")
    page.wait_for_selector("#log-in output:not(:empty)")
    assert [text for text in said if "401" not in text] == []
    page.fill("#log-in [name=password]", "admin")
    page.click("#log-in button")
    page.click(".models a[href='/api/docs/res.partner']")
    page.click("#listResPartner summary")
    page.click("#listResPartner label:has-text('Python')")
    assert page.locator("#listResPartner .panel-python").is_visible()
    assert not page.locator("#listResPartner .panel-curl").is_visible()
    page.click("#getResPartner summary")
    assert page.locator("#getResPartner .panel-python").is_visible()
    page.click("#listResPartner form.try button")
    page.wait_for_selector("#listResPartner form.try output:not(:empty)")
    assert page.inner_text("#listResPartner form.try output").startswith("200 OK")
    sessions = "jwt_session", "revoked_at IS NULL"
    before = server.count(*sessions)
    page.click("#log-out button")
    page.wait_for_selector("#log-in:not([hidden])")
    assert page.locator(".models a").count() == 0
    assert server.count(*sessions) == before - 1
    assert [text for text in said if "401" not in text] == []


def test_without_javascript(chromium, server):
    """All that is public is there to read, and tabs work."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + PATH)
    assert page.locator("#error-invalid_token").is_visible()
    page.click("#start label:has-text('PHP')")
    assert page.locator("#start .panel-php").is_visible()
    page.click("#login summary")
    assert page.locator("#login table").first.is_visible()
    context.close()
