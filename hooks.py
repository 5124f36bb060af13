# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.


def post_init_hook(env):
    """Make this database's signing key now, so that no first request has to."""
    env["jwt.signing.key"]._issuer()
