"""Access tokens (JWT); refresh, MFA and passkey tokens (opaque). The only importer of ``jwt``.

Access token, RFC 9068 profile (``typ: at+jwt``)::

    header  {"typ": "at+jwt", "alg": "EdDSA", "kid": "<RFC 7638 thumbprint>"}
    claims  {"iss": "urn:odoo:<database uuid>", "aud": "<database identity>", "sub": "2",
             "user_id": 2, "client_id": "app", "iat": 1764000000, "exp": 1764000900, "jti": "…",
             "sid": "…", "stp": "…", "auth_time": 1764000000, "amr": ["pwd"]}

``sid`` is the session (the family of refresh tokens), ``stp`` the session stamp: it changes with
the user's login, password, second factor and ``active``. ``user_id`` is ``sub`` as a number, which
apps read. ``client_id`` is the kind of client that logged in. ``auth_time`` and ``amr`` tell when
and how the user logged in, however often the session was refreshed since.

``alg`` is ``EdDSA``: PyJWT and others do not know RFC 9864's name ``Ed25519`` yet. A token may have either.

MFA and passkey tokens: ``m1.<selector>.<secret>``, ``p1.…``: a random 128-bit selector to find the row and
a 256-bit secret of which only the SHA-256 is stored: such a secret needs no slow hash (ASVS 5.0, 6.5.2).

Refresh tokens: ``v1.<selector>.<secret>``. The selector begins with the session and ends with a proof: it
shows that this database issued the token, even where its row is deleted already. That of a token of an
older release is random, as above.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

import jwt
from jwt.algorithms import OKPAlgorithm
from passlib.hash import hex_sha256

from .keys import ED25519, Key

if TYPE_CHECKING:
    from typing_extensions import Self

TYPE: Final = "at+jwt"
#: Longest token that is looked at; ours have some 500 characters.
MAX_LENGTH: Final = 4096
#: How far in the future ``iat`` may lie: the clocks of several servers differ a little.
CLOCK_SKEW_SECONDS: Final = 30

# 8725bis §3.14: three segments of the base64url alphabet and nothing else. PyJWT tolerates
# padding, so that one signature would have several spellings.
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OPAQUE: Final = re.compile(r"([a-z]1)\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_REFRESH: Final = re.compile(r"v1\.([A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{86})\.([A-Za-z0-9_-]{43})")
#: The parts of a selector of 86 characters: the session, random ones, and the proof.
SESSION_LENGTH, _NAMED_LENGTH = 42, 64
_JWS: Final = jwt.PyJWS()
if ED25519 not in _JWS.get_algorithms():
    _JWS.register_algorithm(ED25519, OKPAlgorithm())

#: How a user logged in → ``amr``, in the words of RFC 8176. A passkey proves a key and that its user is
#: there and was verified; whether the key is in hardware nobody tells. An API key has no word there.
METHODS: Final[dict[str, tuple[str, ...]]] = {
    "password": ("pwd",),
    "code": ("pwd", "otp", "mfa"),
    "passkey": ("pop", "user", "mfa"),
    "api_key": ("apikey",),
}


class InvalidToken(Exception):
    """The token is not one of ours, or no longer good. ``reason`` is for the log, never for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(InvalidToken):
    """The key that the token names is not, or no longer, one of the issuer's."""


@dataclass(frozen=True)
class Issuer:
    """Who signs and for whom: the keys of one database and its identity.

    :param signing: the key that signs now
    :param keys: kid → key, all that may still verify
    :param version: of the data that this was made from, where the caller keeps it
    """

    issuer: str
    audience: str
    signing: Key = field(repr=False)
    keys: Mapping[str, Key] = field(repr=False)
    version: str = ""


@dataclass(frozen=True)
class Claims:
    """What an access token says, checked. Times are Unix seconds."""

    user_id: int
    session: str
    stamp: str
    token_id: str
    issued_at: int
    expires_at: int
    #: When the user logged in, and how (:data:`METHODS`); None and empty where it is not known.
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    #: ``client_id``: which kind of client logged in; None where it is not known.
    client: str | None = None

    def expired(self, now: float) -> bool:
        return self.expires_at <= now


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def random_id() -> str:
    """128 random bits, 22 characters."""
    return secrets.token_urlsafe(16)


