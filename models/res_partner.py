# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models
from odoo.exceptions import AccessError

from ..engine import grants

#: Fields that identify a person, or decide about the hierarchy of contacts.
IDENTITY = frozenset(["active", "email", "is_company", "name"])
#: Links to these models decide what a user sees.
PLACES = frozenset(["res.company", "res.partner", "website"])
#: Fields of their own contact that users can change in Odoo's preferences and portal.
OWN_DETAILS = frozenset(["email", "name"])
HIERARCHY = frozenset(["is_company", "parent_id"])


class ResPartner(models.Model):
    """Protect the contact of a user as a part of that user's account.

    Its e-mail address receives the link for a new password; its company and its parent decide which
    documents a portal user sees. Odoo protects the contacts of internal users; with a grant, the
    contacts of all users are protected.
    """

    _inherit = "res.partner"

    def write(self, vals):
        """
        :raise AccessError: for the contact of a user if the caller, without the grant, may change
            neither the user nor the contact
        """
        if grants.active(self.env):
            self._check_account_write(vals)
        return super().write(vals)

    def _check_account_write(self, vals):
        names = {name for name in vals if self._has_column(name)}
        of_accounts = {name for name in names if self._decides_over_account(name)}
        refused = set()
        for partner in self:
            if partner._is_of_a_company():
                refused |= partner._refused_of_company(vals, names)
            if of_accounts:
                refused |= partner._refused_of_account(vals, of_accounts)
        if refused:
            raise AccessError(
                self.env._(
                    "This contact, or one below it, belongs to a user or a company of the database. To"
                    " change %(fields)s, you need the right to change that user or company.",
                    fields=", ".join(sorted(refused)),
                )
            )

    def _has_column(self, name):
        """Return whether a value is stored in the contact; a one2many is stored in the linked records."""
        return name in self._fields and self._fields[name].type != "one2many"

    def _is_of_a_company(self):
        """Return whether this is the contact of a company of the database, with its name and address."""
        return self.id in self.env["res.company"]._jwt_contacts()

    def _refused_of_company(self, vals, names):
        """Return the changed fields of a company's contact that the caller may not change."""
        env = grants.plain(self.env)
        if env["res.company"].has_access("write") or self.with_env(env).has_access("write"):
            return set()
        return self._changed_names(vals, names)

    def _refused_of_account(self, vals, names):
        """Return the changed fields that the caller may not change because they belong to an account."""
        changed = self._changed_names(vals, names)
        if self == self.env.user.partner_id:
            changed -= OWN_DETAILS
        accounts = self._with_users() if changed else self.browse()
        if not HIERARCHY.isdisjoint(changed):
            accounts |= self._accounts_of_hierarchy(vals)
        return changed if accounts and not self._may_change_accounts(accounts) else set()

    def _changed_names(self, vals, names):
        """Return the names of the fields whose value changes."""
        changed = set()
        for name in names:
            field, known = self._fields[name], self.sudo()[name]
            if field.type == "many2many" or known != field.convert_to_record(
                field.convert_to_cache(vals[name], self.sudo()), self.sudo()
            ):
                changed.add(name)
        return changed

    def _may_change_accounts(self, accounts):
        env = grants.plain(self.env)
        users = accounts.user_ids.with_env(env)
        return users.has_access("write") or (accounts | self).with_env(env).has_access("write")

    def _with_users(self):
        return self.sudo().with_context(active_test=False).filtered("user_ids")

    def _accounts_of_hierarchy(self, vals):
        """Return the contacts of users who would see other documents if these contacts were moved.

        A portal user sees the documents of all contacts below the user's own company (``child_of`` in
        Odoo's record rules).
        """
        everyone = self.sudo().with_context(active_test=False)
        below = everyone.search([("id", "child_of", self.ids)])
        above = everyone.browse(vals.get("parent_id") or ())
        while above.parent_id - above:
            above |= above.parent_id
        companies = everyone.search([("commercial_partner_id", "in", above.ids)])
        return (below | companies)._with_users()

    def _decides_over_account(self, name):
        """Return whether a field decides who a user is, or what the user sees.

        These are fields that identify a person, links to contacts and companies, and fields of a
        user's contact that record rules use (``user.partner_id.…``).
        """
        field = self._fields[name]
        if name in IDENTITY or (field.type == "many2one" and field.comodel_name in PLACES):
            return True
        return name in self.env["connection.api.protection"]._words_of_contacts()
