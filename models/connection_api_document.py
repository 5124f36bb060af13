# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models, tools

from ..engine.connection import Titles
from ..engine.description import Describer
from ..engine.policy import Policy


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
        """Return the policies of the models that are open to the caller, in the order of their names."""
        connections, policies = self.env["connection.api"], []
        for name in self._connected_models(self.env["jwt.cache.version"]._current()):
            connection = connections._connection(name)
            if connection is not None and connection.opens_anything():
                policies.append(Policy(self.env[name], connection))
        return [policy for policy in policies if policy.includes_caller()]

    @api.model
    def _describer(self, policy):
        return Describer(policy.caller, policy.connection, self._titles(policy.name))

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
