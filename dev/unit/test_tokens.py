"""Access tokens and refresh tokens: only what this database signed for itself gets through, and nothing crashes."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import assume, given
from hypothesis import strategies as st
from jwt_auth_api.tools import keys, tokens

NOW = 1_764_000_000
KEY = keys.load_private(keys.generate())
OTHER = keys.load_private(keys.generate())
ISSUER = tokens.Issuer(
    issuer="urn:odoo:3f1d",
    audience="3f1d/live",
    signing=KEY,
    keys={KEY.kid: KEY},
)
CLAIMS = tokens.Claims(
    2, "session", "stamp", "id", NOW, NOW + 900, NOW - 5000, ("pwd", "otp"), "app"
)
TOKEN = tokens.sign(CLAIMS, ISSUER)
PAYLOAD = {
    "iss": ISSUER.issuer,
    "aud": ISSUER.audience,
    "sub": "2",
    "iat": NOW,
    "exp": NOW + 900,
    "jti": "id",
    "sid": "session",
    "stp": "stamp",
}
#: May be absent: tokens of sessions that are older than these claims have none.
LOGIN = {"user_id": 2, "client_id": "app", "auth_time": NOW - 5000, "amr": ["pwd", "otp"]}
RIGHT = {**PAYLOAD, **LOGIN}
HEADER = {"typ": "at+jwt", "alg": "EdDSA", "kid": KEY.kid}

texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
a_claims = st.builds(
    tokens.Claims,
    user_id=st.integers(1, 2**31 - 1),
    session=texts,
    stamp=texts,
    token_id=texts,
    issued_at=st.integers(0, NOW),
    expires_at=st.integers(NOW + 1, 2**40),
    auth_time=st.none() | st.integers(0, NOW),
    amr=st.lists(texts).map(tuple),
    client=st.none() | texts,
)


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(payload=RIGHT, header=HEADER, key=KEY):
    """A token with any header and payload, rightly signed by ours: PyJWT is not asked for its opinion."""
    head, body = (
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)
    )
    signed = f"{b64(head)}.{b64(body)}"
    return f"{signed}.{b64(key.private.sign(signed.encode()))}"


def refused(token, issuer=ISSUER, now=NOW, **options):
    """A refusal is InvalidToken and nothing else; the reason is no part of the token."""
    with pytest.raises(tokens.InvalidToken) as caught:
        tokens.verify(token, issuer, now, **options)
    assert caught.value.reason
    return caught.value.reason


def test_forged_by_hand_is_accepted_when_it_is_right():
    """What every refusal below is measured against: the same construction, unchanged, is accepted."""
    assert tokens.verify(compact(), ISSUER, NOW) == CLAIMS
    assert tokens.verify(TOKEN, ISSUER, NOW) == CLAIMS


@given(a_claims)
def test_verify_gives_what_was_signed(claims):
    assert tokens.verify(tokens.sign(claims, ISSUER), ISSUER, NOW) == claims


def test_header_says_what_it_is():
    assert jwt.get_unverified_header(TOKEN) == HEADER


def test_every_flipped_bit_is_refused():
    """Each bit of each character, the unused low bits of the last ones included: one token, one spelling."""
    for place, character in enumerate(TOKEN):
        for bit in range(7):
            forged = TOKEN[:place] + chr(ord(character) ^ (1 << bit)) + TOKEN[place + 1 :]
            refused(forged)


def test_last_character_has_one_spelling():
    """Ed25519's 64 bytes leave four bits of it unused; a decoder that ignores them takes 16 spellings."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # pragma: allowlist secret
    accepted = []
    for character in alphabet:
        try:
            tokens.verify(TOKEN[:-1] + character, ISSUER, NOW)
        except tokens.InvalidToken:
            continue
        accepted.append(character)
    assert accepted == [TOKEN[-1]]


@given(st.text(max_size=300))
def test_any_text_is_refused(text):
    refused(text)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=80))
def test_any_three_segments_are_refused(header, payload, signature):
    refused(".".join(b64(part) for part in (header, payload, signature)))


