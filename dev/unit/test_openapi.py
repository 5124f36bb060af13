# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""tools.openapi: the document is valid whatever is open, and has what the registries have."""

import dataclasses
import json
import re

import pytest
from jwt_auth_api.tools import openapi, openapi_shared
from jwt_auth_api.tools.descriptions import (
    ActionDescription,
    FieldDescription,
    ModelDescription,
    ReportDescription,
)
from jwt_auth_api.tools.errors import CODES
from jwt_auth_api.tools.parameters import KEYS, PARAMETERS
from openapi_spec_validator import validate

SERVER = openapi.Server("Odoo API", "19.0.1.0.0", "refreshToken")
METHODS = ("GET", "POST", "PUT", "DELETE")
TYPES = """
    binary boolean char date datetime float html integer json many2many many2one many2one_reference monetary
    one2many properties properties_definition reference selection text
""".split()
RELATIONAL = ("many2many", "many2one", "one2many")
FIELDS = {
    "id": FieldDescription("id", "integer", "ID"),
    **{
        f"a_{kind}": FieldDescription(
            f"a_{kind}",
            kind,
            f"A {kind}",
            help="A help text.",
            is_writable=True,
            is_file=kind == "binary",
            relation="res.partner" if kind in RELATIONAL else None,
            selection=(("a", "Label A"), ("b", "Label B")) if kind == "selection" else None,
        )
        for kind in TYPES
    },
    "needed": FieldDescription(
        "needed", "char", "Needed", is_required=True, is_writable=True, is_optional=False, size=4
    ),
    "computed": FieldDescription("computed", "float", "Computed", is_stored=False),
}
PARTNER = ModelDescription(
    "res.partner",
    "Contact",
    METHODS,
    actions=(
        ActionDescription("action_go", "Go.", (("where", True), ("fast", False))),
        ActionDescription("make", None, is_for_model=True, context_keys=("my_key",)),
    ),
    reports=(ReportDescription("base.report_partner", "Sheet"),),
    max_limit=7,
    fields=FIELDS,
    default_fields=("a_char",),
)


@pytest.fixture(scope="module")
def document():
    return openapi.document([PARTNER], SERVER)


@pytest.fixture(scope="module")
def schemas(document):
    return document["components"]["schemas"]


def operation(document, method, path):
    return document["paths"][path][method]


def names_of(operation, place="query"):
    return {each["name"] for each in operation["parameters"] if each.get("in") == place}


#: Models, fields and actions that are called alike, or as the document's own schemas and paths are.
ALIKE = [
    ModelDescription(
        name,
        'A name: "quoted" <b> `code`',
        METHODS,
        actions=tuple(map(ActionDescription, ("schema", "groups", "a_binary", "go", "Go"))),
        reports=(ReportDescription("a.b_c", ""), ReportDescription("a.b.c", "")),
        max_limit=1,
        fields={**FIELDS, "abinary": dataclasses.replace(FIELDS["a_binary"], name="abinary")},
        is_wizard=name == "link",
    )
    for name in ("link", "res.partner", "res_partner", "resPartner", "res.partner.create", "x_1.y")
]


def test_is_valid_whatever_is_open():
    found = openapi.document(ALIKE, SERVER)
    validate(json.loads(json.dumps(found)))
    ids = [each["operationId"] for _method, _path, each in openapi.operations(found)]
    assert len(ids) == len(set(ids))
    assert sum(name.endswith("One") for name in found["components"]["schemas"]) == len(ALIKE)
    used = set(re.findall(r'"#/components/(\w+)/(\w+)"', json.dumps(found)))
    assert len(used) > 50
    for kind, each in used:
        assert each in found["components"][kind]


def test_is_valid_without_models():
    validate(openapi.document([], SERVER))


def test_is_valid(document):
    validate(json.loads(json.dumps(document)))


def test_every_parameter(document):
    """All that a request may have is described, and nothing else."""
    assert set(openapi_shared.QUERY) == frozenset().union(*PARAMETERS.values())
    listed = names_of(operation(document, "get", "/api/v1/res.partner"))
    grouped = names_of(operation(document, "get", "/api/v1/res.partner/groups"))
    assert (
        listed | grouped == PARAMETERS["GET"] - {"model", "id", "offset"} - openapi_shared.UNTYPED
    )
    assert listed == PARAMETERS["LIST"] - {"groupby", "aggregates"} - openapi_shared.UNTYPED
    assert grouped == PARAMETERS["GROUPS"] - openapi_shared.UNTYPED
    one = names_of(operation(document, "get", "/api/v1/res.partner/{id}"))
    assert one == PARAMETERS["ONE"] - openapi_shared.UNTYPED
    general = operation(document, "get", "/api/send_request")
    assert names_of(general) == PARAMETERS["GET"] - {"page", "relations", "search"}
    deleted = operation(document, "delete", "/api/send_request")
    assert names_of(deleted) == PARAMETERS["DELETE"]


