import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const ROW = ".o_data_row:contains('res.currency.rate')";
const PHONE = ".o_data_row:contains('Safari on iPhone')";

function openApp() {
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("jwt_auth_api_connection", {
    steps: () => [
        ...openApp(),
        {
            content: "add a line",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "find a model by its technical name",
            trigger: ".o_selected_row [name=model_id] input",
            run: "edit res.currency.rate",
        },
        {
            content: "choose it",
            trigger: ".o-autocomplete--dropdown-item > a:contains('Currency Rate')",
            run: "click",
        },
        {
            content: "open it for reading",
            trigger: ".o_selected_row [name=is_get] input",
            run: "click",
        },
        {
            content: "save the line",
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            content: "switch creating on, in place",
            trigger: `${ROW}:not(.o_selected_row) [name=is_post] input:not(:checked)`,
            run: "click",
        },
        {
            content: "open the form once it is on",
            trigger: `${ROW}:has([name=is_post] input:checked) button:contains('View')`,
            run: "click",
        },
        {
            content: "it says in plain words what is open",
            trigger: ".o_form_view [name=exposure]:contains('may read and create records')",
        },
        {
            content: "and warns of writing",
            trigger: ".o_form_view .alert-warning [name=exposure_warning]",
        },
        {
            content: "switch creating off again",
            trigger: ".o_form_view [name=is_post] input:checked",
            run: "click",
        },
        {
            content: "the sentence follows",
            trigger: ".o_form_view [name=exposure]:contains('may read records')",
        },
        {
            content: "go back",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "the list shows what was saved",
            trigger: `${ROW}:has([name=is_post] input:not(:checked))`,
        },
    ],
});

registry.category("web_tour.tours").add("jwt_auth_api_sessions", {
    steps: () => [
        ...openApp(),
        {
            content: "open the sessions",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_sessions']",
            run: "click",
        },
        {
            content: "revoke the one of a lost phone",
            trigger: `${PHONE} button[name=action_revoke]`,
            run: "click",
        },
        {
            content: "confirm",
            trigger: ".modal:contains('Revoke this session?') .btn-primary",
            run: "click",
        },
        {
            content: "it is no longer among the active ones; select all that are left",
            trigger: `.o_list_view:not(:has(${PHONE})) thead .o_list_record_selector input`,
            run: "click",
        },
        {
            content: "revoke the selection",
            trigger: ".o_control_panel button[name=action_revoke]",
            run: "click",
        },
        {
            content: "confirm",
            trigger: ".modal:contains('Revoke these sessions?') .btn-primary",
            run: "click",
        },
        {
            content: "none is left",
            trigger: ".o_view_nocontent",
        },
    ],
});
