"""The OpenAPI document and its page: what other tools make of them, against a real server with two workers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.chromium import chromium, page  # noqa: F401
from lib.fixtures import admin, http, server  # noqa: F401
