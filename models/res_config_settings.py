# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import origins
from ..tools.settings import COOLDOWN, NUMBERS, SETTINGS


def _options(name):
    """Return the options of a setting's field."""
    setting = SETTINGS[name]
    return {
        "string": setting.label,
        "help": setting.help,
        "config_parameter": setting.parameter,
        "default": setting.default,
    }


def _number(name):
    return fields.Integer(**_options(name))


class ResConfigSettings(models.TransientModel):
    """Add the settings of this API; durations are in seconds, and shown with a unit."""

    _inherit = "res.config.settings"

    jwt_access_token_seconds = _number("access_token_seconds")
    jwt_refresh_token_seconds = _number("refresh_token_seconds")
    jwt_refresh_idle_seconds = _number("refresh_idle_seconds")
    jwt_refresh_grace_seconds = _number("refresh_grace_seconds")
    jwt_link_seconds = _number("link_seconds")
    jwt_max_sessions = _number("max_sessions")
    jwt_max_rotations = _number("max_rotations")
    jwt_profile = fields.Selection(
        [("compatible", "Compatible"), ("strict", "Strict")], **_options("profile")
    )
    jwt_document_access = fields.Selection(
        [
            ("managers", "Managers of the API"),
            ("users", "Every user who can log in"),
            ("everybody", "Everybody"),
        ],
        **_options("document_access"),
    )
    jwt_server_timing = fields.Selection(
        [("administrators", "System administrators"), ("everybody", "Everybody")],
        **_options("server_timing"),
    )
    jwt_cors_origins = fields.Char(**_options("cors_origins"))
    jwt_log_days = _number("log_days")
    jwt_ignored = fields.Char(compute="_compute_jwt_ignored")

    @api.depends("jwt_cors_origins")
    def _compute_jwt_ignored(self):
        """Compute the text of the invalid values in the system parameters, which are ignored."""
        texts = self._jwt_texts()
        ignored = {known: known.ignored(text) for known, text in texts.items()}
        self.jwt_ignored = ", ".join(
            f"{known.parameter} = {text[:200]}" for known, text in ignored.items() if text
        )

    @api.model
    def _jwt_texts(self):
        """Return the text of each setting's system parameter; empty if it is not set."""
        parameters = self.env["ir.config_parameter"].sudo()
        return {
            setting: parameters.get_param(setting.parameter) or ""
            for setting in (*SETTINGS.values(), *COOLDOWN.values())
        }

    @api.constrains(*(f"jwt_{name}" for name in NUMBERS))
    def _check_jwt_numbers(self):
        for settings in self:
            for name, number in NUMBERS.items():
                if not number.least <= settings[f"jwt_{name}"] <= number.most:
                    raise ValidationError(
                        self.env._(
                            "%(setting)s must be between %(least)s and %(most)s.",
                            setting=self._fields[f"jwt_{name}"]._description_string(self.env),
                            least=number.least,
                            most=number.most,
                        )
                    )

    @api.constrains("jwt_cors_origins")
    def _check_jwt_cors_origins(self):
        """Refuse invalid origins, except those that the parameter already contains.

        Otherwise no other setting could be saved.

        :raise ValidationError:
        """
        known = self._jwt_texts()[SETTINGS["cors_origins"]]
        for settings in self:
            for origin in origins.parse(settings.jwt_cors_origins or "").ignored:
                if origin not in origins.parse(known).ignored:
                    raise ValidationError(
                        self.env._(
                            "%(origin)s is not an origin. Enter each origin as a browser sends it, such"
                            " as https://app.example.com or capacitor://localhost. Wildcards are not"
                            " supported.",
                            origin=origin,
                        )
                    )

    @api.model
    def get_values(self):
        """Show the values that apply: Odoo could not save a parameter that is out of bounds."""
        shown = {
            f"jwt_{setting.name}": setting.value(text)
            for setting, text in self._jwt_texts().items()
            if f"jwt_{setting.name}" in self._fields and setting.name != "cors_origins"
        }
        return {**super().get_values(), **shown}

    def set_values(self):
        """Store 0 explicitly: Odoo treats it as "not set", which would restore the default."""
        result = super().set_values()
        for settings in self:
            for name, number in NUMBERS.items():
                if settings[f"jwt_{name}"] == 0:
                    self.env["ir.config_parameter"].set_param(number.parameter, "0")
        return result
