# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import UserError
from odoo.http import Controller, request, route

from odoo.addons.jwt_auth_api.controllers.dispatcher import api_route
from odoo.addons.jwt_auth_api.tools.errors import ApiError


class Example(Controller):
    @api_route("/api/example/devices", auth="jwt", methods=["POST"])
    def register(self):
        """Register the push token of the caller's device."""
        body = request.dispatcher.body
        if body.get("platform") not in ("apns", "fcm"):
            raise ApiError("bad_value", "%(name)s must be apns or fcm.", name="platform")
        if not isinstance(body.get("token"), str):
            raise ApiError("bad_value", "%(name)s must be a text.", name="token")
        session = request.env["jwt.session"].sudo().search([("sid", "=", request.jwt.session)])
        device = request.env["push.device"]._remember(body["platform"], body["token"], session.id)
        return request.dispatcher.answer({"success": True, "data": {"id": device.id}}, status=201)

    @route("/example/countries.csv", type="http", auth="jwt", save_session=False, readonly=True)
    def countries(self):
        """Return a file, with the rights of the caller."""
        if not request.env.user._is_internal():
            raise UserError(request.env._("Only employees get this list."))
        countries = request.env["res.country"].search([], limit=2, order="code")
        lines = "\n".join(f"{country.code};{country.name}" for country in countries)
        return request.make_response(lines, [("Content-Type", "text/csv; charset=utf-8")])

    @route("/example/hello", type="jsonrpc", auth="jwt", save_session=False)
    def hello(self, name=None):
        """Answer a client of Odoo that speaks JSON-RPC."""
        return {"hello": name or request.env.user.name}
