# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Which argument of a called method an exception is about, if it is about one.

A method that is given a wrong argument fails somewhere below, in the same ways as one that has a
mistake of its own: with a ``TypeError``, a ``KeyError`` … They are told apart by what stands where
the exception was raised: it is about an argument when that code works with a value that the client
sent, or when the exception names one.

And whether an exception is about a value that is not there: code that takes one for granted.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import dropwhile, pairwise
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
#: Python's words for a call with arguments that the called function does not take.
_WRONG_CALL: Final = re.compile(
    r"(?:[\w<>]+\.)*(?P<function>[\w<>]+)\(\) (?:"
    r"takes (?:from \d+ to )?(?P<many>\d+) positional arguments? but "
    r"|missing \d+ required (?:positional|keyword-only) arguments?: '(?P<missing>\w+)'"
    r"|got multiple values for (?:keyword )?argument '(?P<twice>.+?)'(?:\.|$)"
    r"|got an unexpected keyword argument '(?P<unknown>.+?)'(?:\.|$))",
    re.DOTALL,
)
#: Python's words for an operation that finds nothing where it needs a value.
_NOTHING: Final = re.compile(r"\b(?:NoneType|bool)\b")
#: The code of Odoo's models, and the helpers in which it fails as well.
_MODELS, _HELPERS = "odoo.addons.", "odoo.tools."


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


def overrides(model: type, name: str) -> list[Callable[..., Any]]:
    """Return the functions that define a method, the outermost override first."""
    found = [vars(each)[name] for each in model.__mro__ if name in vars(each)]
    return [each for each in found if inspect.isfunction(each)]


def collected(functions: Iterable[Callable[..., Any]], kwargs: Mapping[str, Any]) -> set[str]:
    """Return the names of the arguments that no override of a method declares: ``**kwargs`` takes them.

    :param functions: the overrides (:func:`overrides`)
    """
    return set(kwargs).difference(*(inspect.signature(each).parameters for each in functions))


