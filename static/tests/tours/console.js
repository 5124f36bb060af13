import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const CONSOLE = ".o_jwt_console";

/** Send the cookie of Odoo's tests, without which a request does not see what the test has written. */
function sendTestCookie() {
    const plain = browser.fetch;
    browser.fetch = (url, options) => plain(url, { ...options, credentials: "same-origin" });
}

function send(status, text) {
    return [
        {
            content: "send it",
            trigger: `${CONSOLE}_send:not(:disabled)`,
            run: "click",
        },
        {
            content: `the response is a ${status}`,
            trigger: `${CONSOLE}:has(${CONSOLE}_status .badge:contains('${status}')) ${CONSOLE}_text:contains('${text}')`,
        },
    ];
}

registry.category("web_tour.tours").add("jwt_auth_api_console", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
        {
            content: "open the console",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_console']",
            run: "click",
        },
        {
            content: "start it",
            trigger: `${CONSOLE}_start button`,
            run({ click }) {
                sendTestCookie();
                click();
            },
        },
        {
            content: "close the dialog without a password",
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            content: "nothing was opened; start it again",
            trigger: `body:not(:has(.modal)) ${CONSOLE}_start button`,
            run: "click",
        },
        {
            content: "confirm the identity",
            trigger: ".modal [name=password] input",
            run: "edit api-admin",
        },
        {
            content: "confirm",
            trigger: ".modal button[name=run_check]",
            run: "click",
        },
        {
            content: "the only open model is chosen; filter its records",
            trigger: `${CONSOLE} input[name=domain]`,
            run: `edit [["name", "=", "Console Person"]]`,
        },
        {
            content: "one record at most",
            trigger: `${CONSOLE} input[name=limit]`,
            run: "edit 1",
        },
        {
            content: "the address shows what was chosen",
            trigger: `${CONSOLE}_url:contains('GET /api/v1/res.partner?domain='):contains('limit=1')`,
        },
        ...send(200, "Console Person"),
        {
            content: "an administrator sees the number of SQL statements",
            trigger: `${CONSOLE}_status:contains('SQL statements')`,
        },
        {
            content: "open the samples",
            trigger: `${CONSOLE}_code`,
            run: "click",
        },
        {
            content: "look at Python",
            trigger: `${CONSOLE}_samples:contains('curl') [data-language=python]`,
            run: "click",
        },
        {
            content: "it is Python, without the token",
            trigger: `${CONSOLE}_samples pre:contains('httpx'):not(:contains('eyJ'))`,
        },
        {
            content: "read as another user",
            trigger: `${CONSOLE}_user input`,
            run: "edit api-user",
        },
        {
            content: "choose the user",
            trigger: ".o-autocomplete--dropdown-item > a:contains('api-user')",
            run: "click",
        },
        {
            content: "preview",
            trigger: `${CONSOLE}_send:contains('Preview')`,
            run: "click",
        },
        {
            content: "that user sees none",
            trigger: `${CONSOLE}:has(${CONSOLE}_status:contains('Preview')) ${CONSOLE}_text:contains('"total": 0')`,
        },
        {
            content: "both are in the history; choose to create",
            trigger: `${CONSOLE}:has(${CONSOLE}_history button:eq(1)) ${CONSOLE}_method`,
            run: "select POST",
        },
        {
            content: "type a body",
            trigger: `${CONSOLE}_body .ace_editor`,
            run() {
                const editor = window.ace.edit(this.anchor);
                editor.setValue('{"values": {"name": "Made in the console"}}');
            },
        },
        ...send(201, "Made in the console"),
        {
            content: "leave the console",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_connections']",
            run: "click",
        },
        {
            content: "it is left",
            trigger: ".o_list_view, .o_kanban_view",
        },
    ],
});
