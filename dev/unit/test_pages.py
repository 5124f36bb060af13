# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.pages: the documentation page has all that the document has."""

import json

import pytest
from jwt_auth_api.tools import openapi, pages
from jwt_auth_api.tools.descriptions import FieldDescription, ModelDescription, ReportDescription
from jwt_auth_api.tools.errors import CODES
from jwt_auth_api.tools.openapi_shared import NO_RECORD

ORIGIN = "https://odoo.example.com"
MODEL = ModelDescription(
    "res.partner",
    "Contact",
    ("GET", "POST", "PUT", "DELETE"),
    max_limit=1000,
    fields={
        "id": FieldDescription("id", "integer", "ID"),
        "image": FieldDescription(
            "image", "binary", "Image", is_writable=True, is_file=True, is_image=True
        ),
        "name": FieldDescription(
            "name", "char", "Name", "A `help` text.", is_writable=True, is_optional=False
        ),
    },
    default_fields=("name",),
    reports=(ReportDescription("base.card", "Card"),),
)


@pytest.fixture(scope="module")
def document():
    found = openapi.document([MODEL], openapi.Server("Odoo API", "1", "refreshToken"))
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def by_id(document):
    found = {}
    for tag, _text in pages.tags(document):
        found |= {each.id: each for each in pages.tagged(document, tag, ORIGIN)}
    return found


def test_every_operation(document, by_id):
    """All but PATCH, which is the same as PUT."""
    ids = {found["operationId"] for method, _path, found in openapi.operations(document)}
    assert ids - set(by_id) == {"patchResPartner", "patchManyResPartner"}


def test_samples(by_id):
    listed = by_id["listResPartner"]
    assert listed.sample_path == "/api/v1/res.partner?fields=name&limit=5"
    assert listed.samples[0].text.startswith(f"curl -sS -G {ORIGIN}/api/v1/res.partner")
    assert "$TOKEN" in listed.samples[0].text
    assert "$TOKEN" not in by_id["login"].samples[0].text
    created = by_id["createResPartner"]
    assert json.loads(created.body) == {"values": {"name": "Example"}}
    assert f"{ORIGIN}/api/v1/res.partner/1" in by_id["getResPartner"].samples[0].text
    assert json.loads(by_id["updateManyResPartner"].body) == {
        "records": [{"id": NO_RECORD, "values": {"name": "Example"}}]
    }
    for each in by_id.values():
        assert len(each.samples) == 5, each.id


def test_samples_of_requests_that_write_hit_no_record(by_id):
    for each in by_id.values():
        is_link = each.id.startswith("link")
        if each.method != "GET" and not is_link and "{" in each.path:
            assert f"/{NO_RECORD}" in each.sample_path, each.id
            assert all(str(NO_RECORD) in sample.text for sample in each.samples)
    assert by_id["deleteManyResPartner"].sample_path == f"/api/v1/res.partner?ids=[{NO_RECORD}]"
    assert f"id={NO_RECORD}" in by_id["deleteRecords"].sample_path


def test_samples_of_files(by_id):
    """They are stored and sent under a name that says what they are."""
    code = {name: each.samples[0].text for name, each in by_id.items()}
    assert "-o base.card.pdf" in code["printResPartnerBaseCard"]
    assert "-o image.png" in code["downloadResPartnerImage"]
    assert "-o image.png" in code["openResPartnerImage"]
    assert "Authorization" not in code["openResPartnerImage"]
    assert "signature=" in code["openResPartnerImage"]
    assert "--data-binary @image.png" in code["uploadResPartnerImage"]
    assert " -o " not in code["linkResPartnerImage"]
    taking = [name for name, each in by_id.items() if each.takes_file]
    assert taking == ["uploadResPartnerImage"]


def test_keys_of_bodies(by_id):
    keys = {each.name: each for each in by_id["createResPartner"].keys}
    assert list(keys) == ["values", "fields", "expand"]
    assert (keys["values"].is_required, keys["fields"].is_required) == (True, False)
    assert keys["fields"].type == "list of ResPartnerField"
    assert not by_id["deleteResPartner"].keys
    assert [each.name for each in by_id["login"].keys] == ["login", "password"]


def test_parameters_and_statuses(by_id):
    names = {each.name for each in by_id["getResPartner"].parameters}
    assert {"id", "fields", "expand", "Accept-Language", "If-None-Match"} <= names
    [needed] = [each.name for each in by_id["getResPartner"].parameters if each.is_required]
    assert needed == "id"
    statuses = dict(by_id["getResPartner"].statuses)
    assert {"200", "304", "404", "429"} <= statuses.keys()
    assert (True, "model_not_found") in statuses["404"]


def test_fields(document):
    found = {each.name: each for each in pages.fields(document, "res.partner")}
    assert list(found) == ["id", "image", "name"]
    assert (found["id"].is_readable, found["id"].is_writable) == (True, False)
    assert (found["name"].is_writable, found["name"].is_required) == (True, True)
    assert found["name"].type == "text or null"
    assert found["name"].text == [
        [(False, "Name")],
        [(False, "A "), (True, "help"), (False, " text.")],
    ]


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("https://odoo.example.com:8069", "https://odoo.example.com:8069"),
        ("http://[::1]:8069", "http://[::1]:8069"),
        ("http://a'b\"<script>", "http://localhost"),
        ("http://x y", "http://localhost"),
    ],
)
def test_origin(origin, shown):
    """An address that a language or the page would have to quote is not shown."""
    page = f"<p>{pages.ORIGIN}/api</p>".encode()
    assert pages.with_origin(page, origin) == f"<p>{shown}/api</p>".encode()


def test_errors():
    assert [code for code, _status, _title in pages.errors()] == list(CODES)
    assert ("not_found", 404, "Not found (Not Found)") in pages.errors()


def test_there_is_a_text_for_everything(by_id):
    for each in by_id.values():
        assert each.summary
        assert each.text
        assert all(parameter.text for parameter in (*each.parameters, *each.keys))
