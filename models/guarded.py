# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Models that no connection opens, and those where ``sudo`` counts for administrators alone."""

#: Never reachable, whoever asks: tokens, keys, throttles. This addon's own, and Odoo's.
UNREACHABLE = frozenset(
    [
        "connection.api.idempotency",
        "connection.api.log",
        "connection.api.usage",
        "jwt.login.throttle",
        "jwt.mfa.challenge",
        "jwt.refresh.token",
        "jwt.security.event",
        "jwt.session",
        "jwt.signing.key",
        "auth.passkey.key",
        "auth_totp.device",
        "auth.totp.rate.limit.log",
        "res.users.apikeys",
    ]
)
#: Models that decide who may do what, or that hold code or secrets: users, groups, access rights,
#: record rules, parameters, server actions, crons, views, mail servers … ``sudo`` is for
#: administrators there. A name that ends with a dot stands for all that begin with it.
PROTECTED = (
    "auth.",
    "auth_totp.",
    "base.automation",
    "base.",
    "bus.bus",
    "certificate.",
    "change.password.",
    "connection.api",
    "connection.api.",
    "fetchmail.server",
    "google.",
    "iap.",
    "ir.",
    "mail.alias",
    "mail.alias.",
    "mail.ice.server",
    "mail.push",
    "mail.push.",
    "mail.template",
    "microsoft.",
    "payment.provider",
    "payment.token",
    "portal.wizard",
    "portal.wizard.",
    "res.company.ldap",
    "res.config",
    "res.config.",
    "res.device",
    "res.device.",
    "res.groups",
    "res.groups.",
    "res.users",
    "res.users.",
)
_PROTECTED_NAMES = frozenset(name for name in PROTECTED if not name.endswith("."))
_PROTECTED_PREFIXES = tuple(name for name in PROTECTED if name.endswith("."))


def is_protected(model_name):
    return model_name in _PROTECTED_NAMES or model_name.startswith(_PROTECTED_PREFIXES)
