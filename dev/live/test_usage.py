"""What the form of a connection shows under "Use it" works when it is pasted."""

import json
import subprocess

ORDER = ("list", "read", "create", "change", "delete")


def test_pasted_requests(server, admin):
    """The login and each request of a connection with all methods, in a shell, one after the other."""
    [connection] = admin.search("connection.api", [["model", "=", "res.partner"]])
    usage = admin.call("connection.api.choices", "get_usage", connection)
    record = admin.create("res.partner", {"name": "To be deleted"})
    found = {each["kind"]: each for each in usage["requests"]}
    assert set(ORDER) <= set(found)

    def code(samples):
        [text] = [each["text"] for each in samples if each["language"] == "curl"]
        return text.replace(usage["origin"], server.url).replace("PASSWORD", "admin")

    old = found["read"]["path"]
    script = [code(usage["login"])]
    for kind in ORDER:
        text = code(found[kind]["samples"]).replace(old, f"{usage['path']}/{record}")
        script += [text, "echo"]
    done = subprocess.run(
        ["sh", "-c", "\n".join(script)], capture_output=True, text=True, timeout=60, check=True
    )
    answers = list(map(json.loads, done.stdout.split("\n")[:-1]))
    assert len(answers) == len(ORDER), done.stderr
    listed, read, created, changed, deleted = answers
    assert listed["count"] > 0
    assert read["data"]["id"] == record
    assert created["data"]["name"] == "Example"
    assert changed["data"]["name"] == "Example"
    assert deleted == {"deleted_id": record}
    admin.unlink("res.partner", created["data"]["id"])
