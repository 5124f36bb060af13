# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The page in Odoo's Apps, and the pictures that dev/pictures makes for it."""

import ast
import re

import lxml.html
import pytest
from lib import documents, pictures, screens
from lib.bootstrap import ROOT
from PIL import Image

#: The others are drawn, not taken of a screen.
DRAWN = {"banner.png", "icon.png"}
NAMES = [screen.name for screen in screens.EVERY]


@pytest.fixture(scope="module")
def page():
    return lxml.html.fragment_fromstring(documents.PAGE.read_text(), create_parent=True)


@pytest.fixture(scope="module")
def manifest():
    return ast.literal_eval((ROOT / "__manifest__.py").read_text())


def test_page_shows_the_pictures_that_are_made(page):
    """What the page shows, what the command makes and what is in the folder are the same."""
    files = {path.name for path in pictures.DESCRIPTION.glob("*.png")}
    assert set(screens.PAGE) == files - DRAWN
    assert sorted(page.xpath("//img/@src")) == sorted(screens.PAGE)
    assert all(page.xpath("//img/@alt"))


def test_pictures_are_of_the_size_that_is_asked_for():
    for name, (_screen, *size) in screens.PAGE.items():
        path = pictures.DESCRIPTION / name
        with Image.open(path) as picture:
            assert list(picture.size) == size, name
        assert path.stat().st_size < screens.LARGEST, name


def test_page_needs_nothing_else(page):
    """Odoo Apps removes scripts, styles and links to other sites."""
    tags = {element.tag for element in page.iter()}
    assert not tags & {"script", "style", "link", "iframe", "object", "form", "a"}
    attributes = {name for element in page.iter() for name in element.attrib}
    assert attributes <= {"class", "style", "src", "alt", "scope"}
    assert "url(" not in documents.PAGE.read_text()


def test_page_has_the_words_that_people_search_for(page, manifest):
    text = page.text_content()
    words = "REST API|JWT|access token|refresh token|OpenAPI|Swagger|Postman|CORS|SPA|React|Flutter"
    assert not [word for word in words.split("|") if word not in text]
    assert {"REST API", "JWT", "OpenAPI"} <= set(
        re.findall("REST API|JWT|OpenAPI", manifest["summary"])
    )


def test_manifest_names_pictures(manifest):
    """The first is the cover; all are there."""
    first, *others = manifest["images"]
    assert first == "static/description/banner.png"
    assert {path.removeprefix("static/description/") for path in others} <= set(screens.PAGE)
    assert all((ROOT / path).is_file() for path in manifest["images"])


def test_page_says_the_languages_and_the_license(page, manifest):
    """One row for each translation and English; the license is the manifest's."""
    rows = {row[0].text: row[1].text_content() for row in page.xpath("//tr")}
    assert len(rows["Languages"].split(", ")) == len(list((ROOT / "i18n").glob("*.po"))) + 1
    assert rows["License"] == manifest["license"]


def test_screens_have_names_of_their_own():
    assert len(set(NAMES)) == len(NAMES)
    assert {name for name, *_size in screens.PAGE.values()} <= set(NAMES)


def test_every_place_of_an_address_is_known():
    """An address names records by what `PLACES` finds."""
    for screen in screens.EVERY:
        assert set(re.findall(r"\{(\w+)\}", screen.path)) <= set(screens.PLACES), screen.name


def test_every_menu_has_a_screen():
    """Whoever adds an action with a path adds its screen."""
    texts = [path.read_text() for path in (ROOT / "views").glob("*.xml")]
    paths = set(re.findall(r'<field name="path">([\w-]+)</field>', "".join(texts)))
    shown = {screen.path.split("?")[0].split("/")[2] for screen in screens.EVERY}
    assert len(paths) > 6
    assert paths <= shown


@pytest.mark.parametrize("text", ["", "1366", "1366x", "axb", "1366x768,"])
def test_sizes_that_are_none(text):
    with pytest.raises(pictures.argparse.ArgumentTypeError):
        pictures.sizes(text)


def test_sizes():
    assert pictures.sizes("1366x768,390x844") == [(1366, 768), (390, 844)]
