"""Build and compare entity tags of single records (RFC 9110, section 8.8): ``"<version>.<digest>"``.

The version is that of the record, whatever fields are requested, and protects writes (``If-Match``). The
digest is that of the response, for ``If-None-Match``. Both are hashes and reveal nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

#: An entity tag; ``W/`` is ignored, because proxies that compress a response add it to our tags.
_TAG: Final = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')
_LENGTH: Final = 16


def digest(data: bytes) -> str:
    """Return a short hash of data."""
    return hashlib.sha256(data).hexdigest()[:_LENGTH]


def tag(version: str, body: bytes) -> str:
    """Return the entity tag of a response for one record, including quotes."""
    return f'"{version}.{digest(body)}"'


def is_none_match(header: str, current: str) -> bool:
    """Return whether ``If-None-Match`` names the current tag, so that the client already has the response."""
    return header.strip() == "*" or current.strip('"') in _TAG.findall(header)


def is_match(header: str, version: str) -> bool:
    """Return whether ``If-Match`` names the record's current version.

    Only the version is compared, so that a tag from a read of any fields protects any write.
    """
    if header.strip() == "*":
        return True
    return any(found.partition(".")[0] == version for found in _TAG.findall(header))
