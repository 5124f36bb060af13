# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Recognize fields that hold a secret: a token, key, password or code, or a link that contains one."""

import re

_SECRET = re.compile(
    r"""
    (^|_)(
      pass(word|wd|phrase|code)? | pwd | pin | otp | secret | r?token | credentials?
    | hash_?(key|iv) | csid_json | (verification|ticket|session)_code
    | (access|api|aade|app|auth|encryption|hmac|kiosk|license|migration|notification|pem|pos|private
      |replacement|secret|server|service_account|session|signature|signing|transaction|verification
      |webhook)_?key
    | uuid
    | (invitation|invite|session|signup)_(url|link) | share_link | kiosk_url | self_ordering_url
    )(_|$)""",
    re.IGNORECASE | re.VERBOSE,
)
#: Names with such a word whose value is public, a property of a secret, or the number of a document.
_HARMLESS = re.compile(
    r"""
    (^|_)(public|publishable|client|site)_(key|token)$ | _sync_token$
    | (^|_)(token|password|pin|secret)_(validity|expir\w*|date|count|type|name|ids?)$
    | _(edi|jo|rs|eg|sa|message|external|nilvera)_?uuid$""",
    re.IGNORECASE | re.VERBOSE,
)
#: Fields of Odoo whose name does not show that they hold a secret.
_BY_NAME = frozenset(
    [
        ("calendar.event", "videocall_location"),
        ("event.registration", "barcode"),
        ("hr.employee", "barcode"),
        ("loyalty.card", "code"),
        ("loyalty.rule", "code"),
        ("mailing.trace", "sms_code"),
        ("payment.transaction", "landing_route"),
        ("pos.payment.method", "viva_com_webhook_endpoint"),
        ("product.feed", "url"),
        ("product.pricelist", "code"),
        ("res.users", "barcode"),
        ("spreadsheet.dashboard.share", "full_url"),
    ]
)
#: Field types whose value a client could use as a secret.
_TYPES = frozenset(["char", "text", "html", "binary", "json"])


def is_secret(env, field):
    """Return whether a field holds a secret.

    It is recognized by its own name, by the field that it is related to, or by a secret that it is computed
    from.
    """
    if field.type not in _TYPES:
        return False
    if _is_named_so(field) or _is_named_so(field.base_field):
        return True
    if field.related:
        return any(map(_is_named_so, _path(env, field.model_name, field.related)))
    if field.store or not field.compute or field.name == "display_name":
        return False
    sources = (_path(env, field.model_name, name) for name in env.registry.field_depends[field])
    return any(_is_named_so(source) for path in sources for source in path)


def _is_named_so(field):
    if (field.model_name, field.name) in _BY_NAME:
        return True
    if field.type not in _TYPES or _HARMLESS.search(field.name):
        return False
    return bool(_SECRET.search(field.name))


def _path(env, model_name, dotted):
    """Return the fields of a dotted path."""
    fields = []
    for name in dotted.split("."):
        field = env[model_name]._fields.get(name) if model_name else None
        if field is None:
            break
        fields.append(field)
        model_name = field.comodel_name
    return fields
