"""Where the refresh token is kept between two runs of a program."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Protocol

from .errors import StoreError

_logger = logging.getLogger(__name__)


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


class SturdyStore:
    """Keeps in memory what the given store cannot keep, so that a full disk ends no session."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._kept: str | None = None

    def load(self) -> str | None:
        """Return the token.

        :raise StoreError: if the store cannot be read
        """
        if self._kept:
            return self._kept
        try:
            return self._store.load()
        except Exception as error:
            raise StoreError from error

    def save(self, token: str | None) -> None:
        self._kept = None
        try:
            self._store.save(token)
        except Exception:
            _logger.warning("The refresh token is kept until the program ends.", exc_info=True)
            self._kept = token
            if token is not None:
                # the one before may have been used: the next run must not send it
                with contextlib.suppress(Exception):
                    self._store.save(None)


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
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
        new = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(token)
            new.replace(self._path)
        except BaseException:
            new.unlink()
            raise
