# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.origins: what names the pages of one origin, and nothing else does."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import origins, settings

HOST = "odoo.example.com"


@pytest.mark.parametrize(
    ("entry", "sent"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("HTTPS://App.Example.com", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80/", "http://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("ionic://localhost", "ionic://localhost"),
        ("tauri://localhost", "tauri://localhost"),
        ("app://obsidian.md", "app://obsidian.md"),
        ("capacitor-electron://-", "capacitor-electron://-"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
    ],
)
def test_origin_as_a_browser_sends_it(entry, sent):
    """Web pages, and apps in a web view, which have a scheme of their own."""
    assert origins.parse(f" {entry} ,") == origins.Origins(frozenset([sent]), ())


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "null",
        "file://",
        "app.example.com",
        "https://",
        "https://app.example.com/shop",
        "https://*.example.com",
        "https://user@app.example.com",
        "https://app.example.com:99999999",
        "https://a.example.com https://b.example.com",
        "https://bücher.example",
        "://app.example.com",
        "1app://localhost",
        "https:/app.example.com",
    ],
)
def test_what_is_no_origin_is_told(entry, caplog):
    """It allows nobody, and stands in the log once, however often it is read."""
    text = f"https://app.example.com,{entry}"
    with caplog.at_level(logging.WARNING):
        read = {settings.read("cors_origins", text) for _time in range(3)}
    assert read == {origins.parse(text).allowed}
    assert origins.parse(text) == origins.Origins(frozenset(["https://app.example.com"]), (entry,))
    [record] = caplog.records
    assert entry in record.getMessage()
    assert "jwt_auth_api.cors_origins" in record.getMessage()


@given(st.text(max_size=60))
def test_any_text(text):
    """Whatever an entry is, it is allowed or told, and nothing that it allows stands for everybody."""
    found = origins.parse(text)
    entries = [entry for entry in map(str.strip, text.split(",")) if entry]
    assert bool(found.allowed or found.ignored) == bool(entries)
    assert not found.allowed & {"*", "null"}
    for origin in found.allowed:
        assert origins.parse(origin).allowed == {origin}


@pytest.mark.parametrize(
    ("origin", "host", "secure", "own"),
    [
        (f"https://{HOST}", HOST, True, True),
        (f"https://{HOST}", f"{HOST}:443", True, True),
        (f"https://{HOST}:8443", f"{HOST}:8443", True, True),
        (f"https://{HOST}", HOST.upper(), True, True),
        # the proxy does not say that the browser sees HTTPS
        (f"https://{HOST}", HOST, False, True),
        (f"http://{HOST}:8069", f"{HOST}:8069", False, True),
        (f"http://{HOST}", f"{HOST}:80", False, True),
        # anybody in between makes such a page
        (f"http://{HOST}", HOST, True, False),
        (f"http://{HOST}:443", f"{HOST}:443", True, False),
        (f"https://{HOST}:8443", HOST, True, False),
        (f"https://{HOST}.evil.example", HOST, True, False),
        (f"https://evil.example@{HOST}", HOST, True, False),
        (f"capacitor://{HOST}", HOST, False, False),
        (f"ftp://{HOST}", HOST, False, False),
        ("null", HOST, False, False),
        ("null", "null", False, False),
        ("https://", "", False, False),
        ("", "", False, False),
    ],
)
def test_own_pages(origin, host, secure, own):
    """Of the same host and port, and over a connection that is as safe as the request's."""
    assert origins.is_own(origin, host, secure=secure) is own
