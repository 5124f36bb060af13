# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.http import request

from ..models.ir_http import COMPANY_HEADER
from ..tools import idempotency


def once(make):
    """Return the result of ``make()``, or its earlier result for a repeated ``Idempotency-Key``.

    Call it before anything is written.

    :param make: returns a JSON value; any exception frees the key
    :return: the value, and whether it is that of an earlier request; the response says so then
    :raise ApiError: ``bad_parameter``, ``idempotency_key_reused``
    """
    http = request.httprequest
    text = http.headers.get("Idempotency-Key")
    if text is None:
        return make(), False
    key = idempotency.parse_key(text)
    params, company = http.args.items(multi=True), http.headers.get(COMPANY_HEADER, "")
    if language := http.headers.get("Content-Language"):
        company = f"{company} {language}"
    asked = idempotency.fingerprint(
        http.method, http.path, params, request.dispatcher.body, company
    )
    value, is_repeated = request.env["connection.api.idempotency"]._once(key, asked, make)
    if is_repeated:
        request.dispatcher.headers["Idempotency-Replayed"] = "true"
    return value, is_repeated
