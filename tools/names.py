"""Reject unknown parameters and keys, and suggest the name that was probably meant.

A misspelled ``domain`` would return more records than requested, so it must not be ignored. On resource
paths every unknown name is rejected. Elsewhere apps send names of their own (``_``, ``db``, ``device``),
which are ignored unless they look like a known name or mean the same in other APIs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from .errors import Problems, _
from .text import storable

#: Names in other APIs, without case and punctuation → names here.
_KINDS: Final = {
    word: name
    for name, words in {
        "domain": "filter filters where query q search criteria condition conditions",
        "order": "sort sorts sortby sorting sortorder orderby orderings ordering",
        "offset": "page pageno pagenumber pageindex pagenum skip start",
        "page": "offset pageno pagenumber pageindex pagenum skip start",
        "limit": "pagesize perpage size top take maxresults rows",
        "fields": "select columns attributes only fieldnames",
        "expand": "embed populate include includes with",
        "groupby": "group groups groupedby",
        "aggregates": "aggregate aggregation aggregations measures",
        "archived": "activetest withinactive",
        "lang": "language",
        "id": "recordid resid pk",
        "ids": "recordids resids",
        "values": "value vals val data",
        "args": "arg arguments params parameters",
        "kwargs": "kwarg keywords options",
    }.items()
    for word in words.split()
}
#: Error code → the messages for an unknown name: alone, with a known one that is similar, and with one that is
#: valid elsewhere.
_UNKNOWN: Final = {
    "bad_parameter": (
        _('Unknown parameter "%(name)s".'),
        _('Unknown parameter "%(name)s". Did you mean "%(meant)s"?'),
        _('Unknown parameter "%(name)s". The similar "%(meant)s" is not supported here.'),
    ),
    "bad_value": (
        _('Unknown key "%(name)s".'),
        _('Unknown key "%(name)s". Did you mean "%(meant)s"?'),
        _('Unknown key "%(name)s". The similar "%(meant)s" is not supported here.'),
    ),
}
#: Maximum length of a name in an error message.
_SHOWN: Final = 64
#: Minimum similarity of a field to a misspelled name, of 0 to 1.
_SIMILARITY: Final = 0.7
#: Maximum number of unknown names in one place; apps send a few of their own.
_MAX_UNKNOWN: Final = 100
#: Known names that are similar to ordinary words (``contact``, ``content``), compared like short names.
_NEAR_OTHERS: Final = frozenset(["context"])


class Declared(Mapping[str, Any]):
    """Parameters or keys that can only be read by declared names.

    So a new parameter has to be declared, and :func:`check` knows it.
    """

    def __init__(self, given: Mapping[str, Any], names: Collection[str]) -> None:
        self._given = given
        self._names = names

    def _declared(self, name: Any) -> str:
        if name not in self._names:
            raise AssertionError(f"{name} is not declared")
        return str(name)

    def __getitem__(self, name: str) -> Any:
        return self._given[self._declared(name)]

    def __contains__(self, name: object) -> bool:
        return self._declared(name) in self._given

    def within(self, names: Collection[str]) -> Declared:
        """Return the same parameters or keys, which can be read only by some of their names."""
        return Declared(self._given, frozenset(self._names) & frozenset(names))

    def all_of(self, name: str) -> list[Any]:
        """Return the values of a parameter that may be given several times."""
        if not isinstance(self._given, MultiDict):
            return [self[name]] if name in self else []
        return self._given.getlist(self._declared(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._given if name in self._names)

    def __len__(self) -> int:
        return sum(1 for _name in self)


def is_empty(value: Any) -> bool:
    """Return whether a value stands for "not given"."""
    return value is None or value == [] or value == {}


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a body that are given; null, ``{}`` and ``[]`` count as not given."""
    return {name: value for name, value in body.items() if not is_empty(value)}


