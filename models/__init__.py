# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import base
from . import connection_api
from . import connection_api_action
from . import connection_api_exposure
from . import connection_api_filter
from . import connection_api_idempotency
from . import connection_api_limits
from . import connection_api_log
from . import connection_api_protection
from . import connection_api_usage
from . import ir_actions_report
from . import ir_attachment
from . import ir_config_parameter
from . import ir_http
from . import ir_model_access
from . import ir_model_fields
from . import ir_rule
from . import ir_ui_menu
from . import jwt_cache_version
from . import jwt_login_throttle
from . import jwt_mfa_challenge
from . import jwt_refresh_token
from . import jwt_session
from . import jwt_security_event  # after sessions: PostgreSQL follows foreign keys in this order
from . import jwt_signing_key
from . import res_company
from . import res_config_settings
from . import res_device
from . import res_groups
from . import res_partner
from . import res_users
from . import res_users_apikeys
