# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""List the models that no connection opens, and those on which a grant applies to administrators only.

Most of the latter are found by rule (``connection_api_protection.py``). Listed here are those that no rule
finds.
"""

#: Models that the API never exposes, not even to administrators: tokens, keys and throttles.
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
#: Kinds of protection (``connection.api.protection``) that do not restrict reading.
PARTIAL_KINDS = frozenset(["members", "changes"])
#: Models that control access, hold code or secrets, or are served to everybody, and that no rule finds.
#: A name that ends with a dot is a prefix.
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
    "ir.",  # users edit some of them, such as filters and attachments, but only their own
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
    "spreadsheet.dashboard.share",  # opens a dashboard with the rights of its creator
    "website",  # scripts that run in the browser of every visitor, administrators included
    "website.",
)
#: Models that are protected in the same way, but harmless to read.
PROTECTED_CHANGES = frozenset(
    [
        "account.analytic.plan",  # Odoo adds a field to other models for each
        "account.lock_exception",  # opens a closed period
        "calendar.attendee",  # who sees an event
        "crm.team.member",
        "discuss.channel",  # a private conversation could be made public
        "gamification.challenge",  # has a domain that is searched with superuser rights
        "hr.department",  # its manager sees records of the employees
        "hr.employee",  # Odoo adds some of the users that it names to groups
        "hr.version",
        "mail.group",
        "mail.group.moderation",
        "mail.scheduled.message",  # sent in the name of its creator
        "payment.transaction",  # states what has been paid
        "resource.resource",  # links an employee to a user
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
