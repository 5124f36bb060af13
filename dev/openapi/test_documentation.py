# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The documentation page: its samples work when they are pasted, and a browser logs in and tries requests."""

import base64
import re
import shutil
import subprocess
import sys

import pytest
from lib import pdf, php
from lib.client import Device
from lib.image import PNG
from lxml import html

PATH = "/api/docs"
#: Operations whose samples read, one that writes, and those of files.
READ = ("listResPartner", "getResPartner", "describeResPartner", "groupResPartner")
LINK = "linkResPartnerImage1920"
WRITE = "createResPartner"
DOWNLOAD, UPLOAD = "downloadResPartnerImage1920", "uploadResPartnerImage1920"
IMAGE = "image_1920.png"
#: The id in samples that write.
NO_RECORD = "2147483647"
#: Stands for the file that a person chooses in a browser.
CHOSEN = f"""
import fs from 'node:fs';
const document = {{querySelector: () => ({{files: [new Blob([fs.readFileSync('{IMAGE}')])]}})}};
"""
#: A file that a browser executes, if it opens it as SVG or XHTML.
SCRIPT = """<svg xmlns="http://www.w3.org/2000/svg"><script xmlns="http://www.w3.org/1999/xhtml">
alert(document.domain);
</script></svg>"""
#: Keeps the type of each blob that gets an address.
TYPES_OF_BLOBS = """
window.blobs = {};
const create = URL.createObjectURL;
URL.createObjectURL = (blob) => {
    const address = create.call(URL, blob);
    blobs[address] = blob.type;
    return address;
};
"""
SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
#: Elements that stick out at the side, and are not in a box that scrolls.
OUTSIDE = """() => [...document.querySelectorAll('main *')].filter((each) => {
    const {left, right} = each.getBoundingClientRect();
    return left < -1 || right > innerWidth + 1;
}).map((each) => each.outerHTML.slice(0, 99))"""
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
def languages(admin):
    """French and Arabic are installed."""
    codes = ["fr_FR", "ar_001"]
    found = admin.call(
        "res.lang", "search", [["code", "in", codes], ["active", "in", [True, False]]]
    )
    wizard = admin.create("base.language.install", {"lang_ids": [[6, 0, found]]})
    admin.call("base.language.install", "lang_install", wizard)


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
    for name in (*READ, LINK, WRITE):
        code = f"{log_in}\n{sample(model.get_element_by_id(name), language)}\n"
        before = server.count("res_partner")
        done = subprocess.run([*command, code], capture_output=True, text=True, timeout=60)
        assert not done.returncode, done.stderr
        assert "success" in done.stdout, (name, done.stdout, done.stderr)
        assert not re.search(r"\berror\b['\"]?:", done.stdout), (name, done.stdout)
        assert server.count("res_partner") == before + (name == WRITE)


@pytest.mark.parametrize("language", COMMANDS)
def test_samples_of_files(pages, language, admin, tmp_path):
    """One stores a file of a record in the folder, the other sends one from it."""
    command = COMMANDS[language]
    if not shutil.which(command[0]):
        pytest.skip(php.MISSING if language == "php" else "there is no node")
    start, model = pages
    log_in = sample(start.get_element_by_id("start"), language).removeprefix("<?php\n")

    def run(name, change=("", ""), more=""):
        code = sample(model.get_element_by_id(name), language)
        assert change[0] in code
        script = f"{CHOSEN if language == 'javascript' else ''}{log_in}\n{code.replace(*change)}\n"
        done = subprocess.run(
            [*command, script + more], capture_output=True, text=True, timeout=60, cwd=tmp_path
        )
        assert not done.returncode, done.stderr
        return done.stdout

    (tmp_path / IMAGE).write_bytes(PNG)
    partner = admin.create("res.partner", {"name": "With a picture"})
    run(UPLOAD, (NO_RECORD, str(partner)))
    [stored] = admin.read("res.partner", [["id", "=", partner]], ["image_1920"])
    assert base64.b64decode(stored["image_1920"]) == PNG
    (tmp_path / IMAGE).unlink()
    # in JavaScript the sample ends with the file in a variable
    keep = f"fs.writeFileSync('{IMAGE}', await file.bytes());" if language == "javascript" else ""
    run(DOWNLOAD, ("/1/", f"/{partner}/"), keep)
    assert (tmp_path / IMAGE).read_bytes() == PNG
    admin.unlink("res.partner", partner)


def enter(page, password="admin"):
    page.fill("#log-in [name=login]", "admin")
    page.fill("#log-in [name=password]", password)
    page.click("#log-in button")


