# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find the argument of a method, or the constraint, that an exception is about, or whether it is about an empty value.

A method fails in the same ways because of a wrong argument and because of an error in its own code: with a
``TypeError``, a ``KeyError`` … The place where the exception was raised distinguishes them. An exception is
about an argument if the code there uses a value that the client sent, or if its message names one.

The functions inspect the traceback of an exception; a "place" is one entry of it.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from types import TracebackType
from typing import Any, Final, TypeAlias

from .signatures import wrong_call

#: Argument → value, as :func:`~.signatures.arguments_by_name` returns them.
Arguments: TypeAlias = Mapping[str, Any]

#: Exceptions that a wrong argument causes, and an error in the code as well.
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
#: In Python's message for an operation on an empty value: None or Odoo's False.
_EMPTY: Final = re.compile(r"\b(?:NoneType|bool)\b")
#: The modules of Odoo's models, and the helpers that they call.
_MODELS, _HELPERS = "odoo.addons.", "odoo.tools."


def arguments_at_fault(
    exc: BaseException, arguments: Arguments, method: Any, undeclared: Collection[str] = ()
) -> list[str]:
    """Return the names of the arguments that an exception is about; none for an error in the code.

    :param arguments: the arguments that the client sent
    :param method: the method that was called with them; a check in its own code can only be about them
    :param undeclared: names that the client may have made up (:func:`~.signatures.undeclared`): an
        exception whose message contains such a name is about that argument
    """
    place = _raised_at(exc)
    if place is None:
        return []
    if call := wrong_call(exc):
        key = call["unknown"] or call["twice"]
        return [
            name
            for name, value in arguments.items()
            if (name == key and name in undeclared) or _has_key(value, key)
        ]
    if _function(place) == "ensure_one":
        return _taken_for(getattr(place.tb_frame.f_locals.get("self"), "_ids", None), arguments)
    if isinstance(exc, TypeError) and (found := _taken_for_invalid_ids(place, arguments)):
        return found
    mentioned = [name for name in arguments if _has_word(str(exc), name)]
    found = _named_by_value(exc, arguments) or _held(place, _variables_of_line(place), arguments)
    if not found and isinstance(exc, TypeError | ValueError | KeyError):
        found = [name for name in mentioned if name in undeclared]
    if not found and _has_raise(place):
        found = _checked(place, arguments, method)
    return [name for name in found if name in mentioned] or found


