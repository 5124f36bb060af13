"""Issue and verify access tokens and links to files (JWT), and refresh, MFA and passkey tokens (opaque).

This is the only module that imports ``jwt``. Access token, RFC 9068 profile (``typ: at+jwt``)::

    header  {"typ": "at+jwt", "alg": "EdDSA", "kid": "<RFC 7638 thumbprint>"}
    claims  {"iss": "urn:odoo:<database uuid>", "aud": "<database identity>", "sub": "2",
             "user_id": 2, "client_id": "app", "iat": 1764000000, "exp": 1764000900, "jti": "…",
             "sid": "…", "stp": "…", "auth_time": 1764000000, "amr": ["pwd"]}

``sid`` is the session (the family of refresh tokens). ``stp`` is the session stamp, which changes with the
user's login, password, second factor and ``active``. ``user_id`` is ``sub`` as a number, which apps read.
``client_id`` is the kind of client that logged in. ``auth_time`` and ``amr`` state when and how the user
logged in; a refresh does not change them.

The signature of a link to a file is a JWT too (:class:`Link`), of another type (``file-link+jwt``) and for another
audience: neither is accepted in place of the other.

``alg`` is ``EdDSA``, because PyJWT and others do not know RFC 9864's name ``Ed25519`` yet. Both are accepted.

MFA and passkey tokens are ``m1.<selector>.<secret>`` and ``p1.<selector>.<secret>``: a random 128-bit
selector to find the row, and a 256-bit secret of which only the SHA-256 is stored. Such a secret needs no
slow hash (ASVS 5.0, 6.5.2).

Refresh tokens are ``v1.<selector>.<secret>``. The selector begins with the session and ends with a proof
that this database issued the token, even if its row is already deleted. In tokens of older releases the
selector is random, as above.
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
LINK_TYPE: Final = "file-link+jwt"
#: Maximum length of an access token; ours have about 500 characters.
MAX_LENGTH: Final = 4096
#: How far in the future ``iat`` may be, because the clocks of servers differ.
CLOCK_SKEW_SECONDS: Final = 30

# 8725bis §3.14: three segments of the base64url alphabet and nothing else. PyJWT accepts padding, so that
# one token could be written in several ways.
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OPAQUE: Final = re.compile(r"([a-z]1)\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_REFRESH: Final = re.compile(r"v1\.([A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{86})\.([A-Za-z0-9_-]{43})")
#: Ends of the session and of the random part in a selector of 86 characters; the rest is the proof.
SESSION_LENGTH, _NAMED_LENGTH = 42, 64
_SUBJECT: Final = re.compile(r"[1-9][0-9]{0,9}")
_JWS: Final = jwt.PyJWS()
if ED25519 not in _JWS.get_algorithms():
    _JWS.register_algorithm(ED25519, OKPAlgorithm())

#: Login method → ``amr`` values of RFC 8176. A passkey proves possession of a key, and the presence and the
#: verification of the user, but not whether the key is in hardware. RFC 8176 has no value for API keys.
METHODS: Final[dict[str, tuple[str, ...]]] = {
    "password": ("pwd",),
    "code": ("pwd", "otp", "mfa"),
    "passkey": ("pop", "user", "mfa"),
    "api_key": ("apikey",),
}


class InvalidToken(Exception):
    """The token is invalid or expired; ``reason`` is for the log, never for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(InvalidToken):
    """The token names a key that the issuer does not have, or no longer has."""


@dataclass(frozen=True)
class Issuer:
    """The keys and the identity of one database.

    :param issuer: the claim ``iss``
    :param audience: the claim ``aud``
    :param signing: the current signing key
    :param keys: kid → key, for all keys that may verify tokens
    :param version: the version of the data that this was built from, for callers that cache it
    """

    issuer: str
    audience: str
    signing: Key = field(repr=False)
    keys: Mapping[str, Key] = field(repr=False)
    version: str = ""


@dataclass(frozen=True)
class Claims:
    """The verified claims of an access token, with times in Unix seconds."""

    user_id: int
    session: str
    stamp: str
    token_id: str
    issued_at: int
    expires_at: int
    #: When and how (:data:`METHODS`) the user logged in; None and empty if unknown.
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    #: ``client_id``: the kind of client that logged in; None if unknown.
    client: str | None = None

    def expired(self, now: float) -> bool:
        """Return whether the token has expired."""
        return self.expires_at <= now


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def random_id() -> str:
    """Return 128 random bits in 22 characters."""
    return secrets.token_urlsafe(16)


def random_secret() -> str:
    """Return 256 random bits in 43 characters."""
    return secrets.token_urlsafe(32)


# --- access tokens ---------------------------------------------------------------------------


