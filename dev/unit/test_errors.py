"""Every error has a code of the table, a true status and one sentence; nothing of the server shows in it."""

import ast
import errno
import json
import re
from pathlib import Path

import psycopg2
import pytest
import werkzeug.exceptions
from hypothesis import given
from hypothesis import strategies as st
from jwt_auth_api.tools import errors
from jwt_auth_api.tools.errors import (
    CODES,
    ApiError,
    Problems,
    SeveralErrors,
    dump_json,
    from_exception,
)

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "doc" / "errors.md"
SECRETS = [
    'duplicate key value violates unique constraint "res_users_login_key"',
    "SELECT secret FROM jwt_signing_key",
    "/usr/lib/python3/dist-packages/odoo/http.py",
    "Traceback (most recent call last)",
    "<object at 0x7f00>",
]


class Database(Exception):
    """Looks like psycopg2's errors to whom it may concern."""

    def __init__(self, pgcode, text):
        super().__init__(text)
        self.pgcode = pgcode


class Odoo(Exception):
    """Looks like Odoo's exceptions: a message for people and a status."""

    def __init__(self, status, *args):
        super().__init__(*args)
        self.http_status = status


def sent(error):
    """What a client reads of an error; the shape is the same for all."""
    body = json.loads(dump_json(error.body()))
    assert list(body) == ["success", "error", "message"]
    assert body["success"] is False
    assert error.code == CODES[body["error"]]
    assert body["message"]
    return body


# --- the table -------------------------------------------------------------------------------


def test_codes_are_words_with_an_error_status():
    for code, status in CODES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
        assert 400 <= status < 600


@pytest.mark.skipif(not DOCUMENT.exists(), reason="doc/errors.md is not written yet")
def test_every_code_is_documented():
    """One heading a code, no heading for a code that is gone, and each names its status."""
    sections = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    documented = {section.split("\n")[0].strip(" `"): section for section in sections}
    words = {name for name in documented if re.fullmatch(r"[a-z_]+", name)}
    assert words == set(CODES)
    for code, status in CODES.items():
        assert str(status) in documented[code], code


