"""Names of parameters and keys that nobody reads: which of them are refused, and what was probably meant.

A misspelled ``domain`` would answer more than was asked for, so it must not pass in silence. Where
clients are typed every unknown name is refused. Elsewhere apps send names of their own (``_``,
``db``, ``device``), which pass unless they look like a known name or like its kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from .errors import Problems, _
from .text import storable

#: What other APIs call the same thing, without case and punctuation.
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
_SHOWN: Final = 64
#: Names that nobody reads, in one place: apps send a handful of their own.
_MAX_UNKNOWN: Final = 100
#: Known names that ordinary words are near (``contact``, ``content``): compared as short ones are.
_NEAR_OTHERS: Final = frozenset(["context"])


class Declared(Mapping[str, Any]):
    """Parameters or keys that can be read under declared names alone.

    Whoever adds a parameter has to declare it, and so it is known to :func:`check`.
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

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._given if name in self._names)

    def __len__(self) -> int:
        return sum(1 for _name in self)


def is_empty(value: Any) -> bool:
    """Return whether a value stands for "not given"."""
    return value is None or value == [] or value == {}


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a body that were given: null, ``{}`` and ``[]`` stand for nothing."""
    return {name: value for name, value in body.items() if not is_empty(value)}


def check(
    names: Iterable[str],
    known: Collection[str],
    problems: Problems,
    *,
    error: str = "bad_parameter",
    elsewhere: Collection[str] = (),
    strict: bool = False,
) -> None:
    """Refuse unknown names, all of them or those that look like known ones.

    :param elsewhere: names that count in another place: they and their look-alikes are refused here
    :param strict: refuse all
    """
    unknown = [name for name in names if name not in known]
    if len(unknown) > _MAX_UNKNOWN:
        problems.add(error, _("The request has too many unknown names."))
        return
    for name in unknown:
        shown = name[:_SHOWN] if storable(name) else "?"
        meant = nearest(name, known, elsewhere)
        if meant is None:
            if strict:
                problems.add(error, _('Unknown name "%(name)s".'), name=shown)
        elif meant in known:
            problems.add(
                error,
                _('Unknown name "%(name)s". Did you mean "%(meant)s"?'),
                name=shown,
                meant=meant,
            )
        elif meant == name:
            problems.add(error, _('"%(name)s" is not supported here.'), name=shown)
        else:
            problems.add(
                error,
                _('Unknown name "%(name)s". The similar "%(meant)s" is not supported here.'),
                name=shown,
                meant=meant,
            )


def check_keys(
    body: Mapping[str, Any],
    known: Collection[str],
    problems: Problems,
    *,
    elsewhere: Collection[str] = (),
    strict: bool = False,
) -> None:
    """Refuse unknown keys of a body as :func:`check` does; a key that was not given has no name."""
    check(given(body), known, problems, error="bad_value", elsewhere=elsewhere, strict=strict)


def check_repeated(params: Any, known: Collection[str], problems: Problems) -> None:
    """Refuse a parameter that is given twice with different values: one of them would vanish."""
    if not isinstance(params, MultiDict):
        return
    for name in params:
        if name in known and len(set(params.getlist(name))) > 1:
            problems.add(
                "bad_parameter", _('The parameter "%(name)s" is given more than once.'), name=name
            )


def nearest(name: str, known: Collection[str], elsewhere: Collection[str] = ()) -> str | None:
    """Return the name that is probably meant; None for no such name.

    What is written the same, or is called so elsewhere, comes before a slip of the finger, and a known
    name before one that counts elsewhere.
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


def _plain(name: str) -> str:
    """``fields[0]``, ``Fields`` and ``$fields`` as ``fields``."""
    return re.sub(r"[^a-z0-9]", "", name.partition("[")[0].lower())


def _is_typo(word: str, known: str) -> bool:
    """Return whether a word is a known one with a slip of the finger.

    Short words are like many others: there a letter has to be doubled, lost or swapped within the word,
    and words of three letters or fewer are not compared.
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
    """Count the letters to add, drop, replace or swap (optimal string alignment); beyond 2 it does not matter."""
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