def sign(claims: Claims, issuer: Issuer) -> str:
    """Sign claims and return the compact JWT."""
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
    """Verify an access token and return its claims.

    The signature of a token is verified once per process; time, issuer and audience on every call. This does
    not check whether the session and the user are still active, which is up to the session store.

    :param now: Unix seconds
    :param allow_expired: accept an expired token, for a logout
    :raise UnknownKey: if the issuer does not have the key of the token
    :raise InvalidToken: for any other invalid token
    """
    claims = _claims(_signed_payload(token, TYPE, issuer, now), issuer, now)
    if claims.expired(now) and not allow_expired:
        raise InvalidToken("expired")
    return claims


def _signed_payload(token: str, kind: str, issuer: Issuer, now: float) -> Mapping[str, Any]:
    """Return the payload of a token of one type with a valid signature of one of the issuer's keys.

    :param kind: the ``typ`` of its header
    """
    if len(token) > MAX_LENGTH or not _COMPACT.fullmatch(token):
        raise InvalidToken("not a compact JWT")
    header = _header(token.partition(".")[0])
    kid = header.get("kid")
    key = issuer.keys.get(kid) if isinstance(kid, str) else None
    if key is None or (key.until is not None and now > key.until):
        raise UnknownKey("unknown key")
    if header.get("alg") not in key.names or header.get("typ") != kind or "crit" in header:
        raise InvalidToken("wrong header")
    return _verified_payload(token, key)


@lru_cache(maxsize=8192)
def _verified_payload(token: str, key: Key) -> Mapping[str, Any]:
    """Return the payload of a token with a valid signature; failures are not cached.

    ``key`` is compared by identity, so that reloading the keys invalidates the cache.
    """
    try:
        if not _is_canonical(token.rpartition(".")[2]):
            raise InvalidToken("signature in another spelling")
        payload = _JWS.decode(token, key.public, algorithms=[*key.names])
        claims = json.loads(payload)
    except (jwt.PyJWTError, ValueError, RecursionError) as exc:
        raise InvalidToken("bad signature") from exc
    except TypeError as exc:  # old versions of PyJWT do not reject all malformed headers
        raise InvalidToken("malformed") from exc
    if not isinstance(claims, dict):
        raise InvalidToken("payload is not an object")
    return claims


def _is_canonical(segment: str) -> bool:
    """Return whether the unused bits of the last character are zero; PyJWT below 2.14 ignores them."""
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return _b64(raw) == segment


@lru_cache(maxsize=64)
def _header(segment: str) -> Mapping[str, Any]:
    """Decode the header of a token; all tokens of one key have the same."""
    try:
        value = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, RecursionError) as exc:
        raise InvalidToken("header is not JSON") from exc
    if not isinstance(value, dict):
        raise InvalidToken("header is not an object")
    return value


def _claims(payload: Mapping[str, Any], issuer: Issuer, now: float) -> Claims:
    """Check presence and type of each claim, and the values of ``iss``, ``aud``, ``sub`` and ``iat``."""
    if payload.get("iss") != issuer.issuer or payload.get("aud") != issuer.audience:
        raise InvalidToken("issued by or for another database")
    sub, issued, expires = payload.get("sub"), payload.get("iat"), payload.get("exp")
    if not (isinstance(sub, str) and _SUBJECT.fullmatch(sub)):
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
    """Return the claims about the login, some of which tokens of older releases do not have."""
    auth_time, amr = payload.get("auth_time"), payload.get("amr", [])
    client = payload.get("client_id")
    if not (auth_time is None or type(auth_time) is int):
        raise InvalidToken("bad auth_time")
    if not (isinstance(amr, list) and all(isinstance(word, str) for word in amr)):
        raise InvalidToken("bad amr")
    if not (client is None or isinstance(client, str)):
        raise InvalidToken("bad client_id")
    return auth_time, tuple(amr), client


