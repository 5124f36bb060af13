"""Generate signing keys, seal them for the database, load them, and publish them as a JWK set.

A key has a single algorithm (8725bis §3.1). By default it is an Ed25519 key (RFC 8037). An operator can
provide a key in a file or the environment instead: an Ed25519 key as PEM, or a secret of at least 32 bytes
for HS256.
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

#: The algorithm name that JWT libraries know; few of them know ``Ed25519``, the name of RFC 9864.
EDDSA: Final = "EdDSA"
ED25519: Final = "Ed25519"
HS256: Final = "HS256"
#: Algorithm of a key → its names in a header. Both names of the first one mean the same curve here.
_NAMES: Final = {EDDSA: (EDDSA, ED25519), HS256: (HS256,)}
#: RFC 7518 §3.2: a key must be at least as long as the hash.
MIN_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class BadKey(ValueError):
    """Key material that cannot be used; the message is for the administrator and contains none of it."""


@dataclass(frozen=True, eq=False)
class Key:
    """A key with its algorithm; compared by identity.

    :param kid: the key id
    :param until: Unix time after which the key no longer verifies tokens, None for no limit
    """

    kid: str
    algorithm: str
    public: Any = field(repr=False)
    private: Any = field(repr=False, default=None)
    until: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the values of ``alg`` that a token of this key may have in its header."""
        return _NAMES[self.algorithm]

    def jwk(self) -> dict[str, str] | None:
        """Return the public JWK (RFC 8037), None for a secret, which has no public part."""
        if self.algorithm != EDDSA:
            return None
        return {
            **_thumbprint_members(_raw(self.public)),
            "use": "sig",
            "alg": EDDSA,
            "kid": self.kid,
        }


def generate() -> bytes:
    """Generate an Ed25519 private key and return its 32 raw bytes (RFC 8032)."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw,
        serialization.PrivateFormat.Raw,
        serialization.NoEncryption(),
    )


def load_private(raw: bytes) -> Key:
    """Load a private key from its raw bytes; ``kid`` is the RFC 7638 thumbprint of the public key."""
    return _eddsa(Ed25519PrivateKey.from_private_bytes(raw))


def load_public(raw: bytes, until: float | None = None) -> Key:
    """Load a key that can only verify, from its 32 public bytes."""
    return Key(_thumbprint(raw), EDDSA, Ed25519PublicKey.from_public_bytes(raw), None, until)


def load_given(material: bytes) -> Key:
    """Load the key that an operator provides: an Ed25519 private key as PEM, or a secret for HS256.

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
    """Return the public bytes of a key, which may be stored in the database; empty for a secret."""
    return _raw(key.public) if key.algorithm == EDDSA else b""


def jwk_set(keys: Iterable[Key]) -> dict[str, list[dict[str, str]]]:
    """Return the JWK set of keys (RFC 7517 §5), with public members only."""
    return {"keys": [jwk for key in keys if (jwk := key.jwk())]}


def seal(secret: bytes, keeper: bytes, kid: str) -> bytes:
    """Encrypt a secret (AES-256-GCM) with a sealing key that is not in the database.

    :param keeper: the sealing key, 32 bytes
    :param kid: the key id; it is authenticated, so that sealed secrets cannot be swapped between rows
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(keeper).encrypt(nonce, secret, kid.encode())


def unseal(sealed: bytes, keeper: bytes, kid: str) -> bytes:
    """Decrypt a secret that :func:`seal` encrypted.

    :raise BadKey: if it was sealed with another sealing key or key id, or has been changed
    """
    try:
        return AESGCM(keeper).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
    except InvalidTag as exc:
        raise BadKey("The signing key was sealed with another sealing key, or changed.") from exc


def keeper_id(keeper: bytes) -> str:
    """Return an id for a sealing key, which does not reveal the key."""
    return _b64(hashlib.sha256(b"jwt_auth_api keeper" + keeper).digest()[:16])


def _eddsa(private: Ed25519PrivateKey) -> Key:
    public = private.public_key()
    return Key(_thumbprint(_raw(public)), EDDSA, public, private)


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _thumbprint_members(raw: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _b64(raw)}


def _thumbprint(raw: bytes) -> str:
    """Return the thumbprint of RFC 7638: SHA-256 of the required members, sorted, without spaces."""
    canonical = json.dumps(_thumbprint_members(raw), sort_keys=True, separators=(",", ":"))
    return _b64(hashlib.sha256(canonical.encode()).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
