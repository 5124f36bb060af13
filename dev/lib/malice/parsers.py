# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Every function of `tools/` that takes what a client sends: what it is given, and what it may raise.

A function that is neither in :data:`PARSERS` nor excused in :data:`NO_PARSERS` fails a test.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from jwt_auth_api.tools import (
    address,
    blame,
    contexts,
    cursors,
    domains,
    errors,
    etag,
    filters,
    forms,
    idempotency,
    keys,
    media_types,
    names,
    origins,
    parameters,
    parsing,
    passkeys,
    problem,
    reader,
    settings,
    signatures,
    text,
    tokens,
    values,
)
from werkzeug.datastructures import MultiDict

from ..bootstrap import ROOT

#: How long a text of a client is at most: the head of a request is limited to this.
LARGE = 64 * 1024

# --- what is given ---------------------------------------------------------------------------

#: What has broken parsers of other projects, or one of these once.
_ODD = [
    *(
        "",
        " ",
        "\x00",
        "\ud800",
        "\r\n",
        "'",
        '"',
        "\\",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "[[[",
        "]]]",
    ),
    *(
        "null",
        "None",
        "true",
        "True",
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5000,
        "-" * 90,
        "not " * 50,
    ),
    *(
        "[]",
        "{}",
        "()",
        "[1]",
        '["a"]',
        '{"a": 1}',
        "('a',)",
        "a,b",
        "name asc",
        "id:count",
        "a.b.c",
    ),
    *(
        '[["a", "=", 1]]',
        "[('a','in',[1])]",
        '["|", ["a", "=", 1], ["b", "=", 2]]',
        '["!"]',
        '["&"]',
    ),
    *(
        '[["a", "any", [["b", "=", 1]]]]',
        "1+1j",
        'f"{1}"',
        "b'x'",
        "{1}",
        "...",
        "lambda: 0",
        "x if y",
    ),
    *(
        "__class__",
        "user.id",
        "[('a', '=', user.id)]",
        "uid",
        "%(a)s",
        "{0.__class__}",
        "${jndi:x}",
    ),
    *(
        "eyJhbGciOiJub25lIn0.e30.",  # pragma: allowlist secret
        "a.b.c",
        "v1.a.b",
        "Bearer x",
        '"x.y"',
        'W/"x"',
        "*",
        'W/"x", "y"',
    ),
    *(
        "2026-11-26",
        "2026-11-26T10:00:00Z",
        "0000-00-00",
        "9999-12-31T23:59:59-23:59",
        "today",
        "-7d",
    ),
    *(
        "127.0.0.1:80",
        "[::1]:80",
        "::ffff:1.2.3.4",
        "fe80::1%eth0",
        "unknown",
        "capacitor:/" + "/[",
        "null",
    ),
    *("application/json", "text/html; charset=utf-8", 'a/b;c="d"', "--x\r\n\r\n", "aGVsbG8=", "=="),
]
texts = st.sampled_from(_ODD) | st.text(max_size=60) | st.lists(st.sampled_from(_ODD)).map("".join)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31 - 1, 2**31, 2**63, -(2**63) - 1, 10**400, 7.0, -0.0])
    | st.floats()
    | texts
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
#: JSON as a client writes it, or nearly so.
json_texts = json_values.map(lambda value: json.dumps(value)) | texts
_known = sorted(frozenset().union(*parameters.PARAMETERS.values(), *parameters.KEYS.values()))
_names = st.sampled_from(_known) | texts
params = st.dictionaries(_names, json_texts, max_size=8) | st.lists(
    st.tuples(_names, json_texts), max_size=8
).map(MultiDict)
bodies = st.dictionaries(_names, json_values, max_size=8)
_TYPES = [
    *(
        "boolean",
        "integer",
        "float",
        "monetary",
        "char",
        "text",
        "html",
        "date",
        "datetime",
        "binary",
    ),
    *("image", "selection", "many2one", "reference", "many2one_reference", "one2many", "many2many"),
    *("json", "properties", "properties_definition", "serialized", "unheard_of"),
]
#: Properties as a response returns them: their definitions, which have a name and a type, with their values.
_properties = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc") | texts, "type": st.sampled_from(_TYPES)},
        optional={"value": json_values, "string": texts},
    ),
    max_size=4,
)
_OPERATORS = sorted(domains.OPERATORS)
form_bytes = st.lists(
    st.sampled_from(
        [
            *(
                b"--x",
                b"--x--",
                b"\r\n",
                b"\n",
                b"\r",
                b"\r\n\r\n",
                b"--",
                b"x",
                b" ",
                b"\x00",
                b"\xff",
            ),
            *(b"Content-Disposition: form-data; name=", b'"a"', b"; filename=", b'"b.txt"', b"{}"),
            *(
                b"Content-Type: application/json",
                b"Content-Transfer-Encoding: base64",
                b"[",
                b"null",
            ),
        ]
    )
    | st.binary(max_size=8),
    max_size=30,
).map(b"".join)

