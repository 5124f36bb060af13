# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Models that no connection opens, and those where a grant counts for administrators alone.

Most of the latter are found by rule (``connection_api_protection.py``); here are those that no rule
finds.
"""

#: Never reachable, whoever asks: tokens, keys, throttles. This addon's own, and Odoo's.
UNREACHABLE = frozenset(
    [
        "connection.api.idempotency",
        "connection.api.log",
        "connection.api.rate.limit",
        "jwt.cache.version",
        "jwt.throttle",
        "jwt.login.challenge",
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
#: Models that decide who may do what, hold code or secrets, or are served to everybody, and that
#: no rule finds. A name that ends with a dot stands for all that begin with it.
PROTECTED = (
    "auth.",
    "auth_totp.",
    "base.",
    "bus.bus",
    "certificate.",
    "connection.api",
    "connection.api.",
    "google.",
    "iap.",
    "ir.",  # users edit some of them, such as filters and attachments, but for themselves
    "l10n_eg_edi.thumb.drive",  # a certificate and its PIN
    "microsoft.",
    "payment.provider",
    "payment.token",
    "res.company.ldap",
    "res.config",
    "res.config.",
    "res.device",
    "res.device.",
    "res.groups",
    "res.groups.",
    "res.users",
    "res.users.",
    "spreadsheet.dashboard.share",  # opens a dashboard with the rights of whoever made it
    "website",  # scripts that run in the browser of every visitor, administrators included
    "website.",
)
#: The same, where reading is harmless.
PROTECTED_CHANGES = frozenset(
    [
        "account.analytic.plan",  # Odoo makes a field of other models for each
        "account.lock_exception",  # opens a closed period
        "calendar.attendee",  # who sees an event
        "crm.team.member",
        "discuss.channel",  # a private conversation could be made an open one
        "gamification.challenge",  # a domain that is searched with superuser rights
        "hr.department",  # its manager sees records of the employees
        "hr.employee",  # Odoo gives groups to some of the users that it names
        "hr.version",
        "mail.group",
        "mail.group.moderation",
        "mail.scheduled.message",  # sent in the name of whoever made it
        "payment.transaction",  # tells what is paid
        "resource.resource",  # tells which user an employee is
        "pos.config",
        "pos.payment.method",
        "snailmail.letter",  # prints any record
        "spreadsheet.dashboard",
    ]
)
_PROTECTED_NAMES = frozenset(name for name in PROTECTED if not name.endswith("."))
_PROTECTED_PREFIXES = tuple(name for name in PROTECTED if name.endswith("."))


def is_listed(model_name):
    """Return whether a model is protected by its name, for every mode."""
    return model_name in _PROTECTED_NAMES or model_name.startswith(_PROTECTED_PREFIXES)
