"""Write a request as code in several languages, which works when it is pasted.

Each sample of a request with a token uses a variable for it, which the sample of :func:`log_in` sets.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

#: In the value of a header, it stands for the variable with the access token.
TOKEN: Final = "$TOKEN"  # noqa: S105 - the name of a variable
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"
_INDENT: Final = 4


@dataclass(frozen=True)
class Request:
    """A request to write as code.

    :ivar url: without a query string
    :ivar params: the query string; a value is text
    :ivar headers: a value may contain :data:`TOKEN`
    :ivar body: a JSON value; None for no body
    :ivar file: the name of the file that the response is, such as a PDF; an empty text if it is JSON
    :ivar upload: the name of the file that is sent as the body; an empty text for none
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    file: str = ""
    upload: str = ""

    @property
    def all_headers(self) -> dict[str, str]:
        """Return the headers with the type of the body."""
        if self.upload:
            return {**self.headers, "Content-Type": _BYTES}
        typed = {} if self.body is None else {"Content-Type": _JSON}
        return {**self.headers, **typed}


@dataclass(frozen=True)
class Sample:
    """A request in one language.

    :ivar language: an identifier, such as ``python``
    :ivar label: the name for people
    """

    language: str
    label: str
    text: str


def samples(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    params: Mapping[str, str] | None = None,
    file: str = "",
    upload: str = "",
) -> tuple[Sample, ...]:
    """Return a request in all languages.

    :param url: absolute, without a query string
    :param headers: a value may contain :data:`TOKEN`, as in ``{"Authorization": f"Bearer {TOKEN}"}``
    :param body: a JSON value; None for no body
    :param params: the query string
    :param file: the name of the file that the response is, which the code stores
    :param upload: the name of the file that the code sends as the body
    """
    request = Request(method, url, params or {}, headers or {}, body, file, upload)
    return tuple(
        Sample(name, label, write(request)) for name, (label, write, _enter) in _LANGUAGES.items()
    )


def log_in(origin: str, login: str, password: str) -> tuple[Sample, ...]:
    """Return a login in all languages: the code stores the access token in the variable of the samples.

    :param origin: such as ``https://odoo.example.com``
    """
    credentials = {"login": login, "password": password}
    headers = {"X-Client-Type": "app"}
    request = Request("POST", f"{origin}/api/login", {}, headers, credentials)
    return tuple(
        Sample(name, label, enter(request)) for name, (label, _write, enter) in _LANGUAGES.items()
    )


# --- curl --------------------------------------------------------------------------------------


def _shell(text: str) -> str:
    """Quote a text for a shell, in which the variable of the token counts."""
    if TOKEN not in text:
        return shlex.quote(text)
    escaped = text.replace(TOKEN, "\0")
    for character in '\\"`$':
        escaped = escaped.replace(character, f"\\{character}")
    return '"{}"'.format(escaped.replace("\0", TOKEN))


def _curl_words(request: Request) -> list[str]:
    url, params = request.url, request.params
    if params and request.body is not None:  # curl would send the body as parameters
        url, params = f"{url}?{urlencode(params)}", {}
    # an error must not pass for the file
    fails = ["--fail-with-body"] if request.file else []
    words = ["curl -sS", *fails, *(["-G"] if params else [])]
    if request.method != ("GET" if request.body is None else "POST"):
        words.append(f"-X {request.method}")
    lines = [" ".join([*words, shlex.quote(url)])]
    lines += [f"-H {_shell(f'{name}: {value}')}" for name, value in request.all_headers.items()]
    lines += [f"--data-urlencode {shlex.quote(f'{name}={params[name]}')}" for name in params]
    if request.body is not None:
        lines.append(f"-d {shlex.quote(json.dumps(request.body, ensure_ascii=False))}")
    if request.upload:
        lines.append(f"--data-binary {shlex.quote(f'@{request.upload}')}")
    if request.file:
        lines.append(f"-o {shlex.quote(request.file)}")
    return lines


def _curl(request: Request) -> str:
    return " \\\n    ".join(_curl_words(request))


def _curl_log_in(request: Request) -> str:
    find = """sed 's/.*"token":"\\([^"]*\\)".*/\\1/'"""
    return f"TOKEN=$({_curl(request)} \\\n    | {find})"


# --- JavaScript --------------------------------------------------------------------------------


def _javascript_text(text: str) -> str:
    if TOKEN not in text:
        return json.dumps(text)
    escaped = text.replace("\\", "\\\\").replace("`", "\\`").replace(TOKEN, "\0")
    return "`{}`".format(escaped.replace("$", "\\$").replace("\0", "${token}"))


def _javascript_value(value: Any, level: int = 0) -> str:
    return _nested(value, level, json.dumps, "{}: {}", "{}")


