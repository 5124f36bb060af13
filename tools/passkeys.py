"""Check the form of a passkey assertion (WebAuthn) before Odoo verifies it.

Odoo's library (``addons/auth_passkey``) raises a dozen different exceptions for malformed assertions, none
of which may become a 500. So only assertions of this form are passed to it::

    {"id": "<base64url>", "rawId": "<the same>", "type": "public-key",
     "response": {"clientDataJSON": "<base64url>", "authenticatorData": "<base64url>",
                  "signature": "<base64url>", "userHandle": "<base64url>" | null}}

This is the result of ``navigator.credentials.get`` as ``JSON.stringify`` returns it. Other keys are removed.
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
    """A well-formed assertion, not verified yet."""

    #: The id of the passkey, as the client states it.
    id: str
    #: The assertion as JSON for Odoo.
    text: str


def parse_assertion(value: Any) -> Assertion:
    """Parse the assertion that a client sends.

    :raise ApiError: ``bad_value`` for a malformed one
    """
    try:
        return _assertion(value)
    except (ValueError, RecursionError):
        raise ApiError(
            "bad_value",
            _('Send the result of navigator.credentials.get() as "credential", in JSON.'),
        ) from None


def _assertion(value: Any) -> Assertion:
    """Build an assertion from the values that a client sends.

    :raise ValueError: if they do not have the right form
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
    """Check the authenticator data (WebAuthn, 6.1 and 7.2).

    It must have no new key and no extensions, and only a key that can be backed up may be backed up.
    """
    if len(raw) != _AUTHENTICATOR_DATA_BYTES:
        raise ValueError
    flags = {name for name, bit in _FLAGS.items() if raw[32] & bit}
    if flags & {"at", "ed"} or ("bs" in flags and "be" not in flags):
        raise ValueError
