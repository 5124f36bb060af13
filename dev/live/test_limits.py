"""The limits of doc/reference.md: one more is refused as the table says, and changes no row."""

import pytest
from lib import changes, limits, verdict


@pytest.fixture(scope="module")
def device(make_user, log_in):
    return log_in(make_user())


@pytest.fixture(scope="module")
def watched(server, connect):
    connect(limits.MODEL, "GET POST PUT DELETE", actions=["open_commercial_entity"])
    with changes.watching(server.setup, server.db) as watched:
        yield watched


@pytest.mark.parametrize("limit", limits.LIMITS, ids=lambda limit: limit.name)
def test_one_more_is_refused(limit, device, watched):
    most = limits.constant(limit.place)
    method, path, options = limit.build(most + 1)
    watched.take()
    answer = device.call(method, path, **options)
    assert verdict.problem(answer, method, *limit.refused) is None
    assert not watched.take()
    if limit.within:
        method, path, options = limit.build(most)
        answer = device.call(method, path, **options)
        assert verdict.problem(answer, method) is None
        told = answer.status_code, answer.json().get("error")
        assert told != limit.refused, answer.text


def long_envelope(size):
    """Return a JSON-RPC request of so many bytes."""
    start, end = b'{"jsonrpc": "2.0", "id": 7, "params": {"a": "', b'"}}'
    return start + b"x" * (size - len(start) - len(end)) + end


def envelope_of_lists(number):
    """Return a JSON-RPC request with so many lists and objects."""
    lists = b"[]," * (number - 3)
    return b'{"jsonrpc": "2.0", "id": 7, "params": {"a": [' + lists + b"0]}}"


@pytest.mark.parametrize(
    ("name", "envelope"),
    [(limits.ENVELOPE, long_envelope), (limits.ENVELOPE_LISTS, envelope_of_lists)],
)
@pytest.mark.parametrize("path", ["/api/v1/res.partner", "/api/nothing"])
def test_long_body_of_a_refused_request_is_not_decoded(http, path, name, envelope):
    """Anybody can send it, and decoding JSON costs far more than refusing it."""
    most = limits.constant(limits.CONSTANTS[name])

    def send(size):
        headers = {"Content-Type": "application/json"}
        return http.post(path, content=envelope(size), headers=headers)

    answer = send(most)
    assert (answer.status_code, answer.json()["id"]) == (200, 7)
    answer = send(most + 1)
    assert answer.status_code in (401, 404)
    assert answer.json()["success"] is False
