# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check whether arguments fit the signature of a method and of the methods that it overrides."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

_Parameter = inspect.Parameter
#: Kinds of parameters that collect any number of arguments: ``*args`` and ``**kwargs``.
_COLLECTING: Final = (_Parameter.VAR_POSITIONAL, _Parameter.VAR_KEYWORD)
#: Python's message for a call with arguments that do not fit the called function.
_WRONG_CALL: Final = re.compile(
    r"(?:[\w<>]+\.)*(?P<function>[\w<>]+)\(\) (?:"
    r"takes (?:from \d+ to )?(?P<many>\d+) positional arguments? but "
    r"|missing \d+ required (?:positional|keyword-only) arguments?: '(?P<missing>\w+)'"
    r"|got multiple values for (?:keyword )?argument '(?P<twice>.+?)'(?:\.|$)"
    r"|got an unexpected keyword argument '(?P<unknown>.+?)'(?:\.|$))",
    re.DOTALL,
)


def mismatch(method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why arguments do not fit a method, before it is called.

    :param method: a function whose first parameter is the object it is called on
    :return: ``missing``, ``unknown`` or ``twice`` with the name of the argument, or ``many`` with the
        maximum number of positional arguments; None if they fit
    """
    _self, *parameters = inspect.signature(method).parameters.values()
    kinds = {each.kind for each in parameters}
    positional = [
        each.name
        for each in parameters
        if each.kind in (_Parameter.POSITIONAL_ONLY, _Parameter.POSITIONAL_OR_KEYWORD)
    ]
    by_name = [
        each.name
        for each in parameters
        if each.kind in (_Parameter.POSITIONAL_OR_KEYWORD, _Parameter.KEYWORD_ONLY)
    ]
    if len(args) > len(positional) and _Parameter.VAR_POSITIONAL not in kinds:
        return "many", str(len(positional))
    given = positional[: len(args)]
    for name in kwargs:
        if name in given and name in by_name:
            return "twice", name
        if name not in by_name and _Parameter.VAR_KEYWORD not in kinds:
            return "unknown", name
    for each in parameters:
        is_required = each.kind not in _COLLECTING and each.default is _Parameter.empty
        if is_required and each.name not in given and each.name not in kwargs:
            return "missing", each.name
    return None


def mismatch_of_override(
    exc: BaseException, method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return why arguments do not fit an overridden method, as :func:`mismatch` does.

    A method with ``*args`` or ``**kwargs`` passes on arguments that the overridden one may not take.

    :param exc: the exception that the call raised
    :return: None if the exception has another cause, or one that the client cannot change
    """
    call = wrong_call(exc)
    if call is None or call["function"] != method.__name__:
        return None
    most = int(call["many"] or 0) - 1  # without the record
    if call["many"] and len(args) > most:
        return "many", str(max(most, 0))
    if call["unknown"] in kwargs:
        return "unknown", call["unknown"]
    if call["twice"] and (args or call["twice"] in kwargs):
        return "twice", call["twice"]
    if call["missing"] and call["missing"] not in kwargs:
        return "missing", call["missing"]
    return None


def wrong_call(exc: BaseException) -> re.Match[str] | None:
    """Match the message of an exception for a call with arguments that do not fit; None for another one."""
    return _WRONG_CALL.match(str(exc)) if isinstance(exc, TypeError) else None


def arguments_by_name(
    method: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return arguments that fit a method by the names of its parameters; those of ``**kwargs`` by their own."""
    signature = inspect.signature(method)
    bound = signature.bind(None, *args, **kwargs).arguments
    first, *_others = bound
    named = {name: value for name, value in bound.items() if name != first}
    for parameter in signature.parameters.values():
        if parameter.kind is _Parameter.VAR_KEYWORD:
            named.update(named.pop(parameter.name, {}))
    return named


def overrides(model: type, name: str) -> list[Callable[..., Any]]:
    """Return the functions that define a method, the outermost override first."""
    functions = [vars(each)[name] for each in model.__mro__ if name in vars(each)]
    return [each for each in functions if inspect.isfunction(each)]


def undeclared(functions: Iterable[Callable[..., Any]], kwargs: Mapping[str, Any]) -> set[str]:
    """Return the names of arguments that no override declares, so that ``**kwargs`` takes them.

    :param functions: the overrides, as :func:`overrides` returns them
    """
    return set(kwargs).difference(*(inspect.signature(each).parameters for each in functions))
