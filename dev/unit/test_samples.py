# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.samples: whatever a request holds, its code means the same in each language."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt_auth_api.tools import samples
from jwt_auth_api.tools.samples import TOKEN
from lib import php

URL = "http://127.0.0.1:8069/api/v1/res.partner"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
#: Texts with what languages give a meaning to.
NASTY = [
    "plain",
    "",
    "O'Reilly",
    'say "hello"',
    "$HOME ${HOME} $(id) `id` %s %TEMP% {x} {{x}}",
    "back\\slash \\' \\\" \\n",
    "line\nbreak\ttab",
    "héllo wörld ☃ 😀",
    "</script><b>&amp;",
    "*/ // # --",
]
text = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
value = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


def of(language, *args, **kwargs):
    [found] = [each.text for each in samples.samples(*args, **kwargs) if each.language == language]
    return found


def test_languages():
    """Five languages, the same for a request and for the login before it."""
    languages = [each.language for each in samples.samples("GET", URL)]
    assert languages == ["curl", "javascript", "python", "dart", "php"]
    assert languages == [
        each.language for each in samples.log_in("http://127.0.0.1:8069", "admin", "admin")
    ]


@pytest.mark.parametrize("language", ["curl", "javascript", "python", "dart", "php"])
def test_the_login_sets_what_the_requests_use(language):
    [enter] = [
        each.text
        for each in samples.log_in("http://127.0.0.1", "admin", "admin")
        if each.language == language
    ]
    request = of(language, "GET", URL, BEARER)
    variable = {"curl": "TOKEN", "php": "$token"}.get(language, "token")
    assert re.search(rf"{re.escape(variable)} ?=", enter)
    assert variable in request
    assert "admin" not in request


def test_curl():
    """Parameters in the URL, and the method only where curl would take another."""
    assert of("curl", "GET", URL, BEARER, params={"fields": "name,email"}) == (
        f'curl -sS -G {URL} \\\n    -H "Authorization: Bearer $TOKEN"'
        " \\\n    --data-urlencode fields=name,email"
    )
    assert "-X" not in of("curl", "POST", URL, body={})
    assert "-X DELETE" in of("curl", "DELETE", f"{URL}/7")
    both = of("curl", "POST", URL, body={"a": 1}, params={"lang": "fr_FR & co"})
    assert f"'{URL}?lang=fr_FR+%26+co'" in both
    assert "-G" not in both


@given(value, st.dictionaries(text.filter(bool), text, max_size=3))
def test_python_means_the_same(body, params):
    code = of("python", "POST", URL, BEARER, body, params)
    seen = {}

    class Httpx:
        @staticmethod
        def request(method, url, **options):
            seen.update(options, method=method, url=url)
            return Httpx()

        is_error = False

        def json(self):
            return None

    exec(compile(code, "sample", "exec"), {"httpx": Httpx, "token": "T", "print": lambda *_: None})
    assert (seen["method"], seen["url"]) == ("POST", URL)
    assert seen["headers"] == {"Authorization": "Bearer T"}
    assert seen.get("params", {}) == params
    assert seen.get("json") == body


@pytest.mark.parametrize("body", [{name: [name, None, True]} for name in NASTY] + [[], {}, [{}]])
def test_curl_means_the_same(body):
    """A shell passes the arguments on as they are."""
    code = of("curl", "POST", URL, {**BEARER, "X-Quoted": NASTY[4]}, body)
    script = "curl() { printf '%s\\0' \"$@\"; }; TOKEN=T; " + code
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    words = done.stdout.decode().split("\0")
    assert json.loads(words[words.index("-d") + 1]) == body
    assert "Authorization: Bearer T" in words
    assert f"X-Quoted: {NASTY[4]}" in words


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
def test_javascript_means_the_same():
    """Node runs the code of all texts, with a function in place of fetch."""
    bodies = [{name: [name, None, True, {}]} for name in NASTY]
    codes = [
        of("javascript", "PUT", URL, {**BEARER, "X-Quoted": name or "x"}, body, {"domain": name})
        for name, body in zip(NASTY, bodies, strict=True)
    ]
    script = 'const token = "T", seen = [];\n'
    script += "const fetch = async (url, options) => { seen.push([url, options]);"
    script += " return {json: async () => null}; };\nconsole.log = () => null;\n"
    script += "".join(f"{{\n{code}\n}}\n" for code in codes)
    script += "process.stdout.write(JSON.stringify(seen));"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, check=True
    )
    seen = json.loads(done.stdout)
    assert [json.loads(options["body"]) for _url, options in seen] == bodies
    assert [options["headers"]["X-Quoted"] for _url, options in seen] == [n or "x" for n in NASTY]
    assert {options["headers"]["Authorization"] for _url, options in seen} == {"Bearer T"}
    assert {options["method"] for _url, options in seen} == {"PUT"}
    assert all(url.startswith(f"{URL}?domain=") for url, _options in seen)


