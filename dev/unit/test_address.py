"""Client addresses: one spelling for each client, and the network that counts as one client."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import address

SPELLINGS = {
    "192.0.2.1": "192.0.2.1",
    " 192.0.2.1 ": "192.0.2.1",
    "192.0.2.1:4711": "192.0.2.1",
    '"192.0.2.1:4711"': "192.0.2.1",
    "::ffff:192.0.2.1": "192.0.2.1",
    "::FFFF:c000:0201": "192.0.2.1",
    "[::ffff:192.0.2.1]:4711": "192.0.2.1",
    "2001:DB8:0:0::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:4711": "2001:db8::1",
    '"[2001:db8::1]:4711"': "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:4711": "fe80::1",
    "unknown": "unknown",
    "_hidden.7:4711": "_hidden.7",
    "": "",
    None: "",
    "192.0.2.1\0": "",
    "a b": "",
    "192.0.2.1, 192.0.2.2": "",
    "x" * 65: "",
    "\ud800": "",
}


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.items())
def test_one_spelling_for_each_client(text, expected):
    assert address.normalize(text) == expected


@given(st.ip_addresses(), st.integers(0, 65535))
def test_port_and_mapping_change_nothing(ip, port):
    plain = address.normalize(str(ip))
    bracketed = f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"
    assert address.normalize(bracketed) == plain
    assert ipaddress.ip_address(plain) == (getattr(ip, "ipv4_mapped", None) or ip)
    if ip.version == 4:
        assert address.normalize(f"::ffff:{ip}") == plain


@given(st.text())
def test_any_text_becomes_an_address_a_name_or_nothing(text):
    found = address.normalize(text)
    assert found.isascii()
    assert "\0" not in found
    assert address.normalize(found) == found


def test_network_is_what_one_customer_has():
    assert address.network("192.0.2.1") == "192.0.2.1" != address.network("192.0.2.2")
    assert address.network("2001:db8::1") == address.network("2001:db8::ffff:0:1")
    assert address.network("2001:db8::1") != address.network("2001:db8:0:1::1")
    assert address.network("unknown") == "unknown"
    assert address.network("") == ""
