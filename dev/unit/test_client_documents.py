"""What doc/clients.md says of the JavaScript client is what its types and its code have."""

import re

import pytest
from lib import documents
from lib.bootstrap import ROOT

JS = ROOT / "clients" / "js" / "src"
TYPES = (JS / "types.d.ts").read_text()


@pytest.fixture(scope="module")
def clients():
    return documents.read(ROOT / "doc" / "clients.md")


def members(kind):
    """Return the names in an interface of the types."""
    [body] = re.findall(rf"export interface {kind}\b[^{{]*\{{\n(.*?)\n\}}", TYPES, re.DOTALL)
    return set(re.findall(r"^    (?:readonly )?(\w+)\??[:(<]", body, re.MULTILINE))


def test_options(clients):
    """The table has each option of `createClient`, and no other."""
    assert set(clients.table("The JavaScript client")) == members("ClientOptions")


def test_defaults(clients):
    """The numbers in the table are those of the code."""
    code = (JS / "client.js").read_text()
    defaults = dict(re.findall(r"options\.(\w+) \?\? ([\d_]+)", code))
    assert set(defaults) == {"timeout", "retries", "maxRetryDelay"}
    for name, number in defaults.items():
        assert clients.table("The JavaScript client")[name][2] == number.replace("_", "")


def test_queue(clients):
    """The tables have each method and each event of the queue, and no other."""
    [events] = re.findall(r"export type QueueEvent =(.*?);\n\n", TYPES, re.DOTALL)
    expected = members("WriteQueue") | set(re.findall(r'type: "(\w+)"', events))
    shown = {
        name for row in clients.table("The queue") for name in re.findall(r"\w+(?=\()|^\w+$", row)
    }
    assert shown == expected


def test_entry(clients):
    """The text names what an entry has."""
    text = (ROOT / "doc" / "clients.md").read_text()
    [sentence] = re.findall(r"An entry has (.*?)\n\n", text, re.DOTALL)
    given = {"values", "etag", "name", "call"}
    own = members("QueueEntry") - given - {"key"}
    assert own <= set(re.findall(r"`(\w+)`", sentence))


def test_errors(clients):
    """Each class of errors is in the table of failures, but the one of the second factor."""
    kinds = set(re.findall(r"export class (\w+)", TYPES)) - {"MfaRequiredError"}
    cells = " ".join(row[2] for row in clients.table("When something fails").values())
    assert kinds == set(re.findall(r"\w+Error", cells))
