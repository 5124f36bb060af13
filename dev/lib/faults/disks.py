# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Mount small file systems in memory, which can be filled; only this process and its children see them."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CLONE_NEWNS = 0x20000
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18


def separate() -> bool:
    """Give this thread, and all that it starts from now on, a mount namespace of its own.

    :return: False if this process may not
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() or libc.unshare(_CLONE_NEWNS):
        return False
    return not libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


class Disk:
    """Mount a file system of some megabytes on a folder."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        options = f"size={megabytes}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)

    def own(self, like: Path) -> None:
        """Give the file system to the owner of another folder."""
        owner = like.stat()
        os.chown(self.folder, owner.st_uid, owner.st_gid)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fill the file system within a context."""
        filler = self.folder / "filler"
        try:
            self.fill()
            yield
        finally:
            filler.unlink()

    def fill(self) -> None:
        """Fill the space that is free."""
        with (self.folder / "filler").open("ab", buffering=0) as out, suppress(OSError):
            while True:
                try:
                    out.write(b"x" * 65536)
                except OSError as exc:
                    assert exc.errno == errno.ENOSPC
                    raise

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Make the file system read-only within a context."""
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, mode: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{mode}", self.folder], check=True)

    def release(self) -> None:
        """Unmount the file system."""
        subprocess.run(["umount", "-l", self.folder], check=True)
