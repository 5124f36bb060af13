# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.addons.jwt_auth_api.engine import takeover

#: Models that have other names now: jwt.throttle, jwt.login.challenge, connection.api.rate.limit.
RENAMED = ("jwt.login.throttle", "jwt.mfa.challenge", "connection.api.usage")


def migrate(cr, version):
    """Remove models that have other names now, and take over the tables of an earlier module of this name.

    The removed models held counts and logins that had begun: nothing that is missed minutes later.
    """
    for model in RENAMED:
        takeover.forget_model(cr, model)
    takeover.take_over(cr)