# --- links to files --------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """What the signature of a link to a file holds; it opens this file for its user, and nothing else.

    :ivar path: the path of the link
    :ivar version: the checksum of the file
    :ivar companies: the ids of the companies that the request for the link named; empty for the user's own
    """

    user_id: int
    session: str
    stamp: str
    path: str
    version: str
    expires_at: int
    companies: tuple[int, ...] = ()


def sign_link(link: Link, issuer: Issuer) -> str:
    """Sign a link and return its signature, a compact JWT."""
    key = issuer.signing
    payload: dict[str, Any] = {
        "iss": issuer.issuer,
        "aud": _link_audience(issuer),
        "sub": str(link.user_id),
        "exp": link.expires_at,
        "sid": link.session,
        "stp": link.stamp,
        "path": link.path,
        "ver": link.version,
        "companies": list(link.companies),
    }
    return jwt.encode(
        payload, key.private, algorithm=key.algorithm, headers={"typ": LINK_TYPE, "kid": key.kid}
    )


def verify_link(signature: str, issuer: Issuer, now: float) -> Link:
    """Verify the signature of a link and return what it holds, as :func:`verify` does for access tokens.

    :raise InvalidToken: for any other text, and for a link that has expired
    """
    payload = _signed_payload(signature, LINK_TYPE, issuer, now)
    if payload.get("iss") != issuer.issuer or payload.get("aud") != _link_audience(issuer):
        raise InvalidToken("issued by or for another database")
    texts = [payload.get(name) for name in ("sub", "sid", "stp", "path", "ver")]
    expires, companies = payload.get("exp"), payload.get("companies")
    if not all(isinstance(text, str) and text for text in texts) or type(expires) is not int:
        raise InvalidToken("missing claim")
    if not isinstance(companies, list) or not all(type(each) is int for each in companies):
        raise InvalidToken("bad companies")
    sub, *rest = map(str, texts)
    if not _SUBJECT.fullmatch(sub):
        raise InvalidToken("bad sub")
    if expires <= now:
        raise InvalidToken("expired")
    session, stamp, path, version = rest
    return Link(int(sub), session, stamp, path, version, expires, tuple(companies))


def _link_audience(issuer: Issuer) -> str:
    """Return the audience of links, so that no verifier of access tokens accepts one."""
    return f"{issuer.audience}#files"


# --- opaque tokens ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Opaque:
    """An opaque token: a selector to find its row, and a secret that proves it is genuine."""

    version: ClassVar[str]
    selector: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.version}.{self.selector}.{self.secret}"

    @property
    def hash(self) -> str:
        """Return the hash to store: passlib's ``hex_sha256`` of the secret, 64 characters."""
        return str(hex_sha256.hash(self.secret))

    def matches(self, stored: str) -> bool:
        """Return whether the secret has a stored hash, in constant time."""
        return bool(hex_sha256.verify(self.secret, stored))

    @classmethod
    def new(cls) -> Self:
        """Generate a random token."""
        return cls(random_id(), random_secret())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a token.

        :raise InvalidToken: for a text that does not have the exact form
        """
        match = _OPAQUE.fullmatch(text)
        if not match or match[1] != cls.version:
            raise InvalidToken("not such a token")
        return cls(match[2], match[3])


class RefreshToken(Opaque):
    """One of the successive refresh tokens of a session.

    The proof is a MAC over the secret and the rest of the selector. It distinguishes an old token, whose row
    is deleted, from a forged one. It grants no access, for which a row is required.
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
        """Return the ``sid`` of the session; None for a token of an older release, which has no proof."""
        return self.selector[:SESSION_LENGTH] if len(self.selector) > _NAMED_LENGTH else None

    @classmethod
    def first(cls, session: str, key: bytes) -> Self:
        """Generate the first token of a session.

        :param session: the ``sid``
        :param key: the secret for the proofs of this session
        """
        return cls._proven(f"{session}{random_id()}", random_secret(), key)

    def successor(self, session: str, key: bytes) -> Self:
        """Generate a successor of this token; see :meth:`again`.

        :param session: the ``sid``
        :param key: as for :meth:`first`
        """
        return self.again(f"{session}{random_id()}", key)

    def again(self, selector: str, key: bytes) -> Self:
        """Derive the successor with a selector, so that the grace period can return the same token again.

        The derivation needs this token's secret *and* the random part of the successor's selector, which only
        the holder of the successor gets: neither an old token nor the database alone is enough.

        :param selector: the selector of the successor
        :param key: as for :meth:`first`
        """
        named = selector[:_NAMED_LENGTH]
        secret = _b64(hmac.new(self.secret.encode(), named.encode(), hashlib.sha256).digest())
        if len(named) < _NAMED_LENGTH:
            return type(self)(named, secret)
        return self._proven(named, secret, key)

    def is_proven(self, key: bytes) -> bool:
        """Return whether the proof shows that this database issued the token, in constant time."""
        genuine = self._proven(self.selector[:_NAMED_LENGTH], self.secret, key)
        return hmac.compare_digest(self.selector, genuine.selector)

    @classmethod
    def _proven(cls, named: str, secret: str, key: bytes) -> Self:
        digest = hmac.new(key, f"{named}.{secret}".encode(), hashlib.sha256).digest()
        return cls(f"{named}{_b64(digest[:16])}", secret)


class MfaToken(Opaque):
    """A token for a login with a correct password that still needs its second factor."""

    version = "m1"


class PasskeyToken(Opaque):
    """A token for the challenge of a passkey login."""

    version = "p1"
