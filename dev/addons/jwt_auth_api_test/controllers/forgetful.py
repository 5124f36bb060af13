# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Endpoints that forget whatever an endpoint of the API could forget: they look at no result."""

from odoo.http import Controller, request

from odoo.addons.jwt_auth_api.controllers.dispatcher import api_route
from odoo.addons.jwt_auth_api.models.jwt_session import Sender

_WRITES = {"auth": "none", "methods": ["POST"], "readonly": False}


class Forgetful(Controller):
    @api_route("/api/test/forgetful/refresh", **_WRITES)
    def refresh(self):
        """Rotate a refresh token and answer as if nothing had happened."""
        body, http = request.dispatcher.body, request.httprequest
        sender = Sender(http.remote_addr, http.user_agent.string)
        request.env["jwt.session"]._refresh(body["refreshToken"], sender, rotate=True)
        return {"success": True}

    @api_route("/api/test/forgetful/code", **_WRITES)
    def code(self):
        """Take the code of a second factor and answer as if nothing had happened."""
        body, address = request.dispatcher.body, request.httprequest.remote_addr
        request.env["jwt.login.challenge"]._answer(body["mfa_token"], body["code"], address)
        return {"success": True}

    @api_route("/api/test/forgetful/login", **_WRITES)
    def login(self):
        """Ask for a second factor and answer as if nothing had happened."""
        user = (
            request.env["res.users"]
            .sudo()
            .search([("login", "=", request.dispatcher.body["login"])])
        )
        request.env["jwt.login.challenge"]._require(user)
        return {"success": True}
