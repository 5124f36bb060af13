# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/pictures: the screens of the addon as pictures."""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from . import browser, database, npm, screens
from .bootstrap import ROOT, Stop, say
from .chromium import launched
from .demonstrate import prepare
from .server import Server, serving
from .setup import Setup

DESCRIPTION = ROOT / "static" / "description"
#: The devices that have logged in: who with which one, and how often it has read a page.
DEVICES = (
    ("admin", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 25),
    ("demo", "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/138.0.0.0 Mobile Safari/537.36", 7),
    (
        "demo",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1",
        12,
    ),
    ("demo", "stock-app/2.1 (Linux; Android 15)", 18),
)
#: Their requests, as if they were of a week.
SPREAD = """
UPDATE connection_api_log SET requested_at = requested_at - mod(id, 7) * interval '1 day'
"""
HIGHEST = 4000
#: Odoo's web client takes a narrower window for a phone.
PHONE = 768
#: What scrolls in place of the page: on a phone, it is the whole form, and not what is below its buttons.
SCROLLING = (
    ".o_content, .o_form_view_container, .o_setting_container, .o_kanban_view,"
    " .o_jwt_console, .o_jwt_dashboard, .settings, .modal-body"
)
#: Whether a part of the page, of those that should fit into the window, is wider.
WIDER = """() => [
    ...document.querySelectorAll("body, .modal-body, .o_form_renderer, .o_jwt_console, .o_jwt_dashboard, .settings,"
        + " .o_jwt_dashboard .table-responsive"),
].some((part) => part.scrollWidth > part.clientWidth + 1)"""
#: How high the window has to be, so that nothing scrolls.
HEIGHT = """(scrolling) => {
    const parts = [document.documentElement, ...document.querySelectorAll(scrolling)];
    return window.innerHeight + Math.max(...parts.map((part) => part.scrollHeight - part.clientHeight));
}"""


def main() -> int:
    options = _options()
    if not browser.path():
        raise Stop(browser.MISSING)
    with Setup() as setup:
        if missing := npm.mirroring():
            say(missing)
        name, log = setup.database("pictures"), setup.work / "log" / "pictures-install.log"
        prepare(setup, name, log, reset=options.reset)
        users = screens.USERS.format(languages=options.languages)
        database.shell(setup, name, log, screens.DATA + users)
        path = setup.work / "log" / "pictures.log"
        path.unlink(missing_ok=True)
        with (
            serving(setup, name, path) as server,
            sync_playwright() as playwright,
            launched(playwright) as chromium,
        ):
            _use(setup, server)
            camera = Camera(chromium, server, _places(setup, name))
            if options.all:
                camera.take_all(options)
            else:
                camera.take_page(options.only)
    return 1 if camera.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev/pictures",
        description="Make the pictures of static/description, or of every screen in a folder.",
    )
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every screen, into FOLDER")
    parser.add_argument(
        "--languages", type=_words, default=["en_US"], help="with --all: fr_FR,ar_001 (en_US)"
    )
    parser.add_argument(
        "--sizes",
        type=sizes,
        default=[(1366, 768)],
        help="with --all: of the window, 1366x768,390x844 (1366x768)",
    )
    parser.add_argument("--only", default="", help="only names that contain this text")
    parser.add_argument("--reset", action="store_true", help="create the database again")
    return parser.parse_args()


def _words(text: str) -> list[str]:
    return text.split(",")


def sizes(text: str) -> list[tuple[int, int]]:
    if not re.fullmatch(r"\d+x\d+(,\d+x\d+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes such as 1366x768")
    pairs = (each.split("x") for each in text.split(","))
    return [(int(width), int(height)) for width, height in pairs]


def _use(setup: Setup, server: Server) -> None:
    """Send requests from some devices, most of which succeed; once for a database."""
    if database.rows(setup, server.db, "SELECT id FROM jwt_session LIMIT 1"):
        return
    for login, device, number in DEVICES:
        client_type = "browser" if device.startswith("Mozilla") else "app"
        headers = {"User-Agent": device, "X-Client-Type": client_type}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            client.post("/api/login", json={"login": login, "password": "a wrong one"})
            body = client.post("/api/login", json={"login": login, "password": login}).json()
            client.headers["Authorization"] = f"Bearer {body['token']}"
            for limit in range(1, number):
                client.get("/api/v1/res.partner", params={"limit": limit})
                client.get("/api/v1/sale.order", params={"limit": limit})
            client.get("/api/v1/res.partner", params={"fields": "nothing"})
            client.get("/api/v1/res.country/100000")
    database.rows(setup, server.db, SPREAD)


