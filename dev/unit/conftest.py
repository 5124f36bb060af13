"""The tests of `dev/unit` import the addon's `tools/`, without Odoo, and `dev/lib`."""

import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import addon

addon.importable()

# No deadline: a test may not fail because the machine is busy. On CI the examples are the same in each run, so that a
# failure there is one of the change. `dev/test unit --hypothesis-profile=long` looks longer.
settings.register_profile(
    "short", deadline=None, max_examples=40, derandomize=bool(os.environ.get("CI"))
)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.register_profile("soak", deadline=None, max_examples=1400)
settings.load_profile("short")
