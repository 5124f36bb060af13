# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from .tools import settings


def post_init_hook(env):
    """Make this database's signing key now, so that no first request has to.

    The durations and limits are written out, so that they can be found among the system parameters. They are
    no data records: one that a person deletes and makes again would stop the next update.
    """
    env["jwt.signing.key"]._issuer()
    parameters = env["ir.config_parameter"]
    for name in (*settings.DURATIONS, *settings.LIMITS):
        key = settings.parameter(name)
        if not parameters.get_param(key):
            parameters.set_param(key, str(settings.NUMBERS[name].default))


def uninstall_hook(env):
    """Take the parameters along, which no data file names."""
    env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")]).unlink()
