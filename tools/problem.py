# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Error responses in the form of RFC 9457, for clients that ask for ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from .errors import ApiError

PROBLEM_TYPE: Final = "application/problem+json"
_JSON_TYPE: Final = "application/json"
#: Maximum length of ``Accept`` that is parsed; browsers send less than 200 characters.
MAX_ACCEPT: Final = 1000
#: Words of a code that a title writes in capitals.
_CAPITALS: Final = {"json": "JSON", "mfa": "MFA"}


def may_name(accept: str) -> bool:
    """Return whether the header ``Accept`` is worth parsing: it is short, and names the type."""
    return len(accept) <= MAX_ACCEPT and PROBLEM_TYPE in accept.lower()


def is_wanted(accepted: Iterable[tuple[str, float]]) -> bool:
    """Return whether a client prefers a problem to the usual JSON: it has to name the type itself.

    :param accepted: pairs of media type and quality, as werkzeug parses ``Accept``
    """
    named: dict[str, float] = {}
    for text, quality in accepted:
        named.setdefault(text.partition(";")[0].strip().lower(), quality)
    wanted = named.get(PROBLEM_TYPE, 0)
    return bool(wanted and wanted >= named.get(_JSON_TYPE, 0))


def title(code: str) -> str:
    """Return a short text for an error code, which is the same whenever the error occurs."""
    words = [_CAPITALS.get(word, word) for word in code.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def body(error: ApiError, documents: str, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the body of a problem (RFC 9457, section 3).

    :param documents: the address of the page that explains each error
    :param translate: as for :meth:`~.errors.ApiError.message`
    """
    fields = error.fields(translate)
    return {
        "type": f"{documents}#error-{error.error}",
        "title": title(error.error),
        "status": error.code,
        "detail": error.message(translate),
        "code": error.error,
        **({"fields": fields} if fields else {}),
        **error.extra,
    }
