"""What an authenticator answered: nothing without the right form reaches Odoo's library, and nothing crashes."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import passkeys
from jwt_auth_api.tools.errors import ApiError

CLIENT = {"type": "webauthn.get", "challenge": "AAAA", "origin": "https://odoo.example.com"}
DATA = b"h" * 32 + b"\x05" + b"\0\0\0\1"


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def credential(client=CLIENT, data=DATA, **changes):
    client = client if isinstance(client, bytes) else json.dumps(client).encode()
    response = {
        "clientDataJSON": b64(client),
        "authenticatorData": b64(data),
        "signature": b64(b"signature"),
        "userHandle": b64(b"2"),
    }
    return {"id": "abcd", "rawId": "abcd", "type": "public-key", "response": response, **changes}


def refused(value):
    with pytest.raises(ApiError) as caught:
        passkeys.parse_assertion(value)
    assert caught.value.error == "bad_value"


def test_right_form_is_kept_and_the_rest_left_out():
    given = credential(authenticatorAttachment="mind-reader", clientExtensionResults={"a": 1})
    assertion = passkeys.parse_assertion(given)
    assert assertion.id == "abcd"
    assert json.loads(assertion.text) == credential()


@pytest.mark.parametrize("handle", [None, ""])
def test_user_handle_may_be_absent(handle):
    given = credential()
    given["response"]["userHandle"] = handle
    assert "userHandle" not in json.loads(passkeys.parse_assertion(given).text)["response"]


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x05, 0x0D, 0x1D], ids=hex)
def test_flags_that_an_assertion_may_have(flags):
    """Whether the user was there and verified is Odoo's to judge."""
    assert passkeys.parse_assertion(credential(data=DATA[:32] + bytes([flags]) + DATA[33:]))


@pytest.mark.parametrize("flags", [0x15, 0x45, 0x85, 0xC5], ids=hex)
def test_flags_that_no_assertion_has(flags):
    """Backed up though it cannot be; a new key; extensions that nobody asked for."""
    refused(credential(data=DATA[:32] + bytes([flags]) + DATA[33:]))


@pytest.mark.parametrize("size", [0, 36, 38])
def test_authenticator_data_has_one_length(size):
    refused(credential(data=(DATA + b"x")[:size]))


@pytest.mark.parametrize("name", ["id", "rawId", "type", "response"])
def test_each_key_is_required(name):
    refused({key: value for key, value in credential().items() if key != name})


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", [None, 1, "", "A", "ä", "AA AA", "A" * 9000, ["AAAA"]], ids=str)
def test_each_part_is_base64url(name, value):
    given = credential()
    given["response"][name] = value
    refused(given)


@pytest.mark.parametrize("name", CLIENT)
@pytest.mark.parametrize("value", [None, 1, ["x"], {}], ids=repr)
def test_client_data_has_its_parts(name, value):
    refused(credential({**CLIENT, name: value}))


@pytest.mark.parametrize("raw", [b"", b"[]", b"1", b"\xff", b"{", b"[" * 5000, b"9" * 5000])
def test_client_data_is_an_object(raw):
    refused(credential(raw))


def test_token_binding_has_a_status():
    refused(credential({**CLIENT, "tokenBinding": {}}))
    assert passkeys.parse_assertion(credential({**CLIENT, "tokenBinding": {"status": "present"}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_json(value):
    refused(value)


@given(
    st.dictionaries(st.sampled_from([*credential(), "x"]), JSON),
    st.dictionaries(st.sampled_from([*credential()["response"], "x"]), JSON),
)
def test_any_change_is_refused_or_means_the_same(changes, parts):
    """What gets through is what was right before it was changed."""
    response = {**credential()["response"], **parts}
    try:
        assertion = passkeys.parse_assertion({**credential(), "response": response, **changes})
    except ApiError:
        return
    kept = json.loads(assertion.text)
    assert kept.keys() <= credential().keys()
    assert kept["response"].keys() <= response.keys()
