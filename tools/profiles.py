"""The two profiles of the API: the documented contract, and a stricter one that follows current advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import ApiError, _, unauthorized

#: Name of the cookie, the header and the key in a body that contain a refresh token.
REFRESH_TOKEN: Final = "refreshToken"  # noqa: S105 - its name


@dataclass(frozen=True)
class Profile:
    """The differences between the profiles, which ``doc/security.md`` explains."""

    name: str
    #: The cookie with a browser's refresh token. No other host of the same site can set or overwrite a
    #: cookie whose name begins with ``__Host-`` (RFC 6265bis, section 4.1.3.2).
    cookie: str
    #: ``SameSite`` of the cookie.
    same_site: str
    #: Whether ``/api/update/access-token`` also rotates a refresh token that is not in the cookie.
    rotates_every_token: bool
    #: Whether the response to a browser's login has the refresh token only in the cookie.
    cookie_alone: bool
    #: The default of ``run_as`` for a new connection.
    run_as: str
    #: The error code for an invalid refresh token.
    refusal: str

    def invalid_refresh_token(self, message: str = "") -> ApiError:
        """Return the error for an invalid refresh token.

        It is a 401 with a challenge, or the 400 ``invalid_grant`` of RFC 6749, section 5.2.
        """
        message = message or _("The refresh token is no longer valid. Log in again.")
        if self.refusal == "invalid_grant":
            return ApiError(self.refusal, message)
        return unauthorized(self.refusal, message, challenge="invalid_token")


COMPATIBLE: Final = Profile(
    name="compatible",
    cookie=REFRESH_TOKEN,
    same_site="Lax",
    rotates_every_token=False,
    cookie_alone=False,
    run_as="sudo",
    refusal="invalid_refresh_token",
)
STRICT: Final = Profile(
    name="strict",
    cookie=f"__Host-{REFRESH_TOKEN}",
    same_site="Strict",
    rotates_every_token=True,
    cookie_alone=True,
    run_as="user",
    refusal="invalid_grant",
)
#: Value of the system parameter → profile; the first one is the default.
PROFILES: Final[Mapping[str, Profile]] = {each.name: each for each in (COMPATIBLE, STRICT)}