def misfit_below(
    exc: BaseException, method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return why a further override of a method could not be called, as :func:`misfit` does.

    An override with ``*args`` or ``**kwargs`` passes on what the one below it may not take.

    :param exc: what the call ended with
    :return: None where it says nothing of the kind, or nothing that the client can change
    """
    said = _wrong_call(exc)
    if said is None or said["function"] != method.__name__:
        return None
    most = int(said["many"] or 0) - 1  # without the record
    if said["many"] and len(args) > most:
        return "many", str(max(most, 0))
    if said["unknown"] in kwargs:
        return "unknown", said["unknown"]
    if said["twice"] and (args or said["twice"] in kwargs):
        return "twice", said["twice"]
    if said["missing"] and said["missing"] not in kwargs:
        return "missing", said["missing"]
    return None


def about(
    exc: BaseException,
    arguments: Mapping[str, Any],
    method: Any,
    collected: Collection[str] = (),
) -> list[str]:
    """Return the names of the arguments that an exception is about, none for a mistake of the program.

    :param arguments: what the client sent, by name (:func:`named`)
    :param method: what was called with them: all of them are at hand in its own code, so that
        there the failing line has to use one
    :param collected: names that the client may have made up (:func:`collected`); an exception that
        has such a name in its text is about that argument
    """
    place = _innermost(exc.__traceback__)
    if place is None:
        return []
    if said := _wrong_call(exc):
        word = said["unknown"] or said["twice"]
        return [
            name
            for name, value in arguments.items()
            if (name == word and name in collected) or _has_key(value, word)
        ]
    if _function(place) == "ensure_one":
        records = place.tb_frame.f_locals.get("self")
        return _browsed(getattr(records, "_ids", None), arguments)
    if isinstance(exc, TypeError) and (found := _taken_for_ids(place, arguments)):
        return found
    spoken = [name for name in arguments if _has_word(str(exc), name)]
    found = _named_values(exc, arguments) or _held(place, _names_used(place), arguments)
    if not found and isinstance(exc, TypeError | ValueError | KeyError):
        found = [name for name in spoken if name in collected]
    if not found and _raises(place):
        found = _checked_values(place, arguments, method)
        found = found or (_is_own(place, method) and (spoken or list(arguments))) or []
    return [name for name in found if name in spoken] or found


def quoted(text: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return the names of the arguments that hold a value which PostgreSQL quotes in a message.

    A text that code has taken for a list of ids is quoted character by character: the arguments that
    hold one with this character, where none is quoted as a whole.

    :param text: such as ``invalid input syntax for type integer: "abc"``
    """
    parts = {
        name: [part for part in _parts(value) if isinstance(part, str | int | float)]
        for name, value in arguments.items()
    }
    whole = [name for name, own in parts.items() if any(f'"{part}"' in text for part in own)]
    return whole or [
        name
        for name, own in parts.items()
        if any(f'"{letter}"' in text for part in own if isinstance(part, str) for letter in part)
    ]


def is_of_others(exc: BaseException, package: str) -> bool:
    """Return whether an exception comes from code that a package has called, and not from its own.

    Its overrides of methods, further below, may only pass the call on.

    :param package: the name of a Python package
    """

    def is_own(place: TracebackType) -> bool:
        return f"{_module(place)}.".startswith(f"{package}.")

    below = list(dropwhile(is_own, _places(exc.__traceback__)))
    passes_on = all(
        _function(place) == _function(called) for place, called in pairwise(below) if is_own(place)
    )
    return bool(below) and passes_on and not is_own(below[-1])


def is_within(exc: BaseException, name: str) -> bool:
    """Return whether an exception was raised by a function of that name, or by what it called."""
    return any(_function(place) == name for place in _places(exc.__traceback__))


def is_about_nothing(exc: BaseException) -> bool:
    """Return whether the code of one of Odoo's models took something empty for a value."""
    places = [
        place
        for place in _places(exc.__traceback__)
        if _module(place).startswith("odoo.")
        and not _module(place).startswith(_HELPERS)
        and _function(place) != "ensure_one"
    ]
    if not places or not _module(places[-1]).startswith(_MODELS):
        return False
    if isinstance(exc, AttributeError):
        return exc.obj is None or exc.obj is False
    if isinstance(exc, TypeError):
        return bool(_NOTHING.search(str(exc)))
    return empty_record(exc) is not None


def empty_record(exc: BaseException) -> Any:
    """Return the empty set of records that code took for one record, if an exception is about one."""
    place = _innermost(exc.__traceback__)
    if place is None or _function(place) != "ensure_one":
        return None
    records = place.tb_frame.f_locals.get("self")
    return records if getattr(records, "_ids", None) == () else None


def _wrong_call(exc: BaseException) -> re.Match[str] | None:
    return _WRONG_CALL.match(str(exc)) if isinstance(exc, TypeError) else None


def _is_own(place: TracebackType, method: Any) -> bool:
    """Return whether code is that of a method, or of one that it overrides."""
    return bool(_function(place) == method.__name__)


def _browsed(ids: Any, arguments: Mapping[str, Any]) -> list[str]:
    """Return the arguments with a list or a text that was taken for these ids."""
    return [
        name
        for name, value in arguments.items()
        if any(
            isinstance(each, str | list) and tuple(each) == ids for each in _parts(value) if each
        )
    ]


def _taken_for_ids(place: TracebackType, arguments: Mapping[str, Any]) -> list[str]:
    """Return the arguments that code has taken for ids of records although they hold lists or objects."""
    for value in place.tb_frame.f_locals.values():
        ids = getattr(value, "_ids", None) if hasattr(type(value), "ensure_one") else None
        if ids and any(isinstance(each, list | dict) for each in ids):
            return _browsed(ids, arguments)
    return []


def _named_values(exc: BaseException, arguments: Mapping[str, Any]) -> list[str]:
    """Return the arguments whose value an exception names: a whole list or object, or else any part."""
    text = str(exc) if isinstance(exc, ValueError) else ""
    whole = [
        name
        for name, value in arguments.items()
        if value and isinstance(value, list | dict) and repr(value) in text
    ]
    return whole or [name for name, each in arguments.items() if _is_named(exc, [*_parts(each)])]


def _checked_values(place: TracebackType, arguments: Mapping[str, Any], method: Any) -> list[str]:
    """Return the arguments that led to a ``raise``: those of its conditions, or else of its function."""
    is_own = _is_own(place, method)
    for names in _conditions(place):
        if found := _held(place, names, arguments, only_rare=not is_own):
            return found
    return [] if is_own else _held(place, place.tb_frame.f_locals, arguments, only_rare=True)


def _held(
    place: TracebackType,
    names: Collection[str],
    arguments: Mapping[str, Any],
    *,
    only_rare: bool = False,
) -> list[str]:
    """Return the arguments whose values local variables hold.

    Several may have the same value by chance. Then they are those with the name of such a variable,
    or else those whose value nothing else is likely to hold.

    :param names: of the variables
    """
    held = [value for name, value in place.tb_frame.f_locals.items() if name in names]
    rare = [value for value in held if _is_rare(value)]
    parts = {name: list(_parts(value)) for name, value in arguments.items()}
    by_rare = [name for name, values in parts.items() if _is_among(rare, values)]
    found = by_rare
    if not only_rare:
        found = [name for name, values in parts.items() if _is_among(held, values)]
    return [name for name in found if name in names] or by_rare or found


def _conditions(place: TracebackType) -> list[set[str]]:
    """Return the names in each condition that a line of code stands below, the innermost first."""
    code, line = place.tb_frame.f_code, place.tb_lineno
    try:
        source = inspect.getsource(code)
        # one line before it, which makes the indentation of a method a valid one
        tree = ast.parse(("if True:\n" if source[:1].isspace() else "\n") + source)
    except (OSError, SyntaxError, TypeError, ValueError):  # there need not be a source
        return []
    ast.increment_lineno(tree, code.co_firstlineno - 2)
    tests = [
        node.test
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.While | ast.Assert)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return [{n.id for n in ast.walk(test) if isinstance(n, ast.Name)} for test in reversed(tests)]


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _places(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _module(place: TracebackType) -> str:
    return str(place.tb_frame.f_globals.get("__name__", ""))


def _function(place: TracebackType) -> str:
    return place.tb_frame.f_code.co_name


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


def _has_key(value: Any, key: str | None) -> bool:
    return any(isinstance(part, Mapping) and key in part for part in _parts(value))


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
