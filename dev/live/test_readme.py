"""What README.rst shows is what happens: its requests are run as they stand there, its answers compared."""

import ast
import json
import re
import shutil
import subprocess
from fnmatch import fnmatchcase

import httpx
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from lib.bootstrap import ROOT
from lib.client import SECRETS
from lib.parts import PARTS
from lib.server import serving

SHOWN_URL = "http://127.0.0.1:8069"
END = "--- end of the block ---"


@pytest.fixture(scope="module")
def readme():
    """The README's sections by their titles; a warning of docutils is an error here."""
    text = (ROOT / "README.rst").read_text()
    tree = publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 5})
    return {
        section.next_node(nodes.title).astext(): section for section in tree.findall(nodes.section)
    }


def blocks(section):
    return [node.astext() for node in section.findall(nodes.literal_block)]


def differences(shown, answered, known, where="the answer"):
    """How two JSON values differ. In a shown string `…` stands for any text.

    The numbers of records are another server's: the same number shown has to be the same number answered,
    which *known* remembers.
    """
    if isinstance(shown, dict) and isinstance(answered, dict):
        found = [] if list(shown) == list(answered) else [f"{where} has the keys {list(answered)}"]
        for key in [key for key in shown if key in answered]:
            there = f"{where}.{key}"
            if re.fullmatch(r"(.*_)?id", key) and type(shown[key]) is type(answered[key]) is int:
                if known.setdefault(shown[key], answered[key]) != answered[key]:
                    found.append(f"{there} is not the same as before")
            else:
                found += differences(shown[key], answered[key], known, there)
        return found
    if isinstance(shown, list) and isinstance(answered, list) and len(shown) == len(answered):
        return [
            problem
            for number, pair in enumerate(zip(shown, answered, strict=True))
            for problem in differences(*pair, known, f"{where}[{number}]")
        ]
    if isinstance(shown, str) and isinstance(answered, str):
        pattern = re.sub(r"([*?[])", r"[\1]", shown).replace("…", "?*")
        same = fnmatchcase(answered, pattern)
    else:
        same = type(shown) is type(answered) and shown == answered
    return [] if same else [f"{where} is {answered!r}, the README shows {shown!r}"]


def split(text):
    """A block of JSON and what stands after it (``HTTP 401``)."""
    value, end = json.JSONDecoder().raw_decode(text.strip())
    return value, text.strip()[end:].strip()


