"""Keyset cursors: where a page ended, as text that a client hands back and can neither read nor change.

A cursor holds the values by which the last row was sorted, ending with its id, so that the next
page begins behind them however many rows have come and gone in the meantime. It is bound to what
was asked (model, order, domain, language, user): with anything else it is no cursor. It is sealed
because a relation sorts by fields of its own model, which the client has not asked for. Where the
values are too long for a URL it names the row instead, and is no good once that has other ones.
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
#: Characters of a position that a URL has room for, in whatever script.
_MAX_POSITION: Final = 1000

#: How a row is sorted: the text of each value as PostgreSQL casts it, None for NULL.
Position = Sequence[str | None]


@dataclass(frozen=True)
class Mark:
    """In place of a position that is too long for a URL: the row that has it, while it has it."""

    record_id: int
    digest: str

    @classmethod
    def of(cls, record_id: int, position: Position) -> Mark:
        payload = json.dumps(list(position), ensure_ascii=True).encode()
        return cls(record_id, hashlib.sha256(payload).hexdigest())


def refused() -> ApiError:
    return ApiError(
        "bad_parameter",
        _('This "cursor" does not belong to this request. Start again with an empty one.'),
    )


def encode(position: Position, record_id: int, binding: str, key: bytes) -> str:
    """The cursor of a position.

    :param record_id: of the row that is there
    :param binding: everything the cursor is good for alone
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
    """The position of a cursor, or the mark of one that was too long.

    :param terms: how many values it has to have
    :raise ApiError: ``bad_parameter`` for anything that :func:`encode` did not make for this binding
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
    if len(position) != terms:  # the same request before an update of the server
        raise refused()
    return position


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(key).digest())


def _bytes(binding: str) -> bytes:
    return binding.encode("utf-8", "backslashreplace")