@given(
    st.dictionaries(
        st.sampled_from(["typ", "alg", "kid", "crit", "b64", "jwk", "jku", "x5u", "x5c", "cty"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2),
        max_size=5,
    )
)
def test_any_header_is_refused_unless_it_says_the_same(changes):
    """With a right signature over it, too."""
    header = {**HEADER, **changes}
    assume(any(header[name] != value for name, value in HEADER.items()) or "crit" in header)
    refused(compact(header=header))


# --- known attacks ---------------------------------------------------------------------------


def public_forms(key):
    """Our public key in every spelling an attacker can send as an HMAC secret."""
    encodings, formats = serialization.Encoding, serialization.PublicFormat
    raw = key.public.public_bytes(encodings.Raw, formats.Raw)
    return {
        "raw": raw,
        "pem": key.public.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo),
        "der": key.public.public_bytes(encodings.DER, formats.SubjectPublicKeyInfo),
        "ssh": key.public.public_bytes(encodings.OpenSSH, formats.OpenSSH),
        "x": b64(raw).encode(),
        "jwk": json.dumps({"crv": "Ed25519", "kty": "OKP", "x": b64(raw)}).encode(),
        "kid": key.kid.encode(),
        "empty": b"",
    }


@pytest.mark.parametrize("form", public_forms(KEY))
def test_public_key_is_no_secret(form):
    """CVE-2022-29217 and its followers: HS256 keyed with the public key."""
    secret = public_forms(KEY)[form]
    for header in ({**HEADER, "alg": "HS256"}, HEADER):
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(PAYLOAD).encode())}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        refused(f"{signed}.{b64(mac)}")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256"])
def test_unsigned_is_refused(alg):
    header, payload, signature = TOKEN.split(".")
    header = b64(json.dumps({**HEADER, "alg": alg}).encode())
    for last in ("", "AA", signature):
        refused(f"{header}.{payload}.{last}")
    refused(f"{header}.{payload}")


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": "Ed448"},
        {"alg": "ed25519"},
        {"alg": "eddsa"},
        {"alg": ["EdDSA"]},
        {"alg": None},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"typ": "mfa+jwt"},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"b64": False, "crit": ["b64"]},
        {"kid": "' OR 1=1--"},
        {"kid": "../../etc/passwd"},
        {"kid": ""},
        {"kid": None},
        {"kid": 0},
        {"kid": [KEY.kid]},
        {"kid": {"kid": KEY.kid}},
        {"kid": KEY.kid + "\x00"},
        {"kid": KEY.kid.upper()},
        {"kid": OTHER.kid},
    ],
    ids=str,
)
def test_changed_header_is_refused_although_rightly_signed(change):
    refused(compact(header={**HEADER, **change}))


def test_both_names_of_the_algorithm_are_accepted():
    """``EdDSA`` is what verifiers know and what is issued, ``Ed25519`` its name in RFC 9864."""
    assert jwt.get_unverified_header(TOKEN)["alg"] == "EdDSA"
    for name in ("EdDSA", "Ed25519"):
        header = {**HEADER, "alg": name}
        assert tokens.verify(compact(header=header), ISSUER, NOW) == CLAIMS
        refused(compact(header=header, key=OTHER))
        _header, payload, signature = TOKEN.split(".")
        other = b64(json.dumps({**HEADER, "alg": "Ed25519"}).encode())
        refused(f"{other}.{payload}.{signature}")
    secret = keys.load_given(b"s" * 32)
    issuer = replace(ISSUER, signing=secret, keys={secret.kid: secret})
    assert tokens.verify(tokens.sign(CLAIMS, issuer), issuer, NOW) == CLAIMS
    for name in ("EdDSA", "Ed25519"):
        refused(compact(header={**HEADER, "alg": name, "kid": secret.kid}), issuer)


@pytest.mark.parametrize("name", HEADER)
def test_header_without(name):
    refused(compact(header={key: value for key, value in HEADER.items() if key != name}))


def test_key_in_the_token_is_not_looked_at():
    """An attacker's own key, offered in the header, signs nothing: neither under our kid nor under its own."""
    raw = OTHER.public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(raw), "kid": OTHER.kid}
    for kid in (KEY.kid, OTHER.kid):
        for extra in (
            {"jwk": jwk},
            {"jku": "http://127.0.0.1:9/"},
            {"x5u": "http://127.0.0.1:9/"},
            {"x5c": [b64(raw)]},
        ):
            refused(compact(header={**HEADER, "kid": kid, **extra}, key=OTHER))


