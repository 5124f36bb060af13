"""Lets a test say `from jwt_auth_api.tools import queries` without Odoo, whatever the checkout's folder is called."""

import sys
import types
from pathlib import Path

from hypothesis import settings

package = types.ModuleType("jwt_auth_api")
# the real __init__.py would import the controllers and models, and odoo with them
package.__path__ = [str(Path(__file__).resolve().parents[2])]
sys.modules["jwt_auth_api"] = package

# no deadline: a test may not fail because the machine is busy. `dev/test unit --hypothesis-profile=long` looks longer.
settings.register_profile("short", deadline=None, max_examples=40)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile("short")
