# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json
from http import HTTPStatus

from odoo.http import Controller, Response, request

from ..tools import etag, openapi, pages, parsing, problem
from ..tools.errors import JSON_TYPE
from ..tools.text import language_tag
from .dispatcher import api_route

#: How long a verifier may cache the keys; the next key is published long before it signs.
JWKS_SECONDS = 300
#: The header that names the database on a server with several: each has its own keys.
DATABASE_HEADER = "X-Odoo-Database"
#: Nothing but this server's own style sheet and script.
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


class Documents(Controller):
    @api_route(
        "/api/.well-known/jwks.json",
        auth="none",
        methods=["GET"],
        readonly=True,
    )
    def jwks(self):
        """Return the public keys, with which other services verify access tokens (RFC 7517)."""
        keys = request.env["jwt.signing.key"].sudo()._jwks()
        headers = {
            "Cache-Control": f"public, max-age={JWKS_SECONDS}",
            "Access-Control-Allow-Origin": "*",
            "Vary": DATABASE_HEADER,
        }
        return Response(json.dumps(keys), content_type="application/json", headers=headers)

    @api_route("/api/v1", auth="jwt", methods=["GET"], readonly=True)
    def models(self):
        """Return the models that are open to the caller: ``{"success": true, "count": 1, "data": [{"model",
        "name", "methods", "actions", "reports", "links"}]}``."""
        parsing.check_no_parameters(request.httprequest.args)
        data = request.env["connection.api.document"]._summaries()
        return {"success": True, "count": len(data), "data": data}

    @api_route("/api/openapi.json", auth="jwt_or_public", methods=["GET"], readonly=True)
    def openapi(self):
        """Return the OpenAPI document of what the caller may use."""
        parsing.check_no_parameters(request.httprequest.args)
        documents = request.env["connection.api.document"]
        documents._check_reader()
        packed, origin = documents._document(), self._origin()
        return self._tagged(
            f"{packed.digest} {origin}",
            lambda: openapi.with_server(packed.data(), origin),
            JSON_TYPE,
        )

    @api_route("/api/docs", auth="jwt_or_public", methods=["GET"], readonly=True)
    def page(self):
        """Return the documentation as a page; without a token, what is the same for everybody."""
        return self._page("")

    @api_route("/api/docs/<string:model>", auth="jwt_or_public", methods=["GET"], readonly=True)
    def model_page(self, model):
        """Return the part of the documentation about one model.

        A browser cannot send a token: it gets a page with a form to log in, which then loads this address.
        """
        response = self._page(model, may_log_in=self._prefers_html())
        response.headers.add("Vary", "Accept")
        return response

    def _page(self, model, *, may_log_in=False):
        parsing.check_no_parameters(request.httprequest.args)
        documents, origin = request.env["connection.api.document"], self._origin()
        packed = documents._page(model, may_log_in=may_log_in)
        response = self._tagged(
            f"{packed.digest} {origin}",
            lambda: pages.with_origin(packed.data(), origin),
            "text/html; charset=utf-8",
        )
        response.headers.extend(_PAGE_HEADERS)
        return response

    @staticmethod
    def _prefers_html():
        """Return whether the client prefers HTML to JSON, as browsers do."""
        http = request.httprequest
        if len(http.headers.get("Accept", "")) > problem.MAX_ACCEPT:
            return False
        accepted = http.accept_mimetypes
        return accepted["text/html"] > accepted["application/json"]

    @staticmethod
    def _origin():
        return request.httprequest.host_url.rstrip("/")

    @staticmethod
    def _tagged(version, make, content_type):
        """Return a document that the client may keep, but has to ask for again; 304 if it has it already.

        :param version: a text that differs if the document differs
        :param make: returns the document
        """
        tag = etag.tag("document", version.encode())
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Accept-Language",
            "X-Content-Type-Options": "nosniff",
            "Content-Language": language_tag(request.env.lang or "en_US"),
        }
        known = request.httprequest.headers.get("If-None-Match")
        if known and etag.is_none_match(known, tag):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(make(), content_type=content_type, headers=headers)
