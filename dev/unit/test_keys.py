# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.keys: made, sealed, loaded and published."""

import base64
import hashlib

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import keys, tokens

KEEPER, OTHER_KEEPER = b"k" * 32, b"o" * 32


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_kid_is_the_rfc_7638_thumbprint():
    """Recomputed by hand: the members in order, no blanks (RFC 8037, appendix A.3, gives this value)."""
    text = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="  # pragma: allowlist secret
    private = base64.urlsafe_b64decode(text)
    key = keys.load_private(private)
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # pragma: allowlist secret
    raw = key.public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    text = '{"crv":"Ed25519","kty":"OKP","x":"' + b64(raw) + '"}'
    assert key.kid == b64(hashlib.sha256(text.encode()).digest())


def test_keys_are_new_each_time_and_whole():
    made = {keys.generate() for _time in range(50)}
    assert len(made) == 50
    assert {len(raw) for raw in made} == {32}
    assert isinstance(keys.load_private(made.pop()).private, Ed25519PrivateKey)


def pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@given(st.binary(min_size=1, max_size=64))
def test_what_is_sealed_opens_with_its_keeper_and_name_alone(secret):
    sealed = keys.seal(secret, KEEPER, "kid")
    assert keys.unseal(sealed, KEEPER, "kid") == secret
    assert secret not in sealed or len(secret) < 4
    for keeper, kid in ((OTHER_KEEPER, "kid"), (KEEPER, "other")):
        with pytest.raises(keys.BadKey):
            keys.unseal(sealed, keeper, kid)
    spoiled = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(keys.BadKey):
        keys.unseal(spoiled, KEEPER, "kid")


def test_the_same_key_is_never_sealed_alike():
    assert keys.seal(b"secret", KEEPER, "kid") != keys.seal(b"secret", KEEPER, "kid")


def test_keeper_has_a_name_that_does_not_tell_it():
    assert keys.keeper_id(KEEPER) != keys.keeper_id(OTHER_KEEPER)
    assert len(keys.keeper_id(KEEPER)) == 22


def test_operators_ed25519_key_is_read_from_pem():
    private = Ed25519PrivateKey.generate()
    key = keys.load_given(b"\n" + pem(private) + b"\n")
    assert key.algorithm == "EdDSA"
    assert key.kid == keys.load_public(keys.public_bytes(key)).kid
    issuer = tokens.Issuer("iss", "aud", key, {key.kid: key})
    claims = tokens.Claims(2, "s", "t", "j", 1000, 1900)
    assert tokens.verify(tokens.sign(claims, issuer), issuer, 1000) == claims


def test_operators_secret_signs_with_hs256_and_is_published_nowhere():
    key = keys.load_given(b"0123456789abcdef0123456789abcdef\n")
    assert key.algorithm == "HS256"
    assert key.jwk() is None
    assert keys.public_bytes(key) == b""
    issuer = tokens.Issuer("iss", "aud", key, {key.kid: key})
    claims = tokens.Claims(2, "s", "t", "j", 1000, 1900)
    token = tokens.sign(claims, issuer)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert tokens.verify(token, issuer, 1000) == claims
    assert "0123456789" not in key.kid + repr(key)


@pytest.mark.parametrize(
    "material",
    [
        b"",
        b"x" * 31,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",  # pragma: allowlist secret
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "short", "broken", "another kind"],
)
def test_unfit_material_is_refused_without_telling_it(material):
    with pytest.raises(keys.BadKey) as raised:
        keys.load_given(material)
    assert "xxx" not in str(raised.value)
    assert "AAAA" not in str(raised.value)


def test_jwk_set_has_public_members_only():
    made = [keys.load_private(keys.generate()), keys.load_given(b"x" * 32)]
    [jwk] = keys.jwk_set(made)["keys"]
    assert set(jwk) == {"kty", "crv", "x", "use", "alg", "kid"}
    assert jwk["kid"] == made[0].kid
    verifier = jwt.PyJWK(jwk).key
    token = jwt.encode({"a": 1}, made[0].private, algorithm="EdDSA")
    assert jwt.decode(token, verifier, algorithms=["EdDSA"]) == {"a": 1}
