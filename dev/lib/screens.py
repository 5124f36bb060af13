# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The screens of the addon: where each one is, and which clicks lead to it."""

from __future__ import annotations

from dataclasses import dataclass

#: The data of the screens, made in `odoo shell`: what dev/run opens, with the requests logged.
DATA = """
connections = env["connection.api"].search([])
connections.log_requests = True
env["ir.config_parameter"].set_param("web.base.url", "http://127.0.0.1")
orders = connections.filtered(lambda each: each.model == "sale.order")
orders.domain = "[('user_id', '=', uid)]"
orders.group_ids = env.ref("base.group_user")
env.cr.commit()
"""
#: The users of the screens: the administrator of each language, with the name of the language in the login.
USERS = """
for language in {languages!r}:
    if language not in dict(env["res.lang"].get_installed()):
        found = env["res.lang"].with_context(active_test=False).search([("code", "=", language)])
        env["base.language.install"].create({{"lang_ids": found.ids}}).lang_install()
    login = "admin" if language == "en_US" else f"admin_{{language}}"
    if not env["res.users"].search([("login", "=", login)]):
        name = "Mitchell Admin"
        values = {{"login": login, "name": name, "lang": language, "password": login}}
        env.ref("base.user_admin").copy(values).action_id = False
# at the first login, its bot opens a chat, which covers a phone's screen
if "odoobot_state" in env["res.users"]:
    env["res.users"].search([]).odoobot_state = "disabled"
env.cr.commit()
"""


@dataclass(frozen=True)
class Step:
    """A click, or a text that is typed into a field; then what has to be there."""

    selector: str
    text: str | None = None
    ready: str = ""


@dataclass(frozen=True)
class Screen:
    """A screen: its address, the element that shows that it is there, and what is done then.

    ``{name}`` in the address stands for the id of a record, as `PLACES` says; ``{login}`` in a text for the user's.
    """

    name: str
    path: str
    ready: str
    steps: tuple[Step, ...] = ()
    #: Whether the picture is as high as the page, and not as the window.
    whole: bool = False
    #: Whether a phone opens it: there, Odoo has cards in place of a list, a graph or a pivot table, and lets people
    #: choose a record on a page of its own.
    on_phone: bool = True
    #: How long it may take until the element is there.
    seconds: int = 30


WIZARD = Step(
    ".o_list_button_add:visible, .o-kanban-button-new:visible",
    ready=".modal [name=model_id] input",
)
#: What `{name}` in an address stands for: a query for the id.
PLACES = {
    "contact": "SELECT id FROM connection_api WHERE model = 'res.partner'",
    "order": "SELECT id FROM connection_api WHERE model = 'sale.order'",
    "request": "SELECT max(id) FROM connection_api_log WHERE status < 400",
    "session": "SELECT max(id) FROM jwt_session",
    "event": "SELECT max(id) FROM jwt_security_event",
}


def _views(name: str, path: str, *views: str) -> list[Screen]:
    # a phone shows cards in place of a list
    ready = {
        "list": ".o_list_view",
        "graph": ".o_graph_renderer",
        "pivot": ".o_pivot",
    }
    return [
        Screen(
            f"{name}-{view}",
            f"{path}?view_type={view}",
            ready.get(view, f".o_{view}_view"),
            on_phone=view == "kanban",
        )
        for view in views
    ]


def _tabs(record: str) -> list[Screen]:
    tabs = ("fields", "records", "actions", "usage", "limits")
    path = f"/odoo/jwt-api-connections/{{{record}}}"
    return [
        Screen(
            f"{record}-{tab}",
            path,
            ".o_form_view .o_notebook",
            (Step(f".nav-link[name={tab}]", ready=".tab-pane.active"),),
            whole=True,
        )
        for tab in tabs
    ]


def _opened(model: str, *steps: Step) -> tuple[Step, ...]:
    """The wizard with *model* chosen, which it finds by its technical name in every language."""
    return (
        WIZARD,
        Step(".modal [name=model_id] input", model, ".o-autocomplete--dropdown-item"),
        Step(
            f".o-autocomplete--dropdown-item:has-text('{model}') >> nth=0",
            ready=".modal .o_api_choices",
        ),
        *steps,
    )


CONSOLE = (
    Step(".o_jwt_console_start .btn-primary", ready=".o_jwt_console_fields"),
    # no text: the menu would open again when it has found it, which may be after the choice
    Step(".o_jwt_console_model .o_select_menu_toggler"),
    Step(
        ".o_select_menu_item:has-text('res.partner') >> nth=0",
        ready=".o_jwt_console_url:has-text('res.partner')",
    ),
    Step(".o_jwt_console input[name=search]", "a", ".o_jwt_console_url:has-text('search=')"),
)
SENT = (*CONSOLE, Step(".o_jwt_console_send", ready=".o_jwt_console_text"))

