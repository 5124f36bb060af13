# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    @api.model
    def _jwt_find(self, user, key):
        """Return the API key that Odoo has just accepted in place of the password of ``user``.

        Odoo returns only the user. The row is found by the beginning of the key; the key is hashed
        again only if several rows begin in the same way.

        :return: a record, or an empty one if the key was removed in the meantime
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, key FROM res_users_apikeys
                 WHERE user_id = %s AND index = %s AND (scope IS NULL OR scope = 'rpc')
                   AND (expiration_date IS NULL OR expiration_date >= now() AT TIME ZONE 'utc')
                """,
                user.id,
                key[:INDEX_SIZE],
            )
        )
        if len(rows) > 1:
            rows = [row for row in rows if KEY_CRYPT_CONTEXT.verify(key, row[1])]
        return self.sudo().browse([row[0] for row in rows[:1]])

    def unlink(self):
        """End the sessions that the removed API keys opened.

        Odoo's trusted devices inherit from this model, but do not open sessions.
        """
        if self._name == "res.users.apikeys":
            self.env["jwt.session"]._revoke(Domain("api_key_id", "in", self.ids), "api_key")
        return super().unlink()