def quoted_arguments(text: str, arguments: Arguments) -> list[str]:
    """Return the names of the arguments with a value that PostgreSQL quotes in a message.

    If code uses a text as a list of ids, PostgreSQL quotes a single character of it. So if no whole value is
    quoted, these are the arguments with text that contains the quoted character.

    :param text: the message, such as ``invalid input syntax for type integer: "abc"``
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


def is_raised_outside(exc: BaseException, package: str) -> bool:
    """Return whether code that a package has called raised an exception, and not its own code.

    Overrides of the package further down count as its own code, unless they only pass the call on.

    :param package: the name of a Python package
    """

    def is_own(place: TracebackType) -> bool:
        return f"{_module(place)}.".startswith(f"{package}.")

    called = list(dropwhile(is_own, _places(exc)))
    passes_on = all(
        _function(place) == _function(below) for place, below in pairwise(called) if is_own(place)
    )
    return bool(called) and passes_on and not is_own(called[-1])


def is_raised_in(exc: BaseException, name: str) -> bool:
    """Return whether a function of that name, or code that it called, raised an exception."""
    return any(_function(place) == name for place in _places(exc))


def is_about_empty_value(exc: BaseException) -> bool:
    """Return whether the code of a model of Odoo failed because it used an empty value."""
    places = [
        place
        for place in _places(exc)
        if _module(place).startswith("odoo.")
        and not _module(place).startswith(_HELPERS)
        and _function(place) != "ensure_one"
    ]
    if not places or not _module(places[-1]).startswith(_MODELS):
        return False
    if isinstance(exc, AttributeError):
        return exc.obj is None or exc.obj is False
    if isinstance(exc, TypeError):
        return bool(_EMPTY.search(str(exc)))
    return empty_record(exc) is not None


def empty_record(exc: BaseException) -> Any:
    """Return the empty recordset that code used as a single record; None for another exception."""
    place = _raised_at(exc)
    if place is None or _function(place) != "ensure_one":
        return None
    records = place.tb_frame.f_locals.get("self")
    return records if getattr(records, "_ids", None) == () else None


@dataclass(frozen=True)
class FailedConstraint:
    """A constraint in Python (``@api.constrains``) that raised an exception.

    :ivar names: the fields of the constraint
    :ivar records: the records that it checked
    :ivar record_id: the id of the one on which it failed; None if its code does not tell
    """

    names: tuple[str, ...]
    records: Any
    record_id: Any


def failed_constraints(exc: BaseException) -> Iterator[FailedConstraint]:
    """Yield the constraints whose code led to an exception, the innermost first.

    Odoo calls all constraints in ``_validate_fields``. The records of a constraint are checked one after the
    other, so the variables of its code hold the one that failed.
    """
    places = [*_places(exc)]
    for index, place in reversed([*enumerate(places)]):
        variables = place.tb_frame.f_locals
        names = getattr(variables.get("check"), "_constrains", None)
        records: Any = variables.get("self")
        if _function(place) != "_validate_fields" or not names or not hasattr(records, "_ids"):
            continue
        current = {
            value._ids[0]
            for below in places[index + 1 : index + 2]
            for value in below.tb_frame.f_locals.values()
            if type(value) is type(records) and len(value._ids) == 1
        }
        known = [record_id for record_id in records._ids if record_id in current]
        yield FailedConstraint(tuple(names), records, known[0] if len(known) == 1 else None)


def owner_of_code(exc: BaseException) -> Any:
    """Return the ``self`` of the code that raised an exception, itself or in a helper of Odoo that it called."""
    places = [place for place in _places(exc) if not _module(place).startswith(_HELPERS)]
    return places[-1].tb_frame.f_locals.get("self") if places else None


# --- arguments -------------------------------------------------------------------------------


def _taken_for(ids: Any, arguments: Arguments) -> list[str]:
    """Return the arguments with a list or a text whose items code used as these ids."""
    return [
        name
        for name, value in arguments.items()
        if any(
            isinstance(each, str | list) and tuple(each) == ids for each in _parts(value) if each
        )
    ]


def _taken_for_invalid_ids(place: TracebackType, arguments: Arguments) -> list[str]:
    """Return the arguments that code used as ids of records although they contain lists or objects."""
    for value in place.tb_frame.f_locals.values():
        ids = getattr(value, "_ids", None) if hasattr(type(value), "ensure_one") else None
        if ids and any(isinstance(each, list | dict) for each in ids):
            return _taken_for(ids, arguments)
    return []


def _named_by_value(exc: BaseException, arguments: Arguments) -> list[str]:
    """Return the arguments whose value the exception names: a whole list or object, or else any part."""
    text = str(exc) if isinstance(exc, ValueError) else ""
    whole = [
        name
        for name, value in arguments.items()
        if value and isinstance(value, list | dict) and repr(value) in text
    ]
    return whole or [name for name, each in arguments.items() if _is_named(exc, [*_parts(each)])]


def _checked(place: TracebackType, arguments: Arguments, method: Any) -> list[str]:
    """Return the arguments that led to a ``raise``.

    They are those in the conditions around it. Without any, they are all arguments if the ``raise`` is in
    the method itself, and otherwise those that local variables of its function hold.
    """
    is_own = _function(place) == method.__name__
    for names in _conditions(place):
        if found := _held(place, names, arguments, only_rare=not is_own):
            return found
    if is_own:
        return list(arguments)
    return _held(place, place.tb_frame.f_locals, arguments, only_rare=True)


def _held(
    place: TracebackType,
    names: Collection[str],
    arguments: Arguments,
    *,
    only_rare: bool = False,
) -> list[str]:
    """Return the arguments whose values local variables hold.

    Several arguments may have the same value by chance. Then the result is those with the name of such a
    variable, or else those with a rare value (:func:`_is_rare`).

    :param names: the names of the variables
    :param only_rare: whether to ignore values that are not rare
    """
    values = [value for name, value in place.tb_frame.f_locals.items() if name in names]
    by_rare = _containing(arguments, [value for value in values if _is_rare(value)])
    found = by_rare if only_rare else _containing(arguments, values)
    return [name for name in found if name in names] or by_rare or found


def _containing(arguments: Arguments, values: Sequence[Any]) -> list[str]:
    """Return the arguments that are, or contain, one of the values: the same object, not an equal one."""
    return [
        name
        for name, argument in arguments.items()
        if any(part is value for part in _parts(argument) for value in values)
    ]


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield a value and everything that it contains."""
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