def test_model_opened_in_a_browser(page, server):
    """Its address alone leads to a form to log in, and then to what it names."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(f"{server.url}{PATH}/res.partner#getResPartner")
    assert answer.status == 200
    assert page.locator("#closed").is_visible()
    assert page.locator("details").count() == 0
    enter(page)
    page.wait_for_selector("#getResPartner[open]")
    assert page.url == f"{server.url}{PATH}/res.partner#getResPartner"
    assert page.locator("#closed").count() == 0
    page.goto(f"{server.url}{PATH}/no.model")
    enter(page)
    page.wait_for_selector("#message:not(:empty)")
    assert "no.model" in page.inner_text("#message")
    assert page.locator("#closed").count() == 0
    assert not [text for text in said if "40" not in text]


def test_files_in_a_browser(page, server, admin, tmp_path):
    """Send shows a picture, stores a PDF, sends a chosen file, and leads to a link."""
    (tmp_path / IMAGE).write_bytes(PNG)
    partner = admin.create("res.partner", {"name": "Sent by a browser"})
    page.goto(f"{server.url}{PATH}/res.partner")
    enter(page)

    def send(name, record):
        page.click(f"#{name} summary")
        form = page.locator(f"#{name} form.try")
        path = form.locator("[name=path]")
        path.fill(re.sub(r"/\d+(?=/|$)", f"/{record}", path.input_value()))
        if form.locator("[name=file]").count():
            form.locator("[name=file]").set_input_files(tmp_path / IMAGE)
        form.locator("button").click()
        page.wait_for_selector(f"#{name} form.try output:not(:empty)")
        return form.locator("output")

    assert send(UPLOAD, partner).inner_text().startswith("200 OK")
    [stored] = admin.read("res.partner", [["id", "=", partner]], ["image_1920"])
    assert base64.b64decode(stored["image_1920"]) == PNG
    said = send(DOWNLOAD, partner)
    said.locator("img").wait_for()
    assert (
        said.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)")
        == 1
    )
    with page.expect_download() as found:
        said.locator("a").click()
    assert found.value.path().read_bytes() == PNG
    link = send(LINK, partner).locator("a")
    with page.context.expect_page() as opened:
        link.click()
    assert opened.value.evaluate("document.contentType") == "image/png"
    admin.unlink("res.partner", partner)


@pytest.mark.parametrize(
    ("media_type", "is_shown"),
    [
        *((f"image/{name}", True) for name in ("png", "jpeg", "gif", "webp", "avif", "bmp")),
        ("image/svg+xml", False),
        ("IMAGE/SVG+XML; charset=utf-8", False),
        ("application/xhtml+xml", False),
        ("application/xml", False),
        ("application/pdf", False),
    ],
)
def test_address_of_a_file_in_a_browser(page, server, media_type, is_shown):
    """A file is stored, whatever type it has: in a new tab, a script in it would be one of Odoo's own pages."""
    page.add_init_script(TYPES_OF_BLOBS)
    headers = {"Content-Type": media_type}
    page.route("**/image_1920", lambda route: route.fulfill(headers=headers, body=SCRIPT))
    page.goto(f"{server.url}{PATH}/res.partner")
    enter(page)
    page.click(f"#{DOWNLOAD} summary")
    form = page.locator(f"#{DOWNLOAD} form.try")
    form.locator("button").click()
    link = form.locator("output a")
    with page.expect_download() as found:
        link.click()
    assert found.value.path().read_text() == SCRIPT
    kind = "(element) => blobs[element.href || element.src]"
    assert link.evaluate(kind) == "application/octet-stream"
    shown = form.locator("output img")
    assert [each.evaluate(kind) for each in shown.all()] == [media_type] * is_shown


@pytest.mark.skipif(not pdf.path(), reason=pdf.MISSING)
def test_report_in_a_browser(page, server, admin):
    """Send offers the PDF of a report to store."""
    [order, *_others] = admin.search("sale.order", [])
    page.goto(f"{server.url}{PATH}/sale.order")
    enter(page)
    name = "printSaleOrderSaleReportSaleorder"
    page.click(f"#{name} summary")
    form = page.locator(f"#{name} form.try")
    form.locator("[name=path]").fill(
        form.locator("[name=path]").input_value().replace("/1/", f"/{order}/")
    )
    form.locator("button").click()
    with page.expect_download(timeout=60_000) as found:
        form.locator("output a").click(timeout=60_000)
    assert found.value.suggested_filename.endswith(".pdf")
    assert found.value.path().read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
def test_no_page_is_wider_than_the_screen(chromium, server, languages, language, direction, size):
    """In each language, whatever is open; code and technical names run from left to right."""
    width, height = SIZES[size]
    context = chromium.new_context(
        extra_http_headers={"Accept-Language": language},
        viewport={"width": width, "height": height},
    )
    page = context.new_page()
    for path in (PATH, f"{PATH}/res.partner"):
        page.goto(server.url + path)
        enter(page)
        page.wait_for_selector(".models a" if path == PATH else "#fields")
        assert page.evaluate("document.documentElement.dir") == direction
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == [] or size == "desktop"
        turned = page.evaluate(
            "[...document.querySelectorAll('code, pre, .path, .try [name=path], .try textarea, .try output')]"
            ".filter((each) => getComputedStyle(each).direction !== 'ltr').map((each) => each.outerHTML)"
        )
        assert turned == []
    context.close()


@pytest.mark.parametrize(
    ("system", "cookie", "is_dark"),
    [("light", "", False), ("dark", "", True), ("light", "dark", True), ("dark", "light", False)],
)
def test_theme(chromium, server, system, cookie, is_dark):
    """The cookie of the web client counts; without it, the choice of the system."""
    context = chromium.new_context(color_scheme=system)
    if cookie:
        context.add_cookies([{"name": "color_scheme", "value": cookie, "url": server.url}])
    page = context.new_page()
    page.goto(server.url + PATH)
    colors = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    back, text = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors)
    assert (back < text) == is_dark, colors
    context.close()


def test_browser(page, server):
    """Log in, open a model, choose a language, send a request, log out: no message of the browser."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url + PATH)
    assert page.locator(".models a").count() == 0
    enter(page, "wrong")
    page.wait_for_selector("#log-in output:not(:empty)")
    assert [text for text in said if "401" not in text] == []
    enter(page)
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
