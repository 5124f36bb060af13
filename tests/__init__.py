# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import test_auth_method
from . import test_backend
from . import test_connection
from . import test_dispatcher
from . import test_events
from . import test_idempotency
from . import test_keys
from . import test_login
from . import test_mfa
from . import test_passkey
from . import test_policy
from . import test_policy_rules
from . import test_rate_limit
from . import test_read_more
from . import test_refresh
from . import test_request_log
from . import test_resource_paths
from . import test_resources
from . import test_revoke
from . import test_security
from . import test_send_request_read
from . import test_send_request_write
from . import test_sessions
from . import test_strict
from . import test_throttle
from . import test_write_more
