# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A web server for pages of another origin than Odoo's."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving_folder(folder: Path, port: int = 0) -> Iterator[int]:
    """Serve the files of *folder*; gives the port on 127.0.0.1, by default one that is free."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        yield pages.server_port
        pages.shutdown()