def raised_in_source():
    """(file, code, template, keywords) of every `ApiError(…)`, `problems.add(…)` and `unauthorized(…)` in the addon."""
    for path in sorted(ROOT.glob("[cmt]*/*.py")):
        if path.parent.name not in ("controllers", "models", "tools"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            code, message = node.args[:2]
            if name not in ("ApiError", "add", "unauthorized") or not isinstance(
                code, ast.Constant
            ):
                continue
            if not isinstance(message, ast.Call) or getattr(message.func, "id", "") != "_":
                continue
            keywords = {keyword.arg for keyword in node.keywords} - {
                "headers",
                "at",
                "challenge",
                "extra",
            }
            yield path.name, code.value, message.args[0].value, keywords


def test_source_raises_codes_of_the_table_with_whole_sentences():
    """A code that is not in the table would be a KeyError, a missing parameter a KeyError in the answer."""
    found = list(raised_in_source())
    assert len(found) > 40
    for name, code, template, keywords in found:
        assert code in CODES, (name, code)
        assert set(re.findall(r"%\((\w+)\)s", template)) == keywords, (name, template)
        assert not keywords or "%" not in re.sub(r"%\(\w+\)s", "", template), (name, template)
        assert template.endswith("."), (name, template)
        assert "\n" not in template


def test_every_code_of_the_table_is_used():
    source = "".join(path.read_text() for path in ROOT.glob("*/*.py") if path.parent.name != "dev")
    for code in CODES:
        assert source.count(f'"{code}"') > 1, code


# --- ApiError --------------------------------------------------------------------------------


def test_message_is_translated_with_its_parameters():
    error = ApiError("not_found", "No %(thing)s.", thing="50% of it")
    assert error.message() == "No 50% of it."
    assert error.message({"No %(thing)s.": "Kein %(thing)s."}.get) == "Kein 50% of it."
    assert ApiError("not_found", "100% gone").message() == "100% gone"
    with pytest.raises(KeyError):
        ApiError("not_in_the_table", "x")


@given(st.text(), st.sampled_from(sorted(CODES)))
def test_any_text_can_be_told(text, code):
    """A client's own text in the sentence, lone surrogates and percent signs included: it is UTF-8 JSON, always."""
    error = ApiError(code, "Unknown field %(field)s.", field=text)
    assert sent(error)["message"] == f"Unknown field {text}."
    raw = error.get_response().get_data()
    assert json.loads(raw.decode()) == sent(error)


def test_answers_on_routes_of_other_types():
    """Odoo's own dispatchers ask an HTTPException for its response."""
    error = ApiError(
        "invalid_token", "No.", headers=[("WWW-Authenticate", "Bearer"), ("X-A", "1"), ("X-A", "2")]
    )
    for response in (
        error.get_response(),
        error.response,
        error.get_response({"REQUEST_METHOD": "GET"}),
    ):
        assert response.status_code == 401
        assert response.content_type == "application/json; charset=utf-8"
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers.getlist("X-A") == ["1", "2"]
    assert isinstance(error, werkzeug.exceptions.HTTPException)


def test_problems_tell_all_and_take_the_first_code():
    problems = Problems()
    problems.raise_if_any()
    problems.add("bad_value", "First %(x)s.", x=1)
    with pytest.raises(ApiError) as caught:
        problems.raise_if_any()
    assert not isinstance(caught.value, SeveralErrors)
    problems.catch(ApiError("access_denied", "Second."))
    with pytest.raises(SeveralErrors) as caught:
        problems.raise_if_any()
    assert sent(caught.value) == {
        "success": False,
        "error": "bad_value",
        "message": "First 1. Second.",
    }
    assert caught.value.code == 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_dump_json_gives_back_what_it_got(value):
    raw = dump_json(value)
    assert json.loads(raw.decode("utf-8")) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_dump_json_refuses_what_is_no_json(value):
    with pytest.raises(ValueError, match="JSON"):
        dump_json(value)


# --- other exceptions ------------------------------------------------------------------------


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize(
    "kind",
    [
        Exception,
        ValueError,
        KeyError,
        RuntimeError,
        AssertionError,
        RecursionError,
        MemoryError,
        OSError,
        BaseException,
    ],
)
def test_unknown_exceptions_tell_nothing(kind, text):
    body = sent(from_exception(kind(text)))
    assert body["error"] == "server_error"
    assert text not in json.dumps(body)
    assert kind.__name__ not in json.dumps(body)


@given(st.text(min_size=12))
def test_no_text_of_an_unknown_exception_leaks(text):
    said = sent(from_exception(RuntimeError(text)))["message"]
    assert said == sent(from_exception(ValueError()))["message"]


@pytest.mark.parametrize(
    ("pgcode", "error"),
    [
        ("40001", "conflict"),
        ("40P01", "conflict"),
        ("55P03", "conflict"),
        ("22001", "bad_value"),
        ("22003", "bad_value"),
        ("22021", "bad_value"),
        ("22P02", "bad_value"),
        ("54000", "bad_value"),
        ("57014", "unavailable"),
        ("53300", "unavailable"),
        ("57P01", "unavailable"),
        ("53100", "unavailable"),
        ("58030", "unavailable"),
        ("42P01", "server_error"),
        ("42601", "server_error"),
        ("XX000", "server_error"),
    ],
)
@pytest.mark.parametrize("text", SECRETS)
def test_database_errors_keep_their_text(pgcode, error, text):
    body = sent(from_exception(Database(pgcode, text)))
    assert body["error"] == error
    assert text not in json.dumps(body)


@pytest.mark.parametrize(
    "exc",
    [
        psycopg2.DatabaseError("server closed the connection unexpectedly"),
        psycopg2.OperationalError("no connection to the server"),
        psycopg2.InterfaceError("connection already closed"),
        OSError(errno.ENOSPC, "No space left on device", "/srv/secret"),
        OSError(errno.EDQUOT, "Disk quota exceeded", "/srv/secret"),
        OSError(errno.EROFS, "Read-only file system", "/srv/secret"),
        OSError(errno.EIO, "Input/output error", "/srv/secret"),
    ],
)
def test_outages_say_when_to_come_back(exc):
    error = from_exception(exc)
    assert sent(error)["error"] == "unavailable"
    assert int(dict(error.headers)["Retry-After"]) > 0
    assert "secret" not in json.dumps(sent(error))


@pytest.mark.parametrize(
    "exc",
    [
        psycopg2.ProgrammingError("no results to fetch"),
        psycopg2.DataError("wrong"),
        FileNotFoundError(errno.ENOENT, "No such file", "/srv/secret"),
        PermissionError(errno.EACCES, "Permission denied", "/srv/secret"),
    ],
)
def test_mistakes_are_no_outages(exc):
    """A client that waits and repeats would get them again."""
    assert sent(from_exception(exc))["error"] == "server_error"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "bad_request"),
        (401, "missing_token"),
        (403, "access_denied"),
        (404, "not_found"),
        (409, "conflict"),
        (413, "payload_too_large"),
        (415, "unsupported_media_type"),
        (422, "validation_error"),
        (429, "too_many_requests"),
        (503, "unavailable"),
    ],
)
def test_odoo_speaks_for_itself(status, error):
    """Its exceptions carry a status and a sentence for people; without one there is ours."""
    assert sent(from_exception(Odoo(status, "The email is wrong: 100% (%s)"))) == {
        "success": False,
        "error": error,
        "message": "The email is wrong: 100% (%s)",
    }
    for nothing in (Odoo(status), Odoo(status, ""), Odoo(status, None)):
        body = sent(from_exception(nothing))
        assert body["error"] == error
        assert body["message"] not in ("None", "")


