# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Move the clock of a running server, with libfaketime from the distribution."""

from __future__ import annotations

import shutil
from pathlib import Path

from .. import debian
from ..bootstrap import home

_PACKAGES = ["libfaketime"]


def library() -> Path | None:
    """Return the path of libfaketime, or None if there is none."""
    folder = home() / "proxies" / "faketime"
    return debian.unpacked(folder, _PACKAGES, "usr/lib/*/faketime/libfaketime.so.1")


class Clock:
    """Move the clock of the servers that are started with the environment :attr:`env`.

    :param folder: a folder that they can read
    """

    def __init__(self, folder: Path) -> None:
        source = library()
        assert source
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        own = folder / source.name
        shutil.copy(source, own)
        own.chmod(0o755)
        self._file = folder / "offset"
        self.move("+0")
        self.env = {
            "LD_PRELOAD": str(own),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # sleeping and waiting take their real time
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def move(self, offset: str) -> None:
        """Set the offset of the clock from the real time: ``+1h``, ``-1d``, ``+0``."""
        new = self._file.with_suffix(".new")
        new.write_text(offset)
        new.chmod(0o644)
        new.replace(self._file)
