# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from dataclasses import asdict
from urllib.parse import quote

from odoo import api, models

from ..engine import choices
from ..engine.policy import Policy
from ..engine.record_filter import RecordFilter
from ..engine.records import scope_domain
from ..engine.values import is_set_by_odoo
from ..tools.openapi_shared import NO_RECORD
from ..tools.samples import log_in
from ..tools.usage import usages

#: Count at most this many records that match a filter.
MOST_COUNTED = 10_000


class ConnectionApiChoices(models.AbstractModel):
    """Tell the screens what there is to choose from: fields, methods, and the records of a filter."""

    _name = "connection.api.choices"
    _description = "Choices of an API Connection"

    @api.model
    @api.readonly
    def get_field_choices(self, model_name):
        """Return the fields of a model that a connection can list, sorted by label.

        :return: a list of dictionaries: ``id``, ``name``, ``label``, ``type``, ``relation``, ``help``,
            ``is_writable``, ``is_secret``
        """
        model = self._openable(model_name)
        secrets = self.env["connection.api.protection"]._secret_fields(model_name)
        rows = self.env["ir.model.fields"].search_fetch(
            [("model", "=", model_name)],
            ["name", "field_description", "ttype", "relation", "help"],
        )
        found = [
            {
                "id": row.id,
                "name": row.name,
                "label": row.field_description,
                "type": row.ttype,
                "relation": row.relation or "",
                "help": row.help or "",
                "is_writable": not is_set_by_odoo(model._fields[row.name]),
                "is_secret": row.name in secrets,
            }
            for row in rows
            if row.name in model._fields
        ]
        return sorted(found, key=lambda field: (field["label"].lower(), field["name"]))

    @api.model
    @api.readonly
    def get_method_choices(self, model_name):
        """Return the methods of a model that an action may call (:func:`~..engine.choices.methods`)."""
        return choices.methods(self._openable(model_name))

    @api.model
    @api.readonly
    def get_filter_preview(self, model_name, text):
        """Return what a record filter selects, evaluated for the current user with their own rights.

        :return: a dictionary: ``problem`` (a sentence; empty if the filter is valid), ``domain``, and
            ``count``, which is None if the user may not read the model
        """
        model = self._openable(model_name)
        if problem := RecordFilter(self.env, model_name, text).problem():
            return {"problem": problem, "domain": [], "count": None}
        domain = scope_domain(self.env, (text or "").strip() or "[]")
        if not model.has_access("read"):
            return {"problem": "", "domain": [], "count": None}
        count = model.search_count(domain, limit=MOST_COUNTED + 1)
        return {"problem": "", "domain": list(domain), "count": count}

    @api.model
    @api.readonly
    def get_usage(self, connection_id):
        """Return how clients use a connection: the address, and requests as code in several languages.

        :return: a dictionary: ``origin``, ``path``, ``model``, ``documentation`` (a path), ``login``
            (samples), ``requests``, and ``no_record``, the id in those that write; without requests if the
            connection is archived
        """
        connection = self.env["connection.api"].browse(connection_id)
        connection.check_access("read")
        opened = self.env["connection.api"]._connection(connection.model)
        model, origin = self.env[connection.model], connection.get_base_url()
        requests = ()
        if opened is not None:
            described = self.env["connection.api.document"]._whole(Policy(model, opened))
            requests = usages(described, origin, self._some_id(model))
        return {
            "origin": origin,
            "path": f"/api/v1/{connection.model}",
            "model": connection.model,
            "documentation": f"/api/docs/{quote(connection.model)}",
            "no_record": NO_RECORD,
            "login": list(map(asdict, log_in(origin, self.env.user.login, "PASSWORD"))),
            "requests": list(map(asdict, requests)),
        }

    @api.model
    def _some_id(self, model):
        """Return the id of a record that the current user can see; 1 if there is none."""
        return (model.has_access("read") and model.search([], limit=1).id) or 1

    @api.model
    def _openable(self, model_name):
        """Return a model for whoever may manage connections.

        :raise AccessError: for everybody else
        """
        self.env["connection.api"].browse().check_access("read")
        return self.env[model_name]
