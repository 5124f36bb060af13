"""What an authenticator answered to a challenge (WebAuthn), checked for its form.

Odoo verifies it (``addons/auth_passkey``); but its library raises a dozen different exceptions for
what has not even the right form, and none may become a 500. So nothing gets there that has not::

    {"id": "<base64url>", "rawId": "<the same>", "type": "public-key",
     "response": {"clientDataJSON": "<base64url>", "authenticatorData": "<base64url>",
                  "signature": "<base64url>", "userHandle": "<base64url>" | null}}

which is what ``JSON.stringify`` makes of what ``navigator.credentials.get`` gave; other keys are
left out.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from .errors import ApiError, _

MAX_LENGTH: Final = 8192
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_FLAGS: Final = {"be": 0x08, "bs": 0x10, "at": 0x40, "ed": 0x80}
#: SHA-256 of the relying party, flags, counter.
_AUTHENTICATOR_DATA_BYTES: Final = 37


@dataclass(frozen=True)
class Assertion:
    """The answer of an authenticator, of the right form; whether it is a right answer Odoo knows."""

    #: Which passkey it is of, as it says.
    id: str
    #: The JSON that Odoo takes.
    text: str


def parse_assertion(value: Any) -> Assertion:
    """
    :raise ApiError: ``bad_value``
    """
    try:
        return _assertion(value)
    except (ValueError, RecursionError):
        raise ApiError(
            "bad_value",
            _('Send the result of navigator.credentials.get() as "credential", in JSON.'),
        ) from None


def _assertion(value: Any) -> Assertion:
    """
    :raise ValueError: when it does not have the form
    """
    given = _object(value)
    response = _object(given.get("response"))
    parts = {name: response.get(name) for name in ("clientDataJSON", "authenticatorData")}
    parts["signature"] = response.get("signature")
    decoded = {name: _bytes(part) for name, part in parts.items()}
    _check_client_data(decoded["clientDataJSON"])
    _check_authenticator_data(decoded["authenticatorData"])
    if response.get("userHandle"):
        parts["userHandle"] = response["userHandle"]
        _bytes(parts["userHandle"])
    key = given.get("id")
    _bytes(key)
    if given.get("rawId") != key or given.get("type") != "public-key":
        raise ValueError
    checked = {"id": key, "rawId": key, "type": "public-key", "response": parts}
    return Assertion(str(key), json.dumps(checked))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) > MAX_LENGTH or not _BASE64URL.fullmatch(value):
        raise ValueError
    text = value.rstrip("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_client_data(raw: bytes) -> None:
    data = _object(json.loads(raw))
    _bytes(data.get("challenge"))
    if not all(isinstance(data.get(name), str) for name in ("type", "origin")):
        raise ValueError
    binding = data.get("tokenBinding")
    if isinstance(binding, dict) and "status" not in binding:
        raise ValueError


def _check_authenticator_data(raw: bytes) -> None:
    """No new key and no extensions, which were not asked for (WebAuthn, 6.1 and 7.2); backed up only what can be."""
    if len(raw) != _AUTHENTICATOR_DATA_BYTES:
        raise ValueError
    flags = {name for name, bit in _FLAGS.items() if raw[32] & bit}
    if flags & {"at", "ed"} or ("bs" in flags and "be" not in flags):
        raise ValueError
