# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import test_described
from . import test_domains
from . import test_constraints
from . import test_faults
from . import test_forgetful
from . import test_actions
from . import test_paging
from . import test_reading
from . import test_rules
from . import test_types
from . import test_unchanged
from . import test_value_forms
from . import test_views
