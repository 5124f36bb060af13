# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import json

from markupsafe import Markup

from odoo import api, models, tools
from odoo.modules.module import get_manifest
from odoo.tools.lru import LRU

from ..engine.connection import Titles
from ..engine.description import Describer
from ..engine.policy import Policy
from ..tools import pages, samples
from ..tools.errors import ApiError, _, dump_json, unauthorized
from ..tools.openapi import GENERAL_TAGS, Server, document
from ..tools.packed import Packed
from ..tools.text import language_tag

#: How many documents each process keeps: one for each set of groups, language and version.
_KEPT = 64
_KEPT_PAGES = 256


class ConnectionApiDocument(models.AbstractModel):
    """Describe the open models to the caller."""

    _name = "connection.api.document"
    _description = "Description of the API"

    @api.model
    def _summaries(self):
        """Return the entries of the list of models that are open to the caller, as JSON."""
        return [self._describer(policy).summary().summary() for policy in self._open_policies()]

    @api.model
    def _whole(self, policy):
        """Return the description of one model.

        :param policy: the :class:`~..engine.policy.Policy` of the caller, as ``connection.api._resolve``
            returns it
        :rtype: odoo.addons.jwt_auth_api.tools.descriptions.ModelDescription
        """
        return self._describer(policy).whole()

    @api.model
    def _open_policies(self):
        """Return the policies of the models that are open to the caller, in the order of their names.

        To the public user, these are the models that are open to every user.
        """
        connections, is_public = self.env["connection.api"], self.env.user._is_public()
        policies = []
        for name in self._connected_models(self.env["jwt.cache.version"]._current()):
            connection = connections._connection(name)
            if connection is None or not connection.opens_anything():
                continue
            if not (is_public and connection.groups):
                policies.append(Policy(self.env[name], connection))
        return [policy for policy in policies if policy.includes_caller()]

    @api.model
    def _describer(self, policy):
        return Describer(policy.caller, policy.connection, self._titles(policy.name))

    # --- the document ----------------------------------------------------------------------

    @api.model
    def _is_reader(self):
        """Return whether the caller may read the document, as the setting ``document_access`` says."""
        access = self.env["ir.config_parameter"]._jwt_setting("document_access")
        user = self.env.user
        if access == "everybody":
            return True
        if user._is_public():
            return False
        return access == "users" or user.has_group("jwt_auth_api.group_manager")

    @api.model
    def _check_reader(self):
        """
        :raise ApiError: ``missing_token`` for a caller without a token, ``access_denied`` for a user who may
            not read the document
        """
        if self._is_reader():
            return
        if self.env.user._is_public():
            raise unauthorized(
                "missing_token", _("Send an access token: Authorization: Bearer <token>.")
            )
        raise ApiError("access_denied", _("You may not read the documentation of this API."))

    @api.model
    def _document(self):
        """Return the OpenAPI document of what the caller may use, without ``servers``.

        It depends on the caller's groups and language only, so that users share it.

        :rtype: odoo.addons.jwt_auth_api.tools.packed.Packed
        """
        groups = frozenset(self.env.user._get_group_ids())
        key = self.env["jwt.cache.version"]._current(), self.env.lang, groups
        kept = self._kept_documents()
        if (packed := kept.get(key)) is None:
            kept[key] = packed = Packed.of(dump_json(self._make_document()))
        return packed

    @api.model
    def _page(self, model_name="", *, may_log_in=False):
        """Return the documentation page as HTML, with ``pages.ORIGIN`` for the address of the server.

        A caller who may not read the document gets what is the same for everybody: how to log in, the
        routes without a model, the errors. As the document, the page depends on groups and language only.

        :param model_name: the model that the page is about
        :param may_log_in: whether a caller without a token gets a page with the form to log in instead of an
            error; it is the same for all models, whether there are such or not
        :rtype: odoo.addons.jwt_auth_api.tools.packed.Packed
        :raise ApiError: as :meth:`_check_reader` for a model; ``model_not_found``
        """
        try:
            if model_name:
                self._check_reader()
            return self._kept_page(model_name)
        except ApiError:
            if not (may_log_in and self.env.user._is_public()):
                raise
            return self._kept_page(None)

    @api.model
    def _kept_page(self, model_name):
        """Return a page as :meth:`_make_page` makes it, once."""
        is_reader = self._is_reader()
        # others get the same page, whoever they are
        groups = frozenset(self.env.user._get_group_ids()) if is_reader else None
        key = self.env["jwt.cache.version"]._current(), self.env.lang, groups, model_name
        kept = self._kept_pages()
        if (packed := kept.get(key)) is None:
            html = self._make_page(model_name, is_reader=is_reader)
            kept[key] = packed = Packed.of(html.strip().encode())
        return packed

    @api.model
    @tools.ormcache(cache="stable")
    def _kept_pages(self):
        """Return the pages of this process, as :meth:`_kept_documents` does."""
        return LRU(_KEPT_PAGES)

    @api.model
    def _make_page(self, model_name, *, is_reader):
        """Return a page as HTML.

        :param model_name: empty for the start, None for a page that only has the form to log in
        """
        origin = pages.ORIGIN
        shown = json.loads(self._document().data()) if is_reader else self._public_document()
        models_shown = [tag for tag in pages.tags(shown) if tag[0] not in GENERAL_TAGS]
        model = next((tag for tag in models_shown if tag[0] == model_name), None)
        if model_name and model is None:
            raise ApiError(
                "model_not_found", _("There is no model %(model)s here."), model=model_name[:128]
            )
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        values = {
            "doctype": Markup("<!DOCTYPE html>"),
            "language": language_tag(self.env.lang or "en_US"),
            "direction": language.direction or "ltr",
            "title": shown["info"]["title"],
            "model": model,
            "is_reader": is_reader,
            "logs_in": model_name is None,
        }
        if model:
            values |= {
                "operations": pages.tagged(shown, model_name, origin),
                "fields": pages.fields(shown, model_name),
            }
        elif model_name is not None:
            values |= {
                "introduction": pages.paragraphs(shown["info"]["description"]),
                "log_in": samples.log_in(origin, "admin", "admin"),
                "models": models_shown,
                "groups": [(tag, pages.tagged(shown, tag, origin)) for tag in GENERAL_TAGS],
                "errors": pages.errors(),
            }
        return self.env["ir.qweb"]._render("jwt_auth_api.documentation_page", values)

    @api.model
    def _public_document(self):
        return document([], self._server())

    @api.model
    @tools.ormcache(cache="stable")
    def _kept_documents(self):
        """Return the documents of this process, the least recently used of which are removed."""
        return LRU(_KEPT)

    @api.model
    def _make_document(self):
        models_of_caller = [self._describer(policy).rights() for policy in self._open_policies()]
        return document(models_of_caller, self._server())

    @api.model
    def _server(self):
        return Server(
            title=self.env._("Odoo API"),
            version=get_manifest("jwt_auth_api")["version"],
            cookie=self.env["jwt.session"]._profile().cookie,
        )

    # --- caches ----------------------------------------------------------------------------

    @api.model
    @tools.ormcache("version", cache="stable")
    def _connected_models(self, version):
        """Return the names of all models with an active connection, sorted."""
        names = self.env["connection.api"].sudo().search([("active", "=", True)]).mapped("model")
        return tuple(sorted(name for name in names if name in self.env))

    @api.model
    def _titles(self, model_name):
        """Return the :class:`~..engine.connection.Titles` of a model in the language of the environment."""
        version = self.env["jwt.cache.version"]._current()
        return self._titles_in(model_name, self.env.lang, version)

    @api.model
    @tools.ormcache("model_name", "lang", "version", cache="stable")
    def _titles_in(self, model_name, lang, version):
        connection = self.env["connection.api"].sudo().search([("model", "=", model_name)], limit=1)
        return Titles(
            model=connection.model_id.name or model_name,
            actions={action.name: action.description for action in connection.action_ids},
            reports={report.report_name: report.name for report in connection.report_ids},
        )
