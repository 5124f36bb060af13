# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Records over HTTP: ``/api/send_request`` and ``/api/v1/…``, two interfaces to the same engine."""

import contextlib
import re
import time
from http import HTTPStatus
from urllib.parse import quote

from werkzeug.exceptions import HTTPException

from odoo.exceptions import UserError
from odoo.http import Controller, Response, content_disposition, request

from ..engine import reading, resource, write
from ..engine.page import read_one
from ..engine.replay import narrow, narrow_faults
from ..models.ir_http import COMPANY_HEADER, SIGNATURE, RecordId, dead_link
from ..tools import etag, forms, parsing, queries
from ..tools.errors import ApiError, _
from .dispatcher import READS, api_route
from .repeat import once

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
#: Methods that are treated as another one.
_SAME = {"PATCH": "PUT"}
#: Media types that a browser shows without executing anything; it saves files of all others.
_INERT = re.compile(
    r"image/(?:png|jpeg|gif|webp|bmp|avif|x-icon)|(?:audio|video)/[\w.+-]+|text/plain"
)
_SANDBOX = "sandbox; default-src 'none'"


class RecordRoutes(Controller):
    @api_route(
        "/api/send_request",
        auth="jwt",
        methods=["GET", "POST", "PUT", "DELETE"],
        readonly=True,
    )
    def send_request(self):
        """Read or write records; the model and, optionally, the ``id`` are parameters."""
        params, unread = request.httprequest.args, request.dispatcher.unread_body()
        policy = self._policy(parsing.parse_model(params, unread))
        match request.httprequest.method:
            case "POST":
                # a GET of this route needs "fields"
                address = f"/api/send_request?model={quote(policy.name)}&fields=%5B%5D&id="
                return self._create(policy, address)
            case "PUT":
                return self._update(policy)
            case "DELETE":
                return self._delete(policy)
        asked = parsing.parse_get(params, policy.connection.max_limit, unread=unread)
        self._use_expanded(policy, asked)
        if isinstance(asked, queries.OneQuery):  # existing apps read `data[0]`
            row, faults, version = read_one(policy, asked)
            pages = {"count": 1, "page": 1, "page_size": asked.limit, "total": 1, "total_pages": 1}
            return self._tagged({"success": True, **pages, "data": [row], **faults}, version)
        answer, _version = reading.read(policy, asked)
        return answer

    @api_route("/api/v1/<string:model>", auth="jwt", methods=METHODS, readonly=True, forms=["POST"])
    def collection(self, model):
        """Return a page or groups, or create, update or delete records."""
        policy = self._policy(model)
        match request.httprequest.method:
            case "POST":
                path = f"/api/v1/{quote(policy.name)}/"
                return self._create(policy, path, reading.default_fields(policy), strict=True)
            case "PUT" | "PATCH":
                return self._update(policy, None, reading.default_fields(policy), strict=True)
            case "DELETE":
                return self._delete(policy, strict=True)
        return self._read_path(policy)

    @api_route(
        "/api/v1/<string:model>/<jwt_id:record_id>",
        auth="jwt",
        methods=["GET", "PUT", "PATCH", "DELETE"],
        readonly=True,
        forms=["PUT", "PATCH"],
    )
    def record(self, model, record_id):
        """Return, update or delete one record; ``data`` is an object."""
        policy = self._policy(model)
        reading.check_id(policy, record_id)
        match request.httprequest.method:
            case "PUT" | "PATCH":
                defaults = reading.default_fields(policy)
                return self._update(policy, record_id, defaults, strict=True)
            case "DELETE":
                return self._delete(policy, record_id, strict=True)
        return self._read_path(policy, record_id)

    @api_route(
        "/api/v1/<string:model>/<string:action>", auth="jwt", methods=["POST"], readonly=False
    )
    def call_model(self, model, action):
        """Call an action of the model or, with ``ids`` in the body, of several records.

        Bodies are those of :meth:`part`.
        """
        if _names_record(action):  # the path of a record
            self._refuse_method(self._methods_of(request.httprequest.path))
        return self._call(model, action)

    # POST too, because an action may have this name
    @api_route(
        "/api/v1/<string:model>/schema",
        auth="jwt",
        methods=["GET", "POST"],
        readonly=True,
        defaults={"name": "schema"},
    )
    def schema(self, model, name):
        """Describe the fields of a model (GET), or call an action of this name (POST).

        ``{"success": true, "data": {"model", "name", "methods", "actions", "reports", "links", "max_limit",
        "fields": {"email": {"type": "char", "label": "Email", "required": false, …}, …}}}``
        """
        if request.httprequest.method == "POST":
            return self._call(model, name)
        policy = self._policy(model, None)
        parsing.check_no_parameters(request.httprequest.args)
        described = request.env["connection.api.document"]._whole(policy)
        return self._tagged({"success": True, "data": described.as_json()}, name)

    @api_route(
        "/api/v1/<string:model>/groups",
        auth="jwt",
        methods=["GET", "POST"],
        readonly=True,
        defaults={"name": "groups"},
    )
    def groups(self, model, name):
        """Return groups of records (GET), or call an action of this name (POST).

        The same as a page with ``groupby``, at a path of its own: the types of a generated client are different.
        """
        if request.httprequest.method == "POST":
            return self._call(model, name)
        policy = self._policy(model, action=name)
        return self._read_path(policy, only_groups=True)

    # one route, so that the response to a preflight has all methods
    @api_route(
        "/api/v1/<string:model>/<jwt_id:record_id>/<string:name>",
        auth="jwt",
        methods=["GET", "POST", "PUT"],
        readonly=True,
        raw_body=["PUT"],
    )
    def part(self, model, record_id, name):
        """Call an action of one record (POST), or return (GET) or store (PUT) a file of a binary field.

        An action: ``{"args": [], "kwargs": {}, "context": {}}`` → ``{"success": true, "result": …}``
        """
        if request.httprequest.method == "POST":
            return self._call(model, name, record_id)
        policy = self._policy(model, action=name)
        if resource.is_action(policy, name):
            self._refuse_method(["POST"])
        reading.check_id(policy, record_id)
        parsing.check_no_parameters(request.httprequest.args)
        if request.httprequest.method == "PUT":
            return self._store_file(policy, record_id, name)
        return self._file(policy, record_id, name)

    @staticmethod
    def _file(policy, record_id, name):
        """Return a file with its type and an entity tag; supports ranges (RFC 9110, section 14)."""
        response = resource.file(policy, record_id, name).get_response(as_attachment=True)
        response.headers["Cache-Control"] = "private, no-cache"  # cached, but revalidated each time
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.pop("Date", None)  # the server sets it
        return response

    @api_route(
        "/api/v1/<string:model>/<jwt_id:record_id>/<string:field>/link",
        auth="jwt",
        methods=["POST"],
        readonly=True,
    )
    def link(self, model, record_id, field):
        """Return a link to a file for ``<img>`` and others that cannot send a header, for a few minutes.

        ``{"success": true, "data": {"url": "/api/v1/…/file?signature=…", "expires_in": 300}}``
        """
        policy = self._policy(model, "GET")
        reading.check_id(policy, record_id)
        http = request.httprequest
        parsing.check_no_parameters(http.args, request.dispatcher.body, kind="LINK")
        stream = resource.file(policy, record_id, field)
        path = f"/api/v1/{policy.name}/{record_id}/{field}/file"
        signature, seconds = request.env["jwt.session"]._sign_link(
            request.jwt,
            path,
            resource.checksum(stream),
            request.env.companies.ids if COMPANY_HEADER in http.headers else [],
        )
        url = f"{quote(path)}?{SIGNATURE}={signature}"
        return {"success": True, "data": {"url": url, "expires_in": seconds}}

    @api_route(
        "/api/v1/<string:model>/<jwt_id:record_id>/<string:field>/file",
        auth="jwt_link",
        methods=["GET"],
        readonly=True,
    )
    def linked_file(self, model, record_id, field):
        """Return the file of a :meth:`link`, if it is still the same and the caller may still read it.

        Whoever has the link gets the same error for each cause, and learns nothing about the policy.

        :raise ApiError: ``not_found``; ``too_many_requests``; ``bad_parameter``
        """
        connections = self._counted(model)
        parsing.check_no_parameters(request.httprequest.args, kind="LINKED")
        try:
            policy = connections._resolve(model, "GET")
            stream = resource.file(policy, record_id, field)
        except (ApiError, UserError) as exc:
            raise dead_link() from exc
        if resource.checksum(stream) != request.jwt_link.version:
            raise dead_link()
        response = stream.get_response(
            as_attachment=not _INERT.fullmatch(stream.mimetype or ""),
            content_security_policy=_SANDBOX,
        )
        seconds = max(0, request.jwt_link.expires_at - int(time.time()))
        response.headers["Cache-Control"] = f"private, max-age={seconds}"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.pop("Date", None)  # the server sets it
        return response

    def _store_file(self, policy, record_id, name):
        """Store the body, of any type, as the file, or the only file of a form."""
        http, dispatcher = request.httprequest, request.dispatcher
        if http.mimetype == "application/x-www-form-urlencoded":
            raise ApiError(
                "unsupported_media_type",
                _("Send the bytes of the file as the body, or as multipart/form-data."),
            )
        if http.mimetype == forms.FORM_TYPE:
            part = forms.only_file(dispatcher.read_form())
            data, file_name = part.data, part.file_name
        else:
            data, file_name = dispatcher.read_body(), ""
        if_match = http.headers.get("If-Match")
        version = resource.store_file(policy, record_id, name, data, file_name, if_match)
        return self._tagged({"success": True, "count": 1, "data": {"id": record_id}}, version)

    @api_route(
        "/api/v1/<string:model>/<jwt_id:record_id>/report/<string:name>",
        auth="jwt",
        methods=["GET"],
        readonly=False,
    )
    def report(self, model, record_id, name):
        """Return a report as PDF; Odoo may store it as an attachment of the record."""
        policy = self._policy(model, None, "read")
        reading.check_id(policy, record_id)
        parsing.check_no_parameters(request.httprequest.args)
        content, title = resource.report(policy, record_id, name)
        headers = [
            ("Content-Disposition", content_disposition(title)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return Response(content, headers=headers, content_type="application/pdf")

    # --- both interfaces -----------------------------------------------------------------

    def _policy(self, model, method="", mode=None, *, action=None):
        """Return the caller's policy for a model, and count the request for its connection.

        :param method: the request's own unless given; None for actions and reports, which have their
            own permission
        :param mode: Odoo's access mode of a report; None for an action
        :param action: the name that a POST of the path calls, if it calls an action
        """
        own = request.httprequest.method
        connections = self._counted(model)
        try:
            policy = connections._resolve(model, own if method == "" else method, mode)
        except ApiError as exc:
            if exc.error == "method_not_allowed":
                # without a method of its own, the path needs the one that is not open
                allowed = [] if method else self._open_methods(connections, model, action)
                exc.headers = [_allow(allowed)]
            raise
        request.dispatcher.stages.mark("policy")
        return policy

    def _open_methods(self, connections, model, action):
        """Return the methods that the path accepts and that the connection of the model opens.

        :param action: as for :meth:`_policy`
        """
        opened = connections._known(model).methods
        found = {
            method
            for method in self._methods_of(request.httprequest.path)
            if _SAME.get(method, method) in opened
        }
        if action is not None:
            found.discard("POST")
            with contextlib.suppress(ApiError):  # not open to the caller
                if action in connections._resolve(model).connection.actions:
                    found.add("POST")
        return found

    @staticmethod
    def _counted(model):
        """Count the request for the connection of a model, and return all connections."""
        connections = request.env["connection.api"]
        request.dispatcher.usage.use(connections._known(model), model)
        return connections

    def _call(self, model, action, record_id=None):
        policy = self._policy(model, None)
        if record_id is not None:
            reading.check_id(policy, record_id)
        resource.check_listed(policy, action)
        asked = parsing.parse_call(
            request.dispatcher.body,
            policy.connection.max_limit,
            request.httprequest.args,
            in_path=record_id is not None,
        )
        request.dispatcher.stages.mark("parse")
        result, _is_repeated = once(lambda: resource.call(policy, action, asked, record_id))
        return {"success": True, "result": result}

    def _read_path(self, policy, record_id=None, *, only_groups=False):
        asked = reading.parse(
            policy,
            request.httprequest.args,
            record_id,
            only_groups=only_groups,
            unread=request.dispatcher.unread_body(),
        )
        self._use_expanded(policy, asked)
        return self._tagged(*reading.read(policy, asked))

    @staticmethod
    def _use_expanded(policy, asked):
        request.dispatcher.stages.mark("parse")
        if not isinstance(asked, queries.GroupQuery) and asked.selection.expand:
            request.dispatcher.usage.use_expanded(policy.expanded(asked.selection).values())

    def _create(self, policy, address, default_fields=(), *, strict=False):
        """Create records.

        :param address: the URL of the record, without its id
        :raise ApiError: ``bad_value`` for a context, unless it is for a wizard
        """
        wanted = parsing.parse_create(
            request.httprequest.args,
            request.dispatcher.body,
            policy.connection.max_limit,
            default_fields,
            strict=strict,
        )
        if wanted.context and not policy.caller.is_transient():
            raise ApiError("bad_value", _('"context" is for actions and for new wizards.'))
        self._use_expanded(policy, wanted)
        (answer, version), is_repeated = once(lambda: write.create(policy, wanted))
        if is_repeated:
            answer = self._narrowed(policy, wanted, answer)
        response = self._tagged(answer, version, HTTPStatus.CREATED)
        if response.status_code == HTTPStatus.CREATED and not wanted.many:
            response.headers["Location"] = f"{address}{answer['data']['id']}"
        return response

    @staticmethod
    def _narrowed(policy, wanted, answer):
        """Return the response to an earlier request, without what the connection no longer allows."""
        plan, data = policy.plan(wanted.selection), answer["data"]
        rows = narrow(plan, data if isinstance(data, list) else [data])
        kept = {key: value for key, value in answer.items() if key != "errors"}
        kept["data"] = rows if isinstance(data, list) else rows[0]
        return kept | narrow_faults(plan, answer)

    def _update(self, policy, record_id=None, default_fields=(), *, strict=False):
        wanted = parsing.parse_update(
            request.httprequest.args,
            request.dispatcher.body,
            policy.connection.max_limit,
            record_id=record_id,
            default_fields=default_fields,
            strict=strict,
        )
        self._use_expanded(policy, wanted)
        http = request.httprequest
        is_named = http.args.get("lang") or http.headers.get("Content-Language")
        # a value that the client read in its own language and sends back is not a change, unless it
        # names a language
        language = None if is_named else request.accepted_language
        return self._tagged(*write.update(policy, wanted, http.headers.get("If-Match"), language))

    @staticmethod
    def _delete(policy, record_id=None, *, strict=False):
        wanted = parsing.parse_delete(
            request.httprequest.args,
            policy.connection.max_limit,
            body=request.dispatcher.body,
            record_id=record_id,
            strict=strict,
        )
        request.dispatcher.stages.mark("parse")
        return write.delete(policy, wanted, request.httprequest.headers.get("If-Match"))

    @staticmethod
    def _tagged(answer, version, status=HTTPStatus.OK):
        """Return a response about one record, with its entity tag; 304 if the client already has it."""
        response = request.dispatcher.answer(answer, status)
        if version is None:
            return response
        http = request.httprequest
        response.headers["ETag"] = tag = etag.tag(version, response.get_data())
        known = http.headers.get("If-None-Match")
        if known and http.method in READS and etag.is_none_match(known, tag):
            headers = [("ETag", tag), ("Cache-Control", response.headers["Cache-Control"])]
            return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return response

    # --- unknown paths -------------------------------------------------------------------

    # for any method, including TRACE, PROPFIND and unknown ones
    @api_route(["/api", "/api/<path:path>"], auth="none", readonly=True, json_body=False)
    def nothing_here(self, path=""):
        """Refuse a request that no other route accepts, in JSON: Odoo would respond in HTML.

        :raise ApiError: ``method_not_allowed`` with ``Allow`` for a known path, else ``not_found``
        """
        path = request.httprequest.path
        allowed = self._methods_of(path)
        if allowed == ["POST"] and self._endpoint(path, "POST") == self._action():
            raise ApiError(
                "not_found",
                _(
                    "There is nothing at this address. The id of a record is a number, and an action"
                    " is called with POST."
                ),
            )
        if allowed:
            self._refuse_method(allowed)
        raise ApiError("not_found", _("There is nothing at this address."))

    # not auth="none": Odoo builds the map of such routes without a database too, where it knows only
    # werkzeug's converters; another one in a server-wide addon would break every page
    @api_route("/api/<jwt_any_path:path>", auth="public", readonly=True, json_body=False)
    def nothing_here_either(self, path):
        """Refuse a request as :meth:`nothing_here`, for paths that ``<path:path>`` does not match."""
        return self.nothing_here()

    @staticmethod
    def _refuse_method(allowed):
        """
        :raise ApiError: ``method_not_allowed``, always
        """
        raise ApiError(
            "method_not_allowed",
            _("%(method)s is not allowed here."),
            method=request.httprequest.method,
            headers=[_allow(allowed)],
        )

    def _methods_of(self, path):
        """Return the methods for which another route accepts the path."""
        nothing = [
            endpoint.original_endpoint for endpoint in (self.nothing_here, self.nothing_here_either)
        ]
        found = [
            method for method in METHODS if self._endpoint(path, method) not in [None, *nothing]
        ]
        is_record = _names_record(path.rpartition("/")[2])
        if is_record and self._endpoint(path, "POST") == self._action():
            found.remove("POST")
        return found

    def _action(self):
        """Return the endpoint of actions, whose path is also that of a record with an invalid id."""
        return self.call_model.original_endpoint

    @staticmethod
    def _endpoint(path, method):
        """Return the endpoint of the route that accepts a path and a method, None if there is none."""
        adapter = request.env["ir.http"].routing_map().bind_to_environ(request.httprequest.environ)
        try:
            rule, _args = adapter.match(path, method, return_rule=True)
        except HTTPException:
            return None
        return rule.endpoint.original_endpoint


def _allow(methods):
    """Return the header ``Allow``, which is empty for a path that accepts no method."""
    return "Allow", ", ".join(name for name in METHODS if name in methods)


def _names_record(text):
    """Return whether a part of a path is an id, as in the routes of records."""
    return bool(re.fullmatch(RecordId.regex, text))
