"""Check the header ``Idempotency-Key``, and compare the requests that use the same key."""

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
    """Return a valid key unchanged; quotes around it are a part of it.

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
    """Return the fingerprint of a request, which is the same for requests with the same meaning.

    It ignores white space, the order of parameters and keys, and the ``id`` of a JSON-RPC envelope, which
    differs for each request of a client.

    :param params: the parameters of the query string
    :param body: the decoded body, without its envelope; :func:`.text.parse_json` bounds its depth
    :param company: the active companies, as the client sent them
    """
    asked = json.dumps([method, path, sorted(params), body, company], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()
