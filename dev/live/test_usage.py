"""What the form of a connection shows under "Use it" works when it is pasted."""

import json
import subprocess

from lib.image import PNG

ORDER = ("list", "read", "create", "change", "store", "file", "link", "delete")


def test_pasted_requests(server, admin, tmp_path):
    """The login and each request of a connection with all methods, in a shell, one after the other.

    Those that write name no record: pasted as they are, they get a 404.
    """
    [connection] = admin.search("connection.api", [["model", "=", "res.partner"]])
    usage = admin.call("connection.api.choices", "get_usage", connection)
    record = admin.create("res.partner", {"name": "To be deleted"})
    found = {each["kind"]: each for each in usage["requests"]}
    assert set(ORDER) <= set(found)

    def code(samples):
        [text] = [each["text"] for each in samples if each["language"] == "curl"]
        return text.replace(usage["origin"], server.url).replace("PASSWORD", "admin")

    def run(kinds, *replaced):
        script = [code(usage["login"])]
        for kind in kinds:
            text = code(found[kind]["samples"])
            for old in replaced:
                text = text.replace(old, f"{usage['path']}/{record}")
            script += [text, "echo"]
        done = subprocess.run(
            ["sh", "-c", "\n".join(script)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd=tmp_path,
        )
        return done.stdout.split("\n")[:-1]

    (tmp_path / "image_1920.png").write_bytes(PNG)
    for text in run(["change", "store", "delete"]):
        assert json.loads(text)["error"] == "not_found"
    nothing = f"{usage['path']}/{usage['no_record']}"
    answers = run(ORDER, found["read"]["path"], nothing)
    assert answers.pop(ORDER.index("file")) == ""
    assert (tmp_path / "image_1920.png").read_bytes() == PNG
    listed, read, created, changed, stored, linked, deleted = map(json.loads, answers)
    assert stored["data"]["id"] == record
    assert linked["data"]["url"].startswith(f"{usage['path']}/{record}/image_1920/file?")
    assert listed["count"] > 0
    assert read["data"]["id"] == record
    assert created["data"]["name"] == "Example"
    assert changed["data"]["name"] == "Example"
    assert deleted == {"deleted_id": record}
    admin.unlink("res.partner", created["data"]["id"])
