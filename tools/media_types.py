# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check media types, which Odoo stores as any text (RFC 9110, section 8.3.1)."""

from __future__ import annotations

import re
from typing import Final

#: The type of bytes of which nothing is known.
UNKNOWN: Final = "application/octet-stream"
_NAME: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_QUOTED: Final = r'"[ !#-\[\]-~]*"'
_MEDIA_TYPE: Final = re.compile(rf"{_NAME}/{_NAME}(?:[ \t]*;[ \t]*{_NAME}=(?:{_NAME}|{_QUOTED}))*")


def sendable(text: str | None) -> str:
    """Return a stored media type if it can be sent in a header, else :data:`UNKNOWN`.

    A line break would make the response fail.
    """
    return text if text and _MEDIA_TYPE.fullmatch(text) else UNKNOWN
