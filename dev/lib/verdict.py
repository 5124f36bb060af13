# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What every response of the API has to be, whatever was sent."""

from __future__ import annotations

import json

import httpx

from .client import LEAKS


def problem(
    answer: httpx.Response, method: str, status: int | None = None, code: str | None = None
) -> str | None:
    """Return what is wrong with a response, if anything.

    :param status: the status that it has to have; without one, any but that of a failure of the server
    :param code: the machine code of the error that it has to be
    """
    start = answer.text[:200]
    if status is not None and answer.status_code != status:
        return f"{answer.status_code}, not {status}: {start}"
    if answer.status_code >= 500 and status is None:
        return f"{answer.status_code}: {start}"
    if answer.status_code in (204, 304) or method == "HEAD":
        return "a body" if answer.content else None
    kind = answer.headers.get("Content-Type", "")
    is_page = method == "GET" and answer.request.url.path.startswith("/api/docs")
    if is_page and answer.status_code == 200:
        return None if kind == "text/html; charset=utf-8" else f"{kind}, not a page"
    if not kind.startswith("application/json"):
        return f"{kind}: {start}"
    try:
        body = json.loads(answer.text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return f"no JSON: {start}"
    error = body.get("error")
    if answer.status_code >= 400 and list(body)[:3] != ["success", "error", "message"]:
        return f"no error of ours: {start}"
    if code is not None and error != code:
        return f"{error}, not {code}: {start}"
    if LEAKS.search(answer.text):
        return f"tells of the server: {start}"
    return None