@pytest.mark.skipif(not php.command(), reason=php.MISSING)
def test_php_means_the_same():
    """PHP sends the requests of all texts to a server, as they are."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers, json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    bodies = [{name: [name, None, True, {}, {"a": 1}]} for name in NASTY]
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api"
        codes = [
            of("php", "PUT", url, {**BEARER, "X-Quoted": NASTY[4]}, body, {"domain": name})
            for name, body in zip(NASTY, bodies, strict=True)
        ]
        script = "$token = 'T';\n" + "\n".join(codes)
        done = subprocess.run([*php.command(), "-r", script], capture_output=True, timeout=60)
        server.shutdown()
    assert not done.returncode, done.stdout + done.stderr
    assert [body for _path, _headers, body in seen] == bodies
    asked = [parse_qs(urlsplit(path).query, keep_blank_values=True) for path, *_rest in seen]
    assert asked == [{"domain": [name]} for name in NASTY]
    for _path, headers, _body in seen:
        assert headers["Authorization"] == "Bearer T"
        assert headers["X-Quoted"] == NASTY[4]
        assert headers["Content-Type"] == "application/json"


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(value)
def test_brackets_of_other_languages(body):
    """In Dart and PHP, each bracket has its partner, and each statement its end."""
    for language in ("dart", "php"):
        code = of(language, "POST", URL, BEARER, body, {"a": "b"})
        outside = re.sub(r"'(?:[^'\\]|\\.)*'", "", code, flags=re.DOTALL)
        open_brackets = []
        for character in outside:
            if character in "([{":
                open_brackets.append(character)
            elif character in ")]}":
                assert open_brackets.pop() + character in ("()", "[]", "{}")
        assert not open_brackets
        for line in outside.splitlines():
            assert line[-1:] in tuple(";,([{)]}"), line
        assert outside.endswith(";")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(value)
def test_other_languages_quote_every_text(body):
    """In Dart and PHP, no text ends its quotes or is read as a variable."""
    for language in ("dart", "php"):
        code = of(language, "POST", URL, BEARER, body)
        outside = re.sub(r"'(?:[^'\\]|\\.)*'", "''", code, flags=re.DOTALL)
        assert "'" not in outside.replace("''", "")
        for name in NASTY[3:]:
            assert name not in outside
        if language == "dart":
            inside = "".join(re.findall(r"'(?:[^'\\]|\\.)*'", code, flags=re.DOTALL))
            assert re.sub(r"\\.", "", inside).replace("$token", "").count("$") == 0


def test_long_values_are_broken():
    """A line has one item where all of them do not fit into one."""
    body = {"values": {f"field_{number}": "x" * 20 for number in range(6)}}
    for each in samples.samples("POST", URL, BEARER, body):
        if each.language != "curl":  # the shell's is JSON in one word
            assert max(map(len, each.text.splitlines())) < 110, each.text


def test_empty_object_in_php():
    assert "'context' => new stdClass()" in of("php", "POST", URL, body={"context": {}})


@pytest.mark.parametrize("name", ["curl", "python"])
def test_error_does_not_pass_for_a_file(name):
    """The code ends with an error, and the message of the API is shown or kept."""
    code = of(name, "GET", URL, BEARER, file="photo.png")
    assert {"curl": "--fail-with-body", "python": "raise SystemExit(response.text)"}[name] in code
