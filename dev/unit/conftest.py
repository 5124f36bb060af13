"""Lets a test say `from jwt_auth_api.tools import query` without Odoo, whatever the checkout's folder is called."""

import sys
import types
from pathlib import Path

package = types.ModuleType("jwt_auth_api")
# the real __init__.py would import the controllers and models, and odoo with them
package.__path__ = [str(Path(__file__).resolve().parents[2])]
sys.modules["jwt_auth_api"] = package