def test_story(server, readme):
    """The first five minutes, pasted into one shell from the first block to the last."""
    if not shutil.which("curl"):
        pytest.skip("no curl here: apt-get install curl")
    shown = blocks(readme["The first five minutes"])
    requests, answers = shown[::2], shown[1::2]
    assert len(requests) == len(answers) >= 7
    assert all("curl " in request and SHOWN_URL in request for request in requests)
    script = "".join(f"{request}\necho; echo '{END}'\n" for request in requests)
    done = subprocess.run(
        ["sh", "-eu"],
        input=script.replace(SHOWN_URL, server.url),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    SECRETS.update(re.findall(r'"(eyJ[^"]+|v1\.[^"]+)"', done.stdout))
    *answered, rest = done.stdout.split(END)
    assert (len(answered), rest.strip()) == (len(answers), "")
    known = {}
    for request, answer, really in zip(requests, answers, answered, strict=True):
        (body, after), (real_body, real_after) = split(answer), split(really)
        problems = differences(body, real_body, known)
        problems += [] if after == real_after else [f"after it stands {real_after!r}"]
        assert not problems, f"{request}\n" + "\n".join(problems)
    assert len(set(known.values())) == len(known), "two numbers in the README are one on the server"


def test_differences_are_seen():
    """The comparison itself: what it lets pass and what it does not."""
    assert not differences({"id": 1, "a": "x…"}, {"id": 9, "a": "xyz"}, {})
    assert differences({"a": "x…"}, {"a": "yz"}, {})
    assert differences({"a": "…"}, {"a": ""}, {})
    assert differences({"a": "?"}, {"a": "y"}, {})
    assert differences({"a": False}, {"a": 0}, {})
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": 1}, {})
    assert differences([1], [1, 2], {})
    assert differences([{"id": 1}, {"id": 1}], [{"id": 7}, {"id": 8}], {})


def test_route_of_another_addon(server, readme, tmp_path, log_in, user):
    """The example of `auth="jwt"` is the whole controller of an addon; a second server has it loaded."""
    [code] = blocks(readme["Use it in another addon"])
    addon = tmp_path / "addons" / "readme_example"
    addon.mkdir(parents=True)
    (addon / "__init__.py").write_text(code)
    manifest = {"name": "README", "license": "LGPL-3", "depends": ["jwt_auth_api"]}
    (addon / "__manifest__.py").write_text(repr(manifest))
    [path] = re.findall(r"^addons_path = (.*)$", server.setup.conf.read_text(), re.MULTILINE)
    options = (
        f"--addons-path={path},{addon.parent}",
        "--load=base,web,jwt_auth_api,readme_example",
    )
    device = log_in(user)
    log = tmp_path / "second.log"
    with serving(server.setup, server.db, log, workers=0, options=options) as second:
        url = f"{second.url}/hello"
        headers = {"Authorization": f"Bearer {device.access}"}
        answer = httpx.get(url, headers=headers, timeout=60)
        assert (answer.status_code, answer.json()["jwt"]) == (200, user.id)
        assert answer.json()["hello"].startswith("Live ")
        assert "set-cookie" not in answer.headers
        answer = httpx.get(url, timeout=60)
        assert (answer.status_code, answer.json()["error"]) == (401, "missing_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Traceback" not in log.read_text()


def table(section, width):
    """The rows of a section's tables with so many columns."""
    rows = [
        [entry.astext() for entry in row.findall(nodes.entry)] for row in section.findall(nodes.row)
    ]
    return {row[0]: row for row in rows if len(row) == width}


def test_codes(readme):
    """The table of errors has every code under its status, and no other."""
    source = ast.parse((ROOT / "tools" / "errors.py").read_text())
    [codes] = [
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "CODES"
    ]
    rows = table(readme["Reference"], 2)
    shown = {
        code: int(status)
        for status, row in rows.items()
        if status.isdigit()
        for code in re.findall(r"[a-z_]{6,}", row[1].partition(", with")[0])
    }
    assert shown == codes


def test_parameters(readme, admin):
    """The table of system parameters has the values of a fresh installation."""
    shown = {name: row[1] for name, row in table(readme["Configure it"], 3).items()}
    names = {name for name in shown if name.startswith("jwt_auth_api.")}
    rows = admin.read(
        "ir.config_parameter", [["key", "=like", "jwt\\_auth\\_api.%"]], ["key", "value"]
    )
    there = {row["key"]: row["value"] for row in rows}
    assert there.keys() <= names
    assert len(there) >= 4
    # what Settings has never written has its default in the code
    assert there == {name: shown[name] for name in there}


def test_parts(readme):
    """The table of the suite's parts names all of them."""
    shown = {name for name in table(readme["Try it"], 2) if name.isalnum() and name.islower()}
    assert shown == set(PARTS)


def test_server_wide_without_a_database(server, tmp_path):
    """With `--load=base,web,jwt_auth_api` a request of no known database gets JSON, and Odoo's own pages still work."""
    options = ("--load=base,web,jwt_auth_api", "--db-filter=^no such database$", "--database=")
    log = tmp_path / "no-database.log"
    with serving(server.setup, server.db, log, workers=0, options=options) as other:
        for method, path in (("POST", "login"), ("GET", "send_request"), ("PUT", "nothing")):
            answer = httpx.request(method, f"{other.url}/api/{path}", timeout=60)
            assert (answer.status_code, answer.json()["error"]) == (400, "no_database")
            assert "set-cookie" not in answer.headers
        answer = httpx.options(f"{other.url}/api/login", timeout=60)
        assert (answer.status_code, answer.headers["allow"]) == (204, "POST")
        assert "set-cookie" not in answer.headers
        assert httpx.get(f"{other.url}/web/database/selector", timeout=60).status_code < 500
    assert "Traceback" not in log.read_text()
