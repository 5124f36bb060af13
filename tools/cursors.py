"""Encode and decode keyset cursors: the end of a page, encrypted and authenticated.

A cursor holds the sort values of the last row, ending with its id, so that the next page begins after
them even if rows have been inserted or deleted in the meantime. It is valid only for the same request
(model, order, domain, language, user). It is encrypted because a relation is sorted by fields of its own
model, which the client has not asked for. If the values are too long for a URL, the cursor names the row
instead, and becomes invalid when the row's values change.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import ApiError, _

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MAX_LENGTH: Final = 8192
#: Maximum number of characters of a position in a URL, in any script.
_MAX_POSITION: Final = 1000

#: The sort values of a row: the text to which PostgreSQL casts each value, None for NULL.
Position = Sequence[str | None]


@dataclass(frozen=True)
class Mark:
    """A reference to a row, in place of a position that is too long for a URL."""

    record_id: int
    digest: str

    @classmethod
    def of(cls, record_id: int, position: Position) -> Mark:
        """Build the mark of a row with its position."""
        payload = json.dumps(list(position), ensure_ascii=True).encode()
        return cls(record_id, hashlib.sha256(payload).hexdigest())


def refused() -> ApiError:
    """Return the error for an invalid cursor."""
    return ApiError(
        "bad_parameter",
        _('This "cursor" does not belong to this request. Start again with an empty one.'),
        at=["cursor"],
    )


def encode(position: Position, record_id: int, binding: str, key: bytes) -> str:
    """Encode a position as a cursor.

    :param record_id: the id of the row at the position
    :param binding: a text that identifies the request for which the cursor is valid
    :param key: the secret for the encryption
    """
    held: list[Any] = list(position)
    if sum(len(text or "") for text in position) > _MAX_POSITION:
        mark = Mark.of(record_id, position)
        held = [[mark.record_id, mark.digest]]
    payload = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + _cipher(key).encrypt(nonce, payload, _bytes(binding))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def decode(text: str, terms: int, binding: str, key: bytes) -> tuple[str | None, ...] | Mark:
    """Decode a cursor to a position, or to the mark of one that was too long.

    :param terms: the number of sort values
    :raise ApiError: ``bad_parameter`` for a text that :func:`encode` did not return for this binding
    """
    if len(text) > _MAX_LENGTH or not text.isascii() or text.endswith("="):
        raise refused()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise refused() from None
    if len(raw) < _NONCE_BYTES + _TAG_BYTES:
        raise refused()
    try:
        payload = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bytes(binding))
    except InvalidTag:
        raise refused() from None
    position = tuple(json.loads(payload))
    if isinstance(position[0], list):
        return Mark(*position[0])
    if len(position) != terms:  # made for the same request before an update of the server
        raise refused()
    return position


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(key).digest())


def _bytes(binding: str) -> bytes:
    return binding.encode("utf-8", "backslashreplace")
