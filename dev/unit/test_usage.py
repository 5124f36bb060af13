# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.usage: a connection's own requests, and none that it does not open."""

import pytest
from jwt_auth_api.tools.descriptions import (
    MOST_FIELDS,
    ActionDescription,
    FieldDescription,
    ModelDescription,
    ReportDescription,
)
from jwt_auth_api.tools.openapi_shared import NO_RECORD
from jwt_auth_api.tools.usage import usages

ORIGIN = "https://odoo.example.com"


def field(name, kind="char", **options):
    return FieldDescription(name, kind, name.title(), **options)


def model(methods="GET POST PUT DELETE", **options):
    names = ["id", "city", "email", "image", "lang", "name", "phone", "zip"]
    fields = {name: field(name, is_writable=name in ("city", "name")) for name in names}
    fields["image"] = field("image", "binary", is_file=True, is_image=True)
    return ModelDescription(
        "res.partner", "Contact", methods=tuple(methods.split()), fields=fields, **options
    )


def by_kind(found):
    return {each.kind: each for each in usages(found, ORIGIN, 7)}


def code(usage, language="curl"):
    return next(sample.text for sample in usage.samples if sample.language == language)


def test_one_request_of_each_kind():
    found = by_kind(
        model(
            actions=(ActionDescription("action_x"),),
            reports=(ReportDescription("base.card", "Card"),),
        )
    )
    paths = {kind: f"{each.method} {each.path}" for kind, each in found.items()}
    assert paths == {
        "list": "GET /api/v1/res.partner",
        "read": "GET /api/v1/res.partner/7",
        "create": "POST /api/v1/res.partner",
        "change": f"PUT /api/v1/res.partner/{NO_RECORD}",
        "delete": f"DELETE /api/v1/res.partner/{NO_RECORD}",
        "action": f"POST /api/v1/res.partner/{NO_RECORD}/action_x",
        "report": "GET /api/v1/res.partner/7/report/base.card",
        "file": "GET /api/v1/res.partner/7/image",
        "link": "POST /api/v1/res.partner/7/image/link",
    }
    assert found["action"].name == "action_x"
    assert found["report"].name == "base.card"
    assert all(len(each.samples) == 5 for each in found.values())
    assert f"{ORIGIN}/api/v1/res.partner" in code(found["list"])


@pytest.mark.parametrize(
    ("language", "stored"),
    [
        ("curl", "-o base.card.pdf"),
        ("javascript", "await response.blob()"),
        ("python", 'open("base.card.pdf", "wb")'),
        ("dart", "response.bodyBytes"),
        ("php", "file_put_contents('base.card.pdf', "),
    ],
)
def test_report_is_stored_as_a_file(language, stored):
    found = by_kind(model("GET", reports=(ReportDescription("base.card", "Card"),)))
    assert stored in code(found["report"], language)
    assert "json" not in code(found["report"], language).lower()


@pytest.mark.parametrize("language", ["curl", "javascript", "python", "dart", "php"])
def test_requests_that_write_hit_no_record(language):
    """Whoever pastes one as it is changes nothing: no record has its id."""
    actions = (ActionDescription("action_x"),)
    opened = model(actions=actions)
    opened.fields["image"] = field("image", "binary", is_file=True, is_writable=True)
    found = by_kind(opened)
    for kind in ("change", "delete", "action", "store"):
        assert f"/res.partner/{NO_RECORD}" in code(found[kind], language)
        assert "/res.partner/7" not in code(found[kind], language)
    assert "/res.partner/7" in code(found["read"], language)


@pytest.mark.parametrize(
    ("language", "sent"),
    [
        ("curl", "--data-binary @image.png"),
        ("javascript", "body: file"),
        ("python", 'open("image.png", "rb")'),
        ("dart", "File('image.png').readAsBytes()"),
        ("php", "file_get_contents('image.png')"),
    ],
)
def test_files(language, sent):
    """The file that people enter is sent and stored, not one that is computed from it."""
    opened = model("GET PUT")
    opened.fields["avatar"] = field("avatar", "binary", is_file=True)
    image = field("image", "binary", is_file=True, is_image=True, is_writable=True)
    opened.fields["image"] = image
    found = by_kind(opened)
    assert {found[kind].name for kind in ("file", "link", "store")} == {"image"}
    assert sent in code(found["store"], language)
    assert "application/octet-stream" in code(found["store"], language)
    assert "json" not in code(found["store"], language).split("body")[0].split("print")[0]
    closed = by_kind(model("GET"))
    assert "store" not in closed
    no_files = model("GET PUT")
    del no_files.fields["image"]
    assert not {"file", "link", "store"} & set(by_kind(no_files))


def test_closed_methods_have_no_request():
    assert set(by_kind(model("GET"))) == {"list", "read", "file", "link"}
    assert set(by_kind(model("POST"))) == {"create"}
    assert not usages(model(""), ORIGIN)


def test_a_few_short_fields():
    """The name first; no files, and no more than fit into a line."""
    [fields] = [line for line in code(by_kind(model())["list"]).splitlines() if "fields=" in line]
    names = fields.split("fields=")[1].split(" ")[0].strip("'").split(",")
    assert names == ["name", "city", "email", "lang", "phone"]
    assert len(names) == MOST_FIELDS


def test_values_are_those_that_can_be_written():
    found = by_kind(model())
    assert '"values": {"name": "Example"}' in code(found["change"])
    assert '"values": {"name": "Example"}' in code(found["create"])
    only_city = model()
    only_city.fields["name"] = field("name")
    assert '"values": {"city": "Example"}' in code(by_kind(only_city)["change"])


def test_actions_of_the_model_and_their_arguments():
    arguments = (("amount", True), ("force", False))
    action = ActionDescription("convert", arguments=arguments, is_for_model=True)
    found = by_kind(model(actions=(action,)))["action"]
    assert found.path == "/api/v1/res.partner/convert"
    assert '{"kwargs": {"amount": null}}' in code(found)


def test_no_fields():
    """A connection whose fields the reader may not see still has requests."""
    bare = ModelDescription("x", "X", methods=("GET", "PUT"))
    assert "fields" not in code(by_kind(bare)["list"])
    assert '{"values": {}}' in code(by_kind(bare)["change"])
