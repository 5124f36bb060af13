# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from http import HTTPStatus

from werkzeug.exceptions import HTTPException

from odoo.http import Controller, request

from ..tools import query
from ..tools.errors import ApiError, _
from .dispatcher import api_route

READS = frozenset(["GET", "HEAD", "OPTIONS"])
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _reads(controller, rule, args):
    """Reads run on Odoo's read-only cursor (a replica's, where there is one)."""
    return request.httprequest.method in READS


class Records(Controller):
    @api_route(
        "/api/send_request",
        auth="jwt",
        methods=["GET", "POST", "PUT", "DELETE"],
        readonly=_reads,
    )
    def send_request(self):
        http = request.httprequest
        connections = request.env["connection.api"]
        params, body = http.args, request.dispatcher.body
        policy = connections._resolve(query.parse_model(params), http.method)
        match http.method:
            case "POST":
                answer = connections._api_create(
                    policy, query.parse_write(params, body, with_id=False)
                )
                return request.dispatcher.answer(answer, HTTPStatus.CREATED)
            case "PUT":
                return connections._api_update(
                    policy, query.parse_write(params, body, with_id=True)
                )
            case "DELETE":
                return connections._api_delete(policy, query.parse_id(params))
        return connections._api_list(policy, query.parse_list(params, policy.connection.max_limit))

    @api_route(
        ["/api", "/api/<path:path>"],
        auth="none",
        methods=METHODS,
        readonly=True,
    )
    def nothing_here(self, path=""):
        """All that no other route takes: JSON where Odoo would answer in HTML.

        :raise ApiError: ``method_not_allowed`` with ``Allow`` for a known path, else ``not_found``
        """
        if allowed := self._methods_of(request.httprequest.path):
            raise ApiError(
                "method_not_allowed",
                _("%(method)s is not open here."),
                method=request.httprequest.method,
                headers=[("Allow", ", ".join(allowed))],
            )
        raise ApiError("not_found", _("There is nothing at this address."))

    # not auth="none": such routes are asked for without a database too, where Odoo knows no
    # converter but werkzeug's, and a server-wide addon with another one stops every page
    @api_route(
        "/api/<jwt_any_path:path>",
        auth="public",
        methods=METHODS,
        readonly=True,
    )
    def nothing_here_either(self, path):
        """As :meth:`nothing_here`, for what ``<path:path>`` leaves out."""
        return self.nothing_here()

    def _methods_of(self, path):
        """The methods under which another route takes the path."""
        adapter = request.env["ir.http"].routing_map().bind_to_environ(request.httprequest.environ)
        nothing = [
            endpoint.original_endpoint for endpoint in (self.nothing_here, self.nothing_here_either)
        ]
        found = []
        for method in METHODS:
            try:
                rule, _args = adapter.match(path, method, return_rule=True)
            except HTTPException:
                continue
            if rule.endpoint.original_endpoint not in nothing:
                found.append(method)
        return found
