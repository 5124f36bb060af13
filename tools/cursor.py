"""Keyset cursors: where a page ended, as text that a client hands back and cannot change.

A cursor holds the values by which the last row was sorted, ending with its id, so that the next
page begins behind them however many rows have come and gone in the meantime. It is bound to what
was asked (model, order, domain, language, user): with anything else it is no cursor.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final

from .errors import ApiError, _

#: Bytes of the HMAC that are kept: 128 bits.
_MAC_BYTES: Final = 16
_MAX_LENGTH: Final = 8192

#: How a row is sorted: the text of each value as PostgreSQL casts it, None for NULL.
Position = Sequence[str | None]


def encode(position: Position, binding: str, key: bytes) -> str:
    """The cursor of a position.

    :param binding: everything the cursor is good for alone
    """
    payload = json.dumps(list(position), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(payload, binding, key) + payload).rstrip(b"=").decode()


def decode(text: str, terms: int, binding: str, key: bytes) -> tuple[str | None, ...]:
    """The position of a cursor.

    :param terms: how many values it has to have
    :raise ApiError: ``bad_parameter`` for anything that :func:`encode` did not make for this binding
    """
    refused = ApiError(
        "bad_parameter",
        _('This "cursor" does not belong to this request. Begin again with an empty one.'),
    )
    if len(text) > _MAX_LENGTH or not text.isascii():
        raise refused
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise refused from None
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(payload, binding, key)):
        raise refused
    position = tuple(json.loads(payload))
    if len(position) != terms:  # the same request before an update of the server
        raise refused
    return position


def _mac(payload: bytes, binding: str, key: bytes) -> bytes:
    message = hashlib.sha256(binding.encode("utf-8", "backslashreplace")).digest() + payload
    return hmac.digest(key, message, "sha256")[:_MAC_BYTES]