def check(
    given_names: Iterable[str],
    known: Collection[str],
    problems: Problems,
    *,
    error: str = "bad_parameter",
    elsewhere: Collection[str] = (),
    strict: bool = False,
    condition: Callable[[str, str], str] | None = None,
) -> None:
    """Reject unknown names: all of them, or those that are similar to known ones.

    :param given_names: the names; for ``condition``, a mapping with their values
    :param known: the names that are valid here
    :param problems: gets an error for each rejected name
    :param error: the error code
    :param elsewhere: names that are valid in another place; they and similar names are rejected here
    :param strict: reject all unknown names
    :param condition: returns the domain with which a client searches by a field of this name and a value;
        empty if there is no such field
    """
    unknown = [name for name in given_names if name not in known]
    if len(unknown) > _MAX_UNKNOWN:
        problems.add(error, _("The request has too many unknown names."))
        return
    alone, similar, similar_elsewhere = _UNKNOWN[error]
    for name in unknown:
        shown = name[:_SHOWN] if storable(name) else "?"
        meant = nearest(name, known, elsewhere)
        domain = ""
        if condition and meant not in known and isinstance(given_names, Mapping):
            domain = condition(name, given_names[name])
        if domain:
            problems.add(
                error,
                _(
                    'Unknown parameter "%(name)s". To search by this field, send'
                    " domain=%(condition)s."
                ),
                name=shown,
                condition=domain,
            )
        elif meant is None:
            if strict:
                problems.add(error, alone, name=shown)
        elif meant in known:
            problems.add(error, similar, name=shown, meant=meant)
        elif meant == name:
            problems.add(error, _('"%(name)s" is not supported here.'), name=shown)
        else:
            problems.add(error, similar_elsewhere, name=shown, meant=meant)


def check_keys(
    body: Mapping[str, Any],
    known: Collection[str],
    problems: Problems,
    *,
    elsewhere: Collection[str] = (),
    strict: bool = False,
) -> None:
    """Reject unknown keys of a body as :func:`check` does; keys that are not given are ignored."""
    check(given(body), known, problems, error="bad_value", elsewhere=elsewhere, strict=strict)


def check_repeated(params: Any, known: Collection[str], problems: Problems) -> None:
    """Reject a parameter that is given twice with different values, one of which would be lost."""
    if not isinstance(params, MultiDict):
        return
    for name in params:
        if name in known and len(set(params.getlist(name))) > 1:
            problems.add(
                "bad_parameter", _('The parameter "%(name)s" is given more than once.'), name=name
            )


def nearest(name: str, known: Collection[str], elsewhere: Collection[str] = ()) -> str | None:
    """Return the name that is probably meant; None if no name is similar.

    The same name in another spelling and a name from another API come before a typing error. A known name
    comes before one that is valid elsewhere.
    """
    word = _plain(name)
    if not word or len(word) > _SHOWN:
        return None
    groups = [{_plain(candidate): candidate for candidate in sorted(g)} for g in (known, elsewhere)]
    for plain in groups:
        if word in plain:
            return plain[word]
        if (kind := _KINDS.get(word)) in plain:
            return kind
    candidates = [(plain[candidate], candidate) for plain in groups for candidate in plain]
    return next((meant for meant, candidate in candidates if _is_typo(word, candidate)), None)


def similar(name: str, candidates: Iterable[str]) -> list[str]:
    """Return the names that are similar to a misspelled one, the most similar first; none for a dotted path."""
    if len(name) > _SHOWN or "." in name:
        return []
    names = [candidate for candidate in candidates if candidate != name]
    return difflib.get_close_matches(name, names, max(1, len(names)), _SIMILARITY)


def _plain(name: str) -> str:
    """Normalize a name: ``fields[0]``, ``Fields`` and ``$fields`` become ``fields``."""
    return re.sub(r"[^a-z0-9]", "", name.partition("[")[0].lower())


def _is_typo(word: str, known: str) -> bool:
    """Return whether a word is a known one with a typing error.

    Short words are similar to many others, so in them only a letter that is added, left out within the word
    or swapped counts. Words of three letters or fewer are not compared.
    """
    if min(len(word), len(known)) < 4:
        return False
    if len(known) < 6 or known in _NEAR_OTHERS:
        return _distance(word, known) == 1 and (
            len(word) > len(known) or sorted(word) == sorted(known) or _lost_within(word, known)
        )
    return _distance(word, known) <= (1 if len(known) == 6 else 2)


def _lost_within(word: str, known: str) -> bool:
    ends = word[:1] == known[0] and word[-1:] == known[-1]
    return len(word) < len(known) and ends


def _distance(one: str, other: str) -> int:
    """Return the edit distance (optimal string alignment), or any number above 2 for a larger one."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row, last = row, [i], before
        for j, its in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
