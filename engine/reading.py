# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read what a GET on a resource path asks for: a page, groups or one record."""

import contextlib
import functools
import json
import math

from ..tools import parsing, queries
from ..tools.text import storable
from .groups import read_groups
from .page import read_one, read_page
from .records import no_record

#: Field types with values that JSON does not write as text.
_AS_JSON = frozenset(["boolean", "float", "integer", "many2one", "many2one_reference", "monetary"])
#: Maximum length of a client's text in a message.
_MAX_SHOWN = 64


def parse(policy, params, record_id=None, *, only_groups=False, unread=None):
    """Return what the parameters ask for.

    :param params: the query string
    :param record_id: the id in the path, if any
    :param only_groups: whether the path returns groups
    :param unread: the body of the request, which must not contain parameters
    :rtype: ListQuery | OneQuery | GroupQuery
    :raise ApiError: for everything that is wrong
    """
    if record_id is not None:
        check_id(policy, record_id)
    return parsing.parse_get(
        params,
        policy.connection.max_limit,
        record_id=record_id,
        page_name="page",
        default_fields=default_fields(policy),
        only_groups=only_groups,
        unread=unread or {},
        condition=functools.partial(_condition, policy),
    )


def _condition(policy, name, text):
    """Return the domain that searches by a field, for a client that sends the field as a parameter.

    :return: empty for a field that the caller may not see, as for one that does not exist
    """
    field = policy.visible(name)
    if field is None or len(text) > _MAX_SHOWN or not storable(text):
        return ""
    value = None
    if field.type in _AS_JSON:
        with contextlib.suppress(ValueError):
            value = json.loads(text.lower())
    is_plain = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return json.dumps([[name, "=", value if is_plain else text]], ensure_ascii=False)


def read(policy, asked):
    """Return the body of the response, and the version of a single record, else None.

    :param asked: the result of :func:`parse`
    :raise ApiError: for everything that is not allowed
    """
    if isinstance(asked, queries.GroupQuery):
        return read_groups(policy, asked), None
    if isinstance(asked, queries.OneQuery):
        row, faults, version = read_one(policy, asked)
        return {"success": True, "count": 1, "data": row, **faults}, version
    return read_page(policy, asked), None


def default_fields(policy):
    """Return the fields of a response on a resource path if the request has no ``fields``."""
    return policy.default_fields() if policy.allows("GET") else []


def check_id(policy, record_id):
    """Check that the id in a path can be one.

    :raise ApiError: ``not_found``
    """
    if not 1 <= record_id <= queries.MAX_ID:
        raise no_record(policy, record_id)
