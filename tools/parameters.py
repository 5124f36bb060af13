"""Declare the parameters and keys that each kind of request reads.

What is not declared here cannot be read, and is refused. The OpenAPI document has the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .errors import _

#: Parameters of a query string, by kind of request. Only declared parameters can be read.
#:
#: ``GET`` has those of all requests that read records. On a resource path such a request is a ``LIST``,
#: ``GROUPS`` or ``ONE`` record. ``CALL`` is an action, ``FILE`` a file, a report or a description, ``LINK`` the
#: request for a link to a file and ``LINKED`` the link.
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(declared.split())
    for kind, declared in {
        "GET": (
            "model fields id domain search expand order offset page limit cursor count archived"
            " nulls relations groupby aggregates lang"
        ),
        "LIST": (
            "fields domain search expand order page limit cursor count archived nulls relations"
            " groupby aggregates lang"
        ),
        "GROUPS": (
            "domain search order page limit count archived nulls relations groupby aggregates lang"
        ),
        "ONE": "fields domain search expand archived nulls relations lang",
        "POST": "model id ids nulls relations lang",  # the ids in order to reject them
        "PUT": "model id nulls relations lang",
        "DELETE": "model id ids lang",
        "CALL": "lang",
        "FILE": "lang",
        "LINK": "",
        "LINKED": "signature",
    }.items()
}
#: Why a parameter of a ``LIST`` has no effect on another kind of request.
NO_EFFECT: Final[Mapping[str, str]] = {
    "GROUPS": _('"%(name)s" is for records and has no effect on groups.'),
    "ONE": _('"%(name)s" is for lists and cannot be used with the "id" of one record.'),
}
#: Parameters without effect that the documented route ignores, because clients send them.
WITHOUT_EFFECT: Final[Mapping[str, frozenset[str]]] = {
    "GROUPS": frozenset(["fields"]),
    "ONE": frozenset(["order", "offset", "limit", "count"]),
}
#: A list, for a message about a parameter that is not one.
EXAMPLES: Final[Mapping[str, list[str]]] = {
    "fields": ["name", "email"],
    "groupby": ["country_id"],
    "aggregates": ["id:count"],
}
#: Parameters of resource paths alone. To other routes they are names of an app's own.
ON_RESOURCE_PATHS: Final = frozenset(["relations", "search"])
#: Parameters with which a request returns groups.
GROUPING: Final = ("groupby", "aggregates")
#: Parameters that are lists. On resource paths they may be given several times.
LISTS: Final = frozenset(["fields", "expand", "groupby", "aggregates", "ids"])
#: Keys of a body, per method.
KEYS: Final[Mapping[str, frozenset[str]]] = {
    method: frozenset(declared.split())
    for method, declared in {
        "POST": "values fields expand context",
        "PUT": "values records fields expand",
        "DELETE": "",
        "CALL": "args kwargs ids context",
        "FILE": "",
        "LINK": "",
        "login": "login password",
        "login_mfa": "mfa_token code",
        "login_passkey": "passkey_token credential",
        "refresh": "user_id refreshToken",
        "log_out": "all refreshToken",
    }.items()
}
RECORD_KEYS: Final = frozenset(["id", "values"])
#: Parameters that clients of the documented route send with every method; a write reads them from the body.
IGNORED: Final = frozenset(["fields", "expand"])
#: Keys of the body of a DELETE that are ignored because they name no other record.
IGNORED_BY_DELETE: Final = frozenset(["values"])
#: Names that are valid somewhere in a request for records, and rejected everywhere else.
ANYWHERE: Final = (
    frozenset().union(*PARAMETERS.values(), KEYS["POST"], KEYS["PUT"]) - ON_RESOURCE_PATHS
)
EXPAND_KEYS: Final = frozenset(["fields", "expand", "order", "limit"])
