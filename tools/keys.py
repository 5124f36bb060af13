"""Signing keys: made, sealed for the database, loaded, and published as a JWK set.

A key has one algorithm for all its life (8725bis §3.1). By default it is an Ed25519 key
(RFC 8037); an operator may give one in a file or the environment instead, Ed25519 as PEM or a
secret of 32 bytes and more for HS256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What the libraries that verify JWTs know; RFC 9864 has a name of its own for it, which few of them know.
EDDSA: Final = "EdDSA"
ED25519: Final = "Ed25519"
HS256: Final = "HS256"
#: Algorithm of a key -> the names that a header may call it by. Both of the first mean this one curve.
_NAMES: Final = {EDDSA: (EDDSA, ED25519), HS256: (HS256,)}
#: RFC 7518 §3.2: a key at least as long as the hash.
MIN_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class BadKey(ValueError):
    """Key material that cannot be used; the message is for the administrator and holds none of it."""


@dataclass(frozen=True, eq=False)
class Key:
    """A key with its one algorithm; compared by identity.

    :param until: Unix seconds after which it verifies no more, None for no end
    """

    kid: str
    algorithm: str
    public: Any = field(repr=False)
    private: Any = field(repr=False, default=None)
    until: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What ``alg`` may be in the header of a token that this key verifies."""
        return _NAMES[self.algorithm]

    def jwk(self) -> dict[str, str] | None:
        """The public JWK (RFC 8037), or None for a secret, which has no public part."""
        if self.algorithm != EDDSA:
            return None
        return {
            **_thumbprint_members(_raw(self.public)),
            "use": "sig",
            "alg": EDDSA,
            "kid": self.kid,
        }


def generate() -> bytes:
    """A new Ed25519 private key, its 32 raw bytes (RFC 8032)."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw,
        serialization.PrivateFormat.Raw,
        serialization.NoEncryption(),
    )


def load_private(raw: bytes) -> Key:
    """The key of :func:`generate`'s bytes; ``kid`` is the RFC 7638 thumbprint of its public part."""
    return _eddsa(Ed25519PrivateKey.from_private_bytes(raw))


def load_public(raw: bytes, until: float | None = None) -> Key:
    """A key that can only verify, of its 32 public bytes."""
    return Key(_thumbprint(raw), EDDSA, Ed25519PublicKey.from_public_bytes(raw), None, until)


def load_given(material: bytes) -> Key:
    """The key that an operator gave: PEM of an Ed25519 private key, or a secret for HS256.

    :raise BadKey: for another kind of key, and for a secret shorter than 32 bytes
    """
    if b"-----BEGIN" in material:
        try:
            private = serialization.load_pem_private_key(material.strip(), None)
        except (ValueError, TypeError) as exc:
            raise BadKey("The PEM file must contain a private key without a password.") from exc
        if not isinstance(private, Ed25519PrivateKey):
            raise BadKey("The private key must be an Ed25519 key.")
        return _eddsa(private)
    secret = material.strip()
    if len(secret) < MIN_SECRET_BYTES:
        raise BadKey(f"A secret must have at least {MIN_SECRET_BYTES} bytes.")
    kid = _b64(hmac.new(secret, b"jwt_auth_api kid", hashlib.sha256).digest()[:16])
    return Key(kid, HS256, secret, secret)


def public_bytes(key: Key) -> bytes:
    """What may stand in the database of a key: nothing, for a secret."""
    return _raw(key.public) if key.algorithm == EDDSA else b""


def jwk_set(keys: Iterable[Key]) -> dict[str, list[dict[str, str]]]:
    """RFC 7517 §5, public members only."""
    return {"keys": [jwk for key in keys if (jwk := key.jwk())]}


def seal(secret: bytes, keeper: bytes, kid: str) -> bytes:
    """``secret`` encrypted (AES-256-GCM) with a key that is not in the database, bound to ``kid``.

    :param keeper: 32 bytes
    :param kid: authenticated, so that rows cannot be exchanged
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(keeper).encrypt(nonce, secret, kid.encode())


def unseal(sealed: bytes, keeper: bytes, kid: str) -> bytes:
    """
    :raise BadKey: when it was sealed with another key, or changed
    """
    try:
        return AESGCM(keeper).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
    except InvalidTag as exc:
        raise BadKey("The key was sealed with another key, or changed.") from exc


def keeper_id(keeper: bytes) -> str:
    """A name for a sealing key that does not tell it."""
    return _b64(hashlib.sha256(b"jwt_auth_api keeper" + keeper).digest()[:16])


def _eddsa(private: Ed25519PrivateKey) -> Key:
    public = private.public_key()
    return Key(_thumbprint(_raw(public)), EDDSA, public, private)


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _thumbprint_members(raw: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _b64(raw)}


def _thumbprint(raw: bytes) -> str:
    """RFC 7638: SHA-256 of the required members, sorted, without spaces."""
    canonical = json.dumps(_thumbprint_members(raw), sort_keys=True, separators=(",", ":"))
    return _b64(hashlib.sha256(canonical.encode()).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
