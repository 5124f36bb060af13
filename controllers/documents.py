# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from odoo.http import Controller, Response, request

from .dispatcher import api_route

#: How long a verifier may keep the keys; the next one is published long before it signs.
JWKS_SECONDS = 300
#: Says which database a request is for, where a server has several: each has keys of its own.
DATABASE_HEADER = "X-Odoo-Database"


class Documents(Controller):
    @api_route(
        "/api/.well-known/jwks.json",
        auth="none",
        methods=["GET"],
        readonly=True,
    )
    def jwks(self):
        """The public keys that verify access tokens elsewhere (RFC 7517); anybody may read them."""
        keys = request.env["jwt.signing.key"].sudo()._jwks()
        headers = {
            "Cache-Control": f"public, max-age={JWKS_SECONDS}",
            "Access-Control-Allow-Origin": "*",
            "Vary": DATABASE_HEADER,
        }
        return Response(json.dumps(keys), content_type="application/json", headers=headers)
