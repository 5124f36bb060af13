# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from .tools import settings


def post_init_hook(env):
    """Make this database's signing key now, so that no first request has to.

    Some settings are written out, so that people find them among the system parameters. They are no data
    records: one that a person deletes and creates again would stop the next update.
    """
    env["jwt.signing.key"]._issuer()
    parameters = env["ir.config_parameter"]
    for setting in settings.SETTINGS.values():
        if setting.is_written_out and not parameters.get_param(setting.parameter):
            parameters.set_param(setting.parameter, str(setting.default))


def uninstall_hook(env):
    """Take the parameters along, which no data file names."""
    env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")]).unlink()
