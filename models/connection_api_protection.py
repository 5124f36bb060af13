# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re

from odoo import api, models, tools

from ..engine import protected, secrets

MODES = ("read", "create", "write", "unlink")
#: Groups of Odoo whose members decide about access rights.
ADMINISTRATORS = ("base.group_system", "base.group_erp_manager")
CHANGES = frozenset(["create", "write", "unlink"])
#: Models of the people whom a record can make a member of something.
PEOPLE = frozenset(["res.partner", "res.users", "mail.guest"])
#: The mixin of models with templates that the server renders; ``mail.composer.mixin`` inherits it.
TEMPLATES = "mail.render.mixin"


class ConnectionApiProtection(models.AbstractModel):
    """Find the models for which a connection lifts access rights only for administrators.

    General rules find them, so that models of unknown addons are protected too.
    """

    _name = "connection.api.protection"
    _description = "Protection of Models"

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _administrators_only(self, model_name):
        """Return the access modes that Odoo's access rights give only to administrators, or to nobody.

        The cache is emptied when an access right changes (``ir.model.access``).

        :rtype: frozenset
        """
        rights = self.env["ir.model.access"]
        groups = self.env["res.groups"]._get_group_definitions()
        ids = self.env["ir.model.data"]._xmlid_to_res_id
        administrators = groups.from_ids([ids(name) for name in ADMINISTRATORS])
        return frozenset(
            mode
            for mode in MODES
            if (given := rights._get_access_groups(model_name, mode)).is_empty()
            or given <= administrators
        )

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _protected_modes(self, model_name):
        """Return the access modes that a connection lifts only for administrators.

        :rtype: frozenset
        """
        kind = self._protection_kind(model_name)
        if kind and kind not in protected.PARTIAL_KINDS:
            return frozenset(MODES)
        modes = self._administrators_only(model_name)
        return modes | CHANGES if kind else modes

    @api.model
    def _protection_kind(self, model_name):
        """Return why a model is protected, apart from Odoo's access rights.

        :return: ``wizard``, ``template`` or ``listed`` if all modes are protected; ``members`` or
            ``changes`` if only changes are; otherwise an empty text
        """
        model = self.env[model_name]
        if model._transient:
            return "wizard"
        if self._holds_templates(model):
            return "template"
        if protected.is_listed(model_name):
            return "listed"
        if self._holds_members(model):
            return "members"
        return "changes" if model_name in protected.PROTECTED_CHANGES else ""

    @api.model
    def _holds_templates(self, model):
        if TEMPLATES in self.env.registry and isinstance(model, self.env.registry[TEMPLATES]):
            return True
        return any(getattr(field, "render_engine", None) for field in model._fields.values())

    @api.model
    def _holds_members(self, model):
        """Return whether a record makes a person a member of something, which gives rights.

        Such models have a unique key over a person and another record: followers, members of a
        channel.
        """
        for key in type(model)._table_objects.values():
            definition = key.get_definition(self.env.registry)
            if not getattr(key, "unique", False) and "unique" not in definition.lower():
                continue
            words = re.findall(r"\w+", definition)
            fields = [model._fields[word] for word in words if word in model._fields]
            people = [field for field in fields if field.comodel_name in PEOPLE]
            others = [
                field
                for field in fields
                if field.comodel_name not in PEOPLE
                and field.type in ("many2one", "many2one_reference")
            ]
            if people and others:
                return True
        return False

    # --- memberships ---------------------------------------------------------------------

    @api.model
    @tools.ormcache("model_name", "field_name")
    def _membership(self, model_name, field_name):
        """Return how a many2many gives rights, if it does.

        The cache is emptied when a record rule changes (``ir.rule``).

        :return: ``members`` if the field lists people or groups who see the record, or what belongs to
            it; ``join`` if it makes the record itself a member of the records that it links to, or has
            an inverse field that decides about rights there; otherwise an empty text
        """
        field = self.env[model_name]._fields[field_name].base_field
        is_row = self._is_table_of_a_model(field.relation)
        if field.comodel_name in PEOPLE | {"res.groups"}:
            decides = field.comodel_name == "res.groups" or field_name in self._rule_words(
                model_name
            )
            if decides or is_row:
                return "members"
        elif is_row and model_name in PEOPLE:
            return "join"
        if not field.store:
            return ""  # Odoo's own code writes it, with the access checks for what that changes
        inverses = {inverse.name for inverse in self.env.registry.field_inverses[field]}
        if not inverses:
            return ""
        decides = "write" in self._protected_modes(field.comodel_name)
        return "join" if decides or inverses & self._rule_words(field.comodel_name) else ""

    @api.model
    def _is_table_of_a_model(self, table):
        classes = self.env.registry.values() if table else ()
        return any(each._table == table and not each._abstract for each in classes)

    @api.model
    def _rule_words(self, model_name):
        """Return the words in the model's own record rules, and the fields that any rule follows.

        They include the fields that decide who sees which records.
        """
        rules = (
            self.env["ir.rule"]
            .sudo()
            .search([("domain_force", "!=", False), ("model_id.model", "=", model_name)])
        )
        texts = " ".join(rules.mapped("domain_force"))
        return self._followed_words().union(re.findall(r"\w+", texts))

    @api.model
    @tools.ormcache()
    def _followed_words(self):
        """Return the fields that record rules read through a relation: ``partner_id`` of ``order_id.partner_id``.

        The cache is emptied when a record rule changes (``ir.rule``).
        """
        rules = self.env["ir.rule"].sudo().search([("domain_force", "!=", False)])
        return frozenset(re.findall(r"\.(\w+)", " ".join(rules.mapped("domain_force"))))

    @api.model
    @tools.ormcache()
    def _words_of_contacts(self):
        """Return the words in record rules that may be fields of a user's own contact.

        The cache is emptied when a record rule changes (``ir.rule``).
        """
        rules = self.env["ir.rule"].sudo().search([("domain_force", "like", "partner_id.")])
        texts = " ".join(rules.mapped("domain_force"))
        return frozenset(re.findall(r"partner_id\.(\w+)", texts))

    # --- secrets -------------------------------------------------------------------------

    @api.model
    @tools.ormcache("model_name", cache="stable")
    def _secret_fields(self, model_name):
        """Return the names of a model's fields that hold a secret, such as an access token.

        :rtype: frozenset
        """
        fields = self.env[model_name]._fields.values()
        return frozenset(field.name for field in fields if secrets.is_secret(self.env, field))
