"""The two profiles of the API: the documented contract, and the stricter one that current advice asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import ApiError, _, unauthorized

#: The cookie, the header and the key of a body that hold a refresh token.
REFRESH_TOKEN: Final = "refreshToken"  # noqa: S105 - its name


@dataclass(frozen=True)
class Profile:
    """What differs between the profiles; ``doc/security.md`` says why."""

    name: str
    #: The cookie that holds a browser's refresh token. No other host of the same site can set or
    #: overwrite one that begins with ``__Host-`` (RFC 6265bis, section 4.1.3.2).
    cookie: str
    #: ``SameSite`` of the cookie.
    same_site: str
    #: Whether ``/api/update/access-token`` rotates a refresh token that did not come in the cookie.
    rotates_every_token: bool
    #: Whether a browser's login keeps the refresh token out of the body.
    cookie_alone: bool
    #: The access rights of a new connection, a value of its field ``run_as``.
    run_as: str
    #: The code of the error for an invalid refresh token.
    refusal: str

    def invalid_refresh_token(self, message: str = "") -> ApiError:
        """Return the error for a refresh token that is not accepted.

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
#: By the value of the system parameter; the first one is the default.
PROFILES: Final[Mapping[str, Profile]] = {each.name: each for each in (COMPATIBLE, STRICT)}
