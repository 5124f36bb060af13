# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models
from odoo.http import GeoIP
from odoo.tools import SQL
from odoo.tools._vendor.useragents import UserAgent

#: The usual spelling of names that Odoo's parser of user agents finds; other names are capitalized.
DEVICE_NAMES = {
    "chromeos": "ChromeOS",
    "ipad": "iPad",
    "iphone": "iPhone",
    "macos": "macOS",
    "msie": "Internet Explorer",
}


class ResDeviceLog(models.Model):
    _inherit = "res.device.log"

    @api.depends("session_identifier")
    def _compute_display_name(self):
        """Name the device of an API session as *JWT API → Sessions* does.

        Odoo's own name contains only the platform and browser that it finds in the user agent.
        """
        result = super()._compute_display_name()
        domain = [("sid", "in", self.mapped("session_identifier"))]
        names = {
            session.sid: session.device for session in self.env["jwt.session"].sudo().search(domain)
        }
        for device in self:
            device.display_name = names.get(device.session_identifier) or device.display_name
        return result

    @api.autovacuum
    def __update_revoked(self):
        """Restore active API sessions: Odoo marks devices without a session file as revoked.

        The method and its class have the same names as Odoo's, so that this extends it.
        """
        result = super().__update_revoked()
        self._jwt_list_living()
        return result

    @api.model
    def _jwt_name(self, user_agent):
        """Return the device name for a user agent: ``Chrome on Linux``, ``curl``."""
        browser, product, platform = _parse_agent(user_agent)
        name = DEVICE_NAMES.get(browser, browser.capitalize()) if browser else product
        platform = platform and DEVICE_NAMES.get(platform, platform.capitalize())
        if name and platform:
            return self.env._("%(client)s on %(platform)s", client=name[:40], platform=platform)
        return name[:40]

    @api.model
    def _jwt_list(self, session):
        """Add the session to Odoo's own device list, where its user, also a portal user, can end it.

        This creates one row of ``res.device.log``, as ``_update_device`` does
        (``addons/base/models/res_device.py``), with the API session's identifier.
        """
        session.ensure_one()
        browser, _product, platform = _parse_agent(session.user_agent)
        devices = self.sudo()
        geoip = GeoIP(session.ip_address)
        # an app that names no platform is more likely on a phone
        mobile = devices._is_mobile(platform) if platform else session.client_type == "app"
        devices.create(
            {
                "session_identifier": session.sid,
                "platform": platform or "api",
                "browser": browser or session.client_type,
                "ip_address": session.ip_address,
                "country": geoip.get("country_name"),
                "city": geoip.get("city"),
                "device_type": "mobile" if mobile else "computer",
                "user_id": session.user_id.id,
                "first_activity": session.create_date,
                "last_activity": session.last_used_at,
                "revoked": False,
            }
        )

    @api.model
    def _jwt_hold(self, identifier):
        """Return whether a session of the web client is still listed, and keep it so until the commit.

        The rows are updated, not only locked: a transaction that revokes them in parallel then waits
        (READ COMMITTED) or fails and runs again (REPEATABLE READ), as this one does if it is second.

        :param str identifier: the identifier of the session
        :rtype: bool
        """
        self.env.cr.execute(
            "UPDATE res_device_log SET revoked = revoked WHERE session_identifier = %s"
            " RETURNING revoked",
            [identifier],
        )
        revoked = [row[0] for row in self.env.cr.fetchall()]
        return bool(revoked) and not any(revoked)

    @api.model
    def _jwt_end(self, identifiers):
        """Mark sessions of the web client as revoked, so that :meth:`_jwt_hold` refuses them.

        :param list[str] identifiers: the identifiers of the sessions
        """
        self.env.cr.execute(
            "UPDATE res_device_log SET revoked = true"
            " WHERE session_identifier = ANY(%s) AND revoked IS NOT TRUE",
            [identifiers],
        )
        self.env["res.device.log"].invalidate_model(["revoked"])

    @api.model
    def _jwt_list_living(self):
        """Mark active sessions as not revoked in Odoo's device list."""
        idle = fields.Datetime.now() - timedelta(
            seconds=self.env["ir.config_parameter"]._jwt_setting("refresh_idle_seconds")
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_device_log d SET revoked = false FROM jwt_session s
                 WHERE d.session_identifier = s.sid AND d.revoked
                   AND s.revoked_at IS NULL AND s.expires_at > now() AT TIME ZONE 'utc'
                   AND s.last_used_at > %s
                """,
                idle,
            )
        )


def _parse_agent(text):
    """Return the browser, the product and the platform that a user agent names.

    The product is the first word. The platform of an app is searched only in the rest: Odoo's parser
    finds iOS in ``axios/1.7``.

    :return: the browser (None for an app), the product, and the platform (None if none is named)
    """
    text = text or ""
    product, _slash, rest = text.partition("/")
    agent = UserAgent(text)
    platform = agent.platform if agent.browser else UserAgent(rest).platform
    return agent.browser, product.strip(), platform