@pytest.mark.parametrize("status", [*range(400, 600, 7), 0, 200, 302, 999])
def test_statuses_that_nobody_listed(status):
    expected = 400 if 400 <= status < 500 and status not in CODES.values() else None
    for exc in (Odoo(status), Odoo(status, "A sentence.")):
        error = from_exception(exc)
        sent(error)
        assert error.code == (expected or (status if status in CODES.values() else 500))


def test_text_of_the_database_in_an_odoo_exception_is_not_shown():
    """Odoo's last resort is to show it (``models._sql_error_to_message_generic``)."""
    for pgcode in ("23001", "23503", "23505", "23514", "23P01"):
        cause = Database(pgcode, SECRETS[0])
        exc = Odoo(422, f"The operation cannot be completed: {SECRETS[0]}")
        exc.__cause__ = cause
        body = sent(from_exception(exc))
        assert body["error"] == "validation_error"
        assert "res_users_login_key" not in body["message"]
        exc = Odoo(422, "The operation cannot be completed: this login exists already.")
        exc.__cause__ = cause
        assert sent(from_exception(exc))["message"] == str(exc)


@pytest.mark.parametrize(
    ("exc", "status"),
    [
        (werkzeug.exceptions.BadRequest("secret"), 400),
        (werkzeug.exceptions.NotFound("secret"), 404),
        (werkzeug.exceptions.MethodNotAllowed(["GET"], "secret"), 405),
        (werkzeug.exceptions.RequestEntityTooLarge("secret"), 413),
        (werkzeug.exceptions.ImATeapot("secret"), 400),
        (werkzeug.exceptions.InternalServerError("secret"), 500),
        (werkzeug.exceptions.BadGateway("secret"), 500),
        (werkzeug.exceptions.HTTPException("secret"), 500),
        (werkzeug.exceptions.BadRequestKeyError("secret"), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_werkzeug_errors_have_our_sentence(exc, status):
    """Theirs are HTML, and name what was not there."""
    error = from_exception(exc)
    assert error.code == status
    assert "secret" not in json.dumps(sent(error))


def test_our_own_error_stays_itself():
    error = ApiError("not_found", "x")
    assert from_exception(error) is error
    wrapped = errors.SeveralErrors([error, error])
    assert from_exception(wrapped) is wrapped


def test_problems_have_an_end():
    """A body of 100,000 mistakes is not answered with as many sentences."""
    problems = errors.Problems()
    for number in range(1000):
        problems.add("bad_value", "Wrong: %(number)s.", number=number)
    assert problems.is_full
    with pytest.raises(errors.ApiError) as refused:
        problems.raise_if_any()
    assert refused.value.message().count("Wrong") == errors.MAX_PROBLEMS


# --- the fields of an error ------------------------------------------------------------------


def test_error_names_what_its_message_names():
    """The field or the name of the message, unless the code says which part of the request it is."""
    assert ApiError("bad_value", "Bad %(field)s.", field="email").at == ("email",)
    assert ApiError("bad_value", "Bad %(name)s.", name="limit").at == ("limit",)
    assert ApiError("bad_value", "Bad %(field)s.", at=["domain"], field="email").at == ("domain",)
    error = ApiError("bad_value", "Bad.")
    assert (error.at, error.fields()) == ((), {})
    assert "fields" not in error.body(with_fields=True)


def test_fields_are_for_some_errors_only():
    for code, status in CODES.items():
        body = ApiError(code, "Bad %(field)s.", field="email").body(with_fields=True)
        assert ("fields" in body) == (status in (400, 422))
    error = ApiError("bad_value", "Bad %(field)s.", field="email")
    assert "fields" not in error.body()
    translated = error.body({"Bad %(field)s.": "%(field)s geht nicht."}.get, with_fields=True)
    assert list(translated) == ["success", "error", "message", "fields"]
    assert translated["fields"] == {"email": ["email geht nicht."]}


def test_fields_of_several_problems():
    problems = Problems()
    problems.add("bad_value", "One %(name)s.", name="a")
    problems.catch(ApiError("bad_value", "Two %(name)s.", name="a"), "b[0].a")
    with problems.within("expand"):
        problems.add("bad_value", "Three %(name)s.", name="a")
        with problems.within("order"):
            problems.catch(ApiError("bad_value", "Four."), "fields")
    problems.add("bad_value", "Five %(name)s.", name="a")
    with pytest.raises(SeveralErrors) as caught:
        problems.raise_if_any()
    assert caught.value.body(with_fields=True)["fields"] == {
        "a": ["One a.", "Five a."],
        "b[0].a": ["Two a."],
        "expand": ["Three a.", "Four."],
    }
    with pytest.raises(SeveralErrors), errors.located("domain"):
        problems.raise_if_any()
    assert list(caught.value.fields()) == ["domain"]


def test_fields_noted_on_an_exception():
    """Also on the one that Odoo makes another of; its text stays the message."""
    cause = Database("23505", SECRETS[0])
    errors.note_fields(cause, ["code"])
    exc = Odoo(422, "This code is taken.")
    exc.__cause__ = cause
    body = from_exception(exc).body(with_fields=True)
    assert body["fields"] == {"code": ["This code is taken."]}
    exc = Odoo(422, f"The operation cannot be completed: {SECRETS[0]}")
    exc.__cause__ = cause
    body = from_exception(exc).body(with_fields=True)
    assert list(body["fields"]) == ["code"]
    assert "res_users_login_key" not in json.dumps(body)
    exc = Odoo(422, "It ends before it begins.")
    assert "fields" not in from_exception(exc).body(with_fields=True)
    errors.note_fields(exc, ["stop"])
    assert list(from_exception(exc).fields()) == ["stop"]


def test_unknown_fields():
    """A similar field is looked up when the error becomes a response, and for the first problems alone."""
    asked = []

    def similar():
        asked.append(1)
        return "name"

    error = errors.UnknownField("nmae", "res.partner", similar)
    assert error.message() == "Unknown field nmae on res.partner."
    assert not asked
    error.complete()
    assert error.message() == 'Unknown field nmae on res.partner. Did you mean "name"?'
    error = errors.UnknownField("nmae", "res.partner", lambda: None)
    error.complete()
    assert error.message() == "Unknown field nmae on res.partner."
    problems = Problems()
    for number in range(50):
        problems.catch(errors.UnknownField(f"f{number}", "res.partner", similar))
    with pytest.raises(SeveralErrors) as caught:
        problems.raise_if_any()
    asked.clear()
    caught.value.complete()
    assert len(asked) == 10
    assert caught.value.message().count("Did you mean") == 10