def test_no_parameter_that_is_refused(document):
    """An operation of a resource path has only parameters that its request declares."""
    kinds = {
        "list": "LIST",
        "group": "GROUPS",
        "get": "ONE",
        "create": "POST",
        "update": "PUT",
        "patch": "PUT",
        "delete": "DELETE",
        "call": "CALL",
        "make": "CALL",
        "describe": "FILE",
        "download": "FILE",
        "upload": "FILE",
        "print": "FILE",
        "link": "LINK",
        "open": "LINKED",
    }
    seen = set()
    for _method, path, found in openapi.operations(document):
        if path.startswith("/api/v1/"):
            kind = kinds[re.match("[a-z]+", found["operationId"])[0]]
            seen.add(kind)
            assert names_of(found) <= PARAMETERS[kind], found["operationId"]
    assert seen == {*kinds.values()}


def test_link_to_a_file(document):
    """Whoever has it sends no token, so that nothing about the user is read or answered."""
    found = operation(document, "get", "/api/v1/res.partner/{id}/a_binary/file")
    assert found["security"] == []
    shared = {each.get("$ref", "").rpartition("/")[2] for each in found["parameters"]} - {""}
    assert shared == {"RecordId", "Range", "IfNoneMatch", "AcceptLanguage"}
    assert not {"401", "403"} & set(found["responses"])
    assert {"200", "206", "304", "400", "404", "416", "429"} <= set(found["responses"])
    assert {"401", "403"} <= set(
        operation(document, "get", "/api/v1/res.partner/{id}/a_binary")["responses"]
    )


def test_every_key(document, schemas):
    """The bodies have the keys that a request may have."""

    def keys(method, path):
        schema = operation(document, method, path)["requestBody"]["content"]["application/json"]
        schema = schema["schema"]
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        return set(schema["properties"])

    assert keys("post", "/api/send_request") == KEYS["POST"]
    assert keys("put", "/api/send_request") == KEYS["PUT"]
    assert keys("post", "/api/v1/res.partner") == KEYS["POST"] - {"context"}
    path = "/api/v1/res.partner"
    assert keys("put", path) | keys("put", f"{path}/{{id}}") == KEYS["PUT"]
    assert keys("post", f"{path}/action_go") == KEYS["CALL"]
    assert keys("post", f"{path}/{{id}}/action_go") == KEYS["CALL"] - {"ids"}
    assert keys("post", "/api/login") == KEYS["login"]
    assert keys("post", "/api/login/mfa") == KEYS["login_mfa"]
    assert keys("post", "/api/login/passkey") == KEYS["login_passkey"]
    assert keys("post", "/api/update/access-token") == KEYS["refresh"]
    assert keys("post", "/api/revoke/token") == KEYS["log_out"]


def test_every_key_and_parameter_is_described(document, schemas):
    """Also in the parts of a form, and in the objects of a list."""

    def resolved(schema):
        return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    for _method, path, each in openapi.operations(document):
        for parameter in each["parameters"]:
            if "$ref" in parameter:
                parameter = document["components"]["parameters"][parameter["$ref"].split("/")[-1]]
            assert parameter["description"], (path, parameter)
        for media in each.get("requestBody", {}).get("content", {}).values():
            for name, key in resolved(media["schema"]).get("properties", {}).items():
                assert key.get("description"), (path, name)
                for inner, part in key.get("items", {}).get("properties", {}).items():
                    assert part.get("description"), (path, name, inner)


