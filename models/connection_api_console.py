# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import threading
import time
from urllib.parse import parse_qsl

from psycopg2.errors import ReadOnlySqlTransaction
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_users import check_identity

from ..engine import reading
from ..tools import errors, samples


class ConnectionApiConsole(models.AbstractModel):
    """Serve the console in the web client: an access token, samples, and previews as another user.

    The requests that the console sends with the access token go to the API, as those of any other client.
    A preview has no token: the engine reads in this process.
    """

    _name = "connection.api.console"
    _description = "API Console"

    @api.model
    def action_open(self):
        """Open a session for the console, after Odoo has checked the user's identity.

        If the user has not confirmed their identity in the last ten minutes, Odoo's dialog asks for it
        and then opens the session.

        :return: the action of that dialog, or one whose ``infos`` are the access token and its seconds
        """
        self._web_client()
        return self._open_confirmed()

    def _web_client(self):
        """Return the session of the web client that sent the request.

        :rtype: WebClient
        :raise AccessError: for who is no manager of connections, and for requests by an API key
        """
        self._check_manager()
        web_client = self.env["ir.http"]._jwt_web_client()
        if web_client is None:
            raise self._no_web_client()
        return web_client

    def _check_manager(self):
        if not self.env.user.has_group("jwt_auth_api.group_manager"):
            raise AccessError(self.env._("The console is for managers of API connections."))

    def _no_web_client(self):
        return AccessError(self.env._("The console opens only in Odoo's web client."))

    @check_identity
    def _open_confirmed(self):
        web_client = self._web_client()
        self.env["jwt.signing.key"]._prepare()
        opened = self.env["jwt.session"]._open_console(
            self.env.user, web_client.sid, web_client.user_agent, web_client.address
        )
        if opened is None:  # the user has logged out meanwhile
            raise self._no_web_client()
        session, access = opened
        infos = {"token": access, "seconds": session._access_seconds()}
        return {"type": "ir.actions.act_window_close", "infos": infos}

    # --- samples -------------------------------------------------------------------------

    @api.model
    def action_samples(self, method, url, params=(), headers=(), body=None):
        """Return a request as code in several languages, and the login that it needs; for managers only.

        :param url: absolute, without a query string
        :param params: the query string, as pairs
        :param headers: as pairs, without the access token
        :param body: a JSON value; None for no body
        """
        self._check_manager()
        bearer = {"Authorization": f"Bearer {samples.TOKEN}"}
        requests = samples.samples(method, url, {**bearer, **dict(headers)}, body, dict(params))
        logins = samples.log_in(url.partition("/api/")[0], self.env.user.login, "…")
        return [
            {
                "language": found.language,
                "label": found.label,
                "text": found.text,
                "login": own.text,
            }
            for found, own in zip(requests, logins, strict=True)
        ]

    # --- previews as another user --------------------------------------------------------

    @api.model
    def action_preview(self, user_id, model_name, record_id=None, query=""):
        """Return what a GET on a resource path returns to another user; for system administrators only.

        No session is opened. The engine reads as that user, in a transaction that is read-only and that
        is rolled back. The preview is a security event.

        :param int user_id: an active user
        :param str query: the query string
        :return: ``{"status": 200, "text": "…", "statements": 4, "milliseconds": 12}``
        :rtype: dict
        """
        if not self.env.user._is_system():
            raise AccessError(self.env._("Only system administrators can read as another user."))
        address = self._web_client().address
        user = self._previewed_user(user_id)
        self.env["jwt.security.event"]._record(
            "previewed",
            separately=True,
            user_id=self.env.uid,
            ip_address=address,
            detail=f"{model_name}, {user.login} ({user.id})"[:128],
        )
        started, counter = time.monotonic(), threading.current_thread()
        before = getattr(counter, "query_count", 0)
        status, text = self._preview(user.id, model_name, record_id, query)
        return {
            "status": status,
            "text": text,
            "statements": getattr(counter, "query_count", 0) - before,
            "milliseconds": round((time.monotonic() - started) * 1000),
        }

    def _previewed_user(self, user_id):
        """
        :raise UserError: for a user who cannot log in to the API
        """
        user = self.env["res.users"].browse(user_id if type(user_id) is int else ()).exists()
        if not user or not user.active or user.id == SUPERUSER_ID or user._is_public():
            raise UserError(self.env._("This user cannot log in to the API."))
        return user

    def _preview(self, user_id, model_name, record_id, query):
        """Return the status and the text of the response to a user.

        :raise UserError: if the code of a model writes while it is read
        """
        with contextlib.closing(self.env.registry.cursor(readonly=True)) as cr:
            cr.execute("SET TRANSACTION READ ONLY")
            try:
                return self._read_as(api.Environment(cr, user_id, {}), model_name, record_id, query)
            except ReadOnlySqlTransaction as exc:
                cr.rollback()  # so that the message can be translated
                raise UserError(
                    self.env._("Reading these records writes something: there is no preview of it.")
                ) from exc

    @staticmethod
    def _read_as(env, model_name, record_id, query):
        env = env(context=dict(env["res.users"]._jwt_context(env.uid)))
        try:
            if not (
                isinstance(model_name, str)
                and isinstance(query, str)
                and (record_id is None or type(record_id) is int)
            ):
                raise BadRequest
            params = MultiDict(parse_qsl(query, keep_blank_values=True))
            policy = env["connection.api"]._resolve(model_name, "GET")
            answer, _version = reading.read(policy, reading.parse(policy, params, record_id))
            status = 200
        except (errors.ApiError, BadRequest, UserError) as exc:
            error = errors.from_exception(exc)
            status, answer = error.code, error.body(env._, with_fields=True)
        return status, errors.dump_json(answer).decode()