#: On the documentation, which knows no session of the web client.
LOG_IN = (
    Step("#log-in input[name=login]", "{login}"),
    Step("#log-in input[name=password]", "{login}"),
    Step("#log-in button[type=submit]", ready="#log-out"),
)
MODEL_PAGE = (*LOG_IN, Step("a[href='/api/docs/res.partner']", ready="#field-name"))
#: Before the console, Odoo asks for the password, once for some minutes.
CONFIRM = Screen(
    "confirm",
    "/odoo/jwt-api-console",
    ".o_jwt_console_start",
    (
        Step(".o_jwt_console_start .btn-primary", ready=".modal [name=password] input"),
        Step(".modal [name=password] input", "{login}"),
        Step(".modal button[name=run_check]", ready=".o_jwt_console_fields"),
    ),
)

#: All of them.
EVERY = [
    *_views("connections", "/odoo/jwt-api-connections", "list", "kanban"),
    *_tabs("contact"),
    *_tabs("order"),
    Screen(
        "wizard",
        "/odoo/jwt-api-connections",
        ".o_list_view, .o_kanban_view",
        (WIZARD,),
    ),
    Screen(
        "wizard-model",
        "/odoo/jwt-api-connections",
        ".o_list_view, .o_kanban_view",
        _opened("product.category"),
        whole=True,
        on_phone=False,
    ),
    Screen(
        "methods",
        "/odoo/jwt-api-connections/{order}",
        ".o_form_view .o_notebook",
        (
            Step(".nav-link[name=actions]", ready=".o_api_choose_actions"),
            Step(".o_api_choose_actions", ready=".modal .o_api_methods"),
        ),
    ),
    Screen("console-start", "/odoo/jwt-api-console", ".o_jwt_console_start"),
    Screen("console", "/odoo/jwt-api-console", ".o_jwt_console_start", SENT, whole=True),
    Screen(
        "console-code",
        "/odoo/jwt-api-console",
        ".o_jwt_console_start",
        (*CONSOLE, Step(".o_jwt_console_code", ready=".o_jwt_console_samples")),
        whole=True,
    ),
    Screen(
        "console-preview",
        "/odoo/jwt-api-console",
        ".o_jwt_console_start",
        (
            *CONSOLE,
            Step(
                ".o_jwt_console_user input",
                "Marc",
                ".o-autocomplete--dropdown-item:has-text('Marc')",
            ),
            Step(".o-autocomplete--dropdown-item:has-text('Marc') >> nth=0"),
            Step(".o_jwt_console_send", ready=".o_jwt_console_text"),
        ),
        whole=True,
    ),
    Screen("dashboard", "/odoo/jwt-api-dashboard", ".o_jwt_dashboard_tile", whole=True),
    *_views("requests", "/odoo/jwt-api-requests", "list", "kanban", "graph", "pivot"),
    Screen("request", "/odoo/jwt-api-requests/{request}", ".o_form_view .o_group", whole=True),
    *_views("sessions", "/odoo/jwt-api-sessions", "list", "kanban", "graph", "pivot"),
    Screen("session", "/odoo/jwt-api-sessions/{session}", ".o_form_view .o_group", whole=True),
    *_views("events", "/odoo/jwt-api-events", "list", "kanban", "graph", "pivot"),
    Screen("event", "/odoo/jwt-api-events/{event}", ".o_form_view .o_group", whole=True),
    Screen("keys", "/odoo/jwt-api-keys", ".o_list_view, .o_kanban_view"),
    Screen("health", "/odoo/jwt-api-health", ".o_list_view, .o_kanban_view"),
    Screen(
        "settings",
        "/odoo/jwt-api-settings",
        ".o_settings_container [name=jwt_cors_origins]",
        whole=True,
    ),
    Screen("docs-start", "/api/docs", "#content", whole=True),
    Screen("docs", "/api/docs", "#content", LOG_IN),
    Screen("docs-model", "/api/docs", "#content", MODEL_PAGE, whole=True),
]

#: The pictures of the page in Odoo's Apps and of the README: the screen, and the size of the window.
PAGE = {
    "connections.png": ("connections-list", 1200, 420),
    "connection.png": ("contact-fields", 1200, 760),
    "usage.png": ("contact-usage", 1200, 960),
    "console.png": ("console", 1200, 760),
    "dashboard.png": ("dashboard", 1200, 760),
    "sessions.png": ("sessions-list", 1200, 360),
    "docs.png": ("docs-model", 1200, 760),
}
#: What the largest of these pictures may weigh, in bytes.
LARGEST = 150_000
