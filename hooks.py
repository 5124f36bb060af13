# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.


def post_init_hook(env):
    """Make this database's signing key now, so that no first request has to."""
    env["jwt.signing.key"]._issuer()


def uninstall_hook(env):
    """Take the parameters along that Settings or a person made: Odoo removes only those of our data."""
    env["ir.config_parameter"].search([("key", "=like", "jwt\\_auth\\_api.%")]).unlink()
