"""A client that openapi-python-client has made: it is type-checked strictly, and its story runs."""

import json
import sys
from http import HTTPStatus

from odoo_api import AuthenticatedClient, Client
from odoo_api.api.log_in_and_sessions import login
from odoo_api.api.res_partner import (
    create_res_partner,
    delete_res_partner,
    get_res_partner,
    list_res_partner,
    update_res_partner,
)
from odoo_api.models import (
    ApiError,
    Credentials,
    Deleted,
    ErrorCode,
    Link,
    LoggedIn,
    ResPartnerCreate,
    ResPartnerCreateBody,
    ResPartnerField,
    ResPartnerList,
    ResPartnerOne,
    ResPartnerUpdate,
    ResPartnerUpdateBody,
)

base: str = sys.argv[1]
session = login.sync(client=Client(base_url=base), body=Credentials("admin", "admin"))
assert isinstance(session, LoggedIn), session
client = AuthenticatedClient(base_url=base, token=session.token)
created = create_res_partner.sync(
    client=client,
    body=ResPartnerCreateBody(
        values=ResPartnerCreate(name="Typed", email=None, country_id=Link(id=233)),
        fields=[ResPartnerField.NAME, ResPartnerField.EMAIL, ResPartnerField.COUNTRY_ID],
    ),
)
assert isinstance(created, ResPartnerOne), created
partner = created.data
assert partner.email is None
assert isinstance(partner.country_id, Link)
assert partner.country_id.display_name == "United States"
page = list_res_partner.sync(
    client=client, domain=json.dumps([["id", "=", partner.id]]), fields=[ResPartnerField.NAME]
)
assert isinstance(page, ResPartnerList), page
assert page.data[0].name == "Typed"
wrong = list_res_partner.sync(client=client, domain="[[")
assert isinstance(wrong, ApiError)
assert wrong.error == ErrorCode.BAD_DOMAIN
changed = update_res_partner.sync(
    partner.id, client=client, body=ResPartnerUpdateBody(values=ResPartnerUpdate(city="Rome"))
)
assert isinstance(changed, ResPartnerOne), changed
deleted = delete_res_partner.sync(partner.id, client=client)
assert isinstance(deleted, Deleted)
assert deleted.deleted_id == partner.id
gone = get_res_partner.sync_detailed(partner.id, client=client)
assert gone.status_code == HTTPStatus.NOT_FOUND
print("typed client works")
