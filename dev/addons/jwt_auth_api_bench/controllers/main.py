# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The same nothing behind three authentications, to see what each of them costs."""

from odoo.http import Controller, request, route


class Bench(Controller):
    @route("/bench/none", type="http", auth="none", readonly=True, save_session=False)
    def none(self):
        return request.make_json_response({})

    @route("/bench/public", type="http", auth="public", readonly=True, save_session=False)
    def public(self):
        return request.make_json_response({})

    @route("/bench/jwt", type="http", auth="jwt", readonly=True, save_session=False)
    def jwt(self):
        return request.make_json_response({})

    @route("/bench/bearer", type="http", auth="bearer", readonly=True, save_session=False)
    def bearer(self):
        return request.make_json_response({})
