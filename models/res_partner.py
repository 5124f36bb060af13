# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import models
from odoo.exceptions import AccessError

from . import grant as grants

#: What says how to reach somebody, beside the address; nothing of it decides who they are.
CONTACT_DETAILS = frozenset(
    "category_id color comment company_name function image_1920 phone ref title website".split()
)
#: Added for the caller's own contact: what the preferences and the portal of Odoo let users change.
OWN_DETAILS = frozenset(["email", "lang", "name", "tz"])
#: What decides which contacts are below which others.
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
        of_account = {name for name in vals if self._decides_over_account(name)}
        if not of_account:
            return
        own = self.env.user.partner_id
        accounts = self._with_users()
        if not of_account - OWN_DETAILS:
            accounts -= own
        if not HIERARCHY.isdisjoint(vals):
            accounts |= self._accounts_of_hierarchy(vals)
        if not accounts:
            return
        env = grants.plain(self.env)
        users = accounts.user_ids.with_env(env)
        if users.has_access("write") or (accounts | self).with_env(env).has_access("write"):
            return
        raise AccessError(
            self.env._(
                "This contact belongs to a user, or to the company of one. To change %(fields)s of it"
                " you need the right to change that user.",
                fields=", ".join(sorted(of_account)),
            )
        )

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
        """Return whether a field may decide who a user is or what they see: all that is not known to be harmless."""
        field = self._fields.get(name)
        if field is None or field.type == "one2many":  # kept in the records that it leads to
            return False
        harmless = CONTACT_DETAILS.union(self._address_fields(), self._commercial_fields())
        return name not in harmless
