"""Black-box tests: a real server with two workers, HTTP in, and SQL to see what happened."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.fixtures import admin, http, server  # noqa: F401
