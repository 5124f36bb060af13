# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The translations of the addon: complete, and with the placeholders and tags of the terms."""

import re
from pathlib import Path

import polib
import pytest

I18N = Path(__file__).parents[2] / "i18n"
LANGUAGES = ["ar", "de", "es", "fr", "it", "nl", "pt_BR", "zh_CN"]
#: What a translation has to contain as its term does: placeholders, and tags of views with their classes.
PARTS = re.compile(
    r"%\(\w+\)[sd]|%[sd]|\$\{[^}]*\}|</?\w+|(?:class|name|href|invisible)=\"[^\"]*\""
)
TEMPLATE = polib.pofile(str(I18N / "jwt_auth_api.pot"))


@pytest.fixture(scope="module", params=LANGUAGES)
def translated(request):
    return polib.pofile(str(I18N / f"{request.param}.po"))


def test_every_language_has_a_file():
    assert sorted(path.stem for path in I18N.glob("*.po")) == LANGUAGES


def test_every_term_is_translated(translated):
    texts = {entry.msgid: entry.msgstr for entry in translated if not entry.fuzzy}
    missing = [entry.msgid for entry in TEMPLATE if not texts.get(entry.msgid, "").strip()]
    assert not missing, "dev/translate lists what is missing"


def test_no_translation_of_terms_that_are_gone(translated):
    known = {entry.msgid for entry in TEMPLATE}
    assert not [entry.msgid for entry in translated if entry.msgid not in known]
    assert not translated.obsolete_entries()


def test_placeholders_and_tags_are_kept(translated):
    for entry in translated:
        wanted, found = (sorted(PARTS.findall(text)) for text in (entry.msgid, entry.msgstr))
        assert found == wanted, entry.msgid


def test_places_are_those_of_the_template(translated):
    """Odoo reads the translation of a term only where the file says that the term stands."""
    places = {entry.msgid: sorted(entry.occurrences) for entry in TEMPLATE}
    for entry in translated:
        assert sorted(entry.occurrences) == places[entry.msgid], entry.msgid