def test_algorithm_belongs_to_the_key():
    """The same key object registered for another algorithm: the token's word does not count."""
    issuer = replace(ISSUER, keys={KEY.kid: replace(KEY, algorithm="HS256")})
    refused(TOKEN, issuer)
    refused(compact(header={**HEADER, "alg": "HS256"}), issuer)


def test_removed_key_verifies_nothing():
    """The signature of a token is checked once per process; that may not outlive its key."""
    assert tokens.verify(TOKEN, ISSUER, NOW)
    refused(TOKEN, replace(ISSUER, keys={}))
    refused(TOKEN, replace(ISSUER, keys={KEY.kid: replace(OTHER, kid=KEY.kid)}))


@pytest.mark.parametrize(
    "spoil",
    ["{}=", "{}==", "{}.", ".{}", " {}", "{} ", "{}\n", "{}\x00", "{}.e30", "{}é", "{}\ud800"],
)
def test_compact_form_is_strict(spoil):
    refused(spoil.format(TOKEN))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("padding", ["=", "==", "\n", "+", "/", "%3D"])
def test_no_segment_may_carry_anything_else(place, padding):
    segments = TOKEN.split(".")
    segments[place] += padding
    refused(".".join(segments))


def test_json_serialisation_is_refused():
    header, payload, signature = TOKEN.split(".")
    general = {"payload": payload, "signatures": [{"protected": header, "signature": signature}]}
    refused(json.dumps(general))
    refused(json.dumps({"payload": payload, "protected": header, "signature": signature}))


@pytest.mark.parametrize("size", [tokens.MAX_LENGTH + 1, 1_000_000])
def test_too_long_is_refused(size):
    refused(TOKEN + "A" * (size - len(TOKEN)))
    refused("A" * size)


def test_longest_that_is_looked_at():
    """The limit is on the token, whoever signed it."""
    base = len(compact({**PAYLOAD, **LOGIN, "pad": ""}))
    fits = compact({**PAYLOAD, **LOGIN, "pad": "x" * ((tokens.MAX_LENGTH - base) * 3 // 4 - 3)})
    assert len(fits) <= tokens.MAX_LENGTH
    assert tokens.verify(fits, ISSUER, NOW) == CLAIMS
    too_long = compact({**PAYLOAD, "pad": "x" * (tokens.MAX_LENGTH * 3 // 4)})
    assert refused(too_long) == "not a compact JWT"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b"{", b'["', b"[[["])
def test_deep_nesting_is_refused(opening):
    """As deep as the length allows, in the header and, rightly signed, in the payload."""
    deep = opening * (2800 // len(opening))
    refused(f"{b64(deep)}.e30.AA")
    refused(compact(header=deep))
    refused(compact(payload=deep))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"0",
        b'"x"',
        b"true",
        b"{",
        b"\xff",
        b"\xff\xfe",
        b"NaN",
        b'{"sub":"2"}',
        b"9" * 2000,
    ],
    ids=repr,
)
def test_other_payloads_and_headers_are_refused(payload):
    refused(compact(payload=payload))
    refused(compact(header=payload))


# --- claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAYLOAD)
def test_each_claim_is_required(name):
    refused(compact({key: value for key, value in PAYLOAD.items() if key != name}))


@pytest.mark.parametrize("name", PAYLOAD)
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        [],
        [1],
        ["2"],
        {},
        {"a": 1},
        "",
        -1,
        0,
        1.5,
        9e99,
        "x" * 9,
        "2\n",
        " 2",
        "+2",
        "02",
        "٣",
        "2.0",
        "1e3",
    ],
    ids=repr,
)
def test_wrong_claims_are_refused(name, value):
    """Whatever the type, rightly signed: never another exception, and never accepted where it changes a meaning."""
    token = compact({**PAYLOAD, name: value})
    if name in ("jti", "sid", "stp") and isinstance(value, str) and value:
        assert tokens.verify(token, ISSUER, NOW)  # any text will do here
    elif name == "iat" and type(value) is int:
        assert tokens.verify(token, ISSUER, NOW).issued_at == value  # long ago is not the future
    else:
        refused(token)


def test_how_the_user_logged_in_may_be_absent():
    """A session that was opened before these claims goes on; there is nothing that could be wrong in them."""
    claims = tokens.verify(compact(PAYLOAD), ISSUER, NOW)
    assert claims == replace(CLAIMS, auth_time=None, amr=(), client=None)
    bare = json.loads(base64.urlsafe_b64decode(tokens.sign(claims, ISSUER).split(".")[1] + "=="))
    assert bare == {**PAYLOAD, "user_id": 2}


@given(a_claims)
def test_token_names_its_user_and_its_client(claims):
    """RFC 9068 requires ``client_id``; apps read ``user_id``, which is ``sub`` as a number."""
    segment = tokens.sign(claims, ISSUER).split(".")[1]
    payload = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    assert (payload["sub"], payload["user_id"]) == (str(claims.user_id), claims.user_id)
    assert payload.get("client_id") == claims.client


@pytest.mark.parametrize("value", [None, 3, "2", [2], {}, "", 2.5], ids=repr)
def test_another_user_beside_the_subject_is_refused(value):
    refused(compact({**RIGHT, "user_id": value}))


@pytest.mark.parametrize("value", [True, 1, [], {}, ["app"]], ids=repr)
def test_wrong_client_is_refused(value):
    refused(compact({**RIGHT, "client_id": value}))


@pytest.mark.parametrize("value", [True, "1", 1.5, [], {}, 9e99], ids=repr)
def test_wrong_time_of_the_login_is_refused(value):
    refused(compact({**PAYLOAD, **LOGIN, "auth_time": value}))


@pytest.mark.parametrize("value", [None, True, 1, "pwd", {}, [1], [["pwd"]], [None]], ids=repr)
def test_wrong_way_of_the_login_is_refused(value):
    refused(compact({**PAYLOAD, **LOGIN, "amr": value}))


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "NaN", "Infinity", "1764000900.0", "9" * 500]
)
@pytest.mark.parametrize("name", ["iat", "exp"])
def test_times_are_whole_numbers(name, number):
    """JSON can write numbers that Python's clock cannot hold."""
    text = json.dumps({**PAYLOAD, name: "@"}).replace('"@"', number)
    if (name, number) == ("exp", "9" * 500):
        assert tokens.verify(compact(text.encode()), ISSUER, NOW)  # far in the future, but ours
    else:
        refused(compact(text.encode()))


