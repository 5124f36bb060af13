"""The header ``Idempotency-Key``: what a key may be, and when two requests are the same one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from .errors import ApiError, _

MAX_KEY_LENGTH: Final = 255
_KEY: Final = re.compile(rf"[\x20-\x7e]{{1,{MAX_KEY_LENGTH}}}")


def parse_key(text: str) -> str:
    """The key as it was sent; quotes, where a client puts it in quotes, are a part of it.

    :raise ApiError: ``bad_parameter``
    """
    if not _KEY.fullmatch(text):
        raise ApiError(
            "bad_parameter",
            _("Idempotency-Key must be 1 to %(longest)s printable ASCII characters."),
            longest=MAX_KEY_LENGTH,
        )
    return text


def fingerprint(
    method: str, path: str, params: Iterable[tuple[str, str]], body: Any, company: str = ""
) -> str:
    """A digest of what a request asks for: requests that ask for the same have the same one.

    Neither the order of parameters and keys counts, nor white space, nor the ``id`` of a JSON-RPC
    envelope, which a client numbers anew.

    :param params: of the query string
    :param company: the companies that it is made for, as they were sent
    :param body: decoded, out of its envelope
    :raise ApiError: ``bad_json`` for one that is nested too deeply
    """
    try:
        asked = json.dumps([method, path, sorted(params), body, company], sort_keys=True)
    except RecursionError:
        raise ApiError("bad_json", _("The body is nested too deeply.")) from None
    return hashlib.sha256(asked.encode()).hexdigest()
