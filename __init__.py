# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from . import controllers
from . import models
from .hooks import post_init_hook, pre_init_hook, uninstall_hook
