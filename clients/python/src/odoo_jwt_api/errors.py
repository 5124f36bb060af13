"""The errors that the client raises; all of them are an :class:`ApiError`."""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Mapping
from typing import Any

import httpx

JSON = Mapping[str, Any]


class ApiError(Exception):
    """A request that failed: refused by the server, or without a usable response.

    :ivar code: the machine-readable code, such as ``validation_error``; codes never change
    :ivar status: the HTTP status; 0 if there was no response
    :ivar fields: the fields or parameters that it is about, with a list of sentences for each
    :ivar retry_after: the number of seconds after which to try again, or None
    :ivar uncertain: whether the server may have executed the request although it failed
    :ivar body: the JSON body of the response, or None
    """

    def __init__(
        self,
        message: str,
        code: str,
        status: int = 0,
        *,
        fields: Mapping[str, list[str]] | None = None,
        retry_after: float | None = None,
        uncertain: bool = False,
        body: JSON | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status
        self.fields = dict(fields or {})
        self.retry_after, self.uncertain, self.body = retry_after, uncertain, body


class NetworkError(ApiError):
    """No usable response: the network or the server is down, or something in between answered.

    A redirect is one too (``redirected``): it is never followed.
    """


class RequestTimeoutError(NetworkError):
    """The response did not come in time."""


class StoreError(ApiError):
    """The store of the refresh token cannot be read."""

    def __init__(self, message: str = "The stored refresh token cannot be read.") -> None:
        super().__init__(message, "storage_error")


class LoggedOutError(ApiError):
    """Nobody is logged in: nobody has logged in yet, or the session has ended."""

    def __init__(self, message: str = "You are not logged in.") -> None:
        super().__init__(message, "logged_out", 401)


class MfaRequiredError(ApiError):
    """Login and password are right, but the account has a second factor.

    :ivar mfa_token: send it with the code to ``log_in_with_code``
    :ivar mfa_type: ``totp`` (authenticator app) or ``totp_mail`` (a code that was sent by e-mail)
    :ivar expires_in: how many seconds the token is valid
    """

    @property
    def mfa_token(self) -> str:
        return str((self.body or {}).get("mfa_token"))

    @property
    def mfa_type(self) -> str:
        return str((self.body or {}).get("mfa_type"))

    @property
    def expires_in(self) -> int:
        return int((self.body or {}).get("expires_in", 0))


#: The code of a redirect.
REDIRECTED = "redirected"
#: What only a reverse proxy says: Odoo cannot be reached, or has not answered in time.
GATEWAY = {502, 504}
#: What something in between says about the request itself, so that it does not help to send it again.
ABOUT_THE_REQUEST = {400, 403, 405, 413, 414, 415, 431}


def error_of(response: httpx.Response, *, writes: bool) -> ApiError:
    """Return the error of a response whose status is not 2xx.

    A response that is no error of the API comes from something in between, such as a reverse proxy.
    """
    status = response.status_code
    if response.has_redirect_location:
        message = (
            "The server redirects to another address. Check the url of the client: "
            "is it http:// in place of https://?"
        )
        return NetworkError(message, REDIRECTED, status)
    wait = _seconds(response.headers)
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        kind = ApiError if status in ABOUT_THE_REQUEST else NetworkError
        message = f"The server answered {status} {response.reason_phrase}.".replace(" .", ".")
        unsure = writes and status >= 500 and status != 503
        return kind(message, f"http_{status}", status, retry_after=wait, uncertain=unsure)
    kind = MfaRequiredError if body["error"] == "mfa_required" else ApiError
    if status in GATEWAY:
        kind = NetworkError
    return kind(
        str(body.get("message")),
        body["error"],
        status,
        fields=body.get("fields"),
        retry_after=wait,
        uncertain=writes and status in GATEWAY,
        body=body,
    )


def lost(error: httpx.RequestError, *, writes: bool) -> NetworkError:
    """Return the error for a request without a response."""
    if isinstance(error, httpx.TimeoutException):
        message = "The server did not answer in time."
        return RequestTimeoutError(message, "timeout", uncertain=writes)
    return NetworkError("The server cannot be reached.", "network_error", uncertain=writes)


def _seconds(headers: httpx.Headers) -> float | None:
    """Return the seconds of a ``Retry-After``, which is a number or a date of the server's clock."""
    text = headers.get("Retry-After", "")
    if text.strip().isdigit():
        return float(text)
    until = _date(text)
    now = _date(headers.get("Date", "")) or datetime.datetime.now(datetime.timezone.utc)
    return max(0.0, (until - now).total_seconds()) if until else None


def _date(text: str) -> datetime.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)
