# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The templates of the backend: code is read from left to right in every language."""

import lxml.etree
import pytest
from lib.bootstrap import ROOT

TEMPLATES = sorted((ROOT / "static" / "src").rglob("*.xml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_code_has_the_class_of_technical_text(path):
    """One class says the direction, which `dir` would not say of the side where the text begins."""
    tree = lxml.etree.parse(path)
    assert not tree.xpath("//@dir")
    for element in tree.xpath("//pre | //code"):
        assert "o_jwt_technical" in element.get("class", "").split(), lxml.etree.tostring(element)


def test_the_class_is_not_mirrored():
    """rtlcss would turn the direction and the code's side, but the side where a name begins is mirrored."""
    style = (ROOT / "static" / "src" / "backend" / "technical.scss").read_text()
    lines = [line.strip() for line in style.splitlines()]
    for number, line in enumerate(lines):
        if line.startswith("direction:"):
            assert lines[number - 1] == "/*rtl:ignore*/"
    assert style.count("direction: ltr") == 2
