# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Find what is not yet safe or right about the API of a database, each with its remedy."""

from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from odoo.tools import config
from odoo.tools.i18n import format_list

from ..tools.profiles import COMPATIBLE
from ..tools.settings import COOLDOWN, SETTINGS

DANGER, WARNING = "danger", "warning"
#: Older versions of PyJWT have known mistakes.
_GOOD_PYJWT = (2, 10, 1)
_OWN_MACHINE = frozenset(["localhost", "127.0.0.1", "::1"])
_SETTINGS = "jwt_auth_api.res_config_settings_action"


@dataclass(frozen=True)
class Finding:
    """Something that is not safe or right.

    :ivar severity: :data:`DANGER` or :data:`WARNING`
    :ivar record: the record to change, if there is one
    :ivar action: the external id of the action to open, if there is no record
    """

    severity: str
    title: str
    remedy: str
    record: object = None
    action: str = ""


def findings(env, *, is_forwarded):
    """Return all findings, dangers first.

    :param env: of a manager of connections; nothing is written
    :param bool is_forwarded: whether a reverse proxy has passed on the request that asks
    """
    found = [
        _address(env),
        _proxy(env, is_forwarded),
        *_connections(env),
        _profile(env),
        _ignored(env),
        _plain_origins(env),
        _pyjwt(env),
        _reports(env),
    ]
    return sorted(filter(None, found), key=lambda each: each.severity != DANGER)


def _address(env):
    parameters = env["ir.config_parameter"].sudo()
    address = urlsplit(parameters.get_param("web.base.url") or "")
    if address.scheme != "http" or address.hostname in _OWN_MACHINE:
        return None
    return Finding(
        DANGER,
        env._("The address of Odoo, %(url)s, is not HTTPS.", url=address.geturl()),
        env._(
            "Over plain HTTP anybody on the network can read the tokens, and browsers do not keep the"
            " cookie. Serve HTTPS, then change the system parameter web.base.url."
        ),
        record=parameters.search([("key", "=", "web.base.url")]),
    )


def _proxy(env, is_forwarded):
    if not is_forwarded or config["proxy_mode"]:
        return None
    return Finding(
        DANGER,
        env._("Odoo is behind a reverse proxy, but proxy_mode is off."),
        env._(
            "All clients seem to have the address of the proxy and share one limit for failed logins."
            " Set proxy_mode = True in Odoo's configuration file, and let the proxy send"
            " X-Forwarded-Host, X-Forwarded-For and X-Forwarded-Proto."
        ),
    )


def _connections(env):
    """Return a finding for each connection that is dangerous."""
    for connection in env["connection.api"].search([]):
        if connection.is_risky:
            yield Finding(
                DANGER,
                env._(
                    "%(name)s (%(model)s): %(danger)s",
                    name=connection.model_id.sudo().name,
                    model=connection.model,
                    danger=" ".join(connection.exposure_danger.splitlines()),
                ),
                env._(
                    "Choose groups, fields or a filter in the connection, or set Access Rights to The"
                    " user's own."
                ),
                record=connection,
            )


def _profile(env):
    if env["jwt.session"]._profile() is not COMPATIBLE:
        return None
    browsers = [("client_type", "=", "browser"), ("state", "=", "active")]
    if not env["jwt.session"].search_count(browsers, limit=1):
        return None
    return Finding(
        WARNING,
        env._("Browsers use the API, and the profile is Compatible."),
        env._(
            "In the profile Strict a browser keeps its refresh token in a cookie that no other host can"
            " set, and every refresh rotates it. Change the profile if your clients support that."
        ),
        action=_SETTINGS,
    )


def _ignored(env):
    texts = env["res.config.settings"]._jwt_texts()
    names = [
        known.parameter
        for known in (*SETTINGS.values(), *COOLDOWN.values())
        if known.ignored(texts[known])
    ]
    if not names:
        return None
    return Finding(
        WARNING,
        env._("Invalid settings are ignored: %(names)s.", names=format_list(env, names)),
        env._(
            "Enter valid values. Origins are listed one by one: wildcards such as * do not work."
        ),
        action=_SETTINGS,
    )


def _plain_origins(env):
    origins = env["ir.config_parameter"]._jwt_setting("cors_origins")
    plain = sorted(
        origin
        for origin in origins
        if urlsplit(origin).scheme == "http" and urlsplit(origin).hostname not in _OWN_MACHINE
    )
    if not plain:
        return None
    return Finding(
        WARNING,
        env._("Pages without HTTPS may use the API: %(origins)s.", origins=format_list(env, plain)),
        env._("Anybody on the network can change such a page. Serve it over HTTPS."),
        action=_SETTINGS,
    )


def _pyjwt(env):
    installed = version("PyJWT")
    numbers = tuple(int(part) for part in installed.split(".")[:3] if part.isdigit())
    if numbers >= _GOOD_PYJWT:
        return None
    wanted = ".".join(map(str, _GOOD_PYJWT))
    return Finding(
        WARNING,
        env._("PyJWT %(version)s is old.", version=installed),
        env._("Install PyJWT %(version)s or newer, and restart Odoo.", version=wanted),
    )


def _reports(env):
    opened = env["connection.api"].search([("report_ids", "!=", False)])
    if not opened or env["ir.actions.report"].get_wkhtmltopdf_state() in ("ok", "workers"):
        return None
    return Finding(
        WARNING,
        env._("Reports are open, but this server cannot create PDF files."),
        env._("Install wkhtmltopdf, and restart Odoo. Until then, clients get 503."),
        record=opened[:1],
    )