# --- texts that grow -------------------------------------------------------------------------

#: Repeated until they are as long as wanted.
_UNITS = [
    *(
        "a",
        " ",
        "\n",
        "\r\n",
        "\t",
        ",",
        ";",
        ".",
        ":",
        "%",
        "0",
        "9",
        "-",
        "+",
        "~",
        "/",
        "\\",
        "'",
        '"',
    ),
    *(
        "[",
        "]",
        "[]",
        "[],",
        "{",
        "}",
        "(",
        ")",
        "()",
        '{"a":',
        '"a",',
        "'a',",
        "[1,",
        "not ",
        "a.",
        ".0",
    ),
    *(
        "1+",
        "1,",
        "-1,",
        "1e",
        "a b",
        "a asc,",
        'W/"',
        '"a" ',
        '"a",',
        "\ud800",
        "\u00e9",
        "\x00",
        "=;",
    ),
    *(
        "1.",
        "::",
        "a=b;",
        ";a=b",
        ' ;a="b"',
        "a/b",
        "\\\\",
        "\\u0000",
        "#",
        "f'{",
        "b'",
        "1:",
        "%25",
        "A=",
    ),
]


#: What is tried on every run; the soak goes on to :data:`LARGE`.
SMALL = LARGE // 8


def growing(size: int) -> Iterator[str]:
    """Yield texts of about that many characters: one thing again and again, alone and within brackets."""
    for unit in _UNITS:
        yield unit * (size // len(unit))
    for head, unit, tail in (
        ("[", "1,", "1]"),
        ("[", '["a","=",1],', '["a","=",1]]'),
        ('["|",', '"|",', "1]"),
        ('[["a","in",[', "1,", "1]]]"),
        ('["', "a", '"]'),
        ("a", " ", "b"),
        ("1", "0", "x"),
        ("1.", "0", "x"),
        ("v1.", "A", ".B"),
        ("Bearer ", "a.", "b"),
        ("2026-11-26T10:00:00.", "0", "Z"),
        ("{", '"a":1,', '"a":1}'),
        ("[", "[", "]" * 20),
        ('"', "a", '"'),
        ('W/"', "a", '"'),
        ("capacitor://", "a.", "a"),
        ("[", ":", "]"),
        ("a/b", ' ; a="', '"'),
    ):
        yield head + unit * (size // len(unit)) + tail


def growing_bytes(size: int) -> Iterator[bytes]:
    """Yield forms of about that many bytes."""
    head = b'--x\r\nContent-Disposition: form-data; name="a"'
    for unit in (
        b"\r",
        b"\n",
        b"\r\n",
        b"a",
        b"--x",
        b"\r\n--",
        b"\r\n--x",
        b"\x00",
        b" ",
        b";",
        b'"',
        b"-",
    ):
        filler = unit * (size // len(unit))
        yield filler
        yield head + b"\r\n\r\n" + filler
        yield head + filler + b"\r\n\r\nb\r\n--x--"
        yield head + b"\r\n\r\n" + filler + b"\r\n--x--"


def _in_json(size: int) -> Iterator[Any]:
    """Yield JSON values of about that many characters."""
    yield from growing(size)
    yield [1] * (size // 2)
    yield ["a"] * (size // 4)
    yield {f"a{number}": 1 for number in range(size // 8)}
    yield {f"value{number}": {} for number in range(size // 12)}
    yield [[number, "=", 1] for number in range(size // 10)]
    yield [{"id": number, "values": {}} for number in range(size // 20)]
    deep: Any = 1
    for _level in range(text.MAX_DEPTH - 1):
        deep = [deep]
    yield deep


# --- the parsers -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Parser:
    """How a function is given what a client sends.

    :ivar call: takes one generated value
    :ivar given: generates them
    :ivar raises: what it may raise besides an `ApiError`
    :ivar large: yields values of about a size
    """

    call: Callable[[Any], Any]
    given: st.SearchStrategy[Any]
    raises: tuple[type[Exception], ...] = ()
    large: Callable[[int], Iterator[Any]] = growing


def _of_body(call: Callable[[dict[str, Any]], Any]) -> Parser:
    def large(size: int) -> Iterator[dict[str, Any]]:
        for value in _in_json(size):
            yield from ({key: value} for key in ("values", "records", "fields", "expand", "args"))
            if isinstance(value, dict):
                yield value

    return Parser(call, bodies, large=large)


def _of_params(call: Callable[[Any], Any]) -> Parser:
    def large(size: int) -> Iterator[Any]:
        for value in growing(size):
            for name in (
                "domain",
                "fields",
                "expand",
                "order",
                "limit",
                "ids",
                "groupby",
                "search",
            ):
                yield {name: value}
        yield {f"a{number}": "" for number in range(size // 6)}
        yield MultiDict([("fields", f"a{number}") for number in range(size // 12)])

    return Parser(call, params, large=large)


def _of_value(function: Callable[[str, str, Any], Any]) -> Parser:
    def large(size: int) -> Iterator[tuple[str, Any]]:
        for value in _in_json(size):
            yield from ((field_type, value) for field_type in _TYPES)

    given = st.tuples(st.sampled_from(_TYPES), json_values)
    return Parser(lambda pair: function(pair[0], "field", pair[1]), given, large=large)


def _compared() -> Parser:
    """Return the parser that compares a client's value with one of a response."""

    def pairs(field_type: str) -> st.SearchStrategy[tuple[str, Any, Any]]:
        answered = _properties if field_type == "properties" else json_values
        return st.tuples(st.just(field_type), json_values | answered, answered)

    def large(size: int) -> Iterator[tuple[str, Any, Any]]:
        for value in _in_json(size):
            yield from ((kind, value, value) for kind in _TYPES if kind != "properties")
            for kind in _TYPES:
                held = [{"name": "a", "type": kind, "value": value}]
                yield "properties", held, held
                yield "properties", {"a": value}, held

    given = st.sampled_from(_TYPES).flatmap(pairs)
    return Parser(lambda drawn: values.is_same(*drawn), given, large=large)


def _of_json(call: Callable[[Any], Any]) -> Parser:
    return Parser(call, json_values, large=_in_json)


def _issuer() -> tokens.Issuer:
    key = keys.load_private(bytes(range(32)))
    return tokens.Issuer("urn:odoo:x", "x", key, {key.kid: key})


_ISSUER = _issuer()
_SEGMENTS = st.lists(
    st.sampled_from(["e30", "", "a", "eyJhbGciOiJub25lIn0", _ISSUER.signing.kid, "W10", "bnVsbA"]),
    max_size=4,
).map(".".join)


def _method(self: object, first: int, second: str = "", *, third: Any = None) -> None:
    """A method that a connection could list."""


def _name_problems(found: list[str]) -> None:
    problems = errors.Problems()
    names.check(found, parameters.PARAMETERS["GET"], problems, elsewhere=["context"], strict=True)
    problems.raise_if_any()


def _repeated(pairs: Any) -> None:
    problems = errors.Problems()
    names.check_repeated(pairs, parameters.PARAMETERS["GET"], problems)
    problems.raise_if_any()


def _keys(body: dict[str, Any]) -> None:
    problems = errors.Problems()
    names.check_keys(body, parameters.KEYS["POST"], problems, strict=True)
    problems.raise_if_any()


def _form(data: bytes) -> None:
    parts = forms.parse(data, {"boundary": "x"})
    forms.read(parts, parameters.KEYS["POST"])


def _filter(given: str) -> None:
    tree = filters.parse.__wrapped__(given)
    filters.paths(tree)
    filters.words(tree)
    filters.evaluate(tree, dict.fromkeys(filters.NAMES, 1), lambda record, name: 1)


_DEFINITION = [{"name": name, "type": kind} for name, kind in zip("abcdef", _TYPES, strict=False)]
#: `module.function` → how it is given what a client sends.
PARSERS: dict[str, Parser] = {
    "address.normalize": Parser(address.normalize, texts),
    "address.network": Parser(lambda given: address.network(address.normalize(given)), texts),
    "blame.quoted_arguments": _of_json(
        lambda value: blame.quoted_arguments('invalid input syntax: "abc"', {"a": value})
    ),
    "contexts.is_listable": Parser(contexts.is_listable, texts),
    "contexts.split": Parser(contexts.split, texts),
    "contexts.read": Parser(lambda given: contexts.read(given, {"active_id": 7}), texts),
    "cursors.decode": Parser(lambda given: cursors.decode(given, 2, "binding", b"key"), texts),
    "domains.parse": Parser(
        lambda given: list(domains.conditions(domains.parse(given))), json_texts
    ),
    "domains.conditions": Parser(
        lambda given: list(domains.conditions(domains.parse(given))), json_texts
    ),
    "domains.build": _of_json(domains.build),
    # "1e999" is read as infinity, which JSON does not have
    "errors.dump_json": Parser(errors.dump_json, json_values, (ValueError,), large=_in_json),
    "etag.is_none_match": Parser(lambda given: etag.is_none_match(given, '"a.b"'), texts),
    "etag.is_match": Parser(lambda given: etag.is_match(given, "a"), texts),
    "filters.parse": Parser(_filter, texts, (filters.FilterError,)),
    "filters.paths": Parser(_filter, texts, (filters.FilterError,)),
    "filters.words": Parser(_filter, texts, (filters.FilterError,)),
    "filters.evaluate": Parser(_filter, texts, (filters.FilterError,)),
    "forms.parse": Parser(_form, form_bytes, large=growing_bytes),
    "forms.read": Parser(_form, form_bytes, large=growing_bytes),
    "forms.only_file": Parser(
        lambda data: forms.only_file(forms.parse(data, {"boundary": "x"})),
        form_bytes,
        large=growing_bytes,
    ),
    "idempotency.parse_key": Parser(idempotency.parse_key, texts),
    "idempotency.fingerprint": _of_json(
        lambda body: idempotency.fingerprint("POST", "/", [("a", "b")], body)
    ),
    "keys.load_given": Parser(
        lambda given: keys.load_given(given.encode("utf-8", "surrogatepass")), texts, (keys.BadKey,)
    ),
    "media_types.sendable": Parser(media_types.sendable, texts),
    "names.check": Parser(
        _name_problems, st.lists(texts), large=lambda size: ([each] for each in growing(size))
    ),
    "names.check_keys": _of_body(_keys),
    "names.check_repeated": _of_params(_repeated),
    "names.given": _of_body(names.given),
    "names.is_empty": _of_json(names.is_empty),
    "names.nearest": Parser(
        lambda given: names.nearest(given, parameters.PARAMETERS["GET"]), texts
    ),
    "names.similar": Parser(
        lambda given: names.similar(given, parameters.PARAMETERS["GET"]), texts
    ),
    "origins.parse": Parser(origins.parse.__wrapped__, texts),
    "origins.is_own": Parser(lambda given: origins.is_own(given, given, secure=False), texts),
    "parsing.parse_model": _of_params(parsing.parse_model),
    "parsing.parse_get": _of_params(
        lambda given: (
            parsing.parse_get(given, 1000, page_name="page", default_fields=["name"]),
            parsing.parse_get(given, 1000),
        )
    ),
    "parsing.parse_create": _of_body(lambda body: parsing.parse_create({}, body, 1000)),
    "parsing.parse_update": _of_body(lambda body: parsing.parse_update({"id": "7"}, body, 1000)),
    "parsing.parse_delete": _of_params(lambda given: parsing.parse_delete(given, 1000)),
    "parsing.parse_call": _of_body(lambda body: parsing.parse_call(body, 1000)),
    "parsing.check_no_parameters": _of_params(parsing.check_no_parameters),
    "parsing.parse_keys": _of_body(lambda body: parsing.parse_keys(body, "login")),
    "reader.id_list": Parser(reader.id_list, json_values),
    "parsing.check_envelope": _of_body(
        lambda body: parsing.check_envelope(body, ("jsonrpc", "id", "method", "params"))
    ),
    "passkeys.parse_assertion": _of_json(passkeys.parse_assertion),
    "problem.may_name": Parser(problem.may_name, texts),
    "problem.is_wanted": Parser(lambda given: problem.is_wanted([(given, 1.0)]), texts),
    "settings.read": Parser(
        lambda given: [settings.read.__wrapped__(name, given) for name in settings.SETTINGS], texts
    ),
    "signatures.mismatch": Parser(
        lambda pair: signatures.mismatch(_method, pair[0], pair[1]),
        st.tuples(st.lists(scalars, max_size=4), st.dictionaries(texts, scalars, max_size=4)),
        large=lambda size: (([], {each: 1}) for each in growing(size)),
    ),
    "text.storable": Parser(text.storable, texts),
    "text.storable_json": _of_json(text.storable_json),
    "text.whole": _of_json(text.whole),
    "text.whole_json": _of_json(
        lambda value: text.whole_json(value) if text.storable_json(value) else 0
    ),
    "text.literal": Parser(text.literal, json_texts, (ValueError,)),
    "text.parse_json": Parser(text.parse_json, json_texts, (ValueError, RecursionError)),
    "tokens.verify": Parser(
        lambda given: tokens.verify(given, _ISSUER, 0), texts | _SEGMENTS, (tokens.InvalidToken,)
    ),
    "tokens.verify_link": Parser(
        lambda given: tokens.verify_link(given, _ISSUER, 0),
        texts | _SEGMENTS,
        (tokens.InvalidToken,),
    ),
    "tokens.Opaque.parse": Parser(tokens.MfaToken.parse, texts, (tokens.InvalidToken,)),
    "tokens.RefreshToken.parse": Parser(tokens.RefreshToken.parse, texts, (tokens.InvalidToken,)),
    "values.load": _of_value(values.load),
    "values.load_id": _of_json(lambda value: values.load_id("field", value)),
    "values.load_properties": _of_json(
        lambda value: values.load_properties("field", {"a": value, "b": value}, _DEFINITION)
    ),
    "values.load_condition": Parser(
        lambda drawn: values.load_condition(drawn[0], "field", drawn[1], drawn[2]),
        st.tuples(st.sampled_from(_TYPES), st.sampled_from(_OPERATORS), scalars),
        large=lambda size: ((kind, "=", each) for kind in _TYPES for each in growing(size)),
    ),
    "values.is_moment": _of_json(values.is_moment),
    "values.is_same": _compared(),
}
#: What takes nothing of a client: a module, or a function of one, and why.
NO_PARSERS: dict[str, str] = {
    "blame": "takes exceptions and code of Odoo; of a client's values, those that quoted_arguments takes",
    "cursors.encode": "takes sort values of PostgreSQL",
    "cursors.refused": "takes nothing",
    "descriptions": "takes what connections open",
    "errors": "takes errors of this addon, Odoo and PostgreSQL",
    "etag.digest": "takes a response",
    "etag.tag": "takes a response",
    "explain": "takes plans of PostgreSQL",
    "keys": "takes keys of the database",
    "openapi": "takes what connections open",
    "openapi_accounts": "takes what connections open",
    "openapi_models": "takes what connections open",
    "openapi_shared": "takes what connections open",
    "packed": "takes a document",
    "pages": "takes the OpenAPI document",
    "problem.body": "takes an error of this addon",
    "problem.title": "takes a code of this addon",
    "profiles": "takes a setting",
    "queries": "is what the parsers build",
    "samples": "takes what connections open",
    "signatures": "takes methods of Odoo and exceptions",
    "text.language_tag": "takes a language of Odoo",
    "text.reject_constant": "takes three words of Python's JSON parser",
    "tokens.random_id": "takes nothing",
    "tokens.random_secret": "takes nothing",
    "tokens.sign": "takes claims of this addon",
    "tokens.sign_link": "takes a link of this addon",
    "usage": "takes what connections open",
    "values.dump_datetime": "takes values of Odoo",
    "values.dump_json": "takes values of Odoo",
    "values.dump_link": "takes values of Odoo",
    "values.dump_properties": "takes values of Odoo",
    "values.dump_result": "takes values of Odoo",
}


def public_functions() -> set[str]:
    """Return the public functions of `tools/`, and the methods there that are called `parse`."""
    found = set()
    for path in sorted((ROOT / "tools").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.add(f"{path.stem}.{node.name}")
            elif isinstance(node, ast.ClassDef):
                found |= {
                    f"{path.stem}.{node.name}.{each.name}"
                    for each in node.body
                    if isinstance(each, ast.FunctionDef) and each.name == "parse"
                }
    return found


def excused(name: str) -> bool:
    return name in NO_PARSERS or name.partition(".")[0] in NO_PARSERS


# --- what has to hold ------------------------------------------------------------------------


def violation(name: str, value: Any, leaks: Any) -> str | None:
    """Give a parser a value; return what is wrong with what it does, if anything.

    :param leaks: the pattern of what may not stand in a message, unless the client sent it
    """
    parser = PARSERS[name]
    try:
        parser.call(value)
    except errors.ApiError as exc:
        body = exc.body()
        if not 400 <= exc.code < 500:
            return f"{exc.code}"
        message = str(body["message"])
        errors.dump_json(body)
        sent = str(value)
        told = [found[0] for found in leaks.finditer(message) if found[0] not in sent]
        return f"tells of the server: {message[:200]}" if told else None
    except parser.raises:
        return None
    except Exception as exc:  # noqa: BLE001 - this is what the test looks for
        return f"{type(exc).__name__}: {str(exc)[:200]}"
    return None


#: Seconds for a text of :data:`LARGE` characters, and how much longer twice the text may take: quadratic time would be
#: 4. Python's own parser needs up to 3.2, because its tree leaves the processor's cache.
MOST_SECONDS, MOST_GROWTH = 0.5, 3.5
#: Texts that are parsed faster say nothing about growth.
_NOISE = 0.002


def slow(name: str) -> Iterator[str]:
    """Measure a parser with texts that grow, and yield what takes too long, or more than linear time."""
    parser = PARSERS[name]
    sizes = (LARGE, 2 * LARGE, 4 * LARGE)
    for given, twice, four_times in zip(*map(parser.large, sizes), strict=True):
        if _seconds(parser, given, 1) < _NOISE:
            continue
        for _again in range(4):  # what else the machine does must not decide
            once, double = _seconds(parser, given, 5), _seconds(parser, twice, 5)
            if once <= MOST_SECONDS and double <= MOST_GROWTH * once:
                break
            # memory for a larger text may cost more once; growth shows at both doublings
            if once <= MOST_SECONDS and _seconds(parser, four_times, 5) <= MOST_GROWTH * double:
                break
        else:
            times = f"{once * 1000:.1f} ms, twice of it {double * 1000:.1f} ms"
            yield f"{name} is slow: {times} for {str(given)[:60]!r}"


def _seconds(parser: Parser, value: Any, times: int) -> float:
    """Return the processor time of the fastest of several calls."""
    best = float("inf")
    gc.collect()
    gc.disable()  # it walks over all that the tests hold
    try:
        for _each in range(times):
            started = time.process_time()
            with contextlib.suppress(Exception):  # `violation` looks at these
                parser.call(value)
            best = min(best, time.process_time() - started)
    finally:
        gc.enable()
    return best
