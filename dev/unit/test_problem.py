"""Errors as problems of RFC 9457, for those who ask for them."""

import pytest
from jwt_auth_api.tools import problem
from jwt_auth_api.tools.errors import CODES, ApiError, unauthorized
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/problem+json", True),
        ("Application/Problem+JSON; charset=utf-8", True),
        ("application/json, application/problem+json", True),
        ("application/problem+json, */*;q=0.1", True),
        ("application/json;q=0.5, application/problem+json;q=0.6", True),
        ("application/json, application/problem+json;q=0.9", False),
        ("application/problem+json;q=0", False),
        ("application/problem+xml", False),
        ("application/json", False),
        ("application/*", False),
        ("text/html, */*", False),
        ("*/*", False),
        ("", False),
        (";;,q", False),
    ],
)
def test_who_gets_a_problem(accept, wanted):
    """Whoever names the type, unless it names JSON and prefers that; never by a wildcard."""
    assert problem.is_wanted(parse_accept_header(accept, MIMEAccept)) is wanted
    assert problem.may_name(accept) or not wanted


def test_long_headers_are_not_parsed():
    assert problem.may_name("application/problem+json")
    assert not problem.may_name("application/problem+json," * 100)


def test_form():
    error = ApiError("validation_error", "Bad %(field)s.", field="email")
    assert problem.body(error, "https://x.test/api/docs") == {
        "type": "https://x.test/api/docs#error-validation_error",
        "title": "Validation error",
        "status": 422,
        "detail": "Bad email.",
        "code": "validation_error",
        "fields": {"email": ["Bad email."]},
    }
    error = ApiError("mfa_required", "No.", extra={"mfa_token": "x"})
    translated = problem.body(error, "/api/docs", {"No.": "Nein."}.get)
    assert translated == {
        "type": "/api/docs#error-mfa_required",
        "title": "MFA required",
        "status": 401,
        "detail": "Nein.",
        "code": "mfa_required",
        "mfa_token": "x",
    }
    assert "fields" not in problem.body(unauthorized("missing_token", "No."), "")


def test_titles():
    """One for each code, in words."""
    titles = {problem.title(code) for code in CODES}
    assert len(titles) == len(CODES)
    assert {"Bad JSON", "Not found", "Invalid MFA token"} <= titles
    assert all(text[0].isupper() and "_" not in text for text in titles)
