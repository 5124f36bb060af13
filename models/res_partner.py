# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models
from odoo.exceptions import AccessError

from ..engine import grants

#: What identifies somebody, or decides which contacts are below which others.
IDENTITY = frozenset(["active", "email", "is_company", "name"])
#: Links to these decide what somebody sees.
PLACES = frozenset(["res.company", "res.partner", "website"])
#: What the preferences and the portal of Odoo let users change of their own contact.
OWN_DETAILS = frozenset(["email", "name"])
HIERARCHY = frozenset(["is_company", "parent_id"])


class ResPartner(models.Model):
    """The contact of a user is a part of that user's account.

    Its e-mail address receives the link for a new password, its company and its parent decide which
    documents a portal user sees. Odoo guards the contacts of internal users; with a grant the
    contacts of all users are guarded.
    """

    _inherit = "res.partner"

    def write(self, vals):
        """
        :raise AccessError: for a contact of a user whom the caller may not change, neither as a user nor,
            without the grant, as a contact
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
                    "This contact is that of a user or of a company, or one below it is. To change"
                    " %(fields)s of it you need the right to change that user or company.",
                    fields=", ".join(sorted(refused)),
                )
            )

    def _has_column(self, name):
        """Return whether a value belongs to the contact: a one2many is kept in the records that it leads to."""
        return name in self._fields and self._fields[name].type != "one2many"

    def _is_of_a_company(self):
        """Return whether this is the contact of one of the companies of the database: its name, its address."""
        return self.id in self.env["res.company"]._jwt_contacts()

    def _refused_of_company(self, vals, names):
        """Return which fields of the contact of a company the caller may not change."""
        env = grants.plain(self.env)
        if env["res.company"].has_access("write") or self.with_env(env).has_access("write"):
            return set()
        return self._changed_names(vals, names)

    def _refused_of_account(self, vals, names):
        """Return which fields the caller may not change, because they are a part of somebody's account."""
        changed = self._changed_names(vals, names)
        if self == self.env.user.partner_id:
            changed -= OWN_DETAILS
        accounts = self._with_users() if changed else self.browse()
        if not HIERARCHY.isdisjoint(changed):
            accounts |= self._accounts_of_hierarchy(vals)
        return changed if accounts and not self._may_change_accounts(accounts) else set()

    def _changed_names(self, vals, names):
        """Return those of the names whose value is not the contact's own already."""
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
        """Return the contacts of users who would see other documents if these contacts moved.

        A portal user sees the documents of all that is below the own company (``child_of`` in Odoo's
        record rules).
        """
        everyone = self.sudo().with_context(active_test=False)
        below = everyone.search([("id", "child_of", self.ids)])
        above = everyone.browse(vals.get("parent_id") or ())
        while above.parent_id - above:
            above |= above.parent_id
        companies = everyone.search([("commercial_partner_id", "in", above.ids)])
        return (below | companies)._with_users()

    def _decides_over_account(self, name):
        """Return whether a field decides who a user is, or what they see.

        By rule: what identifies somebody, links to contacts and companies, and what record rules look at
        of a user's contact (``user.partner_id.…``).
        """
        field = self._fields[name]
        if name in IDENTITY or (field.type == "many2one" and field.comodel_name in PLACES):
            return True
        return name in self.env["connection.api"]._words_of_contacts()