def test_lines(document, schemas):
    """A key says with a real field how the lines of a record are created, if that is open."""
    lines = FieldDescription(
        "order_line", "one2many", "Lines", relation="sale.order.line", is_writable=True
    )
    tags = dataclasses.replace(lines, name="a_tags", relation="my.tag")
    order = ModelDescription(
        "sale.order", "Order", METHODS, fields={"a_tags": tags, "order_line": lines}
    )
    needed = {"is_writable": True, "is_optional": False}
    line = ModelDescription(
        "sale.order.line",
        "Line",
        METHODS,
        fields={
            "order_id": FieldDescription(
                "order_id", "many2one", "Order", relation="sale.order", **needed
            ),
            "quantity": FieldDescription("quantity", "float", "Quantity", **needed),
        },
    )
    tag = ModelDescription("my.tag", "Tag", METHODS, fields={"needed": FIELDS["needed"]})

    def text(*models):
        found = openapi.document(models, SERVER)["components"]["schemas"]
        return found["SaleOrderCreateBody"]["properties"]["values"]["description"]

    assert '`{"order_line": [[0, 0, {"quantity": 1.0}]]}`' in text(tag, order, line)
    assert '`{"a_tags": [[0, 0, {"needed": "Exam"}]]}`' in text(tag, order)
    assert "[[" not in text(order)
    written = schemas["ResPartnerUpdate"]["properties"]
    assert "`[[0, 0, {…}]]` creates a record" in written["a_one2many"]["description"]
    assert "`[[4, 7]]` adds record 7" in written["a_many2many"]["description"]
    read = schemas["ResPartner"]["properties"]["a_one2many"]
    assert "[[" not in read["description"]


def test_fields_of_the_list_begin_with_the_name(document):
    def example(*names):
        fields = {name: FieldDescription(name, "char", name) for name in names}
        model = ModelDescription("a.b", "AB", ("GET",), fields=fields, default_fields=names)
        listed = operation(openapi.document([model], SERVER), "get", "/api/v1/a.b")
        [found] = [each for each in listed["parameters"] if each.get("name") == "fields"]
        return found["example"]

    assert example("city", "display_name", "name", "zip")[0] == "name"
    assert example("city", "display_name", "zip")[0] == "display_name"


def test_every_code(document, schemas):
    assert schemas["ErrorCode"]["enum"] == list(CODES)
    responses = document["components"]["responses"]
    named = {
        code for each in responses.values() for code in re.findall(r"`(\w+)`", each["description"])
    }
    assert named == set(CODES)
    for each in responses.values():
        assert set(each["content"]) == {"application/json", "application/problem+json"}


def test_types(schemas):
    read = schemas["ResPartner"]["properties"]

    def kind(name):
        return read[name].get("type")

    assert kind("id") == "integer"
    assert schemas["ResPartner"]["required"] == ["id"]
    assert (kind("a_char"), kind("a_boolean"), kind("a_integer")) == (
        ["string", "null"],
        "boolean",
        "integer",
    )
    assert (kind("a_float"), kind("computed")) == ("number", ["number", "null"])
    assert (read["a_date"]["format"], read["a_datetime"]["format"]) == ("date", "date-time")
    assert (read["a_binary"]["format"], read["a_binary"]["contentEncoding"]) == ("byte", "base64")
    assert read["a_selection"]["enum"] == ["a", "b", None]
    assert "`a`: Label A" in read["a_selection"]["description"]
    link, related, null = read["a_many2one"]["anyOf"]
    assert link["$ref"].endswith("/Link")
    assert related["$ref"].endswith("/ResPartner")
    assert null == {"type": "null"}
    assert read["computed"]["readOnly"] is True
    assert "readOnly" not in read["a_char"]
    assert read["a_char"]["description"] == "A char\n\nA help text."
    assert "title" not in json.dumps(read)


def test_files_in_a_form(document):
    """A request that writes takes files and values together."""
    for method, path in (("post", ""), ("put", "/{id}")):
        found = operation(document, method, f"/api/v1/res.partner{path}")["requestBody"]["content"]
        form = found["multipart/form-data"]
        assert {*form["schema"]["properties"]} - {"context"} == {
            *("values", "fields", "expand", "a_binary"),
        }
        assert form["encoding"]["values"] == {"contentType": "application/json"}
    country = ModelDescription("res.country", "Country", ("POST",), fields={"id": FIELDS["id"]})
    found = openapi.document([country], SERVER)["paths"]["/api/v1/res.country"]["post"]
    assert set(found["requestBody"]["content"]) == {"application/json"}


def test_values_to_write(schemas):
    create, update = schemas["ResPartnerCreate"], schemas["ResPartnerUpdate"]
    assert create["required"] == ["needed"]
    assert "required" not in update
    assert create["properties"]["needed"]["type"] == "string"
    assert update["properties"]["needed"]["type"] == ["string", "null"]
    assert create["properties"]["needed"]["maxLength"] == 4
    assert not {"id", "computed"} & create["properties"].keys()
    assert create["additionalProperties"] is False


