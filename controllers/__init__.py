# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import dispatcher  # first: @route asserts that its type exists
from . import auth
from . import documents
from . import records
