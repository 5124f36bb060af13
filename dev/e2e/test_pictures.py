"""dev/pictures takes a picture of a screen that is there, and names one that is not."""

from argparse import Namespace

import pytest
from lib import pictures, screens
from PIL import Image


@pytest.fixture
def camera(chromium, server):
    # Odoo's own: with workers, the web client's websocket needs a reverse proxy in front, and there is none here
    server.expect("Couldn't bind the websocket")
    return pictures.Camera(chromium, server, {})


def test_one_picture(camera, tmp_path):
    """The picture has the size of the window, and the colors of a page that is not empty."""
    camera.take_all(Namespace(all=tmp_path, languages=["en_US"], sizes=[(900, 500)], only="keys"))
    assert camera.failed == []
    [path] = tmp_path.iterdir()
    assert path.name == "keys.en_US.900.png"
    with Image.open(path) as picture:
        assert picture.size == (900, 500)
        assert len(picture.convert("RGB").getcolors()) > 20


def test_form_fits_on_a_phone(camera, server, tmp_path):
    """No tab is wider than the window, not even in Arabic, which needs more room than English here."""
    server.odoo(screens.USERS.format(languages=["ar_001"]))
    camera._places = {"order": server.sql(screens.PLACES["order"])[0]["id"]}
    camera.take_all(
        Namespace(all=tmp_path, languages=["ar_001"], sizes=[(390, 844)], only="order-")
    )
    assert camera.failed == []
    assert len(list(tmp_path.iterdir())) == 5


def test_screen_that_is_not_there(camera, tmp_path, monkeypatch):
    """It is taken as it is, and counts as failed."""
    lost = screens.Screen("lost", "/odoo/jwt-api-keys", ".o_no_such_element", seconds=1)
    monkeypatch.setattr(screens, "EVERY", [lost])
    camera.take_all(Namespace(all=tmp_path, languages=["en_US"], sizes=[(900, 500)], only=""))
    assert camera.failed == ["lost.en_US.900.png"]
    assert (tmp_path / "lost.en_US.900.png").exists()