def _javascript_call(request: Request) -> str:
    url = json.dumps(request.url)
    lines = []
    if request.method != "GET":
        lines.append(f"method: {json.dumps(request.method)},")
    if request.all_headers:
        headers = (
            f"{json.dumps(name)}: {_javascript_text(value)}"
            for name, value in request.all_headers.items()
        )
        lines.append(f"headers: {{{', '.join(headers)}}},")
    if request.body is not None:
        lines.append(f"body: JSON.stringify({_javascript_value(request.body, 1)}),")
    if request.upload:
        lines.append("body: file,")
    options = "".join(f"    {line}\n" for line in lines)
    if request.params:
        url = f"{json.dumps(request.url + '?')} + params"
    return f"await fetch({url}, {{\n{options}}})" if lines else f"await fetch({url})"


def _javascript_params(request: Request) -> str:
    if not request.params:
        return ""
    return f"const params = new URLSearchParams({_javascript_value(dict(request.params))});\n"


def _javascript(request: Request) -> str:
    chosen = ""
    if request.upload:
        chosen = 'const file = document.querySelector("input[type=file]").files[0];\n'
    call = f"const response = {_javascript_call(request)};"
    read = "const file = await response.blob();"
    if not request.file:
        read = "console.log(await response.json());"
    return f"{_javascript_params(request)}{chosen}{call}\n{read}"


def _javascript_log_in(request: Request) -> str:
    return (
        f"const session = await ({_javascript_call(request)}).json();\nconst token = session.token;"
    )


# --- Python ------------------------------------------------------------------------------------


def _python_text(text: str) -> str:
    if TOKEN not in text:
        return repr(text) if '"' in text else json.dumps(text, ensure_ascii=False)
    escaped = text.replace("{", "{{").replace("}", "}}").replace(TOKEN, "{token}")
    return f"f{escaped!r}" if '"' in escaped else f'f"{escaped}"'


def _python_value(value: Any, level: int = 0) -> str:
    return _nested(value, level, _python_scalar, "{}: {}", "{}")


def _python_scalar(value: Any) -> str:
    return _python_text(value) if isinstance(value, str) else repr(value)


def _python_call(request: Request) -> str:
    lines = [f"{_python_text(request.method)},", f"{_python_text(request.url)},"]
    # httpx sets the type of JSON itself
    if named := request.all_headers if request.upload else request.headers:
        headers = (f"{_python_text(name)}: {_python_text(value)}" for name, value in named.items())
        lines.append(f"headers={{{', '.join(headers)}}},")
    if request.params:
        lines.append(f"params={_python_value(dict(request.params), 1)},")
    if request.body is not None:
        lines.append(f"json={_python_value(request.body, 1)},")
    if request.upload:
        lines.append("content=content,")
    arguments = "".join(f"    {line}\n" for line in lines)
    return f"httpx.request(\n{arguments})"


def _python(request: Request) -> str:
    read = "print(response.json())"
    if request.file:
        path = _python_text(request.file)
        read = f'with open({path}, "wb") as file:\n    file.write(response.content)'
    before = ""
    if request.upload:
        path = _python_text(request.upload)
        before = f'with open({path}, "rb") as file:\n    content = file.read()\n'
    fails = "if response.is_error:\n    raise SystemExit(response.text)"
    return f"{before}response = {_python_call(request)}\n{fails}\n{read}"


def _python_log_in(request: Request) -> str:
    return f'import httpx\n\ntoken = {_python_call(request)}.json()["token"]'


# --- Dart --------------------------------------------------------------------------------------


def _dart_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    escaped = escaped.replace("\r", "\\r").replace(TOKEN, "\0").replace("$", "\\$")
    return "'{}'".format(escaped.replace("\0", "$token"))


def _dart_value(value: Any, level: int = 0) -> str:
    return _nested(value, level, _dart_scalar, "{}: {}", "{}")


def _dart_scalar(value: Any) -> str:
    return _dart_text(value) if isinstance(value, str) else json.dumps(value)


def _dart_call(request: Request) -> str:
    url = f"Uri.parse({_dart_text(request.url)})"
    if request.params:
        url += ".replace(queryParameters: params)"
    lines = [f"{url},"]
    if request.all_headers:
        headers = (
            f"{_dart_text(name)}: {_dart_text(value)}"
            for name, value in request.all_headers.items()
        )
        lines.append(f"headers: {{{', '.join(headers)}}},")
    if request.body is not None:
        lines.append(f"body: jsonEncode({_dart_value(request.body, 1)}),")
    if request.upload:
        lines.append("body: file,")
    arguments = "".join(f"    {line}\n" for line in lines)
    return f"await http.{request.method.lower()}(\n{arguments})"


