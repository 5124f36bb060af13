# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/translate: the terms of the template in each file of translations."""

from __future__ import annotations

import re
from pathlib import Path

import polib

from .bootstrap import ROOT, say
from .setup import ADDON

FOLDER = ROOT / "i18n"
#: Where a term that only tests use stands.
_OF_TESTS = re.compile(rf"code:addons/{ADDON}/(dev|tests)/")


def drop_terms_of_tests(path: Path) -> None:
    """Remove from an exported template the terms that stand in tests alone."""
    template = polib.pofile(str(path))
    for entry in [*template]:
        entry.occurrences = [each for each in entry.occurrences if not _OF_TESTS.match(each[0])]
        if not entry.occurrences:
            template.remove(entry)
    template.save()


def update() -> int:
    """Add new terms to each file, remove those that are gone, and list what lacks a translation.

    :return: the exit code: 1 if a term lacks a translation
    """
    template = polib.pofile(str(FOLDER / f"{ADDON}.pot"))
    missing = 0
    for path in sorted(FOLDER.glob("*.po")):
        found = polib.pofile(str(path))
        found.merge(template)
        for gone in found.obsolete_entries():
            found.remove(gone)
        order = {entry.msgid: place for place, entry in enumerate(template)}
        found.sort(key=lambda entry: order[entry.msgid])
        found.save()
        lacking = [entry.msgid for entry in found if not entry.translated()]
        missing += len(lacking)
        for term in lacking:
            say(f"{path.name}: {term}")
    say("Every term is translated." if not missing else f"{missing} translations are missing.")
    return 1 if missing else 0
