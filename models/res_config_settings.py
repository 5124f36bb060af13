# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re

from babel.units import format_unit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_list
from odoo.tools.misc import babel_locale_parse, get_lang

from .connection_api_log import DAYS_PARAMETER, DEFAULT_DAYS
from .jwt_session import LIMITS, PROFILE_PARAMETER, SETTINGS

#: As a browser sends it: scheme, host and port, in lower case. A slash at the end is forgiven.
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/?")
_UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}


class ResConfigSettings(models.TransientModel):
    """The durations are parameters in seconds; beside each stands what that is to a person."""

    _inherit = "res.config.settings"

    jwt_access_token_seconds = fields.Integer(
        "Access Token (seconds)",
        config_parameter="jwt_auth_api.access_token_seconds",
        default=SETTINGS["access_token_seconds"][0],
    )
    jwt_refresh_token_seconds = fields.Integer(
        "Session (seconds)",
        config_parameter="jwt_auth_api.refresh_token_seconds",
        default=SETTINGS["refresh_token_seconds"][0],
    )
    jwt_refresh_idle_seconds = fields.Integer(
        "Unused Session (seconds)",
        config_parameter="jwt_auth_api.refresh_idle_seconds",
        default=SETTINGS["refresh_idle_seconds"][0],
    )
    jwt_refresh_grace_seconds = fields.Integer(
        "Repeated Refresh (seconds)",
        config_parameter="jwt_auth_api.refresh_grace_seconds",
        default=SETTINGS["refresh_grace_seconds"][0],
    )
    jwt_access_token_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_token_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_idle_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_grace_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_max_sessions = fields.Integer(
        "Sessions per User",
        config_parameter="jwt_auth_api.max_sessions",
        default=LIMITS["max_sessions"][0],
    )
    jwt_max_rotations = fields.Integer(
        "Rotations per Minute",
        config_parameter="jwt_auth_api.max_rotations",
        default=LIMITS["max_rotations"][0],
    )
    jwt_profile = fields.Selection(
        [("compatible", "Compatible"), ("strict", "Strict")],
        "Profile",
        config_parameter=PROFILE_PARAMETER,
        default="compatible",
    )
    jwt_cors_origins = fields.Char("Allowed Origins", config_parameter="jwt_auth_api.cors_origins")
    jwt_log_days = fields.Integer(
        "Request Log (days)", config_parameter=DAYS_PARAMETER, default=DEFAULT_DAYS
    )

    @api.depends(*(f"jwt_{name}" for name in SETTINGS))
    def _compute_jwt_durations(self):
        for settings in self:
            for name in SETTINGS:
                seconds = settings[f"jwt_{name}"]
                settings[f"jwt_{name.replace('_seconds', '_duration')}"] = self._in_words(seconds)

    @api.model
    def _in_words(self, seconds):
        """900 → ``15 minutes``, in the user's language; the units' names are babel's.

        :rtype: str
        """
        locale = babel_locale_parse(get_lang(self.env).code)
        words = []
        for unit, length in _UNITS.items():
            count, seconds = divmod(seconds, length) if seconds > 0 else (0, 0)
            if count:
                words.append(format_unit(count, f"duration-{unit}", locale=locale))
        nothing = format_unit(0, "duration-second", locale=locale)
        return format_list(self.env, words, "unit") if words else nothing

    @api.constrains(*(f"jwt_{name}" for name in (*SETTINGS, *LIMITS)))
    def _check_jwt_numbers(self):
        for settings in self:
            for name, (_default, smallest) in {**SETTINGS, **LIMITS}.items():
                if settings[f"jwt_{name}"] < smallest:
                    raise ValidationError(
                        self.env._(
                            "%(setting)s: %(smallest)s is the least.",
                            setting=self._fields[f"jwt_{name}"]._description_string(self.env),
                            smallest=smallest,
                        )
                    )

    @api.constrains("jwt_log_days")
    def _check_jwt_log_days(self):
        if any(settings.jwt_log_days < 1 for settings in self):
            raise ValidationError(self.env._("The request log is kept for a day at least."))

    @api.constrains("jwt_cors_origins")
    def _check_jwt_cors_origins(self):
        for settings in self:
            for origin in map(str.strip, (settings.jwt_cors_origins or "").split(",")):
                if origin and not _ORIGIN.fullmatch(origin):
                    raise ValidationError(
                        self.env._(
                            "%(origin)s is no origin. Write each one out as a browser sends it,"
                            " like https://app.example.com; there is no wildcard.",
                            origin=origin,
                        )
                    )

    def set_values(self):
        """Odoo takes 0 for "not set" and would bring the default back."""
        result = super().set_values()
        for settings in self:
            for name in (*SETTINGS, *LIMITS):
                if settings[f"jwt_{name}"] == 0:
                    self.env["ir.config_parameter"].set_param(f"jwt_auth_api.{name}", "0")
        return result