def test_another_database_is_refused():
    """The same key in a copy: issuer and audience tell the two apart."""
    for change in ({"issuer": "urn:odoo:other"}, {"audience": "3f1d/copy"}):
        refused(TOKEN, replace(ISSUER, **change))
    refused(compact({**PAYLOAD, "aud": [ISSUER.audience]}))
    refused(compact({**PAYLOAD, "aud": [ISSUER.audience, "other"]}))
    refused(compact({**PAYLOAD, "iss": ISSUER.issuer + "/"}))


def test_expires_to_the_second():
    """Dead at the very second of ``exp`` (RFC 7519: "on or after")."""
    assert tokens.verify(TOKEN, ISSUER, NOW + 899)
    assert tokens.verify(TOKEN, ISSUER, NOW + 899.999)
    assert refused(TOKEN, now=NOW + 900) == "expired"
    assert refused(TOKEN, now=NOW + 901) == "expired"


def test_future_is_refused_to_the_second():
    """Clocks of several servers may differ by the skew and no more; ``nbf`` is not ours to honour."""
    skew = tokens.CLOCK_SKEW_SECONDS
    assert tokens.verify(compact({**PAYLOAD, "iat": NOW + skew}), ISSUER, NOW)
    refused(compact({**PAYLOAD, "iat": NOW + skew + 1}))
    refused(compact({**PAYLOAD, "nbf": NOW - 1}))


def test_allow_expired_allows_nothing_else():
    long_after = {"now": NOW + 10**6, "allow_expired": True}
    assert tokens.verify(TOKEN, ISSUER, **long_after) == CLAIMS
    for token in (
        compact(key=OTHER),
        compact({**PAYLOAD, "aud": "other"}),
        compact({**PAYLOAD, "exp": None}),
        compact(header={**HEADER, "typ": "JWT"}),
        TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "Q"),
        TOKEN + "=",
    ):
        refused(token, **long_after)


def test_remembered_signature_does_not_remember_the_time():
    """The second verification of a token comes from memory; its clock and its issuer do not."""
    token = compact({**PAYLOAD, "jti": "remembered"})
    assert tokens.verify(token, ISSUER, NOW)
    refused(token, now=NOW + 900)
    refused(token, replace(ISSUER, audience="another"))
    assert tokens.verify(token, ISSUER, NOW)