def _is_rare(value: Any) -> bool:
    """Return whether other code is unlikely to hold the same object, unlike None, 1 or an empty text."""
    if isinstance(value, str):
        return len(value) > 1
    return isinstance(value, float | list | dict) or (type(value) is int and abs(value) > 256)


def _has_key(value: Any, key: str | None) -> bool:
    return any(isinstance(part, Mapping) and key in part for part in _parts(value))


def _is_named(exc: BaseException, parts: Sequence[Any]) -> bool:
    """Return whether an exception names one of the values, or is about an attribute that one of them lacks."""
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


# --- places of a traceback -------------------------------------------------------------------


def _places(exc: BaseException) -> Iterator[TracebackType]:
    """Yield the places of an exception's traceback, the innermost last."""
    trace = exc.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _raised_at(exc: BaseException) -> TracebackType | None:
    """Return the place where an exception was raised; None for one that was not raised."""
    return next(reversed([*_places(exc)]), None)


def _module(place: TracebackType) -> str:
    return str(place.tb_frame.f_globals.get("__name__", ""))


def _function(place: TracebackType) -> str:
    return place.tb_frame.f_code.co_name


def _has_raise(place: TracebackType) -> bool:
    """Return whether the place is a ``raise`` or ``assert``, so that the code has checked something."""
    code = dis.get_instructions(place.tb_frame.f_code)
    return any(each.offset == place.tb_lasti and each.opname.startswith("RAISE") for each in code)


def _variables_of_line(place: TracebackType) -> set[str]:
    """Return the names of the local variables that the line of a place uses."""
    code = place.tb_frame.f_code
    names: set[str] = set()
    ranges = [
        range(first, last) for first, last, line in code.co_lines() if line == place.tb_lineno
    ]
    for each in dis.get_instructions(code):
        is_variable = "FAST" in each.opname or "DEREF" in each.opname
        if is_variable and any(each.offset in offsets for offsets in ranges):
            # from Python 3.13 on, one instruction may load two variables
            names.update(each.argval if isinstance(each.argval, tuple) else [each.argval])
    return names


def _conditions(place: TracebackType) -> list[set[str]]:
    """Return the names in each condition around the line of a place, the innermost condition first."""
    code, line = place.tb_frame.f_code, place.tb_lineno
    try:
        source = inspect.getsource(code)
        # the additional first line makes the indentation of a method valid
        tree = ast.parse(("if True:\n" if source[:1].isspace() else "\n") + source)
    except (OSError, SyntaxError, TypeError, ValueError):  # the source may not be available
        return []
    ast.increment_lineno(tree, code.co_firstlineno - 2)
    tests = [
        node.test
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.While | ast.Assert)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return [{n.id for n in ast.walk(test) if isinstance(n, ast.Name)} for test in reversed(tests)]
