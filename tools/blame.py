# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which argument of a called method an exception is about, if it is about one.

A method that is given a wrong argument fails somewhere below, in the same ways as one that has a
mistake of its own: with a ``TypeError``, a ``KeyError`` … They are told apart by what stands where
the exception was raised: it is about an argument when that code works with a value that the client
sent, or when the exception names one.
"""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

#: What a wrong argument leads to, and so does a mistake in the program.
MISTAKES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
_MAX_DEPTH: Final = 6


def misfit(method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why a method cannot be called with these arguments, before it is.

    :param method: a function whose first parameter is the object that it is called on
    :return: ``missing``, ``unknown`` or ``twice`` and the name of the argument, ``many`` and the
        most that may be given by their place; None when they fit
    """
    _own, *parameters = inspect.signature(method).parameters.values()
    kinds = {kind: [p for p in parameters if p.kind is kind] for kind in inspect._ParameterKind}
    placed = kinds[inspect.Parameter.POSITIONAL_ONLY]
    either = kinds[inspect.Parameter.POSITIONAL_OR_KEYWORD]
    in_place = [p.name for p in (*placed, *either)]
    named = [p.name for p in (*either, *kinds[inspect.Parameter.KEYWORD_ONLY])]
    if len(args) > len(in_place) and not kinds[inspect.Parameter.VAR_POSITIONAL]:
        return "many", str(len(in_place))
    given = in_place[: len(args)]
    for name in kwargs:
        if name in given and name in named:
            return "twice", name
        if name not in named and not kinds[inspect.Parameter.VAR_KEYWORD]:
            return "unknown", name
    for parameter in parameters:
        optional = parameter.kind in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        )
        if optional or parameter.default is not inspect.Parameter.empty:
            continue
        if parameter.name not in given and parameter.name not in kwargs:
            return "missing", parameter.name
    return None


def named(method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that fit a method by their names, those of a ``*args`` by that name."""
    bound = inspect.signature(method).bind(None, *args, **kwargs).arguments
    first, *_rest = bound
    found = {name: value for name, value in bound.items() if name != first}
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found.update(found.pop(parameter.name, {}))
    return found


def about(exc: BaseException, arguments: Mapping[str, Any], method: Any) -> list[str]:
    """Return the names of the arguments that an exception is about, none for a mistake of the program.

    :param arguments: what the client sent, by name (:func:`named`)
    :param method: what was called with them: all of them are at hand in its own code, so that
        there the failing line has to use one
    """
    place = _innermost(exc.__traceback__)
    if place is None:
        return []
    frame, used = place.tb_frame, _names_used(place)
    is_own = frame.f_code.co_name == method.__name__  # or that of a method that it overrides
    raises = _raises(place)
    held = {name: value for name, value in frame.f_locals.items() if name in used}
    if raises and not is_own:
        held |= {name: value for name, value in frame.f_locals.items() if _is_rare(value)}
    found = [
        name
        for name, value in arguments.items()
        if _is_among(held.values(), parts := list(_parts(value))) or _is_named(exc, parts)
    ]
    if found or not (raises and is_own):
        return found
    spoken = [name for name in arguments if _has_word(str(exc), name)]
    return spoken or list(arguments)


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _raises(place: TracebackType) -> bool:
    """Return whether the code says ``raise`` (or ``assert``) there: it has checked something."""
    code = dis.get_instructions(place.tb_frame.f_code)
    return any(each.offset == place.tb_lasti and each.opname.startswith("RAISE") for each in code)


def _names_used(place: TracebackType) -> set[str]:
    """Return the names of the local variables that the failing line uses."""
    names: set[str] = set()
    line: int | None = 0
    for each in dis.get_instructions(place.tb_frame.f_code):
        # from Python 3.13 on `starts_line` is a flag, and `line_number` the line
        started = getattr(each, "line_number", None) or each.starts_line
        line = started if type(started) is int else line
        if line == place.tb_lineno and ("FAST" in each.opname or "DEREF" in each.opname):
            names.update(each.argval if isinstance(each.argval, tuple) else [each.argval])
    return names


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield a value and all that it is made of."""
    yield value
    if depth >= _MAX_DEPTH:
        return
    items: Iterable[Any] = ()
    if isinstance(value, Mapping):
        items = [*value, *value.values()]
    elif isinstance(value, list | tuple):
        items = value
    for item in items:
        yield from _parts(item, depth + 1)


def _is_among(held: Iterable[Any], parts: Sequence[Any]) -> bool:
    return any(value is part for value in held for part in parts)


def _is_rare(value: Any) -> bool:
    """Return whether no other code holds the same object by chance, as it holds None, 1 or an empty text."""
    if isinstance(value, str):
        return len(value) > 1
    return isinstance(value, float | list | dict) or (type(value) is int and abs(value) > 256)


def _is_named(exc: BaseException, parts: Sequence[Any]) -> bool:
    """Return whether an exception names one of the values, or was raised by what one of them lacks."""
    if isinstance(exc, AttributeError):
        return any(exc.obj is part for part in parts if part is not None)
    if isinstance(exc, KeyError):
        return any(type(part) in (str, int, float) and part in exc.args for part in parts)
    if not isinstance(exc, ValueError):
        return False
    texts = [part for part in parts if isinstance(part, str) and len(part) > 1]
    return any(repr(text) in str(exc) for text in texts)


def _has_word(text: str, word: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))
