"""Where the refresh token is kept between two runs of a program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class TokenStore(Protocol):
    """Keeps one refresh token. Write your own for a keyring or a database."""

    def load(self) -> str | None:
        """Return the stored token, or None."""

    def save(self, token: str | None) -> None:
        """Store a token in place of the one before; None: forget it."""


class MemoryStore:
    """Keeps the token until the program ends."""

    def __init__(self) -> None:
        self._token: str | None = None

    def load(self) -> str | None:
        return self._token

    def save(self, token: str | None) -> None:
        self._token = token


class FileStore:
    """Keeps the token in a file that only its owner can read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        try:
            return self._path.read_text() or None
        except FileNotFoundError:
            return None

    def save(self, token: str | None) -> None:
        if token is None:
            self._path.unlink(missing_ok=True)
            return
        # complete or not at all: a program that is stopped here must not lose its session
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.touch(0o600)
        new.write_text(token)
        new.replace(self._path)
