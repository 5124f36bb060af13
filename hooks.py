# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging

from .engine import takeover
from .tools import settings

_logger = logging.getLogger(__name__)


def pre_init_hook(env):
    """Take over the connections of another module with the same table, and delete its tokens and keys."""
    takeover.take_over_from_others(env.cr)
    if env["ir.module.module"]._get(takeover.REST_API_ODOO).state == "installed":
        _logger.warning(
            "Uninstall %s now: doc/migration.md says how. Its connections are kept.",
            takeover.REST_API_ODOO,
        )


def post_init_hook(env):
    """Create this database's signing keys, so that the first request need not do it.

    Some settings are written out, so that people find them among the system parameters. They are not
    data records: if somebody deleted such a record and created it again, the next update would fail.
    """
    env["jwt.signing.key"]._issuer()
    parameters = env["ir.config_parameter"]
    for setting in settings.SETTINGS.values():
        if setting.is_written_out and not parameters.get_param(setting.parameter):
            parameters.set_param(setting.parameter, str(setting.default))


def uninstall_hook(env):
    """Delete what Odoo does not delete with the addon, because no data file declares it.

    These are the system parameters, what users have stored for the addon's lists (favourites, and
    templates of exports), and the devices of API sessions in Odoo's own device list.
    """
    env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")]).unlink()
    own = [name for name in env if env[name]._original_module == "jwt_auth_api"]
    env["ir.filters"].with_context(active_test=False).search([("model_id", "in", own)]).unlink()
    env["ir.exports"].search([("resource", "in", own)]).unlink()
    env.cr.execute(
        "DELETE FROM res_device_log d USING jwt_session s WHERE d.session_identifier = s.sid"
    )
