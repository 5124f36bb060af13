# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import math
from datetime import timedelta
from functools import partial

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_list
from odoo.tools.misc import babel_locale_parse, get_lang

from ..tools import origins
from ..tools.settings import (
    COOLDOWN,
    DURATIONS,
    NUMBERS,
    PROFILE,
    is_ignored,
    parameter,
    profile,
    value,
)

_UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}


class ResConfigSettings(models.TransientModel):
    """The durations are parameters in seconds; beside each stands what that is to a person."""

    _inherit = "res.config.settings"

    jwt_access_token_seconds = fields.Integer(
        "Access Token (seconds)",
        config_parameter="jwt_auth_api.access_token_seconds",
        default=NUMBERS["access_token_seconds"].default,
    )
    jwt_refresh_token_seconds = fields.Integer(
        "Session (seconds)",
        config_parameter="jwt_auth_api.refresh_token_seconds",
        default=NUMBERS["refresh_token_seconds"].default,
    )
    jwt_refresh_idle_seconds = fields.Integer(
        "Unused Session (seconds)",
        config_parameter="jwt_auth_api.refresh_idle_seconds",
        default=NUMBERS["refresh_idle_seconds"].default,
    )
    jwt_refresh_grace_seconds = fields.Integer(
        "Repeated Refresh (seconds)",
        config_parameter="jwt_auth_api.refresh_grace_seconds",
        default=NUMBERS["refresh_grace_seconds"].default,
    )
    jwt_access_token_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_token_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_idle_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_refresh_grace_duration = fields.Char(compute="_compute_jwt_durations")
    jwt_max_sessions = fields.Integer(
        "Sessions per User",
        config_parameter="jwt_auth_api.max_sessions",
        default=NUMBERS["max_sessions"].default,
    )
    jwt_max_rotations = fields.Integer(
        "Rotations per Minute",
        config_parameter="jwt_auth_api.max_rotations",
        default=NUMBERS["max_rotations"].default,
    )
    jwt_profile = fields.Selection(
        [("compatible", "Compatible"), ("strict", "Strict")],
        "Profile",
        config_parameter=PROFILE,
        default="compatible",
    )
    jwt_cors_origins = fields.Char("Allowed Origins", config_parameter=origins.PARAMETER)
    jwt_log_days = fields.Integer(
        "Request Log (days)",
        config_parameter="jwt_auth_api.log_days",
        default=NUMBERS["log_days"].default,
    )
    jwt_ignored = fields.Char(compute="_compute_jwt_ignored")

    @api.depends(*(f"jwt_{name}" for name in DURATIONS))
    def _compute_jwt_durations(self):
        for settings in self:
            for name in DURATIONS:
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
                words.append(count_of(unit, count, locale))
        return format_list(self.env, words, "unit") if words else count_of("second", 0, locale)

    @api.depends("jwt_cors_origins")
    def _compute_jwt_ignored(self):
        """Tell what the system parameters hold that does not count."""
        parameters = self.env["ir.config_parameter"].sudo()
        ignored = list(origins.parse(parameters.get_param(origins.PARAMETER) or "").ignored)
        counting = {parameter(name): partial(value, name) for name in (*NUMBERS, *COOLDOWN)}
        counting[PROFILE] = profile
        for key, read in counting.items():
            text = parameters.get_param(key) or None
            if is_ignored(text, read(text)):
                ignored.append(f"{key} = {text[:40]}")
        self.jwt_ignored = ", ".join(ignored)

    @api.constrains(*(f"jwt_{name}" for name in NUMBERS))
    def _check_jwt_numbers(self):
        for settings in self:
            for name, number in NUMBERS.items():
                if not number.least <= settings[f"jwt_{name}"] <= number.most:
                    raise ValidationError(
                        self.env._(
                            "%(setting)s: a number from %(least)s to %(most)s.",
                            setting=self._fields[f"jwt_{name}"]._description_string(self.env),
                            least=number.least,
                            most=number.most,
                        )
                    )

    @api.constrains("jwt_cors_origins")
    def _check_jwt_cors_origins(self):
        """Refuse what is no origin, but for what the parameter holds already: other settings have to be
        saved nevertheless."""
        known = self.env["ir.config_parameter"].sudo().get_param(origins.PARAMETER) or ""
        for settings in self:
            for origin in origins.parse(settings.jwt_cors_origins or "").ignored:
                if origin not in origins.parse(known).ignored:
                    raise ValidationError(
                        self.env._(
                            "%(origin)s is no origin. Write each one out as a browser sends it,"
                            " like https://app.example.com or capacitor://localhost; there is no"
                            " wildcard.",
                            origin=origin,
                        )
                    )

    @api.model
    def get_values(self):
        """Show what counts: Odoo could not save a parameter that is out of bounds."""
        parameters = self.env["ir.config_parameter"].sudo()
        texts = {name: parameters.get_param(parameter(name)) or None for name in NUMBERS}
        return {
            **super().get_values(),
            **{f"jwt_{name}": value(name, text) for name, text in texts.items()},
            "jwt_profile": profile(parameters.get_param(PROFILE) or None),
        }

    def set_values(self):
        """Odoo takes 0 for "not set" and would bring the default back."""
        result = super().set_values()
        for settings in self:
            for name in NUMBERS:
                if settings[f"jwt_{name}"] == 0:
                    self.env["ir.config_parameter"].set_param(parameter(name), "0")
        return result


def count_of(unit, count, locale):
    """``3 days`` in the words of a language.

    Babel's ``format_timedelta`` knows them where ``format_unit`` does not. Its threshold keeps it from
    making weeks of days.
    """
    delta = timedelta(seconds=count * _UNITS[unit])
    return format_timedelta(delta, granularity=unit, threshold=math.inf, locale=locale)