def test_secrets_do_not_show():
    """A key, an issuer or a refresh token in a log line or a traceback gives nothing away."""
    refresh = tokens.RefreshToken.new()
    for shown in (repr(KEY), repr(ISSUER), repr(refresh)):
        assert "object at" not in shown
        assert refresh.secret not in shown


# --- refresh tokens --------------------------------------------------------------------------

ids = st.text("ABCxyz019-_", min_size=22, max_size=22)
sessions = st.text("ABCxyz019-_", min_size=42, max_size=42)
selectors = ids | st.text("ABCxyz019-_", min_size=86, max_size=86)
secrets = st.text("ABCxyz019-_", min_size=43, max_size=43)
refresh_tokens = st.builds(tokens.RefreshToken, selectors, secrets)
proof_keys = st.binary(min_size=1, max_size=70)
first_tokens = st.builds(tokens.RefreshToken.first, sessions, proof_keys)


@given(refresh_tokens)
def test_refresh_token_reads_what_it_writes(token):
    assert tokens.RefreshToken.parse(str(token)) == token


@given(st.text(max_size=100))
def test_any_text_is_no_refresh_token(text):
    with pytest.raises(tokens.InvalidToken):
        tokens.RefreshToken.parse(text)


@pytest.mark.parametrize(
    "spoil", ["{}\n", " {}", "{} ", "{}\x00", "{}=", "{}A", "v2.{}", "V1{}", "{}.A", "{}é"]
)
def test_refresh_token_form_is_strict(spoil):
    with pytest.raises(tokens.InvalidToken):
        tokens.RefreshToken.parse(spoil.format(tokens.RefreshToken.new()))


def test_refresh_token_form_counts_each_character():
    text = str(tokens.RefreshToken.new())
    for place in range(len(text)):
        with pytest.raises(tokens.InvalidToken):
            tokens.RefreshToken.parse(text[:place] + text[place + 1 :])
    with pytest.raises(tokens.InvalidToken):
        tokens.RefreshToken.parse("v1." + "٣" * 22 + "." + "A" * 43)


def test_refresh_tokens_are_random_and_long():
    made = [tokens.RefreshToken.new() for _time in range(1000)]
    assert len({token.selector for token in made}) == len({token.secret for token in made}) == 1000
    assert len(base64.urlsafe_b64decode(made[0].secret + "=")) == 32
    assert len(base64.urlsafe_b64decode(made[0].selector + "==")) == 16


@given(refresh_tokens, refresh_tokens)
def test_hash_knows_its_secret_and_no_other(one, other):
    """It is the SHA-256 of the secret, which it does not contain; the selector plays no part."""
    assert one.matches(one.hash)
    assert one.hash == hashlib.sha256(one.secret.encode()).hexdigest()
    assert one.secret not in one.hash
    assert replace(one, selector=other.selector).matches(one.hash)
    assert other.matches(one.hash) == (other.secret == one.secret)


@given(refresh_tokens, sessions, proof_keys)
def test_successor_is_derived_and_needs_both(parent, session, key):
    """The same of the same, so that the grace can give it again; another of anything else."""
    child, sibling = parent.successor(session, key), parent.successor(session, key)
    assert child == parent.again(child.selector, key)
    assert tokens.RefreshToken.parse(str(child)) == child
    assert child.session == session
    assert len({parent.secret, child.secret, sibling.secret}) == 3
    assert child.secret != child.successor(session, key).secret
    assert child.is_proven(key)
    digest = hmac.new(parent.secret.encode(), child.selector[:64].encode(), hashlib.sha256).digest()
    assert child.secret == b64(digest)


@given(refresh_tokens, ids, proof_keys)
def test_successor_that_an_older_release_issued_is_given_again(parent, selector, key):
    """The update may come between a refresh and its repetition."""
    child = parent.again(selector, key)
    digest = hmac.new(parent.secret.encode(), selector.encode(), hashlib.sha256).digest()
    assert (child.selector, child.secret, child.session) == (selector, b64(digest), None)