def test_example_of_a_new_record(document):
    media = operation(document, "post", "/api/v1/res.partner")["requestBody"]["content"]
    assert media["application/json"]["example"] == {"values": {"needed": "Exam"}}


def test_long_selections_are_texts():
    choices = tuple((str(number), "x") for number in range(openapi_shared.MAX_ID % 1000 + 200))
    field = FieldDescription("tz", "selection", "Time Zone", selection=choices)
    model = ModelDescription("a.b", "AB", ("GET",), fields={"tz": field})
    schema = openapi.document([model], SERVER)["components"]["schemas"]["AB"]["properties"]["tz"]
    assert schema == {"type": ["string", "null"], "description": "Time Zone", "readOnly": True}


def test_paths_of_a_model(document):
    """One path for each thing that is open, with a name as clients call it."""
    path = "/api/v1/res.partner"
    ids = {
        (method, each.removeprefix(path)): found["operationId"]
        for method, each, found in openapi.operations(document)
        if each.startswith(path)
    }
    assert ids == {
        ("GET", ""): "listResPartner",
        ("POST", ""): "createResPartner",
        ("PUT", ""): "updateManyResPartner",
        ("PATCH", ""): "patchManyResPartner",
        ("DELETE", ""): "deleteManyResPartner",
        ("GET", "/schema"): "describeResPartner",
        ("GET", "/groups"): "groupResPartner",
        ("GET", "/{id}"): "getResPartner",
        ("PUT", "/{id}"): "updateResPartner",
        ("PATCH", "/{id}"): "patchResPartner",
        ("DELETE", "/{id}"): "deleteResPartner",
        ("GET", "/{id}/a_binary"): "downloadResPartnerABinary",
        ("PUT", "/{id}/a_binary"): "uploadResPartnerABinary",
        ("POST", "/{id}/a_binary/link"): "linkResPartnerABinary",
        ("GET", "/{id}/a_binary/file"): "openResPartnerABinary",
        ("POST", "/{id}/action_go"): "callResPartnerActionGo",
        ("POST", "/action_go"): "callResPartnerActionGoOnMany",
        ("POST", "/make"): "callResPartnerMake",
        ("GET", "/{id}/report/base.report_partner"): "printResPartnerBaseReportPartner",
    }


def test_what_is_closed_has_no_path():
    model = ModelDescription("res.partner", "Contact", ("DELETE",))
    found = openapi.document([model], SERVER)
    methods = {
        (method, path)
        for method, path, _found in openapi.operations(found)
        if path.startswith("/api/v1/")
    }
    path = "/api/v1/res.partner"
    assert methods == {("GET", f"{path}/schema"), ("DELETE", path), ("DELETE", f"{path}/{{id}}")}
    assert "ResPartner" not in found["components"]["schemas"]


def test_page_size(document):
    [limit] = [
        each
        for each in operation(document, "get", "/api/v1/res.partner")["parameters"]
        if each.get("name") == "limit"
    ]
    assert (limit["schema"]["maximum"], limit["schema"]["default"]) == (7, 7)


def test_security(document):
    """All but the login, what is public, and a signed link needs a token."""
    assert document["security"] == [{"bearer": []}]
    public = {
        path
        for _method, path, found in openapi.operations(document)
        if found.get("security", document["security"]) == [] or {} in found.get("security", [])
    }
    assert public == {
        "/api/login",
        "/api/login/mfa",
        "/api/login/passkey",
        "/api/login/passkey/options",
        "/api/update/access-token",
        "/api/revoke/token",
        "/api/.well-known/jwks.json",
        "/api/openapi.json",
        "/api/docs",
        "/api/docs/{model}",
        "/api/v1/res.partner/{id}/a_binary/file",
    }


def test_pages(document):
    """Both pages promise the same response, and that of a model a 404, too."""
    start, model = (
        operation(document, "get", path)["responses"] for path in ("/api/docs", "/api/docs/{model}")
    )
    assert start["200"]["content"] == {"text/html": {"schema": {"type": "string"}}}
    assert model == start | {"404": {"$ref": "#/components/responses/NotFound"}}
    assert "404" not in start


def test_server():
    data = openapi.with_server(b'{"openapi":"3.1.1"}', 'https://x.example/"')
    assert json.loads(data) == {
        "servers": [{"url": 'https://x.example/"', "description": "This server"}],
        "openapi": "3.1.1",
    }