def _dart(request: Request) -> str:
    params = ""
    if request.params:
        params = f"final params = {_dart_value(dict(request.params))};\n"
    if request.upload:
        path = _dart_text(request.upload)
        params += f"// import 'dart:io';\nfinal file = await File({path}).readAsBytes();\n"
    read = "final file = response.bodyBytes;"
    if not request.file:
        read = "print(jsonDecode(response.body));"
    return f"{params}final response = {_dart_call(request)};\n{read}"


def _dart_log_in(request: Request) -> str:
    return (
        "import 'dart:convert';\n"
        "import 'package:http/http.dart' as http;\n\n"
        "// in an async function:\n"
        f"final login = {_dart_call(request)};\n"
        "final token = jsonDecode(login.body)['token'];"
    )


# --- PHP ---------------------------------------------------------------------------------------


def _php_text(text: str) -> str:
    parts = text.split(TOKEN)
    quoted = ["'{}'".format(part.replace("\\", "\\\\").replace("'", "\\'")) for part in parts]
    return " . $token . ".join(quoted).removesuffix(" . ''")


def _php_value(value: Any, level: int = 0) -> str:
    return _nested(value, level, _php_scalar, "{} => {}", "[]")


def _php_scalar(value: Any) -> str:
    if value == {}:
        return "new stdClass()"  # an empty array would become a list
    return _php_text(value) if isinstance(value, str) else json.dumps(value)


def _php_call(request: Request) -> str:
    """Write the code that prepares ``$curl``."""
    url, query = _php_text(request.url), ""
    if request.params:
        query = f"$query = http_build_query({_php_value(dict(request.params))});\n"
        url = f"{_php_text(f'{request.url}?')} . $query"
    headers = [f"{key}: {value}" for key, value in request.all_headers.items()]
    options = [
        f"CURLOPT_CUSTOMREQUEST => {_php_text(request.method)},",
        "CURLOPT_RETURNTRANSFER => true,",
        f"CURLOPT_HTTPHEADER => [{', '.join(map(_php_text, headers))}],",
    ]
    if request.body is not None:
        options.append(f"CURLOPT_POSTFIELDS => json_encode({_php_value(request.body, 1)}),")
    if request.upload:
        path = _php_text(request.upload)
        options.append(f"CURLOPT_POSTFIELDS => file_get_contents({path}),")
    lines = "".join(f"    {line}\n" for line in options)
    return f"{query}$curl = curl_init({url});\ncurl_setopt_array($curl, [\n{lines}]);"


def _php(request: Request) -> str:
    if request.file:
        return (
            f"{_php_call(request)}\nfile_put_contents({_php_text(request.file)}, curl_exec($curl));"
        )
    return f"{_php_call(request)}\nprint_r(json_decode(curl_exec($curl), true));"


def _php_log_in(request: Request) -> str:
    return f"<?php\n{_php_call(request)}\n$token = json_decode(curl_exec($curl), true)['token'];"


# --- all ---------------------------------------------------------------------------------------


def _nested(value: Any, level: int, scalar: Callable[[Any], str], pair: str, braces: str) -> str:
    """Write a JSON value as a literal: short ones in one line, others with one item per line.

    :param level: how far the surrounding lines are indented
    :param scalar: writes a text, a number, a flag or null
    :param pair: the form of a key with its value
    :param braces: what encloses an object
    """
    if not isinstance(value, dict | list) or not value:
        return scalar(value)

    def write(deeper: int) -> list[str]:
        if isinstance(value, list):
            return [_nested(item, deeper, scalar, pair, braces) for item in value]
        return [
            pair.format(scalar(key), _nested(item, deeper, scalar, pair, braces))
            for key, item in value.items()
        ]

    enclosing = "[]" if isinstance(value, list) else braces
    start, end = enclosing[0], enclosing[1]
    line = f"{start}{', '.join(write(level))}{end}"
    if len(line) <= 72 and "\n" not in line:
        return line
    blank = " " * _INDENT
    items = "".join(f"{blank * (level + 1)}{item},\n" for item in write(level + 1))
    return f"{start}\n{items}{blank * level}{end}"


#: Identifier → the name for people, and what writes a request and a login.
_LANGUAGES: Final[Mapping[str, tuple[str, Callable[[Request], str], Callable[[Request], str]]]] = {
    "curl": ("curl", _curl, _curl_log_in),
    "javascript": ("JavaScript", _javascript, _javascript_log_in),
    "python": ("Python", _python, _python_log_in),
    "dart": ("Dart", _dart, _dart_log_in),
    "php": ("PHP", _php, _php_log_in),
}