def random_secret() -> str:
    """256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


# --- access tokens ---------------------------------------------------------------------------


def sign(claims: Claims, issuer: Issuer) -> str:
    """The compact JWT of ``claims``."""
    key = issuer.signing
    payload: dict[str, Any] = {
        "iss": issuer.issuer,
        "aud": issuer.audience,
        "sub": str(claims.user_id),
        "user_id": claims.user_id,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "jti": claims.token_id,
        "sid": claims.session,
        "stp": claims.stamp,
    }
    if claims.client is not None:
        payload["client_id"] = claims.client
    if claims.auth_time is not None:
        payload["auth_time"] = claims.auth_time
    if claims.amr:
        payload["amr"] = list(claims.amr)
    return jwt.encode(
        payload, key.private, algorithm=key.algorithm, headers={"typ": TYPE, "kid": key.kid}
    )


def verify(token: str, issuer: Issuer, now: float, *, allow_expired: bool = False) -> Claims:
    """The claims of a token that this database signed and that has not expired.

    The signature of a given token is checked once per process; time, issuer and audience on every
    call. Whether the session and the user still live is not known here: ask the session store.

    :param now: Unix seconds
    :param allow_expired: for log-out, where a right signature is enough
    :raise UnknownKey: when none of the issuer's keys is the token's
    :raise InvalidToken: in every other case, whatever the token looks like
    """
    if len(token) > MAX_LENGTH or not _COMPACT.fullmatch(token):
        raise InvalidToken("not a compact JWT")
    header = _header(token.partition(".")[0])
    kid = header.get("kid")
    key = issuer.keys.get(kid) if isinstance(kid, str) else None
    if key is None or (key.until is not None and now > key.until):
        raise UnknownKey("unknown key")
    if header.get("alg") not in key.names or header.get("typ") != TYPE or "crit" in header:
        raise InvalidToken("wrong header")
    claims = _claims(_verified_payload(token, key), issuer, now)
    if claims.expired(now) and not allow_expired:
        raise InvalidToken("expired")
    return claims


@lru_cache(maxsize=8192)
def _verified_payload(token: str, key: Key) -> Mapping[str, Any]:
    """The payload of a rightly signed token; failures are not remembered.

    ``key`` is compared by identity: when the keys are loaded anew, nothing old is found here.
    """
    try:
        if not _is_canonical(token.rpartition(".")[2]):
            raise InvalidToken("signature in another spelling")
        payload = _JWS.decode(token, key.public, algorithms=[*key.names])
        claims = json.loads(payload)
    except (jwt.PyJWTError, ValueError, RecursionError) as exc:
        raise InvalidToken("bad signature") from exc
    except TypeError as exc:  # old PyJWT lets some malformed headers through to here
        raise InvalidToken("malformed") from exc
    if not isinstance(claims, dict):
        raise InvalidToken("payload is not an object")
    return claims


def _is_canonical(segment: str) -> bool:
    """Whether the unused low bits of the last character are zero; PyJWT below 2.14 ignores them."""
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return _b64(raw) == segment


@lru_cache(maxsize=64)
def _header(segment: str) -> Mapping[str, Any]:
    """The decoded header; all tokens of one key have the same."""
    try:
        value = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, RecursionError) as exc:
        raise InvalidToken("header is not JSON") from exc
    if not isinstance(value, dict):
        raise InvalidToken("header is not an object")
    return value


def _claims(payload: Mapping[str, Any], issuer: Issuer, now: float) -> Claims:
    """Each claim present and of its type; ``iss``, ``aud``, ``sub`` and ``iat`` as we write them."""
    if payload.get("iss") != issuer.issuer or payload.get("aud") != issuer.audience:
        raise InvalidToken("issued by or for another database")
    sub, issued, expires = payload.get("sub"), payload.get("iat"), payload.get("exp")
    if not (isinstance(sub, str) and re.fullmatch(r"[1-9][0-9]{0,9}", sub)):
        raise InvalidToken("bad sub")
    if type(issued) is not int or type(expires) is not int:
        raise InvalidToken("bad iat or exp")
    if issued > now + CLOCK_SKEW_SECONDS:
        raise InvalidToken("issued in the future")
    texts = [payload.get(name) for name in ("sid", "stp", "jti")]
    if not all(isinstance(text, str) and text for text in texts):
        raise InvalidToken("missing claim")
    if "nbf" in payload:
        raise InvalidToken("nbf is not ours")
    session, stamp, token_id = texts
    if payload.get("user_id", int(sub)) != int(sub):
        raise InvalidToken("user_id is not sub")
    login = _login_claims(payload)
    return Claims(int(sub), str(session), str(stamp), str(token_id), issued, expires, *login)


def _login_claims(payload: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...], str | None]:
    """When, how and with which client the user logged in; tokens of older releases lack some of it."""
    auth_time, amr = payload.get("auth_time"), payload.get("amr", [])
    client = payload.get("client_id")
    if not (auth_time is None or type(auth_time) is int):
        raise InvalidToken("bad auth_time")
    if not (isinstance(amr, list) and all(isinstance(word, str) for word in amr)):
        raise InvalidToken("bad amr")
    if not (client is None or isinstance(client, str)):
        raise InvalidToken("bad client_id")
    return auth_time, tuple(amr), client


# --- opaque tokens ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Opaque:
    """A token that says nothing: a selector to find its row, a secret to prove it is the real one."""

    version: ClassVar[str]
    selector: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.version}.{self.selector}.{self.secret}"

    @property
    def hash(self) -> str:
        """What is stored: passlib's ``hex_sha256`` of the secret, 64 characters."""
        return str(hex_sha256.hash(self.secret))

    def matches(self, stored: str) -> bool:
        """Whether the secret is the one behind a stored hash, in constant time."""
        return bool(hex_sha256.verify(self.secret, stored))

    @classmethod
    def new(cls) -> Self:
        return cls(random_id(), random_secret())

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        :raise InvalidToken: for anything that does not have the exact form
        """
        match = _OPAQUE.fullmatch(text)
        if not match or match[1] != cls.version:
            raise InvalidToken("not such a token")
        return cls(match[2], match[3])


class RefreshToken(Opaque):
    """One generation of a session's refresh tokens.

    The proof is a MAC over the secret and the rest of the selector. It tells an old generation, whose
    row is deleted, from a forgery; it opens nothing, for only a row does.
    """

    version = "v1"

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _REFRESH.fullmatch(text)
        if not match:
            raise InvalidToken("not such a token")
        return cls(match[1], match[2])

    @property
    def session(self) -> str | None:
        """The ``sid`` of the session; None in a token of an older release, which has no proof."""
        return self.selector[:SESSION_LENGTH] if len(self.selector) > _NAMED_LENGTH else None

    @classmethod
    def first(cls, session: str, key: bytes) -> Self:
        """The token that a session begins with.

        :param session: its ``sid``
        :param key: what the proofs of this session are made with
        """
        return cls._proven(f"{session}{random_id()}", random_secret(), key)

    def successor(self, session: str, key: bytes) -> Self:
        """A token that follows this one; see :meth:`again`.

        :param session: the ``sid``
        """
        return self.again(f"{session}{random_id()}", key)

    def again(self, selector: str, key: bytes) -> Self:
        """The token that follows this one: derived, so that the grace can give the same one again.

        It takes this token's secret *and* the random part of the next selector, which nobody is told
        but the holder of the next: neither an old token nor the database alone yields it.

        :param selector: the selector of the next
        """
        named = selector[:_NAMED_LENGTH]
        secret = _b64(hmac.new(self.secret.encode(), named.encode(), hashlib.sha256).digest())
        if len(named) < _NAMED_LENGTH:
            return type(self)(named, secret)
        return self._proven(named, secret, key)

    def is_proven(self, key: bytes) -> bool:
        """Whether this database issued the token, in constant time."""
        genuine = self._proven(self.selector[:_NAMED_LENGTH], self.secret, key)
        return hmac.compare_digest(self.selector, genuine.selector)

    @classmethod
    def _proven(cls, named: str, secret: str, key: bytes) -> Self:
        digest = hmac.new(key, f"{named}.{secret}".encode(), hashlib.sha256).digest()
        return cls(f"{named}{_b64(digest[:16])}", secret)


class MfaToken(Opaque):
    """Stands for a right password while the second factor is still missing."""

    version = "m1"


class PasskeyToken(Opaque):
    """Stands for the challenge that a passkey has to answer."""

    version = "p1"
