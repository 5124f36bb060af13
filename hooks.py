# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from .tools import settings


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
    """Delete the system parameters, which no data file declares."""
    env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")]).unlink()
