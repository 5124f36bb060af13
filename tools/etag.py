"""Entity tags of single records (RFC 9110, section 8.8): ``"<version>.<digest>"``.

The version is that of the record, whatever was asked of it, and guards writes (``If-Match``); the
digest is that of the answer, for ``If-None-Match``. Both are hashes and tell nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

#: ``*``, or tags; ``W/`` is left aside, since proxies that compress put it before tags of ours.
_TAG: Final = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')
_LENGTH: Final = 16


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_LENGTH]


def tag(version: str, body: bytes) -> str:
    """The tag of an answer about one record, quotes included."""
    return f'"{version}.{digest(body)}"'


def is_none_match(header: str, current: str) -> bool:
    """Whether ``If-None-Match`` names the current tag: the client has this answer already."""
    return header.strip() == "*" or current.strip('"') in _TAG.findall(header)


def is_match(header: str, version: str) -> bool:
    """Whether ``If-Match`` names the record's current version.

    Compared is the version alone, so that a tag got with one set of fields guards any write.
    """
    if header.strip() == "*":
        return True
    return any(found.partition(".")[0] == version for found in _TAG.findall(header))
