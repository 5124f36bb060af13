# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import api_test
from . import api_test_described
from . import api_test_reading
from . import api_test_ruled
from . import res_users
