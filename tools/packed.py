"""Keep a document in memory, compressed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from . import etag


@dataclass(frozen=True)
class Packed:
    """A document, with a hash of it for entity tags."""

    digest: str
    compressed: bytes

    @classmethod
    def of(cls, data: bytes) -> Packed:
        return cls(etag.digest(data), zlib.compress(data))

    def data(self) -> bytes:
        """Return the document."""
        return zlib.decompress(self.compressed)