@given(first_tokens, proof_keys, secrets, st.integers(0, 85), st.sampled_from("ABCxyz019-_"))
def test_proof_is_of_one_secret_one_selector_and_one_key(token, key, secret, place, character):
    """A forged secret on a real selector proves nothing, nor does a selector with another session."""
    known = b"the key of this session"
    genuine = tokens.RefreshToken.first(token.selector[:42], known)
    assert genuine.is_proven(known)
    assert genuine.session == token.selector[:42]
    assert genuine.is_proven(key) == (key == known)
    assert not replace(genuine, secret=secret).is_proven(known)
    selector = genuine.selector[:place] + character + genuine.selector[place + 1 :]
    assert replace(genuine, selector=selector).is_proven(known) == (selector == genuine.selector)
    assert genuine.secret not in genuine.selector


def test_one_kind_of_token_is_not_the_other():
    refused(str(tokens.RefreshToken.new()))
    with pytest.raises(tokens.InvalidToken):
        tokens.RefreshToken.parse(TOKEN)
    with pytest.raises(tokens.InvalidToken):
        tokens.RefreshToken.parse(str(tokens.MfaToken.new()))
    with pytest.raises(tokens.InvalidToken):
        tokens.MfaToken.parse(str(tokens.RefreshToken.new()))
    mfa = tokens.MfaToken.new()
    assert tokens.MfaToken.parse(str(mfa)) == mfa
    refused(str(mfa))


def test_retired_key_verifies_until_its_end():
    """As long as the last token it signed may live, and not a second longer."""
    raw = keys.public_bytes(KEY)
    retiring = replace(ISSUER, signing=OTHER, keys={KEY.kid: keys.load_public(raw, NOW + 600.0)})
    assert tokens.verify(TOKEN, retiring, NOW + 600) == CLAIMS
    with pytest.raises(tokens.InvalidToken):
        tokens.verify(TOKEN, retiring, NOW + 601)


# --- links to files --------------------------------------------------------------------------

LINK = tokens.Link(
    2, "session", "stamp", "/api/v1/res.partner/7/image_1920/file", "sum", NOW + 300, (3,)
)
LINK_PAYLOAD = {
    "iss": ISSUER.issuer,
    "aud": f"{ISSUER.audience}#files",
    "sub": "2",
    "exp": NOW + 300,
    "sid": "session",
    "stp": "stamp",
    "path": LINK.path,
    "ver": "sum",
    "companies": [3],
}


def dead(signature, issuer=ISSUER, now=NOW):
    with pytest.raises(tokens.InvalidToken):
        tokens.verify_link(signature, issuer, now)


def test_link_gives_what_was_signed():
    signature = tokens.sign_link(LINK, ISSUER)
    assert tokens.verify_link(signature, ISSUER, NOW) == LINK
    by_hand = compact(LINK_PAYLOAD, {**HEADER, "typ": tokens.LINK_TYPE})
    assert tokens.verify_link(by_hand, ISSUER, NOW) == LINK


def test_link_is_no_access_token_and_an_access_token_is_no_link():
    """By their types, and by their audiences, even if one of them were signed with the other's."""
    refused(tokens.sign_link(LINK, ISSUER))
    dead(compact())
    refused(compact({**RIGHT, "aud": LINK_PAYLOAD["aud"]}))
    refused(compact(LINK_PAYLOAD))
    dead(compact(RIGHT, {**HEADER, "typ": tokens.LINK_TYPE}))
    dead(compact({**LINK_PAYLOAD, "aud": ISSUER.audience}, {**HEADER, "typ": tokens.LINK_TYPE}))


@pytest.mark.parametrize("name", sorted(LINK_PAYLOAD))
def test_each_claim_of_a_link_is_required(name):
    header = {**HEADER, "typ": tokens.LINK_TYPE}
    dead(compact({key: value for key, value in LINK_PAYLOAD.items() if key != name}, header))
    for wrong in (None, True, 1.5, "", {}, ["x"]):
        dead(compact({**LINK_PAYLOAD, name: wrong}, header))


def test_link_expires_and_is_of_one_database():
    signature = tokens.sign_link(LINK, ISSUER)
    tokens.verify_link(signature, ISSUER, NOW + 299)
    dead(signature, now=NOW + 300)
    dead(signature, issuer=replace(ISSUER, audience="other"))
    dead(signature, issuer=replace(ISSUER, issuer="urn:odoo:other"))
    signed, _dot, proof = signature.rpartition(".")
    dead(f"{signed}.{'B' if proof[0] == 'A' else 'A'}{proof[1:]}")
    dead("")
