# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from odoo.http import Controller, Response, request

from ..tools import parsing
from .dispatcher import api_route

#: How long a verifier may cache the keys; the next key is published long before it signs.
JWKS_SECONDS = 300
#: The header that names the database on a server with several: each has its own keys.
DATABASE_HEADER = "X-Odoo-Database"


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
