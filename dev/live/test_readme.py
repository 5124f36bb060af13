"""What the documents show is what happens: their requests are run as they stand there, the responses compared."""

import copy
import json
import re
import shutil
import subprocess
from fnmatch import fnmatchcase

import httpx
import pytest
from lib import documents
from lib.client import SECRETS
from lib.server import serving

SHOWN_URLS = ("http://127.0.0.1:8069", "https://odoo.example.com")
END = "--- end of the block ---"
MORE = "…"
STORIES = {
    document.path.name: document
    for document in documents.everything()
    if any("curl " in block.text for block in document.blocks)
}


def differences(shown, answered, known, where="the answer"):
    """How two JSON values differ. In a shown string `…` stands for any text, as an item for any further ones.

    The numbers of records are another server's: of one kind the same number shown has to be the same
    number returned, and another number another one. *known* remembers them.
    """
    if isinstance(shown, dict) and isinstance(answered, dict):
        keys = [key for key in answered if key in shown or MORE not in shown]
        same = [key for key in shown if key != MORE] == keys
        found = [] if same else [f"{where} has the keys {list(answered)}"]
        for key in [key for key in shown if key in answered]:
            there = f"{where}.{key}"
            if re.fullmatch(r"(.*_)?id", key) and type(shown[key]) is type(answered[key]) is int:
                numbers = known.setdefault(kind_of(there), {})
                if numbers.setdefault(shown[key], answered[key]) != answered[key]:
                    found.append(f"{there} is not the same as before")
                elif len(set(numbers.values())) < len(numbers):
                    found.append(f"{there} is the same as another number before")
            else:
                found += differences(shown[key], answered[key], known, there)
        return found
    if isinstance(shown, list) and isinstance(answered, list) and MORE in shown:
        return missing([item for item in shown if item != MORE], answered, known, where)
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


def missing(shown, answered, known, where):
    """Return the shown items that are not among those of the answer, in their order."""
    rest = iter(answered)
    for item in shown:
        for other in rest:
            tried = copy.deepcopy(known)
            if not differences(item, other, tried, where):
                known.update(tried)
                break
        else:
            return [f"{where} is {answered!r}, where {item!r} is missing"]
    return []


def kind_of(path):
    """Return what a number is about: the relation that it stands in, or nothing for the records themselves."""
    names = re.sub(r"\[\d+\]", "", path).split(".")[1:]
    return ".".join(name for name in names if name not in ("data", "id", "deleted_id"))


def split(text):
    """A block of JSON and what stands after it (``HTTP 401``), which may be alone."""
    if text.strip().startswith("HTTP "):
        return None, text.strip()
    text = complete(text.strip())
    value, end = json.JSONDecoder().raw_decode(text)
    return value, text[end:].strip()


def complete(text):
    """Return JSON in which each item `…` is a string, or a key and a value."""
    within = []

    def replaced(match):
        token = match[0]
        if token in "[{":
            within.append(token)
        elif token in "]}":
            within.pop()
        elif token == MORE:
            return f'"{MORE}"' if within[-1] == "[" else f'"{MORE}": 0'
        return token

    return re.sub(rf'"(?:[^"\\]|\\.)*"|[][{{}}{MORE}]', replaced, text)


def story(document):
    """Return the requests of a document and the responses that follow them."""
    requests, answers = [], []
    for block, following in zip(document.blocks, [*document.blocks[1:], None], strict=True):
        if "curl " in block.text:
            assert any(url in block.text for url in SHOWN_URLS), block.text
            assert following, f"no response follows\n{block.text}"
            assert "curl " not in following.text, f"no response follows\n{block.text}"
            requests.append(block.text)
            answers.append(following.text)
    return requests, answers


@pytest.mark.parametrize("name", STORIES)
def test_story(server, name, tmp_path):
    """The requests of a document, pasted into one shell from the first block to the last."""
    if not shutil.which("curl"):
        pytest.skip("no curl here: apt-get install curl")
    requests, answers = story(STORIES[name])
    script = "".join(f"{request}\necho; echo '{END}'\n" for request in requests)
    for url in SHOWN_URLS:
        script = script.replace(url, server.url)
    done = subprocess.run(
        ["sh", "-eu"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    SECRETS.update(re.findall(r'"(eyJ[^"]+|v1\.[^"]+)"', done.stdout))
    assert (done.returncode, done.stderr) == (0, "")
    *answered, rest = done.stdout.split(END)
    assert (len(answered), rest.strip()) == (len(answers), "")
    known = {}
    for request, answer, really in zip(requests, answers, answered, strict=True):
        (body, after), (real_body, real_after) = split(answer), split(really)
        problems = differences(body, real_body, known)
        problems += [] if after == real_after else [f"after it stands {real_after!r}"]
        assert not problems, f"{request}\n{really}\n" + "\n".join(problems)


def test_stories_are_told():
    """The documents that are run, and how many requests they have at the least."""
    least = {
        "README.rst": 7,
        "reference.md": 12,
        "guide.md": 1,
        "guide-spa.md": 5,
        "guide-mobile.md": 6,
        "errors.md": 1,
        "index.html": 2,
    }
    assert {name: len(story(STORIES[name])[0]) >= least[name] for name in STORIES} == dict.fromkeys(
        least, True
    )


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
    assert differences([{"id": 1}, {"id": 2}], [{"id": 7}, {"id": 7}], {})
    assert not differences(
        {"id": 1, "country_id": {"id": 2}}, {"id": 7, "country_id": {"id": 7}}, {}
    )
    shown, after = split('{"a": {"x": 1, …}, "b": [2, …], "c": "…, …]"} HTTP 200')
    assert after == "HTTP 200"
    answered = {"a": {"w": 0, "x": 1, "y": 2}, "b": [1, 2, 3], "c": "z, …]"}
    assert not differences(shown, answered, {})
    for part in ({"a": {"w": 0}}, {"a": {"x": 2}}, {"b": [1, 3]}, {"b": []}, {"d": 1}):
        assert differences(shown, {**answered, **part}, {})


def test_route_of_another_addon(server, tmp_path, log_in, user):
    """The example of `auth="jwt"` is the whole controller of an addon; a second server has it loaded."""
    blocks = documents.read(documents.REFERENCE).blocks
    [code] = [block.text for block in blocks if block.language == "python"]
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


def test_settings(admin):
    """The table of settings has the values of a fresh installation."""
    table = documents.read(documents.REFERENCE).table("Settings")
    shown = {name: row[1] for name, row in table.items()}
    names = {name for name in shown if name.startswith("jwt_auth_api.")}
    rows = admin.read(
        "ir.config_parameter", [["key", "=like", "jwt\\_auth\\_api.%"]], ["key", "value"]
    )
    there = {row["key"]: row["value"] for row in rows}
    assert there.keys() <= names
    assert len(there) >= 4
    # what Settings has never written has its default in the code
    assert there == {name: shown[name] for name in there}


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