def _places(setup: Setup, name: str) -> dict[str, int]:
    return {key: database.rows(setup, name, query)[0][0] for key, query in screens.PLACES.items()}


class Camera:
    """Takes pictures of a server's screens; `failed` has the names of those that it could not take."""

    def __init__(self, chromium: Browser, server: Server, places: Mapping[str, int]) -> None:
        self._chromium, self._server, self._places = chromium, server, places
        self.failed: list[str] = []

    def take_page(self, only: str = "") -> None:
        """Renew the pictures of the page in Odoo's Apps."""
        by_name = {screen.name: screen for screen in screens.EVERY}
        for file, (name, width, height) in screens.PAGE.items():
            if only in file:
                with self._window("en_US", (width, height)) as page:
                    self._take(page, by_name[name], DESCRIPTION / file, is_whole=False)

    def take_all(self, options: argparse.Namespace) -> None:
        """Take every screen in all languages and sizes into a folder, for people to look at."""
        options.all.mkdir(parents=True, exist_ok=True)
        wanted = [screen for screen in screens.EVERY if options.only in screen.name]
        for language in options.languages:
            for size in options.sizes:
                with self._window(language, size) as page:
                    for screen in wanted:
                        if size[0] < PHONE and not screen.on_phone:
                            continue
                        page.set_viewport_size({"width": size[0], "height": size[1]})
                        file = f"{screen.name}.{language}.{size[0]}.png"
                        self._take(page, screen, options.all / file, is_whole=screen.whole)

    @contextmanager
    def _window(self, language: str, size: tuple[int, int]) -> Iterator[Page]:
        """A window in which the administrator of a language has logged in."""
        self._login = "admin" if language == "en_US" else f"admin_{language}"
        context = self._chromium.new_context(
            base_url=self._server.url,
            viewport={"width": size[0], "height": size[1]},
            locale=language.replace("_001", "").replace("_", "-"),
            timezone_id="Europe/Brussels",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto("/web/login")
        # a form that waits for the first styles and scripts in this language
        page.fill("input[name=login]", self._login, timeout=120_000)
        page.fill("input[name=password]", self._login)
        page.click("button[type=submit]")
        page.wait_for_selector(".o_main_navbar", timeout=120_000)
        self._show(page, screens.CONFIRM)
        yield page
        context.close()

    def _take(self, page: Page, screen: screens.Screen, file: Path, *, is_whole: bool) -> None:
        try:
            self._show(page, screen)
        except Error as error:
            self.failed.append(file.name)
            say(f"{file.name}: {error.message.splitlines()[0]}")
        if page.evaluate(WIDER):
            self.failed.append(file.name)
            say(f"{file.name}: wider than the window")
        if is_whole:
            _heighten(page)
        file.write_bytes(_small(page.screenshot(animations="disabled")))
        say(str(file))

    def _show(self, page: Page, screen: screens.Screen) -> None:
        page.goto(screen.path.format(**self._places))
        page.wait_for_selector(screen.ready, timeout=screen.seconds * 1000)
        for step in screen.steps:
            self._do(page, step)
        # what is still on its way: counters, avatars, the end of a click
        with suppress(Error):
            page.wait_for_load_state("networkidle", timeout=1_500)
        page.mouse.move(0, 0)
        # a click may have scrolled
        page.evaluate(
            "(parts) => document.querySelectorAll(parts).forEach((part) => part.scrollTo(0, 0))",
            SCROLLING,
        )
        page.wait_for_timeout(500)

    def _do(self, page: Page, step: screens.Step) -> None:
        page.click(step.selector, timeout=10_000)
        if step.text is not None:
            page.keyboard.type(step.text.format(login=self._login))
        if step.ready:
            page.wait_for_selector(step.ready, timeout=15_000)


def _heighten(page: Page) -> None:
    """Make the window as high as what it shows."""
    # twice: one part may scroll in another
    for _ in range(2):
        height = page.evaluate(HEIGHT, SCROLLING)
        size = page.viewport_size
        if size:
            page.set_viewport_size({"width": size["width"], "height": min(int(height), HIGHEST)})
        page.wait_for_timeout(300)


def _small(png: bytes) -> bytes:
    """Return a picture with 256 colors, which a screen has enough of."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()
